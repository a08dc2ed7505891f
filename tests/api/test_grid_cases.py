"""Track and handle through the worker door: lists, numbers of the home page, moves, other people's grids."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from domain.cases.models import Case
from domain.sql import fetch
from server.rules import stable_id
from tests.api.test_grid_events import report
from tests.support.cast import WORKER, Cast

pytestmark = pytest.mark.anyio

ME = stable_id("staff", "13800000001")
COLLEAGUE = stable_id("staff", "13800000002")


@pytest.fixture(autouse=True)
def friday(cast: Cast, at: Callable[[str], None]) -> None:
    at("2026-03-13T16:30")


async def given_to_me(cast: Cast, who: httpx.AsyncClient) -> str:
    """A case that the village desk gave to the worker."""
    case = await report(who)
    await cast.act("villagedesk", case["id"], "dispatch", lead="village-360781100001",
                   handler_id=str(ME))  # fmt: skip
    return str(case["id"])


async def move(who: httpx.AsyncClient, case_id: str, action: str, expect: int = 200, **body: Any) -> dict[str, Any]:
    answer = await who.post(f"{WORKER}/cases/{case_id}/{action}", json=body)
    assert answer.status_code == expect, f"{action}: {answer.status_code} {answer.text}"
    return dict(answer.json())


@pytest.mark.mechanism("001-06")
async def test_a_worker_handles_what_the_village_gave_them(cast: Cast) -> None:
    worker = await cast.worker()
    case_id = await given_to_me(cast, worker)
    assert "sign" in (await worker.get(f"{WORKER}/cases/{case_id}")).json()["can"]
    await move(worker, case_id, "sign")
    await move(worker, case_id, "contact", stage="investigate", mode="in_person", note="到现场看过")
    await move(worker, case_id, "grade", grade="clear", facts="灯泡坏了")
    await move(worker, case_id, "report-on-site", note="一人一车,工具齐全")
    done = await move(worker, case_id, "submit-result", result="已更换灯泡")
    assert (done["state"], done["can"]) == ("reviewing", ["contact", "add-note"])
    closed = await cast.act("villagedesk", case_id, "inspect", passed=True, note="亮了")
    assert closed["state"] == "closed"


async def test_a_refused_move_names_what_is_allowed_and_an_old_version_what_changed(cast: Cast) -> None:
    worker = await cast.worker()
    case_id = await given_to_me(cast, worker)
    refused = await move(worker, case_id, "submit-result", expect=409, result="已换")
    assert refused["code"] == "move-not-allowed"
    assert {"sign", "return"} <= set(refused["allowed"]) and "submit-result" not in refused["allowed"]
    late = await move(worker, case_id, "sign", expect=409, version=1)
    assert (late["code"], late["current"]) == ("changed-meanwhile", 2)
    assert [each["event"] for each in late["since"]] == ["case.dispatched"]


async def test_a_move_sent_twice_is_made_once(cast: Cast) -> None:
    worker = await cast.worker()
    case_id = await given_to_me(cast, worker)
    body = {"id": str(uuid4()), "occurred_at": "2026-03-13T16:00:00+08:00"}
    first, again = await move(worker, case_id, "sign", **body), await move(worker, case_id, "sign", **body)
    assert first == again
    other = await move(worker, case_id, "add-note", expect=409, id=body["id"], text="又一条")
    assert other["code"] == "same-id-other-content"
    absurd = await move(worker, case_id, "add-note", expect=422, occurred_at="张三说是昨天", text="一条")
    assert absurd["code"] == "absurd-time"


@pytest.mark.parametrize(
    ("action", "body"),
    [("contact", {"stage": "x"}), ("grade", {}), ("sign", {"gps": []}), ("sign", {"version": "two"})],
)
async def test_bad_bodies_are_refused(cast: Cast, action: str, body: dict[str, Any]) -> None:
    worker = await cast.worker()
    case_id = await given_to_me(cast, worker)
    await move(worker, case_id, action, expect=422, **body)


async def test_desk_moves_and_unknown_ones_do_not_exist_here(cast: Cast) -> None:
    worker = await cast.worker()
    case_id = await given_to_me(cast, worker)
    for action in ("dispatch", "answer", "close", "fly"):
        await move(worker, case_id, action, expect=404)


async def test_cases_of_another_village_do_not_exist(cast: Cast) -> None:
    worker, other = await cast.worker(), await cast.worker("13800000002")
    case_id = await given_to_me(cast, worker)
    assert (await other.get(f"{WORKER}/cases/{case_id}")).status_code == 404
    assert (await other.get(f"{WORKER}/cases")).json()["items"] == []
    await move(other, case_id, "sign", expect=404)
    await move(other, case_id, "add-note", expect=404, text="看看")
    for nonsense in ("seven", str(uuid4())):
        assert (await worker.get(f"{WORKER}/cases/{nonsense}")).status_code == 404


async def test_a_case_of_my_grid_that_is_not_mine_cannot_be_handled_by_me(cast: Cast) -> None:
    worker = await cast.worker()
    case_id = await given_to_me(cast, worker)
    await Case.filter(id=case_id).update(handler_id=COLLEAGUE)
    refused = await move(worker, case_id, "sign", expect=403)
    assert refused["code"] == "not-allowed"


async def test_only_grid_workers_have_this_door(cast: Cast) -> None:
    case = await report(await cast.worker())
    for who, status in ((cast.anybody(), 401), (await cast.resident(), 403), (await cast.staff("handler"), 403)):
        for path in ("cases", f"cases/{case['id']}", "home", "choices"):
            assert (await who.get(f"{WORKER}/{path}")).status_code == status
        assert (await who.post(f"{WORKER}/cases/{case['id']}/sign", json={})).status_code == status


async def test_an_appeal_given_to_a_worker_shows_what_was_said_and_never_who_said_it(cast: Cast) -> None:
    appeal = await cast.appeal(contact={"name": "欧阳小兰", "phone": "13700001111"}, identity="hidden_from_handler")
    case_id = await cast.case_of(appeal)
    await Case.filter(id=case_id).update(handler_id=ME, state="dispatched")
    seen = await (await cast.worker()).get(f"{WORKER}/cases/{case_id}")
    assert seen.json()["said"] == ["村口的路灯坏了,晚上看不见路"]
    assert not {"欧阳", "13700001111"} & {word for word in ("欧阳", "13700001111") if word in seen.text}


async def test_an_appeal_that_a_worker_raises_to_the_next_level_leaves_their_sight(cast: Cast) -> None:
    worker, case_id = await cast.worker(), await cast.case_of(await cast.appeal())
    await Case.filter(id=case_id).update(handler_id=ME, state="signed")
    raised = await move(worker, case_id, "escalate", reason="超出村里能力")
    assert (raised["state"], raised["can"]) == ("accepted", [])
    assert (await worker.get(f"{WORKER}/cases/{case_id}")).status_code == 404


async def all_items(who: httpx.AsyncClient, path: str, **query: str) -> list[dict[str, Any]]:
    """Every item of a list, page by page."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await who.get(f"{WORKER}/{path}", params={"limit": "2", **query, **cursor})).json()
        found += page["items"]
        if page["next"] is None:
            return found
        cursor = {"cursor": page["next"]}


async def a_full_week(cast: Cast) -> httpx.AsyncClient:
    """Cases of all sorts in two villages, visits, and answers to be told."""
    worker, other = await cast.worker(), await cast.worker("13800000002")
    for _ in range(3):
        await report(worker)
    await report(worker, level="urgent", self_handled={"result": "已清", "attachment_ids": []})
    closed = await report(worker, self_handled={"result": "已清", "attachment_ids": []})
    await cast.act("villagedesk", closed["id"], "inspect", passed=True)
    await report(other, grid_code="360781100002001")
    first = await given_to_me(cast, worker)
    await move(worker, first, "sign")
    in_grid = await report(worker, level="urgent")
    await Case.filter(id=in_grid["id"]).update(handler_id=COLLEAGUE, reporter_id=COLLEAGUE, state="reviewing")
    urgent = await report(worker, level="urgent")
    await Case.filter(id=urgent["id"]).update(handler_id=ME, state="handling")
    return worker


async def assert_home_equals_lists(worker: httpx.AsyncClient) -> dict[str, Any]:
    """The numbers of the home page are the lengths of the lists."""
    home = dict((await worker.get(f"{WORKER}/home")).json())
    for mine, count in home["cases"].items():
        assert count == len(await all_items(worker, "cases", mine=mine, state="open")), mine
    assert home["tasks_due"] == len(await all_items(worker, "cases", mine="assigned", state="open", due="today"))
    assert home["unvisited_households"] == len(await all_items(worker, "visits/waiting"))
    assert home["tell_tasks"] == len(await all_items(worker, "tasks"))
    assert home["rejected_items"] == len(await all_items(worker, "sync/items"))
    return home


async def test_the_numbers_of_the_home_page_are_the_lengths_of_the_lists(
    cast: Cast, at: Callable[[str], None]
) -> None:
    worker = await a_full_week(cast)
    home = await assert_home_equals_lists(worker)
    assert home["cases"] == {"assigned": 3, "reported": 6, "grid": 7, "inspection": 1}
    assert (home["tasks_due"], home["unvisited_households"]) == (2, 3)
    at("2026-03-18T08:00")
    assert (await assert_home_equals_lists(worker))["tasks_due"] == 3
    await assert_home_equals_lists(await cast.worker("13800000002"))


async def test_lists_are_narrowed_by_state_and_refuse_unknown_ones(cast: Cast) -> None:
    worker = await a_full_week(cast)
    assert {each["state"] for each in await all_items(worker, "cases", state="submitted,signed")} == {
        "submitted", "signed"
    }  # fmt: skip
    assert [each["state"] for each in await all_items(worker, "cases", state="ended")] == ["closed"]
    assert (await worker.get(f"{WORKER}/cases", params={"state": "asleep"})).status_code == 422
    assert (await worker.get(f"{WORKER}/cases", params={"mine": "everything"})).status_code == 422


async def test_the_list_shows_the_clock_that_runs_out_next(cast: Cast, at: Callable[[str], None]) -> None:
    worker = await cast.worker()
    await report(worker)
    at("2026-03-18T00:00")
    item = (await all_items(worker, "cases", mine="reported"))[0]
    assert item["next_clock"] == {"name": "handling", "due_at": "2026-03-18T23:59:59+08:00", "level": "orange"}


async def test_the_journal_of_a_case_holds_no_free_text(cast: Cast) -> None:
    worker = await cast.worker()
    case_id = await given_to_me(cast, worker)
    await move(worker, case_id, "add-note", text="张三家的灯")
    rows = await fetch("SELECT data::text AS data FROM journal WHERE case_id = $1", [UUID(case_id)])
    assert rows and not any("张三" in row["data"] or "路灯" in row["data"] for row in rows)
