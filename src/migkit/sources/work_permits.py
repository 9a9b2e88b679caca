"""Work permits: one for each term of each position that a foreign citizen holds in a formal job."""

import numpy as np
import pandas as pd

from migkit.reference import codelist, country, dictionary
from migkit.reference.names import office_language
from migkit.sources.records import ErrorModel, Mask, Observed, Recorder, Texts, identifiers
from migkit.sources.stays import (
    Citizenships,
    Lives,
    day,
    ended,
    iso,
    may_move_freely,
    on,
    positions,
    terms,
    words,
    years_later,
)
from migkit.world import World
from migkit.world.draws import Ints, chance, hashed, stream


def _parameter(name: str) -> dict[str, float]:
    """The values of a parameter by code; code lists read as text even where YAML reads a number."""
    return {str(code): value for code, value in dictionary("work_permits").value(name).items()}


def _number(name: str) -> float:
    return float(dictionary("work_permits").value(name))


def has_formal_job(world: World) -> Mask:
    """Of each true person, whether the main job is with an employer who is on the tax register."""
    persons = world.persons
    share = pd.Series(words(persons["education"])).map(_parameter("formal_by_education")).fillna(0.0).to_numpy()
    lot = hashed(world.seed, "formal job", persons["truth_id"].to_numpy())
    return np.asarray((words(persons["activity"]) == "E") & (lot < share))


def employers(world: World, position: int = 0) -> Texts:
    """The tax number of each person's employer in a position (0 the first); each employer has one industry."""
    truth = world.persons["truth_id"].to_numpy()
    size = int(_number("employers_by_industry"))
    codes = codelist("industry")["code"].tolist()
    industry = (
        pd.Series(words(world.persons["industry"])).map({code: at for at, code in enumerate(codes)}).fillna(0)
    )
    # The square makes the first employers of an industry large and the last ones small.
    within = (hashed(world.seed, f"employer {position}", truth) ** 2 * size).astype(np.int64)
    numbers = identifiers(world.iso3, "T", world.chunk, size * len(codes))
    return np.asarray(numbers[industry.to_numpy(dtype=np.int64) * size + within], dtype=object)


def working_stays(world: World, lives: Lives, citizens: Citizenships) -> pd.DataFrame:
    """When citizens of other countries held a formal job in the country: person, start and end in days."""
    stays = lives.stays()
    stays = stays[(stays["country"] == world.iso3) & has_formal_job(world)[stays["person"]]]
    person = stays["person"].to_numpy()
    born = day(world.persons["birth_date"])[person]
    youngest, oldest = (int(_number(name)) for name in ("youngest", "oldest"))
    since, citizen = citizens.foreign(person, world.iso3)
    start = np.maximum(np.maximum(stays["start"].to_numpy(), years_later(born, youngest)), since)
    end = np.minimum(stays["end"].to_numpy(), years_later(born, oldest))
    end = np.minimum(end, citizen)
    found = pd.DataFrame({"person": person, "start": start, "end": end})
    return pd.DataFrame(found[start < end].reset_index(drop=True))


def permits_due(world: World, work: pd.DataFrame) -> pd.DataFrame:
    """The permits that formal jobs should leave.

    A person changes employer now and then, and some hold a second position for the whole time.

    Returns:
        The columns of ``stays.terms`` and person, stop (last day of work), second (whether the second position),
        employer (its number among those of the person).
    """
    truth = world.persons["truth_id"].to_numpy()[work["person"]]
    twice = hashed(world.seed, "second position", truth) < _number("second_position")
    both = pd.concat([work.assign(second=False), work[twice].assign(second=True)], ignore_index=True)
    years = np.full(len(both), int(_number("term_years")))
    opened = on(int(_number("register_from")))
    rows = terms(both["start"].to_numpy(), both["end"].to_numpy(), years, opened, ended(world))
    held = both.iloc[rows["stay"].to_numpy()].reset_index(drop=True)
    rows = rows.assign(person=held["person"], stop=held["end"], second=held["second"])
    change = hashed(world.seed, "change of employer", truth_steps(world, rows)) < _number("changes_employer")
    change = change & (rows["step"].to_numpy() > 0) & ~rows["second"].to_numpy()
    changes = pd.Series(change).groupby(rows["stay"].to_numpy()).cumsum().to_numpy(dtype=np.int64)
    return rows.assign(employer=np.where(rows["second"], 4, changes % 4))


def truth_steps(world: World, rows: pd.DataFrame) -> Ints:
    """A number for each term of each person, from which draws are hashed."""
    truth = world.persons["truth_id"].to_numpy()[rows["person"]]
    return np.asarray(truth * 100 + rows["step"].to_numpy(), dtype=np.int64)


def wages(world: World, who: Ints, occupation: Texts) -> Texts:
    """Monthly wages in the country's currency, rounded as employers round them."""
    units = dictionary("residence_permits").value("currency_units")[country(world.iso3).currency]
    middle = pd.Series(occupation).map(_parameter("wage")).to_numpy(dtype=np.float64)
    spread = list(_parameter("wage_spread").values())
    lot = hashed(world.seed, "wage", world.persons["truth_id"].to_numpy()[who])
    wage = middle * np.interp(lot, np.linspace(0.0, 1.0, len(spread)), spread)
    step = 5
    rounded = np.maximum(np.floor(wage / step), 1).astype(np.int64) * step * units
    return np.asarray(rounded.astype(str), dtype=object)


def _perfect(world: World, rows: pd.DataFrame, citizens: Citizenships) -> pd.DataFrame:
    persons, who = world.persons, rows["person"].to_numpy()
    issue = rows["issue"].to_numpy()
    truth = persons["truth_id"].to_numpy()[who].astype(str).astype(object)
    occupation = pd.Series(words(persons["occupation"])[who]).replace({"": "9", "X": "9"}).to_numpy(dtype=object)
    numbers = np.stack([employers(world, position) for position in range(5)])
    return pd.DataFrame(
        {
            "event": truth + np.where(rows["second"], "/second/", "/").astype(object) + iso(issue),
            "truth_id": truth,
            "employer_tax_id": numbers[rows["employer"].to_numpy(), who],
            "sector": pd.Series(words(persons["industry"])[who]).replace("", "X").to_numpy(dtype=object),
            "occupation": occupation,
            "nationality": citizens.on(who, issue)[0],
            "start": iso(issue),
            "end": iso(
                np.minimum(rows["expiry"], rows["stop"].where(rows["stop"] < ended(world), rows["expiry"]))
            ),
            "wage_monthly": wages(world, who, occupation),
        }
    )


def _vague(world: World, rng: np.random.Generator, n: int) -> Texts:
    phrases = codelist("vague_occupation")[f"label_{office_language(world.iso3)}"].to_numpy(dtype=object)
    return np.asarray(phrases[(rng.random(n) * len(phrases)).astype(np.int64)], dtype=object)


def _never(
    world: World, model: ErrorModel, rows: pd.DataFrame, nationality: Texts, rng: np.random.Generator
) -> Mask:
    """The permits of people for whom no employer ever asked for one."""
    draw = rng.random(len(world.persons))[rows["person"].to_numpy()]
    free = may_move_freely(world.iso3, nationality)
    return np.asarray(draw < np.where(free, model.rate("no_permit", "ecowas"), model.rate("no_permit", "other")))


def observe(world: World, model: ErrorModel, seed: int) -> Observed:
    """The work permits of a world."""
    citizens = Citizenships(world)
    rows = permits_due(world, working_stays(world, Lives(world), citizens))
    rec = Recorder("work_permits", _perfect(world, rows, citizens), "permit_id")

    def rng(step: str) -> np.random.Generator:
        return stream(seed, world.iso3, world.chunk, f"work_permits {step}")

    rec.omit(_never(world, model, rows, rec["nationality"], rng("never")), "no_permit")
    rec.duplicate(chance(rng("twice"), model.rate("permit_twice"), len(rec)), "permit_twice")
    rec.sort(["truth_id", "event"])
    n, held = len(rec), rows.iloc[positions(rec)]
    planned = chance(rng("end"), model.rate("end_not_updated"), n)
    rec.change(planned, "end", iso(held["expiry"].to_numpy()), "end_not_updated")
    draws = rng("answers")
    texts = chance(draws, model.rate("occupation_text"), n)
    rec.change(texts, "occupation", _vague(world, draws, n), "occupation_text")
    for column, blank in (("nationality", "XXX"), ("wage_monthly", ""), ("sector", "X")):
        missing = chance(draws, model.rate("item_missing", column), n)
        rec.change(missing, column, blank, "item_missing")
    rec.sort(["start", "employer_tax_id", "wage_monthly"])
    ids = identifiers(world.iso3, "W", world.chunk, n)
    return Observed({"work_permits": rec.finish(ids, dictionary("work_permits").tables["work_permits"].columns)})
