"""Turns the checked profile into the rulebook that the domain reads, and seeds what belongs into the database."""

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import structlog

from config.profile import Channel, Duplicates, Profile, Ratings
from config.rules import load_divisions, load_profile, work_calendar
from config.settings import Settings
from domain.access.models import Department
from domain.areas.models import Area
from domain.cases import limits
from domain.cases.calendar import refresh
from domain.catalogue.matching import Line
from domain.catalogue.models import DutyItem, DutyVersion
from domain.catalogue.versions import Heading, item
from domain.clock import now
from domain.rulebook import Emergency, EventType, NoticeText, Reach, Rulebook, Topic
from server.channel_register import seed_channels
from web.unit_of_work import shielded

FIRST_EFFECTIVE = date(2026, 1, 1)  # the seeds' scheme; older cases are asked by the first version too
CALENDAR_EVERY = 5.0  # seconds; a deadline set meanwhile by the older calendar is found by its version
log = structlog.get_logger("rules")


def build_rulebook(settings: Settings) -> tuple[Profile, Rulebook]:
    """The rules of the deployment's profile, with those of the areas that have their own."""
    profile = load_profile(settings.profile)
    return profile, book_of(profile, settings)


def book_of(profile: Profile, settings: Settings) -> Rulebook:
    """The rules of a profile, with those of its areas that have their own."""
    overlays = {area: _book(overlay, settings, overlay.channels) for area, overlay in profile.overlays.items()}
    return replace(_book(profile, settings, profile.all_channels), overlays=overlays)


def _book(profile: Profile, settings: Settings, channels: Mapping[str, Channel]) -> Rulebook:
    public = [line.number for line in profile.hotlines if not line.emergency]
    return Rulebook(
        profile=profile.code,
        name=profile.name,
        county=profile.area,
        hotline=public[0] if public else "12345",
        emergency_numbers=tuple(line.number for line in profile.hotlines if line.emergency),
        calendar=work_calendar(profile.hours),
        tracks=profile.tracks,
        track_rules=profile.track_rules,
        warnings=profile.warnings,
        topics={t.code: Topic(t.code, t.name, t.plain, t.icon, t.parent) for t in profile.topics.values()},
        event_types={c: EventType(c, e.name, e.topic, e.linked) for c, e in profile.event_types.items()},
        channels={c.code: c.name for c in channels.values()},
        notices={name: NoticeText(n.title, n.body) for name, n in profile.notices.items()},
        retention_days=profile.retention_days,
        visit_round_days=profile.field.visit_round_days,
        flags=profile.flags,
        emergencies={
            c: Emergency(c, e.name, e.numbers, e.linked, e.words) for c, e in profile.emergencies.items()
        },
        hotline_names={line.number: line.name for line in profile.hotlines},
        limits=profile.limits,
        practices=profile.practices,
        reaches=_reaches(profile.duplicates),
        callback_attempts=profile.ratings.callback_attempts,
        callback_days=profile.ratings.callback_days,
        rating_window_days=profile.ratings.window_days,
        rating_weights=(profile.ratings.process_weight, profile.ratings.result_weight),
        rework_auto_rounds=_auto_rounds(profile.ratings),
        content_judged=settings.content_judged,
        wechat_templates=_pairs(settings.wechat_templates),
        sms_templates=_pairs(settings.sms_templates),
    )


def _auto_rounds(rules: Ratings) -> int:
    """How often a case reopens by itself on a bad rating: never, the first time, every time."""
    if rules.first_bad == "decide":
        return 0
    return 1 if rules.later_bad == "decide" else sys.maxsize


def _reaches(rules: Duplicates) -> dict[str, Reach]:
    by_topic = {code: Reach(metres, days) for code, (metres, days) in rules.topics.items()}
    return {"": Reach(rules.radius_m, rules.window_days), **by_topic}


def follow_calendar() -> Callable[[], Awaitable[None]]:
    """Look for edits of the working calendar every few seconds, in every process; what is returned ends that."""

    async def follow() -> None:
        while True:
            await asyncio.sleep(CALENDAR_EVERY)
            try:
                await shielded(refresh())
                await shielded(limits.refresh())
            except Exception as error:  # noqa: BLE001 (a database that is away must not end the watch)
                log.warning("calendar not read", error=type(error).__name__)

    task = asyncio.create_task(follow())

    async def stop() -> None:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    return stop


def _pairs(text: str) -> dict[str, str]:
    """`answer=TEMPLATE,close=TEMPLATE` as a mapping."""
    return dict(part.split("=", 1) for part in text.split(",") if "=" in part)


def stable_id(kind: str, code: str) -> UUID:
    """The same id for the same entry of a profile on every machine and at every start."""
    return uuid5(NAMESPACE_URL, f"huying:{kind}:{code}")


async def seed(profile: Profile) -> None:
    """Write areas, units and the responsibility catalogue that are not there yet; what is there is never touched."""
    await _seed_areas(profile)
    await seed_channels(profile)
    await limits.seed_limits(limit_table(profile), f"{profile.name}规则文件")
    units = [Department(id=stable_id("unit", code), **row) for code, row in (await unit_rows(profile)).items()]
    await Department.bulk_create(units, ignore_conflicts=True)
    await _seed_catalogue(profile)


def limit_table(profile: Profile) -> limits.Table:
    """The limits of a profile and of the areas in it that have their own."""
    return limits.table_of({limits.BASE: profile.tracks, **{a: one.tracks for a, one in profile.overlays.items()}})


async def _seed_catalogue(profile: Profile) -> None:
    """The catalogue of the file as its first version, once; later ones are published at the desk or applied."""
    if await DutyVersion.exists():
        return
    first = DutyVersion(
        id=UUID(bytes=bytes(6) + stable_id("duty-list", profile.code).bytes[6:]),  # sorts before every later version
        title=catalogue_heading(profile).title, source="profile", state="published",
        effective_on=FIRST_EFFECTIVE, created_at=now(), published_at=now(),
    )  # fmt: skip
    await DutyVersion.bulk_create([first], ignore_conflicts=True)
    items = [item(first.id, line, stable_id("duty", code)) for code, line in catalogue_lines(profile).items()]
    await DutyItem.bulk_create(items, ignore_conflicts=True, batch_size=500)


def catalogue_heading(profile: Profile) -> Heading:
    """What the catalogue of a profile is called."""
    return Heading(title=f"{profile.name}职责清单", document_no="", source="profile")


async def unit_rows(profile: Profile) -> dict[str, dict[str, Any]]:
    """The units of the profile as columns of their table, by code; the areas are there already."""
    paths = dict(await Area.exclude(kind="grid").values_list("code", "path"))
    return {
        unit.code: {
            "code": unit.code, "name": unit.name, "kind": unit.kind, "area_code": unit.area,
            "area_path": paths.get(unit.area, paths[profile.area]), "active": True,
        }
        for unit in profile.units.values()
    }  # fmt: skip


def catalogue_lines(profile: Profile) -> dict[str, Line]:
    """The responsibility catalogue of the profile, by code."""
    return {
        duty.code: Line(
            code=duty.code, topic=duty.topic, name=duty.item, lead=duty.lead, co_units=duty.co_units, basis=duty.basis,
            responsibility=duty.owed_by, place=duty.place, areas=duty.areas, ended_on=duty.ended_on,
        )
        for duty in profile.duties
    }  # fmt: skip


def channel_rows(profile: Profile) -> list[dict[str, Any]]:
    """The channels of the profile and of its areas as columns of their register; an area's own name their area."""
    found = {code: (channel, "") for code, channel in profile.channels.items()}
    for area, overlay in profile.overlays.items():
        for code, channel in overlay.channels.items():
            found.setdefault(code, (channel, area))
    return [
        {
            "code": channel.code, "name": channel.name, "manager_code": channel.manager,
            "aggregation": channel.aggregation, "handling": channel.handling, "number": channel.number,
            "petition": channel.petition, "basis": channel.basis, "area_code": area,
        }
        for channel, area in found.values()
    ]  # fmt: skip


async def _seed_areas(profile: Profile) -> None:
    if await Area.exists(code=profile.area):
        return
    rows = load_divisions(profile.area)
    first = rows[0]
    province = first.city_code[:2]
    areas: dict[str, Area] = {}

    def put(code: str, name: str, kind: str, parent: str | None) -> None:
        if code not in areas:
            path = f"{areas[parent].path}.{code}" if parent else code
            areas[code] = Area(code=code, name=name, kind=kind, parent_code=parent, path=path)

    put(province, first.province, "province", None)
    put(first.city_code, first.city, "city", province)
    for row in rows:
        put(row.county_code, row.county, "county", row.city_code)
        put(row.town_code, row.town, "town", row.county_code)
        put(row.code, row.name, "village", row.town_code)
    await Area.bulk_create(areas.values(), ignore_conflicts=True, batch_size=500)
