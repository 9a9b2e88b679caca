"""Many tables from one pass: DuckDB counts once by all classifiers, and every table is added up from the counts.

An office makes its tables from the same few classifiers over and over. To count a hundred million records once by
all of them together costs little more than one table; each table is then a sum over a few thousand rows.

    ========  ====================================================================
    records   one row a person, any number, on disk or in memory
    cube      one row a combination of classifiers that occurs, with n and weight
    table     sums over the cube
    ========  ====================================================================

Where all classifiers together have nearly as many combinations as there are records, one cube would save nothing.
Specifications are then shared out over a few cubes: a sample of the records tells which of them go together.
"""

import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import pandas as pd

from migkit.measures._input import engine
from migkit.measures.tables import sql
from migkit.measures.tables.keys import Key, classifier_key, keys_of, universe_key
from migkit.measures.tables.records import Records, ask, of_files, of_frame
from migkit.measures.tables.spec import TableSpec, need_spec
from migkit.measures.tables.tabulate import Cells, from_groups, long_of, wide_of
from migkit.reference import KitError, _

#: A cube of more combinations than this is shared out over several: to hash them costs more than to read again.
MOST_COMBINATIONS = 300_000

#: A sum that a cube holds: "n", "weight" or "amount", the column of weights, the column that is summed.
Sum = tuple[str, str | None, str | None]


@dataclass(frozen=True)
class Part:
    """One table of counts inside a cube: what it is broken down by and what it sums, with the column of each."""

    table: str
    keys: Mapping[Key, str]
    sums: Mapping[Sum, str]


@dataclass(frozen=True)
class Cube:
    """Counts by all classifiers of some specifications; :func:`table_from_cube` takes tables out of it.

    Close it, or use it in a ``with`` block, to give back its memory.

    Attributes:
        specs: the specifications that it was made for.
        parts: its tables of counts.
        records: what was counted.
    """

    specs: tuple[TableSpec, ...]
    parts: tuple[Part, ...]
    records: Records = field(repr=False)
    connection: Any = field(repr=False)
    folder: Path = field(repr=False)

    def close(self) -> None:
        """Give back memory and disk."""
        self.connection.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> "Cube":
        """Use it in a block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it after the block."""
        self.close()

    @property
    def combinations(self) -> int:
        """How many combinations of classifiers occur, over all parts."""
        counts = [f"(SELECT count(*) FROM {part.table})" for part in self.parts]
        return int(self.connection.execute(f"SELECT {' + '.join(counts)}").fetchone()[0])


def make_cube(
    source: Any,
    specs: Iterable[TableSpec],
    *,
    memory: str = "600MB",
    threads: int | None = None,
    most: int = MOST_COMBINATIONS,
) -> Cube:
    """Count records once for many tables.

    Args:
        source: one row a person: a frame, or the path of a Parquet or CSV file, a list of paths, a folder of
            Parquet files, or a pattern such as ``census/*.parquet``. CSV is read as text: code 01 keeps its zero.
        specs: the tables to make of it later.
        memory: what DuckDB may use; beyond it, it writes to a temporary folder.
        threads: how many processors it may use; all by default. Figures do not depend on it.
        most: combinations of classifiers that one part may have, as far as a sample tells.

    Returns:
        A Cube. Close it when done.

    Raises:
        KitError: if a file or column is missing, a weight is blank, negative or no number, or an age is outside
            its groups; the sentence names the first such row, counted from 0.

    >>> people = pd.DataFrame({"sex": ["F", "M", "F"], "birth": ["SEN", "XXX", "GIN"], "w": [1.5, 2.0, 3.0]})
    >>> one = TableSpec("By birthplace and sex", "All", "persons", "birth", "sex", (), "Example", weight="w")
    >>> two = TableSpec("By sex", "All", "persons", "sex", None, (), "Example")
    >>> with make_cube(people, [one, two]) as cube:
    ...     print(table_from_cube(cube, two))  # doctest: +NORMALIZE_WHITESPACE
                Total
    sex
    F               2
    M               1
    Not stated      0
    Total           3
    """
    wanted = tuple(specs)
    for spec in wanted:
        need_spec(spec)
    if not wanted:
        raise KitError(_("A cube needs at least one specification of a table."))
    duckdb = engine("duckdb")
    folder = Path(tempfile.mkdtemp(prefix="kit-cube-"))
    connection = duckdb.connect()
    try:
        _set(connection, memory, threads, folder)
        read = of_frame if isinstance(source, pd.DataFrame) else of_files
        records = read(connection, source, wanted)
        shares = _shares(connection, records, wanted, most)
        parts = [_count(connection, records, share, place) for place, share in enumerate(shares)]
        if isinstance(source, pd.DataFrame):
            connection.unregister("records")
    except BaseException:
        connection.close()
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Cube(wanted, tuple(parts), records, connection, folder)


def table_from_cube(cube: Cube, spec: TableSpec) -> pd.DataFrame:
    """The table that :func:`make_table` would make of the records, added up from the cube.

    Args:
        cube: as :func:`make_cube` gives it.
        spec: one of its specifications, or any other that its classifiers, universes and sums can make.

    Raises:
        KitError: if the cube was not made for such a table.

    >>> people = pd.DataFrame({"sex": ["F", "M", "F"], "birth": ["SEN", "XXX", "GIN"]})
    >>> spec = TableSpec("By birthplace and sex", "All", "persons", "birth", "sex", (), "Example")
    >>> with make_cube(people, [spec]) as cube:
    ...     table_from_cube(cube, spec).loc["Total"].to_dict()
    {'F': 2, 'M': 1, 'Not stated': 0, 'Total': 3}
    """
    return wide_of(_cells(cube, spec), spec)


def long_from_cube(cube: Cube, spec: TableSpec) -> pd.DataFrame:
    """The same in the long form, with the records behind each cell (``n``), as :func:`long_table` gives it.

    >>> people = pd.DataFrame({"sex": ["F", "M", "F"]})
    >>> spec = TableSpec("By sex", "All", "persons", "sex", None, (), "Example")
    >>> with make_cube(people, [spec]) as cube:
    ...     long_from_cube(cube, spec)
              sex  value  n
    0           F      2  2
    1           M      1  1
    2  Not stated      0  0
    3       Total      3  3
    """
    return long_of(_cells(cube, spec), spec)


def _set(connection: Any, memory: str, threads: int | None, folder: Path) -> None:
    ask(connection, f"SET memory_limit = {sql.text(memory)}")
    ask(connection, f"SET temp_directory = {sql.text(folder)}")
    ask(connection, "SET preserve_insertion_order = false")
    ask(connection, "SET enable_progress_bar = false")
    if threads is not None:
        ask(connection, f"SET threads = {int(threads)}")


def _sums_of(spec: TableSpec) -> list[Sum]:
    """What a cube must hold to fill a table's cells."""
    held: list[Sum] = [("n", None, spec.of), ("weight", spec.weight, spec.of)]
    return held if spec.of is None else [*held, ("amount", spec.weight, spec.of)]


def _sum(each: Sum, amounts: Mapping[str, str]) -> str:
    kind, weight, of = each
    rows = "count(*)" if of is None else f"count({amounts[of]})"
    if kind == "n" or (kind == "weight" and weight is None):
        return rows
    if kind == "amount":
        return f"sum({amounts[str(of)]})" if weight is None else f"sum({amounts[str(of)]} * {amounts[weight]})"
    stated = "" if of is None else f" FILTER (WHERE ({amounts[of]}) IS NOT NULL)"
    return f"sum({amounts[str(weight)]}){stated}"


def _count(connection: Any, records: Records, specs: Sequence[TableSpec], place: int) -> Part:
    """One pass over the records."""
    keys = {key: f"k{n}" for n, key in enumerate(dict.fromkeys(key for spec in specs for key in keys_of(spec)))}
    sums = {each: f"s{n}" for n, each in enumerate(dict.fromkeys(e for spec in specs for e in _sums_of(spec)))}
    columns = [f"{records.expressions[key]} AS {column}" for key, column in keys.items()]
    columns += [f"{_sum(each, records.amounts)} AS {column}" for each, column in sums.items()]
    table = f"part_{place}"
    ask(
        connection,
        f"CREATE TABLE {table} AS SELECT {', '.join(columns)} FROM {records.relation} "
        f"GROUP BY {', '.join(str(n + 1) for n in range(len(keys)))}",
    )
    return Part(table, keys, sums)


def _shares(connection: Any, records: Records, specs: Sequence[TableSpec], most: int) -> list[list[TableSpec]]:
    """Which specifications share a part: joined one after the other while the part stays small."""
    if not records.sample:
        return [list(specs)]
    every = list(records.expressions)
    columns = ", ".join(f"{records.expressions[key]} AS k{n}" for n, key in enumerate(every))
    ask(connection, f"CREATE TEMP TABLE sample AS SELECT {columns} FROM {records.sample}")
    total = int(ask(connection, f"SELECT count(*) FROM {records.relation}").fetchone()[0])
    seen = int(ask(connection, "SELECT count(*) FROM sample").fetchone()[0])

    def combinations(keys: Iterable[Key]) -> float:
        """How many in all, by the estimator of Charikar et al. (2000): what was seen once stands for many."""
        listed = ", ".join(f"k{every.index(key)}" for key in keys)
        query = f"SELECT count(*), count_if(n = 1) FROM (SELECT count(*) AS n FROM sample GROUP BY {listed})"
        groups, once = ask(connection, query).fetchone()
        return float((total / max(seen, 1)) ** 0.5 * once + groups - once)

    everything = list(dict.fromkeys(key for spec in specs for key in keys_of(spec)))
    if combinations(everything) <= most:
        return [list(specs)]
    shares: list[tuple[list[Key], list[TableSpec]]] = []
    for spec in sorted(specs, key=lambda spec: -len(keys_of(spec))):
        sizes = []
        for n, (keys, _members) in enumerate(shares):
            both = list(dict.fromkeys([*keys, *keys_of(spec)]))
            sizes.append((len(both) - len(keys), combinations(both), n, both))
        fitting = [each for each in sizes if each[1] <= most or each[0] == 0]
        if fitting:
            _more, _size, n, both = min(fitting, key=lambda each: each[:3])
            shares[n] = (both, [*shares[n][1], spec])
        else:
            shares.append((keys_of(spec), [spec]))
    ask(connection, "DROP TABLE sample")
    return [members for _keys, members in shares]


def _cells(cube: Cube, spec: TableSpec) -> Cells:
    """The cells of a table, summed over the part with the fewest keys that can make it."""
    need_spec(spec)
    needed, sums = keys_of(spec), _sums_of(spec)
    able = [part for part in cube.parts if set(needed) <= set(part.keys) and set(sums) <= set(part.sums)]
    if not able:
        raise KitError(
            _("This cube was not made for the table {t!r}; give its specification to make_cube.").format(
                t=spec.title
            )
        )
    part = min(able, key=lambda part: len(part.keys))
    asked = [classifier_key(spec, each) for each in spec.classifiers]
    each = list(dict.fromkeys(asked))
    universe = universe_key(spec)
    where = "" if universe is None else f"WHERE {part.keys[universe]}"
    columns = [part.keys[key] for key in each] + [f"sum({part.sums[one]})" for one in sums]
    rows = ask(cube.connection, f"SELECT {', '.join(columns)} FROM {part.table} {where} GROUP BY ALL").fetchall()
    held = dict(zip(each, zip(*(row[: len(each)] for row in rows), strict=True), strict=True)) if rows else {}
    values = [_values(cube.records, key, held.get(key, ())) for key in asked]
    # SQL gives no sum, rather than zero, where all amounts are blank.
    figures = {one[0]: [row[len(each) + n] or 0 for row in rows] for n, one in enumerate(sums)}
    return from_groups(values, figures, spec)


def _values(records: Records, key: Key, held: Sequence[Any]) -> Any:
    """The values behind the places that were counted."""
    if key not in records.values:
        return held
    behind = records.values[key]
    values = pd.Series([None if place is None else behind[place] for place in held], dtype=object)
    if key in records.categories:
        return values.astype(pd.CategoricalDtype(pd.Index(records.categories[key])))
    return values


__all__ = ["Cube", "long_from_cube", "make_cube", "table_from_cube"]
