"""Roaming counts: foreign SIM cards that a mobile network saw, by month, country of the card and region."""

import numpy as np
import pandas as pd

from migkit.reference import country, dictionary, table
from migkit.sources.journeys import trips
from migkit.sources.records import ErrorModel, Observed, Recorded, Recorder, identifiers
from migkit.sources.stays import OPEN, age, day, ended, on
from migkit.world import World
from migkit.world.draws import Bools, chance, hashed, stream

TOTALS, COUNTS = "roaming_countries", "roaming_counts"
CELL = ["centre", "month", "network_country", "region"]
FIRST_DAY = on(2023)


def visits(world: World) -> pd.DataFrame:
    """Stays of people with a foreign SIM card: visits, and the first weeks of those who come to live here.

    Returns:
        One row for each stay: truth_id, network_country (where the person lived), region, first and last (days in
        the country), days (of the whole stay), age (on the first day).
    """
    rows = trips(world)
    rows = rows[rows["destination"] == world.iso3].reset_index(drop=True)
    end, out, back = ended(world), rows["out"].to_numpy(), rows["back"].to_numpy()
    keeps = int(dictionary("roaming").value("keeps_foreign_sim_days"))
    last = np.where(
        rows["kind"].isin(dictionary("roaming").value("moves")), out + keeps, np.minimum(back, end - 1)
    )
    died = day(world.persons["death_date"].iloc[rows["person"].to_numpy()])
    last = np.minimum(np.minimum(last, died), end - 1)
    born = day(world.persons["birth_date"].iloc[rows["person"].to_numpy()])
    stays = rows[["truth_id", "region"]].assign(
        network_country=rows["origin"],
        first=np.maximum(out, FIRST_DAY),
        last=last,
        days=np.where(back == OPEN, OPEN, back - out),
        age=age(born, out),
    )
    return stays[(stays["last"] >= stays["first"])].reset_index(drop=True)


def seen(world: World) -> pd.DataFrame:
    """Each person with a foreign card once in each month, country of the card and region: visits with CELL."""
    stays = visits(world)
    month = [
        stays[name].to_numpy().astype("datetime64[D]").astype("datetime64[M]").astype(int)
        for name in ("first", "last")
    ]
    months = month[1] - month[0] + 1
    at = np.repeat(np.arange(len(stays)), months)
    later = np.arange(len(at)) - np.repeat(np.cumsum(months) - months, months)
    rows = stays.iloc[at].reset_index(drop=True)
    rows["month"] = np.datetime_as_string((month[0][at] + later).astype("datetime64[M]")).astype(object)
    rows["centre"] = f"SW-{world.iso3}-{world.chunk:03d}"
    rows = rows.sort_values(["truth_id", *CELL, "days"], kind="stable")
    return rows.drop_duplicates(["truth_id", *CELL], keep="last").reset_index(drop=True)


def _habits(rows: pd.DataFrame, world: World, model: ErrorModel, seed: int) -> dict[str, tuple[Bools, int]]:
    """By defect, which persons seen it concerns and by how many cards; the habits of a person are lasting."""
    who = rows["truth_id"].to_numpy()
    child = (rows["age"] < int(dictionary("roaming").value("child_age"))).to_numpy()
    rate = np.where(child, model.rate("no_phone", "children"), model.rate("no_phone", "adults"))
    none = hashed(seed, "phone", who) < rate
    long = (rows["days"] >= int(dictionary("roaming").value("long_stay_days"))).to_numpy()
    rate = np.where(long, model.rate("local_sim", "long"), model.rate("local_sim", "short"))
    local = ~none & (hashed(seed, "local card", who) < rate)
    seen_here = ~none & ~local
    two = seen_here & (hashed(seed, "two cards", who) < model.rate("two_sims"))
    near = rows["network_country"].isin(country(world.iso3).neighbours).to_numpy()
    across = seen_here & near & (hashed(seed, "across", who) < model.rate("signal_across_border"))
    return {
        "no_phone": (none, -1),
        "local_sim": (local, -1),
        "two_sims": (two, 1),
        "signal_across_border": (across, 1),
    }


def _record(
    name: str, dimensions: list[str], rows: pd.DataFrame, world: World, model: ErrorModel, seed: int
) -> Recorded:
    """One table of counts: persons in cells, spoiled person by person, then suppressed where small."""
    rows = rows.drop_duplicates(["truth_id", *dimensions], keep="last").reset_index(drop=True)
    groups = rows.groupby(dimensions, sort=True)
    cells, cell = groups.size().rename("sims").reset_index(), np.asarray(groups.ngroup(), dtype=np.int64)
    event = cells[dimensions[0]].astype("object")
    for dimension in dimensions[1:]:
        event = event + " " + cells[dimension]
    rec = Recorder(name, cells.assign(event=event, truth_id="", sims=cells["sims"].astype("str")), "cell_id")
    n = len(rec)
    everywhere = np.ones(n, dtype=bool)
    for kind, (who, cards) in _habits(rows, world, model, seed).items():
        sims = rec["sims"].astype(np.int64) + cards * np.bincount(cell[who], minlength=n)
        rec.change(everywhere, "sims", sims.astype(str).astype(object), kind)
    small = rec["sims"].astype(np.int64) < int(dictionary("roaming").value("threshold"))
    rng = stream(seed, world.iso3, world.chunk, name)
    rec.omit(small & chance(rng, model.rate("suppressed"), n), "suppressed")
    return rec.finish(identifiers(world.iso3, "M", world.chunk, len(rec)), table(name).columns)


def observe(world: World, model: ErrorModel, seed: int) -> Observed:
    """The counts of foreign SIM cards that the operator delivers for a chunk of the country (one centre).

    Args:
        world: the truth.
        model: rates of the defects of datasets/dictionary/roaming.yml.
        seed: of the defects.

    Returns:
        Tables roaming_countries (by month and country of the card) and roaming_counts (by region too). An event is
        a cell, and truth_id is blank; without defects a cell holds the true number of persons with a foreign card.
    """
    rows = seen(world)
    dimensions = {TOTALS: CELL[:-1], COUNTS: CELL}
    return Observed({name: _record(name, by, rows, world, model, seed) for name, by in dimensions.items()})
