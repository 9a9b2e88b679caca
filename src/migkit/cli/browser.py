"""``kit browser``: the edition that runs in the browser, from a stick or a plain web server."""

import importlib

import click

#: verb -> the module that holds its click command, imported only when it is asked for.
VERBS: dict[str, tuple[str, str]] = {
    "build": ("migkit.cli.browser_build", "command"),
    "serve": ("migkit.cli.browser_serve", "serve"),
    "kolibri": ("migkit.cli.browser_channel", "kolibri"),
    "quizzes": ("migkit.cli.browser_channel", "quizzes"),
}


class _Group(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module, name = VERBS[cmd_name]
        found: click.Command = getattr(importlib.import_module(module), name)
        return found


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def command() -> None:
    """The whole kit as a folder of pages with Python in them: nothing to install, no internet.

    \b
    kit browser build                        build it (the first time needs the internet, or --pyodide)
    kit browser serve _build/browser/GMB-en  open it here; --lan shows it to the room
    kit browser kolibri _build/browser/GMB-en --out CHANNEL
                                             the same as a channel for Kolibri
    kit browser quizzes --out FOLDER         quizzes for Moodle (GIFT, XML) and SCORM 1.2

    For a stick, copy the built folder onto it: it holds starters for Windows, macOS and Linux.
    """
