"""What each reader makes of sound files, and of every kind of broken one; the others always go on."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aikind import Document
from aikind.serve.readers.base import ReadOptions
from aikind.serve.readers.formats import read_stream
from aikind.serve.readers.paths import listed_paths, read_paths
from tests.serve.fuzz_readers import ONCE_FAILED, OWN_PROCESS, run_case
from tests.serve.reader_samples import PACK, SOUND, TEXT, docx, html, jsonl, pdf, table, tarred, zipped

Aikind = Callable[..., subprocess.CompletedProcess[str]]
SMALL = ReadOptions(max_bytes=50_000)


def read(raw: bytes, name: str, options: ReadOptions = SMALL) -> list[Document]:
    return list(read_stream(io.BytesIO(raw), name, options))


@pytest.mark.parametrize("name", sorted(SOUND))
def test_every_format_is_read(name: str) -> None:
    documents = read(SOUND[name], name)
    assert [d.error for d in documents] == [None] * len(documents)
    assert "The council met on Tuesday" in documents[0].text or name == "a.tsv"
    expected = {"a.jsonl": 3, "a.json": 2, "a.csv": 3, "a.tsv": 2, "a.parquet": 2, "a.feather": 2, "a.arrow": 2, "a.zip": 3, "a.tar": 3}
    assert len(documents) == expected.get(name, 1)
    assert all(str(d.meta["where"]).startswith(name) for d in documents)


@pytest.mark.parametrize("suffix", sorted(PACK))
@pytest.mark.parametrize("name", sorted(set(SOUND) - {"a.tgz", *(f"a.txt{suffix}" for suffix in PACK)}))
def test_every_format_is_read_compressed(name: str, suffix: str) -> None:
    plain, packed = read(SOUND[name], name), read(PACK[suffix](SOUND[name]), name + suffix)
    assert [d.text for d in packed] == [d.text for d in plain]


def test_titles_and_dates_are_taken_from_where_they_stand() -> None:
    for name in ("a.md", "b.md", "a.docx", "a.pdf", "a.html"):
        head = '<title>A bridge</title><meta property="article:published_time" content="2024-05-06T07:08:09Z">'
        (document,) = read(html(head=head) if name == "a.html" else SOUND[name], name, ReadOptions(title_field="title"))
        assert document.text.startswith("A bridge\n\n"), name
        assert document.meta["date"] == "2024-05-06", name
    assert "title" not in read(SOUND["a.md"], "a.md")[0].text
    assert read(SOUND["a.md"], "a.md")[0].meta["front_matter"]["title"] == "A bridge"
    rows = b'{"text": "a", "when": "Mon, 06 May 2024 07:08:09 GMT"}\n{"text": "b"}\n{"text": "c", "when": "2024-05-06"}\n'
    found = list(read_stream(io.BytesIO(rows), "a.jsonl", ReadOptions(date_field="when"), day="2001-01-01"))
    assert [d.meta.get("date") for d in found] == ["2024-05-06", None, "2024-05-06"]
    assert next(read_stream(io.BytesIO(b"x"), "a.txt", SMALL, day="2001-01-01")).meta["date"] == "2001-01-01"


@pytest.mark.parametrize(
    ("text", "codec", "named"),
    [
        (TEXT, "utf-8-sig", None),
        (TEXT, "utf-16", "utf-16"),
        (TEXT, "utf-32", "utf-32"),
        (TEXT, "latin-1", "cp1252"),
        ("“It’s a naïve idea”, said the mayor of the old town, and went home.", "cp1252", "cp1252"),
        ("Городской совет собрался во вторник, чтобы обсудить ремонт моста.", "cp1251", "cp1251"),
        ("市议会星期二开会讨论旧桥的修缮。", "gb18030", "gb18030"),
    ],
)
def test_encodings_are_told_and_named(text: str, codec: str, named: str | None) -> None:
    for name, content in {
        "a.txt": text,
        "a.csv": f'id,text\n1,"{text}"\n',
        "a.jsonl": json.dumps({"text": text}, ensure_ascii=False) + "\n",
    }.items():
        (document,) = read(content.encode(codec), name)
        assert (document.error, document.text, document.meta.get("encoding")) == (None, text, named), name


def test_an_encoding_reaches_the_results(aikind: Aikind, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(TEXT.encode("latin-1"))
    (tmp_path / "b.txt").write_text(TEXT)
    first, second = (json.loads(line) for line in aikind("tag", tmp_path).stdout.splitlines())
    assert first["encoding"] == "cp1252"
    assert "encoding" not in second
    assert first["scores"] == second["scores"]


BOMB = b"\0" * 20_000_000
LOCKED = "/Encrypt << /Filter /Standard /V 1 /R 2 /O <" + "00" * 32 + "> /U <" + "00" * 32 + "> /P -4 >> /ID [<00> <00>] "
LONG_LINE = json.dumps({"text": "x" * 60_000})
LOCKED_ZIP = bytearray(zipped({"a.txt": "x", "b.txt": "y"}))
LOCKED_ZIP[LOCKED_ZIP.index(b"PK\x01\x02") + 8] |= 1  # the flag of the first member in the list
# name, content, and for each document a part of its error, or None where it is sound
CASES: list[tuple[str, bytes, list[str | None]]] = [
    ("empty.txt", b"", [None]),  # the tagger says that it is empty
    ("nul.txt", b"one\0two", ["holds NUL"]),
    ("unmarked-utf16.txt", "hello".encode("utf-16-le"), ["UTF-16 without its mark"]),
    ("torn-utf16.txt", "hello".encode("utf-16")[:-1], ["not valid UTF-16"]),
    ("every-byte.txt", bytes(range(256)), ["not a text file"]),
    ("surrogate.txt", b"half \xed\xa0\x80", [None]),
    ("large.txt", b"x" * 50_001, ["more than 50,000 bytes; raise --max-bytes"]),
    ("just-right.txt", b"x" * 50_000, [None]),
    ("bomb.txt.gz", gzip.compress(BOMB), ["more than 50,000 bytes"]),
    ("bomb.jsonl.xz", lzma.compress(BOMB), ["over 250 times its size"]),
    ("blank-bomb.jsonl.bz2", bz2.compress(b"\n" * 20_000_000), ["over 250 times its size"]),
    ("bomb.csv.zst", PACK[".zst"](b"id,text\n" + BOMB), ["over 250 times its size"]),
    ("bomb.zip", zipped({"a.txt": BOMB, "b.txt": TEXT}), ["more than 50,000 bytes", None]),
    ("bomb.parquet.gz", gzip.compress(BOMB), ["over 250 times its size"]),
    ("fake.zst", b"this is none", ["data cannot be read"]),
    ("cut.txt.gz", gzip.compress(os.urandom(5000))[:-2000], ["the gzip data are damaged"]),
    ("cut.txt.xz", lzma.compress(TEXT.encode())[:-10], ["the xz data are damaged"]),
    ("cut.txt.bz2", bz2.compress(TEXT.encode())[:-10], ["the bzip2 data are damaged"]),
    ("list.md", b"---\n- a\n- b\n---\nText.", [None]),
    ("broken.md", b"---\nkey: [unclosed\n---\nText.", [None]),
    ("alias.md", b"---\na: &a [x]\nb: *c\n---\nText.", [None]),
    ("nan.jsonl", b'{"text": "a", "x": NaN}\n{"text": NaN}\n', [None, "of type float"]),
    ("twice.jsonl", b'{"text": "a", "text": "b"}\n{"text": "a", "x": 1, "x": 2}\n', ["'text' stands there twice", None]),
    ("deep.jsonl", b'{"text": "a", "x": ' + b"[" * 100_000 + b'\n{"text": "b"}\n', ["more than 50,000 bytes", None]),
    ("nested.jsonl", b'{"x": ' + b"[" * 20_000 + b'\n{"text": "b"}\n', ["beyond all measure", None]),
    ("number.jsonl", b'{"text": 5}\n{"text": "b", "id": ' + b"9" * 5000 + b"}\n", ["of type int", "beyond all measure"]),
    ("long.jsonl", f'{LONG_LINE}\n{{"text": "b"}}\n{LONG_LINE}'.encode(), ["more than 50,000 bytes", None, "more than 50,000 bytes"]),
    ("nothing.jsonl", b"\n \n", ["holds no record"]),
    ("one.json", b'{"text":\n "a"}\n', [None]),
    ("list.json", b'[{"text": "a"}, 5, {"text": "b"}]', [None, "a JSON int", None]),
    ("unclosed.json", b'[{"text": "a"}, {"text": "b"}', [None, None, "the array is not closed"]),
    ("broken.json", b'[{"text": "a"}, {"text": }]', [None, "value 2 is not JSON"]),
    ("deep.json", b"[" * 20_000, ["beyond all measure"]),
    ("empty.json", b"[]", ["holds no record"]),
    ("void.json", b"", ["holds no record"]),
    ("ragged.csv", b"id,text\n1,a,b\n2\n3,c\n", ["more cells than the header", "ends before the column", None]),
    ("quotes.csv", b'id,text\n1,"a" b\n2,c\n3,"open\n', ["not CSV", None, "is a quotation mark left open?"]),
    ("field.csv", b"id,text\n1," + b"x" * 60_000 + b"\n2,c\n", ["more than 50,000 bytes", None]),
    ("twice.csv", b"text,text\na,b\n", ["'text' stands there twice"]),
    ("void.csv", b"", ["no header and no row"]),
    ("commas.tsv", b"id\ttext\n1\ta, b\n", [None]),
    ("cut.parquet", SOUND["a.parquet"][:-20], ["cut off"]),
    ("void.parquet", b"", ["not a Parquet file"]),
    ("footer.parquet", SOUND["a.parquet"][:-60] + b"\xff" * 52 + SOUND["a.parquet"][-8:], ["damaged"]),
    ("null.parquet", table(["a", None, "b"]), [None, "'text' is null", None]),
    ("cut.arrow", SOUND["a.arrow"][:-100], ["damaged"]),
    ("void.feather", b"", ["damaged"]),
    ("old.feather", b"FEA1" + b"\0" * 20, ["first version"]),
    ("void.html", b"", ["holds no text"]),
    ("scripts.html", b"<script>var x = 1;</script>", ["holds no text"]),
    ("deep.html", b"<div>" * 8_000 + b"deep text", [None]),
    ("void.pdf", b"", ["not a PDF"]),
    ("cut.pdf", pdf()[:40], ["not a PDF"]),
    ("pictures.pdf", pdf(None), ["through OCR"]),
    ("locked.pdf", pdf(encrypt=LOCKED), ["locked with a password"]),
    ("void.docx", b"", ["not a DOCX file"]),
    ("other.docx", zipped({"a.txt": "x"}), ["not a DOCX file"]),
    ("old.docx", b"\xd0\xcf\x11\xe0" + b"\0" * 100, ["an old Word file"]),
    ("wordless.docx", docx(""), ["no text in the document"]),
    ("bomb.docx", docx("<w:p><w:r><w:t>" + "x" * 60_000 + "</w:t></w:r></w:p>"), ["more than 50,000 bytes"]),
    ("laughs.docx", zipped({"word/document.xml": '<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;">]><a>&c;</a>'}), ["no text"]),
    ("climbs.zip", zipped({"../a.txt": "x", "/b.txt": "x", "c/../../d.txt": "x", "e.txt": "x"}), ["leads out"] * 3 + [None]),
    ("inner.zip", zipped({"b.zip": zipped({"a.txt": "x"}), "a.txt": "x"}), ["an archive inside an archive", None]),
    ("others.zip", zipped({"a.png": "x", ".b.txt": "x", "__MACOSX/._c.txt": "x"}), ["no member to read"]),
    ("locked.zip", bytes(LOCKED_ZIP), ["locked with a password", None]),
    ("cut.zip", SOUND["a.zip"][:-30], ["damaged"]),
    ("void.zip", b"", ["damaged"]),
    ("stored.zip", zipped({"a.txt": "SOUND"}, zipfile.ZIP_STORED).replace(b"SOUND", b"XOUND", 1), ["data cannot be read"]),
    ("cut.tar", tarred({"a.txt": b"x", "b.txt": b"y" * 2000})[:2000], [None, "data cannot be read", "cut off"]),
    ("header.tar", tarred({"a.txt": b"x", "b.txt": b"y"}).replace(b"b.txt", b"\xffxx!!", 1), [None, "damaged"]),
    ("links.tar", tarred({"a.txt": b"x"}, "b.txt"), [None, "a link or device"]),
    ("climbs.tar", tarred({"../a.txt": b"x", "b.txt": b"y"}), ["leads out", None]),
    ("void.tar", b"", ["damaged"]),
    ("cut.tgz", SOUND["a.tgz"][:-40], ["damaged"]),
]


@pytest.mark.parametrize(("name", "raw", "errors"), CASES, ids=[case[0] for case in CASES])
def test_broken_input_gets_a_record_each(name: str, raw: bytes, errors: list[str | None]) -> None:
    documents = read(raw, name)
    assert len(documents) == len(errors), documents
    for document, part in zip(documents, errors, strict=True):
        assert part in document.error if part is not None and document.error else document.error == part, document
        assert str(document.meta["where"]).startswith(name)


def test_broken_files_of_a_folder_stop_none_of_the_others(aikind: Aikind, tmp_path: Path) -> None:
    for name, raw, _ in CASES:
        (tmp_path / name).write_bytes(raw)
    (tmp_path / "zz.txt").write_text(TEXT)
    done = aikind("tag", tmp_path, "--max-bytes", "50000")
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(results) == sum(len(errors) for _, _, errors in CASES if errors) + 1 - sum(name == "fake.zst" for name, _, _ in CASES)
    assert results[-1]["id"] == f"{tmp_path}/zz.txt"
    assert results[-1]["kind"] == "neither"
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "panicked" not in done.stderr


@pytest.mark.parametrize(
    ("missing", "name", "extra"),
    [
        ("resiliparse", "a.html", "formats"),
        ("pypdfium2", "a.pdf", "formats"),
        ("arro3", "a.parquet", "formats"),
        ("arro3", "a.arrow", "formats"),
        ("fsspec", "memory://a.txt", "remote"),
    ],
)
def test_a_missing_extra_is_named_and_the_others_go_on(missing: str, name: str, extra: str, tmp_path: Path) -> None:
    for sample in ("a.html", "a.pdf", "a.parquet", "a.arrow", "a.txt"):
        (tmp_path / sample).write_bytes(SOUND[sample])
    code = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from aikind.serve.readers.base import ReadOptions; from aikind.serve.readers.paths import read_paths\n"
        f"for d in read_paths([{name!r}, 'a.txt'], ReadOptions()): print(d.error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True)
    first, second = done.stdout.splitlines()
    assert first.endswith(f"Install them with: pip install 'aikind[{extra}]'")
    assert second == "None"


def names(paths: list[str], **options: Any) -> list[str]:
    return [document.id for document in read_paths(paths, SMALL, **options)]


def test_globs_name_files_in_order_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for path in ("b/c/one.txt", "b/two.md", "a.txt", "a.log", "b/.hidden.txt", "odd[1].txt"):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(path)
    Path("b/c/round").symlink_to(tmp_path / "b")
    assert names(["*.txt"]) == ["a.txt", "odd[1].txt"]
    assert names(["**/*.txt"]) == ["a.txt", "odd[1].txt", "b/c/one.txt"]
    assert names(["b/**"]) == ["b/two.md", "b/c/one.txt"]
    assert names(["*"]) == ["a.txt", "b/two.md", "b/c/one.txt", "odd[1].txt"]
    assert names(["*.log"]) == ["a.log"]
    assert names(["odd[1].txt"]) == ["odd[1].txt"]
    (none,) = read_paths(["*.nothing"], SMALL)
    assert none.error is not None
    assert "no file to read" in none.error


def test_paths_are_read_from_a_list(aikind: Aikind, tmp_path: Path) -> None:
    odd = tmp_path / "two\nlines.txt"
    for path in (odd, tmp_path / "a.txt"):
        path.write_text(TEXT)
    (tmp_path / "list").write_bytes(f"{tmp_path}/a.txt\n\n{tmp_path}/gone.txt\r\n".encode())
    done = aikind("tag", "--files-from", tmp_path / "list")
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == [f"{tmp_path}/a.txt", f"{tmp_path}/gone.txt"]
    done = aikind("tag", "--files-from", "-", "--null", stdin=f"{odd}\0{tmp_path}/a.txt\0")
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == [str(odd), f"{tmp_path}/a.txt"]
    for wrong, why in (
        (["-", "--files-from", "-"], "once only"),
        (["x", "--null"], "--null goes with"),
        (["--files-from", "/no"], "no such file"),
    ):
        done = aikind("tag", *wrong)
        assert (done.returncode, why in done.stderr) == (2, True)
    assert next(listed_paths(str(tmp_path / "list"), False)).endswith("a.txt")


def test_odd_things_in_folders(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere")
    (tmp_path / "a.txt").write_text("a")
    with (tmp_path / "sparse.txt").open("wb") as sparse:
        sparse.truncate(2 * 1024**3)
    gone, sparse_one = (d for d in read_paths([str(tmp_path)], SMALL) if d.error)
    assert gone.error == f"{tmp_path}/gone.txt: no such file or folder"
    assert sparse_one.error is not None
    assert "more than 50,000 bytes" in sparse_one.error
    threading.Thread(target=(tmp_path / "pipe.txt").write_text, args=("from a pipe",), daemon=True).start()
    assert [d.text for d in read_paths([str(tmp_path / "pipe.txt")], SMALL)] == ["from a pipe"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_permission_is_explained(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "locked").mkdir(mode=0)
    sound, locked = read_paths([str(tmp_path)], SMALL)
    assert sound.error is None
    assert locked.error == f"{tmp_path}/locked: no permission to read it"


def test_a_line_of_10_mb_is_read() -> None:
    text = TEXT * 80_000
    assert [d.text for d in read(json.dumps({"text": text}).encode(), "a.jsonl", ReadOptions())] == [text]
    assert [d.text for d in read(f'id,text\n1,"{text}"\n'.encode(), "a.csv", ReadOptions())] == [text]


def test_a_listed_output_is_no_input(aikind: Aikind, tmp_path: Path) -> None:
    output = tmp_path / "tags.jsonl"
    output.write_text('{"text": "old"}\n')
    done = aikind("tag", "--files-from", "-", "-o", output, stdin=f"{output}\n")
    assert done.returncode == 1
    assert "the results go there" in json.loads(output.read_text())["error"]


def test_files_that_vanish_while_they_are_listed(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt", "deep/c.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    documents = read_paths([str(tmp_path)], SMALL)
    assert next(documents).error is None
    for path in (tmp_path / "b.txt", tmp_path / "deep" / "c.txt"):
        path.unlink()
    (tmp_path / "deep").rmdir()
    assert all("no such file" in str(d.error) for d in documents)


def test_addresses_are_read(tmp_path: Path) -> None:
    import fsspec

    memory = fsspec.filesystem("memory")
    for name, content in {"a.txt": b"a", "deep/b.jsonl.gz": gzip.compress(jsonl(["b"])), "c.png": b"x", ".d.txt": b"x"}.items():
        memory.pipe(f"/box/{name}", content)
    assert [d.text for d in read_paths(["memory://box"], SMALL)] == ["a", "b"]
    assert names(["memory://box/*.txt"])[-1] == "memory:///box/a.txt"
    (missing,) = read_paths(["memory://box/none.txt"], SMALL)
    assert missing.error == "memory://box/none.txt: no such file or folder"
    (tmp_path / "a.zip").write_bytes(SOUND["a.zip"])

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *arguments: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        assert [d.text for d in read_paths([f"{address}/a.zip"], SMALL)][1:] == ["One.", "Two."]
        assert [d.error for d in read_paths([f"{address}/none.txt"], SMALL)] == [f"{address}/none.txt: no such file or folder"]
        server.shutdown()


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@settings(deadline=None)
@given(st.lists(texts, min_size=1, max_size=8), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]))
def test_records_come_through_every_table_format_as_they_are(rows: list[str], codec: str) -> None:
    array = json.dumps([{"text": text} for text in rows], ensure_ascii=False)
    assert [d.text for d in read(array.encode(codec), "a.json")] == rows
    assert [d.text for d in read(jsonl(rows).decode().encode(codec), "a.jsonl")] == rows
    cells = [text.replace("\0", "").replace("\r", "").replace('"', '""') for text in rows]
    table_text = "id,text\n" + "".join(f'{n},"{cell}"\n' for n, cell in enumerate(cells))
    assert [d.text for d in read(table_text.encode(codec), "a.csv")] == [cell.replace('""', '"') for cell in cells]


@settings(deadline=None)
@given(st.binary(max_size=400), st.sampled_from(sorted(set(SOUND) - OWN_PROCESS)))
def test_bytes_of_any_kind_give_records(raw: bytes, name: str) -> None:
    documents = read(raw, name)
    assert documents
    assert all(d.meta["where"] and (d.error is None or not d.text) for d in documents)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=30), max_size=12))
def test_each_line_of_json_lines_has_one_record(rows: list[bytes]) -> None:
    raw = b"\n".join([b"{}", *rows])
    where = [d.meta["where"] for d in read(raw, "a.jsonl")]
    assert where == [f"a.jsonl:{n}" for n, line in enumerate(raw.split(b"\n"), 1) if line.strip()]


@pytest.mark.parametrize("first", range(0, 100, 50))
def test_changed_bytes_fail_no_reader(first: int) -> None:
    for number in (*range(first, first + 50), *(ONCE_FAILED if first == 0 else ())):
        run_case(number)
