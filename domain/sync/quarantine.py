"""What phones could not hand in, and what a person does with it: look, apply it after all, or discard it.

An item is applied by the very intake that refused it, under the rights that its owner (or another worker, to whom it is
given) has at that moment; nothing gets in here that would not get in by the phone.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.access.scope import Where
from domain.clock import SHANGHAI, now
from domain.journal.unit import Fact, record
from domain.notices.actions import Words, tell
from domain.problems import GuardNotMet, NotFound, invalid
from domain.sql import execute, fetch
from domain.sync.files import hand_files
from domain.sync.intake import Desk, decide_again
from domain.sync.items import Item, named_files
from domain.sync.mark import lock_entity
from domain.sync.outcome import Outcome
from domain.sync.queries import REFUSED, place
from domain.sync.scope import area_of, of_my_workers

STATES = {"waiting": REFUSED, "held": "status = 'held'", "settled": "settled_at IS NOT NULL"}
UNREADABLE = "?"
VERBS = {
    "visit": "走访", "visit:agree": "约定下次联系", "event": "上报事件", "patrol": "巡逻", "task:done": "当面告知",
    "plate:activate": "启用门牌", "suggestion": "对应用的意见", UNREADABLE: "无法识别的记录",
}  # fmt: skip


@dataclass(frozen=True)
class Search:
    """How the list is narrowed: the state, the reason of the refusal, one worker."""

    state: str = "waiting"
    reason: str | None = None
    worker: UUID | None = None
    before: UUID | None = None
    limit: int = 20


def verb_name(verb: str) -> str:
    """What a phone did, in plain words."""
    return VERBS.get(verb, "工单办理" if verb.startswith("case:") else verb)


async def items(actor: Actor, search: Search) -> list[dict[str, Any]]:
    """A page of kept items of my workers without their words, newest receipt first, one row more than the limit; `id`
    is the place of the cursor."""
    where = _mine(actor)
    where.conditions.append(STATES[search.state])
    if search.reason:
        where.add("i.code = {}", search.reason)
    if search.worker:
        where.add("i.worker = {}", search.worker)
    where.add("i.number < {}", place(search.before))
    rows = await _rows(where, f"ORDER BY i.number DESC LIMIT {search.limit + 1}")
    return [{**row, "id": UUID(int=row["number"])} for row in rows]


async def item(actor: Actor, item_id: UUID) -> dict[str, Any]:
    """One item of my workers that is not done (or was settled by a person), without its words; 404 for any other."""
    where = _mine(actor)
    where.add("i.id = {}", item_id)
    where.conditions.append("i.status <> 'done' OR i.settled_at IS NOT NULL")
    rows = await _rows(where, "")
    if not rows:
        raise NotFound
    return rows[0]


async def reveal(actor: Actor, item_id: UUID, purpose: str) -> Any:
    """What the phone wrote, as it came; who looks and what for stands in the journal."""
    row = await item(actor, item_id)
    text = await _body(item_id)
    record(Fact("sync.item-revealed", row["area"], None, item_id, {"verb": row["verb"], "purpose": purpose}))
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text or None


async def release(actor: Actor, desk: Desk, item_id: UUID, worker: UUID | None) -> Outcome:
    """Apply an item under the present rights of its owner, or of another worker of mine; what came of it. Refused again,
    it stays where it is with the new reason; 409 for one that is settled or cannot be read."""
    row = await _locked(actor, item_id)
    if row["verb"] == UNREADABLE or not (text := await _body(item_id)):
        raise GuardNotMet(reason="内容无法识别或已过保存期,只能不予登记。", missing=[])
    taker = worker or row["given_to"] or row["worker"]
    if taker != (row["given_to"] or row["worker"]):
        await _give(actor, row, text, taker)
    outcome = await decide_again(desk, {**row, "body": text}, taker)
    if outcome.status == "done":
        await _settle(actor, item_id, "")
        await _tell(row, "已由管理人员补登" if taker == row["worker"] else "已由管理人员补登,由另一位网格员办理")
    data = {"verb": row["verb"], "worker": str(taker), "status": outcome.status, "code": outcome.code}
    record(Fact("sync.item-released", row["area"], None, item_id, data))
    return outcome


async def discard(actor: Actor, item_id: UUID, reason: str) -> None:
    """Decide that an item is not entered; its worker sees why. Its words go with the next purge."""
    row = await _locked(actor, item_id)
    await _settle(actor, item_id, reason)
    shown = {"status": "rejected", "code": "discarded", "message": f"管理人员决定不予登记:{reason}"}
    await execute(
        "UPDATE sync_items SET status = 'rejected', result = result || $2::text::jsonb WHERE id = $1",
        [item_id, msgspec.json.encode(shown).decode()],
    )
    await _tell(row, f"管理人员决定不予登记。理由:{reason}")
    record(Fact("sync.item-discarded", row["area"], None, item_id, {"verb": row["verb"], "code": row["code"]}))


def _mine(actor: Actor) -> Where:
    """Items of my workers, except on cases against my own unit (the conflict wall)."""
    where = Where()
    of_my_workers(where, actor, Permission.QUARANTINE_DECIDE, "i.worker")
    own = where.bind(sorted(actor.departments))
    where.conditions.append(
        "NOT EXISTS (SELECT 1 FROM cases c WHERE c.id = i.entity AND c.complained_department_id = ANY"
        f"({own}::uuid[]))"
    )
    return where


async def _rows(where: Where, rest: str) -> list[dict[str, Any]]:
    return await fetch(
        "SELECT i.id AS item, i.number, i.device, i.worker, i.given_to, i.verb, i.entity, i.status, i.code, i.result,"
        " i.occurred_at, i.clock_quality, i.skew_s, i.received_at, i.settled_at, i.settled_note, w.name AS worker_name,"
        " w.active AS worker_active,"
        f" t.name AS given_name, s.name AS settled_name, {area_of('i.worker')} FROM sync_items i"
        " LEFT JOIN staff w ON w.id = i.worker LEFT JOIN staff t ON t.id = i.given_to"
        f" LEFT JOIN staff s ON s.id = i.settled_by WHERE {where.sql} {rest}",
        where.values,
        json=("result",),
    )


async def _locked(actor: Actor, item_id: UUID) -> dict[str, Any]:
    """The item under the lock of its entity, as the phone's own push would hold it; 409 when it is settled."""
    await lock_entity((await item(actor, item_id))["entity"])
    row = await item(actor, item_id)
    if row["settled_at"] or row["status"] == "done":
        raise GuardNotMet(reason="这条记录已经有人处理过。", missing=[])
    return row


async def _body(item_id: UUID) -> str:
    rows = await fetch("SELECT body FROM sync_items WHERE id = $1", [item_id])
    return str(rows[0]["body"])


async def _give(actor: Actor, row: dict[str, Any], text: str, taker: UUID) -> None:
    """Let another worker of mine (or the owner again) be the one who did it; the files that it names go along."""
    where = Where()
    of_my_workers(where, actor, Permission.QUARANTINE_DECIDE, "f.id")
    where.add("f.id = {}", taker)
    if not await fetch(f"SELECT 1 AS one FROM staff f WHERE f.kind = 'worker' AND f.active AND {where.sql}", where.values):
        message = "没有这位网格员,或不在您的管辖范围内"
        raise invalid("worker", message)
    files = named_files(msgspec.json.decode(text, type=Item))
    await hand_files(files, f"worker:{row['given_to'] or row['worker']}", f"worker:{taker}")
    await execute("UPDATE sync_items SET given_to = $2 WHERE id = $1", [row["item"], taker])


async def _tell(row: dict[str, Any], what: str) -> None:
    """The worker reads in the inbox what became of it, also on another phone."""
    day = row["occurred_at"].astimezone(SHANGHAI)
    text = f"您{day.month}月{day.day}日记的“{verb_name(row['verb'])}”没有登记上,{what}。"
    words = Words(event="sync.item-settled", title="离线记录处理结果", text=text)
    await tell("staff", [row["worker"]], f"quarantine:{row['item']}", words)


async def _settle(actor: Actor, item_id: UUID, note: str) -> None:
    await execute(
        "UPDATE sync_items SET settled_at = $2, settled_by = $3, settled_note = $4 WHERE id = $1",
        [item_id, now(), actor.id, note],
    )
