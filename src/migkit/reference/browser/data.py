"""The teaching data of the edition: an index by URL, and each file fetched when a lesson asks for it."""

import json
import os
from functools import cache
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from migkit.reference.browser.requests import fetch
from migkit.reference.files import write_bytes

#: Where fetched files lie, in memory. Not beside the notebook: there they would count as the learner's own.
FOLDER = Path(gettempdir()) / "migkit_data"


def address() -> str:
    """The URL of the edition's data, with a slash at its end: KIT_DATA_URL, else beside JupyterLite's folder."""
    if named := os.environ.get("KIT_DATA_URL"):
        return named.rstrip("/") + "/"
    import js

    return str(js.location.href).rpartition("/lite/")[0] + "/data/"


@cache
def _index() -> dict[str, Any]:
    """What the edition holds: file name -> its bytes and sha256."""
    files: dict[str, Any] = json.loads(fetch(address() + "index.json"))["files"]
    return files


def offered() -> list[Path]:
    """The files of the edition, as they will lie in :data:`FOLDER`."""
    return [FOLDER / name for name in _index()]


def bring(path: Path) -> None:
    """Fetch one of the offered files, unless it is there.

    Raises:
        KitError: if it does not come.
    """
    if not path.is_file() and path.parent == FOLDER:
        # The mark of its content in the address: the browser may keep it for ever.
        write_bytes(path, fetch(f"{address()}{path.name}?v={_index()[path.name]['sha256'][:12]}"))
