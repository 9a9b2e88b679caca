"""Blocking: which pairs are compared. A rule is a list of keys that agree; a pair that meets any rule is compared.

Two registers of 100,000 make ten billion pairs. Blocking compares the few that may be one person, and loses those
whose keys all differ: the loss can be measured where the truth is known.
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migkit.measures._input import number, shown
from migkit.measures.integration.comparisons import Comparison, as_comparisons
from migkit.measures.integration.evaluation import as_pairs
from migkit.measures.integration.keys import agreement_key, as_keys, parse_key, record_ids
from migkit.reference import KitError, _

#: Blocking: rules of which a pair must meet one.
Blocking = Sequence[str | Sequence[str]]
#: So many pairs any machine bears.
FEW_PAIRS = 50_000


def as_rules(blocking: Blocking) -> list[list[str]]:
    """Blocking rules as lists of keys.

    Args:
        blocking: a list of rules, each a key or a list of keys.

    Returns:
        The rules.

    Raises:
        KitError: if there is none.

    >>> as_rules(["dob", ["surname:key", "sex"]])
    [['dob'], ['surname:key', 'sex']]
    """
    if isinstance(blocking, str) or not isinstance(blocking, Sequence) or not len(blocking):
        raise KitError(
            _("blocking: give a list of rules, such as ['dob', ['surname:key', 'sex']]; got {x}.").format(
                x=shown(blocking)
            )
        )
    return [as_keys(rule) for rule in blocking]


def candidate_pairs(
    left: pd.DataFrame, right: pd.DataFrame, blocking: Blocking, most: float = 20_000_000
) -> pd.DataFrame:
    """The pairs that meet at least one blocking rule.

    Args:
        left: one row a record.
        right: one row a record of the other register, its columns called alike.
        blocking: the rules.
        most: refuse to make more pairs than this.

    Returns:
        One row a pair: ``left_row``, ``right_row`` (from 0) and ``rule``, the number of the first rule that it
        meets; sorted by row.

    Raises:
        KitError: if a column is missing, a key is not understood or there would be too many pairs.

    >>> left = pd.DataFrame({"surname": ["Diallo", "Bah"], "dob": ["1984-05-12", "1990-01-01"]})
    >>> right = pd.DataFrame({"surname": ["Jallow", "Sow"], "dob": ["1984-12-05", "1990-01-01"]})
    >>> print(candidate_pairs(left, right, ["dob", ["surname:key", "dob:year"]]))
       left_row  right_row  rule
    0         0          0     1
    1         1          1     0
    """
    found = []
    for number_, rule in enumerate(as_rules(blocking)):
        keys = [
            agreement_key(frame, rule, what).reset_index(drop=True).dropna()
            for frame, what in ((left, _("The left table")), (right, _("The right table")))
        ]
        expected = _pairs_of(*keys)
        if expected > number(most, "most"):
            raise KitError(
                _("The blocking rule {rule} makes {n:,.0f} pairs; add a key to it.").format(
                    rule=" + ".join(rule), n=expected
                )
            )
        pairs = pd.merge(
            keys[0].rename("key").rename_axis("left_row").reset_index(),
            keys[1].rename("key").rename_axis("right_row").reset_index(),
            on="key",
        )
        found.append(pairs[["left_row", "right_row"]].assign(rule=number_))
    every = pd.concat(found, ignore_index=True).drop_duplicates(["left_row", "right_row"])
    return every.sort_values(["left_row", "right_row"], ignore_index=True)


def _pairs_of(left: pd.Series, right: pd.Series) -> float:
    """How many pairs have the same key."""
    counts = [key.value_counts() for key in (left, right)]
    return float((counts[0] * counts[1]).sum())


def choose_blocking(
    left: pd.DataFrame, right: pd.DataFrame, comparisons: Sequence[Comparison], pairs_per_record: float = 3
) -> list[list[str]]:
    """Blocking rules for these two registers: the loosest that the machine can bear.

    Each key of the comparisons is tried alone, then two and three together. A rule is kept if it makes no more
    pairs than ``pairs_per_record`` for each record of the larger register (or 50,000 in all), and no looser rule
    is in it already. So two records are compared if any few things agree, whatever else went wrong.

    Source: the choice by counted pairs is ours (assumption); blocking on several keys: M. A. Jaro (1989).

    Args:
        left: one row a record.
        right: one row a record of the other register, its columns called alike.
        comparisons: what will be compared.
        pairs_per_record: how many candidates a record may have by one rule.

    Returns:
        A list of rules.

    Raises:
        KitError: if no rule is strict enough, or there is nothing to compare.

    >>> from migkit.measures.integration.comparisons import compare_date, compare_names
    >>> left = pd.DataFrame({"surname": ["Diallo", "Bah"] * 400, "given": ["Awa", "Moussa", "Binta", "Sira"] * 200,
    ...                      "dob": [f"{1950 + i % 50}-0{1 + i % 9}-1{i % 7}" for i in range(800)]})
    >>> choose_blocking(left, left, [compare_names("surname", "given"), compare_date("dob")])[:2]
    [['dob:date'], ['dob:year']]
    """
    keys = [key for each in as_comparisons(comparisons) for key in each.blocking]
    swapped = [name.partition(":")[0] for name in keys if name.endswith(":key")]
    if len(swapped) == 2:  # given name and surname, in whichever order
        keys.append(f"{swapped[0]}+{swapped[1]}:key")
    codes = {key: _both_sides(left, right, key) for key in keys}
    limit = max(number(pairs_per_record, "pairs_per_record") * max(len(left), len(right)), FEW_PAIRS)
    rules: list[list[str]] = []
    for size in (1, 2, 3):
        for rule in combinations(keys, size):
            columns = [column for key in rule for column in parse_key(key)[0]]
            if len(set(columns)) < len(columns) or any(set(chosen) <= set(rule) for chosen in rules):
                continue
            if 0 < _pairs_of_codes([codes[key] for key in rule], len(left)) <= limit:
                rules.append(list(rule))
    if not rules:
        raise KitError(
            _("No blocking rule keeps the pairs below {n:,.0f}; compare more columns, or give blocking=.").format(
                n=limit
            )
        )
    return rules


def _both_sides(left: pd.DataFrame, right: pd.DataFrame, key: str) -> NDArray[np.int64]:
    """The key of each record as a number, left before right; -1 where it is not stated."""
    sides = [
        agreement_key(frame, key, what)
        for frame, what in ((left, _("The left table")), (right, _("The right table")))
    ]
    return np.asarray(pd.factorize(pd.concat(sides, ignore_index=True))[0], dtype=np.int64)


def _pairs_of_codes(keys: list[NDArray[np.int64]], lefts: int) -> float:
    """How many pairs have all these keys in common."""
    stated = np.all([key >= 0 for key in keys], axis=0)
    joined = keys[0]
    for key in keys[1:]:
        joined = pd.factorize(joined * (int(key.max(initial=0)) + 1) + key)[0]
    size = int(joined.max(initial=0)) + 1
    counts = [np.bincount(joined[at][stated[at]], minlength=size) for at in (slice(lefts), slice(lefts, None))]
    return float((counts[0] * counts[1].astype(float)).sum())


def blocking_report(
    left: pd.DataFrame,
    right: pd.DataFrame,
    blocking: Blocking,
    truth: pd.DataFrame | None = None,
    left_id: str | None = None,
    right_id: str | None = None,
) -> pd.DataFrame:
    """What each blocking rule costs, and what it keeps.

    ::

        recall = true pairs that meet the rule / true pairs
        reduction = 1 - pairs / (left records x right records)

    Source: recall and reduction ratio: P. Christen, Data Matching (2012), chapter 7.

    Args:
        left: one row a record.
        right: one row a record of the other register, its columns called alike.
        blocking: the rules.
        truth: the true pairs, if they are known: its first two columns are identifiers of left and right.
        left_id: the column that identifies records of ``left``; without it, its index.
        right_id: the same for ``right``.

    Returns:
        One row a rule: ``pairs``, ``reduction``; with truth ``true_pairs``, ``recall`` and ``recall_so_far`` (of
        this rule and those before it: the last row is the recall of all).

    Raises:
        KitError: if a column is missing, or a true pair names a record that is not there.

    >>> left = pd.DataFrame({"surname": ["Diallo", "Bah"], "dob": ["1984-05-12", "1990-01-01"]}, index=["a", "b"])
    >>> right = pd.DataFrame({"surname": ["Jallow", "Sow"], "dob": ["1984-12-05", "1990-01-01"]}, index=["x", "y"])
    >>> truth = pd.DataFrame({"left": ["a"], "right": ["x"]})
    >>> print(blocking_report(left, right, ["dob", ["surname:key"]], truth).rename_axis(None))
                 pairs  reduction  true_pairs  recall  recall_so_far
    dob              1       0.75           0     0.0            0.0
    surname:key      1       0.75           1     1.0            1.0
    """
    rules = as_rules(blocking)
    ids = [
        record_ids(frame, column, what)
        for frame, column, what in ((left, left_id, _("The left table")), (right, right_id, _("The right table")))
    ]
    rows = None
    if truth is not None:
        pairs = as_pairs(truth, _("The true pairs"))
        rows = [pd.Index(each).get_indexer(pd.Index(pairs.iloc[:, side])) for side, each in enumerate(ids)]
        for side, at in enumerate(rows):
            if (at < 0).any():
                raise KitError(
                    _("The true pairs name the record {x}, which is not in the {side} table.").format(
                        x=shown(pairs.iloc[int((at < 0).argmax()), side]), side=(_("left"), _("right"))[side]
                    )
                )
    met = np.zeros(0 if rows is None else len(rows[0]), dtype=bool)
    lines = []
    for rule in rules:
        keys = [agreement_key(frame, rule).reset_index(drop=True) for frame in (left, right)]
        n = _pairs_of(keys[0].dropna(), keys[1].dropna())
        line = {"pairs": int(n), "reduction": 1 - n / max(len(left) * len(right), 1)}
        if rows is not None:
            a, b = (key.to_numpy(dtype=object)[at] for key, at in zip(keys, rows, strict=True))
            here = np.array([x is not None and x == y for x, y in zip(a, b, strict=True)], dtype=bool)
            met |= here
            line |= {
                "true_pairs": int(here.sum()),
                "recall": float(here.mean()) if len(here) else float("nan"),
                "recall_so_far": float(met.mean()) if len(met) else float("nan"),
            }
        lines.append(line)
    return pd.DataFrame(lines, index=pd.Index([" + ".join(rule) for rule in rules], name="rule"))


__all__ = ["Blocking", "as_rules", "blocking_report", "candidate_pairs", "choose_blocking"]
