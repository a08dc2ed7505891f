"""Callback tasks, look-backs (回头看), and ratings that do not count."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from domain.sql import fetch
from tests.support.cast import DESK, RESIDENT, Cast
from tests.support.life import CITY, WATER, bring_to

pytestmark = pytest.mark.anyio
Move = Callable[[str], None]
MISSED = {"reached": False}
DRAW = {"area_code": "360781", "after_days": 30, "closed_from": "2026-04-01", "closed_to": "2026-04-30", "size": 2,
        "seed": 7}  # fmt: skip


async def get(cast: Cast, path: str, login: str = "callback") -> httpx.Response:
    return await (await cast.staff(login)).get(f"{DESK}/{path}")


async def post(cast: Cast, path: str, login: str = "callback", **body: Any) -> httpx.Response:
    return await (await cast.staff(login)).post(f"{DESK}/{path}", json=body)


async def test_a_case_is_called_back_until_somebody_is_heard_or_three_attempts_on_two_days(cast: Cast, at: Move) -> None:
    at("2026-06-01T10:00")
    case_id = await bring_to(cast, "answered")
    task = (await get(cast, "callbacks")).json()["items"][0]
    assert (task["case_id"], task["attempts"], task["lead"]) == (case_id, 0, CITY)
    assert task["due_at"][:10] == "2026-06-04"  # three working days after the answer
    assert (await get(cast, "callbacks?overdue=true")).json()["items"] == []
    for moment in ("2026-06-01T10:10", "2026-06-01T15:00", "2026-06-05T09:00"):
        at(moment)
        rows = (await get(cast, "callbacks?overdue=true")).json()["items"]
        assert bool(rows) == (moment > "2026-06-04")
        await cast.act("callback", case_id, "callback", **MISSED)
    assert (await get(cast, "callbacks")).json()["items"] == []


async def test_callbacks_are_for_officers_outside_the_handling_units(cast: Cast) -> None:
    await bring_to(cast, "answered", dispatch={"lead": CITY, "co_units": [WATER]})
    assert (await get(cast, "callbacks", "handler")).status_code == 403
    assert (await get(cast, "callbacks?limit=0")).status_code == 422
    assert len((await get(cast, "callbacks")).json()["items"]) == 1
    await fetch("UPDATE assignments SET department_id = (SELECT id FROM departments WHERE name = $1)"
                " WHERE role = 'callback_officer' RETURNING id", [WATER])  # fmt: skip
    assert (await get(cast, "callbacks")).json()["items"] == []


@pytest.mark.mechanism("000-24")
async def test_a_relapse_found_by_a_look_back_reopens_the_same_case(cast: Cast, at: Move) -> None:
    at("2026-04-10T10:00")
    closed = [await bring_to(cast, "closed") for _ in range(3)]
    at("2026-05-20T10:00")
    assert (await post(cast, "look-backs", "supervisor", **DRAW)).status_code == 422  # not thirty days yet
    at("2026-06-01T10:00")
    drawn = (await post(cast, "look-backs", "supervisor", **DRAW)).json()["cases"]
    assert len(drawn) == 2
    assert set(drawn) < set(closed)
    assert (await post(cast, "look-backs", "supervisor", **DRAW)).json()["cases"] == drawn  # the same seed, the same sample
    todo = (await get(cast, "look-backs?done=false")).json()["items"]
    assert sorted(row["case_id"] for row in todo) == sorted(drawn)
    holds = await post(cast, f"look-backs/{todo[0]['id']}/verdict", verdict="holds", note="灯还亮着")
    assert holds.json()["case_state"] == "closed"
    relapsed = await post(cast, f"look-backs/{todo[1]['id']}/verdict", verdict="relapsed", note="又不亮了")
    assert (relapsed.json()["case_id"], relapsed.json()["case_state"]) == (todo[1]["case_id"], "rework")
    assert (await post(cast, f"look-backs/{todo[1]['id']}/verdict", verdict="holds", note="x")).status_code == 409
    assert len(await fetch("SELECT id FROM cases")) == 3


async def test_refusals_of_look_backs(cast: Cast, at: Move) -> None:
    at("2026-06-01T10:00")
    assert (await post(cast, "look-backs", "callback", **DRAW)).status_code == 403
    assert (await post(cast, "look-backs", "supervisor", **{**DRAW, "area_code": "360702"})).status_code == 404
    assert (await post(cast, "look-backs", "supervisor", **{**DRAW, "after_days": 45})).status_code == 422
    assert (await post(cast, "look-backs/nothing/verdict", verdict="holds", note="x")).status_code == 404


async def test_a_rating_taken_down_by_staff_is_kept_flagged_and_not_counted(cast: Cast) -> None:
    case_id = await bring_to(cast, "answered")
    appeal = str((await fetch("SELECT id FROM appeals WHERE case_id = $1", [case_id]))[0]["id"])
    said = {"appeal_id": appeal, "process": 5, "result": 5, "solved": "yes", "staff": "active"}
    done = (await post(cast, f"cases/{case_id}/assisted-ratings", "handler", **said)).json()
    assert (done["source"], done["counts"], done["flag"]) == ("assisted", False, "assisted")
    assert (await post(cast, f"cases/{case_id}/assisted-ratings", "handler2", **said)).status_code == 404
    assert (await post(cast, f"cases/{case_id}/assisted-ratings", "handler", **{**said, "process": 6})).status_code == 422
    assert (await post(cast, f"cases/{case_id}/assisted-ratings", "handler", **{**said, "appeal_id": case_id})).status_code == 404
    assert len((await get(cast, "callbacks")).json()["items"]) == 1  # nobody was heard by that


async def test_what_staff_give_to_their_own_work_is_flagged_and_not_counted(cast: Cast) -> None:
    await fetch("UPDATE staff SET phone = '13700009999' WHERE login = 'handler' RETURNING id")
    case_id = await bring_to(cast, "answered", contact={"name": "钟志强", "phone": "13700009999"})
    appeal = (await fetch("SELECT id FROM appeals WHERE case_id = $1", [case_id]))[0]["id"]
    said = {"process": 5, "result": 5, "solved": "yes", "staff": "active"}
    answer = await (await cast.resident("li")).post(f"{RESIDENT}/appeals/{appeal}/ratings", json=said)
    assert answer.status_code == 201
    rows = await fetch("SELECT source, counts, flag FROM ratings WHERE case_id = $1", [case_id])
    assert rows == [{"source": "self", "counts": False, "flag": "own_work"}]
