"""The villager rates process and result; bad sets rework going, good closes."""

from typing import Any

import httpx
import pytest

from domain.sql import fetch
from tests.support.cast import RESIDENT, Cast
from tests.support.steps import answer_again, work

pytestmark = pytest.mark.anyio

GOOD = {"process": 5, "result": 4, "solved": "yes", "staff": "active", "comment": "很快"}
BAD = {"process": 3, "result": 1, "solved": "no", "staff": "inactive"}


async def rate(who: httpx.AsyncClient, receipt: dict[str, Any], body: dict[str, Any]) -> httpx.Response:
    return await who.post(f"{RESIDENT}/appeals/{receipt['id']}/ratings", json=body)


async def test_before_the_answer_there_is_nothing_to_rate(cast: Cast) -> None:
    li = await cast.resident("li")
    receipt = await cast.appeal(li)
    answer = await rate(li, receipt, GOOD)
    assert (answer.status_code, answer.json()["code"]) == (409, "not-yet-answered")


@pytest.mark.mechanism("000-23", "000-15", "000-16")
async def test_bad_leads_to_supervision_and_rework_then_good_closes(cast: Cast) -> None:
    li = await cast.resident("li")
    receipt = await cast.appeal(li)
    case_id = await cast.case_of(receipt)
    await work(cast, case_id)
    bad = await rate(li, receipt, BAD)
    assert (bad.status_code, bad.json()["status"]) == (201, "rework")
    rows = await fetch("SELECT trigger, state FROM supervisions WHERE case_id = $1", [case_id])
    assert [(row["trigger"], row["state"]) for row in rows] == [("dissatisfied", "open")]
    again = await rate(li, receipt, GOOD)
    assert (again.status_code, again.json()["code"]) == (409, "already-rated")
    await answer_again(cast, case_id)
    good = await rate(li, receipt, GOOD)
    assert (good.status_code, good.json()["status"], good.json()["round"]) == (201, "closed", 2)
    seen = (await li.get(f"{RESIDENT}/appeals/{receipt['id']}")).json()
    assert [(r["round"], r["process"], r["result"]) for r in seen["ratings"]] == [(1, 3, 1), (2, 5, 4)]
    assert [reply["round"] for reply in seen["replies"]] == [1, 2]
    assert seen["can"] == ["object", "request-review", "report-retaliation"]
    assert (await rate(li, receipt, GOOD)).json()["code"] == "already-rated"


async def test_the_window_closes(cast: Cast, at) -> None:
    at("2026-03-13T16:30")
    li = await cast.resident("li")
    receipt = await cast.appeal(li)
    await work(cast, await cast.case_of(receipt))
    at("2026-04-13T16:31")
    answer = await rate(li, receipt, GOOD)
    assert (answer.status_code, answer.json()["code"]) == (409, "rating-window-closed")
    assert "rate" not in (await li.get(f"{RESIDENT}/appeals/{receipt['id']}")).json()["can"]


@pytest.mark.parametrize(
    ("change", "field"),
    [({"process": 0}, "process"), ({"result": 6}, "result"), ({"solved": "maybe"}, "solved"),
     ({"staff": None}, "staff"), ({"process": "5"}, "process"), ({"comment": "长" * 1001}, "comment")],
)  # fmt: skip
async def test_a_rating_outside_the_scale_names_the_field(cast: Cast, change: dict[str, Any], field: str) -> None:
    li = await cast.resident("li")
    answer = await rate(li, await cast.appeal(li), {**GOOD, **change})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
