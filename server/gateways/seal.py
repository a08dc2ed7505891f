"""Sealing of originals: AES-256-GCM under one key file; the id is bound in, so files cannot be swapped."""

import os
import stat
from contextlib import suppress
from pathlib import Path
from uuid import UUID, uuid4

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.attachments.store import FileTampered

_MARK = b"HYS1"  # format 1: mark, 12-byte nonce, ciphertext with tag
_NONCE, _TAG = 12, 16
_KEY_BYTES = 32


class KeyUnusable(Exception):
    """The key file is missing though sealed files exist, readable by others, or of the wrong length."""


class Seal:
    """Closes and opens files under one 256-bit key."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def close(self, file_id: UUID, data: bytes) -> bytes:
        """The sealed form of `data`, which opens under this id only."""
        nonce = os.urandom(_NONCE)
        return _MARK + nonce + self._cipher.encrypt(nonce, data, file_id.bytes)

    def open(self, file_id: UUID, kept: bytes) -> bytes:
        """The original bytes; FileTampered when they are not exactly what was sealed under this id."""
        head = len(_MARK) + _NONCE
        if kept[: len(_MARK)] != _MARK or len(kept) < head + _TAG:
            raise FileTampered(str(file_id))
        try:
            return self._cipher.decrypt(kept[len(_MARK) : head], kept[head:], file_id.bytes)
        except InvalidTag:
            raise FileTampered(str(file_id)) from None


def open_seal(key_file: Path, *, may_make: bool) -> Seal:
    """The seal of the key in `key_file`; a new key only where nothing was sealed before. KeyUnusable."""
    if not key_file.exists():
        if not may_make:
            raise KeyUnusable(
                f"{key_file.name} is missing, but there are sealed files: restore it from the backup"
            )
        _make_key(key_file)
    if stat.S_IMODE(key_file.stat().st_mode) & 0o077:
        raise KeyUnusable(f"{key_file.name} may be read by others: chmod 600")
    key = key_file.read_bytes()
    if len(key) != _KEY_BYTES:
        raise KeyUnusable(f"{key_file.name} must have exactly {_KEY_BYTES} bytes")
    return Seal(key)


def _make_key(key_file: Path) -> None:
    # linked into place when complete: of several processes that start at once one wins, and all read its key
    key_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = key_file.with_name(f".{uuid4().hex}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, os.urandom(_KEY_BYTES))
        os.fsync(handle)
        with suppress(FileExistsError):
            key_file.hardlink_to(draft)
    finally:
        os.close(handle)
        draft.unlink()
    folder = os.open(key_file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
