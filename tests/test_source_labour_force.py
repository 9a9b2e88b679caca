"""The labour force survey: its sample estimates the truth, and its ledger tells all that went wrong."""

import functools

import numpy as np
import pandas as pd
import pytest

import source_checks as checks
from migkit.reference import countries, dictionary
from migkit.sources import labour_force
from migkit.sources.listing import homes_on
from migkit.sources.records import ErrorModel, Observed
from migkit.sources.work import pay_scale
from migkit.sources.work_permits import observe as work_permits
from migkit.world import World, make_chunk

WORLDS = {"GMB": 0.01, "SEN": 0.001, "CPV": 0.02}
LEVELS = ("none", "typical", "severe")


@functools.cache
def world(iso3: str) -> World:
    return make_chunk(iso3, WORLDS[iso3], 1, 0)


@functools.cache
def survey(iso3: str, level: str, seed: int = 1) -> Observed:
    return labour_force.observe(world(iso3), ErrorModel(dictionary("labour_force"), level), seed)


def table(iso3: str, level: str, name: str, seed: int = 1) -> pd.DataFrame:
    return survey(iso3, level, seed).tables[f"lfs_{name}"].records


@pytest.mark.parametrize("iso3", WORLDS)
@pytest.mark.parametrize("level", LEVELS)
def test_the_ledger_tells_all_and_the_records_keep_to_the_dictionary(iso3, level):
    observed = survey(iso3, level)
    for name, recorded in observed.tables.items():
        checks.ledger_tells_all(recorded)
        checks.keeps_to_dictionary(name, recorded)
    checks.links_name_true_persons(world(iso3), observed, of_nobody=("lfs_totals",))
    households, persons = table(iso3, level, "households"), table(iso3, level, "persons")
    done = households[households["result"] == "C"].set_index("household_id")
    assert set(persons["household_id"]) == set(done.index)
    assert (persons.groupby("household_id").size() == done["members"].astype(int)).all()
    for column in ("psu", "stratum", "region", "area", "design_weight", "weight"):
        assert (done.loc[persons["household_id"], column].to_numpy() == persons[column]).all()


@pytest.mark.parametrize("iso3", WORLDS)
def test_without_defects_the_survey_writes_what_is_true(iso3):
    for recorded in survey(iso3, "none").tables.values():
        checks.no_defects(recorded)
    households = table(iso3, "none", "households")
    assert set(households["result"]) <= {"C", "V"}
    interviewed = households[households["result"] == "C"]
    assert (interviewed["weight"] == interviewed["design_weight"]).all()


def test_every_defect_described_happens_and_no_other():
    seen = set().union(*(set(survey(iso3, "severe").ledger["kind"]) for iso3 in WORLDS))
    checks.only_described_defects("labour_force", seen)


def test_the_same_seed_gives_the_same_survey_and_another_seed_another_sample():
    again = labour_force.observe(world("SEN"), ErrorModel(dictionary("labour_force"), "severe"), 1)
    for name, recorded in again.tables.items():
        pd.testing.assert_frame_equal(recorded.records, survey("SEN", "severe").tables[name].records)
    other = labour_force.observe(world("SEN"), ErrorModel(dictionary("labour_force"), "severe"), 2)
    assert not other.tables["lfs_persons"].records.equals(again.tables["lfs_persons"].records)


@pytest.mark.parametrize("iso3", WORLDS)
def test_universes_of_the_questions_hold(iso3):
    rows = table(iso3, "severe", "persons")
    age = rows["age"].astype(int)
    asked = {
        "activity": age >= 15,
        "proxy": age >= 15,
        "education": age >= 5,
        "previous_country": rows["lived_abroad"] == "Y",
        "arrival_year": rows["lived_abroad"] == "Y",
        "occupation_before": rows["work_before"] == "Y",
        "status_employment": rows["activity"] == "E",
        "occupation": rows["activity"] == "E",
        "hours": rows["activity"] == "E",
        "contract": rows["status_employment"] == "4",
        "social_security": rows["status_employment"] == "4",
        "job_abroad_country": rows["job_abroad"] == "Y",
    }
    for column, holds in asked.items():
        assert ((rows[column] != "") == holds).all(), column
    assert not (rows["earnings"] != "")[~rows["status_employment"].isin(["1", "2", "3", "4"])].any()
    assert not (rows["recruitment_cost"] != "")[rows["job_abroad"] != "Y"].any()
    assert (rows.loc[rows["job_abroad"] == "Y", "citizenship"] == iso3).all()
    homes = table(iso3, "severe", "households")
    assert ((homes["remittance_amount"] != "") == (homes["remittances"] == "Y")).all()


# ---------------------------------------------------------------------------------------------- sample


@pytest.mark.parametrize("iso3", WORLDS)
def test_never_more_than_half_the_areas_and_fifteen_households_in_each(iso3):
    sample = labour_force.draw_sample(world(iso3), 1)
    frame = homes_on(world(iso3), world(iso3).census_day, dictionary("census"), 1).frame
    assert sample["psu"].nunique() <= frame["ea"].nunique() / 2
    sizes = frame["ea"].value_counts()
    drawn = sample["psu"].value_counts()
    assert (drawn == sizes.loc[drawn.index].clip(upper=15)).all()
    assert sample["household_ref"].is_unique
    assert (sample.groupby("stratum")["psu"].nunique() >= 2).all()


def test_each_household_has_the_chance_that_its_weight_says():
    one = world("CPV")
    samples = [labour_force.draw_sample(one, seed) for seed in range(60)]
    weights = pd.concat(samples).groupby("household_ref")["design_weight"]
    assert weights.nunique().max() == 1
    # The sum of weights over the strata is the number of households, in every sample within rounding to areas.
    totals = [each["design_weight"].sum() for each in samples]
    assert np.mean(totals) == pytest.approx(len(one.households), rel=0.01)
    # How often each is drawn in 60 samples: mean 60 / weight, so the weighted counts are 60 on average.
    times = weights.size() * weights.first()
    assert times.sum() / len(one.households) == pytest.approx(60, rel=0.01)


def total_and_error(rows: pd.DataFrame, counted: pd.Series) -> tuple[float, float]:
    """A weighted total and its standard error: areas as if drawn with replacement within strata."""
    y = (rows["weight"].astype(float) * counted).groupby([rows["stratum"], rows["psu"]]).sum()
    n = y.groupby(level=0).size()
    return float(y.sum()), float(np.sqrt((n * y.groupby(level=0).var()).sum()))


def test_design_weights_estimate_residents_and_the_foreign_born_within_their_standard_error():
    """What the survey is for: over many samples the estimates lie around the truth, as far away as they say."""
    iso3, seeds = "GMB", range(1, 21)
    row, _home = labour_force._residents(world(iso3))
    born = world(iso3).persons["country_birth"].iloc[row].astype(str)
    for truth, counted in ((len(row), None), (int((born != iso3).sum()), "foreign")):
        estimates = []
        for seed in seeds:
            rows = table(iso3, "none", "persons", seed)
            who = rows["country_birth"] != iso3 if counted else pd.Series(1.0, index=rows.index)
            estimates.append(total_and_error(rows, who))
        value, error = np.array(estimates).T
        z = (value - truth) / error
        assert (np.abs(z) < 1.96).mean() >= 0.8, (counted, z)
        assert np.abs(z).max() < 4
        assert abs(value.mean() - truth) < 3 * error.mean() / np.sqrt(len(estimates))
        assert error.mean() < 0.25 * truth


def test_totals_are_the_population_in_households():
    totals = table("GMB", "severe", "totals")
    row, _home = labour_force._residents(world("GMB"))
    assert totals["persons"].astype(int).sum() == len(row)
    women = (world("GMB").persons["sex"].iloc[row] == "F").sum()
    assert totals.loc[totals["sex"] == "F", "persons"].astype(int).sum() == women


# --------------------------------------------------------------------------------------------- defects


@pytest.mark.parametrize("iso3", WORLDS)
def test_the_interviewed_of_an_area_stand_for_all_its_occupied_households(iso3):
    rows = table(iso3, "severe", "households")
    occupied = rows[rows["result"] != "V"]
    done = occupied[occupied["result"] == "C"]
    assert len(done) < len(occupied)
    asked = occupied["design_weight"].astype(float).groupby(occupied["stratum"]).sum()
    answered = done["weight"].astype(float).groupby(done["stratum"]).sum()
    assert answered.to_numpy() == pytest.approx(asked.loc[answered.index].to_numpy(), rel=1e-6)
    full = done.groupby("psu").size().index
    by_area = occupied[occupied["psu"].isin(full)]["design_weight"].astype(float).groupby(occupied["psu"]).sum()
    assert done["weight"].astype(float).groupby(done["psu"]).sum().loc[full].to_numpy() == pytest.approx(
        by_area.loc[full].to_numpy(), rel=1e-6
    )


def about(hits: int, n: int, rate: float) -> bool:
    """Whether so many hits among ``n`` are likely at a rate (five standard deviations)."""
    return abs(hits - n * rate) <= 5 * np.sqrt(n * rate * (1 - rate)) + 1


@pytest.mark.parametrize("level", ["typical", "severe"])
def test_realised_rates_are_those_of_the_dictionary(level):
    rates = {key: defect.rates[level] for key, defect in dictionary("labour_force").defects.items()}
    homes = pd.concat([survey(iso3, level).tables["lfs_households"].records for iso3 in WORLDS])
    perfect = pd.concat([survey(iso3, level).tables["lfs_households"].perfect for iso3 in WORLDS])
    for area, name in (("U", "urban"), ("R", "rural")):
        listed, drawn = (homes["area"] == area).sum(), (perfect["area"] == area).sum()
        assert about(drawn - listed, drawn, rates["unlisted_dwelling"][name])
        asked = homes[(homes["area"] == area) & (homes["result"] != "V")]
        share = (asked["result"] != "C").mean()
        low, high = (rates["household_nonresponse"][f"{name}_{who}"] for who in ("other", "better_off"))
        assert low * 0.6 < share < high * 1.1
    lost = homes["result"].isin(["R", "N"])
    assert about((homes["result"] == "R").sum(), lost.sum(), rates["household_nonresponse"]["refused"])
    persons = pd.concat([survey(iso3, level).tables["lfs_persons"].records for iso3 in WORLDS])
    adults = persons[(persons["proxy"] != "") & (persons["relationship"] != "1")]
    for sex, name in (("M", "men"), ("F", "women")):
        one = adults[adults["sex"] == sex]
        assert about((one["proxy"] == "Y").sum(), len(one), rates["proxy_answer"][name])
    assert (persons.loc[persons["relationship"] == "1", "proxy"] == "N").sum() > 0
    paid = persons[persons["status_employment"].isin(["1", "2", "3", "4"])]
    for proxy, name in (("N", "self"), ("Y", "proxy")):
        one = paid[paid["proxy"] == proxy]
        assert about((one["earnings"] == "").sum(), len(one), rates["earnings_refused"][name])
    received = kept = less = 0
    for iso3 in WORLDS:
        found = survey(iso3, level).tables["lfs_households"]
        truth = found.perfect.set_index("event").loc[found.links["event"]].reset_index(drop=True)
        yes = (truth["remittances"] == "Y") & (found.records["result"] == "C")
        said = found.records["remittances"] == "Y"
        received, kept = received + yes.sum(), kept + (yes & said).sum()
        less += (yes & said & (truth["remittance_amount"] != found.records["remittance_amount"])).sum()
    assert about(received - kept, received, rates["remittances_underreported"]["hidden"])
    assert about(less, kept, rates["remittances_underreported"]["understated"])


def test_rounded_pay_shows_in_the_last_digits():
    step = pay_scale("GMB")["heap"]

    def round_ones(level: str) -> float:
        stated = table("GMB", level, "persons")["earnings"]
        return float((stated[stated != ""].astype(int) % step == 0).mean())

    assert round_ones("none") < 0.3 < 0.6 < round_ones("typical") < round_ones("severe")


# ------------------------------------------------------------------------------------- pay and modules


def test_every_currency_has_a_scale_of_pay():
    for one in countries(training_only=True):
        scale = pay_scale(one.iso3)
        assert scale["typical"] > scale["heap"] >= scale["step"] > 0
        assert scale["heap"] % scale["step"] == 0


def test_the_survey_and_the_work_permits_agree_on_the_pay_of_the_same_person():
    permits = work_permits(world("GMB"), ErrorModel(dictionary("work_permits"), "none"), 1).tables["work_permits"]
    permit = permits.records.assign(truth_id=permits.links["truth_id"].to_numpy())
    day = labour_force.survey_day().isoformat()
    permit = permit[(permit["start"] <= day) & (permit["end"] > day)].set_index("truth_id")["wage_monthly"]
    both = []
    for seed in range(1, 6):
        found = survey("GMB", "none", seed).tables["lfs_persons"]
        own = found.records.assign(truth_id=found.links["truth_id"].to_numpy())
        own = own[own["truth_id"].isin(permit.index) & (own["formality"] == "F") & (own["contract"] != "")]
        pay = permit[~permit.index.duplicated()].loc[own["truth_id"]]
        both += (pay.to_numpy() == own["earnings"]).tolist()
    assert len(both) > 10 and all(both)


def test_recruitment_cost_in_months_of_pay_can_be_made_from_the_module():
    """SDG indicator 10.7.1: recruitment cost as a proportion of monthly earnings in the country of destination."""
    rows = pd.concat([table(iso3, "none", "persons") for iso3 in WORLDS])
    worked = rows[rows["job_abroad"] == "Y"]
    assert len(worked) >= 30
    months = worked["recruitment_cost"].astype(float) / worked["earnings_abroad"].astype(float)
    assert 0.5 < months.median() < 3
    assert months.between(0, 13).all()


def test_between_a_third_and_two_thirds_of_remittances_come_through_informal_channels():
    rows = pd.concat([table(iso3, "none", "households") for iso3 in WORLDS])
    received = rows[rows["remittances"] == "Y"]
    assert 0.3 < received["remittance_channel"].isin(["H", "I"]).mean() < 0.6
    assert (received["remittance_amount"].astype(int) > 0).all()
