"""A map of birthplaces: one circle for each country of birth, its area in proportion to the number of people."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.collections import PolyCollection

from migkit.lesson.charts import Chart, _mark
from migkit.lesson.explorers.engine import number
from migkit.lesson.style import BRICK, GREY, INK, MIST, OCHRE, SAND, WHITE, dress, kit_style, new_figure
from migkit.reference import COUNTRY_NOT_STATED, ROOT, KitError, _, countries

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WINDOW = (-25.8, 15.2, 3.4, 24.2)  # west, east, south, north
_SEA = "#eef3f5"
#: Where a label would cover another, it goes here: offset in points from the circle's centre.
_NUDGE = {"GNB": (-50, -14), "SLE": (-40, -14), "LBR": (-14, -20)}

#: Where a circle in the middle of the country would hide another country: (longitude, latitude) instead.
_CENTRE = {"SEN": (-14.6, 15.35)}


@cache
def _boundaries() -> dict[str, tuple[bool, list[np.ndarray]]]:
    """For each country: whether it is context only, and its outer rings, the largest first."""
    path = ROOT / "datasets" / "countries" / "boundaries.geojson"
    if not path.is_file():
        raise KitError(
            _("The map needs {path}, which is missing: get it back from the kit's own copy.").format(path=path)
        )
    result = {}
    for feature in json.loads(path.read_text(encoding="utf-8"))["features"]:
        shape = feature["geometry"]
        parts = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
        rings = sorted((np.asarray(part[0], dtype=float) for part in parts), key=_area, reverse=True)
        result[feature["properties"]["iso3"]] = (bool(feature["properties"]["context"]), rings)
    return result


def _area(ring: np.ndarray) -> float:
    x, y = ring[:, 0], ring[:, 1]
    return float(abs(np.dot(x[:-1], y[1:]) - np.dot(x[1:], y[:-1])) / 2)


def _middle(ring: np.ndarray) -> tuple[float, float]:
    """The centre of gravity of a ring."""
    x, y = ring[:, 0], ring[:, 1]
    cross = x[:-1] * y[1:] - x[1:] * y[:-1]
    twice = cross.sum()
    return (
        float(((x[:-1] + x[1:]) * cross).sum() / (3 * twice)),
        float(((y[:-1] + y[1:]) * cross).sum() / (3 * twice)),
    )


def birthplace_map(
    counts: pd.Series, home: str = "GMB", title: str | None = None, source: str | None = None, lang: str = "en"
) -> Chart:
    """Circles over West Africa: how many residents of ``home`` were born in each country.

    Args:
        counts: persons by country of birth, index ISO 3166-1 alpha-3 codes; ``home`` itself and unknowns are left
            out of the circles, countries outside the map are summed up beside it.
        home: the country where the people live now.
        title: what to see.
        source: where the data are from; None means the kit's synthetic data.
        lang: language of the country names.

    Raises:
        KitError: if no entry of ``counts`` is a country of the map.
    """
    abroad = counts.drop([home, COUNTRY_NOT_STATED], errors="ignore")
    shapes = _boundaries()
    inside = abroad[[code in shapes and not shapes[code][0] for code in abroad.index]].sort_values(ascending=False)
    if inside.empty:
        text = _(
            "The map found no country of West Africa in the index of your counts; it needs codes such as SEN, GIN."
        )
        raise KitError(text)
    elsewhere = int(abroad.sum() - inside.sum())
    line, synthetic = _mark(source)
    names = {c.iso3: c.name[lang] for c in countries()}
    heading = title or _("Where residents of {home} who were born abroad come from").format(home=names[home])
    with kit_style():
        figure, (axes,) = new_figure(7.6, 5.2)
        _draw_land(axes, shapes, home)
        _draw_circles(axes, inside, shapes, names)
        _name_home(axes, shapes[home][1][0], names[home])
        _corner(axes, elsewhere)
        credit = _("{source} Boundaries: Natural Earth, public domain.").format(source=line)
        dress(
            figure,
            heading,
            _("Area of the circle in proportion to the number of people"),
            credit,
            synthetic,
            left=0.1,
        )
        figure.subplots_adjust(bottom=0.46 / 5.2, right=0.988)
    said = "; ".join(f"{names[str(code)]} {number(value)}" for code, value in inside.head(6).items())
    more = _("Born outside West Africa: {n}.").format(n=number(elsewhere))
    return Chart(figure, f"{heading}. {said}. {more} {line}")


def _draw_land(axes: Axes, shapes: dict[str, tuple[bool, list[np.ndarray]]], home: str) -> None:
    west, east, south, north = _WINDOW
    for code, (context, rings) in shapes.items():
        face = BRICK if code == home else (MIST if context else SAND)
        edge = BRICK if code == home else "#a9b3b9"
        axes.add_collection(
            PolyCollection(rings, facecolor=face, edgecolor=edge, linewidth=0.7, zorder=3 if code == home else 1)
        )
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)
    axes.set_aspect(1 / np.cos(np.deg2rad((south + north) / 2)))
    axes.set_facecolor(_SEA)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def _draw_circles(axes: Axes, inside: pd.Series, shapes: Any, names: dict[str, str]) -> None:
    largest = float(inside.max())
    for rank, (code, value) in enumerate(inside.items()):
        x, y = _CENTRE.get(str(code)) or _middle(shapes[code][1][0])
        size = 1500 * float(value) / largest
        axes.scatter([x], [y], s=size, color=OCHRE, alpha=0.78, edgecolor=WHITE, linewidth=1, zorder=4)
        radius = np.sqrt(size / np.pi)
        text = f"{names[str(code)]}\n{number(float(value))}"
        shift = _NUDGE.get(str(code), (0, 0))
        big = radius > 14
        place = (shift[0], shift[1] if shift != (0, 0) else (0 if big else radius + 3))
        axes.annotate(
            text,
            (x, y),
            xytext=place,
            textcoords="offset points",
            ha="center",
            va="center" if big or shift != (0, 0) else "bottom",
            fontsize=9.5 if rank < 4 else 8.5,
            fontweight="bold",
            color=INK,
            linespacing=1.1,
            zorder=6,
        )


def _name_home(axes: Axes, ring: np.ndarray, name: str) -> None:
    axes.annotate(
        name,
        (float(ring[:, 0].min()), float(ring[:, 1].mean())),
        xytext=(-36, 16),
        textcoords="offset points",
        ha="right",
        va="center",
        fontweight="bold",
        color=BRICK,
        fontsize=11,
        arrowprops={"arrowstyle": "-", "color": BRICK, "linewidth": 1.3},
        zorder=7,
    )


def _corner(axes: Axes, elsewhere: int) -> None:
    text = _("Born outside\nWest Africa: {n}").format(n=number(elsewhere))
    axes.text(0.015, 0.03, text, transform=axes.transAxes, fontsize=9.5, color=GREY, va="bottom", linespacing=1.3)


__all__ = ["birthplace_map"]
