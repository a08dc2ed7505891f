"""What offices owe besides single cases: standing duties that were met, campaigns that were opened and their tasks."""

from tortoise import fields
from tortoise.models import Model

from domain.fields import InstantField
from domain.ids import new_id


class ObligationRecord(Model):
    """A standing duty (1.7) that an area met in a period: when, by whom, what came of it."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    code = fields.CharField(40)
    area_code = fields.CharField(20)
    area_path = fields.CharField(120)
    period_on = fields.DateField()  # the first day of the period
    held_on = fields.DateField()
    note = fields.TextField()
    recorded_by = fields.CharField(60)
    recorded_at = InstantField()

    class Meta:
        table = "obligation_records"
        indexes = (("area_path", "period_on", "code"),)


class CampaignTask(Model):
    """A task of a campaign's phase that an area has done."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    campaign = fields.CharField(40)
    year = fields.IntField()
    task = fields.CharField(80)  # phase.task
    area_code = fields.CharField(20)
    area_path = fields.CharField(120)
    note = fields.TextField()
    done_by = fields.CharField(60)
    done_at = InstantField()

    class Meta:
        table = "campaign_tasks"
        unique_together = (("campaign", "year", "task", "area_code"),)
