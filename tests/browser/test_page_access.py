"""Old eyes, shaking hands, keyboards and screen readers: what can be computed about the page is computed here."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.eyes import check_view
from tests.browser.phones import plate
from tests.support.server import RunningServer

TakePhone = Callable[..., Page]
VIEWS = ("home", "say", "progress", "rate")


def open_view(page: Page, view: str) -> None:
    page.evaluate(f"location.hash = '{view}'")
    expect(page.locator(f"#{view}.on")).to_be_visible()
    page.evaluate("document.querySelectorAll('.view.on details').forEach(d => d.open = true)")


@pytest.mark.parametrize(("large", "least_px"), [(False, 18), (True, 24)])
def test_text_contrast_targets_and_names(
    server: RunningServer, take_phone: TakePhone, large: bool, least_px: int
) -> None:
    page = take_phone()
    page.goto(f"/h/{plate(server)}")
    if large:
        page.get_by_role("button", name="大字").click()
        expect(page.get_by_role("button", name="大字", pressed=True)).to_be_visible()
    for view in VIEWS:
        open_view(page, view)
        check_view(page, least_px)


def test_the_language_and_the_large_text_stay(server: RunningServer, take_phone: TakePhone) -> None:
    page = take_phone()
    page.goto(f"/h/{plate(server)}")
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    page.get_by_role("button", name="大字").click()
    page.reload()
    expect(page.get_by_role("button", name="大字", pressed=True)).to_be_visible()
    page.get_by_role("button", name="大字").click()
    expect(page.get_by_role("button", name="大字", pressed=False)).to_be_visible()


def test_the_keyboard_reaches_everything_in_reading_order(server: RunningServer, take_phone: TakePhone) -> None:
    page = take_phone()
    page.goto(f"/h/{plate(server)}")
    reached = []
    for _ in range(20):
        page.keyboard.press("Tab")
        place = page.evaluate(
            "() => { const e = document.activeElement, b = e.getBoundingClientRect(), s = getComputedStyle(e);"
            " return e === document.body ? null : {name: e.innerText.trim().slice(0, 4), top: b.top + scrollY,"
            " ring: s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2} }"
        )
        if place is None:
            break
        reached.append(place)
    names = [place["name"] for place in reached]
    assert names[:3] == ["跳到正文", "大字", "朗读"]
    assert [name for name in names if name[:2] in {"说事", "查进", "评服"}] == names[3:6]
    assert all(place["ring"] for place in reached)
    tops = [place["top"] for place in reached[3:]]
    assert tops == sorted(tops)


def test_an_appeal_can_be_filed_by_keyboard_alone_and_is_announced(
    server: RunningServer, take_phone: TakePhone
) -> None:
    page = take_phone()
    page.goto(f"/h/{plate(server)}")
    page.get_by_role("link", name="说事").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#say-title")).to_be_focused()
    page.get_by_label("写几句话").focus()
    page.keyboard.type("只用键盘说事")
    page.locator('input[name="kind"]:checked').focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator('input[value="consult"]')).to_be_checked()
    page.get_by_role("button", name="提交", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#receipt-title")).to_be_focused()
    assert page.locator("#live").get_attribute("aria-live") == "polite"
    assert page.locator("#say-trouble").get_attribute("role") == "alert"


def test_the_emergency_numbers_come_first_when_it_is_urgent(server: RunningServer, take_phone: TakePhone) -> None:
    page = take_phone()
    page.goto(f"/h/{plate(server)}")
    page.locator("#home").get_by_text("急事、有危险").click()
    numbers = page.locator("#home .numbers a")
    assert [link.get_attribute("href") for link in numbers.all()] == ["tel:110", "tel:119", "tel:120", "tel:122"]
    expect(numbers.first).to_be_visible()


def test_nothing_moves_for_those_who_asked_for_rest(server: RunningServer, take_phone: TakePhone) -> None:
    page = take_phone(reduced_motion="reduce")
    page.goto(f"/h/{plate(server)}#progress")
    moving = page.evaluate("() => document.getAnimations().length")
    assert moving == 0
    assert page.evaluate("() => { document.body.className = 'busy'; return document.getAnimations().length }") == 0
