"""``kit browser serve``: open a browser edition on this computer, or to the room."""

import json
from pathlib import Path

import click

from migkit.cli import serving
from migkit.editions.browser import packing
from migkit.editions.browser.assets.launcher import serve as server
from migkit.reference import KitError, _


@click.command(epilog="Examples:\n\n  kit browser serve editions/gambia_en\n\n  kit browser serve E:\\ --lan")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--port", type=click.IntRange(1, 65535), help="Port [default: the edition's own, or the next free].")
@click.option("--lan", is_flag=True, help="Let the others in the room open it too, over the Wi-Fi or the cable.")
@click.option("--browser/--no-browser", default=True, help="Open it in the browser (default) or not.")
def serve(folder: Path, port: int | None, lan: bool, browser: bool) -> None:
    """Open the browser edition in DIR.

    Work is kept by the browser under the address that is shown: open the edition at the same address next time.
    With --lan anybody in the same network can open it, and each one's work stays in their own browser. Stop
    with Ctrl+C.
    """
    check_edition(folder)
    if port is not None and not server.same_edition(port, server.read_settings(str(folder))):
        serving.choose_port(port, port, "--port", host="0.0.0.0" if lan else serving.HOST)
    try:
        server.run(str(folder), port, browser, _room_address() if lan else "")
    except server.Trouble as trouble:
        raise KitError(str(trouble)) from trouble


def check_edition(folder: Path) -> None:
    """Look whether an edition lies in ``folder``, and lies there whole.

    Raises:
        KitError: if not.
    """
    if not folder.is_dir():
        raise KitError(_("There is no folder {folder}.").format(folder=folder))
    manifest = folder / "manifest.json"
    if not manifest.is_file() or not (folder / server.SETTINGS).is_file():
        raise KitError(
            _("{folder} holds no browser edition; make one with: kit browser build --out {folder}").format(
                folder=folder
            )
        )
    try:
        files: dict[str, dict[str, int]] = json.loads(manifest.read_text(encoding="utf-8"))["files"]
        wrong = packing.wrong(folder, files)
    except (ValueError, KeyError, TypeError, AttributeError) as trouble:
        raise KitError(
            _("{file} cannot be read: copy the whole folder again, or build the edition again.").format(
                file=manifest
            )
        ) from trouble
    if wrong:
        raise KitError(
            _(
                "The edition in {folder} is not whole: files missing or cut short: {n}, the first is {name}. "
                "Copy the whole folder again, or build the edition again."
            ).format(folder=folder, n=len(wrong), name=wrong[0])
        )


def _room_address() -> str:
    from migkit.classroom.board_server import room_addresses

    found = room_addresses()
    if not found:
        raise KitError(
            _("This computer is in no network: join the room's Wi-Fi first, or leave out {option}.").format(
                option="--lan"
            )
        )
    return found[0]
