"""Gathers what the rules of dispatch need for one case, and puts their proposals into plain values."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.cases.queries import case_row, visible_cases
from domain.clock import now
from domain.dispatch.rules import (
    Duty,
    Known,
    Place,
    Proposal,
    Unit,
    propose_duplicates,
    propose_topics,
    propose_units,
)
from domain.problems import NotAllowed
from domain.rulebook import rulebook
from domain.sql import fetch, fetch_one

RECENT = timedelta(days=90)
COMPARED = 300
TOWN_DEPTH = 4  # province, city, county, town


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
    units = propose_units(best, await _duties(best), await _place(case)) if best else []
    return {
        "topics": [_shape(found, "code") for found in topics],
        "departments": [
            {**_shape(found, "id"), "co_units": [{"id": unit.id, "name": unit.name} for unit in found.co_units]}
            for found in units
        ],
        "duplicates": [
            {**_shape(found, "id"), "number": found.name} for found in await _duplicates(actor, case, text)
        ],
    }


def _shape(found: Proposal, key: str) -> dict[str, Any]:
    return {key: found.key, "name": found.name, "reasons": list(found.reasons)}


def _topic_of_event(event_type: str) -> str:
    known = rulebook().event_types.get(event_type)
    return known.topic if known else ""


async def _text(case_id: UUID) -> str:
    row = await fetch_one("SELECT string_agg(content, ' ' ORDER BY id) AS text FROM appeals WHERE case_id = $1", [case_id])
    return str(row["text"] or "") if row else ""


async def _duties(topic: str) -> list[Duty]:
    rows = await fetch(
        "SELECT topic, name, lead_code, co_codes, basis FROM duty_items WHERE topic = $1 OR starts_with(topic, $1)"
        " ORDER BY topic, name",
        [topic],
        json=("co_codes",),
    )
    return [Duty(r["topic"], r["name"], r["lead_code"], tuple(r["co_codes"]), r["basis"]) for r in rows]


async def _place(case: dict[str, Any]) -> Place:
    nodes = case["area_path"].split(".")
    town = nodes[TOWN_DEPTH - 1] if len(nodes) >= TOWN_DEPTH else None
    rows = await fetch("SELECT id, code, name, kind, area_code FROM departments WHERE active ORDER BY id")
    units = {row["code"]: Unit(row["id"], row["code"], row["name"]) for row in rows}
    own = next((units[r["code"]] for r in rows if town and r["kind"] == "town" and r["area_code"] == town), None)
    return Place(own, units, case["complained_department_id"])


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
