"""Schemas from the dictionary: sound tables pass; each problem has a file, row, column and a way to mend it."""

import pandas as pd
import pytest

from migkit.lesson import schemas
from migkit.lesson.schemas import as_text, check_file, check_folder, problems, schema
from migkit.reference import KitError, Table, codelist, dictionary, dictionary_names, regions, table
from migkit.reference.dictionary import Field
from migkit.sources.registry import SOURCES, error_models, observe_all
from migkit.world import make_chunk

VISITS = Table(
    name="visits",
    title="Visits",
    description="",
    row="one visit",
    key="visit_id",
    fields=(
        Field("visit_id", "Visit", "id", ""),
        Field("sex", "Sex", "code", "", codelist="sex"),
        Field("age", "Age", "integer", "", minimum=0, maximum=98, blank="not stated"),
        Field("cost", "Cost", "number", "", blank="not stated"),
        Field("day", "Day", "text", "", unit="day"),
        Field("hour", "Hour", "text", "", unit="minute", blank="not stated"),
        Field("home", "Country", "code", "", codelist="country"),
        Field("region", "Region", "code", "", codelist="region", blank="abroad"),
    ),
    parents={},
)


@pytest.fixture(autouse=True)
def visits(monkeypatch):
    monkeypatch.setattr(schemas, "table", lambda name: VISITS if name == "visits" else table(name))


def sound(n=5):
    region = regions("GMB")["code"].iloc[0]
    return pd.DataFrame(
        {
            "visit_id": [f"SYN-{i}" for i in range(n)],
            "sex": ["F"] * n,
            "age": [str(i * 10) for i in range(n)],
            "cost": ["12.5", ""] * (n // 2) + ["3"] * (n % 2),
            "day": ["2024-02-29"] * n,
            "hour": ["23:59", ""] * (n // 2) + ["00:00"] * (n % 2),
            "home": ["SEN"] * n,
            "region": [region, ""] * (n // 2) + [region] * (n % 2),
        }
    )


def test_a_sound_table_has_no_problem():
    assert problems(sound(), "visits") == []


def test_a_table_typed_as_load_gives_it_is_judged_the_same():
    frame = sound().replace("", None)
    frame = frame.assign(
        age=pd.to_numeric(frame["age"]).astype("Int64"),
        cost=pd.to_numeric(frame["cost"]),
        day=pd.to_datetime(frame["day"]),
    )
    assert problems(frame, "visits") == []
    assert list(as_text(frame)["day"]) == ["2024-02-29"] * 5
    frame.loc[3, "age"] = 150
    assert [(p.row, p.column) for p in problems(frame, "visits")] == [(5, "age")]


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("visit_id", "SYN-0", "more than one row"),
        ("visit_id", "", "fill it in"),
        ("sex", "Male", "use one of M, F, X"),
        ("sex", "", "fill it in"),
        ("age", "thirty", "not a whole number"),
        ("age", "3.5", "not a whole number"),
        ("age", "-1", "less than 0"),
        ("age", "99", "more than 98"),
        ("cost", "1 200", "not a number"),
        ("day", "2023-02-29", "not a day"),
        ("day", "12/05/2024", "not a day"),
        ("hour", "24:10", "not a time"),
        ("home", "Senegal", "not a code of the list 'country'"),
        ("region", "SEN-01", "not a code of the list 'region'"),
    ],
)
def test_a_wrong_cell_is_told_with_its_place_and_the_way_to_mend_it(column, value, words):
    frame = sound()
    frame.loc[3, column] = value
    found = problems(frame, "visits", file="visits.csv")
    assert any(problem.row == 5 and problem.column == column for problem in found)
    for problem in found:
        assert str(problem).startswith(f"visits.csv, row {problem.row}, column {column}: ")
        assert words in str(problem)
        assert str(problem).endswith(".")


def test_columns_that_are_missing_or_not_described():
    frame = sound().drop(columns="sex").assign(extra="1")
    missing, extra = problems(frame, "visits", file="visits.csv")
    assert str(missing).startswith("visits.csv: column sex (Sex) is missing; add it")
    assert str(extra).startswith("visits.csv: column extra is not in the data dictionary")


def test_an_office_may_have_more_and_fewer_columns_and_name_any_country():
    frame = sound().assign(extra="1", home="FJI").drop(columns=["hour", "visit_id"])
    assert problems(frame, "visits", own=True) == []
    frame.loc[0, "home"] = "Fiji"
    (only,) = problems(frame, "visits", own=True)
    assert "three capital letters" in str(only)


def test_a_table_with_other_columns_altogether_is_one_problem():
    (only,) = problems(pd.DataFrame({"Sexe": ["F"]}), "visits", own=True, file="mine.csv")
    assert str(only).startswith("mine.csv has no column of the table visits; rename yours with map_columns")


def test_many_problems_of_one_kind_are_told_once_with_their_number():
    frame = sound(20)
    frame["age"] = "old"
    found = problems(frame, "visits")
    assert len(found) == schemas.SHOWN
    assert "17 more rows" in str(found[-1])


def test_an_unknown_table_is_refused():
    with pytest.raises(KitError, match="called 'parking'"):
        schema("parking")


def test_every_table_of_every_dictionary_has_a_schema():
    for source in dictionary_names():
        for name, described in dictionary(source).tables.items():
            assert list(schema(name).columns) == described.columns


def test_a_file_is_checked_by_its_name(tmp_path):
    path = tmp_path / "mine.csv"
    sound().assign(sex="Female").to_csv(path, index=False)
    first, *_others = check_file(path, "visits")
    assert str(first).startswith("mine.csv, row 2, column sex: 'Female'")


def test_links_between_tables_and_keys_across_files_are_checked(tmp_path):
    households, persons = table("census_households"), table("census_persons")

    def rows(described, key, **given):
        frame = pd.DataFrame({name: [""] * len(key) for name in described.columns})
        for field in described.fields:
            if field.codelist:
                known = regions("GMB") if field.codelist == "region" else codelist(field.codelist)
                frame[field.name] = known["code"].iloc[0]
            elif field.type == "integer":
                frame[field.name] = str(field.minimum or 0)
            else:
                frame[field.name] = "EA0001"
        return frame.assign(**{described.key: key}, **given)

    homes = rows(households, ["SYN-1", "SYN-2"])
    people = rows(persons, ["SYN-1-01", "SYN-2-01"], household_id=["SYN-1", "SYN-9"])
    again = rows(persons, ["SYN-2-01"], household_id=["SYN-2"])
    prefix = "synthetic_gmb_census"
    homes.to_csv(tmp_path / f"{prefix}_households.csv", index=False, encoding="utf-8-sig")
    people.to_csv(tmp_path / f"{prefix}_persons-0001.csv", index=False, encoding="utf-8-sig")
    again.to_csv(tmp_path / f"{prefix}_persons-0002.csv", index=False, encoding="utf-8-sig")
    orphan, twice = check_folder(tmp_path, "GMB")
    assert "persons-0001.csv, row 3, column household_id: 'SYN-9' is not in the table" in str(orphan)
    assert "persons-0002.csv, row 2, column person_id: 'SYN-2-01' stands in another file" in str(twice)


@pytest.mark.parametrize("iso3", ["GMB", "GNB"])
def test_what_the_generator_writes_keeps_to_the_schemas(iso3):
    world = make_chunk(iso3, 0.002, 1, 0)
    seen = observe_all(world, SOURCES, error_models(SOURCES, "severe"), seed=1)
    tables = {name: made.records for each in seen.values() for name, made in each.tables.items()}
    assert len(tables) > len(SOURCES)
    for name, records in tables.items():
        assert [str(problem) for problem in problems(records, name, iso3)] == []
