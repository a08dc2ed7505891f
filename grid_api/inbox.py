"""Worker door: notices to the signed-in grid worker, also to one who has just handed over the last grid."""

from web.inbox import inbox_routes
from web.routes import SIGNED_IN

ROUTES = inbox_routes(SIGNED_IN)
