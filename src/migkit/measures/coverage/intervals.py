"""Confidence intervals of two-list estimates: symmetric, never below what was seen, and exact."""

from statistics import NormalDist

import numpy as np

from migkit.measures._input import whole_number
from migkit.measures.coverage.dual_system import dual_system
from migkit.reference import KitError, _

METHODS = ("log", "normal", "exact")


def dual_system_interval(
    n1: float, n2: float, m: float, level: float = 0.95, method: str = "log", estimator: str = "chapman"
) -> tuple[float, float]:
    """The confidence interval of the size of a population that two independent lists saw in part.

    ::

        normal   N -/+ z x se
        log      S + f / C  to  S + f x C       S = n1 + n2 - m persons seen, f = N - S not seen
                 C = exp(z x sqrt(ln(1 + se^2 / f^2)))
        exact    all N at which m lies in neither tail (each (1 - level) / 2) of the hypergeometric distribution

    The normal interval may reach below the number of persons who were seen; the other two cannot. For small lists
    take the exact one, which covers at least as often as it says.

    Source: K. P. Burnham and others, Wildlife Monographs 96 (1987), and A. Chao, Biometrics 43 (1987), for the log
    interval; G. A. F. Seber, The Estimation of Animal Abundance (1982), for the hypergeometric distribution.

    Args:
        n1, n2, m: persons on the first list, on the second, and on both.
        level: how often the interval shall hold the truth.
        method: ``"log"``, ``"normal"`` or ``"exact"`` (whole numbers only).
        estimator: ``"chapman"`` or ``"lincoln_petersen"`` for the centre and the error; exact needs none.

    Returns:
        Lower and upper limit; the upper one is infinite where nobody matched and the method is exact.

    Raises:
        KitError: if the numbers cannot be, or the method or the level is unknown.

    >>> [round(limit) for limit in dual_system_interval(346, 184, 49)]
    [1049, 1613]
    >>> dual_system_interval(50, 25, 10, method="exact")
    (86.0, 227.0)
    """
    if method not in METHODS:
        raise KitError(
            _("There is no method {method!r}; use one of {known}.").format(method=method, known=", ".join(METHODS))
        )
    found = dual_system(n1, n2, m, estimator if method != "exact" else "chapman")
    found.interval(level)  # refuses a level that is none
    if method == "exact":
        counts = [whole_number(value, name) for value, name in ((n1, "n1"), (n2, "n2"), (m, "m"))]
        return _exact(counts[0], counts[1], counts[2], (1 - level) / 2)
    if method == "normal":
        return found.interval(level)
    seen = float(n1) + float(n2) - float(m)
    unseen = found.value - seen
    if unseen <= 0:
        return seen, seen
    spread = NormalDist().inv_cdf((1 + level) / 2) * np.sqrt(np.log1p((found.se / unseen) ** 2))
    return seen + unseen / float(np.exp(spread)), seen + unseen * float(np.exp(spread))


def _exact(n1: int, n2: int, m: int, tail: float) -> tuple[float, float]:
    """The smallest and the largest size that m does not speak against."""
    from scipy.stats import hypergeom  # slow to load, and only this interval needs it

    seen = n1 + n2 - m

    def few(size: int) -> bool:
        """Whether m would be surprisingly small: the population is larger than ``size``."""
        return float(hypergeom.cdf(m, size, n1, n2)) < tail

    def many(size: int) -> bool:
        """Whether m would be surprisingly large: the population is smaller than ``size``."""
        return float(hypergeom.sf(m - 1, size, n1, n2)) <= tail

    low, high = seen, max(seen, 1)
    while few(high):
        high *= 2
    while low < high:  # the first size at which m is no longer too small
        middle = (low + high) // 2
        low, high = (middle + 1, high) if few(middle) else (low, middle)
    if m == 0 or n1 == 0 or n2 == 0:
        return float(low), float("inf")
    first, last = low, max(low, 1)
    while not many(last):
        first, last = last, last * 2
    while last - first > 1:  # the last size at which m is not yet too large
        middle = (first + last) // 2
        first, last = (first, middle) if many(middle) else (middle, last)
    return float(low), float(first)


__all__ = ["METHODS", "dual_system_interval"]
