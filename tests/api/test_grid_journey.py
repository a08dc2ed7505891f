"""A morning of a grid worker: sign in, scan, visit, find a broken lamp, put one thing right, report another, follow
both until they are closed (发现、反馈、办理、跟踪)."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from tests.api.test_grid_cases import assert_home_equals_lists
from tests.api.test_grid_uploads import upload
from tests.support.app import client
from tests.support.cast import WORKER, Cast
from tests.support.uploads import photo_lying_with_place

pytestmark = pytest.mark.anyio

GRID = "360781100001001"


@pytest.mark.mechanism("001-06")
async def test_a_morning_in_the_village(cast: Cast, at: Callable[[str], None]) -> None:
    at("2026-03-13T08:30")
    signed = await cast.anybody().post(
        f"{WORKER}/sessions", json={"phone": "13800000001", "password": "Huying-demo-2026"}
    )
    worker = client(cast.app, signed.json()["token"])
    async with worker:
        plate = await cast.plate(0, 1)
        scanned = await worker.get(f"{WORKER}/plates/{plate}")
        assert scanned.status_code == 200, scanned.text
        visit = {
            "id": str(uuid4()), "plate_code": plate, "occurred_at": "2026-03-13T08:20:00+08:00",
            "purposes": ["大走访", "平安巡逻"], "outcome": "met", "note": "说路口的灯不亮",
        }  # fmt: skip
        assert (await worker.post(f"{WORKER}/visits", json=visit)).status_code == 201

        at("2026-03-13T08:45")
        small = {
            "id": str(uuid4()), "occurred_at": "2026-03-13T08:40:00+08:00", "event_type": "E3", "grid_code": GRID,
            "description": "垃圾桶倒了", "self_handled": {"result": "扶正、扫净", "attachment_ids": []},
        }  # fmt: skip
        assert (await worker.post(f"{WORKER}/events", json=small)).json()["state"] == "reviewing"

        lamp = {
            "id": str(uuid4()), "occurred_at": "2026-03-13T08:42:00+08:00", "event_type": "E4", "level": "serious",
            "grid_code": GRID, "description": "路口路灯不亮",
            "location": {"lon": 116.0271, "lat": 25.8862, "datum": "gcj02"},
            "attachment_ids": [await upload(worker, photo_lying_with_place())],
        }  # fmt: skip
        reported = (await worker.post(f"{WORKER}/events", json=lamp)).json()
        assert (await assert_home_equals_lists(worker))["cases"]["reported"] == 2

        case_id = reported["id"]
        await cast.act("dispatcher", case_id, "dispatch", lead="市城管局", rule_reasons=["路灯管护"])
        await cast.act("handler", case_id, "sign")
        await cast.act("handler", case_id, "contact", stage="investigate", mode="in_person", note="已到现场")
        await cast.act("handler", case_id, "grade", grade="clear", facts="线路断了")
        at("2026-03-13T15:00")
        await cast.act("handler", case_id, "submit-result", result="已接好线路,灯亮了", basis="市政设施管护办法")
        await cast.act("handler", case_id, "inspect", expect=403, passed=True)

        assert [item["id"] for item in (await worker.get(f"{WORKER}/cases", params={"mine": "inspection"})).json()[
            "items"
        ]] == [case_id]  # fmt: skip
        failed = await worker.post(f"{WORKER}/cases/{case_id}/inspect", json={"passed": False, "note": "还是不亮"})
        assert failed.json()["state"] == "handling"
        await cast.act("handler", case_id, "submit-result", result="换了灯头", basis="市政设施管护办法")
        passed = await worker.post(f"{WORKER}/cases/{case_id}/inspect", json={"passed": True, "note": "亮了"})
        assert (passed.status_code, passed.json()["state"]) == (200, "closed")
        handling = next(clock for clock in passed.json()["clocks"] if clock["name"] == "handling")
        assert handling["met"] is True

        own = await worker.post(f"{WORKER}/cases/{small['id']}/inspect", json={"passed": True})
        assert (own.status_code, own.json()["code"]) == (403, "same-officer")
        await cast.act("villagedesk", str(small["id"]), "inspect", passed=True, note="干净了")

        await cast.react()
        inbox = (await worker.get(f"{WORKER}/inbox")).json()["items"]
        assert ("inspect-passed", small["id"]) in {(notice["event"], notice["case_id"]) for notice in inbox}

        tracked = (await worker.get(f"{WORKER}/cases", params={"mine": "reported"})).json()["items"]
        assert {item["id"]: item["state"] for item in tracked} == {case_id: "closed", small["id"]: "closed"}
        way = [line["event"] for line in (await worker.get(f"{WORKER}/cases/{case_id}")).json()["timeline"]]
        assert way == [
            "event.reported", "case.dispatched", "case.signed", "case.contacted", "case.graded",
            "case.result-submitted", "case.inspected", "case.result-submitted", "case.inspected",
        ]  # fmt: skip
        home = await assert_home_equals_lists(worker)
        assert (home["cases"]["reported"], home["unvisited_households"]) == (0, 2)
        assert (await (await cast.worker("13800000002")).get(f"{WORKER}/cases/{case_id}")).status_code == 404
