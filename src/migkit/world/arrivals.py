"""When the migrants of a destination came, went home or died, so that its earlier stocks are the published ones.

Time is counted in whole days before 1 July 2026 ("ago").
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from migkit.world.draws import Floats
from migkit.world.parameters import CENSUS_DAYS, HISTORY_FROM, ago

YEAR = 365.25

#: The days on which stocks are tied: start of the truth, three published stocks, the calibration day.
ANCHORS: tuple[date, ...] = (
    HISTORY_FROM,
    date(2010, 7, 1),
    date(2015, 7, 1),
    date(2020, 7, 1),
    CENSUS_DAYS[-1],
)
#: Bounds (ago) of the periods of arrival of the present stock: three periods before 2005, five since.
BOUNDS: tuple[int, ...] = (
    ago(date(1960, 7, 1)),
    ago(date(1990, 7, 1)),
    ago(date(2000, 7, 1)),
    *(ago(day) for day in ANCHORS[:4]),
    ago(date(2022, 7, 1)),
    ago(ANCHORS[-1]),
)
AGE_GROUPS = 17


@dataclass(frozen=True)
class Cohorts:
    """The history of one stock, in persons.

    ``present`` has the 5 periods of arrival (before 2005, then between the anchors) of those who are there on the
    calibration day; ``returned`` and ``died`` are periods of arrival x periods of end (both 5).
    """

    present: Floats
    returned: Floats
    died: Floats


def cohorts(
    stocks: Floats, yearly_return: float, yearly_death: float, least_arrivals: float, leaves_soon: float
) -> Cohorts:
    """Split a series of stocks (at the five anchors) into arrivals, returns and deaths: stock + in - out = stock.

    Returns and deaths are yearly shares of the stock; where the stock then falls faster than ``least_arrivals``
    allows, more people go home. Those who came lately are ``leaves_soon`` times as likely to go home.
    """
    present = np.zeros(5)
    present[0] = stocks[0]
    returned, died = np.zeros((5, 5)), np.zeros((5, 5))
    for period in range(1, 5):
        years = (ANCHORS[period] - ANCHORS[period - 1]).days / YEAR
        middle = (stocks[period] + stocks[period - 1]) / 2
        leave, die = middle * yearly_return * years, middle * yearly_death * years
        come = stocks[period] - stocks[period - 1] + leave + die
        more = max(0.0, middle * least_arrivals * years - come)
        leave, come = leave + more, come + more
        present[period] = come
        recent = np.where(np.arange(5) >= period - 1, leaves_soon, 1.0)
        recent[period] /= 2  # they were there for half of the period
        out = present * recent
        gone = np.minimum(out / out.sum() * leave, present)
        left = present - gone
        returned[:, period] = gone + left * (leave - gone.sum()) / max(left.sum(), 1e-9)
        present = np.maximum(present - returned[:, period], 1e-12)
        died[:, period] = present / present.sum() * min(die, present.sum())
        present = np.maximum(present - died[:, period], 1e-12)
    return Cohorts(present, returned, died)


def periods_by_age(ages: Floats, arrived: Floats, age_at_move: Floats, rounds: int = 80) -> Floats:
    """Persons by age group (17 groups of five years on the calibration day) and period of arrival (8).

    Iterative proportional fitting: from the ages at which people move, to both margins. The last step keeps the
    ages exactly; how far the periods are then off is for ``fit_error`` to say.
    """
    bounds = np.array([(bound - BOUNDS[-1]) / YEAR for bound in BOUNDS])
    age = (np.arange(AGE_GROUPS * 5) + 0.5)[:, None, None]
    steps = (np.arange(10) + 0.5) / 10
    stay = bounds[1:, None] + (bounds[:-1] - bounds[1:])[:, None] * steps[None, :]
    moved = age - stay[None, :, :]
    weight = np.where(moved > 0.0, age_at_move[np.clip(moved // 5, 0, len(age_at_move) - 1).astype(np.int64)], 0.0)
    cells: Floats = weight.reshape(AGE_GROUPS, 5, len(BOUNDS) - 1, 10).sum(axis=(1, 3)) + 1e-12
    # A trace of late moves at every age, so that the periods since 2005 can be reached.
    cells[:, -5:] += 1e-6
    cells *= (moved.reshape(AGE_GROUPS, 5, len(BOUNDS) - 1, 10) > 0).any(axis=(1, 3))
    # Not quite nobody in an empty period: every age keeps somewhere to go.
    want_age, want_period = ages / ages.sum(), np.maximum(arrived / arrived.sum(), 1e-9)
    for _round in range(rounds):
        cells = cells * (want_period / np.maximum(cells.sum(axis=0), 1e-300))
        cells = cells * (want_age / np.maximum(cells.sum(axis=1), 1e-300))[:, None]
    return cells


def fit_error(cells: Floats, arrived: Floats) -> float:
    """The largest difference between fitted and wanted shares of the stock that had come by an anchor day."""
    got = np.cumsum(cells.sum(axis=0) / cells.sum())
    return float(np.abs(got - np.cumsum(arrived / arrived.sum()))[2:].max())
