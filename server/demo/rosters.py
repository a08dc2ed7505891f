"""The demo's rapid teams, two weeks of duty and the leaders' fields of three offices; every number is invented."""

from datetime import UTC, datetime, time, timedelta

from domain.access.models import Department
from domain.clock import SHANGHAI, local_date, now
from domain.dispatch.models import LeaderField
from domain.rosters.models import DutyShift, TeamMember
from domain.rulebook import rulebook
from server.demo.company import DUTY_LOGIN, DUTY_UNIT
from server.rules import stable_id

OFFICES = {
    "市城管局": ("1101", "周局长", "handler", "unitlead"), "市水利局": ("1102", "吴局长", "handler2", "reviewer2"),
    DUTY_UNIT: ("1103", "郑主任", DUTY_LOGIN, "dispatcher"),
}  # fmt: skip
PEOPLE = (("lead", 1, "陈队长"), ("deputy", 1, "李副队长"), ("backbone", 1, "赵工"), ("backbone", 2, "钱工"))
DAYS = 14
NIGHT, NOON = (time(17, 30), 15), (time(12), 2.5)  # start and hours
FREE_DAY = (time(8, 30), 24)


async def make_rosters() -> None:
    """Fill the rosters from today on, once; a weekend day of the second office stays empty, so that a gap is seen."""
    for name, (prefix, head, *logins) in OFFICES.items():
        unit = await Department.get(name=name)
        people = [
            TeamMember(
                id=stable_id("duty-member", f"{name}:{role}:{place}"), department_id=unit.id, role=role, place=place,
                name=who, phone=f"139{prefix}{number:04d}", staff_id=stable_id("staff", logins[number % 2]),
                checked_at=now(), reachable=True,
            )
            for number, (role, place, who) in enumerate(PEOPLE)
        ]  # fmt: skip
        await TeamMember.bulk_create(people, ignore_conflicts=True)
        await DutyShift.bulk_create(_shifts(unit, people, gap=name == "市水利局"), ignore_conflicts=True)
        await LeaderField.bulk_create(
            [LeaderField(id=stable_id("leader", name), department_id=unit.id, name=head, post="局长", topics=[],
                         since_on=local_date(now()))],
            ignore_conflicts=True,
        )  # fmt: skip


def _shifts(unit: Department, people: list[TeamMember], *, gap: bool) -> list[DutyShift]:
    """Nights and noons on working days, whole days on the others, the people in turn."""
    calendar, today, found = rulebook().calendar, local_date(now()), []
    free = 0
    for number in range(DAYS):
        on = today + timedelta(days=number)
        worked = calendar.is_working_day(on)
        free += not worked
        if gap and free == 1 and not worked:
            continue
        spans = (("夜班", *NIGHT), ("午间", *NOON)) if worked else (("全天", *FREE_DAY),)
        for turn, (label, starts, hours) in enumerate(spans):
            who = people[(number + turn) % len(people)]
            start = datetime.combine(on, starts, SHANGHAI).astimezone(UTC)
            found.append(DutyShift(
                id=stable_id("duty-shift", f"{unit.code}:{on}:{label}"), department_id=unit.id, member_id=who.id, on=on,
                label=label, starts_at=start, ends_at=start + timedelta(hours=hours),
            ))  # fmt: skip
    return found
