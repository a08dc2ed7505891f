"""Clients by others, `tuspy` and `tus-js-client`, upload to a real server through a line that keeps breaking."""

import hashlib
import json
import shutil
import subprocess
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from tusclient.client import TusClient

from tests.support.cast import WORKER
from tests.support.cutting import cutting
from tests.support.server import RunningServer
from tests.support.tus import recording, signed_in

NODE = Path(__file__).parents[1] / "support" / "node"
JS = pytest.mark.skipif(
    shutil.which("node") is None or not (NODE / "node_modules" / "tus-js-client").is_dir(),
    reason="tus-js-client is not installed (npm ci --prefix tests/support/node)",
)


@pytest.fixture
def phone(server: RunningServer) -> httpx.Client:
    return signed_in(server)


def arrived(phone: httpx.Client, data: bytes, attachment_id: str) -> bool:
    """The recording is served exactly as it was sent."""
    answer = phone.get(f"{WORKER}/attachments/{attachment_id}")
    assert answer.status_code == 200, answer.text
    return hashlib.sha256(answer.content).digest() == hashlib.sha256(data).digest()


def sender(url: str, phone: httpx.Client) -> TusClient:
    return TusClient(f"{url}{WORKER}/uploads", headers={"Authorization": phone.headers["Authorization"]})


@pytest.mark.parametrize("seed", range(6))
def test_tuspy_arrives_whole_through_cuts_at_random_bytes(server: RunningServer, phone: httpx.Client, seed: int) -> None:
    data = recording(1_500_000, seed)
    with cutting(server.url, seed, cuts=8, longest=700_000) as line:
        client = sender(server.url, phone)
        uploader = client.uploader(
            file_stream=BytesIO(data), chunk_size=400_000, retries=60, retry_delay=0, upload_checksum=seed % 2 == 1,
            metadata={"filename": "x.wav", "sha256": hashlib.sha256(data).hexdigest()},
        )  # fmt: skip
        uploader.set_url(uploader.create_url().replace(server.url, line.url))
        uploader.offset = 0
        uploader.upload()
    assert line.cut > 0
    assert arrived(phone, data, uploader.url.rpartition("/")[2])


def run_js(file: Path, phone: httpx.Client, **options: object) -> subprocess.Popen[str]:
    headers = {"Authorization": phone.headers["Authorization"]}
    told = json.dumps({"headers": headers, **options})
    return subprocess.Popen(["node", "upload.js", file, told], cwd=NODE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@JS
@pytest.mark.parametrize("override", [False, True])
def test_tus_js_client_arrives_whole_through_cuts(
    server: RunningServer, phone: httpx.Client, tmp_path: Path, override: bool
) -> None:
    data = recording(1_500_000, 77)
    (tmp_path / "x.wav").write_bytes(data)
    with cutting(server.url, 77, cuts=6, longest=500_000) as line:
        process = run_js(
            tmp_path / "x.wav", phone, endpoint=f"{line.url}{WORKER}/uploads", chunkSize=300_000,
            metadata={"filename": "现场.wav", "sha256": hashlib.sha256(data).hexdigest()}, overridePatchMethod=override,
        )  # fmt: skip
        out, error = process.communicate(timeout=60)
    assert process.returncode == 0, error
    assert line.cut > 0
    assert arrived(phone, data, out.split("at ", 1)[1].split()[0].rpartition("/")[2])


@JS
def test_tus_js_client_killed_half_way_goes_on_in_a_new_process(
    server: RunningServer, phone: httpx.Client, tmp_path: Path
) -> None:
    data = recording(3_000_000, 5)
    (tmp_path / "x.wav").write_bytes(data)
    first = run_js(tmp_path / "x.wav", phone, endpoint=f"{server.url}{WORKER}/uploads", chunkSize=100_000)
    assert first.stdout is not None
    address = ""
    for line in first.stdout:
        if line.startswith("at "):
            address = line.split()[1]
        if line.startswith("accepted 5"):
            break
    first.kill()
    first.communicate()
    half = phone.head(address, headers={"Tus-Resumable": "1.0.0"})
    assert 500_000 <= int(half.headers["Upload-Offset"]) < len(data)
    second = run_js(tmp_path / "x.wav", phone, uploadUrl=address, chunkSize=1_000_000)
    _, error = second.communicate(timeout=60)
    assert second.returncode == 0, error
    assert arrived(phone, data, address.rpartition("/")[2])
