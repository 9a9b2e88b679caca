"""``save_file(what, "name.csv")``: a table or a chart as a file, with a link that saves it to disk.

It works the same in JupyterLab and in the browser edition, where the folder beside the notebook is in the browser.
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from migkit.lesson.box import Box
from migkit.lesson.charts import Chart
from migkit.lesson.tables import OfficialTable
from migkit.reference import KitError, _
from migkit.reference.files import write_bytes

#: Larger files get no link: the link holds the whole file, and the notebook holds the link.
LARGEST_LINK = 5 * 1024 * 1024

_KINDS = {
    ".csv": "text/csv",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".pdf": "application/pdf",
}


@dataclass(frozen=True)
class SavedFile:
    """A file that was written; as the last line of a cell it shows a link that saves it to disk."""

    path: Path
    size: int

    def _box(self) -> Box:
        said = _("{name} ({size} kB) lies beside the notebook.").format(
            name=self.path.name, size=max(1, round(self.size / 1024))
        )
        return Box("note", _("Saved"), [said])

    def __repr__(self) -> str:
        """Where the file is."""
        return repr(self._box())

    def _repr_html_(self) -> str:
        box = self._box()._repr_html_()
        if self.size > LARGEST_LINK or not self.path.is_file():
            return box
        content = base64.b64encode(self.path.read_bytes()).decode("ascii")
        link = (
            f'<a download="{html.escape(self.path.name)}" '
            f'href="data:{_KINDS[self.path.suffix.lower()]};base64,{content}">'
            f"{html.escape(_('Save {name} to disk').format(name=self.path.name))}</a>"
        )
        return box.removesuffix("</div>") + f'<div style="margin-top:.35em">{link}</div></div>'


def save_file(what: Any, name: str | Path) -> SavedFile:
    """Write a table or a chart to a file.

    Args:
        what: a table (a frame or a column), an official table, a chart of the kit or a figure of matplotlib.
        name: the file; its ending says the kind: ``.csv`` or ``.xlsx`` for a table, ``.png``, ``.svg`` or ``.pdf``
            for a chart.

    Returns:
        What shows a link that saves the file to disk.

    Raises:
        KitError: if the kind of file does not fit, or the folder is not there.
    """
    path = Path(name).expanduser()
    content = _content(what, path)
    if not path.parent.is_dir():
        text = _("There is no folder {folder} to save {name} in; make it first, or leave the folder out.")
        raise KitError(text.format(folder=path.parent, name=path.name))
    write_bytes(path, content)
    return SavedFile(path, len(content))


def _content(what: Any, path: Path) -> bytes:
    """The bytes of the file."""
    kind = path.suffix.lower()
    if isinstance(what, Chart):
        what = what.figure
    if isinstance(what, OfficialTable):
        what = what.frame
    if isinstance(what, pd.Series):
        what = what.to_frame()
    writers: dict[str, Callable[[Any], bytes]]
    if isinstance(what, pd.DataFrame):
        writers = {".csv": _csv, ".xlsx": _xlsx}
    elif isinstance(what, Figure):
        writers = dict.fromkeys((".png", ".svg", ".pdf"), partial(_picture, kind=kind[1:]))
    else:
        text = _("save_file takes a table or a chart, and this is of the kind {kind}.")
        raise KitError(text.format(kind=type(what).__name__))
    if kind not in writers:
        text = _("What is in a file of that name? Let {name} end in {kinds}.")
        raise KitError(text.format(name=path.name, kinds=_(" or ").join(writers)))
    return writers[kind](what)


def _with_index(table: pd.DataFrame) -> bool:
    """Whether the index says something: row numbers do not."""
    return not isinstance(table.index, pd.RangeIndex)


def _csv(table: pd.DataFrame) -> bytes:
    """CSV with the sign at its beginning by which Excel knows UTF-8."""
    return table.to_csv(index=_with_index(table), lineterminator="\n").encode("utf-8-sig")


def _xlsx(table: pd.DataFrame) -> bytes:
    held = io.BytesIO()
    table.to_excel(held, index=_with_index(table), engine="openpyxl")
    return held.getvalue()


def _picture(figure: Figure, kind: str) -> bytes:
    held = io.BytesIO()
    figure.savefig(held, format=kind, dpi=192)
    return held.getvalue()
