"""The household register at the desk: one house at a time, and what becomes of code, people and cases."""

import pytest

from domain.areas.models import Area
from domain.households.models import Household, HouseholdCode
from domain.people.models import Membership, Resident
from domain.sql import fetch
from tests.support.cast import DESK, RESIDENT, Cast

pytestmark = pytest.mark.anyio
VILLAGE, OTHER = "360781100001", "360781100002"
NEW = {"village_code": VILLAGE, "door_text": "新街 8 号", "group": "三组", "head_name": "李四", "phone": "138 0013 8000"}


async def house(village: str = VILLAGE, door: int = 1) -> Household:
    return await Household.get(village_code=village, door_text=f"一组{door}号")


async def bound(cast: Cast, name: str, code: str, phone: str) -> str:
    """A resident whose verified phone is the register's, bound by a scan; the id of the binding."""
    client = await cast.resident(name)
    await Resident.filter(openid=f"demo-{name}").update(phone=phone)
    answer = await client.post(f"{RESIDENT}/me/households", json={"plate_code": code})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_a_new_house_gets_a_serial_and_a_grid(cast: Cast) -> None:
    staff = await cast.staff("admin")
    answer = await staff.post(f"{DESK}/households", json=NEW)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["grid_code"], made["group"], made["code_state"]) == (f"{VILLAGE}001", "3组", "none")
    assert (made["head_name_masked"], made["phone_masked"]) == ("李**", "138****8000")
    again = await staff.post(f"{DESK}/households", json={**NEW, "door_text": "新街8号"})
    assert (again.status_code, again.json()["code"]) == (409, "household-exists")
    assert again.json()["serial"] == made["serial"]


@pytest.mark.parametrize(
    ("change", "field"),
    [({"phone": "123"}, "phone"), ({"door_text": " "}, "door_text"), ({"grid_code": "nope"}, "grid_code"),
     ({"village_code": 7}, "village_code")],
)  # fmt: skip
async def test_malformed_houses_name_the_field(cast: Cast, change: dict, field: str) -> None:
    answer = await (await cast.staff("admin")).post(f"{DESK}/households", json={**NEW, **change})
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["field"] == field


async def test_scope_and_rights_of_the_register(cast: Cast) -> None:
    there = await house(OTHER)
    village, dispatcher = await cast.staff("villagedesk"), await cast.staff("dispatcher")
    assert (await village.get(f"{DESK}/households/{there.id}")).status_code == 404
    assert (await village.get(f"{DESK}/households?area={OTHER}")).status_code == 404
    assert (await village.patch(f"{DESK}/households/{there.id}", json={"head_name": "王五"})).status_code == 404
    assert (await village.post(f"{DESK}/households", json={**NEW, "village_code": OTHER})).status_code == 404
    assert (await dispatcher.get(f"{DESK}/households/{there.id}")).status_code == 200
    for answer in (
        await dispatcher.post(f"{DESK}/households", json=NEW),
        await dispatcher.patch(f"{DESK}/households/{there.id}", json={"head_name": "王五"}),
        await dispatcher.post(f"{DESK}/households/{there.id}/reveal", json={"purpose": "contact"}),
        await dispatcher.post(f"{DESK}/households/{there.id}/code", json={}),
        await dispatcher.get(f"{DESK}/memberships"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed")
    assert (await cast.anybody().get(f"{DESK}/households")).status_code == 401


async def test_the_list_is_narrowed_paged_and_masked(cast: Cast) -> None:
    staff = await cast.staff("admin")
    await cast.plate(0, 1, "active")
    first = (await staff.get(f"{DESK}/households?area={VILLAGE}&limit=2")).json()
    rest = (await staff.get(f"{DESK}/households?area={VILLAGE}&limit=2&cursor={first['next']}")).json()
    assert [len(first["items"]), len(rest["items"]), rest["next"]] == [2, 1, None]
    assert not {item["id"] for item in first["items"]} & {item["id"] for item in rest["items"]}
    assert "李甲" not in str(first) + str(rest)
    active = (await staff.get(f"{DESK}/households?area={VILLAGE}&code_state=active")).json()["items"]
    assert [item["plate_text"] for item in active] == ["一组1号"]
    none = (await staff.get(f"{DESK}/households?grid={VILLAGE}001&code_state=none")).json()["items"]
    assert len(none) == 2
    assert (await staff.get(f"{DESK}/households?code_state=gone")).status_code == 422


async def test_opening_a_name_is_an_act_that_the_journal_keeps(cast: Cast) -> None:
    one = await house()
    answer = await (await cast.staff("villagedesk")).post(
        f"{DESK}/households/{one.id}/reveal", json={"purpose": "verify_binding"}
    )
    assert answer.json() == {"id": str(one.id), "head_name": "李甲", "phone": one.phone}
    rows = await fetch(
        "SELECT actor, data FROM journal WHERE event = 'household.revealed' AND subject_id = $1", [one.id], json=("data",)
    )
    assert [row["data"] for row in rows] == [{"purpose": "verify_binding"}]
    assert rows[0]["actor"].startswith("staff:")


async def test_a_correction_needs_the_current_version(cast: Cast) -> None:
    one, staff = await house(), await cast.staff("admin")
    answer = await staff.patch(f"{DESK}/households/{one.id}", json={"door_text": "一组 1-1 号", "version": 1})
    assert (answer.json()["door"], answer.json()["version"]) == ("一组 1-1 号", 2)
    stale = await staff.patch(f"{DESK}/households/{one.id}", json={"door_text": "x", "version": 1})
    assert (stale.status_code, stale.json()["code"]) == (409, "changed-meanwhile")
    taken = await staff.patch(f"{DESK}/households/{one.id}", json={"door_text": "一组2号", "group": "一组"})
    assert taken.status_code == 200  # 一组 as typed is kept as 1组: another group than the old list's
    assert (await staff.patch(f"{DESK}/households/nonsense", json={})).status_code == 404
    assert (await staff.patch(f"{DESK}/households/{one.id}", json={"serial": "1"})).json()["code"] == "unknown-field"


@pytest.mark.mechanism("000-02")
async def test_a_reissued_code_leaves_the_old_plate_dead_for_ever(cast: Cast) -> None:
    one, staff = await house(), await cast.staff("admin")
    old = await cast.plate(0, 1)
    answer = await staff.post(f"{DESK}/households/{one.id}/code", json={})
    assert (answer.status_code, answer.json()["state"]) == (201, "printed")
    new = answer.json()["code"]
    assert answer.json()["url"] == f"http://huying.test/h/{new}"
    assert (await cast.anybody().get(f"/h/{old}")).status_code == 410
    assert (await cast.anybody().get(f"/h/{new}")).status_code == 200
    row = await HouseholdCode.get(household_id=one.id, state="replaced")
    assert row.replaced_by is not None


@pytest.mark.parametrize("reason", ["revoked", "lost"])
async def test_a_code_is_revoked_or_lost_once(cast: Cast, reason: str) -> None:
    one, staff = await house(), await cast.staff("admin")
    code = await cast.plate(0, 1)
    path = f"{DESK}/households/{one.id}/code"
    assert (await staff.request("DELETE", path, json={"reason": "stolen"})).status_code == 422
    assert (await (await cast.staff("callback")).request("DELETE", path, json={"reason": reason})).status_code == 403
    ended = await staff.request("DELETE", path, json={"reason": reason})
    assert (ended.status_code, ended.json()["state"]) == (200, reason)
    assert (await staff.request("DELETE", path, json={"reason": reason})).status_code == 404
    assert (await cast.anybody().get(f"{RESIDENT}/plates/{code}")).json()["code"] == "code-dead"


async def test_a_vacant_house_keeps_its_plate_and_forgets_its_people(cast: Cast) -> None:
    one, staff = await house(), await cast.staff("admin")
    code = await cast.plate(0, 1)
    await bound(cast, "zhou", code, one.phone)
    done = (await staff.post(f"{DESK}/households/{one.id}/emptying", json={"reason": "vacant"})).json()
    assert (done["state"], done["code"], done["memberships"]) == ("vacant", "kept", 1)
    one = await Household.get(id=one.id)
    assert (one.head_name, one.phone) == ("", "")
    assert (await cast.anybody().get(f"/h/{code}")).status_code == 200
    again = await staff.post(f"{DESK}/households/{one.id}/occupation", json={"head_name": "新住户"})
    assert (again.json()["state"], again.json()["head_name_masked"]) == ("active", "新**")


async def test_a_demolished_house_loses_its_code_and_its_case_stays_open(cast: Cast) -> None:
    one, staff = await house(), await cast.staff("admin")
    code = await cast.plate(0, 1)
    await cast.appeal(plate_code=code, area_code=None)
    done = (await staff.post(f"{DESK}/households/{one.id}/emptying", json={"reason": "demolished"})).json()
    assert (done["state"], done["code"], done["open_cases"]) == ("demolished", "ended", 1)
    assert (await cast.anybody().get(f"/h/{code}")).status_code == 410
    for path in ("emptying", "code"):
        answer = await staff.post(
            f"{DESK}/households/{one.id}/{path}", json={"reason": "vacant"} if path == "emptying" else {}
        )
        assert (answer.status_code, answer.json()["code"]) == (409, "household-ended")


async def test_merging_takes_people_along_and_kills_the_old_plate(cast: Cast) -> None:
    one, two, staff = await house(door=1), await house(door=2), await cast.staff("admin")
    old, kept = await cast.plate(0, 1), await cast.plate(0, 2)
    binding = await bound(cast, "wu", old, one.phone)
    done = (await staff.post(f"{DESK}/households/{one.id}/merge", json={"into": str(two.id)})).json()
    assert (done["state"], done["merged_into"], done["code"], done["memberships"]) == ("merged", str(two.id), "ended", 1)
    assert (await Membership.get(id=binding)).household_id == two.id
    assert (await cast.anybody().get(f"/h/{old}")).status_code == 410
    assert (await cast.anybody().get(f"/h/{kept}")).status_code == 200
    assert (await staff.post(f"{DESK}/households/{two.id}/merge", json={"into": str(two.id)})).status_code == 422
    assert (await staff.post(f"{DESK}/households/{two.id}/merge", json={"into": str(one.id)})).status_code == 409


async def test_splitting_makes_a_house_without_a_code_and_moves_the_named(cast: Cast) -> None:
    one, staff = await house(), await cast.staff("admin")
    binding = await bound(cast, "zheng", await cast.plate(0, 1), one.phone)
    body = {"door_text": "一组1-2号", "head_name": "李小甲", "membership_ids": [binding]}
    done = (await staff.post(f"{DESK}/households/{one.id}/split", json=body)).json()
    assert (done["door"], done["code_state"], done["memberships"]) == ("一组1-2号", "none", 1)
    made = await Household.get(id=done["id"])
    assert made.split_from == one.id
    assert (await Membership.get(id=binding)).household_id == made.id
    assert await HouseholdCode.exists(household_id=one.id, state="active")


async def test_a_redrawn_grid_takes_code_and_binding_along(cast: Cast) -> None:
    one, staff = await house(), await cast.staff("admin")
    code = await cast.plate(0, 1)
    binding = await bound(cast, "wang", code, one.phone)
    grid = await Area.get(code=f"{VILLAGE}002")
    body = {"household_ids": [str(one.id)], "grid_code": grid.code}
    assert (await staff.post(f"{DESK}/households/moves", json=body)).json()["moved"] == 1
    assert (await Household.get(id=one.id)).area_path == grid.path
    assert (await HouseholdCode.get(household_id=one.id)).area_path == grid.path
    assert (await Membership.get(id=binding)).area_path == grid.path
    assert (await cast.anybody().get(f"{RESIDENT}/plates/{code}")).json()["grid"] == grid.name
    abroad = await staff.post(f"{DESK}/households/moves", json={**body, "grid_code": f"{OTHER}001"})
    assert (abroad.status_code, abroad.json()["errors"][0]["field"]) == (422, "grid_code")


async def test_the_village_decides_who_waits(cast: Cast) -> None:
    code = await cast.plate(0, 1)
    asked = await (await cast.resident("feng")).post(f"{RESIDENT}/me/households", json={"plate_code": code})
    assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
    village, county = await cast.staff("villagedesk"), await cast.staff("admin")
    items = (await village.get(f"{DESK}/memberships")).json()["items"]
    assert [item["id"] for item in items] == [asked.json()["id"]]
    path = f"{DESK}/memberships/{asked.json()['id']}/decision"
    assert (await village.post(path, json={})).status_code == 422
    assert (await village.post(path, json={"approve": True})).json()["state"] == "bound"
    late = await county.post(path, json={"approve": False})
    assert (late.status_code, late.json()["code"]) == (409, "not-waiting")
    assert "tell_members" in await cast.react()
    other = await cast.plate(1, 1)
    there = await (await cast.resident("feng")).post(f"{RESIDENT}/me/households", json={"plate_code": other})
    outside = await village.post(f"{DESK}/memberships/{there.json()['id']}/decision", json={"approve": True})
    assert outside.status_code == 404


async def test_only_who_may_open_a_phone_finds_a_house_by_it(cast: Cast) -> None:
    one = await house()
    path = f"{DESK}/households?text={one.phone}"
    assert len((await (await cast.staff("admin")).get(path)).json()["items"]) == 1
    assert (await (await cast.staff("dispatcher")).get(path)).json()["items"] == []
    by_serial = await (await cast.staff("dispatcher")).get(f"{DESK}/households?text={one.serial}")
    assert [item["id"] for item in by_serial.json()["items"]] == [str(one.id)]


async def test_the_history_of_codes_tells_no_whole_code(cast: Cast) -> None:
    code, one = await cast.plate(0, 1), await house()
    shown = await (await cast.staff("admin")).get(f"{DESK}/households/{one.id}")
    assert [entry["state"] for entry in shown.json()["codes"]] == ["active"]
    row = await HouseholdCode.get(household_id=one.id)
    assert code not in shown.text
    assert bytes(row.code_id).hex() not in shown.text
