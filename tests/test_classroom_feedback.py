"""Feedback question by question, solutions that wait for the trainer's word, and pages in which nothing runs.

The class is graded by hand (points, marks, graded notebook are put in place), so that no participant's code runs.
"""

import html
import json
import re
import shutil
import zipfile
from dataclasses import asdict
from html.parser import HTMLParser

import nbformat
import pytest
from click.testing import CliRunner
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from classroom_tiny import MODULE, marked, write_data
from migkit.classroom import feedback, grading, scores, solutions
from migkit.classroom.course import new_course, open_course
from migkit.classroom.feedback import give_feedback, prose
from migkit.classroom.grading import Outcome
from migkit.classroom.handout import release
from migkit.classroom.marks import Mark
from migkit.classroom.plain import to_plain
from migkit.cli.class_ import command
from migkit.reference import KitError, language

SEED = 918273645
TOTAL = "918273647"  # what the solution gives on the class's data
SOLUTION = "total = int(people['n'].sum())"
SHARE = "share = people['n'].max() / total"
MODEL = "The model answer: not everybody who moves was counted."
ROSTER = """student_id,first_name,last_name
p01,Awa,Ceesay
p02,Inês,"<b onclick=alert('name')>Gomes</b>"
p03,Fatou,N'Diaye
"""
MARKING = "q1:\n  points: 2\nq1_share:\n  points: 2\nq2:\n  points: 1\n"
TASK = """## 1. How many?

*4 points, 5 minutes*

A long story about the census that nobody needs twice.

**Task.** Count all the people.

**Answer.** `total`: a number. `share`: the share of the largest group."""


def source():
    hidden = "### BEGIN SOLUTION\n{}\n### END SOLUTION"
    rubric = "## 3. In words\n\nSay what it means.\n\n| What | full |\n|---|---|\n| **The number** | named |"
    cells = [
        marked(new_markdown_cell("# A tiny assignment\n\nAll data are synthetic."), "start"),
        marked(new_code_cell("import pandas as pd\n\nfrom migkit.lesson import check"), "setup"),
        marked(new_markdown_cell(TASK), "q1-task"),
        marked(
            new_code_cell("total = ...\nshare = ...\n" + hidden.format(f"{SOLUTION}\n{SHARE}")),
            "q1-answer",
            solution=True,
        ),
        marked(new_code_cell('display(check("q1", total), check("q1_share", share))'), "q1", grade=True, points=4),
        marked(new_markdown_cell("## 2. Which one?\n\n**Task.** Name the largest."), "q2-task"),
        marked(new_code_cell(hidden.format("largest = people['n'].idxmax()")), "q2-answer", solution=True),
        marked(new_code_cell('check("q2", largest)'), "q2", grade=True, points=1),
        marked(new_markdown_cell(rubric), "q3-task"),
        marked(
            new_markdown_cell(f"**Your note**\n\n<!-- BEGIN SOLUTION -->\n{MODEL}\n<!-- END SOLUTION -->"),
            "q3",
            grade=True,
            solution=True,
            points=3,
        ),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def answers(course, given):
    """The released notebook with cells of ``given`` (id: source) filled in."""
    notebook = nbformat.read(course.release_notebook, as_version=4)
    for each in notebook.cells:
        each.source = given.get(each.metadata.get("nbgrader", {}).get("grade_id"), each.source)
    return notebook


def put(course, student, notebook, points, marks=(), notes=()):
    """What handing in and grading leave behind."""
    for folder in (course.submitted(student), course.autograded(student)):
        folder.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, folder / f"{MODULE}.ipynb")
    with course.gradebook() as gradebook:
        gradebook.update_or_create_submission(MODULE, student)
        for name, earned in points.items():
            grade = gradebook.find_grade(name, MODULE, MODULE, student)
            grade.auto_score, grade.needs_manual_grade = earned, earned is None
        gradebook.db.commit()
    outcome = Outcome(student, True, grading.fingerprint(course, student), notes=notes, marks=marks)
    path = grading.outcome_file(course, student)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(outcome)), encoding="utf-8")


RIGHT = Mark("q2", "q2", 1, 1, "right", came="7")
FULL = (
    Mark("q1", "q1", 2, 2, "right", came=TOTAL),
    Mark("q1_share", "q1", 2, 2, "right", came="0.99"),
    RIGHT,
)
MISSED = (
    Mark("q1", "q1", 0, 2, "wrong", "3", "too low: less than half", "Visitors are in it.", "q1/1"),
    Mark("q1_share", "q1", 2, 2, "right", came="0.9"),
    Mark("q2", "q2", 0, 1, "stopped", cause="it ran longer than 4 seconds", cause_key="stopped"),
)
WROTE = {"q1-answer": "total = 3\nshare = 0.9", "q2-answer": "while True: pass", "q3": "A note of my own."}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A class with checks, handed out and graded by hand; to copy."""
    folder = tmp_path_factory.mktemp("feedback é")
    place = folder / "exercises" / "source" / MODULE
    place.mkdir(parents=True)
    nbformat.write(source(), place / f"{MODULE}.ipynb")
    (place / "marking.yml").write_text(MARKING, encoding="utf-8")
    (folder / "roster.csv").write_text(ROSTER, encoding="utf-8")
    course, _roster = new_course(
        "class", folder / "roster.csv", MODULE, seed=SEED, folder=folder, source=place, write_data=write_data
    )
    release(course)
    put(course, "p01", answers(course, {"q1-answer": f"{SOLUTION}  # mine"}), {"q1": 4, "q2": 1, "q3": None}, FULL)
    put(course, "p02", answers(course, WROTE), {"q1": 2, "q2": 0, "q3": None}, MISSED, ("a note",))
    return course.root


@pytest.fixture
def course(made, tmp_path):
    return open_course(str(shutil.copytree(made, tmp_path / "class")))


@pytest.fixture(scope="module")
def pages(made, tmp_path_factory):
    copy = open_course(str(shutil.copytree(made, tmp_path_factory.mktemp("pages") / "class")))
    return by_student(give_feedback(copy)[1])


def by_student(paths):
    return {path.parent.parent.name: path.read_text(encoding="utf-8") for path in paths}


def words(page, start="", end="</section>"):
    """The text of a page from the tag with ``start`` in it to ``end``, as it is read."""
    part = page[page.index(start) :]
    part = part[part.index(">") + 1 :]
    part = part[: part.index(end)] if end in part else part
    return re.sub(r"\s+", " ", html.unescape(re.sub("<[^>]*>", " ", part)))


# --------------------------------------------------------------------------------- question by question


def test_each_question_says_what_was_asked_what_came_and_what_usually_causes_that(pages):
    block = words(pages["p02"], 'id="question-q1"')
    assert "q1: How many? 2 / 4" in block
    assert "Task. Count all the people." in block
    assert "a long story" not in block.lower(), "the story stands in the notebook"
    assert "Your answer ( total ) 3 How far off too low: less than half" in block
    assert "What usually causes that Visitors are in it." in block
    assert block.index("Right. 2 / 2") < block.index("Not right yet. 0 / 2"), "what is right comes first"
    stopped = words(pages["p02"], 'id="question-q2"')
    assert "Why it was stopped it ran longer than 4 seconds" in stopped
    assert "Say what it means." in words(pages["p02"], 'id="question-q3"')


def test_the_table_on_top_says_it_in_a_line(pages):
    table = words(pages["p02"], '<table class="summary">', "</table>")
    assert "q1 How many? 2 / 4 Visitors are in it." in table
    assert "The program was stopped: it ran longer than 4 seconds." in table
    assert "q3 In words waiting" in table
    top = words(pages["p01"], "<main>", "<table")
    assert "5 of 8 points Right: q1, q2 still to be graded by your trainer: q3" in top
    assert "Worth another look: q1, q2" in words(pages["p02"], "<main>", "<table")


def test_points_and_comments_of_the_trainer_are_shown_and_said_to_be_theirs(course):
    cell_of = {"q3": "q3", "q1": "q1-answer"}  # formgrader takes comments at the answer, points at the check
    with course.gradebook() as gradebook:
        for name, points, comment in (("q3", 2.5, "Clear, but *which* source?"), ("q1", 3, "Nearly.")):
            grade = gradebook.find_grade(name, MODULE, MODULE, "p02")
            grade.manual_score, grade.needs_manual_grade = points, False
            gradebook.find_comment(cell_of[name], MODULE, MODULE, "p02").manual_comment = comment
        gradebook.db.commit()
    page = by_student(give_feedback(course)[1])["p02"]
    written = words(page, 'id="question-q3"')
    assert "q3: In words 2.5 / 3" in written
    assert "The number" in written, "the rubric is read beside the points"
    assert "Your trainer writes: Clear, but which source?" in written
    by_hand = words(page, 'id="question-q1"')
    assert "3 / 4" in by_hand
    assert "Your trainer gave these points by hand." in by_hand
    assert "by hand" not in written


def test_a_course_without_marks_has_less_to_tell_and_tells_it(course):
    put(course, "p02", answers(course, WROTE), {"q1": 2, "q2": 0, "q3": None})
    block = words(by_student(give_feedback(course)[1])["p02"], 'id="question-q1"')
    assert "q1: How many? 2 / 4 Task. Count all the people." in block
    assert "Your answer" not in block


def test_one_page_that_fails_does_not_keep_the_others_from_theirs(course, monkeypatch):
    known = feedback.blocks

    def breaks(of, student):
        if student == "p01":
            raise ValueError("a notebook that nobody thought of")
        return known(of, student)

    monkeypatch.setattr(feedback, "blocks", breaks)
    with pytest.raises(KitError, match=r"for Awa Ceesay could not be made.*The other 1 pages are made"):
        give_feedback(course)
    with zipfile.ZipFile(course.feedback_zip) as archive:
        assert archive.namelist() == [f"p02/{MODULE}.html"]
    assert "a notebook that nobody" in (course.reports / "feedback_p01.log").read_text(encoding="utf-8")


class Marked:
    """A language in which every word of the kit stands in brackets."""

    def gettext(self, text):
        return f"⟦{text}⟧"

    def info(self):
        return {"language": "fr"}


def test_the_page_speaks_the_language_of_the_course(course, monkeypatch):
    monkeypatch.setattr(language, "_translations", Marked())
    page = by_student(give_feedback(course)[1])["p02"]
    assert '<html lang="fr">' in page
    read = words(page, "<h1>", "</html>").split("⟦Your notebook, as you handed it in⟧")[0]
    once = re.sub(r"⟦[^⟧]*⟧", " ", read)
    once = re.sub(r"⟦|⟧", " ", once)
    asked = "Task. Count all the people. Answer. total : a number. share : the share of the largest group."
    for known in (asked, "Task. Name the largest.", "Say what it means. What full The number named"):
        assert known in once
        once = once.replace(known, " ")
    for mark in MISSED:
        once = once.replace(mark.cause, " ").replace(mark.off, " ")
    for known in ("A tiny assignment", "Inês", "Gomes", "How many?", "Which one?", "In words", "a note", "tiny"):
        once = once.replace(known, " ")
    left = set(re.findall(r"[A-Za-z]{3,}", once))
    assert left <= {"onclick", "alert", "name", "total", "share", "largest"}, left


def test_without_a_translation_the_page_is_english_and_says_so(pages):
    assert '<html lang="en">' in pages["p01"]
    language.set_language("fr")  # there is no French catalogue yet
    try:
        assert language.current_language() in ("en", "fr")
        assert (language.current_language() == "fr") == (language._("Feedback") != "Feedback")
    finally:
        language.set_language("en")


# ------------------------------------------------------------------------------------------- solutions


def everything(course):
    """All that a participant could get: release folder, feedback, what is handed back; zips opened."""
    texts = []
    for folder in ("release", "feedback", "reports"):
        for path in sorted((course.root / folder).rglob("*")):
            if path.suffix == ".zip":
                with zipfile.ZipFile(path) as archive:
                    texts += [archive.read(name).decode("utf-8", "replace") for name in archive.namelist()]
            elif path.is_file():
                texts.append(path.read_text(encoding="utf-8", errors="replace"))
    return re.sub(r"\s+", "", html.unescape(re.sub("<[^>]*>", "", "\n".join(texts))))


@pytest.fixture
def keyed(course, monkeypatch):
    """The class with keys; nobody has the right total, and nobody wrote the solution."""
    key = {"q1": to_plain(int(TOTAL)), "q1_share": to_plain(0.987654321), "q2": to_plain("first")}
    monkeypatch.setattr(solutions, "read_key", lambda _course, _student: key)
    put(course, "p01", answers(course, WROTE), {"q1": 2, "q2": 0, "q3": None}, MISSED)
    release(course, per_participant=True)
    give_feedback(course)
    return course


def secret(text):
    return re.sub(r"\s+", "", text)


HIDDEN = (SOLUTION, SHARE, MODEL, TOTAL, "0.987654321", "people['n'].idxmax()")


def test_nothing_of_a_solution_is_anywhere_until_the_trainer_releases_it(keyed):
    seen = everything(keyed)
    assert [text for text in HIDDEN if secret(text) in seen] == []
    assert secret("Count all the people.") in seen, "the search finds what is there"
    names = [path.name for path in (keyed.root / "release").rglob("*")]
    for path in (keyed.root / "release").rglob("*.zip"):
        with zipfile.ZipFile(path) as archive:
            names += archive.namelist()
    assert not [name for name in names if name.endswith("marking.yml")], "the rules name labels of the key"
    assert f"{MODULE}/data/people.csv" in names


def test_released_solutions_are_in_feedback_and_in_a_notebook_and_can_be_taken_back(keyed):
    said = solutions.release(keyed, by="A trainer")
    assert (said.act, said.by) == ("released", "A trainer")
    page = by_student(give_feedback(keyed)[1])["p02"]
    block = words(page, 'id="question-q1"')
    assert f"The right answer on your data {TOTAL}" in block
    assert "0.987654321" not in block, "what was right needs no other answer"
    assert "A solution of the authors" in block
    assert secret(f"{SOLUTION}{SHARE}") in secret(block)
    assert "total = ..." not in block
    assert MODEL in words(page, 'id="question-q3"')
    notebook = nbformat.read(keyed.solutions_notebook, as_version=4)
    sources = [each.source for each in notebook.cells]
    assert f"{SOLUTION}\n{SHARE}" in sources
    assert not any("nbgrader" in each.metadata for each in notebook.cells), "nobody hands that in by mistake"
    solutions.withdraw(keyed, by="A trainer")
    assert not keyed.solutions_notebook.exists()
    assert not keyed.feedback_zip.exists()
    assert [text for text in HIDDEN if secret(text) in everything(keyed)] == []
    give_feedback(keyed)
    assert [text for text in HIDDEN if secret(text) in everything(keyed)] == []
    record = json.loads((keyed.root / "solutions_released.json").read_text(encoding="utf-8"))
    assert [(act["act"], act["by"]) for act in record] == [("released", "A trainer"), ("withdrawn", "A trainer")]
    with pytest.raises(KitError, match="are not released"):
        solutions.withdraw(keyed)


def test_a_class_without_keys_shows_the_solutions_alone(course):
    solutions.release(course)
    page = by_student(give_feedback(course)[1])["p02"]
    assert "A solution of the authors" in page
    assert "The right answer" not in page


def test_expected_tables_are_drawn_and_harmless(keyed, monkeypatch):
    import pandas as pd

    table = pd.DataFrame({"<script>alert(1)</script>": [1, 2]}, index=["F", "M"])
    monkeypatch.setattr(solutions, "read_key", lambda *_: {"q1": to_plain(table)})
    solutions.release(keyed)
    page = by_student(give_feedback(keyed)[1])["p02"]
    assert "<script" not in page
    assert "F 1 M 2" in words(page, "The right answer", "</dd>")


def test_nobody_guesses_whether_solutions_are_out(course):
    (course.root / "solutions_released.json").write_text("[{", encoding="utf-8")
    with pytest.raises(KitError, match="cannot be read"):
        solutions.in_force(course)


def test_whoever_wrote_the_solution_has_not_seen_it_but_who_did_not_write_it_has(course, monkeypatch):
    assert secret(SOLUTION) in secret(words(by_student(give_feedback(course)[1])["p01"], "<details", "</details>"))
    monkeypatch.setattr(scores, "say_mark", lambda mark: f"Write {SOLUTION}")
    with pytest.raises(KitError, match=r"Gomes.*would show what only the authors know"):
        give_feedback(course)
    assert not (course.feedback("p02") / f"{MODULE}.html").exists()
    assert (course.feedback("p01") / f"{MODULE}.html").exists()


def test_the_command_releases_and_withdraws(course):
    place = ["class", "--dir", str(course.root.parent)]
    run = CliRunner()
    said = run.invoke(command, ["solutions", *place, "--by", "Fatou Example"], catch_exceptions=False).output
    assert "Fatou Example" in said
    assert "Fatou N'Diaye" in said, "who has not handed in yet"
    assert "kit class feedback class" in said
    assert solutions.in_force(course)
    said = run.invoke(command, ["solutions", *place, "--withdraw"], catch_exceptions=False).output
    assert "kit class feedback class" in said
    assert not solutions.in_force(course)


# ------------------------------------------------------------------------------------ nothing in a page runs

EVIL = (
    "<script>hacked('script')</script><img src=x onerror=\"hacked('handler')\"><svg onload=hacked('svg')></svg>"
    "<iframe src='http://evil.example/frame'></iframe>[link](javascript:hacked('link')) "
    "![p](http://evil.example/picture.png) <style>@import url(http://evil.example/style)</style>"
    "<div style='background:url(http://evil.example/background)'>d</div><details open ontoggle=hacked('toggle')>x"
    "</details><form action=http://evil.example/form><input autofocus onfocus=hacked('focus')></form>"
    "<meta http-equiv=refresh content='0;url=http://evil.example/refresh'><base href=http://evil.example/>"
    "<math><mi xlink:href='javascript:hacked(1)'>x</mi></math><a href='jav&#x09;ascript:hacked(2)'>y</a>"
    "<object data=http://evil.example/object></object><video src=http://evil.example/video poster=//evil.example>"
    "</video><link rel=stylesheet href=//evil.example/sheet.css><template><script>hacked('t')</script></template>"
    "<img srcset='//evil.example/set.png 1x' alt='pic'><noscript><p title='</noscript><script>hacked(3)</script>'>"
)
SVG = "<svg xmlns='http://www.w3.org/2000/svg'><script>hacked('svg file')</script></svg>"


def hostile(course):
    """A hand-in that tries whatever a notebook can hold."""
    notebook = answers(course, {"q3": EVIL, "q1-answer": f"total = '''{EVIL}'''"})
    picture = new_markdown_cell("![a](attachment:a.svg) ![gone](attachment:gone.png)")
    picture["attachments"] = {"a.svg": {"image/svg+xml": SVG}}
    shown = {
        "text/html": EVIL,
        "text/markdown": EVIL,
        "image/svg+xml": SVG,
        "image/png": '"><script>hacked(4)</script>',
        "application/javascript": "hacked(5)",
        "application/vnd.jupyter.widget-view+json": {"model_id": "x"},
        "text/latex": "\\href{javascript:hacked(6)}{x}",
    }
    outputs = [
        new_output("display_data", data=shown),
        new_output("display_data", data={"text/markdown": EVIL}),
        new_output("stream", name="stdout", text=f"{EVIL}\x1b]8;;javascript:hacked(7)\x07x\x1b[31m<b>red"),
        new_output("error", ename=EVIL, evalue=EVIL, traceback=[EVIL]),
        new_output("display_data", data={"text/html": "<div>" * 30_000}),
        new_output("display_data", data={"text/html": "<p>long</p>" * 500_000, "text/plain": "x" * 500_000}),
    ]
    odd = new_code_cell(EVIL, outputs=outputs, metadata={"magics_language": {"not": "text"}, "tags": [EVIL]})
    deep = new_markdown_cell("> " * 5_000 + "deep")
    notebook.cells += [picture, odd, deep, new_markdown_cell("[" * 20_000), new_markdown_cell("# Heading")]
    notebook.metadata["language_info"] = {"name": EVIL, "pygments_lexer": ["odd"]}
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {}}}
    notebook.metadata["title"] = EVIL
    return notebook


@pytest.fixture(scope="module")
def evil(made, tmp_path_factory):
    """The page of p02 (whose name is hostile too), its solutions released."""
    course = open_course(str(shutil.copytree(made, tmp_path_factory.mktemp("evil") / "class")))
    said = f"too low {EVIL}"
    marks = (
        Mark("q1", "q1", 0, 2, "wrong", EVIL, said, EVIL, "q1/1"),
        Mark("q1_share", "q1", 0, 2, "unreadable", EVIL, said, EVIL, "q1/2"),
        Mark("q2", "q2", 0, 1, "stopped", cause=EVIL),
    )
    put(course, "p02", hostile(course), {"q1": 0, "q2": 0, "q3": None}, marks, (EVIL,))
    with course.gradebook() as gradebook:
        gradebook.find_comment("q3", MODULE, MODULE, "p02").manual_comment = EVIL
        gradebook.db.commit()
    solutions.release(course)
    _zip, paths = give_feedback(course)
    return next(path for path in paths if path.parent.parent.name == "p02")


class Tags(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs


def test_what_is_left_of_a_hostile_notebook_is_text(evil):
    page = evil.read_text(encoding="utf-8")
    seen = Tags(page)
    bad = {
        "script",
        "iframe",
        "object",
        "embed",
        "link",
        "base",
        "form",
        "input",
        "svg",
        "math",
        "video",
        "template",
    }
    assert not bad & set(seen.tags)
    assert not [name for name, _value in seen.attributes if name.startswith("on")]
    addresses = [value for name, value in seen.attributes if name in ("href", "src", "srcset", "action", "poster")]
    assert all(value.startswith(("#", "data:image/png;base64,")) for value in addresses), addresses
    assert seen.tags.count("meta") == 3
    assert seen.tags.count("style") == 1
    assert seen.tags.count("h1") == 1, "participants' headings stand below those of the page"
    assert len(page) < 2_000_000, "what is too long for a page is cut"
    assert "hacked('script')" in html.unescape(page), "code is shown as code"


@pytest.mark.browser
@pytest.mark.parametrize("policy", [True, False])
def test_a_browser_runs_and_loads_nothing(evil, tmp_path, chromium, policy):
    """Also without the page's own policy: cleaning alone must hold."""
    text = evil.read_text(encoding="utf-8")
    alone = text if policy else re.sub(r"<meta[^>]*Content-Security-Policy[^>]*>", "", text)
    assert ("default-src 'none'" in alone) == policy
    path = tmp_path / "page.html"
    path.write_text(alone, encoding="utf-8")
    context = chromium.new_context()
    ran, asked, dialogs = [], [], []
    context.expose_function("hacked", lambda what: ran.append(what))
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.goto(path.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    for link in page.query_selector_all("a"):
        link.evaluate("each => each.click()")
    page.wait_for_timeout(500)
    assert page.url.split("#")[0] == path.as_uri()
    assert (ran, dialogs) == ([], [])
    assert [url for url in asked if url != path.as_uri() and not url.startswith("data:")] == []
    assert page.title().startswith("Inês <b onclick")
    context.close()


@pytest.mark.browser
def test_the_watch_sees_a_script_and_a_request(tmp_path, chromium):
    path = tmp_path / "bad.html"
    path.write_text("<img src=http://evil.example/x onerror=hacked('seen')>", encoding="utf-8")
    context = chromium.new_context()
    ran, asked = [], []
    context.expose_function("hacked", lambda what: ran.append(what))
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    page.wait_for_timeout(500)
    assert ran == ["seen"]
    assert "http://evil.example/x" in asked
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_the_screen(evil, chromium, width):
    page = chromium.new_page(viewport={"width": width, "height": 800})
    page.goto(evil.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_a_text_that_breaks_the_reader_is_shown_as_it_stands():
    assert prose("![x](attachment:gone.png)") == "<pre>![x](attachment:gone.png)</pre>"
    assert prose("# Mine").startswith("<h4")
    assert len(prose("word " * 100_000)) < 30_000


def test_a_written_answer_that_was_left_blank_is_said_to_be_none(course):
    put(course, "p02", answers(course, {}), {"q1": 0, "q2": 0, "q3": 0})
    page = by_student(give_feedback(course)[1])["p02"]
    assert "There is no answer." in words(page, 'id="question-q3"')
    assert "Right:" not in words(page, "<main>", "<table")
