"""Brings a case through the desk to any state, by the same moves that people make."""

from typing import Any

from tests.support.cast import Cast

CITY = "市城管局"
WATER = "市水利局"
REGISTER = {"appeal_type": "help", "topic": "0901", "petition_class": "appeal_for_decision"}
RESULT = {"result": "已更换灯泡三只", "basis": "《城市道路照明设施管理规定》第八条", "disposition": "solved_reasonable"}
BAD = {"reached": True, "solved": "no", "process": 2, "result": 1, "staff": "inactive", "comment": "灯还是不亮"}
GOOD = {"reached": True, "solved": "yes", "process": 5, "result": 5, "staff": "active"}

ROAD: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("registered", "dispatcher", "register", REGISTER),
    ("accepted", "dispatcher", "accept", {}),
    ("dispatched", "dispatcher", "dispatch", {"lead": CITY}),
    ("signed", "handler", "sign", {}),
    ("signed", "handler", "contact", {"stage": "accept", "note": "已联系"}),
    ("investigating", "handler", "contact", {"stage": "investigate", "mode": "in_person"}),
    ("handling", "handler", "grade", {"grade": "clear", "facts": "三盏灯灯泡损坏"}),
    ("reviewing", "handler", "submit-result", RESULT),
    ("answered", "reviewer", "answer", {"text": "路灯已于今日修好。"}),
)
AFTER_ANSWER: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("handler", "contact", {"stage": "answer", "mode": "in_person"}),
    ("handler", "follow-up", {"note": "已到现场回访"}),
)


async def bring_to(cast: Cast, state: str, *, dispatch: dict[str, Any] | None = None, **appeal: Any) -> str:
    """File an appeal and bring its case to a state on the main road; the id of the case."""
    case_id = await cast.case_of(await cast.appeal(**appeal))
    if state == "submitted":
        return case_id
    for _, login, action, body in ROAD[: _last(state) + 1]:
        await cast.act(login, case_id, action, **({**body, **(dispatch or {})} if action == "dispatch" else body))
    if state == "closed":
        if dispatch:
            await cast.act("handler2", case_id, "co-result", note="协办完成")
        await finish(cast, case_id)
    return case_id


async def finish(cast: Cast, case_id: str) -> None:
    """From answered to closed: the third meeting, the unit's follow-up, a good rating by callback."""
    for login, action, body in AFTER_ANSWER:
        await cast.act(login, case_id, action, **body)
    await cast.act("callback", case_id, "callback", **GOOD)


async def again(cast: Cast, case_id: str) -> None:
    """From rework to the second answer."""
    await cast.act("handler", case_id, "take-up", plan="重新检修线路")
    await cast.act("handler", case_id, "submit-result", **RESULT)
    await cast.act("reviewer", case_id, "answer", text="线路已重新检修,灯全部亮了。")


def _last(state: str) -> int:
    return len(ROAD) - 1 if state == "closed" else next(n for n, row in enumerate(ROAD) if row[0] == state)
