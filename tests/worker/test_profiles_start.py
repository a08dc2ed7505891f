"""Each profile starts a real server on a fresh database; the commands compare its file with that database."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from click.testing import Result
from rich.console import Console
from typer.testing import CliRunner

from config.rules import load_divisions, load_profile, profile_names
from domain import rulebook
from server.commands import profile_limits, profiles
from server.commands.line import app as command_line
from server.db import model_modules, opened, tortoise_config
from server.rules import build_rulebook, seed, stable_id
from tests.support.app import test_settings as settings_of
from tests.support.cluster import Cluster
from tests.support.server import serving
from tests.support.waiting import until

pytestmark = pytest.mark.own_pool


def rows(dsn: str, query: str, *values: object) -> list[tuple[object, ...]]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        cursor = connection.execute(query, values)  # type: ignore[call-overload]
        return cursor.fetchall() if cursor.description else []


def huying(dsn: str, folder: Path, *words: str, answer: str = "") -> Result:
    """The command line in this process: a dozen starts of an interpreter would take half a minute."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(profiles, "console", wide := Console(width=200))
        patched.setattr(profile_limits, "console", wide, raising=False)
        return CliRunner().invoke(
            command_line, ["profile", *words], input=answer, env={"DATABASE_URL": dsn, "DATA_DIR": str(folder)}
        )


async def fill(dsn: str, folder: Path, name: str) -> None:
    """Seed a database as the first start with this profile does."""
    profile, book = build_rulebook(settings_of(folder, profile=name))
    rulebook.install(book)
    async with opened(tortoise_config(dsn, model_modules(), 2)):
        await seed(profile)


@pytest.mark.parametrize("name", profile_names())
def test_a_profile_fills_a_fresh_database(name: str, cluster: Cluster, migrated: str, tmp_path: Path) -> None:
    profile = load_profile(name)
    divisions = load_divisions(profile.area)
    with cluster.database(migrated) as dsn:
        asyncio.run(fill(dsn, tmp_path, name))
        kinds = dict(rows(dsn, "SELECT kind, count(*) FROM areas GROUP BY kind"))
        counties = {row.county_code for row in divisions}
        assert (kinds["county"], kinds["village"]) == (len(counties), len(divisions))
        stray = rows(dsn, "SELECT code FROM areas WHERE path NOT LIKE '%%' || coalesce(parent_code, '') || '%%'")
        assert stray == []
        units = dict(rows(dsn, "SELECT code, area_path FROM departments"))
        assert units.keys() == profile.units.keys()
        assert all(str(path).endswith(profile.units[code].area) for code, path in units.items())
        lists = rows(dsn, "SELECT v.state, v.source, count(*) FROM duty_versions v JOIN duty_items i ON i.version_id = v.id"
                          " WHERE i.active GROUP BY 1, 2")  # fmt: skip
        assert lists == [("published", "profile", len(profile.duties))]


def test_a_profile_starts_the_server(cluster: Cluster, migrated: str, tmp_path: Path) -> None:
    """Not the default one; the month of each profile is played in tests/scenarios."""
    with (
        cluster.database(migrated) as dsn, serving(dsn, tmp_path, PROFILE="hengyang") as running, running.client() as client
    ):  # fmt: skip
        assert client.get("/readyz").status_code == 200
        shown = client.get("/api/miniprogram/v1/topics")
        assert shown.status_code == 200
        assert all(topic.name in shown.text for topic in load_profile("hengyang").topics.values() if topic.parent)


@pytest.fixture
def seeded(cluster: Cluster, migrated: str, tmp_path: Path) -> Iterator[str]:
    """A profile's database as its first start leaves it."""
    with cluster.database(migrated) as dsn:
        asyncio.run(fill(dsn, tmp_path, "donghekou"))
        yield dsn


def test_diff_and_apply(seeded: str, tmp_path: Path) -> None:
    dsn = seeded
    same = huying(dsn, tmp_path, "diff", "donghekou")
    assert (same.exit_code, same.stdout.strip()) == (0, "文件与数据库一致")
    other = huying(dsn, tmp_path, "diff", "hengyang")
    assert other.exit_code == 2
    assert "PROFILE=hengyang" in other.stdout

    rows(dsn, "UPDATE departments SET name = '老水利局' WHERE code = 'water'")
    rows(dsn, "DELETE FROM departments WHERE code = 'audit'")
    path = "34.3415.341502"
    for unit_id, code in ((stable_id("unit", "closed"), "closed"), (uuid4(), "by_hand")):
        rows(dsn, "INSERT INTO departments (id, code, name, kind, area_code, area_path, phone, active)"
                  " VALUES (%s, %s, %s, 'department', '341502', %s, '', true)", unit_id, code, f"单位 {code}", path)  # fmt: skip
    rows(dsn, "UPDATE duty_items SET lead_code = 'fire' WHERE id = %s", stable_id("duty", "0801-1"))
    rows(dsn, "INSERT INTO duty_items (id, version_id, code, topic, name, lead_code, co_codes, basis, responsibility,"
              " place, areas, active) SELECT %s, version_id, '0801-0', topic, '旧事项', lead_code, co_codes, basis,"
              " responsibility, place, areas, true FROM duty_items WHERE id = %s", uuid4(), stable_id("duty", "0801-1"))  # fmt: skip

    refused = huying(dsn, tmp_path, "apply", "donghekou", answer="n\n")
    assert refused.exit_code == 1
    assert "老水利局 → 区水利局" in refused.stdout
    assert rows(dsn, "SELECT name FROM departments WHERE code = 'water'") == [("老水利局",)]

    applied = huying(dsn, tmp_path, "apply", "donghekou", "--yes")
    assert applied.exit_code == 0, applied.output
    assert "差别(5 项)" in applied.stdout
    found = dict(rows(dsn, "SELECT code, name || active FROM departments WHERE code IN"
                           " ('water', 'audit', 'closed', 'by_hand')"))  # fmt: skip
    assert found == {
        "water": "区水利局true", "audit": "区审计局true", "closed": "单位 closedfalse", "by_hand": "单位 by_handtrue",
    }  # fmt: skip
    newest = "(SELECT id FROM duty_versions ORDER BY id DESC LIMIT 1)"
    assert dict(rows(dsn, "SELECT code, lead_code || active FROM duty_items WHERE code IN ('0801-0', '0801-1')"
                          f" AND version_id = {newest}")) == {"0801-0": "firefalse", "0801-1": "watertrue"}  # fmt: skip
    assert rows(dsn, "SELECT lead_code FROM duty_items WHERE id = %s", stable_id("duty", "0801-1")) == [("fire",)], (
        "a version that was in force stays as it was"
    )
    assert rows(dsn, "SELECT data->>'source' FROM journal WHERE event = 'catalogue.published'") == [("profile",)]
    assert rows(dsn, "SELECT data FROM journal WHERE event = 'profile.applied'") == [
        ({"profile": "donghekou", "unit": 3, "duty": 2, "limit": 0},)
    ]
    assert huying(dsn, tmp_path, "diff", "donghekou").stdout.strip() == "文件与数据库一致"


@pytest.mark.mechanism("000-22")
def test_other_limits_show_what_they_move_before_they_are_applied(seeded: str, tmp_path: Path) -> None:
    dsn = seeded
    accept = "SELECT limit_code FROM deadlines WHERE name = 'accept'"
    rows(dsn, "UPDATE limit_edits SET limits = jsonb_set(limits, '{\"\",HOTLINE_5WD,accept}', '\"3wd\"')")
    with serving(dsn, tmp_path, PROFILE="donghekou") as running:
        said = {"kind": "help", "content": "路灯不亮", "area_code": "341502"}
        filed = running.resident("li").post("/api/miniprogram/v1/appeals", json=said)
        assert filed.status_code == 201, filed.text
    assert rows(dsn, accept) == [("3wd",)], "the database is the truth while the server runs"
    shown = huying(dsn, tmp_path, "diff", "donghekou")
    assert "3wd → 1wd" in shown.stdout, shown.output
    assert "在办工单的期限将变动 1 项" in shown.stdout
    assert rows(dsn, accept) == [("3wd",)]
    applied = huying(dsn, tmp_path, "apply", "donghekou", "--yes")
    assert applied.exit_code == 0, applied.output
    with serving(dsn, tmp_path, PROFILE="donghekou"):
        until(lambda: rows(dsn, accept), lambda found: found == [("1wd",)])
    audit = rows(dsn, "SELECT data->'limits' FROM journal WHERE event = 'deadline.recounted'")
    assert audit == [({"accept": "1wd"},)]
    assert huying(dsn, tmp_path, "diff", "donghekou").stdout.strip() == "文件与数据库一致"


def test_the_rulebook_of_a_place_is_that_of_its_nearest_overlay(tmp_path: Path) -> None:
    _, book = build_rulebook(settings_of(tmp_path, profile="town_campaign"))
    town = book.for_area("34.3411.341125.341125106.341125106200")
    assert (town.name, book.name) == ("乡镇专项治理行动(示例)", "乡镇专项治理(示例县)")
    assert book.for_area("34.3411.341125.341125105") is book
    assert "town_report_line" in book.channels, "the register of channels knows those of every area"


def test_check_and_show(tmp_path: Path) -> None:
    checked = huying("", tmp_path, "check")
    assert checked.exit_code == 0
    assert all(f"通过 {name} " in checked.stdout for name in profile_names())
    unknown = huying("", tmp_path, "check", "atlantis")
    assert unknown.exit_code == 1
    assert "atlantis.toml: 没有这套规则" in unknown.stdout
    town = huying("", tmp_path, "show", "donghekou", "--area", "341502105201").stdout
    assert "东河口镇民呼快应" in town
    assert "网上信箱" in town
    assert "网上信箱" not in huying("", tmp_path, "show", "donghekou").stdout
    assert huying("", tmp_path, "show", "donghekou", "--area", "360781").exit_code == 2
