"""A person's own data: see all of it, take it along, see who looked, have it erased (个人信息保护法 art 44–47).

Plain SQL over the tables of features above this one: what hangs on a person is a list, not a rule.
"""

from dataclasses import dataclass
from typing import Any

from domain.access.actor import Actor
from domain.clock import real_now
from domain.journal.unit import Fact, record
from domain.rulebook import rulebook
from domain.sql import execute, fetch

_MY_APPEALS = "(SELECT a.id FROM appeals a WHERE a.resident_id = $1)"
_DATA = {
    "profile": "SELECT id, name, phone, openid IS NOT NULL AS wechat, created_at FROM residents WHERE id = $1",
    "households": "SELECT h.door_text, h.village_code, m.state, m.created_at, m.decided_at FROM memberships m"
    " JOIN households h ON h.id = m.household_id WHERE m.resident_id = $1 ORDER BY m.id",
    "appeals": "SELECT a.id, a.number, a.channel, a.kind, a.topic, a.content, a.identity, a.area_code, a.received_at,"
    " a.complained_text, a.urgent_reason, a.on_behalf, a.lon, a.lat, a.datum, p.name AS contact_name,"
    " p.phone AS contact_phone, c.state AS status FROM appeals a JOIN cases c ON c.id = a.case_id"
    " LEFT JOIN appellants p ON p.appeal_id = a.id WHERE a.resident_id = $1 ORDER BY a.id",
    "messages": f"SELECT appeal_id, kind, text, at FROM appeal_messages WHERE appeal_id IN {_MY_APPEALS} ORDER BY id",
    "replies": f"SELECT appeal_id, round, text, unit_name, at FROM replies WHERE appeal_id IN {_MY_APPEALS} ORDER BY at",
    "ratings": "SELECT appeal_id, round, source, process, result, solved, staff, comment, rated_at FROM ratings"
    f" WHERE appeal_id IN {_MY_APPEALS} ORDER BY id",
    "reviews": "SELECT appeal_id, step, round, state, reason, requested_at, decision, decided_at FROM reviews"
    f" WHERE appeal_id IN {_MY_APPEALS} ORDER BY id",
    "hearing_requests": "SELECT appeal_id, reason, state, asked_at, decision, decided_at FROM hearing_requests"
    f" WHERE appeal_id IN {_MY_APPEALS} ORDER BY id",
    "retaliation_reports": "SELECT appeal_id, text, state, reported_at, contacted_at, closed_at FROM retaliation_reports"
    f" WHERE appeal_id IN {_MY_APPEALS} ORDER BY id",
    "attachments": "SELECT id, kind, bytes, created_at, subject_id AS used_in FROM attachments"
    " WHERE owner IN ('resident:' || $1::uuid, 'guest:' || $1::uuid) ORDER BY id",
    "notices": "SELECT title, text, created_at, read_at FROM notices WHERE recipient_id = $1 ORDER BY id",
    "subscriptions": "SELECT template, credits FROM subscribe_credits WHERE resident_id = $1 ORDER BY template",
    "sessions": "SELECT kind, created_at, used_at, expires_at FROM sessions WHERE subject_id = $1 ORDER BY created_at",
}
_JSON = {"appeals": ("on_behalf",)}

_LOOKS = f"""
SELECT l.at, p.number, l.actor_role AS role, l.department_name AS unit, l.purpose
FROM access_log l LEFT JOIN appeals p ON p.id = l.appeal_id
WHERE l.resident_id = $1 OR l.appeal_id IN {_MY_APPEALS}
ORDER BY l.id DESC LIMIT 500
"""

_ENDED = "SELECT a.id FROM appeals a JOIN cases c ON c.id = a.case_id WHERE c.ended_at IS NOT NULL"
_OF_ERASED = " AND a.resident_id IN (SELECT id FROM residents WHERE erased_at IS NOT NULL)"


@dataclass(frozen=True)
class Erased:
    """What became of an erasure: the numbers of open appeals whose contact is kept until they end."""

    kept: list[str]


async def own_data(actor: Actor) -> dict[str, list[dict[str, Any]]]:
    """Everything that is stored about a person, by kind."""
    found = {name: await fetch(sql, [actor.id], _JSON.get(name, ())) for name, sql in _DATA.items()}
    return {**found, "access_log": await access_log(actor)}


async def access_log(actor: Actor) -> list[dict[str, Any]]:
    """Who opened this person's identity: when, which role of which unit, for what purpose; newest first."""
    return await fetch(_LOOKS, [actor.id])


async def erase(actor: Actor) -> Erased:
    """Forget a person: identity, bindings, inbox, sessions at once; the contact of an open appeal when it ends.

    What was said stays with the case as the law needs it, and nothing leads from it to the person any more.
    """
    me = [actor.id]
    open_rows = await fetch(
        "SELECT a.number FROM appeals a JOIN cases c ON c.id = a.case_id"
        " WHERE a.resident_id = $1 AND c.ended_at IS NULL ORDER BY a.id",
        me,
    )
    await execute(
        "UPDATE residents SET openid = NULL, name = '', phone = '', erased_at = $2 WHERE id = $1", [*me, real_now()]
    )
    for sql in (
        "DELETE FROM memberships WHERE resident_id = $1",
        "DELETE FROM subscribe_credits WHERE resident_id = $1",
        "DELETE FROM notices WHERE recipient_id = $1 AND audience = 'resident'",
        f"DELETE FROM sessions WHERE subject_id = $1 OR (kind = 'lookup' AND appeal_id IN {_MY_APPEALS})",
    ):
        await execute(sql, me)
    await _empty(f"{_ENDED} AND a.resident_id = $1", me)
    record(Fact("resident.erased", rulebook().county, None, actor.id, {"open": len(open_rows)}))
    return Erased([row["number"] for row in open_rows])


async def forget_ended() -> int:
    """Empty the contacts of erased people whose appeals have ended since; how many. For a daily timer."""
    return await _empty(_ENDED + _OF_ERASED, [])


async def _empty(appeals: str, values: list[Any]) -> int:
    await execute(
        "UPDATE appeals SET on_behalf = on_behalf - 'name' - 'phone', lon = NULL, lat = NULL, datum = NULL"
        f" WHERE id IN ({appeals}) AND (lon IS NOT NULL OR on_behalf ? 'name' OR on_behalf ? 'phone')",
        values,
    )
    return await execute(
        f"UPDATE appellants SET name = '', phone = '' WHERE appeal_id IN ({appeals}) AND (name <> '' OR phone <> '')",
        values,
    )
