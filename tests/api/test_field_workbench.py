"""The village's first right, the ladder above it, an event that becomes an appeal, and answers about the app."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from domain.cases.models import Case
from domain.sql import fetch
from tests.support.cast import DESK, RESIDENT, WORKER, Cast
from tests.support.life import finish

pytestmark = pytest.mark.anyio

VILLAGE = "360781100001"
GRID = f"{VILLAGE}001"
FOREIGN = "360781100002001"


@pytest.fixture(autouse=True)
def friday(cast: Cast, at: Callable[[str], None]) -> None:
    at("2026-03-13T10:30")


async def report(who: httpx.AsyncClient, grid: str = GRID, **changes: Any) -> str:
    body = {
        "id": str(uuid4()), "occurred_at": "2026-03-13T09:00:00+08:00", "event_type": "E4", "grid_code": grid,
        "description": "水沟堵了", **changes,
    }  # fmt: skip
    answer = await who.post(f"{WORKER}/events", json=body)
    assert answer.status_code == 201, answer.text
    return str(body["id"])


async def bench(who: httpx.AsyncClient, part: str = "first", **query: str) -> dict[str, Any]:
    answer = await who.get(f"{DESK}/workbench", params={"part": part, **query})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def ids(page: dict[str, Any]) -> list[str]:
    return [each["id"] for each in page["items"]]


@pytest.mark.mechanism("004-19")
async def test_the_village_takes_its_own_matter_first_and_carries_it_to_the_end(cast: Cast) -> None:
    worker, desk = await cast.worker(), await cast.staff("villagedesk")
    case_id = await report(worker)
    await report(await cast.worker("13800000002"), FOREIGN)
    page = await bench(desk)
    assert (ids(page), page["counts"]) == ([case_id], {"first": 1, "mine": 0, "inspection": 0, "raised": 0})
    taken = await desk.post(f"{DESK}/workbench/{case_id}/take", json={"version": 1})
    assert (taken.status_code, taken.json()["state"], taken.json()["version"]) == (200, "signed", 3), taken.text
    assert ids(await bench(desk, "mine")) == [case_id]
    await cast.act("villagedesk", case_id, "contact", stage="investigate", mode="in_person")
    await cast.act("villagedesk", case_id, "grade", grade="clear", facts="淤泥")
    done = await cast.act("villagedesk", case_id, "submit-result", result="已清淤")
    assert done["state"] == "reviewing"
    assert await cast.act("villagedesk", case_id, "inspect", expect=403, passed=True)
    closed = await worker.post(f"{WORKER}/cases/{case_id}/inspect", json={"passed": True})
    assert closed.json()["state"] == "closed"
    assert (await bench(desk))["counts"] == {"first": 0, "mine": 0, "inspection": 0, "raised": 0}


async def test_what_the_worker_did_on_the_spot_waits_for_the_villages_inspection(cast: Cast) -> None:
    case_id = await report(await cast.worker(), self_handled={"result": "已清", "attachment_ids": []})
    assert ids(await bench(await cast.staff("villagedesk"), "inspection")) == [case_id]


async def test_the_parts_are_paged_and_their_numbers_are_those_of_the_lists(cast: Cast) -> None:
    worker, desk = await cast.worker(), await cast.staff("villagedesk")
    made = [await report(worker) for _ in range(3)]
    first = await bench(desk, limit="2")
    rest = await bench(desk, limit="2", cursor=first["next"])
    assert (sorted(ids(first) + ids(rest)), rest["next"], first["counts"]["first"]) == (sorted(made), None, 3)


async def test_taking_is_refused_outside_the_village_twice_and_for_what_went_up(cast: Cast) -> None:
    worker, desk = await cast.worker(), await cast.staff("villagedesk")
    case_id, raised = await report(worker), await report(worker)
    foreign = await report(await cast.worker("13800000002"), FOREIGN)
    path = f"{DESK}/workbench/{{}}/take"
    assert (await desk.post(path.format(foreign), json={})).status_code == 404
    assert (await desk.post(path.format("none"), json={})).status_code == 404
    assert (await desk.post(path.format(case_id), json={"rank": 1})).status_code == 422
    assert (await desk.post(path.format(case_id), json={"version": 7})).status_code == 409
    assert (await (await cast.staff("towndesk")).post(path.format(case_id), json={})).status_code == 403
    assert (await (await cast.staff("towndesk")).get(f"{DESK}/workbench")).status_code == 403
    assert (await desk.post(path.format(case_id), json={})).status_code == 200
    assert (await desk.post(path.format(case_id), json={})).status_code == 409
    await cast.act("villagedesk", raised, "escalate", reason="村里没有设备")
    late = await desk.post(path.format(raised), json={})
    assert (late.status_code, late.json()["code"]) == (409, "guard-not-met")


@pytest.mark.mechanism("002-13")
async def test_the_ladder_goes_village_town_meeting_county_and_no_further(cast: Cast) -> None:
    case_id = await report(await cast.worker())
    up = await cast.act("villagedesk", case_id, "escalate", reason="村里解决不了")
    assert (up["state"], up["origin"]) == ("accepted", "village_escalated")
    assert ids(await bench(await cast.staff("villagedesk"), "raised")) == [case_id]
    again = await cast.act("villagedesk", case_id, "escalate", expect=409, reason="再提一级")
    assert again["code"] == "guard-not-met"
    kept = await cast.act("villagedesk", case_id, "dispatch", expect=409, lead="市城管局")
    assert kept["code"] == "guard-not-met"
    await cast.act("towndesk", case_id, "escalate", reason="镇里有分歧,提交联席会议")
    await cast.react()
    told = (await (await cast.staff("meeting")).get(f"{DESK}/inbox")).json()["items"]
    assert ("case.escalated", case_id) in {(notice["event"], notice["case_id"]) for notice in told}
    await cast.act("meeting", case_id, "escalate", reason="跨镇,提交县联席会议")
    top = await cast.act("meeting", case_id, "escalate", expect=409, reason="还想再提")
    assert top["code"] == "guard-not-met"
    rows = await fetch(
        "SELECT data->>'from_level' AS low, data->>'to_level' AS high FROM journal"
        " WHERE case_id = $1 AND event = 'case.escalated' ORDER BY at, n",
        [case_id],
    )
    assert [(row["low"], row["high"]) for row in rows] == [("village", "town"), ("town", "meeting"), ("meeting", "county")]
    given = await cast.act("dispatcher", case_id, "dispatch", lead="市城管局")
    assert given["state"] == "dispatched"


async def test_a_unit_returns_a_village_matter_once(cast: Cast) -> None:
    case_id = await report(await cast.worker())
    await cast.act("villagedesk", case_id, "dispatch", lead="市城管局")
    await cast.act("handler", case_id, "return", reason="不属于本单位职责")
    await cast.act("villagedesk", case_id, "grant-return", note="同意")
    await cast.act("villagedesk", case_id, "dispatch", lead="市城管局")
    twice = await cast.act("handler", case_id, "return", expect=409, reason="还是不属于本单位")
    assert twice["code"] == "guard-not-met"
    assert ids(await bench(await cast.staff("villagedesk"))) == []


async def test_an_event_becomes_an_appeal_and_is_answered_to_the_villager(cast: Cast) -> None:
    case_id = await report(await cast.worker())
    said = {"content": "水沟堵了两年,我要一个答复", "channel": "grid_worker", "name": "李甲", "phone": "13700001111"}
    turned = await cast.act("villagedesk", case_id, "convert", appeal_type="help", topic="0901", appeal=said)
    assert (turned["kind"], turned["state"], len(turned["query_code"])) == ("appeal", "registered", 8)
    await cast.react()
    told = (await (await cast.staff("dispatcher")).get(f"{DESK}/inbox")).json()["items"]
    assert ("case.converted", case_id) in {(notice["event"], notice["case_id"]) for notice in told}
    [appeal] = turned["appeals"]
    pair = {"number": appeal["number"], "query_code": turned["query_code"]}
    seen = await cast.anybody().post(f"{RESIDENT}/appeal-lookups", json=pair)
    assert (seen.status_code, seen.json()["appeal"]["status"]) == (200, "registered")
    for login, action, body in (
        ("dispatcher", "accept", {}), ("dispatcher", "dispatch", {"lead": "市城管局"}), ("handler", "sign", {}),
        ("handler", "contact", {"stage": "accept"}), ("handler", "contact", {"stage": "investigate"}),
        ("handler", "grade", {"grade": "clear", "facts": "淤积"}),
        ("handler", "submit-result", {"result": "已清", "basis": "《条例》", "disposition": "solved_reasonable"}),
        ("reviewer", "answer", {"text": "水沟已清。"}),
    ):  # fmt: skip
        await cast.act(login, case_id, action, **body)
    await finish(cast, case_id)
    assert (await Case.get(id=case_id)).state == "closed"
    assert await cast.act("handler", case_id, "convert", expect=403, appeal_type="help", topic="0901", appeal=said)


async def test_what_is_said_about_the_app_is_answered(cast: Cast) -> None:
    worker, admin = await cast.worker(), await cast.staff("admin")
    made = (await worker.post(f"{WORKER}/suggestions", json={"text": "字太小"})).json()
    [seen] = (await admin.get(f"{DESK}/suggestions", params={"waiting": "true"})).json()["items"]
    assert (seen["id"], seen["text"], seen["author"]) == (made["id"], "字太小", "邱小兰")
    path = f"{DESK}/suggestions/{made['id']}/reply"
    assert (await admin.post(path, json={"text": "下个版本加大"})).status_code == 200
    [mine] = (await worker.get(f"{WORKER}/suggestions")).json()["items"]
    assert mine["reply"] == "下个版本加大"
    [notice] = (await worker.get(f"{WORKER}/inbox")).json()["items"]
    assert (notice["event"], notice["text"]) == ("suggestion.answered", "下个版本加大")
    assert (await admin.get(f"{DESK}/suggestions", params={"waiting": "true"})).json()["items"] == []
    rows = await fetch("SELECT data::text AS data FROM journal WHERE event = 'suggestion.answered'")
    assert len(rows) == 1
    assert "加大" not in rows[0]["data"]


async def test_answers_about_the_app_are_the_administrators_and_need_words(cast: Cast) -> None:
    made = (await (await cast.worker()).post(f"{WORKER}/suggestions", json={"text": "字太小"})).json()
    path, admin = f"{DESK}/suggestions/{made['id']}/reply", await cast.staff("admin")
    for wrong in ({"text": " \u200b"}, {"text": ""}, {}, {"text": "好", "score": 1}):
        assert (await admin.post(path, json=wrong)).status_code == 422, wrong
    assert (await admin.post(f"{DESK}/suggestions/{uuid4()}/reply", json={"text": "好"})).status_code == 404
    for who, status in ((cast.anybody(), 401), (await cast.staff("villagedesk"), 403), (await cast.worker(), 403)):
        assert (await who.post(path, json={"text": "好"})).status_code == status
        assert (await who.get(f"{DESK}/suggestions")).status_code == status
