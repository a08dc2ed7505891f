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
    flag = fields.CharField(12, default="")  # why it does not count: assisted | own_work
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


class LookBack(Model):
    """A closed case drawn to be looked at again 30 or 90 days later (回头看, 000-24)."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case_id = fields.UUIDField()
    area_path = fields.CharField(120)
    round = fields.IntField()
    after_days = fields.SmallIntField()
    seed = fields.BigIntField()
    drawn_at = InstantField()
    verdict = fields.CharField(10, default="")  # holds | relapsed
    note = fields.TextField(default="")
    officer_id = fields.UUIDField(null=True)
    done_at = InstantField(null=True)

    class Meta:
        table = "look_backs"
        unique_together = (("case_id", "round", "after_days"),)
        indexes = (("area_path", "id"),)
