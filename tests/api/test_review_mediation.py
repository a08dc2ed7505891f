"""Mediation rooms (睦邻调解室): consent first, free of charge, and thirty days for the court's confirmation."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.support.cast import DESK, Cast

pytestmark = pytest.mark.anyio
VILLAGE = "360781100001"
ROOM = {"area_code": VILLAGE, "name": "解放路睦邻调解室",
        "mediators": [{"name": "刘老", "post": "退休干部"}, {"name": "钟组长", "post": "村民组长"}]}  # fmt: skip
DISPUTE = {"matter": "两家为排水沟争执", "parties": [{"name": "张家", "consent": True}, {"name": "李家"}]}


async def post(cast: Cast, path: str, login: str = "villagedesk", **body: Any) -> httpx.Response:
    return await (await cast.staff(login)).post(f"{DESK}/{path}", json=body)


async def opened(cast: Cast) -> str:
    room = (await post(cast, "mediation-rooms", **ROOM)).json()["id"]
    dispute = (await post(cast, f"mediation-rooms/{room}/mediations", **DISPUTE)).json()
    assert (await post(cast, f"mediations/{dispute['id']}/consent", party=1, agrees=True)).json()["state"] == "open"
    return str(dispute["id"])


@pytest.mark.mechanism("002-06")
async def test_a_dispute_is_mediated_agreed_confirmed_and_followed_up(cast: Cast, at: Callable[[str], None]) -> None:
    at("2026-06-01T10:00")
    mediation = await opened(cast)
    assert (await post(cast, f"mediations/{mediation}/end", agreed=True, text="x")).json()["missing"] == ["调解记录"]
    assert (await post(cast, f"mediations/{mediation}/sessions", mediators=["刘老"], note="先听两家说")).status_code == 201
    ended = (await post(cast, f"mediations/{mediation}/end", agreed=True, kind="written", text="沟归两家共用")).json()
    assert (ended["state"], ended["fee"], ended["confirm_by_at"][:10]) == ("agreed", 0, "2026-07-01")
    at("2026-06-25T10:00")
    row = (await (await cast.staff("villagedesk")).get(f"{DESK}/mediations?state=agreed")).json()["items"][0]
    assert (row["confirm_days_left"], row["sessions"]) == (6, 1)
    assert (await post(cast, f"mediations/{mediation}/confirmation", on="2026-05-01")).status_code == 422
    confirmed = (await post(cast, f"mediations/{mediation}/confirmation", on="2026-06-20")).json()
    assert (confirmed["confirmed_on"], confirmed["confirm_days_left"]) == ("2026-06-20", None)
    assert (await post(cast, f"mediations/{mediation}/follow-up", kept=True, note="水流通畅")).json()["kept"] is True
    rooms = (await (await cast.staff("villagedesk")).get(f"{DESK}/mediation-rooms")).json()["items"]
    assert [(r["total"], r["open"], r["agreed"], r["failed"], r["kept"]) for r in rooms] == [(1, 0, 1, 0, 1)]


async def test_without_every_consent_nothing_is_mediated_and_a_refusal_ends_it(cast: Cast) -> None:
    room = (await post(cast, "mediation-rooms", **ROOM)).json()["id"]
    dispute = (await post(cast, f"mediation-rooms/{room}/mediations", **DISPUTE)).json()
    assert dispute["state"] == "proposed"
    refused = await post(cast, f"mediations/{dispute['id']}/sessions", mediators=["刘老"], note="x")
    assert (refused.status_code, refused.json()["code"]) == (409, "guard-not-met")
    assert (await post(cast, f"mediations/{dispute['id']}/consent", party=7, agrees=True)).status_code == 422
    ended = (await post(cast, f"mediations/{dispute['id']}/consent", party=1, agrees=False)).json()
    assert (ended["state"], ended["confirm_by_at"]) == ("failed", None)


async def test_rooms_belong_to_their_villages(cast: Cast) -> None:
    assert (await post(cast, "mediation-rooms", **{**ROOM, "area_code": "360781100002"})).status_code == 404
    assert (await post(cast, "mediation-rooms", "handler", **ROOM)).status_code == 403
    assert (await post(cast, "mediation-rooms", **{**ROOM, "mediators": []})).status_code == 422
    room = (await post(cast, "mediation-rooms", **ROOM)).json()["id"]
    here = await cast.case_of(await cast.appeal(area_code=VILLAGE))
    there = await cast.case_of(await cast.appeal(area_code="360781100002"))
    assert (await post(cast, f"mediation-rooms/{room}/mediations", **DISPUTE, case_id=here)).status_code == 201
    assert (await post(cast, f"mediation-rooms/{room}/mediations", **DISPUTE, case_id=there)).status_code == 422
    assert (await post(cast, f"mediation-rooms/{here}/mediations", **DISPUTE)).status_code == 404
    assert (await post(cast, f"mediations/{here}/consent", party=0, agrees=True)).status_code == 404
