"""Time the shipped model against peers and against the machine: ``make bench``."""

from __future__ import annotations

import json
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median

import click
from tokenizers import Tokenizer

from aikind import Document
from aikind.model_folder import TOKENIZER, default_model
from aikind.serve.cpus import available_cpus
from aikind.serve.model import Model
from aikind.serve.output import finished_file

from ..compare.environments import ensure_environment
from .commands import interleaved, run
from .documents import corpus_documents, draw, longest, many_short, one_big, pool_documents, write
from .operations import ceiling, read_network, seconds_alone
from .peers import make_ready, peers_of
from .table import Claim, Measured, Row, render

ROOT = Path(__file__).parents[2]
_FOLDER = click.Path(path_type=Path)
_LONG, _LONG_PEERS = 60, 20


@click.command()
@click.option("--pool", type=_FOLDER, help="Folder with *.jsonl.gz to draw the documents from.  [default: the corpus]")
@click.option("--documents", "count", default=2000, show_default=True, type=click.IntRange(min=100))
@click.option("--many", default=20_000, show_default=True, help="So many short documents to see the memory of.")
@click.option("--megabytes", default=5.0, show_default=True, help="Size of one document to see the memory of.")
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(min=1))
@click.option("--no-peers", is_flag=True, help="aikind and the machine alone.")
@click.option("-o", "--output", default=ROOT / "build" / "bench", type=_FOLDER)
def bench(pool: Path | None, count: int, many: int, megabytes: float, rounds: int, no_peers: bool, output: Path) -> None:
    """Print and write documents and tokens a second, memory, start-up and size, and whether each claim holds."""
    output = output.resolve()
    output.mkdir(parents=True, exist_ok=True)
    bench = _Bench(output, rounds)
    everything = pool_documents(pool) if pool else corpus_documents()
    if not everything:
        raise click.UsageError(f"--pool {pool}: the folder holds no *.jsonl.gz with texts.")
    real = draw(everything, count)
    rows, claims, notes = [], [], [f"{len(real)} documents drawn from {'a pool of real texts' if pool else 'the corpus'}"]
    own = bench.aikind(real, "real")
    rows.append(Row("aikind tag", "all windows", own, own, bench.install_megabytes("light")))
    claims += bench.against_the_machine(real, own)
    by_key = {}
    for peer in [] if no_peers else peers_of():
        click.echo(f"{peer.name}, {peer.reads} …", err=True)
        try:
            ready = make_ready(peer, default_model(), output)
            measured, reference = bench.peer(ready.command, real[: peer.documents], peer.key)
        except RuntimeError as error:
            notes.append(f"{peer.name} ({peer.reads}): {error}")
            continue
        by_key[peer.key] = (measured, reference)
        rows.append(Row(peer.name, peer.reads, measured, reference, ready.megabytes))
    if "transformers_all" in by_key:
        measured, reference = by_key["transformers_all"]
        claims.append(Claim("whole command / transformers' pipeline reading all windows", measured.seconds / reference.seconds, 5, True))
    long_rows = [Row("aikind tag", "all windows", found := bench.aikind(longest(real, _LONG), "long"), found, None)]
    for key in [key for key in by_key if key.endswith("_all")]:
        peer = next(peer for peer in peers_of() if peer.key == key)
        measured, reference = bench.peer(make_ready(peer, default_model(), output).command, longest(real, _LONG_PEERS), f"{key}-long")
        long_rows.append(Row(peer.name, peer.reads, measured, reference, None))
    claims += bench.starts()
    claims += bench.sizes()
    claims += bench.memory(many, megabytes, real)
    report = {"cpus": available_cpus(), "rounds": rounds, "rows": list(map(asdict, rows)), "long": list(map(asdict, long_rows))}
    report |= {"claims": [{**asdict(claim), "held": claim.held} for claim in claims], "notes": notes + bench.notes}
    text = render(rows, long_rows, claims, [*notes, *bench.notes])
    for path, content in ((output / "bench.json", json.dumps(report, indent=2) + "\n"), (output / "bench.md", text)):
        with finished_file(path) as file:
            file.write(content)
    click.echo(text, nl=False)


class _Bench:
    def __init__(self, folder: Path, rounds: int) -> None:
        self._folder, self._rounds = folder, rounds
        self._counter = Tokenizer.from_file(str(default_model() / TOKENIZER))
        self._counter.no_truncation()
        self._counter.no_padding()
        self._aikind = [str(Path(sysconfig.get_path("scripts")) / "aikind")]
        self.notes: list[str] = []

    def tokens(self, documents: Sequence[Document]) -> int:
        return sum(len(self._counter.encode(document.text, add_special_tokens=False).ids) for document in documents)

    def _tag(self, source: Path) -> list[str]:
        return [*self._aikind, "tag", str(source), "-o", str(self._folder / "aikind-out.jsonl")]

    def aikind(self, documents: Sequence[Document], name: str) -> Measured:
        """The whole command, start-up included; the median of the rounds."""
        source = write(self._folder / f"{name}.jsonl", documents)
        spent = [run(self._tag(source), self._folder / "aikind.log") for _ in range(self._rounds)]
        times = [one.seconds for one in spent]
        if name == "real":
            self.notes.append(f"the {self._rounds} rounds of aikind tag differ by {(max(times) - min(times)) / min(times):.0%}")
        return Measured(len(documents), self.tokens(documents), median(times), max(one.megabytes for one in spent))

    def peer(self, command: object, documents: Sequence[Document], name: str) -> tuple[Measured, Measured]:
        """A peer and, straight after it, aikind on the same documents: the round whose ratio is the median one."""
        source = write(self._folder / f"{name}.jsonl", documents)
        turns = []
        for _ in range(min(self._rounds, 2)):
            theirs = run(command(source, self._folder / f"{name}-out.jsonl"), self._folder / f"{name}.log")  # type: ignore[operator]
            turns.append((theirs, run(self._tag(source), self._folder / "aikind.log")))
        written = sum(1 for _ in (self._folder / f"{name}-out.jsonl").open(encoding="utf-8"))
        if written != len(documents):
            raise RuntimeError(f"it wrote {written} results for {len(documents)} documents")
        turns.sort(key=lambda turn: turn[0].seconds / turn[1].seconds)
        theirs, ours = turns[(len(turns) - 1) // 2]
        tokens = self.tokens(documents)
        return (
            Measured(len(documents), tokens, theirs.seconds, theirs.megabytes),
            Measured(len(documents), tokens, ours.seconds, ours.megabytes),
        )

    def against_the_machine(self, documents: Sequence[Document], whole: Measured) -> list[Claim]:
        model, workers = Model(default_model()), available_cpus()
        windows = [window for document in documents for window in model.windower.cut(document.text)]
        network = read_network(default_model())
        operations = sum(network.operations(len(window.ids)) for window in windows)
        alone = median(seconds_alone(default_model(), windows, workers) for _ in range(self._rounds))
        again = run(self._tag(self._folder / "real.jsonl"), self._folder / "aikind.log")  # next to the model alone, for their ratio
        usual = round(sum(len(window.ids) ** 2 for window in windows) / sum(len(window.ids) for window in windows))
        best = ceiling(network, usual, workers)
        kernels = sorted(set(best.kernels.values()))
        self.notes.append(
            f"ceiling: {best.operations / 1e9:.0f} thousand million operations a second of {workers} workers, products of {usual} rows, by "
            f"{', '.join(kernels)}; the model alone: {operations / alone / 1e9:.0f}; {len(windows)} windows"
        )
        return [
            Claim("operations a second in the model / the int8 ceiling", operations / alone / best.operations, 0.55, True),
            Claim("whole command / the model alone on the same windows", alone / min(again.seconds, whole.seconds), 0.9, True),
        ]

    def starts(self) -> list[Claim]:
        short, log = self._folder / "short.txt", self._folder / "start.log"
        short.write_text("We prompt a language model to sort complaints by urgency.\n", encoding="utf-8")
        turns = 4 * self._rounds + 1
        tag, bare, ratio = interleaved(
            [*self._aikind, "tag", str(short)], [sys.executable, "-c", "import onnxruntime, tokenizers"], log, turns
        )
        help_, click_, ratio_help = interleaved([*self._aikind, "--help"], [sys.executable, "-c", "import click"], log, turns)
        self.notes.append(f"seconds to start: tag {tag:.2f} (bare imports {bare:.2f}), --help {help_:.3f} (click {click_:.3f})")
        return [
            Claim("start: aikind tag of one short file / import onnxruntime, tokenizers", ratio, 2.2, False),
            Claim("start: aikind --help / import click", ratio_help, 1.5, False),
        ]

    def install_megabytes(self, name: str) -> float:
        return ensure_environment(name, self._folder / "envs", 3600).bytes / 1e6

    def sizes(self) -> list[Claim]:
        runtime, light, formats = (self.install_megabytes(name) for name in ("runtime", "light", "formats"))
        self.notes.append(
            f"MB installed: onnxruntime, tokenizers and their needs {runtime:.0f}, aikind {light:.0f}, with formats {formats:.0f}"
        )
        return [
            Claim("MB of the base install beyond onnxruntime, tokenizers and their needs", light - runtime, 60, False),
            Claim("MB of [formats] on top", formats - light, 90, False),
        ]

    def memory(self, many: int, megabytes: float, documents: Sequence[Document]) -> list[Claim]:
        words = sorted({word for document in documents[:200] for word in document.text.split() if word.isalpha()})
        short = write(self._folder / "many.jsonl", many_short(many, words))
        big = self._folder / "big.txt"
        big.write_text(one_big(list(documents), megabytes), encoding="utf-8")
        claims = []
        for name, source in ((f"{many:,} short documents", short), (f"one document of {megabytes:g} MB", big)):
            for jobs in (1, 8):
                spent = run([*self._tag(source), "--jobs", str(jobs)], self._folder / "memory.log")
                claims.append(Claim(f"peak memory, MB: {name}, --jobs {jobs}", spent.megabytes, 500, False))
            self.notes.append(f"{name}: {spent.seconds:.0f} s")
        for path in (short, big):
            path.unlink()
        return claims


if __name__ == "__main__":
    bench(prog_name="bench")
