"""Categories of persons as data: each rule is a few conditions on columns, each set names its source.

Three conditions are enough: a column holds one of some codes (``Is``), a country is another one (``Foreign``), a
figure is large enough (``AtLeast``). A rule is a list of alternatives; an alternative holds if all its conditions
do. Each rule is a ``Rule``, so ``classify``, ``stock`` and ``compare_definitions`` take it too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import is_unknown, need_columns, numbers, shown, tidy
from migkit.measures.definitions._codes import check_country, country_codes
from migkit.measures.definitions.stock_rules import NO, UNKNOWN, YES, Rule, classify
from migkit.reference import KitError, _

#: The person falls under no category that was asked.
NONE = "none"


@dataclass(frozen=True)
class Is:
    """The column holds one of the codes; blank and X are unknown."""

    column: str
    codes: tuple[str, ...]

    def ask(self, persons: pd.DataFrame, country: str) -> pd.Series:
        """Yes, no or unknown of each person."""
        held = tidy(persons[self.column])
        yes = held.isin(list(self.codes))
        return pd.Series(np.where(yes, YES, np.where(is_unknown(held), UNKNOWN, NO)), index=persons.index)


@dataclass(frozen=True)
class Foreign:
    """The country in the column is another one than that asked about."""

    column: str
    foreign: bool = True

    def ask(self, persons: pd.DataFrame, country: str) -> pd.Series:
        """Yes, no or unknown of each person."""
        # Whatever the column is called, it is written as the country is: 270, not 270.0 or gmb.
        held = country_codes(persons[self.column])
        check_country(held, country, self.column)
        yes = held.ne(country) if self.foreign else held.eq(country)
        return pd.Series(np.where(is_unknown(held), UNKNOWN, np.where(yes, YES, NO)), index=persons.index)


@dataclass(frozen=True)
class AtLeast:
    """The figure in the column is so large or larger; blank is unknown."""

    column: str
    least: float

    def ask(self, persons: pd.DataFrame, country: str) -> pd.Series:
        """Yes, no or unknown of each person."""
        held = numbers(persons[self.column], _("Column {c!r}").format(c=self.column), missing=True)
        return pd.Series(
            np.where(held.isna(), UNKNOWN, np.where(held.ge(self.least), YES, NO)), index=persons.index
        )


Condition = Is | Foreign | AtLeast


def _all(answers: Sequence[pd.Series]) -> pd.Series:
    frame = pd.concat(answers, axis=1)
    no, yes = (frame == NO).any(axis=1), (frame == YES).all(axis=1)
    return pd.Series(np.where(no, NO, np.where(yes, YES, UNKNOWN)), index=frame.index)


def _any(answers: Sequence[pd.Series]) -> pd.Series:
    frame = pd.concat(answers, axis=1)
    yes, no = (frame == YES).any(axis=1), (frame == NO).all(axis=1)
    return pd.Series(np.where(yes, YES, np.where(no, NO, UNKNOWN)), index=frame.index)


def rule_where(key: str, title: str, sentence: str, source: str, *alternatives: Sequence[Condition]) -> Rule:
    """A rule that says yes where all conditions of one alternative hold.

    An office states a rule of its own in this way, with its source.

    Args:
        key, title, sentence, source: as of a ``Rule``.
        alternatives: lists of conditions: ``Is``, ``Foreign``, ``AtLeast``.

    Raises:
        KitError: if there is no condition.

    >>> students = rule_where("student", "Foreign students", "Foreign citizens in education.", "Our office (2024)",
    ...     [Foreign("citizenship"), Is("activity", ("S",))])
    >>> people = pd.DataFrame({"citizenship": ["GMB", "SEN", "SEN", "XXX"], "activity": ["S", "S", "E", "S"]})
    >>> list(classify(people, students, "GMB"))
    ['no', 'yes', 'no', 'unknown']
    """
    if not alternatives or not all(len(each) for each in alternatives):
        raise KitError(_("Rule {key!r} has no condition; give a list of them.").format(key=key))
    needs = tuple(dict.fromkeys(condition.column for each in alternatives for condition in each))

    def decide(persons: pd.DataFrame, country: str) -> pd.Series:
        return _any([_all([condition.ask(persons, country) for condition in each]) for each in alternatives])

    return Rule(key, title, sentence, source, needs, decide)


@dataclass(frozen=True)
class CategorySet:
    """The categories of one recommendation.

    Attributes:
        key: the name by which code asks for it.
        title, source, year: what it is and where it comes from.
        rules: the categories, in the order in which they are asked.
        groups: of each rule's key, the group of the recommendation to which it belongs.
        exclusive: True if a person belongs to one category at most: the first that holds.
        note: what an office should know, and what could not be checked at the source.
    """

    key: str
    title: str
    source: str
    year: int
    rules: tuple[Rule, ...]
    groups: dict[str, str]
    exclusive: bool = True
    note: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        """Refuse rules without a group, or twice the same."""
        keys = [rule.key for rule in self.rules]
        if not keys or len(set(keys)) < len(keys) or set(keys) != set(self.groups):
            raise KitError(
                _("Category set {key!r}: each rule needs a key of its own and a group.").format(key=self.key)
            )

    def rule(self, key: str) -> Rule:
        """The rule with that key.

        Raises:
            KitError: if there is none.
        """
        for rule in self.rules:
            if rule.key == key:
                return rule
        raise KitError(
            _("Set {set!r} has no category {key}; it has: {known}.").format(
                set=self.key, key=shown(key), known=", ".join(rule.key for rule in self.rules)
            )
        )


def category_answers(persons: pd.DataFrame, categories: CategorySet, country: Any, **columns: str) -> pd.DataFrame:
    """The answer of each person to each category of a set that the table can answer.

    Source: as the set says (``categories.source``).

    Args:
        persons: one row a person.
        categories: a ``CategorySet``, such as ``CATEGORY_SETS["irrs_2018"]``.
        country: the code of the country, as the columns write it.
        columns: where the table uses other names: ``activity="labour_status"``.

    Returns:
        One column a category (those whose columns the table has), "yes", "no" or "unknown"; the index of
        ``persons``.

    Raises:
        KitError: if the table has the columns of no category.

    >>> from migkit.measures.definitions.category_sets import CATEGORY_SETS
    >>> people = pd.DataFrame({"nationality_status": ["REC", "UND", "NAT", "X"]})
    >>> print(category_answers(people, CATEGORY_SETS["iross_2023"], "GMB").T.to_string(header=False))
    stateless_recognised      yes   no  no  unknown
    stateless_not_recognised   no   no  no  unknown
    undetermined               no  yes  no  unknown
    """
    if not isinstance(categories, CategorySet):
        raise KitError(
            _("The second argument must be a CategorySet, but it is a {kind}.").format(
                kind=type(categories).__name__
            )
        )
    need_columns(persons, [], _("The table of persons"))
    asked = [rule for rule in categories.rules if {columns.get(n, n) for n in rule.needs} <= set(persons.columns)]
    if not asked:
        raise KitError(
            _("The table of persons can answer no category of {set!r}; the first one needs: {needs}.").format(
                set=categories.key, needs=", ".join(categories.rules[0].needs)
            )
        )
    answers = {}
    for rule in asked:
        own = {need: name for need, name in columns.items() if need in rule.needs}
        answers[rule.key] = classify(persons, rule, country, **own)
    return pd.DataFrame(answers, index=persons.index)


def categorise(persons: pd.DataFrame, categories: CategorySet, country: Any, **columns: str) -> pd.Series:
    """The category of each person by an exclusive set: the first that holds.

    Source: as the set says (``categories.source``).

    Args:
        persons, categories, country, columns: as for :func:`category_answers`.

    Returns:
        Keys of categories, "none" for who falls under none of those that were asked, "unknown" where an answer
        that decides is missing.

    Raises:
        KitError: as :func:`category_answers`, or if the set's categories overlap.

    >>> from migkit.measures.definitions.category_sets import CATEGORY_SETS
    >>> people = pd.DataFrame({"nationality_status": ["REC", "UND", "NAT", "X"]})
    >>> list(categorise(people, CATEGORY_SETS["iross_2023"], "GMB"))
    ['stateless_recognised', 'undetermined', 'none', 'unknown']
    """
    answers = category_answers(persons, categories, country, **columns)
    if not categories.exclusive:
        raise KitError(
            _("A person can fall under several categories of {set!r}; use category_answers.").format(
                set=categories.key
            )
        )
    found = np.full(len(persons), NONE, dtype=object)
    # From the last to the first: an earlier category goes before a later one, and so does not knowing it.
    for key in reversed(answers.columns):
        found[answers[key].eq(UNKNOWN).to_numpy()] = UNKNOWN
        found[answers[key].eq(YES).to_numpy()] = key
    return pd.Series(found, index=persons.index, name=categories.key)


__all__ = ["NONE", "AtLeast", "CategorySet", "Foreign", "Is", "categorise", "category_answers", "rule_where"]
