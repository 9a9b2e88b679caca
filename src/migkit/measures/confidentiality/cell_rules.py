"""Which cells must not be shown as they are: too few persons, or one of them too large a part of the sum."""

from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import (
    TOTAL,
    classifier,
    column_names,
    need_columns,
    number,
    numbers,
    whole_number,
)
from migkit.reference import KitError, _


def unsafe_cells(
    records: pd.DataFrame,
    classifiers: Any,
    value: str,
    minimum: int = 3,
    dominance: tuple[int, float] | None = None,
    p_percent: float | None = None,
) -> pd.DataFrame:
    """A table of sums (remittances sent, wages paid) with the cells that a rule calls unsafe.

    With x1 >= x2 >= ... the contributions to a cell and X their sum::

        minimum       fewer than minimum contributors
        (n, k)        x1 + ... + xn > k % of X: the n largest dominate
        p %           X - x1 - x2 < p % of x1: the second largest can work out the largest to within p %

    Cells of totals are judged like others. Zeros contribute nothing and count as contributors. What the rules call
    unsafe goes to :func:`protect_table` (``unsafe="unsafe"``).

    Source: Hundepool et al., Statistical Disclosure Control (Wiley 2012), chapter 4.

    Args:
        records: one row a contributor (person, household, employer).
        classifiers: the columns that make the cells.
        value: the column of contributions, 0 or more.
        minimum: the smallest number of contributors.
        dominance: (n, k): how many, and the percentage; None leaves the rule out.
        p_percent: p; None leaves the rule out.

    Returns:
        Long form, totals included: classifiers, ``value``, ``count``, ``largest``, ``second``, ``unsafe`` and
        ``rule`` (which rules say so, in words; empty if none).

    Raises:
        KitError: if a column is missing, a contribution is blank or negative, or a rule makes no sense.

    >>> firms = pd.DataFrame({"sector": ["trade"] * 3 + ["mining"] * 3, "wages": [50, 30, 20, 900, 60, 5]})
    >>> table = unsafe_cells(firms, "sector", "wages", dominance=(1, 80), p_percent=10)
    >>> table[["sector", "value", "largest", "rule"]].values.tolist()[0]
    ['mining', 965.0, 900.0, '(1, 80), 10 %']
    """
    what = _("The records")
    names = column_names(classifiers, what)
    need_columns(records, [*names, value], what)
    amounts = numbers(records[value], _("{what}, column {column!r}").format(what=what, column=value))
    minimum = whole_number(minimum, "minimum")
    codes = pd.DataFrame({name: classifier(records[name]).astype(object) for name in names})
    levels = {name: [*classifier(records[name]).cat.categories, TOTAL] for name in names}
    held = codes.assign(_value=amounts)
    parts = []
    for margins in product((False, True), repeat=len(names)):
        part = held.assign(**{name: TOTAL for name, margin in zip(names, margins, strict=True) if margin})
        parts.append(part)
    every = pd.concat(parts, ignore_index=True)
    every = every.sort_values("_value", ascending=False, kind="stable")
    groups = every.groupby(names, sort=False)
    rank = groups.cumcount()
    table = groups["_value"].agg(value="sum", count="size").reset_index()

    def top(n: int) -> pd.Series:
        added = every[rank < n].groupby(names, sort=False)["_value"].sum()
        return pd.Series(
            added.reindex(pd.MultiIndex.from_frame(table[names]) if len(names) > 1 else table[names[0]])
        )

    table["largest"] = top(1).to_numpy()
    table["second"] = top(2).to_numpy() - table["largest"]
    rules: list[tuple[str, Any]] = [(_("fewer than {n}").format(n=minimum), table["count"].lt(minimum))]
    if dominance is not None:
        n, k = whole_number(dominance[0], "n"), number(dominance[1], "k")
        if n < 1 or not 0 < k < 100:
            raise KitError(_("The dominance rule (n, k) needs n of 1 or more and k between 0 and 100 per cent."))
        share = top(n).to_numpy()
        rules.append((f"({n}, {k:g})", (share > k / 100 * table["value"]) & table["value"].gt(0)))
    if p_percent is not None:
        p = number(p_percent, "p_percent")
        rest = table["value"] - table["largest"] - table["second"]
        rules.append((f"{p:g} %", (rest < p / 100 * table["largest"]) & table["largest"].gt(0)))
    table["unsafe"] = np.logical_or.reduce([flag.to_numpy() for _name, flag in rules])
    flags = np.column_stack([flag.to_numpy() for _name, flag in rules])
    table["rule"] = [", ".join(rule for (rule, _f), hit in zip(rules, row, strict=True) if hit) for row in flags]
    for name in names:
        table[name] = pd.Categorical(table[name], categories=levels[name])
    table = table.sort_values(names, ignore_index=True)
    return table.astype(dict.fromkeys(names, object))


__all__ = ["unsafe_cells"]
