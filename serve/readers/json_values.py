"""JSON in one piece: an array of objects, or objects one after the other, read as they come."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from aikind.errors import DocumentError
from aikind.records import Document
from aikind.serve.readers.base import ReadOptions, failed, too_large
from aikind.serve.readers.encodings import utf8_stream
from aikind.serve.readers.jsonl import object_of, record_of

__all__ = ["read_json"]

_GAP = re.compile(r"[\s\ufeff]*")
_FIRST_CHUNK = 1 << 16


def read_json(file: BinaryIO, name: str, options: ReadOptions) -> Iterator[Document]:
    """Yield a document for each object of an array, or of a row of values. After one that is broken nothing can be told apart."""
    stream, encoding = utf8_stream(file)
    number = 0
    try:
        for number, value in enumerate(_values(stream, options), 1):
            yield record_of(value, f"{name}:{number}", options, encoding)
    except json.JSONDecodeError as error:
        where = f"{name}:{number + 1}"
        yield failed(where, f"value {number + 1} is not JSON ({error.msg}); it and what comes after it are not read")
    except (ValueError, RecursionError):
        yield failed(f"{name}:{number + 1}", "not usable JSON: a number or a nesting is beyond all measure; the rest is not read")
    else:
        if number == 0:
            yield failed(name, "holds no record")


def _values(stream: BinaryIO, options: ReadOptions) -> Iterator[Any]:
    decoder = json.JSONDecoder(object_pairs_hook=object_of)
    buffer = _Buffer(stream, options)
    is_array = buffer.next() == "["
    if is_array:
        buffer.at += 1
    first = True
    while (mark := buffer.next()) != "":
        if is_array and mark == "]" and first:
            buffer.at += 1
            break
        yield buffer.value(decoder)
        first = False
        if not is_array:
            continue
        mark = buffer.next()
        if mark not in {",", "]"}:
            raise json.JSONDecodeError("expected , or ] after the value before it" if mark else "the array is not closed", "", 0)
        buffer.at += 1
        if mark == "]":
            break
    else:
        if is_array:
            raise json.JSONDecodeError("the array is not closed", "", 0)
        return
    if buffer.next() != "" and is_array:
        raise json.JSONDecodeError("something follows the array", "", 0)


class _Buffer:
    """The part of a stream that holds the value which is being read."""

    def __init__(self, stream: BinaryIO, options: ReadOptions) -> None:
        self._stream, self._options = stream, options
        self._text, self.at = "", 0
        self._ended = False
        self._rest = b""

    def next(self) -> str:
        """Pass over white space; return the character that follows, or nothing at the end."""
        while True:
            match = _GAP.match(self._text, self.at)
            self.at = match.end() if match else self.at
            if self.at < len(self._text) or self._ended:
                return self._text[self.at : self.at + 1]
            self._more(_FIRST_CHUNK)

    def value(self, decoder: json.JSONDecoder) -> Any:
        chunk = _FIRST_CHUNK
        while True:
            try:
                value, end = decoder.raw_decode(self._text, self.at)
                # A number or word at the end of what is here may go on.
                if end < len(self._text) or self._ended:
                    self.at = end
                    return value
            except json.JSONDecodeError:
                if self._ended:
                    raise
            if len(self._text) - self.at > self._options.max_bytes:
                raise DocumentError(f"a value is {too_large(self._options)}")
            self._more(chunk)
            chunk *= 2

    def _more(self, count: int) -> None:
        raw = self._stream.read(count)
        self._ended = not raw
        self._text, self.at = self._text[self.at :] + self._decoded(raw), 0

    def _decoded(self, raw: bytes) -> str:
        raw, self._rest = self._rest + raw, b""
        if not self._ended:  # a character may be cut at the end
            for back in range(1, min(4, len(raw)) + 1):
                if raw[-back] >= 0xC0:
                    raw, self._rest = raw[:-back], raw[-back:]
                    break
                if raw[-back] < 0x80:
                    break
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            raise DocumentError("not valid UTF-8; convert the file to UTF-8, or give JSON Lines") from error
