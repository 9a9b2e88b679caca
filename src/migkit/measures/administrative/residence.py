"""From crossings to residence: who came to stay, who left for good, and when that can be known.

A crossing says that somebody came. Whether it was a move of residence shows only afterwards, when the person has
been here for 12 months. Until then every figure is provisional; the time it takes is the revision window.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import need_columns, number, shown, whole_number
from migkit.measures.administrative._events import (
    DAY,
    Bools,
    Crossings,
    Ints,
    as_times,
    free_names,
    moment,
    once,
    read_crossings,
)
from migkit.reference import KitError, _
from migkit.reference.language import N_

IMMIGRATION, EMIGRATION = "immigration", "emigration"
FINAL, UNDETERMINED = "final", "undetermined"
PERIODS = {"year": "Y", "quarter": "Q", "month": "M"}


@dataclass(frozen=True)
class ResidenceRule:
    """How long somebody must be here (or away) after a crossing for it to be a move of residence.

    Attributes:
        key: the name by which code asks for the rule.
        title: a short name (English; show it with ``_(rule.title)``).
        threshold_days: days of presence (for immigration) or absence (for emigration) that are needed.
        window_days: within so many days after the crossing. As long as the threshold: without interruption.
        absence_days: interruptions of up to so many days do not count as such.
        source: whose rule it is.
    """

    key: str
    title: str
    threshold_days: int
    window_days: int
    absence_days: int = 0
    source: str = ""

    def __post_init__(self) -> None:
        """Refuse rules that nobody could meet."""
        for name in ("threshold_days", "window_days", "absence_days"):
            if whole_number(getattr(self, name), name) < 0:
                raise KitError(_("{name} must be 0 or more; got {x}.").format(name=name, x=getattr(self, name)))
        if not 0 < self.threshold_days <= self.window_days:
            raise KitError(
                _("The threshold ({t} days) must lie between 1 and the window ({w} days).").format(
                    t=self.threshold_days, w=self.window_days
                )
            )


_UN = N_("UN, Recommendations on Statistics of International Migration, Revision 1 (1998): at least 12 months")
_ABS = N_("Australian Bureau of Statistics, Migration, Australia (3412.0), 12/16 month rule, in use since 2006")
_CES = N_("Most of the last 12 months, at least six months and a day: Principles and Recommendations, Revision 3")

#: Rules by key. Months are counted as days: 12 months as 365, 16 as 487, six months and a day as 183.
RESIDENCE_RULES: dict[str, ResidenceRule] = {
    rule.key: rule
    for rule in (
        ResidenceRule("twelve_months", N_("12 months without interruption"), 365, 365, 0, _UN),
        ResidenceRule("twelve_months_visits", N_("12 months, visits of 30 days left out"), 365, 365, 30, _UN),
        ResidenceRule("twelve_in_sixteen", N_("12 months within 16"), 365, 487, 0, _ABS),
        ResidenceRule("most_of_year", N_("Most of 12 months"), 183, 365, 0, _CES),
    )
}


def rule_of(rule: str | ResidenceRule) -> ResidenceRule:
    if isinstance(rule, ResidenceRule):
        return rule
    if not isinstance(rule, str) or rule not in RESIDENCE_RULES:
        raise KitError(
            _("There is no residence rule {rule}; use one of {known}, or a ResidenceRule.").format(
                rule=shown(rule), known=", ".join(RESIDENCE_RULES)
            )
        )
    return RESIDENCE_RULES[rule]


def _ends(events: Crossings, until: int) -> Ints:
    """When the state after each event ends: at the person's next event, or at the end of the records."""
    following = np.r_[events.time[1:], until][: len(events.time)]
    return np.where(events.last, until, following).astype(np.int64)


def _spent(events: Crossings, until: int, inside: bool, rule: ResidenceRule) -> tuple[Ints, Ints]:
    """Of each event: seconds that its person spends inside (or outside) in the window, and when they are enough.

    The window begins with the event and ends with the records at the latest.
    """
    n = len(events.time)
    if not n:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    ends = _ends(events, until)
    length = ends - events.time
    counts = events.enters == inside
    counts |= (length <= rule.absence_days * DAY) & ~events.last & (rule.absence_days > 0)
    total = np.r_[0, np.cumsum(np.where(counts, length, 0))]  # before each event, over all persons
    close = np.minimum(events.time + rule.window_days * DAY, until)
    # The event in force when the window closes: the last one of the same person that is not later.
    first = np.flatnonzero(events.first)
    base = _first_row(events)
    step = int(max(close.max(), events.time.max()) - events.time.min()) + 1
    shifted = events.time - events.time.min() + events.person * step
    at = np.searchsorted(shifted, close - events.time.min() + events.person * step, side="right") - 1
    at = np.clip(at, base, np.r_[first[1:], n][np.searchsorted(first, base)] - 1)
    at = np.maximum(at, np.arange(n))
    rest = np.where(counts[at], np.maximum(close - events.time[at], 0), 0)
    need = rule.threshold_days * DAY
    reached = np.clip(np.searchsorted(total, total[:-1] + need, side="left") - 1, 0, n - 1)
    enough = events.time[reached] + need - (total[reached] - total[:-1])
    return np.asarray(total[at] - total[:-1] + rest, dtype=np.int64), enough


def _status_before(events: Crossings, moves: Bools, at_start: Bools) -> Bools:
    """Whether the person is a resident just before each event, given which events are moves."""
    mover = np.where(moves, np.arange(len(moves)), -1)
    last = np.maximum.accumulate(np.r_[-1, mover])[:-1]
    moved = last >= _first_row(events)
    return np.where(moved, events.enters[np.maximum(last, 0)], at_start).astype(bool)


def _taken_in_turn(events: Crossings, may_move: Bools, at_start: Bools) -> Bools:
    """Of the crossings that could be moves, those that change the person's state."""
    which = np.flatnonzero(may_move)
    moves = np.zeros(len(events.time), dtype=bool)
    if not len(which):
        return moves
    person, enters = events.person[which], events.enters[which]
    new = np.r_[True, person[1:] != person[:-1]]
    before = np.where(new, at_start[which], np.r_[False, enters[:-1]])
    moves[which] = before != enters
    return moves


def stated_residence(table: pd.DataFrame, resident: str | None) -> pd.Series:
    """What each crossing says of residence: True, False or None."""
    if resident is None:
        return pd.Series(None, index=range(len(table)), dtype=object)
    need_columns(table, [resident], _("The table of crossings"))
    said = table[resident].astype(object).reset_index(drop=True)
    strange = said[said.notna() & ~said.isin([True, False])]
    if len(strange):
        raise KitError(
            _("Column {column} holds {value}; write True or False, blank where not known.").format(
                column=shown(resident), value=shown(strange.iloc[0])
            )
        )
    return said.where(said.notna(), None)


def _residents_at_start(events: Crossings, said: pd.Series) -> Bools:
    """Of each event, whether its person was a resident before: as first stated, else by the first direction."""
    held = said.iloc[events.row].reset_index(drop=True)
    stated = held.groupby(events.person).transform("first")  # the first that is not blank
    first = _first_row(events)
    return np.where(stated.isna(), ~events.enters[first], stated.eq(True)).astype(bool)


def _first_row(events: Crossings) -> Ints:
    """Of each event, the row of its person's first event."""
    rows: Ints = np.where(events.first, np.arange(len(events.time)), 0)
    return np.asarray(np.maximum.accumulate(rows), dtype=np.int64)


def _moves(events: Crossings, until: int, rule: ResidenceRule, at_start: Bools) -> dict[str, Any]:
    """Which crossings are moves, which may become moves, and the seconds that count for each."""
    (here, here_since), (away, away_since) = (_spent(events, until, inside, rule) for inside in (True, False))
    spent, known = np.where(events.enters, here, away), np.where(events.enters, here_since, away_since)
    need = rule.threshold_days * DAY
    final = _taken_in_turn(events, spent >= need, at_start)
    left = np.maximum(events.time + rule.window_days * DAY - until, 0)
    may_still = (spent < need) & (spent + left >= need)
    open_ = may_still & (_status_before(events, final, at_start) != events.enters)
    return {"final": final, "open": open_, "spent": spent, "known": known}


def residence_moves(
    events: pd.DataFrame,
    until: Any,
    rule: str | ResidenceRule = "twelve_months",
    person: Any = "person",
    time: str = "date",
    direction: str = "direction",
    entry: Any = "E",
    exit: Any = "X",
    resident: str | None = None,
    repeat_minutes: float = 30.0,
) -> pd.DataFrame:
    """Moves of residence from crossings, by the 12-month rule or another.

    ::

        immigration  an entry of a person who is no resident, if in the window after it the days here reach
                     the threshold
        emigration   an exit of a resident, if in the window after it the days away reach the threshold
        undetermined the window is not over at ``until`` and the days that are left may still reach it

    After an event the person is taken to be where it led, until the next event (so a missing exit makes a stay
    longer; see pair_crossings for how many there are). Before the first event a person was on the other side.

    Source: the rule's own (``RESIDENCE_RULES``). The window that looks forward, a status kept from move to move,
    and 12 and 16 months as 365 and 487 days: Stats NZ, Defining migrants using travel histories and the
    12/16-month rule (2017), and its package migrbc, whose test scenarios this function reproduces. The rule itself
    is of the Australian Bureau of Statistics (Migration, Australia, 3412.0, technical note on the 12/16 month
    rule).

    Args:
        events: one row a crossing.
        until: the day (its beginning) up to which the records are complete; later events are left out, so that
            the function also says what was known at an earlier day.
        rule: a key of ``RESIDENCE_RULES`` or a ``ResidenceRule`` with days of your own.
        person, time, direction, entry, exit: as for pair_crossings.
        resident: a column that says whether the person lives in the country (True, False or blank), as stated at
            the crossing; the first one stated counts. Without it, who is first seen leaving counts as a resident
            at the start, and who is first seen entering does not (assumption).
        repeat_minutes: as for pair_crossings.

    Returns:
        One row a move or possible move, in order of person and time: the person's columns, ``date`` (of the
        crossing), ``move`` ("immigration", "emigration"), ``decided`` ("final", "undetermined"), ``days`` (that
        count so far), ``known_on`` (the day on which the threshold was reached) and ``row`` (position in
        ``events``).

    Raises:
        KitError: as for pair_crossings, and if the rule is unknown.

    >>> events = pd.DataFrame({
    ...     "person": ["A", "B", "B", "C"],
    ...     "date": ["2023-03-01", "2023-03-01", "2023-06-01", "2024-05-01"],
    ...     "direction": ["E", "E", "X", "E"],
    ... })
    >>> residence_moves(events, "2024-07-01")[["person", "move", "decided", "days"]]
      person         move       decided  days
    0      A  immigration         final   365
    1      C  immigration  undetermined    61
    """
    said = stated_residence(events, resident)
    every = read_crossings(events, person, time, direction, entry, exit, said)
    minutes = number(repeat_minutes, "repeat_minutes")
    return moves_table(every, said, moment(until, "until"), rule_of(rule), minutes)


def moves_table(every: Crossings, said: pd.Series, end: int, rule: ResidenceRule, minutes: float) -> pd.DataFrame:
    """The moves as the records up to ``end`` show them."""
    taken, _again = once(every.only(every.time < end), minutes)
    found = _moves(taken, end, rule, _residents_at_start(taken, said))
    rows = np.flatnonzero(found["final"] | found["open"])
    keys = taken.keys.iloc[taken.person[rows]].reset_index(drop=True)
    table = pd.DataFrame(
        {
            "date": as_times(taken.time[rows] // DAY * DAY),
            "move": np.where(taken.enters[rows], IMMIGRATION, EMIGRATION).astype(object),
            "decided": np.where(found["final"][rows], FINAL, UNDETERMINED).astype(object),
            "days": found["spent"][rows] // DAY,
            "known_on": as_times(found["known"][rows] // DAY * DAY, found["open"][rows]),
            "row": taken.row[rows],
        }
    )
    free_names(keys, map(str, table), _("The key of the person"))
    return pd.concat([keys, table], axis=1)


def period_of(dates: pd.Series, by: str) -> pd.Series:
    if by not in PERIODS:
        raise KitError(_("Periods are 'year', 'quarter' or 'month'; got {x}.").format(x=shown(by)))
    return pd.Series(dates.dt.to_period(PERIODS[by]))


def crossing_flows(moves: pd.DataFrame, by: str = "year") -> pd.DataFrame:
    """Immigration and emigration by period, final and not yet determined.

    Args:
        moves: what :func:`residence_moves` returned.
        by: "year", "quarter" or "month".

    Returns:
        One row a period (without gaps between the first and the last): ``immigration``, ``emigration``, ``net``
        (final ones), ``immigration_undetermined``, ``emigration_undetermined``.

    >>> events = pd.DataFrame({"person": ["A", "B", "C"], "date": ["2023-03-01", "2023-04-01", "2024-05-01"],
    ...                        "direction": ["E", "X", "E"]})
    >>> crossing_flows(residence_moves(events, "2024-07-01"))["immigration_undetermined"].to_dict()
    {'2023': 0, '2024': 1}
    """
    need_columns(moves, ["date", "move", "decided"], _("The table of moves"))
    period = period_of(moves["date"], by)
    table = pd.DataFrame(index=all_periods(period))
    for move in (IMMIGRATION, EMIGRATION):
        for decided, name in ((FINAL, move), (UNDETERMINED, f"{move}_undetermined")):
            here = period[moves["move"].eq(move) & moves["decided"].eq(decided)]
            table[name] = here.value_counts().reindex(table.index, fill_value=0).astype("int64")
    table["net"] = table[IMMIGRATION] - table[EMIGRATION]
    table.index = pd.Index([str(each) for each in table.index], name="period", dtype=object)
    return table[[IMMIGRATION, EMIGRATION, "net", f"{IMMIGRATION}_undetermined", f"{EMIGRATION}_undetermined"]]


def all_periods(period: pd.Series) -> pd.PeriodIndex:
    if period.empty:
        return pd.PeriodIndex([], freq=period.dtype.freq)  # type: ignore[union-attr]
    return pd.period_range(period.min(), period.max())


__all__ = ["RESIDENCE_RULES", "ResidenceRule", "crossing_flows", "residence_moves"]
