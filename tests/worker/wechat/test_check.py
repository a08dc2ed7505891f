"""`huying wechat check`: what is missing before a scanned plate opens the mini-program, against the stand-in."""

from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from msgspec import structs
from typer.testing import CliRunner

from config.profile import Plates
from config.rules import load_profile
from config.settings import Settings
from server.commands import wechat as command
from server.commands.line import app
from server.commands.wechat import Finding, findings
from tests.support.gateways import APP_ID, PAGE, SECRET, StandIn

pytestmark = pytest.mark.anyio
TEXT = "a-secret-of-wechat"


@pytest.fixture
def public_url() -> Iterator[str]:
    """The deployment's public address: a real listener that has WeChat's file below /h/."""

    class Plain(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/h/Q1.txt" else 404)
            self.end_headers()
            self.wfile.write(TEXT.encode())

        def log_message(self, *_: object) -> None:
            return

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Plain)
    Thread(target=listener.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{listener.server_port}"
    listener.shutdown()
    listener.server_close()


@pytest.fixture
def ready(sim: StandIn, public_url: str) -> Settings:
    return Settings(
        public_url=public_url, wechat_api_url=sim.url, wechat_app_id=APP_ID, wechat_app_secret=SECRET,
        wechat_push_token="t", wechat_push_aes_key="A" * 43, wechat_templates="answer=T1,close=T2",
        wechat_check_name="Q1.txt", wechat_check_text=TEXT,
    )  # fmt: skip


async def lines(settings: Settings, page: str = PAGE) -> dict[str, Finding]:
    profile = structs.replace(load_profile("ruijin"), plates=Plates(page=page))
    found = await findings(settings, profile)
    assert len({line.name for line in found}) == len(found)
    return {line.name: line for line in found}


def missing(found: dict[str, Finding]) -> list[str]:
    return [name for name, line in found.items() if line.mark == "missing"]


async def test_what_works_is_proved_by_asking(ready: Settings) -> None:
    found = await lines(ready)
    # A loopback address is the one thing a plate must never carry.
    assert missing(found) == ["门牌网址 PUBLIC_URL"]
    assert found["校验文件"].seen == f"{ready.public_url}/h/Q1.txt"
    assert found["扫码规则"].seen == f"{ready.public_url}/h/"
    assert found["订阅消息模板"].mark == "advice"


@pytest.mark.parametrize(
    ("url", "marks"),
    [
        ("https://q.abc.gov.cn", ("ok", "ok")),
        ("https://q.abc.gov.cn:8443", ("missing", "advice")),
        ("https://q", ("missing", "ok")),
        ("https://a-very-long-name-of-a-county-office.example.gov.cn/more", ("ok", "advice")),
        ("https://" + "a" * 60 + "." + "b" * 60 + ".gov.cn", ("ok", "advice")),
    ],
)
async def test_the_printed_address_is_judged(ready: Settings, url: str, marks: tuple[str, str]) -> None:
    settings = replace(ready, public_url=url)
    found = [*command._address(settings), *command._symbol(settings)]
    assert tuple(line.mark for line in found) == marks


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"wechat_check_name": ""}, "校验文件"),
        ({"wechat_check_name": "other"}, "校验文件"),
        ({"wechat_check_text": "another"}, "校验文件"),
        ({"wechat_app_secret": ""}, "小程序账号"),
        ({"wechat_app_secret": "wrong"}, "小程序账号"),
        ({"wechat_api_url": "http://127.0.0.1:9"}, "小程序账号"),
        ({"wechat_push_token": ""}, "消息推送"),
        ({"wechat_push_aes_key": "short"}, "消息推送"),
        ({"wechat_templates": ""}, "订阅消息模板"),
        ({"wechat_templates": "no-such-notice=T1"}, "订阅消息模板"),
    ],
)
async def test_each_gap_is_named_with_what_to_do(ready: Settings, changes: dict[str, str], name: str) -> None:
    found = await lines(replace(ready, **changes))
    assert missing(found) == ["门牌网址 PUBLIC_URL", name]
    assert found[name].to_do


async def test_an_unpublished_page_and_a_closed_address_list_are_told_apart(
    ready: Settings, sim: StandIn
) -> None:
    assert missing(await lines(ready, "pages/not/published")) == ["门牌网址 PUBLIC_URL", "小程序页面"]
    sim.tell("account", app_id=APP_ID, secret=SECRET, allowed_ips=["203.0.113.7"])
    found = await lines(ready)
    assert missing(found) == ["门牌网址 PUBLIC_URL", "小程序账号"]
    assert "40164" in found["小程序账号"].seen


def test_the_command_says_what_to_do_and_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    told = CliRunner().invoke(app, ["wechat", "check"])
    assert told.exit_code == 1
    assert "WECHAT_CHECK_NAME" in told.output.replace("\n", "")
    assert "还缺" in told.output
