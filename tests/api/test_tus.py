"""Resumable uploads at the worker door, in process: the protocol tus 1.0.0 word for word, and what becomes of the file."""

import hashlib
import os
from io import BytesIO
from uuid import UUID, uuid4

import pytest
from PIL import Image

from domain.sql import execute, fetch
from server.retention import purge
from tests.api.test_grid_events import report
from tests.api.test_grid_visits import visit
from tests.support.cast import DESK, WORKER, Cast
from tests.support.tus import PART, Sending, checksum, metadata, offset_of
from tests.support.uploads import encoded, photo

pytestmark = pytest.mark.anyio
UPLOADS = f"{WORKER}/uploads"
SPOKEN = {"Tus-Resumable": "1.0.0"}


@pytest.fixture(autouse=True)
def friday(cast: Cast, at) -> None:
    at("2026-03-13T16:30")


@pytest.fixture
async def sending(cast: Cast) -> Sending:
    """A photo of the first worker, announced."""
    made = Sending(await cast.worker(), noisy_photo())
    assert (await made.create()).status_code == 201
    return made


def noisy_photo() -> bytes:
    """A photo of a few kilobytes that no other test has."""
    return encoded(Image.frombytes("RGB", (40, 40), os.urandom(4800)), "PNG")


async def test_the_server_says_what_it_can_do_before_anybody_signs_in(cast: Cast) -> None:
    answer = await cast.anybody().request("OPTIONS", UPLOADS)
    assert (answer.status_code, answer.content) == (204, b"")
    found = {name: answer.headers[name] for name in ("Tus-Resumable", "Tus-Version", "Tus-Extension", "Tus-Max-Size")}
    assert found == {
        "Tus-Resumable": "1.0.0", "Tus-Version": "1.0.0", "Tus-Max-Size": str(50 * 1024 * 1024),
        "Tus-Extension": "creation,expiration,checksum,termination",
    }  # fmt: skip
    assert answer.headers["Tus-Checksum-Algorithm"] == "sha1,sha256"


async def test_a_photo_in_three_parts_becomes_the_attachment_of_its_own_id(sending: Sending) -> None:
    data, third = sending.data, len(sending.data) // 3
    for start, end in ((0, third), (third, 2 * third), (2 * third, len(data))):
        answer = await sending.patch(start, data[start:end])
        assert (answer.status_code, offset_of(answer)) == (204, end), answer.text
        assert answer.headers["Tus-Resumable"] == "1.0.0"
    case = await report(sending.client, attachment_ids=[sending.id])
    shown = (await sending.client.get(f"{WORKER}/cases/{case['id']}")).json()["attachments"]
    assert [each["id"] for each in shown] == [sending.id]
    picture = await sending.client.get(f"{WORKER}/attachments/{sending.id}")
    assert Image.open(BytesIO(picture.content)).size == (40, 40)


async def test_creation_says_where_the_parts_go_and_until_when(cast: Cast) -> None:
    sending = Sending(await cast.worker(), photo())
    answer = await sending.create()
    assert answer.headers["Location"] == sending.url
    assert answer.headers["Upload-Expires"].endswith("GMT")
    told = await sending.head()
    assert (told.status_code, told.content) == (200, b"")
    assert (offset_of(told), told.headers["Upload-Length"]) == (0, str(len(sending.data)))
    assert told.headers["Upload-Metadata"] == sending.creation["Upload-Metadata"]
    assert told.headers["Cache-Control"] == "no-store"


async def test_announced_again_it_is_the_same_upload_and_never_another_one(cast: Cast, sending: Sending) -> None:
    await sending.patch(0, sending.data[:100])
    again = await sending.create()
    assert (again.status_code, offset_of(again), again.headers["Location"]) == (201, 100, sending.url)
    other = Sending(sending.client, sending.data + b"x", sending.id)
    refused = await other.create()
    assert (refused.status_code, refused.json()["code"]) == (409, "same-id-other-content")
    stranger = Sending(await cast.worker("13800000002"), sending.data, sending.id)
    assert (await stranger.create()).status_code == 409


async def test_a_finished_photo_never_changes(sending: Sending) -> None:
    await sending.patch(0, sending.data)
    kept = (await sending.client.get(f"{WORKER}/attachments/{sending.id}")).content
    assert (await sending.patch(0, sending.data)).json()["code"] == "offset-mismatch"
    assert (await sending.patch(len(sending.data), b"more")).status_code == 413
    other = bytes(len(sending.data))
    assert (await Sending(sending.client, other, sending.id).create()).status_code == 409
    assert offset_of(await sending.create()) == len(sending.data)
    await execute("DELETE FROM uploads WHERE id = $1", [sending.id])  # past its time
    assert (await Sending(sending.client, other, sending.id).create()).status_code == 409
    assert offset_of(await sending.create()) == len(sending.data)
    assert (await sending.client.get(f"{WORKER}/attachments/{sending.id}")).content == kept


async def test_a_part_that_was_damaged_on_the_way_is_not_kept(sending: Sending) -> None:
    data = sending.data
    refused = await sending.patch(0, data[:200], **{"Upload-Checksum": checksum(data[:201])})
    assert (refused.status_code, refused.json()["code"]) == (460, "checksum-mismatch")
    assert offset_of(await sending.head()) == 0
    for algorithm in ("sha1", "sha256"):
        start = offset_of(await sending.head())
        part = data[start : start + 200]
        assert (await sending.patch(start, part, **{"Upload-Checksum": checksum(part, algorithm)})).status_code == 204
    for odd in ("md5 1B2M2Y8AsgTpgAmY7PhCfg==", "sha1 ***"):
        assert (await sending.patch(400, data[400:], **{"Upload-Checksum": odd})).status_code == 400
    assert offset_of(await sending.head()) == 400


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Tus-Resumable": "0.2.2"}, 412, "tus-version-unsupported"),
        ({"Content-Type": "application/octet-stream"}, 415, "unsupported-media-type"),
        ({"Upload-Offset": "7"}, 409, "offset-mismatch"),
        ({"Upload-Offset": "-1"}, 422, "invalid-fields"),
        ({"Upload-Offset": ""}, 422, "invalid-fields"),
    ],
)
async def test_a_part_out_of_order_changes_nothing(sending: Sending, headers, status: int, code: str) -> None:
    answer = await sending.patch(0, sending.data, **headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert offset_of(await sending.head()) == 0


async def test_more_than_announced_is_refused(sending: Sending) -> None:
    assert (await sending.patch(0, sending.data + b"x")).status_code == 413

    async def unannounced():
        yield sending.data
        yield b"x"

    assert (await sending.patch(0, unannounced())).status_code == 413
    assert offset_of(await sending.head()) <= len(sending.data)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 422),
        ({"Upload-Length": "many"}, 422),
        ({"Upload-Length": "0"}, 422),
        ({"Upload-Length": str(50 * 1024 * 1024 + 1)}, 413),
        ({"Upload-Length": "9", "Upload-Metadata": "filename ***"}, 422),
        ({"Upload-Length": "9", "Upload-Metadata": metadata(attachment_id="seven")}, 422),
        ({"Upload-Length": "9", "Upload-Metadata": metadata(sha256="abc")}, 422),
        ({"Upload-Length": "9", "Upload-Metadata": "x " + "A" * 2000}, 422),
        ({"Upload-Length": "9", "Tus-Resumable": "2.0.0"}, 412),
    ],
)
async def test_odd_announcements_begin_nothing(cast: Cast, headers: dict[str, str], status: int) -> None:
    answer = await (await cast.worker()).post(UPLOADS, headers={**SPOKEN, **headers})
    assert answer.status_code == status, answer.text
    assert await fetch("SELECT id FROM uploads") == []


async def test_without_metadata_the_server_chooses_the_id(cast: Cast) -> None:
    worker, data = await cast.worker(), photo()
    made = await worker.post(UPLOADS, headers={**SPOKEN, "Upload-Length": str(len(data))})
    headers = {**PART, "Upload-Offset": "0"}
    assert (await worker.patch(made.headers["Location"], content=data, headers=headers)).status_code == 204
    assert (await worker.get(f"{WORKER}/attachments/{made.json()['id']}")).status_code == 200


async def test_what_is_no_photo_is_refused_with_the_last_part_and_ever_after(cast: Cast) -> None:
    sending = Sending(await cast.worker(), b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    await sending.create()
    assert (await sending.patch(0, sending.data[:9])).status_code == 204
    refused = await sending.patch(9, sending.data[9:])
    assert (refused.status_code, refused.json()["reason"]) == (422, "file-type-refused")
    assert (await sending.head()).status_code == 422
    assert (await sending.create()).json()["reason"] == "file-type-refused"
    assert (await sending.delete()).status_code == 204
    better = Sending(sending.client, photo(), sending.id)
    assert (await better.create()).status_code == 201
    assert (await better.patch(0, better.data)).status_code == 204


async def test_a_file_that_is_not_what_was_promised_is_refused(cast: Cast) -> None:
    sending = Sending(await cast.worker(), photo())
    await sending.create()
    other = bytearray(sending.data)
    other[-3] ^= 1
    refused = await sending.patch(0, bytes(other))
    assert (refused.status_code, refused.json()["reason"]) == (422, "checksum-mismatch")


async def test_a_mini_program_says_patch_head_and_delete_by_post(sending: Sending) -> None:
    worker, data = sending.client, sending.data

    async def said(method: str, content: bytes = b"", **headers: str):
        headers = {**SPOKEN, "X-HTTP-Method-Override": method, **headers}
        return await worker.post(sending.url, content=content, headers=headers)

    part = {"Content-Type": PART["Content-Type"], "Upload-Offset": "0"}
    assert (await said("PATCH", data[:50], **part)).status_code == 204
    told = await said("HEAD")
    assert (told.status_code, offset_of(told)) == (200, 50)
    assert (await said("PATCH", data[50:], **{**part, "Upload-Offset": "50"})).status_code == 204
    assert (await worker.get(f"{WORKER}/attachments/{sending.id}")).status_code == 200
    assert (await said("DELETE")).status_code == 204
    assert (await worker.get(f"{WORKER}/attachments/{sending.id}")).status_code == 404
    assert (await said("TRACE")).status_code == 405


async def test_a_cancelled_upload_is_gone_with_its_bytes_unless_it_is_used(cast: Cast, sending: Sending) -> None:
    await sending.patch(0, sending.data[:100])
    parts = cast.app.ctx.services.parts
    assert await parts.exists(UUID(sending.id))
    assert (await sending.delete()).status_code == 204
    assert not await parts.exists(UUID(sending.id))
    assert (await sending.head()).status_code == 404
    await sending.create()
    await sending.patch(0, sending.data)
    await report(sending.client, attachment_ids=[sending.id])
    assert (await sending.delete()).status_code == 403


async def test_an_expired_upload_begins_anew_under_its_id(sending: Sending) -> None:
    await sending.patch(0, sending.data[:100])
    await execute("UPDATE uploads SET expires_at = now() - interval '1 second' WHERE id = $1", [sending.id])
    assert (await sending.head()).status_code == 410
    assert (await sending.patch(100, sending.data[100:])).status_code == 410
    assert offset_of(await sending.create()) == 0
    assert (await sending.patch(0, sending.data)).status_code == 204


async def test_an_upload_whose_part_was_lost_begins_anew(cast: Cast, sending: Sending) -> None:
    """After a restore from a backup the row may know more than the disk."""
    await sending.patch(0, sending.data[:100])
    await cast.app.ctx.services.parts.delete(UUID(sending.id))
    assert (await sending.patch(100, sending.data[100:])).status_code == 410
    assert offset_of(await sending.create()) == 0
    assert (await sending.patch(0, sending.data)).status_code == 204


async def test_nobody_else_sees_or_touches_an_upload(cast: Cast, sending: Sending) -> None:
    other = Sending(await cast.worker("13800000002"), sending.data, sending.id)
    for answer in (await other.head(), await other.patch(0, other.data), await other.delete()):
        assert answer.status_code == 404
    odd = Sending(sending.client, sending.data, "seven")
    assert (await odd.head()).status_code == 404
    missing = Sending(sending.client, sending.data, str(uuid4()))
    assert (await missing.patch(0, b"x")).status_code == 404
    nobody = Sending(cast.anybody(), sending.data)
    assert (await nobody.create()).status_code == 401


async def test_two_of_three_photos_received_is_visible_and_nothing_waits(cast: Cast) -> None:
    worker = await cast.worker()
    sendings = [Sending(worker, noisy_photo()) for _ in range(3)]
    for each in sendings:
        await each.create()
    await sendings[0].patch(0, sendings[0].data)
    case = await report(worker, attachment_ids=[each.id for each in sendings])
    place = f"{WORKER}/cases/{case['id']}"

    async def counted() -> tuple[int, list[str]]:
        shown = (await worker.get(place)).json()
        return len(shown["attachments"]), shown["attachments_pending"]

    assert await counted() == (1, sorted(each.id for each in sendings[1:]))
    await sendings[2].patch(0, sendings[2].data)
    assert await counted() == (2, [sendings[1].id])
    officer = (await (await cast.staff("dispatcher")).get(f"{DESK}/cases/{case['id']}")).json()
    assert (len(officer["attachments"]), officer["attachments_pending"]) == (2, [sendings[1].id])
    await sendings[1].patch(0, sendings[1].data)
    assert await counted() == (3, [])
    again = await report(worker, expect=422, attachment_ids=[sendings[1].id])
    assert again["code"] == "unknown-attachment"


async def test_a_visit_shows_the_photo_that_is_still_on_its_way(cast: Cast, sending: Sending) -> None:
    made = await sending.client.post(f"{WORKER}/visits", json=visit(attachment_ids=[sending.id]))
    assert made.status_code == 201, made.text

    async def shown() -> tuple[list[str], list[str]]:
        first = (await sending.client.get(f"{WORKER}/visits")).json()["items"][0]
        return first["attachment_ids"], first["attachments_pending"]

    assert await shown() == ([], [sending.id])
    await sending.patch(0, sending.data)
    assert await shown() == ([sending.id], [])


async def test_a_photo_on_its_way_belongs_to_one_report_and_to_its_sender(cast: Cast, sending: Sending) -> None:
    other = await cast.worker("13800000002")
    stolen = await report(other, expect=422, grid_code="360781100002001", attachment_ids=[sending.id])
    assert stolen["code"] == "unknown-attachment"
    await report(sending.client, attachment_ids=[sending.id])
    twice = await report(sending.client, expect=422, attachment_ids=[sending.id])
    assert twice["code"] == "unknown-attachment"


async def test_the_attachment_knows_the_hash_of_what_was_sent(sending: Sending) -> None:
    await sending.patch(0, sending.data)
    rows = await fetch("SELECT sha256 FROM attachments WHERE id = $1", [sending.id])
    assert rows == [{"sha256": hashlib.sha256(sending.data).hexdigest()}]


async def test_the_one_part_upload_takes_the_phones_own_id_too(cast: Cast, sending: Sending) -> None:
    case = await report(sending.client, attachment_ids=[sending.id])

    async def simple(data: bytes, own_id: str = sending.id):
        files = {"file": ("p.png", data, "image/png")}
        return await sending.client.post(f"{UPLOADS}/simple", files=files, data={"attachment_id": own_id})

    first, again = await simple(sending.data), await simple(sending.data)
    assert (first.status_code, first.json()["id"], again.json()) == (201, sending.id, first.json())
    assert (await simple(noisy_photo())).json()["code"] == "same-id-other-content"
    assert (await simple(sending.data, "seven")).status_code == 422
    shown = (await sending.client.get(f"{WORKER}/cases/{case['id']}")).json()
    assert ([each["id"] for each in shown["attachments"]], shown["attachments_pending"]) == ([sending.id], [])
    assert (await sending.patch(0, sending.data)).status_code == 204  # the same bytes, once more: no second file
    rows = await fetch("SELECT count(*) AS n FROM attachments WHERE id = $1", [sending.id])
    assert rows == [{"n": 1}]


async def test_uploads_past_their_time_go_with_their_bytes(cast: Cast, sending: Sending) -> None:
    services = cast.app.ctx.services
    other = Sending(sending.client, noisy_photo())
    for each in (sending, other):
        await each.create()
        await each.patch(0, each.data[:50])
    await execute("UPDATE uploads SET expires_at = now() - interval '1 second' WHERE id = $1", [sending.id])
    assert (await purge(services, dry_run=True))["断点续传"] == 1
    await purge(services, dry_run=False)
    assert await services.parts.exists(UUID(other.id))
    assert not await services.parts.exists(UUID(sending.id))
    assert (await sending.head()).status_code == 404
    assert offset_of(await other.head()) == 50
