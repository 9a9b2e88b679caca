"""The true population of a country: chunks made one by one, each without a look at the others."""

from collections.abc import Callable
from dataclasses import fields

import numpy as np
import pandas as pd

from migkit.world import history
from migkit.world.draws import hashed
from migkit.world.frames import World, joined, own_attributes, world_of
from migkit.world.households import Homes, make_homes
from migkit.world.kinship import kin
from migkit.world.lineage import name_lines, name_persons
from migkit.world.movers import Movers, movers_into, movers_out_of
from migkit.world.parameters import assumption, place
from migkit.world.people import (
    DIED_ABROAD,
    LATER_MOVER,
    MOVER,
    RETURNED,
    TRAVELLER,
    Chunk,
    Persons,
    from_movers,
    make_residents,
    stack,
)
from migkit.world.residence import make_spells, make_statuses
from migkit.world.traits import fitting_fathers, make_traits, work_of_movers
from migkit.world.travel import crossings_at, trips_of

Progress = Callable[[int, int], None]


def number_of_chunks(iso3: str, scale: float) -> int:
    """How many chunks a world is made of: it depends on its size alone.

    Raises:
        KitError: for a country or scale that cannot be made.
    """
    return max(1, -(-int(place(iso3, scale).residents.sum()) // int(assumption("persons_per_chunk"))))


def _corridors(chunk: Chunk) -> tuple[Movers, Persons, Persons]:
    """The corridor persons of a chunk: all of them, then those of corridors into and out of the country."""
    which = chunk.place.iso3, chunk.seed, chunk.place.scale, chunk.number, chunk.count
    into, out = movers_into(*which), movers_out_of(*which)
    both = {f.name: np.concatenate([getattr(into, f.name), getattr(out, f.name)]) for f in fields(Movers)}
    movers = Movers(**both)
    known = from_movers(movers, chunk.seed)
    work_of_movers(known, chunk.seed)
    return movers, known.take(np.arange(len(into))), known.take(np.arange(len(into), len(movers)))


def _live_here(into: Persons, out: Persons) -> Persons:
    """Corridor persons who are residents on calibration day."""
    return stack([_kinds(into, MOVER), _kinds(out, RETURNED, TRAVELLER, LATER_MOVER)])


def _kinds(persons: Persons, *kinds: int) -> Persons:
    return persons.take(np.isin(persons.kind, kinds))


def _people(chunk: Chunk, into: Persons, out: Persons) -> tuple[Persons, Homes]:
    """Everybody of a chunk: residents first, then emigrants, the dead, others from abroad, the newly born."""
    leavers = _kinds(out, MOVER, DIED_ABROAD)
    history.mark_emigrants(leavers)
    both = stack([make_residents(chunk, _live_here(into, out)), leavers])
    kin(chunk, both)
    number = len(both) - len(leavers)
    residents, leavers = both.take(np.arange(number)), both.take(np.arange(number, len(both)))
    homes = make_homes(chunk, residents)
    make_traits(chunk, residents, homes.urban[residents.household])
    history.leave_behind(chunk, residents, leavers, homes)
    both = stack([residents, leavers])
    fitting_fathers(both, chunk.place.home)
    name_lines(both, chunk.seed)
    residents = both.take(np.arange(number))
    dead = history.the_dead(chunk, residents)
    history.die_later(chunk, both, number)
    others = history.others(chunk, _kinds(into, RETURNED, TRAVELLER, LATER_MOVER, DIED_ABROAD), homes)
    born = history.born_later(chunk, both.take(np.arange(number)))
    people = stack([both, dead, others, born])
    name_persons(people, chunk.seed)
    return people, homes


def make_chunk(iso3: str, scale: float, seed: int, chunk: int) -> World:
    """Make one chunk of the true population of a country.

    The same country, scale, seed and chunk give the same frames on any machine; no chunk depends on another.

    Args:
        iso3: country code of one of the sixteen.
        scale: share of the real population, up to 1.
        seed: any whole number from 0.
        chunk: number of the chunk, from 0 to ``number_of_chunks(iso3, scale)`` - 1.

    Raises:
        KitError: for a country or scale that cannot be made.
    """
    this = Chunk(place(iso3, scale), seed, chunk, number_of_chunks(iso3, scale))
    movers, into, out = _corridors(this)
    people, homes = _people(this, into, out)
    trips = trips_of(movers, seed)
    crossings = crossings_at(trips, this.place.iso3, seed)
    spells, statuses = make_spells(this, people), make_statuses(this, people)
    return world_of(this, people, homes, spells, statuses, trips, crossings)


def make_persons(iso3: str, scale: float, seed: int, chunk: int) -> pd.DataFrame:
    """The residents of one chunk by themselves: no kin, no households, no history, no travel.

    A light path for tables of persons, by the functions and streams of ``make_chunk``, with the same residents in
    the same order. ``truth_id``, sex, birth_date, country_birth and activity are those of ``make_chunk``; so is
    every column of corridor persons. Of stayers, citizenship and names hang on the parents there, schooling and
    work on the place of the household; here parents and places are drawn, so that these agree in distribution
    alone, and stayers have fewer foreign parents. Marital status, language, kin, regions, households, dates of
    citizenship and of death do not exist here.

    Args:
        iso3: country code of one of the sixteen.
        scale: share of the real population, up to 1.
        seed: any whole number from 0.
        chunk: number of the chunk, from 0 to ``number_of_chunks(iso3, scale)`` - 1.

    Returns:
        One row for each resident on calibration day: truth_id, sex, birth_date, country_birth, citizenship,
        education, activity, occupation, industry, culture, given, surname, as in ``World.persons``.

    Raises:
        KitError: for a country or scale that cannot be made.
    """
    this = Chunk(place(iso3, scale), seed, chunk, number_of_chunks(iso3, scale))
    _movers, into, out = _corridors(this)
    people = make_residents(this, _live_here(into, out))
    town = float((this.place.region_shares * this.place.urban).sum())
    make_traits(this, people, hashed(seed, "lives in town", people.truth_id) < town)
    name_lines(people, seed)
    name_persons(people, seed)
    return own_attributes(people)


def make_world(iso3: str, scale: float, seed: int, progress: Progress | None = None) -> World:
    """Make the whole true population of a country in memory, for tests and small worlds.

    Args:
        iso3: country code of one of the sixteen.
        scale: share of the real population, up to 1.
        seed: any whole number from 0.
        progress: called with (chunks done, chunks in all).

    Raises:
        KitError: for a country or scale that cannot be made.
    """
    chunks = number_of_chunks(iso3, scale)
    made = []
    for chunk in range(chunks):
        made.append(make_chunk(iso3, scale, seed, chunk))
        if progress:
            progress(chunk + 1, chunks)
    return joined(made)
