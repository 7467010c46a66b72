"""One small sound file of every format, as bytes; shared by the tests of readers and their fuzz."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any

from arro3.core import Array, DataType, RecordBatch, Table
from arro3.io import write_ipc, write_ipc_stream, write_parquet

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

TEXT = "The council met on Tuesday to discuss the repair of the old bridge.\nThe mayor thanked the fire brigade, in Zürich too."
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def html(body: str = TEXT, head: str = "<title>A bridge</title>") -> bytes:
    menu = "<nav><a href='/'>Home</a> <a href='/about'>About us</a></nav>"
    page = f"<!doctype html><html><head><meta charset='utf-8'>{head}</head><body>{menu}<article><h1>News</h1><p>{body}</p></article></body></html>"
    return page.encode()


def docx(body: str = f"<w:p><w:r><w:t>{TEXT}</w:t></w:r></w:p>", **parts: str) -> bytes:
    """``parts`` are further files of the package; dots in their names are written as ``__dot__``, slashes as ``__``."""
    core = "<c xmlns:d='urn:d'><d:title>A bridge</d:title><d:created>2024-05-06T07:08:09Z</d:created></c>"
    files = {"word/document.xml": f"<w:document xmlns:w='{_W}'><w:body>{body}</w:body></w:document>", "docProps/core.xml": core}
    return zipped({**files, **parts})


def pdf(text: str | None = "The council met on Tuesday to discuss the bridge.", encrypt: str = "") -> bytes:
    """A page with one line of text, or with none."""
    stream = f"BT /F1 12 Tf 72 700 Td ({text}) Tj ET" if text is not None else "0 0 10 10 re f"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        "<< /Title (A bridge) /CreationDate (D:20240506070809Z) >>",
    ]
    raw, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(raw))
        raw += f"{number} 0 obj\n{content}\nendobj\n".encode()
    start = len(raw)
    raw += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    raw += b"".join(f"{offset:010d} 00000 n \n".encode() for offset in offsets)
    return raw + f"trailer << /Size {len(objects) + 1} /Root 1 0 R /Info 6 0 R {encrypt}>>\nstartxref\n{start}\n%%EOF\n".encode()


def table(texts: Iterable[str | None], form: str = "parquet", **columns: Any) -> bytes:
    """Rows with the columns id, text and others, as Parquet, or as Arrow's ``file`` or ``stream``."""
    texts = list(texts)
    ids = Array([f"r{number}" for number in range(len(texts))], type=DataType.string())
    batch = RecordBatch.from_pydict({"id": ids, "text": Array(texts, type=DataType.large_string()), **columns})
    out = io.BytesIO()
    {"parquet": write_parquet, "file": write_ipc, "stream": write_ipc_stream}[form](Table.from_batches([batch]), out)
    return out.getvalue()


def jsonl(texts: Iterable[str]) -> bytes:
    return "".join(json.dumps({"id": f"r{n}", "text": text}, ensure_ascii=False) + "\n" for n, text in enumerate(texts)).encode()


def zipped(files: Mapping[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2024, 5, 6, 7, 8, 8)), content, compression)
    return out.getvalue()


def tarred(files: Mapping[str, bytes], *links: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(content), 1714979288
            archive.addfile(info, io.BytesIO(content))
        for name in links:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, "a.txt"
            archive.addfile(info)
    return out.getvalue()


PACK = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zst": zstd.compress}

SOUND: dict[str, bytes] = {
    "a.txt": TEXT.encode(),
    "a.md": f"---\ntitle: A bridge\ndate: 2024-05-06\n---\n{TEXT}".encode(),
    "b.md": f"+++\ntitle = 'A bridge'\ndate = 2024-05-06\n+++\n{TEXT}".encode(),
    "a.jsonl": jsonl([TEXT, "Two.", "Three."]),
    "a.json": json.dumps([{"text": TEXT}, {"text": "Two."}]).encode(),
    "a.csv": f'id,text\n1,"{TEXT}"\n2,Two.\n3,"Thr""ee."\n'.encode(),
    "a.tsv": b"id\ttext\n1\tOne, two.\n2\tThree.\n",
    "a.parquet": table([TEXT, "Two."]),
    "a.feather": table([TEXT, "Two."], "file"),
    "a.arrow": table([TEXT, "Two."], "stream"),
    "a.html": html(),
    "a.pdf": pdf(),
    "a.docx": docx(),
    "a.zip": zipped({"x.txt": TEXT, "deep/y.jsonl": jsonl(["One.", "Two."])}),
    "a.tar": tarred({"x.txt": TEXT.encode(), "deep/y.jsonl": jsonl(["One.", "Two."])}),
    **{f"a.txt{suffix}": pack(TEXT.encode()) for suffix, pack in PACK.items()},
    "a.tgz": gzip.compress(tarred({"x.txt": TEXT.encode()})),
}
