"""Effects of merging: appeals move onto one case and keep their number, answer and rating (归并, 000-29)."""

from uuid import UUID

from domain.appeals.models import Appeal
from domain.attachments.models import Attachment
from domain.cases import clocks
from domain.cases.models import Case, Deadline
from domain.cases.move import Body, Turn, effect, lock_visible
from domain.cases.states import ENDED
from domain.clock import now
from domain.journal.unit import Fact, record
from domain.problems import GuardNotMet
from domain.workflow.intake import invalid

ACCUSATION = "accusation"


class Merge(Body, kw_only=True):
    """The case that the appeals move onto."""

    into: UUID


@effect("merge", Merge)
async def merge(turn: Turn, body: Merge) -> None:
    """Move the appeals onto another open case; the earliest of the due dates counts there."""
    case = turn.case
    if body.into == case.id:
        raise invalid("into", "不能归并到自身")
    into, _ = await lock_visible(turn.actor, body.into)
    _check(case, into)
    appeals = await Appeal.filter(case_id=case.id).values_list("id", flat=True)
    running = await Deadline.filter(case_id=case.id, stopped_at=None)
    await _move_appeals(list(appeals), into.id)  # type: ignore[arg-type]
    await clocks.bring_forward(into, running)
    case.merge = {
        "into": str(into.id),
        "state": case.state,
        "appeals": [str(found) for found in appeals],
        "clocks": [str(clock.id) for clock in running],
    }
    case.ended_at = now()
    turn.data["into"] = str(into.id)
    await _touch(into, "case.joined", case.id, len(appeals))


@effect("unmerge")
async def unmerge(turn: Turn, body: Body) -> None:
    """Take a merge back: the appeals return, the state before and its clocks come back."""
    case, merged = turn.case, turn.case.merge or {}
    into, _ = await lock_visible(turn.actor, UUID(merged["into"]))
    if into.state in ENDED or into.answered_at:
        raise GuardNotMet(reason="归并后的工单已经答复或办结,不能再拆分。", missing=[])
    await _move_appeals([UUID(found) for found in merged["appeals"]], case.id)
    await clocks.reopen([UUID(found) for found in merged["clocks"]])
    turn.state, case.merge, case.ended_at = merged["state"], None, None
    turn.data["from_case"] = str(into.id)
    await _touch(into, "case.left", case.id, len(merged["appeals"]))


def _check(case: Case, into: Case) -> None:
    if into.state in ENDED:
        raise invalid("into", "目标工单已经结束")
    if into.kind != case.kind:
        raise invalid("into", "诉求件与网格事件不能归并")
    accused = {case.petition_class == ACCUSATION, into.petition_class == ACCUSATION}
    if len(accused) == 2 or case.complained_department_id != into.complained_department_id:
        raise invalid("into", "检举控告件不与其他件归并,被反映对象不同的不能归并")


async def _move_appeals(ids: list[UUID], case_id: UUID) -> None:
    await Appeal.filter(id__in=ids).update(case_id=case_id)
    await Attachment.filter(subject_kind="appeal", subject_id__in=ids).update(case_id=case_id)


async def _touch(into: Case, event: str, other: UUID, appeals: int) -> None:
    into.version += 1
    await into.save(update_fields=["version"])
    record(
        Fact(
            event, into.area_code, into.id, into.id,
            {"from": into.state, "to": into.state, "version": into.version, "case": str(other), "appeals": appeals},
            feed=("case", into.id, into.version),
        )
    )  # fmt: skip
