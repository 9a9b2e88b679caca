"""The consular register: citizens who moved abroad, as the missions know them."""

import numpy as np
import pandas as pd

from migkit.reference import countries, dictionary
from migkit.sources.clerks import spoil_identity
from migkit.sources.records import ErrorModel, Mask, Observed, Recorder, Texts, identifiers
from migkit.sources.stays import (
    OPEN,
    Citizenships,
    Lives,
    Statuses,
    age,
    day,
    ended,
    iso,
    names_of,
    on,
    positions,
    words,
    years_later,
)
from migkit.world import World
from migkit.world.draws import Ints, chance, stream

#: Status in the host country by the reason of the move (code list reason).
BY_REASON = {"W": "W", "S": "S", "F": "F", "P": "R"}


def _parameter(name: str) -> int:
    return int(dictionary("consular").value(name))


def stays_abroad(world: World, lives: Lives, citizens: Citizenships) -> pd.DataFrame:
    """Stays in another country of citizens who lived in the country before, while they are citizens.

    Returns:
        The columns of ``Lives.stays`` with end and how changed where the citizenship is lost (how N), and dual
        (citizen of the host country too at the end).
    """
    stays = lives.stays()
    stays = stays[(stays["country"] != world.iso3) & (stays["came_from"] == world.iso3)].reset_index(drop=True)
    person, start = stays["person"].to_numpy(), stays["start"].to_numpy()
    host = stays["country"].to_numpy(dtype=object)
    held, lost = citizens.held(person, world.iso3)
    since = np.maximum(start, held)
    end = np.minimum(stays["end"].to_numpy(), lost)
    last = np.minimum(end, ended(world)) - 1
    found = stays.assign(
        start=since,
        end=end,
        how=np.where(lost < stays["end"], "N", stays["how"]),
        dual=citizens.holds(person, last, host) & citizens.holds(person, last, world.iso3),
    )
    return pd.DataFrame(found[(since < end) & (since < ended(world))].reset_index(drop=True))


def _last_update(start: Ints, last: Ints) -> Ints:
    """The last yearly renewal of a registration up to a day."""
    return years_later(start, age(start, last))


def _next_of_kin(world: World, who: Ints) -> Texts:
    homes = world.households.drop_duplicates("household_ref").set_index("household_ref")["region"]
    found = homes.reindex(world.persons["household_ref"].to_numpy()[who]).reset_index(drop=True)
    return words(found)


def _perfect(world: World, rows: pd.DataFrame) -> pd.DataFrame:
    persons, who, until = world.persons, rows["person"].to_numpy(), ended(world)
    start, end = rows["start"].to_numpy(), rows["end"].to_numpy()
    truth = persons["truth_id"].to_numpy()[who].astype(str).astype(object)
    surname, given = names_of(world, who)
    birth, region = words(persons["country_birth"])[who], words(persons["region_birth"])[who]
    status = rows["reason"].map(BY_REASON).fillna("O").to_numpy(dtype=object)
    closing = rows["how"].map({"X": "B", "D": "D", "N": "N"}).fillna("").to_numpy(dtype=object)
    return pd.DataFrame(
        {
            "event": truth + "/" + iso(start),
            "truth_id": truth,
            "mission": rows["country"].to_numpy(dtype=object),
            "registration_date": iso(start),
            "surname": surname,
            "given": given,
            "sex": words(persons["sex"])[who],
            "dob": iso(day(persons["birth_date"]))[who],
            "birthplace": np.where((birth == world.iso3) & (region != ""), region, birth).astype(object),
            "occupation": words(persons["occupation"])[who],
            "status_in_host": np.where(rows["dual"], "N", status).astype(object),
            "next_of_kin_region": _next_of_kin(world, who),
            "last_update": iso(_last_update(start, np.minimum(end, until) - 1)),
            "removed_date": iso(np.where(end < until, end, OPEN)),
            "removed_reason": np.where(end < until, closing, "").astype(object),
        }
    )


def _never(world: World, rows: pd.DataFrame, model: ErrorModel, rng: np.random.Generator) -> Mask:
    region = {each.iso3 for each in countries(training_only=True)}
    near = rows["country"].isin(region).to_numpy()
    hidden = irregular_stays(world, rows)
    rate = np.where(near, model.rate("not_registered", "region"), model.rate("not_registered", "far"))
    return chance(rng, np.where(hidden, model.rate("not_registered", "irregular"), rate), len(rows))


def irregular_stays(world: World, rows: pd.DataFrame) -> Mask:
    """Of each stay (person, country, start, end), whether it is irregular in the host country at some time."""
    found = np.zeros(len(rows), dtype=bool)
    person, start, end = (rows[name].to_numpy() for name in ("person", "start", "end"))
    for host in dict.fromkeys(rows["country"]):
        there = (rows["country"] == host).to_numpy()
        found |= there & Statuses(world, "irregular", host).overlaps(world, person, start, end)
    return found


def _family(world: World, rows: pd.DataFrame) -> Mask:
    """Who came with or after somebody else: children under 15 and people who moved for family."""
    born = day(world.persons["birth_date"])[rows["person"]]
    return np.asarray((rows["reason"] == "F").to_numpy() | (age(born, rows["start"].to_numpy()) < 15))


def _spoil_dates(
    rec: Recorder, held: pd.DataFrame, late: Ints, model: ErrorModel, rng: np.random.Generator, until: int
) -> None:
    """Late registrations, and registrations that nobody has renewed for years."""
    start, end = held["start"].to_numpy(), held["end"].to_numpy()
    moved, registered = late > 0, start + late
    last = np.minimum(end, until) - 1
    update = np.where(moved, _last_update(registered, np.maximum(last, registered)), _last_update(start, last))
    rec.change(moved, "registration_date", iso(registered), "late_registration")
    rec.change(moved, "last_update", iso(update), "late_registration")
    limit = np.minimum(years_later(np.full(len(rec), until), -_parameter("stale_years")), last)
    level = rng.random(len(rec))
    old = np.where(registered < limit, registered + (level * (limit - registered)).astype(np.int64), registered)
    stale = chance(rng, model.rate("stale"), len(rec))
    rec.change(stale, "last_update", iso(old), "stale")


def _keep_on_list(rec: Recorder, model: ErrorModel, rng: np.random.Generator) -> None:
    groups = {"B": "returned", "D": "died", "N": "lost"}
    rates = {code: model.rate("not_removed", group) for code, group in groups.items()}
    kept = rng.random(len(rec)) < pd.Series(rec["removed_reason"]).map(rates).fillna(0.0).to_numpy()
    rec.change(kept, "removed_date", "", "not_removed")
    rec.change(kept, "removed_reason", "", "not_removed")


def _spoil_answers(rec: Recorder, iso3: str, model: ErrorModel, rng: np.random.Generator) -> None:
    n = len(rec)
    born_home = pd.Series(rec["birthplace"]).str.startswith(iso3).to_numpy(dtype=bool)
    bare = born_home & chance(rng, model.rate("birthplace_country_only"), n)
    rec.change(bare, "birthplace", iso3, "birthplace_country_only")
    for column, blank in (("occupation", ""), ("status_in_host", "X"), ("next_of_kin_region", "")):
        missing = chance(rng, model.rate("item_missing", column), n)
        rec.change(missing, column, blank, "item_missing")


def observe(world: World, model: ErrorModel, seed: int) -> Observed:
    """The register of citizens abroad that the missions of a world's country keep."""
    until = ended(world)
    rows = stays_abroad(world, Lives(world), Citizenships(world))
    rows = rows[rows["end"] > on(_parameter("register_from"))].reset_index(drop=True)
    rec = Recorder("consular_register", _perfect(world, rows), "reg_no")

    def rng(step: str) -> np.random.Generator:
        return stream(seed, world.iso3, world.chunk, f"consular {step}")

    n = len(rows)
    draws = rng("late")
    late = chance(draws, model.rate("late_registration"), n)
    days = 1 + (draws.random(n) * _parameter("late_years") * 365).astype(np.int64)
    rows["late"] = np.where(late, days, 0)
    rows["never"] = _never(world, rows, model, rng("never"))
    rows["family"] = _family(world, rows) & chance(rng("family"), model.rate("family_counted_once"), n)
    rows["dual_away"] = rows["dual"] & chance(rng("dual"), model.rate("dual_not_registered"), n)
    rows["too_late"] = rows["start"] + rows["late"] >= np.minimum(rows["end"], until)
    for column, kind in (
        ("dual_away", "dual_not_registered"),
        ("family", "family_counted_once"),
        ("never", "not_registered"),
        ("too_late", "late_registration"),
    ):
        rec.omit(rows[column].to_numpy(dtype=bool)[positions(rec)], kind)
    rec.duplicate(chance(rng("twice"), model.rate("registered_twice"), len(rec)), "registered_twice")
    held = rows.iloc[positions(rec)]
    _spoil_dates(rec, held, held["late"].to_numpy(), model, rng("dates"), until)
    _keep_on_list(rec, model, rng("removal"))
    _spoil_answers(rec, world.iso3, model, rng("answers"))
    spoil_identity(rec, model, rng("clerk"), given="given", birth="dob")
    rec.sort(["registration_date", "mission", "surname", "dob"])
    ids = identifiers(world.iso3, "K", world.chunk, len(rec))
    columns = dictionary("consular").tables["consular_register"].columns
    return Observed({"consular_register": rec.finish(ids, columns)})
