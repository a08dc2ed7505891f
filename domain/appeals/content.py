"""What content security says of an appeal: kept beside it, shown to people, never a reason to refuse it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.appeals.models import Appeal
from domain.attachments.models import MediaCheck
from domain.cases.models import Case
from domain.clock import now, real_now
from domain.journal.unit import Fact, record
from domain.sql import fetch, fetch_one

_WORST = ("off", "waiting", "pass", "review", "risky")


@dataclass(frozen=True)
class Checkable:
    """An appeal that waits for a verdict, and who wrote it."""

    id: UUID
    content: str
    openid: str


async def waiting(appeal_id: UUID) -> Checkable | None:
    """The appeal, while its text still waits; one without a WeChat identity cannot be judged and is marked `off`."""
    row = await fetch_one(
        "SELECT p.id, p.content, r.openid FROM appeals p LEFT JOIN residents r ON r.id = p.resident_id"
        " WHERE p.id = $1 AND p.content_check = 'waiting'",
        [appeal_id],
    )
    if row is None:
        return None
    if not row["openid"]:
        await switch_off(appeal_id)
        return None
    return Checkable(row["id"], row["content"], row["openid"])


async def switch_off(appeal_id: UUID) -> None:
    """Nobody can judge this text: no WeChat identity, or no WeChat at all."""
    await Appeal.filter(id=appeal_id, content_check="waiting").update(content_check="off")


async def judge(appeal_id: UUID, suggest: str, label: int) -> None:
    """Keep a verdict (the worst of several); `review` and `risky` call a person (human review)."""
    appeal = await Appeal.select_for_update().get_or_none(id=appeal_id)
    if appeal is None or _WORST.index(suggest) <= _WORST.index(appeal.content_check):
        return
    appeal.content_check = suggest
    await appeal.save(update_fields=["content_check"])
    if suggest in {"review", "risky"}:
        case = await Case.get(id=appeal.case_id)
        record(
            Fact("appeal.content-flagged", case.area_code, case.id, appeal.id, {"suggest": suggest, "label": label})
        )


async def unasked_media(appeal_id: UUID) -> list[UUID]:
    """The images of an appeal that WeChat was not asked about yet."""
    rows = await fetch(
        "SELECT a.id FROM attachments a WHERE a.subject_kind = 'appeal' AND a.subject_id = $1 AND a.kind = 'image'"
        " AND NOT EXISTS (SELECT 1 FROM media_checks m WHERE m.attachment_id = a.id)",
        [appeal_id],
    )
    return [row["id"] for row in rows]


async def asked(attachment_id: UUID, trace_id: str) -> None:
    """Remember under which trace the verdict on a file will come."""
    await MediaCheck.create(trace_id=trace_id, attachment_id=attachment_id, asked_at=real_now())


async def judge_media(trace_id: str, suggest: str, label: int) -> None:
    """A verdict on a file came in: it counts for the appeal that the file belongs to."""
    check = await MediaCheck.get_or_none(trace_id=trace_id)
    if check is None:
        return
    check.verdict = suggest
    await check.save(update_fields=["verdict"])
    row = await fetch_one(
        "SELECT subject_id FROM attachments WHERE id = $1 AND subject_kind = 'appeal'", [check.attachment_id]
    )
    if row and suggest != "pass":
        await judge(row["subject_id"], suggest, label)


async def waiting_and_active(limit: int) -> list[dict[str, Any]]:
    """Appeals that still wait although their author is back: WeChat judges only who was active within two hours."""
    return await fetch(
        "SELECT p.id FROM appeals p WHERE p.content_check = 'waiting' AND p.received_at < $1::timestamptz - interval '10 minutes'"
        " AND EXISTS (SELECT 1 FROM sessions s WHERE s.subject_id = p.resident_id AND s.kind = 'resident'"
        "  AND s.used_at > $2::timestamptz - interval '2 hours') ORDER BY p.id DESC"
        f" LIMIT {limit}",
        [now(), real_now()],
    )
