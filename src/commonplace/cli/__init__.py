"""The command line: parses, calls a collection, prints. stdout is machine-clean, progress goes to stderr."""

from __future__ import annotations

import io
import os
import sys
from typing import Any

import click

from commonplace import __version__
from commonplace.errors import CommonplaceError
from commonplace.lazy import load

COMMANDS = {
    "add": "commonplace.cli.keep:add",
    "update": "commonplace.cli.keep:update",
    "remove": "commonplace.cli.keep:remove",
    "status": "commonplace.cli.keep:status",
    "doctor": "commonplace.cli.keep:doctor",
    "rebuild": "commonplace.cli.move:rebuild",
    "rollback": "commonplace.cli.move:rollback",
    "export": "commonplace.cli.move:export",
    "import": "commonplace.cli.move:import_",
    "plan": "commonplace.cli.tune:plan",
    "tune": "commonplace.cli.tune:tune",
    "migrate": "commonplace.cli.move:migrate",
    "search": "commonplace.cli.find:search",
    "show": "commonplace.cli.find:show",
    "eval": "commonplace.cli.measure:evaluate",
    "classify": "commonplace.cli.encode:classify",
    "label": "commonplace.cli.keep:label",
    "embed": "commonplace.cli.encode:embed",
    "models": "commonplace.cli.models:models",
    "train": "commonplace.cli.encode:train",
    "completion": "commonplace.cli.completion:completion",
}


class LazyGroup(click.Group):
    """Loads a command's module when it is called: `--help` and completion stay quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click calls it so
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            from difflib import get_close_matches

            near = get_close_matches(name, COMMANDS, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else "See `commonplace --help`."
            ctx.fail(f"no command {name!r}. {hint}")
        command: click.Command = load(COMMANDS[name])
        return command

    def invoke(self, ctx: click.Context) -> Any:
        if isinstance(sys.stdout, io.TextIOWrapper):
            # File names need not be valid Unicode; JSON escapes them just so.
            sys.stdout.reconfigure(errors="backslashreplace")
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except CommonplaceError as error:
            click.echo(f"commonplace: {error}", err=True)
            ctx.exit(2)
        except BrokenPipeError:  # `| head` has seen enough
            sys.stderr.close()
            ctx.exit(0)
        except KeyboardInterrupt:
            click.echo(
                "commonplace: stopped; what was finished is kept, the same command goes on from there.", err=True
            )
            ctx.exit(130)
        except Exception as error:
            if os.environ.get("COMMONPLACE_TRACEBACK"):
                raise
            if isinstance(error, OSError) and error.filename is not None and error.strerror:
                click.echo(f"commonplace: {os.fsdecode(error.filename)}: {error.strerror.lower()}", err=True)
            else:
                what = " ".join(f"{type(error).__name__}: {error}".split())[:500]
                click.echo(
                    f"commonplace: an error that nobody foresaw: {what}. Please report it to the project with what "
                    f"COMMONPLACE_TRACEBACK=1 prints and the version, {__version__}.",
                    err=True,
                )
            ctx.exit(2)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="commonplace")
def main() -> None:
    """Search everything you keep: text, screenshots, diagrams, tables and recordings, in one shared vector space.

    \b
      commonplace add docs/ screenshots/
      commonplace search "firewall logs showing exfiltration"
      commonplace search --image dashboard.png
    """
