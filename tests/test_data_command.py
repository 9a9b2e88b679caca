"""``kit data`` says what it does and refuses mistakes in one sentence."""

import json

import duckdb
import pytest
from click.testing import CliRunner

from migkit.cli.data import command
from migkit.reference import KitError


def run(*arguments):
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def test_it_writes_a_data_set_and_the_second_time_says_that_it_is_there(tmp_path):
    request = (
        "GMB",
        "--scale",
        "0.0007",
        "--seed",
        4,
        "--out",
        tmp_path,
        "--format",
        "csv",
        "--sources",
        "census,pes",
    )
    done = run(*request)
    assert done.exit_code == 0, done.output
    assert "Wrote 18 files" in done.output and "synthetic" in done.output
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["parameters"]["seed"] == 4
    assert len(list(tmp_path.glob("participants/*.csv"))) == 5
    assert not list(tmp_path.rglob("*.parquet"))
    assert "already holds" in run(*request).output


def test_a_scale_may_be_a_ratio_and_the_country_lower_case(tmp_path):
    done = run("gmb", "--scale", "1:1400", "--out", tmp_path, "--format", "parquet", "--sources", "pes,census")
    assert done.exit_code == 0, done.output
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["parameters"]["scale"] == pytest.approx(1 / 1400)
    assert manifest["parameters"]["iso3"] == "GMB"
    assert len(list(tmp_path.glob("participants/*.parquet"))) == 5
    assert not list(tmp_path.rglob("*.csv"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["XYZ"], "not a country code"),
        (["FRA"], "France"),
        ([], "--all"),
        (["GMB", "--all"], "--all"),
        (["GMB", "--scale", "7"], "out of range"),
        (["GMB", "--scale", "0"], "out of range"),
        (["GMB", "--persons", "0"], "above 0"),
        (["GMB", "--persons", "5"], "from 505 to 2760000"),
        (["GMB", "--persons", "1000000000"], "from 505 to 2760000"),
        (["XYZ", "--persons", "1000"], "not a country code"),
        (["GMB", "--teaching"], "--teaching"),
        (["GMB", "--rate", "census.sex_not_stated=nan"], "between 0 and 1"),
        (["GMB", "--persons", "5000", "--scale", "0.1"], "not both"),
        (["GMB", "--sources", "moon"], "no source 'moon'"),
        (["GMB", "--rate", "census.sex_not_stated=-0.1"], "between 0 and 1"),
        (["GMB", "--rate", "census.sex_not_stated=1.1"], "between 0 and 1"),
        (["GMB", "--rate", "census.sex_not_stated"], "sets no rate"),
        (["GMB", "--scale", "nan"], "out of range"),
        (["GMB", "--scale", "many"], "not a number"),
        (["GMB", "--scale", "1:0"], "not a number"),
        (["GMB", "--seed", "-3"], "negative"),
    ],
)
def test_mistakes_are_refused_in_one_sentence_and_leave_nothing_behind(tmp_path, arguments, words):
    out = tmp_path / "out"
    result = run(*arguments, "--out", out)
    assert isinstance(result.exception, KitError)
    message = str(result.exception)
    assert words in message and message.count("\n") == 0
    assert not out.exists()


@pytest.mark.parametrize("arguments", [["GMB"], ["GMB", "--out", ""], ["GMB", "--out", " "]])
def test_without_a_folder_it_asks_for_one(arguments):
    result = run(*arguments)
    assert isinstance(result.exception, KitError)
    assert "--out" in str(result.exception)


def test_persons_in_place_of_a_scale_and_two_countries_of_one_world(tmp_path):
    done = run("GMB", "GNB", "--persons", "6000", "--sources", "truth", "--format", "parquet", "--out", tmp_path)
    assert done.exit_code == 0, done.output
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["parameters"]["iso3"] == ["GMB", "GNB"]
    one, other = (
        set(
            duckdb.sql(f"SELECT truth_id FROM '{tmp_path}/{code}/trainer/*truth_persons.parquet'").df()["truth_id"]
        )
        for code in ("GMB", "GNB")
    )
    assert one & other  # who moves between the two is one person in both


def test_help_has_examples_and_every_option_is_explained():
    text = run("--help").output
    assert "kit data GMB --out class-data" in text
    options = ("--all", "--scale", "--persons", "--seed", "--out", "--sources", "--defects", "--rate", "--reveal")
    for option in (*options, "--format", "--workers", "--teaching"):
        assert option in text


def test_defects_and_reveal_reach_the_data(tmp_path):
    done = run(
        "GMB",
        "--scale",
        "0.0007",
        "--defects",
        "none",
        "--reveal",
        "--out",
        tmp_path,
        "--format",
        "csv",
        "--sources",
        "census",
    )
    assert done.exit_code == 0, done.output
    ledger = (tmp_path / "trainer" / "synthetic_gmb_ledger_census.csv").read_text(encoding="utf-8-sig")
    assert ledger.count("\n") == 1
    assert (tmp_path / "participants" / "synthetic_gmb_truth_tables.csv").is_file()
