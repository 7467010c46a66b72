"""One Tagger in many threads, after a fork, and in processes that begin anew."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from aikind import ModelError, Tagger
from aikind.model_folder import default_model

TEXTS = [f"The council met on day {i} to discuss a language model that writes letters about the old bridge." for i in range(12)]


def test_threads_share_one_tagger() -> None:
    tagger = Tagger(jobs=2)
    alone = [Tagger(remember=0).tag(text) for text in TEXTS]
    with ThreadPoolExecutor(6) as pool:
        by_one = [pool.submit(tagger.tag, text) for text in TEXTS * 2]
        by_many = [pool.submit(lambda: [r.scores for r in tagger.tag_many(TEXTS)]) for _ in range(2)]
    assert [future.result() for future in by_one] == alone * 2
    assert [future.result() for future in by_many] == [[r.scores for r in alone]] * 2


@contextmanager
def busy(tagger: Tagger) -> Iterator[None]:
    """Threads that tag without a pause, so that a fork meets them at work, with locks held."""
    stop = threading.Event()

    def work() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            tagger.tag(f"{TEXTS[0]} {number}")

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_forked_processes_tag_while_the_threads_of_their_parent_do(tagger: Tagger) -> None:
    expected = [tagger.tag(text) for text in TEXTS[:4]]
    with busy(tagger), ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as pool:
        found = list(pool.map(tagger.tag, TEXTS[:4]))
    assert found == expected


def test_a_fork_without_pickle_tags_too(tagger: Tagger) -> None:
    expected = {name: value.hex() for name, value in tagger.tag(TEXTS[0]).scores.items()}
    with busy(tagger):
        for _ in range(2):
            reading, writing = os.pipe()
            child = os.fork()
            if child == 0:
                found = {name: value.hex() for name, value in next(iter(tagger.tag_many([TEXTS[0]]))).scores.items()}
                os.write(writing, repr(found).encode())
                os._exit(0)
            os.close(writing)
            with open(reading, "rb") as file:  # noqa: PTH123
                assert file.read().decode() == repr(expected)
            assert os.waitpid(child, 0)[1] == 0


def test_a_spawned_process_gets_the_tagger_with_its_settings() -> None:
    tagger = Tagger(thresholds={"generative": 1.0})
    expected = [tagger.tag(text) for text in TEXTS[:2]]
    assert "generative" not in expected[0].labels
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert list(pool.map(tagger.tag, TEXTS[:2])) == expected


def test_a_process_does_not_go_on_with_another_model(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(default_model(), tmp_path / "model"))
    tagger = Tagger(folder)
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"unsure_within": 0.15', '"unsure_within": 0.25'))
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        for method in (tagger.tag, tagger.explain):
            with pytest.raises(ModelError, match="another model than the one that this Tagger was made with"):
                pool.submit(method, TEXTS[0]).result()
