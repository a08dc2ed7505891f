"""What WeChat does with a scanned code: open the mini-program or open a web page.

Case is taken to matter and redirects are not followed, as nothing else is documented.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlsplit


@dataclass(frozen=True)
class Rule:
    """One rule of 扫普通链接二维码打开小程序."""

    prefix: str
    page: str
    published: bool = True


@dataclass(frozen=True)
class Opened:
    """A page of the mini-program with the query its `onLoad` gets, and the launch scene."""

    page: str
    query: dict[str, str]
    scene: int


def _matches(rule: str, url: str) -> bool:
    mine, theirs = urlsplit(rule), urlsplit(url)
    if (mine.scheme, mine.netloc) != (theirs.scheme, theirs.netloc):
        return False
    if mine.query:
        return mine.path == theirs.path and theirs.query.startswith(mine.query)
    return theirs.path.startswith(mine.path) if mine.path.endswith("/") else theirs.path == mine.path


def scan_link(url: str, rules: list[Rule], now: int, scene: int = 1011) -> Opened | None:
    """The page that opens, or None for the web page; the most specific rule decides, published or not."""
    fitting = [rule for rule in rules if _matches(rule.prefix, url)]
    rule = max(fitting, key=lambda r: len(r.prefix), default=None)
    if rule is None or not rule.published:
        return None
    return Opened(rule.page, {"q": quote(url, safe=""), "scancode_time": str(now)}, scene)


def scan_code(drawn: str) -> Opened:
    """The page that opens for a code drawn by this stand-in (`wxacode:appid:page:scene`)."""
    _, _, page, scene = drawn.split(":", 3)
    return Opened(page, {"scene": quote(scene, safe="")}, 1047)
