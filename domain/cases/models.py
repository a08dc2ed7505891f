"""A case is the work owed; an appeal (domain/appeals) is what one person said. Deadlines hang on the case."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from domain.fields import InstantField
from domain.ids import new_id


class Case(Model):
    """The work owed for 0..n appeals, or for one grid event; `version` rises with every move."""

    before: "Case | None" = None  # as it was when it was locked
    parts: frozenset[str] | None = None  # the rare tables in which it had rows when it was locked; None: not looked up

    id = fields.UUIDField(primary_key=True, default=new_id)
    number = fields.CharField(30, unique=True)
    kind = fields.CharField(10)  # appeal | event
    state = fields.CharField(20)
    version = fields.IntField(default=1)
    state_version = fields.IntField(default=0)  # the version of the last move that was more than a remark
    origin = fields.CharField(20)
    area_code = fields.CharField(20)
    area_path = fields.CharField(120)
    desk_level = fields.CharField(8, default="")  # raised to: town | meeting | county | city; empty: where it arose
    household_id = fields.UUIDField(null=True)
    title = fields.CharField(60)
    topic = fields.CharField(20, default="")
    appeal_type = fields.CharField(20, default="")
    petition_class = fields.CharField(30, default="")
    event_type = fields.CharField(4, default="")
    level = fields.CharField(10, default="")  # of an event: ordinary | serious | urgent
    urgent = fields.BooleanField(default=False)
    major = fields.BooleanField(default=False)  # the principal signs the answer
    track = fields.CharField(20, default="")
    handling_track = fields.CharField(20, default="")
    track_reasons: Any = fields.JSONField(default=list)
    complained_department_id = fields.UUIDField(null=True)
    reporter_id = fields.UUIDField(null=True)  # staff or worker who discovered it
    lead_id = fields.UUIDField(null=True)
    review_unit_id = fields.UUIDField(null=True)  # whose reviewers may act too: the town, where a village leads
    handler_id = fields.UUIDField(null=True)
    first_unit_id = fields.UUIDField(null=True)
    first_handler_id = fields.UUIDField(null=True)
    reviewer_id = fields.UUIDField(null=True)
    registrar_id = fields.UUIDField(null=True)
    deciders: Any = fields.JSONField(default=list)  # staff who ended it; after a contest they may not decide again
    grade = fields.CharField(20, default="")
    disposition = fields.CharField(30, default="")
    result = fields.TextField(default="")
    basis = fields.TextField(default="")
    round = fields.IntField(default=1)
    rework_no = fields.IntField(default=0)
    returns = fields.IntField(default=0)
    designated = fields.BooleanField(default=False)  # the unit is final, nothing is returned any more
    merge: Any = fields.JSONField(null=True)  # of a merged case: into, state before, appeals and clocks it had
    info_asked = fields.IntField(default=0)
    lon = fields.FloatField(null=True)
    lat = fields.FloatField(null=True)
    datum = fields.CharField(6, null=True)
    received_at = InstantField()
    received_on = fields.DateField()
    accepted_at = InstantField(null=True)
    dispatched_at = InstantField(null=True)
    answered_at = InstantField(null=True)
    ended_at = InstantField(null=True)
    steps: Any = fields.JSONField(default=dict)  # six fast steps: name -> instant
    plus_steps: Any = fields.JSONField(default=dict)  # the steps of six-plus-six: name -> instant of the first time
    skipped: Any = fields.JSONField(default=dict)  # fast step -> who asked and who agreed to leave it out
    recused: Any = fields.JSONField(default=list)  # staff who declared that they may not work on it
    suspended_until = fields.DateField(null=True)
    leader_id = fields.UUIDField(null=True)  # who leads it (包案) while that is not resolved
    flags: Any = fields.JSONField(default=list)  # words of the profile that the desk marked or the case earned
    is_initial = fields.BooleanField(default=True)  # first time that this person brings this matter (初信初访)
    first_receiver_id = fields.UUIDField(null=True)  # who took it in first and answers for it (首接负责)
    emergency = fields.CharField(20, default="")  # natural_disaster | accident | public_health | social_safety
    instant = fields.BooleanField(default=False)  # answered on the spot: no investigation was due
    cause = fields.CharField(30, default="")  # why the problem arose, a word of the profile
    problem_origin_id = fields.UUIDField(null=True)  # the unit from which it arose (谁引发)
    poor_handling = fields.BooleanField(default=False)
    serious_consequence = fields.BooleanField(default=False)

    class Meta:
        table = "cases"
        indexes = (
            ("area_path", "id"),
            ("state", "id"),
            ("lead_id", "state", "id"),
            ("handler_id", "id"),
            ("reporter_id", "id"),
            ("household_id",),
        )


    async def save_changes(self) -> None:
        """Write the columns that differ from when the case was locked, all of them where that is not known."""
        before, self.before = self.before, None
        if before is None:
            await self.save()
        elif changed := [name for name in self._meta.db_fields if getattr(self, name) != getattr(before, name)]:
            await self.save(update_fields=changed)

    def may_have(self, table: str) -> bool:
        """Whether a rare table (server/sql/parts.sql) may have rows of this case: False saves the look."""
        return self.parts is None or table in self.parts


class CaseUnit(Model):
    """A co-unit of a case with its own part."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case_id = fields.UUIDField()
    department_id = fields.UUIDField()
    duty = fields.CharField(200, default="")
    added_at = InstantField()
    due_on = fields.DateField(null=True)  # the part's own due day
    warned_at = InstantField(null=True)  # when its unit and the lead were told that the day had passed
    done_at = InstantField(null=True)
    note = fields.TextField(default="")

    class Meta:
        table = "case_units"
        unique_together = (("case_id", "department_id"),)
        indexes = (("department_id", "case_id"),)


class Deadline(Model):
    """One clock of a case; `next_at` is when its next warning level falls, read by the timer."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case_id = fields.UUIDField()
    area_path = fields.CharField(120)
    name = fields.CharField(20)
    round = fields.IntField(default=1)
    track = fields.CharField(20, default="")
    started_at = InstantField()
    due_at = InstantField()
    limit_text = fields.CharField(40, default="")
    limit_code = fields.CharField(16, default="")
    added: Any = fields.JSONField(default=list)  # [[extension | suspension | unreachable, limit], …]
    own: Any = fields.JSONField(null=True)  # its own values while the earlier date of a merged case counts
    calendar_version = fields.IntField(default=0)  # the edit of the working calendar it was worked out by
    explanation: Any = fields.JSONField(default=list)
    ladder: Any = fields.JSONField(default=list)  # [[level, instant], …] still to come, in order
    level = fields.CharField(12, default="none")
    next_at = InstantField(null=True)
    stopped_at = InstantField(null=True)
    met = fields.BooleanField(null=True)
    urgent = fields.BooleanField(default=False)

    class Meta:
        table = "deadlines"
        unique_together = (("case_id", "name", "round"),)


class Contact(Model):
    """One of the three meetings (三见面): a contact with the appellant at a stage."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case_id = fields.UUIDField()
    stage = fields.CharField(12)
    mode = fields.CharField(12)
    at = InstantField()
    note = fields.TextField(default="")
    staff_id = fields.UUIDField()

    class Meta:
        table = "contacts"
        indexes = (("case_id",),)


class CaseText(Model):
    """Free text of a move; erasable, while the journal keeps only its id and digest."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case_id = fields.UUIDField()
    action = fields.CharField(30)
    text = fields.TextField()
    public = fields.BooleanField(default=False)
    author = fields.CharField(60)
    at = InstantField()

    class Meta:
        table = "case_texts"
        indexes = (("case_id", "id"),)


class ReturnRequest(Model):
    """A unit says a case is not its own (退单); the dispatcher decides."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case_id = fields.UUIDField()
    department_id = fields.UUIDField()
    reason = fields.TextField()
    state = fields.CharField(10)  # open | granted | refused | lapsed
    asked_at = InstantField()
    decided_at = InstantField(null=True)

    class Meta:
        table = "return_requests"
        indexes = (("case_id",),)


class SecondSignature(Model):
    """A move that needs two persons: the first asks here, the second carries it out."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case_id = fields.UUIDField()
    action = fields.CharField(20)
    body: Any = fields.JSONField()
    asked_by = fields.UUIDField()
    asked_at = InstantField()
    case_version = fields.IntField()

    class Meta:
        table = "second_signatures"
        unique_together = (("case_id", "action"),)


class ExtensionRequest(Model):
    """A unit asks for more time (延期), before the due and once."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case_id = fields.UUIDField()
    department_id = fields.UUIDField()
    asked_by = fields.UUIDField()
    limit_code = fields.CharField(16)
    reason = fields.TextField()
    done = fields.TextField()  # what was done so far
    state = fields.CharField(10)  # open | granted | refused
    due_before = InstantField()
    due_after = InstantField()
    asked_at = InstantField()
    decided_at = InstantField(null=True)
    decided_by = fields.UUIDField(null=True)
    note = fields.TextField(default="")

    class Meta:
        table = "extension_requests"
        indexes = (("case_id",),)


class Suspension(Model):
    """A time during which a case waits (挂起): why, until when, and how many days it came to."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case_id = fields.UUIDField()
    reason = fields.CharField(20)  # appellant_asked | expert_test | natural_cause | hearing
    note = fields.TextField()
    asked_by = fields.UUIDField()
    approved_by = fields.UUIDField()
    from_at = InstantField()
    until_on = fields.DateField()
    stops_clock = fields.BooleanField()
    ended_at = InstantField(null=True)
    days = fields.IntField(default=0)

    class Meta:
        table = "suspensions"
        indexes = (("case_id",),)


class Instruction(Model):
    """What a leader wrote on a case (批示), and the unit that the leader named."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case_id = fields.UUIDField()
    leader_id = fields.UUIDField()
    recorded_by = fields.UUIDField()
    principal = fields.BooleanField(default=False)  # by the principal of the lead unit
    text = fields.TextField()
    department_id = fields.UUIDField(null=True)
    at = InstantField()
    dispatched_at = InstantField(null=True)

    class Meta:
        table = "instructions"
        indexes = (("case_id",),)


class LeaderCase(Model):
    """A case that one leader has taken on (包案): one leader, one team, one plan, until it is resolved."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case_id = fields.UUIDField()
    leader_id = fields.UUIDField()
    plan = fields.TextField()
    team: Any = fields.JSONField(default=list)  # staff ids
    due_on = fields.DateField()
    duties: Any = fields.JSONField(default=dict)  # duty -> instant it was done
    state = fields.CharField(12)  # open | resolved | handed_over
    assigned_at = InstantField()
    ended_at = InstantField(null=True)

    class Meta:
        table = "leader_cases"
        indexes = (("case_id",), ("leader_id", "state"))


class OnSite(Model):
    """Who went to the place, with what, and when they came (001-15)."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case_id = fields.UUIDField()
    people: Any = fields.JSONField(default=list)
    equipment: Any = fields.JSONField(default=list)
    arrived_at = InstantField()
    note = fields.TextField()
    photos = fields.IntField(default=0)
    reported_by = fields.UUIDField()
    reported_at = InstantField()

    class Meta:
        table = "on_site_reports"
        indexes = (("case_id",),)


class ResourceRequest(Model):
    """People and equipment that a handler asks of the leaders of the unit, and what they gave."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case_id = fields.UUIDField()
    department_id = fields.UUIDField()
    people = fields.IntField(default=0)
    equipment: Any = fields.JSONField(default=list)
    reason = fields.TextField()
    state = fields.CharField(10)  # open | granted | refused
    answer = fields.TextField(default="")
    asked_by = fields.UUIDField()
    asked_at = InstantField()
    answered_by = fields.UUIDField(null=True)
    answered_at = InstantField(null=True)

    class Meta:
        table = "resource_requests"
        indexes = (("case_id", "state"),)


class UrgentFile(Model):
    """How a round of an urgent case was filed, and whether the duty office was told of its outcome (001-16)."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    case_id = fields.UUIDField()
    round = fields.IntField()
    file_number = fields.CharField(60)
    reported = fields.BooleanField()
    reason = fields.TextField()
    filed_by = fields.UUIDField()
    filed_at = InstantField()

    class Meta:
        table = "urgent_files"
        unique_together = (("case_id", "round"),)


class LimitEdit(Model):
    """One version of the limits of all tracks (时限规则): the last one is in force, the file only seeds the first."""

    version = fields.IntField(primary_key=True, generated=False)
    title = fields.CharField(120)
    limits: Any = fields.JSONField()  # area code ("" the base) -> track -> clock -> code of the limit
    changes: Any = fields.JSONField(default=list)  # [[area, track, clock, before, after], …]
    by = fields.UUIDField(null=True)
    at = InstantField()

    class Meta:
        table = "limit_edits"


class CalendarEdit(Model):
    """One change of the working calendar over the shipped one; later edits win day by day."""

    version = fields.IntField(primary_key=True, generated=False)
    rows: Any = fields.JSONField()  # [[day, is_workday, name], …]
    years: Any = fields.JSONField(default=list)  # years that are published by this edit
    by = fields.UUIDField()
    at = InstantField()

    class Meta:
        table = "work_calendar"
