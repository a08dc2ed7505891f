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


class RootCauseProject(Model):
    """The search for the cause of what a superior assigned a third time (源头治理, 000-17): a topic in a town at a unit."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    topic = fields.CharField(20)
    area_code = fields.CharField(20)
    area_path = fields.CharField(120)
    department_id = fields.UUIDField()
    state = fields.CharField(10, default="opened")  # opened | cause | policy | campaign | outcome
    opened_at = InstantField()
    finished_at = InstantField(null=True)

    class Meta:
        table = "root_cause_projects"
        indexes = (("area_path", "id"), ("department_id", "id"))


class RootCauseLink(Model):
    """An assignment that a project answers: the appeal, and the case on which it stood when it was linked."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    project_id = fields.UUIDField()
    appeal_id = fields.UUIDField()
    case_id = fields.UUIDField()
    at = InstantField()

    class Meta:
        table = "root_cause_links"
        unique_together = (("project_id", "appeal_id"),)
        indexes = (("case_id",),)


class RootCauseStep(Model):
    """What a step of a project found; the last one says what kind of outcome there is (000-18)."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    project_id = fields.UUIDField()
    step = fields.CharField(10)  # cause | policy | campaign | outcome
    outcome = fields.CharField(16, default="")
    text = fields.TextField()
    by = fields.CharField(60)
    at = InstantField()

    class Meta:
        table = "root_cause_steps"
        unique_together = (("project_id", "step"),)
