"""What one worker with one thread reads and tags in a second of CPU time, which suffers little from what else the machine does."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from pathlib import Path

from aikind import Document, Tagger
from aikind.serve.readers.base import ReadOptions
from aikind.serve.readers.paths import read_paths

CORPUS = Path(__file__).parent.parent / "data" / "corpus"
ROUNDS = 3


def main() -> None:
    rows = [json.loads(line) for path in sorted(CORPUS.glob("*.jsonl")) for line in path.read_text(encoding="utf-8").splitlines()]
    documents = [Document(row["id"], row["text"]) for row in rows][::4]
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
