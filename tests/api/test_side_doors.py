"""Where a second request, another order or a late hour used to go wrong: entry, imports, own data, urging, previews."""

import os
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from uuid import uuid4

import pytest
from openpyxl import Workbook

from domain.cases.models import Deadline
from domain.cases.move import EFFECTS
from domain.clock import local_date, now
from domain.journal import verify
from domain.journal.models import JournalRow
from domain.rulebook import install, rulebook
from domain.sql import fetch
from server.timers import Timers
from server.worker import start_worker
from tests.support.cast import DESK, RESIDENT, Cast
from tests.support.life import CITY, REGISTER, ROAD, bring_to

pytestmark = pytest.mark.anyio

VILLAGE = "360781100001"
ENTRY = {"channel": "letter", "kind": "help", "area_code": "360781", "content": "来信反映路灯不亮", "external_id": "X-1"}


async def test_a_number_of_a_channel_is_entered_once(cast: Cast) -> None:
    desk = await cast.staff("dispatcher")
    assert (await desk.post(f"{DESK}/appeals", json=ENTRY)).status_code == 201
    again = await desk.post(f"{DESK}/appeals", json=ENTRY)
    assert again.status_code == 422
    assert again.json()["errors"] == [{"field": "external_id", "code": "taken", "message": "该渠道编号已登记"}]
    other = await desk.post(f"{DESK}/appeals", json={**ENTRY, "channel": "visit"})
    assert other.status_code == 201


async def test_a_chain_that_grows_while_it_is_checked_holds(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    await cast.appeal(area_code=VILLAGE)
    read = verify._rows

    async def grown(area: str) -> AsyncIterator[JournalRow]:
        await cast.appeal(area_code=VILLAGE)
        async for row in read(area):
            yield row

    monkeypatch.setattr(verify, "_rows", grown)
    assert await verify.verify(VILLAGE) is None


async def test_contacts_of_the_erased_are_emptied_by_the_daily_round(cast: Cast) -> None:
    li = await cast.resident("li")
    receipt = await cast.appeal(li, contact={"name": "李四", "phone": "13700001111"})
    assert (await li.delete(f"{RESIDENT}/me")).status_code == 200
    contact = "SELECT name, phone FROM appellants WHERE appeal_id = $1"
    assert (await fetch(contact, [receipt["id"]]))[0]["phone"] == "13700001111"
    case_id = await cast.case_of(receipt)
    for login in ("dispatcher", "dispatcher2"):
        await cast.act(login, case_id, "void", reason_code="test")
    services = cast.app.ctx.services
    await services.store.delete_if_equal(f"purged:{local_date(now()).isoformat()}", "1")
    await Timers(services).sweep()
    assert await fetch(contact, [receipt["id"]]) == [{"name": "", "phone": ""}]


async def test_a_refused_list_leaves_no_file(cast: Cast) -> None:
    book, raw = Workbook(), BytesIO()
    for line in (["村编码", "门牌", "户主", "联系电话"], [VILLAGE, "99号", "张三", "13800138000"]):
        book.active.append(line)
    book.save(raw)
    folder = cast.app.ctx.services.settings.data_dir
    before = sorted(name for _, _, names in os.walk(folder) for name in names)
    answer = await (await cast.staff("villagedesk")).post(
        f"{DESK}/households/imports", files={"file": ("a.xlsx", raw.getvalue())}, data={"area": "360781200"}
    )
    assert answer.status_code == 404
    assert sorted(name for _, _, names in os.walk(folder) for name in names) == before


async def test_words_on_a_dispatch_stay_out_of_journal_and_jobs(cast: Cast) -> None:
    case_id = await bring_to(cast, "accepted")
    await cast.act("dispatcher", case_id, "dispatch", lead=CITY, rule_reasons=["诉求人张三 13800001234"])
    for sql in ("SELECT data::text AS d FROM journal", "SELECT args::text AS d FROM jobs.procrastinate_jobs"):
        assert not [row for row in await fetch(sql, []) if "13800001234" in row["d"]]
    (kept,) = await fetch("SELECT explanation::text AS d FROM dispatch_records WHERE case_id = $1", [case_id])
    assert "13800001234" in kept["d"]


async def test_own_data_hold_reviews_and_reports_of_retaliation(cast: Cast) -> None:
    li = await cast.resident("li")
    receipt = await cast.appeal(li)
    case_id = await cast.case_of(receipt)
    await _answer(cast, case_id)
    for path, body in (("review-requests", {"reason": "答复与事实不符"}), ("retaliation-reports", {"text": "有人上门威胁"})):
        assert (await li.post(f"{RESIDENT}/appeals/{receipt['id']}/{path}", json=body)).status_code == 201
    data = (await li.get(f"{RESIDENT}/me/data")).json()
    assert [row["reason"] for row in data["reviews"]] == ["答复与事实不符"]
    assert [row["text"] for row in data["retaliation_reports"]] == ["有人上门威胁"]
    assert data["hearing_requests"] == []


async def test_the_window_of_a_place_decides_what_can_be_rated(cast: Cast, at: Callable[[str], None]) -> None:
    before = rulebook()
    install(replace(before, overlays={"360781100": replace(before, rating_window_days=60)}))
    try:
        at("2026-03-16T09:00")
        li = await cast.resident("li")
        receipt = await cast.appeal(li)
        await _answer(cast, await cast.case_of(receipt))
        at("2026-04-30T09:00")
        assert "rate" in (await li.get(f"{RESIDENT}/appeals/{receipt['id']}")).json()["can"]
        urged = await li.post(f"{RESIDENT}/appeals/{receipt['id']}/urges", json={})
        assert "rate" in urged.json()["can"]
    finally:
        install(before)


async def test_faults_tell_lists_from_texts_in_chinese(cast: Cast) -> None:
    li = await cast.resident("li")
    wanted = {
        "attachment_ids": ([str(uuid4()) for _ in range(10)], "最多 9 项"),
        "content": (5, "类型不对,应为文字"),
    }
    for field, (value, message) in wanted.items():
        answer = await li.post(f"{RESIDENT}/appeals", json={"kind": "help", "content": "x", field: value})
        assert answer.json()["errors"] == [{"field": field, "code": "invalid", "message": message}]


async def test_a_preview_of_the_calendar_reads_all_clocks_at_once(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    case_ids = {await bring_to(cast, "submitted") for _ in range(3)}
    asked, read = [], Deadline.filter
    monkeypatch.setattr(Deadline, "filter", lambda *args, **given: asked.append(given) or read(*args, **given))
    days = [local_date(now()) + timedelta(days=n) for n in range(8)]
    rows = [{"on": day.isoformat(), "working": False} for day in days]
    shown = await (await cast.staff("admin")).post(f"{DESK}/calendar/preview", json={"rows": rows})
    assert case_ids <= {item["case_id"] for item in shown.json()["items"]}
    assert len(asked) == 1


async def test_urging_leaves_the_form_of_the_desk_alone_and_has_a_limit(cast: Cast) -> None:
    li = await cast.resident("li")
    receipt = await cast.appeal(li)
    case_id = await cast.case_of(receipt)
    seen = (await (await cast.staff("dispatcher")).get(f"{DESK}/cases/{case_id}")).json()["version"]
    codes = [(await li.post(f"{RESIDENT}/appeals/{receipt['id']}/urges", json={})).status_code for _ in range(11)]
    assert codes == [201] * 10 + [429]
    fed = await fetch("SELECT version FROM feed WHERE entity_id = $1", [case_id])
    assert [row["version"] for row in fed] == [seen] * 11
    await cast.act("dispatcher", case_id, "register", **REGISTER, version=seen)


async def test_a_move_without_an_effect_keeps_the_worker_from_starting(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(EFFECTS, "urge")
    with pytest.raises(RuntimeError, match="moves without an effect: urge"):
        await start_worker(cast.app.ctx.services)


async def _answer(cast: Cast, case_id: str) -> None:
    for _, login, action, body in ROAD:
        await cast.act(login, case_id, action, **body)
