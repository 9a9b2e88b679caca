"""Standard errors of clustered samples by linearisation and ultimate clusters, in numpy: what the lessons show."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._estimate import Estimate
from migkit.measures._input import in_order, need_columns, numbers, shown, tidy, weights
from migkit.reference import KitError, _

#: What to do with a stratum of one cluster, in which nothing can be compared.
LONELY = ("adjust", "certainty", "fail")


def cluster_variance(
    contributions: pd.Series, sampled_share: pd.Series | None = None, lonely: str = "adjust"
) -> float:
    """Variance of a total from stratified clusters: the totals of the ultimate clusters, compared within strata.

    ::

        sum over strata of  (1 - f) x n / (n - 1) x sum over its n clusters of (z - mean z)^2

    ``f`` is the sampled share of the stratum's clusters; without it clusters count as drawn with replacement,
    which errs on the large side. One cluster in all shows no variance.

    Source: K. M. Wolter, Introduction to Variance Estimation, 2nd edition (2007), on ultimate clusters. The
    three ways with lonely clusters have the names that the survey package for R gives them.

    Args:
        contributions: the weighted z of each cluster, indexed by (stratum, cluster).
        sampled_share: ``f`` of each stratum, indexed by stratum: 0 to 1.
        lonely: a stratum of one cluster is compared with the mean of all clusters (``"adjust"``, which errs on
            the large side), taken as drawn with certainty, so that it adds nothing (``"certainty"``), or is an
            error (``"fail"``). Where the whole stratum is in the sample (f = 1) it adds nothing in any case.

    Raises:
        KitError: if a stratum has one cluster and ``lonely`` is ``"fail"``.

    >>> index = pd.MultiIndex.from_tuples([("north", 1), ("north", 2), ("south", 3), ("south", 4)])
    >>> totals = pd.Series([10.0, 14.0, 30.0, 36.0], index=index)
    >>> round(cluster_variance(totals), 6)
    52.0
    >>> round(cluster_variance(totals, pd.Series({"north": 0.5, "south": 0.0})), 6)
    44.0
    """
    check_lonely(lonely)
    if not isinstance(contributions, pd.Series) or not isinstance(sampled_share, (pd.Series, type(None))):
        raise KitError(
            _("Contributions are a Series indexed by stratum and cluster, sampled shares one by stratum.")
        )
    if len(contributions) < 2:
        return np.nan
    codes, names = pd.factorize(contributions.index.get_level_values(0))
    share = np.zeros(len(names)) if sampled_share is None else sampled_share.reindex(names).to_numpy(float)
    return float(stratum_variances(contributions.to_numpy(float), codes, share, lonely, list(names)).sum())


def check_lonely(lonely: str) -> None:
    """Raise a KitError unless ``lonely`` is one of the known ways.

    >>> check_lonely("adjust")
    """
    if not isinstance(lonely, str) or lonely not in LONELY:
        raise KitError(
            _("lonely is one of {ways}; got {x}.").format(ways=", ".join(map(shown, LONELY)), x=shown(lonely))
        )


def stratum_variances(
    totals: np.ndarray, stratum: np.ndarray, share: np.ndarray, lonely: str, names: Sequence[Any]
) -> np.ndarray:
    """The variance that each stratum adds, from the totals of its clusters.

    Args:
        totals: of each cluster.
        stratum: of each cluster, as a number from 0.
        share: sampled share of the clusters of each stratum.
        lonely: see :func:`cluster_variance`.
        names: of the strata, for messages.

    >>> stratum_variances(np.array([10.0, 14.0]), np.array([0, 0]), np.array([0.5]), "adjust", ["north"])
    array([8.])
    """
    strata = len(share)
    clusters = np.bincount(stratum, minlength=strata)
    centre = np.bincount(stratum, totals, strata) / np.maximum(clusters, 1)
    alone = (clusters == 1) & (share < 1)
    if lonely == "fail":
        refuse_lonely(alone, names)
    factor = np.where(clusters > 1, clusters / np.maximum(clusters - 1, 1), 1.0)
    if lonely == "adjust":
        centre = np.where(alone, totals.mean() if len(totals) else 0.0, centre)
    squares = np.bincount(stratum, (totals - centre[stratum]) ** 2, strata)
    return np.asarray((1 - share) * factor * squares, dtype=float)


def refuse_lonely(alone: np.ndarray, names: Sequence[Any]) -> None:
    """Raise a KitError if some stratum has one cluster.

    >>> refuse_lonely(np.array([False, False]), ["north", "south"])
    """
    if alone.any():
        raise KitError(
            _(
                "Stratum {name} has one cluster ({n} such strata), so its error cannot be estimated; join it to a "
                "stratum that is like it, or choose lonely='adjust' or 'certainty'."
            ).format(name=shown(names[int(alone.argmax())]), n=int(alone.sum()))
        )


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

    Source: K. M. Wolter, Introduction to Variance Estimation, 2nd edition (2007), on Taylor series methods and on
    ultimate clusters.

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
    """Weighted totals of each column by (stratum, cluster).

    Args:
        values: columns to add up, one row a person.
        sample: the same rows, with the columns of the design.
        design: the columns (weight, cluster, stratum).
        what: the sample's name, for messages.

    Raises:
        KitError: if a row has no stratum or cluster, or a cluster lies in two strata.

    >>> people = pd.DataFrame({"ea": [1, 1, 2], "stratum": "A", "weight": [2.0, 2.0, 3.0]})
    >>> cluster_totals(pd.DataFrame({"y": [1, 0, 1]}), people, ("weight", "ea", "stratum"), "Sample")["y"].tolist()
    [2.0, 3.0]
    """
    weight, cluster, stratum = design
    unplaced = sample[[stratum, cluster]].isna().any(axis=1).to_numpy(dtype=bool)
    if unplaced.any():
        raise KitError(
            _(
                "{what}: {n} rows have no {stratum} or no {cluster}, such as row {row}, so their error cannot be "
                "estimated."
            ).format(
                what=what,
                n=int(unplaced.sum()),
                stratum=shown(stratum),
                cluster=shown(cluster),
                row=shown(sample.index[int(unplaced.argmax())]),
            )
        )
    keys = [tidy(sample[stratum]).rename("stratum"), tidy(sample[cluster]).rename("cluster")]
    strata_of = pd.concat(keys, axis=1).drop_duplicates()
    doubled = strata_of["cluster"].duplicated()
    if doubled.any():
        raise KitError(
            _("{what}: {cluster} {name} lies in more than one {stratum}.").format(
                what=what, cluster=cluster, name=shown(strata_of.loc[doubled, "cluster"].iloc[0]), stratum=stratum
            )
        )
    each = weights(sample, weight, what)
    totals = values.mul(each, axis=0).groupby(keys, sort=False).sum()
    # In the order of their names, of whatever kind these are.
    places = [{name: at for at, name in enumerate(in_order(set(key)))} for key in keys]
    ranks = [totals.index.get_level_values(at).map(place) for at, place in enumerate(places)]
    return totals.iloc[np.lexsort([np.asarray(rank, dtype=np.int64) for rank in reversed(ranks)])]


__all__ = [
    "LONELY",
    "check_lonely",
    "cluster_totals",
    "cluster_variance",
    "refuse_lonely",
    "stratum_variances",
    "weighted_ratio",
]
