"""Ages: a model life table (Siler) and the stable population that goes with it.

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


def _density(mortality: Mortality, growth: float) -> Floats:
    return np.exp(-growth * GRID) * mortality.survival(GRID)


def _shares(mortality: Mortality, growth: float) -> Floats:
    density = _density(mortality, growth)
    steps = (density[1:] + density[:-1]) / 2
    return np.concatenate([[0.0], np.cumsum(steps) / steps.sum()])


def share_under(age: float, mortality: Mortality, growth: float) -> float:
    """Share of a stable population younger than ``age`` years."""
    return float(np.interp(age, GRID, _shares(mortality, growth)))


def growth_for(share_under_15: float, men: Mortality, women: Mortality) -> float:
    """The growth rate at which the mean of both sexes' stable populations has that share under 15."""
    low, high = -0.02, 0.08
    for _step in range(60):
        middle = (low + high) / 2
        share = (share_under(15, men, middle) + share_under(15, women, middle)) / 2
        low, high = (middle, high) if share < share_under_15 else (low, middle)
    return round(low, 8)


def stable_ages(levels: Floats, mortality: Mortality, growth: float) -> Ints:
    """Ages in days at given levels (0 to 1) of a stable population's age distribution."""
    years = np.interp(levels, np.round(_shares(mortality, growth), 12), GRID)
    return np.maximum((years * YEAR).astype(np.int64), 1)


def grouped_ages(levels: Floats, shares: list[float]) -> Ints:
    """Ages in days at given levels of a distribution given by shares of five-year groups from 0-4."""
    cumulated = np.concatenate([[0.0], np.cumsum(shares) / np.sum(shares)])
    years = np.interp(levels, cumulated, np.arange(len(shares) + 1) * 5.0)
    return np.maximum((years * YEAR).astype(np.int64), 1)
