"""Plain text and Markdown: one file, one document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from aikind.records import Document
from aikind.serve.readers.base import ReadOptions, failed

__all__ = ["read_markdown", "read_text"]

# Between the rules of front matter stands a first line like "key: value"; a horizontal rule opens no front matter.
_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(?:[\w-]+[ \t]*:.*?\r?\n)?---[ \t]*(?:\r?\n|\Z)", re.DOTALL)


def read_text(file: BinaryIO, name: str, options: ReadOptions) -> Iterator[Document]:  # noqa: ARG001
    """Yield the whole file as one document."""
    raw = file.read()
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        yield failed(name, "UTF-16 text; convert the file to UTF-8")
        return
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if b"\0" in raw[:8192]:
            yield failed(name, "not a text file")
        else:
            line = raw.count(b"\n", 0, error.start) + 1
            yield failed(name, f"line {line}: not valid UTF-8 (byte 0x{raw[error.start]:02x}); convert the file to UTF-8")
        return
    if "\0" in text[:8192]:
        yield failed(name, "not a text file")
        return
    yield Document(name, text, {"where": name})


def read_markdown(file: BinaryIO, name: str, options: ReadOptions) -> Iterator[Document]:
    """Yield the whole file as one document, without its front matter."""
    for document in read_text(file, name, options):
        yield document if document.error else Document(name, _FRONT_MATTER.sub("", document.text, count=1), document.meta)
