"""The same request again: one effect, the first answer; on a real server with commits between the requests."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import psycopg

from tests.support import uploads as made
from tests.support.server import RunningServer

RESIDENT = "/api/miniprogram/v1"
BODY = {"kind": "help", "content": "村口路灯坏了"}


def file_appeal(who: httpx.Client, key: str, **changes: Any) -> httpx.Response:
    return who.post(f"{RESIDENT}/appeals", json={**BODY, **changes}, headers={"Idempotency-Key": key})


def filed_by(who: httpx.Client) -> int:
    return len(who.get(f"{RESIDENT}/appeals", params={"limit": 100}).json()["items"])


def test_the_same_request_twice_is_one_appeal(server: RunningServer) -> None:
    with server.resident("twice") as li:
        key = str(uuid4())
        first, again = file_appeal(li, key), file_appeal(li, key)
        assert (first.status_code, again.status_code) == (201, 201)
        assert again.content == first.content
        assert again.headers["idempotency-replayed"] == "true"
        assert "idempotency-replayed" not in first.headers
        spaced = li.post(
            f"{RESIDENT}/appeals", content=b'{ "content":"\xe6\x9d\x91\xe5\x8f\xa3\xe8\xb7\xaf\xe7\x81\xaf\xe5\x9d\x8f'
            b'\xe4\xba\x86",  "kind":"help" }', headers={"Idempotency-Key": key},
        )  # fmt: skip
        assert spaced.content == first.content
        assert filed_by(li) == 1


def test_another_body_under_the_same_key_is_refused(server: RunningServer) -> None:
    with server.resident("other-body") as li:
        assert file_appeal(li, "k1").status_code == 201
        answer = file_appeal(li, "k1", content="别的事")
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")
        assert filed_by(li) == 1


def test_keys_belong_to_their_caller(server: RunningServer) -> None:
    with server.resident("owner-a") as a, server.resident("owner-b") as b:
        assert file_appeal(a, "same").json()["id"] != file_appeal(b, "same").json()["id"]


def test_five_at_once_are_one_appeal(server: RunningServer) -> None:
    with server.resident("five") as li, ThreadPoolExecutor(5) as pool:
        for _ in range(4):
            key = str(uuid4())
            answers = list(pool.map(lambda _, key=key: file_appeal(li, key), range(5)))  # type: ignore[misc]
            done = [answer for answer in answers if answer.status_code == 201]
            busy = [answer for answer in answers if answer.status_code == 409]
            assert len(done) + len(busy) == 5
            assert done
            assert {answer.json()["code"] for answer in busy} <= {"still-running"}
            assert all(int(answer.headers["retry-after"]) > 0 for answer in busy)
            assert len({answer.json()["id"] for answer in done}) == 1
            assert sum("idempotency-replayed" not in answer.headers for answer in done) == 1
        assert filed_by(li) == 4


def test_five_uploads_at_once_are_one_file(server: RunningServer) -> None:
    with server.resident("uploads") as li, ThreadPoolExecutor(5) as pool:
        photo = made.photo((640, 480))

        def send(_: int) -> httpx.Response:
            return li.post(
                f"{RESIDENT}/attachments", files={"file": ("a.jpg", photo)}, headers={"Idempotency-Key": "photo"}
            )

        done = [answer for answer in pool.map(send, range(5)) if answer.status_code == 201]
        assert len({answer.json()["id"] for answer in done}) == 1
        found = li.get(f"{RESIDENT}/attachments/{done[0].json()['id']}")
        assert len(found.content) == done[0].json()["bytes"]
        assert len(li.get(f"{RESIDENT}/me/data").json()["attachments"]) == 1


def test_a_refused_request_keeps_nothing_under_its_key(server: RunningServer) -> None:
    with server.resident("refused") as li:
        assert file_appeal(li, "later", content=" ").json()["code"] == "empty-appeal"
        assert file_appeal(li, "later").status_code == 201
        assert filed_by(li) == 1


def test_a_key_that_is_none_is_refused(server: RunningServer) -> None:
    with server.resident("keys") as li:
        answer = file_appeal(li, "k" * 129)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "Idempotency-Key")
        assert filed_by(li) == 0


def test_no_number_is_given_twice_and_every_fact_is_chained(server: RunningServer) -> None:
    with server.resident("chain") as li, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: file_appeal(li, f"chain-{n}"), range(24)))
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.json()["number"] for answer in answers}) == 24
    with psycopg.connect(server.dsn) as connection:
        gaps = connection.execute(
            "SELECT count(*) FROM journal_heads h WHERE h.n <> (SELECT count(*) FROM journal j WHERE j.area = h.area)"
        ).fetchone()
    assert gaps == (0,)
