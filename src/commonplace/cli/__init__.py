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
    "search": "commonplace.cli.find:search",
    "show": "commonplace.cli.find:show",
    "update": "commonplace.cli.keep:update",
    "remove": "commonplace.cli.keep:remove",
    "status": "commonplace.cli.keep:status",
    "doctor": "commonplace.cli.keep:doctor",
    "label": "commonplace.cli.keep:label",
    "classify": "commonplace.cli.encode:classify",
    "embed": "commonplace.cli.encode:embed",
    "plan": "commonplace.cli.tune:plan",
    "tune": "commonplace.cli.tune:tune",
    "rebuild": "commonplace.cli.move:rebuild",
    "rollback": "commonplace.cli.move:rollback",
    "export": "commonplace.cli.move:export",
    "import": "commonplace.cli.move:import_",
    "migrate": "commonplace.cli.move:migrate",
    "eval": "commonplace.cli.measure:evaluate",
    "models": "commonplace.cli.models:models",
    "train": "commonplace.cli.encode:train",
    "completion": "commonplace.cli.completion:completion",
}

SYNONYMS = {
    "index": "add", "ingest": "add", "init": "add", "sync": "update", "find": "search", "query": "search",
    "get": "show", "ls": "status --documents", "list": "status --documents", "info": "status", "rm": "remove",
    "delete": "remove", "backup": "export", "restore": "import", "check": "doctor",
}  # fmt: skip
"""What other programs call it."""


class LazyGroup(click.Group):
    """Loads a command's module when it is called: `--help` and completion stay quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click calls it so
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            from difflib import get_close_matches

            near = SYNONYMS.get(name) or next(iter(get_close_matches(name, COMMANDS, n=1)), None)
            ctx.fail(f"no command {name!r}. " + (f"Did you mean {near!r}?" if near else "See `commonplace --help`."))
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
