"""A villager's phone: Chromium with a fake microphone, and a real door plate in the server's own database."""

import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import psycopg
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, sync_playwright

from qr.codes import mint
from server.keys import load_keyring
from server.rules import stable_id
from tests.support.server import RunningServer

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WIDTH, HEIGHT = 390, 844
VILLAGE = "360781100001"


def chromium_path() -> str | None:
    """The Chromium of this machine: `CHROMIUM_PATH`, else the first known name on the path."""
    return os.environ.get("CHROMIUM_PATH") or next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def chromium(path: str) -> Iterator[Browser]:
    """A headless Chromium that takes a made-up microphone and position without asking."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"],
        )
        yield browser
        browser.close()


@contextmanager
def phone(browser: Browser, url: str, **settings: object) -> Iterator[Page]:
    """One phone with its own memory; a script error on the page fails the test."""
    context = browser.new_context(
        viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=2, locale="zh-CN", base_url=url,
        timezone_id="Asia/Shanghai", permissions=["microphone", "geolocation"], has_touch=True,
        geolocation={"longitude": 116.03, "latitude": 25.88}, **settings,
    )  # fmt: skip
    context.set_default_timeout(10_000)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if "Content Security Policy" in line.text else None)
    try:
        yield page
        assert errors == []
    finally:
        context.close()


def plate(server: RunningServer, door: int = 3, state: str = "active") -> str:
    """A new code for a household of the stage, written into the running server's database; its 32 characters."""
    code = mint(load_keyring("", server.log.parent / "keys", may_make=False))
    household: UUID = stable_id("household", f"{VILLAGE}:{door}")
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute(
            "UPDATE household_codes SET state = 'replaced' WHERE household_id = %s AND state IN ('printed', 'active')",
            [household],
        )
        connection.execute(
            "INSERT INTO household_codes (code_id, kid, household_id, area_path, state, issued_at)"
            " SELECT %s, %s, id, area_path, %s, %s FROM households WHERE id = %s",
            [code.code_id, code.kid, state, datetime.now(UTC), household],
        )
    return code.text


def sideways_photo(folder: Path) -> Path:
    """A 3000×2000 photo as a phone takes it upright: stored lying, with orientation 6 and a position in its EXIF."""
    picture = Image.new("RGB", (3000, 2000), "#7fa7c9")
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 1300, 3000, 2000), fill="#5c6b4a")
    pen.rectangle((1400, 300, 1460, 1500), fill="#3a3a3a")
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=90, exif=exif)
    path = folder / "IMG_0001.jpg"
    path.write_bytes(buffer.getvalue())
    return path
