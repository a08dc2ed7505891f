"""How a case looks at the desk: the same for everybody, less what the reader may not see."""

from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.appeals.quality import entry_of, flaws
from domain.cases.clocks import exact_level
from domain.cases.file import CaseFile
from domain.cases.policy import CaseFacts, allowed, identity_open, of_units
from domain.cases.procedure import Way, name_of, procedure
from domain.cases.queries import facts
from domain.cases.states import STATES
from domain.cases.steps import FAST, PLUS, elapsed
from domain.clock import now
from domain.review.retaliation import BARRED
from domain.rulebook import rulebook
from domain.supervision.assessments import OF_CASE
from domain.workflow.bars import barred
from domain.workflow.levels import shown_level
from web.shapes import clock_shape, local, masked_name, masked_phone

Row = dict[str, Any]
PLAIN = (
    "id", "number", "kind", "state", "version", "origin", "title", "topic", "appeal_type", "petition_class",
    "event_type", "level", "urgent", "major", "area_code", "area_name", "handler_id", "reporter_id",
    "grade", "disposition", "result", "basis", "round", "rework_no", "designated", "steps", "track", "handling_track",
    "suspended_until", "leader_id", "skipped",
    "flags", "first_receiver_id", "emergency", "instant",
    "cause", "problem_origin_id", "serious_consequence",
)  # fmt: skip
POSITION = ("lon", "lat", "datum")
INSTANTS = ("received_at", "accepted_at", "dispatched_at", "answered_at", "ended_at")
SCORES = frozenset({"process", "result", "solved", "staff"})
INTERNAL = frozenset({"repeats", "text_id", "text_digest", "content_digest", "entry", "entries", "clocks"})


def row_shape(row: Row) -> Row:
    """One line of a work list."""
    clock = None
    if row["next_due_at"]:
        clock = {"name": row["next_clock"], "due_at": local(row["next_due_at"]), "level": _level(row)}
    names = (
        "id", "number", "kind", "state", "version", "title", "topic", "event_type", "urgent", "is_initial", "area_code",
        "area_name", "track", "round", "handler_id",
    )  # fmt: skip
    return {
        **{name: row[name] for name in names},
        "state_name": STATES[row["state"]],
        "lead": _unit(row["lead_id"], row["lead_name"]),
        "received_at": local(row["received_at"]),
        "clock": clock,
    }


def case_shape(actor: Actor, row: Row, file: CaseFile) -> Row:
    """The whole case as this reader may see it."""
    case, at = facts(row), now()
    handling, known = of_units(case, actor), _all_open(actor, case, file)
    secret = handling and row["state"] != "closed"
    return {
        **{name: row[name] for name in PLAIN},
        "state_name": STATES[row["state"]],
        # a door, a place on the map and "asks again" tell who somebody is: for whom every appellant may be shown to
        "household_id": row["household_id"] if known else None,
        "is_initial": row["is_initial"] if known else None,
        **{name: row[name] if known else None for name in POSITION},
        **shown_level(row["desk_level"], row["place_kind"], row["lead_kind"]),
        "topic_name": rulebook().topics[row["topic"]].name if row["topic"] in rulebook().topics else "",
        "track_reasons": row["track_reasons"],
        "lead": _unit(row["lead_id"], row["lead_name"]),
        "units": [_times(unit, "added_at", "done_at") for unit in file.units],
        "first_unit_id": row["first_unit_id"],
        "complained_department_id": row["complained_department_id"],
        **{name: local(row[name]) for name in INSTANTS},
        "can": _can(actor, row, file),
        "clocks": [clock_shape(clock, exact_level(clock["ladder"], at)) for clock in file.clocks],
        "appeals": [_appeal(actor, case, appeal, file) for appeal in file.appeals],
        "attachments": [_attachment(found) for found in file.attachments if found["subject_kind"] != "appeal"],
        "attachments_pending": [found["id"] for found in file.announced],
        "contacts": [{**contact, "at": local(contact["at"])} for contact in file.contacts],
        "returns": [_times(found, "asked_at", "decided_at") for found in file.returns],
        "supervision": [supervision_shape(found) for found in file.supervisions],
        "ratings": [] if secret else [_rating(rating, handling) for rating in file.ratings],
        "callbacks": [] if secret else [_call(found, handling) for found in file.callbacks],
        "second_signatures": [_times(found, "asked_at") for found in file.signatures],
        "extensions": [_times(one, "due_before", "due_after", "asked_at", "decided_at") for one in file.extensions],
        "suspensions": [_times(one, "from_at", "ended_at") for one in file.suspensions],
        "suspended_days": sum(one["days"] for one in file.suspensions),
        "instructions": [_times(one, "at", "dispatched_at") for one in file.instructions],
        "endings": [_times(one, "at") for one in file.endings],
        "first_handler_reviews": [_times(one, "opened_at", "due_at", "decided_at") for one in file.first_handlers],
        "demand_assessments": [_times(one, "asked_at", "decided_at") for one in file.added[OF_CASE]],
        "leader_cases": [_times(one, "assigned_at", "ended_at") for one in file.leaders],
        "on_site": [_times(one, "arrived_at", "reported_at") for one in file.on_site],
        "resources": [_times(one, "asked_at", "answered_at") for one in file.resources],
        "urgent_files": [_times(one, "filed_at") for one in file.urgent_files],
        "procedure": _procedure(row, file.timeline),
        "elapsed": {
            "fast": [_times(one, "at") for one in elapsed(FAST, row["steps"], row["received_at"], row["skipped"])],
            "plus": [_times(one, "at") for one in elapsed(PLUS, row["plus_steps"], row["received_at"])],
        },
        "timeline": [_event(line, secret, handling) for line in file.timeline],
    }


def supervision_shape(row: Row) -> Row:
    """One supervision with what was demanded, answered and decided."""
    names = ("id", "case_id", "kind", "trigger", "state", "requirement", "response", "verdict", "subject_kind")
    return {
        **{name: row[name] for name in names},
        "department": _unit(row["department_id"], row["unit"]),
        **{name: local(row[name]) for name in ("opened_at", "due_at", "closed_at")},
    }


def _all_open(actor: Actor, case: CaseFacts, file: CaseFile) -> bool:
    return all(identity_open(appeal["identity"], case, actor) for appeal in file.appeals)


def _can(actor: Actor, row: Row, file: CaseFile) -> list[str]:
    """The moves of the table, less those that are always refused and those about a request that nobody
    has made, or has made already."""
    case = facts(row)
    idle = barred(actor, case, row, file.clocks, file.returns)
    pending = any(request["state"] == "open" for request in file.returns)
    idle |= set() if pending else {"grant-return", "refuse-return"}
    waiting = any(request["state"] == "open" for request in file.extensions)
    idle |= {"extend"} if waiting else {"grant-extension", "refuse-extension"}
    idle |= {"suspend"} if case.suspended else {"unsuspend"}
    led = any(one["state"] == "open" for one in file.leaders)
    asked = any(one["state"] == "open" for one in file.resources)
    idle |= {"request-resources"} if asked else {"answer-resources"}
    idle |= _idle_ways(row)
    idle |= {"assign-leader"} if led else {"hand-over-leader", "leader-duty"}
    if str(actor.id) in case.accused:
        idle |= BARRED
    return [name for name in allowed(case, actor) if name not in idle]


def _idle_ways(row: Row) -> set[str]:
    """Moves that only some ways of working have: filing belongs to urgent cases, answering at once to simple ones."""
    track = rulebook().for_area(row["area_path"]).tracks.get(row["handling_track"])
    idle = set() if row["urgent"] else {"file-urgent"}
    return idle if track and track.instant and not row["urgent"] else idle | {"answer-at-once"}


def _procedure(row: Row, timeline: list[Row]) -> list[Row]:
    """The steps of this way of working, each with when it was last done."""
    book = rulebook().for_area(row["area_path"])
    if row["track"] not in book.tracks:
        return []
    done = {name_of(line["event"], line["data"]): local(line["at"]) for line in timeline}
    way = Way(row["kind"], row["urgent"], instant=row["instant"])
    tracks = (book.tracks[row["track"]], book.tracks[row["handling_track"] or row["track"]])
    return [{**step, "done_at": done.get(step["step"])} for step in procedure(way, *tracks)]


def _appeal(actor: Actor, case: CaseFacts, appeal: Row, file: CaseFile) -> Row:
    names = ("id", "number", "channel", "kind", "topic", "content", "identity", "complained_text", "urgent_reason",
             "entered_by_name", "content_check")  # fmt: skip
    seen = identity_open(appeal["identity"], case, actor)
    return {
        **{name: appeal[name] for name in names},
        "channel_name": rulebook().channels.get(appeal["channel"], appeal["channel"]),
        "received_at": local(appeal["received_at"]),
        "appellant": _person(appeal) if seen else None,
        "on_behalf": _person(appeal["on_behalf"]) if seen and appeal["on_behalf"] else None,
        "attachments": [_attachment(found) for found in file.attachments if found["subject_id"] == appeal["id"]],
        "flaws": _flaws(appeal, file),
        "replies": [_times(reply, "at") for reply in file.replies if reply["appeal_id"] == appeal["id"]],
        "messages": [_times(message, "at") for message in file.messages if message["appeal_id"] == appeal["id"]],
    }


def _flaws(appeal: Row, file: CaseFile) -> list[dict[str, str]]:
    kinds = {found["kind"] for found in file.attachments if found["subject_id"] == appeal["id"]}
    return flaws(entry_of(appeal, audio="audio" in kinds))


def _person(found: Row) -> Row:
    shape = {"name": masked_name(found.get("name") or ""), "phone": masked_phone(found.get("phone") or "")}
    return shape | {name: found[name] for name in ("relation", "consent") if name in found}


def _attachment(row: Row) -> Row:
    names = ("id", "kind", "mime", "bytes", "width", "height", "duration_s", "subject_kind", "purpose")
    return {**{name: row[name] for name in names}, "created_at": local(row["created_at"])}


def _rating(row: Row, handling: bool) -> Row:
    shape = _times(row, "rated_at")
    return {**shape, "comment": ""} if handling else shape


def _call(row: Row, handling: bool) -> Row:
    shape = _times(row, "at")
    return {**shape, "note": ""} if handling else shape


def _event(line: Row, secret: bool, handling: bool) -> Row:
    """A line of the journal; of a call or a rating a unit reads only that it took place, and never what was said."""
    judged = line["event"] in {"rating.given", "case.called-back"}
    hidden = secret and judged
    data = {key: value for key, value in line["data"].items() if key not in INTERNAL}
    return {
        "at": local(line["at"]),
        "event": line["event"],
        "by": line["by"] or ("系统" if line["actor"] == "system" else "群众"),
        "unit": line["unit"],
        "text": None if handling and judged else line["text"],
        "public": line["public"],
        "data": {key: value for key, value in data.items() if not (hidden and key in SCORES)},
    }


def _level(row: Row) -> str:
    return exact_level(row["next_ladder"], now())


def _unit(unit_id: UUID | None, name: str | None) -> Row | None:
    return {"id": unit_id, "name": name} if unit_id else None


def _times(row: Row, *names: str) -> Row:
    return {**row, **{name: local(row[name]) for name in names}}
