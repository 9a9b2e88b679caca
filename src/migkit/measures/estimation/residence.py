"""Migration that a census asks for: where people lived some years ago, and how long they have been here."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from migkit.measures._input import (
    NOT_STATED,
    as_counts,
    classifier,
    in_order,
    is_unknown,
    need_columns,
    number,
    numbers,
    tidy,
    weights,
    whole_ages,
    whole_number,
)
from migkit.reference import KitError, _


def residence_matrix(
    persons: pd.DataFrame,
    before: str,
    now: str,
    weight: str | None = None,
    age: str | None = None,
    years: float | None = None,
) -> pd.DataFrame:
    """Persons by residence some years ago (rows) and residence now (columns).

    The diagonal holds those who live where they lived (some went and came back in between). Migrants who died or
    left again are not in the table: it counts transitions of survivors, not moves. The same function makes a
    matrix of birthplace, or of last residence, if ``before`` names that column.

    Source: United Nations, Manual VI (1970), on residence at a fixed prior date.

    Args:
        persons: one row a person.
        before, now: columns with the two places.
        weight: a column of weights; without it each row counts one.
        age, years: with both, persons younger than ``years`` are left out: they were not born then. Without, leave
            them out first, or their blanks count as not stated.

    Returns:
        Origins in rows, destinations in columns, every place that occurs in ``now`` also in the rows; "Not stated"
        last, and only if it occurs. All persons of the universe are in the table once.

    >>> people = pd.DataFrame({"then": ["A", "A", "B", None], "now": ["A", "B", "B", "B"], "age": [9, 30, 7, 3]})
    >>> print(residence_matrix(people, "then", "now", age="age", years=5))  # doctest: +NORMALIZE_WHITESPACE
    now   A  B
    then
    A     1  1
    B     0  1
    """
    what = _("The table of persons")
    need_columns(persons, [before, now], what)
    if before == now:
        raise KitError(_("Residence before and now must be two columns; got {c!r} twice.").format(c=before))
    if (age is None) != (years is None):
        raise KitError(_("Give both the column of ages and the years, or neither."))
    if age is not None:
        need_columns(persons, [age], what)
        old_enough = ~whole_ages(persons[age], _("Ages")).lt(number(years, _("The years")))
        persons = persons[old_enough]
    each = weights(persons, weight, what)
    ends = [tidy(persons[column]).mask(is_unknown(persons[column]), NOT_STATED) for column in (before, now)]
    cells = each.groupby([ends[0].rename("before"), ends[1].rename("now")]).sum().unstack("now", fill_value=0)
    homes = [place for place in in_order(set(cells.columns)) if place != NOT_STATED]
    origins = in_order({*cells.index, *homes} - {NOT_STATED})
    unknown = [[NOT_STATED] if NOT_STATED in labels else [] for labels in (cells.index, cells.columns)]
    table = cells.reindex(index=[*origins, *unknown[0]], columns=[*homes, *unknown[1]], fill_value=0).fillna(0.0)
    return as_counts(table.rename_axis(index=before, columns=now), weight)


def migrants_by_duration(
    persons: pd.DataFrame,
    arrival_year: str = "arrival_year",
    census_year: int = 2024,
    by: str | None = "previous_country",
    weight: str | None = None,
    breaks: Sequence[int] = (0, 1, 5, 10, 20),
) -> pd.DataFrame:
    """Migrants by the time since they came, and how many of each year's arrivals are still here.

    ::

        duration = census year - year of arrival
        per_year = migrants of a group of durations / its width in years

    ``per_year`` is what is left of yearly arrivals: those who died, went home or moved on are missing, the more
    the longer ago. It is a lower bound of past flows and no trend can be read from it alone.

    Source: United Nations, Manual VI (1970), on duration of residence and place of last residence.

    Args:
        persons: one row a migrant.
        arrival_year: column with the year of the last arrival.
        census_year: year of the census.
        by: column of previous residence to count by, or None.
        weight: a column of weights; without it each row counts one.
        breaks: first years of the groups of duration; the last group is open.

    Returns:
        One row a group ("Not stated" last): ``migrants`` and ``per_year`` (blank for the open group and for "Not
        stated"); with ``by`` one column of migrants for each of its values too.

    Raises:
        KitError: if somebody arrived after the census.

    >>> came = pd.DataFrame({"arrival_year": [2024, 2021, 2020, None]})
    >>> print(migrants_by_duration(came, by=None, breaks=[0, 1, 5]))  # doctest: +NORMALIZE_WHITESPACE
                migrants  per_year
    duration
    0                  1       1.0
    1-4                2       0.5
    5+                 0       NaN
    Not stated         1       NaN
    """
    what = _("The table of migrants")
    need_columns(persons, [arrival_year, *([] if by is None else [by])], what)
    year = numbers(persons[arrival_year], _("Column {c!r}").format(c=arrival_year), missing=True)
    duration = whole_number(census_year, _("The year of the census")) - np.floor(year)
    if duration.lt(0).any():
        row = duration.index[duration.lt(0).to_numpy().argmax()]
        raise KitError(
            _("Column {c!r}: row {row} arrived in {y:.0f}, after the census of {now}.").format(
                c=arrival_year, row=row, y=year[duration.lt(0)].iloc[0], now=census_year
            )
        )
    several = breaks if isinstance(breaks, Iterable) else [breaks]
    firsts = [whole_number(first, _("Each break")) for first in several]
    if not firsts or firsts[0] != 0 or any(a >= b for a, b in pairwise(firsts)):
        raise KitError(
            _("The breaks of duration start at 0 and rise, for example [0, 1, 5, 10]; got {b}.").format(b=firsts)
        )
    labels = [f"{a}" if b == a + 1 else f"{a}-{b - 1}" for a, b in pairwise(firsts)]
    labels.append(f"{firsts[-1]}+")
    group = classifier(
        pd.Series(pd.cut(duration, [*firsts, np.inf], right=False, labels=labels), index=persons.index)
    )
    each = weights(persons, weight, what)
    table = each.groupby(group, observed=False).sum().to_frame("migrants")
    table.index = pd.Index(table.index.astype(object), name="duration")
    table = as_counts(table, weight)
    width = pd.Series([*np.diff(firsts), np.nan, np.nan], index=table.index, dtype=float)
    table["per_year"] = table["migrants"] / width
    if by is not None:
        origin = classifier(persons[by])
        cells = (
            each.groupby([group.rename("duration"), origin.rename("origin")], observed=False)
            .sum()
            .unstack("origin")
        )
        cells.index, cells.columns = table.index, cells.columns.astype(object).rename(None)
        table = pd.concat([table, as_counts(cells, weight)], axis=1)
    return table


__all__ = ["migrants_by_duration", "residence_matrix"]
