"""How far migration keeps to a few paths: Gini indices, inequality, coefficients of variation, connectivity."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import shown
from migkit.measures.estimation.matrices import flow_cells
from migkit.reference import KitError, _


@dataclass(frozen=True)
class GiniIndices:
    """The Gini indices of a matrix of flows.

    Attributes:
        total: differences between all flows, 0 (all alike) to 1 (one flow holds everybody; if corrected).
        rows: the part of it within rows: origins whose migrants choose few destinations.
        columns: the part within columns: destinations whose migrants come from few origins.
        exchange: the part between each flow and its counterflow.
        rows_standardized, columns_standardized, exchange_standardized: these parts in percent of the uncorrected
            total.
        out_field: for each place, how uneven its destinations are, 0 to 1.
        in_field: for each place, how uneven its origins are.
        out_weighted, in_weighted, mean_weighted: the fields in one figure, as published software has it.
        out_mean, in_mean: the fields averaged with each place's own migrants as weights.
        corrected: whether ``total`` and the fields can reach 1 (see :func:`migration_gini`).
    """

    total: float
    rows: float
    columns: float
    exchange: float
    rows_standardized: float
    columns_standardized: float
    exchange_standardized: float
    out_field: pd.Series
    in_field: pd.Series
    out_weighted: float
    in_weighted: float
    mean_weighted: float
    out_mean: float
    in_mean: float
    corrected: bool


def sum_of_differences(values: np.ndarray) -> float:
    """Sum of the differences of all ordered pairs: the k-th of n, in order, counts 2 (2k - n - 1) times."""
    ordered = np.sort(values)
    n = len(ordered)
    return float(2 * (ordered * (2 * np.arange(1, n + 1) - n - 1)).sum())


def _off_diagonal(cells: np.ndarray) -> np.ndarray:
    """Each row without its diagonal cell."""
    n = len(cells)
    return cells[~np.eye(n, dtype=bool)].reshape(n, n - 1)


def _field(cells: np.ndarray, corrected: bool) -> np.ndarray:
    """Gini index of each row among its n - 1 cells off the diagonal; blank where nobody moves."""
    rows = _off_diagonal(cells)
    n = len(cells)
    scale = 2.0 * (n - 2 if corrected else n - 1)
    sums = scale * rows.sum(axis=1)
    spread = np.array([sum_of_differences(row) for row in rows])
    return np.asarray(np.divide(spread, sums, out=np.full(n, np.nan), where=sums > 0))


def migration_gini(matrix: Any, corrected: bool = True) -> GiniIndices:
    """The Gini indices of spatial focus.

    ::

        total     = sum of |M_ij - M_kl| over all pairs of flows / (2 (n(n-1) - 1) M)
                    not corrected: / (2 n(n-1) M)
        rows      = sum of |M_ij - M_ih| within rows     / (2 n(n-1) M)
        columns   = sum of |M_ij - M_gj| within columns  / (2 n(n-1) M)
        exchange  = sum of |M_ij - M_ji|                 / (2 n(n-1) M)
        standardized = 100 x part / uncorrected total
        field of i   = sum of |M_ij - M_ih| within its row / (2 (n - 2) M_i)
                       not corrected: / (2 (n - 1) M_i)

    The corrected denominators let an index reach 1 when one flow holds all migrants.

    Two ways to bring the fields to one figure are given. ``out_weighted`` is that of the R package
    migration.indices (0.3), whose figures are the published ones: the out-field of each place times its share of
    *in*-migrants, divided by n (``in_weighted``: the other way round). ``out_mean`` is a plain weighted mean: the
    share of *out*-migrants, not divided.

    Source: D. A. Plane and G. F. Mulligan, "Measuring spatial focusing in a migration system", Demography 34
    (1997); corrections and weights: M. Bell and others, "Cross-national comparison of internal migration", Journal
    of the Royal Statistical Society A 165 (2002).

    Args:
        matrix: migrants by origin (rows) and destination (columns), the same places; the diagonal does not count.
        corrected: whether ``total``, the fields and what follows from the fields are corrected.

    Raises:
        KitError: if rows and columns differ, a cell is blank or negative, or nobody moves.

    >>> hypothetical = [[0, 10, 10], [20, 0, 20], [30, 30, 0]]
    >>> gini = migration_gini(hypothetical)
    >>> round(gini.total, 4), round(gini.columns_standardized, 4), round(gini.in_weighted, 4)
    (0.2667, 25.0, 0.1222)
    """
    places, cells = flow_cells(matrix, _("The matrix of flows"))
    n, moved = len(cells), float(cells.sum())
    base = 2.0 * n * (n - 1) * moved
    flows = _off_diagonal(cells)
    spread = sum_of_differences(flows.ravel())
    uncorrected = spread / base
    rows = float(sum(map(sum_of_differences, flows)) / base)
    columns = float(sum(map(sum_of_differences, _off_diagonal(cells.T))) / base)
    exchange = float(np.abs(cells - cells.T).sum() / base)
    parts = [100 * part / uncorrected if uncorrected else np.nan for part in (rows, columns, exchange)]
    out_field, in_field = _field(cells, corrected), _field(cells.T, corrected)
    out_share, in_share = cells.sum(axis=1) / moved, cells.sum(axis=0) / moved
    out_weighted = float(np.nansum(out_field * in_share)) / n
    in_weighted = float(np.nansum(in_field * out_share)) / n
    return GiniIndices(
        total=spread / (2.0 * (n * (n - 1) - 1) * moved) if corrected else uncorrected,
        rows=rows,
        columns=columns,
        exchange=exchange,
        rows_standardized=parts[0],
        columns_standardized=parts[1],
        exchange_standardized=parts[2],
        out_field=pd.Series(out_field, index=places, name="out_field"),
        in_field=pd.Series(in_field, index=places, name="in_field"),
        out_weighted=out_weighted,
        in_weighted=in_weighted,
        mean_weighted=(out_weighted + in_weighted) / 2,
        out_mean=float(np.nansum(out_field * out_share)),
        in_mean=float(np.nansum(in_field * in_share)),
        corrected=corrected,
    )


def migration_connectivity(matrix: Any) -> float:
    """The share of all possible flows that are not zero.

    ::

        flows above 0 / (n (n - 1))

    Source: M. Bell and others, Journal of the Royal Statistical Society A 165 (2002).

    >>> migration_connectivity([[0, 5, 0], [1, 0, 0], [0, 2, 0]])
    0.5
    """
    _places, cells = flow_cells(matrix, _("The matrix of flows"))
    n = len(cells)
    return float((cells > 0).sum() / (n * (n - 1)))


def migration_inequality(matrix: Any, expected: str = "equal") -> float:
    """How far the flows are from what is expected: the share of migrants that would have to go elsewhere.

    ::

        half the sum of |M_ij / M - E_ij / M|
        "equal"    E_ij = M / (n (n - 1))
        "margins"  E_ij has the out- and in-migrants of each place, but origins and destinations are independent

    Source: M. Bell and others, Journal of the Royal Statistical Society A 165 (2002).

    Args:
        matrix: migrants by origin (rows) and destination (columns).
        expected: ``"equal"`` or ``"margins"``.

    Returns:
        0 (as expected) to 1.

    >>> round(migration_inequality([[0, 10, 10], [20, 0, 20], [30, 30, 0]]), 4)
    0.1667
    """
    _places, cells = flow_cells(matrix, _("The matrix of flows"))
    n, moved = len(cells), cells.sum()
    off = ~np.eye(n, dtype=bool)
    if not isinstance(expected, str) or expected not in ("equal", "margins"):
        raise KitError(_("The expected flows are 'equal' or 'margins'; got {e}.").format(e=shown(expected)))
    if expected == "equal":
        model = np.where(off, moved / (n * (n - 1)), 0.0)
    else:
        model = fit_margins(off.astype(float), cells.sum(axis=1), cells.sum(axis=0))
    return float(np.abs(cells - model).sum() / moved / 2)


def fit_margins(seed: np.ndarray, rows: np.ndarray, columns: np.ndarray, rounds: int = 5000) -> np.ndarray:
    """``seed`` scaled by rows and by columns in turn until both sums fit (iterative proportional fitting)."""
    fitted = seed.astype(float)
    reached = np.inf
    for _round in range(rounds):
        for axis, wanted in ((1, rows), (0, columns)):
            sums = fitted.sum(axis=axis)
            factor = np.divide(wanted, sums, out=np.zeros_like(wanted, dtype=float), where=sums > 0)
            fitted = fitted * (factor[:, None] if axis == 1 else factor[None, :])
        gap = np.abs(fitted.sum(axis=1) - rows).max()
        if gap <= 1e-10 * rows.sum():
            return fitted
        reached = gap
    if reached > 1e-4 * rows.sum():
        raise KitError(_("No table has these sums of rows and columns and zeros in these cells."))
    return fitted


def migration_acv(matrix: Any) -> pd.Series:
    """Aggregated coefficients of variation: how uneven the flows of a place are, averaged over places.

    ::

        CV of i  = standard deviation / mean of its n - 1 flows         (division by n - 1 flows, not one less)
        out      = sum of M_i. / M x CV of row i
        in       = sum of M_.j / M x CV of column j
        acv      = out + in

    Source: A. Rogers and S. Sweeney, "Measuring the spatial focus of migration patterns", The Professional
    Geographer 50 (1998).

    Args:
        matrix: migrants by origin (rows) and destination (columns).

    Returns:
        ``out``, ``in`` and ``acv``.

    >>> migration_acv([[0, 10, 10], [20, 0, 20], [30, 30, 0]]).round(4).to_dict()
    {'out': 0.0, 'in': 0.3333, 'acv': 0.3333}
    """
    _places, cells = flow_cells(matrix, _("The matrix of flows"))
    out, inward = _weighted_variation(cells), _weighted_variation(cells.T)
    return pd.Series({"out": out, "in": inward, "acv": out + inward})


def _weighted_variation(cells: np.ndarray) -> float:
    rows = _off_diagonal(cells)
    mean = rows.mean(axis=1)
    variation = np.divide(rows.std(axis=1), mean, out=np.zeros(len(rows)), where=mean > 0)
    return float((rows.sum(axis=1) / rows.sum() * variation).sum())


__all__ = [
    "GiniIndices",
    "migration_acv",
    "migration_connectivity",
    "migration_gini",
    "migration_inequality",
]
