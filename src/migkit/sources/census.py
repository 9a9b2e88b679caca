"""The census: what enumerators write down on a day, with the errors that a census makes."""

from datetime import date

import numpy as np
import pandas as pd

from migkit.reference import Source, Table
from migkit.sources.answers import age_on, numerals, residence_at, years_before
from migkit.sources.listing import (
    HEAD,
    RELATIVE,
    Listing,
    home_numbers,
    is_foreign_born,
    perfect_listing,
    same_region,
)
from migkit.sources.records import (
    ErrorModel,
    Mask,
    Observed,
    Recorder,
    Texts,
    heaped,
    identifiers,
    mapped,
    rounded_year,
)
from migkit.world import World
from migkit.world.draws import Bools, Ints, chance, stream

__all__ = ["PERSONS", "SEARCHED", "age_on", "observe", "residence_at", "whole"]

#: Residence statuses of usual residents: present and away.
SEARCHED = ("UP", "UA")
HOUSEHOLDS, PERSONS, EMIGRANTS = "households", "persons", "emigrants"


def whole(values: Texts, blank: int = -1) -> Ints:
    """Whole numbers written as text; a blank is ``blank``."""
    codes, different = pd.factorize(values)
    return np.array([int(each) if each != "" else blank for each in different], dtype=np.int64)[codes]


class _Round:
    """One taking of the census: its day, its tables and its random streams."""

    def __init__(self, world: World, model: ErrorModel, seed: int) -> None:
        self.world, self.model, self.seed = world, model, seed
        self.source: Source = model.source
        self.day = date.fromisoformat(self.source.reference)
        self.prefix = next(iter(self.source.tables)).rpartition("_")[0]

    def table(self, name: str) -> Table:
        """The description of a table of this round: households, persons or emigrants."""
        return self.source.tables[f"{self.prefix}_{name}"]

    def recorder(self, name: str, rows: pd.DataFrame, numbers: tuple[str, ...]) -> Recorder:
        """A recorder of a table, starting from its columns among those of ``rows``."""
        described = self.table(name)
        kept = ["event", "truth_id", *(column for column in described.columns if column in rows)]
        return Recorder(described.name, rows[kept], described.key, numbers)

    def draws(self, step: str) -> np.random.Generator:
        """The random stream of one step."""
        return stream(self.seed, self.world.iso3, self.world.chunk, f"{self.source.key} {step}")


def observe(world: World, model: ErrorModel, seed: int) -> Observed:
    """Take the census of a world.

    Args:
        world: the truth, or a chunk of it.
        model: the rates of the errors; its dictionary, census or census_2014, tells the day and names the tables.
        seed: of the errors.

    Returns:
        The tables census_households, census_persons and census_emigrants (of 2014: census2014_...).
    """
    taken = _Round(world, model, seed)
    true = perfect_listing(world, taken.source, seed)
    lost, counted_in = _household_defects(taken, true)
    persons = _persons(taken, true, lost, counted_in)
    order = list(dict.fromkeys(persons["household_id"]))
    letters = str(taken.source.value("household_letters"))
    ids = pd.Series(identifiers(world.iso3, letters, world.chunk, len(order)), index=order, dtype="object")
    emigrants = _emigrants(taken, true, lost, counted_in)
    households = _households(taken, true, lost, counted_in)
    listed = pd.Series(persons["household_id"]).value_counts()
    abroad = pd.Series(emigrants["household_id"]).value_counts()
    kept = pd.Index(households["event"])
    households.put("n_listed", numerals(listed.reindex(kept).to_numpy(dtype=np.int64)))
    households.put("n_emigrants", numerals(abroad.reindex(kept).fillna(0).to_numpy(dtype=np.int64)))
    tables = {
        HOUSEHOLDS: (households, ids.reindex(kept).to_numpy(dtype=object)),
        PERSONS: (persons, _number(persons, ids, "line_no", "-{:02d}")),
        EMIGRANTS: (emigrants, _number(emigrants, ids, "", "-E{}")),
    }
    finished = {}
    for name, (recorder, keys) in tables.items():
        finished[recorder.table] = recorder.finish(keys, taken.table(name).columns)
    return Observed(finished)


def _number(rec: Recorder, ids: pd.Series, line: str, pattern: str) -> Texts:
    """Give the records their household and line; returns their identifiers."""
    household = ids.reindex(pd.Index(rec["household_id"])).to_numpy(dtype=object)
    number = numerals(pd.Series(household).groupby(household).cumcount().to_numpy() + 1)
    rec.put("household_id", household)
    if line:
        rec.put(line, number)
    return np.asarray(household + mapped(number, lambda each: pattern.format(int(each))), dtype=object)


# --- who is counted, and where


def _household_defects(taken: _Round, true: Listing) -> tuple[Bools, Texts]:
    """For each household of the listing whether it is left out, and the area where it is counted."""
    model, frame = taken.model, true.homes.frame
    rng = taken.draws("household omissions")
    foreign = is_foreign_born(taken.world, frame["head"].to_numpy())
    rate = np.where(
        foreign, model.rate("omitted_household", "foreign_born"), model.rate("omitted_household", "native")
    )
    lost = chance(rng, rate, len(frame))
    area = frame[["ea", "stratum"]].drop_duplicates().sort_values(["stratum", "ea"])
    before = area["ea"].groupby(area["stratum"]).shift()
    last = area["ea"].groupby(area["stratum"]).transform("last")
    neighbour = pd.Series(before.fillna(last).to_numpy(), index=area["ea"].to_numpy())
    moved = chance(rng, model.rate("wrong_ea"), len(frame))
    return lost, frame["ea"].mask(moved, frame["ea"].map(neighbour)).to_numpy(dtype=object)


def _persons(taken: _Round, true: Listing, lost: Bools, counted_in: Texts) -> Recorder:
    rec = taken.recorder(PERSONS, true.persons, ("household_id", "line_no"))
    rec.omit(lost[whole(rec["household_id"])], "omitted_household")
    rec.omit(_omitted_persons(rec, taken), "omitted_person")
    _add_records(rec, taken)
    rec.change(np.ones(len(rec), dtype=bool), "ea", counted_in[whole(rec["household_id"])], "wrong_ea")
    _in_order_of_the_form(rec)
    _spoil_age_and_sex(rec, taken)
    _spoil_birthplace(rec, taken)
    _spoil_citizenship(rec, taken)
    _spoil_moves(rec, taken)
    _spoil_items(rec, taken)
    _fit_to_age(rec)
    return rec


def _omitted_persons(rec: Recorder, taken: _Round) -> Bools:
    model, age = taken.model, whole(rec["age"])
    foreign = rec["country_birth"] != taken.world.iso3
    rate = np.where(foreign, model.rate("omitted_person", "foreign_born"), model.rate("omitted_person", "native"))
    men = (rec["sex"] == "M") & (age >= 20) & (age < 35)
    rate = rate * np.where(age < 5, model.rate("omitted_person", "factor_under_5"), 1.0)
    rate = rate * np.where(men, model.rate("omitted_person", "factor_men_20_34"), 1.0)
    head = rec["relationship"] == HEAD  # whoever answers the door is listed
    return np.asarray(chance(taken.draws("omissions"), rate, len(rec)) & ~head)


def _present_members(rec: Recorder) -> Mask:
    """Those of whom a second or an invented record may be made."""
    return np.asarray((rec["residence_status"] == "UP") & (rec["relationship"] != HEAD))


def _add_records(rec: Recorder, taken: _Round) -> None:
    """Second records of persons, in another household of the same region, and records of nobody."""
    twice, host = _counted_twice(rec, taken)
    nobody = _nobody(rec, taken)
    home, ea, area = (rec[name][host] for name in ("household_id", "ea", "area"))
    new = rec.duplicate(twice, "duplicate")
    rec.invent(nobody, "fictitious")
    there = np.zeros(len(rec), dtype=bool)
    there[new] = True
    household = rec["household_id"].copy()
    household[new] = home
    rec.put("household_id", household)
    for column, value in (("ea", ea), ("area", area)):
        values = rec[column].copy()
        values[new] = value
        rec.change(there, column, values, "duplicate")
    rec.change(there, "relationship", RELATIVE, "duplicate")


def _members_present(rec: Recorder) -> Mask:
    """Those of whom a second record, or one like it, may be made."""
    return np.asarray((rec["residence_status"] == "UP") & (rec["relationship"] != HEAD))


def _counted_twice(rec: Recorder, taken: _Round) -> tuple[Mask, Ints]:
    """Who is counted twice, and for each of them the record of the head of the other household."""
    rng = taken.draws("duplicates")
    picked = np.flatnonzero(_members_present(rec) & chance(rng, taken.model.rate("duplicate"), len(rec)))
    heads = np.flatnonzero(rec["relationship"] == HEAD)
    if not len(picked):
        return np.zeros(len(rec), dtype=bool), picked
    host = heads[same_region(rng, rec["region"][picked], rec["region"][heads])]
    elsewhere = rec["household_id"][host] != rec["household_id"][picked]
    twice = np.zeros(len(rec), dtype=bool)
    twice[picked[elsewhere]] = True
    return twice, host[elsewhere]


def _nobody(rec: Recorder, taken: _Round) -> pd.DataFrame:
    """Records made up after the pattern of others of the household; grown-ups get an age of their own."""
    rng = taken.draws("fictitious")
    like = _members_present(rec) & chance(rng, taken.model.rate("fictitious"), len(rec))
    rows = pd.DataFrame({name: rec[name][like] for name in [*rec.answers, "household_id"]})
    age = whole(rec["age"][like])
    other = np.clip(age + np.floor(rng.random(len(rows)) * 9).astype(np.int64) - 4, 0, 97)
    return rows.assign(age=numerals(np.where(age >= 20, other, age)), relationship=RELATIVE)


def _in_order_of_the_form(rec: Recorder) -> None:
    """By area and household, the head first, visitors last, elder before younger."""
    place = (rec["residence_status"] == "V") * 1000 + whole(rec["relationship"]) * 100 + 99 - whole(rec["age"])
    rec.put("line_no", home_numbers(place))
    rec.sort(["ea", "household_id", "line_no"])


# --- what is written down


def _spoil_age_and_sex(rec: Recorder, taken: _Round) -> None:
    n, model, rng = len(rec), taken.model, taken.draws("age and sex")
    age = rec["age"]
    schooled = np.isin(rec["education"].astype(str), ["1", "2", "3", "4", "5"])
    rate = np.where(schooled, model.rate("age_heaping", "schooling"), model.rate("age_heaping", "no_schooling"))
    rec.change((whole(age) >= 10) & chance(rng, rate, n), "age", heaped(age), "age_heaping")
    rec.change(chance(rng, model.rate("age_not_stated"), n), "age", "", "age_not_stated")
    rec.change(chance(rng, model.rate("sex_not_stated"), n), "sex", "X", "sex_not_stated")


def _as_native(rec: Recorder, where: Mask, home: str, kind: str) -> None:
    """Birthplace recorded as home: then the region of birth is asked, and the one of residence is written."""
    rec.change(where, "country_birth", home, kind)
    rec.change(where, "region_birth", rec["region"], kind)


def _as_citizen(rec: Recorder, where: Mask, home: str, kind: str) -> None:
    rec.change(where, "citizenship", home, kind)
    rec.change(where, "citizenship_2", "", kind)
    rec.change(where, "citizenship_how", "B", kind)


def _clear_arrival(rec: Recorder, where: Mask, lived: str, kind: str) -> None:
    rec.change(where, "lived_abroad", lived, kind)
    for column in ("previous_country", "arrival_year", "arrival_month", "reason", "stay_intended"):
        rec.change(where, column, "", kind)
    rec.change(where, "arrival_stated", "NA", kind)


def _spoil_birthplace(rec: Recorder, taken: _Round) -> None:
    n, model, rng, home = len(rec), taken.model, taken.draws("birthplace"), taken.world.iso3
    birth, citizen = rec["country_birth"], rec["citizenship"]
    foreign = (birth != home) & (rec["residence_status"] != "V")
    rate = np.where(
        citizen == home, model.rate("birthplace_as_native", "citizen"), model.rate("birthplace_as_native", "other")
    )
    claims = foreign & chance(rng, rate, n)
    _as_native(rec, claims, home, "birthplace_as_native")
    hides = claims & chance(rng, model.rate("birthplace_as_native", "hides_move"), n)
    _clear_arrival(rec, hides, "N", "birthplace_as_native")
    _as_citizen(rec, hides, home, "birthplace_as_native")
    free = ~claims & ~_mix_up(rec, taken, rng, birth, ~claims)
    by_nationality = free & (birth != citizen) & chance(rng, model.rate("birthplace_from_citizenship"), n)
    _as_native(rec, by_nationality & (citizen == home), home, "birthplace_from_citizenship")
    to_foreign = by_nationality & (citizen != home)
    rec.change(to_foreign, "country_birth", citizen, "birthplace_from_citizenship")
    rec.change(to_foreign, "region_birth", "", "birthplace_from_citizenship")
    rate = np.where(
        birth == home,
        model.rate("birthplace_not_stated", "native"),
        model.rate("birthplace_not_stated", "foreign_born"),
    )
    unknown = free & ~by_nationality & chance(rng, rate, n)
    rec.change(unknown, "country_birth", "XXX", "birthplace_not_stated")
    rec.change(unknown, "region_birth", "", "birthplace_not_stated")


def _mix_up(rec: Recorder, taken: _Round, rng: np.random.Generator, birth: Texts, free: Mask) -> Mask:
    """Take countries of like names, or on one border, for one another; nobody mistakes the own country."""
    n, home = len(rec), taken.world.iso3
    hit = np.zeros(n, dtype=bool)
    for group, countries in taken.source.value("taken_for_one_another").items():
        chosen = chance(rng, taken.model.rate("birthplace_mixup", group), n)
        lot = rng.random(n)
        for code, others in countries.items():
            weights = {other: weight for other, weight in others.items() if other != home}
            mixed = free & (birth == code) & chosen
            if code == home or not weights or not mixed.any():
                continue
            steps = np.cumsum(list(weights.values())) / sum(weights.values())
            other = np.array(list(weights), dtype=object)[np.searchsorted(steps, lot, side="right")]
            rec.change(mixed, "country_birth", other, "birthplace_mixup")
            hit |= mixed
    return hit


def _spoil_citizenship(rec: Recorder, taken: _Round) -> None:
    n, model, rng, home = len(rec), taken.model, taken.draws("citizenship"), taken.world.iso3
    resident = rec["residence_status"] != "V"
    claims = resident & (rec["citizenship"] != home) & chance(rng, model.rate("citizenship_claimed"), n)
    _as_citizen(rec, claims, home, "citizenship_claimed")
    hidden = (rec["citizenship_2"] != "") & chance(rng, model.rate("second_citizenship_hidden"), n)
    rec.change(hidden, "citizenship_2", "", "second_citizenship_hidden")
    unknown = chance(rng, model.rate("citizenship_not_stated"), n)
    rec.change(unknown, "citizenship", "XXX", "citizenship_not_stated")
    rec.change(unknown, "citizenship_2", "", "citizenship_not_stated")
    rec.change(unknown, "citizenship_how", "X", "citizenship_not_stated")
    for parent in ("mother", "father"):
        blank = chance(rng, model.rate("parent_not_stated", parent), n)
        rec.change(blank, f"{parent}_country_birth", "XXX", "parent_not_stated")


def _spoil_moves(rec: Recorder, taken: _Round) -> None:
    n, model, rng = len(rec), taken.model, taken.draws("moves")
    native = rec["country_birth"] == taken.world.iso3
    unknown = native & chance(rng, model.rate("lived_abroad_not_stated"), n)
    _clear_arrival(rec, unknown, "X", "lived_abroad_not_stated")
    year = rec["arrival_year"]
    moved, since = year != "", whole(year, blank=9999)
    rounds = (since <= taken.day.year - 3) & chance(rng, model.rate("arrival_rounded"), n)
    rec.change(rounds, "arrival_year", rounded_year(year, taken.day.year), "arrival_rounded")
    blank = moved & chance(rng, model.rate("arrival_not_stated"), n)
    for column in ("arrival_year", "arrival_month"):
        rec.change(blank, column, "", "arrival_not_stated")
    rec.change(blank, "arrival_stated", "N", "arrival_not_stated")
    no_reason = moved & chance(rng, model.rate("reason_not_stated"), n)
    rec.change(no_reason, "reason", "X", "reason_not_stated")


def _spoil_items(rec: Recorder, taken: _Round) -> None:
    n, model, rng = len(rec), taken.model, taken.draws("items")
    for item in ("marital", "education", "activity", "occupation", "industry"):
        blank = (rec[item] != "") & chance(rng, model.rate("item_not_stated", item), n)
        rec.change(blank, item, "X", "item_not_stated")
    kind = "past_residence_not_stated"
    for years in ("1y", "5y"):
        country = f"country_{years}"
        blank = (rec[country] != "") & chance(rng, model.rate(kind, country), n)
        rec.change(blank, country, "XXX", kind)
        rec.change(blank, f"region_{years}", "", kind)


def _fit_to_age(rec: Recorder) -> None:
    """Questions with an age limit are asked by the age that was written down."""
    age, kind = whole(rec["age"], blank=99), "age_heaping"
    for item in ("marital", "activity", "occupation", "industry"):
        rec.change(age < 15, item, "", kind)
    made_older = (age >= 15) & (age < 99) & (rec["marital"] == "")  # 13 or 14 years, written as 15
    rec.change(made_older, "marital", "S", kind)
    rec.change(made_older, "activity", np.where(rec["education"] == "0", "O", "S"), kind)


# --- households, and their members abroad


def _households(taken: _Round, true: Listing, lost: Bools, counted_in: Texts) -> Recorder:
    rec = taken.recorder(HOUSEHOLDS, true.households, ("n_listed", "n_emigrants"))
    rec.omit(lost[whole(rec["event"])], "omitted_household")
    rec.change(np.ones(len(rec), dtype=bool), "ea", counted_in[whole(rec["event"])], "wrong_ea")
    rec.sort(["ea", "event"])
    return rec


def _emigrants(taken: _Round, true: Listing, lost: Bools, counted_in: Texts) -> Recorder:
    model, rng = taken.model, taken.draws("emigrants")
    rec = taken.recorder(EMIGRANTS, true.emigrants, ("household_id",))
    rec.omit(lost[whole(rec["household_id"])], "omitted_household")
    rate = np.where(
        whole(rec["year_left"]) > taken.day.year - 5,
        model.rate("emigrant_forgotten", "under_5_years"),
        model.rate("emigrant_forgotten", "from_5_years"),
    )
    rec.omit(chance(rng, rate, len(rec)), "emigrant_forgotten")
    rec.change(np.ones(len(rec), dtype=bool), "ea", counted_in[whole(rec["household_id"])], "wrong_ea")
    rec.sort(["ea", "household_id", "event"])
    _spoil_emigrants(rec, taken, rng)
    return rec


def _spoil_emigrants(rec: Recorder, taken: _Round, rng: np.random.Generator) -> None:
    n, model = len(rec), taken.model
    shift = np.where(chance(rng, 0.5, n), 1, -1)
    year, age, now = (whole(rec[name]) for name in ("year_left", "age_left", "age_now"))
    new_year = np.clip(year + shift, years_before(taken.day, 10).year, taken.day.year)
    new_age = np.clip(age + (new_year - year), 0, now)
    wrong = chance(rng, model.rate("emigrant_year_shifted"), n)
    rec.change(wrong, "year_left", numerals(new_year), "emigrant_year_shifted")
    rec.change(wrong, "age_left", numerals(new_age), "emigrant_year_shifted")
    kind = "emigrant_item_not_stated"
    rec.change(chance(rng, model.rate(kind, "country_residence"), n), "country_residence", "XXX", kind)
    no_age = chance(rng, model.rate(kind, "age_now"), n)
    rec.change(no_age, "age_now", "", kind)
    rec.change(no_age, "age_left", "", kind)
    rec.change(chance(rng, model.rate(kind, "remits"), n), "remits", "X", kind)
