"""What changed in my grids since the phone's cursor: a copy of each new grid, then its feed; data joined as it is now.

The feed of an area is gapless and its rows are committed in their order, so a number is a place. A page shows a row at
the version of its feed row or a later one; a phone that meets a row twice keeps the higher version.
"""

from dataclasses import dataclass, field
from typing import Any

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.access.scope import Where, area_condition
from domain.problems import CursorTooOld
from domain.sql import fetch
from domain.sync.cursor import Copying, Cursor, own_state
from domain.sync.rows import COPIED, hidden_cases, mine_elsewhere, rows_after, rows_by_id

PAGE = 500
OWN = "own"  # what was given to me, or reported by me, outside my grids


@dataclass
class Page:
    """One answer of a pull."""

    cursor: Cursor
    revoked: list[str] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)
    more: bool = False

    @property
    def room(self) -> int:
        """How many rows still fit."""
        return PAGE - len(self.changes)


async def pull(actor: Actor, cursor: Cursor) -> Page:
    """The next page. Scopes that were lost come alone, before any row; 410 `cursor-too-old`."""
    assert actor.id is not None
    scopes = await _scopes(actor)
    page = Page(Cursor(cursor.epoch, actor.id, {}, cursor.own))
    page.revoked = sorted(set(cursor.scopes) - set(scopes))
    page.cursor.scopes = {name: place for name, place in cursor.scopes.items() if name in scopes}
    if page.revoked:
        page.more = True
        return page
    heads = await _heads(scopes)
    for scope in scopes:
        place = page.cursor.scopes.get(scope, Copying(heads.get(scope, 0)))
        page.cursor.scopes[scope] = place
        if isinstance(place, Copying):
            place = await _copy(page, actor, scope, place)
        if isinstance(place, int):
            place = await _follow(page, actor, scope, place, heads.get(scope, 0))
        page.cursor.scopes[scope] = place
    await _own(page, actor, scopes)
    return page


async def _scopes(actor: Actor) -> list[str]:
    """The areas whose feeds are mine: every grid, and every village above it in which I hold the right."""
    where = Where()
    where.conditions.append(area_condition(where, "path", actor.areas(Permission.FIELD_READ)))
    rows = await fetch(f"SELECT code FROM areas WHERE {where.sql} ORDER BY code", where.values)
    return [row["code"] for row in rows]


async def _heads(scopes: list[str]) -> dict[str, int]:
    rows = await fetch("SELECT area, feed_n FROM journal_heads WHERE area = ANY($1::text[])", [scopes])
    return {row["area"]: row["feed_n"] for row in rows}


async def _copy(page: Page, actor: Actor, scope: str, place: Copying) -> Copying | int:
    """Rows of a new scope by id, one kind after the other; then the feed from where it stood when the copy began."""
    while place.entity < len(COPIED):
        if page.room <= 0:
            page.more = True
            return place
        entity, room = COPIED[place.entity], page.room
        rows = await rows_after(actor, entity, scope, place.after, room)
        page.changes += [_upsert(scope, entity, row) for row in rows]
        if len(rows) == room:
            place = Copying(place.n, place.entity, rows[-1]["id"])
        else:
            place = Copying(place.n, place.entity + 1)
    return place.n


async def _follow(page: Page, actor: Actor, scope: str, place: int, head: int) -> int:
    """The feed from a place on. One ahead of the feed is of another life, one whose successor is pruned has a gap."""
    if place > head:
        raise CursorTooOld
    if place == head or page.room <= 0:
        page.more = page.more or place < head
        return place
    feed = await fetch(
        "SELECT seq, entity, entity_id FROM feed WHERE area = $1 AND seq > $2 ORDER BY seq LIMIT $3",
        [scope, place, page.room],
    )
    if not feed or feed[-1]["seq"] - place != len(feed):  # pruned, also in part
        raise CursorTooOld
    page.changes += await _joined(actor, scope, feed)
    place = int(feed[-1]["seq"])
    page.more = page.more or place < head
    return place


async def _joined(actor: Actor, scope: str, feed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each row of the feed with its data as it is now, once; `gone` for what has left the scope."""
    wanted = {(row["entity"], row["entity_id"]): row["seq"] for row in feed if row["entity"] in COPIED}
    found = {
        (entity, row_id): row
        for entity in COPIED
        if (ids := [row_id for kind, row_id in wanted if kind == entity])
        for row_id, row in (await rows_by_id(actor, entity, scope, ids)).items()
    }
    hidden = await hidden_cases([row_id for entity, row_id in wanted if entity == "case" and (entity, row_id) not in found])
    return [
        _upsert(scope, entity, found[entity, row_id])
        if (entity, row_id) in found
        else {"scope": scope, "entity": entity, "id": row_id, "kind": "gone"}
        for (entity, row_id), _ in sorted(wanted.items(), key=lambda each: each[1])
        if row_id not in hidden
    ]


async def _own(page: Page, actor: Actor, scopes: list[str]) -> None:
    """What is mine outside my grids is short: sent whole, after a `reset`, whenever any of it changed."""
    if page.more:
        return
    rows = await mine_elsewhere(actor, scopes)
    state = own_state(rows) if rows else b""
    if state == page.cursor.own:
        return
    if page.room <= len(rows):
        page.more = True
        return
    page.changes.append({"scope": OWN, "entity": "case", "kind": "reset"})
    page.changes += [_upsert(OWN, "case", row) for row in rows]
    page.cursor.own = state


def _upsert(scope: str, entity: str, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "scope": scope, "entity": entity, "id": row["id"], "version": row["version"], "kind": "upsert", "data": row,
    }  # fmt: skip
