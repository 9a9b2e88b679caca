"""Rounding the figures of a table to a base, and what a reader can still say about the true ones."""

from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import shown, whole_number
from migkit.measures.confidentiality._cells import (
    Cells,
    Floats,
    Hierarchies,
    fixed_order,
    need_sums,
    read_cells,
    values_of,
)
from migkit.measures.confidentiality._release import Release
from migkit.measures.confidentiality.cell_audit import SAME, Audit, attack
from migkit.reference import KitError, _

METHODS = ("nearest", "random", "controlled")


def _base_and_method(base: int, method: str) -> int:
    base = whole_number(base, "base")
    if base < 2:
        raise KitError(_("The base of rounding must be 2 or more; got {b}.").format(b=base))
    if method not in METHODS:
        raise KitError(
            _("There is no method {m}; use one of {methods}.").format(m=shown(method), methods=", ".join(METHODS))
        )
    return base


def round_table(
    table: pd.DataFrame,
    classifiers: Any,
    value: str = "value",
    base: int = 3,
    method: str = "controlled",
    seed: int = 0,
    hierarchies: Hierarchies | None = None,
) -> Release:
    """Round every figure of a table to a multiple of ``base``.

    ::

        nearest      to the nearest multiple (halves go up): error at most base/2; totals no longer add
        random       r over a multiple: up with chance r/base, down otherwise, so that the mean is right; error
        below
                     base; totals no longer add
        controlled   up or down to a multiple next to the figure, so that all totals still add, as near as
        possible:
                     error below base (in tables of three and more classifiers this may be impossible: then the
                     next multiples are allowed too, error below 2 x base)

    Source: Hundepool et al., Statistical Disclosure Control (Wiley 2012), chapter 5; controlled rounding: L. H.
    Cox and L. R. Ernst, "Controlled rounding", INFOR 20 (1982).

    Args:
        table: long form: one row a cell, rows of totals labelled "Total".
        classifiers: the classifier columns.
        value: the column of whole numbers.
        base: the base.
        method: ``"nearest"``, ``"random"`` or ``"controlled"``.
        seed: for ``"random"``.
        hierarchies: codes that are sums of others, see :func:`protect_table`.

    Returns:
        The rounded table, and a log: ``cells``, ``changed``, ``largest_change``, ``mean_change``, ``sums_broken``
        (totals that are no longer the sum of their parts).

    Raises:
        KitError: if a column is missing, a figure is no whole number, or totals are not the sum of their parts.

    >>> cells = pd.DataFrame({"born": ["GIN", "SEN", "MLI", "Total"], "value": [4, 4, 4, 12]})
    >>> round_table(cells, "born", base=5, method="nearest").frame["value"].tolist()
    [5, 5, 5, 10]
    >>> round_table(cells, "born", base=5).frame["value"].tolist()
    [5, 5, 5, 15]
    """
    what = _("The table")
    base = _base_and_method(base, method)
    order = fixed_order(table, classifiers, what)
    rows = table.iloc[order]
    cells = read_cells(rows, classifiers, hierarchies, what)
    figures = values_of(rows, value, what)
    if np.abs(figures - figures.round()).max(initial=0) > SAME:
        raise KitError(_("{what}: only whole numbers can be rounded to a base.").format(what=what))
    need_sums(cells, figures, what)
    down = np.floor(figures / base) * base
    over = figures - down
    if method == "nearest":
        rounded = np.floor(figures / base + 0.5) * base
    elif method == "random":
        rounded = down + base * (np.random.default_rng(seed).random(len(figures)) < over / base)
    else:
        rounded = _controlled(cells, figures, base)
    result = table.copy()
    back = np.empty(len(figures))
    back[order] = rounded
    result[value] = back.round().astype("int64")
    change = np.abs(rounded - figures)
    broken = int((np.abs(cells.sums @ rounded) > SAME).sum())
    log = pd.Series(
        {
            "cells": len(figures),
            "changed": int((change > 0).sum()),
            "largest_change": float(change.max(initial=0)),
            "mean_change": float(change.mean()) if len(change) else 0.0,
            "sums_broken": broken,
        }
    )
    return Release(result, log.to_frame("value"))


def _controlled(cells: Cells, figures: Floats, base: int) -> Floats:
    """The nearest table of multiples whose totals add: steps up from the multiple below, as whole numbers."""
    from scipy import sparse
    from scipy.optimize import Bounds, LinearConstraint, milp

    if not len(figures):
        return figures.copy()
    down = np.floor(figures / base)
    over = figures - down * base
    n = len(figures)
    one = sparse.identity(n)
    # Unknowns: the steps, and the distance of each cell from its figure.
    sums = sparse.hstack([cells.sums, sparse.csr_matrix((cells.sums.shape[0], n))], format="csr")
    above = LinearConstraint(sparse.hstack([base * one, -one], format="csr"), -np.inf, over)
    below = LinearConstraint(sparse.hstack([base * one, one], format="csr"), over, np.inf)
    for reach in (0, 1):
        # Steps of the base, from `down`: 0 or 1 (multiples stay as they are), then one further each way.
        floor = np.full(len(figures), -float(reach))
        roof = np.where(over > 0, 1.0, 0.0) + reach
        ties = LinearConstraint(sums, -(cells.sums @ down), -(cells.sums @ down))
        # Among equals the first cells go down: tiny costs that rise with the place decide it.
        order = 1e-4 * np.arange(n, 0, -1) / n
        done = milp(
            np.concatenate([order, np.ones(n)]),
            constraints=[ties, above, below],
            bounds=Bounds(
                np.concatenate([np.maximum(floor, -down), np.zeros(n)]), np.concatenate([roof, np.full(n, np.inf)])
            ),
            integrality=np.concatenate([np.ones(n), np.zeros(n)]),
        )
        if done.status == 0:
            return np.asarray((down + done.x[:n].round()) * base)
    raise KitError(_("The table cannot be rounded to this base with its totals kept; use method='random'."))


def audit_rounding(
    table: pd.DataFrame,
    classifiers: Any,
    value: str = "value",
    base: int = 3,
    method: str = "controlled",
    hierarchies: Hierarchies | None = None,
    width: float = 1.0,
) -> Audit:
    """Attack a rounded table: the true figures that are possible for each cell, given how it was rounded.

    ::

        nearest               rounded - base/2 <= true < rounded + base/2
        random, controlled    rounded - base < true < rounded + base
        and                   true parts add to the true total, true >= 0

    Rounding all cells on their own can be undone where the errors of a sum all go one way.

    Source: Hundepool et al., Statistical Disclosure Control (Wiley 2012), chapter 5.

    Args:
        table: the rounded table, long form.
        classifiers, value, hierarchies: see :func:`audit_table`.
        base, method: how it was rounded.
        width: how far each cell must be able to slide.

    Returns:
        As :func:`audit_table`, for every cell.

    Raises:
        KitError: if a column is missing, a figure is no multiple of the base, or no true figures fit.

    >>> cells = pd.DataFrame({"born": ["GIN", "SEN", "Total"], "value": [5, 5, 5]})
    >>> audit_rounding(cells, "born", base=5, method="nearest").cells[["low", "high"]].values.tolist()
    [[3.0, 4.0], [3.0, 4.0], [6.0, 7.0]]
    """
    what = _("The table")
    base = _base_and_method(base, method)
    cells = read_cells(table, classifiers, hierarchies, what)
    figures = values_of(table, value, what)
    off = np.abs(figures / base - (figures / base).round()) > SAME
    if off.any():
        row = int(off.argmax())
        raise KitError(
            _("{what}: row {row} holds {value:g}, which is no multiple of {base}.").format(
                what=what, row=shown(table.index[row]), value=figures[row], base=base
            )
        )
    reach_down, reach_up = (base // 2, (base - 1) // 2) if method == "nearest" else (base - 1, base - 1)
    floor, roof = (figures - reach_down).clip(min=0), figures + reach_up
    everything = np.ones(len(figures), dtype=bool)
    low, high = attack(cells, figures, everything, floor, roof, whole=True)
    found = table[list(cells.labels.columns)].copy()
    found["low"], found["high"] = low.round(6), high.round(6)
    found["width"] = found["high"] - found["low"]
    found["disclosed"] = found["width"].lt(SAME)
    return Audit(found, float(width), bool((found["width"] >= max(width, SAME) - SAME).all()))


__all__ = ["audit_rounding", "round_table"]
