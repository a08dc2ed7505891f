"""Issues, their resolution and care over one case: owners, dues, statuses, who judges, and nothing that controls a person."""

import io
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from openpyxl import load_workbook

from server.rules import stable_id
from tests.support.cast import DESK, Cast
from tests.support.life import bring_to

pytestmark = pytest.mark.anyio
Move = Callable[[str], None]


def who(login: str) -> str:
    return str(stable_id("staff", login))


def issue(**changes: Any) -> dict[str, Any]:
    return {"list": "issue", "text": "=三盏路灯不亮", "standard": "夜间照明恢复", "owner_id": who("handler"),
            "due_on": "2026-06-05", **changes}  # fmt: skip


async def post(cast: Cast, login: str, path: str, **body: Any) -> httpx.Response:
    return await (await cast.staff(login)).post(f"{DESK}/{path}", json=body)


async def get(cast: Cast, login: str, path: str) -> httpx.Response:
    return await (await cast.staff(login)).get(f"{DESK}/{path}")


@pytest.mark.mechanism("003-07", "000-07")
async def test_an_issue_is_resolved_cared_about_and_verified_by_another(cast: Cast, at: Move) -> None:
    at("2026-06-01T09:00")
    case_id = await bring_to(cast, "handling")
    first = await post(cast, "handler", f"cases/{case_id}/list-items", **issue())
    assert first.status_code == 201, first.text
    found = first.json()["id"]
    measure = issue(list="resolution", text="更换灯头和线路", standard="", issue_id=found)
    second = (await post(cast, "unitlead", f"cases/{case_id}/list-items", **measure)).json()["id"]
    care = issue(list="care", text="独居老人夜间出行不便,先装临时灯", standard="", care="aid", due_on="2026-06-03")
    assert (await post(cast, "supervisor", f"cases/{case_id}/list-items", **care)).status_code == 201
    listed = (await get(cast, "handler", f"list-items?case_id={case_id}")).json()["items"]
    assert [(row["list_name"], row["care_name"], row["owner"], row["status_name"]) for row in listed] == [
        ("跟进帮扶清单", "帮扶救助", "钟志强", "未开始"), ("化解清单", "", "钟志强", "未开始"),
        ("问题清单", "", "钟志强", "未开始"),
    ]  # fmt: skip
    assert listed[1]["issue_id"] == found
    at("2026-06-06T09:00")
    late = (await get(cast, "supervisor", "list-items?overdue=true")).json()["items"]
    assert len(late) == 3
    early = await post(cast, "handler", f"list-items/{found}/status", status="verified")
    assert (early.status_code, early.json()["missing"]) == (409, ["办理中", "已完成"])
    for status in ("doing", "done"):
        assert (await post(cast, "handler", f"list-items/{found}/status", status=status)).status_code == 200
    assert (await post(cast, "handler", f"list-items/{found}/status", status="verified")).status_code == 403
    back = await post(cast, "supervisor", f"list-items/{found}/status", status="doing", note="还有一盏不亮")
    assert back.json()["status"] == "doing"
    assert (await post(cast, "handler", f"list-items/{found}/status", status="done")).status_code == 200
    done = await post(cast, "reviewer", f"list-items/{found}/status", status="verified")
    assert (done.status_code, done.json()["status"]) == (200, "verified"), done.text
    assert (await post(cast, "handler", f"list-items/{second}/status", status="done")).status_code == 200
    rows = (await get(cast, "supervisor", "list-items?list=issue&status=verified")).json()["items"]
    assert [(row["verifier"], row["overdue"]) for row in rows] == [("曾凡丽", False)]


@pytest.mark.mechanism("003-07")
async def test_the_care_list_refuses_what_controls_a_person(cast: Cast, at: Move) -> None:
    at("2026-06-01T09:00")
    case_id = await bring_to(cast, "handling")
    for text in ("安排专人稳控", "签订息访承诺后再帮扶", "对其盯防"):
        refused = await post(cast, "handler", f"cases/{case_id}/list-items", **issue(list="care", care="risk", text=text))
        assert refused.status_code == 422
        assert "管控" in refused.json()["errors"][0]["message"]
    missing = await post(cast, "handler", f"cases/{case_id}/list-items", **issue(list="care"))
    assert missing.json()["errors"][0]["field"] == "care"


async def test_who_may_write_and_what_is_malformed(cast: Cast, at: Move) -> None:
    at("2026-06-01T09:00")
    case_id = await bring_to(cast, "handling")
    path = f"cases/{case_id}/list-items"
    assert (await post(cast, "handler2", path, **issue())).status_code == 404
    assert (await post(cast, "callback", path, **issue())).status_code == 403
    assert (await post(cast, "admin", path, **issue())).status_code == 403
    for bad in ({"owner_id": case_id}, {"due_on": "2026-05-31"}, {"standard": ""}, {"text": " \u200b"}, {"list": "persons"},
                {"issue_id": case_id, "list": "resolution"}, {"care": "aid"}, {"surprise": 1}):  # fmt: skip
        assert (await post(cast, "handler", path, **issue(**bad))).status_code == 422, bad
    assert (await post(cast, "handler", "list-items/x/status", status="done")).status_code == 404
    made = (await post(cast, "handler", path, **issue())).json()["id"]
    assert (await post(cast, "handler2", f"list-items/{made}/status", status="done")).status_code == 404
    await cast.act("handler", case_id, "recuse")
    assert (await post(cast, "handler", path, **issue())).json()["code"] == "conflict-of-interest"


async def test_pages_and_the_spreadsheet_hold_the_same_lines(cast: Cast, at: Move) -> None:
    at("2026-06-01T09:00")
    case_id = await bring_to(cast, "handling")
    for n in range(3):
        await post(cast, "handler", f"cases/{case_id}/list-items", **issue(text=f"=第{n}盏"))
    page = (await get(cast, "handler", "list-items?limit=2")).json()
    rest = (await get(cast, "handler", f"list-items?limit=2&cursor={page['next']}")).json()
    texts = [row["text"] for row in (*page["items"], *rest["items"])]
    assert (texts, rest["next"]) == (["=第2盏", "=第1盏", "=第0盏"], None)
    answer = await get(cast, "handler", "list-items.xlsx?list=issue")
    assert answer.headers["content-type"].startswith("application/vnd.openxmlformats")
    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][:4] == ("清单", "工单", "事项", "标准或措施")
    assert [row[2] for row in rows[1:]] == [f"'{text}" for text in texts]
    assert (await get(cast, "handler2", "list-items.xlsx")).status_code == 200
    other = load_workbook(io.BytesIO((await get(cast, "handler2", "list-items.xlsx")).content)).active
    assert other is not None and other.max_row == 1
    assert (await get(cast, "admin", "list-items.xlsx")).status_code == 403
