"""A result on its way to the output: the tagging, and what else is kept of its document."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from aikind.records import Document, Evidence, Tagging

__all__ = ["KEPT", "NEW", "UNCHANGED", "Result", "carried_from", "digest_of", "from_line", "result_for", "to_line"]

NEW = "new"  # tagged in this run
UNCHANGED = "unchanged"  # known from an earlier run with --update
KEPT = "kept"  # kept by the run that this one resumes


@dataclass(frozen=True, slots=True)
class Result:
    """One document's result.

    Attributes:
        digest: Of the document's id, text and error, 32 hexadecimal digits.
        carried: The fields of the input record that go along to the output.
        source: The file, or file and line, that the document was read from.
        origin: NEW, UNCHANGED or KEPT.
        document: What was read, as long as the run has it; it is not kept in a file.
    """

    tagging: Tagging
    digest: str
    carried: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    origin: str = NEW
    document: Document | None = None


def digest_of(document: Document) -> str:
    digest = hashlib.sha256()
    for part in (document.id, document.text, document.error or ""):
        raw = str(part).encode("utf-8", "surrogatepass")
        digest.update(len(raw).to_bytes(8, "big"))
        digest.update(raw)
    return digest.hexdigest()[:32]


def carried_from(document: Document, names: Sequence[str]) -> dict[str, Any]:
    """The named fields of the document's record as JSON-ready values; None where it has no such field."""
    record = document.meta.get("record") or {}
    return {name: _plain(record.get(name)) for name in names}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | bool):
        return value
    try:  # JSON has no word for "not a number"
        return json.loads(json.dumps(value, default=str, skipkeys=True), parse_constant=lambda _: None)
    except (ValueError, RecursionError):  # front matter may hold itself, or numbers that Python does not print
        return None


def result_for(document: Document, tagging: Tagging, carry: Sequence[str], origin: str = NEW) -> Result:
    return Result(tagging, digest_of(document), carried_from(document, carry), str(document.meta.get("where", "")), origin, document)


def to_line(result: Result) -> bytes:
    """One line of JSON from which ``from_line`` makes the same result again, but for its source, origin and document."""
    raw = {"digest": result.digest, "carried": dict(result.carried), "tagging": asdict(result.tagging)}
    return json.dumps(raw).encode("ascii") + b"\n"


def from_line(line: bytes) -> Result:
    """The result that ``to_line`` made a line of.

    Raises:
        ValueError: The line is torn or damaged.
    """
    if not line.endswith(b"\n"):
        raise ValueError("a torn line")
    try:
        raw = json.loads(line)
        tagging = raw["tagging"]
        tagging["labels"], tagging["doubts"] = tuple(tagging["labels"]), tuple(tagging["doubts"])
        tagging["evidence"] = {name: tuple(Evidence(**one) for one in found) for name, found in tagging["evidence"].items()}
        return Result(Tagging(**tagging), raw["digest"], raw["carried"])
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"a damaged line: {error}") from error
