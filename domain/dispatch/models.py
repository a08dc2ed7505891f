from tortoise import fields
from tortoise.models import Model


class DutyItem(Model):
    """One line of the responsibility catalogue (职责清单): a topic and who owes the work."""

    id = fields.UUIDField(primary_key=True)
    topic = fields.CharField(20)
    name = fields.CharField(120)
    lead_code = fields.CharField(40)
    co_codes: fields.JSONField[list[str]] = fields.JSONField(default=list)
    basis = fields.CharField(200, default="")
    area_first = fields.BooleanField(default=True)

    class Meta:
        table = "duty_items"
        indexes = (("topic",),)
