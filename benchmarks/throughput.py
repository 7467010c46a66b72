"""Time the shipped model: start-up, documents and tokens a second by jobs, peak memory.

Absolute times depend on the machine and on what else it does; compare ratios within one run. With ``--worker`` it measures one
worker with one thread only, in CPU time, which suffers less from what else the machine does.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from aikind import Document, Tagger
from aikind.serve.cpus import available_cpus
from aikind.serve.readers.base import ReadOptions
from aikind.serve.readers.paths import read_paths

CORPUS = Path(__file__).parent.parent / "data" / "corpus"
ROUNDS = 3


def main() -> None:
    rows = [json.loads(line) for path in sorted(CORPUS.glob("*.jsonl")) for line in path.read_text(encoding="utf-8").splitlines()]
    documents = [Document(row["id"], row["text"]) for row in rows][::4]
    if "--worker" in sys.argv[1:]:
        one_worker(documents)
        return
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


def one_worker(documents: list[Document]) -> None:
    """Print what one worker with one thread reads and tags in a second of CPU time: the median of all rounds, and their range."""
    tagger = Tagger(jobs=1, remember=0)
    size = sum(len(d.text.encode()) for d in documents)
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.writelines(json.dumps({"id": d.id, "text": d.text}) + "\n" for d in documents)
        file.flush()
        began = time.process_time()
        assert sum(1 for _ in read_paths([file.name], ReadOptions())) == len(documents)
        reading = time.process_time() - began
    rates, tokens = [], 0
    for _ in range(ROUNDS):
        began = time.process_time()
        tokens = sum(tagger.tag_document(document).tokens for document in documents)
        rates.append(tokens / (time.process_time() - began))
    mean = tokens / len(documents)
    print(f"{len(documents)} documents of {mean:.0f} tokens and {size / len(documents):.0f} bytes on average")
    print(
        f"tagging: {statistics.median(rates):,.0f} tokens or {statistics.median(rates) / mean:.1f} documents in a second of CPU time "
        f"({min(rates):,.0f} to {max(rates):,.0f} tokens in {ROUNDS} rounds)"
    )
    print(f"reading JSON Lines: {len(documents) / reading:,.0f} documents in a second of CPU time")


if __name__ == "__main__":
    main()
