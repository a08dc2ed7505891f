"""What must hold of a scene in the end, whatever happened in it: I1–I13 of the sync protocol."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import msgspec

from tests.support.sync_scene import Carrier, Scene


def gapless(scene: Scene) -> None:
    """The feed of each grid counts from one without a gap, up to its counter."""
    rows = scene.world.rows(
        "SELECT h.area, h.feed_n AS n, count(f.seq) AS rows, coalesce(min(f.seq), 1) AS low, coalesce(max(f.seq), 0) AS high"
        " FROM journal_heads h LEFT JOIN feed f ON f.area = h.area WHERE h.area = ANY(%s) GROUP BY h.area, h.feed_n",
        scene.areas,
    )
    assert all(row["n"] == row["rows"] == row["high"] and row["low"] == 1 for row in rows), "I5: a gap in the feed"


def reckon(scene: Scene) -> None:
    """Everybody comes back into the network, comes to rest, and everything is compared."""
    for _ in range(2):
        for carrier in scene.carriers:
            carrier.fate = "ok"
            carrier.phone.sync_all()
    gapless(scene)
    _nothing_lost(scene)
    _once(scene)
    _content(scene)
    _files(scene)
    _ended(scene)
    _deadlines(scene)
    for carrier in scene.carriers:
        _same_as_new(scene, carrier)


def _nothing_lost(scene: Scene) -> None:
    kept = {str(row["id"]): row for row in scene.world.rows(
        "SELECT id, status, code, body_sha256, entity, EXISTS (SELECT 1 FROM cases c WHERE c.id = entity) AS there,"
        " received_at FROM sync_items WHERE id = ANY(%s)", [item["id"] for _, item in scene.items])}  # fmt: skip
    for _, item in scene.items:
        assert item["id"] in kept, f"I1: {item['verb']} {item['id']} is lost"
        digest = sha256(msgspec.json.encode(item, order="deterministic")).digest()
        assert bytes(kept[item["id"]]["body_sha256"]) == digest, "I1: other content"
    stuck = [row["code"] for row in kept.values() if row["status"] == "held" and row["there"] and row["code"] != "waiting-for-version"
             and row["code"] != "waiting-for-earlier"]  # fmt: skip
    assert not stuck, f"I12: held for ever: {stuck}"
    assert not [1 for carrier in scene.carriers for _ in carrier.phone.waiting(1)], "I12: no progress"
    scene.status = {item: row["status"] for item, row in kept.items()}


def _once(scene: Scene) -> None:
    subjects = [item["entity_id"] for _, item in scene.items]
    facts = _count(scene, "SELECT subject_id AS id, count(*) AS n FROM journal WHERE subject_id = ANY(%s)"
                        " AND event IN ('visit.logged', 'event.reported') GROUP BY 1", subjects)  # fmt: skip
    texts = _count(scene, "SELECT text AS id, count(*) AS n FROM case_texts WHERE case_id = ANY(%s) GROUP BY 1", scene.events)
    records = _count(scene, "SELECT id, 1 AS n FROM visits WHERE id = ANY(%s::uuid[])", subjects)
    records |= _count(scene, "SELECT id, 1 AS n FROM cases WHERE id = ANY(%s::uuid[])", subjects)
    for kind, item in scene.items:
        done = scene.status[item["id"]] == "done"
        if kind in ("visit", "event"):
            found = (records.get(item["entity_id"], 0), facts.get(item["entity_id"], 0))
            assert found == (int(done), int(done)), f"I2/I11: {kind} {scene.status[item['id']]}: {found}"
        elif kind == "note":
            assert texts.get(item["body"]["text"], 0) == int(done), f"I2: note {texts.get(item['body']['text'], 0)} times"
    versions = scene.world.rows(
        "SELECT case_id FROM (SELECT case_id, (data->>'version')::int AS v, lag((data->>'version')::int) OVER"
        " (PARTITION BY case_id ORDER BY area, n) AS before FROM journal WHERE case_id = ANY(%s) AND data ? 'version') j"
        " WHERE v <= before", scene.events)  # fmt: skip
    assert not versions, "I7: a version fell"


def _content(scene: Scene) -> None:
    """Whatever the order and however often it came, a fact says what its worker said."""
    made = {str(row["id"]): row for row in scene.world.rows(
        "SELECT id, worker_id, household_id, outcome FROM visits WHERE id = ANY(%s::uuid[])",
        [item["entity_id"] for kind, item in scene.items if kind == "visit"])}  # fmt: skip
    by = {row["id"]: row["worker"] for row in scene.world.rows(
        "SELECT id::text AS id, worker FROM sync_items WHERE id = ANY(%s::uuid[])", [item["id"] for _, item in scene.items])}  # fmt: skip
    for _, item in scene.items:
        row = made.get(item["entity_id"])
        if row:
            said = (by[item["id"]], item["body"]["household_id"], item["body"]["outcome"])
            assert (row["worker_id"], str(row["household_id"]), row["outcome"]) == said, "I6: other content"


def _files(scene: Scene) -> None:
    """A file keeps its first bytes; the record of a done visit has it, or waits for it."""
    rows = {str(row["id"]): row for row in scene.world.rows(
        "SELECT id, sha256, subject_id FROM attachments WHERE id = ANY(%s::uuid[])", list(scene.photos))}  # fmt: skip
    awaited = {str(row["id"]) for row in scene.world.rows(
        "SELECT attachment_id AS id FROM attachment_declarations WHERE attachment_id = ANY(%s::uuid[])"
        " AND subject_id IS NOT NULL", list(scene.photos))}  # fmt: skip
    done = {item["entity_id"] for kind, item in scene.items if kind == "visit" and scene.status[item["id"]] == "done"}
    for file, (_, visit) in scene.photos.items():
        row = rows.get(file)
        assert (row["sha256"] if row else None) == scene.stored.get(file), "I9: other bytes"
        tied = str(row["subject_id"]) if row and row["subject_id"] else None
        assert tied == (visit if row and visit in done else None), "I9: a file is not with its record"
        assert (file in awaited) == (row is None and visit in done), "I9: a file is not waited for"


def _ended(scene: Scene) -> None:
    cases = {item["entity_id"] for kind, item in scene.items if kind == "inspect" and scene.status[item["id"]] == "done"}
    rows = scene.world.rows("SELECT state FROM cases WHERE id = ANY(%s::uuid[])", list(cases))
    assert [row["state"] for row in rows] == ["closed"] * len(cases), "I10: an ended case lives again"


def _count(scene: Scene, query: str, ids: list[str]) -> dict[str, int]:
    return {str(row["id"]): row["n"] for row in scene.world.rows(query, ids)}


def _deadlines(scene: Scene) -> None:
    rows = scene.world.rows("SELECT started_at FROM deadlines WHERE case_id = ANY(%s)", scene.events)
    until = datetime.now(UTC) + timedelta(minutes=1)
    assert all(scene.started - timedelta(minutes=1) <= row["started_at"] <= until for row in rows), "I13"


def _same_as_new(scene: Scene, carrier: Carrier) -> None:
    """A phone that lived through all of it shows what a phone shows that was switched on today."""
    new = scene.phone_at(Path(":memory:"), carrier.post, lambda: datetime.now(UTC))
    new.sync_all()
    old, fresh = carrier.phone.rows(), new.rows()
    new.close()
    assert old == fresh, f"I4: {set(old) ^ set(fresh) or 'other data'}"
