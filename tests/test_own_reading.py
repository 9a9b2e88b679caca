"""An office's own file is read as it stands, whatever program wrote it; what cannot be read is one sentence."""

import hashlib

import numpy as np
import pandas as pd
import pyreadstat
import pytest

import foreign_files
from migkit.own import read
from migkit.own.cells import as_numbers, as_text, same_code
from migkit.reference import KitError


def written(folder, text, name="mine.csv", encoding="utf-8"):
    path = folder / name
    path.write_bytes(text.encode(encoding) if isinstance(text, str) else text)
    return path


def cells(rows):
    """The cells column by column, None where one is missing."""
    return rows.astype(object).where(rows.notna(), None).to_dict("list")


def refused(path, **arguments):
    """The one sentence with which a file is refused."""
    with pytest.raises(KitError) as told:
        read(path, **arguments)
    assert "\n" not in str(told.value) and str(told.value).endswith((".", "?"))
    return str(told.value)


@pytest.mark.parametrize("hand", foreign_files.FOREIGN, ids=lambda hand: hand.__name__)
def test_reading_changes_no_byte_and_leaves_nothing_behind(tmp_path, hand):
    path, answers = hand(tmp_path)
    before = hashlib.sha256(path.read_bytes()).digest(), path.stat().st_mtime_ns
    own = read(path)
    assert (hashlib.sha256(path.read_bytes()).digest(), path.stat().st_mtime_ns) == before
    assert list(tmp_path.iterdir()) == [path]
    assert len(own.rows) == len(answers)
    text = own.rows.apply(lambda column: column.dropna().map(lambda cell: isinstance(cell, str)).all())
    assert text.all()


@pytest.mark.parametrize("hand", foreign_files.FOREIGN, ids=lambda hand: hand.__name__)
def test_some_columns_are_as_they_are_among_all(tmp_path, hand):
    path, _answers = hand(tmp_path)
    whole = read(path)
    some = list(whole.rows.columns)[1::2]
    part = read(path, [*some, "no such column"])
    assert list(part.rows.columns) == some
    pd.testing.assert_frame_equal(part.rows, whole.rows[some])
    assert {name: whole.codes.get(name) for name in some} == {name: part.codes.get(name) for name in some}


# ------------------------------------------------------------------------------------------------- CSV


@pytest.mark.parametrize(
    ("encoding", "lead"),
    [("utf-8", ""), ("utf-8-sig", ""), ("utf-16", ""), ("cp1252", ""), ("cp850", ""), ("utf-8", "sep=;\r\n")],
)
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_encodings_and_line_ends(tmp_path, encoding, lead, end):
    text = lead + "Prénom;Âge;Né à\r\nFélicité;12;Thiès\r\nZoé;7;Kédougou\r\n"
    own = read(written(tmp_path, text.replace("\r\n", end), encoding=encoding))
    assert own.rows.to_dict("list") == {
        "Prénom": ["Félicité", "Zoé"], "Âge": ["12", "7"], "Né à": ["Thiès", "Kédougou"]
    }  # fmt: skip


def test_typographic_apostrophes_of_windows(tmp_path):
    own = read(written(tmp_path, "pays,n\nCôte d’Ivoire,1\nœuvre – été,2\n", encoding="cp1252"))
    assert list(own.rows["pays"]) == ["Côte d’Ivoire", "œuvre – été"]


def test_bytes_that_windows_does_not_know_do_no_harm(tmp_path):
    own = read(written(tmp_path, "nom,âge\n".encode("cp1252") + b"Ren\xe9e \x81\xe9\xe8,4\n"))
    assert list(own.rows["âge"]) == ["4"]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators(tmp_path, separator):
    text = f'"Nom, prénom; titre"{separator}sexe\n"a{separator}b"{separator}M\n'
    own = read(written(tmp_path, text))
    assert own.rows.to_dict("list") == {"Nom, prénom; titre": [f"a{separator}b"], "sexe": ["M"]}


def test_values_with_line_breaks_quotes_and_separators(tmp_path):
    text = 'sexe,adresse,note\nM,"rue 10,\nDakar","dit ""oui"""\nF,,Fatou "la grande"\n'
    own = read(written(tmp_path, text))
    assert own.rows["adresse"].iloc[0] == "rue 10,\nDakar"
    assert list(own.rows["note"]) == ['dit "oui"', 'Fatou "la grande"']
    assert [own.row_number(at) for at in (0, 1)] == [2, 3]


def test_headings_are_tidied_and_may_break_over_lines(tmp_path):
    own = read(written(tmp_path, '" Pays de\nnaissance ",  Sexe  \nGambie, M \n'))
    assert own.rows.to_dict("list") == {"Pays de naissance": ["Gambie"], "Sexe": ["M"]}


def test_blank_cells_are_missing_and_words_are_not(tmp_path):
    own = read(written(tmp_path, 'a,b\nNA,NO\n"", \nnull,None\n-,n/a\n'))
    assert own.rows["a"].tolist()[0] == "NA" and own.rows["b"].tolist()[0] == "NO"
    assert own.rows.isna().to_numpy().tolist() == [[False, False], [True, True], [False, False], [False, False]]


def test_columns_without_heading(tmp_path):
    own = read(written(tmp_path, "sexe;;âge;;\nM;x;3;;\nF;y;4;;\n"))
    assert list(own.rows.columns) == ["sexe", "(column 2 without a heading)", "âge"]


def test_blank_lines_shift_the_numbers_of_rows_as_in_a_spreadsheet(tmp_path):
    own = read(written(tmp_path, "a,b\n1,2\n\n\n3,4\n5,6\n\n"))
    assert [own.row_number(at) for at in range(3)] == [2, 5, 6]
    plain = read(written(tmp_path, "a,b\n1,2\n3,4\n\n\n", "plain.csv"))
    assert plain.row_numbers is None and plain.row_number(1) == 3


@pytest.mark.parametrize("where", [2, 3, 40_000])
def test_a_ragged_line_is_told_by_its_number(tmp_path, where):
    lines = ['sexe,âge,"pays\nné"'] + ["M,3,GMB"] * 50_000
    lines[where] = "M,3,GMB,x"
    sentence = refused(written(tmp_path, "\n".join(lines)))
    assert f"line {where + 2}:" in sentence and "4 values under 3 column headings" in sentence


def test_a_line_that_is_too_short_is_told(tmp_path):
    assert "line 4: 2 values under 3" in refused(written(tmp_path, "a,b,c\n1,2,3\n\n1,2\n"))


@pytest.mark.parametrize(
    "text",
    [
        'n,sexe,âge,pays\n1,M,4,GMB\n2,"F,5,GMB\n3,M,6,GMB\n4,F,7,GMB\n',
        'n,sexe,âge,pays\n1,M,4,GMB\n2,F,5,"GMB\n3,M,6,GMB\n4,F,7,"GMB\n',
    ],
)
def test_a_quotation_mark_that_nobody_closed_swallows_no_rows(tmp_path, text):
    sentence = refused(written(tmp_path, text))
    assert "line 3: a quotation mark opens a value" in sentence and "line 5" in sentence


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("sexe,âge\n", "has headings but no rows"),
        ("sexe,âge", "has headings but no rows"),
        ("\n\nsexe,âge\nM,1\n", "the first line must hold the headings, and it is blank"),
        (",,\n1,2,3\n", "the first line must hold the headings, and it is blank"),
        ("Recensement 2024\nsexe,âge,pays\nM,1,GMB\n", "it holds a title"),
        ("Recensement;;\n;;\nsexe;âge;pays\nM;1;GMB\n", "it holds a title"),
        ("sexe,âge,sexe\nM,1,F\n", "more than one column called 'sexe'"),
        (b"PK\x03\x04" + bytes(range(256)), "is not a text file"),
        (b"\x00\x01\x02" * 99, "is not a text file"),
        (b"\xd0\xcf\x11\xe0" + b"a,b\n" * 20, "is not a text file"),
        (b"\xff\xfea", "says that it is UTF-16"),
    ],
)
def test_what_is_no_table_is_one_sentence(tmp_path, text, words):
    assert words in refused(written(tmp_path, text))


def test_files_of_other_kinds_and_places(tmp_path):
    assert "files of the kind '.pdf' cannot be read; use one of .csv" in refused(tmp_path / "mine.pdf")
    assert "There is no file" in refused(tmp_path / "none.csv")
    assert "There is no file" in refused(tmp_path.with_suffix(".csv"))
    path = written(tmp_path, "a,b\n1,2\n")
    assert "has none of the columns asked for" in refused(path, columns=["c"])


@pytest.mark.parametrize("ending", [".parquet", ".xlsx", ".sav", ".dta", ".por", ".zsav"])
def test_damaged_files_are_one_sentence(tmp_path, ending):
    refused(written(tmp_path, b"this is no such file at all, " * 40, "mine" + ending))
    refused(written(tmp_path, b"", "mine" + ending))


def test_a_cut_file_is_one_sentence(tmp_path):
    for hand in (foreign_files.ipums, foreign_files.parquet, foreign_files.text_workbook):
        path, _answers = hand(tmp_path)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        refused(path)


# ----------------------------------------------------------------------------------------------- Excel


def workbook(folder, rows, **sheets):
    path = folder / "mine.xlsx"
    with pd.ExcelWriter(path) as writer:
        for name, cells in {"Sheet1": rows, **sheets}.items():
            pd.DataFrame(cells).to_excel(writer, sheet_name=name, index=False, header=False)
    return path


def test_excel_cells_are_text(tmp_path):
    rows = [["sexe", "âge", 2024, "né le"], ["M", 4, 1.5, pd.Timestamp("2020-02-01")], ["F", "04", "NA", None]]
    own = read(workbook(tmp_path, rows))
    assert cells(own.rows) == {
        "sexe": ["M", "F"], "âge": ["4", "04"], "2024": ["1.5", "NA"], "né le": ["2020-02-01", None]
    }  # fmt: skip
    assert own.row_number(0) == 2


def test_sheets_are_chosen_by_name(tmp_path):
    path = workbook(tmp_path, [["note"], ["x"]], persons=[["sexe"], ["M"]])
    assert list(read(path, sheet="persons").rows["sexe"]) == ["M"]
    assert "has no sheet 'Persons'; its sheets are: Sheet1, persons" in refused(path, sheet="Persons")


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([["Recensement général", None, None], [None] * 3, ["sexe", "âge", "pays"], ["M", 1, "GMB"]], "a title"),
        ([["Recensement", None, None], ["sexe", "âge", "pays"], ["M", 1, "GMB"]], "a title"),
        ([[None, None], ["sexe", "âge"], ["M", 1]], "the first row must hold the headings, and it is blank"),
        ([["sexe", "sexe"], ["M", "F"]], "more than one column called 'sexe'"),
        ([["sexe", "âge"]], "has headings but no rows"),
        ([], "the sheet is empty"),
    ],
)
def test_sheets_that_are_no_table(tmp_path, rows, words):
    assert words in refused(workbook(tmp_path, rows))


def test_blank_rows_of_a_sheet_keep_their_numbers(tmp_path):
    own = read(workbook(tmp_path, [["sexe", "âge"], ["M", 4], [None, None], ["F", 5]]))
    assert len(own.rows) == 3 and own.rows.iloc[1].isna().all()
    assert own.row_number(2) == 4


# ------------------------------------------------------------------------------------- SPSS, Stata, Parquet


def test_what_spss_says_of_its_codes_is_kept(tmp_path):
    path, _answers = foreign_files.spss_numbered(tmp_path)
    own = read(path)
    assert own.labels["P03"] == "Sexo" and own.codes["P03"] == {"1": "1. Masculino", "2": "2. Feminino"}
    assert own.missing == {"P04": frozenset({"999"}), "P05": frozenset({"99"})}
    assert own.row_number(0) == 1


def test_letters_for_missing_values_of_stata(tmp_path):
    path = tmp_path / "mine.dta"
    frame = pd.DataFrame({"age": pd.Series([1, 2, "a", "b", 98], dtype=object)})
    pyreadstat.write_dta(
        frame, str(path), missing_user_values={"age": ["a", "b"]}, variable_value_labels={"age": {"a": "Refused"}}
    )
    own = read(path)
    assert own.rows["age"].tolist() == ["1", "2", "a", "b", "98"]
    assert own.missing == {"age": frozenset("ab")} and own.codes["age"]["a"] == "Refused"


@pytest.mark.parametrize(("ending", "version"), [("sav", {}), ("dta", {"version": 12})])
def test_old_files_with_the_letters_of_windows(tmp_path, ending, version):
    path = tmp_path / f"ancien.{ending}"
    write = pyreadstat.write_sav if ending == "sav" else pyreadstat.write_dta
    frame = pd.DataFrame({"p": [1.0, 2.0], "lieu": ["Thi#s", "Dakar"]})
    labels = {"p": {1: "F#minin", 2: "Masculin"}}
    write(frame, str(path), column_labels=["Sexe d#clar#", "Lieu"], variable_value_labels=labels, **version)
    path.write_bytes(path.read_bytes().replace(b"#", "é".encode("cp1252")))
    for own in (read(path), read(path, ["p", "lieu"])):
        assert own.labels["p"] == "Sexe déclaré" and own.codes["p"]["1"] == "Féminin"
        assert own.rows["lieu"].tolist() == ["Thiés", "Dakar"]


def test_missing_text_of_spss(tmp_path):
    path = tmp_path / "mine.sav"
    frame = pd.DataFrame({"pais": ["Mali", "NR", "Togo"], "n": [1.0, 2.5, None]})
    pyreadstat.write_sav(frame, str(path), missing_ranges={"pais": ["NR"]})
    own = read(path)
    assert own.missing == {"pais": frozenset({"NR"})}
    assert own.rows["n"].tolist()[:2] == ["1", "2.5"] and own.rows["n"].isna().tolist()[2]


def test_parquet_of_every_type(tmp_path):
    frame = pd.DataFrame(
        {
            "long": pd.array([2**62 + 1, None, 3], dtype="Int64"),
            "yes": pd.array([True, None, False], dtype="boolean"),
            "sure": [True, False, True],
            "float": [1.0, 2.5, np.nan],
            "day": pd.to_datetime(["2020-02-01", None, "1999-12-31"]),
            "kind": pd.Categorical(["b ", "a", None]),
            "code": pd.Categorical([3, 1, 3]),
            "text": [" x ", "", None],
            "small": np.array([1, 2, 3], dtype="int8"),
            "list": [[1, 2], [], None],
        }
    )
    frame["date"] = frame["day"].dt.date
    path = tmp_path / "mine.parquet"
    frame.to_parquet(path)
    own = read(path)
    held = cells(own.rows)
    assert held["long"] == [str(2**62 + 1), None, "3"]
    assert held["yes"] == ["true", None, "false"] and held["sure"] == ["true", "false", "true"]
    assert held["float"] == ["1", "2.5", None]
    assert held["day"] == held["date"] == ["2020-02-01", None, "1999-12-31"]
    assert held["kind"] == ["b", "a", None] and held["code"] == ["3", "1", "3"]
    assert held["text"] == ["x", None, None] and held["small"] == ["1", "2", "3"]
    assert held["list"][2] is None


def test_a_parquet_file_without_rows(tmp_path):
    path = tmp_path / "mine.parquet"
    pd.DataFrame({"a": pd.Series([], dtype=str)}).to_parquet(path)
    assert "has headings but no rows" in refused(path)


# ------------------------------------------------------------------------------------------------ cells


def numbers(*cells, whole=False):
    return as_numbers(pd.Series(cells, dtype=object), whole).tolist()


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1", "2.5", "-3", "1e3"], [1, 2.5, -3, 1000]),
        (["1,5", "0,25"], [1.5, 0.25]),
        (["1 234,5", "1\u202f234,5", "1\u00a0234"], [1234.5, 1234.5, 1234]),
        (["1.234,5"], [1234.5]),
        (["1,234.5", "12,000"], [1234.5, 12000]),
        (["vingt", "", "12 ans"], [np.nan] * 3),
    ],
)
def test_numbers_as_people_write_them(cells, values):
    np.testing.assert_equal(numbers(*cells), values)


def test_whole_numbers_have_no_decimal_commas():
    assert numbers("12,500", "800", whole=True) == [12500, 800]
    assert numbers("12,500", "800") == [12.5, 800]
    assert numbers("12,5", whole=True) == [12.5]


def test_the_same_code_looks_the_same():
    assert {same_code(code) for code in ("1", "01", "1.0", "001.00")} == {"1"}
    assert [same_code(code) for code in ("0", "00", "-1", "1.5", "A1", "")] == ["0", "0", "-1", "1.5", "A1", ""]


def test_text_of_every_kind_of_column_keeps_its_index():
    frame = pd.DataFrame({"a": [1.0, None], 7: ["x ", " "]}, index=["p", "q"])
    text = as_text(frame)
    assert list(text.columns) == ["a", "7"] and list(text.index) == ["p", "q"]
    assert cells(text) == {"a": ["1", None], "7": ["x", None]}
