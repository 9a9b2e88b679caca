"""Cells as text, and text as numbers. Work is done once for each distinct value, however many rows hold it."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

#: Numbers that a Stata or SPSS file may hold and that a CSV would show with this many digits.
_DIGITS = 15
#: What fewer rows than this have in common may point to a person: no report counts it or shows it.
FEW = 5
#: So many rows tell whether a column holds a few codes or as many values as persons.
_TRIED = 50_000
_WHOLE = re.compile(r"(-?)0*(\d+)(?:\.0+)?")
_SPACES = re.compile(r"[\s\u00a0\u202f']")


def code_text(value: Any) -> str:
    """A code as text: 1, 1.0 and "1" are the same code."""
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def same_code(code: str) -> str:
    """How a code looks without what programs add or take away: "01", "1.0" and "1" are all "1"."""
    found = _WHOLE.fullmatch(code)
    return "".join(found.groups()) if found else code


def short_number(value: str) -> bool:
    """Whether a value is a code of a few digits, which names nobody."""
    return re.fullmatch(r"-?\d{1,4}", value) is not None


def one_line(text: str) -> str:
    """A text without line breaks and signs that nobody sees."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def distinct(values: pd.Series) -> tuple[np.ndarray, list[str]]:
    """For each row the place of its value among the distinct ones (-1: missing), and these, as they come."""
    places, found = pd.factorize(values)
    return places, [str(value) for value in found]


def counted(values: pd.Series) -> dict[str, int]:
    """Each distinct value and in how many rows it stands; missing ones are not counted."""
    places, found = distinct(values)
    return dict(zip(found, np.bincount(places[places >= 0], minlength=len(found)).tolist(), strict=True))


def has_few_values(values: pd.Series, most: int) -> bool:
    """Whether a column can be one of codes; found out from its first rows where it is clearly none."""
    return values.iloc[:_TRIED].nunique() <= most and values.nunique() <= most


def as_text(rows: pd.DataFrame) -> pd.DataFrame:
    """Every cell as text: whole numbers without a decimal point, days as 2024-07-01, blanks missing."""
    return pd.DataFrame({str(name): column_as_text(rows[name]) for name in rows.columns}, index=rows.index)


def column_as_text(values: pd.Series) -> pd.Series:
    """One column of :func:`as_text`."""
    try:
        places, found = pd.factorize(values)
    except TypeError:  # lists or tables in a cell
        places, found = pd.factorize(values.map(str).where(values.notna()))
    if pd.api.types.is_datetime64_any_dtype(found.dtype):
        text = list(pd.DatetimeIndex(found).strftime("%Y-%m-%d"))
    else:
        text = [_cell_text(value) for value in found]
    return _taken([each or None for each in text], places, values.index)


def _cell_text(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)):
        return code_text(value) if float(value).is_integer() else f"{value:.{_DIGITS}g}"
    return code_text(value).removesuffix(" 00:00:00")


def _taken(text: list[str | None], places: np.ndarray, index: pd.Index) -> pd.Series:
    """The text of each row, by its place in the list; -1 is missing."""
    held = pd.Series([*text, None], dtype="str" if pd.__version__ >= "3" else object)
    return held.take(places).set_axis(index)  # -1 takes the last, which is missing


def as_numbers(text: pd.Series, whole: bool = False) -> pd.Series:
    """Text as numbers, also with a decimal comma and spaces between thousands; what is no number is missing.

    Args:
        text: the cells.
        whole: whether the column holds whole numbers: then 12,500 is twelve thousand five hundred.
    """
    places, found = distinct(text)
    numbers: Any = pd.to_numeric(pd.Series(found, dtype=object), errors="coerce")
    numbers = numbers.to_numpy(dtype=float, na_value=np.nan, copy=True)
    rest = np.flatnonzero(np.isnan(numbers))
    if len(rest):
        spelled = _spelled([found[at] for at in rest], whole)
        numbers[rest] = pd.to_numeric(pd.Series(spelled, dtype=object), errors="coerce")
    return pd.Series(np.append(numbers, np.nan)[places], index=text.index)


def _spelled(values: list[str], whole: bool) -> list[str]:
    """Numbers with commas, dots and spaces as a program reads them; the column shows what a comma means."""
    tight = [_SPACES.sub("", value) for value in values]
    commas = [value for value in tight if "," in value]
    english = any(re.fullmatch(r"-?\d{1,3}(,\d{3})+\.\d+", value) for value in commas)
    if whole and commas:
        english = english or all(re.fullmatch(r"-?\d{1,3}(,\d{3})+", value) for value in commas)
    if english:
        return [value.replace(",", "") for value in tight]
    return [
        value.replace(".", "").replace(",", ".") if re.fullmatch(r"-?\d{1,3}(\.\d{3})*,\d+", value)
        else value.replace(",", ".", 1)
        for value in tight
    ]  # fmt: skip


__all__ = ["FEW", "as_numbers", "as_text", "code_text", "column_as_text", "counted", "distinct", "has_few_values",
           "one_line", "same_code", "short_number"]  # fmt: skip
