"""The procedure of a case (001-12): the steps of its way of working in order, their limits, and what each demands. Pure.

Every track has its own template, made from its clocks: what has no clock there has no limit. The disposition (三到位一处理)
is demanded of every appeal, whatever the track.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.deadlines.tracks import ClockName, Track

NAMES = {
    "register": "登记分类", "accept": "受理告知", "dispatch": "派单", "sign": "签收", "contact-accept": "受理见面",
    "contact-investigate": "调查见面", "grade": "核查分级", "report-on-site": "到场处置", "submit-result": "处置反馈",
    "answer-at-once": "当即答复", "answer": "审核答复", "contact-answer": "答复见面", "follow-up": "快回访",
    "file-urgent": "归档和报值班室决定", "callback": "回访核实", "look": "督查查看", "inspect": "现场验收", "close": "办结",
}  # fmt: skip
DEMANDS = {
    "submit-result": "事实、依据、处理结果(三到位一处理)", "answer-at-once": "依据、处理结果(三到位一处理)",
    "answer": "由承办人以外的人审核", "callback": "由承办单位以外的人回访", "inspect": "由处置人以外的人验收",
    "report-on-site": "人员、设备、到场时间", "file-urgent": "回访记录、案卷号、是否报值班室及理由",
}  # fmt: skip
_CLOCKS = {
    "accept": ClockName.ACCEPT, "sign": ClockName.SIGN, "contact-investigate": ClockName.FIRST_CONTACT,
    "callback": ClockName.CALLBACK,
}  # fmt: skip
_EVENTS = {
    "case.registered": "register", "case.accepted": "accept", "case.dispatched": "dispatch", "case.signed": "sign",
    "case.graded": "grade", "case.on-site": "report-on-site", "case.result-submitted": "submit-result",
    "case.followed-up": "follow-up", "case.filed": "file-urgent", "case.called-back": "callback",
    "case.looked-at": "look", "case.inspected": "inspect", "case.closed": "close",
}  # fmt: skip


@dataclass(frozen=True)
class Way:
    """What decides about the steps beside the track."""

    kind: str
    urgent: bool
    instant: bool = False


def procedure(way: Way, track: Track, ordinary: Track) -> list[dict[str, Any]]:
    """The steps of a case; `ordinary` gives the handling limit where the track itself has none (URGENT)."""
    return [
        {"step": step, "name": NAMES[step], "limit": _limit(step, track, ordinary), "demands": DEMANDS.get(step, "")}
        for step in _steps(way, ordinary)
    ]


def name_of(event: str, data: Mapping[str, Any]) -> str:
    """The step that an event of the journal completes; an event that completes none gives its own name."""
    if event == "case.contacted":
        return f"contact-{data.get('stage')}"
    if event == "case.answered":
        return "answer-at-once" if data.get("instant") else "answer"
    return _EVENTS.get(event, event)


def _steps(way: Way, ordinary: Track) -> list[str]:
    if way.kind == "event":
        return ["dispatch", "sign", *(["report-on-site"] if way.urgent else []), "submit-result", "inspect"]
    if way.instant:
        return ["register", "accept", "answer-at-once", "callback", "close"]
    urgent = {"report-on-site", "file-urgent"} if way.urgent else set()
    looked = {"look"} if ordinary.look else set()
    left = {"inspect", "answer-at-once", "report-on-site", "file-urgent", "look"} - urgent - looked
    return [step for step in NAMES if step not in left]


def _limit(step: str, track: Track, ordinary: Track) -> str:
    if step in _CLOCKS:
        clock = track.clocks.get(_CLOCKS[step])
        return clock.limit.text if clock else ""
    handling = ordinary.handling
    ends = {"answered": ("answer", "answer-at-once"), "closed": ("close", "inspect")}
    return handling.limit.text if handling and step in ends.get(handling.stop, ()) else ""
