"""The people of a unit who can be rung, their shifts (值班), and the calls of urgent cases."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from domain.fields import InstantField
from domain.ids import new_id


class TeamMember(Model):
    """Somebody of a unit's rapid team or its telephone duty, with a number that is shown masked."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    department_id = fields.UUIDField()
    role = fields.CharField(10)  # lead | deputy | backbone | phone
    place = fields.IntField(default=1)  # the order within the role
    name = fields.CharField(60)
    phone = fields.CharField(30)
    staff_id = fields.UUIDField(null=True)
    checked_at = InstantField(null=True)
    reachable = fields.BooleanField(null=True)
    away_from = InstantField(null=True)
    away_until = InstantField(null=True)
    substitute_id = fields.UUIDField(null=True)
    active = fields.BooleanField(default=True)

    class Meta:
        table = "team_members"
        indexes = (("department_id", "role", "place"),)


class DutyShift(Model):
    """One person's shift on the duty roster of a unit; the end may lie on the next day."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    department_id = fields.UUIDField()
    member_id = fields.UUIDField()
    on = fields.DateField(source_field="on_day")
    label = fields.CharField(20)
    place = fields.IntField(default=1)  # 1 = rung first
    starts_at = InstantField()
    ends_at = InstantField()

    class Meta:
        table = "duty_shifts"
        unique_together = (("department_id", "member_id", "starts_at"),)
        indexes = (("department_id", "ends_at"), ("ends_at",))


class DutyCall(Model):
    """Somebody on duty is rung for an urgent case, and the next one when nobody acknowledges in time."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case_id = fields.UUIDField()
    department_id = fields.UUIDField()
    cause = fields.CharField(120, unique=True)  # the journal row that rang, and the unit
    chain: Any = fields.JSONField()  # [{kind, member_id, reason}, …] in the order of ringing
    step = fields.IntField(default=0)
    rung_at = InstantField()
    next_at = InstantField(null=True)
    acknowledged_at = InstantField(null=True)
    acknowledged_by = fields.CharField(60, default="")

    class Meta:
        table = "duty_calls"
        indexes = (("case_id",),)
