"""Civil registration: the perfect registers give natural increase, and the ledger tells all that went wrong."""

import functools
from datetime import date

import numpy as np
import pandas as pd
import pytest

import source_checks as checks
from migkit.reference import countries, dictionary
from migkit.sources import civil
from migkit.sources.records import ErrorModel, Observed
from migkit.world import World, make_chunk
from migkit.world.accounting import Account

WORLDS = {"GMB": 0.01, "CPV": 0.02, "MRT": 0.002}
LEVELS = ("none", "typical", "severe")
TABLES = ("births", "deaths")


@functools.cache
def world(iso3: str) -> World:
    return make_chunk(iso3, WORLDS[iso3], 1, 0)


@functools.cache
def registers(iso3: str, level: str) -> Observed:
    return civil.observe(world(iso3), ErrorModel(dictionary("civil"), level), 1)


@pytest.mark.parametrize("iso3", WORLDS)
@pytest.mark.parametrize("level", LEVELS)
def test_the_ledger_tells_all_and_the_records_keep_to_the_dictionary(iso3, level):
    observed = registers(iso3, level)
    for name, recorded in observed.tables.items():
        checks.ledger_tells_all(recorded)
        checks.keeps_to_dictionary(name, recorded)
        rows = recorded.records
        assert (rows["registration_date"] >= rows["occurrence_date"]).all()
        assert rows["occurrence_date"].between("2015-01-01", "2026-12-31").all()
        assert (rows["registration_date"] <= "2026-09-30").all()
        assert rows["place"].str.startswith(iso3).all()
    checks.links_name_true_persons(world(iso3), observed)


@pytest.mark.parametrize("iso3", WORLDS)
def test_without_defects_every_event_has_one_timely_act(iso3):
    for recorded in registers(iso3, "none").tables.values():
        checks.no_defects(recorded)
        days = pd.to_datetime(recorded.records["registration_date"]) - pd.to_datetime(
            recorded.records["occurrence_date"]
        )
        assert days.dt.days.between(0, 60).all()
        assert (recorded.records["act_kind"] == "D").all()


def test_every_defect_described_happens_and_no_other():
    seen = set().union(*(set(registers(iso3, "severe").ledger["kind"]) for iso3 in WORLDS))
    checks.only_described_defects("civil", seen)


def test_the_same_seed_gives_the_same_registers():
    again = civil.observe(world("MRT"), ErrorModel(dictionary("civil"), "severe"), 1)
    for name, recorded in again.tables.items():
        pd.testing.assert_frame_equal(recorded.records, registers("MRT", "severe").tables[name].records)


@pytest.mark.parametrize("iso3", WORLDS)
def test_perfect_registers_give_natural_increase_and_with_two_stocks_net_migration(iso3):
    """What the registers are for: population change, less births, plus deaths, is net migration."""
    account = Account(world(iso3))
    born = registers(iso3, "none").tables["births"].records["occurrence_date"]
    died = registers(iso3, "none").tables["deaths"].records["occurrence_date"]
    for year in (2016, 2020, 2024):
        start, end = date(year, 1, 1), date(year + 1, 1, 1)
        # A stock counts who lives here on the day, so the births of the first day are in it already.
        births = ((born > start.isoformat()) & (born <= end.isoformat())).sum()
        deaths = ((died > start.isoformat()) & (died <= end.isoformat())).sum()
        true = account.balance(start, end).loc["total"]
        assert (births, deaths) == (true["births"], true["deaths"])
        change = true["residents_end"] - true["residents_start"]
        assert change - (births - deaths) == true["immigrations"] - true["emigrations"]


@pytest.mark.parametrize("iso3", WORLDS)
def test_perfect_acts_say_what_is_true(iso3):
    truth = world(iso3).persons
    truth = truth.set_index(truth["truth_id"].astype(str))
    births = registers(iso3, "none").tables["births"]
    child = truth.loc[births.links["truth_id"]]
    assert (child["birth_date"].dt.strftime("%Y-%m-%d").to_numpy() == births.records["occurrence_date"]).all()
    assert (child["mother_country_birth"].astype(str).to_numpy() == births.records["mother_birthplace"]).all()
    mothers = births.records["mother_age"].astype(int)
    assert mothers.between(12, 54).all() and 24 < mothers.mean() < 32
    deaths = registers(iso3, "none").tables["deaths"]
    dead = truth.loc[deaths.links["truth_id"]]
    assert (dead["country_birth"].astype(str).to_numpy() == deaths.records["birthplace"]).all()
    years = (dead["death_date"] - dead["birth_date"]).dt.days.to_numpy() / 365.25
    assert (np.abs(deaths.records["age"].astype(int).to_numpy() + 0.5 - years) < 0.6).all()


# --------------------------------------------------------------------------------------------- defects


def about(hits: int, n: int, rate: float) -> bool:
    """Whether so many hits among ``n`` are likely at a rate (five standard deviations)."""
    return abs(hits - n * rate) <= 5 * np.sqrt(n * rate * (1 - rate)) + 1


@pytest.mark.parametrize("iso3", WORLDS)
@pytest.mark.parametrize("level", ["typical", "severe"])
def test_completeness_lies_between_the_rates_of_the_countrys_group(iso3, level):
    group = dictionary("civil").parameters["completeness_group"]["value"][iso3]
    for name, kind in (("births", "birth"), ("deaths", "death")):
        rates = dictionary("civil").defects[f"{kind}_not_registered"].rates[level]
        recorded = registers(iso3, level).tables[name]
        missing = (recorded.ledger["kind"] == f"{kind}_not_registered").mean() * len(recorded.ledger)
        share = missing / len(recorded.perfect)
        assert rates[f"{group}_urban"] - 0.04 < share < rates[f"{group}_rural"] + 0.04


def test_every_country_has_a_group_of_completeness():
    groups = dictionary("civil").parameters["completeness_group"]["value"]
    assert set(groups) == {one.iso3 for one in countries(training_only=True)}
    assert set(groups.values()) == {"high", "middle", "low"}


@pytest.mark.parametrize("level", ["typical", "severe"])
def test_realised_rates_are_those_of_the_dictionary(level):
    rates = {key: defect.rates[level] for key, defect in dictionary("civil").defects.items()}
    births = [registers(iso3, level).tables["births"] for iso3 in WORLDS]
    rows = pd.concat([each.records for each in births])
    for parent in ("mother", "father"):
        missing = (rows[f"{parent}_nationality"] == "XXX").sum()
        assert about(missing, len(rows), rates["nationality_missing"][parent])
    ledger = pd.concat([each.ledger for each in births])
    late = ledger[(ledger["kind"] == "late_registration") & (ledger["field"] == "registration_date")]
    judged = (rows["act_kind"] == "J").sum()
    assert about(judged, len(late), rates["court_judgment"]["all"])
    never = (ledger["kind"] == "birth_not_registered").sum()
    not_yet = ((ledger["kind"] == "late_registration") & (ledger["record_id"] == "")).sum()
    twice = (ledger["kind"] == "late_duplicate").sum()
    truly_late = len(late) - twice + not_yet
    registered = sum(len(each.perfect) for each in births) - never
    share = rates["late_registration"]
    assert share["birth_urban"] - 0.03 < truly_late / registered < share["birth_rural"] + 0.03
    assert 0 < twice < len(late) * rates["late_duplicate"]["all"] * 1.5
    deaths = pd.concat([registers(iso3, level).tables["deaths"].records for iso3 in WORLDS])
    assert about((deaths["cause_group"] == "X").sum(), len(deaths), rates["cause_unknown"]["all"])
    assert about((deaths["nationality"] == "XXX").sum(), len(deaths), rates["nationality_missing"]["deceased"])


@pytest.mark.parametrize("iso3", WORLDS)
def test_judgments_are_late_and_their_dates_are_made_up(iso3):
    births = registers(iso3, "severe").tables["births"].records
    judged = births[births["act_kind"] == "J"]
    assert len(judged) > 20
    assert set(judged["occurrence_date"].str[4:]) == {"-01-01", "-12-31"}
    late = pd.to_datetime(births["registration_date"]) - pd.to_datetime(births["occurrence_date"])
    assert late[births["act_kind"] == "J"].dt.days.min() >= 1
    # The first of January is no rare birthday in registers with judgments.
    first = births["occurrence_date"].str.endswith("-01-01").mean()
    truth = registers(iso3, "none").tables["births"].records["occurrence_date"].str.endswith("-01-01").mean()
    assert first > 5 * truth


@pytest.mark.parametrize("iso3", WORLDS)
def test_recent_years_look_less_complete_because_late_acts_are_still_to_come(iso3):
    recorded = registers(iso3, "severe").tables["births"]
    year = recorded.perfect["occurrence_date"].str[:4]
    kept = recorded.perfect["event"].isin(recorded.links["event"])
    assert kept[year <= "2017"].mean() > kept[year >= "2024"].mean()


def test_two_late_acts_of_one_birth_are_written_on_two_days():
    recorded = registers("GMB", "severe").tables["births"]
    rows = recorded.records.assign(event=recorded.links["event"].to_numpy())
    doubled = rows[rows["event"].duplicated(keep=False)]
    assert len(doubled) >= 10
    assert not doubled.duplicated(["event", "registration_date"]).any()
