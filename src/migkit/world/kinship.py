"""The second step: mothers, husbands and fathers, by ages that fit.

Each child looks for a mother whose age differs from its own by a drawn age at birth, brothers and sisters of a
corridor family together; each wife looks for a husband some years older. A candidate is refused where it would
break a rule: mothers are 13.5 to 49 years older, were in the country when a child was born there, and bear
children at least 290 days apart; a husband has at most four wives.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from migkit.world.draws import Bools, Floats, Ints, chance, from_quantiles, pick
from migkit.world.lifetable import YEAR
from migkit.world.parameters import CALIBRATION, assumption
from migkit.world.people import NONE, RESIDENT, Chunk, Persons

YOUNGEST_MOTHER, OLDEST_MOTHER = int(13.5 * YEAR), int(49 * YEAR)
BIRTH_SPACING = 290
MOST_CHILDREN = 10
#: Children who move with the family may come this many days before their mother.
CAME_FIRST = 730
#: Larger than any number of days ago, so that one sorted list of numbers holds a woman's births side by side.
SPAN = 100_000
Fits = Callable[[Ints, Ints], Bools]
S, M, P, D, W = range(5)  # positions in the code list "marital"


def by_age(values: list[float], starts: list[int], years: Ints) -> Floats:
    """The value of the age group each age falls into; groups begin at ``starts``."""
    at = np.searchsorted(np.asarray(starts), years, side="right") - 1
    return np.asarray(values, dtype=np.float64)[np.clip(at, 0, len(values) - 1)]


@dataclass
class Pool:
    """Persons to choose from, in groups (countries): sorted by group and day of birth."""

    who: Ints
    keys: Ints = field(init=False)
    group: Ints
    born: Ints

    def __post_init__(self) -> None:
        """Sort the pool."""
        keys = self.group * SPAN + self.born
        order = np.argsort(keys, kind="stable")
        self.who, self.keys = self.who[order], keys[order]

    def near(self, rng: np.random.Generator, group: Ints, wanted: Ints) -> Ints:
        """For each wanted day of birth a random member of the group born near it; NONE if the group is empty."""
        first = np.searchsorted(self.keys, group * SPAN)
        last = np.searchsorted(self.keys, (group + 1) * SPAN)
        width = np.maximum(2, (last - first) // 60)
        shift = np.floor((rng.random(len(wanted)) * 2 - 1) * width).astype(np.int64)
        at = np.searchsorted(self.keys, group * SPAN + wanted) + shift
        if not len(self.who):
            return np.full(len(wanted), NONE, dtype=np.int64)
        found = self.who[np.clip(at, first, np.maximum(last - 1, 0)).clip(0, len(self.who) - 1)]
        return np.where(last > first, found, NONE)


@dataclass
class Units:
    """Brothers and sisters who must share a mother, or single persons: consecutive rows from ``first`` on."""

    first: Ints
    of: Ints  # unit of each person
    youngest: Ints
    oldest: Ints


def _units(people: Persons) -> Units:
    alone = people.family == NONE
    new = np.r_[True, (people.family[1:] != people.family[:-1])] | alone
    first = np.flatnonzero(new)
    of = np.cumsum(new) - 1
    youngest = np.minimum.reduceat(people.born, first)
    return Units(first, of, youngest, np.maximum.reduceat(people.born, first))


class Mothers:
    """The search for mothers: who has one so far, and the births of each woman in order."""

    def __init__(self, chunk: Chunk, people: Persons) -> None:
        """Begin with nobody having a mother."""
        self.home = chunk.place.home
        self.people = people
        self.units = _units(people)
        self.rng = chunk.stream("mothers")
        self.births = np.empty(0, dtype=np.int64)
        self.found = np.full(len(self.units.first), NONE, dtype=np.int64)

    def _old_enough(self, unit: Ints, mother: Ints) -> Bools:
        born = self.people.born[mother]
        gap_ok = born - self.units.oldest[unit] >= YOUNGEST_MOTHER
        return np.asarray(gap_ok & (born - self.units.youngest[unit] <= OLDEST_MOTHER))

    def at_home(self, unit: Ints, mother: Ints) -> Bools:
        """The mother lived in the country when her children were born, from the first to the last."""
        days = (self.units.youngest[unit], self.units.oldest[unit])
        here = np.all([self.people.present(self.home, mother, day) for day in days], axis=0)
        left = self.people.left[mother]
        return np.asarray(here & ~((left > days[0]) & (left <= days[1])))

    def came_along(self, unit: Ints, mother: Ints) -> Bools:
        """The mother was still in their country of birth when her children were born there, and came with them."""
        child = self.units.first[unit]
        before = self.people.left[mother] < self.units.youngest[unit]
        return np.asarray(before & (self.people.left[child] <= self.people.left[mother] + CAME_FIRST))

    def was_away(self, unit: Ints, mother: Ints) -> Bools:
        """A mother of the country was abroad when her children were born there."""
        days = (self.units.youngest[unit], self.units.oldest[unit])
        return np.asarray(np.all([self.people.away(mother, day) for day in days], axis=0))

    def seek(self, units: Ints, group: Ints, pool: Pool, fits: Fits, rounds: int) -> None:
        """Look ``rounds`` times for mothers for units that have none; ``group`` of each unit as in the pool."""
        for _round in range(rounds):
            open_ = self.found[units] == NONE
            units, group = units[open_], group[open_]
            if not len(units):
                return
            age = from_quantiles(self.rng, assumption("mother_age_quantiles"), len(units)) * YEAR
            wanted = self.units.youngest[units] + age.astype(np.int64)
            wanted = np.minimum(np.maximum(wanted, self.units.oldest[units] + YOUNGEST_MOTHER), SPAN - 1)
            mother = pool.near(self.rng, group, wanted)
            good = mother != NONE
            good[good] = self._old_enough(units[good], mother[good]) & fits(units[good], mother[good])
            self._accept(units[good], mother[good])

    def _accept(self, units: Ints, mothers: Ints) -> None:
        """Keep what does not bring two births of a woman too close, nor too many of them."""
        chosen = np.full(len(self.units.first), NONE, dtype=np.int64)
        chosen[units] = mothers
        child = np.flatnonzero(chosen[self.units.of] != NONE)
        if not len(child):
            return
        unit = self.units.of[child]
        keys = chosen[unit] * SPAN + self.people.born[child]
        order = np.argsort(keys, kind="stable")
        keys, unit = keys[order], unit[order]
        close = np.r_[False, (np.diff(keys) < BIRTH_SPACING) & (unit[1:] != unit[:-1])]
        # The births accepted so far, with one before and one after all others.
        births = np.concatenate([[-SPAN], self.births, [SPAN * SPAN * SPAN]])
        at = np.searchsorted(births, keys)
        close |= (births[at] - keys < BIRTH_SPACING) | (keys - births[at - 1] < BIRTH_SPACING)
        mother = keys // SPAN
        many = np.searchsorted(births, (mother + 1) * SPAN) - np.searchsorted(births, mother * SPAN)
        close |= many >= MOST_CHILDREN
        chosen[unit[close]] = NONE
        kept = chosen[unit] != NONE
        self.births = np.sort(np.concatenate([self.births, keys[kept]]))
        self.found = np.where(chosen != NONE, chosen, self.found)


def _pool(people: Persons, who: Bools, group: Ints | int) -> Pool:
    """Persons to choose from, grouped by a value of each, or in one group."""
    rows = np.flatnonzero(who)
    groups = np.full(len(rows), group) if isinstance(group, int) else group[rows]
    return Pool(rows, groups, people.born[rows])


def mothers(chunk: Chunk, people: Persons) -> None:
    """Give mothers to those whose mother is alive and in the country.

    Children who came from abroad with their family get a mother who came too, or one of the country who returned;
    children of the country, also those who live abroad now, one who lived at home when they were born.
    """
    search = Mothers(chunk, people)
    units, home = search.units, chunk.place.home
    first = units.first
    years = (units.youngest - CALIBRATION) // 365
    has = chance(search.rng, by_age(assumption("mother_in_file"), list(range(0, 80, 10)), years), len(years))
    has &= np.minimum.reduceat(people.mother_birth, first) == np.maximum.reduceat(people.mother_birth, first)
    origin, mother_birth = people.origin[first], people.mother_birth[first]
    native, along, corridor = origin == home, people.accompanied[first], people.corridor[first]
    women = people.woman & (people.years >= 15) & (people.status == RESIDENT)
    own = women & (people.origin == home)
    migrants = _pool(people, women & ~own & (people.citizen_at_birth != home), people.origin)
    returned = _pool(people, own & (people.back != NONE), people.other)
    from_abroad = has & ~native & along
    at_home = has & native & corridor & ~along & (mother_birth == home)
    nowhere = np.zeros(len(first), dtype=np.int64)
    for who, group, pool, fits, rounds in (
        (from_abroad & (mother_birth == origin), origin, migrants, search.came_along, 30),
        (from_abroad & (mother_birth == home), origin, returned, search.was_away, 30),
        (at_home, nowhere, _pool(people, own, 0), search.at_home, 20),
        (has & native & ~corridor, nowhere, _pool(people, women, 0), search.at_home, 10),
    ):
        chosen = np.flatnonzero(who)
        search.seek(chosen, group[chosen], pool, fits, rounds)
    people.mother = search.found[units.of]


def _wives(people: Persons, rng: np.random.Generator) -> tuple[Bools, Bools]:
    """Women ever married, and those married now."""
    n = len(people)
    share = by_age(assumption("women_ever_married"), list(range(15, 55, 5)), people.years)
    share = np.where(people.years < 15, 0.0, share)
    is_mother = np.zeros(n, dtype=bool)
    is_mother[people.mother[(people.mother != NONE) & (people.years < 18)]] = True
    share = np.where(is_mother, np.maximum(share, 0.93), share)
    resident = people.status == RESIDENT
    ever = resident & people.woman & chance(rng, share, n)
    ended = by_age(assumption("women_widowed_or_divorced"), list(range(15, 85, 10)), people.years)
    return ever, ever & ~chance(rng, ended, n)


def _seek_husbands(
    people: Persons, rng: np.random.Generator, wives: Ints, group: Ints, pool: Pool, most: Ints, have: Ints
) -> None:
    for _round in range(8):
        open_ = people.husband[wives] == NONE
        wives, group = wives[open_], group[open_]
        gap = from_quantiles(rng, assumption("husband_older_quantiles"), len(wives)) * YEAR
        man = pool.near(rng, group, (people.born[wives] + gap).astype(np.int64))
        wife, man = wives[man != NONE], man[man != NONE]
        older = people.born[man] - people.born[wife]
        # A man does not marry his mother, his daughter or his mother's other children.
        kin = (people.mother[wife] == people.mother[man]) & (people.mother[man] != NONE)
        good = (older > 180) & (older < 32 * YEAR) & ~kin & (people.mother[man] != wife)
        good &= have[man] < most[man]
        wife, man = wife[good], man[good]
        man, first = np.unique(man, return_index=True)  # one wedding a round
        people.husband[wife[first]] = man
        have[man] += 1


def _husbands(people: Persons, rng: np.random.Generator, married: Bools, home: int) -> None:
    n = len(people)
    looks = married & ~chance(rng, assumption("husband_absent"), n)
    men = np.flatnonzero(~people.woman & (people.years >= 20) & (people.status == RESIDENT))
    most, have = 1 + pick(rng, assumption("most_wives"), n), np.zeros(n, dtype=np.int64)
    native = people.origin == home
    same = np.where(
        native,
        ~chance(rng, assumption("native_wife_foreign_husband"), n),
        chance(rng, assumption("wife_same_origin"), n),
    )
    wives = np.flatnonzero(looks & same)
    pool = Pool(men, people.origin[men], people.born[men])
    _seek_husbands(people, rng, wives, people.origin[wives], pool, most, have)
    wives = np.flatnonzero(looks & ~same)
    pool = Pool(men, native[men].astype(np.int64), people.born[men])
    _seek_husbands(people, rng, wives, (~native[wives]).astype(np.int64), pool, most, have)


def _marital(people: Persons, rng: np.random.Generator, ever: Bools, married: Bools) -> None:
    n = len(people)
    wives = np.bincount(people.husband[people.husband != NONE], minlength=n)
    of_husband = np.where(people.husband != NONE, wives[np.maximum(people.husband, 0)], 0)
    polygamous = np.where(people.husband != NONE, of_husband > 1, chance(rng, 0.3, n))
    widow = chance(rng, by_age([0.3, 0.4, 0.6, 0.85, 0.97], [15, 30, 40, 55, 70], people.years), n)
    women = np.where(married, np.where(polygamous, P, M), np.where(ever, np.where(widow, W, D), S))
    # Men without a wife in the country: never married while young; later some are widowers or have one elsewhere.
    alone = by_age([0.0, 0.08, 0.3, 0.6, 0.85], [15, 25, 35, 45, 55], people.years)
    former = np.array([M, D, W])[pick(rng, [0.45, 0.3, 0.25], n)]
    men = np.where(wives > 1, P, np.where(wives == 1, M, np.where(chance(rng, alone, n), former, S)))
    marital = np.where(people.woman, women, men)
    people.marital = np.where((people.years < 15) | (people.status != RESIDENT), NONE, marital).astype(np.int64)


def _fathers(people: Persons, rng: np.random.Generator, home: int) -> None:
    """The mother's husband, if he is old enough and was there, and was born where the family says."""
    child = np.flatnonzero(people.mother != NONE)
    father = people.husband[people.mother[child]]
    child, father = child[father != NONE], father[father != NONE]
    conceived = people.born[child] + 270
    old_enough = people.born[father] - people.born[child] >= 17 * YEAR
    native = people.origin[child] == home
    here = people.present(home, father, conceived) & (people.born[father] > conceived)
    abroad = (people.origin[father] == people.origin[child]) & (people.left[father] < people.born[child])
    agrees = ~people.corridor[child] | (people.father_birth[child] == people.origin[father])
    good = old_enough & agrees & np.where(native, here, abroad) & chance(rng, 0.93, len(child))
    people.father[child[good]] = father[good]


def kin(chunk: Chunk, people: Persons) -> None:
    """Mothers, husbands, marital status and fathers of the residents and of the mothers' children abroad."""
    mothers(chunk, people)
    rng = chunk.stream("marriage")
    ever, married = _wives(people, rng)
    _husbands(people, rng, married, chunk.place.home)
    _marital(people, rng, ever, married)
    _fathers(people, rng, chunk.place.home)
