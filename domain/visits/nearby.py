"""What lies near a position: the cases that a worker tracks and the households of the own grids, by distance."""

from typing import Any

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.access.scope import Where, in_scope
from domain.areas.geometry import Position, box_around, distance_m, to_gcj02
from domain.cases.queries import visible_cases
from domain.cases.states import OPEN
from domain.sql import fetch

# Positions of either datum are stored side by side and differ by up to 700 m: the box has to hold both.
DATUM_SLACK_M = 800.0
MOST = 5000


async def near_cases(actor: Actor, here: Position, radius_m: float) -> list[dict[str, Any]]:
    """Open cases that the worker may see within a radius, nearest first, each with `distance_m`."""
    where = visible_cases(actor)
    where.add("c.state = ANY({}::text[])", sorted(OPEN))
    _boxed(where, "c", here, radius_m)
    rows = await fetch(
        "SELECT c.id, c.number, c.kind, c.state, c.title, c.event_type, c.urgent, c.lon, c.lat, c.datum FROM cases c"
        f" WHERE {where.sql} LIMIT {MOST}",
        where.values,
    )
    return _within(rows, here, radius_m)


async def near_households(actor: Actor, here: Position, radius_m: float) -> list[dict[str, Any]]:
    """Active households of the worker's grids within a radius, nearest first, each with `distance_m`."""
    where = Where()
    in_scope(where, actor, Permission.FIELD_READ, "h.area_path")
    where.conditions.append("h.state = 'active'")
    _boxed(where, "h", here, radius_m)
    rows = await fetch(
        "SELECT h.id, h.door_text, h.group_name, h.grid_code, h.lon, h.lat, h.datum FROM households h"
        f" WHERE {where.sql} LIMIT {MOST}",
        where.values,
    )
    return _within(rows, here, radius_m)


def _boxed(where: Where, alias: str, here: Position, radius_m: float) -> None:
    lon, lat = to_gcj02(here)
    box = box_around(lon, lat, radius_m + DATUM_SLACK_M)
    where.add(f"{alias}.lat BETWEEN {{}} AND {{}}", box.south, box.north)
    where.add(f"{alias}.lon BETWEEN {{}} AND {{}}", box.west, box.east)


def _within(rows: list[dict[str, Any]], here: Position, radius_m: float) -> list[dict[str, Any]]:
    for row in rows:
        row["distance_m"] = distance_m(here, Position(row["lon"], row["lat"], row["datum"] or "gcj02"))
    return sorted((row for row in rows if row["distance_m"] <= radius_m), key=lambda row: float(row["distance_m"]))
