"""The labour force survey: a stratified two-stage sample of households, with modules on migration and work.

The truth gives who lives where and does what work; pay, recruitment costs and money from abroad are of ``work``.
"""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from migkit.reference import dictionary, table
from migkit.sources.answers import (
    Present,
    completed_years,
    last_arrivals,
    numerals,
    spells_on,
    true_answers,
    words,
)
from migkit.sources.listing import homes_on
from migkit.sources.records import (
    ErrorModel,
    Mask,
    Observed,
    Recorded,
    Recorder,
    Texts,
    heaped,
    identifiers,
    mapped,
    rounded_year,
)
from migkit.sources.work import conditions, job_abroad, pay_scale, remittance
from migkit.world import World
from migkit.world.draws import Bools, Choices, Floats, Ints, chance, hashed, stream

COMPLETED, REFUSED, NOBODY, VACANT = "C", "R", "N", "V"
#: Lower ends of the age groups of the totals (code list age_group_labour).
AGE_GROUPS = {"A": 0, "B": 15, "C": 25, "D": 35, "E": 55}


def survey_day() -> date:
    """The day to which the survey's answers refer."""
    return date.fromisoformat(dictionary("labour_force").reference)


def _parameter(name: str) -> Any:
    return dictionary("labour_force").value(name)


def _weight(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")


# ---------------------------------------------------------------------------------------------- sample


def _strata(areas: pd.DataFrame) -> pd.Series:
    """Strata of areas; those with too few areas are put together, urban and rural apart if that is enough.

    What is still too small after that joins the largest stratum.
    """
    least = int(_parameter("areas_per_stratum_least"))
    stratum = areas["stratum"].astype("str")
    for together in ("ALL-" + stratum.str[-1], pd.Series("ALL", index=areas.index)):
        few = stratum.map(stratum.value_counts()) < least
        stratum = stratum.mask(few, together)
    count = stratum.value_counts().sort_index()
    return stratum.mask(stratum.map(count) < least, str(count.idxmax()))


def _number_drawn(strata: pd.DataFrame) -> Ints:
    """Areas to draw in each stratum (columns areas, size): in proportion to size, 2 or more, at most half."""
    wanted = min(
        int(_parameter("sample_psus")), int(strata["areas"].sum() * float(_parameter("sample_share_most")))
    )
    share = np.round(strata["size"].to_numpy() / strata["size"].sum() * wanted).astype(np.int64)
    most = np.maximum((strata["areas"].to_numpy() * float(_parameter("sample_share_most"))).astype(np.int64), 1)
    return np.minimum(np.maximum(share, 2), most)


def _systematic(sizes: Ints, n: int, start: float) -> Bools:
    """Which units are drawn: ``n`` points at equal steps along their sizes, from a random start in [0, 1)."""
    ends = np.cumsum(sizes)
    points = (np.arange(n) + start) * (ends[-1] / n)
    drawn = np.zeros(len(sizes), dtype=bool)
    drawn[np.minimum(np.searchsorted(ends, points, side="right"), len(sizes) - 1)] = True
    return drawn


def draw_sample(world: World, seed: int) -> pd.DataFrame:
    """Draw areas with probability proportional to households, then households by systematic sampling.

    Returns:
        The households drawn: household_ref, psu, stratum, design_weight. Areas of one stratum have nearly the same
        size, so none is so large that it would be drawn twice.
    """
    rng = stream(seed, world.iso3, world.chunk, "labour_force sample")
    homes = homes_on(world, world.census_day, dictionary("census"), seed).frame
    areas = homes.groupby("ea", sort=True).agg(stratum=("stratum", "first"), size=("ea", "size")).reset_index()
    areas["stratum"] = _strata(areas)
    strata = areas.groupby("stratum", sort=True).agg(areas=("ea", "size"), size=("size", "sum"))
    take = int(_parameter("households_per_psu"))
    drawn = []
    for (stratum, group), n in zip(areas.groupby("stratum", sort=True), _number_drawn(strata), strict=True):
        chosen = group[_systematic(group["size"].to_numpy(), int(n), rng.random())]
        for ea, size in zip(chosen["ea"], chosen["size"], strict=True):
            hit = _systematic(np.ones(size, dtype=np.int64), min(take, size), rng.random())
            first, second = n * size / group["size"].sum(), min(take, size) / size
            refs = homes.loc[homes["ea"] == ea, "household_ref"].to_numpy()[hit]
            rows = {"household_ref": refs, "psu": ea, "stratum": stratum}
            drawn.append(pd.DataFrame(rows | {"design_weight": 1.0 / (first * second)}))
    return pd.concat(drawn, ignore_index=True)


# --------------------------------------------------------------------------------------------- perfect


def _residents(world: World) -> tuple[Ints, Ints]:
    """Who lives in the country on the day, in a household of the census: persons' and households' rows."""
    here = words(world.spells["country"], spells_on(world, survey_day())) == world.iso3
    home = pd.Index(world.households["household_ref"]).get_indexer(world.persons["household_ref"].to_numpy())
    row = np.flatnonzero(here & (home >= 0))
    return row, np.asarray(home[row], dtype=np.int64)


def _senders(world: World, refs: Ints) -> Texts:
    """Country of the household member abroad who sends money; for other households, of some sender of the file."""
    persons = world.persons
    sends = np.flatnonzero((words(persons["remits"]) == "Y") & (words(persons["status"]) == "abroad"))
    place = words(world.spells["country"], spells_on(world, survey_day())[sends])
    abroad = (place != "") & (place != world.iso3)
    sends, place = sends[abroad], place[abroad]
    if not len(sends):
        return np.full(len(refs), "XRW", dtype=object)
    some = place[(hashed(world.seed, "remittance sender", refs) * len(place)).astype(np.int64)]
    known = pd.Series(place, index=persons["household_ref"].to_numpy()[sends])
    known = known[~known.index.duplicated()].reindex(refs)
    return np.where(known.isna(), some, known.to_numpy(dtype=object))


def _perfect_households(world: World, sample: pd.DataFrame, members: Ints) -> pd.DataFrame:
    """Households drawn, as a perfect interview would record them; ``members`` of each."""
    refs = sample["household_ref"].to_numpy()
    truth = world.households.iloc[pd.Index(world.households["household_ref"]).get_indexer(refs)]
    lived_in = members > 0
    received = lived_in & (words(truth["remittances"]) == "Y")
    sender = _senders(world, refs)
    received_amount, channel = remittance(world, refs, sender)
    weight = np.array([_weight(value) for value in sample["design_weight"]], dtype=object)
    columns = {
        "event": numerals(refs),
        "truth_id": numerals(truth["head_id"].to_numpy()),
        "psu": sample["psu"].to_numpy(),
        "stratum": sample["stratum"].to_numpy(),
        "region": words(truth["region"]),
        "area": words(truth["area"]),
        "design_weight": weight,
        "weight": np.where(lived_in, weight, ""),
        "result": np.where(lived_in, COMPLETED, VACANT),
        "dwelling": words(truth["dwelling"]),
        "members": np.where(lived_in, numerals(members), ""),
        "remittances": np.where(lived_in, np.where(received, "Y", "N"), ""),
        "remittance_country": np.where(received, sender, ""),
        "remittance_amount": np.where(received, numerals(received_amount), ""),
        "remittance_channel": np.where(received, channel, ""),
    }
    return pd.DataFrame(columns, dtype="object")


def _work_around_the_move(world: World, ids: Ints, answers: pd.DataFrame, arrived: Mask) -> dict[str, Texts]:
    """Work before and after the last move of those who came at 15 or older, drawn by hashing."""
    shares = _parameter("worked_before_moving")
    share = np.array([shares.get(reason, shares["O"]) for reason in answers["reason"]])
    before = arrived & (hashed(world.seed, "work before", ids) < share)
    now = (answers["activity"] == "E").to_numpy()
    same = now & (hashed(world.seed, "work same", ids) < _parameter("same_occupation_as_before"))
    zero = np.zeros(len(ids), dtype=np.int64)
    other = numerals(Choices.of([_parameter("occupation_before")]).at(zero, hashed(world.seed, "work other", ids)))
    occupation = np.where(same, answers["occupation"].to_numpy(dtype=object), other)
    after = now | (hashed(world.seed, "work since", ids) < _parameter("worked_since_moving"))
    return {
        "work_before": np.where(arrived, np.where(before, "Y", "N"), ""),
        "occupation_before": np.where(before, occupation, ""),
        "work_after": np.where(arrived, np.where(after, "Y", "N"), ""),
    }


def _three_years_before(day: date) -> date:
    return day.replace(year=day.year - 3)


def _back_from_abroad(world: World, row: Ints) -> tuple[np.ndarray, Texts, Floats]:
    """The last stay abroad, or else the first season of work abroad, that ended within three years of the day.

    Returns:
        Of each person the day of leaving, the country (blank: none) and the chance of a job as an employee there.
    """
    day, spells, shares = survey_day(), world.spells, _parameter("employee_abroad")
    since, until = np.datetime64(_three_years_before(day), "s"), np.datetime64(day, "s")
    came = last_arrivals(world, day)[row]
    stay = np.where(came > 0, came - 1, -1)  # the spell abroad is the row above
    stay = np.where(spells["start"].to_numpy()[came] > since, stay, -1)
    share = np.array([shares.get(reason, shares["O"]) for reason in words(spells["reason"], stay)])
    trips = world.trips
    ended = trips["back_date"].to_numpy()
    season = (words(trips["kind"]) == "season") & (words(trips["origin"]) == world.iso3)
    season = np.flatnonzero(season & (ended > since) & (ended <= until))
    season = season[np.argsort(trips["out_date"].to_numpy()[season], kind="stable")]
    worker = pd.Series(season, index=trips["truth_id"].to_numpy()[season])
    worker = worker[~worker.index.duplicated()].reindex(world.persons["truth_id"].to_numpy()[row]).fillna(-1)
    trip = np.where(stay >= 0, -1, worker.to_numpy().astype(np.int64))
    nothing = np.full(len(row), np.datetime64("NaT", "s"))
    left = np.where(stay >= 0, spells["start"].to_numpy()[stay], nothing)
    where = words(spells["country"], stay)
    if len(trips):
        left = np.where(trip >= 0, trips["out_date"].to_numpy()[trip], left)
        where = np.where(trip >= 0, words(trips["destination"], trip), where)
    # Whoever was never away counts from the survey's day, so that ages stay possible.
    left = np.where(np.isnat(left), until, left)
    return left, where, np.where(trip >= 0, shares["season"], share)


def _job_abroad(world: World, row: Ints, ids: Ints, answers: pd.DataFrame) -> dict[str, Texts]:
    """The module on jobs abroad: citizens back within three years who worked there as employees."""
    left, where, share = _back_from_abroad(world, row)
    old = completed_years(world.persons["birth_date"].iloc[row], left) >= 15
    asked = ((answers["citizenship"] == world.iso3) & (answers["age"].astype("int64") >= 18)).to_numpy()
    worked = asked & old & (where != "") & (hashed(world.seed, "work employee abroad", ids) < share)
    cost, pay = job_abroad(world, ids, where)
    return {
        "job_abroad": np.where(asked, np.where(worked, "Y", "N"), ""),
        "job_abroad_country": np.where(worked, where, ""),
        "recruitment_cost": np.where(worked, numerals(cost), ""),
        "earnings_abroad": np.where(worked, numerals(pay), ""),
    }


def _perfect_persons(world: World, sample: pd.DataFrame, row: Ints, home: Ints) -> pd.DataFrame:
    """Members of the households drawn (``row`` in persons, ``home`` in the sample), as they truly are."""
    n = len(row)
    nobody = np.zeros(n, dtype=bool)
    there = Present(row=row, visitor=nobody, trip=np.full(n, -1, dtype=np.int64), away=nobody)
    answers = true_answers(world, survey_day(), there)
    ids = answers["truth_id"].to_numpy()
    drawn = sample.iloc[home]
    weight = np.array([_weight(value) for value in drawn["design_weight"]], dtype=object)
    truth = world.households.iloc[
        pd.Index(world.households["household_ref"]).get_indexer(drawn["household_ref"].to_numpy())
    ]
    age = answers["age"].astype("int64").to_numpy()
    columns: dict[str, Any] = {
        "event": numerals(ids),
        "truth_id": numerals(ids),
        "home": home,
        "psu": drawn["psu"].to_numpy(),
        "stratum": drawn["stratum"].to_numpy(),
        "region": words(truth["region"]),
        "area": words(truth["area"]),
        "design_weight": weight,
        "weight": weight,
        "proxy": np.where(age >= 15, "N", ""),
        "relationship": words(world.persons["relationship"].iloc[row]),
    }
    for name in ("sex", "age", "education", "country_birth", "citizenship", "lived_abroad", "previous_country"):
        columns[name] = answers[name].to_numpy(dtype=object)
    for name in ("arrival_year", "reason", "activity", "occupation", "industry"):
        columns[name] = answers[name].to_numpy(dtype=object)
    came = last_arrivals(world, survey_day())[row]
    born = world.persons["birth_date"].iloc[row]
    grown = (came >= 0) & (completed_years(born, world.spells["start"].to_numpy()[came]) >= 15)
    columns |= _work_around_the_move(world, ids, answers, grown)
    work = conditions(world, row)
    asked = (answers["activity"] == "E").to_numpy()
    columns |= {str(name): np.where(asked, work[name].to_numpy(dtype=object), "") for name in work}
    columns |= _job_abroad(world, row, ids, answers)
    whole = pd.DataFrame(columns)
    order = pd.DataFrame({"home": home, "relation": whole["relationship"], "age": -age, "id": ids})
    return whole.loc[order.sort_values(["home", "relation", "age", "id"], kind="stable").index].reset_index(
        drop=True
    )


# --------------------------------------------------------------------------------------------- defects


def _better_off(world: World, heads: Texts) -> Mask:
    """Whether the head has upper secondary education or more."""
    at = pd.Index(world.persons["truth_id"]).get_indexer(heads.astype(np.int64))
    return np.isin(words(world.persons["education"], np.asarray(at, dtype=np.int64)), ["3", "4", "5"])


def _visit(world: World, rec: Recorder, model: ErrorModel, seed: int) -> None:
    """New dwellings are not on the list; of the others, some are not interviewed and the rest weigh more."""
    rng = stream(seed, world.iso3, world.chunk, "labour_force visits")
    urban = rec["area"] == "U"
    rate = np.where(urban, model.rate("unlisted_dwelling", "urban"), model.rate("unlisted_dwelling", "rural"))
    rec.omit(chance(rng, rate, len(rec)), "unlisted_dwelling")
    urban, rich = rec["area"] == "U", _better_off(world, rec["truth_id"])
    kind = "household_nonresponse"
    rate = np.where(
        urban,
        np.where(rich, model.rate(kind, "urban_better_off"), model.rate(kind, "urban_other")),
        np.where(rich, model.rate(kind, "rural_better_off"), model.rate(kind, "rural_other")),
    )
    lost = (rec["result"] == COMPLETED) & chance(rng, rate, len(rec))
    how = np.where(chance(rng, model.rate(kind, "refused"), len(rec)), REFUSED, NOBODY)
    rec.change(lost, "result", how, kind)
    said = ("weight", "members", "remittances", "remittance_country", "remittance_amount", "remittance_channel")
    for column in said:
        rec.change(lost, column, "", kind)
    rec.change(rec["result"] == COMPLETED, "weight", _after_nonresponse(rec), kind)


def _after_nonresponse(rec: Recorder) -> Texts:
    """Weights that let the interviewed of an area stand for all its occupied households.

    An area without any interview is left to the other areas of its stratum.
    """
    rows = pd.DataFrame({name: rec[name] for name in ("psu", "stratum", "result")})
    rows["design"] = rec["design_weight"].astype(np.float64)
    rows["occupied"] = rows["design"].where(rows["result"] != VACANT, 0.0)
    rows["done"] = rows["design"].where(rows["result"] == COMPLETED, 0.0)
    for place in ("psu", "stratum"):
        sums = rows.groupby(place)[["occupied", "done"]].transform("sum")
        rows["done"] *= (sums["occupied"] / sums["done"].where(sums["done"] > 0)).fillna(1.0)
    return np.array([_weight(value) for value in rows["done"]], dtype=object)


def _spoil_remittances(rec: Recorder, model: ErrorModel, rng: np.random.Generator, step: int) -> None:
    kind = "remittances_underreported"
    n = len(rec)
    hidden = (rec["remittances"] == "Y") & chance(rng, model.rate(kind, "hidden"), n)
    rec.change(hidden, "remittances", "N", kind)
    for column in ("remittance_country", "remittance_amount", "remittance_channel"):
        rec.change(hidden, column, "", kind)
    share = float(_parameter("understated_to"))
    less = mapped(
        rec["remittance_amount"], lambda said: said and str(max(int(int(said) * share / step) * step, step))
    )
    low = (rec["remittances"] == "Y") & chance(rng, model.rate(kind, "understated"), n)
    rec.change(low, "remittance_amount", less, kind)


def _answered_by(rec: Recorder, model: ErrorModel, rng: np.random.Generator) -> None:
    """The head answers for some of the other members, and guesses how long they work."""
    n = len(rec)
    rate = np.where(rec["sex"] == "M", model.rate("proxy_answer", "men"), model.rate("proxy_answer", "women"))
    by_head = (rec["proxy"] == "N") & (rec["relationship"] != "1") & chance(rng, rate, n)
    rec.change(by_head, "proxy", "Y", "proxy_answer")
    guessed = by_head & (rec["hours"] != "") & chance(rng, model.rate("proxy_answer", "hours_guessed"), n)
    rec.change(guessed, "hours", "40", "proxy_answer")


def _spoil_pay(rec: Recorder, model: ErrorModel, rng: np.random.Generator, heap: int) -> None:
    n = len(rec)

    def rounded(said: str) -> str:
        return said and str(max((int(said) + heap // 2) // heap * heap, heap))

    for column in ("earnings", "earnings_abroad"):
        paid = rec[column] != ""
        by = np.where(
            rec["proxy"] == "Y", model.rate("earnings_refused", "proxy"), model.rate("earnings_refused", "self")
        )
        rec.change(paid & chance(rng, by, n), column, "", "earnings_refused")
        stated = (rec[column] != "") & chance(rng, model.rate("earnings_heaped"), n)
        rec.change(stated, column, mapped(rec[column], rounded), "earnings_heaped")
    rec.change(chance(rng, model.rate("cost_not_stated"), n), "recruitment_cost", "", "cost_not_stated")


def _spoil_person(rec: Recorder, model: ErrorModel, rng: np.random.Generator, home: str) -> None:
    n = len(rec)
    age = rec["age"].astype(np.int64)
    schooled = np.isin(rec["education"], ["1", "2", "3", "4", "5"])
    rate = np.where(schooled, model.rate("age_heaping", "schooling"), model.rate("age_heaping", "no_schooling"))
    rec.change((age >= 15) & chance(rng, rate, n), "age", heaped(rec["age"]), "age_heaping")
    citizen = rec["citizenship"] == home
    kind = "birthplace_as_native"
    rate = np.where(citizen, model.rate(kind, "citizen"), model.rate(kind, "other"))
    rec.change((rec["country_birth"] != home) & chance(rng, rate, n), "country_birth", home, kind)
    year = survey_day().year
    long_ago = np.array([said != "" and int(said) <= year - 3 for said in rec["arrival_year"]], dtype=bool)
    rounded = rounded_year(rec["arrival_year"], year)
    rec.change(
        long_ago & chance(rng, model.rate("arrival_rounded"), n), "arrival_year", rounded, "arrival_rounded"
    )


# ---------------------------------------------------------------------------------------------- survey


def _households(world: World, sample: pd.DataFrame, members: Ints, model: ErrorModel, seed: int) -> Recorded:
    rec = Recorder("lfs_households", _perfect_households(world, sample, members), "household_id")
    _visit(world, rec, model, seed)
    rng = stream(seed, world.iso3, world.chunk, "labour_force households")
    _spoil_remittances(rec, model, rng, pay_scale(world.iso3)["step"])
    ids = identifiers(world.iso3, "LH", world.chunk, len(rec))
    return rec.finish(ids, table("lfs_households").columns)


def _persons(
    world: World, perfect: pd.DataFrame, refs: Texts, homes: Recorded, model: ErrorModel, seed: int
) -> Recorded:
    """Members of the interviewed households; ``refs`` is the household of each row of ``perfect``."""
    rec = Recorder("lfs_persons", perfect, "person_id", numbers=("household_id",))
    record = pd.Index(homes.links["event"]).get_indexer(pd.Index(refs))
    rec.omit(record < 0, "unlisted_dwelling")
    record = record[record >= 0]
    interviewed = homes.records["result"].to_numpy()[record] == COMPLETED
    rec.omit(~interviewed, "household_nonresponse")
    own = homes.records.iloc[record[interviewed]]
    rec.put("household_id", own["household_id"].to_numpy(dtype=object))
    everybody = np.ones(len(rec), dtype=bool)
    rec.change(everybody, "weight", own["weight"].to_numpy(dtype=object), "household_nonresponse")
    rng = stream(seed, world.iso3, world.chunk, "labour_force persons")
    _answered_by(rec, model, rng)
    _spoil_pay(rec, model, rng, pay_scale(world.iso3)["heap"])
    _spoil_person(rec, model, rng, world.iso3)
    return rec.finish(identifiers(world.iso3, "LP", world.chunk, len(rec)), table("lfs_persons").columns)


def _totals(world: World, row: Ints) -> Recorded:
    """The population in households by sex and age group, to which the weights can be calibrated."""
    persons = world.persons.iloc[row]
    years = completed_years(persons["birth_date"], survey_day())
    codes = np.array(list(AGE_GROUPS), dtype=object)
    group = codes[np.searchsorted(list(AGE_GROUPS.values()), years, side="right") - 1]
    cells = pd.MultiIndex.from_product([["M", "F"], codes], names=["sex", "age_group"])
    count = (
        pd.DataFrame({"sex": words(persons["sex"]), "age_group": group})
        .value_counts()
        .reindex(cells, fill_value=0)
    )
    rows = cells.to_frame(index=False)
    rows["persons"] = count.to_numpy().astype(str)
    rows["event"], rows["truth_id"] = rows["sex"] + "-" + rows["age_group"], ""
    rec = Recorder("lfs_totals", rows, "total_id")
    return rec.finish(identifiers(world.iso3, "LT", world.chunk, len(rec)), table("lfs_totals").columns)


def observe(world: World, model: ErrorModel, seed: int) -> Observed:
    """Take the labour force survey of a world.

    Args:
        world: the truth.
        model: the rates of its defects.
        seed: of the sample and the errors.
    """
    sample = draw_sample(world, seed)
    everybody, homes = _residents(world)
    place = pd.Index(sample["household_ref"]).get_indexer(world.households["household_ref"].to_numpy()[homes])
    row, home = everybody[place >= 0], np.asarray(place[place >= 0], dtype=np.int64)
    households = _households(world, sample, np.bincount(home, minlength=len(sample)), model, seed)
    perfect = _perfect_persons(world, sample, row, home)
    refs = numerals(sample["household_ref"].to_numpy()[perfect.pop("home").to_numpy()])
    persons = _persons(world, perfect, refs, households, model, seed)
    tables = {"lfs_households": households, "lfs_persons": persons, "lfs_totals": _totals(world, everybody)}
    return Observed(tables)
