"""``kit start``: from a folder to an open kit."""

import subprocess
import threading
import time
import webbrowser
from contextlib import suppress
from pathlib import Path

import click

from migkit.cli import serving
from migkit.cli.progress import step
from migkit.reference import ROOT, _

BOOK_PORT, LAB_PORT = 8800, 8888


def prepare() -> Path:
    """Make the teaching data and the book, unless they are there and nothing they depend on has changed.

    Returns:
        The folder of the built book.
    """
    from migkit.editions import book
    from migkit.sources import write_teaching_data

    with step(_("teaching data")) as report:
        write_teaching_data(lambda table, done, tables: report(done / tables, table))
    with step(_("book")) as report:
        return book.build(progress=report).html


def _wait(process: subprocess.Popen[bytes]) -> None:
    """Stay until the user stops the kit or JupyterLab ends by itself (File > Shut Down)."""
    with suppress(KeyboardInterrupt):
        while process.poll() is None:
            time.sleep(0.3)


@click.command(epilog="Examples:\n\n  kit start\n\n  kit start --no-browser --port 9000")
@click.option("--browser/--no-browser", default=True, help="Open the home page in the browser (default) or not.")
@click.option(
    "--port", type=click.IntRange(1, 65535), help=f"Port of the book [default: {BOOK_PORT} or the next free]."
)
@click.option(
    "--lab-port",
    type=click.IntRange(1, 65535),
    help=f"Port of JupyterLab [default: {LAB_PORT} or the next free].",
)
def command(browser: bool, port: int | None, lab_port: int | None) -> None:
    """Open the kit: make the teaching data and the book if need be, serve the book and JupyterLab.

    Both are served to this machine only. The first start needs the internet for its packages; later starts
    need no network. Stop with Ctrl+C.
    """
    if port is None and serving.running_kit(BOOK_PORT) == str(ROOT):
        address = f"http://{serving.HOST}:{BOOK_PORT}/"
        click.echo(_("The kit is already open at {address}").format(address=address))
        if browser:
            webbrowser.open(address)
        return
    # Ask for the ports before the long steps: a taken one is said at once.
    port = serving.choose_port(port, BOOK_PORT, "--port")
    lab_port = serving.choose_port(lab_port, LAB_PORT, "--lab-port", avoid=port)
    folder = prepare()
    serving.end_on_signals()
    process, lab_address, log = serving.start_lab(lab_port)
    try:
        server = serving.serve_book(folder, port, lab_address)
        with step("JupyterLab"):
            serving.wait_until_it_answers(lab_address, process, log)
        home = f"http://{serving.HOST}:{port}/"
        click.echo("")
        click.echo(_("  Home page and book   {address}").format(address=home))
        click.echo(_("  JupyterLab           {address}").format(address=lab_address))
        click.echo(_("\n  Stop with Ctrl+C."))
        if browser:
            threading.Thread(target=webbrowser.open, args=(home,), daemon=True).start()
        _wait(process)
        server.shutdown()
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
    click.echo(_("\nThe kit is closed. Everything saved in JupyterLab is in its folder."))
