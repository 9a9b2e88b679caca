"""School and university enrolment: perfect counts are the truth, and the ledger tells what went wrong by cell."""

import functools

import numpy as np
import pandas as pd
import pytest

import source_checks as checks
from migkit.reference import dictionary
from migkit.sources import school
from migkit.sources.answers import completed_years, spells_on, words
from migkit.sources.records import ErrorModel, Observed
from migkit.world import World, make_chunk

WORLDS = {"GMB": 0.01, "CIV": 0.0015, "CPV": 0.05}
LEVELS = ("none", "typical", "severe")


@functools.cache
def world(iso3: str) -> World:
    return make_chunk(iso3, WORLDS[iso3], 1, 0)


@functools.cache
def enrolment(iso3: str, level: str) -> Observed:
    return school.observe(world(iso3), ErrorModel(dictionary("school"), level), 1)


def cells(iso3: str, level: str) -> pd.DataFrame:
    return enrolment(iso3, level).tables["school_enrolment"].records.astype({"pupils": int})


@pytest.mark.parametrize("iso3", WORLDS)
@pytest.mark.parametrize("level", LEVELS)
def test_the_ledger_tells_all_and_the_records_keep_to_the_dictionary(iso3, level):
    observed = enrolment(iso3, level)
    for name, recorded in observed.tables.items():
        checks.ledger_tells_all(recorded)
        checks.keeps_to_dictionary(name, recorded)
    checks.links_name_true_persons(world(iso3), observed, of_nobody=("school_enrolment",))
    rows = cells(iso3, level)
    assert not rows.duplicated([*school.HEADINGS, "origin_group"]).any()
    assert (rows.groupby(school.HEADINGS).size() == 5).all()
    assert (rows.groupby("school_code")[["region", "area"]].nunique() == 1).all(axis=None)
    assert rows["school_code"].str.startswith(f"SYN-{iso3}-S").all()


@pytest.mark.parametrize("iso3", WORLDS)
def test_without_defects_the_forms_are_the_truth(iso3):
    for recorded in enrolment(iso3, "none").tables.values():
        checks.no_defects(recorded)
    assert cells(iso3, "none").loc[cells(iso3, "none")["origin_group"] == "X", "pupils"].sum() == 0


def test_every_defect_described_happens_and_no_other():
    seen = set().union(*(set(enrolment(iso3, "severe").ledger["kind"]) for iso3 in WORLDS))
    checks.only_described_defects("school", seen)


def test_the_same_seed_gives_the_same_enrolment():
    again = school.observe(world("GMB"), ErrorModel(dictionary("school"), "severe"), 1)
    for name, recorded in again.tables.items():
        pd.testing.assert_frame_equal(recorded.records, enrolment("GMB", "severe").tables[name].records)


@pytest.mark.parametrize("iso3", WORLDS)
def test_perfect_forms_count_the_foreign_pupils_and_give_enrolment_rates(iso3):
    """What the source is for: foreign pupils and enrolment rates, counted here from the truth another way."""
    one, rows = world(iso3), cells(iso3, "none")
    here = words(one.spells["country"], spells_on(one, school.reference_day())) == iso3
    persons = one.persons[here]
    age = completed_years(persons["birth_date"], school.reference_day())
    at_school = rows.loc[rows["age_group"] == "B", "pupils"].sum()
    children = ((age >= 10) & (age < 15)).sum()
    schooled = ((age >= 10) & (age < 15) & ~persons["education"].isin(["0"]).to_numpy()).sum()
    share = dictionary("school").parameters["attending"]["value"]
    assert at_school == pytest.approx(share * schooled, rel=0.03) and at_school < children
    young = rows["age_group"].isin(["A", "B"])
    foreign = rows.loc[young & rows["origin_group"].isin(["E", "A", "O"]), "pupils"].sum()
    changed = persons["citizenship_date"] > pd.Timestamp(school.reference_day())
    citizen = persons["citizenship"].astype(str).where(~changed, persons["citizenship_at_birth"].astype(str))
    citizen = citizen.where(persons["citizenship_2"].astype(str) != iso3, iso3)
    young = (age >= 6) & (age < 15) & ~persons["education"].isin(["0"]).to_numpy()
    expected = share * (young & (citizen != iso3).to_numpy()).sum()
    assert foreign == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - share)) + 1)


def test_ecowas_is_what_it_was_on_the_day():
    nationality = np.array(["GMB", "MLI", "MRT", "CMR", "FRA", "SEN"], dtype=object)
    groups = school.ORIGINS[school.origin_groups(nationality, "GMB", school.reference_day())]
    assert groups.tolist() == ["N", "E", "A", "A", "O", "E"]  # Mali left on 29 January 2025
    later = school.ORIGINS[school.origin_groups(nationality, "GMB", pd.Timestamp("2025-02-01").date())]
    assert later.tolist() == ["N", "A", "A", "A", "O", "E"]


# --------------------------------------------------------------------------------------------- defects


@pytest.mark.parametrize("level", ["typical", "severe"])
def test_realised_rates_are_those_of_the_dictionary(level):
    rates = {key: defect.rates[level] for key, defect in dictionary("school").defects.items()}
    ledger = pd.concat(
        [enrolment(iso3, level).tables["school_enrolment"].ledger for iso3 in WORLDS], ignore_index=True
    )
    moved = ledger[ledger["kind"] == "nationality_missing"]
    unknown = moved["recorded"].astype(int) - checks.said_before(ledger)[moved.index].astype(int)
    reported = 0
    for iso3 in WORLDS:
        true = cells(iso3, "none")
        reported += true.loc[true["school_code"].isin(cells(iso3, level)["school_code"]), "pupils"].sum()
    share = unknown[unknown > 0].sum() / reported
    low, high = (rates["nationality_missing"][who] for who in ("national_pupil", "foreign_pupil"))
    assert low - 0.02 < share < high + 0.02
    assert unknown.sum() == 0  # every pupil is still counted, in another cell
    silent = schools = ghosts = 0
    for iso3 in WORLDS:
        every, left = set(cells(iso3, "none")["school_code"]), set(cells(iso3, level)["school_code"])
        found = enrolment(iso3, level).tables["school_enrolment"]
        inflated = found.ledger.loc[found.ledger["kind"] == "ghost_pupils", "record_id"]
        code = found.records.set_index("cell_no").loc[inflated, "school_code"]
        schools, silent, ghosts = schools + len(every), silent + len(every - left), ghosts + code.nunique()
    for kind, hits in (("school_not_reported", silent), ("ghost_pupils", ghosts)):
        rate = [rates[kind]["urban"], rates[kind]["rural"]]
        spread = 4 * np.sqrt(max(rate) / schools)
        assert min(rate) - spread < hits / schools < max(rate) + spread, kind
    students = pd.concat([enrolment(iso3, level).tables["tertiary_students"].records for iso3 in WORLDS])
    rate = rates["nationality_missing"]["student"]
    assert abs((students["nationality"] == "XXX").mean() - rate) < 4 * np.sqrt(rate / len(students))


@pytest.mark.parametrize("iso3", WORLDS)
def test_ghost_pupils_make_more_nationals_and_nobody_else(iso3):
    found = enrolment(iso3, "severe").tables["school_enrolment"]
    ghosts = found.ledger[found.ledger["kind"] == "ghost_pupils"]
    before = checks.said_before(found.ledger)[ghosts.index]
    assert (ghosts["recorded"].astype(int) > before.astype(int)).all()
    assert (found.records.set_index("cell_no").loc[ghosts["record_id"], "origin_group"] == "N").all()


# ------------------------------------------------------------------------------------------ university


@pytest.mark.parametrize("iso3", WORLDS)
def test_international_students_are_told_from_foreign_citizens(iso3):
    """Who crossed a border to study and who holds a foreign passport are two groups."""
    rows = enrolment(iso3, "none").tables["tertiary_students"].records
    assert len(rows) > 20
    foreign, crossed = rows["nationality"] != iso3, rows["previous_country"] != iso3
    assert foreign.any()
    assert (foreign != crossed).any()
    assert (rows["fee_status"] == "N").eq(~foreign).all()


def test_some_students_crossed_a_border_to_study():
    lists = {iso3: enrolment(iso3, "none").tables["tertiary_students"].records for iso3 in WORLDS}
    rows = pd.concat([rows.assign(home=iso3) for iso3, rows in lists.items()])
    crossed = rows[rows["previous_country"] != rows["home"]]
    assert len(crossed) >= 5
    assert (crossed["nationality"] != crossed["home"]).any()


@pytest.mark.parametrize("iso3", WORLDS)
def test_students_began_after_school_and_after_they_came(iso3):
    found = enrolment(iso3, "none").tables["tertiary_students"]
    rows = found.records
    age = 2024 - rows["birth_date"].str[:4].astype(int)
    assert (age - rows["study_year"].astype(int) >= 16).all()
    assert set(rows["study_year"]) <= set("12345")
