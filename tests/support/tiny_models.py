"""Models of a throw-away app for tests of the pool and of migrations."""

from tortoise import fields
from tortoise.fields.db_defaults import Now
from tortoise.models import Model


class Tree(Model):
    """A thing with what our models use: unique and partial indexes, database defaults, JSON, a relation."""

    id = fields.UUIDField(primary_key=True)
    name = fields.CharField(max_length=20, unique=True)
    height = fields.IntField(db_default=3)
    planted_at = fields.DatetimeField(db_default=Now())
    tags = fields.JSONField(default=list)

    class Meta:
        """Table and index."""

        table = "trees"
        indexes = (("height", "id"),)
