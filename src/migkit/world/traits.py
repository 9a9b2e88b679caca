"""Schooling, work and citizenship of residents. All shares are assumptions, plausible enough for a classroom."""

from dataclasses import dataclass

import numpy as np

from migkit.world.draws import Bools, Floats, Ints, chance, pick, pick_rows
from migkit.world.households import Homes
from migkit.world.kinship import by_age
from migkit.world.lifetable import YEAR
from migkit.world.parameters import assumption, country_codes
from migkit.world.people import NONE, People, is_europe

BIRTH, NATURALISED, MARRIAGE = range(3)  # positions in the code list "citizenship_how"
EMPLOYED, UNEMPLOYED, STUDENT, HOME_DUTIES, INACTIVE = range(5)  # positions in the code list "activity"
#: Schooling before age 20 (none, primary, lower, upper secondary, post-secondary, tertiary), ages 5, 7, 13, 16 on.
YOUNG_SCHOOLING = [
    [1.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [0.24, 0.76, 0.0, 0.0, 0.0, 0.0],
    [0.20, 0.30, 0.50, 0.0, 0.0, 0.0],
    [0.20, 0.12, 0.34, 0.34, 0.0, 0.0],
]
#: Occupations (ISCO-08 major groups 0 to 9) of the employed by place and schooling below or from upper secondary.
OCCUPATIONS: dict[tuple[str, str], list[float]] = {
    ("rural", "low"): [0.2, 0.5, 0.5, 0.5, 0.3, 14, 58, 10, 4, 12],
    ("rural", "high"): [1, 3, 20, 8, 4, 22, 24, 8, 4, 6],
    ("urban", "low"): [0.5, 2, 0.5, 1.5, 1, 42, 7, 20, 8, 17.5],
    ("urban", "high"): [1.5, 7, 21, 12, 9, 27, 2, 11, 5, 4.5],
}
#: Industries (ISIC Rev. 4 sections A to U) by occupation: a few likely sections with their weights.
INDUSTRIES = [
    {"O": 1.0},
    {"G": 0.4, "C": 0.1, "I": 0.15, "F": 0.1, "K": 0.1, "O": 0.15},
    {"P": 0.5, "Q": 0.2, "O": 0.15, "J": 0.05, "M": 0.1},
    {"Q": 0.2, "O": 0.2, "J": 0.1, "F": 0.1, "K": 0.1, "N": 0.15, "R": 0.05, "M": 0.1},
    {"O": 0.35, "K": 0.15, "N": 0.2, "H": 0.1, "P": 0.1, "D": 0.05, "E": 0.05},
    {"G": 0.7, "I": 0.15, "S": 0.1, "N": 0.05},
    {"A": 1.0},
    {"C": 0.4, "F": 0.45, "S": 0.1, "B": 0.05},
    {"H": 0.85, "C": 0.1, "E": 0.05},
    {"T": 0.3, "F": 0.25, "A": 0.2, "G": 0.15, "E": 0.1},
]
SECTIONS = "ABCDEFGHIJKLMNOPQRSTU"


@dataclass
class Traits:
    """Traits of the residents of a chunk, as positions in their code lists; NONE where not applicable."""

    education: Ints
    activity: Ints
    occupation: Ints
    industry: Ints
    mother_birth: Ints
    father_birth: Ints
    citizen_at_birth: Ints
    citizen: Ints
    how: Ints
    citizen_since: Ints  # days ago
    refugee: Bools


def _education(people: People, rng: np.random.Generator, urban: Bools) -> Ints:
    n = len(people)
    years = people.years
    young = np.asarray(YOUNG_SCHOOLING)[np.clip(np.searchsorted([5, 7, 13, 16], years, side="right") - 1, 0, 3)]
    old = np.asarray(assumption("schooling_by_cohort"))[np.clip(years // 10 - 2, 0, 4)]
    level = pick_rows(rng, np.where((years < 20)[:, None], young, old))
    outsider = is_europe(people.origin)
    less = 0.12 + 0.14 * ~urban + 0.10 * (people.woman & (years >= 30)) + 0.22 * (~people.native & ~outsider)
    level = np.where(chance(rng, less, n) & (years >= 7), np.maximum(level - 2, 0), level)
    level = np.where(outsider & (years >= 25), np.maximum(level, 4), level)
    return np.where(years < 5, NONE, level)


def _activity(people: People, rng: np.random.Generator) -> Ints:
    n = len(people)
    years = people.years
    student = chance(rng, by_age([0.0, 0.66, 0.48, 0.20, 0.04, 0.0], [0, 15, 18, 20, 25, 30], years), n)
    student &= people.native | chance(rng, 0.45, n)
    share = assumption("employed_share")
    men = np.where(people.native, share["native_M"], share["migrant_M"])
    women = np.where(people.native, share["native_F"], share["migrant_F"])
    factor = by_age([0.0, 0.75, 0.9, 1.1, 0.95, 0.5], [0, 15, 20, 30, 55, 65], years)
    employed = chance(rng, np.where(people.woman, women, men) * factor, n)
    seeking = chance(rng, by_age([0.0, 0.35, 0.25, 0.1, 0.0], [0, 15, 30, 45, 65], years), n)
    home = chance(rng, np.where(people.woman, 0.8, 0.06), n)
    rest = np.where(seeking, UNEMPLOYED, np.where(home, HOME_DUTIES, INACTIVE))
    activity = np.where(student, STUDENT, np.where(employed, EMPLOYED, rest))
    return np.where(years < 15, NONE, activity)


def _work(rng: np.random.Generator, activity: Ints, education: Ints, urban: Bools) -> tuple[Ints, Ints]:
    n = len(activity)
    weights = np.empty((n, 10))
    for (place, schooling), values in OCCUPATIONS.items():
        weights[(urban == (place == "urban")) & ((education >= 3) == (schooling == "high"))] = values
    occupation = pick_rows(rng, weights)
    table = np.array([[industries.get(s, 0.0) for s in SECTIONS] for industries in INDUSTRIES])
    industry = pick_rows(rng, table[occupation])
    employed = activity == EMPLOYED
    return np.where(employed, occupation, NONE), np.where(employed, industry, NONE)


def _stock_weights(people: People) -> Floats:
    weights = np.bincount(people.origin[~people.native], minlength=len(country_codes())).astype(np.float64)
    if not weights.sum():
        weights[:] = 1.0
        weights[people.home] = 0.0
    return weights


def _parents_birth(people: People, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Countries of birth of mothers and fathers; drawn where the parent is not in the file."""
    n = len(people)
    home = people.home
    abroad = pick(rng, _stock_weights(people), n)
    mother = np.where(chance(rng, assumption("native_adult_foreign_mother"), n), abroad, home)
    mother = np.where(people.mother != NONE, people.origin[np.maximum(people.mother, 0)], mother)
    same = chance(rng, np.where(mother == home, 1.0, assumption("wife_same_origin")), n)
    father = np.where(same, mother, home)
    other = (mother == home) & chance(rng, assumption("native_adult_foreign_father"), n)
    father = np.where(other, pick(rng, _stock_weights(people), n), father)
    # Born abroad: parents of the same country, but for citizens by descent, who have a parent from home.
    kept = chance(rng, 0.97, n)
    mother_abroad = np.where(people.by_descent, np.where(chance(rng, 0.62, n), home, people.origin), people.origin)
    father_abroad = np.where(people.by_descent, np.where(chance(rng, 0.85, n), home, people.origin), people.origin)
    father_abroad = np.where(people.by_descent & (mother_abroad != home), home, father_abroad)
    father_abroad = np.where(~people.by_descent & ~kept, abroad, father_abroad)
    known = people.mother != NONE
    mother = np.where(people.native | known, mother, mother_abroad)
    father = np.where(people.native, father, father_abroad)
    father = np.where(people.father != NONE, people.origin[np.maximum(people.father, 0)], father)
    return mother, father


def _citizenship(people: People, rng: np.random.Generator, traits: Traits) -> None:
    n = len(people)
    home = people.home
    foreign = ~people.native & ~people.by_descent
    traits.citizen_at_birth = np.where(foreign, people.origin, home)
    traits.how[:] = BIRTH
    fifteen = foreign & (people.arrived > 15 * YEAR) & chance(rng, assumption("naturalised_after_15_years"), n)
    native_husband = (people.husband != NONE) & people.native[np.maximum(people.husband, 0)]
    wife = (
        foreign & native_husband & (people.arrived > 7 * YEAR) & chance(rng, assumption("citizen_by_marriage"), n)
    )
    wait = np.where(wife, 7 * YEAR, 15 * YEAR)
    since = ((people.arrived - wait) * rng.random(n)).astype(np.int64)
    changed = fifteen | wife
    traits.how = np.where(wife, MARRIAGE, np.where(fifteen, NATURALISED, BIRTH))
    traits.citizen = np.where(changed, home, traits.citizen_at_birth)
    traits.citizen_since = np.where(changed, np.maximum(since, 1), people.born)
    # Natives: citizens if a parent was one on the day of birth. Children follow parents, so this is repeated.
    unknown = chance(rng, 0.30, n)  # foreign-born parents outside the file who were citizens
    registered = people.native & chance(rng, assumption("native_with_foreign_parents_gambian"), n)
    day = np.maximum((people.born * rng.random(n)).astype(np.int64), 1)
    while True:
        mother = _parent_citizenship(people, traits, people.mother, traits.mother_birth, unknown)
        father = _parent_citizenship(people, traits, people.father, traits.father_birth, unknown)
        at_birth = np.where((mother == home) | (father == home), home, father)
        at_birth = np.where(people.native, at_birth, traits.citizen_at_birth)
        if np.array_equal(at_birth, traits.citizen_at_birth):
            return
        traits.citizen_at_birth = at_birth
        late = people.native & (at_birth != home) & registered
        own = people.native
        traits.citizen = np.where(own, np.where(late, home, at_birth), traits.citizen)
        traits.how = np.where(own, np.where(late, NATURALISED, BIRTH), traits.how)
        traits.citizen_since = np.where(own, np.where(late, day, people.born), traits.citizen_since)


def _parent_citizenship(people: People, traits: Traits, parent: Ints, birth: Ints, citizen: Bools) -> Ints:
    """Citizenship of each person's mother or father on the day of the person's birth."""
    at = np.maximum(parent, 0)
    then = np.where(traits.citizen_since[at] >= people.born, traits.citizen[at], traits.citizen_at_birth[at])
    outside = np.where(citizen, people.home, birth)
    return np.where(parent != NONE, then, outside)


def _refugees(people: People, rng: np.random.Generator, traits: Traits, number: int) -> None:
    codes = country_codes()
    likely = np.isin(people.origin, [codes.index(code) for code in ("SEN", "SLE", "LBR", "CIV")])
    pool = np.flatnonzero(likely & (traits.citizen != people.home))
    order = np.argsort(rng.random(len(pool)), kind="stable")
    traits.refugee[pool[order[:number]]] = True


def make_traits(people: People, homes: Homes, refugees: int) -> Traits:
    """Schooling, work, parents' birthplaces and citizenship of the residents of one chunk."""
    n = len(people)
    urban = homes.urban[homes.household]
    rng = people.stream("schooling and work")
    education = _education(people, rng, urban)
    activity = _activity(people, rng)
    occupation, industry = _work(rng, activity, education, urban)
    mother_birth, father_birth = _parents_birth(people, people.stream("parents"))
    empty = np.full(n, NONE, dtype=np.int64)
    traits = Traits(
        education=education,
        activity=activity,
        occupation=occupation,
        industry=industry,
        mother_birth=mother_birth,
        father_birth=father_birth,
        citizen_at_birth=empty.copy(),
        citizen=empty.copy(),
        how=empty.copy(),
        citizen_since=empty.copy(),
        refugee=np.zeros(n, dtype=bool),
    )
    _citizenship(people, people.stream("citizenship"), traits)
    _refugees(people, people.stream("refugees"), traits, refugees)
    return traits
