"""The fourth step: those who died or left since 2014, emigrants and visitors, and everybody's residence spells."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from migkit.reference import countries
from migkit.world.draws import Bools, Floats, Ints, apportion, chance, elapsed, pick, pick_rows, shuffled, spread
from migkit.world.households import CHILD, OTHER, RELATIVE, Homes
from migkit.world.kinship import BIRTH_SPACING, by_age, near
from migkit.world.lifetable import YEAR, grouped_ages
from migkit.world.parameters import assumption, country_codes
from migkit.world.people import NONE, People, is_europe, mortality
from migkit.world.traits import BIRTH, EMPLOYED, Traits

RESIDENT, DEAD, ABROAD, VISITOR = range(4)
STATUSES = ("resident", "dead", "abroad", "visitor")
WORK, STUDY, FAMILY, PROTECTION, RETURN, OTHER_REASON = range(6)  # positions in the code list "reason"
CITIZEN, FREE, PERMIT, REFUGEE, IRREGULAR, UNRECORDED = range(6)  # positions in the code list "residence_right"


@dataclass
class Rows:
    """Everybody of a chunk, one position each; times are days ago, NONE where there is no such event."""

    status: Ints
    woman: Bools
    born: Ints
    died: Ints
    origin: Ints
    arrived: Ints
    left: Ints
    back: Ints
    abroad: Ints
    exited: Ints
    exit_to: Ints
    reason: Ints
    refugee: Bools
    mother: Ints
    father: Ints
    husband: Ints
    household: Ints
    relation: Ints
    region_now: Ints
    birth_region: Ints
    joined: Ints
    moved: Ints
    before: Ints
    marital: Ints
    education: Ints
    activity: Ints
    occupation: Ints
    industry: Ints
    mother_birth: Ints
    father_birth: Ints
    citizen_at_birth: Ints
    citizen: Ints
    how: Ints
    citizen_since: Ints
    remits: Ints

    def __len__(self) -> int:
        """How many persons there are."""
        return len(self.born)

    def take(self, which: Ints) -> "Rows":
        """Copies of some rows."""
        return Rows(**{f.name: getattr(self, f.name)[which].copy() for f in fields(self)})


def stack(parts: list[Rows]) -> Rows:
    """Rows one after the other."""
    return Rows(**{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Rows)})


def _arrival_reason(people: People, rng: np.random.Generator, refugee: Bools) -> Ints:
    """Why the foreign-born and the returnees came."""
    came = np.where(people.native, people.back, people.arrived)
    age = (people.born - came) / YEAR
    weights = np.where(
        people.woman[:, None], [0.30, 0.05, 0.55, 0.0, 0.0, 0.10], [0.64, 0.08, 0.18, 0.0, 0.0, 0.10]
    )
    weights[age < 15] = [0.0, 0.05, 0.92, 0.0, 0.0, 0.03]
    weights[people.native] = [0.12, 0.02, 0.16, 0.0, 0.66, 0.04]
    weights[people.by_descent & (age >= 15)] = [0.2, 0.05, 0.25, 0.0, 0.45, 0.05]
    reason = np.where(refugee, PROTECTION, pick_rows(rng, weights))
    return np.where(people.native & (people.back == NONE), NONE, reason)


def residents(people: People, homes: Homes, traits: Traits) -> Rows:
    """The residents of a chunk as rows."""
    n = len(people)
    none = np.full(n, NONE, dtype=np.int64)
    return Rows(
        status=np.full(n, RESIDENT, dtype=np.int64),
        woman=people.woman,
        born=people.born,
        died=none.copy(),
        origin=people.origin,
        arrived=people.arrived,
        left=people.left,
        back=people.back,
        abroad=people.abroad,
        exited=none.copy(),
        exit_to=none.copy(),
        reason=_arrival_reason(people, people.stream("reasons"), traits.refugee),
        refugee=traits.refugee,
        mother=people.mother,
        father=people.father,
        husband=people.husband,
        household=homes.household,
        relation=homes.relation,
        region_now=homes.region[homes.household],
        birth_region=homes.birth_region,
        joined=homes.joined,
        moved=homes.moved,
        before=homes.before,
        marital=np.where(people.years < 15, NONE, people.marital),
        education=traits.education,
        activity=traits.activity,
        occupation=traits.occupation,
        industry=traits.industry,
        mother_birth=traits.mother_birth,
        father_birth=traits.father_birth,
        citizen_at_birth=traits.citizen_at_birth,
        citizen=traits.citizen,
        how=traits.how,
        citizen_since=traits.citizen_since,
        remits=none.copy(),
    )


def _hazard(woman: Bools, age: Floats) -> Floats:
    tables = mortality()
    return np.where(woman, tables["F"].cumulated(age), tables["M"].cumulated(age))


def the_dead(people: People, living: Rows, window: int) -> Rows:
    """Residents who died in the last ``window`` days, in the number that the life table gives for the survivors.

    For each survivor of a group exposed to the hazard H there were exp(H) - 1 who died; each is a copy of a
    survivor with an earlier day of birth and a day of death drawn from the life table.
    """
    rng = people.stream("deaths")
    here = np.where(people.native, np.where(people.back != NONE, people.back, people.born), people.arrived)
    exposed = np.minimum(np.minimum(people.born, here), window)
    age = people.born / YEAR
    first = _hazard(people.woman, age - exposed / YEAR)
    added = _hazard(people.woman, age) - first
    number = np.floor(np.expm1(added) + rng.random(len(people))).astype(np.int64)
    who = np.repeat(np.arange(len(people)), number)
    dead = living.take(who)
    level = first[who] - np.log1p(-rng.random(len(who)) * -np.expm1(-added[who]))
    tables = mortality()
    at = np.where(people.woman[who], tables["F"].age_at(level), tables["M"].age_at(level))
    died = people.born[who] - np.floor(at * YEAR).astype(np.int64)
    dead.died = np.clip(died, 1, exposed[who])
    dead.died = np.minimum(dead.died, np.maximum(here[who] - 1, 1))
    dead.born = dead.born + 1 + (rng.random(len(who)) * 120).astype(np.int64)
    dead.status[:] = DEAD
    # The earlier birth may lie before a move of the family: then it took place where the family lived.
    then = (dead.moved > 0) & (dead.born > dead.moved) & ~((dead.joined > 0) & (dead.born > dead.joined))
    dead.birth_region = np.where(people.native[who] & then, dead.before, dead.birth_region)
    _forget_kin(dead)
    early = dead.citizen_since < dead.died  # the copied change of citizenship would come after the death
    dead.citizen = np.where(early, dead.citizen_at_birth, dead.citizen)
    dead.how = np.where(early, BIRTH, dead.how)
    dead.citizen_since = np.where(early | (dead.citizen == dead.citizen_at_birth), dead.born, dead.citizen_since)
    years = (dead.born - dead.died) / YEAR
    for trait in (dead.marital, dead.activity, dead.occupation, dead.industry):
        trait[years < 15] = NONE
    dead.education[years < 5] = NONE
    dead.relation[dead.relation < CHILD] = RELATIVE
    return dead


def _forget_kin(rows: Rows) -> None:
    for link in (rows.mother, rows.father, rows.husband):
        link[:] = NONE


def the_departed(people: People, living: Rows, window: int) -> Rows:
    """Foreign-born who came in the last ``window`` days, stayed a year or more and left again."""
    rng = people.stream("departed")
    came = np.flatnonzero(~people.native & ~people.by_descent & (people.arrived < window))
    pool = came[people.arrived[came] > 420]
    number = round(len(came) * assumption("departed_migrants")) if len(pool) else 0
    gone = living.take(pool[(rng.random(number) * len(pool)).astype(np.int64)] if number else pool[:0])
    gone.exited = 1 + (rng.random(number) * (gone.arrived - 368)).astype(np.int64)
    gone.born = gone.born + 1 + (rng.random(number) * 120).astype(np.int64)
    codes = country_codes()
    onward = np.array([codes.index(code) for code in ("ESP", "ITA", "SEN", "FRA")])
    goes_on = onward[pick(rng, [0.3, 0.3, 0.2, 0.2], number)]
    gone.exit_to = np.where(chance(rng, 0.8, number), gone.origin, goes_on)
    gone.status[:] = ABROAD
    _forget_kin(gone)
    tied = chance(rng, assumption("departed_migrant_household_tie"), number)
    gone.household = np.where(tied, gone.household, NONE)
    gone.relation = np.where(gone.relation < CHILD, RELATIVE, gone.relation)
    gone.relation = np.where(tied, gone.relation, OTHER)
    gone.citizen, gone.how = gone.citizen_at_birth.copy(), np.full(number, BIRTH, dtype=np.int64)
    gone.citizen_since = gone.born.copy()
    gone.remits = np.where(tied, chance(rng, 0.35, number).astype(np.int64), 0)
    return gone


def _blank(number: int) -> Rows:
    none = np.full(number, NONE, dtype=np.int64)
    no = np.zeros(number, dtype=bool)
    zero = np.zeros(number, dtype=np.int64)
    values: dict[str, Any] = {f.name: none.copy() for f in fields(Rows)} | {
        "woman": no.copy(),
        "refugee": no.copy(),
    }
    return Rows(**(values | {"joined": zero.copy(), "moved": zero.copy()}))


def _emigrant_mothers(people: People, rng: np.random.Generator, rows: Rows, citizen: Bools) -> None:
    """Mothers of emigrants among the women, citizens by birth, who stayed; siblings are born far enough apart."""
    pool = np.flatnonzero(people.woman & people.native & citizen & (people.years >= 30))
    pool = pool[np.argsort(people.born[pool], kind="stable")]
    wants = np.flatnonzero(
        chance(rng, by_age([0.75, 0.6, 0.4, 0.1], [0, 25, 40, 55], rows.born // 365), len(rows))
    )
    if not len(pool) or not len(wants):
        return
    for _round in range(3):
        todo = wants[rows.mother[wants] == NONE]
        mother = pool[near(rng, rows.born[todo] + int(27 * YEAR), people.born[pool])]
        gap = people.born[mother] - rows.born[todo]
        good = (gap > 15 * YEAR) & (gap < 48 * YEAR) & people.present(mother, rows.born[todo])
        rows.mother[todo[good]] = mother[good]
        children = np.flatnonzero(people.mother != NONE)
        found = np.flatnonzero(rows.mother != NONE)
        mothers = np.concatenate([people.mother[children], rows.mother[found]])
        births = np.concatenate([people.born[children], rows.born[found]])
        who = np.concatenate([np.full(len(children), NONE), found])
        order = np.lexsort((births, mothers))
        close = (mothers[order][1:] == mothers[order][:-1]) & (np.diff(births[order]) < BIRTH_SPACING)
        drop = np.concatenate([who[order][1:][close], who[order][:-1][close]])
        rows.mother[drop[drop != NONE]] = NONE


def emigrants(people: People, homes: Homes, traits: Traits, counts: Ints) -> Rows:
    """Natives who live abroad on census day, by destination; many left part of their household behind."""
    rng = people.stream("emigrants")
    number = int(counts.sum())
    rows = _blank(number)
    rows.status[:] = ABROAD
    rows.origin[:] = people.home
    rows.exit_to = np.repeat(np.arange(len(counts)), counts).astype(np.int64)
    share = assumption("emigrant_men")
    america = rows.exit_to == country_codes().index("USA")
    men = np.where(is_europe(rows.exit_to), share["europe"], np.where(america, share["america"], share["africa"]))
    rows.woman = ~chance(rng, men, number)
    rows.born = grouped_ages(spread(rng, number), assumption("emigrant_ages"))[shuffled(rng, number)]
    rows.born = np.maximum(rows.born, 400)
    rows.exited = elapsed(rng, assumption("years_since_departure_mean"), rows.born - 30)
    _emigrant_mothers(people, rng, rows, traits.citizen_at_birth == people.home)
    tied = rows.mother != NONE
    missing = max(0, round(number * assumption("emigrant_household_tie")) - int(tied.sum()))
    others = np.flatnonzero(~tied)
    tied[others[shuffled(rng, len(others))[:missing]]] = True
    native_homes = np.flatnonzero(people.native[homes.head])
    any_home = native_homes[(rng.random(number) * len(native_homes)).astype(np.int64)]
    own = np.where(rows.mother != NONE, homes.household[np.maximum(rows.mother, 0)], any_home)
    rows.household = np.where(tied, own, NONE)
    rows.region_now = homes.region[own]
    rows.birth_region = np.where(
        rows.mother != NONE, homes.region_of(np.maximum(rows.mother, 0), rows.born), homes.region[own]
    )
    rows.region_now = np.where(rows.mother != NONE, rows.birth_region, rows.region_now)
    at = np.maximum(rows.mother, 0)
    core = np.isin(homes.relation[at], (0, 1))
    rows.relation = np.where((rows.mother != NONE) & core, CHILD, np.where(tied, RELATIVE, OTHER))
    _emigrant_traits(people, rng, rows, traits)
    rows.remits = np.where(tied & (rows.born > 20 * YEAR), chance(rng, 0.62, number).astype(np.int64), 0)
    return rows


def _emigrant_traits(people: People, rng: np.random.Generator, rows: Rows, traits: Traits) -> None:
    number = len(rows)
    years = rows.born / YEAR
    at_exit = (rows.born - rows.exited) / YEAR
    weights = np.tile(np.array([0.22, 0.16, 0.22, 0.24, 0.08, 0.08]), (number, 1))
    weights[at_exit < 16] = [0.35, 0.45, 0.2, 0.0, 0.0, 0.0]
    weights[at_exit < 8] = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    level = pick_rows(rng, weights)
    rows.education = np.where(at_exit < 5, NONE, level)
    jobs = np.where(rows.woman[:, None], [0.56, 0.1, 0.08, 0.22, 0.04], [0.76, 0.12, 0.06, 0.01, 0.05])
    rows.activity = np.where(years < 15, NONE, pick_rows(rng, jobs))
    rows.occupation = np.where(
        rows.activity == EMPLOYED, pick(rng, [0, 2, 7, 7, 4, 28, 8, 16, 8, 20], number), NONE
    )
    married = chance(rng, by_age([0.0, 0.25, 0.6, 0.8], [0, 20, 28, 38], years.astype(np.int64)), number)
    rows.marital = np.where(years < 15, NONE, np.where(married, 1, 0))
    known = rows.mother != NONE
    at = np.maximum(rows.mother, 0)
    rows.mother_birth = np.where(known, people.origin[at], people.home)
    father = people.husband[at]
    fits = known & (father != NONE)
    fits &= people.born[np.maximum(father, 0)] - rows.born > 17 * YEAR
    fits &= people.present(np.maximum(father, 0), rows.born + 270)
    fits &= people.born[np.maximum(father, 0)] > rows.born + 270
    rows.father = np.where(fits, father, NONE)
    rows.father_birth = np.where(fits, people.origin[np.maximum(father, 0)], people.home)
    rows.citizen_at_birth[:] = people.home
    since = elapsed(rng, 6.0, np.maximum(rows.exited - int(6 * YEAR), 1))
    rich = is_europe(rows.exit_to) | (rows.exit_to == country_codes().index("USA"))
    changed = rich & (rows.exited > 8 * YEAR) & chance(rng, 0.35, number)
    rows.citizen = np.where(changed, rows.exit_to, people.home)
    rows.how = np.where(changed, 1, BIRTH)
    rows.citizen_since = np.where(changed, since, rows.born)


def visitors(people: People, homes: Homes) -> Rows:
    """People from abroad who are in the country on census night and do not live there."""
    rng = people.stream("visitors")
    number = round(len(people) * assumption("visitors_from_abroad"))
    rows = _blank(number)
    rows.status[:] = VISITOR
    weights = np.bincount(people.origin[~people.native], minlength=len(country_codes())).astype(np.float64)
    codes = country_codes()
    for code in ("GBR", "SEN", "SWE", "NLD"):
        weights[codes.index(code)] += max(1.0, 0.03 * weights.sum())
    weights[people.home] = 0.0
    rows.origin = np.repeat(np.arange(len(weights)), apportion(number, weights)).astype(np.int64)
    rows.born = grouped_ages(spread(rng, number), assumption("migrant_ages"))[shuffled(rng, number)] + 400
    rows.woman = chance(rng, 0.5, number)
    rows.left = 1 + (rng.random(number) ** 3 * 300).astype(np.int64)  # the day they came
    rows.household = (rng.random(number) * len(homes.head)).astype(np.int64)
    rows.relation = np.where(chance(rng, 0.6, number), RELATIVE, OTHER)
    rows.mother_birth, rows.father_birth = rows.origin.copy(), rows.origin.copy()
    rows.citizen_at_birth, rows.citizen = rows.origin.copy(), rows.origin.copy()
    rows.how[:], rows.citizen_since = BIRTH, rows.born.copy()
    rows.reason = pick(rng, [0.2, 0.05, 0.5, 0.0, 0.0, 0.25], number)
    years = rows.born // 365
    rows.marital = np.where(years < 15, NONE, chance(rng, 0.6, number) * (years >= 25))
    rows.education = pick(rng, [0.3, 0.15, 0.2, 0.2, 0.05, 0.1], number)
    rows.education = np.where(years < 5, NONE, np.where(years < 13, np.minimum(rows.education, 1), rows.education))
    rows.activity = np.where(years < 15, NONE, pick(rng, [0.6, 0.1, 0.1, 0.12, 0.08], number))
    rows.occupation = np.where(
        rows.activity == EMPLOYED, pick(rng, [0, 3, 8, 8, 4, 45, 8, 12, 5, 7], number), NONE
    )
    return rows


@dataclass
class Spells:
    """Residence spells: person, country, region (NONE abroad), start and end in days ago (end NONE: open)."""

    person: Ints
    country: Ints
    region: Ints
    start: Ints
    end: Ints
    reason: Ints
    right: Ints


def _state(rows: Rows, who: Ints, ago: Ints, home: int) -> tuple[Ints, Ints]:
    """Country and region where a person starts to live that many days ago."""
    now = rows.region_now[who]
    region = np.where((rows.moved[who] > 0) & (ago > rows.moved[who]), rows.before[who], now)
    region = np.where((rows.joined[who] > 0) & (ago > rows.joined[who]), rows.birth_region[who], region)
    native = rows.origin[who] == home
    away = native & (rows.left[who] >= ago) & (rows.back[who] < ago) & (rows.left[who] != NONE)
    country = np.where(away, rows.abroad[who], home)
    country = np.where(~native & (ago > rows.arrived[who]), rows.origin[who], country)
    gone = (rows.exited[who] != NONE) & (ago <= rows.exited[who])
    country = np.where(gone, rows.exit_to[who], country)
    return country, np.where(country == home, region, NONE)


def make_spells(rows: Rows, home: int, rng: np.random.Generator) -> Spells:
    """Cut every life at its moves; equal neighbours are joined, so spells neither overlap nor leave gaps."""
    n = len(rows)
    end = np.where(rows.died != NONE, rows.died, NONE)
    native = rows.origin == home
    came = np.where(native, rows.back, rows.arrived)
    went = np.where(native, rows.left, NONE)
    visiting = rows.status == VISITOR
    points = np.stack([rows.born, rows.joined, rows.moved, went, came, rows.exited], axis=1)
    points[:, 1:][points[:, 1:] <= np.maximum(end, 0)[:, None]] = NONE
    points[:, 1:][points[:, 1:] >= rows.born[:, None]] = NONE
    points[visiting, 1:] = NONE
    points = -np.sort(-points, axis=1)
    who = np.repeat(np.arange(n), points.shape[1])
    start = points.ravel()
    keep = start != NONE
    who, start = who[keep], start[keep]
    country, region = _state(rows, who, start, home)
    same = np.r_[False, (who[1:] == who[:-1]) & (country[1:] == country[:-1]) & (region[1:] == region[:-1])]
    who, start, country, region = who[~same], start[~same], country[~same], region[~same]
    last = np.r_[who[1:] != who[:-1], True] if len(who) else np.empty(0, bool)
    until = np.where(last, end[who], np.r_[start[1:], NONE])
    reason = _spell_reasons(rows, who, start, country, home, rng)
    right = _rights(rows, who, start, country, home, rng)
    return Spells(who, country, region, start, until, reason, right)


def _spell_reasons(rows: Rows, who: Ints, start: Ints, country: Ints, home: int, rng: np.random.Generator) -> Ints:
    first = start == rows.born[who]
    internal = pick(rng, [0.34, 0.10, 0.52, 0.0, 0.0, 0.04], len(who))
    outward = pick(rng, [0.66, 0.10, 0.17, 0.04, 0.0, 0.03], len(who))
    came = np.where(rows.origin == home, rows.back, rows.arrived)[who]
    reason = np.where(country == home, np.where(start == came, rows.reason[who], internal), outward)
    return np.where(first, NONE, reason)


def _rights(rows: Rows, who: Ints, start: Ints, country: Ints, home: int, rng: np.random.Generator) -> Ints:
    codes = country_codes()
    free = np.isin(np.arange(len(codes)), [codes.index(c) for c in FREE_MOVEMENT])
    citizen = np.where(rows.citizen_since[who] >= start, rows.citizen[who], rows.citizen_at_birth[who])
    permit = np.where(chance(rng, 0.75, len(who)), PERMIT, IRREGULAR)
    at_home = np.where(rows.refugee[who], REFUGEE, np.where(free[citizen], FREE, permit))
    elsewhere = np.where(free[country] & free[citizen], FREE, UNRECORDED)
    return np.where(citizen == country, CITIZEN, np.where(country == home, at_home, elsewhere))


#: Countries under the protocols on free movement in the years that most spells cover; those that withdrew in 2025
#: keep it. Mauritania, which left in 2000, is out.
FREE_MOVEMENT = [country.iso3 for country in countries(training_only=True) if country.iso3 != "MRT"]
