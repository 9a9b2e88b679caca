"""Border records: what officers at the posts enter if nothing goes wrong, and what the error model makes of it."""

import zlib
from typing import Any

import numpy as np
import pandas as pd

from migkit.reference import dictionary, table
from migkit.reference.tables import posts
from migkit.sources.clerks import passport, spoil_identity
from migkit.sources.journeys import crossings, known_as, like_named
from migkit.sources.records import ErrorModel, Observed, Recorded, Recorder, Texts, identifiers
from migkit.sources.stays import day, ended, iso, on, positions, words
from migkit.world import World
from migkit.world.draws import Bools, Floats, Ints, chance, hashed, stream

CROSSINGS, OUTAGES = "border_crossings", "border_outages"
FIRST_DAY = on(2023)
MIDNIGHTS = np.array([f"{minute // 60:02d}:{minute % 60:02d}" for minute in range(1440)], dtype=object)


def post_day(seed: int, name: str, post: Texts, days: Ints) -> Floats:
    """A number in [0, 1) for each post and day: what befalls a post befalls the travellers of every chunk."""
    which, codes = pd.factorize(post)
    number = np.array([zlib.crc32(str(code).encode()) for code in codes], dtype=np.int64)
    return hashed(seed, name, number[which] * 100_000 + days if len(which) else np.zeros(0, dtype=np.int64))


def kinds_of_posts(post: Texts, iso3: str) -> Texts:
    """Of each post whether it is "land", "air" or "sea"."""
    known = posts(iso3).set_index("code")["kind"]
    return np.asarray(pd.Series(post, dtype="object").map(known), dtype=object)


def perfect_crossings(world: World, rows: pd.DataFrame) -> pd.DataFrame:
    """What perfect officers enter of crossings (see journeys.crossings): event, truth_id and the answers."""
    person = rows["person"].to_numpy()
    who = world.persons.iloc[person]
    surname, given = known_as(world, rows, passport)
    entry, home = (rows["direction"] == "E").to_numpy(), (rows["residence"] == world.iso3).to_numpy()
    answers: dict[str, Any] = {
        name: rows[name].to_numpy() for name in ("event", "direction", "mode", "doc_type", "doc_no", "purpose")
    }
    answers |= {
        "truth_id": rows["truth_id"].astype("str"),
        "post_code": rows["post"],
        "date": iso(rows["day"].to_numpy()),
        "time": MIDNIGHTS[rows["minute"].to_numpy()],
        "issuing_state": rows["issuing"],
        "surname": surname,
        "given": given,
        "sex": words(who["sex"]),
        "dob": iso(day(who["birth_date"])),
        "nationality": rows["nationality"],
        "birth_country": words(who["country_birth"]),
        "residence_country": rows["residence"],
        "intended_stay_days": np.where(entry & ~home, rows["stay"].astype("str"), ""),
        "destination_admin1": rows["region"],
        "visa_no": rows["visa"],
    }
    return pd.DataFrame(answers | _at_the_post(world, rows))


def _at_the_post(world: World, rows: pd.DataFrame) -> dict[str, Texts]:
    """What the post adds: flight or vehicle, biometric capture, officer."""
    post, kind = rows["post"].to_numpy(dtype=object), rows["post_kind"].to_numpy(dtype=object)
    days, hour = rows["day"].to_numpy(), rows["minute"].to_numpy() // 60
    together = hour // int(dictionary("border").value("flight_hours"))
    shared = post_day(world.seed, "flight", post, days * 24 + together)
    alone = hashed(world.seed, "vehicle", rows["trip_id"].to_numpy())
    number = np.where(kind == "land", alone, shared)
    letters = np.where(kind == "land", "VEH", np.where(kind == "air", "FLT", "SHP")).astype(object)
    code = np.char.zfill((number * 100_000).astype(np.int64).astype(str), 5).astype(object)
    equipped = dictionary("border").value("biometric_posts")
    share = np.array([equipped[each] for each in kind], dtype=np.float64)
    captured = post_day(world.seed, "equipment", post, np.zeros_like(days)) < share
    at_work = post_day(world.seed, "officer", post, days * 24 + hour // 8)  # shifts of eight hours
    officer = 1 + (at_work * int(dictionary("border").value("officers"))).astype(np.int64)
    return {
        "vehicle_or_flight": letters + code,
        "biometric_flag": np.where(captured, "Y", "N").astype(object),
        "officer_id": post + "-" + officer.astype(str).astype(object),
    }


def outage(model: ErrorModel, seed: int, post: Texts, kind: Texts, days: Ints) -> Bools:
    """Whether the system of a post was down on a day."""
    rates = {each: model.rate("outage", each) for each in ("land", "air", "sea")}
    rate = np.array([rates[each] for each in kind], dtype=np.float64)
    return np.asarray(post_day(seed, "outage", post, days) < rate)


def _leave_out(rec: Recorder, rows: pd.DataFrame, model: ErrorModel, seed: int, world: World) -> None:
    kind = rows["post_kind"].to_numpy(dtype=object)
    down = outage(model, seed, rows["post"].to_numpy(dtype=object), kind, rows["day"].to_numpy())
    rates = {each: model.rate("crossing_not_recorded", each) for each in ("land", "air", "sea")}
    rate = np.array([rates[each] for each in kind], dtype=np.float64)
    rate *= np.where(rows["direction"] == "X", model.rate("crossing_not_recorded", "factor_exit"), 1.0)
    missed = chance(stream(seed, world.iso3, world.chunk, "border missed"), rate, len(rows))
    rec.omit(down, "outage")
    rec.omit(missed[~down], "crossing_not_recorded")


def _clock(rec: Recorder, rows: pd.DataFrame, model: ErrorModel, seed: int, rng: np.random.Generator) -> None:
    """Times as they were entered: some minutes later where entered twice, hours away where the clock was wrong."""
    n, at = len(rec), positions(rec)
    days, minute = rows["day"].to_numpy()[at], rows["minute"].to_numpy()[at]
    again = rec.kinds == "duplicate"
    later = 1 + (rng.random(n) * int(dictionary("border").value("duplicate_minutes"))).astype(np.int64)
    minute = np.where(again, np.minimum(minute + later, 1439), minute)
    rec.change(again, "time", MIDNIGHTS[minute], "duplicate")
    post = rec["post_code"]
    wrong = post_day(seed, "clock", post, days) < model.rate("wrong_clock")
    most = int(dictionary("border").value("clock_hours"))
    hours = 1 + (post_day(seed, "clock hours", post, days) * 2 * most).astype(np.int64)
    shown = minute + 60 * np.where(hours > most, most - hours, hours)
    rec.change(wrong, "time", MIDNIGHTS[shown % 1440], "wrong_clock")
    shown_day = np.clip(days + shown // 1440, FIRST_DAY, None)
    rec.change(wrong, "date", iso(shown_day), "wrong_clock")


def _spoil(rec: Recorder, world: World, model: ErrorModel, seed: int) -> None:
    rng = stream(seed, world.iso3, world.chunk, "border answers")
    n = len(rec)
    turned = np.where(rec["direction"] == "E", "X", "E")
    rec.change(chance(rng, model.rate("wrong_direction"), n), "direction", turned, "wrong_direction")
    other = str(dictionary("border").value("default_purpose"))
    rec.change(chance(rng, model.rate("purpose_default"), n), "purpose", other, "purpose_default")
    rec.change(chance(rng, model.rate("residence_missing"), n), "residence_country", "", "residence_missing")
    copied = chance(rng, model.rate("issuing_state_as_nationality"), n)
    rec.change(copied, "nationality", rec["issuing_state"], "issuing_state_as_nationality")
    mistaken = like_named(rec["nationality"], rng)
    rec.change(chance(rng, model.rate("country_confused"), n), "nationality", mistaken, "country_confused")
    typing = stream(seed, world.iso3, world.chunk, "border clerks")
    spoil_identity(rec, model, typing, given="given", birth="dob", style=passport)


def _record_crossings(world: World, model: ErrorModel, seed: int) -> Recorded:
    rows = crossings(world)
    rows = rows[rows["formal"]].reset_index(drop=True)
    rows["post_kind"] = kinds_of_posts(rows["post"].to_numpy(dtype=object), world.iso3)
    rec = Recorder(CROSSINGS, perfect_crossings(world, rows), "rec_id")
    _leave_out(rec, rows, model, seed, world)
    rng = stream(seed, world.iso3, world.chunk, "border twice")
    rec.duplicate(chance(rng, model.rate("duplicate"), len(rec)), "duplicate")
    _clock(rec, rows, model, seed, rng)
    _spoil(rec, world, model, seed)
    rec.sort(["date", "time", "post_code", "doc_no"])
    return rec.finish(identifiers(world.iso3, "B", world.chunk, len(rec)), table(CROSSINGS).columns)


def _record_outages(world: World, model: ErrorModel, seed: int) -> Recorded:
    """The log-books of all posts of the country; they stand in the first chunk's file only."""
    known = posts(world.iso3) if world.chunk == 0 else posts(world.iso3).iloc[:0]
    days = np.arange(FIRST_DAY, ended(world), dtype=np.int64)
    post = np.repeat(known["code"].to_numpy(dtype=object), len(days))
    kind = np.repeat(known["kind"].to_numpy(dtype=object), len(days))
    when = np.tile(days, len(known))
    down = outage(model, seed, post, kind, when)
    true = pd.DataFrame({"post_code": post[down], "date": iso(when[down]), "truth_id": ""})
    rec = Recorder(OUTAGES, true.assign(event=true["post_code"] + " " + true["date"]), "outage_id")
    rng = stream(seed, world.iso3, world.chunk, "border log-books")
    rec.omit(chance(rng, model.rate("outage_not_noted"), len(rec)), "outage_not_noted")
    rec.sort(["date", "post_code"])
    return rec.finish(identifiers(world.iso3, "O", world.chunk, len(rec)), table(OUTAGES).columns)


def observe(world: World, model: ErrorModel, seed: int) -> Observed:
    """The border records of a chunk of the country, and the posts' notes of days without the system.

    Args:
        world: the truth.
        model: rates of the defects of datasets/dictionary/border.yml.
        seed: of the defects.

    Returns:
        Tables border_crossings (crossings at the counters of posts) and border_outages (truth_id is blank).
    """
    tables = {CROSSINGS: _record_crossings(world, model, seed), OUTAGES: _record_outages(world, model, seed)}
    return Observed(tables)
