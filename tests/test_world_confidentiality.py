"""Confidentiality where the truth is known: intruders attack, and what theory says of their success comes true."""

import itertools

import numpy as np
import pandas as pd
import pytest

from migkit.measures.confidentiality import (
    audit_table,
    compare_release,
    file_risk,
    global_recode,
    individual_risk,
    k_anonymity,
    key_frequencies,
    link_attack,
    local_suppression,
    pram,
    pram_correct,
    pram_matrix,
    protect_table,
    round_table,
)
from migkit.world import make_world

SEEDS = range(200)


def interval_holds(errors):
    """True if a mean of zero lies within four standard errors: chance breaks that once in fifteen thousand."""
    return abs(np.mean(errors)) <= 4 * np.std(errors, ddof=1) / np.sqrt(len(errors))


# --- individual risk and the intruder ---


def sampled(sizes, p, chance):
    """A sample of a population whose keys have the given sizes: sample size and true size of each key seen."""
    f = chance.binomial(sizes, p)
    return f[f > 0], sizes[f > 0]


def records_of(f, p):
    return pd.DataFrame({"key": np.repeat(np.arange(len(f)), f), "w": 1 / p})


def test_expected_links_are_the_sum_of_the_individual_risks():
    # Benedetti and Franconi (1998): F given f is negative binomial if sizes follow the improper law 1/F
    # (assumption
    # of the superpopulation). Then the mean of 1/F is the risk, and the sums agree over samples.
    p, largest = 0.1, 3000
    law = 1 / np.arange(1, largest + 1)
    errors, relative = [], []
    for seed in SEEDS:
        chance = np.random.default_rng(seed)
        sizes = chance.choice(np.arange(1, largest + 1), 400, p=law / law.sum())
        f, true = sampled(sizes, p, chance)
        risk = individual_risk(records_of(f, p), "key", "w").groupby(np.repeat(np.arange(len(f)), f))["risk"].sum()
        links = (f / true).sum()
        errors.append(risk.sum() - links)
        relative.append(links)
    assert interval_holds(errors)
    assert abs(np.mean(errors)) < 0.02 * np.mean(relative)


@pytest.mark.parametrize(("size", "sign"), [(50, 1), (1, -1)])
def test_where_the_law_of_sizes_is_another_the_risk_errs_as_theory_says(size, sign):
    # Each key's risk uses its own records only. If all keys are common outside, sample uniques look too rare: too
    # high.
    # If everybody is alone in the population, the true risk is 1 and any estimate below it too low.
    p = 0.05
    errors = []
    for seed in range(50):
        f, true = sampled(np.full(300, size), p, np.random.default_rng(seed))
        found = file_risk(records_of(f, p), "key", "w").expected_reidentifications
        errors.append(found - (f / true).sum())
    assert np.sign(np.mean(errors)) == sign and not interval_holds(errors)


@pytest.fixture(scope="module")
def gambia():
    """The residents of a small synthetic Gambia, as a register."""
    persons = make_world("GMB", 0.002, 3).persons
    age = 2024 - pd.to_datetime(persons["birth_date"].astype(str)).dt.year
    register = pd.DataFrame(
        {
            "person": persons["truth_id"].to_numpy(),
            "sex": persons["sex"].astype(str).to_numpy(),
            "age": age.clip(0, 100).to_numpy(),
            "country_birth": persons["country_birth"].astype(str).to_numpy(),
            "education": persons["education"].astype(str).to_numpy(),
            "occupation": persons["occupation"].astype(str).to_numpy(),
        }
    )
    return register.reset_index(drop=True)


COARSE = ["sex", "age", "country_birth", "education"]


def test_an_intruder_with_the_register_finds_what_the_counts_say(gambia):
    # A census file: the intruder's right guesses are the sum of 1/F, exactly.
    found = link_attack(gambia, gambia, COARSE, "person")
    assert found["chance"].sum() == pytest.approx(file_risk(gambia, COARSE).expected_reidentifications)
    # In samples the law of sizes 1/F (the assumption) has a share p of the sample uniques alone in the population
    # too.
    # Here more of them are: then the estimated risk must be too low, by theory.
    p, true, estimated, alone = 0.1, [], [], []
    for seed in range(20):
        sample = gambia.sample(frac=p, random_state=seed).assign(w=1 / p)
        links = link_attack(sample, gambia, COARSE, "person")
        true.append(links["chance"].sum())
        estimated.append(file_risk(sample, COARSE, "w").expected_reidentifications)
        alone.append(links["candidates"][key_frequencies(sample, COARSE)["f"].eq(1)].eq(1).mean())
    assert np.mean(alone) > 2 * p
    assert np.mean(estimated) < np.mean(true) and not interval_holds(np.subtract(estimated, true))


def test_nobody_is_found_in_a_k_anonymous_file_with_a_chance_above_one_in_k(gambia):
    # The intruder knows that the target is in the file and knows all keys: as safe as blanks that are alike.
    sample = gambia.sample(frac=0.2, random_state=1)
    banded = global_recode(sample, "age", [0, 15, 30, 45, 65]).frame
    for k in (2, 5):
        safe = local_suppression(banded, COARSE, k, missing="category").frame
        assert not k_anonymity(safe, COARSE, k, missing="category").any()
        # Each target with true keys against the released records.
        chance = link_attack(banded, safe, COARSE, "person")["chance"]
        assert chance.max() <= 1 / k + 1e-12


def test_blanks_as_wildcards_protect_less_than_their_count_says():
    # Two with known values and one blank are 3-anonymous by the count, yet the one who is blank is found at once.
    truth = pd.DataFrame({"person": [1, 2, 3], "born": ["GIN", "MLI", "SEN"]})
    released = truth.assign(born=["GIN", "MLI", None])
    assert not k_anonymity(released, "born", k=2).any()
    assert link_attack(truth, released, "born", "person")["chance"].tolist() == [0.5, 0.5, 1.0]


def test_protection_lowers_the_risk_and_shows_its_cost(gambia):
    sample = gambia.sample(frac=0.2, random_state=2).assign(w=5.0)
    bands = global_recode(sample, "age", list(range(0, 70, 5))).frame
    safe = local_suppression(bands, COARSE, 3, importance={"country_birth": 5}).frame
    tables = {"Migrant stock by country": ["country_birth"]}
    table = compare_release(bands, safe, COARSE, "w", tables=tables).set_index("measure")
    register = global_recode(gambia, "age", list(range(0, 70, 5))).frame
    links = [link_attack(file, register, COARSE, "person")["chance"].sum() for file in (bands, safe)]
    assert table.loc["Violate 3-anonymity", "released"] == 0 < table.loc["Violate 3-anonymity", "original"]
    assert links[1] < links[0]
    moved = table.loc["Migrant stock by country: share of persons moved", "released"]
    blanks = safe["country_birth"].isna().mean()
    assert moved == pytest.approx(blanks)
    equal = local_suppression(bands, COARSE, 3).frame
    assert safe["country_birth"].isna().sum() <= equal["country_birth"].isna().sum()


# --- post-randomisation ---


@pytest.mark.parametrize("invariant", [True, False])
def test_pram_can_be_put_right(invariant):
    true = pd.Series(["none"] * 300 + ["primary"] * 150 + ["higher"] * 50)
    people = pd.DataFrame({"education": true})
    matrix = pram_matrix(true, keep=0.7, invariant=invariant)
    counts = true.value_counts()[matrix.index].to_numpy()
    errors, covered, raw = [], [], []
    for seed in SEEDS:
        after = pram(people, "education", matrix, seed).frame["education"].value_counts()
        put_right = pram_correct(after, matrix)
        errors.append(put_right["estimate"].to_numpy() - counts)
        covered.append(np.abs(errors[-1]) <= 1.96 * put_right["se"].to_numpy())
        raw.append(after.reindex(matrix.index, fill_value=0).to_numpy() - counts)
    errors, raw = np.array(errors), np.array(raw)
    assert all(interval_holds(errors[:, value]) for value in range(3))
    assert 0.90 <= np.mean(covered) <= 0.99
    # Gouweleeuw et al. (1998): an invariant matrix leaves the counts right on average; another one flattens them.
    if invariant:
        assert all(interval_holds(raw[:, value]) for value in range(3))
    else:
        expected = counts @ matrix.to_numpy() - counts
        assert expected[list(matrix.index).index("none")] < 0 < expected[list(matrix.index).index("higher")]
        assert all(interval_holds(raw[:, value] - expected[value]) for value in range(3))


# --- tables ---


def long_form(values, names):
    for axis in range(values.ndim):
        values = np.concatenate([values, values.sum(axis=axis, keepdims=True)], axis=axis)
    sizes = zip(names, values.shape, strict=True)
    labels = [[f"{name}{i:02d}" for i in range(size - 1)] + ["Total"] for name, size in sizes]
    return pd.DataFrame(list(itertools.product(*labels)), columns=list(names)).assign(value=values.reshape(-1))


@pytest.fixture(scope="module")
def stock(gambia):
    """The foreign-born by country of birth (six and the others) and age group, long, with totals."""
    abroad = global_recode(gambia[gambia["country_birth"] != "GMB"], "age", [0, 15, 30, 45, 65]).frame
    largest = abroad["country_birth"].value_counts().index[:6]
    country = abroad["country_birth"].where(abroad["country_birth"].isin(largest), "Other")
    return long_form(pd.crosstab(country, abroad["age"]).to_numpy(), "cs")


def test_the_attack_pins_nothing_down_in_a_protected_table(stock):
    hidden_alone = stock.assign(value=stock["value"].mask(stock["value"].between(1, 4)))
    assert len(audit_table(hidden_alone, ["c", "s"]).disclosed), "hiding the small cells alone must not be enough"
    safe = protect_table(stock, ["c", "s"])
    for least in (0, 1):
        found = audit_table(safe, ["c", "s"], least=least, whole=True)
        assert found.protects
        # The truth is always among what the attacker thinks possible.
        true = stock.loc[found.cells.index, "value"]
        assert ((found.cells["low"] <= true) & (true <= found.cells["high"])).all()


def test_rounding_errs_by_less_than_the_base_and_random_rounding_not_at_all_on_average(stock):
    errors = []
    for seed in SEEDS:
        done = round_table(stock, ["c", "s"], base=5, method="random", seed=seed)
        errors.append((done.frame["value"] - stock["value"]).to_numpy())
    errors = np.array(errors)
    assert np.abs(errors).max() < 5
    moving = errors.std(axis=0) > 0
    z = errors.mean(axis=0)[moving] / (errors.std(axis=0, ddof=1)[moving] / np.sqrt(len(errors)))
    assert np.abs(z).max() < 5 and 0.8 < z.std() < 1.25
    controlled = round_table(stock, ["c", "s"], base=5)
    assert controlled.log.loc["largest_change", "value"] < 5 and controlled.log.loc["sums_broken", "value"] == 0
