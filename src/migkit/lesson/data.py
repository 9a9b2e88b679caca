"""How a lesson gets its data: ``load`` for the kit's tables, ``load_own`` and ``map_columns`` for one's own file.

A notebook reaches data in no other way, because the same notebook also runs in a class (other seed, other
folder) and in the browser edition.
"""

from __future__ import annotations

import csv
import difflib
import os
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from migkit.reference import ROOT, KitError, Table, _, codelist, dictionary, dictionary_names, find_table, label
from migkit.reference import country as find_country
from migkit.reference.browser import data as edition
from migkit.reference.browser import in_browser

#: The table that a person file is mapped to unless another is named.
PERSONS = "census_persons"

#: The true aggregates that only the data of a lesson hold.
TRUTH = "truth_tables"

#: A small file in an office's own shape (its own column names and codes), to try load_own and map_columns on.
EXAMPLE_FILE: Path = Path(__file__).with_name("synthetic_own_file.csv")


def load(name: str, country: str = "GMB", lang: str | None = None, folder: Path | None = None) -> pd.DataFrame:
    """One table of the kit, typed as the data dictionary says.

    Args:
        name: a source (``"census"`` gives its main table, ``"border"``, ``"labour_force"``...), a table of the
            training data (``"census_persons"``), a published table (``"published/bombay"``) or a code list
            (``"codes/country"``).
        country: ISO 3166-1 alpha-3 code of the country pack.
        lang: ``"en"``, ``"fr"`` or ``"pt"``: codes become labels in that language, as categories in the order of
            their code list. Without it codes stay codes.
        folder: look for the training data here and nowhere else.

    Returns:
        Codes and identifiers as text (or labels as categories), whole numbers as ``Int64``, days as
        ``datetime64``; blank where not applicable or not stated.

    The training data are looked for in the folder named by the environment variable KIT_DATA, then in ``data``
    beside the notebook or one folder up, then in ``datasets/sample`` of the kit; in the browser they are fetched
    from the edition. A table kept in several numbered files is read whole.

    Raises:
        KitError: if there is no such table; the sentence says how to get it.
    """
    if name.startswith("codes/"):
        return codelist(name.removeprefix("codes/")).copy()
    if name.startswith("published/"):
        return _published(name.removeprefix("published/"))
    find_country(country)
    if name in dictionary_names():
        name = dictionary(name).main
    parts = []
    for path in _find(name, country.upper(), folder):
        state = path.stat()
        parts.append(_read(path, name, state.st_mtime_ns, state.st_size))
    frame = parts[0].copy() if len(parts) == 1 else pd.concat(parts, ignore_index=True)
    return frame if lang is None else _labelled(frame, find_table(name), country.upper(), lang)


def _labelled(frame: pd.DataFrame, table: Table | None, country: str, lang: str) -> pd.DataFrame:
    """The table with labels for codes, as categories in the order in which tables show them."""
    for field in table.fields if table else ():
        if field.codelist and field.name in frame:
            rows = codelist(field.codelist)
            if field.codelist == "region":
                rows = rows[rows["code"].str.startswith(country)]
            names = {code: label(field.codelist, code, lang) for code in rows["code"]}
            texts = frame[field.name].map(names)
            frame[field.name] = pd.Categorical(texts, categories=list(dict.fromkeys(names.values())), ordered=True)
    return frame


def truth(name: str, by: int | None = None, country: str = "GMB") -> pd.Series:
    """One true aggregate of the synthetic population: what no statistician ever sees, for comparison in a lesson.

    Args:
        name: a table of the truth, for example ``"coverage"``.
        by: add up over the other key: 1 keeps the first key, 2 the second; both are kept if left out.
        country: ISO 3166-1 alpha-3 code of the country pack.

    Returns:
        The true numbers of persons, indexed by the keys of the table.

    Raises:
        KitError: if the data of this lesson hold no such table; data of a class never do.
    """
    rows = load(TRUTH, country)
    table = rows[rows["table"] == name]
    if table.empty:
        known = ", ".join(sorted(rows["table"].unique()))
        raise KitError(_("There is no true table {name!r}; there are: {known}.").format(name=name, known=known))
    values = table.set_index(["key1", "key2"])["value"].astype("int64").rename(name)
    return values if by is None else values.groupby(level=by - 1).sum()


def _published(name: str) -> pd.DataFrame:
    folder = ROOT / "datasets" / "published"
    path = folder / f"{name}.csv"
    if not path.is_file():
        known = ", ".join(f"published/{each.stem}" for each in sorted(folder.glob("*.csv")))
        text = _("There is no published table {name!r}; use one of: {known}.")
        raise KitError(text.format(name=f"published/{name}", known=known or _("none")))
    return pd.read_csv(path, encoding="utf-8-sig")


def _folders(country: str) -> list[Path]:
    """Where training data may lie, the first that exists wins."""
    named = os.environ.get("KIT_DATA")
    here = Path.cwd()
    places = [Path(named)] if named else []
    places += [here / "data", here.parent / "data", ROOT / "datasets" / "sample" / country]
    folders = [folder for place in places for folder in (place, place / "participants", place / country)]
    return [*folders, edition.FOLDER] if in_browser() else folders


def _held(folder: Path, prefix: str) -> list[Path]:
    """The files of the data in a folder; those of the browser edition are there once they are fetched."""
    there = edition.offered() if folder == edition.FOLDER else folder.glob("*.*")
    return sorted(path for path in there if path.name.startswith(prefix))


def _find(name: str, country: str, only: Path | None = None) -> list[Path]:
    """The files of a table, in the first folder that holds any: tables of two data sets must never mix."""
    prefix = f"synthetic_{country.lower()}_"
    for folder in [only] if only else _folders(country):
        if held := _held(folder, prefix):
            numbered = re.compile(re.escape(f"{prefix}{name}") + r"(-\d{4})?(-\d+)?")
            found = [path for path in held if numbered.fullmatch(path.stem)]
            for ending in (".csv", ".parquet"):  # the same table twice: the one that any tool reads
                if files := [path for path in found if path.suffix == ending]:
                    for path in files:
                        edition.bring(path)
                    return files
            raise KitError(_why_not_found(name, prefix, held))
    raise KitError(_why_not_found(name, prefix, []))


def _why_not_found(name: str, prefix: str, seen: Iterable[Path]) -> str:
    have = sorted({path.stem.removeprefix(prefix) for path in seen})
    if have and name == TRUTH:
        return _(
            "These data hold no truth to compare with: only the lesson's own data do, which lie in "
            "datasets/sample. Data of a class or an exercise never hold it."
        )
    if have:
        guess = difflib.get_close_matches(name.lower(), [*dictionary_names(), *have], 1)
        hint = _(" Did you mean {guess!r}?").format(guess=guess[0]) if guess else ""
        text = _("There is no table {name!r} in the data of this lesson; there is: {have}.{hint}")
        return text.format(name=name, have=", ".join(have), hint=hint)
    if in_browser():
        countries = sorted({path.name.split("_")[1].upper() for path in edition.offered()})
        text = _("This edition of the kit has no data of {country}; it has those of: {have}.")
        return text.format(country=prefix.split("_")[1].upper(), have=", ".join(countries))
    text = _(
        "The training data are not here yet (looked for {file}). In a terminal, in the folder of the kit, run: "
        "python3 kit.py data {country} --out data. Then run this cell again. In a class, ask your trainer for the "
        "folder called data and put it beside this notebook."
    )
    return text.format(file=f"{prefix}{name}.csv", country=prefix.split("_")[1].upper())


@lru_cache(maxsize=8)
def _read(path: Path, name: str, changed: int, size: int) -> pd.DataFrame:
    """Read a file of the kit.

    Kept in memory while the file stays the same (``changed``, ``size``): every check looks at the same tables.
    """
    table = find_table(name)
    frame = _read_parquet(path) if path.suffix == ".parquet" else _read_kit_csv(path)
    kinds = {field.name: field.type for field in table.fields} if table else {}
    days = {field.name for field in table.fields if field.unit == "day"} if table else set()
    for column in frame.columns:
        kind = kinds.get(column) or _guess_kind(frame[column])
        if column in days:
            frame[column] = _as_days(frame[column])
        if kind == "integer":
            frame[column] = pd.to_numeric(frame[column]).astype("Int64")
        elif kind == "number":
            frame[column] = pd.to_numeric(frame[column]).astype("float64")
    return frame


def _read_kit_csv(path: Path) -> pd.DataFrame:
    """Every cell as text; only empty cells are blank, because NA is a code in some lists."""
    return pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""], encoding="utf-8-sig")


def _read_parquet(path: Path) -> pd.DataFrame:
    """The same from Parquet."""
    import duckdb  # only where a table has no CSV

    with duckdb.connect() as connection:
        frame = connection.execute("SELECT CAST(COLUMNS(*) AS VARCHAR) FROM read_parquet(?)", [str(path)]).df()
    return frame.astype("str")


def _as_days(values: pd.Series) -> pd.Series:
    """Days as dates; left as text if one of them is no date, so that a clerk's error can still be seen."""
    days = pd.to_datetime(values, format="%Y-%m-%d", errors="coerce")
    return values if (days.isna() & values.notna()).any() else days


_WHOLE = re.compile(r"-?(0|[1-9]\d{0,14})")
_DECIMAL = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")


def _guess_kind(values: pd.Series) -> str:
    """What a column without a description holds. Text with a leading zero ("01") is a code and stays text."""
    texts = values.dropna().astype(str).str.strip()
    if texts.empty:
        return "text"
    if texts.map(lambda text: bool(_WHOLE.fullmatch(text))).all():
        return "integer"
    return "number" if texts.map(lambda text: bool(_DECIMAL.fullmatch(text))).all() else "text"


def load_own(path: str | Path, sheet: str | int = 0) -> pd.DataFrame:
    """Read your office's own file: CSV (comma, semicolon or tab; UTF-8 or Windows) or Excel (.xlsx).

    Args:
        path: the file; a name alone is looked for beside the notebook.
        sheet: for Excel, the name or number (from 0) of the sheet.

    Returns:
        One column a column. Whole numbers as ``Int64``; codes that begin with 0 stay text.

    Raises:
        KitError: if the file is not there, is empty, is of another kind or cannot be read.
    """
    file = Path(path).expanduser()
    if not file.is_file():
        raise KitError(_no_file(file))
    if file.suffix.lower() in (".xlsx", ".xlsm"):
        frame = _read_excel(file, sheet)
    elif file.suffix.lower() in (".csv", ".txt", ".tsv"):
        frame = _read_csv(file)
    else:
        text = _("{name} is a {kind} file; save it as CSV or Excel (.xlsx) first, then give the new name.")
        raise KitError(text.format(name=file.name, kind=file.suffix or _("nameless")))
    if frame.empty:
        raise KitError(_("{name} has a header but no rows.").format(name=file.name))
    for column in frame.columns:
        kind = _guess_kind(frame[column])
        if kind != "text":
            frame[column] = pd.to_numeric(frame[column]).astype("Int64" if kind == "integer" else "float64")
    return frame


def _no_file(file: Path) -> str:
    folder = file.parent if file.parent.is_dir() else Path.cwd()
    have = sorted(
        each.name for each in folder.iterdir() if each.suffix.lower() in (".csv", ".xlsx", ".tsv", ".txt")
    )
    guess = difflib.get_close_matches(file.name, have, 3, 0.4) or have[:8]
    text = _("There is no file {file}. The folder {folder} holds: {have}. Check the name, and put the file there.")
    return text.format(file=file.name, folder=folder.resolve(), have=", ".join(guess) or _("no CSV or Excel file"))


def _read_excel(file: Path, sheet: str | int) -> pd.DataFrame:
    try:
        book = pd.ExcelFile(file, engine="openpyxl")
    except Exception as error:  # openpyxl raises many kinds for a damaged file
        text = _("{name} cannot be read as Excel: open it in Excel, save it again as .xlsx, and try once more.")
        raise KitError(text.format(name=file.name)) from error
    with book:
        try:
            return book.parse(sheet, dtype=str, keep_default_na=False, na_values=[""])
        except (ValueError, IndexError) as error:
            names = ", ".join(map(str, book.sheet_names))
            text = _("{name} has no sheet {sheet!r}; its sheets are: {names}.")
            raise KitError(text.format(name=file.name, sheet=sheet, names=names)) from error


def _read_csv(file: Path) -> pd.DataFrame:
    text = _decode(file)
    if not text.strip():
        raise KitError(_("{name} is empty.").format(name=file.name))
    first = text.splitlines()[0]
    separator = max(",;\t|", key=first.count)
    lines = [line for line in csv.reader(text.splitlines(), delimiter=separator) if line]
    _refuse_twins([heading.strip() for heading in lines[0]], file.name)
    width = len(lines[0])
    for number, line in enumerate(lines[1:], 2):
        if len(line) != width:
            say = _(
                "{name}, line {line}: {found} values under {expected} column headings. "
                "Look at that line in a text editor."
            )
            raise KitError(say.format(name=file.name, line=number, found=len(line), expected=width))
    frame = pd.DataFrame(lines[1:], columns=[heading.strip() for heading in lines[0]], dtype=str)
    return frame.mask(frame == "")


def _refuse_twins(headings: list[str], file: str) -> None:
    """Two columns of one name cannot be told apart."""
    twins = sorted({heading for heading in headings if headings.count(heading) > 1})
    if twins:
        text = _("{name} has more than one column called {column!r}; give each column a name of its own.")
        raise KitError(text.format(name=file, column=twins[0]))


def _decode(file: Path) -> str:
    raw = file.read_bytes()
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise KitError(_("{name} is not a text file; save it as CSV UTF-8 first.").format(name=file.name))


def map_columns(
    own: pd.DataFrame,
    columns: Mapping[str, str],
    codes: Mapping[str, Mapping[Any, str]] | None = None,
    table: str = PERSONS,
) -> pd.DataFrame:
    """Your file under the kit's column names and codes, so that every measure of the lesson takes it.

    Args:
        own: your table.
        columns: kit name -> your name, for example ``{"country_birth": "P12", "age": "P05"}``.
        codes: for a column whose codes differ, kit name -> {your code: kit code}, for example
            ``{"sex": {1: "M", 2: "F"}}``. A blank stays blank.
        table: the kit's table whose names are used.

    Returns:
        The named columns only, in the order given.

    Raises:
        KitError: naming the column that is missing or the codes that are not translated.
    """
    described = find_table(table)
    if described is None:
        raise KitError(_("The kit has no table called {table!r}.").format(table=table))
    for kit_name, own_name in columns.items():
        _need(kit_name, described.columns, _("the kit's table {table}").format(table=table))
        _need(own_name, [str(each) for each in own.columns], _("your file"))
    spare = set(codes or {}) - set(columns)
    if spare:
        text = _("You give codes for {names}, but no column for it: add it to columns as well.")
        raise KitError(text.format(names=", ".join(sorted(spare))))
    result = {
        kit_name: _mapped(own[own_name], own_name, described.field(kit_name), (codes or {}).get(kit_name))
        for kit_name, own_name in columns.items()
    }
    return pd.DataFrame(result, index=own.index)


def _need(name: str, have: list[str], where: str) -> None:
    if name in have:
        return
    # Words are compared in alphabetical order, so that birth_country finds country_birth.
    sorted_words = {_words(each): each for each in have}
    guess = difflib.get_close_matches(_words(name), list(sorted_words), 1, 0.5)
    hint = _(" Did you mean {guess!r}?").format(guess=sorted_words[guess[0]]) if guess else ""
    text = _("There is no column {name!r} in {where}; it has: {have}.{hint}")
    raise KitError(text.format(name=name, where=where, have=", ".join(have), hint=hint))


def _words(name: str) -> str:
    return " ".join(sorted(re.split(r"[\W_]+", name.lower())))


def _mapped(values: pd.Series, own_name: str, field: Any, codes: Mapping[Any, str] | None) -> pd.Series:
    if field.type in ("integer", "number"):
        return _as_numbers(values, own_name, field.type)
    texts = values.astype(object).map(_as_code)
    if codes is not None:
        book = {_as_code(key): word for key, word in codes.items()}
        _refuse_strange_targets(codes, field)
        _refuse_unknown(texts, set(book), own_name, field.name)
        texts = texts.map(book)
    elif field.codelist == "country":
        _refuse_unknown(
            texts, {text for text in texts.dropna() if re.fullmatch(r"[A-Z]{3}", text)}, own_name, field.name
        )
    elif field.codelist and field.codelist != "region":
        _refuse_unknown(texts, set(codelist(field.codelist)["code"]), own_name, field.name)
    return texts.astype("string").astype(object).where(texts.notna(), None)


def _refuse_strange_targets(codes: Mapping[Any, str], field: Any) -> None:
    """The right-hand side of a translation must be codes of the kit."""
    if not field.codelist or field.codelist == "region":
        return
    if field.codelist == "country":
        strange = [word for word in codes.values() if not re.fullmatch(r"[A-Z]{3}", str(word))]
        have = _("three capital letters, such as GMB, SEN or XXX for not stated")
    else:
        known = list(codelist(field.codelist)["code"])
        strange = [word for word in codes.values() if word not in known]
        have = ", ".join(known)
    if strange:
        text = _("The codes for {kit!r} lead to {word!r}, which the kit does not know. Its codes are: {have}.")
        raise KitError(text.format(kit=field.name, word=strange[0], have=have))


def _as_code(value: Any) -> str | None:
    """A code as text: 1, 1.0 and "1" are the same code."""
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip() or None


def _as_numbers(values: pd.Series, own_name: str, kind: str) -> pd.Series:
    numbers = pd.to_numeric(values, errors="coerce")
    bad = numbers.isna() & values.notna()
    if bad.any():
        row, value = bad.idxmax(), values[bad].iloc[0]
        text = _(
            "Column {name!r} must hold numbers, but row {row} holds {value!r} ({n} such rows). "
            "Make them blank first."
        )
        raise KitError(text.format(name=own_name, row=row, value=value, n=int(bad.sum())))
    if kind == "number":
        return numbers.astype("float64")
    return numbers.astype("float64").round().astype("Int64")


def _refuse_unknown(texts: pd.Series, known: set[str | None], own_name: str, kit_name: str) -> None:
    strange = texts[texts.notna() & ~texts.isin(known)].value_counts()
    if strange.empty:
        return
    shown = ", ".join(f"{code!r} ({n})" for code, n in strange.head(6).items())
    text = _(
        "Column {name!r} has codes that the kit cannot read as {kit}: {shown} (code, rows). "
        "Translate them: codes={{{kit!r}: {{{example!r}: ...}}}}."
    )
    raise KitError(text.format(name=own_name, kit=kit_name, shown=shown, example=str(strange.index[0])))
