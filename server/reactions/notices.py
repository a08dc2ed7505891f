"""Reactions (being written)."""

from server.reactions.tasks import Made, nothing

TASKS: dict[str, Made] = {}
