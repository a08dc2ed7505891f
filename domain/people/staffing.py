"""Accounts of staff and grid workers: made, given roles, disabled, always by somebody else (三员分立).

A security administrator acts on accounts whose roles lie within the own areas, gives roles only there, and never
changes the own account.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.access.actor import Actor, within
from domain.access.models import Assignment, Department, Staff
from domain.access.permissions import ROLE_PERMISSIONS, UNIT_ROLES, Permission
from domain.access.queries import department
from domain.access.sessions import end_sessions
from domain.areas.models import Area
from domain.clock import local_date, real_now
from domain.ids import new_id
from domain.journal.unit import Fact, record
from domain.people.models import GridDuty, GridWorker
from domain.problems import NameTaken, NotAllowed, NotFound, invalid
from domain.rulebook import rulebook

WORKER = "grid_worker"
WORKER_ROLES = frozenset({WORKER, "grid_leader", "volunteer"})
ADMINS = frozenset({"system_admin", "security_admin", "audit_admin"})
ROLES = frozenset(ROLE_PERMISSIONS) - {"resident", "guest", "lookup"}


@dataclass(frozen=True)
class RoleGiven:
    """A role in an area, for a department where the role belongs to one."""

    role: str
    area: str
    department: str | None = None


@dataclass(frozen=True)
class NewAccount:
    """What an account starts with; `password_hash` was made outside the transaction."""

    login: str
    name: str
    kind: str
    phone: str
    password_hash: str
    department: str | None
    roles: Sequence[RoleGiven]


async def create_account(actor: Actor, new: NewAccount) -> Staff:
    """A new account; 409 for a login in use, 422 for roles that do not fit it or its areas."""
    if await Staff.exists(login=new.login):
        raise NameTaken
    unit = await _department("department", new.department)
    staff = await Staff.create(
        id=new_id(), login=new.login, name=new.name, kind=new.kind, phone=new.phone, password_hash=new.password_hash,
        department_id=unit.id if unit else None, created_at=real_now(),
    )  # fmt: skip
    await _give(actor, staff, new.roles)
    _record("staff.created", staff, new.roles)
    return staff


async def set_roles(actor: Actor, staff_id: UUID, roles: Sequence[RoleGiven]) -> Staff:
    """Replace the roles of an account; they act on its next request."""
    staff = await administered(actor, staff_id)
    await Assignment.filter(staff_id=staff.id).delete()
    await _give(actor, staff, roles)
    _record("staff.roles-changed", staff, roles)
    return staff


async def set_active(actor: Actor, staff_id: UUID, *, active: bool) -> Staff:
    """Disable an account, which ends its sessions at once, or enable it again."""
    staff = await administered(actor, staff_id)
    staff.active = active
    await staff.save(update_fields=["active"])
    await end_sessions(staff.id)
    _record("staff.enabled" if active else "staff.disabled", staff)
    return staff


async def reset_password(actor: Actor, staff_id: UUID, password_hash: str) -> Staff:
    """Set a first password again; the second factor and a lock are taken off, every session ends."""
    staff = await administered(actor, staff_id)
    staff.password_hash, staff.failed_count, staff.locked_until = password_hash, 0, None
    staff.totp_secret = staff.totp_pending = None
    await staff.save()
    await end_sessions(staff.id)
    _record("staff.password-reset", staff)
    return staff


async def administered(actor: Actor, staff_id: UUID) -> Staff:
    """The account under a row lock: 404 with no role in the actor's areas, 403 with one outside, or one's own."""
    staff: Staff | None = await Staff.filter(id=staff_id).select_for_update().first()
    if staff is None:
        raise NotFound
    paths = await Assignment.filter(staff_id=staff_id).values_list("area_path", flat=True)
    inside = [_inside(actor, str(path)) for path in paths]
    if not any(inside):
        raise NotFound
    if not all(inside) or staff.id == actor.id:
        raise NotAllowed
    return staff


async def has_role_within(staff_id: UUID, areas: Sequence[str]) -> bool:
    """Whether an account holds a role inside one of the area subtrees."""
    paths = await Assignment.filter(staff_id=staff_id).values_list("area_path", flat=True)
    return any(within(str(path), area) for path in paths for area in areas)


async def _give(actor: Actor, staff: Staff, roles: Sequence[RoleGiven]) -> None:
    _check(staff, roles)
    places = {place.code: place for place in await Area.filter(code__in=[given.area for given in roles])}
    units = {name: await _department("roles", name) for name in {given.department for given in roles}}
    for number, given in enumerate(roles):
        place = places.get(given.area)
        if place is None or not _inside(actor, place.path):
            raise invalid(f"roles[{number}].area", "没有这个地区,或不在您的管辖范围内")
        if given.role == WORKER and place.kind != "grid":
            raise invalid(f"roles[{number}].area", "网格员的地区须为网格")
        unit = units[given.department]
        if given.role in UNIT_ROLES and unit is None and staff.department_id is None:
            raise invalid(f"roles[{number}].department", "此岗位须指明所在单位")
        await Assignment.create(
            id=new_id(), staff_id=staff.id, role=given.role, area_code=place.code, area_path=place.path,
            department_id=unit.id if unit else staff.department_id,
        )  # fmt: skip
    if staff.kind == "worker":
        await _grids(staff, [given.area for given in roles if given.role == WORKER])


def _check(staff: Staff, roles: Sequence[RoleGiven]) -> None:
    names = [given.role for given in roles]
    for number, given in enumerate(roles):
        if given.role not in ROLES:
            raise invalid(f"roles[{number}].role", "没有这种岗位")
        if (given.role in WORKER_ROLES) != (staff.kind == "worker"):
            raise invalid(f"roles[{number}].role", "网格员、网格长和志愿者岗位只用于网格员账号")
    if len({(given.role, given.area) for given in roles}) != len(roles):
        raise invalid("roles", "同一岗位和地区只填一次")
    if len(ADMINS & set(names)) > 1:
        raise invalid("roles", "系统、安全、审计管理员须由不同的人担任")


async def _grids(staff: Staff, codes: Iterable[str]) -> None:
    """The public card and the grids of a worker, as the plates show them; a volunteer has neither."""
    wanted = set(codes)
    if wanted:
        await GridWorker.get_or_create(id=staff.id, defaults={"name": staff.name, "public_phone": staff.phone})
    await GridDuty.filter(worker_id=staff.id).exclude(grid_code__in=list(wanted)).delete()
    known = set(await GridDuty.filter(worker_id=staff.id).values_list("grid_code", flat=True))
    for code in sorted(wanted - known):
        await GridDuty.create(id=new_id(), worker_id=staff.id, grid_code=code, since_on=local_date(real_now()))


async def _department(field: str, reference: str | None) -> Department | None:
    unit = await department(reference) if reference else None
    if reference and unit is None:
        raise invalid(field, "没有这个单位")
    return unit


def _inside(actor: Actor, path: str) -> bool:
    return any(within(path, area) for area in actor.areas(Permission.STAFF_MANAGE))


def _record(event: str, staff: Staff, roles: Sequence[RoleGiven] = ()) -> None:
    data = {"roles": [[given.role, given.area] for given in roles]} if roles else {}
    record(Fact(event, rulebook().county, None, staff.id, data))
