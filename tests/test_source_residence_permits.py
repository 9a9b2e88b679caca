"""Residence permits: chains of cards, from which a stock can be made only if somebody closes them."""

import pandas as pd
import pytest

import source_checks as checks
from migkit.reference import codelist, dictionary
from migkit.sources.records import LEVELS, ErrorModel
from migkit.sources.residence_permits import former_names, observe
from migkit.world import make_chunk

PLACES = (("GMB", 0.01), ("CIV", 0.001), ("MRT", 0.002))
TABLE = "permits"


@pytest.fixture(scope="module", params=PLACES, ids=[place for place, _scale in PLACES])
def world(request):
    return make_chunk(*request.param, seed=1, chunk=0)


@pytest.fixture(scope="module")
def observed(world):
    return {level: observe(world, ErrorModel(dictionary("residence_permits"), level), 1) for level in LEVELS}


def foreign_residents(world, day):
    """The true stock of citizens of other countries on a day: person and first citizenship."""
    day = pd.Timestamp(day)
    spells = world.spells[(world.spells["country"] == world.iso3) & (world.spells["start"] <= day)]
    here = spells[spells["end"].isna() | (spells["end"] > day)]
    persons = world.persons[world.persons["truth_id"].isin(here["truth_id"])]
    now = persons["citizenship"].astype("str")
    past = persons["citizenship_date"] > day
    held = now.where(~past, persons["citizenship_at_birth"].astype("str"))
    second = persons["citizenship_2"].astype("object").where(~past, "")
    foreign = (held != world.iso3) & (second != world.iso3)
    return pd.Series(held[foreign].to_numpy(), index=persons.loc[foreign, "truth_id"].astype("str"))


def open_cards(rows, day):
    return rows[(rows["issue_date"] <= day) & ((rows["closed_date"] == "") | (rows["closed_date"] > day))]


def test_without_defects_nothing_is_in_the_ledger(observed):
    checks.no_defects(observed["none"].tables[TABLE])


@pytest.mark.parametrize("level", LEVELS)
def test_the_ledger_tells_all_and_the_table_keeps_to_its_dictionary(world, observed, level):
    recorded = observed[level].tables[TABLE]
    checks.ledger_tells_all(recorded)
    checks.keeps_to_dictionary(TABLE, recorded)
    checks.links_name_true_persons(world, observed[level])
    rows = recorded.records
    assert (rows["issue_date"] < rows["expiry_date"]).all()
    assert (rows["dob"] <= "2026-06-30").all() and rows["issue_date"].between("2015-01-01", "2026-06-30").all()
    assert ((rows["closed_date"] == "") == (rows["closed_reason"] == "")).all()
    assert (rows.loc[rows["employer"] != "", "category"] == "A").all()
    assert (rows["address_region"].str[:3] == world.iso3).all()


def test_the_same_seed_gives_the_same_records_and_another_seed_others(world, observed):
    checks.same_seed_same_records("residence_permits", TABLE, observe, world, observed["typical"].tables[TABLE])


def test_every_described_defect_happens_and_no_other():
    seen: set[str] = set()
    for place, scale in PLACES:
        model = ErrorModel(dictionary("residence_permits"), "severe", {"no_permit": 0.1})
        seen |= set(observe(make_chunk(place, scale, 1, 0), model, 1).ledger["kind"])
    checks.only_described_defects("residence_permits", seen)


def test_rates_are_those_of_the_dictionary(world):
    model = ErrorModel(dictionary("residence_permits"), "typical", {"no_permit": 0, "late_application": 0})
    recorded = observe(world, model, 1).tables[TABLE]
    true = checks.true_values(recorded)
    renewal, former = true["first_or_renewal"] == "R", true["nationality"].isin(["GNQ"])
    for defect, could in (
        ("renewal_as_first", renewal),
        ("expired_not_closed", true["closed_reason"] == "R"),
        ("birthplace_from_nationality", true["birth_country"] != true["nationality"]),
        ("nationality_adjective", true["nationality"].isin(codelist("nationality_man")["code"]) & ~former),
        ("item_missing", true["employer"] != ""),
        ("dob_first_january", ~true["dob"].str.endswith("-01-01")),
    ):
        assert checks.near(checks.changed(recorded, defect), int(could.sum()), model.rate(defect)), defect


def test_never_applied_is_drawn_for_each_stay_by_category(world, observed):
    recorded = observed["severe"].tables[TABLE]
    lost = set(recorded.ledger.loc[recorded.ledger["kind"] == "no_permit", "true_value"])
    firsts = recorded.perfect.drop_duplicates(["truth_id", "category"])
    model = ErrorModel(dictionary("residence_permits"), "severe")
    for code, group in (("D", "ecowas"), ("E", "refugee"), ("A", "other")):
        own = firsts[firsts["category"] == code]
        missed = int(own["event"].isin(lost).sum())
        assert len(own) == 0 or checks.near(missed, len(own), model.rate("no_permit", group)), group


def test_words_and_former_names_are_those_of_the_office_and_of_the_time(world, observed):
    recorded = observed["severe"].tables[TABLE]
    codes = set(codelist("nationality")["code"])
    words = set(recorded.records["nationality"]) - codes
    assert words
    language = {"GMB": "en", "CIV": "fr", "MRT": "fr"}[world.iso3]
    known = set()
    for name in ("nationality_man", "nationality_woman", "historic_country"):
        known |= set(codelist(name)[f"label_{language}"])
    assert words <= known
    old, applies = former_names(
        *(pd.Series(v).to_numpy(dtype=object) for v in (["BFA", "BFA", "SEN"],)),
        *[pd.Series(["1970-05-01", "1990-05-01", "1940-01-01"]).to_numpy(dtype=object), "fr"],
    )
    assert old.tolist() == ["Haute-Volta", "Haute-Volta", ""] and applies.tolist() == [True, False, False]


# --- what the source is for


@pytest.mark.parametrize("day", ["2020-07-01", "2022-01-01", "2024-07-01", "2026-06-30"])
def test_cards_to_stock_gives_the_true_stock_when_there_are_no_defects(world, observed, day):
    recorded = observed["none"].tables[TABLE]
    cards = open_cards(recorded.records.assign(person=recorded.links["truth_id"]), day)
    truth = foreign_residents(world, day)
    assert len(truth) > 50
    assert cards["person"].is_unique and set(cards["person"]) == set(truth.index)
    assert (cards.set_index("person")["nationality"] == truth.loc[cards["person"]]).all()
    assert (cards["expiry_date"] > day).all()


def test_cards_of_one_stay_follow_each_other_and_keep_the_person_number(observed):
    recorded = observed["none"].tables[TABLE]
    rows = recorded.records.assign(person=recorded.links["truth_id"]).sort_values(["person", "issue_date"])
    assert (rows.groupby("person")["person_no"].nunique() == 1).all()
    assert rows.groupby("person_no")["person"].nunique().max() == 1
    renewal = rows[(rows["first_or_renewal"] == "R") & (rows["person"] == rows["person"].shift())]
    before = rows.shift().loc[renewal.index]
    assert (renewal["issue_date"] == before["expiry_date"]).all() and (before["closed_reason"] == "R").all()


def test_with_defects_cards_valid_by_date_miss_most_and_open_cards_hold_the_gone(world, observed):
    day = "2024-07-01"
    recorded = observed["typical"].tables[TABLE]
    rows = recorded.records.assign(person=recorded.links["truth_id"])
    truth = set(foreign_residents(world, day).index)
    still_open = open_cards(rows, day)
    gone = set(still_open["person"]) - truth
    valid = still_open[still_open["expiry_date"] > day]
    assert len(gone) > 0
    assert len(set(valid["person"])) < 0.9 * len(truth)
