"""Work lists of a place (清单、台账): lines over cases whose columns the profile chooses; every value comes from the file
of the case, nothing is entered twice (000-07, 003-07)."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.access.scope import area_condition
from domain.cases.queries import visible_cases
from domain.cases.states import STATES
from domain.cases.steps import FAST
from domain.clock import local_date
from domain.offices.obligations import readable_area
from domain.practices import WorkList
from domain.problems import NotFound
from domain.rulebook import Rulebook, rulebook
from domain.sql import fetch

Row = dict[str, Any]
_SELECT = """
SELECT c.id, c.number, c.title, c.topic, c.state, c.steps, c.flags, c.track, c.handling_track, c.disposition, c.result,
  c.basis, a.name AS area_name, d.name AS lead, h.name AS handler, l.plan, l.team, f.name AS leader,
  (SELECT text FROM case_texts x WHERE x.case_id = c.id AND x.action IN ('take-up', 'hold-long-term', 'submit-result')
    ORDER BY x.id DESC LIMIT 1) AS measures,
  (SELECT due_at FROM deadlines n WHERE n.case_id = c.id AND n.name IN ('handling', 'rework') AND n.stopped_at IS NULL
    ORDER BY n.due_at LIMIT 1) AS due_at,
  (SELECT due_at FROM deadlines n WHERE n.case_id = c.id AND n.name IN ('first_contact', 'review', 'callback')
    AND n.stopped_at IS NULL ORDER BY n.due_at LIMIT 1) AS contact_at
FROM cases c LEFT JOIN areas a ON a.code = c.area_code LEFT JOIN departments d ON d.id = c.lead_id
  LEFT JOIN staff h ON h.id = c.handler_id
  LEFT JOIN LATERAL (SELECT leader_id, plan, team FROM leader_cases g WHERE g.case_id = c.id ORDER BY g.id DESC LIMIT 1) l
    ON TRUE
  LEFT JOIN staff f ON f.id = l.leader_id
"""


async def lists(actor: Actor, code: str) -> list[Row]:
    """The lists in force at a place with their columns."""
    place = await readable_area(actor, code, Permission.CASE_READ)
    found = rulebook().for_area(place.path).practices.lists
    return [{"code": name, "name": one.name, "columns": one.columns, "basis": one.basis} for name, one in found.items()]


async def lines(actor: Actor, code: str, name: str, before: UUID | None, limit: int) -> tuple[WorkList, list[Row]]:
    """A list and a page of its lines over the cases that the actor sees there, newest first, one more than the limit;
    404 for no such list at the place."""
    place = await readable_area(actor, code, Permission.CASE_READ)
    book = rulebook().for_area(place.path)
    chosen = book.practices.lists.get(name)
    if chosen is None:
        raise NotFound
    where = visible_cases(actor)
    where.conditions.append(area_condition(where, "c.area_path", [place.path]))
    where.add("c.state NOT IN ('voided', 'merged')")
    if not chosen.ended:
        where.conditions.append("c.ended_at IS NULL")
    if chosen.channels:
        where.add("EXISTS (SELECT 1 FROM appeals p WHERE p.case_id = c.id AND p.channel = ANY({}::text[]))",
                  list(chosen.channels))  # fmt: skip
    if chosen.topics:
        where.add("left(c.topic, 2) = ANY({}::text[])", list(chosen.topics))
    if chosen.led:
        where.conditions.append("EXISTS (SELECT 1 FROM leader_cases g WHERE g.case_id = c.id)")
    if before:
        where.add("c.id < {}", before)
    rows = await fetch(
        f"{_SELECT} WHERE {where.sql} ORDER BY c.id DESC LIMIT {limit + 1}", where.values, json=("steps", "flags", "team")
    )
    return chosen, [_line(row, chosen, book) for row in rows]


def _line(row: Row, chosen: WorkList, book: Rulebook) -> Row:
    return {"id": row["id"], "number": row["number"], **{name: _CELLS[name](row, book) for name in chosen.columns}}


def _standard(row: Row, book: Rulebook) -> str:
    track = book.tracks.get(row["handling_track"] or row["track"])
    return f"{track.name}({track.handling.limit.text})" if track and track.handling else ""


def _owner(row: Row, _: Rulebook) -> str:
    return "、".join(filter(None, (row["lead"], row["handler"])))


def _progress(row: Row, _: Rulebook) -> str:
    return "、".join(text for step, text in FAST.items() if step in row["steps"]) or STATES[row["state"]]


def _written_off(row: Row, book: Rulebook) -> str:
    return f"{_disposition(book, row['disposition'])} {row['basis']}".strip() if row["state"] == "closed" else ""


def _title(row: Row, _: Rulebook) -> str:
    return str(row["title"])


# What a column states about a case; the names are those of `domain.practices.COLUMNS`.
_CELLS: dict[str, Callable[[Row, Rulebook], Any]] = {
    "item": _title,
    "matter": _title,
    "dispute": _title,
    "standard": _standard,
    "measures": lambda row, _: row["plan"] or row["measures"] or "",
    "plan": lambda row, _: row["plan"] or "",
    "leader": lambda row, _: row["leader"] or "",
    "team": lambda row, _: len(row["team"] or ()),
    "responsible": _owner,
    "owner": _owner,
    "place": lambda row, _: row["area_name"] or "",
    "risk": lambda row, book: "、".join(book.flags[flag] for flag in row["flags"] if flag in book.flags),
    "aid": lambda row, book: _disposition(book, "aided_hardship") if row["disposition"] == "aided_hardship" else "",
    "explanation": lambda row, _: row["basis"],
    "due": lambda row, _: local_date(row["due_at"]) if row["due_at"] else None,
    "next_contact": lambda row, _: local_date(row["contact_at"]) if row["contact_at"] else None,
    "progress": _progress,
    "result": lambda row, _: row["result"],
    "written_off": _written_off,
    "status": lambda row, _: STATES[row["state"]],
}


def _disposition(book: Rulebook, code: str) -> str:
    catalogue = book.practices.catalogues.get("disposition")
    return catalogue.items.get(code, "") if catalogue else ""
