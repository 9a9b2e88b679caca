"""Conditions of edit rules: a small language that an office can write in a spreadsheet, read without running code.

A condition is a row of tests joined by ``and``. Each test names a column::

    age < 12                        <  <=  >  >=  between numbers
    marital = 'M'                   =  !=  with a code in quotes, a number, a column or a name in CAPITALS
    arrival_year < first_birth_year   the other side may be a column too
    country_5y given                an answer is there ("blank": it is not)
    marital in ('M', 'W')           one of these ("not in": none of these)

An unknown answer (blank, X, XXX, Not stated) passes no comparison: who did not answer cannot contradict himself.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import is_unknown, need_columns, shown, tidy
from migkit.reference import KitError, _

_TEST = re.compile(
    r"^(?P<column>[^\W\d]\w*)\s*(?:(?P<state>\s(?:given|blank))|(?P<list>\s(?:not\s+)?in)\s*\((?P<items>.*)\)"
    r"|(?P<sign><=|>=|!=|<|>|=)\s*(?P<operand>.+))$",
    re.S,
)
_AND = re.compile(r"\s+and\s+(?=(?:[^']*'[^']*')*[^']*$)")
_COMMA = re.compile(r",(?=(?:[^']*'[^']*')*[^']*$)")
_SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}


@dataclass(frozen=True)
class Clause:
    """One test of a condition: a column, what is asked of it, and what it is compared with.

    Attributes:
        column: the column tested.
        sign: ``<``, ``<=``, ``>``, ``>=``, ``=``, ``!=``, ``in``, ``not in``, ``given`` or ``blank``.
        operands: ("number", 12.0), ("text", "M"), ("column", "first_birth_year") or ("name", "HOME") each.
    """

    column: str
    sign: str
    operands: tuple[tuple[str, Any], ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that the test reads."""
        return (self.column, *(str(value) for kind, value in self.operands if kind == "column"))


def read_operand(text: str) -> tuple[str, Any]:
    """What stands on the right of a sign: a number, a text in quotes, a name in CAPITALS or a column.

    >>> read_operand("12"), read_operand("'M'"), read_operand("HOME"), read_operand("age")
    (('number', 12.0), ('text', 'M'), ('name', 'HOME'), ('column', 'age'))
    """
    text = text.strip()
    if re.fullmatch(r"'[^']*'", text):
        return "text", text[1:-1].strip()
    if re.fullmatch(r"-?\d+(\.\d+)?", text):
        return "number", float(text)
    if re.fullmatch(r"[A-Z][A-Z_]*", text):
        return "name", text
    if re.fullmatch(r"[^\W\d]\w*", text):
        return "column", text
    raise KitError(
        _("{text} is no number, column, name in capitals or code in quotes such as 'M'.").format(text=shown(text))
    )


@cache
def read_condition(text: str) -> tuple[Clause, ...]:
    """The tests of a condition.

    Raises:
        KitError: naming the part that cannot be read.

    >>> [test.columns for test in read_condition("age < 5 and country_5y given")]
    [('age',), ('country_5y',)]
    """
    tests = []
    for part in _AND.split(str(text).strip()):
        found = _TEST.match(part.strip())
        if not found:
            raise KitError(
                _("The condition {text} cannot be read at {part}; write tests like: age < 12 and marital = 'M'.")
                .format(text=shown(text), part=shown(part.strip()))
            )  # fmt: skip
        if found["state"]:
            tests.append(Clause(found["column"], found["state"].strip()))
        elif found["list"]:
            items = tuple(read_operand(item) for item in _COMMA.split(found["items"]))
            tests.append(Clause(found["column"], " ".join(found["list"].split()), items))
        else:
            tests.append(Clause(found["column"], found["sign"], (read_operand(found["operand"]),)))
    return tuple(tests)


def as_code(value: Any) -> str:
    """A code as text: 1, 1.0 and "1" are the same code.

    >>> as_code(1.0), as_code(" 1 "), as_code("GMB")
    ('1', '1', 'GMB')
    """
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def _codes(values: pd.Series) -> pd.Series:
    held = tidy(values)
    return held.map({value: as_code(value) for value in held.dropna().unique()})


def _numbers(values: pd.Series) -> np.ndarray:
    """Values as numbers; what is none becomes blank."""
    parsed = pd.to_numeric(tidy(values), errors="coerce").astype("Float64")
    return np.asarray(parsed.to_numpy(dtype=float, na_value=np.nan))


def _meant(operand: tuple[str, Any], names: Mapping[str, Any]) -> Any:
    """The value of an operand that is no column."""
    kind, value = operand
    if kind != "name":
        return value
    if names.get(value) is None:
        raise KitError(
            _("The name {name} has no value; give it, for example codes={{{name!r}: ...}}.").format(name=value)
            if value != "HOME"
            else _("HOME has no value: give the code of the country of the census, for example country='GMB'.")
        )
    return names[value]


def _passes(test: Clause, frame: pd.DataFrame, names: Mapping[str, Any]) -> np.ndarray:
    need_columns(frame, test.columns, _("The table of persons"))
    left = frame[test.column]
    unknown = is_unknown(left).to_numpy(dtype=bool)
    if test.sign in ("given", "blank"):
        return ~unknown if test.sign == "given" else unknown
    if test.sign in _SIGNS:
        kind, value = test.operands[0]
        if kind == "text":
            raise KitError(
                _("{sign} compares numbers, so {value} cannot stand there.").format(
                    sign=test.sign, value=shown(value)
                )
            )
        right = _numbers(frame[value]) if kind == "column" else float(_meant((kind, value), names))
        return np.asarray(_SIGNS[test.sign](_numbers(left), right), dtype=bool)  # NaN passes nothing
    equal = np.zeros(len(frame), dtype=bool)
    have = _codes(left)
    for kind, value in test.operands:
        if kind == "column":
            equal |= (have == _codes(frame[value])).fillna(False).to_numpy(dtype=bool)
            unknown = unknown | is_unknown(frame[value]).to_numpy(dtype=bool)
        else:
            equal |= have.eq(as_code(_meant((kind, value), names))).fillna(False).to_numpy(dtype=bool)
    return np.asarray((equal if test.sign in ("=", "in") else ~equal) & ~unknown, dtype=bool)


def meets(condition: str, frame: pd.DataFrame, names: Mapping[str, Any] | None = None) -> pd.Series:
    """True where a row of ``frame`` meets every test of ``condition``.

    Args:
        condition: see the head of this module.
        frame: the table.
        names: values of the names in CAPITALS, for example ``{"HOME": "GMB"}``.

    Raises:
        KitError: if the condition cannot be read, a column is missing or a name has no value.

    >>> people = pd.DataFrame({"age": [3, 30, None], "marital": ["M", "M", "S"]})
    >>> list(meets("age < 12 and marital = 'M'", people))
    [True, False, False]
    """
    result = np.ones(len(frame), dtype=bool)
    for test in read_condition(condition):
        result &= _passes(test, frame, names or {})
    return pd.Series(result, index=frame.index)


__all__ = ["Clause", "as_code", "meets", "read_condition", "read_operand"]
