"""Confidence intervals: by t or the normal distribution, and those for shares that stay within 0 and 1."""

from typing import Any

import numpy as np

from migkit.measures._input import confidence_level, one_number, shown
from migkit.reference import KitError, _

INTERVALS = ("t", "normal", "logit", "beta")


def confidence_interval(
    estimate: float,
    se: float,
    df: float = np.inf,
    level: float = 0.95,
    interval: str = "t",
    n: float = np.inf,
) -> tuple[float, float]:
    """The confidence interval of an estimate.

    ::

        t, normal   estimate -/+ q x se
        logit       the same for log(p / (1 - p)), whose error is se / (p (1 - p)), and back: stays within 0 to 1
        beta        Clopper and Pearson's with the effective sample size  p (1 - p) / se^2 x (q of n - 1 / q)^2

    q is the quantile of Student's t with ``df`` degrees of freedom, or of the normal distribution; "q of n - 1"
    that with n - 1, for few areas tell less than their many answers seem to. R's survey package calls these
    intervals of a share "mean" (t), "xlogit" (logit) and "beta".

    Source: E. L. Korn and B. I. Graubard, Survey Methodology 24 (1998), for the interval of small proportions;
    T. Lumley, Complex Surveys (2010), for the logit.

    Args:
        estimate, se: the estimate and its standard error.
        df: degrees of freedom, PSUs less strata.
        level: 0 to 1.
        interval: ``"t"``, ``"normal"``, ``"logit"`` or ``"beta"``; the last two for proportions.
        n: persons who answered, for ``"beta"``.

    Raises:
        KitError: if the level or the kind of interval is unknown.

    >>> low, high = confidence_interval(662.28736, 9.40894, df=197)
    >>> round(low, 4), round(high, 4)
    (643.7322, 680.8425)
    """
    level = confidence_level(level)
    if not isinstance(interval, str) or interval not in INTERVALS:
        raise KitError(_("interval is one of {all}; got {x}.").format(all=", ".join(INTERVALS), x=shown(interval)))
    estimate, se, df = one_number(estimate, "estimate"), one_number(se, "se"), one_number(df, "df")
    if not df > 0 or not np.isfinite([estimate, se]).all():
        return np.nan, np.nan
    from scipy import stats  # slow to load: lessons that need no interval do without

    q = float(stats.norm.ppf((1 + level) / 2) if interval == "normal" else stats.t.ppf((1 + level) / 2, df))
    if interval in ("t", "normal"):
        return estimate - q * se, estimate + q * se
    if not 0 < estimate < 1 or se == 0:
        return np.nan, np.nan
    if interval == "logit":
        middle, reach = np.log(estimate / (1 - estimate)), q * se / (estimate * (1 - estimate))
        return float(1 / (1 + np.exp(reach - middle))), float(1 / (1 + np.exp(-reach - middle)))
    tail = (1 - level) / 2
    effective = estimate * (1 - estimate) / se**2 * (float(stats.t.ppf(1 - tail, n - 1)) / q) ** 2
    yes, no = effective * estimate, effective * (1 - estimate)
    return float(stats.beta.ppf(tail, yes, no + 1)), float(stats.beta.ppf(1 - tail, yes + 1, no))


def _when_all_or_none(share: float, n: float, level: float) -> tuple[float, float]:
    """The interval of a share that is 0 or 1 in the sample: Clopper and Pearson's, for ``n`` answers."""
    reach = float(1 - ((1 - level) / 2) ** (1 / n))
    return (0.0, reach) if share == 0 else (1 - reach, 1.0)


def interval_of(row: dict[str, float], w: np.ndarray, options: dict[str, Any]) -> tuple[float, float]:
    """The confidence interval of a row of estimates; ``w`` are the weights of the rows that it used.

    >>> row = {"estimate": 0.0, "se": 0.0, "df": 29}
    >>> options = {"level": 0.95, "interval": "logit"}
    >>> low, high = interval_of(row, np.ones(100), options)
    >>> round(low, 4), round(high, 4)
    (0.0, 0.0362)
    """
    value = row["estimate"]
    if options["interval"] in ("logit", "beta") and value in (0, 1) and w.sum() > 0:
        return _when_all_or_none(value, w.sum() ** 2 / (w**2).sum(), options["level"])
    return confidence_interval(
        value, row["se"], row["df"], options["level"], options["interval"], row.get("n", np.inf)
    )


__all__ = ["confidence_interval", "interval_of"]
