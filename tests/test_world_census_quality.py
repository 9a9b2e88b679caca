"""What the measures of census quality say of ages, blanks and contradictions whose truth is known."""

import numpy as np
import pandas as pd
import pytest

from migkit.measures.census_quality import (
    EditSetting,
    check_edits,
    correct_edits,
    digit_preference,
    edit_report,
    hot_deck,
    item_nonresponse,
    undo_corrections,
    whipple,
)
from migkit.reference import dictionary
from migkit.sources import census
from migkit.sources.records import ErrorModel
from migkit.world import make_chunk

SETTING = EditSetting("GMB", "2024-07-01", open_age=98)


@pytest.fixture(scope="module")
def world():
    return make_chunk("GMB", 0.01, 1, 0)


@pytest.fixture(scope="module")
def taken(world):
    return {
        level: census.observe(world, ErrorModel(dictionary("census"), level), 1).tables["census_persons"]
        for level in ("none", "typical", "severe")
    }


def persons(table):
    frame = table.records.replace("", None)
    return frame.assign(age=pd.to_numeric(frame["age"]))


# --- digit preference: simulations over 200 seeds


def rounded(rng, n, share):
    """Ages from 10 to 89, a share of them reported as the nearest multiple of five."""
    age = rng.integers(10, 90, n)
    return np.where(rng.random(n) < share, np.round(age / 5) * 5, age).astype(int)


def test_the_interval_of_whipple_covers_what_rounding_makes_of_it():
    """A share h that rounds to fives lifts Whipple's index from 100 to 100 + 400 h (even ages)."""
    rng = np.random.default_rng(1)
    inside = []
    for _seed in range(200):
        line = digit_preference(pd.DataFrame({"age": rounded(rng, 800, 0.15)})).loc["Total"]
        inside.append(line["whipple_low"] <= 160 <= line["whipple_high"])
    assert 0.90 <= np.mean(inside) <= 0.99


def test_a_difference_by_chance_is_rarely_called_one_and_a_real_one_is_seen():
    rng = np.random.default_rng(2)
    by_chance, seen = [], []
    for _seed in range(200):
        group = np.where(rng.random(1200) < 0.15, "foreign", "native")
        people = pd.DataFrame({"group": group, "age": rounded(rng, 1200, 0.15)})
        by_chance.append(digit_preference(people, by="group").loc["foreign", "p_value"] < 0.05)
        people["age"] = np.where(group == "foreign", rounded(rng, 1200, 0.6), people["age"])
        seen.append(digit_preference(people, by="group").loc["foreign", "p_value"] < 0.05)
    assert 0.01 <= np.mean(by_chance) <= 0.10
    assert np.mean(seen) > 0.95


def test_households_that_round_together_widen_the_interval_as_they_should():
    rng = np.random.default_rng(3)
    inside = {"home": [], None: []}
    for _seed in range(200):
        home = np.repeat(np.arange(150), 6)
        age = rng.integers(10, 90, len(home))
        rounds = (rng.random(150) < 0.2)[home]
        people = pd.DataFrame({"home": home, "age": np.where(rounds, np.round(age / 5) * 5, age).astype(int)})
        for cluster, found in inside.items():
            line = digit_preference(people, cluster=cluster).loc["Total"]
            found.append(line["whipple_low"] <= 180 <= line["whipple_high"])
    assert 0.90 <= np.mean(inside["home"]) <= 0.99
    assert np.mean(inside[None]) < 0.90


def test_myers_index_without_preference_is_what_chance_makes_of_it():
    """Myers' index is a sum of absolute values: without any preference it is not zero on average."""
    rng = np.random.default_rng(4)
    lines = [digit_preference(pd.DataFrame({"age": rng.integers(10, 90, 300)})).loc["Total"] for _ in range(200)]
    observed, by_chance = (np.array([line[c] for line in lines]) for c in ("myers", "myers_by_chance"))
    assert observed.mean() > 3
    assert abs(observed.mean() - by_chance.mean()) < 3 * observed.std() / 200**0.5 + 0.1


# --- the world


def test_true_ages_show_no_preference(taken):
    line = digit_preference(persons(taken["none"])).loc["Total"]
    assert abs(line["whipple"] - 100) < 3 * line["whipple_se"]
    assert abs(line["myers"] - line["myers_by_chance"]) < 3 * line["myers_se"]


@pytest.mark.parametrize("level", ["typical", "severe"])
def test_heaping_shows_as_much_as_was_put_in(taken, level):
    """Of all whose true age does not end in 0 or 5, the share that the ledger says was rounded comes over."""
    table = taken[level]
    people = persons(table)
    entries = table.ledger[table.ledger["kind"].eq("age_heaping") & table.ledger["field"].eq("age")]
    entries = entries[entries["true_value"].ne("")]  # records of nobody have no true age
    spoilt = entries.set_index("record_id")["true_value"].astype(int)
    true = people["age"].where(~people["person_id"].isin(spoilt.index), people["person_id"].map(spoilt))
    assert whipple(people["age"]) - whipple(true) > 30
    line = digit_preference(people.assign(rounded=people["person_id"].isin(spoilt.index))).loc["Total"]
    inside = true.between(23, 62) & people["age"].between(23, 62)
    new = (people["person_id"].isin(spoilt.index) & inside & true.mod(5).ne(0)).sum() / inside.sum()
    assert line["whipple"] == pytest.approx(whipple(true) + 500 * new, abs=4)  # a few cross 23 or 62


def test_a_census_without_defects_contradicts_itself_nowhere(taken):
    report = edit_report(persons(taken["none"]), setting=SETTING)
    fatal = report[report["severity"].eq("fatal")]
    assert fatal["failures"].sum() == 0
    assert (fatal["checked"] > 0).sum() > 15


@pytest.mark.parametrize("level", ["typical", "severe"])
def test_every_contradiction_comes_from_a_defect_and_corrections_end_them(taken, level):
    table = taken[level]
    people = persons(table)
    failures = check_edits(people.set_index("person_id", drop=False), setting=SETTING)
    fatal = failures[failures["severity"].eq("fatal")]
    assert len(fatal) > 0
    made_of = {"first_birth_year": "age", "years_since_arrival": "arrival_year"}
    spoilt = set(zip(table.ledger["record_id"], table.ledger["field"], strict=True))
    made_up = set(table.links.loc[table.links["kind"].ne("true"), "record_id"])
    for failure in fatal.itertuples():
        fields = [made_of.get(column, column) for column in failure.columns.split(", ")]
        assert failure.row in made_up or any((failure.row, field) in spoilt for field in fields), failure
    result = correct_edits(people, setting=SETTING)
    assert not check_edits(result.persons, setting=SETTING)["severity"].eq("fatal").any()
    pd.testing.assert_frame_equal(undo_corrections(result.persons, result.log), people)


def test_unknowns_are_as_many_as_the_ledger_says(taken):
    perfect, table = persons(taken["none"]), taken["typical"]
    people = persons(table)
    items = ["age", "sex", "country_birth", "citizenship", "mother_country_birth"]
    codes = {"sex": "sex", "country_birth": "country"}
    assert item_nonresponse(perfect, items, codes=codes)["percent_missing"].tolist() == [0, 0, 0, 0, 0]
    found = item_nonresponse(people, items, codes=codes)
    kinds = {"age": "age_not_stated", "sex": "sex_not_stated", "country_birth": "birthplace_not_stated"}
    for item, kind in kinds.items():
        entries = table.ledger[table.ledger["kind"].eq(kind) & table.ledger["field"].eq(item)]
        missing = found.loc[item, ["blank", "not_stated", "outside_list"]].sum()
        assert missing == pytest.approx(entries["record_id"].nunique(), abs=0.02 * missing + 2)


# --- hot deck


def test_hot_deck_is_right_where_silence_depends_on_the_class_alone_and_wrong_where_it_does_not():
    """Missing at random given the class (Rubin 1976): the share comes back; else the silent bias it."""
    rng = np.random.default_rng(5)
    at_random, by_answer = [], []
    for seed in range(200):
        sex = rng.choice(["M", "F"], 600)
        literate = np.where(rng.random(600) < np.where(sex == "M", 0.8, 0.4), "Y", "N").astype(object)
        silent = rng.random(600)
        for result, limit in (
            (at_random, np.where(sex == "M", 0.1, 0.5)),
            (by_answer, np.where(literate == "N", 0.5, 0.1)),
        ):
            people = pd.DataFrame({"sex": sex, "literate": np.where(silent < limit, None, literate)})
            filled = hot_deck(people, "literate", "sex", seed=seed).persons["literate"]
            result.append((filled == "Y").mean() - (literate == "Y").mean())
    assert abs(np.mean(at_random)) < 3 * np.std(at_random) / 200**0.5
    # Among answers the share is 0.9 p / (0.9 p + 0.5 (1 - p)), p = 0.8 and 0.4.
    answered = [0.9 * p / (0.9 * p + 0.5 * (1 - p)) for p in (0.8, 0.4)]
    silent = [0.1 * p + 0.5 * (1 - p) for p in (0.8, 0.4)]
    expected = np.mean([p * 0.9 + share * s - p for p, share, s in zip((0.8, 0.4), answered, silent, strict=True)])
    assert np.mean(by_answer) == pytest.approx(expected, abs=3 * np.std(by_answer) / 200**0.5 + 0.002)
    assert expected > 0.05
