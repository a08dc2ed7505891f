"""What becomes of an item, in the words of the contract."""

from dataclasses import dataclass, field
from typing import Any

from domain.problems import Problem

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


def refused(problem: Problem) -> Outcome:
    """A refusal in plain Chinese: the title, the detail and each faulty field."""
    errors = [f"{fault['field']}:{fault['message']}" for fault in problem.details.get("errors", ())]
    parts = [problem.title, problem.text if problem.text != problem.title else "", *errors]
    status = "conflict" if problem.code in OVERTAKEN else "rejected"
    more = {name: problem.details[name] for name in ("current", "state", "allowed") if name in problem.details}
    return Outcome(status, problem.code, ";".join(filter(None, parts))[:400], more={"now": more} if more else {})


def repeated(stored: dict[str, Any]) -> Outcome:
    """The answer to an item that was sent before: the first result rides along."""
    rest = {name: value for name, value in stored.items() if name not in ("status", "code", "message", "entity_version")}
    return Outcome(
        "duplicate", stored.get("code", ""), stored.get("message", ""), stored.get("entity_version"),
        {**rest, "first": stored["status"]},
    )  # fmt: skip
