"""Tag documents: the Python face of a model."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from aikind.errors import DocumentError
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

__all__ = ["MOST_CHARACTERS_AHEAD", "Tagger", "characters"]

MOST_CHARACTERS_AHEAD = 16_000_000  # of all documents that are read ahead together
_HALF_PAIR = re.compile("[\ud800-\udfff]")


class Tagger:
    """Says which kind of AI a text discusses.

    A text's scores depend on the text and the model alone: not on its neighbours, their order, or the number of jobs.

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
        self._model = Model(resolve_model(Path(model)) if model is not None else default_model())
        self._manifest = _with_thresholds(self._model.manifest, thresholds or {})
        self._once: Once[Tagging] = Once(remember)
        self._explain = explain
        self.jobs = jobs or available_cpus()

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
        """Tag one document; where it cannot be, the ``Tagging`` has an error. Never raises.

        Args:
            explain: Give evidence, also where the tagger gives none by itself.
        """
        if document.error is not None:
            return Tagging(document.id, error=document.error)
        try:
            tagging = self.explain(document.text).tagging if explain else self.tag(document.text)
            return replace(tagging, id=document.id, encoding=document.meta.get("encoding"))
        except DocumentError as error:
            return Tagging(document.id, error=f"{document.id}: {error}")
        except Exception as error:  # one document must never end the run for the others
            return Tagging(document.id, error=f"{document.id}: {type(error).__name__}: {error}")

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
