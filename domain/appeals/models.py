from typing import Any

from tortoise import fields
from tortoise.models import Model

from domain.fields import InstantField
from domain.ids import new_id


class Appeal(Model):
    """What one person said through one channel; never edited after submission. Its status is its case's."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case_id = fields.UUIDField()
    number = fields.CharField(30, unique=True)
    query_hash = fields.BinaryField()
    channel = fields.CharField(30)
    external_id = fields.CharField(80, null=True)
    kind = fields.CharField(12)
    topic = fields.CharField(20, default="")
    content = fields.TextField(default="")
    area_code = fields.CharField(20)
    area_path = fields.CharField(120)
    household_id = fields.UUIDField(null=True)  # claimed by the scan, proves nothing
    resident_id = fields.UUIDField(null=True)
    identity = fields.CharField(24)
    complained_department_id = fields.UUIDField(null=True)
    complained_text = fields.CharField(500, default="")
    urgent_reason = fields.CharField(200, default="")
    on_behalf: Any = fields.JSONField(null=True)
    entered_by = fields.UUIDField(null=True)
    content_check = fields.CharField(10, default="waiting")  # waiting | pass | review | risky | off
    lon = fields.FloatField(null=True)
    lat = fields.FloatField(null=True)
    datum = fields.CharField(6, null=True)
    received_at = InstantField()
    received_on = fields.DateField()

    class Meta:
        table = "appeals"
        unique_together = (("channel", "external_id"),)
        indexes = (("case_id",), ("resident_id", "id"), ("household_id",))


class Appellant(Model):
    """Who filed an appeal, apart from what was said: opened only with a purpose, and logged."""

    appeal_id = fields.UUIDField(primary_key=True)
    name = fields.CharField(60, default="")
    phone = fields.CharField(30, default="")

    class Meta:
        table = "appellants"
        indexes = (("phone",),)


class Reply(Model):
    """The answer that an appeal got in one round."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    appeal_id = fields.UUIDField()
    case_id = fields.UUIDField()
    round = fields.IntField()
    text = fields.TextField()
    unit_name = fields.CharField(80)
    at = InstantField()

    class Meta:
        table = "replies"
        unique_together = (("appeal_id", "round"),)
        indexes = (("case_id",),)


class Message(Model):
    """What an appellant added later: a supplement, an urging, an objection."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    appeal_id = fields.UUIDField()
    case_id = fields.UUIDField()
    kind = fields.CharField(20)
    text = fields.TextField(default="")
    at = InstantField()

    class Meta:
        table = "appeal_messages"
        indexes = (("case_id", "id"), ("appeal_id", "id"))


class Channel(Model):
    """A way in which appeals arrive, in the register of the deployment (000-01); switched off and never deleted."""

    code = fields.CharField(30, primary_key=True)
    name = fields.CharField(80)
    manager_code = fields.CharField(40)  # the unit that manages it
    aggregation = fields.CharField(16)  # interconnect | merged | own
    handling = fields.CharField(40)
    number = fields.IntField(default=0)  # its row in the annex
    petition = fields.BooleanField(default=False)
    area_code = fields.CharField(20, default="")  # of an area that has it for itself
    basis = fields.CharField(200, default="")
    active = fields.BooleanField(default=True)

    class Meta:
        table = "channels"
