"""What each move does besides changing the state; importing this package registers every effect."""

from domain.workflow import (
    anytime,
    closing,
    dispatching,
    extending,
    handling,
    intake,
    lapsing,
    leading,
    long_term,
    merging,
    regrading,
    suspending,
)

__all__ = [
    "anytime", "closing", "dispatching", "extending", "handling", "intake", "lapsing", "leading", "long_term", "merging",
    "regrading", "suspending",
]  # fmt: skip
