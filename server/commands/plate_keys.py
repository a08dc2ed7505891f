"""`huying plates keys`: a new key for new codes, and a leaked key whose tag proves nothing any more."""

import json
import os
import secrets
from pathlib import Path
from typing import Annotated, Any

import typer

from qr.codes import MAX_KID, KeyringInvalid
from server.commands.serving import settings_or_exit
from server.keys import load_keyring

app = typer.Typer(no_args_is_help=True, help="户码密钥")


@app.command("show")
def show() -> None:
    """列出密钥编号(不显示密钥)。"""
    _, ring = _file()
    for kid in sorted(map(int, ring["keys"])):
        marks = [name for name, held in (("当前", kid == ring["active"]), ("已泄露", kid in ring["db_only"])) if held]
        typer.echo(f"{kid}  {'、'.join(marks)}")


@app.command("rotate")
def rotate() -> None:
    """生成新密钥,以后制作的码用它;旧码继续有效。"""
    path, ring = _file()
    free = [kid for kid in range(1, MAX_KID + 1) if str(kid) not in ring["keys"]]
    if not free:
        typer.echo(f"{MAX_KID} 个密钥编号已用完", err=True)
        raise typer.Exit(1)
    ring["keys"][str(free[0])] = secrets.token_hex(32)
    ring["active"] = free[0]
    _write(path, ring)
    typer.echo(f"当前密钥为 {free[0]} 号。请重启服务,并立即备份 {path.name}:丢失密钥的门牌无法重印。")


@app.command("db-only")
def db_only(kid: Annotated[int, typer.Argument(min=0, max=MAX_KID, help="泄露的密钥编号")]) -> None:
    """密钥泄露:此后用它制作的码只认数据库里的记录,门牌不必重印。"""
    path, ring = _file()
    if str(kid) not in ring["keys"]:
        typer.echo(f"没有 {kid} 号密钥", err=True)
        raise typer.Exit(1)
    if kid == ring["active"]:
        typer.echo("这是当前密钥,请先执行 huying plates keys rotate", err=True)
        raise typer.Exit(1)
    ring["db_only"] = sorted({*ring["db_only"], kid})
    _write(path, ring)
    typer.echo(f"{kid} 号密钥的码此后只认数据库记录。请重启服务。")


def _file() -> tuple[Path, dict[str, Any]]:
    """The key file and what is in it; keys that come in the setting itself are somebody else's to change."""
    settings = settings_or_exit()
    if settings.household_keys.startswith("{"):
        typer.echo("密钥写在 HOUSEHOLD_KEYS 里,请在那里修改", err=True)
        raise typer.Exit(1)
    path = Path(settings.household_keys) if settings.household_keys else settings.data_dir / "keys" / "household.json"
    try:
        load_keyring(settings.household_keys, settings.data_dir / "keys", may_make=True)
    except KeyringInvalid as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    ring: dict[str, Any] = json.loads(path.read_text())
    ring.setdefault("db_only", [])
    return path, ring


def _write(path: Path, ring: dict[str, Any]) -> None:
    draft = path.with_suffix(".new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as out:
        json.dump(ring, out)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(path)
