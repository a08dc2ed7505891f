"""民声呼应 cases close only after the superior has accepted their closure report, which names who answers for it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from config.rules import load_profile
from domain.areas.models import Area
from domain.rulebook import install, rulebook
from domain.sql import fetch
from server.rules import stable_id
from tests.support.cast import DESK, Cast
from tests.support.life import AFTER_ANSWER, GOOD, ROAD, bring_to

pytestmark = pytest.mark.anyio
Move = Callable[[str], None]
LINKS = [{"unit": "市城管局", "deputy": "李副局长"}]
SENT = {"recipient": "滁州市民声呼应办", "text": "该事项已办结。", "chain": LINKS}


@pytest.fixture(autouse=True)
def assigned_from_above() -> Iterator[None]:
    """The tracks and rules of 滁州 over those of the stage."""
    before, city = rulebook(), load_profile("chuzhou")
    rules = (*city.track_rules, *before.track_rules)
    install(replace(before, tracks={**before.tracks, **city.tracks}, track_rules=rules,
                    flags={**before.flags, **city.flags}))  # fmt: skip
    yield
    install(before)


async def answered(cast: Cast) -> str:
    entered = await (await cast.staff("dispatcher")).post(
        f"{DESK}/appeals", json={"channel": "12345_phone", "kind": "help", "area_code": "360781100001",
                                 "content": "省《民声呼应》交办:路灯不亮", "superior_assigned": True},
    )  # fmt: skip
    assert entered.status_code == 201, entered.text
    case_id = str((await fetch("SELECT case_id FROM appeals WHERE id = $1", [entered.json()["id"]]))[0]["case_id"])
    for _, login, action, body in ROAD[:-1]:
        more = {"flags": ["mshy"]} if action == "register" else {}
        await cast.act(login, case_id, action, **body, **more)
    await cast.act("principal", case_id, "instruct", text="尽快办结", leader_id=str(stable_id("staff", "principal")))
    await cast.act("principal", case_id, "answer", text="路灯已于今日修好。")
    for login, action, body in AFTER_ANSWER:
        await cast.act(login, case_id, action, **body)
    return case_id


async def post(cast: Cast, path: str, login: str = "supervisor", **body: Any) -> httpx.Response:
    return await (await cast.staff(login)).post(f"{DESK}/{path}", json=body)


@pytest.mark.mechanism("000-10", "000-28")
async def test_the_case_closes_only_when_the_superior_has_accepted_the_report(cast: Cast, at: Move) -> None:
    at("2026-03-10T09:00")
    case_id = await answered(cast)
    seen = await cast.act("callback", case_id, "callback", **GOOD)
    assert (seen["handling_track"], seen["state"]) == ("MSHY_2D", "answered"), "the loop is not closed by a good rating"
    refused = await cast.act("callback", case_id, "close", expect=409)
    assert "上级受理闭环报告(登记回执)" in refused["missing"]
    assert "闭环报告" in refused["detail"]
    gap = await post(cast, f"cases/{case_id}/closure-reports", **{**SENT, "chain": []})
    assert gap.json()["missing"] == ["市城管局:分管负责同志"]
    report = await post(cast, f"cases/{case_id}/closure-reports", **SENT)
    assert report.status_code == 201, report.text
    assert report.json()["chain"] == [
        {"unit": "市城管局", "principal": "杨文华", "deputy": "李副局长", "section": "钟志强", "missing": []}
    ]
    assert (await cast.act("callback", case_id, "close", expect=409))["missing"] == refused["missing"]
    back = await post(cast, f"closure-reports/{report.json()['id']}/receipt", number="1号", note="补充照片", accepted=False)
    assert back.json()["state"] == "returned"
    assert (await cast.act("callback", case_id, "close", expect=409))["missing"] == refused["missing"]
    again = await post(cast, f"cases/{case_id}/closure-reports", **SENT)
    assert (again.status_code, again.json()["attempt"]) == (201, 2)
    done = await post(cast, f"closure-reports/{again.json()['id']}/receipt", number="滁民呼〔2026〕12号")
    assert done.json()["state"] == "accepted"
    shown = (await (await cast.staff("supervisor")).get(f"{DESK}/cases/{case_id}")).json()
    assert shown["state"] == "closed", "nothing else was missing"


async def test_a_longer_track_does_not_take_the_report_away(cast: Cast, at: Move) -> None:
    at("2026-03-10T09:00")
    case_id = await answered(cast)
    await fetch("UPDATE cases SET track = 'STATUTORY', handling_track = 'STATUTORY' WHERE id = $1 RETURNING id", [case_id])
    await cast.act("callback", case_id, "callback", **GOOD)
    assert "上级受理闭环报告(登记回执)" in (await cast.act("callback", case_id, "close", expect=409))["missing"]


async def test_where_the_city_works_here_only_the_city_gives_the_receipt(cast: Cast, at: Move) -> None:
    at("2026-03-10T09:00")
    case_id = await answered(cast)
    report = (await post(cast, f"cases/{case_id}/closure-reports", **SENT)).json()["id"]
    assert (await post(cast, f"closure-reports/{report}/receipt", "handler", number="1")).status_code == 403
    city = await Area.get(code="3607")
    await fetch("UPDATE assignments SET area_code = '3607', area_path = $1, role = 'supervision_section'"
                " WHERE staff_id = $2 RETURNING id", [city.path, stable_id("staff", "meeting")])  # fmt: skip
    assert (await post(cast, f"closure-reports/{report}/receipt", number="1号")).status_code == 403
    done = await post(cast, f"closure-reports/{report}/receipt", "meeting", number="1号")
    assert done.json()["state"] == "accepted", done.text
    assert (await post(cast, f"closure-reports/{report}/receipt", "meeting", number="2号")).status_code == 409
    assert (await post(cast, "closure-reports/x/receipt", number="1")).status_code == 404
    assert (await post(cast, f"cases/{case_id}/closure-reports", **{**SENT, "chain": [{"unit": ""}]})).status_code == 422


async def test_a_case_of_another_track_closes_without_a_report(cast: Cast) -> None:
    case_id = await bring_to(cast, "answered")
    await fetch("UPDATE cases SET track = 'HOTLINE_5WD', handling_track = 'HOTLINE_5WD' WHERE id = $1 RETURNING id", [case_id])
    refused = await cast.act("callback", case_id, "close", expect=409)
    assert "上级受理闭环报告(登记回执)" not in refused["missing"]
