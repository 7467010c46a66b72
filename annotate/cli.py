"""``aikind annotate``."""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import Any

import click

from aikind.errors import MissingExtraError
from aikind.serve.output import identity_of, prepare_standard_streams
from aikind.serve.readers.paths import read_paths
from aikind.serve.reading_options import inputs_of, reading_options
from aikind.serve.tagger import Tagger

__all__ = ["annotate"]

_NEEDED = {"fastapi", "pydantic", "starlette", "uvicorn"}


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user without a name
        return "reader"


@click.command()
@click.argument("paths", metavar="SOURCE...", nargs=-1)
@click.option("--labels", "path", type=click.Path(path_type=Path, dir_okay=False), required=True, help="File for the answers (SQLite).")
@click.option("--reader", default=_user, show_default="your user name", help="Whose answers they are.")
@click.option("--random-share", type=click.FloatRange(0, 1), default=0.2, show_default=True, help="Share of documents drawn at random.")
@click.option("--overlap", is_flag=True, help="Let readers answer the same documents, to compare them.")
@click.option("--hide-guess", is_flag=True, help="Hide the model's guess until G is pressed, on every document.")
@click.option("--model", "model_folder", type=click.Path(path_type=Path), help="Model folder.  [default: the shipped model]")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port to listen on.  [default: a free one]")
@reading_options
def annotate(
    paths: tuple[str, ...],
    path: Path,
    reader: str,
    random_share: float,
    overlap: bool,
    hide_guess: bool,
    model_folder: Path | None,
    port: int,
    **reading: Any,
) -> None:
    """Label documents in a browser; prints the address of the page.

    SOURCE is what aikind tag reads. The documents that teach most come first: those of which the model is unsure, or which
    the labelling functions see otherwise, and which are unlike the last ones. A share is drawn at random; from it the page
    estimates the model's accuracy. Every answer is on disk before the next document shows.

    Several readers may work on one file, each with a command of their own. No two get the same document, but with --overlap.
    The page can be reached from this machine only, by the address that is printed.

    \b
    Examples:
      aikind annotate articles/ --labels answers.sqlite
      aikind annotate news.jsonl --text-field body --labels answers.sqlite --reader ann --overlap
      aikind labels export answers.sqlite -o labels.jsonl
    """
    prepare_standard_streams()
    try:
        from aikind.annotate.desk import Settings
        from aikind.annotate.server import serve_page
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _NEEDED:
            raise
        raise MissingExtraError("labelling in a browser", "annotate") from error
    if not reader.strip():
        raise click.UsageError("--reader needs a name.")
    if not path.name or not path.absolute().parent.is_dir():
        raise click.UsageError(f"--labels {path}: no such folder: {path.absolute().parent}.")
    inputs = inputs_of(paths, reading)
    own = [identity_of(f"{path}{suffix}") for suffix in ("", "-wal", "-shm")]
    if own[0] is not None and own[0] in {identity_of(named) for named in inputs.named if os.path.isfile(named)}:  # noqa: PTH113
        raise click.UsageError(f"{path} is also an input; give another file for the answers.")
    documents = read_paths(inputs.paths, inputs.options, inputs.input_format, [identity for identity in own if identity])
    settings = Settings(reader.strip(), random_share, overlap, hide_guess)
    serve_page(documents, path, Tagger(model_folder), settings, port)
