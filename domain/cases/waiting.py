"""The end of a suspension (挂起), whoever ends it: the day, the section, or a case that ends while it waits."""

from datetime import datetime

from domain.cases.models import Case, Suspension
from domain.clock import local_date


async def stop_waiting(case: Case, at: datetime) -> Suspension | None:
    """End the suspension under way and take the flag off the case, unsaved; None where the case does not wait."""
    if case.suspended_until is None:
        return None
    case.suspended_until = None
    suspension = await Suspension.filter(case_id=case.id, ended_at=None).order_by("-id").first()
    if suspension is None:
        return None
    suspension.ended_at = at
    suspension.days = (min(local_date(at), suspension.until_on) - local_date(suspension.from_at)).days
    await suspension.save(update_fields=["ended_at", "days"])
    return suspension
