"""completion: the script that makes a shell complete commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    \b
      commonplace completion bash >> ~/.bashrc
      commonplace completion zsh >> ~/.zshrc
      commonplace completion fish > ~/.config/fish/completions/commonplace.fish
    """
    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(ctx.find_root().command, {}, "commonplace", "_COMMONPLACE_COMPLETE").source())
