from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from aikind.model_folder import default_model
from aikind.serve.windows import Windower, WindowPlan, sentence_starts

TOKENIZER = Tokenizer.from_file(str(default_model() / "tokenizer.json"))
WORDS = st.sampled_from(["alpha", "beta", "gamma", "antidisestablishmentarianism", "3.14", "Dr.", "naïve", "日本", "e.g.", "🙂"])
SENTENCES = st.lists(st.lists(WORDS, min_size=1, max_size=30).map(lambda words: " ".join(words).capitalize() + "."), max_size=30)
TEXTS = st.one_of(SENTENCES.map(" ".join), SENTENCES.map("\n\n".join), st.text(max_size=400))
PLANS = st.integers(8, 64).flatmap(lambda tokens: st.builds(WindowPlan, st.just(tokens), st.integers(0, (tokens - 3) // 2)))


@given(TEXTS, PLANS)
@settings(deadline=None, max_examples=200)
def test_windows_hold_every_token_in_order_and_none_is_too_long(text: str, plan: WindowPlan) -> None:
    windows = Windower(TOKENIZER, plan).cut(text)
    tokens = TOKENIZER.encode(text, add_special_tokens=False)
    first, last = TOKENIZER.encode("").ids
    assert windows
    at = 0  # how many tokens are covered so far
    for window in windows:
        assert len(window.ids) <= plan.tokens
        assert (window.ids[0], window.ids[-1]) == (first, last)
        inner = list(window.ids[1:-1])
        start = max(i for i in range(at + 1) if tokens.ids[i : i + len(inner)] == inner)
        assert start <= at  # no gap
        at = max(at, start + len(inner))
        assert 0 <= window.start <= window.end <= len(text)
    assert at == len(tokens.ids)


@given(TEXTS)
@settings(deadline=None)
def test_sentence_starts_rise_from_zero_inside_the_text(text: str) -> None:
    starts = sentence_starts(text)
    assert starts[0] == 0
    assert all(a < b for a, b in pairwise(starts))
    assert starts[-1] <= max(0, len(text))


def test_windows_begin_and_end_with_sentences() -> None:
    sentences = [f"Sentence number {i} is about the weather in the valley." for i in range(60)]
    text = " ".join(sentences)
    starts = {text.index(s) for s in sentences}
    ends = {text.index(s) + len(s) for s in sentences}
    windows = Windower(TOKENIZER, WindowPlan(64, 16)).cut(text)
    assert len(windows) > 5
    assert all(w.start in starts and w.end in ends for w in windows)
    assert all(b.start < a.end for a, b in pairwise(windows))  # neighbours overlap


@pytest.mark.parametrize("count", [16, 17, 20, 33, 100])
def test_windows_are_of_about_equal_size(count: int) -> None:
    text = " ".join(f"Word{i % 10} runs." for i in range(count))
    sizes = [len(w.ids) for w in Windower(TOKENIZER, WindowPlan(64, 16)).cut(text)]
    assert len(sizes) > 1
    assert min(sizes) > 0.6 * max(sizes)


def test_a_short_text_is_one_window_as_it_stands() -> None:
    (window,) = Windower(TOKENIZER, WindowPlan()).cut("A short text.")
    assert list(window.ids) == TOKENIZER.encode("A short text.").ids


def test_an_overlap_of_half_a_window_is_refused() -> None:
    with pytest.raises(ValueError, match="overlap of 32 does not fit windows of 64"):
        Windower(TOKENIZER, WindowPlan(64, 32))
