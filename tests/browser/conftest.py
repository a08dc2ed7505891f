"""One Chromium for all browser tests; a phone per test.

Playwright's plain API keeps an event loop running in its thread, which would break every asynchronous test after it:
so the browser, and each test that uses it, runs in one thread of its own.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.phones import chromium, chromium_path, phone
from tests.support.server import RunningServer

THREAD = ThreadPoolExecutor(1, "browser")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool:
    """Run a test of this folder in the browser's thread."""
    names = pyfuncitem._fixtureinfo.argnames
    THREAD.submit(pyfuncitem.obj, **{name: pyfuncitem.funcargs[name] for name in names}).result()
    return True


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium; the tests are skipped, and say why, where there is none."""
    path = chromium_path()
    if path is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium fonts-noto-cjk, or set CHROMIUM_PATH")
    running = chromium(path)
    yield THREAD.submit(running.__enter__).result()
    THREAD.submit(running.__exit__, None, None, None).result()


@pytest.fixture
def take_phone(browser: Browser, server: RunningServer) -> Iterator[Callable[..., Page]]:
    """Phones on demand, each with its own memory."""
    phones = ExitStack()
    yield lambda **settings: phones.enter_context(phone(browser, server.url, **settings))
    THREAD.submit(phones.close).result()
