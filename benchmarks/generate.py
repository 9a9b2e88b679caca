"""How fast the synthetic world is made, beside Faker and SDV's GaussianCopula, and in how much memory.

Prints a table. See README.md for the peers' environment.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import duckdb
from memory import FamilyMemory

from migkit.reference import countries, fact
from migkit.sources import write_datasets
from migkit.sources.files import TableWriter
from migkit.world import make_chunk, number_of_chunks

MEBI = 1024 * 1024
SIXTEEN = [each.iso3 for each in countries(training_only=True)]
#: The columns of the person table that all makers fill.
COLUMNS = ["sex", "birth_date", "country_birth", "citizenship", "education", "activity", "occupation", "industry"]

FAKER = """
import json, sys, time
from collections import OrderedDict
from faker import Faker
shares = {name: OrderedDict(pairs) for name, pairs in json.loads(open(sys.argv[1]).read()).items()}
n = int(sys.argv[2]); fake = Faker("fr_FR"); Faker.seed(1)
start = time.perf_counter()
rows = []
for number in range(n):
    row = {name: fake.random_element(elements) for name, elements in shares.items()}
    row["truth_id"], row["birth_date"] = number, fake.date_of_birth(maximum_age=98)
    row["given"] = fake.first_name_female() if row["sex"] == "F" else fake.first_name_male()
    row["surname"] = fake.last_name()
    rows.append(row)
print(n / (time.perf_counter() - start))
"""

SDV = """
import sys, time, warnings, logging
warnings.filterwarnings("ignore"); logging.disable(logging.CRITICAL)
import pandas as pd
from sdv.metadata import Metadata
from sdv.single_table import GaussianCopulaSynthesizer
rows = pd.read_csv(sys.argv[1], dtype=str, keep_default_na=False)
n = int(sys.argv[2])
meta = Metadata()
meta.add_table("persons")
for column in rows.columns:
    kind = {"sdtype": "categorical"}
    if column == "birth_date":
        kind = {"sdtype": "datetime", "datetime_format": "%Y-%m-%d"}
    meta.add_column(column_name=column, table_name="persons", **kind)
maker = GaussianCopulaSynthesizer(meta)
maker.fit({"persons": rows})
start = time.perf_counter()
maker.sample(n)
print(n / (time.perf_counter() - start))
"""


def chunks_of(codes, scale):
    return [(code, scale, chunk) for code in codes for chunk in range(number_of_chunks(code, scale))]


def person_part(job):
    """One chunk's persons as a Parquet file. Returns how many."""
    code, scale, chunk, folder = job
    from migkit.world import make_persons

    rows = make_persons(code, scale, 1, chunk)
    TableWriter(code).write(rows, Path(folder) / f"{code}-{chunk}", None, "parquet")
    return len(rows)


def person_table(persons, workers):
    """Persons a second: sex, dates, birthplace, citizenship, schooling, work, name; written to Parquet."""
    scale = persons / sum(fact(code, "population_midyear", 2024).value * 1000 for code in SIXTEEN)
    with tempfile.TemporaryDirectory() as folder, FamilyMemory() as memory:
        jobs = [(*job, folder) for job in chunks_of(SIXTEEN, scale)]
        start = time.perf_counter()
        with ProcessPoolExecutor(workers) as pool:
            made = sum(pool.map(person_part, jobs, chunksize=1))
        seconds = time.perf_counter() - start
    return made, seconds, memory


def digest(folder):
    """One checksum for all files of a data set."""
    manifests = sorted(Path(folder).glob("*/manifest.json"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in manifests)).hexdigest()[:16]


def whole_world(persons, workers, out):
    """Persons a second, of the sixteen: kin, households, spells, statuses, trips, crossings; to Parquet."""
    scale = persons / sum(fact(code, "population_midyear", 2024).value * 1000 for code in SIXTEEN)
    with FamilyMemory() as memory:
        start = time.perf_counter()
        write_datasets(
            SIXTEEN, scale, 1, out, sources=["truth"], formats="parquet", workers=workers, progress=shown
        )
        seconds = time.perf_counter() - start
    count = {
        name: duckdb.sql(f"SELECT count(*) FROM '{out}/*/trainer/*{name}*.parquet'").fetchall()[0][0]
        for name in ("truth_persons", "truth_spells", "truth_crossings")
    }
    return count, seconds, memory


def shown(name, done, steps):
    if sys.stderr.isatty():
        print(f"\r{name:<40} {done}/{steps} ", end="", file=sys.stderr)


def peer(python, program, *arguments):
    done = subprocess.run(
        [python, "-c", program, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"The peer failed: {done.stderr.strip().splitlines()[-1]}")
    return float(done.stdout.strip().splitlines()[-1])


def line(*cells):
    widths = (52, 14, 12, 12, 12)
    print(
        f"{cells[0]:<{widths[0]}}",
        *(f"{cell:>{width}}" for cell, width in zip(cells[1:], widths[1:], strict=True)),
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--persons", type=int, default=5_000_000)
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--peers", help="a Python that has faker and sdv")
    parser.add_argument("--only", choices=("persons", "world"))
    parser.add_argument("--out", type=Path, help="folder for the world (default: a temporary one, removed)")
    options = parser.parse_args()
    line("what", "persons", "seconds", "persons/s", "MiB (most)")
    ours = 0.0
    if options.only != "world":
        made, seconds, memory = person_table(options.persons, options.workers)
        ours = made / seconds
        line(
            "person table to Parquet",
            f"{made:,}",
            f"{seconds:.1f}",
            f"{ours:,.0f}",
            f"{memory.together / MEBI:.0f}",
        )
    if options.only != "persons":
        out = options.out or Path(tempfile.mkdtemp(prefix="kit-world-"))
        count, seconds, memory = whole_world(options.persons, options.workers, out)
        made = count["truth_persons"]
        line(
            "whole world, sixteen countries",
            f"{made:,}",
            f"{seconds:.1f}",
            f"{made / seconds:,.0f}",
            f"{memory.together / MEBI:.0f}",
        )
        line(
            f"  {count['truth_spells']:,} spells, {count['truth_crossings']:,} crossings; largest process",
            "",
            "",
            "",
            f"{memory.largest / MEBI:.0f}",
        )
        if options.persons <= 10_000_000:
            again = Path(tempfile.mkdtemp(prefix="kit-world-"))
            _count, seconds, _memory = whole_world(options.persons, 1, again)
            same = "same bytes" if digest(out) == digest(again) else "OTHER BYTES"
            line(f"  a second time, with one worker: {same}", "", f"{seconds:.1f}", f"{made / seconds:,.0f}", "")
            shutil.rmtree(again)
        if not options.out:
            shutil.rmtree(out)
    if options.peers and options.only != "world":
        with tempfile.TemporaryDirectory() as folder:
            sample = Path(folder) / "sample.csv"
            rows = make_chunk("GMB", 0.01, 1, 0).persons[COLUMNS].head(20_000)
            rows.to_csv(sample, index=False)
            coded = [name for name in COLUMNS if name != "birth_date"]
            counts = {name: rows[name].astype("str").value_counts(normalize=True) for name in coded}
            shares = Path(folder) / "shares.json"
            shares.write_text(json.dumps({name: list(each.items()) for name, each in counts.items()}))
            faker = peer(options.peers, FAKER, shares, 20_000)
            line("Faker, the same columns and shares", "20,000", f"{20_000 / faker:.1f}", f"{faker:,.0f}", "")
            sdv = peer(options.peers, SDV, sample, 200_000)
            line(
                "SDV GaussianCopula, coded columns (sampling alone)",
                "200,000",
                f"{200_000 / sdv:.1f}",
                f"{sdv:,.0f}",
                "",
            )
        line(f"ours is {ours / faker:,.0f} times Faker and {ours / sdv:,.0f} times SDV", "", "", "", "")
    print(json.dumps({"workers": options.workers, "cores": os.cpu_count()}))


if __name__ == "__main__":
    main()
