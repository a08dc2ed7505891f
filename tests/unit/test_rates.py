"""The formulas with the vectors of the domain page (§5)."""

from decimal import Decimal

import pytest

from domain.statistics.rates import (
    InitialCase,
    Rate,
    RatingRow,
    composite,
    composite_mean,
    contacts_per_issue,
    coverage,
    first_time_completion,
    four_question_index,
    kpi_score,
    mean,
    satisfaction,
    share,
    third_assignment,
)

FIVE = [RatingRow(5, 5), RatingRow(4, 3), RatingRow(3, 2), RatingRow(2, 4), RatingRow(5, 1)]
W = {"response": Decimal("0.3"), "completion": Decimal("0.35"), "satisfaction": Decimal("0.35")}


def test_an_empty_denominator_is_a_dash_and_never_a_hundred() -> None:
    assert Rate(0, 0).value is None
    assert Rate(0, 0).shown == "—"


def test_response_rate_leaves_exclusions_out_of_the_denominator() -> None:
    outcomes: list[bool | None] = [True] * 190 + [False] * 6 + [None] * 4
    assert (share(outcomes).shown, share(outcomes).excluded) == ("96.94", 4)


@pytest.mark.parametrize(
    ("rate", "shown"),
    [
        (Rate(118, 120), "98.33"), (Rate(50, 50), "100.00"), (Rate(49, 50), "98.00"), (Rate(47, 50), "94.00"),
        (Rate(97, 100), "97.00"), (Rate(92, 100), "92.00"), (Rate(60, 80), "75.00"), (Rate(187, 196), "95.41"),
        (Rate(9, 196), "4.59"), (Rate(11, 12), "91.67"), (Rate(1, 3), "33.33"), (Rate(1, 8), "12.50"),
    ],
)  # fmt: skip
def test_rates_are_rounded_half_up_for_display(rate: Rate, shown: str) -> None:
    assert rate.shown == shown


def test_first_time_completion_counts_a_case_once_however_often_it_came_back() -> None:
    cases = [InitialCase(True, False, False)] * 5 + [InitialCase(True, True, False)]
    cases += [InitialCase(False, True, False)] * 4 + [InitialCase(False, False, False)] * 70
    assert first_time_completion(cases).shown == "87.50"


def test_satisfaction_of_process_result_and_both() -> None:
    found = satisfaction(FIVE)
    assert [found[name].shown for name in ("process", "result", "both")] == ["80.00", "60.00", "40.00"]


def test_the_composite_score() -> None:
    scores = [composite(rating, Decimal("0.4"), Decimal("0.6")) for rating in FIVE]
    assert scores == [100, 68, 48, 64, 52]
    assert mean(scores) == Decimal("66.4")
    sums = sum(one.process for one in FIVE), sum(one.result for one in FIVE)
    assert composite_mean(*sums, len(FIVE), (Decimal("0.4"), Decimal("0.6"))) == Decimal("66.4")
    assert composite_mean(0, 0, 0, (Decimal("0.4"), Decimal("0.6"))) is None


def test_the_score_renormalises_when_a_rate_is_missing_and_says_so() -> None:
    rates = {"response": Decimal(98), "completion": Decimal(90), "satisfaction": Decimal(92)}
    assert kpi_score(rates, W).value == Decimal("93.1")
    missing = kpi_score({**rates, "satisfaction": None}, W)
    assert missing.value is not None
    assert (missing.value.quantize(Decimal("0.01")), missing.renormalised) == (Decimal("93.69"), True)
    assert kpi_score(dict.fromkeys(rates), W).value is None


def test_contacts_per_issue() -> None:
    average, single = contacts_per_issue([1] * 82 + [2] * 10 + [3] * 4 + [4] * 4)
    assert (average, single.shown) == (Decimal("1.3"), "82.00")


def test_the_four_question_index() -> None:
    cent = Decimal("0.01")
    assert four_question_index("yes", 4, "active").quantize(cent) == Decimal("91.67")
    assert four_question_index("no", 1, "average").quantize(cent) == Decimal("16.67")


def test_coverage_shows_visited_apart_from_offered() -> None:
    reached, visited = coverage(412, 8, 430)
    assert (reached.shown, visited.shown) == ("97.67", "95.81")


def test_the_third_assignment_asks_for_a_project() -> None:
    assert [third_assignment(count) for count in (1, 2, 3, 4)] == [False, False, True, True]
