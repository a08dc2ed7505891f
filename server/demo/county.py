"""The people and houses of the demo: grids for every village, some hundred households with live codes in a few."""

import random
from typing import Any

from domain.areas.actions import make_grids
from domain.areas.models import Area
from domain.clock import real_now
from domain.households.models import Household, HouseholdCode
from domain.sql import fetch
from qr.codes import Keyring, mint
from qr.serials import make_serial
from server.demo.accounts import TOWN, demo_villages, make_accounts
from server.rules import stable_id

HOUSES = 60
VILLAGES_WITH_HOUSES = 5
SURNAMES = "刘钟谢曾杨朱赖邹胡罗陈许丁宋黄邱李王张温"
GIVEN = "福生 秀英 桂花 建国 小兰 金福 水生 春香 志强 丽娟 海波 明亮 东生 秋菊 文华 国栋 玉梅 长根 美珍 冬娣".split()


async def settle(keyring: Keyring) -> tuple[list[Area], dict[str, list[Area]]]:
    """Make grids, accounts, households and codes once; the demo's two villages and all grids."""
    villages = await Area.filter(kind="village").order_by("code")
    grids = await make_grids(villages, 2)
    await make_accounts(grids)
    if not await Household.exists():
        chosen = [village for village in villages if village.parent_code == TOWN][:VILLAGES_WITH_HOUSES]
        for village in chosen:
            await _build(village, grids[village.code], keyring)
    return demo_villages(villages), grids


async def _build(village: Area, grids: list[Area], keyring: Keyring) -> None:
    chance = random.Random(village.code)  # noqa: S311 (a demo that looks the same each time)
    serials = await fetch("SELECT nextval('household_serials') AS n FROM generate_series(1, $1)", [HOUSES])
    houses = [_house(village, grids, number, row["n"], chance) for number, row in enumerate(serials)]
    await Household.bulk_create(houses, batch_size=500)
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


def _house(village: Area, grids: list[Area], number: int, serial: int, chance: random.Random) -> Household:
    group, door = number // 20 + 1, number % 20 + 1
    grid = grids[0] if group < 3 else grids[1]
    values: dict[str, Any] = {
        "group_name": f"{group}组",
        "door_text": f"{group}组{door}号",
        "head_name": chance.choice(SURNAMES) + chance.choice(GIVEN),
        "phone": f"1370797{chance.randrange(10000):04d}",
    }
    return Household(
        id=stable_id("household", f"{village.code}:{number}"), village_code=village.code, grid_code=grid.code,
        area_path=grid.path, serial=make_serial(village.code[4:9], serial), external_no=f"{number + 1:03d}",
        import_key=f"{village.code}:no:{number + 1:03d}", created_at=real_now(), changed_at=real_now(), **values,
    )  # fmt: skip
