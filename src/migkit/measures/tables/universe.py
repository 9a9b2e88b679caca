"""Who is in a table: the conditions of a specification, asked of every row. Unknown answers give unknown."""

from typing import Any

import pandas as pd

from migkit.measures._input import is_unknown, need_columns, numbers, shown, weights
from migkit.measures.tables.derive import code_text, derive, is_unknown_code
from migkit.measures.tables.spec import KNOWN, LISTS, Condition, TableSpec, need_spec
from migkit.reference import KitError, _


def in_universe(persons: pd.DataFrame, spec: TableSpec) -> pd.Series:
    """For each row True, False or blank: in the universe of the table, outside, or not known.

    All conditions must hold. One that surely fails settles it; otherwise one unknown answer makes it unknown
    (the three-valued "and" of Kleene and of SQL).

    Args:
        persons: one row a person.
        spec: the specification; without conditions everybody is in.

    Raises:
        KitError: if a column is missing, or holds text where a number or a date is compared.

    >>> people = pd.DataFrame({"age": [20, 7, None, None], "birth": ["SEN", "SEN", "SEN", "GMB"]})
    >>> spec = TableSpec("T", "U", "persons", "birth", None, (), "S",
    ...                  where=(("age", ">=", 15), ("birth", "not in", "GMB")))
    >>> in_universe(people, spec).tolist()
    [True, False, <NA>, False]
    """
    need_spec(spec)
    what = _("The data for the table {title!r}").format(title=spec.title)
    made = spec.recipes
    need_columns(persons, [column for column, _op, _values in spec.where if column not in made], what)
    answer = pd.Series(True, index=persons.index, dtype="boolean")
    for condition in spec.where:
        name = condition[0]
        values = derive(persons, made[name]) if name in made else persons[name]
        answer &= holds(values, condition)
    return answer


def universe_counts(persons: pd.DataFrame, spec: TableSpec) -> dict[str, float]:
    """How many are in the universe of a table, outside, and not known: a note under the table says so.

    Args:
        persons: one row a person.
        spec: the specification; its weight is used.

    >>> people = pd.DataFrame({"age": [20, 7, None]})
    >>> universe_counts(people, TableSpec("T", "U", "persons", "age", None, (), "S", where=(("age", ">=", 15),)))
    {'in': 1.0, 'out': 1.0, 'unknown': 1.0}
    """
    answer = in_universe(persons, spec)
    each = weights(persons, spec.weight, _("The data for the table {title!r}").format(title=spec.title))
    return {
        "in": float(each[answer.fillna(False)].sum()),
        "out": float(each[~answer.fillna(True)].sum()),
        "unknown": float(each[answer.isna()].sum()),
    }


def holds(values: pd.Series, condition: Condition) -> pd.Series:
    """Whether a condition holds, row by row; blank where the value is not stated."""
    _column, operator, wanted = condition
    unknown = is_unknown(values)
    if operator in KNOWN:
        return (unknown if operator == "is not stated" else ~unknown).astype("boolean")
    if operator in LISTS:
        answer = _listed(values, wanted).astype("boolean").mask(unknown)
        if any(map(is_unknown_code, wanted)):  # asked for by name, "not stated" is an answer like others
            answer = answer.fillna(True)
        return answer if operator == "in" else ~answer
    held = values.astype(object).mask(unknown, None)
    read = _dates(held, condition) if isinstance(wanted[0], str) else _numbers(held, condition)
    limit: Any = pd.Timestamp(wanted[0]) if isinstance(wanted[0], str) else float(wanted[0])
    compared = {">=": read.ge, ">": read.gt, "<=": read.le, "<": read.lt}[operator](limit)
    return compared.astype("boolean").mask(unknown)


def _listed(values: pd.Series, wanted: tuple[Any, ...]) -> pd.Series:
    texts = {code_text(value) for value in wanted}
    held = values.astype(object)
    hit = {value: code_text(value) in texts for value in held.dropna().unique()}
    return held.map(hit).fillna(False).astype(bool)


def _numbers(held: pd.Series, condition: Condition) -> pd.Series:
    return numbers(held, _("Column {c!r}").format(c=str(condition[0])), missing=True)


def _dates(held: pd.Series, condition: Condition) -> pd.Series:
    read = pd.to_datetime(held.astype("str").where(held.notna()), errors="coerce", format="ISO8601")
    bad = read.isna() & held.notna()
    if bad.any():
        row = int(bad.to_numpy().argmax())
        raise KitError(
            _(
                'Column {c!r}: row {row} holds {value}, where a date like "2024-07-01" is needed ({n} such).'
            ).format(
                c=str(condition[0]), row=shown(held.index[row]), value=shown(held.iloc[row]), n=int(bad.sum())
            )
        )
    return read


__all__ = ["in_universe", "universe_counts"]
