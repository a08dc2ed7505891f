"""Photos that are declared before their bytes come: nothing waits for them, and they are tied when they arrive."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.access.actor import Actor
from domain.clock import now
from domain.journal.unit import Fact, record
from domain.sql import execute, fetch


@dataclass(frozen=True)
class Belonging:
    """What a file belongs to."""

    kind: str
    subject_id: UUID
    case_id: UUID | None = None


async def arrived(actor: Actor, ids: Sequence[UUID]) -> list[UUID]:
    """Those of the files that are here already; the order stays."""
    if not ids:
        return []
    rows = await fetch("SELECT id FROM attachments WHERE id = ANY($1::uuid[]) AND owner = $2", [list(ids), actor.label])
    here = {row["id"] for row in rows}
    return [each for each in ids if each in here]


async def expect(actor: Actor, ids: Sequence[UUID], belonging: Belonging) -> None:
    """Remember files whose bytes are still to come."""
    await execute(
        "INSERT INTO sync_files (id, owner, subject_kind, subject_id, case_id, declared_at)"
        " SELECT id, $2, $3, $4, $5, $6 FROM unnest($1::uuid[]) AS u(id) ON CONFLICT (id) DO NOTHING",
        [list(ids), actor.label, belonging.kind, belonging.subject_id, belonging.case_id, now()],
    )


async def expecting(actor: Actor) -> bool:
    """Whether files are declared that have arrived by now."""
    rows = await fetch(
        "SELECT 1 AS one FROM sync_files f JOIN attachments x ON x.id = f.id AND x.owner = f.owner"
        " WHERE f.owner = $1 LIMIT 1",
        [actor.label],
    )
    return bool(rows)


async def tie_arrived(actor: Actor) -> None:
    """Tie the declared files that have arrived to their records, and say so in the feed. A file that belongs elsewhere
    stays there."""
    rows = await fetch(
        "WITH gone AS (DELETE FROM sync_files f USING attachments x WHERE x.id = f.id AND x.owner = f.owner"
        "  AND f.owner = $1 RETURNING f.*), tied AS (UPDATE attachments x SET subject_kind = g.subject_kind,"
        "  subject_id = g.subject_id, case_id = g.case_id FROM gone g WHERE g.id = x.id AND x.subject_id IS NULL)"
        " SELECT g.subject_id, g.case_id, count(*) AS files, max(c.version) AS version,"
        " coalesce(max(c.area_code), max(a.code)) AS area FROM gone g LEFT JOIN cases c ON c.id = g.case_id"
        " LEFT JOIN visits v ON v.id = g.subject_id LEFT JOIN areas a ON a.path = v.area_path"
        " GROUP BY g.subject_id, g.case_id",
        [actor.label],
    )
    for row in rows:
        entity = "case" if row["case_id"] else "visit"
        feed = (entity, row["subject_id"], row["version"] or 1)
        record(Fact("attachment.arrived", row["area"], row["case_id"], row["subject_id"], {"files": row["files"]}, feed=feed))
