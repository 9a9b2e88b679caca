"""The map of a file as far as its headings, labels and values tell. What is only guessed is marked."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property

import numpy as np
import pandas as pd

from migkit.lesson.schemas import table_called
from migkit.own.cells import as_numbers, counted, has_few_values
from migkit.own.harmonising import highest, lowest
from migkit.own.mapping import NOT_ASKED, OPEN, UNKNOWN, WEIGHT, Column, Map, fields_of
from migkit.own.naming import LEAST, NEARLY, SURE, agreeing, layouts, of_somebody_else, says_nothing
from migkit.own.reading import OwnFile
from migkit.own.translating import means_blank, translate
from migkit.reference import COUNTRY_NOT_STATED, LANGUAGES, Field, KitError, Table, _, dictionary, dictionary_names

#: More different values than this are no code list but names, dates or identifiers; countries are misspelled more.
MOST_CODES, MOST_COUNTRIES = 400, 5_000
#: Answers that many questions share say nothing of the question.
_SHARED_LISTS = ("yes_no", "country", "region", "stated")
#: So many rows show what the numbers of a column are like.
_TRIED = 50_000
#: In such a share of the rows a column must hold words of the list if its heading says little, or nothing.
_LEAST_AMONG, _LEAST_SILENT = 0.8, 0.95
#: In such a share numbers must be numbers that can be.
_LEAST_READABLE = 0.5
#: A file with so many of the table's own headings is one of the kit's.
_LEAST_OURS = 0.8
#: What a number above the possible range usually means.
_FULL_OF_NINES = re.compile(r"9{2,}[0-9]?|9[789]")
_AGE_GROUP = re.compile(r"\d+\s*(?:-|–|to|a|à|et)\s*\d+")


class _Source:
    """One column of the file, with what is asked of it more than once."""

    def __init__(self, own: OwnFile, name: str) -> None:
        self.name = name
        self.values = own.rows[name]
        self.label = own.labels.get(name, "")
        self.codes = own.codes.get(name, {})
        self.missing = own.missing.get(name, frozenset())

    @cached_property
    def is_coded(self) -> bool:
        """Whether it has as few values as a list of codes."""
        return has_few_values(self.values, MOST_CODES)

    @cached_property
    def may_be_countries(self) -> bool:
        """Whether it has as few values as a column of countries, misspelled ones included."""
        return self.is_coded or has_few_values(self.values, MOST_COUNTRIES)

    @cached_property
    def counts(self) -> dict[str, int]:
        """Its values and in how many rows each stands."""
        return counted(self.values)

    @cached_property
    def tried(self) -> dict[str, int]:
        """The same of as many rows as show what its numbers are like."""
        return self.counts if self.is_coded else counted(self.values.iloc[:_TRIED])

    @cached_property
    def has_words(self) -> bool:
        """Whether its codes have labels, or are words themselves."""
        return bool(self.codes) or not self.values.iloc[:_TRIED].dropna().str.fullmatch(r"-?[\d.,]+").all()


def propose(
    own: OwnFile,
    table: str = "census_persons",
    country: str = "GMB",
    progress: Callable[[float, str], None] = lambda share, text: None,
) -> Map:
    """The map of a file as far as its names, labels and values tell.

    Args:
        own: the file.
        table: the table of the data dictionary that it is like, or a source for its main table.
        country: whose file it is, ISO 3166-1 alpha-3.
        progress: told how far the work is (0 to 1) and which column is looked at.

    Returns:
        A map in which each doubtful column is marked (``sure`` is False) and each code that was not understood
        stands as "?".

    Raises:
        KitError: if there is no such table, or nothing in the file was recognised.
    """
    described = table_called(table)
    fields = fields_of(described)
    names = [str(column) for column in own.rows.columns]
    ours = len(set(described.columns) & set(names)) >= _LEAST_OURS * len(described.columns)
    offers: list[tuple[float, Column]] = []
    for at, name in enumerate(names):
        progress(at / len(names), name)
        source = _Source(own, name)
        agreed = _agreed(source, fields)
        for wanted in fields:
            offer = _offer(source, wanted, agreed.get(wanted.name, 0.0), described, country, ours)
            if offer is not None:
                offers.append(offer)
    columns = _best(offers)
    if not columns:
        raise KitError(
            _("{file}: none of its columns was recognised as one of {table}; its columns are: {columns}.").format(
                file=own.name, table=described.name, columns=", ".join(names[:40])
            )
        )
    ordered = {each.name: columns[each.name] for each in fields if each.name in columns}
    taken = {each.source for each in columns.values()}
    unused = tuple(name for name in names if name not in taken)
    day = _day(described) if ours and own.synthetic else ""
    return Map(own.name, described.name, country, ordered, unused, day)


def _day(described: Table) -> str:
    """The day of the kit's own census or survey; "" if the table is of no one day."""
    sources = [source for source in map(dictionary, dictionary_names()) if described.name in source.tables]
    days = [source.reference for source in sources if re.fullmatch(r"\d{4}-\d{2}-\d{2}", source.reference)]
    return days[0] if days else ""


def _agreed(source: _Source, fields: tuple[Field, ...]) -> dict[str, float]:
    """How well heading and label agree with each harmonised column; a label of somebody else makes it a guess."""
    agreed = agreeing(source.name, source.label, fields)
    if of_somebody_else(source.label):
        by_label = agreeing("", source.label, fields)
        for name, score in agreed.items():
            known = layouts(name, source.name)
            certain = bool(known) and not known & set(LANGUAGES)  # RELATE is a name of IPUMS, sex a word
            if score >= SURE and by_label.get(name, 0.0) < LEAST and not certain:
                agreed[name] = NEARLY
    return agreed


def _best(offers: list[tuple[float, Column]]) -> dict[str, Column]:
    """One column of the file for each harmonised one, the best first; where two fit alike neither is sure."""
    columns: dict[str, Column] = {}
    taken: set[str] = set()
    for score, offer in sorted(offers, key=lambda each: -each[0]):
        if offer.name in columns or offer.source in taken:
            continue
        rival = any(
            other.name == offer.name and other.source not in taken | {offer.source} and abs(score - also) < 0.005
            for also, other in offers
        )
        columns[offer.name] = _doubted(offer) if rival else offer
        taken.add(offer.source)
    return columns


def _doubted(offer: Column) -> Column:
    return Column(offer.name, offer.source, offer.codes, offer.blank, offer.divide, sure=False, hints=offer.hints)


def _offer(
    source: _Source, wanted: Field, name: float, described: Table, country: str, ours: bool
) -> tuple[float, Column] | None:
    """A column of the file for a harmonised one, with how well it fits; None if it does not."""
    if wanted.type == "code":
        return _offer_codes(source, wanted, name, country, ours)
    if name < LEAST:
        return None
    if wanted.type in ("integer", "number"):
        return _offer_numbers(source, wanted, name, ours)
    if wanted.name == described.key and 2 * source.values.nunique() < len(source.values):
        return None  # a number within the household: it identifies nobody
    return name, Column(wanted.name, source.name, sure=name >= SURE)


# ----------------------------------------------------------------------------------------------- codes


def _offer_codes(
    source: _Source, wanted: Field, name: float, country: str, ours: bool
) -> tuple[float, Column] | None:
    silent = name == 0
    if silent and (
        wanted.codelist in _SHARED_LISTS
        or not says_nothing(source.name, source.label)
        or not source.has_words
        or not source.is_coded
    ):
        return None
    if not (source.may_be_countries if wanted.codelist == "country" else source.is_coded):
        return None
    meaning = translate(source.counts, source.codes, wanted, country, source.missing, source.name == wanted.name)
    rows = sum(source.counts.values())
    recognised = sum(source.counts[code] for code, word in meaning.codes.items() if word != OPEN) / max(rows, 1)
    if name < LEAST:
        meant = set(meaning.codes.values()) - {OPEN, NOT_ASKED, UNKNOWN, COUNTRY_NOT_STATED}
        if not meaning.told or len(meant) < 2 or recognised < (_LEAST_SILENT if silent else _LEAST_AMONG):
            return None
    if rows and not meaning.codes:
        return None  # as many answers as persons, and none understood: no codes
    exact = ours and source.name == wanted.name
    sure = exact or (name >= SURE and meaning.told)
    column = Column(wanted.name, source.name, meaning.codes, sure=sure, hints=meaning.hints)
    return (0.5 if silent else name) + 0.3 * recognised, column


# --------------------------------------------------------------------------------------------- numbers


def _offer_numbers(source: _Source, wanted: Field, name: float, ours: bool) -> tuple[float, Column] | None:
    texts = list(source.tried)
    numbers = as_numbers(pd.Series(texts, dtype=object), whole=wanted.type == "integer").to_numpy()
    rows = np.array(list(source.tried.values()), dtype=float)
    blank = {text for text in texts if text in source.missing or means_blank(source.codes.get(text, text))}
    sure = name >= SURE
    if not (ours and source.name == wanted.name):
        blank |= _blank_numbers(texts, numbers, wanted)
        if "99" not in blank and _ninety_nine(texts, numbers, rows, wanted):
            blank, sure = blank | {"99"}, False
    answers = np.array([text not in blank for text in texts], dtype=bool)
    readable = rows[answers & ~np.isnan(numbers)].sum() / max(rows[answers].sum(), 1.0)
    if readable < _LEAST_READABLE and answers.any():
        return None
    if sum(_AGE_GROUP.search(label) is not None for label in source.codes.values()) > 2:
        return None  # codes of groups
    possible = answers & (numbers >= lowest(wanted)) & (numbers <= highest(wanted))
    if wanted.name != WEIGHT and rows[possible].sum() < _LEAST_READABLE * rows[answers].sum():
        return None  # a number that runs through the file is no line of a household
    divide, known = _implied_decimals(source, numbers, rows) if wanted.name == WEIGHT else (1.0, True)
    order = tuple(sorted(blank, key=lambda text: (len(text), text)))
    column = Column(wanted.name, source.name, blank=order, divide=divide, sure=sure and known)
    return name + 0.3 * readable, column


def _blank_numbers(texts: list[str], numbers: np.ndarray, wanted: Field) -> set[str]:
    """Numbers that cannot be and look like codes: full of nines above the range, zero where nothing is zero."""
    found: set[str] = set()
    for text, number in zip(texts, numbers, strict=True):
        above = wanted.maximum is not None and number > wanted.maximum
        above = above and not (number == 99 and wanted.unit == "completed years")
        if above and _FULL_OF_NINES.fullmatch(text):
            found.add(text)
        if number == 0 and wanted.minimum is not None and wanted.minimum > 0 and wanted.unit in ("year", "month"):
            found.add(text)
    return found


def _ninety_nine(texts: list[str], numbers: np.ndarray, weights: np.ndarray, wanted: Field) -> bool:
    """Whether 99 stands where "not stated" is meant: more often than all ages from 90 to 98 together."""
    if wanted.unit != "completed years" or "99" not in texts:
        return False
    near = weights[(numbers >= 90) & (numbers <= 98)].sum()
    return bool(weights[texts.index("99")] > near)


def _implied_decimals(source: _Source, numbers: np.ndarray, weights: np.ndarray) -> tuple[float, bool]:
    """By what weights are to be divided, and whether that is known: DHS has six implied decimals, IPUMS two."""
    known = layouts(WEIGHT, source.name)
    held = ~np.isnan(numbers) & (numbers > 0)
    if not held.any() or (numbers[held] % 1).any():
        return 1.0, True
    middle = float(np.median(np.repeat(numbers[held], weights[held].astype(int))))
    if middle > 10_000 and (known & {"dhs"} or numbers[held].min() > 10_000):
        return 1e6, "dhs" in known
    if middle >= 500 and "ipums" in known:
        return 100.0, False
    return 1.0, True


__all__ = ["MOST_CODES", "propose"]
