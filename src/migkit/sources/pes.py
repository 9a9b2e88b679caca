"""The post-enumeration survey: an independent list of a sample of areas, matched to the census."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from migkit.reference import dictionary, table
from migkit.sources.census import SEARCHED, Census, enumeration_areas, true_answers
from migkit.sources.old_records import ErrorModel, Recorder, heaped, text
from migkit.world import World
from migkit.world.draws import chance, shuffled, stream


@dataclass
class Survey:
    """The survey's two samples, and its ledger (for trainers)."""

    persons: pd.DataFrame
    followup: pd.DataFrame
    ledger: pd.DataFrame


def draw_areas(world: World, seed: int) -> pd.DataFrame:
    """The sample: columns ea, stratum, weight; areas drawn with equal chances within each stratum."""
    rng = stream(seed, world.iso3, 0, "pes sample")
    parameters = dictionary("pes").parameters
    areas = enumeration_areas(world)[["ea", "stratum"]].drop_duplicates().sort_values(["stratum", "ea"])
    drawn = []
    for _stratum, group in areas.groupby("stratum"):
        wanted = round(len(group) * float(parameters["sample_fraction"]["value"]))
        size = min(len(group), max(wanted, int(parameters["minimum_per_stratum"]["value"])))
        chosen = np.sort(shuffled(rng, len(group))[:size])
        drawn.append(group.iloc[chosen].assign(weight=_number(len(group) / size)))
    return pd.concat(drawn, ignore_index=True)


def _number(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _found(world: World, sample: pd.DataFrame, model: ErrorModel, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Residents of the sample areas whom the survey finds, and those whom it misses."""
    rng = stream(seed, world.iso3, 0, "pes omissions")
    answers = true_answers(world)
    answers = answers[text(world.persons["status"]) == "resident"]
    areas = enumeration_areas(world).set_index("household_ref")["ea"]
    answers = answers.assign(ea=answers["household_ref"].map(areas))
    rows = answers.merge(sample, on="ea", how="inner")
    rows = rows.sort_values(["ea", "household_ref", "relationship", "truth_id"], kind="stable").reset_index(
        drop=True
    )
    foreign = (rows["country_birth"] != world.iso3).to_numpy()
    rate = np.where(foreign, model.rate("pes_omitted", "foreign_born"), model.rate("pes_omitted", "native"))
    missed = chance(rng, rate, len(rows))
    return rows[~missed].reset_index(drop=True), rows[missed]


def _identify(rows: pd.DataFrame, iso3: str) -> pd.DataFrame:
    home = rows.groupby("ea")["household_ref"].transform(lambda refs: pd.factorize(refs)[0] + 1)
    number = rows.groupby("ea").cumcount() + 1
    return rows.assign(
        household_no=home.astype("int64").astype("str"),
        pes_id=f"SYN-{iso3}-P-" + rows["ea"] + "-" + number.astype("str").str.zfill(4),
    )


def _spoil(rec: Recorder, model: ErrorModel, rng: np.random.Generator) -> None:
    n = len(rec)
    age = rec["age"]
    old = np.array([int(value) >= 10 for value in age])
    rec.change(old & chance(rng, model.rate("pes_age_heaping"), n), "age", heaped(age), "pes_age_heaping")
    unknown = chance(rng, model.rate("pes_birthplace_not_stated"), n)
    rec.change(unknown, "country_birth", "XXX", "pes_birthplace_not_stated")


def _match(rec: Recorder, census: Census, model: ErrorModel, rng: np.random.Generator) -> None:
    """Look each person up among the census records of the same area; then let some matches fail."""
    n = len(rec)
    links = census.links[census.links["table"] == "census_persons"].set_index("record_id")
    records = census.persons[census.persons["residence_status"].isin(SEARCHED)]
    truth = links.loc[records["person_id"], "truth_id"].to_numpy()
    kind = links.loc[records["person_id"], "kind"].to_numpy()
    known = pd.DataFrame({"key": truth + "/" + records["ea"].to_numpy(), "id": records["person_id"].to_numpy()})
    known = known[kind != "fictitious"].drop_duplicates("key").set_index("key")["id"]
    found = pd.Series(rec["truth_id"].astype(str) + "/" + rec["ea"].astype(str)).map(known).fillna("")
    rec.records["census_person_id"] = found.astype("str")
    rec.records["match_status"] = np.where(found == "", "N", "M")
    missed = (found != "").to_numpy() & chance(rng, model.rate("false_non_match"), n)
    unresolved = ~missed & chance(rng, model.rate("match_unresolved"), n)
    for where, status, defect in ((missed, "N", "false_non_match"), (unresolved, "U", "match_unresolved")):
        rec.change(where, "match_status", status, defect)
        rec.change(where, "census_person_id", "", defect)


def _followup(world: World, census: Census, sample: pd.DataFrame, model: ErrorModel, seed: int) -> Recorder:
    """Check every census record of a usual resident in the sample areas."""
    rng = stream(seed, world.iso3, 0, "pes followup")
    records = census.persons[census.persons["residence_status"].isin(SEARCHED)]
    rows = records[["person_id", "ea"]].merge(sample, on="ea", how="inner")
    links = census.links[census.links["table"] == "census_persons"].set_index("record_id").loc[rows["person_id"]]
    own = dict(zip(text(world.persons["truth_id"]), text(world.persons["household_ref"]), strict=True))
    area = enumeration_areas(world).set_index("household_ref")["ea"]
    lives_in = links["truth_id"].map(own).map(area).to_numpy()
    kind = links["kind"].to_numpy()
    place = np.where(lives_in == rows["ea"].to_numpy(), "C", "L")
    rows["outcome"] = np.where(kind == "fictitious", "F", np.where(kind == "duplicate", "D", place))
    rows["truth_id"] = links["truth_id"].to_numpy()
    rows = rows.sort_values("person_id", kind="stable").reset_index(drop=True)
    rec = Recorder("pes_followup", rows, "person_id")
    unresolved = chance(rng, model.rate("followup_unresolved"), len(rows))
    rec.change(unresolved, "outcome", "U", "followup_unresolved")
    return rec


def take_survey(world: World, census: Census, level: str = "typical", seed: int | None = None) -> Survey:
    """Take the post-enumeration survey of a census.

    Args:
        world: the truth.
        census: the census of that world.
        level: how bad the survey's own errors are (rates in datasets/dictionary/pes.yml).
        seed: of the sample and the errors; the world's own by default.

    Raises:
        KitError: for an unknown level.
    """
    seed = world.seed if seed is None else seed
    model = ErrorModel(dictionary("pes"), level)
    sample = draw_areas(world, seed)
    found, missed = _found(world, sample, model, seed)
    rec = Recorder("pes_persons", _identify(found, world.iso3), "pes_id")
    rec.note("", missed["truth_id"].to_numpy(), "pes_omitted")
    rng = stream(seed, world.iso3, 0, "pes answers")
    _spoil(rec, model, rng)
    _match(rec, census, model, rng)
    followup = _followup(world, census, sample, model, seed)
    return Survey(
        persons=rec.records[table("pes_persons").columns],
        followup=followup.records[table("pes_followup").columns],
        ledger=pd.concat([rec.ledger(), followup.ledger()], ignore_index=True),
    )
