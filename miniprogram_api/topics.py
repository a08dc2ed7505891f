"""Resident door: what can be chosen when filing: topics with icons and plain words, and units to complain about."""

from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta

from domain.access.queries import public_departments
from domain.rulebook import Topic, rulebook
from domain.text import clean_text
from web.paging import Page, paged
from web.routes import PUBLIC, Answer, Ask, Limit, Route

CACHED = {"Cache-Control": "public, max-age=300"}


class DepartmentSearch(Page, kw_only=True):
    """A part of the name."""

    text: Annotated[str, Meta(max_length=40)] = ""


async def list_topics(ask: Ask) -> Answer:
    """The topic tree in the order of the profile, with the kinds of appeals' words left to the client."""
    topics = list(rulebook().topics.values())
    below: dict[str, list[Topic]] = {}
    for topic in topics:
        below.setdefault(topic.parent, []).append(topic)
    items = [
        {**_topic(topic), "children": [_topic(child) for child in below.get(topic.code, ())]}
        for topic in below[""]
    ]
    return Answer({"items": items, "hotline": rulebook().hotline}, headers=CACHED)


async def list_departments(ask: Ask) -> Answer:
    """Units by a part of their name, to say whom a complaint is about."""
    query: DepartmentSearch = ask.query
    rows = await public_departments(clean_text(query.text), query.before, query.limit)
    return Answer(paged(rows, query.limit, _department), headers=CACHED)


def _topic(topic: Topic) -> dict[str, str]:
    return {"code": topic.code, "name": topic.name, "plain": topic.plain, "icon": topic.icon}


def _department(row: dict[str, Any]) -> dict[str, UUID | str]:
    return {"id": row["id"], "name": row["name"]}


ROUTES = (
    Route(method="GET", path="/topics", handler=list_topics, gate=PUBLIC, reads=True, summary="问题类别"),
    Route(method="GET", path="/departments", handler=list_departments, gate=PUBLIC, query=DepartmentSearch, reads=True,
          limit=(Limit("departments", 120, 60),), summary="被反映的单位"),
)  # fmt: skip
