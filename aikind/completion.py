"""``aikind completion``: let a shell complete commands, options, choices and file names."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem, get_completion_class

__all__ = ["complete_paths", "completion"]

_SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that makes SHELL complete aikind's commands, options and file names.

    \b
    For this session:
      source <(aikind completion bash)
      source <(aikind completion zsh)
      aikind completion fish | source
    \b
    For every session:
      aikind completion bash > ~/.local/share/bash-completion/completions/aikind
      aikind completion zsh > "${fpath[1]}/_aikind"
      aikind completion fish > ~/.config/fish/completions/aikind.fish
    """
    kind = get_completion_class(shell)
    assert kind is not None  # click knows each of _SHELLS
    # The variable is the one that click looks for when it is called as aikind.
    click.echo(kind(context.find_root().command, {}, "aikind", "_AIKIND_COMPLETE").source())


def complete_paths(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Let the shell offer its files and folders for an argument that takes more than those, such as addresses."""
    return [CompletionItem(incomplete, type="file")]
