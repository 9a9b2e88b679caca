"""Linking on registers whose truth is known: nothing lost without errors, the expected loss with them."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from migkit.measures.coverage import dual_system
from migkit.measures.integration import (
    agreement_key,
    blocking_report,
    candidate_pairs,
    capture_history,
    compare_code,
    compare_date,
    compare_names,
    count_patterns,
    dual_counts,
    estimated_quality,
    integrate,
    link,
    link_by_rules,
    linkage_quality,
    model_by_em,
    one_to_one,
    pair_weights,
    quality_curve,
    true_pairs,
)
from migkit.reference import Defect, Source
from migkit.sources.clerks import spoil_identity, written_names
from migkit.sources.records import ErrorModel, Recorder
from migkit.world import make_persons

pytest.importorskip("splink")

COMPARE = [
    compare_names("surname", "given"),
    compare_date("dob"),
    compare_code("sex"),
    compare_code("country_birth"),
    compare_code("village"),
]
EXACT = ["surname", "given", "dob", "sex"]
BY_KEY = ["surname:key", "given:key", "dob", "sex"]
#: What clerks of one office do to names and dates: shares of records.
CLERKS = {
    "name_other_spelling": 0.06,
    "name_variant": 0.08,
    "name_initial": 0.01,
    "name_swapped": 0.02,
    "dob_first_january": 0.08,
    "dob_swapped": 0.01,
    "dob_year_off": 0.01,
}


@cache
def residents():
    """Residents of The Gambia who can be told apart: no two of one name, sex and date of birth."""
    people = make_persons("GMB", 0.004, 1, 0)
    rng = np.random.default_rng(1)
    people["village"] = rng.integers(0, 60, len(people)).astype(str)
    return people.drop_duplicates(["surname", "given", "birth_date", "sex"]).reset_index(drop=True)


def office(people, language, seed, rates):
    """What an office that writes ``language`` holds of ``people``, in no order."""
    surname, given = written_names(people["given"].to_numpy(), people["surname"].to_numpy(), language)
    person = people["truth_id"].astype(str)
    perfect = pd.DataFrame(
        {
            "event": person,
            "truth_id": person,
            "surname": surname,
            "given": given,
            "sex": people["sex"].astype(str),
            "dob": people["birth_date"].dt.strftime("%Y-%m-%d"),
            "country_birth": people["country_birth"].astype(str),
            "village": people["village"],
        }
    )
    rec = Recorder("register", perfect, "id")
    defects = {
        kind: Defect(kind, kind, "", "", {level: {"all": rate} for level in ("typical", "severe")}, "")
        for kind, rate in rates.items()
    }
    source = Source("office", "", "", "", "", "", (), {}, defects, {})
    spoil_identity(rec, ErrorModel(source), np.random.default_rng(seed), given="given", birth="dob")
    table = pd.DataFrame({name: rec[name] for name in perfect.columns if name != "event"})
    return table.rename(columns={"truth_id": "person"}).sample(frac=1, random_state=seed).reset_index(drop=True)


@cache
def registers(languages=("fr", "en"), **rates):
    """Two offices that each know 2,500 of 3,500 people: 1,500 are in both, and their true pairs."""
    people = residents().head(3500)
    assert len(people) == 3500
    left = office(people.iloc[:2500], languages[0], 2, rates)
    right = office(people.iloc[1000:], languages[1], 3, rates)
    return left, right, true_pairs(left, right)


@cache
def linked(**rates):
    left, right, _truth = registers(**rates)
    return link(left, right, COMPARE, random_pairs=200_000)


def test_without_defects_everybody_is_found_and_nobody_else():
    left, right, truth = registers(("fr", "fr"))
    assert len(truth) == 1500
    by_rule = linkage_quality(link_by_rules(left, right, {"exact": EXACT}).links, truth)
    assert (by_rule["precision"], by_rule["recall"]) == (1, 1)
    found = link(left, right, COMPARE, random_pairs=200_000)
    quality = linkage_quality(found.links, truth)
    assert (quality["precision"], quality["recall"]) == (1, 1)
    assert found.expected_pairs == pytest.approx(1500, rel=0.005)


def test_three_spellings_cost_exact_linkage_its_recall_and_keys_bring_it_back():
    """Two languages, no other error: exact rules find those whose two names all offices write alike, no more."""
    left, right, truth = registers()
    written = [agreement_key(table, ["surname", "given"]) for table in (left, right)]  # accents are no difference
    alike = (written[0][truth["left_id"]].to_numpy() == written[1][truth["right_id"]].to_numpy()).mean()
    exact = linkage_quality(link_by_rules(left, right, {"exact": EXACT}).links, truth)
    keys = linkage_quality(link_by_rules(left, right, {"exact": EXACT, "key": BY_KEY}).links, truth)
    assert exact["recall"] == pytest.approx(alike)
    keyed = [agreement_key(table, ["surname:key", "given:key"]) for table in (left, right)]
    alike = (keyed[0][truth["left_id"]].to_numpy() == keyed[1][truth["right_id"]].to_numpy()).mean()
    assert keys["recall"] == pytest.approx(alike, abs=0.003)
    assert keys["recall"] > 4 * exact["recall"]
    assert keys["precision"] > 0.995
    weighed = linkage_quality(linked().links, truth)
    assert weighed["f1"] > 0.995


def test_linkage_by_weights_bears_what_clerks_do():
    left, right, truth = registers(**CLERKS)
    strict = linkage_quality(link_by_rules(left, right, {"exact": EXACT, "key": BY_KEY}).links, truth)
    found = linked(**CLERKS)
    quality = linkage_quality(found.links, truth)
    assert strict["recall"] < 0.8
    assert quality["f1"] > 0.97
    rules = [rule.split(" + ") for rule in found.blocking["rule"]]
    assert blocking_report(left, right, rules, truth)["recall_so_far"].iloc[-1] > 0.995
    # What it promises without the truth is near what it is.
    assert found.expected_pairs == pytest.approx(1500, rel=0.03)
    promised = estimated_quality(found.pairs, [0.5]).iloc[0]
    assert promised["precision"] == pytest.approx(quality["precision"], abs=0.015)
    assert promised["recall"] == pytest.approx(quality["recall"], abs=0.03)


def test_a_lower_threshold_finds_more_and_errs_more():
    found, truth = linked(**CLERKS), registers(**CLERKS)[2]
    curve = quality_curve(found.pairs, truth, thresholds=[0.01, 0.1, 0.5, 0.9, 0.99])
    assert curve["recall"].is_monotonic_decreasing
    assert curve["precision"].is_monotonic_increasing
    assert curve["precision"].iloc[-1] > 0.995


def test_plain_em_takes_chance_for_truth_where_fields_hang_together():
    """Given name tells the sex, village the country: conditional independence fails (M. Jaro 1989; T. Belin and
    D. Rubin 1995), and the mixture finds "matches" that are none. One partner at most keeps it from that."""
    left, right, truth = registers(**CLERKS)
    left = left.assign(head=left["given"].str[:1], district=left["village"])
    right = right.assign(head=right["given"].str[:1], district=right["village"])
    rules = ["dob:year", ["surname:key", "sex"], "village"]
    pairs = candidate_pairs(left, right, rules)
    levels = pd.DataFrame(
        {
            name: (left[name].to_numpy()[pairs["left_row"]] == right[name].to_numpy()[pairs["right_row"]]).astype(
                int
            )
            for name in ("surname", "given", "dob", "sex", "head", "village", "district")
        }
    )
    share = len(truth) / len(pairs)
    plain = model_by_em(count_patterns(levels), count="pairs", prior=0.005)
    partners = pairs["left_row"], pairs["right_row"]
    single = model_by_em(levels, prior=0.005, partners=partners, tolerance=1e-5)
    assert plain.prior > 3 * share
    assert single.prior == pytest.approx(share, rel=0.35)


def simulated(seed, n=400, fields=6, values=40, error=0.12):
    """Two lists of the same people with fields that err independently: conditional independence holds."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, values, (n, fields))
    lists = []
    for _side in range(2):
        wrong = rng.random((n, fields)) < error
        lists.append(np.where(wrong, rng.integers(0, values, (n, fields)), truth))
    left, right = np.divmod(np.arange(n * n), n)
    agree = (lists[0][left] == lists[1][right]).astype(int)
    return pd.DataFrame(agree).rename(columns="f{}".format).assign(left=left, right=right)


def test_promised_precision_is_true_where_fields_err_independently():
    """Over 20 seeds the mean of promise less truth is nought within its own chance."""
    differences = []
    for seed in range(20):
        pairs = simulated(seed, n=100)
        levels = pairs.drop(columns=["left", "right"])
        model = model_by_em(levels, prior=0.01)
        scored = pairs[["left", "right"]].assign(probability=pair_weights(levels, model)["probability"])
        links = scored[scored["probability"] >= 0.5]
        true = (links["left"] == links["right"]).mean()
        differences.append(estimated_quality(scored, [0.5])["precision"].iloc[0] - true)
    mean, se = np.mean(differences), np.std(differences, ddof=1) / 20**0.5
    assert abs(mean) < 2.6 * se + 0.002
    assert abs(mean) < 0.02


@pytest.mark.parametrize("missed", [0.1, 0.3])
def test_missed_links_raise_the_dual_system_estimate(missed):
    """Y. Ding and S. E. Fienberg, Survey Methodology 20 (1994): with a share of links missed, N / (1 - share)."""
    left, right, truth = registers(("fr", "fr"))
    links = link_by_rules(left, right, {"exact": EXACT}).links
    assert len(links) == len(truth)
    kept = links.sample(frac=1 - missed, random_state=4)
    sources = {"register": left, "permits": right}

    def size(found):
        table = integrate(sources, {("register", "permits"): found}, [])
        counts = dual_counts(capture_history(table, list(sources)), "register", "permits")
        assert len(table) == len(left) + len(right) - len(found)
        return dual_system(**counts).value

    whole = size(links)
    assert whole == pytest.approx(2500 * 2500 / 1500)
    assert size(kept) == pytest.approx(whole / (1 - missed), rel=0.002)


def test_spelling_errors_raise_the_dual_system_estimate_until_keys_are_used():
    left, right, truth = registers()
    whole = dual_system(len(left), len(right), len(truth)).value
    found = {
        "exact": link_by_rules(left, right, {"exact": EXACT}).links,
        "key": link_by_rules(left, right, {"key": BY_KEY}).links,
        "weights": linked().links,
    }
    sizes = {name: dual_system(len(left), len(right), len(each)).value for name, each in found.items()}
    assert sizes["exact"] > 1.6 * whole
    assert whole * 0.99 < sizes["key"] < 1.12 * whole
    assert sizes["weights"] == pytest.approx(whole, rel=0.01)


def test_one_partner_at_most_takes_the_false_pairs_out():
    pairs = simulated(3, n=200, fields=5, values=12)
    levels = pairs.drop(columns=["left", "right"])
    model = model_by_em(levels, prior=0.01)
    scored = pairs[["left", "right"]].assign(**pair_weights(levels, model)[["weight", "probability"]])
    truth = pd.DataFrame({"l": range(200), "r": range(200)})
    likely = scored[scored["probability"] >= 0.2]
    before = linkage_quality(likely, truth)
    after = linkage_quality(one_to_one(likely, at_least=float(likely["weight"].min())), truth)
    assert after["precision"] > before["precision"]
    assert after["f1"] > before["f1"]
