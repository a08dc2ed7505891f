"""The named cast: the demo's accounts as HTTP clients, and the few steps that many tests share."""

from typing import Any
from uuid import uuid4

import httpx
import msgspec
from sanic import Sanic

from domain.areas.actions import make_grids
from domain.areas.models import Area
from domain.clock import now
from domain.households.actions import LIVE
from domain.households.models import Household, HouseholdCode
from domain.sql import fetch
from qr.codes import mint
from server.demo.accounts import demo_villages, make_accounts
from server.jobs import Run
from server.reactions import TASKS
from server.rules import stable_id
from tests.support.app import client
from web.identity import open_session

RESIDENT = "/api/miniprogram/v1"
WORKER = "/api/grid/v1"
DESK = "/api/desk/v1"


async def make_stage() -> None:
    """Grids for the demo's two villages, the accounts, and three households in each first grid."""
    villages = demo_villages(await Area.filter(kind="village"))
    grids = await make_grids(villages, 2)
    await make_accounts(grids)
    for number, village in enumerate(villages):
        for door in range(1, 4):
            serial = number * 10 + door
            await Household.create(
                id=stable_id("household", f"{village.code}:{door}"), village_code=village.code,
                grid_code=grids[village.code][0].code, area_path=grids[village.code][0].path, group_name="一组",
                door_text=f"一组{door}号", serial=f"TEST{serial:06d}", head_name=f"李{'甲乙丙'[door - 1]}",
                phone=f"1370000{serial:04d}", import_key=f"{village.code}:一组:{door}", created_at=now(),
                changed_at=now(),
            )  # fmt: skip


class Cast:
    """Everybody in the test. `await cast.staff("dispatcher")` is a signed-in client; people are signed in once."""

    def __init__(self, app: Sanic[Any, Any]) -> None:
        self.app = app
        self._clients: dict[str, httpx.AsyncClient] = {}
        self._done: set[int] = set()

    async def leave(self) -> None:
        """Close every client."""
        for found in self._clients.values():
            await found.aclose()

    def anybody(self) -> httpx.AsyncClient:
        """A client without a session."""
        return self._clients.setdefault("", client(self.app))

    async def resident(self, name: str = "li") -> httpx.AsyncClient:
        """A resident signed in by WeChat."""
        key = f"resident:{name}"
        if key not in self._clients:
            answer = await self.anybody().post(f"{RESIDENT}/sessions", json={"wechat_code": f"demo:{name}"})
            assert answer.status_code == 201, answer.text
            self._clients[key] = client(self.app, answer.json()["token"])
        return self._clients[key]

    async def guest(self) -> httpx.AsyncClient:
        """A new browser outside WeChat."""
        answer = await self.anybody().post(f"{RESIDENT}/sessions/guest", json={})
        key = f"guest:{uuid4()}"
        self._clients[key] = client(self.app, answer.json()["token"])
        return self._clients[key]

    async def staff(self, login: str) -> httpx.AsyncClient:
        """A staff account of the demo (the session is opened below the door; signing in has its own tests)."""
        return await self._account(login, "staff")

    async def worker(self, phone: str = "13800000001") -> httpx.AsyncClient:
        """A grid worker of the demo."""
        return await self._account(phone, "worker")

    async def _account(self, login: str, kind: str) -> httpx.AsyncClient:
        key = f"{kind}:{login}"
        if key not in self._clients:
            token, _ = await open_session(kind, stable_id("staff", login))
            self._clients[key] = client(self.app, token)
        return self._clients[key]

    async def appeal(self, who: httpx.AsyncClient | None = None, **changes: Any) -> dict[str, Any]:
        """File an appeal; the receipt."""
        body = {"kind": "help", "content": "村口的路灯坏了,晚上看不见路", "area_code": "360781100001", **changes}
        answer = await (who or await self.resident()).post(f"{RESIDENT}/appeals", json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def case_of(self, appeal: dict[str, Any]) -> str:
        """The id of the case of an appeal."""
        rows = await fetch("SELECT case_id FROM appeals WHERE id = $1", [appeal["id"]])
        return str(rows[0]["case_id"])

    async def act(self, login: str, case_id: str, action: str, expect: int = 200, **body: Any) -> dict[str, Any]:
        """Make a move as a staff account."""
        answer = await (await self.staff(login)).post(f"{DESK}/cases/{case_id}/{action}", json=body)
        assert answer.status_code == expect, f"{action} by {login}: {answer.status_code} {answer.text}"
        return dict(answer.json())

    async def plate(self, village: int = 0, door: int = 1, state: str = "active") -> str:
        """A live code for a household of the stage; its 32 characters."""
        found = demo_villages(await Area.filter(kind="village"))[village]
        household = await Household.get(id=stable_id("household", f"{found.code}:{door}"))
        code = mint(self.app.ctx.services.keyring)
        if state in LIVE:  # a household has one live code
            await HouseholdCode.filter(household_id=household.id, state__in=list(LIVE)).update(state="replaced")
        await HouseholdCode.create(
            code_id=code.code_id, kid=code.kid, household_id=household.id, area_path=household.area_path, state=state,
            issued_at=now(),
        )  # fmt: skip
        return code.text

    async def react(self) -> list[str]:
        """Run every reaction that is waiting, in order, as the worker would; the names that ran."""
        ran: list[str] = []
        while rows := await self._waiting():
            for row in rows:
                self._done.add(row["id"])
                args = msgspec.json.decode(row["args"]) if isinstance(row["args"], str) else row["args"]
                task = TASKS[row["task_name"]](self.app.ctx.services)
                await task(Run(row["id"], row["task_name"], args, row["lock"], 1))
                ran.append(row["task_name"])
        return ran

    async def _waiting(self) -> list[dict[str, Any]]:
        rows = await fetch(
            "SELECT id, task_name, args, lock FROM jobs.procrastinate_jobs WHERE status = 'todo' ORDER BY id"
        )
        return [row for row in rows if row["id"] not in self._done]
