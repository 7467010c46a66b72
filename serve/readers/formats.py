"""What the suffixes of a name mean, and how a stream of that name is read: compression, then archive, then format."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any, BinaryIO, cast

from aikind.errors import AikindError, DocumentError
from aikind.records import Document
from aikind.serve.readers.archives import ARCHIVES
from aikind.serve.readers.arrow import read_arrow, read_parquet
from aikind.serve.readers.base import Reader, ReadOptions, failed, open_error
from aikind.serve.readers.compression import COMPRESSIONS, decompressed
from aikind.serve.readers.csv_rows import read_csv, read_tsv
from aikind.serve.readers.docx import read_docx
from aikind.serve.readers.html import read_html
from aikind.serve.readers.json_values import read_json
from aikind.serve.readers.jsonl import read_jsonl
from aikind.serve.readers.pdf import read_pdf
from aikind.serve.readers.text import read_markdown, read_text

__all__ = ["FORMATS", "SUFFIXES", "Kind", "kind_of", "read_stream"]

FORMATS: dict[str, Reader] = {
    "text": read_text,
    "markdown": read_markdown,
    "jsonl": read_jsonl,
    "json": read_json,
    "csv": read_csv,
    "tsv": read_tsv,
    "parquet": read_parquet,
    "arrow": read_arrow,
    "html": read_html,
    "pdf": read_pdf,
    "docx": read_docx,
}
SUFFIXES = {
    ".txt": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".arrows": "arrow",
    ".feather": "arrow",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".pdf": "pdf",
    ".docx": "docx",
}
_SHORT = {".tgz": ".tar.gz", ".tbz2": ".tar.bz2", ".txz": ".tar.xz", ".tzst": ".tar.zst"}


@dataclass(frozen=True, slots=True)
class Kind:
    """What a name's suffixes say: keys of ``COMPRESSIONS``, ``ARCHIVES`` and ``FORMATS``, None where they say nothing."""

    compression: str | None
    archive: str | None
    format: str | None

    @property
    def known(self) -> bool:
        return self.archive is not None or self.format is not None


def kind_of(name: str) -> Kind:
    last = name.replace("\\", "/").rpartition("/")[2].lower()
    for short, full in _SHORT.items():
        if last.endswith(short):
            last = last.removesuffix(short) + full
    suffix = PurePosixPath(last).suffix
    compression = suffix if suffix in COMPRESSIONS else None
    suffix = PurePosixPath(last.removesuffix(compression or "")).suffix
    return Kind(compression, suffix if suffix in ARCHIVES else None, SUFFIXES.get(suffix))


def read_stream(
    file: BinaryIO, name: str, options: ReadOptions, input_format: str | None = None, day: str | None = None
) -> Iterator[Document]:
    """Yield the documents of an open file by the suffixes of its name; what they do not tell is plain text.

    Whatever goes wrong yields a document with its error.

    Args:
        input_format: A key of ``FORMATS``, to override the suffix of the format.
        day: The date of documents that name none themselves, ``YYYY-MM-DD``.
    """
    try:
        for document in _read(file, name, options, input_format):
            dated = day is None or options.date_field is not None or document.error is not None or "date" in document.meta
            yield document if dated else replace(document, meta={**document.meta, "date": day})
    except AikindError as error:
        yield failed(name, str(error))
    except OSError as error:
        yield open_error(name, error)
    except MemoryError:
        yield failed(name, "not enough memory to read it")
    except Exception as error:  # one file must never end the run for the others
        yield failed(name, f"cannot be read: {type(error).__name__}: {str(error)[:200]}")


def _read(file: BinaryIO, name: str, options: ReadOptions, input_format: str | None) -> Iterator[Document]:
    kind = kind_of(name)
    if not isinstance(file, io.BufferedReader):
        file = cast(BinaryIO, io.BufferedReader(cast(Any, file)))
    if kind.compression is not None:
        file = decompressed(file, kind.compression, options)
    if kind.archive is not None:
        yield from _read_members(file, name, kind.archive, options, input_format)
    else:
        yield from FORMATS[input_format or kind.format or "text"](file, name, options)


def _read_members(file: BinaryIO, name: str, archive: str, options: ReadOptions, input_format: str | None) -> Iterator[Document]:
    found = False
    for member in ARCHIVES[archive](file, options, _wanted):
        found = True
        inner = f"{name}/{member.name}"
        try:
            if kind_of(member.name).archive is not None:
                raise DocumentError("an archive inside an archive is not read; unpack the outer one")
            opened = member.opened()
        except AikindError as error:
            yield failed(inner, str(error))
        else:
            yield from read_stream(opened, inner, options, input_format, member.day)
    if not found:
        yield failed(name, f"no member to read; known suffixes are {', '.join(SUFFIXES)}")


def _wanted(name: str) -> bool:
    """Whether a member is read, or refused: hidden ones and those of unknown suffixes are passed over."""
    hidden = any(part.startswith(".") and part not in {".", ".."} for part in name.replace("\\", "/").split("/"))
    return kind_of(name).known and not hidden
