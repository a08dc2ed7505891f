"""OpenAPI 3.1 from the route tables: every route, every body, every problem. What is not in a table does not exist."""

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from domain.access.permissions import Permission
from domain.problems import (
    BadEncoding,
    BodyTooLarge,
    IdempotencyKeyReused,
    InvalidFields,
    MalformedBody,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Problem,
    ServerFault,
    StillRunning,
    TemporarilyUnavailable,
    TooManyRequests,
    UnknownField,
)
from web.routes import PUBLIC, Route

_PARAMETER = re.compile(r"<(\w+)(?::([^>]+))?>")
_REFERENCE = "#/components/schemas/{name}"
_Schemas = dict[str, dict[str, Any]]  # by the type's repr


def document(routes: Sequence[Route], public_url: str) -> dict[str, Any]:
    """The whole OpenAPI document."""
    known, schemas = _schemas(routes)
    paths: dict[str, Any] = {}
    for route in routes:
        for path, operation in _operations(route, known):
            paths.setdefault(path, {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Huying 呼应",
            "version": "1",
            "description": "一户一码民声呼应系统的接口。时间为带时区的 RFC 3339,错误为 application/problem+json。"
            "请求体可以 gzip 压缩(Content-Encoding: gzip),较大的 JSON 应答按 Accept-Encoding 压缩。",
        },
        "servers": [{"url": public_url}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {**schemas, "Problem": _PROBLEM},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


_PROBLEM = {
    "type": "object",
    "description": "RFC 9457",
    "required": ["type", "code", "title", "status", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "code": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {name: {"type": "string"} for name in ("field", "code", "message")},
            },
        },
    },
}


def _schemas(routes: Sequence[Route]) -> tuple[_Schemas, dict[str, Any]]:
    """The schema of every type that a route names, and the components that these refer to. All at once: only then do
    types of one name in different modules get different names."""
    found: dict[str, Any] = {}
    for route in routes:
        bodies = route.body.values() if isinstance(route.body, dict) else [route.body]
        queried = [item.type for item in msgspec.structs.fields(route.query)] if route.query else []
        found |= {repr(kind): kind for kind in (*bodies, route.answer, *queried) if kind is not None}
    schemas, components = msgspec.json.schema_components(list(found.values()), ref_template=_REFERENCE)
    return dict(zip(found, schemas, strict=True)), components


def _operations(route: Route, known: _Schemas) -> list[tuple[str, dict[str, Any]]]:
    """One operation, or one for each action where the body depends on it."""
    if not isinstance(route.body, dict):
        return [(_PARAMETER.sub(r"{\1}", route.path), _operation(route, route.body, "", known))]
    found = []
    for action, body in sorted(route.body.items()):
        path = _PARAMETER.sub(r"{\1}", route.path.replace("<action:str>", action).replace("<action>", action))
        found.append((path, _operation(route, body, action, known)))
    return found


def _operation(route: Route, body: Any, action: str, known: _Schemas) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": f"{route.summary} · {action}" if action else route.summary,
        "operationId": _operation_id(route, action),
        "tags": [_tag(route.path)],
        "parameters": _parameters(route, action, known),
        "responses": _responses(route, known),
    }
    operation["security"] = [] if route.gate is PUBLIC else [{"bearer": []}]
    if isinstance(route.gate, Permission):
        operation["x-permission"] = str(route.gate)
    if route.upload_bytes is not None:
        operation["requestBody"] = _upload()
    elif route.stream:
        operation["requestBody"] = {"required": False, "content": {route.stream: {}}}
    elif body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": known[repr(body)]}},
        }
    return operation


def _operation_id(route: Route, action: str) -> str:
    path = _PARAMETER.sub(r"\1", route.path).strip("/")
    if action:
        path = path.rsplit("/", 1)[0] + "/" + action
    return route.method.lower() + "_" + re.sub(r"\W+", "_", path)


def _tag(path: str) -> str:
    parts = path.strip("/").split("/")
    return parts[1] if parts[0] == "api" and len(parts) > 1 else "public"


def _parameters(route: Route, action: str, known: _Schemas) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name, kind in _PARAMETER.findall(route.path):
        if name != "action" or not action:
            schema = {"type": "string", "format": "uuid"} if kind == "uuid" else {"type": "string"}
            found.append({"name": name, "in": "path", "required": True, "schema": schema})
    if route.query is not None:
        for item in msgspec.structs.fields(route.query):
            schema = known[repr(item.type)]
            found.append({"name": item.encode_name, "in": "query", "required": item.required, "schema": schema})
    if route.method == "POST" and route.replay:
        found.append(
            {
                "name": "Idempotency-Key", "in": "header", "required": False,
                "description": "同一编号、同一内容只执行一次,再次提交得到第一次的回答",
                "schema": {"type": "string", "maxLength": 128},
            }
        )  # fmt: skip
    return found


def _upload() -> dict[str, Any]:
    file = {"type": "string", "contentMediaType": "application/octet-stream"}
    schema = {"type": "object", "required": ["file"], "properties": {"file": file}}
    return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}


def _responses(route: Route, known: _Schemas) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for status in (route.status, *route.also):
        found[str(status)] = {"description": route.summary}
        if status != 204 and route.method != "HEAD":
            schema = known[repr(route.answer)] if route.answer is not None else {}
            found[str(status)]["content"] = {route.content_type: {"schema": schema}}
    by_status: dict[int, list[type[Problem]]] = {}
    for problem in _problems(route):
        by_status.setdefault(problem.status, []).append(problem)
    for status, problems in sorted(by_status.items()):
        codes = [problem.code for problem in problems]
        found.setdefault(str(status), {
            "description": ";".join(f"{p.code} {p.title}" for p in problems),
            "content": {
                "application/problem+json": {
                    "schema": {"$ref": "#/components/schemas/Problem"},
                    "examples": {code: {"value": _example(p)} for code, p in zip(codes, problems, strict=True)},
                }
            },
        })  # fmt: skip
    return found


def _example(problem: type[Problem]) -> dict[str, Any]:
    return {
        "type": f"/problems/{problem.code}",
        "code": problem.code,
        "title": problem.title,
        "status": problem.status,
        "detail": problem.title,
        "request_id": "0f9e6a3c-1b1d-4a53-9a55-1f4e1c1a8f5e",
    }


def _problems(route: Route) -> list[type[Problem]]:
    found: list[type[Problem]] = [*route.problems, ServerFault, TemporarilyUnavailable]
    if route.gate is not PUBLIC:
        found += [NotSignedIn, NotAllowed]
    if "<" in route.path:
        found.append(NotFound)
    if route.body is not None:
        found.append(BadEncoding)
    if route.body is not None or route.query is not None:
        found += [MalformedBody, InvalidFields, UnknownField]
    if route.method != "GET":
        found.append(BodyTooLarge)
    if route.method == "POST" and route.replay:
        found += [IdempotencyKeyReused, StillRunning]
    if route.limit:
        found.append(TooManyRequests)
    return sorted(set(found), key=lambda problem: problem.code)
