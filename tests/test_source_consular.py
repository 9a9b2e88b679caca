"""The consular register: who came to the counter, and never went off the list."""

import pandas as pd
import pytest

import source_checks as checks
from migkit.reference import countries, dictionary, regions
from migkit.sources.consular import observe
from migkit.sources.records import LEVELS, ErrorModel
from migkit.world import make_chunk

PLACES = (("GMB", 0.02), ("CPV", 0.02), ("SEN", 0.002))
TABLE = "consular_register"
DAY = "2024-07-01"


@pytest.fixture(scope="module", params=PLACES, ids=[place for place, _scale in PLACES])
def world(request):
    return make_chunk(*request.param, seed=1, chunk=0)


@pytest.fixture(scope="module")
def observed(world):
    return {level: observe(world, ErrorModel(dictionary("consular"), level), 1) for level in LEVELS}


def citizens_abroad(world, day):
    """The true citizens who live abroad on a day after living in the country: host country by person."""
    day = pd.Timestamp(day)
    spells = world.spells
    country = spells["country"].astype("str")
    ever_home = set(spells.loc[(country == world.iso3) & (spells["start"] <= day), "truth_id"])
    there = spells[
        (country != world.iso3) & (spells["start"] <= day) & (spells["end"].isna() | (spells["end"] > day))
    ]
    there = there[there["truth_id"].isin(ever_home)].set_index("truth_id")["country"].astype("str")
    persons = world.persons.set_index("truth_id").loc[there.index]
    past = persons["citizenship_date"] > day
    first = persons["citizenship"].astype("str").where(~past, persons["citizenship_at_birth"].astype("str"))
    second = persons["citizenship_2"].astype("object").where(~past | (persons["citizenship_how"] == "B"), "")
    citizen = (first == world.iso3) | (second == world.iso3)
    there.index = there.index.astype("str")
    return there[citizen.to_numpy()]


def on_the_list(rows, day):
    return rows[(rows["registration_date"] <= day) & ((rows["removed_date"] == "") | (rows["removed_date"] > day))]


def test_without_defects_nothing_is_in_the_ledger(observed):
    checks.no_defects(observed["none"].tables[TABLE])


@pytest.mark.parametrize("level", LEVELS)
def test_the_ledger_tells_all_and_the_table_keeps_to_its_dictionary(world, observed, level):
    recorded = observed[level].tables[TABLE]
    checks.ledger_tells_all(recorded)
    checks.keeps_to_dictionary(TABLE, recorded)
    checks.links_name_true_persons(world, observed[level])
    rows = recorded.records
    assert (rows["mission"] != world.iso3).all()
    assert (rows["registration_date"] <= rows["last_update"]).all() and (rows["last_update"] <= "2026-06-30").all()
    left = rows[rows["removed_date"] != ""]
    assert (left["last_update"] <= left["removed_date"]).all() and (left["removed_reason"] != "").all()
    places = set(regions(world.iso3)["code"]) | {each.iso3 for each in countries()}
    assert set(rows["birthplace"]) <= places


def test_the_same_seed_gives_the_same_records_and_another_seed_others(world, observed):
    checks.same_seed_same_records("consular", TABLE, observe, world, observed["typical"].tables[TABLE])


def test_every_described_defect_happens_and_no_other():
    checks.severe_defects_are_those_described("consular", observe, PLACES)


def test_rates_are_those_of_the_dictionary(world):
    some = dict.fromkeys(("not_registered", "family_counted_once", "late_registration"), 0)
    model = ErrorModel(dictionary("consular"), "typical", some)
    recorded = observe(world, model, 1).tables[TABLE]
    true = checks.true_values(recorded)
    native = true["birthplace"].str[:3] == world.iso3
    assert checks.near(
        checks.changed(recorded, "birthplace_country_only"),
        int(native.sum()),
        model.rate("birthplace_country_only"),
    )
    kept = recorded.ledger[
        (recorded.ledger["kind"] == "not_removed") & (recorded.ledger["field"] == "removed_reason")
    ]
    for code, group in (("B", "returned"), ("D", "died"), ("N", "lost")):
        n = int((true["removed_reason"] == code).sum())
        if n:
            hits = int((kept["true_value"] == code).sum())
            assert checks.near(hits, n, model.rate("not_removed", group)), group
    for column, blank in (("occupation", ""), ("status_in_host", "X"), ("next_of_kin_region", "")):
        own = recorded.ledger[(recorded.ledger["kind"] == "item_missing") & (recorded.ledger["field"] == column)]
        could = int((true[column] != blank).sum())
        assert checks.near(len(own), could, model.rate("item_missing", column)), column


# --- what the source is for


@pytest.mark.parametrize("day", ["2016-01-01", DAY, "2026-06-30"])
def test_without_defects_the_register_is_the_true_stock_of_citizens_abroad(world, observed, day):
    recorded = observed["none"].tables[TABLE]
    rows = on_the_list(recorded.records.assign(person=recorded.links["truth_id"]), day)
    truth = citizens_abroad(world, day)
    assert len(truth) > 100
    assert rows["person"].is_unique and set(rows["person"]) == set(truth.index)
    assert (rows.set_index("person")["mission"] == truth.loc[rows["person"]]).all()


def test_coverage_is_ten_to_forty_per_cent_and_the_list_holds_people_who_are_gone(world, observed):
    truth = citizens_abroad(world, DAY)
    for level in ("typical", "severe"):
        recorded = observed[level].tables[TABLE]
        rows = on_the_list(recorded.records.assign(person=recorded.links["truth_id"]), DAY)
        covered = rows["person"].isin(truth.index)
        share = rows.loc[covered, "person"].nunique() / len(truth)
        assert 0.1 <= share <= 0.4 if level == "typical" else share < 0.25
        assert (~covered).sum() > 0  # gone, dead or no citizens any more
    stale = rows["last_update"] < "2021-07-01"
    assert 0.3 < stale.mean() < 0.7
