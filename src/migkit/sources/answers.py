"""What each person present on a day would answer, if nothing went wrong: the truth as a form asks it.

A census, its survey and the true totals of a lesson all begin here, each with its own day.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migkit.reference import dictionary
from migkit.sources.records import Texts, text
from migkit.world import World
from migkit.world.draws import Bools, Ints

Days = NDArray[np.datetime64]


def words(values: pd.Series, at: Ints | None = None) -> Texts:
    """The codes of a column as text, blank where missing; of the rows ``at``, blank where that is -1."""
    if not isinstance(values.dtype, pd.CategoricalDtype):
        plain = np.append(text(values).to_numpy(dtype=object), "")
        return plain[:-1] if at is None else plain[at]
    codes = np.append(values.cat.codes.to_numpy(), -1)
    labels = np.append(values.cat.categories.astype("str").to_numpy(dtype=object), "")
    return np.asarray(labels[codes[:-1] if at is None else codes[at]])


def completed_years(births: pd.Series, day: date | Days) -> Ints:
    """Whole years from dates of birth to a day, or to a day for each."""
    born, until = births.to_numpy().astype("datetime64[D]"), np.asarray(day, dtype="datetime64[D]")
    months = until.astype("datetime64[M]").astype(np.int64) - born.astype("datetime64[M]").astype(np.int64)
    day_of_birth = (born - born.astype("datetime64[M]")).astype(np.int64)
    day_until = (until - until.astype("datetime64[M]")).astype(np.int64)
    return np.asarray((months - (day_until < day_of_birth)) // 12, dtype=np.int64)


def age_on(day: date, births: pd.Series) -> pd.Series:
    """Completed years on a day, from dates of birth; 98 stands for 98 or more."""
    return pd.Series(np.minimum(completed_years(births, day), 98), index=births.index)


def years_before(day: date, years: int) -> date:
    """The same day of an earlier year."""
    return day.replace(year=day.year - years)


def spells_on(world: World, day: date) -> Ints:
    """The spell that each true person lives in on a day: a row of ``world.spells``, -1 if not alive."""
    moment, spells = np.datetime64(day, "s"), world.spells
    end = spells["end"].to_numpy()
    held = np.flatnonzero((spells["start"].to_numpy() <= moment) & (np.isnat(end) | (end > moment)))
    person = pd.Index(world.persons["truth_id"]).get_indexer(spells["truth_id"].to_numpy()[held])
    found = np.full(len(world.persons), -1, dtype=np.int64)
    found[person] = held
    return found


def residence_at(world: World, day: date) -> pd.DataFrame:
    """Country and region where each true person lives on a day, in the order of the truth (blank: not alive)."""
    at = spells_on(world, day)
    return pd.DataFrame({name: words(world.spells[name], at) for name in ("country", "region")}, dtype="str")


@dataclass(frozen=True)
class Present:
    """Who is to be counted on a day, and how; equal-length arrays.

    row: position in ``world.persons``. visitor: lives abroad and spends the night here. trip: the trip that
    brought the visitor, a row of ``world.trips`` (-1 for residents). away: lives here, spends the night abroad.
    """

    row: Ints
    visitor: Bools
    trip: Ints
    away: Bools


def present_on(world: World, day: date) -> Present:
    """The residents of a day in the order of the truth, then the visitors from abroad."""
    lives = spells_on(world, day)
    home = words(world.spells["country"], lives) == world.iso3
    trips, moment = world.trips, np.datetime64(day, "s")
    back = trips["back_date"].to_numpy()
    covers = (trips["out_date"].to_numpy() <= moment) & (np.isnat(back) | (back > moment))
    at = np.flatnonzero(covers)
    person = pd.Index(world.persons["truth_id"]).get_indexer(trips["truth_id"].to_numpy()[at])
    at, person = at[person >= 0], person[person >= 0]
    to, start = words(trips["destination"], at), words(trips["origin"], at)
    came = np.flatnonzero((to == world.iso3) & (lives[person] >= 0) & ~home[person])
    came = came[np.unique(person[came], return_index=True)[1]]
    gone = np.zeros(len(home), dtype=bool)
    gone[person[(start == world.iso3) & (to != world.iso3)]] = True
    residents, visitors = np.flatnonzero(home), person[came]
    return Present(
        row=np.concatenate([residents, visitors]),
        visitor=np.repeat([False, True], [len(residents), len(visitors)]),
        trip=np.concatenate([np.full(len(residents), -1, dtype=np.int64), at[came]]),
        away=np.concatenate([gone[residents], np.zeros(len(visitors), dtype=bool)]),
    )


def last_arrivals(world: World, day: date) -> Ints:
    """Each true person's last move into the country up to a day: the spell's row in ``world.spells``, else -1.

    The spell before it is the row above.
    """
    spells = world.spells
    here = words(spells["country"]) == world.iso3
    person = spells["truth_id"].to_numpy()
    came = here[1:] & ~here[:-1] & (person[1:] == person[:-1])
    at = 1 + np.flatnonzero(came & (spells["start"].to_numpy()[1:] <= np.datetime64(day, "s")))
    found = np.full(len(world.persons), -1, dtype=np.int64)
    found[pd.Index(world.persons["truth_id"]).get_indexer(person[at])] = at  # the last one of a person stays
    return found


def _moves(world: World, day: date, there: Present, age: Ints) -> dict[str, Texts]:
    """The answers on earlier residence: of residents from their spells, of visitors from their trip."""
    spells, trips, visitor = world.spells, world.trips, there.visitor
    came = np.where(visitor, -1, last_arrivals(world, day)[there.row])
    lives = spells_on(world, day)[there.row]
    arrived = spells["start"].to_numpy()[came]
    arrived[visitor] = trips["out_date"].to_numpy()[there.trip[visitor]]
    lived = visitor | (came >= 0)
    previous = words(spells["country"], np.where(came > 0, came - 1, -1))
    purposes = dictionary("census").value("reason_of_visit")
    purpose = pd.Series(words(trips["purpose"], there.trip)).map(purposes).fillna("O").to_numpy(dtype=object)
    month = arrived.astype("datetime64[M]").astype(np.int64)
    recent = lived & (arrived > np.datetime64(years_before(day, 1), "s"))
    blank = np.full(len(age), "", dtype=object)
    answers = {
        "lived_abroad": np.where(lived, "Y", "N"),
        "previous_country": np.where(visitor, words(spells["country"], lives), previous),
        "arrival_year": np.where(lived, numerals(1970 + month // 12), blank),
        "arrival_month": np.where(lived, numerals(month % 12 + 1), blank),
        "arrival_stated": np.where(lived, "Y", "NA"),
        "reason": np.where(visitor, purpose, words(spells["reason"], came)),
        "stay_intended": np.where(recent, np.where(visitor, "N", "Y"), ""),
    }
    for years in (1, 5):
        then = spells_on(world, years_before(day, years))[there.row]
        then = np.where(age >= years, then, -1)
        country = words(spells["country"], then)
        answers[f"country_{years}y"] = country
        answers[f"region_{years}y"] = np.where(country == world.iso3, words(spells["region"], then), blank)
    return answers


def numerals(values: NDArray[np.integer[Any]]) -> Texts:
    """Whole numbers as text; each different number is written once."""
    number, at = np.unique(values, return_inverse=True)
    return np.array([str(each) for each in number], dtype=object)[at]


def _citizenship(world: World, day: date, row: Ints) -> dict[str, Texts]:
    """Citizenship on a day; the country's own comes first if the person holds it with another."""
    persons = world.persons.iloc[row]
    home = world.iso3
    at_birth, now, second = (
        words(persons[name]) for name in ("citizenship_at_birth", "citizenship", "citizenship_2")
    )
    since = persons["citizenship_date"].to_numpy()
    changed = ~np.isnat(since) & (since <= np.datetime64(day, "s"))
    first = np.where(changed, now, at_birth)
    how = np.where(changed, words(persons["citizenship_how"]), "B")
    other = (second == home) & (first != home)
    how = np.where(other & (at_birth == home), "B", how)
    first, second = np.where(other, home, first), np.where(other, first, second)
    return {
        "citizenship": first,
        "citizenship_2": np.where(second == first, "", second),
        "citizenship_how": how,
    }


def _then(world: World, day: date, row: Ints, age: Ints) -> dict[str, Texts]:
    """Marital status, schooling and work on a day, from what they are on census day (of the dead: at death).

    The truth keeps no dates of these. On an earlier day a person is taken to have had the level of education that
    the age allows; to have been married only if man and wife both had the usual age; and, when young and not yet
    through school, to have been a pupil or student.
    """
    persons = world.persons.iloc[row]
    names = ("marital", "education", "activity", "occupation", "industry")
    answers = {name: words(persons[name]) for name in names}
    if day >= world.census_day:
        return answers
    rules = dictionary("census").parameters
    reached = np.searchsorted(rules["age_at_education"]["value"], age, side="right") - 1
    level = np.where(np.char.isdigit(answers["education"].astype(str)), answers["education"], "0").astype(np.int64)
    attained = numerals(np.minimum(level, np.maximum(reached, 0)))
    answers["education"] = np.where(answers["education"] == "", "", attained)
    lowest = rules["age_at_marriage"]["value"]
    woman = words(persons["sex"]) == "F"
    partner = _partner(world)[row]
    spouse_born = world.persons["birth_date"].iloc[partner]
    spouse_age = np.where(partner < 0, 99, completed_years(spouse_born, day))
    own, other = np.where(woman, lowest["F"], lowest["M"]), np.where(woman, lowest["M"], lowest["F"])
    unmarried = (age < own) | (spouse_age < other)
    known = np.where(answers["marital"] == "", "M", answers["marital"])  # blank: left the country since
    answers["marital"] = np.where(unmarried, "S", known)
    pupil = (level > reached) & (answers["activity"] != "")
    answers["activity"] = np.where(pupil, "S", answers["activity"])
    return answers


def _partner(world: World) -> Ints:
    """The row of each person's husband, or of the wife first married; -1 if none is in the file."""
    persons = world.persons
    index = pd.Index(persons["truth_id"])
    husband = index.get_indexer(persons["husband_id"].to_numpy())
    partner: Ints = husband.astype(np.int64)
    wives = np.flatnonzero(husband >= 0)
    oldest_last = wives[np.argsort(-persons["birth_date"].to_numpy()[wives].astype(np.int64), kind="stable")]
    partner[husband[oldest_last]] = oldest_last
    return partner


def true_answers(world: World, day: date, there: Present | None = None) -> pd.DataFrame:
    """What each person present would answer on a day, one row each, in the order of ``present_on``.

    Columns: truth_id, row (in ``world.persons``), visitor, age and sex, and the questions of the census except
    those that depend on the household.
    """
    there = there or present_on(world, day)
    persons = world.persons.iloc[there.row]
    age = age_on(day, persons["birth_date"]).to_numpy()
    birth = words(persons["country_birth"])
    answers: dict[str, object] = {
        "truth_id": persons["truth_id"].to_numpy(),
        "row": there.row,
        "visitor": there.visitor,
        "sex": words(persons["sex"]),
        "age": numerals(age),
        "country_birth": birth,
        "region_birth": np.where(birth == world.iso3, words(persons["region_birth"]), ""),
        "mother_country_birth": words(persons["mother_country_birth"]),
        "father_country_birth": words(persons["father_country_birth"]),
    }
    answers |= _citizenship(world, day, there.row) | _moves(world, day, there, age)
    answers |= _asked(_then(world, day, there.row, age), age)
    return pd.DataFrame(answers)


def _asked(answers: dict[str, Texts], age: Ints) -> dict[str, Texts]:
    """Each question is asked of its universe; an answer that the truth lacks is not stated."""
    asked = {"marital": age >= 15, "education": age >= 5, "activity": age >= 15}
    said = {name: np.where(answers[name] == "", "X", answers[name]) for name in answers}
    out = {name: np.where(holds, said[name], "") for name, holds in asked.items()}
    works = out["activity"] == "E"
    return out | {name: np.where(works, said[name], "") for name in ("occupation", "industry")}
