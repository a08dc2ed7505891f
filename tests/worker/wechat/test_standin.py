"""The contract of the stand-in itself: codes, texts and clocks as WeChat's protocol has them."""

from __future__ import annotations

import hashlib
import hmac
import re

import httpx
import pytest

from tests.support.gateways import APP_ID, StandIn, wechat_standin
from tests.support.loopback import NO_TLS
from tests.worker.wechat.direct import OPENID, PLAIN, RID, Call, login, stable

# --- conventions and texts --------------------------------------------------------------------------------


def test_errors_are_http_200_with_the_verbatim_texts(http: httpx.Client, call: Call, sim: StandIn) -> None:
    bad = http.post("/wxa/msg_sec_check", params={"access_token": "x"}, json={})
    assert (bad.status_code, bad.headers["content-type"]) == (200, "application/json; encoding=utf-8")
    hint = "could get access_token by getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r"
    text = f"invalid credential, access_token is invalid or not latest, {hint} {RID}"
    assert re.fullmatch(text, bad.json()["errmsg"])
    assert re.fullmatch(
        f"access_token missing {RID}", call("wxa/msg_sec_check", {}, access_token="")["errmsg"]
    )
    unknown = http.get("/cgi-bin/token", params={**PLAIN, "appid": "wx0"}).json()
    assert re.fullmatch(f"invalid appid {RID}", unknown["errmsg"])
    sim.tell("clock", seconds=7201)
    assert re.fullmatch(f"access_token expired {RID}", call("wxa/msg_sec_check", {})["errmsg"])


def test_the_sns_family_writes_its_id_after_a_comma_and_calls_itself_text(http: httpx.Client) -> None:
    wrong = login(http, "nonsense")
    assert wrong.headers["content-type"].startswith("text/plain")
    assert re.fullmatch(f"invalid code, {RID}", wrong.json()["errmsg"])
    assert re.fullmatch(f"invalid appid, {RID}", login(http, "x", appid="wx0").json()["errmsg"])


def test_a_token_in_the_body_is_not_seen(http: httpx.Client) -> None:
    token = stable(http)["access_token"]
    assert http.post("/wxa/msg_sec_check", json={"access_token": token}).json()["errcode"] == 41001


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"appid": ""}, 41002),
        ({"appid": "wx0", "grant_type": "x"}, 40013),
        ({"secret": ""}, 41004),
        ({"secret": "x"}, 40125),
        ({"grant_type": "x"}, 40002),
    ],
)
def test_credentials(http: httpx.Client, change: dict[str, str], code: int) -> None:
    assert http.get("/cgi-bin/token", params={**PLAIN, **change}).json()["errcode"] == code
    assert stable(http, **change)["errcode"] == code


def test_a_frozen_secret_and_a_foreign_address(http: httpx.Client, sim: StandIn) -> None:
    sim.tell("account", allowed_ips=["203.0.113.1"])
    assert stable(http)["errcode"] == 40164
    sim.tell("account", frozen=True)
    assert stable(http)["errcode"] == 40243


# --- tokens -----------------------------------------------------------------------------------------------


def test_plain_tokens_replace_each_other_after_five_minutes(
    http: httpx.Client, call: Call, sim: StandIn
) -> None:
    first, second = (http.get("/cgi-bin/token", params=PLAIN).json() for _ in range(2))
    assert first["access_token"] != second["access_token"]
    assert (len(first["access_token"]), first["expires_in"]) == (512, 7200)
    works = [
        call("wxa/msg_sec_check", {}, access_token=t["access_token"])["errcode"] for t in (first, second)
    ]
    assert works == [44002, 44002]
    sim.tell("clock", seconds=301)
    works = [
        call("wxa/msg_sec_check", {}, access_token=t["access_token"])["errcode"] for t in (first, second)
    ]
    assert works == [40001, 44002]
    # The stable family was never touched by all this.
    assert call("wxa/msg_sec_check", {})["errcode"] == 44002


def test_two_thousand_plain_tokens_a_day(http: httpx.Client, sim: StandIn) -> None:
    sim.tell("spend", name=f"token:{APP_ID}", window_s=86400, times=2000)
    assert http.get("/cgi-bin/token", params=PLAIN).json()["errcode"] == 45009


def test_the_stable_token_stays_until_its_last_five_minutes(http: httpx.Client, sim: StandIn) -> None:
    first = stable(http)
    sim.tell("clock", seconds=6800)
    later = stable(http)
    assert later["access_token"] == first["access_token"]
    assert later["expires_in"] == pytest.approx(400, abs=5)
    sim.tell("clock", seconds=200)
    assert stable(http)["access_token"] != first["access_token"]
    assert http.get("/cgi-bin/stable_token").json()["errcode"] == 43002


def test_forcing_kills_the_old_token_every_thirty_seconds_twenty_times_a_day(
    http: httpx.Client, call: Call, sim: StandIn
) -> None:
    first = stable(http)["access_token"]
    forced = stable(http, force_refresh=True)["access_token"]
    assert forced != first
    assert call("wxa/msg_sec_check", {}, access_token=first)["errcode"] == 40001
    assert stable(http, force_refresh=True)["access_token"] == forced
    sim.tell("clock", seconds=31)
    assert stable(http, force_refresh=True)["access_token"] != forced
    sim.tell("spend", name=f"force:{APP_ID}", window_s=86400, times=20)
    sim.tell("clock", seconds=31)
    sim.tell("spend", name=f"force:{APP_ID}", window_s=86400, times=20)
    assert stable(http, force_refresh=True)["errcode"] == 45009


# --- codes of people --------------------------------------------------------------------------------------


def test_a_login_has_no_errcode_and_its_code_works_once(http: httpx.Client, sim: StandIn) -> None:
    code = sim.tell("code", openid=OPENID)["code"]
    assert set(login(http, code).json()) == {"openid", "session_key"}
    used = login(http, code).json()
    assert (used["errcode"], bool(re.fullmatch(f"code been used, {RID}", used["errmsg"]))) == (40163, True)


def test_a_hundred_logins_a_minute(http: httpx.Client, sim: StandIn) -> None:
    code = sim.tell("code", openid=OPENID)["code"]
    for _ in range(2):
        sim.tell("spend", name=f"login:{OPENID}", window_s=60, times=100)
    assert login(http, code).json()["errcode"] == 45011


def test_another_account_s_code_is_invalid(http: httpx.Client, sim: StandIn) -> None:
    sim.tell("account", app_id="wx0000000000000002", secret="two")
    code = sim.tell("code", app_id="wx0000000000000002", openid=OPENID)["code"]
    assert login(http, code).json()["errcode"] == 40029


def test_phone_codes_are_no_login_codes(http: httpx.Client, call: Call, sim: StandIn) -> None:
    code = sim.tell("code", kind="phone", openid=OPENID, phone="13800001111")["code"]
    path = "wxa/business/getuserphonenumber"
    assert login(http, code).json()["errcode"] == 40029
    assert call(path, {"code": code, "openid": "o" + "8" * 27})["errcode"] == 40003
    assert call(path, {"code": code, "openid": OPENID})["phone_info"]["watermark"]["appid"] == APP_ID
    assert call(path, {"code": code, "openid": OPENID})["errcode"] == 40029
    other = sim.tell("code", kind="phone", openid=OPENID, phone="13800001111")["code"]
    sim.tell("clock", seconds=301)
    assert call(path, {"code": other})["errcode"] == 40029


def test_check_session(http: httpx.Client, sim: StandIn) -> None:
    token = stable(http)["access_token"]
    key = login(http, sim.tell("code", openid=OPENID)["code"]).json()["session_key"]
    good = hmac.new(key.encode(), b"", hashlib.sha256).hexdigest()
    for signature, code in ((good, 0), ("0" * 64, 87009)):
        query = {"access_token": token, "openid": OPENID, "sig_method": "hmac_sha256", "signature": signature}
        assert http.get("/wxa/checksession", params=query).json()["errcode"] == code


# --- misfortunes, and the demonstration -------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["reset", "close", "half"])
def test_broken_connections(http: httpx.Client, sim: StandIn, kind: str) -> None:
    sim.tell("fault", path="cgi-bin/token", kind=kind)
    with pytest.raises(httpx.TransportError):
        http.get("/cgi-bin/token", params=PLAIN)
    assert "access_token" in http.get("/cgi-bin/token", params=PLAIN).json()


def test_a_fault_may_spare_the_world_or_strike_by_chance(http: httpx.Client, sim: StandIn) -> None:
    code = sim.tell("code", openid=OPENID)["code"]
    sim.tell("fault", path="sns/jscode2session", kind="html", value=503, effect=False)
    assert login(http, code).status_code == 503
    assert login(http, code).json()["openid"] == OPENID
    sim.tell("fault", path="*", kind="errcode", value=-1, times=None, probability=0.5)
    outcomes = {http.get("/cgi-bin/token", params=PLAIN).json().get("errcode") for _ in range(40)}
    assert outcomes == {-1, None}


def test_in_the_demonstration_everybody_may_do_everything() -> None:
    with wechat_standin("--easy") as running, httpx.Client(verify=NO_TLS, base_url=running.url, trust_env=False) as http:
        mine = {"appid": "wxba5fad812f8e6fb9", "secret": "standin-secret"}
        query = {**mine, "grant_type": "authorization_code"}
        who = [
            http.get("/sns/jscode2session", params={**query, "js_code": c}).json()["openid"] for c in "aab"
        ]
        assert who[0] == who[1] != who[2]
        token = http.post("/cgi-bin/stable_token", json={**mine, "grant_type": "client_credential"}).json()
        body = {
            "touser": who[0],
            "template_id": "any",
            "page": "any/page",
            "data": {"thing9": {"value": "好"}},
        }
        for _ in range(3):
            sent = http.post(
                "/cgi-bin/message/subscribe/send", params={"access_token": token["access_token"]}, json=body
            )
            assert sent.json()["errcode"] == 0
        assert len(running.tell("sent")["messages"]) == 3
