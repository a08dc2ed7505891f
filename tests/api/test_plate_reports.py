"""Plates that people find odd: reports make them suspect, and what is out of the ordinary raises an alarm."""

import pytest

from domain.households.models import CodeScan, HouseholdCode
from server import alarms
from tests.support.cast import DESK, Cast
from web import scans

pytestmark = pytest.mark.anyio
DOOR = "/api/miniprogram/v1/plates"
WRONG = {"reason": "wrong-house"}


async def state() -> str:
    return (await HouseholdCode.all().order_by("-issued_at").first()).state


async def outcomes(*kinds: str) -> list[str]:
    return sorted(await CodeScan.filter(outcome__in=kinds).values_list("outcome", flat=True))


async def test_two_people_make_a_plate_suspect_one_alone_never(cast: Cast) -> None:
    code = await cast.plate(0, 1)
    li, wang = await cast.resident("li"), await cast.resident("wang")
    for _ in range(3):
        answer = await li.post(f"{DOOR}/{code}/reports", json=WRONG)
        assert (answer.status_code, answer.json()["hotline"]) == (200, answer.json()["hotline"])
        assert await state() == "active"
    assert (await wang.post(f"{DOOR}/{code}/reports", json={"reason": "looks-forged"})).status_code == 200
    assert await state() == "suspect"
    # A suspect plate still opens: the village decides, not two strangers.
    assert (await cast.anybody().get(f"/h/{code}")).status_code == 200
    shown = (await (await cast.staff("admin")).get(f"{DESK}/plates/scans")).json()["alarms"]
    assert [(one["kind"], one["times"], one["state"]) for one in shown] == [("report", 2, "suspect")]


async def test_a_stranger_may_report_a_dead_or_unknown_plate_cannot_be(cast: Cast) -> None:
    assert (await cast.anybody().post(f"{DOOR}/{await cast.plate(0, 1)}/reports", json=WRONG)).status_code == 200
    dead = await cast.plate(0, 2, "revoked")
    assert (await cast.anybody().post(f"{DOOR}/{dead}/reports", json=WRONG)).status_code == 410
    assert (await cast.anybody().post(f"{DOOR}/{'A' * 32}/reports", json=WRONG)).status_code == 404
    code = await cast.plate(0, 3)
    assert (await cast.anybody().post(f"{DOOR}/{code}/reports", json={"reason": "他家有钱"})).status_code == 422


async def test_the_alarms_of_another_area_are_not_shown(cast: Cast) -> None:
    code = await cast.plate(0, 1)
    for name in ("li", "wang"):
        await (await cast.resident(name)).post(f"{DOOR}/{code}/reports", json=WRONG)
    found = {
        name: (await (await cast.staff(name)).get(f"{DESK}/plates/scans")).json().get("alarms") for name in ("admin",)
    }
    assert len(found["admin"]) == 1
    assert (await (await cast.staff("handler")).get(f"{DESK}/plates/scans")).status_code == 403


async def test_too_much_junk_within_the_hour_raises_one_alarm(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scans, "ENOUGH_SCANS", 10)
    code = await cast.plate(0, 1)
    for _ in range(9):
        await cast.anybody().get(f"/h/{code}")
    assert await outcomes("junk") == []
    for _ in range(3):
        assert (await cast.anybody().get(f"/h/{'A' * 32}")).status_code == 404
    assert await outcomes("junk") == ["junk"]
    await alarms.look()
    assert alarms.SCANS.labels("junk")._value.get() == 1


async def test_a_plate_shown_by_too_many_raises_one_alarm(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scans, "CALLERS_PER_CODE", 1)
    code = await cast.plate(0, 1)
    first, second, third = [await cast.resident(name) for name in ("li", "wang", "chen")]
    for _ in range(3):
        await first.get(f"{DOOR}/{code}")
    assert await outcomes("crowd") == []
    for person in (second, third):
        assert (await person.get(f"{DOOR}/{code}")).status_code == 200
    assert await outcomes("crowd") == ["crowd"]
    items = (await (await cast.staff("admin")).get(f"{DESK}/plates/scans")).json()
    assert {item["outcome"] for item in items["items"]} == {"live"}
    assert [one["kind"] for one in items["alarms"]] == ["crowd"]
