"""My own data: phone, everything stored, who looked, the inbox, being forgotten."""

from uuid import UUID

import pytest

from domain.appeals.identity import reveal
from domain.notices.actions import Words, tell
from domain.people.privacy import forget_ended
from domain.rulebook import install, rulebook
from domain.sql import fetch
from tests.support.cast import RESIDENT, Cast
from tests.support.steps import move, work
from web.identity import resolve
from web.unit_of_work import run_unit

pytestmark = pytest.mark.anyio

CONTACT = {"name": "李明", "phone": "137 0000 0099"}


async def test_my_phone_is_kept_and_shown_masked(cast: Cast) -> None:
    li = await cast.resident("li")
    answer = await li.post(f"{RESIDENT}/me/phone", json={"wechat_phone_code": "demo:13700000000"})
    assert (answer.status_code, answer.json()) == (200, {"phone_masked": "137****0000"})
    me = (await li.get(f"{RESIDENT}/me")).json()
    assert (me["kind"], me["phone_masked"], me["households"]) == ("resident", "137****0000", [])


async def test_a_number_that_is_none_and_a_guest_are_refused(cast: Cast) -> None:
    li = await cast.resident("li")
    answer = await li.post(f"{RESIDENT}/me/phone", json={"wechat_phone_code": "demo:12345"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "wechat_phone_code")
    guest = await (await cast.guest()).post(f"{RESIDENT}/me/phone", json={"wechat_phone_code": "demo:13700000000"})
    assert (guest.status_code, guest.json()["code"]) == (403, "not-allowed")


async def test_everything_stored_about_me_and_nothing_about_others(cast: Cast) -> None:
    li, wang = await cast.resident("li"), await cast.resident("wang")
    mine = await cast.appeal(li, contact=CONTACT, on_behalf_of={"name": "李大爷", "relation": "父亲"})
    await cast.appeal(wang, contact={"name": "王五"})
    await li.post(f"{RESIDENT}/appeals/{mine['id']}/messages", json={"text": "补一句"})
    data = (await li.get(f"{RESIDENT}/me/data")).json()
    assert set(data) == {
        "profile", "households", "appeals", "messages", "replies", "ratings", "attachments", "notices",
        "subscriptions", "sessions", "access_log", "reviews", "hearing_requests", "retaliation_reports",
    }  # fmt: skip
    (appeal,) = data["appeals"]
    assert (appeal["number"], appeal["contact_phone"]) == (mine["number"], "13700000099")
    assert appeal["on_behalf"]["name"] == "李大爷"
    assert appeal["received_at"].endswith("+08:00")
    assert [message["text"] for message in data["messages"]] == ["补一句"]
    assert "王五" not in str(data)


async def test_i_see_who_opened_my_identity_and_why_but_no_names(cast: Cast) -> None:
    li = await cast.resident("li")
    receipt = await cast.appeal(li, contact=CONTACT)
    case_id = await cast.case_of(receipt)
    officer = await cast.staff("dispatcher")
    actor = await resolve(officer.headers["authorization"].removeprefix("Bearer "))
    await run_unit(
        actor, lambda: reveal(actor, UUID(case_id), UUID(receipt["id"]), "联系诉求人核实地点"), cast.app.ctx.enqueue
    )
    (look,) = (await li.get(f"{RESIDENT}/me/access-log")).json()["items"]
    assert (look["number"], look["purpose"], look["role"]) == (receipt["number"], "联系诉求人核实地点", "受理人员")
    assert set(look) == {"at", "number", "role", "unit", "purpose"}
    assert (await (await cast.resident("wang")).get(f"{RESIDENT}/me/access-log")).json()["items"] == []


async def test_the_inbox_is_mine_and_can_be_read(cast: Cast) -> None:
    li, wang = await cast.resident("li"), await cast.resident("wang")
    me = UUID((await li.get(f"{RESIDENT}/me")).json()["id"])
    for n in range(3):
        await tell("resident", [me], f"test-{n}", Words(event="answer", title=f"第{n}条", text="请查看"))
    page = (await li.get(f"{RESIDENT}/me/inbox", params={"limit": 2})).json()
    assert [item["title"] for item in page["items"]] == ["第2条", "第1条"]
    assert page["unread"] == 3
    rest = (await li.get(f"{RESIDENT}/me/inbox", params={"cursor": page["next"]})).json()
    assert [item["title"] for item in rest["items"]] == ["第0条"]
    url = f"{RESIDENT}/me/inbox/{page['items'][0]['id']}/read"
    assert (await wang.post(url)).status_code == 404
    assert (await li.post(url)).status_code == 204
    assert (await li.get(f"{RESIDENT}/me")).json()["unread"] == 2
    assert (await li.post(f"{RESIDENT}/me/inbox/x/read")).status_code == 404


async def test_agreeing_to_messages_counts_one_each(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    before = rulebook()
    install(replace(before, wechat_templates={"answer": "TPL-answer", "close": "TPL-close"}))
    try:
        li = await cast.resident("li")
        assert (await li.get(f"{RESIDENT}/me")).json()["templates"] == {"answer": "TPL-answer", "close": "TPL-close"}
        for _ in range(2):
            answer = await li.post(f"{RESIDENT}/me/subscriptions", json={"accepted": ["TPL-answer"]})
            assert answer.status_code == 200
        refused = await li.post(f"{RESIDENT}/me/subscriptions", json={"accepted": ["TPL-close", "TPL-x"]})
        assert (refused.status_code, refused.json()["code"]) == (422, "unknown-template")
    finally:
        install(before)
    rows = (await li.get(f"{RESIDENT}/me/data")).json()["subscriptions"]
    assert rows == [{"template": "TPL-answer", "credits": 2}]


async def test_being_forgotten_keeps_the_matter_and_drops_the_person(cast: Cast) -> None:
    li = await cast.resident("li")
    await li.post(f"{RESIDENT}/me/phone", json={"wechat_phone_code": "demo:13700000099"})
    me = (await li.get(f"{RESIDENT}/me")).json()["id"]
    ended = await cast.appeal(li, contact=CONTACT, on_behalf_of={"name": "李大爷", "relation": "父亲"})
    await li.post(f"{RESIDENT}/appeals/{ended['id']}/withdrawal", json={})
    going = await cast.appeal(li, contact=CONTACT)
    await tell("resident", [UUID(me)], "gone", Words(event="answer", title="t", text="李明"))
    answer = await li.request("DELETE", f"{RESIDENT}/me")
    assert answer.status_code == 200
    assert answer.json()["kept"] == [going["number"]]
    assert going["number"] in answer.json()["text"]
    assert (await li.get(f"{RESIDENT}/me")).status_code == 401
    rows = await fetch(
        "SELECT a.number, p.name, p.phone, a.content, a.on_behalf->>'relation' AS relation,"
        " a.on_behalf->>'name' AS other FROM appeals a JOIN appellants p ON p.appeal_id = a.id"
        " WHERE a.resident_id = $1 ORDER BY a.id", [me],
    )  # fmt: skip
    assert [(row["name"], row["phone"]) for row in rows] == [("", ""), ("李明", "13700000099")]
    assert (rows[0]["relation"], rows[0]["other"], bool(rows[0]["content"])) == ("父亲", None, True)
    left = await fetch(
        "SELECT openid, phone, name, (SELECT count(*) FROM notices WHERE recipient_id = r.id) AS notices"
        " FROM residents r WHERE id = $1", [me],
    )  # fmt: skip
    assert left == [{"openid": None, "phone": "", "name": "", "notices": 0}]
    case_id = await cast.case_of(going)
    await work(cast, case_id, "register")
    assert await forget_ended() == 0
    await move(cast, "dispatcher", case_id, "redirect", legal_path="litigation", body="人民法院")
    assert await forget_ended() == 1
    assert await forget_ended() == 0


async def test_who_comes_back_after_being_forgotten_is_somebody_new(cast: Cast) -> None:
    wang = await cast.resident("wang")
    receipt = await cast.appeal(wang)
    await wang.request("DELETE", f"{RESIDENT}/me")
    token = (await cast.anybody().post(f"{RESIDENT}/sessions", json={"wechat_code": "demo:wang"})).json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert (await cast.anybody().get(f"{RESIDENT}/appeals", headers=headers)).json()["items"] == []
    looked = await cast.anybody().post(
        f"{RESIDENT}/appeal-lookups", json={"number": receipt["number"], "query_code": receipt["query_code"]}
    )
    assert looked.status_code == 200


async def test_a_guest_has_data_too(cast: Cast) -> None:
    guest = await cast.guest()
    await cast.appeal(guest, contact=CONTACT)
    assert len((await guest.get(f"{RESIDENT}/me/data")).json()["appeals"]) == 1
    assert (await guest.request("DELETE", f"{RESIDENT}/me")).status_code == 200
    assert (await guest.get(f"{RESIDENT}/me/data")).status_code == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/me"), ("GET", "/me/data"), ("GET", "/me/access-log"), ("GET", "/me/inbox"), ("DELETE", "/me"),
     ("POST", "/me/phone"), ("POST", "/me/subscriptions")],
)  # fmt: skip
async def test_these_are_for_residents_only(cast: Cast, method: str, path: str) -> None:
    assert (await cast.anybody().request(method, RESIDENT + path, json={})).status_code == 401
    assert (await (await cast.staff("dispatcher")).request(method, RESIDENT + path, json={})).status_code == 403
