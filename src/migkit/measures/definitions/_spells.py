"""The spells of an office's file, checked and turned into stays at home and away, in days."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migkit.measures._input import in_order, is_unknown, need_columns, numbers, shown, tidy
from migkit.measures.definitions._codes import as_code, check_country, country_codes
from migkit.reference import KitError, _

Days = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: Later than any day, and earlier than any.
NEVER, ALWAYS = int(np.iinfo(np.int64).max) // 4, int(np.iinfo(np.int64).min) // 4
YEAR_9999 = int(np.datetime64("9999-01-01", "D").astype(np.int64))
#: Sides of a border.
OUT, HOME, NOT_KNOWN = 0, 1, 2

#: Columns of spells and of persons, as the kit calls them. Those in the second line may be missing.
MUST = ("person", "country", "start", "end")
MAY = ("intended_months", "purpose")
OF_PERSONS = ("birth_date", "death_date")


def day_number(day: Any, what: str) -> int:
    """A date as days since 1970.

    Raises:
        KitError: if it is no date.
    """
    days = date_column(pd.Series([day], dtype=object), what)
    if days[0] == NEVER:
        raise KitError(_("{what} must be a date such as 2024-12-31; got {day}.").format(what=what, day=shown(day)))
    return int(days[0])


def as_dates(days: Days) -> NDArray[np.datetime64]:
    """Dates of day numbers; NEVER is NaT."""
    kept = np.where(np.abs(days) < NEVER, days, 0).astype("datetime64[D]")
    kept[np.abs(days) >= NEVER] = np.datetime64("NaT")
    return kept.astype("datetime64[s]")


def _one_day(value: Any) -> int | None:
    """Days since 1970 of a date, a time or the text "2024-12-31"; None if it is none of these."""
    try:
        if isinstance(value, str):
            value = datetime.fromisoformat(value.strip())
        if isinstance(value, datetime):
            value = value.date()
        if isinstance(value, (date, np.datetime64)):
            return int(np.array(value, dtype="datetime64[D]").astype(np.int64))
    except ValueError:
        pass
    return None


def date_column(values: pd.Series, what: str) -> Days:
    """Dates, times or texts such as "2024-12-31" as days since 1970; blanks as NEVER.

    Raises:
        KitError: naming the first row that is no date.
    """
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        values = values.dt.tz_localize(None)
    if values.dtype.kind == "M" and isinstance(values.dtype, np.dtype):
        stamps = values.to_numpy().astype("datetime64[D]")
        return np.where(np.isnat(stamps), NEVER, stamps.astype(np.int64))
    held = tidy(values).reset_index(drop=True)
    blank = (held.isna() | held.eq("")).to_numpy(dtype=bool)
    known = {value: _one_day(value) for value in held[~blank].unique()}
    bad = [value for value, day in known.items() if day is None]
    if bad:
        rows = held.isin(bad) & ~blank
        first = int(rows.to_numpy().argmax())
        raise KitError(
            _("{what}: row {row} holds {value}; a date such as 2024-12-31 is needed ({n} such rows).").format(
                what=what, row=shown(values.index[first]), value=shown(held.iloc[first]), n=int(rows.sum())
            )
        )
    return held.map(lambda value: known.get(value, NEVER)).where(~blank, NEVER).to_numpy(dtype=np.int64)


def add_months(days: Days, months: Any) -> Days:
    """The same day of the month so many months later, the last one where the month is shorter."""
    safe = np.where(np.abs(days) < NEVER, days, 0).astype("datetime64[D]")
    month = safe.astype("datetime64[M]")
    later = month + np.asarray(months, dtype=np.int64).astype("timedelta64[M]")
    length = ((later + np.timedelta64(1, "M")).astype("datetime64[D]") - later.astype("datetime64[D]")).astype(int)
    within = np.minimum((safe - month.astype("datetime64[D]")).astype(np.int64), length - 1)
    moved = later.astype("datetime64[D]").astype(np.int64) + within
    return np.where(np.abs(days) < NEVER, moved, days)


@dataclass
class Stays:
    """Stays at home and away, person by person, in order of time and without a gap.

    ``person`` is a row of ``persons``; ``end`` is the first day after, NEVER if not over; ``planned`` is the day
    until which somebody means to stay (ALWAYS: not known); ``born`` and ``died`` say that the stay began with
    birth or ended with death.
    """

    persons: pd.DataFrame
    horizon: int
    person: Days
    side: Days
    start: Days
    end: Days
    planned: Days
    purpose: NDArray[np.object_]
    born: Flags
    died: Flags

    def take(self, rows: Flags | Days) -> "Stays":
        """Some of the stays."""
        own = {name: getattr(self, name)[rows] for name in ARRAYS}
        return Stays(self.persons, self.horizon, **own)

    @property
    def first(self) -> Flags:
        """The first stay of each person."""
        return np.r_[True, self.person[1:] != self.person[:-1]] if len(self.person) else np.zeros(0, dtype=bool)

    @property
    def last(self) -> Flags:
        """The last stay of each person."""
        return np.r_[self.first[1:], True] if len(self.person) else np.zeros(0, dtype=bool)

    def at(self, person: Days, day: Days) -> Days:
        """The row in which each person is on a day of his or her own; -1 before the first one."""
        # One line for everybody: each person's time lies far behind that of the one before.
        far = 2 * int(max(np.abs(self.start).max(initial=0), np.abs(day).max(initial=0))) + 2
        row = np.searchsorted(self.person * far + self.start, person * far + day, side="right") - 1
        mine = (row >= 0) & (self.person[np.maximum(row, 0)] == person) if len(self.person) else row >= 0
        return np.where(mine, row, -1)

    def known_days(self) -> Days:
        """Days that a stay is known to have lasted."""
        return np.minimum(self.end, self.horizon + 1) - self.start

    def merged(self, begins: Flags) -> "Stays":
        """One stay for each run of rows that starts where ``begins`` is true."""
        if not len(begins):
            return self
        heads = np.flatnonzero(begins)
        tails = np.r_[heads[1:], len(begins)] - 1
        kept = self.take(heads)
        kept.end, kept.died = np.maximum.reduceat(self.end, heads), self.died[tails]
        kept.planned = np.maximum.reduceat(self.planned, heads)
        return kept


ARRAYS = ("person", "side", "start", "end", "planned", "purpose", "born", "died")


def column_map(columns: Mapping[str, str] | None) -> dict[str, str]:
    """What the file calls the kit's columns.

    Raises:
        KitError: if a key is no column of the kit's.
    """
    known = (*MUST, *MAY, *OF_PERSONS)
    if columns is not None and not isinstance(columns, Mapping):
        raise KitError(
            _("columns says what the file calls the kit's columns, such as {example}; got {c}.").format(
                example="{'start': 'entry_date'}", c=shown(columns)
            )
        )
    given = dict(columns or {})
    strange = [key for key in given if key not in known]
    if strange:
        raise KitError(
            _("Spells have no column called {strange}; name one of {known}.").format(
                strange=", ".join(map(shown, strange)), known=", ".join(known)
            )
        )
    return {key: given.get(key, key) for key in known}


def _refuse(bad: Flags, spells: pd.DataFrame, person: str, sentence: str) -> None:
    """Raise one sentence about the first bad row."""
    if bad.any():
        row = int(np.argmax(bad))
        raise KitError(
            _("The table of spells, row {row} (person {person}): {what} ({n} such rows).").format(
                row=shown(spells.index[row]),
                person=shown(spells[person].iloc[row]),
                what=sentence,
                n=int(bad.sum()),
            )
        )


def check_persons(persons: pd.DataFrame, person: str) -> None:
    """Refuse a table of persons in which somebody has no number, or stands twice."""
    need_columns(persons, [person], _("The table of persons"))
    tidy(persons[person])  # one value in each cell
    what, bad = _("has no value in column {c!r}").format(c=person), persons[person].isna()
    if not bad.any():
        what, bad = _("stands there twice"), persons[person].duplicated()
    if bad.any():
        row = int(bad.to_numpy().argmax())
        raise KitError(
            _("The table of persons, row {row}: the person {what} ({n} such rows).").format(
                row=shown(persons.index[row]), what=what, n=int(bad.sum())
            )
        )


def _persons(
    spells: pd.DataFrame, persons: pd.DataFrame | None, names: dict[str, str]
) -> tuple[pd.DataFrame, Days]:
    """The table of persons, as it came, and the row of each spell's person in it."""
    person = names["person"]
    tidy(spells[person])  # one value in each cell
    _refuse(spells[person].isna().to_numpy(), spells, person, _("it is not said whose spell this is"))
    if persons is None:
        row, found = pd.factorize(spells[person])
        order = {value: place for place, value in enumerate(in_order(list(found)))}
        place = np.array([order[value] for value in found], dtype=np.int64)
        return pd.DataFrame({person: pd.Series(list(order), dtype=object)}), place[row]
    check_persons(persons, person)
    ids = spells[person].astype(object)
    row = pd.Index(persons[person].astype(object), dtype=object).get_indexer(pd.Index(ids, dtype=object))
    _refuse(row < 0, spells, person, _("this person is not in the table of persons"))
    return persons, row.astype(np.int64)


def _of_persons(
    persons: pd.DataFrame, names: dict[str, str], columns: Mapping[str, str] | None
) -> dict[str, Days]:
    """Dates of birth and death, NEVER where there is none."""
    found = {}
    for key in OF_PERSONS:
        if columns and key in columns:
            need_columns(persons, [names[key]], _("The table of persons"))
        held = names[key] in persons.columns
        what = _("The table of persons, column {c!r}").format(c=names[key])
        found[key] = (
            date_column(persons[names[key]], what) if held else np.full(len(persons), NEVER, dtype=np.int64)
        )
    wrong = (found["birth_date"] != NEVER) & (found["death_date"] < found["birth_date"])
    if wrong.any():
        row = int(np.argmax(wrong))
        raise KitError(
            _("The table of persons, row {row}: the death lies before the birth ({n} such rows).").format(
                row=shown(persons.index[row]), n=int(wrong.sum())
            )
        )
    return found


def _sides(spells: pd.DataFrame, column: str, country: Any) -> tuple[Days, NDArray[np.object_]]:
    """On which side of the border each spell is, and its country as text."""
    codes, home = country_codes(spells[column]), as_code(country)
    check_country(codes, home, column)
    unknown = is_unknown(codes).to_numpy()
    text = codes.astype(object).where(~unknown, "").astype(str).to_numpy(dtype=object)
    return np.where(unknown, NOT_KNOWN, np.where(text == home, HOME, OUT)).astype(np.int64), text


def _optional(spells: pd.DataFrame, names: dict[str, str], columns: Mapping[str, str] | None, key: str) -> Any:
    """A column that may be missing; one that was named must be there."""
    if columns and key in columns:
        need_columns(spells, [names[key]], _("The table of spells"))
    return spells[names[key]] if names[key] in spells.columns else None


def _planned(months: Any, start: Days, name: str) -> Days:
    """The day until which somebody means to stay; ALWAYS where nobody asked."""
    if months is None:
        return np.full(len(start), ALWAYS, dtype=np.int64)
    figures = numbers(months, _("The table of spells, column {c!r}").format(c=name), missing=True).to_numpy()
    known = ~np.isnan(figures)
    # Half months end 15 days later; nobody plans for more than 200 years.
    figures = np.minimum(np.where(known, figures, 0), 2400)
    whole = np.floor(figures)
    until = add_months(start, whole.astype(np.int64)) + np.round((figures - whole) * 30).astype(np.int64)
    return np.where(known, until, ALWAYS)


def _no_overlap(spells: pd.DataFrame, names: dict[str, str], stays: Stays, text: NDArray[np.object_]) -> Flags:
    """Where a spell begins anew; a KitError if somebody is in two countries at a time."""
    reached = pd.Series(stays.end).groupby(stays.person).cummax().to_numpy()
    before = np.r_[ALWAYS, reached[:-1]]
    before[stays.first] = ALWAYS
    overlap = stays.start < before
    other = np.r_[True, text[1:] != text[:-1]]
    _refuse(
        overlap & other,
        spells,
        names["person"],
        _("it overlaps with a spell of the same person in another country"),
    )
    return np.asarray(stays.first | other | (stays.start > before))


def _filled(stays: Stays, death: Days) -> Stays:
    """Add the time between spells and after the last one, which is time away."""
    own_death = death[stays.person]
    stays.died = (own_death < NEVER) & (stays.end == own_death)
    following = np.r_[stays.start[1:], 0]
    following[stays.last] = NEVER
    gap = (stays.end < following) & ~stays.died
    n, to_death = int(gap.sum()), (stays.last & (own_death < NEVER))[gap]
    away = Stays(
        stays.persons,
        stays.horizon,
        person=stays.person[gap],
        side=np.full(n, OUT, dtype=np.int64),
        start=stays.end[gap],
        end=np.where(to_death, own_death[gap], following[gap]),
        planned=np.full(n, ALWAYS, dtype=np.int64),
        purpose=np.full(n, None, dtype=object),
        born=np.zeros(n, dtype=bool),
        died=to_death,
    )
    joined = {name: np.concatenate([getattr(stays, name), getattr(away, name)]) for name in ARRAYS}
    order = np.lexsort((joined["start"], joined["person"]))
    every = Stays(stays.persons, stays.horizon, **joined).take(order)
    same = np.r_[False, (every.side[1:] == every.side[:-1])] if len(every.side) else np.zeros(0, dtype=bool)
    return every.merged(every.first | ~same)


def read_stays(
    spells: pd.DataFrame,
    country: Any,
    persons: pd.DataFrame | None,
    known_until: Any,
    at_least: int,
    columns: Mapping[str, str] | None,
) -> Stays:
    """Check the file and turn it into stays at home and away.

    Args:
        spells, country, persons, known_until, columns: as for ``residence_history``.
        at_least: the day up to which the answer is asked for; the horizon lies there or later.

    Raises:
        KitError: naming row and person of what cannot be.
    """
    names = column_map(columns)
    need_columns(spells, [names[key] for key in MUST], _("The table of spells"))
    everybody, row = _persons(spells, persons, names)
    dates = _of_persons(everybody, names, columns)
    born, death = dates["birth_date"], dates["death_date"]
    what = _("The table of spells, column {c!r}")
    start = date_column(spells[names["start"]], what.format(c=names["start"]))
    end = date_column(spells[names["end"]], what.format(c=names["end"]))
    # Registers write the year 9999 for "not over", and for a day that nobody knows.
    start, end = (np.where(each >= YEAR_9999, NEVER, each) for each in (start, end))
    side, text = _sides(spells, names["country"], country)
    for bad, sentence in (
        (start == NEVER, _("it has no first day")),
        (end < start, _("it ends before it starts")),
        (end == start, _("it starts and ends on one day; a stay has a night, keep day trips in another table")),
        ((born[row] < NEVER) & (start < born[row]), _("it starts before the person was born")),
        ((end < NEVER) & (end > death[row]), _("it ends after the person's death")),
        (start >= death[row], _("it starts after the person's death")),
    ):
        _refuse(bad, spells, names["person"], sentence)
    end = np.minimum(end, death[row])
    known = [int(each[each < NEVER].max()) for each in (start, end) if (each < NEVER).any()]
    horizon = max([at_least, *known]) if known_until is None else day_number(known_until, "known_until")
    if horizon < at_least:
        raise KitError(
            _("'known_until' lies before the last day that the answer is about; give that day or a later one.")
        )
    purpose = _optional(spells, names, columns, "purpose")
    stays = Stays(
        everybody,
        horizon,
        person=row,
        side=side,
        start=start,
        end=end,
        planned=_planned(_optional(spells, names, columns, "intended_months"), start, names["intended_months"]),
        purpose=np.full(len(row), None, dtype=object) if purpose is None else tidy(purpose).to_numpy(dtype=object),
        born=(born[row] != NEVER) & (start == born[row]),
        died=np.zeros(len(row), dtype=bool),
    )
    order = np.lexsort((stays.end, stays.start, stays.person))
    stays, ordered = stays.take(order), spells.iloc[order]
    begins = _no_overlap(ordered, names, stays, text[order])
    # What happens after the horizon is not known yet.
    known_yet = stays.start <= horizon
    stays = stays.take(known_yet).merged(begins[known_yet])
    stays.end = np.where(stays.end > horizon, NEVER, stays.end)
    return _filled(stays, np.where(death > horizon, NEVER, death))
