"""Filing for a villager: consent where a person is named, the villager's own number, and a slip of paper to keep."""

import io
from collections.abc import Callable
from contextlib import closing
from typing import Any
from uuid import uuid4

import httpx
import pypdfium2
import pytest
import zxingcpp

from domain.appeals.models import Appeal, Appellant
from domain.sql import fetch
from server.rules import stable_id
from tests.support.cast import DESK, RESIDENT, WORKER, Cast

pytestmark = pytest.mark.anyio

GRID = "360781100001001"
HOUSE = str(stable_id("household", "360781100001:1"))
ME = stable_id("staff", "13800000001")


@pytest.fixture(autouse=True)
def friday(cast: Cast, at: Callable[[str], None]) -> None:
    at("2026-03-13T16:30")


def appeal(**changes: Any) -> dict[str, Any]:
    villager = {"name": "欧阳小兰", "phone": "13700001111", "relation": "邻居", "consent": True}
    return {"kind": "help", "content": "家门口的水渠堵了", "grid_code": GRID, "on_behalf_of": villager, **changes}


async def file(who: httpx.AsyncClient, expect: int = 201, **changes: Any) -> dict[str, Any]:
    answer = await who.post(f"{WORKER}/appeals", json=appeal(**changes))
    assert answer.status_code == expect, answer.text
    return dict(answer.json())


@pytest.mark.mechanism("002-13")
async def test_a_worker_files_for_a_villager_who_follows_it_alone(cast: Cast) -> None:
    worker = await cast.worker()
    got = await file(worker, household_id=HOUSE, grid_code=None)
    kept = await Appeal.get(id=got["id"])
    assert (kept.channel, kept.entered_by, kept.identity) == ("grid_worker", ME, "named")
    assert kept.on_behalf == {"name": "欧阳小兰", "phone": "13700001111", "relation": "邻居", "consent": True}
    assert (await Appellant.get(appeal_id=got["id"])).phone == "13700001111"
    pair = {"number": got["number"], "query_code": got["query_code"]}
    seen = await cast.anybody().post(f"{RESIDENT}/appeal-lookups", json=pair)
    assert (seen.status_code, seen.json()["appeal"]["status"]) == (200, "submitted")
    mine = (await worker.get(f"{WORKER}/cases", params={"mine": "reported"})).json()["items"]
    assert [each["id"] for each in mine] == [got["case_id"]]
    followed = await worker.get(f"{WORKER}/cases/{got['case_id']}")
    assert followed.status_code == 200
    assert "欧阳" not in followed.text
    rows = await fetch("SELECT data::text AS data FROM journal WHERE case_id = $1", [got["case_id"]])
    assert rows
    assert not any("欧阳" in row["data"] or "水渠" in row["data"] for row in rows)


async def test_nobody_is_named_without_consent_and_who_is_not_named_is_anonymous(cast: Cast) -> None:
    worker = await cast.worker()
    for villager in ({"name": "欧阳小兰"}, {"phone": "13700001111", "consent": False}):
        refused = await file(worker, expect=422, on_behalf_of=villager)
        assert refused["errors"][0]["field"] == "on_behalf_of.consent"
    assert await Appeal.all().count() == 0
    got = await file(worker, on_behalf_of={"relation": "邻居"}, identity="named")
    assert got["identity"] == "anonymous"
    assert not await Appellant.exists(appeal_id=got["id"])


async def test_a_complaint_is_hidden_from_its_handler_unless_the_villager_wants_otherwise(cast: Cast) -> None:
    worker = await cast.worker()
    assert (await file(worker, kind="complaint"))["identity"] == "hidden_from_handler"
    assert (await file(worker, kind="complaint", identity="named"))["identity"] == "named"


async def test_the_same_key_files_once_and_gives_the_same_code(cast: Cast) -> None:
    worker = await cast.worker()
    key = {"Idempotency-Key": str(uuid4())}
    first, again = [await worker.post(f"{WORKER}/appeals", json=appeal(), headers=key) for _ in range(2)]
    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert await Appeal.all().count() == 1


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"content": ""}, 422), ({"kind": "gossip"}, 422), ({"topic": "9999"}, 422), ({"rank": 1}, 422),
        ({"on_behalf_of": {"phone": "12", "consent": True}}, 422), ({"grid_code": None}, 422),
        ({"grid_code": "360781100002001"}, 404), ({"household_id": str(uuid4())}, 404),
    ],
)  # fmt: skip
async def test_bad_filings_are_refused_and_nothing_is_kept(cast: Cast, changes: dict[str, Any], status: int) -> None:
    await file(await cast.worker(), expect=status, **changes)
    assert await Appeal.all().count() == 0


async def test_only_agents_file_here(cast: Cast) -> None:
    for who, status in ((cast.anybody(), 401), (await cast.resident(), 403), (await cast.staff("villagedesk"), 403)):
        assert (await who.post(f"{WORKER}/appeals", json=appeal())).status_code == status


@pytest.mark.parametrize(("paper", "width", "height"), [("a6", 105, 148), ("thermal58", 58, 128)])
async def test_the_slip_says_number_code_date_and_hotline_and_leads_to_the_progress_page(
    cast: Cast, paper: str, width: int, height: int
) -> None:
    worker = await cast.worker()
    got = await file(worker)
    body = {"query_code": got["query_code"], "paper": paper}
    answer = await worker.post(f"{WORKER}/appeals/{got['id']}/slip", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    with closing(pypdfium2.PdfDocument(io.BytesIO(answer.content))) as document:
        page = document[0]
        text = page.get_textpage().get_text_range()
        picture = page.render(scale=3).to_pil()
        size = [round(points * 25.4 / 72) for points in page.get_size()]
    assert size == [width, height]
    due = got["deadline"]["due_at"]
    for word in (got["number"], got["query_code"], f"{int(due[5:7])}月{int(due[8:10])}日", "12345", "邱小兰", "第1网格"):
        assert word in text
    assert "欧阳" not in text
    read = zxingcpp.read_barcode(picture)
    assert read is not None
    assert (await cast.anybody().get(read.text)).status_code == 200


async def test_a_slip_needs_the_code_of_the_receipt_and_an_own_filing(cast: Cast) -> None:
    worker = await cast.worker()
    got = await file(worker)
    path = f"{WORKER}/appeals/{got['id']}/slip"
    right = {"query_code": got["query_code"]}
    assert (await worker.post(path, json={"query_code": "AAAAAAAA"})).status_code == 422
    assert (await worker.post(path, json={**right, "paper": "a0"})).status_code == 422
    assert (await (await cast.worker("13800000002")).post(path, json=right)).status_code == 404
    assert (await worker.post(f"{WORKER}/appeals/{uuid4()}/slip", json=right)).status_code == 404
    assert (await (await cast.staff("villagedesk")).post(path, json=right)).status_code == 403


async def test_the_page_of_the_slip_shows_progress_to_whoever_holds_the_slip(cast: Cast) -> None:
    got = await file(await cast.worker())
    anybody = cast.anybody()
    form = await anybody.get("/progress")
    assert (form.status_code, 'name="query_code"' in form.text) == (200, True)
    shown = await anybody.post("/progress", data={"number": got["number"], "query_code": got["query_code"].lower()})
    assert shown.status_code == 200
    assert "家门口的水渠堵了" in shown.text
    assert "已提交" in shown.text
    wrong = await anybody.post("/progress", data={"number": got["number"], "query_code": "AAAAAAAA"})
    nobody = await anybody.post("/progress", data={"number": "SQ0", "query_code": got["query_code"]})
    assert (wrong.status_code, nobody.status_code) == (404, 404)
    assert "水渠" not in wrong.text + nobody.text
    assert (await anybody.post("/progress", data={"number": "<b>"})).status_code == 422


async def test_the_villages_agent_prints_the_slip_of_an_own_entry(cast: Cast) -> None:
    agent = await cast.staff("villagedesk")
    villager = {"name": "欧阳小兰", "phone": "13700001111", "relation": "本村村民", "consent": True}
    body = {
        "channel": "grid_worker", "kind": "help", "area_code": "360781100001", "content": "桥面破损",
        "on_behalf_of": villager,
    }  # fmt: skip
    got = (await agent.post(f"{DESK}/appeals", json=body)).json()
    path = f"{DESK}/appeals/{got['id']}/slip"
    slip = await agent.post(path, json={"query_code": got["query_code"], "paper": "thermal58"})
    assert (slip.status_code, slip.content[:5]) == (200, b"%PDF-")
    other = await cast.staff("dispatcher")
    assert (await other.post(path, json={"query_code": got["query_code"]})).status_code == 404
    assert (await (await cast.staff("handler")).post(path, json={"query_code": "AAAAAAAA"})).status_code == 403
    assert (await agent.post(f"{DESK}/appeals/none/slip", json={"query_code": "AAAAAAAA"})).status_code == 404
