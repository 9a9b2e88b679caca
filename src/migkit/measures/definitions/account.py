"""The account of a population: residents at the end are those at the start and what came and went between."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migkit.measures._input import NOT_STATED, TOTAL, classifier, in_order, need_columns
from migkit.measures.definitions._spells import (
    ALWAYS,
    HOME,
    NOT_KNOWN,
    OUT,
    Days,
    Flags,
    Stays,
    date_column,
    day_number,
    read_stays,
)
from migkit.measures.definitions.criteria import Criterion, criterion_of
from migkit.measures.definitions.residence import history_of
from migkit.reference import KitError, _

_ENTRIES = ("births", "immigrations", "from_unknown", "group_changes")
_EXITS = ("deaths", "emigrations", "to_unknown")


class _Groups:
    """The group of each person on a day."""

    def __init__(
        self, persons: pd.DataFrame | None, by: str | None, before: str | None, since: str | None
    ) -> None:
        """Read the columns; without ``by`` everybody is in one group."""
        if (before is None) != (since is None):
            raise KitError(_("For a group that changes give both 'before' (the old value) and 'since' (the day)."))
        if by is not None and persons is None:
            raise KitError(_("To count by {by!r}, give the table of persons that holds it.").format(by=by))
        self.names: list[Any] = [TOTAL]
        self.now: Days | None = None
        if by is None or persons is None:
            return
        need_columns(
            persons, [each for each in (by, before, since) if each is not None], _("The table of persons")
        )
        now, then = (classifier(persons[each]).astype(object) for each in (by, by if before is None else before))
        self.names = [*in_order({*now, *then} - {NOT_STATED}), NOT_STATED]
        place = {name: code for code, name in enumerate(self.names)}
        self.now, self.then = (column.map(place).to_numpy(dtype=np.int64) for column in (now, then))
        what = _("The table of persons, column {c!r}")
        self.since = np.full(len(persons), ALWAYS)
        if since is not None:
            self.since = date_column(persons[since], what.format(c=since))

    def count(self, person: Days, day: Days | int) -> NDArray[np.int64]:
        """How many of the persons are in each group on a day (one for all, or one for each)."""
        if self.now is None:
            return np.array([len(person)], dtype=np.int64)
        code = np.where(self.since[person] <= day, self.now[person], self.then[person])
        return np.bincount(code, minlength=len(self.names)).astype(np.int64)


def _stretches(history: Stays) -> tuple[Stays, Days, Days]:
    """One row for each unbroken stretch of an answer, with the side before it and the side after it (-1: none)."""
    kept = history.merged(history.first | np.r_[True, history.side[1:] != history.side[:-1]][: len(history.side)])
    before, after = np.r_[-1, kept.side[:-1]][: len(kept.side)], np.r_[kept.side[1:], -1][: len(kept.side)]
    return kept, np.where(kept.first, -1, before), np.where(kept.last, -1, after)


def _changes(groups: _Groups, home: Stays, first: int, last: int) -> NDArray[np.int64]:
    """Residents who changed group between two days: entries less exits."""
    if groups.now is None:
        return np.zeros(1, dtype=np.int64)
    day = groups.since[home.person]
    stays = (home.start < day) & (home.end > day) & (day > first) & (day <= last)
    return groups.count(home.person[stays], day[stays]) - groups.count(home.person[stays], day[stays] - 1)


def account_of(stays: Stays, criterion: Criterion, groups: _Groups, first: int, last: int) -> pd.DataFrame:
    """Stocks on two days and the flows between, by group."""
    kept, before, after = _stretches(history_of(stays, criterion))
    here = kept.side == HOME

    def begun(which: Flags) -> NDArray[np.int64]:
        rows = here & which & (kept.start > first) & (kept.start <= last)
        return groups.count(kept.person[rows], kept.start[rows])

    def ended(which: Flags) -> NDArray[np.int64]:
        rows = here & which & (kept.end > first) & (kept.end <= last)
        return groups.count(kept.person[rows], kept.end[rows] - 1)

    def stock(side: int, day: int) -> NDArray[np.int64]:
        rows = (kept.side == side) & (kept.start <= day) & (kept.end > day)
        return groups.count(kept.person[rows], day)

    born = kept.born & (before == -1)
    table = pd.DataFrame(
        {
            "residents_start": stock(HOME, first),
            "births": begun(born),
            "immigrations": begun(~born & ((before == OUT) | (before == -1))),
            "from_unknown": begun(before == NOT_KNOWN),
            "deaths": ended(kept.died),
            "emigrations": ended(~kept.died & (after == OUT)),
            "to_unknown": ended(~kept.died & (after == NOT_KNOWN)),
            "group_changes": _changes(groups, kept.take(here), first, last),
            "residents_end": stock(HOME, last),
            "unknown_end": stock(NOT_KNOWN, last),
        },
        index=pd.Index(groups.names, dtype=object),
    )
    flows = table[list(_ENTRIES)].sum(axis=1) - table[list(_EXITS)].sum(axis=1)
    table.insert(9, "error", table["residents_start"] + flows - table["residents_end"])
    return table


def population_account(
    spells: pd.DataFrame,
    country: Any,
    start: Any,
    end: Any,
    criterion: str | Criterion = "twelve_months",
    known_until: Any = None,
    persons: pd.DataFrame | None = None,
    by: str | None = None,
    before: str | None = None,
    since: str | None = None,
    columns: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Do stocks and flows agree? The account of residents between two days.

    ::

        residents(end) = residents(start) + births + immigrations + from unknown + changes of group
                         - deaths - emigrations - to unknown

    Both stocks count on the day; flows are the events after ``start``, up to and with ``end``. "Unknown" are those
    of whom only later data will say whether they changed residence.

    Source: the balancing equation of demography, as in UN, Recommendations on Statistics of International
    Migration, Revision 1 (1998), and every textbook.

    Args:
        start, end: the two days.
        spells, country, criterion, known_until, persons, columns: as for :func:`residence_history`.
        by: a column of ``persons`` to count by.
        before, since: where a group can change (citizenship): the columns of the value before and of the day of
            the change; ``by`` then is the value from that day on. The change is a flow of its own.

    Returns:
        One row a group and "Total"; columns ``residents_start``, ``births``, ``immigrations``, ``from_unknown``,
        ``deaths``, ``emigrations``, ``to_unknown``, ``group_changes``, ``residents_end``, ``error`` (always 0),
        ``unknown_end``.

    Raises:
        KitError: as :func:`residence_history`, or if ``end`` lies before ``start``.

    >>> spells = pd.DataFrame({"person": ["a", "b", "b", "c"], "country": ["GMB", "SEN", "GMB", "GMB"],
    ...     "start": ["1990-01-01", "1990-01-01", "2023-05-01", "2023-08-08"],
    ...     "end": [None, "2023-05-01", None, None]})
    >>> births = ["1990-01-01", "1990-01-01", "2023-08-08"]
    >>> persons = pd.DataFrame({"person": ["a", "b", "c"], "birth_date": births})
    >>> account = population_account(
    ...     spells, "GMB", "2022-12-31", "2023-12-31", known_until="2025-01-01", persons=persons
    ... )
    >>> account.loc["Total", ["residents_start", "births", "immigrations", "residents_end"]].to_dict()
    {'residents_start': 1, 'births': 1, 'immigrations': 1, 'residents_end': 3}
    """
    first, last = day_number(start, _("The first day")), day_number(end, _("The last day"))
    if last < first:
        raise KitError(_("The last day of the account lies before the first."))
    stays = read_stays(spells, country, persons, known_until, last, columns)
    table = account_of(stays, criterion_of(criterion), _Groups(persons, by, before, since), first, last)
    if by is None:
        return table
    table = table[(table != 0).any(axis=1)]
    total = table.sum().to_frame(TOTAL).T
    # A change of group leaves the total as it was.
    return pd.concat([table, total]).rename_axis(index=by).astype("int64")


__all__ = ["population_account"]
