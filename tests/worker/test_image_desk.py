"""The desk's children are real processes: they hit real limits, and the next photo does not notice."""

import asyncio
import os
import signal
from pathlib import Path

import pytest
from PIL import Image

from domain.attachments.refusals import Reason, UnacceptableFile
from server.gateways.images import MIB, DeskLimits, ImageDesk
from tests.support import uploads

pytestmark = pytest.mark.anyio
ONE_CHILD = DeskLimits(children=1)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def refusal(desk: ImageDesk, data: bytes) -> UnacceptableFile:
    with pytest.raises(UnacceptableFile) as caught:
        await desk.clean(data)
    return caught.value


async def test_a_photo_comes_back_clean_and_its_child_is_used_again() -> None:
    async with ImageDesk(ONE_CHILD) as desk:
        first = await desk.clean(uploads.photo_lying_with_place())
        child = desk.pids
        second = await desk.clean(uploads.photo((300, 200), image_format="PNG"))
        assert (first.width, first.height) == (80, 120)
        assert b"Exif" not in first.data
        assert (second.width, second.height, second.mime) == (300, 200, "image/jpeg")
        assert desk.pids == child


async def test_refusals_of_the_rules_arrive_unchanged() -> None:
    async with ImageDesk(ONE_CHILD) as desk:
        assert (await refusal(desk, b"")).reason_code is Reason.TYPE_REFUSED
        assert (await refusal(desk, uploads.photo()[:100])).reason_code is Reason.DAMAGED
        bomb = await refusal(desk, uploads.png_bomb(30_000, 30_000))
        assert bomb.reason_code is Reason.IMAGE_TOO_LARGE
        assert "万像素" in bomb.message_zh


async def test_the_largest_allowed_photo_fits_into_the_limits() -> None:
    async with ImageDesk(ONE_CHILD) as desk:
        result = await desk.clean(uploads.photo((8000, 5000), "RGBA", "PNG"))
        assert (result.width, result.height) == (2560, 1600)


async def test_too_little_memory_is_a_refusal_and_the_child_lives_on() -> None:
    async with ImageDesk(DeskLimits(children=1, memory_bytes=160 * MIB)) as desk:
        await desk.clean(uploads.photo())
        big = await refusal(desk, uploads.photo((8000, 5000), "RGBA", "PNG"))
        assert big.reason_code is Reason.IMAGE_TOO_LARGE
        assert (await desk.clean(uploads.photo((64, 48)))).width == 64


async def test_a_child_that_uses_up_its_processor_time_is_replaced() -> None:
    slow = uploads.encoded(Image.effect_noise((7000, 5000), 90).convert("RGB"), "WEBP", method=0)
    async with ImageDesk(DeskLimits(children=1, cpu_s=0)) as desk:
        await desk.clean(uploads.photo())
        before = desk.pids
        assert (await refusal(desk, slow)).reason_code is Reason.IMAGE_TOO_LARGE
        assert (await desk.clean(uploads.photo())).width == 64
        assert desk.pids.isdisjoint(before)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_killed_or_frozen_child_costs_one_photo_only(how: signal.Signals) -> None:
    async with ImageDesk(DeskLimits(children=1, wait_s=2.0)) as desk:
        await desk.clean(uploads.photo())
        (child,) = desk.pids
        os.kill(child, how)
        outcomes = await asyncio.gather(
            *(desk.clean(uploads.photo()) for _ in range(3)), return_exceptions=True
        )
        refused = [outcome for outcome in outcomes if isinstance(outcome, UnacceptableFile)]
        assert len(refused) <= 1
        assert len([o for o in outcomes if not isinstance(o, BaseException)]) == 3 - len(refused)
        assert child not in desk.pids


async def test_a_caller_that_goes_away_leaves_no_stranger_its_answer() -> None:
    async with ImageDesk(ONE_CHILD) as desk:
        gone = asyncio.ensure_future(desk.clean(uploads.photo((4000, 4000), image_format="PNG")))
        while not desk.pids:
            await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        assert (await desk.clean(uploads.photo((50, 40)))).width == 50


async def test_many_photos_at_once_share_the_children() -> None:
    async with ImageDesk(DeskLimits(children=2)) as desk:
        results = await asyncio.gather(*(desk.clean(uploads.photo((20 + n, 20))) for n in range(12)))
        assert [result.width for result in results] == [20 + n for n in range(12)]
        assert len(desk.pids) <= 2


async def test_closing_ends_the_children() -> None:
    desk = ImageDesk(ONE_CHILD)
    await desk.clean(uploads.photo())
    (child,) = desk.pids
    await desk.close()
    assert not desk.pids
    assert not Path(f"/proc/{child}").exists()


async def test_a_child_knows_no_secret_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WECHAT_APP_SECRET", "top-secret-value")
    async with ImageDesk(ONE_CHILD) as desk:
        await desk.clean(uploads.photo())
        (child,) = desk.pids
        assert b"top-secret-value" not in await asyncio.to_thread(Path(f"/proc/{child}/environ").read_bytes)
