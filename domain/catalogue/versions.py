"""The responsibility catalogue (职责清单, 001-08): versions, one draft at a time, publication with an effective date.

A published version is never changed: a case can always be asked again by the version of its filing day.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from domain.access.actor import Actor, within
from domain.access.permissions import Permission
from domain.areas.models import Area
from domain.catalogue.lookup import IN_FORCE, as_line
from domain.catalogue.matching import Line
from domain.catalogue.models import DutyItem, DutyVersion
from domain.clock import local_date, now
from domain.ids import new_id
from domain.journal.unit import Fact, digest, record
from domain.problems import GuardNotMet, InvalidFields, NotFound
from domain.rulebook import rulebook
from domain.sql import execute, fetch, fetch_one

LOCK = 0x68757964  # "huyd"
Lines = Mapping[str, Line]


@dataclass(frozen=True, kw_only=True)
class Heading:
    """What a version is called, and by which document it was settled."""

    title: str
    document_no: str = ""
    source: str = "desk"


async def require_keeper(actor: Actor) -> None:
    """404 for whoever keeps the rules of other areas only: there is one catalogue, that of the whole deployment."""
    base = await Area.get(code=rulebook().county)
    if not any(within(base.path, grant.area_path) for grant in actor.granting(Permission.RULES_MANAGE)):
        raise NotFound


async def in_force(on: date) -> DutyVersion | None:
    """The version in force on a local day; the first one before there was any."""
    row = await fetch_one(IN_FORCE.format(on="$1"), [on])
    return await DutyVersion.get(id=row["id"]) if row else None


async def version(version_id: UUID) -> DutyVersion:
    """A version; 404 when there is none."""
    found = await DutyVersion.get_or_none(id=version_id)
    if found is None:
        raise NotFound
    return found


async def draft() -> DutyVersion | None:
    """The draft of the next version, if there is one."""
    return await DutyVersion.get_or_none(state="draft")


async def lines_of(version_id: UUID | None) -> dict[str, Line]:
    """The lines of a version by code."""
    rows = await DutyItem.filter(version_id=version_id).order_by("code").values() if version_id else []
    return {row["code"]: as_line(row) for row in rows}


async def unit_names() -> dict[str, str]:
    """The names of all units by code, the inactive ones too: old versions name them."""
    return {row["code"]: row["name"] for row in await fetch("SELECT code, name FROM departments")}


async def locked() -> None:
    """Keep other writers of the catalogue out to the end of the transaction."""
    await execute("SELECT pg_advisory_xact_lock($1)", [LOCK])


async def open_draft() -> DutyVersion:
    """The draft; when there is none, a new one with the lines that are in force. Under the lock of the catalogue."""
    found = await draft()
    if found is not None:
        return found
    base = await in_force(local_date(now()))
    title = base.title if base else f"{rulebook().name}职责清单"
    made = await new_version(Heading(title=title, document_no=base.document_no if base else ""), "draft")
    await put_lines(made, (await lines_of(base.id if base else None)).values())
    return made


async def new_version(heading: Heading, state: str, effective_on: date | None = None) -> DutyVersion:
    """A version without lines."""
    return await DutyVersion.create(
        id=new_id(), title=heading.title, document_no=heading.document_no, source=heading.source, state=state,
        effective_on=effective_on, created_at=now(),
    )  # fmt: skip


async def put_lines(into: DutyVersion, lines: Iterable[Line]) -> None:
    """Put lines in place of those that a draft has."""
    if into.state != "draft":
        raise GuardNotMet(reason="已发布的职责清单不能修改,请在下一版草稿中调整。", missing=[])
    await DutyItem.filter(version_id=into.id).delete()
    await DutyItem.bulk_create([item(into.id, line) for line in lines], batch_size=500)


def item(version_id: UUID, line: Line, item_id: UUID | None = None) -> DutyItem:
    """A line as a row of its version."""
    return DutyItem(
        id=item_id or new_id(), version_id=version_id, code=line.code, topic=line.topic, name=line.name,
        lead_code=line.lead, co_codes=list(line.co_units), basis=line.basis, responsibility=line.responsibility,
        place=line.place, areas=list(line.areas), active=line.active, ended_on=line.ended_on,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Publication:
    """From which day a draft is in force, and its heading where that changes."""

    effective_on: date
    title: str | None = None
    document_no: str | None = None


async def publish(actor: Actor, version_id: UUID, wish: Publication) -> DutyVersion:
    """Put a draft in force from today or a later day; past days keep what they were dispatched by."""
    await locked()
    found = await version(version_id)
    if found.state != "draft":
        raise GuardNotMet(reason="这一版已经发布。", missing=[])
    if wish.effective_on < local_date(now()):
        raise InvalidFields(errors=[
            {"field": "effective_on", "code": "invalid", "message": "生效日期不能早于今天:过去的派单依据不能改变"}
        ])  # fmt: skip
    lines = await lines_of(found.id)
    if not any(line.active for line in lines.values()):
        raise GuardNotMet(reason="草稿里没有一条有效的职责。", missing=[])
    found.title = found.title if wish.title is None else wish.title
    found.document_no = found.document_no if wish.document_no is None else wish.document_no
    found.state, found.effective_on = "published", wish.effective_on
    found.published_at, found.published_by = now(), actor.id
    await found.save()
    note_publication(found, len(lines), rulebook().county)
    return found


def note_publication(found: DutyVersion, lines: int, area_code: str) -> None:
    """The audit line of a publication, in the chain of the deployment's area."""
    assert found.effective_on is not None
    data: dict[str, Any] = {
        "version_id": str(found.id), "effective_on": found.effective_on.isoformat(), "lines": lines,
        "source": found.source, "heading_digest": digest(found.id, f"{found.title}\n{found.document_no}"),
    }  # fmt: skip
    record(Fact("catalogue.published", area_code, subject_id=found.id, data=data))


async def publish_lines(
    heading: Heading, lines: Iterable[Line], effective_on: date, area_code: str
) -> DutyVersion:
    """A new version that is in force from a day on, made from lines at once (`huying profile apply`)."""
    await locked()
    made = await new_version(heading, "published", effective_on)
    made.published_at = now()
    await made.save(update_fields=["published_at"])
    rows = [item(made.id, line) for line in lines]
    await DutyItem.bulk_create(rows, batch_size=500)
    note_publication(made, len(rows), area_code)
    return made


async def drop_draft(actor: Actor, version_id: UUID) -> None:
    """Throw a draft away; what was published stays."""
    await locked()
    found = await version(version_id)
    if found.state != "draft":
        raise GuardNotMet(reason="已发布的职责清单不能删除。", missing=[])
    await DutyItem.filter(version_id=found.id).delete()
    await found.delete()
    record(Fact("catalogue.draft-dropped", rulebook().county, subject_id=version_id, actor=actor))


async def versions(before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """A page of versions with the number of their lines, newest first."""
    return await fetch(
        "SELECT v.*, (SELECT count(*) FROM duty_items i WHERE i.version_id = v.id) AS lines,"
        " (SELECT count(*) FROM duty_items i WHERE i.version_id = v.id AND i.active) AS active_lines"
        f" FROM duty_versions v WHERE $1::uuid IS NULL OR v.id < $1 ORDER BY v.id DESC LIMIT {limit + 1}",
        [before],
    )


async def open_cases_of(topics: Iterable[str]) -> int:
    """How many cases wait for their dispatch under one of the topics; they are dispatched by the version of their own
    filing day, so a new version leaves them alone."""
    row = await fetch_one(
        "SELECT count(*) AS n FROM cases WHERE topic = ANY($1::text[]) AND lead_id IS NULL AND ended_at IS NULL",
        [sorted(set(topics))],
    )
    return int(row["n"]) if row else 0
