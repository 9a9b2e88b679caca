"""Movers are the same persons seen from both countries, in any chunking; their stocks are the published ones."""

from dataclasses import fields
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migkit.reference import codelist, corridors, fact
from migkit.world import draws
from migkit.world.arrivals import ANCHORS, BOUNDS, YEAR, cohorts, fit_error, periods_by_age
from migkit.world.draws import Choices, hashed, lowdisc
from migkit.world.movers import (
    BIRTH,
    LEAST_STAY,
    NONE,
    PROTECTION,
    Movers,
    movers_into,
    movers_out_of,
    slices,
)
from migkit.world.parameters import CALIBRATION, HISTORY, ago, country_codes, population
from migkit.world.targets import (
    DIED_ABROAD,
    MOVED,
    NEWCOMER,
    RETURNED,
    TRAVELS,
    asylum_seekers,
    corridors_at,
    made,
    migrant_stock,
    mobility,
    position,
    profiles,
    protected,
    refugees_hosted,
    stocks,
)

SMALL, MIDDLE = 0.001, 0.01
COLUMNS = [f.name for f in fields(Movers)]


def joined(parts):
    return Movers(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in COLUMNS})


def in_order(movers):
    return movers.take(np.argsort(movers.truth_id))


def assert_same(one, other):
    assert len(one) == len(other) > 0
    for name in COLUMNS:
        assert np.array_equal(getattr(one, name), getattr(other, name)), name


def everybody(scale, seed=1):
    """All movers of the sixteen, each once."""
    return joined([movers_into(iso3, seed, scale, 0, 1) for iso3 in made()])


@pytest.fixture(scope="module")
def small():
    return everybody(SMALL)


@pytest.fixture(scope="module", params=["GMB", "MRT", "CPV", "CIV"])
def country(request):
    return request.param


@pytest.fixture(scope="module")
def both(country):
    return joined([movers_into(country, 3, MIDDLE, 0, 1), movers_out_of(country, 3, MIDDLE, 0, 1)])


# --- draws


@given(st.integers(0, 2**62), st.lists(st.integers(0, 10**14), min_size=1, max_size=20))
def test_hashed_draws_depend_on_seed_name_and_id_alone(seed, ids):
    one = hashed(seed, "x", np.array(ids))
    assert ((one >= 0) & (one < 1)).all()
    assert np.array_equal(one[::-1], hashed(seed, "x", np.array(ids[::-1])))
    assert not np.array_equal(one, hashed(seed + 1, "x", np.array(ids)))
    assert not np.array_equal(one, hashed(seed, "y", np.array(ids)))


def test_hashed_draws_are_even_and_do_not_go_together():
    ids = np.arange(200_000) + 11 * 10**12
    one, other = hashed(1, "x", ids), hashed(1, "y", ids)
    assert np.abs(np.bincount((one * 20).astype(int), minlength=20) / 10_000 - 1).max() < 0.04
    for pair in ((one, other), (one[1:], one[:-1]), (one, hashed(2, "x", ids))):
        assert abs(np.corrcoef(*pair)[0, 1]) < 0.01


@given(st.integers(0, 10**6), st.integers(50, 400), st.floats(0, 0.999))
def test_any_run_of_a_low_discrepancy_sequence_is_even(first, number, offset):
    for step in (draws.GOLDEN, draws.PLASTIC, draws.PLASTIC_SQUARED):
        level = lowdisc(np.arange(first, first + number), step, offset)
        assert ((level >= 0) & (level < 1)).all()
        assert abs((level < 0.5).mean() - 0.5) < 6 / number


@given(st.lists(st.lists(st.integers(0, 5), min_size=4, max_size=4), min_size=1, max_size=6))
def test_choices_are_drawn_by_their_weights_and_never_without_one(weights):
    weights = np.array(weights, dtype=float)
    level = (np.arange(1200) + 0.5) / 1200
    choices = Choices.of(weights)
    for row, own in enumerate(weights):
        got = np.bincount(choices.at(np.full(1200, row), level), minlength=4)
        want = own / own.sum() if own.sum() else np.full(4, 0.25)
        assert np.abs(got / 1200 - want).max() < 0.002
        assert (got[own == 0] == 0).all() or not own.sum()


# --- one person, two countries, any chunks


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 400), min_size=1, max_size=8), st.integers(1, 9), st.integers(0, 8))
def test_slices_of_all_chunks_join_to_the_whole(counts, chunks, turn):
    count = np.array(counts)
    found = [slices(count, chunk, chunks, np.full(len(count), turn % chunks)) for chunk in range(chunks)]
    for corridor, number in enumerate(counts):
        members = [np.arange(first[corridor], last[corridor]) for first, last in found]
        assert np.array_equal(np.sort(np.concatenate(members)), np.arange(number))


@pytest.mark.parametrize("chunks", [2, 5])
def test_chunks_join_to_the_same_persons(country, chunks):
    for side in (movers_into, movers_out_of):
        whole = in_order(side(country, 1, MIDDLE, 0, 1))
        parts = [side(country, 1, MIDDLE, chunk, chunks) for chunk in range(chunks)]
        assert_same(whole, in_order(joined(parts)))
        sizes = [len(part) for part in parts]
        assert max(sizes) < 1.3 * min(sizes)


@pytest.mark.parametrize(("origin", "dest"), [("SEN", "GMB"), ("MLI", "MRT"), ("BFA", "CIV"), ("NGA", "GHA")])
def test_both_countries_see_the_same_persons(origin, dest):
    into, out = movers_into(dest, 1, SMALL, 0, 1), movers_out_of(origin, 1, SMALL, 0, 1)
    assert_same(
        in_order(into.take(into.origin == position(origin))), in_order(out.take(out.dest == position(dest)))
    )


def test_the_seed_changes_the_persons_and_nothing_else_does():
    one, again = (movers_into("GMB", 1, SMALL, 0, 1) for _time in range(2))
    assert_same(one, again)
    assert not np.array_equal(one.born, movers_into("GMB", 2, SMALL, 0, 1).born)


def test_numbers_of_persons_say_corridor_kind_and_index(small):
    assert len(np.unique(small.truth_id)) == len(small)
    text = small.truth_id.astype(str)
    assert {len(one) for one in text} == {14}
    for row in (0, len(small) // 2, len(small) - 1):
        number = text[row]
        assert int(number[:2]) - 10 == small.origin[row] and int(number[2:4]) - 10 == small.dest[row]
        assert int(number[4]) == small.kind[row] and int(number[5:]) == small.index[row]


# --- counts


@pytest.mark.parametrize("scale", [SMALL, MIDDLE, 1.0])
def test_counts_tie_to_the_published_totals(scale):
    found = corridors_at(scale)
    moved = found.kind == MOVED
    for iso3 in made():
        stock = found.count[moved & (found.dest == position(iso3))].sum()
        assert stock == round(migrant_stock(iso3, 2024) * scale)
        outside = (
            moved & (found.origin == position(iso3)) & ~np.isin(found.dest, [position(one) for one in made()])
        )
        published = sum(
            row["value"] for row in corridors(origin=iso3).to_dict("records") if row["destination"] not in made()
        )
        assert found.count[outside].sum() == round(published * scale)
        share = mobility("travellers")
        travels = (found.kind == TRAVELS) & (found.origin == position(iso3))
        want = population(iso3) * share.get(iso3, share["other"]) * scale
        assert found.count[travels].sum() == pytest.approx(want, abs=1)
    assert (found.refugees * 3 <= found.count + 2).all()


def test_the_gambia_keeps_its_stock():
    found = corridors_at(MIDDLE)
    found = found.take((found.dest == position("GMB")) & (found.kind == MOVED))
    assert found.count.sum() == 2361
    assert found.count[found.origin == position("SEN")].tolist() == [1451]


def test_stocks_of_2024_are_carried_from_published_ones():
    matrix = stocks()
    for iso3 in made():
        d = position(iso3)
        last, rise = fact(iso3, "migrant_stock", 2020).value, 0.0
        for year, sign in ((2024, 1), (2020, -1)):
            rise += sign * sum(refugees_hosted(iso3, year).values())
        growth = (last / fact(iso3, "migrant_stock", 2015).value) ** 0.8
        assert matrix.all[:, d].sum() == pytest.approx(max(last * growth, last + rise))
        assert (matrix.refugees[:, d] <= matrix.all[:, d] + 1e-6).all()
        assert matrix.refugees[:, d].sum() == pytest.approx(sum(protected(iso3, 2024).values()), rel=0.01)
    # The many refugees from Mali stand beside the others in Mauritania and not in their place.
    mali, mauritania = position("MLI"), position("MRT")
    assert matrix.all[mali, mauritania] > 1.2 * matrix.refugees[mali, mauritania] > 200_000


def test_refugees_and_asylum_seekers_are_as_many_as_published_in_each_country():
    for iso3 in made():
        movers = movers_into(iso3, 1, MIDDLE, 0, 1)
        movers = movers.take(movers.refugee & (movers.kind == MOVED))
        waits = movers.recognised < CALIBRATION
        for got, published in ((waits, asylum_seekers), (~waits, refugees_hosted)):
            want = sum(published(iso3, 2024).values()) * MIDDLE
            assert got.sum() == pytest.approx(want, rel=0.01, abs=6), (iso3, published.__name__)
        assert not waits.any() or np.median(movers.left[waits]) < np.median(movers.left[~waits])


def test_nobody_comes_from_a_country_not_stated():
    found = corridors_at(1.0)
    assert not np.isin(position("XXX"), np.concatenate([found.origin, found.dest]))


def test_those_who_fled_are_as_many_as_published(small):
    here = small.kind == MOVED
    for iso3 in made():
        hosted = sum(protected(iso3, 2024).values()) * SMALL
        got = (small.refugee & here & (small.dest == position(iso3))).sum()
        assert got == pytest.approx(hosted, abs=8), iso3
    assert (small.reason[small.refugee] == PROTECTION).all()
    assert (small.reason[~small.refugee] != PROTECTION).all()


# --- lives


def check_lives(movers):
    kind, born, left, back, died = movers.kind, movers.born, movers.left, movers.back, movers.died
    moves, ends = kind != TRAVELS, died != NONE
    assert (born > CALIBRATION).all()
    assert (left[moves] < born[moves]).all() and (left[~moves] == NONE).all()
    assert (died[ends] < born[ends]).all() and (died < np.where(moves, left, born)).all()
    assert (back[back != NONE] <= left[back != NONE] - LEAST_STAY).all()
    both = ends & (back != NONE)
    assert (died[both] < back[both]).all()
    abroad = kind == DIED_ABROAD
    assert ((died[abroad] > CALIBRATION) & (died[abroad] <= HISTORY)).all()
    assert (died[~abroad] < CALIBRATION).all()
    assert (back[kind == RETURNED] > CALIBRATION).all()
    assert (back[np.isin(kind, (TRAVELS, NEWCOMER, DIED_ABROAD))] == NONE).all()
    assert (back[kind == MOVED] < CALIBRATION).all()
    assert (left[np.isin(kind, (MOVED, RETURNED, DIED_ABROAD))] > CALIBRATION).all()
    later = kind == NEWCOMER
    assert ((left[later] >= 1) & (left[later] < CALIBRATION)).all()
    assert movers.accompanied[moves & (born - left < 14 * YEAR)].all()
    assert not movers.accompanied[moves & (born - left > 15 * YEAR)].any()


def test_nobody_leaves_before_birth_or_after_death(both, small):
    check_lives(both)
    check_lives(small)
    assert (small.back[small.kind == MOVED] != NONE).any()


@settings(deadline=None, max_examples=8)
@given(st.integers(0, 10**6), st.sampled_from(["GNB", "LBR", "NER"]))
def test_lives_are_right_for_any_seed(seed, iso3):
    check_lives(movers_into(iso3, seed, SMALL * 2, 0, 1))


def test_citizenship_follows_the_dates(both):
    changed = both.citizen != both.citizen_at_birth
    assert (both.how[changed] != BIRTH).all() and (both.how[~changed] == BIRTH).all()
    assert (both.citizen_since[~changed] == both.born[~changed]).all()
    stay = both.left[changed] - both.citizen_since[changed]
    assert (stay >= 7 * 365).all() and (both.citizen_since[changed] >= 1).all()
    assert (both.citizen_since[changed] > np.maximum(both.back, both.died)[changed]).all()
    assert (both.citizen[changed] == both.dest[changed]).all() and changed.any()
    assert np.isin(both.citizen_at_birth, np.unique([both.origin, both.dest])).all()
    assert (both.citizen_at_birth[both.refugee] == both.origin[both.refugee]).all()
    second = both.second_citizen != NONE
    assert (both.second_citizen[second] != both.citizen[second]).all() and second.any()
    assert not (both.irregular & ((both.citizen == both.dest) | both.refugee)).any()


def test_movers_under_free_movement_are_never_irregular():
    movers = movers_into("GMB", 1, MIDDLE, 0, 1)
    free = np.isin(movers.origin, [position(iso3) for iso3 in made() if iso3 != "MRT"])
    assert not movers.irregular[free].any()
    assert movers_into("MRT", 1, MIDDLE, 0, 1).irregular.any()


def test_brothers_and_sisters_fit_one_mother(both):
    order = np.lexsort((both.born, both.family))
    family, born = both.family[order], both.born[order]
    same = family[1:] == family[:-1]
    gap = mobility("sibling_gap")
    assert (np.diff(born)[same] >= gap["least"] * YEAR).all()
    whole = {one: np.ptp(born[family == one]) for one in np.unique(family[1:][same])}
    assert max(whole.values()) <= gap["all"] * YEAR
    sizes = np.unique(family, return_counts=True)[1]
    assert set(sizes) == {1, 2, 3}
    first = np.searchsorted(np.sort(both.truth_id), both.family)
    at = np.argsort(both.truth_id)[first]
    for name in ("surname", "culture", "accompanied", "refugee", "origin", "dest", "kind"):
        values = getattr(both, name)
        assert np.array_equal(values, values[at]), name


def test_codes_are_of_their_lists(small):
    assert small.education.max() < len(codelist("education")) and small.education.min() == NONE
    assert small.activity.max() < len(codelist("activity")) and small.activity.min() == NONE
    age = (small.born - np.where(small.kind == DIED_ABROAD, small.died, CALIBRATION)) / YEAR
    assert (small.activity[age < 15] == NONE).all() and (small.activity[age >= 15] != NONE).all()
    assert (small.education[age < 5] == NONE).all() and (small.education[age >= 5] != NONE).all()
    assert set(small.remits[np.isin(small.kind, (MOVED, NEWCOMER))]) == {0, 1}
    assert (small.given >= 0).all() and (small.surname >= 0).all()
    assert small.origin.max() < len(country_codes())


# --- structure


def test_sex_and_age_keep_their_structure_even_at_the_smallest_scale(small):
    here = small.kind == MOVED
    for iso3 in made():
        mine = small.take(here & (small.dest == position(iso3)))
        year = fact(iso3, "migrant_stock", 2020).value
        women = fact(iso3, "migrant_stock", 2020, sex="F").value / year
        assert mine.woman.mean() == pytest.approx(women, abs=max(0.02, 2.5 / len(mine))), iso3
        shape = mobility("age_shapes")["settled" if iso3 in mobility("settled_destinations") else "migrant"]
        others = (mine.born[~mine.refugee] - CALIBRATION) / YEAR
        working = ((others >= 20) & (others < 45)).mean()
        assert working == pytest.approx(sum(shape[4:9]) / sum(shape), abs=0.02 + 5 / len(others)), iso3
    move = (small.born[here] - small.left[here]) / YEAR
    assert ((move >= 15) & (move < 40)).mean() > 0.5 > (move < 15).mean()


def test_refugees_are_younger():
    movers = movers_into("MRT", 1, MIDDLE, 0, 1).take(slice(None))
    here = movers.kind == MOVED
    assert np.median(movers.born[here & movers.refugee]) < np.median(movers.born[here & ~movers.refugee])
    assert movers.woman[here & movers.refugee].mean() == pytest.approx(mobility("women_share_refugees"), abs=0.01)


@pytest.mark.parametrize("iso3", made())
def test_stocks_of_earlier_years_are_the_published_ones(iso3):
    movers = movers_into(iso3, 1, 0.05, 0, 1)
    movers = movers.take(movers.kind != TRAVELS)
    for year in (2010, 2015, 2020, 2024):
        day = ago(date(year, 7, 1))
        present = (movers.left >= day) & (movers.back < day) & (movers.died < day)
        stock = migrant_stock(iso3, year) * 0.05
        assert present.sum() == pytest.approx(stock, rel=0.02, abs=4 + 2 * np.sqrt(stock)), year


# --- arrivals


@settings(deadline=None)
@given(st.lists(st.floats(1, 1e6), min_size=5, max_size=5))
def test_stocks_arrivals_returns_and_deaths_tie(series):
    stock = np.array(series)
    found = cohorts(stock, 0.04, 0.006, 0.015, 2.0)
    assert (found.present >= 0).all() and (found.returned >= -1e-6).all() and (found.died >= -1e-6).all()
    came = found.present + found.returned.sum(axis=1) + found.died.sum(axis=1)
    assert came[0] == pytest.approx(stock[0], rel=1e-6, abs=1e-3)
    for period in range(1, 5):
        gone = found.returned[:, 1 : period + 1].sum() + found.died[:, 1 : period + 1].sum()
        assert came[: period + 1].sum() - gone == pytest.approx(stock[period], rel=1e-3, abs=1)


def test_ages_and_periods_of_arrival_are_both_kept():
    ages = np.array(mobility("age_shapes")["migrant"])
    came = np.array([0.02, 0.08, 0.20, 0.15, 0.15, 0.15, 0.12, 0.13])
    cells = periods_by_age(ages, came, np.array(mobility("age_shapes")["moved"]))
    assert np.allclose(cells.sum(axis=1), ages / ages.sum())
    assert fit_error(cells, came) < 0.001
    # Nobody came before birth: children of 0 to 4 years came after July 2015.
    assert cells[0, :5].sum() == 0 < cells[0, 5:].sum()
    impossible = np.array([0.9, 0.1, 0, 0, 0, 0, 0, 0.0])
    assert fit_error(periods_by_age(ages, impossible, np.array(mobility("age_shapes")["moved"])), impossible) > 0.2


def test_every_destination_is_fitted_well():
    found, matrix = profiles(), stocks()
    for (dest, origin), error in found.error.items():
        # The last thousand refugees of an old war came longer ago than their ages allow.
        few = origin >= 0 and matrix.refugees[origin, dest] < 1500
        assert error < (0.12 if few else 0.05), (dest, origin)
    assert len(BOUNDS) == found.arrivals.shape[2] + 1 and len(ANCHORS) ** 2 == found.returns.shape[1]


def test_students_are_at_school_and_have_the_schooling_for_it(both):
    both = both.take(both.kind != DIED_ABROAD)
    age = (both.born - CALIBRATION) / YEAR
    student = both.activity == codelist("activity")["code"].tolist().index("S")
    assert student[age < 25].any() and (both.education[student & (age >= 17)] >= 3).all()
    came = (both.kind == MOVED) & (both.reason == codelist("reason")["code"].tolist().index("S"))
    lately = came & (both.left < CALIBRATION + 4 * YEAR) & (age >= 15)
    assert student[lately].all() and lately.any()
