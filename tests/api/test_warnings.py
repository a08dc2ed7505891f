"""Journey step 5 on real servers: two processes with a moved clock warn, urge and supervise, once each."""

import psycopg
import pytest

from tests.support.cluster import Cluster
from tests.support.server import serving
from tests.support.waiting import until

# A limit of one working day has no yellow: all that is left of it is one working day from the start.
LADDER = ["orange", "red", "urge", "supervision", "principal"]
THIRTY_DAYS = str(30 * 86400)
APPEALS = 12

_LEVELS = """
SELECT data->>'level', count(*), count(DISTINCT subject_id) FROM journal
WHERE event = 'deadline.warned' AND data->>'name' = 'accept' GROUP BY 1
"""


@pytest.mark.mechanism("000-42", "000-15")
def test_two_servers_with_a_moved_clock_warn_once_per_level(
    cluster: Cluster, stage: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with cluster.database(stage) as dsn:
        folder = tmp_path_factory.mktemp("warnings")
        with serving(dsn, folder) as today:
            li = today.resident("li")
            for number in range(APPEALS):
                body = {"kind": "help", "content": f"第{number}盏路灯不亮", "area_code": "360781100001"}
                assert li.post("/api/miniprogram/v1/appeals", json=body).status_code == 201
        with (
            serving(dsn, folder, CLOCK_OFFSET=THIRTY_DAYS) as one,
            serving(dsn, folder, CLOCK_OFFSET=THIRTY_DAYS),
            psycopg.connect(dsn.replace("postgresql+asyncpg", "postgresql"), autocommit=True) as database,
        ):
            until(
                lambda: {row[0]: row[1] for row in database.execute(_LEVELS)},
                lambda levels: sum(levels.values()) >= APPEALS * len(LADDER),
            )
            until(
                lambda: database.execute("SELECT count(*) FROM jobs.procrastinate_jobs WHERE status = 'todo'").fetchone(),
                lambda row: row == (0,),
            )
            assert sorted(database.execute(_LEVELS)) == sorted((level, APPEALS, APPEALS) for level in LADDER)
            opened = database.execute("SELECT count(*), count(DISTINCT case_id) FROM supervisions").fetchone()
            assert opened == (APPEALS, APPEALS)
            twice = "SELECT dedupe_key FROM notices GROUP BY 1 HAVING count(*) > 1"
            assert database.execute(twice).fetchall() == []
            gauges = one.client().get("/metrics").text
            assert "huying_warnings_late_seconds 0.0" in gauges
