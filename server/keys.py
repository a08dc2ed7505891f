"""The keys of household codes: from the setting, else a file of this deployment that is made once and never lost."""

import json
import os
import secrets
from pathlib import Path

from qr.codes import Keyring, KeyringInvalid


def load_keyring(setting: str, keys_dir: Path, *, may_make: bool) -> Keyring:
    """The keyring from `HOUSEHOLD_KEYS` (a file path or the JSON itself) or from `keys/household.json`.

    The JSON is `{"active": 1, "keys": {"1": "<64 hex digits>"}, "db_only": []}`.
    """
    if setting.startswith("{"):
        return _read(setting)
    path = Path(setting) if setting else keys_dir / "household.json"
    if not path.exists():
        if setting or not may_make:
            raise KeyringInvalid(f"找不到户码密钥文件 {path.name}")
        _make(path)
    return _read(path.read_text())


def _read(text: str) -> Keyring:
    try:
        data = json.loads(text)
        keys = {int(kid): bytes.fromhex(key) for kid, key in data["keys"].items()}
        return Keyring(keys, int(data["active"]), frozenset(data.get("db_only", [])))
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise KeyringInvalid(f"户码密钥格式不对:{error}") from None


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as out:
        json.dump({"active": 1, "keys": {"1": secrets.token_hex(32)}, "db_only": []}, out)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(path)
