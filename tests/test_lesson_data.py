"""load, load_own and map_columns: right types, and one clear sentence for each thing that goes wrong."""

from pathlib import Path

import pandas as pd
import pytest

from migkit.lesson import EXAMPLE_FILE, data, load, load_own, map_columns, truth
from migkit.reference import KitError

PERSONS = """person_id,sex,age,country_birth,arrival_year,arrival_stated
SYN-GMB-H00001-01,F,34,SEN,2009,Y
SYN-GMB-H00001-02,M,,GMB,,NA
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of two tables, reached through KIT_DATA, and an empty working folder."""
    place = tmp_path / "class_data"
    place.mkdir()
    (place / "synthetic_gmb_census_persons.csv").write_text(PERSONS, encoding="utf-8-sig")
    (place / "synthetic_gmb_truth_tables.csv").write_text(
        "table,key1,key2,value\na,01,F,3\na,01,M,4\na,02,F,5\n", encoding="utf-8-sig"
    )
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("KIT_DATA", str(place))
    return place


def test_types_follow_the_dictionary(folder):
    persons = load("census_persons")
    assert persons["age"].dtype == "Int64"
    assert persons["age"].isna().tolist() == [False, True]
    assert persons["country_birth"].tolist() == ["SEN", "GMB"]


def test_a_source_gives_its_main_table(folder):
    assert load("census").columns.tolist() == load("census_persons").columns.tolist()


@pytest.mark.parametrize(("lang", "woman", "senegal"), [("en", "Female", "Senegal"), ("fr", "Féminin", "Sénégal")])
def test_labels_come_in_the_chosen_language_and_in_the_order_of_their_list(folder, lang, woman, senegal):
    persons = load("census", lang=lang)
    assert persons["sex"].tolist()[0] == woman
    assert persons["country_birth"].tolist()[0] == senegal
    assert persons["sex"].cat.ordered
    assert persons["age"].dtype == "Int64"
    with pytest.raises(KitError, match="'xx'"):
        load("census", lang="xx")


def test_a_table_in_numbered_files_is_read_whole(folder):
    (folder / "synthetic_gmb_census_persons.csv").rename(folder / "synthetic_gmb_census_persons-0001.csv")
    (folder / "synthetic_gmb_census_persons-0002.csv").write_text(PERSONS, encoding="utf-8-sig")
    (folder / "synthetic_gmb_census_persons-0002-1.csv").write_text(PERSONS, encoding="utf-8-sig")
    assert len(load("census_persons")) == 6


def test_na_is_a_code_and_only_empty_is_blank(folder):
    persons = load("census_persons")
    assert persons["arrival_stated"].tolist() == ["Y", "NA"]
    assert persons["arrival_year"].isna().tolist() == [False, True]


def test_a_code_with_a_leading_zero_stays_text(folder):
    assert load("truth_tables")["key1"].tolist() == ["01", "01", "02"]


def test_truth_by_both_keys_or_by_one(folder):
    assert truth("a")["01", "M"] == 4
    assert truth("a", by=1).to_dict() == {"01": 7, "02": 5}
    assert truth("a", by=2).to_dict() == {"F": 8, "M": 4}
    with pytest.raises(KitError, match="there are: a"):
        truth("b")


def test_tables_of_two_data_sets_never_mix(folder):
    other = Path.cwd() / "data"
    other.mkdir()
    (other / "synthetic_gmb_pes_persons.csv").write_text("pes_id\n1\n", encoding="utf-8")
    with pytest.raises(KitError, match="there is: census_persons, truth_tables"):
        load("pes_persons")


def test_data_of_a_class_say_that_they_hold_no_truth(folder):
    (folder / "synthetic_gmb_truth_tables.csv").unlink()
    with pytest.raises(KitError, match="no truth to compare with"):
        truth("a")


def test_a_table_can_be_changed_without_changing_what_the_next_load_gives(folder):
    persons = load("census_persons")
    persons["age"] = 0
    assert load("census_persons")["age"].iloc[0] == 34


def test_a_file_made_anew_is_read_anew(folder):
    assert len(load("census_persons")) == 2
    (folder / "synthetic_gmb_census_persons.csv").write_text(
        PERSONS + "SYN-GMB-H00002-01,M,5,GMB,,NA\n", encoding="utf-8-sig"
    )
    assert len(load("census_persons")) == 3


@pytest.mark.parametrize("shelf", ["data", "../data", "data/participants"])
def test_data_beside_the_notebook_are_found(folder, monkeypatch, shelf):
    monkeypatch.delenv("KIT_DATA")
    place = Path.cwd() / shelf
    place.mkdir(parents=True)
    (folder / "synthetic_gmb_census_persons.csv").rename(place / "synthetic_gmb_census_persons.csv")
    assert len(load("census_persons")) == 2


def test_kit_data_wins_over_data_beside_the_notebook(folder):
    place = Path.cwd() / "data"
    place.mkdir()
    (place / "synthetic_gmb_census_persons.csv").write_text(PERSONS.splitlines()[0] + "\n", encoding="utf-8")
    assert len(load("census_persons")) == 2


def test_a_misspelt_table_is_answered_with_the_nearest(folder):
    with pytest.raises(KitError, match="Did you mean 'census_persons'"):
        load("census_person")


def test_missing_data_say_how_to_make_them(tmp_path, monkeypatch):
    monkeypatch.setenv("KIT_DATA", str(tmp_path))
    monkeypatch.setattr(data, "ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(KitError, match=r"python3 kit\.py data"):
        load("census_persons")


def test_published_tables_and_code_lists():
    assert load("published/singage_males")["population"].sum() > 0
    assert set(load("codes/sex")["code"]) == {"M", "F", "X"}
    with pytest.raises(KitError, match="published/bombay"):
        load("published/bombai")


def test_an_unknown_country_is_refused():
    with pytest.raises(KitError, match="three letters"):
        load("census_persons", country="Gambia")


# --- an office's own file ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("SEXE;ÂGE;PAYS\n1;30;270\n2;41;686\n", "cp1252"),
        ("SEXE,ÂGE,PAYS\n1,30,270\n2,41,686\n", "utf-8-sig"),
        ("SEXE\tÂGE\tPAYS\r\n1\t30\t270\r\n2\t41\t686\r\n", "utf-8"),
    ],
)
def test_separators_and_encodings_are_found_out(tmp_path, text, encoding):
    file = tmp_path / "own.csv"
    file.write_bytes(text.encode(encoding))
    own = load_own(file)
    assert list(own.columns) == ["SEXE", "ÂGE", "PAYS"]
    assert own["ÂGE"].tolist() == [30, 41]


def test_excel_sheets(tmp_path):
    file = tmp_path / "own.xlsx"
    with pd.ExcelWriter(file) as book:
        pd.DataFrame({"a": ["01", "02"], "b": [1, None]}).to_excel(book, sheet_name="People", index=False)
    own = load_own(file, sheet="People")
    assert own["a"].tolist() == ["01", "02"]
    assert own["b"].isna().tolist() == [False, True]
    with pytest.raises(KitError, match="its sheets are: People"):
        load_own(file, sheet="Persons")


def test_a_file_that_is_not_there_names_what_is(tmp_path):
    (tmp_path / "census2024.csv").write_text("a\n1\n", encoding="utf-8")
    with pytest.raises(KitError, match=r"holds: census2024\.csv"):
        load_own(tmp_path / "census_2024.csv")


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.csv", b"a,b\n1,2\n3\n", "line 3: 1 values under 2"),
        ("a.csv", b"", "empty"),
        ("a.csv", b"a,b\n", "no rows"),
        ("a.sav", b"$FL2", "save it as CSV"),
        ("a.xlsx", b"not a zip", "cannot be read as Excel"),
    ],
)
def test_broken_files_end_in_one_sentence(tmp_path, name, content, sentence):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(KitError, match=sentence):
        load_own(tmp_path / name)


OWN = pd.DataFrame({"SEXE": [1, 2, 2], "AGE": [30, None, 4], "PAYS": [270, 686, 324]})
BOOK = {270: "GMB", 686: "SEN", 324: "GIN"}


def test_columns_and_codes_are_translated():
    mapped = map_columns(
        OWN,
        {"sex": "SEXE", "age": "AGE", "country_birth": "PAYS"},
        {"sex": {1: "M", 2: "F"}, "country_birth": BOOK},
    )
    assert mapped["sex"].tolist() == ["M", "F", "F"]
    assert mapped["country_birth"].tolist() == ["GMB", "SEN", "GIN"]
    assert mapped["age"].dtype == "Int64"
    assert mapped["age"].isna().tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("columns", "codes", "sentence"),
    [
        ({"sex": "Sexe"}, None, "'Sexe' in your file.*Did you mean 'SEXE'"),
        ({"birth_country": "PAYS"}, None, "Did you mean 'country_birth'"),
        ({"country_birth": "PAYS"}, {"country_birth": {270: "GMB", 686: "SEN"}}, "'324' \\(1\\)"),
        ({"country_birth": "PAYS"}, None, "'270'"),
        ({"sex": "SEXE"}, None, "Translate them"),
        ({"age": "AGE"}, {"sex": {1: "M"}}, "codes for sex, but no column"),
    ],
)
def test_a_wrong_mapping_names_the_column_or_the_code(columns, codes, sentence):
    with pytest.raises(KitError, match=sentence):
        map_columns(OWN, columns, codes)


def test_words_in_a_column_of_numbers_are_named():
    own = pd.DataFrame({"AGE": ["30", "about 40"]})
    with pytest.raises(KitError, match="row 1 holds 'about 40'"):
        map_columns(own, {"age": "AGE"})


def test_the_example_of_an_own_file_is_marked_and_readable():
    own = load_own(EXAMPLE_FILE)
    assert "synthetic" in EXAMPLE_FILE.name
    assert list(own.columns) == ["NUMERO", "SEXE", "AGE", "PAYS_NAISSANCE", "NATIONALITE"]
    assert len(own) > 500


def test_a_translation_into_no_code_of_the_kit_is_refused():
    own = pd.DataFrame({"S": ["H", "F"], "P": ["Gambie", "Mali"]})
    with pytest.raises(KitError, match=r"Male.*M, F, X"):
        map_columns(own, {"sex": "S"}, {"sex": {"H": "Male", "F": "F"}})
    with pytest.raises(KitError, match=r"Gambia.*three capital letters"):
        map_columns(own, {"country_birth": "P"}, {"country_birth": {"Gambie": "Gambia", "Mali": "MLI"}})


def test_two_columns_of_one_name_are_refused(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("age,sex,age\n1,M,2\n", encoding="utf-8")
    with pytest.raises(KitError, match="more than one column called 'age'"):
        load_own(path)


@pytest.mark.parametrize(("name", "near"), [("cencus", "census"), ("Border", "border")])
def test_a_misspelt_source_is_answered_with_the_nearest(folder, name, near):
    with pytest.raises(KitError, match=f"Did you mean '{near}'"):
        load(name)


def test_missing_data_of_another_country_say_the_whole_command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(KitError, match=r"python3 kit\.py data SEN --out data"):
        load("census", country="SEN")
