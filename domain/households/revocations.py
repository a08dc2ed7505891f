"""A stolen print file or a leaked key: all live codes of a batch or of a key end at once, in chunks."""

from typing import Literal
from uuid import UUID

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.access.scope import Where, area_condition
from domain.areas.models import Area
from domain.clock import now
from domain.households.models import LIVE_SQL, PlateBatch, PlateRevocation
from domain.households.queries import scoped_row
from domain.ids import new_id
from domain.journal.unit import Fact, record
from domain.problems import NotAllowed, invalid
from domain.rulebook import rulebook
from domain.sql import fetch

CHUNK = 2000


async def request_revocation(
    actor: Actor, batch_id: UUID | None, kid: int | None, reason: Literal["stolen", "leaked", "misprint"]
) -> PlateRevocation:
    """Revoke what a batch printed, or everything under a key; the job follows the commit.

    A key reaches over the whole deployment, so that needs the right for the whole county (403).
    """
    if (batch_id is None) == (kid is None):
        raise invalid("batch_id", "batch_id 与 kid 填一项", "required")
    if batch_id is not None:
        await scoped_row(actor, Permission.PLATE_REVOKE, "plate_batches", batch_id)
        batch = await PlateBatch.get(id=batch_id)
        area_code, area_path = batch.area_code, batch.area_path
    else:
        county = await Area.get(code=rulebook().county)
        if not actor.may(Permission.PLATE_REVOKE, county.path):
            raise NotAllowed
        area_code, area_path = county.code, county.path
    made = await PlateRevocation.create(
        id=new_id(), batch_id=batch_id, kid=kid, area_path=area_path, reason=reason, requested_by=actor.id,
        created_at=now(),
    )  # fmt: skip
    data = {"batch": batch_id, "kid": kid, "reason": reason}
    record(Fact("plates.revocation-requested", area_code, subject_id=made.id, data=data))
    return made


async def revoke_chunk(revocation_id: UUID) -> bool:
    """Revoke the next live codes; False when none is left and the revocation is done."""
    job = await PlateRevocation.select_for_update().get(id=revocation_id)
    if job.state == "done":
        return False
    where = Where()
    at, codes = where.bind(now()), _live_codes(job, where)
    rows = await fetch(
        f"UPDATE household_codes c SET state = 'revoked', ended_at = {at} FROM households h"
        f" WHERE h.id = c.household_id AND c.code_id IN ({codes}) RETURNING h.grid_code",
        where.values,
    )
    job.revoked += len(rows)
    for grid in sorted({row["grid_code"] for row in rows}):
        count = sum(row["grid_code"] == grid for row in rows)
        record(Fact("codes.revoked", grid, subject_id=job.id, data={"count": count}))
    if not rows:
        job.state, job.finished_at = "done", now()
    await job.save()
    return bool(rows)


def _live_codes(job: PlateRevocation, where: Where) -> str:
    where.conditions.append(f"k.state {LIVE_SQL}")
    where.conditions.append(area_condition(where, "k.area_path", [job.area_path]))
    if job.kid is not None:
        where.add("k.kid = {}", job.kid)
    else:
        where.add("k.code_id IN (SELECT p.code_id FROM plate_prints p WHERE p.batch_id = {})", job.batch_id)
    return f"SELECT k.code_id FROM household_codes k WHERE {where.sql} LIMIT {CHUNK}"
