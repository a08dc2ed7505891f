"""Every route with every role: who is let in stands in role_matrix.toml and nowhere else in the tests.

Without a token 401, without the right 403, with the right but outside the own area 404. A route, a right or a role
that the table does not know fails here, so that a new one is thought about.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from domain.access.models import Assignment, Department, Staff
from domain.access.permissions import ROLE_PERMISSIONS, UNIT_ROLES, Permission
from domain.areas.models import Area
from domain.clock import now, real_now
from domain.households.models import HouseholdImport, PlateBatch, PlateRevocation
from domain.ids import new_id
from domain.notices.models import TellTask
from domain.people.models import Membership, Resident
from domain.people.staffing import WORKER_ROLES
from domain.sql import fetch
from domain.sync.models import Device, SyncItem
from server.doors import routes
from server.rules import stable_id
from tests.support import uploads
from tests.support.app import client
from tests.support.app import test_settings as settings_of  # pytest would take it for a test
from tests.support.cast import DESK, RESIDENT, WORKER, Cast
from tests.support.life import bring_to
from tests.support.minimal import minimal_body
from web.identity import open_session
from web.routes import PUBLIC, Route

pytestmark = pytest.mark.anyio

TABLE = tomllib.loads(Path(__file__).with_suffix("").with_name("role_matrix.toml").read_text("utf-8"))
PEOPLE = ("resident", "guest", "lookup")
FIELD = WORKER_ROLES
HOME, AWAY = "360781", "360781101"  # the county of the things below; a town that has nothing to do with them
HOME_GRID, AWAY_GRID = "360781100001001", "360781100002001"
ROUTES = routes(settings_of(Path()))


def name_of(route: Route) -> str:
    """The key of a route in the table."""
    return f"{route.method} {route.path}"


KNOWN = [route for route in ROUTES if name_of(route) in TABLE["routes"]]


def let_in(route: Route) -> set[str]:
    """The roles that the table lets through the gate of a route."""
    asked = TABLE["routes"][name_of(route)]
    if asked in ("public", "signed-in"):
        return set(ROLE_PERMISSIONS)
    if asked in ("staff", "worker"):
        return set(FIELD) if asked == "worker" else set(ROLE_PERMISSIONS) - {*PEOPLE, *FIELD}
    return set(TABLE["rights"][asked])


# ---- the table itself


def test_the_table_knows_every_route_and_nothing_else() -> None:
    gates = {name_of(route): route.gate for route in ROUTES}
    assert set(TABLE["routes"]) == set(gates), "routes and tests/api/role_matrix.toml have to say the same"
    for name, gate in gates.items():
        said = TABLE["routes"][name]
        any_session = {"signed-in", "staff", "worker"}
        kinds = {"public"} if gate is PUBLIC else {gate} if isinstance(gate, Permission) else any_session
        assert said in kinds, f"{name}: the table says {said}, the route {gate}"


def test_the_table_knows_every_right_and_who_holds_it() -> None:
    held = {right.value: {role for role, rights in ROLE_PERMISSIONS.items() if right in rights} for right in Permission}
    assert {right: set(roles) for right, roles in TABLE["rights"].items()} == held


@pytest.mark.parametrize(
    ("role", "never"),
    [("system_admin", ("case:", "identity:", "household:")), ("security_admin", ("case:", "identity:", "household:")),
     ("audit_admin", ("case:", "identity:", "household:", "staff:", "rules:")), ("area_admin", ("case:", "identity:")),
     ("grid_worker", ("identity:", "appeal:rate", "case:read")), ("reviewer", ("identity:", "case:handle")),
     ("handler", ("case:review", "case:callback", "appeal:rate")), ("callback_officer", ("case:handle",)),
     ("guest", ("own:write", "case:")), ("lookup", ("own:", "appeal:decide", "appeal:submit"))],
)  # fmt: skip
def test_powers_that_must_stay_apart(role: str, never: tuple[str, ...]) -> None:
    """The three administrators, the handler is not the reviewer, no unit rates itself, whoever holds a receipt decides nothing."""
    held = {right for right, roles in TABLE["rights"].items() if role in roles}
    assert not {right for right in held if right.startswith(never)}


# ---- callers


@dataclass
class Callers:
    """A session for each role, at home where the things are or away where nothing is."""

    cast: Cast
    tokens: dict[str, tuple[str, UUID, UUID | None]] = field(default_factory=dict)
    web: httpx.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        self.web = client(self.cast.app)

    async def add(self, role: str, *, home: bool, appeal: UUID | None = None) -> None:
        """Somebody who holds just this role."""
        if role in PEOPLE:
            person = await Resident.create(id=new_id(), created_at=real_now())
            subject = appeal if role == "lookup" and appeal else person.id
            self.tokens[role] = (role, subject, appeal if role == "lookup" else None)
            return
        code = (HOME_GRID if home else AWAY_GRID) if role in FIELD else HOME if home else AWAY
        area = await Area.get(code=code)
        unit = await Department.get(name="市城管局" if home else "叶坪镇") if role in UNIT_ROLES else None
        kind = "worker" if role in FIELD else "staff"
        staff = await Staff.create(
            id=new_id(), login=f"{role}-{uuid4().hex[:8]}", name="某某", kind=kind, password_hash="!",
            department_id=unit.id if unit else None, created_at=real_now(),
        )  # fmt: skip
        await Assignment.create(
            id=new_id(), staff_id=staff.id, role=role, area_code=code, area_path=area.path,
            department_id=unit.id if unit else None,
        )  # fmt: skip
        self.tokens[role] = (kind, staff.id, None)

    async def call(self, role: str | None, route: Route, path: str, body: Any = None) -> httpx.Response:
        """One request as a role, each in a session of its own, for some requests end the session."""
        headers = {"Content-Type": "application/json", "Tus-Resumable": "1.0.0"}
        if role:
            headers["Authorization"] = f"Bearer {(await open_session(*self.tokens[role]))[0]}"
        content = None if body is None else body
        if isinstance(content, dict):
            return await self.web.request(route.method, path, json=content, headers=headers)
        return await self.web.request(route.method, path, content=content, headers=headers)


def paths(route: Route, things: dict[str, str]) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """The addresses of a route with the ids of real things where there are some, and the least body that is valid."""
    door, _, rest = route.path.partition("/v1/")
    kind = rest.split("/<")[0]
    one = things.get(f"{door}/{kind}", str(uuid4()))
    path = route.path
    for hole in ("<id:str>", "<id:uuid>", "<code:str>", "<token:str>", "<name:str>"):
        path = path.replace(hole, one)
    path = path.replace("<code_id:str>", "ab" * 16).replace("<id:int>", "999999").replace("<part:int>", "1")
    if isinstance(route.body, dict):
        for action, body in route.body.items():
            yield path.replace("<action:str>", action), minimal_body(body)
    else:
        least = minimal_body(route.body) if route.body else None
        yield path, {"text": "补充一句"} if path.endswith("/messages") else least  # words or files, it takes either


def order(route: Route) -> tuple[bool, str]:
    """The route that erases the caller comes last."""
    return route.method == "DELETE" and route.path.endswith("/me"), route.path


WITH_ID = [route for route in KNOWN if "<" in route.path and "/v1/" in route.path]


# ---- reality


async def test_without_a_token_everything_that_is_not_public_is_401(cast: Cast) -> None:
    callers = Callers(cast)
    wrong = []
    for route in KNOWN:
        public = TABLE["routes"][name_of(route)] == "public"
        for path, _ in paths(route, {}):
            status = (await callers.call(None, route, path, b"[]")).status_code
            # a code that WeChat refuses and a push that it did not sign are no question of a session
            if public and "/sessions" not in path and "/wechat/push" not in path:
                assert status not in (401, 403), name_of(route)
            elif not public and status != 401:
                wrong.append((path, status))
    await callers.web.aclose()
    assert wrong == []


async def test_a_token_that_nobody_was_given_is_401(cast: Cast) -> None:
    for token in ("hhs_" + "A" * 43, "x", "hhs_" * 200, "null"):
        async with client(cast.app, token) as stranger:
            assert (await stranger.get(f"{DESK}/me")).status_code == 401
            assert (await stranger.get(f"{RESIDENT}/me")).status_code == 401


async def test_the_gate_of_every_route_is_as_the_table_says(cast: Cast) -> None:
    callers = Callers(cast)
    for role in ROLE_PERMISSIONS:
        await callers.add(role, home=True)
    wrong = []
    for route in sorted(KNOWN, key=order):
        if TABLE["routes"][name_of(route)] == "public":
            continue
        path, least = next(paths(route, {}))
        body = least if TABLE["routes"][name_of(route)] in ("staff", "worker") else b"[]" if route.body else None
        allowed = let_in(route)
        for role in ROLE_PERMISSIONS:
            answer = await callers.call(role, route, path, body)
            refused = answer.status_code == 403 and (not answer.content or answer.json()["code"] == "not-allowed")
            if answer.status_code in (401, 500) or refused is (role in allowed):
                wrong.append((role, name_of(route), answer.status_code))
    await callers.web.aclose()
    assert wrong == []


async def test_whoever_may_read_a_list_is_answered(cast: Cast) -> None:
    callers = Callers(cast)
    for role in ROLE_PERMISSIONS:
        await callers.add(role, home=True)
    needs = {f"{DESK}/journal": "?area=360781", f"{DESK}/journal/verification": "?area=360781"}
    wrong = []
    for route in KNOWN:
        if route.method != "GET" or "<" in route.path or TABLE["routes"][name_of(route)] == "public":
            continue
        for role in sorted(let_in(route)):
            answer = await callers.call(role, route, route.path + needs.get(route.path, ""))
            if answer.status_code not in (200, 422):  # 422: a query that the route cannot do without
                wrong.append((role, name_of(route), answer.status_code))
    await callers.web.aclose()
    assert wrong == []


async def refused_item() -> tuple[UUID, UUID]:
    """Something that a phone of the village could not hand in; its id and the phone's."""
    at, item, phone, owner = now(), new_id(), new_id(), stable_id("staff", "13800000001")
    await Device.create(id=phone, worker=owner, first_seen_at=at, seen_at=at)
    await SyncItem.create(
        id=item, number=1, device=phone, sequence=1, worker=owner, verb="visit", version=1, entity=new_id(),
        body_sha256=b"", body="{}", status="rejected", code="not-found", result={"status": "rejected"}, occurred_at=at,
        clock_quality="said", received_at=at, epoch=1,
    )  # fmt: skip
    return item, phone


async def things(cast: Cast) -> dict[str, str]:
    """One of each thing that has an id, all of the village 解放路 of 象湖镇 or of the resident li."""
    li = await cast.resident("li")
    photo = await li.post(f"{RESIDENT}/attachments", files={"file": ("a.jpg", uploads.photo())})
    case_id = await bring_to(cast, "handling", attachment_ids=[photo.json()["id"]])
    await cast.act("supervisor", case_id, "supervise", requirement="三日内报结果")
    appeal = (await fetch("SELECT id, area_path, resident_id FROM appeals WHERE case_id = $1", [UUID(case_id)]))[0]
    await cast.react()
    supervision = (await fetch("SELECT id FROM supervisions"))[0]["id"]
    notice = (await fetch("SELECT id FROM notices WHERE recipient_id = $1 LIMIT 1", [appeal["resident_id"]]))[0]["id"]
    house = stable_id("household", "360781100001:1")
    grid = await Area.get(code=HOME_GRID)
    task = await TellTask.create(
        id=new_id(), appeal_id=appeal["id"], case_id=UUID(case_id), area_path=grid.path, text="请当面告诉", state="open",
        created_at=now(), dedupe_key="matrix",
    )  # fmt: skip
    member = await Membership.create(
        id=new_id(), resident_id=appeal["resident_id"], household_id=house, area_path=grid.path, state="waiting",
        created_at=now(),
    )  # fmt: skip
    at = {"area_path": grid.path, "created_at": now(), "requested_by": stable_id("staff", "admin")}
    sheet = await HouseholdImport.create(
        id=new_id(), area_code=HOME_GRID, filename="名册.csv", state="done", source_file_id=new_id(),
        result_file_id=new_id(), **at,
    )  # fmt: skip
    batch = await PlateBatch.create(
        id=new_id(), area_code=HOME_GRID, layout="a4", format="pdf", selection={"only": "all"}, state="done", **at,
    )  # fmt: skip
    revocation = await PlateRevocation.create(id=new_id(), batch_id=batch.id, reason="stolen", **at)
    item, device = await refused_item()
    resident, worker, desk = RESIDENT.removesuffix("/v1"), WORKER.removesuffix("/v1"), DESK.removesuffix("/v1")
    found: dict[str, Any] = {
        f"{resident}/appeals": appeal["id"], f"{resident}/attachments": photo.json()["id"],
        f"{resident}/me/inbox": notice, f"{resident}/me/households": member.id,
        f"{worker}/households": house, f"{worker}/cases": case_id, f"{worker}/attachments": photo.json()["id"],
        f"{worker}/tasks": task.id, f"{worker}/inbox": notice, f"{worker}/plates": await cast.plate(),
        f"{desk}/cases": case_id, f"{desk}/attachments": photo.json()["id"], f"{desk}/supervisions": supervision,
        f"{desk}/inbox": notice, f"{desk}/households": house, f"{desk}/households/imports": sheet.id,
        f"{desk}/memberships": member.id, f"{desk}/plates/batches": batch.id, f"{desk}/plates/revocations": revocation.id,
        f"{desk}/staff": stable_id("staff", "handler"), f"{desk}/workers": stable_id("staff", "13800000001"),
        f"{desk}/sync-quarantine": item, f"{desk}/devices": device, f"{worker}/sync/items": item,
    }  # fmt: skip
    return {name: str(one) for name, one in found.items()}


async def test_with_the_right_but_outside_the_own_area_everything_is_404(cast: Cast) -> None:
    callers, known = Callers(cast), await things(cast)
    other = await cast.appeal(await cast.resident("other"), area_code="360781100002")
    for role in ROLE_PERMISSIONS:
        await callers.add(role, home=False, appeal=UUID(other["id"]))
    wrong, asked = [], 0
    for route in sorted(WITH_ID, key=order):
        if TABLE["routes"][name_of(route)] == "public":
            continue
        for path, body in paths(route, known):
            for role in sorted(let_in(route)):
                answer = await callers.call(role, route, path, body)
                asked += 1
                override = answer.status_code == 405 and name_of(route) == f"POST {WORKER}/uploads/<id:str>"
                if answer.status_code != 404 and not override:
                    wrong.append((role, route.method, path, answer.status_code, answer.text[:200]))
    await callers.web.aclose()
    assert wrong == []
    assert asked > 200
