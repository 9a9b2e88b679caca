"""Weights that add up to totals known from elsewhere: post-stratification and raking."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import (
    NOT_STATED,
    classifier,
    is_unknown,
    need_columns,
    number,
    numbers,
    shown,
    weights,
    whole_number,
)
from migkit.reference import KitError, _


def raked_weights(
    sample: pd.DataFrame,
    totals: Mapping[str, Any],
    weight: str | None = "weight",
    *,
    tolerance: float = 1e-10,
    most_rounds: int = 1000,
) -> pd.Series:
    """Weights adjusted until they add up to known totals of each column (raking; post-stratification with one).

    ::

        until nothing changes, for each column in turn:   w = w x known total of the group / sum(w) in the group

    With one column this is post-stratification. A column may hold combinations (sex and age). The standard errors
    of calibrated estimates are smaller where the totals explain the answer: name the columns in
    ``SurveyDesign(calibrated=...)``, and the weights from before in ``before``. It mends non-response only as far
    as people of a group are alike.

    Source: W. E. Deming and F. F. Stephan, Annals of Mathematical Statistics 11 (1940); J.-C. Deville and C.-E.
    Sarndal, Journal of the American Statistical Association 87 (1992).

    Args:
        sample: one row a person.
        totals: for each column the population of its groups: a Series or a dictionary, group to number.
        weight: column of the weights before; None for 1.
        tolerance: relative difference from every total at the end.
        most_rounds: rounds before giving up.

    Returns:
        The new weight of each row.

    Raises:
        KitError: if a group has no total or nobody in the sample, a row is not stated, the totals of two columns
            add up to different populations, or raking does not settle.

    >>> people = pd.DataFrame({"sex": ["M", "M", "F"], "weight": 10.0})
    >>> raked_weights(people, {"sex": {"M": 30, "F": 33}}).tolist()
    [15.0, 15.0, 33.0]
    """
    what = _("The sample")
    if not isinstance(totals, Mapping) or not totals:
        raise KitError(_("totals names one column or more: {'sex': {'M': 1000, 'F': 1100}}."))
    need_columns(sample, list(totals), what)
    new = weights(sample, weight, what).to_numpy().copy()
    margins = [_margin(sample, column, known) for column, known in totals.items()]
    sizes = [known.sum() for _codes, known in margins]
    if max(sizes) - min(sizes) > 1e-6 * max(sizes):
        raise KitError(
            _("The totals add up to different populations: {sizes}; bring them to one first.").format(
                sizes=", ".join(f"{column} {size:,.10g}" for column, size in zip(totals, sizes, strict=True))
            )
        )
    for column, (codes, known) in zip(totals, margins, strict=True):
        empty = (np.bincount(codes, new, len(known)) == 0) & (known > 0)
        if empty.any():
            raise KitError(
                _("{what}, column {c}: a group with a total has nobody in the sample; join it to another.").format(
                    what=what, c=shown(column)
                )
            )
    rounds = whole_number(most_rounds, "most_rounds")
    settled = rake(new, margins, number(tolerance, "tolerance"), rounds)
    if settled is None:
        raise KitError(
            _("Raking does not settle: the totals may contradict each other in small groups; join some.")
        )
    return pd.Series(settled, index=sample.index, name="weight")


def rake(
    weight: np.ndarray,
    margins: Sequence[tuple[np.ndarray, np.ndarray]],
    tolerance: float = 1e-10,
    most_rounds: int = 1000,
) -> np.ndarray | None:
    """Weights that add up to the totals of each margin; None if they do not get there.

    Args:
        weight: before.
        margins: for each column the group of each row as a number from 0, and the total of each group.
        tolerance, most_rounds: see :func:`raked_weights`.

    >>> rake(np.array([1.0, 1.0, 2.0]), [(np.array([0, 0, 1]), np.array([6.0, 4.0]))])
    array([3., 3., 4.])
    """
    new = weight.copy()
    for _round in range(most_rounds):
        worst = 0.0
        for codes, known in margins:
            held = np.bincount(codes, new, len(known))
            if ((held == 0) & (known > 0)).any():
                return None
            factor = np.divide(known, held, out=np.ones_like(known), where=held > 0)
            worst = max(worst, float(np.abs(factor[known > 0] - 1).max(initial=0.0)))
            new *= factor[codes]
        if worst <= tolerance:
            return new
    return None


def _margin(sample: pd.DataFrame, column: str, known: Any) -> tuple[np.ndarray, np.ndarray]:
    """Group of each row as a number, and the known totals in that order."""
    where = _("The sample, column {c}").format(c=shown(column))
    unknown = is_unknown(sample[column]).to_numpy(dtype=bool)
    if unknown.any():
        raise KitError(
            _(
                "{where}: row {row} is not stated ({n} such rows); give them a group first, they have no total."
            ).format(where=where, row=shown(sample.index[int(unknown.argmax())]), n=int(unknown.sum()))
        )
    if not isinstance(known, (Mapping, pd.Series)):
        raise KitError(
            _("The totals of {c} must be a Series or a dictionary, group to number.").format(c=shown(column))
        )
    table = numbers(pd.Series(known), _("The totals of {c}").format(c=shown(column)))
    if table.index.has_duplicates:
        raise KitError(_("The totals of {c} name a group twice.").format(c=shown(column)))
    groups = classifier(sample[column])
    present = [level for level in groups.cat.categories if level != NOT_STATED and (groups == level).any()]
    missing = [level for level in present if level not in table.index]
    if missing:
        raise KitError(
            _("{where}: there is no total for {names}.").format(where=where, names=", ".join(map(shown, missing)))
        )
    codes = table.index.get_indexer(pd.Index(groups.astype(object)))
    return codes, table.to_numpy(dtype=float)


__all__ = ["rake", "raked_weights"]
