"""Resident door: the inbox, the truth behind WeChat and SMS."""

from typing import Any

from domain.access.permissions import Permission as P
from domain.notices.actions import read_notice
from domain.notices.queries import inbox, unread_count
from web.paging import Page, paged
from web.routes import Ask, Route, path_id
from web.shapes import local


async def list_inbox(ask: Ask) -> dict[str, Any]:
    """Every notice ever sent to me, newest first."""
    rows = await inbox(ask.actor, ask.query.before, ask.query.limit)
    return {**paged(rows, ask.query.limit, notice_shape), "unread": await unread_count(ask.actor)}


async def mark_read(ask: Ask) -> None:
    """I have read it."""
    await read_notice(ask.actor, path_id(ask))


def notice_shape(row: dict[str, Any]) -> dict[str, Any]:
    """One notice as its recipient sees it."""
    return {
        "id": row["id"],
        "event": row["event"],
        "appeal_id": row["appeal_id"],
        "title": row["title"],
        "text": row["text"],
        "at": local(row["visible_at"]),
        "read_at": local(row["read_at"]),
    }


ROUTES = (
    Route(method="GET", path="/me/inbox", handler=list_inbox, gate=P.OWN_READ, query=Page, reads=True,
          summary="我的消息"),
    Route(method="POST", path="/me/inbox/<id:str>/read", handler=mark_read, gate=P.OWN_READ, status=204, replay=False,
          summary="标为已读"),
)  # fmt: skip
