"""A model folder, as ``aikind tag`` uses it: int8, one thread per document, a document per CPU at a time."""

from __future__ import annotations

from collections.abc import Sequence

from peer_io import Ask, Job, run_peer

from aikind import Tagger


def load(job: Job) -> Ask:
    tagger = Tagger(job.model, remember=0)  # the documents to be timed come several times

    def ask(texts: Sequence[str]) -> list[list[str]]:
        results = list(tagger.tag_many(texts))
        if failed := [result.error for result in results if result.error is not None]:
            raise RuntimeError(failed[0])
        return [list(result.labels) for result in results]

    return ask


if __name__ == "__main__":
    run_peer(load)
