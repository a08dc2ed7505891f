"""The responsibility catalogue (职责清单) by versions, the sheets taken into it, and what units dispute in it."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from domain.fields import InstantField
from domain.ids import new_id


class DutyVersion(Model):
    """A version of the responsibility catalogue (职责清单); once published its lines never change."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    title = fields.CharField(100)
    document_no = fields.CharField(60, default="")
    source = fields.CharField(10)  # profile | desk
    state = fields.CharField(10)  # draft | published
    effective_on = fields.DateField(null=True)
    created_at = InstantField()
    published_at = InstantField(null=True)
    published_by = fields.UUIDField(null=True)

    class Meta:
        table = "duty_versions"
        indexes = (("state", "effective_on", "published_at"),)


class DutyItem(Model):
    """One line of a version: a topic and a kind of place, and who owes the work there."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    version_id = fields.UUIDField()
    code = fields.CharField(20)
    topic = fields.CharField(20)
    name = fields.CharField(120)
    lead_code = fields.CharField(40)
    co_codes: Any = fields.JSONField(default=list)
    basis = fields.CharField(200, default="")
    responsibility = fields.CharField(20, default="line")  # territory | line | origin_of_problem
    place = fields.CharField(6, default="any")  # any | urban | rural
    areas: Any = fields.JSONField(default=list)
    active = fields.BooleanField(default=True)
    ended_on = fields.DateField(null=True)

    class Meta:
        table = "duty_items"
        unique_together = (("version_id", "code"),)
        indexes = (("version_id", "topic"),)


class DutyImport(Model):
    """A list of duties that was taken in at the desk, and what became of it."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    version_id = fields.UUIDField(null=True)  # the draft that it went into
    filename = fields.CharField(200)
    total = fields.IntField()
    error_rows = fields.IntField()
    applied = fields.BooleanField()
    added = fields.IntField(default=0)
    changed = fields.IntField(default=0)
    removed = fields.IntField(default=0)
    result_file_id = fields.UUIDField()
    requested_by = fields.UUIDField()
    created_at = InstantField()

    class Meta:
        table = "duty_imports"


class DutyProposal(Model):
    """A unit disputed a dispatch: should the line of the catalogue be changed? Its keeper decides."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    item_code = fields.CharField(20)
    version_id = fields.UUIDField(null=True)
    topic = fields.CharField(20)
    case_id = fields.UUIDField()
    department_id = fields.UUIDField()
    state = fields.CharField(10)  # open | accepted | rejected
    created_at = InstantField()
    decided_at = InstantField(null=True)
    decided_by = fields.UUIDField(null=True)
    note = fields.CharField(500, default="")
    draft_id = fields.UUIDField(null=True)

    class Meta:
        table = "duty_proposals"
        unique_together = (("case_id", "department_id"),)
        indexes = (("state", "id"),)
