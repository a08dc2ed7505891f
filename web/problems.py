"""Turns problems into `application/problem+json` (RFC 9457), and every code into a page that says what to do."""

from html import escape
from typing import Any

import msgspec

from domain.problems import Problem, catalogue

UNPROCESSABLE = 422


def problem_body(problem: Problem, request_id: str) -> dict[str, Any]:
    """The members of the problem document."""
    return {
        "type": f"/problems/{problem.code}",
        "code": problem.code,
        "title": problem.title,
        "status": problem.status,
        "detail": problem.text,
        "request_id": request_id,
        **({"errors": problem.errors} if problem.status == UNPROCESSABLE else {}),
        **{key: value for key, value in problem.details.items() if key not in {"status", "code", "type", "title"}},
    }


def encode(problem: Problem, request_id: str) -> bytes:
    """The problem document as JSON."""
    return msgspec.json.encode(problem_body(problem, request_id))


_PAGE = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>body{{font:18px/1.6 system-ui,sans-serif;max-width:40em;margin:2em auto;padding:0 1em;
color:#1a1a1a}}code{{background:#eef2f7;padding:.1em .4em;border-radius:4px}}dt{{font-weight:600;margin-top:1em}}</style>
<h1>{title}</h1><p><code>{code}</code> · HTTP {status}</p><dl>{rows}</dl><p><a href="/problems/">全部错误代码</a></p></html>"""


def page(code: str) -> str | None:
    """The HTML page of one problem, or None for an unknown code."""
    found = next((kind for kind in catalogue() if kind.code == code), None)
    if found is None:
        return None
    rows = "".join(
        f"<dt>{name}</dt><dd>{escape(text)}</dd>"
        for name, text in (("含义", found.detail or found.title), ("怎么办", found.advice))
        if text
    )
    return _PAGE.format(title=escape(found.title), code=found.code, status=found.status, rows=rows)


def index() -> str:
    """The HTML page of all problems."""
    rows = "".join(
        f'<dt><a href="/problems/{kind.code}"><code>{kind.code}</code></a> · {kind.status}</dt><dd>{escape(kind.title)}</dd>'
        for kind in catalogue()
    )
    return _PAGE.format(title="错误代码", code="problems", status="", rows=rows)
