"""What a post-enumeration survey says of a census: missed, wrongly included, net, and the true number."""

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
import pandas as pd

from migkit.measures._input import NOT_STATED, TOTAL, classifier, need_columns, number, shown
from migkit.measures.surveys.linearisation import cluster_totals, cluster_variance
from migkit.reference import KitError, _

#: What the two samples of a post-enumeration survey may say of a record.
MATCH_STATUSES = ("M", "N", "U")
OUTCOMES = ("C", "D", "F", "L", "U")


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
        return cluster_variance(z) ** 0.5 if z.notna().all() else np.nan

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

    >>> design = {"stratum": "A", "ea": [1, 1, 1, 1, 1, 2, 2, 2, 2, 2], "weight": 10}
    >>> p_sample = pd.DataFrame(design | {"match_status": list("MMMMNMMMMM")})
    >>> e_sample = pd.DataFrame(design | {"outcome": list("CCCCDCCCCC")})
    >>> table = coverage_rates(p_sample, e_sample, census_count=100)
    >>> table[["omission_rate", "erroneous_rate", "estimate", "net_coverage"]].round(3).loc["Total"].tolist()
    [0.1, 0.1, 100.0, 1.0]
    """
    table = {
        group: {"persons": persons, **_rates(totals, census)}
        for group, persons, totals, census in sample_totals(
            pes_persons, pes_followup, by, census_count, (weight, cluster, stratum)
        )
    }
    result = pd.DataFrame.from_dict(table, orient="index", columns=list(_RATES)).rename_axis(index=by)
    return result.astype({"persons": "int64"})


def sample_totals(
    pes_persons: pd.DataFrame,
    pes_followup: pd.DataFrame,
    by: str | None,
    census_count: float | Mapping[Hashable, float] | None,
    design: tuple[str, str, str],
) -> list[tuple[Hashable, float, pd.DataFrame, float | None]]:
    """Both samples, checked, as weighted totals by cluster: one entry a group and "Total".

    Arguments and errors as for :func:`coverage_rates`; ``design`` names weight, cluster and stratum.

    Returns:
        Group, persons in the P-sample, totals by (stratum, cluster) of ``matched``, ``resolved``, ``unresolved``,
        ``correct``, ``checked``, ``recorded``, and the census count where it was given.

    >>> design = pd.DataFrame({"stratum": "A", "ea": [1, 2], "weight": 10})
    >>> entries = sample_totals(
    ...     design.assign(match_status="M"), design.assign(outcome="C"), None, None, ("weight", "ea", "stratum"))
    >>> [(group, persons, float(totals["matched"].sum())) for group, persons, totals, census in entries]
    [('Total', 2.0, 20.0)]
    """
    p_name, e_name = _("The survey's persons (P-sample)"), _("The checked census records (E-sample)")
    need_columns(pes_persons, ["match_status", *design], p_name)
    need_columns(pes_followup, ["outcome", *design], e_name)
    _check_codes(pes_persons["match_status"], MATCH_STATUSES, p_name)
    _check_codes(pes_followup["outcome"], OUTCOMES, e_name)
    if pes_persons.empty or pes_followup.empty:
        raise KitError(_("Both samples of the survey must hold at least one row."))
    p_areas, e_areas = set(pes_persons[design[1]].dropna()), set(pes_followup[design[1]].dropna())
    if p_areas and e_areas and not p_areas & e_areas:
        raise KitError(
            _("The two samples have no {c!r} in common; check that both write it alike.").format(c=design[1])
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

    def one(label: Hashable, group: Hashable | None) -> tuple[Hashable, float, pd.DataFrame, float | None]:
        p_in = pd.Series(True, index=pes_persons.index) if group is None or p_group is None else p_group == group
        e_in = pd.Series(True, index=pes_followup.index) if group is None or e_group is None else e_group == group
        # Multiply, do not filter: areas without the group stay in the sample with zeros.
        p_sum = cluster_totals(p_flags.mul(p_in, axis=0), pes_persons, design, p_name)
        e_sum = cluster_totals(e_flags.mul(e_in, axis=0), pes_followup, design, e_name)
        totals = p_sum.join(e_sum, how="outer").fillna(0.0)
        return label, float(p_in.sum()), totals, _known_count(census_count, group, groups)

    return [*(one(group, group) for group in groups), one(TOTAL, None)]


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


__all__ = ["MATCH_STATUSES", "OUTCOMES", "coverage_rates", "sample_totals"]
