"""Two lists of one population, and the survey of the synthetic census: what theory says must come out.

Simulations use 200 seeds, made together as arrays; the estimators are the project's own, called for each.
"""

import numpy as np
import pandas as pd
import pytest

from migkit.measures.coverage import (
    WITHOUT_NAMES,
    coverage_errors,
    dependent_lists,
    dual_system,
    dual_system_interval,
    match_quality,
    match_to_census,
    with_matching_error,
)
from migkit.measures.integration.comparisons import compare_name
from migkit.reference import dictionary
from migkit.sources import census, pes
from migkit.sources.clerks import written_names
from migkit.sources.records import ErrorModel
from migkit.world import make_chunk

SEEDS = 200


def two_lists(size, first, second, seed, odds_ratio=1.0):
    """Who is on which list, for 200 populations; ``first`` and ``second`` are the chances of each person."""
    rng = np.random.default_rng(seed)
    on_first = rng.random((SEEDS, size)) < first
    odds = second / (1 - second)
    # With an odds ratio: the chance on the second list differs between those on the first and the others.
    higher = odds * odds_ratio / (1 + odds * odds_ratio)
    on_second = rng.random((SEEDS, size)) < np.where(on_first, higher, second)
    return on_first, on_second


def counts(on_first, on_second):
    return zip(on_first.sum(axis=1), on_second.sum(axis=1), (on_first & on_second).sum(axis=1), strict=True)


def mean_of(estimates):
    """Mean and its Monte-Carlo standard error."""
    values = np.array([each.value for each in estimates])
    return values.mean(), values.std(ddof=1) / len(values) ** 0.5


# --- Chandra Sekar and Deming (1949): right if the lists are independent


@pytest.mark.parametrize("method", ["log", "normal", "exact"])
def test_intervals_cover_the_truth_with_independent_lists(method):
    lists = list(counts(*two_lists(600, 0.8, 0.7, seed=1)))
    inside = [low <= 600 <= high for low, high in (dual_system_interval(*one, method=method) for one in lists)]
    assert 0.90 <= np.mean(inside) <= 0.99
    mean, error = mean_of([dual_system(*one, method="chapman") for one in lists])
    assert abs(mean - 600) < 3 * error


def test_unequal_chances_make_the_estimate_too_low_and_strata_mend_it():
    """Correlation bias: E(N) = N x mean(p1) mean(p2) / mean(p1 p2), which is below N where both rise together."""
    easy = np.arange(2000) < 1500
    p1, p2 = np.where(easy, 0.95, 0.55), np.where(easy, 0.9, 0.5)
    on_first, on_second = two_lists(2000, p1, p2, seed=2)
    expected = 2000 * p1.mean() * p2.mean() / (p1 * p2).mean()
    mean, error = mean_of([dual_system(*one) for one in counts(on_first, on_second)])
    assert abs(mean - expected) < 3 * error + 0.001 * 2000
    assert mean + 10 * error < 2000
    parts = [list(counts(on_first[:, own], on_second[:, own])) for own in (easy, ~easy)]
    sums = [sum(dual_system(*part, "chapman").value for part in both) for both in zip(*parts, strict=True)]
    assert abs(np.mean(sums) - 2000) < 3 * np.std(sums) / SEEDS**0.5


def test_dependence_lowers_the_estimate_by_the_odds_ratio_and_knowing_it_mends_it():
    """Bell (1993): those whom neither list sees are underestimated by the factor 1 / odds ratio."""
    on_first, on_second = two_lists(1500, 0.8, 0.6, seed=3, odds_ratio=3.0)
    neither = (~on_first & ~on_second).sum(axis=1).mean()
    plain, error = mean_of([dual_system(*one) for one in counts(on_first, on_second)])
    assert abs(plain - (1500 - neither * (1 - 1 / 3))) < 3 * error + 2
    known = [dependent_lists(*one, odds_ratio=3.0) for one in counts(on_first, on_second)]
    mean, error = mean_of(known)
    assert abs(mean - 1500) < 3 * error + 4
    inside = [low <= 1500 <= high for low, high in (each.interval() for each in known)]
    assert 0.90 <= np.mean(inside) <= 0.99


def test_missed_matches_raise_the_estimate_by_their_share_and_knowing_it_mends_it():
    """Ding and Fienberg (1994): with a share a of the matches not seen the estimate is N / (1 - a)."""
    rng = np.random.default_rng(4)
    lists = [(n1, n2, rng.binomial(m, 0.95)) for n1, n2, m in counts(*two_lists(1000, 0.9, 0.8, seed=5))]
    plain, error = mean_of([dual_system(*one) for one in lists])
    assert abs(plain - 1000 / 0.95) < 3 * error + 1
    known = [with_matching_error(*one, missed_matches=0.05) for one in lists]
    mean, error = mean_of(known)
    assert abs(mean - 1000) < 3 * error + 1
    assert 0.90 <= np.mean([low <= 1000 <= high for low, high in (each.interval() for each in known)]) <= 0.99


def test_false_matches_lower_the_estimate_and_knowing_them_mends_it():
    rng = np.random.default_rng(6)
    lists = [(n1, n2, m + rng.binomial(n2 - m, 0.1)) for n1, n2, m in counts(*two_lists(1000, 0.8, 0.8, seed=7))]
    plain, error = mean_of([dual_system(*one) for one in lists])
    assert abs(plain - 1000 * 0.8 / (0.8 + 0.2 * 0.1)) < 3 * error + 1
    mean, error = mean_of([with_matching_error(*one, false_matches=0.1) for one in lists])
    assert abs(mean - 1000) < 3 * error + 1


def test_erroneous_records_raise_the_estimate_by_their_share_and_the_e_sample_mends_it():
    lists = [(n1 * 1.04, n2, m) for n1, n2, m in counts(*two_lists(1000, 0.9, 0.8, seed=8))]
    plain, error = mean_of([dual_system(*one) for one in lists])
    assert abs(plain - 1040) < 3 * error + 1
    mean, error = mean_of([with_matching_error(*one, erroneous=0.04 / 1.04) for one in lists])
    assert abs(mean - 1000) < 3 * error + 1


# --- a survey of areas: design-based errors


def test_intervals_of_omissions_erroneous_net_and_gross_cover_the_truth():
    """200 samples of areas from one population whose census and survey erred independently."""
    rng = np.random.default_rng(10)
    areas = 300
    size = rng.integers(20, 50, areas)
    stratum = np.where(np.arange(areas) < 180, "R", "U")
    ea = np.repeat(np.arange(areas), size)
    # Areas differ, so that people of one area are alike.
    missed = rng.random(len(ea)) < np.repeat(rng.beta(4, 36, areas), size)
    found = rng.random(len(ea)) < 0.93
    persons = pd.DataFrame({"ea": ea, "stratum": stratum[ea], "match_status": np.where(missed, "N", "M")})[found]
    wrong = rng.random(len(ea)) < 0.05
    records = pd.DataFrame({"ea": ea, "stratum": stratum[ea], "outcome": np.where(wrong, "D", "C")})[~missed]
    count = len(records)
    match, correct = persons["match_status"].eq("M").mean(), records["outcome"].eq("C").mean()
    truth = {"erroneous": count * (1 - correct), "estimate": count * correct / match}
    truth["omissions"] = truth["estimate"] * (1 - match)
    truth["net"] = truth["omissions"] - truth["erroneous"]
    truth["gross"] = truth["omissions"] + truth["erroneous"]
    inside = dict.fromkeys(truth, 0)
    weight = {"R": 180 / 24, "U": 120 / 16}
    for _seed in range(SEEDS):
        drawn = np.append(rng.choice(180, 24, replace=False), 180 + rng.choice(120, 16, replace=False))
        p, e = (f[f["ea"].isin(drawn)] for f in (persons, records))
        table = coverage_errors(
            *(f.assign(weight=f["stratum"].map(weight)) for f in (p, e)), census_count=count
        ).loc["Total"]
        for part, value in truth.items():
            inside[part] += abs(table[part] - value) <= 1.96 * table[f"{part}_se"]
    for part, times in inside.items():
        assert 0.90 <= times / SEEDS <= 0.99, part


# --- the world


@pytest.fixture(scope="module")
def world():
    return make_chunk("GMB", 0.01, 1, 0)


@pytest.fixture(scope="module")
def taken(world):
    """Census and survey at each level of defects; the survey's own errors follow those of the census."""
    out = {}
    for level in ("none", "typical"):
        counted = census.observe(world, ErrorModel(dictionary("census"), level), 1)
        out[level] = counted, pes.observe(world, ErrorModel(dictionary("pes"), level), 1, counted)
    counted = out["typical"][0]
    out["exact survey"] = counted, pes.observe(world, ErrorModel(dictionary("pes"), "none"), 1, counted)
    return out


def typed(observed):
    frame = observed.records.replace("", None)
    return frame.assign(weight=frame["weight"].astype(float)) if "weight" in frame else frame


def usual(counted):
    table = counted.tables["census_persons"]
    links = table.links[["truth_id", "kind"]].set_axis(table.records.index)
    frame = pd.concat([typed(table), links.rename(columns={"kind": "made"})], axis=1)
    return frame[frame["residence_status"].isin(["UP", "UA"])]


def test_a_perfect_census_has_no_coverage_error(taken, world):
    counted, survey = taken["none"]
    residents = len(usual(counted))
    assert residents == (world.persons["status"] == "resident").sum()
    p, e = (typed(survey.tables[name]) for name in ("pes_persons", "pes_followup"))
    line = coverage_errors(p, e, census_count=residents).loc["Total"]
    assert line[["omissions", "erroneous", "net", "gross", "gross_se"]].tolist() == [0, 0, 0, 0, 0]
    assert line["estimate"] == residents


def test_a_survey_without_errors_finds_the_population_within_its_sampling_error(taken, world):
    counted, survey = taken["exact survey"]
    residents = int((world.persons["status"] == "resident").sum())
    p, e = (typed(survey.tables[name]) for name in ("pes_persons", "pes_followup"))
    line = coverage_errors(p, e, census_count=len(usual(counted))).loc["Total"]
    assert abs(line["estimate"] - residents) < 2.6 * line["estimate_se"]
    assert line["omissions"] > 2.6 * line["omissions_se"]
    assert line["erroneous"] > 2.6 * line["erroneous_se"]
    assert len(usual(counted)) < residents - 2.6 * line["net_se"]


def test_missed_matches_of_the_office_raise_the_estimate(taken):
    """The same sample with and without the survey's own false non-matches: up by about their share."""
    counted, survey = taken["typical"]
    table = survey.tables["pes_persons"]
    p, e = typed(table), typed(survey.tables["pes_followup"])
    ledger = table.ledger
    spoilt = ledger.loc[ledger["kind"].eq("false_non_match"), "record_id"]
    mended = p.assign(match_status=p["match_status"].mask(p["pes_id"].isin(spoilt), "M"))
    before, after = (coverage_errors(x, e, census_count=len(usual(counted))).loc["Total"] for x in (mended, p))
    weight = p["weight"].where(p["match_status"].ne("U"), 0)
    share = weight[p["pes_id"].isin(spoilt)].sum() / weight[mended["match_status"].eq("M")].sum()
    assert share > 0.002
    assert after["estimate"] / before["estimate"] == pytest.approx(1 / (1 - share), rel=1e-9)


def in_census(survey, people):
    """Whether each person of the survey has a record in the same area, by the truth."""
    links = survey.tables["pes_persons"].links["truth_id"].to_numpy()
    rows = typed(survey.tables["pes_persons"]).assign(truth_id=links)
    real = people[people["made"] != "invented"].drop_duplicates(["truth_id", "ea"])
    who, known = (pd.MultiIndex.from_frame(frame[["truth_id", "ea"]]) for frame in (rows, real))
    return rows, who.isin(known)


@pytest.fixture(scope="module")
def some_areas(taken):
    counted, survey = taken["typical"]
    people = usual(counted)
    rows, truth = in_census(survey, people)
    chosen = rows["ea"].isin(sorted(rows["ea"].unique())[::3])
    return rows[chosen], truth[chosen.to_numpy()], people[people["ea"].isin(rows.loc[chosen, "ea"])]


def test_matching_without_names_finds_who_is_in_the_census(some_areas):
    rows, truth, people = some_areas
    found = match_to_census(rows, people).persons
    quality = match_quality(found["match_status"], pd.Series(truth))
    assert quality["precision"] > 0.995
    assert quality["missed_matches"] < 0.01
    assert quality["false_matches"] < 0.05
    assert quality["unresolved"] < 0.04
    # The right person, not only the right answer: brothers of one age can be taken for one another.
    record = found["person_id"].map(people.set_index("person_id")["truth_id"])
    assert (record == rows["truth_id"])[found["match_status"].eq("M")].mean() > 0.97
    # What matching error does to the estimate is what theory says of these shares.
    resolved = found["match_status"].ne("U").to_numpy()
    true_m, m = truth[resolved].sum(), found["match_status"].eq("M").sum()
    n2 = resolved.sum()
    mended = with_matching_error(n2, n2, m, quality["missed_matches"], quality["false_matches"]).value
    assert mended == pytest.approx(dual_system(n2, n2, true_m).value, rel=1e-9)


def test_names_settle_what_answers_alone_leave_open(some_areas, world):
    """Census in English, survey in French spelling: fewer doubtful cases and fewer mistaken persons."""
    rows, truth, people = some_areas
    few = sorted(rows["ea"].unique())[:2]
    keep = rows["ea"].isin(few)
    rows, truth, people = rows[keep], truth[keep.to_numpy()], people[people["ea"].isin(few)]
    place = pd.Index(world.persons["truth_id"].astype(str))
    spelt = {}
    for name, frame, language in (("survey", rows, "fr"), ("census", people, "en")):
        at = place.get_indexer(frame["truth_id"].astype(str))
        given, surname = (np.where(at < 0, 0, world.persons[c].to_numpy()[at]) for c in ("given", "surname"))
        family, first = written_names(given, surname, language)
        spelt[name] = frame.assign(given_name=first, family_name=family)
    plain = match_to_census(rows, people).persons
    named = match_to_census(
        spelt["survey"], spelt["census"], [*WITHOUT_NAMES, compare_name("given_name"), compare_name("family_name")]
    ).persons
    person = people.set_index("person_id")["truth_id"]
    right = [(found["person_id"].map(person) == rows["truth_id"]).mean() for found in (plain, named)]
    assert right[1] >= right[0]
    quality = match_quality(named["match_status"], pd.Series(truth))
    assert quality["missed_matches"] <= match_quality(plain["match_status"], pd.Series(truth))["missed_matches"]
    assert quality["precision"] > 0.99
    assert right[1] > 0.97 * truth.mean()
