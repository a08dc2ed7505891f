"""Is a plate put up where its house stands? Distances between positions of either Chinese datum."""

import math
from dataclasses import dataclass

NEAR_M = 300.0
_EARTH_M = 6_371_000.0
# Krasovsky 1940, on which GCJ-02 bends WGS 84.
_AXIS, _ECCENTRICITY = 6_378_245.0, 0.00669342162296594323


@dataclass(frozen=True, slots=True)
class Position:
    """Degrees with the datum in which they were captured: `gcj02` or `wgs84`."""

    lon: float
    lat: float
    datum: str


def distance_m(one: Position, other: Position) -> float:
    """Metres between two positions, good to about a metre within a county."""
    lon1, lat1 = _bent(one)
    lon2, lat2 = _bent(other)
    north = math.radians(lat2 - lat1)
    east = math.radians(lon2 - lon1) * math.cos(math.radians((lat1 + lat2) / 2))
    return _EARTH_M * math.hypot(north, east)


def _bent(position: Position) -> tuple[float, float]:
    """Longitude and latitude in GCJ-02: unlike its inverse, this direction is exact."""
    if position.datum == "gcj02":
        return position.lon, position.lat
    x, y = position.lon - 105.0, position.lat - 35.0
    phi = math.radians(position.lat)
    magic = 1 - _ECCENTRICITY * math.sin(phi) ** 2
    common = 0.1 * x * y + _waves(x, (20.0, 1 / 6), (20.0, 1 / 2))
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.2 * math.sqrt(abs(x)) + common
    north += _waves(y, (20.0, 1.0), (40.0, 3.0), (160.0, 12.0), (320.0, 30.0))
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * math.sqrt(abs(x)) + common
    east += _waves(x, (20.0, 1.0), (40.0, 3.0), (150.0, 12.0), (300.0, 30.0))
    lat = math.degrees(north / (_AXIS * (1 - _ECCENTRICITY) / (magic * math.sqrt(magic))))
    lon = math.degrees(east / (_AXIS / math.sqrt(magic) * math.cos(phi)))
    return position.lon + lon, position.lat + lat


def _waves(at: float, *waves: tuple[float, float]) -> float:
    """Two thirds of a sum of sines, each given by its height and half its length."""
    return sum(height * math.sin(math.pi * at / half) for height, half in waves) * 2 / 3
