"""Trips and border crossings since 1 January 2023: a function of the movers alone, so both countries see the same.

A trip goes from the country where the person lives to one other country and back; a move or a return goes one way.
Time is in whole days before 1 July 2026 ("ago") and minutes of the day. A passage has one minute for both
countries: who leaves the one enters the other at that minute, also by air. Third countries on the way are not
modelled.

Citizens of the fifteen countries of ECOWAS move freely among them. Mauritania left in 2000. Burkina Faso, Mali and
Niger withdrew with effect of 29 January 2025, and ECOWAS goes on recognising their citizens' documents and free
movement until further notice, so documents and rights do not change here on that day.
"""

from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from typing import Any

import numpy as np

from migkit.reference import codelist, posts
from migkit.world.arrivals import YEAR
from migkit.world.draws import Bools, Choices, Floats, Ints, hashed
from migkit.world.movers import NONE, Movers
from migkit.world.parameters import CALIBRATION, END, ago, country_codes
from migkit.world.targets import (
    DIED_ABROAD,
    MOVED,
    NEWCOMER,
    RETURNED,
    TRAVELS,
    made,
    mobility,
    neighbours,
    position,
)

#: Trips and crossings are kept from this day on.
TRAVEL_FROM = date(2023, 1, 1)
WINDOW = ago(TRAVEL_FROM)
#: Positions in the code list "trip_kind".
MOVE, RETURN, HOME_VISIT, VISIT, TRADE, COMMUTE, SEASON, HERDING, COURSE, CARE, PILGRIMAGE = range(11)
AIR, LAND, SEA = range(3)  # positions in the code list "travel_mode"
REFUGEE_DOCUMENT = 4  # position in the code list "document"
ENTRY, EXIT = range(2)  # positions in the code list "direction"
#: Numbers of moves and returns among the trips of a person; other trips are numbered from 0.
MOVE_NUMBER, RETURN_NUMBER = 900, 901
#: Of a person who lives on, the last trip may end this many days after the end; then it is still open.
BEYOND = 30
_DAY_SECONDS = 86_400


@dataclass
class Trips:
    """Trips as equal-length arrays, by person and day; codes are positions in their code lists, NONE = -1."""

    trip_id: Ints  # truth_id x 1000 + number of the trip
    truth_id: Ints
    person_row: Ints  # row of the movers
    kind: Ints
    origin: Ints  # where the trip starts: the person lives there
    dest: Ints
    out_ago: Ints
    back_ago: Ints  # NONE: a move, or not back by the end
    minute_out: Ints  # of the day
    minute_back: Ints
    purpose: Ints
    mode: Ints
    post_origin: Ints  # position in posts(); NONE outside the sixteen
    post_dest: Ints
    document: Ints
    issuing: Ints  # country
    official_out: Bools  # took the road past the post
    official_back: Bools

    def __len__(self) -> int:
        """How many trips there are."""
        return len(self.trip_id)

    def take(self, which: Any) -> "Trips":
        """Some of the trips."""
        return Trips(**{f.name: getattr(self, f.name)[which] for f in fields(self)})


@dataclass
class Crossings:
    """Border events of one country as equal-length arrays, in the order of trips; codes as in ``Trips``."""

    trip_id: Ints
    truth_id: Ints
    person_row: Ints
    time: Ints  # seconds since 1970-01-01; .view("datetime64[s]")
    post: Ints
    direction: Ints
    other_country: Ints
    mode: Ints
    purpose: Ints
    document: Ints
    issuing: Ints
    formal: Bools

    def __len__(self) -> int:
        """How many crossings there are."""
        return len(self.trip_id)


# --- tables, made once


def _kinds() -> list[str]:
    return [str(code) for code in codelist("trip_kind")["code"]]


@dataclass(frozen=True)
class _Tables:
    kinds: Choices  # 8 groups of travellers (near or far x child, man, woman, old) -> kind less VISIT
    fewest: Ints  # by kind of trip
    most: Ints
    shortest: Ints
    longest: Ints
    power: Floats
    purposes: Choices  # kind of trip (and one row for visitors from outside) -> purpose
    documents: Choices
    road: Floats  # kind of trip -> share on the road past the post, by land
    land: Choices  # pair of neighbours -> pair of posts
    land_row: Ints  # origins x destinations -> row of ``land``; NONE if there is no post
    land_posts: tuple[Ints, Ints]  # row, choice -> post of the origin, of the destination
    air: Choices  # country -> airport
    air_posts: Ints
    sea: Choices
    sea_posts: Ints  # NONE: no port
    has_sea: Bools
    festive: Bools  # days ago
    near: Bools
    inside: Bools
    free: Bools  # citizens of the country move freely in the others of the region


def _land() -> tuple[Choices, Ints, tuple[Ints, Ints]]:
    """Posts that face each other, by pair of countries; the same weights in both directions."""
    every = posts()
    number = {code: at for at, code in enumerate(every["code"])}
    pairs: dict[tuple[int, int], list[tuple[int, int, float]]] = {}
    land = every[every["kind"] == "land"]
    columns = (land[name] for name in ("code", "iso3", "neighbour", "faces", "weight"))
    for code, iso3, neighbour, faces, weight in zip(*columns, strict=True):
        a, b = position(iso3), position(neighbour)
        pairs.setdefault((a, b), []).append((number[code], number.get(faces, NONE), float(weight)))
    # One passage has one pair of posts for both ways: a pair of countries takes the list of the first of them.
    for a, b in [pair for pair in pairs if pair[0] < pair[1] or pair[::-1] not in pairs]:
        pairs[b, a] = [(there, here, weight) for here, there, weight in pairs[a, b]]
    n, width = len(country_codes()), max(len(found) for found in pairs.values())
    rows = np.full((n, n), NONE, dtype=np.int64)
    weights, here, there = (np.full((len(pairs), width), fill) for fill in (0.0, float(NONE), float(NONE)))
    for row, ((a, b), found) in enumerate(pairs.items()):
        rows[a, b] = row
        for column, (post, facing, share) in enumerate(found):
            weights[row, column], here[row, column], there[row, column] = share, post, facing
    return Choices.of(weights), rows, (here.astype(np.int64), there.astype(np.int64))


def _stations(kind: str) -> tuple[Choices, Ints]:
    """Airports or harbours by country; countries outside the sixteen have one without a number."""
    every = posts()
    at = np.flatnonzero(every["kind"] == kind)
    where = np.array([position(iso3) for iso3 in every["iso3"].iloc[at]])
    share = every["weight"].to_numpy(dtype=np.float64)[at]
    width = int(np.bincount(where).max())
    weights, numbers = np.zeros((len(country_codes()), width)), np.full((len(country_codes()), width), NONE)
    for country in np.unique(where):
        mine = np.flatnonzero(where == country)
        weights[country, : len(mine)], numbers[country, : len(mine)] = share[mine], at[mine]
    return Choices.of(weights), numbers


@cache
def _tables() -> _Tables:
    kinds = _kinds()
    trips, road, purposes = mobility("trips"), mobility("formal")["land"], mobility("purposes")
    land, rows, land_posts = _land()
    air, air_posts = _stations("air")
    sea, sea_posts = _stations("sea")
    codes = np.array(country_codes())
    inside = np.isin(codes, made())
    months = (np.datetime64(END) - np.arange(WINDOW + 1)).astype("datetime64[M]").astype(np.int64) % 12 + 1
    named = [trips.get(kind, trips["visit"]) for kind in kinds]
    return _Tables(
        kinds=Choices.of(list(mobility("trip_kinds").values())),
        fewest=np.array([one["fewest"] for one in named]),
        most=np.array([one["most"] for one in named]),
        shortest=np.array([one["shortest"] for one in named]),
        longest=np.array([one["longest"] for one in named]),
        power=np.array([one["power"] for one in named]),
        purposes=Choices.of([purposes[kind] for kind in [*kinds, "visitor"]]),
        documents=Choices.of(list(mobility("documents").values())),
        road=np.array([road[kind] for kind in kinds]),
        land=land,
        land_row=rows,
        land_posts=land_posts,
        air=air,
        air_posts=air_posts,
        sea=sea,
        sea_posts=sea_posts,
        has_sea=(sea_posts != NONE).any(axis=1),
        festive=np.isin(months, mobility("festive_months")),
        near=neighbours(),
        inside=inside,
        free=inside & (codes != "MRT"),
    )


# --- who travels, how often, when


@dataclass
class _Plan:
    """Trips to place: the mover's row, number and kind, and the days between which it must lie."""

    row: Ints
    number: Ints
    of: Ints  # how many trips the person makes
    kind: Ints
    first: Ints  # days ago: a trip begins on this day or later
    last: Ints  # and ends before this day


def _plan(movers: Movers, seed: int) -> _Plan:
    """Travellers (kind 3) and home visits of movers abroad (kind 1)."""
    tables = _tables()
    near = tables.near[movers.origin, movers.dest]
    row = np.flatnonzero((movers.kind == TRAVELS) | ((movers.kind == MOVED) & (movers.left > 60)))
    travels = movers.kind[row] == TRAVELS
    age = (movers.born[row] - CALIBRATION) / YEAR
    group = np.where(age < 15, 0, np.where(age >= 65, 3, np.where(movers.woman[row], 2, 1)))
    ids = movers.truth_id[row]
    drawn = tables.kinds.at(np.where(near[row], 0, 4) + group, hashed(seed, "trip kind", ids)) + VISIT
    kind = np.where(travels, drawn, HOME_VISIT)
    first = np.minimum(WINDOW, np.where(travels, movers.born[row] - 60, movers.left[row] - 30))
    stop = np.maximum(movers.died[row], np.where(travels, NONE, movers.back[row]))
    last = np.where(stop == NONE, -BEYOND, stop)
    level = hashed(seed, "number of trips", ids)
    visits = mobility("home_visits_a_year")
    rate = np.where(near[row], visits["near"], visits["far"])
    rate = np.where(movers.refugee[row], visits["refugee"], rate)
    many = np.floor(rate * np.maximum(first - last, 0) / YEAR + level).astype(np.int64)
    some = tables.fewest[kind] + (level * (tables.most - tables.fewest + 1)[kind]).astype(np.int64)
    number = np.where(travels, some, many) * (first - last > 30)
    of = np.repeat(number, number)
    return _Plan(
        row=np.repeat(row, number),
        number=np.arange(len(of)) - np.repeat(np.cumsum(number) - number, number),
        of=of,
        kind=np.repeat(kind, number),
        first=np.repeat(first, number),
        last=np.repeat(last, number),
    )


def _placed(plan: _Plan, seed: int, trip_id: Ints) -> tuple[Ints, Ints]:
    """Days of departure and return: each trip in its own stretch of the time, so that a person's never overlap."""
    tables, burst, kind = _tables(), mobility("burst"), plan.kind
    level = hashed(seed, "stay", trip_id)
    longest = tables.longest[kind] - tables.shortest[kind] + 1
    # Powers are taken of few kinds with few values; the whole part keeps the last digits out.
    stay = tables.shortest[kind] + np.floor(np.round(level ** tables.power[kind], 9) * longest).astype(np.int64)
    trade = kind == TRADE
    together = np.where(trade, burst["trips"], 1)
    slots, slot, inner = -(-plan.of // together), plan.number // together, plan.number % together
    length = plan.first - plan.last
    begin = plan.first - slot * length // slots
    width = begin - (plan.first - (slot + 1) * length // slots)
    step = np.where(trade, np.clip((width - 2) // together, 1, burst["days"]), 0)
    stay = np.minimum(stay, np.where(trade, step - 1, width - 2))
    used = np.where(trade, step * together, stay + 1)
    room = np.maximum(width - used, 0)
    # All trips of a burst begin from the same day.
    start_id = trip_id - inner
    start = begin - np.floor(hashed(seed, "start", start_id) * room).astype(np.int64)
    other = begin - np.floor(hashed(seed, "other start", start_id) * room).astype(np.int64)
    visit = (kind == VISIT) | (kind == HOME_VISIT)
    dull = visit & ~tables.festive[np.clip(start, 0, WINDOW)]
    out = np.where(dull, other, start) - inner * step
    # Seasons have their own days: one a year.
    seasonal = np.flatnonzero((kind == SEASON) | (kind == HERDING))
    starts = mobility("season_starts")
    herds = kind[seasonal] == HERDING
    year = plan.number[seasonal]
    day = np.where(herds, _season_days(starts["herding"])[year], _season_days(starts["season"])[year])
    within = np.where(herds, starts["herding_days"], starts["season_days"])
    shift = np.floor(hashed(seed, "start", trip_id[seasonal]) * within).astype(np.int64)
    out[seasonal] = day - shift
    full = tables.shortest[kind] + np.floor(level * longest).astype(np.int64)
    stay[seasonal] = full[seasonal]
    return out, out - stay


@cache
def _season_days(month_day: str) -> Ints:
    """The first days of the seasons from the first in the window on, days ago."""
    month, day = (int(part) for part in month_day.split("-"))
    return np.array([ago(date(year, month, day)) for year in range(TRAVEL_FROM.year, END.year + 1)])


def _journeys(movers: Movers, seed: int) -> tuple[Ints, ...]:
    """Mover's row, number, kind, day out and day back of all trips, moves and returns in the window."""
    plan = _plan(movers, seed)
    out, back = _placed(plan, seed, movers.truth_id[plan.row] * 1000 + plan.number)
    fits = (out <= plan.first) & (out >= 1) & (back > plan.last)
    back = np.where(back >= 1, back, NONE)
    parts = [(plan.row[fits], plan.number[fits], plan.kind[fits], out[fits], back[fits])]
    for day, kind, number, kinds in (
        (movers.left, MOVE, MOVE_NUMBER, (MOVED, RETURNED, NEWCOMER, DIED_ABROAD)),
        (movers.back, RETURN, RETURN_NUMBER, (MOVED, RETURNED)),
    ):
        row = np.flatnonzero((day >= 1) & (day <= WINDOW) & np.isin(movers.kind, kinds))
        none = np.full(len(row), NONE, dtype=np.int64)
        parts.append((row, np.full(len(row), number), np.full(len(row), kind), day[row], none))
    whole = [np.concatenate([part[column] for part in parts]) for column in range(5)]
    order = np.argsort(whole[0] * 4096 - whole[3], kind="stable")
    return tuple(column[order] for column in whole)


# --- how


def _way(origin: Ints, dest: Ints, kind: Ints, seed: int, trip_id: Ints, truth_id: Ints) -> tuple[Ints, ...]:
    """Mode and the posts of the country where the trip starts and of the other."""
    tables = _tables()
    level = hashed(seed, "way", trip_id)
    row = tables.land_row[origin, dest]
    local = (kind == TRADE) | (kind == COMMUTE) | (kind == SEASON) | (kind == HERDING)
    land = (row != NONE) & (local | (level >= mobility("by_air_to_neighbour")))
    ports = (tables.has_sea | ~tables.inside)[origin] & (tables.has_sea | ~tables.inside)[dest]
    sea = ~land & ports & (level > 1 - mobility("by_sea"))
    usual = hashed(seed, "habit", trip_id) < mobility("usual_post")
    which = np.where(usual, truth_id, trip_id)
    at = hashed(seed, "post", which)
    there = hashed(seed, "other post", which)
    choice = tables.land.at(np.maximum(row, 0), at)

    def station(country: Ints, drawn: Floats) -> Ints:
        by_air = tables.air_posts[country, tables.air.at(country, drawn)]
        return np.where(sea, tables.sea_posts[country, tables.sea.at(country, drawn)], by_air)

    # The same level for a country whether a trip starts or ends there, so that a return takes the way of the move.
    lower = origin < dest
    post_origin = station(origin, np.where(lower, at, there))
    post_dest = station(dest, np.where(lower, there, at))
    here, opposite = tables.land_posts
    post_origin = np.where(land, here[np.maximum(row, 0), choice], post_origin)
    post_dest = np.where(land, opposite[np.maximum(row, 0), choice], post_dest)
    return np.where(land, LAND, np.where(sea, SEA, AIR)), post_origin, post_dest


def _purposes(movers: Movers, row: Ints, kind: Ints, origin: Ints, seed: int, trip_id: Ints) -> Ints:
    tables = _tables()
    table = np.where((kind == VISIT) & ~tables.inside[origin], len(_kinds()), kind)
    drawn = tables.purposes.at(table, hashed(seed, "purpose", trip_id))
    # Moves for work, study and family have these purposes; all others are "other".
    reason = movers.reason[row]
    return np.where(kind == MOVE, np.where((reason >= 0) & (reason < 3), reason, 6), drawn)


def trips_of(movers: Movers, seed: int) -> Trips:
    """All trips, moves and returns of movers since 1 January 2023, by row of the movers and day of departure.

    A pure function of each person: the origin's and the destination's chunks find the same trips.
    """
    tables = _tables()
    row, number, kind, out, back = _journeys(movers, seed)
    truth_id = movers.truth_id[row]
    trip_id = truth_id * 1000 + number
    homeward = (kind == HOME_VISIT) | (kind == RETURN)
    origin = np.where(homeward, movers.dest[row], movers.origin[row])
    dest = np.where(homeward, movers.origin[row], movers.dest[row])
    mode, post_origin, post_dest = _way(origin, dest, kind, seed, trip_id, truth_id)
    refugee = movers.refugee[row]
    citizen = np.where(movers.citizen_since[row] >= out, movers.citizen[row], movers.citizen_at_birth[row])
    free = tables.free[citizen] & tables.free[origin] & tables.free[dest]
    table = np.where(free, 0, 2) + (mode == AIR)
    # A refugee's document comes from the country of asylum: nobody has one when fleeing, or before a decision.
    held = (movers.recognised[row] > out) & (kind != MOVE)
    table = np.where(refugee & (mode != AIR), np.where(held, 4, 5), table)
    document = tables.documents.at(table, hashed(seed, "document", truth_id))
    level = hashed(seed, "minute", trip_id)
    same_day = back == out
    # By day on land; at any hour by air. Who comes back the same day goes in the morning and returns later.
    minute_out = np.where(mode == AIR, level * 1440, np.where(same_day, 300 + level * 360, 300 + level * 840))
    minute_out = np.where(same_day & (mode == AIR), level * 600, minute_out).astype(np.int64)
    level = hashed(seed, "minute back", trip_id)
    minute_back = np.where(mode == AIR, np.where(same_day, 800 + level * 600, level * 1440), 300 + level * 840)
    minute_back = np.where(same_day & (mode != AIR), 780 + level * 420, minute_back).astype(np.int64)
    formal = mobility("formal")
    road = np.where(refugee & ((kind == MOVE) | (kind == RETURN)), formal["refugee"], tables.road[kind])
    road = np.where(mode == AIR, formal["air"]["any"], np.where(mode == SEA, formal["sea"]["any"], road))
    return Trips(
        trip_id=trip_id,
        truth_id=truth_id,
        person_row=row,
        kind=kind,
        origin=origin,
        dest=dest,
        out_ago=out,
        back_ago=back,
        minute_out=minute_out,
        minute_back=minute_back,
        purpose=_purposes(movers, row, kind, origin, seed, trip_id),
        mode=mode,
        post_origin=post_origin,
        post_dest=post_dest,
        document=document,
        issuing=np.where(document == REFUGEE_DOCUMENT, movers.dest[row], citizen),
        official_out=hashed(seed, "road", trip_id) < road,
        official_back=hashed(seed, "road back", trip_id) < road,
    )


def crossings_at(trips: Trips, country: str, seed: int) -> Crossings:
    """The border events of one country, two for a trip there and back: first all ways out, then all ways back.

    ``formal`` says whether the person passed the country's counter: on the official road, and not waved through.
    """
    here = position(country)
    starts, ends = trips.origin == here, trips.dest == here
    mine = np.flatnonzero(starts | ends)
    home = np.flatnonzero((starts | ends) & (trips.back_ago != NONE))
    which = np.concatenate([mine, home])
    outward = np.arange(len(which)) < len(mine)
    from_here = starts[which]
    ago_days = np.where(outward, trips.out_ago[which], trips.back_ago[which])
    minute = np.where(outward, trips.minute_out[which], trips.minute_back[which])
    last_day = (END - date(1970, 1, 1)).days
    road = np.where(outward, trips.official_out[which], trips.official_back[which])
    # A number of its own for each passage of a counter: by trip, direction and country.
    stops = hashed(seed, f"counter {country}", trips.trip_id[which] * 2 + outward)
    counter = (stops < mobility("formal")["one_counter"]) | (trips.mode[which] == AIR)
    return Crossings(
        trip_id=trips.trip_id[which],
        truth_id=trips.truth_id[which],
        person_row=trips.person_row[which],
        time=(last_day - ago_days) * _DAY_SECONDS + minute * 60,
        post=np.where(from_here, trips.post_origin[which], trips.post_dest[which]),
        direction=np.where(from_here == outward, EXIT, ENTRY),
        other_country=np.where(from_here, trips.dest[which], trips.origin[which]),
        mode=trips.mode[which],
        purpose=trips.purpose[which],
        document=trips.document[which],
        issuing=trips.issuing[which],
        formal=road & counter,
    )
