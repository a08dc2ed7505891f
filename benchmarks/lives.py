"""Lives of cases over HTTP, as fast as a few clerks can: filed, decided on, handled, answered, judged, closed.

A life is the twelve deeds of the workflow and the unit's own follow-up, without which no case may close; two of the
three meetings (三见面) are told with the result and the follow-up. This module is also the load generator, its own small
process.
"""

import asyncio
import json
import subprocess
import sys
import time
from dataclasses import dataclass, field
from itertools import count
from statistics import median
from typing import Any
from uuid import UUID

import asyncpg
import uvloop

from benchmarks.load import Wire
from benchmarks.stage import Stage, cpu_seconds, jobs_waiting
from server.db import credentials

TEXT = "村口的路灯坏了三天,晚上老人孩子出门看不见路,请帮忙修一下。第{n}盏。"
RATING = {"process": 5, "result": 5, "solved": "yes", "staff": "active"}
SEEN = {"stage": "investigate", "mode": "in_person", "note": "到现场看过"}
RESULT = {"result": "已更换灯泡三只", "basis": "《城市道路照明设施管理规定》第八条", "disposition": "solved_reasonable",
          "meetings": [SEEN]}  # fmt: skip
HANDED_OVER = {"stage": "answer", "mode": "in_person", "note": "当面答复"}
DEEDS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("dispatcher", "register", {"appeal_type": "help", "topic": "0901", "petition_class": "appeal_for_decision"}),
    ("dispatcher", "accept", {}),
    ("dispatcher", "dispatch", {"lead": "市城管局"}),
    ("handler", "sign", {}),
    ("handler", "contact", {"stage": "accept", "note": "已联系"}),
    ("handler", "grade", {"grade": "clear", "facts": "三盏灯灯泡损坏"}),
    ("handler", "submit-result", RESULT),
    ("reviewer", "answer", {"text": "路灯已于今日修好。"}),
    ("callback", "callback", {"reached": True, "comment": "群众满意", **RATING}),
    ("resident", "rate", RATING),
    ("handler", "follow-up", {"note": "已到现场回访", "meetings": [HANDED_OVER]}),
    ("callback", "close", {}),
)
CALLS = len(DEEDS) + 1


@dataclass
class Tally:
    """What the lanes have done."""

    lives: int = 0
    times: dict[str, list[float]] = field(default_factory=dict)
    numbers: Any = field(default_factory=count)

    def timed(self, deed: str, begun: float) -> None:
        """Keep how long one call took."""
        self.times.setdefault(deed, []).append(time.perf_counter() - begun)


async def _live(wire: Wire, plan: dict[str, Any], tally: Tally, database: asyncpg.Connection) -> None:
    number = next(tally.numbers)
    tokens, villages = plan["tokens"], plan["villages"]
    own = tokens[number % len(tokens)]
    said = {"kind": "help", "content": TEXT.format(n=number), "topic": "0901", "area_code": villages[number % len(villages)],
            "contact": {"name": "李建国", "phone": f"139{number % 100_000_000:08d}"}}  # fmt: skip
    begun = time.perf_counter()
    filed = json.loads(await wire.post("/api/miniprogram/v1/appeals", own, said, 201))
    tally.timed("submit", begun)
    case_id = await database.fetchval("SELECT case_id FROM appeals WHERE id = $1", UUID(filed["id"]))
    for who, deed, body in DEEDS:
        path = f"/api/miniprogram/v1/appeals/{filed['id']}/ratings" if deed == "rate" else f"/api/desk/v1/cases/{case_id}/{deed}"
        begun = time.perf_counter()
        await wire.post(path, own if who == "resident" else plan["staff"][who], body, 201 if deed == "rate" else 200)
        tally.timed(deed, begun)
    tally.lives += 1


async def _lane(plan: dict[str, Any], tally: Tally, until: float) -> None:
    wire = await Wire.open(plan["url"], plan["prefer"])
    database = await asyncpg.connect(**credentials(plan["dsn"]))
    while time.perf_counter() < until:
        await _live(wire, plan, tally, database)
    await database.close()
    wire.close()


async def run(plan: dict[str, Any]) -> dict[str, Any]:
    """Drive the lanes for so many seconds; lives under way at the end are finished and their time counts."""
    tally, begun = Tally(), time.perf_counter()
    until = begun + float(plan["seconds"])
    await asyncio.gather(*(_lane(plan, tally, until) for _ in range(plan["lanes"])))
    seconds = time.perf_counter() - begun
    deeds = {deed: median(times) * 1000 for deed, times in tally.times.items()}
    return {"lives": tally.lives, "seconds": seconds, "cpu": time.process_time(), "deeds": deeds}


def live(stage: Stage, seconds: int = 20, lanes: int = 8, prefer: str = "") -> dict[str, float]:
    """One run: lives a second, and the processor seconds that one life costs the server, the database and the load.

    With `prefer` `return=minimal` a move is answered with the new head of the case, else with all of it."""
    plan = {"url": stage.url, "dsn": stage.dsn, "tokens": stage.tokens, "villages": stage.villages, "staff": stage.staff,
            "lanes": lanes, "seconds": seconds, "prefer": prefer}  # fmt: skip
    before, waiting = cpu_seconds(stage), jobs_waiting(stage.dsn)
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.lives"], input=json.dumps(plan), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    after = cpu_seconds(stage)
    found = json.loads(done.stdout)
    lives = found["lives"]
    cost = {name: (after[name] - before[name]) / lives * 1000 for name in after}
    return {
        "lives_per_s": lives / found["seconds"],
        "calls_per_s": lives * CALLS / found["seconds"],
        **{f"{name}_ms_a_life": value for name, value in cost.items()},
        "load_ms_a_life": found["cpu"] / lives * 1000,
        "bound_per_s": 2000 / (sum(cost.values())),
        "jobs_left_a_life": (jobs_waiting(stage.dsn) - waiting) / lives,
        **{f"{deed}_ms": value for deed, value in found["deeds"].items()},
    }


if __name__ == "__main__":
    print(json.dumps(uvloop.run(run(json.load(sys.stdin)))))
