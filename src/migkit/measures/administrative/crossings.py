"""Entries and exits of the same person put together: stays, and what is missing from them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import need_columns, number, tidy
from migkit.measures.administrative._events import (
    DAY,
    Bools,
    Crossings,
    as_times,
    free_names,
    once,
    read_crossings,
)
from migkit.reference import _
from migkit.reference.language import N_

#: What became of an event, or of two.
STAY_STATUS: dict[str, str] = {
    "complete": N_("entry and exit"),
    "open": N_("entry, and nothing after it: still here, or the exit is missing"),
    "missing_exit": N_("entry, and another entry after it: the exit between is missing"),
    "missing_entry": N_("exit, and another exit before it: the entry between is missing"),
    "before_records": N_("exit, and nothing before it: here since before the records, or the entry is missing"),
    "repeat": N_("the same crossing entered twice"),
    "not_usable": N_("no person, time or direction"),
}


STAY_COLUMNS = ["entry", "exit", "days", "status", "entry_row", "exit_row"]


@dataclass(frozen=True)
class PairingRules:
    """How events are put together.

    Attributes:
        repeat_minutes: the same person in the same direction within so many minutes is one crossing entered
            twice.
        longest_days: an entry and an exit further apart are not one stay: an exit and an entry between are
            missing. None: no limit.
    """

    repeat_minutes: float = 30.0
    longest_days: float | None = None


def pair_crossings(
    events: pd.DataFrame,
    person: Any = "person",
    time: str = "date",
    direction: str = "direction",
    entry: Any = "E",
    exit: Any = "X",
    rules: PairingRules | None = None,
) -> pd.DataFrame:
    """Stays from crossings: each entry with the exit that follows it; every event is used exactly once.

    ::

        entry, then exit     complete          entry, then entry    missing_exit
        entry, then nothing  open              exit after exit      missing_entry
        exit before all      before_records    twice in minutes     repeat

    Absences of residents are stays abroad: call it with ``entry="X", exit="E"``. Where only the day is known,
    entries and exits of one day take turns, so that a visit within a day is one stay.

    Source: the method is the pairing of arrival and departure cards, as in Australian Bureau of Statistics,
    Overseas Arrivals and Departures, Methodology; rules on repeats and limits are assumptions.

    Args:
        events: one row an event.
        person: the column that says who it is, or several: ``["surname_key", "dob", "sex"]``, ``"doc_no"``.
        time: the column of the day or the time (2024-12-31 or 2024-12-31 23:59, or datetimes).
        direction: the column of the direction.
        entry, exit: its codes.
        rules: without them ``PairingRules()``.

    Returns:
        One row a stay or a single event, in order of person and time: the person's columns, ``entry`` and ``exit``
        (datetime), ``days`` (whole days between), ``status`` (a key of ``STAY_STATUS``), ``entry_row`` and
        ``exit_row`` (positions in ``events``, counted from 0).

    Raises:
        KitError: if a column is missing, a time cannot be read or a direction is neither code.

    >>> events = pd.DataFrame({
    ...     "person": ["A", "A", "A", "B"],
    ...     "date": ["2024-01-05", "2024-01-20", "2024-03-01", "2024-02-01"],
    ...     "direction": ["E", "X", "E", "X"],
    ... })
    >>> pair_crossings(events)[["person", "status", "days", "entry_row", "exit_row"]]
      person          status  days  entry_row  exit_row
    0      A        complete    15          0         1
    1      A            open  <NA>          2      <NA>
    2      B  before_records  <NA>       <NA>         3
    """
    rules = rules or PairingRules()
    every = read_crossings(events, person, time, direction, entry, exit)
    free_names(every.keys, STAY_COLUMNS, _("The key of the person"))
    taken, again = once(every, number(rules.repeat_minutes, "repeat_minutes"))
    follows = _closes_the_entry_before(taken, rules)
    closed = np.r_[follows[1:], False] if len(follows) else follows
    single = np.where(
        taken.enters,
        np.where(taken.last, "open", "missing_exit"),
        np.where(taken.first, "before_records", "missing_entry"),
    )
    status, after = np.where(closed, "complete", single), np.r_[taken.row[1:], -1][: len(follows)]
    exits = np.where(closed, after, np.where(taken.enters, -1, taken.row))
    rest = np.r_[again.row, every.left_out].astype(np.int64)
    entered = tidy(events[direction]).eq(entry).to_numpy(dtype=bool)[rest]
    table = pd.DataFrame(
        {
            "who": np.r_[taken.person[~follows], again.person, np.full(len(every.left_out), -1)].astype(np.int64),
            "entry_row": np.r_[np.where(taken.enters, taken.row, -1)[~follows], np.where(entered, rest, -1)],
            "exit_row": np.r_[exits[~follows], np.where(entered, -1, rest)],
            "status": [*status[~follows], *["repeat"] * len(again.row), *["not_usable"] * len(every.left_out)],
        }
    )
    return _shown_in_order(table, every, len(events))


def _closes_the_entry_before(taken: Crossings, rules: PairingRules) -> Bools:
    """Whether an event is the exit that belongs to the entry before it."""
    follows = np.zeros(len(taken.row), dtype=bool)
    if len(follows) > 1:
        follows[1:] = (taken.person[1:] == taken.person[:-1]) & taken.enters[:-1] & ~taken.enters[1:]
        if rules.longest_days is not None:
            apart = taken.time[1:] - taken.time[:-1]
            follows[1:] &= apart <= number(rules.longest_days, "longest_days") * DAY
    return follows


def _shown_in_order(table: pd.DataFrame, every: Crossings, n: int) -> pd.DataFrame:
    """The table with its times and the keys of its persons, in order of person and time; unusable events last."""
    time, known = np.zeros(n + 1, dtype=np.int64), np.zeros(n + 1, dtype=bool)  # row -1 is "none"
    time[every.row], known[every.row] = every.time, True
    rows = {side: table[f"{side}_row"].to_numpy(dtype=np.int64) for side in ("entry", "exit")}
    for side, row in rows.items():
        table[side] = as_times(time[row], ~known[row])
        table[f"{side}_row"] = pd.Series(row, dtype="Int64").mask(row < 0)
    table["days"] = ((table["exit"] - table["entry"]).dt.total_seconds() // DAY).astype("Int64")
    moment = np.where(rows["entry"] >= 0, time[rows["entry"]], time[rows["exit"]])
    order = np.lexsort((moment, table["who"], table["who"] < 0))
    who = table["who"].to_numpy()[order]
    keys = every.keys.reindex(np.where(who < 0, len(every.keys), who)).reset_index(drop=True)
    return pd.concat([keys, table[STAY_COLUMNS].iloc[order].reset_index(drop=True)], axis=1)


def pairing_report(stays: pd.DataFrame) -> pd.DataFrame:
    """How many stays have which status, and the events in them.

    Args:
        stays: what :func:`pair_crossings` returned.

    Returns:
        One row for each key of ``STAY_STATUS``: ``records`` (stays or single events), ``events``, ``percent``
        (of the events), ``meaning``. The events add up to those of the file.

    >>> events = pd.DataFrame({"person": ["A", "A", "B"], "date": ["2024-01-05", "2024-01-20", "2024-03-01"],
    ...                        "direction": ["E", "X", "E"]})
    >>> pairing_report(pair_crossings(events))["events"].to_dict()["complete"]
    2
    """
    need_columns(stays, ["status", "entry_row", "exit_row"], _("The table of stays"))
    used = stays["entry_row"].notna().astype("int64") + stays["exit_row"].notna().astype("int64")
    keys = list(STAY_STATUS)
    events = [int(used[stays["status"].eq(key)].sum()) for key in keys]
    total = sum(events)
    return pd.DataFrame(
        {
            "records": [int(stays["status"].eq(key).sum()) for key in keys],
            "events": events,
            "percent": [100 * n / total if total else np.nan for n in events],
            "meaning": [_(STAY_STATUS[key]) for key in keys],
        },
        index=pd.Index(keys, name="status", dtype=object),
    )


__all__ = ["STAY_STATUS", "PairingRules", "pair_crossings", "pairing_report"]
