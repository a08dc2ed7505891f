"""Where the demo's houses stand: invented, in the surroundings of 象湖镇, each village a block of two grids in GCJ-02."""

from domain.access.actor import Actor, Grant
from domain.areas.boundaries import GridShape, import_shapes
from domain.areas.geometry import Point, polygons_of
from domain.areas.models import Area

DATUM = "gcj02"
WEST, SOUTH = 116.0200, 25.8800
WIDE, HIGH, NEXT = 0.0080, 0.0060, 0.0100  # degrees: some 800 by 670 metres, and where the next village begins
BEND = 0.0004  # a boundary is seldom straight
STRIPS = ((0.0, 2 / 3), (2 / 3, 1.0))  # the two grids of a block: groups one and two, group three


def spot(village: int, number: int) -> Point:
    """Longitude and latitude of a house: twenty to a group, in two rows from south to north."""
    group, door = divmod(number, 20)
    row, step = divmod(door, 10)
    return round(_west(village) + WIDE * (group + 0.25 + 0.5 * row) / 3, 6), round(SOUTH + HIGH * (step + 0.5) / 10, 6)


async def draw_grids(villages: list[Area], grids: dict[str, list[Area]]) -> int:
    """Load the boundaries of the grids of villages, as the area administrator would; how many."""
    actor = Actor("system", grants=tuple(Grant("area_admin", village.path) for village in villages))
    shapes = [
        _shape(grid.code, number, strip)
        for number, village in enumerate(villages)
        for grid, strip in zip(grids[village.code], STRIPS, strict=True)
    ]
    return await import_shapes(actor, shapes, DATUM)


def _shape(code: str, village: int, strip: tuple[float, float]) -> GridShape:
    west, east = (round(_west(village) + WIDE * part, 6) for part in strip)
    middle, north = round((west + east) / 2, 6), SOUTH + HIGH
    ring = [
        [west, SOUTH], [middle, SOUTH - BEND], [east, SOUTH], [east, north], [middle, north + BEND], [west, north],
        [west, SOUTH],
    ]  # fmt: skip
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return GridShape(code, geometry, polygons_of(geometry))


def _west(village: int) -> float:
    return WEST + NEXT * village
