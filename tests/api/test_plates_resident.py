"""A plate at the resident door: what everybody may read, and who is bound to its household."""

from uuid import uuid4

import pytest

from domain.households.models import Household
from domain.people.models import Membership, Resident
from domain.sql import fetch
from qr.codes import mint
from tests.support.cast import RESIDENT, Cast

pytestmark = pytest.mark.anyio
PUBLIC = {"status", "town", "village", "grid", "plate_text", "grid_worker", "hotline"}
VILLAGE = "360781100001"


async def register_phone(cast: Cast, name: str, phone: str) -> None:
    """The phone that WeChat vouched for."""
    await cast.resident(name)
    await Resident.filter(openid=f"demo-{name}").update(phone=phone)


async def ask(cast: Cast, name: str, code: str):
    return await (await cast.resident(name)).post(f"{RESIDENT}/me/households", json={"plate_code": code})


@pytest.mark.mechanism("000-02")
async def test_a_plate_tells_place_and_worker_and_nothing_of_the_household(cast: Cast) -> None:
    code = await cast.plate(0, 1)
    house = await Household.get(village_code=VILLAGE, door_text="一组1号")
    for spelling in (code, code.lower()):
        answer = await cast.anybody().get(f"{RESIDENT}/plates/{spelling}")
        assert answer.status_code == 200, answer.text
    told = answer.json()
    assert set(told) == PUBLIC
    assert (told["status"], told["plate_text"]) == ("active", "一组**号")
    assert set(told["grid_worker"]) == {"name", "phone", "commitment"}
    assert house.head_name not in answer.text
    assert house.phone not in answer.text
    assert house.serial not in answer.text


async def test_bound_and_unbound_plates_answer_alike(cast: Cast) -> None:
    code = await cast.plate(0, 1)
    before = (await cast.anybody().get(f"{RESIDENT}/plates/{code}")).json()
    await register_phone(cast, "qian", "13700000001")
    assert (await ask(cast, "qian", code)).status_code == 201
    assert (await cast.anybody().get(f"{RESIDENT}/plates/{code}")).json() == before
    assert (await (await cast.resident("qian")).get(f"{RESIDENT}/plates/{code}")).json() == before


async def test_unknown_and_forged_codes_answer_alike(cast: Cast) -> None:
    code = await cast.plate(0, 1)
    forged = code[:-1] + ("A" if code[-1] != "A" else "B")
    unknown = mint(cast.app.ctx.services.keyring).text
    answers = [await cast.anybody().get(f"{RESIDENT}/plates/{text}") for text in (forged, unknown, "x", "A" * 32)]
    bodies = [{key: value for key, value in answer.json().items() if key != "request_id"} for answer in answers]
    assert {answer.status_code for answer in answers} == {404}
    assert all(body == bodies[0] for body in bodies)
    assert bodies[0]["code"] == "unknown-code"


@pytest.mark.parametrize("state", ["replaced", "revoked", "lost"])
async def test_a_dead_plate_says_so_with_the_hotline(cast: Cast, state: str) -> None:
    answer = await cast.anybody().get(f"{RESIDENT}/plates/{await cast.plate(0, 1, state)}")
    assert (answer.status_code, answer.json()["code"]) == (410, "code-dead")
    assert answer.json()["hotline"]
    assert "一组" not in answer.text
    assert "code_id" not in answer.text


async def test_the_registered_phone_binds_at_once_and_members_are_told(cast: Cast) -> None:
    code = await cast.plate(0, 1)
    await register_phone(cast, "sun", "13700000001")
    answer = await ask(cast, "sun", code)
    assert (answer.status_code, answer.json()["state"]) == (201, "bound")
    again = await ask(cast, "sun", code)
    assert (again.status_code, again.json()["code"]) == (409, "already-bound")
    rows = await fetch("SELECT data FROM journal WHERE event = 'membership.bound'", json=("data",))
    assert [row["data"]["membership"] for row in rows] == [answer.json()["id"]]
    assert "13700000001" not in str(rows)
    assert "tell_members" in await cast.react()


async def test_another_phone_waits_and_asking_twice_is_one_application(cast: Cast) -> None:
    code = await cast.plate(0, 1)
    first, second = await ask(cast, "wei", code), await ask(cast, "wei", code)
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["id"] == second.json()["id"]
    assert await Membership.filter(id=first.json()["id"]).count() == 1


async def test_an_empty_phone_never_proves_an_empty_register(cast: Cast) -> None:
    await Household.filter(village_code=VILLAGE).update(phone="")
    assert (await ask(cast, "jiang", await cast.plate(0, 1))).status_code == 202


async def test_three_households_at_most(cast: Cast) -> None:
    for door in (1, 2, 3):
        assert (await ask(cast, "shen", await cast.plate(0, door))).status_code == 202
    fourth = await ask(cast, "shen", await cast.plate(1, 1))
    assert (fourth.status_code, fourth.json()["code"]) == (409, "too-many-households")
    held = await Membership.filter(state="waiting").first()
    assert held is not None
    client = await cast.resident("shen")
    assert (await client.delete(f"{RESIDENT}/me/households/{held.id}")).status_code == 204
    assert (await client.delete(f"{RESIDENT}/me/households/{held.id}")).status_code == 404
    assert (await ask(cast, "shen", await cast.plate(1, 1))).status_code == 202


async def test_leaving_is_for_my_own_binding_only(cast: Cast) -> None:
    made = (await ask(cast, "han", await cast.plate(0, 1))).json()
    stranger = await cast.resident("yang")
    assert (await stranger.delete(f"{RESIDENT}/me/households/{made['id']}")).status_code == 404
    assert (await stranger.delete(f"{RESIDENT}/me/households/{uuid4()}")).status_code == 404
    assert (await stranger.delete(f"{RESIDENT}/me/households/nonsense")).status_code == 404
    own = await cast.resident("han")
    assert (await own.delete(f"{RESIDENT}/me/households/{made['household_id']}")).status_code == 204


async def test_who_may_bind(cast: Cast) -> None:
    code = await cast.plate(0, 1)
    body = {"plate_code": code}
    assert (await cast.anybody().post(f"{RESIDENT}/me/households", json=body)).status_code == 401
    assert (await (await cast.guest()).post(f"{RESIDENT}/me/households", json=body)).status_code == 403
    malformed = await (await cast.resident()).post(f"{RESIDENT}/me/households", json={"plate_code": 7})
    assert malformed.status_code == 422
    assert (await ask(cast, "li", "nonsense")).json()["code"] == "unknown-code"
    assert (await ask(cast, "li", await cast.plate(0, 2, "lost"))).json()["code"] == "code-dead"


async def test_a_scanned_address_is_as_good_as_its_code(cast: Cast) -> None:
    code = await cast.plate(0, 1)
    for text in (f"https://q.example.gov.cn/h/{code}", f"https%3A%2F%2Fq.example.gov.cn%2Fh%2F{code.lower()}"):
        assert (await ask(cast, "zhu", text)).status_code == 202


async def test_a_signed_in_guesser_is_stopped_for_bad_codes_only(cast: Cast) -> None:
    code, client = await cast.plate(0, 1), await cast.resident(f"guesser-{uuid4().hex[:8]}")
    for _ in range(20):
        assert (await client.get(f"{RESIDENT}/plates/{'A' * 32}")).status_code == 404
    stopped = await client.get(f"{RESIDENT}/plates/{'A' * 32}")
    assert (stopped.status_code, stopped.json()["code"]) == (429, "too-many-requests")
    assert int(stopped.headers["retry-after"]) > 3000
    assert (await client.get(f"{RESIDENT}/plates/{code}")).status_code == 200
