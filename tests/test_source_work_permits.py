"""Work permits: positions and terms, never persons."""

import pandas as pd
import pytest

import source_checks as checks
from migkit.reference import codelist, dictionary
from migkit.sources.records import LEVELS, ErrorModel
from migkit.sources.work_permits import has_formal_job, observe
from migkit.world import make_chunk

PLACES = (("GMB", 0.01), ("CIV", 0.001), ("MRT", 0.002))
TABLE = "work_permits"


@pytest.fixture(scope="module", params=PLACES, ids=[place for place, _scale in PLACES])
def world(request):
    return make_chunk(*request.param, seed=1, chunk=0)


@pytest.fixture(scope="module")
def observed(world):
    return {level: observe(world, ErrorModel(dictionary("work_permits"), level), 1) for level in LEVELS}


def test_without_defects_nothing_is_in_the_ledger(observed):
    checks.no_defects(observed["none"].tables[TABLE])


@pytest.mark.parametrize("level", LEVELS)
def test_the_ledger_tells_all_and_the_table_keeps_to_its_dictionary(world, observed, level):
    recorded = observed[level].tables[TABLE]
    checks.ledger_tells_all(recorded)
    checks.keeps_to_dictionary(TABLE, recorded)
    checks.links_name_true_persons(world, observed[level])
    assert (recorded.records["start"] < recorded.records["end"]).all()
    assert recorded.records["start"].between("2015-01-01", "2026-06-30").all()


def test_the_same_seed_gives_the_same_records_and_another_seed_others(world, observed):
    checks.same_seed_same_records("work_permits", TABLE, observe, world, observed["typical"].tables[TABLE])


def test_every_described_defect_happens_and_no_other():
    checks.severe_defects_are_those_described("work_permits", observe, PLACES)


def test_rates_are_those_of_the_dictionary(world):
    model = ErrorModel(dictionary("work_permits"), "typical", {"no_permit": 0})
    recorded = observe(world, model, 1).tables[TABLE]
    n = len(recorded.records)
    assert checks.near(checks.changed(recorded, "occupation_text"), n, model.rate("occupation_text"))
    twice = int((recorded.links["kind"] == "duplicate").sum())
    assert checks.near(twice, len(recorded.perfect), model.rate("permit_twice"))
    for column in ("nationality", "wage_monthly", "sector"):
        own = recorded.ledger[(recorded.ledger["kind"] == "item_missing") & (recorded.ledger["field"] == column)]
        assert checks.near(len(own), n, model.rate("item_missing", column)), column


def test_words_instead_of_a_code_are_vague_words_of_the_offices_language(world, observed):
    rows = observed["severe"].tables[TABLE].records
    language = "en" if world.iso3 == "GMB" else "fr"
    words = set(rows["occupation"]) - set(codelist("occupation")["code"])
    assert words and words <= set(codelist("vague_occupation")[f"label_{language}"])


def test_an_employer_has_one_sector_and_more_than_one_worker_somewhere(observed):
    rows = observed["none"].tables[TABLE].records
    assert (rows.groupby("employer_tax_id")["sector"].nunique() == 1).all()
    assert rows["employer_tax_id"].value_counts().iloc[0] > 1


# --- what the source is for


def test_permits_in_force_count_positions_and_their_holders_are_the_formal_foreign_workers(world, observed):
    day = pd.Timestamp("2024-07-01")
    recorded = observed["none"].tables[TABLE]
    rows = recorded.records.assign(person=recorded.links["truth_id"])
    running = rows[(rows["start"] <= "2024-07-01") & (rows["end"] > "2024-07-01")]
    persons = world.persons
    formal = persons[has_formal_job(world)]
    years = (day - formal["birth_date"]).dt.days / 365.25
    spells = world.spells[(world.spells["country"] == world.iso3) & (world.spells["start"] <= day)]
    here = spells[spells["end"].isna() | (spells["end"] > day)]["truth_id"]
    held = (
        formal["citizenship"]
        .astype("str")
        .where(~(formal["citizenship_date"] > day), formal["citizenship_at_birth"].astype("str"))
    )
    foreign = (held != world.iso3) & (formal["citizenship_2"].astype("object") != world.iso3)
    of_age = (years > 18.01) & (years < 64.99)
    sure = set(formal.loc[foreign & of_age & formal["truth_id"].isin(here), "truth_id"].astype("str"))
    assert len(sure) > 10
    assert sure <= set(running["person"])
    assert len(set(running["person"]) - sure) <= 2  # on the edge of the ages
    assert len(running) >= running["person"].nunique()
    assert len(rows) > 1.5 * rows["person"].nunique()  # rows are no persons
