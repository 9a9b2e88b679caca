"""A published table as a set of cells and the sums that tie them: what an attacker can calculate with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migkit.measures._input import TOTAL, column_names, need_columns, numbers, shown, tidy
from migkit.reference import KitError, _

if TYPE_CHECKING:
    from scipy import sparse

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: For each classifier, the codes that are the sum of others: {"country": {"West Africa": ["GMB", "SEN"]}}.
Hierarchies = Mapping[Any, Mapping[Any, Sequence[Any]]]


@dataclass(frozen=True)
class Cells:
    """The cells of a table and their sums.

    Attributes:
        labels: one row a cell, one column a classifier.
        sums: one row a sum that the table shows, one column a cell: +1 for the parts, -1 for the total; for the
            true values, sums x values = 0.
    """

    labels: pd.DataFrame
    sums: sparse.csr_matrix


def cell_name(labels: pd.DataFrame, row: int) -> str:
    """A cell for a message: country = 'GMB', sex = 'F'."""
    held = labels.iloc[row]
    return ", ".join(f"{name} = {shown(value)}" for name, value in held.items())


def fixed_order(table: pd.DataFrame, classifiers: Any, what: str) -> NDArray[np.int64]:
    """The rows of a table in the order of their labels.

    Solvers choose among equals by position: with a fixed order of cells the answer does not depend on that of the
    rows.
    """
    names = column_names(classifiers, what)
    need_columns(table, names, what)
    labels = [np.array([str(label) for label in tidy(table[name])], dtype=str) for name in reversed(names)]
    return np.lexsort(labels) if names else np.arange(len(table))


def read_cells(table: pd.DataFrame, classifiers: Any, hierarchies: Hierarchies | None, what: str) -> Cells:
    """The cells of a long table: one row a cell, totals marked "Total".

    Raises:
        KitError: if a column is missing, a label is blank, a cell stands twice, or a hierarchy names strange
            codes.
    """
    names = column_names(classifiers, what)
    if not names:
        raise KitError(_("{what}: name at least one classifier.").format(what=what))
    need_columns(table, names, what)
    labels = pd.DataFrame({name: tidy(table[name]) for name in names}).reset_index(drop=True)
    for name in names:
        blank = labels[name].isna() | labels[name].eq("")
        if blank.any():
            raise KitError(
                _(
                    "{what}: row {row} has no label in the column {column}; write 'Not stated' where the value is "
                    "not known, and 'Total' in rows of totals."
                ).format(what=what, row=shown(table.index[int(blank.to_numpy().argmax())]), column=shown(name))
            )
    twice = labels.duplicated()
    if twice.any():
        raise KitError(
            _("{what}: the cell {cell} stands in it more than once.").format(
                what=what, cell=cell_name(labels, int(twice.to_numpy().argmax()))
            )
        )
    return Cells(labels, _sums(labels, names, hierarchies or {}, what))


def _parents(values: pd.Series, tree: Mapping[Any, Sequence[Any]], what: str) -> dict[Any, list[Any]]:
    """For each code that is a sum in the classifier: its parts."""
    held = list(dict.fromkeys(values))
    parts = {parent: list(children) for parent, children in tree.items()}
    for parent, children in parts.items():
        strange = [each for each in [parent, *children] if each not in held]
        if strange:
            raise KitError(
                _("{what}: the hierarchy of {column} names {code}, which the table does not hold.").format(
                    what=what, column=shown(values.name), code=shown(strange[0])
                )
            )
    below = [child for children in parts.values() for child in children]
    if len(set(below)) < len(below):
        raise KitError(
            _("{what}: the hierarchy of {column} puts a code under two others.").format(
                what=what, column=shown(values.name)
            )
        )
    if TOTAL in held and TOTAL not in parts:
        parts[TOTAL] = [code for code in held if code != TOTAL and code not in below]
    return parts


def _sums(labels: pd.DataFrame, names: list[Any], hierarchies: Hierarchies, what: str) -> sparse.csr_matrix:
    strange = [name for name in hierarchies if name not in names]
    if strange:
        raise KitError(
            _("{what}: a hierarchy is given for {column}, which is no classifier.").format(
                what=what, column=shown(strange[0])
            )
        )
    rows: list[int] = []
    columns: list[int] = []
    signs: list[float] = []
    made = 0
    for name in names:
        others = [each for each in names if each != name]
        group = labels.groupby(others, sort=False, dropna=False).ngroup() if others else pd.Series(0, labels.index)
        tree = _parents(labels[name], hierarchies.get(name, {}), what)
        of_group = {
            each: dict(zip(labels[name].loc[found], found, strict=True))
            for each, found in group.groupby(group).groups.items()
        }
        for cells in of_group.values():
            for parent, children in tree.items():
                parts = [cells[child] for child in children if child in cells]
                # A total whose parts are all left out (sub-totals only) says nothing.
                if parent in cells and parts:
                    rows += [made] * (len(parts) + 1)
                    columns += [*parts, cells[parent]]
                    signs += [1.0] * len(parts) + [-1.0]
                    made += 1
    from scipy import sparse

    return sparse.csr_matrix((signs, (rows, columns)), shape=(made, len(labels)))


def values_of(table: pd.DataFrame, column: Any, what: str, missing: bool = False) -> Floats:
    """The figures of a table."""
    need_columns(table, [column], what)
    name = _("{what}, column {column!r}").format(what=what, column=str(column))
    return numbers(table[column], name, missing=missing).to_numpy(float)


def need_sums(cells: Cells, values: Floats, what: str) -> None:
    """Raise a KitError unless the totals are the sums of their parts."""
    off = np.abs(cells.sums @ values)
    allowed = 1e-6 * np.maximum(abs(cells.sums) @ np.abs(values), 1)
    if (off > allowed).any():
        row = int((off > allowed).argmax())
        members = cells.sums.getrow(row)
        total = int(members.indices[members.data < 0][0])
        parts = float(values[members.indices[members.data > 0]].sum())
        raise KitError(
            _(
                "{what}: the cell {cell} holds {total:g}, but its parts add to {parts:g}. Give the table before "
                "it is rounded, with every category; a code that is itself a sum needs a hierarchy."
            ).format(what=what, cell=cell_name(cells.labels, total), total=values[total], parts=parts)
        )


__all__: list[str] = []
