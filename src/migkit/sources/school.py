"""School and university enrolment: counts by school, and a list of students in tertiary education."""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from migkit.reference import dictionary, member, table
from migkit.sources.answers import completed_years, last_arrivals, numerals, spells_on, words
from migkit.sources.clerks import spoil_identity
from migkit.sources.records import ErrorModel, Mask, Observed, Recorded, Recorder, Texts, identifiers, mapped
from migkit.sources.stays import Citizenships, Lives, iso, on, positions
from migkit.sources.stays import day as days_of
from migkit.sources.work import world_part
from migkit.world import World
from migkit.world.draws import Choices, Ints, chance, hashed, stream

NATIONAL, ECOWAS, AFRICA, OTHER, NOT_STATED = range(5)  # positions in the code list origin_group
ORIGINS = np.array(["N", "E", "A", "O", "X"], dtype=object)
GRADES = {"1": "P1", "2": "S1", "3": "S2", "4": "V1"}  # the upper half of primary is P2
#: Lower ends of the age groups (code list age_group_school); the youngest pupils are of the first.
AGE_GROUPS = {"A": 0, "B": 10, "C": 15, "D": 20}


def reference_day() -> date:
    """The day of the yearly school census."""
    return date.fromisoformat(_parameter("reference_day"))


def _parameter(name: str) -> Any:
    return dictionary("school").value(name)


class _Learners:
    """The residents on the reference day, and what they learn; equal-length arrays, ``row`` in persons."""

    def __init__(self, world: World) -> None:
        self.world, self.day = world, reference_day()
        spell = spells_on(world, self.day)
        self.row = np.flatnonzero(words(world.spells["country"], spell) == world.iso3)
        persons = world.persons.iloc[self.row]
        self.ids = persons["truth_id"].to_numpy()
        self.age = completed_years(persons["birth_date"], self.day)
        schooling = words(persons["education"])
        student = (words(persons["activity"]) == "S") & (self.age >= 15)
        self.tertiary = (student & (schooling == "5")) | _international(world, self.day)[self.row]
        self.tertiary &= self.age >= _parameter("age_at_study_least")
        child = (self.age >= _parameter("starting_age")) & (self.age < 15) & ~np.isin(schooling, ["", "0"])
        child &= self.level("attending") < _parameter("attending")
        self.pupil = child | (student & ~self.tertiary & ~np.isin(schooling, ["", "0"]))
        level = np.where(np.isin(schooling, ["2", "3", "4"]), schooling, "1")
        self.stage = np.where(schooling == "5", "3", level)  # too young for tertiary education
        self.region = words(world.spells["region"], spell[self.row])
        home = pd.Index(world.households["household_ref"]).get_indexer(persons["household_ref"].to_numpy())
        area = words(world.households["area"], np.asarray(home, dtype=np.int64))
        self.area = np.where(area == "", "U", area)
        self.family = np.where(home >= 0, persons["household_ref"].to_numpy(), self.ids)
        self.nationality = _nationality(world, self.row, self.day)

    def level(self, what: str) -> np.ndarray:
        """A number in [0, 1) for each resident, for one question."""
        return hashed(self.world.seed, f"school {what}", self.ids)


def _international(world: World, day: date) -> Mask:
    """Of each true person, whether the status of an international student in this country holds on a day."""
    held, moment = world.statuses, np.datetime64(day, "s")
    end = held["end"].to_numpy()
    holds = (words(held["status"]) == "student") & (words(held["country"]) == world.iso3)
    holds &= (held["start"].to_numpy() <= moment) & (np.isnat(end) | (end > moment))
    return np.asarray(world.persons["truth_id"].isin(held["truth_id"].to_numpy()[holds]).to_numpy())


def _nationality(world: World, row: Ints, day: date) -> Texts:
    """Citizenship on a day; that of the country comes first if a person has two."""
    first, second = Citizenships(world).on(row, on(day.year, day.month, day.day))
    return np.where(second == world.iso3, second, first)


def origin_groups(nationality: Texts, home: str, day: date) -> Ints:
    """Groups of origin as schools count them: positions in the code list origin_group."""
    part = world_part(nationality)
    ecowas = {code for code in np.unique(nationality.astype(str)) if code and member(code, "ECOWAS", day)}
    group = np.where(part == "world", OTHER, AFRICA)
    group = np.where(np.isin(nationality.astype(str), sorted(ecowas)), ECOWAS, group)
    return np.where(nationality == home, NATIONAL, group)


# --------------------------------------------------------------------------------------------- schools


def _schools(learners: _Learners, pupil: Mask) -> Texts:
    """Each pupil's school: brothers and sisters of one level go to the same one."""
    kind = np.where(learners.stage[pupil] == "1", "SB", "SS").astype(object)
    place, _places = pd.factorize(kind + "/" + learners.region[pupil] + "/" + learners.area[pupil], sort=True)
    pupils = np.bincount(place)[place]
    size = np.array([_parameter("pupils_per_school")[each] for each in kind])
    schools = np.maximum(np.round(pupils / size), 1)
    lot = hashed(learners.world.seed, "school", learners.family[pupil])
    number = np.floor(lot * schools).astype(np.int64)
    code, _schools = pd.factorize(pd.MultiIndex.from_arrays([place, number]), sort=True)
    world = learners.world
    numbers = np.char.zfill((code + 1).astype(str), 6).astype(object)
    return np.asarray(kind + f"{world.chunk:03d}" + numbers, dtype=object)


def _pupils(learners: _Learners) -> pd.DataFrame:
    """One row for each pupil: the school's form's headings, and the true group of origin (a position)."""
    pupil = learners.pupil
    age, stage = learners.age[pupil], learners.stage[pupil]
    behind = (age < 12) & (learners.level("late entry")[pupil] < _parameter("late_entry"))
    upper = (stage == "1") & (age >= 9) & ~behind
    grade = np.where(upper, "P2", mapped(stage, GRADES.__getitem__))
    groups = np.array(list(AGE_GROUPS), dtype=object)
    prefix = f"SYN-{learners.world.iso3}-"
    return pd.DataFrame(
        {
            "school_code": prefix + _schools(learners, pupil),
            "region": learners.region[pupil],
            "area": learners.area[pupil],
            "level": stage,
            "grade_group": grade,
            "sex": words(learners.world.persons["sex"])[learners.row[pupil]],
            "age_group": groups[np.searchsorted(list(AGE_GROUPS.values()), age, side="right") - 1],
            "origin": origin_groups(learners.nationality[pupil], learners.world.iso3, learners.day),
        }
    )


HEADINGS = ["school_code", "region", "area", "level", "grade_group", "sex", "age_group"]


def _forms(pupils: pd.DataFrame) -> tuple[pd.DataFrame, Ints]:
    """The schools' forms without error, with a cell for every group of origin; and each pupil's line."""
    line, distinct = pd.factorize(pd.MultiIndex.from_frame(pupils[HEADINGS]), sort=True)
    lines = pd.DataFrame(distinct.to_list(), columns=HEADINGS)
    cells = lines.loc[np.repeat(np.arange(len(lines)), len(ORIGINS))].reset_index(drop=True)
    cells["origin_group"] = np.tile(ORIGINS, len(lines))
    cells["pupils"] = _counts(line, pupils["origin"].to_numpy(), len(lines)).astype(str).astype(object)
    cells["event"] = cells[[*HEADINGS, "origin_group"]].agg("/".join, axis=1)
    return cells.assign(truth_id=""), line


def _counts(line: Ints, origin: Ints, lines: int) -> Ints:
    return np.bincount(line * len(ORIGINS) + origin, minlength=lines * len(ORIGINS))


def _enrolment(learners: _Learners, model: ErrorModel, seed: int) -> Recorded:
    world = learners.world
    rng = stream(seed, world.iso3, world.chunk, "school forms")
    pupils = _pupils(learners)
    cells, line = _forms(pupils)
    rec = Recorder("school_enrolment", cells, "cell_no")
    rec.omit(_of_schools(rec, model, rng, "school_not_reported"), "school_not_reported")
    at = positions(rec)
    everywhere = np.ones(len(rec), dtype=bool)

    def recount(origin: Ints, kind: str) -> None:
        counts = _counts(line, origin, len(cells) // len(ORIGINS))
        rec.change(everywhere, "pupils", numerals(counts)[at], kind)

    origin, n = pupils["origin"].to_numpy(), len(pupils)
    kind = "origin_to_nearest_group"
    to_ecowas = (origin == AFRICA) & chance(rng, model.rate(kind, "african"), n)
    to_other = (origin == ECOWAS) & chance(rng, model.rate(kind, "ecowas"), n)
    said = np.where(to_ecowas, ECOWAS, np.where(to_other, OTHER, origin))
    recount(said, kind)
    kind = "nationality_missing"
    rate = np.where(origin == NATIONAL, model.rate(kind, "national_pupil"), model.rate(kind, "foreign_pupil"))
    recount(np.where(chance(rng, rate, n), NOT_STATED, said), kind)
    ghosts = _of_schools(rec, model, rng, "ghost_pupils") & (rec["origin_group"] == "N")
    factor = model.rate("ghost_pupils", "factor_pupils")
    more = mapped(rec["pupils"], lambda count: str(max(int(int(count) * factor), int(count) + (count != "0"))))
    rec.change(ghosts, "pupils", more, "ghost_pupils")
    ids = identifiers(world.iso3, "SC", world.chunk, len(rec))
    return rec.finish(ids, table("school_enrolment").columns)


def _of_schools(rec: Recorder, model: ErrorModel, rng: np.random.Generator, kind: str) -> Mask:
    """The cells of the schools that a defect hits."""
    school, distinct = pd.factorize(rec["school_code"])
    urban = np.zeros(len(distinct), dtype=bool)
    urban[school] = rec["area"] == "U"
    rate = np.where(urban, model.rate(kind, "urban"), model.rate(kind, "rural"))
    return np.asarray(chance(rng, rate, len(distinct))[school])


# ------------------------------------------------------------------------------------------ university


def _study_year(learners: _Learners, chosen: Mask) -> Ints:
    """Year of study; nobody began too young, or before coming to the country."""
    world, row = learners.world, learners.row[chosen]
    zero = np.zeros(len(row), dtype=np.int64)
    year = 1 + Choices.of([_parameter("study_years")]).at(zero, learners.level("study year")[chosen])
    year = np.minimum(year, learners.age[chosen] - _parameter("age_at_study_least") + 1)
    came = last_arrivals(world, learners.day)[row]
    arrived = world.spells["start"].to_numpy()[came]
    # Who came from September on begins in that school year.
    since = learners.day.year - (arrived.astype("datetime64[M]").astype(np.int64) + 4) // 12 - 1970 + 1
    return np.asarray(np.where(came >= 0, np.clip(year, 1, np.maximum(since, 1)), year), dtype=np.int64)


def _students(learners: _Learners) -> pd.DataFrame:
    """The list of students without error."""
    world, chosen = learners.world, learners.tertiary
    row, ids = learners.row[chosen], numerals(learners.ids[chosen])
    year = _study_year(learners, chosen)
    began = np.array([on(learners.day.year - int(each) + 1, 10, 1) for each in year], dtype=np.int64)
    before = Lives(world).country_at(row, began - 365)
    nationality = learners.nationality[chosen]
    group = origin_groups(nationality, world.iso3, learners.day)
    fees = np.array(["N", "C", "F", "F"], dtype=object)
    zero = np.zeros(len(row), dtype=np.int64)
    field = Choices.of([_parameter("study_field")]).at(zero, learners.level("study field")[chosen])
    columns = {
        "event": ids,
        "truth_id": ids,
        "sex": words(world.persons["sex"])[row],
        "birth_date": iso(days_of(world.persons["birth_date"])[row]),
        "nationality": nationality,
        "previous_country": before,
        "study_field": np.array([f"{each + 1:02d}" for each in field], dtype=object),
        "study_year": numerals(year),
        "fee_status": fees[group],
    }
    return pd.DataFrame(columns)


def _tertiary(learners: _Learners, model: ErrorModel, seed: int) -> Recorded:
    world = learners.world
    home = world.iso3
    rng = stream(seed, home, world.chunk, "school students")
    rec = Recorder("tertiary_students", _students(learners), "student_no")
    n = len(rec)
    nationality, previous = rec["nationality"].copy(), rec["previous_country"].copy()
    foreign = (nationality != home) & (previous == home)
    kind = "previous_from_nationality"
    rec.change(foreign & chance(rng, model.rate(kind), n), "previous_country", nationality, kind)
    kind = "previous_as_home"
    rec.change((previous != home) & chance(rng, model.rate(kind), n), "previous_country", home, kind)
    kind = "nationality_missing"
    rec.change(chance(rng, model.rate(kind, "student"), n), "nationality", "XXX", kind)
    clerks = stream(seed, home, world.chunk, "school clerks")
    spoil_identity(rec, model, clerks, birth="birth_date")
    ids = identifiers(home, "ST", world.chunk, n)
    return rec.finish(ids, table("tertiary_students").columns)


def observe(world: World, model: ErrorModel, seed: int) -> Observed:
    """Enrolment of the school year that begins after census day.

    Args:
        world: the truth.
        model: the rates of its defects.
        seed: of the errors.
    """
    learners = _Learners(world)
    return Observed(
        {
            "school_enrolment": _enrolment(learners, model, seed),
            "tertiary_students": _tertiary(learners, model, seed),
        }
    )
