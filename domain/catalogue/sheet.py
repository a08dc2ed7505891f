"""The catalogue as a sheet: which columns it has, how a row becomes a line, and how lines become a sheet. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from domain.catalogue.difference import shown
from domain.catalogue.matching import BASES, PLACES, TOWN, TOWN_TEXT, Line
from domain.sheets.columns import Column
from domain.sheets.reading import Entry, Sheet, read_list
from domain.sheets.writing import Page, guide, workbook

MAX_ROWS = 10_000
CODE, TOPIC, ITEM, LEAD, CO, BASIS = "职责编码", "类别编码", "事项", "主办单位", "协办单位", "依据"
WHY, PLACE, AREAS, STATE, ENDED = "责任依据", "城乡", "适用区域", "状态", "终止日期"
COLUMNS = (
    Column(CODE, "编码 事项编码 清单编码", True, "清单内不重复;再次导入时凭它识别同一条。", "0801-1", 12),
    Column(TOPIC, "类别 类别代码 问题类别", True, "问题类别的编码,两位为大类,四位为小类。", "0801", 10),
    Column(ITEM, "职责事项 事项名称 职责", True, "一句话写明这件事。", "农村饮水安全", 32),
    Column(LEAD, "主办 牵头单位 责任单位", True, f"单位名称或编码;由当地乡镇牵头的填“{TOWN_TEXT}”。", "市水利局", 20),
    Column(CO, "协办 配合单位", False, "几个单位用顿号分开。", f"{TOWN_TEXT}、市卫健委", 32),
    Column(BASIS, "法律依据 政策依据", False, "法律、法规或文件名称。", "《水法》", 28),
    Column(WHY, "责任原则", False, f"{'、'.join(BASES.values())};不填时:乡镇牵头为属地管理,其余为谁主管谁负责。",
           "谁主管谁负责", 16),
    Column(PLACE, "城乡范围 区域规则", False, f"{'、'.join(PLACES.values())};不填为城乡。", "农村", 8),
    Column(AREAS, "区域 区划编码 适用地区", False, "只适用于某些地区时填区划编码,几个用顿号分开;不填为全域。", "360781100", 20),
    Column(STATE, "是否有效 有效", False, "有效或停用;不填为有效。", "有效", 8),
    Column(ENDED, "终止 失效日期", False, "年-月-日,过了这一天不再适用。", "2026-12-31", 12),
)  # fmt: skip
_CODE = re.compile(r"[\w.\-]{1,20}")
_TOWN_WORDS = {TOWN, TOWN_TEXT, "属地乡镇", "所在乡镇", "属地", "乡镇", "属地镇街"}
_STATES = {"": True, "有效": True, "是": True, "在用": True, "停用": False, "否": False, "终止": False}


@dataclass(frozen=True)
class Known:
    """What a sheet may name: unit codes by code, name and former name, topics, area codes."""

    units: Mapping[str, str]
    topics: frozenset[str]
    areas: frozenset[str]


def read_catalogue(data: bytes, filename: str, known: Known) -> Sheet[Line]:
    """Read a catalogue against what is known; SheetRefused when the file is none."""
    first: dict[str, int] = {}

    def judged(entry: Entry) -> Line:
        line = _line(entry, known)
        if line.code in first:
            entry.wrong(CODE, f"与第 {first[line.code]} 行重复")
        elif line.code:
            first[line.code] = entry.number
        return line

    return read_list(data, filename, COLUMNS, MAX_ROWS, judged)


def wrong_codes(sheet: Sheet[Line]) -> set[str]:
    """The codes whose row is wrong; one that stands twice is nobody's."""
    return {entry.raw(CODE) for entry in sheet.entries if entry.errors}


def _line(entry: Entry, known: Known) -> Line:
    code, topic = entry.text(CODE), entry.text(TOPIC).split(" ")[0]
    if not _CODE.fullmatch(code):
        entry.wrong(CODE, "请填写编码,最多 20 个字母、数字或连字符")
    if topic not in known.topics:
        entry.wrong(TOPIC, f"没有这个类别“{topic}”" if topic else "请填写类别编码")
    name = entry.text(ITEM)
    if not 1 <= len(name) <= 120:
        entry.wrong(ITEM, "请填写事项,最多 120 字")
    lead = _unit(entry, LEAD, entry.text(LEAD), known)
    co_units = tuple(dict.fromkeys(_unit(entry, CO, word, known) for word in entry.words(CO)))
    if lead and lead in co_units:
        entry.wrong(CO, "主办单位又列为协办单位")
    why = _choice(entry, WHY, BASES, "territory" if lead == TOWN else "line")
    if lead == TOWN and why != "territory":
        entry.wrong(WHY, f"{TOWN_TEXT}牵头的,责任依据应为{BASES['territory']}")
    state = entry.text(STATE)
    if state not in _STATES:
        entry.wrong(STATE, f"应为有效或停用,不是“{state}”")
    basis = entry.text(BASIS)
    if len(basis) > 200:
        entry.wrong(BASIS, "最多 200 字")
    return Line(
        code=code, topic=topic, name=name, lead=lead, co_units=co_units, basis=basis, responsibility=why,
        place=_choice(entry, PLACE, PLACES, "any"), areas=_areas(entry, known), active=_STATES.get(state, True),
        ended_on=entry.day(ENDED) if entry.raw(ENDED) else None,
    )  # fmt: skip


def _unit(entry: Entry, column: str, word: str, known: Known) -> str:
    if word in _TOWN_WORDS:
        return TOWN
    found = known.units.get(word, "")
    if not found:
        entry.wrong(column, f"没有这个单位“{word}”" if word else "请填写单位")
    return found


def _choice(entry: Entry, column: str, choices: Mapping[str, str], otherwise: str) -> str:
    text = entry.text(column)
    found = next((code for code, name in choices.items() if text in (code, name)), "")
    if text and not found:
        entry.wrong(column, f"应为{'、'.join(choices.values())},不是“{text}”")
    return found or otherwise


def _areas(entry: Entry, known: Known) -> tuple[str, ...]:
    codes = tuple(dict.fromkeys(word.split(" ")[0] for word in entry.words(AREAS)))
    for code in codes:
        if code not in known.areas:
            entry.wrong(AREAS, f"没有这个区划编码“{code}”")
    return codes


def catalogue_workbook(lines: Iterable[Line], names: Mapping[str, str]) -> bytes:
    """Lines as a sheet that can be imported again; no lines make the template."""
    order = ("code", "topic", "name", "lead", "co_units", "basis", "responsibility", "place", "areas", "active", "ended_on")
    rows = [[shown(line, name, names) for name in order] for line in lines]
    return workbook(Page("职责清单", COLUMNS, rows), guide(COLUMNS))
