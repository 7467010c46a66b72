"""Find near copies by MinHash, so that no text is trained on in one split and measured in another.

MinHash with locality-sensitive hashing (Broder 1997; Leskovec et al., Mining of Massive Datasets, ch. 3) proposes
pairs; each proposal is then checked on the word runs themselves.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from aikind.data.recipe import NearCopyPlan
from aikind.errors import MissingExtraError

__all__ = ["clusters", "word_runs"]

_PERMUTATIONS = 128
_WORD = re.compile(r"[\w']+")


def word_runs(text: str, length: int) -> frozenset[str]:
    """The set of runs of ``length`` lower-case words; a shorter text is one run."""
    words = _WORD.findall(text.lower())
    return frozenset(" ".join(words[i : i + length]) for i in range(max(1, len(words) - length + 1)))


def clusters(texts: Sequence[str], groups: Sequence[str], plan: NearCopyPlan) -> list[int]:
    """Cluster number of each text: near copies, and texts of the same non-empty group, share one.

    A cluster is named by its first member's index, so the result depends on the order of ``texts`` alone.

    Raises:
        MissingExtraError: The MinHash library is not installed.
    """
    try:
        from datasketch import MinHash, MinHashLSH
    except ImportError as error:
        raise MissingExtraError("finding near copies", "train") from error
    parent = list(range(len(texts)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    def join(a: int, b: int) -> None:
        a, b = root(a), root(b)
        parent[max(a, b)] = min(a, b)

    first_of_group: dict[str, int] = {}
    for i, group in enumerate(groups):
        if group:
            join(i, first_of_group.setdefault(group, i))
    runs = [word_runs(text, plan.run_words) for text in texts]
    # Candidates are sought well below the threshold: the check below is on the shorter text's runs, a looser measure.
    index = MinHashLSH(threshold=max(0.1, plan.threshold / 4), num_perm=_PERMUTATIONS)
    for i, own in enumerate(runs):
        signature = MinHash(num_perm=_PERMUTATIONS, seed=1)
        signature.update_batch([run.encode() for run in own])
        for j in index.query(signature):
            if root(i) != root(j) and len(own & runs[j]) >= plan.threshold * min(len(own), len(runs[j])):
                join(i, j)
        index.insert(i, signature)
    return [root(i) for i in range(len(texts))]
