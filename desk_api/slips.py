"""Staff door: the paper slip for whoever came to the counter or was written for by the village's agent."""

from domain.access.permissions import Permission
from web.slips import slip_route

ROUTES = (slip_route(Permission.APPEAL_ENTER),)
