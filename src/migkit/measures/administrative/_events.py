"""Crossings in order of person and time: what pairing and residence both start from."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migkit.measures._input import column_names, is_unknown, need_columns, shown, tidy
from migkit.reference import KitError, _

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
DAY = 86_400


def seconds(values: pd.Series, what: str) -> tuple[Ints, Bools]:
    """Times as seconds since 1970, and which are missing; text is read as 2024-12-31 or 2024-12-31 23:59.

    Raises:
        KitError: naming the first row that is neither a time nor blank.
    """
    if values.dtype.kind == "M":
        times = values.dt.tz_localize(None) if getattr(values.dtype, "tz", None) else values
    else:
        held = tidy(values)
        blank = held.isna() | held.eq("")
        numeric = held.map(lambda value: isinstance(value, (int, float, np.number))).astype(bool) & ~blank
        times = pd.to_datetime(held.mask(blank | numeric), errors="coerce", format="ISO8601")
        wrong = (times.isna() & ~blank).to_numpy(dtype=bool)
        if wrong.any():
            row = int(wrong.argmax())
            raise KitError(
                _(
                    "{what}: row {row} holds {value}, where a day such as 2024-12-31 is needed; see clean_dates."
                ).format(what=what, row=shown(values.index[row]), value=shown(values.iloc[row]))
            )
    missing = times.isna().to_numpy(dtype=bool)
    whole = times.to_numpy(dtype="datetime64[s]", na_value=np.datetime64("NaT")).astype(np.int64)
    return np.where(missing, 0, whole), missing


def moment(value: Any, what: str) -> int:
    """One day or time as seconds since 1970.

    Raises:
        KitError: if it is none.
    """
    try:
        held = pd.Series([pd.Timestamp(value)])
    except (TypeError, ValueError) as error:
        raise KitError(
            _("{what}: {value} is no day; write it 2024-12-31.").format(what=what, value=shown(value))
        ) from error
    whole, missing = seconds(held, what)
    if missing[0]:
        raise KitError(_("{what} is missing; write a day such as 2024-12-31.").format(what=what))
    return int(whole[0])


def as_times(values: Iterable[int], missing: Any = None) -> NDArray[np.datetime64]:
    """Seconds since 1970 as datetimes, blank where ``missing`` says so."""
    times = np.array(values, dtype=np.int64).astype("datetime64[s]")
    if missing is not None:
        times[np.asarray(missing, dtype=bool)] = np.datetime64("NaT")
    return times


def free_names(names: Iterable[Any], taken: Iterable[str], what: str) -> None:
    """Raise a KitError if a column of the office bears a name that the result needs."""
    reserved = set(taken)
    clash = [name for name in names if name in reserved]
    if clash:
        raise KitError(
            _("{what} has a column called {name}, which the result needs; rename it first.").format(
                what=what, name=shown(clash[0])
            )
        )


def person_codes(frame: pd.DataFrame, person: Any, what: str) -> tuple[Ints, pd.DataFrame]:
    """A number for each person (-1 where a part of the key is missing), and the key of each number, in order."""
    names = column_names(person, what)
    need_columns(frame, names, what)
    held = pd.DataFrame(
        {name: tidy(frame[name]) for name in names}, index=range(len(frame)) if frame.empty else None
    )
    held = held.reset_index(drop=True)
    known = ~pd.concat([is_unknown(held[name]) for name in names], axis=1).any(axis=1)
    keys = held[known].drop_duplicates()
    keys = keys.sort_values(names, key=lambda column: column.astype(str), kind="stable").reset_index(drop=True)
    number = pd.Series(
        np.arange(len(keys)), index=pd.MultiIndex.from_frame(keys) if len(keys) else None, dtype="int64"
    )
    codes = np.full(len(frame), -1, dtype=np.int64)
    if len(keys):
        codes[known.to_numpy()] = number.reindex(pd.MultiIndex.from_frame(held[known])).to_numpy()
    return codes, keys


@dataclass(frozen=True)
class Crossings:
    """Events of known persons in order of time; arrays of one length.

    Attributes:
        row: position of the event in the table.
        person: number of the person.
        time: seconds since 1970.
        enters: whether it is an entry.
        keys: the key of each person.
        left_out: positions of events without person, time or direction.
    """

    row: Ints
    person: Ints
    time: Ints
    enters: Bools
    keys: pd.DataFrame
    left_out: Ints

    @property
    def first(self) -> Bools:
        """Whether an event is its person's first."""
        return np.r_[True, self.person[1:] != self.person[:-1]] if len(self.person) else np.zeros(0, dtype=bool)

    @property
    def last(self) -> Bools:
        """Whether an event is its person's last."""
        return np.r_[self.first[1:], True] if len(self.person) else np.zeros(0, dtype=bool)

    def only(self, which: Bools | Ints) -> "Crossings":
        """These events, in this order."""
        return Crossings(
            self.row[which], self.person[which], self.time[which], self.enters[which], self.keys, self.left_out
        )


def _taking_turns(inside: bool | None, entries: Ints, exits: Ints, next_enters: bool | None) -> list[int]:
    """Entries and exits of one moment in the order in which they take turns."""
    queues = {True: list(entries), False: list(exits)}
    if inside is None and len(entries) == len(exits):
        enters = next_enters is not False  # who leaves next is inside after this moment: the entry comes last
    elif inside is None:
        enters = len(entries) > len(exits)
    else:
        enters = not inside
    order = []
    while queues[True] or queues[False]:
        turn = enters if queues[enters] else not enters
        order.append(queues[turn].pop(0))
        enters = not turn
    return order


def _untied(events: Crossings, lives_here: dict[int, bool]) -> Crossings:
    """Events of one person at one moment (or day, where no time is known) in the order that makes sense."""
    n = len(events.row)
    if n < 2:
        return events
    starts = np.r_[True, (events.person[1:] != events.person[:-1]) | (events.time[1:] != events.time[:-1])]
    begin = np.flatnonzero(starts)
    end = np.r_[begin[1:], n]
    entries = np.add.reduceat(events.enters.astype(np.int64), begin)
    order, enters = np.arange(n), events.enters.copy()
    for at in np.flatnonzero((entries > 0) & (entries < end - begin)):
        low, high = int(begin[at]), int(end[at])
        first = not low or events.person[low - 1] != events.person[low]
        inside = lives_here.get(int(events.person[low])) if first else bool(enters[low - 1])
        after = high < n and events.person[high] == events.person[low]
        group = np.arange(low, high)
        turns = _taking_turns(
            inside,
            group[events.enters[low:high]],
            group[~events.enters[low:high]],
            bool(events.enters[high]) if after else None,
        )
        order[low:high], enters[low:high] = turns, events.enters[turns]
    return events.only(order)


def read_crossings(
    events: pd.DataFrame,
    person: Any,
    time: str,
    direction: str,
    entry: Any = "E",
    exit: Any = "X",
    lives_here: pd.Series | None = None,
) -> Crossings:
    """The events of a table in order of person and time; on one day or minute entries and exits take turns.

    ``lives_here`` says of each event, by position, whether the person lives in the country: who does is inside
    before the first event.
    """
    what = _("The table of crossings")
    codes, keys = person_codes(events, person, what)
    need_columns(events, [time, direction], what)
    when, no_time = seconds(events[time], _("{what}, column {column}").format(what=what, column=shown(time)))
    held = tidy(events[direction])
    unknown = is_unknown(held).to_numpy(dtype=bool)
    enters, leaves = held.eq(entry).to_numpy(dtype=bool), held.eq(exit).to_numpy(dtype=bool)
    strange = ~(enters | leaves | unknown)
    if entry == exit:
        raise KitError(_("Entries and exits need two codes; both are {code}.").format(code=shown(entry)))
    if strange.any():
        row = int(strange.argmax())
        raise KitError(
            _(
                "Column {column}: row {row} holds {value}, but entries are {entry} and exits {exit}; say which "
                "they are with the arguments entry and exit."
            ).format(
                column=shown(direction),
                row=shown(events.index[row]),
                value=shown(held.iloc[row]),
                entry=shown(entry),
                exit=shown(exit),
            )
        )
    usable = (codes >= 0) & ~no_time & (enters | leaves)
    rows = np.flatnonzero(usable)
    order = rows[np.lexsort((rows, ~enters[rows], when[rows], codes[rows]))]
    said: dict[int, bool] = {}
    if lives_here is not None:
        stated = lives_here.iloc[order].reset_index(drop=True).groupby(codes[order]).first().dropna()
        said = {int(code): bool(value) for code, value in stated.items()}  # type: ignore[call-overload]
    taken = Crossings(order, codes[order], when[order], enters[order], keys, np.flatnonzero(~usable))
    return _untied(taken, said)


def once(events: Crossings, minutes: float) -> tuple[Crossings, Crossings]:
    """Events, and those that repeat the event before them: same person and direction, within so many minutes."""
    again = np.zeros(len(events.row), dtype=bool)
    if len(again) > 1:
        again[1:] = (
            (events.person[1:] == events.person[:-1])
            & (events.enters[1:] == events.enters[:-1])
            & (events.time[1:] - events.time[:-1] <= minutes * 60)
        )
    return events.only(~again), events.only(again)
