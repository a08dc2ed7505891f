"""Who sits at a hearing is told: in the inbox, by text message, or by whoever ordered it, who hears of those that remain."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from domain.sql import fetch
from server.rules import stable_id
from tests.support.cast import DESK, Cast
from tests.support.gateways import StandIn, sms_standin
from tests.support.life import REGISTER, bring_to
from tests.support.ways import by_sms

pytestmark = [pytest.mark.anyio, pytest.mark.mechanism("004-15")]
Move = Callable[[str], None]
OFFICE = "reviewoffice"


async def order(cast: Cast, case_id: str, *members: dict[str, Any]) -> httpx.Response:
    body = {"reason": "邻里争议", "planned_at": "2026-06-05T09:00:00+08:00", "place": "村部会议室",
            "members": [{"post": "听证员", **one} for one in members]}  # fmt: skip
    return await (await cast.staff(OFFICE)).post(f"{DESK}/cases/{case_id}/hearings", json=body)


async def told(login: str, event: str) -> list[str]:
    rows = await fetch(
        "SELECT n.text FROM notices n JOIN staff s ON s.id = n.recipient_id WHERE s.login = $1 AND n.event = $2"
        " ORDER BY n.id",
        [login, event],
    )
    return [row["text"] for row in rows]


async def listed(cast: Cast, case_id: str) -> list[dict[str, Any]]:
    items = (await (await cast.staff(OFFICE)).get(f"{DESK}/cases/{case_id}/hearings")).json()["items"]
    return list(items[0]["members"])


@pytest.fixture
async def provider(cast: Cast) -> AsyncIterator[StandIn]:
    """A provider of text messages that works."""
    with sms_standin("--template", "SMS_HEARING=number,time") as running:
        async with by_sms(cast, running, {"hearing-member": "SMS_HEARING"}):
            yield running


async def test_members_are_told_in_the_inbox_by_text_message_or_by_hand(cast: Cast, provider: StandIn, at: Move) -> None:
    at("2026-06-01T10:00")
    case_id = await bring_to(cast, "handling")
    made = await order(
        cast, case_id, {"name": "钟代表", "staff_id": str(stable_id("staff", "handler2"))},
        {"name": "张三", "phone": "139 0000 0009"}, {"name": "李四", "phone": "0797-2500001"}, {"name": "王五"},
    )  # fmt: skip
    assert made.status_code == 201, made.text
    await cast.react()
    (invited,) = await told("handler2", "hearing.member")
    assert "2026年6月5日 09:00在村部会议室" in invited
    (message,) = provider.tell("messages")["messages"]
    assert message["phone"] == "13900000009"
    assert "2026年6月5日 09:00" in str(message)
    remaining = await told(OFFICE, "hearing.by-hand")
    assert ["王五" in text for text in remaining] == [True, False], "nobody could tell her at all"
    assert ["李四" in text for text in remaining] == [False, True], "a landline takes no text message"
    assert not [text for text in remaining if "张三" in text or "钟代表" in text]
    assert [one["phone"] for one in await listed(cast, case_id)] == ["", "139****0009", "079****0001", ""]
    assert "13900000009" not in str(await fetch("SELECT data::text FROM journal"))
    at("2026-06-05T12:00")
    hearing = made.json()["id"]
    body = {"record": "双方陈述", "conclusion": "多数赞成"}
    done = await (await cast.staff(OFFICE)).post(f"{DESK}/hearings/{hearing}/conclusion", json=body)
    assert done.status_code == 200, done.text
    assert "0009" not in str(await fetch("SELECT members::text AS members FROM hearings")), "kept no longer than needed"


async def test_without_a_provider_of_text_messages_everybody_outside_is_invited_by_hand(cast: Cast, at: Move) -> None:
    at("2026-06-01T10:00")
    case_id = await bring_to(cast, "handling")
    members = [{"name": name, "phone": "13900000009"} for name in ("张三", "李四", "王五")]
    assert (await order(cast, case_id, *members)).status_code == 201
    await cast.react()
    (remaining,) = await told(OFFICE, "hearing.by-hand")
    assert "张三、李四、王五" in remaining


async def test_who_cannot_sit_is_refused(cast: Cast, at: Move) -> None:
    at("2026-06-01T10:00")
    unit = (await fetch("SELECT id FROM departments WHERE name = '市城管局'"))[0]["id"]
    case_id = await bring_to(cast, "submitted")
    accused = {"complained_of": {"department_id": str(unit)}, "petition_class": "accusation", "appeal_type": "complaint"}
    await cast.act("dispatcher", case_id, "register", **{**REGISTER, **accused})
    two = [{"name": "张三"}, {"name": "李四"}]
    for wrong in (
        {"name": "王五", "phone": "12"}, {"name": "王五", "staff_id": case_id},
        {"name": "钟代表", "staff_id": str(stable_id("staff", "handler"))},
    ):
        refused = await order(cast, case_id, *two, wrong)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "members"), wrong
