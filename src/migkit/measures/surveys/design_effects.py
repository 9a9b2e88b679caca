"""What a design costs: the design effect of weights and clusters, and the sample size that is left after it."""

from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import (
    is_unknown,
    need_columns,
    number,
    numbers,
    one_number,
    shown,
    signed_numbers,
    tidy,
)
from migkit.reference import KitError, _


def _positive_weights(weights: Any) -> np.ndarray:
    held = numbers(weights, _("Weights")).to_numpy()
    held = held[held > 0]
    if not len(held):
        raise KitError(_("Weights: there is no weight above 0."))
    return np.asarray(held, dtype=float)


def weighting_effect(weights: Any) -> float:
    """By how much unequal weights alone raise the variance of a mean, if they have nothing to do with its values.

    ::

        1 + cv(w)^2 = n x sum(w^2) / sum(w)^2

    Source: L. Kish, Survey Sampling (1965), and "Weighting for unequal Pi", Journal of Official Statistics 8
    (1992).

    Args:
        weights: one weight a person; weights of 0 do not count.

    Raises:
        KitError: if a weight is negative, blank or no number, or all are 0.

    >>> weighting_effect([1, 1, 3, 3])
    1.25
    """
    w = _positive_weights(weights)
    return float(len(w) * (w**2).sum() / w.sum() ** 2)


def effective_sample_size(weights: Any) -> float:
    """How many persons with equal weights tell as much as these: n divided by the weighting effect.

    Source: L. Kish, Survey Sampling (1965).

    Args: as for :func:`weighting_effect`.

    Raises:
        KitError: if a weight is negative, blank or no number, or all are 0.

    >>> effective_sample_size([1, 1, 3, 3])
    3.2
    """
    w = _positive_weights(weights)
    return float(w.sum() ** 2 / (w**2).sum())


def clustering_effect(icc: float, take: float) -> float:
    """By how much interviewing ``take`` persons in each cluster raises the variance of a mean.

    ::

        1 + (take - 1) x icc

    Source: L. Kish, Survey Sampling (1965).

    Args:
        icc: intraclass correlation: how alike persons of one cluster are.
        take: persons interviewed in a cluster, on average.

    Raises:
        KitError: if ``take`` is below 1 or ``icc`` is not between -1 and 1.

    >>> clustering_effect(0.05, 21)
    2.0
    """
    take = number(take, "take")
    if take < 1:
        raise KitError(_("take is the persons interviewed in a cluster, 1 or more; got {x}.").format(x=take))
    if not -1 <= one_number(icc, "icc") <= 1:
        raise KitError(_("icc lies between -1 and 1; got {x}.").format(x=shown(icc)))
    return float(1 + (take - 1) * icc)


def intraclass_correlation(sample: pd.DataFrame, y: str, cluster: str) -> float:
    """How alike persons of one cluster are, from the analysis of variance.

    ::

        icc = (MSB - MSW) / (MSB + (m - 1) MSW)
        m   = (n - sum(m_i^2) / n) / (clusters - 1)

    ``MSB`` and ``MSW`` are the mean squares between and within clusters, ``m_i`` persons in each; ``m`` is their
    mean, adjusted for unequal sizes. 0: clusters are as mixed as the country. 1: all persons of one cluster are
    the same. Migrants live near migrants, so theirs is high. Weights are left out. Rows without ``y`` are too.

    Source: A. Donner and J. J. Koval, Biometrics 36 (1980), the analysis of variance estimator.

    Args:
        sample: one row a person.
        y: column of numbers, or of True and False.
        cluster: column of the clusters.

    Returns:
        The correlation; NaN if all are alike, or nobody shares a cluster.

    Raises:
        KitError: if a column is missing, or a row has no cluster.

    >>> homes = pd.DataFrame({"ea": [1, 1, 2, 2], "migrant": [1, 1, 0, 0]})
    >>> intraclass_correlation(homes, "migrant", "ea")
    1.0
    """
    what = _("The sample")
    need_columns(sample, [y, cluster], what)
    unknown = is_unknown(sample[cluster]).to_numpy(dtype=bool)
    if unknown.any():
        row = shown(sample.index[int(unknown.argmax())])
        raise KitError(
            _("{what}, column {c}: row {row} has no cluster.").format(what=what, c=shown(cluster), row=row)
        )
    values = signed_numbers(sample[y], _("{what}, column {c}").format(what=what, c=shown(y)))
    kept = values.notna()
    groups, _names = pd.factorize(tidy(sample[cluster])[kept.to_numpy()])
    values = values[kept]
    each = values.groupby(groups)
    sizes = each.size()
    n, clusters = len(values), len(sizes)
    if clusters < 2 or n == clusters:
        return np.nan
    between = float((sizes * (each.mean() - values.mean()) ** 2).sum()) / (clusters - 1)
    within = float(((values - each.transform("mean")) ** 2).sum()) / (n - clusters)
    m = (n - float((sizes**2).sum()) / n) / (clusters - 1)
    below = between + (m - 1) * within
    return float((between - within) / below) if below else np.nan


__all__ = [
    "clustering_effect",
    "effective_sample_size",
    "intraclass_correlation",
    "weighting_effect",
]
