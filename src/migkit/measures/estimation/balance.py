"""Net migration as what is left of population change once births and deaths are taken out."""

from collections.abc import Mapping
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._estimate import Estimate
from migkit.measures._input import confidence_level, need_columns, number, numbers, shown, tidy
from migkit.reference import KitError, _

#: The four figures of the balance, and the sign of each.
SIGNS = {"pop_end": 1.0, "pop_start": -1.0, "births": -1.0, "deaths": 1.0}

Coverage = float | tuple[float, float] | Estimate


def vital_statistics_migration(
    areas: pd.DataFrame,
    pop_start: str = "pop_start",
    pop_end: str = "pop_end",
    births: str = "births",
    deaths: str = "deaths",
    coverage: Mapping[str, Coverage] | None = None,
    interval: float | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Net migration by the balancing equation: what births and deaths do not explain of a change of population.

    ::

        net = (P1 - P0) - (B - D)
        with coverage c of a source, its figure X becomes X / c
        variance of net = sum over the four of (X / c^2)^2 x se(c)^2

    The figure is exact if the four are. A second census that misses the share c of the population makes it too low
    by c x P1; births missed make it too high, deaths missed too low, each by what was missed. The standard error
    comes from that of the coverage alone (delta method; errors of the four taken as independent).

    Source: United Nations, Manual VI (1970), on the vital statistics method; D. J. Bogue, K. Hinze and M. White,
    Techniques of Estimating Net Migration (1982).

    Args:
        areas: one row an area or group (the index names it).
        pop_start, pop_end, births, deaths: columns with population at the two dates, births and deaths in between.
        coverage: share of the truth that a source holds, by ``"pop_start"``, ``"pop_end"``, ``"births"``,
            ``"deaths"``: a number, a pair (share, standard error), or an :class:`Estimate`.
        interval: years between the censuses; with it ``rate`` is given.
        level: confidence level of ``low`` and ``high``.

    Returns:
        One row an area: the four figures after correction, ``change``, ``natural_increase``, ``net``, ``se``,
        ``low``, ``high``, and with ``interval`` the yearly ``rate`` per 1,000 of the mean population.

    Raises:
        KitError: if a column is missing, a figure negative, or a coverage is not above 0.

    >>> area = pd.DataFrame({"pop_start": [1000], "pop_end": [1150], "births": [300], "deaths": [100]})
    >>> vital_statistics_migration(area)["net"].tolist()
    [-50.0]
    >>> half = vital_statistics_migration(area, coverage={"deaths": (0.5, 0.1)})
    >>> half[["deaths", "net", "se"]].round(1).loc[0].tolist()
    [200.0, 50.0, 40.0]
    """
    columns = {"pop_start": pop_start, "pop_end": pop_end, "births": births, "deaths": deaths}
    need_columns(areas, columns.values(), _("The table of areas"))
    shares = _coverages(coverage)
    table, variance = pd.DataFrame(index=areas.index), pd.Series(0.0, index=areas.index)
    net = pd.Series(0.0, index=areas.index)
    for name, column in columns.items():
        counted = numbers(areas[column], _("Column {c!r}").format(c=column))
        share, error = shares.get(name, (1.0, 0.0))
        table[name] = counted / share
        net = net + SIGNS[name] * table[name]
        variance = variance + (counted / share**2 * error) ** 2
    table["change"] = table["pop_end"] - table["pop_start"]
    table["natural_increase"] = table["births"] - table["deaths"]
    table["net"] = net
    return _with_interval(table, variance, level, interval)


def _with_interval(table: pd.DataFrame, variance: pd.Series, level: float, interval: float | None) -> pd.DataFrame:
    reach = _reach(level)
    table["se"] = variance**0.5
    table["low"] = table["net"] - reach * table["se"]
    table["high"] = table["net"] + reach * table["se"]
    if interval is not None:
        years = number(interval, _("The years between the censuses"))
        if years == 0:
            raise KitError(_("The years between the censuses must be more than 0."))
        middle = (table["pop_start"] + table["pop_end"]) / 2
        table["rate"] = 1000 * table["net"] / years / middle.where(middle > 0)
    return table


def _reach(level: float) -> float:
    """Standard errors on each side of an interval at a confidence level."""
    return NormalDist().inv_cdf((1 + confidence_level(level)) / 2)


def _coverages(coverage: Mapping[str, Coverage] | None) -> dict[str, tuple[float, float]]:
    """Each coverage as (share, standard error)."""
    if coverage is None:
        return {}
    if not isinstance(coverage, Mapping):
        raise KitError(_('Give coverage by source, such as {"births": 0.8, "deaths": (0.6, 0.05)}.'))
    odd = [name for name in coverage if name not in SIGNS]
    if odd:
        raise KitError(
            _("There is no source {odd} to correct; the sources are {have}.").format(
                odd=", ".join(map(shown, odd)), have=", ".join(SIGNS)
            )
        )
    return {name: _share_and_error(value, name) for name, value in coverage.items()}


def _share_and_error(value: Any, name: str) -> tuple[float, float]:
    if isinstance(value, Estimate):
        value = (value.value, value.se)
    pair = value if isinstance(value, (tuple, list)) else (value, 0.0)
    if len(pair) != 2:
        raise KitError(
            _("The coverage of {name} is a share, or a share and its standard error; got {value}.").format(
                name=name, value=value
            )
        )
    share = number(pair[0], _("The coverage of {name}").format(name=name))
    error = number(pair[1], _("The standard error of the coverage of {name}").format(name=name))
    if share == 0:
        raise KitError(_("The coverage of {name} must be above 0.").format(name=name))
    return share, error


def residual_migration(
    cohorts: pd.DataFrame,
    pop_start: str = "pop_start",
    pop_end: str = "pop_end",
    deaths: str = "deaths",
    age: str = "age_end",
    by: str | None = None,
) -> pd.DataFrame:
    """Net migration of each cohort from two censuses and the deaths that happened to it.

    ::

        net = P1 - (P0 - D)       for those born in between P0 are their births

    With deaths by year of birth no survival ratio is needed, and the figure is exact if the sources are: it is the
    balancing equation cohort by cohort.

    Source: United Nations, Manual VI (1970), on the vital statistics method, applied to cohorts.

    Args:
        cohorts: one row a cohort, as :func:`match_cohorts` gives them, with a column of deaths.
        pop_start: column with persons at the first census, or births of those born since.
        pop_end: column with persons at the second census.
        deaths: column with deaths of the cohort in between, of residents wherever they were born.
        age: column that names the cohort.
        by: column of a group (sex) to keep in the result.

    Returns:
        One row a cohort (index: ``age``, and ``by``): ``expected``, ``net`` and ``percent`` of the expected.

    Raises:
        KitError: if a figure is blank or negative. More deaths than people at the start are no error: some who
            came may have died.

    >>> cohorts = pd.DataFrame({"age_end": ["0-9", "10+"], "pop_start": [30, 100], "pop_end": [28, 99]})
    >>> print(residual_migration(cohorts.assign(deaths=[4, 6])).round(2))  # doctest: +NORMALIZE_WHITESPACE
             expected  net  percent
    age_end
    0-9          26.0  2.0     7.69
    10+          94.0  5.0     5.32
    """
    names = [age] if by is None else [by, age]
    need_columns(cohorts, [*names, pop_start, pop_end, deaths], _("The table of cohorts"))
    start, end, died = (numbers(cohorts[c], _("Column {c!r}").format(c=c)) for c in (pop_start, pop_end, deaths))
    expected = start - died
    table = pd.DataFrame({"expected": expected, "net": end - expected})
    table["percent"] = 100 * table["net"] / expected.where(expected > 0, np.nan)
    for name in names:
        tidy(cohorts[name])  # one value in each cell
    keys = [pd.Index(cohorts[name], name=name) for name in names]
    return table.set_axis(keys[0] if by is None else pd.MultiIndex.from_arrays(keys, names=names), axis=0)


__all__ = ["residual_migration", "vital_statistics_migration"]
