"""What the tests of coherence need of each part of the sixteen countries, made once by two processes.

A part is one chunk of a country with every source at several levels of defects. Its records are checked where they
are made; only what the countries are compared by leaves the process.
"""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from migkit.reference import countries, dictionary
from migkit.sources import census, residence_permits
from migkit.sources.records import INVENTED, TRUE, ErrorModel, Observed, Recorded, left_out, reproduce
from migkit.sources.registry import SOURCES, error_models, observe_all
from migkit.world import World, make_chunk, number_of_chunks

SIXTEEN = [country.iso3 for country in countries(training_only=True)]
SCALE, SEED = 0.001, 1
DAY_2014, DAY_2024 = "2014-07-01", "2024-07-01"
#: From this day the posts keep logs.
FIRST_LOGS = "2023-01-01"
#: Small countries are looked at with severe defects too.
SEVERE = ("CPV", "GMB", "GNB", "LBR", "MRT", "TGO")
#: Tables in which persons have a name, and the columns that tell who they are.
NAMED = (
    "border_crossings", "visa_applications", "permits", "refugees", "consular_register", "births", "deaths",
)  # fmt: skip
WHO = ["surname", "given", "sex", "dob"]
#: Two lists that miss people independently of each other.
INDEPENDENT = {"census.omitted_person": 0.3, "residence_permits.no_permit": 0.4}


@dataclass
class Part:
    """A chunk of a country: what was wrong in its records, and what is compared between countries."""

    iso3: str
    problems: list[str] = field(default_factory=list)
    entries: dict[tuple[str, str], int] = field(default_factory=dict)  # (level, source): rows of the ledger
    keys: dict[tuple[str, str], list[str]] = field(default_factory=dict)  # (level, table): identifiers
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    lists: dict[str, tuple[set[str], set[str], set[str]]] = field(default_factory=dict)


def make_parts() -> list[Part]:
    """All parts of the sixteen countries; the largest first, so that both processes end at the same time."""
    tasks = [(iso3, chunk) for iso3 in SIXTEEN for chunk in range(number_of_chunks(iso3, SCALE))]
    tasks.sort(key=lambda task: (task[0] != "NGA", task))
    with ProcessPoolExecutor(2) as pool:
        return list(pool.map(_part, *zip(*tasks, strict=True)))


def _part(iso3: str, chunk: int) -> Part:
    world, part = make_chunk(iso3, SCALE, SEED, chunk), Part(iso3)
    for level in ("none", "typical", "severe") if iso3 in SEVERE else ("none", "typical"):
        seen = observe_all(world, SOURCES, error_models(SOURCES, level), SEED)
        for source, observed in seen.items():
            part.entries[level, source] = len(observed.ledger)
            for name, recorded in observed.tables.items():
                wrong = [*ledger_problems(recorded), *cell_problems(recorded)]
                part.problems += [f"{iso3} {chunk} {level} {name}: {each}" for each in wrong]
                part.keys[level, name] = recorded.records[recorded.key].tolist()
        if level == "none":
            part.tables |= _perfect_tables(world, seen)
            part.tables["account"] = _account(world, seen)
        if level == "typical":
            part.tables["named"] = _named(iso3, seen)
            part.lists["typical"] = _lists(world, seen["census"], seen["residence_permits"])
    models = {name: ErrorModel(dictionary(name), "none", _rates(name)) for name in ("census", "residence_permits")}
    part.lists["independent"] = _lists(
        world,
        census.observe(world, models["census"], SEED),
        residence_permits.observe(world, models["residence_permits"], SEED),
    )
    return part


def _rates(source: str) -> dict[str, float]:
    of_source = [(name.partition("."), rate) for name, rate in INDEPENDENT.items()]
    return {defect: rate for (owner, _dot, defect), rate in of_source if owner == source}


# --- the ledger tells all


def ledger_problems(recorded: Recorded) -> list[str]:
    """What the ledger does not tell of whole records, or what the records give away."""
    if {"event", "truth_id"} & set(recorded.records.columns):
        return ["participants see who is who"]
    found = []
    if not reproduce(recorded).equals(recorded.records):
        found.append("truth and ledger do not make the records")
    ledger, records = recorded.ledger, recorded.records
    lost = ledger.loc[(ledger["record_id"] == "") & (ledger["field"] == ""), "true_value"]
    if set(lost) != left_out(recorded) or not lost.is_unique:
        found.append("the ledger's omitted records are not those left out")
    told = set(ledger.loc[(ledger["record_id"] != "") & (ledger["field"] == ""), "record_id"])
    if told != set(recorded.links.loc[recorded.links["kind"] != TRUE, "record_id"]):
        found.append("the ledger's extra records are not those doubled or made up")
    if records[recorded.key].tolist() != recorded.links["record_id"].tolist():
        found.append("records and links do not go together")
    return found


def cell_problems(recorded: Recorded) -> list[str]:
    """Cells that differ from the truth in silence, and changes in the ledger that did not happen."""
    records, perfect = recorded.records, recorded.perfect
    changes = recorded.ledger[recorded.ledger["field"] != ""]
    event = pd.Index(perfect["event"]).get_indexer(pd.Index(recorded.links["event"]))  # -1: of nothing
    row = pd.Index(records[recorded.key]).get_indexer(pd.Index(changes["record_id"]))
    answers = [name for name in records.columns if name in perfect.columns]
    found = []
    if set(changes["field"]) - set(answers):
        found.append("changes of variables that the table does not have")
    if (row < 0).any():
        return [*found, "changes of records that are not there"]
    for name in answers:
        said = records[name].to_numpy(dtype=object)
        true = np.append(perfect[name].astype("str").to_numpy(dtype=object), "")[event]
        here = (changes["field"] == name).to_numpy()
        entries = changes[here].assign(row=row[here])
        last = entries.drop_duplicates("row", keep="last")
        before = entries.groupby("row", sort=False)["recorded"].shift().fillna(entries["true_value"])
        silent = said != true
        silent[entries["row"]] = False
        for wrong, what in (
            (silent, "silent differences"),
            (
                entries["true_value"].to_numpy(dtype=object) != true[entries["row"]],
                "true values that are not true",
            ),
            (last["recorded"].to_numpy(dtype=object) != said[last["row"]], "values that the records do not have"),
            ((before == entries["recorded"]).to_numpy(), "changes that change nothing"),
        ):
            if wrong.any():
                found.append(f"{name}: {what}")
    return found


# --- what countries are compared by


def _text(values: pd.Series) -> np.ndarray:
    return values.astype("object").fillna("").to_numpy().astype(str).astype(object)


def _linked(recorded: Recorded) -> pd.DataFrame:
    """Records with the true person and the event behind each."""
    links = recorded.links
    return recorded.records.assign(who=links["truth_id"], event=links["event"], link=links["kind"])


def _residents(observed: Observed) -> pd.DataFrame:
    """Usual residents in a census's records, with the true person behind each."""
    persons = next(each for name, each in observed.tables.items() if name.endswith("_persons"))
    rows = _linked(persons)
    return rows[rows["residence_status"] != "V"]


def _open(rows: pd.DataFrame, start: str, end: str) -> pd.DataFrame:
    """Papers that are in force on the day of the census."""
    return rows[(rows[start] <= DAY_2024) & ((rows[end] == "") | (rows[end] > DAY_2024))]


def _perfect_tables(world: World, seen: dict[str, Observed]) -> dict[str, pd.DataFrame]:
    """What the sources say about people who have to do with two countries when nothing goes wrong."""
    iso3 = world.iso3
    found: dict[str, pd.DataFrame] = {}
    counted = []
    for name, year in (("census_2014", 2014), ("census", 2024)):
        rows = _residents(seen[name])
        counted.append(rows.assign(year=year))
    people = pd.concat(counted)
    columns = [
        "who", "year", "sex", "age", "country_birth", "citizenship", "citizenship_2", "lived_abroad",
        "previous_country",
    ]  # fmt: skip
    abroad = (people["country_birth"] != iso3) | (people["citizenship"] != iso3) | (people["lived_abroad"] == "Y")
    found["census"] = people.loc[abroad, columns]
    permits = _open(_linked(seen["residence_permits"].tables["permits"]), "issue_date", "closed_date")
    found["permits"] = permits[["who", "nationality"]]
    consular = _linked(seen["consular"].tables["consular_register"])
    consular = _open(consular, "registration_date", "removed_date")
    found["consular"] = consular[["who", "mission"]]
    passages = world.crossings.assign(
        event=world.crossings["trip_id"].astype("str") + _text(world.crossings["direction"]),
        who=world.crossings["truth_id"].astype("str"),
        other=_text(world.crossings["other_country"]),
    )
    passages = passages.loc[passages["other"].isin(SIXTEEN), ["event", "who", "time", "direction", "other"]]
    border = _linked(seen["border"].tables["border_crossings"])
    border["logged"] = border["date"] + " " + border["time"]
    border = border[["event", "logged", "doc_no", *WHO, "nationality", "residence_country"]]
    found["passages"] = passages.merge(border, on="event", how="left")
    found["moves"] = _moves(world)
    stock = seen["mirror"].tables["mirror_stock"].records
    found["mirror"] = stock[stock["destination"].isin(SIXTEEN)].astype({"persons": int, "reference_year": int})
    return {name: rows.assign(iso3=iso3).reset_index(drop=True) for name, rows in found.items()}


def _moves(world: World) -> pd.DataFrame:
    """True moves of residence into the country from others of the sixteen while the posts keep logs."""
    spells = world.spells.assign(country=_text(world.spells["country"]))
    before = spells["country"].shift().where(spells["truth_id"] == spells["truth_id"].shift(), "")
    moved = (spells["country"] == world.iso3) & before.isin(SIXTEEN) & (before != world.iso3)
    moved &= spells["start"] >= FIRST_LOGS
    day = spells.loc[moved, "start"].dt.strftime("%Y-%m-%d")
    return pd.DataFrame({"who": spells.loc[moved, "truth_id"].astype("str"), "origin": before[moved], "day": day})


def _account(world: World, seen: dict[str, Observed]) -> pd.DataFrame:
    """Terms of the demographic account from 2015 to the census of 2024, by born here or elsewhere and sex.

    Censuses and registers are records without defects; migration, and the half year before the registers begin,
    are the truth's spells.
    """
    iso3, spells = world.iso3, world.spells
    persons = world.persons.set_index("truth_id")
    terms = []

    def add(term: str, native: np.ndarray, sex: np.ndarray) -> None:
        terms.append(pd.DataFrame({"term": term, "native": native, "sex": sex}))

    for term, name in (("census 2014", "census_2014"), ("census 2024", "census")):
        rows = _residents(seen[name])
        add(term, (rows["country_birth"] == iso3).to_numpy(), rows["sex"].to_numpy())
    civil = seen["civil"].tables
    for term, name in (("births", "births"), ("deaths", "deaths")):
        rows = civil[name].records
        rows = rows[rows["occurrence_date"].between("2015-01-01", DAY_2024)]
        native = rows["birthplace"] == iso3 if term == "deaths" else pd.Series(True, index=rows.index)
        add(term, native.to_numpy(), rows["sex"].to_numpy())
    owner = spells["truth_id"].to_numpy()
    here = (spells["country"] == iso3).to_numpy()
    follows = np.r_[False, owner[1:] == owner[:-1]]
    was_here = np.r_[False, here[:-1]] & follows
    start, end = spells["start"].to_numpy(), spells["end"].to_numpy()
    died = persons["death_date"].loc[owner].to_numpy()
    first, opened, last = (np.datetime64(day) for day in (DAY_2014, "2014-12-31", DAY_2024))
    born_here = (persons["country_birth"].loc[owner] == iso3).to_numpy()
    sex = _text(persons["sex"].loc[owner])
    moved = (start > first) & (start <= last) & follows
    early = (start > first) & (start <= opened) & here & ~follows
    gone = (end > first) & (end <= opened) & here & (end == died)
    for term, which in (
        ("immigrations", moved & here & ~was_here),
        ("emigrations", moved & ~here & was_here),
        ("births", early),
        ("deaths", gone),
    ):
        add(term, born_here[which], sex[which])
    return pd.concat(terms).value_counts().rename("n").reset_index().assign(iso3=iso3)


def _named(iso3: str, seen: dict[str, Observed]) -> pd.DataFrame:
    """Records of persons with a name, as clerks wrote them, with what they should say."""
    parts = []
    for observed in seen.values():
        for name, recorded in observed.tables.items():
            if name not in NAMED:
                continue
            rows, true = _linked(recorded), recorded.perfect.set_index("event")
            dob = {"births": "occurrence_date", "deaths": "birth_date"}.get(name, "dob")
            true = true.reindex(rows["event"]).reset_index(drop=True)
            part = pd.DataFrame({column: rows[column] for column in ("who", "surname", "given", "sex")})
            part = part.assign(dob=rows[dob], true_sex=true["sex"], true_dob=true[dob], table=name)
            parts.append(part.assign(key=rows[recorded.key])[rows["link"] != INVENTED])
    return pd.concat(parts, ignore_index=True).assign(iso3=iso3)


def _lists(world: World, counted: Observed, permitted: Observed) -> tuple[set[str], set[str], set[str]]:
    """Foreign citizens on the day of the census: who they are, whom the census found, who has a permit."""
    iso3, persons = world.iso3, world.persons
    day = pd.Timestamp(DAY_2024)
    past = (persons["citizenship_date"] > day).to_numpy()
    held = np.where(past, _text(persons["citizenship_at_birth"]), _text(persons["citizenship"]))
    second = np.where(past, "", _text(persons["citizenship_2"]))
    foreign = (held != iso3) & (second != iso3) & (persons["status"] == "resident").to_numpy()
    true = set(persons.loc[foreign, "truth_id"].astype("str"))
    rows = _residents(counted)
    listed = set(rows.loc[rows["link"] == TRUE, "who"]) & true
    cards = _open(_linked(permitted.tables["permits"]), "issue_date", "closed_date")
    return true, listed, set(cards["who"])
