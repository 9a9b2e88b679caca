"""The same specification through Ibis on Spark, in local mode: one start of Spark, which takes ten seconds."""

import os
import shutil
from importlib.util import find_spec

import pandas as pd
import pytest

from migkit.measures.tables import (
    Bands,
    Groups,
    TableSpec,
    long_table,
    long_with_ibis,
    make_table,
    table_with_ibis,
)
from migkit.reference import KitError

MISSING = [name for name in ("pyspark", "ibis") if find_spec(name) is None]
MISSING += [] if shutil.which("java") or os.environ.get("JAVA_HOME") else ["Java 17"]
# In CI a missing part is a failure, not a skip.
pytestmark = pytest.mark.skipif(
    bool(MISSING) and not os.environ.get("CI"),
    reason=f"needs {', '.join(MISSING)}: run python3 kit.py install spark, and install Java 17",
)

PEOPLE = pd.DataFrame(
    {
        "sex": ["F", "M", "F", "X", None, "M", "F", "M"],
        "age": [3, 20, 34, 70, None, 44, 15, 98],
        "country_birth": ["GMB", "SEN", " GIN", "XXX", "GMB", "", "ZZZ", "SEN"],
        "arrival_year": [None, 2020.0, 2015.0, None, None, 2024.0, 2001.0, 1990.0],
        "date": [
            "2024-01-01",
            "2023-12-31",
            "2024-06-30",
            None,
            "2024-02-01",
            "2024-02-02",
            "2020-01-01",
            "2024-03-03",
        ],
        "w": [1.5, 2.25, 0.1, 10.0, 3.0, 0.2, 7.7, 1.0],
        "income": [10.0, None, 30.0, 5.0, None, 2.0, 0.0, 8.0],
    }
)
DERIVED = (
    Bands("age_group", "age", (0, 15, 25, 65)),
    Bands("years_here", "arrival_year", (0, 5, 10), since=2024),
    Groups("born", "country_birth", {"Here": ["GMB"]}, other="Abroad"),
)


def spec(rows, columns=None, weight=None, **more):
    return TableSpec("A table", "All", "persons", rows, columns, (), "Test", weight, derive=DERIVED, **more)


SPECS = [
    spec("country_birth", "sex", "w"),
    spec(("born", "age_group"), "sex"),
    spec("years_here", None, "w", where=(("age", ">=", 15), ("country_birth", "not in", "GMB"))),
    spec("arrival_year", "born"),
    spec("sex", "born", "w", where=(("date", ">=", "2024-01-01"), ("age_group", "not in", ("0-14",)))),
    spec("born", "sex", "w", measure="mean", of="income"),
]


@pytest.fixture(scope="module")
def people():
    import ibis
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[1]")
    for name, value in {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": "1g",
        "spark.sql.shuffle.partitions": "1",
    }.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    rows = PEOPLE.astype(object).where(PEOPLE.notna(), None).to_numpy().tolist()
    kinds = (
        "sex string, age double, country_birth string, arrival_year double, date string, w double, income double"
    )
    session.createDataFrame(rows, kinds).createOrReplaceTempView("people")
    yield ibis.pyspark.connect(session).table("people")
    session.stop()


@pytest.mark.parametrize("each", SPECS, ids=range(len(SPECS)))
def test_spark_gives_the_tables_of_pandas(people, each):
    left, right = table_with_ibis(people, each), make_table(PEOPLE, each)
    pd.testing.assert_frame_equal(left, right, check_column_type=False, check_index_type=False, rtol=1e-12)
    pd.testing.assert_frame_equal(long_with_ibis(people, each), long_table(PEOPLE, each), rtol=1e-12)


def test_spark_says_what_is_wrong(people):
    bands = Bands("age_group", "age", (0, 15), limit=90)
    too_old = TableSpec("A table", "All", "persons", "age_group", None, (), "Test", derive=(bands,))
    with pytest.raises(KitError, match="holds 98"):
        table_with_ibis(people, too_old)
    with pytest.raises(KitError, match="no column 'region'"):
        table_with_ibis(people, spec("region"))
