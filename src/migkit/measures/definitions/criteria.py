"""When a stay makes a resident: the criterion of residence, and the rule sets of migration flows that rest on one.

A rule set is data with its source. An office that counts by a rule of its own writes it down in the same way::

    RuleSet("office", "Six months, by law", "Population Register Act", 2019, Criterion("6m", 6, "Our law"))

The sentences are ours; for the binding wording read the source.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from migkit.measures._input import number, shown, whole_number
from migkit.measures.definitions.stock_rules import RULES
from migkit.reference import KitError, _
from migkit.reference.language import N_

#: What a stay of less than a residence can be called.
RESIDENT, SHORT_TERM, TEMPORARY, VISITOR, AWAY = "resident", "short_term", "temporary", "visitor", "away"


def _text(value: Any, what: str) -> None:
    if not isinstance(value, str) or not value.strip():
        raise KitError(_("{what} must be a text; got {value}.").format(what=what, value=shown(value)))


@dataclass(frozen=True)
class Criterion:
    """How long somebody must live in a country to be its resident.

    Attributes:
        key: a short name.
        months: the length of stay that makes a resident, lived or, where it is not over, intended.
        source: where the criterion comes from.
        more_than: True if exactly ``months`` is not enough (six months *and one day*).
        within: None: the stay counts in a row. A number of months: shorter stays are added up, and somebody is a
            resident while they make up more than ``months`` of the last ``within`` months.
        absence: an absence of fewer months than this, and shorter than the stays around it, does not interrupt a
            stay, nor does such a visit interrupt an absence. 0: every night counts as it is.

    Raises:
        KitError: if the figures make no criterion.
    """

    key: str
    months: int
    source: str
    more_than: bool = False
    within: int | None = None
    absence: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be a criterion."""
        for name in ("key", "source"):
            _text(getattr(self, name), _("The {name} of a criterion").format(name=name))
        for name in ("months", "absence"):
            number(whole_number(getattr(self, name), name), name)
        if self.within is not None and whole_number(self.within, "within") < max(self.months, 1):
            raise KitError(
                _("{months} months cannot be lived within {within} months; 'within' must be longer.").format(
                    months=self.months, within=self.within
                )
            )
        if self.absence > self.months:
            raise KitError(
                _("An absence of {absence} months is no short one where {months} months make a resident.").format(
                    absence=self.absence, months=self.months
                )
            )


_PR = N_("UN, Principles and Recommendations for Population and Housing Censuses, Revision 3 (2017)")
_OWN = N_("Assumption: the file holds residence already, decided by who made it")

#: At least 12 months in a row, lived or intended. That an absence of under three months is a short one is an
#: assumption: the recommendations leave out holidays and work assignments and give no length.
TWELVE_MONTHS = Criterion("twelve_months", 12, _PR, absence=3)
#: Most of the last 12 months: more than six, in one piece or several, lived; or six and more intended.
MOST_OF_TWELVE_MONTHS = Criterion("most_of_twelve_months", 6, _PR, more_than=True, within=12)
#: Every spell is residence, however short: for a register, or for the kit's true spells.
AS_RECORDED = Criterion("as_recorded", 0, _OWN)

#: The criteria by key.
CRITERIA: dict[str, Criterion] = {each.key: each for each in (TWELVE_MONTHS, MOST_OF_TWELVE_MONTHS, AS_RECORDED)}


def criterion_of(criterion: str | Criterion) -> Criterion:
    """The criterion itself, or the one of that key.

    Raises:
        KitError: if there is none.

    >>> criterion_of("twelve_months").months
    12
    """
    if isinstance(criterion, Criterion):
        return criterion
    if not isinstance(criterion, str) or criterion not in CRITERIA:
        raise KitError(
            _("There is no criterion called {criterion}; use one of {known}, or make a Criterion.").format(
                criterion=shown(criterion), known=", ".join(CRITERIA)
            )
        )
    return CRITERIA[criterion]


@dataclass(frozen=True)
class RuleSet:
    """Who is resident, who is a migrant, and which moves are migration.

    Attributes:
        key: the name by which code asks for it.
        title: a short name for tables and charts.
        source: the recommendation, law or manual.
        year: the year of the source.
        criterion: when a stay makes a resident (and a move a long-term migration).
        short_from: months from which a stay without residence is a short-term migration; None if the set has none.
        not_migration: purposes of stay that make no short-term migrant, as the file writes them.
        temporary: True if everybody present without residence is the temporary population.
        only: the key of a rule of ``RULES``; moves of others do not count ("foreign_citizen"). None: everybody's.
        migrants: the key of the rule by which residents are migrants in the stock.
        note: what an office should know before using it.

    Raises:
        KitError: if the parts do not fit together.
    """

    key: str
    title: str
    source: str
    year: int
    criterion: Criterion
    short_from: int | None = None
    not_migration: tuple[str, ...] = ()
    temporary: bool = False
    only: str | None = None
    migrants: str = "foreign_born"
    note: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        """Refuse what cannot be a rule set."""
        for name in ("key", "title", "source"):
            _text(getattr(self, name), _("The {name} of a rule set").format(name=name))
        whole_number(self.year, _("The year of rule set {key!r}").format(key=self.key))
        if not isinstance(self.criterion, Criterion):
            raise KitError(
                _("Rule set {key!r}: the criterion must be a Criterion, such as TWELVE_MONTHS; got {c}.").format(
                    key=self.key, c=shown(self.criterion)
                )
            )
        if isinstance(self.not_migration, str):
            raise KitError(
                _("Rule set {key!r}: 'not_migration' is a tuple of purposes, such as ('holiday',).").format(
                    key=self.key
                )
            )
        if self.short_from is not None and not whole_number(self.short_from, "short_from") > 0:
            raise KitError(_("Rule set {key!r}: 'short_from' must be 1 month or more.").format(key=self.key))
        if self.short_from is not None and self.short_from >= self.criterion.months:
            raise KitError(
                _("Rule set {key!r}: short-term from {short} months, but {long} months make a resident.").format(
                    key=self.key, short=self.short_from, long=self.criterion.months
                )
            )
        for name in ("only", "migrants"):
            rule = getattr(self, name)
            known = isinstance(rule, str) and rule in RULES
            if not known and not (name == "only" and rule is None):
                raise KitError(
                    _("Rule set {key!r}: there is no rule called {rule}; use one of {known}.").format(
                        key=self.key, rule=shown(rule), known=", ".join(RULES)
                    )
                )

    @property
    def classes(self) -> tuple[str, ...]:
        """What a person can be on a day, in reading order; "unknown" comes beside them."""
        if self.short_from is not None:
            return (RESIDENT, SHORT_TERM, VISITOR, AWAY)
        return (RESIDENT, TEMPORARY if self.temporary else VISITOR, AWAY)

    def describe(self) -> Mapping[str, Any]:
        """Every attribute by name, for a table of metadata."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


#: Purposes that the 1998 Recommendations leave out, in the words of the kit's code lists and in plain words.
NOT_MIGRATION_1998 = (
    "recreation", "holiday", "tourism", "visit", "home_visit", "business", "medical", "care", "pilgrimage",
)  # fmt: skip

#: The rule sets of the kit, by key.
RULE_SETS: dict[str, RuleSet] = {
    each.key: each
    for each in (
        RuleSet(
            "un_1998",
            N_("Recommendations of 1998"),
            N_("UN, Recommendations on Statistics of International Migration, Revision 1 (1998)"),
            1998,
            TWELVE_MONTHS,
            short_from=3,
            not_migration=NOT_MIGRATION_1998,
            note=N_(
                "Long-term: a change of usual residence for 12 months or more. Short-term: three months or more "
                "and less than 12, but not for leisure, visits, business, treatment or pilgrimage. Citizens count."
            ),
        ),
        RuleSet(
            "un_2025",
            N_("Framework of 2021, Recommendations of 2025; 12 months"),
            N_(
                "UN Expert Group on Migration Statistics, conceptual frameworks (2021); UN, Recommendations on "
                "Statistics on International Migration and Temporary Mobility (2025)"
            ),
            2025,
            TWELVE_MONTHS,
            temporary=True,
            note=N_(
                "Immigrants and emigrants change the country of residence, whatever their citizenship. Others who "
                "are present belong to the temporary population. Not checked at the source: which of the two "
                "criteria of residence the text of 2025 prefers, and whether it sets a shortest stay."
            ),
        ),
        RuleSet(
            "un_2025_most",
            N_("Framework of 2021, Recommendations of 2025; most of 12 months"),
            N_(
                "UN Expert Group on Migration Statistics, conceptual frameworks (2021); UN, Recommendations on "
                "Statistics on International Migration and Temporary Mobility (2025)"
            ),
            2025,
            MOST_OF_TWELVE_MONTHS,
            temporary=True,
            note=N_("As un_2025, with the other criterion of residence that the framework allows."),
        ),
        RuleSet(
            "foreign_citizens",
            N_("Foreign citizens only; 12 months"),
            N_("Assumption: the practice of offices that count foreigners' permits and visas"),
            1998,
            TWELVE_MONTHS,
            only="foreign_citizen",
            migrants="foreign_citizen",
            note=N_("Misses citizens who leave and who return."),
        ),
    )
}


def rule_set_of(rule_set: str | RuleSet) -> RuleSet:
    """The rule set itself, or the one of that key.

    Raises:
        KitError: if there is none.

    >>> rule_set_of("un_1998").classes
    ('resident', 'short_term', 'visitor', 'away')
    """
    if isinstance(rule_set, RuleSet):
        return rule_set
    if not isinstance(rule_set, str) or rule_set not in RULE_SETS:
        raise KitError(
            _("There is no rule set called {rule_set}; use one of {known}, or make a RuleSet.").format(
                rule_set=shown(rule_set), known=", ".join(RULE_SETS)
            )
        )
    return RULE_SETS[rule_set]


__all__ = [
    "AS_RECORDED",
    "AWAY",
    "CRITERIA",
    "MOST_OF_TWELVE_MONTHS",
    "NOT_MIGRATION_1998",
    "RESIDENT",
    "RULE_SETS",
    "SHORT_TERM",
    "TEMPORARY",
    "TWELVE_MONTHS",
    "VISITOR",
    "Criterion",
    "RuleSet",
    "criterion_of",
    "rule_set_of",
]
