"""The same estimates through the library svy: for the office's own large files, and to check ours against."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import column_names, engine
from migkit.measures.surveys.design import Drawn, SurveyDesign, drawn
from migkit.measures.surveys.domain_tables import COLUMNS, domains, labelled
from migkit.measures.surveys.intervals import interval_of
from migkit.reference import KitError, _

#: What svy calls our ways with a stratum of one PSU.
_LONELY = {"adjust": "center", "certainty": "skip", "fail": None}


def _parts(held: Drawn, values: Sequence[np.ndarray], lonely: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Columns (numbered strata and units, y and x with null for NaN), and which of them are svy's design."""
    if held.margins or held.errors != "linearisation":
        raise KitError(_("svy has neither calibrated weights nor replicates in this kit; use engine='numpy'."))
    svy, polars = engine("svy"), engine("polars")
    columns: dict[str, Any] = {"w": held.weight, "psu": held.psu, "stratum": held.stratum_of[held.psu]}
    columns |= {name: polars.Series(one, nan_to_null=True) for name, one in zip("yx", values, strict=False)}
    parts: dict[str, Any] = {"wgt": "w", "psu": "psu", "stratum": "stratum"}
    if held.share.any():
        clusters = np.bincount(held.stratum_of)
        columns["size"] = (clusters / held.share)[held.stratum_of[held.psu]]
        parts["pop_size"] = "size"
    if held.share_ssu.any() and held.share.any():
        units = np.bincount(held.psu_of)
        columns |= {"ssu": held.ssu, "size_ssu": (units / held.share_ssu)[held.psu]}
        parts |= {"ssu": "ssu", "pop_size": svy.PopSize(psu="size", ssu="size_ssu")}
    if _LONELY[lonely] is not None:
        parts["singleton"] = _LONELY[lonely]
    return columns, parts


def _run(method: Callable[..., Any], asked: dict[str, Any]) -> dict[str, float]:
    """One estimate as a dictionary; svy's own errors as ours."""
    svy = engine("svy")
    try:
        return dict(method(**asked).to_polars().row(0, named=True))
    except svy.SvyError as error:
        if "DEFF_NOT_COMPUTABLE" in str(error) and "deff" in asked:
            # A sample that is its whole population has no design effect, but it has an estimate.
            return _run(method, {name: value for name, value in asked.items() if name != "deff"}) | {
                "deff": np.nan
            }
        reason = str(error).strip().splitlines()[0]
        raise KitError(_("svy cannot estimate this: {reason}").format(reason=reason)) from error


def _row(found: dict[str, float], inside: np.ndarray, answered: np.ndarray) -> dict[str, float]:
    names = {"est": "estimate", "se": "se", "cv": "cv", "lci": "low", "uci": "high", "df": "df", "deff": "deff"}
    row = {ours: found[theirs] for theirs, ours in names.items() if theirs in found}
    return row | {"n": int(answered.sum()), "unanswered": int((inside & ~answered).sum())}


def estimates_by_svy(
    kind: str,
    sample: pd.DataFrame,
    design: SurveyDesign,
    values: Sequence[np.ndarray],
    by: Any,
    options: dict[str, Any],
) -> pd.DataFrame:
    """Means, totals, ratios and quantiles through svy, in the shape that :mod:`estimates` gives.

    Args:
        kind: ``"mean"``, ``"total"``, ``"ratio"`` or ``"quantile"``.
        sample, design: as for the numpy version.
        values: numbers of y, and of x for a ratio; NaN where blank.
        by: column or columns of the domains.
        options: level, interval, srs, and share for quantiles.

    Raises:
        KitError: if svy is not installed or refuses the design.

    >>> people = pd.DataFrame({"weight": 1.0, "age": [20, 30, 40]})
    >>> options = {"level": 0.95, "interval": "t", "srs": "wr"}
    >>> table = estimates_by_svy("mean", people, SurveyDesign("weight"), [np.array([20.0, 30, 40])], None, options)
    >>> float(table["estimate"].iloc[0])
    30.0
    """
    held = drawn(sample, design)
    answers = ~np.isnan(np.column_stack(values)).any(axis=1)
    svy, polars = engine("svy"), engine("polars")
    columns, parts = _parts(held, values, design.lonely)
    asked: dict[str, Any] = {"y": "y"} | ({"x": "x"} if kind == "ratio" else {})
    asked |= {"p": options["share"]} if kind == "quantile" else {"deff": options["srs"]}
    rows, labels = [], []
    for label, inside in domains(sample, by):
        used = inside & answers
        frame = polars.DataFrame(columns | {"used": used})
        whole = svy.Sample(frame, svy.Design(**parts))
        rows_of = {"where": svy.col("used"), "drop_nulls": True, "alpha": 1 - options["level"]}
        found = _run(getattr(whole.estimation, kind), {**asked, **rows_of})
        row = _row(found, inside, used)
        if kind != "quantile":
            row["low"], row["high"] = interval_of(row, held.weight[used], options)
        rows.append(row)
        labels.append(label)
    table = labelled(rows, labels, [] if by is None else column_names(by, "by"))
    return table[[name for name in COLUMNS if name in table]]


__all__ = ["estimates_by_svy"]
