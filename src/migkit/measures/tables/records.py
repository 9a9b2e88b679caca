"""Records for the cube: a frame in memory, or Parquet and CSV files on disk, as something that SQL can count."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import engine, need_columns, numbers, weights
from migkit.measures.tables import sql
from migkit.measures.tables.derive import Bands, derive
from migkit.measures.tables.keys import Column, Key, keys_of
from migkit.measures.tables.spec import LISTS, ORDERS, TableSpec
from migkit.measures.tables.tabulate import tabulate
from migkit.measures.tables.universe import in_universe
from migkit.reference import KitError, _

PARQUET = (".parquet", ".pq")
TEXT = (".csv", ".tsv", ".txt", ".gz")
#: Records that are looked at to see how many combinations of classifiers there are.
SAMPLE = 131_072
#: A sample is read in so many places, since files are often sorted by region.
PLACES = 16
#: A column of more texts than this is counted as it stands.
MOST_TEXTS = 3000
#: The largest number that there is.
MOST = 1.7976931348623157e308
#: Rows that cannot be are shown by their first, and counted up to so many.
BAD_ROWS = 10_000


@dataclass(frozen=True)
class Records:
    """Where records lie, and how SQL computes what is asked of them.

    Attributes:
        relation: what stands after FROM.
        expressions: SQL for each key.
        amounts: SQL for each column of weights or amounts.
        sample: what stands after FROM for a sample of the rows; empty where it costs as much as reading all.
        values: the values behind the places of a column, where places are counted.
        categories: for a frame, the categories of a categorical column, in order.
    """

    relation: str
    expressions: Mapping[Key, str]
    amounts: Mapping[str, str]
    sample: str = ""
    values: Mapping[Key, Sequence[Any]] = field(default_factory=dict)
    categories: Mapping[Key, Sequence[Any]] = field(default_factory=dict)


def of_frame(connection: Any, persons: pd.DataFrame, specs: Sequence[TableSpec]) -> Records:
    """A frame as numbers: the place of each value in a list, so that labels of any kind come through."""
    coded: dict[str, Any] = {}
    expressions: dict[Key, str] = {}
    amounts: dict[str, str] = {}
    values: dict[Key, Sequence[Any]] = {}
    categories: dict[Key, Sequence[Any]] = {}

    def add(column: Any) -> str:
        coded[f"k{len(coded)}"] = np.asarray(column)
        return f"k{len(coded) - 1}"

    for spec in specs:
        what = _("The data for the table {title!r}").format(title=spec.title)
        need_columns(persons, spec.needs(), what)
        for recipe in spec.recipes.values():
            if recipe not in expressions:
                expressions[recipe] = f"nullif({add(derive(persons, recipe).cat.codes)}, -1)"
        for key in keys_of(spec):
            if key in expressions:
                continue
            if isinstance(key, Column):
                column = persons[key.name]
                if isinstance(column.dtype, pd.CategoricalDtype):
                    categories[key] = list(column.cat.categories)
                places, held = pd.factorize(column)
                values[key] = list(held)
                expressions[key] = f"nullif({add(places.astype('int32'))}, -1)"
            else:
                inside = in_universe(persons, spec).astype("Int8").fillna(-1).astype("int8")
                expressions[key] = f"(nullif({add(inside)}, -1) = 1)"
        if spec.weight is not None:
            amounts[spec.weight] = add(weights(persons, spec.weight, what))
        if spec.of is not None:
            column_name = _("{what}, column {column!r}").format(what=what, column=spec.of)
            place = add(numbers(persons[spec.of], column_name, missing=spec.measure == "mean"))
            amounts[spec.of] = f"CASE WHEN NOT isnan({place}) THEN {place} END"
    table = pd.DataFrame(coded, index=range(len(persons)))
    step = len(table) // SAMPLE
    connection.register("records", table)
    if step > 1:
        connection.register("sampled", table.iloc[::step])
    return Records("records", expressions, amounts, "sampled" if step > 1 else "", values, categories)


def of_files(connection: Any, source: Any, specs: Sequence[TableSpec]) -> Records:
    """Files on disk: every key as an expression over their columns, checked for numbers that cannot be."""
    relation, parquet = relation_of(source)
    described = ask(connection, f"DESCRIBE SELECT * FROM {relation}").fetchall()
    types = {str(row[0]): str(row[1]).upper() for row in described}
    for spec in specs:
        what = _("The data for the table {title!r}").format(title=spec.title)
        need_columns(pd.DataFrame(columns=list(types)), spec.needs(), what)
    refuse_bad_numbers(connection, relation, specs, types)
    expressions: dict[Key, str] = {}
    values: dict[Key, Sequence[Any]] = {}
    for key in dict.fromkeys(key for spec in specs for key in keys_of(spec)):
        expressions[key] = sql.expression(key, types)
        if parquet and isinstance(key, Column) and types[key.name] == "VARCHAR":
            # Places in a list of the texts are counted in two thirds of the time and a third of the memory.
            texts = _texts(connection, relation, key.name)
            if texts:
                values[key] = [None, *texts]
                expressions[key] = f"list_position([{', '.join(map(sql.text, texts))}], {sql.name(key.name)})"
    columns = [name for spec in specs for name in (spec.weight, spec.of) if name is not None]
    amounts = {name: sql.amount(name, types) for name in columns}
    return Records(relation, expressions, amounts, _spread(connection, source) if parquet else "", values)


def _texts(connection: Any, relation: str, column: str) -> list[str]:
    """The texts that a column of a Parquet file holds, which its dictionary tells; none if there are very many."""
    held = sql.name(column)
    query = f"SELECT DISTINCT {held} FROM {relation} WHERE {held} IS NOT NULL LIMIT {MOST_TEXTS + 1}"
    texts = sorted(row[0] for row in ask(connection, query).fetchall())
    return texts if len(texts) <= MOST_TEXTS else []


def ask(connection: Any, query: str) -> Any:
    """Run a query; a file that cannot be read is told in one sentence."""
    try:
        return connection.execute(query)
    except engine("duckdb").Error as error:
        why = str(error).strip().splitlines()[0]
        raise KitError(_("The records cannot be counted: {why}").format(why=why)) from error


def files_of(source: Any) -> list[Path]:
    """The files behind a path, a list of paths, a folder or a pattern such as ``census/*.parquet``."""
    files: list[Path] = []
    for each in map(Path, [source] if isinstance(source, (str, Path)) else list(source)):
        if each.is_dir():
            files += sorted(path for path in each.rglob("*") if path.suffix.lower() in PARQUET)
        elif "*" in each.name:
            files += sorted(each.parent.glob(each.name))
        elif each.exists():
            files.append(each)
        else:
            raise KitError(_("There is no file {path}.").format(path=each))
    kinds = {each.suffix.lower() for each in files}
    if not files or not (kinds <= set(PARQUET) or kinds <= set(TEXT)):
        raise KitError(
            _("A cube is made of Parquet files or of CSV files; {source} gives {kinds}.").format(
                source=source, kinds=", ".join(sorted(kinds)) or _("no file")
            )
        )
    return files


def relation_of(source: Any) -> tuple[str, bool]:
    """What stands after FROM, and whether it is Parquet."""
    files = files_of(source)
    listed = "[" + ", ".join(sql.text(each) for each in files) + "]"
    if files[0].suffix.lower() in PARQUET:
        return f"read_parquet({listed})", True
    # As text, so that a code like 01 keeps its zero.
    return f"read_csv({listed}, all_varchar = true, header = true)", False


def _spread(connection: Any, source: Any) -> str:
    """A sample of Parquet files: whole stretches of rows, since only those can be read without the rest."""
    files = files_of(source)
    listed = "[" + ", ".join(sql.text(each) for each in files) + "]"
    query = f"SELECT num_rows FROM parquet_file_metadata({listed})"
    rows = [int(row[0]) for row in ask(connection, query).fetchall()]
    if sum(rows) < 4 * SAMPLE:
        return ""
    length, longest = max(1, SAMPLE // PLACES // len(files)), max(rows)
    starts = [longest * place // PLACES for place in range(PLACES)]
    stretches = " OR ".join(f"file_row_number BETWEEN {start} AND {start + length - 1}" for start in starts)
    return f"(SELECT * FROM read_parquet({listed}, file_row_number = true) WHERE {stretches})"


@dataclass(frozen=True)
class Check:
    """A number that every record must hold between two limits."""

    value: str
    low: float
    high: float
    stated: str
    native: bool

    @property
    def quick(self) -> str:
        """True where the extremes tell that all is well: Parquet files keep them, so nothing is read."""
        if not self.native:
            return "count(*) = 0"
        within = f"coalesce(min({self.value}) >= {self.low!r} AND max({self.value}) <= {self.high!r}, TRUE)"
        return f"{within} AND count({self.value}) = count(*)" if self.stated == "TRUE" else within

    @property
    def bad(self) -> str:
        """True for a record that cannot be."""
        within = f"{self.value} >= {self.low!r} AND {self.value} <= {self.high!r}"
        return f"{self.stated} AND NOT coalesce({within}, FALSE)"


def refuse_bad_numbers(
    connection: Any, relation: str, specs: Sequence[TableSpec], types: Mapping[str, str]
) -> None:
    """Raise the KitError that the pandas engine raises on the same rows."""
    checks = {check: spec for spec in specs for check in _checks(spec, types)}
    if not checks:
        return
    quick = ask(connection, f"SELECT {', '.join(check.quick for check in checks)} FROM {relation}").fetchone()
    doubtful = [check for check, fine in zip(checks, quick, strict=True) if not fine]
    if not doubtful:
        return
    counts = ", ".join(f"count_if({check.bad})" for check in doubtful)
    found = ask(connection, f"SELECT {counts} FROM {relation}").fetchone()
    for check, n in zip(doubtful, found, strict=True):
        if n:
            _refuse(connection, relation, check, checks[check])


def _refuse(connection: Any, relation: str, check: Check, spec: TableSpec) -> None:
    """Let the pandas engine say what is wrong with the bad rows."""
    connection.execute("SET preserve_insertion_order = true")
    rows = ask(
        connection,
        f"SELECT * FROM (SELECT {', '.join(map(sql.name, spec.needs()))}, row_number() OVER () - 1 AS kit_row "
        f"FROM {relation}) WHERE {check.bad} ORDER BY kit_row LIMIT {BAD_ROWS}",
    ).df()
    tabulate(rows.set_index("kit_row"), spec)
    raise KitError(
        _("The data for the table {title!r}: row {row} holds a number that cannot be.").format(
            title=spec.title, row=rows["kit_row"].iloc[0]
        )
    )


def _checks(spec: TableSpec, types: Mapping[str, str]) -> Iterator[Check]:
    """What a specification asks of numbers."""

    def number(column: str, blank: bool) -> Check:
        native = sql.is_number(column, types)
        value = sql.name(column) if native else sql.number(column, types)
        stated = f"({sql.known(column, types)}) IS NOT NULL" if blank else "TRUE"
        return Check(value, 0.0, MOST, stated, native)

    if spec.weight is not None:
        yield number(spec.weight, False)
    if spec.of is not None:
        yield number(spec.of, spec.measure == "mean")
    made = spec.recipes
    for recipe in made.values():
        if isinstance(recipe, Bands):
            plain = number(recipe.column, True)
            yield plain
            high = MOST if recipe.limit is None else float(recipe.limit)
            yield Check(sql.banded(recipe, types), float(recipe.breaks[0]), high, plain.stated, plain.native)
    for column, operator, values in spec.where:
        if column in made or operator in LISTS or operator not in ORDERS:
            continue
        plain = number(column, True)
        if isinstance(values[0], str):
            moment = f"epoch({sql.moment(column, types)})"
            yield Check(moment, -MOST, MOST, plain.stated, False)
        else:
            yield plain
