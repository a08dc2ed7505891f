"""What the desk is proposed for a case, with reasons in Chinese: pure rules over plain values; a person decides.

Which units are proposed stands in `matching.py`, which other cases are alike in `duplicates.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.dispatch.duplicates import BEST, bigrams


@dataclass(frozen=True)
class Proposal:
    """One choice with why it is offered, the best first."""

    key: str
    name: str
    score: float
    reasons: tuple[str, ...]


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
