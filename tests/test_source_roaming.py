"""Roaming counts: cards of visitors in cells, some of them suppressed; no persons."""

import numpy as np
import pandas as pd
import pytest

import source_checks as checks
from migkit.reference import country, dictionary, regions
from migkit.sources.records import LEVELS, ErrorModel
from migkit.sources.roaming import COUNTS, observe
from migkit.world import make_chunk

PLACES = (("GMB", 0.01), ("SEN", 0.002), ("CPV", 0.02))


@pytest.fixture(scope="module", params=PLACES, ids=[place for place, _scale in PLACES])
def world(request):
    return make_chunk(*request.param, seed=1, chunk=0)


@pytest.fixture(scope="module")
def observed(world):
    return {level: observe(world, ErrorModel(dictionary("roaming"), level), 1).tables[COUNTS] for level in LEVELS}


@pytest.mark.parametrize("level", LEVELS)
def test_the_ledger_tells_all_and_the_table_keeps_to_its_dictionary(world, observed, level):
    checks.ledger_tells_all(observed[level])
    checks.keeps_to_dictionary(COUNTS, observed[level])
    rows = observed[level].records
    assert set(observed[level].links["truth_id"]) <= {""}
    assert not rows.duplicated(["centre", "month", "network_country", "region"]).any()
    assert set(rows["region"]) <= set(regions(world.iso3)["code"])
    assert not (rows["network_country"] == world.iso3).any()


def visitors_in(world, month):
    """True visitors from abroad in a month, one for each person and country: the truth counted in another way."""
    first = pd.Timestamp(month)
    last = first + pd.offsets.MonthEnd(0)
    trips = world.trips[(world.trips["destination"] == world.iso3) & ~world.trips["kind"].isin(["move", "return"])]
    died = world.persons.set_index("truth_id")["death_date"].reindex(trips["truth_id"]).to_numpy()
    until = trips["back_date"].fillna(pd.Timestamp(world.end) - pd.Timedelta(days=1)).to_numpy()
    until = np.where(~np.isnat(died) & (died < until), died, until)
    here = trips[(trips["out_date"].to_numpy() <= np.datetime64(last)) & (until >= np.datetime64(first))]
    return here.groupby(here["origin"].astype("str"))["truth_id"].nunique()


def test_without_defects_every_visitor_is_counted_once_a_month(world, observed):
    checks.no_defects(observed["none"])
    rows = observed["none"].records
    moves = world.trips[world.trips["kind"].isin(["move", "return"]) & (world.trips["destination"] == world.iso3)]
    for month in ("2023-03", "2024-12", "2026-06"):
        true = visitors_in(world, month)
        counted = rows[rows["month"] == month]
        counted = counted["sims"].astype(int).groupby(counted["network_country"]).sum()
        days = (pd.Timestamp(month) - pd.Timedelta(days=61), pd.Timestamp(month) + pd.offsets.MonthEnd(0))
        came = moves[moves["out_date"].between(*days)].groupby(moves["origin"].astype("str")).size()
        # New arrivals who still use their old card come on top.
        both = pd.concat([true, counted, came], axis=1, keys=["true", "counted", "came"]).fillna(0)
        assert (both["counted"] >= both["true"]).all()
        assert (both["counted"] <= both["true"] + both["came"]).all()
        assert both["true"].sum() > 20


def test_the_same_seed_gives_the_same_records_and_another_seed_others(world, observed):
    model = ErrorModel(dictionary("roaming"), "typical")
    again, other = (observe(world, model, seed).tables[COUNTS] for seed in (1, 2))
    pd.testing.assert_frame_equal(again.records, observed["typical"].records)
    pd.testing.assert_frame_equal(again.ledger, observed["typical"].ledger)
    assert not other.records.equals(again.records)


def test_every_described_defect_happens_somewhere_and_no_other():
    seen: set[str] = set()
    for place, scale in PLACES:
        found = observe(make_chunk(place, scale, 1, 0), ErrorModel(dictionary("roaming"), "severe"), 1)
        seen |= set(found.ledger["kind"])
    checks.only_described_defects("roaming", seen)


def test_no_small_count_leaves_the_operator(observed):
    threshold = dictionary("roaming").parameters["threshold"]["value"]
    for level in ("typical", "severe"):
        assert pd.to_numeric(observed[level].records["sims"]).min() >= threshold
    assert pd.to_numeric(observed["none"].records["sims"]).min() == 1


def test_defects_act_person_by_person_at_their_rates(world, observed):
    source, whole = dictionary("roaming"), pd.to_numeric(observed["none"].records["sims"]).sum()
    alone = {
        kind: observe(world, ErrorModel(source, "none", {kind: 0.3}), 1).tables[COUNTS]
        for kind in ("no_phone", "local_sim", "two_sims", "signal_across_border")
    }
    sims = {kind: pd.to_numeric(recorded.records["sims"]).sum() / whole for kind, recorded in alone.items()}
    assert 0.6 < sims["no_phone"] < 0.8 and 0.6 < sims["local_sim"] < 0.8
    assert 1.2 < sims["two_sims"] < 1.4
    for recorded in alone.values():
        checks.ledger_tells_all(recorded)
    rows = alone["signal_across_border"]
    raised = set(rows.links.set_index("record_id").loc[rows.ledger["record_id"], "event"].str.split(" ").str[2])
    assert raised <= set(country(world.iso3).neighbours)


def test_month_by_month_the_counts_follow_the_true_visitors(world, observed):
    rows = observed["typical"].records
    months = sorted(set(observed["none"].records["month"]))
    seen = rows["sims"].astype(int).groupby(rows["month"]).sum().reindex(months).fillna(0)
    true = pd.Series([visitors_in(world, month).sum() for month in months], index=months)
    assert len(months) == 42
    assert seen.sum() < true.sum()
    if world.iso3 == "GMB":
        assert np.corrcoef(seen, true)[0, 1] > 0.5
