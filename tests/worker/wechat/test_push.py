"""Message push: the official vectors, then pushes of the stand-in received for real."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from server.gateways.wechat import WeChatSettings
from server.gateways.wechat.push import LARGEST_BODY, PushRefused, dedupe_key, open_push, verify
from tests.support.gateways import APP_ID, PUSH_AES_KEY, PUSH_TOKEN, SECRET, StandIn
from tests.support.loopback import NO_TLS
from tests.support.wechat_standin.push import Seal, sign

OPENID = "o" + "7" * 27
PLAIN = WeChatSettings(APP_ID, SECRET, push_token=PUSH_TOKEN)
SECURE = WeChatSettings(APP_ID, SECRET, push_token=PUSH_TOKEN, push_aes_key=PUSH_AES_KEY)

# developers.weixin.qq.com, 消息推送: the examples of the documentation.
GET_SIGNATURE = "f464b24fc39322e44b38aa78f5edd27bd1441696"
GET_QUERY = {
    "signature": GET_SIGNATURE,
    "timestamp": "1714036504",
    "nonce": "1514711492",
    "echostr": "4375120948345356249",
}
ENCRYPT = (
    "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv"
    "6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8"
    "EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04="
)
SECURE_QUERY = {
    "timestamp": "1714112445",
    "nonce": "415670741",
    "encrypt_type": "aes",
    "msg_signature": "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3",
}
SECURE_BODY = json.dumps({"ToUserName": "gh_97417a04a28d", "Encrypt": ENCRYPT}).encode()


# --- official vectors -------------------------------------------------------------------------------------


def test_the_official_verification_is_echoed() -> None:
    assert verify(GET_QUERY, PLAIN) == "4375120948345356249"
    assert sign(PUSH_TOKEN, "1714036504", "1514711492") == GET_SIGNATURE


def test_the_official_secure_push_is_opened() -> None:
    event = open_push(SECURE_QUERY, SECURE_BODY, SECURE)
    assert (event["Event"], event["MsgType"], type(event["CreateTime"])) == ("debug_demo", "event", int)
    xml = f"<xml><ToUserName>gh_97417a04a28d</ToUserName><Encrypt><![CDATA[{ENCRYPT}]]></Encrypt></xml>"
    assert open_push(SECURE_QUERY, xml.encode(), SECURE) == event


def test_the_stand_in_seals_as_the_official_reply_does() -> None:
    sealed = Seal(PUSH_AES_KEY, APP_ID).encrypt('{"demo_resp":"good luck"}', b"707722b803182950")
    assert (
        sealed == "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="
    )
    assert sign(PUSH_TOKEN, "1713424427", "415670741", sealed) == "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1"


# --- refusals ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spoilt", ["signature", "timestamp", "nonce"])
def test_a_wrong_verification_is_refused(spoilt: str) -> None:
    with pytest.raises(PushRefused, match="signature"):
        verify({**GET_QUERY, spoilt: "1"}, PLAIN)


@pytest.mark.parametrize("missing", ["signature", "timestamp", "nonce"])
def test_an_incomplete_verification_is_refused(missing: str) -> None:
    with pytest.raises(PushRefused, match="signature"):
        verify({name: value for name, value in GET_QUERY.items() if name != missing}, PLAIN)


def test_without_a_token_of_our_own_nothing_is_accepted() -> None:
    anybody = {**GET_QUERY, "signature": sign("", "1714036504", "1514711492")}
    for settings in (
        WeChatSettings(APP_ID, SECRET),
        WeChatSettings(APP_ID, SECRET, push_aes_key=PUSH_AES_KEY),
    ):
        with pytest.raises(PushRefused, match="signature"):
            verify(anybody, settings)
        with pytest.raises(PushRefused, match="signature"):
            open_push(
                {**anybody, "msg_signature": sign("", "1714036504", "1514711492", ENCRYPT)},
                SECURE_BODY,
                settings,
            )


def test_the_plain_signature_does_not_open_a_secure_push() -> None:
    plain = {**SECURE_QUERY, "msg_signature": sign(PUSH_TOKEN, "1714112445", "415670741")}
    with pytest.raises(PushRefused, match="signature"):
        open_push(plain, SECURE_BODY, SECURE)


def test_with_a_key_a_plain_body_is_refused() -> None:
    with pytest.raises(PushRefused, match="malformed"):
        open_push(GET_QUERY, b'{"Event": "user_authorization_cancellation"}', SECURE)


def test_another_account_s_push_is_refused() -> None:
    sealed = Seal(PUSH_AES_KEY, "wx0000000000000001").encrypt("{}", b"0" * 16)
    query = {**SECURE_QUERY, "msg_signature": sign(PUSH_TOKEN, "1714112445", "415670741", sealed)}
    with pytest.raises(PushRefused, match="app-id"):
        open_push(query, json.dumps({"Encrypt": sealed}).encode(), SECURE)


@pytest.mark.parametrize("sealed", ["", "AAAA", "!!!!", "A" * 64, "汉字", ENCRYPT[:-8]])
def test_garbage_under_a_right_signature_is_malformed(sealed: str) -> None:
    query = {**SECURE_QUERY, "msg_signature": sign(PUSH_TOKEN, "1714112445", "415670741", sealed)}
    with pytest.raises(PushRefused) as caught:
        open_push(query, json.dumps({"Encrypt": sealed}).encode(), SECURE)
    assert caught.value.reason in ("malformed", "app-id")


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><xml><Event>&b;</Event></xml>'


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b'"text"', b"{", b"<xml>", b"<xml/>", b"<a>1</a>", b"\xff\xfe", b"[" * 60000, BOMB],
    ids=lambda body: repr(body[:12]),
)
def test_a_body_that_is_no_message_is_malformed(body: bytes) -> None:
    with pytest.raises(PushRefused, match="malformed"):
        open_push(GET_QUERY, body, PLAIN)


def test_a_body_over_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(PushRefused, match="too-large"):
        open_push({}, b"x" * (LARGEST_BODY + 1), PLAIN)


def test_a_time_that_is_no_number_is_malformed() -> None:
    with pytest.raises(PushRefused, match="malformed"):
        open_push(GET_QUERY, b'{"Event": "x", "CreateTime": "soon"}', PLAIN)


# --- shapes -----------------------------------------------------------------------------------------------


def opened(event: dict[str, Any]) -> dict[str, Any]:
    return open_push(GET_QUERY, json.dumps(event).encode(), PLAIN)


ITEM = {"TemplateId": "t", "SubscribeStatusString": "accept", "PopupScene": "0"}


@pytest.mark.parametrize(("sent", "count"), [(ITEM, 1), ([ITEM], 1), ([ITEM, ITEM], 2)])
def test_the_list_of_a_json_push_is_always_a_list(sent: Any, count: int) -> None:
    event = opened({"Event": "subscribe_msg_popup_event", "CreateTime": 1, "List": sent})
    assert event["List"] == [ITEM] * count


@pytest.mark.parametrize("count", [1, 2])
def test_the_list_of_an_xml_push_is_always_a_list(count: int) -> None:
    item = "<List><TemplateId>t</TemplateId></List>"
    body = (
        "<xml><Event>subscribe_msg_change_event</Event><CreateTime>12</CreateTime>"
        f"<SubscribeMsgChangeEvent>{item * count}</SubscribeMsgChangeEvent></xml>"
    )
    event = open_push(GET_QUERY, body.encode(), PLAIN)
    assert (event["List"], event["CreateTime"]) == ([{"TemplateId": "t"}] * count, 12)


MEDIA = {
    "Event": "wxa_media_check",
    "FromUserName": OPENID,
    "CreateTime": 5,
    "trace_id": "t1",
    "appid": APP_ID,
}


@pytest.mark.parametrize(
    ("fields", "suggest", "label", "errcode"),
    [
        ({"version": 2, "errcode": 0, "result": {"suggest": "risky", "label": 20002}}, "risky", 20002, 0),
        ({"version": 2, "errcode": 0, "result": {"suggest": "pass", "label": "100"}}, "pass", 100, 0),
        ({"version": 2, "errcode": -1008, "errmsg": "down fail"}, "review", 100, -1008),
        ({"version": 2, "errcode": 0}, "review", 100, 0),
        ({"isrisky": 0, "extra_info_json": "", "status_code": 0}, "pass", 100, 0),
        ({"isrisky": 1, "extra_info_json": "", "status_code": 0}, "risky", 21000, 0),
        ({"isrisky": 0, "extra_info_json": "", "status_code": 4294966288}, "review", 100, -1008),
        ({"isrisky": "1", "status_code": "0"}, "risky", 21000, 0),
    ],
)
def test_both_shapes_of_a_media_verdict_become_one(
    fields: dict[str, Any], suggest: str, label: int, errcode: int
) -> None:
    event = opened({**MEDIA, **fields})
    assert event["result"] == {"suggest": suggest, "label": label}
    assert (event["errcode"], event["trace_id"]) == (errcode, "t1")


def test_a_media_verdict_in_xml() -> None:
    body = (
        "<xml><Event>wxa_media_check</Event><trace_id>t1</trace_id><version>2</version><errcode>0</errcode>"
        "<result><suggest>risky</suggest><label>20002</label></result><detail><label>20002</label></detail></xml>"
    )
    event = open_push(GET_QUERY, body.encode(), PLAIN)
    assert event["result"] == {"suggest": "risky", "label": 20002}
    assert event["detail"] == [{"label": "20002"}]


def test_deliveries_of_one_push_have_one_key_and_others_another() -> None:
    base = opened({**MEDIA, "version": 2, "errcode": 0})
    key = dedupe_key(base)
    assert key == dedupe_key(dict(reversed(base.items())))
    others: list[dict[str, Any]] = [
        {"MsgId": "9"},
        {"trace_id": "t2"},
        {"CreateTime": 6},
        {"FromUserName": "o2"},
        {"Event": "x"},
    ]
    keys = {dedupe_key({**base, **other}) for other in others} | {key}
    assert len(keys) == len(others) + 1
    assert dedupe_key({"MsgId": 9, "CreateTime": 1}) == dedupe_key({"MsgId": "9", "CreateTime": 2})
    assert OPENID not in key


# --- pushes of the stand-in, received by a real server ----------------------------------------------------


class Receiver(ThreadingHTTPServer):
    """Opens pushes as our server does, keeps what came in, and answers as scripted."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.settings = PLAIN
        self.events: list[dict[str, Any]] = []
        self.refusals: list[str] = []
        self.failing = 0
        self.arrived = threading.Semaphore(0)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/push"


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def _query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.path).query))

    def do_GET(self) -> None:
        if self.path.endswith(".jpg"):
            self._answer(200, "a picture")
            return
        try:
            self._answer(200, verify(self._query(), self.server.settings))
        except PushRefused as refused:
            self._answer(403, refused.reason)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.failing:
            self.server.failing -= 1
            self._answer(500, "later")
            return
        try:
            self.server.events.append(open_push(self._query(), body, self.server.settings))
            self._answer(200, "success")
        except PushRefused as refused:
            self.server.refusals.append(refused.reason)
            self._answer(403, refused.reason)
        self.server.arrived.release()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def connect(sim: StandIn, receiver: Receiver, *, form: str = "json", key: str = "", **script: Any) -> None:
    receiver.settings = SECURE if key else PLAIN
    sim.tell("account", push={"url": receiver.url, "aes_key": key, "format": form, **script})


def test_the_console_s_check_of_our_address(sim: StandIn, receiver: Receiver) -> None:
    connect(sim, receiver)
    assert sim.tell("push/verify") == {"passed": True, "status": 200}
    assert sim.tell("push/verify", push={"token": "another"}) == {"passed": False, "status": 403}


@pytest.mark.parametrize("form", ["json", "xml"])
@pytest.mark.parametrize("key", ["", PUSH_AES_KEY], ids=["plain", "secure"])
def test_a_push_is_received(sim: StandIn, receiver: Receiver, form: str, key: str) -> None:
    connect(sim, receiver, form=form, key=key)
    event: dict[str, Any] = {"Event": "user_authorization_revoke", "OpenID": OPENID, "RevokeInfo": "8"}
    assert sim.tell("push", openid=OPENID, event=event)["tries"] == [["accepted"]]
    (received,) = receiver.events
    assert {name: received[name] for name in event} == event
    items: dict[str, Any] = {"Event": "subscribe_msg_popup_event", "List": ITEM}
    assert sim.tell("push", openid=OPENID, event=items)["tries"] == [["accepted"]]
    assert receiver.events[1]["List"] == [ITEM]


@pytest.mark.parametrize("key", ["", PUSH_AES_KEY], ids=["plain", "secure"])
@pytest.mark.parametrize(
    ("wrong", "reason"),
    [("signature", "signature"), ("oversize", "too-large"), ("garbage", "malformed"), ("appid", "app-id")],
)
def test_a_spoilt_push_is_refused(
    sim: StandIn, receiver: Receiver, key: str, wrong: str, reason: str
) -> None:
    connect(sim, receiver, key=key)
    event = {"Event": "user_info_modified"}
    tries = sim.tell("push", openid=OPENID, event=event, wrong=wrong)["tries"]
    if wrong == "appid" and not key:
        assert tries == [["accepted"]]
        return
    assert tries == [["HTTP 403"] * 3]
    assert set(receiver.refusals) <= {reason, "app-id"}
    assert not receiver.events


def test_a_failed_push_comes_again_and_is_one_event(sim: StandIn, receiver: Receiver) -> None:
    connect(sim, receiver)
    receiver.failing = 2
    pushed = sim.tell("push", openid=OPENID, event={"Event": "user_info_modified"}, copies=2)
    assert pushed["tries"] == [["HTTP 500", "HTTP 500", "accepted"], ["accepted"]]
    assert len({dedupe_key(event) for event in receiver.events}) == 1
    assert len(receiver.events) == 2


@pytest.mark.parametrize(
    ("name", "errcode", "suggest"),
    [("fine.jpg", 0, "pass"), ("risky.jpg", 0, "risky"), ("missing.png", -1008, "review")],
)
def test_a_media_verdict_comes_by_push_and_may_come_twice(
    sim: StandIn, receiver: Receiver, name: str, errcode: int, suggest: str
) -> None:
    connect(sim, receiver, key=PUSH_AES_KEY, copies=2)
    sim.tell("person", openid=OPENID)
    credentials = {"grant_type": "client_credential", "appid": APP_ID, "secret": SECRET}
    with httpx.Client(verify=NO_TLS, base_url=sim.url, trust_env=False) as http:
        token = http.post("/cgi-bin/stable_token", json=credentials).json()["access_token"]
        url = receiver.url.replace("push", name)
        ask = {"media_url": url, "media_type": 2, "version": 2, "scene": 2, "openid": OPENID}
        answer = http.post("/wxa/media_check_async", params={"access_token": token}, json=ask).json()
    assert receiver.arrived.acquire(timeout=10)
    assert receiver.arrived.acquire(timeout=10)
    first, second = receiver.events
    assert (first["trace_id"], first["errcode"]) == (answer["trace_id"], errcode)
    assert first["result"]["suggest"] == suggest
    assert dedupe_key(first) == dedupe_key(second)


def test_after_three_failures_pushes_pause_for_a_minute(sim: StandIn, receiver: Receiver) -> None:
    connect(sim, receiver)
    receiver.failing = 3
    event = {"Event": "user_info_modified"}
    assert sim.tell("push", event=event)["tries"] == [["HTTP 500"] * 3]
    assert sim.tell("push", event=event)["tries"] == [["paused"]]
    sim.tell("clock", seconds=61)
    assert sim.tell("push", event=event)["tries"] == [["accepted"]]
