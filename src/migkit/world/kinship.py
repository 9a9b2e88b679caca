"""The second step: mothers, husbands and fathers, by ages that fit.

Each child looks for a mother whose age differs from its own by a drawn age at birth; each wife looks for a husband
some years older. A candidate is refused where it would break a rule: mothers are 13.5 to 49 years older, were in
the country when a child was born there, and bear children at least 290 days apart; a husband has at most four
wives.
"""

import numpy as np

from migkit.world.draws import Bools, Floats, Ints, chance, from_quantiles, pick, pick_rows
from migkit.world.lifetable import YEAR
from migkit.world.parameters import assumption
from migkit.world.people import NONE, People

YOUNGEST_MOTHER, OLDEST_MOTHER = int(13.5 * YEAR), int(49 * YEAR)
BIRTH_SPACING = 290
MOST_CHILDREN = 10
S, M, P, D, W = range(5)  # positions in the code list "marital"


def by_age(values: list[float], starts: list[int], years: Ints) -> Floats:
    """The value of the age group each age falls into; groups begin at ``starts``."""
    at = np.searchsorted(np.asarray(starts), years, side="right") - 1
    return np.asarray(values, dtype=np.float64)[np.clip(at, 0, len(values) - 1)]


def near(rng: np.random.Generator, wanted: Ints, pool_born: Ints) -> Ints:
    """For each wanted age a random position in ``pool_born`` (sorted, days) near it; NONE for an empty pool."""
    if len(pool_born) == 0:
        return np.full(len(wanted), NONE, dtype=np.int64)
    width = max(2, len(pool_born) // 60)
    shift = np.floor((rng.random(len(wanted)) * 2 - 1) * width).astype(np.int64)
    at = np.searchsorted(pool_born, wanted) + shift
    return np.asarray(np.clip(at, 0, len(pool_born) - 1), dtype=np.int64)


def rank_within(group: Ints) -> Ints:
    """The position of each member within its group, in the order given."""
    order = np.argsort(group, kind="stable")
    ordered = group[order]
    first = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(group) else np.empty(0, np.int64)
    sizes = np.diff(np.r_[first, len(group)])
    rank = np.empty(len(group), dtype=np.int64)
    rank[order] = np.arange(len(group)) - np.repeat(first, sizes)
    return rank


def _drop_conflicts(people: People, fixed: Bools) -> None:
    """Take mothers away again where births lie too close or a woman has too many children; ``fixed`` ones stay."""
    children = np.flatnonzero(people.mother != NONE)
    order = children[np.lexsort((people.born[children], people.mother[children]))]
    same = people.mother[order][1:] == people.mother[order][:-1]
    close = same & (np.diff(people.born[order]) < BIRTH_SPACING)
    drop = np.where(fixed[order][1:], order[:-1], order[1:])[close]
    people.mother[drop[~fixed[drop]]] = NONE
    children = np.flatnonzero(people.mother != NONE)
    children = children[np.argsort(~fixed[children], kind="stable")]
    many = children[rank_within(people.mother[children]) >= MOST_CHILDREN]
    people.mother[many] = NONE


def _fits(people: People, child: Ints, mother: Ints) -> Bools:
    gap = people.born[mother] - people.born[child]
    fits = (gap >= YOUNGEST_MOTHER) & (gap <= OLDEST_MOTHER)
    # A child of the country was born there; a child from abroad came with its mother.
    here = people.present(mother, people.born[child])
    native = people.native[child]
    together = (people.origin[mother] == people.origin[child]) & (people.arrived[mother] < people.born[child])
    descent = people.native[mother] & (people.abroad[mother] == people.origin[child]) & ~here
    foreign = np.where(people.by_descent[child], descent, together & ~people.by_descent[mother])
    return np.asarray(fits & np.where(native, here, foreign))


def _seek_mothers(people: People, rng: np.random.Generator, children: Ints, pool: Ints) -> None:
    pool = pool[np.argsort(people.born[pool], kind="stable")]
    todo = children[people.mother[children] == NONE]
    gap = from_quantiles(rng, assumption("mother_age_quantiles"), len(todo)) * YEAR
    at = near(rng, (people.born[todo] + gap).astype(np.int64), people.born[pool])
    if not len(todo) or not len(pool):
        return
    mother = pool[at]
    good = _fits(people, todo, mother)
    people.mother[todo[good]] = mother[good]


def mothers(people: People) -> None:
    """Give mothers to those whose mother is alive and in the country; children from abroad came when she did."""
    rng = people.stream("mothers")
    n = len(people)
    people.mother = np.full(n, NONE, dtype=np.int64)
    has = chance(rng, by_age(assumption("mother_in_file"), list(range(0, 80, 10)), people.years), n)
    women = people.woman & (people.years >= 15)
    minors = people.years < 18
    fixed = np.zeros(n, dtype=bool)
    for origin in np.unique(people.origin[~people.native]):
        children = np.flatnonzero(has & minors & (people.origin == origin))
        for _round in range(6):
            for descent in (False, True):
                own = (people.abroad == origin) if descent else (people.origin == origin)
                pool = np.flatnonzero(women & own)
                _seek_mothers(people, rng, children[people.by_descent[children] == descent], pool)
        _drop_conflicts(people, fixed)
    with_mother = np.flatnonzero(people.mother != NONE)
    fixed[with_mother] = True
    mother = people.mother[with_mother]
    people.arrived[with_mother] = np.where(people.native[mother], people.back[mother], people.arrived[mother])
    natives = np.flatnonzero(has & people.native)
    pool = np.flatnonzero(women)
    for _round in range(10):
        _seek_mothers(people, rng, natives, pool)
        _drop_conflicts(people, fixed)


def _wives(people: People, rng: np.random.Generator) -> tuple[Bools, Bools]:
    """Women ever married, and those married now."""
    share = by_age(assumption("women_ever_married"), list(range(15, 55, 5)), people.years)
    share = np.where(people.years < 15, 0.0, share)
    young_children = people.mother[(people.mother != NONE) & (people.years < 18)]
    is_mother = np.isin(np.arange(len(people)), young_children)
    share = np.where(is_mother, np.maximum(share, 0.93), share)
    ever = people.woman & chance(rng, share, len(people))
    ended = by_age(assumption("women_widowed_or_divorced"), list(range(15, 85, 10)), people.years)
    return ever, ever & ~chance(rng, ended, len(people))


def _seek_husbands(people: People, rng: np.random.Generator, wives: Ints, pool: Ints, most: Ints) -> None:
    pool = pool[np.argsort(people.born[pool], kind="stable")]
    for _round in range(6):
        todo = wives[people.husband[wives] == NONE]
        if not len(todo) or not len(pool):
            return
        gap = from_quantiles(rng, assumption("husband_older_quantiles"), len(todo)) * YEAR
        man = pool[near(rng, (people.born[todo] + gap).astype(np.int64), people.born[pool])]
        older = people.born[man] - people.born[todo]
        # A man does not marry his mother, his daughter or his mother's other children.
        kin = (people.mother[todo] == people.mother[man]) & (people.mother[man] != NONE)
        good = (older > 180) & (older < 32 * YEAR) & ~kin & (people.mother[man] != todo)
        people.husband[todo[good]] = man[good]
        wed = np.flatnonzero(people.husband != NONE)
        people.husband[wed[rank_within(people.husband[wed]) >= most[people.husband[wed]]]] = NONE


def _husbands(people: People, rng: np.random.Generator, married: Bools) -> None:
    n = len(people)
    people.husband = np.full(n, NONE, dtype=np.int64)
    looks = married & ~chance(rng, assumption("husband_absent"), n)
    men = ~people.woman & (people.years >= 20)
    most = 1 + pick(rng, assumption("most_wives"), n)
    same = np.where(
        people.native,
        ~chance(rng, assumption("native_wife_foreign_husband"), n),
        chance(rng, assumption("wife_same_origin"), n),
    )
    for origin in np.unique(people.origin):
        own = men & (people.origin == origin)
        _seek_husbands(
            people, rng, np.flatnonzero(looks & same & (people.origin == origin)), np.flatnonzero(own), most
        )
    for native in (True, False):
        other = np.flatnonzero(looks & ~same & (people.native == native))
        _seek_husbands(people, rng, other, np.flatnonzero(men & (people.native != native)), most)


def _marital(people: People, rng: np.random.Generator, ever: Bools, married: Bools) -> None:
    n = len(people)
    wives = np.bincount(people.husband[people.husband != NONE], minlength=n)
    of_husband = np.where(people.husband != NONE, wives[np.maximum(people.husband, 0)], 0)
    polygamous = np.where(people.husband != NONE, of_husband > 1, chance(rng, 0.3, n))
    widow = chance(rng, by_age([0.3, 0.4, 0.6, 0.85, 0.97], [15, 30, 40, 55, 70], people.years), n)
    women = np.where(married, np.where(polygamous, P, M), np.where(ever, np.where(widow, W, D), S))
    # Men without a wife in the country: never married while young; later some are widowers or have one elsewhere.
    alone = by_age([0.0, 0.08, 0.3, 0.6, 0.85], [15, 25, 35, 45, 55], people.years)
    kinds = np.tile(np.array([0.45, 0.3, 0.25]), (n, 1))
    former = np.array([M, D, W])[pick_rows(rng, kinds)]
    men = np.where(wives > 1, P, np.where(wives == 1, M, np.where(chance(rng, alone, n), former, S)))
    people.marital = np.where(people.woman, women, men).astype(np.int64)


def _fathers(people: People, rng: np.random.Generator) -> None:
    n = len(people)
    people.father = np.full(n, NONE, dtype=np.int64)
    child = np.flatnonzero(people.mother != NONE)
    father = people.husband[people.mother[child]]
    child, father = child[father != NONE], father[father != NONE]
    conceived = people.born[child] + 270
    old_enough = people.born[father] - people.born[child] >= 17 * YEAR
    here = people.present(father, conceived) & (people.born[father] > conceived)
    abroad = (people.origin[father] == people.origin[child]) & (people.arrived[father] < people.born[child])
    good = old_enough & np.where(people.native[child], here, abroad) & chance(rng, 0.93, len(child))
    people.father[child[good]] = father[good]


def kin(people: People) -> None:
    """Mothers, husbands, marital status and fathers of one chunk."""
    mothers(people)
    rng = people.stream("marriage")
    ever, married = _wives(people, rng)
    _husbands(people, rng, married)
    _marital(people, rng, ever, married)
    _fathers(people, rng)
