"""Cases about the same matter are found after the filing, off the request, and shown to whom they may be shown."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from domain import rulebook
from domain.duplicates.looks import NEAR, look
from domain.rulebook import Reach
from domain.sql import execute, fetch
from tests.support.cast import DESK, Cast
from tests.support.life import REGISTER

pytestmark = pytest.mark.anyio
LI = {"name": "李建国", "phone": "13900001234"}
LAMP = "解放路菜市场门口的路灯坏了三盏,晚上看不见路"
SAME = "解放路菜市场门口路灯坏了,晚上看不见"


async def _duplicates(cast: Cast, case_id: str, login: str = "dispatcher") -> list[dict[str, Any]]:
    answer = await (await cast.staff(login)).get(f"{DESK}/cases/{case_id}/suggestions")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["duplicates"])


async def _case(cast: Cast, who: str = "li", **body: Any) -> str:
    return await cast.case_of(await cast.appeal(await cast.resident(who), **body))


@pytest.mark.mechanism("000-29")
async def test_the_look_is_made_by_a_reaction_and_a_candidate_is_merged_into(cast: Cast) -> None:
    first = await _case(cast, content=LAMP, contact=LI)
    second = await _case(cast, "wang", content=SAME, contact=LI)
    assert not await fetch("SELECT 1 AS kept FROM duplicate_looks"), "nothing is looked for inside the filing"
    assert "find_duplicates" in await cast.react()
    assert {str(row["case_id"]) for row in await fetch("SELECT case_id FROM duplicate_looks")} == {first, second}
    (found,) = await _duplicates(cast, second)
    assert (found["id"], found["mergeable"], found["repeat"]) == (first, True, True)
    assert {"联系电话相同", "同一村(社区)"} <= set(found["reasons"])
    assert LI["phone"] not in str(found) and LI["name"] not in str(found)
    await cast.act("dispatcher", second, "register", **REGISTER)
    merged = await cast.act("dispatcher", second, "merge", into=found["id"])
    assert merged["state"] == "merged"
    assert await _duplicates(cast, first) == [], "what was merged is no candidate any more"


@pytest.mark.mechanism("000-29")
async def test_the_same_words_elsewhere_are_another_matter_unless_the_same_person_says_them(cast: Cast) -> None:
    first = await _case(cast, content=LAMP, contact=LI)
    stranger = await _case(cast, "wang", content=SAME, area_code="360781100002")
    await cast.react()
    assert await _duplicates(cast, stranger) == []
    own = await _case(cast, "zhao", content=SAME, area_code="360781100002", contact=LI)
    await cast.react()
    assert first in [one["id"] for one in await _duplicates(cast, own)]


async def test_in_a_busy_village_the_same_topic_is_looked_at_before_what_is_newer(cast: Cast) -> None:
    first = await _case(cast, content=LAMP, topic="0901", contact=LI)
    await execute(
        "INSERT INTO cases SELECT (jsonb_populate_record(c, jsonb_build_object('id', gen_random_uuid(), 'topic', '0101', 'title', '低保',"
        " 'number', 'X' || n, 'received_at', c.received_at + n * interval '1 second'))).*"
        " FROM cases c, generate_series(1, $2) n WHERE c.id = $1",
        [first, NEAR + 1],
    )
    second = await _case(cast, "wang", content=SAME, topic="0901", contact={"name": "王芳", "phone": "13900005678"})
    assert [str(one.id) for one in await look(UUID(second))] == [first]


async def test_the_topic_can_switch_it_off(cast: Cast) -> None:
    book = rulebook.rulebook()
    try:
        rulebook.install(replace(book, reaches={**book.reaches, "0901": Reach(0, 0)}))
        await _case(cast, content=LAMP, topic="0901", contact=LI)
        second = await _case(cast, content=SAME, topic="0901", contact=LI)
        await cast.react()
        assert await _duplicates(cast, second) == []
    finally:
        rulebook.install(book)


async def test_who_stays_hidden_is_not_betrayed_by_a_candidate(cast: Cast) -> None:
    """A desk without the right to open identities sees the like words, and not that the same person spoke."""
    hidden = {"identity": "hidden_from_handler", "contact": LI}
    first = await _case(cast, content=LAMP, **hidden)
    second = await _case(cast, content=SAME, **hidden)
    other = await _case(cast, content="我还要反映低保金发放的问题", topic="0901", **hidden)
    await _case(cast, content="低保金为什么停发", topic="0901", **hidden)
    await cast.react()
    (seen,) = [one for one in await _duplicates(cast, second, "towndesk") if one["id"] == first]
    assert not {"联系电话相同", "同一诉求人", "同一户"} & set(seen["reasons"]) and seen["repeat"] is False
    assert await _duplicates(cast, other, "towndesk") == [], "linked by the person alone: not told at all"


async def test_an_anonymous_person_is_compared_by_nothing_but_words(cast: Cast) -> None:
    first = await _case(cast, content=LAMP, identity="anonymous")
    second = await _case(cast, content=SAME, contact=LI)
    await cast.react()
    (seen,) = await _duplicates(cast, second)
    assert seen["id"] == first and not {"联系电话相同", "同一诉求人", "同一户"} & set(seen["reasons"])


async def test_a_case_against_the_own_unit_is_no_candidate(cast: Cast) -> None:
    unit = (await fetch("SELECT department_id AS id FROM staff WHERE login = 'dispatcher'"))[0]["id"]
    if unit is None:
        unit = (await fetch("SELECT a.department_id AS id FROM assignments a JOIN staff s ON s.id = a.staff_id"
                            " WHERE s.login = 'dispatcher' AND a.department_id IS NOT NULL"))[0]["id"]  # fmt: skip
    await _case(cast, content=LAMP, contact=LI, complained_of={"department_id": str(unit)})
    second = await _case(cast, content=SAME, contact=LI)
    await cast.react()
    assert await _duplicates(cast, second) == []
