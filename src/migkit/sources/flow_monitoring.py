"""Flow monitoring: counts of travellers at points near land borders and on routes; interviews with a sample."""

import numpy as np
import pandas as pd

from migkit.reference import codelist, dictionary, table
from migkit.reference.tables import posts
from migkit.sources.border import post_day
from migkit.sources.journeys import choices, crossings, in_need
from migkit.sources.records import ErrorModel, Observed, Recorded, Recorder, Texts, heaped, identifiers
from migkit.sources.stays import age, day, iso, words
from migkit.world import World
from migkit.world.draws import Bools, Ints, chance, hashed, stream

COUNTS, INTERVIEWS = "flow_counts", "flow_interviews"
#: A line of a counting sheet: travellers who are alike in all of this.
LINE = ["fmp", "date", "hours", "direction", "origin", "destination", "nationality", "sex", "age_group"]
#: Age from which a person stands in the next band of the code list age_band.
BANDS = np.array([5, 18, 60])
NIGHT = ("0", "3")


def points(iso3: str) -> list[str]:
    """Codes of the land posts near which a monitoring point stands: those with most traffic."""
    land = posts(iso3)
    land = land[land["kind"] == "land"].sort_values(["weight", "code"], ascending=[False, True], kind="stable")
    return land["code"].head(int(dictionary("flow_monitoring").value("points"))).tolist()


def route_point(iso3: str) -> str:
    """The monitoring point on the route inland."""
    return f"FMP-{iso3}-R"


def passages(world: World) -> pd.DataFrame:
    """Crossings that pass a monitoring point: rows of journeys.crossings with fmp, age and the columns of LINE.

    Travellers at other land posts pass the point on the route inland, or none. It makes no difference whether they
    passed the counter.
    """
    rows = crossings(world)
    land = posts(world.iso3)
    near = rows["post"].isin(points(world.iso3)).to_numpy()
    share = float(dictionary("flow_monitoring").value("route_share"))
    by_route = hashed(world.seed, "route", rows["trip_id"].to_numpy()) < share
    on_land = rows["post"].isin(land.loc[land["kind"] == "land", "code"]).to_numpy()
    rows["fmp"] = np.where(near, "FMP-" + rows["post"], route_point(world.iso3))
    rows = rows[near | (on_land & by_route)].reset_index(drop=True)
    who = world.persons.iloc[rows["person"].to_numpy()]
    years = age(day(who["birth_date"]), rows["day"].to_numpy())
    rows = rows.assign(
        date=iso(rows["day"].to_numpy()),
        hours=(rows["minute"] // 360).astype("str"),
        nationality=rows["citizenship"],
        sex=words(who["sex"]),
        age=years,
        age_group=np.searchsorted(BANDS, years, side="right").astype(str),
    )
    return rows


def perfect_counts(rows: pd.DataFrame) -> pd.DataFrame:
    """Passages added up by line of the sheet; a line stands for no single person, so truth_id is blank."""
    cells = rows.groupby(LINE, sort=True).size().rename("count").reset_index()
    event = cells[LINE[0]].astype("object")
    for name in LINE[1:]:
        event = event + " " + cells[name]
    return cells.assign(event=event, truth_id="", count=cells["count"].astype("str"))


def _days(date: Texts) -> Ints:
    return np.asarray(date, dtype="datetime64[D]").astype(np.int64)


def closed(model: ErrorModel, seed: int, fmp: Texts, days: Ints) -> Bools:
    """Whether a point did not work on a day: more often on Saturdays and Sundays."""
    weekend = (days + 3) % 7 >= 5  # 1 January 1970 was a Thursday
    rate = model.rate("point_closed") * np.where(weekend, model.rate("point_closed", "factor_weekend"), 1.0)
    return np.asarray(post_day(seed, "point", fmp, days) < rate)


def _internal(rec: Recorder, world: World, model: ErrorModel, rng: np.random.Generator) -> pd.DataFrame:
    """Lines of travellers who crossed no border: like other lines, but within the country."""
    like = np.flatnonzero(chance(rng, model.rate("internal_moves"), len(rec)))
    rows = pd.DataFrame({name: rec[name][like] for name in rec.answers})
    count = 1 + (rng.random(len(like)) * 3).astype(np.int64)
    return rows.assign(origin=world.iso3, destination=world.iso3, nationality=world.iso3, count=count)


def _record_counts(world: World, rows: pd.DataFrame, model: ErrorModel, seed: int) -> Recorded:
    rec = Recorder(COUNTS, perfect_counts(rows), "line_id")
    rec.omit(closed(model, seed, rec["fmp"], _days(rec["date"])), "point_closed")
    awake = post_day(seed, "night", rec["fmp"], _days(rec["date"])) >= model.rate("night_not_counted")
    rec.omit(~awake & np.isin(rec["hours"].astype(str), NIGHT), "night_not_counted")
    rng = stream(seed, world.iso3, world.chunk, "flow counts")
    route = route_point(world.iso3)
    rec.duplicate(chance(rng, model.rate("counted_twice"), len(rec)) & (rec["fmp"] != route), "counted_twice")
    rec.invent(_internal(rec, world, model, rng), "internal_moves")
    rec.change(rec.kinds == "duplicate", "fmp", route, "counted_twice")
    n, band = len(rec), rec["age_group"].astype(np.int64)
    last = len(codelist("age_band")) - 1
    step = np.where(chance(rng, 0.5, n), 1, -1)
    seen = np.where((band + step < 0) | (band + step > last), band - step, band + step).astype(str)
    rec.change(chance(rng, model.rate("age_guessed"), n), "age_group", seen.astype(object), "age_guessed")
    guessed = chance(rng, model.rate("nationality_guessed"), n)
    rec.change(guessed, "nationality", rec["origin"], "nationality_guessed")
    rec.sort(LINE)
    return rec.finish(identifiers(world.iso3, "F", world.chunk, len(rec)), table(COUNTS).columns)


def _means(world: World, rows: pd.DataFrame) -> Texts:
    """Means of transport on land, one for each trip."""
    shares = dictionary("flow_monitoring").value("transport_land")
    level = hashed(world.seed, "transport", rows["trip_id"].to_numpy())
    return choices(shares, level)


def perfect_interviews(world: World, rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What a sample of travellers would answer; and the passages of the sample, in the same order."""
    share = dictionary("flow_monitoring").value("interview_share")
    number = rows["trip_id"].to_numpy() * 2 + (rows["direction"] == "E").to_numpy()
    chosen = hashed(world.seed, "interview", number) < share
    sample = rows[chosen & (rows["age"] >= int(dictionary("flow_monitoring").value("interview_from_age")))]
    sample = sample.reset_index(drop=True)
    years = sample["age"].to_numpy()
    kept = ["event", "fmp", "date", "direction", "sex", "nationality", "origin", "destination"]
    answers = sample[kept].assign(
        truth_id=sample["truth_id"].astype("str"),
        age=np.minimum(years, 98).astype(str),
        reason=sample["purpose"],
        stay_days=sample["stay"].astype("str"),
        means=_means(world, sample),
        vulnerable=np.where(in_need(world, sample, years), "Y", "N"),
    )
    return answers, sample


def _record_interviews(world: World, rows: pd.DataFrame, model: ErrorModel, seed: int) -> Recorded:
    answers, sample = perfect_interviews(world, rows)
    rec = Recorder(INTERVIEWS, answers, "interview_id")
    rng = stream(seed, world.iso3, world.chunk, "flow interviews")
    factor = np.where(sample["formal"], 1.0, model.rate("refused_interview", "factor_informal"))
    refused = chance(rng, model.rate("refused_interview") * factor, len(rec))
    shut = closed(model, seed, rec["fmp"], sample["day"].to_numpy())
    rec.omit(shut, "point_closed")
    rec.omit(refused[~shut], "refused_interview")
    n = len(rec)
    hides = np.isin(rec["reason"].astype(str), dictionary("flow_monitoring").value("reasons_hidden"))
    told = str(dictionary("flow_monitoring").value("reason_told"))
    rec.change(hides & chance(rng, model.rate("reason_hidden"), n), "reason", told, "reason_hidden")
    rec.change(chance(rng, model.rate("need_not_told"), n), "vulnerable", "N", "need_not_told")
    rounds = chance(rng, model.rate("age_rounded"), n)
    rec.change(rounds, "age", heaped(rec["age"]), "age_rounded")
    rec.sort(["date", "fmp", "direction", "event"])
    return rec.finish(identifiers(world.iso3, "I", world.chunk, len(rec)), table(INTERVIEWS).columns)


def observe(world: World, model: ErrorModel, seed: int) -> Observed:
    """What the enumerators at the monitoring points of a chunk of the country counted and heard.

    Args:
        world: the truth.
        model: rates of the defects of datasets/dictionary/flow_monitoring.yml.
        seed: of the defects.

    Returns:
        Tables flow_counts (an event is a line of a counting sheet, and truth_id is blank) and flow_interviews.
    """
    rows = passages(world)
    counts = _record_counts(world, rows, model, seed)
    return Observed({COUNTS: counts, INTERVIEWS: _record_interviews(world, rows, model, seed)})
