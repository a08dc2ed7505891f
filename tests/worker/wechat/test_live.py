"""Three calls to the real WeChat, for a day with an account at hand: set both variables to run them."""

from __future__ import annotations

import datetime as dt
import os

import pytest

from domain.ports import CodeImage, WeChatRefused
from server.gateways.store import LocalStore
from server.gateways.wechat import WeChatGateway, WeChatSettings

APP_ID, SECRET = os.environ.get("WECHAT_LIVE_APP_ID", ""), os.environ.get("WECHAT_LIVE_APP_SECRET", "")

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not (APP_ID and SECRET), reason="needs WECHAT_LIVE_APP_ID and WECHAT_LIVE_APP_SECRET"),
]


async def test_the_real_wechat_knows_us() -> None:
    gateway = WeChatGateway(WeChatSettings(APP_ID, SECRET), LocalStore(), lambda: dt.datetime.now(dt.UTC))
    with pytest.raises(WeChatRefused) as caught:
        await gateway.login("no-such-code")
    assert caught.value.code == "40029"
    assert caught.value.trace
    image = await gateway.code_image(CodeImage("A" * 32, check_path=False))
    assert image.startswith((b"\xff\xd8\xff", b"\x89PNG"))
    await gateway.close()
