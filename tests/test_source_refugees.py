"""Refugee registration: cases that are opened, and closed only when somebody checks."""

import pandas as pd
import pytest

import source_checks as checks
from migkit.reference import dictionary, table
from migkit.sources.records import LEVELS, ErrorModel
from migkit.sources.refugees import observe
from migkit.world import make_chunk

PLACES = (("MRT", 0.004), ("NER", 0.001), ("MLI", 0.002))
TABLE = "refugees"
CALIBRATION = "2024-07-01"


@pytest.fixture(scope="module", params=PLACES, ids=[place for place, _scale in PLACES])
def world(request):
    return make_chunk(*request.param, seed=1, chunk=0)


@pytest.fixture(scope="module")
def observed(world):
    return {level: observe(world, ErrorModel(dictionary("refugees"), level), 1) for level in LEVELS}


def stock(rows, day):
    """Registrations in force on a day, as the register of 30 June 2026 tells it."""
    running = (rows["status_date"] == "") | (rows["status_date"] > day)
    return rows[(rows["registration_date"] <= day) & running]


def persons_of_concern(world, day):
    """The true holders of each legal status on a day, from the statuses of the world."""
    day, held = pd.Timestamp(day), world.statuses
    now = held[
        (held["start"] <= day) & (held["end"].isna() | (held["end"] > day)) & (held["country"] == world.iso3)
    ]
    names = {"REF": ["refugee", "asylum_seeker"], "IDP": ["idp"], "STA": ["stateless"]}
    return {
        legal: set(now.loc[now["status"].isin(status), "truth_id"].astype("str"))
        for legal, status in names.items()
    }


def test_without_defects_nothing_is_in_the_ledger(observed):
    checks.no_defects(observed["none"].tables[TABLE])


@pytest.mark.parametrize("level", LEVELS)
def test_the_ledger_tells_all_and_the_table_keeps_to_its_dictionary(world, observed, level):
    recorded = observed[level].tables[TABLE]
    checks.ledger_tells_all(recorded)
    checks.keeps_to_dictionary(TABLE, recorded)
    checks.links_name_true_persons(world, observed[level])
    rows = recorded.records
    stated = rows[rows["arrival_date"] != ""]
    assert (stated["dob"] <= stated["arrival_date"]).all()
    assert (stated["arrival_date"] <= stated["registration_date"]).all()
    assert (rows["registration_date"] <= "2026-06-30").all() and (rows["status_date"] <= "2026-06-30").all()
    assert ((rows["status_date"] == "") == (rows["process_status"] == "active")).all()
    assert (
        rows.loc[rows["status_date"] != "", "registration_date"] <= rows["status_date"][rows["status_date"] != ""]
    ).all()
    assert (rows["location"].str[:3] == world.iso3).all()
    assert not set(table(TABLE).columns) & {"ethnicity", "religion"}


def test_the_same_seed_gives_the_same_records_and_another_seed_others(world, observed):
    checks.same_seed_same_records("refugees", TABLE, observe, world, observed["typical"].tables[TABLE])


def test_every_described_defect_happens_and_no_other():
    checks.severe_defects_are_those_described("refugees", observe, PLACES)


def test_rates_are_those_of_the_dictionary(world):
    model = ErrorModel(dictionary("refugees"), "typical", {"unregistered": 0, "registered_across_border": 0})
    recorded = observe(world, model, 1).tables[TABLE]
    true = checks.true_values(recorded)
    active = true["process_status"] == "active"
    registered = recorded.records["registration_date"].to_numpy()
    for defect, could in (
        ("inactive_not_closed", true["process_status"] == "closed"),
        ("absent_at_verification", active & (registered < "2025-03-01")),
        ("put_on_hold", active),
        ("birth_date_estimated", true["dob"] != ""),
        ("biometrics_missing", true["biometric_enrolled"] == "Y"),
    ):
        assert checks.near(checks.changed(recorded, defect), int(could.sum()), model.rate(defect)), defect


def test_an_estimated_date_is_said_to_be_estimated(observed):
    rows = observed["typical"].tables[TABLE].records
    estimated = rows[rows["dob_estimated"] == "Y"]
    assert 0.25 < len(estimated) / len(rows) < 0.45
    assert estimated["dob"].str.endswith("-01-01").all()
    assert not rows.loc[rows["dob_estimated"] == "N", "dob"].str.endswith("-01-01").mean() > 0.02


def test_groups_have_one_focal_point_and_one_place(observed):
    rows = observed["none"].tables[TABLE].records
    heads = (rows["relationship"] == "1").groupby(rows["group_id"]).sum()
    assert (heads == 1).all()
    assert (rows.groupby("group_id")["accommodation_type"].nunique() == 1).all()
    size = rows.groupby("group_id").size()
    assert size.max() > 3
    split = observed["severe"].tables[TABLE].records
    assert ((split["relationship"] == "1").groupby(split["group_id"]).sum() != 1).any()


def test_the_second_record_stands_in_another_place(observed):
    recorded = observed["severe"].tables[TABLE]
    rows = recorded.records.assign(event=recorded.links["event"], kind=recorded.links["kind"])
    again = rows[rows["kind"] == "duplicate"]
    first = rows[rows["kind"] == "true"].set_index("event").loc[again["event"]]
    assert len(again) > 0
    assert (again["location"].to_numpy() != first["location"].to_numpy()).all()
    assert (again["registration_date"].to_numpy() > first["registration_date"].to_numpy()).all()


def test_those_who_live_across_the_border_are_true_persons_who_should_not_be_in_the_file(world, observed):
    recorded = observed["severe"].tables[TABLE]
    across = set(recorded.links.loc[recorded.links["kind"] == "invented", "truth_id"])
    visitors = world.persons.loc[world.persons["status"] == "visitor", "truth_id"].astype("str")
    assert across <= set(visitors)
    assert across or world.iso3 == "MLI"


# --- what the source is for


def test_the_register_gives_the_true_stock_when_there_are_no_defects(world, observed):
    recorded = observed["none"].tables[TABLE]
    rows = recorded.records.assign(person=recorded.links["truth_id"])
    found = stock(rows, CALIBRATION)
    truth = persons_of_concern(world, CALIBRATION)
    legal = found["legal_status"].replace("ASR", "REF")
    assert sum(len(people) for people in truth.values()) > 200
    for status, people in truth.items():
        there = found.loc[legal == status, "person"]
        assert there.is_unique and set(there) == people, status


def test_newborn_children_of_registered_mothers_are_registered_on_the_day_of_birth(world, observed):
    recorded = observed["none"].tables[TABLE]
    rows = recorded.records.assign(person=recorded.links["truth_id"])
    babies = rows[rows["dob"] >= CALIBRATION]
    persons = world.persons.set_index(world.persons["truth_id"].astype("str"))
    mothers = persons.loc[babies["person"], "mother_id"].astype("str")
    assert len(babies) > 5
    assert (babies["registration_date"] == babies["dob"]).all()
    assert set(mothers) <= set(rows["person"])


def test_a_verification_drops_the_stock_on_one_day_though_nobody_leaves_on_it(observed):
    day = pd.Timestamp(dictionary("refugees").parameters["verification_day"]["value"])
    before, after = f"{day - pd.Timedelta(days=1):%Y-%m-%d}", f"{day:%Y-%m-%d}"
    drop = {}
    for level in LEVELS:
        rows = observed[level].tables[TABLE].records
        drop[level] = 1 - len(stock(rows, after)) / len(stock(rows, before))
    assert abs(drop["none"]) < 0.01
    assert 0.02 < drop["typical"] < drop["severe"]
