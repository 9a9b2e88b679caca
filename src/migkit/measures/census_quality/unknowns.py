"""How many answers are missing: item non-response by question and sub-population."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import (
    NOT_STATED,
    TOTAL,
    UNKNOWN_CODES,
    as_counts,
    classifier,
    column_names,
    need_columns,
    shown,
    tidy,
    weights,
)
from migkit.reference import KitError, _, codelist

_COUNTS = ["asked", "answered", "blank", "not_stated", "outside_list"]


def _allowed(item: str, codes: str | Iterable[Any]) -> set[str]:
    """The codes that a question may have, as text."""
    if isinstance(codes, str):
        return set(codelist(codes)["code"].astype(str))
    try:
        return {str(code).strip() for code in codes}
    except TypeError:
        raise KitError(
            _("The codes of {item} must be the name of a code list or a list of codes; got {value}.").format(
                item=shown(item), value=shown(codes)
            )
        ) from None


def _text(values: pd.Series) -> pd.Series:
    """Codes as text: 3 and 3.0 as "3"."""
    plain = {v: f"{v:g}" if isinstance(v, float) and float(v).is_integer() else str(v) for v in values.unique()}
    return values.map(plain)


def answer_states(values: pd.Series, codes: str | Iterable[Any] | None = None) -> pd.Series:
    """Say of each answer whether it is ``"answered"``, ``"blank"``, ``"not_stated"`` or ``"outside_list"``.

    Args:
        values: the answers to one question.
        codes: the name of a code list, or the codes that may occur; without it any value is an answer.

    Returns:
        A Series with the index of ``values``. "Not stated" is told by the codes X and XXX and these words.

    >>> list(answer_states(pd.Series(["M", "Q", "X", None, " F "]), "sex"))
    ['answered', 'outside_list', 'not_stated', 'blank', 'answered']
    """
    held = tidy(values)
    blank = held.isna() | held.eq("").fillna(False).astype(bool)
    not_stated = held.isin([*UNKNOWN_CODES, NOT_STATED])
    states = np.where(blank, "blank", np.where(not_stated, "not_stated", "answered")).astype(object)
    if codes is not None:
        known = _allowed(str(values.name), codes)
        inside = ~blank & ~not_stated
        outside = inside & ~_text(held.where(inside, "")).isin(known)
        states[outside.to_numpy(dtype=bool)] = "outside_list"
    return pd.Series(states, index=values.index, name=values.name)


def item_nonresponse(
    persons: pd.DataFrame,
    items: str | Sequence[str] | None = None,
    by: str | None = None,
    weight: str | None = None,
    codes: Mapping[str, str | Iterable[Any]] | None = None,
    universe: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """How many of those who were asked a question gave no answer, or one that cannot be.

    ::

        percent_missing = 100 x (blank + not stated + outside the code list) / asked

    Source: United Nations, Handbook on Population and Housing Census Editing, Revision 1 (2010), on missing and
    invalid values.

    Args:
        persons: one row a person.
        items: the columns to look at; without it, all but ``by`` and ``weight``.
        by: a column of sub-populations, for example native and foreign-born.
        weight: a column of weights; without it each row counts one.
        codes: for an item the name of a code list, or its codes: ``{"sex": "sex", "parity": range(0, 20)}``.
        universe: for an item a column of True and False that says who was asked, for example
            ``{"arrival_year": people["lived_abroad"] == "Y"}``. For other items everybody counts as asked, and a
            blank that means "not asked" counts as missing.

    Returns:
        One row an item, and with ``by`` one for each item and group, "Total" last: ``asked``, ``answered``,
        ``blank``, ``not_stated``, ``outside_list``, ``percent_missing``. The four states add up to ``asked``.

    Raises:
        KitError: if a column is missing, a code list is unknown, or a universe does not fit the table.

    >>> people = pd.DataFrame({"sex": ["M", "F", "X", "8"], "age": [3, None, 40, 50]})
    >>> print(item_nonresponse(people, codes={"sex": "sex"}))  # doctest: +NORMALIZE_WHITESPACE
          asked  answered  blank  not_stated  outside_list  percent_missing
    item
    sex       4         2      0           1             1             50.0
    age       4         3      1           0             0             25.0
    """
    what = _("The table of persons")
    need_columns(persons, [] if by is None else [by], what)
    every = [c for c in persons.columns if c not in (by, weight)]
    chosen = every if items is None else column_names(items, what)
    if not chosen:
        raise KitError(_("The table of persons has no column to look at."))
    need_columns(persons, chosen, what)
    codes, universe = dict(codes or {}), dict(universe or {})
    for name in (*codes, *universe):
        if name not in chosen:
            raise KitError(
                _("{name} has codes or a universe but is not among the items: {items}.").format(
                    name=shown(name), items=", ".join(map(str, chosen))
                )
            )
    each = weights(persons, weight, what)
    group = None if by is None else classifier(persons[by])
    tables = {}
    for item in chosen:
        asked = _universe(universe.get(item), persons, item)
        states = answer_states(persons[item], codes.get(item))[asked]
        if group is None:
            sums = each[asked].groupby(states.to_numpy()).sum().to_frame().T.set_axis([TOTAL])
        else:
            sums = each[asked].groupby([group[asked], states.to_numpy()], observed=True).sum().unstack(-1)
            sums.index = sums.index.astype(object)
            sums = sums.reindex([g for g in group.cat.categories if (group == g).any()])
            sums = pd.concat([sums, sums.sum().to_frame().T.set_axis([TOTAL])])
        tables[item] = sums.reindex(columns=_COUNTS).fillna(0.0)
    table = pd.concat(tables, names=["item", by])
    if by is None:
        table.index = pd.Index(list(tables), name="item")
    table.columns.name = None
    table["asked"] = table[_COUNTS[1:]].sum(axis=1)
    missing = table["asked"] - table["answered"]
    percent = 100 * missing / table["asked"].where(table["asked"] > 0)
    table = as_counts(table, weight)
    table["percent_missing"] = percent
    return table


def _universe(given: Any, persons: pd.DataFrame, item: str) -> np.ndarray:
    """True for the rows to which the question was put."""
    if given is None:
        return np.ones(len(persons), dtype=bool)
    series = pd.Series(given)
    if isinstance(given, pd.Series) and not given.index.equals(persons.index):
        raise KitError(
            _("The universe of {item} belongs to another table; make it from the same one.").format(
                item=shown(item)
            )
        )
    values = series.astype(object)
    if len(values) != len(persons) or not values.dropna().isin([True, False]).all():
        raise KitError(
            _("The universe of {item} must hold True or False for each of the {n} rows.").format(
                item=shown(item), n=len(persons)
            )
        )
    # A condition on an unknown answer is unknown itself: such a person counts as not asked.
    return values.eq(True).fillna(False).to_numpy(dtype=bool)


__all__ = ["answer_states", "item_nonresponse"]
