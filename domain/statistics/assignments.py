"""What superiors assigned again and again (交办超2次, formula 5.11), as a past day knew it, from the journal alone.

An issue is a topic in a town (000-04); what counts is every appeal that a superior assigned in the twelve months, at
the unit that leads its case on that day. Appeals that were merged count for the case that they went to, each of them:
two assignments of one matter are two. Left out (剔除) is what the rates leave out: X1, X2, X5, X7 of `ledger.py`.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.scope import Where
from domain.areas.depth import AREA_DEPTH
from domain.sql import fetch
from domain.statistics.scope import counted_by

_AT = "j.case_id = h.case_id AND j.at < $1"
_LAST = "ORDER BY j.at DESC, j.n DESC LIMIT 1"
# $1 the instant before which facts count, $2 the start of the twelve months
_ASSIGNED = f"""
WITH RECURSIVE held AS (
 SELECT j.subject_id AS appeal_id, j.at, j.case_id, 0 AS step FROM journal j
 WHERE j.event = 'appeal.submitted' AND j.data->>'origin' = 'superior_assigned' AND j.at < $1::timestamptz
  AND j.at >= $2::timestamptz
 UNION ALL
 SELECT h.appeal_id, h.at, (m.data->>'into')::uuid, h.step + 1 FROM held h JOIN LATERAL (
  SELECT j.data FROM journal j WHERE {_AT} AND j.event IN ('case.merged', 'case.unmerged') {_LAST}) m ON m.data ? 'into'
 WHERE h.step < 9
),
final AS (SELECT DISTINCT ON (appeal_id) appeal_id, at, case_id FROM held ORDER BY appeal_id, step DESC),
told AS (
 SELECT h.appeal_id, h.at, h.case_id, t.*,
 array_to_string((string_to_array(t.path, '.'))[:{AREA_DEPTH['town']}], '.') AS issue_path
 FROM final h CROSS JOIN LATERAL (
  SELECT (array_agg(a.path ORDER BY j.at DESC, j.n DESC))[1] AS path,
  (array_agg(j.data->>'topic' ORDER BY j.at DESC, j.n DESC) FILTER (WHERE j.data ? 'topic'))[1] AS topic,
  (array_agg(CASE WHEN j.event = 'case.dispatched' THEN (j.data->>'unit_id')::uuid END ORDER BY j.at DESC, j.n DESC)
    FILTER (WHERE j.event IN ('case.dispatched', 'case.return-granted')))[1] AS unit_id,
  (array_agg(j.data->>'to' ORDER BY j.at DESC, j.n DESC) FILTER (WHERE j.data ? 'to'))[1] AS state,
  COALESCE(LEAST(min(j.at) FILTER (WHERE j.event = 'case.transferred'),
    min(j.at) FILTER (WHERE j.event = 'appeal.withdrawn'))
   < COALESCE(min(j.at) FILTER (WHERE j.event = 'case.signed'), 'infinity'), FALSE) AS left_early
  FROM journal j JOIN areas a ON a.code = j.area WHERE {_AT}) t
),
counted AS (
 SELECT * FROM told WHERE unit_id IS NOT NULL AND COALESCE(topic, '') <> '' AND NOT left_early
 AND state NOT IN ('redirected', 'voided')
)
"""


@dataclass(frozen=True)
class Issue:
    """A class of matters at a unit: topic, the path of its town (or of the county), the unit."""

    topic: str
    area_path: str
    unit_id: UUID


@dataclass(frozen=True)
class Span:
    """The twelve months that end with a day, and what they are narrowed by."""

    last: date
    area_path: str | None = None
    unit: UUID | None = None
    topic: str | None = None

    @property
    def first(self) -> date:
        """The first day: the one after the same day a year before."""
        day = self.last + timedelta(days=1)
        return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


async def repeated_on(actor: Actor, span: Span, least: int) -> list[dict[str, Any]]:
    """Issues that were assigned at least so often, the most often first, each with the project made of it, if any by then."""
    where = _where(actor, span)
    return await fetch(
        f"{_ASSIGNED} SELECT x.*, u.name AS unit, i.code AS area_code, i.name AS area, p.subject_id AS project_id FROM ("
        f"SELECT topic, issue_path, unit_id, count(*) AS assigned FROM counted s WHERE {where.sql} GROUP BY 1, 2, 3"
        f" HAVING count(*) >= {where.bind(least)}::int) x JOIN areas i ON i.path = x.issue_path"
        " LEFT JOIN departments u ON u.id = x.unit_id LEFT JOIN LATERAL (SELECT j.subject_id FROM journal j"
        " WHERE j.event = 'root-cause.opened' AND j.area = i.code AND j.at < $1 AND j.data->>'topic' = x.topic"
        f" AND j.data->>'unit_id' = x.unit_id::text {_LAST}) p ON TRUE"
        " ORDER BY x.assigned DESC, x.topic, i.code, x.unit_id LIMIT 500",
        where.values,
    )


async def assigned_cases(actor: Actor, span: Span, before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """What was counted, newest appeal first, one more than the limit: each appeal with the case that it stands on."""
    where = _where(actor, span)
    if before:
        where.add("s.appeal_id < {}", before)
    return await fetch(
        f"{_ASSIGNED} SELECT s.appeal_id AS id, s.at, s.case_id, s.topic, s.unit_id, c.number, c.title, u.name AS unit"
        " FROM counted s JOIN cases c ON c.id = s.case_id LEFT JOIN departments u ON u.id = s.unit_id"
        f" WHERE {where.sql} ORDER BY s.appeal_id DESC LIMIT {limit + 1}",
        where.values,
    )


async def assignments_until(at: datetime, since: datetime) -> list[dict[str, Any]]:
    """Everything that was counted in a time, oldest first, whoever asks: for what follows by itself."""
    return await fetch(
        f"{_ASSIGNED} SELECT appeal_id, case_id, at, topic, issue_path, unit_id FROM counted ORDER BY at, appeal_id",
        [at, since],
    )


def _where(actor: Actor, span: Span) -> Where:
    narrowed = {"unit_id": span.unit, "topic": span.topic}
    return counted_by(actor, (span.first, span.last), "case_id", span.area_path, narrowed)
