"""People born at the same time, found again at the next census: whoever was 5-9 is 15-19 ten years later."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import need_columns, number, numbers, shown
from migkit.reference import KitError, _

#: How a cohort that was born after the first census is called where others have their age at that census.
BORN = "Born"

_RANGE = re.compile(r"^\s*(\d+)\s*[-\u2013]{1,2}\s*(\d+)\s*$")
_OPEN = re.compile(r"^\s*(\d+)\s*\+\s*$")
_ONE = re.compile(r"^\s*(\d+)(?:\.0+)?\s*$")


@dataclass(frozen=True)
class AgeTable:
    """Persons (or years lived) by age group, as a running sum over exact age; within a group evenly spread.

    Attributes:
        edges: exact ages at which groups begin, in order; the last one begins the open group.
        counts: persons in each group.
    """

    edges: np.ndarray
    counts: np.ndarray

    @property
    def open_at(self) -> float:
        """The exact age at which the open group begins."""
        return float(self.edges[-1])

    def below(self, age: float | np.ndarray) -> Any:
        """Persons younger than an exact age that is not above the beginning of the open group."""
        running = np.concatenate([[0.0], np.cumsum(self.counts[:-1])])
        return np.interp(age, self.edges, running)

    def between(self, low: float, high: float) -> float:
        """Persons of the exact ages from ``low`` up to ``high``; ``high`` may be infinite."""
        top = self.counts.sum() if np.isinf(high) else self.below(high)
        return float(top - self.below(low))

    def splits(self, age: float) -> bool:
        """True where an exact age lies within a group, so that the group must be cut."""
        return not np.isinf(age) and not np.isclose(self.edges, age).any()


def first_and_last(label: Any, what: str) -> tuple[int, int | None, bool]:
    """First age, last age (None if not said) and whether the group is open, of a label such as "5-9", "80+", 7."""
    text = str(label)
    if found := _RANGE.match(text):
        return int(found[1]), int(found[2]), False
    if found := _OPEN.match(text):
        return int(found[1]), None, True
    if found := _ONE.match(text):
        return int(found[1]), None, False
    raise KitError(
        _(
            "{what}: {label} is no age group; write 5-9, 80+ or the first age of the group. Share out those whose "
            "age is not stated, and leave totals out."
        ).format(what=what, label=shown(label))
    )


def parsed_ages(labels: pd.Series, what: str) -> list[tuple[int, int | None, bool]]:
    """The age groups of a column, each as :func:`first_and_last` reads it.

    Raises:
        KitError: naming column and row of what is no age group.
    """
    where = _("{what}, column {c}, row {row}")
    return [
        first_and_last(label, where.format(what=what, c=shown(labels.name), row=shown(row)))
        for row, label in labels.items()
    ]


def age_table(frame: pd.DataFrame, age: str, value: str, what: str) -> AgeTable:
    """The rows of a table by age as an :class:`AgeTable`; rows may come in any order.

    Raises:
        KitError: if an age group is doubled, missing or overlaps another, or the last one is not open.
    """
    need_columns(frame, [age, value], what)
    if frame.empty:
        raise KitError(_("{what} has no rows.").format(what=what))
    counts = numbers(frame[value], _("{what}, column {c!r}").format(what=what, c=value)).to_numpy()
    parsed = parsed_ages(frame[age], what)
    order = np.argsort([first for first, _last, _open in parsed], kind="stable")
    for here, following in pairwise(order):
        first, last, is_open = parsed[here]
        next_first = parsed[following][0]
        if is_open or next_first == first or (last is not None and last + 1 != next_first):
            raise KitError(
                _(
                    "{what}, column {c}: the age group {a} is not followed by {b} (rows {row} and {next}); groups "
                    "must join without gap or overlap."
                ).format(
                    what=what,
                    c=shown(age),
                    a=shown(frame[age].iloc[here]),
                    b=shown(frame[age].iloc[following]),
                    row=shown(frame.index[here]),
                    next=shown(frame.index[following]),
                )
            )
    if parsed[order[-1]][1] is not None:
        raise KitError(
            _("{what}: the last age group must be open, such as 80+, but it is {a}.").format(
                what=what, a=shown(frame[age].iloc[order[-1]])
            )
        )
    return AgeTable(np.array([parsed[i][0] for i in order], dtype=float), counts[order])


def age_label(low: float, high: float) -> str:
    """The name of a group of exact ages: "5-9", "7", "80+"; "9.5 to 14.5" where ages are not whole."""
    if np.isinf(high):
        return f"{low:g}+"
    if low % 1 or high % 1:
        return f"{low:g} to {high:g}"
    return f"{low:g}" if high == low + 1 else f"{low:g}-{high - 1:g}"


def years_between(interval: Any) -> float:
    """The years between two censuses, above 0."""
    years = number(interval, _("The years between the censuses"))
    if years == 0:
        raise KitError(_("The years between the censuses must be more than 0."))
    return years


def cohort_edges(first: np.ndarray, latest: float) -> list[tuple[float, float]]:
    """Cohorts by exact age: every group that ends by ``latest``, then all who are older together."""
    closed = [(float(a), float(b)) for a, b in pairwise(first) if b <= latest + 1e-9]
    oldest = closed[-1][1] if closed else float(first[0])
    if oldest > latest + 1e-9:
        raise KitError(_("The age groups leave no cohort that can be followed over these years."))
    return [*closed, (oldest, np.inf)]


def match_cohorts(
    first: pd.DataFrame,
    second: pd.DataFrame,
    interval: float,
    age: str = "age",
    population: str = "population",
    births: Mapping[str, float] | pd.Series | None = None,
) -> pd.DataFrame:
    """The same people at two censuses: each age group of the first, and those as much older at the second.

    ::

        aged a to b at the first census  ->  aged a + t to b + t at the second, t years later
        those who enter the open group   ->  one last cohort, all ages that are in it by then
        aged less than t at the second   ->  born in between

    Age groups may have any width, and ``t`` any length. Where a group has to be cut (groups of five years, nine
    years between the censuses) its members are taken as evenly spread over it: an assumption, and the column
    ``split`` says where it was made. Single years of age avoid it.

    Source: United Nations, Manual VI: Methods of Measuring Internal Migration (1970), on the survival ratio method
    (the arrangement of table 24).

    Args:
        first, second: the two censuses; one row an age group, the last one open.
        interval: years between them, such as 10 or 9.5.
        age: column with groups ("5-9", "80+") or their first ages (the last is then the open one).
        population: column with persons.
        births: births between the censuses, by the age of their cohort at the second one (such as "0-4").

    Returns:
        One row a cohort, the youngest first: ``age_start`` ("Born" for those born in between), ``age_end``,
        ``pop_start`` (for the born: births, blank if not given), ``pop_end``, ``split``.

    Raises:
        KitError: if age groups leave gaps or overlap, or the last one is not open.

    >>> before = pd.DataFrame({"age": ["0-9", "10-19", "20+"], "population": [50, 40, 60]})
    >>> after = pd.DataFrame({"age": ["0-9", "10-19", "20-29", "30+"], "population": [55, 48, 39, 50]})
    >>> print(match_cohorts(before, after, 10, births={"0-9": 60}))
      age_start age_end  pop_start  pop_end  split
    0      Born     0-9       60.0     55.0  False
    1       0-9   10-19       50.0     48.0  False
    2     10-19   20-29       40.0     39.0  False
    3       20+     30+       60.0     50.0  False
    """
    years = years_between(interval)
    start = age_table(first, age, population, _("The first census"))
    end = age_table(second, age, population, _("The second census"))
    given = _births_by_cohort(births)
    rows: list[tuple[str, str, float, float, bool]] = []
    _check_beginning(start, end, years)
    young = [float(edge) for edge in end.edges if edge < years]
    for low, high in pairwise([*young, years]):
        label = age_label(low, high)
        rows.append((BORN, label, given.pop(label, np.nan), end.between(low, high), end.splits(high)))
    if given:
        raise KitError(
            _("Births are given for {odd}, but the cohorts born in between are {have}.").format(
                odd=", ".join(map(shown, given)), have=", ".join(shown(row[1]) for row in rows)
            )
        )
    for low, high in cohort_edges(start.edges, min(start.open_at, end.open_at - years)):
        cut = end.splits(low + years) or end.splits(high + years) or start.splits(low)
        rows.append(
            (
                age_label(low, high),
                age_label(low + years, high + years),
                start.between(low, high),
                end.between(low + years, high + years),
                cut,
            )
        )
    return pd.DataFrame(rows, columns=["age_start", "age_end", "pop_start", "pop_end", "split"])


def _check_beginning(start: AgeTable, end: AgeTable, years: float) -> None:
    """Raise a KitError if somebody of one census has no place in the other because its table begins later."""
    first, second = float(start.edges[0]), float(end.edges[0])
    fits = second <= years if first == 0 else np.isclose(second, first + years)
    if not fits:
        raise KitError(
            _(
                "The first census begins at age {a:g} and the second, {t:g} years later, at {b:g}: begin both at "
                "0, or the second where the youngest of the first have come to."
            ).format(a=first, b=second, t=years)
        )


def _births_by_cohort(births: Mapping[str, float] | pd.Series | None) -> dict[str, float]:
    if births is None:
        return {}
    if not isinstance(births, (Mapping, pd.Series)):
        raise KitError(_('Give births by age at the second census, such as {"0-4": 900, "5-9": 850}.'))
    return {
        str(label): number(value, _("Births of the cohort {c}").format(c=label)) for label, value in births.items()
    }


__all__ = ["BORN", "match_cohorts"]
