"""Filing an appeal: the whole POST over HTTP with two server processes, against pgbench with the same statements."""

from pathlib import Path
from statistics import median

from benchmarks.stage import Stage

SCRIPT = Path(__file__).with_name("filing.sql")
TEXT = "村口的路灯坏了三天,晚上老人孩子出门看不见路,请帮忙修一下。"


def measure(stage: Stage, seconds: int = 10, rounds: int = 3) -> dict[str, float]:
    """Medians of the rounds, HTTP and pgbench in turn."""
    bodies = [{"kind": "help", "content": TEXT, "topic": "0906", "area_code": code} for code in stage.villages]
    http, sql, p99 = [], [], []
    for _ in range(rounds):
        found = stage.load(method="POST", paths=["/api/miniprogram/v1/appeals"], bodies=bodies, seconds=seconds)
        if found["failed"]:
            raise RuntimeError(f"{found['failed']} filings failed")
        http.append(found["per_second"])
        p99.append(found["p99"])
        sql.append(stage.bench_sql(SCRIPT, seconds))
    ratio = median(a / b for a, b in zip(http, sql, strict=True))
    return {"http_per_s": median(http), "pgbench_per_s": median(sql), "ratio": ratio, "p99_ms": median(p99)}


if __name__ == "__main__":
    from benchmarks.stage import bench_stage

    with bench_stage() as found:
        print(measure(found))
