"""What 国办函〔2026〕12号 and 《整治形式主义为基层减负若干规定》 forbid is not there: no route, no field, no column."""

import re
from pathlib import Path

import msgspec
import pytest
from tortoise import Tortoise

from grid_api.schemas import NewEvent, NewVisit
from server.doors import routes
from tests.support.app import test_settings as settings_in
from tests.support.cast import WORKER

pytestmark = pytest.mark.anyio

# Words of a path, a body field, a query field or a column.
FORBIDDEN = re.compile(
    r"(^|_)(check_?in|clock_?in|sign_?in_count|attendance|points?|credits_earned|leader_?board|rank(ing)?|online_?time"
    r"|online_seconds|duration_online|tracks?_points|gps|trajectory|route_line|heartbeat|likes?|votes?|study_time"
    r"|score_of_worker|streak|badge)(_|$)"
)


def words(text: str) -> set[str]:
    return {part.replace("-", "_") for part in re.split(r"[/<>:]", text) if part}


async def test_no_route_and_no_body_of_any_door_has_a_forbidden_thing(app: object) -> None:
    found: set[str] = set()
    for route in routes(settings_in(Path())):
        found |= words(route.path)
        bodies = route.body.values() if isinstance(route.body, dict) else filter(None, [route.body, route.query])
        for body in bodies:
            found |= set(body.__struct_fields__)
    assert {"visits", "events", "suggestions", "occurred_at"} <= found
    assert sorted(word for word in found if FORBIDDEN.search(word)) == []


async def test_no_table_and_no_column_keeps_a_forbidden_thing(app: object) -> None:
    columns = {
        f"{model._meta.db_table}.{name}"
        for models in Tortoise.apps.values()
        for model in models.values()
        for name in (model._meta.db_table, *model._meta.fields_db_projection)
    }
    assert "visits.outcome" in columns
    assert sorted(each for each in columns if FORBIDDEN.search(each.partition(".")[2])) == []


async def test_a_visit_has_five_things_to_fill_in_no_position_and_no_compulsory_photo(app: object) -> None:
    filled = set(NewVisit.__struct_fields__) - {"id", "occurred_at", "household_id", "plate_code"}
    assert filled == {"purposes", "outcome", "note", "attachment_ids", "needs"}
    required = {f.name for f in msgspec.structs.fields(NewVisit) if f.required}
    assert required == {"id", "occurred_at", "purposes", "outcome"}
    columns = set(Tortoise.apps["huying"]["Visit"]._meta.fields_db_projection)
    assert not columns & {"lon", "lat", "datum", "position", "location", "seconds"}


async def test_an_event_needs_no_photo(app: object) -> None:
    required = {f.name for f in msgspec.structs.fields(NewEvent) if f.required}
    assert required == {"id", "occurred_at", "event_type"}
    offered = {(route.method, route.path) for route in routes(settings_in(Path()))}
    assert ("POST", f"{WORKER}/suggestions") in offered
