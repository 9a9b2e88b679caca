"""Countries, dated memberships, facts with their sources, code lists and labels, read from datasets/.

Each fact, code and label stands once, in the files; this module only reads them.
"""

from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

import pandas as pd

from migkit.reference.errors import KitError
from migkit.reference.language import _
from migkit.reference.paths import ROOT

LANGUAGES: tuple[str, ...] = ("en", "fr", "pt")
#: The code of a country that was asked for and not stated.
COUNTRY_NOT_STATED = "XXX"


@dataclass(frozen=True)
class Country:
    """A country: codes and names; for the training countries also their offices and land neighbours."""

    iso3: str
    iso2: str
    m49: str
    role: str
    name: dict[str, str] = field(default_factory=dict)
    official_language: str = ""
    currency: str = ""
    statistical_office: str = ""
    border_agency: str = ""
    admin1_kind: str = ""
    neighbours: tuple[str, ...] = ()

    @property
    def training(self) -> bool:
        """Whether it is one of the sixteen training countries (others are origins or destinations)."""
        return self.role == "training"


@dataclass(frozen=True)
class Fact:
    """A published figure. ``source`` is a key of book/references.bib."""

    value: float
    unit: str
    year: int
    source: str
    note: str = ""


def datasets_folder() -> Path:
    """The folder of countries, code lists and dictionaries."""
    return ROOT / "datasets"


@cache
def read_table(path: Path) -> pd.DataFrame:
    """A CSV of the datasets folder, every cell as text, empty cells as ''. Do not change what it returns."""
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")


def _countries() -> pd.DataFrame:
    return read_table(datasets_folder() / "countries" / "countries.csv")


@cache
def countries(training_only: bool = False) -> tuple[Country, ...]:
    """All countries known to the kit, training countries first."""
    found = tuple(
        Country(
            iso3=row["iso3"],
            iso2=row["iso2"],
            m49=row["m49"],
            role=row["role"],
            name={language: row[f"name_{language}"] for language in LANGUAGES},
            official_language=row["official_language"],
            currency=row["currency"],
            statistical_office=row["statistical_office"],
            border_agency=row["border_agency"],
            admin1_kind=row["admin1_kind"],
            neighbours=tuple(row["land_neighbours"].split()),
        )
        for row in _countries().to_dict("records")
    )
    return tuple(country for country in found if country.training or not training_only)


def country(iso3: str) -> Country:
    """The country with that ISO 3166-1 alpha-3 code.

    Raises:
        KitError: if the kit does not know the code.
    """
    for candidate in countries():
        if candidate.iso3 == iso3.upper():
            return candidate
    known = ", ".join(c.iso3 for c in countries(training_only=True))
    raise KitError(
        _("{code!r} is not a country code that the kit knows; use three letters, one of {known}.").format(
            code=iso3, known=known
        )
    )


def member(iso3: str, organisation: str, on: date) -> bool:
    """Whether a country was a member of an organisation ("ECOWAS") on a day.

    A start that is only known to lie before a year is taken as always; an end of which only the year is known
    counts from 31 December of that year.
    """
    rows = read_table(datasets_folder() / "countries" / "memberships.csv")
    for row in rows[(rows.iso3 == iso3) & (rows.organisation == organisation)].to_dict("records"):
        start = date.fromisoformat(row["from"]) if row["from"] else date.min
        text = row["until"]
        end = date.max if not text else date.fromisoformat(text if len(text) > 4 else f"{text}-12-31")
        if start <= on < end:
            return True
    return False


@cache
def _facts() -> dict[tuple[str, str], dict[tuple[int, str], Fact]]:
    """All published figures, by country and indicator, then by year and sex."""
    found: dict[tuple[str, str], dict[tuple[int, str], Fact]] = {}
    for row in read_table(datasets_folder() / "countries" / "facts.csv").to_dict("records"):
        year = int(row["year"])
        figure = Fact(float(row["value"]), row["unit"], year, row["source"], row["note"])
        found.setdefault((row["iso3"], row["indicator"]), {})[year, row["sex"]] = figure
    return found


def fact(iso3: str, indicator: str, year: int, sex: str | None = None) -> Fact:
    """A published figure of a country, for example ``fact("GMB", "migrant_stock", 2020, sex="F")``.

    Raises:
        KitError: if datasets/countries/facts.csv does not hold it.
    """
    held = _facts().get((iso3, indicator), {})
    found = held.get((year, sex or ""))
    if found is None:
        have = ", ".join(map(str, sorted({each for each, _sex in held}))) or _("no year")
        raise KitError(
            _("datasets/countries/facts.csv has no {indicator} of {iso3} for {year}; it has: {have}.").format(
                indicator=indicator, iso3=iso3, year=year, have=have
            )
        )
    return found


def corridors(destination: str | None = None, origin: str | None = None) -> pd.DataFrame:
    """Published stocks by destination and origin.

    Returns:
        Columns destination, origin, year, value (persons), source, note. XRA and XRW stand for the rest of Africa
        and of the world.
    """
    rows = read_table(datasets_folder() / "countries" / "corridors.csv")
    if destination is not None:
        rows = rows[rows.destination == destination]
    if origin is not None:
        rows = rows[rows.origin == origin]
    return rows.astype({"year": "int64", "value": "int64"}).reset_index(drop=True)


def regions(iso3: str) -> pd.DataFrame:
    """First-level regions of a country as they are today: columns code, name."""
    rows = read_table(datasets_folder() / "countries" / "regions.csv")
    rows = rows[(rows.iso3 == iso3) & (rows.vintage == "current")]
    return rows[["code", "name"]].reset_index(drop=True)


def _reference(name: str, numbers: dict[str, str]) -> pd.DataFrame:
    """One file of datasets/countries/; ``numbers`` gives the types of columns that are not text ('' is missing).

    What the functions below return is kept for the next call: do not change it.
    """
    rows = read_table(datasets_folder() / "countries" / f"{name}.csv")
    return rows.assign(**{column: pd.to_numeric(rows[column]) for column in numbers}).astype(numbers)


def _of(rows: pd.DataFrame, column: str, value: str | None) -> pd.DataFrame:
    return (rows if value is None else rows[rows[column] == value]).reset_index(drop=True)


@cache
def population_age_sex(iso3: str) -> pd.DataFrame:
    """Population in the middle of 2024 by sex (F, M) and five-year age group.

    Returns:
        Columns iso3, year, sex, age_group ("0-4" to "95-99", "100+"), value (persons), source, note.
    """
    return _of(_reference("population_age_sex", {"year": "int64", "value": "int64"}), "iso3", iso3)


@cache
def vital_events(iso3: str) -> pd.DataFrame:
    """Births by calendar year 1925 to 2030; from 2005 to 2026 also deaths, net migration and mid-year population.

    Returns:
        Columns iso3, year, births, deaths, net_migration, population_midyear (persons; missing where not given),
        source, note.
    """
    later = dict.fromkeys(("deaths", "net_migration", "population_midyear"), "Int64")
    return _of(_reference("vital_events", {"year": "int64", "births": "int64"} | later), "iso3", iso3)


@cache
def mortality_rates(iso3: str) -> pd.DataFrame:
    """Deaths per person and year by sex, five-year period ("2020-2025") and age ("0", "1-4", "5-9", ... "100+").

    Returns:
        Columns iso3, sex, period, age, mx, source.
    """
    return _of(_reference("mortality", {"mx": "float64"}), "iso3", iso3)


@cache
def fertility_ages(iso3: str) -> pd.DataFrame:
    """How the births of a five-year period divide by age of the mother, and boys for each girl at birth.

    Returns:
        Columns iso3, period, age_group, share (adds up to 1 in a period), sex_ratio_at_birth, source, note.
    """
    return _of(_reference("fertility_age", {"share": "float64", "sex_ratio_at_birth": "float64"}), "iso3", iso3)


@cache
def refugees(asylum: str | None = None, origin: str | None = None) -> pd.DataFrame:
    """Refugees and asylum seekers in the middle of each year, 2005 to 2025, by country of asylum and of origin.

    Returns:
        Columns coa (country of asylum), coo (country of origin), year, refugees, asylum_seekers (persons), source,
        note.
    """
    rows = _reference("refugees", dict.fromkeys(("year", "refugees", "asylum_seekers"), "int64"))
    return _of(_of(rows, "coa", asylum), "coo", origin)


@cache
def region_population(iso3: str) -> pd.DataFrame:
    """How the population divides among today's regions.

    Returns:
        Columns iso3, region, share (adds up to 1), basis, urban_share (0 to 1), migrant_factor (attraction to the
        foreign-born, 1 is average), basis_urban_migrant.
    """
    return _of(
        _reference("region_population", dict.fromkeys(("share", "urban_share", "migrant_factor"), "float64")),
        "iso3",
        iso3,
    )


@cache
def posts(iso3: str | None = None) -> pd.DataFrame:
    """Border posts.

    Returns:
        Columns code, iso3, name, kind (land, air, sea), neighbour (country across a land border, else ''), region,
        weight (share of the country's traffic of that kind), faces (code of the post opposite, '' if outside),
        basis.
    """
    return _of(_reference("posts", {"weight": "float64"}), "iso3", iso3)


@cache
def displacement(iso3: str | None = None) -> pd.DataFrame:
    """Waves of displacement inside a country.

    Returns:
        Columns iso3, wave, start, end (first and last day, datetime64), regions_from, regions_to (codes, blank
        between), cause (conflict, drought, flood), share (of those displaced in mid-2024; adds up to 1), basis.
    """
    rows = _reference("displacement", {"wave": "int64", "share": "float64"})
    for column in ("start", "end"):
        rows[column] = pd.to_datetime(rows[column]).astype("datetime64[s]")
    return _of(rows, "iso3", iso3)


def _country_list() -> pd.DataFrame:
    rows = _countries().rename(columns={"iso3": "code"})
    rows = rows.rename(columns={f"name_{language}": f"label_{language}" for language in LANGUAGES})
    unknown = codelist("sex").set_index("code").loc[["X"]].reset_index()
    unknown["code"] = COUNTRY_NOT_STATED
    return pd.concat([rows[["code", "label_en", "label_fr", "label_pt"]], unknown], ignore_index=True)


def _region_list() -> pd.DataFrame:
    rows = read_table(datasets_folder() / "countries" / "regions.csv")
    return pd.DataFrame({"code": rows.code} | {f"label_{language}": rows.name for language in LANGUAGES})


@cache
def codelist(name: str) -> pd.DataFrame:
    """A code list: columns code, label_en, label_fr, label_pt, in the order in which tables show it.

    ``country``, ``nationality`` (countries, and ICAO codes of stateless persons and refugees) and ``region`` are
    made from datasets/countries/, all others are datasets/codelists/<name>.csv.

    Raises:
        KitError: if there is no such list.
    """
    if name == "country":
        return _country_list()
    if name == "nationality":
        return pd.concat([_country_list(), codelist("passport_special")], ignore_index=True)
    if name == "region":
        return _region_list()
    path = datasets_folder() / "codelists" / f"{name}.csv"
    if not path.is_file():
        raise KitError(_("There is no code list {name!r}: {path} does not exist.").format(name=name, path=path))
    return read_table(path)


@cache
def _labels(name: str, lang: str) -> dict[str, str]:
    rows = codelist(name)
    return dict(zip(rows["code"], rows[f"label_{lang}"], strict=True))


def label(name: str, code: str, lang: str = "en") -> str:
    """What a code means in a language: ``label("sex", "F", lang="fr")`` is ``"Féminin"``.

    Raises:
        KitError: if the list, the code or the language is unknown.
    """
    if lang not in LANGUAGES:
        raise KitError(
            _("Labels exist in {languages}, not in {lang!r}.").format(languages=", ".join(LANGUAGES), lang=lang)
        )
    try:
        return _labels(name, lang)[code]
    except KeyError:
        raise KitError(_("Code list {name!r} has no code {code!r}.").format(name=name, code=code)) from None
