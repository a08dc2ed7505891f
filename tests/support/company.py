"""The people of any profile: desks and units hired for a scenario, and the steps of a case that scenarios share."""

from datetime import datetime
from typing import Any

import httpx

from domain.access.models import Assignment, Department, Staff
from domain.areas.actions import make_grids
from domain.areas.models import Area
from domain.clock import SHANGHAI, now, real_now
from domain.households.models import Household, HouseholdCode
from domain.people.models import GridWorker
from qr.codes import mint
from server.rules import stable_id
from server.timers import Timers
from tests.support.cast import DESK, Cast

RESULT = {"result": "已到现场办妥", "basis": "有关法规和政策规定", "disposition": "solved_reasonable"}
GOOD = {"reached": True, "solved": "yes", "process": 5, "result": 5, "staff": "active"}
BAD = {"reached": True, "solved": "no", "process": 2, "result": 1, "staff": "inactive", "comment": "没有办好"}
TOWARDS_ANSWER: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("handler", "sign", {}),
    ("handler", "contact", {"stage": "accept"}),
    ("handler", "contact", {"stage": "investigate", "mode": "in_person"}),
    ("handler", "grade", {"grade": "clear", "facts": "经查属实"}),
    ("handler", "submit-result", RESULT),
    ("reviewer", "answer", {"text": "您反映的问题已经办妥。"}),
)
AFTER_ANSWER: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("handler", "contact", {"stage": "answer", "mode": "in_person"}),
    ("handler", "follow-up", {"note": "已上门回访"}),
)


class Company(Cast):
    """Everybody in a scenario. Logins of units are `<unit code>.<role>`; all that is done is done over HTTP."""

    async def hire(self, login: str, *roles: str, unit: str, area: str) -> None:
        """An account with roles in an area, for a unit of the profile."""
        department = await Department.get(code=unit)
        place = await Area.get(code=area)
        staff_id = stable_id("staff", login)
        await Staff.create(
            id=staff_id, login=login, name=login, kind="staff", password_hash="-", department_id=department.id,
            created_at=real_now(),
        )  # fmt: skip
        for role in roles:
            await Assignment.create(
                id=stable_id("role", f"{login}:{role}:{area}"), staff_id=staff_id, role=role, area_code=area,
                area_path=place.path, department_id=department.id,
            )  # fmt: skip

    async def hire_unit(self, *units: str, area: str) -> None:
        """Handler, reviewer, lead and principal of units."""
        for unit in units:
            for role, name in UNIT.items():
                await self.hire(f"{unit}.{name}", role, unit=unit, area=area)

    async def get(self, login: str, path: str, expect: int = 200, **params: Any) -> dict[str, Any]:
        """Read something at the staff door."""
        answer = await (await self.staff(login)).get(f"{DESK}{path}", params=params)
        assert answer.status_code == expect, f"{path} by {login}: {answer.status_code} {answer.text}"
        return dict(answer.json())

    async def post(self, login: str, path: str, expect: int = 200, **body: Any) -> dict[str, Any]:
        """Write something at the staff door."""
        answer = await (await self.staff(login)).post(f"{DESK}{path}", json=body)
        assert answer.status_code == expect, f"{path} by {login}: {answer.status_code} {answer.text}"
        return dict(answer.json())

    async def take_in(self, login: str, channel: str, area: str, expect: int = 201, **said: Any) -> dict[str, Any]:
        """Enter what came by a channel that has no machine of its own; the receipt with `case_id`."""
        body = {"channel": channel, "kind": "help", "area_code": area, "content": f"{channel}:村口的水管坏了", **said}
        filed = await self.post(login, "/appeals", expect=expect, **body)
        return {**filed, "case_id": filed["case"]["id"]} if expect == 201 else filed

    async def case(self, login: str, case_id: str) -> dict[str, Any]:
        """The case as somebody sees it now."""
        return await self.get(login, f"/cases/{case_id}")

    async def clocks(self, login: str, case_id: str) -> dict[str, dict[str, Any]]:
        """The running clocks of a case by name."""
        case = await self.case(login, case_id)
        return {clock["name"]: clock for clock in case["clocks"] if clock["stopped_at"] is None}

    async def due(self, login: str, case_id: str, clock: str) -> str:
        """When a running clock of a case is due, as local day and time; an empty text when it does not run."""
        found = (await self.clocks(login, case_id)).get(clock)
        return found["due_at"][:19] if found else ""

    async def dispatch(self, desk: str, case_id: str, unit: str, **body: Any) -> dict[str, Any]:
        """Register is done: accept and give it to a unit."""
        await self.act(desk, case_id, "accept")
        return await self.act(desk, case_id, "dispatch", lead=unit, **body)

    async def answer(self, case_id: str, unit: str, since: str = "sign") -> dict[str, Any]:
        """From a step of the unit up to its answer."""
        names = [action for _, action, _ in TOWARDS_ANSWER]
        done: dict[str, Any] = {}
        for role, action, body in TOWARDS_ANSWER[names.index(since) :]:
            done = await self.act(f"{unit}.{role}", case_id, action, **body)
        return done

    async def follow_up(self, case_id: str, unit: str) -> None:
        """What the unit owes after its answer."""
        for role, action, body in AFTER_ANSWER:
            await self.act(f"{unit}.{role}", case_id, action, **body)

    async def again(self, case_id: str, unit: str) -> dict[str, Any]:
        """From rework to the second answer."""
        await self.act(f"{unit}.handler", case_id, "take-up", plan="换人重新办理")
        await self.act(f"{unit}.handler", case_id, "submit-result", **RESULT)
        return await self.act(f"{unit}.reviewer", case_id, "answer", text="已经重新办好。")

    async def door(self, village_code: str) -> str:
        """A household of a village with a live plate; the 32 characters of its code."""
        village = await Area.get(code=village_code)
        grid = (await make_grids([village], 1))[village_code][0]
        household = await Household.create(
            id=stable_id("household", village_code), village_code=village_code, grid_code=grid.code, area_path=grid.path,
            group_name="一组", door_text="一组1号", serial="SCEN000001", head_name="李甲", phone="13700000001",
            import_key=f"{village_code}:1", created_at=now(), changed_at=now(),
        )  # fmt: skip
        code = mint(self.app.ctx.services.keyring)
        await HouseholdCode.create(
            code_id=code.code_id, kid=code.kid, household_id=household.id, area_path=grid.path, state="active",
            issued_at=now(),
        )  # fmt: skip
        return code.text

    async def hire_worker(self, phone: str, village_code: str) -> None:
        """A grid worker of the first grid of a village that has a door."""
        grid = await Area.get(code=f"{village_code}001")
        staff_id = stable_id("staff", phone)
        await Staff.create(
            id=staff_id, login=phone, name="网格员", kind="worker", password_hash="-", phone=phone, created_at=real_now()
        )
        await GridWorker.create(id=staff_id, name="网格员", public_phone=phone)
        await Assignment.create(
            id=stable_id("role", phone), staff_id=staff_id, role="grid_worker", area_code=grid.code, area_path=grid.path
        )

    async def parts_done(self, desk: str, case_id: str, area: str) -> None:
        """Every co-unit reports its part done, each by an own handler."""
        for unit in (await self.case(desk, case_id))["units"]:
            code = (await self.get(desk, "/departments", text=unit["name"]))["items"][0]["code"]
            await self.hire(f"part.{code}", "handler", unit=code, area=area)
            await self.act(f"part.{code}", case_id, "co-result", note="本单位的部分已完成")

    async def tick(self) -> None:
        """Let time do what it does at this instant of the business clock."""
        await Timers(self.app.ctx.services).tick()

    async def sweep(self) -> None:
        """The slow round of the timers at this instant."""
        await Timers(self.app.ctx.services).sweep()

    async def inbox(self, login: str) -> list[str]:
        """The titles of what a member of staff was told, newest first."""
        return [item["title"] for item in (await self.get(login, "/inbox", limit=100))["items"]]


UNIT = {"handler": "handler", "reviewer": "reviewer", "unit_lead": "lead", "principal": "principal"}


def at_of(text: str) -> str:
    """A stored instant as local wall time, to the minute."""
    return datetime.fromisoformat(text).astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M")


async def public(people: Company, path: str) -> httpx.Response:
    """Read something at the resident door without a session."""
    return await people.anybody().get(f"/api/miniprogram/v1{path}")


def today() -> str:
    """The day of the business clock."""
    return now().astimezone(SHANGHAI).date().isoformat()
