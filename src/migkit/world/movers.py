"""Movers: persons who have to do with two countries, the same in the files of both.

Every attribute is a pure function of the seed, the scale and the number of the person (hashed or low-discrepancy
draws), so the chunks of the origin and of the destination show the same person without a word between them. All
corridors of a chunk are drawn in one pass. Time is in whole days before 1 July 2026 ("ago"); -1 is never.
"""

from dataclasses import dataclass, fields
from functools import cache
from typing import Any

import numpy as np

from migkit.reference import fact
from migkit.world.arrivals import AGE_GROUPS, ANCHORS, BOUNDS, YEAR
from migkit.world.draws import GOLDEN, PLASTIC, PLASTIC_SQUARED, Bools, Choices, Floats, Ints, hashed, lowdisc
from migkit.world.naming import draw_culture, draw_given, draw_surname
from migkit.world.parameters import CALIBRATION, END, ago, country_codes
from migkit.world.targets import (
    DIED_ABROAD,
    GROUP,
    MOVED,
    NEWCOMER,
    NORTH,
    RETURNED,
    TRAVELS,
    Corridors,
    continent,
    corridors_at,
    goes_home,
    made,
    mobility,
    position,
    profiles,
    stocks,
)

NONE = -1
#: Returned movers are at most so old on the calibration day, and those drawn older are of 50 or more.
OLDEST, ELDERLY = 80, 50
WORK, STUDY, FAMILY, PROTECTION, RETURN, OTHER = range(6)  # positions in the code list "reason"
BIRTH, NATURALISED, MARRIAGE = range(3)  # positions in the code list "citizenship_how"
STUDENT = 2  # position in the code list "activity"
UPPER_SECONDARY, TERTIARY = 3, 5  # positions in the code list "education"
#: A stay abroad of a returned mover lasts at least this many days: a change of residence by the 12-month rule.
LEAST_STAY = 366


@dataclass
class Movers:
    """Movers as equal-length arrays; countries and other codes are positions in their code lists."""

    truth_id: Ints
    origin: Ints
    dest: Ints
    kind: Ints
    index: Ints  # number in the corridor
    woman: Bools
    born: Ints  # days ago
    died: Ints
    left: Ints  # the day they left the origin and came to the destination
    back: Ints  # the day they came back to the origin
    accompanied: Bools  # moved as a child with the family
    refugee: Bools  # fled: a refugee, or waits for a decision
    recognised: (
        Ints  # of those who fled: the day since when a refugee; before it, an asylum seeker. NONE: still waits
    )
    reason: Ints  # of the move to the destination
    family: Ints  # truth_id of the first of a group of brothers and sisters (their own, if they have none)
    culture: Ints
    given: Ints
    surname: Ints
    education: Ints
    activity: Ints
    citizen_at_birth: Ints
    citizen: Ints
    how: Ints
    citizen_since: Ints  # days ago; the day of birth for citizens by birth
    second_citizen: Ints
    irregular: Bools
    trafficked: Bools
    remits: Ints  # 1 sends money home, 0 does not, NONE not asked (never left, or back)

    def __len__(self) -> int:
        """How many movers there are."""
        return len(self.truth_id)

    def take(self, which: Any) -> "Movers":
        """Some of the movers."""
        return Movers(**{f.name: getattr(self, f.name)[which] for f in fields(self)})


def truth_ids(origin: Ints, dest: Ints, kind: Ints, index: Ints | int) -> Ints:
    """Numbers of true persons, 14 digits: origin, destination, kind and number in the corridor."""
    return np.asarray((10 + origin) * 10**12 + (10 + dest) * 10**10 + kind * 10**9 + index, dtype=np.int64)


# --- tables of choices, made once


@dataclass(frozen=True)
class _Tables:
    shapes: tuple[Floats, Floats]  # levels (number of the shape x 2 + share) and ages in years
    shape_number: dict[str, int]
    profile_shape: Ints  # profile -> age shape of kind 1
    arrivals: Choices  # profile x age group -> period of arrival
    returns: Choices  # profile -> period of arrival and return
    deaths: Choices
    reasons: Choices
    schooling: Choices
    activities: Choices
    hazard: tuple[Floats, Floats]
    women: Floats  # corridor matrix: share of women among those who are not refugees
    descent: Floats  # corridor matrix: share of citizens of the destination by descent
    naturalised: Floats  # by destination
    irregular: Floats  # corridor matrix
    inside: Bools
    far: Bools


def _women_shares() -> Floats:
    """Women among movers who are not refugees: with refugees, the share in each stock is the published one."""
    matrix, codes = stocks(), country_codes()
    shares = np.full(matrix.all.shape, 0.5)
    outside, exceptions = mobility("women_share_outside"), mobility("women_share_exception")
    for d, dest in enumerate(codes):
        if dest in made():
            year = int(mobility("stock_year"))
            published = fact(dest, "migrant_stock", year, "F").value / fact(dest, "migrant_stock", year).value
            total, fled = matrix.all[:, d].sum(), matrix.refugees[:, d].sum()
            women = published * total - mobility("women_share_refugees") * fled
            shares[:, d] = np.clip(women / (total - fled), 0.15, 0.85)
        else:
            where = continent(dest)
            shares[:, d] = [exceptions.get(origin, outside)[where] for origin in codes]
    return shares


def _descent_shares() -> Floats:
    """Where most movers go the other way, those who come are mostly children of families that return."""
    matrix, codes = stocks().all, country_codes()
    both = matrix + matrix.T
    other_way = np.where(both > 0, matrix.T / np.where(both > 0, both, 1.0), 0.0)
    base = mobility("citizen_by_descent")
    least = np.array([base.get(dest, base["other"]) for dest in codes])
    returning = np.maximum(0.0, 2 * other_way - 1) * mobility("descent_of_return")
    return np.where(np.isin(codes, made())[None, :], np.maximum(least[None, :], returning), least[None, :])


def _shapes() -> tuple[tuple[Floats, Floats], dict[str, int]]:
    named = mobility("age_shapes")
    levels, ages = [], []
    for number, shares in enumerate(named.values()):
        cumulated = np.round(np.concatenate([[0.0], np.cumsum(shares) / np.sum(shares)]), 9)
        levels.append(cumulated + 2 * number)
        ages.append(np.arange(len(cumulated)) * 5.0)
    return (np.concatenate(levels), np.concatenate(ages)), {name: number for number, name in enumerate(named)}


@cache
def _tables() -> _Tables:
    codes = country_codes()
    made_of = profiles()
    shapes, number = _shapes()
    naturalised, irregular = mobility("naturalised"), mobility("irregular")
    inside = np.isin(codes, made())
    # Free movement among the fifteen of ECOWAS; for the three that withdrew in 2025 it goes on being recognised.
    free = inside & (np.array(codes) != "MRT")
    place = ["north" if code in NORTH else continent(code) for code in codes]
    rates, reasons = mobility("mortality_by_age"), mobility("reasons")
    ages = np.arange(0, 121, dtype=np.float64)
    hazard = np.concatenate([[0.0], np.cumsum(np.interp(ages[:-1] + 0.5, rates["ages"], rates["rates"]))])
    return _Tables(
        shapes=shapes,
        shape_number=number,
        profile_shape=np.array([number[shape] for shape in made_of.shapes]),
        arrivals=Choices.of(made_of.arrivals.reshape(-1, made_of.arrivals.shape[2])),
        returns=Choices.of(made_of.returns),
        deaths=Choices.of(made_of.deaths),
        reasons=Choices.of([reasons[name] for name in ("man", "woman", "child", "descent", "traveller")]),
        schooling=Choices.of(list(mobility("schooling").values())),
        activities=Choices.of(list(mobility("activities").values())),
        hazard=(np.round(hazard, 9), ages),
        women=_women_shares(),
        descent=_descent_shares(),
        naturalised=np.array(
            [naturalised.get(code, naturalised[continent(code)]) for code in codes],
        ),
        irregular=np.where(
            free[:, None] & free[None, :], irregular["free"], [irregular[where] for where in place]
        ),
        inside=inside,
        far=np.array([where in ("europe", "america") for where in place]),
    )


# --- which movers a chunk has


@dataclass(frozen=True)
class _Rows:
    """One row for each mover: its corridor's values, its number, and its place in its group of three."""

    corridor: Corridors  # already taken row by row
    index: Ints
    group: Ints
    place: Ints
    truth_id: Ints
    group_id: Ints  # truth_id of the first of the group


def slices(count: Ints, chunk: Ints | int, chunks: int, turn: Ints) -> tuple[Ints, Ints]:
    """First and last + 1 number of each corridor's movers in one of ``chunks`` parts, cut between groups of three.

    Parts of all chunks join to the whole. ``turn`` (0 to chunks - 1) says with which chunk a corridor begins, so
    that small corridors do not all fall into the same one.
    """
    groups = -(-count // GROUP)
    at = (chunk + turn) % chunks
    first = GROUP * (groups * at // chunks)
    last = np.minimum(GROUP * (groups * (at + 1) // chunks), count)
    return first, np.maximum(last, first)


def _rows(corridors: Corridors, seed: int, side: str, chunk: int, chunks: int) -> _Rows:
    corridor_id = truth_ids(corridors.origin, corridors.dest, corridors.kind, 0)
    turn = (hashed(seed, f"turn {side}", corridor_id) * chunks).astype(np.int64)
    first, last = slices(corridors.count, chunk, chunks, turn)
    number = last - first
    which = np.repeat(np.arange(len(number)), number)
    index = np.arange(len(which)) - np.repeat(np.cumsum(number) - number, number) + first[which]
    taken = corridors.take(which)
    truth_id = corridor_id[which] + index
    place = index % GROUP
    return _Rows(taken, index, index // GROUP, place, truth_id, truth_id - place)


@cache
def _side(scale: float, country: int, into: bool) -> Corridors:
    every = corridors_at(scale)
    return every.take(np.flatnonzero((every.dest if into else every.origin) == country))


# --- days of the moves


def _between(early: Ints, late: Ints, level: Floats) -> Ints:
    """A day at a level of the days from ``early`` (larger) to before ``late``."""
    return np.asarray(early - np.floor(level * np.maximum(early - late, 1)).astype(np.int64))


#: Periods of arrival and of end of those no longer there, days ago: the first is from 1990 to 2004.
_ENDS = np.array([ago(day) for day in ANCHORS])
_STARTS = np.concatenate([[BOUNDS[1]], _ENDS])


@dataclass
class _Lives:
    born: Ints
    left: Ints
    back: Ints
    died: Ints


def _lives(rows: _Rows, seed: int, refugee: Bools, level: Floats, when: Floats) -> _Lives:
    """Births, moves, returns and deaths, kind by kind; ``level`` gives the age, ``when`` the period of a move."""
    n = len(rows.index)
    tables = _tables()
    lives = _Lives(*(np.full(n, NONE, dtype=np.int64) for _field in range(4)))
    kind = rows.corridor.kind
    profile = np.where(refugee, rows.corridor.profile_refugees, rows.corridor.profile)

    def ages(which: Ints, shape: Ints | int) -> Ints:
        x, y = tables.shapes
        return np.asarray((np.interp(level[which] + 2 * shape, x, y) * YEAR).astype(np.int64))

    here = np.flatnonzero(kind == MOVED)
    ids = rows.truth_id[here]
    age = ages(here, tables.profile_shape[profile[here]])
    group = np.minimum((age / (5 * YEAR)).astype(np.int64), AGE_GROUPS - 1)
    period = tables.arrivals.at(profile[here] * AGE_GROUPS + group, when[here])
    bounds = np.array(BOUNDS)
    lives.born[here] = CALIBRATION + 20 + age
    late = bounds[period + 1]
    early = np.maximum(np.minimum(bounds[period], lives.born[here] - 10), late + 1)
    left = _between(early, late, hashed(seed, "day", ids))
    lives.left[here] = np.minimum(left, lives.born[here] - 5)
    goes = np.where(refugee[here], mobility("goes_home")["refugees"], goes_home()[rows.corridor.dest[here]])
    back = 1 + (hashed(seed, "back day", ids) * (CALIBRATION - 1)).astype(np.int64)
    returns = (hashed(seed, "back", ids) < goes) & (lives.left[here] - back >= LEAST_STAY)
    lives.back[here] = np.where(returns, back, NONE)

    gone = np.flatnonzero((kind == RETURNED) | (kind == DIED_ABROAD))
    ids = rows.truth_id[gone]
    returned = kind[gone] == RETURNED
    cell = np.where(
        returned, tables.returns.at(profile[gone], when[gone]), tables.deaths.at(profile[gone], when[gone])
    )
    came, went = cell // 5, cell % 5
    # Who came and went back in one period went back a year or more after it began.
    earliest = _STARTS[went] - np.where(returned & (came == went) & (went > 0), LEAST_STAY + 1, 0)
    end = _between(earliest, _ENDS[went], hashed(seed, "back day", ids))
    early = np.maximum(_STARTS[came], end + LEAST_STAY + 1)
    late = np.maximum(_ENDS[came], np.where(returned, end + LEAST_STAY, end + 1))
    start = _between(np.maximum(early, late + 1), late, hashed(seed, "day", ids))
    age = ages(gone, np.where(returned, tables.shape_number["moved"], tables.shape_number["died"]))
    lives.left[gone] = start
    lives.back[gone] = np.where(returned, end, NONE)
    lives.died[gone] = np.where(returned, NONE, end)
    # Few who came back live to be very old: in their place are others, fewer with each year of age.
    alive = start + 30 + age
    younger = OLDEST - (OLDEST - ELDERLY) * np.sqrt(hashed(seed, "elderly", ids))
    alive = np.where(alive > CALIBRATION + OLDEST * YEAR, CALIBRATION + (younger * YEAR).astype(np.int64), alive)
    born = np.maximum(np.where(returned, alive, end + age), start + 5)
    lives.born[gone] = born

    other = np.flatnonzero((kind == TRAVELS) | (kind == NEWCOMER))
    shape = np.where(kind[other] == TRAVELS, tables.shape_number["traveller"], tables.shape_number["moved"])
    shape = np.where(refugee[other], tables.shape_number["refugee"], shape)
    lives.born[other] = CALIBRATION + 20 + ages(other, shape)
    later = np.flatnonzero(kind == NEWCOMER)
    lives.left[later] = 1 + (hashed(seed, "day", rows.truth_id[later]) * (CALIBRATION - 1)).astype(np.int64)
    return lives


def _die_later(rows: _Rows, seed: int, lives: _Lives) -> None:
    """Deaths between the calibration day and the end, from death rates by age."""
    hazard, ages = _tables().hazard
    alive = np.flatnonzero(lives.died == NONE)
    age = (lives.born[alive] - CALIBRATION) / YEAR
    before = np.interp(age, ages, hazard)
    risk = np.interp(age + CALIBRATION / YEAR, ages, hazard) - before
    level = hashed(seed, "death", rows.truth_id[alive])
    # The hazard is small: the chance of dying is the hazard, and days of death are spread evenly.
    dies = level < risk
    who = alive[dies]
    last = np.where(rows.corridor.kind[who] == NEWCOMER, CALIBRATION - 60, CALIBRATION - 1)
    day = 1 + ((1 - level[dies] / risk[dies]) * last).astype(np.int64)
    lives.died[who] = day
    lives.back[who] = np.where(lives.back[who] > day, lives.back[who], NONE)  # not if they died first
    # Newcomers who would have moved after the day of death moved some days before it.
    late = (rows.corridor.kind[who] == NEWCOMER) & (lives.left[who] <= day)
    lives.left[who] = np.where(late, day + 1 + lives.left[who] % 50, lives.left[who])


def _recognised(rows: _Rows, seed: int, lives: _Lives, refugee: Bools, waits: Bools) -> Ints:
    """The day since when those who fled are refugees: that of arrival for groups, else that of a decision.

    Those of ``waits`` wait over the calibration day; of others who asked for asylum, the wait ended before it.
    """
    asylum = mobility("asylum")
    level = hashed(seed, "asylum", rows.truth_id)
    asked = level < asylum["asked"]
    wait = 1 + (level / asylum["asked"] * asylum["days"]).astype(np.int64)
    day = np.where(asked & (lives.left > CALIBRATION), np.maximum(lives.left - wait, CALIBRATION), lives.left)
    decided = np.minimum(lives.left, CALIBRATION) - 1
    decided = decided - (level * asylum["days_of_the_waiting"]).astype(np.int64)
    day = np.where(waits, np.where(decided >= 1, decided, NONE), day)
    return np.where(refugee, day, NONE)


# --- brothers and sisters, citizenship, other traits


def _evenly(rows: _Rows) -> tuple[Bools, Bools, Ints]:
    """Refugees, those of them who wait for a decision, and a running number of groups.

    Refugee groups lie evenly over each corridor, and those who wait evenly over the refugees. Refugees and others
    are each numbered on from corridor to corridor, so that both are spread evenly over ages.
    """
    corridor = rows.corridor
    groups = -(-corridor.count // GROUP)
    # Rounded up, so that the last group of a corridor, of fewer than three, is seldom one of refugees.
    before = -(-rows.group * corridor.refugees // groups)
    refugee = -(-(rows.group + 1) * corridor.refugees // groups) > before
    number = np.where(refugee, corridor.first_refugees + before, corridor.first + rows.group - before)
    sought = np.round(corridor.first_waiting + before * corridor.waiting, 6)
    waits = refugee & (np.floor(np.round(sought + corridor.waiting, 6)) > np.floor(sought))
    return np.asarray(refugee), np.asarray(waits), np.asarray(number)


def _families(rows: _Rows, seed: int, born: Ints, accompanied: Bools) -> Ints:
    """Position of the first brother or sister of each mover (their own, if they have none).

    Only neighbours in a group of three who were born far enough apart, and not too far, and who both moved with
    their family or both did not, are brothers and sisters.
    """
    share, gap = mobility("siblings"), mobility("sibling_gap")
    level = hashed(seed, "siblings", rows.group_id)
    three = level < share["three"]
    two = ~three & (level < share["three"] + share["two"])
    older = level * 1e6 % 1.0 < 0.5  # of two: the first two of the group, or the last two
    wanted = np.where(rows.place == 1, three | (two & older), (rows.place == 2) & (three | (two & ~older)))
    here = np.arange(len(born))

    def apart(steps: int) -> Floats:
        return np.asarray(np.abs(born - born[np.maximum(here - steps, 0)]) / YEAR)

    fits = wanted & (apart(1) >= gap["least"]) & (apart(1) <= gap["most"])
    fits &= accompanied == accompanied[np.maximum(here - 1, 0)]
    chained = fits & (rows.place == 2) & fits[np.maximum(here - 1, 0)]
    far = chained & ((apart(2) < gap["least"]) | (apart(2) > gap["all"]))
    fits &= ~far
    chained &= ~far
    return np.asarray(here - fits - chained)


@dataclass
class _Citizenship:
    at_birth: Ints
    now: Ints
    how: Ints
    since: Ints
    second: Ints


def _citizenship(rows: _Rows, seed: int, lives: _Lives, refugee: Bools, woman: Bools) -> _Citizenship:
    """Citizens of the origin, but for children of returning families; some became citizens of the destination."""
    tables, corridor = _tables(), rows.corridor
    moved = corridor.kind != TRAVELS
    descent = (
        moved
        & ~refugee
        & (hashed(seed, "descent", rows.truth_id) < tables.descent[corridor.origin, corridor.dest])
    )
    at_birth = np.where(descent, corridor.dest, corridor.origin)
    until = np.maximum(np.maximum(lives.back, lives.died), 0)
    level = hashed(seed, "naturalised", rows.truth_id)
    day_level = hashed(seed, "citizen day", rows.truth_id)
    open_to = moved & ~descent & ~refugee
    fifteen = lives.left - int(mobility("naturalised_after") * YEAR)
    settled = open_to & (fifteen > until + 1) & (level < tables.naturalised[corridor.dest])
    seven = lives.left - int(7 * YEAR)
    wife = open_to & woman & (lives.born - lives.left > 16 * YEAR) & (seven > until + 1)
    wife &= ~settled & (level > 1 - mobility("citizen_by_marriage"))
    since = _between(np.where(wife, seven, fifteen), until + 1, day_level)
    changed = settled | wife
    now = np.where(changed, corridor.dest, at_birth)
    keeps = changed & (hashed(seed, "keeps", rows.truth_id) < mobility("keeps_citizenship"))
    born_with = ~changed & (hashed(seed, "second", rows.truth_id) < mobility("second_citizenship_at_birth"))
    other = np.where(now == corridor.dest, corridor.origin, corridor.dest)
    return _Citizenship(
        at_birth=at_birth,
        now=now,
        how=np.where(wife, MARRIAGE, np.where(settled, NATURALISED, BIRTH)),
        since=np.where(changed, since, lives.born),
        second=np.where(keeps | born_with, other, NONE),
    )


def _activity(rows: _Rows, seed: int, age: Floats, woman: Bools, studies: Bools) -> Ints:
    table = np.select([age < 20, age < 25, age >= 65], [2, 4, 3], woman)
    drawn = _tables().activities.at(table, hashed(seed, "activity", rows.truth_id))
    return np.where(age < 15, NONE, np.where(studies, STUDENT, drawn))


def _schooling(rows: _Rows, seed: int, age: Floats, activity: Ints) -> Ints:
    """Highest level of education; students of 17 and over have reached upper secondary or tertiary education."""
    tables, corridor = _tables(), rows.corridor
    table = np.where(tables.far[corridor.dest], 2, np.where(age >= 45, 0, 1))
    table = np.where(tables.inside[corridor.origin], table, 3)
    table = np.where(age < 19, 4, table)
    table = np.where(age < 13, 5, table)
    drawn = hashed(seed, "schooling", rows.truth_id)
    level = tables.schooling.at(table, drawn)
    tertiary = (age >= 20) & (drawn > 1 - mobility("students")["tertiary"])
    student = (activity == STUDENT) & (age >= 17)
    level = np.where(student, np.where(tertiary, TERTIARY, np.maximum(level, UPPER_SECONDARY)), level)
    return np.where(age < 5, NONE, np.where(age < 7, 0, level))


def _make(rows: _Rows, seed: int) -> Movers:
    """All attributes of all rows in one pass."""
    tables, corridor, ids = _tables(), rows.corridor, rows.truth_id
    kind = corridor.kind
    moved = kind != TRAVELS
    refugee, waits, number = _evenly(rows)
    # Ages and sexes run evenly over all movers of a destination (of an origin: returned movers and travellers).
    run = truth_ids(
        np.where((kind == RETURNED) | (kind == TRAVELS), corridor.origin, corridor.dest), kind, kind, kind
    )
    spread = hashed(seed, "spread", rows.group_id)
    level = lowdisc(number, PLASTIC, hashed(seed, "ages", run)) + rows.place * (0.02 + 0.10 * spread)
    level -= level >= 1.0
    share = np.where(moved, tables.women[corridor.origin, corridor.dest], mobility("women_share_travellers"))
    share = np.where(refugee, mobility("women_share_refugees"), share)
    woman = lowdisc(GROUP * number + rows.place, GOLDEN, hashed(seed, "sexes", run)) < share
    # Brothers and sisters come about the same time.
    when = lowdisc(number, PLASTIC_SQUARED, hashed(seed, "periods", run)) + rows.place * 0.01
    when -= when >= 1.0
    # Those who wait for a decision are the last of the refugees to have come.
    fell = np.where(refugee, corridor.waiting, 0.0)
    when = np.where(waits, 1.0 - fell * (1.0 - when), when * (1.0 - fell))
    lives = _lives(rows, seed, refugee, level, when)
    _die_later(rows, seed, lives)
    age = (lives.born - np.where(kind == DIED_ABROAD, lives.died, CALIBRATION)) / YEAR
    at_move = (lives.born - lives.left) / YEAR
    accompanied = moved & (at_move < mobility("accompanied_below"))
    family = ids[_families(rows, seed, lives.born, accompanied)]
    culture = draw_culture(corridor.origin, hashed(seed, "culture", family))
    birth_year = END.year - (lives.born / YEAR).astype(np.int64)
    citizen = _citizenship(rows, seed, lives, refugee, woman)
    foreign = moved & (citizen.at_birth != corridor.dest)
    table = np.where(accompanied, 2, np.where(foreign, woman.astype(np.int64), 3))
    reason = np.where(refugee, PROTECTION, tables.reasons.at(table, hashed(seed, "reason", ids)))
    studies = (
        (reason == STUDY) & (lives.left < CALIBRATION + mobility("students")["years"] * YEAR) & (kind == MOVED)
    )
    activity = _activity(rows, seed, age, woman, studies)
    irregular = foreign & ~refugee & (citizen.how == BIRTH)
    irregular &= hashed(seed, "irregular", ids) < tables.irregular[corridor.origin, corridor.dest]
    trafficking = mobility("trafficked")
    recent = moved & ~refugee & (lives.left < CALIBRATION + 10 * YEAR)
    trafficked = recent & (hashed(seed, "trafficked", ids) < np.where(woman, trafficking["F"], trafficking["M"]))
    sends = hashed(seed, "remits", ids) < np.where(
        refugee, mobility("remits")["refugee"], mobility("remits")["adult"]
    )
    return Movers(
        truth_id=ids,
        origin=corridor.origin,
        dest=corridor.dest,
        kind=kind,
        index=rows.index,
        woman=woman,
        born=lives.born,
        died=lives.died,
        left=lives.left,
        back=lives.back,
        accompanied=accompanied,
        refugee=refugee,
        recognised=_recognised(rows, seed, lives, refugee, waits),
        reason=np.where(moved, reason, NONE),
        family=family,
        culture=culture.astype(np.int64),
        given=draw_given(culture, woman, birth_year, hashed(seed, "given", ids)).astype(np.int64),
        surname=draw_surname(culture, hashed(seed, "surname", family)).astype(np.int64),
        education=_schooling(rows, seed, age, activity),
        activity=activity,
        citizen_at_birth=citizen.at_birth,
        citizen=citizen.now,
        how=citizen.how,
        citizen_since=citizen.since,
        second_citizen=citizen.second,
        irregular=irregular,
        trafficked=trafficked,
        remits=np.where((kind == MOVED) | (kind == NEWCOMER), (sends & (age >= 20)).astype(np.int64), NONE),
    )


def movers_into(country: str, seed: int, scale: float, chunk: int, chunks: int) -> Movers:
    """One of ``chunks`` parts of all movers into a country: immigrants, those who left again or died, visitors.

    Args:
        country: code of one of the sixteen countries.
        seed, scale: of the world.
        chunk, chunks: which part, of how many; the parts join to all movers, each once.
    """
    return _make(_rows(_side(scale, position(country), True), seed, "into", chunk, chunks), seed)


def movers_out_of(country: str, seed: int, scale: float, chunk: int, chunks: int) -> Movers:
    """One of ``chunks`` parts of all movers out of a country: emigrants, returned movers, residents who travel."""
    return _make(_rows(_side(scale, position(country), False), seed, "out of", chunk, chunks), seed)
