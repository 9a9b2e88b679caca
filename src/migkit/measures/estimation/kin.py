"""Emigrants as their mothers, brothers and sisters report them: relatives abroad, against those at home."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._estimate import Estimate
from migkit.measures._input import TOTAL, classifier, need_columns, number, numbers, shown, tidy, weights
from migkit.measures.surveys.linearisation import cluster_variance
from migkit.reference import KitError, _

Population = float | Mapping[str, float] | pd.Series


def emigrants_from_children(
    reports: pd.DataFrame,
    population: Population,
    home: str = "children_home",
    abroad: str = "children_abroad",
    by: str | None = None,
    weight: str | None = None,
    cluster: str | None = None,
    stratum: str | None = None,
) -> pd.DataFrame:
    """Emigrants from what mothers say of their living children: how many live here, how many abroad.

    ::

        emigrants = N x A / H
        A, H = children abroad and at home as their mothers report
        N    = residents of that age and sex born here

    H / N is the share of residents whose mother lives in the country and answered. Assumption: the share is the
    same among emigrants. It errs where families leave whole: a mother abroad has nobody to report her children, so
    the estimate is too low. The answers alone, A, are a lower bound without any assumption.

    Source: J. Somoza's proposal (1977, CELADE and IUSSP) as set out by H. Zlotnik, Notas de Poblacion (CELADE), on
    the residence of relatives; B. Zaba, Measurement of Emigration Using Indirect Techniques (1986).

    Args:
        reports: one row a mother (or a mother and a group of her children).
        population: residents N; one number, or one for each group of ``by``.
        home, abroad: columns with her living children in the country, and abroad.
        by: column with the group of the children (sex, age group).
        weight, cluster, stratum: columns of the sample's design; without ``cluster`` each row is one.

    Returns:
        One row a group, "Total" last: ``home``, ``abroad`` (weighted), ``ratio`` (A / H), ``population``,
        ``emigrants``, ``se``, ``low``, ``high`` (95 %).

    Raises:
        KitError: if nobody in a group has a child at home, or a group has no population.

    >>> mothers = pd.DataFrame({"children_home": [3, 2, 5], "children_abroad": [1, 0, 1]})
    >>> table = emigrants_from_children(mothers, population=1000)
    >>> table.loc["Total", ["ratio", "emigrants"]].tolist()
    [0.2, 200.0]
    """
    return _kin_ratio(
        reports, population, home, abroad, by, (weight, cluster, stratum), _("The reports of mothers")
    )


def emigrants_from_siblings(
    reports: pd.DataFrame,
    population: Population,
    home: str = "siblings_home",
    abroad: str = "siblings_abroad",
    by: str | None = None,
    weight: str | None = None,
    cluster: str | None = None,
    stratum: str | None = None,
) -> pd.DataFrame:
    """Emigrants from what residents say of their brothers and sisters: how many live here, how many abroad.

    ::

        emigrants = N x A / H
        A, H = siblings abroad and at home, the respondent not included
        N    = residents of that age and sex born here

    A family of s with k abroad has s - k at home to answer: they report k (s - k) abroad and (s - k)(s - k - 1) at
    home. If each member leaves with the same chance q whatever the others do, the expectations stand as q to 1 -
    q, so N x A / H is right although nobody reports for families that left whole, and although one person is
    reported by several: both cancel. Where leaving runs in families the estimate is too low. Brothers and sisters
    born of one mother are asked for, so that they are reported alike by all.

    Source: B. Zaba, Measurement of Emigration Using Indirect Techniques (1986); H. Zlotnik, Notas de Poblacion
    (CELADE), on K. Hill's method of siblings.

    Args:
        reports: one row a respondent (or a respondent and a group of siblings).
        population: residents N; one number, or one for each group of ``by``.
        home, abroad: columns with living siblings in the country and abroad.
        by: column with the group of the siblings (sex, age group).
        weight, cluster, stratum: columns of the sample's design; name the family or household as ``cluster``
            where several members answer.

    Returns:
        As for :func:`emigrants_from_children`.

    Raises:
        KitError: if nobody in a group has a sibling at home, or a group has no population.

    >>> answers = pd.DataFrame({"siblings_home": [2, 3, 0], "siblings_abroad": [1, 0, 1]})
    >>> emigrants_from_siblings(answers, population=500)["emigrants"].tolist()
    [200.0]
    """
    return _kin_ratio(
        reports, population, home, abroad, by, (weight, cluster, stratum), _("The reports of siblings")
    )


def emigrants_by_multiplicity(
    reports: pd.DataFrame,
    home: str = "siblings_home",
    abroad: str = "siblings_abroad",
    weight: str | None = None,
    cluster: str | None = None,
    stratum: str | None = None,
) -> Estimate:
    """Emigrants who have a brother or sister at home, each counted once however many report them.

    ::

        sum of  w x k / (h + 1)       k siblings abroad, h at home; h + 1 could have reported each of them

    No assumption about who leaves, but only those with a sibling at home can be seen: a lower bound, to be held
    against :func:`emigrants_from_siblings`.

    Source: M. G. Sirken, "Household surveys with multiplicity", Journal of the American Statistical Association 65
    (1970).

    Args:
        reports: one row a respondent; every resident with a sibling, or a sample of them with weights.
        home, abroad: columns with living siblings in the country (respondent not included) and abroad.
        weight, cluster, stratum: columns of the sample's design.

    >>> family = pd.DataFrame({"siblings_home": [1, 1], "siblings_abroad": [1, 1]})
    >>> emigrants_by_multiplicity(family).value
    1.0
    """
    what = _("The reports of siblings")
    near, far, each = _columns(reports, home, abroad, weight, what)
    counted = each * far / (near + 1)
    return Estimate(float(counted.sum()), _error(counted, reports, cluster, stratum, what), "multiplicity")


def _columns(
    reports: pd.DataFrame, home: str, abroad: str, weight: str | None, what: str
) -> tuple[pd.Series, pd.Series, pd.Series]:
    need_columns(reports, [home, abroad], what)
    if reports.empty:
        raise KitError(_("{what} have no rows.").format(what=what))
    near, far = (numbers(reports[c], _("{what}, column {c!r}").format(what=what, c=c)) for c in (home, abroad))
    return near, far, weights(reports, weight, what)


def _error(part: pd.Series, reports: pd.DataFrame, cluster: str | None, stratum: str | None, what: str) -> float:
    """Standard error of the sum of ``part``, by ultimate clusters."""
    need_columns(reports, [name for name in (cluster, stratum) if name is not None], what)
    row = np.arange(len(reports))
    clusters = row if cluster is None else tidy(reports[cluster]).to_numpy()
    strata = np.zeros(len(reports)) if stratum is None else tidy(reports[stratum]).to_numpy()
    if pd.isna(clusters).any() or pd.isna(strata).any():
        raise KitError(_("{what}: every row needs its cluster and its stratum.").format(what=what))
    keys = [pd.Series(strata, name="stratum"), pd.Series(clusters, name="cluster")]
    totals = part.reset_index(drop=True).groupby(keys, sort=False).sum()
    return float(cluster_variance(totals) ** 0.5)


def _kin_ratio(
    reports: pd.DataFrame,
    population: Population,
    home: str,
    abroad: str,
    by: str | None,
    design: tuple[str | None, str | None, str | None],
    what: str,
) -> pd.DataFrame:
    """N x A / H by group and in total, with linearised standard errors."""
    weight, cluster, stratum = design
    near, far, each = _columns(reports, home, abroad, weight, what)
    if by is None:
        group = pd.Series(TOTAL, index=reports.index)
    else:
        need_columns(reports, [by], what)
        group = classifier(reports[by]).astype(object)
    rows: dict[Any, list[float]] = {}
    influence = pd.Series(0.0, index=range(len(reports)))
    for name in dict.fromkeys(group.sort_values(kind="stable", key=lambda g: g.map(str))):
        own = (group == name).to_numpy().astype(float)
        h, a = float((each * near * own).sum()), float((each * far * own).sum())
        if h == 0:
            raise KitError(
                _("{what}: nobody in the group {g} has a relative at home, so there is no ratio.").format(
                    what=what, g=shown(name)
                )
            )
        n = _population_of(population, name, by)
        part = pd.Series((n * each * (far - a / h * near) / h).to_numpy() * own)
        influence += part
        rows[name] = [h, a, a / h, n, n * a / h, _error(part, reports, cluster, stratum, what)]
    if by is not None:
        h, a, _ratio, n, total, _se = np.sum(list(rows.values()), axis=0)
        rows[TOTAL] = [h, a, a / h, n, total, _error(influence, reports, cluster, stratum, what)]
    table = pd.DataFrame.from_dict(
        rows, orient="index", columns=["home", "abroad", "ratio", "population", "emigrants", "se"]
    )
    bounds = [
        Estimate(value, se, "ratio").interval() for value, se in zip(table["emigrants"], table["se"], strict=True)
    ]
    table["low"] = [max(low, 0.0) if low == low else low for low, _high in bounds]
    table["high"] = [high for _low, high in bounds]
    return table.rename_axis(by)


def _population_of(population: Population, group: Any, by: str | None) -> float:
    if by is None or np.isscalar(population):
        if by is not None:
            raise KitError(_("Give the population of each group of {by}, such as a Series.").format(by=shown(by)))
        return number(population, _("The population"))
    if not isinstance(population, (Mapping, pd.Series)) or group not in population:
        raise KitError(_("There is no population for the group {g}.").format(g=shown(group)))
    return number(population[group], _("The population of {g}").format(g=shown(group)))


__all__ = ["emigrants_by_multiplicity", "emigrants_from_children", "emigrants_from_siblings"]
