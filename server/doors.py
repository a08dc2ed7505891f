"""All route tables on one page."""

from config.settings import Settings
from desk_api.routes import ROUTES as DESK
from grid_api.routes import ROUTES as GRID
from miniprogram_api.routes import ROUTES as RESIDENT
from miniprogram_api.scan import scan_routes
from open_api.routes import ROUTES as OPEN
from web.routes import Route


def routes(settings: Settings) -> list[Route]:
    """Every route of the server."""
    scan = scan_routes(settings.wechat_check_name, settings.wechat_check_text)
    return [*OPEN, *scan, *RESIDENT, *GRID, *DESK]
