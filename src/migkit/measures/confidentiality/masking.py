"""Numbers that are changed a little: the means of small groups, or noise."""

from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import column_names, need_columns, number, numbers, shown, whole_number
from migkit.measures.confidentiality._keys import Floats, Ints
from migkit.measures.confidentiality._release import Release
from migkit.reference import KitError, _


def microaggregate(records: pd.DataFrame, columns: Any, k: int = 3, method: str = "mdav") -> Release:
    """Replace numbers by the mean of a group of k or more records that are alike in them.

    ::

        mdav     all columns together, each divided by its standard deviation: take the record farthest from the
        mean
                 and its k - 1 nearest as a group, then the record farthest from that one and its k - 1 nearest;
                 again while 3k or more are left; then one group of k, and the rest is the last one
        single   each column by itself, sorted, cut into groups of k to 2k - 1 with the least loss (exact)

    Means and totals stay as they are; what is lost is the spread within groups::

        loss = 100 x sum of squares within groups / total sum of squares (of the standardised columns)

    Time grows with the square of the records for ``"mdav"``: beyond some ten thousand, do it region by region.

    Source: J. Domingo-Ferrer and J. M. Mateo-Sanz, "Practical data-oriented microaggregation", IEEE Transactions
    on Knowledge and Data Engineering 14 (2002); J. Domingo-Ferrer and V. Torra, "Ordinal, continuous and
    heterogeneous k-anonymity through microaggregation", Data Mining and Knowledge Discovery 11 (2005); single
    columns: S. L. Hansen and S. Mukherjee, "A polynomial algorithm for optimal univariate microaggregation", IEEE
    Transactions on Knowledge and Data Engineering 15 (2003).

    Args:
        records: one row a person.
        columns: numeric columns, one or several; rows with a blank in any of them (in the column, for
            ``"single"``) stay as they are.
        k: the smallest group.
        method: ``"mdav"`` or ``"single"``.

    Returns:
        The records, and a log with one row a column: ``records`` (in groups), ``left_blank``, ``groups``, ``loss``
        (per cent, of the column).

    Raises:
        KitError: if a column is missing or holds text, or fewer than k records have values.

    >>> people = pd.DataFrame({"income": [1, 2, 3, 10, 11, 12]})
    >>> microaggregate(people, "income", k=3, method="single").frame["income"].tolist()
    [2.0, 2.0, 2.0, 11.0, 11.0, 11.0]
    """
    what = _("The file")
    names = column_names(columns, what)
    need_columns(records, names, what)
    k = whole_number(k, "k")
    if k < 1:
        raise KitError(_("k must be 1 or more; got {k}.").format(k=k))
    if method not in ("mdav", "single"):
        raise KitError(_("There is no method {m}; use 'mdav' or 'single'.").format(m=shown(method)))
    data = pd.DataFrame(
        {
            name: pd.to_numeric(records[name], errors="coerce").astype("Float64").to_numpy(float, na_value=np.nan)
            for name in names
        }
    )
    for name in names:
        bad = data[name].isna().to_numpy() & records[name].notna().to_numpy()
        if bad.any():
            row = int(bad.argmax())
            raise KitError(
                _("{what}, column {c}: row {row} holds {value}, which is no number.").format(
                    what=what, c=shown(name), row=shown(records.index[row]), value=shown(records[name].iloc[row])
                )
            )
    result, log = records.copy(), {}
    together = [names] if method == "mdav" else [[name] for name in names]
    for part in together:
        whole = data[part].notna().all(axis=1).to_numpy()
        values = data.loc[whole, part].to_numpy(float)
        if 0 < len(values) < k:
            raise KitError(
                _("{what}: only {n} records have values in {columns}, fewer than k = {k}.").format(
                    what=what, n=len(values), columns=", ".join(map(shown, part)), k=k
                )
            )
        # Sorted first, so that ties do not follow the order of the rows.
        order = np.lexsort(values.T[::-1])
        group = np.empty(len(values), dtype=np.int64)
        ordered = values[order]
        group[order] = _mdav(_standard(ordered), k) if method == "mdav" else _single(ordered[:, 0], k)
        many = int(group.max(initial=-1)) + 1
        size = np.bincount(group, minlength=many)
        for place, name in enumerate(part):
            means = np.bincount(group, weights=values[:, place], minlength=many) / np.maximum(size, 1)
            new = data[name].to_numpy(float, copy=True)
            new[whole] = means[group]
            result[name] = new
            spread = float(((values[:, place] - values[:, place].mean()) ** 2).sum()) if len(values) else 0.0
            within = float(((values[:, place] - means[group]) ** 2).sum()) if len(values) else 0.0
            log[name] = {
                "records": int(whole.sum()),
                "left_blank": int((~whole).sum()),
                "groups": many,
                "loss": 100 * within / spread if spread else 0.0,
            }
    table = pd.DataFrame.from_dict(log, orient="index").rename_axis("column")
    return Release(result, table.astype({"records": "int64", "left_blank": "int64", "groups": "int64"}))


def _standard(values: Floats) -> Floats:
    """Each column less its mean, over its standard deviation."""
    if len(values) < 2:
        return values * 0
    spread = values.std(axis=0, ddof=1)
    return np.asarray((values - values.mean(axis=0)) / np.where(spread > 0, spread, 1))


def _mdav(points: Floats, k: int) -> Ints:
    """The group of each point: maximum distance to average vector, groups of fixed size."""
    group = np.full(len(points), -1, dtype=np.int64)
    left, made = np.arange(len(points)), 0

    def far(start: Floats) -> Floats:
        return np.asarray(((points[left] - start) ** 2).sum(axis=1), dtype=float)

    def take(start: int) -> None:
        nonlocal left, made
        nearest = np.argsort(far(points[start]), kind="stable")[:k]
        group[left[nearest]] = made
        left, made = np.delete(left, nearest), made + 1

    while len(left) >= 3 * k:
        one = left[far(points[left].mean(axis=0)).argmax()]
        # The other end is chosen before the first group is taken away, among those outside it.
        distance = far(points[one])
        members = np.argsort(distance, kind="stable")[:k]
        other = left[np.delete(np.arange(len(left)), members)[np.delete(distance, members).argmax()]]
        take(one)
        take(other)
    if len(left) >= 2 * k:
        take(left[far(points[left].mean(axis=0)).argmax()])
    if len(left):
        group[left] = made
    return group


def _single(values: Floats, k: int) -> Ints:
    """The group of each of the sorted ``values``: the cuts with the least sum of squares (dynamic programming)."""
    n = len(values)
    if not n:
        return np.empty(0, dtype=np.int64)
    centred = values - values.mean()
    first, second = np.r_[0, np.cumsum(centred)], np.r_[0, np.cumsum(centred**2)]
    best, cut = np.full(n + 1, np.inf), np.zeros(n + 1, dtype=np.int64)
    best[0] = 0
    for end in range(k, n + 1):
        # The last group holds k to 2k - 1 values.
        starts = np.arange(max(end - 2 * k + 1, 0), end - k + 1)
        added = second[end] - second[starts] - (first[end] - first[starts]) ** 2 / (end - starts)
        loss = best[starts] + added
        choice = int(loss.argmin())
        best[end], cut[end] = loss[choice], starts[choice]
    group, end = np.empty(n, dtype=np.int64), n
    edges = []
    while end > 0:
        edges.append((int(cut[end]), end))
        end = int(cut[end])
    for place, (start, stop) in enumerate(reversed(edges)):
        group[start:stop] = place
    return group


def add_noise(records: pd.DataFrame, columns: Any, share: float = 0.1, seed: int = 0) -> Release:
    """Add random noise with mean zero to numbers.

    ::

        new = old + e        e normal, standard deviation share x that of the column, columns independent

    The mean stays right on average, the variance grows by 1 + share^2, and a slope on the column shrinks by the
    same factor: tell the users. Noise can make small numbers negative.

    Source: Hundepool et al., Statistical Disclosure Control (Wiley 2012), chapter 3.

    Args:
        records: one row a person.
        columns: numeric columns of 0 or more; blanks stay blank.
        share: the size of the noise.
        seed: for the random numbers, which follow the order of the index.

    Returns:
        The records, and a log: ``records``, ``sd_before``, ``sd_noise``.

    Raises:
        KitError: if a column is missing or holds text or negative numbers.

    >>> people = pd.DataFrame({"income": [100.0, 200.0, 300.0, 400.0]})
    >>> add_noise(people, "income", share=0.1, seed=1).frame["income"].round(1).tolist()
    [104.5, 210.6, 304.3, 383.2]
    """
    what = _("The file")
    names = column_names(columns, what)
    need_columns(records, names, what)
    share = number(share, "share")
    result, log = records.copy(), {}
    draws = np.random.default_rng(seed).standard_normal((len(records), len(names)))
    draws = draws[by_index(records.index)]
    for place, name in enumerate(names):
        values = numbers(records[name], _("{what}, column {c!r}").format(what=what, c=str(name)), missing=True)
        spread = float(values.std()) if values.notna().sum() > 1 else 0.0
        result[name] = values + share * spread * draws[:, place]
        log[name] = {"records": int(values.notna().sum()), "sd_before": spread, "sd_noise": share * spread}
    return Release(result, pd.DataFrame.from_dict(log, orient="index").rename_axis("column"))


def by_index(index: pd.Index) -> Ints:
    """The rank of each row by its index label, so that a random number belongs to a label and not to a place."""
    try:
        order = np.asarray(index.argsort(), dtype=np.int64) if index.is_unique else np.arange(len(index))
    except TypeError:
        order = np.arange(len(index))
    rank = np.empty(len(index), dtype=np.int64)
    rank[order] = np.arange(len(index))
    return rank


__all__ = ["add_noise", "microaggregate"]
