"""``kit browser build``."""

from collections.abc import Mapping
from pathlib import Path

import click

from migkit.cli.groups import ensure
from migkit.cli.progress import step
from migkit.reference import _
from migkit.reference.curriculum import curriculum


def exercises() -> Mapping[str, bytes]:
    """The participants' notebook of every module that has exercises."""
    from migkit.classroom.handout import participants_notebook

    ready = [module.slug for module in curriculum(ready_only=True) if "exercises" in module.rooms]
    return {slug: participants_notebook(slug) for slug in ready}


@click.command(
    name="build",
    epilog="Examples:\n\n  kit browser build\n\n  kit browser build --country GMB --lang en --out E:\\kit",
)
@click.option("--country", default="GMB", show_default=True, help=_("Country of the teaching data (ISO code)."))
@click.option("--lang", default="en", show_default=True, help=_("Language of the texts."))
@click.option(
    "--out",
    type=click.Path(file_okay=True, path_type=Path),
    help=_("Folder for the edition [default: _build/browser/COUNTRY-LANG]."),
)
@click.option(
    "--pyodide",
    "archive",
    type=click.Path(path_type=Path),
    help=_("The official archive pyodide-0.27.7.tar.bz2, if this machine has no internet."),
)
def command(country: str, lang: str, out: Path | None, archive: Path | None) -> None:
    """Build the browser edition: lessons, exercises, data and book, with Python running in the page.

    The first build fetches Python for the browser and keeps what it needs of it, 65 MB; every file is checked.
    The official archive weighs some hundreds of MB; where only package registries can be reached, it is about 85.
    Later builds do only what changed. An interrupted build goes on where it stopped.
    """
    ensure("browser")
    from migkit.editions.browser.build import build

    with step(_("browser edition")) as report:
        built = build(country, lang, out, archive, exercises, report)
    files = built.manifest["files"]
    click.echo(
        _("  {files} files, {size} MB; made anew: {changed}").format(
            files=len(files),
            size=built.manifest["bytes"] // 10**6,
            changed=", ".join(built.changed) or _("nothing"),
        )
    )
    click.echo(f"  {built.out}")
    click.echo(_("  Open it: kit browser serve {out}").format(out=built.out))
