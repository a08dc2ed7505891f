"""Entering appeals, supervision, departments and areas, the calendar, parked jobs and the journal."""

from typing import Any

import httpx
import pytest

from domain.areas.models import Area
from domain.sql import execute, fetch
from tests.support.cast import DESK, Cast
from tests.support.life import BAD, CITY, bring_to

pytestmark = pytest.mark.anyio

SAID = {"channel": "12345_phone", "kind": "help", "area_code": "360781100001", "content": "来电反映路灯不亮",
        "contact": {"name": "李满妹", "phone": "139-1234-5678"}}  # fmt: skip


async def _post(cast: Cast, login: str, path: str, body: dict[str, Any], **headers: str) -> httpx.Response:
    return await (await cast.staff(login)).post(f"{DESK}{path}", json=body, headers=headers)


async def _get(cast: Cast, login: str, path: str, expect: int = 200, **query: Any) -> Any:
    answer = await (await cast.staff(login)).get(f"{DESK}{path}", params=query)
    assert answer.status_code == expect, answer.text
    return answer.json()


# ---- entry


async def test_the_desk_enters_what_was_said_by_telephone(cast: Cast) -> None:
    answer = await _post(cast, "dispatcher", "/appeals", SAID, **{"Idempotency-Key": "call-1"})
    receipt = answer.json()
    assert answer.status_code == 201
    assert len(receipt["query_code"]) == 8 and receipt["deadline"]["explanation"]
    case = await _get(cast, "dispatcher", f"/cases/{receipt['case']['id']}")
    appeal = case["appeals"][0]
    assert (appeal["channel_name"], appeal["entered_by_name"]) == ("12345热线电话", "刘晓梅")
    assert appeal["appellant"] == {"name": "李**", "phone": "139****5678"}
    again = await _post(cast, "dispatcher", "/appeals", SAID, **{"Idempotency-Key": "call-1"})
    assert again.json() == receipt and again.headers["Idempotency-Replayed"] == "true"
    found = await cast.anybody().post(
        "/api/miniprogram/v1/appeal-lookups",
        json={"number": receipt["number"], "query_code": receipt["query_code"]},
    )
    assert found.status_code == 200


async def test_an_appeal_on_behalf_keeps_both_people_apart(cast: Cast) -> None:
    body = {**SAID, "on_behalf_of": {"name": "谢阿婆", "phone": "13800001111", "relation": "邻居", "consent": True}}
    receipt = (await _post(cast, "villagedesk", "/appeals", body)).json()
    appeal = (await _get(cast, "dispatcher", f"/cases/{receipt['case']['id']}"))["appeals"][0]
    expected = {"name": "谢**", "phone": "138****1111", "relation": "邻居", "consent": True}
    assert appeal["on_behalf"] == expected


@pytest.mark.parametrize(
    ("change", "field"),
    [({"channel": "pigeon"}, "channel"), ({"topic": "9999"}, "topic"), ({"area_code": "999999"}, "area_code"),
     ({"contact": {"phone": "12"}}, "contact.phone"), ({"received_at": "1900-01-01T00:00:00+08:00"}, None),
     ({"received_at": "2099-01-01T00:00:00+08:00"}, None), ({"content": " "}, None),
     ({"complained_of": {"department_id": "没有"}}, "complained_of.department_id")],
)  # fmt: skip
async def test_a_wrong_entry_writes_nothing(cast: Cast, change: dict[str, Any], field: str | None) -> None:
    answer = await _post(cast, "dispatcher", "/appeals", {**SAID, **change})
    assert answer.status_code == 422
    if field:
        assert answer.json()["errors"][0]["field"] == field
    assert (await fetch("SELECT count(*) AS n FROM appeals"))[0]["n"] == 0


async def test_entering_is_for_the_own_area_and_for_intake(cast: Cast) -> None:
    elsewhere = {**SAID, "area_code": "360781101"}
    assert (await _post(cast, "towndesk", "/appeals", elsewhere)).json()["errors"][0]["field"] == "area_code"
    assert (await _post(cast, "handler", "/appeals", SAID)).status_code == 403


async def test_what_a_superior_assigned_is_marked(cast: Cast) -> None:
    receipt = (await _post(cast, "dispatcher", "/appeals", {**SAID, "superior_assigned": True})).json()
    assert (await _get(cast, "dispatcher", f"/cases/{receipt['case']['id']}"))["origin"] == "superior_assigned"


# ---- supervision


@pytest.mark.mechanism("000-15")
async def test_supervision_is_answered_by_the_unit_and_closed_by_the_section(cast: Cast) -> None:
    case_id = await bring_to(cast, "handling")
    await cast.act("supervisor", case_id, "supervise", requirement="三日内报结果")
    (sheet,) = (await _get(cast, "handler", "/supervisions", state="open"))["items"]
    assert (sheet["department"]["name"], sheet["requirement"], sheet["trigger"]) == (CITY, "三日内报结果", "hand")
    path = f"/supervisions/{sheet['id']}"
    assert (await _get(cast, "handler2", "/supervisions"))["items"] == []
    assert (await _post(cast, "handler2", f"{path}/response", {"text": "已办"})).status_code == 404
    assert (await _post(cast, "discipline", f"{path}/response", {"text": "已办"})).status_code == 403
    assert (await _post(cast, "handler", f"{path}/response", {})).status_code == 422
    answered = await _post(cast, "handler", f"{path}/response", {"text": "已换灯泡,附照片"})
    assert answered.json()["state"] == "answered"
    assert (await _post(cast, "handler", f"{path}/verdict", {"verdict": "属实"})).status_code == 403
    closed = await _post(cast, "supervisor", f"{path}/verdict", {"verdict": "属实,销号"})
    assert (closed.json()["state"], closed.json()["verdict"]) == ("closed", "属实,销号")
    assert (await _post(cast, "supervisor", f"{path}/verdict", {"verdict": "再来"})).status_code == 404
    events = [line["event"] for line in (await _get(cast, "supervisor", f"/cases/{case_id}"))["timeline"]]
    assert {"supervision.opened", "supervision.answered", "supervision.closed"} <= set(events)


async def test_open_supervision_keeps_a_case_from_closing(cast: Cast) -> None:
    case_id = await bring_to(cast, "answered")
    await cast.act("supervisor", case_id, "supervise", requirement="核实")
    refused = await cast.act("callback", case_id, "close", expect=409)
    assert "督办销号" in refused["missing"]


async def test_a_bad_rating_is_listed_for_supervision(cast: Cast) -> None:
    case_id = await bring_to(cast, "answered")
    await cast.act("callback", case_id, "callback", **BAD)
    rows = (await _get(cast, "supervisor", "/supervisions", case_id=case_id))["items"]
    assert [(row["trigger"], row["state"]) for row in rows] == [("dissatisfied", "open")]


# ---- places and units


async def test_departments_and_areas_are_found(cast: Cast) -> None:
    found = (await _get(cast, "dispatcher", "/departments", text="水利"))["items"]
    assert [unit["name"] for unit in found] == ["市水利局"]
    below = await _get(cast, "dispatcher", "/areas", parent="360781100")
    assert below["parent"]["name"] == "象湖镇"
    assert {area["kind"] for area in below["items"]} == {"village"}
    towns = await _get(cast, "dispatcher", "/areas", kind="town")
    assert len(towns["items"]) == await Area.filter(kind="town").count()
    await _get(cast, "dispatcher", "/areas", expect=404, parent="nowhere")
    await _get(cast, "auditor", "/areas", expect=403)
    await _get(cast, "auditor", "/departments", expect=403)


async def test_the_calendar_shows_make_up_days_and_years_without_data(cast: Cast) -> None:
    year = await _get(cast, "dispatcher", "/calendar", year=2026)
    days = {row["on"]: row["working"] for row in year["exceptions"]}
    assert days["2026-02-14"] is True and days["2026-02-17"] is False
    later = await _get(cast, "dispatcher", "/calendar", year=2050)
    assert later["published"] is False and 2050 in later["unpublished_years"] and later["exceptions"] == []
    await _get(cast, "dispatcher", "/calendar", expect=422, year=1)
    await _get(cast, "auditor", "/calendar", expect=403)


# ---- parked jobs


async def _park(name: str = "tell_resident") -> int:
    rows = await fetch(
        "INSERT INTO jobs.procrastinate_jobs (queue_name, task_name, status, args, attempts)"
        " VALUES ('default', $1, 'failed', '{\"phone\": \"13912345678\"}', 14) RETURNING id",
        [name],
    )
    return int(rows[0]["id"])


async def test_parked_jobs_are_seen_retried_and_discarded(cast: Cast) -> None:
    first, second = await _park(), await _park("tell_unit")
    page = await _get(cast, "admin", "/jobs/parked", limit=1)
    assert [(job["id"], job["name"]) for job in page["items"]] == [(first, "tell_resident")]
    assert "13912345678" not in str(page)
    rest = await _get(cast, "admin", "/jobs/parked", after=page["next"])
    assert [job["id"] for job in rest["items"]] == [second] and rest["next"] is None
    assert (await _post(cast, "admin", f"/jobs/parked/{first}/retry", {})).json()["done"] == "retry"
    assert (await _post(cast, "admin", f"/jobs/parked/{first}/retry", {})).status_code == 404
    assert (await _post(cast, "admin", f"/jobs/parked/{second}/discard", {})).json()["done"] == "discard"
    assert (await _get(cast, "admin", "/jobs/parked"))["items"] == []
    rows = await fetch("SELECT event FROM journal WHERE event LIKE 'job.%' ORDER BY n")
    assert [row["event"] for row in rows] == ["job.retry", "job.discard"]
    assert (await _post(cast, "admin", "/jobs/parked/99999999999999999999/retry", {})).status_code == 404
    await _get(cast, "dispatcher", "/jobs/parked", expect=403)


# ---- the journal


async def test_the_auditor_pages_the_journal_and_verifies_its_chain(cast: Cast) -> None:
    case_id = await bring_to(cast, "accepted")
    chain = await _get(cast, "auditor", "/journal/areas")
    village = next(row for row in chain["items"] if row["area"] == "360781100001")
    assert village["lines"] == 3
    page = await _get(cast, "auditor", "/journal", area="360781100001", limit=2)
    assert [line["event"] for line in page["items"]] == ["case.accepted", "case.registered"]
    rest = await _get(cast, "auditor", "/journal", area="360781100001", limit=2, cursor=page["next"])
    assert [line["event"] for line in rest["items"]] == ["appeal.submitted"] and rest["next"] is None
    one = await _get(cast, "auditor", "/journal", area="360781100001", event="case.accepted", case_id=case_id)
    assert len(one["items"]) == 1
    good = await _get(cast, "auditor", "/journal/verification", area="360781100001")
    assert (good["holds"], good["fault"]) == (True, None)
    await execute("UPDATE journal SET actor = 'staff:nobody' WHERE area = '360781100001' AND n = 2")
    bad = await _get(cast, "auditor", "/journal/verification", area="360781100001")
    assert (bad["holds"], bad["fault"]) == (False, {"n": 2, "reason": "changed"})


async def test_the_journal_is_for_the_auditor_and_the_own_area(cast: Cast) -> None:
    for login in ("security", "admin", "dispatcher"):
        await _get(cast, login, "/journal", expect=403, area="360781")
        await _get(cast, login, "/journal/verification", expect=403, area="360781")
    await _get(cast, "auditor", "/journal", expect=404, area="36")
    await _get(cast, "auditor", "/journal", expect=404, area="nowhere")
    await _get(cast, "auditor", "/journal", expect=422)
    await _get(cast, "auditor", "/cases", expect=403)
