"""Residence permits and ECOWAS cards: the chain of cards that each stay of a foreign citizen should leave."""

import numpy as np
import pandas as pd

from migkit.reference import codelist, country, dictionary
from migkit.reference.names import office_language
from migkit.sources.clerks import spoil_identity
from migkit.sources.records import ErrorModel, Mask, Observed, Recorder, Texts, identifiers
from migkit.sources.stays import (
    OPEN,
    Citizenships,
    Lives,
    Statuses,
    day,
    ended,
    iso,
    may_move_freely,
    names_of,
    on,
    positions,
    terms,
    words,
    years_later,
)
from migkit.sources.work_permits import employers, has_formal_job
from migkit.world import World
from migkit.world.draws import Ints, chance, shuffled, stream

#: Category of a card by the reason of the move (code list reason); children born in the country have none.
BY_REASON = {"W": "A", "S": "B", "F": "C", "O": "A", "R": "C", "P": "E", "": "C", "X": "A"}


def liable_stays(world: World, lives: Lives, citizens: Citizenships) -> pd.DataFrame:
    """Stays of citizens of other countries, from arrival or birth to departure, death or naturalisation.

    Returns:
        One row for each stay: person, start, end (days), how it ended (X, D, N or ""), category.
    """
    stays = lives.stays()
    stays = stays[stays["country"] == world.iso3].reset_index(drop=True)
    person, start, end = (stays[name].to_numpy() for name in ("person", "start", "end"))
    since, citizen = citizens.foreign(person, world.iso3)
    start = np.maximum(start, since)
    refugee = _refugee(world, person, start, end)
    category = stays["reason"].map(BY_REASON).fillna("C").to_numpy(dtype=object)
    category[may_move_freely(world.iso3, citizens.on(person, start)[0])] = "D"
    category[refugee] = "E"
    liable = stays.assign(
        start=start,
        end=np.minimum(end, citizen),
        how=np.where(citizen < end, "N", stays["how"]),
        category=category,
    )
    return pd.DataFrame(liable[liable["end"] > start].reset_index(drop=True))


def _refugee(world: World, person: Ints, start: Ints, end: Ints) -> Mask:
    held = [
        Statuses(world, status, world.iso3).overlaps(world, person, start, end)
        for status in ("refugee", "asylum_seeker")
    ]
    return np.asarray(held[0] | held[1])


def chains(liable: pd.DataFrame, until: int) -> pd.DataFrame:
    """The cards that each stay should have: one follows the other without a day between.

    Args:
        liable: what ``liable_stays`` returns.
        until: the day before which a card must have been issued.

    Returns:
        The columns of ``liable`` and of ``stays.terms``, and years (of validity).
    """
    parameters = dictionary("residence_permits").parameters
    years = liable["category"].map(parameters["validity_years"]["value"]).to_numpy(dtype=np.int64)
    start, end = liable["start"].to_numpy(), liable["end"].to_numpy()
    cards = terms(start, end, years, on(parameters["register_from"]["value"]), until)
    held = cards["stay"].to_numpy()
    return pd.concat([liable.iloc[held].reset_index(drop=True), cards], axis=1).assign(years=years[held])


def _closing(cards: pd.DataFrame, expiry: Ints, followed: Mask, until: int) -> tuple[Ints, Texts]:
    """Day and reason of closing, by expiry or the end of the stay if that is earlier; OPEN and "" if neither."""
    end = cards["end"].to_numpy()
    closed = np.minimum(end, expiry)
    reason = np.where(end <= expiry, cards["how"], np.where(followed, "R", "E"))
    still = closed >= until
    return np.where(still, OPEN, closed), np.where(still, "", reason).astype(object)


def _person_numbers(world: World, person: Ints, extra: int, seed: int) -> tuple[Texts, Texts]:
    """The office's number of each card's holder, and ``extra`` unused ones, in no order that tells anything."""
    which = pd.factorize(person)[0]
    n = int(which.max()) + 1 if len(which) else 0
    rng = stream(seed, world.iso3, world.chunk, "residence_permits numbers")
    numbers = identifiers(world.iso3, "N", world.chunk, n + extra)[shuffled(rng, n + extra)]
    return numbers[:n][which], numbers[n:]


def _perfect(world: World, cards: pd.DataFrame, lives: Lives, citizens: Citizenships, until: int) -> pd.DataFrame:
    persons = world.persons
    who = cards["person"].to_numpy()
    issue, expiry = cards["issue"].to_numpy(), cards["expiry"].to_numpy()
    closed, reason = _closing(cards, expiry, np.ones(len(cards), dtype=bool), until)
    works = (cards["category"] == "A").to_numpy() & has_formal_job(world)[who]
    parameters = dictionary("residence_permits").parameters
    units = parameters["currency_units"]["value"][country(world.iso3).currency]
    fee = cards["category"].map({code: str(int(units * fee)) for code, fee in parameters["fee"]["value"].items()})
    truth = persons["truth_id"].to_numpy()[who].astype(str).astype(object)
    surname, given = names_of(world, who)
    return pd.DataFrame(
        {
            "event": truth + "/" + iso(issue),
            "truth_id": truth,
            "person_no": "",
            "surname": surname,
            "given": given,
            "sex": words(persons["sex"])[who],
            "dob": iso(day(persons["birth_date"]))[who],
            "birth_country": words(persons["country_birth"])[who],
            "nationality": citizens.on(who, issue)[0],
            "issue_date": iso(issue),
            "expiry_date": iso(expiry),
            "category": cards["category"].to_numpy(dtype=object),
            "first_or_renewal": np.where(cards["step"] == 0, "F", "R").astype(object),
            "employer": np.where(works, employers(world)[who], "").astype(object),
            "address_region": lives.region_at(who, issue),
            "fee": fee.to_numpy(dtype=object),
            "closed_date": iso(closed),
            "closed_reason": reason,
        }
    )


def _delays(cards: pd.DataFrame, model: ErrorModel, rng: np.random.Generator) -> Ints:
    """By how many days each card is late: its own delay and those of the cards before it in the same stay."""
    first = (cards["step"] == 0).to_numpy()
    longest = dictionary("residence_permits").value("late_days")
    rate = np.where(first, model.rate("late_application", "first"), model.rate("late_application", "renewal"))
    late = chance(rng, rate, len(cards))
    days = 1 + (rng.random(len(cards)) * np.where(first, longest["first"], longest["renewal"])).astype(np.int64)
    own = pd.Series(np.where(late, days, 0))
    return np.asarray(own.groupby(cards["stay"].to_numpy()).cumsum(), dtype=np.int64)


def _never(cards: pd.DataFrame, world: World, model: ErrorModel, rng: np.random.Generator, stays: int) -> Mask:
    """The cards of stays in which nobody ever applied."""
    draw = rng.random(stays)[cards["stay"].to_numpy()]
    rate = np.full(len(cards), model.rate("no_permit", "other"))
    rate[cards["category"] == "D"] = model.rate("no_permit", "ecowas")
    rate[cards["category"] == "E"] = model.rate("no_permit", "refugee")
    return np.asarray(draw < rate)


def _spoil_dates(rec: Recorder, cards: pd.DataFrame, late: Ints, until: int) -> None:
    """Later dates, from which everything else about the card follows."""
    issue = cards["issue"].to_numpy() + late
    expiry = np.where(late > 0, years_later(issue, cards["years"].to_numpy()), cards["expiry"].to_numpy())
    followed = (cards["stay"].shift(-1) == cards["stay"]).to_numpy()
    closed, reason = _closing(cards, expiry, followed, until)
    everywhere = np.ones(len(rec), dtype=bool)
    for column, new in (
        ("issue_date", iso(issue)),
        ("expiry_date", iso(expiry)),
        ("closed_date", iso(closed)),
        ("closed_reason", reason),
    ):
        rec.change(everywhere, column, new, "late_application")


def _spoil_numbers(
    rec: Recorder, cards: pd.DataFrame, model: ErrorModel, rng: np.random.Generator, spare: Texts
) -> None:
    """Renewals as first cards, and second numbers that the holder then keeps."""
    renewal = rec["first_or_renewal"] == "R"
    again = renewal & chance(rng, model.rate("new_person_no"), len(rec))
    number = np.where(again, spare[: len(rec)], "").astype(object)
    kept = (
        pd.Series(number)
        .where(again)
        .groupby(cards["person"].to_numpy())
        .ffill()
        .fillna("")
        .to_numpy(dtype=object)
    )
    rec.change(kept != "", "person_no", kept, "new_person_no")
    first = renewal & chance(rng, model.rate("renewal_as_first"), len(rec))
    rec.change(first, "first_or_renewal", "F", "renewal_as_first")


def _leave_open(rec: Recorder, model: ErrorModel, rng: np.random.Generator) -> None:
    draw, why = rng.random(len(rec)), rec["closed_reason"].copy()
    groups = {"X": "left", "D": "died", "N": "citizen"}
    for kind, rates in (
        ("expired_not_closed", dict.fromkeys("RE", model.rate("expired_not_closed"))),
        ("not_deregistered", {code: model.rate("not_deregistered", group) for code, group in groups.items()}),
    ):
        open_still = draw < pd.Series(why).map(rates).fillna(0.0).to_numpy()
        rec.change(open_still, "closed_date", "", kind)
        rec.change(open_still, "closed_reason", "", kind)


def _spoil_answers(rec: Recorder, world: World, model: ErrorModel, rng: np.random.Generator) -> None:
    n, nationality = len(rec), rec["nationality"].copy()
    born_as = chance(rng, model.rate("birthplace_from_nationality"), n) & (nationality != "XXX")
    rec.change(born_as, "birth_country", nationality, "birthplace_from_nationality")
    written = _nationality_words(nationality, rec["sex"], office_language(world.iso3))
    rec.change(
        chance(rng, model.rate("nationality_adjective"), n) & (written != ""),
        "nationality",
        written,
        "nationality_adjective",
    )
    former, applies = former_names(nationality, rec["dob"], office_language(world.iso3))
    old = chance(rng, model.rate("nationality_historic"), n) & applies
    rec.change(old, "nationality", former, "nationality_historic")
    blank = chance(rng, model.rate("item_missing"), n) & (rec["employer"] != "")
    rec.change(blank, "employer", "", "item_missing")


def _column(name: str, language: str, codes: Texts) -> Texts:
    rows = codelist(name)
    table = dict(zip(rows["code"], rows[f"label_{language}"], strict=True))
    return pd.Series(codes).map(table).fillna("").to_numpy(dtype=object)


def _nationality_words(nationality: Texts, sex: Texts, language: str) -> Texts:
    """Nationalities as words of a language, blank where the kit knows none."""
    man, woman = (_column(f"nationality_{who}", language, nationality) for who in ("man", "woman"))
    return np.where(sex == "F", woman, man).astype(object)


def former_names(codes: Texts, dob: Texts, language: str) -> tuple[Texts, Mask]:
    """Former names of countries, and whether the person was born when the country had that name."""
    changed = dictionary("residence_permits").value("names_changed_in")
    year = pd.to_numeric(pd.Series(dob).str[:4], errors="coerce").fillna(9999)
    applies = year < pd.Series(codes).map(changed).fillna(0)
    return _column("historic_country", language, codes), applies.to_numpy()


def observe(world: World, model: ErrorModel, seed: int) -> Observed:
    """The register of residence permits of a world."""
    until, lives, citizens = ended(world), Lives(world), Citizenships(world)
    cards = chains(liable_stays(world, lives, citizens), until)
    cards = cards.sort_values(["person", "issue"], kind="stable").reset_index(drop=True)
    perfect = _perfect(world, cards, lives, citizens, until)
    perfect["person_no"], spare = _person_numbers(world, cards["person"].to_numpy(), len(cards), seed)
    rec = Recorder("permits", perfect, "permit_no")

    def rng(step: str) -> np.random.Generator:
        return stream(seed, world.iso3, world.chunk, f"residence_permits {step}")

    cards["late"] = _delays(cards, model, rng("late"))
    stays = int(cards["stay"].max()) + 1 if len(cards) else 0
    rec.omit(_never(cards, world, model, rng("never"), stays), "no_permit")
    held = cards.iloc[positions(rec)]
    due = (held["issue"] + held["late"]).to_numpy() >= np.minimum(held["end"].to_numpy(), until)
    rec.omit(due, "late_application")
    rec.sort(["truth_id", "issue_date"])
    held = cards.iloc[positions(rec)].reset_index(drop=True)
    _spoil_dates(rec, held, held["late"].to_numpy(), until)
    _spoil_numbers(rec, held, model, rng("numbers"), spare)
    _leave_open(rec, model, rng("closing"))
    _spoil_answers(rec, world, model, rng("answers"))
    spoil_identity(rec, model, rng("clerk"), given="given", birth="dob")
    rec.sort(["issue_date", "person_no", "surname"])
    ids = identifiers(world.iso3, "C", world.chunk, len(rec))
    return Observed({"permits": rec.finish(ids, dictionary("residence_permits").tables["permits"].columns)})
