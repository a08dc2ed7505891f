"""What offices owe beside the cases: reviews, hearings, reports of retaliation, verdicts. Their clocks warn like a case's."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from domain.rulebook import install, rulebook
from domain.sql import fetch
from server.rules import stable_id
from server.timers import Timers
from tests.support.cast import DESK, RESIDENT, Cast
from tests.support.life import BAD, bring_to

pytestmark = pytest.mark.anyio
Move = Callable[[str], None]
PLAN = {"reason": "事实有争议", "planned_at": "2026-06-10T09:00:00+08:00", "place": "镇会议室",
        "members": [{"name": n, "post": "听证员"} for n in ("甲", "乙", "丙")]}  # fmt: skip


async def appeal_of(case_id: str) -> str:
    return str((await fetch("SELECT id FROM appeals WHERE case_id = $1", [case_id]))[0]["id"])


async def by_li(cast: Cast, case_id: str, what: str, **body: Any) -> dict[str, Any]:
    path = f"{RESIDENT}/appeals/{await appeal_of(case_id)}/{what}"
    answer = await (await cast.resident("li")).post(path, json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def due(cast: Cast, login: str, query: str = "") -> list[dict[str, Any]]:
    answer = await (await cast.staff(login)).get(f"{DESK}/office-clocks{query}")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def post(cast: Cast, login: str, path: str, **body: Any) -> httpx.Response:
    return await (await cast.staff(login)).post(f"{DESK}/{path}", json=body)


async def tick(cast: Cast) -> None:
    await Timers(cast.app.ctx.services).tick()


async def warned(event: str = "office.warned") -> list[tuple[str, str, str]]:
    rows = await fetch(
        "SELECT data->>'kind' AS kind, data->>'name' AS name, data->>'level' AS level FROM journal WHERE event = $1"
        " ORDER BY at, n", [event],
    )  # fmt: skip
    return [(row["kind"], row["name"], row["level"]) for row in rows]


async def told(login: str) -> list[dict[str, Any]]:
    return await fetch(
        "SELECT title, text, visible_at, case_id FROM notices WHERE recipient_id = $1 AND event LIKE 'deadline.%'"
        " ORDER BY id", [stable_id("staff", login)],
    )  # fmt: skip


@pytest.mark.mechanism("004-16", "000-42")
async def test_a_review_warns_each_level_once_in_waking_hours_and_is_supervised_when_long_overdue(
    cast: Cast, at: Move
) -> None:
    at("2026-06-01T10:00")  # Monday; three working days to accept end on Thursday
    case_id = await bring_to(cast, "answered")
    review = await by_li(cast, case_id, "review-requests", reason="灯还是不亮")
    await cast.react()
    assert [(row["clock"], row["due_at"][:10], row["level"]) for row in await due(cast, "reviewoffice")] == [
        ("复查受理", "2026-06-04", "none"), ("复查决定", "2026-07-01", "none"),
    ]  # fmt: skip
    assert await due(cast, "rereviewoffice") == [], "another body owes nothing"
    at("2026-06-05T02:00")
    for _ in range(2):
        await tick(cast)
    assert await warned() == [("review", "accept", level) for level in ("yellow", "orange", "red")]
    await cast.react()
    notices = await told("reviewoffice")
    assert [(n["title"], n["visible_at"].isoformat()) for n in notices] == [
        ("红色预警:已超期", "2026-06-04T23:30:00+00:00")
    ]  # of three levels at once the highest, at half past seven
    assert [row["overdue"] for row in await due(cast, "reviewoffice", "?overdue=true")] == [True]
    at("2026-06-10T10:00")
    await tick(cast)
    await cast.react()
    opened = (await (await cast.staff("supervisor")).get(f"{DESK}/supervisions")).json()["items"]
    assert [(row["trigger"], row["subject_kind"], row["department"]["name"]) for row in opened] == [
        ("overdue", "review", "市政府办")
    ]
    assert any("复查受理" in notice["text"] for notice in await told("supervisor"))
    answer = await post(cast, "reviewoffice", f"supervisions/{opened[0]['id']}/response", text="人手不足,今日受理")
    assert answer.json()["state"] == "answered", answer.text
    assert (await post(cast, "reviewoffice", f"reviews/{review['id']}/accept")).status_code == 200
    assert [row["clock"] for row in await due(cast, "reviewoffice")] == ["复查决定"]
    at("2026-06-20T10:00")
    before = len(await warned())
    await tick(cast)
    assert ("review", "accept", "principal") not in (await warned())[before:], "a stopped clock warns no more"


@pytest.fixture
def same_rules_after() -> Iterator[None]:
    """The calendar of the process as it was, for the tests that follow."""
    before = rulebook()
    yield
    install(before)


async def test_a_day_off_moves_what_an_office_owes(cast: Cast, at: Move, same_rules_after: None) -> None:
    at("2026-06-01T10:00")
    case_id = await bring_to(cast, "answered")
    review = await by_li(cast, case_id, "review-requests", reason="灯还是不亮")
    assert review["accept_by"][:10] == "2026-06-04"
    off = {"rows": [{"on": "2026-06-03", "working": False, "name": "防汛停工"}]}
    assert (await post(cast, "admin", "calendar", **off)).status_code == 202
    await cast.react()
    assert (await due(cast, "reviewoffice"))[0]["due_at"][:10] == "2026-06-05"
    listed = (await (await cast.staff("reviewoffice")).get(f"{DESK}/reviews")).json()["items"]
    assert listed[0]["accept_due_at"][:10] == "2026-06-05"


async def test_an_overdue_office_does_not_keep_the_unit_from_closing(cast: Cast, at: Move) -> None:
    at("2026-06-01T10:00")
    case_id = await bring_to(cast, "answered")
    await by_li(cast, case_id, "review-requests", reason="灯还是不亮")
    at("2026-06-12T10:00")
    await tick(cast)
    refused = await cast.act("callback", case_id, "close", expect=409)
    assert "督办销号" not in refused["missing"]


@pytest.mark.mechanism("004-15")
async def test_a_hearing_is_due_on_its_day_and_stops_with_the_conclusion(cast: Cast, at: Move) -> None:
    at("2026-06-01T10:00")
    case_id = await bring_to(cast, "answered")
    hearing = (await post(cast, "reviewoffice", f"cases/{case_id}/hearings", **PLAN)).json()["id"]
    assert [(row["clock"], row["due_at"], row["office"]) for row in await due(cast, "reviewoffice", "?kind=hearing")] == [
        ("听证", "2026-06-10T23:59:59+08:00", "市政府办")
    ]
    at("2026-06-10T12:00")
    await tick(cast)
    assert ("hearing", "hold", "orange") in await warned()
    done = await post(cast, "reviewoffice", f"hearings/{hearing}/conclusion", record="双方陈述", conclusion="赞成")
    assert done.status_code == 200
    at("2026-06-20T12:00")
    await tick(cast)
    assert [level for kind, _, level in await warned() if kind == "hearing"] == ["yellow", "orange"]
    row = (await fetch("SELECT met FROM office_clocks WHERE subject_id = $1", [hearing]))[0]
    assert row["met"] is True


async def test_the_days_of_a_hearing_move_the_clock_of_a_re_review(cast: Cast, at: Move) -> None:
    at("2026-06-01T10:00")
    case_id = await bring_to(cast, "answered")
    first = (await by_li(cast, case_id, "review-requests", reason="不亮"))["id"]
    for path, body in (("accept", {}), ("begin", {}), ("decision", {"outcome": "upheld", "decision": "维持"})):
        assert (await post(cast, "reviewoffice", f"reviews/{first}/{path}", **body)).status_code == 200
    again = (await by_li(cast, case_id, "rereview-requests", reason="还是不亮"))["id"]
    assert (await post(cast, "rereviewoffice", f"reviews/{again}/accept")).status_code == 200
    hearing = (await post(cast, "rereviewoffice", f"reviews/{again}/hearings", **PLAN)).json()["id"]
    at("2026-06-10T12:00")
    await post(cast, "rereviewoffice", f"hearings/{hearing}/conclusion", record="双方陈述", conclusion="赞成")
    rows = await due(cast, "rereviewoffice", "?kind=rereview")
    assert [(row["clock"], row["due_at"][:10]) for row in rows] == [("复核决定", "2026-07-10")]


async def test_a_report_of_retaliation_warns_and_is_supervised_behind_the_wall(cast: Cast, at: Move) -> None:
    at("2026-06-08T10:00")
    case_id = await bring_to(cast, "answered")
    report = await by_li(cast, case_id, "retaliation-reports", text="有人威胁要停我家的水")
    await cast.react()
    for login in ("discipline", "reviewoffice"):
        assert [row["clock"] for row in await due(cast, login)] == ["打击报复反映首次联系"], login
    for login in ("handler", "reviewer", "supervisor", "principal"):
        assert await due(cast, login) == [], login
    at("2026-06-12T11:00")
    await tick(cast)
    await cast.react()
    assert [level for kind, _, level in await warned() if kind == "retaliation"] == [
        "yellow", "orange", "red", "urge", "supervision",
    ]  # fmt: skip
    assert await told("discipline")
    assert all(notice["case_id"] is None for notice in await told("discipline"))
    for login in ("handler", "reviewer", "supervisor", "principal", "unitlead"):
        assert not [n for n in await told(login) if "报复" in n["text"]], login
        assert "retaliation" not in (await (await cast.staff(login)).get(f"{DESK}/supervisions")).text, login
        shown = await (await cast.staff(login)).get(f"{DESK}/cases/{case_id}")
        assert "retaliation" not in shown.text, login
        assert "office.supervised" not in shown.text, login
    row = (await (await cast.staff("discipline")).get(f"{DESK}/supervisions")).json()["items"][0]
    assert (row["subject_kind"], row["trigger"]) == ("retaliation", "overdue")
    assert (await post(cast, "supervisor", f"supervisions/{row['id']}/verdict", verdict="x")).status_code == 404
    path = f"retaliation-reports/{report['id']}/supervision-verdict"
    assert (await post(cast, "handler", path, verdict="x")).status_code == 403
    assert (await post(cast, "rereviewoffice", path, verdict="x")).status_code == 404
    assert (await post(cast, "discipline", f"retaliation-reports/{report['id']}/contact")).status_code == 200
    closed = await post(cast, "discipline", path, verdict="已补联系,批评教育")
    assert closed.json()["state"] == "closed", closed.text
    assert await due(cast, "discipline") == []


@pytest.mark.mechanism("004-26")
async def test_a_bad_rating_asks_for_a_verdict_on_the_first_handling_by_somebody_outside(cast: Cast, at: Move) -> None:
    at("2026-06-01T10:00")
    case_id = await bring_to(cast, "answered")
    await cast.act("callback", case_id, "callback", **BAD)
    office = await cast.staff("supervisor")
    listed = (await office.get(f"{DESK}/first-handler-reviews?state=open")).json()["items"]
    assert [(r["unit"], r["handler"], r["cause_name"], r["due_at"][:10]) for r in listed] == [
        ("市城管局", "钟志强", "群众评价不满意", "2026-06-08")
    ]
    supervisions = (await office.get(f"{DESK}/supervisions")).json()["items"]
    assert supervisions[0]["first_handler_review"]["id"] == listed[0]["id"]
    assert [row["clock"] for row in await due(cast, "supervisor")] == ["首办责任核查"]
    path = f"first-handler-reviews/{listed[0]['id']}/verdict"
    verdict = {"fault": True, "reason": "首次处置未到现场", "measure": "约谈承办人,重新培训"}
    assert (await post(cast, "handler", path, **verdict)).status_code == 403
    assert (await post(cast, "supervisor", path, fault=True)).status_code == 422
    assert (await post(cast, "supervisor", path, **{**verdict, "reason": " \u200b"})).status_code == 422
    assert (await post(cast, "supervisor", "first-handler-reviews/x/verdict", **verdict)).status_code == 404
    at("2026-06-12T10:00")
    await tick(cast)
    assert ("first_handler", "verdict", "supervision") in await warned()
    decided = await post(cast, "supervisor", path, **verdict)
    assert (decided.status_code, decided.json()["state"], decided.json()["fault"]) == (200, "decided", True)
    assert (await post(cast, "supervisor", path, **verdict)).json()["code"] == "guard-not-met"
    shown = (await office.get(f"{DESK}/cases/{case_id}")).json()["first_handler_reviews"]
    assert [(row["fault"], row["measure"]) for row in shown] == [(True, "约谈承办人,重新培训")]
    assert [row["kind"] for row in await due(cast, "supervisor", "?kind=first_handler")] == []


async def test_nobody_of_the_first_unit_and_nobody_elsewhere_gives_the_verdict(cast: Cast) -> None:
    case_id = await bring_to(cast, "answered")
    await cast.act("callback", case_id, "callback", **BAD)
    review = (await (await cast.staff("supervisor")).get(f"{DESK}/first-handler-reviews")).json()["items"][0]["id"]
    verdict = {"fault": False, "reason": "按规定办理", "measure": "无"}
    unit = stable_id("staff", "handler")
    await fetch(
        "UPDATE assignments SET department_id = (SELECT department_id FROM staff WHERE id = $1)"
        " WHERE staff_id = $2 RETURNING id", [unit, stable_id("staff", "supervisor")],
    )  # fmt: skip
    refused = await post(cast, "supervisor", f"first-handler-reviews/{review}/verdict", **verdict)
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict-of-interest")
    assert (await post(cast, "handler2", f"first-handler-reviews/{review}/verdict", **verdict)).status_code == 403
    assert (await (await cast.staff("handler2")).get(f"{DESK}/first-handler-reviews")).json()["items"] == []
    assert (await (await cast.staff("supervisor")).get(f"{DESK}/office-clocks?kind=x")).status_code == 422
    assert (await (await cast.staff("admin")).get(f"{DESK}/office-clocks")).status_code == 403
    assert (await (await cast.staff("supervisor")).get(f"{DESK}/office-clocks?cursor=x")).status_code == 422
