"""True totals, for lessons that compare an estimate with the truth: aggregates only, never persons."""

from datetime import date

import numpy as np
import pandas as pd

from migkit.sources.answers import residence_at, spells_on, true_answers, words, years_before
from migkit.sources.census import whole
from migkit.sources.listing import departures
from migkit.sources.records import DUPLICATE, INVENTED, TRUE, Observed
from migkit.world import World
from migkit.world.accounting import FLOWS, balance

COLUMNS = ["table", "key1", "key2", "value"]


def age_group(age: pd.Series) -> pd.Series:
    """Five-year groups as text, "00-04" to "75-79", and "80+"."""
    low = age // 5 * 5
    group = low.astype("str").str.zfill(2) + "-" + (low + 4).astype("str").str.zfill(2)
    return group.where(age < 80, "80+")


def _count(name: str, key1: pd.Series, key2: pd.Series) -> pd.DataFrame:
    counts = pd.DataFrame({"key1": key1, "key2": key2}).groupby(["key1", "key2"]).size()
    return counts.rename("value").reset_index().assign(table=name)[COLUMNS]


def _values(name: str, values: dict[tuple[str, str], int]) -> pd.DataFrame:
    rows = [(name, key1, key2, int(value)) for (key1, key2), value in values.items()]
    return pd.DataFrame(rows, columns=COLUMNS)


def _definitions(residents: pd.DataFrame, home: str) -> pd.DataFrame:
    foreign_born = residents["country_birth"] != home
    parent = (residents["mother_country_birth"] != home) | (residents["father_country_birth"] != home)
    five = (residents["country_5y"] != home) & (residents["country_5y"] != "")
    one = (residents["country_1y"] != home) & (residents["country_1y"] != "")
    rules = {
        "foreign_born": foreign_born,
        "foreign_citizen": residents["citizenship"] != home,
        "lived_abroad": residents["lived_abroad"] == "Y",
        "foreign_background": foreign_born | parent,
        "recent_5y": five,
        "recent_1y": one,
    }
    return _values("definitions", {(rule, "total"): int(holds.sum()) for rule, holds in rules.items()})


def _coverage(residents: pd.DataFrame, census: Observed, home: str) -> pd.DataFrame:
    links = census.tables["census_persons"].links
    listed = set(links["event"][links["kind"] == TRUE])
    found = (residents["truth_id"].astype("str") + "/home").isin(listed)
    native = residents["country_birth"] == home
    values: dict[tuple[str, str], int] = {}
    for name, mask in (("native", native), ("foreign_born", ~native), ("total", native | ~native)):
        values[(name, "residents")] = int(mask.sum())
        values[(name, "omitted")] = int((mask & ~found).sum())
    for name, kind in (("duplicate", DUPLICATE), ("fictitious", INVENTED)):
        values[("total", name)] = int((links["kind"] == kind).sum())
    return _values("coverage", values)


def _birthplaces(census: Observed) -> pd.DataFrame:
    """Usual residents by true and recorded country of birth."""
    taken = census.tables["census_persons"]
    at_home = ((taken.links["kind"] == TRUE) & taken.links["event"].str.endswith("/home")).to_numpy()
    true = taken.perfect.set_index("event")["country_birth"].loc[taken.links["event"][at_home]]
    recorded = taken.records["country_birth"][at_home].reset_index(drop=True)
    return _count("birthplace_true_by_recorded", true.reset_index(drop=True), recorded)


def _emigrants(world: World) -> pd.DataFrame:
    day, persons = world.census_day, world.persons
    country = pd.Series(words(world.spells["country"], spells_on(world, day)))
    abroad = ~country.isin([world.iso3, ""])
    native = abroad & (words(persons["country_birth"]) == world.iso3)
    left = departures(world, day)
    since = world.spells["start"].to_numpy()[left] >= np.datetime64(years_before(day, 10), "s")
    recent = abroad & (left >= 0) & since
    tied = (persons["household_ref"] > 0).reset_index(drop=True)
    parts = []
    for name, mask in (
        ("born_here_all_years", native),
        ("left_since_2014", recent),
        ("left_since_2014_household_here", recent & tied),
        ("left_since_2014_household_gone", recent & ~tied),
    ):
        parts.append(_count("emigrants", country[mask], pd.Series(name, index=country[mask].index)))
    return pd.concat(parts)


def _flows(world: World) -> pd.DataFrame:
    """Stocks and flows of each year between the two censuses."""
    values: dict[tuple[str, str], int] = {}
    for year in range(world.census_day.year - 10, world.census_day.year):
        start = date(year, world.census_day.month, world.census_day.day)
        row = balance(world, start, start.replace(year=year + 1)).iloc[0]
        for column in ["residents_start", *FLOWS, "residents_end"]:
            values[(start.isoformat(), column)] = int(row[column])
    return _values("flows", values)


def truth_tables(world: World, census: Observed) -> pd.DataFrame:
    """True aggregates of a world and of its census: columns table, key1, key2, value (persons)."""
    home, day = world.iso3, world.census_day
    answers = true_answers(world, day)
    residents = answers[~answers["visitor"]].reset_index(drop=True)
    age = pd.Series(whole(residents["age"].to_numpy(dtype=object)))
    region = residence_at(world, day)["region"].iloc[residents["row"]].reset_index(drop=True)
    sex, birth = residents["sex"], residents["country_birth"]
    foreign = birth != home
    came = foreign & (residents["arrival_year"] != "")
    parts = [
        _count("residents_by_age", age_group(age), sex),
        _count("residents_by_single_age", age.astype("str").str.zfill(2), sex),
        _count("foreign_born_by_country", birth[foreign], sex[foreign]),
        _count("foreign_born_by_age", age_group(age)[foreign], sex[foreign]),
        _count("foreign_born_by_region", region[foreign], sex[foreign]),
        _count("foreign_born_by_arrival_year", residents["arrival_year"][came], sex[came]),
        _count("citizenship_by_birthplace", birth.where(~foreign, "abroad"), residents["citizenship"]),
        _count("region_of_birth_by_residence", residents["region_birth"][~foreign], region[~foreign]),
        _definitions(residents, home),
        _coverage(residents, census, home),
        _birthplaces(census),
        _emigrants(world),
        _flows(world),
    ]
    return pd.concat(parts, ignore_index=True).astype({"value": "str"})
