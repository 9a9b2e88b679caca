"""Edit rules for migration in a census: each a row of data; and the columns that must be worked out for some."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import need_columns, shown, tidy
from migkit.measures.census_quality.conditions import as_code, read_condition
from migkit.reference import KitError, _
from migkit.reference.language import N_

FATAL, QUERY = "fatal", "query"


@dataclass(frozen=True)
class EditRule:
    """A statement that no true record can meet (fatal), or few do (query).

    Attributes:
        key: the name by which reports and corrections call the rule.
        sentence: what is wrong with a record that meets the condition, in one plain sentence.
        condition: the record fails if it meets every test of it; see :mod:`~.conditions` for the language.
        severity: ``"fatal"`` (cannot be true) or ``"query"`` (may be true; look at it).
    """

    key: str
    sentence: str
    condition: str
    severity: str = FATAL

    def __post_init__(self) -> None:
        """Refuse a rule that cannot be read, at once and not at its first use."""
        if self.severity not in (FATAL, QUERY):
            raise KitError(
                _("Rule {key}: the severity is 'fatal' or 'query', not {value}.").format(
                    key=shown(self.key), value=shown(self.severity)
                )
            )
        read_condition(self.condition)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the rule compares, each once, in the order in which it names them."""
        return tuple(dict.fromkeys(c for clause in read_condition(self.condition) for c in clause.columns))


#: What the names in CAPITALS mean in the kit's own code lists; HOME is the country of the census.
CODES: dict[str, Any] = {
    "HEAD": "1",
    "SPOUSE": "2",
    "CHILD": "3",
    "PARENT": "4",
    "RELATIVE": "5",
    "SINGLE": "S",
    "YES": "Y",
    "NO": "N",
    "NATURALISED": "N",
    "TERTIARY": "5",
    "STATELESS": "XXA",
}


@dataclass(frozen=True)
class EditSetting:
    """What the rules must know about a census and its file.

    Attributes:
        country: code of the country of the census (HOME in a condition).
        census_day: the day of the census, a date or "2024-07-01".
        open_age: the first age that means "this age or more", such as 98; from it no year of birth is computed.
        columns: where the file uses other names than the rules: ``{"age": "p05_age"}``.
        codes: other codes for the names in CAPITALS: ``{"HEAD": "01"}``.
    """

    country: str | None = None
    census_day: date | str | None = None
    open_age: int | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> dict[str, Any]:
        """The value of each name in CAPITALS."""
        return {**CODES, "HOME": self.country, **self.codes}

    @property
    def day(self) -> pd.Timestamp:
        """The census day.

        Raises:
            KitError: if it was not given or is no date.
        """
        if self.census_day is None:
            raise KitError(_("These rules need the day of the census: give census_day='2024-07-01'."))
        try:
            day = self.census_day
            return pd.Timestamp(date.fromisoformat(day) if isinstance(day, str) else day)
        except (ValueError, TypeError) as error:
            raise KitError(
                _("The day of the census must be a date such as '2024-07-01'; got {value}.").format(
                    value=shown(self.census_day)
                )
            ) from error


def _ages(frame: pd.DataFrame, setting: EditSetting) -> pd.Series:
    """Ages; what cannot be an age is blank here, for the rule on ages reports it."""
    raw = pd.to_numeric(tidy(frame["age"]), errors="coerce").astype("Float64")
    ages = pd.Series(raw.to_numpy(dtype=float, na_value=np.nan), index=frame.index)
    return ages.where(ages.between(0, 130))


def _closed_ages(frame: pd.DataFrame, setting: EditSetting) -> pd.Series:
    ages = _ages(frame, setting)
    return ages if setting.open_age is None else ages.where(ages < setting.open_age)


def _birth_dates(frame: pd.DataFrame) -> pd.Series:
    """Dates of birth; text other than 1990-07-01 counts as no answer (1/7/1990 has two meanings)."""
    parsed = pd.to_datetime(tidy(frame["birth_date"]), errors="coerce", format="ISO8601")
    return pd.Series(parsed, index=frame.index)


def _age_by_birth_date(frame: pd.DataFrame, setting: EditSetting) -> pd.Series:
    born, day = _birth_dates(frame), setting.day
    not_yet = (born.dt.month > day.month) | ((born.dt.month == day.month) & (born.dt.day > day.day))
    years = (day.year - born.dt.year - not_yet).where(born.notna())
    return pd.Series(years if setting.open_age is None else years.clip(upper=setting.open_age), index=frame.index)


def _head_number(frame: pd.DataFrame, setting: EditSetting) -> pd.Series:
    """1 for the first head of a household, 2 for a second; blank for the others."""
    head = _is_head(frame, setting)
    return head.groupby(frame["household_id"], dropna=False).cumsum().where(head).astype(float)


def _is_head(frame: pd.DataFrame, setting: EditSetting) -> pd.Series:
    head = as_code(setting.names["HEAD"])
    values = tidy(frame["relationship"])
    return values.isin([value for value in values.dropna().unique() if as_code(value) == head])


def _heads(frame: pd.DataFrame, setting: EditSetting) -> pd.Series:
    """How many heads the household has, at its first person; blank for the others."""
    home = frame["household_id"]
    heads = _is_head(frame, setting).groupby(home, dropna=False).transform("sum")
    return heads.where(~home.duplicated() & home.notna()).astype(float)


def _mother_gap(frame: pd.DataFrame, setting: EditSetting) -> pd.Series:
    """Age of the mother less age of the child, where the mother is listed."""
    age = _closed_ages(frame, setting)
    known = pd.Series(age.to_numpy(), index=pd.Index(frame["person_id"]))
    known = known[known.index.notna() & ~known.index.duplicated(keep=False)]
    mothers = frame["mother_id"].map(known.to_dict())
    return pd.Series(mothers.to_numpy(dtype=float), index=frame.index) - age


def _head_gap(frame: pd.DataFrame, setting: EditSetting) -> pd.Series:
    """Age of the head less one's own, in a household with one head."""
    age, head = _closed_ages(frame, setting), _is_head(frame, setting)
    home = frame["household_id"]
    one = head & (head.groupby(home, dropna=False).transform("sum") == 1)
    ages = pd.Series(age[one].to_numpy(), index=pd.Index(home[one]))
    return pd.Series(home.map(ages.to_dict()).to_numpy(dtype=float), index=frame.index) - age


Derive = Callable[[pd.DataFrame, EditSetting], pd.Series]

#: Columns that rules may name though no file has them: what each needs, and how it is worked out.
DERIVED: dict[str, tuple[tuple[str, ...], Derive]] = {
    "census_year": ((), lambda f, s: pd.Series(float(s.day.year), index=f.index)),
    "first_birth_year": (("age",), lambda f, s: s.day.year - _closed_ages(f, s) - 1),
    "age_by_birth_date": (("birth_date",), _age_by_birth_date),
    "days_lived": (("birth_date",), lambda f, s: (s.day - _birth_dates(f)).dt.days),
    "years_since_arrival": (
        ("arrival_year",),
        lambda f, s: s.day.year - pd.to_numeric(tidy(f["arrival_year"]), errors="coerce").astype(float),
    ),
    "head_number": (("household_id", "relationship"), _head_number),
    "heads_in_household": (("household_id", "relationship"), _heads),
    "mother_age_gap": (("person_id", "mother_id", "age"), _mother_gap),
    "head_age_gap": (("household_id", "relationship", "age"), _head_gap),
}

#: The ready rules, by key. A rule whose columns a file does not have is passed over, and the report says so.
MIGRATION_RULES: dict[str, EditRule] = {
    rule.key: rule
    for rule in (
        EditRule(
            "age_too_high",
            N_("The age is above 120."),
            "age > 120",
        ),
        EditRule(
            "age_below_zero",
            N_("The age is below zero."),
            "age < 0",
        ),
        EditRule(
            "age_and_birth_date",
            N_("The age is not the one that the date of birth gives."),
            "age != age_by_birth_date",
        ),
        EditRule(
            "born_after_census",
            N_("The date of birth lies after the census."),
            "days_lived < 0",
        ),
        EditRule(
            "arrival_before_birth",
            N_("The year of arrival lies before the birth."),
            "arrival_year < first_birth_year",
        ),
        EditRule(
            "arrival_after_census",
            N_("The year of arrival lies after the census."),
            "arrival_year > census_year",
        ),
        EditRule(
            "arrival_month",
            N_("The month of arrival is not 1 to 12."),
            "arrival_month not in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)",
        ),
        EditRule(
            "duration_over_age", N_("The person has lived here for longer than alive."), "duration > age"
        ),
        EditRule(
            "arrival_without_move",
            N_("The person never lived abroad and yet has a year of arrival."),
            "lived_abroad = NO and arrival_year given",
        ),
        EditRule(
            "born_abroad_never_lived_there",
            N_("The person was born abroad and yet never lived abroad."),
            "country_birth != HOME and lived_abroad = NO",
            QUERY,
        ),
        EditRule(
            "native_with_arrival",
            N_("Born in the country, with a year of arrival: did the person live abroad and return?"),
            "country_birth = HOME and arrival_year given and lived_abroad blank",
            QUERY,
        ),
        EditRule(
            "born_abroad_without_arrival",
            N_("The person was born abroad and has no year of arrival."),
            "country_birth != HOME and arrival_year blank",
            QUERY,
        ),
        EditRule(
            "previous_country_is_home",
            N_("The last country of residence abroad is this country."),
            "previous_country = HOME",
        ),
        EditRule(
            "child_under_5_had_residence",
            N_("A child under five has a residence five years ago."),
            "age < 5 and country_5y given",
        ),
        EditRule(
            "child_under_1_had_residence",
            N_("A child under one has a residence one year ago."),
            "age < 1 and country_1y given",
        ),
        EditRule(
            "abroad_5y_arrived_earlier",
            N_("Lived abroad five years ago, and yet arrived the last time before that."),
            "country_5y != HOME and years_since_arrival > 5",
        ),
        EditRule(
            "abroad_1y_arrived_earlier",
            N_("Lived abroad one year ago, and yet arrived the last time before that."),
            "country_1y != HOME and years_since_arrival > 1",
        ),
        EditRule(
            "abroad_5y_never_abroad",
            N_("Lived abroad five years ago, and yet never lived abroad."),
            "country_5y != HOME and lived_abroad = NO",
        ),
        EditRule(
            "same_citizenship_twice",
            N_("The second citizenship is the first one again."),
            "citizenship = citizenship_2",
        ),
        EditRule(
            "stateless_with_second",
            N_("The person has no citizenship and yet a second one."),
            "citizenship = STATELESS and citizenship_2 given",
        ),
        EditRule(
            "naturalised_where_born",
            N_("A citizen by naturalisation of the country of birth, with a mother and a father born there."),
            "citizenship_how = NATURALISED and citizenship = country_birth"
            " and mother_country_birth = country_birth and father_country_birth = country_birth",
            QUERY,
        ),
        EditRule(
            "two_heads",
            N_("The household has a second head."),
            "head_number > 1",
        ),
        EditRule(
            "no_head",
            N_("The household has no head."),
            "heads_in_household = 0",
        ),
        EditRule(
            "head_under_12",
            N_("The head of the household is under 12."),
            "relationship = HEAD and age < 12",
        ),
        EditRule(
            "married_under_12",
            N_("A child under 12 is or was married."),
            "age < 12 and marital != SINGLE",
        ),
        EditRule(
            "spouse_under_12",
            N_("The spouse of the head is under 12."),
            "relationship = SPOUSE and age < 12",
        ),
        EditRule(
            "mother_too_young", N_("The mother is less than 12 years older than the child."), "mother_age_gap < 12"
        ),
        EditRule(
            "mother_too_old", N_("The mother is more than 54 years older than the child."), "mother_age_gap > 54"
        ),
        EditRule(
            "child_of_young_head",
            N_("The head is less than 12 years older than a child of the head (a stepchild may be)."),
            "relationship = CHILD and head_age_gap < 12",
            QUERY,
        ),
        EditRule(
            "young_graduate", N_("Tertiary education under 15."), "education = TERTIARY and age < 15", QUERY
        ),
    )
}  # fmt: skip


def rules_from_table(table: pd.DataFrame) -> dict[str, EditRule]:
    """Rules that an office keeps in a spreadsheet.

    Args:
        table: columns ``key``, ``sentence``, ``condition`` and, if some are queries, ``severity``.

    Returns:
        The rules by key, in the order of the table.

    Raises:
        KitError: if a column is missing, a key comes twice or a condition cannot be read.

    >>> table = pd.DataFrame({"key": ["young_worker"], "sentence": ["Works under five."],
    ...                       "condition": ["age < 5 and activity = 'E'"]})
    >>> rules_from_table(table)["young_worker"].columns
    ('age', 'activity')
    """
    need_columns(table, ["key", "sentence", "condition"], _("The table of rules"))
    rules: dict[str, EditRule] = {}
    for record in table.to_dict("records"):
        key = str(record["key"]).strip()
        if key in rules:
            raise KitError(_("The table of rules has two rules called {key}.").format(key=shown(key)))
        severity = record.get("severity", FATAL)
        severity = FATAL if pd.isna(severity) or not str(severity).strip() else str(severity).strip()
        rules[key] = EditRule(key, str(record["sentence"]), str(record["condition"]), severity)
    return rules


def with_derived(persons: pd.DataFrame, needed: set[str], setting: EditSetting) -> pd.DataFrame:
    """The table under the names of the rules, with those of the ``DERIVED`` columns that are needed and possible.

    A column of the file comes before a derived one of the same name.

    >>> people = pd.DataFrame({"alter": [30]})
    >>> setting = EditSetting(census_day="2024-07-01", columns={"age": "alter"})
    >>> with_derived(people, {"age", "first_birth_year"}, setting).to_dict("records")
    [{'age': 30, 'first_birth_year': 1993.0}]
    """
    what = _("The table of persons")
    need_columns(persons, list(setting.columns.values()), what)
    wanted = set(needed) | {need for name in needed if name in DERIVED for need in DERIVED[name][0]}
    own = {name: setting.columns.get(name, name) for name in sorted(wanted)}
    own = {name: column for name, column in own.items() if column in persons.columns}
    need_columns(persons, list(own.values()), what)
    held = pd.DataFrame({name: persons[column] for name, column in own.items()}, index=persons.index)
    for name in sorted(needed):
        if name not in held and name in DERIVED and all(need in held for need in DERIVED[name][0]):
            held[name] = DERIVED[name][1](held, setting)
    return held[[name for name in held if name in needed]]


__all__ = ["CODES", "DERIVED", "FATAL", "MIGRATION_RULES", "QUERY", "EditRule", "EditSetting", "rules_from_table",
           "with_derived"]  # fmt: skip
