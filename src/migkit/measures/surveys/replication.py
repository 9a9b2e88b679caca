"""Standard errors by replication: the estimate made again and again from parts of the sample.

The other road to a standard error. Linearisation needs a formula for each estimate; replication needs only the
estimate itself, and weights in which one area at a time is left out (jackknife) or one area of each pair (balanced
half-samples). For a total both give the same number, for a mean or a ratio nearly the same.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from migkit.measures._input import shown
from migkit.measures.surveys.calibration import rake
from migkit.measures.surveys.design import Drawn, SurveyDesign, drawn
from migkit.measures.surveys.linearisation import refuse_lonely
from migkit.reference import KitError, _

#: From the sums of w, w y and w x to the estimate.
STATISTICS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "mean": lambda sums: _divided(sums[:, 1], sums[:, 0]),
    "total": lambda sums: sums[:, 1],
    "ratio": lambda sums: _divided(sums[:, 1], sums[:, 2]),
}


def _divided(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.asarray(np.divide(above, below, out=np.full(len(above), np.nan), where=below != 0))


def _jackknife(held: Drawn) -> Iterator[tuple[np.ndarray, float]]:
    """For each PSU left out: the factor of each PSU, and the scale of the replicate."""
    clusters, strata = np.bincount(held.stratum_of, minlength=len(held.share)), len(held.share)
    alone = (clusters == 1) & (held.share < 1)
    if held.lonely == "fail":
        refuse_lonely(alone, held.names)
    for psu, stratum in enumerate(held.stratum_of):
        own, n = held.stratum_of == stratum, clusters[stratum]
        if n > 1 and held.share[stratum] < 1:
            factor, scale = np.where(own, n / (n - 1), 1.0), (1 - held.share[stratum]) * (n - 1) / n
        elif alone[stratum] and held.lonely == "adjust" and strata > 1:
            factor, scale = np.full(len(own), strata / (strata - 1)), (strata - 1) / strata
        else:
            continue
        factor[psu] = 0.0
        yield factor, float(scale)


def _half_samples(held: Drawn) -> Iterator[tuple[np.ndarray, float]]:
    """Balanced half-samples: of each pair one PSU counts twice, the other not at all."""
    clusters = np.bincount(held.stratum_of, minlength=len(held.share))
    odd = clusters != 2
    if odd.any():
        raise KitError(
            _(
                "Balanced half-samples need two PSUs in each stratum, but stratum {name} has {n}; use 'jackknife'."
            ).format(name=shown(held.names[int(odd.argmax())]), n=int(clusters[odd.argmax()]))
        )
    order = np.argsort(held.stratum_of, kind="stable")
    side = np.empty(len(order))
    side[order] = np.tile([1.0, -1.0], len(clusters))
    # A matrix of Hadamard: any two of its columns agree in half of the rows. The first, of ones, is no stratum's.
    signs = np.ones((1, 1))
    while len(signs) <= len(clusters):
        signs = np.block([[signs, signs], [signs, -signs]])
    for row in signs:
        yield 1 + side * row[1 + held.stratum_of], 1 / len(signs)


_FACTORS = {"jackknife": _jackknife, "brr": _half_samples}


def _replicates(held: Drawn) -> Iterator[tuple[np.ndarray, float]]:
    """The weights of each replicate, and its scale."""
    if held.errors == "given":
        yield from zip(held.replicates.T, held.scale, strict=True)
        return
    known = [np.bincount(group, held.weight) for group in held.margins]
    for factor, scale in _FACTORS[held.errors](held):
        weight = held.before * factor[held.psu]
        again = rake(weight, list(zip(held.margins, known, strict=True))) if known else weight
        yield np.full(len(weight), np.nan) if again is None else again, scale


def replicated_variance(held: Drawn, kind: str, used: np.ndarray, y: np.ndarray, x: np.ndarray) -> float:
    """The variance of an estimate from the replicates of the sample.

    ::

        sum over replicates of  scale x (estimate of the replicate - their mean)^2

    A replicate that has nobody of the domain gives no estimate, and the domain then no error.

    Args:
        held: the sample as its design sees it.
        kind: ``"mean"``, ``"total"`` or ``"ratio"``.
        used: the rows of the domain that answered.
        y, x: their numbers.

    >>> people = pd.DataFrame({"ea": [1, 1, 2, 3], "age": [20.0, 30, 40, 50]})
    >>> held, age = drawn(people, SurveyDesign(psu="ea", errors="jackknife")), people["age"].to_numpy()
    >>> round(replicated_variance(held, "total", np.ones(4, dtype=bool), age, age), 6)
    100.0
    """
    columns = np.column_stack([np.ones(used.sum()), y[used], x[used]])
    sums, scales = [], []
    if held.errors == "given" or held.margins:
        for weight, scale in _replicates(held):
            sums.append(weight[used] @ columns)
            scales.append(scale)
    else:
        # The weights of a PSU all change alike, so the totals of the PSUs will do.
        parts = (held.before[used, None] * columns).T
        totals = np.column_stack([np.bincount(held.psu[used], part, len(held.stratum_of)) for part in parts])
        for factor, scale in _FACTORS[held.errors](held):
            sums.append(factor @ totals)
            scales.append(scale)
    if not sums and len(held.stratum_of) > 1:
        return 0.0  # Every PSU of the population is in the sample, or is taken as drawn with certainty.
    if len(sums) < 2:
        return np.nan
    found = STATISTICS[kind](np.array(sums))
    return float((np.array(scales) * (found - found.mean()) ** 2).sum())


@dataclass(frozen=True)
class ReplicateWeights:
    """Replicate weights, to publish in place of the areas' names.

    Attributes:
        weights: one column a replicate, ``replicate_1`` and so on; the index of the sample.
        scale: of each replicate, for ``SurveyDesign(scale=...)``.
    """

    weights: pd.DataFrame
    scale: tuple[float, ...]


def replicate_weights(sample: pd.DataFrame, design: SurveyDesign) -> ReplicateWeights:
    """The weights of each replicate of a sample: a file with them tells its errors without saying who lives where.

    ::

        jackknife   a PSU of stratum h left out, the others of h times n_h / (n_h - 1)
                    scale (1 - f_h) (n_h - 1) / n_h
        brr         of each pair one PSU times 2, the other times 0
                    scale 1 / R                                         R replicates

    Give ``replicates`` and ``scale`` of a :class:`SurveyDesign` what comes out here, and any estimate has the
    error that ``errors="jackknife"`` gives it. Calibrated weights are calibrated again in each replicate.

    Source: K. M. Wolter, Introduction to Variance Estimation, 2nd edition (2007), chapters on the jackknife and on
    balanced half-samples; the same as ``as.svrepdesign`` of the survey package for R (JK1, JKn).

    Args:
        sample: one row a person or household that was interviewed.
        design: with ``errors="jackknife"`` or ``"brr"``.

    Raises:
        KitError: if the design says neither, or the sample does not fit it.

    >>> people = pd.DataFrame({"ea": [1, 1, 2, 3], "weight": 10.0})
    >>> made = replicate_weights(people, SurveyDesign("weight", psu="ea", errors="jackknife"))
    >>> made.weights["replicate_1"].tolist(), [round(one, 4) for one in made.scale]
    ([0.0, 0.0, 15.0, 15.0], [0.6667, 0.6667, 0.6667])
    """
    held = drawn(sample, design)
    if held.errors not in _FACTORS:
        raise KitError(_("Say in the design which replicates to make: errors='jackknife' or errors='brr'."))
    made = list(_replicates(held))
    names = [f"replicate_{number}" for number in range(1, len(made) + 1)]
    table = np.column_stack([weight for weight, _scale in made]) if made else np.empty((len(sample), 0))
    if np.isnan(table).any():
        raise KitError(_("A replicate cannot be calibrated: a group lives in one PSU alone. Join it to another."))
    return ReplicateWeights(
        pd.DataFrame(table, index=sample.index, columns=names), tuple(scale for _weight, scale in made)
    )


__all__ = ["ReplicateWeights", "replicate_weights", "replicated_variance"]
