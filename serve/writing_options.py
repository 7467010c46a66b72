"""The options of ``aikind tag`` that say what is written, and how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from typing import Any

import click

from aikind.serve.columns import DEFAULT_FIELDS, FIELDS
from aikind.serve.writers.formats import FORMATS

__all__ = ["WritingOptions", "writing_options"]


@dataclass(frozen=True, slots=True)
class WritingOptions:
    """What the command line says of the output; as the options below. ``target`` is a file, a folder or an address."""

    target: str | None
    output_format: str | None
    also_table: bool
    into_front_matter: bool
    fields: tuple[str, ...]
    carried: tuple[str, ...]
    only: tuple[str, ...]
    thresholds: dict[str, float]
    update: bool
    resume: bool


def _names(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, ...]:
    return tuple(name for part in (value or "").split(",") if (name := part.strip()))


def _field_names(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[str, ...]:
    names = _names(context, parameter, value)
    unknown = [name for name in names if name not in FIELDS]
    if unknown or (value is not None and not names):
        what = f"there is no field {unknown[0]!r}" if unknown else "no field is named"
        raise click.BadParameter(f"{what}; the fields are {', '.join(FIELDS)}.", context, parameter)
    return names or DEFAULT_FIELDS


def _thresholds(context: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> dict[str, float]:
    found = {}
    for item in value:
        label, _, number = item.rpartition("=")
        try:
            found[label] = float(number)
        except ValueError:
            found[label] = -1.0
        if not label or not 0 <= found[label] <= 1:
            raise click.BadParameter(f"{item!r}; expected LABEL=X with a probability X from 0 to 1.", context, parameter)
    return found


_OPTIONS = [
    click.option(
        "-o",
        "--output",
        "target",
        metavar="FILE",
        help="Write results to this file, or to an address such as s3://; it appears when the run is complete.",
    ),
    click.option(
        "-f",
        "--format",
        "output_format",
        type=click.Choice(FORMATS),
        help="Format of the results.  [default: by the suffix of -o; table on a terminal; else jsonl]",
    ),
    click.option("--table", "also_table", is_flag=True, help="Besides writing to -o, print a table."),
    click.option(
        "--into-front-matter",
        is_flag=True,
        help="Besides, write the tags into the Markdown files themselves, under the key aikind of their YAML front matter.",
    ),
    click.option(
        "--fields",
        callback=_field_names,
        metavar="A,B",
        help=f"Fields of each result, of {', '.join(FIELDS)}.  [default: all but tokens and evidence]",
    ),
    click.option(
        "--passthrough",
        "carried",
        callback=_names,
        metavar="A,B",
        help="Fields, columns or front matter entries of the input that go along.",
    ),
    click.option(
        "--only", multiple=True, metavar="KIND", help="Write results of this kind only; may be repeated. Failures are counted, and told."
    ),
    click.option(
        "--threshold",
        "thresholds",
        multiple=True,
        callback=_thresholds,
        metavar="LABEL=X",
        help="Probability from which on a document carries a label, instead of the model's; may be repeated.",
    ),
    click.option(
        "--update",
        is_flag=True,
        help="Tag only documents that are new or changed since the last run with --update; its state lies in OUTPUT.state.",
    ),
    click.option("--resume", is_flag=True, help="Go on where a run that was stopped left OUTPUT.part."),
]


def writing_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command, which gets them together as ``writing``."""

    @wraps(command)
    def gathered(*arguments: Any, **options: Any) -> Any:
        own = {f.name: options.pop(f.name) for f in fields(WritingOptions)}
        return command(*arguments, writing=WritingOptions(**own), **options)

    for option in reversed(_OPTIONS):
        gathered = option(gathered)
    return gathered
