"""What is kept around a case: items of its three lists, who is responsible first, what leaders did, minutes, the talk at
the end; and beside cases the notes of scheduling and the register of local rules. Texts are erasable, no list is on persons.
"""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from domain.fields import InstantField
from domain.ids import new_id


class ListItem(Model):
    """One line of the issue, resolution or care list of a case (三个清单); the third cares for people, it controls none."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case_id = fields.UUIDField()
    area_path = fields.CharField(120)
    kind = fields.CharField(10)  # issue | resolution | care
    issue_id = fields.UUIDField(null=True)  # of a resolution: the issue that it resolves
    care = fields.CharField(12, default="")  # of care: risk | aid | explanation | contact
    text = fields.TextField()
    standard = fields.TextField(default="")  # of an issue: when it counts as done
    department_id = fields.UUIDField(null=True)
    owner_id = fields.UUIDField()
    due_on = fields.DateField()  # of care: the next contact, as agreed with the appellant
    status = fields.CharField(10, default="open")  # open | doing | done | verified
    note = fields.TextField(default="")
    added_by = fields.UUIDField()
    added_at = InstantField()
    done_by = fields.UUIDField(null=True)
    done_at = InstantField(null=True)
    verified_by = fields.UUIDField(null=True)
    verified_at = InstantField(null=True)

    class Meta:
        table = "list_items"
        indexes = (("case_id", "kind"), ("department_id", "kind", "id"), ("area_path", "kind", "id"))


class VillageLink(Model):
    """Who is linked to a village: its leader from the town (联村领导), secretary, first secretary, unit, cadre of households."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    area_code = fields.CharField(20)
    area_path = fields.CharField(120)
    kind = fields.CharField(20)
    staff_id = fields.UUIDField(null=True)  # a person, or
    department_id = fields.UUIDField(null=True)  # a unit (驻村单位)
    since_on = fields.DateField()
    until_on = fields.DateField(null=True)
    by = fields.CharField(60)

    class Meta:
        table = "village_links"
        indexes = (("area_code", "until_on"), ("area_path", "id"))


class FirstResponsible(Model):
    """The first responsible person of a case of a campaign, one of those linked to its village."""

    case_id = fields.UUIDField(primary_key=True, generated=False)
    staff_id = fields.UUIDField()
    kind = fields.CharField(20)
    named_by = fields.CharField(60)
    named_at = InstantField()

    class Meta:
        table = "first_responsibles"
        indexes = (("staff_id",),)


class LeaderAction(Model):
    """What a leader did on a case: asked about it (过问), coordinated (协调), pressed for it (督办)."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case_id = fields.UUIDField()
    staff_id = fields.UUIDField()
    kind = fields.CharField(12)  # inquire | coordinate | supervise
    note = fields.TextField()
    at = InstantField()

    class Meta:
        table = "leader_actions"
        indexes = (("case_id", "id"), ("staff_id", "id"))


class CaseMinutes(Model):
    """The minutes of a meeting about one case (一案一策, 专题会议纪要)."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case_id = fields.UUIDField()
    held_on = fields.DateField()
    chair_id = fields.UUIDField()
    attendees: Any = fields.JSONField(default=list)  # ids of staff
    strategy = fields.TextField()
    decisions = fields.TextField()
    due_on = fields.DateField()
    by = fields.CharField(60)
    at = InstantField()

    class Meta:
        table = "case_minutes"
        indexes = (("case_id", "id"),)


class ClosureTalk(Model):
    """Decided, solved, mended (案结事了人和): three answers of one round, with the talk in which they were found."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case_id = fields.UUIDField()
    round = fields.IntField()
    decided = fields.BooleanField()
    solved = fields.BooleanField()
    mended = fields.BooleanField()
    mode = fields.CharField(12)  # in_person | phone | video
    talk = fields.TextField()
    staff_id = fields.UUIDField()
    at = InstantField()

    class Meta:
        table = "closure_talks"
        unique_together = (("case_id", "round"),)


class SchedulingNote(Model):
    """A note of scheduling (调度记录): what a unit is behind with, and what it has to do until when."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    area_path = fields.CharField(120)
    department_id = fields.UUIDField()
    text = fields.TextField()
    figures: Any = fields.JSONField(default=dict)  # due, overdue, no progress, as they stood
    by = fields.CharField(60)
    at = InstantField()

    class Meta:
        table = "scheduling_notes"
        indexes = (("area_path", "id"), ("department_id", "id"))


class SchedulingTask(Model):
    """A task of a scheduling note and what came of it."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    note_id = fields.UUIDField()
    department_id = fields.UUIDField()
    text = fields.TextField()
    due_on = fields.DateField()
    result = fields.TextField(default="")
    done_at = InstantField(null=True)
    checked = fields.BooleanField(null=True)  # the follow-up: whether it was really done
    checked_at = InstantField(null=True)

    class Meta:
        table = "scheduling_tasks"
        indexes = (("note_id",), ("department_id", "done_at"))


class LocalRule(Model):
    """A rule of a place as a document: title, version, since when and until when it is in force."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    area_code = fields.CharField(20)
    area_path = fields.CharField(120)
    title = fields.CharField(120)
    version = fields.IntField()
    document_no = fields.CharField(60, default="")
    summary = fields.TextField()
    since_on = fields.DateField()
    until_on = fields.DateField(null=True)
    by = fields.CharField(60)
    at = InstantField()

    class Meta:
        table = "local_rules"
        unique_together = (("area_code", "title", "version"),)
        indexes = (("area_path", "id"),)
