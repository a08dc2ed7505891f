from tortoise import fields
from tortoise.models import Model

from domain.fields import InstantField
from domain.ids import new_id


class Rating(Model):
    """Process and result of one round, as one source saw it; `counts` says whether it enters the rates."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    appeal_id = fields.UUIDField()
    case_id = fields.UUIDField()
    round = fields.IntField()
    source = fields.CharField(10)  # self | callback | assisted | channel
    process = fields.SmallIntField()
    result = fields.SmallIntField()
    solved = fields.CharField(8)
    staff = fields.CharField(10)
    comment = fields.TextField(default="")
    counts = fields.BooleanField()
    rated_at = InstantField()
    rated_on = fields.DateField()

    class Meta:
        table = "ratings"
        unique_together = (("appeal_id", "round", "source"),)
        indexes = (("case_id",), ("rated_on",))


class Callback(Model):
    """An attempt to call the appellant back, by an officer outside the handling unit."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case_id = fields.UUIDField()
    appeal_id = fields.UUIDField()
    round = fields.IntField()
    attempt = fields.SmallIntField()
    reached = fields.BooleanField()
    officer_id = fields.UUIDField()
    note = fields.TextField(default="")
    at = InstantField()
    on_date = fields.DateField()

    class Meta:
        table = "callbacks"
        indexes = (("case_id", "round"),)
