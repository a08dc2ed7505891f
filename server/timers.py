"""Timers."""

from server.services import Services


class Timers:
    """Timers of one process."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def start(self) -> None:
        """Begin."""

    async def stop(self) -> None:
        """End."""
