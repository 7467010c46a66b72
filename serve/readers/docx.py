"""DOCX: the paragraphs of the body, tables included, by Python's own zipfile and XML parser.

Of the packed XML files only the body and the properties are unpacked, so that pictures, and bombs in their place, cost nothing.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO
from xml.etree import ElementTree

from aikind.errors import DocumentError
from aikind.records import Document
from aikind.serve.readers.base import ReadOptions, read_whole, seekable, whole

__all__ = ["read_docx"]

_DAMAGED = (
    zipfile.BadZipFile,
    ElementTree.ParseError,
    KeyError,
    RuntimeError,
    NotImplementedError,
    EOFError,
    ValueError,
    zlib.error,
)


def read_docx(file: BinaryIO, name: str, options: ReadOptions) -> Iterator[Document]:
    """Yield the body as one document, a line for each paragraph. Deleted text, notes, headers and footers are left out.

    Raises:
        DocumentError: The file is damaged or locked, or holds no text.
    """
    with seekable(file) as source:
        if source.read(4) == b"\xd0\xcf\x11\xe0":
            raise DocumentError("an old Word file (.doc), or one locked with a password; save it as .docx without one")
        source.seek(0)
        try:
            with zipfile.ZipFile(source) as package:
                text = _body(_part(package, _main_part(package, options), options))
                facts = _properties(package, options)
        except _DAMAGED as error:
            raise DocumentError(f"not a DOCX file, or a damaged one: {error}") from error
    if not text.strip():
        raise DocumentError("no text in the document")
    yield whole(text, name, options, facts)


def _part(package: zipfile.ZipFile, name: str, options: ReadOptions) -> bytes:
    with package.open(name) as part:
        return read_whole(part, options)  # type: ignore[arg-type]


def _main_part(package: zipfile.ZipFile, options: ReadOptions) -> str:
    if "_rels/.rels" in package.namelist():
        for relation in ElementTree.fromstring(_part(package, "_rels/.rels", options)):
            if relation.get("Type", "").endswith("/officeDocument"):
                return relation.get("Target", "").lstrip("/")
    return "word/document.xml"


def _body(xml: bytes) -> str:
    paragraphs: list[str] = []
    pieces: list[str] = []
    doubled = 0  # inside what old programs show in place of what was read just before
    for event, element in ElementTree.iterparse(io.BytesIO(xml), ("start", "end")):
        space, _, tag = element.tag.rpartition("}")
        if tag == "Fallback":
            doubled += 1 if event == "start" else -1
        if event == "start" or doubled or "wordprocessingml" not in space:
            continue
        if tag == "t":
            pieces.append(element.text or "")
        elif tag in {"tab", "br", "cr"}:
            pieces.append("\t" if tag == "tab" else "\n")
        elif tag == "p":
            paragraphs.append("".join(pieces).strip())
            pieces.clear()
            element.clear()
    return "\n".join(paragraphs)


def _properties(package: zipfile.ZipFile, options: ReadOptions) -> dict[str, str]:
    name = "docProps/core.xml"
    if name not in package.namelist():
        return {}
    found = {e.tag.rpartition("}")[2]: (e.text or "").strip() for e in ElementTree.fromstring(_part(package, name, options))}
    return {key: value for key, value in (("title", found.get("title")), ("date", found.get("created"))) if value}
