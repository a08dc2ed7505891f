"""The page that a paper slip leads to: progress by number and query code, without a script and without signing in."""

from domain.access.actor import Actor, Grant
from domain.appeals.lookup import find_by_code
from domain.rulebook import rulebook
from miniprogram_api.lookups import GUESSES
from miniprogram_api.own import progress
from miniprogram_api.page import HTML, render
from web.routes import PUBLIC, Answer, Ask, Route

_HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
_LONGEST = 40


async def ask_pair(ask: Ask) -> Answer:
    """The empty form; nothing about an appeal is in the address."""
    return _page(200)


async def show_progress(ask: Ask) -> Answer:
    """The progress of a receipt; the same words for a wrong number and a wrong code."""
    form = ask.request.form or {}
    number, code = (str(form.get(name) or "").strip().upper()[:_LONGEST] for name in ("number", "query_code"))
    appeal_id = await find_by_code(number, code) if number and code else None
    if appeal_id is None:
        trouble = "没有找到。请对一对编号和查询码,一个字也不能错。" if number and code else "编号和查询码都要填。"
        return _page(404 if number and code else 422, number=number, trouble=trouble)
    actor = Actor("lookup", appeal_id, grants=(Grant("lookup", ""),), appeal_id=appeal_id)
    return _page(200, appeal=await progress(actor, appeal_id))


def _page(status: int, **values: object) -> Answer:
    given = {"appeal": None, "number": "", "trouble": "", **values}
    page = render("check.html", title="查进度", hotline=rulebook().hotline, **given)
    return Answer(raw=page, status=status, headers=_HEADERS, content_type=HTML)


ROUTES = [
    Route(method="GET", path="/progress", handler=ask_pair, gate=PUBLIC, reads=True, content_type=HTML,
          summary="回执二维码打开的查进度页面"),
    Route(method="POST", path="/progress", handler=show_progress, gate=PUBLIC, reads=True, replay=False,
          also=(404, 422), limit=GUESSES, content_type=HTML, summary="凭编号和查询码看进度(网页)"),
]  # fmt: skip
