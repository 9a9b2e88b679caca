"""Read an office's own file, large or small: CSV, Parquet, Excel, SPSS, Stata. Every cell as text."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import engine
from migkit.reference import KitError, _

#: The files that can be read, by the end of their name.
KINDS: dict[str, str] = {
    ".csv": "CSV",
    ".txt": "CSV",
    ".tsv": "CSV",
    ".parquet": "Parquet",
    ".xlsx": "Excel",
    ".xlsm": "Excel",
    ".sav": "SPSS",
    ".zsav": "SPSS",
    ".por": "SPSS",
    ".dta": "Stata",
}
#: Numbers that a Stata or SPSS file may hold and that a CSV would show with this many digits.
_DIGITS = 15
#: What fewer rows than this have in common may point to a person: no report counts it or shows it.
FEW = 5
#: How much of a text file is looked at when its encoding is tried.
_BLOCK = 1 << 22


@dataclass(frozen=True)
class OwnFile:
    """A file as it stands.

    Attributes:
        path: the file.
        rows: its cells as text; a blank cell is missing. Row 0 is the first row below the headings.
        labels: what the file itself says a column is (SPSS, Stata): column -> words.
        codes: what the file itself says a code means: column -> {code: words}.
        first_row: the number that a spreadsheet gives to the first row of data.
    """

    path: Path
    rows: pd.DataFrame
    labels: dict[str, str] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    first_row: int = 2

    @property
    def name(self) -> str:
        """The file's name, without its folder."""
        return self.path.name

    def row_number(self, position: int) -> int:
        """The number of a row in the file, as a spreadsheet shows it."""
        return position + self.first_row


def read(path: str | Path, columns: Iterable[str] | None = None, sheet: str | int = 0) -> OwnFile:
    """Read a file. It is only read: never changed, never copied.

    Args:
        path: the file; its kind goes by the end of its name.
        columns: only these columns are read; those that are not there are passed over.
        sheet: for Excel, the name or the number (from 0) of the sheet.

    Raises:
        KitError: if the file is not there, of another kind, damaged, empty, or has two columns of one name.
    """
    file = Path(path).expanduser()
    kind = KINDS.get(file.suffix.lower())
    if kind is None:
        raise KitError(
            _("{name}: files of the kind {kind!r} cannot be read; use one of {kinds}.").format(
                name=file.name, kind=file.suffix, kinds=", ".join(KINDS)
            )
        )
    if not file.is_file():
        raise KitError(_("There is no file {file}; check its name and its folder.").format(file=file.resolve()))
    if file.stat().st_size == 0:
        raise KitError(_("{name} is empty.").format(name=file.name))
    wanted = None if columns is None else set(columns)
    readers: dict[str, Callable[[Path, set[str] | None], OwnFile]] = {
        "CSV": _read_csv,
        "Parquet": _read_parquet,
        "Excel": lambda each, some: _read_excel(each, some, sheet),
        "SPSS": _read_labelled,
        "Stata": _read_labelled,
    }
    own = readers[kind](file, wanted)
    if own.rows.empty and not len(own.rows.columns):
        raise KitError(_("{name} has none of the columns asked for.").format(name=file.name))
    if own.rows.empty:
        raise KitError(_("{name} has headings but no rows.").format(name=file.name))
    return own


# ------------------------------------------------------------------------------------------------- text


def _read_csv(file: Path, wanted: set[str] | None) -> OwnFile:
    encoding = _encoding(file)
    separator, headings = _headings(file, encoding)
    _refuse_twins(headings, file.name)
    arrow, reader = engine("pyarrow"), engine("pyarrow.csv")
    wrong: list[Any] = []

    def refuse(row: Any) -> str:
        wrong.append(row)
        return "error"

    def attempt(threads: bool) -> Any:
        return reader.read_csv(
            file,
            read_options=reader.ReadOptions(
                column_names=headings, skip_rows=1, encoding=encoding, use_threads=threads, block_size=_BLOCK
            ),
            parse_options=reader.ParseOptions(
                delimiter=separator, newlines_in_values=True, invalid_row_handler=refuse
            ),
            convert_options=reader.ConvertOptions(
                column_types=dict.fromkeys(headings, arrow.string()),
                include_columns=[each for each in headings if wanted is None or each in wanted],
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )

    try:
        table = attempt(threads=True)
    except arrow.ArrowInvalid as error:
        if wrong:
            # Only one thread knows the number of the line.
            wrong.clear()
            try:
                attempt(threads=False)
            except arrow.ArrowInvalid:
                raise KitError(_ragged(file.name, wrong[0])) from error
        if "Empty CSV" in str(error) or "empty" in str(error).lower():
            raise KitError(_("{name} has headings but no rows.").format(name=file.name)) from error
        raise KitError(
            _("{name} cannot be read as text ({why}); open it in Excel and save it as CSV UTF-8.").format(
                name=file.name, why=str(error).splitlines()[0][:160]
            )
        ) from error
    return OwnFile(file, _stripped(table.to_pandas()))


def _encoding(file: Path) -> str:
    """UTF-8 if every byte of the file is; UTF-16 by its mark; else that of Windows in Western languages."""
    with file.open("rb") as held:
        start = held.read(4)
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        if b"\0" in start or start[:2] == b"PK":
            raise KitError(
                _("{name} is not a text file; save it as CSV UTF-8, or give it the right ending.").format(
                    name=file.name
                )
            )
        held.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while block := held.read(_BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8-sig" if start.startswith(codecs.BOM_UTF8) else "utf-8"


def _headings(file: Path, encoding: str) -> tuple[str, list[str]]:
    """The separator of a text file, and its headings."""
    with file.open(encoding=encoding, newline="", errors="replace") as held:
        first = held.readline()
    separator = max(",;\t|", key=first.count)
    headings = [heading.strip() for heading in next(csv.reader([first], delimiter=separator), [])]
    if not any(headings):
        raise KitError(_("{name}: the first line must hold the headings, and it is blank.").format(name=file.name))
    while headings and not headings[-1]:  # Excel leaves separators of empty columns at the end
        headings[-1] = _("(column {n} without a heading)").format(n=len(headings))
        break
    return separator, [
        heading or _("(column {n} without a heading)").format(n=at) for at, heading in enumerate(headings, 1)
    ]


def _ragged(name: str, row: Any) -> str:
    return _(
        "{name}, line {line}: {found} values under {expected} column headings; look at that line in a text editor "
        "(a separator inside a value needs quotation marks around the value)."
    ).format(name=name, line=row.number, found=row.actual_columns, expected=row.expected_columns)


def _refuse_twins(headings: list[str], name: str) -> None:
    twins = sorted({heading for heading in headings if headings.count(heading) > 1})
    if twins:
        raise KitError(
            _("{name} has more than one column called {column!r}; give each column a name of its own.").format(
                name=name, column=twins[0]
            )
        )


def _stripped(rows: pd.DataFrame) -> pd.DataFrame:
    """Cells without the spaces around them; what is then blank is missing."""

    def one(values: pd.Series) -> pd.Series:
        tight = values.str.strip()
        return tight.mask(tight.eq(""))

    return pd.DataFrame({str(name): one(rows[name]) for name in rows.columns}, index=rows.index)


# ------------------------------------------------------------------------------------------ other kinds


def _read_parquet(file: Path, wanted: set[str] | None) -> OwnFile:
    arrow, parquet = engine("pyarrow"), engine("pyarrow.parquet")
    try:
        held = parquet.ParquetFile(file)
        names = list(held.schema_arrow.names)
        _refuse_twins(names, file.name)
        table = held.read([name for name in names if wanted is None or name in wanted])
    except (arrow.ArrowInvalid, OSError) as error:
        raise KitError(_("{name} is not a sound Parquet file; make it again.").format(name=file.name)) from error
    return OwnFile(file, as_text(table.to_pandas()), first_row=1)


def _read_excel(file: Path, wanted: set[str] | None, sheet: str | int) -> OwnFile:
    try:
        book = pd.ExcelFile(file, engine="openpyxl")
    except Exception as error:  # openpyxl raises many kinds for a damaged file
        raise KitError(
            _("{name} cannot be read as Excel: open it there, save it again as .xlsx, and try once more.").format(
                name=file.name
            )
        ) from error
    with book:
        if sheet not in book.sheet_names and not (isinstance(sheet, int) and sheet < len(book.sheet_names)):
            raise KitError(
                _("{name} has no sheet {sheet!r}; its sheets are: {names}.").format(
                    name=file.name, sheet=sheet, names=", ".join(map(str, book.sheet_names))
                )
            )
        # The headings are read as a row: pandas would rename twins and keep quiet about it.
        cells = book.parse(sheet, header=None, dtype=object, keep_default_na=False, na_values=[""])
    if cells.empty:
        raise KitError(_("{name}: the sheet is empty.").format(name=file.name))
    headings = ["" if pd.isna(each) else str(each).strip() for each in cells.iloc[0]]
    named = [at for at, heading in enumerate(headings) if heading]
    if not named:
        raise KitError(_("{name}: the first row must hold the headings, and it is blank.").format(name=file.name))
    _refuse_twins([headings[at] for at in named], file.name)
    rows = cells.iloc[1:, named].set_axis([headings[at] for at in named], axis=1).reset_index(drop=True)
    return OwnFile(file, as_text(rows[[each for each in rows.columns if wanted is None or each in wanted]]))


def _read_labelled(file: Path, wanted: set[str] | None) -> OwnFile:
    """SPSS and Stata: the codes as they are, and what the file says of them."""
    pyreadstat = engine("pyreadstat")
    readers = {".dta": pyreadstat.read_dta, ".por": pyreadstat.read_por}
    reader = readers.get(file.suffix.lower(), pyreadstat.read_sav)
    try:
        usecols = None
        if wanted is not None:
            _rows, meta = reader(str(file), metadataonly=True)
            usecols = [name for name in meta.column_names if name in wanted]
        rows, meta = reader(str(file), usecols=usecols, apply_value_formats=False, user_missing=True)
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, UnicodeDecodeError) as error:
        raise KitError(
            _("{name} is not a sound SPSS or Stata file ({why}).").format(name=file.name, why=str(error)[:120])
        ) from error
    labels = {name: text for name, text in meta.column_names_to_labels.items() if text}
    codes = {
        name: {code_text(code): str(words).strip() for code, words in meaning.items()}
        for name, meaning in meta.variable_value_labels.items()
    }
    return OwnFile(file, as_text(rows), labels, codes, first_row=1)


def code_text(value: Any) -> str:
    """A code as text: 1, 1.0 and "1" are the same code."""
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def as_text(rows: pd.DataFrame) -> pd.DataFrame:
    """Every cell as text: whole numbers without a decimal point, days as 2024-07-01, blanks missing."""
    return pd.DataFrame({str(name): _column_as_text(rows[name]) for name in rows.columns}, index=rows.index)


def _column_as_text(values: pd.Series) -> pd.Series:
    missing = values.isna()
    if pd.api.types.is_bool_dtype(values.dtype):
        text = values.astype("object").map({True: "true", False: "false"})
    elif pd.api.types.is_datetime64_any_dtype(values.dtype):
        text = values.dt.strftime("%Y-%m-%d")
    elif pd.api.types.is_numeric_dtype(values.dtype):
        # Distinct values only: a column of codes has few, however many rows there are.
        text = values.map({value: _number_text(value) for value in values.dropna().unique()})
    else:
        held = values.astype(object)
        text = held.map({value: code_text(value) for value in held[~missing].unique()})
        text = text.str.removesuffix(" 00:00:00")
    tight = text.astype("string").str.strip()
    return tight.mask(missing | tight.eq("")).astype("str" if pd.__version__ >= "3" else object)


def _number_text(value: Any) -> str:
    return code_text(value) if float(value).is_integer() else f"{value:.{_DIGITS}g}"


def as_numbers(text: pd.Series) -> pd.Series:
    """Text as numbers, also with a decimal comma and spaces between thousands; what is no number is missing."""
    numbers = pd.to_numeric(text, errors="coerce")
    rest = numbers.isna() & text.notna()
    if rest.any():
        # Distinct values only: a wrong column of names would be long.
        spelled = {
            value: re.sub(r"[\s\u00a0\u202f]", "", value).replace(",", ".", 1) for value in text[rest].unique()
        }
        again = pd.to_numeric(text[rest].map(spelled), errors="coerce")
        numbers = numbers.astype(float).fillna(again)
    return pd.Series(numbers.to_numpy(dtype=float, na_value=np.nan), index=text.index)


__all__ = ["FEW", "KINDS", "OwnFile", "as_numbers", "as_text", "code_text", "read"]
