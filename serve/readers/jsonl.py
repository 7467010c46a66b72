"""JSON Lines: one object a line, one document an object."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from aikind.errors import DocumentError
from aikind.records import Document
from aikind.serve.readers.base import ReadOptions, document_from_record, failed, lines, too_large
from aikind.serve.readers.encodings import decode, utf8_stream

__all__ = ["Repeated", "object_of", "read_jsonl", "record_of"]


class Repeated(dict[str, Any]):
    """An object in which a key stood more than once."""

    keys_twice: frozenset[str] = frozenset()


def object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """For ``json``: an object that remembers which keys it held twice."""
    record = dict(pairs)
    if len(record) == len(pairs):
        return record
    repeated = Repeated(record)
    keys = [key for key, _ in pairs]
    repeated.keys_twice = frozenset(key for key in keys if keys.count(key) > 1) if len(keys) < 1000 else frozenset(keys)
    return repeated


def record_of(value: Any, where: str, options: ReadOptions, encoding: str | None = None) -> Document:
    """Make a document of one JSON value."""
    if not isinstance(value, dict):
        return failed(where, f"a JSON {type(value).__name__}; expected an object with the field {options.text_field!r}")
    if isinstance(value, Repeated):
        for key in (options.text_field, options.title_field, options.id_field or "id"):
            if key in value.keys_twice:
                return failed(where, f"the field {key!r} stands there twice; expected it once")
    return document_from_record(value, where, options, encoding)


def read_jsonl(file: BinaryIO, name: str, options: ReadOptions) -> Iterator[Document]:
    """Yield a document for each line that is not blank; a broken line yields one with its error."""
    stream, stream_encoding = utf8_stream(file)
    empty = True
    for number, raw in enumerate(lines(stream, options.max_bytes), 1):
        where = f"{name}:{number}"
        if raw is None:
            empty = False
            yield failed(where, too_large(options))
            continue
        if not raw.strip():
            continue
        empty = False
        try:
            text, encoding = decode(raw)
            value = json.loads(text, object_pairs_hook=object_of)
        except DocumentError:
            yield failed(where, "not valid UTF-8, and no other encoding fits")
        except json.JSONDecodeError as error:
            yield failed(where, f"not JSON: {error.msg} at column {error.colno}")
        except (ValueError, RecursionError):
            yield failed(where, "not usable JSON: a number or a nesting is beyond all measure")
        else:
            yield record_of(value, where, options, encoding or stream_encoding)
    if empty:
        yield failed(name, "holds no record")
