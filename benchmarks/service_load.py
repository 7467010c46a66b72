"""Offer ``aikind serve`` ten times the load that it can carry: what it accepts, what it refuses, and whether it recovers.

The real server runs in a process of its own. First a few clients keep it just busy, which gives the load it can carry. Then
requests come at ten times that rate, whether or not earlier ones are answered; then the few clients again. Times depend on
the machine, which the clients share with the server; compare ratios within one run.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import httpx
import numpy as np

from aikind.serve.cpus import available_cpus

CORPUS = Path(__file__).parent.parent / "data" / "corpus"
SIZES = (1, 1, 1, 1, 1, 1, 4, 16)  # documents of a request; which comes next is drawn
CHARACTERS = 400  # of each document: many requests say more than many windows
FEW = 4  # clients for each worker in the phases before and after
PATIENCE = 180.0  # seconds
CPU = "process_cpu_seconds_total "  # as the server's metrics name it


@dataclass
class Phase:
    """What came of the requests of one phase."""

    offered: int = 0  # documents
    documents: int = 0  # of them, those with a result
    statuses: Counter[str] = field(default_factory=Counter)
    accepted: list[float] = field(default_factory=list)  # seconds until the answer was there
    refused: list[float] = field(default_factory=list)
    throughput: float = 0.0  # documents a second
    per_cpu: float = 0.0  # documents a second of the server's CPU time, which tells nothing of what else the machine does


class Load:
    """Requests to one server."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._bodies = _bodies()

    async def _ask(self, phase: Phase) -> None:
        size, body = next(self._bodies)
        phase.offered += size
        began = time.perf_counter()
        try:
            answer = await self._client.post("/v1/tag", content=body, headers={"Content-Type": "application/json"})
        except httpx.HTTPError as error:
            phase.statuses[type(error).__name__] += 1
            return
        took = time.perf_counter() - began
        reason = "" if answer.status_code == 200 else " " + answer.json()["type"].rpartition(":")[2]
        phase.statuses[f"{answer.status_code}{reason}"] += 1
        if answer.status_code == 200:
            phase.documents += size
            phase.accepted.append(took)
        else:
            assert answer.status_code != 503 or int(answer.headers["retry-after"]) >= 1
            phase.refused.append(took)

    async def closed(self, clients: int, seconds: float) -> Phase:
        """So many clients, each of which waits for its answer before it asks again."""
        phase, began = Phase(), time.perf_counter()
        tagged, used = await self._metric("aikind_documents_total{"), await self._metric(CPU)

        async def keep_asking() -> None:
            while time.perf_counter() - began < seconds:
                await self._ask(phase)

        async with asyncio.TaskGroup() as tasks:
            for _ in range(clients):
                tasks.create_task(keep_asking())
            await asyncio.sleep(seconds)
            # Counted here, since the last answers of all come when the server is no longer busy.
            tagged = await self._metric("aikind_documents_total{") - tagged
            phase.throughput = tagged / (time.perf_counter() - began)
            phase.per_cpu = tagged / (await self._metric(CPU) - used)
        return phase

    async def open(self, requests_per_second: float, seconds: float) -> Phase:
        """Requests at even distances in time, however long the answers take."""
        phase, began, used = Phase(), time.perf_counter(), await self._metric(CPU)
        async with asyncio.TaskGroup() as tasks:
            for number in itertools.count():
                at = number / requests_per_second
                if at >= seconds:
                    break
                await asyncio.sleep(max(0.0, began + at - time.perf_counter()))
                tasks.create_task(self._ask(phase))
        phase.throughput = phase.documents / (time.perf_counter() - began)
        phase.per_cpu = phase.documents / (await self._metric(CPU) - used)
        return phase

    async def memory(self) -> float:
        """Resident memory of the server in MB."""
        return await self._metric("process_resident_memory_bytes ") / 1e6

    async def _metric(self, name: str) -> float:
        lines = (await self._client.get("/metrics")).text.splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))

    async def watch_memory(self, seen: list[float], every: float = 1.0) -> None:
        while True:
            seen.append(await self.memory())
            await asyncio.sleep(every)


def _bodies() -> Iterator[tuple[int, bytes]]:
    """Requests without end, as numbers of documents and bodies; no text comes twice, since the server remembers some."""
    paths = sorted(CORPUS.glob("*.jsonl"))
    texts = [json.loads(line)["text"][:CHARACTERS] for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    numbers, draw = itertools.count(), random.Random(0)
    while True:
        size = draw.choice(SIZES)
        documents = [{"text": f"Document {n}. {texts[n % len(texts)]}"} for n in itertools.islice(numbers, size)]
        yield size, json.dumps({"documents": documents}).encode()


@click.command()
@click.option("--seconds", type=float, default=300.0, show_default=True, help="How long the server is overloaded.")
@click.option("--times", type=float, default=10.0, show_default=True, help="By how much.")
@click.argument("options", nargs=-1)
def main(seconds: float, times: float, options: Sequence[str]) -> None:
    """Overload a server and tell what it did. OPTIONS, after --, are given to aikind serve."""
    command = [sys.executable, "-m", "aikind", "serve", "--port", "0", *options]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("wb") as file, subprocess.Popen(command, stderr=file) as server:
            try:
                held = asyncio.run(_measure(_address(log, server), seconds, times))
            finally:
                server.terminate()
        print(f"exit code after SIGTERM: {server.returncode}")
        lines = log.read_text(encoding="utf-8").splitlines()
        events = [json.loads(line) for line in lines if line.startswith("{")]
        asked = [event for event in events if event.get("route") == "/v1/tag"]
        accepted, refused = ([e["seconds"] for e in asked if wanted(e)] for wanted in (_was_accepted, _was_refused))
        print(f"by the server's own clock, all phases together: accepted {_spread(accepted)}; refused {_spread(refused)}")
        errors = [line for line in lines if not line.startswith("{")] + [str(e) for e in events if e["level"] == "error"]
        print(f"errors in its log: {errors[:3] or 'none'}")
    sys.exit(0 if held and not errors and server.returncode == 0 else 1)


def _address(log: Path, server: subprocess.Popen[bytes]) -> str:
    for _ in range(int(PATIENCE * 10)):
        for line in log.read_text(encoding="utf-8").splitlines(keepends=True):
            if line.endswith("\n") and (event := json.loads(line))["event"] == "listening":
                return f"http://{event['host']}:{event['port']}"
        if server.poll() is not None:
            break
        time.sleep(0.1)
    raise click.ClickException(f"the server did not start: {log.read_text(encoding='utf-8')}")


async def _measure(address: str, seconds: float, times: float) -> bool:
    quiet = max(20.0, seconds / 5)
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=100)
    async with httpx.AsyncClient(base_url=address, timeout=PATIENCE, limits=limits) as client:
        load, few = Load(client), FEW * available_cpus()
        await load.closed(few, quiet)  # until memory and caches are as they will stay
        before = await load.closed(few, quiet)
        rate = times * before.throughput / (sum(SIZES) / len(SIZES))
        start = await load.memory()
        seen: list[float] = []
        watching = asyncio.create_task(load.watch_memory(seen))
        during = await load.open(rate, seconds)
        watching.cancel()
        after = await load.closed(few, quiet)
        end = await load.memory()
    print(f"{available_cpus()} CPUs; {rate:.1f} requests a second for {seconds:g} s, {times:g} times the load of the phase before")
    for name, phase in (("before", before), ("during", during), ("after", after)):
        shares = f"{phase.throughput / before.throughput:.2f} of before; {phase.per_cpu / before.per_cpu:.2f} by CPU time"
        print(f"{name:>6}: {phase.throughput:.1f} documents a second ({shares}); answers: {dict(phase.statuses)}")
    print(f"of the documents offered during, {during.documents / during.offered:.0%} got a result")
    print(f"latency of accepted requests during: {_spread(during.accepted)}; before: {_spread(before.accepted)}")
    print(f"latency of refusals during: {_spread(during.refused)}")
    quarters = ", ".join(f"{max(part):.0f}" for part in np.array_split(seen, 4) if len(part))
    print(f"memory: {start:.0f} MB at the start; at most {quarters} MB in the quarters of the overload; {end:.0f} MB at the end")
    claims = {
        "every answer is 200 or 503": all(name[:3] in {"200", "503"} for p in (before, during, after) for name in p.statuses),
        "it refuses what is too much": 0 < during.documents < 0.5 * during.offered,
        "what it accepts it answers in time": during.statuses["503 out-of-time"] < 0.01 * len(during.accepted),
        "it works on as before": during.per_cpu > 0.5 * before.per_cpu,
        "its memory stays": end < 1.1 * start,
        "it recovers by itself": after.per_cpu > 0.8 * before.per_cpu,
    }
    for claim, holds in claims.items():
        print(f"{'yes' if holds else 'NO':>4}  {claim}")
    return all(claims.values())


def _was_accepted(event: dict[str, Any]) -> bool:
    return bool(event["status"] == 200)


def _was_refused(event: dict[str, Any]) -> bool:
    return event.get("problem") == "full"


def _spread(seconds: Sequence[float]) -> str:
    if not seconds:
        return "none"
    median, high = np.quantile(seconds, [0.5, 0.99])
    return f"median {median:.2f} s, 99 % within {high:.2f} s"


if __name__ == "__main__":
    main()
