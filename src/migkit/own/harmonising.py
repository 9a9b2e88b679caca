"""The office's file under harmonised names and codes. Nothing is dropped: the unreadable counts as not stated."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from migkit.own.mapping import NOT_ASKED, OPEN, WEIGHT, Column, Map, fields_of
from migkit.own.reading import FEW, OwnFile, as_numbers
from migkit.reference import COUNTRY_NOT_STATED, Field, KitError, _, codelist

#: No age is higher, whatever the dictionary's own census allows.
OLDEST = 130


@dataclass(frozen=True)
class Unread:
    """Cells of one column that could not be read and count as not stated.

    Attributes:
        column: the harmonised column; ``source``: that of the file.
        kind: ``open`` (a code with "?" in the map), ``strange`` (a code that is not in the map), ``number`` (no
            number), ``range`` (a number that cannot be).
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


def harmonise(own: OwnFile, mapping: Map) -> Harmonised:
    """The columns of the map under their harmonised names and codes.

    Args:
        own: the file.
        mapping: its map.

    Returns:
        One row a row of the file, in its order, with a new index from 0. Codes are categories of text; unknown
        ones are ``X`` or ``XXX``, or blank where the list has no such code. Numbers are floats. A weight that
        cannot be read stays blank: the tables then say in which row.

    Raises:
        KitError: if the map names a column that the file does not have.
    """
    _need_columns(own, mapping)
    known = {each.name: each for each in fields_of(mapping.described)}
    result: dict[str, pd.Series] = {}
    unread: list[Unread] = []
    for each in mapping.columns.values():
        values = own.rows[each.source].reset_index(drop=True)
        wanted = known[each.name]
        if wanted.type == "code":
            result[each.name], problems = _coded(values, each, wanted)
        elif wanted.type in ("integer", "number"):
            result[each.name], problems = _numbers(values, each, wanted)
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


def not_stated(wanted: Field) -> str | None:
    """The code of a column that says "not stated"; None where its list has none."""
    if wanted.codelist == "country":
        return COUNTRY_NOT_STATED
    if wanted.codelist == "region":
        return None
    return "X" if "X" in set(codelist(wanted.codelist)["code"]) else None


def _coded(values: pd.Series, column: Column, wanted: Field) -> tuple[pd.Series, list[Unread]]:
    unknown = not_stated(wanted)
    book = dict(column.codes)
    if not book:  # no codes in the map: the file uses the harmonised ones
        kit = set(codelist(wanted.codelist)["code"])
        book = {
            code: code
            for code in map(str, values.dropna().unique())
            if code in kit or (wanted.codelist == "country" and re.fullmatch("[A-Z]{3}", code))
        }
    strange = values.notna() & ~values.isin(list(book))
    open_ = values.isin([code for code, word in book.items() if word == OPEN])
    leads = {code: unknown if word == OPEN else None if word == NOT_ASKED else word for code, word in book.items()}
    found = values.astype(object).map(leads)
    found = found.where(found.notna(), None)
    if unknown is not None:
        found = found.mask(strange, unknown)
    problems = [
        *_unread(column, "open", values, open_),
        *_unread(column, "strange", values, strange),
    ]
    levels = [code for code in _order(wanted) if code in set(found.dropna())]
    levels += sorted(set(found.dropna()) - set(levels))
    return pd.Series(pd.Categorical(found, categories=levels), index=values.index), problems


def _order(wanted: Field) -> list[str]:
    return [str(code) for code in codelist(wanted.codelist)["code"]]


def _numbers(values: pd.Series, column: Column, wanted: Field) -> tuple[pd.Series, list[Unread]]:
    text = values.mask(values.isin(list(column.blank)))
    numbers = as_numbers(text) / column.divide
    no_number = numbers.isna() & text.notna()
    impossible = numbers.lt(lowest(wanted)) | numbers.gt(highest(wanted)) | np.isinf(numbers)
    problems = [
        *_unread(column, "number", values, no_number),
        *_unread(column, "range", values, impossible),
    ]
    return numbers.mask(impossible), problems


def lowest(wanted: Field) -> float:
    """The least value that a column may hold."""
    return float(wanted.minimum) if wanted.minimum is not None else -np.inf


def highest(wanted: Field) -> float:
    """The highest: the dictionary's, but for ages (its census stops at 98) and years (its census is of 2024)."""
    if wanted.name == WEIGHT or wanted.maximum is None or wanted.unit == "year":
        return np.inf
    return float(OLDEST) if wanted.unit == "completed years" else float(wanted.maximum)


def _unread(column: Column, kind: str, values: pd.Series, bad: pd.Series) -> Iterator[Unread]:
    """The cells marked in ``bad``, if there are any."""
    if not bad.any():
        return
    positions = tuple(int(at) for at in np.flatnonzero(bad.to_numpy())[:3])
    counts = values[bad].value_counts()
    examples = tuple(veiled(str(value), int(n)) for value, n in list(counts.items())[:4])
    yield Unread(column.name, column.source, kind, int(bad.sum()), positions, tuple(dict.fromkeys(examples)))


def veiled(value: str, rows: int) -> str:
    """A value for a report. What few rows hold may name a person: only its pattern is shown ("Aaaa 99/99/99")."""
    if rows >= FEW or re.fullmatch(r"-?\d{1,4}", value):
        return f"'{value[:40]}'"
    pattern = re.sub(r"\d", "9", value[:40])
    pattern = "".join("A" if c.isalpha() and c.isupper() else "a" if c.isalpha() else c for c in pattern)
    return _("a value such as {pattern}").format(pattern=pattern)


__all__ = ["Harmonised", "Unread", "harmonise", "highest", "lowest", "not_stated", "veiled"]
