"""Files of a data set: same bytes, marked as synthetic, described, and never half written."""

import csv
import json
import re
import shutil

import duckdb
import jsonschema
import pandas as pd
import pytest

from migkit.reference import ROOT, KitError, curriculum, dictionary
from migkit.sources import files, job, write_dataset, write_teaching_data
from migkit.sources.registry import SOURCES


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    out = tmp_path_factory.mktemp("data")
    return out, write_dataset("GMB", 0.001, 3, out, reveal=True)


def test_same_request_same_bytes_and_a_second_time_nothing_is_made(written, tmp_path):
    out, manifest = written
    assert manifest.fresh
    again = write_dataset("GMB", 0.001, 3, tmp_path, reveal=True)
    assert again.files == manifest.files
    assert not write_dataset("GMB", 0.001, 3, out, reveal=True).fresh
    assert (out / "manifest.json").read_bytes() == (tmp_path / "manifest.json").read_bytes()


def test_a_damaged_file_is_made_again_and_sound_ones_are_left(tmp_path):
    first = write_dataset("GMB", 0.0007, 1, tmp_path, formats="csv")
    sound = tmp_path / "participants" / "synthetic_gmb_census_persons.csv"
    damaged = tmp_path / "participants" / "synthetic_gmb_pes_persons.csv"
    before = sound.stat().st_mtime_ns
    damaged.write_bytes(damaged.read_bytes()[:100])
    second = write_dataset("GMB", 0.0007, 1, tmp_path, formats="csv")
    assert second.fresh and second.files == first.files
    assert files.sha256(damaged) == first.files["participants/synthetic_gmb_pes_persons.csv"]
    assert sound.stat().st_mtime_ns == before


def test_true_totals_do_not_stay_when_a_later_request_does_not_reveal(tmp_path):
    write_dataset("GMB", 0.0007, 1, tmp_path, reveal=True)
    assert list(tmp_path.glob("participants/*truth*"))
    write_dataset("GMB", 0.0007, 2, tmp_path)
    assert not list(tmp_path.glob("participants/*truth*"))
    assert not list(tmp_path.glob("participants/*ledger*"))


def test_every_file_says_that_it_is_synthetic(written):
    out, manifest = written
    for name in manifest.files:
        path = out / name
        if path.suffix in (".csv", ".parquet"):
            assert path.name.startswith("synthetic_gmb_")
        else:
            assert "ynthetic" in path.read_text(encoding="utf-8")
    for path in out.glob("participants/*.parquet"):
        pairs = duckdb.sql(f"SELECT key, value FROM parquet_kv_metadata('{path}')").fetchall()
        assert (b"synthetic", b"true") in pairs
    assert "SYNTHETIC" in (out / "README.txt").read_text(encoding="utf-8")
    assert json.loads((out / "manifest.json").read_text(encoding="utf-8"))["synthetic"] is True


def test_csv_opens_in_excel_and_parquet_holds_the_same_with_types(written):
    out, _manifest = written
    path = out / "participants" / "synthetic_gmb_census_persons.csv"
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf") and b"\r" not in content
    rows = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    typed = duckdb.sql(f"SELECT * FROM '{path.with_suffix('.parquet')}'").df()
    assert len(typed) == len(rows) and typed.columns.tolist() == rows.columns.tolist()
    assert pd.api.types.is_numeric_dtype(typed["age"])
    assert (typed["age"].sum() == pd.to_numeric(rows["age"]).sum()).all()
    assert (typed["arrival_stated"] == rows["arrival_stated"]).all()
    assert (typed["region"] == rows["region"]).all()
    assert typed["region_birth"].isna().sum() == (rows["region_birth"] == "").sum()


TYPES = ["string", "integer", "number", "date", "time"]
PACKAGE_SCHEMA = {
    "type": "object",
    "required": ["name", "profile", "resources", "licenses", "synthetic"],
    "properties": {
        "name": {"type": "string", "pattern": "^[-a-z0-9._/]+$"},
        "profile": {"const": "tabular-data-package"},
        "synthetic": {"const": True},
        "resources": {
            "type": "array",
            "minItems": 5,
            "items": {
                "type": "object",
                "required": ["name", "path", "profile", "schema", "encoding"],
                "properties": {
                    "name": {"type": "string", "pattern": "^[-a-z0-9._/]+$"},
                    "path": {"type": "string", "pattern": "^(?!/)(?!.*\\.\\.).+$"},
                    "profile": {"const": "tabular-data-resource"},
                    "schema": {
                        "type": "object",
                        "required": ["fields", "missingValues"],
                        "properties": {
                            "fields": {
                                "type": "array",
                                "minItems": 1,
                                "items": {
                                    "type": "object",
                                    "required": ["name", "type", "title", "description"],
                                    "properties": {"type": {"enum": TYPES}},
                                },
                            }
                        },
                    },
                },
            },
        },
    },
}


def test_datapackage_is_valid_and_true_of_its_files(written):
    folder = written[0] / "participants"
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    jsonschema.validate(package, PACKAGE_SCHEMA)
    tables = {}
    for resource in package["resources"]:
        path = folder / resource["path"]
        assert path.stat().st_size == resource["bytes"]
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        fields = resource["schema"]["fields"]
        assert list(rows[0]) == [field["name"] for field in fields]
        for field in fields:
            limits = field.get("constraints", {})
            for row in rows:
                value = row[field["name"]]
                if value == "":
                    assert not limits.get("required"), (resource["name"], field["name"])
                    continue
                number = float(value) if field["type"] in ("integer", "number") else 0.0
                assert field["type"] != "integer" or number == int(value)
                assert number >= limits.get("minimum", number) and number <= limits.get("maximum", number)
                assert value in limits.get("enum", [value]), (resource["name"], field["name"], value)
        tables[resource["name"]] = (resource["schema"], rows)
    for schema, rows in tables.values():
        for key in schema.get("primaryKey", []):
            values = [row[key] for row in rows]
            assert len(values) == len(set(values))
        for link in schema.get("foreignKeys", []):
            target = {row[link["reference"]["fields"][0]] for row in tables[link["reference"]["resource"]][1]}
            assert {row[link["fields"][0]] for row in rows} - {""} <= target


def test_participants_files_tell_neither_seed_nor_truth(tmp_path):
    write_dataset("GMB", 0.0007, 987654, tmp_path, formats="csv")
    names = {path.name for path in (tmp_path / "participants").iterdir()}
    tables = {name for each in SOURCES for name in dictionary(each.name).tables}
    assert names == {"README.txt", "datapackage.json", *(f"synthetic_gmb_{name}.csv" for name in tables)}
    for path in (tmp_path / "participants").iterdir():
        content = path.read_text(encoding="utf-8-sig")
        assert "987654" not in content.replace("SYN-GMB", "")
        assert not re.search(r"\b1\d{13}\b", content), path.name  # the number of a true person
        assert "truth_id" not in content


def test_a_small_disk_and_a_folder_that_is_a_file_are_refused(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(job.shutil, "disk_usage", lambda _path: usage._replace(free=1000))
    with pytest.raises(KitError, match="make room or lower the scale"):
        write_dataset("GMB", 0.0007, 1, tmp_path / "small")
    monkeypatch.undo()
    blocked = tmp_path / "file"
    blocked.write_text("x", encoding="utf-8")
    with pytest.raises(KitError, match="cannot be written to"):
        write_dataset("GMB", 0.0007, 1, blocked)


def test_an_interrupted_run_leaves_no_manifest_and_no_half_file(tmp_path, monkeypatch):
    def stop(name, done, steps):
        if done == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_dataset("GMB", 0.0007, 1, tmp_path, progress=stop)
    assert not (tmp_path / "manifest.json").exists()
    assert not list(tmp_path.rglob("*.part"))
    assert write_dataset("GMB", 0.0007, 1, tmp_path).fresh


SAMPLE = ROOT / "datasets" / "sample" / "GMB"


@pytest.fixture(scope="module")
def extract(tmp_path_factory):
    out = tmp_path_factory.mktemp("extract")
    write_teaching_data(out=out)
    return out


def test_the_teaching_extract_is_made_again_byte_for_byte(extract):
    """A change of these bytes changes every worked number: mean it, then renew them (datasets/README.md)."""
    kept = {path.name: path.read_bytes() for path in SAMPLE.iterdir()}
    made = {path.name: path.read_bytes() for path in extract.iterdir() if path.is_file()}
    changed = sorted(name for name in kept.keys() | made.keys() if kept.get(name) != made.get(name))
    assert not changed, "if the change is meant: python3 kit.py data --teaching, then the numbers of module 04"


def test_the_teaching_extract_is_small_and_whole(extract):
    sizes = {path.name: path.stat().st_size for path in extract.iterdir() if path.is_file()}
    assert sum(sizes.values()) < 10_000_000
    tables = {name for each in SOURCES for name in dictionary(each.name).tables}
    assert {f"synthetic_gmb_{name}.parquet" for name in tables} <= set(sizes)
    used = {name for module in curriculum(ready_only=True) for name in module.data}
    assert {f"synthetic_gmb_{name}.csv" for name in used} <= set(sizes)
    assert not [name for name in sizes if "ledger" in name or "links" in name or "truth_p" in name]
