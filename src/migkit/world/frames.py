"""What sources get to see of a chunk: data frames with codes as categories and days as datetime64."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from migkit.reference import codelist, dictionary, posts
from migkit.world.draws import Ints, chance, pick, stream
from migkit.world.households import Homes
from migkit.world.parameters import CENSUS_DAYS, END, HISTORY_FROM, assumption
from migkit.world.people import NONE, STATUSES, Chunk, Persons
from migkit.world.residence import Spells, Statuses
from migkit.world.travel import Crossings, Trips

#: Households have numbers up to this in a chunk.
HOUSEHOLDS_PER_CHUNK = 100_000


@dataclass
class World:
    """The truth of one chunk, or of a whole country: frames as described in datasets/dictionary/world.yml and
    mobility.yml. ``chunk`` of ``chunks`` is the number of the chunk; a whole country counts as chunk 0 of 1.
    """

    iso3: str
    seed: int
    scale: float
    chunk: int
    chunks: int
    persons: pd.DataFrame
    households: pd.DataFrame
    spells: pd.DataFrame
    statuses: pd.DataFrame
    trips: pd.DataFrame
    crossings: pd.DataFrame
    census_day: date = CENSUS_DAYS[-1]
    census_days: tuple[date, ...] = CENSUS_DAYS
    history_from: date = HISTORY_FROM
    end: date = END

    def stream(self, name: str) -> np.random.Generator:
        """The named random stream of this chunk."""
        return stream(self.seed, self.iso3, self.chunk, name)


FRAMES = ("persons", "households", "spells", "statuses", "trips", "crossings")


def choice(values: Ints, labels: tuple[str, ...] | list[str]) -> pd.Categorical:
    """Codes of ``labels``; NONE is missing."""
    kind = np.int8 if len(labels) < 128 else np.int16
    dtype = pd.CategoricalDtype(pd.Index(labels, dtype="str"))
    return pd.Categorical.from_codes(values.astype(kind), dtype=dtype, validate=False)


def coded(name: str, values: Ints) -> pd.Categorical:
    """Codes of a code list; NONE is missing."""
    return choice(values, list(codelist(name)["code"]))


def days(ago: Ints) -> np.ndarray:
    """Days of the calendar from days ago; NONE is NaT."""
    end = np.datetime64(END, "s")
    day = end - (ago * 86400).astype("timedelta64[s]")
    day[ago == NONE] = np.datetime64("NaT")
    return np.asarray(day)


def _yes_no(values: Ints) -> pd.Categorical:
    return coded("yes_no", np.where(values == NONE, NONE, 1 - values))


def _ids(people: Persons, link: Ints) -> Ints:
    return np.asarray(np.where(link == NONE, 0, people.truth_id[link]))


def _numbered(truth_id: Ints) -> Ints:
    """Identifiers of rows that stand person by person: the person's number and two digits."""
    new = np.r_[True, truth_id[1:] != truth_id[:-1]]
    first = np.flatnonzero(new)
    return np.asarray(truth_id * 100 + np.arange(1, len(truth_id) + 1) - first[np.cumsum(new) - 1])


def _household_ref(chunk: Chunk, household: Ints) -> Ints:
    return np.asarray(np.where(household == NONE, 0, chunk.number * HOUSEHOLDS_PER_CHUNK + household + 1))


def _own(people: Persons) -> dict[str, Any]:
    """What belongs to each person alone."""
    return {
        "truth_id": people.truth_id,
        "sex": coded("sex", people.woman.astype(np.int8)),
        "birth_date": days(people.born),
        "country_birth": coded("country", people.origin),
        "citizenship": coded("country", people.citizen),
        "education": coded("education", people.education),
        "activity": coded("activity", people.activity),
        "occupation": coded("occupation", people.occupation),
        "industry": coded("industry", people.industry),
        "culture": people.culture,
        "given": people.given,
        "surname": people.surname,
    }


def own_attributes(people: Persons) -> pd.DataFrame:
    """The columns of the person frame that belong to each person alone."""
    return pd.DataFrame(_own(people), copy=False)


def _persons(chunk: Chunk, people: Persons) -> pd.DataFrame:
    columns = _own(people) | {
        "household_ref": _household_ref(chunk, people.household),
        "status": choice(people.status, STATUSES),
        "relationship": coded("relationship", people.relation),
        "death_date": days(people.died),
        "region_birth": choice(people.birth_region, chunk.place.region_codes),
        "citizenship_at_birth": coded("country", people.citizen_at_birth),
        "citizenship_how": coded("citizenship_how", people.how),
        "citizenship_date": days(people.citizen_since),
        "citizenship_2": coded("country", people.citizen_2),
        "mother_id": _ids(people, people.mother),
        "father_id": _ids(people, people.father),
        "husband_id": _ids(people, people.husband),
        "mother_country_birth": coded("country", people.mother_birth),
        "father_country_birth": coded("country", people.father_birth),
        "marital": coded("marital", people.marital),
        "language": coded("language", people.language),
        "remits": _yes_no(people.remits),
        "family_left": _ids(people, people.family_left),
    }
    order = dictionary("world").tables["truth_persons"].columns
    return pd.DataFrame({name: columns[name] for name in order}, copy=False)


def _households(chunk: Chunk, people: Persons, homes: Homes) -> pd.DataFrame:
    rng = chunk.stream("dwellings")
    n = len(homes.head)
    shares = assumption("dwellings")
    dwelling = np.where(homes.urban, pick(rng, shares["urban"], n), pick(rng, shares["rural"], n))
    remitted = chance(rng, assumption("remittances_from_others"), n)
    sender = (people.remits == 1) & (people.household != NONE)
    remitted[people.household[sender]] = True
    columns = {
        "household_ref": _household_ref(chunk, np.arange(n)),
        "head_id": people.truth_id[homes.head],
        "region": choice(homes.region, chunk.place.region_codes),
        "area": coded("area", np.where(homes.urban, 0, 1)),
        "dwelling": coded("dwelling", dwelling),
        "remittances": coded("yes_no", np.where(remitted, 0, 1)),
    }
    return pd.DataFrame(columns, copy=False)


def _spells(chunk: Chunk, people: Persons, spells: Spells) -> pd.DataFrame:
    columns = {
        "spell_id": _numbered(people.truth_id[spells.person]),
        "truth_id": people.truth_id[spells.person],
        "country": coded("country", spells.country),
        "region": choice(spells.region, chunk.place.region_codes),
        "start": days(spells.start),
        "end": days(spells.end),
        "reason": coded("reason", spells.reason),
        "right": coded("residence_right", spells.right),
    }
    return pd.DataFrame(columns, copy=False)


def _statuses(people: Persons, statuses: Statuses) -> pd.DataFrame:
    columns = {
        "status_id": _numbered(people.truth_id[statuses.person]),
        "truth_id": people.truth_id[statuses.person],
        "country": coded("country", statuses.country),
        "status": coded("migration_status", statuses.status),
        "start": days(statuses.start),
        "end": days(statuses.end),
    }
    return pd.DataFrame(columns, copy=False)


def _trips(trips: Trips) -> pd.DataFrame:
    columns = {
        "trip_id": trips.trip_id,
        "truth_id": trips.truth_id,
        "kind": coded("trip_kind", trips.kind),
        "origin": coded("country", trips.origin),
        "destination": coded("country", trips.dest),
        "out_date": days(trips.out_ago),
        "back_date": days(trips.back_ago),
        "purpose": coded("purpose", trips.purpose),
    }
    return pd.DataFrame(columns, copy=False)


def _crossings(crossings: Crossings) -> pd.DataFrame:
    """Border events: a trip crosses a border once each way, so its number and the direction name them."""
    columns = {
        "crossing_id": crossings.trip_id * 10 + crossings.direction + 1,
        "truth_id": crossings.truth_id,
        "trip_id": crossings.trip_id,
        "time": crossings.time.view("datetime64[s]"),
        "post": choice(crossings.post, list(posts()["code"])),
        "direction": coded("direction", crossings.direction),
        "other_country": coded("country", crossings.other_country),
        "mode": coded("travel_mode", crossings.mode),
        "document": coded("document", crossings.document),
        "issuing_country": coded("country", crossings.issuing),
        "formal": crossings.formal,
    }
    return pd.DataFrame(columns, copy=False)


def world_of(
    chunk: Chunk,
    people: Persons,
    homes: Homes,
    spells: Spells,
    statuses: Statuses,
    trips: Trips,
    crossings: Crossings,
) -> World:
    """The frames of one chunk."""
    return World(
        iso3=chunk.place.iso3,
        seed=chunk.seed,
        scale=chunk.place.scale,
        chunk=chunk.number,
        chunks=chunk.count,
        persons=_persons(chunk, people),
        households=_households(chunk, people, homes),
        spells=_spells(chunk, people, spells),
        statuses=_statuses(people, statuses),
        trips=_trips(trips),
        crossings=_crossings(crossings),
    )


def joined(chunks: list[World]) -> World:
    """All chunks of a country as one world."""
    if len(chunks) == 1:
        return chunks[0]
    frames = {name: pd.concat([getattr(c, name) for c in chunks], ignore_index=True) for name in FRAMES}
    return replace(chunks[0], chunk=0, chunks=1, **frames)


def truth_frames(world: World) -> dict[str, pd.DataFrame]:
    """The frames as the tables of the dictionaries world and mobility, columns in their order."""
    frames = {}
    for source in ("world", "mobility"):
        for name, table in dictionary(source).tables.items():
            frames[name] = getattr(world, name.removeprefix("truth_"))[table.columns]
    return frames
