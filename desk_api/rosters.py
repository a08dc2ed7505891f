"""Staff door: duty rosters of units: who is on duty, where nobody is, sheets in, weeks copied."""

import asyncio
from datetime import date, time, timedelta
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta

from desk_api.household_imports import XLSX, attachment, read_upload
from desk_api.teams import member_shape, unit_of
from domain.access.models import Department
from domain.access.permissions import Permission as P
from domain.access.queries import department, unit_for
from domain.clock import local_date, now
from domain.deadlines.calendar import start_of_day
from domain.problems import NotFound, UnacceptableSheet, invalid
from domain.rosters import shifts, teams
from domain.rosters.on_duty import REASONS, recipient, segments
from domain.rosters.sheet import read_roster, roster_template
from domain.sheets.reading import Sheet
from domain.text import clean_text
from web.bodies import Strict
from web.routes import Answer, Ask, Route, path_id
from web.shapes import local, masked_phone
from web.uploads import Upload

Row = dict[str, Any]
LONGEST = 62  # days of a roster at once
SHEET_BYTES = 1024 * 1024
Clock = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class Span(Strict):
    """Local days, both counted; the week from today when none is named."""

    since: date | None = None
    until: date | None = None


class Turn(Strict):
    """One person's turn; an end that is not after the start lies on the next day."""

    member_id: UUID
    on: date
    starts: Clock
    ends: Clock
    label: Annotated[str, Meta(min_length=1, max_length=20)] = "值班"
    place: Annotated[int, Meta(ge=1, le=9)] = 1


class Turns(Strict):
    """The turns to write."""

    turns: Annotated[list[Turn], Meta(min_length=1, max_length=500)]


class Copy(Strict):
    """The first day of the week to repeat, and of the week it is repeated on."""

    source: date
    target: date


async def show_roster(ask: Ask) -> Row:
    """Shifts of a unit and who would be rung when, gaps included (`GET /units/{id}/roster`)."""
    unit = await unit_of(ask)
    since = ask.query.since or local_date(now())
    until = ask.query.until or since + timedelta(days=6)
    if not 0 <= (until - since).days < LONGEST:
        raise invalid("until", f"结束日期应在开始日期之后,最长 {LONGEST} 天")
    first, last = start_of_day(since), start_of_day(until + timedelta(days=1))
    cut = segments(await shifts.roster_of(unit, first, last), first, last)
    names = {row["id"]: row["name"] for row in await teams.team(unit.id)}
    spans = [
        {"starts_at": local(one.starts_at), "ends_at": local(one.ends_at), "kind": one.recipient.kind,
         "reason": one.recipient.reason, "people": [names.get(who, "") for who in one.recipient.member_ids]}
        for one in cut
    ]  # fmt: skip
    rows = await shifts.shifts_of(unit.id, since, until)
    return {
        "unit": {"id": unit.id, "name": unit.name}, "since": since, "until": until,
        "shifts": [_shift(row) for row in rows], "spans": spans, "gaps": [one for one in spans if one["kind"] == "gap"],
    }  # fmt: skip


async def show_now(ask: Ask) -> Row:
    """Who is on duty in a unit at this moment (`GET /units/{id}/on-duty`)."""
    unit, at = await unit_of(ask), now()
    found = recipient(await shifts.roster_of(unit, at, at), at)
    people = {row["id"]: row for row in await teams.team(unit.id)}
    return {
        "unit": {"id": unit.id, "name": unit.name, "phone": unit.phone}, "at": local(at), "kind": found.kind,
        "reason": REASONS[found.kind], "people": [member_shape(people[who]) for who in found.member_ids if who in people],
    }  # fmt: skip


async def put_turns(ask: Ask) -> Row:
    """Write turns into the roster (`POST /units/{id}/shifts`)."""
    turns = [_turn(one) for one in ask.body.turns]
    new, changed = await shifts.put_turns(ask.actor, path_id(ask), turns)
    return {"new": new, "changed": changed}


async def drop_shift(ask: Ask) -> Answer:
    """Take a shift out (`DELETE /shifts/{id}`)."""
    await shifts.drop_shift(ask.actor, path_id(ask))
    return Answer(status=204)


async def copy_week(ask: Ask) -> Row:
    """Repeat a week on another (`POST /units/{id}/week-copies`)."""
    unit = path_id(ask)
    new, without = await shifts.copy_week(ask.actor, unit, ask.body.source, ask.body.target)
    return {"new": new, "without_person": without}


async def read_sheet(ask: Ask) -> tuple[Department, Sheet[shifts.Turn]]:
    """Read the sheet against the people of the unit, before the transaction."""
    upload: Upload = ask.body
    unit = await department(upload.fields.get("unit", ""))
    if unit is None:
        raise invalid("unit", "请写明单位", "required")
    await unit_for(ask.actor, P.ROSTER_MANAGE, unit.id)
    people: dict[str, list[UUID]] = {}
    for row in await teams.team(unit.id):
        people.setdefault(row["name"], []).append(row["id"])
    return unit, await read_upload(upload, read_roster, people)


async def take_in(ask: Ask) -> Row:
    """Write a sheet into the roster of a unit; with errors nothing is written unless `good_rows_only` is sent."""
    unit, sheet = ask.prepared
    applied = not sheet.errors or ask.body.fields.get("good_rows_only") in ("1", "true", "yes")
    new, changed = await shifts.put_turns(ask.actor, unit.id, sheet.rows) if applied else (0, 0)
    errors = [{"row": one.row, "column": one.column, "reason": one.message} for one in sheet.errors]
    return {"unit": {"id": unit.id, "name": unit.name}, "total": sheet.total, "applied": applied, "new": new,
            "changed": changed, "errors": errors}  # fmt: skip


async def send_template(ask: Ask) -> Answer:
    """An empty roster to fill in (`GET /rosters/template`)."""
    raw = await asyncio.to_thread(roster_template)
    return Answer(raw=raw, headers=attachment("duty-roster-template.xlsx"), content_type=XLSX)


def _turn(body: Turn) -> shifts.Turn:
    return shifts.Turn(
        member_id=body.member_id, on=body.on, starts=time.fromisoformat(body.starts),
        ends=time.fromisoformat(body.ends), label=clean_text(body.label) or "值班", place=body.place,
    )  # fmt: skip


def _shift(row: Row) -> Row:
    return {
        "id": row["id"], "member_id": row["member_id"], "name": row["name"], "phone": masked_phone(row["phone"]),
        "on": row["on_day"], "label": row["label"], "place": row["place"], "starts_at": local(row["starts_at"]),
        "ends_at": local(row["ends_at"]),
    }  # fmt: skip


ROUTES = (
    Route(method="GET", path="/units/<id:str>/roster", handler=show_roster, gate=P.ROSTER_READ, query=Span, reads=True,
          summary="值班表和空岗"),
    Route(method="GET", path="/units/<id:str>/on-duty", handler=show_now, gate=P.ROSTER_READ, reads=True,
          summary="现在谁值班"),
    Route(method="POST", path="/units/<id:str>/shifts", handler=put_turns, gate=P.ROSTER_MANAGE, body=Turns, status=201,
          summary="排班"),
    Route(method="DELETE", path="/shifts/<id:str>", handler=drop_shift, gate=P.ROSTER_MANAGE, status=204, summary="撤班"),
    Route(method="POST", path="/units/<id:str>/week-copies", handler=copy_week, gate=P.ROSTER_MANAGE, body=Copy,
          status=201, summary="复制一周值班"),
    Route(method="POST", path="/rosters/imports", handler=take_in, prepare=read_sheet, gate=P.ROSTER_MANAGE,
          upload_bytes=SHEET_BYTES, status=201, summary="导入值班表", problems=(UnacceptableSheet, NotFound)),
    Route(method="GET", path="/rosters/template", handler=send_template, gate=P.ROSTER_MANAGE, reads=True,
          content_type=XLSX, summary="值班表模板"),
)  # fmt: skip
