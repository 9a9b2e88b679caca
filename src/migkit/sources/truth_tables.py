"""True totals, for lessons that compare an estimate with the truth: aggregates only, never persons."""

from datetime import date

import pandas as pd

from migkit.sources.census import Census, age_on, residence_at, true_answers
from migkit.sources.old_records import text
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


def _coverage(residents: pd.DataFrame, census: Census, home: str) -> pd.DataFrame:
    links = census.links[census.links["table"] == "census_persons"]
    listed = set(links[(links["kind"] == "true") & (links["listing"] == "home")]["truth_id"])
    found = residents["truth_id"].isin(listed)
    group = residents["country_birth"].eq(home).map({True: "native", False: "foreign_born"})
    values: dict[tuple[str, str], int] = {}
    for name, mask in (
        ("native", group == "native"),
        ("foreign_born", group == "foreign_born"),
        ("total", group != ""),
    ):
        values[(name, "residents")] = int(mask.sum())
        values[(name, "omitted")] = int((mask & ~found).sum())
    for kind in ("duplicate", "fictitious"):
        values[("total", kind)] = int((links["kind"] == kind).sum())
    return _values("coverage", values)


def _birthplaces(census: Census, truth: pd.DataFrame, home: str) -> pd.DataFrame:
    links = census.links[(census.links["table"] == "census_persons") & (census.links["kind"] == "true")]
    recorded = (
        census.persons.set_index("person_id")["country_birth"].loc[links["record_id"]].reset_index(drop=True)
    )
    true = truth.set_index("truth_id")["country_birth"].loc[links["truth_id"]].reset_index(drop=True)
    home_rows = (links["listing"] == "home").to_numpy()
    return _count("birthplace_true_by_recorded", true[home_rows], recorded[home_rows])


def _emigrants(world: World) -> pd.DataFrame:
    persons = world.persons
    last = world.spells.drop_duplicates("truth_id", keep="last")
    last = last.set_index(text(last["truth_id"])).loc[text(persons["truth_id"])]
    abroad = text(persons["status"]) == "abroad"
    native = abroad & (text(persons["country_birth"]) == world.iso3)
    recent = abroad & (pd.Series(last["start"].to_numpy()) >= pd.Timestamp(world.history_from))
    tied = text(persons["household_ref"]) != ""
    country = text(pd.Series(last["country"].to_numpy()))
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
    values: dict[tuple[str, str], int] = {}
    for year in range(world.history_from.year, world.census_day.year):
        start = date(year, world.census_day.month, world.census_day.day)
        row = balance(world, start, start.replace(year=year + 1)).iloc[0]
        for column in ["residents_start", *FLOWS, "residents_end"]:
            values[(start.isoformat(), column)] = int(row[column])
    return _values("flows", values)


def truth_tables(world: World, census: Census) -> pd.DataFrame:
    """True aggregates of a world and of its census: columns table, key1, key2, value (persons)."""
    home = world.iso3
    answers = true_answers(world)
    here = text(world.persons["status"]) == "resident"
    residents = answers[here].reset_index(drop=True)
    age = age_on(world.census_day, world.persons["birth_date"])[here.to_numpy()].reset_index(drop=True)
    region = residence_at(world, world.census_day)["region"][here].reset_index(drop=True)
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
        _birthplaces(census, answers, home),
        _emigrants(world),
        _flows(world),
    ]
    return pd.concat(parts, ignore_index=True).astype({"value": "str"})
