"""How long a visit counts is a rule of the deployment (`visit_round_days`), and an area may have its own."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from typer.testing import CliRunner

from config.rules import PROFILES, ProfileError, load_profile
from domain.rulebook import install, rulebook
from server.commands.line import app as command
from tests.api.test_field_patrols import make_worker
from tests.support.cast import WORKER, Cast

pytestmark = pytest.mark.anyio

VILLAGE = "360781100001"


@pytest.fixture
def rules() -> Iterator[Callable[..., None]]:
    """Other days for the county, and for single areas."""
    book = rulebook()

    def days(county: int, **areas: int) -> None:
        overlays = {code.strip("a"): replace(book, visit_round_days=number) for code, number in areas.items()}
        install(replace(book, visit_round_days=county, overlays=overlays))

    yield days
    install(book)


async def visited(who: httpx.AsyncClient, number: int, at: str) -> None:
    houses = (await who.get(f"{WORKER}/households")).json()["items"]
    body = {
        "id": str(uuid4()), "household_id": houses[number]["id"], "occurred_at": f"{at}T10:00:00+08:00",
        "purposes": ["visit"], "outcome": "met",
    }  # fmt: skip
    assert (await who.post(f"{WORKER}/visits", json=body)).status_code == 201


async def waiting(who: httpx.AsyncClient) -> int:
    """How many households wait, which four readers agree on."""
    home = (await who.get(f"{WORKER}/home")).json()["unvisited_households"]
    assert len((await who.get(f"{WORKER}/visits/waiting")).json()["items"]) == home
    assert (await who.get(f"{WORKER}/rounds/today")).json()["total"] == home
    return int(home)


async def test_a_household_counts_as_not_visited_after_the_days_of_the_profile(
    cast: Cast, at: Callable[[str], None], rules: Callable[..., None]
) -> None:
    at("2026-06-30T10:00")
    worker = await cast.worker()
    await visited(worker, 0, "2026-03-20")  # 102 days ago
    await visited(worker, 1, "2026-06-10")  # 20 days ago
    assert (rulebook().visit_round_days, await waiting(worker)) == (90, 2)
    for days, found in ((120, 1), (30, 2), (15, 3)):
        rules(days)
        assert await waiting(worker) == found, days
        assert (await worker.get(f"{WORKER}/visits/waiting")).json()["round_days"] == days


async def test_an_area_may_have_days_of_its_own_and_the_nearest_counts(
    cast: Cast, at: Callable[[str], None], rules: Callable[..., None]
) -> None:
    at("2026-06-30T10:00")
    worker, other = await cast.worker(), await cast.worker("13800000002")
    await make_worker("13900000009", "grid_leader", VILLAGE)
    leader = await cast.worker("13900000009")
    for who in (worker, other):
        await visited(who, 0, "2026-06-10")
    rules(90, a360781100=15, a360781100001=30)
    assert (await waiting(worker), await waiting(other)) == (2, 3)
    team = (await leader.get(f"{WORKER}/team")).json()["items"]
    assert [grid["open"]["unvisited_households"] for grid in team] == [2, 0]
    rules(15, a360781100001=90)
    assert (await waiting(worker), await waiting(other)) == (2, 3)


def test_the_days_are_shown_and_checked(tmp_path: Path) -> None:
    shown = CliRunner().invoke(command, ["profile", "show", "ruijin"])
    assert shown.exit_code == 0
    assert "visit_round_days" in shown.output and "90" in shown.output
    assert load_profile("ruijin").field.visit_round_days == 90
    for source in PROFILES.rglob("*"):
        target = tmp_path / source.relative_to(PROFILES)
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_file():
            target.write_bytes(source.read_bytes())
    file = tmp_path / "common" / "rules.toml"
    text = file.read_text("utf-8")
    file.write_text(text.replace("visit_round_days = 90", "visit_round_days = 60"), "utf-8")
    assert load_profile("ruijin", tmp_path).field.visit_round_days == 60
    for wrong in ("0", "731", '"x"'):
        file.write_text(text.replace("visit_round_days = 90", f"visit_round_days = {wrong}"), "utf-8")
        with pytest.raises(ProfileError):
            load_profile("ruijin", tmp_path)
