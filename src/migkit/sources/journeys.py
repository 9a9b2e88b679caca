"""Journeys to and from a country: what border records, visas, flow monitoring and roaming counts start from.

Days are whole numbers since 1 January 1970, as in ``stays``. What a traveller carries or does (document number,
region visited) is a pure function of the world's seed and the person or trip, so that every source sees the same.
"""

import numpy as np
import pandas as pd

from migkit.reference import COUNTRY_NOT_STATED, codelist, dictionary
from migkit.reference.names import office_language
from migkit.reference.tables import region_population
from migkit.sources.clerks import Style, as_written, written_names
from migkit.sources.records import Texts, mapped
from migkit.sources.stays import OPEN, Lives, day, may_move_freely, rows_of, words
from migkit.world import World
from migkit.world.draws import Bools, Choices, Floats, Ints, hashed
from migkit.world.parameters import country_codes

#: Stays of so many days or more are written as this number.
LONG = 365
STATELESS, REFUGEE = "XXA", "XXB"
#: Letters and digits of numbers on documents: no vowels, so that they make no words.
SYMBOLS = np.frombuffer(b"0123456789BCDFGHJKLMNPQRSTVWXYZ", dtype="S1")


def numbered(prefix: Texts | str, level: Floats) -> Texts:
    """Document numbers: a prefix and eight letters or digits, from numbers in [0, 1)."""
    base = len(SYMBOLS)
    whole = (level * float(base**8)).astype(np.int64)
    digits = whole[:, None] // base ** np.arange(7, -1, -1, dtype=np.int64) % base
    body = np.ascontiguousarray(SYMBOLS[digits]).view("S8").ravel().astype("U8").astype(object)
    return np.asarray(prefix + body, dtype=object)


def choices(shares: dict[str, float], level: Floats) -> Texts:
    """Of each level in [0, 1) the choice that stands there, by the shares of the choices."""
    at = Choices.of([list(shares.values())]).at(np.zeros(len(level), dtype=np.int64), level)
    return np.asarray(np.array(list(shares), dtype=object)[at], dtype=object)


def trips(world: World, lives: Lives | None = None) -> pd.DataFrame:
    """The trips that begin or end in the country, in order of trip.

    Args:
        world: the truth.
        lives: its spells in order, if they were put in order already.

    Returns:
        One row for each trip: trip_id, truth_id, person (row of the persons), kind, origin, destination, purpose,
        out and back (days; OPEN: not back), region (of the stay in the country, blank for trips abroad).
    """
    found = world.trips.sort_values("trip_id", kind="stable").reset_index(drop=True)
    rows = pd.DataFrame(
        {
            "trip_id": found["trip_id"].to_numpy(),
            "truth_id": found["truth_id"].to_numpy(),
            "person": rows_of(world, found["truth_id"]),
            "kind": words(found["kind"]),
            "origin": words(found["origin"]),
            "destination": words(found["destination"]),
            "purpose": words(found["purpose"]),
            "out": day(found["out_date"]),
            "back": day(found["back_date"]),
        }
    )
    return rows.assign(region=_region_of_stay(world, lives or Lives(world), rows))


def _region_of_stay(world: World, lives: Lives, rows: pd.DataFrame) -> Texts:
    """Where in the country a trip leads: movers home, natives to where they were born, others anywhere."""
    shares = region_population(world.iso3)
    level = hashed(world.seed, "region of stay", rows["truth_id"].to_numpy())
    visited = choices(dict(zip(shares["region"], shares["share"], strict=True)), level)
    born = words(world.persons["region_birth"])[rows["person"].to_numpy()]
    home = lives.region_at(rows["person"].to_numpy(), rows["out"].to_numpy() + 1)
    region = np.where(home != "", home, np.where(born != "", born, visited))
    return np.where(rows["destination"] == world.iso3, region, "").astype(object)


def crossings(world: World) -> pd.DataFrame:
    """The crossings of the country's borders with all that an officer could read or be told, in order of time.

    Returns:
        One row for each crossing: event (a unique name), trip_id, truth_id, person (row), day, minute, post,
        direction, other (country), mode, doc_type, issuing (state), formal, kind, origin, destination, purpose,
        out and back (days), residence, stay (days of the trip, at most LONG), region (of the stay, for entries),
        citizenship, nationality (as the document says), doc_no, visa (number or blank).
    """
    lives, found = Lives(world), world.crossings
    journeys = trips(world, lives)
    at = pd.Index(journeys["trip_id"]).get_indexer(pd.Index(found["trip_id"]))
    moment = found["time"].to_numpy().astype("datetime64[m]").astype(np.int64)
    rows: pd.DataFrame = journeys.iloc[at].reset_index(drop=True)
    rows = rows.assign(
        day=moment // 1440,
        minute=moment % 1440,
        post=words(found["post"]),
        direction=words(found["direction"]),
        other=words(found["other_country"]),
        mode=words(found["mode"]),
        doc_type=words(found["document"]),
        citizenship=words(found["issuing_country"]),
        formal=found["formal"].to_numpy(dtype=bool),
        residence=rows["origin"],
        stay=np.minimum(rows["back"] - rows["out"], LONG),
    )
    rows["event"] = rows["trip_id"].astype("str") + rows["direction"]
    rows = rows.sort_values(["day", "minute", "event"], kind="stable").reset_index(drop=True)
    rows["region"] = _region_of_arrival(world, lives, rows)
    rows["issuing"] = _issuing(rows)
    rows["nationality"] = _nationality(world, rows)
    rows["doc_no"] = document_numbers(world, rows)
    rows["visa"] = _visas(world, rows)
    return rows


def _region_of_arrival(world: World, lives: Lives, rows: pd.DataFrame) -> Texts:
    """Entries: where the traveller stays, for residents who come back where they live. Blank for exits."""
    home = lives.region_at(rows["person"].to_numpy(), rows["day"].to_numpy())
    region = np.where(home == "", rows["region"].to_numpy(dtype=object), home)
    return np.where(rows["direction"] == "E", region, "").astype(object)


def _issuing(rows: pd.DataFrame) -> Texts:
    """The state that issued the document: to refugees the country of asylum, to all others their own."""
    own = (rows["origin"] == rows["citizenship"]).to_numpy()
    asylum = np.where(own, rows["destination"], rows["origin"])
    return np.where(rows["doc_type"] == "RD", asylum, rows["citizenship"]).astype(object)


def _nationality(world: World, rows: pd.DataFrame) -> Texts:
    """Nationality as the document says it: ICAO's codes for refugees and stateless persons."""
    held = world.statuses[words(world.statuses["status"]) == "stateless"]
    stateless = np.isin(rows["person"], rows_of(world, held["truth_id"]))
    nationality = np.where(rows["doc_type"] == "RD", REFUGEE, rows["citizenship"])
    return np.where(stateless, STATELESS, nationality).astype(object)


def document_numbers(world: World, rows: pd.DataFrame) -> Texts:
    """Number of the document of each crossing: one for the years it is valid, or for a single journey.

    Args:
        world: the truth; its seed makes the numbers, the same in the files of both countries.
        rows: truth_id, trip_id, day, doc_type and issuing.
    """
    years = dictionary("border").value("document_years")
    kinds = codelist("document")["code"].to_numpy(dtype=object)
    which = pd.Index(kinds).get_indexer(pd.Index(rows["doc_type"]))
    truth, trip = rows["truth_id"].to_numpy(), rows["trip_id"].to_numpy()
    term = np.array([float(years.get(kind, 0)) for kind in kinds])[which]
    lasting = term > 0
    first = hashed(world.seed, "first document", truth)  # how far the first document has run on 1 January 1970
    period = np.floor(rows["day"].to_numpy() / 365.25 / np.where(lasting, term, 1.0) + first).astype(np.int64)
    state = pd.Index(country_codes()).get_indexer(pd.Index(rows["issuing"]))
    number = ((truth * 64 + period) * 64 + state % 64) * 8 + which
    level = hashed(world.seed, "document", np.where(lasting, number, trip))
    letter = np.array([kind[:1] for kind in kinds], dtype=object)[which]
    return numbered(letter, level)


def visa_periods(rows: pd.DataFrame, seed: int) -> Ints:
    """Which visa serves an entry: person and number of the period of validity, as one number."""
    length = int(dictionary("visas").value("validity_days"))
    truth = rows["truth_id"].to_numpy()
    start = (hashed(seed, "visa", truth) * length).astype(np.int64)
    return np.asarray(truth * 1024 + (rows["day"].to_numpy() + start) // length, dtype=np.int64)


def _visas(world: World, rows: pd.DataFrame) -> Texts:
    """Number of the visa with which a traveller enters; blank for those who need none, and beside the posts."""
    nation = rows["nationality"].to_numpy(dtype=object)
    free = (nation == world.iso3) | may_move_freely(world.iso3, nation)
    needs = ~free & ((rows["direction"] == "E") & (rows["residence"] != world.iso3) & rows["formal"]).to_numpy()
    number = numbered(
        "V" + world.iso3[:1], hashed(world.seed, f"visa {world.iso3}", visa_periods(rows, world.seed))
    )
    return np.where(needs, number, "").astype(object)


def _language(issuing: str) -> str:
    return "en" if issuing in ("", COUNTRY_NOT_STATED) else office_language(issuing)


def known_as(world: World, rows: pd.DataFrame, style: Style = as_written) -> tuple[Texts, Texts]:
    """Surnames and given names of travellers (``person``) as the office of the issuing state wrote them."""
    who = world.persons.iloc[rows["person"].to_numpy()]
    language = mapped(rows["issuing"].to_numpy(dtype=object), _language)
    return written_names(who["given"].to_numpy(), who["surname"].to_numpy(), language, style)


def like_named(nationality: Texts, rng: np.random.Generator) -> Texts:
    """The country of a similar name that may be written instead; the same where there is none."""
    others = dictionary("border").value("like_named")
    level, new = rng.random(len(nationality)), nationality.copy()
    for country, shares in others.items():
        own = nationality == country
        new[own] = choices(shares, level[own])
    return new


def in_need(world: World, rows: pd.DataFrame, age: Ints) -> Bools:
    """Whether travellers need protection: the young and old, refugees, asylum seekers, victims of trafficking."""
    held = world.statuses
    start, end = day(held["start"], missing=-OPEN), day(held["end"])
    needs = (age < 18) | (age >= 60)
    person, days = rows["person"].to_numpy(), rows["day"].to_numpy()
    for status in ("refugee", "asylum_seeker", "trafficked"):
        own = words(held["status"]) == status
        holders = rows_of(world, held["truth_id"][own])
        first, last = np.full(len(world.persons), OPEN), np.full(len(world.persons), -OPEN)
        known = holders >= 0
        np.minimum.at(first, holders[known], start[own][known])
        np.maximum.at(last, holders[known], end[own][known])
        needs |= (first[person] <= days + 1) & (last[person] >= days - 1)
    return np.asarray(needs)
