"""Who is a migrant: rules as data, and the stock that each of them gives.

A rule answers one question about one person: "yes", "no" or "unknown". The three always add up to the universe,
so nobody disappears because a box was left empty.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from migkit.measures._input import (
    NOT_STATED,
    TOTAL,
    as_counts,
    classifier,
    column_names,
    in_order,
    is_unknown,
    need_columns,
    shown,
    tidy,
    weights,
    whole_ages,
)
from migkit.measures.definitions._codes import as_code, check_country, country_codes
from migkit.reference import KitError, _
from migkit.reference.language import N_

YES, NO, UNKNOWN = "yes", "no", "unknown"

Decision = Callable[[pd.DataFrame, str], pd.Series]


@dataclass(frozen=True)
class Rule:
    """One definition of a migrant.

    Attributes:
        key: the name by which code asks for the rule.
        title: a short name for tables and charts (English; show it with ``_(rule.title)``).
        sentence: the rule in one plain sentence (our wording, never a quotation).
        source: the recommendation that the rule follows.
        needs: the columns that must be there.
        decide: answers for a table whose columns bear the names in ``needs``.
    """

    key: str
    title: str
    sentence: str
    source: str
    needs: tuple[str, ...]
    decide: Decision = field(repr=False, compare=False)


def _answers(yes: pd.Series, unknown: pd.Series) -> pd.Series:
    words = np.where(yes, YES, np.where(unknown, UNKNOWN, NO))
    return pd.Series(words, index=yes.index)


def _is_foreign(column: str) -> Decision:
    """Yes where the code in ``column`` is another country's."""

    def decide(persons: pd.DataFrame, country: str) -> pd.Series:
        codes = persons[column]
        unknown = is_unknown(codes)
        return _answers(~unknown & codes.astype(object).ne(country), unknown)

    return decide


def _said_yes(persons: pd.DataFrame, country: str) -> pd.Series:
    answer = tidy(persons["lived_abroad"])
    unknown = is_unknown(answer)
    odd = answer[~unknown & ~answer.isin(["Y", "N"])]
    if len(odd):
        raise KitError(
            _(
                "Column 'lived_abroad' holds {value} in row {row}; write Y (yes), N (no) or X (not stated) "
                "({n} such rows)."
            ).format(value=shown(odd.iloc[0]), row=shown(odd.index[0]), n=len(odd))
        )
    return _answers(answer.eq("Y"), unknown)


def _any_foreign(*columns: str) -> Decision:
    """Yes if one of the codes is foreign; no only if all are known and none is."""

    def decide(persons: pd.DataFrame, country: str) -> pd.Series:
        answers = pd.concat([_is_foreign(column)(persons, country) for column in columns], axis=1)
        return _answers((answers == YES).any(axis=1), (answers == UNKNOWN).any(axis=1))

    return decide


def _lived_elsewhere(column: str, years: int) -> Decision:
    """Yes where the residence some years ago was abroad; no for those who are younger than that."""

    def decide(persons: pd.DataFrame, country: str) -> pd.Series:
        codes = persons[column]
        not_yet_born = codes.isna() & whole_ages(persons["age"], _("Column {c!r}").format(c="age")).lt(years)
        unknown = is_unknown(codes) & ~not_yet_born
        return _answers(~is_unknown(codes) & codes.astype(object).ne(country), unknown)

    return decide


_PR = N_("UN, Principles and Recommendations for Population and Housing Censuses, Revision 3 (2017)")
_CES = N_("UNECE, CES Recommendations for the 2020 Censuses of Population and Housing (2015)")

#: The rules that the census module teaches, by key, in the order in which it teaches them.
RULES: dict[str, Rule] = {
    rule.key: rule
    for rule in (
        Rule(
            "foreign_born",
            N_("Foreign-born"),
            N_("Was born in another country."),
            _PR,
            ("country_birth",),
            _is_foreign("country_birth"),
        ),
        Rule(
            "foreign_citizen",
            N_("Foreign citizens"),
            N_("Is not a citizen of the country; people without any citizenship count here too."),
            _PR,
            ("citizenship",),
            _is_foreign("citizenship"),
        ),
        Rule(
            "lived_abroad",
            N_("Ever lived abroad"),
            N_("Has lived in another country for 12 months or more at some time, whatever the place of birth."),
            _CES,
            ("lived_abroad",),
            _said_yes,
        ),
        Rule(
            "foreign_background",
            N_("Foreign-born or with a foreign-born parent"),
            N_("Was born in another country, or has a mother or a father who was."),
            _CES,
            ("country_birth", "mother_country_birth", "father_country_birth"),
            _any_foreign("country_birth", "mother_country_birth", "father_country_birth"),
        ),
        Rule(
            "recent_5y",
            N_("Lived abroad five years ago"),
            N_(
                "Had the usual residence in another country five years before the census; not asked of children "
                "under five, who count as no."
            ),
            _PR,
            ("country_5y", "age"),
            _lived_elsewhere("country_5y", 5),
        ),
        Rule(
            "recent_1y",
            N_("Lived abroad one year ago"),
            N_(
                "Had the usual residence in another country one year before the census; not asked of children "
                "under one, who count as no."
            ),
            _PR,
            ("country_1y", "age"),
            _lived_elsewhere("country_1y", 1),
        ),
    )
}


def _rule(rule: str | Rule) -> Rule:
    if isinstance(rule, Rule):
        return rule
    if not isinstance(rule, str) or rule not in RULES:
        raise KitError(
            _("There is no rule called {rule}; use one of {known}.").format(
                rule=shown(rule), known=", ".join(RULES)
            )
        )
    return RULES[rule]


def classify(persons: pd.DataFrame, rule: str | Rule, country: str, **columns: str) -> pd.Series:
    """Say of each person whether the rule makes him or her a migrant.

    Args:
        persons: one row a person, already limited to the universe (for a stock: the usual residents).
        rule: a key of ``RULES`` (or a ``Rule``).
        country: the code of the country of the census, as the columns write it, for example ``"GMB"`` or 270.
        columns: where the table uses other names: ``country_birth="pays_naissance"``.

    Returns:
        A Series with the index of ``persons``: ``"yes"``, ``"no"`` or ``"unknown"``. Unknown are blanks and the
        codes X, XXX; a code of your own for "not stated", such as 999, must be made one of these first.

    Raises:
        KitError: if a column is missing or the country is written in another way than in the data.

    >>> people = pd.DataFrame({"country_birth": ["GMB", "SEN", "XXX"]})
    >>> list(classify(people, "foreign_born", "GMB"))
    ['no', 'yes', 'unknown']
    """
    chosen = _rule(rule)
    names = {need: columns.get(need, need) for need in chosen.needs}
    strange = sorted(set(columns) - {need for each in RULES.values() for need in each.needs} - set(names))
    if strange:
        raise KitError(
            _("No rule knows a column called {strange}; {rule!r} needs {needs}.").format(
                strange=", ".join(map(shown, strange)), rule=chosen.key, needs=", ".join(chosen.needs)
            )
        )
    need_columns(persons, names.values(), _("The table of persons"))
    held = pd.DataFrame({need: persons[name] for need, name in names.items()}, index=persons.index)
    home = as_code(country)
    for need, name in names.items():
        if need.startswith(("country_", "citizenship", "mother_", "father_")):
            held[need] = country_codes(held[need])
            check_country(held[need], home, name)
    return chosen.decide(held, home).rename(chosen.key)


def _shares(counts: pd.DataFrame, weight: str | None) -> pd.DataFrame:
    """Add the row total and the percentage among those whose answer is known."""
    table = counts.reindex(columns=[YES, NO, UNKNOWN], fill_value=0).fillna(0)
    table = as_counts(table, weight)
    table.columns.name = None
    table["total"] = table.sum(axis=1)
    known = (table[YES] + table[NO]).astype(float)
    table["percent_of_known"] = 100 * table[YES] / known.where(known > 0)
    return table


def stock(
    persons: pd.DataFrame,
    rule: str | Rule,
    country: str,
    by: str | Sequence[str] = (),
    weight: str | None = None,
    **columns: str,
) -> pd.DataFrame:
    """Count the migrants by a rule, the others, and those of whom it is not known.

    Args:
        persons: one row a person of the universe.
        rule, country, columns: as for :func:`classify`.
        by: a column, or several, to count by; blank or unknown values appear as "Not stated".
        weight: a column of weights; without it each row counts one.

    Returns:
        One row a group and a last row "Total"; columns ``yes``, ``no``, ``unknown``, ``total`` (= their sum) and
        ``percent_of_known`` (100 x yes / (yes + no)).

    >>> people = pd.DataFrame({"country_birth": ["GMB", "SEN", "XXX", "GIN"], "sex": ["F", "F", "M", "M"]})
    >>> print(stock(people, "foreign_born", "GMB", by="sex"))  # doctest: +NORMALIZE_WHITESPACE
           yes  no  unknown  total  percent_of_known
    sex
    F        1   1        0      2         50.000000
    M        1   0        1      2        100.000000
    Total    2   1        1      4         66.666667
    """
    answers = classify(persons, rule, country, **columns)
    each = weights(persons, weight, _("The table of persons"))
    everyone = each.groupby(answers.to_numpy()).sum()
    total = pd.DataFrame([everyone], index=pd.Index([TOTAL]))
    names = column_names(by, _("The table of persons"))
    if not names:
        return _shares(total, weight)
    need_columns(persons, names, _("The table of persons"))
    groups = [classifier(persons[name]) for name in names]
    counts = each.groupby([*groups, answers.rename("answer")], observed=True).sum().unstack(-1)
    if len(names) == 1:
        counts.index = pd.Index(counts.index.astype(object), name=names[0])
    else:
        counts.index = pd.MultiIndex.from_tuples(list(counts.index), names=names)
        total.index = pd.MultiIndex.from_tuples([(TOTAL, *[""] * (len(names) - 1))], names=names)
    return _shares(pd.concat([counts, total]).rename_axis(index=names), weight)


def compare_definitions(
    persons: pd.DataFrame,
    country: str,
    rules: Sequence[str] | None = None,
    weight: str | None = None,
    **columns: str,
) -> pd.DataFrame:
    """The stock of the same persons under several rules, side by side.

    Args:
        persons: one row a person of the universe.
        country, weight, columns: as for :func:`stock`.
        rules: keys of ``RULES``; without them, every rule whose columns the table has.

    Returns:
        One row a rule (index: its key); columns ``title``, ``yes``, ``no``, ``unknown``, ``total``,
        ``percent_of_known``.

    Raises:
        KitError: if a named rule lacks a column, or the table has the columns of no rule at all.

    >>> people = pd.DataFrame({"country_birth": ["GMB", "SEN", "SEN"], "citizenship": ["GMB", "GMB", "XXX"]})
    >>> compared = compare_definitions(people, "GMB")[["title", "yes", "no", "unknown"]]
    >>> print(compared)  # doctest: +NORMALIZE_WHITESPACE
                           title  yes  no  unknown
    rule
    foreign_born        Foreign-born    2   1        0
    foreign_citizen  Foreign citizens    0   2        1
    """
    if rules is None:
        have = set(getattr(persons, "columns", ()))
        rules = [key for key, rule in RULES.items() if all(columns.get(n, n) in have for n in rule.needs)]
    if isinstance(rules, (str, Rule)) or not isinstance(rules, Iterable):
        rules = [rules]
    rules = list(rules)
    if not rules:
        needed = in_order({need for rule in RULES.values() for need in rule.needs})
        raise KitError(
            _("No definition can be applied: the table of persons has none of the columns {needed}.").format(
                needed=", ".join(needed)
            )
        )
    lines = []
    for key in rules:
        line = stock(persons, key, country, weight=weight, **columns)
        line.insert(0, "title", _(_rule(key).title))
        lines.append(line.set_axis([_rule(key).key], axis=0))
    return pd.concat(lines).rename_axis(index="rule")


__all__ = [
    "NO",
    "NOT_STATED",
    "RULES",
    "TOTAL",
    "UNKNOWN",
    "YES",
    "Rule",
    "classify",
    "compare_definitions",
    "stock",
]
