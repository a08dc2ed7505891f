"""Signing in at the worker door: by password, by WeChat once it is bound, for the grids one has now."""

from datetime import date

import pytest

from domain.access.models import Assignment, Staff
from domain.people.models import GridDuty, GridWorker
from domain.sql import fetch
from server.rules import stable_id
from tests.support.app import client
from tests.support.cast import RESIDENT, WORKER, Cast

pytestmark = pytest.mark.anyio

PHONE, PASSWORD = "13800000001", "Huying-demo-2026"


async def test_a_worker_signs_in_by_password_and_sees_the_own_grids(cast: Cast) -> None:
    answer = await cast.anybody().post(f"{WORKER}/sessions", json={"phone": "138 0000 0001", "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    worker = answer.json()["worker"]
    assert (worker["id"], worker["name"]) == (str(stable_id("staff", PHONE)), "邱小兰")
    assert [grid["code"] for grid in worker["grids"]] == ["360781100001001", "360781100001002"]
    async with client(cast.app, answer.json()["token"]) as signed:
        me = (await signed.get(f"{WORKER}/me")).json()
        assert (me["wechat_bound"], me["roles"]) == (False, ["grid_worker"])
        assert me["commitment"].startswith("有事您说话")
        assert (await signed.delete(f"{WORKER}/sessions/current")).status_code == 204
        assert (await signed.get(f"{WORKER}/me")).status_code == 401


@pytest.mark.mechanism("002-05")
async def test_a_villager_chosen_as_grid_worker_has_a_profile_and_a_public_card(cast: Cast) -> None:
    await GridWorker.filter(id=stable_id("staff", PHONE)).update(
        source="villager_representative", appointed_on=date(2026, 1, 4), term_ends_on=date(2029, 1, 3)
    )
    me = (await (await cast.worker()).get(f"{WORKER}/me")).json()
    assert me["source"] == {"code": "villager_representative", "name": "村民代表"}
    assert (me["appointed_on"], me["term_ends_on"]) == ("2026-01-04", "2029-01-03")
    card = (await cast.anybody().get(f"{RESIDENT}/plates/{await cast.plate()}")).json()["grid_worker"]
    assert (card["name"], card["phone"]) == ("邱小兰", PHONE)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"phone": PHONE, "password": "wrong"}, 401, "wrong-credentials"),
        ({"phone": "13999999999", "password": PASSWORD}, 401, "wrong-credentials"),
        ({"phone": "dispatcher", "password": PASSWORD}, 401, "wrong-credentials"),
        ({"wechat_code": "demo:nobody"}, 401, "wechat-not-bound"),
        ({}, 422, "invalid-fields"),
        ({"phone": PHONE}, 422, "invalid-fields"),
        ({"phone": PHONE, "password": PASSWORD, "device": "x"}, 422, "unknown-field"),
    ],
)
async def test_what_is_no_worker_does_not_get_in(cast: Cast, body: dict[str, str], status: int, code: str) -> None:
    answer = await cast.anybody().post(f"{WORKER}/sessions", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_villagers_wechat_is_no_worker(cast: Cast) -> None:
    await cast.resident("li")
    answer = await cast.anybody().post(f"{WORKER}/sessions", json={"wechat_code": "demo:li"})
    assert (answer.status_code, answer.json()["code"]) == (401, "wechat-not-bound")


async def test_a_bound_wechat_signs_in_without_a_password(cast: Cast) -> None:
    worker = await cast.worker()
    bound = await worker.post(f"{WORKER}/me/wechat", json={"wechat_code": "demo:qiu"})
    assert bound.json() == {"wechat_bound": True}
    answer = await cast.anybody().post(f"{WORKER}/sessions", json={"wechat_code": "demo:qiu"})
    assert (answer.status_code, answer.json()["worker"]["name"]) == (201, "邱小兰")
    again = await worker.post(f"{WORKER}/me/wechat", json={"wechat_code": "demo:qiu"})
    assert again.status_code == 200
    rows = await fetch("SELECT 1 FROM journal WHERE event = 'staff.wechat-bound'")
    assert len(rows) == 1


async def test_a_wechat_belongs_to_one_account_only(cast: Cast) -> None:
    await (await cast.worker()).post(f"{WORKER}/me/wechat", json={"wechat_code": "demo:qiu"})
    other = await cast.worker("13800000002")
    answer = await other.post(f"{WORKER}/me/wechat", json={"wechat_code": "demo:qiu"})
    assert (answer.status_code, answer.json()["code"]) == (409, "wechat-taken")


async def test_a_dismissed_worker_is_out_at_the_next_request(cast: Cast) -> None:
    worker = await cast.worker()
    await worker.post(f"{WORKER}/me/wechat", json={"wechat_code": "demo:qiu"})
    await Staff.filter(login=PHONE).update(active=False)
    assert (await worker.get(f"{WORKER}/home")).status_code == 401
    answer = await cast.anybody().post(f"{WORKER}/sessions", json={"wechat_code": "demo:qiu"})
    assert answer.json()["code"] == "wechat-not-bound"


async def test_a_grid_taken_away_is_gone_at_the_next_request(cast: Cast) -> None:
    worker = await cast.worker()
    assert (await worker.get(f"{WORKER}/home")).json()["unvisited_households"] == 3
    await Assignment.filter(staff_id=stable_id("staff", PHONE), area_code="360781100001001").delete()
    await GridDuty.filter(worker_id=stable_id("staff", PHONE), grid_code="360781100001001").delete()
    assert (await worker.get(f"{WORKER}/home")).json()["unvisited_households"] == 0
    assert [grid["code"] for grid in (await worker.get(f"{WORKER}/me")).json()["grids"]] == ["360781100001002"]


async def test_residents_and_desk_staff_have_no_worker_account(cast: Cast) -> None:
    for who, status in ((cast.anybody(), 401), (await cast.resident(), 403), (await cast.staff("handler"), 403)):
        assert (await who.get(f"{WORKER}/me")).status_code == status
        assert (await who.post(f"{WORKER}/me/wechat", json={"wechat_code": "demo:x"})).status_code == status
