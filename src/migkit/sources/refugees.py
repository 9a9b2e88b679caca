"""Registration of refugees and other people of concern: cases that offices open and should close."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from migkit.reference import codelist, dictionary
from migkit.sources.clerks import estimated, first_january, spoil_identity
from migkit.sources.records import ErrorModel, Mask, Observed, Recorder, Texts, identifiers, mapped
from migkit.sources.stays import (
    OPEN,
    Citizenships,
    Lives,
    age,
    day,
    ended,
    iso,
    names_of,
    positions,
    rows_of,
    words,
)
from migkit.world import World
from migkit.world.draws import Choices, Ints, chance, hashed, shuffled, stream

#: Legal status in the register by status in the world (code list migration_status).
LEGAL = {"refugee": "REF", "asylum_seeker": "ASR", "idp": "IDP", "stateless": "STA", "returnee": "RET"}


def _parameter(name: str) -> float:
    return float(dictionary("refugees").value(name))


def _day_of(name: str) -> int:
    return int(np.datetime64(dictionary("refugees").value(name), "D").astype(np.int64))


def cases(world: World) -> pd.DataFrame:
    """Everybody whom the register is meant to hold, and for how long.

    A refugee who first asked for asylum is one case. A returnee is one if refugee abroad before. Children born in
    the country after the calibration day to a mother who is registered are cases like hers.

    Returns:
        One row for each case: person (row), legal (code), start and end (days), born_here (mother in it).
    """
    held = world.statuses
    person, status = rows_of(world, held["truth_id"]), words(held["status"])
    here = words(held["country"]) == world.iso3
    fled = np.zeros(len(world.persons), dtype=bool)
    fled[person[~here & np.isin(status, ["refugee", "asylum_seeker"])]] = True
    rows = pd.DataFrame({"person": person, "status": status, "start": day(held["start"]), "end": day(held["end"])})
    wanted = here & np.isin(status, list(LEGAL)) & ((status != "returnee") | fled[person])
    rows = rows[wanted].assign(legal=rows["status"].map(LEGAL))
    family = rows["legal"].replace({"ASR": "REF"})
    rows = rows.sort_values(["person", "start"], kind="stable").groupby(["person", family], sort=True)
    found = rows.agg(start=("start", "min"), end=("end", "max"), legal=("legal", "last")).reset_index("person")
    found = found.assign(born_here=False)
    found = pd.concat([found, _newborns(world, found)], ignore_index=True)
    # Without any case, pandas no longer knows what the columns hold.
    found = found.astype({"person": "int64", "start": "int64", "end": "int64", "born_here": "bool"})
    live = (found["end"] > _day_of("register_from")) & (found["start"] < ended(world))
    return pd.DataFrame(found[live].sort_values(["person", "legal"], ignore_index=True))


def _newborns(world: World, found: pd.DataFrame) -> pd.DataFrame:
    """Cases of children born in the country to mothers who are refugees, asylum seekers or displaced."""
    persons = world.persons
    mothers = found[found["legal"].isin(["REF", "ASR", "IDP"])].drop_duplicates("person").set_index("person")
    born, died = day(persons["birth_date"]), day(persons["death_date"])
    children = np.flatnonzero((born > _day_of("newborns_from")) & (words(persons["country_birth"]) == world.iso3))
    mother = rows_of(world, persons["mother_id"].iloc[children])
    case = mothers.reindex(mother)
    inside = ((case["start"] <= born[children]) & (case["end"] > born[children])).to_numpy()
    inside = inside & ~np.isin(children, found["person"])
    who = children[inside]
    rows = {"person": who, "start": born[who], "end": np.minimum(died[who], OPEN)}
    return pd.DataFrame(rows | {"legal": case["legal"].to_numpy()[inside], "born_here": True})


@dataclass
class _Groups:
    """Registration groups: those of one household with one kind of case. ``number`` for each case."""

    number: Ints
    head: Mask
    adults: Ints
    children: Ints


def _groups(world: World, found: pd.DataFrame, years: Ints) -> _Groups:
    who = found["person"].to_numpy()
    home = world.persons["household_ref"].to_numpy()[who]
    alone = home == 0
    kind = found["legal"].replace({"ASR": "REF"})
    number = np.asarray(pd.factorize(pd.MultiIndex.from_arrays([np.where(alone, -1 - who, home), kind]))[0])
    n = int(number.max()) + 1 if len(number) else 0
    first = (words(world.persons["relationship"])[who] == "1") & (years >= 18)
    order = np.lexsort((who, -years, ~first, number))
    head = np.zeros(len(found), dtype=bool)
    head[order[np.r_[True, number[order][1:] != number[order][:-1]][: len(order)]]] = True
    adults = np.bincount(number[years >= 18], minlength=n)[number]
    return _Groups(number, head, adults, np.bincount(number[years < 18], minlength=n)[number])


def _specific_needs(world: World, who: Ints, sex: Texts, years: Ints, groups: _Groups) -> Texts:
    """The first need that applies; those that the world does not tell are drawn."""
    truth = world.persons["truth_id"].to_numpy()[who]
    away_from_parents = np.isin(words(world.persons["relationship"])[who], ["5", "6", ""])
    shares = dictionary("refugees").value("specific_needs")
    lot = {code: hashed(world.seed, f"need {code}", truth) < share for code, share in shares.items()}
    adult = years >= 18
    needs = [
        ("SC", ~adult & (groups.adults == 0) & away_from_parents),
        ("SP", adult & groups.head & (groups.adults == 1) & (groups.children > 0)),
        ("ER", (years >= 60) & (groups.adults == 1)),
        ("DS", lot["DS"]),
        ("SM", lot["SM"]),
        ("WR", lot["WR"] & adult & (sex == "F")),
        ("CR", lot["CR"] & ~adult),
    ]
    return np.select([where for _code, where in needs], [code for code, _where in needs], "NN").astype(object)


def _housing(world: World, found: pd.DataFrame, group: Ints) -> tuple[Texts, Texts]:
    """Type of accommodation, one for each group, and kind of place."""
    codes = codelist("accommodation_type")["code"].tolist()
    shares = dictionary("refugees").value("accommodation")
    legal = found["legal"].groupby(group).transform("first").to_numpy()
    tables = Choices.of([[shares[kind][code] for code in codes] for kind in shares])
    row = pd.Index(list(shares)).get_indexer(pd.Index(legal))
    first = pd.Series(world.persons["truth_id"].to_numpy()[found["person"]]).groupby(group).transform("min")
    chosen = tables.at(row, hashed(world.seed, "accommodation", first.to_numpy()))
    kind = np.array(codes, dtype=object)[chosen]
    areas = world.households.drop_duplicates("household_ref").set_index("household_ref")["area"]
    home = world.persons["household_ref"].to_numpy()[found["person"]]
    area = words(areas.reindex(home).reset_index(drop=True))
    place = np.where(np.isin(kind, ["S", "P"]), "R", np.where((kind == "U") | (area == ""), "V", area))
    return kind, place.astype(object)


def _perfect(world: World, found: pd.DataFrame, groups: _Groups, names: Texts) -> pd.DataFrame:
    persons, who = world.persons, found["person"].to_numpy()
    truth = persons["truth_id"].to_numpy()[who]
    start, end, until = found["start"].to_numpy(), found["end"].to_numpy(), ended(world)
    last = np.minimum(end, until) - 1
    born = day(persons["birth_date"])[who]
    years = age(born, last)
    sex, origin = words(persons["sex"])[who], words(persons["country_birth"])[who]
    legal = found["legal"].to_numpy()
    own = np.isin(legal, ["IDP", "RET", "STA"])
    citizenship, _second = Citizenships(world).on(who, np.maximum(last, born))
    relation = words(persons["relationship"])[who]
    relation = np.where(groups.head, "1", np.where(np.isin(relation, ["1", ""]), "5", relation))
    # Relations are those to the head of the household; if that is nobody of the group, only kin can be told.
    led = (
        pd.Series(groups.head & (words(persons["relationship"])[who] == "1"))
        .groupby(groups.number)
        .transform("any")
    )
    relation = np.where(led | groups.head, relation, "5")
    kind, place = _housing(world, found, groups.number)
    surname, given = names_of(world, who)
    born_here = found["born_here"].to_numpy()
    mother_origin = pd.Series(origin).where(~born_here, citizenship)
    return pd.DataFrame(
        {
            "event": truth.astype(str).astype(object)
            + "/"
            + pd.Series(legal).replace("ASR", "REF").to_numpy(object),
            "truth_id": truth.astype(str).astype(object),
            "group_id": names[groups.number] if len(found) else names[:0],
            "relationship": relation.astype(object),
            "surname": surname,
            "given": given,
            "sex": sex,
            "dob": iso(born),
            "dob_estimated": "N",
            "coo": np.where(own, world.iso3, mother_origin).astype(object),
            "citizenship": np.where(legal == "STA", "XXA", citizenship).astype(object),
            "arrival_date": iso(start),
            "registration_date": iso(start),
            "legal_status": legal,
            "process_status": np.where(end < until, "closed", "active").astype(object),
            "status_date": iso(np.where(end < until, end, OPEN)),
            "location": Lives(world).region_at(who, last),
            "accommodation_type": kind,
            "loc_type": place,
            "specific_needs": _specific_needs(world, who, sex, years, groups),
            "biometric_enrolled": np.where(years >= _parameter("biometric_age"), "Y", "N").astype(object),
        }
    )


def _across_the_border(
    world: World, perfect: pd.DataFrame, model: ErrorModel, rng: np.random.Generator
) -> pd.DataFrame:
    """Records of visitors who live in a country that refugees come from, and say that they fled."""
    persons, until = world.persons, ended(world)
    sources = set(perfect.loc[perfect["legal_status"].isin(["REF", "ASR"]), "coo"]) - {world.iso3}
    visitors = np.flatnonzero(words(persons["status"]) == "visitor")
    lives_in = Lives(world).country_at(visitors, until - 1)
    visitors = visitors[np.isin(lives_in.astype(str), sorted(sources))]
    who = visitors[chance(rng, model.rate("registered_across_border"), len(visitors))]
    n = len(who)
    came = np.maximum(until - 1 - (rng.random(n) * 730).astype(np.int64), day(persons["birth_date"])[who])
    waited = np.where(chance(rng, model.rate("late_registration"), n), rng.random(n) * _parameter("late_days"), 0)
    waited = waited.astype(np.int64)
    places = world.households["region"].cat.categories.to_numpy(dtype=object)
    surname, given = names_of(world, who)
    years = age(day(persons["birth_date"])[who], until - 1)
    return pd.DataFrame(
        {
            "truth_id": persons["truth_id"].to_numpy()[who].astype(str),
            "relationship": "1",
            "surname": surname,
            "given": given,
            "sex": words(persons["sex"])[who],
            "dob": iso(day(persons["birth_date"])[who]),
            "dob_estimated": "N",
            "coo": words(persons["country_birth"])[who],
            "citizenship": words(persons["citizenship"])[who],
            "arrival_date": iso(came),
            "registration_date": iso(np.minimum(came + waited, until - 1)),
            "legal_status": "REF",
            "process_status": "active",
            "location": places[(rng.random(n) * len(places)).astype(np.int64)],
            "accommodation_type": "P",
            "loc_type": "R",
            "specific_needs": "NN",
            "biometric_enrolled": np.where(years >= _parameter("biometric_age"), "Y", "N"),
        }
    )


def _days(texts: Texts) -> Ints:
    return day(pd.Series(pd.to_datetime(pd.Series(texts).replace("", None), format="%Y-%m-%d")))


def _spoil_registration(rec: Recorder, late: Ints, newborn: Mask) -> None:
    """Later registration, of babies by half a year to a year."""
    date = iso(_days(rec["arrival_date"]) + late)
    rec.change((late > 0) & newborn, "registration_date", date, "newborn_lag")
    rec.change((late > 0) & ~newborn, "registration_date", date, "late_registration")


def _spoil_groups(rec: Recorder, model: ErrorModel, rng: np.random.Generator, spare: Texts) -> None:
    """Groups in two parts, and two groups of one place under one number."""
    which, groups = pd.factorize(rec["group_id"])
    size = np.bincount(which, minlength=len(groups))
    split = chance(rng, model.rate("group_split"), len(groups)) & (size >= 3)
    goes = split[which] & (rng.random(len(rec)) < 0.5) & (rec["relationship"] != "1")
    new = spare[: len(groups)][which]
    rec.change(goes, "group_id", new, "group_split")
    place = pd.Series(rec["location"]).groupby(which).transform("first").to_numpy()
    firsts = pd.DataFrame({"group": which, "place": place, "id": rec["group_id"]}).drop_duplicates("group")
    other = firsts.sort_values(["place", "group"]).groupby("place", sort=False)["id"].shift(1)
    merged = chance(rng, model.rate("group_merged"), len(groups)) & ~split
    target = (
        other.reindex(firsts.index).fillna("").to_numpy(dtype=object)[np.argsort(firsts["group"], kind="stable")]
    )
    rec.change(merged[which] & (target[which] != ""), "group_id", target[which], "group_merged")


def _second_place(rec: Recorder, rng: np.random.Generator, again: Ints, spare: Texts, places: Texts) -> None:
    """Of people registered twice: the second record stands in another place, in a group of its own, and later."""
    at = np.zeros(len(rec), dtype=bool)
    at[again] = True
    n = len(rec)
    where = pd.Index(places).get_indexer(pd.Index(rec["location"]))
    step = 1 + (rng.random(n) * max(len(places) - 1, 1)).astype(np.int64)
    later = np.minimum(_days(rec["registration_date"]) + 1 + (rng.random(n) * 500).astype(np.int64), OPEN - 1)
    number = np.full(n, "", dtype=object)
    number[again] = spare[: len(again)]
    rec.change(at, "location", places[(where + step) % len(places)], "registered_twice")
    rec.change(at, "group_id", number, "registered_twice")
    rec.change(at, "relationship", "1", "registered_twice")
    return rec.change(at, "registration_date", iso(later), "registered_twice")


def _spoil_status(rec: Recorder, model: ErrorModel, rng: np.random.Generator, until: int) -> None:
    """Cases that stay open, that a verification drops late, or drops although the people are there."""
    n, checked = len(rec), _day_of("verification_day")
    closed = rec["process_status"] == "closed"
    before = _days(rec["registration_date"]) < checked
    over = _days(rec["status_date"])
    forgotten = closed & chance(rng, model.rate("inactive_not_closed"), n)
    rec.change(forgotten, "process_status", "active", "inactive_not_closed")
    rec.change(forgotten, "status_date", "", "inactive_not_closed")
    dropped = (
        closed & ~forgotten & (over < checked) & before & chance(rng, model.rate("closed_at_verification"), n)
    )
    rec.change(dropped, "process_status", "inactive", "closed_at_verification")
    rec.change(dropped, "status_date", iso(np.full(n, checked)), "closed_at_verification")
    active = ~closed & (rec["process_status"] == "active")
    absent = active & before & chance(rng, model.rate("absent_at_verification"), n)
    rec.change(absent, "process_status", "inactive", "absent_at_verification")
    rec.change(absent, "status_date", iso(np.full(n, checked)), "absent_at_verification")
    held = active & ~absent & chance(rng, model.rate("put_on_hold"), n)
    since = np.maximum(until - 1 - (rng.random(n) * 400).astype(np.int64), _days(rec["registration_date"]))
    rec.change(held, "process_status", "hold", "put_on_hold")
    rec.change(held, "status_date", iso(since), "put_on_hold")


def _spoil_answers(rec: Recorder, model: ErrorModel, rng: np.random.Generator) -> None:
    n = len(rec)
    guessed = chance(rng, model.rate("birth_date_estimated"), n)
    not_later = mapped(rec["dob"], estimated)
    own_year = mapped(rec["dob"], first_january)
    not_later = np.where(not_later <= rec["arrival_date"], not_later, own_year).astype(object)
    rec.change(guessed, "dob", not_later, "birth_date_estimated")
    rec.change(guessed, "dob_estimated", "Y", "birth_date_estimated")
    rec.change(chance(rng, model.rate("biometrics_missing"), n), "biometric_enrolled", "N", "biometrics_missing")
    for column, blank in (("arrival_date", ""), ("specific_needs", "NN"), ("accommodation_type", "U")):
        missing = chance(rng, model.rate("item_missing", column), n)
        rec.change(missing, column, blank, "item_missing")


def _delays(found: pd.DataFrame, model: ErrorModel, rng: np.random.Generator) -> Ints:
    """Days from arrival or birth to registration."""
    n, newborn = len(found), found["born_here"].to_numpy()
    late = chance(rng, np.where(newborn, model.rate("newborn_lag"), model.rate("late_registration")), n)
    level = rng.random(n)
    least, most = (_parameter(f"newborn_lag_{end}_days") for end in ("least", "most"))
    days = np.where(newborn, least + level * (most - least), 1 + level * _parameter("late_days"))
    return np.where(late, days, 0).astype(np.int64)


def observe(world: World, model: ErrorModel, seed: int) -> Observed:
    """The register of refugees, displaced, returned and stateless people of a world."""
    found, until = cases(world), ended(world)
    born = day(world.persons["birth_date"])[found["person"]]
    groups = _groups(world, found, age(born, np.minimum(found["end"].to_numpy(), until) - 1))

    def rng(step: str) -> np.random.Generator:
        return stream(seed, world.iso3, world.chunk, f"refugees {step}")

    n = int(groups.number.max()) + 1 if len(found) else 0
    draws = rng("groups")
    total = 2 * n + len(found) + len(world.persons) // 10 + 100
    numbers = identifiers(world.iso3, "G", world.chunk, total)[shuffled(draws, total)]
    perfect = _perfect(world, found, groups, numbers)
    rec = Recorder("refugees", perfect, "individual_id")
    found["late"] = _delays(found, model, rng("late"))
    rates = {kind: model.rate("unregistered", kind) for kind in ("REF", "ASR", "IDP", "RET", "STA")}
    never = rng("never").random(n)[groups.number] < found["legal"].map(rates).to_numpy()
    rec.omit(never, "unregistered")
    held = found.iloc[positions(rec)]
    unborn = held["born_here"].to_numpy()
    missed = (held["start"] + held["late"]).to_numpy() >= np.minimum(held["end"].to_numpy(), until)
    rec.omit(missed & unborn, "newborn_lag")
    held = found.iloc[positions(rec)]
    missed = (held["start"] + held["late"]).to_numpy() >= np.minimum(held["end"].to_numpy(), until)
    rec.omit(missed, "late_registration")
    start = _days(rec["registration_date"])
    room = (rec["process_status"] == "active") & (start < until - 1000)
    again = rec.duplicate(
        room & chance(rng("twice"), model.rate("registered_twice"), len(rec)), "registered_twice"
    )
    others = _across_the_border(world, perfect, model, rng("border"))
    others["group_id"] = numbers[-len(others) :] if len(others) else ""
    rec.invent(others, "registered_across_border")
    at = positions(rec)
    real = at >= 0
    late = np.where(real, found["late"].to_numpy()[at], 0) if len(found) else np.zeros(len(rec), dtype=np.int64)
    newborn = real & found["born_here"].to_numpy()[at] if len(found) else real
    _spoil_registration(rec, late, newborn)
    places = world.households["region"].cat.categories.to_numpy(dtype=object)
    _second_place(rec, rng("second place"), again, numbers[2 * n :], places)
    _spoil_groups(rec, model, rng("split"), numbers[n:])
    _spoil_status(rec, model, rng("status"), until)
    _spoil_answers(rec, model, rng("answers"))
    spoil_identity(rec, model, rng("clerk"), given="given", birth="dob")
    rec.sort(["registration_date", "group_id", "relationship", "dob"])
    ids = identifiers(world.iso3, "R", world.chunk, len(rec))
    return Observed({"refugees": rec.finish(ids, dictionary("refugees").tables["refugees"].columns)})
