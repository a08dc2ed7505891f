"""The four-question survey: seeded samples, one-time links, interviewers of no handling unit, results."""

from collections.abc import Callable, Iterator
from dataclasses import replace as swap
from typing import Any
from uuid import uuid4

import httpx
import pytest
from msgspec.structs import replace

from domain.ratings.sampling import draw
from domain.rulebook import install, rulebook
from domain.sql import fetch
from tests.support.cast import DESK, RESIDENT, Cast
from tests.support.life import CITY, bring_to

pytestmark = pytest.mark.anyio
Move = Callable[[str], None]
WAVE = {"name": "六月四问", "area_code": "360781", "closed_from": "2026-05-01", "closed_to": "2026-05-31", "size": 2,
        "seed": 1, "modes": ["link", "phone"]}  # fmt: skip
WELL = {"solved": "yes", "satisfied": 4, "staff": "active"}
BADLY = {"solved": "no", "satisfied": 1, "staff": "average", "comment": "没人来"}


async def post(cast: Cast, path: str, login: str = "callback", **body: Any) -> httpx.Response:
    return await (await cast.staff(login)).post(f"{DESK}/{path}", json=body)


async def get(cast: Cast, path: str, login: str = "callback") -> httpx.Response:
    return await (await cast.staff(login)).get(f"{DESK}/{path}")


async def opened(cast: Cast, at: Move, cases: int = 2) -> tuple[str, list[dict[str, Any]]]:
    at("2026-05-11T10:00")
    for _ in range(cases):
        await bring_to(cast, "closed")
    at("2026-06-01T10:00")
    wave = await post(cast, "surveys", "supervisor", **WAVE)
    assert wave.status_code == 201, wave.text
    invites = (await get(cast, f"surveys/{wave.json()['id']}/invites")).json()["items"]
    return wave.json()["id"], invites


async def answer(cast: Cast, token: str, **body: Any) -> httpx.Response:
    return await cast.anybody().post(f"{RESIDENT}/surveys/{token}/answers", json=body)


@pytest.mark.mechanism("000-16")
async def test_a_wave_asks_by_link_and_telephone_and_shows_the_index_with_its_numbers(cast: Cast, at: Move) -> None:
    wave, invites = await opened(cast, at)
    token = (await post(cast, f"survey-invites/{invites[0]['id']}/link")).json()["token"]
    page = await cast.anybody().get(f"{RESIDENT}/surveys/{token}")
    assert [question["name"] for question in page.json()["questions"]] == ["solved", "satisfied", "staff", "comment"]
    assert (await answer(cast, token, **WELL)).status_code == 201
    said = await post(cast, f"survey-invites/{invites[1]['id']}/answers", mode="phone", **BADLY)
    assert said.status_code == 201, said.text
    found = (await get(cast, f"surveys/{wave}/results", "supervisor")).json()
    assert found["response"] == {"numerator": 2, "denominator": 2, "rate": "100.00"}
    assert found["solved"] == {"numerator": 1, "denominator": 2, "rate": "50.00"}
    assert found["index"] == "54.17"  # the mean of 91.67 and 16.67
    assert found["comments"] == ["没人来"]
    opened_by = await fetch("SELECT case_id, trigger FROM supervisions")
    assert [(str(row["case_id"]), row["trigger"]) for row in opened_by] == [(invites[1]["case_id"], "survey")]
    assert (await get(cast, "surveys", "supervisor")).json()["items"][0]["answered"] == 2


async def test_a_link_is_used_once_expires_and_is_void_when_a_new_one_is_made(cast: Cast, at: Move) -> None:
    _, invites = await opened(cast, at)
    first = (await post(cast, f"survey-invites/{invites[0]['id']}/link")).json()["token"]
    second = (await post(cast, f"survey-invites/{invites[0]['id']}/link")).json()["token"]
    assert first != second
    assert (await answer(cast, first, **WELL)).status_code == 404
    assert (await answer(cast, second, **{**WELL, "satisfied": 6})).status_code == 422
    assert (await answer(cast, second, **WELL)).status_code == 201
    again = await answer(cast, second, **BADLY)
    assert (again.status_code, again.json()["code"]) == (410, "survey-over")
    assert (await cast.anybody().get(f"{RESIDENT}/surveys/{second}")).status_code == 410
    late = (await post(cast, f"survey-invites/{invites[1]['id']}/link")).json()["token"]
    at("2026-06-17T10:00")
    assert (await answer(cast, late, **WELL)).status_code == 410
    kept = await fetch("SELECT token_hash FROM survey_invites WHERE token_hash IS NOT NULL")
    assert second not in str(kept)
    for nothing in ("x", "A" * 22, "字" * 22):
        assert (await cast.anybody().get(f"{RESIDENT}/surveys/{nothing}")).status_code == 404


async def test_interviewers_of_the_handling_unit_see_nobody(cast: Cast, at: Move) -> None:
    wave, invites = await opened(cast, at)
    await fetch("UPDATE assignments SET department_id = (SELECT id FROM departments WHERE name = $1)"
                " WHERE role = 'callback_officer' RETURNING id", [CITY])  # fmt: skip
    assert (await get(cast, f"surveys/{wave}/invites")).status_code == 404
    assert (await post(cast, f"survey-invites/{invites[0]['id']}/link")).status_code == 404
    refused = await post(cast, f"survey-invites/{invites[0]['id']}/answers", mode="phone", **WELL)
    assert refused.status_code == 404


async def test_refusals_of_a_wave(cast: Cast, at: Move) -> None:
    wave, invites = await opened(cast, at)
    assert (await post(cast, "surveys", "callback", **WAVE)).status_code == 403
    assert (await post(cast, "surveys", "supervisor", **{**WAVE, "area_code": "360702"})).status_code == 404
    empty = {**WAVE, "closed_from": "2026-01-01", "closed_to": "2026-01-31"}
    assert (await post(cast, "surveys", "supervisor", **empty)).json()["errors"][0]["field"] == "closed_from"
    assert (await post(cast, "surveys", "supervisor", **{**WAVE, "closed_to": "2027-01-01"})).status_code == 422
    visit = await post(cast, f"survey-invites/{invites[0]['id']}/answers", mode="visit", **WELL)
    assert visit.json()["errors"][0]["field"] == "mode"
    assert (await get(cast, f"surveys/{wave}/results", "handler")).status_code == 403
    assert (await get(cast, f"surveys/{uuid4()}/results", "supervisor")).status_code == 404


@pytest.fixture
def every(cast: Cast) -> Iterator[Callable[..., None]]:
    """Let the profile ask otherwise: `every(period="month", modes=("phone",))`."""
    book = rulebook()

    def change(**changes: Any) -> None:
        survey = replace(book.practices.surveys["four_questions"], **changes)
        install(swap(book, practices=replace(book.practices, surveys={"four_questions": survey})))

    yield change
    install(book)


@pytest.mark.mechanism("000-16")
async def test_a_monthly_survey_is_due_each_month_and_asks_about_the_last_one(
    cast: Cast, at: Move, every: Callable[..., None]
) -> None:
    every(period="month", modes=("phone",), sample_share=1.0)
    at("2026-05-11T10:00")
    drawn = await bring_to(cast, "closed")
    at("2026-06-02T10:00")
    await bring_to(cast, "closed")
    due = (await get(cast, "surveys/due?area_code=360781", "supervisor")).json()
    assert (due["from_on"], due["until_on"], due["met"], due["wave_id"]) == ("2026-06-01", "2026-06-30", False, None)
    assert (due["closed_from"], due["closed_to"], due["modes"]) == ("2026-05-01", "2026-05-31", ["phone"])
    plain = {"name": "六月四问", "area_code": "360781", "seed": 1}
    by_link = await post(cast, "surveys", "supervisor", **plain, modes=["link"])
    assert (by_link.status_code, by_link.json()["errors"][0]["field"]) == (422, "modes")
    wave = (await post(cast, "surveys", "supervisor", **plain)).json()
    assert (wave["closed_from"], wave["closed_to"], wave["modes"]) == ("2026-05-01", "2026-05-31", ["phone"])
    invites = (await get(cast, f"surveys/{wave['id']}/invites")).json()["items"]
    assert [row["case_id"] for row in invites] == [drawn]
    refused = await post(cast, f"survey-invites/{invites[0]['id']}/link")
    assert refused.status_code == 409, "a profile without links gives none"
    met = (await get(cast, "surveys/due?area_code=360781", "supervisor")).json()
    assert (met["met"], met["wave_id"]) == (True, wave["id"])
    at("2026-07-01T10:00")
    again = (await get(cast, "surveys/due?area_code=360781", "supervisor")).json()
    assert (again["met"], again["closed_from"]) == (False, "2026-06-01")


async def test_a_regular_survey_is_owed_once_a_year_on_days_that_the_office_names(cast: Cast, at: Move) -> None:
    due = (await get(cast, "surveys/due?area_code=360781", "supervisor")).json()
    assert (due["period"], due["closed_from"], due["modes"]) == ("regular", None, ["link", "phone", "visit"])
    without = await post(cast, "surveys", "supervisor", name="六月四问", area_code="360781", seed=1)
    assert (without.status_code, without.json()["errors"][0]["field"]) == (422, "closed_from")
    wave, _ = await opened(cast, at, 1)
    met = (await get(cast, "surveys/due?area_code=360781", "supervisor")).json()
    assert (met["from_on"], met["until_on"], met["wave_id"]) == ("2026-01-01", "2026-12-31", wave)


async def test_what_is_due_is_told_to_those_who_survey_the_area(cast: Cast) -> None:
    assert (await get(cast, "surveys/due?area_code=360702", "supervisor")).status_code == 404
    assert (await get(cast, "surveys/due?area_code=360781", "handler")).status_code == 403
    assert (await get(cast, "surveys/due", "supervisor")).status_code == 422


def test_a_sample_is_seeded_and_every_stratum_is_heard() -> None:
    people = {uuid4(): stratum for stratum, count in (("a", 90), ("b", 9), ("c", 1)) for _ in range(count)}
    sample = draw(people, 10, 42)
    assert (len(sample), draw(dict(reversed(people.items())), 10, 42)) == (10, sample)
    assert {people[found] for found in sample} == {"a", "b", "c"}
    assert draw(people, 10, 43) != sample
    assert len(draw(people, 2, 1)) == 2
    assert len(draw(people, 500, 1)) == 100
    assert draw({}, 5, 1) == []
