"""Worker door: the households of my grids."""

from typing import Any

from domain.access.permissions import Permission as P
from domain.households.naming import plate_text
from domain.households.queries import HouseholdSearch, area_within, household_row, household_rows
from web.paging import Page, paged
from web.routes import Ask, Route, path_id
from web.shapes import local, masked_phone


class Households(Page):
    """What a list of households may be narrowed by."""

    grid: str | None = None
    text: str = ""
    code_state: str | None = None


async def list_households(ask: Ask) -> dict[str, Any]:
    """A page of households of my grids, phones masked."""
    query: Households = ask.query
    grid = await area_within(ask.actor, P.FIELD_READ, query.grid) if query.grid else None
    search = HouseholdSearch(
        area_path=grid.path if grid else None, text=query.text.strip(), code_state=query.code_state,
        before=query.before, limit=query.limit,
    )  # fmt: skip
    return paged(await household_rows(ask.actor, P.FIELD_READ, search), query.limit, household_shape)


async def show_household(ask: Ask) -> dict[str, Any]:
    """One household of my grids, with the phone that I may have to call."""
    row = await household_row(ask.actor, P.FIELD_READ, path_id(ask))
    return {**household_shape(row), "phone": row["phone"] or None}


def household_shape(row: dict[str, Any]) -> dict[str, Any]:
    """A household as its grid worker sees it."""
    return {
        "id": row["id"],
        "serial": row["serial"],
        "grid_code": row["grid_code"],
        "grid": row["grid_name"],
        "village": row["village_name"],
        "group": row["group_name"],
        "door": row["door_text"],
        "plate_text": plate_text(row["group_name"], row["door_text"]),
        "head_name": row["head_name"],
        "phone_masked": masked_phone(row["phone"]) if row["phone"] else None,
        "state": row["state"],
        "version": row["version"],
        "code_state": row["code_state"] or "none",
        "activated_at": local(row["activated_at"]),
        "location": _location(row),
    }


def _location(row: dict[str, Any]) -> dict[str, Any] | None:
    if row["lon"] is None or row["lat"] is None:
        return None
    return {"lon": row["lon"], "lat": row["lat"], "datum": row["datum"]}


ROUTES = [
    Route(method="GET", path="/households", handler=list_households, gate=P.FIELD_READ, query=Households, reads=True,
          summary="我网格里的住户"),
    Route(method="GET", path="/households/<id:str>", handler=show_household, gate=P.FIELD_READ, reads=True,
          summary="一户的情况"),
]  # fmt: skip
