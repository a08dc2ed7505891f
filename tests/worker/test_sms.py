"""Text messages: the official signature, then every outcome against the stand-in."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from domain.ports import Sms, SmsMessage, SmsMisconfigured, SmsRefused, SmsUnavailable, SmsUnknown
from server.gateways.sms import AliyunSms, SmsSettings, signature
from tests.support.gateways import StandIn, free_port, sms_standin
from tests.support.loopback import NO_TLS

pytestmark = pytest.mark.anyio

KEY, SECRET, SIGN, TEMPLATE, PHONE = "LTAI-test", "5ecret-of-the-key", "呼应", "SMS_100", "13800001111"
MESSAGE = SmsMessage(PHONE, TEMPLATE, {"number": "HY-1", "text": "路灯已修好 *~+"})


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def process() -> Iterator[StandIn]:
    account = ("--key-id", KEY, "--secret", SECRET, "--sign-name", SIGN)
    with sms_standin(*account, "--template", f"{TEMPLATE}=number,text") as running:
        yield running


@pytest.fixture
def sim(process: StandIn) -> StandIn:
    process.tell("reset")
    return process


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@pytest.fixture
async def sms(sim: StandIn) -> AsyncIterator[AliyunSms]:
    made = AliyunSms(SmsSettings(KEY, SECRET, SIGN, sim.url), now)
    yield made
    await made.close()


def test_the_official_example_is_signed_as_documented() -> None:
    params = {
        "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": "45e25e9b-0a6f-4070-8c85-2956eda1b466",
        "AccessKeyId": "testId",
        "SignatureVersion": "1.0",
        "Timestamp": "2017-07-12T02:42:19Z",
        "Format": "XML",
        "Action": "SendSms",
        "Version": "2017-05-25",
        "RegionId": "cn-hangzhou",
        "PhoneNumbers": "15300000001",
        "SignName": "阿里云短信测试专用",
        "TemplateParam": '{"customer":"test"}',
        "TemplateCode": "SMS_71390007",
        "OutId": "123",
    }
    assert signature("GET", params, "testSecret") == "zJDF+Lrzhj/ThnlvIToysFRq6t4="


async def test_a_message_is_sent(sim: StandIn, sms: AliyunSms) -> None:
    port: Sms = sms
    receipt = await port.send(MESSAGE)
    (kept,) = sim.tell("messages")["messages"]
    assert (kept["receipt"], kept["phone"], kept["template"]) == (receipt, PHONE, TEMPLATE)
    assert kept["params"] == dict(MESSAGE.params)


async def test_every_message_has_its_own_nonce(sim: StandIn, sms: AliyunSms) -> None:
    receipts = {await sms.send(MESSAGE) for _ in range(3)}
    assert len(receipts) == 3


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (SmsMessage("12345", TEMPLATE, MESSAGE.params), "isv.MOBILE_NUMBER_ILLEGAL"),
        (SmsMessage(PHONE, TEMPLATE, {"number": "HY-1"}), "isv.TEMPLATE_MISSING_PARAMETERS"),
        (SmsMessage(PHONE, TEMPLATE, {**MESSAGE.params, "text": "好" * 36}), "isv.PARAM_LENGTH_LIMIT"),
    ],
)
async def test_messages_that_will_never_be_sent(
    sim: StandIn, sms: AliyunSms, message: SmsMessage, code: str
) -> None:
    with pytest.raises(SmsRefused) as caught:
        await sms.send(message)
    assert (caught.value.code, bool(caught.value.trace)) == (code, True)
    assert sim.tell("messages")["messages"] == []


@pytest.mark.parametrize(
    ("settings", "template", "offset_s", "code"),
    [
        (SmsSettings("LTAI-other", SECRET, SIGN), TEMPLATE, 0, "InvalidAccessKeyId.NotFound"),
        (SmsSettings(KEY, "other", SIGN), TEMPLATE, 0, "SignatureDoesNotMatch"),
        (SmsSettings(KEY, SECRET, "别人"), TEMPLATE, 0, "isv.SMS_SIGNATURE_ILLEGAL"),
        (SmsSettings(KEY, SECRET, SIGN), "SMS_0", 0, "isv.SMS_TEMPLATE_ILLEGAL"),
        (SmsSettings(KEY, SECRET, SIGN), TEMPLATE, -3600, "InvalidTimeStamp.Expired"),
    ],
)
async def test_what_an_operator_has_to_mend(
    sim: StandIn, settings: SmsSettings, template: str, offset_s: int, code: str
) -> None:
    there = SmsSettings(settings.access_key_id, settings.access_key_secret, settings.sign_name, sim.url)
    sms = AliyunSms(there, lambda: now() + dt.timedelta(seconds=offset_s))
    with pytest.raises(SmsMisconfigured) as caught:
        await sms.send(SmsMessage(PHONE, template, MESSAGE.params))
    assert caught.value.code == code
    await sms.close()


@pytest.mark.parametrize(
    ("code", "status", "wait_s"),
    [
        ("isp.SYSTEM_ERROR", 200, 60),
        ("isv.BUSINESS_LIMIT_CONTROL", 200, 3600),
        ("isv.DAY_LIMIT_CONTROL", 200, 86400),
        ("Throttling.User", 400, 1),
        ("ServiceUnavailable", 503, 60),
    ],
)
async def test_codes_that_pass_by_themselves(
    sim: StandIn, sms: AliyunSms, code: str, status: int, wait_s: float
) -> None:
    sim.tell("fault", kind="errcode", value=status, text=code)
    with pytest.raises(SmsUnavailable) as caught:
        await sms.send(MESSAGE)
    assert caught.value.retry_after_s == wait_s


@pytest.mark.parametrize("code", ["isv.OUT_OF_SERVICE", "isv.AMOUNT_NOT_ENOUGH", "isv.SOMETHING_NEW"])
async def test_other_codes_call_the_operator(sim: StandIn, sms: AliyunSms, code: str) -> None:
    sim.tell("fault", kind="errcode", text=code)
    with pytest.raises(SmsMisconfigured):
        await sms.send(MESSAGE)


async def test_fifty_notices_a_day_to_one_number(sim: StandIn, sms: AliyunSms) -> None:
    for _ in range(50):
        await sms.send(MESSAGE)
    with pytest.raises(SmsUnavailable):
        await sms.send(MESSAGE)


@pytest.mark.parametrize("kind", ["html", "empty", "truncated", "reset", "close", "half"])
async def test_a_lost_answer_is_unknown_and_nothing_is_sent_twice(
    sim: StandIn, sms: AliyunSms, kind: str
) -> None:
    sim.tell("fault", kind=kind)
    with pytest.raises(SmsUnknown):
        await sms.send(MESSAGE)
    assert len(sim.tell("messages")["messages"]) == 1


async def test_a_time_out_after_sending_is_unknown(sim: StandIn) -> None:
    sms = AliyunSms(SmsSettings(KEY, SECRET, SIGN, sim.url, total_s=0.3), now)
    sim.tell("fault", kind="latency", value=3)
    with pytest.raises(SmsUnknown):
        await sms.send(MESSAGE)
    await sms.close()


async def test_nobody_there_is_unavailable() -> None:
    sms = AliyunSms(SmsSettings(KEY, SECRET, SIGN, f"http://127.0.0.1:{free_port()}"), now)
    with pytest.raises(SmsUnavailable):
        await sms.send(MESSAGE)
    await sms.close()


def test_the_stand_in_takes_no_request_twice(sim: StandIn) -> None:
    once = AliyunSms(SmsSettings(KEY, SECRET, SIGN, sim.url), now)._signed(MESSAGE)
    codes = [httpx.post(sim.url, verify=NO_TLS, params=once, trust_env=False).json()["Code"] for _ in range(2)]
    assert codes == ["OK", "SignatureNonceUsed"]


async def test_no_number_and_no_secret_reaches_a_log(
    sim: StandIn, sms: AliyunSms, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for kind in ("reset", "html"):
        sim.tell("fault", kind=kind)
        with pytest.raises(SmsUnknown):
            await sms.send(MESSAGE)
    with pytest.raises(SmsRefused) as caught:
        await sms.send(SmsMessage("1380000111", TEMPLATE, MESSAGE.params))
    assert caplog.text.count("sms") >= 3
    for secret in (SECRET, PHONE, "1380000111", "路灯"):
        assert secret not in caplog.text + repr(SmsSettings(KEY, SECRET, SIGN)) + repr(MESSAGE)
        assert secret not in repr(caught.value)
