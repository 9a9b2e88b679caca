"""The recommended tabulations, as data: what any office's file can fill once its columns bear these names.

Titles, universes and classifiers follow what the manuals recommend; the wording is ours, and the manuals' numbers
of tables are not given, because not all of them were checked. Where the kit proposes a table that no manual
recommends, it says so (``proposed``).
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from migkit.measures._input import shown
from migkit.measures.tables.derive import Bands, Groups
from migkit.measures.tables.spec import TableSpec
from migkit.reference import KitError, _
from migkit.reference.language import N_

_HANDBOOK = N_("United Nations, Handbook on Measuring International Migration through Population Censuses (2017)")
_PR = N_("United Nations, Principles and Recommendations for Population and Housing Censuses, Revision 3 (2017)")
_RSIM = N_("United Nations, Recommendations on Statistics of International Migration, Revision 1 (1998)")
_ECOWAS = N_("ECOWAS Guidelines on the harmonisation of migration data (2018): template agreed with UN DESA")

#: Who is a usual resident, where the file says it: column and codes.
RESIDENTS: tuple[str, tuple[str, ...]] = ("residence_status", ("UP", "UA"))

FIVE_YEARS = Bands("age_group", "age", tuple(range(0, 85, 5)))
BROAD_AGES = Bands("age_broad", "age", (0, 15, 25, 45, 65))

_BORN_ABROAD = N_("Born abroad: in another country than that of the census.")
_RECENT = N_("Those who were abroad at that time and came since; who came and left again is not seen.")
_FIRST = N_("First permits; renewals are no arrivals.")


def _home(country: str) -> dict[str, tuple[Any, ...]]:
    """The pieces of a specification that depend on the country.

    Who does not say where they were born is neither in nor out: ``universe_counts`` tells how many they are.
    """
    foreign = ("country_birth", "not in", (country,))
    alien = ("citizenship", "not in", (country,))
    return {
        "foreign_born": (foreign,),
        "foreign_citizens": (alien,),
        "adults_born_abroad": (foreign, ("age", ">=", 15)),
        "employed_born_abroad": (foreign, ("age", ">=", 15), ("activity", "in", ("E",))),
        "abroad_5y": (("country_5y", "not in", (country,)), ("age", ">=", 5)),
        "abroad_1y": (("country_1y", "not in", (country,)), ("age", ">=", 1)),
    }


def recommended_tables(
    country: str, residents: tuple[str, Sequence[str]] | None = RESIDENTS, census_year: int | None = None
) -> list[TableSpec]:
    """The recommended tables for one country's file.

    Args:
        country: the code of the country, as the columns of countries write it.
        residents: the column that says who is a usual resident, and its codes for that; None if every row of the
            file is one.
        census_year: for periods of arrival by years since; without it they go by decade of arrival.

    Returns:
        Specifications, stock first. Each has a ``key`` of its own, its ``standard``, and the columns that it needs
        (``spec.needs()``): sex, age, country_birth, citizenship, area, region, education, activity, occupation,
        industry, arrival_year, country_5y, country_1y, reason; for emigrants reported by households
        country_residence, age_left, year_left, education_left; for permits category, nationality,
        first_or_renewal; for border records direction, purpose, nationality; for flows what
        :func:`migkit.measures.definitions.classify_moves` gives (direction, long_term, short_term), with
        country_other (of previous or next residence), citizenship, age, sex and purpose of the stay.

    Raises:
        KitError: if the country is no text.

    >>> tables = recommended_tables("GMB")
    >>> [spec.key for spec in tables][:3]
    ['stock_birth_sex', 'stock_citizenship_sex', 'stock_nativity_age_sex']
    >>> tables[0].where
    (('residence_status', 'in', ('UP', 'UA')),)
    """
    if not isinstance(country, str) or not country.strip():
        raise KitError(
            _("The country is given by its code in the file, such as 'GMB'; got {v}.").format(v=shown(country))
        )
    specs = [*_stock(country), *_arrivals(country, census_year), *_emigrants(), *_permits(), *_border()]
    specs += [*_flows("in"), *_flows("out")]
    if residents is None:
        return specs
    condition = (residents[0], "in", tuple(residents[1]))
    return [replace(spec, where=(condition, *spec.where)) if _of_residents(spec) else spec for spec in specs]


def _of_residents(spec: TableSpec) -> bool:
    return spec.key.startswith(("stock_", "recent_"))


def tables_called(keys: Iterable[str], country: str, **options: Any) -> list[TableSpec]:
    """Some of the recommended tables, by key.

    Args:
        keys: the keys, in the order wanted.
        country, options: as for :func:`recommended_tables`.

    Raises:
        KitError: if there is no table of that key.

    >>> [spec.title for spec in tables_called(["stock_citizenship_sex"], "GMB")]
    ['Residents by country of citizenship and sex']
    """
    known = {spec.key: spec for spec in recommended_tables(country, **options)}
    for key in keys:
        if key not in known:
            raise KitError(
                _("There is no recommended table {key}; there are: {known}.").format(
                    key=shown(key), known=", ".join(known)
                )
            )
    return [known[key] for key in keys]


def _spec(
    key: str,
    title: str,
    universe: str,
    rows: Any,
    columns: Any,
    standard: str,
    where: tuple[Any, ...] = (),
    derive: tuple[Bands | Groups, ...] = (),
    notes: tuple[str, ...] = (),
    proposed: bool = False,
) -> TableSpec:
    return TableSpec(
        title=_(title),
        universe=_(universe),
        unit=_("persons"),
        rows=rows,
        columns=columns,
        notes=tuple(_(note) for note in notes),
        source="",
        key=key,
        where=where,
        derive=derive,
        standard=_(standard) if standard else "",
        proposed=proposed,
    )


def _stock(country: str) -> list[TableSpec]:
    """Who lives here: by birthplace and citizenship, with age, education, work and place."""
    of = _home(country)
    nativity = Groups(
        "nativity", "country_birth", ((_("Born in the country"), (country,)),), other=_("Born abroad")
    )
    belonging = Groups("citizens", "citizenship", ((_("Citizens"), (country,)),), other=_("Foreign citizens"))
    residents, abroad = N_("Usual residents"), N_("Usual residents born in another country")
    adults = N_("Usual residents aged 15 or more born in another country")
    born = (_BORN_ABROAD,)
    return [
        _spec(
            "stock_birth_sex",
            N_("Residents by country of birth and sex"),
            residents,
            "country_birth",
            "sex",
            _ECOWAS,
        ),
        _spec(
            "stock_citizenship_sex",
            N_("Residents by country of citizenship and sex"),
            residents,
            "citizenship",
            "sex",
            _ECOWAS,
        ),
        _spec(
            "stock_nativity_age_sex",
            N_("Native and foreign-born residents by age and sex"),
            residents,
            "age_group",
            ("nativity", "sex"),
            _PR,
            derive=(FIVE_YEARS, nativity),
            notes=born,
        ),
        _spec(
            "stock_birth_age_sex",
            N_("Foreign-born residents by country of birth, broad age and sex"),
            abroad,
            "country_birth",
            ("sex", "age_broad"),
            _HANDBOOK,
            of["foreign_born"],
            (BROAD_AGES,),
            born,
        ),
        _spec(
            "stock_citizenship_age_sex",
            N_("Foreign citizens by country of citizenship, broad age and sex"),
            N_("Usual residents who are citizens of another country"),
            "citizenship",
            ("sex", "age_broad"),
            _HANDBOOK,
            of["foreign_citizens"],
            (BROAD_AGES,),
        ),
        _spec(
            "stock_nativity_citizenship",
            N_("Residents by place of birth, citizenship and sex"),
            residents,
            "nativity",
            ("citizens", "sex"),
            _PR,
            derive=(nativity, belonging),
            notes=(_BORN_ABROAD, N_("Stateless persons are among the foreign citizens.")),
        ),
        _spec(
            "stock_birth_education",
            N_("Foreign-born residents by country of birth and level of education"),
            adults,
            "country_birth",
            "education",
            _ECOWAS,
            of["adults_born_abroad"],
            notes=born,
        ),
        _spec(
            "stock_education_sex",
            N_("Foreign-born residents by level of education and sex"),
            adults,
            "education",
            "sex",
            _HANDBOOK,
            of["adults_born_abroad"],
            notes=born,
        ),
        _spec(
            "stock_activity_sex",
            N_("Foreign-born residents by activity and sex"),
            adults,
            "activity",
            "sex",
            _HANDBOOK,
            of["adults_born_abroad"],
            notes=born,
        ),
        _spec(
            "stock_occupation_sex",
            N_("Employed foreign-born residents by occupation and sex"),
            N_("Employed usual residents aged 15 or more born in another country"),
            "occupation",
            "sex",
            _HANDBOOK,
            of["employed_born_abroad"],
            notes=born,
        ),
        _spec(
            "stock_industry_sex",
            N_("Employed foreign-born residents by industry and sex"),
            N_("Employed usual residents aged 15 or more born in another country"),
            "industry",
            "sex",
            _HANDBOOK,
            of["employed_born_abroad"],
            notes=born,
        ),
        _spec(
            "stock_region_nativity",
            N_("Residents by region, place of birth and sex"),
            residents,
            "region",
            ("nativity", "sex"),
            _HANDBOOK,
            derive=(nativity,),
            notes=born,
        ),
        _spec(
            "stock_area_nativity",
            N_("Urban and rural residents by place of birth and sex"),
            residents,
            "area",
            ("nativity", "sex"),
            "",
            derive=(nativity,),
            notes=born,
            proposed=True,
        ),
    ]


def _arrivals(country: str, census_year: int | None) -> list[TableSpec]:
    """When, from where and why those came who are here."""
    of = _home(country)
    if census_year is None:
        decades = tuple(range(1960, 2040, 10))
        labels = (_("before 1970"), *(f"{first}-{first + 9}" for first in decades[1:-1]), f"{decades[-1]}+")
        period = Bands("arrival_period", "arrival_year", (0, *decades[1:]), limit=None, labels=labels)
    else:
        period = Bands("arrival_period", "arrival_year", (0, 1, 5, 10, 20), since=census_year)
    abroad = N_("Usual residents born in another country")
    return [
        _spec(
            "stock_arrival_sex",
            N_("Foreign-born residents by period of arrival and sex"),
            abroad,
            "arrival_period",
            "sex",
            _PR,
            of["foreign_born"],
            (period,),
            (_BORN_ABROAD, N_("Without a census year by decade of arrival; with it by years since arrival.")),
        ),
        _spec(
            "stock_birth_arrival",
            N_("Foreign-born residents by country of birth and period of arrival"),
            abroad,
            "country_birth",
            "arrival_period",
            _PR,
            of["foreign_born"],
            (period,),
            (_BORN_ABROAD,),
        ),
        _spec(
            "stock_reason_sex",
            N_("Foreign-born residents by reason of the move and sex"),
            abroad,
            "reason",
            "sex",
            _HANDBOOK,
            of["foreign_born"],
            notes=(_BORN_ABROAD,),
        ),
        _spec(
            "recent_5y_sex",
            N_("Residents who lived abroad five years ago, by country and sex"),
            N_("Usual residents aged 5 or more who lived in another country five years before"),
            "country_5y",
            "sex",
            _PR,
            of["abroad_5y"],
            notes=(_RECENT,),
        ),
        _spec(
            "recent_1y_sex",
            N_("Residents who lived abroad one year ago, by country and sex"),
            N_("Usual residents aged 1 or more who lived in another country one year before"),
            "country_1y",
            "sex",
            _PR,
            of["abroad_1y"],
            notes=(_RECENT,),
        ),
    ]


def _emigrants() -> list[TableSpec]:
    """Members of households who live abroad, as their households report them."""
    universe = N_("Former members of households who left to live abroad, as reported")
    bound = (N_("A lower bound: households that left whole have nobody to report them."),)
    ages = Bands("age_left_group", "age_left", (0, 15, 25, 45, 65))
    return [
        _spec(
            "emigrants_country_sex",
            N_("Emigrants by country of residence and sex"),
            universe,
            "country_residence",
            "sex",
            _HANDBOOK,
            notes=bound,
        ),
        _spec(
            "emigrants_age_sex",
            N_("Emigrants by age at departure and sex"),
            universe,
            "age_left_group",
            "sex",
            _HANDBOOK,
            derive=(ages,),
            notes=bound,
        ),
        _spec(
            "emigrants_year_sex",
            N_("Emigrants by year of departure and sex"),
            universe,
            "year_left",
            "sex",
            _HANDBOOK,
            notes=bound,
        ),
        _spec(
            "emigrants_education_sex",
            N_("Emigrants by education at departure and sex"),
            universe,
            "education_left",
            "sex",
            _HANDBOOK,
            notes=bound,
        ),
    ]


def _permits() -> list[TableSpec]:
    """Immigration by entry type, from permits."""
    first = (("first_or_renewal", "in", ("F",)),)
    universe = N_("First residence permits issued")
    return [
        _spec(
            "immigration_type_sex",
            N_("Immigration by type of permit and sex"),
            universe,
            "category",
            "sex",
            _ECOWAS,
            first,
            notes=(_FIRST,),
        ),
        _spec(
            "immigration_citizenship_type",
            N_("Immigration by citizenship and type of permit"),
            universe,
            "nationality",
            "category",
            _RSIM,
            first,
            notes=(_FIRST,),
        ),
    ]


def _border() -> list[TableSpec]:
    """Crossings by purpose: traffic, not migration; the 12-month rule makes flows of it."""
    crossing = (N_("Crossings, not persons and not migrants: the 12-month rule makes flows of them."),)
    universe = N_("Border crossings recorded")
    specs = [
        _spec(
            "crossings_purpose",
            N_("Crossings by purpose and direction"),
            universe,
            "purpose",
            "direction",
            "",
            notes=crossing,
            proposed=True,
        ),
        _spec(
            "crossings_citizenship",
            N_("Crossings by citizenship and direction"),
            universe,
            "nationality",
            "direction",
            "",
            notes=crossing,
            proposed=True,
        ),
    ]
    return [replace(spec, unit=_("crossings")) for spec in specs]


def _flows(way: str) -> list[TableSpec]:
    """Immigration or emigration in a period, after a rule has said which moves are migrations."""
    arrival = way == "in"
    where = (("direction", "in", ("arrival" if arrival else "departure",)),)
    long, short = (*where, ("long_term", "in", ("yes",))), (*where, ("short_term", "in", ("yes",)))
    universe = N_("Long-term immigrants of the period") if arrival else N_("Long-term emigrants of the period")
    rule = (
        N_("Name the rule and the period in the source of the table."),
        N_("Moves that the rule cannot decide yet are not in it."),
    )

    def flow(key: str, title: str, rows: str, standard: str, derive: tuple[Bands | Groups, ...] = ()) -> TableSpec:
        return _spec(f"flow_{way}_{key}", title, universe, rows, "sex", standard, long, derive, rule)

    return [
        flow(
            "country",
            N_("Immigrants by country of previous residence and sex")
            if arrival
            else N_("Emigrants by country of next residence and sex"),
            "country_other",
            _RSIM,
        ),
        flow(
            "citizenship",
            N_("Immigrants by citizenship and sex") if arrival else N_("Emigrants by citizenship and sex"),
            "citizenship",
            _RSIM,
        ),
        flow(
            "age",
            N_("Immigrants by age and sex") if arrival else N_("Emigrants by age and sex"),
            "age_group",
            _RSIM,
            (FIVE_YEARS,),
        ),
        flow(
            "type",
            N_("Immigrants by type of entry and sex")
            if arrival
            else N_("Emigrants by purpose of the stay and sex"),
            "purpose",
            _ECOWAS,
        ),
        _spec(
            f"flow_{way}_short",
            N_("Short-term immigrants by purpose and sex")
            if arrival
            else N_("Short-term emigrants by purpose and sex"),
            N_("Short-term moves of the period"),
            "purpose",
            "sex",
            _RSIM,
            short,
            notes=rule,
        ),
    ]


__all__ = ["BROAD_AGES", "FIVE_YEARS", "RESIDENTS", "recommended_tables", "tables_called"]
