"""The third step: who lives with whom, where, and where families lived before.

A family is a person with those who depend on them: wives with husbands, children with mothers, some married sons
with their mothers. Families and single people then join into households (compounds) until their mean size is the
assumed one.
"""

from dataclasses import dataclass

import numpy as np

from migkit.world.draws import Bools, Ints, chance, elapsed, pick, shuffled
from migkit.world.kinship import M, P, S, by_age
from migkit.world.lifetable import YEAR
from migkit.world.lineage import follow
from migkit.world.parameters import CALIBRATION, assumption
from migkit.world.people import NONE, Chunk, Persons

HEAD, SPOUSE, CHILD, PARENT, RELATIVE, OTHER = range(6)  # positions in the code list "relationship"


@dataclass
class Homes:
    """Households of a chunk on calibration day: head (a person's position), region and urban or rural."""

    head: Ints
    region: Ints
    urban: Bools


def region_of(people: Persons, who: Ints, ago: Ints) -> Ints:
    """Region of each of ``who`` that many days ago, had they been in the country."""
    moved, joined, moves_on = people.moved[who], people.joined[who], people.moves_on[who]
    region = np.where(ago <= moves_on, people.region_next[who], people.region_now[who])
    region = np.where((moved > 0) & (ago > moved), people.before[who], region)
    return np.where((joined > 0) & (ago > joined), people.birth_region[who], region)


def _families(people: Persons, rng: np.random.Generator) -> Ints:
    n = len(people)
    up = people.husband.copy()
    wives = np.zeros(n, dtype=bool)
    wives[people.husband[people.husband != NONE]] = True
    has_mother = people.mother != NONE
    stay = by_age(assumption("lives_with_mother"), [0, 15, 25, 35], people.years)
    single = has_mother & (up == NONE) & ~wives & (people.years < 50) & chance(rng, stay, n)
    sons = wives & has_mother & (people.years < 45) & chance(rng, assumption("married_son_with_mother"), n)
    goes = single | sons
    up[goes] = people.mother[goes]
    return follow(up)


def _into_hosts(rng: np.random.Generator, guests: Ints, hosts: Ints, up: Ints) -> None:
    if len(guests) and len(hosts):
        up[guests] = hosts[(rng.random(len(guests)) * len(hosts)).astype(np.int64)]


def _join(
    people: Persons, rng: np.random.Generator, family: Ints, native: Bools, mean_size: float
) -> tuple[Ints, Bools]:
    """Households made of families: whose family gives each resident the household, and who lodges."""
    n = len(people)
    size = np.bincount(family, minlength=n)
    root = size > 0
    adult = people.years >= 18
    lone = root & (size == 1) & adult
    lodger = np.zeros(n, dtype=bool)
    up = np.full(n, NONE, dtype=np.int64)
    draw = rng.random(n)
    shared = np.flatnonzero(lone & ~native & (draw < 0.30))
    shared = shared[np.lexsort((rng.random(len(shared)), people.origin[shared]))]
    first = shared[np.arange(len(shared)) // 5 * 5]
    up[shared[first != shared]] = first[first != shared]
    lodger[shared[first != shared]] = True
    lodging = np.flatnonzero(lone & ~native & (draw >= 0.30) & (draw < 0.9))
    lodger[lodging] = True
    joining = np.flatnonzero((lone & native & ((draw < 0.88) | (people.years >= 65))) | (root & ~adult))
    fixed = root & (lone | ~adult)
    families = np.flatnonzero(root & ~fixed & native)
    own = int((root & ~fixed).sum() + (lone & (up == NONE)).sum()) - len(lodging) - int(lone[joining].sum())
    # Where households are small, more of those who live without family live alone.
    alone = joining[adult[joining]]
    alone = alone[shuffled(rng, len(alone))][: max(0, round(n / mean_size) - own)]
    joining = np.setdiff1d(joining, alone)
    surplus = max(0, own - round(n / mean_size))
    order = families[np.argsort(size[families] + 8 * rng.random(len(families)), kind="stable")]
    merging = order[: min(surplus, max(len(order) - 1, 0))]
    hosts = np.setdiff1d(np.flatnonzero(root & ~fixed), merging)
    if not len(hosts):
        hosts = np.flatnonzero(root & adult)[:1]
    native_hosts = hosts[native[hosts]]
    _into_hosts(rng, merging, native_hosts if len(native_hosts) else hosts, up)
    _into_hosts(rng, lodging, hosts, up)
    foreign = ~native[joining]
    _into_hosts(rng, joining[~foreign], native_hosts if len(native_hosts) else hosts, up)
    foreign_hosts = hosts[~native[hosts]]
    _into_hosts(rng, joining[foreign], foreign_hosts if len(foreign_hosts) else hosts, up)
    up[hosts] = NONE
    return follow(up)[family], lodger[family] & (people.mother == NONE)


def _heads(people: Persons, family: Ints, home: Ints, lodger: Bools) -> Ints:
    """The head of each household: the oldest married man of its first family, else its oldest adult."""
    wed = (people.marital == M) | (people.marital == P)
    has_wife = np.zeros(len(people), dtype=bool)
    has_wife[people.husband[people.husband != NONE]] = True
    rank = 4 * (wed & has_wife & ~people.woman) + 2 * (people.years >= 18) + 1 * (family == home)
    rank = np.where(lodger, -1, rank) + 1
    # One number to sort by: household, then rank, then age, each falling.
    key = (home * 9 + (8 - rank)) * 100_000 - people.born
    order = np.argsort(key, kind="stable")
    first = np.r_[True, home[order][1:] != home[order][:-1]]
    return order[first].astype(np.int64)


def _relations(people: Persons, household: Ints, head: Ints, lodger: Bools) -> Ints:
    n = len(people)
    own = head[household]
    me = np.arange(n)
    relation = np.where(lodger, OTHER, RELATIVE)
    head_husband = people.husband[own]
    spouse = (people.husband == own) | ((head_husband == me) & (head_husband != NONE))
    wives_child = (people.mother != NONE) & (people.husband[np.maximum(people.mother, 0)] == own)
    child = (people.mother == own) | (people.father == own) | wives_child
    parent = (people.mother[own] == me) | (people.father[own] == me)
    for code, holds in ((PARENT, parent), (CHILD, child), (SPOUSE, spouse), (HEAD, own == me)):
        relation = np.where(holds, code, relation)
    return relation.astype(np.int64)


def _places(chunk: Chunk, native: Bools, rng: np.random.Generator) -> tuple[Ints, Bools]:
    """Region and urban or rural of each household, by whether its head is a native."""
    place = chunk.place
    region = pick(rng, place.region_shares, len(native))
    migrants = pick(rng, place.region_shares * place.migrant_factor, len(native))
    region = np.where(native, region, migrants)
    return region, chance(rng, place.urban[region], len(region))


def _moves(chunk: Chunk, people: Persons, rng: np.random.Generator, family: Ints) -> None:
    """When each family moved between regions, and from where."""
    n = len(people)
    grown = people.born[family] - CALIBRATION - int(17 * YEAR)
    moves = chance(rng, assumption("internal_move_share"), n)[family] & (grown > 400)
    since = elapsed(rng, assumption("internal_years_since_move_mean"), np.maximum(grown, 1))[family]
    before = pick(rng, chunk.place.leaving, n)[family]
    moves &= before != people.region_now
    people.moved = np.where(moves, CALIBRATION + since, 0)
    people.before = np.where(moves, before, NONE)


def _flee(chunk: Chunk, people: Persons, rng: np.random.Generator, family: Ints) -> None:
    """Families displaced inside the country, whole, until each wave has its published number of persons."""
    n = len(people)
    native = people.origin == chunk.place.home
    root = np.flatnonzero((family == np.arange(n)) & native)
    free = np.zeros(n, dtype=bool)
    free[root] = True
    for wave in chunk.place.waves:
        day = wave.end + (rng.random(n) * (wave.start - wave.end)).astype(np.int64)
        day = np.maximum(day, CALIBRATION + 1)[family]
        before = wave.left[(rng.random(n) * len(wave.left)).astype(np.int64)][family]
        # Members who lived there then and stayed since, or were born since; not those who came from abroad later.
        flees = np.where(people.born <= day, native, people.present(chunk.place.home, np.arange(n), day))
        flees &= ~(native & (people.left <= day) & (people.left > CALIBRATION))
        size = np.bincount(family[flees], minlength=n)
        able = free & (people.born - day > 17 * YEAR) & np.isin(people.region_now, wave.reached)
        order = np.flatnonzero(able)
        order = order[shuffled(rng, len(order))]
        wanted = int(chunk.part(wave.persons))
        taken = order[np.cumsum(size[order]) <= wanted]
        alone = np.setdiff1d(order[size[order] == 1], taken)
        taken = np.concatenate([taken, alone[: wanted - int(size[taken].sum())]])
        free[taken] = False
        goes = np.zeros(n, dtype=bool)
        goes[taken] = True
        goes = goes[family]
        people.displaced |= goes & flees
        people.moved = np.where(goes, day, people.moved)
        people.before = np.where(goes, before, people.before)


def _move_on(chunk: Chunk, people: Persons, rng: np.random.Generator) -> None:
    """Some young people who are not married leave for another region after calibration day."""
    n = len(people)
    young = ~people.corridor & ~people.displaced & (people.years >= 17) & (people.years < 35)
    goes = young & np.isin(people.marital, (S, NONE)) & chance(rng, assumption("moves_later"), n)
    region = pick(rng, chunk.place.region_shares * chunk.place.migrant_factor, n)
    day = 1 + (rng.random(n) * (CALIBRATION - 1)).astype(np.int64)
    goes &= region != people.region_now
    people.moves_on = np.where(goes, day, 0)
    people.region_next = np.where(goes, region, NONE)


def _lose_touch(people: Persons, rng: np.random.Generator, family: Ints, region: Ints) -> None:
    """Most adults live in the region where their mother lives: forget most of the mothers who live in another."""
    mother = np.maximum(people.mother, 0)
    apart = (
        (people.mother != NONE) & (region != region[mother]) & (family != family[mother]) & (people.years >= 15)
    )
    forgotten = apart & ~chance(rng, assumption("mother_in_other_region"), len(people))
    people.mother[forgotten] = NONE
    people.father[forgotten] = NONE


def _birth_regions(chunk: Chunk, people: Persons, rng: np.random.Generator, family: Ints) -> None:
    """Natives are born where their mother lived; those whose region differs from the family's joined it later."""
    n = len(people)
    native = people.origin == chunk.place.home
    base = region_of(people, np.arange(n), people.born)
    elsewhere = chance(rng, assumption("born_elsewhere"), n)
    drawn = np.where(elsewhere, pick(rng, chunk.place.leaving, n), base)
    share = rng.random(n)
    alone = native & (people.mother == NONE)
    people.birth_region = np.where(alone, drawn, NONE)
    _join_later(people, np.flatnonzero(alone), family, base, share)
    done = alone | ~native
    todo = np.flatnonzero(~done)
    while len(todo):
        ready = todo[done[people.mother[todo]]]
        people.birth_region[ready] = region_of(people, people.mother[ready], people.born[ready])
        _join_later(people, ready, family, base, share)
        done[ready] = True
        todo = todo[~done[todo]]


def _join_later(people: Persons, ready: Ints, family: Ints, base: Ints, share: np.ndarray) -> None:
    who = ready[people.birth_region[ready] != base[ready]]
    # After the birth, and before the family's own move if the person took part in it.
    floor = np.where(people.moved[who] < people.born[who], people.moved[who], 0)
    floor = np.maximum(floor, CALIBRATION)
    day = floor + 1 + (share[who] * (people.born[who] - floor - 2)).astype(np.int64)
    mother = people.mother[who]
    with_mother = (mother != NONE) & (family[who] == family[mother]) & (people.joined[mother] > 0)
    with_mother &= (people.joined[mother] < people.born[who]) & (people.joined[mother] > floor)
    day = np.where(with_mother, people.joined[mother], np.minimum(day, people.born[who] - 1))
    people.joined[who] = np.where(day > CALIBRATION, day, 0)
    never = who[people.joined[who] == 0]
    # Born yesterday and already elsewhere: too soon for a move, so the mother is not the one drawn.
    people.birth_region[never] = base[never]
    people.mother[never] = NONE
    people.father[never] = NONE


def make_homes(chunk: Chunk, people: Persons) -> Homes:
    """Households, heads, relations, regions and earlier regions of the residents of one chunk."""
    rng = chunk.stream("households")
    native = people.origin == chunk.place.home
    family = _families(people, rng)
    home, lodger = _join(people, rng, family, native, chunk.place.household_size)
    names, household = np.unique(home, return_inverse=True)
    head = _heads(people, family, home, lodger)
    lodger[head] = False
    rng = chunk.stream("places")
    region, urban = _places(chunk, native[head], rng)
    order = shuffled(rng, len(names))  # neighbours in a list must not betray how the households were made
    place = np.empty(len(names), dtype=np.int64)
    place[order] = np.arange(len(names))
    people.household, head, region, urban = place[household], head[order], region[order], urban[order]
    people.region_now = region[people.household]
    _lose_touch(people, rng, family, people.region_now)
    _moves(chunk, people, rng, family)
    people.relation = _relations(people, people.household, head, lodger)
    _flee(chunk, people, chunk.stream("displacement"), family)
    _birth_regions(chunk, people, chunk.stream("birth regions"), family)
    _move_on(chunk, people, chunk.stream("later moves"))
    return Homes(head, region, urban)
