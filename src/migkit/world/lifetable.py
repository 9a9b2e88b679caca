"""Ages: a model life table (Siler) and the age distribution that goes with it.

Siler's model: hazard(x) = a1*exp(-b1*x) + a2 + a3*exp(b3*x), with x in years (W. Siler, 1979). The parameters are
assumptions and stand in datasets/dictionary/world.yml.
"""

from dataclasses import dataclass

import numpy as np

from migkit.world.draws import Floats, Ints

YEAR = 365.25
#: Ages in years at which the tables are worked out.
GRID: Floats = np.linspace(0.0, 100.0, 2001)


@dataclass(frozen=True)
class Mortality:
    """Siler's five parameters for one sex."""

    a1: float
    b1: float
    a2: float
    a3: float
    b3: float

    def cumulated(self, age: Floats) -> Floats:
        """The hazard added up from birth to ``age`` (years); survival is exp of minus this."""
        child = self.a1 / self.b1 * (1.0 - np.exp(-self.b1 * age))
        old = self.a3 / self.b3 * (np.exp(self.b3 * age) - 1.0)
        return np.asarray(child + self.a2 * age + old, dtype=np.float64)

    def survival(self, age: Floats) -> Floats:
        """Share of newborns alive at ``age`` (years)."""
        return np.exp(-self.cumulated(age))

    def expectancy(self) -> float:
        """Life expectancy at birth, years."""
        alive = self.survival(GRID)
        return float(((alive[1:] + alive[:-1]) / 2 * np.diff(GRID)).sum())

    def age_at(self, cumulated: Floats) -> Floats:
        """The age (years) at which the cumulated hazard reaches a value."""
        return np.interp(cumulated, self.cumulated(GRID), GRID)


@dataclass(frozen=True)
class Births:
    """Yearly growth of births: ``recent`` in the last 15 years, ``before`` in the years before them.

    With both alike the population is stable; a lower recent growth stands for fertility that falls.
    """

    recent: float
    before: float

    def relative(self, ago: Floats) -> Floats:
        """Births that many years ago, relative to today's."""
        return np.exp(-self.recent * np.minimum(ago, 15.0) - self.before * np.maximum(ago - 15.0, 0.0))


def _shares(mortality: Mortality, births: Births) -> Floats:
    density = births.relative(GRID) * mortality.survival(GRID)
    steps = (density[1:] + density[:-1]) / 2
    return np.concatenate([[0.0], np.cumsum(steps) / steps.sum()])


def share_under(age: float, mortality: Mortality, births: Births) -> float:
    """Share of the population younger than ``age`` years."""
    return float(np.interp(age, GRID, _shares(mortality, births)))


def births_for(share_under_15: float, recent: float, men: Mortality, women: Mortality) -> Births:
    """The growth of births before the last 15 years that gives both sexes together that share under 15."""
    low, high = -0.02, 0.12
    for _step in range(60):
        middle = (low + high) / 2
        births = Births(recent, middle)
        share = (share_under(15, men, births) + share_under(15, women, births)) / 2
        low, high = (middle, high) if share < share_under_15 else (low, middle)
    return Births(recent, round(low, 8))


def population_ages(levels: Floats, mortality: Mortality, births: Births) -> Ints:
    """Ages in days at given levels (0 to 1) of the age distribution."""
    years = np.interp(levels, np.round(_shares(mortality, births), 12), GRID)
    return np.asarray(np.maximum((years * YEAR).astype(np.int64), 1))


def grouped_ages(levels: Floats, shares: list[float]) -> Ints:
    """Ages in days at given levels of a distribution given by shares of five-year groups from 0-4."""
    cumulated = np.concatenate([[0.0], np.cumsum(shares) / np.sum(shares)])
    years = np.interp(levels, cumulated, np.arange(len(shares) + 1) * 5.0)
    return np.asarray(np.maximum((years * YEAR).astype(np.int64), 1))
