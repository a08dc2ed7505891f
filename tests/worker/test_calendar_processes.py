"""An edit of the working calendar made at one process is in force in the other, and moves the dates that both wrote."""

import httpx
import psycopg
import pytest

from tests.support.cluster import Cluster
from tests.support.server import RunningServer, serving
from tests.support.waiting import until

DESK = "/api/desk/v1"
EDIT = {"rows": [{"on": "2026-12-01", "working": False, "name": "停工"}]}


def admin(server: RunningServer) -> httpx.Client:
    body = {"login": "admin", "password": "Huying-demo-2026"}
    answer = server.client().post(f"{DESK}/sessions", json=body)
    assert answer.status_code == 201, answer.text
    return server.client(answer.json()["token"])


def days(client: httpx.Client) -> list[str]:
    return [row["on"] for row in client.get(f"{DESK}/calendar?year=2026").json()["exceptions"]]


def test_every_process_hears_of_an_edit(cluster: Cluster, stage: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    with cluster.database(stage) as dsn:
        folder = tmp_path_factory.mktemp("calendar")
        with (
            serving(dsn, folder) as one,
            serving(dsn, folder / "two") as two,
            psycopg.connect(dsn.replace("postgresql+asyncpg", "postgresql"), autocommit=True) as database,
        ):
            for server in (one, two):
                body = {"kind": "help", "content": "路灯不亮", "area_code": "360781100001"}
                assert server.resident("li").post("/api/miniprogram/v1/appeals", json=body).status_code == 201
            other = admin(two)
            assert "2026-12-01" not in days(other)
            assert admin(one).post(f"{DESK}/calendar", json=EDIT).status_code == 202
            until(lambda: days(other), lambda seen: "2026-12-01" in seen)
            versions = "SELECT DISTINCT calendar_version FROM deadlines WHERE stopped_at IS NULL"
            until(lambda: database.execute(versions).fetchall(), lambda rows: rows == [(1,)])
