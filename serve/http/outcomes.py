"""Have the documents of one request worked on, for as long as somebody waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from fastapi import Request
from starlette.requests import ClientDisconnect

from aikind.records import Document
from aikind.serve.http.fair_pool import Lane
from aikind.serve.http.service import Service

__all__ = ["outcomes"]

Outcome = TypeVar("Outcome")


async def outcomes(
    service: Service, request: Request, lane: Lane, work: Callable[[Document], Outcome], documents: Sequence[Document]
) -> list[Outcome]:
    """What ``work`` makes of each document, in order. The body of the request must have been read.

    Raises:
        Problem: It took too long, or would.
        ClientDisconnect: The client went away.
    """
    service.check_time(len(documents))
    done = asyncio.gather(*(asyncio.wrap_future(lane.put(partial(work, one))) for one in documents))
    done.add_done_callback(lambda all: all.cancelled() or all.exception())  # given up, it must not complain that nobody looked
    gone = asyncio.ensure_future(request.receive())  # after the body, the only message left is that the client went away
    either: set[asyncio.Future[Any]] = {done, gone}
    try:
        first, _ = await asyncio.wait(either, timeout=service.limits.seconds, return_when=asyncio.FIRST_COMPLETED)
        if done in first:
            return list(done.result())
        if gone in first:
            raise ClientDisconnect
        raise service.too_slow()
    finally:
        gone.cancel()
        done.cancel()
