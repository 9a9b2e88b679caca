"""Read an office's own file, large or small: CSV, Parquet, Excel, SPSS, Stata. Every cell as text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import engine
from migkit.own.cells import FEW, as_numbers, as_text, code_text, column_as_text, counted
from migkit.own.delimited import is_nameless, named, read_delimited, refuse_title, refuse_twins
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


@dataclass(frozen=True)
class OwnFile:
    """A file as it stands.

    Attributes:
        path: the file.
        rows: its cells as text; a blank cell is missing. Row 0 is the first row below the headings.
        labels: what the file itself says a column is (SPSS, Stata): column -> words.
        codes: what the file itself says a code means: column -> {code: words}.
        missing: what the file itself says means "not stated" (SPSS, Stata): column -> codes.
        first_row: the number that a spreadsheet gives to the first row of data.
        row_numbers: the number of each row, where blank lines between them shift it.
    """

    path: Path
    rows: pd.DataFrame
    labels: dict[str, str] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    missing: dict[str, frozenset[str]] = field(default_factory=dict)
    first_row: int = 2
    row_numbers: np.ndarray | None = None

    @property
    def name(self) -> str:
        """The file's name, without its folder."""
        return self.path.name

    @property
    def synthetic(self) -> bool:
        """Whether it is one of the kit's own files, which were made for training: its name says so."""
        return self.name.casefold().startswith("synthetic")

    def row_number(self, position: int) -> int:
        """The number of a row in the file, as a spreadsheet shows it."""
        return position + self.first_row if self.row_numbers is None else int(self.row_numbers[position])


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
    try:
        with file.open("rb"):
            pass
    except OSError as error:
        raise KitError(
            _(
                "{name} cannot be opened; close it where it is open (Excel), and see whether you may read it."
            ).format(name=file.name)
        ) from error
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


def _read_csv(file: Path, wanted: set[str] | None) -> OwnFile:
    rows, numbers = read_delimited(file, wanted)
    return OwnFile(file, rows, row_numbers=numbers)


def _read_parquet(file: Path, wanted: set[str] | None) -> OwnFile:
    arrow, parquet = engine("pyarrow"), engine("pyarrow.parquet")
    try:
        held = parquet.ParquetFile(file)
        names = list(held.schema_arrow.names)
        refuse_twins(tuple(names), file.name)
        table = held.read([name for name in names if wanted is None or name in wanted])
    except (arrow.ArrowException, OSError) as error:
        raise KitError(_("{name} is not a sound Parquet file; make it again.").format(name=file.name)) from error
    rows = {str(name): _arrow_as_text(table.column(name)) for name in table.column_names if name in names}
    return OwnFile(file, pd.DataFrame(rows, index=range(table.num_rows)), first_row=1)


def _arrow_as_text(column: Any) -> pd.Series:
    """A column of a Parquet file; whole numbers never pass through floats, which would round long ones."""
    arrow, compute = engine("pyarrow"), engine("pyarrow.compute")
    kind = column.type
    if arrow.types.is_dictionary(kind):
        kind = kind.value_type
        column = column.cast(kind)
    plain = (arrow.types.is_string, arrow.types.is_large_string, arrow.types.is_integer, arrow.types.is_boolean)
    if any(is_kind(kind) for is_kind in plain):
        text = compute.utf8_trim_whitespace(column.cast(arrow.string()))
        return pd.Series(compute.if_else(compute.equal(text, ""), None, text).to_pandas())
    return column_as_text(column.to_pandas())


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
    first, *below = ([_heading(each) for each in cells.iloc[at]] for at in range(min(3, len(cells))))
    if not any(first):
        raise KitError(_("{name}: the first row must hold the headings, and it is blank.").format(name=file.name))
    refuse_title(first, max(below, key=lambda row: sum(map(bool, row)), default=[]), file.name)
    refuse_twins(tuple(filter(None, first)), file.name)
    rows = cells.iloc[1:].set_axis(list(named(first)), axis=1).reset_index(drop=True)
    blank = [each for each in rows.columns if is_nameless(each) and rows[each].isna().all()]
    return OwnFile(
        file, as_text(rows[[c for c in rows.columns if c not in blank and (wanted is None or c in wanted)]])
    )


def _heading(cell: Any) -> str:
    return "" if pd.isna(cell) else " ".join(code_text(cell).split())


def _read_labelled(file: Path, wanted: set[str] | None) -> OwnFile:
    """SPSS and Stata: the codes as they are, and what the file says of them."""
    pyreadstat = engine("pyreadstat")
    broken = (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, UnicodeDecodeError)
    try:
        rows, meta = _by_readstat(pyreadstat, file, wanted)
    except broken as error:
        try:
            # Old files do not say, or say wrongly, that they hold the letters of Windows.
            rows, meta = _by_readstat(pyreadstat, file, wanted, encoding="WINDOWS-1252")
        except broken:
            raise KitError(
                _("{name} is not a sound SPSS or Stata file ({why}).").format(name=file.name, why=str(error)[:120])
            ) from error
    labels = {name: text for name, text in meta.column_names_to_labels.items() if text}
    codes = {
        name: {code_text(code): str(words).strip() for code, words in meaning.items()}
        for name, meaning in meta.variable_value_labels.items()
    }
    text = as_text(rows)
    return OwnFile(file, text, labels, codes, _declared_missing(text, meta), first_row=1)


def _by_readstat(pyreadstat: Any, file: Path, wanted: set[str] | None, **said: Any) -> tuple[pd.DataFrame, Any]:
    """The rows and the metadata; without any column if none is wanted."""
    ending = file.suffix.lower()
    reader = {".dta": pyreadstat.read_dta, ".por": pyreadstat.read_por}.get(ending, pyreadstat.read_sav)
    missing = {"user_missing": True}
    if ending == ".por":  # its reader knows neither encodings nor missing values
        said, missing = {}, {}
    columns = None
    if wanted is not None:
        rows, meta = reader(str(file), metadataonly=True, **said)
        columns = [name for name in meta.column_names if name in wanted]
        if not columns:
            return pd.DataFrame(), meta
    rows, meta = reader(str(file), usecols=columns, apply_value_formats=False, **missing, **said)
    return rows, meta


def _declared_missing(rows: pd.DataFrame, meta: Any) -> dict[str, frozenset[str]]:
    """Codes that the file itself declares as missing: ranges of SPSS, letters (.a to .z) of Stata."""
    found = {name: set(map(str, letters)) for name, letters in (meta.missing_user_values or {}).items()}
    for name, ranges in (meta.missing_ranges or {}).items():
        if name not in rows:
            continue
        values = list(counted(rows[name]))
        numbers = as_numbers(pd.Series(values, dtype=object))
        for each in ranges:
            low, high = each["lo"], each["hi"]
            if isinstance(low, str):
                inside = [value for value in values if low.strip() <= value <= high.strip()]
            else:
                inside = [value for value, number in zip(values, numbers, strict=True) if low <= number <= high]
            found.setdefault(name, set()).update(inside)
    return {name: frozenset(codes) for name, codes in found.items() if codes}


__all__ = ["FEW", "KINDS", "OwnFile", "as_numbers", "as_text", "code_text", "read"]
