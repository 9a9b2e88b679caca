"""kit data for many countries: same bytes with any number of workers, resumed, nothing half written."""

import json
import os

import duckdb
import pandas as pd
import pytest

from migkit.reference import KitError
from migkit.sources import dataset, files, job, write_dataset, write_datasets
from migkit.sources.files import MOST_ROWS, held, pieces
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
    assert not (tmp_path / job.UNFINISHED).exists()
    assert done.files == write_dataset("NGA", 0.0006, 1, tmp_path / "anew", **options).files


@pytest.mark.parametrize("workers", [1, 2])
def test_progress_says_which_part_of_which_country_is_made(tmp_path, workers):
    seen = []
    write_dataset(
        "NGA",
        0.0006,
        1,
        tmp_path,
        progress=lambda name, *_: seen.append(name),
        sources=["truth"],
        formats="parquet",
        workers=workers,
    )
    assert any(name.startswith(("NGA 1/3: ", "NGA, part 1 of 3")) for name in seen), seen


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
    def full(self, rows, stem, description, formats):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.TableWriter, "write", full)
    with pytest.raises(KitError, match="No space left on device"):
        write_dataset("GMB", TINY, 1, tmp_path, sources=["truth"])
    assert not (tmp_path / "manifest.json").exists()
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize(
    "name", ["README.txt", "manifest.json", "participants/README.txt", "participants/datapackage.json"]
)
def test_a_file_of_the_user_is_never_written_over(tmp_path, name):
    own = tmp_path / name
    own.parent.mkdir(exist_ok=True)
    own.write_text("my notes", encoding="utf-8")
    with pytest.raises(KitError, match="not a file of the kit"):
        write_dataset("GMB", TINY, 1, tmp_path, sources=["truth"], formats="csv")
    assert every_file(tmp_path) == {name: b"my notes"}


@pytest.mark.parametrize(
    "files", [3, {}, ["victim.txt"], {"victim.txt": ""}, {"../victim.txt": ""}, {"/victim.txt": ""}, {"x": 1}]
)
def test_a_manifest_with_nonsense_removes_nothing_and_is_made_again(tmp_path, files):
    out = tmp_path / "out"
    out.mkdir()
    victims = [tmp_path / "victim.txt", out / "victim.txt"]
    for victim in victims:
        victim.write_text("mine", encoding="utf-8")
    if isinstance(files, dict) and "/victim.txt" in files:
        files = {str(victims[0]): ""}
    nonsense = {"synthetic": True, "parameters": {}, "versions": {}, "files": files}
    (out / "manifest.json").write_text(json.dumps(nonsense, indent=1), encoding="utf-8")
    assert write_dataset("GMB", TINY, 1, out, sources=["truth"], formats="csv").fresh
    assert all(victim.read_text(encoding="utf-8") == "mine" for victim in victims)


@pytest.mark.parametrize(
    "part", [b"", b"{", b"null", b"\xff\xfe", b'{"files": 5}', b'{"files": {"victim.txt": "x"}}']
)
def test_nonsense_in_the_folder_of_an_interrupted_run_does_no_harm(tmp_path, part):
    unfinished = tmp_path / job.UNFINISHED
    unfinished.mkdir()
    for name in ("request.json", "part-0001.json", "part-x.json"):
        (unfinished / name).write_bytes(part)
    (tmp_path / "victim.txt").write_text("mine", encoding="utf-8")
    write_dataset("GMB", TINY, 1, tmp_path, sources=["truth"], formats="csv")
    assert (tmp_path / "victim.txt").read_text(encoding="utf-8") == "mine"
    assert not unfinished.exists()


def test_files_of_a_part_that_was_killed_do_not_stay_with_another_request(tmp_path):
    """A killed part has told nobody what it wrote; true totals of a replaced data set must not stay either."""

    def stop(_name, _done, _steps):
        raise KeyboardInterrupt

    trainer, participants = tmp_path / "trainer", tmp_path / "participants"
    write_dataset("GMB", TINY, 1, tmp_path, sources=["census"], reveal=True, formats="csv")
    with pytest.raises(KeyboardInterrupt):
        write_dataset("NGA", 0.0006, 1, tmp_path, progress=stop, sources=["truth"], formats="csv")
    (trainer / "synthetic_nga_truth_persons-0001.csv").write_text("x", encoding="utf-8")
    (trainer / ".synthetic_nga_truth_trips-0001.csv.part").write_text("x", encoding="utf-8")
    own = participants / "synthetic_gmb_census_persons my copy.csv"
    own.write_text("mine", encoding="utf-8")
    write_dataset("CPV", 0.002, 1, tmp_path, sources=["truth"], formats="csv")
    left = {path.name for path in [*trainer.iterdir(), *participants.iterdir()] if "_cpv_" not in path.name}
    assert left == {"README.txt", "datapackage.json", own.name}


def test_two_runs_never_write_to_one_folder(tmp_path):
    (tmp_path / job.UNFINISHED).mkdir()
    with (
        held(tmp_path / job.UNFINISHED / "busy"),
        pytest.raises(KitError, match="Another run of the kit is writing"),
    ):
        write_dataset("GMB", TINY, 1, tmp_path, sources=["truth"])
    assert write_dataset("GMB", TINY, 1, tmp_path, sources=["truth"], formats="csv").fresh


def test_one_country_and_several_do_not_share_a_folder(tmp_path):
    options = {"sources": ["truth"], "formats": "csv"}
    write_dataset("GMB", TINY, 1, tmp_path / "one", **options)
    with pytest.raises(KitError, match="holds the data of GMB alone"):
        write_datasets(["GMB", "CPV"], 0.002, 1, tmp_path / "one", **options)
    write_datasets(["GMB", "CPV"], 0.002, 1, tmp_path / "two", **options)
    before = every_file(tmp_path / "two")
    with pytest.raises(KitError, match="several countries"):
        write_dataset("GMB", TINY, 1, tmp_path / "two", **options)
    assert every_file(tmp_path / "two") == before


def test_a_worker_that_the_system_kills_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(dataset, "make_part", _die)
    with pytest.raises(KitError, match="want of memory"):
        write_dataset("NGA", 0.0006, 1, tmp_path, sources=["truth"], workers=2)
    assert not (tmp_path / "manifest.json").exists()


def _die(*_arguments):
    os._exit(9)


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
        ({"rates": {"census.sex_not_stated": float("nan")}}, "between 0 and 1"),
        ({"sources": ["census"], "rates": {"border.outage": 0.1}}, "add border to the sources"),
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
