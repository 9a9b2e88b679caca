"""Tables as an office publishes them: a specification that says everything, and the counts that follow from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import (
    TOTAL,
    as_counts,
    classifier,
    need_columns,
    shown,
    weights,
    whole_ages,
    whole_number,
)
from migkit.reference import KitError, _


@dataclass(frozen=True)
class TableSpec:
    """All that a reader needs to understand a table, and all that is needed to make it.

    Attributes:
        title: what, where, when.
        universe: who is counted.
        unit: what the figures are ("persons").
        rows: the column of the data whose values make the rows.
        columns: the column whose values make the columns; None for a table of totals.
        notes: definitions and warnings that belong under the table.
        source: where the data come from.
        weight: the column of weights; None counts each row once.
    """

    title: str
    universe: str
    unit: str
    rows: str
    columns: str | None
    notes: tuple[str, ...]
    source: str
    weight: str | None = None


def make_table(persons: pd.DataFrame, spec: TableSpec) -> pd.DataFrame:
    """The table that ``spec`` describes, with totals, and with "Not stated" shown even where it is zero.

    Args:
        persons: one row a person, already limited to the universe.
        spec: the specification.

    Returns:
        Counts (whole numbers; decimals if weighted). Last row and last column are "Total", before them "Not
        stated", which holds blanks and the codes X and XXX. Every person is in the table once: the corner is the
        universe.

    Raises:
        KitError: if a column named in the specification is missing.

    >>> people = pd.DataFrame({"sex": ["F", "M", "F"], "birth": ["SEN", "XXX", "GIN"]})
    >>> spec = TableSpec("Residents by birthplace and sex", "All", "persons", "birth", "sex", (), "Example")
    >>> print(make_table(people, spec))  # doctest: +NORMALIZE_WHITESPACE
    sex         F  M  Not stated  Total
    birth
    GIN         1  0           0      1
    SEN         1  0           0      1
    Not stated  0  1           0      1
    Total       2  1           0      3
    """
    if not isinstance(spec, TableSpec):
        raise KitError(
            _("The second argument must be a TableSpec, but it is a {kind}.").format(kind=type(spec).__name__)
        )
    named = [spec.rows] + ([spec.columns] if spec.columns is not None else [])
    what = _("The data for the table {title!r}").format(title=spec.title)
    need_columns(persons, named, what)
    each = weights(persons, spec.weight, what)
    rows = classifier(persons[spec.rows])
    if spec.columns is None:
        table = each.groupby(rows, observed=False).sum().to_frame(TOTAL)
    else:
        # The two classifiers may be one column: give them names of their own while counting.
        across = classifier(persons[spec.columns])
        cells = each.groupby([rows.rename("_row"), across.rename("_column")], observed=False).sum()
        table = cells.unstack("_column", fill_value=0)
        table.columns = pd.Index(table.columns.astype(object), name=spec.columns)
        table[TOTAL] = table.sum(axis=1)
    table.index = pd.Index(table.index.astype(object), name=spec.rows)
    table.loc[TOTAL] = table.sum(axis=0)
    return as_counts(table, spec.weight)


def age_groups(age: Any, width: int = 5, open_at: int = 80, breaks: Sequence[int] | None = None) -> pd.Series:
    """Age groups "0-4", "5-9" ... "80+", in order; blank ages stay blank (a table shows them as "Not stated").

    Args:
        age: ages in completed years.
        width: width of the groups.
        open_at: first age of the open last group.
        breaks: first ages of the groups, for groups of unequal width; the last one is open. Replaces the other
            two.

    Raises:
        KitError: if an age is negative or above 130, or the groups make no sense.

    >>> list(age_groups(pd.Series([3, 17, 80])))
    ['0-4', '15-19', '80+']
    >>> list(age_groups(pd.Series([3, 17, 80]), breaks=[0, 15, 65]))
    ['0-14', '15-64', '65+']
    """
    years = whole_ages(age, _("Ages"))
    if breaks is None:
        width, open_at = whole_number(width, "width"), whole_number(open_at, "open_at")
        if width < 1 or open_at < width:
            raise KitError(
                _(
                    "Age groups need a width of 1 or more and an open group that starts later; got width {width}, "
                    "open group at {open_at}."
                ).format(width=width, open_at=open_at)
            )
        breaks = [*range(0, open_at, width), open_at]
    if isinstance(breaks, str):
        raise KitError(
            _("The breaks are a list of first ages, such as [0, 15, 65]; got {b}.").format(b=shown(breaks))
        )
    firsts = [whole_number(first, _("Each break")) for first in breaks]
    if not firsts or firsts[0] < 0 or any(a >= b for a, b in pairwise(firsts)):
        raise KitError(
            _("The breaks of the age groups must rise, for example [0, 15, 65]; got {b}.").format(b=firsts)
        )
    if years.lt(firsts[0]).any():
        raise KitError(
            _(
                "Some ages are below the first age group, which starts at {first}; start it at 0 or filter first."
            ).format(first=firsts[0])
        )
    # "5-9", but a group of a single year is just "5".
    labels = [
        str(first) if following == first + 1 else f"{first}-{following - 1}"
        for first, following in pairwise(firsts)
    ]
    groups = pd.cut(years, bins=[*firsts, np.inf], right=False, labels=[*labels, f"{firsts[-1]}+"])
    return pd.Series(groups, index=years.index, name="age_group")


__all__ = ["TableSpec", "age_groups", "make_table"]
