"""The top floor: the command ``kit``. It parses, calls a lower floor, and prints."""

import importlib
import os
import sys
from typing import NoReturn

import click

from migkit import __version__
from migkit.reference import KitError, _

#: verb -> (module that holds its click command, one line of help shown without importing that module).
VERBS: dict[str, tuple[str, str]] = {
    "start": ("migkit.cli.start", _("Open the kit: data, book and JupyterLab, in the browser.")),
    "test": ("migkit.cli.tests", _("Run every test of the kit.")),
    "data": ("migkit.cli.data", _("Make synthetic data: a population and what each source records of it.")),
    "check": ("migkit.cli.check", _("Check your own file against a table of the data dictionary.")),
    "own": ("migkit.cli.own", _("Your own file: map its columns, check it, make tables of it.")),
    "world": ("migkit.cli.world", _("Compare the synthetic world with published figures.")),
    "book": ("migkit.cli.book", _("Build the book (a web site that needs no internet).")),
    "docs": ("migkit.cli.docs", _("Make session plans, slides and handouts: DOCX, PPTX, PDF.")),
    "browser": ("migkit.cli.browser", _("The kit in the browser: for a USB stick, a web server, Kolibri.")),
    "class": ("migkit.cli.class_", _("Run a class: hand out, collect, grade, give feedback.")),
}


class Verbs(click.Group):
    """A group that imports a verb only when it is asked for, so that ``kit --help`` answers at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All verbs, in the order in which people meet them."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a verb, or None if there is no such verb."""
        if cmd_name not in VERBS:
            return None
        command: click.Command = importlib.import_module(VERBS[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs with their one-line help, importing none of them."""
        with formatter.section(_("Verbs")):
            formatter.write_dl([(verb, text) for verb, (_module, text) in VERBS.items()])


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="kit")
def kit() -> None:
    """The migration data training kit.

    \b
    kit start              open the kit in the browser
    kit VERB --help        what a verb does, with examples

    All data made by the kit are synthetic.
    """


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and leave; a user's mistake is one sentence and exit code 1, never a traceback."""
    try:
        code = kit.main(args=arguments, prog_name=os.environ.get("KIT_PROGRAM", "kit"), standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)  # click gives the code of an Exit, else what the verb gave
    except click.ClickException as mistake:
        mistake.show()
        sys.exit(mistake.exit_code)
    except KitError as mistake:
        click.echo(f"kit: {mistake}", err=True)
        sys.exit(1)
    except (click.Abort, KeyboardInterrupt):
        click.echo(_("\nStopped. Nothing that was finished is lost; run the same command to go on."), err=True)
        sys.exit(130)
    except PermissionError as trouble:
        click.echo(
            _("kit: This computer does not let you use {file}: choose another folder.").format(
                file=trouble.filename
            ),
            err=True,
        )
        sys.exit(1)
    except OSError as trouble:
        if trouble.errno != 28:
            raise
        click.echo(_("kit: The disk is full: free some space and run the same command again."), err=True)
        sys.exit(1)
