"""datapackage.json: the machine-readable description of participants' tables (Frictionless Data, version 1)."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from migkit.reference import (
    Field,
    KitError,
    Table,
    _,
    codelist,
    country,
    dictionary,
    dictionary_names,
    regions,
    table,
)

_TYPES = {"integer": "integer", "number": "number"}
#: Text columns that hold a point in time, by unit, as Frictionless names it.
_TIMES = {"day": {"type": "date"}, "minute": {"type": "time", "format": "%H:%M"}}
#: True totals have no dictionary of their own: they are an aid of the lesson, not a source.
_TRUTH_TABLES = Table(
    name="truth_tables",
    title="True totals (for the lesson)",
    description="True totals of the synthetic population, to compare estimates with. No real census has them.",
    row="one total",
    key="",
    fields=(
        Field("table", "Table", "text", "Which total."),
        Field("key1", "First key", "text", "First classification."),
        Field("key2", "Second key", "text", "Second classification."),
        Field("value", "Persons", "integer", "Number of persons or events.", unit="persons"),
    ),
    parents={},
)


def described(name: str) -> Table:
    """The description of a participants' table, true totals included."""
    return _TRUTH_TABLES if name == "truth_tables" else table(name)


def _source_title(name: str) -> str:
    for source in dictionary_names():
        if name in dictionary(source).tables:
            return dictionary(source).title
    return _TRUTH_TABLES.title


def _field(entry: Field, key: str, iso3: str) -> dict[str, Any]:
    description = " ".join(
        part
        for part in (
            entry.description,
            f"Asked of: {entry.universe}." if entry.universe else "",
            f"Question: {entry.question}" if entry.question else "",
            f"Blank: {entry.blank}." if entry.blank else "",
        )
        if part
    )
    out: dict[str, Any] = {
        "name": entry.name,
        "title": entry.label,
        "type": _TYPES.get(entry.type, "string"),
        "description": description,
    }
    if entry.type == "text":
        out |= _TIMES.get(entry.unit, {})
    constraints: dict[str, Any] = {}
    if entry.name == key:
        constraints |= {"required": True, "unique": True}
    if entry.minimum is not None:
        constraints["minimum"] = entry.minimum
    if entry.maximum is not None:
        constraints["maximum"] = entry.maximum
    if entry.codelist:
        codes = codelist(entry.codelist)
        if entry.codelist == "region":
            codes = codes[codes["code"].isin(regions(iso3)["code"])]
        constraints["enum"] = list(codes["code"])
        out["codelist"] = entry.codelist
        out["labels"] = dict(zip(codes["code"], codes["label_en"], strict=True))
    if entry.unit:
        out["unit"] = entry.unit
    if constraints:
        out["constraints"] = constraints
    return out


def _schema(description: Table, resource: dict[str, str], iso3: str) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "fields": [_field(entry, description.key, iso3) for entry in description.fields],
        "missingValues": [""],
    }
    if description.key:
        schema["primaryKey"] = [description.key]
    links = [
        {"fields": [column], "reference": {"resource": resource[parent], "fields": [table(parent).key]}}
        for column, parent in description.parents.items()
        if parent in resource
    ]
    if links:
        schema["foreignKeys"] = links
    return schema


def files_by_table(files: Iterable[str], prefix: str) -> dict[str, list[str]]:
    """The files of each table, in order; CSV where a table is there in both formats.

    A table that is kept in parts has files with numbers: ``census_persons-0001.csv``, ``...-0001-2.csv``.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for file in sorted(files):
        named = re.fullmatch(rf"{re.escape(prefix)}(\w+?)(-\d+)*\.(csv|parquet)", file)
        if named:
            found.setdefault((named[1], named[3]), []).append(file)
    return {table: found.get((table, "csv")) or paths for (table, _kind), paths in sorted(found.items())}


def _resource(name: str, paths: list[str], folder: Path, resource: dict[str, str], iso3: str) -> dict[str, Any]:
    for path in paths:
        if not (folder / path).is_file():
            raise KitError(
                _("{path} is not there; make the data again with python3 kit.py data.").format(path=folder / path)
            )
    description = described(name)
    csv = paths[0].endswith(".csv")
    # Of a table in several files Frictionless counts the header once: no size would suit all readers.
    size = {"bytes": (folder / paths[0]).stat().st_size} if len(paths) == 1 else {}
    return {
        "name": resource[name],
        "path": paths[0] if len(paths) == 1 else paths,
        "profile": "tabular-data-resource",
        "title": description.title,
        "description": f"SYNTHETIC. {description.description} One row: {description.row}.",
        "format": "csv" if csv else "parquet",
        "mediatype": "text/csv" if csv else "application/vnd.apache.parquet",
        "encoding": "utf-8",
        **size,
        "source": _source_title(name),
        "schema": _schema(description, resource, iso3),
    }


def describe(iso3: str, scale: float, files: Iterable[str], folder: Path, prefix: str) -> bytes:
    """The content of datapackage.json for the data files in ``folder``. It tells neither seed nor truth.

    Args:
        iso3: whose data these are.
        scale: the share of the real population.
        files: names of files in ``folder``; those that are no tables are passed over.
        folder: where the files are.
        prefix: how the name of every data file begins.

    Raises:
        KitError: if a file is not there or no dictionary describes its table.
    """
    tables = files_by_table(files, prefix)
    resource = {name: f"{prefix}{name}".replace("_", "-") for name in tables}
    package = {
        "profile": "tabular-data-package",
        "name": prefix.rstrip("_").replace("_", "-"),
        "title": f"Synthetic migration data: {country(iso3).name['en']}",
        "description": "Synthetic data made for training. No record stands for a real person, household or place.",
        "synthetic": True,
        "version": "1.0.0",
        "scale": scale,
        "licenses": [
            {
                "name": "CC-BY-4.0",
                "title": "Creative Commons Attribution 4.0",
                "path": "https://creativecommons.org/licenses/by/4.0/",
            }
        ],
        "resources": [_resource(name, paths, folder, resource, iso3) for name, paths in tables.items()],
    }
    return (json.dumps(package, indent=1, ensure_ascii=False) + "\n").encode("utf-8")
