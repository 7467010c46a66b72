"""The figures of ``make bench`` as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Claim", "Measured", "Row", "render"]


@dataclass(frozen=True, slots=True)
class Measured:
    """One command on so many documents, of so many tokens of the shipped tokenizer."""

    documents: int
    tokens: int
    seconds: float
    megabytes: float


@dataclass(frozen=True, slots=True)
class Row:
    """Attributes:
    reference: aikind on the same documents, straight after it.
    install_megabytes: None where it stands in another table.
    """

    name: str
    reads: str
    measured: Measured
    reference: Measured
    install_megabytes: float | None


@dataclass(frozen=True, slots=True)
class Claim:
    """Attributes:
    at_least: Whether ``bound`` is a floor, and no ceiling.
    """

    what: str
    value: float
    bound: float
    at_least: bool

    @property
    def held(self) -> bool:
        return self.value >= self.bound if self.at_least else self.value <= self.bound


def render(rows: Sequence[Row], long_rows: Sequence[Row], claims: Sequence[Claim], notes: Sequence[str]) -> str:
    """Markdown: two tables of commands, one of claims, and notes."""
    lines = ["# Timed", "", *_table(rows), "", "## Long documents", "", *_table(long_rows), "", "## Claims", ""]
    lines += ["| what | bound | measured | |", "|---|---|---|---|"]
    for claim in claims:
        sign = ">=" if claim.at_least else "<="
        lines.append(f"| {claim.what} | {sign} {claim.bound:g} | {claim.value:.3g} | {'held' if claim.held else '**missed**'} |")
    return "\n".join([*lines, "", "## Notes", "", *(f"- {note}" for note in notes), ""])


def _table(rows: Sequence[Row]) -> list[str]:
    lines = [
        "| command | reads | documents | documents / s | tokens / s | speed, aikind = 1 | memory, MB | install, MB |",
        "|" + "---|" * 8,
    ]
    for row in rows:
        m, size = row.measured, "–" if row.install_megabytes is None else f"{row.install_megabytes:.0f}"
        speed = row.reference.seconds / m.seconds
        lines.append(
            f"| {row.name} | {row.reads} | {m.documents} | {m.documents / m.seconds:.1f} | {m.tokens / m.seconds:,.0f} | {speed:.2g} "
            f"| {m.megabytes:.0f} | {size} |"
        )
    return lines
