"""Resident door: progress by number and query code, without signing in (004-20)."""

from typing import Any

from domain.access.actor import Actor, Grant
from domain.appeals.lookup import find_by_code
from domain.problems import NotFound
from miniprogram_api.own import progress
from miniprogram_api.schemas import Lookup
from web.identity import open_session
from web.routes import PUBLIC, Ask, Limit, Route
from web.shapes import local

# Whole villages share one address behind the carrier's network, so the limit only stops machines; a query code has
# 40 random bits.
GUESSES = (Limit("appeal-lookup", 60, 600),)


async def look_up(ask: Ask) -> dict[str, Any]:
    """The appeal of a receipt and a 30-minute token for it; 404 alike for a wrong number and a wrong code."""
    body: Lookup = ask.body
    appeal_id = await find_by_code(body.number, body.query_code)
    if appeal_id is None:
        raise NotFound
    token, expires_at = await open_session("lookup", appeal_id, appeal_id)
    actor = Actor("lookup", appeal_id, grants=(Grant("lookup", ""),), appeal_id=appeal_id)
    return {"appeal": await progress(actor, appeal_id), "token": token, "expires_at": local(expires_at)}


ROUTES = (
    Route(method="POST", path="/appeal-lookups", handler=look_up, gate=PUBLIC, body=Lookup, replay=False,
          limit=GUESSES, summary="凭编号和查询码查进展", problems=(NotFound,)),
)  # fmt: skip
