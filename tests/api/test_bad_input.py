"""Whatever arrives gets a clear problem, and nothing is written by halves."""

import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from domain.households.models import HouseholdCode
from domain.sql import fetch
from domain.times import occurred
from tests.support import uploads as made
from tests.support.cast import RESIDENT, WORKER, Cast
from tests.support.server import RunningServer
from tests.support.steps import work

pytestmark = pytest.mark.anyio

APPEALS = f"{RESIDENT}/appeals"
JSON = {"Content-Type": "application/json"}


async def raw(who: httpx.AsyncClient, body: bytes) -> httpx.Response:
    return await who.post(APPEALS, content=body, headers=JSON)


async def appeals_in(cast: Cast) -> int:
    return int((await fetch("SELECT count(*) AS n FROM appeals"))[0]["n"])


# ---- codes


async def test_unknown_forged_and_revoked_codes(cast: Cast) -> None:
    li = await cast.resident("li")
    good = await cast.plate(door=1)
    forged = good[:-1] + ("2" if good[-1] != "2" else "3")
    for code in ("nonsense", "0" * 32, forged, good[:16], "中" * 32, good + "\u0000"):
        answer = await li.post(APPEALS, json={"kind": "help", "content": "x", "plate_code": code})
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown-code"), code
    await HouseholdCode.all().update(state="revoked")
    dead = await li.post(APPEALS, json={"kind": "help", "content": "x", "plate_code": good})
    assert (dead.status_code, dead.json()["code"]) == (410, "code-dead")
    assert "12345" in dead.json()["detail"]
    assert await appeals_in(cast) == 0


# ---- text


async def test_an_empty_appeal_asks_for_words_or_voice(cast: Cast) -> None:
    li = await cast.resident("li")
    for content in (None, "", " \n\t", "\u200b\u202e\ufeff", "\u0000"):
        answer = await li.post(APPEALS, json={"kind": "help", "content": content})
        assert (answer.status_code, answer.json()["code"]) == (422, "empty-appeal")
        assert [each["field"] for each in answer.json()["errors"]] == ["content"]


async def test_ten_thousand_characters_are_too_many_and_the_limit_is_named(cast: Cast) -> None:
    li = await cast.resident("li")
    answer = await li.post(APPEALS, json={"kind": "help", "content": "路" * 10_000})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-fields")
    assert answer.json()["errors"] == [
        {"field": "content", "code": "invalid", "message": "内容太长,最多 5000 个字"}
    ]
    assert (await cast.appeal(li, content="路" * 5000))["status"] == "submitted"


async def test_emoji_stay_and_what_deceives_goes(cast: Cast) -> None:
    li = await cast.resident("li")
    text = "路灯😡坏了👨\u200d👩\u200d👧\u200b,\u202e倒着\u202c写\u0000的\u2066字\u2069\ufeff"
    receipt = await cast.appeal(li, content=text)
    seen = (await li.get(f"{APPEALS}/{receipt['id']}")).json()
    assert seen["content"] == "路灯😡坏了👨\u200d👩\u200d👧,倒着写的字"


async def test_nul_characters_in_any_field_do_no_harm(cast: Cast) -> None:
    li = await cast.resident("li")
    nul = "a\u0000b"
    bodies: list[dict[str, Any]] = [
        {"area_code": nul}, {"topic": nul}, {"contact": {"name": nul}}, {"contact": {"phone": nul}},
        {"complained_of": {"text": nul}}, {"urgent_reason": nul}, {"on_behalf_of": {"name": nul, "relation": nul}},
    ]  # fmt: skip
    for body in bodies:
        answer = await li.post(APPEALS, json={"kind": "help", "content": "x", **body})
        assert answer.status_code in {201, 422}, (body, answer.text)
    for path in (f"{APPEALS}/%00", f"{RESIDENT}/attachments/%00", f"{RESIDENT}/departments?text=%00",
                 f"{APPEALS}?cursor=%00"):  # fmt: skip
        assert (await li.get(path)).status_code in {200, 404, 422}, path


@pytest.mark.parametrize(
    ("phone", "kept"),
    [("138 0013 8000", "13800138000"), ("+86 138-0013-8000", "13800138000"), ("13800138000", "13800138000"),
     ("0797-2522222", "0797-2522222")],
)  # fmt: skip
async def test_a_phone_number_with_spaces_is_accepted(cast: Cast, phone: str, kept: str) -> None:
    receipt = await cast.appeal(contact={"phone": phone})
    rows = await fetch("SELECT phone FROM appellants WHERE appeal_id = $1", [receipt["id"]])
    assert rows == [{"phone": kept}]


@pytest.mark.parametrize("phone", ["12345678901", "1380013800", "abc", "138001380000", "١٣٨٠٠١٣٨٠٠٠x"])
async def test_a_number_that_is_none_is_named(cast: Cast, phone: str) -> None:
    li = await cast.resident("li")
    answer = await li.post(APPEALS, json={"kind": "help", "content": "x", "contact": {"phone": phone}})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "contact.phone")


@pytest.mark.parametrize("text", ["1900-01-01T00:00:00+08:00", "2999-01-01T00:00:00Z", "2026-03-13T10:00", "昨天", ""])
def test_a_time_that_cannot_be_true_is_refused(text: str) -> None:
    with pytest.raises(Exception, match="absurd-time"):
        occurred(text, "occurred_at")


async def test_a_problem_of_its_own_code_names_the_field_in_chinese_too(cast: Cast) -> None:
    worker = await cast.worker()
    said = "2026-03-13T10:00:00+08:00"
    event: dict[str, Any] = {"event_type": "E4", "grid_code": "360781100001001", "occurred_at": said}
    for wrong, code, field in (
        ({"occurred_at": "1900-01-01T00:00:00+08:00"}, "absurd-time", "occurred_at"),
        ({"attachment_ids": [str(uuid4())]}, "unknown-attachment", "attachment_ids"),
    ):
        answer = await worker.post(f"{WORKER}/events", json={"id": str(uuid4()), **event, **wrong})
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        [error] = answer.json()["errors"]
        assert (error["field"], error["message"]) == (field, answer.json()["detail"])
        assert not any("a" <= letter.lower() <= "z" for letter in error["message"])
    listed = await worker.get(f"{WORKER}/cases", params={"cursor": "!"})
    assert (listed.status_code, listed.json()["errors"][0]["field"]) == (422, "cursor")


# ---- JSON


@pytest.mark.parametrize(
    "body",
    [b"{", b"not json", b"[]", b'"text"', b"null", b"1", b'{"kind": "help", "content": "x"', b"\xff\xfe{}",
     b'{"kind":"help","content":"\xff\xff"}', b'{"kind":"help","content":"\xed\xa0\x80"}',
     b'{"kind":"help","content":"\\ud800"}', b'{"kind":"help","content":NaN}', b"\x00", b"{}" * 2,
     b"[" * 100_000, b'{"a":' * 100_000, b'{"kind":"help","content":"x","on_behalf_of":' + b"[" * 50_000,
     b'{"kind":"help","location":{"lon":NaN,"lat":1,"datum":"wgs84"}}',
     b'{"kind":"help","location":{"lon":1e999,"lat":1,"datum":"wgs84"}}'],
)  # fmt: skip
async def test_a_body_that_is_no_json_object_of_ours(cast: Cast, body: bytes) -> None:
    answer = await raw(await cast.resident("li"), body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] in {"malformed-body", "invalid-fields", "unknown-field"}
    assert answer.headers["content-type"] == "application/problem+json"
    assert await appeals_in(cast) == 0


async def test_of_a_key_given_twice_the_last_counts_for_everybody(cast: Cast) -> None:
    li = await cast.resident("li")
    answer = await raw(li, b'{"kind":"help","content":"first","content":"second"}')
    assert answer.status_code == 201
    assert (await li.get(f"{APPEALS}/{answer.json()['id']}")).json()["content"] == "second"


@pytest.mark.parametrize(
    ("body", "field"),
    [({"content": "x"}, "kind"), ({"kind": "rant", "content": "x"}, "kind"),
     ({"kind": "help", "content": 5}, "content"), ({"kind": "help", "content": "x", "topic": "no such"}, "topic"),
     ({"kind": "help", "content": "x", "area_code": "999999"}, "area_code"),
     ({"kind": "help", "content": "x", "attachment_ids": ["1"]}, "attachment_ids[0]"),
     ({"kind": "help", "content": "x", "attachment_ids": [f"{n:032x}" for n in range(10)]}, "attachment_ids"),
     ({"kind": "help", "content": "x", "location": {"lon": 181, "lat": 0, "datum": "wgs84"}}, "location.lon"),
     ({"kind": "help", "content": "x", "location": {"lon": 1, "lat": 0, "datum": "bd09"}}, "location.datum"),
     ({"kind": "help", "content": "x", "identity": "secret"}, "identity")],
)  # fmt: skip
async def test_a_wrong_field_is_named_in_chinese(cast: Cast, body: dict[str, Any], field: str) -> None:
    answer = await (await cast.resident("li")).post(APPEALS, json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-fields")
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert any("\u4e00" <= letter <= "\u9fff" for letter in error["message"])


async def test_an_unknown_field_is_refused_wherever_it_stands(cast: Cast) -> None:
    li = await cast.resident("li")
    for body, field in (({"price": 1}, "price"), ({"contact": {"wechat": "x"}}, "contact.wechat")):
        answer = await li.post(APPEALS, json={"kind": "help", "content": "x", **body})
        assert (answer.json()["code"], answer.json()["errors"][0]["field"]) == ("unknown-field", field)


# ---- who and what


async def test_a_dead_token_a_strange_scheme_and_a_long_one(cast: Cast) -> None:
    for value in ("Bearer hhs_nothing", "Basic YTpi", "Bearer " + "x" * 3000, "Bearer", "Bearer \x01"):
        answer = await cast.anybody().get(APPEALS, headers={"Authorization": value})
        assert (answer.status_code, answer.json()["code"]) == (401, "not-signed-in")
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_token_of_another_village_finds_nothing(cast: Cast) -> None:
    here, there = await cast.resident("li"), await cast.resident("zhao")
    receipt = await cast.appeal(here, plate_code=await cast.plate(village=0))
    await cast.appeal(there, plate_code=await cast.plate(village=1))
    assert (await there.get(f"{APPEALS}/{receipt['id']}")).json()["code"] == "not-found"


async def test_a_closed_case_says_what_is_still_possible(cast: Cast) -> None:
    li = await cast.resident("li")
    receipt = await cast.appeal(li)
    await work(cast, await cast.case_of(receipt))
    url = f"{APPEALS}/{receipt['id']}"
    await li.post(f"{url}/ratings", json={"process": 5, "result": 5, "solved": "yes", "staff": "active"})
    for path in ("messages", "urges", "withdrawal"):
        body = {"text": "x"} if path == "messages" else {}
        answer = await li.post(f"{url}/{path}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, "move-not-allowed"), path
        assert answer.json()["state"] == "closed"
    assert (await li.get(url)).json()["can"] == ["object", "request-review", "report-retaliation"]


async def test_head_answers_like_get_without_a_body(server: RunningServer) -> None:
    with server.resident("head") as li:
        photo = li.post(f"{RESIDENT}/attachments", files={"file": ("a.jpg", made.photo())}).json()["id"]
        for path in ("/topics", "/appeals", f"/attachments/{photo}"):
            got, head = li.get(RESIDENT + path), li.head(RESIDENT + path)
            assert (head.status_code, head.content) == (200, b"")
            assert head.headers["content-length"] == got.headers["content-length"]
            assert head.headers["content-type"] == got.headers["content-type"]


def test_bodies_and_headers_over_the_limit(server: RunningServer) -> None:
    with server.resident("big") as li:
        body = json.dumps({"kind": "help", "content": "x" * (2 * 1024 * 1024 + 1)})
        answer = li.post(APPEALS, content=body, headers=JSON)
        assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")
        assert li.get(f"{RESIDENT}/topics", headers={"X-Long": "x" * 60_000}).status_code in {400, 413, 431}
        assert li.get(f"{RESIDENT}/topics").status_code == 200


def test_an_upload_over_the_limit_is_cut_off_while_it_streams(server: RunningServer) -> None:
    from domain.attachments.intake import LIMITS

    sent = 0

    def endless() -> Any:
        nonlocal sent
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
        while sent < 4 * LIMITS.largest:
            sent += 1024 * 1024
            yield bytes(1024 * 1024)

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    with server.resident("stream") as li:
        try:
            answer = li.post(f"{RESIDENT}/attachments", content=endless(), headers=headers)
        except httpx.TransportError:
            pass  # the server hung up on a body that it will not take
        else:
            assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")
        assert sent < 2 * LIMITS.largest
        assert li.get(f"{RESIDENT}/topics").status_code == 200
