"""Merging and taking apart in any order: every appeal stays what it was and in the end lies where it lay."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.sql import fetch
from tests.support.cast import Cast
from tests.support.life import bring_to

pytestmark = pytest.mark.anyio
CASES = 4
PEOPLE = ("li", "wang", "zhao", "chen")
Deed = tuple[str, int, int]


async def appeals(ids: list[str]) -> dict[str, Any]:
    rows = await fetch(
        "SELECT a.number, a.channel, a.content, a.case_id, (SELECT count(*) FROM ratings r WHERE r.appeal_id = a.id) AS"
        " rated FROM appeals a WHERE a.id = ANY($1::uuid[]) ORDER BY a.number",
        [ids],
    )
    return {row["number"]: (row["channel"], row["content"], str(row["case_id"]), row["rated"]) for row in rows}


async def clocks(cases: list[str]) -> list[tuple[str, str, str]]:
    rows = await fetch(
        "SELECT case_id, name, due_at FROM deadlines WHERE case_id = ANY($1::uuid[]) AND stopped_at IS NULL"
        " ORDER BY case_id, name",
        [cases],
    )
    return [(str(row["case_id"]), row["name"], row["due_at"].isoformat()) for row in rows]


@pytest.mark.mechanism("000-29")
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.sampled_from(["merge", "unmerge"]), st.integers(0, 3), st.integers(0, 3)), max_size=8))
async def test_any_order_gives_the_same_appeals_numbers_and_ratings(cast: Cast, deeds: list[Deed]) -> None:
    cases = [await bring_to(cast, "accepted", content=f"第{n}处路灯不亮") for n in range(CASES)]
    rows = await fetch("SELECT id FROM appeals WHERE case_id = ANY($1::uuid[])", [cases])
    ids = [str(row["id"]) for row in rows]
    before, running = await appeals(ids), await clocks(cases)
    merged: list[int] = []
    into: dict[int, int] = {}
    for deed, one, other in deeds:
        if deed == "merge" and one != other and not {one, other} & set(merged):
            await cast.act("dispatcher", cases[one], "merge", into=cases[other])
            merged.append(one)
            into[one] = other
        elif deed == "unmerge" and one in merged and into[one] not in merged:
            await cast.act("dispatcher", cases[one], "unmerge")
            merged.remove(one)
        now = await appeals(ids)
        assert {n: (c, t, r) for n, (c, t, _, r) in now.items()} == {n: (c, t, r) for n, (c, t, _, r) in before.items()}
    for one in reversed(merged):
        await cast.act("dispatcher", cases[one], "unmerge")
    assert await appeals(ids) == before
    assert [(case, name) for case, name, _ in await clocks(cases)] == [(case, name) for case, name, _ in running]
