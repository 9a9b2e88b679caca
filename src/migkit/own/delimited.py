"""Text files with separators (CSV, TSV, "Unicode text"), whatever program and country they come from."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import engine
from migkit.reference import KitError, _

#: How much of a file is looked at in one go.
_BLOCK = 1 << 22
#: How files that are no text begin: Excel, old Excel, PDF, Parquet, SPSS, Stata, pictures.
_NO_TEXT = (
    b"PK",
    b"\xd0\xcf\x11\xe0",
    b"%PDF",
    b"PAR1",
    b"$FL2",
    b"$FL3",
    b"<stata_dta>",
    b"\x89PNG",
    b"\xff\xd8\xff",
)
#: Letters with accents stand here in the code page of DOS; Windows has other signs here, and hardly uses them.
_DOS = frozenset(range(0x80, 0xA6))
_QUOTED = re.compile(r'"[^"]*"')


@dataclass(frozen=True)
class _Found:
    """What a look at a text file tells."""

    encoding: str
    lines: int
    separator: str
    headings: tuple[str, ...]
    skipped: int


def read_delimited(file: Path, wanted: set[str] | None) -> tuple[pd.DataFrame, np.ndarray | None]:
    """The cells of a text file as text, blank ones missing; and the row numbers, if blank lines shift them.

    Args:
        file: the file.
        wanted: the columns that are read; None for all.

    Raises:
        KitError: naming the line that cannot be read.
    """
    encoding, lines = _encoding(file)
    found = _Found(encoding, lines, *_first_line(file, encoding))
    refuse_twins(found.headings, file.name)
    if wanted is not None and not wanted & set(found.headings):
        return pd.DataFrame(), None
    table = _table(file, found, wanted)
    numbers = None
    if lines - found.skipped - 1 != table.num_rows:  # blank lines, or values with line breaks: or worse
        numbers = _row_numbers(file, found)
    rows = table.to_pandas()
    blank = [name for name in rows.columns if is_nameless(name) and rows[name].isna().all()]
    return rows.drop(columns=blank), numbers


def _table(file: Path, found: _Found, wanted: set[str] | None) -> Any:
    arrow, reader = engine("pyarrow"), engine("pyarrow.csv")
    names = list(found.headings)
    wrong: list[Any] = []

    def refuse(row: Any) -> str:
        wrong.append(row)
        return "error"

    try:
        table = reader.read_csv(
            file,
            read_options=reader.ReadOptions(
                column_names=names,
                skip_rows=found.skipped,
                skip_rows_after_names=1,
                encoding="utf8" if found.encoding == "utf-8-sig" else found.encoding,
                block_size=_BLOCK,
            ),
            parse_options=reader.ParseOptions(
                delimiter=found.separator, newlines_in_values=True, invalid_row_handler=refuse
            ),
            convert_options=reader.ConvertOptions(
                column_types=dict.fromkeys(names, arrow.string()),
                include_columns=[each for each in names if wanted is None or each in wanted],
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
    except (arrow.ArrowInvalid, UnicodeError) as error:
        if wrong:
            raise _ragged(file, found) from error
        if found.lines <= found.skipped + 1:
            raise KitError(_("{name} has headings but no rows.").format(name=file.name)) from error
        raise KitError(
            _("{name} cannot be read as text ({why}); open it in Excel and save it as CSV UTF-8.").format(
                name=file.name, why=str(error).splitlines()[0][:160]
            )
        ) from error
    return arrow.table([_trimmed(column) for column in table.columns], names=table.column_names)


def _trimmed(column: Any) -> Any:
    """Cells without the spaces around them; what is then blank is missing."""
    compute = engine("pyarrow.compute")
    tight = compute.utf8_trim_whitespace(column)
    return compute.if_else(compute.equal(tight, ""), None, tight)


# ------------------------------------------------------------------------------------------- first look


def _encoding(file: Path) -> tuple[str, int]:
    """The encoding, and how many lines the file has.

    UTF-8 if every byte of the file is; UTF-16 by its mark; else that of Windows, or of DOS, in Western languages.
    """
    with file.open("rb") as held:
        start = held.read(4096)
        held.seek(0)
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16", _lines(file, "utf-16")
        if b"\0" in start or start.startswith(_NO_TEXT):
            raise KitError(
                _("{name} is not a text file; save it as CSV UTF-8, or give it the right ending.").format(
                    name=file.name
                )
            )
        high = np.zeros(256, dtype=np.int64)
        decoder, sound, breaks, returns, last = codecs.getincrementaldecoder("utf-8")(), True, 0, 0, b""
        while block := held.read(_BLOCK):
            breaks, returns, last = breaks + block.count(b"\n"), returns + block.count(b"\r"), block[-1:]
            if sound:
                try:
                    decoder.decode(block)
                except UnicodeDecodeError:
                    sound = False
            if not sound:
                high += np.bincount(np.frombuffer(block, dtype=np.uint8), minlength=256)
    lines = (breaks or returns) + (last not in (b"\n", b"\r"))
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        sound = False
    if sound:
        return "utf-8-sig", lines  # with a mark at its beginning or without
    return _western(high), lines


def _western(bytes_: np.ndarray) -> str:
    """Windows-1252, or the code page 850 of DOS, by where the letters with accents stand."""
    dos, above = int(bytes_[sorted(_DOS)].sum()), int(bytes_[0x80:].sum())
    if dos > above / 2:
        return "cp850"
    return "latin-1" if bytes_[[0x81, 0x8D, 0x8F, 0x90, 0x9D]].any() else "cp1252"


def _lines(file: Path, encoding: str) -> int:
    breaks, last = 0, ""
    try:
        with file.open(encoding=encoding) as held:
            while block := held.read(_BLOCK):
                breaks, last = breaks + block.count("\n"), block[-1:]
    except UnicodeError as error:
        raise KitError(
            _("{name} is damaged: it says that it is UTF-16 and is not; save it again as CSV UTF-8.").format(
                name=file.name
            )
        ) from error
    return breaks + (last != "\n")


def _first_line(file: Path, encoding: str) -> tuple[str, tuple[str, ...], int]:
    """The separator of a text file, its headings, and how many lines stand above them."""
    with file.open(encoding=encoding, newline="", errors="replace") as held:
        first, second = held.readline(), held.readline()
    said = re.fullmatch(r'"?sep=(.)"?\s*', first)  # what Excel reads and does not show
    if said:
        first = second
    separator = said.group(1) if said else _separator(first) or _separator(second) or ","
    with file.open(encoding=encoding, newline="", errors="replace") as held:
        if said:
            held.readline()
        records = csv.reader(held, delimiter=separator)
        headings = [" ".join(heading.split()) for heading in next(records, [])]
        below = max(islice(records, 3), key=lambda record: sum(map(bool, record)), default=[])
    if not any(headings):
        raise KitError(_("{name}: the first line must hold the headings, and it is blank.").format(name=file.name))
    refuse_title(headings, below, file.name)
    return separator, named(headings), 1 if said else 0


def _separator(line: str) -> str:
    """The separator of a line, by how often each stands outside of quotation marks; "" if there is none."""
    bare = _QUOTED.sub("", line)
    best = max(",;\t|", key=bare.count)
    return best if best in bare else ""


def named(headings: list[str]) -> tuple[str, ...]:
    """Headings; a column without one is called by its number."""
    return tuple(
        heading or _("(column {n} without a heading)").format(n=at) for at, heading in enumerate(headings, 1)
    )


def is_nameless(name: str) -> bool:
    """Whether a column has no heading of its own."""
    number = re.search(r"\d+", name)
    return number is not None and name == _("(column {n} without a heading)").format(n=number.group())


def refuse_title(headings: list[str], below: list[str], name: str) -> None:
    """A title above the headings is no heading."""
    told, filled = sum(map(bool, headings)), sum(bool(each.strip()) for each in below)
    if filled > 2 and 2 * told < filled:
        raise KitError(
            _(
                "{name}: the first line must hold the headings, and it holds a title; delete what is above them."
            ).format(name=name)
        )


def refuse_twins(headings: tuple[str, ...], name: str) -> None:
    """Two columns of one name cannot be told apart."""
    twins = sorted({heading for heading in headings if headings.count(heading) > 1})
    if twins:
        raise KitError(
            _("{name} has more than one column called {column!r}; give each column a name of its own.").format(
                name=name, column=twins[0]
            )
        )


# ------------------------------------------------------------------------------------------ line by line


def _records(file: Path, found: _Found) -> Iterator[tuple[int, int, list[str]]]:
    """Each record below the headings with its first and its last line. Slow: only for files with an oddity."""
    csv.field_size_limit(1 << 30)
    with file.open(encoding=found.encoding, newline="", errors="replace") as held:
        for _each in range(found.skipped):
            held.readline()
        records = csv.reader(held, delimiter=found.separator)
        next(records)
        while True:
            before = records.line_num
            record = next(records, None)
            if record is None:
                return
            yield found.skipped + before + 1, found.skipped + records.line_num, record


def _ragged(file: Path, found: _Found) -> KitError:
    expected = len(found.headings)
    for first, last, record in _records(file, found):
        if last > first and _swallows(record, found):
            return _unclosed(file, first, last)
        if record and len(record) != expected:
            return KitError(
                _(
                    "{name}, line {line}: {found} values under {expected} column headings; look at that line in a "
                    "text editor (a separator inside a value needs quotation marks around the value)."
                ).format(name=file.name, line=first, found=len(record), expected=expected)
            )
    return KitError(_("{name}: a line has more or fewer values than there are headings.").format(name=file.name))


def _row_numbers(file: Path, found: _Found) -> np.ndarray | None:
    """The number of each row as a spreadsheet shows it; None if blank lines shift none.

    Raises:
        KitError: if a quotation mark that nobody closed has swallowed lines.
    """
    numbers: list[int] = []
    row = found.skipped + 1
    for first, last, record in _records(file, found):
        row += 1
        if record:
            numbers.append(row)
        if last > first and _swallows(record, found):
            raise _unclosed(file, first, last)
    plain = np.arange(found.skipped + 2, found.skipped + 2 + len(numbers))
    return None if np.array_equal(numbers, plain) else np.array(numbers, dtype=np.int64)


def _swallows(record: list[str], found: _Found) -> bool:
    """Whether a value of several lines holds what looks like records; of a few columns it takes more of them."""
    between = len(found.headings) - 1
    lines = [line for value in record if "\n" in value for line in value.splitlines()[1:]]
    alike = sum(line.count(found.separator) == between for line in lines)
    return alike >= (1 if between > 2 else 3) and between > 0


def _unclosed(file: Path, first: int, last: int) -> KitError:
    return KitError(
        _(
            "{name}, line {line}: a quotation mark opens a value that runs on to line {last}; close it there, or "
            "delete the mark."
        ).format(name=file.name, line=first, last=last)
    )


__all__ = ["is_nameless", "named", "read_delimited", "refuse_title", "refuse_twins"]
