"""RESIDENT DOOR: the table of its routes, each module's own."""

from miniprogram_api import (
    appeals,
    attachments,
    guide,
    households,
    inbox,
    lookups,
    me,
    moves,
    own,
    plates,
    ratings,
    reviews,
    sessions,
    surveys,
    topics,
    wechat_push,
)
from web.routes import table

ROUTES = table(
    "/api/miniprogram/v1",
    *sessions.ROUTES,
    *appeals.ROUTES,
    *own.ROUTES,
    *moves.ROUTES,
    *ratings.ROUTES,
    *lookups.ROUTES,
    *attachments.ROUTES,
    *topics.ROUTES,
    *guide.ROUTES,
    *me.ROUTES,
    *inbox.ROUTES,
    *plates.ROUTES,
    *households.ROUTES,
    *wechat_push.ROUTES,
    *reviews.ROUTES,
    *surveys.ROUTES,
)
