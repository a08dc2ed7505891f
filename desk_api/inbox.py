"""Staff door: notices to the signed-in member of staff."""

from web.inbox import inbox_routes
from web.routes import SIGNED_IN

ROUTES = inbox_routes(SIGNED_IN)
