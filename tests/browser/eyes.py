"""What can be computed about a page for old eyes and shaking hands: text size, contrast, targets, names, width."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.phones import WIDTH

MEASURE = Path(__file__).with_name("measure.js").read_text("utf-8")


def check_view(page: Page, least_px: int) -> None:
    """The view on show: text of at least so many pixels, contrast 4.5:1, targets 60×60, a name for each control."""
    expect(page.locator(".busy:visible")).to_have_count(0)
    found: dict[str, Any] = page.evaluate(MEASURE)
    assert found["texts"] > 5
    assert found["smallest_px"] >= least_px
    assert found["poor_contrast"] == []
    assert found["small_targets"] == []
    assert found["nameless"] == []
    assert found["headings"][0] in {1, 2}
    assert found["width"] == WIDTH
