"""The end of sessions: of one by its owner, of all when an account may no longer be trusted."""

from uuid import UUID

from domain.access.actor import Actor
from domain.sql import execute


async def end_session(actor: Actor) -> None:
    """Sign out: end the session of this request."""
    await execute("DELETE FROM sessions WHERE token_hash = $1", [actor.session])


async def end_sessions(subject_id: UUID, but: bytes | None = None) -> None:
    """End every session of an account or a person, except for one where it is named."""
    await execute("DELETE FROM sessions WHERE subject_id = $1 AND token_hash IS DISTINCT FROM $2", [subject_id, but])
