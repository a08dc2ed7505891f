"""The conflict wall at the worker's door and on the phone: whose unit is complained of meets nothing of the case; whoever
is accused of retaliation goes on working, and learns nowhere who said so."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from domain.clock import now
from domain.notices.models import TellTask
from domain.sql import fetch
from server.rules import stable_id
from tests.api.test_grid_events import report
from tests.api.test_sync_push import GRID, HOUSE, Phone, move, visit
from tests.support.cast import RESIDENT, WORKER, Cast
from tests.support.life import REGISTER

pytestmark = pytest.mark.anyio
Move = Callable[[str], None]
ME = stable_id("staff", "13800000001")
UNIT = "市城管局"
WORDS = "城管队员打人"
PERSON = ("李大山", "13912340001")
HERE = {"lon": 116.027, "lat": 25.886, "datum": "gcj02"}
SPOT = "lon=116.027&lat=25.886&datum=gcj02"
LISTS = (
    "/cases", "/cases?mine=assigned", "/cases?mine=reported", "/cases?mine=grid", "/cases?mine=inspection", "/cases?due=true",
    "/cases?state=ended", f"/near?{SPOT}", "/tasks", "/tasks?state=done", "/home", "/inbox", "/households?text=李",
    f"/households/{HOUSE}", "/rounds/today", "/visits/waiting", "/referrals", "/sync/items",
)  # fmt: skip


async def ok(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, f"{answer.request.url} {answer.text}"
    return dict(answer.json())


async def filed(cast: Cast, who: httpx.AsyncClient, kind: str) -> dict[str, Any]:
    """What a villager said through the worker, with house, place, name and telephone."""
    villager = {"name": PERSON[0], "phone": PERSON[1], "relation": "邻居", "consent": True}
    body = {"kind": kind, "content": WORDS, "household_id": HOUSE, "on_behalf_of": villager, "identity": "named",
            "location": HERE}  # fmt: skip
    return await ok(await who.post(f"{WORKER}/appeals", json=body), 201)


async def to_tell(appeal_id: str, case_id: str) -> UUID:
    """An answer that is to be told in person in the worker's grid."""
    path = (await fetch("SELECT path FROM areas WHERE code = $1", [GRID]))[0]["path"]
    made = await TellTask.create(
        appeal_id=appeal_id, case_id=case_id, area_path=path, text="已经处理", state="open", created_at=now(),
        dedupe_key=str(uuid4()),
    )  # fmt: skip
    return UUID(str(made.id))


async def everything(who: httpx.AsyncClient) -> str:
    """All that the lists of the worker's door show."""
    return "\n".join([f"{path} {(await who.get(f'{WORKER}{path}')).text}" for path in LISTS])


async def counts(who: httpx.AsyncClient) -> list[int]:
    home = await ok(await who.get(f"{WORKER}/home"))
    return [home["tasks_due"], home["tell_tasks"], *home["cases"].values()]


async def pulled(phone: Phone, cursor: str | None = None) -> tuple[set[tuple[str, str]], dict[str, Any]]:
    """What a pull says of cases: kind of the change and id; and the whole answer."""
    answer = await ok(await phone.post(**({"cursor": cursor} if cursor else {})))
    return {(one["kind"], one["id"]) for one in answer["changes"] if one["entity"] == "case" and "id" in one}, answer


async def unit_id() -> str:
    return str((await fetch("SELECT id FROM departments WHERE name = $1", [UNIT]))[0]["id"])


@pytest.fixture
async def mine(cast: Cast, at: Move) -> httpx.AsyncClient:
    """A grid worker who belongs to a unit."""
    at("2026-06-01T10:00")
    await fetch("UPDATE staff SET department_id = (SELECT id FROM departments WHERE name = $1) WHERE id = $2 RETURNING id",
                [UNIT, ME])  # fmt: skip
    return await cast.worker()


async def test_a_worker_of_the_unit_complained_of_meets_the_case_nowhere(cast: Cast, mine: httpx.AsyncClient) -> None:
    phone = Phone(mine)
    said = await filed(cast, mine, "complaint")
    case_id, task_id = said["case_id"], await to_tell(said["id"], said["case_id"])
    await fetch("UPDATE cases SET handler_id = $1 WHERE id = $2 RETURNING id", [ME, case_id])
    number = (await fetch("SELECT number FROM cases WHERE id = $1", [case_id]))[0]["number"]
    traces = (case_id, str(task_id), number, said["number"], WORDS, *PERSON, said["id"])
    seen, before = await everything(mine), await counts(mine)
    assert [trace for trace in traces if trace not in seen] == [said["id"]], "the rest is there before"
    cases, answer = await pulled(phone)
    assert ("upsert", case_id) in cases
    about = {"petition_class": "accusation", "complained_of": {"department_id": await unit_id()}}
    await cast.act("dispatcher", case_id, "register", **{**REGISTER, **about, "appeal_type": "complaint"})
    await cast.react()
    seen, after = await everything(mine), await counts(mine)
    assert [trace for trace in traces if trace in seen] == []
    assert sum(before) > 0
    assert sum(after) == 0
    assert (await mine.get(f"{WORKER}/cases/{case_id}")).status_code == 404
    assert (await mine.post(f"{WORKER}/cases/{case_id}/add-note", json={"text": "看看"})).status_code == 404
    assert (await mine.post(f"{WORKER}/tasks/{task_id}/done", json={"note": "告知了"})).status_code == 404
    _, whole = await pulled(phone, answer["next_cursor"])
    assert not [trace for trace in traces if trace in str(whole["changes"])], "a reset takes what the phone had"
    assert {(one["scope"], one["kind"]) for one in whole["changes"]} == {("own", "reset")}
    cases, fresh = await pulled(Phone(mine))
    assert not [trace for trace in traces if trace in str(fresh["changes"])]
    results = await phone.send(
        move(1, case_id, "add-note", text="看看"), move(2, case_id, "submit-result", base=1, result="好了"),
        visit(3, verb="task:done", entity_id=str(task_id), body={"note": "告知了"}),
    )  # fmt: skip
    assert [(one["status"], one["code"]) for one in results] == [("rejected", "not-found")] * 3
    assert await fetch("SELECT id FROM case_texts WHERE case_id = $1 AND author = $2", [case_id, f"worker:{ME}"]) == []
    assert (await TellTask.get(id=task_id)).state == "open"


async def test_an_event_that_turns_against_the_unit_leaves_the_list_the_map_and_the_phone(
    cast: Cast, mine: httpx.AsyncClient
) -> None:
    colleague = await cast.worker("13800000002")
    phone = Phone(mine)
    event = await report(mine, location=HERE, occurred_at="2026-06-01T09:50:00+08:00")
    case_id = event["id"]
    await cast.act("villagedesk", case_id, "dispatch", lead="village-360781100001", handler_id=str(ME))
    await cast.react()
    assert (await ok(await mine.get(f"{WORKER}/inbox")))["unread"] == 1
    cases, answer = await pulled(phone)
    assert cases == {("upsert", case_id)}
    assert case_id in (await mine.get(f"{WORKER}/near?{SPOT}")).text
    appeal = {"channel": "12345_phone", "content": WORDS, "name": PERSON[0], "phone": PERSON[1]}
    await cast.act("dispatcher", case_id, "convert", appeal_type="complaint", topic="0901", appeal=appeal,
                   complained_of={"department_id": await unit_id()})  # fmt: skip
    cases, answer = await pulled(phone, answer["next_cursor"])
    assert cases == {("gone", case_id)}
    assert [trace for trace in (event["number"], WORDS, *PERSON) if trace in str(answer["changes"])] == []
    assert case_id not in await everything(mine)
    assert (await ok(await mine.get(f"{WORKER}/inbox")))["unread"] == 0, "not even a number"
    assert (await mine.get(f"{WORKER}/cases/{case_id}")).status_code == 404
    refused = await phone.one(move(1, case_id, "add-note", text="看看"))
    assert (refused["status"], refused["code"]) == ("rejected", "not-found")
    assert case_id not in await everything(colleague), "an appeal is not an event of anybody's grid"


async def test_an_event_against_the_unit_is_copied_to_no_phone_of_the_unit(cast: Cast, mine: httpx.AsyncClient) -> None:
    event = await report(mine, location=HERE, occurred_at="2026-06-01T09:50:00+08:00")
    await fetch("UPDATE cases SET complained_department_id = (SELECT id FROM departments WHERE name = $1), reporter_id = NULL"
                " WHERE id = $2 RETURNING id", [UNIT, event["id"]])  # fmt: skip
    cases, _ = await pulled(Phone(mine))
    assert cases == set()
    assert event["id"] not in await everything(mine)
    await fetch("UPDATE staff SET department_id = NULL WHERE id = $1 RETURNING id", [ME])
    cases, _ = await pulled(Phone(mine))
    assert cases == {("upsert", event["id"])}, "a worker of another unit has it"


async def test_a_worker_accused_of_retaliation_learns_nowhere_who_said_so(cast: Cast, at: Move) -> None:
    at("2026-06-01T10:00")
    worker, phone = await cast.worker(), Phone(await cast.worker())
    li = await cast.resident("li")
    said = await cast.appeal(li, plate_code=await cast.plate(), area_code=None, location=HERE, identity="named",
                             contact={"name": PERSON[0], "phone": PERSON[1]})  # fmt: skip
    case_id = await cast.case_of(said)
    task_id = await to_tell(said["id"], case_id)
    await cast.act("dispatcher", case_id, "register", **REGISTER)
    await cast.act("dispatcher", case_id, "accept")
    await cast.act("dispatcher", case_id, "dispatch", lead="village-360781100001", handler_id=str(ME))
    shown = await ok(await worker.get(f"{WORKER}/cases/{case_id}"))
    assert shown["location"] == HERE
    assert PERSON[0] in await everything(worker)
    told = await li.post(f"{RESIDENT}/appeals/{said['id']}/retaliation-reports", json={"text": "他威胁我"})
    assert told.status_code == 201, told.text
    await cast.react()
    seen = await everything(worker)
    assert [trace for trace in (*PERSON, "他威胁我", "打击报复", str(task_id)) if trace in seen] == []
    assert (await ok(await worker.get(f"{WORKER}/home")))["tell_tasks"] == 0
    assert (await worker.post(f"{WORKER}/tasks/{task_id}/done", json={})).status_code == 404
    shown = await ok(await worker.get(f"{WORKER}/cases/{case_id}"))
    assert shown["location"] is None
    assert "他威胁我" not in str(shown) and "retaliation" not in str(shown)
    assert "sign" in shown["can"], "the work goes on"
    assert not {"close", "merge", "unmerge", "callback"} & set(shown["can"])
    for action in ("close", "merge", "callback"):
        assert (await worker.post(f"{WORKER}/cases/{case_id}/{action}", json={})).status_code == 404, action
    cases, answer = await pulled(phone)
    assert ("upsert", case_id) in cases
    row = next(one["data"] for one in answer["changes"] if one.get("id") == case_id)
    assert row["household_id"] is None, "the house tells who it is"
    results = await phone.send(
        visit(1, verb="task:done", entity_id=str(task_id), body={"note": "告知了"}), move(2, case_id, "close", base=row["version"]),
        move(3, case_id, "sign", base=row["version"]),
    )  # fmt: skip
    assert [one["status"] for one in results] == ["rejected", "held", "done"]
    await fetch("UPDATE retaliation_reports SET accused = '[]' RETURNING id")
    assert PERSON[0] in (await worker.get(f"{WORKER}/tasks")).text, "whom nobody accuses tells the answer again"
