"""What a sample can see of a rare population, how large it must be, and what oversampling gains."""

from collections.abc import Sequence
from itertools import product
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import (
    TOTAL,
    confidence_level,
    need_columns,
    number,
    numbers,
    shown,
    whole_number,
)
from migkit.reference import KitError, _


def _share(value: Any, what: str, *, one: bool = False) -> float:
    """A share above 0 and below 1 (or 1 where ``one`` allows it)."""
    share = number(value, what)
    if not 0 < share <= 1 or (share == 1 and not one):
        raise KitError(
            _("{what} is a share above 0 and below 1, such as 0.02 for 2 per cent; got {x}.").format(
                what=what, x=share
            )
        )
    return share


def _effect(deff: Any) -> float:
    value = number(deff, "deff")
    if value == 0:
        raise KitError(_("deff is above 0: 1 for a simple random sample, as a rule more for clusters."))
    return value


def _several(values: Any) -> list[Any]:
    several = isinstance(values, (list, tuple, range, np.ndarray, pd.Series, pd.Index))
    return list(values) if several else [values]


def chance_to_see(n: int, prevalence: float, at_least: int = 1, deff: float = 1.0) -> float:
    """The chance that a sample holds at least so many persons of a rare group.

    ::

        number seen ~ Binomial(n, p)                      deff = 1
        number seen ~ beta-binomial, mean n p, variance deff x n p (1 - p)

    That clusters spread the number like a beta-binomial variable is an assumption; it has the mean and the
    variance that the design effect says.

    Args:
        n: persons interviewed.
        prevalence: share of the group in the population.
        at_least: how many are to be seen.
        deff: design effect of the share.

    Raises:
        KitError: if a number cannot be.

    >>> round(chance_to_see(100, 0.02), 4)
    0.8674
    >>> round(chance_to_see(100, 0.02, deff=2), 4)
    0.7518
    """
    n, at_least = whole_number(n, "n"), whole_number(at_least, "at_least")
    if not 1 <= n < 10**12:
        raise KitError(_("n is the persons interviewed, 1 or more; got {x}.").format(x=shown(n)))
    at_least = min(at_least, n + 1)
    from scipy import stats  # slow to load, and only this chance needs it

    p, deff = _share(prevalence, "prevalence"), _effect(deff)
    if deff <= 1 or n == 1:
        return float(stats.binom.sf(at_least - 1, n, p))
    rho = min((deff - 1) / (n - 1), 1 - 1e-9)
    spread = (1 - rho) / rho
    return float(stats.betabinom.sf(at_least - 1, n, p * spread, (1 - p) * spread))


def what_a_sample_sees(
    n: Any,
    prevalence: Any,
    deff: Any = 1.0,
    *,
    at_least: Sequence[int] = (1, 30),
    population: float | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """What samples of one or several sizes can say of groups of one or several sizes: a table ready for a curve.

    ::

        expected   = n x p
        cv         = sqrt(deff x (1 - p) / (p n) x (1 - n / N))       of the share, and of the number of persons
        margin     = z x cv                                           half the interval, as a share of the estimate

    Source: W. G. Cochran, Sampling Techniques, 3rd edition (1977), chapter on proportions; L. Kish, Survey
    Sampling (1965), for the design effect.

    Args:
        n: persons interviewed, one number or several.
        prevalence: share of the group in the population, one or several (0.02 is 2 per cent).
        deff: design effect of the share, one or several.
        at_least: for each of these numbers, the chance to see so many or more.
        population: N, all persons; None leaves the correction out.
        level: of the margin.

    Returns:
        One row for each n, prevalence and deff: ``n``, ``prevalence``, ``deff``, ``effective_n``, ``expected``,
        ``cv``, ``margin``, and ``chance_of_K`` for each K in ``at_least``.

    Raises:
        KitError: if a number cannot be.

    >>> table = what_a_sample_sees([1000, 4000], 0.02, deff=2)
    >>> print(table[["n", "expected", "cv", "chance_of_30"]].round(3).to_string(index=False))
       n  expected    cv  chance_of_30
    1000      20.0 0.313         0.074
    4000      80.0 0.157         1.000
    """
    z = _z(level)
    rows = []
    for size, p, effect in product(_several(n), _several(prevalence), _several(deff)):
        persons, p, effect = whole_number(size, "n"), _share(p, "prevalence"), _effect(effect)
        if not 1 <= persons < 10**12:
            raise KitError(_("n is the persons interviewed, 1 or more; got {x}.").format(x=shown(persons)))
        left = 1.0 if population is None else 1 - persons / max(number(population, "population"), 1e-9)
        if left < 0:
            raise KitError(_("n is larger than the population ({x}).").format(x=shown(population)))
        cv = float(np.sqrt(effect * (1 - p) / (p * persons) * left))
        row = {"n": persons, "prevalence": p, "deff": effect, "effective_n": persons / effect}
        row |= {"expected": persons * p, "cv": cv, "margin": z * cv}
        rows.append(row | {f"chance_of_{k}": chance_to_see(persons, p, k, effect) for k in _several(at_least)})
    return pd.DataFrame(rows)


def _z(level: float) -> float:
    return NormalDist().inv_cdf((1 + confidence_level(level)) / 2)


def sample_size(
    prevalence: float,
    *,
    cv: float | None = None,
    margin: float | None = None,
    relative_margin: float | None = None,
    deff: float = 1.0,
    response: float = 1.0,
    population: float | None = None,
    group_share: float = 1.0,
    household_size: float = 1.0,
    level: float = 0.95,
    z: float | None = None,
) -> float:
    """How many interviews (or households) a share needs for a wished precision.

    ::

        n0 = (1 - p) / (p cv^2)                   for a coefficient of variation
        n0 = z^2 p (1 - p) / margin^2             for a margin, in points of share (0.03) or relative to p
        n  = n0 deff / (1 + n0 deff / N)          where the population N is small
        to visit = n / response / (group_share x household_size)

    Round the result up. ``group_share`` and ``household_size`` turn persons into households to visit: if the share
    is asked of women aged 15 to 49 and these are a quarter of all people, in homes of 6, then each home holds 1.5.

    Source: W. G. Cochran, Sampling Techniques, 3rd edition (1977), chapter on the estimation of sample size; the
    form for households after United Nations, Designing Household Survey Samples: Practical Guidelines (2005).

    Args:
        prevalence: the share expected.
        cv, margin, relative_margin: the precision wished; one of them.
        deff: design effect of the share.
        response: share of those visited who will answer.
        population: N, if the correction for a small population is wished.
        group_share: share of the people of whom the question is asked.
        household_size: persons in a household; 1 if persons are drawn.
        level: of the margin.
        z: in place of ``level``: some manuals take 2 for 1.96.

    Raises:
        KitError: if not one precision is given, or a number cannot be.

    >>> round(sample_size(0.5, margin=0.03))
    1067
    >>> round(sample_size(0.5, margin=0.03, population=3078))
    792
    >>> round(sample_size(0.02, cv=0.15, deff=2, response=0.9))
    4840
    """
    p, response = _share(prevalence, "prevalence"), _share(response, "response", one=True)
    wished = [one for one in (cv, margin, relative_margin) if one is not None]
    if len(wished) != 1 or number(wished[0], _("The precision")) == 0:
        raise KitError(_("Give one precision above 0: cv, margin or relative_margin."))
    reach = _z(level) if z is None else number(z, "z")
    if cv is not None:
        n = (1 - p) / (p * cv**2)
    else:
        half = margin if margin is not None else float(relative_margin or 0) * p
        n = reach**2 * p * (1 - p) / half**2
    n *= _effect(deff)
    if population is not None:
        if number(population, "population") == 0:
            raise KitError(_("population is above 0."))
        n /= 1 + n / float(population)
    held = _share(group_share, "group_share", one=True) * number(household_size, "household_size")
    if held == 0:
        raise KitError(_("household_size is above 0."))
    return float(n / response / held)


# ------------------------------------------------------------------------------------------ allocation


def _strata(strata: pd.DataFrame, columns: Sequence[Any]) -> pd.DataFrame:
    what = _("The table of strata")
    need_columns(strata, columns, what)
    if strata.empty:
        raise KitError(_("The table of strata has no rows."))
    if TOTAL in strata.index.get_level_values(0):
        raise KitError(_("{what} has a row {total!r}; leave it out.").format(what=what, total=TOTAL))
    held = {c: numbers(strata[c], _("{what}, column {c!r}").format(what=what, c=str(c))) for c in columns}
    return pd.DataFrame(held)


def _allocate(n: float, size: pd.Series, measure: pd.Series) -> pd.Series:
    """``n`` shared out in proportion to ``measure``; what is above a stratum's size goes to the others."""
    taken = pd.Series(0.0, index=size.index)
    whole = pd.Series(False, index=size.index)
    for _round in range(len(size)):
        free = measure.where(~whole, 0.0)
        if free.sum() == 0:
            break
        taken = size.where(whole, (n - size[whole].sum()) * free / free.sum())
        above = (taken > size) & ~whole
        if not above.any():
            break
        whole |= above
    return taken


def neyman_allocation(
    strata: pd.DataFrame, n: float, size: str = "size", sd: str = "sd", cost: str | None = None
) -> pd.DataFrame:
    """How to share a sample out over strata so that the mean of all has the least variance.

    ::

        n_h = n x N_h S_h / sum(N_h S_h)                    Neyman
        n_h in proportion to N_h S_h / sqrt(c_h)            where interviews cost c_h

    More where there are more people, more where they differ more, fewer where interviews cost more. A stratum that
    would need more people than it has is taken whole, and the rest shared out anew.

    Source: J. Neyman, Journal of the Royal Statistical Society 97 (1934); W. G. Cochran, Sampling Techniques, 3rd
    edition (1977), chapter on stratified sampling.

    Args:
        strata: one row a stratum (its index names it).
        n: interviews in all.
        size: column of the persons in the stratum.
        sd: column of the standard deviation within it; sqrt(p (1 - p)) for a share.
        cost: column of the cost of an interview; None if they all cost the same.

    Returns:
        One row a stratum and "Total": ``size``, ``proportional``, ``neyman`` (interviews, not rounded),
        ``sampled_share``.

    Raises:
        KitError: if a number cannot be, or ``n`` is larger than the population.

    >>> strata = pd.DataFrame({"size": [900, 100], "sd": [1.0, 9.0]}, index=["inland", "border"])
    >>> print(neyman_allocation(strata, 100))
              size  proportional  neyman  sampled_share
    inland   900.0          90.0    50.0       0.055556
    border   100.0          10.0    50.0       0.500000
    Total   1000.0         100.0   100.0       0.100000
    """
    held = _strata(strata, [size, sd] if cost is None else [size, sd, cost])
    persons, total = held[size], number(n, "n")
    if total > persons.sum() or persons.sum() == 0:
        raise KitError(_("n ({n:g}) is larger than the population ({N:g}).").format(n=total, N=persons.sum()))
    measure = persons * held[sd]
    if cost is not None:
        if held[cost].eq(0).any():
            raise KitError(_("Column {c!r}: an interview costs more than 0.").format(c=cost))
        measure = measure / np.sqrt(held[cost])
    if measure.sum() == 0:
        raise KitError(_("Column {c!r} is 0 in every stratum, so that no allocation is the best.").format(c=sd))
    table = pd.DataFrame({"size": persons, "proportional": total * persons / persons.sum()})
    table["neyman"] = _allocate(total, persons, measure)
    table = _with_total(table)
    table["sampled_share"] = table["neyman"] / table["size"]
    return table


def _with_total(table: pd.DataFrame) -> pd.DataFrame:
    labels = pd.Index([*table.index, TOTAL], name=table.index.name, dtype=object)
    return pd.concat([table, table.sum().to_frame().T]).set_axis(labels, axis=0)


def oversampling(
    strata: pd.DataFrame,
    n: float,
    size: str = "size",
    prevalence: str = "prevalence",
    rate: str | None = None,
    cost_ratio: float = 1.0,
) -> pd.DataFrame:
    """What it gains, for a rare group, to draw more where the group is common; and what it costs the whole.

    ::

        best sampling rate of stratum h ~ sqrt(P_h / (P_h (c - 1) + 1))
        variance for the group          ~ sum(N_h^2 P_h / n_h) / (sum N_h P_h)^2       deviations equal
        effective n                     = (sum N_h P_h)^2 / sum(N_h^2 P_h / n_h)

    ``c`` is the cost of a full interview with a member of the group over that of a short screening of anybody.
    The plans cost the same. Oversampling pays only if few strata hold most of the group: a sample drawn as if the
    map of migrants were right loses where it is wrong, because those found elsewhere weigh heavily.

    Source: G. Kalton and D. W. Anderson, Journal of the Royal Statistical Society A 149 (1986); G. Kalton, Survey
    Methodology 35 (2009).

    Args:
        strata: one row a stratum (its index names it).
        n: interviews (screenings) of the proportional sample; the others cost as much.
        size, prevalence: columns: persons in the stratum, share of the rare group among them.
        rate: column of sampling rates relative to each other of a plan of your own (1 and 5: five times as many).
        cost_ratio: ``c``, 1 or more.

    Returns:
        One row for each plan ("proportional", "own" if ``rate`` is given, "optimum") and stratum, "Total" last:
        ``size``, ``group`` (its persons in the population), ``n``, ``expected`` (of the group in the sample),
        ``weight``; in the row of totals also ``effective_n`` for the group, ``gain`` (that over the proportional
        plan's, less 1) and ``deff_all``, by which the unequal weights raise the variance for everybody.

    Raises:
        KitError: if a number cannot be, or a plan leaves a stratum out that holds some of the group.

    >>> strata = pd.DataFrame({"size": [900, 100], "prevalence": [0.01, 0.25]}, index=["inland", "border"])
    >>> table = oversampling(strata, 100).xs("Total", level="stratum")
    >>> table[["expected", "effective_n", "deff_all"]].round(2).loc["optimum"].to_dict()
    {'expected': 9.57, 'effective_n': 5.9, 'deff_all': 1.29}
    >>> float(table.loc["proportional", "effective_n"].round(2))
    3.4
    """
    names = [size, prevalence] if rate is None else [size, prevalence, rate]
    held = _strata(strata, names)
    persons, share, total = held[size], held[prevalence], number(n, "n")
    if share.gt(1).any() or (persons * share).sum() == 0:
        raise KitError(_("Column {c!r} holds shares from 0 to 1, and not 0 everywhere.").format(c=prevalence))
    c = number(cost_ratio, "cost_ratio")
    if c < 1:
        raise KitError(_("cost_ratio is 1 or more: a full interview does not cost less than the screening."))
    if total > persons.sum() or total == 0:
        raise KitError(_("n ({n:g}) must be above 0 and not above the population.").format(n=total))
    rates = {"proportional": pd.Series(1.0, index=persons.index)}
    if rate is not None:
        rates["own"] = held[rate]
    rates["optimum"] = (share / (share * (c - 1) + 1)) ** 0.5
    unit = share * (c - 1) + 1
    budget = total * (persons * unit).sum() / persons.sum()
    plans = {name: _plan(persons, share, unit, budget, each, name) for name, each in rates.items()}
    base = plans["proportional"]["effective_n"].iloc[-1]
    for plan in plans.values():
        plan["gain"] = plan["effective_n"] / base - 1
    return pd.concat(plans, names=["plan", "stratum"])


def _plan(
    persons: pd.Series, share: pd.Series, unit: pd.Series, budget: float, rate: pd.Series, name: str
) -> pd.DataFrame:
    """One way to draw the sample, within the budget."""
    group, cost = persons * share, persons * unit
    n = _allocate(budget, cost, cost * rate) / unit
    left_out = (group > 0) & n.eq(0)
    if left_out.any():
        raise KitError(
            _("The plan {plan!r} draws nobody in stratum {name}, which holds some of the group.").format(
                plan=name, name=shown(n.index[int(left_out.to_numpy().argmax())])
            )
        )
    table = _with_total(pd.DataFrame({"size": persons, "group": group, "n": n, "expected": n * share}))
    table["weight"] = table["size"] / table["n"].where(table["n"] > 0)
    weight = (persons / n.where(n > 0)).fillna(0.0)
    of_all = float(n.sum() * (n * weight**2).sum() / (n * weight).sum() ** 2)
    effective = float(group.sum() ** 2 / (persons * weight * share).sum())
    blank = [np.nan] * len(persons)
    table["effective_n"], table["deff_all"] = [*blank, effective], [*blank, of_all]
    return table


__all__ = [
    "chance_to_see",
    "neyman_allocation",
    "oversampling",
    "sample_size",
    "what_a_sample_sees",
]
