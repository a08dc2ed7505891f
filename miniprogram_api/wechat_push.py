"""Resident door: where WeChat talks to us. It wants `success` within five seconds and tries three times."""

from domain.attachments.store import FileMissing, Shelf
from domain.ports import PushedEvent, PushForged, PushUnreadable
from domain.problems import MalformedBody, NotFound, WeChatPushForged
from domain.workflow.pushes import take_push
from web.routes import PUBLIC, Answer, Ask, Route

PLAIN = "text/plain; charset=utf-8"


def _query(ask: Ask) -> dict[str, str]:
    return {name: values[-1] for name, values in ask.request.args.items()}


async def greet(ask: Ask) -> Answer:
    """Prove to WeChat that this address is ours (verification of the message push)."""
    try:
        echo = ask.app.services.push.greeting(_query(ask))
    except PushForged:
        raise WeChatPushForged from None
    return Answer(raw=echo.encode(), content_type=PLAIN)


async def open_push(ask: Ask) -> PushedEvent:
    """Check and decrypt the push before a transaction is opened."""
    try:
        event: PushedEvent = ask.app.services.push.opened(_query(ask), ask.request.body)
    except PushForged:
        raise WeChatPushForged from None
    except PushUnreadable:
        raise MalformedBody from None
    return event


async def take(ask: Ask) -> Answer:
    """Take a push in; a repeated or unknown one is answered alike."""
    await take_push(ask.prepared)
    return Answer(raw=b"success", content_type=PLAIN)


async def show_photo(ask: Ask) -> Answer:
    """A photo for WeChat's content check, under a signed address that lives an hour."""
    services = ask.app.services
    photo = services.push.photo(ask.path["token"])
    if photo is None:
        raise NotFound
    try:
        file = await services.files.open(Shelf.SERVED, photo)
    except FileMissing:
        raise NotFound from None
    with file:
        return Answer(raw=file.read(), content_type="image/jpeg", headers={"Cache-Control": "no-store"})


ROUTES = (
    Route(method="GET", path="/wechat/push", handler=greet, gate=PUBLIC, reads=True, content_type=PLAIN,
          summary="微信消息推送:验证", problems=(WeChatPushForged,)),
    Route(method="POST", path="/wechat/push", handler=take, prepare=open_push, gate=PUBLIC, replay=False,
          content_type=PLAIN, summary="微信消息推送:接收", problems=(WeChatPushForged, MalformedBody)),
    Route(method="GET", path="/wechat/media/<token:str>", handler=show_photo, gate=PUBLIC, reads=True,
          content_type="image/jpeg", summary="供微信内容安全检查的图片"),
)  # fmt: skip
