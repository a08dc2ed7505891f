"""From an uploaded list to a print file over a real socket, with the real worker."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from server.demo.accounts import PASSWORD
from tests.support.cluster import Cluster
from tests.support.households import VILLAGE, csv_gbk, result_rows, row
from tests.support.server import RunningServer, serving

DESK = "/api/desk/v1"
WITHIN_S = 60.0


@pytest.fixture(scope="module")
def own_server(cluster: Cluster, stage: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with cluster.database(stage) as dsn, serving(dsn, tmp_path_factory.mktemp("plates")) as running:
        yield running


def ended(client: httpx.Client, path: str) -> dict[str, Any]:
    """What a job's resource says when it has ended."""
    until = time.monotonic() + WITHIN_S
    while time.monotonic() < until:
        found = client.get(path).json()
        if found["state"] in ("done", "failed", "cancelled"):
            return dict(found)
    raise AssertionError(f"{path} did not end")


def test_a_list_becomes_a_print_file(own_server: RunningServer) -> None:
    answer = own_server.client().post(f"{DESK}/sessions", json={"login": "admin", "password": PASSWORD})
    admin = own_server.client(answer.json()["token"])
    upload = {"file": ("名册.csv", csv_gbk([row(f"长街 {number} 号") for number in range(1, 250)]))}
    asked = admin.post(f"{DESK}/households/imports", files=upload)
    assert asked.status_code == 202, asked.text
    done = ended(admin, f"{DESK}/households/imports/{asked.json()['id']}")
    assert (done["state"], done["created"]) == ("done", 249)
    result = admin.get(f"{DESK}/households/imports/{done['id']}/result")
    assert len(result_rows(result.content)) == 249
    key = {"Idempotency-Key": "plates-1"}
    wish = {"area": VILLAGE, "layout": "a4-21"}
    batch_id = admin.post(f"{DESK}/plates/batches", json=wish, headers=key).json()["id"]
    assert admin.post(f"{DESK}/plates/batches", json=wish, headers=key).json()["id"] == batch_id
    batch = ended(admin, f"{DESK}/plates/batches/{batch_id}")
    assert (batch["state"], batch["read_back"]) == ("done", 252)
    path = f"{DESK}/plates/batches/{batch_id}/file"
    file = admin.get(path)
    assert file.content.startswith(b"%PDF")
    assert int(file.headers["content-length"]) == len(file.content)
    head = admin.head(path)
    assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(file.content)), b"")
    with admin.stream("GET", path) as abandoned:
        assert next(abandoned.iter_bytes(64))
    assert admin.get(path).content == file.content


def test_five_at_once_leave_one_live_code_and_one_binding(own_server: RunningServer) -> None:
    answer = own_server.client().post(f"{DESK}/sessions", json={"login": "admin", "password": PASSWORD})
    admin = own_server.client(answer.json()["token"])
    home = admin.get(f"{DESK}/households", params={"area": "360781100002", "limit": 1}).json()["items"][0]["id"]
    with ThreadPoolExecutor(5) as pool:
        made = list(pool.map(lambda _: admin.post(f"{DESK}/households/{home}/code", json={}), range(5)))
        assert [one.status_code for one in made] == [201] * 5
        alive = [one.json()["code"] for one in made if admin.get(f"/h/{one.json()['code']}").status_code == 200]
        assert len(alive) == 1
        resident, body = own_server.resident("five"), {"plate_code": alive[0]}
        asked = list(pool.map(lambda _: resident.post("/api/miniprogram/v1/me/households", json=body), range(5)))
        assert {one.status_code for one in asked} == {202}
        assert len({one.json()["id"] for one in asked}) == 1
        worker = own_server.client().post(
            "/api/grid/v1/sessions", json={"phone": "13800000002", "password": PASSWORD}
        )  # fmt: skip
        grid = own_server.client(worker.json()["token"])
        path = f"/api/grid/v1/plates/{alive[0]}/activation"
        active = list(pool.map(lambda _: grid.post(path, json={}), range(5)))
        assert {one.status_code for one in active} == {200}
        assert len({one.json()["activated_at"] for one in active}) == 1
