"""The true population keeps its rules without exception, hits published totals, and ties its accounts."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from migkit.reference import KitError, corridors, fact
from migkit.sources.census import age_on, residence_at
from migkit.sources.records import text
from migkit.world import make_world, migrant_stock, targets
from migkit.world.accounting import balance
from migkit.world.draws import apportion, part, stream
from migkit.world.people import mortality

HUNDREDTH = 0.01


@pytest.fixture(scope="module")
def world():
    return make_world("GMB", HUNDREDTH, seed=1)


@pytest.fixture(scope="module", params=[1, 2, 3])
def small(request):
    return make_world("GMB", 0.001, seed=request.param)


@pytest.fixture(scope="module")
def residents(world):
    rows = world.persons[world.persons["status"] == "resident"].copy()
    rows["age"] = age_on(world.census_day, rows["birth_date"])
    return rows


# --- rules without exception


def check_rules(world):
    persons, spells, homes = world.persons, world.spells, world.households
    day = pd.Timestamp(world.census_day)
    by_id = persons.set_index("truth_id")
    assert by_id.index.is_unique
    assert (persons["birth_date"] < day).all()
    assert not (persons["death_date"] < persons["birth_date"]).any()
    assert not (persons["death_date"] >= day).any()
    assert not (persons["citizenship_date"] < persons["birth_date"]).any()
    # Spells: from birth, without gap or overlap, the last one open unless the person died.
    person = spells["truth_id"]
    first = person != person.shift()
    last = person != person.shift(-1)
    assert person[first].is_unique and set(person) == set(persons["truth_id"])
    own = by_id.loc[person]
    assert (spells["start"][first].to_numpy() == own["birth_date"].to_numpy()[first]).all()
    assert (spells["start"][~first].to_numpy() == spells["end"].shift()[~first].to_numpy()).all()
    # Life begins in the country and region of birth, also for those who died.
    for place in ("country", "region"):
        assert (
            text(spells[place][first]).to_numpy() == text(own[f"{place}_birth"][first.to_numpy()]).to_numpy()
        ).all()
    died = own["death_date"].to_numpy()[last]
    ends = spells["end"].to_numpy()[last]
    assert ((ends == died) | (np.isnat(ends) & np.isnat(died))).all()
    assert (spells["end"].isna() | (spells["end"] > spells["start"])).all()
    here = text(spells["country"]) == world.iso3
    assert ((text(spells["region"]) != "") == here).all()
    assert (text(spells["country"])[first] == text(own["country_birth"])[first.to_numpy()].to_numpy()).all()
    # Kin.
    children = persons[persons["mother_id"] != ""]
    mothers = by_id.loc[children["mother_id"]]
    assert (mothers["sex"] == "F").all()
    gap = (children["birth_date"].to_numpy() - mothers["birth_date"].to_numpy()) / np.timedelta64(1, "D") / 365.25
    assert gap.min() >= 12 and gap.max() <= 54
    assert (text(children["mother_country_birth"]).to_numpy() == text(mothers["country_birth"]).to_numpy()).all()
    births = children.sort_values(["mother_id", "birth_date"])
    same = births["mother_id"] == births["mother_id"].shift()
    spacing = births["birth_date"].diff()[same] / pd.Timedelta(days=1)
    assert not spacing.between(1, 260).any()
    children = persons[persons["father_id"] != ""]
    fathers = by_id.loc[children["father_id"]]
    assert (fathers["sex"] == "M").all()
    assert (
        (children["birth_date"].to_numpy() - fathers["birth_date"].to_numpy()) > np.timedelta64(16 * 365, "D")
    ).all()
    wives = persons[persons["husband_id"] != ""]
    husbands = by_id.loc[wives["husband_id"]]
    assert (wives["sex"] == "F").all() and (husbands["sex"] == "M").all()
    assert wives["husband_id"].value_counts().max() <= 4
    assert text(wives["marital"]).isin(["M", "P"]).all()
    many = wives["husband_id"].map(wives["husband_id"].value_counts()) > 1
    assert ((text(wives["marital"]) == "P").to_numpy() == many.to_numpy()).all()
    # Households: one head each, who lives there; nobody is a wife or child of somebody in another one by mistake.
    living = persons[persons["status"] == "resident"]
    heads = living[text(living["relationship"]).to_numpy() == "1"]
    assert heads["household_ref"].is_unique
    assert set(heads["household_ref"]) == set(homes["household_ref"]) == set(living["household_ref"])
    head_of = homes.set_index("household_ref")["head_id"]
    assert (head_of.loc[heads["household_ref"]].to_numpy() == heads["truth_id"].to_numpy()).all()
    assert (age_on(world.census_day, heads["birth_date"]) >= 15).all()
    place = residence_at(world, world.census_day)
    at_home = text(persons["status"]) == "resident"
    assert (place["country"][at_home] == world.iso3).all()
    assert (place["country"][~at_home] != world.iso3).all()
    region = homes.set_index("household_ref")["region"]
    assert (text(region.loc[living["household_ref"]]).to_numpy() == place["region"][at_home].to_numpy()).all()
    # A child of the country is born where the mother lives on that day.
    starts = spells[first].set_index("truth_id")
    children = living[(living["mother_id"] != "") & (living["country_birth"] == world.iso3)]
    held = spells.merge(
        children[["truth_id", "mother_id", "birth_date"]], left_on="truth_id", right_on="mother_id"
    )
    held = held[(held["start"] <= held["birth_date"]) & (held["end"].isna() | (held["end"] > held["birth_date"]))]
    assert len(held) == len(children)
    assert (held["country"] == world.iso3).all()
    assert (text(held["region"]).to_numpy() == text(starts.loc[held["truth_id_y"], "region"]).to_numpy()).all()


def test_rules_hold_over_the_whole_population(world):
    check_rules(world)


def test_rules_hold_for_other_seeds_and_a_tiny_scale(small):
    check_rules(small)


def test_citizens_at_birth_have_a_citizen_parent_and_nobody_else_has(world):
    persons = world.persons
    by_id = persons.set_index("truth_id")

    def citizen_at(parents, day):
        rows = by_id.loc[parents]
        since = rows["citizenship_date"].to_numpy() <= day.to_numpy()
        return np.where(since, text(rows["citizenship"]), text(rows["citizenship_at_birth"])) == "GMB"

    both = persons[
        (persons["mother_id"] != "") & (persons["father_id"] != "") & (persons["country_birth"] == "GMB")
    ]
    expected = citizen_at(both["mother_id"], both["birth_date"]) | citizen_at(
        both["father_id"], both["birth_date"]
    )
    assert ((text(both["citizenship_at_birth"]) == "GMB").to_numpy() == expected).all()
    assert 0 < (~expected).sum() < len(both) / 10
    changed = text(persons["citizenship"]) != text(persons["citizenship_at_birth"])
    assert (text(persons["citizenship_how"])[changed] != "B").all()
    assert (persons["citizenship_date"][changed.to_numpy()] > persons["birth_date"][changed.to_numpy()]).all()


# --- calibration


def test_population_is_the_published_one(world, residents):
    assert len(residents) == round(fact("GMB", "population_midyear", 2024).value * 1000 * HUNDREDTH)
    published = fact("GMB", "share_under_15", 2024).value
    assert (residents["age"] < 15).mean() * 100 == pytest.approx(published, abs=0.5)
    year_ago = (residence_at(world, date(2023, 7, 1))["country"] == "GMB").sum()
    assert year_ago == pytest.approx(fact("GMB", "population_midyear", 2023).value * 1000 * HUNDREDTH, rel=0.01)


def test_migrants_by_sex_and_origin_are_the_published_ones(residents):
    stock = migrant_stock("GMB", 2024)
    assert 215_659 < stock < 250_000
    foreign = residents[residents["country_birth"] != "GMB"]
    assert len(foreign) == pytest.approx(stock * HUNDREDTH, rel=0.03)
    women = fact("GMB", "migrant_stock", 2020, sex="F").value / fact("GMB", "migrant_stock", 2020).value
    assert (foreign["sex"] == "F").mean() == pytest.approx(women, abs=0.01)
    growth = stock / fact("GMB", "migrant_stock", 2020).value
    counts = foreign["country_birth"].value_counts()
    for row in corridors(destination="GMB").to_dict("records"):
        expected = row["value"] * growth * HUNDREDTH
        assert abs(counts[row["origin"]] - expected) <= max(1, 0.05 * expected), row["origin"]


def test_migrants_are_of_working_age_and_natives_are_not(residents):
    foreign = residents["country_birth"] != "GMB"
    working = residents["age"].between(20, 44)
    assert working[foreign].mean() > 0.55 > working[~foreign].mean()
    men = residents["sex"] == "M"
    assert 0.96 < men[~foreign].sum() / (~men)[~foreign].sum() < 1.0
    assert men[foreign].mean() > 0.5


def test_emigrants_by_destination_are_the_published_ones(world):
    abroad = world.persons[(world.persons["status"] == "abroad") & (world.persons["country_birth"] == "GMB")]
    assert len(abroad) == pytest.approx(fact("GMB", "emigrant_stock", 2019).value * HUNDREDTH, rel=0.03)
    last = world.spells.drop_duplicates("truth_id", keep="last").set_index("truth_id")["country"]
    counts = last.loc[abroad["truth_id"]].value_counts()
    for destination in ("USA", "ESP", "ITA", "DEU", "GBR", "CIV"):
        expected = corridors(destination, "GMB")["value"].iloc[0] * HUNDREDTH
        assert abs(counts[destination] - expected) <= max(1, 0.05 * expected), destination


def test_teaching_wishes_hold(residents):
    foreign = residents["country_birth"] != "GMB"
    parent = (residents["mother_country_birth"] != "GMB") | (residents["father_country_birth"] != "GMB")
    assert 1.8 < (foreign | parent).sum() / foreign.sum() < 2.3
    citizens = residents["citizenship"] != "GMB"
    assert citizens.sum() < 0.88 * foreign.sum()
    assert (citizens & ~foreign).sum() > 100


def test_mortality_is_what_its_basis_says():
    tables = mortality()
    assert tables["M"].expectancy() == pytest.approx(64, abs=1)
    assert tables["F"].expectancy() == pytest.approx(67, abs=1)


def test_household_size_is_the_assumed_one(world, residents):
    assert len(residents) / len(world.households) == pytest.approx(7.6, abs=0.4)


# --- accounts


@pytest.mark.parametrize("by", [None, "country_birth", "sex", "citizenship"])
def test_stocks_and_flows_tie_exactly(world, by):
    for start, end in ((date(2014, 7, 1), date(2024, 7, 1)), (date(2019, 7, 1), date(2020, 3, 5))):
        table = balance(world, start, end, by)
        assert (table["error"] == 0).all()
        assert table["births"].sum() > 0 and table["deaths"].sum() > 0
        assert table["immigrations"].sum() > 0 and table["emigrations"].sum() > 0
        if by == "citizenship":
            assert table["citizenship_changes"].sum() == 0 and (table["citizenship_changes"] != 0).any()


def test_an_unseen_exit_would_break_the_account():
    spoiled = make_world("GMB", 0.001, seed=5)
    last = spoiled.spells.drop_duplicates("truth_id", keep="last")
    emigrated = last[
        (last["country"] != "GMB") & (last["start"] > "2014-07-01") & (last["spell_id"].str[-2:] != "-1")
    ]
    spoiled.spells = spoiled.spells.drop(index=emigrated.index[0])
    table = balance(spoiled, date(2014, 7, 1), date(2024, 7, 1))
    assert table["error"].tolist() == [1]


# --- the same bytes


def test_same_seed_same_world_and_another_seed_another(world):
    again = make_world("GMB", HUNDREDTH, seed=1)
    pd.testing.assert_frame_equal(world.persons, again.persons)
    pd.testing.assert_frame_equal(world.spells, again.spells)
    other = make_world("GMB", HUNDREDTH, seed=2)
    assert not world.persons["birth_date"].equals(other.persons["birth_date"])


def test_chunks_do_not_depend_on_their_order_and_add_up(monkeypatch):
    from migkit.world import build

    target = targets("GMB", 0.005)
    apart = [build._make_chunk(9, target, chunk, 3, 3653) for chunk in (2, 0, 1)]
    again = build._make_chunk(9, target, 2, 3, 3653)
    assert np.array_equal(apart[0].rows.born, again.rows.born)
    monkeypatch.setattr(build, "number_of_chunks", lambda _target: 3)
    world = build.make_world("GMB", 0.005, 9)
    check_rules(world)
    living = world.persons[world.persons["status"] == "resident"]
    assert len(living) == target.residents
    assert (living["country_birth"] != "GMB").sum() == target.foreign_born


def test_streams_differ_by_name_and_chunk_and_parts_add_up():
    draws = {name: stream(1, "GMB", 0, name).random() for name in ("a", "b")}
    assert draws["a"] != draws["b"] != stream(1, "GMB", 1, "a").random()
    assert stream(1, "GMB", 0, "a").random() == draws["a"]
    assert sum(part(1001, chunk, 7) for chunk in range(7)) == 1001
    assert apportion(10, [1, 1, 1]).tolist() == [4, 3, 3]


def test_what_cannot_be_made_is_refused_in_one_sentence():
    with pytest.raises(KitError, match="cannot yet make data for Senegal"):
        make_world("SEN", 0.01, 1)
    with pytest.raises(KitError, match=r"2\.0 is out of range"):
        make_world("GMB", 2.0, 1)
    with pytest.raises(KitError, match="not a country code"):
        make_world("XYZ", 0.01, 1)
