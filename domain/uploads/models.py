from typing import Any

from tortoise import fields
from tortoise.models import Model

from domain.fields import InstantField
from domain.ids import new_id


class Upload(Model):
    """A file that arrives in parts. `stored` is the one truth about how much has safely arrived."""

    id = fields.UUIDField(primary_key=True, default=new_id)  # the id of the attachment that it becomes
    generation = fields.UUIDField(default=new_id)  # a writer of an upload that was cancelled and begun anew writes nothing
    owner = fields.CharField(60)
    length = fields.BigIntField()
    stored = fields.BigIntField(default=0)
    sha256 = fields.CharField(64, default="")  # what the sender announced, in hex
    metadata = fields.TextField(default="")  # as sent; given back with HEAD
    state = fields.CharField(10, default="receiving")  # receiving | complete | refused
    refusal: Any = fields.JSONField(null=True)  # the code and the details of the problem
    created_at = InstantField()
    expires_at = InstantField()

    class Meta:
        table = "uploads"
        indexes = (("expires_at",),)
