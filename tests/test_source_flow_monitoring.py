"""Flow monitoring: points near the border count passages beside the post too, and some of them twice."""

import pandas as pd
import pytest

import source_checks as checks
from migkit.reference import dictionary, posts
from migkit.sources.flow_monitoring import COUNTS, INTERVIEWS, observe, passages, points, route_point
from migkit.sources.records import INVENTED, LEVELS, ErrorModel
from migkit.world import make_chunk

PLACES = (("GMB", 0.005), ("SEN", 0.002), ("NER", 0.001))


@pytest.fixture(scope="module", params=PLACES, ids=[place for place, _scale in PLACES])
def world(request):
    return make_chunk(*request.param, seed=1, chunk=0)


@pytest.fixture(scope="module")
def observed(world):
    return {level: observe(world, ErrorModel(dictionary("flow_monitoring"), level), 1) for level in LEVELS}


@pytest.mark.parametrize("level", LEVELS)
def test_the_ledger_tells_all_and_tables_keep_to_their_dictionary(world, observed, level):
    for name, recorded in observed[level].tables.items():
        checks.ledger_tells_all(recorded)
        checks.keeps_to_dictionary(name, recorded)
    checks.links_name_true_persons(world, observed[level], of_nobody=(COUNTS,))


def test_without_defects_all_who_pass_a_point_are_counted_with_or_without_the_counter(world, observed):
    for recorded in observed["none"].tables.values():
        checks.no_defects(recorded)
    rows = observed["none"].tables[COUNTS].records
    counted = rows["count"].astype(int).groupby(rows["fmp"]).sum()
    crossings = world.crossings
    for post in points(world.iso3):
        true = int((crossings["post"] == post).sum())
        assert counted.get(f"FMP-{post}", 0) == true, post
    near = crossings[crossings["post"].isin(points(world.iso3))]
    beside = (~near["formal"]).sum()
    assert beside > 0.2 * len(near)  # the border records miss these
    land = posts(world.iso3)
    elsewhere = crossings["post"].isin(set(land[land["kind"] == "land"]["code"]) - set(points(world.iso3))).sum()
    assert counted.get(route_point(world.iso3), 0) <= elsewhere


def test_the_same_seed_gives_the_same_records(world, observed):
    again = observe(world, ErrorModel(dictionary("flow_monitoring"), "severe"), 1)
    for name, recorded in observed["severe"].tables.items():
        pd.testing.assert_frame_equal(recorded.records, again.tables[name].records)
        pd.testing.assert_frame_equal(recorded.ledger, again.tables[name].ledger)


def test_every_described_defect_happens_somewhere_and_no_other():
    checks.severe_defects_are_those_described("flow_monitoring", observe, PLACES)


def test_rates_are_those_of_the_dictionary(observed):
    model = ErrorModel(dictionary("flow_monitoring"), "typical")
    counts, talks = (observed["typical"].tables[name] for name in (COUNTS, INTERVIEWS))
    kept = counts.links[counts.links["kind"] == "true"]["event"]
    near = ~counts.perfect.set_index("event").loc[kept, "fmp"].str.endswith("-R")
    twice = int((counts.links["kind"] == "duplicate").sum())
    assert checks.near(twice, int(near.sum()), model.rate("counted_twice"))
    made_up = int((counts.links["kind"] == INVENTED).sum())
    assert checks.near(made_up, len(kept) + twice, model.rate("internal_moves"))
    assert checks.near(checks.changed(counts, "age_guessed"), len(counts.records), model.rate("age_guessed"))
    true = checks.true_values(talks)
    assert checks.near(
        checks.changed(talks, "need_not_told"), int((true["vulnerable"] == "Y").sum()), model.rate("need_not_told")
    )
    days = pd.to_datetime(pd.Series(sorted(set(counts.perfect["date"]))))
    lost = (
        counts.ledger[(counts.ledger["kind"] == "point_closed")]["true_value"].str.split(" ").str[:2].str.join(" ")
    )
    worked = set(counts.perfect["fmp"] + " " + counts.perfect["date"])
    shut = set(lost)
    for weekend in (False, True):
        chosen = set(days[(days.dt.dayofweek >= 5) == weekend].dt.strftime("%Y-%m-%d"))
        some = [each for each in worked if each.split(" ")[1] in chosen]
        rate = model.rate("point_closed") * (model.rate("point_closed", "factor_weekend") if weekend else 1.0)
        assert checks.near(len(shut & set(some)), len(some), rate), weekend


def test_a_country_without_a_land_border_has_no_point():
    found = observe(make_chunk("CPV", 0.005, 1, 0), ErrorModel(dictionary("flow_monitoring"), "severe"), 1)
    for name, recorded in found.tables.items():
        assert len(recorded.records) == 0 and len(recorded.ledger) == 0
        checks.keeps_to_dictionary(name, recorded)


def test_interviews_hold_nobody_below_the_age_and_name_nobody(world, observed):
    recorded = observed["none"].tables[INTERVIEWS]
    youngest = dictionary("flow_monitoring").parameters["interview_from_age"]["value"]
    assert pd.to_numeric(recorded.records["age"]).min() >= youngest
    assert not {"surname", "given", "doc_no"} & set(recorded.records.columns)
    old_enough = (passages(world)["age"] >= youngest).sum()
    share = dictionary("flow_monitoring").parameters["interview_share"]["value"]
    assert checks.near(len(recorded.records), int(old_enough), share)


def test_dropping_the_route_point_and_journeys_within_the_country_removes_what_was_counted_in_error(
    world, observed
):
    rows = observed["severe"].tables[COUNTS].records
    links = observed["severe"].tables[COUNTS].links
    inside = rows["origin"] == rows["destination"]
    assert (links["kind"][inside] == INVENTED).all() and inside.sum() > 20
    assert (inside == (links["kind"] == INVENTED)).all()
    cleaned = rows[~inside & (rows["fmp"] != route_point(world.iso3))]
    true = observed["none"].tables[COUNTS].records
    true = true[true["fmp"] != route_point(world.iso3)]
    both = pd.concat(
        [
            cleaned["count"].astype(int).groupby(cleaned["fmp"]).sum(),
            true["count"].astype(int).groupby(true["fmp"]).sum(),
        ],
        axis=1,
    ).fillna(0)
    assert (both.iloc[:, 0] <= both.iloc[:, 1]).all()  # what is left is too low: nights and days without a count
