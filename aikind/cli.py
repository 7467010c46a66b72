"""The root of the command line. Each command loads only what it needs."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib import import_module

import click

from aikind import __version__
from aikind.errors import AikindError

__all__ = ["main", "root"]

_COMMANDS = {
    "tag": ("aikind.serve.cli", "tag", "Tag documents with the kind of AI they discuss."),
    "explain": ("aikind.serve.explain_cli", "explain", "Show the sentences behind a document's labels."),
    "serve": ("aikind.serve.http.cli", "serve", "Tag documents over HTTP."),
    "annotate": ("aikind.annotate.cli", "annotate", "Label documents in a browser."),
    "labels": ("aikind.annotate.labels_cli", "labels", "Carry labels from and to other tools, and compare them."),
    "monitor": ("aikind.serve.monitor.cli", "monitor", "Tell whether a later collection differs from an earlier one."),
    "dataset": ("aikind.data.cli", "dataset", "Build labelled datasets from recipes."),
    "model": ("aikind.train.cli", "model", "Train, evaluate and export models; audit gold labels."),
}


class _LazyGroup(click.Group):
    """Knows its commands by name, and imports one only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, attribute, _ = _COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, _, summary) in _COMMANDS.items()])


@click.group(cls=_LazyGroup)
@click.version_option(__version__, prog_name="aikind")
def root() -> None:
    """Say which kind of AI a piece of writing discusses: predictive, generative, both or neither.

    \b
    Examples:
      aikind tag articles/
      aikind tag news.jsonl --text-field body -o tags.jsonl
    """


def main() -> None:
    """Run the command line. Whatever ends it early becomes one line and an exit code; a user sees no traceback."""
    try:
        # Outside standalone mode, click returns the code of an early exit, such as that of --help.
        code = root.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("aikind: interrupted", err=True)
        sys.exit(130)
    except AikindError as error:
        click.echo(f"aikind: {error}", err=True)
        sys.exit(2)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        click.echo(f"aikind: cut short: {where}{error.strerror or error}", err=True)
        with suppress(OSError, ValueError):  # what is still buffered cannot be written either
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(3)
    sys.exit(code if isinstance(code, int) else 0)
