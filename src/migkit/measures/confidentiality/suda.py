"""Special uniques: records that are alone already with few of their values (SUDA)."""

from dataclasses import dataclass
from itertools import combinations as choose
from math import factorial, prod
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import one_number, shown, whole_number
from migkit.measures.confidentiality._keys import BLANK, Floats, Ints, combinations, key_columns, numbered
from migkit.reference import KitError, _

SCORES = ("elliot", "ihsn")


@dataclass(frozen=True)
class SpecialUniques:
    """What SUDA finds.

    Attributes:
        records: the index of the file; ``msu`` (how many minimal sample uniques the record has), ``smallest`` (the
            size of the smallest; 0 if none), ``score``, and ``dis_score`` if a sampling fraction was given.
        shares: for each key, the percentage of the total score that comes from minimal uniques with this key in
            them (they add to more than 100).
        own_shares: the same for each record, as a share (0 to 1) of its own score.
    """

    records: pd.DataFrame
    shares: pd.Series
    own_shares: pd.DataFrame


def _points(keys: int, largest: int, scores: str) -> Floats:
    """The score of a minimal sample unique of each size (position 0 is not used)."""
    if scores == "elliot":
        last = min(largest, keys - 1)
        points = [prod(keys - i for i in range(size, last + 1)) for size in range(1, largest + 1)]
    else:
        points = [
            (2 ** (keys - size) - 1) * factorial(size) * factorial(keys - size) / factorial(keys)
            for size in range(1, largest + 1)
        ]
    return np.array([0.0, *points])


def _minimal_uniques(codes: Ints, count: Ints, largest: int) -> dict[tuple[int, ...], Ints]:
    """For each set of keys, the combinations (rows of ``codes``) that are minimal sample uniques on it."""
    alone = np.flatnonzero(count == 1)
    found: dict[tuple[int, ...], Ints] = {}
    # For the sets of the size before: which of the lone combinations are unique on a part of the set.
    before: dict[tuple[int, ...], np.ndarray[Any, np.dtype[np.bool_]]] = {(): np.zeros(len(alone), dtype=bool)}
    for size in range(1, largest + 1):
        now = {}
        for keys in choose(range(codes.shape[1]), size):
            part = codes[:, keys]
            known = (part != BLANK).all(axis=1)
            number, _first = numbered([np.where(known, column, BLANK) for column in part.T])
            sharing = np.bincount(number, weights=count)
            unique = known[alone] & (sharing[number[alone]] == 1)
            smaller = np.zeros(len(alone), dtype=bool)
            for left_out in range(size):
                smaller |= before[keys[:left_out] + keys[left_out + 1 :]]
            new = unique & ~smaller
            if new.any():
                found[keys] = alone[new]
            now[keys] = unique | smaller
        before = now
    return found


def suda(
    records: pd.DataFrame,
    keys: Any,
    max_size: int | None = None,
    sampling_fraction: float | None = None,
    scores: str = "elliot",
) -> SpecialUniques:
    """How special each sample unique is: alone already with few values, in many ways.

    A *minimal sample unique* (MSU) of a record is a set of its values that no other record has, and of which no
    part is unique. The fewer values it takes, and the more such sets there are, the easier the record is to find::

        score of an MSU of size k   (keys - k) x (keys - k - 1) x ... down to keys - max_size    "elliot"
                                    (2^(keys-k) - 1) x k! x (keys-k)! / keys!                    "ihsn"
        score of a record           sum over its MSUs

    With a sampling fraction, the scores are scaled so that they share out the file's chance that a unique match is
    a right one (DIS), to be read as a chance per record::

        DIS = U s / (U s + P (1 - s))     U sample uniques, P records in pairs, s sampling fraction
        dis_score = 1 / (1 + (U/DIS - U) / (score^q x sum of score^-q)),   q = 1 + (8 - keys) / 20

    A blank is not part of any MSU: the intruder cannot use it.

    Source: M. Elliot, A. Manning, K. Mayes, J. Gurd and M. Bane, "SUDA: a program for detecting special uniques"
    (UNECE/Eurostat work session on statistical data confidentiality, Geneva 2005); C. Skinner and M. Elliot,
    Journal of the Royal Statistical Society B 64 (2002) for DIS; scaling as in sdcMicro (Templ, Kowarik and Meindl
    2015).

    Args:
        records: one row a person of the sample.
        keys: the columns that others may know; time doubles with each.
        max_size: search for MSUs of at most this many keys; None for all.
        sampling_fraction: share of the population that is in the sample (0.01); None leaves the DIS score out.
        scores: ``"elliot"`` or ``"ihsn"``, the earlier scale of the International Household Survey Network.

    Raises:
        KitError: if a column is missing, or an option is out of range.

    >>> people = pd.DataFrame({"a": [2, 1, 1], "b": [0, 3, 0], "c": [0, 6, 0]})
    >>> found = suda(people, ["a", "b", "c"])
    >>> found.records["score"].tolist(), found.shares.tolist()
    ([2.0, 4.0, 2.0], [50.0, 37.5, 37.5])
    """
    names = key_columns(records, keys, _("The file"))
    largest = len(names) if max_size is None else whole_number(max_size, "max_size")
    if not 1 <= largest <= len(names):
        raise KitError(
            _("max_size must lie between 1 and the number of keys, {n}; got {x}.").format(n=len(names), x=largest)
        )
    if scores not in SCORES:
        raise KitError(_("scores is 'elliot' or 'ihsn'; got {x}.").format(x=shown(scores)))
    groups = combinations(records, names)
    size_of = np.array(_points(len(names), largest, scores))
    many = len(groups.count)
    score, msu, smallest = np.zeros(many), np.zeros(many, dtype=np.int64), np.zeros(many, dtype=np.int64)
    part = np.zeros((many, len(names)))
    for columns, rows in _minimal_uniques(groups.codes, groups.count, largest).items():
        points = size_of[len(columns)]
        score[rows] += points
        msu[rows] += 1
        smallest[rows] = np.where(smallest[rows] == 0, len(columns), smallest[rows])
        part[np.ix_(rows, np.array(columns))] += points
    table = pd.DataFrame({"msu": msu, "smallest": smallest, "score": score})
    if sampling_fraction is not None:
        table["dis_score"] = _dis_scores(score, groups.count, len(names), sampling_fraction)
    total = score.sum()
    own = np.divide(part, score[:, None], out=np.zeros_like(part), where=score[:, None] > 0)
    return SpecialUniques(
        records=table.iloc[groups.of_record].set_axis(records.index, axis=0),
        shares=pd.Series(100 * part.sum(axis=0) / total if total else 0.0, index=names, name="share"),
        own_shares=pd.DataFrame(own[groups.of_record], index=records.index, columns=names),
    )


def _dis_scores(score: Floats, count: Ints, keys: int, sampling_fraction: float) -> Floats:
    s = one_number(sampling_fraction, "sampling_fraction")
    if not 0 < s <= 1:
        raise KitError(_("sampling_fraction must lie above 0 and at most at 1; got {x:g}.").format(x=s))
    uniques, in_pairs = int((count == 1).sum()), 2 * int((count == 2).sum())
    result = np.zeros(len(score))
    special = score > 0
    if special.any():
        dis = uniques * s / (uniques * s + in_pairs * (1 - s))
        raised = score[special] ** (1 + (8 - keys) / 20)
        result[special] = 1 / (1 + (uniques / dis - uniques) / (raised * (1 / raised).sum()))
    return result


__all__ = ["SpecialUniques", "suda"]
