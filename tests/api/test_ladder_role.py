"""Who brings a matter up from a level by the ladder of the place (`ladder.<step>.role`) hears that one was raised."""

from collections.abc import Iterator
from dataclasses import replace

import msgspec
import pytest

from config.rules import load_profile
from domain.rulebook import install, rulebook
from domain.sql import fetch
from tests.support.cast import Cast
from tests.support.life import bring_to

pytestmark = [pytest.mark.anyio, pytest.mark.mechanism("002-13")]
TITLE = "有提级事项"


@pytest.fixture
def ladder() -> Iterator[None]:
    """The ladder of 东河口镇: the village's petition agent brings a matter to the town's meeting."""
    before = rulebook()
    town = next(iter(load_profile("donghekou").overlays.values())).practices
    own = msgspec.structs.replace(before.practices, ladder=town.ladder, bodies=town.bodies)
    install(replace(before, overlays={"360781100": replace(before, practices=own)}))
    yield
    install(before)


async def told() -> dict[str, str]:
    rows = await fetch("SELECT s.login, n.text FROM notices n JOIN staff s ON s.id = n.recipient_id WHERE n.title = $1", [TITLE])
    return {row["login"]: row["text"] for row in rows}


async def test_the_role_of_the_step_hears_what_is_to_be_brought_to_which_meeting(cast: Cast, ladder: None) -> None:
    case_id = await bring_to(cast, "accepted")
    raised = await cast.act("dispatcher", case_id, "escalate", reason="须由上级解决")
    assert raised["state"] == "accepted"
    await cast.react()
    assert list(await told()) == ["villagedesk"]
    text = (await told())["villagedesk"]
    assert rulebook().for_area("36.3607.360781.360781100").practices.bodies["town_meeting"].name in text
    await cast.act("dispatcher", case_id, "escalate", reason="镇里权限不够")
    await cast.react()
    assert set(await told()) == {"villagedesk", "towndesk"}, "the next step has another role"


async def test_whoever_raised_it_is_not_told_of_it(cast: Cast, ladder: None) -> None:
    case_id = await bring_to(cast, "accepted")
    await cast.act("villagedesk", case_id, "escalate", reason="须由上级解决")
    await cast.react()
    assert await told() == {}


async def test_where_the_place_has_no_ladder_only_the_desk_above_hears(cast: Cast) -> None:
    case_id = await bring_to(cast, "accepted")
    await cast.act("dispatcher", case_id, "escalate", reason="须由上级解决")
    await cast.react()
    assert await told() == {}
