"""Mirror statistics: what the destinations' own offices publish about people from the country."""

import numpy as np
import pandas as pd

from migkit.reference import codelist, dictionary
from migkit.sources.consular import irregular_stays
from migkit.sources.records import ErrorModel, Mask, Observed, Recorded, Recorder, identifiers
from migkit.sources.stays import OPEN, Citizenships, Lives, age, day, ended, on, positions, rows_of, words
from migkit.world import World
from migkit.world.draws import Floats, Ints, stream

CENSUS, REGISTER, SURVEY = "C", "R", "S"
BORN, CITIZEN, PERMIT = "B", "C", "P"
STOCK_KEY = ["destination", "reference_year", "definition", "sex", "age_group", "source_kind"]
FLOW_KEY = ["destination", "year", "definition"]
#: Trips that are no change of residence.
MOVES = ("move", "return")


def _instruments() -> pd.DataFrame:
    """Which destination publishes what: destination, source_kind, definition, reference_year."""
    listed = dictionary("mirror").value("instruments")
    return pd.DataFrame(
        [
            {
                "destination": place,
                "source_kind": one["source"],
                "definition": one["definition"],
                "reference_year": year,
            }
            for one in listed
            for place in one["destinations"]
            for year in one["years"]
        ]
    )


def _people_abroad(world: World) -> pd.DataFrame:
    """Stays in another country of people who lived in the country before, with what the offices there may ask."""
    stays = Lives(world).stays()
    stays = stays[(stays["country"] != world.iso3) & (stays["came_from"] == world.iso3)].reset_index(drop=True)
    who = stays["person"].to_numpy()
    return stays.assign(
        born=day(world.persons["birth_date"])[who],
        native=words(world.persons["country_birth"])[who] == world.iso3,
        sex=words(world.persons["sex"])[who],
        irregular=irregular_stays(world, stays),
    )


def _age_group(born: Ints, on_day: int) -> np.ndarray:
    codes = codelist("broad_age")["code"].to_numpy(dtype=object)
    lowest = codes.astype(np.int64)
    return np.asarray(codes[np.searchsorted(lowest, age(born, on_day), side="right") - 1], dtype=object)


def _counted(
    stays: pd.DataFrame, world: World, citizens: Citizenships, definition: str, at: Ints | int
) -> tuple[Mask, Mask]:
    """Whom their destination counts on a day under a definition, and who is also its citizen on that day."""
    who, host = stays["person"].to_numpy(), stays["country"].to_numpy(dtype=object)
    there = ((stays["start"] <= at) & (stays["end"] > at)).to_numpy()
    own = there & citizens.holds(who, at, host)
    if definition == BORN:
        return there & stays["native"].to_numpy(), own
    held = there & citizens.holds(who, at, world.iso3)
    return (held, own) if definition == CITIZEN else (held & ~own & ~stays["irregular"].to_numpy(), own)


def stock_cells(world: World) -> pd.DataFrame:
    """The true figures under each destination's definition, and what its errors would be made of.

    Returns:
        One row for each cell of STOCK_KEY in destinations with anybody: persons; before (persons a year earlier),
        irregular and naturalised (how many of the persons are), gone (who left or died in the five years before).
    """
    citizens = Citizenships(world)
    stays = _people_abroad(world)
    years_kept = int(dictionary("mirror").value("kept_years"))
    parts = []
    listed = _instruments()
    for definition, year in sorted(set(zip(listed["definition"], listed["reference_year"], strict=True))):
        offices = listed[(listed["definition"] == definition) & (listed["reference_year"] == year)]
        at = on(year, 7)
        now, own = _counted(stays, world, citizens, definition, at)
        then, _own = _counted(stays, world, citizens, definition, on(year - 1, 7))
        end = stays["end"].to_numpy()
        was, _own = _counted(stays, world, citizens, definition, end - 1)
        gone = was & (end <= at) & (end > on(year - years_kept, 7))
        counts = pd.DataFrame(
            {
                "destination": stays["country"],
                "sex": stays["sex"],
                "age_group": _age_group(stays["born"].to_numpy(), at),
                "persons": now,
                "before": then,
                "irregular": now & stays["irregular"].to_numpy(),
                "naturalised": now & own,
                "gone": gone,
            }
        )
        cells = counts.groupby(["destination", "sex", "age_group"]).sum().astype(np.int64).reset_index()
        parts.append(offices.merge(_every_cell(cells), on="destination"))
    whole = pd.concat(parts, ignore_index=True)
    some = (
        whole.groupby(["destination", "reference_year", "definition", "source_kind"])["persons"].transform("sum")
        > 0
    )
    return pd.DataFrame(whole[some].sort_values(STOCK_KEY, ignore_index=True))


def _every_cell(cells: pd.DataFrame) -> pd.DataFrame:
    """All sexes and ages of each destination, with zeros where there is nobody."""
    axes = [sorted(set(cells["destination"])), ["F", "M"], codelist("broad_age")["code"].tolist()]
    grid = pd.MultiIndex.from_product(axes, names=["destination", "sex", "age_group"])
    return cells.set_index(["destination", "sex", "age_group"]).reindex(grid, fill_value=0).reset_index()


def flow_cells(world: World) -> pd.DataFrame:
    """True entries and exits of citizens by destination and year, and how many of the entries are irregular."""
    parameters = dictionary("mirror").parameters
    rule = {place: code for code, places in parameters["flow_definition"]["value"].items() for place in places}
    citizens = Citizenships(world)
    stays = _people_abroad(world)
    until = ended(world)
    entries = stays.assign(at=stays["start"])
    exits = stays[stays["how"] == "X"].assign(at=stays["end"], irregular=False)
    trips = _long_trips(world)
    back = trips[trips["end"] < until].assign(at=trips["end"])
    events = pd.concat(
        [
            entries.assign(entries=1, exits=0, long=True),
            exits.assign(entries=0, exits=1, long=True),
            trips.assign(at=trips["start"], entries=1, exits=0, long=False),
            back.assign(entries=0, exits=1, long=False),
        ],
        ignore_index=True,
    )
    events["definition"] = events["country"].map(rule)
    events["year"] = (
        events["at"].to_numpy().astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    )
    citizen = citizens.holds(events["person"].to_numpy(dtype=np.int64), events["at"].to_numpy(), world.iso3)
    first = events["definition"].map(parameters["flows_from"]["value"])
    asked = events["long"].astype(bool) | (events["definition"] == "03")
    asked &= citizen & (events["year"] >= first) & (events["year"] < _year_of(until))
    events = events[asked.to_numpy(dtype=bool)].rename(columns={"country": "destination"})
    events["irregular"] = events["irregular"].astype(bool) & (events["entries"] == 1)
    cells = events.groupby(FLOW_KEY)[["entries", "exits", "irregular"]].sum().astype(np.int64)
    return cells.reset_index().sort_values(FLOW_KEY, ignore_index=True)


def _year_of(at: int) -> int:
    return int(np.datetime64(at, "D").astype("datetime64[Y]").astype(np.int64)) + 1970


def _long_trips(world: World) -> pd.DataFrame:
    """Trips of residents to another country of three months or more that are no change of residence."""
    trips = world.trips
    least = int(dictionary("mirror").value("short_stay_days"))
    person, start, end = rows_of(world, trips["truth_id"]), day(trips["out_date"]), day(trips["back_date"])
    abroad = (words(trips["origin"]) == world.iso3) & ~np.isin(words(trips["kind"]), MOVES) & (person >= 0)
    long = abroad & (np.minimum(end, ended(world)) - start >= least)
    return pd.DataFrame(
        {
            "person": person[long],
            "country": words(trips["destination"])[long],
            "start": start[long],
            "end": np.where(end == OPEN, OPEN, end)[long],
            "irregular": False,
        }
    )


def _event(cells: pd.DataFrame, key: list[str]) -> pd.Series:
    return cells[key].astype(str).agg("/".join, axis=1) if len(cells) else pd.Series([], dtype="str")


def _some(count: Ints, share: float, rng: np.random.Generator) -> Ints:
    """A share of counts in whole numbers, rounded up or down at random so that it is right on average."""
    return np.asarray(np.floor(count * share + rng.random(len(count))), dtype=np.int64)


class _Figures:
    """The figures of a table as they pass through one error after the other."""

    def __init__(self, rec: Recorder, cells: pd.DataFrame) -> None:
        self.rec, self.cells = rec, cells

    def put(self, column: str, where: Mask, value: Ints, kind: str) -> None:
        self.rec.change(where, column, np.maximum(value, 0).astype(str).astype(object), kind)

    def now(self, column: str) -> Ints:
        return self.rec[column].astype(np.int64)

    def once(self, by: list[str], share: float, rng: np.random.Generator) -> Mask:
        """A draw for each set of figures (all cells with the same ``by``), for each of its cells."""
        which = self.cells.groupby(by, sort=True).ngroup().to_numpy()
        return np.asarray((rng.random(int(which.max()) + 1 if len(which) else 0) < share)[which])


SET = ["destination", "reference_year", "definition", "source_kind"]


def _stock(world: World, cells: pd.DataFrame, model: ErrorModel, seed: int) -> Recorded:
    part = str(world.chunk + 1)
    answers = cells[STOCK_KEY].astype(str).assign(part=part, persons=cells["persons"].astype(str))
    rec = Recorder("mirror_stock", answers.assign(event=_event(cells, STOCK_KEY), truth_id=""), "cell_id")

    def rng(step: str) -> np.random.Generator:
        return stream(seed, world.iso3, world.chunk, f"mirror {step}")

    draws = rng("hidden")
    small = float(dictionary("mirror").value("hidden_below")) * world.scale / world.chunks
    total = cells.groupby(SET)["persons"].transform("sum").to_numpy()
    rec.omit((total < small) & _Figures(rec, cells).once(SET, model.rate("hidden_origin"), draws), "hidden_origin")
    cells = cells.iloc[positions(rec)].reset_index(drop=True)
    sheet = _Figures(rec, cells)
    everywhere, kind = np.ones(len(rec), dtype=bool), cells["source_kind"].to_numpy()
    early = sheet.once(SET, model.rate("reference_shift"), rng("year"))
    sheet.put("persons", early, cells["before"].to_numpy(), "reference_shift")
    rates = {CENSUS: "census", REGISTER: "register", SURVEY: "survey"}
    draws = rng("irregular")
    for code, group in rates.items():
        missed = _some(cells["irregular"].to_numpy(), model.rate("irregular_missed", group), draws)
        sheet.put("persons", kind == code, sheet.now("persons") - missed, "irregular_missed")
    own = _some(cells["naturalised"].to_numpy(), model.rate("naturalised_as_nationals"), rng("naturalised"))
    of_citizens = (cells["definition"] == CITIZEN).to_numpy()
    sheet.put("persons", of_citizens, sheet.now("persons") - own, "naturalised_as_nationals")
    left = _some(cells["gone"].to_numpy(), model.rate("not_deregistered"), rng("left"))
    sheet.put("persons", kind == REGISTER, sheet.now("persons") + left, "not_deregistered")
    error: Floats = (2 * rng("sample").random(len(rec)) - 1) * model.rate("sampling_error")
    drawn = np.round(sheet.now("persons") * (1 + error)).astype(np.int64)
    sheet.put("persons", kind == SURVEY, drawn, "sampling_error")
    tens = (sheet.now("persons") + 5) // 10 * 10
    sheet.put("persons", everywhere & sheet.once(SET, model.rate("rounded"), rng("tens")), tens, "rounded")
    ids = identifiers(world.iso3, "Q", world.chunk, len(rec))
    return rec.finish(ids, dictionary("mirror").tables["mirror_stock"].columns)


def _flows(world: World, cells: pd.DataFrame, model: ErrorModel, seed: int) -> Recorded:
    answers = cells.drop(columns="irregular").astype(str).assign(part=str(world.chunk + 1))
    rec = Recorder("mirror_flows", answers.assign(event=_event(cells, FLOW_KEY), truth_id=""), "cell_id")
    sheet = _Figures(rec, cells)
    rng = stream(seed, world.iso3, world.chunk, "mirror flows")
    everywhere = np.ones(len(rec), dtype=bool)
    unseen = _some(cells["exits"].to_numpy(), model.rate("exit_not_declared"), rng)
    sheet.put("exits", everywhere, sheet.now("exits") - unseen, "exit_not_declared")
    hidden = _some(cells["irregular"].to_numpy(), model.rate("irregular_entry_missed"), rng)
    sheet.put("entries", everywhere, sheet.now("entries") - hidden, "irregular_entry_missed")
    rounds = sheet.once(["destination"], model.rate("flow_rounded"), rng)
    for column in ("entries", "exits"):
        sheet.put(column, rounds, (sheet.now(column) + 5) // 10 * 10, "flow_rounded")
    ids = identifiers(world.iso3, "L", world.chunk, len(rec))
    return rec.finish(ids, dictionary("mirror").tables["mirror_flows"].columns)


def observe(world: World, model: ErrorModel, seed: int) -> Observed:
    """What the destinations publish about people from a world's country; a chunk is one part of the figures."""
    return Observed(
        {
            "mirror_stock": _stock(world, stock_cells(world), model, seed),
            "mirror_flows": _flows(world, flow_cells(world), model, seed),
        }
    )
