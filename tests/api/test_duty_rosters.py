"""Rapid teams and duty rosters at the desk: people, shifts, sheets, weeks, and the gaps that the timer finds."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import openpyxl
import pytest

from domain.rosters.models import DutyShift, TeamMember
from domain.sql import fetch
from server import alarms
from server.demo.rosters import make_rosters
from server.observe import METRICS
from server.timers import Timers
from tests.support.cast import DESK, Cast
from tests.support.life import CITY, WATER
from tests.support.rosters import PHONE, call, member, roster, told, turn, unit_id

pytestmark = pytest.mark.anyio
At = Callable[[str], None]


# ---- the team


@pytest.mark.mechanism("001-04")
async def test_a_unit_keeps_its_team_with_masked_numbers_checks_and_leave(cast: Cast, at: At) -> None:
    at("2026-03-13T09:00")
    unit = await unit_id()
    lead = await member(cast, "队长", "lead")
    deputy = await member(cast, "副队长", "deputy")
    shown = await call(cast, "GET", f"/units/{unit}/team", 200, "handler")
    assert [(one["name"], one["role_name"], one["phone"], one["reachable"]) for one in shown["items"]] == [
        ("队长", "负责人", "138****0001", None), ("副队长", "副负责人", "138****0001", None),
    ]  # fmt: skip
    checked = await call(cast, "POST", f"/team-members/{lead}/checks", 200, reached=True)
    assert checked["reachable"] is True and checked["checked_at"].startswith("2026-03-13T09:0")
    number = await call(cast, "POST", f"/team-members/{lead}/reveals", 200, "dispatcher", purpose="紧急联系")
    assert number == {"phone": PHONE}
    audit = await fetch("SELECT actor, data FROM journal WHERE event = 'team.number-opened'", json=("data",))
    assert len(audit) == 1 and "紧急" not in str(audit) and PHONE not in str(audit)
    leave = {"since": "2026-03-14T00:00:00+08:00", "until": "2026-03-15T00:00:00+08:00"}
    alone = await call(cast, "POST", f"/team-members/{lead}/leave", 422, **leave)
    assert "24小时通信畅通" in alone["errors"][0]["message"]
    await call(cast, "POST", f"/team-members/{lead}/leave", 200, **leave, substitute_id=deputy)
    at("2026-03-14T10:00")
    now_away = (await call(cast, "GET", f"/units/{unit}/team", 200))["items"][0]
    assert (now_away["away"], now_away["substitute"]) == (True, "副队长")
    changed = {"name": "新队长", "phone": "13812340002", "role": "lead"}
    await call(cast, "PUT", f"/team-members/{lead}", 200, **changed)
    row = (await call(cast, "GET", f"/units/{unit}/team", 200))["items"][0]
    assert (row["name"], row["reachable"]) == ("新队长", None), "a new number is to be checked again"
    assert (await (await cast.staff("unitlead")).delete(f"{DESK}/team-members/{deputy}")).status_code == 204
    assert len((await call(cast, "GET", f"/units/{unit}/team", 200))["items"]) == 1


async def test_bad_people_are_refused_and_strangers_see_nothing(cast: Cast, at: At) -> None:
    at("2026-03-13T09:00")
    unit, lead = await unit_id(), await member(cast, "队长", "lead")
    await call(cast, "POST", f"/units/{unit}/team", 422, name="二", phone=PHONE, role="lead")
    await call(cast, "POST", f"/units/{unit}/team", 422, name="二", phone="abc", role="deputy")
    await call(cast, "POST", f"/units/{unit}/team", 422, name="二", phone=PHONE, role="chief")
    await call(cast, "POST", f"/units/{unit}/team", 422, name="二", phone=PHONE, role="deputy", staff_id=str(uuid4()))
    await call(cast, "POST", f"/team-members/{lead}/leave", 422, since="2026-03-14T00:00:00", substitute_id=lead)
    await call(cast, "POST", f"/team-members/{lead}/leave", 422, since="2026-03-14T00:00:00+08:00", substitute_id=lead)
    for login, status in (("handler", 403), ("dispatcher", 403), ("auditor", 403)):
        await call(cast, "POST", f"/units/{unit}/team", status, login, name="二", phone=PHONE, role="deputy")
    other = await unit_id(WATER)
    await call(cast, "POST", f"/units/{other}/team", 404, name="二", phone=PHONE, role="deputy")
    await call(cast, "GET", f"/units/{unit}/team", 404, "handler2")
    await call(cast, "GET", f"/units/{unit}/team", 404, "towndesk")
    await call(cast, "POST", f"/team-members/{lead}/reveals", 404, "handler2", purpose="紧急联系")
    await call(cast, "POST", f"/team-members/{lead}/reveals", 422, "handler", purpose="x")
    await call(cast, "POST", f"/team-members/{uuid4()}/checks", 404, reached=True)


# ---- the roster


@pytest.mark.mechanism("001-05", "001-17")
async def test_the_roster_shows_who_is_rung_when_and_where_nobody_is(cast: Cast, at: At) -> None:
    at("2026-03-13T09:00")
    unit, who = await unit_id(), await member(cast, "张三")
    assert await roster(cast, turn(who, "2026-03-13"), turn(who, "2026-03-14")) == {"new": 2, "changed": 0}
    assert await roster(cast, turn(who, "2026-03-13")) == {"new": 0, "changed": 0}
    assert await roster(cast, turn(who, "2026-03-14", ends="09:00")) == {"new": 0, "changed": 1}
    shown = await call(cast, "GET", f"/units/{unit}/roster?since=2026-03-13&until=2026-03-14", 200, "handler")
    assert [(one["on"], one["name"], one["phone"]) for one in shown["shifts"]] == [
        ("2026-03-13", "张三", "138****0001"), ("2026-03-14", "张三", "138****0001"),
    ]  # fmt: skip
    cut = [(one["kind"], one["starts_at"][5:16], one["people"]) for one in shown["spans"]]
    assert cut == [
        ("gap", "03-13T00:00", []), ("desk", "03-13T08:30", []), ("gap", "03-13T12:00", []), ("desk", "03-13T14:30", []),
        ("team", "03-13T17:30", ["张三"]), ("gap", "03-14T08:30", []), ("team", "03-14T17:30", ["张三"]),
    ]  # fmt: skip
    assert [one["starts_at"][5:16] for one in shown["gaps"]] == ["03-13T00:00", "03-13T12:00", "03-14T08:30"]
    for moment, kind in (("03-13T17:29", "desk"), ("03-13T17:31", "team"), ("03-14T00:00", "team"), ("03-14T10:00", "gap")):
        at(f"2026-{moment}")
        found = await call(cast, "GET", f"/units/{unit}/on-duty", 200, "dispatcher")
        assert (found["kind"], len(found["people"])) == (kind, int(kind == "team"))
    refused = await (await cast.staff("unitlead")).delete(f"{DESK}/team-members/{who}")
    assert refused.status_code == 409, "a shift lies ahead"
    shift = shown["shifts"][1]["id"]
    assert (await (await cast.staff("unitlead")).delete(f"{DESK}/shifts/{shift}")).status_code == 204
    await call(cast, "DELETE", f"/shifts/{shift}", 404)


async def test_a_week_is_copied_once_and_without_those_who_left(cast: Cast, at: At) -> None:
    at("2026-03-09T09:00")
    unit = await unit_id()
    stays, leaves = await member(cast, "张三"), await member(cast, "李四")
    await roster(cast, turn(stays, "2026-03-09"), turn(stays, "2026-03-15", "00:00", "00:00"), turn(leaves, "2026-03-10"))
    await TeamMember.filter(id=leaves).update(active=False)
    week = {"source": "2026-03-09", "target": "2026-03-16"}
    assert await call(cast, "POST", f"/units/{unit}/week-copies", 201, **week) == {"new": 2, "without_person": 1}
    assert await call(cast, "POST", f"/units/{unit}/week-copies", 201, **week) == {"new": 0, "without_person": 1}
    whole = await DutyShift.get(member_id=stays, on="2026-03-22")
    assert whole.ends_at - whole.starts_at == timedelta(hours=24)
    for target in ("2026-03-09", "2026-03-17"):
        await call(cast, "POST", f"/units/{unit}/week-copies", 422, source="2026-03-09", target=target)
    await call(cast, "POST", f"/units/{unit}/week-copies", 403, "handler", **week)
    await roster(cast, turn(str(uuid4()), "2026-03-09"), expect=422)
    await roster(cast, turn(stays, "2026-03-09", "25:00"), expect=422)
    await call(cast, "GET", f"/units/{unit}/roster?since=2026-03-13&until=2026-03-12", 422)


def xlsx(*rows: tuple[str, ...]) -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in (("日期", "班次", "姓名", "开始", "结束", "顺序"), *rows):
        book.active.append(row)
    book.save(out)
    return out.getvalue()


async def upload(cast: Cast, data: bytes, expect: int = 201, login: str = "unitlead", **fields: str) -> dict[str, Any]:
    answer = await (await cast.staff(login)).post(
        f"{DESK}/rosters/imports", files={"file": ("值班.xlsx", data)}, data={"unit": CITY, **fields}
    )
    assert answer.status_code == expect, answer.text
    return dict(answer.json())


@pytest.mark.mechanism("001-17")
async def test_a_sheet_becomes_shifts_and_its_wrong_rows_are_named(cast: Cast) -> None:
    await member(cast, "张三")
    good = ("2026-03-13", "夜班", "张三", "17:30", "08:30", "")
    bad = [("2026-02-30", "夜班", "张三", "17:30", "08:30"), ("2026-03-14", "夜班", "李四", "17:30", "08:30"),
           ("2026-03-14", "夜班", "张三", "下午", "08:30"), good]  # fmt: skip
    sent = await upload(cast, xlsx(good, *bad))
    assert (sent["applied"], sent["new"], sent["total"]) == (False, 0, 5)
    assert [(one["row"], one["column"]) for one in sent["errors"]] == [(3, "日期"), (4, "姓名"), (5, "开始"), (6, "姓名")]
    assert await DutyShift.all().count() == 0
    assert (await upload(cast, xlsx(good, *bad), good_rows_only="1"))["new"] == 1
    again = await upload(cast, xlsx(good))
    assert (again["applied"], again["new"], again["changed"]) == (True, 0, 0)
    await upload(cast, b"hello", 422)
    await upload(cast, xlsx(good), 403, "handler")
    await upload(cast, xlsx(good), 404, unit=WATER)
    await upload(cast, xlsx(good), 422, unit="天上局")
    template = await (await cast.staff("unitlead")).get(f"{DESK}/rosters/template")
    assert openpyxl.load_workbook(io.BytesIO(template.content)).active["A1"].value == "日期"


# ---- gaps


@pytest.mark.mechanism("001-17")
async def test_a_span_without_anybody_raises_an_alarm_and_the_lead_is_told_once(cast: Cast, at: At) -> None:
    at("2026-03-13T09:00")
    who = await member(cast, "张三")
    await roster(cast, turn(who, "2026-03-13", "12:00", "14:30"), turn(who, "2026-03-13"))
    timers = Timers(cast.app.ctx.services)
    await timers.sweep()
    await timers.sweep()
    await cast.react()
    assert await told("unitlead", "duty.gap-found") == [
        f"{CITY} 3月14日08:30 起 无人值班,请立即安排,保持24小时电话有人接听。"
    ]  # what lies behind is told to nobody
    at("2026-03-14T09:00")
    await alarms.look()
    sample = METRICS.registry.get_sample_value
    assert (sample("huying_duty_gaps", {"when": "now"}), sample("huying_duty_gaps", {"when": "ahead"})) == (1, 1)
    await timers.sweep()
    await cast.react()
    assert len(await told("unitlead", "duty.gap-found")) == 1
    await roster(cast, turn(who, "2026-03-14", "08:30", "08:30"), turn(who, "2026-03-15", "08:30", "08:30"))
    await alarms.look()
    assert (sample("huying_duty_gaps", {"when": "now"}), sample("huying_duty_gaps", {"when": "ahead"})) == (0, 0)


async def test_the_demo_has_one_office_without_a_gap_and_one_with(cast: Cast, at: At) -> None:
    at("2026-03-12T09:00")
    await make_rosters()
    await make_rosters()
    for name, gaps in ((CITY, []), (WATER, ["03-14T08:30"])):
        found = await call(cast, "GET", f"/units/{await unit_id(name)}/roster?since=2026-03-13&until=2026-03-20", 200, "dispatcher")
        assert [one["starts_at"][5:16] for one in found["gaps"]] == gaps
        assert len(found["shifts"]) > 10
