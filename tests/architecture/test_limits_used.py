"""A limit that a profile has to give is read by the rules: a figure that nobody reads misleads whoever sets it."""

import re

import pytest

from config.checks import LIMITS
from tests.architecture.sources import ROOT

_NAMED = re.compile(r'limits\[f?"([a-z_{}.]+)"(?: if [a-z]+ else "([a-z_]+)")?\]|limits\.get\("([a-z_]+)"\)')


def _patterns() -> list[re.Pattern[str]]:
    """What the sources of domain/ look up; a name put together from a word matches every word there."""
    found = []
    for path in (ROOT / "domain").rglob("*.py"):
        for match in _NAMED.finditer(path.read_text()):
            found += [re.compile(re.sub(r"\\\{[^}]*\\\}", "[a-z]+", re.escape(name))) for name in match.groups() if name]
    return found


@pytest.mark.parametrize("name", sorted(LIMITS))
def test_every_limit_is_read(name: str) -> None:
    assert any(pattern.fullmatch(name) for pattern in _patterns())
