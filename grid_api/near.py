"""Worker door: what is near me, and the map of my grids. The position asked from is not kept."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from domain.access.permissions import Permission as P
from domain.areas.boundaries import grid_at, shapes_of
from domain.areas.geometry import Position
from domain.cases.states import STATES
from domain.households.naming import plate_text
from domain.visits.nearby import near_cases, near_households
from web.bodies import Strict
from web.routes import Answer, Ask, Route


class Spot(Strict):
    """A position with its datum."""

    lon: Annotated[float, Meta(ge=-180, le=180)]
    lat: Annotated[float, Meta(ge=-90, le=90)]
    datum: Literal["gcj02", "wgs84"]


class Around(Spot):
    """A position, and how far around it in metres."""

    radius: Annotated[int, Meta(ge=50, le=5000)] = 1000
    limit: Annotated[int, Meta(ge=1, le=100)] = 50


async def near(ask: Ask) -> dict[str, Any]:
    """My open cases and the households of my grids around a position, nearest first (`GET /near`)."""
    query: Around = ask.query
    here = Position(query.lon, query.lat, query.datum)
    cases = await near_cases(ask.actor, here, query.radius)
    households = await near_households(ask.actor, here, query.radius)
    return {
        "radius": query.radius,
        "cases": [_case(row) for row in cases[: query.limit]],
        "households": [_household(row) for row in households[: query.limit]],
        "totals": {"cases": len(cases), "households": len(households)},
    }


async def suggest_grid(ask: Ask) -> dict[str, Any]:
    """Which of my grids holds a position, as a suggestion for the form; none where no boundary says so
    (`GET /grids/suggestion`)."""
    spot: Spot = ask.query
    found = await grid_at(Position(spot.lon, spot.lat, spot.datum), ask.actor.areas(P.EVENT_REPORT))
    return {"grid": {"code": found.code, "name": found.name} if found else None}


async def grids_map(ask: Ask) -> Answer:
    """The boundaries of my grids as GeoJSON, each in the datum in which it was imported (`GET /grids/geojson`)."""
    rows = await shapes_of(ask.actor, P.FIELD_TRACK)
    features = [
        {
            "type": "Feature",
            "geometry": row["geometry"],
            "properties": {
                "grid_code": row["area_code"], "name": row["name"], "village": row["village"], "datum": row["datum"],
            },
        }
        for row in rows
    ]  # fmt: skip
    body = msgspec.json.encode({"type": "FeatureCollection", "features": features})
    return Answer(raw=body, content_type="application/geo+json")


def _case(row: dict[str, Any]) -> dict[str, Any]:
    names = ("id", "number", "kind", "state", "title", "event_type", "urgent")
    return {
        **{name: row[name] for name in names}, "state_name": STATES[row["state"]], **_place(row),
    }  # fmt: skip


def _household(row: dict[str, Any]) -> dict[str, Any]:
    text = plate_text(row["group_name"], row["door_text"])
    return {"id": row["id"], "plate_text": text, "grid_code": row["grid_code"], **_place(row)}


def _place(row: dict[str, Any]) -> dict[str, Any]:
    position = {"lon": row["lon"], "lat": row["lat"], "datum": row["datum"]}
    return {"location": position, "distance_m": round(row["distance_m"])}


ROUTES = (
    Route(method="GET", path="/near", handler=near, gate=P.FIELD_READ, query=Around, reads=True,
          summary="附近的工单和住户"),
    Route(method="GET", path="/grids/suggestion", handler=suggest_grid, gate=P.EVENT_REPORT, query=Spot, reads=True,
          summary="这个位置在哪个网格"),
    Route(method="GET", path="/grids/geojson", handler=grids_map, gate=P.FIELD_TRACK, reads=True,
          content_type="application/geo+json", summary="我的网格地图"),
)  # fmt: skip
