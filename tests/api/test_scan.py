"""What `/h/{code}` opens: live, dead, unknown, forged; HEAD; WeChat's check file; the scan log."""

import pytest

from domain.households.models import CodeScan, HouseholdCode
from domain.households.scans import orphans
from miniprogram_api.scan import scan_routes
from qr.codes import Keyring, mint
from tests.support.cast import DESK, Cast

pytestmark = pytest.mark.anyio
DEAD = ("replaced", "revoked", "lost")


@pytest.mark.mechanism("000-02")
@pytest.mark.parametrize("state", ["printed", "active", "suspect"])
async def test_a_live_plate_opens_the_page_in_either_case(cast: Cast, state: str) -> None:
    code = await cast.plate(0, 1, state)
    for spelling in (code, code.lower()):
        answer = await cast.anybody().get(f"/h/{spelling}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "李甲" not in answer.text
    assert "13700000001" not in answer.text
    assert answer.headers["cache-control"] == "no-store"


async def test_head_answers_as_get_does_without_a_body(cast: Cast) -> None:
    for path in (await cast.plate(0, 1), await cast.plate(0, 2, "lost"), "A" * 32):
        got, head = await cast.anybody().get(f"/h/{path}"), await cast.anybody().head(f"/h/{path}")
        assert (head.status_code, head.content) == (got.status_code, b"")


async def test_unknown_and_forged_codes_are_one_same_page(cast: Cast) -> None:
    code = await cast.plate(0, 1)
    ring: Keyring = cast.app.ctx.services.keyring
    flipped = code[:-1] + ("A" if code[-1] != "A" else "B")
    foreign = mint(Keyring({ring.active: bytes(32)}, ring.active)).text
    texts = (mint(ring).text, flipped, foreign, "A" * 32, "A" * 31, "A" * 33, "1", code + code, "门牌")
    answers = [await cast.anybody().get(f"/h/{text}") for text in texts]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert len({answer.headers["cache-control"] for answer in answers}) == 1


@pytest.mark.parametrize("state", DEAD)
async def test_a_dead_plate_is_gone_with_a_neutral_page(cast: Cast, state: str) -> None:
    code = await cast.plate(0, 1, state)
    for spelling in (code, code.lower()):
        answer = await cast.anybody().get(f"/h/{spelling}")
        assert answer.status_code == 410
    assert "0797" in answer.text or "12345" in answer.text
    for told in ("一组", "解放路", "象湖", "第1网格"):
        assert told not in answer.text


async def test_all_dead_plates_show_one_page(cast: Cast) -> None:
    pages = {(await cast.anybody().get(f"/h/{await cast.plate(0, 1, state)}")).content for state in DEAD}
    assert len(pages) == 1


async def test_scans_are_kept_by_outcome(cast: Cast) -> None:
    live, dead = await cast.plate(0, 1), await cast.plate(0, 2, "revoked")
    orphan = mint(cast.app.ctx.services.keyring)
    for text in (live, live, dead, orphan.text):
        await cast.anybody().get(f"/h/{text}")
    kept = await CodeScan.all()
    assert sorted(scan.outcome for scan in kept if scan.code_id is not None) == ["dead", "live", "orphan"]
    assert [row["code_id"] for row in await orphans()] == [orphan.code_id.hex()]


async def test_a_junk_code_asks_the_database_nothing(cast: Cast) -> None:
    before = await CodeScan.filter(outcome="orphan").count()
    await cast.anybody().get(f"/h/{'B' * 32}")
    assert await CodeScan.filter(outcome="orphan").count() == before


async def test_the_check_file_of_wechat_stands_beside_the_plates() -> None:
    assert not [route for route in scan_routes("", "") if route.path.endswith(".txt")]
    found = [route for route in scan_routes("a1b2", "secret-of-wechat") if route.path == "/h/a1b2.txt"]
    answer = await found[0].handler(None)  # type: ignore[arg-type]
    assert answer.raw == b"secret-of-wechat"


async def test_a_code_lost_in_a_restore_is_tied_to_its_door_again(cast: Cast) -> None:
    """The row is gone, the tag still proves the print: the first scan puts it on the desk's list."""
    code, admin = await cast.plate(0, 1), await cast.staff("admin")
    row = await HouseholdCode.get(state="active")
    code_id = bytes(row.code_id).hex()
    await row.delete()
    assert (await cast.anybody().get(f"/h/{code}")).status_code == 404
    items = (await admin.get(f"{DESK}/plates/orphans")).json()["items"]
    assert [(item["code_id"], item["kid"]) for item in items] == [(code_id, row.kid)]
    path, body = f"{DESK}/plates/orphans/{code_id}/adoption", {"household_id": str(row.household_id)}
    assert (await (await cast.staff("villagedesk")).post(path, json=body)).status_code == 403
    assert (await admin.post(f"{DESK}/plates/orphans/{'00' * 10}/adoption", json=body)).status_code == 404
    assert (await admin.post(f"{DESK}/plates/orphans/xyz/adoption", json=body)).status_code == 404
    assert (await admin.post(path, json=body)).json()["state"] == "active"
    assert (await cast.anybody().get(f"/h/{code}")).status_code == 200
    assert (await admin.get(f"{DESK}/plates/orphans")).json()["items"] == []
    assert (await admin.post(path, json=body)).status_code == 404


async def test_the_desk_sees_scans_by_outcome(cast: Cast) -> None:
    await cast.anybody().get(f"/h/{await cast.plate(0, 1)}")
    items = (await (await cast.staff("admin")).get(f"{DESK}/plates/scans")).json()["items"]
    assert ("live", "web", 1) in {(item["outcome"], item["door"], item["scans"]) for item in items}
