"""The small pictures by which a platform shows a channel and its modules: a title on a map, as PNG."""

import io
import json
import textwrap

from migkit.reference import ROOT
from migkit.reference.palette import OCHRE, SAND, TEAL, WHITE

#: Kolibri shows pictures at 16:9.
SIZE = (640, 360)


def picture(title: str, line: str) -> bytes:
    """A title with a smaller line below; the same words give the same bytes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.collections import PolyCollection
    from matplotlib.figure import Figure

    figure = Figure(figsize=(SIZE[0] / 100, SIZE[1] / 100), dpi=100, facecolor=TEAL)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.add_collection(PolyCollection(_land(), facecolor=WHITE, alpha=0.13, edgecolor=TEAL, linewidth=0.8))
    axes.set_xlim(-34, 20)
    axes.set_ylim(0, 30.4)
    words = textwrap.fill(title, 22)
    text = axes.text(
        0.07, 0.62, words, transform=axes.transAxes, color=WHITE, fontsize=29, fontweight="bold", va="center"
    )
    text.set_linespacing(1.15)
    axes.plot([0.07, 0.2], [0.22, 0.22], transform=axes.transAxes, color=OCHRE, linewidth=5)
    axes.text(0.07, 0.12, line, transform=axes.transAxes, color=SAND, fontsize=15, va="center")
    content = io.BytesIO()
    FigureCanvasAgg(figure).print_png(  # type: ignore[no-untyped-call]
        content, metadata={"Software": None}
    )
    return content.getvalue()


def _land() -> list[list[tuple[float, float]]]:
    """The outlines of the countries, in degrees."""
    shapes = json.loads((ROOT / "datasets" / "countries" / "boundaries.geojson").read_text(encoding="utf-8"))
    outlines = []
    for shape in shapes["features"]:
        geometry = shape["geometry"]
        parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
        outlines += [[(x, y) for x, y in part[0]] for part in parts]
    return outlines
