"""`tell_resident`: the inbox always; then WeChat, SMS or a grid worker, whichever is open and first succeeds.

What can pass is raised and tried again by the job runner, a few times: then the next way is taken, because a villager
who waits for an answer is worse served by patience than by a text message. What needs an operator parks the job once
nobody could be reached.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, TypeVar
from uuid import UUID

import structlog

from domain.access.actor import SYSTEM
from domain.notices import delivery
from domain.notices.delivery import Parcel
from domain.notices.letters import announce
from domain.notices.texts import IMPORTANT, wechat_data, wechat_template
from domain.ports import (
    CreditSpent,
    ProviderFailure,
    SendUnknown,
    SmsFailure,
    SmsMessage,
    SmsMisconfigured,
    SmsUnavailable,
    SmsUnknown,
    SubscribeMessage,
    WeChatFailure,
    WeChatMisconfigured,
    WeChatMisused,
    WeChatQuotaExceeded,
    WeChatUnavailable,
)
from domain.rulebook import rulebook
from server.jobs import ParkError, Run
from server.reactions.tasks import Made, Task, happening
from server.services import Services
from web.unit_of_work import run_unit

T = TypeVar("T")
PATIENCE = 6  # attempts: 5 + 10 + 20 + 40 + 80 seconds
PAGE = "pages/progress/progress"
log = structlog.get_logger("delivery")

Verdict = Literal["sent", "failed", "unknown", "again", "operator"]


@dataclass(frozen=True)
class Outcome:
    """What a call to a provider came to."""

    verdict: Verdict
    reason: str = ""
    receipt: str = ""


def tell_resident(services: Services) -> Task:
    """Tell every appellant of the case."""

    async def run(job: Run) -> None:
        courier = Courier(services, job.attempt)
        what = happening(job)
        parcels = await courier.unit(lambda: announce(what, sms=services.sms is not None))
        for parcel in parcels:
            await courier.deliver(parcel)
        courier.finish()

    return run


class Courier:
    """Carries the parcels of one run."""

    def __init__(self, services: Services, attempt: int) -> None:
        self._services = services
        self._attempt = attempt
        self._again: list[str] = []
        self._helpless: list[str] = []

    async def unit(self, work: Callable[[], Awaitable[T]]) -> T:
        """One short transaction."""
        return await run_unit(SYSTEM, work, self._services.enqueue)

    async def deliver(self, parcel: Parcel) -> None:
        """Try the open ways in order until one has surely worked, or one has to be tried again first."""
        failed: list[str] = []
        for way in delivery.ways(parcel, sms=self._services.sms is not None):
            if way == "task":
                await self.unit(lambda: delivery.hand_over(parcel))
                return
            outcome = await self._carry(parcel, way)
            if outcome.verdict == "sent":
                return
            if outcome.verdict == "again":
                self._again.append(outcome.reason)
                return
            if outcome.verdict == "operator":
                failed.append(f"{way}: {outcome.reason}")
        if parcel.name in IMPORTANT:  # anything less waits in the inbox, which is the truth
            self._helpless += failed

    def finish(self) -> None:
        """Raise for the job runner: to run again, or to park for an operator."""
        if self._again:
            raise ProviderFailure("、".join(self._again))
        if self._helpless:
            raise ParkError("、".join(self._helpless))

    async def _carry(self, parcel: Parcel, way: str) -> Outcome:
        begun = await self.unit(lambda: delivery.begin(parcel, way))
        if begun.state != "sending":
            operator = begun.state == "failed" and begun.reason.startswith(delivery.OPERATOR)
            return Outcome("operator" if operator else begun.state, begun.reason)
        outcome = await (self._wechat(parcel) if way == "wechat" else self._sms(parcel))
        if outcome.verdict == "again" and self._attempt >= PATIENCE:
            outcome = Outcome("operator", outcome.reason)
        await self.unit(lambda: self._settle(parcel, way, begun.id, outcome))
        if outcome.verdict != "sent":
            log.warning("not delivered", way=way, notice=parcel.name, verdict=outcome.verdict, reason=outcome.reason)
        return outcome

    async def _settle(self, parcel: Parcel, way: str, delivery_id: UUID, outcome: Outcome) -> None:
        state = {"again": "retry", "operator": "failed"}.get(outcome.verdict, outcome.verdict)
        reason = f"{delivery.OPERATOR}{outcome.reason}" if outcome.verdict == "operator" else outcome.reason
        await delivery.settle(delivery_id, state, reason, outcome.receipt)
        if way == "wechat" and outcome.reason == "43101":
            await delivery.clear_credit(parcel.resident_id, parcel.template_id)
        elif way == "wechat" and state == "failed":
            await delivery.return_credit(parcel)

    async def _wechat(self, parcel: Parcel) -> Outcome:
        template = wechat_template(rulebook().wechat_templates[parcel.name])
        message = SubscribeMessage(
            openid=parcel.openid, template_id=template.id, data=wechat_data(template, parcel.values),
            page=parcel.page or f"{PAGE}?id={parcel.appeal_id}",
        )  # fmt: skip
        try:
            await self._services.wechat.send_subscribe(message)
        except CreditSpent:
            return Outcome("failed", "43101")
        except SendUnknown:
            return Outcome("unknown", "no-answer")
        except (WeChatMisused, WeChatMisconfigured, WeChatQuotaExceeded) as error:
            return Outcome("operator", _reason(error))
        except WeChatUnavailable as error:
            return Outcome("again", _reason(error))
        except WeChatFailure as error:
            return Outcome("failed", _reason(error))
        return Outcome("sent")

    async def _sms(self, parcel: Parcel) -> Outcome:
        values = {name: parcel.values[name] for name in ("number", "token") if name in parcel.values}
        message = SmsMessage(parcel.phone, rulebook().sms_templates[parcel.name], values)
        return await send_sms(self._services, message)


async def send_sms(services: Services, message: SmsMessage) -> Outcome:
    """Send one text message; what came of it."""
    if services.sms is None:
        return Outcome("failed", "no-provider")
    try:
        return Outcome("sent", receipt=await services.sms.send(message))
    except SmsUnknown:
        return Outcome("unknown", "no-answer")
    except SmsUnavailable as error:
        return Outcome("again", _reason(error))
    except SmsMisconfigured as error:
        return Outcome("operator", _reason(error))
    except SmsFailure as error:
        return Outcome("failed", _reason(error))


def _reason(error: ProviderFailure) -> str:
    return error.code or type(error).__name__


TASKS: dict[str, Made] = {"tell_resident": tell_resident}
