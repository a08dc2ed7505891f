"""Sends the one-time links of a wave by the chain of notices: a letter in the inbox, then WeChat, SMS or a grid worker.

A link is worked out from a key of the server and the invite, so a second attempt carries the same link while the
database keeps its digest only. The unit that handled the case has no part in it."""

import base64
from hashlib import sha256
from hmac import digest as hmac
from typing import Any
from uuid import UUID

from domain.access.actor import SYSTEM
from domain.clock import local_date, now
from domain.journal.unit import Fact, record
from domain.notices.actions import Words, notice_id, tell
from domain.notices.delivery import Parcel
from domain.notices.texts import day, fill, wechat_template
from domain.rulebook import rulebook
from domain.sql import fetch
from domain.surveys.models import SurveyInvite, SurveyWave
from domain.surveys.waves import LINK_PATH, TOKEN_BYTES, token_digest

NAME = "survey"  # of the text in the profile, the message template and the text message
PAGE = "pages/survey/survey?token="
_PEOPLE = """
SELECT i.id, i.appeal_id, i.case_id, p.number, p.identity, p.resident_id, r.openid,
  COALESCE(NULLIF(a.phone, ''), r.phone, '') AS phone, COALESCE(h.area_path, p.area_path) AS area_path,
  EXISTS (SELECT 1 FROM subscribe_credits s WHERE s.resident_id = r.id AND s.template = $2 AND s.credits > 0)
  OR EXISTS (SELECT 1 FROM deliveries v WHERE v.dedupe_key = 'survey:' || i.id || ':wechat') AS credit
FROM survey_invites i JOIN appeals p ON p.id = i.appeal_id
LEFT JOIN residents r ON r.id = p.resident_id AND r.erased_at IS NULL
LEFT JOIN appellants a ON a.appeal_id = p.id LEFT JOIN households h ON h.id = p.household_id
WHERE i.wave_id = $1 AND i.answered_at IS NULL AND ($3::uuid IS NULL OR i.id > $3) ORDER BY i.id LIMIT $4
"""


def link_token(key: bytes, invite_id: UUID) -> str:
    """The token of an invite under a key: the same each time, unguessable without the key (128 bits). Pure."""
    found = hmac(key, b"survey-link" + invite_id.bytes, sha256)[:TOKEN_BYTES]
    return base64.urlsafe_b64encode(found).rstrip(b"=").decode()


async def write_links(
    wave_id: UUID, server: str, key: bytes, after: UUID | None, limit: int
) -> tuple[list[Parcel], UUID | None]:
    """Issue the links of the next invites of a wave, to the page at the address of the server, and put them into the
    inboxes; the parcels that carry them further and where to go on. Nothing for a wave without links or past its end."""
    wave = await SurveyWave.get_or_none(id=wave_id)
    if wave is None or "link" not in wave.modes or now() > wave.expires_at or NAME not in rulebook().notices:
        return [], None
    template = wechat_template(rulebook().wechat_templates.get(NAME, "")).id
    rows = await fetch(_PEOPLE, [wave_id, template, after, limit])
    found = [await _parcel(wave, row, link_token(key, row["id"]), server + LINK_PATH) for row in rows]
    return found, rows[-1]["id"] if len(rows) == limit else None


async def _parcel(wave: SurveyWave, row: dict[str, Any], token: str, address: str) -> Parcel:
    await _issue(wave, row["id"], token)
    book = rulebook().for_area(wave.area_path)
    text = book.notices[NAME]
    values = {"number": row["number"], "title": text.title, "due_on": day(local_date(wave.expires_at)),
              "hotline": book.hotline, "link": address + token, "token": token}  # fmt: skip
    words = fill(text.body, values)
    key = f"survey:{row['id']}"
    parcel = Parcel(
        key=key, name=NAME, appeal_id=row["appeal_id"], case_id=row["case_id"], resident_id=row["resident_id"],
        openid=row["openid"] or "", credit=row["credit"], phone=row["phone"], identity=row["identity"],
        area_path="" if row["resident_id"] else row["area_path"], values=values, page=PAGE + token,
        words=f"请告诉诉求人(编号 {row['number']}):回访人员想请他回答四个问题,可以拨打 {book.hotline}。",
    )  # fmt: skip
    if row["resident_id"]:
        about = Words(event=NAME, title=text.title, text=words, appeal_id=row["appeal_id"])
        await tell("resident", [row["resident_id"]], key, about)
        parcel.notice_id = await notice_id(key, row["resident_id"])
    return parcel


async def _issue(wave: SurveyWave, invite_id: UUID, token: str) -> None:
    invite = await SurveyInvite.filter(id=invite_id).select_for_update().get()
    if invite.token_hash is not None:
        return
    invite.token_hash = token_digest(token)
    await invite.save(update_fields=["token_hash"])
    area = wave.area_path.rpartition(".")[2]
    record(Fact("survey.link-issued", area, None, invite.id, {"wave_id": str(wave.id)}, actor=SYSTEM))

