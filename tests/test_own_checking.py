"""`kit own check` says what does not fit, by row and column, and never whom it concerns."""

import hashlib
import re

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import foreign_files
from foreign_files import MARK, NUMBER
from migkit.cli import main
from migkit.cli.own import command
from migkit.own import Column, Map, OwnFile, check, harmonise, propose, read, read_map, write_findings, write_map
from migkit.own.harmonising import veiled
from migkit.reference import KitError

HANDS = pytest.mark.parametrize("hand", foreign_files.FOREIGN, ids=lambda hand: hand.__name__)


@pytest.fixture(autouse=True)
def nothing_is_installed(monkeypatch):
    monkeypatch.setattr("migkit.cli.own.ensure", lambda group: None)


def run(*arguments):
    return CliRunner().invoke(command, [str(each) for each in arguments], standalone_mode=False)


def csv(folder, text, name="mine.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def found(path, country="GMB", table="census_persons", **columns):
    """What is found in a file with the proposed map, or with one of these columns."""
    own = read(path)
    mapping = Map(own.name, table, country, columns, day="2024-07-01") if columns else propose(own, table, country)
    return check(own, mapping)


def only(findings, words):
    """The one finding with these words."""
    (finding,) = [each for each in findings if words in each.text]
    return finding


# ---------------------------------------------------------------------------------- one kind after the other


def test_codes_that_are_open_and_values_that_are_not_in_the_map(tmp_path):
    path = csv(tmp_path, "sexe\nM\nF\nM\nZ\nZ\nZ\nZ\nZ\nRare\n")
    findings = found(path, sex=Column("sex", "sexe", {"M": "M", "F": "F", "Z": "?"}))
    opened = only(findings, "the map leaves open: 'Z'")
    assert (opened.rows, opened.row_numbers, opened.serious) == (5, (5, 6, 7), False)
    strange = only(findings, "not in the map: a value such as Aaaa")
    assert (strange.rows, strange.row_numbers, strange.serious) == (1, (10,), True)
    assert str(strange).startswith("sexe: ") and str(strange).endswith("(1 rows; first: 10)")
    assert findings.index(strange) < findings.index(opened)


def test_numbers_that_are_none_or_cannot_be(tmp_path):
    path = csv(tmp_path, "âge,mois,n\n4,1,1\nvieux,13,2\n-1,2.5,3\n200,6,x\n999,7,5\n30.7,8,6\n,9,7\n")
    age = Column("age", "âge", blank=("999",))
    findings = found(path, age=age, arrival_month=Column("arrival_month", "mois"), weight=Column("weight", "n"))
    assert only(findings, "(0 to 130): '-1', '200'").row_numbers == (4, 5)
    assert only(findings, "(1 to 12): '13'").row_numbers == (3,)
    assert only(findings, "no whole numbers: a value such as 9.9").row_numbers == (4,)
    assert {each.row_numbers for each in findings if "no numbers: a value such as a" in each.text} == {(3,), (5,)}
    held = harmonise(read(path), Map("mine.csv", "census_persons", "GMB", {"age": age}))
    np.testing.assert_equal(held.rows["age"].to_numpy(), [4, np.nan, np.nan, np.nan, np.nan, 30, np.nan])


def test_days_are_read_in_the_order_that_the_column_shows(tmp_path):
    path = csv(tmp_path, "date\n31/12/2023\n03/04/2024\n45292\n12 mai 1984\n31/02/2024\n2024-02-30x\n")
    mapping = Map("mine.csv", "border_crossings", "GMB", {"date": Column("date", "date")})
    held = harmonise(read(path), mapping)
    assert held.rows["date"].iloc[:4].tolist() == ["2023-12-31", "2024-04-03", "2024-01-01", "1984-05-12"]
    assert held.rows["date"].iloc[4:].isna().all()
    assert only(check(read(path), mapping, held), "no days").row_numbers == (6, 7)
    csv(tmp_path, "date\n03/04/2024\n05/06/2024\n")
    assert only(found(path, table="border_crossings", date=Column("date", "date")), "two readings").rows == 2


def test_identifiers_that_are_blank_or_stand_twice(tmp_path):
    path = csv(tmp_path, f"person_id,age\n{NUMBER}1,4\n{NUMBER}2,5\n,6\n{NUMBER}1,7\n")
    findings = found(path)
    assert only(findings, "identifier is blank").row_numbers == (4,)
    assert only(findings, "more than one row").row_numbers == (2, 5)
    assert NUMBER not in " ".join(map(str, findings))


def test_household_and_line_identify_together(tmp_path):
    path = csv(tmp_path, "household number,line number,age\n1,1,4\n1,2,5\n2,1,6\n2,1,7\n")
    twice = only(found(path), "more than one row")
    assert twice.column == "household number, line number" and twice.row_numbers == (4, 5)


def test_blanks_where_everybody_is_asked(tmp_path):
    text = "sexe,âge,second citizenship,marital status\n" + "M,,,\n" * 3 + "F,20,SEN,S\n" * 5
    findings = found(csv(tmp_path, text))
    blank = only(findings, "are blank")
    assert (blank.column, blank.rows, blank.serious) == ("âge", 3, False) and "38%" in blank.text


def test_rows_that_hold_nothing(tmp_path):
    path = csv(tmp_path, "sexe,âge,note\nM,4,\n,,x\nF,5,\n,,\n")
    empty = only(found(path), "hold nothing")
    assert (empty.rows, empty.row_numbers, empty.column) == (2, (3, 5), "")


def test_another_country_than_the_map_says(tmp_path):
    path = csv(tmp_path, "Pays de naissance\n" + "Sénégal\n" * 9 + "Gambie\n" * 3)
    assert "most persons have SEN, and the map says country: GMB" in only(found(path), "is that the country").text
    assert found(path, country="SEN") == []


def test_answers_that_contradict_each_other(tmp_path):
    text = "Âge,Année d'arrivée,situation matrimoniale,pays de naissance\n40,1970,M,SEN\n9,,M,GMB\n30,2030,S,GMB\n"
    columns = {
        "age": Column("age", "Âge"), "arrival_year": Column("arrival_year", "Année d'arrivée"),
        "marital": Column("marital", "situation matrimoniale"),
        "country_birth": Column("country_birth", "pays de naissance"),
    }  # fmt: skip
    findings = found(csv(tmp_path, text), **columns)
    before = only(findings, "before the birth")
    assert before.row_numbers == (2,) and before.column == "Année d'arrivée, Âge"
    assert only(findings, "after the census").row_numbers == (4,)
    assert only(findings, "A child under 12 is or was married").column == "Âge, situation matrimoniale"
    own = read(csv(tmp_path, text))
    without_day = check(own, Map("mine.csv", "census_persons", "GMB", columns))
    assert not [each for each in without_day if "after the census" in each.text]


def test_households_are_told_by_any_kind_of_identifier(tmp_path):
    text = "household number,relationship,age\n" + "A-7,Head,30\n" * 2 + "B 1,Child,4\n" + ",Head,9\n"
    findings = found(csv(tmp_path, text))
    assert only(findings, "has no head").row_numbers == (4,)
    assert only(findings, "second head").row_numbers == (3,)


def test_guesses_are_told(tmp_path):
    guess = only(found(csv(tmp_path, "sexe\n1\n2\n")), "a guess")
    assert str(guess) == "sexe: taken for sex, which is a guess; confirm it in the map."


def test_rows_are_numbered_as_the_program_of_the_file_does(tmp_path):
    frame = pd.DataFrame({"sexe": ["M", "F", "Q"]})
    frame.to_excel(tmp_path / "mine.xlsx", index=False)
    frame.to_parquet(tmp_path / "mine.parquet")
    csv(tmp_path, "sexe\nM\n\nF\nQ\n")
    columns = {"sex": Column("sex", "sexe", {"M": "M", "F": "F"})}
    numbers = {
        end: found(tmp_path / f"mine.{end}", **columns)[0].row_numbers for end in ("xlsx", "parquet", "csv")
    }
    assert numbers == {"xlsx": (4,), "parquet": (3,), "csv": (5,)}


def test_a_map_for_another_file_is_told(tmp_path):
    path = csv(tmp_path, "sexe,age\nM,1\n")
    own = read(path)
    with pytest.raises(
        KitError, match=r"from a column 'sexes', which mine\.csv does not have\. Did you mean 'sexe'"
    ):
        check(own, Map("mine.csv", "census_persons", "GMB", {"sex": Column("sex", "sexes")}))


def test_codes_are_the_same_with_and_without_zeros(tmp_path):
    path = csv(tmp_path, "s,c\n1,SEN\n01,GMB\n2.0,XYZ\n002,\n")
    mapping = Map("m", "census_persons", "GMB", {"sex": Column("sex", "s", {"01": "M", "2": "F"}),
                                                "citizenship": Column("citizenship", "c")})  # fmt: skip
    held = harmonise(read(path), mapping)
    assert held.rows["sex"].tolist() == ["M", "M", "F", "F"]
    both = Map("m", "census_persons", "GMB", {"sex": Column("sex", "s", {"01": "M", "1": "F", "2": "F"})})
    assert harmonise(read(path), both).rows["sex"].tolist() == ["F", "M", "F", "F"]


def test_examples_of_few_rows_are_veiled():
    assert veiled("Fatou Jallow 12/03", 4) == "a value such as Aaaaa Aaaaaa 99/99"
    assert veiled("Banjul", 5) == "'Banjul'" and veiled("999", 1) == "'999'"
    assert veiled("12345", 1) == "a value such as 99999" and len(veiled("x" * 500, 9)) < 50


# -------------------------------------------------------------------------------------- the foreign files


@HANDS
def test_the_command_line_from_map_to_check(tmp_path, hand, monkeypatch):
    path, answers = hand(tmp_path)
    before = hashlib.sha256(path.read_bytes()).digest()
    monkeypatch.chdir(tmp_path)
    done = run("map", path, "--country", foreign_files.FOREIGN[hand])
    assert done.exception is None and "are recognised as columns of census_persons" in done.output
    done = [done, run("check", path, "--map", f"{path.stem}.map.yml", "--out", "findings")]
    assert done[1].exception is None and done[1].return_value == 0, done[1].output
    assert f"{path.name}: {len(answers):,} rows, " in done[1].output
    assert hashlib.sha256(path.read_bytes()).digest() == before
    written = {each.relative_to(tmp_path).as_posix() for each in tmp_path.rglob("*") if each.is_file()}
    assert written == {path.name, f"{path.stem}.map.yml", "findings/check.csv"}
    told = [each.output for each in done]
    told += [(tmp_path / name).read_text(encoding="utf-8-sig") for name in written - {path.name}]
    assert not [text for text in told if MARK in text or NUMBER in text]
    mapping = read_map(tmp_path / f"{path.stem}.map.yml")
    assert [str(each) for each in check(read(path), mapping)] == [
        line.removeprefix("to look at: ") for line in done[1].output.splitlines()[1:-2]
    ]


@HANDS
def test_a_file_of_nothing_but_mistakes_names_nobody(tmp_path, hand):
    """Every column of the file under every harmonised column that takes it: the worst map there is."""
    path, _answers = hand(tmp_path)
    own = read(path)
    for name in ("country_birth", "region", "age", "person_id"):
        for column in own.rows.columns:
            mapping = Map(
                own.name, "census_persons", "GMB", {name: Column(name, column, sure=False)}, day="2024-07-01"
            )
            held = harmonise(own, mapping)
            assert len(held.rows) == len(own.rows)
            told = " ".join(map(str, check(own, mapping, held)))
            often = own.rows[column].value_counts()
            if not [value for value in often.index[often >= 5] if MARK in value or NUMBER in value]:
                assert MARK not in told and NUMBER not in told


def test_findings_as_a_file(tmp_path):
    path = csv(tmp_path, "sexe,âge\nM,4\n1,200\n2,3\n")
    own = read(path)
    findings = check(own, propose(own))
    written = write_findings(findings, own, tmp_path / "out")
    assert written == tmp_path / "out" / "check.csv" and written.read_bytes().startswith(b"\xef\xbb\xbf")
    table = pd.read_csv(written, encoding="utf-8-sig", keep_default_na=False)
    assert list(table.columns) == ["file", "column", "serious", "rows", "first_rows", "finding"]
    assert len(table) == len(findings) and table["serious"].tolist()[0] == "yes"
    assert write_findings([], own, tmp_path / "none").read_text(encoding="utf-8-sig").count("\n") == 1


# ------------------------------------------------------------------------------------------ command line


def test_a_map_that_is_there_is_not_written_over(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    csv(tmp_path, "sexe\nM\n")
    assert run("map", "mine.csv").exception is None
    (tmp_path / "mine.map.yml").write_text("corrected", encoding="utf-8")
    done = run("map", "mine.csv")
    assert isinstance(done.exception, KitError) and "is there already, perhaps corrected" in str(done.exception)
    assert (tmp_path / "mine.map.yml").read_text(encoding="utf-8") == "corrected"
    assert run("map", "mine.csv", "--force").exception is None
    assert run("map", "mine.csv", "--out", tmp_path / "maps" / "m.yml").exception is None
    assert read_map(tmp_path / "maps" / "m.yml").columns


def test_the_end_of_check_tells_whether_something_is_serious(tmp_path):
    assert run("check", csv(tmp_path, "sexe,âge\nM,4\nF,5\n")).return_value == 0
    done = run("check", csv(tmp_path, "sexe,âge\nM,4\nF,5\nM,6\nM,500\n"))
    assert done.return_value == 1 and "1 serious findings" in done.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check", "none.csv"], "There is no file"),
        (["check", "mine.csv", "--map", "none.yml"], "There is no map"),
        (["check", "mine.csv", "--map", "mine.csv"], "mine.csv"),
        (["check", "mine.csv", "--map", "other.yml"], "has none of the columns asked for"),
        (["check", "mine.csv", "--as", "cencus"], "Did you mean 'census'"),
        (["check", "mine.csv", "--country", "XX"], "'XX' is not a country code"),
        (["map", "mine.csv", "--country", "Gambia"], "'Gambia' is not a country code"),
        (["map", "odd.csv"], "none of its columns was recognised as one of census_persons; its columns are: q, r"),
        (["map", "mine.xlsx", "--sheet", "x"], "has no sheet 'x'"),
        (["map", "mine.csv", "--out", "mine.csv/x.yml"], "cannot be read or written"),
        (["map", "mine.doc"], "cannot be read; use one of .csv"),
        (["map", "."], "cannot be read"),
    ],
)
def test_mistakes_are_one_sentence_and_end_with_1(tmp_path, monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(tmp_path)
    csv(tmp_path, "sexe,âge\nM,4\n")
    csv(tmp_path, "q,r\nx,4\n", "odd.csv")
    csv(tmp_path, "country: GMB\ncolumns:\n  sex: other\n", "other.yml")
    pd.DataFrame({"sexe": ["M"]}).to_excel("mine.xlsx", index=False)
    with pytest.raises(SystemExit) as end:
        main(["own", *arguments])
    told = capsys.readouterr().err.splitlines()
    assert end.value.code == 1 and len(told) == 1
    assert told[0].startswith("kit: ") and words in told[0]


def test_progress_moves_on(tmp_path, monkeypatch):
    shares = []

    class Step:
        def __init__(self, label):
            pass

        def __enter__(self):
            return lambda share, text: shares.append(share)

        def __exit__(self, *_error):
            return None

    monkeypatch.setattr("migkit.cli.own.step", Step)
    path = csv(tmp_path, "sexe,âge,pays de naissance\nM,4,GMB\nF,5,SEN\n")
    for arguments in (("map", path, "--out", tmp_path / "m.yml"), ("check", path)):
        shares.clear()
        run(*arguments)
        assert len(set(shares)) > 4 and shares == sorted(shares) and shares[0] >= 0 and shares[-1] <= 1


# ------------------------------------------------------------------------------------------- anything goes

HEADINGS = [
    "sexe",
    "Âge",
    "Pays de naissance",
    "NATION",
    "person_id",
    "ménage",
    "HV005",
    "région",
    "Q3",
    "x",
    "line no",
]
CELLS = [
    "",
    "M",
    "2",
    "01",
    "Guinée",
    "Sénégal",
    "999",
    "-4",
    "1,5",
    "NA",
    "NO",
    "?",
    "x" * 300,
    "12/13/2024",
    "\x07",
    "é\n;",
]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from(HEADINGS), min_size=1, max_size=6, unique=True),
    st.lists(
        st.lists(st.sampled_from(CELLS) | st.text(max_size=8), min_size=6, max_size=6), min_size=1, max_size=12
    ),
)
def test_any_cells_give_a_map_and_findings_or_one_sentence(tmp_path, headings, rows):
    frame = pd.DataFrame([row[: len(headings)] for row in rows], columns=headings, dtype=object)
    frame = frame.map(lambda cell: re.sub(r"[\ud800-\udfff\0]", "", cell) or None)
    own = OwnFile(tmp_path / "mine.csv", frame.astype("str" if pd.__version__ >= "3" else object))
    try:
        mapping = propose(own)
    except KitError as error:
        assert "none of its columns was recognised" in str(error)
        return
    held = harmonise(own, mapping)
    assert len(held.rows) == len(frame)
    for each in check(own, mapping, held):
        assert each.rows <= len(frame) and str(each).isprintable()
    write_map(mapping, own, tmp_path / "m.yml")
    assert read_map(tmp_path / "m.yml") == mapping


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "ignore")))
def test_any_bytes_are_a_table_or_one_sentence(tmp_path, content):
    for name in ("mine.csv", "mine.xlsx", "mine.sav", "mine.dta", "mine.por", "mine.parquet"):
        path = tmp_path / name
        path.write_bytes(content)
        try:
            own = read(path)
        except KitError as error:
            assert "\n" not in str(error)
        else:
            assert len(own.rows) >= 1
