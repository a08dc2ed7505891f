"""Worker door: the team of a grid leader, by grid. No ranking, no count of anybody's deeds (国办函〔2026〕12号)."""

from typing import Any

from domain.access.permissions import Permission as P
from domain.clock import now
from domain.visits.team import team_grids
from web.routes import Ask, Route


async def team(ask: Ask) -> dict[str, Any]:
    """The grids of my team, who looks after each, and what is open there (`GET /team`)."""
    return {"items": [_grid(row) for row in await team_grids(ask.actor, now())], "next": None}


def _grid(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "grid_code": row["code"],
        "grid": row["name"],
        "village": row["village"],
        "workers": row["workers"],
        "open": {
            "events": row["events"], "tell_tasks": row["tell_tasks"], "unvisited_households": row["unvisited"],
        },
        "households": row["households"],
    }  # fmt: skip


ROUTES = (
    Route(method="GET", path="/team", handler=team, gate=P.TEAM_READ, reads=True, summary="网格长看本组各网格"),
)  # fmt: skip
