"""``aikind dataset migrate``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from aikind.label_set import load_label_set

__all__ = ["migrate"]


@click.command("migrate")
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.argument("labels", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder for the carried-over files.")
def migrate(old: Path, new: Path, labels: tuple[Path, ...], output: Path) -> None:
    """Carry LABELS, given under the label set OLD, over to the label set NEW.

    LABELS are JSONL files with labels, or gold tables: CSV with a column for each label. NEW says in renamed_from and
    split_from what became of the labels of OLD. The folder gets each file under its name, migration.md, and open.jsonl with
    the documents whose label the change leaves open.

    Exit codes: 0 done, 1 done, but some rows could not be used, 2 nothing was written.

    \b
    Example:
      aikind dataset migrate old.toml new.toml data/labels/pool.csv -o carried/
    """
    from aikind.data.carry_over import CarryOver
    from aikind.data.migrate import migrate_file, migration_report

    names = [path.name.removesuffix(".gz") for path in labels]
    if twice := [name for name in names if names.count(name) > 1 or name in {"open.jsonl", "migration.md"}]:
        raise click.UsageError(f"More than one file in the folder would be called {twice[0]}; give that file another name or another run.")
    if any(path.exists() and (output / name).exists() and path.samefile(output / name) for path, name in zip(labels, names, strict=True)):
        raise click.UsageError(f"{output} holds the files that are to be carried over; give another folder.")
    carry_over = CarryOver(load_label_set(old), load_label_set(new))
    files = [migrate_file(path, carry_over) for path in labels]
    output.mkdir(parents=True, exist_ok=True)
    left_open = [one for file in files for one in file.left_open]
    texts = {name: file.content for name, file in zip(names, files, strict=True)}
    texts["open.jsonl"] = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in left_open)
    texts["migration.md"] = migration_report(carry_over, files)
    for name, text in texts.items():
        (output / name).write_text(text, encoding="utf-8")
    broken = [skip for file in files for skip in file.skipped.all]
    for skip in broken[:20]:
        click.echo(f"skipped {skip.where}: {skip.why}", err=True)
    if len(broken) > 20:
        click.echo(f"… and {len(broken) - 20} more", err=True)
    documents = sum(file.documents for file in files)
    click.echo(f"{output}: {documents} documents, {len(left_open)} of them left open; report in {output / 'migration.md'}")
    if broken:
        sys.exit(1)
