"""A tiny class graded once, in the sandbox where there is one: scores, reasons, feedback and results."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from classroom_tiny import MODULE, RIGHT, SECRET_TEST, SECRET_VALUE, answer, make_class, text
from migkit.classroom import exports, grading, handin, results
from migkit.classroom.course import Course, open_course
from migkit.classroom.feedback import formulas, give_feedback, harmless
from migkit.classroom.handout import release
from migkit.classroom.notebooks import label_of
from migkit.classroom.scores import hidden_region, say_why, spoken_messages
from migkit.cli.class_ import command
from migkit.reference import KitError

ROSTER = """student_id,first_name,last_name
right,Awa,Ceesay
wrong,Inês,Gomes
loop,Fatou,N'Diaye
exit,Moussa,Traoré
cut,Kwame,Asante
spy,Chidi,Okoro
empty,Lamin,Jatta
gone,Aïssatou,Bah
"""
SPY = f"""
import sys
print([cell for cell in In])
print({{name: value for name, value in globals().items() if 'expected' in name or 'hidden' in name}})
total = {RIGHT["q1"].split(" = ")[1]}
"""
EVIL = (
    "Hello <script>alert('bad-script')</script> <img src=x onerror=\"alert('bad-handler')\">"
    "<iframe src='https://example.org/bad-frame'></iframe> [a link](javascript:alert('bad-link')) "
    "![p](https://example.org/bad-picture.png) <b>bold stays</b> <a href='https://example.org/bad-address'>x</a>"
    "<style>@import url(https://example.org/bad-style)</style><div style='background:url(https://example.org/bad)'>d</div>"
)


class Tags(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes = set(), []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs


def cut(course: Course) -> nbformat.NotebookNode:
    """The set-up, an answer and two tests are gone, one test has another id."""
    notebook = answer(course)
    gone = ("setup", "q1_test")
    notebook.cells = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") not in gone]
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "q2_test":
            cell.metadata["nbgrader"]["grade_id"] = "renamed"
    return notebook


def spy(course: Course) -> nbformat.NotebookNode:
    """Prints whatever the kernel knows, and writes HTML that must not run."""
    notebook = answer(course, q3=EVIL)
    notebook.cells.append(new_code_cell(SPY))
    html = f"<p>{EVIL}</p>"
    shown = new_output("display_data", data={"text/html": html, "application/javascript": "bad_javascript()"})
    notebook.cells.append(new_code_cell("1", outputs=[shown]))
    notebook.cells.append(new_markdown_cell("### BEGIN HIDDEN TESTS\nwithout an end"))
    return notebook


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    folder = tmp_path_factory.mktemp("grading é +")
    course = make_class(folder, roster=ROSTER)
    release(course)
    hand_ins = {
        "right": answer(course),
        "wrong": answer(course, q1="total = 3", q2="share = 0.5\nprint('seen at home')"),
        "loop": answer(
            course, q1="while True:\n    try:\n        while True: pass\n    except BaseException: pass"
        ),
        "exit": answer(course, q2="import os\nos._exit(3)"),
        "cut": cut(course),
        "spy": spy(course),
        "empty": nbformat.read(course.release_notebook, as_version=4),
    }
    for name, notebook in hand_ins.items():
        (folder / "in").mkdir(exist_ok=True)
        (folder / "in" / f"{MODULE}_{name}.ipynb").write_text(text(notebook), encoding="utf-8")
    handin.collect(course, folder / "in")
    grading.grade(course, cell_seconds=4)
    return course


@pytest.fixture(scope="module")
def rows(course):
    return {row.person.student_id: row for row in results.results(course).rows}


@pytest.mark.parametrize(
    ("student", "points"),
    [
        ("right", [2, 1, None]),
        ("wrong", [0, 0, None]),
        ("loop", [0, 1, None]),
        ("exit", [2, 0, None]),
        ("cut", [2, 1, None]),
        ("spy", [2, 1, None]),
        ("empty", [0, 0, 0]),
        ("gone", []),
    ],
)
def test_everybody_has_the_points_deserved(rows, student, points):
    assert [score.points for score in rows[student].scores] == points


def test_each_result_has_its_reason(rows):
    said = {name: " ".join([*row.look_at, *(s.message for s in row.scores)]) for name, row in rows.items()}
    assert "ran longer than 4 seconds" in said["loop"]
    assert "ended the program" in said["exit"]
    assert "the total does not match the data" in said["wrong"]
    assert "setup was missing; it was put back" in said["cut"]
    assert "renamed is not in this assignment" in said["cut"]
    assert "There is no total" in said["empty"]
    assert rows["right"].look_at == ()
    assert (rows["right"].standing, rows["empty"].standing, rows["gone"].standing) == (
        "waiting",
        "graded",
        "missing",
    )


def test_a_message_with_the_expected_value_in_it_is_not_told(rows):
    assert rows["wrong"].scores[1].message == "The answer is not right yet."


def test_graded_once_is_not_graded_again_unless_asked_or_changed(course, tmp_path):
    copy = Path(shutil.copytree(course.root, tmp_path / "copy"))
    again = open_course(str(copy))
    report = grading.grade(again)
    assert (report.outcomes, len(report.unchanged)) == ((), 7)
    assert [o.student_id for o in grading.grade(again, everybody=True, student_ids=("right",)).outcomes] == [
        "right"
    ]
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / f"{MODULE}_wrong.ipynb").write_text(text(answer(again)), encoding="utf-8")
    handin.collect(again, tmp_path / "in")
    standing = {row.person.student_id: row.standing for row in results.results(again).rows}
    assert standing["wrong"] == "not graded"
    report = grading.grade(again)
    assert [o.student_id for o in report.outcomes] == ["wrong"]
    row = next(row for row in results.results(again).rows if row.person.student_id == "wrong")
    assert (row.total, row.look_at) == (3, ("handed in more than once; the last one counts",))


def test_points_given_by_hand_survive_a_second_grading(course, tmp_path):
    copy = open_course(str(shutil.copytree(course.root, tmp_path / "copy")))
    with copy.gradebook() as gradebook:
        grade = gradebook.find_grade("q3", MODULE, MODULE, "right")
        grade.manual_score, grade.needs_manual_grade = 2.5, False
        gradebook.find_comment("q3", MODULE, MODULE, "right").manual_comment = "Clear, but <i>which</i> source?"
        gradebook.db.commit()
    grading.grade(copy, everybody=True, student_ids=("right",))
    row = next(row for row in results.results(copy).rows if row.person.student_id == "right")
    assert [score.points for score in row.scores] == [2, 1, 2.5]
    assert row.standing == "graded"
    page = give_feedback(copy)[1][0].read_text(encoding="utf-8")
    assert "Clear, but <i>which</i> source?" in page
    assert "5.5 of 6 points" in page


def test_feedback_speaks_of_the_version_that_was_graded(course, tmp_path):
    copy = open_course(str(shutil.copytree(course.root, tmp_path / "copy")))
    newer = answer(copy, q1="total = 3  # a word that the graded version did not hold")
    (tmp_path / f"{MODULE}_wrong.ipynb").write_text(text(newer), encoding="utf-8")
    handin.collect(copy, tmp_path / f"{MODULE}_wrong.ipynb")
    pages = {page.parent.parent.name: page.read_text(encoding="utf-8") for page in give_feedback(copy)[1]}
    assert "seen at home" in pages["wrong"]
    assert "a word that" not in pages["wrong"]


def test_one_hand_in_that_nbgrader_cannot_grade_does_not_stop_the_class(course, tmp_path):
    copy = open_course(str(shutil.copytree(course.root, tmp_path / "copy")))
    path = copy.submitted("empty") / f"{MODULE}.ipynb"
    path.write_text("{}", encoding="utf-8")
    report = grading.grade(copy, everybody=True, student_ids=("right", "empty"))
    outcome = {o.student_id: o for o in report.outcomes}
    assert outcome["right"].graded
    assert not outcome["empty"].graded
    assert "empty.log" in outcome["empty"].reason
    standing = {row.person.student_id: row.standing for row in results.results(copy).rows}
    assert standing["empty"] == "failed"


def test_a_fault_of_the_machine_gives_nobody_a_page_of_zeros(tmp_path):
    course = make_class(tmp_path, "fault")
    release(course)
    (tmp_path / f"{MODULE}_p01.ipynb").write_text(text(answer(course)), encoding="utf-8")
    handin.collect(course, tmp_path / f"{MODULE}_p01.ipynb")
    data = course.root / "data" / "people.csv"
    kept = data.read_bytes()
    data.unlink()
    outcome = grading.grade(course).outcomes[0]
    assert not outcome.graded
    assert "the first cell, which is not Awa Ceesay's own, failed here (FileNotFoundError" in outcome.reason
    row = results.results(course).rows[0]
    assert (row.standing, row.total) == ("failed", None)
    with pytest.raises(KitError, match="Nobody was graded yet"):
        give_feedback(course)
    data.write_bytes(kept)
    assert grading.grade(course).outcomes[0].graded
    assert results.results(course).rows[0].total == 3


def test_grading_that_was_killed_goes_on_where_it_stopped(course, tmp_path):
    copy = open_course(str(shutil.copytree(course.root, tmp_path / "copy")))
    for file in (copy.reports / "grading").iterdir():
        file.unlink()
    program = (
        "import sys, time\nfrom migkit.classroom import course, grading\n"
        "def tell(done, all, person):\n    print(person.student_id, flush=True)\n    time.sleep(60 * done)\n"
        "grading.grade(course.open_course(sys.argv[1]), student_ids=('right', 'cut'), progress=tell)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(copy.root)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "right\n"
        assert process.stdout.readline() == "cut\n"
        process.kill()
    assert grading.read_outcome(copy, "right").graded
    report = grading.grade(copy, student_ids=("right", "cut"))
    assert [o.student_id for o in report.outcomes] == ["cut"]
    assert report.unchanged == ("right",)


def test_the_gradebook_was_copied_before_each_change(course):
    backups = sorted((course.root / "backups" / "gradebook").glob("*.db"))
    assert {path.stem.split("-before-")[1] for path in backups} >= {"release", "collect", "grade"}
    for path in backups:
        with closing(sqlite3.connect(path)) as database:
            assert database.execute("pragma integrity_check").fetchone() == ("ok",)


@pytest.fixture(scope="module")
def pages(course):
    _zip, pages = give_feedback(course)
    return {page.parent.parent.name: page.read_text(encoding="utf-8") for page in pages}


def test_feedback_holds_no_hidden_test_whatever_the_participant_printed(pages):
    assert set(pages) == {"right", "wrong", "loop", "exit", "cut", "spy", "empty"}
    for page in pages.values():
        for secret in (SECRET_TEST, SECRET_VALUE, "expected_share_of_largest", "HIDDEN TESTS", "model answer"):
            assert secret not in page
    assert "assert isinstance(total, int)" in re.sub("<[^>]*>", "", pages["wrong"]), "the visible test stays"


def test_feedback_says_what_was_earned_and_why(pages):
    assert "0 of 6 points" in pages["wrong"]
    assert "q1: the total does not match the data." in pages["wrong"]
    assert "3 of 6 points" in pages["right"]
    assert "still to be graded by your trainer: q3" in pages["right"]
    assert "The program was stopped in cell q1" in pages["loop"]


def test_feedback_runs_nothing_and_loads_nothing(pages):
    page = pages["spy"]
    assert "bold stays" in page
    assert "default-src 'none'" in page
    seen = Tags(page)
    assert not seen.tags & {"script", "iframe", "object", "embed", "link", "base", "form", "svg", "math"}
    assert not [name for name, _value in seen.attributes if name.startswith("on")]
    addresses = [value for name, value in seen.attributes if name in ("href", "src", "srcset", "action", "data")]
    assert all(value.startswith(("#", "data:image/")) for value in addresses), addresses
    assert not [value for name, value in seen.attributes if name == "style" and "url" in value]
    assert page.count("<style>") == 1


@pytest.mark.parametrize(
    "bad",
    [
        "<svg onload=alert(1)><a xlink:href='javascript:alert(1)'>x</a></svg>",
        "<math><mi xlink:href='data:x,<script>alert(1)</script>'></math>",
        "<img src='data:image/svg+xml;base64,PHN2Zz4='>",
        "<a href='&#106;avascript:alert(1)'>x</a>",
        "<scr<script>ipt>alert(1)</scr</script>ipt>",
        "<form action='https://example.org'><input name=x></form>",
        "<link rel=stylesheet href='//example.org/x.css'><base href='https://example.org'>",
        "<p style='background-image:url(//example.org/x)'>x</p>",
        "<details ontoggle=alert(1) open>x</details>",
        "<template><script>alert(1)</script></template>",
    ],
)
def test_harmless_takes_the_sting_out(bad):
    clean = harmless(bad).lower()
    for word in ("<script", "javascript:", "onload", "ontoggle", "svg", "example.org", "<form", "<base", "<link"):
        assert word not in clean, clean


def test_formulas_are_drawn_in_the_page():
    page = formulas(r"<p>$$\frac{a}{b} \times 2$$ and $5</p>")
    assert 'src="data:image/png;base64,' in page
    assert page.endswith(" and $5</p>")
    assert formulas(r"$$\nonsense{$$") != ""


def test_results_on_screen_as_csv_and_as_a_page(course):
    result = results.results(course)
    screen = results.as_text(result)
    assert "Aïssatou Bah" in screen
    assert "nothing handed in" in screen
    _workbook, page = results.write_results(result)
    table = exports.write_export(result, "csv")
    raw = table.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    lines = raw.decode("utf-8-sig").splitlines()
    assert lines[0] == "student_id,first_name,last_name,institution,country,q1,q2,q3,total,out_of,standing,look_at"
    assert lines[1] == "right,Awa,Ceesay,,,2,1,,3,6,written answer waits,"
    assert lines[-1] == "gone,Aïssatou,Bah,,,,,,,6,nothing handed in,"
    html = page.read_text(encoding="utf-8")
    assert "http" not in html.replace("http-equiv", "")
    assert 'aria-label="q1: 57%"' in html
    assert 'aria-label="q3: -"' in html, "a share is said once all points for a question are given"


def test_the_command_line_says_what_to_do_next(course, tmp_path):
    copy = Path(shutil.copytree(course.root, tmp_path / "banjul"))
    run = CliRunner()
    said = run.invoke(command, ["grade", "banjul", "--dir", str(copy.parent)], catch_exceptions=False)
    assert "7 had been graded before" in said.output
    said = run.invoke(command, ["results", "banjul", "--dir", str(copy.parent)], catch_exceptions=False)
    assert "formgrader banjul" in said.output
    with pytest.raises(KitError, match="kanifing"):
        run.invoke(command, ["feedback", "kanifing", "--dir", str(copy.parent)], catch_exceptions=False)


def test_plain_nbgrader_grades_in_the_same_way(course, tmp_path):
    copy = Path(shutil.copytree(course.root, tmp_path / "plain nbgrader"))
    where = dict(os.environ, PATH=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    for step, folder in (("autograde", "autograded"), ("generate_feedback", "feedback")):
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", step, MODULE, "--student", "cut", "--force"],
            cwd=copy,
            env=where,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert (copy / folder / "cut" / MODULE).is_dir()
    page = (copy / "feedback" / "cut" / MODULE / f"{MODULE}.html").read_text(encoding="utf-8")
    assert SECRET_TEST not in page
    assert "default-src 'none'" in page


def test_nothing_to_grade_is_said_in_words(tmp_path):
    course = make_class(tmp_path)
    with pytest.raises(KitError, match="release first"):
        grading.grade(course)
    release(course)
    with pytest.raises(KitError, match="collect first"):
        grading.grade(course)
    with pytest.raises(KitError, match="Nobody in the roster"):
        grading.grade(course, student_ids=("zoe",))
    with pytest.raises(KitError, match="grade first"):
        give_feedback(course)


@pytest.mark.parametrize(
    ("cell", "label"),
    [("q1", "q1"), ("q1_test", "q1"), ("test_q12", "q12"), ("q03-answer", "q3"), ("Q4", "q4"), ("essay", "essay")],
)
def test_graded_cells_belong_to_their_question(cell, label):
    assert label_of(cell) == label


def test_only_messages_written_out_in_full_are_spoken():
    code = """
assert a, 'one'
assert b, f'two {b}'
raise ValueError('three')
assert c, (
    'four '
    'five'
)
print('six')
"""
    assert spoken_messages(code) == {"one", "three", "four five", "six"}
    assert spoken_messages("not python (") == set()
    assert hidden_region("a\n### BEGIN HIDDEN TESTS\nb\n### END HIDDEN TESTS\nc") == "b"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("AssertionError", "not 0.31 but 0.5", "The answer is not right yet."),
        ("ValueError", "secret 42", "ended with ValueError"),
        ("Secret42", "x", "ended with an error"),
        ("NameError", "name 'total' is not defined", "There is no total"),
        ("NameError", "name 'elsewhere' is not defined", "ended with NameError"),
        ("AssertionError", "spoken", "spoken"),
    ],
)
def test_what_is_said_about_an_error_holds_no_value(name, value, said):
    cell = new_code_cell("assert total == key, 'spoken'", outputs=[new_output("error", ename=name, evalue=value)])
    cell.metadata["nbgrader"] = {"grade_id": "q1"}
    words = say_why(cell, "total = 1", {})
    assert said in words
    assert "42" not in words
    assert "0.31" not in words
