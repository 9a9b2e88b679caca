"""A census and its post-enumeration survey in a second, with every trap of exercise 04 in them, for tests.

Not the kit's world: no real households, no map. Only the columns that the exercise looks at, in files like those
that `kit data` writes.
"""

from pathlib import Path

import numpy as np
import pandas as pd

ABROAD = ["SEN", "GIN", "GNB", "MLI", "MRT", "SLE"]
SHARES = [0.6, 0.2, 0.08, 0.06, 0.03, 0.03]


def write(folder: Path, seed: int = 1, n: int = 6000) -> Path:
    """Write the tables of the exercise as CSV files into ``folder`` and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    persons = _persons(rng, n)
    survey, records = _survey(rng, persons)
    tables = {
        "census_persons": persons.drop(columns="group"),
        "census_households": pd.DataFrame({"household_id": persons["household_id"].unique()}),
        "census_emigrants": _emigrants(rng, n // 12),
        "pes_persons": survey,
        "pes_followup": records,
    }
    for name, table in tables.items():
        table.to_csv(folder / f"synthetic_gmb_{name}.csv", index=False, encoding="utf-8-sig", lineterminator="\n")
    return folder


def _persons(rng, n):
    some = lambda share: rng.random(n) < share  # noqa: E731
    foreign = some(0.08)
    abroad = rng.choice(ABROAD, n, p=SHARES)
    birth = np.where(foreign, abroad, "GMB").astype(object)
    frame = pd.DataFrame({"person_id": [f"SYN-GMB-P{i:05d}" for i in range(n)]})
    frame["household_id"] = [f"SYN-GMB-H{i // 7:05d}" for i in range(n)]
    frame["ea"] = [f"EA{i // 150:04d}" for i in range(n)]
    # Areas of one region lie next to each other, as do those of the urban half.
    frame["region"] = np.where(np.arange(n) < n // 2, "GMB01", "GMB02")
    frame["area"] = np.where(np.arange(n) // (n // 4) % 2 == 0, "U", "R")
    frame["residence_status"] = rng.choice(["UP", "UA", "V"], n, p=[0.95, 0.03, 0.02])
    frame["sex"] = rng.choice(["M", "F", "X"], n, p=[0.49, 0.50, 0.01])
    age = np.minimum(rng.exponential(26, n).astype(int), 98)
    heaped = np.round(age / 5) * 5
    frame["age"] = pd.array(np.where((age >= 10) & some(np.where(foreign, 0.3, 0.15)), heaped, age), dtype="Int64")
    frame.loc[some(0.01), "age"] = pd.NA
    frame["country_birth"] = np.where(some(0.02), "XXX", birth)
    citizen = np.where(foreign & some(0.6), birth, "GMB").astype(object)
    citizen[~foreign & some(0.01)] = "SEN"
    frame["citizenship"] = np.where(some(0.012), "XXX", citizen)
    for parent in ("mother", "father"):
        origin = np.where(foreign & some(0.95), birth, np.where(some(0.055), abroad, "GMB"))
        frame[f"{parent}_country_birth"] = np.where(some(0.02), "XXX", origin)
    returned = ~foreign & some(0.04)
    frame["lived_abroad"] = np.where(some(0.01), "X", np.where(foreign | returned, "Y", "N"))
    moved_on = np.where(some(0.2), rng.choice(ABROAD, n), np.where(foreign, birth, abroad))
    frame["previous_country"] = np.where(foreign | returned, moved_on, None)
    arrived = 2024 - np.minimum(rng.exponential(12, n).astype(int), 60)
    frame["arrival_year"] = pd.array(np.where(foreign | returned, arrived, 0), dtype="Int64")
    frame.loc[~(foreign | returned) | some(0.06), "arrival_year"] = pd.NA
    for years, column in ((1, "country_1y"), (5, "country_5y")):
        came = (foreign | returned) & (arrived > 2024 - years)
        lived = np.where(came, moved_on, "GMB").astype(object)
        lived[some(0.01)] = "XXX"
        lived[(frame["age"] < years).fillna(False).to_numpy(dtype=bool)] = None
        frame[column] = lived
    frame["group"] = np.where(foreign, "foreign", "native")
    return frame


def _survey(rng, persons):
    areas = persons[["ea", "region", "area"]].drop_duplicates("ea")
    areas = areas.assign(stratum=areas["region"] + "-" + areas["area"])
    drawn = areas.groupby("stratum", group_keys=False).sample(frac=0.5, random_state=int(rng.integers(1 << 30)))
    size, taken = areas.groupby("stratum")["ea"].size(), drawn.groupby("stratum")["ea"].size()
    # Weights far from equal, so that forgetting them shows.
    weight = (size / taken * pd.Series(range(1, len(size) + 1), index=size.index) / 2).rename("weight")
    drawn = drawn.join(weight, on="stratum")[["ea", "stratum", "weight"]]
    seen = persons[persons["residence_status"] != "V"].merge(drawn, on="ea")
    foreign = (seen["group"] == "foreign").to_numpy()
    chance = rng.random(len(seen))
    records = seen[["person_id", "ea", "stratum", "weight"]].copy()
    wrong = np.where(foreign, 0.05, 0.03)
    records["outcome"] = np.select(
        [chance < wrong / 2, chance < wrong, chance < wrong + 0.01], ["D", "L", "U"], "C"
    )
    missed = np.where(foreign, 0.14, 0.06)
    survey = seen[["ea", "stratum", "weight", "sex", "age", "country_birth", "citizenship"]].copy()
    chance = rng.random(len(seen))
    survey["match_status"] = np.select([chance < missed, chance < missed + 0.02], ["N", "U"], "M")
    survey["census_person_id"] = seen["person_id"].where(survey["match_status"] == "M")
    survey.insert(0, "pes_id", [f"SYN-GMB-S{i:05d}" for i in range(len(survey))])
    return survey, records


def _emigrants(rng, n):
    return pd.DataFrame(
        {
            "emigrant_id": [f"SYN-GMB-E{i:04d}" for i in range(n)],
            "sex": rng.choice(["M", "F"], n, p=[0.7, 0.3]),
            "year_left": pd.array(rng.integers(2014, 2025, n), dtype="Int64"),
            "country_residence": rng.choice(
                ["ESP", "ITA", "DEU", "USA", "GBR", "XXX"], n, p=[0.3, 0.25, 0.2, 0.15, 0.05, 0.05]
            ),
            "remits": rng.choice(["Y", "N", "X"], n, p=[0.6, 0.35, 0.05]),
        }
    )
