"""A duty roster as a sheet: day, shift, person, from, until; each row becomes one person's turn. Pure."""

import re
from collections.abc import Mapping
from datetime import datetime, time
from uuid import UUID

from domain.rosters.shifts import Turn
from domain.sheets.columns import Column
from domain.sheets.reading import Entry, Sheet, read_list
from domain.sheets.writing import Page, guide, workbook

MAX_ROWS = 3000
DAY, LABEL, NAME, FROM, UNTIL, PLACE = "日期", "班次", "姓名", "开始", "结束", "顺序"
COLUMNS = (
    Column(DAY, "值班日期", True, "年-月-日,班次开始的那一天。", "2026-03-13", 12),
    Column(NAME, "值班人 值班人员 人员", True, "本单位快速处置队伍或电话值班人员的姓名。", "张三", 12),
    Column(FROM, "开始时间 上班", True, "时:分。", "17:30", 10),
    Column(UNTIL, "结束时间 下班", True, "时:分;不晚于开始的,算到第二天。", "08:30", 10),
    Column(LABEL, "值班类型 班别", False, "如 夜班、午间、周末。", "夜班", 10),
    Column(PLACE, "呼叫顺序", False, "1 为先呼叫;不填为 1。", "1", 8),
)  # fmt: skip
_TIME = re.compile(r"(?:.* )?(\d{1,2})[::](\d{2})(?:[::]\d{2})?")


def read_roster(data: bytes, filename: str, people: Mapping[str, list[UUID]]) -> Sheet[Turn]:
    """Read a roster against the people of the unit by name; SheetRefused when the file is none."""
    seen: dict[tuple[UUID, datetime], int] = {}

    def judged(entry: Entry) -> Turn | None:
        turn = _turn(entry, people)
        if turn:
            first = seen.setdefault((turn.member_id, turn.span[0]), entry.number)
            if first != entry.number:
                entry.wrong(NAME, f"与第 {first} 行重复:同一人同时开始两个班")
        return turn

    return read_list(data, filename, COLUMNS, MAX_ROWS, judged)


def _turn(entry: Entry, people: Mapping[str, list[UUID]]) -> Turn | None:
    on, starts, ends = entry.day(DAY), _time(entry, FROM), _time(entry, UNTIL)
    name, place = entry.text(NAME), entry.text(PLACE) or "1"
    who = people.get(name, [])
    if len(who) != 1:
        entry.wrong(NAME, f"队伍中有 {len(who)} 位“{name}”,请区分姓名" if who else f"队伍中没有“{name}”")
    if place not in {str(number) for number in range(1, 10)}:
        entry.wrong(PLACE, "应为 1 到 9")
    label = entry.text(LABEL) or "值班"
    if len(label) > 20:
        entry.wrong(LABEL, "最多 20 字")
    if on is None or starts is None or ends is None or entry.errors:
        return None
    return Turn(member_id=who[0], on=on, starts=starts, ends=ends, label=label, place=int(place))


def _time(entry: Entry, column: str) -> time | None:
    found = _TIME.fullmatch(text := entry.raw(column))
    try:
        if found:
            return time(0) if found[1] == "24" and found[2] == "00" else time(int(found[1]), int(found[2]))
    except ValueError:
        pass
    entry.wrong(column, f"应为时:分,如 17:30,不是“{text}”")
    return None


def roster_template() -> bytes:
    """An empty roster to fill in."""
    return workbook(Page("值班表", COLUMNS), guide(COLUMNS))
