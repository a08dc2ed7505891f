"""Writes the notices that staff, grid workers and household members find in their inbox."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.areas.depth import AREA_DEPTH, DESKS
from domain.clock import local_date, now
from domain.deadlines.warnings import notify_at
from domain.notices.actions import Happening, Words, tell
from domain.notices.recipients import of_level, outside_wall
from domain.notices.texts import CLOCKS, STAFF, WARNINGS, day, fill
from domain.rulebook import rulebook
from domain.sql import fetch_one

_CASE = """
SELECT c.id, c.number, c.title, c.area_path, c.lead_id, c.handler_id, c.reporter_id, c.household_id, c.level, c.urgent,
  c.event_type, c.emergency, c.first_receiver_id, c.complained_department_id, d.name AS unit, a.name AS area_name,
  (SELECT due_at FROM deadlines WHERE case_id = c.id AND stopped_at IS NULL AND next_at IS NOT NULL
    ORDER BY due_at LIMIT 1) AS due_at
FROM cases c LEFT JOIN departments d ON d.id = c.lead_id LEFT JOIN areas a ON a.code = c.area_code WHERE c.id = $1
"""


async def case_row(case_id: UUID | None) -> dict[str, Any] | None:
    """What notices need to know of a case, or None when there is none."""
    return await fetch_one(_CASE, [case_id])


async def words_of(what: Happening) -> str:
    """The words that were written with an event, as its timeline shows them; empty when there are none or no longer."""
    row = await fetch_one("SELECT text FROM case_texts WHERE id = $1::uuid", [what.data.get("text_id")])
    return row["text"] if row else ""


def level_path(area_path: str, level: str) -> str:
    """The path of the county or town that an area lies in; the area itself for any other level."""
    return ".".join(area_path.split(".")[: AREA_DEPTH[DESKS[level]]]) if level in DESKS else area_path


async def tell_staff(what: Happening, name: str, case: dict[str, Any], people: Iterable[UUID]) -> set[UUID]:
    """Tell staff of a case by the text of this name; nobody of the unit complained of. Who was told."""
    told = await outside_wall(case, people)
    text = STAFF[name]
    words = Words(event=name, title=text.title, text=fill(text.body, _values(case)), case_id=case["id"])
    await tell("staff", told, f"{what.row}:{name}", words)
    return told


async def tell_members_of(what: Happening, name: str, case: dict[str, Any], residents: Iterable[UUID]) -> None:
    """Tell members of a household; without the case, which is not theirs."""
    home = await fetch_one("SELECT door_text, area_path FROM households WHERE id = $1", [case["household_id"]])
    values = {**_values({"area_path": home["area_path"] if home else "", **case}), "plate": home["door_text"] if home else ""}
    text = STAFF[name]
    await tell("resident", residents, f"{what.row}:{name}", Words(event=name, title=text.title,
                                                                  text=fill(text.body, values)))  # fmt: skip


async def warn_staff(what: Happening, case: dict[str, Any]) -> None:
    """Tell those whom a warning level concerns; they see it in the hours people are awake, urgent ones at once."""
    level, clock = str(what.data["level"]), str(what.data["name"])
    if what.data.get("overtaken"):
        return  # several levels fell at once, after an outage: only the highest is told, all are recorded
    text = WARNINGS[level]
    due = await fetch_one("SELECT due_at FROM deadlines WHERE id = $1", [what.subject_id])
    values = {**_values(case), "clock": CLOCKS.get(clock, "办理")}
    if due:
        values["due_on"] = day(local_date(due["due_at"]))
    words = Words(
        event=f"deadline.{level}", title=text.title, text=fill(text.body, values), case_id=case["id"],
        visible_at=notify_at(now(), urgent=case["urgent"], rules=rulebook().for_area(case["area_path"]).warnings),
    )  # fmt: skip
    await tell("staff", await of_level(case, clock, level), what.row, words)


async def warn_office_staff(
    what: Happening, case: dict[str, Any], due_at: datetime, people: Iterable[UUID], *, secret: bool
) -> None:
    """Tell an office that a clock of its own has reached a level, in the hours people are awake; of a secret matter
    without the case."""
    level = str(what.data["level"])
    text = WARNINGS[level]
    title = "" if secret else case["title"]
    book = rulebook().for_area(case["area_path"])
    values = {"number": case["number"], "title": title, "due_on": day(local_date(due_at)), "hotline": book.hotline,
              "clock": CLOCKS[f"{what.data['kind']}.{what.data['name']}"]}  # fmt: skip
    words = Words(
        event=f"deadline.{level}", title=text.title, text=fill(text.body, values), case_id=None if secret else case["id"],
        visible_at=notify_at(now(), rules=book.warnings),
    )  # fmt: skip
    await tell("staff", await outside_wall(case, people), what.row, words)


def _values(case: dict[str, Any]) -> dict[str, str]:
    book = rulebook().for_area(case["area_path"])
    kind = book.event_types.get(case.get("event_type") or "")
    emergency = book.emergencies.get(case.get("emergency") or "")
    values = {
        "number": case.get("number") or "", "title": case.get("title") or "", "unit": case.get("unit") or "",
        "place": case.get("area_name") or "", "event_type": kind.name if kind else "", "hotline": book.hotline,
        "emergency": emergency.name if emergency else "", "reason": " ".join((case.get("reason") or "").split()),
    }  # fmt: skip
    if case.get("due_at"):
        values["due_on"] = day(local_date(case["due_at"]))
    return values
