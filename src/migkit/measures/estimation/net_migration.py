"""Net migration between two censuses as survivors show it: those who are missing, or too many."""

from collections.abc import Iterable, Sequence
from itertools import product

import numpy as np
import pandas as pd

from migkit.measures._input import (
    column_names,
    in_order,
    need_columns,
    number,
    numbers,
    shown,
    signed_numbers,
    tidy,
    whole_number,
)
from migkit.measures.estimation.cohorts import (
    age_label,
    match_cohorts,
    parsed_ages,
    years_between,
)
from migkit.reference import KitError, _

#: What a ratio may be: shares of a life table stay below 1; those of a census also carry its errors.
RATIOS = ("life_table", "census")


def survival_ratio_migration(
    cohorts: pd.DataFrame,
    age: str = "age",
    pop_start: str = "pop_start",
    pop_end: str = "pop_end",
    survival: str = "survival",
    ratios: str = "life_table",
) -> pd.DataFrame:
    """Net migration between two censuses of a population without international migration as its survivors show it.

    ::

        expected = S x P0                 those who should still be alive and here
        forward  = P1 - S x P0            net migrants, counted at the end of the period
        reverse  = P1 / S - P0            net migrants, counted at its start (those who died since included)
        average  = (forward + reverse) / 2

    The reverse figure is the forward one divided by S: the gap between them is the deaths, by the end of the
    period, of migrants who all moved at its start. A second census that misses the share c makes the forward
    figure too low by c x P1.

    Source: United Nations, Manual VI: Methods of Measuring Internal Migration (1970), on indirect measures.

    Args:
        cohorts: one row for each group of people born at the same time.
        age: column with the age at the first census (any text).
        pop_start, pop_end: columns with the persons at the first and, ten years older, at the second census.
        survival: column with the ratio of survivors, above 0 and at most 1.
        ratios: ``"life_table"``, or ``"census"`` for ratios from two censuses, which may be above 1.

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
    _check_ratios(ratio, cohorts[age], ratios)
    expected = ratio * start
    forward = end - expected
    reverse = end / ratio - start
    result = pd.DataFrame(
        {"expected": expected, "forward": forward, "reverse": reverse, "average": (forward + reverse) / 2}
    )
    return result.set_axis(pd.Index(cohorts[age], name=age), axis=0)


def _check_ratios(ratio: pd.Series, age: pd.Series, ratios: str) -> None:
    if not isinstance(ratios, str) or ratios not in RATIOS:
        raise KitError(
            _("There are no ratios {kind}; say {have}.").format(
                kind=shown(ratios), have=_(" or ").join(map(shown, RATIOS))
            )
        )
    most = 1.0 if ratios == "life_table" else np.inf
    wrong = ~ratio.between(0, most, inclusive="right")
    if not wrong.any():
        return
    where = wrong.to_numpy().argmax()
    if ratios == "census":
        raise KitError(
            _("Survival ratios must be above 0; cohort {age} has {ratio}.").format(
                age=shown(age.iloc[where]), ratio=ratio.iloc[where]
            )
        )
    raise KitError(
        _(
            "Survival ratios must be above 0 and at most 1; cohort {age} has {ratio}. Ratios from two censuses "
            "may be above 1: say ratios='census'."
        ).format(age=shown(age.iloc[where]), ratio=ratio.iloc[where])
    )


def intercensal_migration(
    first: pd.DataFrame,
    second: pd.DataFrame,
    survival: pd.DataFrame,
    interval: float,
    by: str | Sequence[str] = (),
    age: str = "age",
    population: str = "population",
    births: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """From two censuses and survival ratios to net migration by cohort, with every step in the table.

    Each group (sex, region) of the first census is followed to the second (:func:`match_cohorts`), its ratio is
    looked up, and :func:`survival_ratio_migration` does the rest.

    Source: United Nations, Manual VI (1970), on the survival ratio method (the arrangement of table 24).

    Args:
        first, second: the censuses; one row an age group (of each group in ``by``), the last one open.
        survival: ratios by ``age_start`` and ``age_end``, as :func:`life_table_survival` and
            :func:`census_survival` give them; with columns of ``by`` where ratios differ (by sex, say).
        interval: years between the censuses.
        by: columns that name groups to be followed one by one.
        age, population: columns of the censuses.
        births: births between the censuses: columns ``by``, ``age_end`` (such as "0-4") and ``births``.

    Returns:
        One row a cohort of a group: ``by``, ``age_start``, ``age_end``, ``pop_start``, ``pop_end``, ``survival``,
        ``expected``, ``forward``, ``reverse``, ``average``, ``split``. Those born in between are there too;
        without births their estimate is blank (:func:`child_net_migration` makes one from their mothers').

    Raises:
        KitError: if the censuses hold different groups, or a cohort has no ratio.

    >>> before = pd.DataFrame({"age": ["0-9", "10+"], "population": [50, 100]})
    >>> after = pd.DataFrame({"age": ["0-9", "10-19", "20+"], "population": [55, 50, 85]})
    >>> ratios = pd.DataFrame({"age_start": ["0-9", "10+"], "age_end": ["10-19", "20+"], "survival": [0.96, 0.9]})
    >>> net = intercensal_migration(before, after, ratios, 10)
    >>> print(net[["age_start", "pop_end", "expected", "forward", "average"]].round(1))
      age_start  pop_end  expected  forward  average
    0      Born     55.0       NaN      NaN      NaN
    1       0-9     50.0      48.0      2.0      2.0
    2       10+     85.0      90.0     -5.0     -5.3
    """
    names = column_names(by, _("The first census"))
    matched = _match_groups(first, second, interval, names, age, population, births)
    keys = ["age_start", "age_end"]
    need_columns(survival, [*keys, "survival"], _("The survival ratios"))
    shared = [name for name in names if name in survival.columns] + keys
    ratios = pd.DataFrame({name: tidy(survival[name]) for name in shared}).assign(survival=survival["survival"])
    doubled = ratios.duplicated(shared)
    if doubled.any():
        raise KitError(
            _("The survival ratios hold {key} twice; they need the columns that tell the groups apart.").format(
                key=" ".join(map(str, ratios.loc[doubled, shared].iloc[0]))
            )
        )
    table = matched.merge(ratios, on=shared, how="left")
    told = table["pop_start"].notna()
    without = told & table["survival"].isna()
    if without.any():
        raise KitError(
            _(
                "There is no survival ratio for {key}; its columns age_start and age_end must match the cohort."
            ).format(key=" ".join(map(str, table.loc[without, [*names, *keys]].iloc[0])))
        )
    table["survival"] = numbers(table["survival"], _("Column 'survival'"), missing=True)
    estimate = survival_ratio_migration(table[told], age="age_start", ratios="census").set_axis(table.index[told])
    table = table.join(estimate)
    split = table.pop("split")
    return table.assign(split=split)


def _match_groups(
    first: pd.DataFrame,
    second: pd.DataFrame,
    interval: float,
    names: list[str],
    age: str,
    population: str,
    births: pd.DataFrame | None,
) -> pd.DataFrame:
    """Cohorts of each group, with the group's values in front."""
    for census, what in ((first, _("The first census")), (second, _("The second census"))):
        need_columns(census, [*names, age, population], what)
    if births is not None:
        need_columns(births, [*names, "age_end", "births"], _("The births"))
    keys_first, keys_second = (_groups(census, names) for census in (first, second))
    if set(keys_first) != set(keys_second):
        odd = [" ".join(map(shown, key)) for key in in_order(set(keys_first) ^ set(keys_second))]
        raise KitError(_("Only one of the two censuses has the group {g}.").format(g=", ".join(odd)))
    parts = []
    for key, rows in keys_first.items():
        born = None
        if births is not None:
            own = _groups(births, names).get(key)
            born = None if own is None else own.groupby("age_end")["births"].sum()
        part = match_cohorts(rows, keys_second[key], interval, age, population, born)
        for place, (name, value) in enumerate(zip(names, key, strict=True)):
            part.insert(place, name, [value] * len(part))
        parts.append(part)
    return pd.concat(parts, ignore_index=True).astype(dict.fromkeys(names, object))


def _groups(frame: pd.DataFrame, names: list[str]) -> dict[tuple[object, ...], pd.DataFrame]:
    if not names:
        return {(): frame}
    if frame[names].isna().any(axis=None):
        raise KitError(_("Blanks in {c}: every row needs its group.").format(c=", ".join(map(shown, names))))
    plain = frame.assign(**{name: tidy(frame[name]) for name in names})
    found = dict(list(plain.groupby([plain[name] for name in names], sort=False)))
    return {key: found[key] for key in in_order(found)}


def child_net_migration(
    women: pd.DataFrame,
    children: pd.DataFrame,
    interval: float = 10,
    age: str = "age_end",
    population: str = "pop_end",
    net: str = "average",
    child_age: str = "age",
    child_population: str = "population",
    childbearing: tuple[int, int] = (15, 45),
) -> pd.DataFrame:
    """Net migration of children born between the censuses, from that of the women who may be their mothers.

    ::

        child-woman ratio = children aged x to x + n / women aged 15 + x to 44 + x, at the second census
        share             = (x + n/2) / t      moves of mothers that came after the birth
        net               = share x child-woman ratio x net migration of these women

    Over ten years: a quarter for those aged 0-4 with women of 15-44, three quarters for 5-9 with women of 20-49.
    Assumptions: children move with their mothers, women who moved have as many as those who did not, and moves are
    even over the period.

    Source: United Nations, Manual VI (1970), on the youngest cohorts; worked in United Nations, Preparing
    Migration Data for Subnational Population Projections (1992), table 6.

    Args:
        women: one row a cohort of women: age at the second census, women counted, their net migration.
        children: one row an age group of children at the second census.
        interval: years between the censuses (t).
        age, population, net: columns of ``women``.
        child_age, child_population: columns of ``children``.
        childbearing: first age of motherhood, and the age at which it ends.

    Returns:
        One row a group of children: ``women`` (their ages), ``child_woman_ratio``, ``women_net``, ``share``,
        ``net``.

    Raises:
        KitError: if children are not younger than the interval, or the age groups of women do not fit.

    >>> women = pd.DataFrame({"age_end": ["15-44", "45-49"], "pop_end": [1000, 100], "average": [200, 0]})
    >>> children = pd.DataFrame({"age": ["0-4"], "population": [600]})
    >>> print(child_net_migration(women, children))  # doctest: +NORMALIZE_WHITESPACE
         women  child_woman_ratio  women_net  share   net
    age
    0-4   15-44                0.6      200.0   0.25  30.0
    """
    years = years_between(interval)
    if not isinstance(childbearing, (tuple, list)) or len(childbearing) != 2:
        raise KitError(_("childbearing is two ages, such as (15, 45); got {x}.").format(x=shown(childbearing)))
    youngest, oldest = (whole_number(each, "childbearing") for each in childbearing)
    need_columns(women, [age, population, net], _("The table of women"))
    need_columns(children, [child_age, child_population], _("The table of children"))
    groups = parsed_ages(women[age], _("The table of women"))
    persons = numbers(women[population], _("Column {c!r}").format(c=population)).to_numpy()
    moved = signed_numbers(women[net], _("Column {c!r}").format(c=net)).to_numpy()
    counts = numbers(children[child_population], _("Column {c!r}").format(c=child_population)).to_numpy()
    rows = []
    young = parsed_ages(children[child_age], _("The table of children"))
    for label, (low, last, _open), born in zip(children[child_age], young, counts, strict=True):
        high = low + 1 if last is None else last + 1
        if high > years:
            raise KitError(
                _(
                    "Children aged {a} were born before the first census, {t:g} years earlier: leave them out."
                ).format(a=shown(label), t=years)
            )
        since, until = youngest + low, oldest + low
        chosen = np.array(
            [first >= since and end is not None and end < until for first, end, _open in groups], dtype=bool
        )
        covered = sum(
            end + 1 - first for (first, end, _open), is_in in zip(groups, chosen, strict=True) if is_in and end
        )
        if covered != until - since:
            raise KitError(
                _(
                    "For children aged {a} the table of women must hold the ages {w} once each, in whole groups."
                ).format(a=shown(label), w=age_label(since, until))
            )
        if np.isnan(moved[chosen]).any() or not persons[chosen].sum():
            raise KitError(
                _("The women aged {w} need persons and an estimate of net migration each.").format(
                    w=age_label(since, until)
                )
            )
        ratio, share = born / persons[chosen].sum(), (low + high) / 2 / years
        women_net = moved[chosen].sum()
        rows.append((age_label(since, until), ratio, women_net, share, share * ratio * women_net))
    columns = ["women", "child_woman_ratio", "women_net", "share", "net"]
    return pd.DataFrame(rows, columns=columns, index=pd.Index(children[child_age], name=child_age))


def net_migration_sensitivity(
    cohorts: pd.DataFrame,
    undercount_start: float | Iterable[float] = (0.0, 0.02, 0.05),
    undercount_end: float | Iterable[float] = (0.0, 0.02, 0.05),
    mortality: float | Iterable[float] = (1.0,),
    pop_start: str = "pop_start",
    pop_end: str = "pop_end",
    survival: str = "survival",
) -> pd.DataFrame:
    """What becomes of net migration if the censuses missed some people, or mortality was another.

    ::

        P0 / (1 - u0), P1 / (1 - u1) and S ^ m take the place of P0, P1 and S

    No theory gives a standard error here, since the errors are no matter of chance; a table of "what if" says as
    much as can be said. m = 1.1 stands for death rates that are higher by a tenth at all ages.

    Source: after United Nations, Manual VI (1970), on errors of the survival ratio method; the grid is ours.

    Args:
        cohorts: one row a cohort (with no blanks in the three columns).
        undercount_start, undercount_end: shares of the population that the censuses missed (u0, u1).
        mortality: factors on the death rates (m).
        pop_start, pop_end, survival: columns of ``cohorts``.

    Returns:
        One row a combination: ``undercount_start``, ``undercount_end``, ``mortality``, totals of ``forward``,
        ``reverse``, ``average``, and ``change`` of the average from the figures as they are.

    >>> cohorts = pd.DataFrame({"pop_start": [1000], "pop_end": [900], "survival": [0.9]})
    >>> table = net_migration_sensitivity(cohorts, undercount_start=[0], undercount_end=[0, 0.1])
    >>> print(table[["undercount_end", "forward", "average"]].round(1))
       undercount_end  forward  average
    0             0.0      0.0      0.0
    1             0.1    100.0    105.6
    """
    need_columns(cohorts, [pop_start, pop_end, survival], _("The table of cohorts"))
    start, end, ratio = (
        numbers(cohorts[c], _("Column {c!r}").format(c=c)) for c in (pop_start, pop_end, survival)
    )
    label = pd.Series(list(map(str, ratio.index)), index=ratio.index, dtype=object)
    _check_ratios(ratio, label, "census")

    def total(u0: float, u1: float, m: float) -> pd.Series:
        changed = {
            "age": label,
            "pop_start": start / (1 - u0),
            "pop_end": end / (1 - u1),
            "survival": ratio**m,
        }
        return survival_ratio_migration(pd.DataFrame(changed), ratios="census")[
            ["forward", "reverse", "average"]
        ].sum()

    as_is = total(0, 0, 1)["average"]
    rows = []
    grid = [
        each if isinstance(each, Iterable) else [each] for each in (undercount_start, undercount_end, mortality)
    ]
    for u0, u1, m in product(*grid):
        for share in (u0, u1):
            if not 0 <= number(share, _("An undercount")) < 1:
                raise KitError(
                    _("An undercount is a share from 0 to below 1, such as 0.05; got {x}.").format(x=share)
                )
        found = total(u0, u1, number(m, _("The factor on mortality")))
        rows.append((u0, u1, m, *found, found["average"] - as_is))
    names = ["undercount_start", "undercount_end", "mortality", "forward", "reverse", "average", "change"]
    return pd.DataFrame(rows, columns=names)


__all__ = [
    "child_net_migration",
    "intercensal_migration",
    "net_migration_sensitivity",
    "survival_ratio_migration",
]
