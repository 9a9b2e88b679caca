"""The bottom floor: countries, code lists, facts with their sources, labels in three languages.

Every other floor may import from here; this one imports from no other.
"""

from migkit.reference import browser
from migkit.reference.curriculum import Module, curriculum
from migkit.reference.dictionary import (
    Defect,
    Field,
    Source,
    Table,
    dictionary,
    dictionary_names,
    find_table,
    table,
    tables,
)
from migkit.reference.errors import KitError
from migkit.reference.language import _, set_language
from migkit.reference.paths import ROOT
from migkit.reference.tables import (
    COUNTRY_NOT_STATED,
    LANGUAGES,
    Country,
    Fact,
    codelist,
    corridors,
    countries,
    country,
    displacement,
    fact,
    fertility_ages,
    label,
    member,
    mortality_rates,
    population_age_sex,
    posts,
    read_table,
    refugees,
    region_population,
    regions,
    vital_events,
)

if browser.in_browser():
    browser.install()

__all__ = [
    "COUNTRY_NOT_STATED",
    "LANGUAGES",
    "ROOT",
    "Country",
    "Defect",
    "Fact",
    "Field",
    "KitError",
    "Module",
    "Source",
    "Table",
    "_",
    "codelist",
    "corridors",
    "countries",
    "country",
    "curriculum",
    "dictionary",
    "dictionary_names",
    "displacement",
    "fact",
    "fertility_ages",
    "find_table",
    "label",
    "member",
    "mortality_rates",
    "population_age_sex",
    "posts",
    "read_table",
    "refugees",
    "region_population",
    "regions",
    "set_language",
    "table",
    "tables",
    "vital_events",
]
