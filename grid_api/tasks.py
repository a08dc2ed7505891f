"""Worker door: tell an answer in person, and say what should be better about the app."""

from typing import Any

from domain.access.permissions import Permission as P
from domain.households.naming import plate_text
from domain.notices.tell import tell_tasks, told
from domain.problems import invalid
from domain.suggestions.actions import my_suggestions, suggest
from domain.text import clean_text
from grid_api.schemas import NewSuggestion, TaskPage, Told
from web.paging import Page, paged
from web.routes import Ask, Route, path_id
from web.shapes import local


async def list_tasks(ask: Ask) -> dict[str, Any]:
    """Answers to be told in person in my grids (`GET /tasks`)."""
    page = ask.query
    rows = await tell_tasks(ask.actor, page.state, page.before, page.limit)
    return paged(rows, page.limit, _task)


async def finish_task(ask: Ask) -> dict[str, Any]:
    """The answer was told (`POST /tasks/{id}/done`)."""
    task = await told(ask.actor, path_id(ask), clean_text(ask.body.note))
    return {"id": task.id, "state": task.state, "done_at": local(task.done_at), "note": task.note}


async def create_suggestion(ask: Ask) -> dict[str, Any]:
    """Keep a suggestion or a complaint about the app (`POST /suggestions`)."""
    text = clean_text(ask.body.text)
    if not text:
        raise invalid("text", "请写下您的意见", "required")
    said = await suggest(ask.actor, text)
    return {"id": said.id, "at": local(said.at)}


async def list_suggestions(ask: Ask) -> dict[str, Any]:
    """What I suggested before (`GET /suggestions`)."""
    page = ask.query
    rows = await my_suggestions(ask.actor, page.before, page.limit)
    return paged(rows, page.limit, _suggestion)


def _suggestion(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"], "text": row["text"], "at": local(row["at"]), "reply": row["reply"] or None,
        "replied_at": local(row["replied_at"]),
    }  # fmt: skip


def _task(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "kind": "tell",
        "number": row["number"],
        "text": row["text"],
        "plate_text": plate_text(row["group_name"], row["door_text"]) if row["door_text"] else None,
        "group": row["group_name"],
        "name": row["name"],
        "phone": row["phone"],
        "state": row["state"],
        "created_at": local(row["created_at"]),
        "due_at": local(row["due_at"]),
        "clock": row["clock"],
        "done_at": local(row["done_at"]),
        "note": row["note"],
    }

ROUTES = (
    Route(method="GET", path="/tasks", handler=list_tasks, gate=P.FIELD_READ, query=TaskPage, reads=True,
          summary="待当面告知的答复"),
    Route(method="POST", path="/tasks/<id:str>/done", handler=finish_task, gate=P.NOTICE_TELL, body=Told,
          summary="已当面告知"),
    Route(method="POST", path="/suggestions", handler=create_suggestion, gate=P.FIELD_TRACK, body=NewSuggestion,
          status=201, summary="对本应用提意见"),
    Route(method="GET", path="/suggestions", handler=list_suggestions, gate=P.FIELD_TRACK, query=Page, reads=True,
          summary="我提过的意见"),
)  # fmt: skip
