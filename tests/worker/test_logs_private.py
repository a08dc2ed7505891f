"""What a running server writes down: not a name, number, word, token or code of anybody, whatever goes wrong."""

import socket
from uuid import uuid4

import httpx
import pytest
import structlog

from server.observe import configure_logging, where_it_failed
from tests.support.cast import DESK, RESIDENT, WORKER
from tests.support.cluster import Cluster
from tests.support.loopback import NO_TLS
from tests.support.server import RunningServer, serving

NAME, PHONE, WORDS, PLACE = "李zqlogname", "13913579753", "zqlogwords路灯不亮", "zqlogplace"
OPENID, PASSWORD, QUERY = "zqlogopenid", "zqlogpassword", "zqlogquery"


@pytest.fixture(scope="module")
def noisy(cluster: Cluster, stage: str, tmp_path_factory: pytest.TempPathFactory):
    """A server that logs everything it ever would."""
    with cluster.database(stage) as dsn, serving(dsn, tmp_path_factory.mktemp("noisy"), LOG_LEVEL="debug") as running:
        yield running


def _raw(server: RunningServer, data: bytes) -> bytes:
    url = httpx.URL(server.url)
    with socket.create_connection((url.host, url.port), timeout=10) as wire:
        wire.sendall(data)
        wire.shutdown(socket.SHUT_WR)
        return wire.recv(65536)


def test_logs_and_meters_name_nobody(noisy: RunningServer) -> None:
    anybody = noisy.client()
    token = anybody.post(f"{RESIDENT}/sessions", json={"wechat_code": f"demo:{OPENID}"}).json()["token"]
    li = noisy.client(token)
    body = {
        "kind": "help", "content": WORDS, "area_code": "360781100001", "contact": {"name": NAME, "phone": PHONE},
        "complained_of": {"text": PLACE}, "urgent_reason": WORDS,
    }
    receipt = li.post(f"{RESIDENT}/appeals", json=body, headers={"Idempotency-Key": WORDS[:10]}).json()
    mistakes = (
        li.post(f"{RESIDENT}/appeals", json={**body, NAME: PHONE}),
        li.post(f"{RESIDENT}/appeals", content=f'{{"content": "{WORDS}'.encode()),
        li.post(f"{RESIDENT}/appeals", json={**body, "contact": {"phone": f"{PHONE}{PHONE}"}}),
        anybody.post(f"{DESK}/sessions", json={"login": NAME, "password": PASSWORD}),
        anybody.post(f"{DESK}/sessions", json={"login": "handler", "password": PASSWORD}),
        anybody.post(f"{WORKER}/sessions", json={"phone": PHONE, "password": PASSWORD}),
        anybody.post(f"{RESIDENT}/appeal-lookups", json={"number": NAME, "query_code": QUERY}),
        anybody.get(f"/h/{NAME}?phone={PHONE}"),
        anybody.get(f"/{NAME}/{PHONE}"),
        li.get(f"{RESIDENT}/appeals/{NAME}?cursor={WORDS}"),
        li.post(f"{RESIDENT}/attachments", files={"file": (f"{NAME}.jpg", WORDS.encode())}),
        li.get(f"{DESK}/cases", params={"phone": PHONE, "purpose": WORDS}),
        anybody.post(f"{RESIDENT}/wechat/push?signature={WORDS}&timestamp=1&nonce=2", content=WORDS.encode()),
        anybody.get(f"{RESIDENT}/wechat/media/{NAME}"),
    )
    taken = [number for number, answer in enumerate(mistakes) if answer.status_code < 400 or answer.status_code >= 500]
    assert taken == []
    lookup = {"number": receipt["number"], "query_code": receipt["query_code"]}
    assert anybody.post(f"{RESIDENT}/appeal-lookups", json=lookup).status_code == 200
    _raw(noisy, f"GET /{PHONE} HTTP/9.9\r\n\r\n".encode())
    _raw(noisy, f"POST {RESIDENT}/appeals HTTP/1.1\r\nContent-Length: {NAME}\r\n\r\n".encode())
    meters = anybody.get("/metrics").text
    log = noisy.log.read_text(errors="replace")
    assert '"route": "/api/miniprogram/v1/appeals"' in log  # it does log
    secret = (NAME, "zqlog", PHONE, token, receipt["query_code"], PASSWORD)
    assert [one for one in secret if one in log] == []
    assert [one for one in secret if one in meters] == []


def test_a_failure_of_the_database_is_logged_without_the_row_it_was_about(noisy: RunningServer) -> None:
    """Two first sign-ins of one person at once used to meet the unique key, whose message names the value."""
    from concurrent.futures import ThreadPoolExecutor

    people = [f"zqrace{uuid4().hex[:8]}" for _ in range(4)]

    def sign_in(number: int) -> int:
        with httpx.Client(verify=NO_TLS, base_url=noisy.url, timeout=20) as web:
            code = f"demo:{people[number // 8]}"
            return web.post(f"{RESIDENT}/sessions", json={"wechat_code": code}).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(sign_in, range(32)))
    assert set(statuses) == {201}
    assert "zqrace" not in noisy.log.read_text(errors="replace")


def test_an_exception_is_written_down_by_kind_and_place_only(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        try:
            raise ValueError(f"Key (openid)=({OPENID}) already exists.")
        except ValueError as inner:
            raise RuntimeError(NAME) from inner
    except RuntimeError as error:
        line = where_it_failed(None, "error", {"event": "request failed", "exc_info": error})
    assert line["error"] == ["RuntimeError", "ValueError"] and "test_logs_private.py" in line["at"][0]
    assert OPENID not in str(line) and NAME not in str(line)
    configure_logging("info")
    try:
        structlog.get_logger("door").error("request failed", exc_info=RuntimeError(NAME))
    finally:
        configure_logging("critical")
    assert NAME not in "".join(capsys.readouterr())
