"""Read what a client sends, within the limits of time and size."""

from __future__ import annotations

import asyncio
from email.message import Message
from typing import Any

from fastapi import Request

from aikind.serve.http.bodies import parse
from aikind.serve.http.limits import Limits
from aikind.serve.http.problems import Problem

__all__ = ["JSON", "NDJSON", "media_type", "read_object", "slow_body"]

JSON, NDJSON = "application/json", "application/x-ndjson"


def media_type(request: Request) -> str:
    """The type of the body, one of ``JSON`` and ``NDJSON``.

    Raises:
        Problem: It is of neither type, not in UTF-8, or compressed.
    """
    header = Message()
    header["content-type"] = request.headers.get("content-type", "")
    found = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    expected = f"expected {JSON} or {NDJSON}, in UTF-8 and not compressed"
    accept = {"Accept": f"{JSON}, {NDJSON}"}
    if found not in {JSON, NDJSON}:
        raise Problem(415, "media-type", f"The content type is {found[:100] or 'not given'}; {expected}.", accept)
    charset = str(header.get_param("charset", "utf-8")).lower()
    if charset not in {"utf-8", "utf8"}:
        raise Problem(415, "media-type", f"The charset is {charset[:100]}; {expected}.", accept)
    coding = request.headers.get("content-encoding", "identity").lower()
    if coding != "identity":
        raise Problem(415, "content-coding", f"The content coding is {coding[:100]}; {expected}.", {"Accept-Encoding": "identity"})
    return found


async def read_object(request: Request, limits: Limits) -> dict[str, Any]:
    """The JSON object that is the body.

    Raises:
        Problem: It is too large, comes too slowly, or is no JSON object.
        ClientDisconnect: The client went away.
    """
    body = await _read_body(request, limits)
    try:
        return await asyncio.to_thread(parse, body)
    except ValueError as error:
        raise Problem(400, "unreadable-body", f"The body cannot be read: {error}.") from None


async def _read_body(request: Request, limits: Limits) -> bytes:
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limits.body_bytes:
        raise _too_large(limits)
    body = bytearray()
    try:
        async with asyncio.timeout(limits.seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limits.body_bytes:
                    raise _too_large(limits)
    except TimeoutError:
        raise slow_body(limits) from None
    return bytes(body)


def slow_body(limits: Limits) -> Problem:
    return Problem(408, "slow-body", f"The body did not come within {limits.seconds:g} seconds.", {"Connection": "close"})


def _too_large(limits: Limits) -> Problem:
    detail = (
        f"The body has more than {limits.body_bytes} bytes. Send fewer documents at once, or send {NDJSON}, which may be of any length."
    )
    return Problem(413, "body-too-large", detail, {"Connection": "close"})
