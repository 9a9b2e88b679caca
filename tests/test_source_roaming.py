"""Roaming counts: cards of visitors in cells, some of them suppressed; no persons."""

import numpy as np
import pandas as pd
import pytest

import source_checks as checks
from migkit.reference import country, dictionary, regions
from migkit.sources.records import LEVELS, ErrorModel
from migkit.sources.roaming import COUNTS, TOTALS, observe
from migkit.world import make_chunk

PLACES = (("GMB", 0.01), ("SEN", 0.002), ("CPV", 0.02))


@pytest.fixture(scope="module", params=PLACES, ids=[place for place, _scale in PLACES])
def world(request):
    return make_chunk(*request.param, seed=1, chunk=0)


@pytest.fixture(scope="module")
def observed(world):
    return {level: observe(world, ErrorModel(dictionary("roaming"), level), 1) for level in LEVELS}


@pytest.mark.parametrize("level", LEVELS)
def test_the_ledger_tells_all_and_tables_keep_to_their_dictionary(world, observed, level):
    for name, recorded in observed[level].tables.items():
        checks.ledger_tells_all(recorded)
        checks.keeps_to_dictionary(name, recorded)
        rows = recorded.records
        assert not rows.duplicated([column for column in rows if column not in ("cell_id", "sims")]).any()
        assert not (rows["network_country"] == world.iso3).any()
    checks.links_name_true_persons(world, observed[level], of_nobody=(TOTALS, COUNTS))
    assert set(observed[level].tables[COUNTS].records["region"]) <= set(regions(world.iso3)["code"])


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
    for recorded in observed["none"].tables.values():
        checks.no_defects(recorded)
    rows = observed["none"].tables[TOTALS].records
    parts = observed["none"].tables[COUNTS].records
    moves = world.trips[world.trips["kind"].isin(["move", "return"]) & (world.trips["destination"] == world.iso3)]
    for month in ("2023-03", "2024-12", "2026-06"):
        true = visitors_in(world, month)
        counted = rows[rows["month"] == month]
        counted = counted["sims"].astype(int).groupby(counted["network_country"]).sum()
        regional = parts[parts["month"] == month]
        regional = regional["sims"].astype(int).groupby(regional["network_country"]).sum()
        assert (regional >= counted).all()  # who moves here after a visit may be seen in two regions
        assert regional.sum() <= 1.05 * counted.sum()
        days = (pd.Timestamp(month) - pd.Timedelta(days=61), pd.Timestamp(month) + pd.offsets.MonthEnd(0))
        came = moves[moves["out_date"].between(*days)].groupby(moves["origin"].astype("str")).size()
        # New arrivals who still use their old card come on top.
        both = pd.concat([true, counted, came], axis=1, keys=["true", "counted", "came"]).fillna(0)
        assert (both["counted"] >= both["true"]).all()
        assert (both["counted"] <= both["true"] + both["came"]).all()
        assert both["true"].sum() > 20


def test_the_same_seed_gives_the_same_records_and_another_seed_others(world, observed):
    model = ErrorModel(dictionary("roaming"), "typical")
    again, other = (observe(world, model, seed) for seed in (1, 2))
    for name, recorded in observed["typical"].tables.items():
        pd.testing.assert_frame_equal(again.tables[name].records, recorded.records)
        pd.testing.assert_frame_equal(again.tables[name].ledger, recorded.ledger)
    assert not other.tables[TOTALS].records.equals(again.tables[TOTALS].records)


def test_every_described_defect_happens_somewhere_and_no_other():
    checks.severe_defects_are_those_described("roaming", observe, PLACES)


def test_no_small_count_leaves_the_operator(observed):
    threshold = dictionary("roaming").parameters["threshold"]["value"]
    for name in (TOTALS, COUNTS):
        for level in ("typical", "severe"):
            assert pd.to_numeric(observed[level].tables[name].records["sims"]).min() >= threshold
        assert pd.to_numeric(observed["none"].tables[name].records["sims"]).min() == 1


def test_defects_act_person_by_person_at_their_rates(world, observed):
    source, whole = dictionary("roaming"), pd.to_numeric(observed["none"].tables[TOTALS].records["sims"]).sum()
    alone = {
        kind: observe(world, ErrorModel(source, "none", {kind: 0.3}), 1).tables[TOTALS]
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
    rows = observed["typical"].tables[TOTALS].records
    months = sorted(set(observed["none"].tables[TOTALS].records["month"]))
    seen = rows["sims"].astype(int).groupby(rows["month"]).sum().reindex(months).fillna(0)
    true = pd.Series([visitors_in(world, month).sum() for month in months], index=months)
    assert len(months) == 42
    assert seen.sum() < true.sum()
    assert np.corrcoef(seen, true)[0, 1] > 0.5
