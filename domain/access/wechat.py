"""A grid worker's WeChat identity: bound by the signed-in worker, used to sign in afterwards."""

from tortoise.exceptions import IntegrityError

from domain.access.actor import Actor
from domain.access.models import Staff
from domain.journal.unit import Fact, record
from domain.problems import WeChatNotBound, WeChatTaken
from domain.rulebook import rulebook


async def worker_of(openid: str) -> Staff:
    """The active worker of a WeChat identity; 401 `wechat-not-bound` for everybody else's, residents included."""
    worker = await Staff.get_or_none(openid=openid, kind="worker", active=True)
    if worker is None:
        raise WeChatNotBound
    return worker


async def bind_wechat(actor: Actor, openid: str) -> None:
    """Bind the identity to the signed-in worker, in place of an earlier one; 409 when it is somebody else's."""
    holder = await Staff.get_or_none(openid=openid)
    if holder is not None and holder.id != actor.id:
        raise WeChatTaken
    if holder is None:
        try:
            await Staff.filter(id=actor.id).update(openid=openid)
        except IntegrityError:  # another worker bound it a moment ago
            raise WeChatTaken from None
        record(Fact("staff.wechat-bound", rulebook().county, None, actor.id))
