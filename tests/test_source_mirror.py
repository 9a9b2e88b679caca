"""Mirror statistics: each destination counts by its own definition; only the truth shows how far they agree."""

import numpy as np
import pandas as pd
import pytest

import source_checks as checks
from migkit.reference import dictionary
from migkit.sources.mirror import observe
from migkit.sources.records import LEVELS, ErrorModel
from migkit.world import make_chunk, make_world

PLACES = (("GMB", 0.02), ("CPV", 0.02), ("SEN", 0.004))
TABLES = ("mirror_stock", "mirror_flows")


@pytest.fixture(scope="module", params=PLACES, ids=[place for place, _scale in PLACES])
def world(request):
    return make_chunk(*request.param, seed=1, chunk=0)


@pytest.fixture(scope="module")
def observed(world):
    return {level: observe(world, ErrorModel(dictionary("mirror"), level), 1) for level in LEVELS}


def numbers(recorded, *columns):
    return recorded.records.astype(dict.fromkeys(columns, int))


def test_without_defects_nothing_is_in_the_ledger(observed):
    for name in TABLES:
        checks.no_defects(observed["none"].tables[name])


@pytest.mark.parametrize("level", LEVELS)
def test_the_ledger_tells_all_and_the_tables_keep_to_their_dictionary(world, observed, level):
    assert tuple(observed[level].tables) == TABLES
    for name, recorded in observed[level].tables.items():
        checks.ledger_tells_all(recorded)
        checks.keeps_to_dictionary(name, recorded)
        assert (recorded.records["destination"] != world.iso3).all()
    checks.links_name_true_persons(world, observed[level], of_nobody=TABLES)


def test_every_page_says_that_the_figures_are_synthetic():
    source = dictionary("mirror")
    assert "ynthetic" in source.title + source.summary and any("synthetic" in limit for limit in source.limits)
    assert all("synthetic" in table.description for table in source.tables.values())


def test_the_same_seed_gives_the_same_records_and_another_seed_others(world, observed):
    model = ErrorModel(dictionary("mirror"), "typical")
    again, other = observe(world, model, 1), observe(world, model, 2)
    for name in TABLES:
        pd.testing.assert_frame_equal(observed["typical"].tables[name].records, again.tables[name].records)
        pd.testing.assert_frame_equal(observed["typical"].tables[name].ledger, again.tables[name].ledger)
    assert not other.tables["mirror_stock"].records.equals(again.tables["mirror_stock"].records)


def test_every_described_defect_happens_and_no_other():
    checks.severe_defects_are_those_described("mirror", observe, PLACES)


def test_shares_of_people_lost_are_those_of_the_dictionary(world, observed):
    rates = {"exit_not_declared": 0.5}
    recorded = observe(world, ErrorModel(dictionary("mirror"), "none", rates), 1).tables["mirror_flows"]
    true = recorded.perfect["exits"].astype(int).to_numpy()
    shown = numbers(recorded, "exits")["exits"].to_numpy()
    assert true.sum() > 10
    # Half of an odd number is rounded up or down at random, with a standard deviation of one half.
    assert abs(shown.sum() - true.sum() / 2) <= 3 * 0.5 * np.sqrt((true % 2).sum())
    assert (abs(shown - true / 2) <= 0.5).all()
    doubtful = {"naturalised_as_nationals": 1.0}
    recorded = observe(world, ErrorModel(dictionary("mirror"), "none", doubtful), 1).tables["mirror_stock"]
    touched = recorded.ledger["record_id"]
    cells = recorded.records.set_index("cell_id").loc[touched]
    assert set(cells["definition"]) <= {"C"}


def test_rounded_tables_are_rounded_throughout(observed):
    recorded = observed["severe"].tables["mirror_stock"]
    rows = numbers(recorded, "persons")
    hit = rows[rows["cell_id"].isin(recorded.ledger.loc[recorded.ledger["kind"] == "rounded", "record_id"])]
    sets = ["destination", "source_kind", "definition", "reference_year"]
    rounded = rows.merge(hit[sets].drop_duplicates(), on=sets)
    assert len(rounded) and (rounded["persons"] % 10 == 0).all()


# --- what the source is for


def born_in_country_living_in(world, day):
    """The true number of people born in the country by the other country where they live on a day."""
    day, spells = pd.Timestamp(day), world.spells
    native = world.persons.loc[world.persons["country_birth"] == world.iso3, "truth_id"]
    held = spells[(spells["start"] <= day) & (spells["end"].isna() | (spells["end"] > day))]
    held = held[held["truth_id"].isin(native) & (held["country"] != world.iso3)]
    return held["country"].astype("str").value_counts()


@pytest.mark.parametrize("year", [2014, 2024])
def test_without_defects_each_figure_is_true_under_its_definition(world, observed, year):
    rows = numbers(observed["none"].tables["mirror_stock"], "persons", "reference_year")
    rows = rows[(rows["reference_year"] == year) & (rows["definition"] == "B")]
    shown = rows.groupby(["destination", "source_kind"])["persons"].sum().reset_index("source_kind")["persons"]
    truth = born_in_country_living_in(world, f"{year}-07-01")
    assert len(shown) >= 5 and shown.sum() > 100
    assert (shown == truth.loc[shown.index]).all()


def test_definitions_differ_without_any_defect(world, observed):
    rows = numbers(observed["none"].tables["mirror_stock"], "persons")
    total = (
        rows[rows["reference_year"] == "2024"].groupby(["destination", "definition"])["persons"].sum().unstack()
    )
    both = total.loc[total[["C", "P"]].notna().all(axis=1)]
    assert (both["P"] <= both["C"]).all()
    assert (
        both["P"] < both["C"]
    ).any() or world.iso3 == "CPV"  # few of its citizens live where both are published


def test_the_country_and_its_mirror_tell_the_same_when_nothing_goes_wrong():
    scale = 0.01
    origin, there = make_world("GNB", scale, 1), make_world("GMB", scale, 1)
    rows = numbers(observe(origin, ErrorModel(dictionary("mirror"), "none"), 1).tables["mirror_stock"], "persons")
    mirror = rows[
        (rows["destination"] == "GMB") & (rows["reference_year"] == "2024") & (rows["definition"] == "B")
    ]
    day, spells = pd.Timestamp("2024-07-01"), there.spells
    held = spells[
        (spells["start"] <= day) & (spells["end"].isna() | (spells["end"] > day)) & (spells["country"] == "GMB")
    ]
    born = there.persons.loc[there.persons["country_birth"] == "GNB", "truth_id"]
    assert mirror["persons"].sum() == held["truth_id"].isin(born).sum() > 20


def test_with_defects_exits_hide_and_net_migration_is_overstated(observed):
    net = {}
    for level in LEVELS:
        rows = numbers(observed[level].tables["mirror_flows"], "entries", "exits")
        net[level] = rows["exits"].sum() / max(rows["entries"].sum(), 1)
    assert net["severe"] < net["none"]
