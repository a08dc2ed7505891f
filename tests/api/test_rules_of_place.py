"""Rules of an area that has its own hold for everything that concerns a case there, not those of the deployment."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from docx import Document  # type: ignore[import-untyped]

from domain.deadlines.limits import Limit
from domain.rulebook import NoticeText, install, rulebook
from domain.sql import fetch
from tests.support.cast import DESK, RESIDENT, WORKER, Cast
from tests.support.life import bring_to

pytestmark = pytest.mark.anyio
Move = Callable[[str], None]
TOWN = "360781100"
ELSEWHERE = "360781101"


@pytest.fixture
def town() -> Iterator[Callable[..., None]]:
    """Puts rules of its own into force in the town of the stage."""
    before = rulebook()

    def put(limits: dict[str, str] | None = None, **own: Any) -> None:
        limits_here = {**before.limits, **{name: Limit.parse(code) for name, code in (limits or {}).items()}}
        install(replace(before, overlays={TOWN: replace(before, limits=limits_here, **own)}))

    yield put
    install(before)


async def test_a_verification_is_due_by_the_limit_of_the_place(cast: Cast, at: Move, town: Callable[..., None]) -> None:
    at("2026-03-16T09:00")
    town({"verification": "2wd"})
    case_id = await bring_to(cast, "signed")
    shown = await cast.act("handler", case_id, "transfer-down", unit="象湖镇", task="请核实权属")
    assert shown["verifications"][0]["due_on"] == "2026-03-18"


async def test_the_opinion_names_the_time_for_a_review_by_the_rules_of_the_place(
    cast: Cast, at: Move, town: Callable[..., None]
) -> None:
    at("2026-06-01T09:00")
    town({"review_request": "10d"}, hotline="0797-2500000")
    case_id = await bring_to(cast, "answered")
    answer = await (await cast.staff("handler")).get(f"{DESK}/cases/{case_id}/documents/opinion.docx")
    text = "\n".join(found.text for found in Document(BytesIO(answer.content)).paragraphs)
    assert "2026年6月11日" in text
    assert "0797-2500000" in text


async def test_an_event_takes_the_track_and_the_type_of_the_place(cast: Cast, at: Move, town: Callable[..., None]) -> None:
    at("2026-03-13T16:30")
    book = rulebook()
    tracks = {
        code: replace(track, clocks={name: replace(clock, limit=Limit.parse("9d")) for name, clock in track.clocks.items()})
        for code, track in book.tracks.items()
    }
    kinds = {**book.event_types, "E99": replace(book.event_types["E4"], code="E99", name="水渠")}
    town(tracks=tracks, event_types=kinds)
    offered = (await (await cast.worker()).get(f"{WORKER}/choices")).json()["event_types"]
    assert "E99" in [kind["code"] for kind in offered]
    body = {"id": str(uuid4()), "occurred_at": "2026-03-13T16:20:00+08:00", "event_type": "E99", "level": "ordinary",
            "grid_code": "360781100001001", "description": "水渠塌了"}  # fmt: skip
    case = (await (await cast.worker()).post(f"{WORKER}/events", json=body)).json()
    handling = next(clock for clock in case["clocks"] if clock["name"] == "handling")
    assert handling["due_at"][:10] == "2026-03-22"


async def test_danger_sounds_and_numbers_are_those_of_the_place(cast: Cast, town: Callable[..., None]) -> None:
    fire = replace(next(iter(rulebook().emergencies.values())), words=("溃坝",), numbers=("0797-2500119",))
    town(emergencies={fire.code: fire})
    said = "水库要溃坝了"
    assert (await cast.appeal(content=said))["emergency"]["numbers"][0] == "0797-2500119"
    assert "emergency" not in await cast.appeal(content=said, area_code=ELSEWHERE)


async def test_an_office_is_warned_and_a_reporter_told_by_the_rules_of_the_place(
    cast: Cast, at: Move, town: Callable[..., None]
) -> None:
    at("2026-06-01T09:00")
    book = rulebook()
    warnings = replace(book.warnings, yellow_share=0.1, orange_share=0.2)
    own = NoticeText("本镇已收到", "本镇收到,{due_on} 前联系。急事请打 {hotline}。")
    town(warnings=warnings, hotline="0797-2500000", notices={**book.notices, "retaliation-report": own})
    case_id = await bring_to(cast, "answered")
    appeal = (await fetch("SELECT id FROM appeals WHERE case_id = $1", [case_id]))[0]["id"]
    li = await cast.resident("li")
    body = {"text": "有人上门威胁"}
    assert (await li.post(f"{RESIDENT}/appeals/{appeal}/retaliation-reports", json=body)).status_code == 201
    rows = await fetch("SELECT ladder FROM office_clocks WHERE kind = 'retaliation'", json=("ladder",))
    level, since = rows[0]["ladder"][0]
    assert (level, since[:16]) == ("yellow", "2026-06-01T03:24"), "a tenth of 24 hours"
    await cast.react()
    inbox = (await li.get(f"{RESIDENT}/me/inbox")).json()["items"]
    assert "急事请打 0797-2500000。" in next(one["text"] for one in inbox if one["title"] == "本镇已收到")


async def test_no_progress_is_counted_by_the_rules_of_the_place(cast: Cast, at: Move, town: Callable[..., None]) -> None:
    at("2026-06-01T09:00")
    town({"no_progress": "5d"})
    await bring_to(cast, "signed")
    await bring_to(cast, "signed", area_code=ELSEWHERE)
    at("2026-06-08T09:00")
    rows = (await (await cast.staff("supervisor")).get(f"{DESK}/scheduling")).json()["items"]
    found = {row["name"]: (row["open"], row["no_progress"]) for row in rows}
    assert found["市城管局"] == (2, 1)


async def test_a_case_is_called_back_as_often_as_the_rules_of_its_place_ask(
    cast: Cast, at: Move, town: Callable[..., None]
) -> None:
    at("2026-06-01T09:00")
    town(callback_attempts=1, callback_days=1)
    here, there = await bring_to(cast, "answered"), await bring_to(cast, "answered", area_code=ELSEWHERE)
    for case_id in (here, there):
        await cast.act("callback", case_id, "callback", reached=False, comment="无人接听")
    waiting = (await (await cast.staff("callback")).get(f"{DESK}/callbacks")).json()["items"]
    assert [one["id"] for one in waiting] == [there]


async def test_the_resident_is_told_how_long_a_rating_is_possible_at_the_place(
    cast: Cast, at: Move, town: Callable[..., None]
) -> None:
    at("2026-06-01T09:00")
    town(rating_window_days=60)

    async def last_step(query: str = "") -> str:
        guide = (await cast.anybody().get(f"{RESIDENT}/guide{query}")).json()
        return str(guide["steps"][-1]["text"])

    assert (await last_step("?area_code=360781100001")).startswith("答复后 60 天内由您评价")
    assert (await last_step(f"?area_code={ELSEWHERE}")).startswith("答复后 30 天内由您评价")
    assert (await last_step()).startswith("答复后 30 天内(当地另有规定的,以诉求页面写明的日期为准)由您评价")
    unknown = await cast.anybody().get(f"{RESIDENT}/guide?area_code=9999")
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (422, "area_code")
    li = await cast.resident("li")
    waiting = (await li.get(f"{RESIDENT}/appeals/{(await cast.appeal(li))['id']}")).json()
    assert waiting["rate_until"] is None
    case_id = await bring_to(cast, "answered")
    appeal = (await fetch("SELECT id FROM appeals WHERE case_id = $1", [case_id]))[0]["id"]
    assert (await li.get(f"{RESIDENT}/appeals/{appeal}")).json()["rate_until"] == "2026-07-31T09:00:00+08:00"
    own = {"process": 5, "result": 5, "solved": "yes", "staff": "active"}
    at("2026-07-31T08:00")
    assert (await li.post(f"{RESIDENT}/appeals/{appeal}/ratings", json=own)).status_code == 201
    assert (await li.get(f"{RESIDENT}/appeals/{appeal}")).json()["rate_until"] is None


async def test_an_urgent_event_of_a_places_own_kind_calls_the_duty_officer(
    cast: Cast, at: Move, town: Callable[..., None]
) -> None:
    at("2026-03-13T16:30")
    kinds = rulebook().event_types
    town(event_types={**kinds, "E99": replace(kinds["E4"], code="E99", name="水渠")})
    body = {"id": str(uuid4()), "occurred_at": "2026-03-13T16:20:00+08:00", "event_type": "E99", "level": "urgent",
            "grid_code": "360781100001001", "description": "水渠塌了"}  # fmt: skip
    assert (await (await cast.worker()).post(f"{WORKER}/events", json=body)).status_code == 201
    assert "ring_duty" in await cast.react()
    assert await fetch("SELECT 1 AS told FROM notices WHERE event = 'event.reported'")
