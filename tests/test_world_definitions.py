"""Definitions on the true population: perfect data give the world's own account, defects the error of theory."""

from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from migkit.measures.definitions import (
    AS_RECORDED,
    MOST_OF_TWELVE_MONTHS,
    RULE_SETS,
    TWELVE_MONTHS,
    class_changes,
    classify_moves,
    community_citizen,
    compare_rule_sets,
    migration_flows,
    population_account,
    population_on,
    residents_on,
)
from migkit.sources.answers import true_answers
from migkit.world import make_world
from migkit.world.accounting import balance

NAMES = {"person": "truth_id", "purpose": "reason"}
YEAR = (date(2023, 6, 30), date(2024, 6, 30))
FLOWS = ["residents_start", "births", "immigrations", "deaths", "emigrations", "residents_end"]


@pytest.fixture(scope="module")
def world():
    return make_world("GMB", 0.004, seed=3)


@pytest.fixture(scope="module")
def moves(world):
    """Every change of country of the true spells, with the time that passed until the next event."""
    spells = world.spells.sort_values(["truth_id", "start"])
    country, person = spells["country"].astype(str), spells["truth_id"]
    changed = person.eq(person.shift()) & country.ne(country.shift())
    # Moves between regions are none between countries.
    run = (changed | person.ne(person.shift())).cumsum()
    stays = spells[~run.duplicated()].assign(end=spells["end"][~run.duplicated(keep="last")].to_numpy())
    stays["first"] = stays["truth_id"].ne(stays["truth_id"].shift())
    died = world.persons.set_index("truth_id")["death_date"]
    stays["by_death"] = stays["end"].eq(stays["truth_id"].map(died)) & stays["end"].notna()
    stays["year_later"] = stays["start"] + pd.DateOffset(months=12)
    home = stays["country"].astype(str).eq("GMB")
    moved = stays[~stays["first"]]
    return SimpleNamespace(
        every=moved, arrivals=moved[home[moved.index]], departures=moved[~home[moved.index]], stays=stays
    )


def inside(rows, start, end):
    return rows[(rows["start"] > pd.Timestamp(start)) & (rows["start"] <= pd.Timestamp(end))]


@pytest.mark.parametrize(
    ("by", "changing"),
    [
        (None, {}),
        ("country_birth", {}),
        ("sex", {}),
        ("citizenship", {"before": "citizenship_at_birth", "since": "citizenship_date"}),
    ],
)
@pytest.mark.parametrize("period", [(date(2005, 6, 30), date(2026, 6, 30)), YEAR])
def test_the_account_is_that_of_the_world(world, by, changing, period):
    account = population_account(
        world.spells, "GMB", *period, AS_RECORDED, persons=world.persons, by=by, columns=NAMES, **changing
    )
    truth = balance(world, *period, by)
    if by is None:
        assert account.loc["Total", FLOWS].tolist() == truth.loc["total", FLOWS].tolist()
        return
    groups = account.drop(index="Total")
    names = [*FLOWS, "group_changes"]
    truth = truth.rename(columns={"citizenship_changes": "group_changes"}).astype("int64")
    assert np.array_equal(groups[names].reindex(truth.index, fill_value=0), truth[names])
    assert (account["error"] == 0).all() and set(groups.index) <= set(truth.index)


def test_stocks_are_those_of_the_census_answers(world):
    answers = true_answers(world, world.census_day)
    truth = answers[~answers["visitor"]]
    on = population_on(
        world.spells, "GMB", world.census_day, "un_2025", world.end, world.persons, NAMES
    )  # fmt: skip
    foreign = (truth["country_birth"] != "GMB").sum()
    # By twelve months some newcomers and leavers of the last year count otherwise, who died before it was over.
    assert on["resident"].value_counts()["yes"] == pytest.approx(len(truth), abs=3)
    assert on["migrant"].value_counts()["yes"] == pytest.approx(foreign, abs=3)
    exact = residents_on(world.spells, "GMB", world.census_day, AS_RECORDED, world.end, world.persons, NAMES)
    assert set(exact.index[exact["resident"] == "yes"]) == set(truth["truth_id"])


def test_flows_of_twelve_months_leave_out_exactly_the_shorter_stays(world, moves):
    period = (date(2014, 12, 31), date(2024, 12, 31))
    flows = migration_flows(world.spells, "GMB", *period, "un_2025", None, world.end, world.persons, NAMES)
    for direction, rows in (("arrival", moves.arrivals), ("departure", moves.departures)):
        rows = inside(rows, *period)
        over = rows["end"] >= rows["year_later"]
        open_long = rows["end"].isna() & (pd.Timestamp(world.end) >= rows["year_later"])
        died = rows["by_death"] & ~over
        found = flows.loc[(direction, "long_term")]
        assert found["total"] == len(rows) and len(rows) > 100
        assert found["yes"] == (over | open_long).sum()
        assert found["unknown"] == died.sum()


def test_the_same_figure_a_year_later_has_no_unknown_left(world, moves):
    """The revision window: on the last day of the period nearly all is unknown, 12 months later only the dead."""
    arrivals = len(inside(moves.arrivals, *YEAR))
    unknown = {
        known: compare_rule_sets(world.spells, "GMB", *YEAR, ["un_2025"], known, world.persons, NAMES).loc[
            ("immigrations", "un_2025"), "unknown"
        ]
        for known in ("2024-06-30", "2024-12-31", "2025-06-30")
    }
    assert unknown["2024-06-30"] >= 0.95 * arrivals
    assert 0.3 * arrivals < unknown["2024-12-31"] < 0.7 * arrivals
    assert unknown["2025-06-30"] <= 2
    early = compare_rule_sets(world.spells, "GMB", *YEAR, ["un_2025_most"], "2024-12-31", world.persons, NAMES)
    assert early.loc[("immigrations", "un_2025_most"), "unknown"] <= 2, (
        "six months and a day close the window sooner"
    )


def test_true_intentions_give_the_final_figure_at_once(world):
    spells, died = world.spells, world.spells["truth_id"].map(world.persons.set_index("truth_id")["death_date"])
    end = spells["end"].where(spells["end"].ne(died))
    months = ((end - spells["start"]).dt.days / 30.4375).fillna(600)
    meant = spells.assign(intended_months=months)
    arguments = ("GMB", *YEAR, "un_2025", None)
    at_once = migration_flows(meant, *arguments, "2024-06-30", world.persons, NAMES)
    final = migration_flows(spells, *arguments, world.end, world.persons, NAMES)
    assert at_once.loc[("arrival", "long_term"), "unknown"] == 0
    assert at_once.loc[("arrival", "long_term"), "yes"] == pytest.approx(
        final.loc[("arrival", "long_term")][["yes", "unknown"]].sum(), abs=2
    )


def test_a_flow_of_foreigners_lacks_exactly_the_citizens(world):
    """Bias of a national definition: minus the moves of citizens, who are most of those who leave."""
    by = migration_flows(world.spells, "GMB", *YEAR, "un_2025", "citizenship", world.end, world.persons, NAMES)
    foreign = migration_flows(
        world.spells, "GMB", *YEAR, "foreign_citizens", None, world.end, world.persons, NAMES
    )
    for direction in ("arrival", "departure"):
        mine = by.loc[(direction, "long_term")]["yes"]
        assert foreign.loc[(direction, "long_term"), "yes"] == mine["Total"] - mine["GMB"] < mine["Total"]


def test_missing_exits_raise_the_stock_by_as_many_and_hide_the_emigrations(world, moves):
    """A register that hears of no exit: residents too many by the exits missed, emigrations too few by them."""
    rng = np.random.default_rng(5)
    start, end = date(2014, 6, 30), date(2024, 6, 30)
    left = inside(moves.departures, start, end)
    silent = rng.choice(left["truth_id"].unique(), size=20, replace=False)
    back = moves.arrivals.merge(left[["truth_id", "start"]], on="truth_id", suffixes=("", "_left"))
    returned = set(back["truth_id"][back["start"] > back["start_left"]])
    silent = [person for person in silent if person not in returned]
    dead = set(world.persons["truth_id"][world.persons["death_date"].notna()])
    silent = [person for person in silent if person not in dead]
    home = world.spells[world.spells["country"].astype(str).eq("GMB")]
    last = ~home["truth_id"].duplicated(keep="last")
    broken = home.assign(end=home["end"].mask(last & home["truth_id"].isin(silent)))
    persons = world.persons[world.persons["truth_id"].isin(home["truth_id"])]
    accounts = [
        population_account(file, "GMB", start, end, AS_RECORDED, world.end, persons, columns=NAMES).loc["Total"]
        for file in (home, broken)
    ]
    assert len(silent) >= 10
    assert accounts[1]["residents_end"] - accounts[0]["residents_end"] == len(silent)
    assert accounts[0]["emigrations"] - accounts[1]["emigrations"] == len(silent)


def visits(world):
    """Stays of visitors who have no residence here, as a border with a purpose would give them."""
    trips = world.trips[world.trips["destination"].astype(str).eq("GMB")]
    trips = trips[(trips["back_date"] > trips["out_date"]) & (trips["out_date"] >= pd.Timestamp(2023, 1, 1))]
    status = trips["truth_id"].map(world.persons.set_index("truth_id")["status"]).astype(str)
    kind = trips["kind"].astype(str)
    trips = trips[status.eq("visitor") & ~kind.isin(["move", "return"])].sort_values(["truth_id", "out_date"])
    overlap = trips["out_date"] <= trips.groupby("truth_id")["back_date"].shift().fillna(pd.Timestamp(1900, 1, 1))
    trips = trips[~overlap]
    return pd.DataFrame(
        {"person": trips["truth_id"], "country": "GMB", "start": trips["out_date"].dt.normalize(),
         "end": trips["back_date"].dt.normalize(), "purpose": trips["kind"].astype(str)}
    ).query("end > start")  # fmt: skip


def test_mobility_below_residence_is_short_term_in_1998_and_temporary_in_2025(world):
    stays = visits(world)
    period = (date(2022, 12, 31), date(2024, 6, 30))
    moves = classify_moves(stays, "GMB", *period, "un_1998", world.end)
    arrivals = moves[moves["direction"] == "arrival"]
    assert not arrivals["long_term"].eq("yes").any()
    chosen = stays[(stays["start"] <= pd.Timestamp(period[1]))]
    three = chosen["end"] >= chosen["start"] + pd.DateOffset(months=3)
    counted = ~chosen["purpose"].isin(RULE_SETS["un_1998"].not_migration)
    assert arrivals["short_term"].eq("yes").sum() == (three & counted).sum() > 0
    on = chosen.loc[three & counted, "start"].iloc[0] + pd.Timedelta(days=20)
    changed = class_changes(stays, "GMB", on, "un_1998", "un_2025", world.end)
    present = int(((stays["start"] <= on) & (stays["end"] > on)).sum())
    assert changed.loc["short_term", "temporary"] >= 1
    assert changed.loc[["short_term", "visitor"], "temporary"].sum() == present


def test_three_criteria_one_population(world):
    """The account ties under each; a shorter threshold adds moves to both sides."""
    period = (date(2015, 6, 30), date(2025, 6, 30))
    accounts = {
        criterion.key: population_account(
            world.spells, "GMB", *period, criterion, world.end, world.persons, columns=NAMES
        ).loc["Total"]
        for criterion in (AS_RECORDED, MOST_OF_TWELVE_MONTHS, TWELVE_MONTHS)
    }
    moved = [each["immigrations"] + each["emigrations"] + each["to_unknown"] for each in accounts.values()]
    assert moved == sorted(moved, reverse=True)
    assert all(each["error"] == 0 for each in accounts.values())


def test_the_community_shrinks_by_the_citizens_of_three_states(world):
    home = residents_on(world.spells, "GMB", "2025-01-28", AS_RECORDED, world.end, world.persons, NAMES)
    residents = world.persons[world.persons["truth_id"].isin(home.index[home["resident"] == "yes"])]
    both = ["citizenship", "citizenship_2"]
    before, after = (community_citizen(residents, day, both).eq("yes") for day in ("2025-01-28", "2025-01-29"))
    three = residents["citizenship"].isin(["BFA", "MLI", "NER"])
    other = (
        residents["citizenship_2"]
        .astype(object)
        .isin([code for code in residents["citizenship_2"].cat.categories if code not in ("BFA", "MLI", "NER")])
    )
    assert (before & ~after).sum() == (three & ~other).sum() > 0
    assert community_citizen(residents, "2025-01-29", both, rights=True).eq("yes").equals(before)
