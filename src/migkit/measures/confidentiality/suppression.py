"""Local suppression: blanking single values of single records until every key is shared."""

import heapq
from collections.abc import Mapping
from itertools import combinations as choose
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migkit.measures._input import number, shown, whole_number
from migkit.measures.confidentiality._keys import (
    BLANK,
    Combinations,
    Floats,
    Ints,
    check_missing,
    combinations,
    key_columns,
    matched,
    numbered,
)
from migkit.measures.confidentiality._release import Release
from migkit.reference import KitError, _

#: Above this many blanked combinations, taking back would take longer than it is worth.
LARGEST_TAKEN_BACK = 2_000

Bools = NDArray[np.bool_]
Subset = tuple[int, ...]


def local_suppression(
    records: pd.DataFrame,
    keys: Any,
    k: int = 3,
    importance: Mapping[Any, float] | None = None,
    missing: str = "wildcard",
) -> Release:
    """Blank as few values of the keys as it takes until every record shares its key with k - 1 others.

    Which values: the cheapest. A blank in a key costs its importance (1 where none is given), so that the keys
    that matter most for analysis keep their values. Finding the fewest blanks is a problem that no method solves
    fast; this one goes step by step: each record is blanked at most as far as it needs for itself, those records
    first that bring most others to k for their cost; at the end it takes back what turned out needless. (The
    fewest of all would be a trap: k - 1 records without any value match everybody, and protect nobody.) Records
    with the same key are treated alike, and the answer does not depend on the order of the rows.

    *What a blank protects from.* With ``missing="wildcard"`` a blank may stand for anything and matches every
    value, as in sdcMicro: few blanks suffice. But an intruder who knows that a certain person is in the file, and
    knows the value that was blanked, may find the one record whose blank fits. ``missing="category"`` is safe
    against that too: records with blanks must be k alike among themselves. It blanks more.

    Source: L. Willenborg and T. de Waal, Elements of Statistical Disclosure Control (Springer 2001); Hundepool et
    al. (2012), chapter 3. The order of the steps is ours (greedy set cover).

    Args:
        records: one row a person.
        keys: the columns that others may know.
        k: how many must share each key.
        importance: cost of a blank for each key, above 0; keys not named cost 1.
        missing: ``"wildcard"`` or ``"category"``.

    Returns:
        The records with blanks, and a log with one row a key: ``blank_before``, ``blanked``, ``share`` (of the
        records).

    Raises:
        KitError: if a column is missing, importance is no number above 0, or the file has fewer than k records.

    >>> people = pd.DataFrame({"sex": ["F", "F", "F", "M"], "born": ["GIN", "GIN", "MLI", "GIN"]})
    >>> safe = local_suppression(people, ["sex", "born"], k=2)
    >>> safe.log["blanked"].tolist(), int(safe.frame.isna().sum().sum())
    ([1, 1], 2)
    """
    names = key_columns(records, keys, _("The file"))
    wildcard = check_missing(missing)
    k = whole_number(k, "k")
    if k < 1:
        raise KitError(_("k must be 1 or more; got {k}.").format(k=k))
    if 0 < len(records) < k:
        raise KitError(_("The file has {n} records: no key can be shared by {k}.").format(n=len(records), k=k))
    costs = _costs(names, importance)
    groups = combinations(records, names)
    blanks = _by_wildcard(groups, costs, k) if wildcard else _by_category(groups, costs, k)
    new = blanks & (groups.codes != BLANK)
    frame = records.copy()
    log = {}
    for place, name in enumerate(names):
        mask = new[groups.of_record, place]
        frame[name] = _blanked(records[name], mask)
        before = int((groups.codes[groups.of_record, place] == BLANK).sum())
        log[name] = {
            "blank_before": before,
            "blanked": int(mask.sum()),
            "share": float(mask.mean() if len(mask) else 0),
        }
    table = pd.DataFrame.from_dict(log, orient="index").astype({"blank_before": "int64", "blanked": "int64"})
    return Release(frame, table.rename_axis("key"))


def _costs(names: list[Any], importance: Mapping[Any, float] | None) -> Floats:
    given = dict(importance or {})
    strange = [name for name in given if name not in names]
    if strange:
        raise KitError(_("importance names {column}, which is no key.").format(column=shown(strange[0])))
    costs = np.array([number(given.get(name, 1), _("importance")) for name in names])
    if (costs <= 0).any():
        raise KitError(_("importance must be above 0: a blank that costs nothing would be used everywhere."))
    return costs


def _blanked(column: pd.Series, mask: Bools) -> pd.Series:
    """The column with blanks; whole numbers stay whole."""
    if not mask.any():
        return column
    if pd.api.types.is_bool_dtype(column.dtype) and not isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype("boolean")
    elif pd.api.types.is_integer_dtype(column.dtype):
        column = column.astype("Int64")
    return column.mask(mask)


def _subsets(costs: Floats) -> list[Subset]:
    """All sets of keys that could be blanked, cheapest first."""
    every = [held for size in range(1, len(costs) + 1) for held in choose(range(len(costs)), size)]
    return sorted(every, key=lambda held: (float(costs[list(held)].sum()), held))


def _without(codes: Ints, held: Subset) -> Ints:
    result = codes.copy()
    result[:, held] = BLANK
    return result


def _agree(codes: Ints, one: Ints) -> Bools:
    """Which rows of ``codes`` match the combination ``one``."""
    return np.asarray(((codes == one) | (codes == BLANK) | (one == BLANK)).all(axis=1))


def _matches_without(groups: Combinations, amounts: Floats, rows: Ints, subset: Subset) -> Floats:
    """The ``amounts`` (of combinations) that match each of ``rows`` on the keys outside ``subset``."""
    keep = [key for key in range(groups.codes.shape[1]) if key not in subset]
    if not keep:
        return np.full(len(rows), amounts.sum())
    part = groups.codes[:, keep]
    number_, first = numbered(list(part.T))
    together = np.bincount(number_, weights=amounts, minlength=len(first)).astype(float)
    return matched(part[first], together, True)[number_[rows]]


def _candidates(
    groups: Combinations, rows: Ints, f: Floats, costs: Floats, k: int
) -> list[tuple[float, int, Subset, float]]:
    """For each combination below k, the cheapest sets of keys that bring it to k by itself.

    With each goes the most that it could gain: the matches that are lacking in all whom it would come to match.
    """
    known = groups.codes[rows] != BLANK
    count = groups.count[rows].astype(float)
    lacking = [(np.where(f < k, np.minimum(k - f, c), 0) * groups.count).astype(float) for c in range(k)]
    cheapest, found = np.full(len(rows), np.inf), []
    for subset in _subsets(costs):
        price = float(costs[list(subset)].sum())
        if (price > cheapest).all():
            break
        matches = _matches_without(groups, groups.count.astype(float), rows, subset)
        useful = (matches >= k) & known[:, subset].all(axis=1) & (price <= cheapest)
        if not useful.any():
            continue
        cheapest[useful] = price
        most = np.zeros(len(rows))
        for c in range(1, k):
            most = np.where(count == c, _matches_without(groups, lacking[c], rows, subset), most)
        most += (k - f[rows]) * count
        found += [(-most[one] / price, int(one), subset, float(matches[one])) for one in np.flatnonzero(useful)]
    return found


def _by_wildcard(groups: Combinations, costs: Floats, k: int) -> Bools:
    """Greedy: always the blanks that make up most missing matches for their cost.

    A combination that is at k or above never falls below it by the blanks of others: only those below need
    watching.
    """
    f = matched(groups.codes, groups.count.astype(float), True)
    rows = np.flatnonzero(f < k)
    codes, count, start = groups.codes[rows].copy(), groups.count[rows].astype(float), groups.codes[rows]
    heap = _candidates(groups, rows, f, costs, k)
    heapq.heapify(heap)
    f = f[rows]
    # Those still below k, in arrays of their own that shrink as they are served.
    live = np.arange(len(rows))
    live_codes = codes.copy()

    def newly(one: int, after: Ints) -> Bools:
        return _agree(live_codes, after) & ~_agree(live_codes, codes[one])

    while heap:
        _gain, one, subset, matches = heapq.heappop(heap)
        if f[one] >= k:
            continue
        after = codes[one].copy()
        after[list(subset)] = BLANK
        new = newly(one, after)
        others = live[new]
        made_up = (np.minimum(k - f[others], count[one]).clip(min=0) * count[others]).sum()
        gain = -(made_up + (k - f[one]) * count[one]) / float(costs[list(subset)].sum())
        # Gains only fall as others are served: what still leads after a fresh look is the best.
        if heap and (gain, one, subset) > heap[0][:3]:
            heapq.heappush(heap, (gain, one, subset, matches))
            continue
        f[others] += count[one]
        f[one] = max(matches, f[one])
        codes[one] = after
        live_codes[np.searchsorted(live, one)] = after
        if (f[live] < k).mean() < 0.8:
            live = live[f[live] < k]
            live_codes = codes[live]
    blanks = np.zeros(groups.codes.shape, dtype=bool)
    blanks[rows] = (codes == BLANK) & (start != BLANK)
    return _take_back(groups, blanks, costs, k)


def _take_back(groups: Combinations, blanks: Bools, costs: Floats, k: int) -> Bools:
    """Undo blanks that later ones made needless, dearest first."""
    blanks = blanks.copy()
    touched = np.flatnonzero(blanks.any(axis=1))
    if len(touched) > LARGEST_TAKEN_BACK:
        return blanks
    codes = np.where(blanks, BLANK, groups.codes)
    count = groups.count.astype(float)
    f = matched(codes, count, True)
    for key in sorted(range(codes.shape[1]), key=lambda place: (-costs[place], place)):
        for one in touched[blanks[touched, key]]:
            after = codes[one].copy()
            after[key] = groups.codes[one, key]
            now = _agree(codes, after)
            lost = _agree(codes, codes[one]) & ~now
            if count[now].sum() >= k and (f[lost] - count[one] >= k).all():
                codes[one], blanks[one, key] = after, False
                f[lost] -= count[one]
                f[one] = count[now].sum()
    return blanks


def _by_category(groups: Combinations, costs: Floats, k: int) -> Bools:
    """Blanks that make records alike: for each set of keys, cheapest first, those that become k alike by it."""
    codes, count = groups.codes.copy(), groups.count.astype(float)
    left = count < k
    for subset in _subsets(costs):
        if not left.any():
            break
        rows = np.flatnonzero(left)
        after = _without(groups.codes[rows], subset)
        # They may join those who have these blanks already.
        settled = np.flatnonzero(~left)
        number_, first = numbered(list(np.concatenate([after, codes[settled]]).T))
        size = np.bincount(number_, weights=np.concatenate([count[rows], count[settled]]), minlength=len(first))
        served = size[number_[: len(rows)]] >= k
        codes[rows[served]] = after[served]
        left[rows[served]] = False
    if left.any():
        # Fewer than k are left, blank altogether: take the smallest other classes along.
        codes[left] = BLANK
        number_, first = numbered(list(codes.T))
        size = np.bincount(number_, weights=count, minlength=len(first))
        empty = number_[np.flatnonzero(left)[0]]
        need = k - size[empty]
        for other in sorted(set(number_) - {empty}, key=lambda place: (size[place], place)):
            if need <= 0:
                break
            codes[number_ == other] = BLANK
            need -= size[other]
    return np.asarray(codes == BLANK)


__all__ = ["local_suppression"]
