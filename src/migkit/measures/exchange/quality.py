"""A quality report on what a country sent: what is missing, what cannot be, what does not add up, what jumped."""

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

import pandas as pd

from migkit.measures._input import NOT_STATED, TOTAL, number
from migkit.measures.confidentiality.protect import PUBLISHED, SUPPRESSED
from migkit.measures.exchange.contents import codelist_of
from migkit.measures.exchange.receiving import ReceivedTable
from migkit.reference import KitError, _, codelist

#: Facts without which a table cannot be used.
_NEEDED = ("title", "unit", "country", "period", "source")
#: Column of the report and what it holds.
REPORT = ("table", "check", "severity", "where", "finding")
#: How many findings of one kind are told one by one.
_SHOWN = 5


def quality_report(
    received: Mapping[str, ReceivedTable],
    previous: Mapping[str, ReceivedTable] | None = None,
    tolerance: float = 0.5,
    jump: float = 0.5,
) -> pd.DataFrame:
    """All that a receiver should ask the sender about, the serious first.

    ::

        a total is wrong if   |total - sum of its parts| > tolerance x (number of parts + 1)
        a figure jumped if    |now / before - 1| > jump, and both are 100 or more

    The tolerance of half a unit a part lets figures pass that were rounded to whole persons. Totals with a
    suppressed part are only checked from below: the parts that are shown may not exceed them.

    Source: the dimensions of quality follow the European Statistics Code of Practice (2017) and the UN National
    Quality Assurance Frameworks Manual (2019); the thresholds are assumptions.

    Args:
        received: what :func:`read_workbook` or :func:`read_sdmx` gave.
        previous: the delivery of an earlier period, to see what jumped.
        tolerance: rounding allowed in each figure, in its unit.
        jump: change from one delivery to the next, as a share, that is worth a question.

    Returns:
        One row a finding: ``table``, ``check`` (readable, metadata, complete, codes, totals, negative, unknown,
        change), ``severity`` ("error", "question", "note"), ``where``, ``finding``. Empty if all is well.

    >>> cells = pd.DataFrame({"sex": ["F", "M", "Total"], "value": [3.0, 2, 9], "status": "published"})
    >>> facts = dict.fromkeys(("title", "unit", "country", "period", "source"), "x")
    >>> came = {"stock": ReceivedTable("stock", facts, ("sex",), cells)}
    >>> quality_report(came)["finding"].tolist()
    ['the total is 9, its parts add up to 5']
    """
    number(tolerance, "tolerance"), number(jump, "jump")
    lines: list[tuple[str, str, str, str, str]] = []
    for key, table in received.items():
        if not isinstance(table, ReceivedTable):
            raise KitError(_("The table {key!r} was not read by read_workbook or read_sdmx.").format(key=key))
        for check in (_faults, _facts, _codes, _complete, _negative, _unknown):
            lines += [(key, *found) for found in check(table)]
        lines += [(key, *found) for found in _totals(table, tolerance)]
        if previous is not None and key in previous:
            lines += [(key, *found) for found in _changes(table, previous[key], jump)]
    for key in set(previous or {}) - set(received):
        lines.append((key, "complete", "question", "", _("the table came last time and is missing now")))
    report = pd.DataFrame(lines, columns=list(REPORT))
    order = {"error": 0, "question": 1, "note": 2}
    place = report["severity"].map(order)
    return (
        report.assign(_order=place)
        .sort_values(["_order", "table"], kind="stable", ignore_index=True)
        .drop(columns="_order")
    )


Finding = tuple[str, str, str, str]


def _faults(table: ReceivedTable) -> Iterator[Finding]:
    for where, what in table.faults:
        yield "readable", "error", where, what


def _facts(table: ReceivedTable) -> Iterator[Finding]:
    missing = [name for name in _NEEDED if not table.facts.get(name, "").strip()]
    if missing:
        text = _("the sender does not say: {facts}").format(facts=", ".join(missing))
        yield "metadata", "question", "", text


def _codes(table: ReceivedTable) -> Iterator[Finding]:
    """Labels that the code list of a classifier does not know; cells that stand twice."""
    for name in table.classifiers:
        listed = codelist_of(name)
        if not listed:
            continue
        known = {*codelist(listed)["code"], NOT_STATED, TOTAL}
        strange = [code for code in dict.fromkeys(table.cells[name]) if code not in known]
        if strange:
            text = _("codes that the list {listed!r} does not know: {codes}").format(
                listed=listed, codes=", ".join(strange[:8]) + ("…" if len(strange) > 8 else "")
            )
            yield "codes", "question", name, text
    if len(table.classifiers):
        twice = table.cells.duplicated(list(table.classifiers))
        for cell in table.cells.loc[twice, list(table.classifiers)].head(_SHOWN).itertuples(index=False):
            yield "codes", "error", ", ".join(cell), _("the cell stands twice")


def _complete(table: ReceivedTable) -> Iterator[Finding]:
    cells = table.cells
    if cells.empty:
        yield "complete", "error", "", _("the table has no cell")
        return
    blank = cells["value"].isna() & cells["status"].eq(PUBLISHED)
    if blank.any():
        share = float(blank.mean())
        yield (
            "complete",
            "error" if share > 0.5 else "question",
            _place(cells[blank].iloc[0], table),
            _("{n} of {all} cells are blank without a reason").format(n=int(blank.sum()), all=len(cells)),
        )
    hidden = int(cells["status"].eq(SUPPRESSED).sum())
    if hidden:
        yield "complete", "note", "", _("{n} of {all} cells are suppressed").format(n=hidden, all=len(cells))
    for name in table.classifiers:
        if TOTAL not in set(cells[name]):
            yield "complete", "question", name, _("there is no total over {name}").format(name=name)


def _negative(table: ReceivedTable) -> Iterator[Finding]:
    unit = table.facts.get("unit", "").casefold()
    bad = table.cells["value"].lt(0)
    if bad.any() and "net" not in unit:
        text = _("{n} figures are negative").format(n=int(bad.sum()))
        yield "negative", "error", _place(table.cells[bad].iloc[0], table), text


def _unknown(table: ReceivedTable) -> Iterator[Finding]:
    """How much of the total is not stated."""
    cells = table.cells
    whole = cells[(cells[list(table.classifiers)] == TOTAL).all(axis=1)]["value"].sum() if table.classifiers else 0
    for name in table.classifiers:
        others = [each for each in table.classifiers if each != name]
        at = cells[name].eq(NOT_STATED) & (cells[others] == TOTAL).all(axis=1)
        share = float(cells.loc[at, "value"].sum() / whole) if whole > 0 else 0.0
        if share > 0.05:
            yield "unknown", "question", name, _("{share:.0%} are not stated").format(share=share)


def _totals(table: ReceivedTable, tolerance: float) -> Iterator[Finding]:
    """Each total against the sum of its parts, one classifier after the other."""
    measure = table.facts.get("measure", "")
    if measure.startswith("mean") or "per cent" in measure:
        return
    found: list[Finding] = []
    for name in table.classifiers:
        others = [each for each in table.classifiers if each != name]
        for place, part in _slices(table.cells, others):
            total, parts = part[part[name] == TOTAL], part[part[name] != TOTAL]
            if len(total) != 1 or parts.empty or total["value"].isna().any():
                continue
            whole, added = float(total["value"].iloc[0]), float(parts["value"].sum())
            allowed, open_ = tolerance * (len(parts) + 1), bool(parts["value"].isna().any())
            wrong = added - whole > allowed if open_ else abs(added - whole) > allowed
            if wrong:
                text = _("the total is {whole:,.10g}, its parts add up to {added:,.10g}").format(
                    whole=whole, added=added
                )
                found.append(("totals", "error", place, text))
    yield from found[:_SHOWN]
    if len(found) > _SHOWN:
        yield "totals", "error", "", _("{n} more totals do not add up").format(n=len(found) - _SHOWN)


def _slices(cells: pd.DataFrame, others: list[str]) -> Iterator[tuple[str, pd.DataFrame]]:
    if not others:
        yield "", cells
        return
    for labels, part in cells.groupby(others, sort=False):
        yield ", ".join(map(str, labels if isinstance(labels, tuple) else (labels,))), part


def _changes(table: ReceivedTable, before: ReceivedTable, jump: float) -> Iterator[Finding]:
    """Figures that moved more than ``jump`` since the earlier delivery."""
    names = [name for name in table.classifiers if name in before.classifiers]
    if len(names) != len(table.classifiers) or len(names) != len(before.classifiers):
        yield "change", "question", "", _("the classifiers are no longer those of the earlier delivery")
        return
    both = table.cells.merge(before.cells, on=names, suffixes=("", "_before"))
    large = both["value"].ge(100) & both["value_before"].ge(100)
    moved = large & (both["value"] / both["value_before"] - 1).abs().gt(jump)
    for row in both[moved].head(_SHOWN).to_dict("records"):
        text = _("{before:,.10g} before, {now:,.10g} now").format(before=row["value_before"], now=row["value"])
        yield "change", "question", ", ".join(str(row[name]) for name in names), text
    if int(moved.sum()) > _SHOWN:
        yield "change", "question", "", _("{n} more figures jumped").format(n=int(moved.sum()) - _SHOWN)


def _place(row: Any, table: ReceivedTable) -> str:
    return ", ".join(str(row[name]) for name in table.classifiers)


def compare_received(received: Mapping[str, Mapping[str, ReceivedTable]], key: str) -> pd.DataFrame:
    """The same table of several countries side by side, as a region puts it together.

    Args:
        received: country -> what it sent.
        key: the table.

    Returns:
        One row a cell (index: the classifiers), a column a country; blank where a country has no such cell.

    Raises:
        KitError: if no country sent the table, or two use other classifiers.

    >>> cells = pd.DataFrame({"sex": ["F", "Total"], "value": [3.0, 5.0], "status": "published"})
    >>> one = {"stock": ReceivedTable("stock", {}, ("sex",), cells)}
    >>> print(compare_received({"GMB": one, "SEN": one}, "stock"))  # doctest: +NORMALIZE_WHITESPACE
           GMB  SEN
    sex
    F      3.0  3.0
    Total  5.0  5.0
    """
    sent = {country: tables[key] for country, tables in received.items() if key in tables}
    if not sent:
        raise KitError(_("No country sent a table {key!r}.").format(key=key))
    for (one, first), (other, second) in combinations(sent.items(), 2):
        if first.classifiers != second.classifiers:
            raise KitError(
                _("The table {key!r} has the classifiers {a} in {one} and {b} in {other}.").format(
                    key=key, a=", ".join(first.classifiers), one=one, b=", ".join(second.classifiers), other=other
                )
            )
    names = list(next(iter(sent.values())).classifiers)
    columns = {
        country: table.cells.drop_duplicates(names).set_index(names)["value"] for country, table in sent.items()
    }
    order = list(dict.fromkeys(label for column in columns.values() for label in column.index))
    order.sort(
        key=lambda label: [
            part in (NOT_STATED, TOTAL) for part in (label if isinstance(label, tuple) else (label,))
        ]
    )
    together = pd.DataFrame({country: column.reindex(order) for country, column in columns.items()}, dtype=float)
    if len(names) == 1:
        return together.set_axis(pd.Index(order, name=names[0]), axis=0)
    return together.set_axis(pd.MultiIndex.from_tuples(order, names=names), axis=0)


__all__ = ["compare_received", "quality_report"]
