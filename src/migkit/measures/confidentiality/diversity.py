"""What a key gives away even if many share it: how different the sensitive values of those who share it are."""

from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import in_order, need_columns, number, shown
from migkit.measures.confidentiality._keys import (
    Combinations,
    Floats,
    check_missing,
    combinations,
    key_columns,
    matched,
)
from migkit.reference import KitError, _


def _distributions(
    records: pd.DataFrame, keys: Any, sensitive: Any, missing: str
) -> tuple[Combinations, Floats, list[Any]]:
    """For each combination of keys, how many matching records hold each sensitive value; the values."""
    what = _("The file")
    names = key_columns(records, keys, what)
    need_columns(records, [sensitive], what)
    if sensitive in names:
        raise KitError(
            _("{column} is both a key and the sensitive column; leave it out of the keys.").format(
                column=shown(sensitive)
            )
        )
    wildcard = check_missing(missing)
    found = combinations(records, names)
    value = combinations(records, [sensitive])
    counts = np.zeros((len(found.count), len(value.count)))
    np.add.at(counts, (found.of_record, value.of_record[: len(found.of_record)]), 1)
    levels = [value.levels[0][code] if code >= 0 else None for code in value.codes[:, 0]]
    return found, matched(found.codes, counts, wildcard), levels


def l_diversity(
    records: pd.DataFrame, keys: Any, sensitive: Any, c: float = 2.0, missing: str = "wildcard"
) -> pd.DataFrame:
    """How many "well represented" sensitive values those who share a key hold.

    If all who share a key have the same sensitive value, the value is known without knowing who is who: 1-diverse.
    Three readings, for the values of those who share the key, in shares p or counts r1 >= r2 >= ... >= rm::

        distinct    m, the number of different values
        entropy     exp(-sum of p ln p): the number of equally frequent values with the same entropy
        recursive   the largest l with r1 < c x (rl + ... + rm); 1 if there is none

    A blank sensitive value counts as one more value: it leaves a doubt.

    Source: A. Machanavajjhala, D. Kifer, J. Gehrke and M. Venkitasubramaniam, "l-diversity: privacy beyond
    k-anonymity", ACM Transactions on Knowledge Discovery from Data 1(1), 2007.

    Args:
        records: one row a person.
        keys: the columns that others may know.
        sensitive: the column that must not become known.
        c: the constant of recursive (c, l)-diversity.
        missing: how a blank key is read, see :func:`key_frequencies`.

    Returns:
        The index of ``records``; ``distinct`` (whole numbers), ``entropy`` and ``recursive``.

    Raises:
        KitError: if a column is missing, or the sensitive column is a key.

    >>> people = pd.DataFrame({"district": [1, 1, 1, 2, 2], "status": ["refugee", "worker", "worker", "worker",
    ...                                                               "worker"]})
    >>> l_diversity(people, "district", "status").round(2).values.tolist()[2:4]
    [[2.0, 1.89, 1.0], [1.0, 1.0, 1.0]]
    """
    c = number(c, "c")
    found, counts, _levels = _distributions(records, keys, sensitive, missing)
    shares = counts / counts.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        entropy = np.exp(-np.where(shares > 0, shares * np.log(shares), 0).sum(axis=1))
    falling = -np.sort(-counts, axis=1)
    # tails[:, l-1] = rl + ... + rm
    tails = np.cumsum(falling[:, ::-1], axis=1)[:, ::-1]
    holds = (falling[:, :1] < c * tails) & (falling > 0)
    holds[:, :1] = True
    recursive = np.cumprod(holds, axis=1).sum(axis=1)
    table = pd.DataFrame({"distinct": (counts > 0).sum(axis=1), "entropy": entropy, "recursive": recursive})
    return table.iloc[found.of_record].set_axis(records.index, axis=0)


def t_closeness(
    records: pd.DataFrame, keys: Any, sensitive: Any, ordered: bool = False, missing: str = "wildcard"
) -> pd.Series:
    """How far the sensitive values of those who share a key lie from those of the whole file.

    The earth mover's distance between the two distributions p and q, between 0 (the key says nothing) and 1::

        unordered   half the sum of |p - q|
        ordered     sum over i of |(p1 - q1) + ... + (pi - qi)| / (m - 1)

    A file is t-close if no key lies further than t.

    Source: N. Li, T. Li and S. Venkatasubramanian, "t-closeness: privacy beyond k-anonymity and l-diversity",
    International Conference on Data Engineering (2007).

    Args:
        records: one row a person.
        keys: the columns that others may know.
        sensitive: the column that must not become known.
        ordered: True if the values have an order (income groups): neighbours then lie near each other. A
            categorical column keeps its order, other values are sorted; blanks are not allowed.
        missing: how a blank key is read, see :func:`key_frequencies`.

    Returns:
        The distance for each record; ``.max()`` is the t of the file.

    Raises:
        KitError: if a column is missing, the sensitive column is a key, or it has blanks and an order.

    >>> pay = pd.DataFrame({"key": [1, 1, 1, 2, 2, 2, 3, 3, 3], "pay": [3, 4, 5, 6, 11, 8, 7, 9, 10]})
    >>> t_closeness(pay, "key", "pay", ordered=True).unique().round(3).tolist()
    [0.375, 0.167, 0.236]
    """
    found, counts, levels = _distributions(records, keys, sensitive, missing)
    if ordered and None in levels:
        raise KitError(
            _(
                "The sensitive column {column} has blanks, which have no place in an order; fill or drop them."
            ).format(column=shown(sensitive))
        )
    column = records[sensitive]
    if isinstance(column.dtype, pd.CategoricalDtype):
        reading = [level for level in column.cat.categories if level in levels]
    else:
        reading = in_order([level for level in levels if level is not None])
    places = [levels.index(level) for level in reading] + [i for i, level in enumerate(levels) if level is None]
    whole = combinations(records, [sensitive]).count / max(len(records), 1)
    difference = (counts / counts.sum(axis=1, keepdims=True) - whole)[:, places]
    if ordered:
        steps = max(len(places) - 1, 1)
        distance = np.abs(np.cumsum(difference, axis=1)).sum(axis=1) / steps
    else:
        distance = np.abs(difference).sum(axis=1) / 2
    return pd.Series(distance[found.of_record], index=records.index, name="distance")


__all__ = ["l_diversity", "t_closeness"]
