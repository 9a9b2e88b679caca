"""One record, one partner: which of the likely pairs become links when each record has at most one."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migkit.measures._input import one_number
from migkit.measures.integration.evaluation import as_pairs, scores_of
from migkit.reference import KitError, _

#: Groups of entangled records beyond this many cells are settled greedily: the best pair first.
LARGEST_GROUP = 4_000_000


def one_to_one(
    pairs: pd.DataFrame, score: str = "weight", at_least: float = 0.0, method: str = "optimal"
) -> pd.DataFrame:
    """The links among pairs when each record has one partner at most.

    ::

        optimal   the set of links with the largest sum of (score - at_least)
        greedy    the pair with the highest score first, then the next whose records are both still free

    Only pairs with a score of ``at_least`` or more count. Groups of records that have pairs in common are settled
    one by one; a group of more than 4 million possible pairs is settled greedily. Equal scores are settled by the
    order of the identifiers, and marked: nothing but chance chose between them.

    Source: M. A. Jaro (1989) for assignment in linkage; H. W. Kuhn, Naval Research Logistics Quarterly 2 (1955).

    Args:
        pairs: one row a pair: identifiers of left and right first, and a column of scores.
        score: the column of scores.
        at_least: the lowest score of a link.
        method: ``"optimal"`` or ``"greedy"``.

    Returns:
        The rows of ``pairs`` that are links, with a column ``tied``: True if one of the records has another pair
        with the same score.

    Raises:
        KitError: if a column is missing, a score is no number, a pair stands twice or the method is unknown.

    >>> pairs = pd.DataFrame({"l": ["a", "a", "b"], "r": ["x", "y", "x"], "weight": [9.0, 8.0, 7.0]})
    >>> one_to_one(pairs)[["l", "r"]].values.tolist()
    [['a', 'y'], ['b', 'x']]
    >>> one_to_one(pairs, method="greedy")[["l", "r"]].values.tolist()
    [['a', 'x']]
    """
    if method not in ("optimal", "greedy"):
        raise KitError(_("There is no method {m!r}; use 'optimal' or 'greedy'.").format(m=method))
    limit = one_number(at_least, "at_least")
    keys = as_pairs(pairs, _("The pairs"))
    values = scores_of(pairs, score)
    rows = np.flatnonzero(values >= limit)
    left, right = (_codes(keys[name].iloc[rows]) for name in ("left_id", "right_id"))
    value = values[rows]
    # The order in which equal scores are settled: by the identifiers, not by the row.
    order = np.lexsort((right, left, -value))
    group = _groups(left, right)
    if method == "greedy":
        chosen = _greedy(left, right, order)
    else:
        chosen = np.zeros(len(rows), dtype=bool)
        alone = np.bincount(group, minlength=1)[group] == 1 if len(group) else chosen
        chosen[alone] = True
        entangled = order[~alone[order]]
        starts = np.argsort(group[entangled], kind="stable")
        for members in np.split(entangled[starts], np.flatnonzero(np.diff(group[entangled][starts])) + 1):
            if len(members):
                chosen[members[_settled(left[members], right[members], value[members] - limit)]] = True
    tied = _tied(left, value) | _tied(right, value)
    result = pairs.iloc[rows[chosen]].copy()
    result["tied"] = tied[chosen]
    return result


def _codes(ids: pd.Series) -> NDArray[np.int64]:
    """Identifiers as whole numbers, in their own order."""
    numbers, found = pd.factorize(ids)
    ranks = pd.Series(found, dtype=object)
    try:
        place = ranks.argsort().argsort()
    except TypeError:
        place = ranks.astype(str).argsort().argsort()
    return np.asarray(place.to_numpy()[numbers] if len(found) else numbers, dtype=np.int64)


def _groups(left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
    """Which pairs hang together through common records."""
    if not len(left):
        return np.zeros(0, dtype=np.int64)
    size_left, size_right = int(left.max()) + 1, int(right.max()) + 1
    whole = size_left + size_right
    from scipy.sparse import coo_array  # scipy is loaded where it is needed
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(left)), (left, right + size_left)), shape=(whole, whole))
    return np.asarray(connected_components(graph, directed=False)[1][left], dtype=np.int64)


def _greedy(left: NDArray[np.int64], right: NDArray[np.int64], order: NDArray[np.int64]) -> NDArray[np.bool_]:
    chosen = np.zeros(len(left), dtype=bool)
    used_left: set[int] = set()
    used_right: set[int] = set()
    for at in order:
        a, b = int(left[at]), int(right[at])
        if a not in used_left and b not in used_right:
            chosen[at] = True
            used_left.add(a)
            used_right.add(b)
    return chosen


def _settled(
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    value: NDArray[np.float64],
) -> NDArray[np.int64]:
    """The best links of one group, as positions in it; the pairs come sorted, the best first."""
    rows, columns = np.unique(left, return_inverse=True)[1], np.unique(right, return_inverse=True)[1]
    shape = int(rows.max()) + 1, int(columns.max()) + 1
    if shape[0] * shape[1] > LARGEST_GROUP:
        return np.flatnonzero(_greedy(left, right, np.arange(len(left))))
    # A pair is worth something even at the limit; an earlier pair a little more than a later one of equal score.
    worth = np.zeros(shape)
    worth[rows, columns] = value + 1e-6 - np.arange(len(value)) * (1e-9 / len(value))
    from scipy.optimize import linear_sum_assignment

    found = set(zip(*linear_sum_assignment(worth, maximize=True), strict=True))
    return np.array(
        [at for at, cell in enumerate(zip(rows, columns, strict=True)) if cell in found], dtype=np.int64
    )


def _tied(side: NDArray[np.int64], value: NDArray[np.float64]) -> NDArray[np.bool_]:
    """True where a record of this side has two pairs of one score."""
    frame = pd.DataFrame({"record": side, "score": np.round(value, 9)})
    return np.asarray(frame.duplicated(keep=False))


__all__ = ["LARGEST_GROUP", "one_to_one"]
