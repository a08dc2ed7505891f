"""WORKER DOOR: the table of its routes. No check-in, no points, no ranking, no tracks (国办函〔2026〕12号)."""

from grid_api import cases, events, home, households, inbox, plates, sessions, sync, tasks, tus, uploads, visits
from web.routes import table

ROUTES = table(
    "/api/grid/v1",
    *sessions.ROUTES,
    *home.ROUTES,
    *plates.ROUTES,
    *households.ROUTES,
    *visits.ROUTES,
    *events.ROUTES,
    *cases.ROUTES,
    *tasks.ROUTES,
    *uploads.ROUTES,
    *tus.ROUTES,
    *inbox.ROUTES,
    *sync.ROUTES,
)
