"""The responsibility catalogue by versions, what a dispatch was decided by, and the people who can be rung."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from domain.fields import InstantField
from domain.ids import new_id


class DuplicateLook(Model):
    """Which cases may be about the same matter as one, as they were found after it was filed."""

    case_id = fields.UUIDField(primary_key=True)
    found: Any = fields.JSONField()  # [{id, marks, like, days, metres}, …], the likeliest first
    looked_at = InstantField()

    class Meta:
        table = "duplicate_looks"


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


class DispatchRecord(Model):
    """One dispatch of a case: by which version and line, what matched, what was skipped, and why."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case_id = fields.UUIDField()
    number = fields.IntField()  # 1 = the first dispatch
    topic = fields.CharField(20)
    department_id = fields.UUIDField()
    version_id = fields.UUIDField(null=True)
    item_code = fields.CharField(20, default="")
    responsibility = fields.CharField(20)
    followed = fields.BooleanField()  # the unit is one that the catalogue proposed
    explanation: Any = fields.JSONField()
    at = InstantField()

    class Meta:
        table = "dispatch_records"
        unique_together = (("case_id", "number"),)
        indexes = (("number", "at"),)


class Crossing(Model):
    """The 三跨三分离 of a case, and the area whose desk is the common superior of all concerned."""

    case_id = fields.UUIDField(primary_key=True)
    flags: Any = fields.JSONField()
    areas: Any = fields.JSONField(default=list)
    departments: Any = fields.JSONField(default=list)
    superior_path = fields.CharField(120)
    marked_by = fields.UUIDField(null=True)
    marked_at = InstantField()

    class Meta:
        table = "case_crossings"


class LeaderField(Model):
    """A leader of a unit and the topics in the leader's charge (谁主管谁负责); no topics: all of the unit."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    department_id = fields.UUIDField()
    name = fields.CharField(60)
    post = fields.CharField(60)
    staff_id = fields.UUIDField(null=True)
    topics: Any = fields.JSONField(default=list)
    since_on = fields.DateField()
    ended_on = fields.DateField(null=True)

    class Meta:
        table = "leader_fields"
        indexes = (("department_id",),)


class Verification(Model):
    """A matter handed down to be verified (转交基层核实); the unit above stays its supervisor."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case_id = fields.UUIDField()
    parent_id = fields.UUIDField()
    department_id = fields.UUIDField()
    task = fields.TextField()
    due_on = fields.DateField()
    state = fields.CharField(10)  # open | reported | confirmed
    found = fields.CharField(10, default="")  # true | partly | untrue
    result = fields.TextField(default="")
    sent_back = fields.IntField(default=0)
    created_at = InstantField()
    progress_at = InstantField(null=True)
    reported_at = InstantField(null=True)
    confirmed_at = InstantField(null=True)

    class Meta:
        table = "verifications"
        indexes = (("case_id",), ("parent_id", "state", "id"), ("department_id", "state", "id"))


class TeamMember(Model):
    """Somebody of a unit's rapid team or its telephone duty, with a number that is shown masked."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    department_id = fields.UUIDField()
    role = fields.CharField(10)  # lead | deputy | backbone | phone
    place = fields.IntField(default=1)  # the order within the role
    name = fields.CharField(60)
    phone = fields.CharField(30)
    staff_id = fields.UUIDField(null=True)
    checked_at = InstantField(null=True)
    reachable = fields.BooleanField(null=True)
    away_from = InstantField(null=True)
    away_until = InstantField(null=True)
    substitute_id = fields.UUIDField(null=True)
    active = fields.BooleanField(default=True)

    class Meta:
        table = "team_members"
        indexes = (("department_id", "role", "place"),)


class DutyShift(Model):
    """One person's shift on the duty roster of a unit; the end may lie on the next day."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    department_id = fields.UUIDField()
    member_id = fields.UUIDField()
    on = fields.DateField(source_field="on_day")
    label = fields.CharField(20)
    place = fields.IntField(default=1)  # 1 = rung first
    starts_at = InstantField()
    ends_at = InstantField()

    class Meta:
        table = "duty_shifts"
        unique_together = (("department_id", "member_id", "starts_at"),)
        indexes = (("department_id", "ends_at"), ("ends_at",))


class DutyCall(Model):
    """Somebody on duty is rung for an urgent case, and the next one when nobody acknowledges in time."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case_id = fields.UUIDField()
    department_id = fields.UUIDField()
    cause = fields.CharField(120, unique=True)  # the journal row that rang, and the unit
    chain: Any = fields.JSONField()  # [{kind, member_id, reason}, …] in the order of ringing
    step = fields.IntField(default=0)
    rung_at = InstantField()
    next_at = InstantField(null=True)
    acknowledged_at = InstantField(null=True)
    acknowledged_by = fields.CharField(60, default="")

    class Meta:
        table = "duty_calls"
        indexes = (("case_id",),)
