"""What becomes of an item, in the words of the contract."""

import re
from dataclasses import dataclass, field
from typing import Any

from domain.problems import NotFound, Problem, UnknownField

# A refusal that says "the world has moved on": kept for a person, with the state as it is now.
OVERTAKEN = frozenset({"changed-meanwhile", "move-not-allowed", "same-id-other-content", "already-rated"})
# Nothing was decided: the phone keeps the item and sends it again.
PASSING = frozenset({"temporarily-unavailable", "still-running", "too-many-requests", "storage-full"})

HELD = {
    "waiting-for-entity": "前一条记录还没有到,到了会自动处理",
    "waiting-for-version": "服务器还没有到这个版本,到了会自动处理",
    "waiting-for-earlier": "同一件事的前一条还在等待,会按顺序处理",
    "unknown-verb": "服务器升级后会自动处理",
    "newer-version": "服务器升级后会自动处理",
    "server-fault": "处理时出了点问题,内容已收下,会自动再试",
}

UNREADABLE = "记录的格式不对(应用版本可能过旧),请更新应用后重试;内容已保留。"
OUT_OF_REACH = "不在您现在负责的网格里,或不归您办理,没有登记;内容已保留。有疑问请联系村(社区)或镇的管理人员。"
FIELDS = {
    "household_id": "住户", "plate_code": "门牌码", "purposes": "走访事由", "outcome": "走访结果", "note": "备注",
    "needs": "需求", "attachment_ids": "照片或录音", "evidence": "佐证材料", "event_type": "事件类别", "level": "紧急程度",
    "grid_code": "网格", "location": "位置", "lon": "经度", "lat": "纬度", "description": "情况描述",
    "self_handled": "当场处理", "result": "处理结果", "text": "内容", "reason": "理由", "facts": "情况",
    "occurred_at": "发生时间", "since": "开始时间", "until": "结束时间", "since_at": "开始时间", "until_at": "结束时间",
    "findings": "发现的事件", "next_contact_on": "下次联系日期", "notice_left": "留联系卡", "code": "门牌码", "version": "版本",
    "id": "编号", "meetings": "见面记录", "stage": "见面阶段", "mode": "见面方式",
}  # fmt: skip
_NAME = re.compile(r"[A-Za-z_][\w.\[\]]*", re.ASCII)


@dataclass(frozen=True)
class Outcome:
    """The status of an item, why, and the version of its entity then."""

    status: str
    code: str = ""
    message: str = ""
    entity_version: int | None = None
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def shown(self) -> dict[str, Any]:
        """The members of the result besides the id."""
        found: dict[str, Any] = {"status": self.status, "code": self.code or None, "message": self.message or None}
        found["entity_version"] = self.entity_version
        return {**{name: value for name, value in found.items() if value is not None}, **self.more}


class TryAgain(Exception):
    """Nothing may be stored: the whole unit is undone and the item stays on the phone."""


def held(code: str) -> Outcome:
    """Kept until what it waits for is there."""
    return Outcome("held", code, HELD[code])


def unreadable(fault: str) -> Outcome:
    """The refusal of an item in which no sense can be made; the parser's words are for whoever looks into the app."""
    return Outcome("rejected", "invalid-fields", UNREADABLE, more={"technical": _storable(fault)})


def refused(problem: Problem) -> Outcome:
    """A refusal in plain Chinese, for people who know no field names; these stand apart, under `technical`."""
    status = "conflict" if problem.code in OVERTAKEN else "rejected"
    more = {name: problem.details[name] for name in ("current", "state", "allowed") if name in problem.details}
    apart: dict[str, Any] = {"now": more} if more else {}
    if errors := problem.details.get("errors", ()):
        apart["technical"] = _storable("; ".join(f"{each['field']}: {each['message']}" for each in errors))
    return Outcome(status, problem.code, _storable(_sentence(problem)), more=apart)


def _sentence(problem: Problem) -> str:
    if isinstance(problem, NotFound):
        return OUT_OF_REACH
    if isinstance(problem, UnknownField):
        return UNREADABLE
    if errors := problem.details.get("errors"):
        return f"{problem.title}:{'、'.join(dict.fromkeys(map(_fault, errors)))}。"
    return _plain(problem.title if problem.text == problem.title else f"{problem.title}。{problem.text}")


def _fault(error: dict[str, Any]) -> str:
    path = [FIELDS[part] for part in re.split(r"[.\[\]]+", error["field"]) if part in FIELDS]
    message = _plain(error["message"]).rstrip("。")
    return f"{'的'.join(path)}({message})" if path else message


def _plain(text: str) -> str:
    """The words with the names of fields that occur in them said in Chinese."""
    return _NAME.sub(lambda found: FIELDS.get(found[0].rpartition(".")[2], found[0]), text)


def _storable(text: str) -> str:
    return text.replace("\x00", "\ufffd")[:400]


def repeated(stored: dict[str, Any]) -> Outcome:
    """The answer to an item that was sent before: the first result rides along."""
    rest = {name: value for name, value in stored.items() if name not in ("status", "code", "message", "entity_version")}
    return Outcome(
        "duplicate", stored.get("code", ""), stored.get("message", ""), stored.get("entity_version"),
        {**rest, "first": stored["status"]},
    )  # fmt: skip
