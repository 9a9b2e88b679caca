"""datapackage.json: it describes whatever tables a folder holds, in one file or several."""

import json

import pytest

from migkit.reference import KitError, dictionary, dictionary_names, regions
from migkit.sources.datapackage import describe, files_by_table

PREFIX = "synthetic_gmb_"


def package(folder, *names):
    for name in names:
        (folder / name).write_text("x\n", encoding="utf-8")
    return json.loads(describe("GMB", 0.01, names, folder, PREFIX))


def test_files_are_put_together_by_table_and_csv_goes_first():
    files = [
        "README.txt",
        f"{PREFIX}census_persons-0002.csv",
        f"{PREFIX}census_persons-0001.csv",
        f"{PREFIX}census_persons-0001-2.csv",
        f"{PREFIX}census_persons-0001.parquet",
        f"{PREFIX}pes_persons.parquet",
        "synthetic_sen_census_persons.csv",
    ]
    assert files_by_table(files, PREFIX) == {
        "census_persons": [f"{PREFIX}census_persons-000{part}.csv" for part in ("1-2", "1", "2")],
        "pes_persons": [f"{PREFIX}pes_persons.parquet"],
    }


def test_a_table_in_several_files_names_them_all(tmp_path):
    parts = [f"{PREFIX}census_households-000{number}.csv" for number in (1, 2)]
    (resource,) = package(tmp_path, *parts)["resources"]
    assert resource["path"] == parts
    assert "bytes" not in resource


def test_every_table_of_participants_can_be_described(tmp_path):
    tables = [table for name in dictionary_names() for table in dictionary(name).tables.values()]
    tables = [table for table in tables if not table.trainer_only]
    found = package(tmp_path, *(f"{PREFIX}{table.name}.csv" for table in tables))
    resources = {resource["path"]: resource for resource in found["resources"]}
    assert len(resources) == len(tables)
    for table in tables:
        resource = resources[f"{PREFIX}{table.name}.csv"]
        assert [field["name"] for field in resource["schema"]["fields"]] == table.columns
        assert resource["description"].startswith("SYNTHETIC")
        for field, entry in zip(table.fields, resource["schema"]["fields"], strict=True):
            assert (entry["type"] == "date") == (field.type == "text" and field.unit == "day")
            if field.codelist == "region":
                assert entry["constraints"]["enum"] == list(regions("GMB")["code"])
        for link in resource["schema"].get("foreignKeys", []):
            assert link["reference"]["resource"] in {each["name"] for each in found["resources"]}
    assert found["synthetic"] is True


def test_a_file_that_is_gone_is_told_in_one_sentence(tmp_path):
    with pytest.raises(KitError, match=r"census_households\.csv is not there; make the data again"):
        describe("GMB", 0.01, [f"{PREFIX}census_households.csv"], tmp_path, PREFIX)
