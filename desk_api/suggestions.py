"""Staff door: what the people who work with the app say about it, and our answer (国办函〔2026〕12号)."""

from typing import Any
from uuid import UUID

from desk_api.schemas import Words
from domain.access.permissions import Permission as P
from domain.notices.actions import Words as Notice
from domain.notices.actions import tell
from domain.problems import invalid
from domain.suggestions.actions import reply, suggestions
from domain.text import clean_text
from web.bodies import Strict
from web.paging import Page, paged
from web.routes import Ask, Route, path_id
from web.shapes import local


class SuggestionList(Page, kw_only=True):
    """Only those that wait for an answer."""

    waiting: bool = False


class Answered(Strict):
    """Our answer."""

    text: Words


async def list_suggestions(ask: Ask) -> dict[str, Any]:
    """What was suggested in my areas, newest first (`GET /suggestions`)."""
    query: SuggestionList = ask.query
    rows = await suggestions(ask.actor, query.before, query.limit, waiting=query.waiting)
    return paged(rows, query.limit, _shape)


async def answer(ask: Ask) -> dict[str, Any]:
    """Answer a suggestion; its author finds the answer in the inbox (`POST /suggestions/{id}/reply`)."""
    text = clean_text(ask.body.text)
    if not text:
        raise invalid("text", "请写下答复", "required")
    said = await reply(ask.actor, path_id(ask), text)
    author = UUID(said.author.partition(":")[2])
    words = Notice(event="suggestion.answered", title="您的意见有了答复", text=text)
    await tell("staff", [author], f"suggestion:{said.id}:{said.replied_at}", words)
    return {"id": said.id, "reply": said.reply, "replied_at": local(said.replied_at)}


def _shape(row: dict[str, Any]) -> dict[str, Any]:
    names = ("id", "text", "author", "area_code", "area")
    return {
        **{name: row[name] for name in names}, "at": local(row["at"]), "reply": row["reply"] or None,
        "replied_at": local(row["replied_at"]),
    }  # fmt: skip


ROUTES = (
    Route(method="GET", path="/suggestions", handler=list_suggestions, gate=P.SUGGESTION_ANSWER, query=SuggestionList,
          reads=True, summary="对应用的意见"),
    Route(method="POST", path="/suggestions/<id:str>/reply", handler=answer, gate=P.SUGGESTION_ANSWER, body=Answered,
          summary="答复意见"),
)  # fmt: skip
