"""Readers of departments and staff."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.models import Department
from domain.access.permissions import UNIT_ROLES, Permission
from domain.access.scope import Where, area_condition, in_scope
from domain.problems import NotFound
from domain.sql import fetch, load


async def department(reference: str) -> Department | None:
    """An active department by id, code or exact name."""
    try:
        return await Department.get_or_none(id=UUID(reference), active=True)
    except ValueError:
        named = "SELECT * FROM departments WHERE active AND (code = $1 OR name = $1) ORDER BY code <> $1 LIMIT 1"
        return next(iter(await load(Department, named, [reference])), None)


async def departments(actor: Actor, text: str, before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """Active departments whose name or code holds the text, within the areas the actor may see."""
    where = Where()
    in_scope(where, actor, Permission.AREA_READ, "area_path")
    where.conditions.append("active")
    if text:
        where.add("strpos(name, {}) > 0 OR code = {}", text, text)
    if before:
        where.add("id < {}", before)
    return await fetch(
        f"SELECT id, code, name, kind, area_code, phone FROM departments WHERE {where.sql}"
        f" ORDER BY id DESC LIMIT {limit + 1}",
        where.values,
    )


async def unit_for(actor: Actor, permission: Permission, unit_id: UUID) -> Department:
    """A unit of the actor's areas, or the own one for who works in a unit; 404 for others."""
    unit = await Department.get_or_none(id=unit_id)
    if unit is None or not any(
        grant.department_id == unit.id if grant.role in UNIT_ROLES else True
        for grant in actor.granting(permission, unit.area_path)
    ):
        raise NotFound
    return unit


async def town_of(village: Department) -> UUID | None:
    """The unit of the town in which a village lies."""
    rows = await fetch(
        "SELECT id FROM departments WHERE active AND kind = 'town' AND starts_with($1, area_path || '.') LIMIT 1",
        [village.area_path],
    )
    return rows[0]["id"] if rows else None


async def holders(role: str, area_path: str) -> Sequence[UUID]:
    """Staff who hold a role for an area: those of the nearest subtree that has any."""
    rows = await fetch(
        "SELECT staff_id, area_path FROM assignments WHERE role = $1 AND ($2 = area_path OR"
        " starts_with($2, area_path || '.')) ORDER BY length(area_path) DESC",
        [role, area_path],
    )
    nearest = rows[0]["area_path"] if rows else ""
    return [row["staff_id"] for row in rows if row["area_path"] == nearest]


async def unit_staff(department_id: UUID, roles: Sequence[str]) -> Sequence[UUID]:
    """Staff who hold one of the roles for a department."""
    rows = await fetch(
        "SELECT DISTINCT staff_id FROM assignments WHERE department_id = $1 AND role = ANY($2::text[])",
        [department_id, list(roles)],
    )
    return [row["staff_id"] for row in rows]


async def public_departments(text: str, before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """Names of active departments that hold the text, for whoever wants to complain about one."""
    where = Where()
    where.conditions.append("active")
    if text:
        where.add("strpos(name, {}) > 0", text)
    if before:
        where.add("id < {}", before)
    return await fetch(
        f"SELECT id, name FROM departments WHERE {where.sql} ORDER BY id DESC LIMIT {limit + 1}", where.values
    )


async def account(staff_id: UUID) -> dict[str, Any]:
    """An account with its roles, their areas and departments; never a secret. 404 when there is none."""
    found = await accounts([staff_id])
    if not found:
        raise NotFound
    return found[0]


async def accounts(ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """Accounts by id, newest first, with their roles."""
    rows = await fetch(
        "SELECT f.id, f.login, f.name, f.kind, f.phone, f.active, f.department_id, d.name AS department,"
        " f.totp_secret IS NOT NULL AS second_factor FROM staff f LEFT JOIN departments d ON d.id = f.department_id"
        " WHERE f.id = ANY($1::uuid[]) ORDER BY f.id DESC",
        [list(ids)],
    )
    roles = await fetch(
        "SELECT g.staff_id, g.role, g.area_code, a.name AS area_name, g.department_id, d.name AS department"
        " FROM assignments g LEFT JOIN areas a ON a.code = g.area_code LEFT JOIN departments d ON d.id = g.department_id"
        " WHERE g.staff_id = ANY($1::uuid[]) ORDER BY g.role, g.area_code",
        [list(ids)],
    )
    for row in rows:
        row["roles"] = [
            {name: role[name] for name in ("role", "area_code", "area_name", "department_id", "department")}
            for role in roles
            if role["staff_id"] == row["id"]
        ]
    return rows


async def find_staff(actor: Actor, text: str, before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """Accounts with a role in the areas that the actor administers, newest first, one more than the limit."""
    where = Where()
    held = area_condition(where, "g.area_path", actor.areas(Permission.STAFF_MANAGE))
    where.conditions.append(f"EXISTS (SELECT 1 FROM assignments g WHERE g.staff_id = f.id AND ({held}))")
    if text:
        where.add("strpos(f.login, {}) > 0 OR strpos(f.name, {}) > 0", text, text)
    if before:
        where.add("f.id < {}", before)
    rows = await fetch(
        f"SELECT f.id FROM staff f WHERE {where.sql} ORDER BY f.id DESC LIMIT {limit + 1}", where.values
    )
    return await accounts([row["id"] for row in rows])
