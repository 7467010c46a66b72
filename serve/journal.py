"""What a run has done so far, in a file beside the output, so that a killed run can go on where it stopped.

The first line says what the results depend on besides the documents; each further line is one result, in the order of the
input. The output itself is written from the journal when the last document is done.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from aikind.records import Document
from aikind.serve.output import PART, beside
from aikind.serve.results import KEPT, Result, carried_from, digest_of, from_line, to_line

__all__ = ["Journal", "differences", "read_header"]

_FORM = 1


class Journal:
    """A journal open for writing. One run at a time may hold it."""

    def __init__(self, output: Path, settings: Mapping[str, Any], *, resume: bool) -> None:
        """Open the journal of an output; start it anew unless ``resume`` is set and there is one.

        Args:
            settings: What results depend on besides the documents, as JSON-ready values.

        Raises:
            click.UsageError: It cannot be opened, another run holds it, or it cannot be resumed with these settings.
        """
        self.path = path = beside(output, PART)
        try:
            self._file = open(path, "r+b" if path.exists() else "x+b", buffering=0)  # noqa: SIM115, PTH123
        except OSError as error:
            raise click.UsageError(f"Cannot write {output}: {error.strerror}.") from error
        try:
            self._lock()
            header = read_header(path) if resume else None
            if header is not None and (changed := differences(header, settings)):
                raise click.UsageError(
                    f"Cannot resume: {path} was made with other settings: {'; '.join(changed)}. "
                    "Give the same again, or leave --resume out to begin anew."
                )
            self.resumed = header is not None
            if header is None:
                self._file.truncate(0)
                self._write(json.dumps({"aikind_journal": _FORM, **settings}).encode("ascii") + b"\n")
        except BaseException:
            self._file.close()
            raise

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise click.UsageError(f"{self.path}: another run is writing there; wait for it, or give another output.") from error
        except OSError:  # a file system without locks
            pass

    def replay(self, documents: Iterator[Document], carry: Sequence[str]) -> Iterator[Result]:
        """Yield the results that the stopped run kept, and take their documents from ``documents``.

        The input is compared on the way, document by document. What follows the last whole line is cut off at the end.

        Raises:
            click.UsageError: The input is not the one that the stopped run read.
        """
        end = 0
        with self.path.open("rb") as file:
            end = len(file.readline())
            for number, line in enumerate(file, 1):
                try:
                    kept = from_line(line)
                except ValueError:
                    break
                document = next(documents, None)
                if document is None:
                    raise _other_input(f"it ends after {number - 1} documents, and the stopped run had read more")
                if digest_of(document) != kept.digest or carried_from(document, carry) != kept.carried:
                    raise _other_input(
                        f"document {number} is {document.id!r}, with a text, id or field that differs; it was {kept.tagging.id!r}"
                    )
                end += len(line)
                yield replace(kept, source=str(document.meta.get("where", "")), origin=KEPT, document=document)
        self._file.truncate(end)
        self._file.seek(end)

    def write(self, result: Result) -> None:
        if result.origin != KEPT:
            self._write(to_line(result))

    def _write(self, line: bytes) -> None:
        left = memoryview(line)
        while left:
            left = left[self._file.write(left) :]

    def results(self) -> Iterator[Result]:
        """Every result, from the first.

        Raises:
            ValueError: A line is damaged.
        """
        with self.path.open("rb") as file:
            file.readline()
            yield from map(from_line, file)

    def sync(self) -> None:
        os.fsync(self._file.fileno())

    def close(self) -> None:
        with suppress(OSError):
            self._file.close()


def _other_input(why: str) -> click.UsageError:
    return click.UsageError(f"Cannot resume: the input has changed: {why}. Leave --resume out to begin anew.")


def read_header(path: Path) -> dict[str, Any] | None:
    """The settings of a journal; None where not even its first line was written.

    Raises:
        click.UsageError: The file is no journal of this version.
    """
    try:
        with path.open("rb") as file:
            line = file.readline(1_000_000)
    except OSError as error:
        raise click.UsageError(f"Cannot read {path}: {error.strerror}.") from error
    if not line or (not line.endswith(b"\n") and line.startswith(b'{"aiki'[: len(line)])):
        return None
    try:
        header = json.loads(line)
        form = header.pop("aikind_journal")
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        form = None
    if form != _FORM:
        raise click.UsageError(f"{path} was not written by this version of aikind tag; move it away.")
    return dict(header)


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What differs between the settings of two runs, in words."""
    names = [name for name in (*new, *(n for n in old if n not in new)) if old.get(name) != new.get(name)]
    return [f"{name} was {_shown(old.get(name))} and is {_shown(new.get(name))} now" for name in names]


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
