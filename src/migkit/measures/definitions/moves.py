"""Which moves are migration: the arrivals and departures of a period, judged by a rule set."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migkit.measures._input import NOT_STATED, TOTAL, classifier, is_unknown, need_columns, tidy
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
from migkit.measures.definitions.criteria import RuleSet, rule_set_of
from migkit.measures.definitions.residence import BASES, INTENDED, LIVED, OPEN, history_of
from migkit.measures.definitions.stock_rules import NO, UNKNOWN, YES, classify
from migkit.reference import KitError, _

Words = NDArray[np.object_]

ARRIVAL, DEPARTURE = "arrival", "departure"
LONG_TERM, SHORT_TERM = "long_term", "short_term"


def person_answers(rule: str | None, persons: pd.DataFrame | None, country: Any, n: int) -> Words:
    """Whether each person falls under a rule; without a rule everybody does.

    Raises:
        KitError: if there is no table of persons to ask.
    """
    if rule is None:
        return np.full(n, YES, dtype=object)
    if persons is None:
        raise KitError(
            _("The rule {rule!r} asks about persons: give the table of persons that answers it.").format(rule=rule)
        )
    return np.asarray(classify(persons, rule, country).to_numpy(dtype=object))


def both(first: Words, second: Words) -> Words:
    """Yes where both are; no where one of them is; unknown elsewhere."""
    no, yes = (first == NO) | (second == NO), (first == YES) & (second == YES)
    return np.where(no, NO, np.where(yes, YES, UNKNOWN)).astype(object)


def short_stays(stays: Stays, rule_set: RuleSet) -> tuple[Words, Words]:
    """Whether each stay has length and purpose of a short-term migration, and on what the answer rests."""
    n = len(stays.person)
    if rule_set.short_from is None or not n:
        return np.full(n, NO, dtype=object), np.full(n, LIVED, dtype=object)
    least = add_months(stays.start, rule_set.short_from)
    most = add_months(stays.start, rule_set.criterion.months)
    over, asked = (stays.end < NEVER) & ~stays.died, stays.planned > ALWAYS
    so_far = np.minimum(stays.end, stays.horizon + 1)
    until = np.where(asked & ~over, np.maximum(stays.planned, so_far), so_far)
    length = np.where((until >= least) & (until < most), YES, NO).astype(object)
    # A stay that is not over may still become longer, and one that death ended might have.
    length[~over & ~asked & (until < most)] = UNKNOWN
    purposes = pd.Series(stays.purpose, dtype=object)
    left_out = tidy(purposes).isin(rule_set.not_migration).to_numpy()
    purpose = np.where(is_unknown(purposes), UNKNOWN, np.where(left_out, NO, YES)).astype(object)
    return both(length, purpose), np.where(over, LIVED, np.where(asked, INTENDED, OPEN)).astype(object)


def _side_on(history: Stays, person: Days, day: Days) -> tuple[Days, Words]:
    """Side and basis of persons' histories on days of their own; OUT before they begin."""
    row = history.at(person, day)
    if not len(history.person):
        return np.full(len(row), OUT), np.full(len(row), LIVED, dtype=object)
    return np.where(row >= 0, history.side[row], OUT), np.where(row >= 0, BASES[history.planned[row]], LIVED)


def judged(stays: Stays, rule_set: RuleSet, rows: Flags) -> tuple[Words, Words, Words]:
    """Of each chosen stay: did coming there change residence, was it a short-term migration, and the basis."""
    history = history_of(stays, rule_set.criterion)
    chosen = stays.take(rows)
    side = chosen.side
    last_day = np.minimum(chosen.end - 1, stays.horizon)
    before, _basis = _side_on(history, chosen.person, chosen.start - 1)
    after, basis = _side_on(history, chosen.person, last_day)
    stays_put = (before == side) & (side != NOT_KNOWN)
    moved = (after == side) & (before != NOT_KNOWN) & (side != NOT_KNOWN)
    unknown = (after == NOT_KNOWN) | ((after == side) & (before == NOT_KNOWN))
    long = np.where(stays_put, NO, np.where(moved, YES, np.where(unknown, UNKNOWN, NO))).astype(object)
    short, short_basis = short_stays(chosen, rule_set)
    short[stays_put | (long == YES)] = NO
    short[(short == YES) & ((before == NOT_KNOWN) | (side == NOT_KNOWN))] = UNKNOWN
    return long, short, np.where((long == NO) & (short != NO), short_basis, basis).astype(object)


def moves_between(stays: Stays, first: int, last: int) -> tuple[Flags, Words]:
    """The stays that began with a move in the period, and the direction of that move.

    Where the country is not stated, the move goes away from the side before.
    """
    before = np.r_[OUT, stays.side[:-1]][: len(stays.side)]
    before = np.where(stays.first, OUT, before)
    rows = (stays.start > first) & (stays.start <= last) & ~stays.born
    rows &= ~(stays.first & (stays.side == OUT))
    arrives = (stays.side == HOME) | ((stays.side == NOT_KNOWN) & (before != HOME))
    return rows, np.where(arrives, ARRIVAL, DEPARTURE)[rows].astype(object)


def classify_moves(
    spells: pd.DataFrame,
    country: Any,
    start: Any,
    end: Any,
    rule_set: str | RuleSet = "un_2025",
    known_until: Any = None,
    persons: pd.DataFrame | None = None,
    columns: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Say of each arrival and departure of a period whether it is a migration.

    A move is long-term ("yes") if it changes the country of residence by the rule set's criterion; short-term if
    it does not, and lasts at least ``short_from`` months for a purpose that counts. A move whose stay is not
    over, not yet long enough and of which nobody knows the intention is "unknown" until later data decide.

    Source: UN, Recommendations on Statistics of International Migration, Revision 1 (1998), for long-term and
    short-term migrants; UN Expert Group on Migration Statistics (2021) and UN Recommendations (2025) for
    immigrants and emigrants of any citizenship. Judging a move by the stay that follows it is our reading of both.

    Args:
        start, end: two days; moves after the first, up to and with the second, count. For the year 2024:
            "2023-12-31", "2024-12-31".
        rule_set: a key of ``RULE_SETS`` or a ``RuleSet``.
        spells, country, known_until, persons, columns: as for :func:`residence_history`. Rule sets that look at
            one group of persons need ``persons`` with ``country_birth`` or ``citizenship``.

    Returns:
        One row a move: the person, ``date``, ``direction`` ("arrival", "departure"), ``long_term``, ``short_term``
        ("yes", "no", "unknown") and ``basis`` ("lived", "intended", "open"). Births and deaths are no moves.

    Raises:
        KitError: as :func:`residence_history`.

    >>> spells = pd.DataFrame({"person": ["a", "b", "c"], "country": "GMB", "purpose": ["work", "work", "visit"],
    ...     "start": ["2023-02-01", "2023-02-01", "2023-02-01"], "end": [None, "2023-08-01", "2023-08-01"]})
    >>> moves = classify_moves(spells, "GMB", "2022-12-31", "2023-12-31", "un_1998", known_until="2024-12-31")
    >>> print(moves.drop(columns=["date", "basis"]).to_string(index=False))
    person direction long_term short_term
         a   arrival       yes         no
         b   arrival        no        yes
         b departure        no         no
         c   arrival        no         no
         c departure        no         no
    """
    first, last = day_number(start, _("The first day")), day_number(end, _("The last day"))
    if last < first:
        raise KitError(_("The last day of the period lies before the first."))
    stays = read_stays(spells, country, persons, known_until, last, columns)
    return moves_table(stays, rule_set_of(rule_set), country, first, last, persons, column_map(columns)["person"])


def moves_table(
    stays: Stays, rules: RuleSet, country: Any, first: int, last: int, persons: pd.DataFrame | None, name: str
) -> pd.DataFrame:
    """The table of :func:`classify_moves` from stays that are read already."""
    rows, direction = moves_between(stays, first, last)
    long, short, basis = judged(stays, rules, rows)
    person = stays.person[rows]
    counts = person_answers(rules.only, persons, country, len(stays.persons))[person]
    return pd.DataFrame(
        {
            name: stays.persons[name].to_numpy()[person],
            "date": as_dates(stays.start[rows]),
            "direction": direction,
            LONG_TERM: both(long, counts),
            SHORT_TERM: both(short, counts),
            "basis": basis,
        }
    )


def flow_table(moves: pd.DataFrame, groups: pd.Series | None = None) -> pd.DataFrame:
    """Yes, no and unknown by direction and term (and group); they add up to the moves in that direction."""
    parts = []
    for direction in (ARRIVAL, DEPARTURE):
        mine = moves["direction"].eq(direction)
        for term in (LONG_TERM, SHORT_TERM):
            answers = moves.loc[mine, term]
            by = pd.Series(TOTAL, index=answers.index) if groups is None else groups[mine]
            counts = pd.crosstab(by.astype(object), answers) if len(answers) else pd.DataFrame()
            counts = counts.reindex(columns=[YES, NO, UNKNOWN], fill_value=0)
            if groups is not None:
                named = [name for name in counts.index if name != NOT_STATED]
                counts = counts.reindex([*named, *({NOT_STATED} & set(counts.index))])
            counts.loc[TOTAL] = counts.sum() if groups is not None or counts.empty else counts.loc[TOTAL]
            counts.index = pd.MultiIndex.from_tuples([(direction, term, group) for group in counts.index])
            parts.append(counts)
    table = pd.concat(parts).astype("int64")
    table.columns.name = None
    table["total"] = table.sum(axis=1)
    name = None if groups is None else groups.name
    table.index = table.index.set_names(["direction", "term", name])
    return table.droplevel(2) if groups is None else table


def migration_flows(
    spells: pd.DataFrame,
    country: Any,
    start: Any,
    end: Any,
    rule_set: str | RuleSet = "un_2025",
    by: str | None = None,
    known_until: Any = None,
    persons: pd.DataFrame | None = None,
    columns: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """How many immigrated and emigrated in a period, by a rule set.

    Source and reading: see :func:`classify_moves`, whose moves are counted here.

    Args:
        by: a column of ``persons`` to count by, such as citizenship; blank and unknown values are "Not stated".
        spells, country, start, end, rule_set, known_until, persons, columns: as for :func:`classify_moves`.

    Returns:
        One row for each direction and term (and group, and "Total"): ``yes`` (migrations), ``no``, ``unknown``,
        and ``total``, their sum: all moves in that direction.

    Raises:
        KitError: as :func:`classify_moves`.

    >>> spells = pd.DataFrame({"person": ["a", "b", "c"], "country": "GMB", "purpose": ["work", "work", "visit"],
    ...     "start": ["2023-02-01", "2023-02-01", "2023-12-01"], "end": [None, "2023-08-01", None]})
    >>> flows = migration_flows(spells, "GMB", "2022-12-31", "2023-12-31", "un_1998", known_until="2024-06-30")
    >>> print(flows)  # doctest: +NORMALIZE_WHITESPACE
                          yes  no  unknown  total
    direction term
    arrival   long_term     1   1        1      3
              short_term    1   2        0      3
    departure long_term     0   1        0      1
              short_term    0   1        0      1
    """
    moves = classify_moves(spells, country, start, end, rule_set, known_until, persons, columns)
    if by is None:
        return flow_table(moves)
    if persons is None:
        raise KitError(_("To count by {by!r}, give the table of persons that holds it.").format(by=by))
    need_columns(persons, [by], _("The table of persons"))
    name = column_map(columns)["person"]
    found = classifier(persons[by]).astype(object).set_axis(pd.Index(persons[name].astype(object), dtype=object))
    groups = found.reindex(pd.Index(moves[name].astype(object), dtype=object)).set_axis(moves.index).rename(by)
    return flow_table(moves, groups)


__all__ = ["ARRIVAL", "DEPARTURE", "LONG_TERM", "SHORT_TERM", "classify_moves", "migration_flows"]
