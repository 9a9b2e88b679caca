"""One table, one file: CSV that Excel opens and typed Parquet, both marked as synthetic, whole or not at all."""

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from migkit.reference import Table, country
from migkit.reference.files import replacing, sha256

FORMATS: tuple[str, ...] = ("both", "csv", "parquet")
#: No file for participants is longer: Excel and an old laptop must open it.
MOST_ROWS = 200_000
_SQL_TYPES = {"integer": "INTEGER", "number": "DOUBLE"}


def prefix(iso3: str) -> str:
    """How the name of every data file begins."""
    return f"synthetic_{iso3.lower()}_"


def mark(iso3: str) -> str:
    """The sentence that every file carries."""
    name = country(iso3).name["en"]
    return f"SYNTHETIC DATA made for training. No record stands for a real person, household or place in {name}."


def write_bytes(path: Path, content: bytes) -> str:
    """Write a file whole or not at all; one that holds the content already is left alone. Returns its checksum."""
    digest = hashlib.sha256(content).hexdigest()
    if not (path.is_file() and sha256(path) == digest):
        with replacing(path) as part:
            part.write_bytes(content)
    return digest


class Busy(Exception):
    """Another run holds a folder."""

    def __init__(self, folder: Path) -> None:
        """Take the folder."""
        super().__init__(str(folder))
        self.folder = folder


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a lock file, so that two runs never write to one folder. It ends with the process, however that ends.

    Raises:
        Busy: if another process holds it.
    """
    with path.open("ab") as file:
        try:
            _lock(file.fileno())
        except (BlockingIOError, PermissionError):
            raise Busy(path.parent.parent) from None
        except OSError:
            pass  # a disk without locks, such as some network disks: go on without
        yield


def _lock(descriptor: int) -> None:
    """Lock an open file at once or fail."""
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _quoted(text: str, quote: str = "'") -> str:
    return quote + text.replace(quote, quote * 2) + quote


def _selected(name: str, values: pd.Series, description: Table | None) -> str:
    """The SQL of one column: records are text with '' for blank; the truth has types, with 0 for no person."""
    column = _quoted(name, '"')
    kinds = {f.name: (f.type, f.unit) for f in description.fields} if description else {}
    kind, unit = kinds.get(name, ("text", ""))
    if pd.api.types.is_datetime64_any_dtype(values):
        return f"CAST({column} AS {'TIMESTAMP' if unit == 'minute' else 'DATE'}) AS {column}"
    if pd.api.types.is_bool_dtype(values):
        return f"CASE WHEN {column} THEN 'Y' ELSE 'N' END AS {column}"
    if pd.api.types.is_numeric_dtype(values):
        return f"NULLIF({column}, 0) AS {column}" if kind == "id" else column
    if isinstance(values.dtype, pd.CategoricalDtype):
        return column  # DuckDB writes the texts
    return f"CAST(NULLIF({column}, '') AS {_SQL_TYPES.get(kind, 'VARCHAR')}) AS {column}"


@cache
def _connection(process: int) -> duckdb.DuckDBPyConnection:
    """The connection of a process (a forked one needs its own); opening one for each part would cost time."""
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    connection.execute("SET enable_progress_bar = false")
    return connection


class TableWriter:
    """Writes the tables of one country."""

    def __init__(self, iso3: str) -> None:
        """Take the country whose data these are."""
        self.iso3 = iso3
        self._duckdb = _connection(os.getpid())

    def write(
        self, rows: pd.DataFrame, stem: Path, description: Table | None, formats: str = "both"
    ) -> dict[Path, str]:
        """Write a table. Returns the checksum of each file written.

        Args:
            rows: text columns ('' is blank), or typed columns of the truth.
            stem: path without the ending.
            description: gives the types of text columns; without it they stay text.
            formats: "both", "csv" or "parquet".

        Raises:
            OSError: if the disk does not take it.
        """
        selected = ", ".join(_selected(str(name), rows[name], description) for name in rows.columns)
        self._duckdb.register("rows", rows)
        query = f"SELECT {selected} FROM rows"
        written = {}
        try:
            if formats != "parquet":
                path = stem.with_name(stem.name + ".csv")
                written[path] = self._csv(query, path)
            if formats != "csv":
                path = stem.with_name(stem.name + ".parquet")
                written[path] = self._parquet(query, path, description.title if description else stem.name)
        except duckdb.IOException as error:  # a full disk, above all
            if os.strerror(errno.ENOSPC) in str(error):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from None
            raise OSError(str(error).strip().splitlines()[0]) from None
        finally:
            self._duckdb.unregister("rows")
        return written

    def _csv(self, query: str, path: Path) -> str:
        """UTF-8 with a byte-order mark (Excel then shows accents), commas, line feeds."""
        bare = path.with_name(f".{path.name}.rows.part")
        try:
            self._duckdb.execute(f"COPY ({query}) TO {_quoted(str(bare))} (FORMAT csv, HEADER, NULLSTR '')")
            return write_bytes(path, b"\xef\xbb\xbf" + bare.read_bytes())
        finally:
            bare.unlink(missing_ok=True)

    def _parquet(self, query: str, path: Path, title: str) -> str:
        metadata = {"synthetic": "true", "note": mark(self.iso3), "title": title}
        pairs = ", ".join(f"{key}: {_quoted(value)}" for key, value in metadata.items())
        with replacing(path) as part:
            self._duckdb.execute(
                f"COPY ({query}) TO {_quoted(str(part))} "
                f"(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, KV_METADATA {{{pairs}}})"
            )
        return sha256(path)


def pieces(rows: pd.DataFrame, most: int = MOST_ROWS) -> list[pd.DataFrame]:
    """A table cut into parts of at most ``most`` rows; one part, perhaps empty, if it is short."""
    return [rows.iloc[start : start + most] for start in np.arange(0, max(len(rows), 1), most)]
