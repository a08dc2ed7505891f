"""Identifiers: UUIDv7 for machines, numbers and query codes for people."""

import secrets
from uuid import UUID

from uuid_utils.compat import uuid7

# No 0/O, 1/I/L: a villager reads the code aloud over the telephone.
_QUERY_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def new_id() -> UUID:
    """A fresh UUIDv7."""
    return uuid7()


def new_query_code() -> str:
    """Eight unguessable characters that open the progress page of one appeal (40 bits)."""
    return "".join(secrets.choice(_QUERY_ALPHABET) for _ in range(8))
