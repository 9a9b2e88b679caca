"""What does not fit in an office's file: by row and column, with counts and examples. It is never changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from migkit.measures.census_quality import FATAL, MIGRATION_RULES, EditSetting, check_edits, lacking
from migkit.measures.census_quality.rules import DERIVED
from migkit.own.cells import counted
from migkit.own.harmonising import Harmonised, Unread, harmonise, highest, lowest
from migkit.own.mapping import Map, fields_of
from migkit.own.reading import OwnFile
from migkit.reference import COUNTRY_NOT_STATED, KitError, _
from migkit.reference.files import write_text

#: A column with more blanks than this is worth a word.
_MANY_BLANKS = 0.2
#: What the dictionary says of columns in which everybody should have an answer.
_FOR_ALL = ("", "not stated")


@dataclass(frozen=True)
class Finding:
    """One thing that does not fit.

    Attributes:
        column: the column of the file ("" if the finding is about the file).
        rows: how many rows; ``row_numbers``: the first of them as a spreadsheet shows them.
        text: what is wrong and how to mend it, in one sentence.
        serious: False for what only deserves a look.
    """

    column: str
    rows: int
    row_numbers: tuple[int, ...]
    text: str
    serious: bool = True

    def __str__(self) -> str:
        """Column, rows and the sentence in one line."""
        where = f"{self.column}: " if self.column else ""
        if not self.row_numbers:
            return f"{where}{self.text}"
        first = ", ".join(f"{number:,}" for number in self.row_numbers)
        more = "…" if self.rows > len(self.row_numbers) else ""
        return where + _("{text} ({n} rows; first: {first}{more})").format(
            text=self.text, n=f"{self.rows:,}", first=first, more=more
        )


def check(
    own: OwnFile,
    mapping: Map,
    harmonised: Harmonised | None = None,
    progress: Callable[[float, str], None] = lambda share, text: None,
) -> list[Finding]:
    """All that does not fit, the serious first; empty if nothing does.

    Args:
        own: the file.
        mapping: its map, proposed or corrected.
        harmonised: what :func:`~migkit.own.harmonising.harmonise` gave, if it is at hand.
        progress: told how far the work is (0 to 1) and what is looked at.

    Raises:
        KitError: if the map names a column that the file does not have.
    """
    held = harmonised or harmonise(own, mapping, lambda share, text: progress(0.4 * share, text))
    progress(0.4, _("identifiers"))
    found = [
        *(_unread_finding(own, mapping, each) for each in held.unread),
        *_empty_rows(own, mapping),
        *_identifiers(own, mapping),
        *_blanks(own, mapping),
        *_home(mapping, held.rows),
    ]
    for share, key, more in _contradictions(own, mapping, held.rows):
        progress(0.5 + 0.5 * share, key)
        found += more
    found += _guesses(mapping)
    progress(1.0, _("done"))
    return sorted(found, key=lambda each: not each.serious)


def write_findings(findings: list[Finding], own: OwnFile, folder: Path) -> Path:
    """Write the findings as check.csv into a folder: one line each, no value that could name a person.

    Returns:
        The path of the file.
    """
    lines = pd.DataFrame(
        {
            "file": own.name,
            "column": [each.column for each in findings],
            "serious": ["yes" if each.serious else "no" for each in findings],
            "rows": [each.rows for each in findings],
            "first_rows": [" ".join(map(str, each.row_numbers)) for each in findings],
            "finding": [each.text for each in findings],
        }
    )
    path = folder / "check.csv"
    write_text(path, "\ufeff" + lines.to_csv(index=False, lineterminator="\n"))
    return path


def _numbers(own: OwnFile, positions: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(own.row_number(position) for position in positions)


def _unread_finding(own: OwnFile, mapping: Map, each: Unread) -> Finding:
    wanted = next(one for one in fields_of(mapping.described) if one.name == each.column)
    examples = ", ".join(each.examples)
    sentences = {
        "open": _("codes that the map leaves open: {examples}; write the harmonised code of {label} beside them."),
        "strange": _("values that are not in the map: {examples}; add them to the codes of {label}."),
        "number": _(
            "no numbers: {examples}; correct them, leave the cells blank, or name them under `blank` if they mean "
            "not stated."
        ),
        "whole": _("no whole numbers: {examples}; correct them."),
        "day": _("no days, or days with two readings: {examples}; write year, month, day, such as 2024-07-01."),
        "range": _(
            "numbers that cannot be ({low} to {high}): {examples}; correct them, or name them under `blank` if "
            "they mean not stated."
        ),
    }
    low, high = lowest(wanted), highest(wanted)
    text = sentences[each.kind].format(
        examples=examples,
        label=wanted.label,
        low="–∞" if np.isinf(low) else f"{low:g}",
        high="∞" if np.isinf(high) else f"{high:g}",
    )
    return Finding(each.source, each.rows, _numbers(own, each.positions), text, serious=each.kind != "open")


def _positions(bad: np.ndarray) -> tuple[int, ...]:
    return tuple(int(at) for at in np.flatnonzero(bad)[:3])


def _empty_rows(own: OwnFile, mapping: Map) -> Iterator[Finding]:
    """Rows without any answer: often left over at the end of a sheet, and no persons."""
    empty = np.ones(len(own.rows), dtype=bool)
    for each in mapping.columns.values():
        empty &= own.rows[each.source].isna().to_numpy()
    if empty.any():
        text = _("rows that hold nothing in any column of the map; if they are no persons, delete them.")
        yield Finding("", int(empty.sum()), _numbers(own, _positions(empty)), text)


def _identifiers(own: OwnFile, mapping: Map) -> Iterator[Finding]:
    """The key of the table must be there in each row, and once; else household and line together."""
    keys = [mapping.described.key] if mapping.described.key in mapping.columns else ["household_id", "line_no"]
    if not set(keys) <= set(mapping.columns):
        return
    sources = [mapping.columns[key].source for key in keys]
    name = ", ".join(sources)
    values = own.rows[sources]
    blank = values.isna().any(axis=1).to_numpy()
    twice = values.duplicated(keep=False).to_numpy() & ~blank
    if blank.any():
        text = _("the identifier is blank; each row needs its own.")
        yield Finding(name, int(blank.sum()), _numbers(own, _positions(blank)), text)
    if twice.any():
        text = _("identifiers that stand in more than one row; look for persons entered twice.")
        yield Finding(name, int(twice.sum()), _numbers(own, _positions(twice)), text)


def _blanks(own: OwnFile, mapping: Map) -> Iterator[Finding]:
    """Columns with many blanks, where the dictionary expects an answer from everybody."""
    known = {each.name: each for each in fields_of(mapping.described)}
    for each in mapping.columns.values():
        wanted = known[each.name]
        if wanted.universe or wanted.blank not in _FOR_ALL or wanted.name == mapping.described.key:
            continue
        blank = own.rows[each.source].isna().to_numpy()
        share = float(blank.mean())
        if share > _MANY_BLANKS:
            text = _("{share:.0%} of the cells are blank; they count as not stated.").format(share=share)
            yield Finding(each.source, int(blank.sum()), _numbers(own, _positions(blank)), text, serious=False)


def _home(mapping: Map, rows: pd.DataFrame) -> Iterator[Finding]:
    """Most people were born where the census was: else the map may name another country."""
    for name in ("country_birth", "citizenship"):
        if name not in mapping.columns:
            continue
        counts = {code: n for code, n in counted(rows[name]).items() if code != COUNTRY_NOT_STATED}
        most = max(counts, key=lambda code: counts[code], default=mapping.country)
        if most != mapping.country:
            text = _("most persons have {most}, and the map says country: {country}; is that the country?").format(
                most=most, country=mapping.country
            )
            yield Finding(mapping.columns[name].source, counts[most], (), text)
            return


def _guesses(mapping: Map) -> Iterator[Finding]:
    """What the kit proposed and was not sure of."""
    for each in mapping.columns.values():
        if not each.sure:
            text = _("taken for {name}, which is a guess; confirm it in the map.").format(name=each.name)
            yield Finding(each.source, 0, (), text, serious=False)


def _contradictions(own: OwnFile, mapping: Map, rows: pd.DataFrame) -> Iterator[tuple[float, str, list[Finding]]]:
    """Answers that cannot all be right, by the edit rules of the census module whose columns the file has."""
    setting = EditSetting(country=mapping.country, census_day=mapping.day or None)
    able = [key for key in MIGRATION_RULES if _applies(key, rows, setting)]
    light = _light(rows)
    for at, key in enumerate(able):
        rule, found = MIGRATION_RULES[key], []
        failed = check_edits(light, [key], setting)
        if len(failed):
            sources = ", ".join(dict.fromkeys(_sources(rule.columns, mapping)))
            numbers = _numbers(own, tuple(int(at) for at in failed["position"].head(3)))
            text = _(rule.sentence).rstrip(".")
            found = [Finding(sources, len(failed), numbers, text, serious=rule.severity == FATAL)]
        yield at / len(able), key, found


def _light(rows: pd.DataFrame) -> pd.DataFrame:
    """The same with identifiers as numbers: rules only ask which are equal, and numbers are compared faster."""
    ids = [name for name in ("household_id", "person_id", "mother_id") if name in rows]
    light = rows.copy(deep=False)
    if ids:
        every, _uniques = pd.factorize(pd.concat([rows[name] for name in ids], ignore_index=True))
        for name, places in zip(ids, np.split(every, len(ids)), strict=True):
            light[name] = pd.Series(places, index=rows.index).astype(float).where(places >= 0)
    return light


def _applies(key: str, rows: pd.DataFrame, setting: EditSetting) -> bool:
    """Whether the file has what a rule needs; the rules on years also need the day."""
    if lacking(MIGRATION_RULES[key], rows, setting):
        return False
    try:
        check_edits(rows.head(0), [key], setting)
    except KitError:
        return False
    return True


def _sources(columns: tuple[str, ...], mapping: Map) -> Iterator[str]:
    """What the file calls the columns of a rule; for one that is worked out, those that it is worked out from."""
    for column in columns:
        for part in (column,) if column in mapping.columns else DERIVED[column][0]:
            yield mapping.columns[part].source


__all__ = ["Finding", "check", "write_findings"]
