"""Canaries: every personal column holds a mark that occurs nowhere else; every door is read as everybody, and a mark
that turns up with somebody whom the table below does not name is a leak. So is one in journal, feed, jobs or meters."""

import gzip
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from domain.access.permissions import ROLE_PERMISSIONS, UNIT_ROLES
from domain.access.permissions import Permission as P
from domain.areas.models import Area
from domain.households.models import Household
from domain.journal.models import JournalHead
from domain.journal.verify import verify
from domain.notices.models import TellTask
from domain.people.models import Membership, Resident
from domain.sql import execute, fetch
from server.demo.accounts import STAFF
from server.doors import routes
from server.rules import stable_id
from tests.support import uploads
from tests.support.app import test_settings as settings_of
from tests.support.cast import DESK, RESIDENT, WORKER, Cast
from web.routes import Route

pytestmark = pytest.mark.anyio

CITY, WATER = "市城管局", "市水利局"
CITY_PEOPLE = {"handler", "reviewer", "unitlead", "principal"}
WATER_PEOPLE = {"handler2", "reviewer2"}
AREA_DESKS = {  # who reads the cases of the whole county or town by an area role
    login for login, (_, roles, _, area) in STAFF.items()
    if area and any(P.CASE_READ in ROLE_PERMISSIONS[role] and role not in UNIT_ROLES for role in roles)
}  # fmt: skip
VILLAGE = AREA_DESKS | {"villagedesk"}
NEAR, FAR = "13800000001", "13800000002"  # the grid workers of the village of the appeals and of its neighbour
EVERYBODY = {*STAFF, NEAR, FAR, "li", "wang", "zhao", "guest", "lookup", "nobody"}

# case N: named, of 解放路, lead 城管局, co-unit 水利局. case H: hidden, against 城管局, lead 水利局. case A: anonymous.
N = VILLAGE | CITY_PEOPLE | WATER_PEOPLE
H = VILLAGE | WATER_PEOPLE
LI = {"li"}

# mark: (who may meet it, why)
MAY: dict[str, tuple[set[str], str]] = {
    "n-name": (LI | {NEAR}, "masked for everybody but its owner (3.3) and whoever has to tell them the answer in person"),
    "n-phone": (LI | {NEAR}, "so is a telephone number"),
    "n-behalf": (LI, "and the person for whom somebody speaks"),
    "n-behalf-phone": (LI, "and their number"),
    "n-content": (N | LI | {"lookup"}, "what was said is the case"),
    "n-urgent": (N | LI, "why it is urgent belongs to the case"),
    "n-message": (N | LI | {"lookup"}, "words added to the appeal"),
    "n-contact": (N, "a note among colleagues"),
    "n-facts": (N, "what the unit found out"),
    "n-result": (N, "the result before it becomes an answer"),
    "n-answer": (N | LI | {"lookup", NEAR}, "the answer is for the appellant, and told in person where nothing reaches"),
    "n-note": (N, "a note among colleagues"),
    "n-co": (N, "the part of the co-unit"),
    "n-call": (VILLAGE | LI | {"lookup"}, "what was said to the callback officer; the units read neither score nor words"),
    "n-demand": (N, "what the supervision asks for"),
    "n-purpose": (LI, "why an identity was opened is for its owner"),
    "h-name": ({"wang"}, "hidden: shown to nobody else unasked; opened by intake and callback on record"),
    "h-phone": ({"wang"}, "hidden"),
    "h-behalf": ({"wang"}, "hidden"),
    "h-content": (H | {"wang"}, "never the unit complained of"),
    "h-accused": (H | {"wang"}, "never the unit complained of"),
    "h-number": (H | {"wang"}, "not even that there is a case"),
    "h-contact": (H, "never the unit complained of"),
    "a-name": (set(), "anonymous: kept nowhere"),
    "a-phone": (set(), "anonymous: kept nowhere"),
    "a-content": (VILLAGE | {"zhao"}, "what was said"),
    "m-content": (AREA_DESKS | {"zhao"}, "an appeal of the neighbouring village"),
    "house-head": ({NEAR}, "masked in the register; the grid worker knows the houses of the own grid"),
    "house-phone": ({NEAR}, "and may have to call them"),
    "visit-note": ({NEAR}, "the log of the grid"),
    "visit-need": ({NEAR}, "the log of the grid"),
    "event-text": (VILLAGE | {NEAR}, "an event of the grid"),
    "suggestion": ({NEAR, "admin"}, "said about the app to those who run it"),
    "told-note": ({NEAR}, "how an answer was told"),
    "resident-phone": ({"li"}, "masked even in the list of bindings"),
    "openid": (set(), "never leaves the server"),
    "staff-phone": ({"security", "handler"}, "the own account, and who administers accounts"),
}  # fmt: skip


def mark(name: str) -> str:
    """The text that stands for a mark: a telephone number where one is asked for."""
    number = sorted(MAY).index(name)
    return f"1391357{number:04d}" if name.endswith("phone") else f"zq{number:02d}{name.replace('-', '')}qz"


def person(name: str, phone: str) -> dict[str, str]:
    """A contact made of marks."""
    return {"name": "李" + mark(name), "phone": mark(phone)}


@dataclass
class World:
    """What was made: the ids that are asked for, and a client for everybody."""

    cast: Cast
    ids: dict[str, set[str]] = field(default_factory=dict)
    clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    written: list[tuple[str, str]] = field(default_factory=list)  # who, and what a write answered

    def know(self, kind: str, *ids: object) -> None:
        self.ids.setdefault(kind, set()).update(str(one) for one in ids)


@pytest.fixture
async def world(cast: Cast) -> World:
    """The whole story told once, with a mark in every place that takes words about people."""
    made = World(cast)
    for login in STAFF:
        made.clients[login] = await cast.staff(login)
    for phone in (NEAR, FAR):
        made.clients[phone] = await cast.worker(phone)
    for name in ("li", "wang", "zhao"):
        made.clients[name] = await cast.resident(name)
    made.clients["guest"], made.clients["nobody"] = await cast.guest(), cast.anybody()
    await _people(made)
    await _named(made)
    await _hidden(made)
    await _others(made)
    await _field(made)
    await cast.react()
    await _ids(made)
    return made


async def _people(made: World) -> None:
    await execute("UPDATE residents SET openid = $1 WHERE openid = 'demo-li'", [mark("openid")])
    await made.clients["li"].post(f"{RESIDENT}/me/phone", json={"wechat_phone_code": f"demo:{mark('resident-phone')}"})
    await execute("UPDATE staff SET phone = $1 WHERE login = 'handler'", [mark("staff-phone")])
    await Household.filter(id=stable_id("household", "360781100001:1")).update(
        head_name="李" + mark("house-head"), phone=mark("house-phone")
    )


async def _named(made: World) -> None:
    cast, li = made.cast, made.clients["li"]
    photo = (await li.post(f"{RESIDENT}/attachments", files={"file": ("a.jpg", uploads.photo())})).json()["id"]
    receipt = await cast.appeal(
        li, content=f"{mark('n-content')} 路灯不亮", area_code=None, plate_code=await cast.plate(),
        identity="named", contact=person("n-name", "n-phone"), urgent_reason=mark("n-urgent"),
        on_behalf_of={**person("n-behalf", "n-behalf-phone"), "relation": "邻居", "consent": True},
        attachment_ids=[photo], location={"lon": 116.02, "lat": 25.88, "datum": "gcj02"},
    )  # fmt: skip
    case_id = await cast.case_of(receipt)
    made.know("cases", case_id), made.know("appeals", receipt["id"]), made.know("attachments", photo)
    await li.post(f"{RESIDENT}/appeals/{receipt['id']}/messages", json={"text": mark("n-message")})
    for login, action, body in (
        ("dispatcher", "register", {"appeal_type": "help", "topic": "0901"}), ("dispatcher", "accept", {}),
        ("dispatcher", "dispatch", {"lead": CITY, "co_units": [WATER]}), ("handler", "sign", {}),
        ("handler", "contact", {"stage": "accept", "note": mark("n-contact")}),
        ("handler", "contact", {"stage": "investigate", "mode": "in_person"}),
        ("handler", "grade", {"grade": "clear", "facts": mark("n-facts")}),
        ("handler2", "co-result", {"note": mark("n-co")}),
        ("handler", "submit-result", {"result": mark("n-result"), "basis": "条例", "disposition": "solved_reasonable"}),
        ("reviewer", "answer", {"text": mark("n-answer")}),
        ("handler", "contact", {"stage": "answer"}), ("handler", "follow-up", {"note": "已回访"}),
        ("dispatcher", "add-note", {"text": mark("n-note")}),
        ("supervisor", "supervise", {"requirement": mark("n-demand")}),
        ("callback", "callback", {"reached": True, "solved": "yes", "process": 4, "result": 4, "staff": "active",
                                  "comment": mark("n-call")}),
    ):  # fmt: skip
        await _write(made, login, case_id, action, body)
    sheet = (await fetch("SELECT id FROM supervisions WHERE case_id = $1", [UUID(case_id)]))[0]["id"]
    handler, boss = made.clients["handler"], made.clients["supervisor"]
    await handler.post(f"{DESK}/supervisions/{sheet}/response", json={"text": "已办"})
    await boss.post(f"{DESK}/supervisions/{sheet}/verdict", json={"verdict": "属实"})
    await _write(made, "callback", case_id, "close", {})
    made.texts["n-case"] = case_id
    opened = await made.clients["dispatcher"].post(
        f"{DESK}/cases/{case_id}/reveals", json={"appeal_id": receipt["id"], "purpose": mark("n-purpose")}
    )
    assert opened.json()["phone"] == mark("n-phone")  # the one door through which a number goes, on record
    found = {"number": receipt["number"], "query_code": receipt["query_code"]}
    lookup = (await made.clients["nobody"].post(f"{RESIDENT}/appeal-lookups", json=found)).json()
    made.clients["lookup"] = httpx.AsyncClient(
        transport=li._transport, base_url=li.base_url, headers={"Authorization": f"Bearer {lookup['token']}"}
    )


async def _hidden(made: World) -> None:
    cast = made.cast
    unit = (await fetch("SELECT id FROM departments WHERE name = $1", [CITY]))[0]["id"]
    receipt = await cast.appeal(
        made.clients["wang"], kind="complaint", content=f"{mark('h-content')} 执法不公",
        contact=person("h-name", "h-phone"), complained_of={"department_id": str(unit), "text": mark("h-accused")},
        on_behalf_of={"name": mark("h-behalf"), "relation": "父亲", "consent": True},
    )  # fmt: skip
    case_id = await cast.case_of(receipt)
    made.know("cases", case_id), made.know("appeals", receipt["id"])
    for login, action, body in (
        ("dispatcher", "register", {"appeal_type": "complaint", "topic": "0901", "complained_of": {"department_id": str(unit)}}),
        ("dispatcher", "accept", {}), ("dispatcher", "dispatch", {"lead": WATER}), ("handler2", "sign", {}),
        ("handler2", "contact", {"stage": "investigate", "note": mark("h-contact")}),
    ):  # fmt: skip
        await _write(made, login, case_id, action, body)
    rows = await fetch("SELECT c.number AS c, p.number AS p FROM cases c JOIN appeals p ON p.case_id = c.id WHERE c.id = $1",
                       [UUID(case_id)])  # fmt: skip
    made.texts |= {"h-number": rows[0]["p"], "h-case": case_id, "h-case-number": rows[0]["c"]}


async def _others(made: World) -> None:
    """An anonymous appeal whose contact was filled in all the same, and one of the neighbouring village."""
    zhao, cast = made.clients["zhao"], made.cast
    anonymous = await cast.appeal(
        zhao, kind="report", identity="anonymous", content=mark("a-content"), contact=person("a-name", "a-phone"),
        on_behalf_of=person("a-name", "a-phone"),
    )  # fmt: skip
    far = await cast.appeal(zhao, content=mark("m-content"), area_code="360781100002")
    for receipt in (anonymous, far):
        made.know("cases", await cast.case_of(receipt)), made.know("appeals", receipt["id"])


async def _field(made: World) -> None:
    worker, house = made.clients[NEAR], stable_id("household", "360781100001:1")
    at = (await fetch("SELECT now() AS at"))[0]["at"].isoformat()
    visit = {"id": str(uuid4()), "household_id": str(house), "occurred_at": at, "purposes": ["care"], "outcome": "met",
             "note": mark("visit-note"), "needs": [mark("visit-need")]}  # fmt: skip
    event = {"id": str(uuid4()), "occurred_at": at, "event_type": "E4", "description": mark("event-text"),
             "grid_code": "360781100001001"}  # fmt: skip
    for path, body in (("visits", visit), ("events", event), ("suggestions", {"text": mark("suggestion")})):
        answer = await worker.post(f"{WORKER}/{path}", json=body)
        assert answer.status_code == 201, answer.text
        made.written.append((NEAR, answer.text))
    made.know("cases", event["id"]), made.know("households", house, stable_id("household", "360781100002:1"))
    li = await Resident.get(openid=mark("openid"))
    grid = await Area.get(code="360781100001001")
    await Membership.create(id=uuid4(), resident_id=li.id, household_id=house, area_path=grid.path, state="bound",
                            created_at=li.created_at)  # fmt: skip
    named = await fetch("SELECT id FROM appeals WHERE identity = 'named' ORDER BY id LIMIT 1")
    task = await TellTask.create(id=uuid4(), appeal_id=named[0]["id"], case_id=uuid4(),
                                 area_path=grid.path, text="请告诉群众", state="open", created_at=li.created_at,
                                 dedupe_key="canary")  # fmt: skip
    done = await worker.post(f"{WORKER}/tasks/{task.id}/done", json={"note": mark("told-note")})
    assert done.status_code == 200, done.text


async def _write(made: World, login: str, case_id: str, action: str, body: dict[str, Any]) -> None:
    answer = await made.clients[login].post(
        f"{DESK}/cases/{case_id}/{action}", json=body, headers={"Idempotency-Key": f"{action}-{uuid4()}"}
    )
    assert answer.status_code == 200, f"{action}: {answer.text}"
    made.written.append((login, answer.text))


async def _ids(made: World) -> None:
    for kind, sql in (
        ("attachments", "SELECT id FROM attachments"), ("memberships", "SELECT id FROM memberships"),
        ("staff", "SELECT id FROM staff WHERE login IN ('handler', '13800000001')"),
        ("inbox", "SELECT id FROM notices LIMIT 3"), ("supervisions", "SELECT id FROM supervisions"),
    ):  # fmt: skip
        made.know(kind, *[row["id"] for row in await fetch(sql)])
    made.know("plates", await made.cast.plate())
    made.know("h", await made.cast.plate())


NEEDED = {f"{DESK}/journal": "area=360781100001", f"{DESK}/journal/verification": "area=360781100001"}


def addresses(route: Route, made: World) -> Iterable[str]:
    """Every address of a GET route: lists whole, things one by one."""
    if "<" not in route.path:
        yield f"{route.path}?{NEEDED.get(route.path, 'limit=100' if route.query else '')}"
        return
    before, _, rest = route.path.partition("<")
    kind = before.rstrip("/").rpartition("/")[2]
    for one in sorted(made.ids.get(kind, {str(uuid4())})):
        yield f"{before}{one}{rest.partition('>')[2]}"


def body_of(answer: httpx.Response) -> str:
    """What came back, headers and all, as one text."""
    raw = answer.content
    text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode(errors="replace")
    return f"{answer.headers} {text}"


def found_in(text: str, made: World) -> set[str]:
    """The marks in a text, written plainly or with JSON's escapes."""
    return {name for name in MAY if (made.texts.get(name) or mark(name)) in text}


SEARCHES = (
    "text={n-content}", "text={h-content}", "number={h-number}", "unit=市城管局", "text=执法", "state=submitted,signed",
)  # fmt: skip


async def test_no_mark_turns_up_where_the_table_does_not_allow_it(world: World) -> None:
    seen: dict[str, set[str]] = {name: set() for name in MAY}
    where: dict[tuple[str, str], str] = {}
    table = [route for route in routes(settings_of(Path())) if route.method == "GET"]
    asked = [address for route in table for address in addresses(route, world)]
    values = {name: world.texts.get(name) or mark(name) for name in MAY}
    asked += [f"{DESK}/cases?{search.format_map(values)}" for search in SEARCHES]
    asked.append(f"{WORKER}/tasks?state=done")
    assert set(world.clients) == EVERYBODY
    for who, web in world.clients.items():
        for address in asked:
            for name in found_in(body_of(await web.get(address)), world):
                seen[name].add(who)
                where[name, who] = address
    for who, text in world.written:
        for name in found_in(text, world):
            seen[name].add(who)
            where[name, who] = "a write"
    leaks = sorted((name, who, where[name, who]) for name in MAY for who in seen[name] - MAY[name][0])
    assert leaks == []
    blind = sorted(name for name, (may, _) in MAY.items() if may and not seen[name])
    assert blind == [], "nobody met these marks: the table or the story no longer fits"


async def test_the_unit_complained_of_meets_nothing_of_the_case(world: World) -> None:
    """Not by id, list, search, count, supervision, inbox, attachment or suggestion; every answer is that of no case."""
    case_id = world.texts["h-case"]
    hidden = (world.texts["h-case"], world.texts["h-case-number"], world.texts["h-number"])
    for login in sorted(CITY_PEOPLE):
        web = world.clients[login]
        for path in (f"cases/{case_id}", f"cases/{case_id}/suggestions"):
            there, nowhere = await web.get(f"{DESK}/{path}"), await web.get(f"{DESK}/{path.replace(case_id, str(uuid4()))}")
            assert there.status_code == nowhere.status_code == 404
            assert {**there.json(), "request_id": ""} == {**nowhere.json(), "request_id": ""}
        for path in ("cases?limit=100", "supervisions?limit=100", "inbox?limit=100", f"cases?number={hidden[1]}"):
            text = (await web.get(f"{DESK}/{path}")).text
            assert not [secret for secret in hidden if secret in text], path
        moved = await web.post(f"{DESK}/cases/{case_id}/add-note", json={"text": "看看"})
        assert moved.status_code == 404
        assert (await web.post(f"{DESK}/cases/{case_id}/close", json={})).status_code == 404


async def test_a_hidden_identity_opens_for_intake_and_callback_and_is_logged(world: World) -> None:
    case_id = world.texts["h-case"]
    appeal = (await fetch("SELECT id FROM appeals WHERE case_id = $1", [UUID(case_id)]))[0]["id"]
    body = {"appeal_id": str(appeal), "purpose": "核对联系方式"}
    for login, expected in (("dispatcher", 200), ("callback", 200), ("handler2", 403), ("handler", 404),
                            ("supervisor", 403), ("leader", 403), ("auditor", 403)):  # fmt: skip
        answer = await world.clients[login].post(f"{DESK}/cases/{case_id}/reveals", json=body)
        assert answer.status_code == expected, login
    log = (await world.clients["wang"].get(f"{RESIDENT}/me/access-log")).json()["items"]
    assert [entry["purpose"] for entry in log] == ["核对联系方式"] * 2
    phone = {"phone": mark("h-phone"), "purpose": "核对情况"}
    unseen = await world.clients["handler2"].post(f"{DESK}/cases", json=phone)
    assert unseen.status_code == 200 and unseen.json()["items"] == [], unseen.text
    found = (await world.clients["dispatcher"].post(f"{DESK}/cases", json=phone)).json()["items"]
    assert [case["id"] for case in found] == [case_id]


async def test_an_anonymous_appeal_keeps_no_contact_and_opens_for_nobody(world: World) -> None:
    (row,) = await fetch("SELECT id, case_id, on_behalf::text FROM appeals WHERE identity = 'anonymous'")
    assert await fetch("SELECT 1 FROM appellants WHERE appeal_id = $1", [row["id"]]) == []
    assert mark("a-name") not in (row["on_behalf"] or "") and mark("a-phone") not in (row["on_behalf"] or "")
    for login in STAFF:
        answer = await world.clients[login].post(
            f"{DESK}/cases/{row['case_id']}/reveals", json={"appeal_id": str(row["id"]), "purpose": "核对情况"}
        )
        assert answer.status_code in (403, 404), login


# Tables that outlive what they tell of, or are copied elsewhere: ids, codes, numbers and digests only.
BARE = ("journal", "journal_heads", "feed", "client_records", "jobs.procrastinate_jobs", "deliveries", "scan_counts",
        "subscribe_credits", "sessions", "deadlines")  # fmt: skip


async def test_journal_feed_jobs_and_deliveries_hold_no_words_of_people(world: World) -> None:
    for table in BARE:
        if (await fetch("SELECT to_regclass($1) AS there", [table]))[0]["there"] is None:
            continue
        for row in await fetch(f"SELECT to_jsonb(t)::text AS text FROM {table} t"):
            assert not found_in(row["text"], world) - {"h-number"}, table
    assert not found_in((await world.clients["nobody"].get("/metrics")).text, world)


async def test_notices_and_what_is_carried_further_name_nobody(world: World) -> None:
    """An inbox may be read over a shoulder, a text message by the network: no name, number or word of an appeal."""
    private = {"n-name", "n-phone", "n-behalf", "n-contact", "n-facts", "n-call", "h-name", "h-phone", "h-accused",
               "a-name", "house-head", "house-phone", "openid", "visit-note", "n-purpose"}  # fmt: skip
    for table in ("notices", "tell_tasks"):
        for row in await fetch(f"SELECT to_jsonb(t)::text AS text FROM {table} t"):
            assert not found_in(row["text"], world) & private, row["text"]


async def test_every_chain_of_the_journal_holds_and_only_audit_reads_it(world: World) -> None:
    heads = await JournalHead.all()
    assert len(heads) >= 2
    for head in heads:
        assert await verify(head.area) is None, head.area
    for who, web in world.clients.items():
        for path in ("journal?area=360781", "journal/verification?area=360781", "journal/areas"):
            status = (await web.get(f"{DESK}/{path}")).status_code
            assert status == (200 if who == "auditor" else 401 if who == "nobody" else 403), who
