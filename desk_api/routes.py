"""STAFF DOOR: the table of its routes, each module's own."""

from desk_api import (
    appeals,
    attachments,
    audit,
    calendar,
    cases,
    departments,
    household_imports,
    households,
    inbox,
    jobs,
    me,
    memberships,
    plates,
    sessions,
    staff,
    supervision,
)
from web.routes import table

ROUTES = table(
    "/api/desk/v1",
    *sessions.ROUTES,
    *me.ROUTES,
    *cases.ROUTES,
    *attachments.ROUTES,
    *appeals.ROUTES,
    *supervision.ROUTES,
    *inbox.ROUTES,
    *departments.ROUTES,
    *household_imports.ROUTES,
    *households.ROUTES,
    *memberships.ROUTES,
    *plates.ROUTES,
    *staff.ROUTES,
    *audit.ROUTES,
    *jobs.ROUTES,
    *calendar.ROUTES,
)
