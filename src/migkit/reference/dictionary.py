"""The data dictionary: one file per source in datasets/dictionary/.

It says in words what each table and column is, who is asked, what is known to be wrong with it, and which
parameters the generator uses. The book's data pages, datapackage.json and load() all read it.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from migkit.reference.errors import KitError
from migkit.reference.language import _
from migkit.reference.tables import datasets_folder

#: Types a column may have. ``code`` is text from a code list; ``id`` is text that identifies.
FIELD_TYPES: tuple[str, ...] = ("id", "code", "integer", "number", "text")


@dataclass(frozen=True)
class Field:
    """One column."""

    name: str
    label: str
    type: str
    description: str
    universe: str = ""
    question: str = ""
    codelist: str = ""
    unit: str = ""
    blank: str = ""
    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True)
class Table:
    """One table: what a row is and its columns, in order."""

    name: str
    title: str
    description: str
    row: str
    key: str
    fields: tuple[Field, ...]
    parents: dict[str, str]
    trainer_only: bool = False

    def field(self, name: str) -> Field:
        """The column called ``name``."""
        for candidate in self.fields:
            if candidate.name == name:
                return candidate
        raise KitError(_("Table {table} has no column {name!r}.").format(table=self.name, name=name))

    @property
    def columns(self) -> list[str]:
        """The names of the columns, in order."""
        return [f.name for f in self.fields]


@dataclass(frozen=True)
class Defect:
    """A kind of error the generator puts in: rates by level (none is always zero), and where they come from."""

    key: str
    label: str
    description: str
    unit: str
    rates: dict[str, dict[str, float]]
    basis: str


@dataclass(frozen=True)
class Source:
    """A data source: what it is, whom it covers, its tables and defects."""

    key: str
    title: str
    summary: str
    reference: str
    coverage: str
    legal_purpose: str
    limits: tuple[str, ...]
    tables: dict[str, Table]
    defects: dict[str, Defect]
    parameters: dict[str, Any]


def _field(entry: dict[str, Any]) -> Field:
    return Field(**entry)


def _table(name: str, entry: dict[str, Any]) -> Table:
    return Table(
        name=name,
        title=entry["title"],
        description=entry["description"],
        row=entry["row"],
        key=entry["key"],
        fields=tuple(_field(f) for f in entry["fields"]),
        parents=dict(entry.get("parents", {})),
        trainer_only=bool(entry.get("trainer_only", False)),
    )


def _defect(key: str, entry: dict[str, Any]) -> Defect:
    return Defect(
        key=key,
        label=entry["label"],
        description=entry["description"],
        unit=entry["unit"],
        rates={level: dict(values) for level, values in entry["rates"].items()},
        basis=entry["basis"],
    )


def dictionary_names() -> tuple[str, ...]:
    """The sources that have a dictionary."""
    return tuple(sorted(path.stem for path in (datasets_folder() / "dictionary").glob("*.yml")))


@cache
def dictionary(name: str) -> Source:
    """The dictionary of a source: ``"census"``, ``"pes"`` or ``"world"`` (the truth, for trainers).

    Raises:
        KitError: if there is no such source.
    """
    path = datasets_folder() / "dictionary" / f"{name}.yml"
    if not path.is_file():
        raise KitError(
            _("There is no data dictionary {name!r}; use one of {known}.").format(
                name=name, known=", ".join(dictionary_names())
            )
        )
    entry = yaml.safe_load(path.read_text(encoding="utf-8"))
    return Source(
        key=name,
        title=entry["title"],
        summary=entry["summary"],
        reference=str(entry["reference"]),
        coverage=entry["coverage"],
        legal_purpose=entry["legal_purpose"],
        limits=tuple(entry["limits"]),
        tables={key: _table(key, value) for key, value in entry["tables"].items()},
        defects={key: _defect(key, value) for key, value in entry.get("defects", {}).items()},
        parameters=dict(entry.get("parameters", {})),
    )


def table(name: str) -> Table:
    """The description of one table, for example ``table("census_persons")``, whichever source it belongs to.

    Raises:
        KitError: if no dictionary describes it.
    """
    for source in dictionary_names():
        found = dictionary(source).tables.get(name)
        if found is not None:
            return found
    raise KitError(_("No data dictionary describes a table called {name!r}.").format(name=name))
