"""What a worker decides about own refused items: leave it, or send it corrected. Nobody else's word is needed for either."""

from uuid import UUID

from domain.access.actor import Actor
from domain.clock import now
from domain.journal.unit import Fact, record
from domain.problems import NotFound
from domain.sql import execute, fetch, fetch_one
from domain.sync.items import Item
from domain.sync.mark import lock_entity
from domain.sync.queries import REFUSED
from domain.sync.scope import area_of

GIVEN_UP, CORRECTED = "网格员本人放弃", "网格员更正后已登记"


async def give_up(actor: Actor, item_id: UUID) -> None:
    """Leave a refused item of mine, which then counts no more; once more is no fault. 404 for items of others and for those
    that were not refused. Its words go with the next purge of what was decided."""
    row = await fetch_one(
        f"SELECT i.entity, i.verb, i.code, {area_of('i.worker')} FROM sync_items i WHERE i.id = $1 AND i.worker = $2"
        " AND i.status IN ('rejected', 'conflict')",
        [item_id, actor.id],
    )
    if row is None:
        raise NotFound
    await lock_entity(row["entity"])  # nobody may be applying the item at this moment
    gone = await fetch(
        "UPDATE sync_items SET settled_at = $3, settled_by = $2, settled_note = $4"
        f" WHERE id = $1 AND worker = $2 AND {REFUSED} RETURNING id",
        [item_id, actor.id, now(), GIVEN_UP],
    )
    if gone:
        record(Fact("sync.item-given-up", row["area"], None, item_id, {"verb": row["verb"], "code": row["code"]}))


async def settle_corrected(item: Item, worker: UUID) -> None:
    """A record was refused and is done now, sent anew under another id: what was refused waits for nobody any more."""
    await execute(
        "UPDATE sync_items SET settled_at = $4, settled_by = $3, settled_note = $5"
        f" WHERE entity = $1 AND verb = $2 AND worker = $3 AND id <> $6 AND {REFUSED}",
        [item.entity_id, item.verb, worker, now(), CORRECTED, item.id],
    )
