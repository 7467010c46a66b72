"""``aikind tag --engine ray``: read files in chunks, tag each chunk in a pool, and write a file of results for each."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ray
import ray.data

from aikind.serve.columns import Columns
from aikind.serve.ray.chunks import chunks_of, documents_of
from aikind.serve.ray.folder import ResultsFolder
from aikind.serve.ray.worker import Worker, model_for_workers, pool
from aikind.serve.readers.base import ReadOptions
from aikind.serve.readers.remote import is_address
from aikind.serve.results import result_for
from aikind.serve.summary import Summary
from aikind.serve.writers.formats import open_format

__all__ = ["Job", "run_on_ray"]

_TRIES_AGAIN = 3  # of a task that raised, as where a store was out of reach
_ERROR = re.compile(r"^(?!ray\.)([\w.]+: .+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker must know.

    Attributes:
        home: The working folder, which relative paths start from.
        suffix: Of files of results, with its dot.
        finished: Names of files of results that are there already.
    """

    options: ReadOptions
    input_format: str | None
    columns: Columns
    output_format: str
    suffix: str
    only: tuple[str, ...]
    explain: bool
    thresholds: Mapping[str, float]
    target: str
    finished: frozenset[str]
    home: str


def run_on_ray(files: Sequence[str], job: Job, *, model_folder: Path | None, workers: int | None, summary: Summary) -> int:
    """Tag files on the cluster that ``RAY_ADDRESS`` names, else on one that is running here, else on this machine alone.

    Returns:
        How many files of results were there already.

    Raises:
        OSError: There is no cluster to be had, or a worker could not read or write; finished files stay.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    try:
        ray.init(ignore_reinit_error=True, log_to_driver=False, logging_level="ERROR")
    except Exception as error:  # Ray raises bare ones
        raise OSError(f"Ray does not start, or its cluster does not answer: {error}") from error
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.target_max_block_size = 1  # each chunk is handed on by itself, as soon as it is read
    context.retried_map_errors, context.max_map_retries = True, _TRIES_AGAIN
    cpus = max(1, int(ray.cluster_resources().get("CPU", 1)))
    shared = ray.put(job)
    chunks = ray.data.from_items([{"file": file} for file in files]).map_batches(
        _read, fn_args=(shared,), batch_size=1, num_cpus=0, compute=ray.data.TaskPoolStrategy(size=cpus)
    )
    arguments = (model_for_workers(model_folder), shared)
    done = chunks.map(_ChunkWorker, fn_constructor_args=arguments, **pool(min(cpus, workers or cpus)))
    already = 0
    try:
        for row in done.iter_rows():
            if row["counts"] is None:
                already += 1
            else:
                summary.add(json.loads(row["counts"]))
    except ray.exceptions.RayError as error:
        raise OSError(f"a worker failed: {_cause(error)}") from error
    return already


def _read(batch: dict[str, Any], shared: Any) -> Iterator[dict[str, list[Any]]]:
    job: Job = ray.get(shared)
    for file in batch["file"]:
        with contextlib.nullcontext() if is_address(file) else contextlib.chdir(job.home):
            if not is_address(file) and not Path(file).exists():
                raise FileNotFoundError(f"{file} is not on every node; put the input where all nodes can read it, as on an object store")
            for chunk in chunks_of(str(file), job.options, job.input_format, job.columns.carried):
                yield {"name": [chunk.name + job.suffix], "documents": [chunk.documents]}


class _ChunkWorker(Worker):
    def __init__(self, model: Any, shared: Any) -> None:
        self._job: Job = ray.get(shared)
        super().__init__(model, self._job.thresholds, self._job.explain)
        self._folder = ResultsFolder(self._job.target)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        job, name = self._job, row["name"]
        if name in job.finished:
            return {"name": name, "counts": None}
        summary = Summary(tell_failures=False, progress=False)
        with (
            self._folder.writing(name) as draft,
            open_format(job.output_format, draft, job.columns, self.tagger.label_set) as sink,
        ):
            for document in documents_of(row["documents"]):
                result = result_for(document, self.tagger.tag_document(document), job.columns.carried)
                summary.write(result)
                if not job.only or result.tagging.kind in job.only:
                    sink.write(result)
        return {"name": name, "counts": json.dumps(summary.counts())}


def _cause(error: BaseException) -> str:
    """What went wrong in the worker. Ray hands it on as part of a trace, in which the last error that is not its own is the cause."""
    found: list[str] = _ERROR.findall(str(error))
    return found[-1][:500] if found else type(error).__name__
