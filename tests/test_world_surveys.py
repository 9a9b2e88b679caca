"""Surveys against the truth: intervals that cover it as often as they say, and biases of the sign theory gives."""

import functools

import numpy as np
import pandas as pd
import pytest

from migkit.lesson import load
from migkit.measures.surveys import (
    SurveyDesign,
    clustering_effect,
    intraclass_correlation,
    raked_weights,
    recruitment_cost,
    recruitment_exclusions,
    remittance_channels,
    remittances_received,
    survey_mean,
    survey_total,
)
from migkit.reference import dictionary
from migkit.sources import labour_force
from migkit.sources.answers import words
from migkit.sources.listing import homes_on
from migkit.sources.records import ErrorModel
from migkit.world import World, make_chunk

SEEDS = range(200)
AREAS, PERSONS = 60, 40  # of the population, in each of three strata
DRAWN, TAKE = 8, 10  # of the sample, in each stratum and area
DESIGN = SurveyDesign("weight", "stratum", "ea", fpc="areas", ssu="person", fpc_ssu="persons")


@functools.cache
def country() -> pd.DataFrame:
    """A simple population of three strata: migrants live near migrants, and earn less."""
    rng = np.random.default_rng(20)
    areas = np.arange(3 * AREAS)
    share = rng.beta(1, 7, len(areas)) * np.array([0.6, 1.0, 1.4])[areas // AREAS]
    frame = pd.DataFrame({"ea": np.repeat(areas, PERSONS), "person": np.arange(len(areas) * PERSONS)})
    frame["stratum"] = frame["ea"] // AREAS
    frame["migrant"] = (rng.random(len(frame)) < share[frame["ea"]]).astype(int)
    pay = rng.lognormal(5, 0.4, len(frame)) * (1 + 0.3 * rng.normal(size=len(areas)))[frame["ea"]].clip(0.3)
    frame["pay"] = pay * np.where(frame["migrant"] == 1, 0.8, 1.0)
    return frame


def draw(seed: int, drawn: tuple[int, ...] = (DRAWN,) * 3) -> pd.DataFrame:
    """Areas at random within strata, persons at random within areas."""
    rng = np.random.default_rng(seed)
    picked = np.concatenate([h * AREAS + rng.choice(AREAS, n, replace=False) for h, n in enumerate(drawn)])
    rows = (picked[:, None] * PERSONS + np.argsort(rng.random((len(picked), PERSONS)))[:, :TAKE]).ravel()
    sample = country().iloc[rows].reset_index(drop=True)
    sample["weight"] = AREAS / np.array(drawn)[sample["stratum"]] * PERSONS / TAKE
    return sample.assign(areas=AREAS, persons=PERSONS)


@functools.cache
def estimates() -> pd.DataFrame:
    """Of 200 samples: estimates, intervals, and the error that forgets the areas."""
    found = []
    for seed in SEEDS:
        sample = draw(seed)
        for name in ("migrant", "pay"):
            row = survey_mean(sample, name, DESIGN).iloc[0].to_dict()
            if name == "migrant" and seed < 100:
                row["forgets"] = survey_mean(sample, name, SurveyDesign("weight"))["se"].iloc[0]
                row["icc"] = intraclass_correlation(sample, name, "ea")
            found.append(row | {"name": name})
    return pd.DataFrame(found)


@pytest.mark.parametrize("name", ["migrant", "pay"])
def test_intervals_cover_the_truth_as_often_as_they_say(name):
    found = estimates()[estimates()["name"] == name]
    truth = country()[name].mean()
    covered = ((found["low"] <= truth) & (truth <= found["high"])).mean()
    assert 0.90 <= covered <= 0.99
    assert abs(found["estimate"].mean() - truth) < 3 * found["estimate"].std() / np.sqrt(len(found))
    # The standard error is the spread of the estimates from sample to sample.
    assert np.sqrt((found["se"] ** 2).mean()) == pytest.approx(found["estimate"].std(), rel=0.15)


def test_totals_and_domains_cover_the_truth_too():
    truth = country().groupby("stratum")["migrant"].sum()
    covered = []
    for seed in SEEDS:
        table = survey_total(draw(seed), "migrant", DESIGN, by="stratum")
        covered += [table.loc[h, "low"] <= truth[h] <= table.loc[h, "high"] for h in truth.index]
    assert 0.90 <= np.mean(covered) <= 0.99


def test_shares_of_a_rare_group_are_covered_by_the_logit_interval():
    truth = (country()["migrant"] * (country()["person"] % 4 == 0)).mean()
    covered = []
    for seed in SEEDS:
        sample = draw(seed)
        sample["rare"] = (sample["migrant"] == 1) & (sample["person"] % 4 == 0)
        row = survey_mean(sample, "rare", DESIGN, interval="logit").iloc[0]
        covered.append(row["low"] <= truth <= row["high"])
    assert truth < 0.04 and 0.90 <= np.mean(covered) <= 0.99


def test_forgetting_the_areas_makes_the_error_too_small_by_the_root_of_the_design_effect():
    """Kish (1965): 1 + (take - 1) x roh."""
    found = estimates().dropna(subset=["forgets"])
    too_small = found["estimate"].std() / np.sqrt((found["forgets"] ** 2).mean())
    expected = np.sqrt(clustering_effect(found["icc"].mean(), TAKE))
    assert too_small > 1.15
    assert too_small == pytest.approx(expected, rel=0.15)
    truth = country()["migrant"].mean()
    naive = (abs(found["estimate"] - truth) < 1.96 * found["forgets"]).mean()
    honest = ((found["low"] <= truth) & (truth <= found["high"])).mean()
    assert naive < honest - 0.03


def test_unweighted_estimates_lean_towards_what_was_oversampled():
    """Draw more where migrants are common: unweighted, their share is too large; the other way, too small."""
    truth = country()["migrant"].mean()
    for drawn, sign in (((4, 8, 24), 1), ((24, 8, 4), -1)):
        samples = [draw(seed, drawn) for seed in range(60)]
        plain = np.array([sample["migrant"].mean() for sample in samples])
        weighted = np.array([survey_mean(sample, "migrant", DESIGN)["estimate"].iloc[0] for sample in samples])
        share = country().groupby("stratum")["migrant"].mean()
        expected = (share * np.array(drawn)).sum() / sum(drawn) - truth
        assert np.sign(expected) == sign
        assert plain.mean() - truth == pytest.approx(expected, abs=3 * plain.std() / np.sqrt(60))
        assert abs(weighted.mean() - truth) < 3 * weighted.std() / np.sqrt(60) < abs(expected)


def test_nonresponse_of_migrants_biases_downward_and_raking_mends_what_the_totals_know():
    """Bias of the share: p r1 / (p r1 + (1 - p) r0) - p, where migrants answer at rate r1 and others at r0."""
    truth, r1, r0 = country()["migrant"].mean(), 0.6, 0.9
    expected = truth * r1 / (truth * r1 + (1 - truth) * r0) - truth
    count = country()["migrant"].value_counts().to_dict()
    biased, mended = [], []
    for seed in range(80):
        sample = draw(seed)
        answers = np.random.default_rng(seed).random(len(sample)) < np.where(sample["migrant"] == 1, r1, r0)
        sample = sample[answers].reset_index(drop=True)
        design = SurveyDesign("weight", "stratum", "ea")
        biased.append(survey_mean(sample, "migrant", design)["estimate"].iloc[0])
        sample["weight"] = raked_weights(sample, {"migrant": count})
        mended.append(survey_mean(sample, "pay", design)["estimate"].iloc[0])
    assert expected < 0
    assert np.mean(biased) - truth == pytest.approx(expected, abs=3 * np.std(biased) / np.sqrt(80))
    assert abs(np.mean(mended) - country()["pay"].mean()) < 3 * np.std(mended) / np.sqrt(80)


# -------------------------------------------------------------------------- the kit's labour force survey


@functools.cache
def gambia() -> World:
    return make_chunk("GMB", 0.01, 1, 0)


@functools.cache
def residents() -> pd.DataFrame:
    """All who live in households: their household and whether they were born abroad."""
    row, home = labour_force._residents(gambia())
    born = words(gambia().persons["country_birth"])[row]
    ref = gambia().households["household_ref"].to_numpy()[home]
    return pd.DataFrame({"household_ref": ref, "foreign": (born != "GMB").astype(float)})


def frame_sizes() -> tuple[pd.Series, pd.Series]:
    """Households of each area, and areas of each stratum of the survey."""
    homes = homes_on(gambia(), gambia().census_day, dictionary("census"), 1).frame
    areas = homes.groupby("ea", sort=True).agg(stratum=("stratum", "first"), size=("ea", "size")).reset_index()
    areas["stratum"] = labour_force._strata(areas)
    return areas.set_index("ea")["size"], areas["stratum"].value_counts()


def test_intervals_of_the_labour_force_survey_cover_the_truth():
    """Foreign-born, 30 samples of the same country. The corrections matter: up to half the areas are drawn."""
    sizes, areas = frame_sizes()
    design = SurveyDesign("design_weight", "stratum", "psu", fpc="areas", ssu="household_ref", fpc_ssu="homes")
    truth, covered, wide, errors, found = residents()["foreign"].mean(), [], [], [], []
    for seed in range(30):
        sample = residents().merge(labour_force.draw_sample(gambia(), seed), on="household_ref")
        sample["areas"], sample["homes"] = sample["stratum"].map(areas), sample["psu"].map(sizes)
        row = survey_mean(sample, "foreign", design).iloc[0]
        covered.append(row["low"] <= truth <= row["high"])
        wide.append(survey_mean(sample, "foreign", SurveyDesign("design_weight", "stratum", "psu"))["se"].iloc[0])
        errors.append(row["se"])
        found.append(row["estimate"])
    assert np.sum(covered) >= 26  # 28.5 of 30 expected; fewer than 26 has a chance of 1 in 60
    assert abs(np.mean(found) - truth) < 3 * np.std(found) / np.sqrt(30)
    # As if drawn with replacement, the error comes out too large, never too small.
    assert np.std(found) < np.mean(errors) * 1.15 and np.mean(errors) < np.mean(wide)


@functools.cache
def observed(level: str):
    return labour_force.observe(gambia(), ErrorModel(dictionary("labour_force"), level), 1).tables


def typed(level: str, name: str) -> pd.DataFrame:
    """Records as ``load()`` gives them: blanks missing, numbers as numbers."""
    frame = observed(level)[name].records.replace("", None).reset_index(drop=True)
    for column in ("weight", "remittance_amount", "recruitment_cost", "earnings_abroad"):
        if column in frame:
            frame[column] = pd.to_numeric(frame[column])
    return frame


LFS = SurveyDesign("weight", "stratum", "psu")


def test_underreported_remittances_lower_the_count_and_the_sum():
    """Hidden: households fall by the rate. Understated: amounts too. Both errors run one way (assumed rates)."""
    tables = {}
    for level in ("none", "severe"):
        homes = typed(level, "lfs_households")
        tables[level] = remittances_received(homes[homes["result"] == "C"], LFS)["estimate"]
    rates = dictionary("labour_force").defects["remittances_underreported"].rates["severe"]
    less = tables["severe"]["share"] / tables["none"]["share"]
    assert less == pytest.approx(1 - rates["hidden"], abs=0.08)
    sums = tables["severe"]["per_home"] / tables["none"]["per_home"]
    kept = (1 - rates["hidden"]) * (1 - rates["understated"] * (1 - 0.6))
    assert sums == pytest.approx(kept, abs=0.12) and sums < less


def test_measures_run_on_the_teaching_extract():
    homes, persons = load("lfs_households"), load("lfs_persons")
    homes = homes[homes["result"] == "C"]
    table = remittances_received(homes, LFS, by="area")
    assert table.loc[("Total", "share"), "n"] == len(homes)
    channels = remittance_channels(homes, LFS)["estimate"]
    assert channels["of households"].sum() == pytest.approx(1)
    assert channels["of money"].sum() == pytest.approx(1)
    cost = recruitment_cost(persons, LFS, by="sex", migrant="job_abroad")
    counts = recruitment_exclusions(persons, migrant="job_abroad")
    whole = cost.loc[("Total", "median")]
    assert whole["n"] + whole["unanswered"] == counts["in the indicator"] == persons["job_abroad"].eq("Y").sum()
    assert counts.sum() == len(persons) and 0 < whole["estimate"] < 13
    foreign = persons.assign(foreign=persons["country_birth"].astype(str).ne("GMB").astype(float))
    ours, theirs = (survey_mean(foreign, "foreign", LFS, by="area", engine=e) for e in ("numpy", "svy"))
    pd.testing.assert_frame_equal(ours, theirs, rtol=1e-9, check_dtype=False)
