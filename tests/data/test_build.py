"""From files to a labelled dataset."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from aikind import DatasetError
from aikind.data.build import BuiltDataset, build
from aikind.data.labelling import base
from aikind.data.labelling.base import LabellingFunction, Vote
from aikind.data.recipe import load_recipe
from aikind.data.rows import Row
from aikind.data.store import load_dataset, write_dataset

Write = Callable[[str, Iterable[Any]], Path]
WriteRecipe = Callable[[str], Path]
RECIPE = 'name = "t"\nseed = 1\n[[source]]\nname = "s"\npath = "s.jsonl"\nlabels = "labels"\n'
WORDS = [w + str(i) for i in range(40) for w in ("river", "stone", "paper", "engine", "window", "harvest")]


def text(seed: int, words: int = 60) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=words))


def rows_of(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"id": str(i), "text": text(i), "labels": ["generative"] if i % 3 else [], "genre": "news", **more} for i in range(count)]


def records(built: BuiltDataset) -> dict[str, dict[str, Any]]:
    return {r["id"]: {**r, "split": name} for name, rows in built.splits.items() for r in rows}


def test_gold_becomes_label_values_and_splits_follow_the_shares(write_jsonl: Write, write_recipe: WriteRecipe) -> None:
    write_jsonl("s.jsonl", rows_of(400))
    built = build(load_recipe(write_recipe(RECIPE + "[split]\nvalidation = 0.2\ntest = 0.3\n")))
    found = records(built)
    assert len(found) == 400
    assert found["s/1"]["generative"] == 1.0
    assert found["s/1"]["predictive"] == found["s/0"]["generative"] == 0.0
    assert {r["label_origin"] for r in found.values()} == {"gold:written"}
    assert 60 < len(built.splits["validation"]) < 100
    assert 95 < len(built.splits["test"]) < 145


def test_the_same_inputs_give_the_same_fingerprint_and_others_another(write_jsonl: Write, write_recipe: WriteRecipe) -> None:
    rows = rows_of(40)
    recipe = write_recipe(RECIPE)
    write_jsonl("s.jsonl", rows)
    first = build(load_recipe(recipe))
    write_jsonl("s.jsonl", rows[::-1])
    assert build(load_recipe(recipe)).fingerprint == first.fingerprint
    write_jsonl("s.jsonl", [*rows[:-1], {**rows[-1], "text": text(999)}])
    assert build(load_recipe(recipe)).fingerprint != first.fingerprint
    write_jsonl("s.jsonl", rows)
    assert build(load_recipe(write_recipe(RECIPE.replace("seed = 1", "seed = 2")))).fingerprint != first.fingerprint


def test_a_row_keeps_its_split_as_the_data_grow(write_jsonl: Write, write_recipe: WriteRecipe) -> None:
    recipe = write_recipe(RECIPE + "[split]\nvalidation = 0.3\ntest = 0.3\n")
    write_jsonl("s.jsonl", rows_of(60))
    before = records(build(load_recipe(recipe)))
    write_jsonl("s.jsonl", rows_of(120))
    after = records(build(load_recipe(recipe)))
    assert all(after[key]["split"] == row["split"] for key, row in before.items())


def test_near_copies_and_groups_never_cross_a_split(write_jsonl: Write, write_recipe: WriteRecipe) -> None:
    rows = rows_of(60)
    for i in range(60):
        words = text(i).split()
        words[i % 50] = "changed"
        rows.append({"id": f"copy{i}", "text": " ".join(words), "labels": []})
        rows.append({"id": f"part{i}", "text": " ".join(text(i).split()[:40]), "labels": []})
        rows.append({"id": f"mate{i}", "text": text(1000 + i), "labels": [], "pair": str(i)})
        rows[i]["pair"] = str(i)
    write_jsonl("s.jsonl", rows)
    found = records(build(load_recipe(write_recipe(RECIPE + 'group = "pair"\n[split]\nvalidation = 0.3\ntest = 0.3\n'))))
    assert len({r["split"] for r in found.values()}) == 3
    for i in range(60):
        assert len({found[f"s/{name}{i}"]["split"] for name in ("", "copy", "part", "mate")}) == 1


def test_splits_by_source_keep_whole_files_together(write_jsonl: Write, write_recipe: WriteRecipe) -> None:
    for f in range(12):
        write_jsonl(f"part{f:02d}.jsonl", [{"id": f"{f}-{i}", "text": text(100 * f + i), "labels": []} for i in range(8)])
    recipe = RECIPE.replace("s.jsonl", "part*.jsonl") + '[split]\nby = "source"\nvalidation = 0.3\ntest = 0.3\n'
    found = records(build(load_recipe(write_recipe(recipe)))).values()
    assert len({r["split"] for r in found}) == 3
    for source in {r["source"] for r in found}:
        assert len({r["split"] for r in found if r["source"] == source}) == 1


def test_splits_by_date_test_on_the_newest(write_jsonl: Write, write_recipe: WriteRecipe) -> None:
    rows = [{**row, "date": f"20{10 + i // 10}-01-{1 + i % 10:02d}"} for i, row in enumerate(rows_of(100))]
    write_jsonl("s.jsonl", rows)
    found = records(build(load_recipe(write_recipe(RECIPE + '[split]\nby = "date"\nvalidation = 0.2\ntest = 0.1\n'))))
    dates = {
        name: [rows[int(k.split("/")[1])]["date"] for k, r in found.items() if r["split"] == name]
        for name in ("train", "validation", "test")
    }
    assert [len(dates[n]) for n in ("train", "validation", "test")] == [70, 20, 10]
    assert max(dates["train"]) < min(dates["validation"])
    assert max(dates["validation"]) < min(dates["test"])


def test_excluded_texts_and_their_near_copies_are_left_out(write_jsonl: Write, write_recipe: WriteRecipe) -> None:
    write_jsonl("s.jsonl", rows_of(20))
    write_jsonl("held_out.jsonl", [{"text": text(3)}, {"text": " ".join(text(5).split()[:45])}])
    built = build(load_recipe(write_recipe('exclude = ["held_out.jsonl"]\n' + RECIPE)))
    assert {f"s/{i}" for i in range(20)} - set(records(built)) == {"s/3", "s/5"}
    assert [skip.why for skip in built.skipped.all] == ["a near copy of a text in an excluded file"] * 2


def test_exact_copies_are_dropped_and_gold_wins(write_jsonl: Write, write_recipe: WriteRecipe) -> None:
    rows = rows_of(10)
    unread = {"id": "a0", "text": rows[4]["text"].upper(), "labels": None}
    conflict = {"id": "z", "text": rows[5]["text"], "labels": ["predictive"]}
    write_jsonl("s.jsonl", [unread, *rows, conflict])
    built = build(load_recipe(write_recipe(RECIPE + "weak = true\n")))
    assert "s/4" in records(built)
    assert not {"s/a0", "s/z"} & set(records(built))
    assert any("with other gold labels" in skip.why for skip in built.skipped.faults)


def test_unread_rows_get_weak_labels_and_only_train(write_jsonl: Write, write_recipe: WriteRecipe) -> None:
    about_llms = "We fine-tuned a large language model, ChatGPT and another LLM from OpenAI, with instruction tuning. " + text(77)
    plain = "The harvest festival was held in the village hall on Sunday. " + text(78)
    unread = [{"id": "llm", "text": about_llms}, {"id": "plain", "text": plain}]
    write_jsonl("s.jsonl", [*rows_of(30), *unread])
    found = records(
        build(load_recipe(write_recipe(RECIPE + "weak = true\n[labelling]\nweak_weight = 0.25\n[split]\nvalidation = 0.4\ntest = 0.4\n")))
    )
    for key, generative in (("s/llm", 1.0), ("s/plain", 0.0)):
        assert found[key]["split"] == "train"
        assert found[key]["weight"] == 0.25
        assert found[key]["label_origin"] == "weak:majority"
        assert found[key]["generative"] == generative


def test_read_labels_are_found_by_file_id_and_hash(write_jsonl: Write, write_recipe: WriteRecipe, tmp_path: Path) -> None:
    texts = {"a": text(1), "b": text(2), "c": text(3)}
    write_jsonl("pool.jsonl", [{"id": k, "text": t, "title": "A headline"} for k, t in texts.items()])
    with (tmp_path / "gold.csv").open("w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["file", "id", "sha256", "chars_read", "predictive", "generative", "hard"])
        writer.writerow(["pool", "a", hashlib.sha256(texts["a"].encode()).hexdigest(), 50, 1, 0, 1])
        writer.writerow(["pool", "b", hashlib.sha256(b"something else").hexdigest(), 50, 1, 0, 0])
    recipe = '[[source]]\nname = "real"\npath = "pool.jsonl"\ngold = "gold.csv"\ntitle = "title"\ntitle_share = 1.0\n[split]\nvalidation = 0\ntest = 0\n'
    built = build(load_recipe(write_recipe(recipe)))
    (row,) = built.splits["train"]
    assert row["id"] == "real/pool/a"
    assert row["text"] == "A headline\n\n" + texts["a"][:50]
    assert (row["predictive"], row["generative"], row["hard"], row["label_origin"]) == (1.0, 0.0, True, "gold:read")
    assert any("SHA-256 differs" in skip.why for skip in built.skipped.faults)


def test_broken_rows_are_skipped_with_their_line(write_jsonl: Write, write_recipe: WriteRecipe) -> None:
    broken = ["{", "[1]", {"id": "x", "text": ""}, {"text": text(50), "labels": []}, {"id": "y", "text": text(51), "labels": ["robotic"]}]
    path = write_jsonl("s.jsonl", [*rows_of(10), *broken])
    reasons = {skip.where: skip.why for skip in build(load_recipe(write_recipe(RECIPE))).skipped.all}
    assert "not JSON" in reasons[f"{path}:11"]
    assert "not a JSON object" in reasons[f"{path}:12"]
    assert "no text" in reasons[f"{path}:13"]
    assert "no id" in reasons[f"{path}:14"]
    assert "an unknown label: 'robotic'" in reasons[f"{path}:15"]


def test_gzip_csv_and_parquet_read_alike(write_recipe: WriteRecipe, tmp_path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    rows = [{"id": str(i), "text": text(i), "labels": "generative" if i % 2 else "neither", "genre": "news"} for i in range(12)]
    (tmp_path / "s.jsonl.gz").write_bytes(gzip.compress("".join(json.dumps(r) + "\n" for r in rows).encode()))
    with (tmp_path / "s.csv").open("w", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "s.parquet")
    prints = {build(load_recipe(write_recipe(RECIPE.replace("s.jsonl", n)))).fingerprint for n in ("s.jsonl.gz", "s.csv", "s.parquet")}
    assert len(prints) == 1


def test_a_crashing_labelling_function_is_counted_and_shown(
    write_jsonl: Write, write_recipe: WriteRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fragile(row: Row) -> Vote:
        raise ZeroDivisionError(f"no words in {row.source}")

    base.registered_functions()
    monkeypatch.setitem(base._REGISTRY, "fragile", LabellingFunction("fragile", "generative", fragile))
    write_jsonl("s.jsonl", rows_of(20))
    built = build(load_recipe(write_recipe(RECIPE)))
    assert built.votes.crashes["fragile"] == 20
    assert "s.jsonl:1: ZeroDivisionError: no words in s" in built.votes.first_crash["fragile"]


def test_a_dataset_comes_back_from_disk_with_its_card(write_jsonl: Write, write_recipe: WriteRecipe, tmp_path: Path) -> None:
    write_jsonl("s.jsonl", rows_of(60))
    built = build(load_recipe(write_recipe(RECIPE)))
    folder = tmp_path / "out" / "dataset"
    write_dataset(built, folder)
    stored = load_dataset(folder)
    assert stored.fingerprint == built.fingerprint
    assert stored.label_set == built.recipe.label_set
    assert stored.splits["train"] == built.splits["train"]
    card = (folder / "README.md").read_text()
    for part in (built.fingerprint, "## Splits", "names_classical_method", "gold:written", "## Left out"):
        assert part in card
    write_dataset(built, folder)  # a dataset may be replaced


def test_other_peoples_folders_are_not_overwritten(write_jsonl: Write, write_recipe: WriteRecipe, tmp_path: Path) -> None:
    write_jsonl("s.jsonl", rows_of(20))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letters.txt").write_text("dear")
    with pytest.raises(DatasetError, match="is not empty and holds no aikind dataset"):
        write_dataset(build(load_recipe(write_recipe(RECIPE))), tmp_path / "mine")
    assert (tmp_path / "mine" / "letters.txt").read_text() == "dear"


def test_the_command_builds_and_reports(
    aikind: Callable[..., subprocess.CompletedProcess[str]], write_jsonl: Write, write_recipe: WriteRecipe, tmp_path: Path
) -> None:
    path = write_jsonl("s.jsonl", [*rows_of(60), "{"])
    done = aikind("dataset", "build", write_recipe(RECIPE), "-o", tmp_path / "built")
    assert done.returncode == 0, done.stderr
    assert f"skipped {path}:61: not JSON" in done.stderr
    assert "fingerprint" in done.stdout
    failed = aikind("dataset", "build", write_recipe(RECIPE + "nonsense = 1\n"), "-o", tmp_path / "other")
    assert failed.returncode == 2
    assert "unknown key 'nonsense'" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert not (tmp_path / "other").exists()


def test_a_source_can_be_set_aside_whole_with_its_near_copies(write_jsonl: Write, write_recipe: WriteRecipe) -> None:
    rows = rows_of(30)
    write_jsonl("s.jsonl", rows)
    write_jsonl("gold.jsonl", [{**rows[7], "id": "copy", "text": "Indeed " + rows[7]["text"]}, *rows_of(40)[30:]])
    found = records(
        build(load_recipe(write_recipe(RECIPE + '[[source]]\nname = "gold"\npath = "gold.jsonl"\nlabels = "labels"\nsplit = "test"\n')))
    )
    assert {r["split"] for k, r in found.items() if k.startswith("gold/")} == {"test"}
    assert found["s/7"]["split"] == "test"


def test_labels_whose_text_is_missing_are_told(write_jsonl: Write, write_recipe: WriteRecipe, tmp_path: Path) -> None:
    write_jsonl("pool.jsonl", [{"id": "a", "text": text(1)}])
    digest = hashlib.sha256(text(1).encode()).hexdigest()
    lines = ["file,id,sha256,chars_read,predictive,generative,hard", f"pool,a,{digest},0,1,0,0", f"pool,gone,{digest},0,1,0,0"]
    (tmp_path / "gold.csv").write_text("\n".join(lines) + "\n")
    recipe = '[[source]]\nname = "real"\npath = "pool.jsonl"\ngold = "gold.csv"\n[split]\nvalidation = 0\ntest = 0\n'
    built = build(load_recipe(write_recipe(recipe)))
    assert [skip.why for skip in built.skipped.faults] == ["labels whose text is not in the source 'real': 1, the first pool gone"]


def test_an_excluded_file_without_texts_is_refused(write_jsonl: Write, write_recipe: WriteRecipe) -> None:
    write_jsonl("s.jsonl", rows_of(10))
    write_jsonl("held_out.jsonl", [{"body": "x"}])
    with pytest.raises(DatasetError, match=r"held_out\.jsonl:1: an excluded file must have the field 'text'; this row has body"):
        build(load_recipe(write_recipe('exclude = ["held_out.jsonl"]\n' + RECIPE)))


def test_a_killed_build_goes_on_with_the_votes_it_has(
    write_jsonl: Write, write_recipe: WriteRecipe, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    voted: list[str] = []

    def counting(row: Row) -> Vote:
        if len(voted) == 2500:
            raise KeyboardInterrupt
        voted.append(row.key)
        return Vote.YES if row.key.endswith("7") else Vote.ABSTAIN

    base.registered_functions()
    monkeypatch.setitem(base._REGISTRY, "counting", LabellingFunction("counting", "generative", counting))
    rng = random.Random(3)
    words = [f"w{n}" for n in range(5000)]
    write_jsonl("s.jsonl", [{"id": str(i), "text": " ".join(rng.choices(words, k=8)), "labels": []} for i in range(3000)])
    recipe = load_recipe(write_recipe(RECIPE + '[labelling]\nfunctions = ["counting"]\n'))
    kept = tmp_path / "kept"
    with pytest.raises(KeyboardInterrupt):
        build(recipe, kept=kept)
    assert len(list(kept.glob("*.npz"))) == 2
    (kept / "cut-off.part").write_bytes(b"x")
    before = len(voted)
    voted.append("a second run")
    resumed = build(recipe, kept=kept)
    assert len(voted) == before + 1 + 1000
    assert (resumed.votes.matrix == build(recipe).votes.matrix).all()
    assert (resumed.votes.matrix == Vote.YES).sum() == 300


def test_a_dataset_may_have_an_empty_split(write_jsonl: Write, write_recipe: WriteRecipe, tmp_path: Path) -> None:
    write_jsonl("s.jsonl", rows_of(12))
    write_dataset(build(load_recipe(write_recipe(RECIPE + "[split]\nvalidation = 0\ntest = 0\n"))), tmp_path / "dataset")
    assert {name: len(rows) for name, rows in load_dataset(tmp_path / "dataset").splits.items()} == {
        "train": 12,
        "validation": 0,
        "test": 0,
    }


def test_a_folder_that_cannot_be_written_is_refused_before_the_work(tmp_path: Path, write_jsonl: Write, write_recipe: WriteRecipe) -> None:
    write_jsonl("s.jsonl", rows_of(12))
    recipe = write_recipe(RECIPE)
    (tmp_path / "file").write_text("x")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    for target, message in (
        (tmp_path / "file" / "dataset", "cannot be written"),
        (tmp_path / "mine", "is not empty and holds no aikind dataset"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "aikind", "dataset", "build", str(recipe), "-o", str(target)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2
        assert message in done.stderr
        assert "rows read" not in done.stderr
    assert (tmp_path / "mine" / "thesis.txt").exists()


def test_mixed_rows_join_two_of_different_labels_and_only_train(write_jsonl: Write, write_recipe: WriteRecipe) -> None:
    rows = [{"id": str(i), "text": text(i), "labels": [["predictive"], ["generative"], []][i % 3]} for i in range(60)]
    write_jsonl("s.jsonl", rows)
    recipe = load_recipe(write_recipe(RECIPE + "[mix]\nshare = 0.5\nmost_words = 200\n"))
    built = build(recipe)
    plain = {r["text"]: r for r in built.splits["train"] if r["source"] != "mixed"}
    mixed = [r for r in built.splits["train"] if r["source"] == "mixed"]
    assert len(mixed) == round(0.5 * len(plain))
    assert not [r for name in ("validation", "test") for r in built.splits[name] if r["source"] == "mixed"]
    for row in mixed:
        first, second = (plain[part] for part in row["text"].split("\n\n"))
        assert (first["predictive"], first["generative"]) != (second["predictive"], second["generative"])
        for name in ("predictive", "generative"):
            assert row[name] == max(first[name], second[name])
    assert build(recipe).fingerprint == built.fingerprint
