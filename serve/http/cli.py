"""``aikind serve``."""

from __future__ import annotations

import os
from pathlib import Path

import click

from aikind.errors import MissingExtraError
from aikind.serve.cpus import available_cpus
from aikind.serve.http.limits import Limits

__all__ = ["serve"]

_NEEDED = {"fastapi", "prometheus_client", "pydantic", "starlette", "uvicorn"}
_DEFAULT = Limits()
_AT_LEAST_ONE = click.IntRange(1)
_SECONDS = click.FloatRange(0, min_open=True)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 for all of this machine's.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="Port to listen on; 0 for a free one.")
@click.option("--model", "model_folder", type=click.Path(path_type=Path), help="Model folder or store.  [default: the shipped model]")
@click.option("--jobs", type=_AT_LEAST_ONE, help="Documents worked on at once.  [default: one for each CPU]")
@click.option("--tokens-file", type=click.Path(path_type=Path), help="File of the bearer tokens that are let in, one a line.")
@click.option(
    "--label-studio-labels",
    "labels_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File that corrections made in Label Studio are added to, as JSON Lines.",
)
@click.option(
    "--watch-seconds", type=click.FloatRange(0), default=2.0, show_default=True, help="How often to look for a new model; 0: never."
)
@click.option("--max-body-bytes", type=_AT_LEAST_ONE, default=_DEFAULT.body_bytes, show_default=True, help="JSON body, or line of NDJSON.")
@click.option("--max-documents", type=_AT_LEAST_ONE, default=_DEFAULT.documents, show_default=True, help="Documents in a JSON body.")
@click.option("--max-characters", type=_AT_LEAST_ONE, default=_DEFAULT.characters, show_default=True, help="Characters of a document.")
@click.option(
    "--max-seconds",
    type=_SECONDS,
    default=_DEFAULT.seconds,
    show_default=True,
    help="For a body to come in, and again for its results; of NDJSON, for each line and each result.",
)
@click.option(
    "--max-stream-documents", type=_AT_LEAST_ONE, default=_DEFAULT.stream_documents, show_default=True, help="Documents of NDJSON."
)
@click.option("--max-stream-seconds", type=_SECONDS, default=_DEFAULT.stream_seconds, show_default=True, help="For a whole body of NDJSON.")
@click.option(
    "--max-requests", type=_AT_LEAST_ONE, default=_DEFAULT.requests, show_default=True, help="Requests to tag at once; others get 503."
)
@click.option(
    "--log-level", type=click.Choice(["debug", "info", "warning", "error"]), default="info", show_default=True, help="What to log."
)
def serve(
    host: str,
    port: int,
    model_folder: Path | None,
    jobs: int | None,
    tokens_file: Path | None,
    labels_file: Path | None,
    watch_seconds: float,
    max_body_bytes: int,
    max_documents: int,
    max_characters: int,
    max_seconds: float,
    max_stream_documents: int,
    max_stream_seconds: float,
    max_requests: int,
    log_level: str,
) -> None:
    """Tag documents over HTTP.

    \b
    POST /v1/tag         {"text": ...} or {"documents": [{"text": ...}, ...]}, or a document a line as application/x-ndjson
    POST /v1/explain     the same, with the sentences that carried each label
    GET  /v1/labels      the labels and the model
    GET  /openapi.json   all of it, with examples
    GET  /               a page to paste a text into
    GET  /healthz, /readyz, /metrics
    GET  /health, POST /setup, /predict, /webhook: for Label Studio

    Where tokens are given, in --tokens-file or in the environment variable AIKIND_TOKENS (separated by spaces or commas),
    /v1/ and /metrics need one of them: Authorization: Bearer TOKEN. Label Studio's paths take it as the password of basic authentication, too.

    SIGTERM ends the server when the accepted requests are answered. SIGHUP loads the model folder anew.
    """
    try:
        from aikind.serve.http.server import serve_forever
        from aikind.serve.http.tokens import ENVIRONMENT, read_tokens
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _NEEDED:
            raise
        raise MissingExtraError("serving over HTTP", "http") from error
    limits = Limits(
        body_bytes=max_body_bytes,
        documents=max_documents,
        characters=max_characters,
        seconds=max_seconds,
        stream_documents=max_stream_documents,
        stream_seconds=max_stream_seconds,
        requests=max_requests,
    )
    tokens = read_tokens(tokens_file, os.environ.get(ENVIRONMENT))
    serve_forever(host, port, model_folder, jobs or available_cpus(), limits, tokens, labels_file, watch_seconds, log_level)
