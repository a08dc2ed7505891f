"""Deadlines: the working calendar, limits, tracks and warning levels."""
