"""Where a page goes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import click

from aikind.serve.output import DRAFT, beside, identity_of, is_regular, publish
from aikind.serve.readers.paths import STDIN

__all__ = ["check_page", "write_page"]

_SUFFIXES = (".html", ".htm")


def check_page(page: Path, inputs: Sequence[str], results: Path | None = None) -> None:
    """Refuse, before any work is done, a page that could not be written or would destroy an input or the results.

    Raises:
        click.UsageError: See above.
    """
    if page.suffix.lower() not in _SUFFIXES or os.path.isdir(page):  # noqa: PTH112  (unlike Path.is_dir it never raises)
        raise click.UsageError(f"Cannot write a page to {page}: give a file that ends in .html.")
    if not is_regular(page):
        raise click.UsageError(f"Cannot write a page to {page}: it is no regular file.")
    folder = beside(page, "").parent
    if not os.access(folder, os.W_OK | os.X_OK):
        raise click.UsageError(f"Cannot write {page}: {folder} {'cannot be written to' if os.path.isdir(folder) else 'is no folder'}.")  # noqa: PTH112
    taken = [path for path in inputs if path != STDIN]
    if any(identity_of(path) == identity_of(page) is not None for path in taken):
        raise click.UsageError(f"{page} is also an input; give another file for the page.")
    if results is not None and beside(results, "") == beside(page, ""):
        raise click.UsageError(f"{page} is also the file for the results; give another one for the page.")


def write_page(page: Path, html: str) -> None:
    """Write a page, which appears when it is complete. Half surrogate pairs are shown as escapes.

    Raises:
        OSError: It cannot be written.
    """
    draft = beside(page, DRAFT)
    try:
        draft.write_text(html, encoding="utf-8", errors="backslashreplace")
        publish(draft, page)
    finally:
        with suppress(OSError):
            draft.unlink()
