"""By what a dispatch was decided, how far a matter crosses, what was handed down, which leader is in charge."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from domain.fields import InstantField
from domain.ids import new_id


class DispatchRecord(Model):
    """One dispatch of a case: by which version and line, what matched, what was skipped, and why."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case_id = fields.UUIDField()
    number = fields.IntField()  # 1 = the first dispatch
    topic = fields.CharField(20)
    department_id = fields.UUIDField()
    version_id = fields.UUIDField(null=True)
    item_code = fields.CharField(20, default="")
    responsibility = fields.CharField(20)
    followed = fields.BooleanField()  # the unit is one that the catalogue proposed
    explanation: Any = fields.JSONField()
    at = InstantField()

    class Meta:
        table = "dispatch_records"
        unique_together = (("case_id", "number"),)
        indexes = (("number", "at"),)


class Crossing(Model):
    """The 三跨三分离 of a case, and the area whose desk is the common superior of all concerned."""

    case_id = fields.UUIDField(primary_key=True)
    flags: Any = fields.JSONField()
    areas: Any = fields.JSONField(default=list)
    departments: Any = fields.JSONField(default=list)
    superior_path = fields.CharField(120)
    marked_by = fields.UUIDField(null=True)
    marked_at = InstantField()

    class Meta:
        table = "case_crossings"


class LeaderField(Model):
    """A leader of a unit and the topics in the leader's charge (谁主管谁负责); no topics: all of the unit."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    department_id = fields.UUIDField()
    name = fields.CharField(60)
    post = fields.CharField(60)
    staff_id = fields.UUIDField(null=True)
    topics: Any = fields.JSONField(default=list)
    since_on = fields.DateField()
    ended_on = fields.DateField(null=True)

    class Meta:
        table = "leader_fields"
        indexes = (("department_id",),)


class Verification(Model):
    """A matter handed down to be verified (转交基层核实); the unit above stays its supervisor."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case_id = fields.UUIDField()
    parent_id = fields.UUIDField()
    department_id = fields.UUIDField()
    task = fields.TextField()
    due_on = fields.DateField()
    state = fields.CharField(10)  # open | reported | confirmed
    found = fields.CharField(10, default="")  # true | partly | untrue
    result = fields.TextField(default="")
    sent_back = fields.IntField(default=0)
    created_at = InstantField()
    progress_at = InstantField(null=True)
    reported_at = InstantField(null=True)
    confirmed_at = InstantField(null=True)

    class Meta:
        table = "verifications"
        indexes = (("case_id",), ("parent_id", "state", "id"), ("department_id", "state", "id"))
