"""Many at once, with real commits: one item five times, two workers on one case, sixteen writers and a reader."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support.cluster import Cluster
from tests.support.phone import SYNC
from tests.support.sync_world import Scene, World

ROUNDS = 50
WRITERS, BATCHES, BATCH = 16, 4, 20

pytestmark = pytest.mark.soak  # they wait on a busy machine for minutes: see docs/decisions/0006


@pytest.fixture(scope="module")
def world(cluster: Cluster, stage: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(cluster, stage, tmp_path_factory.mktemp("races"))
    yield made
    made.close()


@pytest.fixture
def scene(world: World, tmp_path: Path) -> Iterator[Scene]:
    made = Scene(world, tmp_path)
    yield made
    made.close()


def send(scene: Scene, who: int, items: list[dict[str, Any]], device: str = "") -> list[dict[str, Any]]:
    """One request of its own connection and cursor, as if the phone had sent it again."""
    carrier = scene.carriers[who]
    answer = httpx.post(
        scene.world.url + SYNC, json={"device_id": device or carrier.phone.device_id, "items": items}, timeout=120,
        headers={"Authorization": f"Bearer {carrier.token}"},
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    return list(answer.json()["results"])


def test_one_item_sent_five_times_at_once_counts_once(scene: Scene) -> None:
    with ThreadPoolExecutor(5) as pool:
        for _ in range(ROUNDS):
            scene.visit(0, 0)
            item = scene.items[-1][1]
            results = [only for (only,) in pool.map(lambda _, item=item: send(scene, 0, [item]), range(5))]  # type: ignore[misc]
            statuses = sorted(result["status"] for result in results)
            assert statuses == ["done", *["duplicate"] * 4]
    scene.reckon()


def test_two_phones_on_one_case_do_it_once(scene: Scene) -> None:
    """One result counts; the other is a conflict, and its words are in the case all the same."""
    with ThreadPoolExecutor(2) as pool:
        for number in range(ROUNDS):
            scene.event(1, 1)
            send(scene, 1, [scene.items[-1][1]])
            moves = []
            for device in (scene.carriers[1].phone.device_id, str(uuid4())):
                scene.handle(1, number, 1)
                moves.append((device, scene.items[-1][1]))
            results = [only for (only,) in pool.map(lambda each: send(scene, 1, [each[1]], each[0]), moves)]
            assert sorted(result["status"] for result in results) == ["conflict", "done"]
            texts = scene.world.rows("SELECT text FROM case_texts WHERE case_id = %s", scene.events[-1])
            assert {item["body"]["result"] for _, item in moves} <= {row["text"] for row in texts}


def test_a_note_and_its_event_at_once_never_leave_the_note_behind(scene: Scene) -> None:
    with ThreadPoolExecutor(2) as pool:
        for number in range(ROUNDS):
            scene.event(0, 0)
            event = scene.items[-1][1]
            scene.note(1, number)
            note = scene.items[-1][1]
            list(pool.map(lambda each: send(scene, *each), [(0, [event]), (1, [note])]))
            row = scene.world.rows("SELECT status FROM sync_items WHERE id = %s", note["id"])[0]
            assert row["status"] == "done"


def test_a_reader_misses_nothing_of_sixteen_writers(scene: Scene) -> None:
    """Every commit rises the counter of its grid as its last act, so a number that was read has no gap behind it."""
    batches = []
    for number in range(WRITERS * BATCHES):
        for _ in range(BATCH):
            scene.visit(0, 0)
        batches.append([item for _, item in scene.items[number * BATCH :]])
    reader = scene.carriers[1].phone
    reader.sync_all()
    with ThreadPoolExecutor(WRITERS) as pool:
        running = [pool.submit(send, scene, 0, batch) for batch in batches]
        while not all(each.done() for each in running):
            scene.sync(1)
        for each in running:
            each.result()
    reader.sync_all()
    seen = {row_id for (_, entity, row_id) in reader.rows() if entity == "visit"}
    written = {item["entity_id"] for _, item in scene.items}
    assert len(written) == WRITERS * BATCHES * BATCH
    assert written - seen == set()
