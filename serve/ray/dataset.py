"""Tag a Ray dataset."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aikind.serve.ray.worker import Worker, model_for_workers, pool

__all__ = ["tag_dataset"]

_BATCH_ROWS = 256


def tag_dataset(
    dataset: Any,
    column: str = "text",
    *,
    title_column: str | None = None,
    prefix: str = "",
    model: Path | str | None = None,
    thresholds: Mapping[str, float] | None = None,
    workers: int | None = None,
) -> Any:
    """Add tag columns to a Ray dataset, lazily, with one model in each process of a pool.

    Args:
        dataset: A ``ray.data.Dataset``, from Parquet, JSON Lines, CSV or wherever.
        column, title_column, prefix: As of ``Tagger.tag_table``, which says what the new columns are.
        model: A model folder on this machine, from which it goes to the workers; the shipped model if not given.
        thresholds: As of ``Tagger``.
        workers: How many processes there are at most, each with a CPU; as many as there are CPUs if not given.
            Ray's own readers need a CPU besides: on a cluster that has but one in all, the dataset would never run.

    Returns:
        A ``ray.data.Dataset`` with the same rows. A row that cannot be tagged says why in the column ``error``.

    Raises:
        MissingExtraError: Ray is not installed.
        ModelError: The model folder is missing, incomplete or altered.
        ValueError: ``workers`` is below 1. That a column is missing, or a new one there already, shows when the dataset runs.
    """
    arguments = (model_for_workers(model), dict(thresholds or {}), column, title_column, prefix)
    return dataset.map_batches(_TableWorker, fn_constructor_args=arguments, batch_format="pyarrow", batch_size=_BATCH_ROWS, **pool(workers))


class _TableWorker(Worker):
    def __init__(self, model: Any, thresholds: Mapping[str, float], column: str, title_column: str | None, prefix: str) -> None:
        super().__init__(model, thresholds)
        self._column, self._title_column, self._prefix = column, title_column, prefix

    def __call__(self, table: Any) -> Any:
        return self.tagger.tag_table(table, self._column, title_column=self._title_column, prefix=self._prefix)
