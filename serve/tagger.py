"""Tag documents: the Python face of a model."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from aikind.errors import DocumentError
from aikind.label_set import LabelSet
from aikind.model_folder import Manifest, default_model
from aikind.records import Document, Tagging
from aikind.serve.cpus import available_cpus
from aikind.serve.doubt import doubts
from aikind.serve.model import Model

__all__ = ["Tagger"]


class Tagger:
    """Says which kind of AI a text discusses.

    A text's scores depend on the text and the model alone: not on its neighbours, their order, or the number of jobs.

    Args:
        model: A model folder; the shipped model if not given.
        jobs: How many documents ``tag_many`` works on at once; as many as there are CPUs if not given.

    Raises:
        ModelError: The model folder is missing, incomplete or altered.
        ValueError: ``jobs`` is below 1.
    """

    def __init__(self, model: Path | str | None = None, *, jobs: int | None = None) -> None:
        if jobs is not None and jobs < 1:
            raise ValueError(f"jobs is {jobs}; expected 1 or more")
        self._model = Model(Path(model) if model is not None else default_model())
        self._jobs = jobs or available_cpus()

    @property
    def label_set(self) -> LabelSet:
        return self._model.manifest.label_set

    @property
    def manifest(self) -> Manifest:
        return self._model.manifest

    def tag(self, text: str, *, id: str = "") -> Tagging:
        """Tag one text.

        Raises:
            DocumentError: The text is not a string, or holds nothing to read.
        """
        if not isinstance(text, str):
            raise DocumentError(f"the text is of type {type(text).__name__}, not str")
        if not text.strip():
            raise DocumentError("the text is empty")
        # Scraped text may hold half of a surrogate pair, which no tokenizer takes.
        scored = self._model.score(text.encode("utf-8", "replace").decode())
        if all(window.tokens == 0 for window in scored.windows):
            raise DocumentError("the text is empty: it holds invisible characters only")
        manifest = self._model.manifest
        scores = {name: float(p) for name, p in zip(manifest.label_set.names, scored.probabilities, strict=True)}
        labels = tuple(name for name in scores if scores[name] >= manifest.thresholds[name])
        tokens = sum(window.tokens for window in scored.windows)
        return Tagging(id, labels, manifest.label_set.kind(labels), scores, doubts(text, tokens, scores, manifest), len(scored.windows))

    def tag_many(self, documents: Iterable[Document | str]) -> Iterator[Tagging]:
        """Tag documents as they come: lazily, in parallel, one result for each in their order.

        A document that cannot be tagged yields a ``Tagging`` with its error, and the others go on. A plain string gets
        its position, counted from 0, as its id. ``documents`` is read in a thread of its own, a few ahead, so that a
        result is out as soon as it is known, even while the next document is still awaited. An error that ``documents``
        raises is raised here, after the results of what came before it.

        Raises:
            TypeError: ``documents`` is one string.
        """
        if isinstance(documents, str):
            raise TypeError("tag_many takes an iterable of documents; for one text, use tag")
        return self._results(documents)

    def _results(self, documents: Iterable[Document | str]) -> Iterator[Tagging]:
        pool = ThreadPoolExecutor(self._jobs, thread_name_prefix="aikind")
        waiting: queue.Queue[Future[Tagging] | BaseException | None] = queue.Queue(2 * self._jobs)
        stopped = threading.Event()

        def hand_over(item: Future[Tagging] | BaseException | None) -> None:
            while not stopped.is_set():
                with suppress(queue.Full):
                    return waiting.put(item, timeout=0.1)

        def feed() -> None:
            try:
                for number, item in enumerate(documents):
                    if stopped.is_set():
                        return
                    document = item if isinstance(item, Document) else Document(str(number), item)
                    hand_over(pool.submit(self._tag_document, document))
                hand_over(None)
            except BaseException as error:
                hand_over(error)

        feeder = threading.Thread(target=feed, name="aikind-feeder", daemon=True)
        feeder.start()
        try:
            while (item := waiting.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield item.result()
        finally:
            stopped.set()
            feeder.join(0.5)  # it may be waiting for input that never comes
            pool.shutdown(cancel_futures=True)

    def _tag_document(self, document: Document) -> Tagging:
        if document.error is not None:
            return Tagging(document.id, error=document.error)
        try:
            return replace(self.tag(document.text, id=document.id), encoding=document.meta.get("encoding"))
        except DocumentError as error:
            return Tagging(document.id, error=f"{document.id}: {error}")
        except Exception as error:  # one document must never end the run for the others
            return Tagging(document.id, error=f"{document.id}: {type(error).__name__}: {error}")
