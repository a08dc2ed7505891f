"""Worker door: the paper slip that a villager keeps."""

from domain.access.permissions import Permission
from web.slips import slip_route

ROUTES = (slip_route(Permission.APPEAL_AGENT),)
