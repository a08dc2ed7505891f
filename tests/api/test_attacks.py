"""What a hostile caller tries inside a well-formed request: each has its own answer, and none gets anything."""

from pathlib import Path
from urllib.parse import quote

import msgspec
import pytest
from msgspec import inspect

from domain.areas.models import Area
from domain.households.models import Household, HouseholdImport
from domain.people.models import GridWorker
from domain.sql import execute, fetch
from server.doors import routes
from server.rules import stable_id
from tests.support import uploads
from tests.support.app import client
from tests.support.app import test_settings as settings_of
from tests.support.cast import DESK, RESIDENT, WORKER, Cast
from tests.support.households import result_rows, row, send, xlsx
from web.identity import open_session

pytestmark = pytest.mark.anyio
TOLERANT = {"PhoneNow"}  # what a newer phone says about its own clock may grow; a sync is not refused for it
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
PATHS = ("../../etc/passwd", "..\\..\\boot.ini", "/etc/passwd", "a\r\nX-Evil: 1", 'a"; filename="b.exe', "\x00.jpg", "名册.csv")


def _structs(kind: inspect.Type) -> set[type[msgspec.Struct]]:
    """A struct and every struct inside of it."""
    match kind:
        case inspect.StructType():
            return {kind.cls}.union(*(_structs(each.type) for each in kind.fields))
        case inspect.ListType():
            return _structs(kind.item_type)
        case inspect.UnionType():
            return set().union(*(_structs(one) for one in kind.types))
    return set()


def test_no_body_takes_a_field_that_it_does_not_know() -> None:
    """Mass assignment: every struct of every body and query, the inner ones too, refuses what it does not name."""
    open_ones = set()
    for route in routes(settings_of(Path())):
        bodies = list(route.body.values()) if isinstance(route.body, dict) else [route.body]
        for kind in filter(None, (*bodies, route.query)):
            found = {one for one in _structs(inspect.type_info(kind)) if one.__name__ not in TOLERANT}
            open_ones |= {f"{route.path}: {one.__name__}" for one in found if not one.__struct_config__.forbid_unknown_fields}
    assert open_ones == set()


async def test_what_somebody_wrote_is_never_markup_on_a_page(cast: Cast) -> None:
    house = stable_id("household", "360781100001:1")
    await Household.filter(id=house).update(door_text=EVIL[:80], group_name="")
    worker = stable_id("staff", "13800000001")
    await GridWorker.filter(id=worker).update(name=EVIL[:60], commitment=EVIL, public_phone="1<b>")
    await Area.filter(code="360781100001").update(name=EVIL[:80])
    code = await cast.plate()
    shown = await cast.anybody().get(f"/h/{code}")
    filed = await cast.anybody().post(f"/h/{code}", data={"kind": EVIL, "content": EVIL, "name": EVIL, "phone": EVIL})
    missing = [await cast.anybody().get(f"{path}{quote(EVIL, safe='')}") for path in ("/h/", "/problems/", "/m/", "/")]
    for answer in (shown, filed, *missing):
        assert "<script>alert" not in answer.text and "<img src=x" not in answer.text
        policy = answer.headers["content-security-policy"]
        assert "script-src" not in policy and "default-src 'self'" in policy  # so no inline script runs
    assert "&lt;script&gt;" in shown.text


@pytest.mark.parametrize("name", PATHS)
async def test_a_file_name_leads_nowhere(cast: Cast, name: str) -> None:
    admin, li = await cast.staff("admin"), await cast.resident("li")
    encoded = name.encode("utf-8", "ignore").replace(b"\r\n", b"%0D%0A").replace(b'"', b"%22").replace(b"\x00", b"%00")
    sheet = await send(admin, xlsx([row("1号")]), encoded.decode() if name.endswith(".csv") else "a.xlsx/" + encoded.decode())
    assert sheet.status_code in (202, 422)
    if sheet.status_code == 202:
        stored = await HouseholdImport.get(id=sheet.json()["id"])
        await cast.react()
        result = await admin.get(f"{DESK}/households/imports/{stored.id}/result")
        assert result.headers["content-disposition"] == 'attachment; filename="household-import-result.xlsx"'
        assert "x-evil" not in result.headers
    photo = await li.post(f"{RESIDENT}/attachments", files={"file": (encoded.decode(), uploads.photo())})
    assert photo.status_code == 201
    back = await li.get(f"{RESIDENT}/attachments/{photo.json()['id']}")
    assert back.headers["content-disposition"] == f'inline; filename="{photo.json()["id"]}.jpg"'
    assert "sandbox" in back.headers["content-security-policy"]


async def test_a_formula_in_a_list_comes_back_as_text(cast: Cast) -> None:
    admin = await cast.staff("admin")
    formulas = ("=HYPERLINK(1)", "+1+cmd|' /C calc'!A0", "@SUM(1)", "-2+3")
    answer = await send(admin, xlsx([row(f"{n}号", head=text) for n, text in enumerate(formulas, 1)]))
    await cast.react()
    result = await admin.get(f"{DESK}/households/imports/{answer.json()['id']}/result")
    for line in result_rows(result.content):
        assert str(line["户主姓名"]).startswith("'") or not str(line["户主姓名"]).startswith(("=", "+", "-", "@"))


async def test_a_wrong_name_and_a_wrong_secret_look_the_same(cast: Cast) -> None:
    nobody = cast.anybody()
    pairs = (
        (f"{DESK}/sessions", {"login": "handler", "password": "x"}, {"login": "no-such-login", "password": "x"}),
        (f"{WORKER}/sessions", {"phone": "13800000001", "password": "x"}, {"phone": "13899999999", "password": "x"}),
    )
    for path, known, unknown in pairs:
        first, second = await nobody.post(path, json=known), await nobody.post(path, json=unknown)
        assert first.status_code == second.status_code == 401
        assert {**first.json(), "request_id": ""} == {**second.json(), "request_id": ""}
    receipt = await cast.appeal()
    answers = [
        await nobody.post(f"{RESIDENT}/appeal-lookups", json={"number": number, "query_code": "AAAAAAAA"})
        for number in (receipt["number"], "SQ360781-2026-999999")
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert {**answers[0].json(), "request_id": ""} == {**answers[1].json(), "request_id": ""}


async def test_a_session_is_fresh_ends_when_told_and_knows_its_account(cast: Cast) -> None:
    staff = stable_id("staff", "handler")
    old, _ = await open_session("staff", staff)
    async with client(cast.app, old) as web:
        signed = await web.post(f"{DESK}/sessions", json={"login": "handler", "password": "Huying-demo-2026"})
        assert signed.status_code == 201 and signed.json()["token"] != old  # nobody can plant a token beforehand
        assert (await web.get(f"{DESK}/cases")).status_code == 200
        await execute("UPDATE assignments SET role = 'audit_admin' WHERE staff_id = $1", [staff])
        assert (await web.get(f"{DESK}/cases")).status_code == 403
        await execute("UPDATE sessions SET used_at = used_at - interval '31 minutes' WHERE subject_id = $1", [staff])
        assert (await web.get(f"{DESK}/me")).status_code == 401
    async with client(cast.app, (await open_session("staff", staff))[0]) as web:
        assert (await web.delete(f"{DESK}/sessions/current")).status_code == 204
        assert (await web.get(f"{DESK}/me")).status_code == 401
    async with client(cast.app, (await open_session("staff", staff))[0]) as web:
        await execute("UPDATE staff SET active = FALSE WHERE id = $1", [staff])
        assert (await web.get(f"{DESK}/me")).status_code == 401


async def test_the_address_of_a_photo_for_wechat_cannot_be_made_up(cast: Cast) -> None:
    li, nobody = await cast.resident("li"), cast.anybody()
    photo = (await li.post(f"{RESIDENT}/attachments", files={"file": ("a.jpg", uploads.photo())})).json()["id"]
    for token in (photo, f"{photo}.9999999999.{'0' * 64}", "../" * 5, "x" * 5000, "%00"):
        answer = await nobody.get(f"{RESIDENT}/wechat/media/{quote(token, safe='')}")
        assert answer.status_code == 404
    forged = {"signature": "0" * 40, "timestamp": "1", "nonce": "2", "openid": "o1"}
    assert (await nobody.post(f"{RESIDENT}/wechat/push", params=forged, content=b"<xml/>")).status_code == 403


async def test_a_stored_answer_is_given_to_its_own_caller_only(cast: Cast) -> None:
    body = {"kind": "help", "content": "路灯不亮", "area_code": "360781100001"}
    key = {"Idempotency-Key": "the-same"}
    first = await (await cast.resident("li")).post(f"{RESIDENT}/appeals", json=body, headers=key)
    other = await (await cast.resident("wang")).post(f"{RESIDENT}/appeals", json=body, headers=key)
    assert first.status_code == other.status_code == 201
    assert first.json()["number"] != other.json()["number"] and "Idempotency-Replayed" not in other.headers
    nobody = cast.anybody()
    guests = [await nobody.post(f"{RESIDENT}/sessions/guest", json={}, headers=key) for _ in range(2)]
    assert guests[0].json()["token"] != guests[1].json()["token"], "two phones behind one address share a session"
    tokens = [guest.json()["token"] for guest in guests]
    secrets = [token.encode() for token in tokens] + [first.json()["query_code"].encode(), first.json()["number"].encode()]
    kept = [bytes(row["body"]) for row in await fetch("SELECT body FROM replays")]
    assert len(kept) >= 2
    assert not [body for body in kept if any(secret in body for secret in secrets)]
    again = await (await cast.resident("li")).post(f"{RESIDENT}/appeals", json=body, headers=key)
    assert again.json() == first.json()
