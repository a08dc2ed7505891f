"""Signing in by password and looking after one's own account; the desk and the grid door share it.

A sign-in has two halves: `check_password` before the transaction, in a thread, because argon2 takes a tenth of a second
on purpose; `sign_in` inside it. What `sign_in` refuses it returns as a problem instead of raising it: the failure it
has counted must be committed.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from uuid import UUID

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from domain.access.actor import Actor
from domain.access.models import Staff
from domain.access.sessions import end_sessions
from domain.clock import real_now
from domain.journal.unit import Fact, record
from domain.ports import Store
from domain.problems import (
    AccountLocked,
    NotFound,
    Problem,
    SecondFactorRequired,
    WrongCredentials,
    invalid,
)
from domain.rulebook import rulebook

FAILURES = 5
WINDOW = timedelta(minutes=15)
STEP_SECONDS = 30

_hasher = PasswordHasher()


@dataclass(frozen=True)
class Proof:
    """Whether a password fits its login, found before the transaction; an unknown login takes the same time."""

    kind: str
    login: str
    staff_id: UUID | None
    fits: bool


async def check_password(kind: str, login: str, password: str) -> Proof:
    """Look the account up and verify the password in a thread; no transaction may be open meanwhile."""
    found = await Staff.get_or_none(login=login, kind=kind, active=True)
    fits = await asyncio.to_thread(_fits, found.password_hash if found else None, password)
    return Proof(kind, login, found.id if found else None, fits and found is not None)


async def hash_password(password: str) -> str:
    """The argon2id hash of a new password, made in a thread."""
    return await asyncio.to_thread(_hasher.hash, password)


async def sign_in(store: Store, proof: Proof, totp: str | None) -> Staff | Problem:
    """The account that has signed in, or the refusal; five failures within 15 minutes lock until these are over.

    Failures of unknown logins are counted too, in the shared store, so that a lock tells nobody which logins exist.
    """
    if proof.staff_id is None:
        return await _refuse_unknown(store, proof)
    staff = await _locked(proof.staff_id)
    at = real_now()
    if staff.locked_until and staff.locked_until <= at:
        staff.failed_count, staff.locked_until = 0, None
    if staff.failed_count >= FAILURES and staff.locked_until:
        return AccountLocked(retry_after=_seconds(staff.locked_until - at))
    if not proof.fits:
        return await _count_failure(staff)
    if staff.totp_secret and not totp:
        return SecondFactorRequired()
    if staff.totp_secret and not _use_code(staff, staff.totp_secret, totp or ""):
        return await _count_failure(staff)
    staff.failed_count, staff.locked_until = 0, None
    await staff.save(update_fields=["failed_count", "locked_until", "totp_last_step"])
    _record("staff.signed-in", staff)
    return staff


async def change_password(actor: Actor, proof: Proof, password_hash: str) -> None:
    """Set one's own new password; every other session of the account ends."""
    if not proof.fits or proof.staff_id != actor.id:
        raise invalid("password", "原密码不正确")
    staff = await _locked(actor.id)
    staff.password_hash = password_hash
    await staff.save(update_fields=["password_hash"])
    await end_sessions(staff.id, but=actor.session)
    _record("staff.password-changed", staff)


async def begin_totp(actor: Actor, proof: Proof) -> tuple[str, str]:
    """A new secret and its `otpauth:` address; it counts from its confirmation on."""
    if not proof.fits or proof.staff_id != actor.id:
        raise invalid("password", "密码不正确")
    staff = await _locked(actor.id)
    staff.totp_pending = pyotp.random_base32()
    await staff.save(update_fields=["totp_pending"])
    return staff.totp_pending, pyotp.TOTP(staff.totp_pending).provisioning_uri(name=staff.login, issuer_name=rulebook().name)


async def confirm_totp(actor: Actor, code: str) -> None:
    """Put the second factor in force with a first code of it."""
    staff = await _locked(actor.id)
    if staff.totp_pending is None:
        raise NotFound
    staff.totp_last_step = None
    if not _use_code(staff, staff.totp_pending, code):
        raise invalid("totp", "动态口令不正确,请核对手机时间后再试")
    staff.totp_secret, staff.totp_pending = staff.totp_pending, None
    await staff.save(update_fields=["totp_secret", "totp_pending", "totp_last_step"])
    _record("staff.second-factor-set", staff)


async def _locked(staff_id: UUID | None) -> Staff:
    found: Staff | None = await Staff.filter(id=staff_id).select_for_update().first()
    if found is None:
        raise NotFound
    return found


@cache
def _nobody() -> str:
    """A hash to compare with where there is no account, made at the first need: it takes a tenth of a second."""
    return _hasher.hash("nobody has this password")


def _fits(stored: str | None, password: str) -> bool:
    try:
        return _hasher.verify(stored or _nobody(), password)
    except (VerificationError, InvalidHashError):
        return False


async def _refuse_unknown(store: Store, proof: Proof) -> Problem:
    counted = await store.increment(f"sign-in:{proof.kind}:{proof.login}", ttl_s=WINDOW.total_seconds())
    if counted.count > FAILURES:
        return AccountLocked(retry_after=max(1, int(counted.remaining_s)))
    return WrongCredentials()


async def _count_failure(staff: Staff) -> Problem:
    staff.failed_count += 1
    staff.locked_until = staff.locked_until or real_now() + WINDOW
    await staff.save(update_fields=["failed_count", "locked_until"])
    if staff.failed_count == FAILURES:
        _record("staff.locked", staff)
    return WrongCredentials()


def _use_code(staff: Staff, secret: str, code: str) -> bool:
    """Whether the code fits now or one step aside (phones' clocks drift); a used step never fits again."""
    totp = pyotp.TOTP(secret)
    now_step = int(real_now().timestamp()) // STEP_SECONDS
    for step in (now_step - 1, now_step, now_step + 1):
        fresh = staff.totp_last_step is None or step > staff.totp_last_step
        if fresh and pyotp.utils.strings_equal(totp.generate_otp(step), code):
            staff.totp_last_step = step
            return True
    return False


def _seconds(left: timedelta) -> int:
    return max(1, int(left.total_seconds()))


def _record(event: str, staff: Staff) -> None:
    record(Fact(event, rulebook().county, None, staff.id, {}, actor=Actor(kind="staff", id=staff.id)))
