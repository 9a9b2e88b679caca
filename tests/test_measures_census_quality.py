"""Census quality: published figures, hand-made cases, and what must hold for any file."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migkit.measures.census_quality import (
    MIGRATION_CORRECTIONS,
    MIGRATION_RULES,
    Correction,
    EditRule,
    EditSetting,
    age_sex_ratios,
    answer_states,
    bachi,
    bachi_shares,
    check_edits,
    correct_edits,
    digit_preference,
    edit_report,
    hot_deck,
    item_nonresponse,
    meets,
    modified_whipple,
    myers,
    rules_from_table,
    total_modified_whipple,
    un_age_sex_accuracy,
    undo_corrections,
    whipple,
)
from migkit.reference import ROOT, KitError

settings.register_profile("measures", deadline=None, max_examples=40)
settings.load_profile("measures")

EVEN = pd.DataFrame({"age": range(0, 30, 5), "male": 1, "female": 1})
SETTING = EditSetting("GMB", "2024-07-01", open_age=98)


# --- published: the US Census Bureau's example men (SINGAGE) and the men of India, census of 1971, by single age.
# Results as printed in the manual pages and articles of the R package DemoTools, version 01.13.76.

INDIA = """
9544406 7471790 11590109 11881844 11872503 12968350 11993151 10033918 14312222 8111523 15311047 6861510
13305117 7454575 9015381 10325432 9055588 5519173 12546779 4784102 13365429 4630254 9595545 4727963 5195032
15061479 5467392 4011539 8033850 1972327 17396266 1647397 6539557 2233521 2101024 16768198 3211834 1923169
4472854 1182245 15874081 1017752 3673865 1247304 1029243 12619050 1499847 1250321 2862148 723195 12396632
733501 2186678 777379 810700 7298270 1116032 650402 1465209 411834 9478824 429296 1190060 446290 362767
4998209 388753 334629 593906 178133 4560342 179460 481230 159087 155831 1606147 166763 93569 182238 53567
1715697 127486 150782 52332 48664 456387 46978 34448 44015 19172 329149 48004 28574 9200 7003 75195 13140 5889
18915 21221
"""


@pytest.fixture(scope="module")
def india():
    return pd.Series([int(n) for n in INDIA.split()])


@pytest.fixture(scope="module")
def males():
    return pd.read_csv(ROOT / "datasets/published/singage_males.csv").set_index("age")["population"]


def test_whipple_and_myers_of_india(india):
    assert whipple(india.index, india) == pytest.approx(292.5568, abs=5e-5)
    assert myers(india.index, india, first=20, last=89) == pytest.approx(40.55142, abs=5e-6)


def test_bachi_as_printed(males, india):
    assert bachi(males.index, males) == pytest.approx(28.93849, abs=5e-6)
    assert bachi(males.index, males, first=23, last=82) == pytest.approx(28.93849, abs=5e-6)
    assert bachi(males.index, males, method="pooled") == pytest.approx(28.96891, abs=5e-6)
    assert bachi(india.index, india) == pytest.approx(41.2661, abs=5e-5)
    assert bachi(india.index, india, first=20, last=90) == pytest.approx(38.36192, abs=5e-6)
    falling = range(100000, 0, -1000)
    assert bachi(range(100), falling, method="pooled") == pytest.approx(0, abs=1e-9)


def test_modified_whipple_as_printed(males, india):
    printed = [2.239127, 0.5679979, 0.7653283, 0.7533247, 0.5206658, 2.040742, 0.6597471, 1.077396, 0.5700284,
               0.5895384]  # fmt: skip
    ours = [modified_whipple(males.index, males, 20 + d, 50 + d)[d] for d in range(10)]
    assert ours == pytest.approx(printed, abs=5e-7)
    assert modified_whipple(india.index, india, 20, 50)[0] == pytest.approx(2.349372, abs=5e-7)


def test_total_modified_whipple_as_printed(males, india):
    assert total_modified_whipple(males.index, males, 20, 64) == pytest.approx(5.066123, abs=5e-7)
    assert total_modified_whipple(india.index, india, 20, 64) == pytest.approx(7.044377, abs=5e-7)


def test_whipple_of_one_digit_as_printed(males):
    assert whipple(males.index, males, digits=0) == pytest.approx(260.1614, abs=5e-5)
    assert whipple(males.index, males, digits=5, first=18, last=57) == pytest.approx(178.6339, abs=5e-5)


@pytest.fixture(scope="module")
def agesex():
    """The US Census Bureau's example of AGESEX."""
    return pd.read_csv(ROOT / "datasets/published/agesex.csv")


@pytest.mark.parametrize(
    ("method", "females", "joint"),
    [("un", 3.655353, 14.30763), ("zelnik", 2.442891, 11.78753), ("ramachandran", 1.834906, 10.52855)],
)
def test_un_index_by_three_age_ratios_as_printed(agesex, method, females, joint):
    index = un_age_sex_accuracy(agesex, method=method, adjust_small=False)
    assert index.age_ratio_score_female == pytest.approx(females, abs=5e-7)
    assert index.sex_ratio_score == pytest.approx(2.248535, abs=5e-7)
    assert index.score == pytest.approx(joint, abs=5e-6)


def test_the_steps_of_the_un_index_average_to_its_scores(agesex):
    steps = age_sex_ratios(agesex, last=65)
    index = un_age_sex_accuracy(agesex, last=65, adjust_small=False)
    used = steps[steps["used"]]
    assert used.index.max() == 65
    assert used["sex_ratio_difference"].abs().mean() == pytest.approx(index.sex_ratio_score)
    assert used["male_deviation"].abs().mean() == pytest.approx(index.age_ratio_score_male)
    assert steps.loc[5, "male_age_ratio"] == pytest.approx(100 * 4135 / ((4677 + 3825) / 2))
    assert steps.loc[5, "sex_ratio_difference"] == pytest.approx(100 * 4135 / 4042 - 100 * 4677 / 4544)
    assert steps.loc[[70, 75], "sex_ratio"].isna().all()
    whole = age_sex_ratios(agesex, open_group=False)
    assert whole["used"].all()


# --- digit preference by group


ages = st.lists(st.integers(0, 98), min_size=1, max_size=60)


@given(ages, st.integers(1, 4))
def test_groups_have_the_indices_of_their_own_people(values, k):
    people = pd.DataFrame({"age": values, "group": [i % k for i in range(len(values))]})
    table = digit_preference(people, by="group")
    for group, line in table.iterrows():
        own = people if group == "Total" else people[people["group"] == group]
        inside = own["age"].between(23, 62)
        assert line["persons"] == inside.sum()
        if inside.any():
            assert line["whipple"] == pytest.approx(whipple(own["age"]))
        else:
            assert np.isnan(line["whipple"])
        if own["age"].between(10, 88).any():
            assert line["myers"] == pytest.approx(myers(own["age"]))
        else:
            assert np.isnan(line["myers"])


def test_an_age_that_no_window_holds_gives_no_index():
    with pytest.raises(KitError, match="from 10 to 89"):
        myers([89])


@given(ages)
def test_weights_and_order_do_what_they_must(values):
    people = pd.DataFrame({"age": values, "w": 2.0, "home": range(len(values))})
    plain, doubled = digit_preference(people), digit_preference(people, weight="w")
    pd.testing.assert_frame_equal(plain, doubled)
    pd.testing.assert_frame_equal(plain, digit_preference(people, cluster="home"))
    pd.testing.assert_frame_equal(plain, digit_preference(people.iloc[::-1]), rtol=1e-9)


def test_error_of_whipple_is_that_of_a_share():
    people = pd.DataFrame({"age": [30] * 30 + [31] * 70})
    line = digit_preference(people).loc["Total"]
    assert line["whipple"] == pytest.approx(150)
    assert line["whipple_se"] == pytest.approx(500 * (0.3 * 0.7 / 99) ** 0.5)
    households = people.assign(home=np.arange(100) // 10)
    assert digit_preference(households, cluster="home").loc["Total", "whipple_se"] > 2.5 * line["whipple_se"]


def test_groups_of_two_columns_and_not_stated():
    people = pd.DataFrame({"age": [30, 31, 40, None], "sex": ["M", "F", "X", "M"], "area": ["U", "U", "R", "R"]})
    table = digit_preference(people, by=["area", "sex"])
    assert list(table.index) == [("R", "M"), ("R", "Not stated"), ("U", "F"), ("U", "M"), ("Total", "")]
    assert table["persons"].tolist() == [0, 1, 1, 1, 3]
    assert list(digit_preference(people.iloc[:0], by="sex").index) == ["Total"]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: digit_preference(pd.DataFrame({"age": [3]}), by="sex"), "'sex'"),
        (lambda: digit_preference(pd.DataFrame({"age": [-3]})), "-3"),
        (lambda: digit_preference(pd.DataFrame({"age": [3], "w": [-1]}), weight="w"), "'w'"),
        (lambda: digit_preference(pd.DataFrame({"age": [3], "h": [None]}), cluster="h"), "blank in 1"),
        (lambda: digit_preference(pd.DataFrame({"age": [30, 31]}), level=95), "between 0 and 1"),
        (lambda: modified_whipple(range(99), first=23, last=30), "ten years"),
        (lambda: bachi(range(99), first=23, last=30), "15 years"),
        (lambda: bachi([25], first=23, last=77), "Nobody"),
        (lambda: bachi_shares(range(99), method="best"), "'original' or 'pooled'"),
        (lambda: age_sex_ratios(EVEN, method="x"), "zelnik"),
        (lambda: age_sex_ratios(EVEN, first=20), "four"),
    ],
)  # fmt: skip
def test_digits_say_what_is_wrong(call, words):
    with pytest.raises(KitError, match=words):
        call()


# --- unknowns


def test_states_of_answers():
    values = pd.Series([1, 1.0, "1", " 1", "9", None, "", "X", "Not stated", np.nan], dtype=object)
    assert answer_states(values, ["1", "2"]).value_counts().to_dict() == {
        "answered": 4, "blank": 3, "not_stated": 2, "outside_list": 1,
    }  # fmt: skip
    typed = pd.array([1, 9, None], dtype="Int64")
    assert list(answer_states(pd.Series(typed), range(5))) == ["answered", "outside_list", "blank"]
    assert list(answer_states(pd.Series(pd.Categorical(["F", "Q", None])), "sex")) == [
        "answered", "outside_list", "blank",
    ]  # fmt: skip


sexes, halves = st.sampled_from(["M", "F", "X", "", None, "Q"]), st.sampled_from(["a", "b", None])


@given(st.lists(st.tuples(sexes, halves), max_size=30))
def test_states_add_up_to_those_asked(rows):
    people = pd.DataFrame(rows, columns=["sex", "group"], dtype=object)
    table = item_nonresponse(people, by="group", codes={"sex": "sex"})
    assert (table["asked"] == table[["answered", "blank", "not_stated", "outside_list"]].sum(axis=1)).all()
    assert table.loc[("sex", "Total"), "asked"] == len(rows)
    assert table.loc["sex"].drop("Total")["asked"].sum() == len(rows)


def test_a_universe_keeps_those_out_who_were_not_asked():
    people = pd.DataFrame({"moved": ["Y", "N", None], "year": [2001, None, None]})
    table = item_nonresponse(people, "year", universe={"year": people["moved"] == "Y"})
    assert table.loc["year", ["asked", "percent_missing"]].tolist() == [1, 0]
    assert item_nonresponse(people, "year").loc["year", "percent_missing"] == pytest.approx(200 / 3)
    nullable = pd.Series(pd.array([True, None, False], dtype="boolean"))
    assert item_nonresponse(people, "year", universe={"year": nullable}).loc["year", "asked"] == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"items": "sex", "codes": {"sex": "gender"}}, "gender"),
        ({"items": "sex", "codes": {"sex": 3}}, "a list of codes"),
        ({"items": "size"}, "'size'"),
        ({"items": "sex", "universe": {"age": [True]}}, "not among the items"),
        ({"items": "sex", "universe": {"sex": [True]}}, "each of the 2 rows"),
        ({"items": "sex", "universe": {"sex": pd.Series([True, True], index=[5, 6])}}, "another table"),
        ({"items": []}, "no column"),
    ],
)
def test_unknowns_say_what_is_wrong(options, words):
    with pytest.raises(KitError, match=words):
        item_nonresponse(pd.DataFrame({"sex": ["M", "F"], "age": [1, 2]}), **options)


# --- conditions and rules


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("age < 12", [True, False, False, False]),
        ("age >= 12 and marital = 'M'", [False, True, False, False]),
        ("marital in ('M', 'D')", [True, True, False, False]),
        ("marital not in ('M')", [False, False, True, False]),
        ("marital given", [True, True, True, False]),
        ("marital blank", [False, False, False, True]),
        ("age = other", [False, True, False, False]),
        ("age != other", [True, False, False, False]),
        ("age > other", [True, False, False, False]),
        ("born != HOME", [True, False, False, False]),
        ("born = 'GMB'", [False, True, True, False]),
        ("text = 'a and b'", [True, False, False, False]),
    ],
)
def test_conditions(condition, expected):
    people = pd.DataFrame(
        {
            "age": [10, 40, None, 50],
            "other": [9, 40.0, 30, None],
            "marital": ["M", "M ", "S", "X"],
            "born": ["SEN", "GMB", "GMB", "XXX"],
            "text": ["a and b", "a", None, ""],
        }
    )
    for dtype in ("plain", "nullable", "category"):
        frame = people if dtype == "plain" else people.convert_dtypes()
        if dtype == "category":
            frame = people.assign(marital=people["marital"].astype("category"))
        assert list(meets(condition, frame, {"HOME": "GMB"})) == expected


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("age", "cannot be read"),
        ("age < ", "cannot be read"),
        ("age = 'M", "code in quotes"),
        ("age < 'M'", "compares numbers"),
        ("__import__('os')", "cannot be read"),
        ("age.size < 3", "cannot be read"),
        ("size < 3", "'size'"),
        ("age = HOME", "country of the census"),
        ("age = NOTHING", "NOTHING"),
        ("", "cannot be read"),
    ],
)
def test_a_condition_that_cannot_be_read_is_one_sentence(condition, words):
    with pytest.raises(KitError, match=words):
        meets(condition, pd.DataFrame({"age": [3]}), {})


def one(rule, setting=SETTING, **values):
    """Whether one person with these answers fails the rule."""
    people = pd.DataFrame({name: [value] for name, value in values.items()})
    return len(check_edits(people, [rule], setting)) == 1


@pytest.mark.parametrize(
    ("rule", "bad", "good"),
    [
        ("age_and_birth_date", {"age": 30, "birth_date": "1993-06-30"}, {"age": 31, "birth_date": "1993-06-30"}),
        ("age_and_birth_date", {"age": 31, "birth_date": "1993-07-02"}, {"age": 30, "birth_date": "1993-07-02"}),
        ("age_and_birth_date", {"age": 3, "birth_date": "1993-07-02"}, {"age": 3, "birth_date": "soon"}),
        ("age_and_birth_date", {"age": 90, "birth_date": "1920-01-01"}, {"age": 98, "birth_date": "1920-01-01"}),
        ("born_after_census", {"birth_date": "2024-07-02"}, {"birth_date": "2024-07-01"}),
        ("arrival_before_birth", {"age": 3, "arrival_year": 2019}, {"age": 3, "arrival_year": 2020}),
        ("arrival_before_birth", {"age": 97, "arrival_year": 1900}, {"age": 98, "arrival_year": 1900}),
        ("arrival_after_census", {"arrival_year": 2025}, {"arrival_year": "2024"}),
        ("arrival_month", {"arrival_month": 13}, {"arrival_month": 12.0}),
        ("duration_over_age", {"age": 3, "duration": 4}, {"age": 3, "duration": 3}),
        ("arrival_without_move", {"lived_abroad": "N", "arrival_year": 2001},
         {"lived_abroad": "X", "arrival_year": 2001}),
        ("born_abroad_without_arrival", {"country_birth": "SEN", "arrival_year": None},
         {"country_birth": "GMB", "arrival_year": None}),
        ("child_under_5_had_residence", {"age": 4, "country_5y": "GMB"}, {"age": 5, "country_5y": "GMB"}),
        ("abroad_5y_arrived_earlier", {"country_5y": "SEN", "arrival_year": 2018},
         {"country_5y": "SEN", "arrival_year": 2019}),
        ("same_citizenship_twice", {"citizenship": "SEN", "citizenship_2": "SEN"},
         {"citizenship": "XXX", "citizenship_2": "XXX"}),
        ("married_under_12", {"age": 11, "marital": "W"}, {"age": 11, "marital": "X"}),
        ("head_under_12", {"age": 11, "relationship": 1}, {"age": 12, "relationship": 1}),
        ("age_too_high", {"age": 999}, {"age": 120}),
    ],
)  # fmt: skip
def test_each_rule_on_one_person(rule, bad, good):
    assert one(rule, **bad)
    assert not one(rule, **good)


def test_rules_of_households():
    people = pd.DataFrame(
        {
            "person_id": list("abcdefg"),
            "household_id": [1, 1, 1, 2, 2, None, None],
            "relationship": ["1", "3", "1", "3", "3", "1", "1"],
            "age": [30, 25, 60, 4, 5, 40, 41],
            "mother_id": [None, "a", None, "c", None, None, "zz"],
        }
    )
    failures = check_edits(people, ["two_heads", "no_head", "mother_too_young", "mother_too_old"], SETTING)
    assert list(zip(failures["row"], failures["rule"], strict=True)) == [
        (1, "mother_too_young"),
        (2, "two_heads"),
        (3, "no_head"),
        (3, "mother_too_old"),
        (6, "two_heads"),
    ]
    shuffled = check_edits(people.iloc[::-1], ["mother_too_young", "mother_too_old"], SETTING)
    assert set(shuffled["row"]) == {1, 3}


def test_failures_name_row_columns_and_values_even_with_doubled_labels():
    people = pd.DataFrame({"p_age": [3, 40, 3], "anno": [1999, 2010, 1998]}, index=["a", "b", "a"])
    setting = EditSetting("GMB", "2024-07-01", columns={"age": "p_age", "arrival_year": "anno"})
    failures = check_edits(people, setting=setting)
    assert failures["row"].tolist() == ["a", "a"]
    assert failures["position"].tolist() == [0, 2]
    assert failures["columns"].tolist() == ["arrival_year, first_birth_year"] * 2
    assert failures["values"].tolist() == ["1999, 2020", "1998, 2020"]
    assert failures["severity"].tolist() == ["fatal", "fatal"]


def test_other_codes_and_own_rules():
    table = pd.DataFrame(
        {
            "key": ["worker", "head"],
            "sentence": ["Works under five.", "A head who is a child."],
            "condition": ["age < 5 and activity = 'E'", "relationship = HEAD and age < 10"],
            "severity": ["query", None],
        }
    )
    rules = rules_from_table(table)
    people = pd.DataFrame({"age": [4, 9], "activity": ["E", "O"], "relationship": ["00", "01"]})
    failures = check_edits(people, rules, EditSetting(codes={"HEAD": "01"}))
    assert failures["rule"].tolist() == ["worker", "head"]
    assert failures["severity"].tolist() == ["query", "fatal"]
    with pytest.raises(KitError, match="two rules called 'worker'"):
        rules_from_table(pd.concat([table, table]))
    with pytest.raises(KitError, match="'fatal' or 'query'"):
        EditRule("x", "y", "age < 3", "deadly")


def test_the_report_counts_and_says_what_could_not_be_applied():
    people = pd.DataFrame(
        {"age": [3, 3, None, 40], "arrival_year": [1999, None, 1999, 2001], "w": [2.0, 1, 1, 1]},
        index=["a", "b", "c", "d"],
    )
    report = edit_report(people, setting=SETTING)
    assert report.loc["arrival_before_birth", ["checked", "failures", "percent"]].tolist() == [2, 1, 50.0]
    assert report.loc["arrival_before_birth", "examples"] == "a"
    assert report.loc["mother_too_young", "needs"] == "person_id, mother_id"
    assert set(report.index) == {*MIGRATION_RULES, "any fatal rule"}
    weighted = edit_report(people, ["arrival_before_birth"], SETTING, weight="w")
    assert weighted.loc["arrival_before_birth", ["checked", "failures"]].tolist() == [3, 2]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda p: check_edits(p, ["no_such"]), "no edit rule called 'no_such'"),
        (lambda p: check_edits(p, ["married_under_12"], SETTING), "'marital'"),
        (lambda p: check_edits(p, ["arrival_before_birth"]), "day of the census"),
        (lambda p: check_edits(p, ["arrival_before_birth"], EditSetting(census_day="July")), "must be a date"),
        (lambda p: check_edits(p[["x"]], None, SETTING), "No edit rule can be applied"),
        (lambda p: check_edits(p, None, EditSetting("GMB", "2024-07-01", columns={"age": "alter"})), "'alter'"),
        (lambda p: check_edits(p, ["age_too_high", MIGRATION_RULES["age_too_high"]]), "Two rules"),
        (lambda p: correct_edits(p, ["arrival_before_birth"], SETTING, []), "no correction"),
        (lambda p: correct_edits(p, ["arrival_before_birth"], SETTING,
                                 [Correction("arrival_before_birth", "arrival_year", "arrival_year")]),
         "changes nothing"),
        (lambda p: correct_edits(p, ["arrival_before_birth", EditRule("b", "s", "arrival_year blank")], SETTING,
                                 [*MIGRATION_CORRECTIONS, Correction("b", "arrival_year", "1900")]),
         "did not come to rest"),
        (lambda p: hot_deck(p, "age", "x"), "seed"),
        (lambda p: hot_deck(p, "age", "age", seed=1), "own class"),
        (lambda p: hot_deck(p, "none", "x", seed=1), "Nobody answered"),
        (lambda p: hot_deck(p, "age", "x", seed=1, order="x"), "differ in every row"),
        (lambda p: hot_deck(p, "age", "x", seed=1, method="cold"), "'random'|random"),
    ],
)  # fmt: skip
def test_edits_say_what_is_wrong(call, words):
    people = pd.DataFrame({"age": [3, 40], "arrival_year": [1999, 2010], "x": [1, 1], "none": [None, None]})
    with pytest.raises(KitError, match=words):
        call(people)


# --- corrections


maybe = lambda *values: st.sampled_from([*values, None])  # noqa: E731
record = st.fixed_dictionaries(
    {
        "household_id": st.sampled_from(["h1", "h2", "h3"]),
        "relationship": maybe("1", "2", "3", "5"),
        "age": st.one_of(st.none(), st.integers(-2, 130), st.just(999)),
        "birth_date": maybe("2023-05-01", "1990-01-01", "2030-01-01", "bad"),
        "marital": maybe("S", "M", "X"),
        "country_birth": maybe("GMB", "SEN", "XXX"),
        "citizenship": maybe("GMB", "SEN", "XXA"),
        "citizenship_2": maybe("GMB", "SEN"),
        "lived_abroad": maybe("Y", "N", "X"),
        "previous_country": maybe("GMB", "SEN"),
        "arrival_year": st.one_of(st.none(), st.integers(1890, 2030)),
        "arrival_month": st.one_of(st.none(), st.integers(0, 14)),
        "duration": st.one_of(st.none(), st.integers(0, 99)),
        "country_1y": maybe("GMB", "SEN"),
        "country_5y": maybe("GMB", "SEN"),
    }
)
files = st.lists(record, min_size=1, max_size=25).map(
    lambda rows: pd.DataFrame(rows, dtype=object).assign(
        person_id=[f"p{i}" for i in range(len(rows))],
        mother_id=[f"p{(i * 7 + 1) % 25}" for i in range(len(rows))],
    )
)


@settings(max_examples=8)
@given(files)
def test_after_correction_no_fatal_rule_fails_and_the_log_gives_the_original_back(people):
    before = people.copy(deep=True)
    result = correct_edits(people, setting=SETTING)
    pd.testing.assert_frame_equal(people, before)
    failures = check_edits(result.persons, setting=SETTING)
    assert not (failures["severity"] == "fatal").any()
    back = undo_corrections(result.persons, result.log)
    for column in people:
        assert [v if not pd.isna(v) else None for v in back[column]] == [
            v if not pd.isna(v) else None for v in people[column]
        ]
    changed = {(entry.position, entry.column) for entry in result.log.itertuples()}
    for column in people:
        for place, (old, new) in enumerate(zip(people[column], result.persons[column], strict=True)):
            same = (pd.isna(old) and pd.isna(new)) or old == new
            assert same or (place, column) in changed


@pytest.mark.parametrize("dtype", ["int64", "Int64", "float64", "object", "int8"])
def test_corrections_keep_the_type_where_they_can(dtype):
    people = pd.DataFrame({"age": pd.Series([11, 40], dtype=dtype), "marital": pd.Categorical(["M", "M"])})
    result = correct_edits(people, ["married_under_12"])
    assert result.persons["marital"].tolist() == ["S", "M"]
    assert result.persons["age"].dtype == people["age"].dtype
    aged = people.assign(birth_date=["1990-01-01", "1983-09-01"])
    result = correct_edits(aged, ["age_and_birth_date"], SETTING)
    assert result.persons["age"].tolist() == [34, 40]
    assert result.persons["age"].dtype == people["age"].dtype
    young = pd.DataFrame({"age": pd.Series([125, 40], dtype=dtype)})
    blank = correct_edits(young, ["age_too_high"]).persons["age"]
    assert pd.isna(blank.iloc[0])
    assert blank.iloc[1] == 40


def test_a_log_that_is_not_of_this_table_is_refused():
    people = pd.DataFrame({"age": [8], "marital": ["M"]})
    result = correct_edits(people, ["married_under_12"])
    with pytest.raises(KitError, match="does not hold"):
        undo_corrections(people, result.log)


# --- hot deck


@given(
    st.lists(st.tuples(maybe("M", "F"), maybe("U", "R"), maybe("Y", "N", "X")), min_size=1, max_size=25).filter(
        lambda rows: any(row[2] in ("Y", "N") for row in rows)
    ),
    st.integers(0, 5),
    st.sampled_from(["random", "sequential"]),
)
def test_hot_deck_fills_from_the_class_and_does_not_depend_on_the_order_of_rows(rows, seed, method):
    people = pd.DataFrame(rows, columns=["sex", "area", "literate"], dtype=object)
    result = hot_deck(people, "literate", ["sex", "area"], seed=seed, method=method)
    answered = people["literate"].isin(["Y", "N"])
    assert result.persons["literate"].isin(["Y", "N"]).all()
    assert (result.persons["literate"][answered] == people["literate"][answered]).all()
    assert len(result.log) == (~answered).sum()
    for entry in result.log.itertuples():
        used = int(entry.rule.split()[2])
        own = people.iloc[entry.position]
        alike = answered.copy()
        for name in ["sex", "area"][:used]:
            values = people[name]
            alike &= values.isna() if pd.isna(own[name]) else values.eq(own[name])
        assert entry.new in set(people["literate"][alike])
    turned = hot_deck(people.iloc[::-1], "literate", ["sex", "area"], seed=seed, method=method)
    pd.testing.assert_frame_equal(turned.persons.sort_index(), result.persons)
    pd.testing.assert_frame_equal(undo_corrections(result.persons, result.log), people)


def test_sequential_takes_the_nearest_before():
    people = pd.DataFrame({"sex": ["M"] * 5, "x": [None, "a", None, "b", None]})
    assert hot_deck(people, "x", "sex", method="sequential").persons["x"].tolist() == ["a", "a", "a", "b", "b"]


def test_only_those_who_were_asked_are_filled():
    people = pd.DataFrame({"sex": ["M"] * 3, "x": [None, "a", None]})
    result = hot_deck(people, "x", "sex", seed=1, asked=pd.Series([True, True, False]))
    assert result.persons["x"].isna().tolist() == [False, False, True]
