"""The persons of a chunk as equal-length arrays, and its residents on calibration day.

Time is counted in days before ``END`` ("ago"): larger is earlier, ``NONE`` is never. Countries are positions in
``country_codes()``. Everybody lives in ``origin`` from birth, from ``left`` on in ``other``, from ``back`` on in
``origin`` again; whoever crosses no border has neither day.
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from migkit.world.draws import Bools, Ints, hashed, part, spread, stream
from migkit.world.lifetable import YEAR
from migkit.world.movers import Movers
from migkit.world.parameters import CALIBRATION, Place

NONE = -1
#: Kinds of persons, digit 5 of ``truth_id`` (see movers.py).
STAYER, MOVER, RETURNED, TRAVELLER, LATER_MOVER, DIED_ABROAD, DIED_AT_HOME, BORN_LATER = range(8)
RESIDENT, DEAD, ABROAD, DEPARTED, VISITOR, BORN, ARRIVED = range(7)
STATUSES = ("resident", "dead", "abroad", "departed", "visitor", "born_later", "arrived_later")
#: Numbers that one chunk may give to its own persons of one kind.
NUMBERS_PER_CHUNK = 200_000


@dataclass(frozen=True)
class Chunk:
    """Which chunk of which world: ``number`` of ``count``."""

    place: Place
    seed: int
    number: int
    count: int

    def stream(self, name: str) -> np.random.Generator:
        """The random stream of a step of this chunk."""
        return stream(self.seed, self.place.iso3, self.number, name)

    def part(self, total: Ints | int) -> Ints:
        """The share of a total that falls to this chunk."""
        return part(total, self.number, self.count)

    def truth_ids(self, kind: int, number: int) -> Ints:
        """Identifiers of persons who never leave the country: kinds 0, 6 and 7."""
        home = 10 + self.place.home
        first = home * 10**12 + home * 10**10 + kind * 10**9 + self.number * NUMBERS_PER_CHUNK
        return first + np.arange(number, dtype=np.int64)


@dataclass
class Persons:
    """Persons of one chunk; links (mother, father, husband, family_left) are positions in these arrays."""

    truth_id: Ints
    kind: Ints
    status: Ints  # on calibration day, positions in STATUSES
    woman: Bools
    born: Ints
    died: Ints
    origin: Ints  # country of birth
    other: Ints  # the other country of the corridor; NONE for those who have none
    left: Ints
    back: Ints
    reason: Ints  # of the move to ``other``
    accompanied: Bools
    refugee: Bools
    recognised: Ints  # of those who fled: refugee since; before, or if NONE, an asylum seeker
    irregular: Bools
    trafficked: Bools
    family: Ints  # truth_id of the first of the brothers and sisters who move together; NONE for stayers
    mother: Ints
    father: Ints
    husband: Ints
    family_left: Ints  # mother at home of those abroad
    household: Ints
    relation: Ints
    region_now: Ints
    birth_region: Ints
    joined: Ints  # days ago of leaving the region of birth alone, 0: never
    moved: Ints  # days ago of the family's move between regions, 0: never
    before: Ints  # region before that move
    displaced: Bools  # that move was a flight
    moves_on: Ints  # days ago of a move between regions after calibration day, 0: none
    region_next: Ints
    marital: Ints
    education: Ints
    activity: Ints
    occupation: Ints
    industry: Ints
    culture: Ints
    language: Ints
    given: Ints
    surname: Ints
    mother_birth: Ints
    father_birth: Ints
    citizen_at_birth: Ints
    citizen: Ints
    how: Ints
    citizen_since: Ints
    citizen_2: Ints
    remits: Ints

    def __len__(self) -> int:
        """How many persons there are."""
        return len(self.born)

    def take(self, which: Ints | Bools) -> "Persons":
        """Copies of some persons."""
        return Persons(**{f.name: getattr(self, f.name)[which].copy() for f in fields(self)})

    @property
    def years(self) -> Ints:
        """Age on calibration day in years, near enough for choices; published ages are worked out from dates."""
        return ((self.born - CALIBRATION) / YEAR).astype(np.int64)

    @property
    def corridor(self) -> Bools:
        """Whether somebody has to do with two countries."""
        return np.asarray(self.other != NONE)

    def away(self, who: Ints, ago: Ints) -> Bools:
        """Whether each of ``who`` lived in the other country that many days ago."""
        return np.asarray((self.left[who] >= ago) & (self.back[who] < ago))

    def present(self, home: int, who: Ints, ago: Ints) -> Bools:
        """Whether each of ``who`` lived at home that many days ago (births and deaths are not looked at)."""
        return np.asarray(np.where(self.origin[who] == home, ~self.away(who, ago), self.away(who, ago)))


BOOLEAN = ("woman", "accompanied", "refugee", "irregular", "trafficked", "displaced")
ZERO = ("joined", "moved", "moves_on")


def blank(number: int) -> Persons:
    """Persons of whom nothing is known yet."""
    values: dict[str, Any] = {}
    for column in fields(Persons):
        if column.name in BOOLEAN:
            values[column.name] = np.zeros(number, dtype=bool)
        else:
            values[column.name] = np.full(number, 0 if column.name in ZERO else NONE, dtype=np.int64)
    return Persons(**values)


def stack(parts: list[Persons]) -> Persons:
    """Persons one after the other."""
    return Persons(**{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Persons)})


COPIED = (
    "truth_id", "kind", "woman", "born", "died", "left", "back", "reason", "accompanied", "refugee", "recognised",
    "irregular", "trafficked", "family", "culture", "given", "surname", "education", "activity", "citizen",
    "citizen_at_birth", "how", "citizen_since", "remits",
)  # fmt: skip


def from_movers(movers: Movers, seed: int) -> Persons:
    """Corridor persons as persons of a chunk; what both countries know of them comes from them alone."""
    persons = blank(len(movers.born))
    for name in COPIED:
        setattr(persons, name, np.array(getattr(movers, name)))
    persons.origin, persons.other = np.array(movers.origin), np.array(movers.dest)
    persons.citizen_2 = np.array(movers.second_citizen)
    _parents_birth(persons, seed)
    return persons


def _parents_birth(persons: Persons, seed: int) -> None:
    """Parents were born where the person was, but citizens by descent have a parent from the other country.

    Drawn for the family, so brothers and sisters agree.
    """
    descent = persons.citizen_at_birth == persons.other
    draw = hashed(seed, "parents from the other country", persons.family)
    father_only, mother_only = descent & (draw < 0.38), descent & (draw >= 0.85)
    persons.mother_birth = np.where(descent & ~father_only, persons.other, persons.origin)
    persons.father_birth = np.where(descent & ~mother_only, persons.other, persons.origin)


def _stayers_wanted(chunk: Chunk, movers: Persons) -> Ints:
    """How many stayers fill the published population: sex x five-year group.

    Where a slice holds more corridor persons than the cell has residents, a neighbouring age group gives way.
    """
    place = chunk.place
    group = np.minimum(place.age_of(movers.born) // 5, place.groups - 1)
    here = np.bincount(movers.woman * place.groups + group, minlength=2 * place.groups)
    wanted = chunk.part(place.residents) - here.reshape(2, place.groups)
    for sex, cell in zip(*np.nonzero(wanted < 0), strict=True):
        for other in np.argsort(np.abs(np.arange(place.groups) - cell), kind="stable"):
            taken = min(-wanted[sex, cell], max(wanted[sex, other], 0))
            wanted[sex, cell] += taken
            wanted[sex, other] -= taken
    return np.asarray(np.maximum(wanted, 0))


def make_residents(chunk: Chunk, corridor: Persons) -> Persons:
    """Residents on calibration day: corridor persons first, then stayers by sex and age (men, women)."""
    wanted = _stayers_wanted(chunk, corridor)
    number = int(wanted.sum())
    rng = chunk.stream("ages")
    stayers = blank(number)
    stayers.truth_id = chunk.truth_ids(STAYER, number)
    stayers.kind[:] = STAYER
    stayers.origin[:] = chunk.place.home
    stayers.woman = np.arange(number) >= wanted[0].sum()
    levels = [spread(rng, int(n)) for n in wanted.ravel()]
    cell = np.repeat(np.arange(wanted.size), wanted.ravel())
    stayers.born = chunk.place.born_at(
        cell // chunk.place.groups, cell % chunk.place.groups, np.concatenate(levels)
    )
    people = stack([corridor, stayers])
    people.status[:] = RESIDENT
    return people
