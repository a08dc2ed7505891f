"""What each move does besides changing the state; importing this package registers every effect."""

from domain.workflow import anytime, closing, dispatching, handling, intake

__all__ = ["anytime", "closing", "dispatching", "handling", "intake"]
