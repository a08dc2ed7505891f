"""Every move through the staff door: it works, and is refused to strangers (404), to colleagues without the right
(403), to who has read an old version (409 with what happened since), and in a wrong state (409 with what is allowed)."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from domain.cases.states import MOVES, STATES, accepts
from domain.workflow import closing  # noqa: F401 (registers the effects)
from tests.support.cast import DESK, Cast
from tests.support.life import CITY, GOOD, REGISTER, RESULT, WATER, bring_to

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Sample:
    """A move that works: from where, by whom, with what, to where; `wrong` is a state in which it cannot be made."""

    source: str
    login: str
    target: str
    body: dict[str, Any] = field(default_factory=dict)
    wrong: str = ""
    dispatch: dict[str, Any] | None = None


CO = {"co_units": [WATER]}
SAMPLES = {
    "register": Sample("submitted", "dispatcher", "registered", REGISTER),
    "ask-info": Sample("registered", "dispatcher", "need_info", {"items": ["路灯编号", "照片"]}),
    "accept": Sample("registered", "dispatcher", "accepted"),
    "redirect": Sample("registered", "dispatcher", "redirected", {"legal_path": "litigation", "body": "瑞金市人民法院"}),
    "transfer-out": Sample("accepted", "dispatcher", "transferred", {"target": "赣州市交通局", "basis": "省道养护"}),
    "dispatch": Sample("accepted", "dispatcher", "dispatched", {"lead": CITY, "rule_reasons": ["职责清单"]}),
    "sign": Sample("dispatched", "handler", "signed"),
    "return": Sample("dispatched", "handler", "dispatched", {"reason": "此路段归交通局管"}, "investigating"),
    "add-co-unit": Sample("signed", "dispatcher", "signed", {"department_id": WATER}, "answered"),
    "co-result": Sample("handling", "handler2", "handling", {"note": "沟渠已清"}, "closed", CO),
    "escalate": Sample("handling", "handler", "accepted", {"reason": "超出本单位权限"}, "answered"),
    "contact": Sample("signed", "handler", "investigating", {"stage": "investigate"}, "dispatched"),
    "grade": Sample("investigating", "handler", "handling", {"grade": "clear", "facts": "灯泡坏"}),
    "submit-result": Sample("handling", "handler", "reviewing", RESULT),
    "reject": Sample("reviewing", "reviewer", "handling", {"reason": "请附照片"}),
    "answer": Sample("reviewing", "reviewer", "answered", {"text": "已修好"}),
    "follow-up": Sample("answered", "handler", "answered", {"note": "已回访"}),
    "callback": Sample("answered", "callback", "answered", {**GOOD}, "handling"),
    "rework": Sample("answered", "supervisor", "rework", {"reason": "抽查发现未办好"}, "handling"),
    "urge": Sample("handling", "supervisor", "handling", {"text": "请抓紧"}),
    "supervise": Sample("handling", "supervisor", "handling", {"requirement": "三日内报结果"}),
    "add-note": Sample("handling", "handler", "handling", {"text": "与村里核过"}),
    "report-on-site": Sample("handling", "handler", "handling", {"note": "两人一车到场"}, "answered"),
    "request-resources": Sample("handling", "handler", "handling", {"reason": "积水深", "people": 4}, "answered"),
}
ELSEWHERE = {
    "supply-info", "not-accept", "void", "confirm-transfer", "transfer-refused", "merge", "unmerge", "grant-return",
    "refuse-return", "designate", "take-up", "hold-long-term", "resume", "close", "convert", "inspect",
    "lapse-info", "self-handle", "withdraw", "contest", "dispatch-instructed", "look", "extend", "grant-extension",
    "refuse-extension", "suspend", "unsuspend", "regrade", "skip-step", "instruct", "assign-leader", "hand-over-leader",
    "leader-duty", "recuse", "answer-at-once", "answer-resources", "file-urgent", "find-cause",
    "mark-crossing", "transfer-down", "report-verification", "judge-verification",
}  # fmt: skip
SEES_ALL = {"add-note"}  # whoever sees a case may note something: nobody inside is refused
NO_WRONG_STATE = {"add-note", "urge", "supervise"}  # possible in every open state


async def _version(cast: Cast, case_id: str) -> int:
    answer = await (await cast.staff("leader")).get(f"{DESK}/cases/{case_id}")
    return int(answer.json()["version"])


def test_every_move_has_a_test() -> None:
    assert set(SAMPLES) | ELSEWHERE == set(MOVES)
    assert not set(SAMPLES) & ELSEWHERE


@pytest.mark.parametrize("action", sorted(SAMPLES))
async def test_a_move_works_and_is_refused_to_others(cast: Cast, action: str) -> None:
    sample = SAMPLES[action]
    case_id = await bring_to(cast, sample.source, dispatch=sample.dispatch)
    version = await _version(cast, case_id)
    stranger = "townhandler" if sample.login == "handler2" else "handler2"
    assert (await cast.act(stranger, case_id, action, expect=404, **sample.body))["code"] == "not-found"
    if action not in SEES_ALL:
        assert (await cast.act("discipline", case_id, action, expect=403, **sample.body))["code"] == "not-allowed"
    stale = await cast.act(sample.login, case_id, action, expect=409, version=version - 1, **sample.body)
    assert (stale["code"], stale["current"], stale["version"]) == ("changed-meanwhile", version, version - 1)
    if version > 1:
        assert len(stale["since"]) == 1
    moved = await cast.act(sample.login, case_id, action, version=version, **sample.body)
    assert (moved["state"], moved["version"]) == (sample.target, version + (not MOVES[action].quiet))


@pytest.mark.parametrize("action", sorted(set(SAMPLES) - NO_WRONG_STATE))
async def test_a_move_from_a_wrong_state_names_what_is_allowed(cast: Cast, action: str) -> None:
    sample = SAMPLES[action]
    lead = {"return", "sign", "escalate", "grade", "submit-result", "follow-up", "report-on-site", "reject", "answer"}
    wrong = sample.wrong or next(
        state
        for state in ("handling", "reviewing", "dispatched", "submitted")
        if not accepts(MOVES[action], "appeal", state) and (action not in lead or state != "submitted")
    )
    case_id = await bring_to(cast, wrong, dispatch=sample.dispatch)
    refused = await cast.act(sample.login, case_id, action, expect=409, **sample.body)
    assert (refused["code"], refused["state"]) == ("move-not-allowed", wrong)
    assert STATES[wrong] in refused["detail"]
    case = (await (await cast.staff(sample.login)).get(f"{DESK}/cases/{case_id}")).json()
    assert set(case["can"]) <= set(refused["allowed"])
    assert action not in refused["allowed"]


async def test_an_unknown_move_and_an_unknown_field_are_told_apart(cast: Cast) -> None:
    case_id = await bring_to(cast, "registered")
    assert (await cast.act("dispatcher", case_id, "vanish", expect=404))["code"] == "not-found"
    assert (await cast.act("dispatcher", case_id, "accept", expect=422, colour="red"))["code"] == "unknown-field"
    missing = await cast.act("dispatcher", case_id, "ask-info", expect=422)
    assert missing["errors"][0]["field"] == "items"
    assert (await cast.act("dispatcher", "no-uuid", "accept", expect=404))["code"] == "not-found"
    client = await cast.staff("admin")
    assert (await client.post(f"{DESK}/cases/{case_id}/accept", json={})).status_code == 403


async def test_an_unknown_topic_or_unit_is_a_field_error(cast: Cast) -> None:
    case_id = await bring_to(cast, "submitted")
    wrong = await cast.act("dispatcher", case_id, "register", expect=422, **{**REGISTER, "topic": "9999"})
    assert wrong["errors"][0]["field"] == "topic"
    case_id = await bring_to(cast, "accepted")
    wrong = await cast.act("dispatcher", case_id, "dispatch", expect=422, lead="没有的局")
    assert wrong["errors"][0]["field"] == "lead"
    wrong = await cast.act("dispatcher", case_id, "dispatch", expect=422, lead=CITY, co_units=[CITY])
    assert wrong["errors"][0]["field"] == "co_units"


async def test_a_result_needs_a_basis_and_a_disposition(cast: Cast) -> None:
    case_id = await bring_to(cast, "handling")
    for field_name in ("basis", "disposition"):
        body = {name: value for name, value in RESULT.items() if name != field_name}
        refused = await cast.act("handler", case_id, "submit-result", expect=422, **body)
        assert refused["errors"][0]["field"] == field_name


@pytest.mark.mechanism("000-05")
async def test_nobody_reviews_the_own_result(cast: Cast) -> None:
    """The principal signs and handles; as the one who handled, the principal cannot answer."""
    case_id = await bring_to(cast, "handling")
    roles = (await (await cast.staff("unitlead")).get(f"{DESK}/me")).json()["roles"]
    security = await cast.staff("security")
    me = (await (await cast.staff("unitlead")).get(f"{DESK}/me")).json()
    more = [{"role": "unit_lead", "area": "360781", "department": CITY},
            {"role": "reviewer", "area": "360781", "department": CITY}]  # fmt: skip
    assert len(roles) == 1
    assert (await security.put(f"{DESK}/staff/{me['id']}/roles", json={"roles": more})).status_code == 200
    await cast.act("unitlead", case_id, "submit-result", **RESULT)
    assert (await cast.act("unitlead", case_id, "answer", expect=403, text="好了"))["code"] == "same-officer"
    assert (await cast.act("reviewer", case_id, "answer", text="好了"))["state"] == "answered"


@pytest.mark.mechanism("000-21")
async def test_the_principal_signs_what_a_superior_assigned_and_what_is_major(cast: Cast) -> None:
    case_id = await cast.case_of(await cast.appeal())
    await cast.act("dispatcher", case_id, "register", **REGISTER, major=True)
    await cast.act("dispatcher", case_id, "accept")
    await cast.act("dispatcher", case_id, "dispatch", lead=CITY)
    await cast.act("handler", case_id, "sign")
    await cast.act("handler", case_id, "contact", stage="investigate")
    await cast.act("handler", case_id, "grade", grade="clear", facts="属实")
    await cast.act("handler", case_id, "submit-result", **RESULT)
    await cast.act("reviewer", case_id, "answer", expect=403, text="好了")
    assert (await cast.act("principal", case_id, "answer", text="好了"))["state"] == "answered"


@pytest.mark.parametrize("version", [2**31, -1, 10**30])
async def test_a_version_that_no_case_can_have_is_a_fault_of_the_field(cast: Cast, version: int) -> None:
    case_id = await cast.case_of(await cast.appeal())
    told = await cast.act("dispatcher", case_id, "add-note", expect=422, text="看看", version=version)
    assert [error["field"] for error in told["errors"]] == ["version"]
