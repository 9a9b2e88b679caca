"""Digit preference by sub-population, with the part that chance alone may play."""

from collections.abc import Sequence
from math import erfc, pi

import numpy as np
import pandas as pd

from migkit.measures._estimate import Estimate
from migkit.measures._input import (
    TOTAL,
    classifier,
    column_names,
    need_columns,
    weights,
    whole_ages,
)
from migkit.reference import KitError, _

_COLUMNS = ("persons", "whipple", "whipple_se", "whipple_low", "whipple_high", "p_value",
            "digit", "digit_percent", "myers", "myers_se", "myers_by_chance")  # fmt: skip


def _share_error(part: np.ndarray, weight: np.ndarray, units: np.ndarray | None) -> float:
    """Standard error of a weighted mean of ``part`` by linearisation; ``units`` answer together."""
    total = weight.sum()
    if total == 0 or len(part) < 2:
        return np.nan
    z = weight * (part - (weight * part).sum() / total) / total
    if units is not None:
        z = np.bincount(units, weights=z)
    n = len(z)
    return float((z**2).sum() * n / (n - 1)) ** 0.5 if n > 1 else np.nan


def _whipple(ages: np.ndarray, weight: np.ndarray, units: np.ndarray | None) -> tuple[float, float]:
    """Whipple's index of the ages 23 to 62 and its standard error: 500 x a share."""
    inside = (ages >= 23) & (ages <= 62)
    heaped = (ages % 5 == 0).astype(float)
    w = np.where(inside, weight, 0.0)
    if w.sum() == 0:
        return np.nan, np.nan
    index = 500 * float((w * heaped).sum() / w.sum())
    keep = w > 0
    kept = units[keep] if units is not None else None
    if kept is not None:
        kept = np.unique(kept, return_inverse=True)[1]
    return index, 500 * _share_error(heaped[keep], w[keep], kept)


def _myers(
    ages: np.ndarray, weight: np.ndarray, units: np.ndarray | None
) -> tuple[int | None, float, float, float, float]:
    """Digit most preferred, its blended percentage, Myers' index (10 to 89), its error, and its mean by chance."""
    inside = (ages >= 10) & (ages <= 89)
    x, w = ages[inside].astype(int), weight[inside]
    digit = x % 10
    # The blended sum as a weight of each person: rank in the first windows, 10 - rank in the last.
    blended = w * ((digit + 1) * (x <= 79) + (9 - digit) * (x >= 20))
    total = blended.sum()
    if total == 0:
        return None, np.nan, np.nan, np.nan, np.nan
    shares = np.bincount(digit, weights=blended, minlength=10) / total
    index = 50 * float(np.abs(shares - 0.1).sum())
    sign = np.sign(shares - 0.1)
    z = 50 * blended * (sign[digit] - (sign * shares).sum()) / total
    if units is not None:
        z = np.bincount(np.unique(units[inside], return_inverse=True)[1], weights=z)
    error = float((z**2).sum() * len(z) / (len(z) - 1)) ** 0.5 if len(z) > 1 else np.nan
    spread = (0.09 * float((blended**2).sum())) ** 0.5 / total
    return int(shares.argmax()), 100 * float(shares.max()), index, error, 500 * spread * (2 / pi) ** 0.5


def digit_preference(
    persons: pd.DataFrame,
    by: str | Sequence[str] = (),
    age: str = "age",
    weight: str | None = None,
    cluster: str | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Age heaping by sub-population, and whether a difference may be chance.

    ::

        Whipple = 500 x share p of ages ending in 0 or 5 among those from 23 to 62
        standard error = 500 x that of p: sqrt(p (1 - p) / n) for n persons who answer for themselves
        p value  = two-sided chance of a difference as large between the group and all others together,
                   from z = difference / sqrt(se^2 + se^2 of the others)
        Myers by chance = mean of Myers' index where nobody prefers a digit:
                   half of 10 x sqrt(2/pi) x standard error of a blended percentage

    A census has no sampling error, but a group of few people shows a high or a low index by luck all the same:
    read the index as that of the chances to round, of which these people are one draw. Myers' index is never
    below zero, so in a small group it is high by chance alone; compare it with ``myers_by_chance``.

    Source: indices as for :func:`whipple` and :func:`myers` (ages 10 to 89, original form); standard errors by
    linearisation, K. M. Wolter, Introduction to Variance Estimation, 2nd edition (2007).

    Args:
        persons: one row a person.
        by: a column or several; blank or unknown values appear as "Not stated".
        age: the column of ages in completed years (blanks are left out of the indices).
        weight: a column of weights; without it each row counts one.
        cluster: a column, such as the household, whose members' ages one person reports: heaping then comes in
            lumps, and the errors are larger.
        level: of the confidence interval.

    Returns:
        One row a group and "Total": ``persons`` (rows aged 23 to 62), ``whipple``, ``whipple_se``,
        ``whipple_low``, ``whipple_high``, ``p_value`` (against all others), ``digit`` (the most preferred) and
        ``digit_percent`` (blended), ``myers``, ``myers_se``, ``myers_by_chance``. Blank where nobody has such an
        age.

    Raises:
        KitError: if a column is missing, or an age or weight cannot be.

    >>> people = pd.DataFrame({"age": [30, 35, 40, 41] * 50 + [31, 32, 33, 40] * 50,
    ...                        "sex": ["M"] * 200 + ["F"] * 200})
    >>> table = digit_preference(people, by="sex")
    >>> print(table[["persons", "whipple", "whipple_se", "p_value"]].round(3))  # doctest: +NORMALIZE_WHITESPACE
           persons  whipple  whipple_se  p_value
    sex
    F          200    125.0      15.348      0.0
    M          200    375.0      15.348      0.0
    Total      400    250.0      12.516      NaN
    """
    what = _("The table of persons")
    names = column_names(by, what)
    need_columns(persons, [age, *names, *([] if cluster is None else [cluster])], what)
    ages = whole_ages(persons[age], _("Column {c!r}").format(c=age)).to_numpy()
    each = weights(persons, weight, what).to_numpy()
    units = None
    if cluster is not None:
        if persons[cluster].isna().any():
            raise KitError(
                _("Column {c!r} is blank in {n} rows; everybody needs a cluster.").format(
                    c=cluster, n=int(persons[cluster].isna().sum())
                )
            )
        units = pd.factorize(persons[cluster])[0]
    known = ~np.isnan(ages)

    def line(mask: np.ndarray, compare: bool) -> dict[str, object]:
        own = mask & known
        held = None if units is None else units[own]
        index, error = _whipple(ages[own], each[own], held)
        low, high = Estimate(index, error, "whipple").interval(level)
        p_value = np.nan
        if compare:
            rest = ~mask & known
            other, other_error = _whipple(ages[rest], each[rest], None if units is None else units[rest])
            spread = (error**2 + other_error**2) ** 0.5
            if spread > 0:
                p_value = erfc(abs(index - other) / spread / 2**0.5)
        count = int(((ages[own] >= 23) & (ages[own] <= 62)).sum())
        values = (count, index, error, low, high, p_value, *_myers(ages[own], each[own], held))
        return dict(zip(_COLUMNS, values, strict=True))

    labels: list[tuple[object, ...]] = []
    lines: list[dict[str, object]] = []
    if names:
        groups = [classifier(persons[name]) for name in names]
        found = pd.MultiIndex.from_arrays([group.cat.codes for group in groups])
        number, present = found.factorize(sort=True)
        for place, key in enumerate(present):
            labels.append(tuple(group.cat.categories[code] for group, code in zip(groups, key, strict=True)))
            lines.append(line(number == place, True))
    labels.append((TOTAL, *[""] * (len(names) - 1)))
    lines.append(line(np.ones(len(persons), dtype=bool), False))
    if len(names) > 1:
        index: pd.Index = pd.MultiIndex.from_tuples(labels, names=names)
    else:
        index = pd.Index([label[0] for label in labels], dtype=object, name=names[0] if names else None)
    table = pd.DataFrame(lines, index=index, columns=list(_COLUMNS))
    return table.astype({"persons": "int64", "digit": "Int64"})


__all__ = ["digit_preference"]
