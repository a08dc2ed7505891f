"""The ways to a person for real: gateways that talk to the stand-ins, and the templates of one notice each."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from domain.clock import real_now
from domain.rulebook import install, rulebook
from server.gateways.sms import AliyunSms, SmsSettings
from server.gateways.store import LocalStore
from server.gateways.wechat import WeChatGateway, WeChatSettings
from tests.support.cast import Cast
from tests.support.gateways import AT_ONCE, StandIn

WAYS_APP_ID, WAYS_SECRET = "wx0000000000000009", "stand-in-secret"


@asynccontextmanager
async def by_sms(cast: Cast, sms: StandIn, templates: dict[str, str]) -> AsyncIterator[None]:
    """Text messages go to the stand-in; `templates` is notice → template, and there are no others."""
    services, book = cast.app.ctx.services, rulebook()
    kept, provider = services.sms, AliyunSms(
        SmsSettings("standin-key", "standin-key-secret", "呼应", api_url=sms.url, total_s=2), real_now
    )  # fmt: skip
    sms.tell("reset")
    services.sms = provider
    install(replace(book, sms_templates=templates))
    try:
        yield
    finally:
        install(book)
        services.sms = kept
        await provider.close()


@asynccontextmanager
async def by_wechat(cast: Cast, wechat: StandIn, templates: dict[str, str]) -> AsyncIterator[WeChatGateway]:
    """Messages of WeChat go to the stand-in; `templates` is notice → template and its fields."""
    services, book = cast.app.ctx.services, rulebook()
    kept = services.wechat
    wechat.tell("reset")
    services.wechat = gateway = WeChatGateway(WeChatSettings(WAYS_APP_ID, WAYS_SECRET, wechat.url), LocalStore(), real_now, AT_ONCE)
    install(replace(book, wechat_templates=templates))
    try:
        yield gateway
    finally:
        install(book)
        services.wechat = kept
        await gateway.close()
