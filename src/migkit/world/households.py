"""The third step: who lives with whom, where, and where families lived before.

A family is a person with those who depend on them: wives with husbands, children with mothers, some married sons
with their mothers. Families and single people then join into households (compounds) until their mean size is the
assumed one.
"""

from dataclasses import dataclass

import numpy as np

from migkit.world.draws import Bools, Ints, chance, elapsed, pick_rows, shuffled
from migkit.world.kinship import M, P, by_age
from migkit.world.lifetable import YEAR
from migkit.world.parameters import assumption
from migkit.world.people import NONE, People

HEAD, SPOUSE, CHILD, PARENT, RELATIVE, OTHER = range(6)  # positions in the code list "relationship"


@dataclass
class Homes:
    """Households of a chunk, and the places where their members lived.

    ``family`` is the first family of each resident (a resident's position), ``household`` the number of the
    household. A family moved ``moved`` days ago (0: never) from region ``before``. ``birth_region`` is NONE for
    the foreign-born; ``joined`` is how many days ago a native left the region of birth alone (0: never).
    """

    family: Ints
    household: Ints
    relation: Ints
    lodger: Bools
    head: Ints  # by household
    region: Ints  # by household
    urban: Bools  # by household
    moved: Ints  # by resident
    before: Ints  # by resident
    birth_region: Ints
    joined: Ints

    def region_of(self, person: Ints, ago: Ints) -> Ints:
        """Region of each resident that many days ago, had they been in the country."""
        now = self.region[self.household[person]]
        later = np.where(ago > self.moved[person], np.where(self.moved[person] > 0, self.before[person], now), now)
        return np.where((ago > self.joined[person]) & (self.joined[person] > 0), self.birth_region[person], later)


def _follow(up: Ints) -> Ints:
    """The last one of each chain of dependence."""
    root = np.where(up == NONE, np.arange(len(up)), up)
    while True:
        further = root[root]
        if np.array_equal(further, root):
            return root
        root = further


def _families(people: People, rng: np.random.Generator) -> Ints:
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
    return _follow(up)


def _into_hosts(rng: np.random.Generator, guests: Ints, hosts: Ints, up: Ints) -> None:
    if len(guests) and len(hosts):
        up[guests] = hosts[(rng.random(len(guests)) * len(hosts)).astype(np.int64)]


def _join(people: People, rng: np.random.Generator, family: Ints) -> tuple[Ints, Bools]:
    """Households made of families: whose family gives each resident the household, and who lodges."""
    n = len(people)
    size = np.bincount(family, minlength=n)
    root = size > 0
    adult = people.years >= 18
    lone = root & (size == 1) & adult
    lodger = np.zeros(n, dtype=bool)
    up = np.full(n, NONE, dtype=np.int64)
    draw = rng.random(n)
    shared = np.flatnonzero(lone & ~people.native & (draw < 0.30))
    shared = shared[np.lexsort((rng.random(len(shared)), people.origin[shared]))]
    first = shared[np.arange(len(shared)) // 5 * 5]
    up[shared[first != shared]] = first[first != shared]
    lodger[shared[first != shared]] = True
    lodging = np.flatnonzero(lone & ~people.native & (draw >= 0.30) & (draw < 0.9))
    lodger[lodging] = True
    joining = np.flatnonzero((lone & people.native & ((draw < 0.88) | (people.years >= 65))) | (root & ~adult))
    fixed = root & (lone | ~adult)
    families = np.flatnonzero(root & ~fixed & people.native)
    own = int((root & ~fixed).sum() + (lone & (up == NONE)).sum()) - len(lodging) - int(lone[joining].sum())
    surplus = max(0, own - round(n / assumption("household_size")))
    order = families[np.argsort(size[families] + 8 * rng.random(len(families)), kind="stable")]
    merging = order[: min(surplus, max(len(order) - 1, 0))]
    hosts = np.setdiff1d(np.flatnonzero(root & ~fixed), merging)
    if not len(hosts):
        hosts = np.flatnonzero(root & adult)[:1]
    native_hosts = hosts[people.native[hosts]]
    _into_hosts(rng, merging, native_hosts if len(native_hosts) else hosts, up)
    _into_hosts(rng, lodging, hosts, up)
    foreign = ~people.native[joining]
    _into_hosts(rng, joining[~foreign], native_hosts if len(native_hosts) else hosts, up)
    foreign_hosts = hosts[~people.native[hosts]]
    _into_hosts(rng, joining[foreign], foreign_hosts if len(foreign_hosts) else hosts, up)
    up[hosts] = NONE
    return _follow(up)[family], lodger[family] & (people.mother == NONE)


def _heads(people: People, family: Ints, home: Ints, lodger: Bools) -> Ints:
    """The head of each household: the oldest married man of its first family, else its oldest adult."""
    wed = (people.marital == M) | (people.marital == P)
    has_wife = np.zeros(len(people), dtype=bool)
    has_wife[people.husband[people.husband != NONE]] = True
    rank = 4 * (wed & has_wife & ~people.woman) + 2 * (people.years >= 18) + 1 * (family == home)
    rank = np.where(lodger, -1, rank)
    order = np.lexsort((-people.born, -rank, home))
    first = np.r_[True, home[order][1:] != home[order][:-1]]
    return order[first].astype(np.int64)


def _relations(people: People, household: Ints, head: Ints, lodger: Bools) -> Ints:
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


def _places(people: People, rng: np.random.Generator, head: Ints) -> tuple[Ints, Bools]:
    shares = np.array(list(assumption("region_shares").values()), dtype=np.float64)
    factor = np.array(list(assumption("region_migrant_factor").values()))
    weights = np.where(people.native[head][:, None], shares, shares * factor)
    region = pick_rows(rng, weights)
    urban = chance(rng, np.array(list(assumption("urban_share").values()))[region], len(region))
    return region, urban


def _moves(people: People, rng: np.random.Generator, family: Ints, region: Ints) -> tuple[Ints, Ints]:
    """When each family moved between regions, and from where; by resident."""
    n = len(people)
    grown = people.born[family] - int(17 * YEAR)
    moves = chance(rng, assumption("internal_move_share"), n)[family] & (grown > 400)
    since = elapsed(rng, assumption("internal_years_since_move_mean"), np.maximum(grown, 1))[family]
    weights = np.tile(np.array(list(assumption("internal_origin").values())), (n, 1))
    weights[np.arange(n), region] = 0.0
    before = pick_rows(rng, weights)[family]
    moves &= before != region
    return np.where(moves, since, 0), np.where(moves, before, NONE)


def _lose_touch(people: People, rng: np.random.Generator, family: Ints, region: Ints) -> None:
    """Most adults live in the region where their mother lives: forget most of the mothers who live in another."""
    mother = np.maximum(people.mother, 0)
    apart = (
        (people.mother != NONE) & (region != region[mother]) & (family != family[mother]) & (people.years >= 15)
    )
    forgotten = apart & ~chance(rng, assumption("mother_in_other_region"), len(people))
    people.mother[forgotten] = NONE
    people.father[forgotten] = NONE


def _birth_regions(people: People, rng: np.random.Generator, homes: Homes) -> None:
    """Natives are born where their mother lived; those whose region differs from the family's joined it later."""
    n = len(people)
    me = np.arange(n)
    base = homes.region_of(me, people.born)
    weights = np.tile(np.array(list(assumption("internal_origin").values())), (n, 1))
    elsewhere = chance(rng, assumption("born_elsewhere"), n)
    drawn = np.where(elsewhere, pick_rows(rng, weights), base)
    share = rng.random(n)
    known = people.native & (people.mother == NONE)
    homes.birth_region = np.where(known, drawn, NONE)
    _join_later(people, homes, known, base, share)
    done = known | ~people.native
    while not done.all():
        ready = ~done & done[np.maximum(people.mother, 0)]
        who = np.flatnonzero(ready)
        homes.birth_region[who] = homes.region_of(people.mother[who], people.born[who])
        _join_later(people, homes, ready, base, share)
        done |= ready


def _join_later(people: People, homes: Homes, ready: Bools, base: Ints, share: np.ndarray) -> None:
    who = np.flatnonzero(ready & (homes.birth_region != base))
    # After the birth, and before the family's own move if the person took part in it.
    floor = np.where(homes.moved[who] < people.born[who], homes.moved[who], 0)
    day = floor + 1 + (share[who] * (people.born[who] - floor - 2)).astype(np.int64)
    mother = people.mother[who]
    with_mother = (mother != NONE) & (homes.family[who] == homes.family[mother]) & (homes.joined[mother] > 0)
    with_mother &= (homes.joined[mother] < people.born[who]) & (homes.joined[mother] > floor)
    day = np.where(with_mother, homes.joined[mother], np.clip(day, 0, people.born[who] - 1))
    homes.joined[who] = np.maximum(day, 0)
    never = who[homes.joined[who] == 0]
    # Born yesterday and already elsewhere: too soon for a move, so the mother is not the one drawn.
    homes.birth_region[never] = base[never]
    people.mother[never] = NONE
    people.father[never] = NONE


def make_homes(people: People) -> Homes:
    """Households, heads, relations, regions and earlier regions of one chunk."""
    rng = people.stream("households")
    n = len(people)
    family = _families(people, rng)
    home, lodger = _join(people, rng, family)
    names, household = np.unique(home, return_inverse=True)
    household = household.astype(np.int64)
    head = _heads(people, family, household, lodger)
    lodger[head] = False
    rng = people.stream("places")
    region, urban = _places(people, rng, head)
    order = shuffled(rng, len(names))  # neighbours in a list must not betray how the households were made
    place = np.empty(len(names), dtype=np.int64)
    place[order] = np.arange(len(names))
    household, head, region, urban = place[household], head[order], region[order], urban[order]
    _lose_touch(people, rng, family, region[household])
    moved, before = _moves(people, rng, family, region[household])
    homes = Homes(
        family=family,
        household=household,
        relation=_relations(people, household, head, lodger),
        lodger=lodger,
        head=head,
        region=region,
        urban=urban,
        moved=moved,
        before=before,
        birth_region=np.full(n, NONE, dtype=np.int64),
        joined=np.zeros(n, dtype=np.int64),
    )
    _birth_regions(people, people.stream("birth regions"), homes)
    return homes
