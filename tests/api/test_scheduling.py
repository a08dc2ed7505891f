"""Scheduling: how units stand, notes with tasks and their follow-up; the end of a matter; the register of local rules."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from domain.sql import fetch
from tests.support.cast import DESK, Cast
from tests.support.life import CITY, RESULT, WATER, bring_to

pytestmark = pytest.mark.anyio
Move = Callable[[str], None]
TALK = {"decided": True, "solved": True, "mended": True, "talk": "当面说明,双方握手言和"}


async def post(cast: Cast, login: str, path: str, **body: Any) -> httpx.Response:
    return await (await cast.staff(login)).post(f"{DESK}/{path}", json=body)


async def get(cast: Cast, login: str, path: str) -> httpx.Response:
    return await (await cast.staff(login)).get(f"{DESK}/{path}")


async def unit(name: str = CITY) -> str:
    return str((await fetch("SELECT id FROM departments WHERE name = $1", [name]))[0]["id"])


@pytest.mark.mechanism("000-13")
async def test_units_stand_as_their_cases_do_and_a_note_gives_tasks_that_are_followed_up(cast: Cast, at: Move) -> None:
    at("2026-05-04T09:00")
    await bring_to(cast, "handling")
    at("2026-06-01T09:00")
    await bring_to(cast, "handling")
    at("2026-06-08T09:00")  # the second is due today, the first is late and nobody has touched it for 35 days
    stand = (await get(cast, "supervisor", "scheduling")).json()["items"]
    assert [(row["name"], row["open"], row["due"], row["overdue"], row["no_progress"]) for row in stand] == [
        (CITY, 2, 1, 1, 1)
    ]
    assert (await get(cast, "handler2", "scheduling")).json()["items"] == []
    note = {"unit": await unit(), "text": "路灯类诉求积压", "tasks": [{"text": "三日内清零", "due_on": "2026-06-11"}]}
    made = await post(cast, "supervisor", "scheduling-notes", **note)
    assert (made.status_code, made.json()["figures"]["overdue"]) == (201, 1), made.text
    own = (await get(cast, "handler", "scheduling-notes")).json()["items"]
    task = own[0]["tasks"][0]["id"]
    assert (await get(cast, "handler2", "scheduling-notes")).json()["items"] == []
    at("2026-06-12T09:00")
    assert (await get(cast, "supervisor", "scheduling-notes")).json()["items"][0]["tasks"][0]["overdue"]
    assert (await post(cast, "supervisor", f"scheduling-tasks/{task}/check", holds=True)).json()["missing"] == ["反馈"]
    assert (await post(cast, "handler2", f"scheduling-tasks/{task}/result", result="x")).status_code == 404
    assert (await post(cast, "handler", f"scheduling-tasks/{task}/result", result="已清零")).status_code == 200
    back = await post(cast, "supervisor", f"scheduling-tasks/{task}/check", holds=False)
    assert (back.json()["checked"], back.json()["done_at"]) == (False, None)
    assert (await post(cast, "handler", f"scheduling-tasks/{task}/result", result="现已清零")).status_code == 200
    assert (await post(cast, "supervisor", f"scheduling-tasks/{task}/check", holds=True)).json()["checked"]
    assert (await post(cast, "handler", f"scheduling-tasks/{task}/result", result="x")).status_code == 409


async def test_refusals_of_a_note(cast: Cast, at: Move) -> None:
    at("2026-06-08T09:00")
    note = {"unit": await unit(), "text": "积压"}
    assert (await post(cast, "handler", "scheduling-notes", **note)).status_code == 403
    assert (await post(cast, "supervisor", "scheduling-notes", **{**note, "text": " "})).status_code == 422
    early = {**note, "tasks": [{"text": "x", "due_on": "2026-06-07"}]}
    assert (await post(cast, "supervisor", "scheduling-notes", **early)).status_code == 422
    gone = {**note, "unit": "01a201fc-2c45-727b-beab-dbf0e9d715d4"}
    assert (await post(cast, "supervisor", "scheduling-notes", **gone)).status_code == 404
    assert (await post(cast, "supervisor", "scheduling-tasks/x/check", holds=True)).status_code == 404
    assert (await get(cast, "admin", "scheduling")).status_code == 403


@pytest.mark.mechanism("000-46", "000-41")
async def test_a_special_supervision_ends_with_decided_solved_and_mended(cast: Cast) -> None:
    case_id = await bring_to(cast, "handling")
    early = await post(cast, "handler", f"cases/{case_id}/ending", **TALK)
    assert early.json()["missing"] == ["答复"]
    await cast.act("supervisor", case_id, "supervise", kind="special", requirement="领导批办,专案督办")
    await cast.act("handler", case_id, "submit-result", **RESULT)
    await cast.act("reviewer", case_id, "answer", text="已修好")
    opened = (await get(cast, "supervisor", "supervisions")).json()["items"][0]["id"]
    refused = await post(cast, "supervisor", f"supervisions/{opened}/verdict", verdict="销号")
    assert refused.json()["missing"] == ["案结事了人和记录"]
    half = await post(cast, "handler", f"cases/{case_id}/ending", **{**TALK, "mended": False})
    assert (half.status_code, half.json()["mended"]) == (200, False)
    assert (await post(cast, "supervisor", f"supervisions/{opened}/verdict", verdict="销号")).status_code == 409
    assert (await post(cast, "handler", f"cases/{case_id}/ending", **TALK)).status_code == 200
    assert (await post(cast, "supervisor", f"supervisions/{opened}/verdict", verdict="销号")).json()["state"] == "closed"
    shown = (await get(cast, "supervisor", f"cases/{case_id}")).json()["endings"]
    assert [(one["decided"], one["solved"], one["mended"], one["talk"]) for one in shown] == [(True, True, True, TALK["talk"])]
    assert (await get(cast, "supervisor", f"cases/{case_id}/ending")).json()["items"][0]["by"] == "钟志强"
    assert (await post(cast, "handler2", f"cases/{case_id}/ending", **TALK)).status_code == 404
    assert (await post(cast, "supervisor", f"cases/{case_id}/ending", **TALK)).status_code == 403
    assert (await post(cast, "handler", f"cases/{case_id}/ending", decided=True)).status_code == 422


@pytest.mark.mechanism("000-37")
async def test_one_view_shows_the_work_of_all_units_on_a_case(cast: Cast) -> None:
    case_id = await bring_to(cast, "dispatched", dispatch={"lead": CITY, "co_units": [WATER]})
    await cast.act("handler2", case_id, "co-result", note="管线已避让")
    await cast.act("handler", case_id, "sign")
    await cast.act("handler", case_id, "contact", stage="investigate", mode="phone", note="电话核实")
    for login in ("handler", "handler2", "supervisor"):
        seen = (await get(cast, login, f"cases/{case_id}")).json()
        assert (seen["lead"]["name"], [(one["name"], one["note"]) for one in seen["units"]]) == (CITY, [(WATER, "管线已避让")])
        assert {"case.dispatched", "case.co-done", "case.signed", "case.contacted"} <= {
            line["event"] for line in seen["timeline"]
        }, login


@pytest.mark.mechanism("000-22")
async def test_local_rules_stand_in_a_register_by_version_and_validity(cast: Cast, at: Move) -> None:
    at("2026-06-01T09:00")
    rule = {"area_code": "360781", "title": "民意速办首办负责制", "document_no": "瑞府办〔2026〕1号", "summary": "首办单位负责到底",
            "since_on": "2026-01-01"}  # fmt: skip
    assert (await post(cast, "admin", "local-rules", **rule)).json()["version"] == 1
    second = await post(cast, "admin", "local-rules", **{**rule, "since_on": "2026-05-01", "summary": "修订"})
    assert (second.status_code, second.json()["version"]) == (201, 2)
    rows = (await get(cast, "towndesk", "local-rules")).json()["items"]
    assert [(row["version"], row["in_force"], row["until_on"]) for row in rows] == [(2, True, None), (1, False, "2026-05-01")]
    assert [row["version"] for row in (await get(cast, "handler", "local-rules?in_force=true")).json()["items"]] == [2]
    assert (await post(cast, "admin", "local-rules", **rule)).json()["errors"][0]["field"] == "since_on"
    ended = await post(cast, "admin", f"local-rules/{second.json()['id']}/end", until_on="2026-06-01")
    assert ended.json()["until_on"] == "2026-06-01"
    assert (await get(cast, "handler", "local-rules?in_force=true")).json()["items"] == []
    assert (await post(cast, "admin", f"local-rules/{second.json()['id']}/end", until_on="2026-04-01")).status_code == 422
    assert (await post(cast, "supervisor", "local-rules", **rule)).status_code == 403
    assert (await post(cast, "admin", "local-rules", **{**rule, "area_code": "360702"})).status_code == 404
    assert (await post(cast, "admin", "local-rules/x/end", until_on="2026-06-01")).status_code == 404
