"""The whole first journey over HTTP, as outsiders do it: a real server, a real database, the stand-ins of WeChat and SMS.

Household list → codes → plates read back by a decoder → activation → scan → appeal with a sideways photo → registration →
dispatch → handling → answer → callback → bad rating → supervision and rework → second answer → good rating → closed.
Its fifth step, the warnings of an overdue case, has two servers of its own: tests/api/test_warnings.py.
"""

import io
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import openpyxl
import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from server.demo.accounts import PASSWORD
from tests.support.cluster import Cluster
from tests.support.gateways import StandIn, sms_standin, wechat_standin
from tests.support.server import RunningServer, serving

VILLAGE = "360781100005"
WEEK = "2026-11-22T09:00:00+08:00"


class Journey:
    """The people of the journey, signed in by password as they would be."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self._staff: dict[str, httpx.Client] = {}

    def staff(self, login: str) -> httpx.Client:
        if login not in self._staff:
            body = {"login": login, "password": PASSWORD}
            answer = ok(self.server.client().post("/api/desk/v1/sessions", json=body), 201)
            self._staff[login] = self.server.client(answer["token"])
        return self._staff[login]

    def act(self, login: str, case_id: str, action: str, **body: Any) -> dict[str, Any]:
        return ok(self.staff(login).post(f"/api/desk/v1/cases/{case_id}/{action}", json=body), 200)

    def worker(self, phone: str = "13800000001") -> httpx.Client:
        body = {"phone": phone, "password": PASSWORD}
        return self.server.client(ok(self.server.client().post("/api/grid/v1/sessions", json=body), 201)["token"])


def ok(answer: httpx.Response, *expected: int) -> dict[str, Any]:
    """The body of an answer that came out as expected."""
    assert answer.status_code in expected, f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
    return dict(answer.json()) if answer.content else {}


def until(ask: Any, ready: Any, seconds: float = 40) -> Any:
    """Ask again until it is ready: jobs run beside the requests."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = ask()
        if ready(found):
            return found
    raise AssertionError(f"still not ready: {found}")


@pytest.fixture(scope="module")
def sms() -> Iterator[StandIn]:
    with sms_standin("--easy", "--key-id", "k", "--secret", "s", "--sign-name", "瑞金民声") as running:
        yield running


@pytest.fixture(scope="module")
def wechat() -> Iterator[StandIn]:
    with wechat_standin("--easy", "--app-id", "wx0000000000000001", "--app-secret", "0" * 32) as running:
        yield running


@pytest.fixture(scope="module")
def journey(
    cluster: Cluster, stage: str, tmp_path_factory: pytest.TempPathFactory, sms: StandIn, wechat: StandIn
) -> Iterator[Journey]:
    folder = tmp_path_factory.mktemp("journey")
    settings = {
        "WECHAT_API_URL": wechat.url, "WECHAT_TEMPLATES": "answer=TPL-answer", "SMS_API_URL": sms.url,
        "SMS_ACCESS_KEY": "k", "SMS_ACCESS_SECRET": "s", "SMS_SIGN_NAME": "瑞金民声",
        "SMS_TEMPLATES": "answer=SMS_1",
    }  # fmt: skip
    with cluster.database(stage) as dsn, serving(dsn, folder, **settings) as running:
        yield Journey(running)


def household_list(rows: list[list[str]]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["村编码", "村民小组", "门牌号", "户主姓名", "联系电话", "户编号"])
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def sideways_photo() -> bytes:
    """A photo as a phone takes it: 80 × 40 pixels stored, upright only by its EXIF orientation, with a position."""
    image = Image.new("RGB", (80, 40), "white")
    image.paste("red", (0, 0, 40, 40))
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825).update({1: "N", 2: (25.0, 53.0, 9.0), 3: "E", 4: (116.0, 1.0, 37.0)})
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif, quality=95)
    return out.getvalue()


def codes_on(pdf: bytes) -> set[str]:
    """Every code that a decoder reads from the pages at 200 dpi."""
    found: set[str] = set()
    for page in pypdfium2.PdfDocument(pdf):
        picture = page.render(scale=200 / 72).to_pil()
        found |= {barcode.text for barcode in zxingcpp.read_barcodes(picture)}
    return found


@pytest.mark.mechanism("000-02")
def test_1_households_become_plates_that_a_decoder_reads_and_a_worker_activates(journey: Journey) -> None:
    admin = journey.staff("admin")
    village = "360781100001"
    rows = [[village, "五组", f"五组{n}号", f"张{n}", f"1390000{n:04d}", f"5{n:02d}"] for n in range(1, 13)]
    rows.append(["360799999999", "一组", "1号", "错村", "13900000000", "9"])
    for _ in range(2):  # importing twice makes nothing twice
        files = {"file": ("名册.xlsx", household_list(rows))}
        started = ok(admin.post("/api/desk/v1/households/imports", files=files), 202)
        done = until(
            lambda made=started: ok(admin.get(f"/api/desk/v1/households/imports/{made['id']}"), 200),
            lambda found: found["state"] in {"done", "failed"},
        )
        assert done["state"] == "done", done
    result = admin.get(f"/api/desk/v1/households/imports/{started['id']}/result")
    assert result.content.startswith(b"PK")
    homes = ok(admin.get("/api/desk/v1/households", params={"area": village, "text": "五组", "limit": 100}), 200)
    assert len(homes["items"]) == 12
    batch = ok(admin.post("/api/desk/v1/plates/batches", json={"area": village, "layout": "a4-10"}), 202)
    printed = until(
        lambda: ok(admin.get(f"/api/desk/v1/plates/batches/{batch['id']}"), 200),
        lambda found: found["state"] in {"done", "failed"},
    )
    assert printed["state"] == "done", printed
    pdf = admin.get(f"/api/desk/v1/plates/batches/{batch['id']}/file").content
    codes = codes_on(pdf)
    assert len(codes) == printed["total"] >= 12
    worker = journey.worker()
    code = min(codes).rsplit("/", 1)[1]
    assert ok(worker.get(f"/api/grid/v1/plates/{code}"), 200)["status"] == "printed"
    ok(worker.post(f"/api/grid/v1/plates/{code}/activation", json={}), 200, 201)
    assert ok(journey.server.client().get(f"/api/miniprogram/v1/plates/{code}"), 200)["status"] == "active"
    stranger = journey.worker("13800000002")
    assert stranger.get(f"/api/grid/v1/plates/{code}").status_code == 404
    journey.__dict__["code"] = code


@pytest.mark.mechanism("000-06", "000-09", "000-24", "004-26")
def test_2_and_3_an_appeal_lives_from_a_scan_to_a_good_rating(journey: Journey, wechat: StandIn, sms: StandIn) -> None:
    code = journey.__dict__["code"]
    page = journey.server.client().get(f"/h/{code.lower()}")
    assert page.status_code == 200
    assert "text/html" in page.headers["content-type"]
    resident = journey.server.resident("journey-villager")
    photo = ok(resident.post("/api/miniprogram/v1/attachments", files={"file": ("a.jpg", sideways_photo())}), 201)
    assert (photo["kind"], photo["width"], photo["height"]) == ("image", 40, 80)
    stored = resident.get(f"/api/miniprogram/v1/attachments/{photo['id']}").content
    assert not Image.open(io.BytesIO(stored)).getexif()
    receipt = ok(
        resident.post(
            "/api/miniprogram/v1/appeals",
            json={"plate_code": code, "kind": "help", "topic": "0906", "content": "门口路灯坏了三天",
                  "attachment_ids": [photo["id"]], "contact": {"name": "张小妹", "phone": "139 0000 0001"}},
        ),
        201,
    )  # fmt: skip
    assert receipt["deadline"]["explanation"]
    own = f"/api/miniprogram/v1/appeals/{receipt['id']}"
    listed = ok(journey.staff("dispatcher").get("/api/desk/v1/cases", params={"number": receipt["number"]}), 200)
    case_id = listed["items"][0]["id"]
    journey.act("dispatcher", case_id, "register", appeal_type="help", topic="0906", urgency="ordinary",
                petition_class="appeal_for_decision")  # fmt: skip
    journey.act("dispatcher", case_id, "accept")
    journey.act("dispatcher", case_id, "dispatch", lead="市城管局", co_units=["象湖镇"], rule_reasons=["职责清单"])
    _handle(journey, case_id)
    answered = ok(resident.get(own), 200)
    assert answered["status"] == "answered"
    assert answered["replies"][0]["text"] == "路灯已修好。"
    inbox = until(
        lambda: ok(resident.get("/api/miniprogram/v1/me/inbox"), 200),
        lambda found: any("答复" in notice["title"] for notice in found["items"]),
    )
    assert inbox["items"]
    until(lambda: sms.tell("messages"), lambda found: bool(found.get("messages")))
    journey.act("handler", case_id, "follow-up", note="次日再看,灯亮。")
    journey.act("callback", case_id, "callback", attempt=1, reached=False)
    bad = {"process": 3, "result": 1, "solved": "no", "staff": "average", "comment": "又坏了"}
    ok(resident.post(f"{own}/ratings", json=bad), 201)
    again = resident.post(f"{own}/ratings", json=bad)
    assert (again.status_code, again.json()["code"]) == (409, "already-rated")
    reworked = ok(journey.staff("supervisor").get(f"/api/desk/v1/cases/{case_id}"), 200)
    assert reworked["state"] == "rework"
    assert [found["trigger"] for found in reworked["supervision"]] == ["dissatisfied"]
    journey.act("handler", case_id, "take-up", plan="更换整套灯具")
    journey.act("handler", case_id, "submit-result", result="更换整套灯具", basis="《城市照明管理规定》",
                disposition="solved_reasonable", rectification="换新")  # fmt: skip
    journey.act("reviewer", case_id, "answer", text="已更换整套灯具。")
    _finish_co_unit(journey, case_id)
    good = {"process": 5, "result": 5, "solved": "yes", "staff": "active"}
    ok(resident.post(f"{own}/ratings", json=good), 201)
    closed = ok(resident.get(own), 200)
    assert closed["status"] == "closed", ok(journey.staff("supervisor").get(f"/api/desk/v1/cases/{case_id}"), 200)
    looked = ok(
        journey.server.client().post(
            "/api/miniprogram/v1/appeal-lookups",
            json={"number": receipt["number"], "query_code": receipt["query_code"]},
        ),
        200,
    )
    assert looked["appeal"]["status"] == "closed"


def _handle(journey: Journey, case_id: str) -> None:
    journey.act("handler", case_id, "sign")
    for stage in ("accept", "investigate"):
        journey.act("handler", case_id, "contact", stage=stage, mode="phone", note="已联系")
    journey.act("handler", case_id, "grade", grade="clear", facts="灯头烧坏")
    result = {"result": "已修好", "basis": "《城市照明管理规定》", "disposition": "solved_reasonable", "rectification": "已换灯头"}
    journey.act("handler", case_id, "submit-result", **result)
    same = journey.staff("handler").post(f"/api/desk/v1/cases/{case_id}/answer", json={"text": "我自己批"})
    assert same.status_code in {403, 409}
    journey.act("reviewer", case_id, "answer", text="路灯已修好。")
    journey.act("handler", case_id, "contact", stage="answer", mode="phone", note="告知结果")


def _finish_co_unit(journey: Journey, case_id: str) -> None:
    journey.act("townhandler", case_id, "co-result", note="已配合断电检修")


@pytest.mark.mechanism("001-06")
def test_4_a_worker_discovers_reports_handles_and_tracks(journey: Journey) -> None:
    worker = journey.worker()
    code = journey.__dict__["code"]
    visit = {"id": str(uuid4()), "plate_code": code, "occurred_at": WEEK, "purposes": ["大走访"], "outcome": "met"}
    ok(worker.post("/api/grid/v1/visits", json=visit), 201)
    ok(worker.post("/api/grid/v1/visits", json=visit), 200, 201)
    photo = ok(worker.post("/api/grid/v1/uploads/simple", files={"file": ("b.jpg", sideways_photo())}), 201)
    found = {"id": str(uuid4()), "occurred_at": WEEK, "event_type": "E4", "level": "ordinary", "plate_code": code,
             "description": "路灯不亮", "attachment_ids": [photo["id"]],
             "location": {"lon": 116.02, "lat": 25.88, "datum": "wgs84"}}  # fmt: skip
    spot = {**found, "id": str(uuid4()), "attachment_ids": [], "self_handled": {"result": "当场拧紧灯泡"}}
    handled = ok(worker.post("/api/grid/v1/events", json=spot), 201)
    reported = ok(worker.post("/api/grid/v1/events", json=found), 201)
    assert handled["state"] == "reviewing"
    case_id = reported["id"]
    journey.act("dispatcher", case_id, "dispatch", lead="市城管局")
    journey.act("handler", case_id, "sign")
    journey.act("handler", case_id, "contact", stage="investigate", mode="in_person")
    journey.act("handler", case_id, "grade", grade="clear", facts="灯头坏")
    journey.act("handler", case_id, "submit-result", result="换灯头")
    ok(worker.post(f"/api/grid/v1/cases/{case_id}/inspect", json={"passed": True, "note": "亮了"}), 200)
    own = worker.post(f"/api/grid/v1/cases/{handled['id']}/inspect", json={"passed": True})
    assert own.status_code in {403, 409}
    journey.act("villagedesk", handled["id"], "inspect", passed=True)
    tracked = {item["id"]: item["state"] for item in ok(worker.get("/api/grid/v1/cases?mine=reported"), 200)["items"]}
    assert tracked[case_id] == tracked[handled["id"]] == "closed"
    assert journey.worker("13800000002").get(f"/api/grid/v1/cases/{case_id}").status_code == 404
