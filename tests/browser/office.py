"""The office at work on a villager's appeal, through the staff door, up to the answer."""

from typing import Any

import httpx
import psycopg

from server.demo.accounts import PASSWORD
from tests.support.server import RunningServer

DESK = "/api/desk/v1"
ANSWER = "村口路灯已经修好：换了两个灯头。今后再有不亮，可随时扫码告诉我们。"
STEPS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("dispatcher", "register", {"appeal_type": "help", "topic": "0906"}),
    ("dispatcher", "accept", {}),
    ("dispatcher", "dispatch", {"lead": "市城管局"}),
    ("handler", "sign", {}),
    ("handler", "contact", {"stage": "accept", "mode": "phone", "note": "约定到现场"}),
    ("handler", "contact", {"stage": "investigate", "mode": "in_person", "note": "到现场查看"}),
    ("handler", "grade", {"grade": "clear", "facts": "灯头损坏"}),
    ("handler", "submit-result", {"result": "更换灯头两个", "basis": "《城市照明管理规定》",
                                  "disposition": "solved_reasonable"}),
    ("handler", "contact", {"stage": "answer", "mode": "phone", "note": "告知结果"}),
    ("reviewer", "answer", {"text": ANSWER}),
)  # fmt: skip


class Office:
    """Staff of the demo, signed in once each."""

    def __init__(self, server: RunningServer) -> None:
        self._server = server
        self._desks: dict[str, httpx.Client] = {}

    def _desk(self, login: str) -> httpx.Client:
        if login not in self._desks:
            body = {"login": login, "password": PASSWORD}
            answer = self._server.client().post(f"{DESK}/sessions", json=body)
            assert answer.status_code == 201, answer.text
            self._desks[login] = self._server.client(answer.json()["token"])
        return self._desks[login]

    def work(self, number: str, until: str = "answer") -> None:
        """Walk the case of an appeal from registration up to and including a move."""
        with psycopg.connect(self._server.dsn) as connection:
            row = connection.execute("SELECT case_id FROM appeals WHERE number = %s", [number]).fetchone()
        assert row is not None
        for login, action, body in STEPS:
            answer = self._desk(login).post(f"{DESK}/cases/{row[0]}/{action}", json=body)
            assert answer.status_code == 200, f"{action}: {answer.text}"
            if action == until:
                return
        raise ValueError(until)
