"""One suite for both stores, the folder and a bucket of a real S3-compatible server; then the product on the bucket."""

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from obstore.store import S3Store

from config.settings import SettingsError, load_settings
from domain.attachments.store import FileMissing, FileStore, FileTampered, Shelf
from server.gateways.files import FolderFiles
from server.gateways.s3 import WHOLE, S3Files, has_sealed, open_bucket
from server.gateways.seal import open_seal
from tests.support.cluster import Cluster
from tests.support.gateways import free_port
from tests.support.s3 import S3Server, s3_server
from tests.support.server import serving
from tests.support.uploads import photo

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with s3_server(tmp_path_factory.mktemp("s3")) as running:
        yield running


@pytest.fixture
def empty_bucket(tmp_path: Path) -> Iterator[S3Server]:
    with s3_server(tmp_path / "s3") as running:
        yield running


def opened(server: S3Server, secret: str = "") -> S3Store:
    return open_bucket(server.endpoint, server.bucket, "us-east-1", (server.access_key, secret or server.secret_key))


@pytest.fixture(params=["folder", "bucket"])
def files(request: pytest.FixtureRequest, bucket: S3Server, tmp_path: Path) -> FileStore:
    seal = open_seal(tmp_path / "keys" / "evidence.key", may_make=True)
    return S3Files(opened(bucket), seal) if request.param == "bucket" else FolderFiles(tmp_path / "files", seal)


@pytest.mark.parametrize("shelf", list(Shelf))
async def test_what_is_put_comes_back_and_goes(files: FileStore, shelf: Shelf) -> None:
    file_id, data = uuid4(), os.urandom(70_000)
    await files.put(shelf, file_id, b"first")
    await files.put(shelf, file_id, data)
    with await files.open(shelf, file_id) as file:
        assert file.read() == data
        assert file.seek(-10, os.SEEK_END) == len(data) - 10
        assert file.read(4) == data[-10:-6]
    assert await files.delete(shelf, file_id)
    assert not await files.delete(shelf, file_id)
    with pytest.raises(FileMissing):
        await files.open(shelf, file_id)


async def test_a_large_file_is_read_in_ranges_and_adopted_from_disk(files: FileStore, tmp_path: Path) -> None:
    file_id, data = uuid4(), os.urandom(WHOLE + 1_000_003)
    draft = tmp_path / "draft"
    draft.write_bytes(data)
    await files.adopt(Shelf.PRINTS, file_id, draft)
    assert not draft.exists()
    with await files.open(Shelf.PRINTS, file_id) as file:
        assert file.seek(0, os.SEEK_END) == len(data)
        file.seek(5_000_000)
        assert file.read(3) == data[5_000_000:5_000_003]
        file.seek(0)
        assert file.read() == data
    with pytest.raises(ValueError, match="in memory"):
        await files.adopt(Shelf.SEALED, file_id, tmp_path / "other")


async def test_originals_lie_sealed_in_the_bucket_and_open_under_their_own_id_only(bucket: S3Server, tmp_path: Path) -> None:
    files = S3Files(opened(bucket), open_seal(tmp_path / "k" / "evidence.key", may_make=True))
    one, other, secret = uuid4(), uuid4(), b"where the photo was taken"
    await files.put(Shelf.SEALED, one, secret)
    place = next((bucket.folder / bucket.bucket).rglob(one.hex))
    assert secret not in place.read_bytes()
    opened(bucket).put(f"sealed/{other.hex[-2:]}/{other.hex}", place.read_bytes())
    with pytest.raises(FileTampered):
        await files.open(Shelf.SEALED, other)
    assert await has_sealed(opened(bucket))


async def test_nothing_is_sealed_in_an_empty_bucket(empty_bucket: S3Server) -> None:
    assert not await has_sealed(opened(empty_bucket))


async def test_a_store_that_is_away_or_refuses_is_a_connection_error(bucket: S3Server, tmp_path: Path) -> None:
    seal = open_seal(tmp_path / "k" / "evidence.key", may_make=True)
    dead = open_bucket(f"http://127.0.0.1:{free_port()}", "huying", "us-east-1", ("a", "b"), retries=0)
    for store in (dead, opened(bucket, secret="wrong")):
        with pytest.raises(ConnectionError):
            await S3Files(store, seal).put(Shelf.SERVED, uuid4(), b"x")


def test_a_bucket_without_its_key_is_no_setting() -> None:
    with pytest.raises(SettingsError, match="S3_BUCKET"):
        load_settings({"S3_ENDPOINT": "http://127.0.0.1:9000"})


def test_the_server_keeps_photos_in_the_bucket(empty_bucket: S3Server, cluster: Cluster, stage: str, tmp_path: Path) -> None:
    bucket = empty_bucket
    with cluster.database(stage) as dsn, serving(dsn, tmp_path / "data", **bucket.environ) as running:
        resident = running.resident("li")
        sent = resident.post("/api/miniprogram/v1/attachments", files={"file": ("p.jpg", photo(), "image/jpeg")})
        assert sent.status_code == 201, sent.text
        shown = resident.get(f"/api/miniprogram/v1/attachments/{sent.json()['id']}")
        assert shown.content.startswith(b"\xff\xd8")
    kept = sent.json()["id"].replace("-", "")
    assert sorted(path.parts[-3] for path in (bucket.folder / bucket.bucket).rglob(kept)) == ["sealed", "served", "thumbnails"]
    assert not list((tmp_path / "data" / "files").rglob(kept))
