"""Closure reports to the superior, with their receipts."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from domain.fields import InstantField
from domain.ids import new_id


class ClosureReport(Model):
    """The closure report of a round to the superior (闭环报告, 000-28), as it was sent, and its receipt."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case_id = fields.UUIDField()
    area_path = fields.CharField(120)
    round = fields.IntField()
    attempt = fields.IntField(default=1)  # a report that came back is sent again
    state = fields.CharField(10, default="sent")  # sent | accepted | returned
    from_path = fields.CharField(120, default="")  # the area of the office that sent it
    chain: Any = fields.JSONField(default=list)  # per unit: who leads, who is in charge, which section does it
    recipient = fields.CharField(80)
    text = fields.TextField()
    sent_at = InstantField()
    sent_by = fields.CharField(60)
    receipt_number = fields.CharField(60, default="")
    receipt_note = fields.TextField(default="")
    received_at = InstantField(null=True)

    class Meta:
        table = "closure_reports"
        unique_together = (("case_id", "round", "attempt"),)
        indexes = (("area_path", "id"),)
