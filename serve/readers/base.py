"""What every reader is given and what it yields."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from aikind.records import Document, join_title

__all__ = ["ReadOptions", "Reader", "document_from_record", "failed", "open_error"]


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """Names of the fields (JSONL) or columns (CSV) that hold the text, its title and its id.

    A record that lacks the default id field is named by file and line; a named id field must be there. A record without
    the title field is taken without a title. With ``keep_record``, each document keeps its record in ``meta["record"]``.
    """

    text_field: str = "text"
    title_field: str | None = None
    id_field: str | None = None
    keep_record: bool = False


# A reader takes an open binary file, the name to use in ids and messages, and the options. It yields a document for
# each input, with ``error`` set where one could not be read, and raises nothing for bad content.
Reader = Callable[[BinaryIO, str, ReadOptions], Iterator[Document]]


def failed(where: str, why: str) -> Document:
    return Document(where, "", error=f"{where}: {why}")


def open_error(path: str, error: OSError) -> Document:
    reasons = {"FileNotFoundError": "no such file or folder", "PermissionError": "no permission to read it"}
    return failed(path[:200], reasons.get(type(error).__name__, error.strerror or str(error)))


def document_from_record(record: dict[str, object], where: str, options: ReadOptions) -> Document:
    """Make a document of one record; ``where`` is its file and line."""
    text = record.get(options.text_field)
    if text is None and options.text_field in record:
        return failed(where, f"the field {options.text_field!r} is null; expected text")
    if text is None:
        fields = ", ".join(str(key) for key in record) or "none"
        return failed(where, f"no field {options.text_field!r}; it has {fields}. Name the field with --text-field")
    if not isinstance(text, str):
        return failed(where, f"the field {options.text_field!r} is of type {type(text).__name__}; expected text")
    identity = record.get(options.id_field or "id")
    if identity == "":
        identity = None
    if identity is None and options.id_field is not None:
        return failed(where, f"no field {options.id_field!r} to take the id from, or an empty one")
    if identity is not None and (isinstance(identity, bool) or not isinstance(identity, str | int)):
        return failed(where, f"the id is of type {type(identity).__name__}; expected text or a whole number")
    if options.title_field is not None:
        title = record.get(options.title_field)
        if title is not None and not isinstance(title, str):
            return failed(where, f"the field {options.title_field!r} is of type {type(title).__name__}; expected text")
        text = join_title(title or "", text)
    meta: dict[str, object] = {"where": where, "record": record} if options.keep_record else {"where": where}
    return Document(where if identity is None else str(identity), text, meta)
