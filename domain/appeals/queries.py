"""Readers of the own appeals: every one starts from `own_appeals`, so nobody meets another person's."""

from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.scope import Where
from domain.problems import NotFound
from domain.sql import fetch


def own_appeals(actor: Actor) -> Where:
    """The appeals a person filed; for a lookup token the one appeal it was made for; nothing for anybody else."""
    where = Where()
    if actor.kind == "lookup":
        where.add("a.id = {}", actor.appeal_id)
    elif actor.kind in {"resident", "guest"}:
        where.add("a.resident_id = {}", actor.id)
    else:
        where.add("FALSE")
    return where


_NEXT_CLOCK = (
    " LEFT JOIN LATERAL (SELECT name, track, due_at, limit_text, ladder FROM deadlines WHERE case_id = c.id"
    "  AND stopped_at IS NULL ORDER BY due_at LIMIT 1) n ON TRUE"
)


async def own_page(actor: Actor, before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """A page of own appeals, newest first; one row more than the limit when there is another page."""
    where = own_appeals(actor)
    if before:
        where.add("a.id < {}", before)
    return await fetch(
        "SELECT a.id, a.number, a.kind, a.topic, a.received_at, left(a.content, 60) AS title, c.state, c.area_path,"
        " d.name AS unit,"
        " n.name AS clock, n.track, n.due_at, n.limit_text, n.ladder"
        " FROM appeals a JOIN cases c ON c.id = a.case_id LEFT JOIN departments d ON d.id = c.lead_id"
        f"{_NEXT_CLOCK} WHERE {where.sql} ORDER BY a.id DESC LIMIT {limit + 1}",
        where.values,
        json=("ladder",),
    )


def _list(fields: str, source: str, order: str) -> str:
    pairs = ", ".join(f"'{name}', x.{name}" for name in fields.split())
    return f"(SELECT json_agg(json_build_object({pairs}) ORDER BY {order}) FROM {source})"


_PARTS = {
    "clocks": _list(
        "name track round started_at due_at limit_text explanation ladder stopped_at met",
        "deadlines x WHERE x.case_id = c.id", "x.stopped_at IS NOT NULL, x.due_at, x.id",
    ),
    "replies": _list("round text unit_name at", "replies x WHERE x.appeal_id = a.id", "x.round"),
    "ratings": _list(
        "round source process result solved staff comment rated_at", "ratings x WHERE x.appeal_id = a.id",
        "x.round, x.rated_at",
    ),
    "suspensions": _list(
        "reason note from_at until_on ended_at days stops_clock", "suspensions x WHERE x.case_id = c.id", "x.id"
    ),
    "messages": _list("id kind text at", "appeal_messages x WHERE x.appeal_id = a.id", "x.id"),
    "attachments": _list(
        "id kind bytes width height duration_s has_thumbnail subject_kind subject_id purpose",
        "attachments x WHERE x.subject_id = a.id OR (x.case_id = c.id AND x.purpose = 'public')"
        " OR x.subject_id IN (SELECT m.id FROM appeal_messages m WHERE m.appeal_id = a.id)", "x.id",
    ),
}  # fmt: skip
_APPEAL = (
    "SELECT a.id, a.number, a.case_id, a.kind, a.topic, a.content, a.identity, a.received_at, a.complained_text,"
    " a.urgent_reason, a.channel, a.resident_id, c.state, c.kind AS case_kind, c.round, c.area_path, c.lead_id,"
    " c.handler_id, c.reporter_id, c.complained_department_id, c.registrar_id,"
    " c.suspended_until, d.name AS unit,"
    " p.name AS area, " + ", ".join(f"{sql} AS {name}" for name, sql in _PARTS.items()) + " FROM appeals a"
    " JOIN cases c ON c.id = a.case_id LEFT JOIN departments d ON d.id = c.lead_id"
    " LEFT JOIN areas p ON p.code = a.area_code"
)


async def own_appeal(actor: Actor, appeal_id: UUID) -> dict[str, Any]:
    """One own appeal with everything that hangs on it, in one statement; 404 for anybody else's."""
    where = own_appeals(actor)
    where.add("a.id = {}", appeal_id)
    rows = await fetch(f"{_APPEAL} WHERE {where.sql}", where.values, json=tuple(_PARTS))
    if not rows:
        raise NotFound
    return rows[0]


_TIMELINE = """
SELECT j.at, j.event, d.name AS unit, CASE WHEN t.public THEN t.text END AS text
FROM journal j
LEFT JOIN case_texts t ON t.id = (j.data->>'text_id')::uuid
LEFT JOIN departments d ON d.id = (j.data->>'unit_id')::uuid
WHERE j.case_id IN (SELECT $1::uuid UNION SELECT s.case_id FROM journal s
                    WHERE s.subject_id = $2 AND s.event = 'appeal.submitted')
  AND j.event = ANY($3::text[])
  AND (j.subject_id = $2 OR split_part(j.actor, ':', 1) NOT IN ('resident', 'guest', 'lookup')
       OR j.actor = ANY($4::text[]))
  AND (j.event <> 'appeal.submitted' OR j.subject_id = $2)
  AND (j.event NOT IN ('rating.given', 'case.called-back', 'review.requested', 'review.accepted', 'review.begun',
                       'review.decided')
       OR j.data->>'appeal_id' = $2::text)
ORDER BY j.at, j.area, j.n
"""


async def own_timeline(row: dict[str, Any], events: list[str]) -> list[dict[str, Any]]:
    """The shown events of an appeal from `own_appeal`, of the case it was filed in and of the one it was merged into;
    what other appellants of a joint case did is not among them."""
    return await fetch(_TIMELINE, [row["case_id"], row["id"], events, labels(row)])


def labels(row: dict[str, Any]) -> list[str]:
    """The names under which the journal knows the appellant of an appeal."""
    person = row["resident_id"]
    return [f"lookup:{row['id']}", *([f"resident:{person}", f"guest:{person}"] if person else [])]


async def own_case_id(actor: Actor, appeal_id: UUID) -> UUID:
    """The case of an own appeal; 404 for anybody else's."""
    where = own_appeals(actor)
    where.add("a.id = {}", appeal_id)
    rows = await fetch(f"SELECT a.case_id FROM appeals a WHERE {where.sql}", where.values)
    if not rows:
        raise NotFound
    found: UUID = rows[0]["case_id"]
    return found
