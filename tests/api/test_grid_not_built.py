"""What 国办函〔2026〕12号 and 《整治形式主义为基层减负若干规定》 forbid is not there: no route, no field, no column, no word."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import inspect

from domain.sql import fetch
from grid_api.schemas import NewEvent, NewVisit
from server.doors import routes
from tests.support.app import test_settings as settings_in
from tests.support.cast import WORKER, Cast
from web.routes import Route

pytestmark = pytest.mark.anyio

# Words of a path, a body field, a query field or a column.
FORBIDDEN = re.compile(
    r"(^|_)(check_?ins?|clock_?in|punch_?in|sign_?in_count|attendance|points?|credits_earned|leader_?boards?|rank(ing|s)?"
    r"|online_?time|online_seconds|duration_online|screen_?time|dwell|tracks?_points|gps|trajector(y|ies)|route_line"
    r"|location_history|footprints?|mileage|steps_walked|heartbeat|likes?|votes?|study_time|score_of_worker|streak|badge)(_|$)"
)
SAID = re.compile(r"打卡|签到|积分|排行|排名|在线时长|轨迹|点赞|学习时长|活跃度")
# Where a position stands: of a place, of a matter, of a door; never of a person or a telephone.
PLACED = {"appeals", "cases", "households", "household_codes", "code_scans", "area_shapes", "uploads"}
POSITION = {"lon", "lat", "longitude", "latitude", "position", "location"}
FILES = {"attachment_ids", "evidence", "attachments", "photos"}


def words(text: str) -> set[str]:
    return {part.replace("-", "_") for part in re.split(r"[/<>:]", text) if part}


def offered() -> list[Route]:
    return routes(settings_in(Path()))


def structs(route: Route) -> Iterator[type[msgspec.Struct]]:
    """The body and query of a route with everything inside them."""
    waiting: list[Any] = list(route.body.values()) if isinstance(route.body, dict) else [route.body]
    waiting += [route.query]
    waiting = [inspect.type_info(kind) for kind in waiting if kind is not None]
    while waiting:
        info = waiting.pop()
        if isinstance(info, inspect.StructType):
            yield info.cls
            waiting += [each.type for each in info.fields]
        elif isinstance(info, inspect.ListType):
            waiting.append(info.item_type)
        elif isinstance(info, inspect.UnionType):
            waiting += info.types


def test_no_route_and_no_body_of_any_door_has_a_forbidden_thing() -> None:
    found: set[str] = set()
    for route in offered():
        found |= words(route.path)
        for body in structs(route):
            found |= set(body.__struct_fields__)
    assert {"visits", "events", "suggestions", "occurred_at", "self_handled", "event_id"} <= found
    assert sorted(word for word in found if FORBIDDEN.search(word)) == []


def test_no_route_of_the_worker_door_says_a_forbidden_word() -> None:
    said = {route.path: f"{route.summary} {route.handler.__doc__ or ''}" for route in offered() if route.path.startswith(WORKER)}
    assert len(said) > 30
    assert {path for path, text in said.items() if SAID.search(text)} == set()


async def test_no_table_and_no_column_keeps_a_forbidden_thing(cast: Cast) -> None:
    rows = await fetch(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()"
    )
    columns = {(row["table_name"], row["column_name"]) for row in rows}
    assert {("visits", "outcome"), ("patrols", "until_at"), ("devices", "revoked_at"), ("feed", "seq")} <= columns
    named = {f"{table}.{column}" for table, column in columns if FORBIDDEN.search(table) or FORBIDDEN.search(column)}
    assert named == set()
    placed = {table for table, column in columns if column in POSITION}
    assert placed <= PLACED
    assert not placed & {"visits", "patrols", "findings", "devices", "sync_items", "sessions", "attachments", "staff"}


def test_no_body_of_the_worker_door_makes_a_photo_compulsory() -> None:
    named = 0
    for route in offered():
        if not route.path.startswith(WORKER):
            continue
        for body in structs(route):
            info = inspect.type_info(body)
            assert isinstance(info, inspect.StructType)
            for field in info.fields:
                if field.encode_name in FILES:
                    named += 1
                    assert not field.required, f"{route.path}: {field.encode_name}"
                    assert not getattr(field.type, "min_length", None), f"{route.path}: {field.encode_name}"
    assert named > 5


def test_a_visit_has_five_things_to_fill_in_and_no_position() -> None:
    filled = set(NewVisit.__struct_fields__) - {"id", "occurred_at", "household_id", "plate_code"}
    assert filled == {"purposes", "outcome", "note", "attachment_ids", "needs"}
    required = {f.name for f in msgspec.structs.fields(NewVisit) if f.required}
    assert required == {"id", "occurred_at", "purposes", "outcome"}


def test_an_event_needs_no_photo_and_complaints_about_the_app_are_heard() -> None:
    required = {f.name for f in msgspec.structs.fields(NewEvent) if f.required}
    assert required == {"id", "occurred_at", "event_type"}
    assert ("POST", f"{WORKER}/suggestions") in {(route.method, route.path) for route in offered()}
