"""Photos at the worker door: taken in like everywhere, seen by those who see the case."""

from io import BytesIO
from uuid import uuid4

import httpx
import pytest
from PIL import Image

from tests.api.test_grid_events import report
from tests.support.cast import WORKER, Cast
from tests.support.uploads import SECRET_MAKE, photo, photo_lying_with_place, zipped

pytestmark = pytest.mark.anyio


async def upload(who: httpx.AsyncClient, data: bytes, expect: int = 201, name: str = "p.jpg", key: str = "") -> str:
    headers = {"Idempotency-Key": key} if key else {}
    answer = await who.post(f"{WORKER}/uploads/simple", files={"file": (name, data, "image/jpeg")}, headers=headers)
    assert answer.status_code == expect, answer.text
    return str(answer.json().get("id", ""))


@pytest.fixture(autouse=True)
def friday(cast: Cast, at) -> None:
    at("2026-03-13T16:30")


async def test_a_photo_comes_back_upright_and_without_its_place(cast: Cast) -> None:
    worker = await cast.worker()
    file_id = await upload(worker, photo_lying_with_place())
    case = await report(worker, attachment_ids=[file_id])
    shown = (await worker.get(f"{WORKER}/cases/{case['id']}")).json()["attachments"]
    assert [(each["id"], each["width"], each["height"]) for each in shown] == [(file_id, 80, 120)]
    answer = await worker.get(f"{WORKER}/attachments/{file_id}")
    assert answer.headers["content-type"] == "image/jpeg"
    assert Image.open(BytesIO(answer.content)).size == (80, 120)
    assert SECRET_MAKE.encode() not in answer.content
    small = await worker.get(f"{WORKER}/attachments/{file_id}", params={"size": "thumbnail"})
    assert small.status_code == 200
    piece = await worker.get(f"{WORKER}/attachments/{file_id}", headers={"Range": "bytes=0-9"})
    assert (piece.status_code, piece.content) == (206, answer.content[:10])


async def test_sent_again_under_one_key_it_is_one_file(cast: Cast) -> None:
    worker = await cast.worker()
    assert await upload(worker, photo(), key="abc") == await upload(worker, photo(), key="abc")


async def test_a_photo_belongs_to_one_report_only(cast: Cast) -> None:
    worker = await cast.worker()
    file_id = await upload(worker, photo())
    await report(worker, attachment_ids=[file_id])
    refused = await report(worker, expect=422, attachment_ids=[file_id])
    assert refused["code"] == "unknown-attachment"


async def test_disguised_and_missing_files_are_refused(cast: Cast) -> None:
    worker = await cast.worker()
    await upload(worker, zipped(), expect=422)
    await upload(worker, b"<svg xmlns='http://www.w3.org/2000/svg'/>", expect=422, name="x.svg")
    assert (await worker.post(f"{WORKER}/uploads/simple", data={"a": "b"})).status_code == 422
    assert (await worker.get(f"{WORKER}/attachments/{uuid4()}")).status_code == 404
    assert (await worker.get(f"{WORKER}/attachments/seven")).status_code == 404


async def test_the_other_villages_worker_sees_no_photo_and_uses_none(cast: Cast) -> None:
    worker, other = await cast.worker(), await cast.worker("13800000002")
    file_id = await upload(worker, photo())
    assert (await other.get(f"{WORKER}/attachments/{file_id}")).status_code == 404
    refused = await report(other, expect=422, grid_code="360781100002001", attachment_ids=[file_id])
    assert refused["code"] == "unknown-attachment"
    await report(worker, attachment_ids=[file_id])
    assert (await other.get(f"{WORKER}/attachments/{file_id}")).status_code == 404


async def test_only_grid_workers_look_at_photos_here(cast: Cast) -> None:
    file_id = await upload(await cast.worker(), photo())
    for who, status in ((cast.anybody(), 401), (await cast.resident(), 403), (await cast.staff("handler"), 403)):
        assert (await who.get(f"{WORKER}/attachments/{file_id}")).status_code == status
    answer = await cast.anybody().post(f"{WORKER}/uploads/simple", files={"file": ("p.jpg", photo(), "image/jpeg")})
    assert answer.status_code == 401
