"""tag_datatrove.py FASTTEXT IN OUT WORK: tag JSON Lines by a step of a datatrove pipeline that asks a fastText model.

datatrove brings no classifier that tags: its users put one into a step, and a fastText model is what they put most.
"""

import os
import shutil
import sys
from pathlib import Path

import fasttext
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter

MODEL, SOURCE, TARGET, WORK = sys.argv[1:]


class Tag(PipelineStep):
    name, type = "fastText", "tagger"

    def run(self, data, rank=0, world_size=1):  # type: ignore[no-untyped-def]
        model = fasttext.load_model(MODEL)
        for document in data:
            with self.track_time():
                (label,), (score,) = model.predict(document.text.replace("\n", " "))
                document.metadata.update(label=label, score=float(score))
            yield document


if __name__ == "__main__":
    shutil.rmtree(WORK, ignore_errors=True)
    tasks = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    source, inputs = Path(SOURCE), Path(WORK) / "in"
    inputs.mkdir(parents=True)
    lines = source.read_text(encoding="utf-8").splitlines(keepends=True)
    for task in range(tasks):  # its tasks share files, not lines
        (inputs / f"{task}.jsonl").write_text("".join(lines[task::tasks]), encoding="utf-8")
    steps = [JsonlReader(str(inputs)), Tag(), JsonlWriter(f"{WORK}/out", compression=None)]
    LocalPipelineExecutor(pipeline=steps, tasks=tasks, workers=tasks, logging_dir=f"{WORK}/logs").run()
    parts = sorted((Path(WORK) / "out").glob("*.jsonl"))
    Path(TARGET).write_text("".join(part.read_text(encoding="utf-8") for part in parts), encoding="utf-8")
