"""Attacks below HTTP's good manners, on a real socket: smuggling, huge heads, bombs, forged addresses."""

import socket

import httpx
import pytest

from tests.support.cast import DESK, RESIDENT
from tests.support.cluster import Cluster
from tests.support.server import RunningServer, serving


@pytest.fixture(scope="module")
def server(cluster: Cluster, stage: str, tmp_path_factory: pytest.TempPathFactory):
    """A server of its own, for these tests use up its limits."""
    with cluster.database(stage) as dsn, serving(dsn, tmp_path_factory.mktemp("attacked")) as running:
        yield running


HELLO = b"Host: huying.test\r\nContent-Type: application/json\r\n"


def _wire(server: RunningServer, data: bytes, *, wait: float = 5) -> bytes:
    """Everything that comes back until the server is silent or hangs up."""
    url, got = httpx.URL(server.url), b""
    with socket.create_connection((url.host, url.port), timeout=wait) as wire:
        try:
            wire.sendall(data)
            while piece := wire.recv(65536):
                got += piece
                if b"\r\n\r\n" in got and got.count(b"HTTP/1.1 ") > 1:
                    break
        except (TimeoutError, ConnectionError):
            pass
    return got


def _statuses(raw: bytes) -> list[int]:
    return [int(part[:3]) for part in raw.split(b"HTTP/1.1 ")[1:]]


SMUGGLED = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 2\r\nContent-Length: 40\r\n",
        b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length: 2, 40\r\n",
        b"Content-Length: 0x2\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n",
    ],
)
def test_a_body_of_two_lengths_never_hides_a_second_request(server: RunningServer, head: bytes) -> None:
    start = f"POST {RESIDENT}/sessions/guest HTTP/1.1\r\n".encode() + HELLO + head + b"\r\n"
    raw = _wire(server, start + b"{}" + SMUGGLED, wait=2)
    assert b"huying_requests_total" not in raw, raw[:300]
    assert len(_statuses(raw)) <= 1 and not [one for one in _statuses(raw) if one >= 500]


def test_a_huge_head_is_refused_and_the_server_lives_on(server: RunningServer) -> None:
    raw = _wire(server, b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 100_000 + b"\r\n\r\n", wait=3)
    assert not raw or _statuses(raw)[0] in (400, 413, 431), raw[:100]
    raw = _wire(server, b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", wait=3)
    assert not raw or _statuses(raw)[0] in (400, 404, 413, 414, 431), raw[:100]
    assert server.client().get("/healthz").status_code == 200


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"a":' * 100_000, b"1" * 300_000, b'"' + b"\\u0000" * 50_000])
def test_a_bomb_of_json_is_a_plain_problem(server: RunningServer, body: bytes) -> None:
    li = server.resident("bomber")
    answer = li.post(f"{RESIDENT}/appeals", content=body, headers={"Idempotency-Key": "bomb"})
    assert answer.status_code == 422 and answer.headers["content-type"] == "application/problem+json"


def test_a_request_id_of_the_caller_cannot_break_the_head_of_the_answer(server: RunningServer) -> None:
    for name in ("a" * 4000, "x; y", "名字".encode().decode("latin-1")):
        raw = _wire(
            server,
            b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Request-ID: " + name.encode("latin-1") + b"\r\n\r\n",
        )
        assert _statuses(raw) == [200], raw[:200]


def test_a_forged_address_does_not_lift_a_limit(server: RunningServer) -> None:
    """Without a trusted proxy no header says who calls: the limit of guesses holds for the peer."""
    web = server.client()
    statuses = []
    for number in range(75):
        forged = f"10.0.{number}.1"
        headers = {"X-Forwarded-For": forged, "X-Real-IP": forged, "Forwarded": f"for={forged}", "X-Client-IP": forged}
        body = {"number": "SQ360781-2026-000001", "query_code": f"AAAA{number:04d}"}
        statuses.append(web.post(f"{RESIDENT}/appeal-lookups", json=body, headers=headers).status_code)
    assert statuses[-1] == 429 and statuses.count(404) <= 60


def test_a_cross_site_page_gets_no_answer_it_may_read(server: RunningServer) -> None:
    answer = server.client().get(f"{DESK}/me", headers={"Origin": "https://evil.example"})
    assert answer.status_code == 401 and "access-control-allow-origin" not in answer.headers
    assert "set-cookie" not in answer.headers
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
