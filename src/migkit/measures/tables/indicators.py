"""Core indicators of migration that the kit proposes, each with its formula, unit, source and inputs.

The list is a proposal for training: the text of the ECOWAS Guidelines, which names core indicators, could not be
had. The names of indicators of the Sustainable Development Goals are the official ones.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from migkit.measures._input import need_columns, number, one_number, shown
from migkit.measures.tables.spec import TableSpec
from migkit.measures.tables.universe import universe_counts
from migkit.reference import KitError, _
from migkit.reference.language import N_

#: Numerator and denominator; no denominator where the indicator is a count.
Compute = Callable[[Mapping[str, float]], tuple[float, float | None]]


@dataclass(frozen=True)
class Indicator:
    """One indicator, as data.

    Attributes:
        key: the name by which code asks for it.
        title: what it is.
        formula: how it is made of its inputs, in words.
        unit: what the value is ("per cent").
        needs: the inputs, by name (see ``INPUTS``).
        source: where the indicator comes from.
        factor: value = factor x numerator / denominator.
        proposed: True unless an international list holds it.
        parts: gives numerator and denominator from the inputs.
    """

    key: str
    title: str
    formula: str
    unit: str
    needs: tuple[str, ...]
    source: str
    factor: float
    proposed: bool
    parts: Compute = field(repr=False, compare=False)


#: The inputs, and what they are. Counts may be weighted estimates.
INPUTS: dict[str, str] = {
    "population": N_("Usual residents"),
    "citizens": N_("Usual residents who are citizens of the country"),
    "foreign_born": N_("Usual residents born in another country"),
    "foreign_born_women": N_("Women among them"),
    "foreign_citizens": N_("Usual residents who are citizens of another country, or of none"),
    "born_in_member_states": N_("Usual residents born in another member state of the community"),
    "foreign_born_working_age": N_("Foreign-born residents aged 15 to 64"),
    "aged_5_or_more": N_("Usual residents aged 5 or more"),
    "abroad_5_years_ago": N_("Those of them who lived in another country five years before"),
    "aged_1_or_more": N_("Usual residents aged 1 or more"),
    "abroad_1_year_ago": N_("Those of them who lived in another country one year before"),
    "immigrations": N_("Immigrations in a year, by the 12-month rule"),
    "emigrations": N_("Emigrations in a year, by the 12-month rule"),
    "emigrants_abroad": N_(
        "Persons born in the country who live abroad, as the countries of residence count them"
    ),
    "refugees": N_("Refugees and asylum seekers in the country"),
    "displaced": N_("Internally displaced persons"),
    "refugees_from": N_("Refugees from the country, wherever they are"),
    "workers_months": N_("Recruitment costs of migrant workers, each over the monthly income abroad, summed"),
    "workers_asked": N_("Migrant workers of whom cost and income are known"),
    "remittances": N_("Remittances received in a year, in US dollars"),
    "gdp": N_("Gross domestic product of the year, in US dollars"),
}

_PROPOSAL = N_("Proposed for training")
_SDG = N_("United Nations, global indicator framework of the Sustainable Development Goals, {code}")


def _share(part: str, whole: str) -> Compute:
    return lambda given: (given[part], given[whole])


def _indicator(
    key: str,
    title: str,
    formula: str,
    unit: str,
    factor: float,
    needs: tuple[str, ...],
    parts: Compute,
    sdg: str = "",
) -> Indicator:
    source = _SDG.format(code=sdg) if sdg else _PROPOSAL
    return Indicator(key, title, formula, unit, needs, source, factor, not sdg, parts)


def _ratio(key: str, title: str, part: str, whole: str, unit: str, factor: float, sdg: str = "") -> Indicator:
    formula = f"{factor:g} x {part} / {whole}"
    return _indicator(key, title, formula, unit, factor, (part, whole), _share(part, whole), sdg)


def _number(key: str, title: str, name: str) -> Indicator:
    return _indicator(key, title, name, N_("persons"), 1, (name,), lambda given: (given[name], None))


_PERCENT, _THOUSAND = N_("per cent"), N_("per 1,000 residents")

#: The proposed core indicators, by key.
INDICATORS: dict[str, Indicator] = {
    each.key: each
    for each in (
        _number("migrant_stock", N_("Foreign-born residents"), "foreign_born"),
        _number("foreign_stock", N_("Foreign citizens among residents, number"), "foreign_citizens"),
        _ratio(
            "migrant_share",
            N_("Foreign-born persons among residents"),
            "foreign_born",
            "population",
            _PERCENT,
            100,
        ),
        _ratio(
            "migrant_women",
            N_("Women among foreign-born residents"),
            "foreign_born_women",
            "foreign_born",
            _PERCENT,
            100,
        ),
        _ratio(
            "foreign_share",
            N_("Foreign citizens among residents"),
            "foreign_citizens",
            "population",
            _PERCENT,
            100,
        ),
        _ratio(
            "community_share",
            N_("Born in another member state, among foreign-born residents"),
            "born_in_member_states",
            "foreign_born",
            _PERCENT,
            100,
        ),
        _ratio(
            "working_age",
            N_("Aged 15 to 64 among foreign-born residents"),
            "foreign_born_working_age",
            "foreign_born",
            _PERCENT,
            100,
        ),
        _ratio(
            "recent_5_years",
            N_("Lived in another country five years before, among residents aged 5 or more"),
            "abroad_5_years_ago",
            "aged_5_or_more",
            _PERCENT,
            100,
        ),
        _ratio(
            "recent_1_year",
            N_("Lived in another country one year before, among residents aged 1 or more"),
            "abroad_1_year_ago",
            "aged_1_or_more",
            _PERCENT,
            100,
        ),
        _indicator(
            "net_migration",
            N_("Net migration in a year, number"),
            "immigrations - emigrations",
            N_("persons"),
            1,
            ("immigrations", "emigrations"),
            lambda given: (given["immigrations"] - given["emigrations"], None),
        ),
        _ratio("immigration_rate", N_("Immigrations in a year"), "immigrations", "population", _THOUSAND, 1000),
        _ratio("emigration_rate", N_("Emigrations in a year"), "emigrations", "population", _THOUSAND, 1000),
        _indicator(
            "net_migration_rate",
            N_("Net migration in a year"),
            "1000 x (immigrations - emigrations) / population",
            _THOUSAND,
            1000,
            ("immigrations", "emigrations", "population"),
            lambda given: (given["immigrations"] - given["emigrations"], given["population"]),
        ),
        _number("emigrant_stock", N_("Born in the country and living abroad"), "emigrants_abroad"),
        _indicator(
            "emigrant_share",
            N_("Born in the country and living abroad, among all born in it"),
            "100 x emigrants_abroad / (emigrants_abroad + population - foreign_born)",
            _PERCENT,
            100,
            ("emigrants_abroad", "population", "foreign_born"),
            lambda given: (
                given["emigrants_abroad"],
                given["emigrants_abroad"] + given["population"] - given["foreign_born"],
            ),
        ),
        _ratio(
            "refugees_hosted", N_("Refugees and asylum seekers hosted"), "refugees", "population", _THOUSAND, 1000
        ),
        _ratio("displaced_share", N_("Internally displaced persons"), "displaced", "population", _THOUSAND, 1000),
        _ratio(
            "sdg_10_7_1",
            N_(
                "Recruitment cost borne by employee as a proportion of monthly income earned in country of "
                "destination"
            ),
            "workers_months",
            "workers_asked",
            N_("months of income (mean of workers)"),
            1,
            "10.7.1",
        ),
        _indicator(
            "sdg_10_7_4",
            N_("Proportion of the population who are refugees, by country of origin"),
            "100000 x refugees_from / (population + refugees_from)",
            N_("per 100,000 persons of the country"),
            1e5,
            ("refugees_from", "population"),
            lambda given: (given["refugees_from"], given["population"] + given["refugees_from"]),
            "10.7.4",
        ),
        _ratio(
            "sdg_17_3_2",
            N_("Volume of remittances (in United States dollars) as a proportion of total GDP"),
            "remittances",
            "gdp",
            _PERCENT,
            100,
            "17.3.2",
        ),
    )
}


def core_indicators(inputs: Mapping[str, Any], keys: Iterable[str] | None = None) -> pd.DataFrame:
    """The indicators that the inputs allow, with everything that a reader needs to check them.

    ::

        value = factor x numerator / denominator

    Source: a proposal of the kit, but for the SDG indicators 10.7.1, 10.7.4 and 17.3.2 (names after the global
    indicator framework). 10.7.4 is computed as UNHCR computes it: refugees from the country over its population
    together with them (UNHCR, Refugee Statistics, Forcibly displaced FAQ, 2024).

    Args:
        inputs: name -> number, for the names in ``INPUTS``; what is not known is left out, or blank.
        keys: which indicators; without it every one whose inputs are there.

    Returns:
        One row an indicator (index: its key): ``title``, ``value``, ``unit``, ``numerator``, ``denominator``,
        ``formula``, ``source``, ``proposed``. A denominator of zero gives a blank value; a count has none.

    Raises:
        KitError: if an input is unknown, negative or no number, a part is larger than its whole, or a named
            indicator lacks an input.

    >>> table = core_indicators({"population": 27600, "foreign_born": 2361, "foreign_born_women": 1110})
    >>> print(table[["value", "unit", "proposed"]].round(1))  # doctest: +NORMALIZE_WHITESPACE
                   value      unit  proposed
    indicator
    migrant_stock  2361.0   persons      True
    migrant_share     8.6  per cent      True
    migrant_women    47.0  per cent      True
    """
    given = _checked(inputs)
    wanted = list(INDICATORS) if keys is None else [keys] if isinstance(keys, str) else list(keys)
    lines = {}
    for key in wanted:
        if key not in INDICATORS:
            raise KitError(
                _("There is no indicator {key}; there are: {known}.").format(
                    key=shown(key), known=", ".join(INDICATORS)
                )
            )
        each = INDICATORS[key]
        missing = [name for name in each.needs if name not in given]
        if missing and keys is not None:
            raise KitError(
                _("The indicator {key} needs {missing}.").format(key=shown(key), missing=", ".join(missing))
            )
        if not missing:
            above, below = each.parts(given)
            value = above if below is None else each.factor * above / below if below > 0 else np.nan
            lines[key] = (
                _(each.title),
                value,
                _(each.unit),
                above,
                below,
                each.formula,
                _(each.source),
                each.proposed,
            )
    columns = ["title", "value", "unit", "numerator", "denominator", "formula", "source", "proposed"]
    table = pd.DataFrame.from_dict(lines, orient="index", columns=columns).rename_axis(index="indicator")
    return table.astype({"value": float, "numerator": float, "denominator": float, "proposed": bool})


def indicator_inputs(
    persons: pd.DataFrame,
    country: str,
    weight: str | None = None,
    members: Iterable[str] = (),
    **columns: str,
) -> dict[str, float]:
    """The inputs that a census or survey of residents gives, for :func:`core_indicators`.

    Who does not answer is in the population, and in none of its parts: shares are low by the part not stated, and
    ``universe_counts`` of the table in question says how large it is.

    Args:
        persons: one row a usual resident.
        country: the code of the country, as the columns of countries write it.
        weight: the column of weights; None counts each row once.
        members: codes of the member states of the community at the date (see ``migkit.reference.member``);
            left out, there is no such input.
        columns: other names of columns, by the kit's name: ``sex="P03"``; the kit's are sex, age, country_birth,
            citizenship, country_5y, country_1y. Those that the file lacks give no input.

    Raises:
        KitError: if weights or ages are no numbers, or a column given by name is missing.

    >>> people = pd.DataFrame({"sex": ["F", "M", "F"], "country_birth": ["SEN", "GMB", "XXX"]})
    >>> indicator_inputs(people, "GMB", members=["GMB", "SEN"])
    {'population': 3.0, 'foreign_born': 1.0, 'foreign_born_women': 1.0, 'born_in_member_states': 1.0}
    """
    need_columns(persons, columns.values(), _("The residents"))
    names = {name: columns.get(name, name) for name in _COLUMNS}
    strangers = sorted(set(columns) - set(names))
    if strangers:
        raise KitError(
            _("There is no column {name} to rename; there are: {known}.").format(
                name=shown(strangers[0]), known=", ".join(names)
            )
        )
    abroad = ("country_birth", "not in", (country,))
    others = tuple(sorted(set(members) - {country}))
    asked: dict[str, tuple[Any, ...]] = {
        "population": (),
        "citizens": (("citizenship", "in", (country,)),),
        "foreign_born": (abroad,),
        "foreign_born_women": (abroad, ("sex", "in", ("F",))),
        "foreign_citizens": (("citizenship", "not in", (country,)),),
        "foreign_born_working_age": (abroad, ("age", ">=", 15), ("age", "<", 65)),
        "aged_5_or_more": (("age", ">=", 5),),
        "abroad_5_years_ago": (("age", ">=", 5), ("country_5y", "not in", (country,))),
        "aged_1_or_more": (("age", ">=", 1),),
        "abroad_1_year_ago": (("age", ">=", 1), ("country_1y", "not in", (country,))),
    }
    if others:
        asked["born_in_member_states"] = (("country_birth", "in", others),)
    inputs = {}
    for name, conditions in asked.items():
        where = tuple((names[column], operator, values) for column, operator, values in conditions)
        if all(column in persons.columns for column, _operator, _values in where):
            spec = TableSpec(_(INPUTS[name]), "", "persons", (), None, (), "", weight, where=where)
            inputs[name] = universe_counts(persons, spec)["in"]
    return inputs


_COLUMNS = ("sex", "age", "country_birth", "citizenship", "country_5y", "country_1y")

#: What cannot be larger than what.
_WITHIN = (
    ("foreign_born", "population"),
    ("foreign_born_women", "foreign_born"),
    ("foreign_citizens", "population"),
    ("citizens", "population"),
    ("born_in_member_states", "foreign_born"),
    ("foreign_born_working_age", "foreign_born"),
    ("abroad_5_years_ago", "aged_5_or_more"),
    ("abroad_1_year_ago", "aged_1_or_more"),
    ("aged_5_or_more", "population"),
    ("aged_1_or_more", "population"),
)


def _checked(inputs: Mapping[str, Any]) -> dict[str, float]:
    if not isinstance(inputs, (Mapping, pd.Series)):
        raise KitError(
            _("The inputs are names with numbers, such as {{'population': 27600}}; got a {kind}.").format(
                kind=type(inputs).__name__
            )
        )
    given: dict[str, float] = {}
    for name, value in inputs.items():
        if name not in INPUTS:
            raise KitError(
                _("There is no input {name}; there are: {known}.").format(
                    name=shown(name), known=", ".join(INPUTS)
                )
            )
        blank = value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value))
        if not blank:
            given[str(name)] = number(one_number(value, str(name)), str(name))
    for part, whole in _WITHIN:
        if part in given and whole in given and given[part] > given[whole]:
            raise KitError(
                _("{part} ({a:,.10g}) cannot be more than {whole} ({b:,.10g}).").format(
                    part=part, a=given[part], whole=whole, b=given[whole]
                )
            )
    return given


__all__ = ["INDICATORS", "INPUTS", "Indicator", "core_indicators", "indicator_inputs"]
