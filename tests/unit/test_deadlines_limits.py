from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clock import local_date
from domain.deadlines.calendar import end_of_day
from domain.deadlines.limits import Limit, Unit, due, extended, rework_limit
from tests.unit.test_calendar import CALENDAR, at, instants, steady

VECTORS = [  # domain.md 5: start, rule, strict date, date after the legal roll
    ("2026-03-13T16:30", "2d", "2026-03-15", "2026-03-15"),
    ("2026-02-13T10:00", "5d", "2026-02-18", "2026-02-18"),
    ("2026-02-13T10:00", "3wd", "2026-02-25", "2026-02-25"),
    ("2026-03-13T16:30", "3wd", "2026-03-18", "2026-03-18"),
    ("2026-09-18T09:00", "6wd", "2026-09-28", "2026-09-28"),
    ("2026-09-29T09:00", "6wd", "2026-10-13", "2026-10-13"),
    ("2026-04-30T09:00", "3wd", "2026-05-08", "2026-05-08"),
    ("2026-05-08T09:00", "10wd", "2026-05-21", "2026-05-21"),
    ("2026-02-12T09:00", "5wd", "2026-02-26", "2026-02-26"),
    ("2026-09-16T09:00", "15d legal", "2026-10-01", "2026-10-08"),
    ("2026-03-02T09:00", "60d legal", "2026-05-01", "2026-05-06"),
    ("2026-04-30T09:00", "30d legal", "2026-05-30", "2026-06-01"),
]


@pytest.mark.parametrize(("start", "rule", "strict", "rolled"), VECTORS)
def test_deadline_vectors(start: str, rule: str, strict: str, rolled: str) -> None:
    found = due(Limit.parse(rule), at(start), CALENDAR)
    assert (found.strict_on.isoformat(), found.due_on.isoformat()) == (strict, rolled)
    assert found.due_at == at(f"{rolled}T23:59:59")
    assert found.strict_at == at(f"{strict}T23:59:59")
    assert found.warning is None


@pytest.mark.mechanism("000-34")
def test_an_extension_counts_from_day_sixty_unrolled() -> None:
    first = due(Limit.parse("60d legal"), at("2026-03-02T09:00"), CALENDAR)
    longer = extended(first, Limit.parse("30d legal"), CALENDAR)
    assert (longer.strict_on, longer.due_on) == (date(2026, 5, 31), date(2026, 6, 1))


def test_an_instant_is_extended_from_its_due() -> None:
    first = due(Limit.parse("2h"), at("2026-03-13T16:30"), CALENDAR)
    assert extended(first, Limit.parse("30min"), CALENDAR).due_at == at("2026-03-13T19:00")


@pytest.mark.mechanism("000-10")
def test_of_two_and_three_days_the_natural_ones_end_earlier() -> None:
    received = at("2026-03-13T16:30")
    ends = {code: due(Limit.parse(code), received, CALENDAR).due_on for code in ("2d", "3wd")}
    assert min(ends, key=lambda code: ends[code]) == "2d"


@pytest.mark.parametrize(
    ("start", "rule", "end"),
    [
        ("2026-03-13T16:30", "15min", "2026-03-13T16:45"),
        ("2026-02-18T23:00", "2h", "2026-02-19T01:00"),
        ("2026-03-13T16:30", "4wh", "2026-03-16T11:30"),
    ],
)
def test_sub_day_limits_end_at_an_instant(start: str, rule: str, end: str) -> None:
    assert due(Limit.parse(rule), at(start), CALENDAR).due_at == at(end)


def test_a_receipt_late_in_the_utc_day_belongs_to_the_next_day_in_shanghai() -> None:
    late = datetime.fromisoformat("2026-03-13T17:00:00+00:00")
    assert due(Limit.parse("1d"), late, CALENDAR).due_on == date(2026, 3, 15)


def test_working_days_are_explained_day_by_day() -> None:
    texts = [step.text for step in due(Limit.parse("3wd"), at("2026-02-13T10:00"), CALENDAR).explanation]
    assert texts[:3] == [
        "2月13日 周五 起算日,不计",
        "2月14日 周六 调休上班,计第1个工作日",
        "2月15日 周日 春节放假,不计",
    ]
    assert texts[-1] == "2月25日 周三 工作日,计第3个工作日"


@steady
@given(instants, st.integers(1, 30))
def test_the_counted_steps_are_the_limit(start: datetime, amount: int) -> None:
    found = due(Limit(amount, Unit.WORKING_DAY), start, CALENDAR)
    assert sum(step.counted for step in found.explanation) == amount
    assert found.explanation[-1].on == found.due_on


def test_long_natural_limits_name_only_what_matters() -> None:
    steps = due(Limit.parse("60d legal"), at("2026-03-02T09:00"), CALENDAR).explanation
    assert [step.text for step in steps if step.on < date(2026, 5, 2)] == [
        "3月2日 周一 起算日,不计",
        "3月3日 周二 计第1个自然日",
        "4月4日 周六至4月6日 周一 清明节放假,自然日照常计算",
        "5月1日 周五 计第60个自然日",
        "5月1日 周五 劳动节放假,顺延",
    ]
    assert steps[-1].text == "5月6日 周三 工作日,期限最后一日遇节假日,顺延至本日届满"


def test_office_hours_are_explained_by_day() -> None:
    steps = due(Limit.parse("4wh"), at("2026-03-13T16:30"), CALENDAR).explanation
    assert [step.text for step in steps] == [
        "3月13日 周五 16:30 起算,只计上班时间",
        "3月13日 周五 工作日,计1小时0分",
        "3月14日 周六 休息日,不计",
        "3月15日 周日 休息日,不计",
        "3月16日 周一 工作日,计3小时0分",
        "3月16日 周一 11:30 到期",
    ]


@pytest.mark.parametrize(
    ("rule", "certain"), [("3wd", False), ("4wh", True), ("15d", True), ("3d legal", False), ("1wd", True)]
)
def test_an_unpublished_year_is_said_only_where_it_matters(rule: str, certain: bool) -> None:
    found = due(Limit.parse(rule), at("2026-12-30T09:00"), CALENDAR)
    assert (found.warning is None) is certain
    assert certain or (found.warning or "").startswith("2027年放假安排尚未公布")


@steady
@given(instants, st.sampled_from(["1wd", "3wd", "10wd"]), st.sampled_from(["2d", "60d legal"]))
def test_a_later_receipt_is_never_due_earlier(start: datetime, workdays: str, natural: str) -> None:
    for code in (workdays, natural):
        limit = Limit.parse(code)
        earlier, later = (due(limit, when, CALENDAR) for when in (start, end_of_day(local_date(start))))
        assert earlier.due_at == later.due_at
        assert earlier.due_on > local_date(start)


@pytest.mark.parametrize("code", ["3wd", "2d", "60d legal", "4wh", "2h", "15min"])
def test_a_code_reads_back(code: str) -> None:
    assert Limit.parse(code).code == code


@pytest.mark.parametrize("code", ["", "3", "3 days", "0d", "-1d", "9999d", "3wd legal", "1.5h"])
def test_an_impossible_limit_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match=r"时限|期限"):
        Limit.parse(code)


@pytest.mark.parametrize(
    ("track", "rework"),
    [("5wd", "3wd"), ("2d", "2d"), ("1wd", "2wd"), ("60d legal", "30d legal"), ("2h", "2d")],
)
def test_a_rework_has_half_the_time_and_at_least_two_days(track: str, rework: str) -> None:
    assert rework_limit(Limit.parse(track)).code == rework
