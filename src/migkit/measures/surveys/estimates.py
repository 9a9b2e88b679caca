"""Means, totals, shares, ratios and medians of a survey, each with the standard error that its design gives it.

Every estimate is a weighted sum after linearisation, so one variance serves them all: that of the sum of ``u``,
the part that a row has in the estimate.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import (
    NOT_STATED,
    classifier,
    column_names,
    is_unknown,
    need_columns,
    shown,
    signed_numbers,
)
from migkit.measures.surveys.design import WHAT, Drawn, SurveyDesign, drawn
from migkit.measures.surveys.domain_tables import COLUMNS, domains, labelled, stacked
from migkit.measures.surveys.intervals import confidence_interval, interval_of
from migkit.measures.surveys.replication import replicated_variance
from migkit.measures.surveys.with_svy import estimates_by_svy
from migkit.reference import KitError, _

ENGINES = ("numpy", "svy")


#: A value and the part ``u`` that each row has in it.
Linearised = tuple[float, np.ndarray]


def _mean(w: np.ndarray, y: np.ndarray, _x: np.ndarray) -> Linearised:
    value = float((w * y).sum() / w.sum()) if w.sum() > 0 else np.nan
    return value, (y - value) / w.sum() if w.sum() > 0 else y * np.nan


def _total(w: np.ndarray, y: np.ndarray, _x: np.ndarray) -> Linearised:
    return float((w * y).sum()), y


def _ratio(w: np.ndarray, y: np.ndarray, x: np.ndarray) -> Linearised:
    below = float((w * x).sum())
    value = float((w * y).sum()) / below if below else np.nan
    return value, (y - value * x) / below if below else y * np.nan


_KINDS: dict[str, Callable[..., Linearised]] = {"mean": _mean, "total": _total, "ratio": _ratio}


def _srs_variance(w: np.ndarray, u: np.ndarray, srs: str) -> float:
    """Variance of the sum of ``u`` if so many rows were a simple random sample of the same population."""
    n, size = int((w > 0).sum()), w.sum()
    if n < 2 or size <= 0:
        return np.nan
    middle = (w * u).sum() / size
    spread = (w * (u - middle) ** 2).sum() / size * n / (n - 1)
    left = 1 - n / size if srs == "wor" else 1.0
    return float(size**2 * spread / n * left) if left > 0 else np.nan


def _variance(held: Drawn, kind: str, used: np.ndarray, y: np.ndarray, x: np.ndarray, part: np.ndarray) -> float:
    """The variance of an estimate in which each used row has its ``part``, by the road that the design names."""
    if not used.any() or not np.isfinite(part).all():
        return np.nan
    if held.errors != "linearisation":
        return replicated_variance(held, kind, used, y, x)
    u = np.zeros(len(used))
    u[used] = part
    return held.variance(u)


def _row(
    held: Drawn,
    kind: str,
    y: np.ndarray,
    x: np.ndarray,
    answered: np.ndarray,
    inside: np.ndarray,
    options: dict[str, Any],
) -> dict[str, float]:
    """One row of the table of estimates; ``answered`` marks the rows used, ``inside`` those of the domain."""
    value, part = _KINDS[kind](held.weight[answered], y[answered], x[answered])
    variance = _variance(held, kind, answered, y, x, part)
    w, df = held.weight[answered], held.df(answered)
    if len(part) == 1 and not part[0]:
        variance = np.nan  # One answer is its own mean: its distance from itself says nothing of the error.
    se = float(np.sqrt(variance))
    plain = _srs_variance(w, part, options["srs"])
    row = {
        "estimate": value,
        "se": se,
        "cv": se / abs(value) if value else np.nan,
        "n": int(answered.sum()),
        "unanswered": int((inside & ~answered).sum()),
        "df": df,
        "deff": variance / plain if plain > 0 else np.nan,
    }
    row["low"], row["high"] = interval_of(row, w, options)
    return row


def _options(level: float, interval: str, srs: str, engine: str) -> dict[str, Any]:
    confidence_interval(0.5, 0.1, 10, level, interval)
    if not isinstance(srs, str) or srs not in ("wor", "wr"):
        raise KitError(_("srs is 'wor' or 'wr'; got {x}.").format(x=shown(srs)))
    if not isinstance(engine, str) or engine not in ENGINES:
        raise KitError(_("engine is 'numpy' or 'svy'; got {x}.").format(x=shown(engine)))
    return {"level": level, "interval": interval, "srs": srs}


def _answers(sample: pd.DataFrame, column: Any) -> np.ndarray:
    """A column's numbers, NaN where blank."""
    what = _("{what}, column {c}").format(what=WHAT, c=shown(column))
    return signed_numbers(sample[column], what).to_numpy()


def _estimates(
    kind: str,
    sample: pd.DataFrame,
    design: SurveyDesign,
    columns: Sequence[Any],
    by: Any,
    options: dict[str, Any],
    engine: str,
) -> pd.DataFrame:
    need_columns(sample, columns, WHAT)
    values = [_answers(sample, column) for column in columns] or [np.ones(len(sample))]
    return _of_values(kind, sample, design, values, by, options, engine)


def _of_values(
    kind: str,
    sample: pd.DataFrame,
    design: SurveyDesign,
    values: Sequence[np.ndarray],
    by: Any,
    options: dict[str, Any],
    engine: str,
) -> pd.DataFrame:
    """The table of estimates from the numbers of each row, by either engine."""
    if engine == "svy":
        return estimates_by_svy(kind, sample, design, values, by, options)
    held = drawn(sample, design)
    y, x = values[0], values[-1]
    answers = ~np.isnan(y) & ~np.isnan(x)
    rows, labels = [], []
    for label, inside in domains(sample, by):
        used = inside & answers
        if kind == "quantile":
            rows.append(_quantile_row(held, y, used & (held.weight > 0), inside, options))
        else:
            rows.append(_row(held, kind, y, x, used, inside, options))
        labels.append(label)
    table = labelled(rows, labels, [] if by is None else column_names(by, "by"))
    return table[[name for name in COLUMNS if name in table]]


def survey_mean(
    sample: pd.DataFrame,
    y: str,
    design: SurveyDesign,
    by: Any = None,
    *,
    level: float = 0.95,
    interval: str = "t",
    srs: str = "wor",
    engine: str = "numpy",
) -> pd.DataFrame:
    """The mean of a population, of each domain and of all, with the standard error of the design.

    ::

        mean     = sum(w y) / sum(w)
        variance = that of the sum of w u with u = (y - mean) / sum(w), 0 outside the domain
        deff     = variance / (size^2 x S^2 / n x (1 - n / size))     S^2 the weighted variance of u

    The whole sample stays in the calculation: rows outside a domain count with 0, because which of them fall in
    the domain is chance too. Never cut the file down to the domain first.

    Source: K. M. Wolter, Introduction to Variance Estimation, 2nd edition (2007), on Taylor series methods; L.
    Kish, Survey Sampling (1965), for the design effect. Results equal those of the survey package for R.

    Args:
        sample: one row a person or household that was interviewed.
        y: column of numbers; blanks are counted in ``unanswered`` and leave the estimate.
        design: how the sample was drawn.
        by: column or columns of the domains.
        level: of the confidence interval.
        interval: ``"t"`` with PSUs less strata degrees of freedom, or ``"normal"``.
        srs: the simple random sample to compare with: ``"wor"`` without replacement, ``"wr"`` with.
        engine: ``"numpy"``, or ``"svy"`` for the library of that name (the same numbers; large files).

    Returns:
        One row a domain, "Total" last: ``estimate``, ``se``, ``cv`` (se / estimate), ``low``, ``high``, ``n``
        (rows used), ``unanswered``, ``df``, ``deff``.

    Raises:
        KitError: if columns or numbers are not what the design says.

    >>> people = pd.DataFrame({"ea": [1, 1, 2, 2, 3, 3], "weight": 10.0, "age": [20, 24, 30, 34, 40, 44]})
    >>> table = survey_mean(people, "age", SurveyDesign("weight", psu="ea"))
    >>> print(table[["estimate", "se", "df"]].round(3))
           estimate     se  df
    Total      32.0  5.774   2
    """
    options = _options(level, interval, srs, engine)
    return _estimates("mean", sample, design, [y], by, options, engine)


def survey_total(
    sample: pd.DataFrame,
    y: str | None,
    design: SurveyDesign,
    by: Any = None,
    *,
    level: float = 0.95,
    interval: str = "t",
    srs: str = "wor",
    engine: str = "numpy",
) -> pd.DataFrame:
    """The total of a population, of each domain and of all; without ``y`` the number of persons.

    ::

        total    = sum(w y)
        variance = that of the sum of w y, with 0 outside the domain

    Args: as for :func:`survey_mean`; ``y`` None counts each row as 1. Blanks in ``y`` are not made up for: the
    total is that of the rows that answered. The design effect of a number of persons is that of the total of 1 in
    the domain and 0 elsewhere; everybody's number has none.

    Source: K. M. Wolter, Introduction to Variance Estimation, 2nd edition (2007).

    Raises:
        KitError: if columns or numbers are not what the design says.

    >>> people = pd.DataFrame({"ea": [1, 1, 2, 2], "weight": 10.0, "born": ["GMB", "SEN", "GMB", "GMB"]})
    >>> table = survey_total(people, None, SurveyDesign("weight", psu="ea"), by="born")
    >>> table["estimate"].to_dict()
    {'GMB': 30.0, 'SEN': 10.0, 'Total': 40.0}
    """
    options = _options(level, interval, srs, engine)
    table = _estimates("total", sample, design, [] if y is None else [y], by, options, engine)
    if y is None:
        # A number of persons varies by who is in the domain, so it is compared within the whole sample.
        weight = drawn(sample, design).weight
        plain = [_srs_variance(weight, rows.astype(float), srs) for _label, rows in domains(sample, by)]
        table["deff"] = table["se"] ** 2 / pd.Series(plain, index=table.index).where(lambda v: v > 0)
    return table


def survey_ratio(
    sample: pd.DataFrame,
    y: str,
    x: str,
    design: SurveyDesign,
    by: Any = None,
    *,
    level: float = 0.95,
    interval: str = "t",
    srs: str = "wor",
    engine: str = "numpy",
) -> pd.DataFrame:
    """The ratio of two totals, in each domain and in all.

    ::

        ratio    = sum(w y) / sum(w x)
        variance = that of the sum of w u with u = (y - ratio x) / sum(w x), 0 outside the domain

    Args: as for :func:`survey_mean`; ``y`` is the numerator, ``x`` the denominator; a row with a blank in either
    is unanswered.

    Source: K. M. Wolter, Introduction to Variance Estimation, 2nd edition (2007), on Taylor series methods.

    Raises:
        KitError: if columns or numbers are not what the design says.

    >>> homes = pd.DataFrame({"weight": 1.0, "workers": [1, 2, 1], "members": [2, 4, 6]})
    >>> float(survey_ratio(homes, "workers", "members", SurveyDesign("weight"))["estimate"].iloc[0])
    0.3333333333333333
    """
    options = _options(level, interval, srs, engine)
    return _estimates("ratio", sample, design, [y, x], by, options, engine)


def survey_proportion(
    sample: pd.DataFrame,
    y: str,
    design: SurveyDesign,
    by: Any = None,
    *,
    level: float = 0.95,
    interval: str = "logit",
    srs: str = "wor",
    engine: str = "numpy",
    count_unknown: bool = False,
) -> pd.DataFrame:
    """The share of each category of a column, in each domain and in all.

    ::

        share = mean of 1 in the category, 0 in another; error as for a mean

    The interval stays within 0 and 1, which matters for rare groups. Where nobody in the sample is of a category
    the error cannot be estimated; the interval is then that of as many independent answers as the effective sample
    size (Kish's, for unequal weights; an assumption that leaves clusters aside), for nobody in the sample does
    not mean nobody.

    Source: T. Lumley, Complex Surveys (2010), for the logit interval; E. L. Korn and B. I. Graubard, Survey
    Methodology 24 (1998), for ``"beta"``.

    Args: as for :func:`survey_mean`; ``y`` holds categories; ``interval`` is ``"logit"``, ``"beta"``, ``"t"`` or
    ``"normal"``; ``count_unknown`` makes "Not stated" a category of its own, else shares are of those who answered
    and ``unanswered`` counts the others.

    Returns:
        As for a mean, one row for each domain and category.

    Raises:
        KitError: if columns or numbers are not what the design says.

    >>> people = pd.DataFrame({"weight": [1.0, 1.0, 2.0], "born": ["GMB", "SEN", "GMB"]})
    >>> survey_proportion(people, "born", SurveyDesign("weight"))["estimate"].to_dict()
    {'GMB': 0.75, 'SEN': 0.25}
    """
    options = _options(level, interval, srs, engine)
    need_columns(sample, [y], WHAT)
    values = classifier(sample[y])
    answered = np.ones(len(sample), dtype=bool) if count_unknown else ~is_unknown(sample[y]).to_numpy(dtype=bool)
    unknown = count_unknown and bool((values == NOT_STATED).any())
    levels = [one for one in values.cat.categories if one != NOT_STATED or unknown]
    codes = [values.cat.categories.get_loc(one) for one in levels]
    is_one = [np.where(answered, (values.cat.codes == code).to_numpy(dtype=float), np.nan) for code in codes]
    tables = [_of_values("mean", sample, design, [one], by, options, engine) for one in is_one]
    names = [] if by is None else column_names(by, "by")
    return stacked(dict(zip(levels, tables, strict=True)), names, [y])


def _quantile(w: np.ndarray, y: np.ndarray, share: float) -> float:
    """The least value at or below which a share of the weight lies."""
    order = np.argsort(y, kind="stable")
    reached = np.cumsum(w[order])
    at = int(np.searchsorted(reached, share * reached[-1] * (1 - 1e-12)))
    return float(y[order][min(at, len(y) - 1)])


def survey_quantile(
    sample: pd.DataFrame,
    y: str,
    design: SurveyDesign,
    share: float = 0.5,
    by: Any = None,
    *,
    level: float = 0.95,
    engine: str = "numpy",
) -> pd.DataFrame:
    """The median, or another quantile, in each domain and in all, with Woodruff's interval.

    ::

        quantile = least y at or below which the share of the weight lies
        interval = the same for the ends of the t interval of the share at or below the quantile
        se       = width of the interval / (2 x t)

    A few very large amounts move a mean, not a median: money is better told by medians. Other rules place a
    quantile between two values; this is the mathematical one, as in R's ``svyquantile`` since version 4.1.

    Source: R. S. Woodruff, Journal of the American Statistical Association 47 (1952).

    Args: as for :func:`survey_mean`; ``share`` is 0.5 for the median.

    Returns:
        As for a mean, without ``deff``.

    Raises:
        KitError: if columns or numbers are not what the design says, or ``share`` is not between 0 and 1.

    >>> homes = pd.DataFrame({"weight": 1.0, "amount": [10, 20, 30, 40, 1000]})
    >>> float(survey_quantile(homes, "amount", SurveyDesign("weight"))["estimate"].iloc[0])
    30.0
    """
    options = _options(level, "t", "wor", engine)
    if not isinstance(share, (int, float)) or not 0 < share < 1:
        raise KitError(_("share lies between 0 and 1, 0.5 for the median; got {x}.").format(x=shown(share)))
    return _estimates("quantile", sample, design, [y], by, options | {"share": share}, engine)


def _quantile_row(
    held: Drawn, values: np.ndarray, used: np.ndarray, inside: np.ndarray, options: dict[str, Any]
) -> dict[str, float]:
    df, share, level = held.df(used), options["share"], options["level"]
    value = se = low = high = np.nan
    if used.any():
        w, y = held.weight[used], values[used]
        value = _quantile(w, y, share)
        is_below = (values <= value).astype(float)
        below, part = _mean(w, is_below[used], y)
        variance = _variance(held, "mean", used, is_below, is_below, part)
        ends = confidence_interval(below, float(np.sqrt(variance)), df, level)
        if np.isfinite(ends).all():
            low, high = (_quantile(w, y, min(max(end, 0.0), 1.0)) for end in ends)
            from scipy import stats  # slow to load, and only quantiles need it

            se = (high - low) / (2 * float(stats.t.ppf((1 + level) / 2, df)))
    return {
        "estimate": value,
        "se": se,
        "cv": se / abs(value) if value else np.nan,
        "low": low,
        "high": high,
        "n": int(used.sum()),
        "unanswered": int((inside & np.isnan(values)).sum()),
        "df": df,
    }


__all__ = ["survey_mean", "survey_proportion", "survey_quantile", "survey_ratio", "survey_total"]
