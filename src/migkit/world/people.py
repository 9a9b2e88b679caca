"""The first step of a chunk: who lives in the country on census day, their sex, age, origin and coming.

Time is counted in days before census day ("ago"): a person aged 20 was born about 7,305 days ago. Countries are
positions in ``country_codes()``.
"""

from dataclasses import dataclass, field

import numpy as np

from migkit.world.draws import Bools, Ints, chance, elapsed, pick, shuffled, spread, stream
from migkit.world.lifetable import YEAR, Births, Mortality, births_for, grouped_ages, population_ages
from migkit.world.parameters import EUROPE, Targets, assumption, country_codes

NONE = -1


@dataclass
class People:
    """One chunk of residents as equal-length arrays, and what is known of them after each step."""

    seed: int
    iso3: str
    chunk: int
    home: int
    woman: Bools
    born: Ints  # days ago
    origin: Ints  # country of birth
    arrived: Ints  # foreign-born: days ago of the arrival; natives NONE
    by_descent: Bools  # foreign-born citizens of the country by descent
    left: Ints  # returnees: days ago they left; others NONE
    back: Ints  # returnees: days ago they came back; others NONE
    abroad: Ints  # returnees: where they lived; others NONE
    mother: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    father: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    husband: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    marital: Ints = field(default_factory=lambda: np.empty(0, np.int64))

    def __len__(self) -> int:
        """How many residents there are."""
        return len(self.born)

    @property
    def native(self) -> Bools:
        """Born in the country."""
        return np.asarray(self.origin == self.home)

    @property
    def years(self) -> Ints:
        """Age in years, near enough for choices; published ages are worked out from dates."""
        return (self.born / YEAR).astype(np.int64)

    def stream(self, name: str) -> np.random.Generator:
        """The random stream of a step of this chunk."""
        return stream(self.seed, self.iso3, self.chunk, name)

    def present(self, person: Ints, ago: Ints) -> Bools:
        """Whether each resident lived in the country that many days ago (births are not looked at)."""
        here = np.where(self.native[person], True, self.arrived[person] >= ago)
        away = (self.left[person] >= ago) & (self.back[person] < ago) & (self.left[person] != NONE)
        return np.asarray(here & ~away)


def mortality() -> dict[str, Mortality]:
    """The life tables of men and women."""
    return {sex: Mortality(**values) for sex, values in assumption("mortality").items()}


def _native_ages(rng: np.random.Generator, men: int, women: int, births: Births) -> Ints:
    tables = mortality()
    return np.concatenate(
        [
            population_ages(spread(rng, men), tables["M"], births),
            population_ages(spread(rng, women), tables["F"], births),
        ]
    )


def native_births(target: Targets) -> Births:
    """The growth of births that gives natives the share under 15 that the whole population needs."""
    ages = np.asarray(assumption("migrant_ages"), dtype=np.float64)
    young_migrants = target.foreign_born * ages[:3].sum() / ages.sum()
    natives = target.residents - target.foreign_born
    share = (target.share_under_15 * target.residents - young_migrants) / natives
    tables = mortality()
    return births_for(share, assumption("recent_growth_of_births"), tables["M"], tables["F"])


def _migrant_ages(rng: np.random.Generator, counts: Ints) -> tuple[Ints, Ints, Bools]:
    """Origins, ages and sexes of the foreign-born: ages spread evenly within each sex, then mixed over origins."""
    origins, ages, women = [], [], []
    for sex in (0, 1):
        origin = np.repeat(np.arange(len(counts)), counts[:, sex]).astype(np.int64)
        age = grouped_ages(spread(rng, len(origin)), assumption("migrant_ages"))
        origins.append(origin)
        ages.append(age[shuffled(rng, len(age))])
        women.append(np.full(len(origin), bool(sex)))
    return np.concatenate(origins), np.concatenate(ages), np.concatenate(women)


def _returnees(people: People) -> None:
    """Natives who lived abroad for more than a year and came back, children left out."""
    rng = people.stream("returnees")
    share = np.where(people.woman, assumption("returnee_share")["F"], assumption("returnee_share")["M"])
    chosen = people.native & (people.years >= 20) & (people.years < 75) & chance(rng, share, len(people))
    who = np.flatnonzero(chosen)
    since_16 = people.born[who] - int(16 * YEAR)
    back = elapsed(rng, 7.0, since_16 - 450)
    stay = 400 + (rng.random(len(who)) ** 2 * np.minimum(since_16 - back - 400, 20 * YEAR)).astype(np.int64)
    codes = country_codes()
    weights = assumption("return_countries")
    where = np.array([codes.index(code) for code in weights])
    people.abroad[who] = where[pick(rng, list(weights.values()), len(who))]
    people.back[who], people.left[who] = back, back + stay


def make_people(seed: int, target: Targets, chunk: int, residents: int, migrants: Ints) -> People:
    """Draw the residents of one chunk: natives first (men, women), then the foreign-born by sex and origin."""
    rng = stream(seed, target.iso3, chunk, "ages")
    natives = residents - int(migrants.sum())
    women = round(
        natives * assumption("women_per_100_native_men") / (100 + assumption("women_per_100_native_men"))
    )
    origin, migrant_born, migrant_woman = _migrant_ages(rng, migrants)
    home = country_codes().index(target.iso3)
    born = np.concatenate([_native_ages(rng, natives - women, women, native_births(target)), migrant_born])
    n = len(born)
    people = People(
        seed=seed,
        iso3=target.iso3,
        chunk=chunk,
        home=home,
        woman=np.concatenate([np.arange(natives) >= natives - women, migrant_woman]),
        born=born,
        origin=np.concatenate([np.full(natives, home), origin]).astype(np.int64),
        arrived=np.full(n, NONE, dtype=np.int64),
        by_descent=np.zeros(n, dtype=bool),
        left=np.full(n, NONE, dtype=np.int64),
        back=np.full(n, NONE, dtype=np.int64),
        abroad=np.full(n, NONE, dtype=np.int64),
    )
    foreign = ~people.native
    rng = people.stream("arrivals")
    limit = np.maximum(people.born[foreign] - 20, 1)
    people.arrived[foreign] = elapsed(rng, assumption("years_since_arrival_mean"), limit)
    people.by_descent[foreign] = chance(rng, assumption("gambian_born_abroad"), int(foreign.sum()))
    _returnees(people)
    return people


def is_europe(country: Ints) -> Bools:
    """Whether a country is in Europe (of those the kit knows)."""
    codes = country_codes()
    return np.isin(country, [codes.index(code) for code in EUROPE if code in codes])
