"""A villager's whole way on the plain page: scan, say it with a photo, receipt, progress, rating."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.browser.eyes import check_view
from tests.browser.office import ANSWER, Office
from tests.browser.phones import plate, sideways_photo
from tests.support.server import RunningServer

TakePhone = Callable[..., Page]


def file_appeal(page: Page, words: str, photo: Path | None = None) -> tuple[str, str]:
    """Say something on the opened page; number and query code of the receipt."""
    page.get_by_role("link", name="说事").click()
    page.get_by_label("写几句话").fill(words)
    if photo:
        page.locator("#photo").set_input_files(photo)
        expect(page.get_by_alt_text("第 1 张照片")).to_be_visible()
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.locator("#receipt.on")).to_be_visible()
    shown = page.locator(".ticket b").all_inner_texts()
    return shown[0], shown[1]


def stored(server: RunningServer, number: str) -> list[tuple[object, ...]]:
    """Kind, channel, position and file sizes of an appeal as the database has them."""
    with psycopg.connect(server.dsn) as connection:
        return connection.execute(
            "SELECT p.kind, p.channel, p.content, p.lon, p.datum, a.kind, a.width, a.height FROM appeals p"
            " LEFT JOIN attachments a ON a.subject_id = p.id WHERE p.number = %s ORDER BY a.kind DESC",
            [number],
        ).fetchall()


@pytest.mark.mechanism("000-02", "000-06", "000-23")
def test_from_the_scan_to_the_rating(server: RunningServer, take_phone: TakePhone, tmp_path: Path) -> None:
    page = take_phone()
    page.goto(f"/h/{plate(server)}")
    expect(page.get_by_role("heading", level=1)).to_have_text("解放路居委会")
    expect(page.get_by_role("link", name="打电话")).to_have_attribute("href", "tel:13800000001")
    number, _ = file_appeal(page, "村口的路灯坏了三天，晚上看不见路", sideways_photo(tmp_path))
    assert stored(server, number) == [
        ("help", "household_qr", "村口的路灯坏了三天，晚上看不见路", None, None, "image", 1067, 1600)
    ]
    page.get_by_text("日子是怎么算的").click()
    check_view(page, 18)
    expect(page.locator("#receipt .days li").first).to_contain_text("起算日")

    page.get_by_role("button", name="记下了").click()
    expect(page.locator("#mine")).to_contain_text("已提交")
    Office(server).work(number)
    page.locator("#progress .back").click()
    page.get_by_role("link", name="评服务").click()
    page.locator("#to-rate a").click()
    expect(page.locator("#one .reply")).to_contain_text(ANSWER)
    expect(page.locator("#one .timeline li")).not_to_have_count(0)

    page.get_by_role("button", name="评一评").click()
    check_view(page, 18)
    page.get_by_role("button", name="大字").click()
    check_view(page, 24)
    page.get_by_role("button", name="确定").click()
    expect(page.get_by_role("alert").filter(has_text="还差一项")).to_be_visible()
    for name, words in (("process", "满意"), ("result", "很满意"), ("solved", "解决了"), ("staff", "积极")):
        page.locator(f'label:has(input[name="{name}"])').filter(has=page.get_by_text(words, exact=True)).click()
    page.get_by_label("还想说什么").fill("谢谢")
    page.get_by_role("button", name="确定").click()
    expect(page.locator("#one .good")).to_contain_text("感谢您的评价")
    expect(page.get_by_role("button", name="评一评")).to_have_count(0)
    with psycopg.connect(server.dsn) as connection:
        rated = connection.execute(
            "SELECT r.process, r.result, r.solved, r.staff, r.source, r.comment FROM ratings r"
            " JOIN appeals a ON a.id = r.appeal_id WHERE a.number = %s",
            [number],
        ).fetchall()
    assert rated == [(4, 5, "yes", "active", "self", "谢谢")]


def test_voice_alone_is_enough_and_the_position_is_sent_only_when_asked_for(
    server: RunningServer, take_phone: TakePhone
) -> None:
    page = take_phone()
    page.goto(f"/h/{plate(server)}#say")
    talk = page.get_by_role("button", name="按住说话")
    talk.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="正在录音 2 秒")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_label("录好的话")).to_be_visible()
    page.get_by_role("button", name="加上我现在的位置").click()
    expect(page.get_by_text("已加上您现在的位置")).to_be_visible()
    page.locator("label.tile", has_text="投诉").click()
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.locator("#receipt.on")).to_be_visible()
    [row] = stored(server, page.locator(".ticket b").first.inner_text())
    assert row[:6] == ("complaint", "household_qr", "", 116.03, "wgs84", "audio")


def test_anybody_with_number_and_query_code_can_follow_add_urge_and_only_the_right_pair_opens(
    server: RunningServer, take_phone: TakePhone
) -> None:
    code = plate(server)
    first = take_phone()
    first.goto(f"/h/{code}")
    number, query_code = file_appeal(first, "水渠堵了")
    other = take_phone()
    other.goto(f"/h/{code}#progress")
    expect(other.locator("#mine")).to_contain_text("这部手机还没有说过事")
    other.get_by_role("textbox", name="编号").fill(number)
    other.get_by_role("textbox", name="查询码").fill("WRONG234")
    other.get_by_role("button", name="查一查").click()
    expect(other.locator("#lookup-trouble")).to_contain_text("没有找到")
    other.get_by_role("textbox", name="查询码").fill(query_code.lower())
    other.get_by_role("button", name="查一查").click()
    expect(other.locator("#one-body")).to_contain_text("水渠堵了")
    other.get_by_role("button", name="补充情况").click()
    other.get_by_role("button", name="确定").click()
    expect(other.get_by_text("请写几个字。")).to_be_visible()
    other.get_by_label("想补充什么").fill("在二组桥边")
    other.get_by_role("button", name="确定").click()
    expect(other.locator(".good")).to_contain_text("已补充")
    other.get_by_role("button", name="催一催").click()
    other.get_by_role("button", name="确定").click()
    expect(other.locator(".good")).to_contain_text("催办")


def test_whoever_shares_the_phone_can_wipe_it(server: RunningServer, take_phone: TakePhone) -> None:
    page = take_phone()
    page.goto(f"/h/{plate(server)}")
    number, query_code = file_appeal(page, "不想让别人看见")
    page.get_by_role("button", name="记下了").click()
    token = page.evaluate("JSON.parse(localStorage.getItem('huying:token'))")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="清掉这部手机上的记录").click()
    expect(page.locator("#mine")).to_contain_text("这部手机还没有说过事")
    kept = page.evaluate("JSON.stringify(localStorage)")
    assert all(secret not in kept for secret in (token, number, query_code, "不想让别人看见"))
    assert server.client(token).get("/api/miniprogram/v1/appeals").status_code == 401


def test_the_author_can_take_it_back(server: RunningServer, take_phone: TakePhone) -> None:
    page = take_phone()
    page.goto(f"/h/{plate(server)}")
    file_appeal(page, "已经自己修好了")
    page.get_by_role("button", name="记下了").click()
    page.locator("#mine a").first.click()
    page.get_by_role("button", name="撤回").click()
    page.get_by_role("button", name="确定").click()
    expect(page.locator(".good")).to_contain_text("已撤回")
    expect(page.locator("#one .chip")).to_contain_text("已撤回")
