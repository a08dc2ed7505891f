from tortoise import fields
from tortoise.models import Model

from domain.fields import InstantField
from domain.ids import new_id


class Suggestion(Model):
    """What somebody who works with the app says about the app itself (国办函〔2026〕12号)."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    author = fields.CharField(60)
    area_code = fields.CharField(20)
    area_path = fields.CharField(120)
    text = fields.TextField()
    at = InstantField()
    reply = fields.TextField(default="")
    replied_at = InstantField(null=True)
    replied_by = fields.UUIDField(null=True)

    class Meta:
        table = "suggestions"
        indexes = (("author", "id"), ("area_path", "id"))
