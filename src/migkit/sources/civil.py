"""Civil registration: acts of birth and of death, some late, some with made-up dates, many never written."""

from typing import Any

import numpy as np
import pandas as pd

from migkit.reference import dictionary, table
from migkit.reference.names import office_language
from migkit.sources.answers import numerals
from migkit.sources.clerks import spoil_identity, written_names
from migkit.sources.records import ErrorModel, Mask, Observed, Recorded, Recorder, Texts, identifiers, mapped
from migkit.sources.stays import Citizenships, Lives, age, day, ended, iso, on, positions, rows_of, words
from migkit.world import World
from migkit.world.draws import Choices, Floats, Ints, chance, hashed, stream

NOT_STATED = "XXX"


def _parameter(name: str) -> Any:
    return dictionary("civil").value(name)


def _day_of(name: str) -> int:
    year, month, of = (int(part) for part in _parameter(name).split("-"))
    return on(year, month, of)


def _from_table(name: str, level: Floats) -> Ints:
    """Whole numbers at levels in [0, 1) of a table of evenly spaced quantiles."""
    values = np.asarray(_parameter(name), dtype=np.float64)
    return np.floor(np.interp(level, np.linspace(0.0, 1.0, len(values)), values)).astype(np.int64)


class _Registers:
    """The people whose events are registered: where they lived, and whose citizens they were."""

    def __init__(self, world: World) -> None:
        self.world, self.persons = world, world.persons
        self.lives, self.citizens = Lives(world), Citizenships(world)
        self.ids = world.persons["truth_id"].to_numpy()
        self.born, self.died = day(world.persons["birth_date"]), day(world.persons["death_date"])
        self.first, self.last = _day_of("first_day"), ended(world) - 1

    def level(self, what: str, row: Ints) -> Floats:
        """A number in [0, 1) for each person, for one question."""
        return hashed(self.world.seed, f"civil {what}", self.ids[row])

    def area(self, row: Ints) -> Texts:
        """Urban or rural, by the household; rural where there is none."""
        homes = self.world.households
        at = pd.Index(homes["household_ref"]).get_indexer(self.persons["household_ref"].to_numpy()[row])
        return np.where(at < 0, "R", words(homes["area"])[np.maximum(at, 0)])

    def nationality(self, row: Ints, days: Ints) -> Texts:
        """Citizenship on days; that of the country comes first if a person has two."""
        first, second = self.citizens.on(row, days)
        return np.where(second == self.world.iso3, second, first)

    def names(self, row: Ints) -> tuple[Texts, Texts]:
        """Surnames and given names as this country's clerks write them when nothing goes wrong."""
        given, surname = (self.persons[name].to_numpy()[row] for name in ("given", "surname"))
        return written_names(given, surname, office_language(self.world.iso3))


# --------------------------------------------------------------------------------------------- perfect


def _parents(reg: _Registers, row: Ints, born: Ints) -> dict[str, Texts]:
    """What the acts of birth say of the parents; of those who are not in the file, by look-up tables."""
    home = reg.world.iso3
    mother, father = (rows_of(reg.world, reg.persons[name].iloc[row]) for name in ("mother_id", "father_id"))
    found: dict[str, Texts] = {}
    drawn = _from_table("mother_age_spread", reg.level("mother", row))
    mother_age = np.where(mother < 0, drawn, age(reg.born[mother], born))
    drawn = mother_age + _from_table("father_older", reg.level("father", row))
    father_age = np.where(father < 0, drawn, age(reg.born[father], born))
    for parent, at, years in (("mother", mother, mother_age), ("father", father, father_age)):
        birthplace = words(reg.persons[f"{parent}_country_birth"])[row]
        found[f"{parent}_age"] = numerals(years)
        found[f"{parent}_nationality"] = np.where(at < 0, birthplace, reg.nationality(np.maximum(at, 0), born))
        found[f"{parent}_birthplace"] = birthplace
    found["father_residence"] = np.where(father < 0, home, reg.lives.country_at(np.maximum(father, 0), born))
    return found


def _perfect_births(reg: _Registers) -> tuple[pd.DataFrame, Ints]:
    """All births in the country in the period, each registered in time; and the children's rows."""
    here = words(reg.persons["country_birth"]) == reg.world.iso3
    row = np.flatnonzero(here & (reg.born >= reg.first) & (reg.born <= reg.last))
    born = reg.born[row]
    region = words(reg.persons["region_birth"])[row]
    surname, given = reg.names(row)
    shares = _parameter("attendance")
    urban = (reg.area(row) == "U").astype(np.int64)
    attended = Choices.of([shares["R"], shares["U"]]).at(urban, reg.level("attendance", row))
    ids = numerals(reg.ids[row])
    columns = {
        "event": "birth/" + ids,
        "truth_id": ids,
        "act_kind": np.full(len(row), "D", dtype=object),
        "place": region,
        "occurrence_date": iso(born),
        "registration_date": iso(born + _from_table("timely_days", reg.level("birth delay", row))),
        "sex": words(reg.persons["sex"])[row],
        "surname": surname,
        "given": given,
        "birth_region": region,
        "attendance": np.array(["F", "A", "H"], dtype=object)[attended],
        "mother_region": region,
    }
    return pd.DataFrame(columns | _parents(reg, row, born)), row


def _causes(reg: _Registers, row: Ints, years: Ints) -> Texts:
    table_of = _parameter("external_causes")
    group = np.searchsorted(table_of["ages"], years, side="right") - 1
    man = words(reg.persons["sex"])[row] == "M"
    share = np.where(man, np.asarray(table_of["M"])[group], np.asarray(table_of["F"])[group])
    return np.where(reg.level("cause", row) < share, "E", "N").astype(object)


def _perfect_deaths(reg: _Registers) -> tuple[pd.DataFrame, Ints]:
    """All deaths of residents in the period, each registered in time; and the deceased's rows."""
    row = np.flatnonzero((reg.died >= reg.first) & (reg.died <= reg.last))
    alive = np.maximum(reg.died[row] - 1, reg.born[row])
    row = row[reg.lives.country_at(row, alive) == reg.world.iso3]
    died = reg.died[row]
    region = reg.lives.region_at(row, np.maximum(died - 1, reg.born[row]))
    surname, given = reg.names(row)
    years = age(reg.born[row], died)
    ids = numerals(reg.ids[row])
    columns = {
        "event": "death/" + ids,
        "truth_id": ids,
        "act_kind": np.full(len(row), "D", dtype=object),
        "place": region,
        "occurrence_date": iso(died),
        "registration_date": iso(died + _from_table("timely_days", reg.level("death delay", row))),
        "sex": words(reg.persons["sex"])[row],
        "surname": surname,
        "given": given,
        "birth_date": iso(reg.born[row]),
        "age": numerals(years),
        "cause_group": _causes(reg, row, years),
        "nationality": reg.nationality(row, died),
        "birthplace": words(reg.persons["country_birth"])[row],
        "residence_region": region,
    }
    return pd.DataFrame(columns), row


# --------------------------------------------------------------------------------------------- defects


def _registered(reg: _Registers, rec: Recorder, model: ErrorModel, row: Ints, kind: str, seed: int) -> None:
    """Leave out what is never registered, make some acts late, and write some late acts twice.

    ``kind`` is "birth" or "death"; ``row`` is the person of each perfect record.
    """
    world = reg.world
    rng = stream(seed, world.iso3, world.chunk, f"civil {kind} registration")
    n, last = len(row), _day_of("extract_day")
    urban = reg.area(row) == "U"
    group = _parameter("completeness_group")[world.iso3]
    missing = f"{kind}_not_registered"
    never = chance(rng, _by_area(model, missing, group, urban), n)
    late = ~never & chance(rng, _by_area(model, "late_registration", kind, urban), n)
    event = reg.born[row] if kind == "birth" else reg.died[row]
    written = event + _from_table("late_days", rng.random(n))
    rec.omit(never, missing)
    at = positions(rec)
    rec.omit((late & (written > last))[at], "late_registration")
    at = positions(rec)
    # A second act needs another day, which must have come before the registers were copied.
    again = written + _from_table("second_act_days", rng.random(n))
    twice = late & (again <= last) & chance(rng, model.rate("late_duplicate"), n)
    rec.duplicate(twice[at], "late_duplicate")
    at = positions(rec)
    when = np.where(rec.kinds == "duplicate", again[at], written[at])
    late = late[at]
    rec.change(late, "registration_date", iso(when), "late_registration")
    if kind == "birth":
        lives = reg.lives.region_at(row[at], when)
        rec.change(late & (lives != ""), "place", lives, "late_registration")
    judged = late & chance(rng, model.rate("court_judgment"), len(rec))
    ends = np.where(chance(rng, 0.5, len(rec)), "-01-01", "-12-31").astype(object)
    rec.change(judged, "act_kind", "J", "court_judgment")
    rec.change(
        judged, "occurrence_date", mapped(rec["occurrence_date"], lambda said: said[:4]) + ends, "court_judgment"
    )


def _by_area(model: ErrorModel, defect: str, group: str, urban: Mask) -> Floats:
    return np.where(urban, model.rate(defect, f"{group}_urban"), model.rate(defect, f"{group}_rural"))


def _not_stated(rec: Recorder, model: ErrorModel, rng: np.random.Generator, groups: dict[str, str]) -> None:
    for group, column in groups.items():
        hit = chance(rng, model.rate("nationality_missing", group), len(rec))
        rec.change(hit, column, NOT_STATED, "nationality_missing")


def _finish(reg: _Registers, rec: Recorder, name: str, letters: str) -> Recorded:
    """Number the acts in the order in which each region's office wrote them."""
    rec.sort(["place", "registration_date", "event"])
    ids = identifiers(reg.world.iso3, letters, reg.world.chunk, len(rec))
    return rec.finish(ids, table(name).columns)


def _births(reg: _Registers, model: ErrorModel, seed: int) -> Recorded:
    perfect, row = _perfect_births(reg)
    rec = Recorder("births", perfect, "act_no")
    _registered(reg, rec, model, row, "birth", seed)
    world = reg.world
    rng = stream(seed, world.iso3, world.chunk, "civil births")
    there = chance(rng, model.rate("birthplace_as_registration", "birth"), len(rec))
    rec.change(there, "birth_region", rec["place"], "birthplace_as_registration")
    _not_stated(rec, model, rng, {"mother": "mother_nationality", "father": "father_nationality"})
    spoil_identity(rec, model, stream(seed, world.iso3, world.chunk, "civil births clerks"))
    return _finish(reg, rec, "births", "CB")


def _deaths(reg: _Registers, model: ErrorModel, seed: int) -> Recorded:
    perfect, row = _perfect_deaths(reg)
    rec = Recorder("deaths", perfect, "act_no")
    _registered(reg, rec, model, row, "death", seed)
    world = reg.world
    rng = stream(seed, world.iso3, world.chunk, "civil deaths")
    there = chance(rng, model.rate("birthplace_as_registration", "death"), len(rec))
    rec.change(there, "birthplace", world.iso3, "birthplace_as_registration")
    rec.change(chance(rng, model.rate("cause_unknown"), len(rec)), "cause_group", "X", "cause_unknown")
    _not_stated(rec, model, rng, {"deceased": "nationality"})
    clerks = stream(seed, world.iso3, world.chunk, "civil deaths clerks")
    spoil_identity(rec, model, clerks, birth="birth_date")
    return _finish(reg, rec, "deaths", "CD")


def observe(world: World, model: ErrorModel, seed: int) -> Observed:
    """The acts of birth and death in the registers of a world.

    Args:
        world: the truth.
        model: the rates of its defects.
        seed: of the errors.
    """
    reg = _Registers(world)
    return Observed({"births": _births(reg, model, seed), "deaths": _deaths(reg, model, seed)})
