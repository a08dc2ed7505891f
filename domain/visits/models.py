from tortoise import fields
from tortoise.models import Model

from domain.fields import InstantField


class Visit(Model):
    """A visit of a grid worker to a household: at most five fields to fill in, no position, no photo required."""

    id = fields.UUIDField(primary_key=True)
    household_id = fields.UUIDField()
    area_path = fields.CharField(120)
    worker_id = fields.UUIDField()
    occurred_at = InstantField()
    received_at = InstantField()
    purposes: fields.JSONField[list[str]] = fields.JSONField()
    outcome = fields.CharField(10)
    note = fields.TextField(default="")
    needs: fields.JSONField[list[dict[str, str]]] = fields.JSONField(default=list)

    class Meta:
        table = "visits"
        indexes = (("household_id", "occurred_at"), ("worker_id", "id"), ("area_path", "id"))
