"""Tells the people of a case: an inbox notice for each of its appeals, and the parcels that carry it further."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from domain.clock import local_date, now
from domain.notices.actions import Happening, Words, notice_id, tell
from domain.notices.delivery import Parcel, plan, ways
from domain.notices.texts import IN_PERSON, RESIDENT, day, fill, spoken, wechat_template
from domain.rulebook import rulebook
from domain.sql import fetch, fetch_one

CLOCK_OF = {"submit": "accept", "ask-info": "info", "accept": "handling", "dispatch": "handling", "rework": "rework"}
LEVELS = {
    "village": "村(社区)", "town": "乡镇(街道)", "meeting": "乡镇(街道)联席会议", "county": "县(市、区)联席会议",
    "city": "设区市",
}  # fmt: skip

_CASE = """
SELECT c.id, c.answered_at, c.area_path, c.merge, d.name AS unit, o.name AS desk, t.text,
  (SELECT max(due_at) FROM deadlines WHERE case_id = c.id AND name = $2 AND round = c.round) AS due_at,
  (SELECT due_at FROM supervisions WHERE id = $3) AS supervision_due_at
FROM cases c LEFT JOIN departments d ON d.id = c.lead_id LEFT JOIN staff g ON g.id = c.registrar_id
LEFT JOIN departments o ON o.id = g.department_id LEFT JOIN case_texts t ON t.id = $4::uuid
WHERE c.id = $1
"""
_APPEALS = """
SELECT p.id, p.number, p.identity, p.resident_id, r.openid,
  COALESCE(NULLIF(a.phone, ''), r.phone, '') AS phone, COALESCE(h.area_path, p.area_path) AS area_path,
  EXISTS (SELECT 1 FROM subscribe_credits s WHERE s.resident_id = r.id AND s.template = $3 AND s.credits > 0)
  OR EXISTS (SELECT 1 FROM deliveries v WHERE v.dedupe_key = $4 || ':' || p.id || ':wechat') AS credit
FROM appeals p LEFT JOIN residents r ON r.id = p.resident_id AND r.erased_at IS NULL
LEFT JOIN appellants a ON a.appeal_id = p.id LEFT JOIN households h ON h.id = p.household_id
WHERE p.id = ANY(COALESCE($2::uuid[], ARRAY(SELECT id FROM appeals WHERE case_id = $1))) ORDER BY p.id
"""


async def announce(happening: Happening, *, sms: bool) -> list[Parcel]:
    """Write the inbox notice of each appellant and what will be tried first; the parcels that can go further."""
    name = RESIDENT.get(happening.event, "")
    if not name:
        return []
    case = await fetch_one(
        _CASE, [happening.case_id, CLOCK_OF.get(name, ""), happening.subject_id, happening.data.get("text_id")],
        json=("merge",),
    )  # fmt: skip
    if case is None:
        return []
    words = rulebook().for_area(case["area_path"]).notices.get(name)
    if words is None:
        return []
    template = wechat_template(rulebook().wechat_templates.get(name, "")).id
    parcels = []
    for appeal in await fetch(_APPEALS, [happening.case_id, _only(happening, case), template, happening.row]):
        values = {**_values(name, case, happening), "number": appeal["number"], "title": words.title}
        parcel = _parcel(happening, name, appeal, values)
        text = fill(words.body, values)
        if appeal["resident_id"]:
            about = Words(
                event=name, title=words.title, text=text, case_id=happening.case_id, appeal_id=appeal["id"]
            )
            await tell("resident", [appeal["resident_id"]], parcel.key, about)
            parcel.notice_id = await notice_id(parcel.key, appeal["resident_id"])
        if name in IN_PERSON:
            parcel.words = f"{text}\n{case['text'] or ''}".strip()
        if open_ways := ways(parcel, sms=sms):
            await plan(parcel, open_ways[0])
            parcels.append(parcel)
    return parcels


def _only(happening: Happening, case: dict[str, Any]) -> list[UUID] | None:
    """The appeals that are meant: one just filed, those merged away; None for all of the case."""
    if happening.event == "appeal.submitted" and happening.subject_id:
        return [happening.subject_id]
    if happening.event == "review.decided":
        return [UUID(happening.data["appeal_id"])]
    return [UUID(found) for found in (case["merge"] or {}).get("appeals", ())] if happening.event == "case.merged" else None


def _parcel(happening: Happening, name: str, appeal: dict[str, Any], values: dict[str, str]) -> Parcel:
    return Parcel(
        key=f"{happening.row}:{appeal['id']}", name=name, appeal_id=appeal["id"], case_id=happening.case_id,
        resident_id=appeal["resident_id"], openid=appeal["openid"] or "", credit=appeal["credit"],
        phone=appeal["phone"], identity=appeal["identity"], area_path=appeal["area_path"], values=values,
    )  # fmt: skip


def _values(name: str, case: dict[str, Any], happening: Happening) -> dict[str, str]:
    """What the placeholders stand for; what is unknown stays away, and its clause with it."""
    book = rulebook().for_area(case["area_path"])
    values = {"hotline": book.hotline, "unit": case["unit"] or "", "today": day(local_date(now()))}
    if name == "accept" and not values["unit"]:
        values["unit"] = case["desk"] or ""
    if name == "escalate":
        values["unit"] = happening.data.get("body") or LEVELS.get(str(happening.data.get("to_level")), "上级部门")
    due_at = case["supervision_due_at"] if name == "supervise" else case["due_at"]
    if name == "answer" and case["answered_at"]:
        due_at = case["answered_at"] + timedelta(days=book.rating_window_days)
    if "due_at" in happening.data:
        due_at = datetime.fromisoformat(happening.data["due_at"])
    if due_at:
        values["due_on"] = day(local_date(due_at))
    return values | spoken(name, case["text"] or "", happening.data)


async def members_of(household_id: UUID | None, *, but: UUID | None = None) -> list[UUID]:
    """The residents bound to a household."""
    rows = await fetch(
        "SELECT resident_id FROM memberships WHERE household_id = $1 AND state = 'bound'"
        " AND resident_id IS DISTINCT FROM $2",
        [household_id, but],
    )
    return [row["resident_id"] for row in rows]
