"""JSON Lines: one object a line, one document an object."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import BinaryIO

from aikind.records import Document
from aikind.serve.readers.base import ReadOptions, document_from_record, failed

__all__ = ["read_jsonl"]


def read_jsonl(file: BinaryIO, name: str, options: ReadOptions) -> Iterator[Document]:
    """Yield a document for each line that is not blank; a broken line yields one with its error."""
    empty = True
    for number, raw in enumerate(file, 1):
        where = f"{name}:{number}"
        if not raw.strip():
            continue
        empty = False
        try:
            record = json.loads(raw.decode("utf-8-sig" if number == 1 else "utf-8"))
        except UnicodeDecodeError as error:
            yield failed(where, f"not valid UTF-8 (byte 0x{raw[error.start]:02x} at position {error.start + 1})")
        except json.JSONDecodeError as error:
            yield failed(where, f"not JSON: {error.msg} at column {error.colno}")
        except (ValueError, RecursionError):
            yield failed(where, "not usable JSON: a number or a nesting is beyond all measure")
        else:
            if isinstance(record, dict):
                yield document_from_record(record, where, options)
            else:
                yield failed(where, f"a JSON {type(record).__name__}; expected an object with the field {options.text_field!r}")
    if empty:
        yield failed(name, "holds no record")
