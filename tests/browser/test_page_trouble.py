"""When things go wrong on a villager's phone: no network, reloads, refusals, too many calls, no script at all."""

from collections.abc import Callable

import psycopg
from playwright.sync_api import Page, Route, expect

from tests.browser.phones import plate
from tests.support.server import RunningServer

TakePhone = Callable[..., Page]
DOOR = "**/api/miniprogram/v1"


def count(server: RunningServer, words: str) -> int:
    """How often an appeal with these words was filed."""
    with psycopg.connect(server.dsn) as connection:
        row = connection.execute("SELECT count(*) FROM appeals WHERE content = %s", [words]).fetchone()
    assert row is not None
    return int(row[0])


def say(page: Page, words: str) -> None:
    page.get_by_label("写几句话").fill(words)
    page.get_by_role("button", name="提交", exact=True).click()


def test_what_was_written_survives_a_reload(server: RunningServer, take_phone: TakePhone) -> None:
    page = take_phone()
    page.goto(f"/h/{plate(server)}#say")
    page.get_by_label("写几句话").fill("写到一半，手机没电了")
    page.locator("label.tile", has_text="建议").click()
    page.get_by_label("怎么称呼您").fill("李婶")
    page.reload()
    expect(page.get_by_label("写几句话")).to_have_value("写到一半，手机没电了")
    expect(page.get_by_label("怎么称呼您")).to_have_value("李婶")
    expect(page.locator('input[value="suggestion"]')).to_be_checked()


def test_without_network_it_waits_and_is_filed_once_when_the_network_is_back(
    server: RunningServer, take_phone: TakePhone
) -> None:
    page, words = take_phone(), "没有网络的时候写的"
    page.goto(f"/h/{plate(server)}#say")
    page.context.set_offline(True)
    say(page, words)
    expect(page.locator("#sending-body")).to_contain_text("现在没有网络")
    assert count(server, words) == 0
    page.context.set_offline(False)
    expect(page.locator("#receipt.on")).to_be_visible()
    assert count(server, words) == 1


def test_an_answer_lost_on_the_way_never_files_twice(server: RunningServer, take_phone: TakePhone) -> None:
    page, words = take_phone(), "提交成功了，可是回答丢在路上"
    page.goto(f"/h/{plate(server)}#say")

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route(f"{DOOR}/appeals", lose_the_answer, times=1)
    say(page, words)
    expect(page.locator("#sending-body")).to_contain_text("不会重复")
    assert count(server, words) == 1
    page.reload()
    expect(page.locator("#receipt.on")).to_be_visible()
    assert count(server, words) == 1


def test_an_empty_form_and_a_wrong_number_are_told_at_the_form(server: RunningServer, take_phone: TakePhone) -> None:
    page = take_phone()
    page.goto(f"/h/{plate(server)}#say")
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.locator("#say-trouble")).to_contain_text("请说一下您要反映的事情")
    page.get_by_role("textbox", name="电话").fill("12")
    say(page, "电话写错了")
    expect(page.locator("#say-trouble")).to_contain_text("电话号码不对")
    page.get_by_role("textbox", name="电话").fill("138 0000 0009")
    say(page, "电话写对了")
    expect(page.locator("#receipt.on")).to_be_visible()


def test_a_busy_server_is_told_with_the_hotline_and_tried_again(server: RunningServer, take_phone: TakePhone) -> None:
    page, words = take_phone(), "正好碰上很忙"
    page.goto(f"/h/{plate(server)}#say")
    problem = '{"type":"/problems/too-many-requests","code":"too-many-requests","status":429,"title":"操作过于频繁"}'
    headers = {"X-Huying-Api": "1", "Content-Type": "application/problem+json", "Retry-After": "1"}
    page.route(f"{DOOR}/appeals", lambda route: route.fulfill(status=429, headers=headers, body=problem), times=1)
    say(page, words)
    expect(page.locator("#sending-body")).to_contain_text("操作过于频繁")
    expect(page.locator("#sending-body").get_by_role("link", name="打热线 12345")).to_be_visible()
    page.get_by_role("button", name="现在再试").click()
    expect(page.locator("#receipt.on")).to_be_visible()
    assert count(server, words) == 1


def test_a_foreign_sign_in_page_on_the_way_counts_as_no_network(server: RunningServer, take_phone: TakePhone) -> None:
    page = take_phone()
    page.goto(f"/h/{plate(server)}#say")
    page.route(f"{DOOR}/**", lambda route: route.fulfill(status=200, body="<html>请登录无线网</html>"))
    say(page, "宾馆的无线网")
    expect(page.locator("#sending-body")).to_contain_text("现在没有网络")


def test_without_script_the_plain_form_files_and_gives_the_receipt(
    server: RunningServer, take_phone: TakePhone
) -> None:
    page, words = take_phone(java_script_enabled=False), "旧手机不认脚本"
    page.goto(f"/h/{plate(server)}")
    expect(page.get_by_role("button", name="按住说话")).to_have_count(0)
    page.locator("#content").fill(words)
    page.locator('button[type="submit"]:visible').click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("已经收到")
    first = page.locator(".code").inner_text()
    page.reload()
    assert page.locator(".code").inner_text() == first
    assert count(server, words) == 1
