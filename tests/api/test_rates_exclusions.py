"""What the rates leave out (剔除) and take back: nobody reached, force majeure, a merge that was undone."""

from collections.abc import Callable

import pytest

from tests.api.test_rates import cases, figures, rates
from tests.support.cast import RESIDENT, Cast
from tests.support.life import GOOD, ROAD, bring_to

pytestmark = pytest.mark.anyio
Move = Callable[[str], None]
PERIOD = "?on=2026-06-20&since=2026-06-01"
MISSED = {"reached": False, "comment": "无人接听"}


async def test_an_appellant_whom_nobody_reached_is_left_out_of_satisfaction_until_she_rates(cast: Cast, at: Move) -> None:
    at("2026-06-01T09:00")
    li = await cast.resident("li")
    receipt = await cast.appeal(li)
    case_id = await cast.case_of(receipt)
    for _, login, action, body in ROAD:
        await cast.act(login, case_id, action, **body)
    for day in ("2026-06-02T10:00", "2026-06-02T16:00"):
        at(day)
        await cast.act("callback", case_id, "callback", **MISSED)
    assert figures(await rates(cast, "?on=2026-06-02&since=2026-06-01"))["participation_rate"] == (0, 1), "called on one day"
    at("2026-06-03T10:00")
    await cast.act("callback", case_id, "callback", **MISSED)
    found = {row["name"]: row for row in (await rates(cast, "?on=2026-06-03&since=2026-06-01"))["rates"]}
    for name in ("participation_rate", "solved_rate", "satisfied_result"):
        assert (found[name]["numerator"], found[name]["denominator"], found[name]["excluded"]) == (0, 0, 1), name
        listed = await cases(cast, name, "?on=2026-06-03&since=2026-06-01")
        assert [(one["id"], one["excluded"]) for one in listed] == [(case_id, "X3")], name
    assert found["response_rate"]["excluded"] == 0, "only what the appellant was to be asked is left out"
    at("2026-06-10T10:00")
    own = {"process": 2, "result": 2, "solved": "no", "staff": "average"}
    rated = await li.post(f"{RESIDENT}/appeals/{receipt['id']}/ratings", json=own)
    assert rated.status_code == 201, rated.text
    later = figures(await rates(cast, PERIOD.replace("06-20", "06-10")))
    assert (later["participation_rate"], later["solved_rate"]) == ((1, 1), (0, 1)), "a bad rating is never left out"
    past = figures(await rates(cast, "?on=2026-06-03&since=2026-06-01"))
    assert past["participation_rate"] == (0, 0), "the past day says what it said"


async def test_one_who_was_reached_in_the_end_is_not_left_out(cast: Cast, at: Move) -> None:
    at("2026-06-01T09:00")
    case_id = await bring_to(cast, "answered")
    for day in ("2026-06-02T10:00", "2026-06-02T16:00"):
        at(day)
        await cast.act("callback", case_id, "callback", **MISSED)
    at("2026-06-03T10:00")
    await cast.act("callback", case_id, "callback", **GOOD)
    row = next(one for one in (await rates(cast, "?on=2026-06-03&since=2026-06-01"))["rates"] if one["name"] == "solved_rate")
    assert (row["numerator"], row["denominator"], row["excluded"]) == (1, 1, 0)


async def test_force_majeure_is_left_out_where_time_ran_on_and_of_questions_of_time_only(cast: Cast, at: Move) -> None:
    at("2026-06-01T09:00")
    flooded, waiting, plain = [await bring_to(cast, "handling") for _ in range(3)]
    for login in ("handler", "supervisor"):
        await cast.act(login, flooded, "regrade", track="STATUTORY", grounds=["complex"], reason="需要勘测")
    storm = {"reason": "natural_cause", "until_on": "2026-06-15", "note": "洪水封路,无法到场"}
    for case_id in (flooded, waiting):
        await cast.act("handler", case_id, "suspend", **storm)
        await cast.act("supervisor", case_id, "suspend", **storm)
    at("2026-09-20T10:00")
    query = "?on=2026-09-19&since=2026-06-01"
    found = {row["name"]: row for row in (await rates(cast, query))["rates"]}
    for name, hits in (("on_time_rate", 0), ("answer_in_time", 0), ("overdue_rate", 2)):
        row = found[name]
        assert (row["numerator"], row["denominator"], row["excluded"]) == (hits, 2, 1), name
        reasons = {one["id"]: one["excluded"] for one in await cases(cast, name, query)}
        assert reasons == {flooded: "X6", waiting: None, plain: None}, name
    assert (found["completion_rate"]["denominator"], found["completion_rate"]["excluded"]) == (3, 0)


@pytest.mark.mechanism("000-29")
async def test_a_merge_that_was_undone_stopped_no_clock(cast: Cast, at: Move) -> None:
    at("2026-06-01T09:00")
    one, other = [await bring_to(cast, "handling") for _ in range(2)]
    new, target = [await bring_to(cast, "registered") for _ in range(2)]
    at("2026-06-02T10:00")
    await cast.act("dispatcher", one, "merge", into=other)
    await cast.act("dispatcher", new, "merge", into=target)
    at("2026-06-03T10:00")
    await cast.act("dispatcher", one, "unmerge")
    await cast.act("dispatcher", new, "unmerge")
    at("2026-06-20T10:00")
    missed = {row["id"] for row in await cases(cast, "on_time_rate", f"{PERIOD}&part=misses")}
    assert missed == {one, other}, "neither was handled in time"
    late = {row["id"] for row in await cases(cast, "overdue_rate", f"{PERIOD}&part=hits")}
    assert late == {one, other}
    accepted = {row["id"] for row in await cases(cast, "timely_acceptance_rate", f"{PERIOD}&part=misses")}
    assert accepted == {new, target}, "nobody has accepted either"
    await cast.act("dispatcher", new, "accept")
    still = {row["id"] for row in await cases(cast, "timely_acceptance_rate", f"{PERIOD}&part=misses")}
    assert still == {new, target}, "accepted too late"


async def test_a_case_counts_once_however_often_nobody_answers_and_stands_once_in_the_list(cast: Cast, at: Move) -> None:
    period = "?on=2026-06-02&since=2026-06-01"
    at("2026-06-01T09:00")
    silent, reworked = await bring_to(cast, "answered"), await bring_to(cast, "answered")
    for day in ("2026-06-01T10:00", "2026-06-01T11:00", "2026-06-02T10:00", "2026-06-02T11:00"):
        at(day)
        for case_id in (silent, reworked):
            await cast.act("callback", case_id, "callback", **MISSED)
    await cast.act("supervisor", reworked, "rework", reason="请再办一次")
    await cast.act("handler", reworked, "take-up", plan="重新排查")
    for _, login, action, body in ROAD:
        if action in {"submit-result", "answer"}:
            await cast.act(login, reworked, action, **body)
    bad = {"reached": True, "solved": "no", "process": 1, "result": 1, "staff": "average"}
    await cast.act("callback", reworked, "callback", **bad)
    row = next(one for one in (await rates(cast, period))["rates"] if one["name"] == "satisfied_process")
    assert (row["numerator"], row["denominator"], row["excluded"]) == (0, 1, 2), "two rounds in which nobody was reached"
    listed = await cases(cast, "satisfied_process", period)
    assert sorted((one["id"], one["excluded"]) for one in listed) == sorted([(silent, "X3"), (reworked, None)])
