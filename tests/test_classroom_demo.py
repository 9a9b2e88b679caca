"""The demo on the real exercise: everybody gets what they deserve."""

import re

import pytest
from click.testing import CliRunner
from nbgrader import utils

from migkit.classroom import notebooks
from migkit.classroom.course import source_folder
from migkit.classroom.demo import MISTAKES, MODULE, cast, deserved
from migkit.classroom.feedback import hidden_lines
from migkit.classroom.handout import secret_lines
from migkit.classroom.scores import label_of
from migkit.cli.class_ import command


def test_every_mistake_belongs_to_a_question_of_the_exercise():
    source = notebooks.read(source_folder(MODULE) / f"{MODULE}.ipynb")
    worth = {
        label_of(notebooks.grade_id(cell)): float(cell.metadata.nbgrader.points)
        for cell in source.cells
        if utils.is_grade(cell) and cell.cell_type == "code"
    }
    assert set(MISTAKES) == set(worth)
    assert all(left < worth[label] for label, (_line, left) in MISTAKES.items())
    made = {label for part in cast() for label in part.mistakes}
    assert made == set(MISTAKES), "each mistake is made by somebody"


def test_the_deserved_points_follow_from_the_mistakes():
    worth = {"q1": 2.0, "q2": 3.0, "q4": 3.0, "q10": 4.0}
    by_id = {part.student_id: deserved(part, worth) for part in cast()}
    assert by_id["p01"] == worth
    assert by_id["p02"] == {"q1": 0, "q2": 1, "q4": 0, "q10": 0}
    assert set(by_id["p05"].values()) == {0}


@pytest.mark.slow
def test_the_demo_gives_each_what_is_deserved(tmp_path):
    said = CliRunner().invoke(command, ["demo", "--dir", str(tmp_path)], catch_exceptions=False)
    assert said.exit_code == 0, said.output
    assert "Everybody got what they deserve." in said.output
    assert re.search(r"The whole demo took \d+ seconds", said.output)
    from migkit.classroom.course import open_course

    course = open_course("demo", tmp_path)
    source = notebooks.read(course.source_notebook)
    released = course.release_notebook.read_text(encoding="utf-8")
    assert len(secret_lines(source)) > 50
    hidden = hidden_lines(course)
    pages = list((course.root / "feedback").rglob("*.html"))
    assert len(pages) == 7
    for page in pages:
        text = re.sub(r"\s+", "", re.sub(r"<[^>]*>", "", page.read_text(encoding="utf-8")))
        assert "HIDDENTESTS" not in text
        assert not [line for line in hidden if re.sub(r"\s+", "", line) in text]
    assert "_key" not in released
    assert (course.root / "backups" / "hand_ins" / "p08").is_dir()
