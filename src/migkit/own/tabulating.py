"""The recommended tables of an office's own file, protected, with their metadata: as workbook, CSV and SDMX."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pandas as pd

from migkit.measures.confidentiality import PUBLISHED, protect_tables, public_version
from migkit.measures.exchange import Sender, SentTable, sdmx_structure, to_sdmx_csv, to_sdmx_ml, to_workbook
from migkit.measures.tables import (
    RESIDENTS,
    TableSpec,
    long_table,
    recommended_tables,
    universe_counts,
    wide_table,
)
from migkit.own.harmonising import Harmonised
from migkit.own.linking import identity, relations
from migkit.own.mapping import WEIGHT, Map
from migkit.own.reading import FEW, OwnFile
from migkit.reference import KitError, _
from migkit.reference.files import write_bytes, write_text

#: Told how far the work is (0 to 1) and what is being done.
Progress = Callable[[float, str], None]
#: The folders and files that are written.
WORKBOOK, TABLES, SDMX = "tables.xlsx", "tables", "sdmx"


@dataclass(frozen=True)
class OwnTables:
    """The tables of a file.

    Attributes:
        sent: each table, protected.
        hidden: key -> how many of its cells are hidden.
        outside: key -> how many rows could not be placed in or out of the universe, because an answer is missing.
        left_out: title of each recommended table that the file cannot fill -> the columns that it lacks.
        minimum: the smallest number of persons that is shown; 0 if nothing was protected.
    """

    sent: tuple[SentTable, ...]
    hidden: dict[str, int]
    outside: dict[str, int]
    left_out: dict[str, tuple[str, ...]]
    minimum: int


def make_tables(
    own: OwnFile,
    mapping: Map,
    held: Harmonised,
    minimum: int = FEW,
    progress: Progress = lambda share, text: None,
) -> OwnTables:
    """Every recommended table that the file can fill, with its small cells hidden.

    Args:
        own: the file, for its name.
        mapping: its map.
        held: its harmonised rows.
        minimum: cells of fewer persons are hidden, with as many others as it takes; 0 publishes everything.
        progress: told how far the work is.

    Raises:
        KitError: if the file can fill no table, or a weight is blank, negative or no number.
    """
    specs, left_out = fitting(mapping, own.name)
    if not specs:
        raise KitError(
            _("{file} can fill none of the recommended tables; map at least sex, age or country_birth.").format(
                file=own.name
            )
        )
    cells: list[pd.DataFrame] = []
    outside: dict[str, int] = {}
    for number, spec in enumerate(specs):
        progress(0.6 * number / len(specs), spec.title)
        cells.append(long_table(held.rows, spec))
        counts = universe_counts(held.rows, spec)
        outside[spec.key] = int(counts.get("unknown", 0))
    if minimum:
        progress(0.6, _("hiding small cells"))
        linked = [(table, spec.classifiers, spec) for table, spec in zip(cells, specs, strict=True)]
        ties = partial(relations, specs)
        safe = protect_tables(linked, minimum=minimum, count="n", identify=identity, relate=ties)
        cells = [public_version(table) for table in safe]
    sent = tuple(SentTable(spec, table) for spec, table in zip(specs, cells, strict=True))
    hidden = {table.spec.key: int(table.cells["status"].ne(PUBLISHED).sum()) for table in sent}
    progress(1.0, _("done"))
    return OwnTables(sent, hidden, outside, left_out, minimum)


def fitting(mapping: Map, file: str) -> tuple[list[TableSpec], dict[str, tuple[str, ...]]]:
    """The recommended tables that the mapped columns can fill, and what the others lack."""
    have = set(mapping.columns)
    fits: list[TableSpec] = []
    left_out: dict[str, tuple[str, ...]] = {}
    # A file that does not say who is a usual resident is taken to hold residents only; the tables say so.
    residents = RESIDENTS if RESIDENTS[0] in have else None
    note = () if residents else (_("All rows of the file count: it does not say who is a usual resident."),)
    for spec in recommended_tables(mapping.country, residents):
        missing = tuple(name for name in spec.needs() if name not in have)
        if missing:
            left_out[spec.title] = missing
        else:
            weight = WEIGHT if WEIGHT in have else None
            source = _("{file}, own calculation").format(file=file)
            fits.append(replace(spec, weight=weight, source=source, notes=(*spec.notes, *note)))
    return fits, left_out


def write_tables(
    made: OwnTables, mapping: Map, folder: Path, agency: str = "", language: str = "en", synthetic: bool = False
) -> list[Path]:
    """Write the tables into a folder: one workbook, a CSV for each, and SDMX.

    Each file is written whole or not at all. CSV files have the printed shape, as a spreadsheet shows them.

    Returns:
        The paths, the workbook first.
    """
    sender = Sender(mapping.country, _period(mapping), agency, synthetic=synthetic)
    paths = [folder / WORKBOOK]
    write_bytes(paths[0], to_workbook(made.sent, sender, language))
    for table in made.sent:
        path = folder / TABLES / f"{table.spec.key}.csv"
        write_text(path, "\ufeff" + _csv(table))
        paths.append(path)
    for name, text in _messages(made.sent, sender):
        path = folder / SDMX / name
        write_text(path, text)
        paths.append(path)
    return paths


def _period(mapping: Map) -> str:
    """The year that the answers refer to; SDMX cannot do without one."""
    if not mapping.day:
        raise KitError(
            _("The map does not say when the answers were given: write the day into it, such as day: 2024-07-01.")
        )
    return mapping.day[:4]


def _csv(table: SentTable) -> str:
    """The printed shape; a hidden cell is "c", as in the workbook."""
    shown = table.cells.copy()
    shown["shown"] = shown["value"].map(lambda value: "" if pd.isna(value) else f"{value:.10g}")
    shown["shown"] = shown["shown"].where(shown["status"].eq(PUBLISHED), "c")
    wide = wide_table(shown, table.spec, figure="shown")
    return str(wide.to_csv(lineterminator="\n"))


def _messages(sent: Sequence[SentTable], sender: Sender) -> Iterator[tuple[str, str]]:
    yield "structure.xml", sdmx_structure(sent, sender)
    yield "data.xml", to_sdmx_ml(sent, sender)
    yield "data.csv", to_sdmx_csv(sent, sender)


__all__ = ["OwnTables", "fitting", "make_tables", "write_tables"]
