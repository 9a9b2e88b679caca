"""Visa applications: who needs one, and that an application is neither a person nor an arrival."""

from datetime import date

import pandas as pd
import pytest

import source_checks as checks
from migkit.reference import dictionary, member
from migkit.sources import border
from migkit.sources.records import INVENTED, LEVELS, ErrorModel
from migkit.sources.visas import APPLICATIONS, observe
from migkit.world import make_chunk

PLACES = (("GMB", 0.005), ("CPV", 0.02), ("MRT", 0.002))


@pytest.fixture(scope="module", params=PLACES, ids=[place for place, _scale in PLACES])
def world(request):
    return make_chunk(*request.param, seed=1, chunk=0)


@pytest.fixture(scope="module")
def observed(world):
    return {level: observe(world, ErrorModel(dictionary("visas"), level), 1) for level in LEVELS}


def entries(world):
    """Entries with a visa in perfect border records, in order of time, with the true person."""
    found = border.observe(world, ErrorModel(dictionary("border"), "none"), 1).tables[border.CROSSINGS]
    rows = found.records.assign(person=found.links["truth_id"])
    return rows[rows["visa_no"] != ""].sort_values(["date", "time"])


def test_without_defects_every_visa_is_granted_and_used(world, observed):
    recorded = observed["none"].tables[APPLICATIONS]
    checks.no_defects(recorded)
    rows, used = recorded.records, entries(world)
    assert set(rows["decision"]) == {"G"}
    assert rows["visa_no"].is_unique and set(rows["visa_no"]) == set(used["visa_no"])
    first = used.drop_duplicates("visa_no").set_index("visa_no").loc[rows["visa_no"]]
    for visa, entry in (("passport_no", "doc_no"), ("purpose", "purpose"), ("sex", "sex"), ("dob", "dob")):
        assert (rows[visa].to_numpy() == first[entry].to_numpy()).all(), visa
    assert (recorded.links["truth_id"].to_numpy() == first["person"].to_numpy()).all()
    ahead = (pd.to_datetime(first["date"]).to_numpy() - pd.to_datetime(rows["date"]).to_numpy()).astype(
        "timedelta64[D]"
    )
    least, most = dictionary("visas").parameters["days_before"]["value"]
    assert least <= ahead.astype(int).min() and ahead.astype(int).max() <= most
    several = used["visa_no"].value_counts().loc[rows["visa_no"]] > 1
    assert ((rows["entries"] == "M").to_numpy() == several.to_numpy()).all()


@pytest.mark.parametrize("level", LEVELS)
def test_the_ledger_tells_all_and_tables_keep_to_their_dictionary(world, observed, level):
    recorded = observed[level].tables[APPLICATIONS]
    checks.ledger_tells_all(recorded)
    checks.keeps_to_dictionary(APPLICATIONS, recorded)
    checks.links_name_true_persons(world, observed[level])
    assert ((recorded.records["visa_no"] != "") == (recorded.records["decision"] == "G")).all()
    granted = recorded.records.loc[recorded.records["decision"] == "G", "visa_no"]
    assert granted.is_unique


def test_the_same_seed_gives_the_same_records(world, observed):
    again = observe(world, ErrorModel(dictionary("visas"), "severe"), 1).tables[APPLICATIONS]
    pd.testing.assert_frame_equal(again.records, observed["severe"].tables[APPLICATIONS].records)
    pd.testing.assert_frame_equal(again.ledger, observed["severe"].tables[APPLICATIONS].ledger)


def test_every_described_defect_happens_somewhere_and_no_other():
    checks.severe_defects_are_those_described("visas", observe, PLACES)


def test_rates_are_those_of_the_dictionary(observed):
    model = ErrorModel(dictionary("visas"), "typical")
    recorded = observed["typical"].tables[APPLICATIONS]
    n = len(recorded.perfect)
    extra = recorded.ledger[(recorded.ledger["record_id"] != "") & (recorded.ledger["field"] == "")]
    for kind in ("visa_not_used", "refused_never_came", "still_pending", "applicant_twice"):
        assert checks.near(int((extra["kind"] == kind).sum()), n, model.rate(kind)), kind


def test_who_may_move_freely_needs_no_visa_and_who_may_not_does(world):
    found = border.observe(world, ErrorModel(dictionary("border"), "none"), 1).tables[border.CROSSINGS].records
    arrivals = found[(found["direction"] == "E") & (found["residence_country"] != world.iso3)]
    # Free movement goes on after 29 January 2025 for those who were members the day before.
    free = {code for code in set(arrivals["nationality"]) if member(code, "ECOWAS", date(2025, 1, 28))}
    free = (free if world.iso3 != "MRT" else set()) | {world.iso3}
    assert ((arrivals["visa_no"] == "") == arrivals["nationality"].isin(free)).all()
    assert (arrivals["visa_no"] != "").sum() > 30
    other = found.drop(arrivals.index)
    assert (other["visa_no"] == "").all()


def test_looking_for_visas_at_the_border_finds_those_that_were_not_used(world, observed):
    recorded = observed["severe"].tables[APPLICATIONS]
    rows, used = recorded.records, entries(world)
    granted = rows["decision"] == "G"
    unused = granted & ~rows["visa_no"].isin(used["visa_no"])
    assert (recorded.links["kind"][unused] == INVENTED).all()
    ledger = recorded.ledger
    noted = ledger[(ledger["kind"] == "visa_not_used") & (ledger["field"] == "")]["record_id"]
    assert set(rows["app_no"][unused]) == set(noted)


def test_counting_passports_in_place_of_applications_finds_applicants_counted_twice(observed):
    recorded = observed["severe"].tables[APPLICATIONS]
    rows, links = recorded.records, recorded.links
    twice = links["kind"] == "duplicate"
    same = rows.merge(rows[twice.to_numpy()][["passport_no"]].drop_duplicates(), on="passport_no")
    decisions = same.groupby("passport_no")["decision"].agg(set)
    assert twice.sum() > 10
    assert all({"G", "R"} <= found for found in decisions)
    assert set(rows["decision"][twice.to_numpy()]) == {"R"}
