"""Flows that two tables of birthplace and residence imply: the fewest moves from the first to the second."""

from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import numbers, shown
from migkit.measures.estimation.focus import fit_margins
from migkit.measures.estimation.matrices import as_frame, no_sums, place_values
from migkit.reference import KitError, _

METHODS = ("minimum", "increase", "return")


def flows_from_stocks(first: Any, second: Any, method: str = "minimum", seed: Any = None) -> pd.DataFrame:
    """Migrants between places in a period, from the stocks by birthplace at its beginning and its end.

    ::

        "minimum"   for each birthplace, places that lost people send them to places that won some, in proportion
        "increase"  a stock that grew came from the birthplace; one that shrank does not count
        "return"    the same, and a stock that shrank went home

    "minimum" closes the accounts: applied to the first table the flows give the second. As many as possible stay,
    so it is a lower bound of moves. The tables must hold the same people: of each birthplace as many in the first
    as in the second. Take out the dead of the period from the first and the newborn from the second.

    Source: G. J. Abel, "Estimating global migration flow tables using place of birth data", Demographic Research
    28 (2013); stock differences: G. J. Abel and J. E. Cohen, Scientific Data 6 (2019).

    Args:
        first, second: persons by birthplace (rows) and residence (columns), the same places.
        method: ``"minimum"``, ``"increase"`` or ``"return"``.
        seed: for "minimum", a matrix of origins and destinations in whose proportions migrants go (such as 1 /
            distance).

    Returns:
        Migrants by origin (rows) and destination (columns), all birthplaces together; zeros on the diagonal.

    Raises:
        KitError: if places differ, or for "minimum" a birthplace does not have as many people in both tables.

    >>> before = pd.DataFrame({"A": [90, 10], "B": [10, 90]}, index=["A", "B"])
    >>> after = pd.DataFrame({"A": [85, 12], "B": [15, 88]}, index=["A", "B"])
    >>> print(flows_from_stocks(before, after))
         A    B
    A  0.0  5.0
    B  2.0  0.0
    """
    places, start = _stock_cells(first, _("The first table"))
    places_2, end = _stock_cells(second, _("The second table"))
    if set(places) != set(places_2):
        odd = sorted(map(str, set(places) ^ set(places_2)))
        raise KitError(_("The two tables must have the same places; check {p}.").format(p=", ".join(odd)))
    order = [list(places_2).index(place) for place in places]
    end = end[np.ix_(order, order)]
    if not isinstance(method, str) or method not in METHODS:
        raise KitError(
            _("There is no method {m}; use {have}.").format(m=shown(method), have=", ".join(map(shown, METHODS)))
        )
    if method == "minimum":
        flows = _fewest_moves(places, start, end, seed)
    else:
        change = end - start
        np.fill_diagonal(change, 0.0)
        flows = np.maximum(change, 0.0)
        if method == "return":
            flows = flows + np.maximum(-change, 0.0).T
    return pd.DataFrame(flows, index=places, columns=places)


def _fewest_moves(places: pd.Index, start: np.ndarray, end: np.ndarray, seed: Any) -> np.ndarray:
    uneven = ~np.isclose(start.sum(axis=1), end.sum(axis=1), rtol=1e-9, atol=1e-6)
    if uneven.any():
        row = int(uneven.argmax())
        raise KitError(
            _(
                "Born in {p}: {a:,.0f} in the first table, {b:,.0f} in the second. Both must hold the same; "
                "take out the dead from the first and the newborn from the second, and bring the sums to agree."
            ).format(p=shown(places[row]), a=start[row].sum(), b=end[row].sum())
        )
    base = np.ones(start.shape) if seed is None else _seed_cells(seed, places)
    flows = np.zeros(start.shape)
    for before, after in zip(start, end, strict=True):
        lost, won = np.maximum(before - after, 0.0), np.maximum(after - before, 0.0)
        if not lost.sum():
            continue
        flows += np.outer(lost, won) / won.sum() if seed is None else fit_margins(base, lost, won)
    np.fill_diagonal(flows, 0.0)
    return flows


def _seed_cells(seed: Any, places: pd.Index) -> np.ndarray:
    what = _("The seed")
    frame = as_frame(seed, what)
    if not isinstance(seed, pd.DataFrame):
        frame = (
            frame.set_axis(places, axis=0).set_axis(places, axis=1) if frame.shape == (len(places),) * 2 else frame
        )
    rows = [
        place_values(frame[place] if place in frame.columns else pd.Series(dtype=float), places, what)
        for place in places
    ]
    return np.column_stack(rows)


def _stock_cells(matrix: Any, what: str) -> tuple[pd.Index, np.ndarray]:
    frame = as_frame(matrix, what)
    no_sums([*frame.index, *frame.columns], what)
    if not frame.index.is_unique or not frame.columns.is_unique or set(frame.index) != set(frame.columns):
        odd = sorted(map(str, set(frame.index) ^ set(frame.columns)))
        raise KitError(
            _(
                "{what}: rows (birth) and columns (residence) must be the same places, each once; check {odd}."
            ).format(what=what, odd=", ".join(odd) or _("for doubles"))
        )
    if frame.empty:
        raise KitError(_("{what} has no rows.").format(what=what))
    columns = [
        numbers(frame[place], _("{what}, column {c!r}").format(what=what, c=str(place))) for place in frame.index
    ]
    return frame.index, np.column_stack([column.to_numpy() for column in columns])


__all__ = ["flows_from_stocks"]
