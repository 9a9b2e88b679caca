"""The true population of a country: chunks made one by one and put together into tables."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from migkit.reference import codelist
from migkit.world import history
from migkit.world.draws import Ints, part, pick
from migkit.world.history import Rows, Spells
from migkit.world.households import Homes, make_homes
from migkit.world.kinship import kin
from migkit.world.parameters import Targets, assumption, targets
from migkit.world.people import NONE, make_people
from migkit.world.traits import make_traits

Progress = Callable[[int, int], None]


@dataclass
class World:
    """The truth: tables of persons, spells and households, as described in datasets/dictionary/world.yml.

    They hold codes as categories and days as datetime64. Columns visit_date and visit_reason of ``persons`` say
    when and why a visitor from abroad came. All events fall before census day.
    """

    iso3: str
    seed: int
    scale: float
    census_day: date
    history_from: date
    targets: Targets
    persons: pd.DataFrame
    spells: pd.DataFrame
    households: pd.DataFrame


@dataclass
class _Chunk:
    rows: Rows
    spells: Spells
    homes: Homes
    region: Ints
    dwelling: Ints
    remittances: Ints


def _make_chunk(seed: int, target: Targets, chunk: int, chunks: int, window: int) -> _Chunk:
    residents = int(part(target.residents, chunk, chunks))
    people = make_people(seed, target, chunk, residents, part(target.migrants, chunk, chunks))
    kin(people)
    homes = make_homes(people)
    traits = make_traits(people, homes, int(part(target.refugees, chunk, chunks)))
    living = history.residents(people, homes, traits)
    parts = [
        living,
        history.the_dead(people, living, window),
        history.emigrants(people, homes, traits, part(target.emigrants, chunk, chunks)),
        history.the_departed(people, living, window),
        history.visitors(people, homes),
    ]
    rows = history.stack(parts)
    spells = history.make_spells(rows, people.home, people.stream("spells"))
    rng = people.stream("dwellings")
    n = len(homes.head)
    dwelling = np.where(homes.urban, pick(rng, [0.5, 0.18, 0.3, 0.02], n), pick(rng, [0.86, 0.1, 0.02, 0.02], n))
    remitted = np.zeros(n, dtype=bool)
    sender = (rows.remits == 1) & (rows.household != NONE)
    remitted[rows.household[sender]] = True
    remitted |= rng.random(n) < 0.12
    return _Chunk(rows, spells, homes, homes.region, dwelling, np.where(remitted, 0, 1))


def _shift(values: Ints, by: int) -> Ints:
    return np.where(values == NONE, NONE, values + by)


def _join(chunks: list[_Chunk]) -> _Chunk:
    persons = households = 0
    for chunk in chunks:
        for name in ("mother", "father", "husband"):
            setattr(chunk.rows, name, _shift(getattr(chunk.rows, name), persons))
        chunk.rows.household = _shift(chunk.rows.household, households)
        chunk.spells.person = chunk.spells.person + persons
        chunk.homes.head = chunk.homes.head + persons
        persons += len(chunk.rows)
        households += len(chunk.homes.head)
    first = chunks[0]
    if len(chunks) == 1:
        return first
    spells = Spells(
        **{name: np.concatenate([getattr(c.spells, name) for c in chunks]) for name in vars(first.spells)}
    )
    first.homes.head = np.concatenate([c.homes.head for c in chunks])
    first.homes.urban = np.concatenate([c.homes.urban for c in chunks])
    return _Chunk(
        history.stack([c.rows for c in chunks]),
        spells,
        first.homes,
        np.concatenate([c.region for c in chunks]),
        np.concatenate([c.dwelling for c in chunks]),
        np.concatenate([c.remittances for c in chunks]),
    )


def _codes(name: str, values: Ints) -> pd.Categorical:
    return pd.Categorical.from_codes(values, categories=pd.Index(codelist(name)["code"], dtype="str"))


def _choice(values: Ints, labels: tuple[str, ...] | list[str]) -> pd.Categorical:
    return pd.Categorical.from_codes(values, categories=pd.Index(labels, dtype="str"))


def _ids(prefix: str, values: Ints, width: int = 7) -> pd.Series:
    text = pd.Series(np.char.add(prefix, np.char.zfill((values + 1).astype(str), width)), dtype="str")
    return text.mask(pd.Series(values == NONE), "")


def _days(census_day: date, ago: Ints) -> pd.Series:
    day = np.datetime64(census_day, "D") - ago.astype("timedelta64[D]")
    return pd.Series(np.where(ago == NONE, np.datetime64("NaT", "D"), day).astype("datetime64[s]"))


def _persons(rows: Rows, iso3: str, census_day: date, regions: tuple[str, ...]) -> pd.DataFrame:
    person, home = f"SYN-{iso3}-T", f"SYN-{iso3}-R"
    columns = {
        "truth_id": _ids(person, np.arange(len(rows))),
        "household_ref": _ids(home, rows.household, 6),
        "status": _choice(rows.status, history.STATUSES),
        "relationship": _codes("relationship", rows.relation),
        "sex": _codes("sex", rows.woman.astype(np.int64)),
        "birth_date": _days(census_day, rows.born),
        "death_date": _days(census_day, rows.died),
        "country_birth": _codes("country", rows.origin),
        "region_birth": _choice(rows.birth_region, list(regions)),
        "citizenship_at_birth": _codes("country", rows.citizen_at_birth),
        "citizenship": _codes("country", rows.citizen),
        "citizenship_how": _codes("citizenship_how", rows.how),
        "citizenship_date": _days(census_day, rows.citizen_since),
        "mother_id": _ids(person, rows.mother),
        "father_id": _ids(person, rows.father),
        "husband_id": _ids(person, rows.husband),
        "mother_country_birth": _codes("country", rows.mother_birth),
        "father_country_birth": _codes("country", rows.father_birth),
        "marital": _codes("marital", rows.marital),
        "education": _codes("education", rows.education),
        "activity": _codes("activity", rows.activity),
        "occupation": _codes("occupation", rows.occupation),
        "industry": _codes("industry", rows.industry),
        "remits": _codes("yes_no", np.where(rows.remits == NONE, NONE, 1 - rows.remits)),
        "visit_date": _days(census_day, np.where(rows.status == history.VISITOR, rows.left, NONE)),
        "visit_reason": _codes("reason", np.where(rows.status == history.VISITOR, rows.reason, NONE)),
    }
    return pd.DataFrame(columns)


def _spells(spells: Spells, iso3: str, census_day: date, regions: tuple[str, ...]) -> pd.DataFrame:
    number = np.arange(len(spells.person)) - np.searchsorted(spells.person, spells.person)
    person = _ids(f"SYN-{iso3}-T", spells.person)
    return pd.DataFrame(
        {
            "spell_id": person + "-" + pd.Series(number + 1).astype("str"),
            "truth_id": person,
            "country": _codes("country", spells.country),
            "region": _choice(spells.region, list(regions)),
            "start": _days(census_day, spells.start),
            "end": _days(census_day, spells.end),
            "reason": _codes("reason", spells.reason),
            "right": _codes("residence_right", spells.right),
        }
    )


def _households(made: _Chunk, iso3: str, regions: tuple[str, ...]) -> pd.DataFrame:
    n = len(made.homes.head)
    return pd.DataFrame(
        {
            "household_ref": _ids(f"SYN-{iso3}-R", np.arange(n), 6),
            "head_id": _ids(f"SYN-{iso3}-T", made.homes.head),
            "region": _choice(made.region, list(regions)),
            "area": _codes("area", np.where(made.homes.urban, 0, 1)),
            "dwelling": _codes("dwelling", made.dwelling),
            "remittances": _codes("yes_no", made.remittances),
        }
    )


def number_of_chunks(target: Targets) -> int:
    """How many chunks a world is made of: it depends on its size alone."""
    return max(1, -(-target.residents // int(assumption("persons_per_chunk"))))


def make_world(iso3: str, scale: float, seed: int, progress: Progress | None = None) -> World:
    """Make the true population of a country.

    The same country, scale and seed give the same tables on any machine. Chunks do not depend on one another.

    Args:
        iso3: country code; so far "GMB".
        scale: share of the real population, from 0.0007 to 1.
        seed: any whole number from 0.
        progress: called with (chunks done, chunks in all).

    Raises:
        KitError: for a country or scale that cannot be made.
    """
    target = targets(iso3, scale)
    census_day = date.fromisoformat(assumption("census_day"))
    history_from = date.fromisoformat(assumption("history_from"))
    window = (census_day - history_from).days
    chunks = number_of_chunks(target)
    made = []
    for chunk in range(chunks):
        made.append(_make_chunk(seed, target, chunk, chunks, window))
        if progress:
            progress(chunk + 1, chunks)
    whole = _join(made)
    return World(
        iso3=target.iso3,
        seed=seed,
        scale=scale,
        census_day=census_day,
        history_from=history_from,
        targets=target,
        persons=_persons(whole.rows, target.iso3, census_day, target.region_codes),
        spells=_spells(whole.spells, target.iso3, census_day, target.region_codes),
        households=_households(whole, target.iso3, target.region_codes),
    )
