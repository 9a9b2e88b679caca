"""What the two-list estimate becomes where its assumptions fail: dependence, matching error, erroneous records."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from migkit.measures._estimate import Estimate
from migkit.measures._input import number, one_number
from migkit.measures.coverage.dual_system import dual_system
from migkit.reference import KitError, _


def dependent_lists(n1: float, n2: float, m: float, odds_ratio: float = 1.0) -> Estimate:
    """The size of a population from two lists of which one makes the other more, or less, likely.

    ::

        missed by both = odds ratio x U1 x U2 / m      U1 = n1 - m, U2 = n2 - m
        N = m + U1 + U2 + missed by both
        variance = (missed by both)^2 x (1/m + 1/U1 + 1/U2) + (missed by both)        first order

    The odds ratio says how much larger the odds to be on the second list are for those who are on the first. 1 is
    independence (Chandra Sekar and Deming). People who are hard to find for both lists make it larger than 1, and
    the independent estimate too small. Two lists cannot tell it: it comes from outside (sex ratios of demographic
    analysis, a third list) or is varied to see how much hangs on it.

    Source: C. Chandra Sekar and W. E. Deming, Journal of the American Statistical Association 44 (1949), for the
    form; W. R. Bell, Journal of the American Statistical Association 88 (1993), for the odds ratio.

    Args:
        n1, n2, m: persons on the first list, on the second, and on both.
        odds_ratio: 0 or more.

    Raises:
        KitError: if the numbers cannot be, or nobody matched.

    >>> dependent_lists(80, 80, 64).value, dependent_lists(80, 80, 64, odds_ratio=3).value
    (100.0, 108.0)
    """
    odds_ratio = number(odds_ratio, _("The odds ratio"))
    dual_system(n1, n2, m)  # refuses numbers that cannot be
    n1, n2, m = float(n1), float(n2), float(m)
    only_1, only_2 = n1 - m, n2 - m
    both = odds_ratio * only_1 * only_2 / m
    # At an odds ratio of 1 this is the variance n1 n2 U1 U2 / m^3 of Chandra Sekar and Deming.
    variance = both**2 * (1 / m + 1 / only_1 + 1 / only_2) + both if both else 0.0
    return Estimate(m + only_1 + only_2 + both, variance**0.5, f"odds ratio {odds_ratio:g}")


def dependence_table(
    n1: float, n2: float, m: float, odds_ratios: Iterable[float] = (0.5, 1.0, 1.5, 2.0, 3.0, 5.0)
) -> pd.DataFrame:
    """How far the estimate moves with the odds ratio that nobody knows.

    Source and arguments as for :func:`dependent_lists`.

    Returns:
        One row an odds ratio: ``missed_by_both``, ``estimate``, ``se``, ``change_percent`` (against independence).

    >>> table = dependence_table(80, 80, 64, [1, 3])[["missed_by_both", "estimate", "change_percent"]]
    >>> print(table)  # doctest: +NORMALIZE_WHITESPACE
                missed_by_both  estimate  change_percent
    odds_ratio
    1.0                    4.0     100.0             0.0
    3.0                   12.0     108.0             8.0
    """
    base = dual_system(n1, n2, m).value
    seen = float(n1) + float(n2) - float(m)
    lines = {}
    for ratio in odds_ratios:
        found = dependent_lists(n1, n2, m, ratio)
        lines[float(ratio)] = (found.value - seen, found.value, found.se, 100 * (found.value / base - 1))
    return pd.DataFrame.from_dict(
        lines, orient="index", columns=["missed_by_both", "estimate", "se", "change_percent"]
    ).rename_axis(index="odds_ratio")


def with_matching_error(
    n1: float,
    n2: float,
    m: float,
    missed_matches: float = 0.0,
    false_matches: float = 0.0,
    erroneous: float = 0.0,
) -> Estimate:
    """The two-list estimate, corrected for matches that were missed or false and for records of nobody.

    ::

        m observed = M (1 - a) + (n2 - M) b          M the true matches, a missed, b false
        M = (m - n2 b) / (1 - a - b)                 N = n1 (1 - e) n2 / M
        without the correction the estimate is       N x M / m, for b = e = 0: N / (1 - a)
        variance = (N / M)^2 x (M (n1 - M)(n2 - M) / (n1 n2) + (M a (1-a) + (n2 - M) b (1-b)) / (1-a-b)^2)

    with n1 (1 - e) in place of n1. Missed matches and erroneous records on the first list make the uncorrected
    estimate too large, false matches too small. The rates come from a second, better matching of a sample; their
    own error is not in the standard error.

    Source: Y. Ding and S. E. Fienberg, Survey Methodology 20 (1994), for the model of matching error; United
    Nations, Post Enumeration Surveys: Operational Guidelines (2010), for the erroneous inclusions.

    Args:
        n1, n2, m: persons on the first list (the census), on the second, and those matched.
        missed_matches: a, the share of true matches that were not seen.
        false_matches: b, the share of persons of the second list without a match who were given one.
        erroneous: e, the share of first-list records that should not be there (duplicates, persons made up).

    Raises:
        KitError: if a share is none, or the corrected number of matches lies outside the lists.

    >>> dual_system(100, 100, 76).value > with_matching_error(100, 100, 76, missed_matches=0.05).value
    True
    >>> with_matching_error(100, 100, 76, missed_matches=0.05).value
    125.0
    """
    n1, n2, m = one_number(n1, "n1"), one_number(n2, "n2"), one_number(m, "m")
    dual_system(n1, n2, m, "chapman")  # refuses numbers that cannot be
    a = _share(missed_matches, _("The share of missed matches"))
    b = _share(false_matches, _("The share of false matches"))
    e = _share(erroneous, _("The share of erroneous records"))
    if a + b >= 1:
        raise KitError(_("With these error rates the matching says nothing: together they reach 1."))
    true = (m - n2 * b) / (1 - a - b)
    first = n1 * (1 - e)
    if not 0 < true <= min(first, n2) * (1 + 1e-9):
        raise KitError(
            _("These rates would mean {true:.1f} true matches among lists of {n1:.1f} and {n2:.1f}.").format(
                true=true, n1=first, n2=n2
            )
        )
    value = first * n2 / true
    chance = true * max(first - true, 0.0) * max(n2 - true, 0.0) / (first * n2)
    errors = (true * a * (1 - a) + max(n2 - true, 0.0) * b * (1 - b)) / (1 - a - b) ** 2
    return Estimate(value, float(value / true * np.sqrt(chance + errors)), "corrected for matching error")


def _share(value: float, what: str) -> float:
    share = number(value, what)
    if share >= 1:
        raise KitError(_("{what} must be from 0 to below 1; got {value}.").format(what=what, value=value))
    return share


__all__ = ["dependence_table", "dependent_lists", "with_matching_error"]
