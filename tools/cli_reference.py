"""Write the reference of the command line from its own help: ``python tools/cli_reference.py > docs/cli.md``."""

from __future__ import annotations

from collections.abc import Iterator

import click

from aikind.cli import root

_WIDTH = 120
_BEGINNING = """\
# The command line

Every command and option, as `--help` shows them. This page is generated from there: `make docs` writes it anew.
"""


def sections(command: click.Command, name: str, parent: click.Context | None = None) -> Iterator[str]:
    """The help of a command and of all those below it, each under a heading of its own."""
    context = click.Context(command, info_name=name, parent=parent, terminal_width=_WIDTH, max_content_width=_WIDTH)
    yield f"\n## {context.command_path}\n\n```\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            if found is not None and not found.hidden:
                yield from sections(found, below, context)


if __name__ == "__main__":
    print(_BEGINNING, *sections(root, "aikind"), sep="", end="")
