"""What follows an event, on one page, in running order. Each name is a job of `server/reactions/`; an unknown name
fails at boot. A reaction runs at least once, after the commit of its event, in order per case."""

from collections.abc import Mapping
from typing import Any

REACTIONS: dict[str, tuple[str, ...]] = {
    "appeal.submitted": ("check_content", "find_duplicates", "tell_resident"),
    "case.registered": ("tell_linked",),
    "case.resources-asked": ("tell_resources",),
    "case.resources-answered": ("tell_resources",),
    "case.filed": ("tell_duty_office",),
    "accountability.opened": ("tell_discipline",),
    "case.info-asked": ("tell_resident",),
    "case.accepted": ("tell_resident",),
    "case.not-accepted": ("tell_resident",),
    "case.redirected": ("tell_resident",),
    "case.transferred": ("tell_resident",),
    "case.voided": ("tell_resident",),
    "case.dispatched": ("tell_resident", "tell_unit"),
    "case.returned": ("tell_desk",),
    "case.answered": ("tell_resident",),
    "case.reworked": ("tell_resident", "tell_unit"),
    "case.closed": ("tell_resident", "tell_reporter"),
    "case.escalated": ("tell_resident", "tell_desk"),
    "case.inspected": ("tell_reporter",),
    "case.contested": ("tell_desk",),
    "case.converted": ("tell_desk",),
    "case.info-lapsed": ("tell_desk",),
    "case.merged": ("tell_resident",),
    "case.held-long-term": ("tell_resident",),
    "case.extension-asked": ("tell_deciders",),
    "case.extended": ("tell_resident",),
    "case.suspended": ("tell_resident",),
    "case.regraded": ("tell_resident",),
    "case.instructed": ("tell_instructed",),
    "case.leader-assigned": ("tell_instructed",),
    "calendar.changed": ("recount_deadlines",),
    "limits.changed": ("recount_limits",),
    "case.urged": ("tell_unit",),
    "appeal.messaged": ("tell_unit",),
    "appeal.withdrawn": ("tell_resident", "tell_unit"),
    "appeal.content-flagged": ("tell_desk",),
    "deadline.warned": ("tell_deadline",),
    "supervision.opened": ("tell_resident", "tell_unit"),
    "hearing.requested": ("tell_hearing",),
    "hearing.refused": ("tell_resident",),
    "hearing.ordered": ("tell_resident", "tell_hearing"),
    "hearing.concluded": ("tell_resident", "tell_hearing"),
    "review.requested": ("tell_body",),
    "review.decided": ("tell_resident",),
    "retaliation.reported": ("tell_retaliation",),
    "office.judgement-opened": ("tell_judges",),
    "office.warned": ("tell_office",),
    "survey.opened": ("send_surveys",),
    "event.reported": ("ring_duty",),
    "duty.needed": ("call_duty",),
    "duty.rung": ("ring_recipient",),
    "duty.unanswered": ("tell_unanswered",),
    "duty.gap-found": ("tell_gap",),
    "case.transferred-down": ("tell_verification",),
    "case.verification-reported": ("tell_verification",),
    "case.verification-judged": ("tell_verification",),
    "case.part-late": ("tell_part",),
    "membership.bound": ("tell_members",),
    "household.import-requested": ("import_households",),
    "plates.requested": ("print_plates",),
    "plates.revocation-requested": ("revoke_plates",),
}

# Most events of these kinds concern nobody there: the job is made only where the event's data name this.
ONLY_WITH = {
    ("appeal.submitted", "check_content"): "judged",
    ("case.registered", "tell_linked"): "emergency",
    ("case.closed", "tell_reporter"): "reporter_id",
    ("event.reported", "ring_duty"): "urgent",
}


def reactions_of(event: str, data: Mapping[str, Any]) -> list[str]:
    """The reactions that an event with these data sets off, in running order."""
    wanted = ((name, ONLY_WITH.get((event, name))) for name in REACTIONS.get(event, ()))
    return [name for name, key in wanted if key is None or data.get(key)]
