"""Eight weighted tables of a census: one cube, beside eight DuckDB queries, pandas and Spark; seconds and memory.

Makes its own file of records, runs every way in a process of its own, checks that all give the same figures, and
prints a table. See README.md.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

MEBI = 1024 * 1024
BREAKS = tuple(range(0, 85, 5))
AGES = "age_group"
#: Rows and columns of the eight tables: what an office prints by sex, age, birthplace, citizenship and education.
TABLES = (
    (("age_group",), ("sex",)),
    (("country_birth",), ("sex",)),
    (("citizenship",), ("sex",)),
    (("country_birth", "age_group"), ("sex",)),
    (("citizenship", "age_group"), ("sex",)),
    (("country_birth", "education"), ("sex",)),
    (("citizenship", "education"), ("sex",)),
    (("country_birth",), ("citizenship",)),
)
#: With --wide: more classifiers than one cube can hold with profit.
WIDE = (
    (("country_birth", "age_group"), ("sex",)),
    (("citizenship", "age_group"), ("sex",)),
    (("country_birth", "education"), ("sex",)),
    (("region", "area"), ("country_birth",)),
    (("country_birth", "activity"), ("sex",)),
    (("country_birth", "reason"), ("sex",)),
    (("country_birth", "arrival_year"), ("sex",)),
    (("country_birth",), ("citizenship",)),
)

#: Skewed as censuses are: 6 % born abroad, most of them in a few countries; young people; a hundredth not stated.
RECORDS = """
COPY (
  WITH dice AS (
    SELECT i, {draws} FROM range({rows}) numbers(i)
  ), person AS (
    SELECT *, u1 < 0.06 AS abroad, CAST(floor(99 * pow(u2, 1.7)) AS INTEGER) AS years,
      'C' || lpad(CAST(CAST(floor(200 * pow(u3, 4)) AS INTEGER) AS VARCHAR), 3, '0') AS foreign_country,
      'C' || lpad(CAST(CAST(floor(200 * pow(u4, 4)) AS INTEGER) AS VARCHAR), 3, '0') AS other_country
    FROM dice
  )
  SELECT
    CASE WHEN u5 < 0.5 THEN 'F' WHEN u5 < 0.997 THEN 'M' ELSE 'X' END AS sex,
    CASE WHEN u6 >= 0.01 THEN years END AS age,
    CASE WHEN u7 < 0.01 THEN 'XXX' WHEN abroad THEN foreign_country ELSE 'GMB' END AS country_birth,
    CASE WHEN u8 < 0.01 THEN 'XXX' WHEN abroad AND u8 < 0.75 THEN foreign_country
      WHEN u8 > 0.997 THEN other_country ELSE 'GMB' END AS citizenship,
    'R' || CAST(1 + CAST(floor(8 * pow(u9, 2)) AS INTEGER) AS VARCHAR) AS region,
    CASE WHEN u10 < 0.6 THEN 'U' ELSE 'R' END AS area,
    CASE WHEN years >= 5 THEN CAST(CAST(floor(6 * pow(u11, 2)) AS INTEGER) AS VARCHAR) END AS education,
    CASE WHEN years >= 15 THEN ['E', 'U', 'S', 'H', 'R', 'O', 'X'][1 + CAST(floor(7 * pow(u12, 2)) AS INTEGER)] END
      AS activity,
    CASE WHEN abroad THEN ['W', 'F', 'S', 'R', 'C', 'O', 'X'][1 + CAST(floor(7 * pow(u13, 2)) AS INTEGER)] END
      AS reason,
    CASE WHEN abroad THEN 2024 - CAST(floor(60 * pow(u14, 2)) AS INTEGER) END AS arrival_year,
    round(5 + 10 * u15, 3) AS weight
  FROM person
) TO '{path}' (FORMAT parquet, COMPRESSION zstd)
"""


def make_records(rows, path):
    """The records, made by DuckDB from hashed row numbers: the same on every machine."""
    import duckdb

    draws = ", ".join(f"(hash(i, {n}) % 1000003) / 1000003.0 AS u{n}" for n in range(1, 16))
    with duckdb.connect() as connection:
        connection.execute("SET memory_limit = '600MB'; SET preserve_insertion_order = false")
        connection.execute("SET enable_progress_bar = false")
        connection.execute(RECORDS.format(draws=draws, rows=rows, path=path))


def specifications(tables):
    from migkit.measures.tables import Bands, TableSpec

    ages = Bands(AGES, "age", BREAKS)
    return [
        TableSpec("Table", "All", "persons", down, across, (), "Benchmark", "weight", derive=(ages,))
        for down, across in tables
    ]


def by_cube(path, tables, _options):
    from migkit.measures.tables import make_cube, table_from_cube

    with make_cube(path, specifications(tables)) as cube:
        return [table_from_cube(cube, spec).iloc[-1, -1] for spec in cube.specs]


def by_queries(path, tables, _options):
    """What an analyst writes: one query a table."""
    import duckdb

    cases = " ".join(f"WHEN age < {b} THEN '{a}-{b - 1}'" for a, b in pairwise(BREAKS))
    age = f"CASE {cases} WHEN age >= {BREAKS[-1]} THEN '{BREAKS[-1]}+' END AS {AGES}"
    totals = []
    with duckdb.connect() as connection:
        connection.execute("SET memory_limit = '600MB'; SET preserve_insertion_order = false")
        connection.execute("SET enable_progress_bar = false")
        for down, across in tables:
            columns = ", ".join(age if name == AGES else name for name in (*down, *across))
            query = f"SELECT {columns}, sum(weight) AS persons FROM read_parquet('{path}') GROUP BY ALL"
            totals.append(connection.execute(query).df()["persons"].sum())
    return totals


def by_pandas(path, tables, _options):
    import pandas as pd

    used = sorted({name for down, across in tables for name in (*down, *across)} - {AGES} | {"age", "weight"})
    persons = pd.read_parquet(path, columns=used)
    persons[AGES] = pd.cut(persons["age"], [*BREAKS, 200], right=False)
    return [
        persons.groupby([*down, *across], dropna=False, observed=True)["weight"].sum().sum()
        for down, across in tables
    ]


def spark_session(options):
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(f"local[{options.threads or os.cpu_count()}]")
    for name, value in {
        "spark.driver.memory": "3g",
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "8",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
    }.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    session.range(10).count()  # the start is not counted
    return session


def by_spark(path, tables, options):
    """PySpark's own way, one query a table."""
    from pyspark.sql import functions

    session = spark_session(options)
    start = time.perf_counter()
    people = session.read.parquet(str(path))
    age = functions.least(functions.floor(functions.col("age") / 5), functions.lit(16))
    people = people.withColumn(AGES, age)
    totals = []
    for down, across in tables:
        rows = people.groupBy(*down, *across).agg(functions.sum("weight").alias("persons")).collect()
        totals.append(sum(row["persons"] for row in rows))
    return totals, time.perf_counter() - start


def by_ibis_on_spark(path, tables, options):
    """The same specifications through Ibis on Spark."""
    import ibis

    from migkit.measures.tables import table_with_ibis

    connection = ibis.pyspark.connect(spark_session(options))
    start = time.perf_counter()
    people = connection.read_parquet(str(path))
    totals = [table_with_ibis(people, spec).iloc[-1, -1] for spec in specifications(tables)]
    return totals, time.perf_counter() - start


WAYS = {
    "cube": ("ours: one cube, eight tables", by_cube),
    "queries": ("DuckDB: eight queries", by_queries),
    "pandas": ("pandas: read, eight group-bys", by_pandas),
    "spark": ("PySpark, local: eight queries", by_spark),
    "ibis": ("ours through Ibis on PySpark, local", by_ibis_on_spark),
}


def child(options):
    """Run one way and print what it took; the parent reads it."""
    import duckdb  # noqa: F401 - loading the packages is not counted
    import pandas  # noqa: F401

    import migkit.measures.tables  # noqa: F401

    tables = WIDE if options.wide else TABLES
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    made = WAYS[options.way][1](options.path, tables, options)
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
    work = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if isinstance(made, tuple):
        made, seconds = made
    most = after.ru_maxrss / 1024
    if options.way in ("spark", "ibis"):
        import psutil

        most += sum(each.memory_info().rss for each in psutil.Process().children(recursive=True)) / MEBI
    told = {"seconds": seconds, "work": work, "mebi": most, "totals": [float(each) for each in made]}
    print(json.dumps(told))


def run(way, options, path):
    """One way in a process of its own: the shortest time of the repeats, the most memory of them."""
    tries = []
    for _repeat in range(options.repeat):
        command = [sys.executable, __file__, "--way", way, "--path", str(path)]
        command += ["--wide"] if options.wide else []
        command += ["--threads", str(options.threads)] if options.threads else []
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return {"failed": (done.stderr.strip().splitlines() or ["no message"])[-1]}
        tries.append(json.loads(done.stdout.strip().splitlines()[-1]))
    best = min(tries, key=lambda each: each["seconds"])
    return best | {"mebi": max(each["mebi"] for each in tries)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rows", type=float, default=10e6, help="records to make (100e6 takes a minute and 0.5 GB)"
    )
    parser.add_argument("--repeat", type=int, default=3, help="how often each way runs; the shortest time counts")
    parser.add_argument("--wide", action="store_true", help="tables with ten classifiers instead of five")
    parser.add_argument("--spark", action="store_true", help="PySpark too; needs Java 17 and the spark group")
    parser.add_argument(
        "--no-pandas", action="store_true", help="without pandas (left out above 20 million anyway)"
    )
    parser.add_argument("--threads", type=int, default=0, help="processors for Spark (default: all)")
    parser.add_argument("--path", help="a file that an earlier run made; it is kept")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        child(options)
        return
    folder = Path(tempfile.mkdtemp(prefix="kit-tables-"))
    try:
        path = Path(options.path) if options.path else folder / "records.parquet"
        rows = int(options.rows)
        if not path.exists():
            start = time.perf_counter()
            make_records(rows, path)
            size = path.stat().st_size / MEBI
            print(f"{rows:,} records in {path} ({size:.0f} MiB, made in {time.perf_counter() - start:.0f} s)\n")
        ways = ["cube", "queries"]
        ways += ["pandas"] if rows <= 20_000_000 and not options.no_pandas else []
        ways += ["spark", "ibis"] if options.spark else []
        heads = f"{'seconds':>10}{'times ours':>12}{'CPU s':>10}{'MiB (most)':>12}  figures"
        print(f"{'eight weighted tables':<38}{heads}")
        ours = None
        for way in ways:
            made = run(way, options, path)
            if "failed" in made:
                print(f"{WAYS[way][0]:<38}  failed: {made['failed']}")
                continue
            ours = ours or made
            close = all(abs(a - b) <= 1e-9 * abs(b) for a, b in zip(made["totals"], ours["totals"], strict=True))
            print(
                f"{WAYS[way][0]:<38}{made['seconds']:>10.2f}{made['seconds'] / ours['seconds']:>12.1f}"
                f"{made['work']:>10.2f}{made['mebi']:>12.0f}  {'the same' if close else 'OTHERS'}",
                flush=True,
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
