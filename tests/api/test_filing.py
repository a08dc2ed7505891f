"""Filing an appeal through the resident door."""

import pytest

from tests.support.cast import RESIDENT, Cast

pytestmark = pytest.mark.anyio


@pytest.mark.mechanism("000-06")
async def test_a_receipt_names_number_query_code_and_explains_the_due_date(cast: Cast, at) -> None:
    at("2026-02-13T10:00")
    receipt = await cast.appeal()
    assert receipt["number"].startswith("SQ36078120260213")
    assert len(receipt["query_code"]) == 8
    assert receipt["status"] == "submitted"
    assert receipt["deadline"]["due_at"] == "2026-02-14T23:59:59+08:00"
    assert "调休" in receipt["deadline"]["explanation"][-1]["text"]


async def test_an_empty_appeal_is_refused(cast: Cast) -> None:
    answer = await (await cast.resident()).post(f"{RESIDENT}/appeals", json={"kind": "help", "content": " \u200b "})
    assert (answer.status_code, answer.json()["code"]) == (422, "empty-appeal")
