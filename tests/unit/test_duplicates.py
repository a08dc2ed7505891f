"""Comparing cases is symmetric, ranking does not depend on the order of what is ranked, and 0 means: not looked for."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.duplicates.likeness import Known, compare, distance, rank, read, reasons, stored
from domain.rulebook import Reach

START = datetime(2026, 3, 16, 1, tzinfo=UTC)
WORDS = ("解放路", "路灯", "坏了", "三盏", "晚上看不见", "下水道", "堵塞", "噪音", "学校门口", "!")

knowns = st.builds(
    Known,
    id=st.uuids(),
    received_at=st.integers(0, 200).map(lambda days: START + timedelta(days=days)),
    text=st.lists(st.sampled_from(WORDS), max_size=8).map("".join),
    topic=st.sampled_from(["", "0901", "0902"]),
    village=st.sampled_from(["", "360781100001", "360781100002"]),
    household_id=st.none() | st.sampled_from([UUID(int=1), UUID(int=2)]),
    phones=st.frozensets(st.sampled_from(["13900000001", "13900000002"])),
    people=st.frozensets(st.sampled_from([UUID(int=3), UUID(int=4)])),
    position=st.none() | st.tuples(st.floats(116.0, 116.01), st.floats(25.88, 25.89), st.sampled_from(["wgs84", "gcj02"])),
)
reaches = st.builds(Reach, radius_m=st.sampled_from([0, 50, 500]), window_days=st.sampled_from([0, 1, 90]))


@given(knowns, knowns, reaches)
def test_what_one_is_to_the_other_the_other_is_to_it(one: Known, other: Known, reach: Reach) -> None:
    there, back = compare(one, other, reach), compare(other, one, reach)
    assert (there is None) == (back is None)
    if there and back:
        assert (there.marks, there.days, there.metres) == (back.marks, back.days, back.metres)
        assert there.score == pytest.approx(back.score)
        assert bool(rank(one, [other], reach)) == bool(rank(other, [one], reach))


@given(knowns, st.lists(knowns, max_size=8, unique_by=lambda one: one.id), reaches, st.randoms())
def test_the_order_of_the_answer_does_not_hang_on_the_order_of_the_question(case, others, reach, random) -> None:
    mixed = list(others)
    random.shuffle(mixed)
    assert rank(case, mixed, reach) == rank(case, others, reach)


@given(knowns, st.lists(knowns, max_size=8), st.integers(0, 500))
def test_off_finds_nothing_and_without_a_radius_no_distance_counts(case: Known, others: list[Known], radius: int) -> None:
    assert rank(case, others, Reach(radius, 0)) == []
    assert all(found.metres is None for found in rank(case, others, Reach(0, 90)))


@given(knowns, knowns, st.integers(1, 90))
def test_nothing_outside_the_window_is_proposed_and_never_the_case_itself(case: Known, other: Known, days: int) -> None:
    found = rank(case, [other, case], Reach(200, days))
    assert all(one.id != case.id and one.days <= days for one in found)


@given(knowns, knowns)
def test_a_kept_look_is_read_back_as_it_was(case: Known, other: Known) -> None:
    found = compare(case, other, Reach())
    assert found is None or read(stored(found)) == found


def test_the_same_street_lamp_is_found_with_reasons_and_another_matter_is_not() -> None:
    lamp = Known(UUID(int=1), START, "解放路菜市场门口的路灯坏了三盏", "0901", "v", position=(116.0, 25.88, "wgs84"))
    again = Known(UUID(int=2), START + timedelta(days=3), "菜市场门口解放路路灯坏了", "0901", "v", position=(116.001, 25.88, "wgs84"))
    other = Known(UUID(int=3), START, "孩子上学的补贴一直没有发下来", "0402", "v")
    (found,) = rank(lamp, [other, again], Reach())
    assert found.id == again.id
    assert reasons(found, personal=True) == ["同一村(社区)", "同一类别", "相距约100米", f"内容相似度 {found.like:.0%}", "相隔3天"]


def test_positions_of_different_datums_are_not_measured_against_each_other() -> None:
    one = Known(UUID(int=1), START, position=(116.0, 25.88, "wgs84"))
    assert distance(one, Known(UUID(int=2), START, position=(116.0, 25.88, "gcj02"))) is None
    assert distance(one, Known(UUID(int=2), START, position=(116.0, 25.88, "wgs84"))) == 0
