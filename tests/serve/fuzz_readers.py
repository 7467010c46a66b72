"""Change bytes of sound files of every format, and hold that reading them neither fails nor loses or doubles a record.

``python -m tests.serve.fuzz_readers --cases 20000 --seed 0``; a case is its number alone, so any can be run again with
``--cases 1 --seed NUMBER``.
"""

from __future__ import annotations

import argparse
import faulthandler
import io
import random
import sys
import time

from aikind.serve.readers.base import ReadOptions
from aikind.serve.readers.formats import read_stream
from tests.serve.reader_samples import SOUND

# Their readers start a process each time, so they come up less often.
OWN_PROCESS = {"a.parquet", "a.feather", "a.arrow"}
# Cases that once failed; the suite runs them for good.
ONCE_FAILED: tuple[int, ...] = ()


def changed(raw: bytes, rng: random.Random) -> bytes:
    """The bytes with a few of them overwritten, left out, doubled, moved or cut off."""
    data = bytearray(raw)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        at = rng.randrange(len(data) + 1)
        to = min(len(data), at + rng.choice((1, 1, 2, 4, 8, 64)))
        match rng.randrange(7):
            case 0:
                data[at:to] = rng.randbytes(to - at)
            case 1:
                del data[at:to]
            case 2:
                data[at:at] = data[at:to]
            case 3:
                data[at:at] = rng.choice((b"\0", b"\xff", b'"', b"\n", b"{", b"[" * 50, b"<", b"\xff\xfe", b"\xed\xa0\x80", b"---\n"))
            case 4:
                del data[at:]
            case 5 if at < len(data):
                data[at] ^= 1 << rng.randrange(8)
            case _:
                data[at:to] = rng.choice((b"\0", b"\xff", b"\x7f")) * (to - at)
    return bytes(data)


def run_case(number: int) -> None:
    """Raises AssertionError, or what a reader raised, where the case fails."""
    rng = random.Random(number)
    name = rng.choice(sorted(SOUND))
    if name in OWN_PROCESS and rng.random() < 0.9:
        name = rng.choice(sorted(set(SOUND) - OWN_PROCESS))
    raw = changed(SOUND[name], rng)
    documents = list(read_stream(io.BytesIO(raw), name, ReadOptions(max_bytes=1_000_000)))
    assert documents, f"{name}: nothing came of it"
    for document in documents:
        assert document.meta["where"], name
        assert document.error is None or (document.text == "" and document.error.startswith(document.meta["where"])), document
    where = [document.meta["where"] for document in documents]
    assert len(set(where)) == len(where) or name in {"a.zip", "a.tar", "a.tgz"}, f"{name}: a record came twice"
    if name == "a.jsonl" and not raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        filled = [f"{name}:{at}" for at, line in enumerate(raw.split(b"\n"), 1) if line.strip()]
        assert where == (filled or [name]), "lines and records differ"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0, help="number of the first case")
    parser.add_argument("--show", action="store_true", help="print each number first, to find one that ends the process")
    arguments = parser.parse_args()
    faulthandler.enable()
    failed, slowest = 0, (0.0, 0)
    for number in range(arguments.seed, arguments.seed + arguments.cases):
        if arguments.show:
            print(number, flush=True)
        started = time.perf_counter()
        try:
            run_case(number)
        except Exception as error:
            failed += 1
            print(f"case {number}: {type(error).__name__}: {error}", flush=True)
        if (number + 1) % 1000 == 0:
            print(number + 1, file=sys.stderr, flush=True)
        slowest = max(slowest, (time.perf_counter() - started, number))
    print(f"{arguments.cases} cases from {arguments.seed}: {failed} failed; the slowest, {slowest[1]}, took {slowest[0]:.2f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
