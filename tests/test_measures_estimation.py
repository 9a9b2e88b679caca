"""Estimation of migration: printed figures with their sources, what must hold for any data, and clear errors."""

import io
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migkit.measures import Estimate
from migkit.measures.estimation import (
    BORN,
    birthplace_migration,
    census_survival,
    child_net_migration,
    compare_mirror,
    courgeau_k,
    crude_migration_intensity,
    emigrants_by_multiplicity,
    emigrants_from_children,
    emigrants_from_households,
    emigrants_from_siblings,
    flow_matrix,
    flows_from_stocks,
    harmonise_flows,
    intercensal_migration,
    life_table_survival,
    lifetime_migration,
    match_cohorts,
    migrants_by_duration,
    migration_acv,
    migration_age_profile,
    migration_connectivity,
    migration_gini,
    migration_indices,
    migration_inequality,
    migration_preference,
    migration_rates,
    net_migration_sensitivity,
    reconcile_mirror,
    residence_matrix,
    residual_migration,
    rogers_castro,
    survival_ratio_migration,
    vital_statistics_migration,
)
from migkit.reference import KitError

settings.register_profile("measures", deadline=None, max_examples=40)
settings.load_profile("measures")


def table(text: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(text), sep=r"\s+")


# ------------------------------------------------------------- net migration by survival ratio: printed figures

# D. J. Bogue, K. Hinze and M. White, Techniques of Estimating Net Migration (1982), p. 58: Alabama 1960-70, white
# males. Those aged under 10 in 1970: births. The ratios are census survival ratios of the United States.
ALABAMA = table(
    """age start end ratio expected forward average
    0-4 110365 105503 0.955430 105446 57 59
    5-9 126116 120884 0.946771 119403 1481 1523
    10-14 126346 128656 1.001957 126593 2063 2061
    15-19 119571 118485 1.005171 120189 -1704 -1698
    20-24 117525 102296 0.988940 116225 -13929 -14006
    25-29 94148 85778 0.973190 91624 -5846 -5925
    30-34 72012 74046 0.984673 70908 3138 3163
    35-39 70867 71636 0.980141 69460 2176 2198
    40-44 75168 75179 0.971848 73052 2127 2158
    45-49 76872 73602 0.948254 72894 708 728
    50-54 72068 67679 0.932638 67213 466 483
    55-59 69002 60807 0.885191 61080 -273 -289
    60-64 60654 52073 0.845482 51282 791 864
    65-69 49127 38786 0.750479 36869 1917 2236
    70-74 37344 26632 0.674688 25196 1436 1782
    75-79 32063 17418 0.536572 17204 214 307
    80+ 51294 16029 0.295727 15169 860 1884"""
)


def test_net_migration_of_alabama_by_census_survival_ratios():
    columns = {"pop_start": "start", "pop_end": "end", "survival": "ratio"}
    result = survival_ratio_migration(ALABAMA, **columns, ratios="census")
    # Printed whole; the averages there are made of figures that had been rounded before.
    for name, gap in (("expected", 1), ("forward", 1), ("average", 2)):
        assert np.abs(result[name].to_numpy() - ALABAMA[name].to_numpy()).max() <= gap, name
    assert result["forward"].sum() == pytest.approx(-4318, abs=3)
    assert result["average"].sum() == pytest.approx(-2472, abs=17)  # up to 1 for each of the 17 rounded figures


def test_vital_statistics_method_of_alabama():
    """The same work, pp. 58 and 60: population 1970 - population 1960 - births + deaths."""
    areas = table(
        """group pop_end pop_start births deaths printed
        white_female 1298342 1159548 224034 86880 1640
        white_male 1235489 1124061 236481 123220 -1833
        female 1782224 1675031 350920 138329 -105398
        male 1661941 1591709 368248 182065 -115951"""
    )
    result = vital_statistics_migration(areas)
    assert result["net"].tolist() == areas["printed"].tolist()
    assert (result["se"] == 0).all()


# United Nations, Preparing Migration Data for Subnational Population Projections (1992), table 6: females of
# Manila and of the Philippines, 1960 (the cohort ten years younger) and 1970.
MANILA = table(
    """age nation_start nation_end ratio start end expected net
    10-14 2218377 2478426 1.11722489 80275 79489 89685 -10196
    15-19 2114832 2096954 0.991546373 70875 101410 70276 31134
    20-24 1669435 1624113 0.972851893 63250 90410 61533 28877
    25-29 1429547 1271238 0.889259325 85618 56055 76137 -20082
    30-34 1264441 1063783 0.841306949 75793 44648 63765 -19117
    35-39 1000981 958013 0.95707411 60037 36963 57460 -20497
    40-44 791473 752922 0.951292085 34813 28873 33117 -4244
    45-49 725906 656332 0.904155634 31927 23678 28867 -5189
    50-54 552585 513635 0.929513107 24297 19063 22584 -3521
    55-59 508045 404713 0.796608568 20207 14484 16097 -1613
    60-64 344745 302336 0.876984438 13714 10205 12027 -1822
    65-69 235536 196716 0.83518443 9366 6405 7822 -1417
    70-74 199118 141689 0.711583081 7921 3746 5636 -1890
    75+ 369795 207990 0.562446761 11114 4779 6251 -1472"""
)


def manila(column_start: str, column_end: str, children: tuple[int, int]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The two censuses as tables by age at each census."""
    ages = [f"{a}-{a + 4}" for a in range(0, 65, 5)] + ["65+"]
    first = pd.DataFrame({"age": ages, "population": MANILA[column_start]})
    end = [*children, *MANILA[column_end]]
    return first, pd.DataFrame({"age": ["0-4", "5-9", *MANILA["age"]], "population": end})


def test_census_survival_ratios_of_the_philippines():
    survival = census_survival(*manila("nation_start", "nation_end", (2871594, 2893681)), 10)
    assert (survival["age_start"] == BORN).tolist() == [True] * 2 + [False] * 14
    assert survival["age_end"].tolist()[:3] == ["0-4", "5-9", "10-14"]
    assert survival["survival"].tolist()[2:] == pytest.approx(MANILA["ratio"].tolist(), abs=1e-8)


def test_net_migration_of_manila_from_the_two_censuses():
    survival = census_survival(*manila("nation_start", "nation_end", (2871594, 2893681)), 10)
    net = intercensal_migration(*manila("start", "end", (85870, 83054)), survival, 10)
    assert np.abs(net["expected"].to_numpy()[2:] - MANILA["expected"].to_numpy()).max() <= 1
    assert np.abs(net["forward"].to_numpy()[2:] - MANILA["net"].to_numpy()).max() <= 1
    assert net["forward"].isna().tolist() == [True] * 2 + [False] * 14
    children = pd.DataFrame({"age": ["0-4", "5-9"], "population": [85870, 83054]})
    young = child_net_migration(net, children, 10, net="forward")
    # Printed: -236 and -8,938; the printed factors are rounded.
    assert young["net"].tolist() == pytest.approx([-236, -8938], abs=4)
    assert young["share"].tolist() == [0.25, 0.75]
    assert young["women"].tolist() == ["15-44", "20-49"]
    assert net["forward"].sum() + young["net"].sum() == pytest.approx(-40224, abs=6)
    # By the other two estimates of their mothers, as in R's migest, net_sr.
    for how, printed in (("reverse", [-605, -10486]), ("average", [-420, -9710])):
        assert child_net_migration(net, children, 10, net=how)["net"].round().tolist() == printed


def test_bombay_from_the_two_censuses_with_ratios_by_cohort():
    """United Nations, Manual VI (1970), table 24: net gain 562,043, expected 940,590."""
    start = [77135, 85434, 79185, 82603, 126247, 155344, 138843, 109356, 81626, 47062, 36908, 15134, 25094]
    end = [132870, 170227, 263971, 253964, 195373, 151259, 118383, 76421, 65897, 32265, 22248, 9655, 10100]
    ratio = [
        0.9087,
        0.9573,
        0.9471,
        0.9308,
        0.9223,
        0.9161,
        0.9047,
        0.8850,
        0.8548,
        0.8122,
        0.7535,
        0.6726,
        0.3866,
    ]
    ages = [f"{a}-{a + 4}" for a in range(0, 60, 5)]
    first = pd.DataFrame({"age": [*ages, "60+"], "population": start})
    later = [f"{a}-{a + 4}" for a in range(10, 70, 5)]
    second = pd.DataFrame({"age": ["0-9", *later, "70+"], "population": [0, *end]})
    ratios = pd.DataFrame({"age_start": first["age"], "age_end": second["age"][1:].tolist(), "survival": ratio})
    net = intercensal_migration(first, second, ratios, 10)
    total = net[["expected", "forward", "reverse", "average"]].sum()
    assert total.round(1).tolist() == [940589.4, 562043.6, 596599.8, 579321.7]


# ----------------------------------------------------------------------- origins and destinations: printed figures

# D. A. Plane and G. F. Mulligan, Demography 34 (1997), hypothetical matrices; figures of the R package
# migration.indices 0.3 (tests and manual).
HYP1 = [[0, 10, 10], [20, 0, 20], [30, 30, 0]]
HYP2 = [[0, 20, 20], [30, 0, 50], [20, 20, 0]]


@pytest.mark.parametrize("times", [1, 7, 4356])
def test_gini_of_the_first_hypothetical_matrix(times):
    gini = migration_gini(np.array(HYP1) * times)
    assert gini.total == pytest.approx(0.2666666667, abs=1e-10)
    assert migration_gini(HYP1, corrected=False).total == pytest.approx(0.2222222222, abs=1e-10)
    assert (gini.rows, gini.columns, gini.exchange) == pytest.approx((0, 0.0555555556, 0.0555555556), abs=1e-10)
    assert gini.columns_standardized == pytest.approx(25, abs=1e-10)
    assert gini.exchange_standardized == pytest.approx(25, abs=1e-10)
    assert gini.out_field.tolist() == [0, 0, 0]
    assert gini.in_field.tolist() == pytest.approx([0.2, 0.5, 1 / 3], abs=1e-10)
    assert gini.out_weighted == 0
    assert gini.in_weighted == pytest.approx(0.1222222222, abs=1e-10)
    assert gini.mean_weighted == pytest.approx(0.0611111111, abs=1e-10)
    assert migration_gini(HYP1, corrected=False).in_field.tolist() == pytest.approx([0.1, 0.25, 1 / 6])


def test_gini_of_the_second_hypothetical_matrix():
    gini, plain = migration_gini(HYP2), migration_gini(HYP2, corrected=False)
    assert (gini.total, plain.total) == pytest.approx((0.225, 0.1875))
    assert (gini.rows, gini.columns) == pytest.approx((0.0208333333, 0.0416666666), abs=1e-9)
    parts = (gini.rows_standardized, gini.columns_standardized, gini.exchange_standardized)
    assert parts == pytest.approx((11.111111, 22.222222, 22.222222), abs=1e-5)
    assert gini.out_field.tolist() == pytest.approx([0, 0.25, 0])
    assert plain.out_field.tolist() == pytest.approx([0, 0.125, 0])
    assert gini.in_field.tolist() == pytest.approx([0.2, 0, 0.428571428571429])
    assert plain.in_field.tolist() == pytest.approx([0.1, 0, 0.214285714285714])
    weighted = (gini.out_weighted, gini.in_weighted, gini.mean_weighted)
    assert weighted == pytest.approx((0.0208333333333333, 0.0523809523809524, 0.0366071428571429))
    # The plain weighted means: own migrants as weights, not divided by the number of places.
    assert gini.out_mean == pytest.approx(0.25 * 80 / 160)
    assert gini.in_mean == pytest.approx((0.2 * 50 + 0.428571428571429 * 70) / 160)


def test_other_indices_of_the_hypothetical_matrices():
    one = migration_indices(HYP1)
    assert one[["mei", "connectivity", "acv"]].tolist() == pytest.approx([25, 1, 0.3333333333], abs=1e-10)
    assert migration_acv(HYP2).tolist() == pytest.approx([0.125, 0.25, 0.375])
    assert migration_acv(HYP1).tolist() == pytest.approx([0, 1 / 3, 1 / 3])
    assert migration_inequality(HYP1) * 120 == pytest.approx(20)  # half the sum of |flow - 20|
    assert migration_inequality(HYP1, "margins") < migration_inequality(HYP1)


# D. A. Plane, "Estimation of place-to-place migration flows from net migration totals" (1981), table 1: the nine
# divisions of the United States, with printed margins.
PLANE = table(
    """origin NE MA ENC WNC SA ESC WSC MT PAC out net
    NE 0 145427 54808 17279 161994 12543 25316 21087 103119 541573 -68068
    MA 199863 0 237291 44490 569104 46250 67658 65571 256831 1487058 -571347
    ENC 61206 187602 0 231960 465811 191921 141654 158664 441809 1880627 -433747
    WNC 21458 43814 245838 0 102962 36722 149497 195778 345633 1141702 -408589
    SA 95866 335295 285023 62794 0 188540 130284 62797 225611 1386260 540345
    ESC 15882 47772 308046 41992 290165 0 128317 27729 90938 950841 -310767
    WSC 23372 50564 130445 138450 140701 106365 0 166598 325570 1082965 -174054
    MT 14086 26131 58334 81148 47585 16832 107660 0 339713 691489 258016
    PAC 41772 79106 127095 115000 148283 40851 157625 251281 0 961013 1168211"""
).set_index("origin")


def test_in_out_and_net_of_the_divisions_of_the_united_states():
    """Two misprints: both sums through SA to ESC want 50 more; the out-migrants of WSC miss its net by 900."""
    flows = PLANE[PLANE.index].copy()
    flows.loc["SA", "ESC"] += 50
    rates = migration_rates(flows)
    assert rates["in"].tolist() == [473505, 915711, 1446880, 733113, 1926605, 640074, 908011, 949505, 2129224]
    assert rates["net"].tolist() == PLANE["net"].tolist()
    assert (rates["out"] - PLANE["out"]).loc[lambda gap: gap != 0].to_dict() == {"WSC": -900}


def test_intensity_of_korea():
    """R package migest, help page of index_intensity: 17 provinces of Korea, 2020: CMI 4.89, k 0.863."""
    cmi = crude_migration_intensity(2534114, 51829023)
    assert cmi == pytest.approx(4.89, abs=0.005)
    k = courgeau_k(pd.DataFrame({"n": [17], "cmi": [cmi]}))
    assert k.value == pytest.approx(0.863, abs=0.0005)
    assert np.isnan(k.se)
    earlier = crude_migration_intensity(2512740, 50948272)
    assert earlier == pytest.approx(4.93, abs=0.005)
    assert courgeau_k(pd.DataFrame({"n": [17], "cmi": [earlier]})).value == pytest.approx(0.870, abs=0.0005)


def stock(rows: list[list[float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, index=list("ABCD"), columns=list("ABCD"))


def test_flows_from_stocks_of_abel_2013():
    """G. J. Abel, Demographic Research 28 (2013), the example of four places without births and deaths."""
    before = stock([[1000, 100, 10, 0], [55, 555, 50, 5], [80, 40, 800, 40], [20, 25, 20, 200]])
    after = stock([[950, 100, 60, 0], [80, 505, 75, 5], [90, 30, 800, 40], [40, 45, 0, 180]])
    flows = flows_from_stocks(before, after)
    assert flows.to_numpy().tolist() == [[0, 0, 50, 0], [35, 0, 25, 0], [10, 10, 0, 0], [10, 10, 0, 0]]


def test_flows_from_stocks_of_the_review_paper():
    """G. J. Abel and J. E. Cohen, as in the help page of R package migest, ffs_demo."""
    before = stock([[100, 10, 10, 0], [20, 55, 25, 10], [10, 40, 140, 65], [20, 25, 20, 200]])
    after = stock([[70, 30, 10, 10], [25, 60, 10, 15], [10, 55, 140, 50], [40, 45, 0, 180]])
    wanted = [[0, 20, 0, 10], [0, 0, 0, 0], [15, 15, 0, 5], [10, 25, 0, 0]]
    assert flows_from_stocks(before, after).to_numpy().tolist() == wanted
    distance = [[0, 5, 50, 500], [5, 0, 45, 495], [50, 45, 0, 450], [500, 495, 450, 0]]
    led = flows_from_stocks(before, after, seed=distance)
    assert np.allclose(led.sum(axis=1), [30, 0, 35, 35]) and np.allclose(led.sum(), [25, 60, 0, 15])
    assert led.loc["D", "A"] < 10 < led.loc["C", "A"]


def test_flows_from_stocks_of_the_data_paper():
    """G. J. Abel and J. E. Cohen, Scientific Data 6 (2019), example; help page of migest."""
    before = stock([[100, 10, 10, 0], [80, 180, 10, 90], [30, 10, 140, 40], [60, 70, 10, 160]])
    after = stock([[95, 5, 15, 5], [75, 225, 5, 55], [55, 0, 115, 50], [35, 25, 25, 215]])
    printed = [
        [0, 5, 7.857143, 22.142857],
        [7.142857, 0, 12.142857, 40.714286],
        [17.857143, 5, 0, 7.142857],
        [0, 35, 0, 0],
    ]
    assert np.allclose(flows_from_stocks(before, after), printed, atol=1e-6)


def test_differences_of_stocks():
    """Help page of migest, ffs_diff."""
    before = stock([[100, 10, 10, 0], [20, 55, 25, 10], [10, 40, 140, 65], [20, 25, 20, 200]])
    after = stock([[75, 25, 5, 15], [20, 45, 30, 15], [30, 40, 150, 35], [10, 50, 5, 200]])
    grown = [[0, 15, 0, 15], [0, 0, 5, 5], [20, 0, 0, 0], [0, 25, 0, 0]]
    home = [[0, 15, 0, 25], [0, 0, 5, 5], [25, 0, 0, 15], [0, 25, 30, 0]]
    assert flows_from_stocks(before, after, "increase").to_numpy().tolist() == grown
    assert flows_from_stocks(before, after, "return").to_numpy().tolist() == home


def test_the_model_schedule_of_rogers_and_castro():
    """A. Rogers and L. J. Castro (1981): its integral is a1/alpha1 + area of the labour curve + c x life."""
    curve = rogers_castro(np.arange(0, 80, 0.01))
    assert curve.idxmax() == pytest.approx(20 - np.log(0.10 / 0.40) / 0.40, abs=0.3)  # above mu2, below its peak
    assert curve.iloc[0] == pytest.approx(0.02 + 0.003, abs=1e-6)
    retired = {"a3": 0.001, "alpha3": 1, "mu3": 67, "lambda3": 0.6}
    more = rogers_castro([21, 67], **retired) - rogers_castro([21, 67])
    assert more.tolist() == pytest.approx([0, 0.001 * np.exp(-1)], abs=1e-12)
    old = rogers_castro([0, 70], a4=0.002, lambda4=0.01) - rogers_castro([0, 70])
    assert old.tolist() == pytest.approx([0.002, 0.002 * np.exp(0.7)])
    profile = migration_age_profile(rogers_castro(range(80)).reset_index())
    assert profile["peak_age"] == 23
    assert profile["gmr"] == pytest.approx(float(curve.sum() * 0.01), rel=0.02)


# ------------------------------------------------------------------------------------------ cohorts and survival


@given(
    st.lists(st.integers(0, 1000), min_size=6, max_size=18),
    st.lists(st.integers(0, 1000), min_size=6, max_size=18),
    st.floats(0.5, 20),
    st.randoms(use_true_random=False),
)
def test_cohorts_hold_everybody_of_both_censuses_once(start, end, interval, random):
    def census(counts):
        rows = [(f"{5 * i}-{5 * i + 4}", n) for i, n in enumerate(counts[:-1])]
        rows.append((f"{5 * len(rows)}+", counts[-1]))
        random.shuffle(rows)
        return pd.DataFrame(rows, columns=["age", "population"])

    first, second = census(start), census(end)
    kept = first.copy(), second.copy()
    if interval > 5 * (len(end) - 1):
        with pytest.raises(KitError, match="no cohort"):
            match_cohorts(first, second, interval)
        return
    cohorts = match_cohorts(first, second, interval)
    assert cohorts["pop_start"].sum() == pytest.approx(sum(start))
    assert cohorts["pop_end"].sum() == pytest.approx(sum(end))
    assert not cohorts[["age_start", "age_end"]].duplicated().any()
    pd.testing.assert_frame_equal(first, kept[0])
    pd.testing.assert_frame_equal(second, kept[1])


def test_cohorts_of_single_years_and_of_an_unequal_interval():
    ages = pd.DataFrame({"age": range(31), "population": range(100, 131)})
    cohorts = match_cohorts(ages, ages, 9)
    assert not cohorts["split"].any()
    assert cohorts.loc[cohorts["age_start"] == "4", "age_end"].tolist() == ["13"]
    assert cohorts["age_start"].tolist().count(BORN) == 9
    fives = pd.DataFrame({"age": ["0-4", "5-9", "10-14", "15+"], "population": [50, 40, 30, 20]})
    uneven = match_cohorts(fives, fives, 7)
    assert uneven["split"].any()
    born = uneven[uneven["age_start"] == BORN]
    assert born["age_end"].tolist() == ["0-4", "5-6"]
    assert born["pop_end"].tolist() == [50, 16]  # two of the five years of 5-9
    half = match_cohorts(fives, fives, 4.5)
    assert half["age_end"].tolist()[:2] == ["0 to 4.5", "4.5 to 9.5"]


def test_cohorts_take_other_names_categories_and_wide_groups():
    first = pd.DataFrame({"groupe": pd.Categorical(["0-9", "10-19", "20+"]), "n": pd.array([5, 4, 6], "Int64")})
    second = pd.DataFrame({"groupe": ["0\u20139", "10--19", " 20+ "], "n": [1.0, 2.0, 3.0]}, index=[7, 7, 7])
    cohorts = match_cohorts(first, second, 10, age="groupe", population="n", births={"0-9": 9})
    assert cohorts["pop_start"].tolist() == [9, 5, 10]
    assert cohorts["age_end"].tolist() == ["0-9", "10-19", "20+"]


LIFE = pd.DataFrame(
    {
        "age": ["0", "1-4", "5-9", "10-14", "15-19", "20-24", "25+"],
        "Lx": [95_000.0, 370_000.0, 455_000.0, 452_000.0, 448_000.0, 440_000.0, 2_500_000.0],
    }
)


def test_life_table_ratios_by_hand():
    ratios = life_table_survival(LIFE, 10).set_index(["age_start", "age_end"])["survival"]
    assert ratios[(BORN, "0-4")] == pytest.approx(465_000 / 500_000)
    assert ratios[(BORN, "5-9")] == pytest.approx(455_000 / 500_000)
    assert ratios[("0-4", "10-14")] == pytest.approx(452_000 / 465_000)
    assert ratios[("10-14", "20-24")] == pytest.approx(440_000 / 452_000)
    assert ratios[("15+", "25+")] == pytest.approx(2_500_000 / (448_000 + 440_000 + 2_500_000))
    five = life_table_survival(LIFE, 5, ages=["0-4", "5-9", "10+"]).set_index("age_start")["survival"]
    assert five["10+"] == pytest.approx(3_388_000 / 3_840_000)


@given(st.floats(0.5, 15), st.floats(0.001, 0.1))
def test_life_table_ratios_of_constant_mortality(interval, force):
    """With a constant force of mortality m every ratio is exp(-m t), whatever the ages."""
    edges = np.arange(0, 101)
    lived = (np.exp(-force * edges[:-1]) - np.exp(-force * edges[1:])) / force
    table = pd.DataFrame({"age": [*edges[:-1], 100], "Lx": [*lived, np.exp(-force * 100) / force]})
    ratios = life_table_survival(table, interval, radix=1)
    alive = ratios[ratios["age_start"] != BORN]["survival"].to_numpy()
    assert np.allclose(alive, np.exp(-force * interval), rtol=2e-3)
    assert ratios["survival"].between(0, 1, inclusive="right").all()


def test_ratios_are_looked_up_by_sex_and_births_are_followed():
    first = pd.DataFrame({"sex": list("FFMM"), "age": ["0-9", "10+"] * 2, "population": [100, 200, 110, 190]})
    second = pd.DataFrame(
        {"sex": list("MMMFFF"), "age": ["0-9", "10-19", "20+"] * 2, "population": [90, 99, 150, 95, 97, 170]}
    )
    survival = pd.DataFrame(
        {
            "sex": list("FFFMMM"),
            "age_start": [BORN, "0-9", "10+"] * 2,
            "age_end": ["0-9", "10-19", "20+"] * 2,
            "survival": [0.95, 0.98, 0.9, 0.94, 0.97, 0.8],
        }
    )
    births = pd.DataFrame({"sex": ["F", "M"], "age_end": "0-9", "births": [100, 100]})
    net = intercensal_migration(first, second, survival, 10, by="sex", births=births).set_index(
        ["sex", "age_start"]
    )
    assert net.loc[("F", BORN), "forward"] == pytest.approx(0)
    assert net.loc[("M", "10+"), "forward"] == pytest.approx(150 - 0.8 * 190)
    assert net.loc[("M", "10+"), "reverse"] == pytest.approx(150 / 0.8 - 190)
    shuffled = intercensal_migration(
        first.sample(frac=1, random_state=1),
        second,
        survival.sample(frac=1, random_state=2),
        10,
        by="sex",
        births=births,
    )
    pd.testing.assert_frame_equal(shuffled.set_index(["sex", "age_start"]), net)


def test_sensitivity_shows_what_undercount_does():
    cohorts = pd.DataFrame({"pop_start": [1000, 500], "pop_end": [960, 300], "survival": [0.9, 0.8]})
    result = net_migration_sensitivity(cohorts, [0, 0.1], [0, 0.05], mortality=[1, 1.2])
    assert len(result) == 8
    as_is = result.query("undercount_start == 0 and undercount_end == 0 and mortality == 1").iloc[0]
    assert as_is["change"] == 0
    assert as_is["forward"] == pytest.approx(1260 - 900 - 400)
    more = result.query("undercount_start == 0 and undercount_end == 0.05 and mortality == 1").iloc[0]
    assert more["forward"] - as_is["forward"] == pytest.approx(1260 / 0.95 - 1260)


# ------------------------------------------------------------------------------------------------ balance


@settings(max_examples=15)
@given(st.lists(st.tuples(*[st.integers(0, 10**6)] * 4), min_size=1, max_size=8), st.floats(0.1, 1))
def test_coverage_lifts_the_figure_it_belongs_to(rows, share):
    areas = pd.DataFrame(rows, columns=["pop_start", "pop_end", "births", "deaths"])
    plain = vital_statistics_migration(areas)
    lifted = vital_statistics_migration(areas, coverage={"deaths": share})
    assert np.allclose(lifted["net"] - plain["net"], areas["deaths"] / share - areas["deaths"])
    assert np.allclose(plain["net"], plain["change"] - plain["natural_increase"])
    error = vital_statistics_migration(areas, coverage={"births": Estimate(share, 0.01, "x")})
    assert np.allclose(error["se"], areas["births"] / share**2 * 0.01)
    assert np.allclose(error["high"] - error["low"], 2 * 1.959964 * error["se"])


def test_rate_of_net_migration_is_yearly_per_thousand():
    area = pd.DataFrame({"pop_start": [900], "pop_end": [1100], "births": [200], "deaths": [100]})
    assert vital_statistics_migration(area, interval=10)["rate"].tolist() == [10.0]


def test_residual_by_cohort_and_sex():
    cohorts = pd.DataFrame(
        {"sex": ["F", "M"], "age_end": ["10+", "10+"], "pop_start": [100, 0], "pop_end": [99, 1], "deaths": [6, 0]}
    )
    result = residual_migration(cohorts, by="sex")
    assert result["net"].tolist() == [5, 1]
    assert np.isnan(result.loc[("M", "10+"), "percent"])


# ------------------------------------------------------------------------------------------- birthplace, residence


def test_lifetime_migration_with_people_born_elsewhere_and_unknown():
    births = pd.DataFrame(
        {"North": [90, 5, 7, 2], "South": [10, 95, 3, 0]}, index=["North", "South", "Abroad", "Not stated"]
    )
    result = lifetime_migration(births)
    assert result.loc["North", ["in", "out", "net", "not_stated"]].tolist() == [12, 10, 2, 2]
    assert result.loc["Abroad", "out"] == 10
    assert pd.isna(result.loc["Abroad", "in"]) and pd.isna(result.loc["Abroad", "net"])
    assert "Not stated" not in result.index
    assert result["in"].sum() == result["out"].sum() == 25
    with pytest.raises(KitError, match="South"):
        lifetime_migration(births.drop(index="South"))


@settings(max_examples=20)
@given(
    st.lists(st.lists(st.integers(1, 1000), min_size=3, max_size=3), min_size=3, max_size=3),
    st.lists(st.lists(st.integers(0, 1000), min_size=3, max_size=3), min_size=3, max_size=3),
)
def test_birthplace_migration_is_a_closed_account(start, end):
    first = pd.DataFrame(start, index=list("ABC"), columns=list("ABC"))
    second = pd.DataFrame(end, index=list("CAB"), columns=list("BCA"))
    result = birthplace_migration(first, second)
    assert result["net"].sum() == pytest.approx(0, abs=1e-6)
    one = birthplace_migration(first, second, survival=0.9)
    assert one.loc["A", "in_survivors"] == pytest.approx(0.9 * one.loc["A", "in_start"])


def test_birthplace_migration_of_those_born_abroad_needs_their_survival():
    first = pd.DataFrame({"A": [100, 10, 20], "B": [10, 100, 0]}, index=["A", "B", "Abroad"])
    second = first + 5
    with pytest.raises(KitError, match=r"'Abroad'.*survival"):
        birthplace_migration(first, second)
    ratio = pd.Series({"A": 1.0, "B": 1.0, "Abroad": 0.5})
    result = birthplace_migration(first, second, ratio)
    assert result.loc["A", "net_in"] == pytest.approx((15 - 10) + (25 - 10))


people = st.lists(
    st.fixed_dictionaries(
        {
            "then": st.sampled_from(["A", "B", "C", "XXX", None]),
            "now": st.sampled_from(["A", "B"]),
            "age": st.one_of(st.none(), st.integers(0, 90)),
            "w": st.floats(0, 50),
        }
    ),
    min_size=1,
    max_size=40,
).map(lambda rows: pd.DataFrame(rows, columns=["then", "now", "age", "w"]))


@given(people)
def test_residence_matrices_hold_everybody_once(persons):
    matrix = residence_matrix(persons, "then", "now")
    assert matrix.to_numpy().sum() == len(persons)
    assert set(matrix.columns) <= set(matrix.index)
    weighted = residence_matrix(persons, "then", "now", weight="w", age="age", years=5)
    old = persons[~persons["age"].astype(float).lt(5)]
    assert weighted.to_numpy().sum() == pytest.approx(old["w"].sum())
    if "Not stated" in matrix.index:
        assert matrix.index[-1] == "Not stated"
        assert matrix.loc["Not stated"].sum() == persons["then"].isin(["XXX", None]).sum()


def test_migrants_by_duration_shows_origin_and_unknown():
    came = pd.DataFrame(
        {"arrival_year": [2024, 2020, 2020, None, 1990], "previous_country": ["SEN", "MLI", "XXX", "SEN", "SEN"]}
    )
    result = migrants_by_duration(came, census_year=2024)
    assert result.loc["1-4", ["migrants", "MLI", "Not stated"]].tolist() == [2, 1, 1]
    assert result.loc["1-4", "per_year"] == 0.5
    assert result["migrants"].sum() == 5
    assert result.index[-1] == "Not stated"


# ---------------------------------------------------------------------------------------------------- relatives


def test_reports_of_relatives_by_group_add_up():
    reports = pd.DataFrame(
        {
            "sex": ["F", "M", "F", "M"],
            "h": [4, 2, 1, 3],
            "a": [1, 1, 0, 2],
            "w": [1.0, 2, 1, 1],
            "ea": [1, 1, 2, 2],
        }
    )
    population = {"F": 1000, "M": 900}
    result = emigrants_from_children(reports, population, "h", "a", by="sex", weight="w", cluster="ea")
    assert result.loc["F", "emigrants"] == pytest.approx(1000 * 1 / 5)
    assert result.loc["M", "emigrants"] == pytest.approx(900 * 4 / 7)
    assert result.loc["Total", "emigrants"] == pytest.approx(result["emigrants"].iloc[:-1].sum())
    assert (result["low"] <= result["emigrants"]).all() and (result["emigrants"] <= result["high"]).all()
    again = emigrants_from_children(
        reports.sample(frac=1, random_state=3), pd.Series(population), "h", "a", by="sex", weight="w", cluster="ea"
    )
    pd.testing.assert_frame_equal(result, again)


def test_the_error_of_a_ratio_of_relatives_is_that_of_a_ratio_of_clusters():
    """The same linearisation as :func:`migkit.measures.weighted_ratio`, times the population."""
    from migkit.measures import weighted_ratio

    rng = np.random.default_rng(5)
    reports = pd.DataFrame({"h": rng.integers(1, 6, 60), "a": rng.integers(0, 3, 60), "ea": np.arange(60) // 6})
    reports["s"], reports["w"] = reports["ea"] % 2, 1.5
    ratio = weighted_ratio(reports, "a", "h", weight="w", cluster="ea", stratum="s")
    result = emigrants_from_siblings(reports, 7000, "h", "a", weight="w", cluster="ea", stratum="s").iloc[0]
    assert result["emigrants"] == pytest.approx(7000 * ratio.value)
    assert result["se"] == pytest.approx(7000 * ratio.se)


# ------------------------------------------------------------------------------------------------------- mirror

corridors = st.dictionaries(
    st.tuples(st.sampled_from(["GMB", "SEN"]), st.sampled_from(["ESP", "ITA", "FRA"]), st.integers(2020, 2022)),
    st.integers(0, 500),
    min_size=1,
)


def as_corridors(held):
    return pd.DataFrame(
        [(*key, n) for key, n in held.items()], columns=["origin", "destination", "year", "persons"]
    )


@settings(max_examples=12)
@given(corridors, corridors)
def test_no_corridor_is_lost_in_the_mirror(own, partner):
    result = compare_mirror(as_corridors(own), as_corridors(partner))
    assert len(result) == len(set(own) | set(partner))
    assert result["own"].sum() == sum(own.values())
    assert result["partner"].sum() == sum(partner.values())
    assert (result["seen"] == "both").sum() == len(set(own) & set(partner))
    used = reconcile_mirror(as_corridors(own), as_corridors(partner), country="GMB")
    assert used["used"].notna().all()
    assert len(used) == len(result)
    larger = reconcile_mirror(as_corridors(own), as_corridors(partner), rule="larger")
    assert (larger["used"] >= larger[["own", "partner"]].max(axis=1) - 1e-9).all()


def test_corridors_may_have_names_of_any_kind():
    """Kinds that have no order of their own still meet their like, and come in the order of their text."""
    names = [b"x", 2023, "2023", 2.5, date(2024, 1, 1), 1 + 2j]
    own = pd.DataFrame({"origin": "GMB", "destination": "ESP", "year": names, "persons": range(1, 7)})
    both = compare_mirror(own, own.iloc[::-1])
    assert (both["seen"] == "both").all() and (both["ratio"] == 1).all()
    assert sorted(map(str, both["year"])) == list(map(str, both["year"]))


def test_a_huge_or_tiny_error_weighs_nothing_or_all():
    used = reconcile_mirror(OWN.assign(error=1e-200), OWN.assign(persons=9, error=1e200), rule="weighted")
    assert used["used"].tolist() == [5] and used["se"].tolist() == pytest.approx([0])


def test_each_reason_for_a_figure():
    key = {"origin": "GMB", "destination": ["ESP", "ITA", "GMB"], "year": 2023}
    own = pd.DataFrame(key | {"persons": [40, 10, 30]})
    there = pd.DataFrame(key | {"persons": [160, 20, 60]}).iloc[[0, 2]]
    plain = reconcile_mirror(own, there, country="GMB").set_index("destination")
    assert plain["why"].to_dict() == {
        "ESP": "country of arrival",
        "ITA": "only figure",
        "GMB": "country of arrival",
    }
    assert plain["side"].to_dict() == {"ESP": "partner", "ITA": "own", "GMB": "own"}
    spaced = reconcile_mirror(own.assign(origin=" GMB "), there, country="GMB")
    assert spaced["why"].tolist() == plain["why"].tolist()
    better = reconcile_mirror(own.assign(error=0.05), there.assign(error=0.2), country="GMB")
    assert better["why"].tolist() == ["smaller error", "smaller error", "only figure"]
    assert better["se"].iloc[0] == pytest.approx(0.05 * better["used"].iloc[0])
    weighed = reconcile_mirror(own.assign(error=0.1), there.assign(error=0.2), rule="weighted").set_index(
        "destination"
    )
    share = (1 / 0.01) / (1 / 0.01 + 1 / 0.04)
    assert weighed.loc["ESP", "used"] == pytest.approx(share * 40 + (1 - share) * 160)
    assert weighed.loc["ESP", "se"] == pytest.approx(np.hypot(share * 40 * 0.1, (1 - share) * 160 * 0.2))


@given(st.integers(2, 5), st.randoms(use_true_random=False))
def test_factors_find_constant_coverage_exactly(n, random):
    names = [f"C{i}" for i in range(n)]
    immigration = {c: random.uniform(0.3, 1) for c in names}
    emigration = {c: random.uniform(0.1, 1) for c in names}
    rows = [(o, d, random.randint(50, 5000)) for o in names for d in names if o != d]
    random.shuffle(rows)
    reports = pd.DataFrame(rows, columns=["origin", "destination", "true"])
    reports["sent"] = reports["true"] * reports["origin"].map(emigration)
    reports["received"] = reports["true"] * reports["destination"].map(immigration)
    if n == 2:
        with pytest.raises(KitError, match="no link"):
            harmonise_flows(reports, "C0")
        return
    result = harmonise_flows(reports, "C0")
    assert np.allclose(result.factors["immigration"], [immigration["C0"] / immigration[c] for c in names])
    assert np.allclose(result.factors["emigration"], [immigration["C0"] / emigration[c] for c in names])
    assert np.allclose(result.flows["estimate"], reports["true"] * immigration["C0"])


# ------------------------------------------------------------------------------------------------------ indices

matrices = st.integers(2, 6).flatmap(
    lambda n: st.lists(st.lists(st.integers(0, 200), min_size=n, max_size=n), min_size=n, max_size=n)
)


def movers(cells) -> int:
    return int(np.sum(cells) - np.trace(cells))


@given(matrices, st.randoms(use_true_random=False))
def test_indices_keep_their_limits_and_do_not_mind_order(cells, random):
    names = list("ABCDEF")[: len(cells)]
    matrix = pd.DataFrame(cells, index=names, columns=names)
    if not movers(cells):
        with pytest.raises(KitError, match="no migrants"):
            migration_indices(matrix)
        return
    index = migration_indices(matrix, 10_000)
    order = names.copy()
    random.shuffle(order)
    again = migration_indices(matrix.loc[order[::-1], order], 10_000)
    assert np.allclose(index, again, equal_nan=True)
    for name in ("connectivity", "inequality", "gini", "gini_uncorrected"):
        assert -1e-12 <= index[name] <= 1 + 1e-12, name
    assert 0 <= index["mei"] <= 100
    assert index["anmr"] == pytest.approx(index["cmi"] * index["mei"] / 100)
    gini = migration_gini(matrix)
    assert gini.rows + gini.columns <= migration_gini(matrix, corrected=False).total + 1e-9
    assert gini.out_field.dropna().between(-1e-12, 1 + 1e-12).all()
    if len(cells) > 2:
        assert 0 <= migration_inequality(matrix, "margins") <= 1


@pytest.mark.parametrize("n", [3, 4, 7])
def test_one_flow_of_all_is_focus_of_one(n):
    cells = np.zeros((n, n))
    cells[0, 1] = 50
    gini = migration_gini(cells)
    assert gini.total == pytest.approx(1)
    assert gini.out_field.iloc[0] == pytest.approx(1)
    assert migration_connectivity(cells) == pytest.approx(1 / (n * (n - 1)))
    assert migration_indices(cells)["mei"] == 100
    even = np.ones((n, n)) * 8
    assert migration_gini(even).total == pytest.approx(0, abs=1e-12)
    assert migration_inequality(even) == pytest.approx(0, abs=1e-12)
    assert migration_acv(even)["acv"] == 0


def test_gini_by_its_definition():
    """All pairs, one by one."""
    cells = np.random.default_rng(3).integers(0, 90, (5, 5))
    flows = [cells[i, j] for i in range(5) for j in range(5) if i != j]
    by_hand = sum(abs(a - b) for a in flows for b in flows) / (2 * (5 * 4 - 1) * sum(flows))
    assert migration_gini(cells).total == pytest.approx(by_hand)


@given(st.floats(0.05, 5), st.lists(st.integers(2, 5000), min_size=2, max_size=6, unique=True))
def test_courgeau_finds_the_k_that_made_the_scales(k, places):
    scales = pd.DataFrame({"n": places, "cmi": k * np.log(np.array(places, dtype=float) ** 2)})
    assert courgeau_k(scales).value == pytest.approx(k)
    assert courgeau_k(scales).se == pytest.approx(0, abs=1e-6)
    lifted = scales.assign(cmi=scales["cmi"] + 3)
    assert courgeau_k(lifted, intercept=True).value == pytest.approx(k)


def test_preference_is_a_hundred_where_people_go_as_expected():
    population = np.array([100.0, 200.0, 300.0])
    expected = np.outer(population / (population.sum() - population), population)
    np.fill_diagonal(expected, 0)
    assert np.allclose(migration_preference(expected, population).to_numpy()[~np.eye(3, dtype=bool)], 100)
    half = expected.copy()
    half[0, 1] *= 2
    assert migration_preference(half, population).loc[1, 2] > 150


def test_a_list_of_flows_becomes_a_matrix():
    flows = pd.DataFrame(
        {"origin": ["A", "B", "A", "C"], "destination": ["B", "A", "B", "A"], "persons": [1, 2, 3, 4]},
        index=[0] * 4,
    )
    matrix = flow_matrix(flows)
    assert matrix.to_numpy().tolist() == [[0, 4, 0], [2, 0, 0], [4, 0, 0]]
    assert migration_rates(matrix)["net"].tolist() == [2, 2, -4]
    assert flow_matrix(flows, persons=None).to_numpy().sum() == 4


def test_the_diagonal_may_hold_stayers_or_nothing():
    blank = [[None, 10, 10], [20, None, 20], [30, 30, None]]
    stayers = [[500, 10, 10], [20, 700, 20], [30, 30, 900]]
    for cells in (blank, stayers):
        assert migration_indices(cells).equals(migration_indices(HYP1))


# ------------------------------------------------------------------------------------------------- clear errors

AGES = pd.DataFrame({"age": ["0-4", "5-9", "10+"], "population": [1, 2, 3]})
REPORTS = pd.DataFrame({"h": [1, 0], "a": [1, 0]})
RATES = pd.DataFrame({"age": [15, 20], "rate": [0.1, 0.2]})
OWN = pd.DataFrame({"origin": ["GMB"], "destination": ["ESP"], "year": [2023], "persons": [5]})
SQUARE = pd.DataFrame({"A": [1, 2], "B": [3, 4]}, index=["A", "B"])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: match_cohorts(AGES, AGES.iloc[:2], 5), "last age group must be open.*'5-9'"),
        (lambda: match_cohorts(AGES.drop(index=1), AGES, 5), "'0-4' is not followed by '10\\+'"),
        (lambda: match_cohorts(AGES, AGES.replace("5-9", "all"), 5), "'all' is no age group"),
        (lambda: match_cohorts(AGES, AGES.replace("5-9", None), 5), "no age group"),
        (lambda: match_cohorts(AGES, AGES.assign(population=[1, -2, 3]), 5), "second census.*row 1 holds -2"),
        (lambda: match_cohorts(AGES, AGES, 0), "more than 0"),
        (lambda: match_cohorts(AGES, AGES[1:], 4), "second, 4 years later, at 5"),
        (lambda: match_cohorts(AGES[1:], AGES, 5), "begins at age 5"),
        (lambda: match_cohorts(AGES, AGES, "ten"), "must be one number"),
        (lambda: match_cohorts(AGES, AGES, 50), "no cohort"),
        (lambda: match_cohorts(AGES.iloc[:0], AGES, 5), "no rows"),
        (lambda: match_cohorts(AGES, AGES, 5, births={"0-9": 3}), "'0-9'.*'0-4'"),
        (lambda: match_cohorts(AGES, AGES, 5, births=12), "births by age"),
        (lambda: census_survival(AGES.assign(population=[0, 1, 1]), AGES, 5), "'0-4' has nobody"),
        (lambda: life_table_survival(LIFE, 10, ages=["0-4", "20+"]), "age 30"),
        (lambda: life_table_survival(LIFE, 10, ages=["0-4", "5-9"]), "must be open"),
        (lambda: life_table_survival(LIFE, 5, radix=1000), "'Born'.*ratio is"),
        (lambda: life_table_survival(LIFE.assign(Lx=0), 5), "nobody lives"),
        (lambda: life_table_survival(LIFE, 40), "ends before"),
        (lambda: intercensal_migration(AGES, AGES, pd.DataFrame({"x": []}), 5), "'age_start'"),
        (
            lambda: intercensal_migration(
                AGES, AGES, pd.DataFrame({"age_start": ["0-4"], "age_end": "5-9", "survival": 1}), 5
            ),
            "no survival ratio for 5\\+ 10\\+",
        ),
        (
            lambda: intercensal_migration(AGES.assign(sex="F"), AGES.assign(sex="M"), pd.DataFrame(), 5, by="sex"),
            "Only one of the two censuses",
        ),
        (
            lambda: survival_ratio_migration(
                pd.DataFrame({"age": ["0"], "pop_start": 1, "pop_end": 1, "survival": 1.2})
            ),
            "'0' has 1.2.*ratios='census'",
        ),
        (
            lambda: survival_ratio_migration(
                pd.DataFrame({"age": ["0"], "pop_start": 1, "pop_end": 1, "survival": 0}), ratios="census"
            ),
            "above 0; cohort '0'",
        ),
        (lambda: net_migration_sensitivity(pd.DataFrame({"pop_start": [1]})), "'pop_end'"),
        (
            lambda: net_migration_sensitivity(
                pd.DataFrame({"pop_start": [1], "pop_end": [1], "survival": [1]}), undercount_end=[1]
            ),
            "0 to below 1",
        ),
        (
            lambda: child_net_migration(
                pd.DataFrame({"age_end": ["15-19"], "pop_end": 1, "average": 1}), AGES.head(1)
            ),
            "ages 15-44 once",
        ),
        (
            lambda: child_net_migration(
                pd.DataFrame({"age_end": ["15-44"], "pop_end": 1, "average": 1}), AGES[1:], 5
            ),
            "'5-9' were born before",
        ),
        (
            lambda: vital_statistics_migration(
                pd.DataFrame({"pop_start": [1], "pop_end": 1, "births": 1, "deaths": 1}), coverage={"death": 1}
            ),
            "no source 'death'",
        ),
        (
            lambda: vital_statistics_migration(
                pd.DataFrame({"pop_start": [1], "pop_end": 1, "births": 1, "deaths": None})
            ),
            "'deaths': row 0",
        ),
        (
            lambda: vital_statistics_migration(
                pd.DataFrame({"pop_start": [1], "pop_end": 1, "births": 1, "deaths": 1}), coverage={"births": 0}
            ),
            "births must be above 0",
        ),
        (lambda: residual_migration(pd.DataFrame({"age_end": ["0"], "pop_start": 1, "pop_end": 1})), "'deaths'"),
        (lambda: birthplace_migration(SQUARE, SQUARE.rename(index={"A": "C"}, columns={"A": "C"})), "A, C"),
        (lambda: birthplace_migration(SQUARE, SQUARE, survival=-1), "Survival ratios"),
        (lambda: residence_matrix(pd.DataFrame({"a": [1]}), "a", "a"), "two columns"),
        (lambda: residence_matrix(pd.DataFrame({"a": [1], "b": [1]}), "a", "b", years=5), "or neither"),
        (lambda: migrants_by_duration(pd.DataFrame({"arrival_year": [2030]}), by=None), "row 0 arrived in 2030"),
        (
            lambda: migrants_by_duration(pd.DataFrame({"arrival_year": [2000]}), by=None, breaks=[1, 5]),
            "start at 0",
        ),
        (lambda: emigrants_from_children(REPORTS.assign(h=0), 10, "h", "a"), "nobody in the group 'Total'"),
        (lambda: emigrants_from_children(REPORTS, 10, "h", "b"), "'b'"),
        (lambda: emigrants_from_children(REPORTS.assign(s="F"), 10, "h", "a", by="s"), "each group of 's'"),
        (
            lambda: emigrants_from_children(REPORTS.assign(s="F"), {"M": 1}, "h", "a", by="s"),
            "population for.*'F'",
        ),
        (lambda: emigrants_from_siblings(REPORTS.iloc[:0], 10, "h", "a"), "no rows"),
        (lambda: emigrants_from_siblings(REPORTS.assign(c=None), 10, "h", "a", cluster="c"), "its cluster"),
        (lambda: emigrants_by_multiplicity(REPORTS.assign(h=-1), "h", "a"), "row 0 holds -1"),
        (lambda: compare_mirror(pd.concat([OWN, OWN]), OWN), "GMB ESP 2023 stands twice"),
        (lambda: compare_mirror(OWN, OWN.assign(destination="XXX")), "'destination' is not stated in 1"),
        (lambda: compare_mirror(OWN, OWN.assign(year="2023")), "'year' holds text in one table"),
        (lambda: compare_mirror(OWN, OWN.assign(origin=[["GMB", "SEN"]])), "'origin': row 0 holds a list"),
        (lambda: compare_mirror(OWN, OWN, by=[]), "Name the columns"),
        (lambda: reconcile_mirror(OWN, OWN, country="GMB", duration_factors=[1]), "months to factor"),
        (lambda: rogers_castro([20], a1="high"), "A parameter must be one number"),
        (lambda: migration_age_profile(RATES, breadth=1.5), "breadth must be a whole number"),
        (lambda: child_net_migration(RATES, RATES, childbearing=15), "two ages"),
        (lambda: reconcile_mirror(OWN, OWN, rule="mean"), "'mean'"),
        (lambda: reconcile_mirror(OWN, OWN), "Nothing tells which source"),
        (lambda: reconcile_mirror(OWN, OWN, rule="weighted"), "relative error"),
        (lambda: reconcile_mirror(OWN.assign(coverage=80), OWN, country="GMB"), "such as 0.8; got 80"),
        (lambda: reconcile_mirror(OWN.assign(duration=4), OWN, country="GMB"), "duration of 4 months"),
        (
            lambda: harmonise_flows(
                pd.DataFrame({"origin": ["A"], "destination": "B", "sent": 1, "received": 1}), "A"
            ),
            "cannot be the benchmark",
        ),
        (
            lambda: harmonise_flows(
                pd.DataFrame({"origin": ["A"], "destination": "A", "sent": 1, "received": 1}), "A"
            ),
            "to itself",
        ),
        (lambda: migration_gini(SQUARE.rename(index={"B": "C"})), "B, C"),
        (lambda: migration_gini([[0, -1], [1, 0]]), "holds -1"),
        (lambda: migration_gini([[0, None], [1, 0]]), "row 1"),
        (lambda: migration_gini([[0]]), "2 places or more"),
        (lambda: migration_gini("A"), "must be a table"),
        (lambda: migration_gini([["x", "y"], [1, 2]]), "rows and columns of numbers"),
        (lambda: migration_inequality(SQUARE, "other"), "'equal' or 'margins'"),
        (lambda: migration_rates(SQUARE, [1, 2, 3]), "2 places"),
        (lambda: migration_rates(SQUARE, pd.Series({"A": 1})), "no number for 'B'"),
        (lambda: migration_preference(SQUARE), "needs the population"),
        (lambda: crude_migration_intensity(5, 0), "above 0"),
        (lambda: courgeau_k(pd.DataFrame({"n": [1], "cmi": [1]})), "2 places"),
        (lambda: courgeau_k(pd.DataFrame({"n": [5], "cmi": [1]}), intercept=True), "2 scales"),
        (lambda: flow_matrix(OWN.assign(origin=None)), "not stated in 1 rows"),
        (lambda: flows_from_stocks(SQUARE, SQUARE * 2), "Born in 'A'"),
        (lambda: flows_from_stocks(SQUARE, SQUARE, "x"), "'x'"),
        (lambda: migration_age_profile(pd.DataFrame({"age": [20, 20], "rate": [1, 1]})), "twice"),
        (lambda: migration_age_profile(pd.DataFrame({"age": [90], "rate": [1]})), "no rates between"),
        (lambda: emigrants_from_households(None), "must be a table"),
    ],
)
def test_estimation_says_what_is_wrong(call, words):
    with pytest.raises(KitError, match=words):
        call()


anything = st.one_of(
    st.none(),
    st.integers(-5, 10**6),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from(["", "x", "5", "XXX", 1 + 2j, b"5", [1], (1, 2), date(2024, 1, 1), 10**30]),
)


@settings(max_examples=60)
@given(st.data())
def test_whatever_comes_in_an_answer_or_one_clear_error_comes_out(data):
    size = data.draw(st.integers(0, 4))
    columns = [
        "age",
        "age_end",
        "pop_start",
        "pop_end",
        "survival",
        "births",
        "deaths",
        "population",
        "h",
        "a",
        "persons",
    ]
    frame = pd.DataFrame({name: [data.draw(anything) for _row in range(size)] for name in columns}, dtype=object)
    frame["origin"], frame["destination"], frame["year"] = frame["age"], frame["age_end"], 2020
    frame["sent"], frame["received"] = frame["h"], frame["a"]
    call = data.draw(
        st.sampled_from(
            [
                lambda: survival_ratio_migration(frame, ratios="census"),
                lambda: match_cohorts(frame, frame, 5),
                lambda: vital_statistics_migration(frame),
                lambda: residual_migration(frame),
                lambda: emigrants_from_children(frame, 100, "h", "a"),
                lambda: emigrants_by_multiplicity(frame, "h", "a"),
                lambda: compare_mirror(frame, frame),
                lambda: harmonise_flows(frame, "x"),
                lambda: flow_matrix(frame),
                lambda: residence_matrix(frame, "age", "origin"),
                lambda: migration_age_profile(frame, rate="h"),
                lambda: courgeau_k(frame, n="h", cmi="a"),
                lambda: net_migration_sensitivity(frame),
                lambda: life_table_survival(frame, 5, lived="h"),
                lambda: child_net_migration(frame, frame, net="h"),
                lambda: migration_indices(frame[["h", "a"]].set_axis([str(i) for i in range(size)], axis=0)),
            ]
        )
    )
    try:
        call()
    except KitError as error:
        assert 10 < len(str(error)) < 400 and "\n" not in str(error)
