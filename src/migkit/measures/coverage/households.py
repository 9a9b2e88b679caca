"""Households of the survey and the census that are the same, and what that says of a pair of their members."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Assumption: the chance that a person of the survey is in the census record of the same household.
AT_HOME = 0.9


def prior_odds(
    pairs: pd.DataFrame, homes: tuple[pd.Series, pd.Series] | None, here: float = 1.0
) -> tuple[Floats, NDArray[np.object_]]:
    """The prior odds of each pair in bits, and whether it comes from the area or from paired households.

    Args:
        pairs: ``area``, ``row``, ``record`` and ``bits``: every person with every record of an area, by area, row
            and record.
        homes: the household of each person and of each record, or None.
        here: the chance that a person was counted in this area at all.

    >>> pairs = pd.DataFrame({"area": "A", "row": [0, 0, 1, 1], "record": [0, 1, 0, 1], "bits": [8.0, -5, -5, 8]})
    >>> prior, step = prior_odds(pairs, (pd.Series([7, 7]), pd.Series(["h", "h"])))
    >>> prior.round(2).tolist(), step.tolist()[:2]
    ([-1.15, -1.15, -1.15, -1.15], ['household', 'household'])
    """
    prior, step = np.zeros(len(pairs)), np.full(len(pairs), "area", dtype=object)
    row, record, bits = (pairs[name].to_numpy() for name in ("row", "record", "bits"))
    numbered = None if homes is None else (_numbered(homes[0]), _numbered(homes[1]))
    ends = np.flatnonzero(pairs["area"].ne(pairs["area"].shift(-1)).to_numpy()) + 1
    for start, end in zip(np.append(0, ends[:-1]), ends, strict=True):  # the pairs stand area by area
        at = np.arange(start, end)
        rows, records = np.unique(row[at]), np.unique(record[at])
        prior[at] = np.log2(here / len(records))
        if numbered is None:
            continue
        grid = bits[at].reshape(len(rows), len(records))
        one, two = _numbered(numbered[0][rows]), _numbered(numbered[1][records])
        mine, theirs = _paired_households(grid, one, two, here)
        together = np.isin(one[:, None] * (two.max() + 1) + two[None, :], mine * (two.max() + 1) + theirs)
        together &= (one[:, None] >= 0) & (two[None, :] >= 0)
        members = np.bincount(two + 1, minlength=2)[two + 1]
        inside = np.broadcast_to(np.log2(AT_HOME / members)[None, :], grid.shape)
        where = at[together.ravel()]
        prior[where], step[where] = inside[together], "household"
    return prior, step


def prior_of_the_rest(pairs: pd.DataFrame, sure: pd.DataFrame) -> pd.Series:
    """The prior of each pair once the sure ones are settled: who is left is among the records that are left.

    >>> pairs = pd.DataFrame({"row": [0, 0, 1, 1], "record": [0, 1, 0, 1], "prior": -1.15, "step": "household"})
    >>> sure = pd.DataFrame({"row": [0], "record": [0]})
    >>> prior_of_the_rest(pairs, sure).round(2).tolist()
    [-1.15, -1.15, -1.15, -0.15]
    """
    at_home = pairs["step"].eq("household")
    if not at_home.any():
        return pairs["prior"]
    open_ = at_home & ~pairs["row"].isin(sure["row"]) & ~pairs["record"].isin(sure["record"])
    left = pairs[open_].groupby("row")["record"].transform("size")
    prior = pairs["prior"].copy()
    prior[open_] = np.log2(AT_HOME / left)
    return prior


def _numbered(homes: pd.Series | Ints) -> Ints:
    """Households as numbers from 0; -1 where there is none."""
    held = homes.mask(homes.isna(), None) if isinstance(homes, pd.Series) else np.where(homes < 0, np.nan, homes)
    return np.asarray(pd.factorize(held)[0], dtype=np.int64)


def _paired_households(bits: Floats, one: Ints, two: Ints, here: float) -> tuple[Ints, Ints]:
    """Which households of an area are the same, 1:1.

    The evidence of two households is the sum over the members of one of their best positive weight in the other
    (the smaller of the two directions). By chance k of n members can be paired in n! / (n - k)! ways, and there
    are as many households to choose from as the area has; a pairing counts only if its evidence is stronger.
    """
    from scipy.optimize import linear_sum_assignment  # scipy is loaded where it is needed
    from scipy.special import gammaln

    n_one, n_two = int(one.max()) + 1, int(two.max()) + 1
    if n_one == 0 or n_two == 0:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    useful = np.maximum(bits, 0.0)
    best = np.zeros((n_one, len(two)))
    np.maximum.at(best, one[one >= 0], useful[one >= 0])  # best member of each household for each record
    there = np.zeros((n_one, n_two))
    np.add.at(there.T, two[two >= 0], best.T[two >= 0])
    best = np.zeros((len(one), n_two))
    np.maximum.at(best.T, two[two >= 0], useful.T[two >= 0])
    back = np.zeros((n_one, n_two))
    np.add.at(back, one[one >= 0], best[one >= 0])
    size_one, size_two = np.bincount(one[one >= 0], minlength=n_one), np.bincount(two[two >= 0], minlength=n_two)
    small, large = np.minimum.outer(size_one, size_two), np.maximum.outer(size_one, size_two)
    ways = (gammaln(large + 1) - gammaln(large - small + 1)) / np.log(2) + np.log2(n_two / here)
    surplus = np.minimum(there, back) - ways
    mine, theirs = linear_sum_assignment(np.maximum(surplus, 0.0), maximize=True)
    kept = surplus[mine, theirs] > 0
    return mine[kept].astype(np.int64), theirs[kept].astype(np.int64)


__all__ = ["prior_odds", "prior_of_the_rest"]
