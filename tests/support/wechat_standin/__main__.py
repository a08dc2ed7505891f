"""`python -m tests.support.wechat_standin --port 0`: start, print `{"url": …}` as one JSON line, serve."""

from __future__ import annotations

import argparse
import json
import socket
import ssl
import tempfile
from pathlib import Path

from tests.support.wechat_standin.app import make_app
from tests.support.wechat_standin.tls import self_signed
from tests.support.wechat_standin.world import Account, PushTarget, World

TEMPLATE = "ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="wechat_standin", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--app-id", default="wxba5fad812f8e6fb9")
    parser.add_argument("--app-secret", default="standin-secret")
    parser.add_argument(
        "--easy", action="store_true", help="any code, person, template and page; credits never end"
    )
    parser.add_argument("--page", action="append", default=[], help="a published page, repeatable")
    parser.add_argument("--template", action="append", default=[], help="ID=thing1,date2, repeatable")
    parser.add_argument("--push-url", default="")
    parser.add_argument("--push-token", default="")
    parser.add_argument("--push-aes-key", default="")
    parser.add_argument("--push-format", choices=("json", "xml"), default="json")
    parser.add_argument("--tls", action="store_true", help="HTTPS with a certificate nobody trusts")
    return parser.parse_args()


def _account(given: argparse.Namespace) -> Account:
    account = Account(given.app_id, given.app_secret, easy=given.easy)
    account.pages += given.page
    account.templates = {TEMPLATE: ["thing1", "date2"]}
    for text in given.template:
        name, _, keys = text.partition("=")
        account.templates[name] = keys.split(",")
    account.push = PushTarget(given.push_url, given.push_token, given.push_aes_key, given.push_format)
    return account


def main() -> None:
    """Serve until ended."""
    given = _arguments()
    world = World()
    account = _account(given)
    world.accounts[account.app_id] = account
    app = make_app(world)
    listener = socket.create_server((given.host, given.port), backlog=1024)
    scheme = "https" if given.tls else "http"
    url = f"{scheme}://{given.host}:{listener.getsockname()[1]}"

    @app.after_server_start
    async def announce(_: object) -> None:
        print(json.dumps({"url": url, "app_id": account.app_id}), flush=True)

    context: ssl.SSLContext | None = None
    if given.tls:
        with tempfile.TemporaryDirectory() as folder:
            context = self_signed(Path(folder))
    app.run(sock=listener, single_process=True, motd=False, access_log=False, ssl=context)


if __name__ == "__main__":
    main()
