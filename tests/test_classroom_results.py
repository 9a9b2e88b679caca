"""Results, exports and the similarity report on a made-up class, so that every number is known."""

import csv
import io
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from classroom_tiny import MODULE, RIGHT, answer, make_class, source_notebook, text, write_data, write_source
from migkit.classroom import exports, items, similarity, similarity_page, standings
from migkit.classroom.course import Course, Settings, new_course
from migkit.classroom.grading import grade
from migkit.classroom.handin import Entry, collect
from migkit.classroom.handout import release
from migkit.classroom.marks import Mark
from migkit.classroom.results import as_page, as_text, results, without_names, write_results
from migkit.classroom.results_xlsx import as_workbook
from migkit.classroom.roster import Person
from migkit.classroom.scores import Question, Score
from migkit.classroom.standings import HandIn, Results, Row
from migkit.cli.class_ import command
from migkit.reference import KitError

QUESTIONS = tuple(
    [Question(f"q{n}", (f"q{n}",), 2.0, f"Title {n}", False) for n in range(1, 6)]
    + [Question("q6", ("q6",), 4.0, "In words", True)]
)
CAUSES = {"q1": "Visitors are counted too.", "q3": "The rows of unknown age are left out."}
BAD_NAME = '=HYPERLINK("http://bad.example.org","x")'


def mark(label, points, student, fingerprint=""):
    """A mark as the grader gives it; half of the wrong ones have a known cause."""
    if points == 2:
        return Mark(label, label, 2, 2, "right", came="a number: 5", fingerprint=f"{label}-right")
    cause = CAUSES.get(label, "")
    return Mark(
        label,
        label,
        points,
        2,
        "part" if points else "wrong",
        came="a number: 7",
        off="40 too many",
        cause=cause,
        cause_key=f"{label}/1" if cause else "",
        fingerprint=fingerprint or (f"{label}-usual" if cause else f"{label}-{student}"),
    )


def person(place):
    agencies = ["Statistics Office", "Migration Service", "Ministry of Labour"]
    sizes = (18, 37, 40)  # so the ministry has three
    agency = agencies[next(n for n, size in enumerate(sizes) if place < size)]
    return Person(
        f"p{place:02}",
        ["Awa", "Lamin", "Inês", "Kwame"][place % 4],
        f"Synthetic{place}",
        f"p{place}@example.org",
        agency,
        "GMB",
        "FM"[place % 2],
        "en",
    )


def points_of(place, label):
    """Question 5 is the wrong way round; the others are earned by the better ones."""
    if label == "q5":
        return 2.0 if place % 40 < 12 else 0.0
    return 2.0 if place >= 6 * int(label[1]) else 0.0


def row(place, marked=True, written=None):
    who = person(place)
    scores = [
        Score(q, points_of(place, q.label), "" if points_of(place, q.label) else f"hint {q.label}")
        for q in QUESTIONS[:5]
    ]
    scores.append(Score(QUESTIONS[5], written))
    marks = tuple(mark(q.label, points_of(place, q.label), who.student_id) for q in QUESTIONS[:5])
    came = HandIn(f"{MODULE}_{who.student_id}.ipynb", datetime(2026, 4, 1, 16, place, tzinfo=UTC), None, 1)
    standing = "waiting" if written is None else "graded"
    return Row(who, standing, tuple(scores), (), marks if marked else (), came)


@pytest.fixture
def course(tmp_path):
    return Course(tmp_path / "banjul", Settings(MODULE, "GMB", 40, 0.01))


@pytest.fixture
def whole(course):
    """A class of forty, of whom one was absent and one has a name that a spreadsheet would run."""
    rows = [row(place) for place in range(39)]
    rows[3] = replace(rows[3], person=replace(rows[3].person, last_name=BAD_NAME, first_name=""))
    rows[4] = replace(rows[4], look_at=("the locked cell q2 had been changed; it was restored",))
    rows.append(Row(person(39), "missing"))
    strays = (Entry("unknown", "a stranger's.ipynb", reason="nobody of that name"),)
    return Results(course, QUESTIONS, tuple(rows), strays)


# --- questions ---------------------------------------------------------------------------------------------------


def test_difficulty_is_the_share_of_the_points(whole):
    found = {item.question.label: item for item in items.items(whole)}
    assert found["q1"].difficulty == pytest.approx(33 / 39)
    assert found["q6"].difficulty is None
    assert "not wholly graded" in found["q6"].why


def test_discrimination_is_worked_out_as_in_the_textbook(whole):
    found = {item.question.label: item for item in items.items(whole)}
    totals = [sum(points_of(place, f"q{n}") for n in range(1, 6)) for place in range(39)]
    q3 = [points_of(place, "q3") for place in range(39)]
    rest = [total - own for total, own in zip(totals, q3, strict=True)]
    mean = [sum(values) / 39 for values in (q3, rest)]
    above = sum((x - mean[0]) * (y - mean[1]) for x, y in zip(q3, rest, strict=True))
    below = sum((x - mean[0]) ** 2 for x in q3) ** 0.5 * sum((y - mean[1]) ** 2 for y in rest) ** 0.5
    assert found["q3"].correlation == pytest.approx(above / below)
    assert found["q5"].correlation < 0, "the question that the weak answer shows"
    assert found["q5"].upper_lower < 0 < found["q3"].upper_lower <= 1
    low, high = found["q3"].interval
    assert low < found["q3"].correlation < high


def test_too_few_are_told_as_too_few(whole):
    few = replace(whole, rows=whole.rows[: items.ENOUGH_TO_TELL - 1])
    assert all(item.correlation is None for item in items.items(few))
    assert "too few to tell" in as_page(few)
    enough = replace(whole, rows=whole.rows[: items.ENOUGH_TO_TELL])
    assert any(item.correlation is not None for item in items.items(enough))


def test_a_question_that_all_answer_alike_tells_nobody_apart(whole):
    alike = [
        replace(each, scores=(replace(each.scores[0], points=2.0), *each.scores[1:])) if each.scores else each
        for each in whole.rows
    ]
    found = items.items(replace(whole, rows=tuple(alike)))[0]
    assert found.correlation is None
    assert "all earned the same" in found.why


def test_people_level_at_the_edge_share_its_places():
    # 10 people, tails of 3: two are above the edge, and four who are level share the third place
    totals = [9, 8, 5, 5, 5, 5, 2, 1, 0, 0]
    points = [1, 1, 1, 0, 0, 0, 0, 0, 0, 0]
    assert items.upper_minus_lower(points, totals) == pytest.approx((2 + 0.25) / 3)
    shuffled = [4, 0, 9, 2, 7, 1, 3, 8, 5, 6]
    again = items.upper_minus_lower([points[n] for n in shuffled], [totals[n] for n in shuffled])
    assert again == pytest.approx((2 + 0.25) / 3)


def test_totals_are_counted_in_classes_and_say_what_waits(whole):
    spread = items.distribution(whole)
    assert sum(spread.counts) == 39
    assert spread.of == 10
    assert spread.waiting == ("q6",)
    assert spread.counts[-1] == sum(total >= 9 for total in spread.totals)


# --- mistakes ----------------------------------------------------------------------------------------------------


def test_the_most_common_mistakes_are_counted_by_person(whole):
    found = items.mistakes(whole)
    by_label = {}
    for each in found:
        by_label.setdefault(each.question.label, []).append(each)
    assert [(m.what, m.count, m.known) for m in by_label["q1"]] == [(CAUSES["q1"], 6, True)]
    assert [(m.count, m.known) for m in by_label["q2"]] == [(12, False)]
    assert by_label["q2"][0].example == "a number: 7: 40 too many"
    two = replace(whole.rows[0], marks=(whole.rows[0].marks[0],) * 2)
    again = items.mistakes(replace(whole, rows=(two, *whole.rows[1:])))
    assert next(m.count for m in again if m.question.label == "q1") == 6, "twice in one question counts once"


def test_wrong_forms_are_told_apart_and_nobodys_own_answer_is_an_example(whole):
    rows = list(whole.rows)
    for place, cause in ((0, "Missing columns: Total."), (1, "Missing columns: Total."), (2, "It is no table.")):
        form = replace(rows[place].marks[0], cause=cause, cause_key="form")
        rows[place] = replace(rows[place], marks=(form, *rows[place].marks[1:]))
    for place in range(12):
        q2 = replace(rows[place].marks[1], came=f"answer {place}")
        rows[place] = replace(rows[place], marks=(rows[place].marks[0], q2, *rows[place].marks[2:]))
    found = items.mistakes(replace(whole, rows=tuple(rows)))
    q1 = [(m.what, m.count) for m in found if m.question.label == "q1"]
    assert q1 == [(CAUSES["q1"], 3), ("Missing columns: Total.", 2), ("It is no table.", 1)]
    assert next(m.example for m in found if m.question.label == "q2") == "40 too many"


def test_without_marks_the_hints_are_counted(course):
    plain = Results(course, QUESTIONS, tuple(row(place, marked=False) for place in range(30)), ())
    found = items.mistakes(plain)
    assert [(m.what, m.count) for m in found if m.question.label == "q2"] == [("hint q2", 12)]
    page = as_page(plain)
    assert "hint q2" in page
    assert "messages of the tests" in page


# --- groups ------------------------------------------------------------------------------------------------------


def test_small_groups_are_never_shown_nor_to_be_worked_out(whole):
    by_agency = items.groups(whole, lambda each: each.person.institution)
    assert {(g.name, g.n) for g in by_agency} == {("Migration Service", 19), ("all others together", 20)}
    by_sex = items.groups(whole, lambda each: each.person.sex)
    assert [(g.name, g.n) for g in by_sex] == [("F", 20), ("M", 19)]
    lonely = items.groups(whole, lambda each: "one" if each.person.student_id == "p01" else "rest")
    assert lonely == (), "a group of one and the rest: the difference would give the one away"


def test_small_groups_that_are_many_are_shown_together(whole):
    found = items.groups(whole, lambda each: min(each.person.student_id, "p08"))
    assert [(g.name, g.n) for g in found] == [("p08", 31), ("all others together", 8)]


def test_a_roster_without_sex_and_agency_gives_no_table(whole):
    bare = [replace(each, person=replace(each.person, sex="", institution="")) for each in whole.rows]
    assert "By agency and by sex" not in as_page(replace(whole, rows=tuple(bare)))


# --- page, workbook, names ---------------------------------------------------------------------------------------


def test_the_page_stands_alone_and_runs_nothing(whole):
    nasty = replace(whole.rows[0], person=replace(whole.rows[0].person, last_name="<script>alert(1)</script>"))
    page = as_page(replace(whole, rows=(nasty, *whole.rows[1:])))
    assert "<script" not in page
    assert "default-src 'none'" in page
    assert not re.search(r"(src|href)=", page)
    assert "a stranger&#x27;s.ipynb: nobody of that name" in page
    assert 'aria-label="q1: 85%"' in page
    assert "Nothing usable from 1: Kwame Synthetic39" in page
    assert page.count("<h1>") == 1


def test_without_names_nobody_can_be_recognised(whole, course):
    course.root.joinpath("trainer").mkdir(parents=True)
    hidden = without_names(whole)
    book = load_workbook(io.BytesIO(as_workbook(hidden)))
    cells = [str(cell.value) for sheet in book for line in sheet for cell in line if cell.value is not None]
    for shown in (as_page(hidden), as_text(hidden), "\n".join(cells)):
        for each in whole.rows:
            assert each.person.last_name not in shown
            assert not re.search(rf"\b{each.person.student_id}\b", shown)
        assert "example.org" not in shown
        assert ".ipynb" not in shown
        assert "locked cell" not in shown
    names = [each.person.name for each in hidden.rows]
    assert len(set(names)) == 40
    assert [each.total for each in hidden.rows] != [each.total for each in whole.rows], "shuffled"
    assert [each.person.name for each in without_names(whole).rows] == names, "stable"


def test_codes_follow_from_a_secret_of_the_class():
    ids = [f"p{n:03}" for n in range(400)]
    one, other = standings.codes(ids, b"one"), standings.codes(ids, b"other")
    assert len(set(one.values())) == 400
    assert set(one.values()).isdisjoint(other.values()) or one != other
    assert list(one) != sorted(ids)
    more = standings.codes([*ids, "new"], b"one")
    assert all(more[student].startswith(code) for student, code in one.items())


def test_the_workbook_holds_the_figures_and_no_formula(whole):
    book = load_workbook(io.BytesIO(as_workbook(whole)))
    assert book.sheetnames[:3] == ["Results", "Questions", "Mistakes"]
    sheet = book["Results"]
    assert sheet["A5"].value == BAD_NAME
    assert sheet["A5"].data_type == "s"
    assert sheet["A5"].quotePrefix
    assert all(cell.data_type != "f" for each in book for line in each for cell in line)
    heading = [cell.value for cell in sheet[1]]
    total = heading.index("Total") + 1
    assert sheet.cell(30, total).value == whole.rows[28].total
    assert book["Questions"]["E2"].value == pytest.approx(33 / 39)
    assert len(book["Totals"]._charts) == 1


def test_an_empty_class_has_results_too(course):
    nobody = Results(course, QUESTIONS, (Row(person(0), "missing"),), ())
    page, workbook = as_page(nobody), as_workbook(nobody)
    assert "nothing handed in" in page
    assert load_workbook(io.BytesIO(workbook)).sheetnames


def test_both_files_are_written_and_hidden_ones_lie_beside(whole, course):
    course.root.joinpath("trainer").mkdir(parents=True)
    named, hidden = write_results(whole), write_results(without_names(whole))
    assert [path.name for path in (*named, *hidden)] == [
        "tiny_results.xlsx",
        "tiny_results.html",
        "tiny_results_no_names.xlsx",
        "tiny_results_no_names.html",
    ]


# --- exports -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t=", " =", "＝"])
def test_no_name_becomes_a_formula_in_csv(whole, sign):
    first = replace(whole.rows[0], person=replace(whole.rows[0].person, first_name=f"{sign}1+cmd|' /C calc'!A0"))
    lines = list(csv.reader(io.StringIO(exports.as_csv(replace(whole, rows=(first, *whole.rows[1:]))))))
    assert lines[1][1].startswith("'")
    assert lines[2][1] == "Lamin"


def test_moodle_gets_final_grades_only(whole, course):
    with pytest.raises(KitError, match="final grade"):
        exports.as_moodle(whole)
    graded = replace(whole, rows=(row(30, written=3.5), *whole.rows[1:]))
    path = exports.write_export(graded, "moodle")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    lines = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    assert lines[0] == ["First name", "Last name", "ID number", "Email address", "tiny", "tiny (Feedback)"]
    assert lines[1][:5] == ["Inês", "Synthetic30", "p30", "p30@example.org", "11.5"]
    assert lines[1][5].startswith("q1: 2 of 2; ")
    assert len(lines) == 2
    assert exports.write_export(graded, "csv").name == "tiny_results.csv"


# --- similar hand-ins --------------------------------------------------------------------------------------------

OWN = """total = 0
for line in range(len(data)):  # my uncle says one must count each goat alone
    the_goats_here = data['n'].iloc[line]
    total = total + int(the_goats_here)  # and never twice
print('so many goats are in our compound', total)"""


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """Six hand-ins: two hold the same text of their own; marks are added by each test."""
    tmp_path = tmp_path_factory.mktemp("compared")
    roster = "student_id,last_name\n" + "".join(f"s{n},Synthetic{n}\n" for n in range(6))
    course = make_class(tmp_path, roster=roster)
    release(course)
    for n in range(6):
        place = course.submitted(f"s{n}")
        place.mkdir(parents=True)
        own = OWN if n < 2 else f"total = int(data['n'].sum())  # {n} {n * n} my own way number {n}"
        place.joinpath(f"{MODULE}.ipynb").write_text(text(answer(course, q1=own)), encoding="utf-8")
    return results(course)


def with_marks(result, marks):
    return replace(result, rows=tuple(replace(each, marks=marks[n]) for n, each in enumerate(result.rows)))


def wrong(value, cause="", came="a number: 7"):
    return Mark("q1", "q1", 0, 2, "wrong", came=came, cause_key=cause, cause=cause, fingerprint=value)


def test_text_of_their_own_that_two_share_is_shown(compared):
    found = similarity.similar(compared)
    assert [(pair.a.student_id, pair.b.student_id) for pair in found.pairs] == [("s0", "s1")]
    assert found.pairs[0].overlap == pytest.approx(1)
    page = similarity_page.as_page(found)
    assert "each goat alone" in page
    assert "nothing follows automatically" in page
    assert "Common ways to arrive there" in page
    assert found.compared == 15


def test_the_hand_out_and_what_most_write_count_nothing(compared):
    others = [row for row in compared.rows if row.person.student_id not in ("s0",)]
    assert similarity.similar(replace(compared, rows=tuple(others))).pairs == ()


def test_a_rare_wrong_answer_counts_and_a_usual_mistake_does_not(compared):
    rare, usual, word = wrong("rare"), wrong("usual", cause="q1/1"), wrong("word", came="“rough”")
    assert similarity.answer_bits(rare, 2, 40) == pytest.approx(4.32, abs=0.01)
    assert similarity.answer_bits(usual, 2, 40) == 0
    assert similarity.answer_bits(word, 2, 40) == similarity.CHOICE_BITS
    own = [(wrong(f"other{n}"),) for n in range(6)]
    shared = [(wrong("usual", cause="q1/1"),)] * 2 + own[2:]
    pair = similarity.similar(with_marks(compared, shared)).pairs[0]
    assert pair.bits == 0
    assert "usual mistake" in similarity_page.answer_words(pair.answers[0])


def test_two_rare_wrong_answers_list_a_pair_and_a_right_one_never(compared):
    whose = [0, 1, 2, "same", 4, "same"]
    many = [tuple(replace(wrong(f"{q}-{own}"), question=q) for q in "abcdefgh") for own in whose]
    found = similarity.similar(with_marks(compared, many))
    one = similarity.similar(with_marks(compared, [each[:1] for each in many]))
    assert ("s3", "s5") not in [(pair.a.student_id, pair.b.student_id) for pair in one.pairs]
    assert ("s3", "s5") in [(pair.a.student_id, pair.b.student_id) for pair in found.pairs]
    right = [(replace(wrong("same"), verdict="right", points=2),)] * 6
    assert [pair.answers for pair in similarity.similar(with_marks(compared, right)).pairs] == [[]]


def test_a_number_that_fits_somebody_elses_data_is_found(compared):
    marks = [()] * 3 + [(wrong("of s5"),)] + [()] * 2
    keys = {f"s{n}": {"q1": f"of s{n}"} for n in range(6)}
    found = similarity.similar(with_marks(compared, marks), keys)
    copied = [c for pair in found.pairs for c in pair.copied]
    assert [(c.person.student_id, c.owner.student_id) for c in copied] == [("s3", "s5")]
    assert "right for those of Synthetic5" in similarity_page.as_page(found)
    common = {f"s{n}": {"q1": "of s5"} for n in range(6)}
    assert not [c for pair in similarity.similar(with_marks(compared, marks), common).pairs for c in pair.copied]


def test_a_notebook_that_cannot_be_read_is_named(compared):
    broken = compared.course.submitted("s4") / f"{MODULE}.ipynb"
    whole = broken.read_text(encoding="utf-8")
    broken.write_text("{", encoding="utf-8")
    found = similarity.similar(compared)
    broken.write_text(whole, encoding="utf-8")
    assert [who.student_id for who in found.unread] == ["s4"]
    table, page = similarity_page.write_similarity(found)
    assert "Synthetic4" in page.read_text(encoding="utf-8")
    assert table.read_text(encoding="utf-8-sig").startswith("One,Other,")


def test_the_commands_write_and_say_where(compared):
    where = [compared.course.root.name, "--dir", str(compared.course.root.parent)]

    def run(*words):
        return CliRunner().invoke(command, [words[0], *where, *words[1:]], catch_exceptions=False).output

    assert "Synthetic3" in run("results")
    hidden = run("results", "--hide-names")
    assert "no_names.xlsx" in hidden
    assert "Synthetic3" not in hidden
    assert "tiny_results.csv" in run("export")
    with pytest.raises(KitError, match="final grade"):
        run("export", "--format", "moodle")
    said = run("similar")
    assert "nothing follows automatically" in said
    assert "Synthetic0" in said
    page = compared.course.reports / "tiny_similar.html"
    assert page.is_file()


@pytest.mark.slow
def test_a_copied_number_is_found_with_the_keys_that_grading_made(tmp_path):
    notebook = source_notebook()
    for cell in notebook.cells:
        answer_to = {"q1_test": 'check("q1", total)', "q2_test": 'check("q2", share)'}
        cell.source = answer_to.get(cell.metadata.get("nbgrader", {}).get("grade_id"), cell.source)
    notebook.cells[1].source += "\nfrom migkit.lesson import check"
    source = write_source(tmp_path)
    source.joinpath(f"{MODULE}.ipynb").write_text(text(notebook), encoding="utf-8")
    source.joinpath("marking.yml").write_text("q1:\n  points: 2\nq2:\n  points: 1\n", encoding="utf-8")
    roster = tmp_path / "roster.csv"
    roster.write_text("student_id,last_name\nown,Awa\ntakes,Lamin\ngives,Fatou\n", encoding="utf-8")
    course, _people = new_course(
        "each", roster, MODULE, seed=40, folder=tmp_path / "classes", source=source, write_data=write_data
    )
    release(course, individual_data=True, write_data=write_data)
    theirs = course.data_of("gives").joinpath("people.csv").read_text(encoding="utf-8").split()[1:]
    (tmp_path / "in").mkdir()
    for student_id in ("own", "takes", "gives"):
        q1 = f"total = {sum(map(int, theirs))}" if student_id == "takes" else RIGHT["q1"]
        name = f"{MODULE}_{student_id}.ipynb"
        (tmp_path / "in" / name).write_text(text(answer(course, q1=q1)), encoding="utf-8")
    collect(course, tmp_path / "in")
    grade(course, cell_seconds=30)
    found = similarity.similar(results(course))
    assert found.own_data
    copied = [each for pair in found.pairs for each in pair.copied]
    assert [(each.person.student_id, each.owner.student_id, each.question) for each in copied] == [
        ("takes", "gives", "q1")
    ]
