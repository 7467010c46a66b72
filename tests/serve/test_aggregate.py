from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from aikind.serve.aggregate import AGGREGATIONS

LOGITS = arrays(np.float32, array_shapes(min_dims=2, max_dims=2, max_side=6), elements=st.floats(-50, 50, width=32))


@pytest.mark.parametrize("name", sorted(AGGREGATIONS))
@given(logits=LOGITS)
def test_an_aggregate_lies_between_the_extremes_and_ignores_order(name: str, logits: np.ndarray) -> None:
    aggregate = AGGREGATIONS[name]
    result = aggregate(logits)
    assert result.shape == (logits.shape[1],)
    assert (result <= logits.max(axis=0) + 1e-6).all()
    assert (result >= logits.min(axis=0) - 1e-6).all()
    np.testing.assert_allclose(aggregate(logits[::-1]), result, atol=1e-9)


@pytest.mark.parametrize("name", sorted(AGGREGATIONS))
def test_one_window_is_the_document(name: str) -> None:
    np.testing.assert_allclose(AGGREGATIONS[name](np.array([[1.5, -2.0]], dtype=np.float32)), [1.5, -2.0])


def test_log_mean_exp_asks_for_more_where_there_is_more_text() -> None:
    aggregate = AGGREGATIONS["log_mean_exp"]
    short, long = np.full((2, 1), -4.0, dtype=np.float32), np.full((20, 1), -4.0, dtype=np.float32)
    short[0], long[0] = 3.0, 3.0
    assert aggregate(long)[0] < aggregate(short)[0] < 3.0
