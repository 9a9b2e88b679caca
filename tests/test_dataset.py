"""kit data for many countries: same bytes with any number of workers, resumed, nothing half written."""

import json

import duckdb
import pandas as pd
import pytest

from migkit.reference import KitError
from migkit.sources import dataset, write_dataset, write_datasets
from migkit.sources.files import MOST_ROWS, pieces
from migkit.sources.registry import SOURCES, chosen, error_models

TINY = 0.0007


def every_file(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def test_one_worker_or_two_the_bytes_are_the_same(tmp_path):
    for workers in (1, 2):
        write_datasets(["GMB", "CPV"], 0.002, 3, tmp_path / str(workers), sources=["border"], workers=workers)
    assert every_file(tmp_path / "1") == every_file(tmp_path / "2")
    manifest = json.loads((tmp_path / "1" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["synthetic"] is True
    assert manifest["parameters"]["iso3"] == ["CPV", "GMB"]


def test_a_large_country_comes_in_several_files_and_adds_up(tmp_path):
    whole = write_dataset("NGA", 0.0006, 1, tmp_path, sources=["truth"], formats="parquet")
    stem = f"{tmp_path}/trainer/synthetic_nga_truth_persons"
    assert sum("truth_persons-" in name for name in whole.files) >= 2
    rows = duckdb.sql(f"SELECT count(*), count(DISTINCT truth_id) FROM '{stem}*.parquet'").fetchall()[0]
    assert rows[0] == rows[1] > 139_000


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path):
    def stop(_name, done, _steps):
        if done >= 2:
            raise KeyboardInterrupt

    options = {"sources": ["truth"], "formats": "parquet"}
    with pytest.raises(KeyboardInterrupt):
        write_dataset("NGA", 0.0006, 1, tmp_path, progress=stop, **options)
    assert not (tmp_path / "manifest.json").exists()
    assert not list(tmp_path.rglob("*.part"))
    first = tmp_path / "trainer" / "synthetic_nga_truth_persons-0001.parquet"
    before = first.stat().st_mtime_ns
    seen = []
    done = write_dataset("NGA", 0.0006, 1, tmp_path, progress=lambda name, *_: seen.append(name), **options)
    assert first.stat().st_mtime_ns == before
    assert not (tmp_path / dataset.UNFINISHED).exists()
    assert done.files == write_dataset("NGA", 0.0006, 1, tmp_path / "anew", **options).files


def test_what_another_interrupted_request_left_does_not_stay(tmp_path):
    def stop(_name, done, _steps):
        if done >= 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_dataset("NGA", 0.0006, 1, tmp_path, progress=stop, sources=["truth"], formats="csv")
    assert list(tmp_path.glob("trainer/*.csv"))
    write_dataset("GMB", TINY, 1, tmp_path, sources=["truth"], formats="parquet")
    assert not list(tmp_path.glob("trainer/*.csv"))
    assert not list(tmp_path.glob("trainer/*nga*"))


def test_a_disk_that_fills_up_while_writing_is_one_sentence_and_leaves_no_half_file(tmp_path, monkeypatch):
    def full(self, rows, stem, description):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(dataset.TableWriter, "write", full)
    with pytest.raises(KitError, match="No space left on device"):
        write_dataset("GMB", TINY, 1, tmp_path, sources=["truth"])
    assert not (tmp_path / "manifest.json").exists()
    assert not list(tmp_path.rglob("*.part"))


def test_single_rates_reach_the_data(tmp_path):
    half = write_dataset("GMB", 0.002, 1, tmp_path, sources=["census"], rates={"census.sex_not_stated": 0.5})
    rows = pd.read_csv(tmp_path / "participants" / "synthetic_gmb_census_persons.csv", dtype=str)
    assert (rows["sex"] == "X").mean() == pytest.approx(0.5, abs=0.03)
    assert half.parameters["rates"] == {"census.sex_not_stated": 0.5}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("XXQ", TINY, 1), "XXQ"),
        (("FRA", TINY, 1), "France"),
        (("GMB", 0, 1), "scale 0"),
        (("GMB", 1.5, 1), "scale 1.5"),
        (("GMB", TINY, -1), "seed -1"),
    ],
)
def test_what_cannot_be_made_is_refused_before_anything_is_written(tmp_path, arguments, words):
    with pytest.raises(KitError, match=words):
        write_dataset(*arguments, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"sources": ["cencus"]}, "cencus"),
        ({"defects": "awful"}, "awful"),
        ({"formats": "xls"}, "xls"),
        ({"rates": {"census.sex_not_stated": -1}}, "between 0 and 1"),
        ({"rates": {"census": 0.1}}, "SOURCE.DEFECT"),
        ({"rates": {"moon.landing": 0.1}}, "moon"),
        ({"sources": ["border"], "reveal": True}, "census"),
    ],
)
def test_bad_options_are_refused_in_one_sentence(tmp_path, options, words):
    with pytest.raises(KitError, match=words) as error:
        write_dataset("GMB", TINY, 1, tmp_path / "out", **options)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "out").exists()


def test_every_source_has_its_dictionary_and_error_model():
    models = error_models(defects="severe")
    assert set(models) == {each.name for each in SOURCES}
    assert chosen(["truth"]) == ()
    assert chosen(["all"]) == SOURCES == chosen([])


def test_no_file_of_participants_is_longer_than_excel_and_an_old_laptop_bear():
    rows = pd.DataFrame({"x": range(MOST_ROWS + 1)})
    assert [len(piece) for piece in pieces(rows)] == [MOST_ROWS, 1]
    assert len(pieces(rows.head(0))) == 1
