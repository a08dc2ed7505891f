"""The scan simulator: which scanned address opens the mini-program, and with what."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from tests.support.wechat_standin.scan import Rule, scan_code, scan_link

HOST = "https://h.example.gov.cn"
PAGE = "pages/plate/show"
RULES = [Rule(f"{HOST}/h/", PAGE), Rule(f"{HOST}/one", "pages/one"), Rule(f"{HOST}/q?a=1", "pages/query")]


@pytest.mark.parametrize(
    ("url", "page"),
    [
        (f"{HOST}/h/ABC234", PAGE),
        (f"{HOST}/h/", PAGE),
        (f"{HOST}/one", "pages/one"),
        (f"{HOST}/one?x=1", "pages/one"),
        (f"{HOST}/q?a=12&b=3", "pages/query"),
        (f"{HOST}/one/more", None),
        (f"{HOST}/h", None),
        (f"{HOST}/q?b=3", None),
        ("http://h.example.gov.cn/h/ABC", None),
        ("https://h.example.gov.cn.evil.example/h/ABC", None),
        (f"{HOST}:8443/h/ABC", None),
        (f"{HOST}/H/ABC", None),
    ],
)
def test_which_page_opens(url: str, page: str | None) -> None:
    opened = scan_link(url, RULES, now=1_700_000_000)
    assert (opened.page if opened else None) == page


def test_the_page_gets_the_whole_address_encoded_once() -> None:
    opened = scan_link(f"{HOST}/h/ABC234", RULES, now=1_700_000_000)
    assert opened is not None
    assert opened.query == {"q": "https%3A%2F%2Fh.example.gov.cn%2Fh%2FABC234", "scancode_time": "1700000000"}
    assert (unquote(opened.query["q"]), opened.scene) == (f"{HOST}/h/ABC234", 1011)


def test_a_more_specific_unpublished_rule_hides_the_broader_one() -> None:
    hidden = [*RULES, Rule(f"{HOST}/h/new/", "pages/new", published=False)]
    assert scan_link(f"{HOST}/h/new/ABC", hidden, now=1) is None
    assert scan_link(f"{HOST}/h/old", hidden, now=1) is not None


def test_a_mini_program_code_gives_its_scene() -> None:
    opened = scan_code("wxacode:wx1:pages/plate/show:a=1&b:2")
    assert (opened.page, unquote(opened.query["scene"]), opened.scene) == (PAGE, "a=1&b:2", 1047)
