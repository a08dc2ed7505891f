"""A villager opens the link of a survey from a text message, on a phone whose browser runs no script."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
from playwright.sync_api import Page, expect

from domain.surveys.waves import token_digest
from tests.browser.eyes import check_view
from tests.support.server import RunningServer

TakePhone = Callable[..., Page]
NARROW = {"width": 320, "height": 568}


def link(server: RunningServer) -> str:
    """The path of a link for a newly filed appeal, in a wave of one."""
    token, wave, at = secrets.token_urlsafe(16), uuid4(), datetime.now(UTC)
    appeal = {"kind": "help", "content": "村口的路灯坏了", "area_code": "360781100001"}
    filed = server.resident("li").post("/api/miniprogram/v1/appeals", json=appeal).json()
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO survey_waves (id, name, area_path, closed_from, closed_to, stratum, modes, seed, population, size,"
            " opened_at, opened_by, expires_at)"
            " SELECT %s, '六月四问', path, %s, %s, 'unit', '[\"link\"]', 1, 1, 1, %s, 'staff:test', %s"
            " FROM areas WHERE code = '360781'",
            [wave, at.date(), at.date(), at, at + timedelta(days=15)],
        )
        connection.execute(
            "INSERT INTO survey_invites (id, wave_id, appeal_id, case_id, stratum, token_hash, mode, solved, staff, comment)"
            " SELECT %s, %s, id, case_id, '', %s, '', '', '', '' FROM appeals WHERE id = %s",
            [uuid4(), wave, token_digest(token), filed["id"]],
        )
    return f"/s/{token}"


def check_narrow(page: Page) -> None:
    """Nothing runs out of the smallest phone."""
    wide = page.viewport_size
    assert wide is not None
    page.set_viewport_size(NARROW)
    assert page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]
    page.set_viewport_size(wide)


def test_the_four_questions_are_answered_without_script(server: RunningServer, take_phone: TakePhone) -> None:
    page = take_phone(java_script_enabled=False)
    page.goto(link(server))
    check_view(page, 18)
    check_narrow(page)
    page.locator("label.choice", has_text="没有解决").click()
    page.get_by_label("还有什么意见建议").fill("灯又灭了")
    page.get_by_role("button", name="提交").click()

    expect(page.get_by_role("alert")).to_contain_text("标红的地方")
    check_view(page, 18)
    check_narrow(page)
    expect(page.get_by_role("group", name="您对办理满意吗")).to_contain_text("还没有选")
    expect(page.get_by_role("radio", name="没有解决")).to_be_checked()
    expect(page.get_by_label("还有什么意见建议")).to_have_value("灯又灭了")
    page.locator("label.choice", has_text="非常不满意").click()
    page.locator("label.choice", has_text="一般").click()
    page.get_by_role("button", name="提交").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("谢谢您")
    expect(page.locator("main")).to_contain_text("督查人员会核查")
    check_view(page, 18)
    check_narrow(page)
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_contain_text("已经答过了")
