"""How doors are named, masked and sorted, and how far apart two positions are."""

import pytest

from domain.areas.geometry import Position, distance_m
from domain.households.naming import door_key, masked_door, plate_text, route_key


@pytest.mark.mechanism("000-02")
@pytest.mark.parametrize(
    ("group", "door", "masked"),
    [
        ("3组", "河背路 12 号", "3组 河背路 ** 号"),
        ("一组", "一组1号", "一组**号"),
        ("", "河背路12-1号3栋2单元", "河背路**号**栋**单元"),
        ("", "第二十三号", "第**号"),
        ("", "东街１２号", "东街**号"),
        ("河背组", "老屋", "河背组 **"),
        ("", "张三家", "张**"),
        ("3组", "3组12号", "3组**号"),
    ],
)
def test_a_stranger_reads_street_and_group_never_the_number(group: str, door: str, masked: str) -> None:
    assert masked_door(group, door) == masked


def test_doors_sort_as_one_walks() -> None:
    walk = ["1号", "2号", "2-1号", "9号", "10号", "十一号", "12号", "一百零二号"]
    mixed = walk[::-1]
    assert sorted(mixed, key=lambda door: route_key("3组", door)) == walk
    groups = ["二组", "3组", "十组", "11组"]
    mixed = groups[::-1]
    assert sorted(mixed, key=lambda group: route_key(group, "1号")) == groups
    assert len(route_key("组" * 40, "1-" * 40)) <= 200


def test_a_plate_names_the_group_once_and_blanks_make_no_other_house() -> None:
    assert plate_text("3组", "河背路 1 号") == "3组 河背路 1 号"
    assert plate_text("3组", "3组1号") == "3组1号"
    assert door_key("v", "3组", "河背路 1 号") == door_key("v", "3组", "河背路1号")


def test_both_datums_name_the_same_doorstep() -> None:
    wgs, gcj = Position(116.404, 39.915, "wgs84"), Position(116.410244, 39.916404, "gcj02")
    assert distance_m(wgs, gcj) < 1
    assert distance_m(gcj, wgs) < 1
    assert distance_m(wgs, Position(116.404, 39.915, "gcj02")) > 400


def test_a_hundredth_of_a_degree_is_a_kilometre() -> None:
    here = Position(116.0271, 25.8859, "gcj02")
    assert distance_m(here, Position(116.0271, 25.8959, "gcj02")) == pytest.approx(1112, abs=2)
    assert distance_m(here, Position(116.0371, 25.8859, "gcj02")) == pytest.approx(1000, abs=2)
    assert distance_m(here, here) == 0
