"""The picture on the book's first page: who lives where in West Africa, drawn from the published figures.

Each arc runs from a country of birth to the country of residence; its width grows with the square root of the
number of people (UN DESA, datasets/countries/corridors.csv). ``python -m migkit.editions.cover`` draws it again.
"""

import json
import math
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd

from migkit.reference import ROOT, corridors, countries
from migkit.reference.files import write_text
from migkit.reference.palette import MIST, SAND, TEAL

#: The picture, as the book shows it.
COVER: Path = ROOT / "book" / "_static" / "cover.svg"
#: How many corridors are drawn, the largest first.
ARCS = 46

_WIDTH, _HEIGHT = 1600, 900
_SCALE = 26.5  # pixels a degree; at these latitudes a degree of longitude is nearly one of latitude
_WEST, _NORTH = -44.6, 30.6  # what lies in the top left corner
# The sea is TEAL; land is TEAL made lighter, most where a training country is. The arcs are OCHRE, made lighter
# because they lie on a dark ground; those to the Gambia, the first lesson's country, are SAND.
_LAND, _FAR, _ARC = "#1d7180", "#145f6d", "#f2ab4e"

Point = tuple[float, float]


def draw() -> str:
    """The cover as SVG text."""
    shapes = json.loads((ROOT / "datasets" / "countries" / "boundaries.geojson").read_text(encoding="utf-8"))[
        "features"
    ]
    centres = {shape["properties"]["iso3"]: _centre(shape["geometry"]) for shape in shapes}
    flows = _largest()
    arcs = list(_arcs(flows, centres))
    ends = sorted({*flows.origin, *flows.destination})
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
            f'preserveAspectRatio="xMaxYMid slice" role="img">',
            "<defs>",
            *(gradient for gradient, _path in arcs),
            "</defs>",
            f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="{TEAL}"/>',
            f'<path d="{_graticule()}" stroke="{MIST}" stroke-opacity=".3" stroke-dasharray="1 6" fill="none"/>',
            f'<g stroke="{SAND}" stroke-opacity=".34" stroke-width="1.1" stroke-linejoin="round">',
            *(_land(shape) for shape in sorted(shapes, key=lambda s: not s["properties"]["context"])),
            "</g>",
            '<g fill="none" stroke-linecap="round">',
            *(path for _gradient, path in arcs),
            "</g>",
            f'<g fill="{SAND}">',
            *(f'<circle cx="{x:.0f}" cy="{y:.0f}" r="4"/>' for x, y in (centres[iso3] for iso3 in ends)),
            "</g>",
            "</svg>",
            "",
        ]
    )


def _training() -> list[str]:
    return [country.iso3 for country in countries(training_only=True)]


def _place(longitude: float, latitude: float) -> Point:
    return (longitude - _WEST) * _SCALE, (_NORTH - latitude) * _SCALE


def _rings(geometry: dict[str, Any]) -> Iterator[list[Point]]:
    parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    for part in parts:
        for ring in part:
            yield [_place(longitude, latitude) for longitude, latitude in ring]


def _area(ring: list[Point]) -> float:
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairwise(ring)) / 2


def _centre(geometry: dict[str, Any]) -> Point:
    """The centre of gravity of the largest ring."""
    ring = max(_rings(geometry), key=lambda candidate: abs(_area(candidate)))
    area, x, y = _area(ring), 0.0, 0.0
    for (x0, y0), (x1, y1) in pairwise(ring):
        cross = x0 * y1 - x1 * y0
        x, y = x + (x0 + x1) * cross, y + (y0 + y1) * cross
    return x / (6 * area), y / (6 * area)


def _outline(ring: Iterable[Point]) -> str:
    """A closed path in whole pixels, repeated points left out."""
    points = list(dict.fromkeys((round(x), round(y)) for x, y in ring))
    return "M" + "L".join(f"{x} {y}" for x, y in points) + "Z" if len(points) > 2 else ""


def _land(shape: dict[str, Any]) -> str:
    fill = _FAR if shape["properties"]["context"] else _LAND
    return f'<path fill="{fill}" d="{"".join(_outline(ring) for ring in _rings(shape["geometry"]))}"/>'


def _graticule() -> str:
    lines = [f"M{_place(longitude, 0)[0]:.0f} 0V{_HEIGHT}" for longitude in range(-40, 20, 5)]
    return "".join(lines + [f"M0 {_place(0, latitude)[1]:.0f}H{_WIDTH}" for latitude in range(0, 35, 5)])


def _largest() -> pd.DataFrame:
    """The ARCS largest corridors between training countries."""
    flows = corridors()
    flows = flows[flows.origin.isin(_training()) & flows.destination.isin(_training())]
    return flows.sort_values(["value", "origin", "destination"], ascending=[False, True, True]).head(ARCS)


def _arcs(flows: pd.DataFrame, centres: dict[str, Point]) -> Iterator[tuple[str, str]]:
    """For each corridor a gradient, from nothing at the origin to full colour, and a curve that uses it."""
    for number, row in enumerate(flows[::-1].to_dict("records")):  # the largest last, on top
        start, end = centres[row["origin"]], centres[row["destination"]]
        tone = SAND if row["destination"] == "GMB" else _ARC
        yield _gradient(number, start, end, tone), _curve(number, start, end, 1 + math.sqrt(row["value"]) / 75)


def _gradient(number: int, start: Point, end: Point, tone: str) -> str:
    ends = f'x1="{start[0]:.0f}" y1="{start[1]:.0f}" x2="{end[0]:.0f}" y2="{end[1]:.0f}"'
    return (
        f'<linearGradient id="a{number}" gradientUnits="userSpaceOnUse" {ends}>'
        f'<stop stop-color="{tone}" stop-opacity=".12"/><stop offset="1" stop-color="{tone}" stop-opacity=".95"/>'
        "</linearGradient>"
    )


def _curve(number: int, start: Point, end: Point, width: float) -> str:
    """A quadratic curve that bends to the left of its way, so that two opposite corridors lie apart."""
    (x0, y0), (x1, y1) = start, end
    bend_x, bend_y = (x0 + x1) / 2 + (y1 - y0) * 0.28, (y0 + y1) / 2 - (x1 - x0) * 0.28
    path = f"M{x0:.0f} {y0:.0f}Q{bend_x:.0f} {bend_y:.0f} {x1:.0f} {y1:.0f}"
    return f'<path d="{path}" stroke="url(#a{number})" stroke-width="{width:.1f}"/>'


if __name__ == "__main__":
    write_text(COVER, draw())
