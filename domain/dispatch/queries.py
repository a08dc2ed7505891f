"""Gathers what the rules of dispatch need for one case, and puts their proposals into plain values."""

from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.cases.queries import case_row
from domain.catalogue.lookup import Consulted, Matter, consult
from domain.catalogue.matching import BASES
from domain.dispatch.topics import TopicChoice, propose_topics
from domain.duplicates.likeness import BEST
from domain.duplicates.looks import candidates
from domain.problems import NotAllowed
from domain.rulebook import rulebook
from domain.sql import fetch_one


async def suggest(actor: Actor, case_id: UUID) -> dict[str, Any]:
    """Topics, lead units and possible duplicates of a case, each with its reasons; 404 outside the actor's scope, 403
    for whoever neither registers nor dispatches: a duplicate tells that two cases have the same telephone."""
    case = await case_row(actor, case_id)
    if not (actor.may(Permission.CASE_REGISTER) or actor.may(Permission.CASE_DISPATCH)):
        raise NotAllowed
    text = await _text(case_id) or case["title"]
    topic = case["topic"] or _topic_of_event(case)
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
        "duplicates": await candidates(actor, case),
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


def _shape(found: TopicChoice, key: str) -> dict[str, Any]:
    return {key: found.key, "name": found.name, "reasons": list(found.reasons)}


def _topic_of_event(case: dict[str, Any]) -> str:
    known = rulebook().for_area(case["area_path"]).event_types.get(case["event_type"])
    return known.topic if known else ""


async def _text(case_id: UUID) -> str:
    row = await fetch_one("SELECT string_agg(content, ' ' ORDER BY id) AS text FROM appeals WHERE case_id = $1", [case_id])
    return str(row["text"] or "") if row else ""
