"""A table in the shape in which an office publishes it: title, universe, unit, figures, notes, source."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from migkit.lesson.explorers.engine import number
from migkit.lesson.style import BRICK, GREY, INK, MIST, TEAL, synthetic_mark, synthetic_source
from migkit.reference import KitError, _, codelist

#: Rows that stay last, in this order, whatever the order of the others.
_LAST = ("Not stated", "Total")


@dataclass
class OfficialTable:
    """A table with everything that a reader needs to use it. ``frame`` holds the figures."""

    frame: pd.DataFrame
    title: str
    universe: str
    unit: str
    notes: tuple[str, ...] = ()
    source: str = ""
    synthetic: bool = True
    words: Mapping[str, str] = field(default_factory=dict)
    stub: str = ""

    def __repr__(self) -> str:
        """The table as plain text."""
        mark = f"[{synthetic_mark()}]\n" if self.synthetic else ""
        notes = "".join(f"\n({n}) {text}" for n, text in enumerate(self.notes, 1))
        head = f"{mark}{self.title}\n{_('Universe')}: {self.universe}. {_('Unit')}: {self.unit}."
        return (
            f"{head}\n{self.frame.rename(index=self.words, columns=self.words).to_string()}{notes}\n{self.source}"
        )

    def _repr_html_(self) -> str:
        rule = f"1.5px solid {INK}"
        mark = (
            f'<span style="float:right;border:1.5px solid {BRICK};color:{BRICK};font-size:.74rem;font-weight:700;'
            f'letter-spacing:.05em;padding:.05rem .45rem;border-radius:3px">{html.escape(synthetic_mark())}</span>'
            if self.synthetic
            else ""
        )
        head = (
            f'<caption style="caption-side:top;text-align:left;padding:.2rem 0 .5rem;color:{INK}">{mark}'
            f'<strong style="font-size:1.06rem">{html.escape(self.title)}</strong><br>'
            f'<span style="color:{GREY}">{html.escape(_("Universe"))}: {html.escape(self.universe)}. '
            f"{html.escape(_('Unit'))}: {html.escape(self.unit)}.</span></caption>"
        )
        notes = "".join(f'<li style="margin:0">{html.escape(text)}</li>' for text in self.notes)
        notes = f'<ol style="margin:.1rem 0 .3rem;padding-left:1.3rem">{notes}</ol>' if notes else ""
        source = html.escape(self.source)
        return (
            '<div class="kit-table" style="overflow-x:auto;max-width:52rem;margin:.8rem 0">'
            f'<table style="border-collapse:collapse;min-width:min(36rem,100%);background:#fff;color:{INK};'
            f'font-size:.92rem;border-bottom:{rule}">{head}{self._head(rule)}<tbody>{self._body()}</tbody></table>'
            f'<div style="font-size:.82rem;color:{GREY};margin-top:.4rem">{notes}{source}</div></div>'
        )

    def _say(self, label: Any) -> str:
        text = str(label)
        return html.escape(self.words.get(text, text))

    def _head(self, rule: str) -> str:
        cells = "".join(
            f'<th scope="col" style="text-align:right;padding:.3rem .7rem;border-top:{rule};border-bottom:{rule}">'
            f"{self._say(column)}</th>"
            for column in self.frame.columns
        )
        look = f"text-align:left;padding:.3rem .7rem .3rem 0;border-top:{rule};border-bottom:{rule}"
        stub = f'<th scope="col" style="{look}">{html.escape(self.stub)}</th>'
        return f"<thead><tr>{stub}{cells}</tr></thead>"

    def _body(self) -> str:
        decimals = [_decimals(self.frame.iloc[:, place]) for place in range(self.frame.shape[1])]
        lines = []
        for label, values in zip(self.frame.index, self.frame.itertuples(index=False), strict=True):
            total = str(label) == _LAST[-1]
            weight = "700" if total else "400"
            edge = f"border-top:1.5px solid {TEAL}" if total else f"border-top:1px solid {MIST}"
            cells = "".join(
                f'<td style="text-align:right;padding:.22rem .7rem;{edge};font-weight:{weight};'
                f'font-variant-numeric:tabular-nums">{_cell(value, digits)}</td>'
                for value, digits in zip(values, decimals, strict=True)
            )
            lines.append(
                f'<tr style="background:#fff"><th scope="row" style="text-align:left;'
                f"padding:.22rem .7rem .22rem 0;"
                f'font-weight:{weight};{edge}">{self._say(label)}</th>{cells}</tr>'
            )
        return "".join(lines)


def _decimals(column: pd.Series) -> int:
    """One decimal for the whole column if one of its figures has any, else none."""
    figures = pd.to_numeric(column, errors="coerce").dropna().astype(float)
    return int((figures != figures.round()).any())


def _cell(value: Any, digits: int) -> str:
    """A figure as an office prints it: an en dash for zero, two dots for not available."""
    if pd.isna(value):
        return ".."
    if isinstance(value, str):
        return html.escape(value)
    if value == 0:
        return "–"
    return f"{float(value):,.1f}" if digits else number(value)


def official_table(
    frame: pd.DataFrame,
    spec: Any = None,
    *,
    title: str = "",
    universe: str = "",
    unit: str = "",
    notes: tuple[str, ...] | list[str] = (),
    source: str = "",
    stub: str = "",
    words: Mapping[str, str] | None = None,
    codes: Sequence[str] = (),
    order: str = "",
    synthetic: bool = True,
) -> OfficialTable:
    """``frame`` dressed as an official table.

    Args:
        frame: the figures; one row a category, "Total" last.
        spec: a ``migkit.measures.TableSpec``; or give title, universe, unit, notes and source one by one.
        title, universe, unit, notes, source: what every published table says about itself; a synthetic table names
            its source by itself.
        stub: what the rows are, printed above them.
        words: what codes mean, for rows and columns: ``{"F": "Women"}``.
        codes: code lists that give these words: ``("country", "sex")``; ``words`` wins over them.
        order: "size" puts the largest row first (by the last column), "name" sorts by what the reader sees; left
            out, rows stay as they are. "Not stated" and "Total" stay last.
        synthetic: print the mark that the data are synthetic.

    Raises:
        KitError: if title, universe, unit or source is missing: such a table cannot be used by anybody else.
    """
    given: dict[str, Any] = {"title": title, "universe": universe, "unit": unit, "source": source}
    given["notes"] = tuple(notes)
    told = {key: value or getattr(spec, key, value) for key, value in given.items()}
    if synthetic and not told["source"]:
        told["source"] = synthetic_source()
    missing = [key for key in ("title", "universe", "unit", "source") if not told[key]]
    if missing:
        text = _("An official table also says: {missing}. Give it, for example unit='persons'.")
        raise KitError(text.format(missing=", ".join(missing)))
    if not isinstance(frame, pd.DataFrame):
        frame = pd.DataFrame(frame)
    heading = stub or str(getattr(spec, "rows", "") or frame.index.name or "")
    said = _common_words() | _meanings(codes) | dict(words or {})
    return OfficialTable(frame=_ordered(frame, order, said), **told, synthetic=synthetic, words=said, stub=heading)


def _ordered(frame: pd.DataFrame, order: str, words: Mapping[str, str]) -> pd.DataFrame:
    last = [row for row in _LAST if row in frame.index]
    rest = frame.drop(index=last)
    if order == "size":
        rest = rest.sort_values(frame.columns[-1], ascending=False, kind="stable")
    elif order == "name":
        rest = rest.loc[sorted(rest.index, key=lambda row: words.get(str(row), str(row)).casefold())]
    elif order:
        raise KitError(_('Rows can be put in order by "size" or by "name", not by {order!r}.').format(order=order))
    return pd.concat([rest, frame.loc[last]]) if order else frame


def _common_words() -> dict[str, str]:
    """What the measures call their rows and columns, in the reader's language."""
    return {
        "Total": _("Total"),
        "Not stated": _("Not stated"),
        "emigrants": _("Persons"),
        "percent": _("Per cent"),
    }


def _meanings(codes: Sequence[str]) -> dict[str, str]:
    words: dict[str, str] = {}
    for name in codes:
        known = codelist(name)
        words |= dict(zip(known["code"], known["label_en"], strict=True))
    return words
