"""Survey measures: published values with their sources, both engines alike, and input that cannot be."""

import io
import re
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migkit.measures.surveys import (
    INDICATOR_10_7_1,
    SurveyDesign,
    chance_to_see,
    cluster_variance,
    clustering_effect,
    confidence_interval,
    effective_sample_size,
    intraclass_correlation,
    neyman_allocation,
    outlying_amounts,
    oversampling,
    raked_weights,
    recruitment_cost,
    recruitment_exclusions,
    remittance_channels,
    remittance_cost,
    remittances_received,
    replicate_weights,
    sample_size,
    sent_cost,
    service_costs,
    survey_mean,
    survey_proportion,
    survey_quantile,
    survey_ratio,
    survey_total,
    weighted_ratio,
    weighting_effect,
    what_a_sample_sees,
    worker_recruitment_cost,
    yearly_amounts,
)
from migkit.reference import KitError

PUBLISHED = Path(__file__).parents[1] / "datasets" / "published"
ENGINES = ["numpy", "svy"]
fuzz = settings(deadline=None, max_examples=25)


@pytest.fixture(scope="module")
def srs() -> pd.DataFrame:
    return pd.read_csv(PUBLISHED / "api_srs.csv")


@pytest.fixture(scope="module")
def strat() -> pd.DataFrame:
    return pd.read_csv(PUBLISHED / "api_strat.csv")


SRS, SRS_WR = SurveyDesign("pw", fpc="fpc"), SurveyDesign("pw")
STRAT, STRAT_WR = SurveyDesign("pw", "stype", fpc="fpc"), SurveyDesign("pw", "stype")


def one(table: pd.DataFrame, label: str = "Total") -> pd.Series:
    return table.loc[label]


def prints(value: float, printed: float, digits: int) -> bool:
    """Whether the value, rounded as it was printed, is what was printed."""
    return round(float(value), digits) == printed


# California Academic Performance Index, samples apisrs and apistrat, as estimated by the survey package for R
# (T. Lumley, Complex Surveys, 2010, and the package's examples).


@pytest.mark.parametrize("engine", ENGINES)
def test_simple_random_sample_of_schools(srs, engine):
    mean = one(survey_mean(srs, "api00", SRS, engine=engine))
    assert mean["estimate"] == pytest.approx(656.585, rel=1e-12)
    assert prints(mean["se"], 9.24972, 5)
    assert mean["deff"] == pytest.approx(1, rel=1e-9)
    assert prints(one(survey_mean(srs, "api00", SRS_WR, engine=engine))["se"], 9.40277, 5)
    total = one(survey_total(srs, "enroll", SRS, engine=engine))
    assert prints(total["estimate"], 3621074, 0) and prints(total["se"], 169520, 0)


@pytest.mark.parametrize("engine", ENGINES)
def test_stratified_sample_of_schools(strat, engine):
    mean = one(survey_mean(strat, "api00", STRAT, engine=engine))
    assert prints(mean["estimate"], 662.28736, 5) and prints(mean["se"], 9.40894, 5)
    assert prints(mean["deff"], 1.20446, 5)
    assert prints(mean["low"], 643.73219, 5) and prints(mean["high"], 680.84254, 5) and mean["df"] == 197
    normal = one(survey_mean(strat, "api00", STRAT, interval="normal", engine=engine))
    assert prints(normal["low"], 643.84618, 5) and prints(normal["high"], 680.72855, 5)
    assert prints(one(survey_mean(strat, "api00", STRAT_WR, engine=engine))["se"], 9.53613, 5)
    total = one(survey_total(strat, "enroll", STRAT, engine=engine))
    assert prints(total["estimate"], 3687178, 0) and prints(total["se"], 114642, 0)
    ratio = one(survey_ratio(strat, "api_stu", "enroll", STRAT, engine=engine))
    assert prints(ratio["estimate"], 0.83695689, 8) and prints(ratio["se"], 0.0077571032, 10)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("stype", "mean", "se"), [("E", 674.43, 12.38248), ("H", 625.82, 14.937129), ("M", 636.6, 16.214707)]
)
def test_schools_by_type(strat, engine, stype, mean, se):
    row = one(survey_mean(strat, "api00", STRAT, by="stype", engine=engine), stype)
    assert row["estimate"] == pytest.approx(mean, rel=1e-12)
    assert row["se"] == pytest.approx(se, abs=6e-7 if se != 12.38248 else 6e-6)


# Standard errors and design effects against samples with and without replacement, R survey 4.5: svymean(~api00, d,
# deff=TRUE) and deff="replace", d stratified with and without fpc, whole and subset(d, sch.wide == "Yes").
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("design", "row", "se", "wor", "wr"),
    [
        (STRAT_WR, "Total", 9.5361322969, 1.237241445022, 1.197291769419),
        (STRAT, "Total", 9.4089408028, 1.204457268538, 1.165566171454),
        (STRAT_WR, "Yes", 10.6540738828, 1.228801107524, 1.192380187135),
        (STRAT, "Yes", 10.5203892001, 1.198157193016, 1.162644539689),
    ],
)
def test_design_effects_of_schools(strat, engine, design, row, se, wor, wr):
    for srs_kind, deff in (("wor", wor), ("wr", wr)):
        found = one(survey_mean(strat, "api00", design, by="sch_wide", srs=srs_kind, engine=engine), row)
        assert found["se"] == pytest.approx(se, rel=1e-10)
        assert found["deff"] == pytest.approx(deff, rel=1e-10)


# The cluster sample apiclus1 of the same schools: 15 of 757 districts, all schools of each; by district, type
# (E, M, H) and whether the school met its target. Figures: the survey package for R, its tests (api.Rout,
# rakecheck.Rout) and the pages of T. Lumley on r-survey.r-forge.r-project.org.

DISTRICTS = """district type met schools api00 api99 enroll tested
61 E Yes 10 7203 6911 3884 3572
61 M No 2 1458 1465 1870 1603
61 M Yes 1 711 669 1023 872
135 E No 3 2013 2046 1191 1030
135 E Yes 31 20495 19351 13847 11588
178 E Yes 2 1001 877 937 798
178 H Yes 1 529 469 388 359
178 M No 1 547 575 343 304
197 E No 1 709 716 425 368
197 E Yes 9 6005 5539 3696 3118
197 M No 2 1190 1195 1875 1604
197 M Yes 1 689 679 962 845
255 E No 1 552 553 345 263
255 E Yes 12 8633 8300 6130 5174
255 M Yes 3 2184 2118 2550 2136
406 E Yes 2 1116 1004 683 610
413 E Yes 1 551 502 274 199
437 E Yes 2 963 785 732 566
437 H Yes 1 443 414 418 358
437 M Yes 1 482 404 286 260
448 E Yes 9 6858 6352 3794 3287
448 H Yes 1 703 668 2147 1884
448 M Yes 2 1550 1458 1434 1260
510 E No 1 629 631 540 476
510 E Yes 15 9964 9071 6995 5608
510 H No 1 595 593 1585 1342
510 H Yes 1 661 648 1855 1565
510 M No 1 614 607 1015 784
510 M Yes 2 1298 1233 2978 2517
568 E No 1 699 730 196 177
568 E Yes 3 2160 2070 646 554
568 H No 1 687 687 210 184
568 H Yes 3 2161 2104 895 775
568 M Yes 1 679 662 233 187
637 E Yes 8 5418 4920 2551 2059
637 H Yes 1 608 562 1689 1358
637 M Yes 2 1333 1217 1841 1478
716 E No 5 2554 2544 2546 2297
716 E Yes 25 14254 13084 11920 10611
716 H Yes 3 1577 1489 6195 4960
716 M Yes 4 2009 1884 5153 4584
778 E Yes 1 494 404 308 241
778 M No 1 411 408 372 291
815 E Yes 2 1166 1132 691 589
815 H No 1 696 706 442 350
815 M No 1 631 641 508 434"""


@pytest.fixture(scope="module")
def districts() -> pd.DataFrame:
    """One row a group of schools, with its means; it weighs as much as its schools."""
    frame = pd.read_csv(io.StringIO(DISTRICTS), sep=" ").assign(fpc=757)
    for name in ("api00", "api99", "enroll", "tested"):
        frame[name] = frame[name] / frame["schools"]
    return frame.assign(pw=33.84699631 * frame["schools"])


@pytest.mark.parametrize(
    ("errors", "api00", "api99", "shares"),
    [
        ("linearisation", (23.542, 3), (24.2250, 4), [0.0463, 0.0268, 0.0296]),
        ("jackknife", (26.329, 3), (26.9985, 4), [0.0514, 0.0278, 0.0332]),
    ],
)
def test_schools_of_fifteen_districts(districts, errors, api00, api99, shares):
    design = SurveyDesign("pw", psu="district", fpc="fpc", errors=errors)
    for name, mean, (se, digits) in (("api00", 644.169399, api00), ("api99", 606.978142, api99)):
        row = one(survey_mean(districts, name, design))
        assert prints(row["estimate"], mean, 6) and prints(row["se"], se, digits) and row["df"] == 14
    kinds = survey_proportion(districts, "type", design)
    assert kinds["estimate"].round(6).tolist() == [0.786885, 0.076503, 0.136612]
    assert kinds["se"].round(4).tolist() == shares
    # For totals the two roads are one.
    total = one(survey_total(districts, "enroll", design))
    assert prints(total["estimate"], 3404940.13, 2) and prints(total["se"], 932235.03, 2)
    counts = survey_total(districts, None, design, by="type")
    assert counts["estimate"].round(2).tolist()[:3] == [4873.97, 473.86, 846.17]
    assert counts["se"].round(2).tolist()[:3] == [1333.32, 158.70, 167.55]


def test_schools_of_districts_in_domains_and_as_a_ratio(districts):
    design = SurveyDesign("pw", psu="district", fpc="fpc")
    ratio = one(survey_ratio(districts, "tested", "enroll", design))
    assert prints(ratio["estimate"], 0.8497087, 7) and prints(ratio["se"], 0.008386297, 9)
    table = survey_mean(districts, "api99", design, by="type")
    assert table["estimate"].round(4).tolist()[:3] == [607.7917, 595.7143, 608.6]
    both = survey_mean(districts, "api99", design, by=["type", "met"])
    for label, mean, se in (
        (("E", "No"), 601.6667, 47.27582),
        (("E", "Yes"), 608.3485, 21.52493),
        (("H", "No"), 662.0000, 29.23003),
        (("H", "Yes"), 577.6364, 46.50125),
        (("M", "No"), 611.3750, 41.11886),
    ):
        assert prints(both.loc[label, "estimate"], mean, 4) and prints(both.loc[label, "se"], se, 5), label


# postStratify: total 3680893, errors 406293 and 473431; those of the mean are printed 23.921, 26.934, ours 23.9205
# and 26.9345. rake: every printed digit.
@pytest.mark.parametrize(
    ("columns", "mean", "linear", "jackknife"),
    [
        (["type"], 642.31, (23.921, 406293), (26.934, 473431)),
        (["type", "met"], 641.23, (23.704, 400603), (26.874, 463582)),
    ],
)
def test_schools_weighted_up_to_what_is_known(districts, columns, mean, linear, jackknife):
    known = {"type": {"E": 4421, "H": 755, "M": 1018}, "met": {"No": 1072, "Yes": 5122}}
    frame = districts.assign(new=raked_weights(districts, {name: known[name] for name in columns}, "pw"))
    for errors, (of_mean, of_total) in (("linearisation", linear), ("jackknife", jackknife)):
        design = SurveyDesign("new", psu="district", fpc="fpc", calibrated=columns, before="pw", errors=errors)
        row = one(survey_mean(frame, "api00", design))
        assert prints(row["estimate"], mean, 2)
        assert abs(row["se"] - of_mean) < (6e-4 if columns == ["type"] else 5e-4)
        assert prints(one(survey_total(frame, "enroll", design))["se"], of_total, 0)


# The data fpc of the package (8 rows) and its tests check.Rout, domain.Rout.
FPC = pd.DataFrame(
    {"stratid": [1] * 5 + [2] * 3, "psuid": [1, 2, 3, 4, 5, 1, 2, 3], "weight": [3.0] * 5 + [4.0] * 3,
     "Nh": [15] * 5 + [12] * 3, "x": [2.8, 4.1, 6.8, 6.8, 9.2, 3.7, 6.6, 4.2], "all": 27}
)  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("design", "mean", "se"),
    [
        (SurveyDesign("weight", "stratid", "psuid", nest=True), 5.4481, 0.7413),
        (SurveyDesign("weight", "stratid"), 5.4481, 0.7413),
        (SurveyDesign("weight", "stratid", "psuid", fpc="Nh", nest=True), 5.4481, 0.616),
        (SurveyDesign(None, "stratid", "psuid", fpc="Nh", nest=True), 5.4481, 0.616),
        (SurveyDesign(None, "stratid"), 5.525, 0.7796),
        (SurveyDesign(None, psu="psuid"), 5.525, 0.838),
        (SurveyDesign("weight", psu="psuid"), 5.4481, 0.7938),
        (SurveyDesign("weight", psu="stratid"), 5.4481, 0.5465),
        (SurveyDesign("weight", psu="psuid", fpc="all"), 5.4481, 0.7165),
    ],
)
def test_every_way_to_tell_the_design_of_eight_persons(engine, design, mean, se):
    row = one(survey_mean(FPC, "x", design, engine=engine))
    assert prints(row["estimate"], mean, 4) and prints(row["se"], se, 4)


def test_the_part_above_four_of_eight_persons():
    design = SurveyDesign("weight", "stratid", "psuid", nest=True)
    large = FPC.assign(large=FPC["x"] > 4)
    mean, total = (f(large, "x", design, by="large") for f in (survey_mean, survey_total))
    assert mean["estimate"].round(6).tolist()[:2] == [3.314286, 6.195]
    assert mean["se"].round(7).tolist()[:2] == [0.3117042, 0.7555129]
    assert total["estimate"].round(1).tolist()[:2] == [23.2, 123.9]
    assert total["se"].round(5).tolist()[:2] == [17.01764, 33.00409]


@pytest.mark.parametrize("engine", ENGINES)
def test_two_stages_of_swedish_municipalities(engine):
    """C.-E. Sarndal, B. Swensson and J. Wretman, Model Assisted Survey Sampling; mu284 of R's package."""
    frame = pd.DataFrame(
        {"id1": [19, 45, 47, 50, 31] * 3, "n1": 50, "id2": np.repeat([1, 2, 3], 5),
         "y1": [41, 49, 31, 39, 49, 49, 49, 31, 41, 51, 49, 45, 35, 61, 33], "n2": [5, 8, 5, 9, 7] * 3}
    )  # fmt: skip
    row = one(survey_total(frame, "y1", SurveyDesign(psu="id1", fpc="n1", ssu="id2", fpc_ssu="n2"), engine=engine))
    assert row["estimate"] == pytest.approx(15080) and prints(row["se"] ** 2, 5172234, 0)


def test_design_effects_of_ten_firms():
    """T. Tsuchiya's example in the package's tests (deff.Rout)."""
    firms = pd.DataFrame({"sales": [15, 143, 21, 51, 337, 50, 274, 145, 15, 86], "equal": 100.0,
                          "pps": [20, 200, 11, 25, 550, 30, 250, 100, 10, 55]})  # fmt: skip
    mean = one(survey_mean(firms, "sales", SurveyDesign("equal")))
    assert prints(mean["se"], 35.626, 3) and prints(mean["deff"], 1.0101, 4)
    mean, total = (one(f(firms, "sales", SurveyDesign("pps"), srs="wr")) for f in (survey_mean, survey_total))
    assert (
        prints(mean["estimate"], 243.914, 3)
        and prints(mean["se"], 48.752, 3)
        and prints(mean["deff"], 1.974067, 6)
    )
    assert prints(total["se"], 184965, 0) and prints(total["deff"], 18.15669, 5)


@pytest.mark.parametrize(("lonely", "variance"), [("certainty", 126625), ("adjust", 127579.81)])
def test_total_with_a_stratum_of_one(lonely, variance):
    """The package's test lonely.psu.R."""
    frame = pd.DataFrame({"stratum": [1, 1, 2, 2, 3], "psu": range(5), "weight": [10.5, 10.5, 20, 20, 15],
                          "age": [30.5, 40.5, 35, 52, 44]})  # fmt: skip
    design = SurveyDesign("weight", "stratum", "psu", lonely=lonely)
    assert one(survey_total(frame, "age", design))["se"] ** 2 == pytest.approx(variance)


def test_kaltons_raking():
    """G. Kalton and I. Flores-Cervantes, Journal of Official Statistics 19 (2003); R's kalton.Rout, table B."""
    cells = pd.DataFrame([(a, b) for b in "123" for a in "1234"], columns=["a", "b"])
    sample = [20, 50, 100, 30, 40, 140, 50, 100, 40, 310, 50, 70]
    population = cells.assign(n=[80, 60, 170, 55, 40, 150, 60, 165, 55, 340, 200, 125])
    persons = cells.loc[np.repeat(range(12), sample)].reset_index(drop=True)
    totals = {name: population.groupby(name)["n"].sum() for name in "ab"}
    factor = raked_weights(persons, totals, None).groupby([persons["a"], persons["b"]]).mean().unstack().round(2)
    assert factor.to_numpy().tolist() == [
        [1.81, 1.45, 2.02],
        [1.08, 0.87, 1.21],
        [2.2, 1.76, 2.45],
        [1.83, 1.47, 2.04],
    ]


def test_what_pupils_spend_on_ice_cream():
    """SAS/STAT User's Guide, the SURVEYMEANS procedure, Getting Started: 40 of 4,000 pupils of three grades."""
    told = """7 7 7 7 8 12 9 10 7 1 7 10 7 3 8 20 8 19 7 2 7 2 9 15 8 16 7 6 7 6 7 6 9 15 8 17 8 14 9 8 9 8 9 7
    7 3 7 12 7 4 9 14 8 18 9 9 7 2 7 1 7 4 7 11 9 8 8 10 8 13 7 2 9 6 9 11 7 2 7 9"""
    pupils = pd.DataFrame(np.array(told.split(), dtype=float).reshape(-1, 2), columns=["grade", "spending"])
    pupils["school"], pupils["pupils"] = 4000, pupils["grade"].map({7: 1824, 8: 1025, 9: 1151})
    row = one(survey_mean(pupils, "spending", SurveyDesign(fpc="school")))
    assert row["estimate"] == 8.75 and prints(row["se"], 0.845139, 6)
    assert prints(row["low"], 7.04054539, 8) and prints(row["high"], 10.4594546, 7)
    for errors in ("linearisation", "jackknife"):
        row = one(survey_mean(pupils, "spending", SurveyDesign(None, "grade", fpc="pupils", errors=errors)))
        assert prints(row["estimate"], 9.141298, 6) and prints(row["se"], 0.531799, 6) and row["df"] == 37


def test_unemployed_of_a_finnish_province():
    """R. Lehtonen and E. Pahkinen, Practical Methods for Design and Analysis of Complex Surveys, table 2.6."""
    frame = pd.DataFrame({"stratum": [1, 1] + [2] * 6, "weight": 4, "share": 0.25,
                          "unemployed": [4123, 721, 194, 129, 239, 61, 262, 166]})  # fmt: skip
    row = one(survey_total(frame, "unemployed", SurveyDesign("weight", "stratum", fpc="share")))
    assert row["estimate"] == 23580 and prints(row["se"], 11801, 0) and prints(row["cv"], 0.500487, 6)


# P. S. Levy and S. Lemeshow, Sampling of Populations: two of five ambulance stations in each of three areas.
STATIONS = pd.DataFrame(
    {"area": [1, 1, 2, 2, 3, 3], "station": [1, 2] * 3, "arrests": [120, 78, 185, 228, 670, 530],
     "alive": [25, 24, 30, 49, 80, 70]}
)  # fmt: skip
HALVES = 2 * np.array([[1, 0, 1, 0, 1, 0], [1, 0, 0, 1, 0, 1], [0, 1, 1, 0, 0, 1], [0, 1, 0, 1, 1, 0]])


def test_balanced_half_samples_of_ambulance_stations():
    """Ratio and error as R's svyratio prints them for the half-samples of the book."""
    names = [f"half_{number}" for number in range(4)]
    given = STATIONS.join(pd.DataFrame(HALVES.T, columns=names))
    designs = [
        SurveyDesign(None, "area", "station", nest=True, errors="brr"),
        SurveyDesign(replicates=names, scale=1 / 4),
    ]
    for frame in (given, given.iloc[::-1]):
        for design in designs:
            row = one(survey_ratio(frame, "alive", "arrests", design))
            assert prints(row["estimate"], 0.1535064, 7) and prints(row["se"], 0.009418401, 9) and row["df"] == 3


def test_the_truth_lies_in_the_intervals_of_the_schools(srs, strat):
    """All 6,194 schools: mean 664.71263, enrolment 3,811,472."""
    for sample, design in ((srs, SRS), (strat, STRAT)):
        mean, total = one(survey_mean(sample, "api00", design)), one(survey_total(sample, "enroll", design))
        assert mean["low"] < 664.71263 < mean["high"]
        assert total["low"] < 3811472 < total["high"]


# S. L. Lohr, Sampling: Design and Analysis: the grade point averages of four students in each of 5 of 100 suites.

SUITES = [
    [3.08, 2.60, 3.44, 3.04], [2.36, 3.04, 3.28, 2.68], [2.00, 2.56, 2.52, 1.88],
    [3.00, 2.88, 3.44, 3.64], [2.68, 1.92, 3.28, 3.20],
]  # fmt: skip


@pytest.fixture
def suites() -> pd.DataFrame:
    frame = pd.DataFrame({"suite": np.repeat(range(5), 4), "gpa": np.ravel(SUITES)})
    return frame.assign(weight=20.0, suites=100)


@pytest.mark.parametrize("engine", ENGINES)
def test_students_in_suites(suites, engine):
    design = SurveyDesign("weight", psu="suite", fpc="suites")
    mean, total = (f(suites, "gpa", design, engine=engine).iloc[0] for f in (survey_mean, survey_total))
    assert prints(mean["estimate"], 2.826, 3) and prints(mean["se"], 0.164, 3)
    assert prints(total["estimate"], 1130.4, 1)
    # 100 x sqrt((1 - 5/100) x 2.256 / 5)
    assert prints(total["se"], 65.466, 2) or abs(total["se"] - 65.466) < 0.01


def test_weights_follow_from_the_numbers_drawn_from(suites):
    with_weight = SurveyDesign("weight", psu="suite", fpc="suites")
    from_fpc = SurveyDesign(psu="suite", fpc="suites")
    pd.testing.assert_frame_equal(survey_total(suites, "gpa", with_weight), survey_total(suites, "gpa", from_fpc))
    share = suites.assign(suites=0.05)
    pd.testing.assert_frame_equal(survey_total(suites, "gpa", with_weight), survey_total(share, "gpa", from_fpc))


def test_how_alike_students_of_one_suite_are(suites):
    # Analysis of variance: mean squares 0.56392 between suites, 0.18504 within.
    assert intraclass_correlation(suites, "gpa", "suite") == pytest.approx(
        (0.56392 - 0.18504) / (0.56392 + 3 * 0.18504), abs=1e-5
    )


def test_caribou_in_six_strata():
    """Neyman allocation of 225 counting strips: Siniff and Skoog (1964), as in Lohr, Sampling."""
    strata = pd.DataFrame(
        {"size": [400, 30, 61, 18, 70, 120], "sd": [3000, 2000, 9000, 2000, 12000, 1000]}, index=list("ABCDEF")
    )
    table = neyman_allocation(strata, 225)
    assert table["neyman"].round(2).tolist() == [96.26, 4.81, 44.04, 2.89, 67.38, 9.63, 225.0]


def test_sample_sizes_of_the_textbook():
    """Lohr: a margin of 3 points for a share of one half, without and with the 3,078 counties' correction."""
    assert round(sample_size(0.5, margin=0.03)) == 1067
    assert round(sample_size(0.5, margin=0.03, population=3078)) == 792


def test_households_of_the_multiple_indicator_cluster_surveys():
    """The manual's formula: 4 r (1 - r) deff 1.1 / ((0.12 r)^2 p size)."""
    r, deff, share, size = 0.25, 1.5, 0.03, 6
    manual = 4 * r * (1 - r) * deff * 1.1 / ((0.12 * r) ** 2 * share * size)
    ours = sample_size(
        r, relative_margin=0.12, deff=deff, response=1 / 1.1, group_share=share, household_size=size, z=2
    )
    assert ours == pytest.approx(manual, rel=1e-12)


def test_kishs_effects():
    assert clustering_effect(0.1, 11) == 2.0
    assert weighting_effect([1, 1, 3, 3]) == 1.25
    w = np.array([1.0, 2, 3, 10])
    assert weighting_effect(w) == pytest.approx(1 + w.var() / w.mean() ** 2, rel=1e-12)
    assert effective_sample_size(w) * weighting_effect(w) == pytest.approx(4, rel=1e-12)


# ------------------------------------------------------------------------------- two engines, one answer


def clustered(seed: int, strata: int = 4, psus: int = 5, take: int = 8) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    n = strata * psus * take
    psu = np.repeat(np.arange(strata * psus), take)
    frame = pd.DataFrame({"stratum": psu // psus, "psu": psu, "home": np.arange(n) // 2})
    frame["weight"] = rng.uniform(5, 50, n)
    frame["y"] = rng.lognormal(3, 1, n) * (1 + rng.normal(0, 0.3, strata * psus)[psu])
    frame["x"] = frame["y"] * rng.uniform(0.5, 2, n)
    frame["group"] = rng.choice(["a", "b", "c"], n, p=[0.6, 0.3, 0.1])
    frame["psus"], frame["homes"] = 3 * psus, 10
    return frame


DESIGNS = {
    "clusters": SurveyDesign("weight", "stratum", "psu"),
    "fpc": SurveyDesign("weight", "stratum", "psu", fpc="psus"),
    "two stages": SurveyDesign("weight", "stratum", "psu", fpc="psus", ssu="home", fpc_ssu="homes"),
    "no strata": SurveyDesign("weight", psu="psu"),
    "persons": SurveyDesign("weight"),
}


@pytest.mark.parametrize("design", DESIGNS.values(), ids=DESIGNS.keys())
@pytest.mark.parametrize("kind", ["mean", "total", "ratio", "quantile", "proportion"])
def test_the_readable_version_and_svy_agree(design, kind):
    frame = clustered(3)
    frame.loc[::17, "y"] = np.nan
    call = {
        "mean": lambda engine: survey_mean(frame, "y", design, by="group", engine=engine),
        "total": lambda engine: survey_total(frame, "y", design, by="group", engine=engine),
        "ratio": lambda engine: survey_ratio(frame, "y", "x", design, by="group", engine=engine),
        "quantile": lambda engine: survey_quantile(frame, "y", design, 0.4, by="group", engine=engine),
        "proportion": lambda engine: survey_proportion(frame, "group", design, by="stratum", engine=engine),
    }[kind]
    ours, theirs = call("numpy"), call("svy")
    pd.testing.assert_frame_equal(ours, theirs, rtol=1e-9, check_dtype=False)


def test_intervals_of_shares_are_those_of_svy():
    import polars
    import svy

    frame = clustered(5)
    whole = svy.Sample(polars.from_pandas(frame), svy.Design(stratum="stratum", psu="psu", wgt="weight"))
    for interval in ("logit", "beta"):
        table = survey_proportion(frame, "group", DESIGNS["clusters"], interval=interval)
        found = whole.estimation.prop("group", ci_method=interval).to_polars().to_pandas().set_index("group")
        assert table["low"].tolist() == pytest.approx(found["lci"].tolist(), rel=1e-9)
        assert table["high"].tolist() == pytest.approx(found["uci"].tolist(), rel=1e-9)


@pytest.mark.parametrize("lonely", ["adjust", "certainty"])
@pytest.mark.parametrize("fpc", [None, "psus"])
def test_a_stratum_with_one_area(lonely, fpc):
    frame = clustered(7)
    frame.loc[frame["stratum"] == 3, "psu"] = 99
    design = SurveyDesign("weight", "stratum", "psu", fpc=fpc, lonely=lonely)
    for table in (survey_mean, survey_total):
        ours, theirs = (table(frame, "y", design, engine=engine) for engine in ENGINES)
        pd.testing.assert_frame_equal(ours, theirs, rtol=1e-9, check_dtype=False)
    sure, wide = (
        survey_mean(frame, "y", SurveyDesign("weight", "stratum", "psu", lonely=way))["se"].iloc[0]
        for way in ("certainty", "adjust")
    )
    assert sure < wide
    with pytest.raises(KitError, match="Stratum 3 has one cluster"):
        survey_mean(frame, "y", SurveyDesign("weight", "stratum", "psu", lonely="fail"))


def test_a_stratum_that_is_in_the_sample_whole_has_no_sampling_error():
    frame = clustered(2).assign(psus=5)
    whole = SurveyDesign("weight", "stratum", "psu", fpc="psus", lonely="fail")
    assert survey_mean(frame, "y", whole)["se"].iloc[0] == 0


def test_area_numbers_that_begin_anew_in_each_stratum():
    frame = clustered(4)
    again = frame.assign(psu=frame["psu"] % 5)
    nested = survey_mean(again, "y", SurveyDesign("weight", "stratum", "psu", nest=True))
    pd.testing.assert_frame_equal(nested, survey_mean(frame, "y", DESIGNS["clusters"]))
    with pytest.raises(KitError, match="nest=True"):
        survey_mean(again, "y", DESIGNS["clusters"])


def test_ratio_of_the_lesson_and_of_the_design_are_one():
    frame = clustered(6)
    lesson = weighted_ratio(frame, "y", "x", cluster="psu")
    table = survey_ratio(frame, "y", "x", DESIGNS["clusters"])
    assert (lesson.value, lesson.se) == pytest.approx(tuple(table[["estimate", "se"]].iloc[0]), rel=1e-12)


def test_a_domain_keeps_the_whole_design():
    """Rows outside a domain count with 0: a sample cut down to it forgets areas without it."""
    frame = clustered(8)
    domain = survey_total(frame, None, DESIGNS["clusters"], by="group").loc["c"]
    cut = survey_total(frame[frame["group"] == "c"], None, DESIGNS["clusters"]).iloc[0]
    assert domain["estimate"] == pytest.approx(cut["estimate"]) and domain["se"] > cut["se"]
    z = (frame["weight"] * (frame["group"] == "c")).groupby([frame["stratum"], frame["psu"]]).sum()
    assert domain["se"] ** 2 == pytest.approx(cluster_variance(z), rel=1e-12)


def test_two_columns_of_domains_and_strata_of_two_columns():
    frame = clustered(9).assign(sex=lambda t: np.where(t.index % 2, "F", "M"), region=lambda t: t["stratum"] // 2)
    frame["part"] = frame["stratum"] % 2
    table = survey_mean(frame, "y", SurveyDesign("weight", ["region", "part"], "psu"), by=["sex", "group"])
    assert table.index.names == ["sex", "group"] and ("F", "a") in table.index
    pd.testing.assert_series_equal(
        table.loc[("Total", "")], survey_mean(frame, "y", DESIGNS["clusters"]).iloc[0], check_names=False
    )


def test_nobody_in_the_sample_does_not_mean_nobody():
    frame = pd.DataFrame({"weight": 1.0, "born": ["GMB"] * 100})
    row = survey_proportion(frame, "born", SurveyDesign("weight")).loc["GMB"]
    assert row["high"] == 1 and row["low"] == pytest.approx(0.025 ** (1 / 100))
    assert chance_to_see(100, 1 - row["low"]) == pytest.approx(0.975)


def test_not_stated_is_shown_and_can_be_a_category():
    frame = pd.DataFrame({"weight": 1.0, "born": ["GMB", "SEN", "XXX", None]})
    table = survey_proportion(frame, "born", SurveyDesign("weight"))
    assert table["estimate"].tolist() == [0.5, 0.5] and table["unanswered"].tolist() == [2, 2]
    whole = survey_proportion(frame, "born", SurveyDesign("weight"), count_unknown=True)
    assert whole["estimate"].to_dict() == {"GMB": 0.25, "SEN": 0.25, "Not stated": 0.5}


# ----------------------------------------------------------------------------------------- calibration


def test_post_stratified_weights_meet_the_totals_and_lessen_the_error():
    frame = clustered(11)
    frame["y"] += frame["group"].map({"a": 0, "b": 200, "c": 600})
    totals = {"a": 3000, "b": 1500, "c": 700}
    frame["new"] = raked_weights(frame, {"group": totals})
    assert frame.groupby("group")["new"].sum().to_dict() == pytest.approx(totals)
    knows = SurveyDesign("new", "stratum", "psu", calibrated=["group"])
    counted = survey_total(frame, None, knows, by="group")
    assert counted["estimate"].tolist() == pytest.approx([3000, 1500, 700, 5200])
    assert counted["se"].tolist() == pytest.approx([0, 0, 0, 0], abs=1e-6)
    forgets = survey_mean(frame, "y", SurveyDesign("new", "stratum", "psu"))["se"].iloc[0]
    assert survey_mean(frame, "y", knows)["se"].iloc[0] < forgets / 2


def test_raking_meets_both_margins_and_keeps_the_odds_ratio():
    frame = pd.DataFrame({"sex": list("MMFF"), "area": list("URUR"), "weight": [40.0, 30, 20, 10]})
    new = raked_weights(frame, {"sex": {"M": 100, "F": 100}, "area": {"U": 120, "R": 80}})
    assert new.groupby(frame["sex"]).sum().tolist() == pytest.approx([100, 100])
    assert new.groupby(frame["area"]).sum().tolist() == pytest.approx([80, 120])
    assert new[0] * new[3] / (new[1] * new[2]) == pytest.approx(40 * 10 / (30 * 20))


@pytest.mark.parametrize(
    ("totals", "says"),
    [
        ({"sex": {"M": 100}}, "no total for 'F'"),
        ({"sex": {"M": 100, "F": 90, "Z": 5}}, "nobody in the sample"),
        ({"sex": {"M": 100, "F": 90}, "area": {"U": 10, "R": 20}}, "different populations"),
        ({"sex": 5}, "Series or a dictionary"),
        ({}, "totals names one column"),
        ({"sex": {"M": -1, "F": 90}}, "row 'M' holds -1"),
    ],
)
def test_totals_that_cannot_be(totals, says):
    frame = pd.DataFrame({"sex": list("MMFF"), "area": list("URUR"), "weight": 10.0})
    with pytest.raises(KitError, match=says):
        raked_weights(frame, totals)


# ------------------------------------------------------------------------------------------- replication


def test_replicate_weights_stand_in_for_the_areas():
    """A file with the replicate weights and without areas gives every estimate the same error."""
    frame = clustered(21).assign(psus=15)
    design = SurveyDesign("weight", "stratum", "psu", fpc="psus", errors="jackknife")
    made = replicate_weights(frame, design)
    assert made.weights.shape == (len(frame), 20) and set(made.scale) == {(1 - 5 / 15) * 4 / 5}
    public = frame.drop(columns=["stratum", "psu", "psus"]).join(made.weights)
    given = SurveyDesign("weight", replicates=list(made.weights), scale=made.scale)
    for call in (
        lambda file, how: survey_mean(file, "y", how, by="group"),
        lambda file, how: survey_total(file, "y", how, by="group"),
        lambda file, how: survey_ratio(file, "y", "x", how),
        lambda file, how: survey_proportion(file, "group", how),
        lambda file, how: survey_quantile(file, "y", how, 0.3),
    ):
        ours, theirs = call(frame, design), call(public, given)
        for name in ("estimate", "n") if "deff" not in ours else ("estimate", "se", "deff", "n"):
            assert np.allclose(ours[name], theirs[name], equal_nan=True)


@fuzz
@given(st.integers(0, 10_000))
def test_jackknife_and_linearisation_tell_the_same_of_totals(seed):
    frame = clustered(seed, strata=3, psus=2, take=4).assign(psus=6)
    for errors in ("jackknife", "brr"):
        for fpc in (None, "psus") if errors == "jackknife" else (None,):
            plain = SurveyDesign("weight", "stratum", "psu", fpc=fpc)
            again = SurveyDesign("weight", "stratum", "psu", fpc=fpc, errors=errors)
            for y in ("y", None):
                ours, theirs = (survey_total(frame, y, how, by="group")["se"] for how in (plain, again))
                assert np.allclose(ours, theirs)
    mixed = frame.sample(frac=1, random_state=seed)
    ours, theirs = (survey_ratio(file, "y", "x", again)["se"] for file in (frame, mixed))
    assert ours.tolist() == pytest.approx(theirs.tolist(), rel=1e-9)


def test_a_replicate_without_the_domain_gives_it_no_error():
    frame = clustered(22)
    frame["group"] = np.where(frame["psu"] == 0, "rare", "other")
    table = survey_mean(frame, "y", SurveyDesign("weight", "stratum", "psu", errors="jackknife"), by="group")
    assert np.isnan(table.loc["rare", "se"]) and table.loc["other", "se"] > 0


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda f: SurveyDesign("weight", errors="bootstrap"), "errors is one of"),
        (lambda f: SurveyDesign("weight", replicates=["x"]), "scale"),
        (lambda f: SurveyDesign("weight", scale=0.5), "replicates"),
        (lambda f: SurveyDesign("weight", replicates=["x"], scale=1, errors="brr"), "leave errors"),
        (lambda f: SurveyDesign("weight", before="x"), "calibrated"),
        (
            lambda f: survey_mean(f, "y", SurveyDesign("weight", replicates=["x", "y"], scale=[1, 2, 3])),
            "2 replicates",
        ),
        (lambda f: survey_mean(f, "y", SurveyDesign("weight", replicates=["x"], scale="many")), "scale"),
        (lambda f: survey_mean(f, "y", SurveyDesign("weight", "stratum", "psu", errors="brr")), "two PSUs.*has 5"),
        (
            lambda f: survey_mean(f, "y", SurveyDesign("weight", errors="jackknife"), engine="svy"),
            "engine='numpy'",
        ),
        (lambda f: replicate_weights(f, SurveyDesign("weight")), "which replicates"),
    ],
)
def test_replicates_that_cannot_be(call, says):
    with pytest.raises(KitError, match=says):
        call(clustered(1))


# ------------------------------------------------------------------------------------ rare populations


def test_what_a_sample_sees_is_ready_for_a_curve():
    table = what_a_sample_sees([500, 1000, 2000], [0.01, 0.05], deff=2, at_least=(1, 10))
    assert len(table) == 6 and table["expected"].tolist() == [5, 25, 10, 50, 20, 100]
    assert table.loc[0, "cv"] == pytest.approx(np.sqrt(2 * 0.99 / (0.01 * 500)))
    assert table.groupby("prevalence")["chance_of_10"].apply(lambda s: s.is_monotonic_increasing).all()


def test_the_sample_size_gives_the_precision_that_was_asked_for():
    n = sample_size(0.02, cv=0.1, deff=1.8)
    assert what_a_sample_sees(round(n), 0.02, 1.8)["cv"].iloc[0] == pytest.approx(0.1, rel=1e-3)
    n = sample_size(0.02, relative_margin=0.25, population=100_000)
    table = what_a_sample_sees(round(n), 0.02, population=100_000)
    assert table["margin"].iloc[0] == pytest.approx(0.25, rel=1e-3)


def test_the_chance_to_see_is_that_of_draws():
    rng = np.random.default_rng(1)
    plain = (rng.binomial(400, 0.01, 20000) >= 3).mean()
    assert chance_to_see(400, 0.01, 3) == pytest.approx(plain, abs=0.012)
    rho = 0.5 / 399
    spread = (1 - rho) / rho
    seen = rng.binomial(400, rng.beta(0.01 * spread, 0.99 * spread, 40000))
    assert seen.var() == pytest.approx(1.5 * 400 * 0.01 * 0.99, rel=0.05)
    assert chance_to_see(400, 0.01, 3, deff=1.5) == pytest.approx((seen >= 3).mean(), abs=0.01)


def test_the_best_plan_for_a_rare_group_is_the_best():
    """Kalton and Anderson (1986): rates as the square root of prevalence; any other plan tells less."""
    strata = pd.DataFrame({"size": [80_000, 15_000, 5_000], "prevalence": [0.004, 0.03, 0.2]}, index=list("abc"))
    table = oversampling(strata.assign(rate=[1, 4, 6]), 2000, rate="rate")
    totals = table.xs("Total", level="stratum")
    best = totals.loc["optimum", "effective_n"]
    assert best > totals.loc["own", "effective_n"] > totals.loc["proportional", "effective_n"]
    rates = table.loc["optimum", "n"].iloc[:3] / strata["size"]
    assert (rates / rates["a"]).tolist() == pytest.approx(np.sqrt(strata["prevalence"] / 0.004).tolist())
    share, prevalence = strata["size"] / strata["size"].sum(), strata["prevalence"]
    gain = (share * prevalence).sum() / (share * np.sqrt(prevalence)).sum() ** 2 - 1
    assert totals.loc["optimum", "gain"] == pytest.approx(gain)
    # For everybody the same plan is worse than the proportional one.
    assert totals.loc["optimum", "deff_all"] > totals.loc["proportional", "deff_all"] == pytest.approx(1)


def test_plans_cost_the_same_where_interviews_cost_more_than_screening():
    strata = pd.DataFrame({"size": [8000, 2000], "prevalence": [0.01, 0.2]}, index=["a", "b"])
    table = oversampling(strata, 500, cost_ratio=5)
    cost = {
        plan: rows["n"].iloc[:2].sum() + 4 * rows["expected"].iloc[:2].sum()
        for plan, rows in table.groupby("plan")
    }
    assert cost["optimum"] == pytest.approx(cost["proportional"])
    plain = oversampling(strata, 500)
    ratio = [t.loc[("optimum", "b"), "n"] / t.loc[("optimum", "a"), "n"] for t in (table, plain)]
    assert ratio[0] < ratio[1]


def test_no_stratum_gives_more_than_it_has():
    strata = pd.DataFrame({"size": [900, 50], "sd": [1.0, 50.0]}, index=["a", "b"])
    table = neyman_allocation(strata, 100)
    assert table["neyman"].to_dict() == {"a": 50.0, "b": 50.0, "Total": 100.0}


# ------------------------------------------------------------------------------------------- remittances


@pytest.fixture
def homes() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "weight": [10.0, 10, 20, 20, 10, 10],
            "psu": [1, 1, 2, 2, 3, 3],
            "remittances": ["Y", "Y", "N", "Y", "X", "Y"],
            "remittance_amount": [100, 300, None, 200, None, None],
            "remittance_channel": ["M", "H", None, "M", None, "X"],
            "area": ["U", "U", "R", "R", "U", None],
        }
    )


def test_money_from_abroad_by_hand(homes):
    table = remittances_received(homes, SurveyDesign("weight", psu="psu"))
    assert table["estimate"].to_dict() == pytest.approx(
        {"receiving": 50, "share": 50 / 70, "mean": 200, "median": 200, "per_home": 8000 / 60, "total": 8000}
    )
    assert table["unanswered"].to_dict() == {
        "receiving": 1, "share": 1, "mean": 1, "median": 1, "per_home": 2, "total": 2
    }  # fmt: skip
    by_area = remittances_received(homes, SurveyDesign("weight", psu="psu"), by="area")
    assert by_area.index.names == ["area", "measure"]
    assert by_area.loc[("Not stated", "receiving"), "estimate"] == 10
    three = remittances_received(homes, SurveyDesign("weight", psu="psu"), months=3)
    assert three.loc["total", "estimate"] == pytest.approx(4 * 8000)
    assert three.loc["total", "se"] == pytest.approx(4 * table.loc["total", "se"])


def test_channels_by_hand(homes):
    table = remittance_channels(homes, SurveyDesign("weight", psu="psu"))["estimate"]
    assert table["of households"].to_dict() == pytest.approx({"H": 0.2, "M": 0.6, "Not stated": 0.2})
    assert table["of money"].to_dict() == pytest.approx({"H": 3000 / 8000, "M": 5000 / 8000, "Not stated": 0})


def test_currencies_are_brought_to_one_or_refused():
    frame = pd.DataFrame({"amount": [1000.0, 10, None], "cur": ["XOF", "GMD", None]})
    with pytest.raises(KitError, match="several currencies"):
        yearly_amounts(frame, "amount", currency="cur")
    with pytest.raises(KitError, match="none for XOF"):
        yearly_amounts(frame, "amount", currency="cur", rates={"GMD": 1})
    both = yearly_amounts(frame, "amount", currency="cur", rates={"GMD": 1, "XOF": 0.1})
    assert both.tolist()[:2] == [100, 10] and np.isnan(both.iloc[2])


def test_outliers_are_found_on_the_scale_of_money():
    amounts = pd.Series([90, 100, 110, 120, 80, 95, 105, 0.5, 30_000, 0, None])
    assert np.flatnonzero(outlying_amounts(amounts)).tolist() == [7, 8]
    assert not outlying_amounts([5, 5, 5, 9]).any()


def test_an_amount_where_nothing_was_received_is_refused(homes):
    homes.loc[2, "remittance_amount"] = 50
    with pytest.raises(KitError, match="Row 2 has an amount"):
        remittances_received(homes, SurveyDesign("weight"))


# -------------------------------------------------------------------------------------- recruitment cost


def test_the_indicator_has_its_official_name():
    facts = "Recruitment cost borne by employee as a proportion of monthly income earned in country of destination"
    assert facts == INDICATOR_10_7_1


def test_who_is_in_the_indicator_and_who_is_not():
    people = pd.DataFrame(
        {
            "abroad": ["Y", "Y", "Y", "Y", "Y", "N", "Y", "Y"],
            "status": ["4", "2", "4", "4", "4", None, None, "4"],
            "reason": ["W", "W", "F", "W", "W", None, "W", "W"],
            "stay": [24, 24, 24, 6, 24, None, 24, 24],
            "years": [1, 1, 1, 1, 5, None, 1, 3],
            "cost": [600, 600, 600, 600, 600, None, 600, 0],
            "back": [100, None, None, None, None, None, None, 50],
            "pay": [250.0] * 8,
        }
    )
    columns = {"migrant": "abroad", "status": "status", "reason": "reason"}
    columns |= {"months_abroad": "stay", "years_since": "years"}
    each = worker_recruitment_cost(people, "cost", "pay", reimbursed="back", **columns)
    assert each["why_not"].tolist() == [
        "", "not an employee", "not for work", "no change of residence", "before the period",
        "not a migrant worker", "not asked or not stated", "",
    ]  # fmt: skip
    assert each["months"].dropna().tolist() == [2.0, 0.0]  # nobody is paid for migrating
    assert recruitment_exclusions(people, cost="cost", income="pay", **columns)["in the indicator"] == 2


def test_several_items_of_cost_add_up_and_a_blank_one_makes_it_unknown():
    people = pd.DataFrame({"agent": [100, 200], "travel": [50, None], "pay": [100, 100]})
    assert worker_recruitment_cost(people, ["agent", "travel"], "pay")["months"].tolist()[0] == 1.5
    assert np.isnan(worker_recruitment_cost(people, ["agent", "travel"], "pay")["months"].iloc[1])


def test_mean_of_ratios_and_ratio_of_means_are_not_the_same():
    """Where those with low pay paid the more months, the ratio of means lies below the mean of ratios."""
    people = pd.DataFrame(
        {"weight": 1.0, "recruitment_cost": [600, 500, 400], "earnings_abroad": [100, 250, 1000]}
    )
    table = recruitment_cost(people, SurveyDesign("weight"))["estimate"]
    assert table["mean"] == pytest.approx((6 + 2 + 0.4) / 3)
    assert table["ratio_of_means"] == pytest.approx(1500 / 1350)
    assert table["median"] == 2 and table["ratio_of_means"] < table["mean"]


def test_cost_by_corridor_shows_what_was_not_stated():
    people = pd.DataFrame(
        {
            "weight": [1.0, 1, 2, 1, 1],
            "to": ["SEN", "SEN", "FRA", None, "ITA"],
            "job": ["Y", "Y", "Y", "Y", "N"],
            "recruitment_cost": [100, None, 900, 50, None],
            "earnings_abroad": [100, 100, 300, 0, None],
        }
    )
    table = recruitment_cost(people, SurveyDesign("weight"), by="to", migrant="job")
    assert set(table.index.get_level_values("to")) == {"SEN", "FRA", "Not stated", "Total"}
    assert table.loc[("SEN", "median"), ["n", "unanswered"]].tolist() == [1, 1]
    assert table.loc[("Not stated", "median"), ["n", "unanswered"]].tolist() == [0, 1]  # a pay of 0 gives no ratio
    assert table.loc[("Total", "no_cost"), ["n", "unanswered"]].tolist() == [3, 1]


# --------------------------------------------------------------------------------------- remittance cost


def test_cost_of_a_transfer_is_fee_and_rate():
    quotes = pd.DataFrame(
        {"amount": [200, 200, 200], "fee": [5, 0, None], "rate": [590, 600, 610], "market_rate": 600}
    )
    costs = service_costs(quotes)
    assert costs["cost"].tolist()[:2] == pytest.approx([0.025 + 10 / 600, 0])
    assert np.isnan(costs["cost"].iloc[2]) and costs["margin"].iloc[2] < 0


def test_average_weighted_and_smart_by_corridor():
    quotes = pd.DataFrame(
        {
            "corridor": ["A"] * 5 + ["B"] * 2,
            "amount": 200,
            "fee": [4, 6, 8, 30, 2, 20, 24],
            "ok": list("YYYYNYY"),
            "market": [1, 1, 1, 6, 1, 1, 3],
        }
    )
    table = remittance_cost(quotes, rate=None, market_rate=None, weight="market", qualifies="ok")
    a, b, whole = table.loc["A"], table.loc["B"], table.loc["Total"]
    assert a["average"] == pytest.approx(0.05) and a["smart"] == pytest.approx(0.03)
    assert a["weighted"] == pytest.approx((4 + 6 + 8 + 180 + 2) / 200 / 10)
    assert a["meets_5"] and not a["meets_3"]
    assert np.isnan(b["smart"]) and pd.isna(b["meets_5"]) and b["qualifying"] == 2
    assert whole["average"] == pytest.approx(quotes["fee"].mean() / 200)  # over services, not over corridors
    assert whole["smart"] == pytest.approx(0.03) and whole["services"] == 7


def test_cost_of_transfers_made():
    assert sent_cost([100, 300], [5, 5], [0.01, 0.02]) == pytest.approx((5 + 5 + 1 + 6) / 400)


# --------------------------------------------------------------------------------- any data, one sentence


odd = st.sampled_from([1 + 2j, b"5", [1], {"a": 1}, (1, 2), date(2024, 1, 1), pd.Timestamp("2024-01-01"), 10**30])
cell = st.one_of(
    st.none(), st.integers(-5, 50), st.floats(allow_nan=True), st.text(max_size=2), st.booleans(), odd
)
anything = st.lists(st.fixed_dictionaries(dict.fromkeys(("w", "s", "p", "y", "x", "g"), cell)), max_size=8).map(
    lambda rows: pd.DataFrame(rows, columns=list("wspyxg"), dtype=object)
)


@fuzz
@given(
    anything,
    st.sampled_from([SurveyDesign("w", "s", "p"), SurveyDesign("w"), SurveyDesign("w", psu="p", fpc="x")]),
)
def test_any_data_get_an_answer_or_one_sentence(frame, design):
    before = frame.copy()
    for call in (
        lambda: survey_mean(frame, "y", design, by="g"),
        lambda: survey_total(frame, None, design, by=["g", "s"]),
        lambda: survey_ratio(frame, "y", "x", design),
        lambda: survey_quantile(frame, "y", design, by="g"),
        lambda: survey_proportion(frame, "g", design),
        lambda: intraclass_correlation(frame, "y", "p"),
        lambda: remittances_received(frame, design, received="g", amount="y"),
        lambda: remittance_channels(frame, design, channel="s", received="g", amount="y"),
        lambda: recruitment_cost(frame, design, cost="x", income="y", migrant="g"),
        lambda: remittance_cost(frame, "g", "x", "y", None, None),
        lambda: raked_weights(frame, {"g": {"a": 1}}, "w"),
        lambda: outlying_amounts(frame["y"]),
        lambda: weighted_ratio(frame, "y", "x", "w", "p", "s"),
        lambda: survey_mean(frame, "y", SurveyDesign("w", "s", "p", errors="jackknife")),
    ):
        try:
            call()
        except KitError as error:
            assert str(error) and "\n" not in str(error) and "{" not in re.sub(r"\{'", "", str(error))
    pd.testing.assert_frame_equal(frame, before)


sizes = st.lists(st.integers(2, 5), min_size=2, max_size=4)


@fuzz
@given(st.integers(0, 10_000))
def test_properties_that_every_design_keeps(seed):
    frame = clustered(seed, strata=3, psus=3, take=4)
    design = DESIGNS["clusters"]
    base = survey_mean(frame, "y", design).iloc[0]
    # Adding a number to all moves the mean by it, below zero too, and not the error.
    moved = survey_mean(frame.assign(y=frame["y"] - 500), "y", design).iloc[0]
    assert (moved["estimate"] + 500, moved["se"]) == pytest.approx((base["estimate"], base["se"]))
    # Weights ten times as large change no mean; a total grows tenfold.
    ten = survey_mean(frame.assign(weight=frame["weight"] * 10), "y", design).iloc[0]
    assert (ten["estimate"], ten["se"]) == pytest.approx((base["estimate"], base["se"]))
    # The order of rows, the labels of the index and the names of areas do not matter.
    mixed = frame.sample(frac=1, random_state=seed).set_index(np.zeros(len(frame), dtype=int))
    mixed["psu"] = "ea " + mixed["psu"].astype(str)
    assert survey_mean(mixed, "y", design).iloc[0].tolist() == pytest.approx(base.tolist())
    # Totals of the domains add up to that of all.
    parts = survey_total(frame, "y", design, by="group")["estimate"]
    assert parts.iloc[:-1].sum() == pytest.approx(parts["Total"])
    # A finite population makes the error smaller by its root.
    known = survey_mean(frame.assign(psus=9), "y", DESIGNS["fpc"]).iloc[0]
    assert known["se"] == pytest.approx(base["se"] * np.sqrt(1 - 3 / 9))
    shares = survey_proportion(frame, "group", design)
    assert shares["estimate"].sum() == pytest.approx(1)
    assert (shares["low"] <= shares["estimate"]).all() and (shares["estimate"] <= shares["high"]).all()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"weight": -1.0}, "row 0 holds -1"),
        ({"weight": None}, "is blank"),
        ({"psu": None}, "'psu': row 0 is blank"),
        ({"stratum": None}, "'stratum': row 0 is blank"),
        ({"y": "many"}, "row 0 holds 'many'"),
        ({"y": 1 + 2j}, "'y': row 0 holds .1.2j."),
        ({"y": 10**400}, "'y': row 0 holds 1000"),
        ({"y": date(2024, 1, 1)}, "'y': row 0 holds 2024-01-01"),
        ({"psus": 2}, "differs from other rows"),
    ],
)
def test_one_sentence_says_where_the_mistake_is(change, says):
    frame = clustered(1).astype({"y": object})
    for column, value in change.items():
        frame[column] = frame[column].astype(object)
        frame.loc[0, column] = value
    with pytest.raises(KitError, match=says):
        survey_mean(frame, "y", DESIGNS["fpc"])


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda f: survey_mean(f, "y", "weight"), "must be a SurveyDesign"),
        (lambda f: survey_mean(f, "z", DESIGNS["clusters"]), "no column 'z'"),
        (lambda f: survey_mean(f, "y", DESIGNS["clusters"], level=95), "between 0 and 1"),
        (lambda f: survey_mean(f, "y", DESIGNS["clusters"], interval="exact"), "interval is one of"),
        (lambda f: survey_mean(f, "y", DESIGNS["clusters"], srs="kish"), "srs is 'wor'"),
        (lambda f: survey_mean(f, "y", DESIGNS["clusters"], engine="R"), "engine is 'numpy'"),
        (lambda f: survey_quantile(f, "y", DESIGNS["clusters"], 50), "share lies between"),
        (lambda f: survey_mean(f.assign(psus=3), "y", DESIGNS["fpc"]), "population has 3"),
        (lambda f: SurveyDesign("weight", ssu="home"), "name psu too"),
        (lambda f: SurveyDesign("weight", lonely="average"), "lonely is one of"),
        (lambda f: sample_size(0.02), "one precision"),
        (lambda f: sample_size(0, cv=0.1), "above 0 and below 1"),
        (lambda f: what_a_sample_sees(0, 0.1), "1 or more"),
        (lambda f: what_a_sample_sees(200, 0.1, population=100), "larger than the population"),
        (lambda f: weighting_effect([0, 0]), "no weight above 0"),
        (lambda f: confidence_interval(1, 1, level=2), "between 0 and 1"),
    ],
)
def test_arguments_that_cannot_be(call, says):
    with pytest.raises(KitError, match=says):
        call(clustered(1))


def test_other_kinds_of_columns_give_the_same():
    frame = clustered(12)
    base = survey_mean(frame, "y", DESIGNS["clusters"], by="group")
    other = frame.astype({"group": "category", "psu": "string", "stratum": "category", "y": "Float64"})
    other["weight"] = other["weight"].map(lambda value: f"{value:.17g}")
    found = survey_mean(other, "y", DESIGNS["clusters"], by="group")
    pd.testing.assert_frame_equal(found, base, check_index_type=False, rtol=1e-12)


def test_empty_and_single_rows():
    empty = clustered(1).iloc[:0]
    for call in (survey_mean, survey_total):
        row = call(empty, "y", DESIGNS["clusters"]).iloc[0]
        assert row["n"] == 0 and np.isnan(row["se"])
    single = survey_mean(clustered(1).iloc[:1], "y", DESIGNS["clusters"]).iloc[0]
    assert single["n"] == 1 and np.isnan(single["se"]) and np.isnan(single["low"])
