"""Moves below the doors, as a named account of the demo, and a case walked up to a state."""

from typing import Any
from uuid import UUID

import msgspec

from domain.cases.models import Case
from domain.cases.move import EFFECTS, move_case
from server.rules import stable_id
from tests.support.cast import Cast
from web.identity import open_session, resolve
from web.unit_of_work import run_unit

STEPS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("dispatcher", "register", {"appeal_type": "help", "topic": "0901"}),
    ("dispatcher", "accept", {}),
    ("dispatcher", "dispatch", {"lead": "市城管局"}),
    ("handler", "sign", {}),
    ("handler", "contact", {"stage": "investigate", "note": "电话联系"}),
    ("handler", "grade", {"grade": "clear", "facts": "路灯灯头损坏"}),
    ("handler", "submit-result", {"result": "已更换灯头", "basis": "《城市照明管理规定》",
                                  "disposition": "solved_reasonable"}),
    ("reviewer", "answer", {"text": "村口路灯已经修好,感谢您的反映。"}),
)  # fmt: skip


async def move(cast: Cast, login: str, case_id: UUID | str, action: str, **body: Any) -> Case:
    """Make one move as an account."""
    token, _ = await open_session("staff", stable_id("staff", login))
    actor = await resolve(token)
    kind = EFFECTS[action][0]
    return await run_unit(
        actor,
        lambda: move_case(actor, UUID(str(case_id)), action, msgspec.convert(body, kind)),
        cast.app.ctx.services.enqueue,
    )


async def walk(cast: Cast, case_id: UUID | str, last: str) -> Case:
    """Walk a new case along the ordinary way up to and including the action `last`."""
    for login, action, body in STEPS:
        case = await move(cast, login, case_id, action, **body)
        if action == last:
            return case
    raise ValueError(last)
