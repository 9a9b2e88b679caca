"""The fourth step: those who died since 2005, who live or lived elsewhere, who came later or were born later."""

import numpy as np

from migkit.world.draws import Floats, Ints, chance, pick, shuffled, spread
from migkit.world.households import CHILD, OTHER, RELATIVE, Homes, region_of
from migkit.world.kinship import BIRTH_SPACING
from migkit.world.lifetable import YEAR
from migkit.world.parameters import CALIBRATION, HISTORY, assumption
from migkit.world.people import (
    ABROAD,
    ARRIVED,
    BOOLEAN,
    BORN,
    BORN_LATER,
    DEAD,
    DEPARTED,
    DIED_ABROAD,
    DIED_AT_HOME,
    LATER_MOVER,
    MOVER,
    NONE,
    RETURNED,
    TRAVELLER,
    VISITOR,
    Chunk,
    Persons,
    blank,
    stack,
)
from migkit.world.traits import BIRTH

#: What a person who died does not share with the survivor.
FORGOTTEN = (
    "other", "left", "back", "reason", "family", "mother", "father", "husband", "given", "citizen_2", "remits",
    "accompanied", "refugee", "irregular", "trafficked",
)  # fmt: skip


def die_later(chunk: Chunk, people: Persons, residents: int) -> None:
    """Deaths of stayers after calibration day; those of corridor persons are known already."""
    rng = chunk.stream("later deaths")
    who = np.flatnonzero(~people.corridor[:residents])
    since = np.full(len(who), CALIBRATION)
    tables = chunk.place.mortality
    risk = tables.exposure(people.woman[who], people.born[who], since, 0)
    level = -np.log1p(-spread(rng, len(who))[shuffled(rng, len(who))])
    dies = level < risk.sum(axis=0)
    who, level = who[dies], level[dies]
    day = tables.day_at(people.woman[who], people.born[who], since[dies], risk[:, dies], level)
    people.died[who] = np.clip(day, 1, CALIBRATION - 1)


def _at_risk(chunk: Chunk, people: Persons, rng: np.random.Generator) -> tuple[Persons, Ints, Floats, Floats]:
    """Copies of natives for those who died: since when they were exposed, their hazards, and the hazard reached.

    For each survivor of a group exposed to the hazard H there were exp(H) - 1 who died. Of the oldest nobody is
    left: when the history began there were as many of each old age as on calibration day, per head.
    """
    tables, home = chunk.place.mortality, chunk.place.home
    base = np.flatnonzero(people.origin == home)
    since = np.minimum(people.born[base], HISTORY - 1)
    risk = tables.exposure(people.woman[base], people.born[base], since, CALIBRATION)
    more = assumption("deaths_since_2005").get(chunk.place.iso3, 1.0)
    number = np.floor(np.expm1(risk.sum(axis=0)) * more + rng.random(len(base))).astype(np.int64)
    window = HISTORY - CALIBRATION
    gone = base[people.born[base] > chunk.place.age_starts[-6] - window]
    gone = gone[chance(rng, chunk.place.grown * more, len(gone))]
    copy = np.repeat(np.arange(len(base)), number)
    dead = stack([people.take(base[copy]), people.take(gone)])
    dead.born[len(copy) :] += window
    since = np.concatenate([since[copy], np.full(len(gone), HISTORY - 1)])
    last = tables.exposure(people.woman[gone], people.born[gone] + window, since[len(copy) :], CALIBRATION)
    risk = np.concatenate([risk[:, copy], last], axis=1)
    total = risk.sum(axis=0)
    return dead, since, risk, -np.log1p(-rng.random(len(dead)) * -np.expm1(-total))


def the_dead(chunk: Chunk, people: Persons) -> Persons:
    """Natives who died at home between 2005 and calibration day, in the number that the survivors tell.

    Each is a copy of a survivor with another day of birth nearby and a day of death drawn from the life table.
    """
    rng = chunk.stream("deaths")
    dead, since, risk, level = _at_risk(chunk, people, rng)
    died = chunk.place.mortality.day_at(dead.woman, dead.born, since, risk, level)
    died = np.clip(died, CALIBRATION + 1, np.minimum(since, dead.born - 1))
    # A day of birth of their own, up to two months away; the age at death is kept.
    shift = np.floor((rng.random(len(dead)) * 2 - 1) * 60).astype(np.int64)
    fits = (died + shift > CALIBRATION) & (died + shift < HISTORY)
    shift = np.where(fits, shift, 0)
    dead.born, dead.died = dead.born + shift, died + shift
    dead.truth_id = chunk.truth_ids(DIED_AT_HOME, len(dead))
    dead.kind[:], dead.status[:] = DIED_AT_HOME, DEAD
    dead.moves_on[:] = 0
    for name in FORGOTTEN:
        getattr(dead, name)[:] = False if name in BOOLEAN else NONE
    # The earlier birth may lie before a move of the family: then it took place where the family lived.
    dead.birth_region = region_of(dead, np.arange(len(dead)), dead.born)
    dead.displaced &= dead.died < dead.moved
    # They never left, so they changed citizenship at home alone, and in their lives.
    early = (dead.citizen_since < dead.died) | (dead.citizen_since > dead.born)
    early |= dead.citizen != chunk.place.home
    same = early | (dead.citizen == dead.citizen_at_birth)
    dead.citizen = np.where(early, dead.citizen_at_birth, dead.citizen)
    dead.how = np.where(early, BIRTH, dead.how)
    dead.citizen_since = np.where(same, dead.born, dead.citizen_since)
    years = (dead.born - dead.died) / YEAR
    for trait in (dead.marital, dead.activity, dead.occupation, dead.industry):
        trait[years < 15] = NONE
    dead.education[years < 5] = NONE
    dead.relation[dead.relation < CHILD] = RELATIVE
    return dead


def _settle(chunk: Chunk, people: Persons, name: str, share: Floats | float, homes: Homes) -> Ints:
    """A household for each person, and a region at home; ``share`` of them are tied to the household."""
    rng = chunk.stream(name)
    n = len(people)
    home = pick(rng, np.ones(len(homes.head)), n)
    tied = chance(rng, share, n)
    people.household = np.where(tied, home, NONE)
    people.region_now = homes.region[home]
    people.relation = np.where(tied, np.where(chance(rng, 0.6, n), RELATIVE, OTHER), OTHER)
    return home


def leave_behind(chunk: Chunk, people: Persons, leavers: Persons, homes: Homes) -> None:
    """Emigrants and their households: that of the mother if she is there, else often another one."""
    known = leavers.mother != NONE
    mother = np.maximum(leavers.mother, 0)
    alone = np.where(leavers.accompanied, 0.1, assumption("emigrant_household_tie_without_mother"))
    _settle(chunk, leavers, "households left", alone, homes)
    relation = np.where(np.isin(people.relation[mother], (0, 1)), CHILD, RELATIVE)
    leavers.relation = np.where(known, relation, leavers.relation)
    leavers.household = np.where(known, people.household[mother], leavers.household)
    region = region_of(people, mother, leavers.born)
    leavers.region_now = np.where(known, region, leavers.region_now)
    leavers.birth_region = leavers.region_now.copy()
    leavers.family_left = leavers.mother.copy()


def others(chunk: Chunk, movers: Persons, homes: Homes) -> Persons:
    """Foreign-born who went home, died here, came later or only visit."""
    status = {RETURNED: DEPARTED, TRAVELLER: VISITOR, LATER_MOVER: ARRIVED, DIED_ABROAD: DEAD}
    for kind, value in status.items():
        movers.status[movers.kind == kind] = value
    tie = np.select(
        [movers.status == DEPARTED, movers.status == VISITOR],
        [assumption("departed_migrant_household_tie"), 0.0],
        1.0,
    )
    _settle(chunk, movers, "households of others", tie, homes)
    movers.birth_region[:] = NONE
    return movers


def mark_emigrants(leavers: Persons) -> None:
    """Those who left: alive on calibration day, or dead abroad."""
    leavers.status = np.where(leavers.kind == MOVER, ABROAD, DEAD)


def _birth_days(rng: np.random.Generator, number: int) -> Ints:
    return 1 + np.floor(spread(rng, number)[shuffled(rng, number)] * (CALIBRATION - 1)).astype(np.int64)


def born_later(chunk: Chunk, people: Persons) -> Persons:
    """Births since calibration day, their mothers by age among women who stay; some of the children die."""
    rng = chunk.stream("later births")
    number = int(chunk.part(chunk.place.births_later))
    child = blank(number)
    child.truth_id = chunk.truth_ids(BORN_LATER, number)
    child.kind[:], child.status[:] = BORN_LATER, BORN
    child.origin[:] = chunk.place.home
    child.born = _birth_days(rng, number)
    child.woman = ~chance(rng, chunk.place.boys, number)
    _give_mothers(chunk, people, child, rng)
    _inherit(people, child, chunk.place.home)
    tables = chunk.place.mortality
    risk = tables.exposure(child.woman, child.born, child.born, 0)
    level = -np.log1p(-spread(rng, number)[shuffled(rng, number)])
    dies = np.flatnonzero(level < risk.sum(axis=0))
    day = tables.day_at(child.woman[dies], child.born[dies], child.born[dies], risk[:, dies], level[dies])
    alive = np.flatnonzero(np.maximum(day, 0) < child.born[dies] - 1)
    child.died[dies[alive]] = np.clip(day[alive], 1, child.born[dies[alive]] - 1)
    return child


def _latest_birth(people: Persons) -> Ints:
    """Days ago of each woman's last birth so far."""
    last = np.full(len(people), 10 * CALIBRATION * 10, dtype=np.int64)
    known = people.mother != NONE
    np.minimum.at(last, people.mother[known], people.born[known])
    return last


def _give_mothers(chunk: Chunk, people: Persons, child: Persons, rng: np.random.Generator) -> None:
    here = (people.origin == chunk.place.home) | (people.back == NONE)
    stays = (people.died == NONE) & (people.kind != LATER_MOVER) & here
    last = _latest_birth(people)
    group = (people.born / YEAR / 5).astype(np.int64) - 2  # at the end of the truth
    women = np.flatnonzero(people.woman & stays & (group >= 0) & (group < len(chunk.place.age_of_mothers)))
    # Each woman's weight: the births of her age group shared by its members, more for the married.
    size = np.bincount(group[women], minlength=len(chunk.place.age_of_mothers))
    weight = (chunk.place.age_of_mothers / np.maximum(size, 1))[group[women]]
    weight = weight * np.where(np.isin(people.marital[women], (1, 2)), 1.0, 0.12)
    fertile = (people.born[women] - CALIBRATION > 14 * YEAR) & (people.born[women] < 52 * YEAR)
    weight = np.where(fertile, weight, 0.0)
    # One child each in these two years: an even sample without repetition.
    order = shuffled(rng, len(women))
    women, weight = women[order], weight[order]
    edges = np.cumsum(np.minimum(weight / weight.sum() * len(child), 0.8))
    at = np.searchsorted(edges, (np.arange(len(child)) + 0.5) / len(child) * edges[-1])
    mother = women[np.minimum(at, len(women) - 1)]
    mother = mother[shuffled(rng, len(child))]
    # Where the last birth is too close, the child comes later.
    earliest = last[mother] - BIRTH_SPACING - 1
    child.born = np.where(child.born > earliest, np.maximum(1, np.minimum(child.born, earliest)), child.born)
    child.mother = mother


def _inherit(people: Persons, child: Persons, home: int) -> None:
    mother = child.mother
    father = people.husband[mother]
    at = np.maximum(father, 0)
    conceived = child.born + 270
    alive = (father != NONE) & (people.died[at] < child.born) & people.present(home, at, conceived)
    child.father = np.where(alive, father, NONE)
    child.household = people.household[mother]
    child.relation = np.where(people.relation[mother] <= 1, CHILD, RELATIVE)
    child.region_now = region_of(people, mother, child.born)
    child.birth_region = child.region_now.copy()
    child.mother_birth = people.origin[mother]
    child.father_birth = np.where(alive, people.origin[at], people.origin[mother])
    named = np.where(alive, at, mother)
    child.culture, child.surname = people.culture[named], people.surname[named]

    def citizen(parent: Ints) -> Ints:
        then = people.citizen_since[parent] >= child.born
        return np.where(then, people.citizen[parent], people.citizen_at_birth[parent])

    of_mother = citizen(mother)
    of_father = np.where(alive, citizen(at), of_mother)
    own = np.where((of_mother == home) | (of_father == home), home, of_father)
    child.citizen_at_birth, child.citizen = own, own.copy()
    child.how[:] = BIRTH
    child.citizen_since = child.born.copy()
