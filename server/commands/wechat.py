"""`huying wechat check`: what is still missing before a scanned plate opens the mini-program, line by line."""

import asyncio
import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from config.profile import Profile
from config.settings import Settings
from domain.clock import real_now
from domain.notices.texts import wechat_template
from domain.ports import CodeImage, WeChatFailure, WeChatMisconfigured, WeChatMisused
from qr.codes import TEXT_LENGTH, Keyring, mint, plate_url
from qr.layout import LayoutRefused, layout_names, load_layout
from qr.matrix import make_matrix, modules_across
from server.commands.serving import settings_or_exit
from server.gateways.public_page import look_at
from server.gateways.store import LocalStore
from server.gateways.wechat import WeChatGateway, WeChatSettings
from server.rules import build_rulebook

SHORT_PREFIX = 23  # with 32 characters behind it a symbol of version 5 at level Q, 6 at level H
AES_KEY_LENGTH = 43
_MARKS = {"ok": "[green]✓", "missing": "[red]✗", "advice": "[yellow]!", "console": "[cyan]·"}
console = Console()


@dataclass(frozen=True)
class Finding:
    """One line: `ok`, `missing` (plates will not open), `advice`, or `console` (only WeChat's console can tell)."""

    mark: str
    name: str
    seen: str
    to_do: str = ""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    wechat = typer.Typer(no_args_is_help=True, help="微信小程序")
    wechat.command("check")(check)
    wechat.callback()(_group)
    app.add_typer(wechat, name="wechat")


def _group() -> None:
    """Keep `check` a command of its own: a group of one command would swallow its name."""


def check() -> None:
    """逐项检查:扫门牌打开小程序还缺什么。有缺项时退出码为 1。"""
    settings = settings_or_exit()
    profile, _ = build_rulebook(settings)
    found = asyncio.run(findings(settings, profile))
    columns = [Column(head, overflow="fold") for head in ("", "项目", "现状", "要做什么")]
    table = Table(*columns, title="扫门牌打开小程序")
    for line in found:
        table.add_row(_MARKS[line.mark], line.name, escape(line.seen), escape(line.to_do))
    console.print(table)
    missing = sum(line.mark == "missing" for line in found)
    console.print(f"[red]还缺 {missing} 项" if missing else "[green]服务器这一边齐了;带 · 的请在微信后台核对")
    if missing:
        raise typer.Exit(1)


async def findings(settings: Settings, profile: Profile) -> list[Finding]:
    """Every line of the check; asks our own public address and WeChat, once each."""
    found = [*_address(settings), *_symbol(settings), await _check_file(settings)]
    found += await _account(settings, profile)
    return [*found, *_messages(settings, profile), *_console_lines(settings)]


def _prefix(settings: Settings) -> str:
    code = mint(Keyring({1: bytes(32)}, 1), bytes(10))
    return plate_url(settings.public_url, code)[:-TEXT_LENGTH]


def _address(settings: Settings) -> Iterator[Finding]:
    parts = urlsplit(settings.public_url)
    name = "门牌网址 PUBLIC_URL"
    if parts.scheme != "https" or not parts.hostname or _is_machine(parts.hostname):
        yield Finding("missing", name, settings.public_url, "改为已备案域名的 https:// 网址;它会印在门牌上,换域名等于换门牌")
    elif parts.port not in (None, 443):
        yield Finding("missing", name, settings.public_url, "去掉端口:微信按域名逐字核对")
    else:
        yield Finding("ok", name, settings.public_url)


def _is_machine(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or "." not in host
    return True


def _symbol(settings: Settings) -> Iterator[Finding]:
    prefix = _prefix(settings)
    across = modules_across(make_matrix(prefix + "A" * TEXT_LENGTH))
    refused = []
    for name in layout_names():
        try:
            load_layout(name).module_mm(across)
        except LayoutRefused:
            refused.append(name)
    seen = f"{prefix}(前缀 {len(prefix)} 字,连同静区 {across}×{across} 格)"
    if len(refused) == len(layout_names()):
        yield Finding("missing", "二维码大小", seen, "网址太长,所有版式都印不清:请换短域名")
    elif refused:
        yield Finding("advice", "二维码大小", seen, f"版式 {'、'.join(refused)} 印不清;前缀不超过 {SHORT_PREFIX} 字最好")
    elif len(prefix) > SHORT_PREFIX:
        yield Finding("advice", "二维码大小", seen, f"各版式都能用;前缀不超过 {SHORT_PREFIX} 字最好认")
    else:
        yield Finding("ok", "二维码大小", seen)


async def _check_file(settings: Settings) -> Finding:
    name = "校验文件"
    if not settings.wechat_check_name or not settings.wechat_check_text:
        to_do = "在后台添加规则时下载校验文件,把文件名和内容填入 WECHAT_CHECK_NAME、WECHAT_CHECK_TEXT"
        return Finding("missing", name, "未设置", to_do)
    url = f"{_prefix(settings)}{settings.wechat_check_name.removesuffix('.txt')}.txt"
    status, text = await look_at(url)
    if (status, text.strip()) == (200, settings.wechat_check_text.strip()):
        return Finding("ok", name, url)
    seen = f"{url} 答复 {status or text}"
    return Finding("missing", name, seen, "从外网打开这个网址应看到校验内容:检查域名解析、证书、反向代理和服务是否已重启")


async def _account(settings: Settings, profile: Profile) -> list[Finding]:
    """Fetch a token and draw one code: proves account, secret, address list and that the page is published."""
    if not settings.wechat_app_id or not settings.wechat_app_secret:
        return [Finding("missing", "小程序账号", "未设置", "填 WECHAT_APP_ID、WECHAT_APP_SECRET(后台“开发管理”)")]
    account = WeChatSettings(settings.wechat_app_id, settings.wechat_app_secret, settings.wechat_api_url)
    gateway = WeChatGateway(account, LocalStore(), real_now)
    page = profile.plates.page
    signed_in = Finding("ok", "小程序账号", settings.wechat_app_id)
    try:
        await gateway.code_image(CodeImage("A" * TEXT_LENGTH, page))
    except WeChatMisused as failure:
        to_do = f"发布含页面 {page} 的版本,或改规则里 [plates] page(微信错误码 {failure.code})"
        return [signed_in, Finding("missing", "小程序页面", f"{page} 未发布", to_do)]
    except WeChatMisconfigured as failure:
        to_do = "核对 AppID、AppSecret;把本机出口 IP 加入后台 IP 白名单"
        return [Finding("missing", "小程序账号", f"微信拒绝,错误码 {failure.code or '无'}", to_do)]
    except WeChatFailure as failure:
        to_do = "检查本机能否访问 WECHAT_API_URL,稍后再试"
        return [Finding("missing", "小程序账号", f"微信没有答复({failure.code or type(failure).__name__})", to_do)]
    finally:
        await gateway.close()
    return [signed_in, Finding("ok", "小程序页面", f"{page} 已发布")]


def _messages(settings: Settings, profile: Profile) -> Iterator[Finding]:
    key = settings.wechat_push_aes_key
    if not settings.wechat_push_token:
        to_do = "后台“消息推送”填 /api/miniprogram/v1/wechat/push 网址和同一令牌"
        yield Finding("missing", "消息推送", "未设置 WECHAT_PUSH_TOKEN", to_do)
    elif len(key) != AES_KEY_LENGTH:
        seen = "明文模式" if not key else f"EncodingAESKey 有 {len(key)} 位"
        to_do = f"选安全模式,把 {AES_KEY_LENGTH} 位 EncodingAESKey 填入 WECHAT_PUSH_AES_KEY"
        yield Finding("missing", "消息推送", seen, to_do)
    else:
        yield Finding("ok", "消息推送", "令牌和 EncodingAESKey 已设置")
    pairs = dict(part.split("=", 1) for part in settings.wechat_templates.split(",") if "=" in part)
    strange = sorted(name for name, text in pairs.items() if name not in profile.notices or not wechat_template(text).id)
    lacking = [name for name in profile.notices if name not in pairs]
    if not pairs or strange:
        seen = f"不认识或没有编号:{'、'.join(strange)}" if strange else "未设置"
        yield Finding("missing", "订阅消息模板", seen, "在后台选用模板,把编号填入 WECHAT_TEMPLATES,如 answer=模板编号")
    elif lacking:
        yield Finding("advice", "订阅消息模板", f"已设 {len(pairs)} 个", f"没有模板的通知改走短信或网格员:{'、'.join(lacking)}")
    else:
        yield Finding("ok", "订阅消息模板", f"{len(pairs)} 个")


def _console_lines(settings: Settings) -> Iterator[Finding]:
    """What no interface tells: to be entered or looked at on WeChat's console."""
    prefix = _prefix(settings)
    to_do = "后台“扫普通链接二维码打开小程序”照此填写,以 / 结尾,勾选占用所有子规则,先测试再发布"
    yield Finding("console", "扫码规则", prefix, to_do)
    yield Finding("console", "主体与备案", "", "主体须为政府、企业或其他组织(个人不行);域名已 ICP 备案")
    yield Finding("console", "隐私保护指引", "", "声明手机号、照片、位置等;未声明的接口会被停用")
