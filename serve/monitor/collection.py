"""What is compared: the results on a collection's documents, with their texts where they are at hand."""

from __future__ import annotations

import gzip
import json
import random
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from aikind.errors import DatasetError
from aikind.records import Document, Tagging
from aikind.serve.tagger import Tagger

__all__ = ["FEWEST", "Collection", "Observed", "is_tag_file", "read_tag_file", "tag_documents"]

FEWEST = 20  # documents on each side; of fewer, hardly any difference is beyond chance
_CHARACTERS = 20_000  # kept of a text

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Observed:
    """One document's result; ``tokens`` and ``text`` are None where they are not known."""

    id: str
    kind: str
    scores: Mapping[str, float]
    unsure: bool
    windows: int
    tokens: int | None
    text: str | None


@dataclass(frozen=True, slots=True)
class Collection:
    """Results on a collection, or on a sample of it.

    Attributes:
        total: How many documents there are that could be tagged.
        failed: How many could not.
        labels: Names of the labels.
        none: The kind of documents without a label, as far as one occurs.
    """

    name: str
    documents: tuple[Observed, ...]
    total: int
    failed: int
    labels: tuple[str, ...]
    none: str


def is_tag_file(path: str) -> bool:
    """Whether a file holds results of ``aikind tag`` as JSON Lines."""
    if not path.lower().endswith((".jsonl", ".jsonl.gz", ".ndjson")):
        return False
    try:
        with _open(Path(path)) as file:
            first = json.loads(next(line for line in file if line.strip()))
    except (OSError, EOFError, zlib.error, ValueError, StopIteration, RecursionError):
        return False
    return isinstance(first, dict) and {"kind", "scores"} <= set(first)


def read_tag_file(path: Path, most: int, seed: int) -> Collection:
    """The results in a file that ``aikind tag`` wrote; at most ``most``, drawn by ``seed``.

    Raises:
        DatasetError: The file cannot be read, or a line is no result.
    """
    failed = 0

    def results() -> Iterator[tuple[Observed, bool]]:
        nonlocal failed
        with _open(path) as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                try:
                    record = json.loads(line)
                    if record.get("error"):
                        failed += 1
                    else:
                        yield _observed(record, f"{path}:{number}"), not record.get("labels", True)
                except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
                    raise DatasetError(
                        f"{path}:{number}: no result of aikind tag ({type(error).__name__}: {error}); expected JSON with kind, scores and unsure"
                    ) from error

    try:
        kept, total = _sample(results(), most, seed)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}: cannot read: {error}") from error
    return _collection(str(path), kept, total, failed)


def tag_documents(
    name: str, documents: Iterable[Document], tagger: Tagger, most: int, seed: int, tell: Callable[[str], None]
) -> Collection:
    """Tag the documents, at most ``most`` of them, drawn by ``seed``; ``tell`` gets the error of each that fails.

    Raises:
        DatasetError: Too few could be tagged.
    """
    readable: list[str] = []

    def whole() -> Iterator[Document]:
        for document in documents:
            if document.error is None:
                yield document
            else:
                readable.append(document.error)
                tell(document.error)

    drawn, total = _sample(whole(), most, seed)
    kept, failed = [], len(readable)
    for document, tagging in zip(drawn, tagger.tag_many(drawn), strict=True):
        if tagging.error is None:
            kept.append((_from_tagging(tagging, document.text), not tagging.labels))
        else:
            failed += 1
            total -= 1
            tell(tagging.error)
    return _collection(name, kept, total, failed)


def _collection(name: str, kept: list[tuple[Observed, bool]], total: int, failed: int) -> Collection:
    if len(kept) < FEWEST:
        raise DatasetError(f"{name}: {len(kept)} documents that could be tagged; a comparison needs at least {FEWEST} on each side")
    labels = tuple(kept[0][0].scores)
    if odd := [one.id for one, _ in kept if tuple(one.scores) != labels]:
        raise DatasetError(f"{name}: {odd[0]} has scores of other labels than the first result; compare results of one model")
    none = next((one.kind for one, empty in kept if empty), "")
    return Collection(name, tuple(one for one, _ in kept), total, failed, labels, none)


def _from_tagging(tagging: Tagging, text: str) -> Observed:
    return Observed(tagging.id, tagging.kind, tagging.scores, tagging.unsure, tagging.windows, tagging.tokens, text[:_CHARACTERS])


def _observed(record: Mapping[str, Any], where: str) -> Observed:
    text, tokens = record.get("text"), record.get("tokens")
    scores = {str(name): float(score) for name, score in record["scores"].items()}
    if not all(0 <= score <= 1 for score in scores.values()):
        raise ValueError(f"a score is no probability: {scores}")
    return Observed(
        id=str(record.get("id", where)),
        kind=str(record["kind"]),
        scores=scores,
        unsure=bool(record["unsure"]),
        windows=int(record.get("windows", 1)),
        tokens=None if tokens is None else int(tokens),
        text=text[:_CHARACTERS] if isinstance(text, str) else None,
    )


def _sample(items: Iterator[T], most: int, seed: int) -> tuple[list[T], int]:
    """At most ``most`` items in their order, each as likely as any other (reservoir sampling), and how many there were."""
    rng, kept, total = random.Random(seed), list[tuple[int, T]](), 0
    for number, item in enumerate(items):
        total += 1
        if len(kept) < most:
            kept.append((number, item))
        elif (place := rng.randrange(total)) < most:
            kept[place] = (number, item)
    return [item for _, item in sorted(kept, key=lambda pair: pair[0])], total


def _open(path: Path) -> Any:
    return gzip.open(path, "rt", encoding="utf-8") if path.name.lower().endswith(".gz") else path.open(encoding="utf-8")
