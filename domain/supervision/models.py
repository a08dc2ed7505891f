"""Demands on units (督办), the clocks of offices beside the clocks of a case, and verdicts on first handlers."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from domain.fields import InstantField
from domain.ids import new_id


class Supervision(Model):
    """A demand on a unit to put a case right (督办), with an answer and a verdict."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case_id = fields.UUIDField()
    area_path = fields.CharField(120)
    department_id = fields.UUIDField(null=True)
    kind = fields.CharField(12)  # urge | key | special | on_site | listed
    trigger = fields.CharField(20)  # dissatisfied | overdue | repeat | no_progress | objected | survey | third_assignment | hand
    requirement = fields.TextField(default="")
    state = fields.CharField(10)  # open | answered | closed
    response = fields.TextField(default="")
    verdict = fields.TextField(default="")
    opened_at = InstantField()
    opened_by = fields.CharField(60)
    due_at = InstantField(null=True)
    closed_at = InstantField(null=True)
    subject_kind = fields.CharField(16, default="")  # of an office's own clock: review | rereview | hearing | …
    subject_id = fields.UUIDField(null=True)

    class Meta:
        table = "supervisions"
        indexes = (("case_id", "state"), ("area_path", "state", "id"))


class OfficeClock(Model):
    """A clock that an office owes beside the case: a review, a hearing, a report of retaliation, a verdict."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    kind = fields.CharField(16)  # review | rereview | hearing | retaliation | first_handler
    name = fields.CharField(16)  # accept | decide | hold | contact | verdict
    subject_id = fields.UUIDField()
    case_id = fields.UUIDField()
    area_path = fields.CharField(120)
    department_id = fields.UUIDField(null=True)  # the office; none named: whoever holds the right in the area
    started_at = InstantField()
    due_at = InstantField()
    limit_code = fields.CharField(16)
    calendar_version = fields.IntField(default=0)  # the edit of the working calendar it was worked out by
    explanation: Any = fields.JSONField(default=list)
    ladder: Any = fields.JSONField(default=list)
    level = fields.CharField(12, default="none")
    next_at = InstantField(null=True)
    stopped_at = InstantField(null=True)
    met = fields.BooleanField(null=True)

    class Meta:
        table = "office_clocks"
        unique_together = (("subject_id", "name"),)
        indexes = (("area_path", "id"),)


class FirstHandlerReview(Model):
    """Whether the unit that handled a badly rated case first is to blame (首办责任核查), found by somebody outside it."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case_id = fields.UUIDField()
    supervision_id = fields.UUIDField()
    area_path = fields.CharField(120)
    department_id = fields.UUIDField(null=True)  # the first unit
    handler_id = fields.UUIDField(null=True)  # the first handler
    round = fields.IntField()
    cause = fields.CharField(12)  # dissatisfied | repeat
    state = fields.CharField(10)  # open | decided
    fault = fields.BooleanField(null=True)
    reason = fields.TextField(default="")
    measure = fields.TextField(default="")
    opened_at = InstantField()
    due_at = InstantField()
    decided_at = InstantField(null=True)
    officer_id = fields.UUIDField(null=True)

    class Meta:
        table = "first_handler_reviews"
        unique_together = (("case_id", "round", "cause"),)
        indexes = (("area_path", "state", "id"), ("department_id", "state"))


class AccountabilityLead(Model):
    """A clue for the discipline office: who caused a problem and handled it poorly, or what had grave effects (004-29)."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case_id = fields.UUIDField()
    area_path = fields.CharField(120)
    department_id = fields.UUIDField()  # the unit from which the problem arose
    cause = fields.CharField(30)
    strict = fields.BooleanField()  # grave effects
    state = fields.CharField(10)  # open | closed
    finding = fields.CharField(20, default="")  # a kind of accountability of the profile, or none
    note = fields.TextField(default="")
    opened_at = InstantField()
    closed_at = InstantField(null=True)
    closed_by = fields.UUIDField(null=True)

    class Meta:
        table = "accountability_leads"
        unique_together = (("case_id", "department_id"),)
        indexes = (("area_path", "state", "id"),)


class DemandAssessment(Model):
    """Whether a third-party panel finds a demand unreasonable (X4): asked by the handling unit once for each answer."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case_id = fields.UUIDField()
    area_path = fields.CharField(120)
    department_id = fields.UUIDField()  # the unit that asked
    round = fields.IntField()
    reason = fields.TextField()
    state = fields.CharField(10)  # open | given
    asked_by = fields.UUIDField()
    asked_at = InstantField()
    unreasonable = fields.BooleanField(null=True)
    finding = fields.TextField(default="")
    decided_by = fields.UUIDField(null=True)
    decided_at = InstantField(null=True)

    class Meta:
        table = "demand_assessments"
        unique_together = (("case_id", "round"),)
