"""How good a linkage is: against the truth where one knows it, by its own probabilities where one does not."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migkit.measures._input import need_columns, numbers, shown
from migkit.measures.integration.keys import record_ids
from migkit.reference import KitError, _


def as_pairs(pairs: pd.DataFrame, what: str) -> pd.DataFrame:
    """The first two columns of ``pairs``, checked: identifiers of left and right, no pair twice.

    Args:
        pairs: one row a pair.
        what: how messages call the table.

    Returns:
        A frame of the columns ``left_id`` and ``right_id``.

    Raises:
        KitError: if there are no two columns, an identifier is blank or a pair stands twice.

    >>> as_pairs(pd.DataFrame({"census": ["a"], "permits": ["x"], "p": [0.9]}), "The links").columns.tolist()
    ['left_id', 'right_id']
    """
    need_columns(pairs, [], what)
    if len(pairs.columns) < 2:
        raise KitError(_("{what}: two columns of identifiers are needed, left and right.").format(what=what))
    table = pairs.iloc[:, :2].set_axis(["left_id", "right_id"], axis=1).astype(object)
    if table.isna().any(axis=None):
        row = int(table.isna().any(axis=1).to_numpy().argmax())
        raise KitError(_("{what}: row {row} has no identifier.").format(what=what, row=shown(pairs.index[row])))
    if table.duplicated().any():
        row = int(table.duplicated().to_numpy().argmax())
        raise KitError(
            _("{what}: the pair {a}, {b} stands twice.").format(
                what=what, a=shown(table.iloc[row, 0]), b=shown(table.iloc[row, 1])
            )
        )
    return table


def true_pairs(
    left: pd.DataFrame,
    right: pd.DataFrame,
    left_person: str = "person",
    right_person: str = "person",
    left_id: str | None = None,
    right_id: str | None = None,
) -> pd.DataFrame:
    """The pairs of records that belong to one person, where the person is known (test data, a labelled sample).

    Args:
        left: one row a record.
        right: one row a record of the other register.
        left_person: the column of the true person in ``left``; blank if there is none.
        right_person: the same in ``right``.
        left_id: the column that identifies records of ``left``; without it, its index.
        right_id: the same for ``right``.

    Returns:
        One row a pair: ``left_id``, ``right_id``.

    Raises:
        KitError: if a column is missing or an identifier stands twice.

    >>> left = pd.DataFrame({"person": [1, 2]}, index=["a", "b"])
    >>> true_pairs(left, pd.DataFrame({"person": [2, 3]}, index=["x", "y"])).values.tolist()
    [['b', 'x']]
    """
    sides: list[pd.DataFrame] = []
    for frame, person, column, what, name in (
        (left, left_person, left_id, _("The left table"), "left_id"),
        (right, right_person, right_id, _("The right table"), "right_id"),
    ):
        need_columns(frame, [person], what)
        ids = record_ids(frame, column, what)
        sides.append(
            pd.DataFrame({name: ids.to_numpy(), "person": frame[person].astype(object).to_numpy()}).dropna()
        )
    return pd.merge(sides[0], sides[1], on="person")[["left_id", "right_id"]]


def _keys(pairs: pd.DataFrame) -> "pd.MultiIndex":
    return pd.MultiIndex.from_frame(pairs[["left_id", "right_id"]])


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def linkage_quality(links: pd.DataFrame, truth: pd.DataFrame, candidates: pd.DataFrame | None = None) -> pd.Series:
    """Precision, recall and F1 of links, and where the missed ones were lost.

    ::

        precision = true links / links        recall = true links / true pairs
        F1 = 2 x precision x recall / (precision + recall)

    Source: C. J. van Rijsbergen, Information Retrieval (1979), chapter 7; for linkage P. Christen, Data Matching
    (2012), chapter 7.

    Args:
        links: the links; its first two columns are identifiers of left and right.
        truth: the true pairs, likewise.
        candidates: the pairs that were compared, likewise; with them, missed pairs are told apart.

    Returns:
        A Series: ``true_links``, ``false_links``, ``missed``, (``missed_by_blocking``, ``missed_by_decision``,)
        ``precision``, ``recall``, ``f1``; a rate that has no denominator is NaN.

    Raises:
        KitError: if a table has no two columns of identifiers or a pair twice.

    >>> links = pd.DataFrame({"l": ["a", "b", "c"], "r": ["x", "y", "z"]})
    >>> truth = pd.DataFrame({"l": ["a", "b", "d", "e"], "r": ["x", "y", "w", "v"]})
    >>> linkage_quality(links, truth).round(3).to_dict()["f1"]
    0.571
    """
    made, real = _keys(as_pairs(links, _("The links"))), _keys(as_pairs(truth, _("The true pairs")))
    right = int(made.isin(real).sum())
    result: dict[str, Any] = {"true_links": right, "false_links": len(made) - right, "missed": len(real) - right}
    if candidates is not None:
        compared = _keys(as_pairs(candidates, _("The candidates"))).append(made)
        lost = int((~real.isin(compared)).sum())
        result |= {"missed_by_blocking": lost, "missed_by_decision": len(real) - right - lost}
    result |= {
        "precision": _ratio(right, len(made)),
        "recall": _ratio(right, len(real)),
        "f1": _ratio(2 * right, len(made) + len(real)),
    }
    return pd.Series(result, dtype=object).infer_objects()


def quality_curve(
    pairs: pd.DataFrame,
    truth: pd.DataFrame,
    score: str = "probability",
    thresholds: Sequence[float] | None = None,
) -> pd.DataFrame:
    """Precision, recall and F1 at every threshold: what is won and lost by moving it.

    Args:
        pairs: one row a pair that was compared: identifiers of left and right first, and a column of scores.
        truth: the true pairs: identifiers of left and right.
        score: the column of scores (probability or weight).
        thresholds: where to look; without them, at every score that occurs.

    Returns:
        One row a threshold, rising: ``links``, ``true_links``, ``false_links``, ``missed``, ``precision``,
        ``recall``, ``f1``.

    Raises:
        KitError: if a column is missing or holds no numbers.

    >>> pairs = pd.DataFrame({"l": ["a", "b", "c"], "r": ["x", "y", "z"], "probability": [0.9, 0.6, 0.6]})
    >>> truth = pd.DataFrame({"l": ["a", "b"], "r": ["x", "y"]})
    >>> print(quality_curve(pairs, truth)[["links", "precision", "recall"]].round(2).rename_axis(None))
         links  precision  recall
    0.6      3       0.67     1.0
    0.9      1       1.00     0.5
    """
    keys, real = _keys(as_pairs(pairs, _("The pairs"))), _keys(as_pairs(truth, _("The true pairs")))
    scores = scores_of(pairs, score)
    right = np.asarray(keys.isin(real))
    steps = np.unique(scores) if thresholds is None else np.unique(numbers_of(thresholds))
    order = np.argsort(scores)
    from_ = np.searchsorted(scores[order], steps, side="left")
    true_above = np.append(right[order][::-1].cumsum()[::-1], 0)[from_]
    above = len(scores) - from_
    table = pd.DataFrame(
        {
            "links": above,
            "true_links": true_above,
            "false_links": above - true_above,
            "missed": len(real) - true_above,
        },
        index=pd.Index(steps, name="threshold"),
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        table["precision"] = table["true_links"] / table["links"].where(table["links"] > 0)
        table["recall"] = table["true_links"] / len(real) if len(real) else np.nan
        table["f1"] = 2 * table["true_links"] / (table["links"] + len(real)).where(lambda n: n > 0)
    return table


def numbers_of(values: Any) -> NDArray[np.float64]:
    """Thresholds as numbers, which may be negative.

    Args:
        values: a list of numbers.

    Returns:
        An array.

    Raises:
        KitError: if one is no number.

    >>> numbers_of([0.5, -2]).tolist()
    [0.5, -2.0]
    """
    found = pd.to_numeric(pd.Series(list(values), dtype=object), errors="coerce").to_numpy(dtype=float)
    if np.isnan(found).any():
        raise KitError(_("thresholds: item {row} is no number.").format(row=int(np.isnan(found).argmax())))
    return np.asarray(found, dtype=float)


def scores_of(pairs: pd.DataFrame, score: str) -> NDArray[np.float64]:
    """A column of scores as numbers, which may be negative.

    Args:
        pairs: one row a pair.
        score: the column.

    Returns:
        An array.

    Raises:
        KitError: if the column is missing or a row holds no number.

    >>> scores_of(pd.DataFrame({"weight": [9.5, -3]}), "weight").tolist()
    [9.5, -3.0]
    """
    need_columns(pairs, [score], _("The pairs"))
    found = pd.to_numeric(pairs[score], errors="coerce").to_numpy(dtype=float)
    if np.isnan(found).any():
        row = int(np.isnan(found).argmax())
        raise KitError(
            _("The pairs, column {c!r}: row {row} holds {x}, which is no number.").format(
                c=score, row=shown(pairs.index[row]), x=shown(pairs[score].iloc[row])
            )
        )
    return np.asarray(found)


def estimated_quality(
    pairs: pd.DataFrame,
    thresholds: Sequence[float] = (0.5, 0.8, 0.9, 0.95, 0.99),
    probability: str = "probability",
) -> pd.DataFrame:
    """Precision and recall without any truth: what the probabilities themselves promise.

    ::

        precision = sum of probabilities of the links / links
        recall    = sum of probabilities of the links / sum of all probabilities

    They are right only as far as the model is: if fields do not err independently, probabilities are too sure of
    themselves, and the promise is too good. Pairs lost by blocking are not counted.

    Source: T. R. Belin and D. B. Rubin, Journal of the American Statistical Association 90 (1995), on how such
    estimates fail; the sums are those of the mixture model (I. P. Fellegi and A. B. Sunter 1969, M. A. Jaro 1989).

    Args:
        pairs: one row a pair that was compared.
        thresholds: where to look.
        probability: the column of probabilities.

    Returns:
        One row a threshold: ``links``, ``precision``, ``recall``.

    Raises:
        KitError: if a column is missing or holds no probabilities.

    >>> pairs = pd.DataFrame({"probability": [0.98, 0.9, 0.3, 0.02]})
    >>> estimated_quality(pairs, thresholds=[0.5]).round(3).values.tolist()
    [[2.0, 0.94, 0.855]]
    """
    need_columns(pairs, [probability], _("The pairs"))
    p = numbers(pairs[probability], _("The pairs, column {c!r}").format(c=probability)).to_numpy()
    if (p > 1 + 1e-12).any():
        raise KitError(_("The pairs, column {c!r}: a probability is above 1.").format(c=probability))
    steps = np.unique(numbers_of(thresholds))
    links = np.array([(p >= step).sum() for step in steps])
    right = np.array([p[p >= step].sum() for step in steps])
    every = p.sum()
    return pd.DataFrame(
        {
            "links": links,
            "precision": np.divide(right, links, out=np.full(len(steps), np.nan), where=links > 0),
            "recall": right / every if every else np.nan,
        },
        index=pd.Index(steps, name="threshold"),
    )


__all__ = [
    "as_pairs",
    "estimated_quality",
    "linkage_quality",
    "numbers_of",
    "quality_curve",
    "scores_of",
    "true_pairs",
]
