"""Clients that hang up: their units of work run to the end, the pool stays whole (the 3,000 are in the bench)."""

import random
import socket
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.support.server import RunningServer
from tests.support.waiting import until

ABORTS = 300
_STUCK = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'huying' AND state LIKE 'idle in%'"


def _request(token: str, number: int, host: str) -> bytes:
    body = f'{{"kind":"help","content":"挂断测试{number}","area_code":"360781100001"}}'.encode()
    head = (
        f"POST /api/miniprogram/v1/appeals HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
        f"Idempotency-Key: abort-{number}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def test_hang_ups_leave_no_connection_in_a_transaction(server: RunningServer) -> None:
    parts = urlsplit(server.url)
    token = server.resident("aborter").headers["Authorization"].removeprefix("Bearer ")
    chance = random.Random(11)
    for number in range(ABORTS):
        with socket.create_connection((str(parts.hostname), int(parts.port or 0))) as wire:
            wire.sendall(_request(token, number, parts.netloc))
            wire.settimeout(chance.random() * 0.006 + 0.0001)
            try:
                wire.recv(1)
            except TimeoutError:
                pass
    with server.client(token) as client:
        answer = client.post("/api/miniprogram/v1/appeals", json={"kind": "help", "content": "还在", "area_code": "360781100001"})
    assert answer.status_code == 201
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        # Reactions run beside: one of their transactions may be between two statements, none may stay there.
        until(lambda: connection.execute(_STUCK).fetchone(), lambda found: found == (0,), within=10)
        halves = connection.execute(
            "SELECT count(*) FROM cases c WHERE NOT EXISTS (SELECT 1 FROM appeals a WHERE a.case_id = c.id)"
            " AND c.kind = 'appeal'"
        ).fetchone()
    assert halves == (0,)


@pytest.mark.mechanism("000-06")
def test_a_repeat_after_a_hang_up_finds_the_first_appeal(server: RunningServer) -> None:
    resident = server.resident("repeater")
    body = {"kind": "help", "content": "断线重发", "area_code": "360781100001"}
    first = resident.post("/api/miniprogram/v1/appeals", json=body, headers={"Idempotency-Key": "same"})
    again = resident.post("/api/miniprogram/v1/appeals", json=body, headers={"Idempotency-Key": "same"})
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
