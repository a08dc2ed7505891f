"""Which topics the desk is proposed for a case, with reasons in Chinese: pure; a person decides."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.duplicates.likeness import BEST, bigrams


@dataclass(frozen=True)
class TopicChoice:
    """One choice with why it is offered, the best first."""

    key: str
    name: str
    score: float
    reasons: tuple[str, ...]


def propose_topics(text: str, chosen: str, topics: Sequence[tuple[str, str, str]]) -> list[TopicChoice]:
    """Topics (code, name, plain words) whose words occur in the text; what the appellant chose stands first."""
    said = bigrams(text)
    found = []
    for code, name, plain in topics:
        shared = sorted((bigrams(name) | bigrams(plain)) & said)
        reasons = ["诉求人自选"] if code == chosen else []
        if shared:
            reasons.append(f"内容提到“{'、'.join(shared[:5])}”")
        if reasons:
            found.append(TopicChoice(code, name, len(shared) + (100 if code == chosen else 0), tuple(reasons)))
    return sorted(found, key=lambda choice: (-choice.score, choice.key))[:BEST]
