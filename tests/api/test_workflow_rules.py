"""The rules beside the table: two persons, returns, merging, long-term, contests, the conflict wall, transfers."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from domain.access.models import Department
from domain.sql import fetch
from tests.support.cast import DESK, RESIDENT, WORKER, Cast
from tests.support.life import CITY, REGISTER, WATER, bring_to

pytestmark = pytest.mark.anyio

At = Callable[[str], None]
REFUSAL = {"reason_code": "not_competent", "next_channel": "请向瑞金市人民法院起诉"}


async def _case(cast: Cast, case_id: str, login: str = "leader") -> dict[str, Any]:
    answer = await (await cast.staff(login)).get(f"{DESK}/cases/{case_id}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.mark.parametrize(
    ("action", "state", "body"),
    [("not-accept", "not_accepted", REFUSAL), ("void", "voided", {"reason_code": "test"})],
)
async def test_refusing_and_voiding_take_two_persons(
    cast: Cast, action: str, state: str, body: dict[str, Any]
) -> None:
    case_id = await bring_to(cast, "registered")
    asked = await cast.act("dispatcher", case_id, action, **body)
    assert asked["state"] == "registered"
    assert [s["action"] for s in asked["second_signatures"]] == [action]
    again = await cast.act("dispatcher", case_id, action, **body)
    assert again["state"] == "registered", "the same officer twice is one person"
    done = await cast.act("dispatcher2", case_id, action, **body)
    assert (done["state"], done["second_signatures"]) == (state, [])
    assert done["ended_at"]
    if action == "not-accept":
        assert "人民法院" in done["timeline"][-1]["text"]


async def test_the_second_person_must_mean_the_same(cast: Cast) -> None:
    case_id = await bring_to(cast, "registered")
    await cast.act("dispatcher", case_id, "not-accept", **REFUSAL)
    other = await cast.act("dispatcher2", case_id, "not-accept", **{**REFUSAL, "reason_code": "repeated"})
    assert other["state"] == "registered"


async def test_information_is_asked_for_twice_at_most_and_supplied_at_the_desk(cast: Cast) -> None:
    case_id = await bring_to(cast, "registered")
    for _ in range(2):
        asked = await cast.act("dispatcher", case_id, "ask-info", items=["照片"])
        assert [c["name"] for c in asked["clocks"] if not c["stopped_at"]] == ["info"]
        back = await cast.act("dispatcher", case_id, "supply-info", text="照片在村委会")
        assert back["state"] == "registered"
    assert (await cast.act("dispatcher", case_id, "ask-info", expect=409, items=["照片"]))["code"] == "guard-not-met"


@pytest.mark.mechanism("000-39")
async def test_a_transfer_tells_where_to_keeps_the_receipt_and_can_come_back(cast: Cast) -> None:
    case_id = await bring_to(cast, "registered")
    moved = await cast.act("dispatcher", case_id, "transfer-out", target="赣州市交通局", basis="省道养护", contact="12328")
    line = moved["timeline"][-1]
    assert line["public"] and "赣州市交通局" in line["text"] and "12328" in line["text"]
    assert (await cast.act("dispatcher", case_id, "confirm-transfer", note="已收"))["state"] == "transferred"
    back = await cast.act("dispatcher", case_id, "transfer-refused", note="不属我局")
    assert (back["state"], back["ended_at"]) == ("registered", None)
    assert [c["name"] for c in back["clocks"] if not c["stopped_at"]] == ["accept"]


@pytest.mark.mechanism("004-13")
async def test_a_redirection_names_the_legal_path(cast: Cast) -> None:
    case_id = await bring_to(cast, "registered")
    done = await cast.act("dispatcher", case_id, "redirect", legal_path="litigation", body="瑞金市人民法院")
    assert (done["state"], done["timeline"][-1]["data"]["legal_path"]) == ("redirected", "litigation")
    assert "瑞金市人民法院" in done["timeline"][-1]["text"]


async def _bounce(cast: Cast, case_id: str, lead: str, handler: str) -> None:
    await cast.act("dispatcher", case_id, "dispatch", lead=lead)
    await cast.act(handler, case_id, "return", reason="不属于本单位职责范围")
    await cast.act("dispatcher", case_id, "grant-return", note="同意")


async def test_returns_once_a_unit_and_designation_after_more_than_two(cast: Cast) -> None:
    case_id = await bring_to(cast, "dispatched")
    before = next(c for c in (await _case(cast, case_id))["clocks"] if c["name"] == "handling")
    asked = await cast.act("handler", case_id, "return", reason="不属于本单位职责范围")
    assert asked["state"] == "dispatched" and "grant-return" not in asked["can"]
    assert "grant-return" in (await _case(cast, case_id, "dispatcher"))["can"]
    refused = await cast.act("dispatcher", case_id, "refuse-return", note="按职责清单应由你局办理")
    assert (refused["state"], refused["returns"][0]["state"]) == ("dispatched", "refused")
    once = await cast.act("handler", case_id, "return", expect=409, reason="还是不属于本单位")
    assert once["code"] == "guard-not-met"

    other = await bring_to(cast, "accepted")
    assert (await cast.act("meeting", other, "designate", expect=409, lead=CITY))["code"] == "guard-not-met"
    await _bounce(cast, other, CITY, "handler")
    await _bounce(cast, other, WATER, "handler2")
    await _bounce(cast, other, "象湖镇", "townhandler")
    stuck = await cast.act("dispatcher", other, "dispatch", expect=409, lead=CITY)
    assert stuck["missing"] == ["designate"]
    assert (await cast.act("meeting", other, "designate", lead=CITY))["designated"]
    final = await cast.act("handler", other, "return", expect=409, reason="真的不属于本单位")
    assert "最终" in final["detail"]
    after = next(c for c in (await _case(cast, case_id))["clocks"] if c["name"] == "handling")
    assert after["due_at"] == before["due_at"], "the handling clock runs on"


async def test_a_unit_that_signed_late_cannot_return(cast: Cast, at: At) -> None:
    at("2026-03-16T09:00")
    case_id = await bring_to(cast, "dispatched")
    at("2026-03-20T09:00")
    late = await cast.act("handler", case_id, "return", expect=409, reason="不属于本单位职责范围")
    assert "签收已超时" in late["detail"]


async def test_a_granted_return_leaves_the_unit_with_nothing_to_see(cast: Cast) -> None:
    case_id = await bring_to(cast, "signed")
    await cast.act("handler", case_id, "return", reason="不属于本单位职责范围")
    back = await cast.act("dispatcher", case_id, "grant-return")
    assert (back["state"], back["lead"], back["handler_id"]) == ("accepted", None, None)
    assert (await (await cast.staff("handler")).get(f"{DESK}/cases/{case_id}")).status_code == 404


async def test_what_escalates_leaves_the_unit_and_answers_so(cast: Cast) -> None:
    case_id = await bring_to(cast, "handling")
    raised = await cast.act("handler", case_id, "escalate", reason="涉及多个乡镇")
    assert (raised["state"], raised["can"]) == ("accepted", [])
    village = await bring_to(cast, "submitted")
    up = await cast.act("villagedesk", village, "escalate", reason="村里解决不了")
    assert (up["state"], up["origin"]) == ("accepted", "village_escalated")
    assert any(c["name"] == "handling" for c in up["clocks"])


# ---- conflict wall


@pytest.mark.mechanism("001-20")
async def test_the_unit_complained_of_does_not_see_the_case_and_cannot_get_it(cast: Cast) -> None:
    unit = await Department.get(name=CITY)
    appeal = await cast.appeal(kind="complaint", complained_of={"department_id": str(unit.id), "text": "推诿"})
    case_id = await cast.case_of(appeal)
    await cast.act("dispatcher", case_id, "register", **{**REGISTER, "appeal_type": "complaint"})
    await cast.act("dispatcher", case_id, "accept")
    refused = await cast.act("dispatcher", case_id, "dispatch", expect=409, lead=CITY)
    assert refused["code"] == "conflict-of-interest"
    refused = await cast.act("dispatcher", case_id, "dispatch", expect=409, lead=WATER, co_units=[CITY])
    assert refused["code"] == "conflict-of-interest"
    await cast.act("dispatcher", case_id, "dispatch", lead=WATER)
    for login in ("handler", "reviewer", "principal"):
        client = await cast.staff(login)
        assert (await client.get(f"{DESK}/cases/{case_id}")).status_code == 404
        assert case_id not in {c["id"] for c in (await client.get(f"{DESK}/cases")).json()["items"]}
    await cast.act("handler", case_id, "sign", expect=404)
    suggested = (await (await cast.staff("dispatcher")).get(f"{DESK}/cases/{case_id}/suggestions")).json()
    assert CITY not in {found["name"] for found in suggested["departments"]}


@pytest.mark.mechanism("001-20")
async def test_an_officer_does_not_register_what_is_said_about_the_own_office(cast: Cast) -> None:
    mine = (await (await cast.staff("dispatcher")).get(f"{DESK}/me")).json()["department_id"]
    own = await Department.get(id=mine)
    case_id = await bring_to(cast, "submitted")
    about = {"department_id": str(own.id)}
    refused = await cast.act("dispatcher", case_id, "register", expect=409, **REGISTER, complained_of=about)
    assert refused["code"] == "conflict-of-interest"


# ---- contest


async def _object(cast: Cast, appeal: dict[str, Any], reason: str = "我不同意") -> None:
    answer = await (await cast.resident()).post(f"{RESIDENT}/appeals/{appeal['id']}/objections", json={"reason": reason})
    assert answer.status_code == 201, answer.text


async def test_a_contested_case_is_decided_by_another_officer(cast: Cast) -> None:
    appeal = await cast.appeal()
    case_id = await cast.case_of(appeal)
    await cast.act("dispatcher", case_id, "register", **REGISTER)
    await cast.act("dispatcher", case_id, "redirect", legal_path="litigation", body="法院")
    await _object(cast, appeal)
    contested = await _case(cast, case_id)
    assert (contested["state"], contested["ended_at"]) == ("registered", None)
    for action, body in (("register", REGISTER), ("accept", {}), ("ask-info", {"items": ["照片"]})):
        assert (await cast.act("dispatcher", case_id, action, expect=403, **body))["code"] == "same-officer"
    await cast.act("dispatcher2", case_id, "register", **{**REGISTER, "topic": "0902"})
    await cast.act("dispatcher", case_id, "accept", expect=403)
    assert (await cast.act("dispatcher2", case_id, "accept"))["state"] == "accepted"


async def test_a_case_withdrawn_before_registration_is_registered_after_the_contest(cast: Cast) -> None:
    appeal = await cast.appeal()
    case_id = await cast.case_of(appeal)
    answer = await (await cast.resident()).post(f"{RESIDENT}/appeals/{appeal['id']}/withdrawal", json={})
    assert answer.status_code == 201
    assert (await _case(cast, case_id))["state"] == "withdrawn"
    await _object(cast, appeal)
    assert (await cast.act("dispatcher", case_id, "accept", expect=409))["missing"] == ["register"]
    await cast.act("dispatcher", case_id, "register", **REGISTER)
    assert (await cast.act("dispatcher", case_id, "accept"))["state"] == "accepted"
    assert (await cast.act("dispatcher", case_id, "register", expect=409, **REGISTER))["code"] == "move-not-allowed"


# ---- merging


@pytest.mark.mechanism("000-29")
async def test_merged_appeals_keep_number_answer_and_the_earliest_date_and_can_be_taken_apart(
    cast: Cast, at: At
) -> None:
    at("2026-03-16T09:00")
    first = await bring_to(cast, "accepted", content="解放路的路灯坏了三盏,晚上很黑")
    at("2026-03-17T09:00")
    second = await bring_to(cast, "dispatched", content="解放路路灯坏了,晚上太黑")
    early = next(c["due_at"] for c in (await _case(cast, first))["clocks"] if c["name"] == "handling")
    merged = await cast.act("dispatcher", first, "merge", into=second)
    assert merged["state"] == "merged" and merged["appeals"] == []
    both = await _case(cast, second)
    assert len(both["appeals"]) == 2
    assert next(c["due_at"] for c in both["clocks"] if c["name"] == "handling") == early
    apart = await cast.act("dispatcher", first, "unmerge")
    assert (apart["state"], len(apart["appeals"]), apart["ended_at"]) == ("accepted", 1, None)
    assert [c["name"] for c in apart["clocks"] if not c["stopped_at"]] == ["handling"]
    assert len((await _case(cast, second))["appeals"]) == 1


async def test_each_merged_appeal_gets_its_own_answer(cast: Cast) -> None:
    first, second = await bring_to(cast, "registered"), await bring_to(cast, "reviewing")
    await cast.act("dispatcher", first, "merge", into=second)
    answered = await cast.act("reviewer", second, "answer", text="都修好了")
    assert [[reply["text"] for reply in appeal["replies"]] for appeal in answered["appeals"]] == [["都修好了"]] * 2
    assert (await cast.act("dispatcher", first, "unmerge", expect=409))["code"] == "guard-not-met"


async def test_accusations_are_never_merged_with_others(cast: Cast) -> None:
    plain = await bring_to(cast, "registered")
    accusing = await cast.case_of(await cast.appeal(kind="report"))
    body = {**REGISTER, "appeal_type": "report", "petition_class": "accusation"}
    await cast.act("dispatcher", accusing, "register", **body)
    for one, other in ((plain, accusing), (accusing, plain)):
        refused = await cast.act("dispatcher", one, "merge", expect=422, into=other)
        assert refused["errors"][0]["field"] == "into"
    assert (await cast.act("dispatcher", plain, "merge", expect=422, into=plain))["errors"][0]["field"] == "into"
    await cast.act("dispatcher", plain, "merge", expect=404, into=str(uuid4()))


# ---- long term


@pytest.mark.mechanism("000-12")
async def test_what_cannot_be_solved_now_is_held_by_two_persons_with_a_review_date(cast: Cast, at: At) -> None:
    at("2026-03-16T09:00")
    case_id = await bring_to(cast, "handling")
    body = {"opinion": "需等规划批复", "explanation": "道路改造已列入计划", "plan": "每季度研究一次"}
    far = await cast.act("handler", case_id, "hold-long-term", expect=422, **body, review_on="2026-07-16")
    assert far["errors"][0]["field"] == "review_on"
    body["review_on"] = "2026-05-16"
    assert (await cast.act("handler", case_id, "hold-long-term", **body))["state"] == "handling"
    held = await cast.act("unitlead", case_id, "hold-long-term", **body)
    assert held["state"] == "long_term"
    assert [(c["name"], c["due_at"][:10]) for c in held["clocks"] if not c["stopped_at"]] == [("review", "2026-05-16")]
    assert held["timeline"][-1]["public"] and "已列入计划" in held["timeline"][-1]["text"]
    resumed = await cast.act("handler", case_id, "resume", note="批复已下")
    assert resumed["state"] == "handling"
    assert [c["name"] for c in resumed["clocks"] if not c["stopped_at"]] == ["handling"]


# ---- events


async def _event(cast: Cast, **changes: Any) -> str:
    grid = (await fetch("SELECT code FROM areas WHERE kind = 'grid' ORDER BY code LIMIT 1"))[0]["code"]
    body = {"id": str(uuid4()), "occurred_at": "2026-03-16T09:00:00+08:00", "event_type": "E4", "grid_code": grid,
            "description": "路灯不亮", **changes}  # fmt: skip
    answer = await (await cast.worker()).post(f"{WORKER}/events", json=body)
    assert answer.status_code == 201, answer.text
    rows = await fetch("SELECT id FROM cases WHERE kind = 'event' ORDER BY id DESC LIMIT 1")
    return str(rows[0]["id"])


async def test_an_event_goes_straight_to_a_unit_and_is_inspected_by_another(cast: Cast, at: At) -> None:
    at("2026-03-16T09:05")
    case_id = await _event(cast)
    await cast.act("dispatcher", case_id, "register", expect=409, **REGISTER)
    await cast.act("dispatcher", case_id, "dispatch", lead=CITY)
    await cast.act("handler", case_id, "sign")
    await cast.act("handler", case_id, "contact", stage="investigate")
    await cast.act("handler", case_id, "grade", grade="clear", facts="灯泡坏")
    await cast.act("handler", case_id, "submit-result", result="已换")
    await cast.act("discipline", case_id, "inspect", expect=403, passed=True)
    back = await cast.act("villagedesk", case_id, "inspect", passed=False, note="还是不亮")
    assert (back["state"], back["ended_at"]) == ("handling", None)
    await cast.act("handler", case_id, "submit-result", result="换了整流器")
    assert (await cast.act("supervisor", case_id, "inspect", passed=True))["state"] == "closed"
    assert (await cast.act("supervisor", case_id, "inspect", expect=409, passed=True))["code"] == "move-not-allowed"


async def test_an_event_becomes_an_appeal_with_the_clocks_of_one(cast: Cast, at: At) -> None:
    at("2026-03-16T09:05")
    case_id = await _event(cast)
    said = {"content": "我家门口的灯坏了半个月", "channel": "12345_phone", "name": "李四", "phone": "139 0000 1111"}
    wrong = {"appeal_type": "help", "topic": "0901", "appeal": {**said, "phone": "12"}}
    assert (await cast.act("dispatcher", case_id, "convert", expect=422, **wrong))["errors"][0]["field"] == "appeal.phone"
    done = await cast.act("dispatcher", case_id, "convert", appeal_type="help", topic="0901", appeal=said)
    assert (done["kind"], done["state"], len(done["query_code"])) == ("appeal", "registered", 8)
    assert done["appeals"][0]["appellant"] == {"name": "李**", "phone": "139****1111"}
    assert [c["name"] for c in done["clocks"] if not c["stopped_at"]] == ["accept"]
    assert (await cast.act("dispatcher", case_id, "accept"))["state"] == "accepted"
    kept = await fetch("SELECT data FROM journal WHERE case_id = $1", [case_id], json=("data",))
    assert all(done["query_code"] not in str(row) for row in kept)


async def test_a_failing_move_leaves_nothing_half_written(cast: Cast) -> None:
    case_id = await bring_to(cast, "accepted")
    before = await _case(cast, case_id)
    await cast.act("dispatcher", case_id, "dispatch", expect=422, lead=CITY, co_units=["没有的局"])
    after = await _case(cast, case_id)
    assert after == before
