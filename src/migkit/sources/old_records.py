"""Records and their ledger: what was recorded, what was true, and which defect made the difference.

All values are text here ('' is blank); files give them the types of the dictionary.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migkit.reference import KitError, Source, _

LEVELS: tuple[str, ...] = ("none", "typical", "severe")
LEDGER_COLUMNS = ["table", "record_id", "truth_id", "kind", "field", "recorded", "true_value"]
Mask = NDArray[np.bool_]


class ErrorModel:
    """The rates of a source's defects at one level; at level "none" every rate is zero."""

    def __init__(self, source: Source, level: str) -> None:
        """Take the rates of ``source`` at ``level``."""
        if level not in LEVELS:
            raise KitError(
                _("There is no defect level {level!r}; use one of {levels}.").format(
                    level=level, levels=", ".join(LEVELS)
                )
            )
        self.source = source
        self.level = level

    def rate(self, defect: str, group: str = "all") -> float:
        """The rate of a defect in a group, from the dictionary."""
        rates = self.source.defects[defect].rates
        value = rates["typical" if self.level == "none" else self.level][group]
        return 0.0 if self.level == "none" else float(value)


def text(values: pd.Series) -> pd.Series:
    """A column as plain text, blank where missing."""
    return values.astype("object").fillna("").astype("str").reset_index(drop=True)


class Recorder:
    """A table of records being spoiled, defect by defect, with a ledger entry for each change."""

    def __init__(self, table: str, records: pd.DataFrame, key: str) -> None:
        """Start from true records of a table, named by their column ``key``."""
        self.table = table
        self.records = records
        self.key = key
        self._entries: list[pd.DataFrame] = []

    def __len__(self) -> int:
        """How many records there are."""
        return len(self.records)

    def __getitem__(self, column: str) -> NDArray[np.object_]:
        """What is recorded in a column."""
        return self.records[column].to_numpy(dtype=object)

    def change(self, where: Mask, column: str, new: NDArray[np.object_] | str, kind: str) -> None:
        """Record ``new`` instead of what stands in ``column`` where the mask holds and the value differs."""
        old = self[column]
        values = np.full(len(old), new, dtype=object) if isinstance(new, str) else np.asarray(new, dtype=object)
        hit = where & (old != values)
        if not hit.any():
            return
        self._entries.append(
            pd.DataFrame(
                {
                    "table": self.table,
                    "record_id": self[self.key][hit],
                    "truth_id": self["truth_id"][hit],
                    "kind": kind,
                    "field": column,
                    "recorded": values[hit],
                    "true_value": old[hit],
                },
                dtype="str",
            )
        )
        self.records[column] = pd.Series(np.where(where, values, old), dtype="str", index=self.records.index)

    def note(self, record_id: object, truth_id: object, kind: str, true_value: object = "") -> None:
        """Enter something that is no change of a field: a record left out, or one that should not be there."""
        entry = pd.DataFrame({"record_id": record_id, "truth_id": truth_id, "true_value": true_value}, dtype="str")
        if len(entry):
            entry = entry.assign(table=self.table, kind=kind, field="", recorded="")
            self._entries.append(entry[LEDGER_COLUMNS].astype("str"))

    def ledger(self) -> pd.DataFrame:
        """All entries, in the order in which the defects happened."""
        if not self._entries:
            return pd.DataFrame({column: pd.Series(dtype="str") for column in LEDGER_COLUMNS})
        return pd.concat(self._entries, ignore_index=True)[LEDGER_COLUMNS]


def replay(records: pd.DataFrame, ledger: pd.DataFrame, table: str, key: str) -> pd.DataFrame:
    """Apply the field entries of a ledger, in order, to records without defects."""
    spoiled = records.set_index(key, drop=False)
    changes = ledger[(ledger["table"] == table) & (ledger["field"] != "")]
    for column, entries in changes.groupby("field", sort=False):
        last = entries.drop_duplicates("record_id", keep="last").set_index("record_id")["recorded"]
        spoiled.loc[last.index, column] = last
    return spoiled.reset_index(drop=True)


def heaped(ages: NDArray[np.object_]) -> NDArray[np.object_]:
    """Ages rounded to the nearest multiple of five; blanks stay, and 98 (98 or more) stays."""

    def one(age: str) -> str:
        return age if age in ("", "98") else str((int(age) + 2) // 5 * 5)

    return _map(ages, one)


def rounded_year(years: NDArray[np.object_], until: int) -> NDArray[np.object_]:
    """Years rounded to the nearest multiple of five, never after ``until``; blanks stay."""

    def one(year: str) -> str:
        return year if year == "" else str(min((int(year) + 2) // 5 * 5, until))

    return _map(years, one)


def _map(values: NDArray[np.object_], one: Callable[[str], str]) -> NDArray[np.object_]:
    table = {value: one(value) for value in set(values)}
    return np.array([table[value] for value in values], dtype=object)
