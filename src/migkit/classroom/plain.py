"""Answers as plain data: what a participant's process hands over, and what the grader makes of it.

``to_plain`` runs in the sandbox, beside the participant's code; ``from_plain`` runs in the grader and believes
nothing. Between the two lies JSON: no pickle, nothing that runs. Every answer is a dictionary with its ``kind``:

```
nothing                               None, or the three dots
number   value, whole                 value may be "nan", "inf", "-inf"
flag     value                        True or False
text     value
date     value                        ISO 8601
list     items                        scalars; a set comes sorted
table    series, rows, columns, cells one list of scalars for each row; a label is a scalar, or a list of scalars;
                                      a dictionary comes as a series
other    type, has_value              anything else; has_value: it has a number called value, as an estimate does
too_big  type, size
```

A scalar in a list or a cell is JSON's own (``null``: empty), or the dictionary of its kind where JSON has no word.
Only the standard library, numpy and pandas are imported here: the sandbox has to load it.
"""

import hashlib
import json
import math
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd

#: How much an answer may hold: cells of a table or items of a list, columns, characters of a text, bytes as JSON.
CELLS = 20_000
COLUMNS = 1_000
TEXT = 10_000
BYTES = 2_000_000
#: Whole numbers beyond this come as decimals.
WHOLE = 2**63 - 1
#: Levels of a label.
LEVELS = 10
#: Digits in which two numbers must agree to have the same fingerprint.
DIGITS = 10

NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_NOTHING = {"kind": "nothing"}
_FIELDS = {
    "nothing": set(),
    "number": {"value", "whole"},
    "flag": {"value"},
    "text": {"value"},
    "date": {"value"},
    "list": {"items"},
    "table": {"series", "rows", "columns", "cells"},
    "other": {"type", "has_value"},
    "too_big": {"type", "size"},
}


class PlainError(ValueError):
    """What came is no answer that :func:`to_plain` makes."""


@dataclass(frozen=True)
class Other:
    """An answer of which only the make is known. ``value`` is a stand-in for a number that it holds, or None.

    :func:`from_plain` gives a subclass named after the make, so that a check calls it by that name.
    """

    value: float | None = None

    def __repr__(self) -> str:
        """The make alone, as it is to be read in a sentence."""
        return type(self).__name__


@dataclass(frozen=True)
class TooBig:
    """An answer that was not handed over: no answer to a question is that big."""

    make: str
    size: int


# In the sandbox


def to_plain(value: Any) -> dict[str, Any]:
    """An answer as a dictionary that JSON can hold. Never raises for what Python, numpy and pandas make.

    >>> to_plain(pd.Series({"F": 1, "M": 2}))["cells"]
    [[1], [2]]
    """
    try:
        data = _plain(value)
        return data if len(json.dumps(data, allow_nan=False)) <= BYTES else _too_big(value, -1)
    except Exception:  # an answer of a strange make, in a process that is not ours
        return {"kind": "other", "type": _make(value), "has_value": False}


def _plain(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        value = pd.Series(dict(value), dtype=object)  # labels and values, as a column has them
    if isinstance(value, (pd.DataFrame, pd.Series)):
        return _table(value)
    if isinstance(value, (set, frozenset)):
        value = sorted(value, key=lambda item: (type(item).__name__, item))
    rowlike = isinstance(value, (list, tuple, np.ndarray, pd.Index, pd.api.extensions.ExtensionArray))
    if rowlike and getattr(value, "ndim", 1) == 1:
        if len(value) > CELLS:
            return _too_big(value, len(value))
        return {"kind": "list", "items": [_scalar(item) for item in value]}
    if value is pd.NA or value is pd.NaT:
        return {"kind": "number", "value": "nan", "whole": False}
    scalar = _scalar(value)
    if scalar is None:
        missing = isinstance(value, (float, np.floating))
        return {"kind": "number", "value": "nan", "whole": False} if missing else dict(_NOTHING)
    if isinstance(scalar, dict):
        return scalar
    if isinstance(scalar, bool):
        return {"kind": "flag", "value": scalar}
    if isinstance(scalar, str):
        return {"kind": "text", "value": scalar}
    return {"kind": "number", "value": scalar, "whole": isinstance(scalar, int)}


def _scalar(value: Any) -> Any:
    """One value as JSON's own, or as a dictionary; made anew, so that no subclass comes along."""
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if value is ...:
        return dict(_NOTHING)
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, str):
        text = str.__str__(value).encode("utf-8", "replace").decode("utf-8")
        return text if len(text) <= TEXT else _too_big(value, len(text))
    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value)
        return None if value is pd.NaT else {"kind": "date", "value": value.isoformat()}
    if isinstance(value, date):  # a datetime and a Timestamp are dates too
        return {"kind": "date", "value": datetime.fromisoformat(value.isoformat()).isoformat()}
    if isinstance(value, (int, np.integer)) and not isinstance(value, np.timedelta64):
        whole = int(value)
        if abs(whole) <= WHOLE:
            return whole
        try:
            value = float(whole)
        except OverflowError:
            return _too_big(value, len(f"{whole:x}"))
    if isinstance(value, (float, np.floating)):
        number = float(value)
        if math.isnan(number):
            return None
        kind = "inf" if number > 0 else "-inf"
        return number if math.isfinite(number) else {"kind": "number", "value": kind, "whole": False}
    return {"kind": "other", "type": _make(value), "has_value": _has_value(value)}


def _table(value: pd.DataFrame | pd.Series) -> dict[str, Any]:
    series = isinstance(value, pd.Series)
    # The exact class, whatever a subclass may have overridden.
    table = pd.Series(value).to_frame() if series else pd.DataFrame(value)
    if max(table.size, len(table)) > CELLS or table.shape[1] > COLUMNS:
        return _too_big(value, table.size)
    columns = [[_scalar(cell) for cell in table.iloc[:, place].tolist()] for place in range(table.shape[1])]
    return {
        "kind": "table",
        "series": series,
        "rows": [_label(label) for label in table.index],
        "columns": [] if series else [_label(label) for label in table.columns],
        "cells": [list(row) for row in zip(*columns, strict=True)] if columns else [[] for _row in table.index],
    }


def _label(label: Any) -> Any:
    """A scalar, or a list of them for a label of several levels."""
    if isinstance(label, tuple):
        return [_label(part) if not isinstance(part, tuple) else str(part) for part in label]
    scalar = _scalar(label)
    return str(label) if isinstance(scalar, dict) and scalar["kind"] not in ("number", "date") else scalar


def _has_value(value: Any) -> bool:
    try:
        held = value.value
    except Exception:  # a property of the participant's own, perhaps
        return False
    return isinstance(held, (int, float, np.integer, np.floating)) and not isinstance(held, (bool, np.bool_))


def _make(value: Any) -> str:
    name = type(value).__name__
    return name if isinstance(name, str) and name.isidentifier() and len(name) <= 60 else "object"


def _too_big(value: Any, size: int) -> dict[str, Any]:
    return {"kind": "too_big", "type": _make(value), "size": int(size)}


# In the grader


def from_plain(data: Any) -> Any:
    """The answer again: None, a number, a bool, text, datetime, list, Series, DataFrame, Other or TooBig.

    Raises:
        PlainError: if ``data`` is anything that :func:`to_plain` does not make.
    """
    try:
        return _restored(data)
    except PlainError:
        raise
    except Exception as error:  # a forged answer must end as such, whatever pandas thinks of it
        raise PlainError(f"no answer: {type(error).__name__}") from error


def _restored(data: Any) -> Any:
    kind = _kind(data)
    if kind == "list":
        _require(type(data["items"]) is list and len(data["items"]) <= CELLS, "items")
        return [_value(item) for item in data["items"]]
    if kind == "table":
        return _restored_table(data)
    value = _small(data, kind)
    return None if value is ... else value


def _kind(data: Any) -> str:
    _require(type(data) is dict and type(data.get("kind")) is str and data["kind"] in _FIELDS, "kind")
    _require(data.keys() == {"kind"} | _FIELDS[data["kind"]], f"fields of {data['kind']}")
    return str(data["kind"])


def _small(data: dict[str, Any], kind: str) -> Any:
    """A dictionary of a kind that holds no others; the dots for nothing."""
    value = data.get("value")
    if kind == "nothing":
        return ...
    if kind == "number":
        _require(type(data["whole"]) is bool, "whole")
        if type(value) is str:
            _require(value in NOT_FINITE and not data["whole"], "number")
            return NOT_FINITE[value]
        _require(type(value) is (int if data["whole"] else float), "number")
        return _value(value)
    if kind == "flag":
        _require(type(value) is bool, "flag")
        return value
    if kind == "text":
        _require(type(value) is str, "text")
        return _value(value)
    if kind == "date":
        _require(type(value) is str and len(value) <= 40, "date")
        return datetime.fromisoformat(str(value))
    make = data["type"] if kind in ("other", "too_big") else ""
    _require(type(make) is str and make.isidentifier() and len(make) <= 60, "type")
    if kind == "too_big":
        _require(type(data["size"]) is int and -1 <= data["size"] <= WHOLE, "size")
        return TooBig(make, data["size"])
    _require(kind == "other" and type(data["has_value"]) is bool, "kind")
    return type(make, (Other,), {})(0.0 if data["has_value"] else None)


def _value(item: Any) -> Any:
    """A scalar of a list or a cell; NaN for an empty one."""
    if item is None:
        return math.nan
    if type(item) is dict:
        kind = _kind(item)
        _require(kind in ("nothing", "number", "date", "other", "too_big"), f"{kind} in a cell")
        value = _small(item, kind)
        # A cell that holds a whole table: that much a check wants to know.
        return pd.DataFrame() if isinstance(value, Other) and repr(value) in ("DataFrame", "Series") else value
    _require(type(item) in (bool, int, float, str), "scalar")
    if type(item) is str:
        _require(len(item) <= TEXT, "length of a text")
        item.encode("utf-8")  # half a surrogate pair is no text
    if type(item) is int:
        _require(abs(item) <= WHOLE, "whole number")
    if type(item) is float:
        _require(math.isfinite(item), "finite number")
    return item


def _restored_table(data: dict[str, Any]) -> pd.Series | pd.DataFrame:
    series, rows, columns, cells = (data[name] for name in ("series", "rows", "columns", "cells"))
    _require(type(series) is bool, "series")
    for part, most in ((rows, CELLS), (columns, COLUMNS), (cells, CELLS)):
        _require(type(part) is list and len(part) <= most, "rows, columns, cells")
    _require(len(cells) == len(rows) and not (series and columns), "rows of cells")
    width = 1 if series else len(columns)
    _require(width * len(rows) <= CELLS, "number of cells")
    _require(all(type(row) is list and len(row) == width for row in cells), "columns of cells")
    index = _index(rows)
    filled = [_column([row[place] for row in cells], index) for place in range(width)]
    if series:
        return filled[0]
    table = pd.concat(filled, axis=1) if filled else pd.DataFrame(index=index)
    return table.set_axis(_index(columns), axis=1)


def _column(cells: list[Any], index: pd.Index) -> pd.Series:
    values = np.empty(len(cells), dtype=object)
    for place, cell in enumerate(cells):  # one by one: numpy would unpack a table in a cell
        values[place] = _value(cell)
    return pd.Series(values, index=index, dtype=object).infer_objects()


def _index(labels: list[Any]) -> pd.Index:
    names: list[Hashable] = [_restored_label(label) for label in labels]
    if names and all(isinstance(name, tuple) and len(name) == len(names[0]) for name in names):  # type: ignore[arg-type]
        return pd.MultiIndex.from_tuples(names)  # type: ignore[arg-type]
    return pd.Index(names, dtype=object, tupleize_cols=False).infer_objects()


def _restored_label(label: Any) -> Hashable:
    if type(label) is list:
        _require(1 <= len(label) <= LEVELS and not any(type(part) is list for part in label), "levels of a label")
        return tuple(_restored_label(part) for part in label)
    if type(label) is dict:
        _require(label.get("kind") in ("number", "date"), "label")
    value: Hashable = _value(label)
    return value


def _require(good: bool, what: str) -> None:
    if not good:
        raise PlainError(f"no answer: {what}")


def fingerprint(data: Any) -> str:
    """The same for equal answers: to ten digits, in any order of rows and columns, of any make of number.

    Raises:
        PlainError: as :func:`from_plain`.
    """
    value = from_plain(data)
    if isinstance(value, pd.Series):
        value = value.to_frame()
    if isinstance(value, pd.DataFrame):
        alone = value.shape[1] == 1
        columns = ["" if alone else str(label) for label in value.columns]
        content: Any = sorted(
            (str(row), column, _rounded(cell))
            for column, cells in zip(
                columns, (value.iloc[:, i].tolist() for i in range(len(columns))), strict=True
            )
            for row, cell in zip(value.index, cells, strict=True)
        )
    else:
        content = [_rounded(item) for item in value] if isinstance(value, list) else _rounded(value)
    return hashlib.sha256(json.dumps(content).encode("ascii")).hexdigest()[:16]


def _rounded(value: Any) -> str:
    """A scalar in words that tell its make only where that matters: 3 and 3.0 are the same, "3" is not."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"number {value + 0.0:.{DIGITS}g}"
    if isinstance(value, (pd.DataFrame, Other)):
        return f"other {type(value).__name__}"
    return f"{type(value).__name__} {value}"
