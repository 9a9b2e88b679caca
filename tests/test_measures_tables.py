"""Tables: one specification, the same figures from pandas, the cube and Ibis; nobody lost, nothing hidden."""

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migkit.measures._input import NOT_STATED, TOTAL
from migkit.measures.tables import (
    INDICATORS,
    Bands,
    Groups,
    TableSpec,
    core_indicators,
    derive,
    in_universe,
    indicator_inputs,
    long_from_cube,
    long_from_table,
    long_table,
    make_cube,
    make_table,
    recommended_tables,
    rename_columns,
    table_from_cube,
    table_metadata,
    table_with_ibis,
    tables_called,
    universe_counts,
    wide_table,
)
from migkit.reference import KitError

settings.register_profile("tables", deadline=None, max_examples=25)
settings.load_profile("tables")

duckdb = pytest.importorskip("duckdb")

AGES = Bands("age_group", "age", (0, 15, 25, 65))
SINCE = Bands("years_here", "arrival_year", (0, 1, 5, 10), since=2024)
BORN = Groups("born", "country_birth", {"Here": ["GMB"]}, other="Abroad")
REGION = Groups("region_birth", "country_birth", {"Senegambia": ["GMB", "SEN"]})
UNKNOWN_NAMED = Groups("asked", "reason", {"Work": ["W"], "No answer": ["X"]}, other="Other")
RECIPES = (AGES, SINCE, BORN, REGION, UNKNOWN_NAMED)

country = st.sampled_from(["GMB", "SEN", " GIN", "QQQ", "XXX", None, ""])
person = st.fixed_dictionaries(
    {
        "sex": st.sampled_from(["M", "F", "X", None]),
        "age": st.one_of(st.none(), st.integers(0, 98)),
        "country_birth": country,
        "citizenship": country,
        "arrival_year": st.one_of(st.none(), st.integers(1990, 2024)),
        "reason": st.sampled_from(["W", "F", "X", None]),
        "date": st.sampled_from(["2023-12-31", "2024-01-01", "2024-06-30", None]),
        "w": st.sampled_from([0.0, 0.1, 1.5, 2.25, 1000.3]),
        "income": st.one_of(st.none(), st.integers(0, 500)),
        "persons": st.integers(0, 9),
    }
)
TYPES = {"age": "float64", "arrival_year": "float64", "income": "float64", "w": "float64", "persons": "int64"}


def frame(rows):
    persons = pd.DataFrame(rows, columns=[*TYPES, "sex", "country_birth", "citizenship", "reason", "date"])
    return persons.astype(TYPES | dict.fromkeys(set(persons) - set(TYPES), object))


people = st.lists(person, max_size=30).map(frame)
classifiers = st.sampled_from(
    ["sex", "country_birth", "citizenship", "arrival_year", "reason", *(recipe.name for recipe in RECIPES)]
)
condition = st.sampled_from(
    [
        ("age", ">=", 15),
        ("age", "<", 65),
        ("arrival_year", ">", 2000),
        ("arrival_year", "in", (2000, 2001, 2002)),
        ("country_birth", "not in", ("GMB",)),
        ("country_birth", "in", ("SEN", "GIN", "XXX")),
        ("country_birth", "not in", ("GMB", "XXX")),
        ("sex", "is stated"),
        ("reason", "is not stated"),
        ("born", "in", ("Abroad",)),
        ("region_birth", "in", ("Senegambia", "GIN")),
        ("region_birth", "not in", ("Senegambia",)),
        ("age_group", "not in", ("0-14", "X")),
        ("asked", "in", ("No answer", "Work")),
        ("date", ">=", "2024-01-01"),
        ("date", "<=", "2024-06-29"),
    ]
)


@st.composite
def specifications(draw):
    names = draw(st.lists(classifiers, min_size=1, max_size=3, unique=True))
    down = draw(st.integers(1, len(names)))
    measure, of = draw(
        st.sampled_from(
            [("count", None), ("count", None), ("sum", "persons"), ("mean", "income"), ("mean", "age")]
        )
    )
    percent = None if measure == "mean" else draw(st.sampled_from([None, None, "row", "column", "total"]))
    return TableSpec(
        "A table",
        "All",
        "persons",
        tuple(names[:down]) if down > 1 else names[0],
        tuple(names[down:]) or None,
        (),
        "Test",
        draw(st.sampled_from([None, "w"])),
        where=tuple(draw(st.lists(condition, max_size=3))),
        derive=RECIPES,
        measure=measure,
        of=of,
        percent=percent,
    )


def spec(rows, columns=None, weight=None, **more):
    return TableSpec("A table", "All", "persons", rows, columns, (), "Test", weight, **more)


def same(left, right):
    pd.testing.assert_frame_equal(
        left, right, check_column_type=False, check_index_type=False, rtol=1e-9, atol=1e-9
    )


# one specification, many engines


@given(people, st.lists(specifications(), min_size=1, max_size=4))
def test_the_cube_of_a_frame_gives_the_tables_of_pandas(persons, specs):
    with make_cube(persons, specs) as cube:
        for each in specs:
            same(table_from_cube(cube, each), make_table(persons, each))
            same(long_from_cube(cube, each), long_table(persons, each))


@given(people, st.lists(specifications(), min_size=1, max_size=3))
@settings(max_examples=20)
def test_the_cube_of_a_parquet_file_gives_the_tables_of_pandas(persons, specs):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.parquet"
        to_parquet(persons, path)
        with make_cube(path, specs, threads=2) as cube:
            for each in specs:
                same(long_from_cube(cube, each), long_table(persons, each))


@given(people, st.lists(specifications(), min_size=1, max_size=3))
@settings(max_examples=15)
def test_the_cube_of_a_csv_file_gives_the_tables_of_its_text(persons, specs):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.csv"
        persons.astype({"age": "Int64", "arrival_year": "Int64"}).to_csv(path, index=False)
        text = pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""])
        with make_cube(path, specs) as cube:
            for each in specs:
                same(long_from_cube(cube, each), long_table(text, each))


@given(people, specifications())
@settings(max_examples=20)
def test_ibis_gives_the_tables_of_pandas(persons, each):
    ibis = pytest.importorskip("ibis")
    connection = ibis.duckdb.connect()
    to_duckdb(persons, connection.con)
    same(table_with_ibis(connection.table("people"), each), make_table(persons, each))
    connection.disconnect()


def to_duckdb(persons, connection):
    """A table with the right types, even where all values of a column are missing."""
    kinds = dict.fromkeys(TYPES, "DOUBLE") | {"persons": "BIGINT"}
    columns = ", ".join(f"{name} {kinds.get(name, 'VARCHAR')}" for name in persons)
    connection.execute(f"CREATE TABLE people ({columns})")
    rows = persons.astype(object).where(persons.notna(), None).to_numpy().tolist()
    if rows:
        connection.executemany(f"INSERT INTO people VALUES ({', '.join('?' * len(persons.columns))})", rows)


def to_parquet(persons, path):
    with duckdb.connect() as connection:
        to_duckdb(persons, connection)
        connection.execute(f"COPY people TO '{path}' (FORMAT parquet)")


# nobody lost


@given(people, specifications())
def test_the_corner_is_the_universe(persons, each):
    each = replace(each, measure="count", of=None, percent=None)
    table, counts = make_table(persons, each), universe_counts(persons, each)
    assert table.iloc[-1, -1] == pytest.approx(counts["in"])
    total = persons["w"].sum() if each.weight else len(persons)
    assert sum(counts.values()) == pytest.approx(total)


@given(people, specifications())
def test_cells_add_up_to_every_total(persons, each):
    cells = long_table(persons, replace(each, measure="count", of=None, percent=None))
    for name in each.classifiers:
        others = [other for other in each.classifiers if other != name]
        inner = cells[cells[name] != TOTAL]
        outer = cells[cells[name] == TOTAL]
        if others:
            sums = inner.groupby(others, observed=False)[["value", "n"]].sum()
            assert np.allclose(sums, outer.set_index(others)[["value", "n"]].loc[sums.index])
        else:
            assert np.allclose(inner[["value", "n"]].sum(), outer[["value", "n"]].iloc[0])


@given(people, specifications(), st.randoms())
def test_the_order_of_rows_does_not_matter(persons, each, random):
    order = list(range(len(persons)))
    random.shuffle(order)
    pd.testing.assert_frame_equal(make_table(persons.iloc[order], each), make_table(persons, each))


@given(people, specifications())
def test_long_and_wide_are_one_table(persons, each):
    table, cells = make_table(persons, each), long_table(persons, each)
    pd.testing.assert_frame_equal(wide_table(cells, each), table)
    pd.testing.assert_frame_equal(long_from_table(table, each), cells.drop(columns="n"))
    pd.testing.assert_frame_equal(wide_table(cells.sample(frac=1, random_state=1), each), table)


def test_weights_of_two_double_and_fractions_add():
    persons = pd.DataFrame({"sex": ["F", "M", "F"], "two": 2, "w": [0.1, 0.2, 0.7]})
    assert (make_table(persons, spec("sex", weight="two")) == 2 * make_table(persons, spec("sex"))).all(axis=None)
    table = make_table(persons, spec("sex", weight="w"))
    assert table.loc["F", TOTAL] == 0.8
    assert table.loc[TOTAL, TOTAL] == 1.0


def test_an_empty_universe_is_a_table_of_zeros():
    persons = pd.DataFrame({"sex": pd.Categorical(["F", "M"]), "age": [3, 4], "w": [1.5, 1]})
    for each in (spec("sex", where=(("age", ">=", 15),)), spec("sex", weight="w", where=(("age", ">=", 15),))):
        table = make_table(persons, each)
        assert list(table.index) == ["F", "M", NOT_STATED, TOTAL]
        assert (table == 0).all(axis=None)
        with make_cube(persons, [each]) as cube:
            same(table_from_cube(cube, each), table)
    assert (make_table(persons.iloc[:0], spec("sex", "age")) == 0).all(axis=None)


def test_unknown_codes_are_categories_and_blanks_are_not_stated():
    persons = pd.DataFrame({"birth": ["GMB", "ZZZ", "XXX", None, " GMB "]})
    table = make_table(persons, spec("birth"))[TOTAL]
    assert table.to_dict() == {"GMB": 2, "ZZZ": 1, NOT_STATED: 2, TOTAL: 5}


def test_whole_numbers_with_blanks_beside_them_are_labelled_as_whole():
    persons = pd.DataFrame({"year": [2015, None, 2014]})
    assert list(make_table(persons, spec("year")).index) == [2014, 2015, NOT_STATED, TOTAL]
    assert [str(label) for label in make_table(persons, spec("year")).index[:2]] == ["2014", "2015"]


@pytest.mark.parametrize("kind", ["category", "string", "object"])
def test_any_kind_of_text_column_will_do(kind):
    persons = pd.DataFrame({"sex": pd.Series(["F", "M", None], dtype=kind)}).set_axis([7, 7, 7])
    assert make_table(persons, spec("sex"))[TOTAL].to_dict() == {"F": 1, "M": 1, NOT_STATED: 1, TOTAL: 3}
    with make_cube(persons, [spec("sex")]) as cube:
        same(table_from_cube(cube, spec("sex")), make_table(persons, spec("sex")))


def test_one_classifier_may_stand_in_rows_and_columns():
    persons = pd.DataFrame({"sex": ["F", "M"]})
    assert make_table(persons, spec("sex", "sex")).loc["F", "F"] == 1
    with pytest.raises(KitError, match=r"'sex'.*rename"):
        long_table(persons, spec("sex", "sex"))


# measures


def test_percentages_of_row_column_and_table():
    persons = pd.DataFrame({"sex": ["F", "F", "M", "M"], "birth": ["A", "B", "B", "B"]})
    row = make_table(persons, spec("sex", "birth", percent="row"))
    assert row.loc["F"].tolist()[:2] == [50, 50]
    assert row.loc[TOTAL, "B"] == 75
    assert np.isnan(row.loc[NOT_STATED, "A"])
    column = make_table(persons, spec("sex", "birth", percent="column"))
    assert column.loc["F", "B"] == pytest.approx(100 / 3)
    assert make_table(persons, spec("sex", "birth", percent="total")).loc["M", "B"] == 50


def test_sums_and_means():
    persons = pd.DataFrame({"sex": ["F", "F", "M"], "n": [10, 20, 5], "age": [10, None, 40], "w": [1, 2, 3]})
    sums = make_table(persons, spec("sex", measure="sum", of="n"))
    assert sums[TOTAL].tolist() == [30, 5, 0, 35]
    means = long_table(persons, spec("sex", measure="mean", of="age", weight="w"))
    assert means["value"].tolist()[:2] == [10, 40]
    assert means["value"].iloc[-1] == pytest.approx((10 + 120) / 4)
    assert means["n"].tolist() == [1, 1, 0, 2]


# recipes and universes


def test_bands_since_a_year_and_groups():
    persons = pd.DataFrame(
        {"arrival_year": [2024, 2023, 2015, None], "country_birth": ["GMB", "SEN", None, "XXX"]}
    )
    assert derive(persons, SINCE).astype(object).fillna("?").tolist() == ["0", "1-4", "5-9", "?"]
    assert derive(persons, BORN).astype(object).fillna("?").tolist() == ["Here", "Abroad", "?", "?"]
    assert derive(pd.DataFrame({"reason": ["W", "X", None, "F"]}), UNKNOWN_NAMED).tolist() == [
        "Work",
        "No answer",
        "No answer",
        "Other",
    ]


def test_a_condition_on_an_unknown_answer_is_neither_true_nor_false():
    persons = pd.DataFrame({"age": [20, None, 3, None], "country_birth": ["SEN", "SEN", "XXX", "GMB"]})
    each = spec("age", where=(("age", ">=", 15), ("country_birth", "not in", "GMB")))
    assert in_universe(persons, each).tolist() == [True, pd.NA, False, False]
    assert universe_counts(persons, each) == {"in": 1, "out": 2, "unknown": 1}


def test_codes_are_told_apart_as_text_and_numbers_alike():
    text, numbers = pd.DataFrame({"c": ["1", "01", "2"]}), pd.DataFrame({"c": [1.0, 1.0, 2.0]})
    for wanted in (1, "1", 1.0):
        assert in_universe(text, spec("c", where=(("c", "in", wanted),))).tolist() == [True, False, False]
        assert in_universe(numbers, spec("c", where=(("c", "in", wanted),))).tolist() == [True, True, False]


def test_renamed_columns_give_the_same_table():
    persons = pd.DataFrame({"country_birth": ["GMB", "SEN"], "age": [20, 30], "w": [1.0, 2.0]})
    each = spec("born", "age_group", "w", derive=(BORN, AGES), where=(("age", ">=", 15),))
    names = {"country_birth": "P12", "age": "P04", "w": "poids"}
    renamed = rename_columns(each, names)
    assert set(renamed.needs()) == {"P12", "P04", "poids"}
    same(make_table(persons.rename(columns=names), renamed), make_table(persons, each))


def test_metadata_says_what_a_reader_needs():
    each = spec("sex", None, "w", key="t1", standard="A manual", where=(("age", ">=", 15),), measure="sum", of="n")
    told = table_metadata(each, synthetic=True, reference_date="2024-07-01")
    assert told["measure"] == "sum of n"
    assert told["universe_rule"] == "age >= 15"
    assert told["synthetic"] is True
    assert told["reference_date"] == "2024-07-01"
    assert {"title", "unit", "weight", "notes", "source", "standard", "proposed", "key"} <= set(told)


# the cube


def test_one_cube_makes_other_tables_of_the_same_classifiers():
    persons = pd.DataFrame({"sex": ["F", "M", "F"], "birth": ["A", "B", "B"]})
    with make_cube(persons, [spec("sex", "birth")]) as cube:
        same(table_from_cube(cube, spec("birth")), make_table(persons, spec("birth")))
        with pytest.raises(KitError, match="not made for"):
            table_from_cube(cube, spec("sex", weight="w"))


def test_a_cube_of_too_many_combinations_is_shared_out(tmp_path):
    path = tmp_path / "people.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT hash(i) % 90 AS a, hash(i, 1) % 80 AS b, hash(i, 2) % 70 AS c, i % 7 + 0.25 AS w "
            f"FROM range(600000) t(i)) TO '{path}' (FORMAT parquet)"
        )
        persons = connection.execute(f"FROM '{path}'").df()
    specs = [spec("a", "b", "w"), spec("b", "a"), spec("c", None, "w"), spec(("a", "c"))]
    with make_cube(path, specs, most=30_000) as cube:
        assert len(cube.parts) > 1
        tables = [table_from_cube(cube, each) for each in specs]
    for table, each in zip(tables, specs, strict=True):
        same(table, make_table(persons, each))
    with make_cube(path, specs, threads=1) as cube:
        assert len(cube.parts) == 1
        for table, each in zip(tables, specs, strict=True):
            pd.testing.assert_frame_equal(table_from_cube(cube, each), table)


def test_several_files_a_folder_and_a_pattern(tmp_path):
    for number in (1, 2):
        to_parquet(frame([]), tmp_path / f"empty{number}.parquet")
        pd.DataFrame({"sex": ["F", "M"]}).to_csv(tmp_path / f"p{number}.csv", index=False)
    with make_cube([tmp_path / "p1.csv", tmp_path / "p2.csv"], [spec("sex")]) as cube:
        assert table_from_cube(cube, spec("sex")).loc[TOTAL, TOTAL] == 4
    with make_cube(tmp_path / "p*.csv", [spec("sex")]) as cube:
        assert table_from_cube(cube, spec("sex")).loc["F", TOTAL] == 2
    with make_cube(tmp_path, [spec("sex")]) as cube:
        assert table_from_cube(cube, spec("sex")).loc[TOTAL, TOTAL] == 0


def test_codes_in_a_csv_file_keep_their_zeros(tmp_path):
    (tmp_path / "p.csv").write_text("region;w\n01;1,5\n1;2\n", encoding="utf-8")
    with make_cube(tmp_path / "p.csv", [spec("region")]) as cube:
        assert list(table_from_cube(cube, spec("region")).index) == ["01", "1", NOT_STATED, TOTAL]


# one clear sentence


BAD = pd.DataFrame({"sex": ["F", "M", "F"], "age": [20, 30, 999], "w": [1, -2, 3], "blank": [1, np.nan, 1]})


@pytest.mark.parametrize(
    ("each", "words"),
    [
        (spec("sex", weight="w"), "'w'.*row 1 holds -2"),
        (spec("sex", weight="blank"), "'blank'.*row 1 holds nan"),
        (spec("age_group", derive=(AGES,)), "'age'.*row 2 holds 999"),
        (spec("age_group", derive=(Bands("age_group", "age", (25, 65)),)), "'age'.*row 0 holds 20"),
        (spec("region"), "no column 'region'"),
        (spec("sex", weight="sex"), "'sex'.*row 0 holds 'F'"),
        (spec("sex", where=(("sex", ">=", 3),)), "'sex'.*row 0 holds 'F'"),
        (spec("sex", measure="sum", of="blank"), "'blank'.*row 1 holds nan"),
    ],
)
def test_every_engine_says_the_same_about_bad_data(each, words, tmp_path):
    ibis = pytest.importorskip("ibis")
    with pytest.raises(KitError, match=words):
        make_table(BAD, each)
    with pytest.raises(KitError, match=words):
        make_cube(BAD, [each])
    path = tmp_path / "bad.parquet"
    with duckdb.connect() as connection:
        connection.register("bad", BAD.astype(object).where(BAD.notna(), None).infer_objects())
        connection.execute(f"COPY (FROM bad) TO '{path}' (FORMAT parquet)")
    with pytest.raises(KitError, match=words):
        make_cube(path, [each])
    BAD.to_csv(tmp_path / "bad.csv", index=False)
    with pytest.raises(
        KitError,
        match=words.replace("nan", "(nan|None)")
        .replace("-2", "'-2'")
        .replace("999", "'999'")
        .replace("20", "'20'"),
    ):
        make_cube(tmp_path / "bad.csv", [each])
    with pytest.raises(KitError, match="no column" if "no column" in words else words.split(".*")[0]):
        table_with_ibis(ibis.duckdb.connect().read_parquet(path), each)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: spec("sex", where=(("age", "=", 3),)), "operator of 'age' is '='"),
        (lambda: spec("sex", where=(("age", ">="),)), "needs one number"),
        (lambda: spec("sex", where=(("age", ">=", "old"),)), "'old'"),
        (lambda: spec("sex", where=(("age", "in", ()),)), "lists no value"),
        (lambda: spec("sex", where=("age",)), "condition"),
        (lambda: spec("sex", where=(("age_group", ">=", 3),), derive=(AGES,)), "derived"),
        (lambda: spec("sex", derive=(AGES, AGES)), "twice"),
        (lambda: spec("sex", derive="age"), "Bands and Groups"),
        (lambda: make_table(BAD, spec(())), "no classifier"),
        (lambda: spec("sex", measure="median", of="age"), "measure is 'median'"),
        (lambda: spec("sex", measure="mean"), "names its column"),
        (lambda: spec("sex", percent="rows"), "percent is 'rows'"),
        (lambda: spec("sex", percent="row", measure="mean", of="age"), "per cent"),
        (lambda: Bands("a", "age", (0, 5, 5)), "must rise"),
        (lambda: Bands("a", "age", (0, 5), labels=("x",)), "one label for each"),
        (lambda: Groups("a", "b", {"x": ["1"], "y": [1]}), "two groups"),
        (lambda: Groups("a", "b", {"Total": ["1"]}), "'Total'"),
        (lambda: make_table(BAD, "sex"), "TableSpec"),
        (lambda: make_table(BAD, spec(("sex", "age", "sex"))), "named twice"),
        (lambda: long_table(BAD.rename(columns={"sex": "value"}), spec("value")), "'value'"),
        (lambda: make_table(pd.DataFrame({"a": range(5000), "b": range(5000)}), spec("a", "b")), "cells"),
        (lambda: make_cube("nowhere.parquet", [spec("sex")]), "no file nowhere.parquet"),
        (lambda: make_cube(BAD, []), "at least one"),
        (lambda: long_from_table(make_table(BAD, spec("sex")), spec("age")), "should have the rows age"),
    ],
)
def test_a_slip_is_told_in_one_sentence(make, words):
    with pytest.raises(KitError, match=words):
        make()


def test_a_cell_that_stands_twice_is_refused():
    cells = long_table(BAD, spec("sex"))
    with pytest.raises(KitError, match="more than once"):
        wide_table(pd.concat([cells, cells]), spec("sex"))


def test_a_broken_file_is_told_in_one_sentence(tmp_path):
    (tmp_path / "broken.parquet").write_bytes(b"no parquet at all")
    with pytest.raises(KitError, match="cannot be counted"):
        make_cube(tmp_path / "broken.parquet", [spec("sex")])
    (tmp_path / "x.ods").write_bytes(b"")
    with pytest.raises(KitError, match="Parquet files or of CSV"):
        make_cube(tmp_path / "x.ods", [spec("sex")])


# recommended tables and proposed indicators


def census(rows=400, seed=5):
    """A small file with every column of the recommended tables of residents."""
    random = np.random.default_rng(seed)
    draw = lambda *values: random.choice(np.array(values, dtype=object), rows)  # noqa: E731
    return pd.DataFrame(
        {
            "residence_status": draw("UP", "UA", "V"),
            "sex": draw("F", "M", "X"),
            "age": random.integers(0, 98, rows),
            "country_birth": draw("GMB", "GMB", "SEN", "GIN", "XXX"),
            "citizenship": draw("GMB", "GMB", "SEN", "XXX"),
            "region": draw("R1", "R2"),
            "area": draw("U", "R"),
            "education": draw("0", "1", None),
            "activity": draw("E", "U", None),
            "occupation": draw("1", "9", None),
            "industry": draw("A", "C", None),
            "arrival_year": draw(2001, 2015, 2024, None),
            "country_5y": draw("GMB", "GMB", "SEN", None),
            "country_1y": draw("GMB", "GMB", "SEN", None),
            "reason": draw("W", "F", "X", None),
        }
    )


def test_recommended_tables_are_whole_and_told_apart():
    specs = recommended_tables("GMB")
    keys = [each.key for each in specs]
    assert len(set(keys)) == len(keys)
    for each in specs:
        assert each.title and each.universe and each.unit
        assert bool(each.standard) != each.proposed, each.key
    assert {"stock", "recent", "emigrants", "immigration", "flow"} <= {key.split("_")[0] for key in keys}


def test_every_recommended_table_of_residents_comes_out_of_one_cube():
    persons = census()
    specs = [
        each
        for each in recommended_tables("GMB", census_year=2024)
        if not set(each.needs()) - set(persons.columns)
    ]
    assert len(specs) >= 15
    residents = persons[persons["residence_status"] != "V"]
    with make_cube(persons, specs) as cube:
        for each in specs:
            table = make_table(persons, each)
            same(table_from_cube(cube, each), table)
            assert table.iloc[-1, -1] == universe_counts(persons, each)["in"]
    abroad = next(each for each in specs if each.key == "stock_birth_age_sex")
    born = residents["country_birth"]
    assert universe_counts(persons, abroad) == {
        "in": float(born.isin(["SEN", "GIN"]).sum()),
        "out": float(born.eq("GMB").sum() + persons["residence_status"].eq("V").sum()),
        "unknown": float(born.eq("XXX").sum()),
    }


def test_tables_of_flows_count_what_the_rule_calls_migration():
    moves = pd.DataFrame(
        {
            "direction": ["arrival", "arrival", "departure", "arrival"],
            "long_term": ["yes", "no", "yes", "unknown"],
            "short_term": ["no", "yes", "no", "unknown"],
            "country_other": ["SEN", "GIN", "ESP", "SEN"],
            "purpose": ["work", "visit", "study", "work"],
            "sex": ["F", "M", "F", "M"],
        }
    )
    into, out, short = tables_called(["flow_in_country", "flow_out_country", "flow_in_short"], "GMB")
    assert make_table(moves, into).loc[TOTAL, TOTAL] == 1
    assert any("cannot decide" in note for note in into.notes)
    assert list(make_table(moves, out).index) == ["ESP", NOT_STATED, TOTAL]
    assert list(make_table(moves, short).index) == ["visit", NOT_STATED, TOTAL]


def test_indicators_of_a_file_are_those_of_its_tables():
    persons = census().query("residence_status != 'V'")
    inputs = indicator_inputs(persons, "GMB", members=["GMB", "SEN", "GIN"])
    table = core_indicators(inputs)
    born, age = persons["country_birth"], persons["age"]
    assert table.loc["migrant_stock", "value"] == born.isin(["SEN", "GIN"]).sum()
    assert np.isnan(table.loc["migrant_stock", "denominator"])
    assert table.loc["migrant_share", "value"] == pytest.approx(100 * born.isin(["SEN", "GIN"]).mean())
    assert table.loc["community_share", "value"] == 100
    recent = (persons["country_5y"].eq("SEN") & age.ge(5)).sum() / age.ge(5).sum()
    assert table.loc["recent_5_years", "value"] == pytest.approx(100 * recent)
    assert table["proposed"].all()
    weighted = indicator_inputs(persons.assign(w=2.0), "GMB", "w")
    assert weighted["population"] == 2 * len(persons)
    renamed = indicator_inputs(persons.rename(columns={"sex": "P03"}), "GMB", sex="P03")
    assert renamed["foreign_born_women"] == inputs["foreign_born_women"]


def test_published_refugees_from_syria_per_100_000():
    # UNHCR, Refugee Statistics, Forcibly displaced FAQ: 10.7.4 = refugees / (population + refugees) x 100,000, and
    # at mid-2024 over one in five Syrians (20,200 per 100,000). Refugees over population alone would be 25,300.
    refugees = 20_200 / (100_000 - 20_200)
    table = core_indicators({"refugees_from": refugees, "population": 1}, "sdg_10_7_4")
    assert table["value"].iloc[0] == pytest.approx(20_200)
    assert not table["proposed"].iloc[0]


def test_sdg_indicators_bear_their_official_names():
    # United Nations, global indicator framework (SDG indicator metadata).
    assert INDICATORS["sdg_10_7_1"].title == (
        "Recruitment cost borne by employee as a proportion of monthly income earned in country of destination"
    )
    assert INDICATORS["sdg_10_7_4"].title == (
        "Proportion of the population who are refugees, by country of origin"
    )
    assert INDICATORS["sdg_17_3_2"].title == (
        "Volume of remittances (in United States dollars) as a proportion of total GDP"
    )
    assert core_indicators({"workers_months": 9, "workers_asked": 4}, "sdg_10_7_1")["value"].iloc[0] == 2.25


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: core_indicators({"pop": 3}), "'pop'.*population"),
        (lambda: core_indicators({"population": -3}), "population"),
        (lambda: core_indicators({"population": 3, "foreign_born": 4}), "cannot be more"),
        (lambda: core_indicators({"population": 3}, "migrant_share"), "needs foreign_born"),
        (lambda: core_indicators({}, ["x"]), "no indicator 'x'"),
        (lambda: core_indicators([1]), "names with numbers"),
        (lambda: indicator_inputs(BAD, "GMB", "w"), "row 1 holds -2"),
        (lambda: indicator_inputs(BAD, "GMB", sex="P03"), "'P03'"),
        (lambda: indicator_inputs(BAD, "GMB", sexe="sex"), "'sexe'"),
        (lambda: recommended_tables(""), "country"),
        (lambda: tables_called(["x"], "GMB"), "'x'"),
    ],
)
def test_indicators_and_tables_say_what_is_wrong(make, words):
    with pytest.raises(KitError, match=words):
        make()
