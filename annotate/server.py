"""Run the page: read, judge and serve at the same time, until Ctrl-C."""

from __future__ import annotations

import secrets
import socket
import threading
from collections.abc import Iterable
from pathlib import Path

import click
import uvicorn

from aikind.annotate.app import create_app
from aikind.annotate.collect import collect
from aikind.annotate.desk import Desk, Settings, Source
from aikind.annotate.judge import Judge
from aikind.annotate.store import Store
from aikind.records import Document
from aikind.serve.tagger import Tagger

__all__ = ["serve_page"]

_HOST = "127.0.0.1"


def serve_page(documents: Iterable[Document], path: Path, tagger: Tagger, settings: Settings, port: int) -> None:
    """Serve until Ctrl-C or SIGTERM.

    Raises:
        DatasetError: The file of answers cannot be used.
        click.UsageError: The port is taken.
    """
    store = Store(path, tagger.label_set)
    try:
        listening = socket.create_server((_HOST, port))
    except OSError as error:
        raise click.UsageError(f"Cannot listen on port {port}: {error.strerror or error}.") from error
    source, stop, more_to_come = Source(), threading.Event(), threading.Event()
    more_to_come.set()

    def tell(line: str) -> None:
        click.echo(line, err=True)

    def read() -> None:
        try:
            collect(documents, store, source, stop, lambda error: tell(f"failed: {error}"))
        except Exception as error:  # the page goes on with what is there
            tell(f"reading ended early: {error}")
        finally:
            source.reading = False
            more_to_come.clear()

    def judge() -> None:
        try:
            Judge(store, tagger).judge_all(stop, more_to_come)
        except Exception as error:
            tell(f"documents come in random order from here on, since they cannot be scored: {error}")

    for work in (read, judge):
        threading.Thread(target=work, daemon=True).start()
    desk, token = Desk(store, tagger, settings, source), secrets.token_urlsafe(24)
    tell(f"Answers go to {path}; {desk.progress()['labelled']} documents are labelled there. Ctrl-C ends; the same command goes on.")
    click.echo(f"http://{_HOST}:{listening.getsockname()[1]}/{token}/")
    config = uvicorn.Config(create_app(desk, token), log_level="warning", access_log=False, server_header=False, ws="none", lifespan="off")
    try:
        uvicorn.Server(config).run(sockets=[listening])
    finally:
        stop.set()
        tell(f"{desk.progress()['labelled']} documents are labelled in {path}.")
