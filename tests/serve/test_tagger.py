from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from aikind import Document, DocumentError, Tagger


def test_a_tagging_says_kind_labels_and_scores(tagger: Tagger) -> None:
    result = tagger.tag("We prompt a large language model to write the product descriptions, and it makes up features.", id="a")
    assert result.id == "a"
    assert result.kind == "generative"
    assert result.labels == ("generative",)
    assert set(result.scores) == {"predictive", "generative"}
    assert all(0 <= score <= 1 for score in result.scores.values())
    assert (result.windows, result.error) == (1, None)


@pytest.mark.parametrize("text", ["", "  \n\t "])
def test_an_empty_text_is_an_error(tagger: Tagger, text: str) -> None:
    with pytest.raises(DocumentError, match="empty"):
        tagger.tag(text)


def test_many_come_back_in_order_and_bad_ones_keep_their_place(tagger: Tagger) -> None:
    items = [
        "A recipe for soup.",
        Document("b", ""),
        Document("c", "x", error="could not be opened"),
        Document("d", "A walk in the hills."),
    ]
    results = list(tagger.tag_many(items))
    assert [r.id for r in results] == ["0", "b", "c", "d"]
    assert [r.error for r in results] == [None, "b: the text is empty", "could not be opened", None]
    assert results[1].scores == {}


def test_tag_many_reads_no_further_than_it_must() -> None:
    taken = 0

    def endless() -> Iterator[str]:
        nonlocal taken
        while True:
            taken += 1
            yield f"Text number {taken}."

    results = Tagger(jobs=2).tag_many(endless())
    assert [next(results).id for _ in range(3)] == ["0", "1", "2"]
    assert taken < 20
    results.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("aikind")]


def test_a_source_that_breaks_raises_its_own_error_after_what_came_before(tagger: Tagger) -> None:
    def broken() -> Iterator[str]:
        yield from ("One.", "Two.", "Three.")
        raise OSError("the disk is gone")

    results = tagger.tag_many(broken())
    assert [next(results).id for _ in range(3)] == ["0", "1", "2"]
    with pytest.raises(OSError, match="the disk is gone"):
        next(results)


PLAIN = "The council met on Tuesday to discuss the repair of the old bridge, and thanked the volunteers."
FOREIGN = {
    "German": "Das Modell sagt die Nachfrage für die kommenden Wochen aus den bisherigen Verkäufen und dem Wetter voraus.",
    "French": "Le modèle génère des images à partir d'une courte description, et les artistes s'en plaignent depuis des mois.",
    "Chinese": "该模型根据过去的销售数据和天气预测未来几周的需求，并向仓库经理发出警告，以便他们及时订货。",
    "Spanish": "El ayuntamiento aprobó ayer el presupuesto para las carreteras y las escuelas después de un largo debate.",
}


def test_a_word_or_two_is_unsure(tagger: Tagger) -> None:
    assert "too_short" in tagger.tag("hello").doubts
    assert tagger.tag("hello").unsure
    assert tagger.tag(PLAIN).doubts == ()
    assert not tagger.tag(PLAIN).unsure


@pytest.mark.parametrize("language", FOREIGN)
def test_another_language_is_unsure(tagger: Tagger, language: str) -> None:
    assert "not_english" in tagger.tag(FOREIGN[language]).doubts


def test_english_is_known_even_without_its_commonest_words(tagger: Tagger) -> None:
    headlines = "Police detect forged essays; schools demand answers, parents protest, ministers promise stricter rules before autumn"
    assert "not_english" not in tagger.tag(headlines).doubts


def test_the_doubts_are_those_of_the_scores(tagger: Tagger, corpus: list[dict[str, Any]]) -> None:
    manifest = tagger.manifest
    for tagging in tagger.tag_many([Document(row["id"], row["text"][:600]) for row in corpus[::60]]):
        near = any(abs(score - manifest.thresholds[name]) < manifest.unsure_within for name, score in tagging.scores.items())
        assert ("close_call" in tagging.doubts) == near


def test_one_string_is_no_list_of_documents(tagger: Tagger) -> None:
    with pytest.raises(TypeError, match="for one text, use tag"):
        tagger.tag_many("One text.")
    (result,) = tagger.tag_many([Document("a", float("nan"))])  # type: ignore[arg-type]
    assert result.error == "a: the text is of type float, not str"


def test_jobs_below_one_are_refused() -> None:
    with pytest.raises(ValueError, match="jobs is 0"):
        Tagger(jobs=0)


def test_a_long_text_is_read_to_its_end(tagger: Tagger) -> None:
    filler = "The parish walk starts at nine from the church and follows the river to the old mill. " * 60
    telling = (
        "The second half of the evening was about image generators. A diffusion model learns from millions of captioned pictures to turn noise "
        "into a new image that fits a prompt. The speaker showed how Stable Diffusion paints a mill that never stood there, and why artists whose "
        "work it was trained on are suing. "
    ) * 4
    alone = tagger.tag(filler)
    assert alone.kind == "neither"
    assert alone.windows > 3
    for text in (telling + filler, filler + telling):
        assert tagger.tag(text).kind == "generative"
