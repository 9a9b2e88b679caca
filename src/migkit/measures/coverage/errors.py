"""Coverage errors in numbers of people: omissions, erroneous inclusions, net and gross, each with its error."""

from collections.abc import Hashable, Mapping

import numpy as np
import pandas as pd

from migkit.measures._input import TOTAL, need_columns, numbers, shown
from migkit.measures.coverage.post_enumeration import sample_totals
from migkit.measures.surveys.linearisation import cluster_variance
from migkit.reference import KitError, _

_PARTS = ("omissions", "erroneous", "net", "gross", "estimate")
_COLUMNS = ["census", *(name for part in _PARTS for name in (part, f"{part}_se")),
            "omission_rate", "erroneous_rate", "net_rate", "gross_rate"]  # fmt: skip


def _line(census: float, match: float, correct: float) -> dict[str, float]:
    """The errors of one group from its census count, match rate and share of correct records."""
    estimate = census * correct / match if match > 0 else np.nan
    omissions, erroneous = estimate * (1 - match), census * (1 - correct)
    return {
        "census": census,
        "omissions": omissions,
        "erroneous": erroneous,
        "net": estimate - census,
        "gross": omissions + erroneous,
        "estimate": estimate,
        "omission_rate": omissions / estimate,
        "erroneous_rate": erroneous / census if census > 0 else np.nan,
        "net_rate": (estimate - census) / estimate,
        "gross_rate": (omissions + erroneous) / estimate,
    }


def _slopes(census: float, match: float, correct: float) -> dict[str, tuple[float, float, float]]:
    """How each part moves with the census count, the match rate and the share correct (first derivatives)."""
    omissions = (correct * (1 - match) / match, -census * correct / match**2, census * (1 - match) / match)
    erroneous = (1 - correct, 0.0, -census)
    estimate = (correct / match, -census * correct / match**2, census / match)
    return {
        "omissions": omissions,
        "erroneous": erroneous,
        "estimate": estimate,
        "net": (estimate[0] - 1, estimate[1], estimate[2]),
        "gross": (omissions[0] + erroneous[0], omissions[1], omissions[2] + erroneous[2]),
    }


def coverage_errors(
    pes_persons: pd.DataFrame,
    pes_followup: pd.DataFrame,
    by: str | None = None,
    census_count: float | Mapping[Hashable, float] | None = None,
    weight: str = "weight",
    cluster: str = "ea",
    stratum: str = "stratum",
) -> pd.DataFrame:
    """How many people a census missed and how many records it should not have, from a post-enumeration survey.

    ::

        estimate   = census x correct share / match rate          erroneous = census x (1 - correct share)
        omissions  = estimate x (1 - match rate)                  net   = omissions - erroneous = estimate - census
                                                                  gross = omissions + erroneous
        rates      = omissions, net and gross per estimate; erroneous per census record

    Net error is what the count lacks; gross error is what went wrong, and may be large where the net is zero.
    Standard errors as for :func:`coverage_rates`: linearisation over both samples together.

    Source: United Nations, Post Enumeration Surveys: Operational Guidelines (2010); variance as in
    :func:`coverage_rates`.

    Args:
        pes_persons, pes_followup, by, census_count, weight, cluster, stratum: as for :func:`coverage_rates`.

    Returns:
        One row a group and "Total": ``census``; ``omissions``, ``erroneous``, ``net``, ``gross``, ``estimate``
        with ``..._se`` each; ``omission_rate``, ``erroneous_rate``, ``net_rate``, ``gross_rate`` (shares).

    Raises:
        KitError: as for :func:`coverage_rates`.

    >>> design = {"stratum": "A", "ea": [1, 1, 1, 1, 1, 2, 2, 2, 2, 2], "weight": 10}
    >>> p_sample = pd.DataFrame(design | {"match_status": list("MMMMNMMMMM")})
    >>> e_sample = pd.DataFrame(design | {"outcome": list("CCCCDCCCCC")})
    >>> table = coverage_errors(p_sample, e_sample, census_count=100)
    >>> table[["omissions", "erroneous", "net", "gross"]].round(1).loc["Total"].tolist()
    [10.0, 10.0, 0.0, 20.0]
    """
    lines = {}
    for group, _persons, totals, known in sample_totals(
        pes_persons, pes_followup, by, census_count, (weight, cluster, stratum)
    ):
        sums = totals.sum()
        match = sums["matched"] / sums["resolved"] if sums["resolved"] else np.nan
        correct = sums["correct"] / sums["checked"] if sums["checked"] else np.nan
        census = float(sums["recorded"]) if known is None else known
        line = _line(census, match, correct)
        if match > 0:
            by_match = (totals["matched"] - match * totals["resolved"]) / sums["resolved"]
            by_correct = (totals["correct"] - correct * totals["checked"]) / sums["checked"]
            by_census = totals["recorded"] if known is None else totals["recorded"] * 0.0
            for part, slope in _slopes(census, match, correct).items():
                z = slope[0] * by_census + slope[1] * by_match + slope[2] * by_correct
                line[f"{part}_se"] = cluster_variance(z) ** 0.5 if z.notna().all() else np.nan
        lines[group] = line
    return pd.DataFrame.from_dict(lines, orient="index").reindex(columns=_COLUMNS).rename_axis(index=by)


def errors_from_counts(
    strata: pd.DataFrame,
    census: str = "census",
    persons: str = "persons",
    matched: str = "matched",
    checked: str | None = None,
    correct: str | None = None,
) -> pd.DataFrame:
    """The same table from plain counts, as textbooks have it: no weights, no clusters, one row a stratum.

    ::

        match rate = matched / persons        correct share = correct / checked (1 where nothing was checked)
        variances  = p (1 - p) / n for each, taken as independent; the census count has none

    The total adds the strata: numbers and their variances. Rates of the total come from the sums.

    Source: United Nations, Post Enumeration Surveys: Operational Guidelines (2010); C. Chandra Sekar and W. E.
    Deming, Journal of the American Statistical Association 44 (1949), for the strata.

    Args:
        strata: one row a stratum (its index names it).
        census: its column of the census count (which is 0 or more).
        persons, matched: columns of the P-sample: resolved persons, and those matched.
        checked, correct: columns of the E-sample: resolved records, and those correctly enumerated.

    Returns:
        As for :func:`coverage_errors`.

    Raises:
        KitError: if a column is missing, a part is larger than its whole, or nobody matched in a stratum.

    >>> strata = pd.DataFrame({"census": [950], "persons": [100], "matched": [90], "checked": 100, "correct": 95},
    ...                       index=["North"])
    >>> errors_from_counts(strata, checked="checked", correct="correct")["estimate"].round(1).tolist()
    [1002.8, 1002.8]
    """
    what = _("The table of strata")
    columns = [census, persons, matched, *(name for name in (checked, correct) if name is not None)]
    if (checked is None) != (correct is None):
        raise KitError(_("The E-sample needs two columns: the records checked and those that are correct."))
    need_columns(strata, columns, what)
    if strata.empty:
        raise KitError(_("The table of strata has no rows."))
    held = {name: numbers(strata[name], _("The table of strata, column {c!r}").format(c=name)) for name in columns}
    _refuse_parts(strata.index, held, matched, persons)
    if checked is not None and correct is not None:
        _refuse_parts(strata.index, held, correct, checked)
    lines: list[dict[str, float]] = []
    for place in range(len(strata)):
        count = {name: float(values.iloc[place]) for name, values in held.items()}
        match, share = count[matched] / count[persons], 1.0
        spread = [0.0, match * (1 - match) / count[persons], 0.0]
        if checked is not None and correct is not None:
            share = count[correct] / count[checked]
            spread[2] = share * (1 - share) / count[checked]
        line = _line(count[census], match, share)
        for part, slope in _slopes(count[census], match, share).items():
            line[f"{part}_se"] = float(np.dot(np.square(slope), spread)) ** 0.5
        lines.append(line)
    table = pd.DataFrame(lines, index=strata.index).reindex(columns=_COLUMNS)
    return pd.concat([table, _sum(table)])


def _refuse_parts(labels: pd.Index, held: Mapping[str, pd.Series], part: str, whole: str) -> None:
    bad = (held[part] > held[whole]) | (held[whole] == 0) | (held[part] == 0)
    if bad.any():
        row = int(bad.to_numpy().argmax())
        raise KitError(
            _("Stratum {name}: {a} = {x:g} of {b} = {y:g} gives no rate; join it to one like it.").format(
                name=shown(labels[row]), a=part, x=held[part].iloc[row], b=whole, y=held[whole].iloc[row]
            )
        )


def _sum(table: pd.DataFrame) -> pd.DataFrame:
    """The total of the strata: numbers add, and so do variances."""
    total = table[["census", *_PARTS]].sum()
    for part in _PARTS:
        total[f"{part}_se"] = (table[f"{part}_se"] ** 2).sum() ** 0.5
    total["omission_rate"] = total["omissions"] / total["estimate"]
    total["erroneous_rate"] = total["erroneous"] / total["census"] if total["census"] > 0 else np.nan
    total["net_rate"] = total["net"] / total["estimate"]
    total["gross_rate"] = total["gross"] / total["estimate"]
    more = table.index.nlevels - 1
    label = pd.MultiIndex.from_tuples([(TOTAL, *[""] * more)]) if more else pd.Index([TOTAL])
    return total.to_frame().T.set_axis(label, axis=0)[_COLUMNS]


def with_movers(
    stayers: float, stayers_matched: float, leavers: float, leavers_matched: float, arrivals: float
) -> tuple[float, float]:
    """Persons and matched persons of the P-sample where people moved between census and survey ("procedure C").

    ::

        persons = stayers + arrivals
        matched = stayers matched + arrivals x (leavers matched / leavers)

    The survey counts who lives in the area now. Those who came since the census cannot be looked for there; those
    who left, and of whom neighbours tell, can. So the number is taken from the first and the match rate from the
    second.

    Source: United Nations, Post Enumeration Surveys: Operational Guidelines (2010), on movers.

    Args:
        stayers, stayers_matched: people who lived in the area on census day and do now.
        leavers, leavers_matched: people who lived there on census day and have left.
        arrivals: people who came since.

    Returns:
        Persons and matched, for :func:`errors_from_counts`.

    >>> with_movers(900, 855, 100, 80, 110)
    (1010.0, 943.0)
    """
    names = ("stayers", "stayers_matched", "leavers", "leavers_matched", "arrivals")
    counts = numbers([stayers, stayers_matched, leavers, leavers_matched, arrivals], _("The counts of movers"))
    stay, stay_matched, left, left_matched, came = counts.astype(float)
    if stay_matched > stay or left_matched > left:
        raise KitError(_("More persons were matched than there are: {names}.").format(names=", ".join(names)))
    if left == 0 and came > 0:
        raise KitError(_("People arrived but nobody left, so the match rate of movers is unknown."))
    return float(stay + came), float(stay_matched + (came * left_matched / left if left else 0.0))


__all__ = ["coverage_errors", "errors_from_counts", "with_movers"]
