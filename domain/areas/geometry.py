"""Positions and areas: distances, the Chinese datum, and which polygon holds a point. Pure.

A position is kept as it was captured. It is turned into GCJ-02 only to be compared: this direction is exact, its inverse
is neither exact nor allowed. Polygons are GeoJSON: rings of `[lon, lat]`, the first one outside, the others holes.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

EARTH_M = 6_371_000.0
# Krasovsky 1940, on which GCJ-02 bends WGS 84.
_AXIS, _ECCENTRICITY = 6_378_245.0, 0.00669342162296594323
# The box around the land of China; outside it nothing of ours lies, and GCJ-02 bends nothing.
WEST, SOUTH, EAST, NORTH = 73.4, 17.9, 135.1, 53.6
MAX_POINTS = 20_000

Point = tuple[float, float]
Ring = Sequence[Point]


class NoPolygon(ValueError):
    """This is no boundary of an area; the message says why."""


@dataclass(frozen=True, slots=True)
class Position:
    """Degrees with the datum in which they were captured: `gcj02` or `wgs84`."""

    lon: float
    lat: float
    datum: str


@dataclass(frozen=True, slots=True)
class Box:
    """A box in degrees."""

    west: float
    south: float
    east: float
    north: float


def distance_m(one: Position, other: Position) -> float:
    """Metres between two positions of any datum (haversine, sphere of 6,371 km)."""
    lon1, lat1 = to_gcj02(one)
    lon2, lat2 = to_gcj02(other)
    phi1, phi2 = math.radians(lat1), math.radians(lat2)
    half = math.sin((phi2 - phi1) / 2) ** 2
    half += math.cos(phi1) * math.cos(phi2) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH_M * math.asin(min(1.0, math.sqrt(half)))


def to_gcj02(position: Position) -> Point:
    """Longitude and latitude in GCJ-02."""
    lon, lat = position.lon, position.lat
    if position.datum == "gcj02" or not in_china(lon, lat):
        return lon, lat
    x, y = lon - 105.0, lat - 35.0
    phi = math.radians(lat)
    magic = 1 - _ECCENTRICITY * math.sin(phi) ** 2
    common = 0.1 * x * y + _waves(x, (20.0, 1 / 6), (20.0, 1 / 2))
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.2 * math.sqrt(abs(x)) + common
    north += _waves(y, (20.0, 1.0), (40.0, 3.0), (160.0, 12.0), (320.0, 30.0))
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * math.sqrt(abs(x)) + common
    east += _waves(x, (20.0, 1.0), (40.0, 3.0), (150.0, 12.0), (300.0, 30.0))
    up = math.degrees(north / (_AXIS * (1 - _ECCENTRICITY) / (magic * math.sqrt(magic))))
    right = math.degrees(east / (_AXIS / math.sqrt(magic) * math.cos(phi)))
    return lon + right, lat + up


def in_china(lon: float, lat: float) -> bool:
    """Whether a point lies in the box around China."""
    return WEST <= lon <= EAST and SOUTH <= lat <= NORTH


def box_around(lon: float, lat: float, metres: float) -> Box:
    """The box that holds everything within so many metres of a point."""
    up = math.degrees(metres / EARTH_M)
    right = up / max(0.01, math.cos(math.radians(abs(lat) + up)))
    return Box(lon - right, lat - up, lon + right, lat + up)


def polygons_of(geometry: Any) -> list[list[list[Point]]]:
    """The polygons of a GeoJSON Polygon or MultiPolygon, checked; NoPolygon otherwise."""
    if not isinstance(geometry, dict) or geometry.get("type") not in ("Polygon", "MultiPolygon"):
        raise NoPolygon("geometry 须为 Polygon 或 MultiPolygon")
    coordinates = geometry.get("coordinates")
    found = [coordinates] if geometry["type"] == "Polygon" else coordinates
    if not isinstance(found, list) or not found or not all(isinstance(each, list) and each for each in found):
        raise NoPolygon("没有坐标")
    polygons = [[_ring(ring) for ring in polygon] for polygon in found]
    if sum(len(ring) for polygon in polygons for ring in polygon) > MAX_POINTS:
        raise NoPolygon(f"一个网格的边界点超过 {MAX_POINTS} 个,请先简化")
    return polygons


def bent(polygons: Iterable[Iterable[Ring]], datum: str) -> list[list[list[Point]]]:
    """The polygons in GCJ-02."""
    if datum == "gcj02":
        return [[list(ring) for ring in polygon] for polygon in polygons]
    return [[[to_gcj02(Position(lon, lat, datum)) for lon, lat in ring] for ring in polygon] for polygon in polygons]


def box_of(polygons: Iterable[Iterable[Ring]]) -> Box:
    """The box around polygons."""
    points = [point for polygon in polygons for ring in polygon for point in ring]
    lons, lats = [lon for lon, _ in points], [lat for _, lat in points]
    return Box(min(lons), min(lats), max(lons), max(lats))


def holds(polygons: Iterable[Sequence[Ring]], point: Point) -> bool:
    """Whether one of the polygons holds a point of the same datum (even-odd rule; holes are outside)."""
    return any(
        _inside(polygon[0], point) and not any(_inside(hole, point) for hole in polygon[1:]) for polygon in polygons
    )


def _ring(given: Any) -> list[Point]:
    if not isinstance(given, list) or len(given) < 4:
        raise NoPolygon("边界环至少要有四个点")
    ring = [_point(each) for each in given]
    if ring[0] != ring[-1]:
        raise NoPolygon("边界环没有闭合:首尾两点须相同")
    if len(set(ring)) < 3:
        raise NoPolygon("边界环没有面积")
    return ring


def _point(given: Any) -> Point:
    numbers = isinstance(given, list) and len(given) >= 2
    if not numbers or not all(isinstance(each, int | float) and not isinstance(each, bool) for each in given[:2]):
        raise NoPolygon("坐标须为 [经度, 纬度]")
    lon, lat = float(given[0]), float(given[1])
    if not in_china(lon, lat):
        raise NoPolygon(f"坐标 [{lon:g}, {lat:g}] 不在中国境内,请核对经纬度次序")
    return lon, lat


def _inside(ring: Ring, point: Point) -> bool:
    """Cast a ray to the east and count the edges that it crosses."""
    lon, lat = point
    inside = False
    for (x1, y1), (x2, y2) in zip(ring, [*ring[1:], ring[0]], strict=True):
        if (y1 > lat) != (y2 > lat) and lon < (x2 - x1) * (lat - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside


def _waves(at: float, *waves: tuple[float, float]) -> float:
    """Two thirds of a sum of sines, each given by its height and half its length."""
    return sum(height * math.sin(math.pi * at / half) for height, half in waves) * 2 / 3
