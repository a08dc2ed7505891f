"""One Chromium for all browser tests; a phone per test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.phones import chromium, phone
from tests.support.server import RunningServer


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def take_phone(browser: Browser, server: RunningServer) -> Iterator[Callable[..., Page]]:
    """Phones on demand, each with its own memory."""
    with ExitStack() as phones:
        yield lambda **settings: phones.enter_context(phone(browser, server.url, **settings))
