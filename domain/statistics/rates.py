"""The formulas of the rates: pure, over counts and plain rows, each with its numerator, denominator and exclusions.

An empty denominator gives None (shown as "—"), never 100 %. Rounding, half up to two decimals, is for display only.
Sources: mechanisms 001-18, 003-18, 003-20, 000-16, 000-23, 000-27, 000-29, 000-45.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

HUNDRED = Decimal(100)
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Rate:
    """A share of cases; `value` in percent, None for an empty denominator."""

    numerator: int
    denominator: int
    excluded: int = 0

    @property
    def value(self) -> Decimal | None:
        """The exact percentage."""
        return HUNDRED * self.numerator / self.denominator if self.denominator else None

    @property
    def shown(self) -> str:
        """Two decimals half up, or a dash."""
        return "—" if self.value is None else str(self.value.quantize(CENT, ROUND_HALF_UP))


def share(hits: Iterable[bool | None]) -> Rate:
    """The rate of a list of outcomes: True in the numerator, None excluded."""
    rows = list(hits)
    counted = [hit for hit in rows if hit is not None]
    return Rate(sum(counted), len(counted), len(rows) - len(counted))


Solved = Literal["yes", "partly", "no"]


@dataclass(frozen=True)
class RatingRow:
    """One counted rating."""

    process: int
    result: int


def satisfaction(ratings: Sequence[RatingRow]) -> dict[str, Rate]:
    """Process, result and both, on the scale where 3 and more is satisfied (5.6)."""
    return {
        "process": share(rating.process >= 3 for rating in ratings),
        "result": share(rating.result >= 3 for rating in ratings),
        "both": share(rating.process >= 3 and rating.result >= 3 for rating in ratings),
    }


def composite(rating: RatingRow, process_weight: Decimal, result_weight: Decimal) -> Decimal:
    """The composite score of one rating out of 100 (5.6); of sums of ratings, the sum of their scores."""
    return (process_weight * rating.process + result_weight * rating.result) / 5 * HUNDRED


def composite_mean(processes: int, results: int, ratings: int, weights: tuple[Decimal, Decimal]) -> Decimal | None:
    """The mean composite score of so many ratings, from the sums of both their levels; None of nothing (5.6)."""
    return composite(RatingRow(processes, results), *weights) / ratings if ratings else None


def mean(values: Iterable[Decimal]) -> Decimal | None:
    """The mean, or None of nothing."""
    found = list(values)
    return sum(found, Decimal()) / len(found) if found else None


@dataclass(frozen=True)
class InitialCase:
    """An initial case closed at least 90 days ago, and what happened to it since."""

    reworked: bool
    returned_in_90_days: bool
    reviewed: bool


def first_time_completion(cases: Sequence[InitialCase]) -> Rate:
    """Closed once and for all / closed, for initial cases closed 90 days ago or more (5.4)."""
    return share(not (case.reworked or case.returned_in_90_days or case.reviewed) for case in cases)


@dataclass(frozen=True)
class Score:
    """A weighted score; `renormalised` when a rate without a denominator was left out."""

    value: Decimal | None
    renormalised: bool


def kpi_score(rates: Mapping[str, Decimal | None], weights: Mapping[str, Decimal]) -> Score:
    """The weighted sum of rates; weights of empty rates are spread over the others and that is said (5.8)."""
    known = {name: rate for name, rate in rates.items() if rate is not None}
    total = sum((weights[name] for name in known), Decimal())
    if not total:
        return Score(None, renormalised=True)
    value = sum((weights[name] * rate for name, rate in known.items()), Decimal()) / total
    return Score(value, renormalised=len(known) < len(rates))


def contacts_per_issue(contacts_of_issues: Sequence[int]) -> tuple[Decimal | None, Rate]:
    """Contacts an issue took on average, and the share of issues that took one (5.13; the target is 1)."""
    average = Decimal(sum(contacts_of_issues)) / len(contacts_of_issues) if contacts_of_issues else None
    return average, share(contacts == 1 for contacts in contacts_of_issues)


_THREE = {"yes": Decimal(1), "solved": Decimal(1), "active": Decimal(1), "partly": Decimal("0.5"),
          "average": Decimal("0.5"), "no": Decimal(), "inactive": Decimal()}  # fmt: skip


def four_question_index(solved: Solved, satisfied: int, staff: Literal["active", "average", "inactive"]) -> Decimal:
    """The index of one survey answer out of 100 (5.14): solved, satisfied on 1–5, staff active."""
    parts = [_THREE[solved], Decimal(satisfied - 1) / 4, _THREE[staff]]
    return sum(parts, Decimal()) / 3 * HUNDRED


def coverage(visited: int, absent_with_notice: int, households: int) -> tuple[Rate, Rate]:
    """Households reached (visited or offered a visit while absent), and visited only (5.12)."""
    return Rate(visited + absent_with_notice, households), Rate(visited, households)


def third_assignment(assigned: int, threshold: int = 2) -> bool:
    """Whether so many assignments of a cluster × unit in twelve months ask for a root-cause project (5.11, 000-17); where
    one is under way, later ones are linked to it."""
    return assigned > threshold
