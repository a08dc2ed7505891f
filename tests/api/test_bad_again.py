"""What a second bad rating does is a rule of the deployment (`later_bad`): supervision decides, or it reopens again."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest

from config.rules import PROFILES, ProfileError, load_profile
from domain.cases.models import Case
from domain.rulebook import install, rulebook
from domain.supervision.models import Supervision
from server.rules import book_of
from tests.support.app import test_settings as settings_of  # pytest would take it for a test
from tests.support.cast import Cast
from tests.support.life import AFTER_ANSWER, BAD, again, bring_to

pytestmark = pytest.mark.anyio


@pytest.fixture
def profiles(tmp_path: Path) -> Path:
    """A copy of the profiles that a test may change."""
    return Path(copytree(PROFILES, tmp_path / "profiles"))


@pytest.fixture
def book() -> Iterator[None]:
    """The rules as they were, afterwards."""
    before = rulebook()
    yield
    install(before)


def write(profiles: Path, first: str, later: str) -> None:
    file = profiles / "common" / "rules.toml"
    text = file.read_text("utf-8")
    assert 'first_bad = "auto"' in text and 'later_bad = "decide"' in text
    text = text.replace('first_bad = "auto"', f'first_bad = "{first}"').replace('later_bad = "decide"', f'later_bad = "{later}"')
    file.write_text(text, "utf-8")


@pytest.mark.parametrize(
    ("first", "later", "states"),
    [("auto", "decide", ["rework", "answered"]), ("auto", "auto", ["rework", "rework"]), ("decide", "decide", ["answered"])],
)
async def test_a_bad_rating_reopens_by_itself_as_often_as_the_profile_says(
    cast: Cast, profiles: Path, book: None, first: str, later: str, states: list[str]
) -> None:
    write(profiles, first, later)
    install(book_of(load_profile("ruijin", profiles), settings_of(profiles)))
    case_id = await bring_to(cast, "answered")
    found = []
    for number in range(len(states)):
        if number:
            await again(cast, case_id)
        for login, action, body in AFTER_ANSWER:
            await cast.act(login, case_id, action, **body)
        await cast.act("callback", case_id, "callback", **BAD)
        found.append((await Case.get(id=case_id)).state)
    assert found == states
    assert await Supervision.filter(case_id=case_id, trigger="dissatisfied", state="open").count() == 1


def test_a_first_bad_rating_that_waits_for_a_decision_is_followed_by_none_that_does_not(profiles: Path) -> None:
    write(profiles, "decide", "auto")
    with pytest.raises(ProfileError, match="以后的差评不能自动重办"):
        load_profile("ruijin", profiles)
