"""Following one's own appeals: lists, progress in plain words, what can be done now."""

import pytest

from domain.appeals.words import EVENTS, INTERNAL
from domain.cases.states import MOVES
from tests.support.cast import RESIDENT, Cast
from tests.support.steps import move, work

pytestmark = pytest.mark.anyio


def test_every_move_is_either_said_in_plain_words_or_kept_among_colleagues() -> None:
    assert {found.event for found in MOVES.values()} <= set(EVENTS) | INTERNAL
    assert not set(EVENTS) & INTERNAL


async def test_the_list_goes_page_by_page_and_is_stable_under_inserts(cast: Cast) -> None:
    li = await cast.resident("li")
    numbers = [(await cast.appeal(li, content=f"第{n}件"))["number"] for n in range(3)]
    first = (await li.get(f"{RESIDENT}/appeals", params={"limit": 2})).json()
    assert [item["number"] for item in first["items"]] == [numbers[2], numbers[1]]
    await cast.appeal(li, content="后来的")
    second = (await li.get(f"{RESIDENT}/appeals", params={"limit": 2, "cursor": first["next"]})).json()
    assert [item["number"] for item in second["items"]] == [numbers[0]]
    assert second["next"] is None
    line = second["items"][0]
    assert (line["title"], line["status"], line["status_name"]) == ("第0件", "submitted", "已提交")
    assert line["deadline"]["kind"] == "accept"


async def test_a_cursor_or_limit_that_is_none_is_refused(cast: Cast) -> None:
    li = await cast.resident("li")
    for query, code in (({"cursor": "x"}, "invalid-cursor"), ({"limit": 0}, "invalid-fields"),
                        ({"page": 2}, "unknown-field")):  # fmt: skip
        answer = await li.get(f"{RESIDENT}/appeals", params=query)
        assert (answer.status_code, answer.json()["code"]) == (422, code)


@pytest.mark.mechanism("004-20", "004-25")
async def test_progress_is_one_page_in_plain_words_without_names_or_notes(cast: Cast, at) -> None:
    at("2026-03-13T16:30")
    li = await cast.resident("li")
    receipt = await cast.appeal(li)
    case_id = await cast.case_of(receipt)
    await move(cast, "dispatcher", case_id, "add-note", text="内部:此人上周来过")
    await work(cast, case_id, "answer")
    seen = (await li.get(f"{RESIDENT}/appeals/{receipt['id']}")).json()
    assert (seen["status"], seen["status_name"], seen["unit"]) == ("answered", "已答复", "市城管局")
    assert [entry["event"] for entry in seen["timeline"]][:4] == [
        "appeal.submitted", "case.registered", "case.accepted", "case.dispatched",
    ]  # fmt: skip
    assert seen["timeline"][3]["text"] == "已交市城管局办理"
    (reply,) = seen["replies"]
    assert (reply["round"], reply["text"], reply["unit_name"]) == (1, "路灯已修好,请您查看。", "市城管局")
    assert reply["at"].startswith("2026-03-13T16:30")
    assert {"rate", "object", "message", "urge"} <= set(seen["can"])
    assert "withdraw" not in seen["can"]
    whole = str(seen)
    assert "内部" not in whole
    assert "线路老化" not in whole


async def test_deadlines_explain_themselves_and_carry_their_level(cast: Cast, at) -> None:
    at("2026-03-13T16:30")
    li = await cast.resident("li")
    receipt = await cast.appeal(li)
    await work(cast, await cast.case_of(receipt), "dispatch")
    at("2026-03-30T09:00")
    seen = (await li.get(f"{RESIDENT}/appeals/{receipt['id']}")).json()
    handling = next(clock for clock in seen["deadlines"] if clock["kind"] == "handling")
    assert handling["name"] == "答复您的期限"
    assert handling["level"] in {"red", "urge", "supervision", "principal"}
    assert any(line["counted"] for line in handling["explanation"])
    assert seen["deadline"]["stopped_at"] is None
    accept = next(clock for clock in seen["deadlines"] if clock["kind"] == "accept")
    assert (accept["met"], accept["level"]) == (True, "none")


async def test_another_persons_appeal_does_not_exist(cast: Cast) -> None:
    receipt = await cast.appeal(await cast.resident("li"))
    for stranger in (await cast.resident("wang"), await cast.guest()):
        answer = await stranger.get(f"{RESIDENT}/appeals/{receipt['id']}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
        assert (await stranger.get(f"{RESIDENT}/appeals")).json()["items"] == []
    assert (await (await cast.resident("li")).get(f"{RESIDENT}/appeals/not-an-id")).status_code == 404


async def test_staff_and_strangers_do_not_come_through_this_door(cast: Cast) -> None:
    receipt = await cast.appeal()
    assert (await (await cast.staff("dispatcher")).get(f"{RESIDENT}/appeals/{receipt['id']}")).status_code == 403
    answer = await cast.anybody().get(f"{RESIDENT}/appeals")
    assert (answer.status_code, answer.json()["code"]) == (401, "not-signed-in")


async def test_on_a_joint_case_people_do_not_meet_each_other(cast: Cast) -> None:
    li, wang = await cast.resident("li"), await cast.resident("wang")
    mine, other = await cast.appeal(li), await cast.appeal(wang, content="路灯不亮两周了")
    into = await cast.case_of(mine)
    for receipt in (mine, other):
        await work(cast, await cast.case_of(receipt), "register")
    await move(cast, "dispatcher", await cast.case_of(other), "merge", into=into)
    await wang.post(f"{RESIDENT}/appeals/{other['id']}/messages", json={"text": "我家门牌18号,我叫王五"})
    await wang.post(f"{RESIDENT}/appeals/{other['id']}/urges", json={"text": "王五催"})
    seen = (await li.get(f"{RESIDENT}/appeals/{mine['id']}")).json()
    assert "王五" not in str(seen)
    assert [entry["event"] for entry in seen["timeline"]].count("appeal.submitted") == 1
    theirs = (await wang.get(f"{RESIDENT}/appeals/{other['id']}")).json()
    events = [entry["event"] for entry in theirs["timeline"]]
    assert events[0] == "appeal.submitted"
    assert {"case.merged", "appeal.messaged", "case.urged"} <= set(events)
    refused = await wang.post(f"{RESIDENT}/appeals/{other['id']}/withdrawal", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "guard-not-met")
