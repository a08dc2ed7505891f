"""What follows an event, on one page, in running order. Each name is a job of `server/reactions.py`; an unknown name
fails at boot. A reaction runs at least once, after the commit of its event, in order per case."""

REACTIONS: dict[str, tuple[str, ...]] = {
    "appeal.submitted": ("check_content", "tell_resident"),
    "case.registered": (),
    "case.info-asked": ("tell_resident",),
    "case.accepted": ("tell_resident",),
    "case.not-accepted": ("tell_resident",),
    "case.redirected": ("tell_resident",),
    "case.transferred": ("tell_resident",),
    "case.dispatched": ("tell_resident", "tell_unit"),
    "case.returned": ("tell_desk",),
    "case.answered": ("tell_resident",),
    "case.reworked": ("tell_resident", "tell_unit"),
    "case.closed": ("tell_resident", "tell_reporter"),
    "case.escalated": ("tell_resident", "tell_desk"),
    "case.inspected": ("tell_reporter",),
    "case.contested": ("tell_desk",),
    "case.urged": ("tell_unit",),
    "appeal.withdrawn": ("tell_unit",),
    "deadline.warned": ("tell_deadline",),
    "supervision.opened": ("tell_unit",),
    "event.reported": ("ring_duty",),
    "membership.bound": ("tell_members",),
    "household.import-requested": ("import_households",),
    "plates.requested": ("print_plates",),
}
