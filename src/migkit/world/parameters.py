"""The assumptions of the generator (datasets/dictionary/world.yml) and what it knows of each country."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from migkit.reference import (
    KitError,
    _,
    codelist,
    country,
    dictionary,
    displacement,
    fact,
    fertility_ages,
    mortality_rates,
    population_age_sex,
    region_population,
    regions,
    vital_events,
)
from migkit.world.draws import Floats, Ints, apportion
from migkit.world.lifetable import LifeTables

#: The end of the truth; "ago" counts whole days back from it.
END = date(2026, 7, 1)
HISTORY_FROM = date(2005, 1, 1)
CENSUS_DAYS = (date(2014, 7, 1), date(2024, 7, 1))
SMALLEST_POPULATION = 500
EUROPE = ("ESP", "ITA", "DEU", "GBR", "FRA", "SWE", "CHE", "NOR", "NLD", "AUT", "PRT")


def ago(day: date) -> int:
    """Whole days from a day to the end of the truth."""
    return (END - day).days


#: Days ago of the census day on which stocks are the published ones, and of the first day of the history.
CALIBRATION, HISTORY = ago(CENSUS_DAYS[-1]), ago(HISTORY_FROM)


@cache
def assumption(name: str) -> Any:
    """The value of one parameter of datasets/dictionary/world.yml."""
    return dictionary("world").value(name)


@cache
def country_codes() -> tuple[str, ...]:
    """All country codes, in the order of the code list; positions in it are how the world stores countries."""
    return tuple(str(code) for code in codelist("country")["code"])


def check_request(iso3: str, scale: float) -> None:
    """Refuse a country or a scale that cannot be made.

    Raises:
        KitError: one sentence that says what to give instead.
    """
    found = country(iso3)
    if not found.training:
        raise KitError(
            _(
                "{name} ({code}) is not one of the sixteen training countries; the kit makes data for those."
            ).format(name=found.name["en"], code=iso3)
        )
    smallest = SMALLEST_POPULATION / population(found.iso3)
    if not smallest <= scale <= 1.0:
        raise KitError(
            _("The scale {scale} is out of range; give a number from {low} (about 500 persons) to 1.").format(
                scale=scale, low=f"{smallest:.2g}"
            )
        )


@cache
def population(iso3: str) -> int:
    """The published population of a country on calibration day."""
    return int(population_age_sex(iso3)["value"].sum())


def internally_displaced(iso3: str) -> int:
    """The published number of internally displaced persons."""
    return int(fact(iso3, "internally_displaced", int(assumption("internally_displaced_year"))).value)


@dataclass(frozen=True)
class Wave:
    """A wave of displacement inside a country: persons who are still displaced, days ago, regions' positions."""

    persons: int
    start: int
    end: int
    left: Ints
    reached: Ints


@dataclass(frozen=True)
class Place:
    """What the generator knows of one country at one scale."""

    iso3: str
    scale: float
    home: int  # position of the country in country_codes()
    residents: Ints  # men, women x five-year groups, on calibration day
    age_starts: Ints  # days ago on which those aged 0, 1, ... on calibration day may be born last
    shape: Floats  # men, women x groups x six edges: how births spread over the five years of a group
    mortality: LifeTables
    births_later: int  # from calibration day to the end
    grown: float  # the population when the history begins, as a share of that on calibration day
    age_of_mothers: Floats  # share of births by five-year group of mothers from 10 to 14 on
    boys: float  # share of boys among the newborn
    region_codes: tuple[str, ...]
    region_shares: Floats
    migrant_factor: Floats
    urban: Floats  # by region
    leaving: Floats  # weights of the regions that families leave
    household_size: float
    waves: tuple[Wave, ...]

    @property
    def groups(self) -> int:
        """Number of five-year age groups, the last one open."""
        return int(self.residents.shape[1])

    def age_of(self, born: Ints) -> Ints:
        """Completed years on calibration day."""
        return np.searchsorted(self.age_starts, born, side="right").astype(np.int64) - 1

    def born_at(self, sex: Ints, group: Ints, level: Floats) -> Ints:
        """Days ago of birth at a level in (0, 1) of the births of a five-year group."""
        cells = self.residents.shape[0] * self.groups
        x = (self.shape.reshape(cells, 6) + np.arange(cells)[:, None]).ravel()
        edges = self.age_starts[np.arange(self.groups)[:, None] * 5 + np.arange(6)]
        y = np.tile(edges, (2, 1)).ravel()
        born = np.interp(sex * self.groups + group + level, x, y).astype(np.int64)
        return np.asarray(np.clip(born, edges[group, 0], edges[group, 5] - 1))


def _years_ago(years: int) -> int:
    day = CENSUS_DAYS[-1]
    return ago(day.replace(year=day.year - years))


def _cells(iso3: str) -> Ints:
    rows = population_age_sex(iso3)
    return np.stack([rows.loc[rows["sex"] == sex, "value"].to_numpy() for sex in "MF"])


def _shape(births: pd.Series, tables: LifeTables, groups: int) -> Floats:
    """How the members of a five-year group spread over its single years: births of the year, less the dead."""
    ages = np.arange(groups * 5, dtype=np.float64)
    year = CENSUS_DAYS[-1].year - ages
    born = np.interp(year - 0.5, births.index.to_numpy(dtype=np.float64), births.to_numpy(dtype=np.float64))
    alive = np.stack([born * tables.survival(sex, ages + 0.5) for sex in (0, 1)]).reshape(2, groups, 5)
    edges = np.concatenate([np.zeros((2, groups, 1)), np.cumsum(alive, axis=2)], axis=2)
    return np.asarray(edges / np.maximum(edges[:, :, -1:], 1e-12))


def _births_later(births: pd.Series) -> float:
    """Births from calibration day to the end: halves of the first and last year, whole years between."""
    first, last = CENSUS_DAYS[-1].year, END.year
    return float((births[first] + births[last]) / 2 + births.loc[first + 1 : last - 1].sum())


def _waves(iso3: str, scale: float, codes: tuple[str, ...]) -> tuple[Wave, ...]:
    rows = displacement(iso3)
    if not len(rows):
        return ()
    persons = apportion(round(internally_displaced(iso3) * scale), list(rows["share"]))
    return tuple(
        Wave(
            persons=int(count),
            start=ago(row["start"].date()),
            end=ago(row["end"].date()),
            left=np.array([codes.index(code) for code in row["regions_from"].split()]),
            reached=np.array([codes.index(code) for code in row["regions_to"].split()]),
        )
        for row, count in zip(rows.to_dict("records"), persons, strict=True)
    )


def _life_tables(iso3: str) -> LifeTables:
    rates = mortality_rates(iso3)
    starts = [ago(date(int(period[:4]), 7, 1)) for period in dict.fromkeys(rates["period"])]
    return LifeTables.of(rates, np.array(starts), assumption("infant_hazard"))


@cache
def place(iso3: str, scale: float) -> Place:
    """What the generator needs to know of a country, with the residents of its published population at a scale.

    Raises:
        KitError: for a country or scale that cannot be made.
    """
    check_request(iso3, scale)
    iso3 = iso3.upper()
    cells = _cells(iso3)
    vital = vital_events(iso3).set_index("year")
    births, people = vital["births"], vital["population_midyear"]
    tables = _life_tables(iso3)
    fertility = fertility_ages(iso3)
    fertility = fertility[fertility["period"] == fertility["period"].max()]
    ratio = float(fertility["sex_ratio_at_birth"].iloc[0])
    codes = tuple(regions(iso3)["code"])
    by_region = region_population(iso3).set_index("region").loc[list(codes)]
    shares = (by_region["share"] / by_region["share"].sum()).to_numpy()
    return Place(
        iso3=iso3,
        scale=scale,
        home=country_codes().index(iso3),
        residents=apportion(round(cells.sum() * scale), cells.ravel().astype(np.float64)).reshape(cells.shape),
        age_starts=np.array([_years_ago(age) for age in range(cells.shape[1] * 5 + 1)]),
        shape=_shape(births, tables, cells.shape[1]),
        mortality=tables,
        births_later=round(_births_later(births) * scale),
        grown=float(people[HISTORY_FROM.year]) / float(people[CENSUS_DAYS[-1].year]),
        age_of_mothers=fertility["share"].to_numpy(),
        boys=ratio / (1 + ratio),
        region_codes=codes,
        region_shares=shares,
        migrant_factor=by_region["migrant_factor"].to_numpy(),
        urban=by_region["urban_share"].to_numpy(),
        leaving=np.array(assumption("internal_origin").get(iso3, shares), dtype=np.float64),
        household_size=float(assumption("household_size")[iso3]),
        waves=_waves(iso3, scale, codes),
    )
