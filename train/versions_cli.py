"""``aikind model list | info | compare | verify | promote | rollback | push``: models and their versions."""

from __future__ import annotations

import json
from pathlib import Path

import click

from aikind.errors import DatasetError, MissingExtraError
from aikind.model_folder import MANIFEST, file_sha256, load_manifest
from aikind.model_store import ModelStore, resolve_model
from aikind.serve.output import prepare_standard_streams

__all__ = ["compare", "info", "list_versions", "promote", "push", "rollback", "verify"]

_FOLDER = click.Path(path_type=Path)
_TEXT = "We trained a model on last year's orders to forecast demand, and a chatbot writes the weekly summary."


@click.command("list")
@click.argument("store", type=_FOLDER)
def list_versions(store: Path) -> None:
    """List the versions in STORE: which is in use, and what each was made from."""
    models = ModelStore(store)
    current = models.current
    for version in models.versions:
        about = load_manifest(models.model(version)).about
        parent = about.get("parent", {}).get("version", "")
        measured = "; ".join(f"{m['texts']} {m['kind_accuracy']:.1%}" for m in about.get("measured", []))
        origin = f"from {parent}" if parent else f"from {about.get('base_model', 'unknown')}"
        click.echo("  ".join(part for part in ("*" if version == current else " ", version, origin, measured) if part))


@click.command("info")
@click.argument("model", type=_FOLDER)
def info(model: Path) -> None:
    """Tell as JSON what made MODEL (a folder, or the one in use in a store): data, recipe, code, seed, figures, parent."""
    prepare_standard_streams()
    folder = resolve_model(model)
    manifest = load_manifest(folder)
    about = dict(manifest.about)
    known = {
        "folder": str(folder),
        "name": manifest.name,
        "manifest_sha256": file_sha256(folder / MANIFEST),
        "labels": list(manifest.label_set.names),
        "seed": about.get("settings", {}).get("seed"),
        "made_from": about,
    }
    click.echo(json.dumps(known, indent=2, ensure_ascii=False))


@click.command("verify")
@click.argument("model", type=_FOLDER)
def verify(model: Path) -> None:
    """Check that every file of MODEL is what its manifest says, and that it scores a text."""
    from math import isfinite

    from aikind.errors import ModelError
    from aikind.serve.tagger import Tagger

    tagging = Tagger(model).tag(_TEXT)
    if broken := [name for name, score in tagging.scores.items() if not isfinite(score)]:
        raise ModelError(f"{model}: scores {broken[0]} with {tagging.scores[broken[0]]}; the model is damaged. Make or fetch it again")
    click.echo(f"{resolve_model(model)}: whole; scores {', '.join(f'{n} {s:.2f}' for n, s in tagging.scores.items())} on a text of its own")


@click.command("compare")
@click.argument("first", metavar="A", type=_FOLDER)
@click.argument("second", metavar="B", type=_FOLDER)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=_FOLDER)
def compare(first: Path, second: Path, files: tuple[Path, ...]) -> None:
    """Set the models A and B side by side on the labelled texts of each FILE, with a paired test.

    A FILE is as for `aikind retrain --labels`. Labels that either model does not know are left out.

    \b
    Example:
      aikind model compare my-models/v1 my-models/v2 new.csv
    """
    try:
        from aikind.data.texts import read_answered
        from aikind.train import comparison
        from aikind.train.comparison_table import HOW_TO_READ, comparison_table
        from aikind.train.report_text import markdown_table
    except ImportError as error:
        raise MissingExtraError("comparing models", "train") from error
    prepare_standard_streams()
    ours, theirs = (load_manifest(resolve_model(model)).label_set for model in (first, second))
    names = [name for name in ours.names if name in theirs.names]
    done = []
    for file in files:
        rows, problems = read_answered([file], ours)
        for problem in problems:
            click.echo(f"warning: {problem.where}: {problem.message}", err=True)
        rows = [row for row in rows if any(name in row.labels for name in names)]
        if not rows:
            raise DatasetError(f"{file}: no row has a label that both models know ({', '.join(names) or 'there is none'})")
        texts = [row.text for row in rows]
        said = [comparison.answers_of(model, texts, names) for model in (first, second)]
        done.append(comparison.compare(file.name, names, comparison.gold_of(rows, names), *said))
    click.echo(markdown_table(comparison_table(done, f"A: {first}", f"B: {second}")))
    for c in done:
        click.echo(f"\n{c.name}: {c.only_a_right} texts are right in A only, {c.only_b_right} in B only; {c.changed} get other labels.")
    click.echo(f"\n{HOW_TO_READ}")


@click.command("promote")
@click.argument("store", type=_FOLDER)
@click.argument("version")
def promote(store: Path, version: str) -> None:
    """Put VERSION of STORE into use. Where VERSION is a model folder, it is copied into STORE first, which is made if need be.

    \b
    Examples:
      aikind model promote my-models v2
      aikind model promote my-models build/model
    """
    models = ModelStore(store)
    if not (models.exists and version in models.versions) and (Path(version) / MANIFEST).exists():
        version = models.copy_in(Path(version))
    models.promote(version)
    click.echo(f"{store}: {version} is in use")


@click.command("rollback")
@click.argument("store", type=_FOLDER)
def rollback(store: Path) -> None:
    """Put the version of STORE back into use that was in use before the current one."""
    click.echo(f"{store}: {ModelStore(store).rollback()} is in use")


@click.command("push")
@click.argument("model", type=_FOLDER)
@click.argument("repo_id", metavar="REPO_ID")
@click.option("--to", "target", type=_FOLDER, help="Write the repository's files to this folder, and upload nothing.")
@click.option("--private", is_flag=True, help="Make the repository a private one, if it is not there yet.")
def push(model: Path, repo_id: str, target: Path | None, private: bool) -> None:
    """Upload MODEL to the Hugging Face hub as REPO_ID (organisation/name), in the layout that others expect.

    `aikind tag --model REPO_ID` takes it from there, with `pip install 'aikind[hub]'`; transformers loads the encoder.
    Log in before with `hf auth login`, or set HF_TOKEN.

    \b
    Example:
      aikind model push my-models my-organisation/aikind-letters
    """
    try:
        from aikind.train.hub_layout import upload, write_layout
    except ImportError as error:
        raise MissingExtraError("uploading models", "train") from error
    if target is not None:
        write_layout(resolve_model(model), target, repo_id)
        click.echo(str(target))
        return
    click.echo(upload(resolve_model(model), repo_id, private))
