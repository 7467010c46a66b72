"""From the bytes of a body to documents."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema

from aikind.records import Document, join_title
from aikind.serve.http.limits import Limits
from aikind.serve.http.problems import Problem

__all__ = [
    "LONGEST_ID",
    "GivenDocument",
    "bounded",
    "check_count",
    "documents_of",
    "invalid_body",
    "is_one",
    "line_document",
    "parse",
    "split_lines",
]

LONGEST_ID = 1_000  # characters
_FAULTS_SHOWN = 20


def _whole(value: Any) -> Any:
    # JSON may hold half of a surrogate pair, which nothing after this takes.
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _identity(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise ValueError("expected text or a whole number")
    return _whole(value)


Text = Annotated[str, BeforeValidator(_whole)]
Identity = Annotated[
    str,
    Field(max_length=LONGEST_ID),
    BeforeValidator(_identity),
    WithJsonSchema({"type": ["string", "integer", "null"], "maxLength": LONGEST_ID}),
]


class GivenDocument(BaseModel):
    """A document as it is sent. Other fields are passed over."""

    model_config = ConfigDict(strict=True, title="Document")

    text: Text = Field(min_length=1, description="The writing itself.")
    title: Text | None = Field(None, description="Put before the text.")
    id: Identity = Field("", description="Comes back with the result; if there is none, the position in the request does, counted from 0.")


class _GivenDocuments(BaseModel):
    model_config = ConfigDict(strict=True)

    documents: list[GivenDocument] = Field(min_length=1)


def parse(raw: bytes) -> dict[str, Any]:
    """Parse one JSON object.

    Raises:
        ValueError: It is none. The message holds nothing of the content.
    """
    try:
        record = json.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ValueError(f"not valid UTF-8 (byte 0x{raw[error.start]:02x} at position {error.start + 1})") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except (ValueError, RecursionError):
        raise ValueError("not usable JSON: a number or a nesting is beyond all measure") from None
    if not isinstance(record, dict):
        raise ValueError(f"a JSON {type(record).__name__}; expected an object")
    return record


def is_one(record: dict[str, Any]) -> bool:
    """Whether a body is one document, rather than many."""
    return "documents" not in record


def documents_of(record: dict[str, Any], limits: Limits) -> list[Document]:
    """The document or documents of a JSON body. One that is too long has its error set.

    Raises:
        Problem: The body is not of either form, or has too many documents.
    """
    if "documents" in record and "text" in record:
        raise Problem(422, "invalid-body", "The body has both 'text' and 'documents'; send one document or a list of them.")
    check_count(record.get("documents"), limits, "Send fewer, or send application/x-ndjson.")
    try:
        each = [GivenDocument.model_validate(record)] if is_one(record) else _GivenDocuments.model_validate(record).documents
    except ValidationError as error:
        raise invalid_body(error) from None
    return [_document(one, position, limits) for position, one in enumerate(each)]


def check_count(given: Any, limits: Limits, advice: str) -> None:
    """Refuse a list of too many documents.

    Raises:
        Problem: See above.
    """
    if isinstance(given, list) and len(given) > limits.documents:
        detail = f"The body has {len(given)} documents; at most {limits.documents} may come at once. {advice}"
        raise Problem(413, "too-many-documents", detail)


def invalid_body(error: ValidationError) -> Problem:
    """What is wrong with a body that is JSON, with the place of each fault in it."""
    faults, count = _faults(error), error.error_count()
    detail = "The body is not as it should be: " + "; ".join(f"{f['pointer'] or 'the body'}: {f['detail']}" for f in faults[:3])
    more = f"; and {count - 3} more" if count > 3 else ""
    return Problem(422, "invalid-body", detail + more, errors=faults)


def line_document(raw: bytes | None, position: int, limits: Limits) -> Document:
    """The document of one line of NDJSON, or of None for a line that was too long; what is wrong with it becomes its error."""
    try:
        if raw is None:
            raise ValueError(f"the line is longer than {limits.body_bytes} bytes")
        return _document(GivenDocument.model_validate(parse(raw)), position, limits)
    except ValidationError as error:
        why = "; ".join(f"{fault['pointer']}: {fault['detail']}" for fault in _faults(error))
    except ValueError as error:
        why = str(error)
    return Document(str(position), "", error=why)


async def split_lines(chunks: AsyncIterator[bytes], most_bytes: int) -> AsyncIterator[bytes | None]:
    """Cut a stream of bytes into its lines; one of more than ``most_bytes`` becomes None and is not held in memory."""
    line, dropped = bytearray(), False
    async for chunk in chunks:
        *ends, rest = chunk.split(b"\n")
        for end in ends:
            line += end
            yield None if dropped or len(line) > most_bytes else bytes(line)
            line, dropped = bytearray(), False
        line += rest
        if len(line) > most_bytes:
            line, dropped = bytearray(), True
    if line or dropped:
        yield None if dropped else bytes(line)


def _document(given: GivenDocument, position: int, limits: Limits) -> Document:
    return bounded(given.id or str(position), join_title(given.title or "", given.text), limits)


def bounded(identity: str, text: str, limits: Limits) -> Document:
    """A document; one that is too long has its error set."""
    if len(text) > limits.characters:
        why = f"the document has {len(text)} characters; at most {limits.characters} are taken. Send it in parts"
        return Document(identity, "", error=why)
    return Document(identity, text)


def _faults(error: ValidationError) -> list[dict[str, str]]:
    raw: Sequence[Any] = error.errors(include_url=False, include_context=False, include_input=False)
    return [
        {"pointer": "".join(f"/{part}" for part in one["loc"]), "detail": one["msg"].removeprefix("Value error, ")}
        for one in raw[:_FAULTS_SHOWN]
    ]
