"""What each move does besides changing the state; importing this package registers every effect."""

from domain.workflow import anytime, closing, dispatching, handling, intake, lapsing, long_term, merging

__all__ = ["anytime", "closing", "dispatching", "handling", "intake", "lapsing", "long_term", "merging"]
