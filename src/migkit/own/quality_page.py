"""One page on the quality of a file and of the tables made of it: what to know before a figure is used."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from migkit.editions import report_page
from migkit.lesson.style import GREY, OCHRE, TEAL, kit_style, new_figure
from migkit.measures.census_quality import digit_preference, item_nonresponse
from migkit.own.checking import Finding
from migkit.own.harmonising import Harmonised
from migkit.own.mapping import WEIGHT, Map, fields_of
from migkit.own.reading import FEW, OwnFile
from migkit.own.tabulating import OwnTables
from migkit.reference import KitError, _
from migkit.reference.files import write_text

PAGE = "quality.html"
#: Single ages from here on are drawn together: few people are so old.
_OLDEST_DRAWN = 90
#: Whipple's and Myers' indices of fewer people than this say more of chance than of rounding.
_LEAST_AGES = 200


def write_quality_page(
    own: OwnFile, mapping: Map, held: Harmonised, findings: Sequence[Finding], made: OwnTables, folder: Path
) -> Path:
    """Write the page into a folder.

    Args:
        own, mapping, held: the file, its map and its harmonised rows.
        findings: what :func:`~migkit.own.checking.check` found.
        made: the tables.

    Returns:
        The path of the page.
    """
    sections = [
        ("file", _("The file"), _file(own, mapping)),
        ("findings", _("What does not fit"), _findings(findings)),
        ("unknown", _("What was not stated"), _unknown(mapping, held)),
    ]
    if "age" in held.rows:
        sections.append(("ages", _("How ages were reported"), _ages(held)))
    sections.append(("tables", _("The tables"), _tables(made)))
    sections.append(("left", _("Recommended tables that this file cannot fill"), _left_out(made)))
    title = _("Quality of the tables from {file}").format(file=own.name)
    mark = (
        _("SYNTHETIC DATA: not official statistics")
        if own.synthetic
        else _("DRAFT: to be reviewed by the office before anything is published")
    )
    path = folder / PAGE
    write_text(path, report_page.page(title, mark, f"<p>{escape(_intro(own, mapping))}</p>", sections))
    return path


def _intro(own: OwnFile, mapping: Map) -> str:
    return _("{rows} rows; {used} columns used, {unused} not read into anything. Answers refer to {day}.").format(
        rows=f"{len(own.rows):,}", used=len(mapping.columns), unused=len(mapping.unused), day=mapping.day or _("?")
    )


def _file(own: OwnFile, mapping: Map) -> str:
    known = {each.name: each for each in fields_of(mapping.described)}
    rows = [
        [
            each.name,
            escape(known[each.name].label),
            escape(each.source),
            str(len(each.codes) or "–"),
            str(sum(word == "?" for word in each.codes.values()) or "–"),
        ]
        for each in mapping.columns.values()
    ]
    head = [_("Column"), _("Meaning"), _("In the file"), _("Codes"), _("Open codes")]
    weighted = (
        _("Figures are weighted by {column}.").format(column=mapping.columns[WEIGHT].source)
        if WEIGHT in mapping.columns
        else _("Each row counts one: no weight is used.")
    )
    return report_page.table(_("Columns of the map"), head, rows, words={1, 2}) + report_page.note(weighted)


def _findings(findings: Sequence[Finding]) -> str:
    if not findings:
        return f"<p>{escape(_('Nothing was found.'))}</p>"
    rows = [
        [
            each.column or "–",
            escape(_("serious") if each.serious else _("to look at")),
            f"{each.rows:,}" if each.rows >= FEW else _("few") if each.rows else "–",
            escape(each.text),
        ]
        for each in findings
    ]
    note = _("Row numbers stand in the output of kit own check; this page may be handed on, so it holds none.")
    head = [_("Column"), _("Kind"), _("Rows"), _("Finding")]
    return report_page.table(_("Findings"), head, rows, words={1, 3}) + report_page.note(note)


def _unknown(mapping: Map, held: Harmonised) -> str:
    known = {each.name: each for each in fields_of(mapping.described)}
    items = [str(name) for name in held.rows.columns]
    items = [name for name in items if name != WEIGHT and known[name].type != "id"]
    if not items:
        return f"<p>{escape(_('The map names no column with answers.'))}</p>"
    table = item_nonresponse(held.rows, items)
    rows = [
        [
            escape(known[str(name)].label),
            f"{line['asked']:,}",
            f"{line['blank']:,}",
            f"{line['not_stated']:,}",
            f"{line['percent_missing']:.1f} %",
        ]
        for name, line in table.to_dict("index").items()
    ]
    everybody = [name for name in items if not known[name].universe and "none" not in known[name].blank]
    picture = _bars([known[name].label for name in everybody], table.loc[everybody, "percent_missing"].tolist())
    head = [_("Question"), _("Persons"), _("Blank"), _("Not stated"), _("Without an answer")]
    note = _(
        "A blank may also mean that a question was not asked of a person, such as education of small children."
    )
    alt = _("Bars: the share of persons without an answer, by question; the table below gives the figures.")
    return (
        report_page.figure(picture, alt, _("Questions to everybody: persons without an answer, per cent"))
        + report_page.table(_("Answers by question"), head, rows)
        + report_page.note(note)
    )


def _ages(held: Harmonised) -> str:
    known = held.rows[held.rows["age"].notna()]
    picture = report_page.figure(
        _age_chart(known["age"]),
        _("Bars: persons by single year of age; ages that end in 0 or 5 stand out in ochre where people rounded."),
        _("Persons by single year of age"),
    )
    try:
        by = "sex" if "sex" in held.rows else ()
        table = digit_preference(known, by=by)
    except KitError as why:
        return picture + report_page.note(str(why))
    rows = [
        [
            str(group),
            f"{line['persons']:,.0f}",
            f"{line['whipple']:.0f}",
            f"± {1.96 * line['whipple_se']:.0f}",
            f"{line['myers']:.1f}",
        ]
        for group, line in table.iterrows()
        if line["persons"] >= _LEAST_AGES
    ]
    head = [_("Group"), _("Persons aged 23 to 62"), _("Whipple"), _("95 % range by chance"), _("Myers")]
    note = _(
        "Whipple: 100 is no rounding to 0 and 5, 500 is all ages rounded. Myers: 0 is no preferred digit, 90 is "
        "one digit for all. A group of fewer than {n} is not shown."
    ).format(n=_LEAST_AGES)
    return picture + report_page.table(_("Rounding of ages"), head, rows) + report_page.note(note)


def _tables(made: OwnTables) -> str:
    rows = [
        [
            table.spec.title,
            f"{len(table.cells):,}",
            f"{made.hidden[table.spec.key]:,}",
            f"{100 * made.hidden[table.spec.key] / max(len(table.cells), 1):.0f} %",
            f"{made.outside[table.spec.key]:,}",
            escape(table.spec.standard or (_("proposed") if table.spec.proposed else "–")),
        ]
        for table in made.sent
    ]
    head = [_("Table"), _("Cells"), _("Hidden"), _("Share"), _("Rows of unknown universe"), _("Recommended by")]
    text = (
        _(
            "Cells of fewer than {n} persons are hidden, and as many others as it takes that none of them can be "
            "worked out from the totals. A cell that is hidden in one table is hidden in all."
        ).format(n=made.minimum)
        if made.minimum
        else _("Small cells are NOT hidden: these tables are for use inside the office only.")
    )
    return report_page.table(_("Tables made"), head, rows, words={5}) + report_page.note(text)


def _left_out(made: OwnTables) -> str:
    if not made.left_out:
        return f"<p>{escape(_('None: the file can fill them all.'))}</p>"
    rows = [[title, escape(", ".join(missing))] for title, missing in made.left_out.items()]
    return report_page.table(_("What is missing"), [_("Table"), _("Columns that the file lacks")], rows, words={1})


# ---------------------------------------------------------------------------------------------- pictures


def _bars(names: list[str], shares: list[float]) -> str:
    with kit_style():
        figure, (axes,) = new_figure(9.0, 0.5 + 0.3 * len(names))
        places = np.arange(len(names))[::-1]
        axes.barh(places, shares, color=TEAL, height=0.7)
        for place, share in zip(places, shares, strict=True):
            axes.text(share, place, f" {share:.1f}", va="center", fontsize=9, color=GREY)
        axes.set_yticks(places, names)
        axes.set_xlim(0, max([*shares, 1]) * 1.1)
        axes.xaxis.set_visible(False)
        axes.spines["bottom"].set_visible(False)
        return _address(figure)


def _age_chart(ages: pd.Series) -> str:
    years = np.floor(ages.clip(upper=_OLDEST_DRAWN)).astype(int)
    counts = years.value_counts().reindex(range(_OLDEST_DRAWN + 1), fill_value=0)
    counts = counts.where(counts >= FEW, 0)  # a bar of one or two persons would point at them
    colours = [OCHRE if age % 5 == 0 else TEAL for age in counts.index]
    with kit_style():
        figure, (axes,) = new_figure(9.0, 3.2)
        axes.bar(counts.index, counts, color=colours, width=0.85)
        axes.set_xlabel(_("Age in completed years ({n} stands for {n} or more)").format(n=_OLDEST_DRAWN))
        axes.set_xticks(range(0, _OLDEST_DRAWN + 1, 10))
        return _address(figure)


def _address(figure: Figure) -> str:
    """A figure as the address of a picture inside a page."""
    held = io.BytesIO()
    figure.savefig(held, format="png", dpi=110, bbox_inches="tight", metadata={"Software": None})
    return "data:image/png;base64," + base64.b64encode(held.getvalue()).decode("ascii")


__all__ = ["PAGE", "write_quality_page"]
