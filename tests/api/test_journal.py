"""The journal is whole: every fact in the transaction of its effect, chained, and any tampering is found."""

import pytest

from domain.journal.verify import verify
from domain.sql import execute, fetch
from tests.support.cast import Cast

pytestmark = pytest.mark.anyio
AREA = "360781100001"


async def _three_facts(cast: Cast) -> None:
    for number in range(3):
        await cast.appeal(content=f"第{number}件")


async def test_an_untouched_chain_holds(cast: Cast) -> None:
    await _three_facts(cast)
    assert await verify(AREA) is None
    rows = await fetch("SELECT n FROM journal WHERE area = $1 ORDER BY n", [AREA])
    assert [row["n"] for row in rows] == list(range(1, len(rows) + 1))


@pytest.mark.parametrize(
    ("tampering", "reason"),
    [
        ("UPDATE journal SET actor = 'staff:x' WHERE area = $1 AND n = 2", "changed"),
        ("UPDATE journal SET data = data || '{\"to\": \"closed\"}' WHERE area = $1 AND n = 2", "changed"),
        ("UPDATE journal SET at = at + interval '1 second' WHERE area = $1 AND n = 2", "changed"),
        ("DELETE FROM journal WHERE area = $1 AND n = 2", "missing"),
        ("DELETE FROM journal WHERE area = $1 AND n = 3", "truncated"),
        (
            "INSERT INTO journal SELECT area || ':4', area, 4, at, actor, event, case_id, subject_id, data, hash"
            " FROM journal WHERE area = $1 AND n = 3",
            "changed",
        ),
    ],
)
async def test_tampering_is_found(cast: Cast, tampering: str, reason: str) -> None:
    await _three_facts(cast)
    await execute(tampering, [AREA])
    fault = await verify(AREA)
    assert fault is not None
    assert fault.reason == reason


async def test_a_refused_request_leaves_no_line(cast: Cast) -> None:
    resident = await cast.resident()
    await resident.post("/api/miniprogram/v1/appeals", json={"kind": "help", "area_code": AREA})
    assert await fetch("SELECT 1 FROM journal WHERE area = $1", [AREA]) == []


async def test_the_journal_holds_no_free_text(cast: Cast) -> None:
    marker = "只有我家才有的秘密文字"
    await cast.appeal(content=marker, contact={"name": "秘密人", "phone": "13712345678"})
    rows = await fetch("SELECT j::text AS line FROM journal j")
    assert not [row for row in rows if marker in row["line"] or "秘密人" in row["line"] or "13712345678" in row["line"]]


async def test_the_feed_is_gapless_per_area(cast: Cast) -> None:
    await _three_facts(cast)
    rows = await fetch("SELECT seq FROM feed WHERE area = $1 ORDER BY seq", [AREA])
    assert [row["seq"] for row in rows] == [1, 2, 3]
