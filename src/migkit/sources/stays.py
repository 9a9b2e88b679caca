"""Stays in a country, made from residence spells: what the offices count that register people, not events.

Days are whole numbers since 1 January 1970, so that terms and delays are sums; OPEN stands for "not ended".
"""

from datetime import date
from functools import cache

import numpy as np
import pandas as pd

from migkit.reference import countries, member
from migkit.reference.names import office_language
from migkit.sources.clerks import written_names
from migkit.sources.records import Recorder, Texts
from migkit.world import World
from migkit.world.draws import Ints

OPEN = 10**6
#: Free movement is taken as it stood the day before three countries withdrew: ECOWAS keeps recognising it.
FREE_MOVEMENT_DAY = date(2025, 1, 28)


def day(values: pd.Series, missing: int = OPEN) -> Ints:
    """Days of a date column; ``missing`` where there is none."""
    days = values.to_numpy().astype("datetime64[D]")
    return np.where(np.isnat(days), missing, days.astype(np.int64))


def on(year: int, month: int = 1, of: int = 1) -> int:
    """One date as a day."""
    return int(np.datetime64(f"{year:04d}-{month:02d}-{of:02d}", "D").astype(np.int64))


def ended(world: World) -> int:
    """The first day after the history of the world."""
    return int(np.datetime64(world.end, "D").astype(np.int64))


def iso(days: Ints) -> Texts:
    """Days as text, 2024-07-01; blank where OPEN."""
    which, distinct = pd.factorize(days)
    shown = np.datetime_as_string(np.asarray(distinct, dtype=np.int64).astype("datetime64[D]")).astype(object)
    shown[distinct == OPEN] = ""
    return np.asarray(shown[which], dtype=object)


def years_later(days: Ints, years: Ints | int) -> Ints:
    """The same day of a later year; 29 February becomes 28 February where there is none."""
    start = np.asarray(days).astype("datetime64[D]")
    month = start.astype("datetime64[M]")
    of = (start - month.astype("datetime64[D]")).astype(np.int64)
    then = month + (12 * np.asarray(years, dtype=np.int64)).astype("timedelta64[M]")
    length = ((then + 1).astype("datetime64[D]") - then.astype("datetime64[D]")).astype(np.int64)
    return np.asarray(then.astype("datetime64[D]").astype(np.int64) + np.minimum(of, length - 1))


def terms(start: Ints, end: Ints, years: Ints, opened: int, until: int) -> pd.DataFrame:
    """The papers that stays should leave when each is valid for some years and is followed by the next.

    Args:
        start, end: first day of each stay and the first day after it.
        years: for how many years a paper is valid, for each stay.
        opened: papers issued before this day are left out.
        until: papers issued on this day or later too.

    Returns:
        One row for each paper: stay (position), step (0 for the first of the stay), issue and expiry (days).
    """
    last = np.minimum(end, until)
    first = np.maximum((opened - start) // (366 * years), 0)
    number = np.maximum((last - start) // (365 * years) + 1 - first, 0)
    stay = np.repeat(np.arange(len(start)), number)
    step = np.arange(len(stay)) - np.repeat(np.cumsum(number) - number, number) + first[stay]
    issue = years_later(start[stay], step * years[stay])
    expiry = years_later(start[stay], (step + 1) * years[stay])
    found = pd.DataFrame({"stay": stay, "step": step, "issue": issue, "expiry": expiry})
    return found[(issue >= opened) & (issue < last[stay])].reset_index(drop=True)


def age(born: Ints, on_day: Ints | int) -> Ints:
    """Completed years on a day."""
    years = np.asarray(on_day) * 1.0 - born
    guess = np.floor(np.maximum(years, 0) / 365.25).astype(np.int64)
    guess += years_later(born, guess + 1) <= on_day
    return guess - (years_later(born, guess) > on_day)


def words(values: pd.Series) -> Texts:
    """A column of codes as text, blank where missing, without spelling out each value anew."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        table = np.append(values.cat.categories.to_numpy().astype(object), "")
        return np.asarray(table[values.cat.codes.to_numpy()], dtype=object)
    return np.asarray(values.astype("object").where(values.notna(), ""), dtype=object)


def names_of(world: World, person: Ints, language: str | None = None) -> tuple[Texts, Texts]:
    """Surnames and given names of persons as a good clerk writes them, in the language of the offices."""
    rows = world.persons.iloc[person]
    return written_names(
        rows["given"].to_numpy(), rows["surname"].to_numpy(), language or office_language(world.iso3)
    )


def rows_of(world: World, truth_ids: pd.Series) -> Ints:
    """The rows of true persons in ``world.persons``; -1 for those who are not there."""
    return np.asarray(pd.Index(world.persons["truth_id"]).get_indexer(pd.Index(truth_ids)), dtype=np.int64)


def positions(rec: Recorder) -> Ints:
    """For each record its row among the perfect records; -1 for a record of no event."""
    return np.asarray(pd.Index(rec.perfect["event"]).get_indexer(pd.Index(rec["event"])), dtype=np.int64)


class Lives:
    """Everybody's residence over time, in order of person and day."""

    def __init__(self, world: World) -> None:
        """Order the spells of ``world`` once."""
        spells = world.spells
        person = rows_of(world, spells["truth_id"])
        start = day(spells["start"])
        order = np.lexsort((start, person))
        order = order[person[order] >= 0]
        self.person, self.start = person[order], start[order]
        self.end = day(spells["end"])[order]
        self.country = words(spells["country"])[order]
        self.region = words(spells["region"])[order]
        self.reason = words(spells["reason"])[order]
        self.right = words(spells["right"])[order]
        self._key = self._order(self.person, self.start)
        self.died = day(world.persons["death_date"])

    @staticmethod
    def _order(person: Ints, days: Ints | int) -> Ints:
        return np.asarray(person * (2 * OPEN) + days + OPEN // 2, dtype=np.int64)

    def at(self, person: Ints, days: Ints | int) -> Ints:
        """The spell (its position here) in which persons live on days; -1 where they are not alive."""
        found = np.searchsorted(self._key, self._order(person, days), side="right") - 1
        safe = np.maximum(found, 0)
        held = (found >= 0) & (self.person[safe] == person) & (self.end[safe] > days)
        return np.where(held, found, -1)

    def country_at(self, person: Ints, days: Ints | int) -> Texts:
        """The country where persons live on days; blank where they are not alive."""
        found = self.at(person, days)
        return np.asarray(np.where(found >= 0, self.country[np.maximum(found, 0)], ""), dtype=object)

    def region_at(self, person: Ints, days: Ints | int) -> Texts:
        """The region where persons live on days; blank where they are abroad or not alive."""
        found = self.at(person, days)
        return np.asarray(np.where(found >= 0, self.region[np.maximum(found, 0)], ""), dtype=object)

    def stays(self) -> pd.DataFrame:
        """Stays: spells in one country without a break, whatever the region.

        Returns:
            One row for each stay: person (row), country, start, end (days), reason and right at its start,
            came_from (country before, blank at birth) and how it ended: X (left), D (died) or "" (goes on).
        """
        follows = np.r_[False, (self.person[1:] == self.person[:-1]) & (self.country[1:] == self.country[:-1])]
        first = np.flatnonzero(~follows)
        last = np.r_[first[1:] - 1, len(self.person) - 1] if len(first) else first
        end, person = self.end[last], self.person[first]
        born = np.r_[True, person[1:] != person[:-1]] if len(first) else np.zeros(0, dtype=bool)
        before = np.where(born, "", self.country[np.maximum(first - 1, 0)])
        how = np.where(end == OPEN, "", np.where(end == self.died[person], "D", "X"))
        return pd.DataFrame(
            {
                "person": person,
                "country": self.country[first],
                "start": self.start[first],
                "end": end,
                "reason": self.reason[first],
                "right": self.right[first],
                "came_from": before,
                "how": how,
            }
        )


class Citizenships:
    """Whose citizen each person is on a day."""

    def __init__(self, world: World) -> None:
        """Read the citizenships of the persons of ``world``."""
        persons = world.persons
        self.now, self.second = words(persons["citizenship"]), words(persons["citizenship_2"])
        self.at_birth = words(persons["citizenship_at_birth"])
        self.by_birth = words(persons["citizenship_how"]) == "B"
        self.since = day(persons["citizenship_date"], missing=-OPEN)

    def on(self, person: Ints, days: Ints | int) -> tuple[Texts, Texts]:
        """First and second citizenship of persons on days; a second one is blank where there is none."""
        current = (self.since[person] <= days) | self.by_birth[person]
        first = np.where(current, self.now[person], self.at_birth[person])
        return first.astype(object), np.where(current, self.second[person], "").astype(object)

    def holds(self, person: Ints, days: Ints | int, country: Texts | str) -> np.ndarray:
        """Whether persons are citizens of a country on days, also as a second citizenship."""
        first, second = self.on(person, days)
        return np.asarray((first == country) | (second == country))

    def held(self, person: Ints, country: str) -> tuple[Ints, Ints]:
        """From which day to before which day persons are citizens of a country.

        From -OPEN: from birth. To OPEN: for good. From OPEN: never.
        """
        still = (self.now[person] == country) | (self.second[person] == country)
        from_birth = (self.at_birth[person] == country) | (still & self.by_birth[person])
        changed = self.since[person]
        start = np.where(from_birth, -OPEN, np.where(still, changed, OPEN))
        return start, np.where(from_birth & ~still, changed, OPEN)

    def foreign(self, person: Ints, country: str) -> tuple[Ints, Ints]:
        """From which day to before which day persons are no citizens of a country; from OPEN: never."""
        start, end = self.held(person, country)
        return np.where(start == -OPEN, end, -OPEN), np.where(start == -OPEN, OPEN, start)


class Statuses:
    """Persons of one legal status (code list migration_status) in one country, with its days."""

    def __init__(self, world: World, status: str, country: str) -> None:
        """Take the statuses of one kind held in ``country``."""
        held = world.statuses
        rows = held[(words(held["status"]) == status) & (words(held["country"]) == country)]
        person = rows_of(world, rows["truth_id"])
        known = person >= 0
        self.person = person[known]
        self.start, self.end = day(rows["start"])[known], day(rows["end"])[known]

    def overlaps(self, world: World, person: Ints, start: Ints, end: Ints) -> np.ndarray:
        """Whether each person held the status at some time from ``start`` to before ``end``.

        Several holdings count as one from the first to the last day.
        """
        n = len(world.persons)
        first, last = np.full(n, OPEN), np.full(n, -OPEN)
        np.minimum.at(first, self.person, self.start)
        np.maximum.at(last, self.person, self.end)
        return np.asarray((first[person] < end) & (last[person] > start))


@cache
def free_movers() -> tuple[str, ...]:
    """The countries whose citizens may reside in one another's under the ECOWAS protocols."""
    return tuple(c.iso3 for c in countries(training_only=True) if member(c.iso3, "ECOWAS", FREE_MOVEMENT_DAY))


def may_move_freely(home: str, citizenship: Texts) -> np.ndarray:
    """Whether citizens of other countries may reside in ``home`` under the ECOWAS protocols."""
    return np.isin(citizenship.astype(str), free_movers()) & (home in free_movers())
