"""Two people on one case at the same time, on a real server: exactly one wins, the other hears what happened."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from server.demo.accounts import PASSWORD
from tests.support.cast import DESK, RESIDENT
from tests.support.life import CITY, REGISTER, WATER
from tests.support.server import RunningServer

ROUNDS = 10


def _desk(server: RunningServer, login: str) -> httpx.Client:
    with server.client() as anybody:
        answer = anybody.post(f"{DESK}/sessions", json={"login": login, "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    return server.client(answer.json()["token"])


def _both(first: tuple[httpx.Client, str, dict[str, Any]], second: tuple[httpx.Client, str, dict[str, Any]]) -> Any:
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(client.post, path, json=body) for client, path, body in (first, second)]
        return [answer.result() for answer in waiting]


def test_of_two_at_once_exactly_one_wins(server: RunningServer) -> None:
    one, two, resident = _desk(server, "dispatcher"), _desk(server, "dispatcher2"), server.resident("li")
    said = {"kind": "help", "content": "路灯不亮", "area_code": "360781100001"}
    codes = set()
    for round_no in range(ROUNDS):
        filed = resident.post(f"{RESIDENT}/appeals", json=said)
        assert filed.status_code == 201, filed.text
        number = filed.json()["number"]
        case = one.get(f"{DESK}/cases", params={"number": number}).json()["items"][0]
        path = f"{DESK}/cases/{case['id']}"
        registered = one.post(f"{path}/register", json={**REGISTER, "version": case["version"]}).json()
        accepted = one.post(f"{path}/accept", json={"version": registered["version"]}).json()
        version = {"version": accepted["version"]} if round_no % 2 else {}
        answers = _both(
            (one, f"{path}/dispatch", {"lead": CITY, **version}), (two, f"{path}/dispatch", {"lead": WATER, **version})
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        won = next(answer.json() for answer in answers if answer.status_code == 200)
        lost = next(answer.json() for answer in answers if answer.status_code == 409)
        codes.add(lost["code"])
        after = one.get(path).json()
        assert (after["lead"], after["version"]) == (won["lead"], accepted["version"] + 1)
        assert [line["event"] for line in after["timeline"]].count("case.dispatched") == 1
        if version:
            assert (lost["code"], lost["current"], len(lost["since"])) == (
                "changed-meanwhile", accepted["version"] + 1, 1,
            )  # fmt: skip
    assert codes == {"changed-meanwhile", "move-not-allowed"}
