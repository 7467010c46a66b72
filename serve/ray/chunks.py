"""Cut files of records into chunks of documents. Each chunk becomes one file of results, whose name depends on nothing else."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from aikind.records import Document
from aikind.serve.readers.base import ReadOptions
from aikind.serve.readers.paths import read_paths
from aikind.serve.results import carried_from
from aikind.serve.tagger import MOST_CHARACTERS_AHEAD, characters

__all__ = ["Chunk", "chunks_of", "documents_of"]

MOST_DOCUMENTS = 5_000  # some ten minutes' work for articles
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Chunk:
    """Attributes:
    name: Of its file of results, without a suffix.
    documents: A JSON line each, for ``documents_of``.
    """

    name: str
    documents: bytes


def chunks_of(file: str, options: ReadOptions, input_format: str | None, carry: Sequence[str]) -> Iterator[Chunk]:
    """Read a file and yield its documents in chunks, as the local engine would read them.

    A chunk holds 5,000 documents, or fewer where they together have more than 16 million characters.

    Args:
        carry: Names of fields of the input that go along.
    """
    for number, documents in enumerate(_filled(read_paths([file], options, input_format))):
        yield Chunk(f"{_stem(file)}-{number:05}", b"".join(_line(document, carry) for document in documents))


def documents_of(raw: bytes) -> Iterator[Document]:
    """The documents of a chunk; of their records they have kept the fields that go along."""
    return (Document(*json.loads(line)) for line in raw.splitlines())


def _filled(documents: Iterable[Document]) -> Iterator[list[Document]]:
    chunk: list[Document] = []
    weight = 0
    for document in documents:
        weight += characters(document)
        if chunk and (len(chunk) == MOST_DOCUMENTS or weight > MOST_CHARACTERS_AHEAD):
            yield chunk
            chunk, weight = [], characters(document)
        chunk.append(document)
    if chunk:
        yield chunk


def _line(document: Document, carry: Sequence[str]) -> bytes:
    document = replace(document, meta={**document.meta, "record": carried_from(document, carry)})
    return json.dumps([document.id, document.text, dict(document.meta), document.error]).encode("ascii") + b"\n"


def _stem(file: str) -> str:
    """Tells files of one name in different folders apart."""
    name = PurePosixPath(file.partition("?")[0]).name.partition(".")[0]
    return f"{_UNSAFE.sub('-', name)[:80]}-{hashlib.sha256(file.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
