"""Who may talk to the page: whoever knows its address, from this machine, and no other site that a browser has open."""

from __future__ import annotations

import hmac
import json
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["Guard"]

_OWN_NAMES = {"127.0.0.1", "localhost", "::1"}


class Guard:
    """ASGI middleware that lets pass what stands below ``/TOKEN/`` and is asked for by a name of this machine.

    A page from elsewhere can make a browser send requests here, and by DNS rebinding even read the answers; but then Host or
    Origin tells the name of that page's own server.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app, self._token = app, token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        token, _, rest = scope["path"].removeprefix("/").partition("/")
        if _host(f"//{headers.get('host', '')}") not in _OWN_NAMES:
            await _refuse("The request is not addressed to this machine by a name that it knows.")(scope, receive, send)
        elif origin is not None and (_host(origin) not in _OWN_NAMES or urlsplit(origin).netloc != headers.get("host")):
            await _refuse("The request comes from another page.")(scope, receive, send)
        elif not hmac.compare_digest(token.encode("utf-8", "surrogateescape"), self._token):
            await _refuse("The address lacks the token; use the address that aikind annotate printed when it was started.")(
                scope, receive, send
            )
        else:
            await self._app({**scope, "path": f"/{rest}", "raw_path": f"/{rest}".encode("utf-8", "surrogateescape")}, receive, send)


def _host(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def _refuse(why: str) -> Response:
    return Response(json.dumps({"detail": why}), 403, media_type="application/json")
