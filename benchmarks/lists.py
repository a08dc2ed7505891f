"""How long a page of a list takes, by the median of single requests: what the desk, a resident and a worker look at."""

import asyncio
import time
from collections.abc import Sequence
from hashlib import sha256
from statistics import median
from urllib.parse import quote

import asyncpg

from benchmarks.load import Wire
from benchmarks.stage import WORKER, Stage
from server.db import credentials

DESK, RESIDENT, GRID = "/api/desk/v1", "/api/miniprogram/v1", "/api/grid/v1"


async def _paths(stage: Stage) -> dict[str, tuple[str, str]]:
    """What is asked, by whom: name → token and path."""
    connection = await asyncpg.connect(**credentials(stage.dsn))
    row = await connection.fetchrow(
        "SELECT c.number, p.number AS appeal, c.area_code FROM cases c JOIN appeals p ON p.case_id = c.id"
        " WHERE c.state = 'closed' ORDER BY c.id LIMIT 1 OFFSET 500"
    )
    await connection.close()
    assert row is not None
    desk = {
        "default": "", "state": "?state=dispatched,signed", "unit": f"?unit={quote('市城管局')}",
        "overdue": "?overdue=true",
        # pages of one: a unit of the small county has no more such cases
        "state_unit_overdue": f"?state=handling&overdue=true&limit=1&unit={quote('市城管局')}",
        "first": "?order=first", "number": f"?number={row['number']}", "appeal_number": f"?number={row['appeal']}",
        "text": f"?text={quote('路灯')}", "rare_text": f"?text={quote('第501号')}", "area": f"?area={row['area_code']}",
        "town": "?area=360781100",
    }  # fmt: skip
    me = stage.staff["dispatcher"]
    found = {f"desk_{name}": (me, f"{DESK}/cases{query}") for name, query in desk.items()}
    found["unit_default"] = (stage.staff["handler"], f"{DESK}/cases")
    found["town_default"] = (stage.staff["towndesk"], f"{DESK}/cases")
    # Pages of ten: in a small county a grid has no twenty events, and a page of fourteen is not what one of twenty is.
    found["worker_grid"] = (stage.staff[WORKER], f"{GRID}/cases?mine=grid&limit=10")
    found["worker_all"] = (stage.staff[WORKER], f"{GRID}/cases?limit=10")
    found["resident_own"] = (stage.tokens[await _with_appeals(stage)], f"{RESIDENT}/appeals")
    return found


async def _with_appeals(stage: Stage, wanted: int = 3) -> int:
    """The number of a resident who has so many appeals, so that like is compared with like."""
    connection = await asyncpg.connect(**credentials(stage.dsn))
    rows = await connection.fetch(
        "SELECT s.token_hash, (SELECT count(*) FROM appeals p WHERE p.resident_id = s.subject_id) AS n FROM sessions s"
        " WHERE s.kind = 'resident'"
    )
    await connection.close()
    counts = {bytes(row["token_hash"]): row["n"] for row in rows}
    found = [counts.get(sha256(token.encode()).digest(), 0) for token in stage.tokens]
    return min(range(len(found)), key=lambda number: abs(found[number] - wanted))


async def _ask(stages: Sequence[Stage], times: int) -> list[dict[str, float]]:
    """Each list of each stage in turn, so that what else the machine does falls on all of them alike."""
    wires = [await Wire.open(stage.url) for stage in stages]
    paths = [await _paths(stage) for stage in stages]
    found: list[dict[str, float]] = [{} for _ in stages]
    for name in paths[0]:
        took: list[list[float]] = [[] for _ in stages]
        for _ in range(times):
            for number, wire in enumerate(wires):
                token, path = paths[number][name]
                begun = time.perf_counter()
                await wire.get(path, token)
                took[number].append((time.perf_counter() - begun) * 1000)
        for number, values in enumerate(took):
            found[number][name] = median(values[8:])  # the first ones plan the statement
    for wire in wires:
        wire.close()
    return found


def page_times(stages: Sequence[Stage], times: int = 40) -> list[dict[str, float]]:
    """Milliseconds of each list in each stage, the median of single requests."""
    return asyncio.run(_ask(stages, times))
