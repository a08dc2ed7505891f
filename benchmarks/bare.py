"""The same SQL as reading one appeal (session, appeal, timeline) by bare asyncpg behind a bare Sanic route."""

import json
import socket
import sys
from hashlib import sha256
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from sanic import Request, Sanic
from sanic.response import HTTPResponse

from domain.appeals import queries
from domain.appeals.words import EVENTS
from web import identity

APPEAL = f"{queries._APPEAL} WHERE (a.resident_id = $1) AND (a.id = $2)"


def _hex(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def main() -> None:
    """Serve on the port given, with the database login given as JSON."""
    port, login = int(sys.argv[1]), json.loads(sys.argv[2])
    app: Sanic[Any, Any] = Sanic("bare", configure_logging=False)
    app.config.ACCESS_LOG = False

    @app.before_server_start
    async def start(app: Sanic[Any, Any]) -> None:
        app.ctx.pool = await asyncpg.create_pool(min_size=1, max_size=8, **login)

    @app.get("/<appeal_id:str>")
    async def read(request: Request, appeal_id: str) -> HTTPResponse:
        async with request.app.ctx.pool.acquire() as connection:
            session = await connection.fetchrow(identity._LOAD, sha256(str(request.token).encode()).digest())
            row = await connection.fetchrow(APPEAL, session["subject_id"], UUID(appeal_id))
            timeline = await connection.fetch(
                queries._TIMELINE, row["case_id"], row["id"], list(EVENTS), queries.labels(dict(row))
            )
        body = msgspec.json.encode({**dict(row), "timeline": [dict(line) for line in timeline]}, enc_hook=_hex)
        return HTTPResponse(body, content_type="application/json")

    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind(("127.0.0.1", port))
    app.run(sock=sock, single_process=True, access_log=False, motd=False)


if __name__ == "__main__":
    main()
