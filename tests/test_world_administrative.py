"""Administrative sources on the synthetic world and on simulated data: the truth, and the bias of one defect."""

import itertools

import numpy as np
import pandas as pd
import pytest

from migkit.measures import Estimate
from migkit.measures.administrative import (
    all_crossings,
    clean_countries,
    clean_dates,
    compare_dates,
    crossing_flows,
    daily_counts,
    deduplicate,
    identity_keys,
    impute_outages,
    link_permits,
    look_alikes,
    missed_shares,
    name_key,
    normalise_name,
    overstayers,
    pair_crossings,
    permit_flows,
    permit_stock,
    provisional_flows,
    residence_moves,
    soundex,
    stock_from_crossings,
)
from migkit.reference import dictionary, posts
from migkit.reference.names import names
from migkit.sources import border, residence_permits
from migkit.sources.records import ErrorModel
from migkit.sources.stays import on
from migkit.world import make_chunk

HERE = "GMB"
SEEDS = 200
WINDOW = pd.Timedelta(days=487)


@pytest.fixture(scope="module")
def world():
    return make_chunk(HERE, 0.005, seed=1, chunk=0)


def recorded(world, table, **rates):
    """The table that a source holds if only these defects happen, and its answers without any."""
    module, source = (border, "border") if table.startswith("border") else (residence_permits, "residence_permits")
    model = ErrorModel(dictionary(source), "none", {name.replace("__", "."): rate for name, rate in rates.items()})
    return module.observe(world, model, 1).tables[table]


def crossings_of(world, **rates):
    """Crossings of those who always pass the counter, linked perfectly."""
    found = recorded(world, "border_crossings", **rates)
    rows = found.records.assign(
        person=found.links["truth_id"].to_numpy(),
        when=found.records["date"] + " " + found.records["time"],
        lives_here=found.records["residence_country"].eq(HERE),
    )
    beside = world.crossings.loc[~world.crossings["formal"], "truth_id"].astype("str")
    return rows[~rows["person"].isin(beside)].reset_index(drop=True)


def true_moves(world, persons):
    """Moves of residence since the records begin: person, date, move."""
    spells = world.spells
    country = spells["country"].astype("str")
    before = country.shift().where(spells["truth_id"] == spells["truth_id"].shift())
    came = country.eq(HERE) & before.notna() & before.ne(HERE)
    left = country.ne(HERE) & before.eq(HERE)
    moves = pd.DataFrame(
        {
            "person": spells["truth_id"].astype("str"),
            "date": spells["start"],
            "move": np.where(came, "immigration", "emigration"),
        }
    )
    return moves[(came | left) & (spells["start"] >= "2023-01-01") & moves["person"].isin(persons)]


# --- residence


@pytest.fixture(scope="module")
def perfect(world):
    return crossings_of(world)


def test_perfect_records_pair_without_a_gap(perfect):
    stays = pair_crossings(perfect, time="when")
    assert set(stays["status"]) == {"complete", "open", "before_records"}


def test_perfect_records_and_the_rule_of_12_months_in_16_give_the_true_flows(world, perfect):
    end = pd.Timestamp(world.end)
    moves = residence_moves(perfect, end, "twelve_in_sixteen", time="when", resident="lives_here")
    known = moves[moves["date"] < end - WINDOW]
    assert known["decided"].eq("final").all()
    truth = true_moves(world, set(perfect["person"]))
    due = truth[truth["date"] < end - WINDOW]
    assert len(due) > 300
    both = due.merge(known, on=["person", "move"], how="outer", suffixes=("", "_found"), indicator=True)
    assert both["_merge"].eq("both").all()  # the same persons moved in the same direction, and nobody else
    # Who visits shortly before moving is here for 12 of 16 months from the visit on, by the letter of the rule.
    early = (both["date"] - both["date_found"]).dt.days
    assert (early == 0).mean() > 0.99 and early.between(0, 122).all()
    flows = crossing_flows(known)
    for (move, year), group in due.groupby(["move", due["date"].dt.year]):
        assert flows.loc[str(year), move] == len(group)
    later = truth[truth["date"] >= end - WINDOW]
    open_ = moves[moves["date"] >= end - WINDOW]
    # Every true move of the last 16 months is there, as final already or as undetermined.
    assert later["person"].isin(open_["person"]).mean() > 0.98
    assert open_["decided"].eq("undetermined").any()


def stationary(seeds, persons, rng):
    """Arrivals over six years; some stay for good, others leave after days that are exponentially distributed."""
    n = seeds * persons
    arrival = rng.integers(0, 6 * 365, n)
    stay = np.where(rng.random(n) < 0.4, 10_000, 1 + rng.exponential(150, n).astype(int))
    who, seed = np.arange(n), np.repeat(np.arange(seeds), persons)
    rows = [pd.DataFrame({"seed": seed, "person": who, "day": arrival, "direction": "E"})]
    left = arrival + stay < 7 * 365
    rows.append(pd.DataFrame({"seed": seed, "person": who, "day": arrival + stay, "direction": "X"})[left])
    events = pd.concat(rows, ignore_index=True)
    return events.assign(date=pd.Timestamp("2018-01-01") + pd.to_timedelta(events["day"], unit="D"))


def test_provisional_flows_cover_what_becomes_of_them():
    # Two years seen at their own end, the first also later: how it was revised gives the estimate of the second.
    events = stationary(SEEDS, 250, np.random.default_rng(11))
    rule = "twelve_in_sixteen"
    seen = {}
    for at in ("2021-01-01", "2022-01-01", "2024-06-01"):
        moves = residence_moves(events, at, rule)
        moves["seed"] = events["seed"].to_numpy()[moves["row"]]
        moves = moves[moves["move"].eq("immigration")]
        year = moves["date"].dt.year
        seen[at] = moves.groupby(["seed", year.rename("year"), "decided"]).size()

    def counts(at, seed, year):
        return [int(seen[at].get((seed, year, decided), 0)) for decided in ("final", "undetermined")]

    inside, naive = 0, []
    for seed in range(SEEDS):
        lines = [
            ("2020", 0, *counts("2021-01-01", seed, 2020)),
            ("2020", 24, *counts("2024-06-01", seed, 2020)),
            ("2021", 0, *counts("2022-01-01", seed, 2021)),
        ]
        table = pd.DataFrame(lines, columns=["period", "months_after", "final", "undetermined"])
        last = provisional_flows(table.assign(move="immigration")).iloc[-1]
        truth = counts("2024-06-01", seed, 2021)[0]
        inside += abs(last["expected"] - truth) <= 1.96 * last["se"]
        naive.append(last["final"] / truth)
    assert 0.90 <= inside / SEEDS <= 0.99
    assert np.mean(naive) < 0.2  # what is final at the end of the year is next to nothing


# --- missing exits


def test_missing_exits_swell_the_stock_year_by_year_and_the_adjustment_brings_it_back(world, perfect):
    lost = {f"crossing_not_recorded__{way}": 0.2 for way in ("land", "air", "sea")}
    seen = crossings_of(world, **lost)  # of exits 1.5 times as many are missed: 0.3
    shares = missed_shares(
        seen.assign(group=np.where(seen["lives_here"], "home", "visitor")), time="when", by="group"
    )
    for group in ("home", "visitor"):
        line = shares.loc[group]
        assert abs(line["missed_exit"] - 0.3) < 2.6 * line["missed_exit_se"] < 0.08
        assert abs(line["missed_entry"] - 0.2) < 2.6 * line["missed_entry_se"] < 0.08
    bias = []
    for day in ("2024-01-01", "2025-01-01", "2026-01-01"):
        true = perfect[perfect["date"] < day]["direction"].value_counts()
        held = seen[seen["date"] < day].groupby(["lives_here", "direction"]).size()
        naive = held[:, "E"].sum() - held[:, "X"].sum() - (true["E"] - true["X"])
        # Theory (balance): bias = q X - r E, with the chance of so many binomial draws around it.
        sd = (0.3 * 0.7 * true["X"] + 0.2 * 0.8 * true["E"]) ** 0.5
        assert abs(naive - (0.3 * true["X"] - 0.2 * true["E"])) < 3.5 * sd
        bias.append(naive)
        adjusted = 0.0
        variance = 0.0
        for lives_here, group in ((True, "home"), (False, "visitor")):
            line = shares.loc[group]
            part = stock_from_crossings(
                held[lives_here, "E"],
                held[lives_here, "X"],
                missed_entry=Estimate(line["missed_entry"], line["missed_entry_se"], "re-entries"),
                missed_exit=Estimate(line["missed_exit"], line["missed_exit_se"], "re-entries"),
            )
            adjusted, variance = adjusted + part.value, variance + part.se**2
        error = adjusted - (true["E"] - true["X"])
        assert abs(error) < 2.6 * variance**0.5
    assert 0 < bias[0] < bias[1] < bias[2]


def test_overstayers_are_covered_over_seeds():
    rng = np.random.default_rng(5)
    inside, naive = 0, []
    for _seed in range(SEEDS):
        entries, stayed, q, pairs = 5000, 400, 0.25, 800
        unmatched = stayed + rng.binomial(entries - stayed, q)
        share = rng.binomial(pairs, q) / pairs
        found = overstayers(entries, unmatched, Estimate(share, (share * (1 - share) / pairs) ** 0.5, "sample"))
        low, high = found.interval()
        inside += low <= stayed <= high
        naive.append(unmatched)
    assert 0.90 <= inside / SEEDS <= 0.99
    assert np.mean(naive) == pytest.approx(
        400 + 0.25 * 4600, rel=0.01
    )  # every missed exit looks like an overstayer


def test_all_crossings_are_covered_over_seeds():
    rng = np.random.default_rng(6)
    inside = 0
    for _seed in range(SEEDS):
        recorded_, share = rng.binomial(3000, 0.7), rng.binomial(500, 0.3) / 500
        low, high = all_crossings(recorded_, Estimate(share, (share * (1 - share) / 500) ** 0.5, "s")).interval()
        inside += low <= 3000 <= high
    assert 0.90 <= inside / SEEDS <= 0.99


# --- outages


def test_outages_of_the_world_are_put_back(world):
    true = len(recorded(world, "border_crossings").records)
    model = ErrorModel(dictionary("border"), "none", {"outage": 0.15})
    tables = border.observe(world, model, 1).tables
    seen = tables["border_crossings"].records
    daily = daily_counts(seen, "2023-01-01", "2026-06-30", posts=posts(HERE)["code"])
    done = impute_outages(daily, tables["border_outages"].records)
    days = 1277 * len(posts(HERE))
    assert len(seen) / true == pytest.approx(1 - done.by_post.loc["Total", "outage_days"] / days, abs=0.02)
    low, high = done.total.interval(0.99)
    assert low < true < high and high - low < 0.03 * true and len(seen) < 0.9 * true


def test_imputed_outages_are_covered_over_seeds():
    rng = np.random.default_rng(7)
    date = pd.date_range("2024-01-01", periods=200)
    expected = 12 + 8 * np.sin(date.dayofyear / 58) + 6 * (date.weekday >= 4)
    inside, error, shortfall = 0, [], []
    for _seed in range(SEEDS):
        size = expected / 1.5  # negative binomial with variance 2.5 times the mean
        count = rng.negative_binomial(size, 1 / 2.5)
        down = rng.random(200) < 0.1
        daily = pd.DataFrame({"post": "P", "date": date, "count": np.where(down, 0, count)})
        done = impute_outages(daily, daily.loc[down, ["post", "date"]])
        low, high = done.total.interval()
        inside += low <= count.sum() <= high
        error.append(done.total.value - count.sum())
        shortfall.append(1 - daily["count"].sum() / count.sum())
    assert 0.90 <= inside / SEEDS <= 0.99
    assert abs(np.mean(error)) < 4 * np.std(error) / SEEDS**0.5  # unbiased
    assert np.mean(shortfall) == pytest.approx(0.1, abs=0.01)  # without it, low by the share of days lost


# --- events twice, and dates


def test_crossings_entered_twice_are_found_and_used_once(world, perfect):
    twice = recorded(world, "border_crossings", duplicate=0.05)
    rows = twice.records.assign(
        person=twice.links["truth_id"].to_numpy(), when=twice.records["date"] + " " + twice.records["time"]
    )
    stays = pair_crossings(rows, time="when")
    assert stays["status"].eq("repeat").sum() == twice.links["kind"].eq("duplicate").sum() > 400


def test_day_and_month_that_changed_places_are_found_beside_the_right_date(world):
    spoilt = recorded(world, "border_crossings", dob_swapped=0.05)
    ledger = spoilt.ledger[spoilt.ledger["kind"].eq("dob_swapped")]
    assert len(ledger) > 100
    how = compare_dates(ledger["recorded"].reset_index(drop=True), ledger["true_value"].reset_index(drop=True))
    assert how.eq("swapped").all()
    # Alone such a date is a date like any other: only another record of the person shows it.
    assert set(clean_dates(ledger["recorded"])["code"]) <= {"clean", "first_january"}
    rows = spoilt.records.assign(person=spoilt.links["truth_id"].to_numpy())
    done = deduplicate(rows, keys=identity_keys(rows))
    swapped = done.review[done.review["rule"].eq("day and month swapped")]
    found = set(rows["rec_id"].to_numpy()[swapped["row"]])
    hit = rows["rec_id"].isin(ledger["record_id"])
    others = rows[~hit]["person"].value_counts()
    could = rows[hit & rows["person"].map(others).fillna(0).gt(0)]
    january = could["dob"].str.endswith("-01-01")
    assert could[~january]["rec_id"].isin(found).all() and len(could) > 50


# --- permits


def test_permits_without_defects_give_the_stock_of_those_liable_and_their_arrivals(world):
    cards = recorded(world, "permits").records
    liable = residence_permits.liable_stays(
        world, residence_permits.Lives(world), residence_permits.Citizenships(world)
    )
    for year in (2021, 2023, 2025):
        day = on(year)
        here = liable[(liable["start"] <= day) & (liable["end"] > day)]
        assert permit_stock(cards, f"{year}-01-01")["valid_persons"].item() == here["person"].nunique() > 500
    linked = link_permits(cards)
    flows = permit_flows(linked)
    since = flows.loc[[year for year in flows.index if year >= 2021]]  # every earlier card has expired by then
    assert (since["arrivals"] - since["written_first"]).abs().max() <= 2  # who comes back within the gap
    renewals = since["renewals"].sum() / since["permits"].sum()
    # Counting every card counts each arrival 1 / (1 - share of renewals) times.
    assert since["permits"].sum() / since["arrivals"].sum() == pytest.approx(1 / (1 - renewals))
    assert 0.4 < renewals < 0.8


def test_renewals_written_as_first_inflate_the_flow_by_their_share_and_the_chain_does_not(world):
    rate = 0.3
    true = recorded(world, "permits").records
    seen = recorded(world, "permits", renewal_as_first=rate).records
    since = lambda table: table[table["issue_date"] >= "2021-01-01"]  # noqa: E731
    renewals = since(true)["first_or_renewal"].eq("R").sum()
    inflated = since(seen)["first_or_renewal"].eq("F").sum() - since(true)["first_or_renewal"].eq("F").sum()
    assert abs(inflated - rate * renewals) < 3 * (rate * (1 - rate) * renewals) ** 0.5
    chain = [permit_flows(link_permits(table))["arrivals"] for table in (true, seen)]
    assert chain[0].equals(chain[1])


def test_cards_that_nobody_closes_swell_what_is_open_not_what_is_valid(world):
    left = recorded(world, "permits", expired_not_closed=1.0).records
    stock = permit_stock(left, "2025-01-01").iloc[0]
    true = permit_stock(recorded(world, "permits").records, "2025-01-01").iloc[0]
    assert stock["open_permits"] > 1.5 * true["open_permits"] and stock["valid_persons"] == true["valid_persons"]
    away = recorded(world, "permits", not_deregistered=1.0).records  # who left keeps a valid card until it expires
    assert permit_stock(away, "2025-01-01")["valid_persons"].item() > true["valid_persons"]


# --- countries


def test_words_and_former_names_become_the_right_codes(world):
    written = recorded(world, "permits", nationality_adjective=1.0, nationality_historic=0.3)
    read = clean_countries(written.records["nationality"]).assign(
        truth=written.records["permit_no"]
        .map(written.ledger[written.ledger["field"].eq("nationality")].groupby("record_id")["true_value"].first())
        .to_numpy()
    )
    changed = read[read["truth"].notna()]
    sure = changed["code"].notna()
    assert len(changed) > 1000 and (changed.loc[sure, "code"] == changed.loc[sure, "truth"]).all()
    assert sure.mean() > 0.95
    assert changed.loc[~sure, "trap"].ne("").all()


def test_nationalities_of_similar_name_are_found_by_the_other_columns(world):
    spoilt = recorded(world, "border_crossings", country_confused=0.3)
    hit = set(spoilt.ledger[spoilt.ledger["kind"].eq("country_confused")]["record_id"])
    rows = spoilt.records.set_index("rec_id")
    found = look_alikes(rows, "nationality", ["issuing_state", "birth_country", "residence_country"])
    sure = found[found["for_it"].gt(found["against_it"])]
    assert len(hit) > 50 and len(hit & set(sure.index)) / len(hit) > 0.95
    assert len(hit & set(sure.index)) / len(sure) > 0.9
    true = spoilt.ledger.set_index("record_id")["true_value"]
    right = sure.loc[sure.index.isin(hit), "instead"]
    assert (right == true.reindex(right.index)).mean() > 0.95


# --- names: the rules were written before these lists were looked at


def spelling_pairs(kind, key):
    """Recall among pairs of spellings of one name, and precision among pairs of spellings that share a key."""
    listed = names(kind)
    forms = {}
    for code, further in enumerate(listed.variants):
        official = [listed.written[language][code] for language in ("en", "fr", "pt")]
        forms.setdefault(official[0], set()).update(official, further)
    every = sorted({form for of_one in forms.values() for form in of_one})
    keys = dict(zip(every, key(pd.Series(every, dtype=object)), strict=True))
    true = {frozenset(pair) for of_one in forms.values() for pair in itertools.combinations(sorted(of_one), 2)}
    groups = {}
    for form in every:
        groups.setdefault(keys[form], []).append(form)
    alike = {frozenset(p) for of_key in groups.values() for p in itertools.combinations(of_key, 2)}
    return len(true & alike) / len(true), len(true & alike) / len(alike)


@pytest.mark.parametrize(("kind", "recall", "precision"), [("surnames", 0.78, 0.6), ("given", 0.65, 0.42)])
def test_the_key_of_names_finds_more_true_variants_than_soundex_and_fewer_false_ones(kind, recall, precision):
    ours, russell, plain = (spelling_pairs(kind, key) for key in (name_key, soundex, normalise_name))
    assert ours[0] > recall and ours[1] > precision
    assert ours[0] > russell[0] and ours[1] > 2 * russell[1]
    assert plain[0] < 0.2 < ours[0]  # without rules of spelling hardly any variant is found


def test_other_spellings_in_records_keep_the_key(world):
    spelt = recorded(world, "border_crossings", name_other_spelling=1.0)
    changed = spelt.ledger[spelt.ledger["field"].eq("surname")]
    same = name_key(changed["recorded"]).eq(name_key(changed["true_value"]))
    assert len(changed) > 3000 and same.mean() > 0.85
    assert soundex(changed["recorded"]).eq(soundex(changed["true_value"])).mean() < same.mean() - 0.1
