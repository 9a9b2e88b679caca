"""The roster as people save it, and the class that is made from it."""

import pytest

from classroom_tiny import ROSTER, make_class, write_data, write_source
from migkit.classroom.course import EXAMPLE_ROSTER, new_course, open_course
from migkit.classroom.roster import plain, read_roster, safe_id, write_roster
from migkit.reference import KitError

ROWS = [("p01", "Aïssatou", "Bâ"), ("p02", "Inês", "Gonçalves"), ("p03", "Fatou", "N'Diaye")]


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_any_delimiter_and_encoding_gives_the_same_people(tmp_path, delimiter, encoding):
    heading = delimiter.join(["student_id", "first_name", "last_name"])
    text = "\r\n".join([heading, *(delimiter.join(row) for row in ROWS), "", delimiter * 2])
    people = read_roster(write(tmp_path / "r.csv", text, encoding)).people
    assert [(p.student_id, p.first_name, p.last_name) for p in people] == ROWS


def test_french_and_portuguese_headings(tmp_path):
    people = read_roster(
        write(tmp_path / "r.csv", "Identifiant;Prénom;Nom;Courriel\np1;Awa;Ba;a@example.org\n")
    ).people
    assert (people[0].name, people[0].email) == ("Awa Ba", "a@example.org")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("student_id,last_name\np01,A\np01,B\n", ["row 3", "student_id", "p01", "row 2"]),
        ("student_id,last_name\nA,A\na,B\n", ["row 3", "student_id"]),
        ("student_id,last_name\np01,A\n,B\n", ["row 3", "student_id", "no id"]),
        ("student_id,last_name\n///,B\n", ["row 2", "student_id"]),
        ("student_id,first_name,last_name\np01,,\n", ["row 2", "last_name", "p01"]),
        ("name,mail\nx,y\n", ["student_id", "name, mail"]),
        ("student_id,last_name\n", ["names nobody"]),
        ("", ["names nobody"]),
    ],
)
def test_mistakes_name_row_and_column(tmp_path, text, words):
    with pytest.raises(KitError) as caught:
        read_roster(write(tmp_path / "r.csv", text))
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_a_spreadsheet_or_a_missing_file_is_said_in_words(tmp_path):
    with pytest.raises(KitError, match="Save as"):
        read_roster(write(tmp_path / "r.csv", "PK\x03\x04"))
    with pytest.raises(KitError, match="There is no roster"):
        read_roster(tmp_path / "absent.csv")


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("p01", "p01"),
        ("a+b c", "a+b_c"),
        ("Aïssatou Bâ", "Aissatou_Ba"),
        ("../../etc", "etc"),
        ("CON", "CON_"),
        ("nul.txt", "nul.txt_"),
        ("x/y\\z:", "x_y_z"),
        ("...", ""),
    ],
)
def test_ids_are_safe_as_folders(given, safe):
    assert safe_id(given) == safe


def test_changed_ids_are_told(tmp_path):
    roster = read_roster(write(tmp_path / "r.csv", ROSTER))
    assert [p.student_id for p in roster.people][-1] == "a+b_c"
    assert len(roster.notices) == 1
    assert "Moussa Traoré" in roster.notices[0]


def test_plain_ignores_accents_and_signs():
    assert plain("N'Diaye  Fâtou") == "n_diaye_fatou"


def test_the_example_roster_is_of_forty_synthetic_people():
    people = read_roster(EXAMPLE_ROSTER).people
    assert len(people) == 40
    assert all("synthetic" in p.institution and p.email.endswith("@example.org") for p in people)
    assert sum(p.sex == "F" for p in people) == sum(p.sex == "M" for p in people) == 20
    assert {p.language for p in people} == {"en", "fr", "pt"}
    assert len({p.institution for p in people}) == 4
    assert len({p.name for p in people}) == 40


@pytest.mark.parametrize(
    ("heading", "values", "found"),
    [
        ("Sexe;Langue;Agency", "Femme;Français;Bureau", ("F", "fr", "Bureau")),
        ("sexo;língua;instituição", "masculino;Português;INE", ("M", "pt", "INE")),
        ("gender;language;office", "W;English;NBS", ("F", "en", "NBS")),
        ("sex;language;agency", "not said;Wolof;", ("not said", "Wolof", "")),
    ],
)
def test_sex_language_and_agency_in_peoples_words(tmp_path, heading, values, found):
    text = f"student_id;last_name;{heading}\np01;A;{values}\n"
    person = read_roster(write(tmp_path / "r.csv", text)).people[0]
    assert (person.sex, person.language, person.institution) == found


def test_a_roster_is_written_and_read_again(tmp_path):
    roster = read_roster(EXAMPLE_ROSTER)
    write_roster(roster, tmp_path / "again.csv")
    assert read_roster(tmp_path / "again.csv") == roster


def test_a_class_has_its_rooms_and_keeps_the_truth_apart(tmp_path):
    course = make_class(tmp_path)
    assert {p.name for p in (course.root / "data").iterdir()} == {"people.csv"}
    assert {p.name for p in (course.root / "trainer").iterdir()} == {
        "manifest.json",
        "synthetic_gmb_truth_persons.csv",
    }
    with course.gradebook() as gradebook:
        assert {(s.id, s.last_name) for s in gradebook.students} == {
            ("p01", "Ceesay"),
            ("p02", "Gomes"),
            ("p03", "N'Diaye"),
            ("a+b_c", "Traoré"),
        }
    assert open_course(course.root.name, course.root.parent).settings == course.settings
    assert open_course(str(course.root)).root == course.root


def test_a_class_that_exists_is_not_made_again(tmp_path):
    course = make_class(tmp_path)
    with pytest.raises(KitError, match="exists already"):
        new_course(course.root.name, tmp_path / "roster.csv", folder=course.root.parent)


def test_an_interrupted_class_leaves_nothing(tmp_path):
    def broken(*_arguments):
        raise KeyboardInterrupt

    roster = write(tmp_path / "roster.csv", ROSTER)
    source = write_source(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        new_course("c", roster, "tiny", folder=tmp_path / "classes", source=source, write_data=broken)
    assert list((tmp_path / "classes").iterdir()) == []
    new_course("c", roster, "tiny", folder=tmp_path / "classes", source=source, write_data=write_data)


def test_the_seed_of_a_class_cannot_be_guessed_from_its_name(tmp_path):
    roster = write(tmp_path / "roster.csv", ROSTER)
    source = write_source(tmp_path)
    seeds = {
        new_course("same", roster, "tiny", folder=tmp_path / n, source=source, write_data=write_data)[
            0
        ].settings.seed
        for n in ("one", "two")
    }
    assert len(seeds) == 2


@pytest.mark.parametrize("name", ["a/b", "..", "a+b", "what?", " x", "{x}", ""])
def test_names_that_cannot_be_folders(tmp_path, name):
    with pytest.raises(KitError, match="cannot be a folder"):
        new_course(name, tmp_path / "roster.csv", folder=tmp_path)


def test_an_unknown_class_is_answered_with_those_that_exist(tmp_path):
    course = make_class(tmp_path, "banjul")
    with pytest.raises(KitError, match="banjul"):
        open_course("kanifing", course.root.parent)
