"""Throws away what is past its time, by the profile's `[retention_days]`. The journal stays: it holds no person.

Rows go in small batches, each in its own transaction; the files of an attachment go with its row, before the commit:
a crash in between leaves a row whose files are gone, and the next purge takes it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from domain.access.actor import SYSTEM
from domain.attachments.store import Shelf
from domain.clock import now, real_now
from domain.rulebook import rulebook
from domain.sql import execute, fetch, fetch_one
from server.printing.retention import forget_files
from server.services import Services
from web.unit_of_work import run_unit, shielded

BATCH = 1000
_ENDED = "case_id IN (SELECT id FROM cases WHERE ended_at < $1)"


@dataclass(frozen=True)
class Rule:
    """Rows of a table that are past their time: `$1` is the instant before which they lie."""

    name: str
    table: str
    where: str
    days: int
    kept: str = ""  # the name in the profile that overrides `days`
    change: str = ""  # what is blanked instead of deleting the row
    real: bool = False  # sessions and replays live by the wall clock
    files: bool = False
    parts: bool = False

    def before(self) -> datetime:
        """The instant before which rows go."""
        days = rulebook().retention_days.get(self.kept, self.days)
        return (real_now() if self.real else now()) - timedelta(days=days)


# A phone may still be owed what it sent with its photos: as long as a person has to decide on it, the files stay.
_NAMED = (
    "EXISTS (SELECT 1 FROM sync_items i WHERE {} AND 'worker:' || i.worker = attachments.owner"
    " AND strpos(i.body, attachments.id::text) > 0)"
)
_REFUSED = _NAMED.format("i.status IN ('rejected', 'conflict') AND i.settled_at IS NULL")  # each has its small index
_HELD = _NAMED.format("i.status = 'held'")
_QUARANTINED = f"(owner LIKE 'worker:%' AND ({_REFUSED} OR {_HELD}))"
_REFUSED_TEXT = "status IN ('rejected', 'conflict') AND body <> ''"
_UNDECIDED = "interval '335 days'"  # with the thirty of `draft` a year, for what nobody ever decided
_NOWHERE = "lon = NULL, lat = NULL, datum = NULL"
RULES = (
    Rule("会话", "sessions", "expires_at < $1", 0, real=True),
    Rule("幂等应答", "replays", "created_at < $1", 30, real=True),
    Rule("扫码记录", "code_scans", "at < $1", 180, "scan_log"),
    Rule("微信推送", "wechat_pushes", "received_at < $1", 30),
    Rule("查阅记录", "access_log", "at < $1", 1095, "audit_log"),
    Rule("诉求位置", "appeals", f"lon IS NOT NULL AND {_ENDED}", 180, "location", _NOWHERE),
    Rule("工单位置", "cases", "lon IS NOT NULL AND ended_at < $1", 180, "location", _NOWHERE),
    Rule("联系方式", "appellants", f"appeal_id IN (SELECT id FROM appeals WHERE {_ENDED})", 730, "contact_data"),
    Rule("代诉人", "appeals", f"on_behalf IS NOT NULL AND {_ENDED}", 730, "contact_data", "on_behalf = NULL"),
    Rule("听证人员电话", "hearings", "planned_at < $1 AND jsonb_path_exists(members, '$[*].phone')", 30, "draft",
         "members = (SELECT jsonb_agg(m - 'phone') FROM jsonb_array_elements(members) m)"),
    Rule("未到的附件", "attachment_declarations", "subject_id IS NULL AND declared_at < $1", 30, "draft"),
    Rule("断点续传", "uploads", "expires_at < $1", 0, real=True, parts=True),
    Rule("未引用的附件", "attachments", f"subject_id IS NULL AND created_at < $1 AND NOT {_QUARANTINED}", 30, "draft",
         files=True),
    Rule("原始影音", "attachments", f"subject_id IS NOT NULL AND {_ENDED}", 730, "raw_media", files=True),
    Rule("走访照片", "attachments", "subject_kind = 'visit' AND created_at < $1", 730, "raw_media", files=True),
    # A phone that was away for longer is told to fetch everything anew (410 `cursor-too-old`).
    Rule("变更流", "feed", "at < $1", 180, "feed", real=True),
    Rule("隔离记录的内容", "sync_items", f"{_REFUSED_TEXT} AND (settled_at < $1 OR received_at < $1 - {_UNDECIDED})", 30,
         "draft", "body = ''"),
    # The last number stays: DATA_DIR/epoch remembers it, and a database without it counts as restored.
    Rule("离线记录", "sync_items", "received_at < $1 AND number < (SELECT max(number) FROM sync_items)", 730, "sync_log"),
    Rule("手机", "devices", "seen_at < $1 AND revoked_at IS NULL", 730, "sync_log", real=True),
)


async def purge(services: Services, *, dry_run: bool) -> dict[str, int]:
    """Apply every rule; how many rows each one takes (would take, in a dry run)."""
    found = {}
    for rule in RULES:
        if dry_run:
            found[rule.name] = await shielded(_count(rule))
        else:
            found[rule.name] = await _apply(services, rule)
    return found | await forget_files(services, dry_run=dry_run)


async def _count(rule: Rule) -> int:
    row = await fetch_one(f"SELECT count(*) AS n FROM {rule.table} WHERE {rule.where}", [rule.before()])
    return int(row["n"]) if row else 0


async def _apply(services: Services, rule: Rule) -> int:
    on_disk = rule.files or rule.parts
    work: Callable[[], Awaitable[int]] = (lambda: _with_files(services, rule)) if on_disk else (lambda: _rows(rule))
    total = 0
    while taken := await run_unit(SYSTEM, work, services.enqueue):
        total += taken
        if taken < BATCH:
            break
    return total


async def _rows(rule: Rule) -> int:
    some = f"ctid = ANY(ARRAY(SELECT ctid FROM {rule.table} WHERE {rule.where} LIMIT {BATCH}))"
    if rule.change:
        return await execute(f"UPDATE {rule.table} SET {rule.change} WHERE {some}", [rule.before()])
    return await execute(f"DELETE FROM {rule.table} WHERE {some}", [rule.before()])


async def _with_files(services: Services, rule: Rule) -> int:
    rows = await fetch(
        f"SELECT id FROM {rule.table} WHERE {rule.where} LIMIT {BATCH} FOR UPDATE SKIP LOCKED", [rule.before()]
    )
    ids: list[UUID] = [row["id"] for row in rows]
    await execute(f"DELETE FROM {rule.table} WHERE id = ANY($1::uuid[])", [ids])
    for one in ids:
        if rule.parts:
            await services.parts.delete(one)
            continue
        for shelf in Shelf:
            await services.files.delete(shelf, one)
    return len(ids)
