"""Mirror statistics: the same migrants counted by the country they left and by the country they came to."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import hypot
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import (
    column_names,
    in_order,
    is_unknown,
    need_columns,
    number,
    numbers,
    shown,
    tidy,
)
from migkit.reference import KitError, _

KEYS = ("origin", "destination", "year")

#: What a flow by a minimum stay of so many months is multiplied by to become one of 12 months. Europe, 2002-2008,
#: IMEM (Raymer and others 2013), as tabulated by M. Danko (UndercountMigScores); elsewhere an assumption.
DURATION_FACTORS: dict[float, float] = {0: 0.53, 3: 0.63, 6: 0.73, 12: 1.0}

RULES = ("best", "weighted", "larger")


def compare_mirror(
    own: pd.DataFrame,
    partner: pd.DataFrame,
    by: Sequence[str] = KEYS,
    persons: str = "persons",
) -> pd.DataFrame:
    """Own figures beside those of the partner countries, corridor by corridor.

    ::

        difference = own - partner        ratio = own / partner

    Source: United Nations Economic Commission for Europe and Eurostat, Guidelines for Exchanging Data to Improve
    Emigration Statistics (2010); M. Poulain, European Journal of Population 9 (1993).

    Args:
        own: what the country itself counts; one row a corridor.
        partner: what the partners count of the same corridors.
        by: columns that name a corridor (origin, destination, year; sex, if both have it).
        persons: column with the figure.

    Returns:
        One row a corridor of either table, sorted: ``by``, ``own``, ``partner``, ``difference``, ``ratio``,
        ``seen`` ("both", "own only", "partner only").

    Raises:
        KitError: if a corridor stands twice in a table, or is not stated.

    >>> own = pd.DataFrame({"origin": "GMB", "destination": ["ESP", "ITA"], "year": 2023, "persons": [40, 10]})
    >>> there = pd.DataFrame({"origin": "GMB", "destination": ["ESP"], "year": 2023, "persons": [160]})
    >>> print(compare_mirror(own, there)[["destination", "own", "partner", "ratio", "seen"]])
      destination   own  partner  ratio      seen
    0         ESP  40.0    160.0   0.25      both
    1         ITA  10.0      NaN    NaN  own only
    """
    keys = column_names(by, _("The corridors"))
    if not keys:
        raise KitError(_("Name the columns of the corridors in by=, such as origin, destination and year."))
    sides = []
    for table, name, what in (
        (own, "own", _("The own figures")),
        (partner, "partner", _("The partners' figures")),
    ):
        _check_corridors(table, keys, persons, what)
        side = _corridor_names(table, keys)
        figures = numbers(table[persons], _("{what}, column {c!r}").format(what=what, c=persons))
        side[name] = figures.to_numpy()
        sides.append(side)
    _check_kinds(sides[0], sides[1], keys)
    both = _side_by_side(sides[0], sides[1], keys)
    both["difference"] = both["own"] - both["partner"]
    both["ratio"] = both["own"] / both["partner"].where(both["partner"] > 0)
    words = {"both": "both", "left_only": "own only", "right_only": "partner only"}
    both["seen"] = both["seen"].astype(object).map(words)
    return both[[*keys, "own", "partner", "difference", "ratio", "seen"]]


def _corridor_names(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """The columns that name corridors, as plain values without spaces around text."""
    names = {key: tidy(table[key].reset_index(drop=True)).to_numpy() for key in keys}
    return pd.DataFrame(names, dtype=object)


def _check_kinds(own: pd.DataFrame, partner: pd.DataFrame, keys: list[str]) -> None:
    """Raise a KitError where one table has text and the other numbers: 2023 and "2023" would never meet."""
    for key in keys:
        kinds = [{_kind(value) for value in side[key]} for side in (own, partner)]
        if kinds[0] and kinds[1] and kinds[0].isdisjoint(kinds[1]):
            one, other = sorted((", ".join(sorted(held)) for held in kinds), reverse=True)
            raise KitError(
                _(
                    "Column {c!r} holds {one} in one table and {other} in the other, so no corridor can match."
                ).format(c=key, one=one, other=other)
            )


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return _("text")
    return _("numbers") if isinstance(value, (Real, Decimal)) else type(value).__name__


def _side_by_side(own: pd.DataFrame, partner: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Every corridor of either table, in the order of its names; these may be of mixed kinds, which have none."""
    names = {key: in_order({*own[key], *partner[key]}) for key in keys}
    places = {key: {value: at for at, value in enumerate(values)} for key, values in names.items()}
    numbered = [side.assign(**{key: side[key].map(places[key]) for key in keys}) for side in (own, partner)]
    both = numbered[0].merge(numbered[1], on=keys, how="outer", sort=True, indicator="seen")
    for key, values in names.items():
        both[key] = pd.Series([values[int(at)] for at in both[key]], index=both.index, dtype=object)
    return both


def _check_corridors(table: pd.DataFrame, keys: list[str], persons: str, what: str) -> None:
    need_columns(table, [*keys, persons], what)
    for key in keys:
        unknown = is_unknown(table[key])
        if unknown.any():
            raise KitError(
                _("{what}: {key} is not stated in {n} rows, such as row {row}: leave them out and say so.").format(
                    what=what, key=shown(key), n=int(unknown.sum()), row=shown(_first(table, unknown))
                )
            )
    doubled = _corridor_names(table, keys).duplicated()
    if doubled.any():
        raise KitError(
            _(
                "{what}: the corridor {key} stands twice, again in row {row}; add the rows up, or name what tells "
                "them apart in by=."
            ).format(
                what=what,
                key=" ".join(map(str, table.loc[doubled.to_numpy(), keys].iloc[0])),
                row=shown(_first(table, doubled)),
            )
        )


def _first(table: pd.DataFrame, bad: Any) -> Any:
    """The label of the first bad row."""
    return table.index[int(np.asarray(bad, dtype=bool).argmax())]


def reconcile_mirror(
    own: pd.DataFrame,
    partner: pd.DataFrame,
    rule: str = "best",
    country: str | None = None,
    by: Sequence[str] = KEYS,
    persons: str = "persons",
    coverage: str = "coverage",
    duration: str = "duration",
    error: str = "error",
    duration_factors: Mapping[float, float] | None = None,
) -> pd.DataFrame:
    """One figure for each corridor from two, with both of them, their ratio, which was used and why.

    ::

        adjusted = persons x factor of its duration / coverage
        best       the smaller error; without errors, the higher coverage; else the country of arrival
        weighted   sum of adjusted / error^2, over the sum of 1 / error^2
        larger     the larger of the two, since most sources miss people
        se         adjusted x error; weighted: square root of the sum of (weight x adjusted x error)^2

    A definition by a shorter stay counts more people: its factor is below 1. Perfect sources agree after
    adjustment; what remains of the ratio is error that nobody has stated yet. A difference of definition
    (birthplace here, citizenship there) is no matter of a factor: compare like with like.

    Source: after M. Poulain, European Journal of Population 9 (1993), and J. de Beer and others, European Journal
    of Population 26 (2010); factors: J. Raymer and others, Journal of the American Statistical Association 108
    (2013). The rules are ours.

    Args:
        own, partner: as for :func:`compare_mirror`. They may hold columns of quality, each row its own.
        rule: ``"best"``, ``"weighted"`` or ``"larger"``.
        country: code of the own country; tells who is the country of arrival.
        by, persons: as for :func:`compare_mirror`; ``country`` needs "destination" among them.
        coverage: column with the share of migrants that the source counts (1 if the table has no such column).
        duration: column with the months of stay that make a migrant (12 if there is none).
        error: column with the relative standard error of the figure (0.1 for 10 %).
        duration_factors: factors by months; :data:`DURATION_FACTORS` if not given.

    Returns:
        One row a corridor: ``by``, ``own``, ``partner``, ``ratio``, ``own_adjusted``, ``partner_adjusted``,
        ``ratio_adjusted``, ``used``, ``se`` (blank without an error), ``side``, ``why``.

    Raises:
        KitError: if a coverage is not above 0 and at most 1, a duration has no factor, or "weighted" lacks an
            error.

    >>> corridor = {"origin": ["GMB"], "destination": ["ESP"], "year": [2023]}
    >>> own = pd.DataFrame(corridor | {"persons": [40], "coverage": [0.3]})
    >>> there = pd.DataFrame(corridor | {"persons": [160], "coverage": [0.9], "duration": [6]})
    >>> row = reconcile_mirror(own, there, country="GMB").iloc[0]
    >>> row[["own_adjusted", "partner_adjusted", "used"]].astype(float).round(1).tolist(), row["side"], row["why"]
    ([133.3, 129.8, 129.8], 'partner', 'higher coverage')
    """
    if not isinstance(rule, str) or rule not in RULES:
        raise KitError(
            _("There is no rule {r}; use {have}.").format(r=shown(rule), have=", ".join(map(shown, RULES)))
        )
    keys = column_names(by, _("The corridors"))
    table = compare_mirror(own, partner, keys, persons)
    if country is not None and "destination" not in keys:
        raise KitError(_("To know the country of arrival, the corridors need the column 'destination'."))
    for name in (country, coverage, duration, error):
        if not isinstance(name, Hashable):
            raise KitError(_("Name one country or column where it says {name}.").format(name=shown(name)))
    factors = DURATION_FACTORS if duration_factors is None else duration_factors
    if not isinstance(factors, Mapping):
        raise KitError(_("duration_factors is a dictionary, months to factor; got {x}.").format(x=shown(factors)))
    for side, frame, what in (
        ("own", own, _("The own figures")),
        ("partner", partner, _("The partners' figures")),
    ):
        quality = _quality(frame, keys, (coverage, duration, error), factors, what).add_prefix(f"{side}_")
        table = table.merge(_corridor_names(frame, keys).join(quality), on=keys, how="left")
        table[f"{side}_adjusted"] = table[side] * table[f"{side}_factor"] / table[f"{side}_coverage"]
    table["ratio_adjusted"] = table["own_adjusted"] / table["partner_adjusted"].where(
        table["partner_adjusted"] > 0
    )
    chosen = [_choose(row, rule, country) for row in table.to_dict("records")]
    decided = pd.DataFrame(chosen, columns=["used", "se", "side", "why"], index=table.index)
    names = ["own", "partner", "ratio", "own_adjusted", "partner_adjusted", "ratio_adjusted"]
    return pd.concat([table[[*keys, *names]], decided], axis=1)


def _quality(
    frame: pd.DataFrame, keys: list[str], columns: tuple[str, str, str], factors: Mapping[float, float], what: str
) -> pd.DataFrame:
    """Coverage, duration factor and relative error of each row."""
    coverage, duration, error = columns
    result = pd.DataFrame({"coverage": 1.0, "factor": 1.0, "error": np.nan}, index=range(len(frame)))
    if coverage in frame:
        share = numbers(frame[coverage], _("{what}, column {c!r}").format(what=what, c=coverage)).to_numpy()
        odd = (share <= 0) | (share > 1)
        if odd.any():
            raise KitError(
                _(
                    "{what}: a coverage is a share above 0 and at most 1, such as 0.8; got {x:g} in row {row}."
                ).format(what=what, x=share[odd][0], row=shown(_first(frame, odd)))
            )
        result["coverage"] = share
    if duration in frame:
        months = numbers(frame[duration], _("{what}, column {c!r}").format(what=what, c=duration)).to_numpy()
        odd = np.array([month not in factors for month in months], dtype=bool)
        if odd.any():
            raise KitError(
                _(
                    "{what}: there is no factor for a duration of {m:g} months (row {row}); those known are "
                    "{have}."
                ).format(
                    what=what, m=months[odd][0], row=shown(_first(frame, odd)), have=", ".join(map(shown, factors))
                )
            )
        result["factor"] = [number(factors[month], _("A factor of duration")) for month in months]
    if error in frame:
        given = numbers(frame[error], _("{what}, column {c!r}").format(what=what, c=error), missing=True)
        result["error"] = given.to_numpy()
    return result


def _choose(row: Mapping[Any, Any], rule: str, country: str | None) -> tuple[float, float, str, str]:
    """Figure, standard error, side and reason for one corridor."""
    figure = {side: row[f"{side}_adjusted"] for side in ("own", "partner")}
    error = {side: row[f"{side}_error"] for side in figure}
    there = [side for side, value in figure.items() if not np.isnan(value)]

    def take(side: str, why: str) -> tuple[float, float, str, str]:
        return figure[side], figure[side] * error[side], side, why

    if len(there) == 1:
        return take(there[0], "only figure")
    if rule == "larger":
        return take("own" if figure["own"] > figure["partner"] else "partner", "larger figure")
    both_known = not any(np.isnan(value) for value in error.values())
    if rule == "weighted":
        return _weigh(figure, error, row)
    if both_known and error["own"] != error["partner"]:
        return take(min(error, key=lambda side: float(error[side])), "smaller error")
    if not both_known and row["own_coverage"] != row["partner_coverage"]:
        return take("own" if row["own_coverage"] > row["partner_coverage"] else "partner", "higher coverage")
    if country is None:
        raise KitError(
            _(
                "Nothing tells which source is better for {c}: give country=, coverage or error, or another rule."
            ).format(c=" ".join(str(row[key]) for key in KEYS if key in row))
        )
    return take("own" if row["destination"] == country else "partner", "country of arrival")


def _weigh(
    figure: Mapping[str, float], error: Mapping[str, float], row: Mapping[Any, Any]
) -> tuple[float, float, str, str]:
    if not all(value > 0 for value in error.values()):
        raise KitError(
            _("To weigh the figures, both sources need a relative error above 0 for {c}.").format(
                c=" ".join(str(row[key]) for key in KEYS if key in row)
            )
        )
    # Beside the larger of the two errors, so that no square is too large to hold.
    own, partner = ((error[side] / max(error.values())) ** 2 for side in ("own", "partner"))
    share = {"own": partner / (own + partner), "partner": own / (own + partner)}
    used = sum(share[side] * figure[side] for side in figure)
    return used, hypot(*(share[side] * figure[side] * error[side] for side in figure)), "both", "weighted by error"


@dataclass(frozen=True)
class HarmonisedFlows:
    """Flows that were made to agree, and the factors that did it.

    Attributes:
        factors: one row a country: ``immigration`` and ``emigration``, by which its figures are multiplied (blank
            where it reports none that another country reports too).
        flows: one row a corridor: ``sent``, ``received``, ``sent_adjusted``, ``received_adjusted``, ``estimate``
            (the mean of the adjusted figures there are).
    """

    factors: pd.DataFrame
    flows: pd.DataFrame


def harmonise_flows(
    reports: pd.DataFrame,
    benchmark: str,
    origin: str = "origin",
    destination: str = "destination",
    sent: str = "sent",
    received: str = "received",
) -> HarmonisedFlows:
    """Adjustment factors that bring emigration and immigration figures of many countries to one definition.

    ::

        minimise  sum of (a_j R_ij - b_i S_ij)^2 / (R_ij + S_ij)
        R_ij received from i as j reports, S_ij sent to j as i reports
        a_j factor of j's immigration, b_i factor of i's emigration, a of the benchmark country = 1

    The result has the definition and the coverage of the benchmark's immigration figures, so choose a country that
    counts well. If every country missed a constant share of its immigrants and of its emigrants, the factors find
    these shares exactly. Only corridors that both ends report take part.

    Source: M. Poulain, European Journal of Population 9 (1993); J. de Beer, J. Raymer, R. van der Erf and L. van
    Wissen, European Journal of Population 26 (2010). The mean of both adjusted figures is our choice.

    Args:
        reports: one row a corridor; blank where an end does not report.
        benchmark: country whose immigration figures are kept.
        origin, destination, sent, received: columns.

    Raises:
        KitError: if a corridor stands twice, or some countries have no link to the benchmark through corridors
            that both ends report.

    >>> reports = pd.DataFrame({"origin": ["A", "B"], "destination": ["B", "A"], "sent": [50, 80]})
    >>> print(harmonise_flows(reports.assign(received=[100, None]), benchmark="B").factors)
       immigration  emigration
    A          NaN         2.0
    B          1.0         NaN
    """
    what = _("The table of reports")
    need_columns(reports, [origin, destination, sent, received], what)
    _check_corridors(reports, [origin, destination], sent, what)
    flows = reports[[origin, destination]].astype(object).set_axis(["origin", "destination"], axis=1)
    if (flows["origin"] == flows["destination"]).any():
        raise KitError(_("{what}: a corridor leads from a country to itself.").format(what=what))
    for name, column in (("sent", sent), ("received", received)):
        flows[name] = numbers(reports[column], _("{what}, column {c!r}").format(what=what, c=column), missing=True)
    both = flows.dropna()
    both = both[(both["sent"] + both["received"]) > 0]
    unknowns = list(
        dict.fromkeys(
            [("immigration", c) for c in both["destination"]] + [("emigration", c) for c in both["origin"]]
        )
    )
    if not isinstance(benchmark, Hashable) or ("immigration", benchmark) not in unknowns:
        raise KitError(
            _("{b} reports no immigrants whom their origin reports too, so it cannot be the benchmark.").format(
                b=shown(benchmark)
            )
        )
    design = np.zeros((len(both), len(unknowns)))
    scale = 1 / np.sqrt((both["sent"] + both["received"]).to_numpy())
    rows = np.arange(len(both))
    design[rows, [unknowns.index(("immigration", c)) for c in both["destination"]]] = (
        both["received"].to_numpy() * scale
    )
    design[rows, [unknowns.index(("emigration", c)) for c in both["origin"]]] = -both["sent"].to_numpy() * scale
    fixed = unknowns.index(("immigration", benchmark))
    _linked(both, unknowns, fixed)
    free = [at for at in range(len(unknowns)) if at != fixed]
    solution = np.linalg.lstsq(design[:, free], -design[:, fixed], rcond=None)[0]
    found = dict(zip([unknowns[at] for at in free], solution, strict=True)) | {unknowns[fixed]: 1.0}
    unfit = [name for name, value in found.items() if value <= 0]
    if unfit:
        raise KitError(
            _("The {side} figures of {c} cannot be made to agree with the others; leave them out.").format(
                side=unfit[0][0], c=shown(unfit[0][1])
            )
        )
    countries = sorted({*flows["origin"], *flows["destination"]}, key=str)
    factors = pd.DataFrame(
        {side: [found.get((side, c), np.nan) for c in countries] for side in ("immigration", "emigration")},
        index=pd.Index(countries),
    )
    flows["sent_adjusted"] = flows["sent"] * flows["origin"].map(factors["emigration"])
    flows["received_adjusted"] = flows["received"] * flows["destination"].map(factors["immigration"])
    flows["estimate"] = flows[["sent_adjusted", "received_adjusted"]].mean(axis=1)
    return HarmonisedFlows(factors, flows)


def _linked(both: pd.DataFrame, unknowns: list[tuple[str, Any]], fixed: int) -> None:
    """Raise a KitError unless every factor hangs together with the benchmark's through the corridors."""
    reached = {unknowns[fixed]}
    used = both[(both["sent"] > 0) & (both["received"] > 0)]
    links = [
        (("immigration", d), ("emigration", o)) for o, d in zip(used["origin"], used["destination"], strict=True)
    ]
    for _step in range(len(unknowns)):
        reached |= {end for link in links if reached & set(link) for end in link}
    loose = [name for name in unknowns if name not in reached]
    if loose:
        raise KitError(
            _(
                "The {side} figures of {c} have no link to the benchmark through corridors that both ends report."
            ).format(side=loose[0][0], c=shown(loose[0][1]))
        )


__all__ = ["DURATION_FACTORS", "HarmonisedFlows", "compare_mirror", "harmonise_flows", "reconcile_mirror"]
