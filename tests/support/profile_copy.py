"""A copy of a profile that a test may spoil, and the mistakes that its loader then names."""

import shutil
from pathlib import Path

import pytest

from config.rules import PROFILES, ProfileError, load_profile


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(PROFILES / "ruijin.toml", tmp_path)
    for name in ("ruijin", "common"):
        shutil.copytree(PROFILES / name, tmp_path / name)
    return tmp_path


def change(path: Path, old: str, new: str) -> int:
    """Replace the only `old` in a file and return its line."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def mistakes(folder: Path) -> list[str]:
    with pytest.raises(ProfileError) as caught:
        load_profile("ruijin", folder)
    return [str(mistake) for mistake in caught.value.mistakes]
