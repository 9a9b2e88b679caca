"""Charts of a lesson: each with its title, its source, alt text and, where it must, the synthetic mark.

A chart function returns a :class:`Chart`; as the last line of a cell it shows itself. ``chart.alt`` is the text
that a screen reader reads; ``chart.save("name.png")`` keeps the picture for a report.
"""

from __future__ import annotations

import base64
import html
import io
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.ticker import FuncFormatter

from migkit.lesson.explorers.engine import number, percent
from migkit.lesson.style import (
    BRICK,
    GREY,
    INK,
    OCHRE,
    OCHRE_INK,
    PALE,
    TEAL,
    WHITE,
    dress,
    kit_style,
    new_figure,
    synthetic_source,
)
from migkit.reference import KitError, _

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Width of a shown picture in CSS pixels; it is drawn twice as fine, for projectors and print.
_SHOWN = 96
_FINE = 2


@dataclass
class Chart:
    """A drawn figure with the words that stand for it."""

    figure: Figure
    alt: str

    def __repr__(self) -> str:
        """The alternative text."""
        return _("Chart. {alt}").format(alt=self.alt)

    def _repr_html_(self) -> str:
        picture = base64.b64encode(self._png()).decode("ascii")
        width = round(self.figure.get_figwidth() * _SHOWN)
        return (
            f'<img class="kit-chart" alt="{html.escape(self.alt)}" width="{width}" '
            f'style="max-width:100%;height:auto;background:{WHITE}" src="data:image/png;base64,{picture}">'
        )

    def _png(self) -> bytes:
        buffer = io.BytesIO()
        self.figure.savefig(buffer, format="png", dpi=_SHOWN * _FINE, metadata={"Software": None})
        return buffer.getvalue()

    def save(self, path: str | Path) -> Path:
        """Write the picture as PNG to ``path`` and return the path."""
        target = Path(path).with_suffix(".png")
        if not target.parent.is_dir():
            text = _("There is no folder {folder} to save the chart in; make it first or leave the folder out.")
            raise KitError(text.format(folder=target.parent))
        draft = target.with_name(target.name + ".part")
        draft.write_bytes(self._png())
        return draft.replace(target)


def show(figure: Figure, alt: str) -> Chart:
    """Show a figure of your own (``plt.gcf()`` or ``ax.figure``) with alternative text ``alt``.

    Raises:
        KitError: if ``alt`` is empty: a picture without words is lost on who cannot see it.
    """
    if not alt.strip():
        raise KitError(_("Say in one sentence what the chart shows: show(figure, alt='...')."))
    return Chart(figure, alt.strip())


def _mark(source: str | None) -> tuple[str, bool]:
    """The source line and whether the chart shows synthetic data: it does unless a source is given."""
    return (synthetic_source(), True) if source is None else (source, False)


def _thousands(axis: Any) -> None:
    axis.set_major_formatter(FuncFormatter(lambda value, _position: number(value)))


def bars(
    values: Mapping[str, float | None] | pd.Series,
    title: str,
    unit: str = "",
    source: str | None = None,
    highlight: Sequence[str] = (),
    subtitle: str = "",
) -> Chart:
    """Horizontal bars, one for each entry of ``values``, in the given order, each with its number.

    An entry that is None is drawn as an empty place (a guess not typed). ``highlight`` names bars in ochre.
    ``source=None`` means the kit's synthetic data: the chart then carries the mark.
    """
    entries = {str(label): value for label, value in dict(values).items()}
    line, synthetic = _mark(source)
    with kit_style():
        figure, (axes,) = new_figure(7.6, 1.75 + 0.36 * len(entries) + (0.2 if subtitle else 0))
        _draw_bars(axes, entries, highlight)
        axes.set_xlabel(unit)
        longest = max((len(label) for label in entries), default=0)
        dress(figure, title, subtitle, line, synthetic, left=min(3.2, 0.35 + 0.082 * longest))
    said = "; ".join(f"{label}: {_amount(value)}" for label, value in entries.items())
    return Chart(figure, f"{title}. {said}. {line}")


def _amount(value: float | None) -> str:
    if value is None or pd.isna(value):
        return _("nothing given")
    return number(value) if abs(value) >= 100 or value == round(value) else f"{value:.1f}"


def _draw_bars(axes: Axes, entries: Mapping[str, float | None], highlight: Sequence[str]) -> None:
    lengths = [0.0 if value is None or pd.isna(value) else float(value) for value in entries.values()]
    colours = [OCHRE if label in highlight else TEAL for label in entries]
    places = np.arange(len(entries))
    axes.barh(places, lengths, color=colours, height=0.68)
    axes.set_yticks(places, list(entries))
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(min(0, min(lengths, default=0) * 1.15), max([*lengths, 1e-9]) * 1.16)
    _thousands(axes.xaxis)
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.spines["left"].set_visible(False)
    for place, (length, value) in enumerate(zip(lengths, entries.values(), strict=True)):
        side = "left" if length >= 0 else "right"
        axes.annotate(
            _amount(value),
            (length, place),
            xytext=(4 if length >= 0 else -4, 0),
            textcoords="offset points",
            va="center",
            ha=side,
            fontweight="bold",
        )


def pyramid(
    natives: pd.DataFrame,
    migrants: pd.DataFrame,
    title: str | None = None,
    source: str | None = None,
    labels: tuple[str, str] | None = None,
    width: int = 5,
    open_at: int = 75,
) -> Chart:
    """Population pyramid of two groups of persons, each as per cent of its own total, so that shapes compare.

    Args:
        natives: persons of the first group (filled bars); columns ``sex`` ("M", "F") and ``age``.
        migrants: persons of the second group (thick outline); same columns.
        title: says what to see; a plain title if left out.
        source: where the data are from; None means the kit's synthetic data.
        labels: names of the two groups.
        width: years in an age group.
        open_at: first age of the open group.

    Raises:
        KitError: if a column is missing or a group has nobody with sex and age stated.
    """
    names = labels or (_("Born in the country"), _("Born abroad"))
    shares = [
        _age_sex_shares(group, name, width, open_at)
        for group, name in zip((natives, migrants), names, strict=True)
    ]
    line, synthetic = _mark(source)
    heading = title or _("{second} and {first}, by sex and age").format(first=names[0].lower(), second=names[1])
    with kit_style():
        figure, (axes,) = new_figure(7.6, 5.4)
        _draw_pyramid(axes, shares, names)
        dress(figure, heading, _("Per cent of each group's own total"), line, synthetic, left=0.85)
    return Chart(figure, f"{heading}. {_pyramid_words(shares, names)} {line}")


def _age_sex_shares(persons: pd.DataFrame, name: str, width: int, open_at: int) -> pd.DataFrame:
    """Per cent of the group in each age group (rows) and sex (columns M, F); unknown sex or age left out."""
    for column in ("sex", "age"):
        if column not in persons.columns:
            text = _("The pyramid needs the column {column!r} for the group {name!r}; the table has: {found}.")
            raise KitError(text.format(column=column, name=name, found=", ".join(map(str, persons.columns))))
    known = persons[persons["sex"].isin(["M", "F"]) & persons["age"].notna()]
    if known.empty:
        raise KitError(_("Nobody in the group {name!r} has both sex and age stated.").format(name=name))
    start = (known["age"].astype(int).clip(upper=open_at) // width) * width
    table = pd.crosstab(start, known["sex"]).reindex(
        index=range(0, open_at + 1, width), columns=["M", "F"], fill_value=0
    )
    result: pd.DataFrame = 100 * table / len(known)
    result.index = [f"{age}–{age + width - 1}" if age < open_at else f"{open_at}+" for age in result.index]
    return result


def _draw_pyramid(axes: Axes, shares: Sequence[pd.DataFrame], names: tuple[str, str]) -> None:
    first, second = shares
    places = np.arange(len(first))
    for sex, sign in (("M", -1), ("F", 1)):
        axes.barh(places, sign * first[sex], height=0.86, color=PALE, edgecolor=WHITE, linewidth=0)
        edges = np.concatenate([[0], np.repeat(second[sex].to_numpy(), 2), [0]]) * sign
        steps = np.concatenate([[-0.5], [-0.5], np.repeat(places[:-1] + 0.5, 2), [places[-1] + 0.5] * 2])
        axes.plot(edges, steps, color=OCHRE, linewidth=2.4, solid_joinstyle="miter")
    limit = 1.5 * max(frame.to_numpy().max() for frame in shares)
    axes.set_xlim(-limit, limit)
    axes.set_ylim(-0.6, len(places) + 0.9)
    axes.set_yticks(places, list(first.index), fontsize=9)
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _position: f"{abs(value):.0f}%"))
    axes.axvline(0, color=WHITE, linewidth=1.5)
    axes.spines["left"].set_visible(False)
    axes.text(-limit * 0.5, len(places) + 0.15, _("Men"), ha="center", fontweight="bold")
    axes.text(limit * 0.5, len(places) + 0.15, _("Women"), ha="center", fontweight="bold")
    _label_pyramid(axes, shares, names, limit)


def _label_pyramid(axes: Axes, shares: Sequence[pd.DataFrame], names: tuple[str, str], limit: float) -> None:
    """Write each group's name beside its shape, on the women's side, with a short line to it."""
    first, second = shares
    grown = int(second["F"].to_numpy().argmax())
    young = int(first["F"].to_numpy()[:3].argmax())
    raised = young + 2.6 if abs(young + 2.6 - grown) > 1.5 else young + 1.4
    spots = (
        (names[0], float(first["F"].iloc[young]), young + 0.25, raised, TEAL),
        (names[1], float(second["F"].iloc[grown]), grown, max(grown + 2.2, raised + 2.0), OCHRE_INK),
    )
    for name, end, place, height, colour in spots:
        axes.annotate(
            "\n".join(textwrap.wrap(name, 12)),
            (end, place),
            xytext=(limit * 0.99, height),
            ha="right",
            va="center",
            fontweight="bold",
            color=colour,
            linespacing=1.15,
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 1.1, "shrinkB": 2},
        )


def _pyramid_words(shares: Sequence[pd.DataFrame], names: tuple[str, str]) -> str:
    words = []
    for frame, name in zip(shares, names, strict=True):
        total = frame.sum(axis=1)
        women = frame["F"].sum()
        text = _("{name}: {women} women; largest age group {age} with {share} of the group.")
        words.append(
            text.format(
                name=name,
                women=percent(women / 100, 0),
                age=total.idxmax(),
                share=percent(total.max() / 100),
            )
        )
    return " ".join(words)


def heaping(
    ages: pd.Series, title: str | None = None, source: str | None = None, first: int = 0, last: int = 89
) -> Chart:
    """Persons by single year of age; ages that end in 0 or 5 stand out.

    Args:
        ages: ages of persons, or counts of persons with the age as index (as ``value_counts()`` gives).
        title: what to see.
        source: where the data are from; None means the kit's synthetic data.
        first: first age shown.
        last: last age shown.
    """
    counts = _counts_by_age(ages).reindex(range(first, last + 1), fill_value=0)
    line, synthetic = _mark(source)
    heading = title or _("Persons by single year of age")
    with kit_style():
        figure, (axes,) = new_figure(7.6, 3.7)
        colours = [OCHRE if age % 5 == 0 else TEAL for age in counts.index]
        axes.bar(counts.index, counts.to_numpy(), color=colours, width=0.82)
        axes.set_xlim(first - 1, last + 1)
        axes.set_xticks(range(first, last + 1, 10))
        axes.set_xlabel(_("Age in completed years"))
        _thousands(axes.yaxis)
        dress(figure, heading, _("Ages ending in 0 or 5 in ochre"), line, synthetic, left=0.8)
    round_share = counts[counts.index % 5 == 0].sum() / max(counts.sum(), 1)
    text = _("{share} of persons aged {first} to {last} give an age ending in 0 or 5.")
    said = text.format(share=percent(round_share), first=first, last=last)
    return Chart(figure, f"{heading}. {said} {line}")


def _counts_by_age(ages: pd.Series) -> pd.Series:
    """Counts by age, from counts (unique whole-number index that is not the default one) or from single ages."""
    looks_counted = ages.index.is_unique and ages.index.name in ("age", "Age")
    if looks_counted:
        return ages.sort_index()
    known = pd.to_numeric(ages, errors="coerce").dropna().astype(int)
    return known.value_counts().sort_index()


def over_time(
    series: pd.Series,
    title: str,
    source: str,
    unit: str = "",
    extra: Mapping[int, tuple[str, float]] | None = None,
) -> Chart:
    """A published series by year (index) as a line with every value written, and other figures as marked points.

    ``extra`` maps a year to (label, value) of a figure from another source, drawn hollow and named.
    """
    others = dict(extra or {})
    with kit_style():
        figure, (axes,) = new_figure(7.6, 3.9)
        years = [int(year) for year in series.index]
        axes.plot(years, series.to_numpy(), color=TEAL, linewidth=2.4, marker="o", markersize=6)
        for year, value in zip(years, series.to_numpy(), strict=True):
            _note_point(axes, year, float(value), number(value), TEAL, (0, 9))
        for year, (label, value) in others.items():
            axes.plot(
                [year], [value], marker="D", markersize=9, color=WHITE, markeredgecolor=OCHRE, markeredgewidth=2
            )
            _note_point(axes, year, value, f"{label}\n{number(value)}", OCHRE_INK, (0, -30))
        top = max([*series.tolist(), *(value for _label, value in others.values())])
        axes.set_ylim(0, top * 1.2)
        axes.set_xlim(min(years) - 2, max([*years, *others]) + 3)
        axes.set_xticks(sorted({*years, *others}))
        _thousands(axes.yaxis)
        axes.set_ylabel(unit)
        dress(figure, title, "", source, bool(others), left=1.0)
    said = "; ".join(f"{year}: {number(value)}" for year, value in zip(years, series.to_numpy(), strict=True))
    also = "".join(f" {year}, {label}: {number(value)}." for year, (label, value) in others.items())
    return Chart(figure, f"{title}. {said}.{also} {source}")


def _note_point(axes: Axes, x: float, y: float, text: str, colour: str, shift: tuple[int, int]) -> None:
    axes.annotate(
        text,
        (x, y),
        xytext=shift,
        textcoords="offset points",
        ha="center",
        fontsize=9.5,
        fontweight="bold",
        color=colour,
        linespacing=1.2,
    )


def lines(table: pd.DataFrame, title: str, unit: str = "", source: str | None = None, subtitle: str = "") -> Chart:
    """One line for each column of ``table`` over its index (age groups, for example), named at its right end."""
    line, synthetic = _mark(source)
    styles = ((TEAL, "-"), (OCHRE, "--"), (BRICK, ":"), (INK, "-."))
    with kit_style():
        figure, (axes,) = new_figure(7.6, 3.9)
        places = np.arange(len(table))
        for (name, values), (colour, dash) in zip(table.items(), styles, strict=False):
            axes.plot(
                places, values.to_numpy(dtype=float), color=colour, linestyle=dash, linewidth=2.2, label=str(name)
            )
        axes.axhline(0, color=GREY, linewidth=0.8)
        axes.set_xticks(places, [str(label) for label in table.index], rotation=45, ha="right", fontsize=9)
        axes.set_ylabel(unit)
        _thousands(axes.yaxis)
        axes.legend(frameon=False, handlelength=2.8)
        dress(figure, title, subtitle, line, synthetic, left=1.05)
        figure.subplots_adjust(bottom=figure.subplotpars.bottom + 0.05)
    largest = {str(name): values.astype(float).idxmax() for name, values in table.items()}
    said = "; ".join(_("{name}: highest at {where}").format(name=n, where=w) for n, w in largest.items())
    return Chart(figure, f"{title}. {said}. {line}")
