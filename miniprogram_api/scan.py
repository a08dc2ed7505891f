"""What a scan opens."""

from web.routes import Route


def scan_routes(check_name: str, check_text: str) -> list[Route]:
    """Routes under /h/."""
    return []
