"""Standard errors of clustered samples by linearisation and ultimate clusters, in numpy: what the lessons show."""

import numpy as np
import pandas as pd

from migkit.measures._estimate import Estimate
from migkit.measures._input import need_columns, numbers, shown, weights
from migkit.reference import KitError, _


def cluster_variance(contributions: pd.Series) -> float:
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
    totals = cluster_totals(frame, sample, (weight, cluster, stratum), what)
    if totals["x"].sum() == 0:
        raise KitError(_("Column {c!r} adds up to zero, so there is no ratio.").format(c=denominator))
    ratio = totals["y"].sum() / totals["x"].sum()
    z = (totals["y"] - ratio * totals["x"]) / totals["x"].sum()
    return Estimate(float(ratio), cluster_variance(z) ** 0.5, "ratio")


def cluster_totals(
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


__all__ = ["cluster_totals", "cluster_variance", "weighted_ratio"]
