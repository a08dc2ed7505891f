"""What is wrong or missing in the record of an appeal (严格录入, 004-23): pure. It is shown to the desk and blocks nobody:
an appeal is taken in whatever is missing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SHORTEST = 6  # characters that say something
TOWN_CODE = 9  # digits
MESSAGES = {
    "no-words": "没有文字内容,请听录音后补记要点",
    "too-short": "内容过短,请核实地点、时间和诉求",
    "no-name": "实名诉求没有登记姓名,书面告知无法送达",
    "no-phone": "没有联系电话,无法回访",
    "bad-phone": "联系电话位数不对,请核对",
    "no-topic": "没有选择问题类别",
    "vague-place": "地点只到县市区,请核实到乡镇或村",
    "no-subject": "投诉举报没有写明被反映的单位或人员",
}


@dataclass(frozen=True)
class Entry:
    """The record of one appeal."""

    content: str
    identity: str
    name: str
    phone: str
    topic: str
    area_code: str
    kind: str
    complained: bool
    audio: bool = False


def entry_of(row: Mapping[str, Any], *, audio: bool) -> Entry:
    """The record in a row of the case file."""
    return Entry(
        row["content"] or "", row["identity"], row["name"] or "", row["phone"] or "", row["topic"] or "",
        row["area_code"], row["kind"], bool(row["complained_department_id"] or row["complained_text"]), audio,
    )  # fmt: skip


def flaws(entry: Entry) -> list[dict[str, str]]:
    """What to look at, each with its code and words."""
    return [{"code": code, "message": MESSAGES[code]} for code, holds in _checks(entry) if holds]


def _checks(entry: Entry) -> tuple[tuple[str, bool], ...]:
    words = len(entry.content.strip())
    nameless = entry.identity == "anonymous"
    digits = sum(char.isdigit() for char in entry.phone)
    return (
        ("no-words", words == 0 and entry.audio),
        ("too-short", 0 < words < SHORTEST),
        ("no-name", not nameless and not entry.name),
        ("no-phone", not nameless and not entry.phone),
        ("bad-phone", bool(entry.phone) and not 7 <= digits <= 13),
        ("no-topic", not entry.topic),
        ("vague-place", len(entry.area_code) < TOWN_CODE),
        ("no-subject", entry.kind in ("complaint", "report") and not entry.complained),
    )
