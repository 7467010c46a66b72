"""Tag documents: the Python face of a model."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from aikind.errors import DocumentError, ModelError
from aikind.label_set import LabelSet
from aikind.model_folder import Manifest, default_model
from aikind.model_store import resolve_model
from aikind.records import Document, Explanation, Tagging
from aikind.serve.cpus import available_cpus
from aikind.serve.doubt import doubts
from aikind.serve.evidence import find_evidence
from aikind.serve.model import Model
from aikind.serve.once import Once
from aikind.serve.ordered import map_in_order
from aikind.serve.tables import tag_batch, tag_table

__all__ = ["MOST_CHARACTERS_AHEAD", "Tagger", "characters"]

MOST_CHARACTERS_AHEAD = 16_000_000  # of all documents that are read ahead together
_HALF_PAIR = re.compile("[\ud800-\udfff]")
_NO_PROCESS = 0

Table = TypeVar("Table")


class Tagger:
    """Says which kind of AI a text discusses.

    A text's scores depend on the text and the model alone: not on its neighbours, their order, or the number of jobs.
    Threads may share a tagger. A process that was forked, or got a tagger by pickle (as those of ``multiprocessing`` do),
    loads the model anew when it first needs it, from the same folder.

    >>> from aikind import Tagger
    >>> tagger = Tagger()
    >>> result = tagger.tag("We prompt a language model to sort complaints by urgency.")
    >>> result.kind
    'both'
    >>> [result.kind for result in tagger.tag_many(["The soup simmers for an hour.", ""])]
    ['neither', '']

    Args:
        model: A model folder, or a model store, whose model in use is taken; the shipped model if not given.
        jobs: How many documents ``tag_many`` works on at once; as many as there are CPUs if not given.
        thresholds: Probability per label from which on a document carries it, instead of the model's own.
        remember: Of so many different texts the results are kept, so that a text that comes again need not run again.
        explain: Give each tagging its evidence: the sentences that carried its labels. It then takes several times as long.

    Raises:
        ModelError: The model folder is missing, incomplete or altered.
        ValueError: ``jobs`` is below 1, or a threshold is for no label of the model or is no probability.
    """

    def __init__(
        self,
        model: Path | str | None = None,
        *,
        jobs: int | None = None,
        thresholds: Mapping[str, float] | None = None,
        remember: int = 4096,
        explain: bool = False,
    ) -> None:
        if jobs is not None and jobs < 1:
            raise ValueError(f"jobs is {jobs}; expected 1 or more")
        self._folder = (resolve_model(Path(model)) if model is not None else default_model()).absolute()
        self._remember = remember
        self._explain = explain
        self._load()
        self._manifest = _with_thresholds(self._model.manifest, thresholds or {})
        self.jobs = jobs or available_cpus()

    def _load(self) -> None:
        self._model = Model(self._folder)
        self._once: Once[Tagging] = Once(self._remember)
        self._process = os.getpid()

    def _make_ready(self) -> None:
        """Load the model where this process has not done so. After a fork, locks may be held by threads that are no more."""
        if self._process == os.getpid():
            return
        self._load()
        if replace(self._model.manifest, thresholds=self._manifest.thresholds) != self._manifest:
            self._process = _NO_PROCESS
            raise ModelError(f"{self._folder}: another model than the one that this Tagger was made with; make a new Tagger")

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_model": None, "_once": None, "_process": _NO_PROCESS}

    @property
    def label_set(self) -> LabelSet:
        return self._manifest.label_set

    @property
    def manifest(self) -> Manifest:
        """The model's manifest, with the thresholds in use."""
        return self._manifest

    def tag(self, text: str, *, id: str = "") -> Tagging:
        """Tag one text.

        Raises:
            DocumentError: The text is not a string, or holds nothing to read.
        """
        text = _readable(text)
        self._make_ready()
        key = hashlib.sha256(text.encode()).digest()
        return replace(self._once.get(key, lambda: self._tag(text, self._explain)), id=id)

    def explain(self, text: str, *, id: str = "", near: bool = False) -> Explanation:
        """Tag one text and find the sentences that carried its labels; see the module ``aikind.serve.evidence`` for the method.

        Args:
            near: Find evidence for the labels that the text nearly carries too: those whose score is a close call.

        Raises:
            DocumentError: The text is not a string, or holds nothing to read.
        """
        text = _readable(text)
        self._make_ready()
        return Explanation(text, replace(self._tag(text, explain=True, near=near), id=id))

    def _tag(self, text: str, explain: bool, near: bool = False) -> Tagging:
        scored = self._model.score(text)
        if not scored.tokens:
            raise DocumentError("the text is empty: it holds invisible characters only")
        manifest = self._manifest
        scores = {name: float(p) for name, p in zip(manifest.label_set.names, scored.probabilities, strict=True)}
        labels = tuple(name for name in scores if scores[name] >= manifest.thresholds[name])
        explained = [
            name for name in scores if name in labels or (near and manifest.thresholds[name] - scores[name] < manifest.unsure_within)
        ]
        return Tagging(
            id="",
            labels=labels,
            kind=manifest.label_set.kind(labels),
            scores=scores,
            doubts=doubts(text, scored.tokens, scores, manifest),
            windows=len(scored.window_logits),
            tokens=scored.tokens,
            evidence=find_evidence(self._model, text, scored.window_logits, explained) if explain else {},
        )

    def tag_document(self, document: Document, *, explain: bool = False) -> Tagging:
        """Tag one document; where it cannot be, the ``Tagging`` has an error. Raises nothing but ``ModelError``, and that in a
        process whose model folder holds another model now.

        Args:
            explain: Give evidence, also where the tagger gives none by itself.
        """
        if document.error is not None:
            return Tagging(document.id, error=document.error)
        self._make_ready()
        where = f"{document.id}: " if document.id else ""
        try:
            tagging = self.explain(document.text).tagging if explain else self.tag(document.text)
            return replace(tagging, id=document.id, encoding=document.meta.get("encoding"))
        except DocumentError as error:
            return Tagging(document.id, error=f"{where}{error}")
        except Exception as error:  # one document must never end the run for the others
            return Tagging(document.id, error=f"{where}{type(error).__name__}: {error}")

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
        each = (d if isinstance(d, Document) else Document(str(number), d) for number, d in enumerate(documents))
        return map_in_order(self.tag_document, each, self.jobs, characters, MOST_CHARACTERS_AHEAD)

    def tag_table(self, table: Table, column: str = "text", *, title_column: str | None = None, prefix: str = "") -> Table:
        """Tag the rows of a table.

        >>> import pyarrow
        >>> from aikind import Tagger
        >>> Tagger().tag_table(pyarrow.table({"text": ["ChatGPT writes our letters.", None]})).select(["kind", "error"]).to_pylist()
        [{'kind': 'generative', 'error': None}, {'kind': None, 'error': 'the text is null'}]

        Args:
            table: Of pandas, polars, pyarrow, or another library that narwhals knows.
            column, title_column: Where the texts are, and titles to put before them.
            prefix: Begins the name of each new column.

        Returns:
            A table of the same kind with the same rows, and these columns more: ``kind``, ``labels`` (names, with spaces
            between them), ``score_LABEL`` for each label, ``unsure``, ``doubts`` (with spaces too) and ``error``. A row that
            cannot be tagged has null for its kind and scores, and says why in ``error``, which is null otherwise.

        Raises:
            MissingExtraError: narwhals is not installed.
            TypeError: It is no such table, or a lazy one.
            ValueError: The table lacks a column, or has one of the new names already.
        """
        tagged: Table = tag_table(self, table, column, title_column, prefix)
        return tagged

    def tag_batch(
        self, batch: Mapping[str, Sequence[Any]], column: str = "text", *, title_column: str | None = None, prefix: str = ""
    ) -> dict[str, list[Any]]:
        """Tag a batch of rows that comes as lists, one for each column: for ``datasets.map(tagger.tag_batch, batched=True)``.

        >>> from aikind import Tagger
        >>> tags = Tagger().tag_batch({"body": ["ChatGPT writes our letters.", ""]}, "body")
        >>> tags["kind"], tags["error"]
        (['generative', ''], ['', 'the text is empty'])

        Returns:
            The new columns alone, as ``tag_table`` names them. Missing text is an empty string and a missing score is NaN, so
            that a column is of one type in every batch.

        Raises:
            ValueError: As by ``tag_table``.
        """
        return tag_batch(self, batch, column, title_column, prefix)


def _readable(text: str) -> str:
    """The text as a tokenizer takes it; every character keeps its place."""
    if not isinstance(text, str):
        raise DocumentError(f"the text is of type {type(text).__name__}, not str")
    if not text or text.isspace():
        raise DocumentError("the text is empty")
    if _HALF_PAIR.search(text):  # scraped text may hold half of a surrogate pair, which no tokenizer takes
        text = text.encode("utf-8", "replace").decode()
    return text


def characters(document: Document) -> int:
    return len(document.text) if isinstance(document.text, str) else 0


def _with_thresholds(manifest: Manifest, thresholds: Mapping[str, float]) -> Manifest:
    names = manifest.label_set.names
    for name, threshold in thresholds.items():
        if name not in names:
            raise ValueError(f"a threshold for {name!r}, which is no label of the model; its labels are {', '.join(names)}")
        if not 0 <= threshold <= 1:
            raise ValueError(f"the threshold {threshold} for {name}; expected a probability from 0 to 1")
    return replace(manifest, thresholds={**manifest.thresholds, **thresholds})
