"""The settings of one server, read once from the environment at boot and handed in where they are needed."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class SettingsError(Exception):
    """A setting that cannot work; the message names it."""


@dataclass(frozen=True)
class Settings:
    """Every setting of the server. Names in the environment are the same in capitals; see `config/example.env`."""

    database_url: str = ""
    migration_database_url: str = ""
    redis_url: str = ""
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = "http://127.0.0.1:8000"
    data_dir: Path = Path("var")
    s3_endpoint: str = ""
    s3_bucket: str = ""
    s3_access_key: str = ""
    s3_secret_key: str = ""
    s3_region: str = "us-east-1"
    profile: str = "ruijin"
    environment: str = "development"
    workers: int = 1
    pool_size: int = 8
    clock_offset: float = 0.0
    proxies_count: int = 0
    wechat_mode: str = "live"
    wechat_api_url: str = "https://api.weixin.qq.com"
    wechat_app_id: str = ""
    wechat_app_secret: str = ""
    wechat_push_token: str = ""
    wechat_push_aes_key: str = ""
    wechat_templates: str = ""
    wechat_check_name: str = ""
    wechat_check_text: str = ""
    sms_api_url: str = ""
    sms_access_key: str = ""
    sms_access_secret: str = ""
    sms_sign_name: str = ""
    sms_templates: str = ""
    household_keys: str = ""
    log_level: str = "info"

    @property
    def content_judged(self) -> bool:
        """Whether there is a WeChat that judges texts: the real one, or in the sandbox a stand-in."""
        stand_in = self.wechat_api_url != Settings.wechat_api_url
        return bool(self.wechat_app_id) and (self.wechat_mode == "live" or stand_in)

    @property
    def production(self) -> bool:
        """Whether the server stands before real people."""
        return self.environment == "production"


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check the settings; `SettingsError` names the first one that cannot work."""
    env = os.environ if environ is None else environ
    values: dict[str, object] = {}
    for name, kind in Settings.__annotations__.items():
        raw = env.get(name.upper(), "").strip()
        if raw:
            values[name] = _read(name, kind, raw)
    settings = Settings(**values)  # type: ignore[arg-type]
    _check(settings)
    return settings


def _read(name: str, kind: type, raw: str) -> object:
    try:
        return Path(raw).expanduser().resolve() if kind is Path else kind(raw)
    except ValueError:
        raise SettingsError(f"{name.upper()} 应为数字,现在是“{raw}”") from None


def _check(settings: Settings) -> None:
    if settings.wechat_mode not in {"live", "sandbox"}:
        raise SettingsError("WECHAT_MODE 只能是 live 或 sandbox")
    if settings.production and settings.wechat_mode == "sandbox":
        raise SettingsError("生产环境(ENVIRONMENT=production)不允许 WECHAT_MODE=sandbox")
    if settings.production and settings.clock_offset:
        raise SettingsError("生产环境(ENVIRONMENT=production)不允许设置 CLOCK_OFFSET")
    if settings.production and not settings.public_url.startswith("https://"):
        raise SettingsError("生产环境的 PUBLIC_URL 必须以 https:// 开头,它会印在门牌上")
    if settings.s3_endpoint and not (settings.s3_bucket and settings.s3_access_key and settings.s3_secret_key):
        raise SettingsError("设置了 S3_ENDPOINT,还须设置 S3_BUCKET、S3_ACCESS_KEY 和 S3_SECRET_KEY")
    if settings.workers < 1:
        raise SettingsError("WORKERS 至少为 1")
    if settings.workers > 1 and not settings.redis_url:
        raise SettingsError("WORKERS 大于 1 时必须设置 REDIS_URL:限流、微信令牌需要在进程之间共享")
