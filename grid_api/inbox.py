"""Worker door: notices to the signed-in grid worker."""

from domain.access.permissions import Permission
from web.inbox import inbox_routes

ROUTES = inbox_routes(Permission.FIELD_READ)
