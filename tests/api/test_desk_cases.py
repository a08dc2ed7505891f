"""Work lists, the file of a case, who may see whom, and suggestions."""

from collections.abc import Callable
from typing import Any

import pytest

from domain.access.models import AccessLogEntry
from domain.sql import fetch
from tests.support.cast import DESK, Cast
from tests.support.life import BAD, CITY, GOOD, REGISTER, WATER, bring_to, finish

pytestmark = pytest.mark.anyio

At = Callable[[str], None]
LI = {"name": "李满妹", "phone": "13912345678"}


async def _get(cast: Cast, login: str, path: str, expect: int = 200, **query: Any) -> Any:
    answer = await (await cast.staff(login)).get(f"{DESK}{path}", params=query)
    assert answer.status_code == expect, answer.text
    return answer.json()


async def _ids(cast: Cast, login: str, **query: Any) -> set[str]:
    return {case["id"] for case in (await _get(cast, login, "/cases", **query))["items"]}


async def test_a_list_is_narrowed_by_everything_the_contract_names(cast: Cast, at: At) -> None:
    at("2026-03-16T09:00")
    lamp = await bring_to(cast, "dispatched", content="解放路口的路灯坏了", dispatch={"co_units": [WATER]})
    other = await bring_to(cast, "submitted", content="自来水浑浊100%_不能喝", area_code="360781101", kind="complaint")
    both = {lamp, other}
    number = (await _get(cast, "dispatcher", f"/cases/{lamp}"))["number"]
    appeal_number = (await _get(cast, "dispatcher", f"/cases/{lamp}"))["appeals"][0]["number"]
    table: list[tuple[dict[str, Any], set[str]]] = [
        ({}, both),
        ({"state": "dispatched"}, {lamp}),
        ({"state": "dispatched,submitted"}, both),
        ({"kind": "event"}, set()),
        ({"area": "360781100"}, {lamp}),
        ({"area": "360781"}, both),
        ({"topic": "0901"}, {lamp}),
        ({"unit": CITY}, {lamp}),
        ({"unit": WATER}, {lamp}),
        ({"channel": "12345_phone"}, set()),
        ({"number": number}, {lamp}),
        ({"number": appeal_number}, {lamp}),
        ({"text": "路灯"}, {lamp}),
        ({"text": "100%_"}, {other}),
        ({"text": "1%0"}, set()),
        ({"due_before": "2026-03-17"}, both),
        ({"due_before": "2026-03-16"}, set()),
        ({"overdue": "true"}, set()),
    ]
    for query, expected in table:
        assert await _ids(cast, "dispatcher", **query) & both == expected, query
    at("2026-03-30T09:00")
    assert both <= await _ids(cast, "dispatcher", overdue="true")
    line = next(c for c in (await _get(cast, "dispatcher", "/cases"))["items"] if c["id"] == lamp)
    assert (line["state_name"], line["lead"]["name"], line["clock"]["level"]) == ("已派单", CITY, "principal")


@pytest.mark.parametrize(
    ("query", "field"),
    [({"state": "lost"}, "state"), ({"area": "999999"}, "area"), ({"unit": "无"}, "unit"), ({"kind": "x"}, "kind"),
     ({"limit": 0}, "limit"), ({"due_before": "1900-13-01"}, "due_before"), ({"phone": "12", "purpose": "联系群众"}, "phone"),
     ({"phone": "13912345678"}, "purpose")],
)  # fmt: skip
async def test_a_bad_search_names_its_field(cast: Cast, query: dict[str, Any], field: str) -> None:
    refused = await _get(cast, "dispatcher", "/cases", expect=422, **query)
    assert refused["errors"][0]["field"] == field


async def test_pages_follow_one_another_without_gap(cast: Cast) -> None:
    made = [await bring_to(cast, "submitted") for _ in range(5)]
    seen: list[str] = []
    cursor: dict[str, Any] = {}
    while True:
        page = await _get(cast, "dispatcher", "/cases", limit=2, **cursor)
        seen += [case["id"] for case in page["items"]]
        if not page["next"]:
            break
        cursor = {"cursor": page["next"]}
    assert seen == sorted(made, reverse=True)
    assert (await _get(cast, "dispatcher", "/cases", expect=422, cursor="***"))["code"] == "invalid-cursor"


async def test_a_unit_sees_its_cases_a_town_its_own_and_the_administrator_none(cast: Cast) -> None:
    here = await bring_to(cast, "dispatched")
    town = await bring_to(cast, "submitted", area_code="360781101")
    assert here in await _ids(cast, "handler")
    assert here not in await _ids(cast, "handler2")
    assert town not in await _ids(cast, "towndesk")
    assert here in await _ids(cast, "towndesk")
    await _get(cast, "towndesk", f"/cases/{town}", expect=404)
    await _get(cast, "admin", "/cases", expect=403)
    await _get(cast, "dispatcher", "/cases/not-an-id", expect=404)


async def test_a_case_answers_what_the_contract_names(cast: Cast) -> None:
    case = await _get(cast, "handler", f"/cases/{await bring_to(cast, 'signed', contact=LI)}")
    assert {"id", "number", "kind", "state", "version", "can", "clocks", "appeals"} <= set(case)
    assert "contact" in case["can"] and "accept" not in case["can"]
    handling = next(c for c in case["clocks"] if c["name"] == "handling")
    assert handling["level"] == "none" and handling["explanation"][0]["on"]
    assert case["track"] == "HOTLINE_5WD" and case["track_reasons"]
    assert [line["event"] for line in case["timeline"]][:3] == ["appeal.submitted", "case.registered", "case.accepted"]
    assert case["timeline"][1]["by"] == "刘晓梅"


# ---- identity


async def _revealed(cast: Cast, login: str, case: dict[str, Any], expect: int = 200, **more: Any) -> dict[str, Any]:
    body = {"appeal_id": case["appeals"][0]["id"], "purpose": "核实路灯位置", **more}
    answer = await (await cast.staff(login)).post(f"{DESK}/cases/{case['id']}/reveals", json=body)
    assert answer.status_code == expect, answer.text
    return dict(answer.json())


async def test_a_named_appellant_is_masked_and_opened_with_a_purpose(cast: Cast) -> None:
    case = await _get(cast, "handler", f"/cases/{await bring_to(cast, 'signed', contact=LI)}")
    assert case["appeals"][0]["appellant"] == {"name": "李**", "phone": "139****5678"}
    opened = await _revealed(cast, "handler", case)
    assert (opened["name"], opened["phone"]) == (LI["name"], LI["phone"])
    entry = await AccessLogEntry.get(appeal_id=case["appeals"][0]["id"])
    assert (entry.purpose, entry.actor_role, entry.department_name) == ("核实路灯位置", "handler", CITY)
    rows = await fetch("SELECT data::text AS data FROM journal WHERE event = 'identity.revealed' AND case_id = $1", [case["id"]])
    assert len(rows) == 1
    assert LI["phone"] not in rows[0]["data"] and "路灯位置" not in rows[0]["data"]
    own = (await (await cast.resident()).get("/api/miniprogram/v1/me/access-log")).json()
    assert any("核实路灯位置" in str(item) for item in own["items"])
    await _revealed(cast, "handler", case, expect=422, purpose="x")
    await _revealed(cast, "handler", case, expect=404, appeal_id=case["id"])
    await _revealed(cast, "handler2", case, expect=404)
    await _revealed(cast, "reviewer", case, expect=403)


async def test_a_hidden_appellant_is_seen_by_intake_and_callback_only(cast: Cast) -> None:
    case_id = await bring_to(cast, "signed", contact=LI, identity="hidden_from_handler", content="举报村口违建")
    for login in ("handler", "reviewer", "principal", "supervisor", "towndesk"):
        case = await _get(cast, login, f"/cases/{case_id}")
        assert case["appeals"][0]["appellant"] is None, login
        assert LI["name"] not in str(case) and LI["phone"] not in str(case)
    for login in ("dispatcher", "callback"):
        case = await _get(cast, login, f"/cases/{case_id}")
        assert case["appeals"][0]["appellant"] == {"name": "李**", "phone": "139****5678"}
        assert (await _revealed(cast, login, case))["phone"] == LI["phone"]
    await _revealed(cast, "handler", case, expect=403)


async def test_the_household_is_hidden_with_the_appellant(cast: Cast) -> None:
    code = await cast.plate()
    named = await bring_to(cast, "registered", plate_code=code, area_code=None)
    hidden = await bring_to(cast, "signed", plate_code=code, area_code=None, identity="hidden_from_handler")
    nobody = await bring_to(cast, "registered", plate_code=code, area_code=None, identity="anonymous")
    assert (await _get(cast, "dispatcher", f"/cases/{named}"))["household_id"]
    assert (await _get(cast, "dispatcher", f"/cases/{hidden}"))["household_id"]
    assert (await _get(cast, "handler", f"/cases/{hidden}"))["household_id"] is None
    assert (await _get(cast, "dispatcher", f"/cases/{nobody}"))["household_id"] is None


async def test_an_anonymous_appellant_is_seen_by_nobody(cast: Cast) -> None:
    case_id = await bring_to(cast, "registered", contact=LI, identity="anonymous")
    case = await _get(cast, "dispatcher", f"/cases/{case_id}")
    assert case["appeals"][0]["appellant"] is None
    await _revealed(cast, "dispatcher", case, expect=403)


async def test_a_search_by_telephone_needs_the_right_and_is_logged(cast: Cast) -> None:
    named = await bring_to(cast, "signed", contact=LI)
    hidden = await bring_to(cast, "signed", contact=LI, identity="hidden_from_handler")
    nobody = await bring_to(cast, "registered", contact={"phone": "13700001111"})
    query = {"phone": "139 1234 5678", "purpose": "来电查询进度"}
    client = await cast.staff("dispatcher")
    found = (await client.post(f"{DESK}/cases", json=query)).json()
    assert {case["id"] for case in found["items"]} == {named, hidden}
    assert nobody not in str(found)
    assert await _ids(cast, "handler", **query) == {named}, "a unit does not find whom it may not know"
    assert await AccessLogEntry.filter(purpose="来电查询进度").count() == 3
    rows = await fetch("SELECT data::text AS data FROM journal WHERE event = 'identity.searched'")
    assert len(rows) == 2 and LI["phone"] not in str(rows)
    await _get(cast, "supervisor", "/cases", expect=403, **query)


# ---- ratings


async def test_a_unit_sees_no_score_before_the_case_closes_and_no_words_after(cast: Cast) -> None:
    case_id = await bring_to(cast, "answered")
    await cast.act("callback", case_id, "callback", **{**BAD, "comment": "钟志强态度不好"})
    for login in ("handler", "reviewer", "principal"):
        case = await _get(cast, login, f"/cases/{case_id}")
        assert case["ratings"] == [] and case["callbacks"] == []
        assert "态度不好" not in str(case)
        assert all("result" not in line["data"] for line in case["timeline"])
    assert (await _get(cast, "supervisor", f"/cases/{case_id}"))["ratings"][0]["comment"] == "钟志强态度不好"


async def test_after_closing_a_unit_sees_scores_without_words(cast: Cast) -> None:
    case_id = await bring_to(cast, "answered")
    await cast.act("handler", case_id, "contact", stage="answer")
    await cast.act("handler", case_id, "follow-up", note="已回访")
    await cast.act("callback", case_id, "callback", **{**GOOD, "comment": "李大姐说满意"})
    seen = (await _get(cast, "handler", f"/cases/{case_id}"))
    assert (seen["state"], seen["ratings"][0]["result"], seen["ratings"][0]["comment"]) == ("closed", 5, "")


# ---- suggestions


@pytest.mark.mechanism("000-35", "000-29")
async def test_suggestions_name_topic_units_and_duplicates_with_reasons(cast: Cast) -> None:
    text = "解放路菜市场门口的路灯坏了三盏,晚上看不见路"
    first = await bring_to(cast, "submitted", content=text, contact=LI)
    await bring_to(cast, "submitted", content="孩子上学的补贴一直没有发下来")
    second = await bring_to(cast, "registered", content="解放路菜市场门口路灯坏了,晚上看不见", contact=LI)
    found = await _get(cast, "dispatcher", f"/cases/{second}/suggestions")
    assert found["topics"][0]["code"] == REGISTER["topic"]
    assert found["departments"] and all(unit["reasons"][0].startswith("职责清单") for unit in found["departments"])
    assert [case["id"] for case in found["duplicates"]] == [first]
    assert {"同一村(社区)", "联系电话相同"} <= set(found["duplicates"][0]["reasons"])
    assert LI["phone"] not in str(found)
    await _get(cast, "handler", f"/cases/{second}/suggestions", expect=404)
    await _get(cast, "supervisor", f"/cases/{second}/suggestions", expect=403)


async def test_the_town_comes_first_where_the_catalogue_says_so(cast: Cast) -> None:
    case_id = await cast.case_of(await cast.appeal(topic="0402", content="家里突然遇到难处,想申请临时救助"))
    found = await _get(cast, "dispatcher", f"/cases/{case_id}/suggestions")
    best = found["departments"][0]
    assert best["name"] == "象湖镇" and "属地优先:由所在乡镇牵头" in best["reasons"]
    assert "市民政局" in {unit["name"] for unit in best["co_units"]}


async def test_closing_stays_quiet_about_the_closed(cast: Cast) -> None:
    case_id = await bring_to(cast, "answered")
    await finish(cast, case_id)
    assert (await _get(cast, "supervisor", f"/cases/{case_id}"))["can"] == ["rework", "add-note", "find-cause"]
