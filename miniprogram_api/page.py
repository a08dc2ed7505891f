"""The plain page behind a door plate: one HTML page, one stylesheet, one script; filing works without the script too.

The script is several files joined into one at start; each asset is compressed once and named by its hash.
"""

import gzip
import secrets
import tomllib
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from domain.areas.queries import area, public_worker
from domain.cases.states import STATES
from domain.households.actions import CodeFound, find_code
from domain.households.naming import masked_door
from domain.problems import CodeDead, IdempotencyKeyReused, InvalidFields, NoSuchRoute, Problem, UnknownCode
from domain.rulebook import rulebook
from miniprogram_api.appeals import create_appeal
from miniprogram_api.schemas import NewAppeal
from web import replay
from web.routes import PUBLIC, Answer, Ask, Limit, Route

HTML = "text/html; charset=utf-8"
_FOLDER = files("miniprogram_api") / "page"
_SCRIPTS = ("ground.js", "calls.js", "media.js", "filing.js", "sending.js", "progress.js", "moves.js", "start.js")
_WORDS: dict[str, Any] = tomllib.loads((_FOLDER / "words.toml").read_text("utf-8"))
_FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Asset:
    """A file of the page, plain and compressed, with the hash that names it."""

    plain: bytes
    packed: bytes
    content_type: str
    version: str


def _asset(text: str, content_type: str) -> Asset:
    plain = text.encode()
    return Asset(plain, gzip.compress(plain, 9, mtime=0), content_type, sha256(plain).hexdigest()[:12])


def _script() -> str:
    parts = "\n".join((_FOLDER / name).read_text("utf-8") for name in _SCRIPTS)
    return f"(function () {{\n'use strict';\n{parts}\n}})();\n"


ASSETS = {
    "page.css": _asset((_FOLDER / "page.css").read_text("utf-8"), "text/css; charset=utf-8"),
    "page.js": _asset(_script(), "text/javascript; charset=utf-8"),
}

_templates = Environment(
    loader=PackageLoader("miniprogram_api", "page"), autoescape=select_autoescape(default=True),
    undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
)  # fmt: skip
_templates.policies["json.dumps_kwargs"] = {"sort_keys": False}  # choices stand in the order of words.toml
_templates.globals["asset"] = lambda name: f"/m/{name}?v={ASSETS[name].version}"
_templates.filters["day"] = lambda at: f"{int(at[5:7])}月{int(at[8:10])}日"


async def page_for(ask: Ask, found: CodeFound) -> Answer:
    """The resident page of a household's plate: place, grid worker's card, hotline, filing, progress, rating."""
    return _answer(ask, await _page(found, ask.path["code"]), 200)


@cache
def unknown_page() -> bytes:
    """The page of a code that we never made; the same bytes for every such code."""
    return render("unknown.html", title=UnknownCode.title, hotline=rulebook().hotline)


@cache
def dead_page(hotline: str) -> bytes:
    """The page of a plate that is no longer in use: neutral, without any place."""
    return render("dead.html", title=CodeDead.title, hotline=hotline)


async def file_plainly(ask: Ask) -> Answer:
    """File an appeal from the plain form, without scripts; its hidden key keeps a reload from filing twice."""
    code = ask.path["code"]
    try:
        found = await find_code(ask.app.services.keyring, code, door="web")
    except UnknownCode:
        return Answer(raw=unknown_page(), status=404, content_type=HTML)
    except CodeDead:
        return Answer(raw=dead_page(rulebook().hotline), status=410, content_type=HTML)
    form = {name: values[0] for name, values in (ask.request.form or {}).items()}
    key = replay.replay_key("plain-form", form.get("key") or secrets.token_urlsafe(16), "POST", "/h", ask.request.body)
    try:
        if stored := await replay.claim(key):
            return Answer(raw=stored.body, status=stored.status, content_type=HTML)
        ask.body = _read_form(form, code)
        page = render("receipt.html", title="提交成功", hotline=rulebook().hotline, receipt=await create_appeal(ask))
    except Problem as problem:
        return _answer(ask, await _page(found, code, form, problem), problem.status)
    await replay.keep(key, 201, page)
    return Answer(raw=page, status=201, headers={"Cache-Control": "no-store"}, content_type=HTML)


def _read_form(form: dict[str, str], code: str) -> NewAppeal:
    said = {name: form[name] for name in ("kind", "content", "topic", "identity", "urgent_reason") if form.get(name)}
    contact = {name: form.get(name, "") for name in ("name", "phone")}
    try:
        return msgspec.convert({**said, "contact": contact, "plate_code": code}, NewAppeal)
    except msgspec.ValidationError:
        raise InvalidFields(errors=[{"message": "文字太长,或者有一项没有选好"}]) from None


async def _page(
    found: CodeFound, code: str, form: dict[str, str] | None = None, trouble: Problem | None = None
) -> bytes:
    household, book = found.household, rulebook()
    village, grid = await area(household.village_code), await area(household.grid_code)
    topics = [topic for topic in book.topics.values() if not topic.parent]
    return render(
        "home.html", title=f"{village.name if village else ''} · {book.name}", book=book, hotline=book.hotline,
        village=village, grid=grid, plate=masked_door(household.group_name, household.door_text),
        worker=await public_worker(household.grid_code), topics=topics,
        words=_WORDS, code=code, key=secrets.token_urlsafe(16), form=form or {},
        trouble=_plain_trouble(trouble), facts=_facts(code),
    )  # fmt: skip


def _facts(code: str) -> dict[str, Any]:
    """What the script has to know: the plate, the hotline and the words."""
    states = {state: {"name": name, "hint": _WORDS["states"].get(state, "")} for state, name in STATES.items()}
    named = {kind["code"]: kind["name"] for kind in _WORDS["kinds"]}
    choices = {name: _WORDS[name] for name in ("faces", "solved", "staff", "moves")}
    return {"code": code, "hotline": rulebook().hotline, "states": states, "kinds": named, **choices}


def _plain_trouble(problem: Problem | None) -> str:
    if problem is None:
        return ""
    if isinstance(problem, IdempotencyKeyReused):
        return "这份表已经提交过。要说新的事,请重新扫码打开。"
    said = [error["message"] for error in problem.details.get("errors", [])]
    return ";".join(said) if said else f"{problem.title}。{problem.text}"


def render(template: str, **values: Any) -> bytes:
    """A page of the templates."""
    return _templates.get_template(template).render(**values).encode()


def _answer(ask: Ask, page: bytes, status: int) -> Answer:
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Encoding"}
    if "gzip" in ask.request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        page = gzip.compress(page, 6)
    return Answer(raw=page, status=status, headers=headers, content_type=HTML)


async def send_asset(ask: Ask) -> Answer:
    """A stylesheet or script, compressed when the browser takes it; kept for ever under the name of its hash."""
    found = ASSETS.get(ask.path["name"])
    if found is None:
        raise NoSuchRoute
    packed = "gzip" in ask.request.headers.get("accept-encoding", "")
    current = ask.request.args.get("v") == found.version
    headers = {"Cache-Control": _FOR_EVER if current else "no-cache", "Vary": "Accept-Encoding"}
    if packed:
        headers["Content-Encoding"] = "gzip"
    return Answer(raw=found.packed if packed else found.plain, headers=headers, content_type=found.content_type)


ROUTES = [
    Route(method="GET", path="/m/<name:str>", handler=send_asset, gate=PUBLIC, reads=True,
          summary="居民页面的样式与脚本", content_type="text/css"),
    Route(method="POST", path="/h/<code:str>", handler=file_plainly, gate=PUBLIC, replay=False, status=201,
          limit=(Limit("plain-form", 120, 600),), summary="无脚本浏览器提交诉求", content_type="text/html"),
]  # fmt: skip
