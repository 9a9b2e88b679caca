"""``kit check`` tells a person without Python what is wrong with a file."""

import pandas as pd
import pytest
from click.testing import CliRunner

from migkit.cli.check import command
from migkit.lesson import load
from migkit.reference import KitError


@pytest.fixture
def persons():
    return load("census").head(20)


def run(*arguments):
    return CliRunner().invoke(command, [str(each) for each in arguments], standalone_mode=False)


@pytest.mark.parametrize("name", ["census", "census_persons"])
def test_a_sound_file_agrees(tmp_path, persons, name):
    persons.to_csv(tmp_path / "mine.csv", index=False)
    done = run(tmp_path / "mine.csv", "--as", name)
    assert done.output == f"mine.csv: 20 rows and {len(persons.columns)} columns agree with census_persons.\n"
    assert done.return_value == 0


def test_mistakes_are_told_with_row_and_column_as_excel_shows_them(tmp_path, persons):
    wrong = persons.astype(object)
    wrong.loc[3, "sex"] = "Male"
    wrong.loc[4, "age"] = "thirty"
    wrong.rename(columns={"marital": "maritl"}).to_excel(tmp_path / "mine.xlsx", index=False)
    done = run(tmp_path / "mine.xlsx", "--as", "census")
    assert "mine.xlsx, row 5, column sex: 'Male' is not a code" in done.output
    assert "mine.xlsx, row 6, column age: 'thirty' is not a whole number" in done.output
    assert "not checked, because census_persons has no such column: maritl." in done.output
    assert done.return_value == 1


def test_what_cannot_be_checked_is_one_sentence(tmp_path, persons):
    persons.to_csv(tmp_path / "mine.csv", index=False)
    pd.DataFrame({"a": [1]}).to_csv(tmp_path / "other.csv", index=False)
    for arguments, words in (
        ((tmp_path / "mine.csv", "--as", "cencus"), "Did you mean 'census'"),
        ((tmp_path / "none.csv", "--as", "census"), "There is no file"),
        ((tmp_path / "mine.csv", "--as", "census", "--country", "XX"), "not a country code"),
    ):
        result = run(*arguments)
        assert isinstance(result.exception, KitError)
        assert words in str(result.exception) and "\n" not in str(result.exception)
    assert "has no column of the table" in run(tmp_path / "other.csv", "--as", "census").output


def test_a_code_whose_zeros_excel_has_taken_is_told_as_such(tmp_path):
    path = tmp_path / "students.csv"
    path.write_text("study_field\n3\n01\n", encoding="utf-8")
    done = run(path, "--as", "tertiary_students")
    assert "row 2, column study_field: '3' has lost its leading zeros" in done.output and "write 03" in done.output
