"""The map as a YAML file that a person reads and corrects: written with the file's own words, read with care."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from migkit.lesson.schemas import table_called
from migkit.measures.administrative.countries import clean_countries
from migkit.own.cells import FEW, counted, one_line
from migkit.own.mapping import NOT_ASKED, OPEN, UNKNOWN, Column, Map, fields_of
from migkit.own.reading import OwnFile
from migkit.reference import COUNTRY_NOT_STATED, Field, KitError, _, codelist
from migkit.reference.files import write_text

#: What a map may hold, and what stands under one of its columns.
_ENTRIES = ("file", "table", "country", "day", "columns", "unused")
_OF_COLUMN = ("from", "codes", "blank", "divide", "check")
_HEAD = """\
# How the columns and codes of {file} lead to the table {table} of the data dictionary.
# Proposed by the kit. Read every line, correct it, then: kit own tables "{file}" --map THIS_FILE --out FOLDER
#   "?"  a code that was not understood: write the harmonised code; until then it counts as not stated
#   "-"  the question was not asked of these persons
#   "X"  not stated ("XXX" for countries)
#   check: yes   marks what was guessed: look at it, then remove the line
"""


# ---------------------------------------------------------------------------------------------- writing


def write_map(mapping: Map, own: OwnFile, path: Path) -> None:
    """Write a map as YAML, with the file's own words beside each code, so that a person can correct it."""
    write_text(path, "\n".join(_lines(mapping, own)) + "\n")


def _lines(mapping: Map, own: OwnFile) -> Iterator[str]:
    yield _(_HEAD).format(file=one_line(mapping.file), table=mapping.table).rstrip()
    yield f"file: {_quoted(mapping.file)}"
    yield f"table: {mapping.table}"
    yield f"country: {mapping.country}"
    yield f"day: {mapping.day}  # " + _(
        "the day of the census or of the survey, such as 2024-07-01; checks of years and SDMX need it"
    )
    yield "columns:"
    known = {each.name: each for each in fields_of(mapping.described)}
    for each in mapping.columns.values():
        wanted = known[each.name]
        yield f"  {each.name}:  # {wanted.label}" + (f" ({wanted.codelist})" if wanted.codelist else "")
        label = one_line(own.labels.get(each.source, ""))
        yield f"    from: {_quoted(each.source)}" + (f"  # {label}" if label else "")
        if not each.sure:
            yield "    check: yes"
        if each.divide != 1:
            yield f"    divide: {each.divide:.12g}"
        if each.blank:
            yield f"    blank: [{', '.join(map(_quoted, each.blank))}]"
        if each.codes:
            yield from _code_lines(each, own)
    if mapping.unused:
        yield "# " + _("columns of the file that are not used")
        yield f"unused: [{', '.join(map(_quoted, mapping.unused))}]"


def _code_lines(column: Column, own: OwnFile) -> Iterator[str]:
    counts = counted(own.rows[column.source])
    labels = own.codes.get(column.source, {})
    yield "    codes:"
    for code, word in column.codes.items():
        n = counts.get(code, 0)
        rows = _("{n} rows").format(n=f"{n:,}") if n >= FEW else _("few rows")
        said = labels.get(code, "")
        notes = (one_line(said) if said != code else "", rows, column.hints.get(code, ""))
        yield f"      {_quoted(code)}: {_quoted(word)}  # {'; '.join(filter(None, notes))}"
    left = {value: n for value, n in counts.items() if value not in column.codes}
    if left:
        yield "      # " + _(
            "{n} other answers, in {rows} rows, are not shown, for they may name persons; they count as not stated"
        ).format(n=f"{len(left):,}", rows=f"{sum(left.values()):,}")


def _quoted(text: str) -> str:
    """A text between quotation marks, as YAML and JSON both read it; signs that nobody sees are escaped."""
    return "".join(sign if sign.isprintable() else _escaped(sign) for sign in json.dumps(text, ensure_ascii=False))


def _escaped(sign: str) -> str:
    return f"\\u{ord(sign):04x}" if ord(sign) < 0x10000 else f"\\U{ord(sign):08x}"


# ---------------------------------------------------------------------------------------------- reading


class _Entries(dict[str, Any]):
    """A mapping of a YAML file, every value as text, with the line of each entry."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[str, int] = {}


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
        node = yaml.compose(path.read_text(encoding="utf-8-sig"), Loader=yaml.BaseLoader)
    except UnicodeDecodeError as error:
        raise KitError(
            _("{name} is no text in UTF-8; in the text editor, save it with the encoding UTF-8.").format(
                name=path.name
            )
        ) from error
    except yaml.YAMLError as error:
        raise KitError(_unsound(path.name, error)) from error
    return _checked(_plain(node, path.name), path.name)


def _unsound(name: str, error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    where = _("{name}, line {n}").format(name=name, n=mark.line + 1) if mark else name
    if "\\t" in str(getattr(error, "problem", "")):
        return _("{where}: a tab stands here; put spaces in its place, as many as on the lines around it.").format(
            where=where
        )
    return _(
        "{where}: this line or the one before cannot be read as YAML; compare its spaces, colons and quotation "
        "marks with those around it."
    ).format(where=where)


def _plain(node: Any, name: str) -> Any:
    """A node of YAML as text, lists and entries."""
    if node is None:
        return ""
    if isinstance(node, yaml.ScalarNode):
        return str(node.value)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(each, name) for each in node.value]
    found = _Entries()
    for key, value in node.value:
        word, line = str(key.value) if isinstance(key, yaml.ScalarNode) else "", key.start_mark.line + 1
        if word in found:
            raise KitError(
                _("{name}, line {line}: {entry!r} stands here again (first in line {first}); keep one.").format(
                    name=name, line=line, entry=word, first=found.lines[word]
                )
            )
        found[word] = _plain(value, name)
        found.lines[word] = line
    return found


def _checked(held: Any, name: str) -> Map:
    if not isinstance(held, _Entries) or not isinstance(held.get("columns"), _Entries) or not held["columns"]:
        raise KitError(
            _("{name} is no map: it needs the entries file, table, country and columns.").format(name=name)
        )

    def wrong(entry: str, text: str) -> KitError:
        return KitError(_("{name}, line {line}: ").format(name=name, line=held.lines[entry]) + text)

    for entry in held:
        if entry not in _ENTRIES:
            raise wrong(
                entry,
                _("a map has no entry {entry!r}; it has {known}.").format(entry=entry, known=", ".join(_ENTRIES)),
            )
    try:
        described = table_called(str(held.get("table") or "census_persons"))
    except KitError as error:
        raise wrong("table", str(error)) from error
    known = {each.name: each for each in fields_of(described)}
    entries: _Entries = held["columns"]
    columns = {key: _checked_column(key, entries, known, name) for key in entries}
    for key, column in columns.items():
        first = next(each for each in columns.values() if each.source == column.source)
        if first.name != key:
            raise KitError(
                _(
                    "{name}, line {line}: column {source!r} of the file stands for {first} already; keep one."
                ).format(name=name, line=entries.lines[key], source=column.source, first=first.name)
            )
    country = str(held.get("country", ""))
    if not _is_country(country):
        text = _("country must be three capital letters such as GMB; got {country!r}.").format(country=country)
        raise wrong("country", text) if "country" in held else KitError(f"{name}: {text}")
    day = str(held.get("day") or "")
    if day and not _is_day(day):
        raise wrong(
            "day", _("day must be written year, month, day, such as 2024-07-01; got {day!r}.").format(day=day)
        )
    unused = held.get("unused") or []
    if not isinstance(unused, list):
        raise wrong("unused", _("unused must be a list such as [P01, P02]; it may also be left out."))
    return Map(str(held.get("file", "")), described.name, country, columns, tuple(map(str, unused)), day)


def _is_day(text: str) -> bool:
    try:
        return re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _checked_column(key: str, entries: _Entries, known: dict[str, Field], name: str) -> Column:
    entry, at = entries[key], entries.lines[key]

    def wrong(text: str, line: int = at, **parts: Any) -> KitError:
        return KitError(
            _("{name}, line {line}, column {key}: ").format(name=name, line=line, key=key) + text.format(**parts)
        )

    if key not in known:
        guess = difflib.get_close_matches(key, list(known), 1, 0.5)
        hint = _(" Did you mean {guess!r}?").format(guess=guess[0]) if guess else ""
        raise wrong(_("the harmonised table has no such column.{hint}"), hint=hint)
    if isinstance(entry, str) and entry:
        text, entry = entry, _Entries()
        entry["from"] = text
    if not isinstance(entry, _Entries) or not isinstance(entry.get("from"), str) or not entry["from"]:
        raise wrong(_("the entry `from` must name a column of the file."))
    for word in entry:
        if word not in _OF_COLUMN:
            raise wrong(
                _("there is no entry {entry!r}; use {known}."),
                entry.lines[word],
                entry=word,
                known=", ".join(_OF_COLUMN),
            )
    codes = entry.get("codes") or _Entries()
    if not isinstance(codes, _Entries):
        raise wrong(
            _('codes must be lines such as "1": M, each further to the right than `codes`.'), entry.lines["codes"]
        )
    blank = entry.get("blank") or []
    if isinstance(blank, _Entries):
        raise wrong(_("blank must be a list such as [998, 999]."), entry.lines["blank"])
    divide = _number(entry.get("divide", "1"))
    if not 0 < divide < float("inf"):
        raise wrong(
            _("divide must be a number above 0; got {value!r}."), entry.lines["divide"], value=entry["divide"]
        )
    _check_targets(codes, known[key], wrong)
    return Column(
        key,
        entry["from"],
        dict(codes),
        tuple(map(str, blank if isinstance(blank, list) else [blank])),
        divide,
        sure=str(entry.get("check", "no")).lower() not in ("yes", "true", "oui", "sim"),
    )


def _number(text: Any) -> float:
    try:
        return float(text)
    except (TypeError, ValueError):
        return 0.0


def _check_targets(codes: _Entries, wanted: Field, wrong: Any) -> None:
    """What the codes lead to must be in the harmonised list."""
    for code, word in codes.items():
        line = codes.lines[code]
        if not isinstance(word, str):
            raise wrong(_("one harmonised code must stand beside {code!r}."), line, code=code)
        if not wanted.codelist:
            raise wrong(
                _("it holds numbers or text, so it takes no codes; use blank for numbers such as 999."), line
            )
        if word in (OPEN, NOT_ASKED, UNKNOWN):
            continue
        if wanted.codelist == "country":
            good = _is_country(word)
            have = _("three capital letters, such as GMB, SEN or {unknown}").format(unknown=COUNTRY_NOT_STATED)
        else:
            known = list(codelist(wanted.codelist)["code"])
            good = word in known
            have = ", ".join(known[:20]) + (", …" if len(known) > 20 else "")
        if not good:
            raise wrong(_("{word!r} is not a harmonised code; its codes are: {have}."), line, word=word, have=have)


@cache
def _is_country(code: str) -> bool:
    """Whether it is a code of ISO 3166-1, of the kit, or one for persons without a country."""
    if re.fullmatch("[A-Z]{3}", code) is None:
        return False
    if code in set(codelist("nationality")["code"]):
        return True
    return str(clean_countries(pd.Series([code]))["how"].item()) == "alpha3"


__all__ = ["read_map", "write_map"]
