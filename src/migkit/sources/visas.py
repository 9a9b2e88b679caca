"""Visa records: applications of those who came and needed a visa, and of applicants who never came."""

import numpy as np
import pandas as pd

from migkit.reference import dictionary, table
from migkit.sources.clerks import spoil_identity
from migkit.sources.journeys import crossings, known_as, like_named, numbered, visa_periods
from migkit.sources.records import ErrorModel, Observed, Recorder, identifiers
from migkit.sources.stays import day, ended, iso, positions, words
from migkit.world import World
from migkit.world.draws import Ints, chance, hashed, stream

APPLICATIONS = "visa_applications"


def perfect_applications(world: World) -> tuple[pd.DataFrame, Ints]:
    """One granted application for each visa with which somebody entered, and its day (since 1 January 1970)."""
    rows = crossings(world)
    rows = rows[rows["visa"] != ""].copy()
    rows["entries"] = rows.groupby("visa", sort=False)["event"].transform("size")
    rows = rows[~rows.duplicated("visa")].reset_index(drop=True)
    least, most = dictionary("visas").value("days_before")
    ahead = least + (hashed(world.seed, "visa ahead", visa_periods(rows, world.seed)) * (most - least + 1)).astype(
        int
    )
    when = rows["day"].to_numpy() - ahead
    person = rows["person"].to_numpy()
    who = world.persons.iloc[person]
    surname, given = known_as(world, rows)
    answers = {
        "event": rows["visa"],
        "truth_id": rows["truth_id"].astype("str"),
        "mission": rows["residence"],
        "date": iso(when),
        "surname": surname,
        "given": given,
        "sex": words(who["sex"]),
        "dob": iso(day(who["birth_date"])),
        "nationality": rows["nationality"],
        "passport_no": rows["doc_no"],
        "purpose": rows["purpose"],
        "duration_days": rows["stay"].astype("str"),
        "entries": np.where(rows["entries"] > 1, "M", "S"),
        "decision": "G",
        "visa_no": rows["visa"],
    }
    return pd.DataFrame(answers), when


def _applicants_who_never_came(
    perfect: pd.DataFrame, when: Ints, share: float, rng: np.random.Generator
) -> tuple[pd.DataFrame, Ints]:
    """Applications of nobody in the truth: like others, with names put together from two applicants."""
    order = np.lexsort((perfect["visa_no"].to_numpy(dtype=str), perfect["nationality"].to_numpy(dtype=str)))
    namesake = np.empty(len(order), dtype=np.int64)
    namesake[order] = np.roll(order, 1)
    chosen = np.flatnonzero(chance(rng, share, len(perfect)))
    rows = perfect.iloc[chosen].reset_index(drop=True)
    rows["surname"] = perfect["surname"].to_numpy()[namesake[chosen]]
    born = rows["dob"].to_numpy().astype("datetime64[D]").astype(np.int64)
    rows["dob"] = iso(born + (rng.random(len(rows)) * 730).astype(np.int64) - 365)
    rows["passport_no"] = numbered(rows["passport_no"].str[:1].to_numpy(dtype=object), rng.random(len(rows)))
    return rows, when[chosen] + (rng.random(len(rows)) * 61).astype(np.int64) - 30


def _invent(rec: Recorder, world: World, model: ErrorModel, when: Ints, seed: int) -> None:
    """Add applications granted and not used, refused, and pending."""
    last = ended(world) - 1
    for kind, decision in (("visa_not_used", "G"), ("refused_never_came", "R"), ("still_pending", "P")):
        rng = stream(seed, world.iso3, world.chunk, f"visas {kind}")
        rows, days = _applicants_who_never_came(rec.perfect, when, model.rate(kind), rng)
        recent = last - (rng.random(len(rows)) * int(dictionary("visas").value("pending_days"))).astype(np.int64)
        days = recent if decision == "P" else np.minimum(days, last)
        unused = numbered("V" + world.iso3[:1], rng.random(len(rows)))
        rows = rows.assign(date=iso(days), decision=decision, visa_no=unused if decision == "G" else "")
        rec.invent(rows.drop(columns=["event", "truth_id"]), kind)


def _spoil(rec: Recorder, world: World, model: ErrorModel, when: Ints, seed: int) -> None:
    rng = stream(seed, world.iso3, world.chunk, "visas answers")
    n = len(rec)
    again = rec.kinds == "duplicate"
    least, most = dictionary("visas").value("second_days")
    earlier = (
        np.where(again, when[positions(rec)], 0) - least - (rng.random(n) * (most - least + 1)).astype(np.int64)
    )
    for column, new in (("date", iso(earlier)), ("decision", "R"), ("visa_no", "")):
        rec.change(again, column, new, "applicant_twice")
    mistaken = like_named(rec["nationality"], rng)
    rec.change(chance(rng, model.rate("country_confused"), n), "nationality", mistaken, "country_confused")
    spoil_identity(rec, model, stream(seed, world.iso3, world.chunk, "visas clerks"), given="given", birth="dob")


def observe(world: World, model: ErrorModel, seed: int) -> Observed:
    """The visa applications for journeys to a chunk of the country.

    Args:
        world: the truth.
        model: rates of the defects of datasets/dictionary/visas.yml.
        seed: of the defects.

    Returns:
        Table visa_applications. Records of applicants who never came are invented: they stand for nobody.
    """
    perfect, when = perfect_applications(world)
    rec = Recorder(APPLICATIONS, perfect, "app_no")
    rng = stream(seed, world.iso3, world.chunk, "visas twice")
    rec.duplicate(chance(rng, model.rate("applicant_twice"), len(rec)), "applicant_twice")
    _invent(rec, world, model, when, seed)
    _spoil(rec, world, model, when, seed)
    rec.sort(["date", "mission", "passport_no"])
    ids = identifiers(world.iso3, "V", world.chunk, len(rec))
    return Observed({APPLICATIONS: rec.finish(ids, table(APPLICATIONS).columns)})
