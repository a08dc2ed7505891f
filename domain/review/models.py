"""Sub-processes beside a case: review and re-review, retaliation reports, hearings, mediation."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from domain.fields import InstantField
from domain.ids import new_id


class Review(Model):
    """A request to the next higher unit to look at an answer again (复查 review, 复核 rereview; 条例 art 35, 36)."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    appeal_id = fields.UUIDField()
    case_id = fields.UUIDField()
    area_path = fields.CharField(120)
    step = fields.CharField(10)  # review | rereview
    round = fields.IntField()
    prior_id = fields.UUIDField(null=True)  # of a re-review: the review it goes on from
    state = fields.CharField(10)  # requested | accepted | deciding | upheld | changed | redo | revoked
    reason = fields.TextField()
    from_unit_id = fields.UUIDField(null=True)  # whose decision is looked at
    body_id = fields.UUIDField(null=True)  # the next higher unit; none known: whoever may review in the area
    requested_at = InstantField()
    accept_due_at = InstantField()
    decide_due_at = InstantField()
    explanation: Any = fields.JSONField(default=list)
    hearing_days = fields.IntField(default=0)
    accepted_at = InstantField(null=True)
    officer_id = fields.UUIDField(null=True)
    decision = fields.TextField(default="")
    decided_at = InstantField(null=True)

    class Meta:
        table = "reviews"
        unique_together = (("appeal_id", "round", "step"),)
        indexes = (("case_id",), ("body_id", "state", "id"))


class Finality(Model):
    """What was found about a new appeal on a matter that a re-review has ended (条例 art 36)."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case_id = fields.UUIDField(unique=True)
    review_id = fields.UUIDField()
    earlier_case_id = fields.UUIDField()
    verdict = fields.CharField(12)  # same_facts | new_facts
    explanation = fields.TextField()
    by = fields.CharField(60)
    at = InstantField()

    class Meta:
        table = "finalities"
        indexes = (("earlier_case_id",),)


class RetaliationReport(Model):
    """An appellant says somebody took revenge: seen by the next higher unit and by discipline only (条例 art 18)."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    appeal_id = fields.UUIDField()
    case_id = fields.UUIDField()
    area_path = fields.CharField(120)
    text = fields.TextField()
    state = fields.CharField(10)  # open | contacted | closed
    body_id = fields.UUIDField(null=True)
    accused: Any = fields.JSONField(default=list)  # ids of staff who may not close, merge or call back the case
    reported_at = InstantField()
    contact_due_at = InstantField()
    contacted_at = InstantField(null=True)
    officer_id = fields.UUIDField(null=True)
    outcome = fields.TextField(default="")
    closed_at = InstantField(null=True)

    class Meta:
        table = "retaliation_reports"
        indexes = (("case_id",), ("appeal_id",))


class Hearing(Model):
    """A hearing on a case, or on its review (听证): who sits, when, what was said and concluded."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case_id = fields.UUIDField()
    review_id = fields.UUIDField(null=True)
    area_path = fields.CharField(120)
    state = fields.CharField(10)  # planned | concluded | cancelled
    publicity = fields.CharField(10)  # public | parties | closed
    reason = fields.TextField()
    members: Any = fields.JSONField(default=list)  # [{name, post}]
    place = fields.CharField(120, default="")
    planned_at = InstantField()
    ordered_at = InstantField()
    ordered_by = fields.CharField(60)
    record = fields.TextField(default="")
    conclusion = fields.TextField(default="")
    concluded_at = InstantField(null=True)

    class Meta:
        table = "hearings"
        indexes = (("case_id",), ("review_id",))


class HearingRequest(Model):
    """An appellant or a unit asks for a hearing; the review officers order one or refuse with reasons (004-15)."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case_id = fields.UUIDField()
    appeal_id = fields.UUIDField(null=True)  # none: the handling unit asked
    area_path = fields.CharField(120)
    reason = fields.TextField()
    state = fields.CharField(10)  # open | granted | refused
    asked_by = fields.CharField(60)
    asked_at = InstantField()
    decision = fields.TextField(default="")
    decided_by = fields.CharField(60, default="")
    decided_at = InstantField(null=True)
    hearing_id = fields.UUIDField(null=True)

    class Meta:
        table = "hearing_requests"
        indexes = (("case_id", "state"), ("area_path", "state", "id"))


class MediationRoom(Model):
    """A neighbours' mediation room (睦邻调解室) and its mediators: group heads, old party members, the retired."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    area_code = fields.CharField(20, unique=True)
    area_path = fields.CharField(120)
    name = fields.CharField(60)
    mediators: Any = fields.JSONField(default=list)  # [{name, post}]

    class Meta:
        table = "mediation_rooms"


class Mediation(Model):
    """A dispute that a room mediates, free of charge, once every party has agreed to it."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    room_id = fields.UUIDField()
    case_id = fields.UUIDField(null=True)
    area_path = fields.CharField(120)
    matter = fields.TextField()
    parties: Any = fields.JSONField(default=list)  # [{name, consent}]
    state = fields.CharField(10)  # proposed | open | agreed | failed
    agreement_kind = fields.CharField(10, default="")  # oral | written
    agreement = fields.TextField(default="")
    opened_at = InstantField()
    ended_at = InstantField(null=True)
    confirm_by_at = InstantField(null=True)  # last instant to ask the court together to confirm (司法确认)
    confirmed_on = fields.DateField(null=True)
    follow_up = fields.TextField(default="")
    kept = fields.BooleanField(null=True)
    followed_up_at = InstantField(null=True)

    class Meta:
        table = "mediations"
        indexes = (("room_id", "state"), ("case_id",))


class MediationSession(Model):
    """One sitting of a mediation."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    mediation_id = fields.UUIDField()
    at = InstantField()
    mediators: Any = fields.JSONField(default=list)
    note = fields.TextField(default="")
    by = fields.CharField(60)

    class Meta:
        table = "mediation_sessions"
        indexes = (("mediation_id", "at"),)
