"""Ordinary writing of all sorts, to tell what is usual: the everyday part of the project's own corpus."""

from __future__ import annotations

import json
from pathlib import Path

import aikind.data

__all__ = ["background_texts"]


def background_texts(most: int = 300) -> list[str]:
    """At most so many texts, evenly drawn from all files; the same ones each time."""
    folder = Path(aikind.data.__path__[0]) / "corpus" / "everyday"
    texts = [json.loads(line)["text"] for path in sorted(folder.glob("*.jsonl")) for line in path.read_text(encoding="utf-8").splitlines()]
    return texts[:: max(1, -(-len(texts) // most))]
