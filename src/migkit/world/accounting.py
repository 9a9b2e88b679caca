"""Stocks and flows of a world, and the balance between them.

residents(end) = residents(start) + births - deaths + immigrations - emigrations, exactly, from
``world.history_from`` to ``world.end``. By citizenship the changes of citizenship of residents are a flow of their
own: a person who is naturalised leaves one group and enters another on the day of the change. A stock counts those
who live in the country on a day; a flow counts the events after the first day, up to and with the last.
"""

from datetime import date

import numpy as np
import pandas as pd

from migkit.world.draws import Bools, Ints
from migkit.world.frames import World

FLOWS = ["births", "deaths", "immigrations", "emigrations"]
#: Later than any day.
NEVER = np.iinfo(np.int64).max


def _days(values: pd.Series) -> Ints:
    """Days since 1970; NEVER for none."""
    day = values.to_numpy().astype("datetime64[D]")
    return np.where(np.isnat(day), NEVER, day.astype(np.int64))


def _day(day: date) -> int:
    return int(np.datetime64(day, "D").astype(np.int64))


class Account:
    """The spells that a world's persons spent in the country, ready for balances between any two days."""

    def __init__(self, world: World) -> None:
        """Find for each spell at home what came before and after."""
        spells, persons = world.spells, world.persons
        row = pd.Index(persons["truth_id"]).get_indexer(spells["truth_id"])
        country = spells["country"].cat
        home = country.codes.to_numpy() == country.categories.get_loc(world.iso3)
        first = np.r_[True, row[1:] != row[:-1]]
        last = np.r_[first[1:], True]
        end = _days(spells["end"])
        died = _days(persons["death_date"])[row]
        self.persons = persons
        self.row = row[home]
        self.start, self.end = _days(spells["start"])[home], end[home]
        self.born = first[home]
        self.from_home = (np.r_[False, home[:-1]] & ~first)[home]
        self.to_abroad = (~np.r_[home[1:], True] & ~last)[home]
        self.died = ((end == died) & (end != NEVER))[home]
        self.changed = _days(persons["citizenship_date"])

    def _names(self, by: str | None) -> pd.Index:
        return pd.Index(["total"]) if by is None else self.persons[by].cat.categories

    def _codes(self, rows: Ints, day: Ints | int, by: str | None) -> Ints:
        """The group of each person on a day."""
        if by is None:
            return np.zeros(len(rows), dtype=np.int64)
        if by != "citizenship":
            return self.persons[by].cat.codes.to_numpy().astype(np.int64)[rows]
        now, then = (self.persons[name].cat.codes.to_numpy() for name in ("citizenship", "citizenship_at_birth"))
        return np.where(self.changed[rows] <= day, now[rows], then[rows]).astype(np.int64)

    def _count(self, which: Bools, day: Ints | int, by: str | None) -> Ints:
        """Persons of the chosen spells by group on a day (one for all, or one for each spell)."""
        when = day if isinstance(day, int) else day[which]
        return np.bincount(self._codes(self.row[which], when, by), minlength=len(self._names(by)))

    def _stock(self, day: int, by: str | None) -> Ints:
        return self._count((self.start <= day) & (self.end > day), day, by)

    def _changes(self, start: int, end: int) -> Ints:
        """Residents' changes of citizenship: entries less exits, by citizenship."""
        day = self.changed[self.row]
        birth = _days(self.persons["birth_date"])[self.row]
        # Living in the country on the day before and on the day: one spell, or two neighbouring ones, hold both.
        stays = (self.start <= day) & (self.end > day) & ((self.start < day) | self.from_home)
        stays &= (day > start) & (day <= end) & (day > birth)
        return self._count(stays, day, "citizenship") - self._count(stays, day - 1, "citizenship")

    def balance(self, start: date, end: date, by: str | None = None) -> pd.DataFrame:
        """Stocks at both ends and the flows between; see ``balance``."""
        first, last = _day(start), _day(end)
        entered = (self.start > first) & (self.start <= last)
        ended = (self.end > first) & (self.end <= last)
        none = np.zeros(len(self._names(by)), dtype=np.int64)
        table = pd.DataFrame(
            {
                "residents_start": self._stock(first, by),
                "births": self._count(entered & self.born, self.start, by),
                "deaths": self._count(ended & self.died, self.end - 1, by),
                "immigrations": self._count(entered & ~self.born & ~self.from_home, self.start, by),
                "emigrations": self._count(ended & self.to_abroad, self.end - 1, by),
                "citizenship_changes": self._changes(first, last) if by == "citizenship" else none,
                "residents_end": self._stock(last, by),
            },
            index=self._names(by),
        )
        entries = table["births"] + table["immigrations"] + table["citizenship_changes"]
        exits = table["deaths"] + table["emigrations"]
        table["error"] = table["residents_start"] + entries - exits - table["residents_end"]
        return table[(table != 0).any(axis=1)].sort_index()


def balance(world: World, start: date, end: date, by: str | None = None) -> pd.DataFrame:
    """Stocks at both ends and the flows between.

    Args:
        world: the truth.
        start: first day, not before ``world.history_from``.
        end: last day, not after ``world.end``.
        by: None, or a column of persons: "country_birth", "sex" or "citizenship".

    Returns:
        One row for each group, with columns residents_start, births, deaths, immigrations, emigrations,
        citizenship_changes, residents_end and error (zero if the account ties).
    """
    return Account(world).balance(start, end, by)
