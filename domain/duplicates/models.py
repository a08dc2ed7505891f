"""What a look for cases about the same matter has found."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from domain.fields import InstantField


class DuplicateLook(Model):
    """Which cases may be about the same matter as one, as they were found after it was filed."""

    case_id = fields.UUIDField(primary_key=True)
    found: Any = fields.JSONField()  # [{id, marks, like, days, metres}, …], the likeliest first
    looked_at = InstantField()

    class Meta:
        table = "duplicate_looks"
