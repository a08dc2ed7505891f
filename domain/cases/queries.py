"""The only readers of cases. Every list starts from `visible_cases`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.access.scope import Where, area_condition
from domain.cases.policy import CaseFacts, identity_open
from domain.cases.states import OPEN
from domain.clock import now
from domain.journal.unit import pending
from domain.problems import NotFound
from domain.sql import fetch


def visible_cases(actor: Actor, alias: str = "c") -> Where:
    """The cases an actor may see at all: area roles their subtrees, unit roles their unit's cases, workers their own
    and the events of their grids; never a case against the actor's own unit (the conflict wall)."""
    where = Where()
    if actor.kind == "worker":
        reasons = [sight(where, actor, why, alias) for why in SIGHTS]
        where.conditions.append(" OR ".join(f"({reason.anywhere(where, alias)})" for reason in reasons))
        wall(where, actor, alias)
        return where
    wide = actor.areas(Permission.CASE_READ, units=False)
    parts = [area_condition(where, f"{alias}.area_path", wide)]
    if actor.units:
        units = where.bind(list(actor.units))
        parts.append(
            f"{alias}.lead_id = ANY({units}::uuid[]) OR {alias}.review_unit_id = ANY({units}::uuid[])"
            " OR EXISTS (SELECT 1 FROM case_units u"
            f" WHERE u.case_id = {alias}.id AND u.department_id = ANY({units}::uuid[]))"
        )
    where.conditions.append(" OR ".join(f"({part})" for part in parts))
    wall(where, actor, alias)
    _unheard(where, actor, alias)
    return where


SIGHTS = ("assigned", "reported", "grid")


@dataclass(frozen=True)
class Sight:
    """One reason for which a worker sees a case: what holds for it, and the subtrees it lies in unless any place will do."""

    condition: str
    areas: list[str] | None = None

    def anywhere(self, where: Where, alias: str) -> str:
        """The whole reason as a condition on any case."""
        if self.areas is None:
            return self.condition
        return f"{self.condition} AND ({area_condition(where, f'{alias}.area_path', self.areas)})"


def sight(where: Where, actor: Actor, why: str, alias: str) -> Sight:
    """The reason of this name; the conflict wall (`wall`) stands before each of them."""
    match why:
        case "assigned":
            return Sight(f"{alias}.handler_id = {where.bind(actor.id)}")
        case "reported":
            return Sight(f"{alias}.reporter_id = {where.bind(actor.id)}")
        case _:
            return Sight(f"{alias}.kind = 'event'", actor.areas(Permission.FIELD_READ))


def _unheard(where: Where, actor: Actor, alias: str) -> None:
    """A complaint or report whose text nobody has read yet may be about the very reader: until it is registered and the
    unit complained of is known, only those who register and supervise see it."""
    if not actor.departments:
        return
    trusted = {*actor.areas(Permission.CASE_REGISTER), *actor.areas(Permission.CASE_SUPERVISE)}
    wide = area_condition(where, f"{alias}.area_path", sorted(trusted))
    where.conditions.append(
        f"{alias}.registrar_id IS NOT NULL OR {alias}.lead_id IS NOT NULL OR {alias}.kind = 'event'"
        f" OR {alias}.appeal_type NOT IN ('complaint', 'report') OR {wide}"
    )


def wall(where: Where, actor: Actor, alias: str) -> None:
    """The conflict wall (条例 art 30, 46): leave out the cases against a unit of the actor."""
    if actor.departments:
        own = where.bind(list(actor.departments))
        where.conditions.append(
            f"{alias}.complained_department_id IS NULL OR NOT {alias}.complained_department_id = ANY({own}::uuid[])"
        )


CO_UNITS = (
    "ARRAY(SELECT u.department_id FROM case_units u WHERE u.case_id = c.id) AS co_ids,"
    " ARRAY(SELECT jsonb_array_elements_text(x.accused) FROM retaliation_reports x JOIN appeals y ON y.id = x.appeal_id"
    "  WHERE y.case_id = c.id) AS accused"  # a report goes where its appeal goes
)


async def case_row(actor: Actor, case_id: UUID) -> dict[str, Any]:
    """One case as a row with its lead's name, co-unit ids and the rare tables that it has rows in; 404 outside the
    actor's scope."""
    where = visible_cases(actor)
    where.add("c.id = {}", case_id)
    rows = await fetch(
        f"SELECT c.*, d.name AS lead_name, a.name AS area_name, a.kind AS place_kind, l.kind AS lead_kind, {CO_UNITS},"
        " ARRAY(SELECT part FROM case_parts WHERE case_id = c.id) AS parts"
        " FROM cases c LEFT JOIN departments d ON d.id = c.lead_id LEFT JOIN areas a ON a.code = c.area_code"
        " LEFT JOIN areas l ON l.code = d.area_code"
        f" WHERE {where.sql}",
        where.values,
        json=("steps", "plus_steps", "skipped", "recused", "deciders", "track_reasons", "flags"),
    )
    if not rows:
        raise NotFound
    return rows[0]


@dataclass(frozen=True)
class CaseSearch:
    """What a work list may be narrowed by."""

    state: tuple[str, ...] = ()
    kind: str | None = None
    area_path: str | None = None
    topic: str | None = None
    unit: UUID | None = None
    channel: str | None = None
    number: str | None = None
    text: str | None = None
    overdue: bool | None = None
    due_before: datetime | None = None
    phone: str | None = None  # the caller has logged why
    initial: bool | None = None
    first: bool = False  # urgent and initial cases before the others
    before: UUID | None = None
    limit: int = 20

    @property
    def open_only(self) -> bool:
        """Whether nothing but open cases can be found: a clock that runs, or states of open cases."""
        return bool(self.overdue or self.due_before or (self.state and OPEN.issuperset(self.state)))


_FIRST = "(c.urgent, c.is_initial, c.id)"  # 初信初访 first (004-22), urgent ones before them


async def search_cases(actor: Actor, search: CaseSearch, at: datetime) -> list[dict[str, Any]]:
    """A page of cases, newest first (UUIDv7 order), one row more than the limit when there is another page."""
    where = visible_cases(actor)
    _narrow(where, search, at)
    if search.phone:
        appeals = await appeals_of_phone(actor, search.phone)
        where.add("c.id = ANY({}::uuid[])", [row["case_id"] for row in appeals])
    order, size = _order(search), search.limit + 1
    if not search.text:
        return await _page(where, f"SELECT c.* FROM cases c WHERE {where.sql} ORDER BY {order} LIMIT {size}", order)
    latest = f"SELECT c.* FROM cases c WHERE {where.sql} ORDER BY {order} LIMIT {LATEST}"
    like = where.bind(_like(search.text))
    said = f"SELECT 1 FROM appeals p WHERE p.case_id = c.id AND p.content ILIKE {like}"
    found = await _page(where, f"SELECT c.* FROM ({latest}) c WHERE EXISTS ({said}) ORDER BY {order} LIMIT {size}", order)
    if len(found) == size or len(search.text) < len("两字"):
        return found
    pairs = where.bind(search.text)
    anywhere = f"SELECT p.case_id FROM appeals p WHERE bigrams(p.content) @> bigrams({pairs}) AND p.content ILIKE {like}"
    where.conditions.append(f"c.id = ANY(ARRAY({anywhere}))")
    return await _page(where, f"SELECT c.* FROM cases c WHERE {where.sql} ORDER BY {order} LIMIT {size}", order)


# What many cases say is found among the latest; what few say, by the index of pairs of characters: neither looks at all.
LATEST = 2000


async def _page(where: Where, cases: str, order: str) -> list[dict[str, Any]]:
    """The lines of a work list for the cases of a page: the page is cut first, names and clocks are joined to it."""
    return await fetch(
        "SELECT c.id, c.number, c.kind, c.state, c.version, c.title, c.topic, c.event_type, c.urgent, c.is_initial, c.track,"
        " c.area_code, c.received_at, c.round, c.handler_id, c.lead_id, d.name AS lead_name, a.name AS area_name,"
        " n.due_at AS next_due_at, n.name AS next_clock, n.ladder AS next_ladder"
        f" FROM ({cases}) c LEFT JOIN departments d ON d.id = c.lead_id LEFT JOIN areas a ON a.code = c.area_code"
        " LEFT JOIN LATERAL (SELECT due_at, name, ladder FROM deadlines WHERE case_id = c.id AND stopped_at IS NULL"
        f"  ORDER BY due_at LIMIT 1) n ON TRUE ORDER BY {order}",
        where.values,
        json=("next_ladder",),
    )


def _narrow(where: Where, search: CaseSearch, at: datetime) -> None:
    if search.state:
        where.add("c.state = ANY({}::text[])", list(search.state))
    for column in ("kind", "topic"):
        if value := getattr(search, column):
            where.add(f"c.{column} = {{}}", value)
    if search.area_path:
        where.conditions.append(area_condition(where, "c.area_path", [search.area_path]))
    if search.unit:
        where.conditions.append(_of_unit(where, search))
    if search.open_only and not search.state:  # beside states it would only make the planner expect too few
        where.conditions.append("c.ended_at IS NULL")  # the indexes of open cases will do: no clock of an ended one runs
    if search.channel:
        where.add("EXISTS (SELECT 1 FROM appeals p WHERE p.case_id = c.id AND p.channel = {})", search.channel)
    if search.number:
        where.add(
            "c.id IN (SELECT id FROM cases WHERE number = {} UNION ALL SELECT case_id FROM appeals WHERE number = {})",
            search.number, search.number,
        )  # fmt: skip
    for limit in filter(None, (at if search.overdue else None, search.due_before)):
        where.add(
            "EXISTS (SELECT 1 FROM deadlines n WHERE n.case_id = c.id AND n.stopped_at IS NULL AND n.due_at < {})",
            limit,
        )
    if search.initial is not None:
        where.add("c.is_initial = {}", search.initial)
    if search.first:
        where.conditions.append("c.ended_at IS NULL")
    if search.before and search.first:
        last = f"SELECT b.urgent, b.is_initial, b.id FROM cases b WHERE b.id = {where.bind(search.before)}"
        where.conditions.append(f"{_FIRST} < ({last})")
    elif search.before:
        where.add("c.id < {}", search.before)


def _of_unit(where: Where, search: CaseSearch) -> str:
    """Cases that a unit leads or has a part in; the open ones, and best those in some states, are few enough to be
    gathered first."""
    of = where.bind(search.unit)
    if search.open_only:
        led = f"state = ANY({where.bind(list(search.state))}::text[])" if search.state else "ended_at IS NULL"
        return (
            f"c.id IN (SELECT id FROM cases WHERE lead_id = {of} AND {led}"
            f" UNION SELECT case_id FROM case_units WHERE department_id = {of})"
        )
    return f"c.lead_id = {of} OR EXISTS (SELECT 1 FROM case_units u WHERE u.case_id = c.id AND u.department_id = {of})"


def _order(search: CaseSearch) -> str:
    return "c.urgent DESC, c.is_initial DESC, c.id DESC" if search.first else "c.id DESC"


def _like(text: str) -> str:
    return "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


def facts(row: dict[str, Any]) -> CaseFacts:
    """The plain facts of a case row for the policy."""
    return CaseFacts(
        id=row["id"], kind=row["kind"], state=row["state"], area_path=row["area_path"], lead_id=row["lead_id"],
        co_ids=frozenset(row["co_ids"] or ()), handler_id=row["handler_id"], reporter_id=row["reporter_id"],
        complained_department_id=row["complained_department_id"],
        registered=row["registrar_id"] is not None or row["state"] == "submitted",
        barred=frozenset(row.get("deciders") or ()) if row["state"] in OPEN else frozenset(),
        recused=frozenset(row.get("recused") or ()), suspended=row.get("suspended_until") is not None,
        accused=frozenset(row.get("accused") or ()), review_unit_id=row.get("review_unit_id"),
    )  # fmt: skip


async def appeals_of_phone(actor: Actor, phone: str) -> list[dict[str, Any]]:
    """The appeals of a telephone number whose identity the actor may open, among the cases the actor sees."""
    where = visible_cases(actor)
    where.add("w.phone = {}", phone)
    where.add("p.identity <> 'anonymous'")
    rows = await fetch(
        f"SELECT c.*, p.id AS appeal_id, p.case_id, p.resident_id, p.identity, {CO_UNITS} FROM appellants w"
        " JOIN appeals p ON p.id = w.appeal_id JOIN cases c ON c.id = p.case_id"
        f" WHERE {where.sql} ORDER BY p.id LIMIT 500",
        where.values,
        json=("recused",),
    )
    return [row for row in rows if identity_open(row["identity"], facts(row), actor)]


CLOCKS = (
    "SELECT name, round, started_at, due_at, limit_text, stopped_at, met, explanation, ladder FROM deadlines"
    " WHERE case_id = $1 ORDER BY stopped_at IS NOT NULL, due_at, id"
)


async def deadlines(case_id: UUID) -> list[dict[str, Any]]:
    """The clocks of a case, running ones first, then by due date."""
    return await fetch(CLOCKS, [case_id], json=("explanation", "ladder"))


async def return_requests(case_id: UUID) -> list[dict[str, Any]]:
    """What was asked to be returned (退单): by which unit, and what became of it."""
    return await fetch("SELECT department_id, state FROM return_requests WHERE case_id = $1 ORDER BY id", [case_id])


_LINES = (
    "SELECT FALSE AS fresh, key, at, actor, event, data, subject_id, area, n FROM journal WHERE case_id = $1 UNION ALL"
    " SELECT TRUE, '', at, actor, event, data, subject_id, area, n FROM jsonb_to_recordset($2::text::jsonb)"
    " AS x(at timestamptz, actor text, event text, data jsonb, subject_id uuid, area text, n bigint)"
)
# Names by single look-ups: joined, the planner, who cannot know how short the journal of a case is, reads whole tables.
TIMELINE = (
    "SELECT j.key, j.at, j.actor, j.event, j.data, j.subject_id, t.text, t.public,"
    " (SELECT name FROM departments WHERE id = (j.data->>'unit_id')::uuid) AS unit,"
    " (SELECT name FROM staff WHERE id = CASE WHEN j.actor ~ '^(staff|worker):'"
    "  THEN split_part(j.actor, ':', 2)::uuid END) AS by"
    f" FROM ({_LINES}) j LEFT JOIN LATERAL"
    " (SELECT text, public FROM case_texts WHERE id = (j.data->>'text_id')::uuid LIMIT 1) t ON TRUE"
    " ORDER BY j.fresh, j.at, j.area, j.n"
)


async def timeline(case_id: UUID) -> list[dict[str, Any]]:
    """The journal of a case in order, with the free text of each move where there is one; inside a transaction also
    what it has recorded and not written yet."""
    return await fetch(TIMELINE, [case_id, fresh_lines(case_id)], json=("data",))


def fresh_lines(case_id: UUID) -> str:
    """What this transaction has recorded of a case and not written yet, as JSON for the timeline."""
    lines = [
        {"at": now().isoformat(), "actor": actor, "event": fact.event, "data": fact.data, "subject_id": fact.subject_id,
         "area": fact.area, "n": number}
        for number, (fact, actor) in enumerate(pending(case_id))
    ]  # fmt: skip
    return msgspec.json.encode(lines).decode()
