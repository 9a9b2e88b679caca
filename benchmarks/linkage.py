"""Linking two registers of 100,000: time, memory, precision and recall, beside recordlinkage on the same pairs.

Prints a table. See README.md for the peer's environment.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
from memory import Memory

from migkit.measures.administrative import name_key
from migkit.measures.integration import (
    blocking_report,
    compare_code,
    compare_date,
    compare_names,
    link,
    linkage_quality,
    true_pairs,
)
from migkit.reference import dictionary, fact
from migkit.sources.clerks import spoil_identity, written_names
from migkit.sources.records import ErrorModel, Recorder
from migkit.world import make_persons, number_of_chunks

MEBI = 1024 * 1024
#: Districts of birth: how many, and how often an office writes another or none (assumptions).
DISTRICTS, OTHER_DISTRICT, NO_DISTRICT = 45, 0.03, 0.05
#: The blocking rules of the comparison with the peer, on columns that both have.
SAME_RULES = [["dob:date"], ["surname:key", "given:key", "sex"], ["surname:key", "dob:year", "sex"]]

PEER = """
import sys, time
import pandas as pd
import recordlinkage as rl
start = time.perf_counter()
left, right = (pd.read_parquet(path).set_index("id") for path in sys.argv[1:3])
rules = [["dob"], ["surname_key", "given_key", "sex"], ["surname_key", "year", "sex"]]
pairs = None
for rule in rules:
    index = rl.Index()
    index.block(rule)
    found = index.index(left, right)
    pairs = found if pairs is None else pairs.union(found)
compare = rl.Compare()
compare.string("surname", "surname", method="jarowinkler", label="surname")
compare.string("given", "given", method="jarowinkler", label="given")
compare.exact("surname_key", "surname_key", label="surname_key")
compare.exact("given_key", "given_key", label="given_key")
compare.string("dob", "dob", method="damerau_levenshtein", label="dob")
for name in ("sex", "country_birth", "citizenship", "district"):
    compare.exact(name, name, label=name)
features = compare.compute(pairs, left, right)
binary = (features >= 0.9).astype(int)
classifier = rl.ECMClassifier(max_iter=100)
links = classifier.fit_predict(binary)
seconds = time.perf_counter() - start
pd.DataFrame({"left_id": links.get_level_values(0), "right_id": links.get_level_values(1)}).to_parquet(sys.argv[3])
import resource
print(seconds, len(pairs), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def register(people, language, level, seed, letter):
    """What an office that writes ``language`` holds of these people: errors of clerks, blanks, no order."""
    rng = np.random.default_rng(seed)
    surname, given = written_names(people["given"].to_numpy(), people["surname"].to_numpy(), language)
    n = len(people)
    perfect = pd.DataFrame(
        {
            "event": people["truth_id"].astype(str),
            "truth_id": people["truth_id"].astype(str),
            "surname": surname,
            "given": given,
            "sex": people["sex"].astype(str),
            "dob": people["birth_date"].dt.strftime("%Y-%m-%d"),
            "country_birth": people["country_birth"].astype(str),
            "citizenship": people["citizenship"].astype(str),
            "district": people["district"].astype(str),
        }
    )
    rec = Recorder("register", perfect, "id")
    if level != "none":
        spoil_identity(
            rec,
            ErrorModel(dictionary("residence_permits"), level),
            rng,
            given="given",
            birth="dob",
            latest="2026-06-30",
        )
    table = pd.DataFrame({name: rec[name] for name in perfect.columns if name != "event"}).rename(
        columns={"truth_id": "person"}
    )
    if level != "none":
        other = rng.random(n) < OTHER_DISTRICT
        table.loc[other, "district"] = rng.integers(0, DISTRICTS, int(other.sum())).astype(str)
        table.loc[rng.random(n) < NO_DISTRICT, "district"] = ""
        born = rng.random(n) < 0.02
        table.loc[born, "country_birth"] = table.loc[born, "citizenship"]
    table = table.sample(frac=1, random_state=seed).reset_index(drop=True)
    table.insert(0, "id", [f"{letter}{number:06d}" for number in range(n)])
    return table.replace("", None)


def two_registers(records, level="typical", seed=1, common=0.7):
    """Two registers of as many records; ``common`` of each is in both. One office writes French, one English.

    The people are those of the synthetic world: residents of Senegal, Guinea, The Gambia and Guinea-Bissau.
    """
    people = pd.concat([residents(iso3, 0.6 * records, seed) for iso3 in ("SEN", "GIN", "GMB", "GNB")])
    rng = np.random.default_rng(seed)
    people["district"] = np.minimum(rng.geometric(0.07, len(people)), DISTRICTS) - 1
    only = records - int(common * records)
    chosen = people.iloc[rng.permutation(len(people))[: records + only]]
    left, right = chosen.iloc[:records], chosen.iloc[only:]
    return register(left, "fr", level, seed + 1, "L"), register(right, "en", level, seed + 2, "R")


def residents(iso3, wanted, seed):
    scale = min(1.0, max(0.001, 1.3 * wanted / (fact(iso3, "population_midyear", 2024).value * 1000)))
    parts, have = [], 0
    for chunk in range(number_of_chunks(iso3, scale)):
        parts.append(make_persons(iso3, scale, seed, chunk))
        have += len(parts[-1])
        if have >= wanted:
            break
    return pd.concat(parts).head(int(wanted))


def compared():
    return [
        compare_names("surname", "given"),
        compare_date("dob"),
        compare_code("sex"),
        compare_code("country_birth"),
        compare_code("citizenship"),
        compare_code("district"),
    ]


def line(*cells):
    widths = (44, 12, 10, 10, 10, 10, 10)
    print(f"{cells[0]:<{widths[0]}}", *(f"{c:>{w}}" for c, w in zip(cells[1:], widths[1:], strict=False)))


def alone(paths, blocking):
    """Link the two files and say how long it took and how much memory; in a process of its own."""
    with Memory() as memory:
        left, right = (pd.read_parquet(path) for path in paths)
        start = time.perf_counter()
        found = link(left, right, compared(), blocking=blocking, left_id="id", right_id="id")
        seconds = time.perf_counter() - start
    return seconds, memory.most, found.links, found.blocking


def ours(name, paths, left, right, truth, blocking):
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        seconds, most, links, table = pool.submit(alone, paths, blocking).result()
    quality = linkage_quality(links, truth)
    rules = [rule.split(" + ") for rule in table["rule"]]
    recall = blocking_report(left, right, rules, truth, "id", "id")["recall_so_far"].iloc[-1]
    line(
        name,
        f"{table['new_pairs'].sum():,}",
        f"{seconds:.1f}",
        f"{most / MEBI:,.0f}",
        f"{recall:.4f}",
        f"{quality['precision']:.4f}/{quality['recall']:.4f}",
        f"{quality['f1']:.4f}",
    )
    return seconds


def peer(python, paths, truth):
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{side}.parquet" for side in ("left", "right", "links")]
        for path, file in zip(paths, files, strict=False):
            table = pd.read_parquet(path)
            table.assign(
                surname_key=name_key(table["surname"]),
                given_key=name_key(table["given"]),
                year=table["dob"].str[:4],
            ).drop(columns="person").to_parquet(file)
        done = subprocess.run([python, "-c", PEER, *map(str, files)], capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"The peer failed: {done.stderr.strip().splitlines()[-1]}")
        seconds, pairs, most = done.stdout.split()[-3:]
        quality = linkage_quality(pd.read_parquet(files[2]), truth)
    line(
        "recordlinkage, the same blocking",
        f"{int(pairs):,}",
        f"{float(seconds):.1f}",
        f"{float(most):,.0f}",
        "",
        f"{quality['precision']:.4f}/{quality['recall']:.4f}",
        f"{quality['f1']:.4f}",
    )
    return float(seconds)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--level", default="typical", choices=("none", "typical", "severe"))
    parser.add_argument("--peer", help="a Python that has recordlinkage, pandas < 3 and pyarrow")
    options = parser.parse_args()
    left, right = two_registers(options.records, options.level)
    truth = true_pairs(left, right, left_id="id", right_id="id")
    print(f"{len(left):,} and {len(right):,} records, {len(truth):,} persons in both, errors: {options.level}")
    line("what", "pairs", "seconds", "MiB (most)", "blocking", "prec./rec.", "F1")
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{side}.parquet" for side in ("left", "right")]
        for path, table in zip(paths, (left, right), strict=True):
            table.to_parquet(path)
        ours("link, blocking chosen by counting", paths, left, right, truth, None)
        seconds = ours("link, the same blocking as the peer", paths, left, right, truth, SAME_RULES)
        if options.peer:
            theirs = peer(options.peer, paths, truth)
            print(f"ours is {theirs / seconds:.1f} times as fast as recordlinkage on the same pairs")
            print("(recordlinkage as it comes: its ECM classifier, no term frequencies, no one-to-one assignment)")
    print(json.dumps({"cores": os.cpu_count()}))


if __name__ == "__main__":
    main()
