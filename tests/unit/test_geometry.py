"""Positions and polygons: known vectors of the Chinese datum, distances, rings, points inside and outside."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.areas.geometry import (
    NoPolygon,
    Position,
    bent,
    box_around,
    box_of,
    distance_m,
    holds,
    polygons_of,
    to_gcj02,
)

SQUARE = [[116.0, 25.8], [116.1, 25.8], [116.1, 25.9], [116.0, 25.9], [116.0, 25.8]]
HOLE = [[116.04, 25.84], [116.06, 25.84], [116.06, 25.86], [116.04, 25.86], [116.04, 25.84]]


# Vectors as published: coordtransform (the first), eviltransform's own tests (the others).
@pytest.mark.parametrize(
    ("wgs", "gcj"),
    [((116.404, 39.915), (116.41024449916938, 39.91640428150164)),
     ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069)),
     ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),
     ((113.912316, 22.543847), (113.9171764808363, 22.540796131694766))],
)  # fmt: skip
def test_the_chinese_datum_bends_as_published(wgs: tuple[float, float], gcj: tuple[float, float]) -> None:
    assert to_gcj02(Position(*wgs, "wgs84")) == pytest.approx(gcj, abs=1e-9)


def test_what_is_gcj02_already_and_what_lies_abroad_is_left_alone() -> None:
    assert to_gcj02(Position(116.404, 39.915, "gcj02")) == (116.404, 39.915)
    assert to_gcj02(Position(2.35, 48.85, "wgs84")) == (2.35, 48.85)


def test_a_degree_of_latitude_is_111_km_and_both_ways_are_as_long() -> None:
    here, there = Position(116.0, 25.0, "gcj02"), Position(116.0, 26.0, "gcj02")
    assert distance_m(here, there) == pytest.approx(111_195, abs=1)
    assert distance_m(there, here) == distance_m(here, there)
    assert distance_m(here, here) == 0


@given(st.floats(100, 120), st.floats(20, 45), st.floats(0, 2 * math.pi), st.floats(10, 4000))
def test_whatever_is_near_lies_in_the_box(lon: float, lat: float, way: float, metres: float) -> None:
    box = box_around(lon, lat, metres)
    up = math.degrees(metres * math.sin(way) / 6_371_000)
    right = math.degrees(metres * math.cos(way) / 6_371_000 / math.cos(math.radians(lat)))
    slack = 1e-6
    assert box.west - slack <= lon + right <= box.east + slack
    assert box.south - slack <= lat + up <= box.north + slack


def test_a_point_is_inside_outside_or_in_a_hole() -> None:
    polygons = polygons_of({"type": "Polygon", "coordinates": [SQUARE, HOLE]})
    assert holds(polygons, (116.01, 25.81))
    assert not holds(polygons, (116.05, 25.85))
    assert not holds(polygons, (116.2, 25.85))


def test_one_of_several_polygons_is_enough() -> None:
    east = [[lon + 1, lat] for lon, lat in SQUARE]
    polygons = polygons_of({"type": "MultiPolygon", "coordinates": [[SQUARE], [east]]})
    assert holds(polygons, (117.05, 25.85))
    assert (box_of(polygons).west, box_of(polygons).east) == (116.0, 117.1)


def test_a_bent_polygon_holds_the_bent_point() -> None:
    polygons = polygons_of({"type": "Polygon", "coordinates": [SQUARE]})
    inside = to_gcj02(Position(116.0995, 25.8005, "wgs84"))
    assert holds(bent(polygons, "wgs84"), inside)
    assert not holds(polygons, (inside[0] + 0.001, inside[1] - 0.003))


@pytest.mark.parametrize(
    ("geometry", "word"),
    [
        ({"type": "Point", "coordinates": [116, 25]}, "Polygon"),
        ({"type": "Polygon", "coordinates": []}, "没有坐标"),
        ({"type": "Polygon", "coordinates": [SQUARE[:3]]}, "四个点"),
        ({"type": "Polygon", "coordinates": [SQUARE[:4]]}, "没有闭合"),
        ({"type": "Polygon", "coordinates": [[[25.8, 116.0]] * 5]}, "经纬度次序"),
        ({"type": "Polygon", "coordinates": [[SQUARE[0], SQUARE[1], SQUARE[0], SQUARE[0]]]}, "没有面积"),
        ({"type": "Polygon", "coordinates": [[["a", "b"]] * 5]}, "[经度, 纬度]"),
        ("nothing", "Polygon"),
    ],
)
def test_what_is_no_boundary_is_refused_with_the_reason(geometry: Any, word: str) -> None:
    with pytest.raises(NoPolygon, match=r".*"):
        polygons_of(geometry)
    try:
        polygons_of(geometry)
    except NoPolygon as error:
        assert word in str(error)
