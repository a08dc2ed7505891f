"""The check of sent times under its old name; it lives below, in `domain/times.py`, where cases can use it too."""

from domain.times import EARLIEST, SLACK, occurred

__all__ = ["EARLIEST", "SLACK", "occurred"]
