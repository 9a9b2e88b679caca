"""A specification in SQL, for DuckDB: the same answers as ``derive`` and ``in_universe`` give on a pandas frame.

``NULL`` stands for "not stated" throughout, so that SQL's own three-valued logic gives the universe.
"""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from migkit.measures._input import NOT_STATED, UNKNOWN_CODES
from migkit.measures.tables.derive import Bands, Derived, Groups, code_text, is_plain_number, is_unknown_code
from migkit.measures.tables.keys import Column, Key
from migkit.measures.tables.spec import KNOWN, LISTS, Condition

#: A band is looked up in a list of so many numbers at most; beyond that it is asked band by band.
LOOKED_UP = 4000
NUMBERS = ("INT", "DOUBLE", "FLOAT", "REAL", "DECIMAL", "NUMERIC", "BOOL")
TIMES = ("DATE", "TIMESTAMP")

#: SQL types of the columns.
Types = Mapping[str, str]


def name(column: Any) -> str:
    """A column's name as SQL quotes it."""
    return '"' + str(column).replace('"', '""') + '"'


def text(value: Any) -> str:
    """A text as SQL quotes it."""
    return "'" + str(value).replace("'", "''") + "'"


def expression(key: Key, types: Types) -> str:
    """A key in SQL: a raw value, the place of a band or group (from 0), or true, false and NULL for a universe."""
    if isinstance(key, Column):
        return name(key.name)
    if isinstance(key, Bands):
        return _band(key, types)
    if isinstance(key, Groups):
        return _group(key, types)
    made = {recipe.name: recipe for recipe in key.recipes}
    return " AND ".join(f"({_condition(each, types, made.get(each[0]))})" for each in key.conditions)


def is_number(column: str, types: Types) -> bool:
    """Whether a column is held as a number (or as true and false)."""
    return any(kind in types[column] for kind in NUMBERS)


def known(column: str, types: Types) -> str:
    """The value of a column, NULL where it is not stated; text without spaces around it."""
    held = name(column)
    if "DOUBLE" in types[column] or "FLOAT" in types[column]:
        return f"CASE WHEN NOT isnan({held}) THEN {held} END"
    if is_number(column, types) or any(kind in types[column] for kind in TIMES):
        return held
    codes = ", ".join(map(text, (*UNKNOWN_CODES, "", NOT_STATED)))
    return f"CASE WHEN trim({held}) NOT IN ({codes}) THEN trim({held}) END"


def number(column: str, types: Types) -> str:
    """The value of a column as a number, NULL where it is not stated or is no number."""
    if types[column].endswith(("INT", "INTEGER")):
        return name(column)
    return f"TRY_CAST({known(column, types)} AS DOUBLE)"


def amount(column: str, types: Types) -> str:
    """A weight or an amount as a decimal number."""
    return name(column) if "DOUBLE" in types[column] else f"CAST({number(column, types)} AS DOUBLE)"


def moment(column: str, types: Types) -> str:
    """The value of a column as a date, NULL where it is not stated or is none."""
    return f"TRY_CAST({known(column, types)} AS TIMESTAMP)"


def banded(recipe: Bands, types: Types) -> str:
    """The whole number that a recipe bands."""
    read = number(recipe.column, types)
    whole = read if read == name(recipe.column) else f"floor({read})"
    return whole if recipe.since is None else f"({recipe.since} - {whole})"


def _band(recipe: Bands, types: Types) -> str:
    read, firsts = banded(recipe, types), recipe.breaks
    if recipe.limit is not None and firsts[-1] <= recipe.limit < LOOKED_UP:
        # To look up a list takes two thirds of the time of comparing with one break after the other.
        edges = (*firsts, recipe.limit + 1)
        places = ["NULL"] * firsts[0]
        places += [str(place) for place, (a, b) in enumerate(pairwise(edges)) for _number in range(a, b)]
        return f"([{', '.join(places)}]::TINYINT[])[CAST({read} AS INTEGER) + 1]"
    cases = [f"WHEN {read} < {following} THEN {place}" for place, following in enumerate(firsts[1:])]
    last = f"WHEN {read} >= {firsts[-1]} THEN {len(firsts) - 1}"
    return f"CASE {' '.join(cases)} {last} END"


def _group(recipe: Groups, types: Types) -> str:
    places = {label: place for place, label in enumerate(recipe.levels)}
    cases = [f"WHEN {_listed(recipe.column, types, codes)} THEN {places[label]}" for label, codes in recipe.groups]
    unknown = "NULL" if recipe.unknown == NOT_STATED else str(places[recipe.unknown])
    rest = places[str(recipe.other)]
    missing = f"({known(recipe.column, types)}) IS NULL"
    return f"CAST(CASE WHEN {missing} THEN {unknown} {' '.join(cases)} ELSE {rest} END AS TINYINT)"


def _condition(condition: Condition, types: Types, recipe: Derived | None) -> str:
    column, operator, wanted = condition
    if isinstance(recipe, Groups) and recipe.keeps_codes:
        return _condition((recipe.column, operator, recipe.codes(wanted)), types, None)
    value = known(column, types) if recipe is None else expression(recipe, types)
    if operator in KNOWN:
        return f"({value}) IS {'NULL' if operator == 'is not stated' else 'NOT NULL'}"
    if operator in LISTS:
        if recipe is None:
            hit = _listed(column, types, wanted)
        else:
            hit = f"({value}) IN ({', '.join(map(str, recipe.places(wanted)))})"
        if any(map(is_unknown_code, wanted)):
            hit = f"coalesce({hit}, TRUE)"
        return hit if operator == "in" else f"NOT ({hit})"
    if isinstance(wanted[0], str):
        return f"{moment(column, types)} {operator} TIMESTAMP {text(wanted[0])}"
    return f"{number(column, types)} {operator} {wanted[0]!r}"


def _listed(column: str, types: Types, wanted: Iterable[Any]) -> str:
    """Whether the value is one of ``wanted``; NULL where it is not stated."""
    texts = [code_text(value) for value in wanted if not is_unknown_code(value)]
    if types[column] == "BOOLEAN":
        listed = [each for each in texts if each in ("True", "False")]
    elif is_number(column, types):
        listed = [each for each in texts if is_plain_number(each)]
    else:
        listed = [text(each) for each in texts]
    value = known(column, types)
    return f"({value}) IN ({', '.join(listed)})" if listed else f"CASE WHEN ({value}) IS NOT NULL THEN FALSE END"
