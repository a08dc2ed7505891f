"""Turns the checked profile into the rulebook that the domain reads, and seeds what belongs into the database."""

from uuid import NAMESPACE_URL, UUID, uuid5

from config.profile import Profile
from config.rules import load_divisions, load_profile, work_calendar
from config.settings import Settings
from domain.access.models import Department
from domain.areas.models import Area
from domain.dispatch.models import DutyItem
from domain.rulebook import EventType, NoticeText, Rulebook, Topic


def build_rulebook(settings: Settings) -> tuple[Profile, Rulebook]:
    """The rules of the deployment's profile."""
    profile = load_profile(settings.profile)
    public = [line.number for line in profile.hotlines if not line.emergency]
    return profile, Rulebook(
        profile=profile.code,
        name=profile.name,
        county=profile.county,
        hotline=public[0] if public else "12345",
        emergency_numbers=tuple(line.number for line in profile.hotlines if line.emergency),
        calendar=work_calendar(profile.hours),
        tracks=profile.tracks,
        track_rules=profile.track_rules,
        warnings=profile.warnings,
        topics={t.code: Topic(t.code, t.name, t.plain, t.icon, t.parent) for t in profile.topics.values()},
        event_types={c: EventType(c, e.name, e.topic, e.linked) for c, e in profile.event_types.items()},
        channels={c.code: c.name for c in profile.channels.values()},
        notices={name: NoticeText(n.title, n.body) for name, n in profile.notices.items()},
        retention_days=profile.retention_days,
        rating_window_days=profile.ratings.window_days,
        rework_auto_rounds=1 if profile.ratings.first_bad == "auto" else 0,
        wechat_templates=_pairs(settings.wechat_templates),
        sms_templates=_pairs(settings.sms_templates),
    )


def _pairs(text: str) -> dict[str, str]:
    """`answer=TEMPLATE,close=TEMPLATE` as a mapping."""
    return dict(part.split("=", 1) for part in text.split(",") if "=" in part)


def stable_id(kind: str, code: str) -> UUID:
    """The same id for the same entry of a profile on every machine and at every start."""
    return uuid5(NAMESPACE_URL, f"huying:{kind}:{code}")


async def seed(profile: Profile) -> None:
    """Write areas, units and the responsibility catalogue that are not there yet; what is there is never touched."""
    await _seed_areas(profile)
    paths = dict(await Area.all().values_list("code", "path"))
    county_path = paths[profile.county]
    units = [
        Department(
            id=stable_id("unit", unit.code), code=unit.code, name=unit.name, kind=unit.kind, area_code=unit.area,
            area_path=paths.get(unit.area, county_path),
        )
        for unit in profile.units.values()
    ]  # fmt: skip
    await Department.bulk_create(units, ignore_conflicts=True)
    items = [
        DutyItem(
            id=stable_id("duty", duty.code), topic=duty.topic, name=duty.item, lead_code=duty.lead,
            co_codes=list(duty.co_units), basis=duty.basis, area_first=duty.lead == "@town",
        )
        for duty in profile.duties
    ]  # fmt: skip
    await DutyItem.bulk_create(items, ignore_conflicts=True)


async def _seed_areas(profile: Profile) -> None:
    if await Area.exists(code=profile.county):
        return
    rows = load_divisions(profile.county)
    first = rows[0]
    province = first.city_code[:2]
    areas: dict[str, Area] = {}

    def put(code: str, name: str, kind: str, parent: str | None) -> None:
        if code not in areas:
            path = f"{areas[parent].path}.{code}" if parent else code
            areas[code] = Area(code=code, name=name, kind=kind, parent_code=parent, path=path)

    put(province, first.province, "province", None)
    put(first.city_code, first.city, "city", province)
    put(first.county_code, first.county, "county", first.city_code)
    for row in rows:
        put(row.town_code, row.town, "town", row.county_code)
        put(row.code, row.name, "village", row.town_code)
    await Area.bulk_create(areas.values(), ignore_conflicts=True, batch_size=500)
