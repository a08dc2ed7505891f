"""Gathers what the rules of dispatch need for one case, and puts their proposals into plain values."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.cases.queries import case_row, visible_cases
from domain.clock import now
from domain.dispatch.lookup import TOWN_DEPTH, Consulted, Matter, consult
from domain.dispatch.matching import BASES
from domain.dispatch.rules import BEST, Known, Proposal, propose_duplicates, propose_topics
from domain.problems import NotAllowed
from domain.rulebook import rulebook
from domain.sql import fetch, fetch_one

RECENT = timedelta(days=90)
COMPARED = 300


async def suggest(actor: Actor, case_id: UUID) -> dict[str, Any]:
    """Topics, lead units and possible duplicates of a case, each with its reasons; 404 outside the actor's scope, 403
    for whoever neither registers nor dispatches: a duplicate tells that two cases have the same telephone."""
    case = await case_row(actor, case_id)
    if not (actor.may(Permission.CASE_REGISTER) or actor.may(Permission.CASE_DISPATCH)):
        raise NotAllowed
    text = await _text(case_id) or case["title"]
    topic = case["topic"] or _topic_of_event(case["event_type"])
    topics = propose_topics(text, topic, [(t.code, t.name, t.plain) for t in rulebook().topics.values() if t.parent])
    best = topic or (topics[0].key if topics else "")
    walled = case["complained_department_id"]
    said = await consult(
        Matter(topic=best, area_path=case["area_path"], received_on=case["received_on"], walled=walled)
    )
    return {
        "topics": [_shape(found, "code") for found in topics],
        "departments": _departments(said),
        "dispatch": said.explanation,
        "duplicates": [
            {**_shape(found, "id"), "number": found.name} for found in await _duplicates(actor, case, text)
        ],
    }


def _departments(said: Consulted) -> list[dict[str, Any]]:
    """The lead units that the catalogue proposes, each with co-units, own due days of their parts, and reasons."""
    return [
        {
            "id": str(choice.lead.id), "name": choice.lead.name, "reasons": list(choice.reasons),
            "item": choice.line.code, "responsibility": choice.responsibility,
            "responsibility_name": BASES[choice.responsibility],
            "co_units": [{"id": unit.id, "name": unit.name} for unit in choice.co_units],
            "co_tasks": [
                {"id": task.unit.id, "name": task.unit.name, "duty": task.duty, "due_on": task.due_on}
                for task in said.co_tasks if task.unit.id != choice.lead.id
            ],
        }
        for choice in said.match.choices[:BEST]
    ]  # fmt: skip


def _shape(found: Proposal, key: str) -> dict[str, Any]:
    return {key: found.key, "name": found.name, "reasons": list(found.reasons)}


def _topic_of_event(event_type: str) -> str:
    known = rulebook().event_types.get(event_type)
    return known.topic if known else ""


async def _text(case_id: UUID) -> str:
    row = await fetch_one("SELECT string_agg(content, ' ' ORDER BY id) AS text FROM appeals WHERE case_id = $1", [case_id])
    return str(row["text"] or "") if row else ""


async def _duplicates(actor: Actor, case: dict[str, Any], text: str) -> list[Proposal]:
    """Recent cases of the same town or contact that the actor may see; telephone numbers are compared in the database."""
    where = visible_cases(actor)
    mine = where.bind(case["id"])
    town = ".".join(case["area_path"].split(".")[:TOWN_DEPTH])
    where.add("c.id <> {} AND c.received_at > {}", case["id"], now() - RECENT)
    where.add("c.kind = {} AND c.state NOT IN ('merged', 'voided', 'withdrawn')", case["kind"])
    where.conditions.append(f"starts_with(c.area_path, {where.bind(town)}) OR {_SAME_PHONE.format(mine=mine)}")
    rows = await fetch(
        "SELECT c.id, c.number, c.topic, c.area_path, c.household_id, c.title,"
        " (SELECT string_agg(p.content, ' ') FROM appeals p WHERE p.case_id = c.id) AS text,"
        f" {_SAME_PHONE.format(mine=mine)} AS same_phone FROM cases c"
        f" WHERE {where.sql} ORDER BY c.id DESC LIMIT {COMPARED}",
        where.values,
    )
    return propose_duplicates(_known(case, text), [_known(row, row["text"] or row["title"]) for row in rows])


_SAME_PHONE = (
    "EXISTS (SELECT 1 FROM appeals p JOIN appellants w ON w.appeal_id = p.id JOIN appellants v ON v.phone = w.phone"
    " JOIN appeals q ON q.id = v.appeal_id WHERE p.case_id = c.id AND q.case_id = {mine} AND w.phone <> '')"
)


def _known(row: dict[str, Any], text: str) -> Known:
    nodes = row["area_path"].split(".")
    return Known(
        row["id"], row["number"], text, row["topic"], ".".join(nodes[: TOWN_DEPTH + 1]) if len(nodes) > TOWN_DEPTH else "",
        row["household_id"], bool(row.get("same_phone")),
    )  # fmt: skip
