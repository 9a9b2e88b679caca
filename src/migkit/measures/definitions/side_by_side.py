"""The same people under several rule sets: classes on a day, stocks and flows side by side, who changes class."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import TOTAL
from migkit.measures.definitions._spells import HOME, NOT_KNOWN, OUT, Stays, column_map, day_number, read_stays
from migkit.measures.definitions.criteria import (
    AWAY,
    RESIDENT,
    SHORT_TERM,
    TEMPORARY,
    VISITOR,
    RuleSet,
    rule_set_of,
)
from migkit.measures.definitions.moves import (
    ARRIVAL,
    DEPARTURE,
    LONG_TERM,
    Words,
    both,
    moves_table,
    person_answers,
    short_stays,
)
from migkit.measures.definitions.residence import LIVED, answers_on, on_day
from migkit.measures.definitions.stock_rules import NO, RULES, UNKNOWN, YES
from migkit.reference import KitError, _

_ANSWERS = [YES, NO, UNKNOWN]


def _classes(stays: Stays, rules: RuleSet, day: int) -> tuple[Words, Words, Words]:
    """Class, answer to "resident?" and its basis of each person on a day."""
    resident, basis = answers_on(stays, rules.criterion, day)
    at = on_day(stays, day)
    side, short = np.full(len(at), OUT), np.full(len(at), NO, dtype=object)
    if len(stays.person):
        short, short_basis = (
            np.where(at >= 0, each[at], none)
            for each, none in zip(short_stays(stays, rules), (NO, LIVED), strict=True)
        )
        side = np.where(at >= 0, stays.side[at], OUT)
        basis = np.where((side == HOME) & (resident == NO), short_basis, basis)
    guests = TEMPORARY if rules.temporary else VISITOR
    here = np.where(short == YES, SHORT_TERM, np.where(short == UNKNOWN, UNKNOWN, guests))
    others = np.where(side == HOME, here, np.where(side == NOT_KNOWN, UNKNOWN, AWAY))
    group = np.where(resident == YES, RESIDENT, np.where(resident == UNKNOWN, UNKNOWN, others))
    return group.astype(object), resident, basis.astype(object)


def _migrants(rules: RuleSet, resident: Words, persons: pd.DataFrame | None, country: Any) -> Words:
    """Whether each person is a migrant of the stock: a resident, and one by the rule of the set."""
    if persons is None or not set(RULES[rules.migrants].needs) <= set(persons.columns):
        return both(resident, np.full(len(resident), UNKNOWN, dtype=object))
    return both(resident, person_answers(rules.migrants, persons, country, len(resident)))


def population_on(
    spells: pd.DataFrame,
    country: Any,
    on: Any,
    rule_set: str | RuleSet = "un_2025",
    known_until: Any = None,
    persons: pd.DataFrame | None = None,
    columns: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """What each person is on a day, by a rule set.

    Classes of the 1998 Recommendations: "resident", "short_term" (a migrant of three months and more without
    residence), "visitor" (present for less, or for another purpose), "away". Of the framework of 2021 and the
    Recommendations of 2025: "resident", "temporary" (the temporary population: present without residence), "away".
    Residents who are abroad for a short time are residents. "unknown" is who may be one or the other.

    Source: UN (1998); UN Expert Group on Migration Statistics (2021); UN (2025). "visitor" and "away" are names of
    the kit for those whom the recommendations leave over.

    Args:
        on: the day.
        rule_set: a key of ``RULE_SETS`` or a ``RuleSet``.
        spells, country, known_until, persons, columns: as for :func:`residence_history`.

    Returns:
        One row a person (the index names them): ``group`` (the class), ``resident`` and ``migrant`` (yes, no,
        unknown; a migrant is a resident who is one by the rule ``migrants`` of the set, unknown where ``persons``
        does not hold what that rule asks), ``basis``.

    Raises:
        KitError: as :func:`residence_history`.

    >>> spells = pd.DataFrame({"person": ["a", "b"], "country": "GMB", "purpose": "work",
    ...     "start": ["2020-01-01", "2024-01-01"], "end": [None, "2024-07-01"]})
    >>> list(population_on(spells, "GMB", "2024-03-01", "un_1998", known_until="2025-12-31")["group"])
    ['resident', 'short_term']
    >>> list(population_on(spells, "GMB", "2024-03-01", "un_2025", known_until="2025-12-31")["group"])
    ['resident', 'temporary']
    """
    rules, day = rule_set_of(rule_set), day_number(on, _("The reference date"))
    stays = read_stays(spells, country, persons, known_until, day, columns)
    group, resident, basis = _classes(stays, rules, day)
    name = column_map(columns)["person"]
    return pd.DataFrame(
        {
            "group": group,
            "resident": resident,
            "migrant": _migrants(rules, resident, persons, country),
            "basis": basis,
        },
        index=pd.Index(stays.persons[name].to_numpy(), name=name),
    )


def _line(answers: Any) -> list[int]:
    """Yes, no, unknown and their sum."""
    counts = [int((np.asarray(answers, dtype=object) == answer).sum()) for answer in _ANSWERS]
    return [*counts, sum(counts)]


def _sets(rule_sets: Any) -> list[RuleSet]:
    """The rule sets, none of them twice."""
    if isinstance(rule_sets, (str, RuleSet)) or not isinstance(rule_sets, Iterable):
        rule_sets = [rule_sets]
    found = [rule_set_of(each) for each in rule_sets]
    keys = [each.key for each in found]
    if not found or len(set(keys)) < len(keys):
        raise KitError(
            _("Name one rule set or more, each once; got {keys}.").format(keys=", ".join(keys) or _("none"))
        )
    return found


def compare_rule_sets(
    spells: pd.DataFrame,
    country: Any,
    start: Any,
    end: Any,
    rule_sets: Sequence[str | RuleSet] = ("un_1998", "un_2025", "un_2025_most", "foreign_citizens"),
    known_until: Any = None,
    persons: pd.DataFrame | None = None,
    columns: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Stock and flows of the same people under several rule sets, side by side.

    Source: as the rule sets say (``RULE_SETS[key].source``).

    Args:
        start, end: the period: moves after the first day, up to and with the second; stocks on the second.
        rule_sets: keys of ``RULE_SETS`` or rule sets of your own.
        spells, country, known_until, persons, columns: as for :func:`classify_moves`.

    Returns:
        One row a measure and rule set; columns ``yes``, ``no``, ``unknown``, ``total``. Measures of stock:
        residents, migrants (where ``persons`` holds what the rule asks), then the other classes of the set, of a
        total of all persons. Measures of flow: immigrations and short-term immigrations, of all arrivals;
        emigrations and short-term emigrations, of all departures.

    Raises:
        KitError: as :func:`classify_moves`, or if a rule set is named twice.

    >>> spells = pd.DataFrame({"person": ["a", "b", "c"], "country": "GMB", "purpose": "work",
    ...     "start": ["2020-01-01", "2024-01-01", "2024-01-01"], "end": [None, "2024-06-01", "2024-09-01"]})
    >>> table = compare_rule_sets(spells, "GMB", "2023-12-31", "2024-07-31", ["un_1998", "un_2025_most"],
    ...     known_until="2025-12-31")
    >>> print(table.loc[["residents", "immigrations", "short-term immigrations"], ["yes", "no", "unknown"]])
    ... # doctest: +NORMALIZE_WHITESPACE
                                          yes  no  unknown
    measure                 rule_set
    residents               un_1998         1   2        0
                            un_2025_most    2   1        0
    immigrations            un_1998         0   2        0
                            un_2025_most    1   1        0
    short-term immigrations un_1998         2   0        0
    """
    sets = _sets(rule_sets)
    first, last = day_number(start, _("The first day")), day_number(end, _("The last day"))
    if last < first:
        raise KitError(_("The last day of the period lies before the first."))
    stays = read_stays(spells, country, persons, known_until, last, columns)
    name = column_map(columns)["person"]
    lines: dict[tuple[str, str], list[int]] = {}
    for rules in sets:
        group, resident, _basis = _classes(stays, rules, last)
        lines["residents", rules.key] = _line(resident)
        if persons is not None and set(RULES[rules.migrants].needs) <= set(persons.columns):
            lines["migrants", rules.key] = _line(_migrants(rules, resident, persons, country))
        for other in rules.classes[1:-1]:
            unknown = np.where(group == UNKNOWN, UNKNOWN, NO)
            lines[other, rules.key] = _line(np.where(group == other, YES, unknown))
        moves = moves_table(stays, rules, country, first, last, persons, name)
        for direction, word in ((ARRIVAL, "immigrations"), (DEPARTURE, "emigrations")):
            mine = moves[moves["direction"] == direction]
            lines[word, rules.key] = _line(mine[LONG_TERM])
            if rules.short_from is not None:
                lines[f"short-term {word}", rules.key] = _line(mine["short_term"])
    order = list(dict.fromkeys(measure for measure, _key in lines))
    order.sort(key=_ORDER.index)
    keys = [(measure, each.key) for measure in order for each in sets if (measure, each.key) in lines]
    index = pd.MultiIndex.from_tuples(keys, names=["measure", "rule_set"])
    return pd.DataFrame([lines[key] for key in keys], index=index, columns=[*_ANSWERS, "total"])


_ORDER = [
    "residents", "migrants", SHORT_TERM, TEMPORARY, VISITOR,
    "immigrations", "short-term immigrations", "emigrations", "short-term emigrations",
]  # fmt: skip


def class_changes(
    spells: pd.DataFrame,
    country: Any,
    on: Any,
    one: str | RuleSet,
    other: str | RuleSet,
    known_until: Any = None,
    persons: pd.DataFrame | None = None,
    columns: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Who changes class when one rule set takes the place of another: a cross-table of persons.

    Source: as the rule sets say (``RULE_SETS[key].source``).

    Args:
        on: the day.
        one, other: the rule sets, of the rows and of the columns.
        spells, country, known_until, persons, columns: as for :func:`residence_history`.

    Returns:
        Counts of persons: classes of ``one`` by classes of ``other``, each with "unknown" and "Total", also where
        they are empty.

    Raises:
        KitError: as :func:`residence_history`.

    >>> spells = pd.DataFrame({"person": ["a", "b", "c"], "country": "GMB", "purpose": "work",
    ...     "start": ["2020-01-01", "2024-01-01", "2024-01-01"], "end": [None, "2024-06-01", "2024-09-01"]})
    >>> changed = class_changes(spells, "GMB", "2024-05-01", "un_1998", "un_2025_most", known_until="2025-12-31")
    >>> print(changed)  # doctest: +NORMALIZE_WHITESPACE
    un_2025_most  resident  temporary  away  unknown  Total
    un_1998
    resident             1          0     0        0      1
    short_term           1          1     0        0      2
    visitor              0          0     0        0      0
    away                 0          0     0        0      0
    unknown              0          0     0        0      0
    Total                2          1     0        0      3
    """
    rules, day = [rule_set_of(each) for each in (one, other)], day_number(on, _("The reference date"))
    stays = read_stays(spells, country, persons, known_until, day, columns)
    twice = rules[0].key == rules[1].key
    names = [f"{each.key} ({place})" if twice else each.key for place, each in enumerate(rules, 1)]
    groups = [pd.Categorical(_classes(stays, each, day)[0], categories=[*each.classes, UNKNOWN]) for each in rules]
    frame = pd.DataFrame(dict(zip(names, groups, strict=True)))
    table = frame.groupby(names, observed=False).size().unstack(fill_value=0)
    table.index, table.columns = (pd.Index(axis.astype(object)) for axis in (table.index, table.columns))
    table[TOTAL] = table.sum(axis=1)
    table.loc[TOTAL] = table.sum(axis=0)
    return table.rename_axis(index=names[0], columns=names[1]).astype("int64")


__all__ = ["class_changes", "compare_rule_sets", "population_on"]
