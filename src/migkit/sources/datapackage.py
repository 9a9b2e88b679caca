"""datapackage.json: the machine-readable description of participants' tables (Frictionless Data, version 1)."""

import json
from pathlib import Path
from typing import Any

from migkit.reference import (
    Field,
    KitError,
    Table,
    codelist,
    country,
    dictionary,
    dictionary_names,
    regions,
    table,
)

_TYPES = {"integer": "integer", "number": "number"}
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


def describe(iso3: str, scale: float, names: list[str], folder: Path, prefix: str) -> bytes:
    """The content of datapackage.json for the tables ``names`` in ``folder``. It tells neither seed nor truth."""
    resource = {name: f"{prefix}{name}".replace("_", "-") for name in names}
    resources = []
    for name in names:
        description = described(name)
        path = folder / f"{prefix}{name}.csv"
        kind, media = "csv", "text/csv"
        if not path.is_file():
            path, kind, media = path.with_suffix(".parquet"), "parquet", "application/vnd.apache.parquet"
        if not path.is_file():
            raise KitError(f"{path} is not there.")
        resources.append(
            {
                "name": resource[name],
                "path": path.name,
                "profile": "tabular-data-resource",
                "title": description.title,
                "description": f"SYNTHETIC. {description.description} One row: {description.row}.",
                "format": kind,
                "mediatype": media,
                "encoding": "utf-8",
                "bytes": path.stat().st_size,
                "source": _source_title(name),
                "schema": _schema(description, resource, iso3),
            }
        )
    name_en = country(iso3).name["en"]
    package = {
        "profile": "tabular-data-package",
        "name": f"{prefix}census".replace("_", "-"),
        "title": f"Synthetic census and post-enumeration survey: {name_en}",
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
        "resources": resources,
    }
    return (json.dumps(package, indent=1, ensure_ascii=False) + "\n").encode("utf-8")
