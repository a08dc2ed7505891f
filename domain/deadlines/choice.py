"""The choice of a track by rules that are data of the profile, with the reasons in Chinese.

Order (domain.md 4.4): urgent first, beside the ordinary track; the most specific rule; among equals the
earlier due; a shorter limit of the assigning superior over all. Before an appeal is registered only what is
known at filing is judged and the choice is provisional.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from domain.deadlines.calendar import WorkCalendar
from domain.deadlines.limits import Limit, due
from domain.deadlines.tracks import (
    ClockName,
    Running,
    Start,
    Starts,
    Track,
    handling_clock,
    inner_clocks,
    start_clock,
)

FILING_FACTS = frozenset({"kind", "channel", "urgency"})
FACT_TEXTS = {
    "kind": "事项种类",
    "channel": "渠道",
    "urgency": "紧急程度",
    "appeal_type": "诉求类型",
    "petition_class": "信访类别",
    "topic": "类别",
    "grade": "难易程度",
    "flags": "情形",
    "not_flags": "排除情形",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a case when its track is chosen; None = not known yet.

    `urgency` is ordinary, serious or urgent; `grade` clear, complex or unresolvable_now; `flags` are words of
    the profile such as mshy, repeat, skipped_level, simple. `received_at` is the start of its clocks.
    """

    kind: str
    channel: str
    received_at: datetime
    urgency: str = "ordinary"
    appeal_type: str | None = None
    petition_class: str | None = None
    topic: str | None = None
    grade: str | None = None
    flags: frozenset[str] = frozenset()
    superior_limit: Limit | None = None
    registered: bool = False


@dataclass(frozen=True, slots=True)
class TrackRule:
    """When a track applies: every named fact must hold one of the values; higher rank = more specific."""

    track: str
    reason: str
    rank: int
    when: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen track; `handling` differs from it only for an urgent case."""

    track: str
    handling: str
    matched: tuple[str, ...]
    skipped: tuple[str, ...]
    provisional: bool
    superior_limit: Limit | None = None


def choose_track(
    facts: Facts, rules: Iterable[TrackRule], tracks: Mapping[str, Track], calendar: WorkCalendar
) -> Choice:
    """Return the track of a case, and why each rule matched or was skipped (LookupError: none fits)."""
    fitting: list[TrackRule] = []
    skipped: list[str] = []
    for rule in sorted(rules, key=lambda rule: -rule.rank):
        missing = _why_not(rule, facts)
        if missing:
            skipped.append(f"{tracks[rule.track].name}:{missing}")
        else:
            fitting.append(rule)
    urgent = [rule for rule in fitting if tracks[rule.track].handling is None]
    ordinary = [rule for rule in fitting if tracks[rule.track].handling is not None]
    if not ordinary:
        raise LookupError(f"规则没有为“{facts.kind}”事项规定办理时限")
    best = [rule for rule in ordinary if rule.rank == ordinary[0].rank]
    chosen = min(best, key=lambda rule: _estimate(tracks[rule.track], facts, calendar))
    used = [*urgent[:1], chosen]
    skipped += [_outdone(rule, chosen, tracks) for rule in ordinary if rule.track != chosen.track]
    matched = [f"{tracks[rule.track].name}:{rule.reason}" for rule in used]
    superior = _shorter_superior_limit(facts, tracks[chosen.track], calendar)
    if superior:
        matched.append(f"上级交办要求{superior.text}内办理,短于本轨道时限,从其规定")
    return Choice(used[0].track, chosen.track, tuple(matched), tuple(skipped), not facts.registered, superior)


def running_clocks(
    choice: Choice, tracks: Mapping[str, Track], starts: Starts, calendar: WorkCalendar
) -> tuple[Running, ...]:
    """Return every clock of the choice that has started, with handling and its inner dates."""
    track = tracks[choice.track]
    clocks = [clock for name, clock in track.clocks.items() if name is not ClockName.HANDLING]
    running = [start_clock(clock, starts, calendar) for clock in clocks]
    handling = handling_clock(tracks[choice.handling], starts, calendar)
    if handling and choice.superior_limit and Start.RECEIVED in starts:
        handling = _under_superior(handling, choice.superior_limit, starts[Start.RECEIVED], calendar)
    if handling and choice.provisional:
        handling = replace(handling, provisional=True)
    inner = inner_clocks(tracks[choice.handling], handling, calendar) if handling else ()
    return tuple(clock for clock in (*running, handling, *inner) if clock)


def _why_not(rule: TrackRule, facts: Facts) -> str:
    """Return why a rule does not fit, or an empty text when it does."""
    for fact, values in rule.when.items():
        if not facts.registered and fact not in FILING_FACTS:
            return f"登记后才能判断{FACT_TEXTS[fact]}"
        if fact == "flags":
            if not values <= facts.flags:
                return f"不属于“{rule.reason}”"
        elif fact == "not_flags":
            if values & facts.flags:
                return "有规则排除的情形"
        elif getattr(facts, fact) not in values:
            return f"{FACT_TEXTS[fact]}不符合“{rule.reason}”"
    return ""


def _outdone(rule: TrackRule, chosen: TrackRule, tracks: Mapping[str, Track]) -> str:
    why = "到期更晚,取较早的" if rule.rank == chosen.rank else "有更具体的规则"
    return f"{tracks[rule.track].name}:{why}“{tracks[chosen.track].name}”"


def _estimate(track: Track, facts: Facts, calendar: WorkCalendar) -> datetime:
    running = handling_clock(track, {Start.RECEIVED: facts.received_at}, calendar)
    return running.due.due_at if running else facts.received_at


def _shorter_superior_limit(facts: Facts, track: Track, calendar: WorkCalendar) -> Limit | None:
    limit = facts.superior_limit
    if limit and due(limit, facts.received_at, calendar).due_at < _estimate(track, facts, calendar):
        return limit
    return None


def _under_superior(
    handling: Running, limit: Limit, received_at: datetime, calendar: WorkCalendar
) -> Running:
    found = due(limit, received_at, calendar)
    if found.due_at >= handling.due.due_at:
        return handling
    return replace(handling, limit=limit, start_at=received_at, due=found, provisional=False)
