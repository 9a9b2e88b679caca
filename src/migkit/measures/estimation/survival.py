"""Survival ratios: the share of a cohort that should still be alive, from a life table or from two censuses."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from migkit.measures._input import number, shown
from migkit.measures.estimation.cohorts import (
    BORN,
    age_label,
    age_table,
    cohort_edges,
    first_and_last,
    match_cohorts,
    years_between,
)
from migkit.reference import KitError, _


def life_table_survival(
    life_table: pd.DataFrame,
    interval: float,
    ages: Iterable[object] | None = None,
    age: str = "age",
    lived: str = "Lx",
    radix: float = 100_000,
) -> pd.DataFrame:
    """Survival ratios of cohorts over the years between two censuses, from the years lived in a life table.

    ::

        cohort aged a to a + n       S = L(a + t, a + t + n) / L(a, a + n)
        open group, a and over       S = T(a + t) / T(a)
        born in between, now x to x + n     S = L(x, x + n) / (n x l0)

    L are the years lived between two ages, T those lived from an age on, l0 the radix, t the years between the
    censuses. Where an age cuts a group of the life table, years lived are taken as evenly spread over it
    (assumption); a life table by five years and an interval of five or ten needs no cutting.

    Source: United Nations, Manual VI (1970), on life table survival ratios.

    Args:
        life_table: one row an age group, the last one open.
        interval: years between the censuses (t).
        ages: the age groups at the first census, the last one open; without them five-year groups.
        age: column with the groups ("0", "1-4", "5-9", "80+", or their first ages).
        lived: column with the years lived in the group (nLx).
        radix: l0, the newborn of the life table.

    Returns:
        One row a cohort, those born in between first ("Born"): ``age_start``, ``age_end``, ``lived_start``,
        ``lived_end``, ``survival``.

    Raises:
        KitError: if the life table does not reach far enough, or a ratio comes out above 1.

    >>> table = pd.DataFrame({"age": ["0-4", "5-9", "10-14", "15+"], "Lx": [450.0, 440.0, 430.0, 4000.0]})
    >>> print(life_table_survival(table, interval=5, radix=100).round(4))
      age_start age_end  lived_start  lived_end  survival
    0      Born     0-4        500.0      450.0    0.9000
    1       0-4     5-9        450.0      440.0    0.9778
    2       5-9   10-14        440.0      430.0    0.9773
    3       10+     15+       4430.0     4000.0    0.9029
    """
    years = years_between(interval)
    what = _("The life table")
    table = age_table(life_table, age, lived, what)
    newborn = number(radix, _("The radix"))
    edges = _cohort_starts(ages, table.open_at - years)
    if edges[-1] + years > table.open_at + 1e-9:
        raise KitError(
            _(
                "{what} has its open group at {top:g}; for the cohort {a:g}+ it must go on to age {need:g}, or "
                "the cohorts must stop earlier."
            ).format(what=what, top=table.open_at, a=edges[-1], need=edges[-1] + years)
        )
    rows: list[tuple[str, str, float, float]] = []
    width = edges[1] - edges[0] if len(edges) > 1 else years
    low = 0.0
    while low < years:
        high = min(low + width, years)
        rows.append((BORN, age_label(low, high), (high - low) * newborn, table.between(low, high)))
        low = high
    for low, high in cohort_edges(np.array(edges), edges[-1]):
        later = (low + years, high + years)
        rows.append((age_label(low, high), age_label(*later), table.between(low, high), table.between(*later)))
    result = pd.DataFrame(rows, columns=["age_start", "age_end", "lived_start", "lived_end"])
    if (result["lived_start"] <= 0).any():
        raise KitError(
            _("{what}: nobody lives in one of the age groups, so no ratio can be taken.").format(what=what)
        )
    result["survival"] = result["lived_end"] / result["lived_start"]
    wrong = result["survival"] > 1 + 1e-9
    if wrong.any():
        odd = result[wrong].iloc[0]
        raise KitError(
            _(
                "{what}: from {a} to {b} the ratio is {s:.4f}, and more cannot live than were there; check the "
                "column {c!r} and the radix {l0:g}."
            ).format(
                what=what,
                a=shown(odd["age_start"]),
                b=shown(odd["age_end"]),
                s=odd["survival"],
                c=lived,
                l0=newborn,
            )
        )
    return result


def _cohort_starts(ages: Iterable[object] | None, latest: float) -> list[float]:
    """First ages of the cohorts; five-year groups up to the last that the life table can follow."""
    if ages is None:
        if latest < 0:
            raise KitError(_("The life table ends before the youngest cohort has grown older by the interval."))
        return [float(a) for a in np.arange(0, latest + 1e-9, 5)]
    if isinstance(ages, str) or not isinstance(ages, Iterable):
        raise KitError(
            _("The ages are a list of groups, such as ['0-4', '5-9', '10+']; got {a}.").format(a=shown(ages))
        )
    parsed = sorted(first_and_last(label, _("The ages")) for label in ages)
    firsts = [float(first) for first, _last, _open in parsed]
    if not firsts or len(set(firsts)) < len(firsts):
        raise KitError(_("The ages must be groups that differ, such as ['0-4', '5-9', '10+']."))
    if parsed[-1][1] is not None:
        raise KitError(_("The last of the ages must be open, such as 80+; got {a:g}.").format(a=firsts[-1]))
    return firsts


def census_survival(
    first: pd.DataFrame,
    second: pd.DataFrame,
    interval: float,
    age: str = "age",
    population: str = "population",
    births: Mapping[str, float] | pd.Series | None = None,
) -> pd.DataFrame:
    """Survival ratios as two censuses of a closed population show them.

    ::

        S = persons aged a + t at the second census / persons aged a at the first

    The population must be closed to migration: the whole nation where few come from abroad, or those born in it.
    Errors of age and coverage that are alike everywhere are in the ratio too, and cancel when it is applied to a
    part of the country: this is what the census ratio has before that of a life table. So a ratio may be above 1.

    Source: United Nations, Manual VI (1970), on census survival ratios.

    Args:
        first, second, interval, age, population, births: as for :func:`match_cohorts`.

    Returns:
        The table of :func:`match_cohorts` with ``survival`` (blank for the born where births are not given).

    Raises:
        KitError: if a cohort was empty at the first census.

    >>> before = pd.DataFrame({"age": ["0-9", "10+"], "population": [50, 100]})
    >>> after = pd.DataFrame({"age": ["0-9", "10-19", "20+"], "population": [55, 48, 90]})
    >>> print(census_survival(before, after, 10)[["age_start", "age_end", "survival"]])
      age_start age_end  survival
    0      Born     0-9       NaN
    1       0-9   10-19      0.96
    2       10+     20+      0.90
    """
    cohorts = match_cohorts(first, second, interval, age, population, births)
    empty = cohorts["pop_start"].eq(0)
    if empty.any():
        raise KitError(
            _(
                "The cohort {a} has nobody at its start, so it has no survival ratio; join it to its neighbour."
            ).format(a=shown(cohorts.loc[empty, "age_start"].iloc[0]))
        )
    cohorts["survival"] = cohorts["pop_end"] / cohorts["pop_start"]
    return cohorts


__all__ = ["census_survival", "life_table_survival"]
