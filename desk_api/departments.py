"""Staff door: departments and the area tree."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from desk_api.schemas import Code
from domain.access.permissions import Permission as P
from domain.access.queries import departments
from domain.areas.queries import area, children
from domain.problems import NotFound
from domain.rulebook import rulebook
from domain.text import clean_text
from web.paging import Page, paged
from web.routes import Ask, Route


class DepartmentList(Page, kw_only=True):
    """Part of a name, or a code."""

    text: Annotated[str, Meta(max_length=60)] = ""


class AreaList(Struct, forbid_unknown_fields=True, kw_only=True):
    """The children of an area, or everything of one kind below it, in pages by code (`after` the last one seen)."""

    parent: Code | None = None
    after: Annotated[str, Meta(max_length=20, pattern=r"^\d*$")] = ""
    limit: Annotated[int, Meta(ge=1, le=2000)] = 2000
    kind: Literal["province", "city", "county", "town", "village", "grid"] | None = None


async def list_departments(ask: Ask) -> dict[str, Any]:
    """Active departments (`GET /departments`)."""
    query: DepartmentList = ask.query
    rows = await departments(ask.actor, clean_text(query.text), query.before, query.limit)
    return paged(rows, query.limit, dict)


async def list_areas(ask: Ask) -> dict[str, Any]:
    """The areas below a place (`GET /areas`); without one, below the county."""
    parent = await area(ask.query.parent or rulebook().county)
    if parent is None:
        raise NotFound
    limit = ask.query.limit
    rows = await children(parent, ask.query.kind, ask.query.after, limit)
    return {
        "parent": {"code": parent.code, "name": parent.name, "kind": parent.kind},
        "items": [{name: row[name] for name in ("code", "name", "kind", "parent_code", "phone")} for row in rows[:limit]],
        "next": rows[limit - 1]["code"] if len(rows) > limit else None,
    }


ROUTES = (
    Route(method="GET", path="/departments", handler=list_departments, gate=P.AREA_READ, query=DepartmentList,
          reads=True, summary="单位列表"),
    Route(method="GET", path="/areas", handler=list_areas, gate=P.AREA_READ, query=AreaList, reads=True,
          summary="地区列表"),
)  # fmt: skip
