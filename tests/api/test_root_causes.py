"""What a superior assigned more than twice (交办超2次): counted for any past day, and answered by one project."""

from collections.abc import Callable
from typing import Any

import pytest

from domain.sql import execute, fetch
from server.timers import Timers
from tests.support.cast import DESK, Cast
from tests.support.life import CITY, WATER

pytestmark = pytest.mark.anyio
Move = Callable[[str], None]
VILLAGE, NEXT_VILLAGE, OTHER_TOWN = "360781100001", "360781100002", "360781101"


async def enter(cast: Cast, *, area: str = VILLAGE, superior: bool = True) -> str:
    """An appeal that a superior assigned; the id of its case."""
    body = {"channel": "12345_phone", "kind": "help", "area_code": area, "content": "省民声呼应交办:路灯不亮,晚上看不见路",
            "superior_assigned": superior, "contact": {"name": "李明", "phone": "13700000011"}}  # fmt: skip
    answer = await (await cast.staff("dispatcher")).post(f"{DESK}/appeals", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["case"]["id"])


async def assigned(cast: Cast, *, lead: str = CITY, topic: str = "0901", **entered: Any) -> str:
    """The same, at its unit."""
    case_id = await enter(cast, **entered)
    await cast.act("dispatcher", case_id, "register", appeal_type="help", topic=topic)
    await cast.act("dispatcher", case_id, "accept")
    await cast.act("dispatcher", case_id, "dispatch", lead=lead)
    return case_id


async def sweep(cast: Cast) -> None:
    await Timers(cast.app.ctx.services).sweep()


async def three_assigned(cast: Cast) -> None:
    """What makes a project."""
    for _ in range(3):
        await assigned(cast)
    await sweep(cast)


async def get(cast: Cast, path: str, login: str = "supervisor", expect: int = 200) -> Any:
    answer = await (await cast.staff(login)).get(f"{DESK}/{path}")
    assert answer.status_code == expect, answer.text
    return answer.json()


async def counts(cast: Cast, query: str = "least=1", login: str = "supervisor") -> list[tuple[str, str, str, int]]:
    items = (await get(cast, f"rates/repeated_assignments?{query}", login))["items"]
    return [(row["topic"], row["area_code"], row["unit"], row["assigned"]) for row in items]


async def projects(cast: Cast, query: str = "", login: str = "supervisor") -> list[dict[str, Any]]:
    return list((await get(cast, f"root-cause-projects?{query}", login))["items"])


async def step(cast: Cast, project_id: str, expect: int = 201, login: str = "supervisor", **body: Any) -> dict[str, Any]:
    answer = await (await cast.staff(login)).post(f"{DESK}/root-cause-projects/{project_id}/steps", json=body)
    assert answer.status_code == expect, answer.text
    return dict(answer.json())


@pytest.mark.mechanism("000-17")
async def test_the_third_assignment_makes_one_project_and_the_fourth_is_linked(cast: Cast, at: Move) -> None:
    at("2026-06-01T09:00")
    first, second = await assigned(cast), await assigned(cast, area=NEXT_VILLAGE)
    await assigned(cast, superior=False)
    await assigned(cast, lead=WATER)
    await assigned(cast, topic="0801")
    await assigned(cast, area=OTHER_TOWN)
    await sweep(cast)
    assert await projects(cast) == [], "one and two make none"
    third = await assigned(cast)
    for _ in range(2):
        await sweep(cast)
        found = await projects(cast)
        assert [(one["topic"], one["area_code"], one["unit"], one["assigned"], one["state"]) for one in found] == [
            ("0901", "360781100", CITY, 3, "opened"),
        ]  # fmt: skip
    opened = await fetch("SELECT case_id, trigger FROM supervisions WHERE trigger = 'third_assignment'")
    assert [str(row["case_id"]) for row in opened] == [third], "the third assignment is supervised"
    at("2026-06-02T09:00")
    fourth = await assigned(cast)
    await sweep(cast)
    assert [(one["id"], one["assigned"]) for one in await projects(cast)] == [(found[0]["id"], 4)]
    shown = await get(cast, f"root-cause-projects/{found[0]['id']}")
    assert {case["id"] for case in shown["cases"]} == {first, second, third, fourth}
    assert [one["id"] for one in await projects(cast, f"case_id={fourth}")] == [found[0]["id"]]
    facts = await fetch("SELECT event, count(*) AS n FROM journal WHERE event LIKE 'root-cause.%' GROUP BY 1 ORDER BY 1")
    assert [(row["event"], row["n"]) for row in facts] == [("root-cause.linked", 4), ("root-cause.opened", 1)]


@pytest.mark.mechanism("000-17")
async def test_a_past_day_counts_the_same_whatever_became_of_the_cases(cast: Cast, at: Move) -> None:
    at("2026-06-01T09:00")
    one = await assigned(cast)
    at("2026-06-02T09:00")
    two = await assigned(cast)
    at("2026-06-03T09:00")
    three = await enter(cast)
    await cast.act("dispatcher", three, "register", appeal_type="help", topic="0901")
    await cast.act("dispatcher", three, "accept")
    at("2026-06-04T09:00")
    await cast.act("dispatcher", three, "merge", into=two)
    await sweep(cast)
    at("2026-06-05T09:00")
    issue = ("0901", "360781100", CITY)
    days = {"2026-05-31": [], "2026-06-01": [(*issue, 1)], "2026-06-02": [(*issue, 2)], "2026-06-03": [(*issue, 2)],
            "2026-06-04": [(*issue, 3)]}  # fmt: skip
    for day, found in days.items():
        assert await counts(cast, f"least=1&on={day}") == found, day
    assert await counts(cast, "on=2026-06-03") == []
    over = (await get(cast, "rates/repeated_assignments?on=2026-06-04"))["items"][0]
    assert (over["over"], over["project_id"]) == (True, (await projects(cast))[0]["id"])
    listed = (await get(cast, "rates/repeated_assignments/cases?on=2026-06-04&topic=0901"))["items"]
    assert [row["id"] for row in listed] == [two, two, one], "what was merged counts where it went"
    await cast.act("dispatcher", three, "unmerge")
    await execute("UPDATE cases SET state = 'voided', lead_id = NULL, topic = '', origin = 'town_direct'")
    await execute("DELETE FROM root_cause_projects")
    for day, found in days.items():
        assert await counts(cast, f"least=1&on={day}") == found, day
    assert (await get(cast, "rates/repeated_assignments?on=2026-06-04"))["items"] == [over]
    assert await counts(cast, "least=1&on=2026-06-05") == [(*issue, 2)]


async def test_twelve_months_roll_and_what_was_void_is_left_out(cast: Cast, at: Move) -> None:
    at("2025-05-01T09:00")
    await assigned(cast)
    at("2025-05-02T09:00")
    await assigned(cast)
    void = await enter(cast)
    await cast.act("dispatcher", void, "register", appeal_type="help", topic="0901")
    at("2026-05-10T09:00")
    await assigned(cast)
    assert [row[-1] for row in await counts(cast, "least=1&on=2026-04-30")] == [2]
    assert [row[-1] for row in await counts(cast, "least=1&on=2026-05-01")] == [1]
    assert [row[-1] for row in await counts(cast, "least=1&on=2026-05-10")] == [1]
    await sweep(cast)
    assert await projects(cast) == []


@pytest.mark.mechanism("000-17")
async def test_a_project_goes_from_cause_and_policy_to_its_outcome_and_then_it_is_counted_anew(cast: Cast, at: Move) -> None:
    at("2026-06-01T09:00")
    await three_assigned(cast)
    project = (await projects(cast))[0]
    assert (project["state_name"], project["next"]) == ("已立项", ["cause"])
    refused = await step(cast, project["id"], 409, step="policy", text="先做政策分析")
    assert refused["missing"] == ["成因排查"]
    await step(cast, project["id"], 422, step="cause", text="灯具老化", outcome="new_rule")
    await step(cast, project["id"], 403, "handler", step="cause", text="灯具老化")
    await step(cast, project["id"], step="cause", text="灯具老化,无人维护")
    assert (await step(cast, project["id"], step="policy", text="维护经费没有来源"))["next"] == ["campaign", "outcome"]
    await step(cast, project["id"], 422, step="outcome", text="建立维护制度")
    await step(cast, project["id"], step="campaign", text="全镇路灯专项整治")
    at("2026-06-10T09:00")
    done = await step(cast, project["id"], step="outcome", text="建立维护制度", outcome="new_rule")
    assert (done["state_name"], done["next"]) == ("治理成效", [])
    shown = await get(cast, f"root-cause-projects/{project['id']}", "handler")
    assert [(one["step_name"], one["outcome_name"]) for one in shown["steps"]] == [
        ("成因排查", None), ("政策分析", None), ("专项整治", None), ("治理成效", "建章立制"),
    ]  # fmt: skip
    at("2026-06-11T09:00")
    for _ in range(2):
        await assigned(cast)
    await sweep(cast)
    assert [one["id"] for one in await projects(cast)] == [project["id"]], "two since the outcome"
    await assigned(cast)
    await sweep(cast)
    assert [(one["assigned"], one["finished_at"] is None) for one in await projects(cast)] == [(3, True), (3, False)]
    assert [one["id"] for one in await projects(cast, "finished=true")] == [project["id"]]


async def test_scopes_walls_pages_and_refusals(cast: Cast, at: Move) -> None:
    at("2026-06-01T09:00")
    cases = [await assigned(cast) for _ in range(3)]
    await sweep(cast)
    project = (await projects(cast))[0]["id"]
    assert [row[-1] for row in await counts(cast, "", "handler")] == [3]
    assert await counts(cast, "least=1", "handler2") == []
    assert await counts(cast, "least=1&unit=市水利局") == await counts(cast, "least=1&area=360781101") == []
    assert len(await counts(cast, "area=360781100&topic=0901&unit=市城管局", "towndesk")) == 1
    assert [one["id"] for one in await projects(cast, "", "towndesk")] == [project]
    assert await projects(cast, "", "handler2") == []
    await get(cast, f"root-cause-projects/{project}", "handler2", 404)
    await get(cast, "root-cause-projects/x", expect=404)
    await get(cast, "root-cause-projects", "admin", 403)
    await get(cast, "rates/repeated_assignments", "admin", 403)
    page = await get(cast, "rates/repeated_assignments/cases?limit=2")
    rest = await get(cast, f"rates/repeated_assignments/cases?limit=2&cursor={page['next']}")
    assert [row["id"] for row in (*page["items"], *rest["items"])] == cases[::-1]
    for bad in ("on=2026-06-02", "on=x", "least=0", "area=99", "unit=没有", "since=2026-06-01"):
        await get(cast, f"rates/repeated_assignments?{bad}", expect=422)
    await step(cast, "x", 404, step="cause", text="灯具老化")
    await step(cast, project, 422, step="dance", text="灯具老化")
    await step(cast, project, 422, step="cause", text=" ")
    # a case about a unit is unknown to that unit, in lists and in counts
    unit = (await fetch("SELECT id FROM departments WHERE name = $1", ["督查考评科"]))[0]["id"]
    await execute("UPDATE cases SET complained_department_id = $2 WHERE id = $1", [cases[0], unit])
    assert [row[-1] for row in await counts(cast, "least=1")] == [2]
    assert cases[0] not in str(await get(cast, "rates/repeated_assignments/cases"))
    shown = await get(cast, f"root-cause-projects/{project}")
    assert (shown["assigned"], {case["id"] for case in shown["cases"]}) == (2, set(cases[1:]))


@pytest.mark.mechanism("000-17")
async def test_a_project_under_way_is_given_what_comes_after_the_twelve_months(cast: Cast, at: Move) -> None:
    at("2025-01-10T09:00")
    await three_assigned(cast)
    at("2026-02-10T09:00")
    late = await assigned(cast)
    await sweep(cast)
    assert [one["assigned"] for one in await projects(cast, f"case_id={late}")] == [4]


@pytest.mark.mechanism("000-17")
async def test_what_was_filed_before_an_outcome_and_dispatched_after_it_counts_anew(cast: Cast, at: Move) -> None:
    at("2026-06-01T09:00")
    await three_assigned(cast)
    first = (await projects(cast))[0]["id"]
    at("2026-06-02T09:00")
    later = [await enter(cast) for _ in range(3)]
    for body in ({"step": "cause"}, {"step": "policy"}, {"step": "outcome", "outcome": "new_rule"}):
        await step(cast, first, text="写明", **body)
    at("2026-06-02T11:00")
    for case_id in later:
        await cast.act("dispatcher", case_id, "register", appeal_type="help", topic="0901")
        await cast.act("dispatcher", case_id, "accept")
        await cast.act("dispatcher", case_id, "dispatch", lead=CITY)
    await sweep(cast)
    assert [(one["assigned"], one["state"]) for one in await projects(cast)] == [(3, "opened"), (3, "outcome")]
