"""What goes wrong with uploads in the field: broken lines, killed servers, full disks, impatient phones. Real sockets."""

import random
import resource
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Barrier

import httpx
import psutil
import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support.cast import WORKER
from tests.support.cluster import Cluster
from tests.support.loopback import NO_TLS
from tests.support.server import RunningServer, serving
from tests.support.tus import PART, Sending, offset_of, recording, signed_in
from tests.support.waiting import until

CHECKPOINT = 1024 * 1024


@pytest.fixture
def phone(server: RunningServer) -> httpx.Client:
    return signed_in(server)


def created(phone: httpx.Client, data: bytes) -> Sending:
    sending = Sending(phone, data)
    assert sending.create().status_code == 201
    return sending


def arrived(sending: Sending) -> bool:
    return bool(sending.client.get(f"{WORKER}/attachments/{sending.id}").content == sending.data)


def half_sent(sending: Sending, offset: int, sent: bytes) -> socket.socket:
    """An open connection over which a part has been announced and has come so far."""
    base = sending.client.base_url
    headers = {
        "Host": base.netloc.decode(), "Authorization": sending.client.headers["Authorization"], **PART,
        "Upload-Offset": str(offset), "Content-Length": str(len(sending.data) - offset),
    }  # fmt: skip
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    wire = socket.create_connection((str(base.host), int(base.port or 0)))
    wire.sendall(f"PATCH {sending.url} HTTP/1.1\r\n{head}\r\n".encode() + sent)
    return wire


def test_a_broken_line_keeps_what_arrived(phone: httpx.Client) -> None:
    sending = created(phone, recording(600_000, 1))
    with half_sent(sending, 0, sending.data[:123_457]):
        pass
    until(lambda: offset_of(sending.head()), lambda offset: offset == 123_457)
    assert sending.patch(123_457, sending.data[123_457:]).status_code == 204
    assert arrived(sending)


def test_lines_that_break_at_any_moment_leave_no_upload_locked(phone: httpx.Client) -> None:
    sending, chance = created(phone, recording(90_000, 8)), random.Random(8)
    for _ in range(60):
        offset = offset_of(sending.head())
        end = offset + chance.randrange(2000)
        with half_sent(sending, offset, sending.data[offset:end]) as wire:
            wire.settimeout(chance.random() * 0.004 + 0.0001)
            with suppress(TimeoutError):
                wire.recv(1)
    finish(sending)
    assert arrived(sending)


def finish(sending: Sending) -> None:
    """Send the rest, again while an earlier line is still being wound up."""

    def rest() -> int:
        offset = offset_of(sending.head())
        return int(sending.patch(offset, sending.data[offset:]).status_code)

    until(rest, lambda status: status == 204)


def test_while_one_line_sends_another_is_told_to_wait(phone: httpx.Client) -> None:
    sending = created(phone, recording(3_000_000, 2))
    with half_sent(sending, 0, sending.data[:2_500_000]):
        until(lambda: offset_of(sending.head()), lambda offset: offset >= CHECKPOINT)
        offset = offset_of(sending.head())
        refused = sending.patch(offset, sending.data[offset:])
        assert (refused.status_code, refused.json()["code"]) == (423, "upload-busy")
        assert refused.headers["Retry-After"] == "1"
    until(lambda: offset_of(sending.head()), lambda offset: offset == 2_500_000)
    assert sending.patch(2_500_000, sending.data[2_500_000:]).status_code == 204
    assert arrived(sending)


@pytest.mark.parametrize("round_", range(8))
def test_of_five_parts_at_once_one_is_taken(server: RunningServer, phone: httpx.Client, round_: int) -> None:
    rivals = [recording(200_000, 100 * round_ + number) for number in range(5)]
    sending = Sending(phone, rivals[0])
    headers = {name: value for name, value in sending.creation.items() if name != "Upload-Metadata"}
    made = phone.post(f"{WORKER}/uploads", headers=headers)
    ready = Barrier(len(rivals))

    def send(data: bytes) -> int:
        with httpx.Client(verify=NO_TLS, base_url=server.url, headers=phone.headers, timeout=20) as client:
            ready.wait()
            headers = {**PART, "Upload-Offset": "0"}
            return client.patch(made.headers["Location"], content=data[:150_000], headers=headers).status_code

    with ThreadPoolExecutor(len(rivals)) as pool:
        found = list(pool.map(send, rivals))
    assert sorted(set(found)) in ([204, 409], [204, 423], [204, 409, 423])
    assert found.count(204) == 1
    winner = Sending(phone, rivals[found.index(204)], made.json()["id"])
    assert offset_of(winner.head()) == 150_000
    assert winner.patch(150_000, winner.data[150_000:]).status_code == 204
    assert arrived(winner)


def test_a_killed_server_counts_only_what_is_safe_and_goes_on(cluster: Cluster, stage: str, tmp_path: Path) -> None:
    data = recording(4_000_000, 3)
    with cluster.database(stage) as dsn:
        with serving(dsn, tmp_path / "data") as first:
            sending = created(signed_in(first), data)
            assert sending.patch(0, data[:300_000]).status_code == 204
            with half_sent(sending, 300_000, data[300_000:2_900_000]):
                until(lambda: offset_of(sending.head()), lambda offset: offset >= 300_000 + CHECKPOINT)
                first.process.kill()
                first.process.wait(10)
        with serving(dsn, tmp_path / "data") as second:
            again = Sending(signed_in(second), data, sending.id)
            offset = offset_of(again.head())
            assert 300_000 + CHECKPOINT <= offset <= 2_900_000
            assert again.patch(offset, data[offset:]).status_code == 204
            assert arrived(again)


@pytest.fixture(scope="module")
def own_server(cluster: Cluster, stage: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with cluster.database(stage) as dsn, serving(dsn, tmp_path_factory.mktemp("own")) as running:
        yield running


def test_a_server_killed_before_the_last_word_finishes_when_asked(own_server: RunningServer) -> None:
    """All bytes are safe, the attachment is not yet written: the phone that asks how far it is gets it finished."""
    data = recording(300_000, 4)
    sending = created(signed_in(own_server), data)
    assert sending.patch(0, data[:-1]).status_code == 204
    part = own_server.log.parent / "files" / "parts" / sending.id.replace("-", "")
    with part.open("ab") as file:
        file.write(data[-1:])
    with psycopg.connect(own_server.dsn) as connection:
        connection.execute("UPDATE uploads SET stored = length WHERE id = %s", [sending.id])
    assert offset_of(sending.head()) == len(data)
    assert arrived(sending)
    assert not part.exists()


def test_a_full_disk_is_said_and_moves_nothing(own_server: RunningServer) -> None:
    """The kernel refuses to let files grow beyond a limit; the server meets it as it meets a full disk."""
    sending = created(signed_in(own_server), recording(900_000, 6))
    assert sending.patch(0, sending.data[:300_000]).status_code == 204
    process = psutil.Process(own_server.process.pid)
    process.rlimit(psutil.RLIMIT_FSIZE, (500_000, resource.RLIM_INFINITY))
    full = sending.patch(300_000, sending.data[300_000:])
    assert (full.status_code, full.json()["code"]) == (507, "storage-full")
    assert offset_of(sending.head()) == 300_000
    process.rlimit(psutil.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert sending.patch(300_000, sending.data[300_000:]).status_code == 204
    assert arrived(sending)


PARTS = st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 2500)), min_size=1, max_size=12)


@settings(max_examples=25, deadline=None, phases=(Phase.explicit, Phase.generate), derandomize=True,
          suppress_health_check=list(HealthCheck))  # fmt: skip
@given(parts=PARTS, seed=st.integers(0, 10_000))
def test_parts_in_any_order_and_number_leave_a_monotone_offset_and_equal_bytes(
    server: RunningServer, phones: httpx.Client, parts: list[tuple[int, int]], seed: int
) -> None:
    sending = created(phones, recording(4000, seed))
    offset, total = 0, len(sending.data)
    for start, length in [*parts, *((start, total) for start, _ in parts)]:
        at = offset if start % 3 else min(start, total)  # every third part comes from anywhere
        data = sending.data[at : at + length]
        answer = sending.patch(at, data)
        assert answer.status_code == (204 if at == offset else 409), answer.text
        offset += len(data) if at == offset else 0
        assert offset_of(sending.head()) == offset
    assert sending.patch(offset, sending.data[offset:]).status_code == 204
    assert arrived(sending)


@pytest.fixture(scope="module")
def phones(server: RunningServer) -> httpx.Client:
    return signed_in(server)
