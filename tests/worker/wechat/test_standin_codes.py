"""The contract of the stand-in, continued: drawn codes, links, messages and content security."""

from __future__ import annotations

import io
import re
import threading
from typing import Any

import httpx
import pytest
import zxingcpp
from PIL import Image

from tests.support.gateways import APP_ID, PAGE, TEMPLATE, StandIn
from tests.worker.wechat.direct import CASE, OPENID, PLAIN, RID, Call, stable

# --- drawn codes and links --------------------------------------------------------------------------------


def test_a_drawn_code_is_a_jpeg_that_can_be_scanned(http: httpx.Client) -> None:
    token = stable(http)["access_token"]
    body = {"scene": "A" * 32, "page": PAGE}
    answer = http.post("/wxa/getwxacodeunlimit", params={"access_token": token}, json=body)
    assert (answer.headers["content-type"], answer.content[:3]) == ("image/jpeg", b"\xff\xd8\xff")
    read = zxingcpp.read_barcodes(Image.open(io.BytesIO(answer.content)))
    assert [one.text for one in read] == [f"wxacode:{APP_ID}:{PAGE}:{'A' * 32}"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"scene": ""}, 40169),
        ({"scene": "x" * 33}, 40169),
        ({"scene": "50%"}, 40129),
        ({"scene": "a", "page": "/" + PAGE}, 41030),
        ({"scene": "a", "page": PAGE + "?x=1"}, 41030),
        ({"scene": "a", "page": "pages/none"}, 41030),
        ({"scene": "a", "env_version": "beta"}, 40097),
        ({"scene": "a", "width": 2000}, 40097),
    ],
)
def test_codes_asked_for_wrongly(call: Call, body: dict[str, Any], code: int) -> None:
    assert call("wxa/getwxacodeunlimit", body)["errcode"] == code


def test_a_form_is_a_data_format_error(http: httpx.Client) -> None:
    query = {"access_token": stable(http)["access_token"]}
    answer = http.post("/wxa/getwxacodeunlimit", params=query, data={"scene": "a"}).json()
    assert answer["errcode"] == 47001


def test_an_unpublished_page_passes_without_check_path(http: httpx.Client) -> None:
    query = {"access_token": stable(http)["access_token"]}
    body = {"scene": "a", "page": "pages/none", "check_path": False}
    assert http.post("/wxa/getwxacodeunlimit", params=query, json=body).content[:2] == b"\xff\xd8"


def test_limited_codes_are_counted(http: httpx.Client, sim: StandIn) -> None:
    query = {"access_token": stable(http)["access_token"]}
    answer = http.post("/wxa/getwxacode", params=query, json={"path": PAGE + "?a=1"})
    assert answer.headers["num-used"] == "1"
    sim.tell("spend", name=f"limited:{APP_ID}", window_s=1e12, times=100_000)
    assert http.post("/wxa/getwxacode", params=query, json={"path": PAGE}).json()["errcode"] == 45029


def test_links_live_thirty_days_at_most(call: Call) -> None:
    good = {"path": PAGE, "expire_type": 1, "expire_interval": 30}
    assert call("wxa/generate_urllink", good)["url_link"].startswith("https://wxaurl.cn/")
    assert call("wxa/generate_urllink", good | {"expire_interval": 31})["errcode"] == 85401
    assert call("wxa/generate_urllink", good | {"path": "pages/none"})["errcode"] == 85079
    jump = {"jump_wxa": {"path": PAGE}, "expire_type": 1, "expire_interval": 1}
    assert call("wxa/generatescheme", jump)["openlink"].startswith("weixin://dl/business/?t=")


# --- messages and content ---------------------------------------------------------------------------------


def send(call: Call, **change: Any) -> dict[str, Any]:
    body = {"touser": OPENID, "template_id": TEMPLATE, "page": PAGE, "data": CASE}
    return call("cgi-bin/message/subscribe/send", {**body, **change})


@pytest.mark.parametrize(
    ("change", "code", "text"),
    [
        ({"touser": "nobody"}, 40003, "invalid openid"),
        ({"template_id": "none"}, 40037, "invalid template_id"),
        ({"page": "pages/none"}, 41030, "invalid page"),
        ({"data": {"thing1": CASE["thing1"]}}, 47003, r"argument invalid! data\.date2\.value is empty"),
        (
            {"data": CASE | {"thing1": {"value": "一" * 21}}},
            47003,
            r"argument invalid! data\.thing1\.value invalid",
        ),
        (
            {"data": CASE | {"thing1": {"value": "a\nb"}}},
            47003,
            r"argument invalid! data\.thing1\.value invalid",
        ),
        ({"data": CASE | {"thing1": {"value": "代开发票"}}}, 45168, ".*sensitive.*"),
    ],
)
def test_messages_that_are_refused_cost_no_credit(
    sim: StandIn, call: Call, change: dict[str, Any], code: int, text: str
) -> None:
    sim.tell("person", openid=OPENID, template=TEMPLATE, credits=1)
    refused = send(call, **change)
    assert (refused["errcode"], bool(re.fullmatch(f"{text} {RID}", refused["errmsg"]))) == (code, True)
    assert send(call)["errcode"] == 0


def test_a_credit_is_one_message_and_a_long_term_one_never_ends(sim: StandIn, call: Call) -> None:
    sim.tell("person", openid=OPENID, template=TEMPLATE, credits=1)
    assert send(call)["errcode"] == 0
    refused = send(call)
    assert re.fullmatch(f"user refuse to accept the msg {RID}", refused["errmsg"])
    sim.tell("person", openid=OPENID, template=TEMPLATE, long_term=True)
    assert [send(call)["errcode"] for _ in range(3)] == [0, 0, 0]


def test_two_sends_at_once_to_one_person(sim: StandIn, call: Call) -> None:
    sim.tell("person", openid=OPENID, template=TEMPLATE, credits=9)
    sim.tell("account", sending_takes_s=1.0)
    codes: list[int] = []
    threads = [threading.Thread(target=lambda: codes.append(send(call)["errcode"])) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [0, 43108]


def test_risky_text_is_no_error_in_version_two(sim: StandIn, call: Call) -> None:
    sim.tell("person", openid=OPENID)
    body = {"content": "聚众赌博", "version": 2, "scene": 2, "openid": OPENID}
    risky = call("wxa/msg_sec_check", body)
    assert (risky["errcode"], risky["result"]) == (0, {"suggest": "risky", "label": 20006})
    assert call("wxa/msg_sec_check", {"content": "聚众赌博"})["errcode"] == 87014
    assert call("wxa/msg_sec_check", body | {"scene": 9})["errcode"] == 40129
    assert call("wxa/msg_sec_check", body | {"openid": "o" + "8" * 27})["errcode"] == 40003
    sim.tell("clock", seconds=7199)
    assert call("wxa/msg_sec_check", body, access_token=call_token(call))["errcode"] == 0
    sim.tell("clock", seconds=2)
    assert call("wxa/msg_sec_check", body, access_token=call_token(call))["errcode"] == 61010


def call_token(call: Call) -> str:
    token: str = call("cgi-bin/stable_token", PLAIN)["access_token"]
    return token


def test_a_person_of_another_account(sim: StandIn, call: Call) -> None:
    sim.tell("account", app_id="wx0000000000000002", secret="two")
    sim.tell("person", app_id="wx0000000000000002", openid=OPENID)
    body = {"content": "好", "version": 2, "scene": 2, "openid": OPENID}
    assert call("wxa/msg_sec_check", body)["errcode"] == 43104


def test_four_thousand_texts_a_minute(sim: StandIn, call: Call) -> None:
    for _ in range(2):
        sim.tell("spend", name=f"text:{APP_ID}", window_s=60, times=4000)
    assert call("wxa/msg_sec_check", {"content": "x"})["errcode"] == 44991
