"""What the desk is proposed for a case, with reasons in Chinese: pure rules over plain values; a person decides.

Which units are proposed stands in `matching.py`. Likeness of texts is the Dice coefficient of their pairs of characters.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from uuid import UUID

LIKE = 0.5
BEST = 5


@dataclass(frozen=True)
class Proposal:
    """One choice with why it is offered, the best first."""

    key: str
    name: str
    score: float
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Known:
    """What is known of a case when it is compared with others; contacts are compared before, as yes or no."""

    id: UUID
    number: str = ""
    text: str = ""
    topic: str = ""
    village: str = ""
    household_id: UUID | None = None
    same_phone: bool = False


def propose_topics(text: str, chosen: str, topics: Sequence[tuple[str, str, str]]) -> list[Proposal]:
    """Topics (code, name, plain words) whose words occur in the text; what the appellant chose stands first."""
    said = bigrams(text)
    found = []
    for code, name, plain in topics:
        shared = sorted((bigrams(name) | bigrams(plain)) & said)
        reasons = ["诉求人自选"] if code == chosen else []
        if shared:
            reasons.append(f"内容提到“{'、'.join(shared[:5])}”")
        if reasons:
            found.append(Proposal(code, name, len(shared) + (100 if code == chosen else 0), tuple(reasons)))
    return sorted(found, key=lambda proposal: (-proposal.score, proposal.key))[:BEST]


def propose_duplicates(case: Known, others: Iterable[Known]) -> list[Proposal]:
    """Cases that may be about the same matter: the same household, telephone, or place with a like text."""
    found = []
    for other in others:
        like = likeness(case.text, other.text)
        reasons = [f"内容相似度 {like:.0%}"] if like >= LIKE else []
        same_place = bool(case.village) and case.village == other.village
        if reasons and same_place:
            reasons.append("同一村(社区)")
        if case.household_id and case.household_id == other.household_id:
            reasons.append("同一户")
        if other.same_phone:
            reasons.append("联系电话相同")
        close = case.topic and case.topic == other.topic
        if close and reasons:
            reasons.append("同一类别")
        linked = other.same_phone or "同一户" in reasons
        if (like >= LIKE and (same_place or linked)) or (linked and close):
            found.append(Proposal(str(other.id), other.number, like + len(reasons), tuple(reasons)))
    return sorted(found, key=lambda proposal: -proposal.score)[:BEST]


def bigrams(text: str) -> frozenset[str]:
    """The pairs of neighbouring letters and characters of a text."""
    runs = "".join(char if char.isalnum() else " " for char in text.lower()).split()
    return frozenset(a + b for run in runs for a, b in pairwise(run))


def likeness(one: str, other: str) -> float:
    """The Dice coefficient of two texts: 0 nothing in common, 1 the same pairs."""
    a, b = bigrams(one), bigrams(other)
    return 2 * len(a & b) / (len(a) + len(b)) if a and b else 0.0
