"""Records and their ledger: what was recorded, what was true, and which defect made the difference.

Every source starts from *perfect* records: what its instrument would write if nothing went wrong. ``Recorder``
spoils them and keeps the ledger; ``reproduce`` goes the way back, so a test can show that truth and ledger
together are the records exactly. All values are text ('' is blank); files give them the types of the dictionary.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from migkit.reference import KitError, Source, _

LEVELS: tuple[str, ...] = ("none", "typical", "severe")
LEDGER_COLUMNS = ["table", "record_id", "truth_id", "kind", "field", "recorded", "true_value"]
LINK_COLUMNS = ["table", "record_id", "truth_id", "event", "kind"]
#: Kinds of link from a record to the truth.
TRUE, DUPLICATE, INVENTED = "true", "duplicate", "invented"
Mask = NDArray[np.bool_]
Texts = NDArray[np.object_]


class ErrorModel:
    """The rates of a source's defects at a level; single rates can be set on top of it.

    At level "none" every rate is zero but those that are set.
    """

    def __init__(self, source: Source, level: str = "typical", rates: dict[str, float] | None = None) -> None:
        """Take the rates of ``source`` at ``level``.

        Args:
            source: the source's dictionary.
            level: "none", "typical" or "severe".
            rates: single rates by "defect" (all its groups) or "defect.group"; others are left as they are.

        Raises:
            KitError: for an unknown level, defect or group, or a rate below 0 or above 1.
        """
        if level not in LEVELS:
            raise KitError(
                _("There is no defect level {level!r}; use one of {levels}.").format(
                    level=level, levels=", ".join(LEVELS)
                )
            )
        self.source = source
        self.level = level
        self._rates = {
            (key, group): 0.0 if level == "none" and not group.startswith("factor") else float(value)
            for key, defect in source.defects.items()
            for group, value in defect.rates["typical" if level == "none" else level].items()
        }
        for name, value in (rates or {}).items():
            self._set(name, value)

    def _set(self, name: str, value: float) -> None:
        defect, _dot, group = name.partition(".")
        of_defect = [pair for pair in self._rates if pair[0] == defect]
        hits = [pair for pair in of_defect if pair[1] == (group or pair[1])]
        if not group:  # a factor multiplies the rates of its defect and is none itself
            hits = [pair for pair in hits if not pair[1].startswith("factor")]
        if not hits:
            known = ", ".join(sorted({key for key, _group in self._rates}))
            raise KitError(
                _("{source} has no defect {name!r}; its defects are: {known}.").format(
                    source=self.source.key, name=name, known=known
                )
            )
        for pair in hits:
            if value < 0 or (value > 1 and not pair[1].startswith("factor")):
                raise KitError(
                    _("The rate {name} = {value:g} is not possible; a rate lies between 0 and 1.").format(
                        name=name, value=value
                    )
                )
            self._rates[pair] = float(value)

    def rate(self, defect: str, group: str = "all") -> float:
        """The rate of a defect in a group.

        Raises:
            KitError: if the dictionary of the source gives none.
        """
        try:
            return self._rates[defect, group]
        except KeyError:
            raise KitError(
                _("{source}.yml, defect {defect}: the {level} rate of {group!r} is missing; add it.").format(
                    source=self.source.key,
                    defect=defect,
                    level="typical" if self.level == "none" else self.level,
                    group=group,
                )
            ) from None


@dataclass(frozen=True)
class Recorded:
    """One table as it was recorded, and the way back to the truth.

    records: the dictionary's columns, text. ledger: LEDGER_COLUMNS. links: LINK_COLUMNS, one row for each record.
    perfect: what would have been recorded without defects, with the columns event and truth_id and no key.
    numbers: the columns that number and count the records, as the key does, and say nothing about the truth.
    """

    records: pd.DataFrame
    ledger: pd.DataFrame
    links: pd.DataFrame
    perfect: pd.DataFrame
    key: str
    numbers: pd.DataFrame


@dataclass(frozen=True)
class Observed:
    """All that a source has recorded of a world: its tables by name."""

    tables: dict[str, Recorded] = field(default_factory=dict)

    @property
    def ledger(self) -> pd.DataFrame:
        """The ledgers of all tables."""
        return pd.concat([each.ledger for each in self.tables.values()], ignore_index=True)

    @property
    def links(self) -> pd.DataFrame:
        """The links of all tables."""
        return pd.concat([each.links for each in self.tables.values()], ignore_index=True)


def text(values: pd.Series) -> pd.Series:
    """A column as plain text, blank where missing; whole numbers without a point, dates as 2024-07-01."""
    if pd.api.types.is_datetime64_any_dtype(values):
        values = values.dt.strftime("%Y-%m-%d")
    return values.astype("object").where(values.notna(), "").astype("str").reset_index(drop=True)


def identifiers(iso3: str, letters: str, chunk: int, n: int) -> Texts:
    """``n`` record identifiers: SYN marks them as synthetic, the chunk keeps them apart between files."""
    prefix = f"SYN-{iso3}-{letters}{chunk:03d}"
    return np.array([f"{prefix}{number:06d}" for number in range(1, n + 1)], dtype=object)


class Recorder:
    """A table of records being spoiled, defect by defect, with a ledger entry for each change.

    First records are left out, doubled or made up (``omit``, ``duplicate``, ``invent``), then answers change
    (``change``), then ``finish`` numbers the records.
    """

    def __init__(self, table: str, perfect: pd.DataFrame, key: str, numbers: tuple[str, ...] = ()) -> None:
        """Start from perfect records.

        Args:
            table: name of the table in the dictionary.
            perfect: text columns; ``event`` is a unique name of what was recorded, ``truth_id`` the true person.
            key: the column that will hold the record's identifier.
            numbers: columns that only number or count the records, such as the line on a form: ``put`` fills them,
                and the ledger does not follow them.
        """
        self.table = table
        self.key = key
        # A key that stands already would count as an answer, and no ledger entry could explain it.
        perfect = perfect.drop(columns=key, errors="ignore").reset_index(drop=True)
        self.numbers = numbers
        self.perfect = perfect.drop(columns=list(numbers), errors="ignore")
        self.answers = [name for name in self.perfect.columns if name not in ("event", "truth_id")]
        blank = pd.Series("", index=perfect.index)
        self._columns: dict[str, Texts] = {
            name: perfect.get(name, blank).astype("str").to_numpy(dtype=object)
            for name in dict.fromkeys([*perfect.columns, *numbers])
        }
        n = len(self.perfect)
        # What each record should say: the row of its event here, behind which stands a blank for no event.
        self._truth = dict(self._columns)
        self._event = np.arange(n, dtype=np.int64)
        self._row = np.arange(n, dtype=np.int64)
        self._kind = np.full(n, TRUE, dtype=object)
        self._rows_made = n
        self._omitted: list[pd.DataFrame] = []
        self._extras: list[pd.DataFrame] = []
        self._changes: list[pd.DataFrame] = []

    def __len__(self) -> int:
        """How many records there are."""
        return len(self._row)

    def __getitem__(self, column: str) -> Texts:
        """What is recorded in a column."""
        return self._columns[column]

    @property
    def kinds(self) -> Texts:
        """Of each record, whether it is "true", a "duplicate" or "invented"."""
        return self._kind

    def _take(self, rows: NDArray[np.int64] | Mask) -> None:
        self._columns = {name: values[rows] for name, values in self._columns.items()}
        self._row, self._kind, self._event = self._row[rows], self._kind[rows], self._event[rows]

    def _append(
        self, columns: dict[str, Texts], events: NDArray[np.int64], kind: str, defect: str
    ) -> NDArray[np.int64]:
        if self._changes and len(next(iter(columns.values()))):
            raise ValueError("add and leave out records before single answers change")
        n = len(columns["event"])
        rows = np.arange(self._rows_made, self._rows_made + n, dtype=np.int64)
        self._rows_made += n
        self._columns = {name: np.concatenate([self._columns[name], columns[name]]) for name in self._columns}
        self._row = np.concatenate([self._row, rows])
        self._event = np.concatenate([self._event, events])
        self._kind = np.concatenate([self._kind, np.full(n, kind, dtype=object)])
        entry = {"row": rows, "truth_id": columns["truth_id"], "kind": defect, "true_value": columns["event"]}
        self._extras.append(pd.DataFrame(entry))
        return rows

    def omit(self, where: Mask, kind: str) -> None:
        """Leave records out; the ledger keeps the event in ``true_value``."""
        if where.any():
            lost = {"truth_id": self["truth_id"][where], "kind": kind, "true_value": self["event"][where]}
            self._omitted.append(pd.DataFrame(lost))
            self._take(~where)

    def duplicate(self, where: Mask, kind: str) -> NDArray[np.int64]:
        """Record events a second time, as they truly were. Returns the positions of the new records."""
        start = len(self)
        again = {name: values[where] for name, values in self._columns.items()}
        self._append(again, self._event[where], DUPLICATE, kind)
        return np.arange(start, len(self), dtype=np.int64)

    def invent(self, rows: pd.DataFrame, kind: str) -> NDArray[np.int64]:
        """Add records of nothing that happened: ``rows`` holds the answers.

        A ``truth_id`` among them names a true person who should not be in the file, such as a refugee who lives
        across the border; without it the record is of nobody. Returns the positions of the new records.
        """
        start = len(self)
        blank = np.full(len(rows), "", dtype=object)
        new = {
            name: rows[name].astype("str").to_numpy(dtype=object) if name in rows else blank
            for name in self._columns
        }
        new["event"] = blank
        nothing = np.full(len(rows), len(self.perfect), dtype=np.int64)
        made = self._append(new, nothing, INVENTED, kind)
        for column in self.answers:
            said = new[column] != ""
            # Beside the extra records, not among the changes: more records may still be made up after these.
            answer = _entries(made[said], new["truth_id"][said], column, new[column][said], blank[said], kind)
            self._extras.append(answer)
        return np.arange(start, len(self), dtype=np.int64)

    def change(self, where: Mask, column: str, new: ArrayLike | str, kind: str) -> None:
        """Record ``new`` instead of what stands in ``column`` where the mask holds and the value differs.

        The ledger's true value stays the truth where an earlier defect had changed the answer already.
        """
        old = self._columns[column]
        values = np.full(len(old), new, dtype=object) if isinstance(new, str) else np.asarray(new, dtype=object)
        hit = where & (old != values)
        if hit.any():
            true = np.append(self._truth[column], "")[self._event[hit]]
            who = self["truth_id"][hit]
            self._changes.append(_entries(self._row[hit], who, column, values[hit], true, kind))
            self._columns[column] = np.where(hit, values, old)

    def put(self, column: str, values: Texts) -> None:
        """Fill a column that numbers or counts the records."""
        if column not in self.numbers:
            raise ValueError(f"{column} is an answer: change it")
        self._columns[column] = values

    def sort(self, columns: list[str]) -> None:
        """Put the records in order by columns, which they keep until they are numbered."""
        order = pd.DataFrame({name: self._columns[name] for name in columns}).sort_values(columns, kind="stable")
        self._take(order.index.to_numpy())

    def finish(self, ids: Texts, columns: list[str]) -> Recorded:
        """Number the records and close the ledger.

        Args:
            ids: an identifier for each record, in their present order.
            columns: the table's columns in the order of the dictionary, the key among them.
        """
        named = pd.Series(ids, index=self._row)
        records = pd.DataFrame(self._columns | {self.key: ids})[columns].astype("str")
        links = {"table": self.table, "record_id": ids, "truth_id": self["truth_id"], "event": self["event"]}
        return Recorded(
            records=records.reset_index(drop=True),
            ledger=self._ledger(named),
            links=pd.DataFrame(links | {"kind": self._kind})[LINK_COLUMNS].astype("str"),
            perfect=self.perfect,
            key=self.key,
            numbers=records[list(self.numbers)].reset_index(drop=True),
        )

    def _ledger(self, named: pd.Series) -> pd.DataFrame:
        """Records left out, records too many, then changes in the order in which they happened."""
        entries = [lost.assign(record_id="") for lost in self._omitted]
        for entry in (*self._extras, *self._changes):
            kept = entry[entry["row"].isin(named.index)]
            entries.append(kept.assign(record_id=named.loc[kept["row"]].to_numpy()))
        if not entries:
            return pd.DataFrame({column: pd.Series(dtype="str") for column in LEDGER_COLUMNS})
        whole = pd.concat(entries, ignore_index=True).assign(table=self.table)
        return whole.reindex(columns=LEDGER_COLUMNS).fillna("").astype("str")


def _entries(
    rows: NDArray[np.int64], truth: Texts, column: str, recorded: Texts, true: Texts, kind: str
) -> pd.DataFrame:
    """Ledger entries of one column: what was recorded and what is true."""
    entry = {"row": rows, "truth_id": truth, "kind": kind, "field": column}
    return pd.DataFrame(entry | {"recorded": recorded, "true_value": true})


def reproduce(recorded: Recorded) -> pd.DataFrame:
    """The records, made again from the perfect records, the links and the ledger alone.

    Returns:
        A table that equals ``recorded.records`` if the ledger tells everything.
    """
    perfect = recorded.perfect.set_index("event")
    links, ledger = recorded.links, recorded.ledger
    answers = [name for name in perfect.columns if name != "truth_id"]
    rows = perfect[answers].reindex(links["event"].to_numpy()).fillna("").astype("object")
    rows.index = pd.Index(links["record_id"])
    changes = ledger[ledger["field"] != ""]
    for column, entries in changes.groupby("field", sort=False):
        last = entries.drop_duplicates("record_id", keep="last").set_index("record_id")["recorded"]
        rows.loc[last.index, str(column)] = last
    rows[recorded.key] = rows.index
    for number in recorded.numbers:
        rows[number] = recorded.numbers[number].to_numpy()
    return rows[list(recorded.records.columns)].astype("str").reset_index(drop=True)


def left_out(recorded: Recorded) -> set[str]:
    """The events of the perfect records that no record stands for; the ledger must name each of them."""
    return set(recorded.perfect["event"].astype("str")) - set(recorded.links["event"])


def heaped(ages: Texts) -> Texts:
    """Ages rounded to the nearest multiple of five; blanks stay, and 98 (98 or more) stays."""

    def one(age: str) -> str:
        return age if age in ("", "98") else str((int(age) + 2) // 5 * 5)

    return mapped(ages, one)


def rounded_year(years: Texts, until: int) -> Texts:
    """Years rounded to the nearest multiple of five, never after ``until``; blanks stay."""

    def one(year: str) -> str:
        return year if year == "" else str(min((int(year) + 2) // 5 * 5, until))

    return mapped(years, one)


def mapped(values: Texts, one: Callable[[str], str]) -> Texts:
    """Each text changed by a function that is called once for each different text."""
    table = {value: one(value) for value in dict.fromkeys(values)}
    return np.array([table[value] for value in values], dtype=object)
