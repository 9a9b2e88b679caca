"""How many the census missed: two lists of the same people, and a post-enumeration survey.

Two counts that are independent of each other tell how many neither saw. The survey's own share of matched people
estimates the share that the census counted.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd

from migkit.measures._input import (
    NOT_STATED,
    TOTAL,
    classifier,
    need_columns,
    number,
    numbers,
    one_number,
    shown,
    weights,
)
from migkit.reference import KitError, _

#: What the two samples of a post-enumeration survey may say of a record.
MATCH_STATUSES = ("M", "N", "U")
OUTCOMES = ("C", "D", "F", "L", "U")


@dataclass(frozen=True)
class Estimate:
    """A number that was estimated, and how far chance alone may have moved it.

    Attributes:
        value: the estimate.
        se: its standard error.
        method: how it was made.
    """

    value: float
    se: float
    method: str

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """The confidence interval at ``level`` by the normal approximation: value -/+ z x standard error."""
        if not isinstance(level, (int, float)) or not 0 < level < 1:
            raise KitError(
                _("A confidence level lies between 0 and 1, for example 0.95; got {x}.").format(x=level)
            )
        reach = NormalDist().inv_cdf((1 + level) / 2) * self.se
        return self.value - reach, self.value + reach

    def __str__(self) -> str:
        """Value, standard error and 95 % interval in one line."""
        low, high = self.interval()
        return f"{self.value:,.4g} (SE {self.se:,.4g}; 95 % {low:,.4g} to {high:,.4g})"


def _check_lists(n1: float, n2: float, m: float, where: str = "") -> None:
    for name, value in (("n1", n1), ("n2", n2), ("m", m)):
        if not np.isfinite(value) or value < 0:
            raise KitError(
                _("{name} must be a number of 0 or more; got {value}{where}.").format(
                    name=name, value=value, where=where
                )
            )
    if m > min(n1, n2):
        raise KitError(
            _(
                "The matched persons (m = {m:g}) cannot be more than either list (n1 = {n1:g}, n2 = {n2:g})"
                "{where}; check the order: dual_system(n1, n2, m)."
            ).format(m=m, n1=n1, n2=n2, where=where)
        )


def dual_system(n1: float, n2: float, m: float, method: str = "lincoln_petersen") -> Estimate:
    """The size of a population that two independent lists saw in part.

    ::

        Lincoln-Petersen   N = n1 x n2 / m
                           variance = n1 n2 (n1 - m)(n2 - m) / m^3
        Chapman            N = (n1 + 1)(n2 + 1) / (m + 1) - 1
                           variance = (n1 + 1)(n2 + 1)(n1 - m)(n2 - m) / ((m + 1)^2 (m + 2))

    Chapman's form is the better one for small lists: nearly unbiased, and it exists when nobody matched. Both
    assume that being on one list does not change the chance to be on the other, that everybody has the same
    chance, that matching is right and that the lists hold nobody who should not be there.

    Source: C. Chandra Sekar and W. E. Deming, Journal of the American Statistical Association 44 (1949); D. G.
    Chapman, University of California Publications in Statistics 1 (1951); variance of the latter: G. A. F.
    Seber, Biometrics 26 (1970).

    Args:
        n1: persons on the first list (the census).
        n2: persons on the second list (the post-enumeration survey).
        m: persons on both.
        method: ``"lincoln_petersen"`` or ``"chapman"``.

    Raises:
        KitError: if the numbers cannot be, or nobody matched (Lincoln-Petersen), or the method is unknown.

    >>> dual_system(10, 15, 5).value
    30.0
    >>> round(dual_system(10, 15, 5, method="chapman").value, 4)
    28.3333
    """
    n1, n2, m = one_number(n1, "n1"), one_number(n2, "n2"), one_number(m, "m")
    _check_lists(n1, n2, m)
    if method == "lincoln_petersen":
        if m == 0:
            raise KitError(_("Nobody is on both lists, so n1 x n2 / m has no value; use method='chapman'."))
        return Estimate(n1 * n2 / m, (n1 * n2 * (n1 - m) * (n2 - m) / m**3) ** 0.5, method)
    if method == "chapman":
        value = (n1 + 1) * (n2 + 1) / (m + 1) - 1
        variance = (n1 + 1) * (n2 + 1) * (n1 - m) * (n2 - m) / ((m + 1) ** 2 * (m + 2))
        return Estimate(value, variance**0.5, method)
    raise KitError(_("There is no method {method!r}; use 'lincoln_petersen' or 'chapman'.").format(method=method))


def chandra_sekar_deming(strata: pd.DataFrame, n1: str = "n1", n2: str = "n2", m: str = "m") -> pd.DataFrame:
    """The dual-system estimate stratum by stratum, which lessens the error from unequal chances.

    ::

        in each stratum   N = m + U1 + U2 + U1 x U2 / m      U1 = n1 - m, U2 = n2 - m
                          variance = n1 n2 U1 U2 / m^3
        the total adds the strata, and their variances

    Where some groups are harder to count on both lists, one estimate for all is too low; strata in which people
    are alike bring it up.

    Source: C. Chandra Sekar and W. E. Deming, "On a method of estimating birth and death rates and the extent of
    registration", Journal of the American Statistical Association 44 (1949).

    Args:
        strata: one row a stratum (its index names it).
        n1, n2, m: its columns: persons on the first list, on the second list, on both.

    Returns:
        One row a stratum and "Total": ``n1``, ``n2``, ``m``, ``missed_by_both``, ``estimate``, ``se``.

    Raises:
        KitError: if a column is missing or a stratum has nobody on both lists.

    >>> strata = pd.DataFrame({"n1": [80, 30], "n2": [80, 20], "m": [64, 10]}, index=["easy", "hard"])
    >>> print(chandra_sekar_deming(strata).round(1))
            n1   n2   m  missed_by_both  estimate    se
    easy    80   80  64             4.0     100.0   2.5
    hard    30   20  10            20.0      60.0  11.0
    Total  110  100  74            24.0     160.0  11.2
    """
    need_columns(strata, [n1, n2, m], _("The table of strata"))
    if strata.empty:
        raise KitError(_("The table of strata has no rows."))
    held = {
        new: numbers(strata[old], _("The table of strata, column {c!r}").format(c=old))
        for new, old in {"n1": n1, "n2": n2, "m": m}.items()
    }
    table = pd.DataFrame(held)
    if TOTAL in table.index.get_level_values(0):
        raise KitError(
            _("The table of strata has a row {total!r}; leave it out, the sum is made here.").format(total=TOTAL)
        )
    for name, row in table.iterrows():
        where = _(" in stratum {name}").format(name=shown(name))
        _check_lists(row["n1"], row["n2"], row["m"], where)
        if row["m"] == 0:
            raise KitError(
                _("Nobody is on both lists{where}: join it to a stratum that is like it.").format(where=where)
            )
    only_1, only_2 = table["n1"] - table["m"], table["n2"] - table["m"]
    table["missed_by_both"] = only_1 * only_2 / table["m"]
    table["estimate"] = table["m"] + only_1 + only_2 + table["missed_by_both"]
    variance = table["n1"] * table["n2"] * only_1 * only_2 / table["m"] ** 3
    # An index of two keys, or of categories, takes no new label: rebuild it.
    more = table.index.nlevels - 1
    labels = pd.Index([*table.index, (TOTAL, *[""] * more) if more else TOTAL], name=table.index.name)
    if more:
        labels = labels.set_names(list(table.index.names))
    table = pd.concat([table, table.sum().to_frame().T]).set_axis(labels, axis=0)
    table["se"] = [*variance.pow(0.5), variance.sum() ** 0.5]
    counts = ["n1", "n2", "m"]
    if table[counts].mod(1).eq(0).all(axis=None):
        table[counts] = table[counts].astype("int64")
    return table


def _variance(contributions: pd.Series) -> float:
    """Variance of a total from stratified clusters: ultimate clusters, drawn as if with replacement.

    ::

        sum over strata of  n / (n - 1) x sum over its clusters of (z - mean z)^2

    ``contributions`` is the weighted z of each cluster, indexed by (stratum, cluster). A stratum of one cluster is
    compared with the mean of all clusters, which errs on the large side. One cluster in all shows no variance.
    """
    if len(contributions) < 2:
        return np.nan
    overall = contributions.mean()
    total = 0.0
    for _stratum, values in contributions.groupby(level=0):
        n = len(values)
        if n > 1:
            total += n / (n - 1) * float(((values - values.mean()) ** 2).sum())
        else:
            total += float((values.iloc[0] - overall) ** 2)
    return total


def weighted_ratio(
    sample: pd.DataFrame,
    numerator: str,
    denominator: str,
    weight: str = "weight",
    cluster: str = "ea",
    stratum: str = "stratum",
) -> Estimate:
    """A ratio of two weighted totals from a stratified sample of clusters, with its standard error.

    ::

        R = sum(w y) / sum(w x)
        variance = that of the total of z = w (y - R x) / sum(w x), see below

    Linearisation, then the variance between the totals of the ultimate clusters within strata, n/(n-1) times their
    squared deviations. The finite population correction is left out: where a large part of all areas is in the
    sample the error comes out too large, never too small.

    Source: K. M. Wolter, Introduction to Variance Estimation, 2nd edition (2007), chapters on Taylor series
    methods and on the ultimate cluster estimator.

    Args:
        sample: one row a person; keep all sampled clusters (put zeros in the two columns outside the domain of
            interest).
        numerator, denominator: columns of numbers, or of True and False.
        weight, cluster, stratum: columns of the design.

    Raises:
        KitError: if a column is missing, a cluster lies in two strata, or the denominator is zero.

    >>> people = pd.DataFrame({"ea": [1, 1, 2, 2], "stratum": "A", "weight": 2.0})
    >>> people["missed"], people["all"] = [0, 1, 0, 0], 1
    >>> weighted_ratio(people, "missed", "all").value
    0.25
    """
    what = _("The sample")
    need_columns(sample, [numerator, denominator, weight, cluster, stratum], what)
    y = numbers(sample[numerator], numerator)
    x = numbers(sample[denominator], denominator)
    frame = pd.DataFrame({"y": y, "x": x})
    totals = _cluster_totals(frame, sample, (weight, cluster, stratum), what)
    if totals["x"].sum() == 0:
        raise KitError(_("Column {c!r} adds up to zero, so there is no ratio.").format(c=denominator))
    ratio = totals["y"].sum() / totals["x"].sum()
    z = (totals["y"] - ratio * totals["x"]) / totals["x"].sum()
    return Estimate(float(ratio), _variance(z) ** 0.5, "ratio")


def _cluster_totals(
    values: pd.DataFrame, sample: pd.DataFrame, design: tuple[str, str, str], what: str
) -> pd.DataFrame:
    """Weighted totals of each column by (stratum, cluster)."""
    weight, cluster, stratum = design
    unplaced = sample[[stratum, cluster]].isna().any(axis=1)
    if unplaced.any():
        raise KitError(
            _("{what}: {n} rows have no {stratum} or no {cluster}, so their error cannot be estimated.").format(
                what=what, n=int(unplaced.sum()), stratum=shown(stratum), cluster=shown(cluster)
            )
        )
    strata_of = sample[[cluster, stratum]].drop_duplicates()
    doubled = strata_of[cluster].duplicated()
    if doubled.any():
        raise KitError(
            _("{what}: {cluster} {name} lies in more than one {stratum}.").format(
                what=what, cluster=cluster, name=shown(strata_of.loc[doubled, cluster].iloc[0]), stratum=stratum
            )
        )
    each = weights(sample, weight, what)
    keys = [sample[stratum].astype(object).rename("stratum"), sample[cluster].astype(object).rename("cluster")]
    return values.mul(each, axis=0).groupby(keys).sum()


def _check_codes(codes: pd.Series, allowed: Sequence[str], what: str) -> None:
    odd = codes[~codes.astype(object).isin(allowed)]
    if len(odd):
        raise KitError(
            _("{what}, column {column!r}: {value} is none of {allowed} ({n} such rows).").format(
                what=what, column=str(codes.name), value=shown(odd.iloc[0]), allowed=", ".join(allowed), n=len(odd)
            )
        )


_RATES = ("persons", "unresolved", "omission_rate", "omission_se", "erroneous_rate", "erroneous_se", "census",
          "estimate", "estimate_se", "net_coverage", "net_coverage_se")  # fmt: skip


def _rates(totals: pd.DataFrame, census: float | None) -> dict[str, float]:
    """The rates of one group from its weighted totals by cluster (zero in clusters that do not hold the group)."""
    sums = totals.sum()

    def ratio(part: float, whole: float) -> float:
        return part / whole if whole > 0 else np.nan

    def error(z: pd.Series) -> float:
        return _variance(z) ** 0.5 if z.notna().all() else np.nan

    def per(column: str) -> pd.Series:
        """Relative contribution of each cluster to a total: the building stone of every linearised ratio."""
        return totals[column] / sums[column] if sums[column] > 0 else totals[column] * np.nan

    match, correct = ratio(sums["matched"], sums["resolved"]), ratio(sums["correct"], sums["checked"])
    counted = sums["recorded"] if census is None else census
    estimate = counted * correct / match if match and match > 0 else np.nan
    slope = per("correct") - per("checked") - per("matched") + per("resolved")
    # The number of records is itself an estimate unless the census count is known.
    chance = slope if census is not None else slope + per("recorded")
    net = ratio(match, correct)
    return {
        "unresolved": ratio(sums["unresolved"], sums["resolved"] + sums["unresolved"]),
        "omission_rate": 1 - match,
        "omission_se": error((totals["matched"] - match * totals["resolved"]) / sums["resolved"]),
        "erroneous_rate": 1 - correct,
        "erroneous_se": error((totals["correct"] - correct * totals["checked"]) / sums["checked"]),
        "census": counted,
        "estimate": estimate,
        "estimate_se": estimate * error(chance),
        "net_coverage": net,
        "net_coverage_se": net * error(slope),
    }


def coverage_rates(
    pes_persons: pd.DataFrame,
    pes_followup: pd.DataFrame,
    by: str | None = None,
    census_count: float | Mapping[Hashable, float] | None = None,
    weight: str = "weight",
    cluster: str = "ea",
    stratum: str = "stratum",
) -> pd.DataFrame:
    """What a post-enumeration survey says of a census: missed, wrongly included, net, and the true number.

    ::

        omission rate    = not matched / (matched + not matched)        P-sample: the survey's own persons
        erroneous rate   = (D + F + L) / (C + D + F + L)                E-sample: census records checked in the
        field estimate         = census x (1 - erroneous rate) / (1 - omission rate)
        net coverage     = census / estimate = (1 - omission rate) / (1 - erroneous rate)

    All sums are weighted. Unresolved cases are left out of the rates, that is, taken to be like the resolved
    ones; their share is shown. Standard errors: linearisation of these ratios over both samples together, then
    the variance between the enumeration areas (the clusters) within strata, see :func:`weighted_ratio`.

    Source: United Nations, Post Enumeration Surveys: Operational Guidelines (2010), on dual-system estimation;
    Wolter (2007) for the variance.

    Args:
        pes_persons: P-sample, with ``match_status`` (M matched, N not in the census, U unresolved).
        pes_followup: E-sample, with ``outcome`` (C correct, D duplicate, F fictitious, L wrong place, U
            unresolved).
        by: a column of *both* tables to estimate by, for example native or foreign-born.
        census_count: the census count, a number, or with ``by`` one for each group; without it the weighted
            E-sample estimates it, and its chance is in the standard error. Give it where you can: the error of the
            estimate falls to a fraction.
        weight, cluster, stratum: columns of the design, in both tables.

    Returns:
        One row a group and "Total" (which pools everybody): ``persons`` (P-sample, not weighted), ``unresolved``,
        ``omission_rate``, ``omission_se``, ``erroneous_rate``, ``erroneous_se``, ``census``, ``estimate``,
        ``estimate_se``, ``net_coverage``, ``net_coverage_se``. Rates are shares (0.05 is 5 per cent); a rate
        without cases is blank.

    Raises:
        KitError: if a column or the count of a group is missing, or a code is unknown.
    """
    p_name, e_name = _("The survey's persons (P-sample)"), _("The checked census records (E-sample)")
    design = (weight, cluster, stratum)
    need_columns(pes_persons, ["match_status", *design], p_name)
    need_columns(pes_followup, ["outcome", *design], e_name)
    _check_codes(pes_persons["match_status"], MATCH_STATUSES, p_name)
    _check_codes(pes_followup["outcome"], OUTCOMES, e_name)
    if pes_persons.empty or pes_followup.empty:
        raise KitError(_("Both samples of the survey must hold at least one row."))
    p_areas, e_areas = set(pes_persons[cluster].dropna()), set(pes_followup[cluster].dropna())
    if p_areas and e_areas and not p_areas & e_areas:
        raise KitError(
            _("The two samples have no {c!r} in common; check that both write it alike.").format(c=cluster)
        )
    groups: list[Hashable] = []
    p_group = e_group = None
    if by is not None:
        need_columns(pes_persons, [by], p_name)
        if by not in pes_followup.columns:
            raise KitError(
                _(
                    "{what} has no column {by!r}: bring it from the census file with "
                    ".merge(census_persons[['person_id', {by!r}]], on='person_id')."
                ).format(what=e_name, by=by)
            )
        p_group, e_group = classifier(pes_persons[by]).astype(object), classifier(pes_followup[by]).astype(object)
        order = [*classifier(pes_persons[by]).cat.categories[:-1], *classifier(pes_followup[by]).cat.categories]
        groups = [g for g in dict.fromkeys(order) if (p_group == g).any() or (e_group == g).any()]
        if not (set(p_group) - {NOT_STATED}) & (set(e_group) - {NOT_STATED}):
            raise KitError(
                _("The two samples have no value of {by!r} in common; check that both write it alike.").format(
                    by=by
                )
            )

    status, outcome = pes_persons["match_status"].astype(object), pes_followup["outcome"].astype(object)
    p_flags = pd.DataFrame(
        {"matched": status.eq("M"), "resolved": status.ne("U"), "unresolved": status.eq("U")}
    ).astype(float)
    e_flags = pd.DataFrame({"correct": outcome.eq("C"), "checked": outcome.ne("U")}).astype(float)
    e_flags["recorded"] = 1.0

    def one(group: Hashable | None) -> dict[str, float]:
        p_in = pd.Series(True, index=pes_persons.index) if group is None or p_group is None else p_group == group
        e_in = pd.Series(True, index=pes_followup.index) if group is None or e_group is None else e_group == group
        # Multiply, do not filter: areas without the group stay in the sample with zeros.
        p_sum = _cluster_totals(p_flags.mul(p_in, axis=0), pes_persons, design, p_name)
        e_sum = _cluster_totals(e_flags.mul(e_in, axis=0), pes_followup, design, e_name)
        totals = p_sum.join(e_sum, how="outer").fillna(0.0)
        return {"persons": float(p_in.sum()), **_rates(totals, _known_count(census_count, group, groups))}

    lines = {group: one(group) for group in groups}
    lines[TOTAL] = one(None)
    table = pd.DataFrame.from_dict(lines, orient="index", columns=list(_RATES)).rename_axis(index=by)
    return table.astype({"persons": "int64"})


def _known_count(
    census_count: float | Mapping[Hashable, float] | None, group: Hashable | None, groups: Sequence[Hashable]
) -> float | None:
    """The census count of a group (None: of all), if the caller gave it."""
    if census_count is None:
        return None
    if not isinstance(census_count, (Mapping, pd.Series)):
        if groups:
            raise KitError(
                _("With a breakdown the census count is needed for each group: {{{groups}}}.").format(
                    groups=", ".join(f"{g!r}: ..." for g in groups)
                )
            )
        return number(census_count, _("The census count"))
    counts = dict(census_count.items())
    missing = [g for g in groups if g not in counts]
    if missing or not groups:
        raise KitError(
            _("The census count of {missing} is missing.").format(
                missing=", ".join(map(shown, missing)) or _("the total")
            )
        )
    each = {g: number(counts[g], _("The census count of {group}").format(group=shown(g))) for g in groups}
    return each[group] if group is not None else float(sum(each.values()))


__all__ = ["Estimate", "chandra_sekar_deming", "coverage_rates", "dual_system", "weighted_ratio"]
