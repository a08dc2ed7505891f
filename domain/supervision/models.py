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
    trigger = fields.CharField(20)  # dissatisfied | overdue | repeat | no_progress | hand
    requirement = fields.TextField(default="")
    state = fields.CharField(10)  # open | answered | closed
    response = fields.TextField(default="")
    verdict = fields.TextField(default="")
    opened_at = InstantField()
    opened_by = fields.CharField(60)
    due_at = InstantField(null=True)
    closed_at = InstantField(null=True)

    class Meta:
        table = "supervisions"
        indexes = (("case_id", "state"), ("area_path", "state", "id"))
