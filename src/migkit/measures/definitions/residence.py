"""From spells to residence: who is a resident on a day, and since when.

One history for each person: stretches of time in which he or she is a resident of the country ("yes"), is none
("no"), or in which that is not known yet ("unknown"). Stock, flow and account are read off it, so they agree.

How a history comes about, for one country:

1. Spells are stays at home (in the country) or away. Time between two spells, and after the last, is time away:
   the file must hold every stay in the country. Abroad is abroad: two countries there make one stay away.
2. Short absences are bridged (``Criterion.absence``).
3. A stay that is long enough makes residence, or ends it, from its first day. Its length is what was lived;
   where it is not over, what was intended. Birth in the country makes a resident at once.
4. A stay that is too short leaves residence as it was before; with ``within`` it is judged day by day, by
   adding up the days at home in the last months.
5. A stay that is not over, not yet long enough and of which nobody knows the intention, is "unknown", unless both
   answers agree. Later data decide: until then the figure is provisional, and the time it takes (12 months under
   the 12-month criterion) is the revision window.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures.definitions._spells import (
    ALWAYS,
    HOME,
    NEVER,
    NOT_KNOWN,
    OUT,
    Days,
    Flags,
    Stays,
    add_months,
    as_dates,
    column_map,
    day_number,
    read_stays,
)
from migkit.measures.definitions.criteria import Criterion, criterion_of
from migkit.measures.definitions.stock_rules import NO, UNKNOWN, YES
from migkit.reference import _

#: On what an answer rests: time that was lived, an intention, or nothing yet.
LIVED, INTENDED, OPEN = "lived", "intended", "open"
ANSWERS = np.array([NO, YES, UNKNOWN], dtype=object)
BASES = np.array([LIVED, INTENDED, OPEN], dtype=object)


def _reaches(until: Days, start: Days, criterion: Criterion) -> Flags:
    """Whether a stay until that day is as long as the criterion asks."""
    goal = add_months(start, criterion.months)
    return np.asarray(until > goal if criterion.more_than and criterion.months else until >= goal)


def bridged(stays: Stays, absence: int) -> Stays:
    """Stays in which short visits to the other side, and short absences, do not count.

    A visit is shorter than ``absence`` months and than the stays before and after it, which are on one side.
    """
    while absence and len(stays.person):
        days, inner = stays.known_days(), ~stays.first & ~stays.last
        before, after = np.r_[0, np.arange(len(days) - 1)], np.r_[np.arange(1, len(days)), 0]
        visit = inner & (stays.side[before] == stays.side[after]) & (stays.side != stays.side[before])
        visit &= (days < days[before]) & (days < days[after]) & (stays.end < add_months(stays.start, absence))
        if not visit.any():
            break
        stays = stays.merged(~(visit | np.r_[False, visit[:-1]]))
    return stays


def long_enough(stays: Stays, criterion: Criterion) -> tuple[Flags, Flags, Days]:
    """Which stays are long enough, which cannot be told yet, and on what (0, 1, 2 of the bases) it rests."""
    over = (stays.end < NEVER) & ~stays.died
    lived = stays.born | _reaches(np.minimum(stays.end, stays.horizon + 1), stays.start, criterion)
    asked = stays.planned > ALWAYS
    # An intention is as long as the months that were meant: six will do where more than six must be lived.
    meant = ~over & asked & (stays.planned >= add_months(stays.start, criterion.months))
    basis = np.where(lived | over, 0, np.where(asked, 1, 2)).astype(np.int64)
    return lived | meant, ~(lived | over | asked), basis


def _carried(side: Days, decides: Flags, first: Flags) -> Days:
    """The side of the last stay of the person that decides, up to and with each row; OUT before there is one."""
    rows = np.arange(len(side))
    last = np.maximum.accumulate(np.where(decides | first, rows, 0))
    return np.where(decides[last], side[last], OUT)


def _days_at_home(stays: Stays, person: Days, day: Days) -> Days:
    """Days that persons spent at home before a day."""
    length = np.where(stays.side == HOME, np.minimum(stays.end, day.max(initial=0) + 1) - stays.start, 0)
    before = np.r_[0, np.cumsum(np.maximum(length, 0))[:-1]]
    row = stays.at(person, day)
    heads = np.flatnonzero(stays.first)
    base = before[heads[np.searchsorted(stays.person[heads], person)]]
    total = before[row] - base + np.where(stays.side[row] == HOME, day - stays.start[row], 0)
    return np.where(row >= 0, total, 0)


def _surplus(stays: Stays, criterion: Criterion, row: Days, day: Days) -> Days:
    """By how much the days at home in the last months are more than the criterion asks, times its months."""
    assert criterion.within is not None
    person, since = stays.person[row], add_months(day, -criterion.within)
    heads = np.flatnonzero(stays.first)
    head = heads[np.searchsorted(stays.person[heads], person)]
    since = np.where(stays.born[head], np.maximum(since, stays.start[head]), since)
    home = _days_at_home(stays, person, day) - _days_at_home(stays, person, since)
    return home * criterion.within - criterion.months * (day - since)


def _by_adding_up(stays: Stays, rows: Days, criterion: Criterion) -> tuple[Days, Days, Days]:
    """Short stays cut where adding up changes the answer: row of the stay, first day, side."""
    assert criterion.within is not None
    start, end = stays.start[rows], np.minimum(stays.end[rows], stays.horizon + 1)
    at_first, at_last = _surplus(stays, criterion, rows, start), _surplus(stays, criterion, rows, end - 1)
    # Within a stay the surplus only rises (at home) or only falls, but for a few days' play in leap years: where
    # it is clear at both ends there is no need to look day by day.
    play = 4 * (criterion.within + criterion.months)
    high, low = np.minimum(at_first, at_last) > play, np.maximum(at_first, at_last) < -play
    clear = high | low
    parts = [(rows[clear], start[clear], np.where(high[clear], HOME, OUT))]
    doubtful = np.flatnonzero(~clear)
    for block in np.array_split(doubtful, len(doubtful) // 20_000 + 1):
        length = end[block] - start[block]
        row = np.repeat(rows[block], length)
        day = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length) + stays.start[row]
        side = np.where(_surplus(stays, criterion, row, day) > 0, HOME, OUT)
        cut = np.r_[True, (row[1:] != row[:-1]) | (side[1:] != side[:-1])][: len(row)]
        parts.append((row[cut], day[cut], side[cut]))
    row, day, side = (np.concatenate(each) for each in zip(*parts, strict=True))
    return row, day, side


def history_of(stays: Stays, criterion: Criterion) -> Stays:
    """Stretches of residence: ``side`` is HOME for residents, OUT for others, NOT_KNOWN where it is open.

    ``planned`` holds the basis of the answer (0, 1, 2), ``end`` of the last stretch is NEVER or the day of death.
    """
    stays = bridged(stays, criterion.absence)
    long, pending, basis = long_enough(stays, criterion)
    before = _carried(stays.side, long, stays.first)
    row, start, side = np.arange(len(long)), stays.start, before
    if criterion.within is not None and len(long):
        cut, day, added = _by_adding_up(stays, np.flatnonzero(~long), criterion)
        row, start = np.r_[row[long], cut], np.r_[start[long], day]
        side = np.r_[stays.side[long], added]
        order = np.lexsort((start, row))
        row, start, side = row[order], start[order], side[order]
    history = stays.take(row)
    history.start = start
    last = np.r_[row[1:] != row[:-1], True] if len(row) else np.zeros(0, dtype=bool)
    history.end = np.where(last, history.end, np.r_[start[1:], 0])
    differs = pending[row] & (history.side != side)
    history.side = np.where(long[row], history.side, np.where(differs, NOT_KNOWN, side))
    settled = pending[row] & ~differs
    history.planned = np.where(settled, 0, basis[row])
    history.born &= np.r_[True, row[1:] != row[:-1]] if len(row) else history.born
    history.died &= last
    new = history.first | np.r_[True, (history.side[1:] != history.side[:-1])][: len(row)]
    new |= np.r_[True, (history.planned[1:] != history.planned[:-1])][: len(row)]
    return history.merged(new)


def residence_history(
    spells: pd.DataFrame,
    country: Any,
    criterion: str | Criterion = "twelve_months",
    known_until: Any = None,
    persons: pd.DataFrame | None = None,
    columns: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """When each person was a resident of a country.

    ::

        12 months            first day after the stay >= its first day + 12 months   (lived; intended if not over)
        most of 12 months    days at home in the last 12 months > half of them, or a stay of more than 6 months

    Source: UN, Principles and Recommendations for Population and Housing Censuses, Revision 3 (2017), on the
    place of usual residence; UN Expert Group on Migration Statistics (2021). How short absences and open spells
    are treated stands at the top of this module; the lengths there are assumptions.

    Args:
        spells: one row a spell of a person in a country: ``person``, ``country``, ``start`` (first day), ``end``
            (the day of leaving, not part of the spell; blank or in the year 9999: not over), and, where the file
            has them, ``intended_months`` (from the first day) and ``purpose``. Every stay in ``country`` must be
            there; those in other countries may be.
        country: the code of the country asked about, as the file writes it.
        criterion: a key of ``CRITERIA`` or a ``Criterion``.
        known_until: the last day of which the file knows. Without it, the last date in the file. What is later is
            not known yet: so one sees what an office saw on an earlier day.
        persons: one row a person, with ``person`` and, where known, ``birth_date`` and ``death_date``. Without
            dates of birth a first spell counts as an arrival, without those of death an end as a departure.
        columns: where the file uses other names: ``{"start": "entry_date"}``.

    Returns:
        One row a stretch: the person, ``start``, ``end`` (NaT: not over), ``resident`` ("yes", "no", "unknown"),
        ``basis`` ("lived"; "intended": provisional; "open": to be decided by later data).

    Raises:
        KitError: naming the row of a spell that cannot be: without a first day, ending before it starts, before
            birth or after death, or overlapping with a spell in another country.

    >>> spells = pd.DataFrame({"person": ["a", "a", "b"], "country": ["SEN", "GMB", "GMB"],
    ...     "start": ["2000-05-01", "2022-03-01", "2024-09-01"], "end": ["2022-03-01", None, None]})
    >>> print(residence_history(spells, "GMB", known_until="2024-12-31").to_string(index=False))
    person      start        end resident basis
         a 2000-05-01 2022-03-01       no lived
         a 2022-03-01        NaT      yes lived
         b 2024-09-01        NaT  unknown  open
    """
    stays = read_stays(spells, country, persons, known_until, ALWAYS, columns)
    history = history_of(stays, criterion_of(criterion))
    person = column_map(columns)["person"]
    return pd.DataFrame(
        {
            person: stays.persons[person].to_numpy()[history.person],
            "start": as_dates(history.start),
            "end": as_dates(history.end),
            "resident": ANSWERS[history.side],
            "basis": BASES[history.planned],
        }
    )


def on_day(stretches: Stays, day: int) -> Days:
    """The row of each person's stretch, or stay, on a day; -1 for those without."""
    rows = np.flatnonzero((stretches.start <= day) & (stretches.end > day))
    found = np.full(len(stretches.persons), -1, dtype=np.int64)
    found[stretches.person[rows]] = rows
    return found


def answers_on(stays: Stays, criterion: Criterion, day: int) -> tuple[Any, Any]:
    """Answer and basis of each row of ``stays.persons`` on a day; who was not there yet, or is dead: "no"."""
    history = history_of(stays, criterion)
    row = on_day(history, day)
    known = row >= 0
    if not len(history.person):
        return np.full(len(row), NO, dtype=object), np.full(len(row), LIVED, dtype=object)
    answer = np.where(known, ANSWERS[history.side[row]], NO)
    return answer, np.where(known, BASES[history.planned[row]], LIVED)


def residents_on(
    spells: pd.DataFrame,
    country: Any,
    on: Any,
    criterion: str | Criterion = "twelve_months",
    known_until: Any = None,
    persons: pd.DataFrame | None = None,
    columns: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Who is a resident of a country on a day, and who is there.

    Run it with ``known_until`` equal to ``on`` for what an office knows on that day, and without it for what it
    knows later: the difference is the revision. Source and formula: see :func:`residence_history`.

    Args:
        on: the day.
        spells, country, criterion, known_until, persons, columns: as for :func:`residence_history`.

    Returns:
        One row a person (of ``persons``, or of the spells; the index names them): ``resident`` ("yes", "no",
        "unknown": they add up to the persons), ``basis`` ("lived", "intended", "open"), ``present`` (in the
        country that day: "yes", "no", or "unknown" where the country of the spell is not stated). The dead and
        those not born: "no".

    Raises:
        KitError: as :func:`residence_history`, or if ``known_until`` lies before ``on``.

    >>> spells = pd.DataFrame({"person": ["a", "b", "c"], "country": "GMB", "end": [None, "2024-12-01", None],
    ...     "start": ["2023-01-01", "2024-06-01", "2024-06-01"], "intended_months": [None, None, 24]})
    >>> print(residents_on(spells, "GMB", "2024-07-01", known_until="2024-07-01"))
    ... # doctest: +NORMALIZE_WHITESPACE
           resident     basis present
    person
    a           yes     lived     yes
    b       unknown      open     yes
    c           yes  intended     yes
    >>> print(residents_on(spells, "GMB", "2024-07-01", known_until="2025-07-01")["resident"].to_dict())
    {'a': 'yes', 'b': 'no', 'c': 'yes'}
    """
    day = day_number(on, _("The reference date"))
    stays = read_stays(spells, country, persons, known_until, day, columns)
    answer, basis = answers_on(stays, criterion_of(criterion), day)
    at = on_day(stays, day)
    here = np.where(at >= 0, stays.side[at], OUT) if len(stays.person) else np.full(len(at), OUT)
    name = column_map(columns)["person"]
    index = pd.Index(stays.persons[name].to_numpy(), name=name)
    return pd.DataFrame({"resident": answer, "basis": basis, "present": ANSWERS[here]}, index=index)


__all__ = ["INTENDED", "LIVED", "OPEN", "residence_history", "residents_on"]
