"""The true populations keep their rules without exception, hit published totals, and tie their accounts.

Rules are checked over the whole output: each country at a small scale, and the union of all sixteen.
"""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from migkit.reference import KitError, countries, fact, population_age_sex, vital_events
from migkit.world import build, check_request, make_chunk, make_persons, make_world, number_of_chunks, truth_frames
from migkit.world.accounting import Account
from migkit.world.draws import apportion, part, stream
from migkit.world.frames import FRAMES, joined
from migkit.world.parameters import country_codes, internally_displaced, place, population
from migkit.world.people import Chunk, Persons, blank
from migkit.world.targets import MOVED, asylum_seekers, corridors_at, migrant_stock, refugees_hosted

SIXTEEN = [country.iso3 for country in countries(training_only=True)]
HUNDREDTH = 0.01
#: Columns that a person has in the files of both countries alike.
INTRINSIC = [
    "sex", "birth_date", "death_date", "country_birth", "citizenship_at_birth", "citizenship", "citizenship_how",
    "citizenship_date", "citizenship_2", "mother_country_birth", "father_country_birth", "education", "activity",
    "occupation", "industry", "language", "culture", "given", "surname", "remits",
]  # fmt: skip


def small_scale(iso3):
    """About a thousandth, and at least 2,000 persons."""
    return max(0.001, 2000 / population(iso3))


@pytest.fixture(scope="module")
def gambia():
    return make_world("GMB", HUNDREDTH, seed=1)


@pytest.fixture(scope="module")
def sixteen():
    return {iso3: make_world(iso3, 0.001, seed=1) for iso3 in SIXTEEN}


@pytest.fixture(scope="module")
def residents(gambia):
    rows = gambia.persons[gambia.persons["status"] == "resident"].copy()
    rows["age"] = age_on(gambia.census_day, rows["birth_date"])
    return rows


def text(values):
    return values.astype("object").fillna("").to_numpy().astype(str)


def age_on(day, births):
    years = day.year - births.dt.year
    return years - ((births.dt.month > day.month) | ((births.dt.month == day.month) & (births.dt.day > day.day)))


class View:
    """A world's persons and spells as plain arrays, with the row of each person."""

    def __init__(self, world):
        self.world, self.persons, self.spells = world, world.persons, world.spells
        self.ids = pd.Index(self.persons["truth_id"])
        self.born = self.persons["birth_date"].to_numpy()
        self.died = self.persons["death_date"].to_numpy()
        self.sex, self.status = text(self.persons["sex"]), text(self.persons["status"])
        self.row = self.ids.get_indexer(self.spells["truth_id"])
        self.first = np.r_[True, self.row[1:] != self.row[:-1]]
        self.last = np.r_[self.first[1:], True]
        self.start, self.end = self.spells["start"].to_numpy(), self.spells["end"].to_numpy()
        self.country, self.region = text(self.spells["country"]), text(self.spells["region"])
        self.home = self.country == world.iso3

    def linked(self, column):
        """Rows of persons with a link, and of those they link to."""
        who = np.flatnonzero(self.persons[column] > 0)
        return who, self.ids.get_indexer(self.persons[column].iloc[who])

    def years_between(self, earlier, later):
        return (self.born[later] - self.born[earlier]) / np.timedelta64(1, "D") / 365.25

    def held(self, day):
        """Which spells hold a day."""
        return (self.start <= day) & (np.isnat(self.end) | (self.end > day))


# --- rules without exception, country by country


def check_persons(view):
    persons, end = view.persons, np.datetime64(view.world.end)
    assert view.ids.is_unique
    assert (view.born < end).all()
    assert not (view.died >= end).any() and not (view.died < view.born).any()
    never_blank = (
        "status sex country_birth citizenship_at_birth citizenship citizenship_how citizenship_date language"
    )
    assert persons[[*never_blank.split(), "mother_country_birth", "father_country_birth"]].notna().all().all()
    assert (persons[["culture", "given", "surname"]] >= 0).all().all()
    changed = text(persons["citizenship"]) != text(persons["citizenship_at_birth"])
    since = persons["citizenship_date"].to_numpy()
    assert (since[changed] > view.born[changed]).all() and (since[~changed] == view.born[~changed]).all()
    assert ((text(persons["citizenship_how"]) == "B") == ~changed).all()
    assert ((text(persons["region_birth"]) != "") == (text(persons["country_birth"]) == view.world.iso3)).all()


def check_spells(view):
    assert (view.row >= 0).all() and (np.diff(view.row) >= 0).all()
    assert len(np.unique(view.row)) == len(view.ids)
    assert (view.start[view.first] == view.born).all()
    assert (view.start[~view.first] == view.end[~view.last]).all()
    ends = view.end[view.last]
    assert ((ends == view.died) | (np.isnat(ends) & np.isnat(view.died))).all()
    assert (np.isnat(view.end) | (view.end > view.start)).all()
    assert ((view.region != "") == view.home).all()
    # Life begins in the country and region of birth, also for those who died; every later spell has a reason.
    assert (view.country[view.first] == text(view.persons["country_birth"])).all()
    assert (view.region[view.first] == text(view.persons["region_birth"])).all()
    assert (view.spells["reason"].isna().to_numpy() == view.first).all()
    assert view.spells["right"].notna().all()


def check_kin(view):
    persons = view.persons
    child, mother = view.linked("mother_id")
    assert len(child) and (mother >= 0).all() and (view.sex[mother] == "F").all()
    assert view.years_between(mother, child).min() >= 12
    assert view.years_between(mother, child).max() <= 54
    assert not (view.died[mother] < view.born[child]).any()
    births = text(persons["country_birth"])
    assert (text(persons["mother_country_birth"])[child] == births[mother]).all()
    order = np.lexsort((view.born[child], mother))
    apart = np.diff(view.born[child][order]) / np.timedelta64(1, "D")
    apart = apart[mother[order][1:] == mother[order][:-1]]
    assert not ((apart > 0) & (apart < 270)).any()
    child, father = view.linked("father_id")
    assert (father >= 0).all() and (view.sex[father] == "M").all()
    assert view.years_between(father, child).min() > 16
    assert not (view.died[father] < view.born[child] - np.timedelta64(280, "D")).any()
    assert (text(persons["father_country_birth"])[child] == births[father]).all()
    for name in ("surname", "culture"):
        assert (persons[name].to_numpy()[child] == persons[name].to_numpy()[father]).all()
    wife, husband = view.linked("husband_id")
    assert (husband >= 0).all() and (view.sex[wife] == "F").all() and (view.sex[husband] == "M").all()
    wives = np.bincount(husband, minlength=len(persons))
    assert wives.max() <= 4
    assert (text(persons["marital"])[wife] == np.where(wives[husband] > 1, "P", "M")).all()


def check_households(view):
    world, persons = view.world, view.persons
    lives = view.status == "resident"
    home = persons["household_ref"].to_numpy()
    heads = lives & (text(persons["relationship"]) == "1")
    assert len(np.unique(home[heads])) == heads.sum() == len(world.households)
    assert set(home[heads]) == set(world.households["household_ref"]) == set(home[lives])
    homes = world.households.set_index("household_ref")
    assert (homes["head_id"].loc[home[heads]].to_numpy() == persons["truth_id"].to_numpy()[heads]).all()
    assert (age_on(world.census_day, persons["birth_date"][heads]) >= 15).all()
    here = view.held(np.datetime64(world.census_day)) & view.home
    at_home = np.zeros(len(persons), dtype=bool)
    at_home[view.row[here]] = True
    assert (at_home == lives).all()
    region = np.full(len(persons), "", dtype=object)
    region[view.row[here]] = view.region[here]
    assert (region[lives] == text(homes["region"].loc[home[lives]])).all()


def check_births_at_home(view):
    """A child of the country is born where the mother lives on that day."""
    child, mother = view.linked("mother_id")
    native = text(view.persons["country_birth"])[child] == view.world.iso3
    births = pd.DataFrame({"mother": mother[native], "day": view.born[child[native]]})
    births["region_birth"] = text(view.persons["region_birth"])[child[native]]
    lives = pd.DataFrame({"mother": view.row, "start": view.start, "end": view.end, "country": view.country})
    held = births.merge(lives.assign(region=view.region), on="mother")
    held = held[(held["start"] <= held["day"]) & (held["end"].isna() | (held["end"] > held["day"]))]
    assert len(held) == len(births)
    assert (held["country"] == view.world.iso3).all() and (held["region"] == held["region_birth"]).all()


def check_citizens(view):
    """Citizens at birth have a citizen parent, and nobody else has, where both parents are known."""
    persons, home = view.persons, view.world.iso3
    since = persons["citizenship_date"].to_numpy()
    now, then = text(persons["citizenship"]), text(persons["citizenship_at_birth"])
    both = np.flatnonzero(
        (persons["mother_id"] > 0) & (persons["father_id"] > 0) & (text(persons["country_birth"]) == home)
    )
    citizen = np.zeros(len(both), dtype=bool)
    for column in ("mother_id", "father_id"):
        parent = view.ids.get_indexer(persons[column].iloc[both])
        citizen |= np.where(since[parent] <= view.born[both], now[parent], then[parent]) == home
    assert ((then[both] == home) == citizen).all()


def check_lives(view):
    """Soldiers are citizens who never left, students are schooled, and the dead were naturalised at home."""
    persons, home = view.persons, view.world.iso3
    kind = persons["truth_id"].to_numpy() // 10**9 % 10
    now, then = text(persons["citizenship"]), text(persons["citizenship_at_birth"])
    soldiers = text(persons["occupation"]) == "0"
    assert soldiers.any()
    assert np.isin(kind[soldiers], (0, 6)).all()
    assert (now[soldiers] == home).all() and (then[soldiers] == home).all()
    changed = (kind == 6) & (now != then)
    assert (now[changed] == home).all()
    students = (text(persons["activity"]) == "S") & (view.status == "resident")
    grown = students & (age_on(view.world.census_day, persons["birth_date"]).to_numpy() >= 18)
    assert (text(persons["education"])[grown] >= "3").all()


def check_statuses(view):
    statuses = view.world.statuses
    row = view.ids.get_indexer(statuses["truth_id"])
    start, end = statuses["start"].to_numpy(), statuses["end"].to_numpy()
    assert (row >= 0).all() and statuses["status_id"].is_unique
    assert (start >= view.born[row]).all() and (np.isnat(end) | (end > start)).all()
    died = view.died[row]
    assert (np.isnat(died) | (end <= died)).all()
    # A status begins while the person lives in its country, and ends before the person leaves it.
    lives = pd.DataFrame({"row": view.row, "country": view.country, "since": view.start, "until": view.end})
    moves = (lives["row"] != lives["row"].shift()) | (lives["country"] != lives["country"].shift())
    lives = lives.groupby(moves.cumsum()).agg(
        {"row": "first", "country": "first", "since": "first", "until": "last"}
    )
    lives["until"] = view.end[np.r_[np.flatnonzero(moves)[1:] - 1, len(moves) - 1]]
    held = pd.DataFrame({"row": row, "country": text(statuses["country"]), "start": start, "end": end})
    held = held.merge(lives, on=["row", "country"])
    held = held[(held["since"] <= held["start"]) & (held["until"].isna() | (held["until"] > held["start"]))]
    assert len(held) == len(statuses)
    assert (held["until"].isna() | (held["end"] <= held["until"])).all()


def check_travel(view):
    """Nobody crosses a border before birth or after death, and a trip starts where the person lives."""
    world = view.world
    row = view.ids.get_indexer(world.crossings["truth_id"])
    time = world.crossings["time"].to_numpy()
    assert (row >= 0).all() and world.crossings["crossing_id"].is_unique
    assert (time >= view.born[row]).all()
    assert not (time >= view.died[row] + np.timedelta64(1, "D")).any()
    assert world.crossings["trip_id"].isin(world.trips["trip_id"]).all()
    trips = world.trips[["trip_id", "truth_id", "origin", "out_date"]]
    lives = trips.merge(world.spells[["truth_id", "country", "start", "end"]], on="truth_id")
    before = lives["out_date"] - pd.Timedelta(days=1)
    lives = lives[(lives["start"] <= before) & (lives["end"].isna() | (lives["end"] > before))]
    assert len(lives) == len(trips)
    assert (text(lives["origin"]) == text(lives["country"])).all()


def check_rules(world):
    view = View(world)
    for check in (check_persons, check_spells, check_kin, check_households, check_births_at_home):
        check(view)
    for check in (check_citizens, check_lives, check_statuses, check_travel):
        check(view)


@pytest.mark.parametrize("iso3", SIXTEEN)
def test_rules_hold_over_the_whole_population(sixteen, iso3):
    check_rules(sixteen[iso3])


@pytest.mark.parametrize(("iso3", "scale", "seed"), [("GMB", 0.01, 1), ("CPV", 0.02, 2), ("BFA", 0.004, 3)])
def test_rules_hold_at_other_scales_and_seeds(iso3, scale, seed):
    check_rules(make_world(iso3, scale, seed))


def test_the_checks_find_what_is_wrong(gambia):
    spoiled = replace(gambia, spells=gambia.spells.drop(index=5).reset_index(drop=True))
    with pytest.raises(AssertionError):
        check_spells(View(spoiled))
    persons = gambia.persons.copy()
    child = persons["mother_id"].to_numpy().argmax()
    persons.loc[child, "mother_id"] = persons.loc[0, "truth_id"]
    with pytest.raises(AssertionError):
        check_kin(View(replace(gambia, persons=persons)))


# --- rules over the union of all countries


def union(worlds, frame, columns):
    return pd.concat([getattr(world, frame)[columns].assign(file=iso3) for iso3, world in worlds.items()])


def test_a_person_is_the_same_in_the_files_of_both_countries(sixteen):
    everybody = union(sixteen, "persons", ["truth_id", *INTRINSIC])
    shared = everybody[everybody["truth_id"].duplicated(keep=False)]
    assert len(shared) > 10_000 and (shared.groupby("truth_id").size() == 2).all()
    assert (shared.groupby("truth_id")[INTRINSIC].nunique(dropna=False) == 1).all().all()
    # Whoever has to do with two of the sixteen is in both files.
    codes = np.array(country_codes())
    ids = everybody["truth_id"].to_numpy()
    first, second = codes[ids // 10**12 - 10], codes[ids // 10**10 % 100 - 10]
    inside = np.isin(first, SIXTEEN) & np.isin(second, SIXTEEN) & (first != second)
    assert set(ids[inside]) == set(shared["truth_id"])


def test_everybody_lives_in_one_country_at_a_time(sixteen):
    resident = union(sixteen, "persons", ["truth_id", "status"])
    assert resident.loc[resident["status"] == "resident", "truth_id"].is_unique
    stays = []
    for iso3, world in sixteen.items():
        spells = world.spells[["truth_id", "country", "start", "end", "reason", "right"]].astype(
            {"country": "str"}
        )
        new = (spells["truth_id"] != spells["truth_id"].shift()) | (spells["country"] != spells["country"].shift())
        merged = spells[new].copy()
        merged["end"] = spells["end"].to_numpy()[np.r_[np.flatnonzero(new)[1:] - 1, len(spells) - 1]]
        stays.append(merged.assign(file=iso3))
    stays = pd.concat(stays)
    twice = stays.groupby("truth_id")["file"].transform("nunique") == 2
    stays = stays[twice].fillna({"end": pd.Timestamp("2100-01-01")}).astype({"reason": "str", "right": "str"})
    # The file of each country tells the same stays in both countries, with the same reasons and rights.
    columns = ["truth_id", "country", "start", "end", "reason", "right"]
    assert len(stays) and (stays.fillna("").groupby(columns).size() == 2).all()


def test_trips_and_crossings_are_the_same_on_both_sides(sixteen):
    columns = ["trip_id", "truth_id", "kind", "origin", "destination", "out_date", "back_date", "purpose"]
    trips = union(sixteen, "trips", columns)
    shared = trips[trips["trip_id"].duplicated(keep=False)]
    assert len(shared) > 10_000
    assert (shared.groupby("trip_id")[columns[1:]].nunique(dropna=False) == 1).all().all()
    crossings = union(sixteen, "crossings", ["crossing_id", "trip_id", "time", "direction", "other_country"])
    passages = crossings[text(crossings["other_country"]) != ""]
    inside = passages[np.isin(text(passages["other_country"]), SIXTEEN)]
    # Each passage between two of the sixteen is an exit in one file and an entry in the other, at the same time.
    entry = inside["direction"] == "E"
    sides = inside.assign(entry=entry).groupby(["trip_id", "time"])["entry"].agg(["sum", "size"])
    assert (sides["size"] == 2 * sides["sum"]).all()


# --- published totals


def stock_by_origin(iso3, scale):
    """How many movers of each corridor into a country live there on calibration day, by position of the origin."""
    held = corridors_at(scale)
    into = (held.dest == country_codes().index(iso3)) & (held.kind == MOVED)
    return np.bincount(held.origin[into], held.count[into], minlength=len(country_codes())).astype(int)


@pytest.mark.parametrize("iso3", SIXTEEN)
def test_population_by_age_and_sex_is_the_published_one(sixteen, iso3):
    world = sixteen[iso3]
    living = world.persons[world.persons["status"] == "resident"]
    group = np.minimum(age_on(world.census_day, living["birth_date"]) // 5, 20)
    counts = pd.crosstab(group, text(living["sex"])).reindex(range(21), fill_value=0)
    counts = counts[["M", "F"]].to_numpy().T
    cells = place(iso3, 0.001).residents
    # A few movers too many for a tiny cell take a place of the next age group: no more than one in 1,000 persons.
    assert (counts.sum(axis=1) == cells.sum(axis=1)).all()
    assert np.abs(counts - cells).sum() / 2 <= max(2, cells.sum() / 1000), np.abs(counts - cells).sum()
    assert (counts == cells)[:, :16].all()
    published = population_age_sex(iso3)
    cells = np.stack([published.loc[published["sex"] == sex, "value"].astype("int64").to_numpy() for sex in "MF"])
    assert np.abs(place(iso3, 0.001).residents - cells * 0.001).max() <= 1


@pytest.mark.parametrize("iso3", SIXTEEN)
def test_foreign_born_by_origin_are_those_of_the_corridors(sixteen, iso3):
    persons = sixteen[iso3].persons
    living = persons[persons["status"] == "resident"]
    counts = living["country_birth"].cat.codes.value_counts().reindex(range(len(country_codes())), fill_value=0)
    by_origin = counts.to_numpy(copy=True)
    by_origin[country_codes().index(iso3)] = 0
    assert (by_origin == stock_by_origin(iso3, 0.001)).all()
    foreign = by_origin.sum()
    assert foreign == pytest.approx(migrant_stock(iso3, 2024) * 0.001, rel=0.03, abs=2)


def test_population_of_earlier_and_later_years_is_near_the_published_one():
    # GMB, CPV and MRT lie 4 to 10 per cent too low in the first years: more people left than the stocks tell.
    for iso3, scale, worst in (("SEN", 0.004, 3), ("NER", 0.004, 3), ("NGA", 0.0004, 3), ("GMB", 0.02, 5)):
        account = Account(make_world(iso3, scale, 1))
        people = vital_events(iso3).set_index("year")["population_midyear"].astype("float64")
        for year in range(2005, 2026):
            row = account.balance(date(year, 7, 1), date(year + 1, 7, 1)).iloc[0]
            limit = worst if year < 2023 else 1
            assert abs(row["residents_start"] / (people[year] * scale) - 1) * 100 < limit, (iso3, year)
        assert row["residents_end"] == pytest.approx(people[2026] * scale, rel=0.01)


def on_calibration_day(world, status, country):
    day = pd.Timestamp(world.census_day)
    rows = world.statuses
    rows = rows[(rows["start"] <= day) & (rows["end"].isna() | (rows["end"] > day))]
    return int(((rows["status"] == status) & (rows["country"] == country)).sum())


@pytest.mark.parametrize(("iso3", "scale"), [("BFA", 0.001), ("NGA", 0.0005), ("MLI", 0.003), ("GMB", 0.001)])
def test_displaced_persons_are_the_published_number(iso3, scale):
    world = make_world(iso3, scale, 1)
    assert on_calibration_day(world, "idp", iso3) == round(internally_displaced(iso3) * scale)
    fled = world.spells[(world.spells["reason"] == "P") & (world.spells["country"] == iso3)]
    assert len(fled) > 0 or iso3 == "GMB"


def test_refugees_are_the_published_number():
    for iso3, scale in (("NER", 0.004), ("MRT", 0.01)):
        world = make_world(iso3, scale, 1)
        recognised = on_calibration_day(world, "refugee", iso3)
        assert recognised == pytest.approx(sum(refugees_hosted(iso3, 2024).values()) * scale, rel=0.05)
        waiting = on_calibration_day(world, "asylum_seeker", iso3)
        assert waiting == pytest.approx(sum(asylum_seekers(iso3, 2024).values()) * scale, rel=0.1)


def test_single_ages_are_smooth(residents):
    men = np.bincount(residents["age"], minlength=61)[:61]
    neighbours = (men[:-2] + men[2:]) / 2
    assert (np.abs(men[1:-1] / neighbours - 1)[:50] < 0.2).all()
    from_23 = residents[residents["age"].between(23, 62)]["age"]
    assert np.isin(from_23 % 5, 0).mean() * 500 == pytest.approx(100, abs=5)


def test_teaching_wishes_hold(residents, gambia):
    assert len(residents) == round(fact("GMB", "population_midyear", 2024).value * 1000 * HUNDREDTH)
    assert (residents["age"] < 15).mean() * 100 == pytest.approx(
        fact("GMB", "share_under_15", 2024).value, abs=0.5
    )
    foreign = residents["country_birth"] != "GMB"
    parent = (residents["mother_country_birth"] != "GMB") | (residents["father_country_birth"] != "GMB")
    assert 1.9 < (foreign | parent).sum() / foreign.sum() < 2.1
    citizens = residents["citizenship"] != "GMB"
    assert citizens.sum() < 0.88 * foreign.sum()
    assert (citizens & ~foreign).sum() > 100
    working = residents["age"].between(20, 44)
    assert working[foreign].mean() > 0.5 > working[~foreign].mean()
    assert len(residents) / len(gambia.households) == pytest.approx(7.6, abs=0.4)


@pytest.mark.parametrize(("iso3", "size"), [("GHA", 3.7), ("SEN", 8.2), ("NGA", 4.8)])
def test_household_size_is_the_assumed_one(sixteen, iso3, size):
    world = sixteen[iso3]
    lives = (world.persons["status"] == "resident").sum()
    assert lives / len(world.households) == pytest.approx(size, rel=0.06)


# --- accounts


@pytest.mark.parametrize("iso3", SIXTEEN)
@pytest.mark.parametrize("by", [None, "country_birth", "sex", "citizenship"])
def test_stocks_and_flows_tie_for_every_year(sixteen, iso3, by):
    account = Account(sixteen[iso3])
    flows = []
    for year in range(2005, 2026):
        table = account.balance(date(year, 7, 1), date(year + 1, 7, 1), by)
        assert (table["error"] == 0).all()
        flows.append(table.sum())
    total = pd.DataFrame(flows).sum()
    assert (total[["births", "deaths", "immigrations", "emigrations"]] > 0).all()
    assert total["citizenship_changes"] == 0
    whole = account.balance(date(2005, 7, 1), date(2026, 7, 1), by)
    assert (whole["error"] == 0).all() and whole["births"].sum() == total["births"]


def test_changes_of_citizenship_are_a_flow(gambia):
    table = Account(gambia).balance(date(2005, 7, 1), date(2026, 7, 1), "citizenship")
    assert table.loc["GMB", "citizenship_changes"] > 0
    assert (Account(gambia).balance(date(2019, 7, 1), date(2020, 3, 5), "citizenship")["error"] == 0).all()


def test_an_unseen_exit_would_break_the_account():
    world = make_world("GMB", 0.001, seed=5)
    last = world.spells.drop_duplicates("truth_id", keep="last")
    emigrated = last[(last["country"] != "GMB") & (last["start"] > "2014-07-01") & (last["spell_id"] % 100 > 1)]
    world.spells = world.spells.drop(index=emigrated.index[0])
    assert Account(world).balance(date(2014, 7, 1), date(2026, 7, 1))["error"].tolist() == [1]


# --- the same bytes, chunk by chunk


def test_same_seed_same_world_and_another_seed_another(gambia):
    again = make_world("GMB", HUNDREDTH, seed=1)
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(gambia, name), getattr(again, name))
    assert not gambia.persons["birth_date"].equals(make_world("GMB", HUNDREDTH, seed=2).persons["birth_date"])


def test_chunks_do_not_depend_on_their_order_and_add_up(monkeypatch):
    monkeypatch.setattr(build, "number_of_chunks", lambda _iso3, _scale: 3)
    apart = {chunk: make_chunk("GMB", 0.005, 9, chunk) for chunk in (2, 0, 1)}
    pd.testing.assert_frame_equal(apart[2].persons, make_chunk("GMB", 0.005, 9, 2).persons)
    world = joined([apart[chunk] for chunk in range(3)])
    check_rules(world)
    living = world.persons[world.persons["status"] == "resident"]
    assert len(living) == place("GMB", 0.005).residents.sum()
    assert (living["country_birth"] != "GMB").sum() == stock_by_origin("GMB", 0.005).sum()


def test_a_cell_too_small_for_its_movers_borrows_from_its_neighbours():
    from migkit.world.people import make_residents

    chunk = Chunk(place("CPV", 0.001), 1, 0, 1)
    movers: Persons = blank(40)
    movers.woman[:], movers.origin[:] = True, chunk.place.home + 1
    movers.born[:] = chunk.place.age_starts[82]
    people = make_residents(chunk, movers)
    assert len(people) == chunk.place.residents.sum() and people.woman.sum() == chunk.place.residents[1].sum()


def test_persons_by_themselves_are_the_residents_of_the_whole_chunk():
    light = make_persons("SEN", 0.002, 3, 0)
    whole = make_chunk("SEN", 0.002, 3, 0).persons
    whole = whole[whole["status"] == "resident"].reset_index(drop=True)[list(light.columns)]
    alone = ["truth_id", "sex", "birth_date", "country_birth", "activity"]
    pd.testing.assert_frame_equal(light[alone], whole[alone])
    corridor = light["truth_id"] // 10**9 % 10 > 0
    assert 500 < corridor.sum() < len(light) / 2
    pd.testing.assert_frame_equal(light[corridor], whole[corridor])
    # What hangs on kin and places agrees in distribution.
    assert light[["citizenship", "country_birth"]].notna().all().all()
    assert (light["education"].isna() == whole["education"].isna()).all()
    assert (light["occupation"].isna() == whole["occupation"].isna()).all()
    for column in ("citizenship", "education", "occupation", "industry", "culture"):
        shares = [frame[column].value_counts(normalize=True) for frame in (light, whole)]
        assert (shares[0] - shares[1].reindex(shares[0].index, fill_value=0)).abs().max() < 0.02, column


def test_truth_frames_have_the_columns_of_the_dictionaries(gambia):
    frames = truth_frames(gambia)
    assert list(frames) == [f"truth_{name}" for name in FRAMES]
    for name, frame in frames.items():
        assert len(frame) == len(getattr(gambia, name.removeprefix("truth_")))
        assert frame.iloc[:, 0].is_unique, name


def test_streams_differ_by_name_and_chunk_and_parts_add_up():
    draws = {name: stream(1, "GMB", 0, name).random() for name in ("a", "b")}
    assert draws["a"] != draws["b"] != stream(1, "GMB", 1, "a").random()
    assert stream(1, "GMB", 0, "a").random() == draws["a"]
    assert sum(part(1001, chunk, 7) for chunk in range(7)) == 1001
    assert apportion(10, [1, 1, 1]).tolist() == [4, 3, 3]


def test_what_cannot_be_made_is_refused_in_one_sentence():
    with pytest.raises(KitError, match="France"):
        check_request("FRA", 0.01)
    with pytest.raises(KitError, match=r"2\.0 is out of range"):
        make_world("GMB", 2.0, 1)
    with pytest.raises(KitError, match="out of range"):
        number_of_chunks("CPV", 0.0001)
    with pytest.raises(KitError, match="not a country code"):
        make_world("XYZ", 0.01, 1)
