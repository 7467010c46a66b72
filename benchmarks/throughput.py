"""Time the shipped model: start-up, documents and tokens a second by jobs, peak memory.

Absolute times depend on the machine and on what else it does; compare ratios within one run.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

from aikind import Document, Tagger
from aikind.serve.cpus import available_cpus

CORPUS = Path(__file__).parent.parent / "data" / "corpus"
ROUNDS = 3


def main() -> None:
    rows = [json.loads(line) for path in sorted(CORPUS.glob("*.jsonl")) for line in path.read_text(encoding="utf-8").splitlines()]
    documents = [Document(row["id"], row["text"]) for row in rows][::4]
    words = sum(len(d.text.split()) for d in documents)
    code = "from aikind import Tagger; Tagger().tag('A short text.')"
    starts = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        starts.append(time.perf_counter() - began)
    print(f"start-up with one short text: {statistics.median(starts):.2f} s (median of {ROUNDS})")
    print(f"{len(documents)} documents of the corpus, {words} words, {available_cpus()} CPUs")
    base = 0.0
    for jobs in sorted({1, 2, available_cpus()}):
        tagger, times = Tagger(jobs=jobs, remember=0), []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            windows = sum(result.windows for result in tagger.tag_many(documents))
            times.append(time.perf_counter() - began)
        best, spread = min(times), (max(times) - min(times)) / min(times)
        base = base or best
        print(
            f"jobs {jobs}: {len(documents) / best:6.1f} documents, {windows / best:6.1f} windows, {words / best:7.0f} words a second; "
            f"{base / best:.2f} times one job; spread of {ROUNDS} rounds {spread:.0%}"
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)
    print(f"peak memory {peak:.0f} MB")


if __name__ == "__main__":
    main()
