"""The data dictionary: one file per source in datasets/dictionary/.

It says in words what each table and column is, who is asked, what is known to be wrong with it, and which
parameters the generator uses. The book's data pages, datapackage.json and load() all read it.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from migkit.reference.errors import KitError
from migkit.reference.files import read_yaml
from migkit.reference.language import _
from migkit.reference.tables import datasets_folder

#: Types a column may have. ``code`` is text from a code list; ``id`` is text that identifies.
FIELD_TYPES: tuple[str, ...] = ("id", "code", "integer", "number", "text")
#: The levels for which a dictionary gives rates; at the level "none" every rate is zero.
DEFECT_LEVELS: tuple[str, ...] = ("typical", "severe")


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
    holder: str = ""
    sees: tuple[str, ...] = ()
    misses: tuple[str, ...] = ()
    main: str = ""  # the table that load() gives for the source's name

    def value(self, parameter: str) -> Any:
        """The value of a parameter."""
        return self.parameters[parameter]["value"]


#: What each part of a dictionary file must say, and what else it may.
_PARTS: dict[str, tuple[set[str], set[str]]] = {
    "source": (
        {"title", "reference", "summary", "coverage", "legal_purpose", "limits", "tables"},
        {"defects", "parameters", "holder", "sees", "misses", "main"},
    ),
    "table": ({"title", "description", "row", "key", "fields"}, {"parents", "trainer_only"}),
    "field": (
        {"name", "label", "type", "description"},
        {"universe", "question", "codelist", "unit", "blank", "minimum", "maximum"},
    ),
    "defect": ({"label", "description", "unit", "basis", "rates"}, set()),
    "parameter": ({"value", "basis"}, set()),
}


def _checked(part: str, entry: Any, where: str) -> dict[str, Any]:
    """The entry, if it says all that it must and nothing that nobody would read."""
    must, may = _PARTS[part]
    if not isinstance(entry, dict):
        raise KitError(_("{where}: a list of names and values is expected here.").format(where=where))
    for name in sorted(must - set(entry)):
        raise KitError(_("{where}: {name!r} is missing; add it.").format(where=where, name=name))
    for name in sorted(set(entry) - must - may):
        known = ", ".join(sorted(must | may))
        raise KitError(
            _("{where}: {name!r} is not known here; use one of {known}.").format(
                where=where, name=name, known=known
            )
        )
    return entry


def _field(entry: Any, where: str) -> Field:
    name = entry.get("name", "") if isinstance(entry, dict) else ""
    found = Field(**_checked("field", entry, where + _(", field {name}").format(name=name or "?")))
    if found.type not in FIELD_TYPES:
        raise KitError(
            _("{where}, field {name}: type {type!r} is not one of {types}.").format(
                where=where, name=found.name, type=found.type, types=", ".join(FIELD_TYPES)
            )
        )
    return found


def _table(name: str, entry: Any, where: str) -> Table:
    where += _(", table {name}").format(name=name)
    entry = _checked("table", entry, where)
    return Table(
        name=name,
        title=entry["title"],
        description=entry["description"],
        row=entry["row"],
        key=entry["key"],
        fields=tuple(_field(f, where) for f in entry["fields"]),
        parents=dict(entry.get("parents", {})),
        trainer_only=bool(entry.get("trainer_only", False)),
    )


def _defect(key: str, entry: Any, where: str) -> Defect:
    where += _(", defect {name}").format(name=key)
    entry = _checked("defect", entry, where)
    for level in DEFECT_LEVELS:
        for group, rate in entry["rates"].get(level, {"": None}).items():
            factor = str(group).startswith("factor")
            if not isinstance(rate, int | float) or not rate >= 0 or (rate > 1 and not factor):
                raise KitError(
                    _("{where}: the rate {level} {group} must be a number from 0 to 1.").format(
                        where=where, level=level, group=group
                    )
                )
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
    """The dictionary of a source, for example ``"census"``, ``"border"`` or ``"world"`` (the truth, for trainers).

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
    return read_dictionary(path)


def _with_shared_parts(entry: Any, path: Path) -> Any:
    """An entry that says ``like: census`` with the tables, defects and parameters of that source.

    ``prefix: census2014`` names its tables census2014_persons and so on; ``fields`` says what differs in columns;
    its own defects and parameters stand beside or instead of the shared ones.
    """
    if not isinstance(entry, dict) or "like" not in entry:
        return entry
    model = path.with_name(f"{entry['like']}.yml")
    if not model.is_file() or "prefix" not in entry:
        raise KitError(
            _("{where}: 'like' must name another dictionary of the folder, and 'prefix' its tables here.").format(
                where=path.name
            )
        )
    shared = read_yaml(model)
    old, new, differs = str(entry["like"]), str(entry["prefix"]), entry.get("fields", {})

    def renamed(name: str) -> str:
        return new + name.removeprefix(old)

    year = str(entry.get("reference", ""))[:4]
    tables = {
        renamed(name): each
        | {
            "title": f"{each['title']} ({year})",
            "parents": {column: renamed(parent) for column, parent in each.get("parents", {}).items()},
            "fields": [field | differs.get(field["name"], {}) for field in each["fields"]],
        }
        for name, each in shared["tables"].items()
    }
    own = {key: value for key, value in entry.items() if key not in ("like", "prefix", "fields")}
    return own | {
        "tables": tables,
        "defects": shared.get("defects", {}) | own.get("defects", {}),
        "parameters": shared.get("parameters", {}) | own.get("parameters", {}),
    }


def read_dictionary(path: Path) -> Source:
    """Read one dictionary file.

    Raises:
        KitError: naming the file and the place, if something is missing, unknown or not possible.
    """
    name, where = path.stem, path.name
    entry = _checked("source", _with_shared_parts(read_yaml(path), path), where)
    for parameter, value in entry.get("parameters", {}).items():
        _checked("parameter", value, where + _(", parameter {name}").format(name=parameter))
    return Source(
        key=name,
        title=entry["title"],
        summary=entry["summary"],
        reference=str(entry["reference"]),
        coverage=entry["coverage"],
        legal_purpose=entry["legal_purpose"],
        limits=tuple(entry["limits"]),
        tables={key: _table(key, value, where) for key, value in entry["tables"].items()},
        defects={key: _defect(key, value, where) for key, value in entry.get("defects", {}).items()},
        parameters=dict(entry.get("parameters", {})),
        holder=entry.get("holder", ""),
        sees=tuple(entry.get("sees", ())),
        misses=tuple(entry.get("misses", ())),
        main=str(entry.get("main", next(iter(entry["tables"])))),
    )


def tables() -> dict[str, Table]:
    """Every table that a dictionary describes, by name."""
    return {name: each for source in dictionary_names() for name, each in dictionary(source).tables.items()}


def find_table(name: str) -> Table | None:
    """The description of one table, whichever source it belongs to; none if no dictionary describes it."""
    for source in dictionary_names():
        if found := dictionary(source).tables.get(name):
            return found
    return None


def table(name: str) -> Table:
    """The description of one table, for example ``table("census_persons")``, whichever source it belongs to.

    Raises:
        KitError: if no dictionary describes it.
    """
    if found := find_table(name):
        return found
    raise KitError(_("No data dictionary describes a table called {name!r}.").format(name=name))
