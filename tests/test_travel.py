"""Trips never overlap, keep to lives and places of residence, and both countries see the same passages."""

from dataclasses import fields
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migkit.reference import codelist, country, posts
from migkit.world.arrivals import YEAR
from migkit.world.movers import NONE, Movers, movers_into, movers_out_of
from migkit.world.parameters import CALIBRATION, END, ago, country_codes, population
from migkit.world.targets import (
    DIED_ABROAD,
    MOVED,
    NEWCOMER,
    RETURNED,
    TRAVELS,
    made,
    mobility,
    neighbours,
    position,
)
from migkit.world.travel import (
    AIR,
    COMMUTE,
    ENTRY,
    EXIT,
    HERDING,
    HOME_VISIT,
    LAND,
    MOVE,
    RETURN,
    SEASON,
    TRADE,
    TRAVEL_FROM,
    VISIT,
    WINDOW,
    Trips,
    crossings_at,
    trips_of,
)

SCALE, SEED = 0.01, 4


def both_sides(iso3, seed=SEED, scale=SCALE):
    parts = [movers_into(iso3, seed, scale, 0, 1), movers_out_of(iso3, seed, scale, 0, 1)]
    return Movers(**{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Movers)})


@pytest.fixture(scope="module", params=["GMB", "MRT", "CPV"])
def home(request):
    return request.param


@pytest.fixture(scope="module")
def movers(home):
    return both_sides(home)


@pytest.fixture(scope="module")
def trips(movers):
    return trips_of(movers, SEED)


@pytest.fixture(scope="module")
def crossings(trips, home):
    return crossings_at(trips, home, SEED)


def residence(movers, row, day):
    """Where movers live at the start of a day (ago), as the kinds are defined."""
    origin, dest, kind = movers.origin[row], movers.dest[row], movers.kind[row]
    abroad = (kind != TRAVELS) & (movers.left[row] > day) & ~(movers.back[row] > day)
    return np.where(abroad, dest, origin)


def check(movers, trips):
    row, out, back = trips.person_row, trips.out_ago, trips.back_ago
    assert np.array_equal(trips.truth_id, movers.truth_id[row])
    assert len(np.unique(trips.trip_id)) == len(trips) > 0
    assert (trips.trip_id // 1000 == trips.truth_id).all()
    assert ((out >= 1) & (out <= WINDOW)).all()
    one_way = np.isin(trips.kind, (MOVE, RETURN))
    assert (back[one_way] == NONE).all()
    there = ~one_way & (back != NONE)
    assert (back[there] <= out[there]).all() and (back[there] >= 1).all()
    # Within the life, and from where the person lives.
    assert (out < movers.born[row]).all()
    last = np.where(back == NONE, out, back)
    assert (last > movers.died[row]).all()
    assert (movers.died[row][~one_way & (back == NONE)] == NONE).all()
    assert np.array_equal(trips.origin, residence(movers, row, out))
    other = np.where(trips.origin == movers.origin[row], movers.dest[row], movers.origin[row])
    assert np.array_equal(trips.dest, other)
    # One after the other: the next trip begins on a later day than the one before ended; an open trip is the last.
    same = row[1:] == row[:-1]
    end = np.where(back != NONE, back, np.where(one_way, out, -1))
    assert (out[1:][same] < end[:-1][same]).all()
    # A day trip comes back later than it went.
    day_trip = there & (back == out)
    assert (trips.minute_back[day_trip] > trips.minute_out[day_trip]).all()
    for minute in (trips.minute_out, trips.minute_back):
        assert ((minute >= 0) & (minute < 1440)).all()
    return day_trip


def test_trips_keep_to_lives_and_never_overlap(movers, trips):
    check(movers, trips)


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 10**6), st.sampled_from(["GNB", "TGO", "LBR"]))
def test_trips_are_right_for_any_seed(seed, iso3):
    movers = both_sides(iso3, seed, 0.002)
    check(movers, trips_of(movers, seed))


def test_every_move_in_the_window_is_a_trip_on_its_day(movers, trips):
    for day, kind, kinds in (
        (movers.left, MOVE, (MOVED, RETURNED, NEWCOMER, DIED_ABROAD)),
        (movers.back, RETURN, (MOVED, RETURNED)),
    ):
        who = np.flatnonzero((day >= 1) & (day <= WINDOW) & np.isin(movers.kind, kinds))
        mine = trips.kind == kind
        assert np.array_equal(np.sort(trips.person_row[mine]), who) and len(who)
        assert np.array_equal(trips.out_ago[mine], day[trips.person_row[mine]])
    assert (trips.kind[np.isin(movers.kind[trips.person_row], (NEWCOMER, DIED_ABROAD))] == MOVE).all()


def test_a_trip_is_a_function_of_the_person_alone(home, movers, trips):
    chosen = np.arange(1, len(movers), 3)
    alone = trips_of(movers.take(chosen), SEED)
    whole = trips.take(np.isin(trips.truth_id, movers.truth_id[chosen]))
    for name in (f.name for f in fields(Trips) if f.name != "person_row"):
        assert np.array_equal(getattr(alone, name), getattr(whole, name)), name


@pytest.mark.parametrize(("one", "other"), [("SEN", "GMB"), ("MLI", "MRT"), ("CPV", "SEN"), ("NGA", "BEN")])
def test_both_countries_see_the_same_passages_at_the_same_minute(one, other):
    seen = {}
    for here, there in ((one, other), (other, one)):
        found = crossings_at(trips_of(both_sides(here, scale=0.002), SEED), here, SEED)
        mine = found.other_country == position(there)
        direction = found.direction[mine]
        seen[here] = set(
            zip(
                found.trip_id[mine].tolist(),
                found.time[mine].tolist(),
                (direction if here == one else 1 - direction).tolist(),
                found.mode[mine].tolist(),
                found.document[mine].tolist(),
                strict=True,
            )
        )
    assert seen[one] == seen[other] and len(seen[one]) > 10


def test_crossings_are_those_of_the_trips(home, trips, crossings):
    here = position(home)
    assert ((trips.origin == here) | (trips.dest == here)).all()
    assert len(crossings) == len(trips) + (trips.back_ago != NONE).sum()
    time = crossings.time.view("datetime64[s]")
    assert time.min() >= np.datetime64(TRAVEL_FROM) and time.max() < np.datetime64(END)
    # A resident of the country leaves and enters, a visitor enters and leaves.
    at = np.searchsorted(np.sort(trips.trip_id), crossings.trip_id)
    trip = np.argsort(trips.trip_id)[at]
    starts = trips.origin[trip] == here
    first = np.arange(len(crossings)) < len(trips)
    assert np.array_equal(crossings.direction == EXIT, starts == first)
    assert set(crossings.direction) == {ENTRY, EXIT}
    own = {at for at, iso3 in enumerate(posts()["iso3"]) if iso3 == home}
    assert set(crossings.post) <= own
    kinds = posts()["kind"].map({"air": 0, "land": 1, "sea": 2}).to_numpy()
    assert np.array_equal(kinds[crossings.post], crossings.mode)


def test_land_posts_face_the_other_country(movers, trips):
    every = posts()
    code = every["code"].to_numpy()
    land = (trips.mode == LAND) & (trips.post_origin != NONE) & (trips.post_dest != NONE)
    faces = every["faces"].to_numpy()
    if land.any():
        assert np.array_equal(faces[trips.post_origin[land]], code[trips.post_dest[land]])
    for post, here, there in (
        (trips.post_origin, trips.origin, trips.dest),
        (trips.post_dest, trips.dest, trips.origin),
    ):
        known = post != NONE
        assert np.array_equal(np.isin(here, [position(iso3) for iso3 in made()]), known)
        codes = np.array(country_codes())
        assert (every["iso3"].to_numpy()[post[known]] == codes[here[known]]).all()
        mine = known & (trips.mode == LAND)
        assert (every["neighbour"].to_numpy()[post[mine]] == codes[there[mine]]).all()


def test_commuters_seasonal_workers_and_herders_go_to_neighbours_only(movers, trips, home):
    near = neighbours()
    local = np.isin(trips.kind, (COMMUTE, SEASON, HERDING))
    assert near[trips.origin[local], trips.dest[local]].all()
    assert local.any() == bool(country(home).neighbours)
    assert (trips.mode[local] == LAND).all()
    year = (END.year - (trips.out_ago[local] / YEAR)).astype(int)
    commuters = trips.kind[local] == COMMUTE
    for person in np.unique(trips.truth_id[local][commuters])[:50]:
        mine = trips.truth_id[local] == person
        assert np.bincount(year[mine]).max() * 2 <= 64
    seasons = np.isin(trips.kind, (SEASON, HERDING))
    persons, number = np.unique(trips.truth_id[seasons], return_counts=True)
    assert not len(persons) or number.max() <= 3
    months = ((np.datetime64(END) - trips.out_ago[seasons]).astype("datetime64[M]").astype(int) % 12) + 1
    assert set(months) <= {11, 12, 1}
    men = ~movers.woman[trips.person_row[trips.kind == HERDING]]
    assert men.all()


def test_children_only_visit(movers, trips):
    travels = movers.kind[trips.person_row] == TRAVELS
    child = travels & ((movers.born[trips.person_row] - CALIBRATION) < 14.9 * YEAR)
    assert (trips.kind[child] == VISIT).all() and child.any()


def test_visits_are_shorter_than_a_year_and_more_in_festive_months(movers, trips):
    there = ~np.isin(trips.kind, (MOVE, RETURN)) & (trips.back_ago != NONE)
    assert (trips.out_ago - trips.back_ago)[there].max() < 365
    visits = np.isin(trips.kind, (VISIT, HOME_VISIT)) & (trips.out_ago > ago(date(2026, 1, 1)))
    months = ((np.datetime64(END) - trips.out_ago[visits]).astype("datetime64[M]").astype(int) % 12) + 1
    festive = mobility("festive_months")
    assert np.isin(months, festive).mean() > 1.15 * len(festive) / 12


def test_documents_and_counters(movers, trips, crossings):
    codes = codelist("document")["code"].tolist()
    refugee = movers.refugee[trips.person_row]
    assert not (trips.document[~refugee] == codes.index("RD")).any()
    passports = trips.document == codes.index("P")
    assert passports[trips.mode == AIR].mean() > 0.8
    assert crossings.formal[crossings.mode == AIR].all()
    land = crossings.mode == LAND
    if land.any():
        assert 0.3 < crossings.formal[land].mean() < 0.85
    # The country of asylum issues a refugee's document, after a decision: nobody has one when fleeing.
    row = trips.person_row
    theirs = trips.document == codes.index("RD")
    assert (trips.issuing[theirs] == movers.dest[row][theirs]).all()
    assert (movers.recognised[row] > trips.out_ago)[theirs].all() and not (trips.kind[theirs] == MOVE).any()
    # All others are issued by a country of which the person was a citizen on that day.
    one_of = (trips.issuing == movers.citizen[row]) | (trips.issuing == movers.citizen_at_birth[row])
    assert one_of[~theirs].all()
    certificate = trips.document == codes.index("TC")
    fifteen = [position(iso3) for iso3 in made() if iso3 != "MRT"]
    for held in (trips.issuing, trips.origin, trips.dest):
        assert np.isin(held[certificate], fifteen).all()


def test_purposes_follow_the_kind_of_trip(trips):
    purposes = codelist("purpose")["code"].tolist()
    trade = trips.kind == TRADE
    assert (trips.purpose[trade] == purposes.index("4")).all() and trade.any()
    visits = trips.kind == HOME_VISIT
    assert (trips.purpose[visits] == purposes.index("3")).mean() > 0.85
    assert trips.purpose.max() <= purposes.index("7") and trips.purpose.min() >= 0


def test_the_volume_is_about_one_crossing_a_person():
    scale = 0.002
    number = sum(len(crossings_at(trips_of(both_sides(c, scale=scale), SEED), c, SEED)) for c in made())
    assert 0.4 < number / (sum(population(c) for c in made()) * scale) < 1.0
