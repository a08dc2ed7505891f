"""Mini-program codes for posters: the plate's own characters as scene, drawn once, kept, within quota."""

import io
from collections.abc import AsyncIterator

import msgspec
import pytest
import zxingcpp
from PIL import Image

from config.profile import Plates
from domain.households.models import Household, HouseholdCode
from server.gateways.store import LocalStore
from server.gateways.wechat import WeChatGateway, WeChatSettings
from tests.support.cast import DESK, Cast
from tests.support.gateways import (  # noqa: F401 (fixtures)
    APP_ID,
    AT_ONCE,
    DRAWING,
    PAGE,
    SECRET,
    StandIn,
    now,
    sim,
    wechat_process,
)
from web import code_images

pytestmark = pytest.mark.anyio


@pytest.fixture
async def live(cast: Cast, sim: StandIn, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Cast]:
    """The stage with a WeChat that answers, and a profile whose page is published."""
    services = cast.app.ctx.services
    gateway = WeChatGateway(WeChatSettings(APP_ID, SECRET, sim.url), LocalStore(), now, AT_ONCE)
    monkeypatch.setattr(services, "wechat", gateway)
    monkeypatch.setattr(services, "profile", msgspec.structs.replace(services.profile, plates=Plates(page=PAGE)))
    yield cast
    await gateway.close()


async def house_of(code_state: str = "active") -> Household:
    row = await HouseholdCode.filter(state=code_state).order_by("-issued_at").first()
    return await Household.get(id=row.household_id)


async def test_the_picture_carries_the_plates_own_code_and_is_drawn_once(live: Cast, sim: StandIn) -> None:
    code, admin = await live.plate(0, 1), await live.staff("admin")
    house = await house_of()
    path = f"{DESK}/households/{house.id}/miniprogram-code"
    answers = [await admin.get(path) for _ in range(3)]
    assert {(a.status_code, a.headers["content-type"]) for a in answers} == {(200, "image/jpeg")}
    assert house.serial in answers[0].headers["content-disposition"]
    read = zxingcpp.read_barcodes(Image.open(io.BytesIO(answers[0].content)))
    assert [one.text for one in read] == [f"wxacode:{APP_ID}:{PAGE}:{code}"]
    assert len({a.content for a in answers}) == 1
    assert sim.times(DRAWING) == 1
    # A new plate is a new picture; the old one is not handed out any more.
    await admin.post(f"{DESK}/households/{house.id}/code", json={})
    assert (await admin.get(path)).content != answers[0].content
    assert sim.times(DRAWING) == 2


async def test_who_may_have_it(live: Cast) -> None:
    await live.plate(0, 1)
    house = await house_of()
    path = f"{DESK}/households/{house.id}/miniprogram-code"
    assert (await (await live.staff("handler")).get(path)).status_code == 403
    admin = await live.staff("admin")
    assert (await admin.get(f"{DESK}/households/not-an-id/miniprogram-code")).status_code == 404
    await HouseholdCode.filter(household_id=house.id).update(state="revoked")
    assert (await admin.get(path)).status_code == 404


async def test_wechat_out_of_reach_or_out_of_quota_says_when_to_come_again(
    live: Cast, sim: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    await live.plate(0, 1)
    house, admin = await house_of(), await live.staff("admin")
    path = f"{DESK}/households/{house.id}/miniprogram-code"
    sim.tell("fault", path=DRAWING, kind="errcode", value=45009, times=1)
    refused = await admin.get(path)
    assert (refused.status_code, refused.json()["code"]) == (503, "wechat-unavailable")
    assert int(refused.headers["retry-after"]) >= 1
    monkeypatch.setattr(code_images, "PER_MINUTE", 0)
    asked = sim.times(DRAWING)
    assert (await admin.get(path)).status_code == 503
    assert sim.times(DRAWING) == asked
