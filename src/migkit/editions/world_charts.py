"""The pictures of the calibration report: published figures beside synthetic ones."""

import base64
import io
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, LogNorm, TwoSlopeNorm
from matplotlib.figure import Figure

from migkit.lesson.style import BRICK, GREY, INK, MIST, OCHRE, PALE, TEAL, WHITE, kit_style
from migkit.reference import _, countries, label

_BLUES = LinearSegmentedColormap.from_list("kit", [WHITE, PALE, TEAL])
_ERRORS = LinearSegmentedColormap.from_list("kit_errors", [TEAL, WHITE, BRICK])
#: Relative errors from here on have the full colour.
_FULL = 0.25
#: Differences are coloured for corridors of at least so many records; one record more or less says nothing.
_RECORDS = 10


@dataclass(frozen=True)
class Picture:
    """A chart as PNG and the words that stand for it."""

    png: bytes
    alt: str

    @property
    def address(self) -> str:
        """The picture inside a page."""
        return "data:image/png;base64," + base64.b64encode(self.png).decode("ascii")


def name(iso3: str) -> str:
    """The name of a country."""
    return label("country", iso3)


def _picture(figure: Figure, alt: str) -> Picture:
    """The figure as a picture, with the mark that the data are synthetic."""
    height = figure.get_size_inches()[1]
    figure.text(
        0.995,
        0.06 / height,
        _("SYNTHETIC DATA"),
        ha="right",
        va="bottom",
        fontsize=8,
        fontweight="bold",
        color=BRICK,
    )
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110, metadata={"Software": None})
    return Picture(buffer.getvalue(), alt)


def _grid(number: int, width: float = 10.0, row: float = 2.1) -> tuple[Figure, list[Axes]]:
    """A figure of small charts, four in a row."""
    rows = -(-number // 4)
    figure = Figure(figsize=(width, row * rows + 0.6), layout="constrained")
    figure.get_layout_engine().set(rect=(0, 0.03, 1, 0.925))  # type: ignore[union-attr, call-arg]
    axes = figure.subplots(rows, 4, squeeze=False).ravel()
    for empty in axes[number:]:
        empty.set_axis_off()
    return figure, list(axes[:number])


def _legend(figure: Figure, axes: Axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="upper left", ncols=len(labels), frameon=False, fontsize=9.5)


def population_by_year(found: pd.DataFrame) -> Picture:
    """Small charts by country: the population 2005 to 2026, published line and synthetic points."""
    rows = found[found["measure"] == "population_year"]
    codes = list(dict.fromkeys(rows["country"]))
    with kit_style():
        figure, axes = _grid(len(codes))
        for each, iso3 in zip(axes, codes, strict=True):
            own = rows[rows["country"] == iso3]
            years = own["detail"].astype("int64")
            each.plot(years, own["target"] / 1e6, color=TEAL, linewidth=1.8, label=_("Published"))
            each.plot(
                years, own["scaled"] / 1e6, ".", color=OCHRE, markersize=4.5, label=_("Synthetic, scaled up")
            )
            each.set_title(name(iso3), fontsize=10)
            each.set_ylim(0, max(own["target"].max(), own["scaled"].max()) / 1e6 * 1.12)
            each.set_xticks([2005, 2015, 2025])
            each.tick_params(labelsize=8)
        figure.supylabel(_("Million persons"), fontsize=9.5)
        _legend(figure, axes[0])
        worst = rows.iloc[int(np.nanargmax(rows["relative_error"].abs()))]
        alt = _(
            "Sixteen line charts of population from 2005 to 2026. Lines are published figures, points synthetic "
            "ones. The largest gap is {error:+.1%} in {country} in {year}."
        ).format(error=worst["relative_error"], country=name(worst["country"]), year=worst["detail"])
        return _picture(figure, alt)


def pyramids(found: pd.DataFrame) -> Picture:
    """Small charts by country: age pyramids, synthetic bars and published outline."""
    rows = found[found["measure"] == "age_sex"].copy()
    rows[["sex", "group"]] = rows["detail"].str.split(" ", expand=True)
    codes = list(dict.fromkeys(rows["country"]))
    with kit_style():
        figure, axes = _grid(len(codes), row=2.4)
        for each, iso3 in zip(axes, codes, strict=True):
            _pyramid(each, rows[rows["country"] == iso3])
            each.set_title(name(iso3), fontsize=10)
        figure.supxlabel(
            _("Per cent of the population: men to the left, women to the right"), fontsize=9.5, y=0.015
        )
        figure.supylabel(_("Age"), fontsize=9.5)
        _legend(figure, axes[0])
        alt = _(
            "Sixteen age pyramids. Bars are the synthetic population, the outline is the published one; the table "
            "of ages below holds the figures of each bar."
        )
        return _picture(figure, alt)


def _pyramid(axes: Axes, rows: pd.DataFrame) -> None:
    groups = list(dict.fromkeys(rows["group"]))
    heights = np.arange(len(groups))
    total, aim = rows["scaled"].sum(), rows["target"].sum()
    for sex, sign, colour in (("M", -1, TEAL), ("F", 1, OCHRE)):
        own = rows[rows["sex"] == sex].set_index("group").loc[groups]
        text = _("Men, synthetic") if sex == "M" else _("Women, synthetic")
        axes.barh(heights, sign * 100 * own["scaled"] / max(total, 1), height=0.9, color=colour, label=text)
        axes.stairs(
            (sign * 100 * own["target"] / aim).to_numpy(),
            np.arange(len(groups) + 1) - 0.5,
            orientation="horizontal",
            color=INK,
            linewidth=0.9,
            label=_("Published") if sex == "F" else None,
        )
    axes.set_yticks([0, 4, 8, 12, 16, 20], ["0", "20", "40", "60", "80", "100"])
    axes.tick_params(labelsize=8)
    edge = max(abs(value) for value in axes.get_xlim())
    axes.set_xlim(-edge, edge)
    axes.xaxis.set_major_formatter(lambda value, _at: f"{abs(value):.0f}")


def pairs(found: pd.DataFrame, names: list[str], title: str, alt: str) -> Picture:
    """Bars of targets with points of synthetic figures, one line for each row of ``found``."""
    with kit_style():
        figure = Figure(figsize=(10, 0.31 * len(found) + 1.3), layout="constrained")
        figure.get_layout_engine().set(rect=(0, 0.05, 1, 0.9))  # type: ignore[union-attr, call-arg]
        axes = figure.subplots()
        at = np.arange(len(found))[::-1]
        axes.barh(at, found["target"] / 1000, color=PALE, height=0.66, label=_("Published, carried to 2024"))
        axes.plot(
            found["scaled"] / 1000, at, "o", color=OCHRE, markeredgecolor=INK, label=_("Synthetic, scaled up")
        )
        axes.set_yticks(at, names)
        axes.set_ylim(-0.7, len(found) - 0.3)
        axes.set_xlabel(title)
        axes.xaxis.set_major_formatter(lambda value, _at: f"{value:,.0f}")
        axes.grid(axis="x")
        axes.tick_params(axis="y", length=0)
        _legend(figure, axes)
        return _picture(figure, alt)


def matrix(found: pd.DataFrame) -> Picture:
    """Heat maps of the corridors among the sixteen: synthetic stocks and how far they are from their targets."""
    rows = found[found["measure"] == "corridor"]
    codes = [one.iso3 for one in countries(training_only=True)]
    grids = {
        value: rows.pivot(index="country", columns="detail", values=value).reindex(index=codes, columns=codes)
        for value in ("scaled", "target", "relative_error")
    }
    stocks = grids["scaled"].where(grids["scaled"] > 0)
    least = _RECORDS * (rows["scaled"] / rows["synthetic"]).max()
    errors = grids["relative_error"].where(grids["target"] >= least)
    with kit_style():
        figure = Figure(figsize=(11, 5.6), layout="constrained")
        figure.get_layout_engine().set(rect=(0, 0.03, 1, 0.97))  # type: ignore[union-attr, call-arg]
        left, right = figure.subplots(1, 2)
        first = left.imshow(stocks.to_numpy(dtype=float), cmap=_BLUES, norm=LogNorm(100, 2_000_000))
        second = right.imshow(
            100 * errors.to_numpy(dtype=float),
            cmap=_ERRORS,
            norm=TwoSlopeNorm(0, -100 * _FULL, 100 * _FULL),
        )
        for axes, image, text, title in (
            (left, first, _("Persons"), _("Synthetic stock, scaled up")),
            (right, second, _("Per cent"), _("Difference from the target")),
        ):
            axes.set_xticks(range(len(codes)), codes, rotation=90, fontsize=8.5)
            axes.set_yticks(range(len(codes)), codes, fontsize=8.5)
            axes.set_title(title, fontsize=11)
            axes.set_xlabel(_("Country of birth"))
            axes.set_facecolor(MIST)
            for side in axes.spines.values():
                side.set_visible(False)
            bar = figure.colorbar(image, ax=axes, shrink=0.7, pad=0.02)
            bar.set_label(text, color=GREY)
            bar.outline.set_visible(False)
        left.set_ylabel(_("Country of residence"))
        alt = _(
            "Two heat maps, country of residence by country of birth. The left one shows the synthetic stock of "
            "each of {n} corridors, the right one how many per cent it lies above or below its target. Grey: "
            "no published figure, nobody, or (to the right) fewer than {least} records aimed at. The table of "
            "corridors holds the figures."
        ).format(n=len(rows), least=_RECORDS)
        return _picture(figure, alt)
