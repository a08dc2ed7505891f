"""Everything one server process holds: opened in order at start, closed in reverse at stop."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tortoise.transactions import in_transaction

from config.profile import Profile
from config.settings import Settings
from domain import clock, rulebook
from domain.attachments.store import FileStore
from domain.cases import limits
from domain.cases.calendar import refresh
from domain.journal.flush import ReactionJob
from domain.ports import PushReader, Sms, Store, WeChat
from domain.uploads.parts import PartStore
from qr.codes import Keyring
from server import jobs
from server.db import model_modules, opened, tortoise_config
from server.gateways.files import FolderFiles
from server.gateways.images import ImageDesk
from server.gateways.parts import FolderParts
from server.gateways.s3 import S3Files, has_sealed, open_bucket
from server.gateways.seal import open_seal
from server.gateways.sms import AliyunSms, SmsSettings
from server.gateways.store import LocalStore, RedisStore, SturdyStore
from server.gateways.wechat.gateway import WeChatGateway
from server.gateways.wechat.reception import Reception
from server.gateways.wechat.settings import WeChatSettings
from server.keys import load_keyring
from server.rules import build_rulebook, follow_calendar


async def enqueue_reactions(connection: Any, reactions: Sequence[ReactionJob]) -> None:
    """Hand the reactions to the facts of a transaction to the jobs, in that transaction."""
    await jobs.enqueue(connection, [jobs.Job(r.name, r.args, r.key, r.unique_key) for r in reactions])


@dataclass
class Services:
    """What handlers, reactions and timers are handed."""

    settings: Settings
    profile: Profile
    store: Store
    wechat: WeChat
    sms: Sms | None
    files: FileStore
    parts: PartStore
    images: ImageDesk
    keyring: Keyring
    dsn: str
    push: PushReader
    runner: jobs.JobRunner | None = None

    async def enqueue(self, connection: Any, reactions: Sequence[ReactionJob]) -> None:
        """Put the reactions of a unit of work into the queue, inside its transaction."""
        await enqueue_reactions(connection, reactions)

    async def parked_jobs(self, after: int, limit: int) -> list[jobs.ParkedJob]:
        """Jobs that were given up, with an id above `after`."""
        async with in_transaction("default") as connection:
            return await jobs.parked(connection._connection, after=after, limit=limit)

    async def settle_job(self, job_id: int, how: Literal["retry", "discard"]) -> bool:
        """Queue a parked job again or delete it, with the caller's transaction; False when none is parked."""
        settle = {"retry": jobs.retry, "discard": jobs.discard}[how]
        async with in_transaction("default") as connection:
            return await settle(connection._connection, job_id)


@asynccontextmanager
async def open_services(settings: Settings, dsn: str) -> AsyncIterator[Services]:
    """Open everything that one process needs; the database is migrated already."""
    clock.install_offset(settings.clock_offset)
    profile, book = build_rulebook(settings)
    rulebook.install(book)
    keys = settings.data_dir / "keys"
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(opened(tortoise_config(dsn, model_modules(), settings.pool_size)))
        await refresh()
        await limits.refresh()
        stack.push_async_callback(follow_calendar())
        shared: Store = RedisStore(settings.redis_url) if settings.redis_url else LocalStore()
        store = SturdyStore(shared)
        stack.push_async_callback(store.close)
        wechat = WeChatGateway(_wechat(settings), store, clock.real_now)
        stack.push_async_callback(wechat.close)
        images = ImageDesk()
        stack.push_async_callback(images.close)
        folder = settings.data_dir / "files"
        yield Services(
            settings, profile, store, wechat, _sms(settings, stack),
            await _files(settings, keys / "evidence.key"), FolderParts(folder / "parts"),
            images, load_keyring(settings.household_keys, keys, may_make=True), dsn,
            Reception(_wechat(settings)),
        )  # fmt: skip


async def _files(settings: Settings, key: Path) -> FileStore:
    """The folder, or the bucket when one is set; a seal is made only where nothing has been sealed yet."""
    if settings.s3_endpoint:
        keys = (settings.s3_access_key, settings.s3_secret_key)
        bucket = open_bucket(settings.s3_endpoint, settings.s3_bucket, settings.s3_region, keys)
        return S3Files(bucket, open_seal(key, may_make=key.exists() or not await has_sealed(bucket)))
    folder = settings.data_dir / "files"
    return FolderFiles(folder, open_seal(key, may_make=not (folder / "sealed").exists()))


def _wechat(settings: Settings) -> WeChatSettings:
    return WeChatSettings(
        app_id=settings.wechat_app_id, app_secret=settings.wechat_app_secret, api_url=settings.wechat_api_url,
        push_token=settings.wechat_push_token, push_aes_key=settings.wechat_push_aes_key,
    )  # fmt: skip


def _sms(settings: Settings, stack: AsyncExitStack) -> AliyunSms | None:
    if not settings.sms_access_key and not settings.sms_api_url:
        return None
    options = {"api_url": settings.sms_api_url} if settings.sms_api_url else {}
    sms = AliyunSms(
        SmsSettings(
            access_key_id=settings.sms_access_key, access_key_secret=settings.sms_access_secret,
            sign_name=settings.sms_sign_name, **options,
        ),
        clock.real_now,
    )
    stack.push_async_callback(sms.close)
    return sms


