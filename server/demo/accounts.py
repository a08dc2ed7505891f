"""The accounts of the demo: staff of every role and grid workers of two villages, all with one published password."""

from datetime import date
from uuid import UUID

from argon2 import PasswordHasher

from domain.access.models import Assignment, Department, Staff
from domain.areas.models import Area
from domain.clock import real_now
from domain.people.models import GridDuty, GridWorker
from server.rules import stable_id

PASSWORD = "Huying-demo-2026"  # noqa: S105 (published on purpose; the demo refuses to run in production)

COUNTY = "360781"
TOWN = "360781100"

# login: (name, roles, department name, area code)
STAFF: dict[str, tuple[str, tuple[str, ...], str | None, str]] = {
    "dispatcher": ("刘晓梅", ("intake_officer", "dispatcher"), "市行政审批局 (热线办)", COUNTY),
    "dispatcher2": ("温小平", ("intake_officer", "dispatcher"), "市行政审批局 (热线办)", COUNTY),
    "handler": ("钟志强", ("handler",), "市城管局", COUNTY),
    "reviewer": ("曾凡丽", ("reviewer",), "市城管局", COUNTY),
    "unitlead": ("谢建国", ("unit_lead",), "市城管局", COUNTY),
    "principal": ("杨文华", ("principal",), "市城管局", COUNTY),
    "handler2": ("朱水生", ("handler",), "市水利局", COUNTY),
    "reviewer2": ("赖春香", ("reviewer",), "市水利局", COUNTY),
    "towndesk": ("邹丽娟", ("dispatcher",), "象湖镇", TOWN),
    "townhandler": ("胡海波", ("handler",), "象湖镇", TOWN),
    "townreviewer": ("温桂英", ("reviewer",), "象湖镇", TOWN),
    "villagedesk": ("罗金福", ("village_secretary", "village_petition_agent"), None, ""),
    "supervisor": ("陈国栋", ("supervision_section",), "督查考评科", COUNTY),
    "callback": ("许秋菊", ("callback_officer",), "回访组", COUNTY),
    "leader": ("丁远航", ("leading_group_member", "case_leader"), "市政府办", COUNTY),
    "meeting": ("宋明亮", ("joint_meeting_office",), "联席办", COUNTY),
    "reviewoffice": ("钟国平", ("review_officer",), "市政府办", COUNTY),
    "rereviewoffice": ("范德明", ("review_officer",), "联席办", COUNTY),
    "discipline": ("严正平", ("discipline_inspector",), "市纪委监委", COUNTY),
    "admin": ("管理员", ("system_admin", "area_admin"), None, COUNTY),
    "security": ("安全管理员", ("security_admin",), None, COUNTY),
    "auditor": ("审计管理员", ("audit_admin",), None, COUNTY),
}

WORKERS = {
    "13800000001": ("邱小兰", "有事您说话,能办的当天办,不能办的当天报。"),
    "13800000002": ("黄东生", "常来走走,多听一句,多跑一步。"),
}


def demo_villages(villages: list[Area]) -> list[Area]:
    """The two villages whose grid workers have demo accounts: the first two of 象湖镇."""
    return sorted((v for v in villages if v.parent_code == TOWN), key=lambda v: v.code)[:2]


async def make_accounts(grids: dict[str, list[Area]]) -> None:
    """Make every demo account; `grids` are the grids of each village. Running it again changes nothing."""
    secret = PasswordHasher().hash(PASSWORD)
    villages = demo_villages(await Area.filter(kind="village"))
    await _village_department(villages[0])
    units = {unit.name: unit for unit in await Department.all()}
    for login, (name, roles, unit_name, area_code) in STAFF.items():
        code = area_code or villages[0].code
        unit = _unit(units, unit_name) if unit_name else units.get(villages[0].name) if not area_code else None
        await add_staff(login, name, "staff", secret, unit)
        for role in roles:
            await add_role(login, role, await Area.get(code=code), unit)
    for village, (phone, (name, commitment)) in zip(villages, WORKERS.items(), strict=True):
        await _worker(phone, name, commitment, secret, grids[village.code])


async def _village_department(village: Area) -> None:
    await Department.get_or_create(
        code=f"village-{village.code}",
        defaults={"id": stable_id("unit", village.code), "name": village.name, "kind": "village",
                  "area_code": village.code, "area_path": village.path},
    )  # fmt: skip


def _unit(units: dict[str, Department], name: str) -> Department:
    """A unit by its name, or by the short one without the part in brackets."""
    plain = name.split(" ", maxsplit=1)[0]
    return units.get(name) or units.get(name.replace(" ", "")) or units[plain]


async def add_staff(login: str, name: str, kind: str, secret: str, unit: Department | None) -> None:
    """An account with the hash of its password, unless it is there."""
    await Staff.get_or_create(
        login=login,
        defaults={"id": stable_id("staff", login), "name": name, "kind": kind, "password_hash": secret,
                  "department_id": unit.id if unit else None, "created_at": real_now(),
                  "phone": login if kind == "worker" else ""},
    )  # fmt: skip


async def add_role(login: str, role: str, area: Area, unit: Department | None) -> None:
    """A role of an account in an area, unless it is held."""
    await Assignment.get_or_create(
        staff_id=stable_id("staff", login), role=role, area_code=area.code,
        defaults={"id": stable_id("role", f"{login}:{role}:{area.code}"), "area_path": area.path,
                  "department_id": unit.id if unit else None},
    )  # fmt: skip


async def _worker(phone: str, name: str, commitment: str, secret: str, grids: list[Area]) -> UUID:
    await add_staff(phone, name, "worker", secret, None)
    worker_id = stable_id("staff", phone)
    await GridWorker.get_or_create(
        id=worker_id, defaults={"name": name, "public_phone": phone, "commitment": commitment}
    )
    for grid in grids:
        await add_role(phone, "grid_worker", grid, None)
        await GridDuty.get_or_create(
            worker_id=worker_id, grid_code=grid.code,
            defaults={"id": stable_id("duty", f"{phone}:{grid.code}"), "since_on": date(2026, 1, 4)},
        )  # fmt: skip
    return worker_id
