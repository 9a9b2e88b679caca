"""The office's file under harmonised names and codes. Nothing is dropped: the unreadable counts as not stated."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from migkit.measures.administrative.dates import clean_dates
from migkit.own.cells import FEW, as_numbers, distinct, one_line, same_code, short_number
from migkit.own.mapping import NOT_ASKED, OPEN, UNKNOWN, WEIGHT, Column, Map, fields_of
from migkit.own.reading import OwnFile
from migkit.reference import COUNTRY_NOT_STATED, Field, KitError, _, codelist

#: No age is higher, whatever the dictionary's own census allows.
OLDEST = 130
#: So many rows and examples are told of one kind of problem.
_ROWS, _EXAMPLES = 3, 4
#: What :func:`~migkit.measures.administrative.clean_dates` calls a day that can be used, or an empty cell.
_READ_DATES = ("clean", "parsed", "inferred", "first_january", "missing")


@dataclass(frozen=True)
class Unread:
    """Cells of one column that could not be read and count as not stated.

    Attributes:
        column: the harmonised column; ``source``: that of the file.
        kind: ``open`` (a code with "?" in the map), ``strange`` (a code that is not in the map), ``number`` (no
            number), ``whole`` (no whole number), ``range`` (a number that cannot be), ``day`` (no day, or one that
            may be another).
        rows: how many cells; ``positions``: the first of them, from 0; ``examples``: what stands there, veiled.
    """

    column: str
    source: str
    kind: str
    rows: int
    positions: tuple[int, ...]
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Harmonised:
    """The harmonised rows, and what could not be read on the way."""

    rows: pd.DataFrame
    unread: tuple[Unread, ...]


def harmonise(
    own: OwnFile, mapping: Map, progress: Callable[[float, str], None] = lambda share, text: None
) -> Harmonised:
    """The columns of the map under their harmonised names and codes.

    Args:
        own: the file.
        mapping: its map.
        progress: told how far the work is (0 to 1) and which column is read.

    Returns:
        One row a row of the file, in its order, with a new index from 0. Codes are categories of text; unknown
        ones are ``X`` or ``XXX``, or blank where the list has no such code. Numbers are floats, ages completed
        years. Days are text such as 2024-07-01. A weight that cannot be read stays blank: the tables then say in
        which row.

    Raises:
        KitError: if the map names a column that the file does not have.
    """
    _need_columns(own, mapping)
    known = {each.name: each for each in fields_of(mapping.described)}
    result: dict[str, pd.Series] = {}
    unread: list[Unread] = []
    for at, each in enumerate(mapping.columns.values()):
        progress(at / len(mapping.columns), each.source)
        values = own.rows[each.source].reset_index(drop=True)
        wanted = known[each.name]
        if wanted.type == "code":
            result[each.name], problems = _coded(values, each, wanted)
        elif wanted.type in ("integer", "number"):
            result[each.name], problems = _numbers(values, each, wanted)
        elif wanted.unit == "day":
            result[each.name], problems = _days(values, each)
        else:
            result[each.name], problems = values, []
        unread += problems
    return Harmonised(pd.DataFrame(result), tuple(unread))


def _need_columns(own: OwnFile, mapping: Map) -> None:
    for each in mapping.columns.values():
        if each.source not in own.rows.columns:
            guess = difflib.get_close_matches(each.source, list(own.rows.columns), 1, 0.5)
            hint = _(" Did you mean {guess!r}?").format(guess=guess[0]) if guess else ""
            raise KitError(
                _("The map takes {column} from a column {source!r}, which {file} does not have.{hint}").format(
                    column=each.name, source=each.source, file=own.name, hint=hint
                )
            )


# ----------------------------------------------------------------------------------------------- codes


def not_stated(wanted: Field) -> str | None:
    """The code of a column that says "not stated"; None where its list has none."""
    if wanted.codelist == "country":
        return COUNTRY_NOT_STATED
    if wanted.codelist == "region":
        return None
    return UNKNOWN if UNKNOWN in set(codelist(wanted.codelist)["code"]) else None


def _coded(values: pd.Series, column: Column, wanted: Field) -> tuple[pd.Series, list[Unread]]:
    places, found = distinct(values)
    book = _Book(column, wanted)
    words = [book.word(value) for value in found]
    unknown = not_stated(wanted)
    meant = [unknown if word in (OPEN, UNKNOWN, None) else None if word == NOT_ASKED else word for word in words]
    present = set(meant) - {None}
    listed = [code for code in map(str, codelist(wanted.codelist)["code"]) if code in present]
    levels = [*listed, *sorted(str(code) for code in present - set(listed))]
    place_of = {code: at for at, code in enumerate(levels)}
    leads = np.array([*(-1 if code is None else place_of[code] for code in meant), -1], dtype=np.int64)
    coded = pd.Series(pd.Categorical.from_codes(leads[places], categories=pd.Index(levels, dtype=object)))
    problems = [
        *_unread(column, "open", found, places, [word == OPEN for word in words]),
        *_unread(column, "strange", found, places, [word is None for word in words]),
    ]
    return coded, problems


class _Book:
    """What the map says of the codes of a column, also where a program put zeros before them or took them away."""

    def __init__(self, column: Column, wanted: Field) -> None:
        self.codes = dict(column.codes)
        self.country = wanted.codelist == "country"
        if not self.codes:  # no codes in the map: the file uses the harmonised ones
            self.codes = {code: code for code in map(str, codelist(wanted.codelist)["code"])}
        self.bare = bool(column.codes)
        plain = [same_code(code) for code in self.codes]
        self.same = {
            same_code(code): word for code, word in self.codes.items() if plain.count(same_code(code)) == 1
        }

    def word(self, value: str) -> str | None:
        """The harmonised code of a value, "?" or "-"; None if the map does not know it."""
        if value in self.codes:
            return self.codes[value]
        if not self.bare and self.country and re.fullmatch("[A-Z]{3}", value):
            return value
        return self.same.get(same_code(value))


# --------------------------------------------------------------------------------------- numbers and days


def _numbers(values: pd.Series, column: Column, wanted: Field) -> tuple[pd.Series, list[Unread]]:
    places, found = distinct(values)
    numbers = as_numbers(pd.Series(found, dtype=object), whole=wanted.type == "integer").to_numpy() / column.divide
    blank = {*column.blank, *map(same_code, column.blank)}
    stated = np.array([value not in blank and same_code(value) not in blank for value in found], dtype=bool)
    no_number = np.isnan(numbers) & stated
    impossible = stated & ((numbers < lowest(wanted)) | (numbers > highest(wanted)) | np.isinf(numbers))
    broken = np.zeros(len(found), dtype=bool)
    if wanted.type == "integer":
        if wanted.unit == "completed years":
            numbers = np.floor(numbers)
        else:
            broken = stated & ~no_number & ~impossible & (numbers % 1 != 0)
    numbers = np.where(stated & ~impossible & ~broken, numbers, np.nan)
    problems = [
        *_unread(column, "number", found, places, no_number),
        *_unread(column, "whole", found, places, broken),
        *_unread(column, "range", found, places, impossible),
    ]
    return pd.Series(np.append(numbers, np.nan)[places]), problems


def lowest(wanted: Field) -> float:
    """The least value that a column may hold."""
    return float(wanted.minimum) if wanted.minimum is not None else -np.inf


def highest(wanted: Field) -> float:
    """The highest: the dictionary's, but for ages (its census stops at 98) and years (its census is of 2024)."""
    if wanted.name == WEIGHT or wanted.maximum is None:
        return np.inf
    if wanted.unit == "year":
        return 2100.0
    return float(OLDEST) if wanted.unit == "completed years" else float(wanted.maximum)


def _days(values: pd.Series, column: Column) -> tuple[pd.Series, list[Unread]]:
    """Days as 2024-07-01, from what a file holds: other orders, serial numbers of Excel, months as words."""
    places, found = distinct(values)
    cleaned = clean_dates(pd.Series(found, dtype=object))
    bad = ~cleaned["code"].isin(_READ_DATES).to_numpy(dtype=bool)
    text = cleaned["date"].dt.strftime("%Y-%m-%d").astype(object)
    held = np.array([*text.where(text.notna(), None), None], dtype=object)
    return pd.Series(held[places]), list(_unread(column, "day", found, places, bad))


# ---------------------------------------------------------------------------------------------- examples


def _unread(
    column: Column, kind: str, found: list[str], places: np.ndarray, bad: Sequence[bool] | np.ndarray
) -> Iterator[Unread]:
    """The cells whose value is marked in ``bad``, if there are any."""
    marked = np.append(np.asarray(bad, dtype=bool), False)
    if not marked.any():
        return
    rows = np.flatnonzero(marked[places])
    counts = np.bincount(places[rows], minlength=len(found))
    often = sorted(np.flatnonzero(counts), key=lambda at: (-counts[at], found[at]))[:_EXAMPLES]
    examples = dict.fromkeys(veiled(found[at], int(counts[at])) for at in often)
    yield Unread(
        column.name, column.source, kind, len(rows), tuple(int(at) for at in rows[:_ROWS]), tuple(examples)
    )


def veiled(value: str, rows: int) -> str:
    """A value for a report. What few rows hold may name a person: only its pattern is shown ("Aaaa 99/99/99")."""
    shown = one_line(value)[:40]
    if rows >= FEW or short_number(value):
        return f"'{shown}'"
    pattern = re.sub(r"\d", "9", shown)
    pattern = "".join("A" if c.isalpha() and c.isupper() else "a" if c.isalpha() else c for c in pattern)
    return _("a value such as {pattern}").format(pattern=pattern)


__all__ = ["Harmonised", "Unread", "harmonise", "highest", "lowest", "not_stated", "veiled"]
