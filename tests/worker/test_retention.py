"""What is past its time goes, what is not stays, and a dry run only counts."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from domain.appeals.models import Appeal, Appellant
from domain.attachments.models import Attachment
from domain.attachments.store import FileMissing, Shelf
from domain.cases.models import Case
from domain.clock import now, real_now
from domain.households.models import CodeScan
from domain.notices.models import WeChatPush
from domain.sql import execute
from server.retention import BATCH, RULES, purge
from tests.support.cast import Cast
from tests.support.cluster import Cluster

pytestmark = pytest.mark.anyio


async def attachment(cast: Cast, age_days: float, subject: UUID | None = None, case_id: UUID | None = None) -> UUID:
    found = await Attachment.create(
        id=uuid4(), owner="resident:x", kind="image", mime="image/jpeg", bytes=3, sha256="0" * 64, subject_id=subject,
        subject_kind="appeal" if subject else None, case_id=case_id, created_at=now() - timedelta(days=age_days),
    )  # fmt: skip
    for shelf in Shelf:
        await cast.app.ctx.services.files.put(shelf, found.id, b"abc")
    return found.id


async def stored(cast: Cast, file_id: UUID) -> set[Shelf]:
    found = set()
    for shelf in Shelf:
        try:
            (await cast.app.ctx.services.files.open(shelf, file_id)).close()
            found.add(shelf)
        except FileMissing:
            continue
    return found


async def test_a_file_that_nothing_refers_to_goes_after_thirty_days_from_every_shelf(cast: Cast) -> None:
    old, young = await attachment(cast, 31), await attachment(cast, 29)
    assert (await purge(cast.app.ctx.services, dry_run=True))["未引用的附件"] == 1
    assert await stored(cast, old) == set(Shelf)
    assert (await purge(cast.app.ctx.services, dry_run=False))["未引用的附件"] == 1
    assert (await stored(cast, old), await stored(cast, young)) == (set(), set(Shelf))
    assert await Attachment.filter(id__in=[old, young]).values_list("id", flat=True) == [young]


async def ended_case(cast: Cast, days: float) -> Appeal:
    receipt = await cast.appeal(
        contact={"name": "李四", "phone": "13712345678"}, location={"lon": 116.0, "lat": 25.9, "datum": "gcj02"},
        on_behalf_of={"name": "王五", "consent": True},
    )  # fmt: skip
    appeal = await Appeal.get(id=receipt["id"])
    await Case.filter(id=appeal.case_id).update(state="closed", ended_at=now() - timedelta(days=days))
    return appeal


async def test_position_after_half_a_year_contact_after_two_years_and_the_case_file_stays(cast: Cast) -> None:
    appeals = {days: await ended_case(cast, days) for days in (179, 181, 731)}
    await purge(cast.app.ctx.services, dry_run=False)
    kept = {
        days: (
            (await Appeal.get(id=appeal.id)).lon is not None,
            await Appellant.exists(appeal_id=appeal.id),
            (await Appeal.get(id=appeal.id)).on_behalf is not None,
            (await Appeal.get(id=appeal.id)).content != "",
        )
        for days, appeal in appeals.items()
    }
    assert kept == {179: (True, True, True, True), 181: (False, True, True, True), 731: (False, False, False, True)}


async def test_an_open_case_keeps_everything_however_old(cast: Cast) -> None:
    appeal = await ended_case(cast, 0)
    photo = await attachment(cast, 3000, appeal.id, appeal.case_id)
    await Case.filter(id=appeal.case_id).update(state="long_term", ended_at=None)
    await execute("UPDATE appeals SET received_at = now() - interval '9 years' WHERE id = $1", [appeal.id])
    await purge(cast.app.ctx.services, dry_run=False)
    assert (await Appeal.get(id=appeal.id)).lon == 116.0
    assert await Appellant.exists(appeal_id=appeal.id)
    assert await stored(cast, photo) == set(Shelf)


async def test_scans_pushes_sessions_and_replays_have_their_own_periods(cast: Cast) -> None:
    await cast.resident("li")
    await execute("UPDATE sessions SET expires_at = $1", [real_now() - timedelta(seconds=1)])
    for days in (179, 181):
        await CodeScan.create(id=uuid4(), at=now() - timedelta(days=days), outcome="live", door="web")
    for days in (29, 31):
        await WeChatPush.create(dedupe_key=f"k{days}", event="x", received_at=now() - timedelta(days=days))
    found = await purge(cast.app.ctx.services, dry_run=False)
    assert (found["扫码记录"], found["微信推送"]) == (1, 1)
    assert found["会话"] >= 1
    assert sum((await purge(cast.app.ctx.services, dry_run=True)).values()) == 0


async def test_more_than_a_batch_goes_in_one_run(cast: Cast) -> None:
    await execute(
        "INSERT INTO wechat_pushes (dedupe_key, event, received_at) SELECT 'b' || n, 'x', now() - interval '40 days'"
        f" FROM generate_series(1, {BATCH + 5}) n"
    )
    assert (await purge(cast.app.ctx.services, dry_run=False))["微信推送"] == BATCH + 5


def test_no_rule_touches_the_journal() -> None:
    assert not {rule.table for rule in RULES} & {"journal", "journal_heads", "replies", "case_texts"}


def test_the_command_counts_and_then_deletes(cluster: Cluster, stage: str, tmp_path: Path) -> None:
    with cluster.database(stage) as dsn:
        with psycopg.connect(dsn, autocommit=True) as database:
            database.execute("INSERT INTO wechat_pushes VALUES ('old', 'x', now() - interval '40 days')")
        environ = {**os.environ, "DATABASE_URL": dsn, "DATA_DIR": str(tmp_path), "WECHAT_MODE": "sandbox"}

        def purged(*options: str) -> str:
            command = [sys.executable, "-m", "server", "purge", *options]
            return subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout

        assert "微信推送:将删除 1 条" in purged("--dry-run")
        assert "微信推送:已删除 1 条" in purged()
        assert "微信推送:将删除 0 条" in purged("--dry-run")
