"""`huying demo`: the whole product on the embedded database with demo data, WeChat and SMS stand-ins beside it."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from config.settings import Settings, load_settings
from server.commands.serving import database, prepare, run_one
from server.demo.accounts import PASSWORD, STAFF, WORKERS
from server.demo.company import DUTY_LOGIN, DUTY_NAME, DUTY_UNIT, FIELD
from server.observe import configure_logging

APP_ID, APP_SECRET = "wxdemo0000000001", "demo-secret-0123456789abcdef0000"
SMS_KEY, SMS_SECRET, SMS_SIGN = "demo-key", "demo-secret", "瑞金民声"
TEMPLATES = ("submit", "accept", "answer", "close", "rework", "ask-info", "not-accept", "redirect", "transfer-out")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo() -> None:
    """Start everything with demo data and print addresses and accounts."""
    os.environ.setdefault("DATA_DIR", str(Path("var/demo").resolve()))
    os.environ.setdefault("WECHAT_MODE", "sandbox")
    settings = load_settings()
    if settings.production:
        typer.echo("演示不能在生产环境(ENVIRONMENT=production)运行", err=True)
        raise typer.Exit(2)
    configure_logging("warning" if settings.log_level == "info" else settings.log_level)
    console = Console()
    with ExitStack() as stack:
        settings = _with_standins(settings, stack)
        console.print("正在准备数据库…")
        dsn = stack.enter_context(database(settings))
        prepare(settings, dsn)
        console.print("正在准备演示数据…")
        plate = asyncio.run(_fill(settings, dsn))
        _print(console, settings, plate)
        run_one(settings, dsn)


def _with_standins(settings: Settings, stack: ExitStack) -> Settings:
    """WeChat and SMS stand-ins as processes, unless real addresses are given."""
    if "WECHAT_API_URL" not in os.environ:
        wechat = stack.enter_context(
            _standin("wechat_standin", "--easy", "--app-id", APP_ID, "--app-secret", APP_SECRET)
        )
        settings = replace(settings, wechat_api_url=wechat, wechat_app_id=APP_ID, wechat_app_secret=APP_SECRET,
                           wechat_templates=",".join(f"{name}=demo-{name}" for name in TEMPLATES))  # fmt: skip
    if not settings.sms_api_url:
        sms = stack.enter_context(
            _standin("sms_standin", "--easy", "--key-id", SMS_KEY, "--secret", SMS_SECRET, "--sign-name", SMS_SIGN)
        )
        settings = replace(settings, sms_api_url=sms, sms_access_key=SMS_KEY, sms_access_secret=SMS_SECRET,
                           sms_sign_name=SMS_SIGN, sms_templates=",".join(f"{n}=SMS_{n}" for n in TEMPLATES))  # fmt: skip
    if "PUBLIC_URL" not in os.environ:
        settings = replace(settings, public_url=f"http://{settings.host}:{settings.port}")
    return settings


@contextmanager
def _standin(module: str, *arguments: str) -> Iterator[str]:
    """A stand-in process; its address."""
    command = [sys.executable, "-m", f"tests.support.{module}", "--port", "0", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield str(json.loads(process.stdout.readline())["url"])
    finally:
        process.terminate()
        process.wait(10)


async def _fill(settings: Settings, dsn: str) -> str:
    """Make the county and its cases once; a plate address that is alive."""
    import domain.workflow  # noqa: F401 (registers what each move does)
    from domain.cases.models import Case
    from domain.households.models import HouseholdCode
    from qr.codes import mint, plate_url
    from server.demo.county import settle
    from server.demo.play import Player
    from server.demo.rosters import make_rosters
    from server.services import open_services

    async with open_services(settings, dsn) as services:
        villages, grids = await settle(services)
        await make_rosters()
        if not await Case.exists():
            await Player(services, villages, grids).play_all()
        code = await HouseholdCode.filter(state="active", kid=services.keyring.active).order_by("issued_at").first()
        assert code is not None
        return plate_url(settings.public_url, mint(services.keyring, bytes(code.code_id)))


def _print(console: Console, settings: Settings, plate: str) -> None:
    base = settings.public_url
    console.print(f"\n[bold]呼应演示已就绪[/bold]  {base}")
    console.print(f"门牌页(手机扫码看到的):{plate}")
    console.print(f"接口文档:{base}/docs   健康:{base}/readyz   指标:{base}/metrics")
    table = Table("账号", "姓名", "角色", "单位", title=f"密码都是 {PASSWORD}")
    for login, (name, roles, unit, _) in STAFF.items():
        table.add_row(login, name, "、".join(roles), unit or "")
    table.add_row(DUTY_LOGIN, DUTY_NAME, "duty_officer", DUTY_UNIT)
    for phone, (name, _) in WORKERS.items():
        table.add_row(phone, name, "grid_worker(网格员)", "")
    for phone, (name, role, said) in FIELD.items():
        table.add_row(phone, name, f"{role}({said})", "")
    console.print(table)
    console.print("居民用微信登录码 demo:<任意名字>,例如 demo:li。按 Ctrl+C 停止。\n")
