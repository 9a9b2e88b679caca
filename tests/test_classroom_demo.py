"""The demo on the real exercise: everybody gets what they deserve."""

import html
import re

import pytest
from click.testing import CliRunner
from nbgrader import utils

from migkit.classroom import notebooks
from migkit.classroom.course import EXAMPLE_ROSTER, Course, Settings, source_folder
from migkit.classroom.demo import MISTAKES, MODULE, cast, deserved, differences, unlike
from migkit.classroom.feedback import secrets_of
from migkit.classroom.handout import secret_lines
from migkit.classroom.notebooks import label_of
from migkit.classroom.roster import Person, read_roster
from migkit.classroom.scores import Question, Score
from migkit.classroom.similarity import Pair, Similarity
from migkit.classroom.standings import Results, Row
from migkit.cli.class_ import command


def worth():
    source = notebooks.read(source_folder(MODULE) / f"{MODULE}.ipynb")
    return {
        label_of(notebooks.grade_id(cell)): float(cell.metadata.nbgrader.points)
        for cell in source.cells
        if utils.is_grade(cell) and cell.cell_type == "code"
    }


def test_every_mistake_belongs_to_a_question_of_the_exercise():
    assert set(MISTAKES) == set(worth())
    assert all(left < worth()[label] for label, (_line, left) in MISTAKES.items())
    made = {label for part in cast(8) for label in part.mistakes}
    assert made == set(MISTAKES), "each mistake is made by somebody"


def test_the_deserved_points_follow_from_the_mistakes():
    by_id = {part.student_id: deserved(part, worth()) for part in cast()}
    assert by_id["p01"] == worth()
    assert by_id["p02"] == worth() | {"q1": 0, "q2": 1, "q4": 0, "q10": 0}
    assert set(by_id["p05"].values()) == {0}
    assert by_id["p07"] == worth() | {"q4": 0}
    assert by_id["p09"] == by_id["p10"] == worth() | {"q1": 0, "q8": 0, "q9": 0}


def test_the_forty_are_the_roster_and_always_the_same():
    parts = cast()
    assert [part.student_id for part in parts] == [who.student_id for who in read_roster(EXAMPLE_ROSTER).people]
    assert parts == cast()
    assert parts[:8] == cast(8)
    mixed = parts[14:]
    assert len({(part.mistakes, part.blank) for part in mixed}) > 15, "different mixes"
    made = {label: sum(label in part.mistakes for part in mixed) for label in MISTAKES}
    assert all(2 <= count <= 20 for count in made.values()), made
    assert not any(set(part.mistakes) & set(part.blank) for part in parts)


def test_what_is_not_deserved_is_said():
    label, points = next(iter(worth().items()))
    question = Question(label, (label,), points, label, False)
    course = Course(source_folder(MODULE), Settings(MODULE, "GMB", 1, 1))
    rows = [
        Row(Person(part.student_id, "", part.student_id), part.standing, (Score(question, points),))
        for part in cast(8)
    ]
    said = differences(Results(course, (question,), tuple(rows), ()), cast(8))
    assert any("p02, q1: 2 points, deserved are 0" in text for text in said)
    assert any("visitor" in text for text in said)
    assert not any("p01" in text for text in said)


def test_the_similarity_report_must_name_the_pair_and_nobody_else():
    people = [Person(f"p{n:02}", "", "x") for n in (1, 2, 9, 10)]
    course = Course(source_folder(MODULE), Settings(MODULE, "GMB", 1, 1))

    def report(*pairs):
        return Similarity(course, tuple(Pair(a, b) for a, b in pairs), 6, (0, 0), 4, False)

    assert unlike(report((people[2], people[3])), cast()) == []
    assert len(unlike(report((people[0], people[1])), cast())) == 2
    assert unlike(report(), cast(8)) == []


@pytest.mark.slow
def test_the_demo_gives_each_what_is_deserved(tmp_path):
    said = CliRunner().invoke(command, ["demo", "--people", "8", "--dir", str(tmp_path)], catch_exceptions=False)
    assert said.exit_code == 0, said.output
    assert "Everybody got what they deserve." in said.output
    assert re.search(r"The whole demo took \d+ seconds", said.output)
    from migkit.classroom.course import open_course

    course = open_course("demo", tmp_path)
    source = notebooks.read(course.source_notebook)
    released = course.release_notebook.read_text(encoding="utf-8")
    assert len(secret_lines(source)) > 20
    pages = list((course.root / "feedback").rglob("*.html"))
    assert len(pages) == 7
    # The others wrote the solutions themselves; who handed in the empty notebook must see no line of them.
    page = course.feedback("p05").joinpath(f"{MODULE}.html").read_text(encoding="utf-8")
    text = re.sub(r"\s+", "", html.unescape(re.sub(r"<[^>]*>", "", page)))
    assert "usualresidents" in text
    assert not [line for line in secrets_of(course) if re.sub(r"\s+", "", line) in text]
    assert "_key" not in released
    kept = list((course.root / "inbox" / "versions" / "p08").rglob("*.ipynb"))
    assert len(kept) == 2, "both hand-ins are kept"
