"""``kit book``: build the book."""

import webbrowser
from pathlib import Path

import click
from tqdm import tqdm

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

    with tqdm(total=100, bar_format="{l_bar}{bar}| {postfix}", desc=_("Book"), leave=False) as bar:

        def progress(share: float, text: str) -> None:
            bar.set_postfix_str(text, refresh=False)
            bar.update(round(share * 100) - bar.n)

        built = build(out, progress=progress, clean=clean)
    state = _("was up to date") if built.unchanged else _("built in {n:.0f} s").format(n=built.seconds)
    click.echo(_("Book: {pages} pages, {state}.").format(pages=built.pages, state=state))
    click.echo(str(built.html / "index.html"))
    if show:
        webbrowser.open((built.html / "index.html").as_uri())
