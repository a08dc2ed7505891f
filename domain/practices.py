"""What an office does besides single cases, as sections of a profile: surveys, standing duties, meetings, lists.

Everything here is about work owed by offices. A list of persons, a count of petitioners or a mark on somebody who
complains has no shape in this file: a work list is `of = "case"` and nothing else can be written.
"""

from typing import Literal

import msgspec

Level = Literal["province", "city", "county", "town", "village", "grid"]
Period = Literal["day", "week", "half_month", "month", "quarter", "half_year", "year", "regular"]
DAY_OF_YEAR = r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$"

ROLES = frozenset(
    """
    grid_worker grid_leader volunteer village_petition_agent mediator village_secretary first_secretary
    village_contact_leader household_cadre resident_unit intake_officer dispatcher receptionist duty_officer
    rapid_team_lead handler reviewer unit_lead deputy_in_charge principal case_leader case_team supervision_section
    inspector callback_officer review_officer hearing_officer third_party_assessor discipline_inspector
    party_building_officer organisation_dept joint_meeting_office joint_meeting_member leading_group_member
    task_group_member mayor_day_coordinator media_contact
    """.split()
)


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One checked entry of a profile file."""


class Reply(Row, frozen=True):
    """One answer that can be chosen; `score` from 0 to 1 enters the index, a `bad` one opens supervision."""

    text: str
    score: float | None = None
    bad: bool = False


class Question(Row, frozen=True):
    """One question of a survey; `text` questions have no replies to choose from."""

    text: str
    kind: Literal["choice", "scale", "text"]
    replies: dict[str, Reply] = {}


class Survey(Row, frozen=True):
    """A survey and its waves: how often one is owed and about which days it asks, by which ways (`link` opens in the
    mini-program and in any browser), what share of the cases closed in those days."""

    name: str
    period: Period
    modes: tuple[Literal["link", "phone", "visit"], ...]
    sample_share: float
    questions: dict[str, Question]
    basis: str = ""


class Obligation(Row, frozen=True):
    """Something that is owed again and again; `special` = only while a special period is declared."""

    who: str
    activity: str
    times: int
    period: Period
    levels: tuple[Level, ...]
    basis: str
    special: bool = False


class Body(Row, frozen=True):
    """A meeting that decides what single units cannot; one for each area of its level. `up` = where it appeals to."""

    name: str
    level: Level
    office: str = ""
    up: str = ""
    groups: tuple[str, ...] = ()
    sessions: dict[str, str] = {}
    basis: str = ""


class Responsibility(Row, frozen=True):
    """Who answers for what; `topics` are the groups in the charge of a leader, `first` = 第一责任人."""

    role: str
    title: str
    duty: str
    first: bool = False
    topics: tuple[str, ...] = ()
    basis: str = ""


class LadderStep(Row, frozen=True):
    """How a matter goes up a level: the role that brings it there, told when it was raised, and which body judges it."""

    at: Level
    to: Level
    role: str
    body: str = ""
    reason: str = ""


# What a bulletin can state (domain/offices/bulletins.py): keys that its lines stand for, and counts of work.
BULLETIN_COLUMNS = frozenset(
    "origin topic village new count due overdue on_time solved dissatisfied transferred told failing causes top_issues".split()
)


class Bulletin(Row, frozen=True):
    """A report that is made each period for every area of a level, approved, then sent."""

    name: str
    level: Level
    period: Period
    columns: dict[str, str]
    approver: str
    basis: str = ""


# What a line of a work list can state: each is worked out from the file of the case (domain/offices/lists.py).
COLUMNS = frozenset(
    """
    item matter dispute standard measures plan responsible owner leader team place risk aid explanation due next_contact
    status progress result written_off
    """.split()
)


class WorkList(Row, frozen=True):
    """A list over the open cases of a place, with what each line states; narrowed by channel, by topic, by being led by
    a leader. It lists work owed and never people."""

    name: str
    of: Literal["case"]
    columns: dict[str, str]
    channels: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    led: bool = False
    ended: bool = False  # closed cases too, with how they ended
    basis: str = ""


class Catalogue(Row, frozen=True):
    """A named set of words: steps, kinds, duties; `topics` ties a word to topics."""

    name: str
    items: dict[str, str]
    topics: dict[str, tuple[str, ...]] = {}
    basis: str = ""


class Task(Row, frozen=True):
    """Something that a phase asks for; `due` is month and day."""

    text: str
    by: str
    due: str


class Phase(Row, frozen=True):
    """A part of a campaign; dates are month and day, the year is set when it is opened."""

    name: str
    since: str
    until: str
    tasks: dict[str, Task] = {}


class Campaign(Row, frozen=True):
    """A time of special effort; every case in it has a first responsible person in one of the roles."""

    name: str
    phases: dict[str, Phase]
    first_responsible: tuple[str, ...]
    basis: str = ""


class Fault(Row, frozen=True):
    """A fault of an office; counted only where it is switched on."""

    name: str
    counted: bool


class Deductions(Row, frozen=True):
    """Points taken from a village office for confirmed faults; `objection` is its time to object."""

    enabled: bool
    points: float
    faults: dict[str, Fault]
    objection: str
    basis: str = ""


class Threshold(Row, frozen=True):
    """A rate of an office and the value from which it is red: `below` it, or `above` it (percent)."""

    name: str
    red: float
    when: Literal["below", "above"]


class Listing(Row, frozen=True):
    """When an office is proposed for listed supervision (挂牌): so many red rates in an evaluation."""

    period: Period
    propose_at: int
    rates: dict[str, Threshold]
    basis: str = ""


class Mediation(Row, frozen=True):
    """The mediation room of each area of a level; free of charge, both parties agree."""

    name: str
    level: Level
    members: tuple[str, ...]
    confirmation: str
    basis: str = ""


class Safeguard(Row, frozen=True):
    """A basic need of a household (两不愁三保障及饮水安全): its topics, and the units that each get a part of their own."""

    name: str
    duty: str
    topics: tuple[str, ...]
    units: tuple[str, ...]
    limit: str
    basis: str = ""


class Practices(Row, frozen=True):
    """All of the above; a section that a profile does not write is empty."""

    surveys: dict[str, Survey] = {}
    obligations: dict[str, Obligation] = {}
    bodies: dict[str, Body] = {}
    responsibilities: dict[str, Responsibility] = {}
    ladder: dict[str, LadderStep] = {}
    bulletins: dict[str, Bulletin] = {}
    lists: dict[str, WorkList] = {}
    catalogues: dict[str, Catalogue] = {}
    campaigns: dict[str, Campaign] = {}
    deductions: dict[str, Deductions] = {}
    listings: dict[str, Listing] = {}
    mediation: dict[str, Mediation] = {}
    safeguards: dict[str, Safeguard] = {}
