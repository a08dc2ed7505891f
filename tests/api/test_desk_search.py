"""Words are looked for among the latest cases first and in the index of all of them after; both find the same."""

from typing import Any

import pytest

from domain.cases import queries
from tests.support.cast import DESK, Cast

pytestmark = pytest.mark.anyio


async def _found(cast: Cast, login: str = "dispatcher", **query: Any) -> list[str]:
    answer = await (await cast.staff(login)).get(f"{DESK}/cases", params=query)
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()["items"]]


@pytest.mark.parametrize("latest", [1, 2000])
async def test_words_are_found_in_old_cases_too_and_only_in_the_own_scope(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, latest: int
) -> None:
    monkeypatch.setattr(queries, "LATEST", latest)
    first = await cast.case_of(await cast.appeal(content="解放路菜市场门口的路灯坏了三盏,Wi-Fi 也断了"))
    second = await cast.case_of(await cast.appeal(content="路灯又坏了"))
    await cast.appeal(content="孩子上学的补贴一直没有发下来")
    assert await _found(cast, text="路灯") == [second, first]
    assert await _found(cast, text="菜市场门口") == [first]
    assert await _found(cast, text="WI-FI") == [first], "letters are found whatever their case"
    assert await _found(cast, text="路%") == [] == await _found(cast, text="路_灯"), "signs of patterns are signs"
    assert await _found(cast, "handler", text="路灯") == []


async def test_a_unit_finds_open_cases_and_a_number_its_case(cast: Cast) -> None:
    appeal = await cast.appeal()
    case_id = await cast.case_of(appeal)
    assert await _found(cast, number=appeal["number"]) == [case_id]
    assert await _found(cast, state="submitted", unit="市城管局") == []
    await cast.act("dispatcher", case_id, "register", appeal_type="help", topic="0901", petition_class="appeal_for_decision")
    await cast.act("dispatcher", case_id, "accept")
    await cast.act("dispatcher", case_id, "dispatch", lead="市城管局", co_units=["市水利局"])
    for unit in ("市城管局", "市水利局"):
        assert await _found(cast, state="dispatched", unit=unit) == [case_id] == await _found(cast, unit=unit)
