from tortoise import fields
from tortoise.models import Model

from domain.fields import InstantField
from domain.ids import new_id


class Resident(Model):
    """A villager who has signed in: by WeChat (`openid`) or as a guest of one browser."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    openid = fields.CharField(64, null=True, unique=True)
    name = fields.CharField(60, default="")
    phone = fields.CharField(30, default="")
    created_at = InstantField()
    erased_at = InstantField(null=True)

    class Meta:
        table = "residents"
        indexes = (("phone",),)


class Membership(Model):
    """A resident bound to a household, or waiting for the village to decide."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    resident_id = fields.UUIDField()
    household_id = fields.UUIDField()
    area_path = fields.CharField(120)
    state = fields.CharField(10)  # waiting | bound | refused | ended
    created_at = InstantField()
    decided_at = InstantField(null=True)
    decided_by = fields.CharField(60, default="")

    class Meta:
        table = "memberships"
        indexes = (("resident_id", "state"), ("household_id", "state"), ("area_path", "state"))


class GridWorker(Model):
    """The public card of a grid worker; the account is the `staff` row of the same id."""

    id = fields.UUIDField(primary_key=True)
    name = fields.CharField(60)
    public_phone = fields.CharField(30, default="")
    commitment = fields.CharField(200, default="")
    source = fields.CharField(30, default="full_time")  # party_member | villager_representative | full_time | volunteer
    appointed_on = fields.DateField(null=True)
    term_ends_on = fields.DateField(null=True)

    class Meta:
        table = "grid_workers"


class GridDuty(Model):
    """A grid that a worker looks after; the first by `since_on` is the one on the plate."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    worker_id = fields.UUIDField()
    grid_code = fields.CharField(20)
    since_on = fields.DateField()

    class Meta:
        table = "grid_duties"
        unique_together = (("grid_code", "worker_id"),)
        indexes = (("worker_id",),)
