"""A text's scores are bit-equal alone, in any order, with any number of jobs, and in another process."""

from __future__ import annotations

import random
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aikind import Document, Tagger, Tagging


@pytest.fixture(scope="module")
def documents(corpus: list[dict[str, Any]]) -> list[Document]:
    chosen = random.Random(3).sample(corpus, 60)
    longest = sorted(corpus, key=lambda row: -len(row["text"]))[:3]
    return [Document(row["id"], row["text"]) for row in {row["id"]: row for row in (*chosen, *longest)}.values()]


@pytest.fixture(scope="module")
def alone(tagger: Tagger, documents: list[Document]) -> dict[str, Tagging]:
    return {d.id: tagger.tag(d.text, id=d.id) for d in documents}


@given(data=st.data())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_order_company_and_jobs_change_nothing(data: st.DataObject, documents: list[Document], alone: dict[str, Tagging]) -> None:
    some = data.draw(st.lists(st.sampled_from(documents), min_size=1, max_size=12))
    jobs = data.draw(st.integers(1, 5))
    together = list(Tagger(jobs=jobs).tag_many(some))
    assert together == [alone[d.id] for d in some]


def test_another_process_gives_the_same_bits(documents: list[Document], alone: dict[str, Tagging]) -> None:
    code = "import sys; from aikind import Tagger; print({k: v.hex() for k, v in Tagger().tag(sys.stdin.read()).scores.items()})"
    for document in documents[:3]:
        done = subprocess.run([sys.executable, "-c", code], input=document.text, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == str({k: v.hex() for k, v in alone[document.id].scores.items()})
