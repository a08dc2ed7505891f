"""Whose phones and items somebody administers: those of the grid workers who hold a role in the own areas."""

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.access.scope import Where, area_condition
from domain.rulebook import rulebook


def of_my_workers(where: Where, actor: Actor, permission: Permission, column: str) -> None:
    """Limit a query to these workers; one who holds no role any more belongs to whoever has the whole county."""
    paths = actor.areas(permission)
    held = area_condition(where, "g.area_path", paths)
    condition = f"EXISTS (SELECT 1 FROM assignments g WHERE g.staff_id = {column} AND ({held}))"
    if any(rulebook().county.startswith(path.rpartition(".")[2]) for path in paths):
        condition += f" OR NOT EXISTS (SELECT 1 FROM assignments g WHERE g.staff_id = {column})"
    where.conditions.append(condition)


def area_of(column: str) -> str:
    """SQL for the code of the area in whose journal an act on a worker's phone or item stands."""
    return (
        f"coalesce((SELECT g.area_code FROM assignments g WHERE g.staff_id = {column} ORDER BY g.area_path LIMIT 1),"
        f" '{rulebook().county}') AS area"
    )
