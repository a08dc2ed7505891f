"""The inbox of staff and grid workers: the same two handlers behind each door."""

from typing import Any

from domain.notices.actions import read_notice
from domain.notices.queries import inbox, unread_count
from web.paging import Page, paged
from web.routes import Ask, Gate, Route, path_id
from web.shapes import local


class InboxPage(Page, kw_only=True):
    """A page of the inbox; `unread=true` shows only what was not read yet."""

    unread: bool = False


async def list_inbox(ask: Ask) -> dict[str, Any]:
    """The caller's notices, newest first, and how many are unread."""
    query: InboxPage = ask.query
    rows = await inbox(ask.actor, query.before, query.limit, unread=query.unread)
    return {**paged(rows, query.limit, _shape), "unread": await unread_count(ask.actor)}


async def mark_read(ask: Ask) -> None:
    """Mark one of the caller's notices as read; 404 for anybody else's."""
    await read_notice(ask.actor, path_id(ask))


def _shape(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "event": row["event"],
        "case_id": row["case_id"],
        "case_number": row["case_number"],
        "title": row["title"],
        "text": row["text"],
        "at": local(row["visible_at"]),
        "read_at": local(row["read_at"]),
    }


def inbox_routes(gate: Gate) -> tuple[Route, ...]:
    """The two rows of a door's table."""
    return (
        Route(method="GET", path="/inbox", handler=list_inbox, gate=gate, query=InboxPage, reads=True,
              summary="我的消息"),
        Route(method="POST", path="/inbox/<id:str>/read", handler=mark_read, gate=gate, status=204, replay=False,
              summary="标为已读"),
    )  # fmt: skip
