"""What must hold for any data: nobody lost, known limits, and one clear sentence for input that cannot be."""

import doctest
import importlib
import inspect
import itertools
import pkgutil

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import migkit.measures
from migkit.measures import (
    RULES,
    Estimate,
    TableSpec,
    age_groups,
    chandra_sekar_deming,
    classify,
    compare_definitions,
    coverage_rates,
    digit_shares,
    dual_system,
    emigrants_from_households,
    lifetime_migration,
    make_table,
    myers,
    stock,
    survival_ratio_migration,
    un_age_sex_accuracy,
    weighted_ratio,
    whipple,
)
from migkit.reference import KitError

settings.register_profile("measures", deadline=None, max_examples=40)
settings.load_profile("measures")

countries = st.sampled_from(["GMB", "SEN", "GIN", "XXX", None, ""])
person = st.fixed_dictionaries(
    {
        "sex": st.sampled_from(["M", "F", "X"]),
        "age": st.one_of(st.none(), st.integers(0, 98)),
        "country_birth": countries,
        "citizenship": countries,
        "mother_country_birth": countries,
        "father_country_birth": countries,
        "lived_abroad": st.sampled_from(["Y", "N", "X", None]),
        "country_5y": countries,
        "country_1y": countries,
    }
)
# One Gambian keeps the country's own code in every column.
anchor = dict.fromkeys(
    ["country_birth", "citizenship", "mother_country_birth", "father_country_birth", "country_5y", "country_1y"],
    "GMB",
) | {"sex": "F", "age": 30, "lived_abroad": "N"}
people = st.lists(person, max_size=30).map(lambda rows: pd.DataFrame([*rows, anchor]))


def measure_modules():
    """Every module of the measures that promises something to others."""
    for found in pkgutil.walk_packages(migkit.measures.__path__, "migkit.measures."):
        module = importlib.import_module(found.name)
        if getattr(module, "__all__", []) and not found.ispkg:
            yield module


@pytest.mark.parametrize("module", measure_modules(), ids=lambda module: module.__name__)
def test_worked_examples_in_docstrings(module):
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.parametrize("module", measure_modules(), ids=lambda module: module.__name__)
def test_every_public_function_has_a_worked_example(module):
    public = [getattr(module, name) for name in module.__all__]
    bare = [each.__name__ for each in public if inspect.isfunction(each) and ">>>" not in (each.__doc__ or "")]
    assert not bare, f"no worked example in the docstring of {', '.join(bare)}"


# definitions


@given(people, st.sampled_from(list(RULES)), st.sampled_from([(), "sex", ["sex", "lived_abroad"]]))
def test_yes_no_and_unknown_are_the_universe(persons, rule, by):
    table = stock(persons, rule, "GMB", by=by)
    assert (table[["yes", "no", "unknown"]].sum(axis=1) == table["total"]).all()
    assert table["total"].iloc[-1] == len(persons)
    assert table["total"].iloc[:-1].sum() == (len(persons) if by else 0)
    assert len(classify(persons, rule, "GMB")) == len(persons)


@given(people)
def test_having_foreign_parents_only_adds_migrants(persons):
    born = classify(persons, "foreign_born", "GMB")
    background = classify(persons, "foreign_background", "GMB")
    assert (background[born == "yes"] == "yes").all()
    assert (born[background == "no"] == "no").all()


@given(people)
def test_weights_of_two_double_the_stock(persons):
    persons["w"] = 2
    once, twice = stock(persons, "foreign_born", "GMB"), stock(persons, "foreign_born", "GMB", weight="w")
    assert np.allclose(twice[["yes", "no", "unknown"]], 2 * once[["yes", "no", "unknown"]])


def test_each_rule_on_one_person():
    base = pd.DataFrame([anchor])

    def answer(rule, **changes):
        return classify(pd.concat([base, base.assign(**changes)], ignore_index=True), rule, "GMB").iloc[1]

    assert answer("foreign_born", country_birth="SEN") == "yes"
    assert answer("foreign_citizen", country_birth="SEN") == "no"
    assert answer("lived_abroad", lived_abroad="X") == "unknown"
    assert answer("foreign_background", father_country_birth="XXX") == "unknown"
    assert answer("foreign_background", father_country_birth="XXX", mother_country_birth="GIN") == "yes"
    assert answer("recent_5y", country_5y="SEN") == "yes"
    assert answer("recent_5y", country_5y=None) == "unknown"
    assert answer("recent_5y", country_5y=None, age=4) == "no"
    assert answer("recent_5y", country_5y="XXX", age=4) == "unknown"
    assert answer("recent_1y", country_1y=None, age=0) == "no"


def test_definitions_side_by_side_use_what_the_table_has():
    persons = pd.DataFrame({"country_birth": ["GMB", "SEN"], "citizenship": ["GMB", "GMB"]})
    table = compare_definitions(persons, "GMB")
    assert list(table.index) == ["foreign_born", "foreign_citizen"]
    assert table["yes"].tolist() == [1, 0]
    with pytest.raises(KitError, match="lived_abroad"):
        compare_definitions(persons, "GMB", rules=["lived_abroad"])
    with pytest.raises(KitError, match="No definition"):
        compare_definitions(pd.DataFrame({"x": [1]}), "GMB")


def test_other_column_names_and_categories_work():
    persons = pd.DataFrame({"pays": pd.Categorical(["GMB", "SEN", "XXX"])})
    assert list(classify(persons, "foreign_born", "GMB", country_birth="pays")) == ["no", "yes", "unknown"]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda p: classify(p, "foreign_bron", "GMB"), "foreign_bron.*foreign_born"),
        (lambda p: classify(p, "foreign_born", "Gambia"), "'GMB'.*'Gambia'"),
        (lambda p: classify(p, "foreign_born", "gmb"), "'GMB'.*'gmb'"),
        (lambda p: classify(p, "foreign_born", ""), "code"),
        (
            lambda p: classify(p.drop(columns="country_birth"), "foreign_born", "GMB"),
            "'country_birth'.*citizenship",
        ),
        (lambda p: classify([1, 2], "foreign_born", "GMB"), "DataFrame"),
        (lambda p: classify(p, "foreign_born", "GMB", birthplace="x"), "'birthplace'"),
        (lambda p: stock(p, "foreign_born", "GMB", by="region"), "'region'"),
        (lambda p: stock(p.assign(w=-1), "foreign_born", "GMB", weight="w"), "'w'.*0 or more"),
    ],
)
def test_definitions_say_what_is_wrong(call, words):
    with pytest.raises(KitError, match=words):
        call(pd.DataFrame([anchor]))


# tables


def spec(rows, columns=None, weight=None):
    return TableSpec("A table", "All", "persons", rows, columns, (), "Test", weight)


@given(people, st.sampled_from(["sex", "country_birth"]), st.sampled_from([None, "sex", "citizenship"]))
def test_tables_hold_everybody_once(persons, rows, columns):
    table = make_table(persons, spec(rows, columns))
    body = table.drop(index="Total").drop(columns="Total")
    assert table.loc["Total", "Total"] == len(persons)
    assert table["Total"].drop("Total").sum() == len(persons)
    assert "Not stated" in table.index
    assert table.index[-1] == "Total"
    if columns:
        assert (body.sum(axis=1) == table["Total"].drop("Total")).all()
        assert (body.sum(axis=0) == table.loc["Total"].drop("Total")).all()
        assert list(table.columns[-2:]) == ["Not stated", "Total"]


def test_table_keeps_empty_age_groups_in_order_and_shows_unknown_ages():
    persons = pd.DataFrame(
        {"age": pd.array([2, 71, None], dtype="Int64"), "sex": ["F", "M", "F"], "w": [1.5, 1, 1]}
    )
    persons["group"] = age_groups(persons["age"], width=10, open_at=70)
    table = make_table(persons, spec("group", "sex", "w"))
    assert list(table.index) == [
        "0-9",
        "10-19",
        "20-29",
        "30-39",
        "40-49",
        "50-59",
        "60-69",
        "70+",
        "Not stated",
        "Total",
    ]
    assert table.loc["0-9", "F"] == 1.5
    assert table.loc["Not stated", "F"] == 1
    assert table.loc["30-39", "Total"] == 0


@given(st.lists(st.integers(0, 130), min_size=1), st.integers(1, 20), st.integers(20, 100))
def test_each_age_falls_into_its_group(ages, width, open_at):
    for age, group in zip(ages, age_groups(pd.Series(ages), width, open_at), strict=True):
        if group.endswith("+"):
            assert age >= open_at == int(group[:-1])
        else:
            first, last = (int(group), int(group)) if "-" not in group else map(int, group.split("-"))
            assert first <= age <= last < open_at


@pytest.mark.parametrize(
    ("ages", "options", "words"),
    [
        ([3, -1], {}, "row 1 holds -1"),
        ([3, 999], {}, "999"),
        ([3, "four"], {}, "row 1 holds 'four'"),
        ([3], {"width": 0}, "width of 1"),
        ([3], {"breaks": [0, 15, 15]}, "must rise"),
        ([3], {"breaks": [15, 65]}, "starts at 15"),
    ],
)
def test_age_groups_say_what_is_wrong(ages, options, words):
    with pytest.raises(KitError, match=words):
        age_groups(pd.Series(ages), **options)


# age quality


@given(st.integers(1, 50))
def test_indices_of_even_ages(n):
    ages = list(range(0, 100)) * n
    assert whipple(ages) == pytest.approx(100)
    assert myers(ages) == pytest.approx(0, abs=1e-9)


@given(st.lists(st.sampled_from(range(25, 61, 5)), min_size=1))
def test_whipple_of_all_heaped_ages_is_500(ages):
    assert whipple(ages) == pytest.approx(500)
    assert whipple(ages, digits=[0]) + whipple(ages, digits=[5]) == pytest.approx(1000)


@given(st.lists(st.integers(0, 98), min_size=1).filter(lambda ages: any(23 <= age <= 62 for age in ages)))
def test_limits_and_counting_ways_agree(ages):
    index = whipple(ages)
    assert 0 <= index <= 500
    counts = pd.Series(ages).value_counts()
    assert whipple(counts.index, counts) == pytest.approx(index)
    assert whipple([*ages, None]) == pytest.approx(index)
    assert 0 <= myers(ages) <= 90
    assert digit_shares(ages).sum() == pytest.approx(100)
    assert digit_shares(ages, blended=False).sum() == pytest.approx(100)


def test_myers_removes_the_slope_that_plain_shares_keep():
    counts = pd.Series({age: 200.0 - 2 * age for age in range(0, 100)})
    plain = digit_shares(counts.index, counts, blended=False)
    blended = digit_shares(counts.index, counts)
    assert plain[0] - plain[9] > 10 * abs(blended[0] - blended[9])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: whipple([1, 2]), "Nobody"),
        (lambda: whipple([30, -3]), "-3"),
        (lambda: whipple([30, 40], counts=[1]), "2 ages but 1 counts"),
        (lambda: whipple([30], first=20, last=65), "multiple of 5"),
        (lambda: whipple([30], digits=[10]), "0 to 9"),
        (lambda: myers([25], first=20, last=29), "two decades"),
        (lambda: un_age_sex_accuracy(pd.DataFrame({"age": [0, 5], "male": 1, "females": 1})), "'female'"),
        (lambda: un_age_sex_accuracy(pd.DataFrame({"age": [0, 5], "male": 1, "female": 1})), "at least four"),
        (
            lambda: un_age_sex_accuracy(pd.DataFrame({"age": [0, 1, 5, 10, 15, 20], "male": 1, "female": 1})),
            "five years",
        ),
        (lambda: un_age_sex_accuracy(pd.DataFrame({"age": range(0, 40, 5), "male": 0, "female": 1})), "no males"),
    ],
)
def test_age_quality_says_what_is_wrong(call, words):
    with pytest.raises(KitError, match=words):
        call()


def test_un_index_corrects_small_populations():
    table = pd.DataFrame({"age": range(0, 80, 5), "male": 1000, "female": 1000})
    small = un_age_sex_accuracy(table)
    assert small.adjusted
    assert small.score == pytest.approx(-(3500 / 32000**0.5 - 3.5))
    assert un_age_sex_accuracy(table, adjust_small=False).score == 0


# estimation


@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6), st.floats(0.05, 1)), min_size=1, max_size=20)
)
def test_forward_is_reverse_times_survival(rows):
    cohorts = pd.DataFrame(rows, columns=["pop_start", "pop_end", "survival"]).rename_axis("age").reset_index()
    result = survival_ratio_migration(cohorts)
    ratio = cohorts["survival"].to_numpy()
    assert np.allclose(result["forward"], result["reverse"] * ratio, atol=1e-6)
    assert np.allclose(result["expected"] + result["forward"], cohorts["pop_end"])
    assert np.allclose(result["average"] * 2, result["forward"] + result["reverse"])


@given(
    st.lists(st.lists(st.integers(0, 1000), min_size=4, max_size=4), min_size=4, max_size=4),
    st.permutations("ABCD"),
)
def test_lifetime_migration_balances_in_any_order_of_places(cells, order):
    matrix = pd.DataFrame(cells, index=list("ABCD"), columns=list("ABCD"))
    result = lifetime_migration(matrix)
    assert result["net"].sum() == 0
    pd.testing.assert_frame_equal(lifetime_migration(matrix[list(order)]), result)


def test_emigrants_show_unknown_last_and_total():
    left = pd.DataFrame(
        {
            "country_residence": ["XXX", "XXX", "XXX", "ITA", "ESP", "ESP"],
            "year_left": [2016, None, 2020, 2015, 2021, 2012],
        }
    )
    table = emigrants_from_households(left)
    assert list(table.index) == ["ESP", "ITA", "Not stated", "Total"]
    assert table["emigrants"].tolist() == [2, 1, 3, 6]
    assert emigrants_from_households(left, since=2016).loc["Total", "emigrants"] == 4  # unknown years are kept
    two = emigrants_from_households(left.assign(sex="F"), by=["country_residence", "sex"])
    assert two["emigrants"].iloc[-1] == 6


def test_no_emigrants_is_an_empty_table_not_an_error():
    nobody = pd.DataFrame({"country_residence": pd.Series([], dtype=object)})
    assert emigrants_from_households(nobody).loc["Total", "emigrants"] == 0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: survival_ratio_migration(pd.DataFrame({"age": [0], "pop_start": 1, "pop_end": 1})), "'survival'"),
        (
            lambda: survival_ratio_migration(
                pd.DataFrame({"age": ["0-4"], "pop_start": 1, "pop_end": 1, "survival": 1.2})
            ),
            "'0-4' has 1.2",
        ),
        (
            lambda: survival_ratio_migration(
                pd.DataFrame({"age": ["0-4"], "pop_start": -1, "pop_end": 1, "survival": 1})
            ),
            "'pop_start': row 0 holds -1",
        ),
        (lambda: lifetime_migration(pd.DataFrame({"A": [1]}, index=["B"])), "A, B"),
        (lambda: lifetime_migration(pd.DataFrame({"A": [-1]}, index=["A"])), "'A'"),
        (lambda: emigrants_from_households(pd.DataFrame({"x": [1]})), "'country_residence'"),
        (lambda: emigrants_from_households(pd.DataFrame({"x": [1]}), by=[]), "by which column"),
    ],
)
def test_estimation_says_what_is_wrong(call, words):
    with pytest.raises(KitError, match=words):
        call()


# coverage


@given(st.integers(1, 500), st.integers(0, 500), st.integers(0, 500))
def test_dual_system_is_at_least_everybody_seen(m, only_1, only_2):
    n1, n2 = m + only_1, m + only_2
    petersen, chapman = dual_system(n1, n2, m), dual_system(n1, n2, m, method="chapman")
    assert petersen.value >= m + only_1 + only_2 - 1e-9
    assert chapman.value <= petersen.value + 1e-9
    assert (petersen.se == 0) == (only_1 == 0 or only_2 == 0)


def test_estimate_has_an_interval():
    estimate = Estimate(100.0, 10.0, "test")
    assert estimate.interval() == pytest.approx((80.4, 119.6), abs=0.01)
    assert estimate.interval(0.5)[0] > estimate.interval()[0]
    assert "80.4" in str(estimate)


def survey(rows):
    """P-sample rows: (stratum, ea, weight, group, status) each."""
    return pd.DataFrame(rows, columns=["stratum", "ea", "weight", "group", "match_status"])


def checked(rows):
    return pd.DataFrame(rows, columns=["stratum", "ea", "weight", "group", "outcome"])


@pytest.fixture
def samples():
    rng = np.random.default_rng(4)
    p, e = [], []
    for stratum, ea in itertools.product(["U", "R"], range(6)):
        weight = 10.0 if stratum == "U" else 20.0
        for _ in range(40):
            group = rng.choice(["native", "foreign"], p=[0.8, 0.2])
            missed = 0.05 if group == "native" else 0.15
            p.append(
                (
                    stratum,
                    f"{stratum}{ea}",
                    weight,
                    group,
                    rng.choice(["M", "N", "U"], p=[0.97 - missed, missed, 0.03]),
                )
            )
            e.append(
                (
                    stratum,
                    f"{stratum}{ea}",
                    weight,
                    group,
                    rng.choice(["C", "D", "F", "L", "U"], p=[0.95, 0.02, 0.01, 0.01, 0.01]),
                )
            )
    return survey(p), checked(e)


def test_coverage_by_hand():
    p = survey([("A", 1, 1, "x", "M"), ("A", 1, 1, "x", "N"), ("A", 2, 3, "x", "M"), ("A", 2, 3, "x", "U")])
    e = checked([("A", 1, 1, "x", "C"), ("A", 2, 3, "x", "C"), ("A", 2, 3, "x", "D"), ("A", 2, 3, "x", "U")])
    total = coverage_rates(p, e).loc["Total"]
    # matched 1 + 3 of resolved 2 + 3; correct 1 + 3 of checked 1 + 6; recorded 1 + 9
    assert total["omission_rate"] == pytest.approx(1 / 5)
    assert total["erroneous_rate"] == pytest.approx(3 / 7)
    assert total["unresolved"] == pytest.approx(3 / 8)
    assert total["census"] == 10
    assert total["estimate"] == pytest.approx(10 * (4 / 7) / (4 / 5))
    assert total["net_coverage"] == pytest.approx((4 / 5) / (4 / 7))
    assert total["persons"] == 4
    # omission: z = (not matched - R x resolved) / resolved: EA 1 (1 - 2/5)/5, EA 2 (0 - 3/5)/5; n/(n-1) = 2
    z = np.array([(1 - 0.2 * 2) / 5, (0 - 0.2 * 3) / 5])
    assert total["omission_se"] == pytest.approx((2 * ((z - z.mean()) ** 2).sum()) ** 0.5)


def test_omission_is_the_weighted_ratio(samples):
    p, e = samples
    resolved = p.assign(missed=p["match_status"].eq("N"), seen=p["match_status"].ne("U"))
    ratio = weighted_ratio(resolved, "missed", "seen")
    total = coverage_rates(p, e).loc["Total"]
    assert total["omission_rate"] == pytest.approx(ratio.value)
    assert total["omission_se"] == pytest.approx(ratio.se)


def without(frame, stratum, ea, n):
    """The sample without one area; the others of its stratum take over its weight."""
    rest = frame[frame["ea"] != ea]
    return rest.assign(weight=rest["weight"].where(rest["stratum"] != stratum, rest["weight"] * n / (n - 1)))


def test_standard_errors_agree_with_the_jackknife(samples):
    """Delete-one-cluster jackknife in strata (JKn): another way to the same errors, close in such samples."""
    p, e = samples
    full = coverage_rates(p, e).loc["Total"]
    names = {"omission_rate": "omission_se", "estimate": "estimate_se", "net_coverage": "net_coverage_se"}
    variance = dict.fromkeys(names, 0.0)
    for stratum, areas in p.groupby("stratum")["ea"].unique().items():
        n = len(areas)
        for ea in areas:
            replicate = coverage_rates(*(without(frame, stratum, ea, n) for frame in (p, e))).loc["Total"]
            for name in names:
                variance[name] += (n - 1) / n * (replicate[name] - full[name]) ** 2
    for name, error in names.items():
        assert full[error] == pytest.approx(variance[name] ** 0.5, rel=0.05)


def test_coverage_by_group_keeps_all_areas(samples):
    p, e = samples
    table = coverage_rates(p, e, by="group")
    assert list(table.index) == ["foreign", "native", "Total"]
    assert table["persons"].iloc[:-1].sum() == table.loc["Total", "persons"]
    assert table.loc["foreign", "omission_rate"] > table.loc["native", "omission_rate"]
    assert table.loc["foreign", "omission_se"] > table.loc["native", "omission_se"]
    known = coverage_rates(p, e, by="group", census_count={"foreign": 900, "native": 3500})
    assert known["census"].tolist() == [900, 3500, 4400]
    assert np.allclose(known["estimate"] * known["net_coverage"], known["census"])
    assert known["omission_rate"].tolist() == table["omission_rate"].tolist()


def test_a_perfect_census_is_estimated_without_error():
    p = survey([("A", ea, 5, "x", "M") for ea in (1, 2, 3)])
    e = checked([("A", ea, 5, "x", "C") for ea in (1, 2, 3)])
    total = coverage_rates(p, e, census_count=15).loc["Total"]
    assert total[["omission_rate", "erroneous_rate", "estimate", "estimate_se", "net_coverage"]].tolist() == [
        0,
        0,
        15,
        0,
        1,
    ]


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    """The census missed 10 % at random; a stratified cluster sample finds that out, 95 times in 100."""
    rng = np.random.default_rng(20)
    inside = 0
    for _ in range(200):
        sizes = rng.integers(20, 40, size=24)
        frame = pd.DataFrame({"ea": np.repeat(np.arange(24), sizes)})
        frame["stratum"], frame["weight"], frame["all"] = frame["ea"] % 2, 7.0, 1
        frame["missed"] = rng.random(len(frame)) < 0.1
        low, high = weighted_ratio(frame, "missed", "all").interval()
        inside += low <= 0.1 <= high
    assert 0.88 <= inside / 200 <= 0.99


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda p, e: coverage_rates(p.drop(columns="ea"), e), "'ea'"),
        (lambda p, e: coverage_rates(p, e.drop(columns="group"), by="group"), "merge"),
        (lambda p, e: coverage_rates(p.assign(match_status="Y"), e), "'Y' is none of M, N, U"),
        (lambda p, e: coverage_rates(p.assign(weight=-1), e), "'weight'"),
        (lambda p, e: coverage_rates(p.iloc[:0], e), "at least one row"),
        (lambda p, e: coverage_rates(p.assign(ea=None), e), "no 'stratum' or no 'ea'"),
        (lambda p, e: coverage_rates(p.assign(stratum=range(len(p))), e), "more than one stratum"),
        (lambda p, e: coverage_rates(p, e, by="group", census_count=100), "each group"),
        (lambda p, e: coverage_rates(p, e, by="group", census_count={"native": 3}), "'foreign'"),
        (lambda p, e: dual_system(10, 5, 15), "cannot be more"),
        (lambda p, e: dual_system(10, 15, 0), "chapman"),
        (lambda p, e: dual_system(10, 15, 5, method="lincoln"), "'lincoln_petersen'"),
        (lambda p, e: dual_system(-1, 15, 5), "n1"),
        (lambda p, e: chandra_sekar_deming(pd.DataFrame({"n1": [5], "n2": [5], "m": [0]}, index=["a"])), "'a'"),
        (lambda p, e: chandra_sekar_deming(pd.DataFrame({"n1": [], "n2": [], "m": []})), "no rows"),
        (lambda p, e: Estimate(1, 1, "x").interval(95), "between 0 and 1"),
    ],
)
def test_coverage_says_what_is_wrong(call, words, samples):
    with pytest.raises(KitError, match=words):
        call(*samples)


# office files as they come


@pytest.mark.parametrize(
    "codes",
    [
        [270, 686, None, 270],
        [270.0, 686.0, None, 270.0],
        pd.array([270, 686, None, 270], dtype="Int64"),
        pd.Categorical([270, 686, None, 270]),
        ["270", " 686", " ", "270 "],
        pd.array(["270", "686", None, "270"], dtype="string"),
    ],
)
@pytest.mark.parametrize("country", ["270", 270])
def test_country_codes_may_be_numbers_and_hold_spaces(codes, country):
    """A number is not equal to its text: without care everybody became foreign-born."""
    persons = pd.DataFrame({"country_birth": codes})
    assert list(classify(persons, "foreign_born", country)) == ["no", "yes", "unknown", "no"]


def test_not_stated_in_words_is_unknown_and_spaces_make_no_new_group():
    persons = pd.DataFrame({"country_birth": ["GMB", "Not stated", "SEN"], "sex": ["F", "F ", " "]})
    assert list(classify(persons, "foreign_born", "GMB")) == ["no", "unknown", "yes"]
    assert make_table(persons, spec("sex"))["Total"].to_dict() == {"F": 2, "Not stated": 1, "Total": 3}


def test_blank_text_is_a_blank_number():
    assert whipple(pd.Series(["25", " ", "31"])) == pytest.approx(250)
    left = pd.DataFrame({"country_residence": ["ESP", "ITA"], "year_left": ["2015", ""]})
    assert emigrants_from_households(left, since=2016).loc["Total", "emigrants"] == 1


def test_strata_may_have_two_keys():
    strata = pd.DataFrame(
        {"n1": [80, 30], "n2": [80, 20], "m": [64, 10]},
        index=pd.MultiIndex.from_tuples([("U", "M"), ("R", "F")], names=["area", "sex"]),
    )
    result = chandra_sekar_deming(strata)
    assert result["estimate"].tolist() == pytest.approx([100, 60, 160])
    assert result.index[-1] == ("Total", "")


def test_nobody_matched_is_said_and_one_area_shows_no_error(samples):
    p, e = samples
    none = coverage_rates(p.assign(match_status="N"), e).loc["Total"]
    assert none["omission_rate"] == 1
    assert none["omission_se"] == 0
    assert np.isnan(none["estimate"])
    one = coverage_rates(p[p["ea"] == "U1"], e[e["ea"] == "U1"]).loc["Total"]
    assert one[["omission_se", "erroneous_se", "estimate_se", "net_coverage_se"]].isna().all()
    assert 0 < one["omission_rate"] < 1


STRATA = pd.DataFrame({"n1": [80, 110], "n2": [80, 100], "m": [64, 74]}, index=["easy", "Total"])
PERSONS = pd.DataFrame({"country_birth": ["GMB", "SEN"], "sex": ["F", "M"], "lived_abroad": [1, 2]})


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda p, e: whipple(30), "a list of numbers"),
        (lambda p, e: whipple({30: 5}), "a list of numbers"),
        (lambda p, e: whipple(np.ones((2, 2))), "a list of numbers"),
        (lambda p, e: whipple(pd.to_datetime(["1990-01-01"])), "datetime"),
        (lambda p, e: whipple(range(99), first="23"), "whole number"),
        (lambda p, e: whipple(range(99), first=23, last=67, digits=[0]), "multiple of 10"),
        (lambda p, e: myers(range(99), method="best"), "'original' or 'textbook'"),
        (lambda p, e: age_groups([3], width=2.5), "whole number"),
        (lambda p, e: age_groups([3], breaks="0-14"), "list of first ages"),
        (lambda p, e: make_table(PERSONS, {"rows": "sex"}), "TableSpec"),
        (lambda p, e: make_table(PERSONS.assign(sex="Total"), spec("sex")), "leave rows of totals out"),
        (lambda p, e: make_table(pd.concat([PERSONS, PERSONS[["sex"]]], axis=1), spec("sex")), "more than one"),
        (lambda p, e: classify(PERSONS.replace("SEN", "gmb"), "foreign_born", "GMB"), "make them alike"),
        (lambda p, e: classify(PERSONS, "foreign_born", "GAM"), "'GAM'"),
        (lambda p, e: classify(PERSONS, ["foreign_born"], "GMB"), "no rule called"),
        (lambda p, e: classify(PERSONS, "lived_abroad", "GMB"), r"write Y \(yes\)"),
        (lambda p, e: stock(PERSONS, "foreign_born", "GMB", by=["sex", "sex"]), "named twice"),
        (lambda p, e: survival_ratio_migration(pd.DataFrame([[1, 2]], columns=["age", "age"])), "more than one"),
        (lambda p, e: lifetime_migration(pd.DataFrame()), "no rows"),
        (
            lambda p, e: lifetime_migration(pd.DataFrame({"A": [1, 2], "Total": [1, 2]}, index=["A", "Total"])),
            "a sum is no place",
        ),
        (lambda p, e: chandra_sekar_deming(STRATA), "leave it out"),
        (lambda p, e: dual_system("a", 1, 1), "n1 must be"),
        (lambda p, e: dual_system(10, 15, None), "m must be"),
        (lambda p, e: Estimate(1, 1, "x").interval("95"), "between 0 and 1"),
        (lambda p, e: coverage_rates(p, e.assign(ea=range(len(e)))), "in common"),
        (lambda p, e: coverage_rates(p, e.assign(group="?"), by="group"), "in common"),
        (lambda p, e: coverage_rates(p, e, by=["group"]), "name one column"),
        (lambda p, e: coverage_rates(p, e, census_count=-5), "0 or more"),
        (lambda p, e: coverage_rates(p, e, by="group", census_count={"native": -1, "foreign": 1}), "count of"),
    ],
)  # fmt: skip
def test_odd_input_is_one_sentence_and_never_a_wrong_number(call, words, samples):
    with pytest.raises(KitError, match=words):
        call(*samples)


def test_a_group_by_any_name_can_be_counted():
    persons = PERSONS.rename(columns={"sex": "answer"})
    assert stock(persons, "foreign_born", "GMB", by="answer")["total"].tolist() == [1, 1, 2]
    left = pd.DataFrame({"emigrants": ["ESP", "ITA"]})
    assert emigrants_from_households(left, by="emigrants")["emigrants"].tolist() == [1, 1, 2]
