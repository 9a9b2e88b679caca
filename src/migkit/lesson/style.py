"""How lesson charts look: the kit's palette, quiet axes, and the mark that says the data are synthetic."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import matplotlib
from matplotlib.figure import Figure

from migkit.reference import _
from migkit.reference.palette import BRICK, INK, LEAF, MIST, OCHRE, SAND, SERIES, TEAL, WHITE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["BRICK", "INK", "LEAF", "MIST", "OCHRE", "SAND", "SERIES", "TEAL", "WHITE"]

#: A quieter ink, for notes and axes: still 4.5 to 1 on white.
GREY = "#56646f"
#: Ochre for words: dark enough to read on white.
OCHRE_INK = "#8a4f0c"
#: Teal for large filled areas behind an outline.
PALE = "#a9c3ca"

RC: dict[str, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 10.5,
    "text.color": INK,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.axisbelow": True,
    "axes.grid": False,
    "grid.color": MIST,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "figure.facecolor": WHITE,
    "savefig.facecolor": WHITE,
    "svg.hashsalt": "migkit",
}


@contextmanager
def kit_style() -> Iterator[None]:
    """Draw inside this block and the figure has the kit's look; other figures of the session keep theirs."""
    with matplotlib.rc_context(RC):  # type: ignore[arg-type]
        yield


def synthetic_source(country_name: str | None = None) -> str:
    """The source line of a chart or table made from the kit's own data."""
    place = country_name or _("The Gambia")
    return _("Source: synthetic data made for training, {place}. Not official statistics.").format(place=place)


def synthetic_mark() -> str:
    """The words printed on the face of everything that is made from synthetic data."""
    return _("SYNTHETIC DATA")


def new_figure(width: float = 7.6, height: float = 4.4, panels: int = 1) -> tuple[Figure, list[Axes]]:
    """A figure with room for a title, a source line and the synthetic mark. It is not registered with pyplot."""
    figure = Figure(figsize=(width, height), dpi=110)
    axes = [figure.add_subplot(1, panels, number + 1) for number in range(panels)]
    return figure, axes


def dress(figure: Figure, title: str, subtitle: str, source: str, synthetic: bool, left: float = 1.0) -> None:
    """Put title, subtitle, source line and, for synthetic data, the mark on ``figure`` and make room for them.

    ``left`` is the room for axis labels, in inches.
    """
    width, height = figure.get_size_inches()
    heading = textwrap.wrap(title, int(width * 9.2))
    below = textwrap.wrap(subtitle, int(width * 12.4))
    foot = textwrap.wrap(source, int((width - (1.5 if synthetic else 0.2)) * 16.5))
    top = 0.12 + 0.25 * len(heading) + 0.2 * len(below) + 0.2
    bottom = 0.16 + 0.15 * len(foot) + 0.46
    figure.subplots_adjust(left=left / width, right=1 - 0.25 / width, top=1 - top / height, bottom=bottom / height)
    at: dict[str, Any] = {"ha": "left", "va": "top", "linespacing": 1.25}
    figure.text(0.012, 1 - 0.1 / height, "\n".join(heading), fontsize=13, fontweight="bold", color=INK, **at)
    lower = 1 - (0.14 + 0.25 * len(heading)) / height
    figure.text(0.012, lower, "\n".join(below), fontsize=10, color=GREY, **at)
    figure.text(0.012, 0.08 / height, "\n".join(foot), ha="left", va="bottom", fontsize=8, color=GREY)
    if synthetic:
        _stamp(figure, height)


def _stamp(figure: Figure, height: float) -> None:
    figure.text(
        0.985,
        0.1 / height,
        synthetic_mark(),
        ha="right",
        va="bottom",
        fontsize=8.5,
        fontweight="bold",
        color=BRICK,
        bbox={"boxstyle": "round,pad=0.25", "facecolor": WHITE, "edgecolor": BRICK, "linewidth": 0.9},
    )
