"""Photos, recordings, videos: up clean, down only to those who may see them."""

from io import BytesIO
from typing import Any

import httpx
import pytest
from PIL import Image

from domain.attachments.actions import share
from domain.attachments.queries import orphans
from domain.clock import real_now
from tests.support import uploads as made
from tests.support.cast import RESIDENT, Cast
from tests.support.steps import move, work

pytestmark = pytest.mark.anyio

URL = f"{RESIDENT}/attachments"


async def send(who: httpx.AsyncClient, data: bytes, name: str = "a.jpg", **headers: str) -> httpx.Response:
    return await who.post(URL, files={"file": (name, data)}, headers=headers)


async def test_a_sideways_photo_comes_out_upright_and_without_its_place(cast: Cast) -> None:
    li = await cast.resident("li")
    answer = await send(li, made.photo_lying_with_place(), "在家.jpg")
    assert answer.status_code == 201, answer.text
    stored = answer.json()
    assert (stored["kind"], stored["width"], stored["height"], stored["duration_s"]) == ("image", 80, 120, None)
    shown = await li.get(f"{URL}/{stored['id']}")
    assert (shown.headers["content-type"], shown.headers["x-content-type-options"]) == ("image/jpeg", "nosniff")
    assert shown.headers["content-disposition"] == f'inline; filename="{stored["id"]}.jpg"'
    assert "sandbox" in shown.headers["content-security-policy"]
    assert len(shown.content) == stored["bytes"]
    assert made.SECRET_MAKE.encode() not in shown.content
    picture = Image.open(BytesIO(shown.content))
    assert (picture.size, len(picture.getexif())) == ((80, 120), 0)
    small = await li.get(f"{URL}/{stored['id']}", params={"size": "thumbnail"})
    assert max(Image.open(BytesIO(small.content)).size) <= 480
    odd = await li.get(f"{URL}/{stored['id']}", params={"size": "huge"})
    assert odd.status_code == 422


@pytest.mark.parametrize(
    ("data", "kind", "mime"),
    [(made.amr(100), "audio", "audio/amr"), (made.mp3(100), "audio", "audio/mpeg"),
     (made.mp4(b"soun", seconds=7), "audio", "audio/mp4"), (made.mp4(b"vide", b"soun"), "video", "video/mp4")],
)  # fmt: skip
async def test_recordings_keep_their_length_and_lose_their_place(
    cast: Cast, data: bytes, kind: str, mime: str
) -> None:
    li = await cast.resident("li")
    stored = (await send(li, data, "录音")).json()
    assert stored["kind"] == kind
    assert stored["duration_s"] > 1
    shown = await li.get(f"{URL}/{stored['id']}")
    assert shown.headers["content-type"] == mime
    assert b"+25.88" not in shown.content
    assert (await li.get(f"{URL}/{stored['id']}", params={"size": "thumbnail"})).status_code == 404


async def test_a_player_may_ask_for_a_part(cast: Cast) -> None:
    li = await cast.resident("li")
    url = f"{URL}/{(await send(li, made.mp3(50))).json()['id']}"
    whole = (await li.get(url)).content
    part = await li.get(url, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(whole)}"
    assert (await li.get(url, headers={"Range": "bytes=-5"})).content == whole[-5:]
    assert (await li.get(url, headers={"Range": "bytes=5-"})).content == whole[5:]
    beyond = await li.get(url, headers={"Range": f"bytes={len(whole)}-"})
    assert (beyond.status_code, beyond.json()["code"]) == (416, "range-not-satisfiable")
    assert (await li.get(url, headers={"Range": "lines=1-2"})).status_code == 200


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "file-empty"), (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "file-type-refused"),
     (b"<!doctype html><script>1</script>", "file-type-refused"), (made.zipped(), "file-type-refused"),
     (made.photo(image_format="GIF"), "file-type-refused"), (made.photo()[:200], "file-damaged"),
     (made.png_bomb(50_000, 50_000), "image-too-large")],
)  # fmt: skip
async def test_what_is_not_a_photo_or_recording_is_refused_with_its_reason(
    cast: Cast, data: bytes, reason: str
) -> None:
    answer = await send(await cast.resident("li"), data, "photo.jpg")
    assert "reason" in answer.json(), answer.text
    assert (answer.status_code, answer.json()["code"], answer.json()["reason"]) == (422, "unacceptable-file", reason)
    assert answer.json()["detail"] == answer.json()["message"]


async def test_a_photo_over_the_limit_of_photos_is_too_large(cast: Cast) -> None:
    answer = await send(await cast.resident("li"), made.photo() + bytes(21 * 1024 * 1024))
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")
    assert answer.json()["limit_bytes"] == 20 * 1024 * 1024


@pytest.mark.parametrize(
    "request_parts",
    [{"json": {"file": "x"}}, {"content": b"x", "headers": {"Content-Type": "multipart/form-data"}},
     {"content": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=b"}},
     {"content": b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\ncut off',
      "headers": {"Content-Type": "multipart/form-data; boundary=b"}},
     {"content": b"--b\r\n\r\n\r\n" * 1000 + b"--b--", "headers": {"Content-Type": "multipart/form-data; boundary=b"}},
     {"files": {"photo": ("a.jpg", made.photo())}}, {"data": {"file": "text"}, "files": {"x": ("x", b"x")}}],
)  # fmt: skip
async def test_a_body_that_is_no_upload_names_the_field(cast: Cast, request_parts: dict[str, Any]) -> None:
    answer = await (await cast.resident("li")).post(URL, **request_parts)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "file")


async def test_a_file_belongs_to_one_appeal_of_its_owner(cast: Cast) -> None:
    li, wang = await cast.resident("li"), await cast.resident("wang")
    stored = (await send(li, made.photo())).json()["id"]
    stolen = await wang.post(
        f"{RESIDENT}/appeals", json={"kind": "help", "content": "x", "attachment_ids": [stored]}
    )
    assert (stolen.status_code, stolen.json()["code"]) == (422, "unknown-attachment")
    receipt = await cast.appeal(li, attachment_ids=[stored])
    again = await li.post(f"{RESIDENT}/appeals/{receipt['id']}/messages", json={"text": "x", "attachment_ids": [stored]})
    assert again.json()["code"] == "unknown-attachment"
    later = (await send(li, made.amr(60))).json()["id"]
    await li.post(f"{RESIDENT}/appeals/{receipt['id']}/messages", json={"attachment_ids": [later]})
    files = (await li.get(f"{RESIDENT}/appeals/{receipt['id']}")).json()["attachments"]
    assert [(file["id"], file["kind"]) for file in files] == [(stored, "image"), (later, "audio")]
    assert files[0]["thumbnail_url"].endswith("?size=thumbnail")
    assert (await li.get(files[0]["url"])).status_code == 200
    for other in (wang, await cast.guest()):
        assert (await other.get(files[0]["url"])).status_code == 404
    assert (await (await cast.staff("handler")).get(files[0]["url"])).status_code == 403
    assert (await cast.anybody().get(files[0]["url"])).status_code == 401
    assert (await li.get(f"{URL}/nonsense")).status_code == 404


async def test_an_appeal_may_be_nothing_but_a_recording(cast: Cast) -> None:
    li = await cast.resident("li")
    voice = (await send(li, made.amr(100))).json()["id"]
    assert (await cast.appeal(li, content=None, attachment_ids=[voice]))["status"] == "submitted"
    photo = (await send(li, made.photo())).json()["id"]
    answer = await li.post(f"{RESIDENT}/appeals", json={"kind": "help", "attachment_ids": [photo]})
    assert answer.json()["code"] == "empty-appeal"


async def test_evidence_of_the_unit_is_seen_only_when_it_is_shared(cast: Cast) -> None:
    li, handler = await cast.resident("li"), await cast.staff("handler")
    receipt = await cast.appeal(li)
    case_id = await cast.case_of(receipt)
    await work(cast, case_id, "grade")
    evidence = (await send(handler, made.photo())).json()["id"]
    await move(cast, "handler", case_id, "submit-result", result="已修", basis="规定",
               disposition="solved_reasonable", evidence=[evidence])  # fmt: skip
    assert (await li.get(f"{URL}/{evidence}")).status_code == 404
    assert (await li.get(f"{RESIDENT}/appeals/{receipt['id']}")).json()["attachments"] == []
    await share(case_id, [evidence])  # type: ignore[arg-type]
    assert (await li.get(f"{URL}/{evidence}")).status_code == 200
    (file,) = (await li.get(f"{RESIDENT}/appeals/{receipt['id']}")).json()["attachments"]
    assert file["from"] == "unit"


async def test_the_same_upload_twice_is_one_file(cast: Cast) -> None:
    li = await cast.resident("li")
    first = await send(li, made.photo(), **{"Idempotency-Key": "photo-1"})
    again = await send(li, made.photo(), **{"Idempotency-Key": "photo-1"})
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    other = await send(li, made.photo((20, 20)), **{"Idempotency-Key": "photo-1"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


async def test_files_that_nobody_used_are_found_for_deletion(cast: Cast) -> None:
    li = await cast.resident("li")
    used, free = [(await send(li, made.photo())).json()["id"] for _ in range(2)]
    await cast.appeal(li, attachment_ids=[used])
    found = [str(each) for each in await orphans(real_now(), 1000)]
    assert free in found
    assert used not in found
