"""Tables of several libraries, and batches as of datasets."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import pytest

from aikind import Tagger

ROWS: dict[str, list[Any]] = {
    "headline": ["ChatGPT", None, "", "Pumps"],
    "body": ["It writes the letters of the parish.", None, "", "The model predicts which pumps will fail."],
    "n": [1, 2, 3, 4],
}
NEW = ["kind", "labels", "score_predictive", "score_generative", "unsure", "doubts", "error"]


@pytest.fixture(scope="module")
def expected(tagger: Tagger) -> list[dict[str, Any]]:
    first, last = (tagger.tag(f"{ROWS['headline'][n]}\n\n{ROWS['body'][n]}") for n in (0, 3))
    nothing = dict.fromkeys(NEW) | {"unsure": False}
    return [
        {
            "kind": found.kind,
            "labels": " ".join(found.labels),
            **{f"score_{name}": score for name, score in found.scores.items()},
            "unsure": found.unsure,
            "doubts": " ".join(found.doubts),
            "error": None,
        }
        if found
        else {**nothing, "error": why}
        for found, why in ((first, ""), (None, "the text is null"), (None, "the text is empty"), (last, ""))
    ]


def table_of(library: str) -> Any:
    if library == "pandas":
        import pandas

        return pandas.DataFrame(ROWS, index=[7, 7, 0, 1])
    if library == "polars":
        return pytest.importorskip("polars", reason="needs polars: pip install polars").DataFrame(ROWS)
    import pyarrow

    return pyarrow.table(ROWS)


def rows_of(table: Any) -> list[dict[str, Any]]:
    if hasattr(table, "to_pylist"):
        return list(table.to_pylist())
    if hasattr(table, "to_dicts"):
        return list(table.to_dicts())
    rows = table.to_dict("records")
    return [{name: None if isinstance(value, float) and math.isnan(value) else value for name, value in row.items()} for row in rows]


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_a_table_comes_back_as_it_was_with_its_tags(library: str, tagger: Tagger, expected: list[dict[str, Any]]) -> None:
    table = table_of(library)
    tagged = tagger.tag_table(table, column="body", title_column="headline")
    assert type(tagged) is type(table)
    before, after = rows_of(table), rows_of(tagged)
    assert [list(row) for row in after] == [[*ROWS, *NEW]] * 4
    assert after == [{**row, **tags} for row, tags in zip(before, expected, strict=True)]
    if library == "pandas":
        assert list(tagged.index) == [7, 7, 0, 1]
    with pytest.raises(ValueError, match=r"there is a column 'kind' already; give a prefix"):
        tagger.tag_table(tagged, column="body")
    assert "again_kind" in rows_of(tagger.tag_table(tagged, column="body", prefix="again_"))[0]


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_a_table_without_rows_gets_its_columns(library: str, tagger: Tagger) -> None:
    table = table_of(library)
    empty = table.slice(0, 0) if hasattr(table, "slice") else table.iloc[:0]
    tagged = tagger.tag_table(empty, column="body")
    assert len(tagged) == 0
    assert list(getattr(tagged, "column_names", tagged.columns)) == [*ROWS, *NEW]


def test_a_column_that_is_not_there_is_named(tagger: Tagger) -> None:
    with pytest.raises(ValueError, match=r"no column 'text'; there are headline, body, n"):
        tagger.tag_table(table_of("pyarrow"))
    with pytest.raises(ValueError, match="no column 'title'"):
        tagger.tag_batch(ROWS, "body", title_column="title")


def test_what_is_no_table_is_named(tagger: Tagger) -> None:
    with pytest.raises(TypeError, match=r"not builtins\.list"):
        tagger.tag_table([1], "body")


def test_a_dataset_takes_the_tags_however_its_batches_fall(tagger: Tagger, expected: list[dict[str, Any]]) -> None:
    import datasets

    datasets.disable_progress_bars()
    whole = datasets.Dataset.from_dict(ROWS)
    for size in (1, 3, 10):  # in some of these a batch has no error or nothing but errors
        tagged = whole.map(
            tagger.tag_batch, batched=True, batch_size=size, writer_batch_size=1, fn_kwargs={"column": "body", "title_column": "headline"}
        )
        assert tagged["kind"][:] == [row["kind"] or "" for row in expected]
        assert tagged["error"][:] == [row["error"] or "" for row in expected]
        assert tagged["score_generative"][0] == expected[0]["score_generative"]
        assert math.isnan(tagged["score_generative"][1])
    in_processes = whole.map(tagger.tag_batch, batched=True, num_proc=2, fn_kwargs={"column": "body", "title_column": "headline"})
    assert in_processes["kind"][:] == [row["kind"] or "" for row in expected]


def test_tagging_loads_no_table_library_and_without_narwhals_says_what_to_install() -> None:
    code = (
        "import sys; from aikind import Tagger; tagger = Tagger(); tagger.tag('A short text.')\n"
        "print([name for name in ('narwhals', 'pandas', 'polars', 'pyarrow', 'ray') if name in sys.modules])\n"
        "sys.modules['narwhals'] = None\n"
        "try: tagger.tag_table(None)\n"
        "except ImportError: raise\n"
        "except Exception as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "[]",
        "tagging tables needs packages that are not installed. Install them with: pip install 'aikind[tables]'",
    ]
