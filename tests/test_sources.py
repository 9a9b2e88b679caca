"""Census and survey: truth with the ledger's defects is what was recorded; without defects nothing differs."""

import csv
import hashlib
import json
import shutil
from pathlib import Path

import duckdb
import jsonschema
import numpy as np
import pandas as pd
import pytest

from migkit.reference import ROOT, KitError, codelist, dictionary, table
from migkit.sources import files, take_census, take_survey, write_dataset
from migkit.sources.census import ANSWERS, enumeration_areas, perfect_emigrants, perfect_listing, true_answers
from migkit.sources.old_records import LEVELS, ErrorModel, heaped, replay, rounded_year, text
from migkit.sources.truth_tables import truth_tables
from migkit.world import make_world

EXPECTED = ROOT / "tests" / "expected" / "GMB_0.01_seed1.sha256"


@pytest.fixture(scope="module")
def world():
    return make_world("GMB", 0.01, seed=1)


@pytest.fixture(scope="module")
def taken(world):
    out = {}
    for level in LEVELS:
        census = take_census(world, level)
        out[level] = (census, take_survey(world, census, level))
    return out


def usual(persons):
    return persons[persons["residence_status"] != "V"]


# --- no defects


def test_without_defects_the_census_is_the_truth(world, taken):
    census, _survey = taken["none"]
    assert len(census.ledger) == 0
    residents = world.persons[world.persons["status"] == "resident"]
    records = usual(census.persons)
    links = census.links.set_index("record_id").loc[records["person_id"]]
    assert links["truth_id"].is_unique
    assert set(links["truth_id"]) == set(residents["truth_id"])
    answers = true_answers(world).set_index("truth_id").loc[links["truth_id"]]
    for column in set(ANSWERS) & set(answers.columns):
        assert (records[column].to_numpy() == answers[column].to_numpy()).all(), column
    abroad = perfect_emigrants(world)
    assert len(census.emigrants) == (abroad["household_ref"] != "").sum()


def test_without_defects_the_survey_matches_everybody(taken):
    _census, survey = taken["none"]
    assert len(survey.ledger) == 0
    assert set(survey.persons["match_status"]) == {"M"}
    assert set(survey.followup["outcome"]) == {"C"}
    assert set(survey.persons["census_person_id"]) == set(survey.followup["person_id"])


# --- the ledger


@pytest.mark.parametrize("level", ["typical", "severe"])
def test_truth_and_ledger_reproduce_the_census_persons(world, taken, level):
    census, _survey = taken[level]
    ledger = census.ledger[census.ledger["table"] == "census_persons"]
    links = census.links[census.links["table"] == "census_persons"].reset_index(drop=True)
    perfect = perfect_listing(world, world.seed)
    perfect.index = pd.Index(perfect["truth_id"] + "/" + perfect["listing"])
    # Who is there: all of the listing but those whom the ledger says were left out; and the extra records.
    lost = ledger[ledger["kind"].isin(["omitted_household", "omitted_person"])]
    lost_keys = set(lost["truth_id"] + "/" + lost["true_value"])
    true_links = links[links["kind"] == "true"]
    kept = (true_links["truth_id"] + "/" + true_links["listing"]).tolist()
    assert len(kept) == len(set(kept))
    assert set(kept) == set(perfect.index) - lost_keys
    for kind in ("duplicate", "fictitious"):
        noted = ledger[(ledger["kind"] == kind) & (ledger["field"] == "")]
        assert sorted(noted["record_id"]) == sorted(links[links["kind"] == kind]["record_id"])
    # What each record says.
    real = links["kind"] != "fictitious"
    rows = pd.DataFrame("", index=links.index, columns=ANSWERS)
    rows.loc[real] = perfect.loc[links["truth_id"][real] + "/" + links["listing"][real], ANSWERS].to_numpy()
    rows["person_id"] = links["record_id"]
    replayed = replay(rows, ledger, "census_persons", "person_id").set_index("person_id")
    recorded = census.persons.set_index("person_id")
    assert set(replayed.index) == set(recorded.index)
    replayed = replayed.loc[recorded.index]
    for column in ANSWERS:
        assert (replayed[column].to_numpy() == recorded[column].to_numpy()).all(), column


@pytest.mark.parametrize("level", ["typical", "severe"])
def test_truth_and_ledger_reproduce_households_and_emigrants(world, taken, level):
    census, _survey = taken[level]
    links = census.links[census.links["table"] == "census_emigrants"]
    perfect = perfect_emigrants(world).set_index("truth_id")
    areas = enumeration_areas(world).set_index("household_ref")["ea"]
    rows = perfect.loc[links["truth_id"]].reset_index()
    rows["emigrant_id"] = links["record_id"].to_numpy()
    rows["ea"] = areas.loc[rows["household_ref"]].to_numpy()
    replayed = replay(rows, census.ledger, "census_emigrants", "emigrant_id")
    compared = ["ea", "sex", "age_now", "age_left", "year_left", "country_residence", "activity_abroad", "remits"]
    for column in compared:
        assert replayed[column].tolist() == census.emigrants[column].tolist(), column
    noted = census.ledger[(census.ledger["table"] == "census_emigrants") & (census.ledger["field"] == "")]
    assert set(noted["truth_id"]) | set(links["truth_id"]) == set(perfect.index)
    assert not set(noted["truth_id"]) & set(links["truth_id"])
    assert set(noted["kind"]) == {"household_left", "omitted_household", "emigrant_forgotten"}
    persons = census.links[census.links["table"] == "census_persons"]
    homes = persons.assign(household_id=persons["record_id"].str[:-3]).drop_duplicates("household_id")
    rows = pd.DataFrame(
        {"household_id": homes["household_id"], "ea": areas.loc[homes["household_ref"]].to_numpy()}
    )
    replayed = replay(rows, census.ledger, "census_households", "household_id").set_index("household_id")
    recorded = census.households.set_index("household_id")
    assert (replayed.loc[recorded.index, "ea"] == recorded["ea"]).all()
    lost = census.ledger[(census.ledger["table"] == "census_households") & (census.ledger["field"] == "")]
    assert len(lost) + len(recorded) == len(world.households)


@pytest.mark.parametrize("level", ["typical", "severe"])
def test_truth_and_ledger_reproduce_the_survey(world, taken, level):
    _census, survey = taken[level]
    census_only = take_census(world, level)
    clean = take_survey(world, census_only, "none")
    # Same sample; the survey without its own errors finds everybody whom the ledger says the survey missed.
    missed = survey.ledger[survey.ledger["kind"] == "pes_omitted"]
    assert len(clean.persons) == len(survey.persons) + len(missed)
    rows = survey.persons.copy()
    changes = survey.ledger[(survey.ledger["table"] == "pes_persons") & (survey.ledger["field"] != "")]
    for column, entries in changes.groupby("field"):
        first = entries.drop_duplicates("record_id").set_index("record_id")
        at = rows["pes_id"].isin(first.index)
        rows.loc[at, column] = first["true_value"].loc[rows["pes_id"][at]].to_numpy()
    compared = ["ea", "sex", "age", "country_birth", "citizenship", "match_status", "census_person_id"]
    both = clean.persons[compared].merge(rows[compared], how="right", indicator=True)
    assert (both["_merge"] == "both").all()
    undone = survey.followup.copy()
    checks = survey.ledger[survey.ledger["table"] == "pes_followup"].set_index("record_id")
    at = undone["person_id"].isin(checks.index)
    undone.loc[at, "outcome"] = checks["true_value"].loc[undone["person_id"][at]].to_numpy()
    pd.testing.assert_frame_equal(undone, clean.followup)


def test_every_kind_of_defect_is_described_and_every_described_one_happens(taken):
    for source, position in (("census", 0), ("pes", 1)):
        seen = set(taken["severe"][position].ledger["kind"])
        assert seen - {"household_left"} == set(dictionary(source).defects)


def test_rates_of_defects_are_those_of_the_dictionary(world, taken):
    census, survey = taken["typical"]
    present = census.persons[census.persons["residence_status"] == "UP"]
    asked = {
        "duplicate": (present["relationship"] != "1").sum(),
        "fictitious": (present["relationship"] != "1").sum(),
    }
    kinds = census.ledger.drop_duplicates(["record_id", "kind", "truth_id"])["kind"].value_counts()
    rates = dictionary("census").defects
    for kind in ("duplicate", "fictitious", "age_not_stated", "citizenship_not_stated"):
        expected = rates[kind].rates["typical"]["all"]
        n = asked.get(kind, len(census.persons))
        assert abs(kinds[kind] - n * expected) < 4 * (n * expected) ** 0.5, kind
    missed = len(survey.ledger[survey.ledger["kind"] == "pes_omitted"])
    assert missed / (len(survey.persons) + missed) == pytest.approx(0.032, abs=0.008)


# --- what is recorded is plausible


@pytest.mark.parametrize("level", LEVELS)
def test_tables_keep_to_their_dictionary(taken, level):
    census, survey = taken[level]
    for name, rows in files.participants_tables(census, survey).items():
        described = table(name)
        assert rows.columns.tolist() == described.columns
        assert rows[described.key].is_unique and (rows[described.key] != "").all()
        for field in described.fields:
            values = set(rows[field.name])
            where = f"{name}.{field.name}"
            if field.codelist:
                assert values - {""} <= set(codelist(field.codelist)["code"]), where
            if "" in values:
                assert field.blank or field.universe, f"{where} is blank and the dictionary does not say why"
            if field.type == "integer":
                numbers = pd.to_numeric(rows[field.name]).dropna()
                assert numbers.between(field.minimum, field.maximum).all(), where
                assert (numbers % 1 == 0).all(), where


@pytest.mark.parametrize("level", LEVELS)
def test_questions_are_asked_of_their_universe(taken, level):
    persons = taken[level][0].persons
    age = pd.to_numeric(persons["age"])
    for column, lowest in (("marital", 15), ("activity", 15), ("education", 5)):
        assert (persons[column][age < lowest] == "").all(), column
    assert (persons["occupation"][~persons["activity"].isin(["E", "X"])] == "").all()
    assert ((persons["region_birth"] != "") == (persons["country_birth"] == "GMB")).all()
    asked = persons["lived_abroad"] == "Y"
    for column in ("previous_country", "reason"):
        assert ((persons[column] != "") == asked).all(), column
    assert ((persons["arrival_stated"] == "NA") == ~asked).all()
    assert ((persons["arrival_year"] != "") == (persons["arrival_stated"] == "Y")).all()
    recent = persons["country_5y"][asked & (persons["country_5y"] != "")]
    assert (recent != "GMB").any() and (recent == "GMB").any()
    never = persons["lived_abroad"] == "N"
    if level == "none":
        assert persons["country_5y"][never].isin(["GMB", ""]).all()


def test_households_and_lines_hang_together(taken):
    for level in LEVELS:
        census, survey = taken[level]
        persons = census.persons
        assert set(persons["household_id"]) == set(census.households["household_id"])
        listed = persons["household_id"].value_counts()
        homes = census.households.set_index("household_id")
        assert (homes["n_listed"].astype(int) == listed.loc[homes.index]).all()
        assert set(census.emigrants["household_id"]) <= set(homes.index)
        heads = persons[(persons["relationship"] == "1")]
        assert heads["household_id"].is_unique and len(heads) == len(homes)
        assert (persons["person_id"] == persons["household_id"] + "-" + persons["line_no"].str.zfill(2)).all()
        assert persons["person_id"].str.startswith("SYN-GMB-").all()
        matched = survey.persons["census_person_id"]
        assert set(matched[matched != ""]) <= set(persons["person_id"])
        assert ((matched != "") == (survey.persons["match_status"] == "M")).all()
        assert survey.followup["person_id"].is_unique


def test_omission_heaping_and_confusion_are_as_wished(world, taken):
    census, _survey = taken["typical"]
    totals = truth_tables(world, census).astype({"value": int})
    coverage = totals[totals["table"] == "coverage"].set_index(["key1", "key2"])["value"]
    native = coverage["native", "omitted"] / coverage["native", "residents"]
    foreign = coverage["foreign_born", "omitted"] / coverage["foreign_born", "residents"]
    assert 0.04 < coverage["total", "omitted"] / coverage["total", "residents"] < 0.08
    assert 1.6 < foreign / native < 2.6
    age = pd.to_numeric(usual(census.persons)["age"])
    whipple = 500 * age.between(25, 60)[age % 5 == 0].sum() / age.between(23, 62).sum()
    assert 150 < whipple < 180
    born = usual(census.persons)["country_birth"]
    assert 0.015 < (born == "XXX").mean() < 0.025
    mixed = totals[totals["table"] == "birthplace_true_by_recorded"].set_index(["key1", "key2"])["value"]
    assert mixed["GIN", "GNB"] > 5 and mixed["SEN", "GMB"] > 30


def test_a_dual_system_estimate_finds_the_truth(world, taken):
    census, survey = taken["typical"]
    sample = survey.persons.assign(w=survey.persons["weight"].astype(float))
    checked = survey.followup.assign(w=survey.followup["weight"].astype(float))
    records = usual(census.persons)
    total = 0.0
    for stratum, found in sample[sample["match_status"] != "U"].groupby("stratum"):
        e_sample = checked[(checked["stratum"] == stratum) & (checked["outcome"] != "U")]
        correct = e_sample["w"][e_sample["outcome"] == "C"].sum() / e_sample["w"].sum()
        counted = (records["region"] + "-" + records["area"] == stratum).sum()
        total += counted * correct * found["w"].sum() / found["w"][found["match_status"] == "M"].sum()
    assert total == pytest.approx(world.targets.residents, rel=0.02)
    assert len(usual(census.persons)) < 0.98 * world.targets.residents


def test_true_totals_add_up_to_the_truth(world, taken):
    totals = truth_tables(world, taken["typical"][0]).astype({"value": int})
    by_table = totals.groupby("table")["value"].sum()
    for name in ("residents_by_age", "residents_by_single_age", "citizenship_by_birthplace"):
        assert by_table[name] == world.targets.residents
    for name in ("foreign_born_by_country", "foreign_born_by_age", "foreign_born_by_region"):
        assert by_table[name] == world.targets.foreign_born
    flows = totals[totals["table"] == "flows"].pivot(index="key1", columns="key2", values="value")
    net = flows["births"] - flows["deaths"] + flows["immigrations"] - flows["emigrations"]
    assert (flows["residents_start"] + net == flows["residents_end"]).all()
    assert (flows["residents_end"].to_numpy()[:-1] == flows["residents_start"].to_numpy()[1:]).all()


def test_rounding_of_ages_and_years():
    assert heaped(np.array(["11", "12", "13", "98", "", "97"], dtype=object)).tolist() == [
        "10",
        "10",
        "15",
        "98",
        "",
        "95",
    ]
    assert rounded_year(np.array(["2018", "2013", "2023", ""], dtype=object), 2024).tolist() == [
        "2020",
        "2015",
        "2024",
        "",
    ]
    with pytest.raises(KitError, match="none, typical, severe"):
        ErrorModel(dictionary("census"), "awful")


# --- files


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
                                    "properties": {"type": {"enum": ["string", "integer", "number"]}},
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
    assert names == {
        "README.txt",
        "datapackage.json",
        *(f"synthetic_gmb_{name}.csv" for name in ("census_households", "census_persons", "census_emigrants")),
        *(f"synthetic_gmb_{name}.csv" for name in ("pes_persons", "pes_followup")),
    }
    for path in (tmp_path / "participants").iterdir():
        content = path.read_text(encoding="utf-8-sig")
        assert "987654" not in content.replace("SYN-GMB", "")
        assert "SYN-GMB-T" not in content and "SYN-GMB-R" not in content


def test_a_small_disk_and_a_folder_that_is_a_file_are_refused(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(files.shutil, "disk_usage", lambda _path: usage._replace(free=1000))
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


def checksums(census, survey):
    tables = files.participants_tables(census, survey)
    return {
        f"synthetic_gmb_{name}.csv": hashlib.sha256(files.csv_bytes(rows)).hexdigest()
        for name, rows in tables.items()
    }


def test_the_teaching_data_have_not_drifted(taken):
    """A change of these bytes changes every worked number: mean it, then renew them (datasets/README.md)."""
    found = checksums(*taken["typical"])
    expected = dict(reversed(line.split()) for line in EXPECTED.read_text(encoding="utf-8").splitlines())
    assert found == expected


def test_links_name_every_record_once(taken):
    census, _survey = taken["typical"]
    for name, rows, key in (
        ("census_persons", census.persons, "person_id"),
        ("census_emigrants", census.emigrants, "emigrant_id"),
    ):
        links = census.links[census.links["table"] == name]
        assert links["record_id"].is_unique
        assert set(links["record_id"]) == set(rows[key])
    assert text(pd.Series(["a", None])).tolist() == ["a", ""]
    assert isinstance(EXPECTED, Path)
