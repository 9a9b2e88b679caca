"""A tiny class whose answers are compared outside the sandbox, with words that only the grader may see."""

from pathlib import Path

import nbformat
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from classroom_tiny import marked
from migkit.classroom.course import Course, new_course
from migkit.classroom.handout import release

MODULE = "tiny"
#: What stands in the solutions alone, and what the right answer to question 1 is (never as such in the data).
SOLUTION_WORD = "distinctive_solution_word"
RIGHT_TOTAL = 58598744 * 3 + 2
POINTS = {"q1": 2, "q2": 3, "q3": 1, "q4": 3}
RULES = {"q1": {"points": 2}, "q2": {"points": 3, "each": "row"}, "q3": {"points": 1}}
#: Right answers as an honest participant writes them.
RIGHT = {
    "q1": 'total = int((people["n"] * 3 + 1).sum())',
    "q2": 'by_sex = people.set_index("sex")["n"]',
    "q3": 'largest = f"{people.sex[people.n.idxmax()]}-{people.n.max()}"',
    "q4": "Because women stayed.",
}
SETUP = """\
import os
from pathlib import Path

import pandas as pd

people = pd.read_csv(Path(os.environ.get("KIT_DATA", "data")) / "people.csv")
def check(question, answer):
    return "looks like an answer"
"""
CHECKS = {"q1": "total", "q2": "by_sex", "q3": "largest"}


def source_notebook() -> nbformat.NotebookNode:
    """Three answers that are checked, and one in words."""
    cells = [new_markdown_cell("# A tiny exercise"), marked(new_code_cell(SETUP), "setup")]
    for label, name in CHECKS.items():
        solved = f"### BEGIN SOLUTION\n{RIGHT[label]}  # {SOLUTION_WORD}\n### END SOLUTION"
        cells += [
            new_markdown_cell(f"## Question {label[1:]}: {name}"),
            marked(new_code_cell(solved), f"{label}_answer", solution=True),
            marked(new_code_cell(f'check("{label}", {name})'), label, grade=True, points=POINTS[label]),
        ]
    words = new_markdown_cell(f"The authors' words: {SOLUTION_WORD}.")
    cells += [
        new_markdown_cell("## Question 4: in words"),
        marked(words, "q4", grade=True, solution=True, points=POINTS["q4"]),
    ]
    return new_notebook(
        cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    )


def _write_data(_country: str, _scale: float, seed: int, out: Path) -> None:
    for room, name, text in (
        ("participants", "people.csv", "sex,n\nF,31415926\nM,27182818\n"),
        ("trainer", "truth.csv", "truth\n"),
    ):
        (out / room).mkdir(parents=True, exist_ok=True)
        (out / room / name).write_text(text, encoding="utf-8")
    (out / "manifest.json").write_text(f'{{"seed": {seed}}}', encoding="utf-8")


def make_trusted_class(folder: Path, students: list[str]) -> Course:
    """A class of ``students`` (ids) with the exercise released."""
    place = folder / "exercises" / "source" / MODULE
    place.mkdir(parents=True)
    nbformat.write(source_notebook(), place / f"{MODULE}.ipynb")
    (place / "marking.yml").write_text(yaml.safe_dump(RULES), encoding="utf-8")
    roster = folder / "roster.csv"
    rows = [f"{student},Given{number},Family{number}" for number, student in enumerate(students)]
    roster.write_text("\n".join(["student_id,first_name,last_name", *rows]) + "\n", encoding="utf-8")
    course, _roster = new_course(
        "class", roster, MODULE, seed=40, folder=folder, source=place, write_data=_write_data
    )
    release(course)
    return course


def hand_in(course: Course, **given: str) -> nbformat.NotebookNode:
    """The released notebook with answers put in: right ones, unless ``given`` says otherwise."""
    notebook = nbformat.read(course.release_notebook, as_version=4)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        label = name.removesuffix("_answer")
        if name.endswith("_answer") or name == "q4":
            cell.source = given.get(label, RIGHT[label])
    return notebook
