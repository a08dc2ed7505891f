"""Number and query code open one appeal for half an hour, and only for what cannot harm its author."""

from typing import Any

import httpx
import pytest

from domain.sql import execute
from tests.support.app import client
from tests.support.cast import RESIDENT, Cast
from tests.support.steps import work

pytestmark = pytest.mark.anyio


async def look_up(cast: Cast, number: str, query_code: str) -> httpx.Response:
    return await cast.anybody().post(f"{RESIDENT}/appeal-lookups", json={"number": number, "query_code": query_code})


async def holder(cast: Cast, receipt: dict[str, Any]) -> httpx.AsyncClient:
    answer = await look_up(cast, receipt["number"], receipt["query_code"])
    return client(cast.app, answer.json()["token"])


@pytest.mark.mechanism("004-20")
async def test_progress_without_signing_in_then_message_urge_and_rate(cast: Cast) -> None:
    receipt = await cast.appeal()
    answer = await look_up(cast, f" {receipt['number'].lower()} ", receipt["query_code"].lower())
    assert answer.status_code == 200
    assert answer.json()["appeal"]["id"] == receipt["id"]
    assert {"message", "urge"} <= set(answer.json()["appeal"]["can"])
    await work(cast, await cast.case_of(receipt))
    async with await holder(cast, receipt) as paper:
        url = f"{RESIDENT}/appeals/{receipt['id']}"
        assert (await paper.post(f"{url}/messages", json={"text": "补充"})).status_code == 201
        assert (await paper.post(f"{url}/urges", json={})).status_code == 201
        rated = await paper.post(
            f"{url}/ratings", json={"process": 5, "result": 5, "solved": "yes", "staff": "active"}
        )
        assert (rated.status_code, rated.json()["status"]) == (201, "closed")
        seen = (await paper.get(url)).json()
        assert seen["ratings"][0]["source"] == "self"
        assert len((await paper.get(f"{RESIDENT}/appeals")).json()["items"]) == 1


async def test_a_query_code_does_not_decide_for_its_author(cast: Cast) -> None:
    receipt, other = await cast.appeal(), await cast.appeal()
    async with await holder(cast, receipt) as paper:
        assert not {"withdraw", "contest", "object"} & set(
            (await paper.get(f"{RESIDENT}/appeals/{receipt['id']}")).json()["can"]
        )
        for path, body in (("withdrawal", {}), ("objections", {"reason": "x"})):
            answer = await paper.post(f"{RESIDENT}/appeals/{receipt['id']}/{path}", json=body)
            assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed")
        assert (await paper.get(f"{RESIDENT}/appeals/{other['id']}")).status_code == 404
        for path in ("/me", "/me/data", "/me/inbox"):
            assert (await paper.get(RESIDENT + path)).status_code == 403


async def test_wrong_pairs_look_all_the_same(cast: Cast) -> None:
    receipt, other = await cast.appeal(), await cast.appeal()
    wrong = [
        (receipt["number"], other["query_code"]), (receipt["number"], ""), ("SQ00000020260101", receipt["query_code"]),
        (receipt["number"], "\u0000"), ("' OR 1=1 --", "x"),
    ]  # fmt: skip
    answers = [await look_up(cast, *pair) for pair in wrong]
    assert {answer.status_code for answer in answers} == {404}
    bodies = [{k: v for k, v in answer.json().items() if k != "request_id"} for answer in answers]
    assert all(body == bodies[0] for body in bodies)


async def test_the_token_dies_after_half_an_hour(cast: Cast) -> None:
    receipt = await cast.appeal()
    async with await holder(cast, receipt) as paper:
        assert (await paper.get(f"{RESIDENT}/appeals/{receipt['id']}")).status_code == 200
        await execute("UPDATE sessions SET expires_at = expires_at - interval '31 minutes' WHERE kind = 'lookup'")
        assert (await paper.get(f"{RESIDENT}/appeals/{receipt['id']}")).status_code == 401


async def test_guessing_is_limited_per_address(cast: Cast) -> None:
    receipt = await cast.appeal()
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=cast.app, client=("203.0.113.77", 1)), base_url="http://huying.test"
    ) as guesser:
        body = {"number": receipt["number"], "query_code": "22222222"}
        answers = [await guesser.post(f"{RESIDENT}/appeal-lookups", json=body) for _ in range(61)]
    assert [answer.status_code for answer in answers[:60]] == [404] * 60
    assert answers[60].json()["code"] == "too-many-requests"
    assert int(answers[60].headers["retry-after"]) > 0
