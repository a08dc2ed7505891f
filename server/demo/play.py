"""Plays the stories of the demo through the actions of the domain, each step at its own past instant."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from domain import clock
from domain.access.actor import Actor, Grant
from domain.access.models import Assignment, Staff
from domain.appeals.actions import Filed, Submission, submit_appeal
from domain.appeals.models import Appeal
from domain.areas.models import Area
from domain.cases.events import Discovery, report_event
from domain.cases.move import EFFECTS, lock_case, move_locked
from domain.households.models import Household
from domain.ids import new_id
from domain.people.models import Resident
from domain.ratings.actions import Verdict, rate
from domain.workflow.closing import after_verdict
from server.demo.accounts import WORKERS
from server.demo.places import DATUM, spot
from server.demo.stories import STORIES, Story
from server.rules import stable_id
from server.services import Services
from web.unit_of_work import run_unit

T = TypeVar("T")
RESIDENTS = {"demo-li": ("李秀英", "13707970001"), "demo-wang": ("王福生", "13707970002"),
             "demo-chen": ("陈桂花", "13707970003")}  # fmt: skip


class Player:
    """Plays stories for one deployment."""

    def __init__(self, services: Services, villages: list[Area], grids: dict[str, list[Area]]) -> None:
        self._services = services
        self._villages = villages
        self._grids = grids
        self._at = clock.real_now()

    async def play_all(self) -> int:
        """Play every story, oldest first; the number of cases made."""
        home = clock.real_now()
        try:
            for story in sorted(STORIES, key=lambda story: -story.days_ago):
                self._go(home - timedelta(days=story.days_ago))
                await self._play(story, home)
        finally:
            clock.install_offset(self._services.settings.clock_offset)
        return len(STORIES)

    def _go(self, at: datetime) -> None:
        self._at = at
        clock.install_offset((at - clock.real_now()).total_seconds())

    async def _play(self, story: Story, home: datetime) -> None:
        case_id, appeal_id = await (self._report(story) if story.event else self._file(story))
        for hours, who, action, body in story.steps:
            self._go(min(self._at + timedelta(hours=hours), home - timedelta(minutes=1)))
            try:
                await self._step(case_id, appeal_id, who, action, body)
            except Exception as error:
                error.add_note(f"story {story.content!r}: {who} {action}")
                raise
        if story.rating and appeal_id:
            self._go(min(self._at + timedelta(hours=3), home - timedelta(minutes=1)))
            await self._rate(case_id, appeal_id, story.rating)

    async def _unit(self, actor: Actor, work: Callable[[], Awaitable[T]]) -> T:
        return await run_unit(actor, work, self._services.enqueue)

    async def _file(self, story: Story) -> tuple[UUID, UUID]:
        village = self._villages[story.village]
        household = await Household.filter(village_code=village.code).order_by("id").first()
        name, phone = RESIDENTS[story.resident]
        resident, _ = await Resident.get_or_create(
            openid=story.resident, defaults={"id": new_id(), "name": name, "phone": phone, "created_at": clock.real_now()}
        )
        actor = Actor("resident", resident.id, grants=(Grant("resident", ""),))
        said = Submission(
            kind=story.kind, area=self._grids[village.code][0], channel="household_qr", content=story.content,
            topic=story.topic if story.topic != "9901" else "", identity=story.identity, name=name, phone=phone,
            household_id=household.id if household else None, urgent_reason=story.urgent, resident_id=resident.id,
        )  # fmt: skip

        async def work() -> Filed:
            return await submit_appeal(actor, said)

        filed = await self._unit(actor, work)
        return filed.case.id, filed.appeal.id

    async def _report(self, story: Story) -> tuple[UUID, None]:
        phone = list(WORKERS)[story.village]
        actor = await self._account(phone)
        grid = self._grids[self._villages[story.village].code][0]
        handled = EFFECTS["self-handle"][0](result=story.self_handled) if story.self_handled else None  # type: ignore[call-arg]
        found = Discovery(
            id=new_id(), event_type=story.event, level=story.level, place=grid, description=story.content,
            occurred_at=clock.now(), self_handled=handled, location=(*spot(story.village, len(story.content)), DATUM),
        )  # fmt: skip

        async def work() -> UUID:
            case, _ = await report_event(actor, found)
            return case.id

        return await self._unit(actor, work), None

    async def _step(
        self, case_id: UUID, appeal_id: UUID | None, who: str, action: str, body: dict[str, Any]
    ) -> None:
        actor = await self._resident(appeal_id) if who == "resident" else await self._account(who)

        async def work() -> None:
            case, co_ids = await lock_case(case_id)
            await move_locked(actor, case, co_ids, action, msgspec.convert(body, EFFECTS[action][0]))

        await self._unit(actor, work)

    async def _rate(self, case_id: UUID, appeal_id: UUID, rating: tuple[int, int, str]) -> None:
        process, result, solved = rating
        verdict = Verdict(process, result, solved, "average")

        async def work() -> None:
            case, co_ids = await lock_case(case_id)
            await rate(await Appeal.get(id=appeal_id), case, verdict, "self")
            await after_verdict(case, co_ids, verdict)

        await self._unit(await self._resident(appeal_id), work)

    async def _resident(self, appeal_id: UUID | None) -> Actor:
        appeal = await Appeal.get(id=appeal_id)
        return Actor("resident", appeal.resident_id, grants=(Grant("resident", ""),))

    async def _account(self, login: str) -> Actor:
        staff = await Staff.get(id=stable_id("staff", login))
        grants = [
            Grant(held.role, held.area_path, held.department_id)
            for held in await Assignment.filter(staff_id=staff.id)
        ]
        kind = "worker" if staff.kind == "worker" else "staff"
        return Actor(kind, staff.id, staff.name, tuple(grants), staff.department_id)  # type: ignore[arg-type]
