"""Coverage: published examples, sums by hand, and what must hold for any two lists."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migkit.measures.coverage import (
    WITHOUT_NAMES,
    chandra_sekar_deming,
    coverage_errors,
    coverage_rates,
    dependence_table,
    dependent_lists,
    dual_system,
    dual_system_interval,
    errors_from_counts,
    match_quality,
    match_to_census,
    record_outcomes,
    with_matching_error,
    with_movers,
    with_review,
)
from migkit.reference import KitError

settings.register_profile("measures", deadline=None, max_examples=40)
settings.load_profile("measures")


# --- published examples of two lists (as the R package FSA collects them, with their books)


@pytest.mark.parametrize(
    ("n1", "n2", "m", "method", "printed"),
    [
        (948, 421, 167, "lincoln_petersen", 2390),  # Krebs (1989), box 2.1, trout
        (948, 421, 167, "chapman", 2383),
        (109, 177, 57, "chapman", 337),  # Ricker (1975)
        (421, 332, 88, "chapman", 1578),  # Pine and others (2013), box 11.2
        (346, 184, 49, "lincoln_petersen", 1299),  # FSA, example of mrClosed
        (346, 184, 49, "chapman", 1283),
        (500, 149, 7, "chapman", 9393),  # Seber (2002), tables 3.7 and 3.8
        (1000, 243, 21, "chapman", 11101),
        (196, 90, 9, "lincoln_petersen", 1960),  # FSA, bluegill of Jewett Lake
    ],
)
def test_published_estimates(n1, n2, m, method, printed):
    assert dual_system(n1, n2, m, method).value == pytest.approx(printed, abs=1)


@pytest.mark.parametrize(
    ("n1", "n2", "m", "se"), [(346, 184, 49, 142.1), (500, 149, 7, 3022), (1000, 243, 21, 2184)]
)
def test_published_standard_errors_of_chapman(n1, n2, m, se):
    assert dual_system(n1, n2, m, "chapman").se == pytest.approx(se, abs=0.6)


def test_published_intervals():
    # Pine and others (2013), box 11.2: 1330 to 1826; Seber (2002): upper limit 15316
    low, high = dual_system_interval(421, 332, 88, method="normal")
    assert (low, high) == pytest.approx((1330, 1826), abs=1)
    assert dual_system_interval(500, 149, 7, method="normal")[1] == pytest.approx(15316, abs=1)
    # FSA: hyperCI(50, 25, 10) and confint(mrClosed(346, 184, 49)); its upper limit is the first size refused
    assert dual_system_interval(50, 25, 10, method="exact") == (86, 228 - 1)
    low, high = dual_system_interval(346, 184, 49, method="exact")
    assert low == 1049
    assert high == pytest.approx(1670, abs=1)


lists = st.tuples(st.integers(1, 60), st.integers(0, 60), st.integers(0, 60))


@given(lists, st.sampled_from(["log", "exact", "normal"]), st.sampled_from([0.5, 0.9, 0.95]))
def test_intervals_hold_the_estimate_and_nobody_who_was_seen_is_lost(numbers, method, level):
    m, only_1, only_2 = numbers
    n1, n2 = m + only_1, m + only_2
    low, high = dual_system_interval(n1, n2, m, level, method)
    assert low <= dual_system(n1, n2, m, "chapman").value <= high or method == "exact"
    assert low <= dual_system(n1, n2, m).value <= high or method != "exact"
    if method != "normal":
        assert low >= m + only_1 + only_2 - 1e-9
    wider = dual_system_interval(n1, n2, m, 0.99, method)
    assert wider[0] <= low + 1e-9
    assert wider[1] >= high - 1e-9


def test_exact_interval_is_the_set_of_sizes_that_are_not_refused():
    from scipy.stats import hypergeom

    low, high = dual_system_interval(20, 15, 6, method="exact")
    kept = [
        size
        for size in range(29, 400)
        if hypergeom.cdf(6, size, 20, 15) >= 0.025 and hypergeom.sf(5, size, 20, 15) > 0.025
    ]
    assert (low, high) == (kept[0], kept[-1])
    assert kept == list(range(kept[0], kept[-1] + 1))
    assert dual_system_interval(5, 5, 0, method="exact")[1] == float("inf")


# --- assumptions


@given(lists)
def test_an_odds_ratio_of_one_is_chandra_sekar_and_deming(numbers):
    m, only_1, only_2 = numbers
    plain, free = dual_system(m + only_1, m + only_2, m), dependent_lists(m + only_1, m + only_2, m)
    assert free.value == pytest.approx(plain.value)
    assert free.se == pytest.approx(plain.se)
    higher = dependent_lists(m + only_1, m + only_2, m, 2)
    assert higher.value - (m + only_1 + only_2) == pytest.approx(2 * only_1 * only_2 / m)


def test_the_odds_ratio_of_the_completed_table_is_the_one_given():
    value = dependent_lists(700, 650, 500, 2.5).value
    neither = value - (700 + 650 - 500)
    assert 500 * neither / (200 * 150) == pytest.approx(2.5)
    table = dependence_table(700, 650, 500, [1, 2.5])
    assert table.loc[2.5, "estimate"] == pytest.approx(value)
    assert table.loc[1.0, "change_percent"] == 0


@given(lists, st.floats(0, 0.3), st.floats(0, 0.2), st.floats(0, 0.3))
def test_correcting_the_expected_matches_gives_the_truth_back(numbers, a, b, e):
    m, only_1, only_2 = numbers
    n1, n2 = m + only_1, m + only_2
    observed = m * (1 - a) + (n2 - m) * b
    if observed > n1 / (1 - e):
        return
    found = with_matching_error(n1 / (1 - e), n2, observed, a, b, e)
    assert found.value == pytest.approx(dual_system(n1, n2, m).value, rel=1e-6)
    plain = with_matching_error(n1, n2, m)
    assert plain.value == pytest.approx(dual_system(n1, n2, m).value)
    assert plain.se == pytest.approx(dual_system(n1, n2, m).se)


# --- errors in numbers


def design(rows):
    return pd.DataFrame(rows, columns=["stratum", "ea", "weight", "group", "code"])


@pytest.fixture(scope="module")
def samples():
    rng = np.random.default_rng(9)
    p, e = [], []
    for stratum, size in (("U", 8), ("R", 7)):
        for ea in range(size):
            for _ in range(int(rng.integers(20, 40))):
                group = rng.choice(["native", "foreign"], p=[0.8, 0.2])
                place = (stratum, f"{stratum}{ea}", 10.0 if stratum == "U" else 17.5, group)
                p.append((*place, rng.choice(["M", "N", "U"], p=[0.88, 0.1, 0.02])))
                e.append((*place, rng.choice(list("CDFLU"), p=[0.93, 0.03, 0.01, 0.02, 0.01])))
    return (
        design(p).rename(columns={"code": "match_status"}),
        design(e).rename(columns={"code": "outcome"}),
    )


@pytest.mark.parametrize("count", [None, {"native": 3000, "foreign": 700}])
def test_errors_agree_with_the_rates(samples, count):
    rates = coverage_rates(*samples, by="group", census_count=count)
    errors = coverage_errors(*samples, by="group", census_count=count)
    assert list(rates.index) == list(errors.index) == ["foreign", "native", "Total"]
    for column in ("census", "estimate", "estimate_se", "omission_rate", "erroneous_rate"):
        assert errors[column].tolist() == pytest.approx(rates[column].tolist())
    assert errors["net"].tolist() == pytest.approx((errors["omissions"] - errors["erroneous"]).tolist())
    assert errors["gross"].tolist() == pytest.approx((errors["omissions"] + errors["erroneous"]).tolist())
    assert errors["net_rate"].tolist() == pytest.approx((1 - rates["net_coverage"]).tolist())
    if count is not None:
        assert errors["net_se"].tolist() == pytest.approx(errors["estimate_se"].tolist())


def test_errors_of_the_parts_agree_with_the_jackknife(samples):
    p, e = samples
    full = coverage_errors(p, e).loc["Total"]
    parts = ["omissions", "erroneous", "net", "gross", "estimate"]
    variance = dict.fromkeys(parts, 0.0)
    for stratum, areas in p.groupby("stratum")["ea"].unique().items():
        n = len(areas)
        for ea in areas:
            rest = [
                f[f["ea"] != ea].assign(
                    weight=lambda x, s=stratum, n=n: x["weight"] * np.where(x["stratum"] == s, n / (n - 1), 1)
                )
                for f in (p, e)
            ]
            again = coverage_errors(*rest).loc["Total"]
            for part in parts:
                variance[part] += (n - 1) / n * (again[part] - full[part]) ** 2
    for part in parts:
        assert full[f"{part}_se"] == pytest.approx(variance[part] ** 0.5, rel=0.06)


def test_plain_counts_by_hand():
    strata = pd.DataFrame(
        {
            "census": [950, 400],
            "persons": [100, 50],
            "matched": [90, 40],
            "checked": [100, 60],
            "correct": [95, 54],
        },
        index=["North", "South"],
    )
    table = errors_from_counts(strata, checked="checked", correct="correct")
    north = table.loc["North"]
    assert north["estimate"] == pytest.approx(950 * 0.95 / 0.9)
    assert north["omissions"] == pytest.approx(950 * 0.95 / 0.9 * 0.1)
    assert north["erroneous"] == pytest.approx(47.5)
    relative = 0.9 * 0.1 / 100 / 0.9**2 + 0.95 * 0.05 / 100 / 0.95**2
    assert north["estimate_se"] == pytest.approx(north["estimate"] * relative**0.5)
    assert north["erroneous_se"] == pytest.approx(950 * (0.95 * 0.05 / 100) ** 0.5)
    total = table.loc["Total"]
    assert total["estimate"] == pytest.approx(table["estimate"].iloc[:2].sum())
    assert total["gross_se"] == pytest.approx((table["gross_se"].iloc[:2] ** 2).sum() ** 0.5)
    assert total["net_rate"] == pytest.approx(total["net"] / total["estimate"])


@given(st.lists(lists, min_size=1, max_size=5))
def test_plain_counts_without_an_e_sample_are_chandra_sekar_and_deming(rows):
    strata = pd.DataFrame(
        {"n1": [m + a for m, a, _b in rows], "n2": [m + b for m, _a, b in rows], "m": [m for m, _a, _b in rows]}
    )
    table = errors_from_counts(strata, census="n1", persons="n2", matched="m")
    textbook = chandra_sekar_deming(strata)
    assert table["estimate"].tolist() == pytest.approx(textbook["estimate"].tolist())
    # Persons of the survey drawn with replacement: the textbook's error, less its factor for the census.
    assert (table["estimate_se"] >= textbook["se"] - 1e-9).all()


def test_one_area_of_equal_weights_gives_the_plain_counts():
    """One person a cluster: the design-based error becomes that of a share (n - 1 for n)."""
    n = 400
    rng = np.random.default_rng(1)
    p = pd.DataFrame({"stratum": "A", "ea": range(n), "weight": 5.0, "match_status": rng.choice(["M", "N"], n)})
    e = pd.DataFrame({"stratum": "A", "ea": range(n, 2 * n), "weight": 5.0, "outcome": "C"})
    e.loc[0, "ea"] = 0
    designed = coverage_errors(p, e, census_count=1000).loc["Total"]
    counts = pd.DataFrame({"census": [1000], "persons": [n], "matched": [p["match_status"].eq("M").sum()]})
    plain = errors_from_counts(counts).iloc[0]
    assert designed["omissions"] == pytest.approx(plain["omissions"])
    assert designed["omissions_se"] == pytest.approx(plain["omissions_se"], rel=0.01)


def test_movers_by_procedure_c():
    assert with_movers(900, 855, 100, 80, 110) == (1010, 943)
    assert with_movers(900, 855, 0, 0, 0) == (900, 855)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: dual_system_interval(10, 15, 5, method="best"), "log, normal, exact"),
        (lambda: dual_system_interval(10, 15, 5, level=95), "between 0 and 1"),
        (lambda: dual_system_interval(10.5, 15, 5, method="exact"), "whole number"),
        (lambda: dual_system_interval(10, 5, 15), "cannot be more"),
        (lambda: dependent_lists(10, 15, 5, -1), "odds ratio"),
        (lambda: dependent_lists(10, 15, 0), "chapman"),
        (lambda: with_matching_error(10, 15, 5, missed_matches=1), "from 0 to below 1"),
        (lambda: with_matching_error(10, 15, 5, missed_matches=0.6, false_matches=0.5), "says nothing"),
        (lambda: with_matching_error(100, 100, 5, false_matches=0.2), "true matches"),
        (lambda: with_movers(10, 11, 1, 1, 1), "More persons"),
        (lambda: with_movers(10, 9, 0, 0, 1), "nobody left"),
        (lambda: with_movers(10, -9, 0, 0, 1), "0 or more"),
        (lambda: errors_from_counts(pd.DataFrame({"census": [1], "persons": [1], "matched": [2]})), "Stratum 0"),
        (lambda: errors_from_counts(pd.DataFrame({"census": [1], "persons": [1]})), "'matched'"),
        (lambda: errors_from_counts(pd.DataFrame({"census": [], "persons": [], "matched": []})), "no rows"),
        (lambda: errors_from_counts(pd.DataFrame({"census": [1], "persons": 1, "matched": 1}), checked="census"),
         "two columns"),
    ],
)  # fmt: skip
def test_two_lists_say_what_is_wrong(call, words):
    with pytest.raises(KitError, match=words):
        call()


# --- matching


def village(seed=5, homes=30, areas=("A", "B")):
    rng = np.random.default_rng(seed)
    rows = []
    for area in areas:
        for home in range(homes):
            for line in range(int(rng.integers(1, 8))):
                rows.append(
                    (area, f"{area}{home}", "MF"[rng.integers(2)], int(rng.integers(0, 90)),
                     "1" if line == 0 else "3", rng.choice(["GMB", "SEN"], p=[0.9, 0.1]), "GMB")
                )  # fmt: skip
    names = ["ea", "home", "sex", "age", "relationship", "country_birth", "citizenship"]
    return pd.DataFrame(rows, columns=names)


@pytest.fixture(scope="module")
def two_lists():
    people = village(areas="ABCD")
    rng = np.random.default_rng(6)
    census = people.assign(person_id=[f"c{i}" for i in people.index], true=people.index)
    census = census[rng.random(len(census)) > 0.08]
    survey = people.assign(pes_id=[f"s{i}" for i in people.index], true=people.index)
    survey = survey[rng.random(len(survey)) > 0.05]
    survey["home"] = survey["home"].map({h: i for i, h in enumerate(rng.permutation(survey["home"].unique()))})
    return survey, census.sample(frac=1, random_state=1)


def matched(survey, census, **options):
    return match_to_census(survey, census, household=("home", "home"), **options)


def test_everybody_is_found_when_the_lists_are_the_same():
    people = village()
    same = people.assign(pes_id=people.index), people.assign(person_id=people.index)
    found = matched(*same, neighbours={"A": ["B", "nowhere"], "B": ["A"]})
    pd.testing.assert_frame_equal(found.persons, matched(*same).persons)
    assert found.persons["match_status"].eq("M").all()
    assert (found.persons["pes_id"] == found.persons["person_id"]).mean() > 0.98
    assert found.review.empty


def test_one_person_unknown_answers_and_nobody_alike():
    person = village(homes=1, areas="A").iloc[[0]]
    alone = match_to_census(person.assign(pes_id="p"), person.assign(person_id="c"), household=None)
    assert len(alone.persons) == 1
    blank = person.assign(sex="X", age=None, relationship=None, country_birth="XXX", citizenship="")
    assert match_to_census(blank.assign(pes_id="p"), blank.assign(person_id="c"), household=None).persons[
        "match_status"
    ].tolist() != ["M"]
    men = pd.concat([person] * 20, ignore_index=True).assign(sex="M", age=range(20), relationship="1")
    women = men.assign(sex="F", age=range(60, 80), relationship="3", country_birth="MLI", citizenship="MLI")
    far = matched(men.assign(pes_id=range(20)), women.assign(person_id=range(20)))
    assert far.persons["match_status"].eq("N").all()
    assert far.persons["person_id"].isna().all()
    assert far.review.empty


def test_those_left_out_are_not_found(two_lists):
    survey, census = two_lists
    found = matched(survey, census)
    truth = survey["true"].isin(census["true"])
    quality = match_quality(found.persons["match_status"], truth)
    assert quality["precision"] > 0.99
    assert quality["missed_matches"] < 0.01
    assert quality["false_matches"] < 0.1
    assert quality["unresolved"] < 0.03
    sure = found.persons[found.persons["match_status"].eq("M")]
    assert sure["person_id"].is_unique
    right = sure["person_id"].str[1:] == sure["pes_id"].str[1:]
    assert right.mean() > 0.98
    assert (found.persons.index == survey.index).all()
    assert found.persons.loc[found.persons["match_status"].ne("M"), "person_id"].isna().all()


def test_matching_does_not_depend_on_the_order_of_rows_and_changes_nothing(two_lists):
    survey, census = two_lists
    before = survey.copy(), census.copy()
    one = matched(survey, census).persons
    two = matched(survey.sample(frac=1, random_state=3), census.sort_index()).persons.loc[survey.index]
    pd.testing.assert_frame_equal(one, two)
    pd.testing.assert_frame_equal(survey, before[0])
    pd.testing.assert_frame_equal(census, before[1])


def test_neighbouring_areas_are_searched_only_if_asked():
    people = village()
    survey = people.assign(pes_id=people.index)
    census = people.assign(person_id=people.index)
    # One household of A was counted next door.
    moved = census["home"].eq(census["home"].value_counts().idxmax())
    area = census.loc[moved, "ea"].iloc[0]
    other = {"A": "B", "B": "A"}[area]
    census.loc[moved, "ea"] = other
    inside = matched(survey, census)
    assert inside.persons.loc[moved, "match_status"].ne("M").all()
    wide = matched(survey, census, neighbours={area: [other]}, accept=0.5)
    assert wide.persons.loc[moved, "match_status"].eq("M").mean() > 0.5
    assert wide.persons.loc[wide.persons["step"].eq("neighbour"), "person_id"].isin(census.index[moved]).all()


def test_doubtful_persons_go_to_a_clerk(two_lists):
    survey, census = two_lists
    found = matched(survey, census, accept=0.999999)
    doubt = found.persons[found.persons["match_status"].eq("U")]
    assert len(doubt)
    assert set(doubt["pes_id"]) <= set(found.review["pes_id"])
    assert not set(found.review["person_id"]) & set(found.persons["person_id"].dropna())
    assert {"sex", "age", "relationship"} <= set(found.review.columns)
    first = found.review.drop_duplicates("pes_id")
    assert (
        first["probability"] >= found.review.groupby("pes_id", sort=False)["probability"].max().to_numpy()
    ).all()
    decisions = first[["pes_id", "person_id"]].drop_duplicates("person_id")
    done = with_review(found.persons, decisions)
    assert done.loc[done["pes_id"].isin(decisions["pes_id"]), "match_status"].eq("M").all()
    assert found.persons["match_status"].eq("U").sum() == len(doubt)


def test_outcomes_of_census_records(two_lists):
    survey, census = two_lists
    found = matched(survey, census).persons
    outcomes = record_outcomes(census, found)
    assert (outcomes.eq("C") == census["person_id"].isin(found["person_id"])).all()
    assert set(outcomes) <= {"C", "U"}


@pytest.mark.parametrize("dtype", ["string", "category", "object"])
def test_types_of_columns_do_not_matter(two_lists, dtype):
    survey, census = two_lists
    columns = ["sex", "relationship", "country_birth", "ea"]
    typed = [f.astype(dict.fromkeys(columns, dtype)).astype({"age": "Int64"}) for f in (survey, census)]
    assert (matched(*typed).persons["match_status"] == matched(survey, census).persons["match_status"]).all()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda s, c: matched(s.drop(columns="sex"), c), "'sex'"),
        (lambda s, c: matched(s.assign(pes_id="p"), c), "more than once"),
        (lambda s, c: matched(s.assign(ea=None), c), "nobody can look"),
        (lambda s, c: matched(s.assign(ea="Z"), c), "in common"),
        (lambda s, c: matched(s.iloc[:0], c), "no rows"),
        (lambda s, c: matched(s, c, accept=0.1), "review <= accept"),
        (lambda s, c: matched(s, c, comparisons=[3]), "comparisons"),
        (lambda s, c: with_review(matched(s, c).persons, pd.DataFrame({"pes_id": ["?"], "person_id": ["c1"]})),
         "not in doubt"),
        (lambda s, c: record_outcomes(c, matched(s, c).persons, followup={"c0": "Q"}), "'Q'"),
        (lambda s, c: record_outcomes(c, matched(s, c).persons, duplicates=["?"]), "no census record"),
        (lambda s, c: match_quality(pd.Series(["M"]), pd.Series([True, False])), "1 statuses, but 2"),
        (lambda s, c: match_quality(pd.Series(["Y"]), pd.Series([True])), "'Y'"),
    ],
)  # fmt: skip
def test_matching_says_what_is_wrong(call, words, two_lists):
    with pytest.raises(KitError, match=words):
        call(*two_lists)


def test_what_is_compared_without_names():
    assert [each.name for each in WITHOUT_NAMES] == ["sex", "age", "relationship", "country_birth", "citizenship"]
