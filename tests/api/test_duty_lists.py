"""The responsibility catalogue at the desk: import, difference, publication by date, proposals of units, accuracy."""

import io
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import openpyxl
import pytest

from domain.access.models import Assignment
from domain.areas.models import Area
from domain.catalogue.models import DutyItem, DutyVersion
from domain.sql import fetch
from tests.support.cast import DESK, Cast
from tests.support.life import CITY, REGISTER, WATER, bring_to

pytestmark = pytest.mark.anyio
At = Callable[[str], None]
LISTS = f"{DESK}/duty-lists"


async def exported(cast: Cast, on: str = "") -> list[list[str]]:
    """The rows of the version in force, the header first."""
    answer = await (await cast.staff("dispatcher")).get(f"{LISTS}/file{f'?on={on}' if on else ''}")
    assert answer.status_code == 200
    return [[str(cell or "") for cell in row] for row in
            openpyxl.load_workbook(io.BytesIO(answer.content)).active.iter_rows(values_only=True)]  # fmt: skip


def xlsx(rows: list[list[str]]) -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


async def send(cast: Cast, rows: list[list[str]], login: str = "admin", expect: int = 201, **fields: str) -> dict[str, Any]:
    answer = await (await cast.staff(login)).post(
        f"{LISTS}/imports", files={"file": ("清单.xlsx", xlsx(rows))}, data=fields
    )
    assert answer.status_code == expect, answer.text
    return dict(answer.json())


async def post(cast: Cast, path: str, expect: int, login: str = "admin", **body: Any) -> dict[str, Any]:
    answer = await (await cast.staff(login)).post(f"{DESK}{path}", json=body)
    assert answer.status_code == expect, answer.text
    return dict(answer.json())


async def get(cast: Cast, path: str, login: str = "admin", expect: int = 200) -> dict[str, Any]:
    answer = await (await cast.staff(login)).get(f"{DESK}{path}")
    assert answer.status_code == expect, answer.text
    return dict(answer.json())


def changed(rows: list[list[str]], code: str, **cells: str) -> list[list[str]]:
    head = rows[0]
    return [
        [cells.get(head[at], cell) for at, cell in enumerate(row)] if row[0] == code else row for row in rows
    ]  # fmt: skip


async def lead_of(cast: Cast, case_id: str) -> tuple[str, str]:
    found = await get(cast, f"/cases/{case_id}/suggestions", "dispatcher")
    return found["departments"][0]["name"], found["dispatch"]["version"]["title"]


@pytest.mark.mechanism("001-08")
async def test_a_catalogue_goes_out_comes_back_changed_and_is_in_force_from_its_day(cast: Cast, at: At) -> None:
    at("2026-03-16T09:00")
    rows = await exported(cast)
    assert rows[0][:4] == ["职责编码", "类别编码", "事项", "主办单位"] and len(rows) > 90
    new = [["0904-9", "0901", "新事项", WATER, "", "", "", "", "", "", ""]]
    sent = await send(cast, [*changed(rows, "0901-2", 主办单位=WATER), *new])
    assert (sent["applied"], sent["added"], sent["changed"], sent["removed"]) == (True, 1, 1, 0)
    draft = sent["version_id"]
    found = await get(cast, f"/duty-lists/{draft}/difference", "dispatcher")
    line = next(one for one in found["items"] if one["code"] == "0901-2")
    assert line["fields"] == [{"field": "主办单位", "before": CITY, "after": WATER}]
    wish = {"effective_on": "2026-03-18", "title": "职责清单(第二版)", "document_no": "瑞府办字〔2026〕8号"}
    before = await bring_to(cast, "accepted", content="解放路社区路灯不亮")
    seen = await post(cast, f"/duty-lists/{draft}/preview", 200, **wish)
    assert len(seen["items"]) == 2 and seen["undispatched_cases"] == 1
    assert (await DutyVersion.get(id=draft)).state == "draft"
    done = await post(cast, f"/duty-lists/{draft}/publication", 200, **wish)
    assert (done["state"], done["effective_on"]) == ("published", "2026-03-18")
    audit = await fetch("SELECT data, subject_id FROM journal WHERE event = 'catalogue.published'", json=("data",))
    assert [(row["data"]["effective_on"], str(row["subject_id"])) for row in audit] == [("2026-03-18", draft)]
    assert "第二版" not in str(audit), "words stand in the table, the journal keeps a digest"
    old = await lead_of(cast, before)
    at("2026-03-18T09:00")
    after = await bring_to(cast, "accepted", content="解放路社区路灯不亮")
    assert await lead_of(cast, before) == old, "a case is dispatched by the version of its filing day"
    assert (await lead_of(cast, after))[1] == "职责清单(第二版)" and old[1] != "职责清单(第二版)"
    assert await exported(cast, "2026-03-17") == rows and await exported(cast) != rows
    listed = (await get(cast, "/duty-lists", "handler"))["items"]
    assert (listed[0]["title"], listed[0]["in_force"]) == ("职责清单(第二版)", True)
    with_topic = await get(cast, f"/duty-lists/{draft}?topic=0901", "handler")
    assert "0904-9" in {one["code"] for one in with_topic["lines"]}


async def test_the_same_sheet_twice_changes_nothing(cast: Cast) -> None:
    rows = await exported(cast)
    same = await send(cast, rows)
    assert (same["applied"], same["version_id"], same["added"], same["changed"]) == (True, None, 0, 0)
    first = await send(cast, changed(rows, "0901-2", 事项="社区道路和路灯"))
    ids = {row["id"] for row in await DutyItem.filter(version_id=first["version_id"]).values("id")}
    again = await send(cast, changed(rows, "0901-2", 事项="社区道路和路灯"))
    assert (again["version_id"], again["added"], again["changed"]) == (first["version_id"], 0, 0)
    assert {row["id"] for row in await DutyItem.filter(version_id=first["version_id"]).values("id")} == ids
    assert await DutyVersion.filter(state="draft").count() == 1


async def test_wrong_rows_are_named_with_column_and_reason_and_nothing_changes(cast: Cast) -> None:
    rows = await exported(cast)
    bad = changed(rows, "0901-2", 主办单位="天上局", 城乡="海上", 终止日期="明年")
    bad.append(["0901-2", "7777", "", CITY, CITY, "", "", "", "999", "也许", ""])
    sent = await send(cast, bad)
    assert (sent["applied"], sent["error_rows"], sent["version_id"]) == (False, 2, None)
    reasons = {(one["column"], one["reason"]) for one in sent["errors"]}
    number = next(at for at, row in enumerate(rows, start=1) if row[0] == "0901-2")
    assert {("主办单位", "没有这个单位“天上局”"), ("城乡", "应为城乡、城区、农村,不是“海上”"), ("终止日期", "应为年-月-日,不是“明年”"),
            ("职责编码", f"与第 {number} 行重复"), ("类别编码", "没有这个类别“7777”"), ("协办单位", "主办单位又列为协办单位"),
            ("适用区域", "没有这个区划编码“999”"), ("状态", "应为有效或停用,不是“也许”")} <= reasons  # fmt: skip
    assert await DutyVersion.filter(state="draft").count() == 0
    result = await (await cast.staff("admin")).get(f"{LISTS}/imports/{sent['id']}/result")
    lines = list(openpyxl.load_workbook(io.BytesIO(result.content)).active.iter_rows(values_only=True))
    assert lines[0][-2:] == ("结果", "原因") and "主办单位:没有这个单位“天上局”" in lines[number - 1][-1]
    assert lines[1][-2] == "未导入(清单有错误)"
    good = await send(cast, [*changed(rows, "0901-2", 主办单位="天上局"), ["N-1", "0901", "新", CITY]], good_rows_only="1")
    assert (good["applied"], good["added"], good["changed"], good["removed"]) == (True, 1, 0, 0)
    item = await DutyItem.get(version_id=good["version_id"], code="0901-2")
    assert item.lead_code == "urban_management", "the line of a wrong row stays as it was"
    assert len((await get(cast, "/duty-lists/imports"))["items"]) == 2


@pytest.mark.parametrize("name", ["清单.xlsx", "名单.txt"])
async def test_what_is_no_catalogue_is_refused_whole(cast: Cast, name: str) -> None:
    answer = await (await cast.staff("admin")).post(f"{LISTS}/imports", files={"file": (name, b"hello")})
    assert (answer.status_code, answer.json()["code"]) == (422, "unacceptable-sheet")
    head = await send(cast, [["职责编码", "事项"], ["1", "2"]], expect=422)
    assert "类别编码" in head["detail"] and "主办单位" in head["detail"]


async def test_the_template_is_empty_and_explains_itself(cast: Cast) -> None:
    answer = await (await cast.staff("admin")).get(f"{LISTS}/template")
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert book.active.max_row == 1 and book["填写说明"]["A2"].value == "职责编码"


async def test_publication_asks_for_a_draft_and_a_day_that_is_not_past(cast: Cast, at: At) -> None:
    at("2026-03-16T09:00")
    rows = await exported(cast)
    draft = (await send(cast, changed(rows, "0901-2", 主办单位=WATER)))["version_id"]
    past = await post(cast, f"/duty-lists/{draft}/publication", 422, effective_on="2026-03-15")
    assert past["errors"][0]["field"] == "effective_on"
    await post(cast, f"/duty-lists/{draft}/publication", 422, effective_on="soon")
    await post(cast, f"/duty-lists/{draft}/publication", 200, effective_on="2026-03-16")
    await post(cast, f"/duty-lists/{draft}/publication", 409, effective_on="2026-03-17")
    client = await cast.staff("admin")
    assert (await client.delete(f"{LISTS}/{draft}")).status_code == 409
    other = (await send(cast, changed(rows, "0901-2", 主办单位=CITY)))["version_id"]
    assert (await client.delete(f"{LISTS}/{other}")).status_code == 204
    assert await DutyItem.filter(version_id=other).count() == 0


async def test_only_the_keeper_of_the_whole_deployment_changes_the_catalogue(cast: Cast) -> None:
    rows = await exported(cast)
    draft = (await send(cast, changed(rows, "0901-2", 主办单位=WATER)))["version_id"]
    for path in (f"/duty-lists/{draft}/publication", f"/duty-lists/{draft}/preview"):
        await post(cast, path, 403, "dispatcher", effective_on="2099-01-01")
        await post(cast, path.replace(draft, str(uuid4())), 404, effective_on="2099-01-01")
    await send(cast, rows, "dispatcher", 403)
    await get(cast, "/duty-proposals", "dispatcher", 403)
    town = await Area.get(code="360781100")
    await Assignment.filter(role="system_admin").update(area_code=town.code, area_path=town.path)
    await send(cast, rows, "admin", 404)
    await post(cast, f"/duty-lists/{draft}/publication", 404, effective_on="2099-01-01")
    await get(cast, "/duty-proposals", expect=404)


# ---- disputes and accuracy


async def returned(cast: Cast, verdict: str, **appeal: Any) -> str:
    """A case that its first unit disputes, and what the desk says."""
    case_id = await bring_to(cast, "dispatched", **appeal)
    await cast.act("handler", case_id, "return", reason="不属于我局职责范围")
    await cast.act("dispatcher", case_id, f"{verdict}-return")
    return case_id


@pytest.mark.mechanism("001-08")
async def test_a_disputed_line_becomes_a_proposal_that_the_keeper_works_off(cast: Cast, at: At) -> None:
    at("2026-03-16T09:00")
    case_id = await returned(cast, "grant")
    second = await returned(cast, "refuse")
    waiting = (await get(cast, "/duty-proposals"))["items"]
    assert [(one["case_id"], one["return_state"]) for one in waiting] == [(second, "refused"), (case_id, "granted")]
    assert (waiting[1]["item_code"], waiting[1]["reason"], waiting[1]["unit"]) == ("0901-2", "不属于我局职责范围", CITY)
    path = f"/duty-proposals/{waiting[1]['id']}"
    await post(cast, f"{path}/acceptance", 422)
    bad = await post(cast, f"{path}/acceptance", 422, lead="nobody")
    assert bad["errors"][0]["field"] == "lead"
    done = await post(cast, f"{path}/acceptance", 200, lead="housing", co_units=["urban_management"], note="按三定方案")
    draft = await DutyItem.get(version_id=done["draft_id"], code="0901-2")
    assert (draft.lead_code, draft.co_codes) == ("housing", ["urban_management"])
    assert await DutyItem.filter(version_id=done["draft_id"]).count() > 90
    await post(cast, f"{path}/acceptance", 409, lead="water")
    await post(cast, f"/duty-proposals/{waiting[0]['id']}/rejection", 200, reason="职责清楚")
    await post(cast, f"/duty-proposals/{uuid4()}/rejection", 404, reason="职责清楚")
    await post(cast, f"/duty-proposals/{waiting[0]['id']}/rejection", 403, "dispatcher", reason="职责清楚")
    assert (await get(cast, "/duty-proposals"))["items"] == []
    assert [one["note"] for one in (await get(cast, "/duty-proposals?state=rejected"))["items"]] == ["职责清楚"]


@pytest.mark.mechanism("001-08")
async def test_accuracy_counts_first_dispatches_and_a_redirected_case_against(cast: Cast, at: At) -> None:
    at("2026-03-16T09:00")
    kept = [await bring_to(cast, "dispatched") for _ in range(2)]
    wrong = await returned(cast, "grant")
    await cast.act("dispatcher", wrong, "dispatch", lead=WATER)
    refused = await returned(cast, "refuse")
    out = await bring_to(cast, "dispatched")
    await cast.act("dispatcher", out, "transfer-out", target="供电公司", basis="权属企业")
    at("2026-04-02T09:00")
    await bring_to(cast, "dispatched")
    month = "since=2026-03-01&until=2026-03-31"
    found = await get(cast, f"/dispatch-accuracy?{month}", "dispatcher")
    assert (found["numerator"], found["denominator"], found["value"], found["returned"]) == (3, 4, "75.00", 1)
    assert found["exclusions"] == [{"code": "X1", "name": "签收前转送其他机关", "count": 1}]
    assert [(one["name"], one["value"]) for one in found["by_unit"]] == [(CITY, "75.00")]
    behind = (await get(cast, f"/dispatch-accuracy/cases?{month}", "dispatcher"))["items"]
    assert {one["id"]: one["outcome"] for one in behind} == {
        kept[0]: "kept", kept[1]: "kept", wrong: "returned", refused: "kept", out: "X1",
    }  # fmt: skip
    against = (await get(cast, f"/dispatch-accuracy/cases?{month}&outcome=returned", "dispatcher"))["items"]
    assert [(one["id"], one["unit"], one["lead"]) for one in against] == [(wrong, CITY, WATER)]
    empty = await get(cast, "/dispatch-accuracy?since=2025-01-01&until=2025-01-31", "dispatcher")
    assert (empty["value"], empty["denominator"]) == ("—", 0)
    await get(cast, "/dispatch-accuracy?since=2026-03-02&until=2026-03-01", "dispatcher", 422)
    elsewhere = await get(cast, f"/dispatch-accuracy?{month}", "handler2")
    assert elsewhere["denominator"] == 1, "a unit sees the figure of its own cases only"
    assert isinstance(await cast.staff("auditor"), httpx.AsyncClient)
    await get(cast, f"/dispatch-accuracy?{month}", "auditor", 403)
    assert REGISTER["topic"] == found["by_topic"][0]["code"]
