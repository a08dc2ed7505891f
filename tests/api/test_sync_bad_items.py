"""A bad item is refused and kept, never sent for ever, and never stands in the way of another; its worker reads why."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from domain.clock import now
from domain.sql import fetch
from domain.visits.models import Visit
from server.rules import stable_id
from tests.api.test_sync_push import FOREIGN, Phone, event, move, stored, visit
from tests.support.cast import DESK, WORKER, Cast
from tests.support.phone import Phone as ReferencePhone

pytestmark = pytest.mark.anyio
JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def phone(cast: Cast) -> Phone:
    return Phone(await cast.worker())


async def raw(phone: Phone, *items: str, tail: str = "]}") -> list[dict[str, Any]]:
    """Send items as they are written."""
    text = f'{{"device_id": "{phone.device}", "items": [' + ",".join(items) + tail
    answer = await phone.who.post(f"{WORKER}/sync", content=text.encode(), headers=JSON)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["results"])


def noted(sequence: int, mark: str) -> tuple[dict[str, Any], str]:
    """A visit with a note, and how it is written when the note is this text."""
    item = visit(sequence)
    item["body"]["note"] = "@"
    return item, json.dumps(item, ensure_ascii=False).replace('"@"', mark)


async def test_half_an_emoji_is_mended_and_all_items_are_done(phone: Phone) -> None:
    cut, text = noted(2, r'"看望老人\ud83d"')
    whole, other = noted(3, r'"好\ud83d\ude00 \\ud83d"')
    results = await raw(phone, json.dumps(visit(1)), text, other)
    assert [r["status"] for r in results] == ["done"] * 3
    assert (await Visit.get(id=cut["entity_id"])).note == "看望老人\ufffd"
    assert (await Visit.get(id=whole["entity_id"])).note == "好😀 \\ud83d"
    assert [r["status"] for r in await raw(phone, text)] == ["duplicate"]


@pytest.mark.parametrize("mark", ["NaN", "[" * 1200 + "]" * 1200, "[" * 500 + "]" * 500, "1e400", '"a\nb"', '"a\x00b"'])
async def test_an_item_that_is_no_json_is_kept_and_the_others_are_done(phone: Phone, mark: str) -> None:
    bad, text = noted(2, mark)
    results = await raw(phone, json.dumps(visit(1)), text, json.dumps(visit(3)))
    assert [r["status"] for r in results] == ["done", "rejected", "done"]
    assert results[1]["id"] == bad["id"]
    assert results[1]["message"].startswith("记录的格式不对")
    assert (await stored(bad))["body"] == text.replace("\x00", "\ufffd")
    assert (await phone.who.get(f"{WORKER}/sync/items/{bad['id']}")).json()["status"] == "rejected"
    assert [r["status"] for r in await raw(phone, text)] == ["duplicate"]


async def test_bytes_that_are_no_utf8_are_mended(phone: Phone) -> None:
    item, text = noted(1, '"@@"')
    body = f'{{"device_id": "{phone.device}", "items": [{text}]}}'.encode().replace(b"@@", b"\xe8\x80")
    answer = await phone.who.post(f"{WORKER}/sync", content=body, headers=JSON)
    assert answer.json()["results"][0]["status"] == "done"
    assert (await Visit.get(id=item["entity_id"])).note == "\ufffd"


async def test_what_cannot_be_cut_is_one_bad_rest(phone: Phone) -> None:
    bad, good = visit(2), visit(3)
    results = await raw(phone, json.dumps(visit(1)), json.dumps(bad)[:-1], json.dumps(good))
    assert [(r["status"], r["id"]) for r in results[1:]] == [("rejected", bad["id"])]
    assert good["id"] in (await stored(bad))["body"]
    assert not await Visit.exists(id=good["entity_id"])
    [cut] = await raw(phone, json.dumps(visit(4))[:-30], tail="")
    assert cut["status"] == "rejected"


async def test_a_thing_without_an_id_is_kept_once(phone: Phone) -> None:
    for status in ("rejected", "duplicate"):
        assert [(r["id"], r["status"]) for r in await raw(phone, '{"hello": 1}')] == [(None, status)]
    rows = await fetch("SELECT body, status FROM sync_items WHERE device = $1", [phone.device])
    assert [(row["body"], row["status"]) for row in rows] == [('{"hello": 1}', "rejected")]


async def test_an_envelope_that_is_no_json_is_refused(phone: Phone) -> None:
    for text in ('{"device_id": NaN, "items": [1]}', '{"items": [NaN]}', "[[", '{"device_id"'):
        answer = await phone.who.post(f"{WORKER}/sync", content=text.encode(), headers=JSON)
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


@pytest.mark.parametrize("field", ["verb", "area"])
async def test_a_nul_is_refused_and_kept_and_does_not_come_again(phone: Phone, field: str) -> None:
    bad, good = visit(1, **{field: "\x00"}), visit(2)
    results = await phone.send(bad, good)
    assert [(r["status"], r.get("code")) for r in results] == [("rejected", "invalid-fields"), ("done", None)]
    assert (await stored(bad))["status"] == "rejected"
    assert (await phone.who.get(f"{WORKER}/sync/items/{bad['id']}")).status_code == 200
    assert (await phone.one(bad))["first"] == "rejected"


async def test_a_nul_in_the_words_is_refused_and_the_words_are_kept(cast: Cast, phone: Phone) -> None:
    made = event(1)
    await phone.one(made)
    await cast.act("dispatcher", made["entity_id"], "add-note", text="请尽快")
    bad = [visit(2), move(3, made["entity_id"], "add-note", text="a\x00b")]
    bad[0]["body"]["note"] = "a\x00b"
    late = move(4, made["entity_id"], "self-handle", base=1, result="换了\x00水管")
    results = await phone.send(*bad, late, move(5, made["entity_id"], "add-note", text="照常"))
    assert [r["status"] for r in results if r["status"] in ("retry", "held")] == []
    assert (results[2]["status"], results[3]["status"]) == ("conflict", "done")
    for item in (*bad, late):
        if (await stored(item))["status"] != "done":
            assert r"\u0000" in (await stored(item))["body"]


@pytest.mark.parametrize("version", [2**31, -1, "x", 2**70])
async def test_an_impossible_version_is_refused_and_later_items_of_the_case_go_on(phone: Phone, version: Any) -> None:
    made = event(1)
    await phone.one(made)
    bad = move(2, made["entity_id"], "add-note", text="来过", version=version)
    results = await phone.send(bad, move(3, made["entity_id"], "add-note", text="又来过"))
    assert [(r["status"], r.get("code")) for r in results] == [("rejected", "invalid-fields"), ("done", None)]


async def test_files_that_are_no_list_are_refused(phone: Phone) -> None:
    for number, said in enumerate((7, None, "x", {"a": 1}), 1):
        item = event(number, attachments=[{"id": str(uuid4())}])
        item["body"]["attachment_ids"] = said
        assert (await phone.one(item))["status"] == "rejected"


async def test_reasons_are_sentences_without_names_of_fields(cast: Cast, phone: Phone) -> None:
    both, foreign, nowhere, old = visit(1), visit(2), visit(3), {**visit(4), "verb": "v" * 61}
    both["body"] |= {"outcome": "danced", "note": "字" * 2001}
    foreign["body"]["household_id"], nowhere["body"]["household_id"] = FOREIGN, str(uuid4())
    missing = visit(5)
    del missing["occurred_at"]
    nobody = visit(6)
    del nobody["body"]["household_id"]
    results = await phone.send(both, foreign, nowhere, old, missing, nobody)
    said = [r["message"] for r in results]
    assert [text for text in said if any(letter.isascii() and letter.isalpha() for letter in text) or "。;" in text] == []
    assert said[0].startswith("部分内容填写有误:")
    assert said[1] == said[2]  # nothing is told about what lies elsewhere
    assert said[1].startswith("不在您现在负责的网格里")
    assert said[3] == said[4] == "记录的格式不对(应用版本可能过旧),请更新应用后重试;内容已保留。"
    assert said[5] == "部分内容填写有误:住户(请填写 住户 或 门牌码 其中一项)。"
    assert "$.verb" in results[3]["technical"]
    desk = await cast.staff("villagedesk")
    reason = (await desk.get(f"{DESK}/sync-quarantine/{old['id']}")).json()["reason"]
    assert (reason["text"], reason["technical"]) == (said[3], results[3]["technical"])


async def refused_count(who: httpx.AsyncClient) -> int:
    return int((await who.get(f"{WORKER}/home")).json()["rejected_items"])


async def test_a_worker_gives_up_an_own_refused_item_and_nothing_else(cast: Cast, phone: Phone) -> None:
    bad, good = visit(1), visit(2)
    bad["body"]["outcome"] = "danced"
    await phone.send(bad, good)
    assert await refused_count(phone.who) == 1
    path = f"{WORKER}/sync/items/{bad['id']}"
    other = await cast.worker("13800000002")
    assert (await other.delete(path)).status_code == 404
    assert (await (await cast.staff("dispatcher")).delete(path)).status_code == 403
    for unknown in (good["id"], str(uuid4()), "none"):
        assert (await phone.who.delete(f"{WORKER}/sync/items/{unknown}")).status_code == 404
    for _ in range(2):
        assert (await phone.who.delete(path)).status_code == 204
    assert await refused_count(phone.who) == 0
    assert (await phone.who.get(f"{WORKER}/sync/items")).json()["items"] == []
    facts = await fetch("SELECT subject_id FROM journal WHERE event = 'sync.item-given-up'")
    assert [str(fact["subject_id"]) for fact in facts] == [bad["id"]]
    [settled] = (await (await cast.staff("villagedesk")).get(f"{DESK}/sync-quarantine?state=settled")).json()["items"]
    assert (settled["id"], settled["settled_note"]) == (bad["id"], "网格员本人放弃")


async def test_a_record_sent_anew_under_another_id_settles_the_refused_one(phone: Phone) -> None:
    bad = visit(1)
    bad["body"]["outcome"] = "danced"
    await phone.one(bad)
    assert (await phone.one(visit(2)))["status"] == "done"  # another visit settles nothing
    assert await refused_count(phone.who) == 1
    assert (await phone.one(visit(3, entity_id=bad["entity_id"])))["status"] == "done"
    assert await refused_count(phone.who) == 0
    assert (await stored(bad))["settled_note"] == "网格员更正后已登记"


async def test_another_note_on_the_case_settles_no_refused_note(phone: Phone) -> None:
    made = event(1)
    bad = move(2, made["entity_id"], "add-note", text=7)
    results = await phone.send(made, bad, move(3, made["entity_id"], "add-note", text="别的事"))
    assert [r["status"] for r in results] == ["done", "rejected", "done"]
    assert await refused_count(phone.who) == 1


async def test_a_clock_that_is_days_off_is_shown_to_the_desk(cast: Cast, phone: Phone) -> None:
    bad = visit(1)
    bad["body"]["outcome"] = "danced"
    await phone.send(bad, clock={"wall": (now() + timedelta(days=2)).isoformat()})
    item = (await (await cast.staff("villagedesk")).get(f"{DESK}/sync-quarantine/{bad['id']}")).json()
    assert (item["clock"]["far_off"], item["clock"]["skew_s"] > 2 * 86000) == (True, True)
    worker = stable_id("staff", "13800000001")
    admin = await cast.staff("admin")
    [device] = (await admin.get(f"{DESK}/workers/{worker}/devices")).json()["items"]
    assert device["clock"] == {"skew_s": item["clock"]["skew_s"], "far_off": True}
    await phone.one(visit(2), clock={"wall": now().isoformat()})
    [device] = (await admin.get(f"{DESK}/workers/{worker}/devices")).json()["items"]
    assert device["clock"]["far_off"] is False


def test_the_reference_phone_sets_aside_what_no_server_reads(tmp_path: Path) -> None:
    """A server (or a guard before it) that refuses the whole batch for one item: the queue goes on without it."""
    epoch = {"epoch": 1, "changes": [], "more": False, "revoked": [], "backup_watermark": None, "next_cursor": "c", "device_key": "k"}
    poison: list[str] = []

    def send(envelope: dict[str, Any]) -> httpx.Response:
        headers = {"X-Huying-Api": "1"}
        if any(item["id"] in poison for item in envelope["items"]):
            return httpx.Response(422, json={"code": "malformed-body"}, headers=headers)
        results = [{"id": item["id"], "status": "done"} for item in envelope["items"]]
        return httpx.Response(200, json={**epoch, "results": results, "server_time": now().isoformat()}, headers=headers)

    reference = ReferencePhone(tmp_path / "phone.db", send, now, durable=False)
    items = [reference.record("visit", str(uuid4()), {"note": str(n)}) for n in range(7)]
    poison.append(items[3]["id"])
    reference.sync_all()
    assert set(reference.results()) == {item["id"] for item in items} - set(poison)
    assert reference.set_aside() == poison
    reference.close()
