from tortoise import fields
from tortoise.models import Model

from domain.fields import InstantField
from domain.ids import new_id


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
    notice_left = fields.BooleanField(default=False)  # nobody at home, a note with the telephone number was left
    next_contact_on = fields.DateField(null=True)  # agreed with the household, said after the visit if at all

    class Meta:
        table = "visits"
        indexes = (("household_id", "occurred_at"), ("worker_id", "id"), ("area_path", "id"))


class Referral(Model):
    """A need of a household that a department has to look at; made of a visit, with the department's receipt."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    visit_id = fields.UUIDField()
    household_id = fields.UUIDField()
    area_code = fields.CharField(20)
    area_path = fields.CharField(120)
    kind = fields.CharField(20)  # a need of `domain/visits/purposes.py`
    state = fields.CharField(14, default="made")  # made | acknowledged | done
    department_id = fields.UUIDField(null=True)
    receipt = fields.CharField(60, default="")  # the department's own number
    note = fields.TextField(default="")
    made_at = InstantField()
    acknowledged_at = InstantField(null=True)
    acknowledged_by = fields.UUIDField(null=True)
    done_at = InstantField(null=True)
    done_by = fields.UUIDField(null=True)

    class Meta:
        table = "referrals"
        unique_together = (("visit_id", "kind"),)
        indexes = (("area_path", "id"), ("household_id", "id"))


class Patrol(Model):
    """A walk through a grid: when and what for. Where somebody walked is kept nowhere."""

    id = fields.UUIDField(primary_key=True)
    worker_id = fields.UUIDField()
    area_code = fields.CharField(20)
    area_path = fields.CharField(120)
    kind = fields.CharField(20)
    source = fields.CharField(20, default="own")
    since_at = InstantField()
    until_at = InstantField()
    policy_talk = fields.CharField(200, default="")
    note = fields.TextField(default="")
    received_at = InstantField()

    class Meta:
        table = "patrols"
        indexes = (("area_path", "id"), ("worker_id", "id"))


class Finding(Model):
    """A row of the ledger of checks: what has happened already, or what may lead to a dispute (003-06)."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    patrol_id = fields.UUIDField()
    area_code = fields.CharField(20)
    area_path = fields.CharField(120)
    kind = fields.CharField(10)  # occurred | potential
    source = fields.CharField(20, default="own")
    text = fields.TextField()
    case_id = fields.UUIDField(null=True)  # the event that was reported of it
    at = InstantField()

    class Meta:
        table = "findings"
        indexes = (("area_path", "id"), ("patrol_id",))
