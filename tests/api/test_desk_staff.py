"""Accounts and roles: made by the security administrator, in force at once, within the own areas."""

from typing import Any

import httpx
import pytest

from domain.people.models import GridDuty, GridWorker
from domain.sql import fetch
from server.demo.accounts import PASSWORD
from tests.support.app import client
from tests.support.cast import DESK, WORKER, Cast

pytestmark = pytest.mark.anyio

NEW = {"login": "zhang.wei", "name": "张伟", "phone": "13900002222", "department": "市水利局",
       "roles": [{"role": "handler", "area": "360781"}]}  # fmt: skip


async def _post(cast: Cast, path: str, body: dict[str, Any], login: str = "security") -> httpx.Response:
    return await (await cast.staff(login)).post(f"{DESK}{path}", json=body)


async def _id(cast: Cast, login: str) -> str:
    found = (await (await cast.staff("security")).get(f"{DESK}/staff", params={"text": login})).json()["items"]
    return next(str(person["id"]) for person in found if person["login"] == login)


async def test_a_new_account_signs_in_with_the_password_told_once(cast: Cast) -> None:
    made = await _post(cast, "/staff", NEW)
    assert made.status_code == 201
    told = made.json()
    body = {"login": "zhang.wei", "password": told["password"]}
    token = (await cast.anybody().post(f"{DESK}/sessions", json=body)).json()["token"]
    me = (await client(cast.app, token).get(f"{DESK}/me")).json()
    assert [(role["role"], role["department"]) for role in me["roles"]] == [("handler", "市水利局")]
    again = (await (await cast.staff("security")).get(f"{DESK}/staff/{told['id']}")).json()
    assert "password" not in again
    rows = await fetch("SELECT data::text AS data FROM journal WHERE event = 'staff.created'")
    assert "handler" in rows[0]["data"] and "张伟" not in rows[0]["data"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"roles": [{"role": "emperor", "area": "360781"}]}, "roles[0].role"),
        ({"roles": [{"role": "resident", "area": "360781"}]}, "roles[0].role"),
        ({"roles": [{"role": "handler", "area": "nowhere"}]}, "roles[0].area"),
        ({"roles": [{"role": "handler", "area": "36"}]}, "roles[0].area"),
        ({"roles": [{"role": "grid_worker", "area": "360781100001001"}]}, "roles[0].role"),
        ({"roles": [{"role": "system_admin", "area": "360781"}, {"role": "audit_admin", "area": "360781"}]}, "roles"),
        ({"roles": [{"role": "handler", "area": "360781"}] * 2}, "roles"),
        ({"department": None}, "roles[0].department"),
        ({"department": "没有的局"}, "department"),
        ({"phone": "12"}, "phone"),
        ({"login": "有空格 的"}, "login"),
        ({"roles": []}, "roles"),
    ],
)
async def test_an_account_that_does_not_fit_is_refused(cast: Cast, change: dict[str, Any], field: str) -> None:
    refused = await _post(cast, "/staff", {**NEW, **change})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == field
    assert (await fetch("SELECT count(*) AS n FROM staff WHERE login = 'zhang.wei'"))[0]["n"] == 0


async def test_a_login_is_given_once(cast: Cast) -> None:
    assert (await _post(cast, "/staff", {**NEW, "login": "handler"})).json()["code"] == "name-taken"


async def test_disabling_ends_every_session_at_once(cast: Cast) -> None:
    handler = await cast.staff("handler")
    assert (await handler.get(f"{DESK}/cases")).status_code == 200
    path = f"/staff/{await _id(cast, 'handler')}"
    assert (await _post(cast, f"{path}/disabling", {})).json()["active"] is False
    assert (await handler.get(f"{DESK}/cases")).status_code == 401
    body = {"login": "handler", "password": PASSWORD}
    assert (await cast.anybody().post(f"{DESK}/sessions", json=body)).status_code == 401
    assert (await _post(cast, f"{path}/enabling", {})).json()["active"] is True
    assert (await handler.get(f"{DESK}/cases")).status_code == 401, "the old session stays dead"
    assert (await cast.anybody().post(f"{DESK}/sessions", json=body)).status_code == 201


async def test_changed_roles_act_on_the_next_request(cast: Cast) -> None:
    leader, security = await cast.staff("leader"), await cast.staff("security")
    assert (await leader.get(f"{DESK}/journal", params={"area": "360781"})).status_code == 403
    body = {"roles": [{"role": "audit_admin", "area": "360781"}]}
    path = f"{DESK}/staff/{await _id(cast, 'leader')}/roles"
    assert (await security.put(path, json=body)).status_code == 200
    assert (await leader.get(f"{DESK}/journal", params={"area": "360781"})).status_code == 200
    assert (await leader.get(f"{DESK}/cases")).status_code == 403


async def test_a_reset_password_takes_off_lock_and_second_factor(cast: Cast) -> None:
    for _ in range(5):
        await cast.anybody().post(f"{DESK}/sessions", json={"login": "meeting", "password": "wrong"})
    reset = (await _post(cast, f"/staff/{await _id(cast, 'meeting')}/password", {})).json()
    body = {"login": "meeting", "password": reset["password"]}
    assert (await cast.anybody().post(f"{DESK}/sessions", json=body)).status_code == 201


async def test_a_new_grid_worker_has_a_card_and_grids(cast: Cast) -> None:
    body = {"login": "13900003333", "name": "罗小红", "kind": "worker", "phone": "13900003333",
            "roles": [{"role": "grid_worker", "area": "360781100001001"}]}  # fmt: skip
    made = (await _post(cast, "/staff", body)).json()
    assert (await GridWorker.get(id=made["id"])).public_phone == "13900003333"
    assert await GridDuty.filter(worker_id=made["id"]).values_list("grid_code", flat=True) == ["360781100001001"]
    answer = await cast.anybody().post(
        f"{WORKER}/sessions", json={"phone": "13900003333", "password": made["password"]}
    )
    assert answer.status_code == 201, answer.text
    village = {**body, "login": "13900004444", "roles": [{"role": "grid_worker", "area": "360781100001"}]}
    assert (await _post(cast, "/staff", village)).json()["errors"][0]["field"] == "roles[0].area"


async def test_nobody_else_administers_and_nobody_the_own_account(cast: Cast) -> None:
    own = await _id(cast, "security")
    for login in ("admin", "auditor", "dispatcher"):
        assert (await _post(cast, "/staff", NEW, login)).status_code == 403
        assert (await (await cast.staff(login)).get(f"{DESK}/staff")).status_code == 403
        assert (await _post(cast, f"/staff/{own}/disabling", {}, login)).status_code == 403
    assert (await _post(cast, f"/staff/{own}/disabling", {})).status_code == 403
    assert (await _post(cast, "/staff/no-uuid/disabling", {})).status_code == 404
    roles = (await (await cast.staff("security")).get(f"{DESK}/roles")).json()["items"]
    assert {"handler", "dispatcher"} <= {role["role"] for role in roles}


async def test_a_town_administrator_reaches_the_own_town_only(cast: Cast) -> None:
    body = {"login": "town.security", "name": "钟安全", "roles": [{"role": "security_admin", "area": "360781100"}]}
    told = (await _post(cast, "/staff", body)).json()
    sign_in = {"login": "town.security", "password": told["password"]}
    token = (await cast.anybody().post(f"{DESK}/sessions", json=sign_in)).json()["token"]
    town = client(cast.app, token)
    logins = {person["login"] for person in (await town.get(f"{DESK}/staff", params={"limit": 100})).json()["items"]}
    assert {"towndesk", "townhandler", "villagedesk"} <= logins and "principal" not in logins
    principal, townhandler = await _id(cast, "principal"), await _id(cast, "townhandler")
    assert (await town.get(f"{DESK}/staff/{principal}")).status_code == 404
    assert (await town.post(f"{DESK}/staff/{principal}/password", json={})).status_code == 404
    assert (await town.post(f"{DESK}/staff/{townhandler}/disabling")).status_code == 200
    wider = {"roles": [{"role": "handler", "area": "360781", "department": "象湖镇"}]}
    answer = await town.put(f"{DESK}/staff/{townhandler}/roles", json=wider)
    assert answer.json()["errors"][0]["field"] == "roles[0].area"
