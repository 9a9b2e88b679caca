"""Tables of origins and destinations: rows say from where, columns say where to."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import in_order, is_unknown, need_columns, numbers, shown
from migkit.reference import KitError, _

SUMS = ("total", "totals", "all", "sum")


def no_sums(labels: Iterable[Any], what: str) -> None:
    """Raise a KitError if a sum stands among the places."""
    sums = [place for place in labels if str(place).strip().casefold() in SUMS]
    if sums:
        raise KitError(
            _("Leave the row and the column {total} out of the matrix: a sum is no place.").format(
                what=what, total=shown(sums[0])
            )
        )


def as_frame(matrix: Any, what: str) -> pd.DataFrame:
    """``matrix`` as a table; a plain square list of lists gets the places 1, 2, 3 ..."""
    if isinstance(matrix, (list, tuple, np.ndarray)):
        try:
            cells = np.asarray(matrix, dtype=float)
        except (TypeError, ValueError):
            cells = np.empty(0)
        if cells.ndim != 2:
            raise KitError(_("{what} must have rows and columns of numbers.").format(what=what))
        return pd.DataFrame(cells, index=range(1, len(cells) + 1), columns=range(1, cells.shape[1] + 1))
    need_columns(matrix, [], what)
    return pd.DataFrame(matrix)


def off_diagonal_numbers(square: pd.DataFrame) -> np.ndarray:
    """The cells of a square table, zeros on the diagonal: those who stayed are no migrants, counted or blank."""
    if all(isinstance(kind, np.dtype) and kind.kind in "iuf" for kind in square.dtypes):
        cells = square.to_numpy(dtype=float, copy=True)
        np.fill_diagonal(cells, 0.0)
        if np.isfinite(cells).all() and (cells >= 0).all():
            return cells
    columns = []
    for place in square.columns:
        column = square[place].astype(object)
        column[place] = 0.0
        columns.append(numbers(column, _("Column {c!r}").format(c=str(place))).to_numpy())
    return np.column_stack(columns)


def flow_cells(matrix: Any, what: str, fewest: int = 2) -> tuple[pd.Index, np.ndarray]:
    """Places and migrants of a matrix of flows, destinations in the order of origins, diagonal put to zero.

    Raises:
        KitError: if rows and columns are not the same places, a cell off the diagonal is blank or negative, or
            nobody moves.
    """
    frame = as_frame(matrix, what)
    no_sums([*frame.index, *frame.columns], what)
    if not frame.index.is_unique or not frame.columns.is_unique or set(frame.index) != set(frame.columns):
        odd = sorted(map(str, set(frame.index) ^ set(frame.columns)))
        raise KitError(
            _("{what}: rows (origins) and columns (destinations) must be the same places; check {odd}.").format(
                what=what, odd=", ".join(odd) or _("for doubles")
            )
        )
    if len(frame) < fewest:
        raise KitError(
            _("{what} must have {n} places or more; it has {have}.").format(what=what, n=fewest, have=len(frame))
        )
    cells = off_diagonal_numbers(frame[list(frame.index)])
    if not cells.sum():
        raise KitError(_("{what} holds no migrants, so no index can be taken.").format(what=what))
    return frame.index, cells


def place_values(values: Any, places: pd.Index, what: str) -> np.ndarray:
    """One number a place, in the order of ``places``; a list goes by position."""
    held = numbers(values, what)
    if not isinstance(values, pd.Series):
        if len(held) != len(places):
            raise KitError(
                _("{what}: {n} places need as many numbers; got {have}.").format(
                    what=what, n=len(places), have=len(held)
                )
            )
        return held.to_numpy()
    if not held.index.is_unique:
        raise KitError(_("{what}: a place is named twice.").format(what=what))
    missing = [place for place in places if place not in held.index]
    if missing:
        raise KitError(_("{what}: no number for {p}.").format(what=what, p=", ".join(map(shown, missing))))
    return held.loc[list(places)].to_numpy()


def flow_matrix(
    flows: pd.DataFrame,
    origin: str = "origin",
    destination: str = "destination",
    persons: str | None = "persons",
) -> pd.DataFrame:
    """A list of flows as a square matrix: origins in rows, destinations in columns, zeros where none is listed.

    Args:
        flows: one row a flow; several rows of one pair (by sex or year) are added up.
        origin, destination: columns with the places.
        persons: column with migrants; None counts each row once.

    Raises:
        KitError: if a place is not stated: such migrants are part of no cell, so leave them out and say how many.

    >>> flows = pd.DataFrame({"origin": ["A", "B"], "destination": ["B", "C"], "persons": [3, 4]})
    >>> print(flow_matrix(flows))  # doctest: +NORMALIZE_WHITESPACE
    destination  A  B  C
    origin
    A            0  3  0
    B            0  0  4
    C            0  0  0
    """
    what = _("The table of flows")
    need_columns(flows, [origin, destination, *([] if persons is None else [persons])], what)
    for column in (origin, destination):
        unknown = is_unknown(flows[column])
        if unknown.any():
            raise KitError(
                _(
                    "{what}: {c} is not stated in {n} rows, such as row {row}; leave them out, and say how many "
                    "they are."
                ).format(
                    what=what,
                    c=shown(column),
                    n=int(unknown.sum()),
                    row=shown(flows.index[int(unknown.to_numpy(dtype=bool).argmax())]),
                )
            )
    count = pd.Series(1, index=flows.index) if persons is None else flows[persons]
    each = numbers(count, _("{what}, column {c!r}").format(what=what, c=persons))
    whole = pd.api.types.is_integer_dtype(count.dtype)
    ends = [
        flows[column].astype(object).rename(name)
        for column, name in ((origin, "origin"), (destination, "destination"))
    ]
    cells = each.groupby(ends).sum().unstack("destination", fill_value=0)
    places = in_order({*cells.index, *cells.columns})
    square = cells.reindex(index=places, columns=places, fill_value=0.0).rename_axis(
        index=origin, columns=destination
    )
    return square.astype("int64") if whole else square


__all__ = ["flow_matrix"]
