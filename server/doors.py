"""All route tables on one page."""

from config.settings import Settings
from desk_api.quarantine import quarantine_routes
from desk_api.routes import ROUTES as DESK
from grid_api.routes import ROUTES as GRID
from grid_api.sync_verbs import verbs
from miniprogram_api.routes import ROUTES as RESIDENT
from miniprogram_api.scan import scan_routes
from open_api.routes import ROUTES as OPEN
from web.routes import Route, table


def routes(settings: Settings) -> list[Route]:
    """Every route of the server."""
    scan = scan_routes(settings.wechat_check_name, settings.wechat_check_text)
    quarantine = table("/api/desk/v1", *quarantine_routes(verbs))
    return [*OPEN, *scan, *RESIDENT, *GRID, *DESK, *quarantine]
