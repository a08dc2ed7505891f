"""Signing in at the desk, the own account, locks and the second factor."""

from typing import Any

import httpx
import pyotp
import pytest

from domain.access.actions import FAILURES, STEP_SECONDS
from domain.access.models import Staff
from domain.clock import real_now
from domain.sql import execute, fetch
from server.demo.accounts import PASSWORD
from tests.support.app import client
from tests.support.cast import DESK, Cast
from tests.support.server import RunningServer

pytestmark = pytest.mark.anyio


async def _sign_in(cast: Cast, login: str, password: str = PASSWORD, **more: str) -> httpx.Response:
    body = {"login": login, "password": password, **more}
    return await cast.anybody().post(f"{DESK}/sessions", json=body)


async def _signed_in(cast: Cast, login: str, password: str = PASSWORD, **more: str) -> httpx.AsyncClient:
    answer = await _sign_in(cast, login, password, **more)
    assert answer.status_code == 201, answer.text
    return client(cast.app, answer.json()["token"])


async def test_sign_in_me_and_sign_out(cast: Cast) -> None:
    mine = await _signed_in(cast, "dispatcher")
    me = (await mine.get(f"{DESK}/me")).json()
    assert {role["role"] for role in me["roles"]} == {"intake_officer", "dispatcher"}
    assert {"case:register", "case:dispatch", "identity:reveal"} <= set(me["permissions"])
    assert me["roles"][0]["area_name"] == "瑞金市"
    assert "password_hash" not in me and "totp_secret" not in me
    assert (await mine.delete(f"{DESK}/sessions/current")).status_code == 204
    assert (await mine.get(f"{DESK}/me")).status_code == 401


async def test_a_resident_has_no_account_at_the_desk(cast: Cast) -> None:
    resident = await cast.resident()
    assert (await resident.get(f"{DESK}/me")).status_code == 403
    assert (await resident.get(f"{DESK}/cases")).status_code == 403
    assert (await cast.anybody().get(f"{DESK}/cases")).status_code == 401


async def test_a_grid_worker_does_not_sign_in_at_the_desk(cast: Cast) -> None:
    assert (await _sign_in(cast, "13800000001")).json()["code"] == "wrong-credentials"


def _same(answer: httpx.Response) -> tuple[Any, ...]:
    body = answer.json()
    return answer.status_code, body["code"], body["title"], body["detail"], sorted(body)


@pytest.mark.parametrize("body", [{}, {"login": "x"}, {"login": "a", "password": "b", "totp": "12"},
                                  {"login": "a", "password": "b", "role": "admin"}])  # fmt: skip
async def test_a_malformed_sign_in_names_its_field(cast: Cast, body: dict[str, str]) -> None:
    answer = await cast.anybody().post(f"{DESK}/sessions", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"]


async def test_unknown_and_known_logins_fail_alike_and_lock_alike(cast: Cast) -> None:
    for _ in range(FAILURES):
        known, unknown = await _sign_in(cast, "leader", "wrong"), await _sign_in(cast, "nobody-here", "wrong")
        assert known.json()["code"] == "wrong-credentials"
        assert _same(known) == _same(unknown)
    known, unknown = await _sign_in(cast, "leader"), await _sign_in(cast, "nobody-here")
    for answer in (known, unknown):
        assert (answer.status_code, answer.json()["code"]) == (429, "account-locked")
        assert 0 < int(answer.headers["Retry-After"]) <= 900
    staff = await Staff.get(login="leader")
    assert staff.failed_count == FAILURES
    await execute("UPDATE staff SET locked_until = $1 WHERE login = 'leader'", [real_now()])
    assert (await _sign_in(cast, "leader")).status_code == 201
    assert (await Staff.get(login="leader")).failed_count == 0
    events = [row["event"] for row in await fetch("SELECT event FROM journal WHERE subject_id = $1", [staff.id])]
    assert "staff.locked" in events and "staff.signed-in" in events


async def test_a_success_forgets_earlier_failures(cast: Cast) -> None:
    for _ in range(FAILURES - 1):
        await _sign_in(cast, "meeting", "wrong")
    assert (await _sign_in(cast, "meeting")).status_code == 201
    assert (await _sign_in(cast, "meeting", "wrong")).json()["code"] == "wrong-credentials"
    assert (await _sign_in(cast, "meeting")).status_code == 201


async def test_a_disabled_account_looks_unknown(cast: Cast) -> None:
    await execute("UPDATE staff SET active = FALSE WHERE login = 'discipline'")
    assert (await _sign_in(cast, "discipline")).json()["code"] == "wrong-credentials"


async def test_the_second_factor_from_setting_up_to_no_replay(cast: Cast) -> None:
    mine = await _signed_in(cast, "supervisor")
    wrong = await mine.post(f"{DESK}/me/totp", json={"password": "not mine"})
    assert wrong.json()["errors"][0]["field"] == "password"
    set_up = (await mine.post(f"{DESK}/me/totp", json={"password": PASSWORD})).json()
    totp = pyotp.TOTP(set_up["secret"])
    assert set_up["uri"].startswith("otpauth://totp/")
    assert (await _sign_in(cast, "supervisor")).status_code == 201, "it counts from its confirmation on"
    step = int(real_now().timestamp()) // STEP_SECONDS
    bad = await mine.post(f"{DESK}/me/totp/confirmation", json={"totp": totp.generate_otp(step - 40)})
    assert bad.status_code == 422
    first = totp.generate_otp(step)
    assert (await mine.post(f"{DESK}/me/totp/confirmation", json={"totp": first})).status_code == 204
    assert (await mine.post(f"{DESK}/me/totp/confirmation", json={"totp": first})).status_code == 404

    assert (await _sign_in(cast, "supervisor")).json()["code"] == "second-factor-required"
    assert (await _sign_in(cast, "supervisor", "wrong")).json()["code"] == "wrong-credentials"
    assert (await _sign_in(cast, "supervisor", totp=first)).json()["code"] == "wrong-credentials", "used at set-up"
    following = totp.generate_otp(step + 1)
    assert (await _sign_in(cast, "supervisor", totp=following)).status_code == 201
    assert (await _sign_in(cast, "supervisor", totp=following)).json()["code"] == "wrong-credentials", "used"


async def test_a_new_password_ends_the_other_sessions(cast: Cast) -> None:
    mine, elsewhere = await _signed_in(cast, "callback"), await _signed_in(cast, "callback")
    body = {"password": "not mine", "new_password": "a-long-new-password"}
    assert (await mine.post(f"{DESK}/me/password", json=body)).status_code == 422
    short = await mine.post(f"{DESK}/me/password", json={"password": PASSWORD, "new_password": "short"})
    assert short.json()["errors"][0]["field"] == "new_password"
    assert (await mine.post(f"{DESK}/me/password", json={**body, "password": PASSWORD})).status_code == 204
    assert (await mine.get(f"{DESK}/me")).status_code == 200
    assert (await elsewhere.get(f"{DESK}/me")).status_code == 401
    assert (await _sign_in(cast, "callback")).status_code == 401
    assert (await _sign_in(cast, "callback", "a-long-new-password")).status_code == 201


def test_failures_are_committed_although_refused(server: RunningServer) -> None:
    with server.client() as anybody:
        for _ in range(FAILURES):
            body = {"login": "auditor", "password": "wrong"}
            assert anybody.post(f"{DESK}/sessions", json=body).status_code == 401
        locked = anybody.post(f"{DESK}/sessions", json={"login": "auditor", "password": PASSWORD})
    assert (locked.status_code, locked.json()["code"]) == (429, "account-locked")
