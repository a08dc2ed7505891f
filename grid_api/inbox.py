"""Worker door: notices to the signed-in grid worker, also to one who has just handed over the last grid."""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any

from domain.problems import NotAllowed
from web.inbox import inbox_routes
from web.routes import SIGNED_IN, Ask


def _of_a_worker(handler: Callable[[Ask], Any]) -> Callable[[Ask], Any]:
    @wraps(handler)
    async def guarded(ask: Ask) -> Any:
        if ask.actor.kind != "worker":
            raise NotAllowed
        return await handler(ask)

    return guarded


# No permission: who has no grid left has none, and has to read to whom the grid went.
ROUTES = tuple(replace(route, handler=_of_a_worker(route.handler)) for route in inbox_routes(SIGNED_IN))
