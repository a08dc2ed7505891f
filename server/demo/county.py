"""The people and houses of the demo: grids for every village, some hundred households with live codes in a few."""

import random
from functools import partial

from domain.access.actor import SYSTEM
from domain.areas.actions import make_grids
from domain.areas.models import Area
from domain.clock import real_now
from domain.households.actions import note_household
from domain.households.models import Household, HouseholdCode
from domain.households.register import Entry, new_household, serials
from qr.codes import Keyring, mint
from server.demo.accounts import TOWN, demo_villages, make_accounts
from server.demo.company import make_company
from server.demo.places import DATUM, draw_grids, spot
from server.rules import stable_id
from server.services import Services
from web.unit_of_work import run_unit

HOUSES = 60
VILLAGES_WITH_HOUSES = 5
SURNAMES = "刘钟谢曾杨朱赖邹胡罗陈许丁宋黄邱李王张温"
GIVEN = "福生 秀英 桂花 建国 小兰 金福 水生 春香 志强 丽娟 海波 明亮 东生 秋菊 文华 国栋 玉梅 长根 美珍 冬娣".split()


async def settle(services: Services) -> tuple[list[Area], dict[str, list[Area]]]:
    """Make grids, accounts, households and codes once; the demo's two villages and all grids."""
    villages = await Area.filter(kind="village").order_by("code")
    grids = await make_grids(villages, 2)
    await make_accounts(grids)
    home = demo_villages(villages)[0]
    await make_company(home, grids[home.code])
    if not await Household.exists():
        chosen = [village for village in villages if village.parent_code == TOWN][:VILLAGES_WITH_HOUSES]
        await run_unit(SYSTEM, partial(draw_grids, chosen, grids), services.enqueue)
        for place, village in enumerate(chosen):
            build = partial(_build, village, place, grids[village.code], services.keyring)
            await run_unit(SYSTEM, build, services.enqueue)
    return demo_villages(villages), grids


async def _build(village: Area, place: int, grids: list[Area], keyring: Keyring) -> None:
    chance = random.Random(village.code)  # noqa: S311 (a demo that looks the same each time)
    numbers = await serials(HOUSES)
    houses = [_house(village, grids, number, serial, chance) for number, serial in enumerate(numbers)]
    for number, house in enumerate(houses):
        (house.lon, house.lat), house.datum = spot(place, number), DATUM
    await Household.bulk_create(houses, batch_size=500)
    for house in houses:
        note_household(house, "household.created", {"state": house.state})
    codes = [(house, mint(keyring)) for house in houses]
    await HouseholdCode.bulk_create(
        [
            HouseholdCode(
                code_id=code.code_id, kid=code.kid, household_id=house.id, area_path=house.area_path, issued_at=real_now(),
                state="active" if number % 5 else "printed", printed_at=real_now(),
                activated_at=real_now() if number % 5 else None,
            )
            for number, (house, code) in enumerate(codes)
        ]
    )  # fmt: skip


def _house(village: Area, grids: list[Area], number: int, serial: str, chance: random.Random) -> Household:
    """A house as the register makes it, so that a list imported over the demo finds it; its id is always the same."""
    group, door = number // 20 + 1, number % 20 + 1
    entry = Entry(
        village_code=village.code, group=f"{group}组", door_text=f"{group}组{door}号", external_no=f"{number + 1:03d}",
        head_name=chance.choice(SURNAMES) + chance.choice(GIVEN), phone=f"1370797{chance.randrange(10000):04d}",
    )  # fmt: skip
    house = new_household(entry, grids[0] if group < 3 else grids[1], serial)
    house.id = stable_id("household", f"{village.code}:{number}")
    house.created_at = house.changed_at = real_now()
    return house
