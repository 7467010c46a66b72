"""Tag the rows of tables, whatever library they come from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aikind.errors import MissingExtraError
from aikind.records import Document, join_title

if TYPE_CHECKING:
    from aikind.serve.tagger import Tagger

__all__ = ["tag_batch", "tag_table"]

_NO_SCORE = math.nan


def tag_table(tagger: Tagger, table: Any, column: str, title_column: str | None, prefix: str) -> Any:
    """See ``Tagger.tag_table``."""
    try:
        import narwhals
    except ImportError as error:
        raise MissingExtraError("tagging tables", "tables") from error
    try:
        frame = narwhals.from_native(table, eager_only=True)
    except TypeError as error:
        kind = f"{type(table).__module__.partition('.')[0]}.{type(table).__qualname__}"
        raise TypeError(f"tag_table takes a table of pandas, polars or pyarrow, not {kind}; collect a lazy one first") from error
    types = {"unsure": narwhals.Boolean, **{f"score_{name}": narwhals.Float64 for name in tagger.label_set.names}}
    _check_columns(frame.columns, tagger, column, title_column, prefix)
    tags = _tags(tagger, _values(frame[column]), _values(frame[title_column]) if title_column is not None else None)
    tagged = frame.with_columns(
        narwhals.new_series(prefix + name, values, types.get(name, narwhals.String), backend=frame.implementation)
        for name, values in tags.items()
    )
    return tagged.to_native()


def tag_batch(
    tagger: Tagger, batch: Mapping[str, Sequence[Any]], column: str, title_column: str | None, prefix: str
) -> dict[str, list[Any]]:
    """See ``Tagger.tag_batch``."""
    _check_columns(list(batch), tagger, column, title_column, prefix)
    tags = _tags(tagger, batch[column], batch[title_column] if title_column is not None else None)
    missing = {name: _NO_SCORE if name.startswith("score_") else "" for name in tags}
    return {prefix + name: [missing[name] if value is None else value for value in values] for name, values in tags.items()}


def _values(series: Any) -> list[Any]:
    # Where others have None, pandas may have NaN or a null of its own.
    return [None if null else value for value, null in zip(series.to_list(), series.is_null().to_list(), strict=True)]


def _tags(tagger: Tagger, texts: Iterable[Any], titles: Iterable[Any] | None) -> dict[str, list[Any]]:
    """The values of each new column, row by row; None where there is none."""
    labels = tagger.label_set.names
    tags: dict[str, list[Any]] = {name: [] for name in _columns(tagger)}
    for tagging in tagger.tag_many(_documents(texts, titles)):
        failed = tagging.error is not None
        tags["kind"].append(None if failed else tagging.kind)
        tags["labels"].append(None if failed else " ".join(tagging.labels))
        for label in labels:
            tags[f"score_{label}"].append(tagging.scores.get(label))
        tags["unsure"].append(tagging.unsure)
        tags["doubts"].append(None if failed else " ".join(tagging.doubts))
        tags["error"].append(tagging.error)
    return tags


def _documents(texts: Iterable[Any], titles: Iterable[Any] | None) -> Iterable[Document]:
    if titles is None:
        yield from (_document(text, None) for text in texts)
    else:
        yield from (_document(text, title) for text, title in zip(texts, titles, strict=True))


def _document(text: Any, title: Any) -> Document:
    if text is None:
        return Document("", "", error="the text is null")
    if not isinstance(text, str) or not isinstance(title, str):
        return Document("", text)
    return Document("", join_title(title, text))


def _columns(tagger: Tagger) -> list[str]:
    return ["kind", "labels", *(f"score_{label}" for label in tagger.label_set.names), "unsure", "doubts", "error"]


def _check_columns(columns: Sequence[str], tagger: Tagger, column: str, title_column: str | None, prefix: str) -> None:
    for name in (column, title_column):
        if name is not None and name not in columns:
            raise ValueError(f"no column {name!r}; there are {', '.join(map(str, columns))}")
    for name in _columns(tagger):
        if prefix + name in columns:
            raise ValueError(f"there is a column {prefix + name!r} already; give a prefix for the new ones, such as prefix='ai_'")
