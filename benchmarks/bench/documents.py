"""The documents that everything is timed on, drawn by a fixed seed."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator
from pathlib import Path

from aikind import Document
from aikind.data.rows import Skipped
from aikind.data.sources import read_records

__all__ = ["corpus_documents", "draw", "longest", "many_short", "one_big", "pool_documents", "write"]

CORPUS = Path(__file__).parents[2] / "data" / "corpus"


def corpus_documents() -> list[Document]:
    rows = [json.loads(line) for path in sorted(CORPUS.rglob("*.jsonl")) for line in path.read_text(encoding="utf-8").splitlines()]
    return [Document(row["id"], row["text"]) for row in rows]


def pool_documents(folder: Path) -> list[Document]:
    """All texts of the ``*.jsonl.gz`` in a folder."""
    return [
        Document(f"{path.name}/{record['id']}", record["text"])
        for path in sorted(folder.glob("*.jsonl.gz"))
        for _, record in read_records(path, Skipped())
        if str(record.get("text") or "").strip()
    ]


def draw(documents: list[Document], count: int, seed: int = 1) -> list[Document]:
    """Different texts, as many as there are up to ``count``."""
    different = list({document.text: document for document in documents}.values())
    return random.Random(seed).sample(different, min(count, len(different)))


def longest(documents: list[Document], count: int) -> list[Document]:
    return sorted(documents, key=lambda document: (-len(document.text), document.id))[:count]


def many_short(count: int, words: list[str], seed: int = 2) -> Iterator[Document]:
    """Documents of four to ten words that differ from each other."""
    rng = random.Random(seed)
    for number in range(count):
        yield Document(str(number), " ".join([*rng.choices(words, k=rng.randint(3, 9)), str(number)]))


def one_big(documents: list[Document], megabytes: float) -> str:
    """One text of about so many megabytes, of the documents one after the other, as often as it takes."""
    parts, size, number = [], 0, 0
    while size < megabytes * 1e6:
        parts.append(f"{number}. {documents[number % len(documents)].text}")
        size, number = size + len(parts[-1].encode()) + 2, number + 1
    return "\n\n".join(parts)


def write(path: Path, documents: Iterable[Document]) -> Path:
    """JSON Lines that the peers of the comparison read too, which look for labels."""
    with path.open("w", encoding="utf-8") as file:
        for document in documents:
            file.write(json.dumps({"id": document.id, "text": document.text, "labels": []}) + "\n")
    return path
