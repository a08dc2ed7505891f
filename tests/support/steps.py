"""Moves of the staff below their door, for tests that are about another door."""

from typing import Any
from uuid import UUID

import msgspec

import domain.workflow  # noqa: F401  (registers the effects)
from domain.cases.models import Case
from domain.cases.move import EFFECTS, move_case
from tests.support.cast import Cast
from web.identity import resolve
from web.unit_of_work import run_unit

PATH: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("dispatcher", "register", {"appeal_type": "help", "topic": "0902"}),
    ("dispatcher", "accept", {}),
    ("dispatcher", "dispatch", {"lead": "市城管局"}),
    ("handler", "sign", {}),
    ("handler", "contact", {"stage": "accept"}),
    ("handler", "contact", {"stage": "investigate"}),
    ("handler", "grade", {"grade": "clear", "facts": "路灯线路老化"}),
    ("handler", "submit-result", {"result": "已更换线路", "basis": "《城市照明管理规定》",
                                  "disposition": "solved_reasonable"}),
    ("handler", "contact", {"stage": "answer"}),
    ("reviewer", "answer", {"text": "路灯已修好,请您查看。"}),
    ("handler", "follow-up", {"note": "群众表示已亮"}),
)  # fmt: skip


async def move(cast: Cast, login: str, case_id: str, action: str, **body: Any) -> Case:
    """One move by a staff account."""
    client = await cast.staff(login)
    actor = await resolve(client.headers["authorization"].removeprefix("Bearer "))
    kind, _ = EFFECTS[action]
    given = msgspec.convert(body, kind)
    return await run_unit(actor, lambda: move_case(actor, UUID(case_id), action, given), cast.app.ctx.enqueue)


async def work(cast: Cast, case_id: str, until: str = "follow-up") -> None:
    """The ordinary path from registration up to and including a move."""
    for login, action, body in PATH:
        await move(cast, login, case_id, action, **body)
        if action == until and action != "contact":
            return


async def answer_again(cast: Cast, case_id: str) -> None:
    """The path of a rework, from taking it up to the second answer."""
    await move(cast, "handler", case_id, "take-up", plan="重新检查线路")
    for login, action, body in PATH[-4:]:
        await move(cast, login, case_id, action, **body)
