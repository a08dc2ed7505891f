"""The field types of subscription templates: what is cut, what is kept, what is refused by name."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ports import WeChatMisused
from server.gateways.wechat.templates import fit
from tests.support.wechat_standin.subscribe import LIMITS


@pytest.mark.parametrize(
    ("key", "text", "fitting"),
    [
        ("thing1", "路灯坏了", "路灯坏了"),
        ("thing1", "一" * 20, "一" * 20),
        ("thing1", "一" * 21, "一" * 19 + "…"),
        ("thing12", " 村口\r\n路灯\t坏了 ", "村口 路灯 坏了"),
        ("name2", "张三丰", "张三丰"),
        ("name2", "阿" * 12, "阿" * 10),
        ("name2", "Alexander Hamilton the First", "Alexander Hamilton t"),
        ("phrase3", "办理中", "办理中"),
        ("character_string4", "HY-2026-000123", "HY-2026-000123"),
        ("number5", "-12.50", "-12.50"),
        ("letter6", "ABC", "ABC"),
        ("symbol7", "+-%", "+-%"),
        ("time8", "15:01", "15:01"),
        ("time8", "2019年10月1日 15:01", "2019年10月1日 15:01"),
        ("time8", "2019年10月1日 15:01~2019年10月2日 15:01", "2019年10月1日 15:01~2019年10月2日 15:01"),
        ("date9", "2026-11-22", "2026-11-22"),
        ("date9", "2026/11/22 08:30", "2026/11/22 08:30"),
        ("date9", "2026年11月22日", "2026年11月22日"),
        ("phone_number10", "0571-12345678", "0571-12345678"),
        ("amount11", "¥100.50", "¥100.50"),
        ("amount11", "100元", "100元"),
        ("car_number12", "浙A12345", "浙A12345"),
        ("car_number12", "浙AD12345", "浙AD12345"),
        ("enum13", "已办结", "已办结"),
    ],
)
def test_what_fits(key: str, text: str, fitting: str) -> None:
    assert fit({key: text}) == {key: fitting}


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("thing1", ""),
        ("thing1", " \n "),
        ("thing1", "\x00\x01"),
        ("phrase3", "办理ok"),
        ("phrase3", "没有办理完毕"),
        ("character_string4", "x" * 33),
        ("character_string4", "编号1"),
        ("number5", "12a"),
        ("number5", "1" * 33),
        ("letter6", "A1"),
        ("symbol7", "++++++"),
        ("time8", "25:00"),
        ("time8", "tomorrow"),
        ("date9", "08:30"),
        ("phone_number10", "1" * 18),
        ("amount11", "12345678901"),
        ("car_number12", "浙A1234567"),
        ("thing", "no index"),
        ("colour1", "red"),
        ("", "x"),
    ],
)
def test_what_cannot_fit_is_refused_by_name(key: str, text: str) -> None:
    with pytest.raises(WeChatMisused) as caught:
        fit({"thing1": "good", key: text})
    assert (caught.value.field, caught.value.code) == (key, "47003")


@given(st.sampled_from(["thing1", "phrase2", "name3", "time4", "amount5", "character_string6"]), st.text())
def test_whatever_is_let_through_wechat_accepts(key: str, text: str) -> None:
    try:
        fitting = fit({key: text})[key]
    except WeChatMisused:
        return
    limit = LIMITS[key.rstrip("0123456789")]
    if key != "name3":
        assert re.fullmatch(limit, fitting)
    assert len(fitting) <= 32
    assert fit({key: fitting}) == {key: fitting}
