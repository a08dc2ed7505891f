"""Staff door: sign in and out."""

from typing import Annotated

from msgspec import Meta

from domain.access import sessions
from domain.access.actions import Proof, check_password, sign_in
from domain.problems import AccountLocked, Problem, SecondFactorRequired, WrongCredentials
from domain.text import clean_text
from web.bodies import Strict
from web.identity import open_session
from web.routes import PUBLIC, SIGNED_IN, Ask, Limit, Route
from web.shapes import local


class SignIn(Strict):
    """Login, password, and the code of the second factor where one is set."""

    login: Annotated[str, Meta(min_length=1, max_length=60)]
    password: Annotated[str, Meta(min_length=1, max_length=200)]
    totp: Annotated[str, Meta(pattern=r"^\d{6}$")] | None = None


async def prove(ask: Ask) -> Proof:
    """Verify the password outside the transaction."""
    return await check_password("staff", clean_text(ask.body.login), ask.body.password)


async def create_session(ask: Ask) -> dict[str, object] | Problem:
    """A session of at most twelve hours, ended by thirty idle minutes."""
    staff = await sign_in(ask.app.store, ask.prepared, ask.body.totp)
    if isinstance(staff, Problem):
        return staff
    token, expires_at = await open_session("staff", staff.id)
    return {"token": token, "expires_at": local(expires_at), "staff": {"id": staff.id, "name": staff.name}}


async def end_session(ask: Ask) -> None:
    """End this session."""
    await sessions.end_session(ask.actor)


ROUTES = (
    Route(method="POST", path="/sessions", handler=create_session, prepare=prove, gate=PUBLIC, body=SignIn, status=201,
          replay=False, limit=(Limit("desk-sign-in", 600, 60),), summary="登录",
          problems=(WrongCredentials, SecondFactorRequired, AccountLocked)),
    Route(method="DELETE", path="/sessions/current", handler=end_session, gate=SIGNED_IN, status=204,
          summary="退出登录"),
)  # fmt: skip

