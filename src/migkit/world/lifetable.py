"""Mortality of a country by period, sex and age: hazards added up, and days of death drawn from them.

Death rates stand in datasets/countries/mortality.csv. Within an age group the hazard is constant, but in the first
year it falls steeply (``infant_hazard`` in datasets/dictionary/world.yml).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from migkit.world.draws import Bools, Floats, Ints

YEAR = 365.25
OLDEST = 125.0


def _age_edges(labels: list[str]) -> list[float]:
    """Lower ends of age groups such as "0", "1-4", "100+", in years, and the upper end of the last."""
    return [float(label.rstrip("+").split("-")[0]) for label in labels] + [OLDEST]


@dataclass(frozen=True)
class LifeTables:
    """Cumulated hazards by period and sex.

    ``starts`` are the first days of the periods in days ago, the first standing for all time before; ``ages`` are
    in days; ``hazard`` has the shape (periods, men and women, ages).
    """

    starts: Ints
    ages: Floats
    hazard: Floats

    @classmethod
    def of(cls, rates: pd.DataFrame, starts: Ints, infant: list[list[float]]) -> "LifeTables":
        """Tables from yearly death rates: columns sex, period, age, mx; ``infant``: days and shares of hazard."""
        labels = list(dict.fromkeys(rates["age"]))
        edges = _age_edges(labels)
        days = [0.0, *(float(day) for day, _share in infant[:-1]), *(YEAR * edge for edge in edges[1:])]
        steps = np.cumsum([share for _day, share in infant])
        tables = []
        for period in dict.fromkeys(rates["period"]):
            for sex in "MF":
                rows = rates[(rates["period"] == period) & (rates["sex"] == sex)].set_index("age")["mx"]
                mx = rows.loc[labels].astype("float64").to_numpy()
                later = mx[0] + np.cumsum(mx[1:] * np.diff(edges[1:]))
                tables.append(np.concatenate([[0.0], mx[0] * steps, later]))
        shape = (len(starts), 2, len(days))
        return cls(starts, np.array(days), np.asarray(tables).reshape(shape))

    def _cumulated(self, period: int, woman: Bools, age: Ints) -> Floats:
        """Hazard from birth to an age in days, had the rates of one period held for life."""
        men, women = self.hazard[period]
        return np.asarray(np.where(woman, np.interp(age, self.ages, women), np.interp(age, self.ages, men)))

    def exposure(self, woman: Bools, born: Ints, since: Ints, until: Ints | int) -> Floats:
        """Hazard of each person in each period from ``since`` to ``until`` days ago: shape (periods, persons)."""
        ends = np.append(self.starts[1:], 0)
        found = np.zeros((len(self.starts), len(born)))
        for period, (start, end) in enumerate(zip(self.starts, ends, strict=True)):
            first = since if period == 0 else np.minimum(since, start)
            last = np.maximum(until, end)
            exposed = first > last
            low = self._cumulated(period, woman, np.maximum(born - first, 0))
            high = self._cumulated(period, woman, np.maximum(born - last, 0))
            found[period] = np.where(exposed, high - low, 0.0)
        return found

    def day_at(self, woman: Bools, born: Ints, since: Ints, exposure: Floats, level: Floats) -> Ints:
        """Days ago of death: when the hazard since ``since`` reaches ``level`` (below the sum of ``exposure``)."""
        rest = level.copy()
        day = np.zeros(len(born), dtype=np.int64)
        done = np.zeros(len(born), dtype=bool)
        for period, start in enumerate(self.starts):
            here = ~done & (rest < exposure[period])
            who = np.flatnonzero(here)
            first = since[who] if period == 0 else np.minimum(since[who], start)
            age = np.maximum(born[who] - first, 0)
            reach = self._cumulated(period, woman[who], age) + rest[who]
            men, women = self.hazard[period]
            at = np.where(woman[who], np.interp(reach, women, self.ages), np.interp(reach, men, self.ages))
            day[who] = born[who] - np.floor(at).astype(np.int64)
            done |= here
            rest = np.where(done, rest, rest - exposure[period])
        return day

    def survival(self, woman: int, ages: Floats) -> Floats:
        """Share of newborns alive at ages in years by the rates of the last period."""
        return np.asarray(np.exp(-np.interp(ages * YEAR, self.ages, self.hazard[-1, woman])))
