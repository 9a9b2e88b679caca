"""Which column of the office's file is which, and what its codes mean: a proposal, and the map as a file.

The map is a YAML file that a person reads and corrects. It leads from the file's columns and codes to those of a
table of the data dictionary. ``?`` marks a code nobody has translated yet (it counts as not stated), ``-`` one
that means that the question was not asked.
"""

from __future__ import annotations

import difflib
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from migkit.lesson.schemas import table_called
from migkit.measures.administrative.countries import clean_countries, country_review
from migkit.own.reading import FEW, OwnFile, as_numbers, code_text
from migkit.reference import (
    COUNTRY_NOT_STATED,
    LANGUAGES,
    ROOT,
    Field,
    KitError,
    Table,
    _,
    codelist,
    read_table,
)
from migkit.reference.files import write_text

#: A code that nobody has translated yet; a code that says that the question was not asked.
OPEN, NOT_ASKED = "?", "-"
#: The weight of a row: a column that every table may have.
WEIGHT = "weight"
#: More different values than this are no code list but names, dates or identifiers.
MOST_CODES = 400
#: A name that agrees less than this is not proposed.
_LEAST_NAME = 0.82
#: A column whose name says nothing is proposed when its words are those of the code list in this share of rows.
_LEAST_WORDS = 0.95
#: What a number above the possible range usually means.
_FULL_OF_NINES = re.compile(r"9{2,}[0-9]?|9[789]")


@dataclass(frozen=True)
class Column:
    """Where a harmonised column comes from.

    Attributes:
        name: the harmonised column.
        source: the column of the file.
        codes: the file's codes and the harmonised ones; "?" is open, "-" means not asked.
        blank: numbers of the file that mean "not stated", such as 999.
        divide: the numbers of the file are divided by this (weights with implied decimals).
        sure: whether nobody needs to look at it again.
    """

    name: str
    source: str
    codes: dict[str, str] = field(default_factory=dict)
    blank: tuple[str, ...] = ()
    divide: float = 1.0
    sure: bool = True


@dataclass(frozen=True)
class Map:
    """How the columns and codes of one file lead to a harmonised table.

    Attributes:
        file: the name of the file.
        table: the table of the data dictionary.
        country: whose file it is.
        columns: harmonised column -> where it comes from.
        unused: the other columns of the file, which are never read into anything.
        day: the day to which the answers refer, such as "2024-07-01"; checks of years need it.
    """

    file: str
    table: str
    country: str
    columns: dict[str, Column]
    unused: tuple[str, ...] = ()
    day: str = ""

    @property
    def described(self) -> Table:
        """The table of the data dictionary."""
        return table_called(self.table)

    @property
    def open_codes(self) -> dict[str, list[str]]:
        """Column of the file -> its codes that are still open."""
        found = {
            each.source: [code for code, word in each.codes.items() if word == OPEN]
            for each in self.columns.values()
        }
        return {source: codes for source, codes in found.items() if codes}


# ----------------------------------------------------------------------------------------------- words


def plain_words(text: str) -> str:
    """Lower-case words without accents and punctuation: "Pays de naissance" and "pays_naissance" look alike."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    spread = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", bare)
    return " ".join(re.findall(r"[a-z0-9]+", spread.lower()))


@cache
def _names() -> dict[str, frozenset[str]]:
    """Harmonised column -> what it is called in files, as plain words."""
    rows = read_table(ROOT / "datasets" / "harmonise" / "column_names.csv")
    grouped = rows.groupby("column")["name"]
    return {str(column): frozenset(map(plain_words, names)) for column, names in grouped}


@cache
def _word_codes(name: str) -> dict[str, str]:
    """Words, as plain words, and the code of the list that they stand for."""
    rows = read_table(ROOT / "datasets" / "harmonise" / "code_words.csv")
    unknown = "XXX" if name == "country" else "X"
    listed = codelist(name) if name != "region" else None
    found: dict[str, str] = {}
    if listed is not None:
        for language in LANGUAGES:
            for code, words in zip(listed["code"], listed[f"label_{language}"], strict=True):
                found[plain_words(words)] = code
                found.setdefault(plain_words(re.sub(r"\(.*?\)", "", words)), code)
    codes = set(listed["code"]) if listed is not None else set()
    for each in rows.itertuples():
        if each.codelist == name or (each.codelist == "" and (each.code == NOT_ASKED or unknown in codes)):
            code = unknown if each.codelist == "" and each.code != NOT_ASKED else each.code
            found.setdefault(plain_words(str(each.word)), str(code))
    found.pop("", None)
    return found


def _name_agrees(own: OwnFile, column: str, wanted: Field) -> float:
    """How well the name of a column, or the words that the file gives for it, fit (0 to 1)."""
    names = _names().get(wanted.name, frozenset()) | {plain_words(wanted.name), plain_words(wanted.label)}
    best = 0.0
    for text, full in ((plain_words(column), 1.0), (plain_words(own.labels.get(column, "")), 0.97)):
        if not text:
            continue
        if text in names or text.replace(" ", "") in {name.replace(" ", "") for name in names}:
            return full
        best = max(best, 0.95 * full * max(difflib.SequenceMatcher(None, text, name).ratio() for name in names))
    return best if best >= _LEAST_NAME else 0.0


# -------------------------------------------------------------------------------------------- proposal


def fields_of(described: Table) -> tuple[Field, ...]:
    """The columns that a map may lead to: those of the table, and the weight."""
    weight = Field(WEIGHT, _("Weight"), "number", _("How many persons the row stands for."), minimum=0)
    return (*described.fields, *(() if WEIGHT in described.columns else (weight,)))


def propose(own: OwnFile, table: str = "census_persons", country: str = "GMB") -> Map:
    """The map of a file as far as its names, labels and values tell.

    Args:
        own: the file.
        table: the table of the data dictionary that it is like, or a source for its main table.
        country: whose file it is, ISO 3166-1 alpha-3.

    Returns:
        A map in which each doubtful column is marked (``sure`` is False) and each code that was not understood
        stands as "?".

    Raises:
        KitError: if there is no such table, or nothing in the file was recognised.
    """
    described = table_called(table)
    names = [str(column) for column in own.rows.columns]
    values = {column: own.rows[column].value_counts() for column in names}
    offers = [
        found
        for wanted in fields_of(described)
        for column in names
        if (found := _offer(own, column, values[column], wanted, country)) is not None
    ]
    columns: dict[str, Column] = {}
    taken: set[str] = set()
    for _score, offer in sorted(offers, key=lambda each: -each[0]):
        if offer.name not in columns and offer.source not in taken:
            columns[offer.name] = offer
            taken.add(offer.source)
    if not columns:
        raise KitError(
            _("{file}: none of its columns was recognised as one of {table}; its columns are: {columns}.").format(
                file=own.name, table=described.name, columns=", ".join(own.rows.columns)
            )
        )
    ordered = {each.name: columns[each.name] for each in fields_of(described) if each.name in columns}
    unused = tuple(column for column in names if column not in taken)
    return Map(own.name, described.name, country, ordered, unused)


def _offer(
    own: OwnFile, column: str, values: pd.Series, wanted: Field, country: str
) -> tuple[float, Column] | None:
    """A column of the file for a harmonised one, with how well it fits; None if it does not."""
    name = _name_agrees(own, column, wanted)
    if wanted.type == "code":
        return _offer_codes(own, column, values, wanted, country, name)
    if not name:
        return None
    if wanted.type in ("integer", "number"):
        return _offer_numbers(column, values, wanted, name)
    return name, Column(wanted.name, column, sure=name >= _LEAST_WORDS)


def _offer_codes(
    own: OwnFile, column: str, values: pd.Series, wanted: Field, country: str, name: float
) -> tuple[float, Column] | None:
    few = len(values) <= MOST_CODES
    if not name and (not few or wanted.codelist in ("yes_no", "country", "region", "stated")):
        return None  # answers that many questions share say nothing of the question
    if not few:
        return None
    codes, known = translate(own, column, wanted, country)
    recognised = sum(int(values[code]) for code in codes if codes[code] != OPEN) / max(int(values.sum()), 1)
    if not name:
        meant = {word for word in codes.values() if word not in (OPEN, NOT_ASKED)}
        if not known or recognised < _LEAST_WORDS or len(meant) < 2:
            return None
        name = 0.5
    sure = name >= _LEAST_WORDS and known
    return name + 0.3 * recognised, Column(wanted.name, column, codes, sure=sure)


def _offer_numbers(column: str, values: pd.Series, wanted: Field, name: float) -> tuple[float, Column] | None:
    numbers = as_numbers(pd.Series(values.index.astype(object), index=values.index))
    readable = float(values[numbers.notna()].sum()) / max(float(values.sum()), 1.0)
    if readable < 0.5:
        return None
    blank: tuple[str, ...] = ()
    if wanted.maximum is not None:
        blank = tuple(
            str(value)
            for value in values.index[numbers.gt(wanted.maximum)]
            if _FULL_OF_NINES.fullmatch(str(value))
        )
    divide, sure = 1.0, name >= _LEAST_WORDS
    if wanted.name == WEIGHT and numbers.dropna().gt(10_000).all() and len(numbers.dropna()):
        divide, sure = 1e6, False  # a DHS recode file: six implied decimals
    return name + 0.3 * readable, Column(wanted.name, column, blank=tuple(sorted(blank)), divide=divide, sure=sure)


def translate(own: OwnFile, column: str, wanted: Field, country: str) -> tuple[dict[str, str], bool]:
    """What the codes of a column mean in the harmonised list.

    Returns:
        file's code -> harmonised code (or "?"), in the order of the file's codes; and whether words said so: bare
        numbers are only guessed from usage.
    """
    values = [str(value) for value in own.rows[column].dropna().unique()]
    words = {value: own.codes.get(column, {}).get(value, value) for value in values}
    if wanted.codelist == "country":
        found = _countries(words)
    elif wanted.codelist == "region":
        found = _regions(words, country)
    else:
        found = _listed(words, wanted.codelist)
    told = column in own.codes or not all(value.lstrip("-").isdigit() for value in values)
    order = sorted(values, key=lambda value: (len(value), value) if value.isdigit() else (99, value))
    return {value: found.get(value, OPEN) for value in order}, told


def _listed(words: dict[str, str], name: str) -> dict[str, str]:
    meanings, codes = _word_codes(name), {code.casefold(): code for code in codelist(name)["code"]}
    found = {value: meanings.get(plain_words(text)) for value, text in words.items()}
    found = {value: code or codes.get(words[value].casefold()) for value, code in found.items()}
    if name == "sex" and not any(found.values()) and set(words) <= {"1", "2", "9", "0"}:
        found = {"1": "M", "2": "F", "9": "X", "0": None}  # the usual order in censuses and surveys
    return {value: code for value, code in found.items() if code}


def _regions(words: dict[str, str], country: str) -> dict[str, str]:
    rows = codelist("region")
    rows = rows[rows["code"].str.startswith(country)]
    meanings = {plain_words(name): code for name, code in zip(rows["label_en"], rows["code"], strict=True)}
    codes = {code.casefold(): code for code in rows["code"]}
    found = {
        value: meanings.get(plain_words(text)) or codes.get(text.casefold()) or _word_codes("region").get(text)
        for value, text in words.items()
    }
    return {value: code for value, code in found.items() if code}


def _countries(words: dict[str, str]) -> dict[str, str]:
    """Codes of countries; what is ambiguous stays open. Words for "not stated" come first: none is a country."""
    meanings = _word_codes("country")
    unknown = {value: meanings.get(plain_words(text)) for value, text in words.items()}
    found = {value: code for value, code in unknown.items() if code in (COUNTRY_NOT_STATED, NOT_ASKED)}
    rest = [value for value in words if value not in found]
    cleaned = clean_countries(pd.Series([words[value] for value in rest], dtype=object))
    found |= {value: code for value, code in zip(rest, cleaned["code"], strict=True) if code}
    # A special code of the kit itself, such as XRA (rest of Africa).
    kit = set(codelist("country")["code"])
    return found | {value: words[value] for value in rest if value not in found and words[value] in kit}


def _look_again(words: dict[str, str]) -> dict[str, str]:
    """Countries that are often written for another, with advice: value -> what to look at."""
    texts = pd.Series(list(words.values()), index=list(words), dtype=object)
    cleaned = clean_countries(texts)
    review = country_review(cleaned[cleaned["trap"].ne("")]).set_index("written")["advice"]
    return {value: advice for value, text in words.items() if (advice := review.get(text, ""))}


# ------------------------------------------------------------------------------------------ map as file

_HEAD = """\
# How the columns and codes of {file} lead to the table {table} of the data dictionary.
# Proposed by the kit. Read every line, correct it, then: kit own tables {file} --map THIS FILE --out FOLDER
#   "?"  a code that was not understood: write the harmonised code; until then it counts as not stated
#   "-"  the question was not asked of these persons
#   check: yes   marks what was guessed: look at it, then remove the line
"""


def write_map(mapping: Map, own: OwnFile, path: Path) -> None:
    """Write a map as YAML, with the file's own words beside each code, so that a person can correct it."""
    write_text(path, "\n".join(_lines(mapping, own)) + "\n")


def _lines(mapping: Map, own: OwnFile) -> Iterator[str]:
    yield _(_HEAD).format(file=mapping.file, table=mapping.table).rstrip()
    yield f"file: {_quoted(mapping.file)}"
    yield f"table: {mapping.table}"
    yield f"country: {mapping.country}"
    yield f"day: {mapping.day}  # " + _(
        "the day of the census or of the survey, such as 2024-07-01; may stay empty"
    )
    yield "columns:"
    for each in mapping.columns.values():
        wanted = next(one for one in fields_of(mapping.described) if one.name == each.name)
        yield f"  {each.name}:  # {wanted.label}" + (f" ({wanted.codelist})" if wanted.codelist else "")
        label = own.labels.get(each.source, "")
        yield f"    from: {_quoted(each.source)}" + (f"  # {_one_line(label)}" if label else "")
        if not each.sure:
            yield "    check: yes"
        if each.divide != 1:
            yield f"    divide: {each.divide:.12g}"
        if each.blank:
            yield f"    blank: [{', '.join(map(_quoted, each.blank))}]"
        if each.codes:
            yield "    codes:"
            counts = own.rows[each.source].value_counts()
            words = {code: own.codes.get(each.source, {}).get(code, code) for code in each.codes}
            advice = _look_again(words) if wanted.codelist == "country" else {}
            for code, word in each.codes.items():
                said = words[code] if words[code] != code else ""
                n = int(counts.get(code, 0))
                rows = _("{n} rows").format(n=f"{n:,}") if n >= FEW else _("few rows")
                note = "; ".join(filter(None, [_one_line(said), rows, advice.get(code, "")]))
                yield f"      {_quoted(code)}: {_quoted(word)}  # {note}"
    if mapping.unused:
        yield "# " + _("columns of the file that are not used")
        yield f"unused: [{', '.join(map(_quoted, mapping.unused))}]"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def read_map(path: Path) -> Map:
    """Read a map.

    Raises:
        KitError: saying which line or entry is wrong and what may stand there.
    """
    if not path.is_file():
        raise KitError(
            _("There is no map {path}; make one with `kit own map FILE --out {name}`.").format(
                path=path, name=path.name
            )
        )
    try:
        # Every value as text: YAML would read the country code NO as a "no".
        held = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=yaml.BaseLoader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = _(", line {n}").format(n=mark.line + 1) if mark else ""
        raise KitError(
            _("{name}{where}: this is not sound YAML; compare the line with those around it.").format(
                name=path.name, where=where
            )
        ) from error
    return _checked(held, path.name)


def _checked(held: Any, name: str) -> Map:
    if not isinstance(held, dict) or not isinstance(held.get("columns"), dict) or not held["columns"]:
        raise KitError(
            _("{name} is no map: it needs the entries file, table, country and columns.").format(name=name)
        )
    strange = set(held) - {"file", "table", "country", "day", "columns", "unused"}
    if strange:
        raise KitError(
            _("{name}: a map has no entry {entry!r}; it has file, table, country, day and columns.").format(
                name=name, entry=sorted(map(str, strange))[0]
            )
        )
    described = table_called(str(held.get("table") or "census_persons"))
    known = {each.name: each for each in fields_of(described)}
    columns = {key: _checked_column(key, entry, known, name) for key, entry in held["columns"].items()}
    twice = [each.source for each in columns.values()]
    doubled = sorted({source for source in twice if twice.count(source) > 1})
    if doubled:
        raise KitError(
            _("{name}: column {source!r} of the file stands for two harmonised columns; keep one.").format(
                name=name, source=doubled[0]
            )
        )
    country = str(held.get("country", "")).strip()
    if not re.fullmatch("[A-Z]{3}", country):
        raise KitError(
            _("{name}: country must be three capital letters such as GMB; got {country!r}.").format(
                name=name, country=country
            )
        )
    day = str(held.get("day") or "").strip()
    if day and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", day):
        raise KitError(
            _("{name}: day must be written year, month, day, such as 2024-07-01; got {day!r}.").format(
                name=name, day=day
            )
        )
    return Map(str(held.get("file", "")), described.name, country, columns, tuple(held.get("unused") or ()), day)


def _checked_column(key: str, entry: Any, known: dict[str, Field], name: str) -> Column:
    def wrong(text: str, **parts: Any) -> KitError:
        return KitError(_("{name}, column {key}: ").format(name=name, key=key) + text.format(**parts))

    if key not in known:
        guess = difflib.get_close_matches(key, list(known), 1, 0.5)
        hint = _(" Did you mean {guess!r}?").format(guess=guess[0]) if guess else ""
        raise wrong(_("the harmonised table has no such column.{hint}"), hint=hint)
    if isinstance(entry, str) and entry.strip():
        entry = {"from": entry}
    if not isinstance(entry, dict) or not str(entry.get("from", "")).strip():
        raise wrong(_("the entry `from` must name a column of the file."))
    strange = set(entry) - {"from", "codes", "blank", "divide", "check"}
    if strange:
        raise wrong(
            _("there is no entry {entry!r}; use from, codes, blank, divide, check."), entry=sorted(strange)[0]
        )
    codes = entry.get("codes") or {}
    if not isinstance(codes, dict):
        raise wrong(_('codes must be a list of lines such as "1": M.'))
    blank = entry.get("blank") or []
    try:
        divide = float(entry.get("divide", 1))
    except ValueError:
        divide = 0.0
    if not divide > 0:
        raise wrong(_("divide must be a number above 0; got {value!r}."), value=entry.get("divide"))
    _check_targets(codes, known[key], wrong)
    return Column(
        key,
        str(entry["from"]),
        {code_text(code): str(word).strip() for code, word in codes.items()},
        tuple(map(code_text, blank if isinstance(blank, list) else [blank])),
        divide,
        sure=str(entry.get("check", "no")).lower() not in ("yes", "true"),
    )


def _check_targets(codes: dict[str, str], wanted: Field, wrong: Any) -> None:
    """What the codes lead to must be in the harmonised list."""
    if not codes:
        return
    if not wanted.codelist:
        raise wrong(_("it holds numbers or text, so it takes no codes; use blank for numbers such as 999."))
    if wanted.codelist == "country":
        strange = [w for w in codes.values() if not re.fullmatch(r"[A-Z]{3}|\?|-", str(w).strip())]
        have = _("three capital letters, such as GMB, SEN or {unknown}").format(unknown=COUNTRY_NOT_STATED)
    else:
        known = {*codelist(wanted.codelist)["code"], OPEN, NOT_ASKED}
        strange = [word for word in codes.values() if str(word).strip() not in known]
        have = ", ".join(list(codelist(wanted.codelist)["code"])[:20])
    if strange:
        raise wrong(_("{word!r} is not a harmonised code; its codes are: {have}."), word=strange[0], have=have)


__all__ = ["MOST_CODES", "NOT_ASKED", "OPEN", "WEIGHT", "Column", "Map", "fields_of", "propose", "read_map",
           "translate", "write_map"]  # fmt: skip
