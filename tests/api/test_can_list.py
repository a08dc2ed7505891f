"""What a case says of itself through both doors: `can` offers nothing that is always refused, and where the case stands
is shown; whoever is told of a failed inspection, or of an urgent event next door, reads what there is to know."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.api.test_field_acts import found
from tests.api.test_grid_cases import given_to_me, move
from tests.support.cast import DESK, WORKER, Cast
from tests.support.life import CITY, bring_to

pytestmark = pytest.mark.anyio
WHY = {"reason": "不属于本单位职责"}
DESKS = ("villagedesk", "towndesk", "meeting")


@pytest.fixture(autouse=True)
def friday(cast: Cast, at: Callable[[str], None]) -> None:
    at("2026-03-13T10:30")


async def at_desk(cast: Cast, login: str, case_id: str) -> dict[str, Any]:
    answer = await (await cast.staff(login)).get(f"{DESK}/cases/{case_id}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def in_field(who: httpx.AsyncClient, case_id: str) -> dict[str, Any]:
    return dict((await who.get(f"{WORKER}/cases/{case_id}")).json())


async def told(cast: Cast, who: httpx.AsyncClient, door: str) -> list[dict[str, Any]]:
    await cast.react()
    return list((await who.get(f"{door}/inbox")).json()["items"])


async def test_a_return_is_offered_to_a_unit_once(cast: Cast) -> None:
    case_id = await bring_to(cast, "signed")
    assert "return" in (await at_desk(cast, "handler", case_id))["can"]
    asked = await cast.act("handler", case_id, "return", **WHY)
    assert "return" not in asked["can"]
    assert "refuse-return" in (await at_desk(cast, "dispatcher", case_id))["can"]
    settled = await cast.act("dispatcher", case_id, "refuse-return", note="属你单位")
    assert not {"refuse-return", "grant-return"} & set(settled["can"])
    assert "return" not in (await at_desk(cast, "handler", case_id))["can"]
    assert (await cast.act("handler", case_id, "return", expect=409, **WHY))["code"] == "guard-not-met"


async def test_a_return_is_not_offered_after_a_late_signature_nor_when_its_time_is_over(
    cast: Cast, at: Callable[[str], None]
) -> None:
    signed, unsigned = await bring_to(cast, "signed"), await bring_to(cast, "dispatched")
    at("2026-03-18T10:30")
    for case_id in (signed, unsigned):
        assert "return" not in (await at_desk(cast, "handler", case_id))["can"]
        assert (await cast.act("handler", case_id, "return", expect=409, **WHY))["code"] == "guard-not-met"


async def test_a_return_is_offered_to_a_worker_once(cast: Cast) -> None:
    worker = await cast.worker()
    case_id = await given_to_me(cast, worker)
    assert "return" in (await in_field(worker, case_id))["can"]
    asked = await move(worker, case_id, "return", **WHY)
    assert "return" not in asked["can"]
    await cast.act("villagedesk", case_id, "refuse-return", note="仍由你办")
    seen = await in_field(worker, case_id)
    assert "return" not in seen["can"] and "sign" in seen["can"]
    assert (await move(worker, case_id, "return", expect=409, **WHY))["code"] == "guard-not-met"


async def test_what_was_raised_is_offered_only_at_its_level_and_says_where_it_is(cast: Cast) -> None:
    worker = await cast.worker()
    case_id = (await found(worker))["id"]
    seen = await in_field(worker, case_id)
    assert (seen["desk_level"], seen["desk_level_name"]) == ("village", "村(社区)")
    assert "escalate" in seen["can"]
    assert {"escalate", "dispatch"} <= set((await at_desk(cast, "villagedesk", case_id))["can"])

    for login, level, name in (("villagedesk", "town", "镇"), ("towndesk", "meeting", "镇联席会议"),
                               ("meeting", "county", "县联席会议")):  # fmt: skip
        raised = await cast.act(login, case_id, "escalate", **WHY)
        assert (raised["desk_level"], raised["desk_level_name"]) == (level, name)
        field = await in_field(worker, case_id)
        assert (field["desk_level"], field["desk_level_name"]) == (level, name)
        assert "escalate" not in field["can"]
        assert (await move(worker, case_id, "escalate", expect=409, **WHY))["code"] == "guard-not-met"
        bench = await (await cast.staff("villagedesk")).get(f"{DESK}/workbench", params={"part": "raised"})
        assert [one["desk_level_name"] for one in bench.json()["items"]] == [name]
        village = await at_desk(cast, "villagedesk", case_id)
        assert not {"escalate", "dispatch", "add-co-unit"} & set(village["can"])
        for action, body in (("escalate", WHY), ("dispatch", {"lead": CITY})):
            refused = await cast.act("villagedesk", case_id, action, expect=409, **body)
            assert refused["code"] == "guard-not-met"
        if level != "county":
            assert {"escalate", "dispatch"} <= set((await at_desk(cast, "towndesk", case_id))["can"])
    for login in DESKS:
        assert "escalate" not in (await at_desk(cast, login, case_id))["can"]
    assert "dispatch" in (await at_desk(cast, "dispatcher", case_id))["can"]


async def test_a_unit_may_raise_what_it_leads_and_a_designation_waits_for_three_returns(cast: Cast) -> None:
    case_id = await bring_to(cast, "accepted")
    assert "designate" not in (await at_desk(cast, "meeting", case_id))["can"]
    await cast.act("dispatcher", case_id, "dispatch", lead=CITY)
    unit = await at_desk(cast, "handler", case_id)
    assert (unit["desk_level"], unit["desk_level_name"]) == ("county", "县级")
    assert "escalate" in unit["can"]
    await cast.act("handler", case_id, "escalate", **WHY)
    assert (await at_desk(cast, "dispatcher", case_id))["desk_level_name"] == "县联席会议"


async def test_who_put_it_right_reads_why_the_inspection_failed(cast: Cast) -> None:
    worker = await cast.worker()
    case_id = (await found(worker, description="路灯杆倾斜。", self_handled={"result": "已扶正"}))["id"]
    await cast.act("villagedesk", case_id, "inspect", passed=False, note="灯杆仍歪,\n螺栓没有拧紧。")
    [notice] = [each for each in await told(cast, worker, WORKER) if each["event"] == "inspect-failed"]
    assert notice["text"].endswith("退回处置:路灯杆倾斜。验收意见:灯杆仍歪, 螺栓没有拧紧。")
    assert "。。" not in notice["text"]


async def test_an_inspection_without_a_word_leaves_the_reason_out(cast: Cast) -> None:
    worker = await cast.worker()
    case_id = (await found(worker, self_handled={"result": "已扶正"}))["id"]
    await cast.act("villagedesk", case_id, "inspect", passed=False)
    [notice] = [each for each in await told(cast, worker, WORKER) if each["event"] == "inspect-failed"]
    assert "验收意见" not in notice["text"]


async def test_the_desk_of_the_village_finds_an_urgent_event_of_its_own_village_only(cast: Cast) -> None:
    own = (await found(await cast.worker(), level="urgent"))["id"]
    await found(await cast.worker("13800000002"), level="urgent", grid_code="360781100002001")
    await found(await cast.worker())
    heard = await told(cast, await cast.staff("villagedesk"), DESK)
    assert [each["case_id"] for each in heard if each["event"] == "event.reported"] == [own]
