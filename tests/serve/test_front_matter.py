from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from aikind import Tagging
from aikind.serve.readers.base import ReadOptions
from aikind.serve.readers.text import read_markdown
from aikind.serve.writers.front_matter import with_tags

Aikind = Callable[..., subprocess.CompletedProcess[str]]
GENERATIVE = "The studio uses a diffusion model to paint backgrounds from a text prompt, and a large language model writes the dialogue."
ONE = Tagging("x", ("generative",), "generative", {"predictive": 0.1, "generative": 0.98765}, ("close_call",), 1)
OTHER = Tagging("x", (), "none", {"predictive": 0.1, "generative": 0.2}, (), 1)
BODIES = st.text(st.sampled_from("ab \n\r-:#\ufeff\u00e9"), max_size=40)
FRONTS = st.lists(st.sampled_from(["title: a", "list:", "  - b", "- c", "date: 2020-01-01", "aikind_x: 1", "# note", ""]), max_size=5)


def body_of(raw: bytes, tmp: Path) -> str:
    path = tmp / "x.md"
    path.write_bytes(raw)
    with path.open("rb") as file:
        (document,) = read_markdown(file, "x.md", ReadOptions())
    return document.text


@settings(deadline=None)
@given(body=BODIES, front=FRONTS, newline=st.sampled_from(["\n", "\r\n"]), mark=st.sampled_from(["", "\ufeff"]))
def test_the_text_that_is_read_stays_and_a_second_time_changes_nothing(
    body: str, front: list[str], newline: str, mark: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tmp = tmp_path_factory.getbasetemp()
    header = f"---{newline}title: t{newline}{''.join(line + newline for line in front)}---{newline}" if front else ""
    text = mark + header + body
    tagged = with_tags(text, ONE)
    assert with_tags(tagged, ONE) == tagged
    assert with_tags(with_tags(tagged, OTHER), ONE) == tagged
    assert body_of(tagged.encode(), tmp) == body_of(text.encode(), tmp)
    # Without our lines, the front matter is what it was, byte for byte.
    if header:
        assert tagged.endswith(body)
        start = tagged.index("aikind:")
        end = tagged.index("doubts: [close_call]") + len("doubts: [close_call]" + newline)
        assert tagged[:start] + tagged[end:] == text


def test_tags_are_yaml_where_they_belong() -> None:
    text = with_tags("---\ntitle: A title\naikind: old\n  more: x\ndate: 2020-01-01\n---\n# Head\n", ONE)
    front = yaml.safe_load(text.split("---\n")[1])
    assert list(front) == ["title", "aikind", "date"]
    assert front["aikind"] == {
        "kind": "generative",
        "labels": ["generative"],
        "scores": {"predictive": 0.1, "generative": 0.9877},
        "doubts": ["close_call"],
    }
    odd = with_tags("text", Tagging("x", ("no", "b"), "no+b's", {"no": 0.5, "b": 0.5}))
    assert yaml.safe_load(odd.split("---\n")[1])["aikind"]["labels"] == ["no", "b"]
    assert yaml.safe_load(odd.split("---\n")[1])["aikind"]["kind"] == "no+b's"


def test_files_are_written_once_and_others_left_alone(aikind: Aikind, tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "a.md").write_bytes(f"---\r\ntitle: One\r\n---\r\n{GENERATIVE}\r\n".encode())
    (folder / "a.md").chmod(0o640)
    (folder / "b.txt").write_text(GENERATIVE)
    (folder / "c.md").write_text("")
    (folder / "link.md").symlink_to(folder / "a.md")
    first = aikind("tag", folder, "--into-front-matter")
    assert first.returncode == 1  # the empty file
    assert "front matter: 1 files written, 1 had these tags already" in first.stderr
    raw = (folder / "a.md").read_bytes()
    assert raw.startswith(b"---\r\ntitle: One\r\naikind:\r\n  kind: generative\r\n")
    assert raw.endswith(f"---\r\n{GENERATIVE}\r\n".encode())
    assert (folder / "a.md").stat().st_mode & 0o777 == 0o640
    assert (folder / "link.md").is_symlink()
    assert (folder / "b.txt").read_text() == GENERATIVE
    assert (folder / "c.md").read_text() == ""
    before = (folder / "a.md").stat()
    second = aikind("tag", folder, "--into-front-matter")
    assert "front matter: 0 files written, 2 had these tags already" in second.stderr
    assert second.stdout == first.stdout
    assert (folder / "a.md").stat().st_ino == before.st_ino
    assert sorted(path.name for path in folder.iterdir()) == ["a.md", "b.txt", "c.md", "link.md"]
