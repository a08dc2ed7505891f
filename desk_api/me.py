"""Staff door: my own account."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from domain.access.actions import (
    Proof,
    begin_totp,
    change_password,
    check_password,
    confirm_totp,
    hash_password,
)
from domain.access.queries import account
from domain.problems import NotAllowed
from web.bodies import Strict
from web.routes import SIGNED_IN, Ask, Limit, Route

NewPassword = Annotated[str, Meta(min_length=10, max_length=200)]
GUESSES = (Limit("desk-own-password", 10, 600, per="caller"),)


class OwnPassword(Strict):
    """My password again, before something about it changes."""

    password: Annotated[str, Meta(min_length=1, max_length=200)]


class PasswordChange(OwnPassword):
    """The old and the new password."""

    new_password: NewPassword


class FirstCode(Strict):
    """A code of the second factor that is being set up."""

    totp: Annotated[str, Meta(pattern=r"^\d{6}$")]


@dataclass(frozen=True)
class Prepared:
    """What was computed outside the transaction."""

    proof: Proof
    new_hash: str = ""


async def show_me(ask: Ask) -> dict[str, object]:
    """Who I am here: roles with their areas, departments, and every permission (`GET /me`)."""
    _only_staff(ask)
    found = await account(_own(ask))
    return {**found, "permissions": sorted(ask.actor.permissions)}


async def prove(ask: Ask) -> Prepared:
    """Verify the old password, and hash the new one, outside the transaction."""
    _only_staff(ask)
    proof = await check_password("staff", (await account(_own(ask)))["login"], ask.body.password)
    changed = isinstance(ask.body, PasswordChange) and proof.fits
    return Prepared(proof, await hash_password(ask.body.new_password) if changed else "")


async def set_password(ask: Ask) -> None:
    """A new password; my other sessions end (`POST /me/password`)."""
    await change_password(ask.actor, ask.prepared.proof, ask.prepared.new_hash)


async def start_totp(ask: Ask) -> dict[str, str]:
    """A secret for my phone's code app; in force once confirmed (`POST /me/totp`)."""
    secret, uri = await begin_totp(ask.actor, ask.prepared.proof)
    return {"secret": secret, "uri": uri}


async def finish_totp(ask: Ask) -> None:
    """Confirm the second factor with its first code (`POST /me/totp/confirmation`)."""
    _only_staff(ask)
    await confirm_totp(ask.actor, ask.body.totp)


def _only_staff(ask: Ask) -> None:
    if ask.actor.kind != "staff":
        raise NotAllowed


def _own(ask: Ask) -> UUID:
    assert ask.actor.id is not None  # a staff session has one
    return ask.actor.id


ROUTES = (
    Route(method="GET", path="/me", handler=show_me, gate=SIGNED_IN, reads=True, summary="我的账号、岗位和权限"),
    Route(method="POST", path="/me/password", handler=set_password, prepare=prove, gate=SIGNED_IN, body=PasswordChange,
          status=204, replay=False, limit=GUESSES, summary="修改密码"),
    Route(method="POST", path="/me/totp", handler=start_totp, prepare=prove, gate=SIGNED_IN, body=OwnPassword,
          status=201, replay=False, limit=GUESSES, summary="设置动态口令"),
    Route(method="POST", path="/me/totp/confirmation", handler=finish_totp, gate=SIGNED_IN, body=FirstCode,
          status=204, replay=False, limit=GUESSES, summary="确认动态口令"),
)  # fmt: skip
