"""Migration that no question counts: survivors who are missing or too many, lifetime exchange, members abroad."""

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
    shown,
    weights,
)
from migkit.reference import KitError, _


def survival_ratio_migration(
    cohorts: pd.DataFrame,
    age: str = "age",
    pop_start: str = "pop_start",
    pop_end: str = "pop_end",
    survival: str = "survival",
) -> pd.DataFrame:
    """Net migration between two censuses of a population without international migration as its survivors show it.

    ::

        expected = S x P0                 those who should still be alive and here
        forward  = P1 - S x P0            net migrants, counted at the end of the period
        reverse  = P1 / S - P0            net migrants, counted at its start (those who died since included)
        average  = (forward + reverse) / 2

    Source: United Nations, Manual VI: Methods of Measuring Internal Migration (1970), on
    indirect measures.

    Args:
        cohorts: one row for each group of people born at the same time.
        age: column with the age at the first census (any text).
        pop_start, pop_end: columns with the persons at the first and, ten years older, at the second census.
        survival: column with the ratio of survivors, above 0 and at most 1.

    Returns:
        One row a cohort (index: ``age``) with ``expected``, ``forward``, ``reverse``, ``average``; add them with
        ``.sum()``.

    Raises:
        KitError: if a column is missing, a population is negative, or a ratio is outside 0 to 1.

    >>> cohorts = pd.DataFrame({"age": ["20-24"], "pop_start": [1000], "pop_end": [1100], "survival": [0.5]})
    >>> print(survival_ratio_migration(cohorts))  # doctest: +NORMALIZE_WHITESPACE
           expected  forward  reverse  average
    age
    20-24     500.0    600.0   1200.0    900.0
    """
    need_columns(cohorts, [age, pop_start, pop_end, survival], _("The table of cohorts"))
    start = numbers(cohorts[pop_start], _("Column {c!r}").format(c=pop_start))
    end = numbers(cohorts[pop_end], _("Column {c!r}").format(c=pop_end))
    ratio = numbers(cohorts[survival], _("Column {c!r}").format(c=survival))
    wrong = ~ratio.between(0, 1, inclusive="right")
    if wrong.any():
        raise KitError(
            _("Survival ratios must be above 0 and at most 1; cohort {age} has {ratio}.").format(
                age=shown(cohorts.loc[wrong, age].iloc[0]), ratio=ratio[wrong].iloc[0]
            )
        )
    expected = ratio * start
    forward = end - expected
    reverse = end / ratio - start
    result = pd.DataFrame(
        {"expected": expected, "forward": forward, "reverse": reverse, "average": (forward + reverse) / 2}
    )
    return result.set_axis(pd.Index(cohorts[age], name=age), axis=0)


def lifetime_migration(matrix: pd.DataFrame) -> pd.DataFrame:
    """Lifetime migrants of each place: those who live elsewhere than where they were born.

    ::

        in  = residents born elsewhere (its column without the diagonal)
        out = born there, living elsewhere (its row without the diagonal)
        net = in - out

    Source: United Nations, Manual VI (1970), on direct measures, table 1.

    Args:
        matrix: persons by place of birth (rows) and place of residence (columns); the same places, in any order.

    Returns:
        One row a place with ``in``, ``out`` and ``net``; ``in`` and ``out`` both add up to all lifetime migrants.

    Raises:
        KitError: if rows and columns are not the same places or a number is missing or negative.

    >>> matrix = pd.DataFrame({"North": [90, 5], "South": [10, 95]}, index=["North", "South"])
    >>> print(lifetime_migration(matrix))
           in  out  net
    North   5   10   -5
    South  10    5    5
    """
    need_columns(matrix, [], _("The matrix of birth and residence"))
    if not matrix.index.is_unique or not matrix.columns.is_unique or set(matrix.index) != set(matrix.columns):
        odd = sorted(map(str, set(matrix.index) ^ set(matrix.columns)))
        raise KitError(
            _("Rows (birth) and columns (residence) must be the same places, each once; check {places}.").format(
                places=", ".join(odd) or _("for doubles")
            )
        )
    if matrix.empty:
        raise KitError(_("The matrix of birth and residence has no rows."))
    sums = [place for place in matrix.index if str(place).strip().casefold() in ("total", "totals", "all", "sum")]
    if sums:
        raise KitError(
            _("Leave the row and the column {total} out of the matrix: a sum is no place.").format(
                total=shown(sums[0])
            )
        )
    whole = all(pd.api.types.is_integer_dtype(kind) for kind in matrix.dtypes)
    square = matrix[list(matrix.index)]
    cells = np.column_stack(
        [numbers(square[place], _("Column {c!r}").format(c=str(place))).to_numpy() for place in square.columns]
    )
    np.fill_diagonal(cells, 0.0)
    result = pd.DataFrame({"in": cells.sum(axis=0), "out": cells.sum(axis=1)}, index=matrix.index)
    result["net"] = result["in"] - result["out"]
    return result.astype("int64") if whole else result


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


__all__ = ["emigrants_from_households", "lifetime_migration", "survival_ratio_migration"]
