"""`check_content`: an appeal is stored first and classified later; nothing here rejects it.

WeChat judges texts of people who used the mini-program within two hours. Whoever was away longer (61010) leaves the
appeal waiting: the timer asks again when they are back. A service that does not answer is tried again by the runner.
"""

import structlog

from domain.access.actor import SYSTEM
from domain.appeals import content
from domain.appeals.content import Checkable
from domain.ports import ContentScene, MediaKind, WeChatFailure, WeChatRefused
from server.gateways.wechat.media_links import media_url
from server.jobs import Run
from server.reactions.tasks import Made, Task, happening
from server.services import Services
from web.unit_of_work import run_unit

RECHECK = 50
log = structlog.get_logger("content")


def check_content(services: Services) -> Task:
    """Have the text and the photos of a new appeal judged."""

    async def run(job: Run) -> None:
        appeal_id = happening(job).subject_id
        if appeal_id is None:
            return
        if not services.settings.content_judged:
            await run_unit(SYSTEM, lambda: content.switch_off(appeal_id), services.enqueue)
            return
        appeal = await run_unit(SYSTEM, lambda: content.waiting(appeal_id), services.enqueue)
        if appeal is not None:
            await _check(services, appeal)

    return run


async def recheck_waiting(services: Services) -> None:
    """Ask again about appeals that wait and whose authors are active; what fails waits on."""
    if not services.settings.content_judged:
        return
    rows = await run_unit(SYSTEM, lambda: content.waiting_and_active(RECHECK), services.enqueue)
    for row in rows:
        appeal = await run_unit(SYSTEM, lambda row=row: content.waiting(row["id"]), services.enqueue)
        try:
            if appeal is not None:
                await _check(services, appeal)
        except WeChatFailure as error:
            log.warning("content check failed", code=error.code)
            return


async def _check(services: Services, appeal: Checkable) -> None:
    try:
        await _check_media(services, appeal)
        if not appeal.content:
            await run_unit(SYSTEM, lambda: content.switch_off(appeal.id), services.enqueue)
            return
        verdict = await services.wechat.check_text(appeal.content, appeal.openid, ContentScene.SOCIAL_LOG)
    except WeChatRefused as error:
        log.info("content check waits", code=error.code)
        return
    await run_unit(
        SYSTEM, lambda: content.judge(appeal.id, verdict.suggest.value, verdict.label), services.enqueue
    )


async def _check_media(services: Services, appeal: Checkable) -> None:
    """Ask about each photo once; the verdicts come by push. WeChat has to reach us: only with a public address."""
    settings = services.settings
    if settings.wechat_mode == "live" and not settings.public_url.startswith("https://"):
        return
    for attachment_id in await run_unit(SYSTEM, lambda: content.unasked_media(appeal.id), services.enqueue):
        url = media_url(settings.public_url, settings.wechat_app_secret, attachment_id)
        trace_id = await services.wechat.check_media(url, MediaKind.IMAGE, appeal.openid)
        await run_unit(
            SYSTEM, lambda one=attachment_id, trace=trace_id: content.asked(one, trace), services.enqueue
        )


TASKS: dict[str, Made] = {"check_content": check_content}
