"""The census: what enumerators would write down if nothing went wrong, then what the error model makes of it."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from migkit.reference import dictionary, table
from migkit.sources.old_records import ErrorModel, Recorder, heaped, rounded_year, text
from migkit.world import World
from migkit.world.draws import chance, pick, stream

GUINEAS = ("GIN", "GNB", "GNQ")
#: Which other of the Guineas is written instead, by the true one: position in GUINEAS and weight.
GUINEA_MIXUP = {"GIN": [0.0, 0.8, 0.2], "GNB": [0.8, 0.0, 0.2], "GNQ": [0.7, 0.3, 0.0]}
SEARCHED = ("UP", "UA")


@dataclass
class Census:
    """A census: participants' tables; for trainers the ledger and the links from records to true persons."""

    households: pd.DataFrame
    persons: pd.DataFrame
    emigrants: pd.DataFrame
    ledger: pd.DataFrame
    links: pd.DataFrame


def _parameter(name: str) -> float:
    return float(dictionary("census").parameters[name]["value"])


def age_on(day: date, births: pd.Series) -> pd.Series:
    """Completed years on a day, from dates of birth; 98 stands for 98 or more."""
    years = day.year - births.dt.year
    before = (births.dt.month > day.month) | ((births.dt.month == day.month) & (births.dt.day > day.day))
    return pd.Series((years - before.astype("int64")).clip(upper=98))


def enumeration_areas(world: World) -> pd.DataFrame:
    """Each true household's enumeration area: columns household_ref, ea, stratum (region, U or R)."""
    homes = world.households
    stratum = text(homes["region"]) + "-" + text(homes["area"])
    number = stratum.groupby(stratum).cumcount()
    size = stratum.map(stratum.value_counts())
    areas = (size / _parameter("households_per_ea")).round().clip(lower=1).astype("int64")
    within = number * areas // size
    key = pd.MultiIndex.from_arrays([stratum, within])
    code = pd.Series(pd.factorize(key, sort=True)[0] + 1).astype("str").str.zfill(4)
    return pd.DataFrame({"household_ref": text(homes["household_ref"]), "ea": "EA" + code, "stratum": stratum})


def residence_at(world: World, day: date) -> pd.DataFrame:
    """Country and region where each true person lives on a day, in the order of the truth (blank: not alive)."""
    moment = np.datetime64(day)
    spells = world.spells
    held = spells[(spells["start"] <= moment) & (spells["end"].isna() | (spells["end"] > moment))]
    place = pd.DataFrame({"country": text(held["country"]), "region": text(held["region"])})
    place.index = pd.Index(text(held["truth_id"]))
    return place.reindex(text(world.persons["truth_id"])).fillna("").reset_index(drop=True)


def _arrivals(world: World) -> pd.DataFrame:
    """Most recent move into the country: previous country, day, reason; one row for each true person."""
    spells = world.spells
    country = text(spells["country"])
    person = text(spells["truth_id"])
    came = (country == world.iso3) & (person == person.shift()) & (country.shift() != world.iso3)
    found = pd.DataFrame(
        {"person": person, "previous": country.shift(), "day": spells["start"], "reason": text(spells["reason"])}
    )[came]
    last = found.drop_duplicates("person", keep="last").set_index("person")
    return last.reindex(text(world.persons["truth_id"])).reset_index(drop=True)


def _years_before(day: date, years: int) -> date:
    return day.replace(year=day.year - years)


def _migration_answers(world: World, answers: pd.DataFrame, age: pd.Series) -> None:
    """The answers on earlier residence, from the spells."""
    visitor = text(world.persons["status"]) == "visitor"
    came = _arrivals(world)
    lives = text(world.persons["country_birth"])
    day = came["day"].where(~visitor, world.persons["visit_date"])
    lived = day.notna()
    answers["lived_abroad"] = np.where(lived, "Y", "N")
    answers["previous_country"] = came["previous"].where(~visitor, lives).fillna("").astype("str")
    answers["arrival_year"] = day.dt.year.astype("Int64").astype("str").where(lived, "")
    answers["arrival_month"] = day.dt.month.astype("Int64").astype("str").where(lived, "")
    answers["arrival_stated"] = np.where(lived, "Y", "NA")
    for years in (1, 5):
        then = residence_at(world, _years_before(world.census_day, years))
        asked = age >= years
        answers[f"country_{years}y"] = then["country"].where(asked, "")
        answers[f"region_{years}y"] = then["region"].where(asked & (then["country"] == world.iso3), "")
    reason = came["reason"].where(~visitor, text(world.persons["visit_reason"]))
    answers["reason"] = reason.fillna("").astype("str").where(lived, "")
    recent = day > np.datetime64(_years_before(world.census_day, 1))
    answers["stay_intended"] = np.where(recent, np.where(visitor, "N", "Y"), "")


def true_answers(world: World) -> pd.DataFrame:
    """What each true person would answer, one row each, in the order of the truth."""
    persons = world.persons
    age = age_on(world.census_day, persons["birth_date"])
    answers = pd.DataFrame(
        {"truth_id": text(persons["truth_id"]), "household_ref": text(persons["household_ref"])}
    )
    for column in ("relationship", "sex", "marital", "country_birth", "region_birth", "citizenship"):
        answers[column] = text(persons[column])
    for column in ("citizenship_how", "mother_country_birth", "father_country_birth"):
        answers[column] = text(persons[column])
    for column in ("education", "activity", "occupation", "industry"):
        answers[column] = text(persons[column])
    _migration_answers(world, answers, age)
    answers["age"] = age.astype("str")
    for column, lowest in (("education", 5), ("marital", 15), ("activity", 15)):
        unknown = (age >= lowest) & (answers[column] == "")
        answers[column] = answers[column].where(age >= lowest, "").mask(unknown, "X")
    employed = answers["activity"] == "E"
    for column in ("occupation", "industry"):
        answers[column] = answers[column].where(employed, "").mask(employed & (answers[column] == ""), "X")
    return answers


def perfect_listing(world: World, seed: int) -> pd.DataFrame:
    """The census without any defect: one row for each person on each form, with keys truth_id and listing.

    Residents are listed at home (UP, or UA if away on census night). Some of those who are away, and visitors from
    abroad, are listed as visitors (V) where they spend the night.
    """
    rng = stream(seed, world.iso3, 0, "census night")
    answers = true_answers(world)
    areas = enumeration_areas(world).set_index("household_ref")
    status = text(world.persons["status"])
    listed = answers[status.isin(["resident", "visitor"])].reset_index(drop=True)
    visitor = status[status.isin(["resident", "visitor"])].to_numpy() == "visitor"
    away = chance(rng, _parameter("absent_share"), len(listed)) & ~visitor
    away &= listed["age"].astype("int64").to_numpy() >= 12
    listed["residence_status"] = np.where(visitor, "V", np.where(away, "UA", "UP"))
    listed["listing"] = np.where(visitor, "visit", "home")
    share = _parameter("visitor_resident_share") / _parameter("absent_share")
    guests = listed[away & chance(rng, share, len(listed))].copy()
    homes = text(world.households["household_ref"]).to_numpy()
    guests["household_ref"] = homes[(rng.random(len(guests)) * len(homes)).astype(np.int64)]
    guests["residence_status"], guests["listing"] = "V", "visit"
    guests["relationship"] = np.where(chance(rng, 0.7, len(guests)), "5", "6")
    rows = pd.concat([listed, guests], ignore_index=True)
    place = areas.loc[rows["household_ref"]].reset_index(drop=True)
    rows["ea"] = place["ea"]
    rows["region"], rows["area"] = place["stratum"].str[:-2], place["stratum"].str[-1]
    order = pd.DataFrame(
        {
            "ea": rows["ea"],
            "home": rows["household_ref"],
            "guest": rows["residence_status"] == "V",
            "relation": rows["relationship"],
            "age": -rows["age"].astype("int64"),
            "id": rows["truth_id"],
        }
    )
    position = order.sort_values(by=["ea", "home", "guest", "relation", "age", "id"], kind="stable").index
    return pd.DataFrame(rows.loc[position].reset_index(drop=True))


def _household_defects(world: World, model: ErrorModel, seed: int) -> pd.DataFrame:
    """For each true household whether it is left out, and the area where it is counted."""
    rng = stream(seed, world.iso3, 0, "census households")
    homes = enumeration_areas(world)
    heads = text(world.households["head_id"])
    birth = dict(zip(text(world.persons["truth_id"]), text(world.persons["country_birth"]), strict=True))
    foreign = (heads.map(birth) != world.iso3).to_numpy()
    rate = np.where(
        foreign, model.rate("omitted_household", "foreign_born"), model.rate("omitted_household", "native")
    )
    homes["omitted"] = chance(rng, rate, len(homes))
    areas = homes.groupby("stratum")["ea"].unique()
    neighbour: dict[str, str] = {}
    for codes in areas:
        ordered = sorted(codes)
        neighbour |= {code: ordered[at - 1] if at else ordered[-1] for at, code in enumerate(ordered)}
    moved = chance(rng, model.rate("wrong_ea"), len(homes))
    homes["counted_in"] = np.where(moved, homes["ea"].map(neighbour), homes["ea"])
    return homes.set_index("household_ref")


def _omitted_persons(rows: pd.DataFrame, world: World, model: ErrorModel, seed: int) -> np.ndarray:
    rng = stream(seed, world.iso3, 0, "census omissions")
    age = rows["age"].astype("int64").to_numpy()
    foreign = (rows["country_birth"] != world.iso3).to_numpy()
    rate = np.where(foreign, model.rate("omitted_person", "foreign_born"), model.rate("omitted_person", "native"))
    young = age < 5
    men = (rows["sex"] == "M").to_numpy() & (age >= 20) & (age < 35)
    if model.level != "none":
        rate = rate * np.where(young, model.rate("omitted_person", "factor_under_5"), 1.0)
        rate = rate * np.where(men, model.rate("omitted_person", "factor_men_20_34"), 1.0)
    head = (rows["relationship"] == "1").to_numpy()  # whoever answers the door is listed
    return chance(rng, rate, len(rows)) & ~head


def _extra_records(rows: pd.DataFrame, world: World, model: ErrorModel, seed: int) -> pd.DataFrame:
    """Duplicates and fictitious records to add to the kept ``rows``."""
    rng = stream(seed, world.iso3, 0, "census extras")
    people = rows[(rows["residence_status"] == "UP") & (rows["relationship"] != "1")]
    again = people[chance(rng, model.rate("duplicate"), len(people))].copy()
    hosts = rows[rows["relationship"] == "1"].reset_index(drop=True)
    by_region = {region: group.reset_index(drop=True) for region, group in hosts.groupby("region")}
    lot = rng.random(len(again))
    for column in ("household_ref", "ea", "area"):
        values = [
            by_region[region].at[int(share * len(by_region[region])), column]
            for region, share in zip(again["region"], lot, strict=True)
        ]
        again[column] = pd.Series(values, index=again.index, dtype="str")
    again["relationship"], again["kind"] = "5", "duplicate"
    made = people[chance(rng, model.rate("fictitious"), len(people))].copy()
    age = made["age"].astype("int64") + np.floor(rng.random(len(made)) * 9).astype("int64") - 4
    keep = made["age"].astype("int64") >= 20
    made["age"] = age.where(keep, made["age"].astype("int64")).clip(0, 97).astype("str")
    made["relationship"], made["kind"], made["truth_id"] = "5", "fictitious", ""
    made["listing"] = ""
    return pd.concat([again, made], ignore_index=True)


def _number(rows: pd.DataFrame, iso3: str) -> pd.DataFrame:
    """Give households and lines their numbers, in the order of enumeration areas."""
    order = rows.assign(extra=rows["kind"] != "true", guest=rows["residence_status"] == "V")
    order = order.sort_values(["counted_in", "household_ref", "guest", "extra", "relationship"], kind="stable")
    rows = rows.loc[order.index].reset_index(drop=True)
    number = pd.factorize(rows["household_ref"])[0] + 1
    rows["household_id"] = f"SYN-{iso3}-H" + pd.Series(number).astype("str").str.zfill(5)
    line = rows.groupby("household_id").cumcount() + 1
    rows["line_no"] = line.astype("str")
    rows["person_id"] = rows["household_id"] + "-" + rows["line_no"].str.zfill(2)
    return rows


def _spoil_age_and_sex(rec: Recorder, model: ErrorModel, rng: np.random.Generator) -> None:
    n = len(rec)
    age = rec["age"]
    schooled = np.isin(rec["education"], ["1", "2", "3", "4", "5"])
    rate = np.where(schooled, model.rate("age_heaping", "schooling"), model.rate("age_heaping", "no_schooling"))
    old = np.array([value != "" and int(value) >= 10 for value in age])
    rec.change(old & chance(rng, rate, n), "age", heaped(age), "age_heaping")
    rec.change(chance(rng, model.rate("age_not_stated"), n), "age", "", "age_not_stated")
    rec.change(chance(rng, model.rate("sex_not_stated"), n), "sex", "X", "sex_not_stated")


def _as_native(rec: Recorder, where: np.ndarray, home: str, kind: str) -> None:
    """Birthplace recorded as home: then the region of birth is asked, and the one of residence is written."""
    rec.change(where, "country_birth", home, kind)
    rec.change(where, "region_birth", rec["region"], kind)


def _clear_arrival(rec: Recorder, where: np.ndarray, lived: str, kind: str) -> None:
    rec.change(where, "lived_abroad", lived, kind)
    for column in ("previous_country", "arrival_year", "arrival_month", "reason", "stay_intended"):
        rec.change(where, column, "", kind)
    rec.change(where, "arrival_stated", "NA", kind)


def _spoil_birthplace(rec: Recorder, model: ErrorModel, rng: np.random.Generator, home: str) -> None:
    n = len(rec)
    birth, citizen = rec["country_birth"].copy(), rec["citizenship"].copy()
    visitor = rec["residence_status"] == "V"
    foreign = (birth != home) & ~visitor
    rate = np.where(
        citizen == home, model.rate("birthplace_as_native", "citizen"), model.rate("birthplace_as_native", "other")
    )
    claims = foreign & chance(rng, rate, n)
    _as_native(rec, claims, home, "birthplace_as_native")
    hides = claims & chance(rng, model.rate("birthplace_as_native", "hides_move"), n)
    _clear_arrival(rec, hides, "N", "birthplace_as_native")
    rec.change(hides, "citizenship", home, "birthplace_as_native")
    rec.change(hides, "citizenship_how", "B", "birthplace_as_native")
    free = ~claims
    for code, weights in GUINEA_MIXUP.items():
        mixed = free & (birth == code) & chance(rng, model.rate("birthplace_mixup", "guineas"), n)
        other = np.array(GUINEAS, dtype=object)[pick(rng, weights, n)]
        rec.change(mixed, "country_birth", other, "birthplace_mixup")
        free &= ~mixed
    for code, other_code in (("MLI", "MRT"), ("MRT", "MLI")):
        mixed = free & (birth == code) & chance(rng, model.rate("birthplace_mixup", "mali_mauritania"), n)
        rec.change(mixed, "country_birth", other_code, "birthplace_mixup")
        free &= ~mixed
    by_nationality = free & (birth != citizen) & chance(rng, model.rate("birthplace_from_citizenship"), n)
    _as_native(rec, by_nationality & (citizen == home), home, "birthplace_from_citizenship")
    to_foreign = by_nationality & (citizen != home)
    rec.change(to_foreign, "country_birth", citizen, "birthplace_from_citizenship")
    rec.change(to_foreign, "region_birth", "", "birthplace_from_citizenship")
    free &= ~by_nationality
    rate = np.where(
        birth == home,
        model.rate("birthplace_not_stated", "native"),
        model.rate("birthplace_not_stated", "foreign_born"),
    )
    unknown = free & chance(rng, rate, n)
    rec.change(unknown, "country_birth", "XXX", "birthplace_not_stated")
    rec.change(unknown, "region_birth", "", "birthplace_not_stated")


def _spoil_citizenship(rec: Recorder, model: ErrorModel, rng: np.random.Generator, home: str) -> None:
    n = len(rec)
    resident = rec["residence_status"] != "V"
    claims = resident & (rec["citizenship"] != home) & chance(rng, model.rate("citizenship_claimed"), n)
    rec.change(claims, "citizenship", home, "citizenship_claimed")
    rec.change(claims, "citizenship_how", "B", "citizenship_claimed")
    unknown = chance(rng, model.rate("citizenship_not_stated"), n)
    rec.change(unknown, "citizenship", "XXX", "citizenship_not_stated")
    rec.change(unknown, "citizenship_how", "X", "citizenship_not_stated")
    for parent in ("mother", "father"):
        blank = chance(rng, model.rate("parent_not_stated", parent), n)
        rec.change(blank, f"{parent}_country_birth", "XXX", "parent_not_stated")


def _spoil_moves(rec: Recorder, model: ErrorModel, rng: np.random.Generator, world: World) -> None:
    n = len(rec)
    native = rec["country_birth"] == world.iso3
    unknown = native & chance(rng, model.rate("lived_abroad_not_stated"), n)
    _clear_arrival(rec, unknown, "X", "lived_abroad_not_stated")
    moved = rec["arrival_year"] != ""
    year = rec["arrival_year"]
    old = np.array([value != "" and int(value) <= world.census_day.year - 3 for value in year])
    rounds = old & chance(rng, model.rate("arrival_rounded"), n)
    rec.change(rounds, "arrival_year", rounded_year(year, world.census_day.year), "arrival_rounded")
    blank = moved & chance(rng, model.rate("arrival_not_stated"), n)
    for column in ("arrival_year", "arrival_month"):
        rec.change(blank, column, "", "arrival_not_stated")
    rec.change(blank, "arrival_stated", "N", "arrival_not_stated")
    no_reason = moved & chance(rng, model.rate("reason_not_stated"), n)
    rec.change(no_reason, "reason", "X", "reason_not_stated")


def _spoil_items(rec: Recorder, model: ErrorModel, rng: np.random.Generator) -> None:
    for item in ("marital", "education", "activity", "occupation", "industry"):
        blank = (rec[item] != "") & chance(rng, model.rate("item_not_stated", item), len(rec))
        rec.change(blank, item, "X", "item_not_stated")
    kind = "past_residence_not_stated"
    for years in ("1y", "5y"):
        country = f"country_{years}"
        blank = (rec[country] != "") & chance(rng, model.rate(kind, country), len(rec))
        rec.change(blank, country, "XXX", kind)
        rec.change(blank, f"region_{years}", "", kind)


def _fit_to_age(rec: Recorder) -> None:
    """Questions with an age limit are asked by the age that was written down."""
    age = np.array([99 if value == "" else int(value) for value in rec["age"]])
    for item, lowest in (
        ("education", 5),
        ("marital", 15),
        ("activity", 15),
        ("occupation", 15),
        ("industry", 15),
    ):
        rec.change(age < lowest, item, "", "age_heaping")


def _persons(
    perfect: pd.DataFrame, homes: pd.DataFrame, world: World, model: ErrorModel, seed: int
) -> tuple[Recorder, pd.DataFrame]:
    gone_home = homes.loc[perfect["household_ref"], "omitted"].to_numpy()
    gone = _omitted_persons(perfect, world, model, seed) & ~gone_home
    kept = perfect[~gone_home & ~gone].assign(kind="true")
    rows = pd.concat([kept, _extra_records(kept, world, model, seed)], ignore_index=True)
    rows["counted_in"] = homes.loc[rows["household_ref"], "counted_in"].to_numpy()
    rows = _number(rows, world.iso3)
    rec = Recorder("census_persons", rows, "person_id")
    for kind, mask in (("omitted_household", gone_home), ("omitted_person", gone)):
        lost = perfect[mask]
        rec.note("", lost["truth_id"].to_numpy(), kind, lost["listing"].to_numpy())
    kinds = rec["kind"]
    _enter_extras(rec, perfect, kinds)
    rec.change(np.ones(len(rec), dtype=bool), "ea", rec["counted_in"], "wrong_ea")
    rng = stream(seed, world.iso3, 0, "census answers")
    _spoil_age_and_sex(rec, model, rng)
    _spoil_birthplace(rec, model, rng, world.iso3)
    _spoil_citizenship(rec, model, rng, world.iso3)
    _spoil_moves(rec, model, rng, world)
    _spoil_items(rec, model, rng)
    _fit_to_age(rec)
    links = rec.records[["person_id", "truth_id", "listing", "kind", "household_ref"]].copy()
    return rec, links


ANSWERS = [
    *("residence_status", "relationship", "sex", "age", "marital", "country_birth", "region_birth", "citizenship"),
    *("citizenship_how", "mother_country_birth", "father_country_birth", "lived_abroad", "previous_country"),
    *("arrival_year", "arrival_month", "arrival_stated", "country_1y", "region_1y", "country_5y", "region_5y"),
    *("reason", "education", "activity", "occupation", "industry", "stay_intended", "ea", "region", "area"),
]


def _enter_extras(rec: Recorder, perfect: pd.DataFrame, kinds: np.ndarray) -> None:
    """Ledger entries of duplicates (what differs from the first record) and fictitious records (every answer)."""
    true = perfect.set_index(perfect["truth_id"] + "/" + perfect["listing"])
    again = kinds == "duplicate"
    rec.note(rec["person_id"][again], rec["truth_id"][again], "duplicate")
    origin = true.loc[rec["truth_id"][again].astype(str) + "/" + rec["listing"][again].astype(str)]
    recorded = rec.records.copy()
    for column in ("ea", "area", "relationship"):
        rec.records.loc[again, column] = origin[column].to_numpy()
    for column in ("ea", "area", "relationship"):
        rec.change(again, column, recorded[column].to_numpy(dtype=object), "duplicate")
    made = kinds == "fictitious"
    rec.note(rec["person_id"][made], "", "fictitious")
    for column in ANSWERS:
        rec.records.loc[made, column] = ""
        rec.change(made, column, recorded[column].to_numpy(dtype=object), "fictitious")


def perfect_emigrants(world: World) -> pd.DataFrame:
    """Emigrants of the last ten years whose household, or part of it, is still in the country; one row each."""
    persons, spells = world.persons, world.spells
    last = spells.drop_duplicates("truth_id", keep="last")
    last = last.set_index(text(last["truth_id"])).loc[text(persons["truth_id"])]
    exit_day = pd.Series(last["start"].to_numpy())
    emigrated = (text(persons["status"]) == "abroad") & (exit_day >= np.datetime64(world.history_from))
    age = age_on(world.census_day, persons["birth_date"])
    days = exit_day - persons["birth_date"]
    age_left = (days.dt.days / 365.25).fillna(0).astype("int64").clip(upper=age, lower=0)
    rows = pd.DataFrame(
        {
            "truth_id": text(persons["truth_id"]),
            "household_ref": text(persons["household_ref"]),
            "sex": text(persons["sex"]),
            "age_now": age.astype("str"),
            "age_left": age_left.astype("str"),
            "year_left": exit_day.dt.year.astype("str"),
            "country_residence": text(pd.Series(last["country"].to_numpy())),
            "education_left": text(persons["education"]).mask(text(persons["education"]) == "", "0"),
            "activity_abroad": text(persons["activity"]),
            "remits": text(persons["remits"]).mask(text(persons["remits"]) == "", "N"),
        }
    )
    adult = age >= 15
    rows["activity_abroad"] = rows["activity_abroad"].where(adult, "")
    return rows[emigrated].reset_index(drop=True)


def _emigrants(
    world: World, homes: pd.DataFrame, household_ids: dict[str, str], model: ErrorModel, seed: int
) -> Recorder:
    rng = stream(seed, world.iso3, 0, "census emigrants")
    rows = perfect_emigrants(world)
    n = len(rows)
    left_whole = (rows["household_ref"] == "").to_numpy()
    home_lost = np.array([ref != "" and ref not in household_ids for ref in rows["household_ref"]])
    recent = (rows["year_left"].astype("int64") > world.census_day.year - 5).to_numpy()
    rate = np.where(
        recent,
        model.rate("emigrant_forgotten", "under_5_years"),
        model.rate("emigrant_forgotten", "from_5_years"),
    )
    forgotten = chance(rng, rate, n) & ~left_whole & ~home_lost
    kept = rows[~left_whole & ~home_lost & ~forgotten].reset_index(drop=True)
    kept["household_id"] = kept["household_ref"].map(household_ids)
    place = homes.loc[kept["household_ref"]].reset_index(drop=True)
    kept["ea"], kept["counted_in"] = place["ea"], place["counted_in"]
    kept["region"], kept["area"] = place["stratum"].str[:-2], place["stratum"].str[-1]
    kept = kept.sort_values(["household_id", "truth_id"], kind="stable").reset_index(drop=True)
    kept["emigrant_id"] = kept["household_id"] + "-E" + (kept.groupby("household_id").cumcount() + 1).astype("str")
    rec = Recorder("census_emigrants", kept, "emigrant_id")
    if model.level != "none":
        rec.note("", rows["truth_id"].to_numpy()[left_whole], "household_left")
    rec.note("", rows["truth_id"].to_numpy()[home_lost], "omitted_household")
    rec.note("", rows["truth_id"].to_numpy()[forgotten], "emigrant_forgotten")
    rec.change(np.ones(len(rec), dtype=bool), "ea", rec["counted_in"], "wrong_ea")
    _spoil_emigrants(rec, model, rng, world)
    return rec


def _spoil_emigrants(rec: Recorder, model: ErrorModel, rng: np.random.Generator, world: World) -> None:
    n = len(rec)
    shift = np.where(chance(rng, 0.6, n), 1, -1)
    year = rec["year_left"].astype(np.int64) if n else np.empty(0, np.int64)
    new_year = np.clip(year + shift, world.history_from.year, world.census_day.year)
    age = np.array([int(value) for value in rec["age_left"]], dtype=np.int64)
    now = np.array([int(value) for value in rec["age_now"]], dtype=np.int64)
    new_age = np.clip(age + (new_year - year), 0, now)
    wrong = chance(rng, model.rate("emigrant_year_shifted"), n)
    rec.change(wrong, "year_left", new_year.astype(str).astype(object), "emigrant_year_shifted")
    rec.change(wrong, "age_left", new_age.astype(str).astype(object), "emigrant_year_shifted")
    kind = "emigrant_item_not_stated"
    rec.change(chance(rng, model.rate(kind, "country_residence"), n), "country_residence", "XXX", kind)
    no_age = chance(rng, model.rate(kind, "age_now"), n)
    rec.change(no_age, "age_now", "", kind)
    rec.change(no_age, "age_left", "", kind)
    rec.change(chance(rng, model.rate(kind, "remits"), n), "remits", "X", kind)


def _households(world: World, homes: pd.DataFrame, persons: pd.DataFrame, emigrants: pd.DataFrame) -> pd.DataFrame:
    first = persons.drop_duplicates("household_id")
    truth = world.households.set_index(text(world.households["household_ref"])).loc[first["household_ref"]]
    table_rows = pd.DataFrame(
        {
            "household_id": first["household_id"].to_numpy(),
            "ea": homes.loc[first["household_ref"], "counted_in"].to_numpy(),
            "region": text(truth["region"]).to_numpy(),
            "area": text(truth["area"]).to_numpy(),
            "dwelling": text(truth["dwelling"]).to_numpy(),
            "remittances": text(truth["remittances"]).to_numpy(),
        }
    )
    listed = persons["household_id"].value_counts()
    abroad = emigrants["household_id"].value_counts()
    table_rows["n_listed"] = table_rows["household_id"].map(listed).astype("int64").astype("str")
    table_rows["n_emigrants"] = table_rows["household_id"].map(abroad).fillna(0).astype("int64").astype("str")
    return table_rows


def _household_ledger(world: World, homes: pd.DataFrame, household_ids: dict[str, str]) -> pd.DataFrame:
    """Entries for households left out or counted in the wrong area."""
    rows = homes.reset_index()
    rows["household_id"] = rows["household_ref"].map(household_ids).fillna("")
    rows["truth_id"] = text(world.households["head_id"])
    rec = Recorder("census_households", rows[rows["household_id"] != ""].reset_index(drop=True), "household_id")
    lost = rows[rows["household_id"] == ""]
    rec.note("", lost["truth_id"].to_numpy(), "omitted_household", lost["household_ref"].to_numpy())
    rec.change(np.ones(len(rec), dtype=bool), "ea", rec["counted_in"], "wrong_ea")
    return rec.ledger()


def take_census(world: World, level: str = "typical", seed: int | None = None) -> Census:
    """Take the census of a world.

    Args:
        world: the truth.
        level: how bad the errors are: "none", "typical" or "severe" (rates in datasets/dictionary/census.yml).
        seed: of the errors; the world's own by default.

    Raises:
        KitError: for an unknown level.
    """
    seed = world.seed if seed is None else seed
    model = ErrorModel(dictionary("census"), level)
    perfect = perfect_listing(world, seed)
    homes = _household_defects(world, model, seed)
    rec, links = _persons(perfect, homes, world, model, seed)
    records = rec.records
    household_ids = dict(zip(records["household_ref"], records["household_id"], strict=True))
    emigrants = _emigrants(world, homes, household_ids, model, seed)
    households = _households(world, homes, records, emigrants.records)
    households_ledger = _household_ledger(world, homes, household_ids)
    return Census(
        households=households[table("census_households").columns],
        persons=records[table("census_persons").columns],
        emigrants=emigrants.records[table("census_emigrants").columns],
        ledger=pd.concat([households_ledger, rec.ledger(), emigrants.ledger()], ignore_index=True),
        links=pd.concat(
            [
                links.rename(columns={"person_id": "record_id"}).assign(table="census_persons"),
                emigrants.records[["emigrant_id", "truth_id", "household_ref"]]
                .rename(columns={"emigrant_id": "record_id"})
                .assign(table="census_emigrants", listing="home", kind="true"),
            ],
            ignore_index=True,
        )[["table", "record_id", "truth_id", "listing", "kind", "household_ref"]],
    )
