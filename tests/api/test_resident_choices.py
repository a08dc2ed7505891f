"""What is open to everybody: the guide, the topics, the units one may complain about."""

import pytest

from domain.rulebook import rulebook
from tests.support.cast import RESIDENT, Cast

pytestmark = pytest.mark.anyio


@pytest.mark.mechanism("000-03")
async def test_the_guide_names_channels_steps_limits_numbers_and_how_to_ask(cast: Cast) -> None:
    guide = (await cast.anybody().get(f"{RESIDENT}/guide")).json()
    assert {channel["code"] for channel in guide["channels"]} == set(rulebook().channels)
    assert [step["name"] for step in guide["steps"]] == ["反映", "受理", "办理", "答复", "评价"]
    assert "30 天" in guide["steps"][-1]["text"]
    limits = {track["code"]: {clock["kind"]: clock["limit"] for clock in track["clocks"]} for track in guide["limits"]}
    assert limits["HOTLINE_5WD"]["handling"] == "5个工作日"
    assert limits["STATUTORY"]["accept"].startswith("15")
    assert not [code for code in limits if code.startswith("EVENT")]
    assert guide["hotline"] in guide["progress"]
    assert guide["emergency_numbers"]


async def test_topics_come_as_a_tree_with_icons_and_plain_words(cast: Cast) -> None:
    answer = await cast.anybody().get(f"{RESIDENT}/topics")
    items = answer.json()["items"]
    land = next(item for item in items if item["code"] == "01")
    assert (land["plain"], land["icon"]) == ("田、地、山、宅基地的事", "land")
    assert "0101" in [child["code"] for child in land["children"]]
    assert all(item["name"] and item["plain"] and item["icon"] for item in items)
    assert "max-age" in answer.headers["cache-control"]


async def test_units_are_found_by_a_part_of_their_name(cast: Cast) -> None:
    answer = await cast.anybody().get(f"{RESIDENT}/departments", params={"text": "城管"})
    (unit,) = answer.json()["items"]
    assert (unit["name"], set(unit)) == ("市城管局", {"id", "name"})
    first = (await cast.anybody().get(f"{RESIDENT}/departments", params={"limit": 5})).json()
    second = (await cast.anybody().get(f"{RESIDENT}/departments", params={"limit": 5, "cursor": first["next"]})).json()
    assert not {item["id"] for item in first["items"]} & {item["id"] for item in second["items"]}
    filed = await cast.appeal(kind="complaint", complained_of={"department_id": unit["id"]})
    assert filed["status"] == "submitted"
