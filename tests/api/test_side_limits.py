"""Editing a limit: first see which cases move, then move exactly those, with an audit line in each."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from domain.cases.models import Deadline
from domain.rulebook import install, rulebook
from domain.sql import fetch
from server.reactions.calendar import recount_by_limits
from tests.support.cast import DESK, Cast
from tests.support.life import bring_to

pytestmark = pytest.mark.anyio
At = Callable[[str], None]
LONGER = {"changes": [{"track": "HOTLINE_5WD", "clock": "handling", "limit": "7wd"}]}


@pytest.fixture(autouse=True)
def same_rules_after() -> Iterator[None]:
    """The limits of the process as they were, for the tests that follow."""
    before = rulebook()
    yield
    install(before)


async def send(cast: Cast, path: str, body: dict[str, Any], login: str = "admin") -> tuple[int, dict[str, Any]]:
    answer = await (await cast.staff(login)).post(f"{DESK}{path}", json=body)
    return answer.status_code, dict(answer.json())


async def due(case_id: str) -> str:
    found = await Deadline.get(case_id=case_id, name="handling")
    return f"{found.due_at.isoformat()} {found.limit_code}"


@pytest.mark.mechanism("000-22")
async def test_a_preview_shows_what_would_move_and_the_edit_moves_exactly_that(cast: Cast, at: At) -> None:
    at("2026-03-16T09:00")  # five working days end on Monday 03-23
    case_id, ended = await bring_to(cast, "signed"), await bring_to(cast, "closed")
    before = await due(case_id)
    status, found = await send(cast, "/limits/preview", LONGER)
    assert status == 200
    assert [(one["case_id"], one["before"], one["after"], one["overdue_by_it"]) for one in found["items"]] == [
        (case_id, "2026-03-23T23:59:59+08:00", "2026-03-25T23:59:59+08:00", False)
    ]
    assert found["total"] == 1
    assert await due(case_id) == before, "a preview changes nothing"
    kept = await due(ended)
    start = rulebook().limits_version
    status, done = await send(cast, "/limits", {**LONGER, "title": "春节后办理时限调整"})
    assert (status, done) == (202, {"version": start + 1})
    assert "recount_limits" in await cast.react()
    assert await due(case_id) == "2026-03-25T15:59:59+00:00 7wd"
    assert await due(ended) == kept, "what has ended stays as it was judged"
    rows = await fetch("SELECT data FROM journal WHERE case_id = $1 AND event = 'deadline.recounted'", [case_id], json=("data",))
    assert [(row["data"]["limits"], row["data"]["limits_version"]) for row in rows] == [({"handling": "7wd"}, start + 1)]
    assert (await due(await bring_to(cast, "accepted"))).endswith("7wd"), "new cases follow the edit"
    shown = (await (await cast.staff("admin")).get(f"{DESK}/limits/versions")).json()["items"]
    assert [(one["title"], one["in_force"]) for one in shown][:2] == [("春节后办理时限调整", True), ("瑞金市民意速办规则文件", False)]
    assert shown[0]["changes"] == [
        {"area": "", "track": "HOTLINE_5WD", "clock": "handling", "before": "5wd", "after": "7wd"}
    ]
    listed = (await (await cast.staff("admin")).get(f"{DESK}/limits")).json()["items"]
    track = next(one for one in listed if (one["area"], one["track"]) == ("", "HOTLINE_5WD"))
    assert next(one["limit"] for one in track["limits"] if one["clock"] == "handling") == "7wd"


async def test_a_case_started_by_a_process_that_had_not_heard_is_found_and_nothing_is_done_twice(cast: Cast, at: At) -> None:
    at("2026-03-16T09:00")
    old = rulebook()
    await send(cast, "/limits", {**LONGER, "title": "调整"})
    await cast.react()
    new = rulebook()
    install(old)
    case_id = await bring_to(cast, "accepted")
    assert (await due(case_id)).endswith("5wd")
    install(new)
    assert await recount_by_limits(cast.app.ctx.services) == 1
    assert (await due(case_id)).endswith("7wd")
    assert await recount_by_limits(cast.app.ctx.services) == 0


async def test_an_extension_stays_on_top_and_a_shorter_limit_says_who_becomes_late(cast: Cast, at: At) -> None:
    at("2026-03-16T09:00")
    case_id = await bring_to(cast, "signed")
    await cast.act("handler", case_id, "extend", amount=3, reason="采购", done="已勘察")
    await cast.act("supervisor", case_id, "grant-extension")
    at("2026-03-24T09:00")
    shorter = {"changes": [{"track": "HOTLINE_5WD", "clock": "handling", "limit": "2wd"}]}
    _, found = await send(cast, "/limits/preview", shorter)
    assert [(one["after"][:10], one["overdue_by_it"]) for one in found["items"]] == [("2026-03-23", True)]
    await send(cast, "/limits", {**shorter, "title": "缩短"})
    await cast.react()
    assert await due(case_id) == "2026-03-23T15:59:59+00:00 2wd"


@pytest.mark.parametrize("path", ["/limits", "/limits/preview"])
async def test_who_may_not_and_what_is_malformed(cast: Cast, path: str) -> None:
    title = {"title": "调整"} if path == "/limits" else {}
    assert (await send(cast, path, {**LONGER, **title}, "dispatcher"))[0] == 403
    good = LONGER["changes"][0]
    for bad in ({"track": "NONE"}, {"clock": "none"}, {"limit": "7"}, {"limit": "60d legal"}, {"area": "99"}):
        assert (await send(cast, path, {**title, "changes": [{**good, **bad}]}))[0] == 422, bad
    assert (await send(cast, path, {**title, "changes": []}))[0] == 422
    assert (await (await cast.staff("supervisor")).get(f"{DESK}/limits/versions?limit=0")).status_code == 422
