"""How deep the areas of each kind lie: a path leads from the province through city, county, town and village to the grid.
Pure."""

AREA_DEPTH = {"province": 1, "city": 2, "county": 3, "town": 4, "village": 5, "grid": 6}
# The kind of area whose desk serves a level of the ladder; the joint meeting is the town's.
DESKS = {"city": "city", "county": "county", "meeting": "town", "town": "town"}


def code_on(area_path: str, kind: str) -> str:
    """The code of the area of a kind through which a path leads; empty where it ends above such areas."""
    nodes = area_path.split(".")
    return nodes[AREA_DEPTH[kind] - 1] if len(nodes) >= AREA_DEPTH[kind] else ""
