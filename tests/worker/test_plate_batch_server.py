"""From an uploaded list to a print file over a real socket, with the real worker."""

import time
from collections.abc import Iterator
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
