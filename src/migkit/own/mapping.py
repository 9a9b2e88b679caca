"""The map: which column of the office's file is which column of a table of the data dictionary, and its codes.

``?`` marks a code nobody has translated yet (it counts as not stated), ``-`` one that means that the question was
not asked, ``X`` (countries: ``XXX``) one that means "not stated".
"""

from __future__ import annotations

from dataclasses import dataclass, field

from migkit.lesson.schemas import table_called
from migkit.reference import Field, Table, _

#: A code that nobody has translated yet; one that says that the question was not asked; one for "not stated".
OPEN, NOT_ASKED, UNKNOWN = "?", "-", "X"
#: The weight of a row: a column that every table may have.
WEIGHT = "weight"


@dataclass(frozen=True)
class Column:
    """Where a harmonised column comes from.

    Attributes:
        name: the harmonised column.
        source: the column of the file.
        codes: the file's codes and the harmonised ones; "?" is open, "-" means not asked.
        blank: numbers of the file that mean "not stated", such as 999.
        divide: the numbers of the file are divided by this (weights with implied decimals).
        sure: whether nobody needs to look at it again.
        hints: code of the file -> what a person may want to know before translating it.
    """

    name: str
    source: str
    codes: dict[str, str] = field(default_factory=dict)
    blank: tuple[str, ...] = ()
    divide: float = 1.0
    sure: bool = True
    hints: dict[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Map:
    """How the columns and codes of one file lead to a harmonised table.

    Attributes:
        file: the name of the file.
        table: the table of the data dictionary.
        country: whose file it is.
        columns: harmonised column -> where it comes from.
        unused: the other columns of the file, which are never read into anything.
        day: the day to which the answers refer, such as "2024-07-01"; checks of years need it.
    """

    file: str
    table: str
    country: str
    columns: dict[str, Column]
    unused: tuple[str, ...] = ()
    day: str = ""

    @property
    def described(self) -> Table:
        """The table of the data dictionary."""
        return table_called(self.table)

    @property
    def open_codes(self) -> dict[str, list[str]]:
        """Column of the file -> its codes that are still open."""
        found = {
            each.source: [code for code, word in each.codes.items() if word == OPEN]
            for each in self.columns.values()
        }
        return {source: codes for source, codes in found.items() if codes}


def fields_of(described: Table) -> tuple[Field, ...]:
    """The columns that a map may lead to: those of the table, and the weight."""
    weight = Field(WEIGHT, _("Weight"), "number", _("How many persons the row stands for."), minimum=0)
    return (*described.fields, *(() if WEIGHT in described.columns else (weight,)))


__all__ = ["NOT_ASKED", "OPEN", "UNKNOWN", "WEIGHT", "Column", "Map", "fields_of"]
