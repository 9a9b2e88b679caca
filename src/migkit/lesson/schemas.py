"""What a table must look like, as the data dictionary says: pandera schemas, and one sentence for each problem.

The same schema judges what the generator writes and what an office brings. Cells are judged as text, as they stand
in the file, so that a word where a number belongs is a problem with a row and a column and not a failure to read.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from migkit.lesson.data import load_own
from migkit.reference import (
    Field,
    KitError,
    Table,
    _,
    codelist,
    dictionary,
    dictionary_names,
    find_table,
    table,
    tables,
)

if TYPE_CHECKING:
    import pandera.pandas as pa

#: At most so many problems of one kind in one column are told one by one.
SHOWN = 3
_WHOLE = r"-?\d+(\.0+)?"
_NUMBER = r"-?\d+(\.\d+)?([eE][+-]?\d+)?"
#: Columns of time, by unit: what they look like.
_TIMES = {"day": "%Y-%m-%d", "minute": "%H:%M"}


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where, and a sentence that says how to mend it. ``row`` is 0 if no row is meant.

    ``row`` is the row of the file as a spreadsheet numbers it: the header is row 1.
    """

    file: str
    row: int
    column: str
    text: str

    def __str__(self) -> str:
        """The sentence."""
        return self.text


def schema(name: str, country: str = "GMB", own: bool = False) -> pa.DataFrameSchema:
    """The schema of a table, for its cells as text ("" is blank).

    Args:
        name: a table of the data dictionary, for example ``"census_persons"``.
        country: whose regions are meant, ISO 3166-1 alpha-3.
        own: an office's own table: it may have fewer and further columns, and any country may be named.

    Raises:
        KitError: if no dictionary describes the table, or pandera is not installed.
    """
    pandera = _pandera()
    described = table(name)
    columns = {
        field.name: pandera.Column(
            str,
            checks=list(_checks(pandera, field, described, country, own)),
            unique=field.name == described.key,
            required=not own,
            title=field.label,
            description=field.description,
        )
        for field in described.fields
    }
    rules: pa.DataFrameSchema = pandera.DataFrameSchema(columns, strict=not own, name=name, title=described.title)
    return rules


def _pandera() -> Any:
    try:
        import pandera.pandas as pandera
    except ImportError:
        raise KitError(
            _("Checking a table needs pandera; install it with: python3 -m pip install pandera.")
        ) from None
    return pandera


def _checks(pandera: Any, field: Field, described: Table, country: str, own: bool) -> Iterator[Any]:
    """The checks of one column; the name of each is the key of its sentence in ``_sentence``."""

    def check(name: str, good: Any) -> Any:
        """A check in which a blank passes: whether it may stand there is a check of its own."""
        return pandera.Check(lambda cells: good(cells) | (cells == ""), name=name)

    if not _may_be_blank(field, described):
        yield pandera.Check(lambda cells: cells != "", name="blank")
    if field.type == "integer":
        yield check("whole", lambda cells: cells.str.fullmatch(_WHOLE))
    if field.type == "number":
        yield check("number", lambda cells: cells.str.fullmatch(_NUMBER))
    if field.type in ("integer", "number"):
        # What is no number at all has a sentence already.
        if field.minimum is not None:
            yield check("minimum", lambda cells: ~(pd.to_numeric(cells, errors="coerce") < field.minimum))
        if field.maximum is not None:
            yield check("maximum", lambda cells: ~(pd.to_numeric(cells, errors="coerce") > field.maximum))
    if field.codelist == "country" and own:
        yield check("country", lambda cells: cells.str.fullmatch("[A-Z]{3}"))
    elif field.codelist:
        known = set(_codes(field.codelist, country))
        yield check("code", lambda cells: cells.isin(known))
    if field.type == "text" and field.unit in _TIMES:
        form = _TIMES[field.unit]
        yield check(
            field.unit, lambda cells: pd.Series(pd.to_datetime(cells, format=form, errors="coerce")).notna()
        )


def _may_be_blank(field: Field, described: Table) -> bool:
    """A key never; other columns where the dictionary says what a blank means or who is not asked."""
    return field.name != described.key and bool(field.blank or field.universe)


def _codes(name: str, country: str) -> list[str]:
    codes = list(codelist(name)["code"])
    return [code for code in codes if code.startswith(country)] if name == "region" else codes


def problems(
    frame: pd.DataFrame, name: str, country: str = "GMB", own: bool = False, file: str = ""
) -> list[Problem]:
    """What is wrong with a table, one sentence each, in the order of the columns; empty if nothing is.

    Args:
        frame: the table: typed as ``load`` gives it, or text.
        name: the table of the dictionary that it should be.
        country: whose regions are meant.
        own: an office's own table, see :func:`schema`.
        file: how to call the table in the sentences.

    Raises:
        KitError: if no dictionary describes the table.
    """
    described = table(name)
    if not set(frame.columns) & set(described.columns):
        return [Problem(file or name, 0, "", _no_column(described, file or name))]
    rules = schema(name, country, own)
    try:
        rules.validate(as_text(frame), lazy=True)
    except _pandera().errors.SchemaErrors as error:
        found = error.failure_cases
    else:
        return []
    order = {column: at for at, column in enumerate([*described.columns, *map(str, frame.columns)])}
    problems = list(_told(found, described, country, file or name))
    return sorted(problems, key=lambda problem: (order.get(problem.column, -1), problem.row))


def _no_column(described: Table, file: str) -> str:
    return _(
        "{file} has no column of the table {table}; rename yours with map_columns, for example to {some}."
    ).format(file=file, table=described.name, some=", ".join(described.columns[:5]))


def as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Every cell as it would stand in a CSV file: blank where missing, days as 2024-07-01."""

    def one(values: pd.Series) -> pd.Series:
        if pd.api.types.is_datetime64_any_dtype(values):
            values = values.dt.strftime("%Y-%m-%d")
        return values.astype("object").where(values.notna(), "").map(str)

    return pd.DataFrame({str(column): one(frame[column]) for column in frame}, dtype=str).reset_index(drop=True)


def _told(found: pd.DataFrame, described: Table, country: str, file: str) -> Iterator[Problem]:
    """Failures as sentences; of many of one kind in one column only the first and their number."""
    whole = found[found["index"].isna()]
    for kind, value in zip(whole["check"], whole["failure_case"], strict=True):
        yield Problem(file, 0, str(value), _column_sentence(str(kind), str(value), described, file))
    cells = found[found["index"].notna()]
    for (column, check), hits in cells.groupby(["column", "check"], sort=False):
        hits = hits.sort_values("index")
        for row, value in list(zip(hits["index"], hits["failure_case"], strict=True))[:SHOWN]:
            at = int(row) + 2
            text = _("{file}, row {row}, column {column}: {what}").format(
                file=file,
                row=at,
                column=column,
                what=_sentence(str(check), described.field(str(column)), str(value), country),
            )
            more = len(hits) - SHOWN
            if more > 0 and row == hits["index"].iloc[SHOWN - 1]:
                text += _(" The same is wrong in {n} more rows.").format(n=more)
            yield Problem(file, at, str(column), text)


def _column_sentence(kind: str, column: str, described: Table, file: str) -> str:
    if kind == "column_in_dataframe":
        label = described.field(column).label
        return _("{file}: column {column} ({label}) is missing; add it, or give yours this name.").format(
            file=file, column=column, label=label
        )
    return _("{file}: column {column} is not in the data dictionary; remove it or correct its name.").format(
        file=file, column=column
    )


def _sentence(check: str, field: Field, value: str, country: str) -> str:
    """What is wrong with a cell and how to mend it."""
    known = _codes(field.codelist, country) if field.codelist else []
    some = ", ".join(known[:8]) + (", …" if len(known) > 8 else "")
    if check == "code" and (full := _with_zeros(value, known)):
        return _("{value!r} has lost its leading zeros, as Excel does to numbers; write {full} as text.").format(
            value=value, full=full
        )
    sentences = {
        "blank": _("the cell is blank; fill it in."),
        "whole": _("{value!r} is not a whole number; correct it, or leave the cell blank if it is not known."),
        "number": _("{value!r} is not a number; write it with a point and without spaces."),
        "minimum": _("{value} is less than {minimum}, the least possible; correct it."),
        "maximum": _("{value} is more than {maximum}, the most possible; correct it."),
        "code": _("{value!r} is not a code of the list {codelist!r}; use one of {some}."),
        "country": _("{value!r} is not a country code; use three capital letters such as SEN."),
        "day": _("{value!r} is not a day; write year, month and day such as 2024-07-01."),
        "minute": _("{value!r} is not a time; write hours and minutes such as 07:45."),
        "field_uniqueness": _("{value!r} stands in more than one row; each row needs its own."),
    }
    return sentences[check].format(
        value=value, minimum=field.minimum, maximum=field.maximum, codelist=field.codelist, some=some
    )


def _with_zeros(value: str, known: list[str]) -> str:
    """The code of which Excel has made this number, or ""."""
    return next((code for code in known if code != value and code.isdigit() and code.lstrip("0") == value), "")


def table_called(name: str) -> Table:
    """A table of the dictionary by its name, or the main table of a source: ``"census"`` is ``"census_persons"``.

    Raises:
        KitError: if there is none; the sentence names the nearest and the others.
    """
    if name in dictionary_names():
        name = dictionary(name).main
    try:
        return table(name)
    except KitError:
        known = list(tables())
    guess = difflib.get_close_matches(name.lower(), [*dictionary_names(), *known], 1)
    hint = _(" Did you mean {guess!r}?").format(guess=guess[0]) if guess else ""
    raise KitError(
        _("No data dictionary describes a table called {name!r}; there are: {tables}.{hint}").format(
            name=name, tables=", ".join(known), hint=hint
        )
    )


def check_file(path: str | Path, name: str, country: str = "GMB", own: bool = True) -> list[Problem]:
    """What is wrong with a file, CSV or Excel: :func:`problems` of what it holds.

    Args:
        path: the file.
        name: a table of the dictionary, or a source for its main table.
        country: whose regions are meant.
        own: an office's own table, see :func:`schema`.

    Raises:
        KitError: if the file cannot be read at all, or no dictionary describes the table.
    """
    name = table_called(name).name
    frame = load_own(path) if own else _strictly(Path(path))
    return problems(frame, name, country, own, Path(path).name)


def _strictly(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")


def check_folder(folder: Path, country: str) -> list[Problem]:
    """What is wrong with the participants' CSV files of a data set: each table, then the links between them.

    Tables that no dictionary describes (the true totals of a lesson) are passed over.
    """
    prefix = f"synthetic_{country.lower()}_"
    files: dict[str, list[Path]] = {}
    for path in sorted(folder.glob(f"{prefix}*.csv")):
        name = re.sub(r"(-\d+)+$", "", path.stem.removeprefix(prefix))
        if find_table(name):
            files.setdefault(name, []).append(path)
    frames = {name: {path: _strictly(path) for path in paths} for name, paths in files.items()}
    found: list[Problem] = []
    for name, parts in frames.items():
        for path, frame in parts.items():
            found += problems(frame, name, country, file=path.name)
            found += _orphans(frame, table(name), frames, path.name)
        found += _twice(parts, table(name))
    return found


def _twice(parts: dict[Path, pd.DataFrame], described: Table) -> Iterable[Problem]:
    """A key that two files of one table hold; within a file the schema sees it."""
    key, seen = described.key, set[str]()
    for path, frame in parts.items():
        keys = frame.get(key, pd.Series(dtype=str))
        again = keys[keys.isin(seen)]
        if len(again):
            row = int(again.index[0]) + 2
            text = _(
                "{file}, row {row}, column {column}: {value!r} stands in another file of this table too; "
                "each row needs its own."
            )
            named = text.format(file=path.name, row=row, column=key, value=again.iloc[0])
            yield Problem(path.name, row, key, named)
        seen |= set(keys)


def _orphans(
    frame: pd.DataFrame, described: Table, frames: dict[str, dict[Path, pd.DataFrame]], file: str
) -> Iterable[Problem]:
    """Rows that name a record of another table which is not there."""
    for column, parent in described.parents.items():
        if parent not in frames or column not in frame:
            continue
        key = table(parent).key
        known = pd.concat([part[key] for part in frames[parent].values()])
        lost = frame[column][~frame[column].isin(known) & (frame[column] != "")]
        if len(lost):
            row = int(lost.index[0]) + 2
            text = _(
                "{file}, row {row}, column {column}: {value!r} is not in the table {parent} ({n} such rows); "
                "correct it there or here."
            )
            yield Problem(
                file,
                row,
                column,
                text.format(file=file, row=row, column=column, value=lost.iloc[0], parent=parent, n=len(lost)),
            )
