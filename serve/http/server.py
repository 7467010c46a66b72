"""Run the service: listen, reload on SIGHUP, and on SIGTERM end when the accepted requests are answered."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import click
import uvicorn
from fastapi import FastAPI

from aikind.serve.http.app import create_app
from aikind.serve.http.label_studio_labels import LabelsFile
from aikind.serve.http.limits import Limits
from aikind.serve.http.live_model import LiveModel, fingerprint
from aikind.serve.http.logs import log, log_as_json
from aikind.serve.http.metrics import Metrics
from aikind.serve.http.service import Service
from aikind.serve.http.tokens import Tokens

__all__ = ["serve_forever"]

_IDLE_SECONDS = 75  # longer than proxies keep a connection, so that none sends a request on one that we are closing
_LOOPBACK = ("127.", "::1", "localhost")


def serve_forever(
    host: str,
    port: int,
    model: Path | None,
    jobs: int,
    limits: Limits,
    tokens: Tokens,
    labels: Path | None,
    watch_seconds: float,
    log_level: str,
) -> None:
    """Serve until SIGTERM or Ctrl-C.

    Raises:
        AikindError: The model cannot be loaded, or the file for labels not be written.
        click.UsageError: It cannot listen there.
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is something to reload
    log_as_json(log_level)
    listening = _listen(host, port)
    metrics = Metrics()
    live = LiveModel(model, metrics.count_load)
    service = Service(live, jobs, limits, tokens, metrics)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        tasks = set()

        def end() -> None:
            log.info("ending", extra={"fields": {"requests": service.requests}})
            service.draining = True
            server.should_exit = True

        def reload() -> None:
            tasks.add(task := loop.create_task(live.reload()))
            task.add_done_callback(tasks.discard)

        # These take the place of uvicorn's own, which would end the process by the signal after all is done.
        loop.add_signal_handler(signal.SIGTERM, end)
        loop.add_signal_handler(signal.SIGHUP, reload)
        if watch_seconds:
            tasks.add(loop.create_task(live.watch(watch_seconds)))
        address, at = listening.getsockname()[:2]
        log.info("listening", extra={"fields": {"host": address, "port": at, "model": fingerprint(live.tagger), "jobs": jobs}})
        if not tokens and not address.startswith(_LOOPBACK):
            log.warning("open", extra={"fields": {"detail": f"everyone who reaches {address} may use this server; give it tokens"}})
        yield
        for task in tasks:
            task.cancel()
        await asyncio.to_thread(service.pool.close)
        log.info("ended")

    app = create_app(service, LabelsFile(labels) if labels else None, lifespan)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="on",
        timeout_keep_alive=_IDLE_SECONDS,
    )
    server = uvicorn.Server(config)
    asyncio.run(server.serve(sockets=[listening]))


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address[:2], family=family, backlog=2048)
    except OSError as error:
        raise click.UsageError(f"Cannot listen on {host}, port {port}: {error.strerror or error}.") from error
