"""The steps of a case and the time that each took: six fast steps (六快) beside six-plus-six (000-09). Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

FAST = {
    "accept": "快受理", "verify": "快核查、快处置", "rectify": "快整改", "report": "快报告", "callback": "快回访",
}  # fmt: skip
PLUS = {
    "approve": "审批", "assign": "交办", "investigate": "调查", "dispose": "处置", "review": "审核", "supervise": "督查",
}  # fmt: skip


def elapsed(
    names: Mapping[str, str], done: Mapping[str, str], received_at: datetime, skipped: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Each step in order: when it was done and the seconds since the one before it, since receipt for the first."""
    steps: list[dict[str, Any]] = []
    before = received_at
    for step, name in names.items():
        at = datetime.fromisoformat(done[step]) if step in done else None
        steps.append({
            "step": step, "name": name, "at": at,
            "seconds": max(0, int((at - before).total_seconds())) if at else None,
            "skipped": step in (skipped or {}),
        })  # fmt: skip
        before = at or before
    return steps
