"""Several tables of the same people: a cell that is hidden in one must not stand in another."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from migkit.measures._input import TOTAL
from migkit.measures.confidentiality._cells import (
    Bools,
    Cells,
    Floats,
    cell_name,
    need_sums,
    read_cells,
    values_of,
)
from migkit.measures.confidentiality._keys import Ints
from migkit.measures.confidentiality.cell_suppression import heuristic, withstands
from migkit.measures.confidentiality.protect import marked, tasks_by_minimum
from migkit.reference import KitError, _

if TYPE_CHECKING:
    from scipy import sparse

#: A table, its classifiers, and what tables must share for a cell of one to be a cell of the other.
LinkedTable = tuple[pd.DataFrame, Any, Hashable]
#: What a cell is, whatever table shows it: its labels without "Total", as pairs (classifier, label), or more.
Identity = frozenset[Any]
#: From the universe of a table and the labels of a cell to the identity of the cell.
Identify = Callable[[Any, Identity], Identity]
#: From the cells of all tables to further sums that hold: a cell, and the cells that add up to it.
Relate = Callable[[Sequence[Identity]], Iterable[tuple[Identity, Sequence[Identity]]]]


def protect_tables(
    tables: Sequence[LinkedTable],
    value: str = "value",
    minimum: int = 5,
    count: str | None = None,
    identify: Identify | None = None,
    relate: Relate | None = None,
) -> list[pd.DataFrame]:
    """Hide the small cells of several tables of the same people, and others for their sake, in all of them
    together.

    Tables share cells: the total, and the margins by a classifier that both have. A cell is the same in two tables
    if their universe is the same and all its labels but "Total" are: ``sex = F`` in a table by sex and in one by
    sex and age. It is hidden in all or in none, and the attack of :func:`protect_table` is made on all tables at
    once.

    Classifications of which one is finer than the other (ages by 5 and by 15 years) share only what has the same
    label: their sums are not known here, unless ``relate`` tells them. Publish one of them, or give both in one
    table with a hierarchy.

    Source: linked tables, in Hundepool et al., Statistical Disclosure Control (Wiley 2012), chapter 4.

    Args:
        tables: for each, the long table (rows of totals labelled "Total"), its classifiers (a name, several, or
            none for a single figure), and its universe: anything that is equal for tables of the same people and
            measure.
        value: the column of figures.
        minimum: the smallest number of persons that may be shown; 3 or more.
        count: the column of unweighted persons; None if ``value`` counts persons.
        identify: for tables of different people of which some cells are the same: gives each cell its identity,
            from the table's universe and the cell's labels. All tables are then protected together.
        relate: gives further sums that hold between cells of all the tables.

    Returns:
        The tables in the same order, with ``value`` (and ``count``) blank where hidden, and ``status``.

    Raises:
        KitError: as :func:`protect_table`, and if two tables hold different figures for the same cell.

    >>> by_sex = pd.DataFrame({"sex": ["F", "M", "Total"], "value": [42, 40, 82]})
    >>> by_both = pd.DataFrame({"sex": ["F", "F", "F", "M", "M", "M"], "born": ["GIN", "MLI", "Total"] * 2,
    ...                         "value": [2, 40, 42, 20, 20, 40]})
    >>> safe = protect_tables([(by_sex, "sex", "2024"), (by_both, ["sex", "born"], "2024")])
    >>> [int(table["value"].isna().sum()) for table in safe]
    [0, 2]
    """
    checked = [_one(number, table) for number, table in enumerate(tables, start=1)]
    if identify is not None:
        for part, (_table, _classifiers, universe) in zip(checked, tables, strict=True):
            part.identities[:] = [identify(universe, each) for each in part.identities]
        tables = [(table, classifiers, None) for table, classifiers, _universe in tables]
    universes = list(dict.fromkeys(universe for _table, _classifiers, universe in tables))
    result: list[pd.DataFrame | None] = [None] * len(checked)
    for universe in universes:
        here = [place for place, (_t, _c, other) in enumerate(tables) if other == universe]
        hidden, small = _protect([checked[place] for place in here], value, minimum, count, relate)
        for place, blank, primary in zip(here, hidden, small, strict=True):
            columns = [value, *([] if count is None else [count])]
            result[place] = marked(tables[place][0], blank, primary, columns)
    return [table for table in result if table is not None]


@dataclass(frozen=True)
class _Part:
    """One of the tables: its name in messages, its rows, its cells and the identity of each."""

    what: str
    table: pd.DataFrame
    cells: Cells
    identities: list[Identity]


def _one(number: int, linked: LinkedTable) -> _Part:
    from scipy import sparse

    what = _("Table {n}").format(n=number)
    if not isinstance(linked, tuple) or len(linked) != 3:
        raise KitError(
            _("{what}: give the table, its classifiers and its universe, in brackets.").format(what=what)
        )
    table, classifiers, _universe = linked
    if isinstance(classifiers, (list, tuple)) and not len(classifiers):
        # A single figure: the total alone.
        if not isinstance(table, pd.DataFrame) or len(table) > 1:
            raise KitError(_("{what} has no classifiers but more than one row.").format(what=what))
        cells = Cells(pd.DataFrame(index=range(len(table))), sparse.csr_matrix((0, len(table))))
    else:
        cells = read_cells(table, classifiers, None, what)
    identities = [
        frozenset((name, label) for name, label in zip(cells.labels.columns, row, strict=True) if label != TOTAL)
        for row in cells.labels.itertuples(index=False, name=None)
    ] or [frozenset()] * len(table)
    return _Part(what, table, cells, identities)


def _protect(
    parts: list[_Part], value: str, minimum: int, count: str | None, relate: Relate | None
) -> tuple[list[Bools], list[Bools]]:
    """For each table, which cells are hidden and which of them are small."""
    from scipy import sparse

    every = {identity for part in parts for identity in part.identities}
    # A fixed order: solvers choose among equals by position.
    ordered = sorted(every, key=lambda identity: (len(identity), sorted(map(str, identity))))
    number = {identity: place for place, identity in enumerate(ordered)}
    places = [np.array([number[each] for each in part.identities], dtype=np.int64) for part in parts]
    figures = _agreed(parts, places, value, len(ordered))
    persons = None if count is None else _agreed(parts, places, count, len(ordered))
    sums = []
    for part, place in zip(parts, places, strict=True):
        to = sparse.csr_matrix((np.ones(len(place)), (np.arange(len(place)), place)), (len(place), len(ordered)))
        sums.append(part.cells.sums @ to)
    for whole, pieces in relate(ordered) if relate is not None else ():
        row = np.zeros(len(ordered))
        row[[number[piece] for piece in pieces]] = 1
        row[number[whole]] = -1
        sums.append(sparse.csr_matrix(row))
    joint = sparse.vstack(sums, format="csr")
    shown_names = [
        ", ".join(" ".join(map(str, fact)) for fact in sorted(each, key=str)) or TOTAL for each in ordered
    ]
    names = pd.DataFrame({"cell": shown_names})
    cells = Cells(names, joint[_different_rows(joint)])
    need_sums(cells, figures, parts[0].what)
    tasks = tasks_by_minimum(cells, figures, persons, minimum, True, parts[0].what)
    hidden = heuristic(tasks) if tasks[0].small.any() else tasks[0].small
    if not all(withstands(task, hidden) for task in tasks):
        raise KitError(
            _("The tables could not be protected: the attack still finds a hidden cell; join categories.")
        )
    return [hidden[place] for place in places], [tasks[0].small[place] for place in places]


def _agreed(parts: list[_Part], places: list[Ints], column: str, many: int) -> Floats:
    """The figure of each cell, the same in all tables that have it."""
    figures = np.full(many, np.nan)
    for part, place in zip(parts, places, strict=True):
        own = values_of(part.table, column, part.what)
        before = figures[place]
        other = ~np.isnan(before) & (np.abs(before - own) > 1e-6 * np.maximum(1, np.abs(own)))
        if other.any():
            row = int(other.argmax())
            raise KitError(
                _(
                    "{what}: the cell {cell} holds {own:g}, and another table of the same universe {before:g}; "
                    "give tables of different people or measures different universes."
                ).format(
                    what=part.what,
                    cell=cell_name(part.cells.labels, row) or TOTAL,
                    own=own[row],
                    before=before[row],
                )
            )
        figures[place] = own
    return figures


def _different_rows(sums: sparse.csr_matrix) -> Ints:
    """The rows of a matrix without repetition: two tables may show the same sum."""
    sums.sort_indices()
    seen: dict[tuple[bytes, bytes], int] = {}
    for row in range(sums.shape[0]):
        part = slice(sums.indptr[row], sums.indptr[row + 1])
        seen.setdefault((sums.indices[part].tobytes(), sums.data[part].tobytes()), row)
    return np.array(list(seen.values()), dtype=np.int64)


__all__ = ["protect_tables"]
