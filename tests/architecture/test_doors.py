"""Every route says who may call it and what it is for; the description of the interface is complete and valid."""

import inspect
import json
import re
from collections import Counter
from functools import partial, update_wrapper
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from openapi_spec_validator import validate

from domain.access.permissions import ROLE_PERMISSIONS, Permission
from server.doors import routes
from tests.architecture.sources import DOORS, sources
from tests.support import app as stage
from web.openapi import document
from web.routes import PUBLIC, SIGNED_IN, Route

HANDLER_LINES = 25
CHINESE = re.compile(r"[\u4e00-\u9fff]")
ROUTES: list[Route] = routes(stage.test_settings(Path()))


def plain(handler: Any) -> Any:
    """The function behind a handler, also where it is bound to arguments."""
    return inspect.unwrap(handler.func if isinstance(handler, partial) else handler)


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


@pytest.fixture(scope="module")
def openapi() -> dict[str, Any]:
    return document(ROUTES, "http://huying.test")


def test_every_route_names_who_may_call_it() -> None:
    open_doors = [r for r in ROUTES if not (isinstance(r.gate, Permission) or r.gate in (PUBLIC, SIGNED_IN))]
    assert [named(route) for route in open_doors] == []


def test_every_permission_at_a_door_is_held_by_somebody() -> None:
    held = frozenset().union(*ROLE_PERMISSIONS.values())
    asked = {route.gate for route in ROUTES if isinstance(route.gate, Permission)}
    assert asked - held == set()


def test_every_route_says_in_chinese_what_it_does() -> None:
    assert [named(route) for route in ROUTES if not CHINESE.search(route.summary)] == []


def test_no_two_routes_stand_at_one_address() -> None:
    places = Counter((route.method, re.sub(r"<[^>]+>", "<>", route.path)) for route in ROUTES)
    assert [place for place, times in places.items() if times > 1] == []


def test_reads_answer_get_and_writes_do_not() -> None:
    assert [named(route) for route in ROUTES if route.reads and route.method not in {"GET", "POST", "OPTIONS"}] == []


def test_handlers_are_thin() -> None:
    thick = {}
    for route in ROUTES:
        function = plain(route.handler)
        lines = len(inspect.getsource(function).splitlines())
        if lines > HANDLER_LINES:
            thick[f"{function.__module__}.{function.__name__}"] = lines
    assert thick == {}


def test_the_function_behind_a_bound_handler_is_found() -> None:
    assert plain(update_wrapper(partial(named), named)) is named


def test_doors_write_no_sql() -> None:
    """Lists and writes belong to `domain/`; a door that ends its own session is the exception."""
    statement = re.compile(r'"""?\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\s', re.IGNORECASE)
    guilty = [
        f"{source.name}:{source.text.count(chr(10), 0, hit.start()) + 1}"
        for source in sources(*DOORS)
        for hit in statement.finditer(source.text)
        if "SELECT 1 AS one" not in source.text[hit.start() : hit.start() + 40]
    ]
    assert guilty == []


def test_the_description_is_valid_openapi(openapi: dict[str, Any]) -> None:
    validate(openapi)


def test_every_reference_of_the_description_leads_somewhere(openapi: dict[str, Any]) -> None:
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(openapi)))
    assert named
    assert sorted(named - openapi["components"]["schemas"].keys()) == []


def test_the_description_has_every_route(openapi: dict[str, Any]) -> None:
    described = {(method.upper(), path) for path, methods in openapi["paths"].items() for method in methods}
    wanted = set()
    for route in ROUTES:
        actions = sorted(route.body) if isinstance(route.body, dict) else [""]
        for action in actions:
            path = re.sub(r"<action(:str)?>", action, route.path) if action else route.path
            wanted.add((route.method, re.sub(r"<(\w+)(:[^>]+)?>", r"{\1}", path)))
    assert described == wanted


def test_the_description_gives_each_operation_its_own_name(openapi: dict[str, Any]) -> None:
    operations = [operation for methods in openapi["paths"].values() for operation in methods.values()]
    times = Counter(operation["operationId"] for operation in operations)
    assert [name for name, count in times.items() if count > 1] == []


def test_the_description_says_which_permission_each_operation_needs(openapi: dict[str, Any]) -> None:
    for route in ROUTES:
        if isinstance(route.gate, Permission) and not isinstance(route.body, dict):
            path = re.sub(r"<(\w+)(:[^>]+)?>", r"{\1}", route.path)
            assert openapi["paths"][path][route.method.lower()]["x-permission"] == route.gate


def test_pages_of_the_server_name_no_foreign_host() -> None:
    """`/docs` and `/h/…` must work in an office without the internet."""
    guilty = []
    for folder in (Path(d) for d in DOORS):
        for path in [*folder.rglob("*.html"), *folder.rglob("*.js"), *folder.rglob("*.css")]:
            for address in re.findall(r"(?:https?:)?//[\w.-]+\.\w+[^\s\"'<>)]*", path.read_text(encoding="utf-8")):
                if urlsplit(address).hostname != "www.w3.org":
                    guilty.append(f"{path}: {address}")
    assert guilty == []
