"""What each move does besides changing the state; importing this package registers every effect."""

from domain.workflow import (
    anytime,
    causes,
    closing,
    dispatching,
    emergencies,
    extending,
    handling,
    instant,
    intake,
    lapsing,
    leading,
    long_term,
    merging,
    regrading,
    suspending,
    verifying,
)

__all__ = [
    "anytime", "causes", "closing", "dispatching", "emergencies", "extending", "handling", "instant", "intake", "lapsing",
    "leading", "long_term", "merging", "regrading", "suspending", "verifying",
]  # fmt: skip
