"""What each answer earned, and what may be said about it to its author.

The gradebook knows the points. Where the exercise has checks, the grader's marks say why. In a plain nbgrader
course the reason stands in the output of the graded cell, where hidden tests left it; of that only what cannot
give an expected value away is ever said to a participant.
"""

import ast
import builtins
import re
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import Grade, MissingEntry

from migkit.classroom import notebooks
from migkit.classroom.course import Course
from migkit.classroom.grading import read_outcome
from migkit.classroom.marks import Mark
from migkit.classroom.notebooks import grade_id, label_of
from migkit.classroom.restoring import STOPPED
from migkit.reference import _

ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Question:
    """One question: its graded cells, what it is worth, its heading; ``written`` if a person gives the points.

    ``asked`` is what the authors wrote under the heading (markdown), ``answers`` the cells to write in.
    """

    label: str
    cells: tuple[str, ...]
    points: float
    title: str
    written: bool
    asked: str = ""
    answers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Score:
    """What one participant earned for one question, and why. ``points`` is None until a person has given them.

    ``marks`` holds those of the question's checks; a plain nbgrader course and a written answer have none.
    """

    question: Question
    points: float | None
    message: str = ""
    comment: str = ""
    marks: tuple[Mark, ...] = ()

    @property
    def full(self) -> bool:
        """Whether all points were earned."""
        return self.points is not None and self.points >= self.question.points


def questions(course: Course) -> list[Question]:
    """The questions of the assignment, in the order of its notebook."""
    notebook = notebooks.read(course.source_notebook)
    heading, asked = "", ""
    answers: list[str] = []
    found: dict[str, Question] = {}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            titles = re.findall(r"^#{1,6}\s+(.+?)\s*#*$", cell.source, re.MULTILINE)
            if titles:
                heading = re.sub(r"^(?:Question\s+)?\d+[.:)]\s*|[*`]", "", titles[0])
                # An answer cell of the authors holds the model answer.
                asked = "" if utils.is_solution(cell) or utils.is_grade(cell) else _below(cell.source)
        if utils.is_solution(cell) and not utils.is_grade(cell):
            answers.append(grade_id(cell))
        if not (utils.is_grade(cell) or utils.is_task(cell)):
            continue
        label = label_of(grade_id(cell))
        points = float(cell.metadata.nbgrader.get("points") or 0)
        written = cell.cell_type == "markdown" or utils.is_solution(cell)
        old = found.get(label)
        found[label] = Question(
            label,
            (*(old.cells if old else ()), grade_id(cell)),
            points + (old.points if old else 0),
            old.title if old else heading,
            written or bool(old and old.written),
            old.asked if old else asked,
            (*(old.answers if old else ()), *answers),
        )
        answers.clear()
    return list(found.values())


def _below(source: str) -> str:
    """What stands under the first heading of a text, without what nbgrader hides."""
    return re.split(r"^#{1,6}\s.*$", without_hidden(source), maxsplit=1, flags=re.MULTILINE)[-1].strip()


def without_hidden(source: str) -> str:
    """A cell without hidden tests and marking schemes: from each mark to its end, or to the end of the cell."""
    for kind in ("HIDDEN TESTS", "MARK SCHEME"):
        source = re.sub(rf"(?ms)^[^\n]*BEGIN {kind}.*?(^[^\n]*END {kind}[^\n]*\n?|\Z)", "", source)
    return source.rstrip()


def hidden_region(source: str) -> str:
    """The lines of a graded cell between the marks of hidden tests."""
    lines, inside = [], False
    for line in source.splitlines():
        if "BEGIN HIDDEN TESTS" in line:
            inside = True
        elif "END HIDDEN TESTS" in line:
            inside = False
        elif inside:
            lines.append(line)
    return "\n".join(lines)


def spoken_messages(source: str) -> set[str]:
    """The messages that the author of the tests wrote out, in ``assert``, ``raise`` or ``print``.

    A message with values put in (an f-string) is none of them: the value may be the expected one.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return set()
    candidates: list[ast.expr | None] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            candidates.append(node.msg)
        elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            candidates += node.exc.args[:1]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            candidates += node.args[:1]
    return {node.value for node in candidates if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def say_why(cell: NotebookNode, answers: str, stopped: dict[str, str]) -> str:
    """Why a graded cell earned less than its points, in words that hold no expected value.

    Args:
        cell: the graded cell after grading, hidden tests included.
        answers: all code that the participant wrote (a name from it is no secret).
        stopped: the cells that the grader stopped, by :func:`~migkit.classroom.preprocessors.key_of`, and why.
    """
    own = label_of(grade_id(cell))
    for key, why in stopped.items():
        if label_of(key) == own:
            return _("The program was stopped in cell {cell}: {why}.").format(cell=key, why=why)
    for output in cell.get("outputs", []):
        if output.output_type == "error":
            return _explain_error(str(output.ename), ANSI.sub("", str(output.evalue)), cell.source, answers)
        if output.output_type == "stream" and output.name == "stderr":
            return _("Your code printed a warning or an error.")
    spoken = spoken_messages(cell.source)
    printed = [line for output in cell.get("outputs", []) for line in str(output.get("text", "")).splitlines()]
    return next((line for line in printed if line in spoken), "")


def _explain_error(name: str, value: str, test: str, answers: str) -> str:
    value = value.strip()
    if name == "AssertionError" and value in spoken_messages(test):
        return value
    if name == "NameError":
        missing = re.match(r"name '(\w+)' is not defined", value)
        if missing and re.search(rf"\b{missing.group(1)}\b", f"{answers}\n{visible_part(test)}"):
            return _("There is no {name}: the cell that makes it is empty, failed, or was not run.").format(
                name=missing.group(1)
            )
    if name == "AssertionError":
        return _("The answer is not right yet.")
    known = name if isinstance(getattr(builtins, name, None), type) else _("an error")
    return _("The answer could not be compared: the test ended with {error}. Look at its type and shape.").format(
        error=known
    )


def visible_part(source: str) -> str:
    """A graded cell as participants see it."""
    secret = hidden_region(source).splitlines()
    return "\n".join(line for line in source.splitlines() if line not in secret and "HIDDEN TESTS" not in line)


def participant_code(notebook: NotebookNode) -> str:
    """All code of a hand-in outside locked cells."""
    return "\n".join(
        cell.source for cell in notebook.cells if cell.cell_type == "code" and not utils.is_locked(cell)
    )


def messages(notebook: NotebookNode) -> dict[str, str]:
    """For each graded cell (by its id) of an autograded notebook: what may be said about it."""
    answers = participant_code(notebook)
    stopped = dict(notebook.metadata.get(STOPPED, {}))
    return {grade_id(cell): say_why(cell, answers, stopped) for cell in notebook.cells if utils.is_grade(cell)}


def say_mark(mark: Mark) -> str:
    """What one check found, in a sentence for the author of the answer."""
    if mark.verdict == "stopped":
        return _("The program was stopped: {why}.").format(why=mark.cause.rstrip("."))
    if mark.cause:
        return mark.cause
    return f"{mark.off[:1].upper()}{mark.off[1:].rstrip('.')}." if mark.off else verdict_name(mark)


def verdict_name(mark: Mark) -> str:
    """What a check found, in a word or two."""
    return {
        "right": _("Right."),
        "part": _("Partly right."),
        "wrong": _("Not right yet."),
        "missing": _("There is no answer: the dots still stand there, or its cell failed or was not run."),
        "stopped": _("The program was stopped."),
        "unreadable": _("The answer could not be read."),
    }[mark.verdict]


def read_autograded(course: Course, student_id: str) -> NotebookNode | None:
    """The graded notebook, with hidden tests: for the trainer's side only."""
    path: Path = course.autograded(student_id) / f"{course.module}.ipynb"
    return notebooks.read(path) if path.is_file() else None


def scores(course: Course, student_id: str) -> list[Score]:
    """What a participant earned, question by question; empty if nothing of theirs was graded."""
    notebook = read_autograded(course, student_id)
    if notebook is None:
        return []
    said = messages(notebook)
    outcome = read_outcome(course, student_id)
    marks = outcome.marks if outcome else ()
    try:
        grades, comments = _from_gradebook(course, student_id)
    except MissingEntry:
        return []
    result: list[Score] = []
    for question in questions(course):
        points: float | None = 0.0
        unanswered = False
        for cell_id in question.cells:
            if cell_id not in grades:
                return []
            grade = grades[cell_id]
            if grade.needs_manual_grade and grade.manual_score is None and grade.auto_score is None:
                points = None
            elif points is not None:
                points += float(grade.score)
                # By itself nbgrader decides on a written answer only if it was left as it was.
                unanswered = question.written and grade.manual_score is None
        own = tuple(mark for mark in marks if mark.cell in question.cells)
        missed = points is not None and points < question.points
        message = _message(question, own, said) if missed else ""
        message = message or (_("There is no answer.") if missed and unanswered else "")
        said_by_trainer = [comments.get(cell, "") for cell in (*question.answers, *question.cells)]
        result.append(Score(question, points, message, "\n\n".join(filter(None, said_by_trainer)), own))
    return result


def _from_gradebook(course: Course, student_id: str) -> tuple[dict[str, Grade], dict[str, str]]:
    """A participant's grades and the trainer's comments, by cell: in a few queries, for a class may be large.

    nbgrader's own "No response." is no comment.
    """
    with course.gradebook() as gradebook:
        source = gradebook.find_notebook(course.module, course.module)
        name = {cell.id: cell.name for cell in (*source.grade_cells, *source.solution_cells, *source.task_cells)}
        submitted = gradebook.find_submission_notebook(course.module, course.module, student_id)
        grades = {name[grade.cell_id]: grade for grade in submitted.grades if grade.cell_id in name}
        comments = {
            name[each.cell_id]: each.manual_comment or "" for each in submitted.comments if each.cell_id in name
        }
    return grades, comments


def _message(question: Question, marks: tuple[Mark, ...], said: dict[str, str]) -> str:
    """The first thing to say about a question that lost points."""
    reasons = [say_mark(mark) for mark in marks if mark.verdict != "right"]
    return next(filter(None, reasons or [said.get(cell_id, "") for cell_id in question.cells]), "")
