"""``kit book``: build the book."""

import webbrowser
from pathlib import Path

import click

from migkit.cli.progress import step
from migkit.reference import ROOT, _


@click.command(name="book")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=ROOT / "_build" / "book",
    help=_("Folder for the book; its pages go into html/ below. Default: _build/book."),
)
@click.option("--clean", is_flag=True, help=_("Forget earlier builds and run every notebook again."))
@click.option("--open", "show", is_flag=True, help=_("Open the book in the browser."))
def command(out: Path, clean: bool, show: bool) -> None:
    """Build the book: a web site that needs no internet.

    \b
    kit book                 build what changed
    kit book --clean         build everything, run every notebook
    kit book --out /media/usb/book
                             build onto a USB stick; open html/index.html from there
    """
    from migkit.editions.book import build

    with step(_("book")) as report:
        built = build(out, progress=report, clean=clean)
    state = _("was up to date") if built.unchanged else _("built")
    click.echo(_("  {pages} pages, {state}").format(pages=built.pages, state=state))
    click.echo(f"  {built.html / 'index.html'}")
    if show:
        webbrowser.open((built.html / "index.html").as_uri())
