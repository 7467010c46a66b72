from __future__ import annotations

from pathlib import Path

import pytest

from aikind import LabelSet, RecipeError, default_label_set, load_label_set


def test_the_default_set_names_its_four_kinds() -> None:
    labels = default_label_set()
    assert labels.names == ("predictive", "generative")
    assert labels.kinds == ("predictive", "generative", "both", "neither")
    assert labels.kind(["generative", "predictive"]) == "both"
    assert labels.kind([]) == "neither"
    assert all(label.definition for label in labels.labels)


def test_a_third_label_needs_no_code(tmp_path: Path) -> None:
    path = tmp_path / "labels.toml"
    path.write_text('none = "no kind"\nall = "every kind"\n' + "".join(f'[[label]]\nname = "{n}"\n' for n in ("a", "b", "c")))
    labels = load_label_set(path)
    assert labels.kind(["c", "a"]) == "a+c"
    assert labels.kind(["a", "b", "c"]) == "every kind"
    assert labels.kinds == ("a", "b", "c", "a+b", "a+c", "b+c", "every kind", "no kind")
    assert LabelSet.from_dict(labels.to_dict()) == labels


def test_kinds_without_names_of_their_own_join_those_of_their_labels() -> None:
    def kinds(*names: str) -> tuple[str, ...]:
        return LabelSet.from_dict({"label": [{"name": name} for name in names]}).kinds

    assert kinds("a") == ("a", "neither")
    assert kinds("a", "b") == ("a", "b", "both", "neither")
    assert kinds("a", "b", "c") == ("a", "b", "c", "a+b", "a+c", "b+c", "a+b+c", "neither")


def test_an_unknown_label_is_named() -> None:
    with pytest.raises(ValueError, match=r"unknown label 'robotic'.*predictive, generative"):
        default_label_set().kind(["robotic"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no \\[\\[label\\]\\] entry"),
        ('[[label]]\nname = "two words"\n', "'two words'"),
        ('[[label]]\nname = "a"\n[[label]]\nname = "a"\n', "same name"),
        ('[[label]]\nname = "text"\n', "label 1 is called 'text', as a column of labelled files is"),
        ("label = 5\n", "write each label as a"),
        ('none = "a"\n[[label]]\nname = "a"\n', "must differ"),
        ('all = "a"\n[[label]]\nname = "a"\n[[label]]\nname = "b"\n', "must differ"),
        ('all = "both"\n' + "".join(f'[[label]]\nname = "{n}"\n' for n in "abc"), "speaks of two labels, and here are 3"),
        ("".join(f'[[label]]\nname = "l{n}"\n' for n in range(11)), "11 labels; a label set has 10 at most"),
        ('[[label]]\nname = "a"\nterm = ["x"]\n', "unknown key 'term' in the label a; it may have .*terms"),
        ('[[label]]\nname = "a"\nterms = "x"\n', "terms = 'x' in the label a; expected a list of strings"),
        ('[[label]]\nname = "a"\nterms = [" "]\n', "expected a list of strings, none of them empty"),
        ('[[label]]\nname = "a"\ndisplay = 3\n', "display = 3 in the label a; expected a string"),
        ('[[label]]\nname = "a"\nrenamed_from = "b"\nsplit_from = "c"\n', "has both renamed_from and split_from"),
        ("[[label\n", "cannot read the label set"),
    ],
)
def test_a_broken_label_set_is_explained(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "labels.toml"
    path.write_text(text)
    with pytest.raises(RecipeError, match=message) as caught:
        load_label_set(path)
    assert str(path) in str(caught.value)
