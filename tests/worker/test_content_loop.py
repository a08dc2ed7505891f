"""The whole way of a photo: uploaded, fetched by WeChat under a signed address, judged, and the verdict pushed back."""

import psycopg
import pytest

from tests.support.cluster import Cluster
from tests.support.gateways import wechat_standin
from tests.support.server import serving
from tests.support.uploads import photo
from tests.support.waiting import until

APP_ID, SECRET, TOKEN = "wxba5fad812f8e6fb9", "stand-in-secret", "AAAAA"


def test_a_photo_is_fetched_judged_and_settled(
    cluster: Cluster, stage: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with (
        wechat_standin("--app-id", APP_ID, "--app-secret", SECRET) as wechat,
        cluster.database(stage) as dsn,
        serving(
            dsn, tmp_path_factory.mktemp("loop"), WECHAT_API_URL=wechat.url, WECHAT_APP_ID=APP_ID,
            WECHAT_APP_SECRET=SECRET, WECHAT_PUSH_TOKEN=TOKEN,
        ) as server,
        psycopg.connect(dsn, autocommit=True) as database,
    ):  # fmt: skip
        wechat.tell("person", openid="demo-li")
        target = {"url": f"{server.url}/api/miniprogram/v1/wechat/push", "token": TOKEN, "aes_key": "", "format": "json"}
        assert wechat.tell("push/verify", push=target)["passed"]
        li = server.resident("li")
        uploaded = li.post("/api/miniprogram/v1/attachments", files={"file": ("a.jpg", photo(), "image/jpeg")})
        assert uploaded.status_code == 201, uploaded.text
        body = {"kind": "help", "content": "路灯坏了", "area_code": "360781100001",
                "attachment_ids": [uploaded.json()["id"]]}  # fmt: skip
        assert li.post("/api/miniprogram/v1/appeals", json=body).status_code == 201
        seen = until(
            lambda: database.execute("SELECT attachment_id::text, verdict FROM media_checks").fetchall(),
            lambda rows: [row[1] for row in rows] == ["pass"],
        )
        assert seen[0][0] == uploaded.json()["id"]
        until(
            lambda: database.execute("SELECT content_check FROM appeals").fetchone(), lambda row: row == ("pass",)
        )
