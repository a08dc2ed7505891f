"""Leaders of villages and cases: links, first responsible persons, what they did in person, minutes, and who has nobody."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from config.rules import load_profile
from domain.rulebook import install, rulebook
from domain.sql import fetch
from server.rules import stable_id
from tests.support.cast import DESK, Cast
from tests.support.life import bring_to

pytestmark = pytest.mark.anyio
Move = Callable[[str], None]
VILLAGE = "360781100001"


def who(login: str) -> str:
    return str(stable_id("staff", login))


async def post(cast: Cast, login: str, path: str, **body: Any) -> httpx.Response:
    return await (await cast.staff(login)).post(f"{DESK}/{path}", json=body)


async def get(cast: Cast, login: str, path: str) -> httpx.Response:
    return await (await cast.staff(login)).get(f"{DESK}/{path}")


def link(**changes: Any) -> dict[str, Any]:
    return {"area_code": VILLAGE, "kind": "contact_leader", "staff_id": who("leader"), "since_on": "2026-05-20", **changes}


@pytest.fixture
def campaign() -> Iterator[None]:
    """A campaign in force in the whole area."""
    before = rulebook()
    overlay = next(iter(load_profile("town_campaign").overlays.values()))
    install(replace(before, practices=overlay.practices))
    yield
    install(before)


@pytest.mark.mechanism("003-09")
async def test_every_case_of_a_campaign_has_one_of_the_linked_leaders_as_first_responsible(
    cast: Cast, at: Move, campaign: None
) -> None:
    at("2026-06-01T09:00")
    case_id = await bring_to(cast, "handling")
    listed = (await get(cast, "supervisor", "cases-without-leader?part=first")).json()["items"]
    assert [row["id"] for row in listed] == [case_id]
    stranger = await post(cast, "supervisor", f"cases/{case_id}/first-responsible", staff_id=who("leader"))
    assert stranger.json()["errors"][0]["field"] == "staff_id"
    assert (await post(cast, "supervisor", "village-links", **link())).status_code == 201
    cadre = link(kind="household_cadre", staff_id=who("townhandler"))
    assert (await post(cast, "supervisor", "village-links", **cadre)).status_code == 201
    below = await post(cast, "supervisor", f"cases/{case_id}/first-responsible", staff_id=who("townhandler"))
    assert below.status_code == 422, "a cadre of households is not responsible first"
    named = await post(cast, "supervisor", f"cases/{case_id}/first-responsible", staff_id=who("leader"))
    assert (named.status_code, named.json()["kind_name"]) == (200, "联村领导")
    assert (await get(cast, "supervisor", "cases-without-leader?part=first")).json()["items"] == []
    shown = (await get(cast, "handler", f"cases/{case_id}/leading")).json()
    assert (shown["first_responsible"]["name"], shown["first_responsible"]["kind_name"]) == ("丁远航", "联村领导")


async def test_a_new_leader_ends_the_one_before_and_a_unit_is_linked_as_a_unit(cast: Cast, at: Move) -> None:
    at("2026-06-01T09:00")
    assert (await post(cast, "supervisor", "village-links", **link())).status_code == 201
    assert (await post(cast, "supervisor", "village-links", **link(staff_id=who("meeting")))).status_code == 201
    unit = str((await fetch("SELECT id FROM departments WHERE name = '市水利局'"))[0]["id"])
    resident = link(kind="resident_unit", staff_id=None, department_id=unit)
    made = (await post(cast, "supervisor", "village-links", **resident)).json()["id"]
    rows = (await get(cast, "towndesk", f"village-links?area={VILLAGE}")).json()["items"]
    assert [(row["kind_name"], row["staff"] or row["unit"], row["first_responsible"]) for row in rows] == [
        ("驻村单位", "市水利局", False), ("联村领导", "宋明亮", True),
    ]  # fmt: skip
    assert (await post(cast, "supervisor", f"village-links/{made}/end")).json()["until_on"] == "2026-06-01"
    assert (await post(cast, "supervisor", f"village-links/{made}/end")).status_code == 404
    for bad in ({"staff_id": None}, {"kind": "watcher"}, {"since_on": "2027-01-01"}, {"staff_id": unit}):
        assert (await post(cast, "supervisor", "village-links", **link(**bad))).status_code == 422, bad
    assert (await post(cast, "supervisor", "village-links", **link(area_code="360781"))).status_code == 404
    assert (await post(cast, "towndesk", "village-links", **link())).status_code == 403


@pytest.mark.mechanism("003-10")
async def test_a_leader_notes_in_person_what_was_asked_coordinated_and_pressed_for(cast: Cast, at: Move) -> None:
    at("2026-06-01T09:00")
    case_id = await bring_to(cast, "handling")
    path = f"cases/{case_id}/leader-actions"
    assert (await post(cast, "leader", path, kind="inquire", note="过问进展")).status_code == 403
    await post(cast, "supervisor", "village-links", **link())
    await post(cast, "supervisor", f"cases/{case_id}/first-responsible", staff_id=who("leader"))
    for kind, note in (("inquire", "电话过问"), ("coordinate", "协调供电所"), ("supervise", "到场督办")):
        assert (await post(cast, "leader", path, kind=kind, note=note)).status_code == 201
    assert (await post(cast, "handler", path, kind="inquire", note="代记")).status_code == 403, "nobody does it for them"
    assert (await post(cast, "leader", path, kind="threaten", note="x")).status_code == 422
    assert (await post(cast, "leader", "cases/x/leader-actions", kind="inquire", note="x")).status_code == 404
    shown = (await get(cast, "supervisor", f"cases/{case_id}/leading")).json()["actions"]
    assert [(row["kind_name"], row["by"]) for row in shown] == [
        ("亲自过问", "丁远航"), ("亲自协调", "丁远航"), ("亲自督办", "丁远航"),
    ]  # fmt: skip
    assert (await get(cast, "handler2", f"cases/{case_id}/leading")).status_code == 404


@pytest.mark.mechanism("003-12")
async def test_the_minutes_of_a_case_keep_strategy_people_and_limit(cast: Cast, at: Move) -> None:
    at("2026-06-03T09:00")
    case_id = await bring_to(cast, "handling")
    minutes = {"held_on": "2026-06-02", "chair_id": who("leader"), "attendees": [who("handler"), who("unitlead")],
               "strategy": "先装临时灯,再改线路", "decisions": "城管局牵头,供电所配合", "due_on": "2026-06-20"}  # fmt: skip
    made = await post(cast, "supervisor", f"cases/{case_id}/minutes", **minutes)
    assert made.status_code == 201, made.text
    shown = (await get(cast, "handler", f"cases/{case_id}/leading")).json()["minutes"]
    assert [(row["chair"], len(row["attendees"]), row["due_on"]) for row in shown] == [("丁远航", 2, "2026-06-20")]
    assert (await post(cast, "handler", f"cases/{case_id}/minutes", **minutes)).status_code == 403
    for bad in ({"held_on": "2026-06-04"}, {"due_on": "2026-06-01"}, {"chair_id": case_id}, {"attendees": []}):
        assert (await post(cast, "supervisor", f"cases/{case_id}/minutes", **{**minutes, **bad})).status_code == 422, bad


@pytest.mark.mechanism("004-11", "003-13")
async def test_weighty_and_old_cases_without_a_leader_are_listed(cast: Cast, at: Move) -> None:
    at("2025-05-01T09:00")
    old = await bring_to(cast, "handling")
    at("2026-06-01T09:00")
    plain, major = await bring_to(cast, "handling"), await bring_to(cast, "handling")
    await fetch("UPDATE cases SET major = TRUE WHERE id = $1 RETURNING id", [major])
    listed = [row["id"] for row in (await get(cast, "supervisor", "cases-without-leader")).json()["items"]]
    assert listed == [major, old]
    assert plain not in listed
    body = {"leader_id": who("leader"), "plan": "每周研究一次", "team": [who("handler")], "due_on": "2026-07-01"}
    await cast.act("supervisor", major, "assign-leader", **body)
    assert [row["id"] for row in (await get(cast, "supervisor", "cases-without-leader")).json()["items"]] == [old]
    assert (await get(cast, "handler2", "cases-without-leader")).json()["items"] == []
    assert (await get(cast, "admin", "cases-without-leader")).status_code == 403
