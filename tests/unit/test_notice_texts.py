"""The words of notices: no empty placeholder, no invented value."""

from pathlib import Path
from string import Formatter

import pytest

from config.settings import Settings
from domain.notices.texts import (
    CLOCKS,
    IMPORTANT,
    RESIDENT,
    STAFF,
    WARNINGS,
    fill,
    spoken,
    wechat_data,
    wechat_template,
)
from domain.reactions import REACTIONS
from server.rules import build_rulebook

KNOWN = {"number", "query_code", "unit", "due_on", "reason", "items", "next_channel", "hotline", "result", "title",
         "clock", "place", "event_type", "emergency", "plate", "link",
         "time", "names"}  # fmt: skip


@pytest.mark.parametrize(
    ("template", "values", "text"),
    [
        ("编号 {number},查询码 {query_code}。急事请拨 {hotline}。", {"number": "SQ1", "hotline": "12345"},
         "编号 SQ1。急事请拨 12345。"),
        ("已受理,由 {unit} 办理,{due_on} 前答复。", {"due_on": "3月18日"}, "已受理,3月18日 前答复。"),
        ("已受理,由 {unit} 办理,{due_on} 前答复。", {"unit": "市城管局", "due_on": ""}, "已受理,由 市城管局 办理。"),
        ("原因:{reason}。您可以:{next_channel}。", {"reason": "重复"}, "原因:重复。"),
        ("{unit} 已联系您。", {}, ""),
        ("没有占位符,也没有结尾", {}, "没有占位符,也没有结尾"),
    ],
)  # fmt: skip
def test_an_unknown_value_takes_its_clause_with_it(template: str, values: dict[str, str], text: str) -> None:
    assert fill(template, values) == text


@pytest.mark.parametrize(
    ("template", "title", "text"),
    [
        ("工单交你单位主办:{title}。请签收。", "路灯杆倾斜。", "工单交你单位主办:路灯杆倾斜。请签收。"),
        ("工单交你单位主办:{title}。", "路灯杆倾斜。。 ", "工单交你单位主办:路灯杆倾斜。"),
        ("请办理 {title},尽快答复。", "路灯杆倾斜。", "请办理 路灯杆倾斜,尽快答复。"),
        ("请办理:{title}。尽快。", "谁来修路灯\uff1f", "请办理:谁来修路灯\uff1f尽快。"),
        ("请办理:{title}。尽快。", "一杆倾斜。一杆不亮。", "请办理:一杆倾斜。一杆不亮。尽快。"),
        ("请办理:{title}。尽快。", "。", "尽快。"),
    ],
)
def test_a_value_that_ends_a_sentence_gets_no_second_stop(template: str, title: str, text: str) -> None:
    assert fill(template, {"title": title}) == text


def test_a_value_is_never_read_as_a_template() -> None:
    assert fill("原因:{reason}。", {"reason": "{number},。{hotline}"}) == "原因:{number},。{hotline}。"


def test_full_width_marks_of_a_hand_written_profile_count_too() -> None:
    assert fill("已受理\uff0c由 {unit} 办理\uff0c{due_on} 前答复\uff01", {"due_on": "3月18日"}) == (
        "已受理\uff0c3月18日 前答复\uff01"
    )


def test_the_officer_s_words_are_taken_apart() -> None:
    assert spoken("ask-info", "请补充:照片;地址", {}) == {"items": "照片;地址"}
    assert spoken("not-accept", "已有判决。建议途径:向法院申诉", {}) == {"reason": "已有判决", "next_channel": "向法院申诉"}
    assert spoken("transfer-out", "已转送市公安局办理(管辖),联系方式:110。", {}) == {"unit": "市公安局", "reason": "管辖"}
    assert spoken("redirect", "请向法院提出。", {"legal_path": "litigation"})["next_channel"] == "诉讼"


def test_every_notice_of_the_profile_has_known_placeholders_and_every_event_a_text() -> None:
    _, book = build_rulebook(Settings(data_dir=Path()))
    assert set(RESIDENT.values()) <= set(book.notices)
    assert set(book.notices) >= IMPORTANT
    texts = [n.body for n in (*book.notices.values(), *STAFF.values(), *WARNINGS.values())]
    used = {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}
    assert used <= KNOWN
    told = {event for event, names in REACTIONS.items() if "tell_resident" in names}
    assert told == set(RESIDENT)


def test_every_running_clock_has_a_name_in_its_warning() -> None:
    _, book = build_rulebook(Settings(data_dir=Path()))
    names = {str(name) for track in book.tracks.values() for name in track.clocks}
    inner = {one.code for track in book.tracks.values() for one in track.inner}
    assert names | inner <= set(CLOCKS)


def test_a_template_names_its_fields_or_takes_the_usual_ones() -> None:
    plain = wechat_template("TMPL")
    assert plain.id == "TMPL" and wechat_data(plain, {"title": "已有答复", "today": "2026年3月1日"}) == {
        "thing1": "已有答复", "date2": "2026年3月1日"}  # fmt: skip
    own = wechat_template("TMPL|character_string4:number|thing5:unit")
    assert wechat_data(own, {"number": "SQ1"}) == {"character_string4": "SQ1", "thing5": "请打开查看"}
