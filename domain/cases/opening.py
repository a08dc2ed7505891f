"""Opens a case: the only place that makes one, for appeals and for events alike."""

from datetime import datetime
from typing import Any

from domain.areas.models import Area
from domain.cases.models import Case
from domain.clock import local_date
from domain.ids import new_id
from domain.sql import fetch_one


async def open_case(kind: str, area: Area, received_at: datetime, **values: Any) -> Case:
    """A new case in the state `submitted`, with its number; the caller records the event."""
    return await Case.create(
        id=values.pop("id", None) or new_id(),
        number=await next_number("GD", area, received_at),
        kind=kind,
        state="submitted",
        area_code=area.code,
        area_path=area.path,
        received_at=received_at,
        received_on=local_date(received_at),
        **values,
    )


async def next_number(prefix: str, area: Area, at: datetime) -> str:
    """A number for people: prefix, county, local day, sequence. The sequence is PostgreSQL's own: no row to wait for,
    gaps after a rollback are harmless."""
    row = await fetch_one("SELECT nextval('case_numbers') AS n")
    assert row is not None
    county = area.code[:6].ljust(6, "0")
    return f"{prefix}{county}{local_date(at):%Y%m%d}{row['n']:05d}"
