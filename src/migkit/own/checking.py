"""What does not fit in an office's file: by row and column, with counts and examples. It is never changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from migkit.measures.census_quality import FATAL, MIGRATION_RULES, EditSetting, check_edits, lacking
from migkit.own.harmonising import Harmonised, Unread, harmonise, highest, lowest
from migkit.own.mapping import Map, fields_of
from migkit.own.reading import OwnFile
from migkit.reference import KitError, _
from migkit.reference.files import write_text

#: A column with more blanks than this is worth a word.
_MANY_BLANKS = 0.2


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


def check(own: OwnFile, mapping: Map, harmonised: Harmonised | None = None) -> list[Finding]:
    """All that does not fit, the serious first; empty if nothing does.

    Args:
        own: the file.
        mapping: its map, proposed or corrected.
        harmonised: what :func:`~migkit.own.harmonising.harmonise` gave, if it is at hand.

    Raises:
        KitError: if the map names a column that the file does not have.
    """
    held = harmonised or harmonise(own, mapping)
    found = [
        *(_unread_finding(own, mapping, each) for each in held.unread),
        *_identifiers(own, mapping),
        *_blanks(own, mapping),
        *_contradictions(own, mapping, held.rows),
        *_guesses(mapping),
    ]
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
        "number": _("no numbers: {examples}; correct them, or leave the cells blank."),
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


def _positions(bad: pd.Series) -> tuple[int, ...]:
    return tuple(int(at) for at in np.flatnonzero(bad.to_numpy())[:3])


def _identifiers(own: OwnFile, mapping: Map) -> Iterator[Finding]:
    """The key of the table must be there in each row, and once."""
    key = mapping.columns.get(mapping.described.key)
    if key is None:
        return
    values = own.rows[key.source]
    blank, twice = values.isna(), values.duplicated(keep=False) & values.notna()
    if blank.any():
        text = _("the identifier is blank; each row needs its own.")
        yield Finding(key.source, int(blank.sum()), _numbers(own, _positions(blank)), text)
    if twice.any():
        text = _("identifiers that stand in more than one row; look for persons entered twice.")
        yield Finding(key.source, int(twice.sum()), _numbers(own, _positions(twice)), text)


def _blanks(own: OwnFile, mapping: Map) -> Iterator[Finding]:
    """Columns with many blanks, where the dictionary expects an answer from everybody."""
    known = {each.name: each for each in fields_of(mapping.described)}
    for each in mapping.columns.values():
        blank = own.rows[each.source].isna()
        share = float(blank.mean())
        if (
            share > _MANY_BLANKS
            and not known[each.name].universe
            and known[each.name].name != mapping.described.key
        ):
            text = _("{share:.0%} of the cells are blank; they count as not stated.").format(share=share)
            yield Finding(each.source, int(blank.sum()), _numbers(own, _positions(blank)), text, serious=False)


def _guesses(mapping: Map) -> Iterator[Finding]:
    """What the kit proposed and was not sure of."""
    for each in mapping.columns.values():
        if not each.sure:
            text = _("taken for {name}, which is a guess; confirm it in the map.").format(name=each.name)
            yield Finding(each.source, 0, (), text, serious=False)


def _contradictions(own: OwnFile, mapping: Map, rows: pd.DataFrame) -> Iterator[Finding]:
    """Answers that cannot all be right, by the edit rules of the census module whose columns the file has."""
    setting = EditSetting(country=mapping.country, census_day=mapping.day or None)
    able = [key for key in MIGRATION_RULES if _applies(key, rows, setting)]
    failures = check_edits(rows, able, setting) if able else pd.DataFrame({"rule": []})
    for key, failed in failures.groupby("rule", sort=False):
        rule = MIGRATION_RULES[str(key)]
        sources = ", ".join(dict.fromkeys(_sources(rule.columns, mapping)))
        numbers = _numbers(own, tuple(int(at) for at in failed["position"].head(3)))
        text = _(rule.sentence).rstrip(".")
        yield Finding(sources, len(failed), numbers, text, serious=rule.severity == FATAL)


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
    """What the file calls the columns of a rule; a column that is worked out stands under its own name."""
    for column in columns:
        yield mapping.columns[column].source if column in mapping.columns else column


__all__ = ["Finding", "check", "write_findings"]
