"""The whole file of a case (案卷): what was said, who works on it, what was found and how it was judged."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.cases.queries import CLOCKS, TIMELINE, fresh_lines, visible_cases
from domain.problems import NotFound
from domain.sql import fetch, fetch_one

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class CaseFile:
    """The rows that hang on a case, its clocks and journal; what a reader may see is decided where they are shaped."""

    appeals: Rows
    attachments: Rows
    announced: Rows
    replies: Rows
    messages: Rows
    units: Rows
    contacts: Rows
    returns: Rows
    supervisions: Rows
    ratings: Rows
    callbacks: Rows
    signatures: Rows
    extensions: Rows
    suspensions: Rows
    instructions: Rows
    leaders: Rows
    on_site: Rows
    resources: Rows
    urgent_files: Rows
    first_handlers: Rows
    endings: Rows
    clocks: Rows
    timeline: Rows
    added: dict[str, Rows]


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one kind by the case id $1, of a case with `when`: a rare table in which it is marked (`case_parts`), or
    a column of its own without which it has none."""

    sql: str
    when: str = ""


COLUMNS = ("lead_id", "dispatched_at", "answered_at")


async def case_file(row: dict[str, Any]) -> CaseFile:
    """Everything that hangs on a case, in one statement; `row` is that of `case_row`.

    A part that is left out costs nothing; one that is asked in vain costs PostgreSQL as much as one with rows.
    """
    asked = frozenset({*row["parts"], *(name for name in COLUMNS if row[name])})
    found = await fetch_one(_whole(asked), [row["id"], fresh_lines(row["id"])], json=(*_read(asked), "timeline"))
    rows = {name: [_typed(one) for one in part or ()] for name, part in (found or {}).items()}
    own = {name: rows.pop(name, []) for name in (*_PARTS, "timeline")}
    return CaseFile(**own, added={name: rows.get(name, []) for name in ADDED})


@cache
def _whole(asked: frozenset[str]) -> str:
    parts = {**_read(asked), "timeline": f"SELECT at, actor, event, data, text, public, unit, by FROM ({TIMELINE}) j"}
    columns = (f"(SELECT json_agg(x) FROM ({sql}) x) AS {name}" for name, sql in parts.items())
    return f"SELECT {', '.join(columns)}"


def _read(asked: frozenset[str]) -> dict[str, str]:
    return {name: part.sql for name, part in (_PARTS | ADDED).items() if not part.when or part.when in asked}


def rare_tables() -> set[str]:
    """The tables whose rows are marked in `case_parts` (server/sql/parts.sql)."""
    return {part.when for part in (_PARTS | ADDED).values()} - {"", *COLUMNS}


def _typed(row: dict[str, Any]) -> dict[str, Any]:
    """A row that came as JSON with its ids, instants and dates as such again, known by their names."""
    for name, value in row.items():
        if isinstance(value, str) and (read := _reader(name)):
            row[name] = read(value)
    return row


@cache
def _reader(name: str) -> Callable[[str], Any] | None:
    if name in {"at", "due_before", "due_after"} or name.endswith("_at"):
        return datetime.fromisoformat
    if name.endswith("_on"):
        return date.fromisoformat
    return UUID if name == "id" or (name.endswith("_id") and name != "external_id") else None


_PARTS = {
    "clocks": Part(CLOCKS),
    "appeals": Part(
        "SELECT p.*, w.name, w.phone, f.name AS entered_by_name FROM appeals p"
        " LEFT JOIN appellants w ON w.appeal_id = p.id LEFT JOIN staff f ON f.id = p.entered_by"
        " WHERE p.case_id = $1 ORDER BY p.id",
    ),
    "attachments": Part(
        "SELECT id, kind, mime, bytes, width, height, duration_s, subject_kind, subject_id, purpose,"
        " created_at FROM attachments WHERE case_id = $1 ORDER BY id",
    ),
    "announced": Part(
        "SELECT attachment_id AS id FROM attachment_declarations WHERE case_id = $1 ORDER BY attachment_id",
        when="attachment_declarations",
    ),
    "replies": Part(
        "SELECT appeal_id, round, text, unit_name, at FROM replies WHERE case_id = $1 ORDER BY round, appeal_id",
        when="answered_at",
    ),
    "messages": Part(
        "SELECT id, appeal_id, kind, text, at FROM appeal_messages WHERE case_id = $1 ORDER BY id",
        when="appeal_messages",
    ),
    "units": Part(
        "SELECT u.department_id AS id, d.name, u.duty, u.added_at, u.due_on, u.done_at, u.note FROM case_units u"
        " JOIN departments d ON d.id = u.department_id WHERE u.case_id = $1 ORDER BY u.id",
        when="case_units",
    ),
    "contacts": Part(
        "SELECT c.id, c.stage, c.mode, c.at, c.note, f.name AS by FROM contacts c"
        " LEFT JOIN staff f ON f.id = c.staff_id WHERE c.case_id = $1 ORDER BY c.at, c.id",
    ),
    "returns": Part(
        "SELECT r.id, r.department_id, d.name AS unit, r.reason, r.state, r.asked_at, r.decided_at"
        " FROM return_requests r LEFT JOIN departments d ON d.id = r.department_id WHERE r.case_id = $1 ORDER BY r.id",
        when="return_requests",
    ),
    "supervisions": Part(
        "SELECT s.*, d.name AS unit FROM supervisions s LEFT JOIN departments d ON d.id = s.department_id"
        " WHERE s.case_id = $1 AND s.subject_kind <> 'retaliation' ORDER BY s.id",
        when="supervisions",
    ),
    "ratings": Part(
        "SELECT id, appeal_id, round, source, process, result, solved, staff, comment, counts, rated_at"
        " FROM ratings WHERE case_id = $1 ORDER BY id",
        when="answered_at",
    ),
    "callbacks": Part(
        "SELECT b.id, b.appeal_id, b.round, b.attempt, b.reached, b.note, b.at, f.name AS by FROM callbacks b"
        " LEFT JOIN staff f ON f.id = b.officer_id WHERE b.case_id = $1 ORDER BY b.id",
        when="answered_at",
    ),
    "signatures": Part(
        "SELECT s.action, s.body, s.asked_by, s.asked_at, f.name AS by FROM second_signatures s"
        " JOIN cases c ON c.id = s.case_id AND s.case_version >= c.state_version"
        " LEFT JOIN staff f ON f.id = s.asked_by WHERE s.case_id = $1 ORDER BY s.id",
        when="second_signatures",
    ),
    "extensions": Part(
        "SELECT x.id, x.department_id, x.limit_code, x.reason, x.done, x.state, x.due_before, x.due_after,"
        " x.asked_at, x.decided_at, x.note, f.name AS by FROM extension_requests x"
        " LEFT JOIN staff f ON f.id = x.asked_by WHERE x.case_id = $1 ORDER BY x.id",
        when="extension_requests",
    ),
    "suspensions": Part(
        "SELECT id, reason, note, from_at, until_on, stops_clock, ended_at, days FROM suspensions"
        " WHERE case_id = $1 ORDER BY id",
        when="suspensions",
    ),
    "instructions": Part(
        "SELECT n.id, n.leader_id, f.name AS leader, n.text, d.name AS unit, n.principal, n.at,"
        " n.dispatched_at FROM instructions n LEFT JOIN staff f ON f.id = n.leader_id"
        " LEFT JOIN departments d ON d.id = n.department_id WHERE n.case_id = $1 ORDER BY n.id",
        when="instructions",
    ),
    "leaders": Part(
        "SELECT l.id, l.leader_id, f.name AS leader, l.plan, l.team, l.due_on, l.duties, l.state, l.assigned_at,"
        " l.ended_at FROM leader_cases l LEFT JOIN staff f ON f.id = l.leader_id WHERE l.case_id = $1 ORDER BY l.id",
        when="leader_cases",
    ),
    "on_site": Part(
        "SELECT o.id, o.people, o.equipment, o.arrived_at, o.note, o.photos, f.name AS by, o.reported_at"
        " FROM on_site_reports o LEFT JOIN staff f ON f.id = o.reported_by WHERE o.case_id = $1 ORDER BY o.id",
        when="on_site_reports",
    ),
    "resources": Part(
        "SELECT r.id, r.people, r.equipment, r.reason, r.state, r.answer, f.name AS by, g.name AS answered_by,"
        " r.asked_at, r.answered_at FROM resource_requests r LEFT JOIN staff f ON f.id = r.asked_by"
        " LEFT JOIN staff g ON g.id = r.answered_by WHERE r.case_id = $1 ORDER BY r.id",
        when="resource_requests",
    ),
    "urgent_files": Part(
        "SELECT u.round, u.file_number, u.reported, u.reason, f.name AS by, u.filed_at FROM urgent_files u"
        " LEFT JOIN staff f ON f.id = u.filed_by WHERE u.case_id = $1 ORDER BY u.round",
        when="urgent_files",
    ),
    "endings": Part(
        "SELECT round, decided, solved, mended, mode, talk, at FROM closure_talks WHERE case_id = $1 ORDER BY round",
        when="closure_talks",
    ),
    "first_handlers": Part(
        "SELECT h.id, h.supervision_id, h.round, h.cause, h.state, d.name AS unit, h.fault, h.reason,"
        " h.measure, h.opened_at, h.due_at, h.decided_at FROM first_handler_reviews h"
        " LEFT JOIN departments d ON d.id = h.department_id WHERE h.case_id = $1 ORDER BY h.id",
        when="first_handler_reviews",
    ),
}
# What features above the cases hang on one, put here by them.
ADDED: dict[str, Part] = {}


async def supervision_row(supervision_id: UUID) -> dict[str, Any]:
    """One supervision with its unit's name; the caller has checked the scope."""
    rows = await fetch(
        "SELECT s.*, d.name AS unit FROM supervisions s LEFT JOIN departments d ON d.id = s.department_id"
        " WHERE s.id = $1",
        [supervision_id],
    )
    return rows[0]


async def case_attachment(actor: Actor, attachment_id: UUID) -> dict[str, Any]:
    """A file of the actor's own, or of a case that the actor may see; 404 for any other."""
    where = visible_cases(actor)
    own, wanted = where.bind(actor.label), where.bind(attachment_id)
    rows = await fetch(
        f"SELECT x.id, x.mime, x.has_thumbnail FROM attachments x WHERE x.id = {wanted} AND (x.owner = {own}"
        f" OR EXISTS (SELECT 1 FROM cases c WHERE c.id = x.case_id AND {where.sql}))",
        where.values,
    )
    if not rows:
        raise NotFound
    return rows[0]
