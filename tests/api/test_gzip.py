"""Phones pay for bytes: gzip on the way in, unpacked up to a limit and no further, and on the way out for big JSON."""

import gzip
import zlib
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest

from domain.sql import fetch
from server.app import BODY_LIMIT
from tests.api.test_sync_push import visit
from tests.support.cast import DESK, RESIDENT, WORKER, Cast
from tests.support.server import RunningServer
from tests.support.uploads import photo

pytestmark = pytest.mark.anyio

SYNC = f"{WORKER}/sync"
PLAIN = {"Accept-Encoding": "identity"}


def envelope(*items: dict[str, Any]) -> bytes:
    return msgspec.json.encode({"device_id": str(uuid4()), "items": items})


async def send(who: httpx.AsyncClient, body: bytes, encoding: str = "gzip", path: str = SYNC) -> httpx.Response:
    headers = {"Content-Encoding": encoding, "Content-Type": "application/json"}
    return await who.post(path, content=body, headers=headers)


async def test_a_packed_push_is_taken_like_a_plain_one(cast: Cast) -> None:
    worker, items = await cast.worker(), [visit(n) for n in range(1, 4)]
    packed = gzip.compress(envelope(*items))
    for body in (packed, gzip.compress(envelope(items[0])[:50]) + gzip.compress(envelope(items[0])[50:])):
        answer = await send(worker, body)
        assert answer.status_code == 200, answer.text
    assert (await fetch("SELECT count(*) AS n FROM sync_items"))[0]["n"] == 3
    assert (await send(worker, envelope(), "identity")).status_code == 200


@pytest.mark.parametrize(
    "body",
    [b"no gzip", gzip.compress(envelope())[:-9], gzip.compress(envelope()) + b"tail", zlib.compress(envelope()),
     gzip.compress(b"x" * 100)[:30] + b"\xff" * 40],
    ids=("plain", "cut", "tail", "zlib", "spoilt"),  # the bytes differ in every process
)  # fmt: skip
async def test_what_is_no_whole_gzip_is_400(cast: Cast, body: bytes) -> None:
    answer = await send(await cast.worker(), body)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-encoding")


async def test_another_encoding_is_400_and_packed_nonsense_422(cast: Cast) -> None:
    worker = await cast.worker()
    for encoding in ("br", "deflate", "gzip, gzip", "x" * 300):
        answer = await send(worker, envelope(), encoding)
        assert (answer.status_code, answer.json()["code"]) == (400, "bad-encoding")
    assert (await send(worker, gzip.compress(b"{"))).json()["code"] == "malformed-body"


async def test_a_bomb_is_413_and_unpacked_no_further_than_the_limit(cast: Cast) -> None:
    bomb = gzip.compress(b"\0" * (50 * BODY_LIMIT), 9)
    assert len(bomb) < BODY_LIMIT
    for body in (bomb, gzip.compress(b" " * (BODY_LIMIT + 1)), gzip.compress(b" " * BODY_LIMIT) * 2):
        answer = await send(await cast.worker(), body)
        assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")


async def test_a_batch_over_one_mebibyte_is_413_however_small_it_was_packed(cast: Cast) -> None:
    fat = visit(1)
    fat["body"]["note"] = "x" * (1024 * 1024)
    packed = gzip.compress(envelope(fat))
    assert len(packed) < 10_000
    assert (await send(await cast.worker(), packed)).status_code == 413


async def test_a_packed_and_a_plain_body_under_one_key_are_the_same_request(cast: Cast) -> None:
    li = await cast.resident("li")
    body = msgspec.json.encode({"kind": "help", "content": "路灯坏了", "area_code": "360781100001"})
    headers = {"Idempotency-Key": "k1", "Content-Type": "application/json"}
    first = await li.post(f"{RESIDENT}/appeals", content=body, headers=headers)
    packed = {**headers, "Content-Encoding": "gzip"}
    again = await li.post(f"{RESIDENT}/appeals", content=gzip.compress(body), headers=packed)
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert again.headers["idempotency-replayed"] == "true"


async def test_big_json_is_packed_when_asked_for(cast: Cast) -> None:
    visitor = cast.anybody()
    packed = await visitor.get("/openapi.json", headers={"Accept-Encoding": "br, gzip;q=0.5"})
    plain = await visitor.get("/openapi.json", headers=PLAIN)
    assert (packed.headers["content-encoding"], packed.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert "content-encoding" not in plain.headers
    assert plain.headers["vary"] == "Accept-Encoding"
    assert packed.json() == plain.json()
    assert packed.num_bytes_downloaded * 5 < plain.num_bytes_downloaded
    for header in ("", "br", "gzip;q=0", "gzip;q=0.000, *", "*;q=0"):
        answer = await visitor.get("/openapi.json", headers={"Accept-Encoding": header})
        assert "content-encoding" not in answer.headers, header
    assert (await visitor.get("/openapi.json", headers={"Accept-Encoding": "*"})).headers["content-encoding"] == "gzip"


async def test_a_pull_is_packed_and_small_answers_and_photos_are_not(cast: Cast) -> None:
    worker = await cast.worker()
    pulled = await send(worker, gzip.compress(envelope()))
    assert pulled.headers["content-encoding"] == "gzip"
    assert len(pulled.json()["changes"]) == 3
    assert "content-encoding" not in (await worker.get(f"{WORKER}/home")).headers
    stored = await worker.post(f"{WORKER}/uploads/simple", files={"file": ("a.jpg", photo())})
    shown = await worker.get(f"{WORKER}/attachments/{stored.json()['id']}")
    assert (shown.status_code, "content-encoding" in shown.headers) == (200, False)


async def test_a_packed_upload_is_judged_as_it_came(cast: Cast) -> None:
    """An upload is no JSON: what is packed there is no photo, and nothing is unpacked."""
    worker = await cast.worker()
    packed = {"file": ("a.jpg", gzip.compress(photo()))}
    assert (await worker.post(f"{WORKER}/uploads/simple", files=packed)).status_code == 422


async def test_nothing_is_unpacked_for_a_stranger(cast: Cast) -> None:
    assert (await send(cast.anybody(), b"no gzip")).status_code == 401
    assert (await send(await cast.worker(), b"no gzip", path=f"{DESK}/cases")).status_code == 403


def test_over_a_real_socket_too(server: RunningServer) -> None:
    """The length that is said is the length that is sent, and HEAD says the same."""
    with server.client() as visitor, server.resident("packer") as li:
        for accept, packed in (("gzip", True), ("identity", False)):
            got, head = (visitor.request(method, "/openapi.json", headers={"Accept-Encoding": accept}) for method in ("GET", "HEAD"))
            assert (got.headers.get("content-encoding") == "gzip", got.json()["openapi"]) == (packed, "3.1.0")
            assert int(got.headers["content-length"]) == got.num_bytes_downloaded == int(head.headers["content-length"])
        body = gzip.compress(msgspec.json.encode({"kind": "help", "content": "路灯坏了", "area_code": "360781100001"}))
        filed = li.post(f"{RESIDENT}/appeals", content=body, headers={"Content-Encoding": "gzip"})
        assert filed.status_code == 201, filed.text
        bomb = gzip.compress(b" " * (50 * BODY_LIMIT), 9)
        assert li.post(f"{RESIDENT}/appeals", content=bomb, headers={"Content-Encoding": "gzip"}).status_code == 413
