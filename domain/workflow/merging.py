"""Effects of merging: appeals move onto one case and keep their number, answer and rating (归并, 000-29)."""

from uuid import UUID

from domain.appeals.models import Appeal, Message, Reply
from domain.attachments.models import Attachment, AttachmentDeclaration
from domain.cases import clocks
from domain.cases.models import Case, Deadline
from domain.cases.move import Body, Turn, effect, lock_visible
from domain.cases.states import ENDED
from domain.clock import now
from domain.journal.unit import Fact, record
from domain.problems import GuardNotMet, invalid
from domain.ratings.models import Callback, Rating
from domain.workflow.levels import at_level

ACCUSATION = "accusation"
OF_AN_APPEAL = (Message, Reply, Rating, Callback)  # goes where its appeal goes


class Merge(Body, kw_only=True):
    """The case that the appeals move onto."""

    into: UUID


@effect("merge", Merge)
async def merge(turn: Turn, body: Merge) -> None:
    """Move the appeals onto another open case; the earliest of the due dates counts there."""
    case = turn.case
    at_level(turn, case.desk_level, "归并")
    if body.into == case.id:
        raise invalid("into", "不能归并到自身")
    into, _ = await lock_visible(turn.actor, body.into)
    await _check(case, into)
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
    at_level(turn, case.desk_level, "拆分")
    into, _ = await lock_visible(turn.actor, UUID(merged["into"]))
    if into.state in ENDED or into.answered_at:
        raise GuardNotMet(reason="归并后的工单已经答复或办结,不能再拆分。", missing=[])
    await _move_appeals([UUID(found) for found in merged["appeals"]], case.id)
    await clocks.take_back(into, await _still_joined(into, case))
    await clocks.reopen(case, [UUID(found) for found in merged["clocks"]])
    turn.state, case.merge, case.ended_at = merged["state"], None, None
    turn.data["from_case"] = str(into.id)
    await _touch(into, "case.left", case.id, len(merged["appeals"]))


async def _check(case: Case, into: Case) -> None:
    if into.state in ENDED:
        raise invalid("into", "目标工单已经结束")
    if into.kind != case.kind:
        raise invalid("into", "诉求件与网格事件不能归并")
    accused = {case.petition_class == ACCUSATION, into.petition_class == ACCUSATION}
    if len(accused) == 2 or case.complained_department_id != into.complained_department_id:
        raise invalid("into", "检举控告件不与其他件归并,被反映对象不同的不能归并")
    if await Reply.exists(case_id__in=[case.id, into.id]):  # each answer is given, rated and closed for its own appeals
        raise invalid("into", "已经答复的工单不再归并")
    if case.accepted_at and not into.accepted_at:  # its handling date would have no clock to count on
        raise invalid("into", "此件已受理,目标工单尚未受理,请先受理目标工单")


async def _still_joined(into: Case, leaving: Case) -> list[Deadline]:
    """The clocks of the other cases that are merged into it."""
    others = await Case.filter(state="merged", merge__contains={"into": str(into.id)}).exclude(id=leaving.id)
    return await Deadline.filter(id__in=[UUID(found) for other in others for found in other.merge["clocks"]])


async def _move_appeals(ids: list[UUID], case_id: UUID) -> None:
    """Appeals take along what was added to them and their files, also those that are yet to arrive."""
    await Appeal.filter(id__in=ids).update(case_id=case_id)
    added = await Message.filter(appeal_id__in=ids).values_list("id", flat=True)
    for model in OF_AN_APPEAL:
        await model.filter(appeal_id__in=ids).update(case_id=case_id)
    for files in (Attachment, AttachmentDeclaration):
        await files.filter(subject_kind="appeal", subject_id__in=ids).update(case_id=case_id)
        await files.filter(subject_kind="message", subject_id__in=list(added)).update(case_id=case_id)


async def _touch(into: Case, event: str, other: UUID, appeals: int) -> None:
    into.version += 1
    into.state_version = into.version  # a decision that one person has signed was about other appeals
    await into.save(update_fields=["version", "state_version"])
    record(
        Fact(
            event, into.area_code, into.id, into.id,
            {"from": into.state, "to": into.state, "version": into.version, "case": str(other), "appeals": appeals,
             **clocks.notes(into)},
            feed=("case", into.id, into.version),
        )
    )  # fmt: skip
