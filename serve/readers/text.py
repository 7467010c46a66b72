"""Plain text and Markdown: one file, one document."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from aikind.errors import DocumentError
from aikind.records import Document
from aikind.serve.readers.base import ReadOptions, read_whole, whole
from aikind.serve.readers.encodings import decode
from aikind.serve.readers.front_matter import split_front_matter

__all__ = ["read_markdown", "read_text"]


def read_text(file: BinaryIO, name: str, options: ReadOptions) -> Iterator[Document]:
    """Yield the whole file as one document."""
    text, encoding = _text(file, options)
    yield whole(text, name, options, {}, encoding)


def read_markdown(file: BinaryIO, name: str, options: ReadOptions) -> Iterator[Document]:
    """Yield the whole file as one document, without its front matter, which goes to ``meta["front_matter"]``."""
    text, encoding = _text(file, options)
    entries, body = split_front_matter(text)
    document = whole(body, name, options, entries, encoding)
    yield replace(document, meta={**document.meta, "front_matter": entries}) if entries else document


def _text(file: BinaryIO, options: ReadOptions) -> tuple[str, str | None]:
    text, encoding = decode(read_whole(file, options))
    if "\0" in text[:8192]:
        raise DocumentError("not a text file: it holds NUL; if it is UTF-16 without its mark, convert it to UTF-8")
    return text, encoding
