"""Emigrants as the members of their households report them: a lower bound."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from migkit.measures._input import (
    NOT_STATED,
    TOTAL,
    as_counts,
    classifier,
    column_names,
    need_columns,
    number,
    numbers,
    weights,
)
from migkit.reference import KitError, _


def emigrants_from_households(
    emigrants: pd.DataFrame,
    by: str | Sequence[str] = "country_residence",
    weight: str | None = None,
    since: int | None = None,
    year_left: str = "year_left",
) -> pd.DataFrame:
    """Members abroad as their households report them: a lower bound.

    Households that left whole have nobody to report them, others forget those who left long ago; but two
    households may report the same person.

    Source: United Nations, Handbook on Measuring International Migration through Population Censuses (2017), on
    questions about emigrants.

    Args:
        emigrants: one row a person who left.
        by: column, or columns, to count by; blanks and unknown codes appear as "Not stated".
        weight: a column of weights; without it each row counts one.
        since: count only those who left in this year or later; those with no year stated are kept.
        year_left: the column with the year of departure, used with ``since``.

    Returns:
        One row a group, the largest first, "Not stated" and "Total" last; columns ``emigrants`` and ``percent``.

    >>> left = pd.DataFrame({"country_residence": ["ESP", "ITA", "ESP", "XXX"]})
    >>> print(emigrants_from_households(left))  # doctest: +NORMALIZE_WHITESPACE
                       emigrants  percent
    country_residence
    ESP                        2     50.0
    ITA                        1     25.0
    Not stated                 1     25.0
    Total                      4    100.0
    """
    what = _("The table of emigrants")
    names = column_names(by, what)
    if not names:
        raise KitError(_("Say by which column the emigrants shall be counted, for example 'country_residence'."))
    need_columns(emigrants, names, what)
    each = weights(emigrants, weight, what)
    if since is not None:
        need_columns(emigrants, [year_left], what)
        year = numbers(emigrants[year_left], _("Column {c!r}").format(c=year_left), missing=True)
        keep = year.isna() | year.ge(number(since, "since"))
        emigrants, each = emigrants[keep], each[keep]
    groups = [classifier(emigrants[name]) for name in names]
    counts = each.groupby(groups, observed=True).sum()
    if len(names) == 1:
        counts.index = pd.Index(counts.index.astype(object), name=names[0])
    else:
        counts.index = pd.MultiIndex.from_tuples(list(counts.index), names=names)
    # "Not stated" goes last whatever its size; otherwise the largest group comes first.
    last = counts.index.get_level_values(0) == NOT_STATED
    table = counts.iloc[np.lexsort([-counts.to_numpy(), last])].to_frame("emigrants")
    table.loc[TOTAL if len(names) == 1 else (TOTAL, *[""] * (len(names) - 1)), "emigrants"] = each.sum()
    total = float(each.sum())
    table = as_counts(table, weight)
    table["percent"] = 100 * table["emigrants"] / total if total else np.nan
    return table


__all__ = ["emigrants_from_households"]
