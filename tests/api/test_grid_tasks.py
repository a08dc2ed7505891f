"""Telling an answer in person, and saying what should be better about the app."""

from datetime import datetime
from uuid import UUID, uuid4

import pytest

from domain.clock import now
from domain.notices.models import TellTask
from domain.sql import fetch
from tests.support.cast import WORKER, Cast

pytestmark = pytest.mark.anyio


async def task(cast: Cast, village: int = 0, identity: str = "named") -> TellTask:
    plate = await cast.plate(village, 1)
    appeal = await cast.appeal(
        plate_code=plate, area_code=None, identity=identity, contact={"name": "李甲", "phone": "13700000099"}
    )
    rows = await fetch("SELECT area_path FROM appeals WHERE id = $1", [UUID(appeal["id"])])
    return await TellTask.create(
        appeal_id=appeal["id"], case_id=await cast.case_of(appeal), area_path=rows[0]["area_path"],
        text="路灯已修好。", state="open", created_at=now(), dedupe_key=str(uuid4()),
    )  # fmt: skip


async def test_an_answer_is_told_once_and_recorded(cast: Cast) -> None:
    worker, waiting = await cast.worker(), await task(cast)
    item = (await worker.get(f"{WORKER}/tasks")).json()["items"][0]
    assert (item["id"], item["text"], item["plate_text"], item["name"]) == (
        str(waiting.id), "路灯已修好。", "一组1号", "李甲"
    )  # fmt: skip
    done = await worker.post(f"{WORKER}/tasks/{waiting.id}/done", json={"note": "当面说了,老人很高兴"})
    assert (done.status_code, done.json()["state"]) == (200, "done")
    again = await worker.post(f"{WORKER}/tasks/{waiting.id}/done", json={"note": "再说一次"})
    assert again.json() == done.json()
    assert (await worker.get(f"{WORKER}/tasks")).json()["items"] == []
    assert len((await worker.get(f"{WORKER}/tasks", params={"state": "done"})).json()["items"]) == 1
    rows = await fetch("SELECT data::text AS data FROM journal WHERE event = 'answer.told'")
    assert len(rows) == 1 and "老人" not in rows[0]["data"]


async def test_a_task_says_which_clock_of_its_case_runs_out_next(cast: Cast) -> None:
    worker, waiting = await cast.worker(), await task(cast)
    [due] = await fetch(
        "SELECT name, due_at FROM deadlines WHERE case_id = $1 AND stopped_at IS NULL ORDER BY due_at LIMIT 1",
        [waiting.case_id],
    )
    [item] = (await worker.get(f"{WORKER}/tasks")).json()["items"]
    assert (datetime.fromisoformat(item["due_at"]), item["clock"]) == (due["due_at"], due["name"])
    await worker.post(f"{WORKER}/tasks/{waiting.id}/done", json={})
    [done] = (await worker.get(f"{WORKER}/tasks", params={"state": "done"})).json()["items"]
    assert (done["due_at"], done["clock"]) == (None, None)


async def test_who_wants_to_stay_hidden_stays_hidden_from_the_grid_worker(cast: Cast) -> None:
    worker = await cast.worker()
    await task(cast, identity="hidden_from_handler")
    item = (await worker.get(f"{WORKER}/tasks")).json()["items"][0]
    assert (item["plate_text"], item["name"], item["phone"]) == (None, None, None)


async def test_tasks_of_another_village_do_not_exist(cast: Cast) -> None:
    worker, foreign = await cast.worker(), await task(cast, village=1)
    assert (await worker.get(f"{WORKER}/tasks")).json()["items"] == []
    for wanted in (foreign.id, uuid4(), "seven"):
        assert (await worker.post(f"{WORKER}/tasks/{wanted}/done", json={})).status_code == 404
    assert (await TellTask.get(id=foreign.id)).state == "open"


async def test_bad_words_about_a_task_are_refused(cast: Cast) -> None:
    worker, waiting = await cast.worker(), await task(cast)
    for body in ({"note": "长" * 201}, {"score": 5}):
        assert (await worker.post(f"{WORKER}/tasks/{waiting.id}/done", json=body)).status_code == 422
    assert (await worker.get(f"{WORKER}/tasks", params={"state": "all"})).status_code == 422


async def test_only_grid_workers_tell(cast: Cast) -> None:
    waiting = await task(cast)
    for who, status in ((cast.anybody(), 401), (await cast.resident(), 403), (await cast.staff("handler"), 403)):
        assert (await who.get(f"{WORKER}/tasks")).status_code == status
        assert (await who.post(f"{WORKER}/tasks/{waiting.id}/done", json={})).status_code == status
        assert (await who.post(f"{WORKER}/suggestions", json={"text": "x"})).status_code == status
        assert (await who.get(f"{WORKER}/suggestions")).status_code == status


async def test_a_worker_says_what_should_be_better_about_the_app(cast: Cast) -> None:
    worker, other = await cast.worker(), await cast.worker("13800000002")
    said = await worker.post(f"{WORKER}/suggestions", json={"text": "字太小,请放大"})
    assert said.status_code == 201, said.text
    assert [each["text"] for each in (await worker.get(f"{WORKER}/suggestions")).json()["items"]] == ["字太小,请放大"]
    assert (await other.get(f"{WORKER}/suggestions")).json()["items"] == []
    rows = await fetch("SELECT data::text AS data FROM journal WHERE event = 'suggestion.made'")
    assert len(rows) == 1 and "字太小" not in rows[0]["data"]
    for body in ({"text": ""}, {"text": " \u200b "}, {"text": "长" * 2001}, {}):
        assert (await worker.post(f"{WORKER}/suggestions", json=body)).status_code == 422
