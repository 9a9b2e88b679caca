"""The census as it would be if nothing went wrong: households and areas on a day, and who is listed where."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from migkit.reference import Source
from migkit.sources.answers import (
    Present,
    age_on,
    completed_years,
    numerals,
    present_on,
    spells_on,
    true_answers,
    words,
    years_before,
)
from migkit.sources.records import Texts
from migkit.world import World
from migkit.world.draws import Bools, Ints, chance, stream

#: Codes of the code list "relationship".
HEAD, SPOUSE, CHILD, PARENT, RELATIVE, OTHER = "1", "2", "3", "4", "5", "6"


@dataclass(frozen=True)
class Homes:
    """The households of a day and who lives in them.

    frame: one row for each household, with household_ref (of the truth; 0 none), head (row in ``world.persons``),
    region, area, dwelling, remittances, stratum and ea (enumeration area), all text but the first two.
    home: of each true person the household's position in ``frame``, -1 if none. relationship: to its head, of each
    true person; blank if none.
    """

    frame: pd.DataFrame
    home: Ints
    relationship: Texts

    def of_ref(self, refs: Ints) -> Ints:
        """Position of the household with a reference of the truth (the first, if it was several), -1 if none."""
        known = self.frame["household_ref"].drop_duplicates()
        known = known[known > 0]
        found = pd.Index(known).get_indexer(refs)
        return np.where(found < 0, -1, known.index.to_numpy()[found])


def same_region(rng: np.random.Generator, wanted: Texts, have: Texts) -> Ints:
    """For each region wanted, a drawn position among those that have it; among all, if none has."""
    order = np.argsort(have.astype(str), kind="stable")
    ordered = have.astype(str)[order]
    low = np.searchsorted(ordered, wanted.astype(str), side="left")
    high = np.searchsorted(ordered, wanted.astype(str), side="right")
    low, high = np.where(high > low, low, 0), np.where(high > low, high, len(have))
    return np.asarray(order[low + (rng.random(len(wanted)) * (high - low)).astype(np.int64)], dtype=np.int64)


def homes_on(world: World, day: date, source: Source, seed: int) -> Homes:
    """The households of the truth on census day; on an earlier day those that their people then formed."""
    homes = _homes_now(world) if day == world.census_day else _homes_then(world, day, seed, source)
    _into_areas(homes.frame, world.chunk, float(source.value("households_per_ea")))
    return homes


def _homes_now(world: World) -> Homes:
    truth = world.households
    frame = pd.DataFrame({"household_ref": truth["household_ref"].to_numpy()})
    frame["head"] = pd.Index(world.persons["truth_id"]).get_indexer(truth["head_id"])
    for column in ("region", "area", "dwelling", "remittances"):
        frame[column] = words(truth[column])
    home = pd.Index(truth["household_ref"]).get_indexer(world.persons["household_ref"])
    here = words(world.persons["status"]) == "resident"
    relationship = np.where(here, words(world.persons["relationship"]), "")
    return Homes(frame, np.where(here, home, -1).astype(np.int64), relationship)


def _homes_then(world: World, day: date, seed: int, source: Source) -> Homes:
    """Households of an earlier day: who of a household of the truth then lived in one region lived together.

    Whoever has none in the truth (those who left with all their household) forms one with the next few of the same
    region. A household whose eldest has not the age to lead one joins that of a parent, or else another of the
    region. The eldest is the head.
    """
    persons, rng = world.persons, stream(seed, world.iso3, world.chunk, f"{source.key} households")
    lives = spells_on(world, day)
    here = np.flatnonzero(words(world.spells["country"], lives) == world.iso3)
    region = words(world.spells["region"], lives)[here]
    age = completed_years(persons["birth_date"].iloc[here], day)
    group = _groups(persons["household_ref"].to_numpy()[here], persons["truth_id"].to_numpy()[here], region)
    grown = int(source.value("age_of_own_household"))
    group = _young_join(world, rng, here, region, age, group, grown)
    order = np.lexsort((persons["truth_id"].to_numpy()[here], -age, group))
    _names, first, home_here = np.unique(group[order], return_index=True, return_inverse=True)
    head = here[order][first]
    home = np.full(len(persons), -1, dtype=np.int64)
    home[here[order]] = home_here
    frame = pd.DataFrame({"household_ref": persons["household_ref"].to_numpy()[head], "head": head})
    frame["region"] = region[order][first]
    _same_dwelling(world, rng, frame)
    relationship = np.full(len(persons), "", dtype=object)
    relationship[here] = _relationships(world, here, head[home[here]])
    return Homes(frame, home, relationship)


def _groups(ref: Ints, truth_id: Ints, region: Texts) -> Ints:
    """A number for each set of persons who lived together, before the young join others."""
    place = pd.factorize(region)[0].astype(np.int64)
    group = np.where(ref > 0, pd.factorize(ref * 1000 + place)[0], -1).astype(np.int64)
    alone = np.flatnonzero(ref == 0)
    alone = alone[np.lexsort((truth_id[alone], place[alone]))]
    within = pd.Series(place[alone]).groupby(place[alone]).cumcount().to_numpy() // 4
    group[alone] = group.max(initial=-1) + 1 + pd.factorize(place[alone] * 10**9 + within)[0]
    return group


def _young_join(
    world: World, rng: np.random.Generator, here: Ints, region: Texts, age: Ints, group: Ints, grown: int
) -> Ints:
    """Let groups in which nobody is grown join that of the mother or father of their eldest, or another one."""
    n = int(group.max(initial=-1)) + 1
    led = np.zeros(n, dtype=bool)
    led[group[age >= grown]] = True
    eldest_last = np.argsort(age, kind="stable")
    eldest = np.zeros(n, dtype=np.int64)
    eldest[group[eldest_last]] = eldest_last
    todo = np.flatnonzero(~led)
    hosts = np.flatnonzero(age >= grown)
    if not len(todo) or not len(hosts):
        return group
    goes = group[hosts[same_region(rng, region[eldest[todo]], region[hosts])]]
    index = pd.Index(world.persons["truth_id"].to_numpy()[here])
    for parent in ("father_id", "mother_id"):
        at = index.get_indexer(world.persons[parent].to_numpy()[here[eldest[todo]]])
        near = (at >= 0) & (region[at] == region[eldest[todo]]) & led[group[at]]
        goes = np.where(near, group[at], goes)
    to = np.arange(n)
    to[todo] = goes
    return to[group]


def _same_dwelling(world: World, rng: np.random.Generator, frame: pd.DataFrame) -> None:
    """A household that has not moved has its dwelling of today; others have one like a neighbour's."""
    truth = world.households
    have = words(truth["region"])
    own = pd.Index(truth["household_ref"]).get_indexer(frame["household_ref"])
    stays = (own >= 0) & (have[own] == frame["region"].to_numpy())
    like = np.where(stays, own, same_region(rng, frame["region"].to_numpy(dtype=object), have))
    for column in ("area", "dwelling", "remittances"):
        frame[column] = words(truth[column], like)


def _relationships(world: World, who: Ints, head: Ints) -> Texts:
    """How each of the persons ``who`` is related to a head, by the kinship that the truth knows."""
    persons = world.persons
    own, mother, father, husband = (
        persons[name].to_numpy() for name in ("truth_id", "mother_id", "father_id", "husband_id")
    )
    me, top = own[who], own[head]
    mother_at = pd.Index(own).get_indexer(mother[who])
    of_wife = (mother_at >= 0) & (husband[mother_at] == top)
    spouse = (husband[who] == top) | (husband[head] == me)
    child = (mother[who] == top) | (father[who] == top) | of_wife
    parent = (mother[head] == me) | (father[head] == me)
    ref, birth = persons["household_ref"].to_numpy(), words(persons["country_birth"])
    lodger = words(persons["relationship"].iloc[who]) == OTHER
    related = np.where(ref[who] == ref[head], ~lodger, birth[who] == birth[head])
    cases = [who == head, spouse, child, parent, related]
    return np.select(cases, [HEAD, SPOUSE, CHILD, PARENT, RELATIVE], OTHER).astype(object)


def _into_areas(frame: pd.DataFrame, chunk: int, per_area: float) -> None:
    """Lay out enumeration areas: households in a row, within the urban and the rural part of a region."""
    stratum = frame["region"] + "-" + frame["area"]
    size = stratum.map(stratum.value_counts())
    areas = (size / per_area).round().clip(lower=1).astype("int64")
    within = stratum.groupby(stratum).cumcount() * areas // size
    number = pd.factorize(pd.MultiIndex.from_arrays([stratum, within]), sort=True)[0] + 1
    frame["stratum"] = stratum
    frame["ea"] = [f"EA{chunk:03d}{each:04d}" for each in number.tolist()]


@dataclass(frozen=True)
class Listing:
    """What a census without any defect writes down on a day.

    persons: one row for each person on each form, with the questions of the census, truth_id, event (what the
    record stands for) and household_id, here the household's position in ``homes``; the others alike.
    """

    day: date
    homes: Homes
    persons: pd.DataFrame
    households: pd.DataFrame
    emigrants: pd.DataFrame


def perfect_listing(world: World, source: Source, seed: int) -> Listing:
    """The census of the source's day without any defect."""
    day = date.fromisoformat(source.reference)
    homes = homes_on(world, day, source, seed)
    there = present_on(world, day)
    persons = _listed(world, source, seed, homes, there, true_answers(world, day, there))
    return Listing(day, homes, persons, _households(world, homes), emigrants_on(world, day, homes))


def home_numbers(position: Ints) -> Texts:
    """Positions of households as text that sorts like them."""
    number, at = np.unique(position, return_inverse=True)
    return np.array([f"{each:07d}" for each in number], dtype=object)[at]


def _placed(rows: pd.DataFrame, homes: Homes, position: Ints) -> pd.DataFrame:
    """The rows with the household and its place."""
    places = {name: homes.frame[name].to_numpy()[position] for name in ("ea", "region", "area")}
    return rows.assign(household_id=home_numbers(position), **places)


def _listed(
    world: World, source: Source, seed: int, homes: Homes, there: Present, answers: pd.DataFrame
) -> pd.DataFrame:
    """Residents at home (UP, or UA if away); some of those, and people from abroad, as visitors (V) elsewhere."""
    rng = stream(seed, world.iso3, world.chunk, f"{source.key} night")
    absent = float(source.value("absent_share"))
    share = float(source.value("visitor_resident_share")) / absent
    home, visitor = homes.home[there.row], there.visitor
    travels = age_on(date.fromisoformat(source.reference), world.persons["birth_date"]).to_numpy()[there.row] >= 12
    inside = chance(rng, absent, len(home)) & ~visitor & ~there.away & travels
    anywhere = (rng.random(len(home)) * len(homes.frame)).astype(np.int64)
    family = np.where(visitor, homes.of_ref(world.persons["household_ref"].to_numpy()[there.row]), -1)
    hosted = np.where(family >= 0, family, anywhere)
    as_guest = np.where((family >= 0) | chance(rng, 0.7, len(home)), RELATIVE, OTHER).astype(object)
    listed = answers.assign(
        residence_status=np.where(visitor, "V", np.where(inside | there.away, "UA", "UP")),
        relationship=np.where(visitor, as_guest, homes.relationship[there.row]),
        event=_events(answers["truth_id"], np.where(visitor, "visit", "home")),
    )
    listed = _placed(listed, homes, np.where(visitor, hosted, home))
    guest = inside & chance(rng, share, len(home)) & (anywhere != home)
    again = listed[guest].assign(
        residence_status="V", relationship=as_guest[guest], event=_events(answers["truth_id"][guest], "visit")
    )
    rows = pd.concat([listed, _placed(again, homes, anywhere[guest])], ignore_index=True)
    return in_order(rows)


def _events(truth_id: pd.Series, where: Texts | str) -> pd.Series:
    return truth_id.astype("str") + "/" + pd.Series(where, index=truth_id.index, dtype="str")


def in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows by area and household, the head first, visitors last, elder before younger."""
    order = np.lexsort(
        (
            rows["event"].to_numpy(dtype=object).astype(str),
            -rows["age"].astype("int64").to_numpy(),
            rows["relationship"].to_numpy(dtype=object).astype(str),
            (rows["residence_status"] == "V").to_numpy(),
            rows["household_id"].to_numpy(dtype=object).astype(str),
            rows["ea"].to_numpy(dtype=object).astype(str),
        )
    )
    return pd.DataFrame(rows.iloc[order].reset_index(drop=True))


def _households(world: World, homes: Homes) -> pd.DataFrame:
    """One row for each household in which somebody lives."""
    lived = np.unique(homes.home[homes.home >= 0])
    rows = homes.frame.iloc[lived].reset_index(drop=True)
    rows["event"] = home_numbers(lived)
    rows["truth_id"] = world.persons["truth_id"].to_numpy()[rows["head"]]
    return rows


def emigrants_on(world: World, day: date, homes: Homes) -> pd.DataFrame:
    """Who left in the ten years before a day, lives abroad on it, and has household members in the country."""
    persons, spells = world.persons, world.spells
    left = departures(world, day)
    position = homes.of_ref(persons["household_ref"].to_numpy())
    recent = left >= 0
    recent[recent] = spells["start"].to_numpy()[left[recent]] >= np.datetime64(years_before(day, 10), "s")
    row = np.flatnonzero(recent & (position >= 0))
    exit_day = spells["start"].to_numpy()[left[row]].astype("datetime64[D]")
    who = persons.iloc[row]
    age = age_on(day, who["birth_date"]).to_numpy()
    rows = pd.DataFrame(
        {
            "event": who["truth_id"].astype("str").to_numpy(),
            "truth_id": who["truth_id"].to_numpy(),
            "sex": words(who["sex"]),
            "age_now": numerals(age),
            "age_left": numerals(np.clip(completed_years(who["birth_date"], exit_day), 0, age)),
            "year_left": numerals(exit_day.astype("datetime64[Y]").astype(np.int64) + 1970),
            "country_residence": words(spells["country"], spells_on(world, day)[row]),
            "education_left": np.where(words(who["education"]) == "", "0", words(who["education"])),
            "activity_abroad": np.where(age >= 15, words(who["activity"]), ""),
            "remits": np.where(words(who["remits"]) == "Y", "Y", "N"),
        }
    )
    rows = _placed(rows, homes, position[row])
    return rows.sort_values(["ea", "household_id", "event"], kind="stable").reset_index(drop=True)


def departures(world: World, day: date) -> Ints:
    """The last move out of the country up to a day of each true person who lives abroad on it.

    Returns:
        The row in ``world.spells`` of the first spell abroad after it; -1 for others.
    """
    spells, lives = world.spells, spells_on(world, day)
    here = words(spells["country"]) == world.iso3
    person = spells["truth_id"].to_numpy()
    went = ~here[1:] & here[:-1] & (person[1:] == person[:-1])
    at = 1 + np.flatnonzero(went & (spells["start"].to_numpy()[1:] <= np.datetime64(day, "s")))
    found = np.full(len(world.persons), -1, dtype=np.int64)
    found[pd.Index(world.persons["truth_id"]).get_indexer(person[at])] = at
    abroad = (lives >= 0) & ~here[lives]
    return np.where(abroad, found, -1)


def is_foreign_born(world: World, row: Ints) -> Bools:
    """Whether each of the persons was born abroad."""
    return np.asarray(words(world.persons["country_birth"], row) != world.iso3)
