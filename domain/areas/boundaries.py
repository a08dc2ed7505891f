"""The boundaries of grids: imported as GeoJSON, shown as a map, asked in which grid a position lies."""

from dataclasses import dataclass
from typing import Any

import msgspec

from domain.access.actor import Actor, within
from domain.access.permissions import Permission
from domain.access.scope import Where, area_condition, in_scope
from domain.areas.crossing import TooTangled, crossing
from domain.areas.geometry import NoPolygon, Position, Ring, bent, box_of, holds, polygons_of, to_gcj02
from domain.areas.models import Area
from domain.clock import now
from domain.journal.unit import Fact, record
from domain.problems import InvalidFields
from domain.sql import execute, fetch

MAX_SHAPES = 5000
MAX_ERRORS = 50


@dataclass(frozen=True)
class GridShape:
    """The checked boundary of one grid; `outline` is the same in GCJ-02."""

    code: str
    geometry: dict[str, Any]
    outline: list[Any]


def read_features(raw: bytes, datum: str) -> list[GridShape]:
    """The boundaries in a GeoJSON FeatureCollection whose features have `properties.grid_code`; every fault by number.

    Reads and checks without the database, so that a large file is read outside the transaction.
    """
    try:
        given = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _faulty(["文件不是有效的 JSON"]) from None
    features = given.get("features") if isinstance(given, dict) else None
    if not isinstance(features, list) or given.get("type") != "FeatureCollection" or not features:
        raise _faulty(["须为 GeoJSON 的 FeatureCollection,且至少有一个网格"])
    if len(features) > MAX_SHAPES:
        raise _faulty([f"一次最多导入 {MAX_SHAPES} 个网格"])
    faults: list[str] = []
    shapes: dict[str, GridShape] = {}
    for number, feature in enumerate(features, 1):
        try:
            shape = _shape(feature, datum)
        except NoPolygon as error:
            faults.append(f"第 {number} 个:{error}")
            continue
        if shape.code in shapes:
            faults.append(f"第 {number} 个:网格 {shape.code} 出现了两次")
        shapes[shape.code] = shape
    if faults:
        raise _faulty(faults)
    return list(shapes.values())


async def import_shapes(actor: Actor, shapes: list[GridShape], datum: str) -> int:
    """Keep boundaries, each over the one that its grid had; all or none. 422 for a grid outside the actor's areas."""
    codes = [shape.code for shape in shapes]
    places = {place.code: place for place in await Area.filter(code__in=codes, kind="grid")}
    missing = [code for code in codes if code not in places or not _managed(actor, places[code])]
    if missing:
        raise _faulty([f"没有网格 {code},或不在您的管辖范围内" for code in missing])
    boxes = [box_of(shape.outline) for shape in shapes]
    await execute(
        "INSERT INTO area_shapes (area_code, area_path, datum, geometry, west, south, east, north, imported_at)"
        " SELECT u.code, u.path, $3, u.geometry::jsonb, u.west, u.south, u.east, u.north, $9"
        " FROM unnest($1::text[], $2::text[], $4::text[], $5::float8[], $6::float8[], $7::float8[], $8::float8[])"
        " AS u(code, path, geometry, west, south, east, north)"
        " ON CONFLICT (area_code) DO UPDATE SET area_path = EXCLUDED.area_path, datum = EXCLUDED.datum,"
        " geometry = EXCLUDED.geometry, west = EXCLUDED.west, south = EXCLUDED.south, east = EXCLUDED.east,"
        " north = EXCLUDED.north, imported_at = EXCLUDED.imported_at",
        [
            codes, [places[code].path for code in codes], datum,
            [msgspec.json.encode(shape.geometry).decode() for shape in shapes], [box.west for box in boxes],
            [box.south for box in boxes], [box.east for box in boxes], [box.north for box in boxes], now(),
        ],
    )  # fmt: skip
    for village in sorted({places[code].parent_code or "" for code in codes}):
        mine = [code for code in codes if places[code].parent_code == village]
        record(Fact("grid.shapes-imported", village, None, None, {"grids": mine, "datum": datum}))
    return len(codes)


async def shapes_of(actor: Actor, permission: Permission) -> list[dict[str, Any]]:
    """The boundaries of the grids in which the actor holds a permission, with the names of grid and village."""
    where = Where()
    in_scope(where, actor, permission, "s.area_path")
    return await fetch(
        "SELECT s.area_code, s.datum, s.geometry, a.name, v.name AS village, s.imported_at FROM area_shapes s"
        " JOIN areas a ON a.code = s.area_code LEFT JOIN areas v ON v.code = a.parent_code"
        f" WHERE {where.sql} ORDER BY s.area_code LIMIT {MAX_SHAPES}",
        where.values,
        json=("geometry",),
    )


async def grid_at(position: Position, paths: list[str]) -> Area | None:
    """The one grid below these paths whose boundary holds a position; None for none, and for several that overlap."""
    lon, lat = to_gcj02(position)
    where = Where()
    where.conditions.append(area_condition(where, "area_path", paths))
    where.add("{} BETWEEN west AND east", lon)
    where.add("{} BETWEEN south AND north", lat)
    rows = await fetch(
        f"SELECT area_code, datum, geometry FROM area_shapes WHERE {where.sql} LIMIT 50", where.values, json=("geometry",)
    )
    found = [
        row["area_code"] for row in rows if holds(bent(polygons_of(row["geometry"]), row["datum"]), (lon, lat))
    ]
    return await Area.get_or_none(code=found[0]) if len(found) == 1 else None


def _shape(feature: Any, datum: str) -> GridShape:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    code = properties.get("grid_code") if isinstance(properties, dict) else None
    if not isinstance(code, str) or not 1 <= len(code) <= 20:
        raise NoPolygon("properties.grid_code 须为网格编码")
    polygons = polygons_of(feature.get("geometry"))
    for ring in (ring for polygon in polygons for ring in polygon):
        _plain(ring)
    geometry = {name: feature["geometry"][name] for name in ("type", "coordinates")}
    return GridShape(code, geometry, bent(polygons, datum))


def _plain(ring: Ring) -> None:
    try:
        found = crossing(ring)
    except TooTangled:
        raise NoPolygon("边界太乱,请先简化") from None
    if found:
        raise NoPolygon(f"边界自相交叉:第 {found[0]} 段和第 {found[1]} 段")


def _managed(actor: Actor, place: Area) -> bool:
    return any(within(place.path, path) for path in actor.areas(Permission.GRID_MANAGE))


def _faulty(messages: list[str]) -> InvalidFields:
    return InvalidFields(
        errors=[{"field": "file", "code": "invalid", "message": message} for message in messages[:MAX_ERRORS]]
    )
