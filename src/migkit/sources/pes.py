"""The post-enumeration survey: an independent list of a sample of areas, matched to the census."""

import numpy as np
import pandas as pd

from migkit.reference import Source, dictionary
from migkit.sources.answers import numerals
from migkit.sources.census import SEARCHED, whole
from migkit.sources.listing import Homes, is_foreign_born, perfect_listing
from migkit.sources.records import DUPLICATE, INVENTED, ErrorModel, Observed, Recorder, Texts, heaped, identifiers
from migkit.world import World
from migkit.world.draws import chance, shuffled, stream

CENSUS = "census_persons"


def _draws(world: World, seed: int, step: str) -> np.random.Generator:
    return stream(seed, world.iso3, world.chunk, f"pes {step}")


def draw_areas(world: World, homes: Homes, source: Source, seed: int) -> pd.DataFrame:
    """The sample: columns ea, stratum, weight; areas drawn with equal chances within each stratum."""
    rng, rules = _draws(world, seed, "sample"), source.parameters
    areas = homes.frame[["ea", "stratum"]].drop_duplicates().sort_values(["stratum", "ea"])
    drawn = []
    for _stratum, group in areas.groupby("stratum"):
        wanted = round(len(group) * float(rules["sample_fraction"]["value"]))
        size = min(len(group), max(wanted, int(rules["minimum_per_stratum"]["value"])))
        chosen = np.sort(shuffled(rng, len(group))[:size])
        drawn.append(group.iloc[chosen].assign(weight=_number(len(group) / size)))
    return pd.concat(drawn, ignore_index=True)


def _number(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _records_searched(census: Observed) -> pd.DataFrame:
    """The census records of usual residents: person_id, ea, and from the links truth_id and kind."""
    taken = census.tables[CENSUS]
    rows = taken.records[["person_id", "ea"]].assign(
        truth_id=taken.links["truth_id"].to_numpy(), kind=taken.links["kind"].to_numpy()
    )
    return rows[taken.records["residence_status"].isin(SEARCHED)].reset_index(drop=True)


def _p_sample(listed: pd.DataFrame, sample: pd.DataFrame, searched: pd.DataFrame) -> pd.DataFrame:
    """Everybody who lives in the sample areas, with the census record of the same person in the same area."""
    rows = listed[listed["residence_status"] != "V"].merge(sample, on="ea", how="inner")
    known = searched[searched["kind"] != INVENTED].drop_duplicates(["truth_id", "ea"])
    rows = rows.assign(truth_id=rows["truth_id"].astype("str")).merge(
        known[["truth_id", "ea", "person_id"]], on=["truth_id", "ea"], how="left"
    )
    found = rows["person_id"].fillna("").astype("str")
    rows = rows.assign(census_person_id=found, match_status=np.where(found == "", "N", "M"))
    order = ["ea", "household_id", "relationship", "event"]
    return rows.sort_values(order, kind="stable").reset_index(drop=True)


def _persons(world: World, rows: pd.DataFrame, model: ErrorModel, seed: int) -> Recorder:
    described = model.source.tables["pes_persons"]
    kept = ["event", "truth_id", *(name for name in described.columns if name in rows)]
    perfect = rows[kept].assign(household_no=rows["household_id"])
    rec = Recorder(described.name, perfect, described.key, ("household_no",))
    rng = _draws(world, seed, "omissions")
    foreign = is_foreign_born(world, rows["row"].to_numpy())
    rate = np.where(foreign, model.rate("pes_omitted", "foreign_born"), model.rate("pes_omitted", "native"))
    rec.omit(chance(rng, rate, len(rec)), "pes_omitted")
    rec.put("household_no", _household_numbers(rec["ea"], rec["household_no"]))
    rng = _draws(world, seed, "answers")
    _spoil_answers(rec, model, rng)
    _spoil_match(rec, model, rng)
    return rec


def _household_numbers(ea: Texts, household: Texts) -> Texts:
    """Households numbered within each area, in the order in which the survey found them."""
    first = pd.DataFrame({"ea": ea, "home": household}).drop_duplicates()
    number = pd.Series((first.groupby("ea").cumcount() + 1).to_numpy(), index=first["home"])
    return numerals(number.reindex(pd.Index(household)).to_numpy(dtype=np.int64))


def _spoil_answers(rec: Recorder, model: ErrorModel, rng: np.random.Generator) -> None:
    n, age = len(rec), rec["age"]
    rounds = (whole(age) >= 10) & chance(rng, model.rate("pes_age_heaping"), n)
    rec.change(rounds, "age", heaped(age), "pes_age_heaping")
    unknown = chance(rng, model.rate("pes_birthplace_not_stated"), n)
    rec.change(unknown, "country_birth", "XXX", "pes_birthplace_not_stated")


def _spoil_match(rec: Recorder, model: ErrorModel, rng: np.random.Generator) -> None:
    n = len(rec)
    missed = (rec["census_person_id"] != "") & chance(rng, model.rate("false_non_match"), n)
    unresolved = ~missed & chance(rng, model.rate("match_unresolved"), n)
    for where, status, kind in ((missed, "N", "false_non_match"), (unresolved, "U", "match_unresolved")):
        rec.change(where, "match_status", status, kind)
        rec.change(where, "census_person_id", "", kind)


def _followup(
    world: World, homes: Homes, sample: pd.DataFrame, searched: pd.DataFrame, model: ErrorModel, seed: int
) -> Recorder:
    """Check every census record of a usual resident in the sample areas."""
    described = model.source.tables["pes_followup"]
    rows = searched.merge(sample, on="ea", how="inner").sort_values("person_id", kind="stable")
    person = pd.Index(world.persons["truth_id"].astype("str")).get_indexer(pd.Index(rows["truth_id"]))
    home = np.where(person < 0, -1, homes.home[person])
    lives_in = np.append(homes.frame["ea"].to_numpy(dtype=object), "")[home]
    kind = rows["kind"].to_numpy()
    place = np.where(lives_in == rows["ea"].to_numpy(dtype=object), "C", "L")
    outcome = np.where(kind == INVENTED, "F", np.where(kind == DUPLICATE, "D", place))
    perfect = rows.assign(event=rows["person_id"], outcome=outcome)
    rec = Recorder(described.name, perfect[["event", "truth_id", *described.columns]], described.key)
    unresolved = chance(_draws(world, seed, "followup"), model.rate("followup_unresolved"), len(rec))
    rec.change(unresolved, "outcome", "U", "followup_unresolved")
    return rec


def observe(world: World, model: ErrorModel, seed: int, census: Observed) -> Observed:
    """Take the post-enumeration survey of a census.

    Args:
        world: the truth, or a chunk of it.
        model: the rates of the survey's own errors.
        seed: of the sample and the errors; that of the census.
        census: the census of the same world, chunk and seed.

    Returns:
        The tables pes_persons (P-sample) and pes_followup (E-sample). What a survey without defects would record
        depends on the census as it was taken, with its defects.
    """
    listing = perfect_listing(world, dictionary("census"), seed)
    sample = draw_areas(world, listing.homes, model.source, seed)
    searched = _records_searched(census)
    persons = _persons(world, _p_sample(listing.persons, sample, searched), model, seed)
    followup = _followup(world, listing.homes, sample, searched, model, seed)
    keys = {
        persons.table: identifiers(world.iso3, "P", world.chunk, len(persons)),
        followup.table: followup["event"],
    }
    return Observed(
        {
            rec.table: rec.finish(keys[rec.table], model.source.tables[rec.table].columns)
            for rec in (persons, followup)
        }
    )
