"""The fifth step: everybody's residence spells and statuses, cut from their days of moving."""

from dataclasses import dataclass, fields

import numpy as np

from migkit.reference import countries
from migkit.world.draws import Bools, Choices, Ints, hashed
from migkit.world.households import region_of
from migkit.world.kinship import SPAN
from migkit.world.lifetable import YEAR
from migkit.world.parameters import assumption, country_codes
from migkit.world.people import NONE, STAYER, Chunk, Persons

WORK, STUDY, FAMILY, PROTECTION, RETURN, OTHER_REASON = range(6)  # positions in the code list "reason"
CITIZEN, FREE, PERMIT, REFUGEE, IRREGULAR, UNRECORDED = range(6)  # positions in the code list "residence_right"
#: Positions in the code list "migration_status".
IN_REFUGE, SEEKER, DISPLACED, WORKER, STUDENT, RELATIVE, RETURNEE, TRAFFICKED, UNDOCUMENTED, STATELESS = range(10)
#: Countries under the protocols on free movement in the years that most spells cover; those that withdrew in 2025
#: keep it. Mauritania, which left in 2000, is out.
FREE_MOVEMENT = [country.iso3 for country in countries(training_only=True) if country.iso3 != "MRT"]


@dataclass
class Spells:
    """Residence spells: person (position), country, region (NONE abroad), start and end (ago; NONE: open)."""

    person: Ints
    country: Ints
    region: Ints
    start: Ints
    end: Ints
    reason: Ints
    right: Ints


def _country_at(people: Persons, who: Ints, ago: Ints) -> Ints:
    return np.where(people.away(who, ago), people.other[who], people.origin[who])


def make_spells(chunk: Chunk, people: Persons) -> Spells:
    """Cut every life at its moves; equal neighbours are joined, so spells neither overlap nor leave gaps."""
    everybody = np.arange(len(people))
    whos, days = [everybody], [people.born]
    for day in (people.joined, people.moved, people.moves_on, people.left, people.back):
        moves = np.flatnonzero((day > np.maximum(people.died, 0)) & (day < people.born))
        whos.append(moves)
        days.append(day[moves])
    who, start = np.concatenate(whos), np.concatenate(days)
    order = np.argsort(who * SPAN + (SPAN - 1 - start), kind="stable")
    who, start = who[order], start[order]
    country = _country_at(people, who, start)
    region = np.where(country == chunk.place.home, region_of(people, who, start), NONE)
    same = np.r_[False, (who[1:] == who[:-1]) & (country[1:] == country[:-1]) & (region[1:] == region[:-1])]
    same |= np.r_[False, (who[1:] == who[:-1]) & (start[1:] == start[:-1])]
    who, start, country, region = who[~same], start[~same], country[~same], region[~same]
    last = np.r_[who[1:] != who[:-1], True]
    until = np.where(last, people.died[who], np.r_[start[1:], NONE])
    reason = _reasons(people, who, start, country, chunk.seed)
    return Spells(who, country, region, start, until, reason, _rights(people, who, start, country))


def _reasons(people: Persons, who: Ints, start: Ints, country: Ints, seed: int) -> Ints:
    """Why people came to live where they do; nothing for the first spell of a life."""
    draw = hashed(seed, "reason of a move", people.truth_id[who] + start)
    weights = Choices.of([assumption("internal_reasons"), assumption("return_reasons")])
    reason = weights.at((start == people.back[who]).astype(np.int64), draw)
    reason = np.where(people.displaced[who] & (start == people.moved[who]), PROTECTION, reason)
    reason = np.where(start == people.left[who], people.reason[who], reason)
    return np.where(start == people.born[who], NONE, reason)


def _rights(people: Persons, who: Ints, start: Ints, country: Ints) -> Ints:
    """The right by which somebody lives in a country, from the first day of the spell."""
    free = np.isin(country_codes(), FREE_MOVEMENT)
    citizen = np.where(people.citizen_since[who] >= start, people.citizen[who], people.citizen_at_birth[who])
    guest = country == people.other[who]
    right = np.where(free[country] & free[citizen], FREE, PERMIT)
    right = np.where(guest & people.irregular[who], IRREGULAR, right)
    right = np.where(guest & people.refugee[who], REFUGEE, right)
    own = (citizen == country) | (people.citizen_2[who] == country)
    return np.where(own, CITIZEN, right)


@dataclass
class Statuses:
    """Statuses: person (position), country, status, start and end in days ago (end NONE: open)."""

    person: Ints
    country: Ints
    status: Ints
    start: Ints
    end: Ints


def _status(who: Ints, country: Ints, status: int, start: Ints, end: Ints) -> Statuses:
    some = start > np.maximum(end, 0)
    filled = np.full(len(who), status)
    return Statuses(who[some], country[some], filled[some], start[some], end[some])


def make_statuses(chunk: Chunk, people: Persons) -> Statuses:
    """Statuses of movers in the country they moved to, of returnees, of the displaced and of stateless persons."""
    parts = [*_of_movers(people, chunk.seed), _of_returnees(people), *_of_stayers(chunk, people)]
    whole = Statuses(**{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Statuses)})
    order = np.argsort(whole.person * SPAN + (SPAN - 1 - whole.start), kind="stable")
    return Statuses(**{f.name: getattr(whole, f.name)[order] for f in fields(Statuses)})


def _of_movers(people: Persons, seed: int) -> list[Statuses]:
    who = np.flatnonzero(people.left != NONE)
    other, start = people.other[who], people.left[who]
    end = np.where(people.back[who] != NONE, people.back[who], people.died[who])
    # A status of a foreigner ends with naturalisation.
    changes = (people.citizen[who] == other) & (people.citizen_since[who] < start)
    end = np.where(changes, np.maximum(end, people.citizen_since[who]), end)
    citizen = (people.citizen[who] == other) & ~changes
    reason, refugee = people.reason[who], people.refugee[who] & ~citizen
    recognised = np.maximum(people.recognised[who], end)
    without = people.irregular[who] & ~refugee & ~citizen
    plain = ~refugee & ~without & ~citizen
    studies = start - (hashed(seed, "studies", people.truth_id[who]) * 4 * YEAR + 300).astype(np.int64)
    found = [
        _pick(refugee, who, other, SEEKER, start, recognised),
        _pick(refugee, who, other, IN_REFUGE, recognised, end),
        _pick(without, who, other, UNDOCUMENTED, start, end),
        _pick(people.trafficked[who], who, other, TRAFFICKED, start, np.maximum(end, start - int(2 * YEAR))),
        _pick(plain & (reason == WORK), who, other, WORKER, start, end),
        _pick(plain & (reason == STUDY), who, other, STUDENT, start, np.maximum(end, np.maximum(studies, NONE))),
        _pick(plain & (reason == FAMILY), who, other, RELATIVE, start, end),
    ]
    return found


def _pick(chosen: Bools, who: Ints, country: Ints, status: int, start: Ints, end: Ints) -> Statuses:
    return _status(who[chosen], country[chosen], status, start[chosen], end[chosen])


def _of_returnees(people: Persons) -> Statuses:
    who = np.flatnonzero(people.back != NONE)
    start = people.back[who]
    end = np.maximum(people.died[who], np.maximum(start - int(assumption("returnee_years") * YEAR), NONE))
    return _status(who, people.origin[who], RETURNEE, start, end)


def _of_stayers(chunk: Chunk, people: Persons) -> list[Statuses]:
    fled = np.flatnonzero(people.displaced)
    start = np.minimum(people.moved[fled], people.born[fled])
    home = np.full(len(people), chunk.place.home)
    foreign = (people.kind == STAYER) & (people.citizen != chunk.place.home)
    without = foreign & (hashed(chunk.seed, "stateless", people.truth_id) < assumption("stateless"))
    none = np.flatnonzero(without)
    # Those who leave the country after calibration day are displaced in it until then.
    native = people.origin[fled] == chunk.place.home
    leaves = np.where(native, people.left[fled], people.back[fled])
    end = np.where((leaves != NONE) & (leaves < start), np.maximum(leaves, people.died[fled]), people.died[fled])
    return [
        _status(fled, home[fled], DISPLACED, start, end),
        _status(none, home[none], STATELESS, people.born[none], people.died[none]),
    ]
