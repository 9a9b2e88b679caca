"""How many movers each corridor has: published stocks and refugees, carried to 1 July 2024 and brought to a scale.

A corridor is a country of origin, a country of destination and a kind (``CORRIDOR_KINDS``). Stocks by origin are
those of UN DESA's matrix of 2019, brought to the level of the destination in 2024: its published stock of 2024 if
the kit holds one, else the stock of 2020 grown at the rate of 2015 to 2020, or by its refugees if they rose more.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache, partial
from typing import Any

import numpy as np

from migkit.reference import KitError, corridors, countries, dictionary, fact, refugees, vital_events
from migkit.reference.tables import COUNTRY_NOT_STATED
from migkit.world.arrivals import ANCHORS, Cohorts, cohorts, fit_error, periods_by_age
from migkit.world.draws import Bools, Floats, Ints, apportion
from migkit.world.parameters import END, EUROPE, country_codes, population

STAYS, MOVED, RETURNED, TRAVELS, NEWCOMER, DIED_ABROAD, DIED_HOME, BORN_LATER = range(8)
#: Kinds 1 to 5 have to do with two countries and are made here; the others belong to one country.
CORRIDOR_KINDS = (MOVED, RETURNED, TRAVELS, NEWCOMER, DIED_ABROAD)
NORTH = ("LBY", "DZA", "MAR")
#: Movers come in groups of three, so that brothers and sisters stand beside one another.
GROUP = 3


@cache
def mobility(name: str) -> Any:
    """The value of one parameter of datasets/dictionary/mobility.yml."""
    return dictionary("mobility").value(name)


@cache
def made() -> tuple[str, ...]:
    """The sixteen countries whose world the kit makes."""
    return tuple(one.iso3 for one in countries(training_only=True))


def position(iso3: str) -> int:
    """The position of a country in the code list."""
    return country_codes().index(iso3)


@cache
def neighbours() -> Bools:
    """Whether two countries share a land border, by position in the code list."""
    known = {one.iso3: one.neighbours for one in countries()}
    near = np.array([[b in known.get(a, ()) for b in country_codes()] for a in country_codes()])
    return np.asarray(near | near.T)


def continent(iso3: str) -> str:
    """Where a country lies, as far as the assumptions tell countries apart: africa, europe or america."""
    return "europe" if iso3 in EUROPE else "america" if iso3 == "USA" else "africa"


# --- published stocks


def _published(iso3: str, indicator: str, year: int, sex: str | None = None) -> float | None:
    try:
        return fact(iso3, indicator, year, sex).value
    except KitError:
        return None


def _hosted(iso3: str, year: int, column: str) -> dict[str, float]:
    rows = refugees(asylum=iso3)
    rows = rows[rows["year"] == year]
    return dict(zip(rows["coo"], rows[column].astype("float64"), strict=True))


@cache
def refugees_hosted(iso3: str, year: int) -> dict[str, float]:
    """Refugees in a country in the middle of a year by origin; years without a figure have none."""
    return _hosted(iso3, year, "refugees")


@cache
def asylum_seekers(iso3: str, year: int) -> dict[str, float]:
    """Persons who wait for a decision on asylum in a country in the middle of a year, by origin."""
    return _hosted(iso3, year, "asylum_seekers")


def protected(iso3: str, year: int) -> dict[str, float]:
    """Those who fled to a country: refugees and asylum seekers in the middle of a year, by origin."""
    waiting = asylum_seekers(iso3, year)
    return {origin: number + waiting[origin] for origin, number in refugees_hosted(iso3, year).items()}


@cache
def waiting_share() -> Floats:
    """Asylum seekers as a share of those who fled, on the calibration day: origins x destinations."""
    codes, year = country_codes(), ANCHORS[-1].year
    share = np.zeros((len(codes), len(codes)))
    for d, iso3 in enumerate(codes):
        waiting = _shared_out(asylum_seekers(iso3, year), 0.0, {})
        share[:, d] = waiting / np.maximum(_shared_out(protected(iso3, year), 0.0, {}), 1.0)
    return share


@cache
def migrant_stock(iso3: str, year: int) -> float:
    """The stock of migrants in a year: published, between published years, or carried on from the last.

    Carried on, it grows at the rate of the years before, or by the rise of refugees if they outgrow that.
    """
    published = _published(iso3, "migrant_stock", year)
    if published is not None:
        return published
    base, before = int(mobility("stock_year")), int(mobility("stock_growth_from"))
    last = fact(iso3, "migrant_stock", base).value
    if year > base:
        growth = last / fact(iso3, "migrant_stock", before).value
        rise = sum(refugees_hosted(iso3, year).values()) - sum(refugees_hosted(iso3, base).values())
        return float(max(last * growth ** ((year - base) / (base - before)), last + rise))
    known = [
        (one, value)
        for one in (1990, 2000, 2005, 2010, 2015, base)
        if (value := _published(iso3, "migrant_stock", one))
    ]
    return float(np.interp(year, [one for one, _value in known], [value for _one, value in known]))


def _latest(destination: str | None = None, origin: str | None = None) -> dict[str, float]:
    """Published stocks of one destination by origin, or of one origin by destination: the latest year of each."""
    rows = corridors(destination, origin).sort_values("year", kind="stable")
    other = "origin" if destination else "destination"
    return {row[other]: float(row["value"]) for row in rows.to_dict("records") if row[other] in country_codes()}


def _shared_out(known: dict[str, float], rest: float, others: dict[str, float]) -> Floats:
    """Known values by country, and what is left shared among others (those the code list does not have aside)."""
    weights = dict.fromkeys(country_codes(), 0.0) | known
    others = {code: share for code, share in others.items() if code in weights}
    for code, share in others.items():
        weights[code] += max(rest, 0.0) * share / sum(others.values())
    return np.array(list(weights.values()))


@dataclass(frozen=True)
class Stocks:
    """Published figures carried to 1 July 2024: persons, origins x destinations by position in the code list."""

    all: Floats
    refugees: Floats  # those who fled: refugees and asylum seekers


def _with_refugees(weights: Floats, hosted: Floats, total: float, then: Floats) -> Floats:
    """Stocks by origin that add up to ``total`` and hold the refugees of today.

    ``weights`` is the older matrix. If refugees rose since, they come on top of the movers that it shows without
    the refugees of ``then``; if not, all origins grow alike, but for those with more refugees than movers.
    """
    least = hosted / mobility("most_refugees")
    if hosted.sum() > then.sum():
        weights = np.maximum(weights - then, mobility("least_other_share") * weights)
        return np.asarray(hosted + weights * (total - hosted.sum()) / weights.sum())
    short = np.zeros(len(weights), dtype=bool)
    while True:
        rest = weights * ~short
        found = np.where(short, least, rest * (total - least[short].sum()) / rest.sum())
        if not (found < least).any():
            return np.asarray(found)
        short |= found < least


@cache
def stocks() -> Stocks:
    """The matrix of movers alive abroad on the calibration day; one of both countries is one of the sixteen."""
    codes = country_codes()
    n, year = len(codes), ANCHORS[-1].year
    everybody, fled = np.zeros((n, n)), np.zeros((n, n))
    inside = np.isin(codes, made())
    for o in np.flatnonzero(inside):
        everybody[o] = _shared_out(_latest(origin=codes[o]), 0.0, {})
    for d, iso3 in enumerate(codes):
        hosted = _shared_out(protected(iso3, year), 0.0, {})
        hosted[d] = 0.0
        if inside[d]:
            base = int(mobility("stock_year"))
            others, known = mobility("other_origins"), _latest(destination=iso3)
            rest = fact(iso3, "migrant_stock", base).value - sum(known.values())
            weights = _shared_out(known, rest, others.get(iso3, others["other"]))
            total = migrant_stock(iso3, year)
            hosted *= min(1.0, mobility("most_refugees") * total / max(hosted.sum(), 1.0))
            everybody[:, d] = _with_refugees(weights, hosted, total, _shared_out(protected(iso3, base), 0.0, {}))
        fled[:, d] = np.minimum(hosted, everybody[:, d])
    return Stocks(everybody, fled)


# --- the history of each stock


def _series(stock_of: Callable[[int], float]) -> Floats:
    """A stock at the five anchors from a function of the year; 1 January 2005 lies between 2004 and 2005."""
    values = [(stock_of(2004) + stock_of(2005)) / 2] + [stock_of(day.year) for day in ANCHORS[1:]]
    return np.maximum(np.array(values, dtype=np.float64), 1e-9)


def _history(values: Floats, yearly_return: float) -> Cohorts:
    return cohorts(
        values, yearly_return, mobility("yearly_death"), mobility("least_arrivals"), mobility("leaves_soon")
    )


def _refugee_series(origin: str, dest: str, now: float) -> Floats:
    """Those who fled, of a corridor, at the anchors, brought to the number of today."""
    series = _series(lambda year: protected(dest, max(year, 2005)).get(origin, 0.0))
    return np.maximum(series * now / series[-1], 1e-9) if now > 0 else series


#: In place of an origin: all movers into a destination who are not refugees.
OTHERS = -1


def others_of(origin: Any) -> Any:
    """In place of an origin: its movers who are not refugees, where they have a history of their own."""
    return -2 - origin


@cache
def histories() -> dict[tuple[int, int], Cohorts]:
    """What is behind the stock of 2024: by destination, and origin of refugees, ``others_of`` one or OTHERS."""
    found = {}
    growth, yearly_return = mobility("outside_stock_growth"), mobility("yearly_return")
    codes, matrix, former = country_codes(), stocks(), mobility("former_refugee_origins")
    for d, dest in enumerate(codes):
        total = matrix.all[:, d].sum()
        if not total:
            continue
        for origin in [] if dest in made() else [code for code in growth if code in codes]:
            at = position(origin)
            number = matrix.all[at, d] - matrix.refugees[at, d]
            if number > 0:
                total -= number
                found[d, others_of(at)] = _history(number * _growing(growth[origin]), yearly_return["outside"])
        if total < 1:
            continue
        every = _series(partial(migrant_stock, dest)) if dest in made() else total * _growing(growth["other"])
        fled = np.array([_refugee_series(origin, dest, matrix.refugees[o, d]) for o, origin in enumerate(codes)])
        rest = np.maximum(every - fled.sum(axis=0), mobility("least_other_share") * every)
        rest[-1] = total - matrix.refugees[:, d].sum()
        if dest in former:
            # Where a stock fell after wars nearby, those by whom it fell were refugees who went home.
            freed = np.maximum(rest - rest[-1], 0.0)
            fled += _shared_out({}, 1.0, former[dest])[:, None] * freed
            rest -= freed
        for o in np.flatnonzero(fled.max(axis=1) > 1):
            found[d, int(o)] = _history(fled[o], yearly_return["refugees"])
        usual = yearly_return["region" if dest in made() else "outside"]
        found[d, OTHERS] = _history(rest, yearly_return.get(dest, usual))
    return found


def _growing(yearly: float) -> Floats:
    """A stock at the anchors that grows by a share each year, to one at the last."""
    return _series(lambda year: (1 + yearly) ** (year - ANCHORS[-1].year))


@dataclass(frozen=True)
class Profiles:
    """How movers came, as tables of weights, by profile: a destination's refugees of one origin, or its others."""

    number: dict[tuple[int, int], int]  # keys of ``histories`` -> profile
    shapes: tuple[str, ...]  # profile -> name of its age shape
    arrivals: Floats  # profiles x 17 age groups x 8 periods of arrival: kind 1
    returns: (
        Floats  # profiles x (5 periods of arrival x 5 of return): kind 2; the first return period is before 2005
    )
    deaths: Floats  # profiles x (5 periods of arrival x 5 of death): kind 5
    error: dict[
        tuple[int, int], float
    ]  # by key of ``number``: largest difference of the share come by an anchor day

    def of(self, dest: Ints, origin: Ints) -> Ints:
        """The profile of each destination and origin (as in ``histories``); of its OTHERS if it has none such."""
        pairs = zip(dest.tolist(), origin.tolist(), strict=True)
        # Travellers out of the region have no profile of their own and draw nothing from it.
        return np.array(
            [self.number.get((d, o), self.number.get((d, OTHERS), 0)) for d, o in pairs], dtype=np.int64
        )


def _shapes_of(iso3: str, refugee: bool) -> tuple[str, ...]:
    """Names of age shapes of movers alive in a destination, the likeliest first."""
    if refugee:
        return "refugee", "migrant", "settled"
    if iso3 not in made():
        return ("outside",)
    return ("settled",) if iso3 in mobility("settled_destinations") else ("migrant",)


#: An age shape fits the periods of arrival if the shares come by an anchor day are right to this.
FITS = 0.05


@cache
def profiles() -> Profiles:
    """The tables from which days of arrival, return and death are drawn."""
    number: dict[tuple[int, int], int] = {}
    arrivals, returns, deaths, shapes = [], [], [], []
    error: dict[tuple[int, int], float] = {}
    for key, history in histories().items():
        iso3, refugee = country_codes()[key[0]], key[1] >= 0
        number[key] = len(number)
        moved = np.array(mobility("age_at_move_refugees") if refugee else mobility("age_shapes")["moved"])
        before = np.array(mobility("before_2005"), dtype=np.float64)
        lately = 0.5 if refugee else mobility("came_lately")
        came = np.concatenate(
            [
                history.present[0] * before / before.sum(),
                history.present[1:4],
                history.present[4] * np.array([1 - lately, lately]),
            ]
        )
        # Refugees of long ago have grown older than those of today: the first shape that fits, or the last.
        for shape in _shapes_of(iso3, refugee):
            ages = np.array(mobility("age_shapes")[shape], dtype=np.float64)
            cells = periods_by_age(ages, came, moved.astype(np.float64))
            error[key] = fit_error(cells, came)
            if error[key] < FITS:
                break
        shapes.append(shape)
        arrivals.append(cells)
        back = history.returned.copy()
        back[0, 0] = mobility("back_before_2005") * back.sum()
        returns.append(back.ravel())
        deaths.append(history.died.ravel())
    return Profiles(number, tuple(shapes), np.array(arrivals), np.array(returns), np.array(deaths), error)


# --- counts at a scale


@dataclass(frozen=True)
class Corridors:
    """Corridors with movers at one scale, as equal-length arrays; countries are positions in country_codes()."""

    origin: Ints
    dest: Ints
    kind: Ints
    count: Ints  # persons
    refugees: Ints  # groups of three among them, spread evenly
    first: Ints  # groups, other than of refugees, of the corridors before it
    first_refugees: Ints  # groups of refugees of the corridors before it
    waiting: Floats  # asylum seekers as a share of the refugees
    first_waiting: Floats  # groups of asylum seekers (not whole) of the corridors before it
    profile: Ints  # of the others
    profile_refugees: Ints  # of the refugees

    def take(self, which: Any) -> "Corridors":
        """Some of the corridors."""
        return Corridors(**{f.name: getattr(self, f.name)[which] for f in fields(self)})


def _no_longer_there(kind: int) -> tuple[Floats, Floats]:
    """Kinds 2 (returned) and 5 (died abroad) at full scale: all, and refugees; origins x destinations."""
    matrix = stocks()
    others = matrix.all - matrix.refugees
    everybody, fled = np.zeros_like(others), np.zeros_like(others)
    apart = np.zeros_like(others, dtype=bool)  # corridors with a history of their own
    for d, o in histories():
        if o < OTHERS:
            apart[others_of(o), d] = True
    for (d, o), history in histories().items():
        number = history.died.sum()
        if kind == RETURNED:
            number = history.returned.sum() * (1 + mobility("back_before_2005"))
        if o == OTHERS:
            together = np.where(apart[:, d], 0.0, others[:, d])
            everybody[:, d] += together / together.sum() * number
        elif o < OTHERS:
            everybody[others_of(o), d] += number
        else:
            everybody[o, d] += number
            fled[o, d] += number
    return everybody, fled


def _travellers() -> Floats:
    """Kind 3 at full scale: residents of the sixteen by the country they travel to, and visitors from outside."""
    matrix = stocks().all
    gravity = mobility("traveller_gravity")
    codes = country_codes()
    both = matrix + matrix.T
    inside = np.isin(codes, made())
    near = neighbours()
    pull = both ** gravity["power"] * np.where(near, gravity["neighbour"], 1.0)
    pull += np.where(near, gravity["neighbour_base"], gravity["base"])
    pull *= np.where(inside[:, None] & inside[None, :], 1.0, gravity["outside"])
    stated = np.array(codes) != COUNTRY_NOT_STATED
    pull *= (inside[:, None] & stated[None, :]) | (stated[:, None] & inside[None, :])
    np.fill_diagonal(pull, 0.0)
    people = np.array([float(population(code)) if code in made() else 0.0 for code in codes])
    # Few can travel to a small country: its pull grows with its people and its migrants.
    pull *= np.where(inside, np.minimum(1.0, people / 2e6), 1.0)[None, :]
    out = np.zeros_like(pull)
    out[inside] = pull[inside] / pull[inside].sum(axis=1, keepdims=True)
    share = mobility("travellers")
    out *= (people * [share.get(code, share["other"]) for code in codes])[:, None]
    visits = np.where(inside[:, None], 0.0, pull) * inside[None, :]
    sums = visits.sum(axis=0)
    visits = visits / np.where(sums > 0, sums, 1.0) * people * mobility("visitors_from_outside")
    return np.asarray(np.round(out + visits, 6))


def goes_home() -> Floats:
    """Share of a stock (not refugees) that goes home after the calibration day, by destination."""
    share = mobility("goes_home")
    return np.array([share["region" if code in made() else "outside"] for code in country_codes()])


def _newcomers() -> tuple[Floats, Floats]:
    """Kind 4 at full scale: all, refugees.

    Shares of the stocks; to countries outside the sixteen so many more that net migration in the two years is the
    published one, up to ``most_newcomers_outside``.
    """
    matrix, codes = stocks(), country_codes()
    share = mobility("newcomers")
    inside = np.isin(codes, made())
    others = matrix.all - matrix.refugees
    come = others * np.where(inside, share["region"], share["outside"])[None, :]
    fleeing = matrix.refugees * share["refugees"]
    home = others * goes_home()[None, :] + matrix.refugees * mobility("goes_home")["refugees"]
    net = (come + fleeing - home).sum(axis=0) - (come + fleeing - home).sum(axis=1)
    outside = (others * ~inside[None, :]).sum(axis=1)
    for o in np.flatnonzero(inside):
        more = min(net[o] - _net_migration(codes[o]), share["most_outside"] * outside[o])
        come[o] += np.where(inside, 0.0, others[o]) * max(more, 0.0) / outside[o]
    return come + fleeing, fleeing


def _net_migration(iso3: str) -> float:
    """Published net migration of the two years from the calibration day: halves of the first and the last."""
    years = vital_events(iso3).set_index("year")["net_migration"]
    first, last = ANCHORS[-1].year, END.year
    return float(years[first] / 2 + years[first + 1 : last - 1].sum() + years[last] / 2)


@cache
def _full_scale() -> dict[int, tuple[Floats, Floats]]:
    matrix = stocks()
    counts = (
        (matrix.all, matrix.refugees),
        _no_longer_there(RETURNED),
        (_travellers(), np.zeros_like(matrix.all)),
        _newcomers(),
        _no_longer_there(DIED_ABROAD),
    )
    return dict(zip(CORRIDOR_KINDS, counts, strict=True))


def _apportioned(values: Floats, scale: float, kind: int) -> Ints:
    """Whole numbers by corridor whose totals tie: by destination among the sixteen, by origin for the others.

    Travellers tie by origin, and visitors from outside by destination.
    """
    codes = country_codes()
    inside = np.isin(codes, made())
    whole = np.zeros(values.shape, dtype=np.int64)
    table, result = (values.T, whole.T) if kind == TRAVELS else (values, whole)
    for c in np.flatnonzero(inside):
        if table[:, c].sum() > 0:
            result[:, c] = apportion(round(table[:, c].sum() * scale), table[:, c])
    for c in np.flatnonzero(inside):
        rest = np.where(inside, 0.0, table[c])
        if rest.sum() > 0:
            result[c] += apportion(round(rest.sum() * scale), rest)
    return whole


def _before(number: Any) -> Any:
    return np.asarray(np.cumsum(number) - number)


@cache
def corridors_at(scale: float) -> Corridors:
    """All corridors with at least one mover at a scale (share of the real population)."""
    tables = profiles()
    parts = []
    for kind, (everybody, fled) in _full_scale().items():
        count = _apportioned(everybody, scale, kind)
        groups = -(-count // GROUP)
        chosen = np.zeros_like(count)
        for d in np.flatnonzero(fled.sum(axis=0) > 0):
            number = round(fled[:, d].sum() * scale / GROUP)
            chosen[:, d] = np.minimum(apportion(number, fled[:, d]), groups[:, d])
        origin, dest = np.nonzero(count)
        order = np.lexsort((dest, origin) if kind in (RETURNED, TRAVELS) else (origin, dest))
        origin, dest = origin[order], dest[order]
        waiting = waiting_share()[origin, dest] * (kind in (MOVED, NEWCOMER))
        parts.append(
            Corridors(
                origin=origin,
                dest=dest,
                kind=np.full(len(origin), kind),
                count=count[origin, dest],
                refugees=chosen[origin, dest],
                first=_before(groups[origin, dest] - chosen[origin, dest]),
                first_refugees=_before(chosen[origin, dest]),
                waiting=waiting,
                first_waiting=_before(chosen[origin, dest] * waiting),
                profile=tables.of(dest, others_of(origin)),
                profile_refugees=tables.of(dest, origin),
            )
        )
    return Corridors(
        **{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Corridors)}
    )
