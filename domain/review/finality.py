"""A matter that a re-review has ended comes again (条例 art 36): registered and answered like everything else, but the
same facts and reasons are not accepted again; new facts make it a new matter, linked to the old one."""

from uuid import UUID

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.appeals.models import Appeal
from domain.cases.models import Case
from domain.cases.move import EFFECTS, lock_visible, move_locked
from domain.clock import now
from domain.ids import new_id
from domain.journal.unit import Fact, digest, record
from domain.problems import GuardNotMet, InvalidFields, invalid
from domain.review.decisions import is_final
from domain.review.models import Finality, Review
from domain.sql import fetch_one

AID = "生活困难可以申请帮扶救助,法律问题可以拨打 12348"
_SAME_PERSON = """
SELECT 1 AS same FROM appeals n JOIN appeals o ON o.id = $2 LEFT JOIN appellants x ON x.appeal_id = n.id
LEFT JOIN appellants y ON y.appeal_id = o.id
WHERE n.case_id = $1 AND (n.resident_id = o.resident_id OR (x.phone <> '' AND x.phone = y.phone))
"""


async def note_finality(actor: Actor, case_id: UUID, review_id: UUID, verdict: str, explanation: str) -> Finality:
    """Say whether a new case repeats a matter ended by re-review. The same facts: not accepted, by two persons, with
    the explanation; new facts: linked, and it goes its way. 422 for another person's or an unfinished review."""
    case, co_ids = await lock_visible(actor, case_id)
    actor.require(Permission.CASE_REGISTER, case.area_path)
    review = await Review.get_or_none(id=review_id)
    if review is None or not is_final(review) or review.case_id == case.id:
        raise _invalid("该事项没有经复核终结")
    if await fetch_one(_SAME_PERSON, [case.id, review.appeal_id]) is None:
        raise _invalid("终结的事项不是同一诉求人提出的")
    if case.state != "registered":
        raise GuardNotMet(reason="登记之后、受理之前作出判断。", missing=["登记"])
    found = await _keep(actor, case, review, verdict, explanation)
    if verdict == "same_facts":
        kind = EFFECTS["not-accept"][0]
        body = kind(reason_code="not_reaccepted", next_channel=AID, reason=explanation[:1000])  # type: ignore[call-arg]
        await move_locked(actor, case, co_ids, "not-accept", body)
    return found


async def _keep(actor: Actor, case: Case, review: Review, verdict: str, explanation: str) -> Finality:
    await Finality.filter(case_id=case.id).delete()
    found = await Finality.create(
        id=new_id(), case_id=case.id, review_id=review.id, earlier_case_id=review.case_id, verdict=verdict,
        explanation=explanation, by=actor.label, at=now(),
    )  # fmt: skip
    appeal = await Appeal.filter(case_id=case.id).order_by("id").first()
    data = {"verdict": verdict, "earlier_case": str(review.case_id), "text_digest": digest(found.id, explanation)}
    record(Fact("review.final", case.area_code, case.id, appeal.id if appeal else case.id, data, actor=actor))
    return found


def _invalid(message: str) -> InvalidFields:
    return invalid("review_id", message)
