"""Read the documents of a source into the store, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from aikind.annotate.desk import Source
from aikind.annotate.store import Store
from aikind.data.rows import encodable, share_of, text_hash
from aikind.records import Document

__all__ = ["collect"]

_BATCH = 200
_ORDER = 0  # seed of the random order; one for all files, so that everyone who reads a file draws in the same order


def collect(documents: Iterable[Document], store: Store, source: Source, stop: threading.Event, tell: Callable[[str], None]) -> None:
    """Add every document that can be read; ``tell`` is called with the error of each of the others."""
    batch: list[tuple[str, str, str, float]] = []
    for document in documents:
        if stop.is_set():
            return
        error = document.error or (None if document.text.strip() else f"{document.id}: the text is empty")
        if error:
            source.failed += 1
            tell(error)
            continue
        text = document.text if encodable(document.text) else document.text.encode("utf-8", "replace").decode()
        digest = text_hash(text)
        batch.append((document.id, digest, text, share_of(_ORDER, digest)))
        if len(batch) == _BATCH:
            store.add_documents(batch)
            batch.clear()
    store.add_documents(batch)
