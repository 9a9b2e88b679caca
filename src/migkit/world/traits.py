"""Schooling, work, parents and citizenship of residents. All shares are assumptions, plausible enough for a class.

What both countries of a corridor know of a person is drawn for that person alone, here for work; schooling and
citizenship come with the movers.
"""

import numpy as np

from migkit.world.draws import Bools, Choices, Floats, Ints, chance, hashed, pick
from migkit.world.kinship import by_age
from migkit.world.parameters import CALIBRATION, assumption, country_codes
from migkit.world.people import NONE, Chunk, Persons

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


def _education(people: Persons, rng: np.random.Generator, urban: Bools) -> None:
    n = len(people)
    years = people.years
    tables = Choices.of([*YOUNG_SCHOOLING, *assumption("schooling_by_cohort")])
    young = np.searchsorted([5, 7, 13, 16], years, side="right") - 1
    row = np.where(years < 20, np.clip(young, 0, 3), len(YOUNG_SCHOOLING) + np.clip(years // 10 - 2, 0, 4))
    level = tables.at(row, rng.random(n))
    less = 0.12 + 0.14 * ~urban + 0.10 * (people.woman & (years >= 30))
    level = np.where(chance(rng, less, n) & (years >= 7), np.maximum(level - 2, 0), level)
    drawn = np.where(years < 5, NONE, level)
    people.education = np.where(people.corridor, people.education, drawn)


def _activity(people: Persons, rng: np.random.Generator) -> None:
    n = len(people)
    years = people.years
    student = chance(rng, by_age([0.0, 0.66, 0.48, 0.20, 0.04, 0.0], [0, 15, 18, 20, 25, 30], years), n)
    share = assumption("employed_share")
    factor = by_age([0.0, 0.75, 0.9, 1.1, 0.95, 0.5], [0, 15, 20, 30, 55, 65], years)
    employed = chance(rng, np.where(people.woman, share["native_F"], share["native_M"]) * factor, n)
    seeking = chance(rng, by_age([0.0, 0.35, 0.25, 0.1, 0.0], [0, 15, 30, 45, 65], years), n)
    home = chance(rng, np.where(people.woman, 0.8, 0.06), n)
    rest = np.where(seeking, UNEMPLOYED, np.where(home, HOME_DUTIES, INACTIVE))
    activity = np.where(student, STUDENT, np.where(employed, EMPLOYED, rest))
    people.activity = np.where(people.corridor, people.activity, np.where(years < 15, NONE, activity))
    # Students have the schooling that their studies ask for.
    studies = ~people.corridor & (people.activity == STUDENT)
    least = np.where(years < 17, 2, 3)
    tertiary = (years >= 19) & chance(rng, assumption("students_in_tertiary"), n)
    level = np.where(tertiary, 5, np.maximum(people.education, least))
    people.education = np.where(studies, level, people.education)


def work(people: Persons, urban: Bools, serves: Bools, first: Floats, second: Floats) -> None:
    """Occupation and industry of the employed from two levels in [0, 1) for each person.

    Only those who may serve (``serves``) are in the armed forces, occupation 0.
    """
    civil = [[0.0, *weights[1:]] for weights in OCCUPATIONS.values()]
    occupations = Choices.of([*civil, *OCCUPATIONS.values()])
    industries = Choices.of([[weights.get(s, 0.0) for s in SECTIONS] for weights in INDUSTRIES])
    schooled = people.education >= 3
    occupation = occupations.at(len(civil) * serves + 2 * urban + schooled, first)
    industry = industries.at(occupation, second)
    employed = people.activity == EMPLOYED
    people.occupation = np.where(employed, occupation, NONE)
    people.industry = np.where(employed, industry, NONE)


def work_of_movers(people: Persons, seed: int) -> None:
    """Occupation and industry of corridor persons, alike in the files of both countries; none is a soldier."""
    ids = people.truth_id
    urban = hashed(seed, "works in town", ids) < assumption("movers_in_town")
    serves = np.zeros(len(people), dtype=bool)
    work(people, urban, serves, hashed(seed, "occupation", ids), hashed(seed, "industry", ids))


def _stock_weights(people: Persons, home: int) -> Floats:
    weights = np.bincount(people.origin[people.origin != home], minlength=len(country_codes())).astype(np.float64)
    if not weights.sum():
        weights[:] = 1.0
        weights[home] = 0.0
    return weights


def _parents_birth(people: Persons, rng: np.random.Generator, home: int) -> None:
    """Countries of birth of the parents of stayers; drawn where the parent is not in the file."""
    n = len(people)
    weights = _stock_weights(people, home)
    abroad = pick(rng, weights, n)
    migrants = float((people.origin != home).mean())
    mother = np.where(chance(rng, assumption("native_foreign_mother") * migrants, n), abroad, home)
    mother = np.where(people.mother != NONE, people.origin[np.maximum(people.mother, 0)], mother)
    same = chance(rng, np.where(mother == home, 1.0, assumption("wife_same_origin")), n)
    father = np.where(same, mother, home)
    other = (mother == home) & chance(rng, assumption("native_foreign_father") * migrants, n)
    father = np.where(other, pick(rng, weights, n), father)
    father = np.where(people.father != NONE, people.origin[np.maximum(people.father, 0)], father)
    people.mother_birth = np.where(people.corridor, people.mother_birth, mother)
    people.father_birth = np.where(people.corridor, people.father_birth, father)


def _citizenship(people: Persons, rng: np.random.Generator, home: int) -> None:
    """Stayers are citizens if a parent was one on the day of birth; children follow parents: repeated."""
    n = len(people)
    own = ~people.corridor
    people.how[own] = BIRTH
    unknown = chance(rng, 0.30, n)  # foreign-born parents outside the file who were citizens
    registered = own & chance(rng, assumption("native_with_foreign_parents_citizen"), n)
    day = (people.born * rng.random(n)).astype(np.int64)
    day = np.where(day <= CALIBRATION, CALIBRATION + 1 + day % 300, day)
    day = np.minimum(day, people.born - 1)
    registered &= people.born > CALIBRATION + 300
    while True:
        mother = _parent_citizenship(people, people.mother, people.mother_birth, unknown, home)
        father = _parent_citizenship(people, people.father, people.father_birth, unknown, home)
        at_birth = np.where((mother == home) | (father == home), home, father)
        at_birth = np.where(own, at_birth, people.citizen_at_birth)
        if np.array_equal(at_birth, people.citizen_at_birth):
            break
        people.citizen_at_birth = at_birth
        late = registered & (at_birth != home)
        people.citizen = np.where(own, np.where(late, home, at_birth), people.citizen)
        people.how = np.where(own, np.where(late, NATURALISED, BIRTH), people.how)
        people.citizen_since = np.where(own, np.where(late, day, people.born), people.citizen_since)


def fitting_fathers(people: Persons, home: int) -> None:
    """Corridor persons are citizens by birth if a parent is: where those named are not, another man is the father.

    So is he of those born in the country who are not citizens.
    """
    nobody = np.zeros(len(people), dtype=bool)
    mother = _parent_citizenship(people, people.mother, people.mother_birth, nobody, home)
    father = _parent_citizenship(people, people.father, people.father_birth, nobody, home)
    citizen = (mother == home) | (father == home)
    wrong = people.corridor & (people.origin == home) & (citizen != (people.citizen_at_birth == home))
    people.father[wrong] = NONE


def _parent_citizenship(people: Persons, parent: Ints, birth: Ints, citizen: Bools, home: int) -> Ints:
    """Citizenship of each person's mother or father on the day of the person's birth."""
    at = np.maximum(parent, 0)
    then = np.where(people.citizen_since[at] >= people.born, people.citizen[at], people.citizen_at_birth[at])
    outside = np.where(citizen, home, birth)
    return np.where(parent != NONE, then, outside)


def make_traits(chunk: Chunk, people: Persons, urban: Bools) -> None:
    """Schooling, work, parents' birthplaces and citizenship of the residents of one chunk.

    Args:
        urban: whether each of them lives in a town.
    """
    home = chunk.place.home
    _parents_birth(people, chunk.stream("parents"), home)
    _citizenship(people, chunk.stream("citizenship"), home)
    rng = chunk.stream("schooling and work")
    _education(people, rng, urban)
    _activity(people, rng)
    n = len(people)
    movers = people.occupation, people.industry
    serves = (people.citizen_at_birth == home) & (people.citizen == home)
    work(people, urban, serves, rng.random(n), rng.random(n))
    for name, known in zip(("occupation", "industry"), movers, strict=True):
        setattr(people, name, np.where(people.corridor, known, getattr(people, name)))
