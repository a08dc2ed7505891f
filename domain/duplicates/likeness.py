"""Which cases may be about the same matter (同一诉求), and why: pure rules over plain values; a person decides.

Two cases are compared by who spoke, which house, where, when and in which words. How far apart they may lie is data of
the topic (`Reach`); 0 switches a kind of nearness off. Comparing is symmetric: what A is to B, B is to A.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from math import asin, cos, radians, sin, sqrt
from typing import Any
from uuid import UUID

from rapidfuzz import fuzz

from domain.rulebook import Reach

LIKE = 0.5  # texts of which half is the same tell of one matter when the place or the person is the same too
BEST = 5
EARTH_M = 6_371_000.0
WORDS = {"phone": "联系电话相同", "person": "同一诉求人", "household": "同一户", "village": "同一村(社区)", "topic": "同一类别"}
PERSONAL = frozenset({"phone", "person", "household"})  # what tells who spoke: only for whom may know that of both cases


@dataclass(frozen=True)
class Known:
    """What is known of a case when it is compared; anonymous people have neither phones nor people nor a house here."""

    id: UUID
    received_at: datetime
    text: str = ""
    topic: str = ""
    village: str = ""
    household_id: UUID | None = None
    phones: frozenset[str] = frozenset()
    people: frozenset[UUID] = frozenset()
    position: tuple[float, float, str] | None = None  # longitude, latitude, datum

    @cached_property
    def words(self) -> tuple[str, frozenset[str]]:
        """The text without signs, and its pairs of characters."""
        return plain(self.text), bigrams(self.text)


@dataclass(frozen=True)
class Likeness:
    """How two cases are alike: marks, metres and days apart, the share of common words."""

    id: UUID
    marks: tuple[str, ...]
    like: float
    days: int
    metres: int | None = None

    @property
    def score(self) -> float:
        """What the list is ordered by: each mark counts one, the words up to two, nearness in place up to one."""
        near = 1 / (1 + self.metres / 100) if self.metres is not None else 0.0
        return len(self.marks) + 2 * self.like + near

    @property
    def linked(self) -> bool:
        """Whether the same person or house speaks."""
        return not PERSONAL.isdisjoint(self.marks)


def rank(case: Known, others: Iterable[Known], reach: Reach) -> list[Likeness]:
    """The cases within reach that may be about the same matter, the likeliest first, whatever the order they came in."""
    if not reach.window_days:
        return []
    found = (compare(case, other, reach) for other in others if other.id != case.id)
    kept = [one for one in found if one is not None and _same_matter(one)]
    return sorted(kept, key=lambda one: (-one.score, one.id))


def compare(one: Known, other: Known, reach: Reach) -> Likeness | None:
    """How two cases are alike, or None when they lie too far apart in time."""
    seconds = abs((one.received_at - other.received_at).total_seconds())
    if seconds > reach.window_days * 86400:
        return None
    metres = distance(one, other)
    near = metres is not None and bool(reach.radius_m) and metres <= reach.radius_m
    marks = {
        "phone": bool(one.phones & other.phones),
        "person": bool(one.people & other.people),
        "household": one.household_id is not None and one.household_id == other.household_id,
        "village": bool(one.village) and one.village == other.village,
        "topic": bool(one.topic) and one.topic == other.topic,
    }
    held = tuple(name for name, holds in marks.items() if holds)
    return Likeness(other.id, held, likeness(one, other), int(seconds // 86400),
                    round(metres) if near and metres is not None else None)  # fmt: skip


def _same_matter(found: Likeness) -> bool:
    topic, placed = "topic" in found.marks, found.metres is not None
    if found.like >= LIKE:
        return found.linked or placed or "village" in found.marks
    return topic and (found.linked or placed)


def reasons(found: Likeness, *, personal: bool) -> list[str]:
    """Why, in Chinese; without what tells who spoke unless the reader may know it."""
    said = [WORDS[mark] for mark in found.marks if personal or mark not in PERSONAL]
    if found.metres is not None:
        said.append(f"相距约{found.metres}米")
    if found.like >= LIKE:
        said.append(f"内容相似度 {found.like:.0%}")
    return [*said, f"相隔{found.days}天" if found.days else "同一天"]


def stands_without_person(found: Likeness) -> bool:
    """Whether the two would be proposed although nobody may be told who spoke."""
    return _same_matter(replace(found, marks=tuple(mark for mark in found.marks if mark not in PERSONAL)))


def likeness(one: Known, other: Known) -> float:
    """How alike two texts are, 0 to 1: the same characters in the same order, or the same pairs in any order."""
    (text, pairs), (text2, pairs2) = one.words, other.words
    if not text or not text2:
        return 0.0
    dice = 2 * len(pairs & pairs2) / (len(pairs) + len(pairs2)) if pairs and pairs2 else 0.0
    return max(fuzz.ratio(text, text2) / 100, dice)


def bigrams(text: str) -> frozenset[str]:
    """The pairs of neighbouring letters and characters of a text."""
    return frozenset(a + b for run in plain(text).split() for a, b in pairwise(run))


def distance(one: Known, other: Known) -> float | None:
    """Metres between two cases, or None where one has no position or the two are of different datums."""
    if one.position is None or other.position is None or one.position[2] != other.position[2]:
        return None
    lon, lat, lon2, lat2 = (radians(value) for value in (*one.position[:2], *other.position[:2]))
    half = sin((lat2 - lat) / 2) ** 2 + cos(lat) * cos(lat2) * sin((lon2 - lon) / 2) ** 2
    return 2 * EARTH_M * asin(sqrt(min(1.0, half)))


def stored(found: Likeness) -> dict[str, Any]:
    """A likeness as it is kept."""
    return {**asdict(found), "id": str(found.id)}


def read(row: dict[str, Any]) -> Likeness:
    """A likeness as it was kept."""
    return Likeness(UUID(row["id"]), tuple(row["marks"]), row["like"], row["days"], row["metres"])


def plain(text: str) -> str:
    """Letters, digits and characters of a text, spaces for all else."""
    return "".join(char if char.isalnum() else " " for char in text.lower()).strip()
